"""Working hours: what counts as time that somebody waited, and when such a time is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

MIDNIGHT = time()
LONGEST_SEARCH = timedelta(days=800)
"""No calendar has fewer than a working day in so long; whoever asks for more has set no hours at all."""


class NoWorkingHours(ValueError):
    """The hours leave no working time at all, so nothing would ever be due."""


@cache
def federal_holidays(year: int) -> frozenset[date]:
    """Give the days on which federal offices are closed in that year, observed days included.

    Source: 5 U.S.C. 6103, as kept by the `holidays` package.
    """
    return frozenset(holidays.country_holidays("US", years=year))


@dataclass(frozen=True, slots=True)
class Hours:
    """When people work: on these weekdays (Monday is 0), from `opens` to `closes`, in each asker's zone.

    `closes` at midnight means the end of the day. Federal holidays are free unless `holidays` is
    False; `free` are further days on which nobody works, such as an Election Day.
    """

    days: frozenset[int] = frozenset(range(6))
    opens: time = time(9)
    closes: time = time(20)
    holidays: bool = True
    free: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if not self.days or (self.closes != MIDNIGHT and self.closes <= self.opens):
            raise NoWorkingHours("There has to be a working day, and it has to close after it opens.")

    def works_on(self, day: date) -> bool:
        """Whether people work on that day."""
        if day.weekday() not in self.days or day in self.free:
            return False
        return not (self.holidays and day in federal_holidays(day.year))

    def window(self, day: date, zone: str) -> tuple[datetime, datetime] | None:
        """Give the moments (UTC) between which people work on that day there, or None."""
        if not self.works_on(day):
            return None
        last = day + timedelta(days=1) if self.closes == MIDNIGHT else day
        return moment_of(day, self.opens, zone), moment_of(last, self.closes, zone)

    def after(self, start: datetime, wait: timedelta, zone: str) -> datetime:
        """Give the moment (UTC) at which that much working time has passed since `start`.

        A wait of nothing is over at once, even at night. Raises NoWorkingHours where it never ends.
        """
        if wait <= timedelta():
            return start.astimezone(UTC)
        left = wait
        for opened, closed in self._windows(start, zone):
            begin = max(opened, start)
            if left <= closed - begin:
                return begin + left
            left -= max(timedelta(), closed - begin)
        raise NoWorkingHours("There is no working time in the next two years.")

    def between(self, start: datetime, end: datetime, zone: str) -> timedelta:
        """Give how much working time lies between two moments; nothing where `end` is not later."""
        total = timedelta()
        for opened, closed in self._windows(start, zone):
            if opened >= end:
                break
            total += max(timedelta(), min(closed, end) - max(opened, start))
        return total

    @property
    def day(self) -> timedelta:
        """How long one working day is."""
        closes = 24 * 60 if self.closes == MIDNIGHT else self.closes.hour * 60 + self.closes.minute
        return timedelta(minutes=closes - self.opens.hour * 60 - self.opens.minute)

    def _windows(self, start: datetime, zone: str) -> Iterator[tuple[datetime, datetime]]:
        # The day before is looked at too: a window that ends at midnight belongs to it.
        day = start.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
        for _ in range(LONGEST_SEARCH.days):
            window = self.window(day, zone)
            if window is not None and window[1] > start:
                yield window
            day += timedelta(days=1)


def moment_of(day: date, at: time, zone: str) -> datetime:
    """Give the moment (UTC) of a local time; a skipped one moves on, of a repeated one it is the first.

    Source of the clock changes: the IANA time zone database.
    """
    # zoneinfo reads a skipped time with the offset from before the change, so it lands as long after it.
    return datetime.combine(day, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)


_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read_days(text: str) -> frozenset[int]:
    """Read weekdays such as "Mon-Sat" or "Mon,Wed,Fri"; Monday is 0. Raises ValueError."""
    days: set[int] = set()
    for part in text.casefold().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        start = _WEEK.index(first[:3])
        end = _WEEK.index((last or first)[:3])
        days |= {day % 7 for day in range(start, end + 1 if end >= start else end + 8)}
    return frozenset(days)


def read_hours(text: str) -> tuple[time, time]:
    """Read hours such as "9-20", "8:30-17" or "0-24" (midnight, as the end of a day). Raises ValueError."""
    first, dash, last = text.replace(" ", "").partition("-")
    if not dash:
        raise ValueError(text)
    opens, closes = _time(first), MIDNIGHT if last in {"24", "24:00"} else _time(last)
    if closes != MIDNIGHT and closes <= opens:
        raise ValueError(text)
    return opens, closes


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute or 0))


def read_dates(text: str) -> frozenset[date]:
    """Read days such as "2027-11-02,2028-11-07"; nothing is none. Raises ValueError."""
    return frozenset(date.fromisoformat(part.strip()) for part in text.split(",") if part.strip())


def read_spans(text: str) -> tuple[tuple[date, date], ...]:
    """Read spans of days such as "2027-01-04..2027-01-08", first and last included. Raises ValueError."""
    spans = []
    for part in text.split(","):
        if not part.strip():
            continue
        first, _, last = part.partition("..")
        span = (date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip()))
        if span[1] < span[0]:
            raise ValueError(part)
        spans.append(span)
    return tuple(spans)
