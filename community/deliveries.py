"""What the app owes to read: kinds, lanes and states of a delivery, and the rules of sending it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

RESERVED_FOR = timedelta(seconds=30)
"""A reservation that is not turned into a `sending` mark within this time lapses."""

TIMEOUT = timedelta(seconds=10)
"""The whole request to Slack may take this long; afterwards its outcome is unknown."""

WRITE_WITHIN = timedelta(seconds=2)
"""The request has to start this soon after its `sending` mark, or it does not start at all."""

GRACE = timedelta(seconds=60)
"""How long after the timeout a message may still turn up in the history before it counts as absent."""

FIRST_LOOK = timedelta(seconds=2)
"""After an unclear answer the history is looked at this soon: what is found there has arrived."""

KEPT = timedelta(days=30)
"""Sent payloads are thinned after this time; conversation, ts, kind and hash stay."""

EVENT_TYPE = "downballot_delivery"
"""The type of the metadata that all posts of the app carry, with an opaque id in it."""

LONGEST_TEXT = 4000
"""Slack splits longer texts into several messages and answers with one ts, so we split them first."""

MOST_ATTEMPTS = 8
"""After as many attempts that Slack answered with an internal error a delivery is given to the staff."""

MOST_UNANSWERED = 200
"""The same for attempts that nobody answered: most of a day, so that an outage kills nothing."""


class Kind(StrEnum):
    """What has to be called at Slack."""

    POST = "post"
    UPDATE = "update"
    DELETE = "delete"
    HOME = "home"
    OPEN = "open"
    INVITE = "invite"
    FILE = "file"


READ_BACK = frozenset({Kind.POST, Kind.FILE})
"""Doing these twice shows twice, so an unclear outcome is looked up; all other kinds are simply repeated."""

COLLAPSING = frozenset({Kind.UPDATE, Kind.HOME})
"""Of these at most one waits per card or person: the newest truth replaces what was not yet sent."""


class Lane(StrEnum):
    """Who waits: a person (urgent), or nobody in particular (bulk). Urgent always goes first."""

    URGENT = "urgent"
    BULK = "bulk"


class State(StrEnum):
    """Where a delivery stands; `sending` is also where an unclear outcome waits to be read back."""

    PENDING = "pending"
    RESERVED = "reserved"
    SENDING = "sending"
    SENT = "sent"
    PARKED = "parked"
    DEAD = "dead"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One thing that a feature asks to be delivered.

    `to` is a channel id or a user id (POST, FILE), a user id (HOME), comma-joined user ids (OPEN), a
    channel id (INVITE); "" means the conversation that the delivery named by `after` ended in. UPDATE and
    DELETE work on the message that the delivery named by `after` produced. `payload` holds Slack's
    arguments without channel and metadata: {"text": …, "blocks": […]}, for HOME {"view": {…}}, for INVITE
    {"users": "U1,U2"}, for FILE {"filename": …, "content": text or "base64": bytes in base64, and optionally
    "title", "initial_comment"}. `render` names what makes the payload from the JSON facts `about` at the
    moment of sending. Raises ValueError for what could never be sent.
    """

    key: str
    kind: Kind = Kind.POST
    to: str = ""
    payload: Mapping[str, Any] | None = None
    render: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    after: str | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    lane: Lane = Lane.URGENT

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("A delivery needs a key.")
        if self.payload is not None and self.render is not None:
            raise ValueError(f"{self.key}: a payload or the name of what renders it, not both.")
        if self.payload is None and self.render is None and self.kind not in {Kind.OPEN, Kind.DELETE}:
            raise ValueError(f"{self.key}: neither a payload nor the name of what renders it.")
        if self.kind in {Kind.UPDATE, Kind.DELETE} and not self.after:
            raise ValueError(f"{self.key}: an update or a deletion names its message's delivery in `after`.")
        if self.kind in {Kind.HOME, Kind.OPEN} and not self.to:
            raise ValueError(f"{self.key}: nobody to deliver to.")
        if not self.to and not self.after:
            raise ValueError(f"{self.key}: neither a conversation nor a delivery to follow.")
        if any(moment is not None and moment.tzinfo is None for moment in (self.due_at, self.expires_at)):
            raise ValueError(f"{self.key}: a moment without a time zone.")

    @property
    def line(self) -> str:
        """What this delivery queues in: deliveries of one line are sent one at a time and in order."""
        if self.kind in {Kind.UPDATE, Kind.DELETE}:
            return f"card:{self.after}"
        if self.kind is Kind.HOME:
            return f"home:{self.to}"
        if self.kind in {Kind.OPEN, Kind.INVITE}:
            return f"{self.kind}:{self.key}"
        return self.to or f"after:{self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A delivery as it is kept: what the sender and the staff desk work with.

    `opaque` is the random id that travels in the message's metadata. `anchor` is the ts of the last
    message that Slack had confirmed when this one was marked `sending`: by Slack's own clock this one is
    later. `thread` is the ts of the thread that it was rendered into.
    `file` is Slack's id of an uploaded, perhaps not yet shared file. `hash` is the digest of what was
    sent; on a card, of what it shows by now. `told` counts how often staff was told of its trouble.
    """

    id: int
    key: str
    opaque: str
    kind: Kind
    lane: Lane
    state: State
    line: str
    to: str
    payload: Mapping[str, Any] | None
    render: str | None
    about: Mapping[str, Any]
    after: str | None
    due_at: datetime
    expires_at: datetime | None
    attempts: int
    attempt_at: datetime | None
    anchor: str | None
    thread: str | None
    channel: str | None
    ts: str | None
    file: str | None
    reason: str | None
    hash: str | None = None
    told: int = 0

    @property
    def family(self) -> str:
        """The name under which its outcome is listened for.

        That is the renderer's name, or of a plain delivery the first two parts of the key.
        """
        return self.render or ":".join(self.key.split(":")[:2])


VOUCHED_FOR = "staff_saw_it"
"""The reason kept on a delivery of which staff say that it arrived, until the sender has marked it sent."""


def trouble_key(one: Owed, nth: int) -> str:
    """Name the card that tells staff, for the nth time, that this delivery did not arrive."""
    return f"deliveries:trouble:{one.id}:{nth}"


def in_person_key(key: str, user: str) -> str:
    """Name the message that tells this person what the staff channel did not take: the delivery `key`."""
    return f"deliveries:in_person:{key}:{user}"


def news_of(one: Owed, nth: int, staff: Iterable[str]) -> tuple[str, ...]:
    """Name all that tells staff, for the nth time, of this delivery, whether it was ever posted or not.

    In person they may have heard of it because it was for their channel, or because the card about it was.
    """
    card = trouble_key(one, nth)
    return (card, *(in_person_key(key, user) for user in staff for key in (one.key, card)))


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a delivery arrived; `ts` is None for what is no message."""

    key: str
    channel: str | None
    ts: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """How a delivery ended: sent, or refused for good with Slack's error as the reason."""

    key: str
    kind: Kind
    about: Mapping[str, Any]
    sent: bool
    channel: str | None
    ts: str | None
    reason: str | None
    at: datetime


