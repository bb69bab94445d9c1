"""When an announcement reaches people: never at night by their own clock, and at Slack's pace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self

from community.journeys_times import SLEEPS, WAKES, local, moment_at, zone_of
from community.refusals import Incomplete

GRACE = timedelta(minutes=2)
"""So long after the confirmation nothing goes out, and Cancel stops all of it."""

FARTHEST = timedelta(days=366)
"""Announcements are not planned further ahead than this."""

_DAY = timedelta(days=1)


class Mode(StrEnum):
    """How the moment was chosen: at once, one moment for all, or a time of everybody's own day."""

    NOW = "now"
    ONCE = "once"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class When:
    """When staff wants it to go out: the wall time `day` and `wall`, in `zone` where it is one moment."""

    mode: Mode = Mode.NOW
    day: date | None = None
    wall: time | None = None
    zone: str = ""

    def kept(self) -> dict[str, Any]:
        """Give it as it is kept."""
        return {
            "mode": self.mode.value,
            "day": self.day.isoformat() if self.day else None,
            "wall": self.wall.isoformat("minutes") if self.wall else None,
            "zone": self.zone,
        }

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """Read what was kept."""
        return cls(
            Mode(kept.get("mode") or Mode.NOW),
            date.fromisoformat(kept["day"]) if kept.get("day") else None,
            time.fromisoformat(kept["wall"]) if kept.get("wall") else None,
            str(kept.get("zone") or ""),
        )

    def moment(self, zone: str) -> datetime | None:
        """Give the moment (UTC) that was chosen for people in that zone; None: at once.

        A time that the clocks leap over moves forward by as much as they leap; of one that comes twice it
        is the first.
        """
        if self.mode is Mode.NOW or self.day is None or self.wall is None:
            return None
        return moment_at(self.day, self.wall, self.zone if self.mode is Mode.ONCE else zone)

    @property
    def shifted(self) -> bool:
        """Whether the chosen time does not exist on that day in its zone, because the clocks leap over it."""
        moment = self.moment(self.zone)
        if moment is None or self.mode is not Mode.ONCE:
            return False
        return local(moment, self.zone).time() != self.wall

    @property
    def twice(self) -> bool:
        """Whether the chosen time comes twice on that day in its zone, because the clocks go back."""
        if self.mode is not Mode.ONCE or self.day is None or self.wall is None or self.shifted:
            return False
        walls = datetime.combine(self.day, self.wall, tzinfo=zone_of(self.zone))
        return walls.utcoffset() != walls.replace(fold=1).utcoffset()


def check_when(mode: str, day: date | None, wall: str, *, zone: str, now: datetime) -> When:
    """Check what was entered and give it typed.

    Raises Incomplete with "mode", "day" or "time": missing, past, far.
    """
    if mode not in set(Mode):
        raise Incomplete({"mode": "missing"})
    if mode == Mode.NOW:
        return When(zone=zone)
    problems: dict[str, str] = {}
    if day is None:
        problems["day"] = "missing"
    try:
        at = time.fromisoformat(wall)
    except ValueError:
        problems["time"] = "missing"
    if problems or day is None:
        raise Incomplete(problems)
    if not local(now, zone).date() <= day <= local(now + FARTHEST, zone).date():
        raise Incomplete({"day": "past" if day < local(now, zone).date() else "far"})
    when = When(Mode(mode), day, at, zone)
    moment = moment_at(day, at, zone)
    if moment <= now:
        raise Incomplete({"time": "past"})
    return when


def starts_at(when: When, zones: Mapping[str, int], now: datetime) -> datetime:
    """Say when the first message may go: after the two minutes in which all of it can be stopped."""
    earliest = now + GRACE
    moments = [moment for zone in zones or {when.zone: 1} if (moment := when.moment(zone))]
    return max(earliest, min(moments, default=earliest))


@dataclass(frozen=True, slots=True)
class Window:
    """When a message may leave: not before `due_at`, and not after `until`, when night falls there."""

    due_at: datetime
    until: datetime | None


def window(when: When, zone: str, *, earliest: datetime) -> Window:
    """Say when a message may leave to people in that zone, of one that starts at `earliest`."""
    return daytime(max(earliest, when.moment(zone) or earliest), zone)


def daytime(moment: datetime, zone: str) -> Window:
    """Give the first daytime there, from eight to nine at night, that is not before that moment."""
    here = local(moment, zone)
    day = here.date()
    if here.time() >= SLEEPS:
        day += _DAY
        due_at = moment_at(day, WAKES, zone)
    elif here.time() < WAKES:
        due_at = moment_at(day, WAKES, zone)
    else:
        due_at = moment.astimezone(UTC)
    return Window(due_at, moment_at(day, SLEEPS, zone))


@dataclass(frozen=True, slots=True)
class Speed:
    """How many posts a minute the app sends: it begins with `start`, a tenth more each minute to `most`."""

    start: float = 240.0
    most: float = 480.0

    def lasts(self, count: int) -> timedelta:
        """Say how long so many posts take when nothing else is sent."""
        left, minutes, rate = float(count), 0.0, min(self.start, self.most)
        while left > rate and rate < self.most:
            left -= rate
            minutes += 1
            rate = min(self.most, rate * 1.1)
        return timedelta(minutes=minutes + left / rate)


CHANGES_A_MINUTE = 40
"""Messages that are changed or deleted in a minute: Slack permits about 50, and cards need some of them."""


def changing_lasts(count: int) -> timedelta:
    """Say how long it takes to change or delete so many messages."""
    return timedelta(minutes=count / CHANGES_A_MINUTE)


@dataclass(frozen=True, slots=True)
class Spread:
    """How an audience is spread over time: how many get it as chosen, and how many in their morning."""

    at_once: int = 0
    in_the_morning: int = 0
    already_past: int = 0


def spread(when: When, zones: Mapping[str, int], *, earliest: datetime) -> Spread:
    """Count for whom the chosen moment is daytime, for whom it is night, and where it has passed already.

    Where it has passed they get it at once, or in their morning.
    """
    night = past = 0
    for zone, people in zones.items():
        wanted = max(earliest, when.moment(zone) or earliest)
        night += people if daytime(wanted, zone).due_at > wanted else 0
        if when.mode is Mode.LOCAL and (when.moment(zone) or earliest) < earliest:
            past += people
    return Spread(sum(zones.values()) - night, night, past)
