"""What an announcement is, how it is kept, and what the rules about it refuse with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from community import announcements_text as rich
from community.announcements_audience import Audience, Left, Reach
from community.announcements_times import Speed, When, Window
from community.refusals import Incomplete, Refused

LINK_TEXT_MOST = 75

UNSETTLED = timedelta(seconds=10)
"""What was done in the last moments before a count may not have been in it."""
ALT_MOST = 2000


class Status(StrEnum):
    """Where an announcement stands.

    WAITING: for a second yes. READY: confirmed, nothing has left. CANCELLED: stopped, whoever had it by
    then keeps it. RECALLED: deleted everywhere.
    """

    DRAFT = "draft"
    WAITING = "waiting"
    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    CANCELLED = "cancelled"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What it says: the elements of a rich text, a button with an address, a picture with its description."""

    text: Sequence[Mapping[str, Any]] = ()
    link_text: str = ""
    link_url: str = ""
    image_url: str = ""
    image_alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What has become of it, counted in people (or channels).

    `failed` counts by Slack's reason. `later`: waits for its hour or its morning. `withheld`: left, or
    switched announcements off, since it was confirmed. `unsure`: nobody can know whether it arrived.
    `stopped`: cancelled before it left. `changing`, `going`: edits and deletions still to be made;
    `unchanged`: shows an older text, because Slack refused the edit; `gone`: deleted. `pressed` and
    `replied` count people, `presses` and `replies` every time.
    """

    sent: int = 0
    waiting: int = 0
    later: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    unsure: int = 0
    withheld: int = 0
    stopped: int = 0
    changing: int = 0
    unchanged: int = 0
    going: int = 0
    gone: int = 0
    pressed: int = 0
    presses: int = 0
    replied: int = 0
    replies: int = 0

    @property
    def refused(self) -> int:
        """How many Slack refused."""
        return sum(self.failed.values())

    @property
    def left(self) -> int:
        """How many are still to be sent."""
        return self.waiting + self.later


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """An announcement as it stands.

    `version` is the text that is shown, `newest` the last that was written, and `pending` one that waits for
    a second yes (0: none). `round` counts how often it was confirmed. `busy`: messages of it are still to be
    sent, changed or deleted, so that its card has to be kept up to date. The `tally` has in it whatever was
    done by `tallied_at`.
    """

    id: int
    author: str
    status: Status = Status.DRAFT
    version: int = 0
    newest: int = 0
    pending: int = 0
    audience: Audience = field(default_factory=Audience)
    when: When = field(default_factory=When)
    people: int = 0
    left_out: Mapping[Left, int] = field(default_factory=dict)
    round: int = 0
    begun_at: datetime
    confirmed_at: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    starts_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    tally: Tally = field(default_factory=Tally)
    tallied_at: datetime | None = None
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What the organisation has set: from how many people on a second yes is needed, and how fast it goes."""

    approval_above: int = 200
    speed: Speed = field(default_factory=Speed)

    def needs_approval(self, audience: Audience, people: int) -> bool:
        """Whether somebody else of the staff has to say yes.

        A post in a channel needs none: whoever could confirm it can write there anyway.
        """
        return not audience.channels and people > self.approval_above


def remaining(one: Announcement, rules: Rules, now: datetime) -> timedelta:
    """Say how long what is due still takes: at the speed so far, in the beginning at the usual one.

    The nights in which nobody is written to make the speed so far look slower than it is, so that it counts
    for three times the usual wait at most.
    """
    sent, begun = one.tally.sent, one.started_at
    passed = (now - begun) if begun else timedelta()
    if begun is None or passed < timedelta(seconds=30) or not sent:
        return rules.speed.lasts(one.tally.waiting)
    return min(one.tally.waiting * (passed / sent), 3 * rules.speed.lasts(one.tally.waiting))


