"""Races in a spreadsheet, one row each, read one after another: files of half a million rows are usual."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from community.races import Certainty, Filing, Kind, Office, Race
from community.races_offices import office_kind
from community.races_rows import (
    LONGEST_NAME,
    LONGEST_TEXT,
    BadRow,
    FileUnreadable,
    LeftOut,
    RaceRow,
    a_day,
    a_division,
    a_level,
    a_link,
    a_number,
    an_hour,
    district_of,
    position_key,
    race_key,
    truth,
)

T = TypeVar("T")

ALIASES = {
    # BallotReady's recruitment_v1 file, and what others call the same.
    "position_name": "office", "office_name": "office", "ocd_id": "ocd_division_id",
    "division_id": "ocd_division_id", "geoid": "geo_id", "election_day": "election_date",
    "number_of_seats": "seats", "frequency": "term_years", "partisan_type": "partisan",
    "eligibility_requirements": "eligibility", "filing_office_address": "filing_where",
    "filing_address": "filing_where", "filing_phone_number": "filing_phone",
    "paperwork_instructions": "filing_how", "race_updated_at": "verified_on", "is_judicial": "judicial",
    "appointed": "is_appointed", "retention": "is_retention", "url": "source_url",
}  # fmt: skip
"""Other names of columns."""

COLUMNS = (
    "race_id", "position_id", "ocd_division_id", "mtfcc", "geo_id", "division_name", "office", "district",
    "sub_area_name", "sub_area_value", "sub_area_name_secondary", "sub_area_value_secondary", "level",
    "election_date", "election_type", "election_name", "is_primary", "is_runoff", "is_unexpired",
    "filing_opens", "filing_deadline", "filing_time", "filing_type", "filing_note", "filing_periods",
    "seats", "term_years", "partisan", "judicial", "salary", "eligibility", "filing_requirements",
    "filing_fee", "filing_where", "filing_how", "filing_phone", "minimum_age", "must_be_resident",
    "must_be_registered_voter", "has_unknown_boundaries", "source", "source_url", "verified_on",
    "certainty", "rule", "note", "is_appointed", "is_retention", "is_recall",
)  # fmt: skip
"""What a file can have; `office`, `election_date` and a division are needed."""

KNOWN_BUT_NOT_NEEDED = frozenset({
    "id", "election_id", "geofence_id", "position_description", "normalized_position_id",
    "normalized_position_name", "tier", "state", "has_blanket_primary", "has_majority_vote_primary",
    "reference_year", "employment_type", "race_created_at",
})  # fmt: skip

_SHORT = (
    "office",
    "district",
    "division_name",
    "race_id",
    "position_id",
    "filing_phone",
    "election_name",
    "source",
)
_NOT_ELECTED = (
    ("is_appointed", "it is appointed"),
    ("is_retention", "it is a retention vote"),
    ("is_recall", "it is a recall"),
)
_TYPES = {"declaration": "declaration", "nomination": "nomination"}


@dataclass(frozen=True, slots=True)
class Header:
    """What the first row says: the delimiter, the columns by their usual names, and those nobody knows.

    `line` is the line it stands on, the first being 1.
    """

    line: int
    delimiter: str
    columns: tuple[str, ...]
    ignored: tuple[str, ...]


def header(
    lines: Iterator[str], known: Iterable[str], aliases: Mapping[str, str], needed: Iterable[str]
) -> Header:
    """Read the first row, with commas, semicolons, tabs or bars; raises FileUnreadable where it is none.

    The rest of the lines stays for `records`.
    """
    number, line = next(((at, text) for at, text in enumerate(lines, 1) if text.strip()), (0, ""))
    if not number:
        raise FileUnreadable("The file is empty.")
    delimiter = max(",;\t|", key=line.count)
    try:
        cells = next(csv.reader([line.replace("\0", "")], delimiter=delimiter), [])
    except csv.Error:
        raise FileUnreadable("The first line cannot be read as CSV.") from None
    words = ["_".join(cell.casefold().replace("-", " ").split()) for cell in cells]
    known = set(known)
    columns = [aliases.get(word, word) if aliases.get(word) not in words else word for word in words]
    twice = sorted({name for name in columns if name in known and columns.count(name) > 1})
    if twice:
        raise FileUnreadable(f"The column {twice[0]} is there twice.")
    missing = [name for name in needed if name not in columns]
    if missing:
        raise FileUnreadable(f"The first line must name the columns; {' and '.join(missing)} is missing.")
    strangers = (name for name in columns if name and name not in known | KNOWN_BUT_NOT_NEEDED)
    return Header(number, delimiter, tuple(columns), tuple(strangers))


def races_header(lines: Iterator[str]) -> Header:
    """Read the first row of a file of races; raises FileUnreadable where it is none."""
    read = header(lines, COLUMNS, ALIASES, ("office", "election_date"))
    if "ocd_division_id" not in read.columns and not {"mtfcc", "geo_id"} <= set(read.columns):
        raise FileUnreadable("A column ocd_division_id is needed, or mtfcc and geo_id.")
    return read


def races(lines: Iterable[str], read: Header, *, source: str) -> Iterator[RaceRow | BadRow | LeftOut]:
    """Read the rows after the first, one at a time; every bad one comes with all that is wrong with it."""
    for line, cells in records(lines, read):
        yield cells if isinstance(cells, BadRow) else race_row(line, cells, source=source)


def records(lines: Iterable[str], read: Header) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
    """Give each row that is not blank: its line, and its cells by column where there is something in them."""
    reader = csv.reader((text.replace("\0", "") for text in lines), delimiter=read.delimiter)
    wanted = [name if name and name not in read.ignored else "" for name in read.columns]
    while True:
        line = reader.line_num + read.line + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, BadRow(line, ("it cannot be read as CSV: a quote is missing, or a cell is endless",))
            continue
        found = {
            name: cell for name, text in zip(wanted, cells, strict=False) if name and (cell := text.strip())
        }
        if len(cells) > len(wanted) and any(map(str.strip, cells[len(wanted) :])):
            said = (
                f"there are more cells than columns: put quotes around a cell with “{read.delimiter}” in it"
            )
            yield line, BadRow(line, (said,))
        elif found:
            yield line, found


class Judge:
    """Reads cells of one row and notes what is wrong, so that all of it is said at once."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells = cells
        self.reasons: list[str] = []

    def read(self, name: str, turn: Callable[[str], T]) -> T | None:
        """Give a cell as `turn` reads it; None where it is empty or wrong."""
        cell = self.cells.get(name)
        if not cell:
            return None
        try:
            return turn(cell)
        except ValueError as fault:
            self.reasons.append(f"{name} {fault}")
            return None

    def made(self, make: Callable[[], T]) -> T | None:
        """Give what is made of several cells; None where they are wrong."""
        try:
            return make()
        except ValueError as fault:
            self.reasons.append(str(fault))
            return None

    def yes(self, name: str) -> bool:
        """Say whether a cell says yes."""
        return self.read(name, truth) is True

    def lengths(self, short: Iterable[str]) -> None:
        """Note the cells that are too long."""
        for name, cell in self.cells.items():
            if len(cell) > LONGEST_NAME and (len(cell) > LONGEST_TEXT or name in short):
                self.reasons.append(f"{name} is too long ({len(cell):,} characters)")


