"""A request and its offers: what they are, what state they can be in, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from community.hours import Hours
from community.mentoring_matching import Circle, Match, Standing
from community.offices import Office
from community.refusals import Refused
from community.topics import Topic

QUESTION_LEAST = 20
QUESTION_MOST = 2000
"""How many characters a question has, at the least and at the most."""

DETAILS_MOST = 2000
"""How many characters all added details of one request have together, at the most."""

RACE_MOST = 200
"""How many characters the name of the race has that a question is about."""

RATING_MOST = 500
"""How many characters the sentence beside a rating has: one card shows it with question and details."""


class Status(StrEnum):
    """Where a request stands. Closed and cancelled ones are over; a closed one can be re-opened."""

    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Rating(StrEnum):
    """How much the answer helped."""

    A_LOT = "a_lot"
    SOMEWHAT = "somewhat"
    NOT_REALLY = "not_really"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A question as it was written into the form, before anybody checked it.

    `race` names the race that it is about, in words, where it was asked from one.
    """

    question: str
    topic: str
    state: str | None
    office: str | None = None
    race: str = ""
    needed_by: date | None = None
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question to mentors, from the moment it is asked.

    While it is open, `widen_at` is when the next are asked (or staff reminded), `alarm_at` when staff
    is told that the answer will be late, `resources_at` when the asker gets something to read, and
    `overdue_at` when the answer target is missed; each is None once it has happened, but for the last,
    whose passing sets `overdue`. `hurts_at` is the moment that would hurt first, target or deadline:
    the queue is ordered by it.

    `circle` is the widest circle that has been asked so far and `wave` how many times mentors were
    asked; `look_at` is the next moment at which the app itself will look after it (None once it is
    over); `claims` counts the claims, so that each has cards of its own; `answered_at` is when the
    holder first spoke in the conversation; `nudged_at` is when the silent holder was asked whether they
    are still on it or, once they spoke, the asker whether it is solved; `reminders` counts how often
    anybody was reminded; `closings` counts the closings.
    """

    id: int
    asker: str
    question: str
    topic: Topic
    state: str
    opened_at: datetime
    details: str = ""
    office: Office | None = None
    race: str = ""
    needed_by: date | None = None
    private: bool = False
    status: Status = Status.OPEN
    circle: Circle = Circle.STATE
    wave: int = 0
    look_at: datetime | None = None
    waiting_since: datetime | None = None
    widen_at: datetime | None = None
    alarm_at: datetime | None = None
    alarms: int = 0
    resources_at: datetime | None = None
    overdue_at: datetime | None = None
    overdue: bool = False
    hurts_at: datetime | None = None
    claims: int = 0
    holder: str | None = None
    claimed_at: datetime | None = None
    answered_at: datetime | None = None
    nudged_at: datetime | None = None
    conversation: str | None = None
    help_asked: int = 0
    reminders: int = 0
    closings: int = 0
    closed_at: datetime | None = None
    closed_by: str | None = None
    rating: Rating | None = None
    rating_text: str = ""

    @property
    def safety(self) -> bool:
        """Whether this goes to staff alone, because the asker feels unsafe."""
        return self.topic is Topic.UNSAFE

    @property
    def hides_asker(self) -> bool:
        """Whether mentors may not see who asks: until one has claimed it, if that was wished for."""
        return self.private and self.holder is None

    @property
    def over(self) -> bool:
        """Whether nobody has to do anything any more."""
        return self.status in {Status.CLOSED, Status.CANCELLED}


class OfferState(StrEnum):
    """Where an offer stands; the request tells the rest."""

    OPEN = "open"
    PASSED = "passed"
    TAKEN = "taken"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A request shown to one mentor: in which wave, why, and what became of it."""

    id: int
    request: int
    mentor: str
    wave: int
    reasons: tuple[str, ...]
    offered_at: datetime
    state: OfferState = OfferState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a request's history: ids and kinds only, never what somebody typed.

    `follows` says that something follows from it which is still to be worked out, at once but in a
    transaction of its own (`community/mentoring_following.py`).
    """

    at: datetime
    actor: str | None
    kind: str
    facts: dict[str, Any] = field(default_factory=dict)
    follows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """What decides whether somebody may claim: their standing, and whose opponents they work for.

    `approved` means a mentor here whom staff has said yes to.
    """

    staff: bool = False
    approved: bool = False
    against: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The settings that the rules of mentoring read. All durations but the last three are working time.

    Working hours are counted in `zone`, or where that is "" in the zone of the request's state.
    `first_wave` is how many mentors are asked at a time. A question is answered within
    `answer_target`; at `alarm_share` of it staff is told. Whatever counts in days (`nudge_days` …)
    counts working days. In a filing week (first and last day) everything goes twice as fast.
    `safety_again` is how soon staff is reminded of somebody who feels unsafe, at any hour.
    """

    hours: Hours = field(default_factory=Hours)
    zone: str = ""
    filing_weeks: tuple[tuple[date, date], ...] = ()
    first_wave: int = 3
    widen_after: timedelta = timedelta(hours=2)
    answer_target: timedelta = timedelta(hours=24)
    alarm_share: float = 0.75
    nudge_days: int = 1
    release_days: int = 2
    check_in_days: int = 3
    close_days: int = 7
    resources_days: int = 1
    lapses: int = 3
    safety_again: timedelta = timedelta(minutes=30)
    reopen_within: timedelta = timedelta(days=14)
    median_over: timedelta = timedelta(days=30)


