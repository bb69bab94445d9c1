"""What files of races and people are read into, and how each cell of theirs is judged."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from functools import lru_cache

from community.races import Candidate, Division, Level, Race

LONGEST_NAME = 300
LONGEST_TEXT = 10_000
"""Characters that a cell may have; what is longer is no eligibility rule but a file gone wrong."""


class FileUnreadable(Exception):
    """No row of this file can be read; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class RaceRow:
    """One good row. `position` names the office across its elections, as `race.key` names the race."""

    line: int
    position: str
    race: Race


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody who stands in a race, or holds an office; `of` is the key of the race or of the position."""

    line: int
    key: str
    of: str
    person: Candidate
    holds: bool = False


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that cannot be taken, by the line it begins on (the first is 1) and, of several, its file."""

    line: int
    reasons: tuple[str, ...]
    file: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One row that is right but nothing to run for: a retention vote, an appointment, a recall."""

    line: int
    why: str


Row = RaceRow | PersonRow | BadRow | LeftOut


def local_key(source: str, *parts: object) -> str:
    """Name something of a source for good, by what does not change of it."""
    said = "\x1f".join(" ".join(str(part).casefold().split()) for part in (source, *parts))
    return f"local:{hashlib.sha256(said.encode()).hexdigest()[:24]}"


def race_key(source: str, cells: Mapping[str, str], division: Division, day: date, kind: str) -> str:
    """Name a race: by the source's own id, else by what is elected where in which year.

    The day is no part of it: an election that is moved within its year stays the same race.
    """
    if cells.get("race_id"):
        return local_key(source, "race", cells["race_id"])
    unexpired = "unexpired" if truth(cells.get("is_unexpired", "")) else ""
    return local_key(
        source, "race", named(division), cells["office"], district_of(cells), day.year, kind, unexpired
    )


def position_key(source: str, cells: Mapping[str, str], division: Division) -> str:
    """Name an office across its elections, likewise."""
    if cells.get("position_id"):
        return local_key(source, "position", cells["position_id"])
    return local_key(source, "position", named(division), cells["office"], district_of(cells))


def named(division: Division) -> str:
    """Give the one name of a division that keys are made of: its OCD id, else its Census class and id."""
    return division.ocd or f"{division.census}:{division.geoid}"


def district_of(cells: Mapping[str, str]) -> str:
    """Give what follows the office's name: "Ward 40", "District 3, Position 2"."""
    if cells.get("district"):
        return cells["district"]
    areas = (
        f"{cells.get(f'sub_area_name{which}', '')} {cells.get(f'sub_area_value{which}', '')}".strip()
        for which in ("", "_secondary")
    )
    return ", ".join(filter(None, areas))


def together(rows: Iterable[Row]) -> Iterator[Row]:
    """Make one row of neighbours that say the same race and differ only in the filing period they name."""
    waiting: RaceRow | None = None
    for row in rows:
        if isinstance(row, RaceRow) and waiting is not None and _only_filings_differ(waiting.race, row.race):
            filings = dict.fromkeys((*waiting.race.filings, *row.race.filings))
            waiting = replace(waiting, race=replace(waiting.race, filings=tuple(filings)))
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        if isinstance(row, RaceRow):
            waiting = row
        else:
            yield row
    if waiting is not None:
        yield waiting


def _only_filings_differ(one: Race, other: Race) -> bool:
    return one.key == other.key and replace(one, filings=()) == replace(other, filings=())


# Cells. What cannot be read is a ValueError whose message is the reason; cells stand in it only where they
# are a word out of a list, never where they could be somebody's name or address. A file says the same few
# days, hours and numbers half a million times, so what was read is remembered.