class Verdict(StrEnum):
    """What an answer of Slack's means for the delivery."""

    REFUSED = "refused"  # for good
    LIMITED = "limited"  # not now; nothing happened
    LATER = "later"  # nothing happened, and this conversation takes nothing for now
    UNREACHED = "unreached"  # nothing happened, and Slack was not even asked
    UNCLEAR = "unclear"  # it may have happened
    DONE = "done"  # it has happened before, which is just as well
    LOCKED_OUT = "locked out"  # the app's own token is refused


_UNCLEAR = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable"})
# "team_added_to_org": the workspace is being moved into an organisation; Slack takes nothing meanwhile.
_LIMITED = frozenset({"ratelimited", "rate_limited", "team_added_to_org"})
# A channel shared with another organisation is being moved: it is the only one that takes nothing.
_LATER = frozenset({"external_channel_migrating"})
# What these say of the app may also be said of one call: auth.test tells which (scheduler/sending.py).
_LOCKED_OUT = frozenset(
    {
        "access_denied",
        "accesslimited",
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
_DONE = {
    Kind.DELETE: frozenset({"message_not_found"}),
    Kind.INVITE: frozenset({"already_in_channel"}),
}


def verdict(kind: Kind, error: str, status: int | None) -> Verdict:
    """Judge Slack's error code and HTTP status.

    Sources: docs.slack.dev/reference/methods/chat.postMessage ("It's possible some aspect of the operation
    succeeded before the error"), docs.slack.dev/apis/web-api/rate-limits.
    """
    if status == 429 or error in _LIMITED:  # noqa: PLR2004 - HTTP's own number
        return Verdict.LIMITED
    if error in _UNCLEAR or status is None or status >= 500 or status == 408:  # noqa: PLR2004
        return Verdict.UNCLEAR
    for meaning, errors in (
        (Verdict.LATER, _LATER),
        (Verdict.LOCKED_OUT, _LOCKED_OUT),
        (Verdict.DONE, _DONE.get(kind, ())),
    ):
        if error in errors:
            return meaning
    if status >= 400:  # noqa: PLR2004 - Slack answers 200; this came from something on the way
        return Verdict.UNREACHED
    return Verdict.REFUSED


def retry_after(header: str | None) -> float:
    """Seconds to leave a method alone, from the Retry-After header: whole, decimal, or missing."""
    try:
        seconds = float(header or "")
    except ValueError:
        seconds = 5.0
    return min(max(seconds, 0.1), 3600.0) if seconds == seconds else 5.0  # noqa: PLR0124 - "nan" is a float


def back_off(attempts: int) -> timedelta:
    """How long to wait after that many attempts: 2 s, doubling, at most five minutes."""
    return timedelta(seconds=min(2.0 ** min(max(attempts, 1), 9), 300.0))


def digest(payload: Mapping[str, Any]) -> str:
    """Give the hash under which a sent payload is remembered: SHA-256 of its JSON, keys sorted."""
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False)
    # Half an emoji is no text, but whatever was sent has a hash.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def pieces(text: str, limit: int = LONGEST_TEXT) -> list[str]:
    """Cut a text where it hurts least: between paragraphs, lines, words; else anywhere. Nothing is lost.

    White space at a cut stays with the part before it, so that joining the parts gives the text.
    """
    parts: list[str] = []
    while len(text) > limit:
        window = text[:limit]
        cut = limit
        for mark in ("\n\n", "\n", " "):
            found = window.rfind(mark)
            if found >= limit // 2:
                cut = found + len(mark)
                break
        parts.append(text[:cut])
        text = text[cut:]
    return [*parts, text]
