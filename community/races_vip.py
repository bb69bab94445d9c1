"""Races in a flat VIP 5.2 feed: contests joined with their offices, districts, candidates and parties.

Fields as in the CSV specification of the Voting Information Project (votinginfoproject/vip-specification,
docs/csv). A feed is one election day of one state, so everything but the contests is held in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from community.races import Candidate, Division, Filing, Kind, Level, Office, Race
from community.races_csv import Judge, header, records
from community.races_offices import office_kind
from community.races_people import person_key, standing
from community.races_rows import (
    BadRow,
    FileUnreadable,
    PersonRow,
    RaceRow,
    a_day,
    a_division,
    a_level,
    a_number,
    local_key,
    truth,
)

Lines = Callable[[str], Iterator[str] | None]
"""Gives the lines of a file of the feed by its name without its end ("office"); None where there is none."""

_LEVELS = {
    # VIP's types of district.
    "borough": Level.CITY, "city": Level.CITY, "city-council": Level.CITY, "congressional": Level.FEDERAL,
    "county": Level.COUNTY, "county-council": Level.COUNTY, "judicial": Level.REGIONAL,
    "municipality": Level.CITY, "national": Level.FEDERAL, "school": Level.LOCAL, "special": Level.LOCAL,
    "state": Level.STATE, "state-house": Level.STATE, "state-senate": Level.STATE, "town": Level.TOWNSHIP,
    "township": Level.TOWNSHIP, "utility": Level.LOCAL, "village": Level.CITY, "ward": Level.CITY,
    "water": Level.LOCAL,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed says before its contests: its election, its publisher, and the tables contests refer to."""

    day: date
    name: str
    publisher: str
    as_of: date | None
    url: str
    tables: Mapping[str, Mapping[str, Mapping[str, str]]]
    bad: tuple[BadRow, ...]


def open_feed(lines: Lines) -> Feed:
    """Read all but the contests; raises FileUnreadable where the feed has no election or no contests."""
    bad: list[BadRow] = []
    tables = {
        name: {cells["id"]: cells for _, cells in _table(lines, name, bad)}
        for name in (
            "election", "source", "electoral_district", "office", "candidate", "candidate_selection",
            "party", "person",
        )
    }  # fmt: skip
    election = next(iter(tables["election"].values()), None)
    if election is None:
        raise FileUnreadable("The feed has no election.txt with an election in it.")
    if lines("candidate_contest") is None:
        raise FileUnreadable("The feed has no candidate_contest.txt, so it names no races.")
    try:
        day = a_day(election.get("date", ""))
    except ValueError as fault:
        raise FileUnreadable(f"The date of the feed's election {fault}.") from None
    source: Mapping[str, str] = next(iter(tables["source"].values()), {})
    judge = Judge(source)
    link = source.get("organization_uri", "")
    return Feed(
        day=day,
        name=election.get("name", ""),
        publisher=source.get("name", ""),
        as_of=judge.read("date_time", a_day),
        url=link if re.fullmatch(r"https?://\S+", link) else "",
        tables=tables,
        bad=tuple(bad),
    )


def contests(lines: Lines, feed: Feed, *, source: str) -> Iterator[RaceRow | PersonRow | BadRow]:
    """Read the contests one at a time, each followed by who stands in it and who holds its office."""
    yield from feed.bad
    bad: list[BadRow] = []
    for line, cells in _table(lines, "candidate_contest", bad):
        yield from _contest(line, cells, feed, source)
    yield from bad


def _table(lines: Lines, name: str, bad: list[BadRow]) -> Iterator[tuple[int, dict[str, str]]]:
    there = lines(name)
    if there is None:
        return
    file = f"{name}.txt"
    try:
        read = header(there, ("id",), {}, ("id",))
    except FileUnreadable as fault:
        raise FileUnreadable(f"{file}: {fault}") from None
    # Columns of VIP that are of no use here are no strangers, so none is called so.
    read = type(read)(read.line, read.delimiter, read.columns, ())
    for line, cells in records(there, read):
        if isinstance(cells, BadRow):
            bad.append(BadRow(line, cells.reasons, file))
        elif "id" not in cells:
            bad.append(BadRow(line, ("id is empty",), file))
        else:
            yield line, cells


