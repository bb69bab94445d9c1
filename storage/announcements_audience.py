"""Whom an audience comes to: each criterion as a condition on the table of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, false, func, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from community.announcements_audience import Audience, By, Choice, Left, OnJourney, Reach
from community.events_terms import COMING, Status
from community.journeys_steps import Standing
from community.members import Role, Stage
from community.states import every_state
from storage.tables import (
    announcement_mutes,
    enrolments,
    event_sign_ups,
    events,
    members,
    mentor_profiles,
)

FIRST = 5
"""So many of an audience are named."""


class Criterion(Protocol):
    """One thing that people are chosen by."""

    async def choices(self, connection: AsyncConnection) -> list[Choice]:
        """Give the values that staff can choose; none: the criterion is not offered."""

    def fits(self, audience: Audience) -> ColumnElement[bool]:
        """Give the condition on `members` that the chosen values stand for; something is chosen."""


class UnknownCriterion(LookupError):
    """An audience names a criterion that nobody has plugged in: it must not be taken for everybody."""


def _words(column: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column of words with blanks between them holds any of these."""
    padded = " " + column + " "
    return or_(false(), *(padded.contains(f" {value} ", autoescape=True) for value in sorted(values)))


def _mentors(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    approved = (mentor_profiles.c.user == members.c.id, mentor_profiles.c.approved_at.is_not(None))
    return select(mentor_profiles.c.user).where(*approved, *where).exists()


class _Roles:
    """Candidates, mentors, staff.

    Everybody is a candidate to Slack's roster until somebody says more. So mentors and staff count as
    candidates only when they have said where or for what they run.
    """

    async def choices(self, _connection: AsyncConnection) -> list[Choice]:
        titles = {Role.CANDIDATE: "Candidates", Role.MENTOR: "Mentors", Role.STAFF: "Staff"}
        return [Choice(role.value, title) for role, title in titles.items()]

    def fits(self, audience: Audience) -> ColumnElement[bool]:
        wanted = audience.chosen(By.ROLE)
        runs = or_(members.c.state.is_not(None), members.c.stage.is_not(None), members.c.office.is_not(None))
        plain = not_(_words(members.c.roles, {Role.MENTOR, Role.STAFF}))
        candidate = and_(_words(members.c.roles, {Role.CANDIDATE}), or_(plain, runs))
        named = _words(members.c.roles, wanted - {Role.CANDIDATE})
        return or_(named, candidate) if Role.CANDIDATE in wanted else named


class _States:
    """Where candidates run, and which states mentors cover; by the role that was chosen beside it."""

    async def choices(self, _connection: AsyncConnection) -> list[Choice]:
        return [Choice(state.code, state.name) for state in every_state()]

    def fits(self, audience: Audience) -> ColumnElement[bool]:
        wanted, roles = audience.chosen(By.STATE), audience.chosen(By.ROLE)
        runs = members.c.state.in_(sorted(wanted))
        covers = _mentors(_words(mentor_profiles.c.states, wanted))
        if roles == {Role.MENTOR}:
            return covers
        return or_(runs, covers) if not roles or Role.MENTOR in roles else runs


class _Stages:
    async def choices(self, _connection: AsyncConnection) -> list[Choice]:
        return [Choice(stage.value, stage.label) for stage in Stage]

    def fits(self, audience: Audience) -> ColumnElement[bool]:
        return members.c.stage.in_(sorted(audience.chosen(By.STAGE)))


_ON_JOURNEY = {
    OnJourney.ACTIVE: "On their first seven days",
    OnJourney.PAUSED: "Paused it",
    OnJourney.FINISHED: "Finished it",
    OnJourney.STOPPED: "Were stopped",
    OnJourney.NEVER: "Have not begun",
}


class _Journeys:
    async def choices(self, _connection: AsyncConnection) -> list[Choice]:
        return [Choice(where.value, title) for where, title in _ON_JOURNEY.items()]

    def fits(self, audience: Audience) -> ColumnElement[bool]:
        wanted = audience.chosen(By.JOURNEY)
        theirs = select(enrolments.c.id).where(enrolments.c.user == members.c.id)
        begun = theirs.where(enrolments.c.standing != Standing.WAITING)
        standing = theirs.where(enrolments.c.standing.in_(sorted(wanted - {OnJourney.NEVER})))
        never = not_(begun.exists()) if OnJourney.NEVER in wanted else false()
        return or_(standing.exists(), never)


EVENTS_OFFERED = 50
"""So many chats and calls are offered, the latest first."""


class _Events:
    """Who has a seat at a chat or a call; whoever waits for one would not know what is meant."""

    async def choices(self, connection: AsyncConnection) -> list[Choice]:
        found = await connection.execute(
            select(events.c.id, events.c.title, events.c.starts_at, events.c.zone)
            .where(events.c.status == Status.OPEN)
            .order_by(events.c.starts_at.desc(), events.c.id.desc())
            .limit(EVENTS_OFFERED)
        )
        return [Choice(str(row.id), f"{_day(row.starts_at, row.zone)}: {row.title}") for row in found]

    def fits(self, audience: Audience) -> ColumnElement[bool]:
        named = {int(value) for value in audience.chosen(By.EVENT) if value.isdecimal()}
        theirs = select(event_sign_ups.c.id).where(
            event_sign_ups.c.user == members.c.id,
            event_sign_ups.c.event.in_(sorted(named)),
            event_sign_ups.c.standing.in_(sorted(COMING)),
        )
        return theirs.exists()


def _day(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%b} {local.day}, {local.year}"


CRITERIA: Mapping[By, Criterion] = MappingProxyType(
    {
        By.ROLE: _Roles(),
        By.STATE: _States(),
        By.STAGE: _Stages(),
        By.JOURNEY: _Journeys(),
        By.EVENT: _Events(),
    }
)
"""What people can be chosen by; one line here, and the form offers it."""

_MUTED = select(announcement_mutes.c.user).where(announcement_mutes.c.user == members.c.id).exists()
# The first reason counts: whoever left cannot have been asked for anything else.
_WHY = case(
    (members.c.left_at.is_not(None), Left.LEFT.value),
    (members.c.guest, Left.GUEST.value),
    (_MUTED, Left.MUTED.value),
    else_="",
)


def gets_it() -> ColumnElement[bool]:
    """Give the condition on `members` for people who may be written to at all."""
    return and_(members.c.left_at.is_(None), not_(members.c.guest), not_(_MUTED))


def chosen(audience: Audience, criteria: Mapping[By, Criterion] = CRITERIA) -> ColumnElement[bool]:
    """Give the condition on `members` that an audience stands for. Raises UnknownCriterion."""
    named = [by for by, values in audience.people.items() if values]
    unknown = [by for by in named if by not in criteria]
    if unknown:
        raise UnknownCriterion(unknown[0])
    return and_(true(), *(criteria[by].fits(audience) for by in named))


async def reach(
    connection: AsyncConnection, audience: Audience, criteria: Mapping[By, Criterion] = CRITERIA
) -> Reach:
    """Count whom an audience comes to at this moment, and who is left out."""
    if audience.channels:
        return Reach(total=len(audience.channels), first=audience.channels[:FIRST])
    fits = chosen(audience, criteria)
    why = _WHY.label("why")
    rows = await connection.execute(
        select(why, members.c.zone, func.count().label("people")).where(fits).group_by(why, members.c.zone)
    )
    left_out: dict[Left, int] = {}
    zones: dict[str, int] = {}
    for row in rows:
        if row.why:
            reason = Left(row.why)
            left_out[reason] = left_out.get(reason, 0) + row.people
        else:
            zones[row.zone] = zones.get(row.zone, 0) + row.people
    first = await connection.execute(
        select(members.c.id).where(fits, gets_it()).order_by(members.c.name, members.c.id).limit(FIRST)
    )
    return Reach(total=sum(zones.values()), first=tuple(first.scalars()), left_out=left_out, by_zone=zones)


async def choices(
    connection: AsyncConnection, criteria: Mapping[By, Criterion] = CRITERIA
) -> dict[By, list[Choice]]:
    """Give what staff can choose by at this moment."""
    found = {by: await criterion.choices(connection) for by, criterion in criteria.items()}
    return {by: values for by, values in found.items() if values}
