"""When an event is, by the clocks on several walls: gaps, folds, weeks, and when people may be written to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from community.journeys_times import WAKES, awake, local, moment_at, zone_of

DAY_BEFORE_AT = time(11)
"""When the reminder of the day before comes, by the person's own clock."""

SOON = timedelta(days=1)
"""Who signed up for what begins this soon hears of a change at any hour."""

ANNOUNCED_BEFORE = timedelta(days=7)
"""The later ones of a series are announced this long before they begin."""

SERIES_MOST = 53
"""More weeks than this nobody plans ahead."""

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


class Oddity(StrEnum):
    """What the change of the clocks makes of a local time: it does not exist, or it comes twice."""

    GAP = "gap"
    FOLD = "fold"


@dataclass(frozen=True, slots=True)
class Moment:
    """A local time made a moment (UTC): `wanted` on that day's wall, and what is odd about it."""

    at: datetime
    wanted: datetime
    odd: Oddity | None = None


def resolve(day: date, wall: time, zone: str) -> Moment:
    """Turn the time on a wall into a moment; one that is skipped moves on, of a repeated one it is the first.

    Source of the clock changes: the IANA time zone database.
    """
    there = datetime.combine(day, wall, tzinfo=zone_of(zone))
    at = moment_at(day, wall, zone)
    wanted = there.replace(tzinfo=None)
    if at.astimezone(there.tzinfo).replace(tzinfo=None) != wanted:
        return Moment(at, wanted, Oddity.GAP)
    twice = there.utcoffset() != there.replace(fold=1).utcoffset()
    return Moment(at, wanted, Oddity.FOLD if twice else None)


def weekly(first: date, until: date | None) -> list[date]:
    """Give the days on which a series falls, from its first up to and including the last."""
    days = [first]
    while until is not None and days[-1] + _WEEK <= until:
        days.append(days[-1] + _WEEK)
    return days


def day_before(starts_at: datetime, zone: str) -> datetime:
    """Give eleven in the morning of the day before, where the person is."""
    return moment_at(local(starts_at, zone).date() - _DAY, DAY_BEFORE_AT, zone)


def waking(at: datetime, zone: str) -> datetime:
    """Give that moment, or eight in the morning where it falls into the person's night."""
    if awake(at, zone):
        return at
    here = local(at, zone)
    day = here.date() if here.time() < WAKES else here.date() + _DAY
    return moment_at(day, WAKES, zone)


def to_be_told(at: datetime, zone: str, *begins: datetime) -> datetime:
    """Say when a person hears of a change: at once if it begins soon, before or after it; else by day."""
    if any(moment - at < SOON for moment in begins):
        return at
    return waking(at, zone)


def announced(starts_at: datetime, at: datetime) -> datetime:
    """Say when a later one of a series is announced in the community channel."""
    return max(at, starts_at - ANNOUNCED_BEFORE)


def wall_of(at: datetime, zone: str) -> tuple[date, time]:
    """Give the day and the time on a wall there."""
    here = at.astimezone(UTC).astimezone(zone_of(zone))
    return here.date(), here.time().replace(second=0, microsecond=0)