def race_row(line: int, cells: Mapping[str, str], *, source: str) -> RaceRow | BadRow | LeftOut:
    """Read one row from its cells."""
    judge = Judge(cells)
    judge.lengths(_SHORT)
    why = [why for name, why in _NOT_ELECTED if judge.yes(name)]
    division = judge.made(lambda: a_division(cells))
    day = judge.read("election_date", a_day)
    if "election_date" not in cells:
        judge.reasons.append("election_date is empty")
    name = cells.get("office", "")
    if not name:
        judge.reasons.append("office is empty")
    level = judge.made(lambda: a_level(cells.get("level", ""), division)) if division else None
    kind = judge.made(lambda: _kind(cells, judge))
    filings = judge.made(lambda: _filings(cells, judge))
    certainty = judge.read("certainty", _certainty) or Certainty.CONFIRMED
    judicial = judge.yes("judicial")
    facts: dict[str, Any] = {
        "seats": judge.read("seats", a_number),
        "unexpired": judge.yes("is_unexpired") or "(unexpired term)" in name.casefold(),
        "as_of": judge.read("verified_on", a_day),
        "url": judge.read("source_url", a_link) or "",
    }
    office: dict[str, Any] = {
        "term_years": judge.read("term_years", _first_number),
        "partisan": judge.read("partisan", _partisan),
        "minimum_age": judge.read("minimum_age", a_number),
        "must_live_there": judge.read("must_be_resident", truth),
        "must_be_registered": judge.read("must_be_registered_voter", truth),
        "boundaries_unknown": judge.yes("has_unknown_boundaries"),
    }
    if judge.reasons or division is None or day is None or level is None or kind is None or filings is None:
        return BadRow(line, tuple(dict.fromkeys(judge.reasons)))
    if why:
        return LeftOut(line, why[0])
    race = Race(
        key=race_key(source, cells, division, day, kind),
        office=Office(
            name=name, level=level, division=division, judicial=judicial, seats=facts["seats"],
            kind=office_kind(name, division, judicial=judicial), district=district_of(cells),
            salary=cells.get("salary", ""), eligibility=cells.get("eligibility", ""),
            requirements=cells.get("filing_requirements", ""), fee=cells.get("filing_fee", ""),
            file_where=cells.get("filing_where", ""), file_how=cells.get("filing_how", ""),
            phone=cells.get("filing_phone", ""), url=facts["url"], **office,
        ),
        election_day=day, kind=kind, filings=filings, certainty=certainty, source=cells.get("source", source),
        rule=cells.get("rule", ""), note=cells.get("note", ""), **facts,
    )  # fmt: skip
    return RaceRow(line, position_key(source, cells, division), race)


