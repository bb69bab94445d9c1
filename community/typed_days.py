"""A day as people type it: "2026-12-24", "12/24", "Dec 24", "December 24, 2026", "Friday", "tomorrow"."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

_MONTHS = tuple(name.casefold() for name in calendar.month_name)
_WEEKDAYS = tuple(name.casefold() for name in calendar.day_name)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_IN_NUMBERS = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})(?:/(?P<year>\d{2}|\d{4}))?")
_BY_NAME = re.compile(r"(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,? (?P<year>\d{4}))?")
_THIS_CENTURY = 2000


def typed_day(text: str, *, today: date) -> date | None:
    """Read a day; None for what is none.

    In numbers the month comes first, as Americans write it. Without a year it is the next such day from
    `today` on; a weekday is the next one after `today`.
    """
    said = " ".join(text.casefold().split())
    if said == "tomorrow":
        return today + timedelta(days=1)
    weekday = _begins(_WEEKDAYS, said)
    if weekday is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    found = _ISO.fullmatch(said) or _IN_NUMBERS.fullmatch(said) or _BY_NAME.fullmatch(said)
    if found is None:
        return None
    name = found["month"]
    month = int(name) if name.isdecimal() else _begins(_MONTHS, name)
    if month is None:
        return None
    return _in_year(found["year"], month, int(found["day"]), today)


def _in_year(year: str | None, month: int, day: int, today: date) -> date | None:
    if year is not None:
        return _day_of(int(year) + (_THIS_CENTURY if len(year) == len("26") else 0), month, day)
    # The 29th of February may be eight years away.
    to_come = (_day_of(each, month, day) for each in range(today.year, today.year + 9))
    return next((each for each in to_come if each is not None and each >= today), None)


def _begins(names: tuple[str, ...], said: str) -> int | None:
    """Which of these names it is, in full or its first letters, three at least."""
    short = len("mon")
    return next((n for n, name in enumerate(names) if len(said) >= short and name.startswith(said)), None)


def _day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
