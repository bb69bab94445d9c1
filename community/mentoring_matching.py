"""Who is asked: the circles that widen, who fits a request, in which order, and why."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Protocol

from community.members import MentorKind, MentorProfile
from community.offices import Office
from community.topics import Topic


class Circle(StrEnum):
    """Who is asked, from the nearest to the widest. Beyond everyone there is staff."""

    STATE = "state"
    EXPERTS = "experts"
    EVERYONE = "everyone"
    STAFF = "staff"


CIRCLES = tuple(Circle)


class Reason(StrEnum):
    """Why a mentor is offered a request; the words stand in `messages/mentoring.py`."""

    STATE = "state"
    TOPIC = "topic"
    ALUMNI_OFFICE = "alumni_office"
    OFFICE = "office"
    ROOM = "room"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A mentor as the matching sees them: profile, open work, and when they were last asked.

    `held` counts the requests they hold, `offered` the offers that wait for their answer.
    """

    profile: MentorProfile
    held: int = 0
    offered: int = 0
    last_offered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A mentor to be asked, and the reasons, the strongest first."""

    mentor: str
    reasons: tuple[Reason, ...]


class Question(Protocol):
    """What the matching reads of a request."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def asker(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def topic(self) -> Topic: ...  # noqa: D102
    @property
    def office(self) -> Office | None: ...  # noqa: D102


_NEVER = datetime.min.replace(tzinfo=UTC)
_EXPERT = frozenset({Reason.TOPIC, Reason.ALUMNI_OFFICE})


def may_answer(profile: MentorProfile, asker: str) -> bool:
    """Whether this mentor may see this person's question at all."""
    return profile.approved and profile.user != asker and asker not in profile.against


def has_room(standing: Standing, now: datetime) -> bool:
    """Whether the mentor is here and holds less than they said they can."""
    return not standing.profile.away(now) and standing.held < standing.profile.capacity


def reasons(profile: MentorProfile, request: Question) -> tuple[Reason, ...]:
    """Say why this mentor fits, the strongest reason first; having room is what is left."""
    why: list[Reason] = []
    if request.state in profile.states:
        why.append(Reason.STATE)
    if request.topic in profile.topics:
        why.append(Reason.TOPIC)
    if request.office is not None and request.office in profile.offices:
        alumni = profile.kind is MentorKind.ALUMNI
        why.append(Reason.ALUMNI_OFFICE if alumni else Reason.OFFICE)
    return tuple(why) or (Reason.ROOM,)


def in_circle(circle: Circle, why: Iterable[Reason]) -> bool:
    """Whether somebody with these reasons belongs to the circle."""
    if circle is Circle.STATE:
        return Reason.STATE in why
    if circle is Circle.EXPERTS:
        return not _EXPERT.isdisjoint(why)
    return circle is Circle.EVERYONE


def rank(
    request: Question, standings: Iterable[Standing], *, now: datetime, asked: frozenset[str] = frozenset()
) -> list[tuple[Standing, tuple[Reason, ...]]]:
    """Order everybody who can be asked, the best fit first.

    State counts most, then topic, then office (a mentor who named it before one who takes all),
    then the lighter load, then who was asked longest ago. What is still equal is ordered by a hash
    of mentor and request, so that work spreads evenly instead of always going to the first name.
    """
    fitting = [
        (standing, reasons(standing.profile, request))
        for standing in standings
        if standing.profile.user not in asked
        and may_answer(standing.profile, request.asker)
        and has_room(standing, now)
    ]

    def order(entry: tuple[Standing, tuple[Reason, ...]]) -> tuple[object, ...]:
        standing, why = entry
        profile = standing.profile
        return (
            Reason.STATE not in why,
            _distance(request.topic, profile.topics),
            _office_distance(request.office, profile),
            standing.held + standing.offered,
            standing.last_offered_at or _NEVER,
            hashlib.sha256(f"{profile.user}:{request.id}".encode()).digest(),
        )

    return sorted(fitting, key=order)


def everybody(request: Question, standings: Iterable[Standing], *, now: datetime) -> list[Standing]:
    """Order every mentor who may take the request, for staff to choose from: whoever fits best first.

    Who is away or has no room comes last, and is listed all the same: staff may have talked to them.
    """
    known = list(standings)
    free = [standing for standing, _ in rank(request, known, now=now)]
    busy = [
        standing for standing in known if standing not in free and may_answer(standing.profile, request.asker)
    ]
    return free + sorted(busy, key=lambda each: (request.state not in each.profile.states, each.profile.user))


def _distance(topic: Topic, known: frozenset[Topic]) -> int:
    if topic in known:
        return 0
    return 2 if known else 1


def _office_distance(office: Office | None, profile: MentorProfile) -> int:
    if office is None:
        return 0
    if office in profile.offices:
        return 0 if profile.kind is MentorKind.ALUMNI else 1
    return 3 if profile.offices else 2


def next_wave(
    request: Question,
    standings: Sequence[Standing],
    *,
    start: Circle,
    size: int,
    now: datetime,
    asked: frozenset[str],
) -> tuple[Circle, list[Match]]:
    """Choose the next mentors to ask: the narrowest circle from `start` on that has somebody left.

    `asked` are those who were asked before or passed. Where nobody is left in any circle the
    answer is (Circle.STAFF, []): staff is responsible from then on.
    """
    ranked = rank(request, standings, now=now, asked=asked)
    for circle in CIRCLES[CIRCLES.index(start) :]:
        matches = (Match(standing.profile.user, why) for standing, why in ranked if in_circle(circle, why))
        chosen = list(islice(matches, size))
        if chosen:
            return circle, chosen
    return Circle.STAFF, []