_YES = {"true", "t", "yes", "y", "1"}
_NO = {"false", "f", "no", "n", "0"}
_OCD = re.compile(r"ocd-division/country:us(/[a-z_]+:[\w.~-]+)*")
_CLASS = re.compile(r"[GX]\d{4}")
_GEOID = re.compile(r"[0-9A-Z][0-9A-Z._-]{1,39}")
_DIGITS = {
    "G4000": 2, "G4020": 5, "G4040": 10, "G4110": 7, "G5200": 4, "G5210": 5, "G5220": 5, "G5400": 7,
    "G5410": 7, "G5420": 7,
}  # fmt: skip
_ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ].*)?")
_AMERICAN = re.compile(r"(\d\d?)[/-](\d\d?)[/-](\d{4})")
_HOUR = re.compile(r"(\d\d?)(?::(\d\d))?(?::\d\d)?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE)
_LEVELS = {
    "country": Level.FEDERAL, "cd": Level.FEDERAL, "state": Level.STATE, "sldl": Level.STATE,
    "sldu": Level.STATE, "county": Level.COUNTY, "parish": Level.COUNTY, "place": Level.CITY,
    "school_district": Level.LOCAL, "school_board_district": Level.LOCAL,
    "G4000": Level.STATE, "G4020": Level.COUNTY, "G4040": Level.TOWNSHIP, "G4110": Level.CITY,
    "G5200": Level.FEDERAL, "G5210": Level.STATE, "G5220": Level.STATE, "X0001": Level.CITY,
    "X0005": Level.COUNTY,
}  # fmt: skip


@lru_cache(maxsize=4096)
def a_day(cell: str) -> date:
    """Read 2027-11-02, 11/2/2027 or 11-02-2027; an hour after the first is dropped."""
    if match := _ISO.fullmatch(cell):
        year, month, day = map(int, match.groups())
    elif match := _AMERICAN.fullmatch(cell):
        month, day, year = map(int, match.groups())
    else:
        raise ValueError("is not a date such as 2027-11-02")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None


@lru_cache(maxsize=512)
def an_hour(cell: str) -> time:
    """Read 17:00, 5 pm, 5:00 p.m. or noon; midnight is the end of its day."""
    word = cell.casefold()
    if word == "noon":
        return time(12)
    if word == "midnight":
        return time(23, 59)
    match = _HOUR.fullmatch(cell)
    if match is None or (match[2] is None and match[3] is None):
        raise ValueError("is not an hour such as 17:00 or 5 pm")
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3] is not None:
        if not 1 <= hour <= 12:  # noqa: PLR2004 - a clock with twelve hours
            raise ValueError("is not an hour such as 17:00 or 5 pm")
        hour = hour % 12 + (12 if match[3].casefold() == "p" else 0)
    if (hour, minute) == (24, 0):
        return time(23, 59)
    try:
        return time(hour, minute)
    except ValueError:
        raise ValueError("is not an hour such as 17:00 or 5 pm") from None


@lru_cache(maxsize=512)
def a_number(cell: str) -> int:
    """Read a whole number from 0 to 9,999; "4.0" is one, as spreadsheets write them."""
    whole = cell.removesuffix(".0")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 4):  # noqa: PLR2004 - up to 9,999
        raise ValueError("is not a whole number")
    return int(whole)


def truth(cell: str) -> bool | None:
    """Read a yes or a no; None where nothing is said."""
    word = cell.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    if word:
        raise ValueError("is not yes or no")
    return None


@lru_cache(maxsize=512)
def a_link(cell: str) -> str:
    """Read a web address; anything else would be shown as one."""
    if not re.fullmatch(r"https?://[^\s<>|\"]{3,2000}", cell, re.IGNORECASE):
        raise ValueError("is not a web address that begins with https://")
    return cell


def a_division(cells: Mapping[str, str]) -> Division:
    """Read which division it is: from its OCD id, its Census class and id, or both."""
    ocd = cells.get("ocd_division_id", "").casefold()
    census, geoid = cells.get("mtfcc", "").upper(), cells.get("geo_id", "").upper()
    if ocd and not _OCD.fullmatch(ocd):
        raise ValueError("ocd_division_id is not an id such as ocd-division/country:us/state:va/sldl:12")
    if census or geoid:
        if not _CLASS.fullmatch(census):
            raise ValueError("mtfcc is not a class such as G4110, or there is a geo_id without one")
        # Spreadsheets take the first zero from what looks like a number.
        geoid = geoid.zfill(_DIGITS.get(census, 0)) if geoid.isdigit() else geoid
        if not _GEOID.fullmatch(geoid) or len(geoid) != _DIGITS.get(census, len(geoid)):
            raise ValueError("geo_id does not fit its mtfcc")
    elif not ocd:
        raise ValueError("there is neither an ocd_division_id nor an mtfcc with a geo_id")
    return Division(ocd, cells.get("division_name", ""), census, geoid)


def a_level(word: str, division: Division) -> Level:
    """Read how near to home an office is; where nothing is said, the division says it."""
    if not word:
        layers = (part.partition(":")[0] for part in reversed(division.ocd.split("/")))
        # A ward is as near as the town or county that it is a part of.
        of_ocd = next((_LEVELS[layer] for layer in layers if layer in _LEVELS), None)
        return of_ocd or _LEVELS.get(division.census) or Level.LOCAL
    try:
        return Level(word.casefold())
    except ValueError:
        raise ValueError(f"“{word[:40]}” is not one of {', '.join(Level)}") from None