def _kind(cells: Mapping[str, str], judge: Judge) -> Kind:
    word = cells.get("election_type", "").casefold()
    if word:
        try:
            return Kind(word)
        except ValueError:
            raise ValueError(f"election_type “{word[:40]}” is not one of {', '.join(Kind)}") from None
    if judge.yes("is_primary"):
        return Kind.PRIMARY
    if judge.yes("is_runoff"):
        return Kind.RUNOFF
    # BallotReady's names of special elections always say so.
    special = re.search(r"\bspecial\b", cells.get("election_name", ""), re.IGNORECASE)
    return Kind.SPECIAL if special else Kind.GENERAL


def _filings(cells: Mapping[str, str], judge: Judge) -> tuple[Filing, ...]:
    periods = _periods(cells["filing_periods"]) if "filing_periods" in cells else ()
    opens, closes = judge.read("filing_opens", a_day), judge.read("filing_deadline", a_day)
    closes_at = judge.read("filing_time", an_hour)
    note, what = cells.get("filing_note", ""), judge.read("filing_type", _type) or ""
    if opens and closes and opens > closes:
        raise ValueError("filing_opens is after filing_deadline")
    if opens is None and closes is None and not note:
        return periods
    return (*periods, Filing(opens=opens, closes=closes, closes_at=closes_at, what=what, note=note))


def _periods(cell: str) -> tuple[Filing, ...]:
    """Read what BallotReady writes into one cell: a JSON list of periods; mere ids of them say nothing."""
    try:
        said = json.loads(cell)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, list):
        raise ValueError("filing_periods is not a list in JSON")  # noqa: TRY004 - what is wrong is the cell
    return tuple(_period(each) for each in said if isinstance(each, dict))


def _period(said: dict[str, Any]) -> Filing:
    words = {name.casefold().replace("_", ""): value for name, value in said.items() if value}
    opens, closes = (_day_or_none(words.get(name)) for name in ("starton", "endon"))
    return Filing(
        opens=opens,
        closes=closes,
        what=_TYPES.get(str(words.get("type", "")).casefold(), ""),
        note=str(words.get("notes", ""))[:LONGEST_TEXT],
    )


def _day_or_none(said: object) -> date | None:
    if not said:
        return None
    try:
        return a_day(str(said))
    except ValueError as fault:
        raise ValueError(f"a date in filing_periods {fault}") from None


def _type(word: str) -> str:
    if word.casefold() not in _TYPES:
        raise ValueError("is not declaration or nomination")
    return _TYPES[word.casefold()]


def _certainty(word: str) -> Certainty:
    try:
        return Certainty(word.casefold())
    except ValueError:
        raise ValueError(f"is not one of {', '.join(Certainty)}") from None


def _partisan(word: str) -> bool | None:
    word = word.casefold().replace("-", "")
    return {"partisan": True, "nonpartisan": False}.get(word) if word.endswith("partisan") else truth(word)


def _first_number(cell: str) -> int:
    """Read years of a term; of BallotReady's "[2, 4]" the first, as its own clients do."""
    return a_number(cell.strip("[]{} ").partition(",")[0].strip())
