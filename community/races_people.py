"""Who stands in imported races and who holds the offices, in a spreadsheet with one row for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from community.races import Candidate, Kind
from community.races_csv import Header, Judge, header, records
from community.races_rows import (
    LONGEST_NAME,
    BadRow,
    FileUnreadable,
    PersonRow,
    a_day,
    a_division,
    a_link,
    local_key,
    position_key,
    race_key,
    truth,
)

ALIASES = {
    "candidate_name": "name", "full_name": "name", "ballot_name": "name", "party_name": "party",
    "is_incumbent": "incumbent", "ocd_id": "ocd_division_id", "division_id": "ocd_division_id",
    "geoid": "geo_id", "position_name": "office", "office_name": "office", "election_day": "election_date",
    "website": "url",
}  # fmt: skip
COLUMNS = (
    "race_id", "position_id", "ocd_division_id", "mtfcc", "geo_id", "office", "district", "sub_area_name",
    "sub_area_value", "sub_area_name_secondary", "sub_area_value_secondary", "election_date",
    "election_type", "is_unexpired", "name", "party", "role", "status", "incumbent", "url",
)  # fmt: skip
"""What a file can have; `name` is needed, and what says of which race or office it speaks."""

_ROLES = {"": False, "candidate": False, "incumbent": True, "officeholder": True, "office holder": True}
_STATUSES: dict[str, tuple[bool | None, bool]] = {
    # Whether certified, whether withdrawn; "filed", "qualified" and "write-in" are VIP's words.
    "": (None, False), "declared": (None, False), "filed": (None, False), "write-in": (None, False),
    "certified": (True, False), "qualified": (True, False), "uncertified": (False, False),
    "withdrawn": (None, True),
}  # fmt: skip


def people_header(lines: Iterator[str]) -> Header:
    """Read the first row of a file of people; raises FileUnreadable where it is none."""
    read = header(lines, COLUMNS, ALIASES, ("name",))
    if not {"race_id", "position_id", "office"} & set(read.columns):
        raise FileUnreadable(
            "A column race_id or position_id is needed, or those that name a race: ocd_division_id, office, "
            "election_date."
        )
    return read


def people(lines: Iterable[str], read: Header, *, source: str) -> Iterator[PersonRow | BadRow]:
    """Read the rows after the first, one at a time; no reason repeats a name."""
    for line, cells in records(lines, read):
        yield cells if isinstance(cells, BadRow) else _person(line, cells, source)


def standing(status: str) -> tuple[bool | None, bool]:
    """Say of a status whether it is of the certified, and of the withdrawn; ValueError for another word."""
    word = status.casefold()
    if word not in _STATUSES:
        raise ValueError(f"is not one of {', '.join(filter(None, _STATUSES))}")
    return _STATUSES[word]


def _person(line: int, cells: Mapping[str, str], source: str) -> PersonRow | BadRow:
    judge = Judge(cells)
    judge.lengths(COLUMNS)
    name = " ".join(cells.get("name", "").split())
    if not name:
        judge.reasons.append("name is empty")
    role = cells.get("role", "").casefold()
    if role not in _ROLES:
        judge.reasons.append("role is not candidate or incumbent")
    holds = _ROLES.get(role, False)
    certified, withdrawn = judge.read("status", standing) or (None, False)
    incumbent, url = judge.read("incumbent", truth), judge.read("url", a_link)
    of = judge.made(lambda: _of(cells, source, holds=holds))
    if judge.reasons or of is None:
        return BadRow(line, tuple(dict.fromkeys(judge.reasons)))
    person = Candidate(
        name=name,
        party=cells.get("party", "")[:LONGEST_NAME],
        incumbent=incumbent is True or holds,
        certified=certified,
        withdrawn=withdrawn,
        url=url or "",
    )
    return PersonRow(line, person_key(source, of, name, holds=holds), of, person, holds)


def person_key(source: str, of: str, name: str, *, holds: bool) -> str:
    """Name somebody in one race or office."""
    return local_key(source, "holds" if holds else "stands", of, name)


def _of(cells: Mapping[str, str], source: str, *, holds: bool) -> str:
    """Give the key of the race that a candidate stands in, or of the office that somebody holds."""
    if holds and cells.get("position_id"):
        return local_key(source, "position", cells["position_id"])
    if cells.get("race_id"):
        return local_key(source, "race", cells["race_id"])
    if not cells.get("office"):
        raise ValueError("nothing says of which race or office it is")
    division = a_division(cells)
    if holds:
        return position_key(source, cells, division)
    if not cells.get("election_date"):
        raise ValueError("election_date is empty, and there is no race_id")
    try:
        kind = Kind(cells.get("election_type", "").casefold() or Kind.GENERAL)
    except ValueError:
        raise ValueError(f"election_type is not one of {', '.join(Kind)}") from None
    return race_key(source, cells, division, a_day(cells["election_date"]), kind)
