"""The people and what mentors offer, as they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.members import Member, MentorKind, MentorProfile, Role, Stage
from community.mentoring_drafts import keepable
from community.offices import Office
from community.topics import Topic
from storage import members_statements as sql
from storage.deliveries import in_parts
from storage.tables import ZONE_UNTIL_KNOWN, mentor_profiles

HOME_FRESH = timedelta(days=2)
"""Home tabs that were not opened for this long are rendered anew when opened, not before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What Slack says of an account: name, zone, whether it is a guest or has left."""

    id: str
    name: str
    zone: str
    guest: bool = False
    left: bool = False


def account_of(user: Mapping[str, Any]) -> Account | None:
    """Read Slack's user object; None for bots and for what is no account at all.

    Source: docs.slack.dev/reference/objects/user-object (id, deleted, is_bot, is_restricted,
    is_ultra_restricted, tz, profile.display_name, profile.real_name).
    """
    known = user.get("id")
    if not known or user.get("is_bot") or known == "USLACKBOT":
        return None
    profile = user.get("profile") or {}
    # The full name: staff chooses mentors by it, and a display name may be anything.
    name = (
        profile.get("real_name") or user.get("real_name") or profile.get("display_name") or user.get("name")
    )
    return Account(
        id=known,
        name=keepable(str(name or "")),
        zone=_known_zone(user.get("tz")),
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        left=bool(user.get("deleted")),
    )


def _known_zone(name: object) -> str:
    """Give a zone that can be reckoned with, or "": one that is not would stop all that is said to them."""
    try:
        return ZoneInfo(str(name or "")).key
    except (KeyError, OSError, ValueError):
        return ""


def _words(values: Iterable[str]) -> str:
    return " ".join(sorted(values))


def _member(row: Row[Any]) -> Member:
    return Member(
        id=row.id,
        name=row.name,
        zone=row.zone,
        roles=frozenset(Role(role) for role in row.roles.split()),
        state=row.state,
        stage=Stage(row.stage) if row.stage else None,
        office=Office(row.office) if row.office else None,
        guest=row.guest,
        left_at=row.left_at,
        home_seen_at=row.home_seen_at,
        home_pages=row.home_pages or {},
    )


def mentor_profile(row: Row[Any]) -> MentorProfile:
    """Turn a row of `mentor_profiles` into what the rules work with."""
    return parsed(
        row.user,
        row.kind,
        row.states,
        row.topics,
        row.offices,
        row.capacity,
        row.against,
        row.away_until,
        row.approved_at,
        row.signed_up_at,
        row.approved_by,
        row.declined_at,
    )


@lru_cache(maxsize=4096)
def parsed(
    user: str,
    kind: str,
    states: str,
    topics: str,
    offices: str,
    capacity: int,
    against: str,
    away_until: datetime | None,
    approved_at: datetime | None,
    signed_up_at: datetime | None = None,
    approved_by: str | None = None,
    declined_at: datetime | None = None,
) -> MentorProfile:
    """Make a profile of a row's values: questions read the same mentors again and again."""
    return MentorProfile(
        user=user,
        kind=MentorKind(kind),
        states=frozenset(states.split()),
        topics=frozenset(Topic(topic) for topic in topics.split()),
        offices=frozenset(Office(office) for office in offices.split()),
        capacity=capacity,
        against=frozenset(against.split()),
        away_until=away_until,
        signed_up_at=signed_up_at,
        approved_at=approved_at,
        approved_by=approved_by,
        declined_at=declined_at,
    )


def _is_news(account: Account, known: Row[Any] | None) -> bool:
    if known is None:
        return True
    return (
        account.name not in {"", known.name}
        or account.zone not in {"", known.zone}
        or account.guest != known.guest
        or account.left == (known.left_at is None)
    )