def check_words(words: Words) -> Words:
    """Check what was entered, and give it as it is kept.

    Raises Incomplete with "text", "link_text", "link_url", "image_url" or "image_alt": missing, too long,
    not https.
    """
    problems: dict[str, str] = {}
    if not rich.says_something(words.text):
        problems["text"] = "missing"
    elif rich.length(words.text) > rich.TEXT_MOST or len(words.text) > rich.PARTS_MOST:
        problems["text"] = "too long"
    for said, address, kind in (("link_text", "link_url", "link"), ("image_alt", "image_url", "image")):
        text, url = getattr(words, said), getattr(words, address)
        if url and not rich.is_web_address(url, secure=True):
            problems[address] = "not https"
        elif url and not text:
            problems[said] = "missing"
        elif text and not url:
            problems[address] = "missing"
        most = LINK_TEXT_MOST if kind == "link" else ALT_MOST
        if len(text) > most:
            problems[said] = "too long"
    if problems:
        raise Incomplete(problems)
    return words


class AlreadyConfirmed(Refused):
    """It is no draft any more."""


class AlreadyEdited(Refused):
    """Somebody else has changed the text since it was opened."""


class AudienceChanged(Refused):
    """Since staff looked, it has become `total` people."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self.total = total


class NobodyThere(Refused):
    """Nobody fits whom it is for."""


class HasNoText(Refused):
    """The draft says nothing yet."""


class TimePassed(Refused):
    """The moment that was chosen is over."""


class OwnAnnouncement(Refused):
    """Whoever wrote it cannot be the second one to say yes."""


class NothingToApprove(Refused):
    """Nothing waits for a yes: somebody else has decided."""


class AlreadyEnded(Refused):
    """There is nothing left to stop or to change; `by` ended it, None: it went out."""

    def __init__(self, status: Status, by: str | None) -> None:
        super().__init__(status)
        self.status = status
        self.by = by


class NotYet(Refused):
    """Nobody has it yet."""


class NothingFailed(Refused):
    """Slack refused nothing that could be sent again."""


class Book(Protocol):
    """Where announcements are kept, within one transaction."""

    async def hold(self, number: int) -> Announcement | None:
        """Give it, and keep others from changing it until this transaction ends."""

    async def begin(self, author: str, words: Words, *, at: datetime) -> Announcement:
        """Keep a new draft."""

    async def keep_words(self, one: Announcement, words: Words, *, by: str, at: datetime) -> Announcement:
        """Keep a version of the text, and give the announcement with it; that itself is not kept yet."""

    async def author_of(self, one: Announcement, version: int) -> str:
        """Say who wrote a version of the text."""

    async def change(self, one: Announcement) -> Announcement:
        """Keep it as it is given."""

    async def forget(self, number: int) -> None:
        """Forget a draft with its texts."""

    async def reach(self, audience: Audience) -> Reach:
        """Say whom an audience comes to at this moment."""

    async def freeze(self, one: Announcement) -> int:
        """Keep who is in it, a row each; how many."""

    async def frozen(self, number: int) -> Reach:
        """Say who is in it: how many, and in which zones they are."""

    async def thaw(self, number: int) -> None:
        """Forget who is in it."""

    async def fan_out(self, one: Announcement, windows: Mapping[str, Window], starts_at: datetime) -> int:
        """Owe it to everybody who is in it, in one statement; how many."""

    async def stop(self, number: int, *, at: datetime) -> int:
        """Take back what has not left; how many."""

    async def unsend(self, number: int) -> None:
        """Forget deliveries that never left, so that they can be owed anew."""

    async def refresh(self, one: Announcement, *, at: datetime) -> int:
        """Let everything that was delivered show the newest text; how many messages change."""

    async def erase(self, one: Announcement, *, at: datetime) -> int:
        """Delete everything that was delivered; how many messages."""

    async def send_again(self, one: Announcement, windows: Mapping[str, Window], *, at: datetime) -> int:
        """Owe again what Slack refused; how many."""
