"""Dates that a statute fixes, as rules: which day, at which hour, by which law, and who can confirm it.

A rule says "the 75th day before the third Tuesday in June" rather than "April 1, 2027", so that it can be
tested against the dates that were, and serves again in two years. What comes out is always *derived*: laws
change (Virginia moved its primary of 2026 in February 2026), and only the election office's word counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache

import holidays

from community.hours import federal_holidays
from community.races import Filing

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)

Day = Callable[[int], date]
"""Gives a day for a year: the year of the election, whichever year the day itself falls in."""


def fixed(month: int, day: int, *, years: int = 0) -> Day:
    """The same day of every year; `years` shifts it (-1: in the year before the election)."""
    return lambda year: date(year + years, month, day)


def nth(number: int, weekday: int, month: int, *, years: int = 0) -> Day:
    """The nth weekday of a month; -1 is the last, -3 the third to last."""

    def day(year: int) -> date:
        first = date(year + years, month, 1)
        found = first + timedelta(days=(weekday - first.weekday()) % 7)
        of_month = [found + timedelta(weeks=week) for week in range(5)]
        of_month = [each for each in of_month if each.month == month]
        return of_month[number - 1 if number > 0 else number]

    return day


def first_after(weekday: int, start: Day) -> Day:
    """The first such weekday after a day, never that day: "the first Tuesday after the first Monday"."""
    return lambda year: start(year) + timedelta(days=(weekday - start(year).weekday() - 1) % 7 + 1)


def nth_before(number: int, weekday: int, start: Day) -> Day:
    """The nth such weekday before a day: "the tenth Tuesday prior to the primary"."""
    return lambda year: (
        start(year)
        - timedelta(days=(start(year).weekday() - weekday - 1) % 7 + 1)
        - timedelta(weeks=number - 1)
    )


def days_before(days: int, start: Day) -> Day:
    """The nth day before a day."""
    return lambda year: start(year) - timedelta(days=days)


def days_after(days: int, start: Day) -> Day:
    """The nth day after a day."""
    return lambda year: start(year) + timedelta(days=days)


def next_if_holiday(start: Day) -> Day:
    """That day, or the next one on which offices are open where it is a federal holiday or on a weekend."""

    def day(year: int) -> date:
        found = start(year)
        while found in federal_holidays(found.year) or found.weekday() >= SATURDAY:
            found += timedelta(days=1)
        return found

    return day


def week_earlier_if(barred: Callable[[int], frozenset[date]], start: Day) -> Day:
    """That day, or the same weekday of the week before where no election may be held on it."""

    def day(year: int) -> date:
        found = start(year)
        while found in barred(found.year):
            found -= timedelta(weeks=1)
        return found

    return day


def moved(start: Day, exceptions: dict[int, date]) -> Day:
    """That day, but for the years in which a law for that year alone moved it."""
    return lambda year: exceptions.get(year) or start(year)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When papers are taken, as a statute says.

    `opens` and `closes` are rules for the election's year; the hours are local to the office that takes the
    papers, None where no statute we know names one. `law` is the citation, `what` for whom it is where an
    election has several ("party primary"), `note` what the person has to know besides.
    """

    closes: Day
    law: str
    opens: Day | None = None
    opens_at: time | None = None
    closes_at: time | None = None
    what: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The days of one kind of election in one state.

    `key` names it for good ("va:november"); `years` says whether there is one in a year. `election` is the
    day that decides; `primary` comes before it, `runoff` is that of the primary where there is one.
    """

    key: str
    state: str
    name: str
    election: Day
    deadlines: tuple[Deadline, ...] = ()
    primary: Day | None = None
    runoff: Day | None = None
    years: Callable[[int], bool] = lambda _: True
    law: str = ""
    note: str = ""


_BARRED = ("Rosh Hashanah", "Yom Kippur", "Sukkot", "Simchat Torah", "Shemini Atzeret", "Pesach", "Shavuot")


@cache
def feasts(year: int) -> frozenset[date]:
    """Give the days of a year on which Louisiana holds no election for a feast's sake (R.S. 18:402).

    Source of the days: the `holidays` package, which works out the Hebrew calendar.
    """
    kept = holidays.country_holidays(
        "IL", years=year, language="en_US", categories=("public", "school", "optional")
    )
    return frozenset(day for day, name in kept.items() if any(feast in name for feast in _BARRED))


def filings(of: Calendar, year: int, zone: str) -> tuple[Filing, ...]:
    """Give the filing periods of that year's election, in the zone (IANA) of the office that takes papers."""
    return tuple(
        Filing(
            opens=each.opens(year) if each.opens else None,
            closes=each.closes(year),
            opens_at=each.opens_at,
            closes_at=each.closes_at,
            zone=zone,
            what=each.what,
            note=each.note,
        )
        for each in of.deadlines
    )


def laws(of: Calendar) -> str:
    """Give every statute the days of a calendar come from, as one citation."""
    cited = [of.law, *(each.law for each in of.deadlines)]
    return "; ".join(dict.fromkeys(each for each in cited if each))


def elections(of: Calendar, first: date, last: date) -> tuple[int, ...]:
    """Give the years whose election day lies between two days, both included."""
    years = range(first.year, last.year + 1)
    return tuple(year for year in years if of.years(year) and first <= of.election(year) <= last)