class Members:
    """The people, within the caller's transaction; satisfies `community.members.People`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    async def meet(self, user: str, *, at: datetime) -> None:
        """See to it that this person is known, as a candidate until somebody says more."""
        await self._connection.execute(sql.MEET[self._dialect], {"id": user, "met_at": at})

    async def get_to_know(self, user: str, *, state: str, office: Office | None, at: datetime) -> None:
        """See to it that this person is known, and keep what their profile did not say yet."""
        said = {"id": user, "met_at": at, "state": state, "office": office}
        await self._connection.execute(sql.GET_TO_KNOW[self._dialect], said)

    async def learn(self, accounts: Sequence[Account], *, at: datetime) -> list[str]:
        """Keep what Slack says of these accounts; give the ids of those who have just left.

        Only what is news is written: of a roster that is read every hour that is next to nothing.
        """
        told = {account.id: account for account in accounts}
        known: dict[str, Row[Any]] = {}
        for some in in_parts(sorted(told)):
            known |= {row.id: row for row in await self._connection.execute(sql.KNOWN, {"b_users": some})}
        # In one order, so that two transactions cannot wait for each other.
        news = [told[user] for user in sorted(told) if _is_news(told[user], known.get(user))]
        if news:
            values = [
                {
                    "id": account.id,
                    "name": account.name,
                    "zone": account.zone or ZONE_UNTIL_KNOWN,
                    "b_zone": account.zone,
                    "guest": account.guest,
                    "left_at": at if account.left else None,
                    "met_at": at,
                }
                for account in news
            ]
            await self._connection.execute(sql.LEARN[self._dialect], values)
        before = {user: row.left_at for user, row in known.items()}
        return [account.id for account in news if account.left and before.get(account.id, at) is None]

    async def member(self, user: str) -> Member | None:
        """Give the person, or None where nobody has met them."""
        row = (await self._connection.execute(sql.MEMBER, {"b_user": user})).one_or_none()
        return _member(row) if row else None

    async def names(self, users: Iterable[str]) -> dict[str, str]:
        """Give these people's names, as far as they are known."""
        found = await self._connection.execute(sql.NAMES, {"b_users": sorted(users)})
        return {row.id: row.name for row in found if row.name}

    async def describe(self, user: str, **values: object) -> None:
        """Set fields of a known person's profile: state, stage, office."""
        bound = {f"b_{name}": value for name, value in values.items()}
        await self._connection.execute(sql.describe(tuple(values)), {**bound, "b_user": user})

    async def saw_home(self, user: str, *, at: datetime) -> None:
        """Remember that this person opened the Home tab, and start at the first page of every list."""
        await self.meet(user, at=at)
        await self.describe(user, home_seen_at=at, home_pages=None)

    async def turn_page(self, user: str, which: str, page: int, *, at: datetime) -> None:
        """Remember which page of a list on the Home tab this person turned to."""
        known = await self.member(user)
        pages = dict(known.home_pages) if known else {}
        await self.describe(user, home_seen_at=at, home_pages={**pages, which: page})

    async def with_home(self, users: Iterable[str], *, at: datetime) -> list[str]:
        """Give those of these people who opened their Home tab lately."""
        found = await self._connection.execute(
            sql.WITH_HOME, {"b_users": sorted(users), "b_since": at - HOME_FRESH}
        )
        return sorted(found.scalars())

    async def looking(self, users: Iterable[str], states: Iterable[str], *, at: datetime) -> frozenset[str]:
        """Give who of these people opened their Home tab lately, and who of those that look on.

        Those are, where any state is named, staff and the mentors of these states.
        """
        named = sorted(states)
        values: dict[str, Any] = {f"b_state_{n}": f"% {state} %" for n, state in enumerate(named)}
        values |= {"b_users": sorted(users), "b_since": at - HOME_FRESH}
        found = await self._connection.execute(sql.looking(len(named)), values)
        return frozenset(user for (user,) in found)

    async def staff(self) -> list[Member]:
        """Give everybody on the staff who is here."""
        return [_member(row) for row in await self._connection.execute(sql.STAFF)]

    async def add_roles(self, user: str, *roles: Role, at: datetime) -> None:
        """Give a person these roles beside the ones they have."""
        await self.meet(user, at=at)
        have = await self._hold_roles(user)
        await self.describe(user, roles=_words(have | set(roles)))

    async def remove_role(self, user: str, role: Role) -> None:
        """Take one role from a person."""
        have = await self._hold_roles(user)
        await self.describe(user, roles=_words(have - {role}))

    async def _hold_roles(self, user: str) -> frozenset[str]:
        """Give the roles and keep others from changing them until this transaction ends."""
        kept = await self._connection.scalar(sql.HOLD_ROLES, {"b_user": user})
        return frozenset((kept or "").split())

    async def mentor(self, user: str) -> MentorProfile | None:
        """Give the mentor's profile, or None."""
        return await self._mentor(sql.MENTOR, {"b_user": user})

    async def hold_mentor(self, user: str) -> MentorProfile | None:
        """Give the profile and keep others from changing it until this transaction ends."""
        return await self._mentor(sql.HOLD_MENTOR, {"b_user": user})

    async def _mentor(self, statement: Any, values: dict[str, Any]) -> MentorProfile | None:
        row = (await self._connection.execute(statement, values)).one_or_none()
        return mentor_profile(row) if row else None

    async def save_mentor(self, profile: MentorProfile) -> None:
        """Keep this profile, and the mentor role with it once it is approved."""
        values = {
            "user": profile.user,
            "kind": profile.kind,
            "states": _words(profile.states),
            "topics": _words(profile.topics),
            "offices": _words(profile.offices),
            "capacity": profile.capacity,
            "against": _words(profile.against),
            "away_until": profile.away_until,
            "signed_up_at": profile.signed_up_at,
            "approved_at": profile.approved_at,
            "approved_by": profile.approved_by,
            "declined_at": profile.declined_at,
        }
        await self._connection.execute(sql.SAVE_MENTOR[self._dialect], values)
        if profile.approved_at is not None:
            await self.add_roles(profile.user, Role.MENTOR, at=profile.approved_at)

    async def decide_mentor(self, user: str, *, approve: bool, by: str, at: datetime) -> MentorProfile | None:
        """Settle a waiting profile in one conditional change; None where nothing waited."""
        values: dict[str, Any] = {"approved_by": by}
        values |= {"approved_at": at} if approve else {"declined_at": at}
        row = (
            await self._connection.execute(
                update(mentor_profiles)
                .where(
                    mentor_profiles.c.user == user,
                    mentor_profiles.c.approved_at.is_(None),
                    mentor_profiles.c.declined_at.is_(None),
                )
                .values(**values)
                .returning(mentor_profiles)
            )
        ).one_or_none()
        if row is None:
            return None
        if approve:
            await self.add_roles(user, Role.MENTOR, at=at)
        return mentor_profile(row)

    async def asked_staff(self, user: str) -> int:
        """Count one more time that staff is asked to look at this mentor, and give the count."""
        await self._connection.execute(sql.ASK_STAFF, {"b_user": user})
        return await self.times_asked_staff(user)

    async def times_asked_staff(self, user: str) -> int:
        """Give how many times staff was asked to look at this mentor."""
        return await self._connection.scalar(sql.ASKED_STAFF, {"b_user": user}) or 0

    async def waiting_mentors(self, *, limit: int, offset: int = 0) -> list[MentorProfile]:
        """Give the mentors who wait for staff, the longest waiting first."""
        found = await self._connection.execute(sql.WAITING, {"b_limit": limit, "b_offset": offset})
        return [mentor_profile(row) for row in found]

    async def count_waiting_mentors(self) -> int:
        """Count the mentors who wait for staff."""
        return await self._connection.scalar(sql.COUNT_WAITING) or 0

    async def unknown(self, limit: int = 50) -> list[str]:
        """Give people of whom nothing but the id is known yet."""
        found = await self._connection.execute(sql.UNKNOWN, {"b_limit": limit})
        return list(found.scalars())
