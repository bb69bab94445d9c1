"""The people: who they are, what they may do, and what a mentor offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from community.offices import Office
from community.refusals import Incomplete, NotAllowed, NotFound, Refused
from community.states import find_state
from community.topics import MENTOR_TOPICS, Topic

CAPACITY_MOST = 20
"""More open questions than this nobody can hold."""
AWAY_MOST = timedelta(days=366)
"""Nobody is away for longer: one wrong digit in a year would lose a mentor for good."""


class Role(StrEnum):
    """What a person is to the community; one person can be several."""

    CANDIDATE = "candidate"
    MENTOR = "mentor"
    STAFF = "staff"


class Stage(StrEnum):
    """Where a candidate's own campaign stands."""

    EXPLORING = "exploring"
    DECIDED = "decided"
    FILED = "filed"
    CAMPAIGNING = "campaigning"
    AFTER = "after"

    @property
    def label(self) -> str:
        """The stage as it stands on the screen."""
        return _STAGE_TITLES[self]


_STAGE_TITLES = {
    Stage.EXPLORING: "Thinking about running",
    Stage.DECIDED: "Decided to run",
    Stage.FILED: "Filed",
    Stage.CAMPAIGNING: "On the ballot, campaigning",
    Stage.AFTER: "After the election",
}


class MentorKind(StrEnum):
    """Where a mentor's knowledge comes from."""

    OPERATIVE = "operative"
    ALUMNI = "alumni"
    REGIONAL = "regional"

    @property
    def label(self) -> str:
        """The kind as it stands on the screen."""
        return _KIND_TITLES[self]


