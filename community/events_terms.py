"""Armchair Chats, intro calls and trainings: what one is, who signed up for it, and what is refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from community.members import Member, Stage
from community.mentoring_requests import Rating
from community.refusals import Refused
from community.states import find_state, state_name
from community.topics import Topic

TITLE_MOST = 100
NAME_MOST = 80
ABOUT_MOST = 300
DESCRIPTION_MOST = 1500
LINK_MOST = 1000
REASON_MOST = 300
QUESTION_LEAST = 10
QUESTION_MOST = 500
RATING_MOST = 500
NOTES_MOST = 2000
"""How many characters each text has at the most: the longest card shows several of them."""

MINUTES_LEAST, MINUTES_MOST = 5, 8 * 60
SEATS_MOST = 10_000


class Kind(StrEnum):
    """What is scheduled."""

    CHAT = "chat"
    INTRO = "intro"
    TRAINING = "training"

    @property
    def label(self) -> str:
        """The kind as it stands on the screen."""
        return {Kind.CHAT: "Armchair Chat", Kind.INTRO: "Intro call", Kind.TRAINING: "Training"}[self]


class Status(StrEnum):
    """Whether it takes place."""

    OPEN = "open"
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """Where it stands at a moment: what its cards show and what their buttons can do follows from it."""

    AHEAD = "ahead"
    RUNNING = "running"
    OVER = "over"
    CANCELLED = "cancelled"


class Standing(StrEnum):
    """Where a person stands with one of them."""

    GOING = "going"
    WAITING = "waiting"
    GONE = "gone"
    SPEAKING = "speaking"


COMING = frozenset({Standing.GOING, Standing.SPEAKING})
"""Who is let in: they get the link, the calendar file and the reminders."""

SIGNED_UP = COMING | {Standing.WAITING}
"""Who hears of changes."""


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom it is: everyone, the people of one state (postal code), or of one stage."""

    state: str | None = None
    stage: Stage | None = None

    @classmethod
    def read(cls, key: str) -> Audience | None:
        """Read "everyone", "state:VA" or "stage:filed"; None for anything else."""
        kind, _, value = key.partition(":")
        if key == "everyone":
            return cls()
        state = find_state(value) if kind == "state" else None
        if state is not None:
            return cls(state=state.code)
        return cls(stage=Stage(value)) if kind == "stage" and value in set(Stage) else None

    @property
    def key(self) -> str:
        """The audience as it is kept."""
        if self.state:
            return f"state:{self.state}"
        return f"stage:{self.stage.value}" if self.stage else "everyone"

    @property
    def label(self) -> str:
        """The audience as it stands on the screen."""
        if self.state:
            return state_name(self.state)
        return self.stage.label if self.stage else "Everyone"

    @property
    def open(self) -> bool:
        """Whether it is for everyone."""
        return self.state is None and self.stage is None

    def admits(self, member: Member) -> bool:
        """Whether it is for this person. Staff may come to everything."""
        if self.open or member.is_staff:
            return True
        return member.state == self.state if self.state else member.stage is self.stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One of them: of a series each is its own, with `series` the number of the first.

    `zone` is the IANA zone in which it was scheduled. `sequence` counts the changes that a calendar shows
    (RFC 5545, 3.8.7.4), `posts` the announcements, `moves` the changes of its time. `taken` counts the
    seats that are taken; `capacity` None means as many as come. `look_at` is the next moment at which its
    cards show something else. The specialist is a Slack id, or a name that is not in the workspace.
    """

    id: int
    kind: Kind
    title: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    link: str
    by: str
    created_at: datetime
    uid: str = ""
    series: int | None = None
    specialist: str | None = None
    specialist_name: str = ""
    specialist_about: str = ""
    description: str = ""
    topic: Topic | None = None
    audience: Audience = field(default_factory=Audience)
    capacity: int | None = None
    taken: int = 0
    status: Status = Status.OPEN
    sequence: int = 0
    moves: int = 0
    posts: int = 1
    announce_at: datetime | None = None
    look_at: datetime | None = None
    cancelled_at: datetime | None = None
    reason: str = ""
    recording: str = ""
    notes: str = ""

    @property
    def minutes(self) -> int:
        """How long it is."""
        return round((self.ends_at - self.starts_at).total_seconds() / 60)

    @property
    def full(self) -> bool:
        """Whether no seat is left."""
        return self.capacity is not None and self.taken >= self.capacity

    def phase(self, now: datetime) -> Phase:
        """Say where it stands at that moment."""
        if self.status is Status.CANCELLED:
            return Phase.CANCELLED
        if now < self.starts_at:
            return Phase.AHEAD
        return Phase.RUNNING if now < self.ends_at else Phase.OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """One person and one event.

    `times` counts how often they signed up, `plan` how often their reminders were planned: both are part
    of the names of cards. `told` is the sequence of the last change that reached them. `there` is whether
    they came, as they or (`there_by_staff`) staff said; `stage_before` is what an intro call moved them from.
    """

    id: int
    event: int
    user: str
    standing: Standing
    zone: str
    since: datetime
    times: int = 1
    plan: int = 1
    told: int = 0
    confirmed_at: datetime | None = None
    there: bool | None = None
    there_by_staff: bool = False
    rating: Rating | None = None
    rating_text: str = ""
    stage_before: Stage | None = None
    stage_after: Stage | None = None

    @property
    def coming(self) -> bool:
        """Whether this person is let in."""
        return self.standing in COMING


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of an event's history: ids, names of fields and moments, never what somebody typed."""

    at: datetime
    actor: str | None
    kind: str
    facts: dict[str, Any] = field(default_factory=dict)