def _contest(
    line: int, cells: Mapping[str, str], feed: Feed, source: str
) -> Iterator[RaceRow | PersonRow | BadRow]:
    judge = Judge(cells)
    offices = _referred(feed, "office", cells.get("office_ids", ""), judge)
    office: Mapping[str, str] = offices[0] if offices else {}
    named = cells.get("electoral_district_id") or office.get("electoral_district_id", "")
    districts = _referred(feed, "electoral_district", named, judge)
    if not districts:
        judge.reasons.append("it has no electoral district")
    division = judge.made(lambda: _division(districts[0])) if districts else None
    name = office.get("name") or cells.get("name", "")
    if not name:
        judge.reasons.append("neither the contest nor its office has a name")
    parties = _referred(feed, "party", cells.get("primary_party_ids", ""), judge)
    seats = judge.read("number_elected", a_number)
    closes = Judge(office)
    closed = closes.read("filing_deadline", a_day)
    partisan = closes.read("is_partisan", truth)
    judge.reasons.extend(closes.reasons)
    if judge.reasons or division is None:
        yield BadRow(line, tuple(dict.fromkeys(judge.reasons)), "candidate_contest.txt")
        return
    position = local_key(source, "position", "vip", division.ocd, name, districts[0].get("number", ""))
    kind = _kind(feed.name, primary=bool(parties))
    ours = [party.get("name", "") for party in parties] if kind is Kind.PRIMARY else []
    unexpired = office.get("term_type") == "unexpired-term"
    # A primary is a contest for each party there, and one race here: the positions are the same.
    key = local_key(source, "race", "vip", position, feed.day.year, kind, *sorted(ours), unexpired)
    number = districts[0].get("number", "")
    race = Race(
        key=key,
        office=Office(
            name=name, division=division, level=_level(districts[0], division), partisan=partisan,
            kind=office_kind(name, division), district=f"District {number}" if number else "", seats=seats,
        ),
        election_day=feed.day, kind=kind, seats=seats, unexpired=unexpired, source=source, as_of=feed.as_of,
        filings=(Filing(closes=closed, what=" ".join(filter(None, ours))),) if closed else (), url=feed.url,
    )  # fmt: skip
    yield RaceRow(line, position, race)
    yield from _people(line, cells, office, feed, source, key, position)


def _people(
    line: int,
    cells: Mapping[str, str],
    office: Mapping[str, str],
    feed: Feed,
    source: str,
    race: str,
    position: str,
) -> Iterator[PersonRow | BadRow]:
    judge = Judge(cells)
    for selection in _referred(feed, "candidate_selection", cells.get("ballot_selection_ids", ""), judge):
        for one in _referred(feed, "candidate", selection.get("candidate_ids", ""), judge):
            row = _candidate(line, one, feed, source, race, judge)
            if row is not None:
                yield row
    for person in _referred(feed, "person", office.get("office_holder_person_ids", ""), judge):
        words = ("first_name", "middle_name", "last_name", "suffix")
        name = person.get("full_name") or " ".join(filter(None, map(person.get, words)))
        if name:
            key = person_key(source, position, name, holds=True)
            yield PersonRow(line, key, position, Candidate(name=name, incumbent=True), holds=True)
    if judge.reasons:
        yield BadRow(line, tuple(dict.fromkeys(judge.reasons)), "candidate_contest.txt")


def _candidate(
    line: int, one: Mapping[str, str], feed: Feed, source: str, race: str, judge: Judge
) -> PersonRow | None:
    name = one.get("ballot_name", "")
    status = one.get("pre_election_status", "")
    try:
        certified, withdrawn = standing(status)
        incumbent = truth(one.get("is_incumbent", "")) is True
    except ValueError as fault:
        judge.reasons.append(f"of a candidate, a word {fault}")
        return None
    if not name:
        judge.reasons.append("a candidate has no ballot_name")
        return None
    party = feed.tables["party"].get(one.get("party_id", ""), {})
    person = Candidate(
        name=name,
        party=party.get("name", ""),
        incumbent=incumbent,
        certified=certified,
        withdrawn=withdrawn or one.get("post_election_status") == "withdrawn",
    )
    return PersonRow(line, person_key(source, race, name, holds=False), race, person)


def _referred(feed: Feed, table: str, ids: str, judge: Judge) -> Sequence[Mapping[str, str]]:
    """Give the rows that a cell refers to, in its order; what is missing is a reason."""
    found = []
    for name in ids.split():
        row = feed.tables[table].get(name)
        if row is None:
            judge.reasons.append(f"it refers to a row that is not in {table}.txt")
        else:
            found.append(row)
    return found


def _division(district: Mapping[str, str]) -> Division:
    if district.get("external_identifier_type") != "ocd-id":
        raise ValueError("its electoral district has no OCD id")
    cells = {
        "ocd_division_id": district.get("external_identifier_value", ""),
        "division_name": district.get("name", ""),
    }
    return a_division(cells)


def _level(district: Mapping[str, str], division: Division) -> Level:
    return _LEVELS.get(district.get("type", "")) or a_level("", division)


def _kind(election: str, *, primary: bool) -> Kind:
    said: Any = election.casefold()
    if primary or "primary" in said:
        return Kind.PRIMARY
    if "runoff" in said or "run-off" in said:
        return Kind.RUNOFF
    return Kind.SPECIAL if "special" in said else Kind.GENERAL