class AlreadyClaimed(Refused):
    """Somebody else was quicker; `by` is who holds it now."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


class AlreadyYours(Refused):
    """The person already holds this request."""


class AlreadyOver(Refused):
    """The request is closed or cancelled; `status` says which."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status


class NotClaimed(Refused):
    """Nobody holds the request at the moment, so there is nothing to do with it."""


class OwnRequest(Refused):
    """Nobody answers their own question."""


class WorkingAgainst(Refused):
    """The mentor works for an opponent of the asker."""


class ForStaffOnly(Refused):
    """A report of feeling unsafe is not for mentors."""


class TooLate(Refused):
    """The time in which this was possible is over; `days` is how long it was."""

    def __init__(self, days: int) -> None:
        super().__init__(days)
        self.days = days


class Book(Protocol):
    """What the rules need kept about requests; `storage/mentoring.py` is the real one.

    Every method runs in the caller's transaction. The verbs that say "if it still is" are one
    conditional change each and give None when it no longer is.
    """

    async def open(self, request: Request, *, noting: Event) -> Request:
        """Keep a new request and the first line of its history; give it back with its number."""

    async def get(self, number: int) -> Request | None:
        """Give the request as it is."""

    async def before_claim(self, number: int, by: str) -> tuple[Request, Claimant] | None:
        """Give the request as it is, and what decides whether this person may claim it."""

    async def hold_still(self, number: int) -> Request | None:
        """Give the request and keep others from changing it until this transaction ends."""

    async def claim(
        self, request: Request, *, by: str, at: datetime, look_at: datetime, noting: Event
    ) -> Request | None:
        """Give it to this holder if it is still open and as it was; then with a line in its history."""

    async def change(self, number: int, *, if_status: Status, **values: Any) -> Request | None:
        """Set these fields if the request is still in that status."""

    async def note(self, number: int, event: Event) -> None:
        """Add a line to the request's history."""

    async def offer(
        self, request: Request, matches: Sequence[Match], *, wave: int, at: datetime
    ) -> list[Offer]:
        """Keep one offer for each match."""

    async def offers(self, number: int) -> list[Offer]:
        """Give every offer of this request, oldest first."""

    async def get_offer(self, number: int) -> Offer | None:
        """Give one offer."""

    async def lapse_offers(self, number: int, *, at: datetime) -> list[str]:
        """Note that the open offers of this request were let pass in silence; give whose they were."""

    async def lapses_in_a_row(self, mentor: str) -> int:
        """Count how many of a mentor's latest offers lapsed, up to the last one they answered."""

    async def held_or_offered(self, user: str) -> list[int]:
        """Give the requests that this person holds or has an open offer of."""

    async def settle_offers(
        self, number: int, state: OfferState, *, mentor: str | None = None, upto: int | None = None
    ) -> list[Offer]:
        """Turn the open offers of this request (of this mentor only, if named) into that state.

        With `upto` only those of the waves up to that one.
        """

    async def asked_already(self, number: int) -> frozenset[str]:
        """Give who has an open offer, passed, or handed this request back: not to be asked again."""

    async def has_left(self, user: str) -> bool:
        """Say whether this person's account is known to be gone."""

    async def standings(self, *, state: str | None = None) -> list[Standing]:
        """Give every approved mentor who is still here (of one state, if named), with load and last offer."""