_KIND_TITLES = {
    MentorKind.OPERATIVE: "Operative",
    MentorKind.ALUMNI: "Alumni advisor",
    MentorKind.REGIONAL: "Regional team",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person in the workspace, named by the Slack user id.

    `zone` is an IANA name; `left_at` is set once Slack says that the account is deactivated;
    `home_seen_at` is when the person last opened the app's Home tab, and `home_pages` which page of
    each list on it they were turning to.
    """

    id: str
    name: str = ""
    zone: str = "America/New_York"
    roles: frozenset[Role] = frozenset({Role.CANDIDATE})
    state: str | None = None
    stage: Stage | None = None
    office: Office | None = None
    guest: bool = False
    left_at: datetime | None = None
    home_seen_at: datetime | None = None
    home_pages: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_staff(self) -> bool:
        """Whether this person runs the workspace."""
        return Role.STAFF in self.roles and self.left_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class MentorProfile:
    """What a mentor offers. Empty `topics` or `offices` mean all of them.

    `against` holds the Slack ids of candidates whose opponents this mentor works for: their
    questions are never offered to this mentor. `approved_at` None means that staff has yet to say
    yes. `away_until` lies in the future while the mentor is away.
    """

    user: str
    kind: MentorKind = MentorKind.OPERATIVE
    states: frozenset[str] = frozenset()
    topics: frozenset[Topic] = frozenset()
    offices: frozenset[Office] = frozenset()
    capacity: int = 3
    against: frozenset[str] = frozenset()
    away_until: datetime | None = None
    approved_at: datetime | None = None
    approved_by: str | None = None
    declined_at: datetime | None = None
    signed_up_at: datetime | None = None

    @property
    def approved(self) -> bool:
        """Whether staff has said yes."""
        return self.approved_at is not None

    def away(self, now: datetime) -> bool:
        """Whether the mentor asked to be left alone at this moment."""
        return self.away_until is not None and self.away_until > now


class AlreadyDecided(Refused):
    """Somebody on the staff was quicker with this mentor; `by` says who, `approved` what."""

    def __init__(self, by: str | None, *, approved: bool) -> None:
        super().__init__(by)
        self.by = by
        self.approved = approved


class People(Protocol):
    """What the rules need to know and keep about people."""

    async def member(self, user: str) -> Member | None:
        """Give the person, or None where nobody has met them."""

    async def mentor(self, user: str) -> MentorProfile | None:
        """Give the mentor's profile, or None."""

    async def hold_mentor(self, user: str) -> MentorProfile | None:
        """Give the profile and keep others from changing it until this transaction ends."""

    async def save_mentor(self, profile: MentorProfile) -> None:
        """Keep this profile, and the mentor role with it once it is approved."""

    async def decide_mentor(self, user: str, *, approve: bool, by: str, at: datetime) -> MentorProfile | None:
        """Settle a waiting profile in one conditional change; None where nothing waited."""


async def require_staff(people: People, user: str) -> Member:
    """Give the person if they are staff; raise NotAllowed otherwise."""
    member = await people.member(user)
    if member is None or not member.is_staff:
        raise NotAllowed("staff")
    return member


def check_profile(
    *,
    states: frozenset[str],
    topics: frozenset[str],
    offices: frozenset[str],
    capacity: str | int,
) -> tuple[frozenset[str], frozenset[Topic], frozenset[Office], int]:
    """Check what a mentor entered and give it back typed.

    Raises Incomplete with "states", "topics", "offices" or "capacity" where something is off.
    """
    problems: dict[str, str] = {}
    known = [find_state(state) for state in states]
    codes = frozenset(state.code for state in known if state is not None)
    if not states:
        problems["states"] = "missing"
    elif None in known:
        problems["states"] = "unknown"
    if not topics <= set(MENTOR_TOPICS):
        problems["topics"] = "unknown"
    if not offices <= set(Office):
        problems["offices"] = "unknown"
    try:
        room = int(str(capacity).strip())
    except ValueError:
        room = 0
    if not 1 <= room <= CAPACITY_MOST:
        problems["capacity"] = "out of range"
    if problems:
        raise Incomplete(problems)
    return (
        codes,
        frozenset(Topic(topic) for topic in topics),
        frozenset(Office(office) for office in offices),
        room,
    )


def check_staff(
    before: frozenset[str], chosen: frozenset[str], *, by: str
) -> tuple[frozenset[str], frozenset[str]]:
    """Say who becomes staff and who no longer is.

    Raises Incomplete ("staff": missing) where nobody would be left, or where somebody would shut
    themselves out.
    """
    if by not in chosen:
        raise Incomplete({"staff": "yourself" if chosen else "missing"})
    return chosen - before, before - chosen


async def sign_up(people: People, wish: MentorProfile, *, at: datetime) -> tuple[MentorProfile, bool]:
    """Keep what a person wants to offer; say whether staff now has to look at it.

    Who is approved stays approved when editing; who was declined and tries again waits anew.
    """
    # Held, so that an approval of this very moment is not written over.
    before = await people.hold_mentor(wish.user)
    if before is None:
        profile = replace(wish, signed_up_at=at)
    else:
        profile = replace(
            wish,
            approved_at=before.approved_at,
            approved_by=before.approved_by if before.approved else None,
            away_until=before.away_until if wish.away_until is None else wish.away_until,
            signed_up_at=before.signed_up_at or at,
        )
    await people.save_mentor(profile)
    waits = not profile.approved and (before is None or before.declined_at is not None)
    return profile, waits


async def decide(people: People, user: str, *, approve: bool, by: str, at: datetime) -> MentorProfile:
    """Approve or decline a mentor who waits; the first of the staff decides.

    Raises NotAllowed for anybody else, AlreadyDecided where it is settled, NotFound where nobody asked.
    """
    await require_staff(people, by)
    decided = await people.decide_mentor(user, approve=approve, by=by, at=at)
    if decided is None:
        current = await people.mentor(user)
        if current is None:
            raise NotFound
        raise AlreadyDecided(current.approved_by, approved=current.approved)
    return decided


def check_away(until: date | None, today: date) -> date:
    """Give the day until which a mentor is left alone; raises Incomplete where it cannot be one."""
    if until is None or until <= today:
        raise Incomplete({"until": "missing" if until is None else "past"})
    if until - today > AWAY_MOST:
        raise Incomplete({"until": "far"})
    return until


async def set_away(people: People, user: str, *, until: datetime | None) -> MentorProfile:
    """Leave a mentor alone until then, or (None) bring them back. Raises NotAllowed if no mentor."""
    profile = await people.hold_mentor(user)
    if profile is None:
        raise NotAllowed("a mentor")
    profile = replace(profile, away_until=until)
    await people.save_mentor(profile)
    return profile