class AlreadySignedUp(Refused):
    """The person is on the list; `standing` says how."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(standing)
        self.standing = standing


class NotForYou(Refused):
    """It is for people of another state or stage; `audience` says which."""

    def __init__(self, audience: Audience) -> None:
        super().__init__(audience.key)
        self.audience = audience


class EventCancelled(Refused):
    """It does not take place."""


class EventOver(Refused):
    """It has taken place."""


class EventAhead(Refused):
    """It has not taken place yet."""


class NotSignedUp(Refused):
    """The person is not, or no longer, on the list."""


class QuestionSettled(Refused):
    """The question was answered, or is with a mentor by now."""


class OwnQuestion(Refused):
    """Nobody votes for their own question."""


class Book(Protocol):
    """What the rules need kept; `storage/events.py` is the real one.

    Every method runs in the caller's transaction. Whoever changes seats or sign-ups holds the event first.
    """

    async def add(self, event: Event) -> Event:
        """Keep a new event and give it back with its number."""

    async def get(self, number: int) -> Event | None:
        """Give the event as it is."""

    async def hold(self, number: int) -> Event | None:
        """Give the event and keep others from changing it until this transaction ends."""

    async def change(self, number: int, **values: Any) -> Event:
        """Set these fields of an event that is held."""

    async def later(self, event: Event) -> list[Event]:
        """Give those of the same series that come after this one and take place, held, in order."""

    async def take_seat(self, number: int) -> Event | None:
        """Take one seat if one is left; None where none is."""

    async def free_seat(self, number: int) -> Event:
        """Give one seat back."""

    async def sign(self, event: Event, user: str, standing: Standing, *, zone: str, at: datetime) -> SignUp:
        """Put a person on the list, again if they were on it before: with cards and a plan of its own."""

    async def of(self, event: int, user: str) -> SignUp | None:
        """Give this person's sign-up."""

    async def sign_up(self, number: int) -> SignUp | None:
        """Give one sign-up."""

    async def sign_ups(self, event: int, standings: Collection[Standing]) -> Sequence[SignUp]:
        """Give the sign-ups of an event that stand like this, in the order in which they came."""

    async def change_sign_up(self, number: int, **values: Any) -> SignUp:
        """Set these fields of a sign-up whose event is held."""

    async def first_waiting(self, event: int) -> SignUp | None:
        """Give who has waited longest for a seat."""

    async def note(self, number: int, entry: Entry) -> None:
        """Add a line to the event's history."""

    async def unsent(self, keys: Collection[str]) -> frozenset[str]:
        """Give those of these deliveries that wait to be sent."""

    async def sent(self, keys: Collection[str]) -> dict[str, datetime]:
        """Give when each of these deliveries went out, of those that did."""

    async def plan_anew(self, numbers: Sequence[int], *, zone: str | None) -> list[SignUp]:
        """Raise the plan of these sign-ups, whose event is held; give them in this order, with that zone."""
