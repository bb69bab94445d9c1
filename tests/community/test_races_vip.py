"""A flat feed of the Voting Information Project becomes races with districts, deadlines and people."""

from __future__ import annotations

from datetime import date

import pytest

from community.offices import Office as OfficeKind
from community.races import Candidate, Filing, Kind, Level
from community.races_rows import BadRow, FileUnreadable, PersonRow, RaceRow
from community.races_vip import contests, open_feed
from tests.community.race_files import FEED, SOURCE, VA, feed_lines


def read(tables=FEED):
    lines = feed_lines(tables)
    return list(contests(lines, open_feed(lines), source=SOURCE))


def changed(table, old, new):
    assert old in FEED[table]
    return FEED | {table: FEED[table].replace(old, new)}


def test_a_contest_is_a_race_with_its_district_deadline_and_seats():
    house, mayor = (row for row in read() if isinstance(row, RaceRow))
    office = house.race.office
    assert (office.name, office.district, office.division.ocd) == (
        "House of Delegates",
        "District 12",
        f"{VA}/sldl:12",
    )
    assert (office.level, office.kind, office.partisan) == (Level.STATE, OfficeKind.STATE_HOUSE, True)
    assert house.race.filings == (Filing(closes=date(2027, 6, 15)),)
    assert (house.race.election_day, house.race.kind, house.race.seats) == (
        date(2027, 11, 2),
        Kind.GENERAL,
        1,
    )
    assert (house.race.as_of, house.race.url) == (date(2026, 11, 20), "https://elections.example.gov")
    assert (mayor.race.unexpired, mayor.race.office.partisan) == (True, False)


def test_those_who_stand_and_those_who_hold_the_office_follow_their_race():
    race, *people = read()[:5]
    assert all(isinstance(row, PersonRow) for row in people)
    assert [(row.of == race.race.key, row.person) for row in people[:3]] == [
        (True, Candidate(name="Ana Ruiz", party="Democratic", certified=True)),
        (True, Candidate(name="Holly Odell Jr.", party="Republican", incumbent=True)),
        (True, Candidate(name="Gone Already", party="Republican", withdrawn=True)),
    ]
    assert (people[3].of, people[3].holds, people[3].person.name) == (race.position, True, "Holly Odell Jr.")


def test_a_primary_of_each_party_is_a_race_of_its_own_for_the_same_position():
    tables = changed("election", "General", "Primary")
    tables |= {"candidate_contest": FEED["candidate_contest"].replace("o1,\n", "o1,par1\n")}
    tables["candidate_contest"] += "k3,,ed1,House of Delegates 12,1,o1,par2\n"
    one, _, other = (row for row in read(tables) if isinstance(row, RaceRow))
    assert one.position == other.position
    assert one.race.key != other.race.key
    assert {one.race.kind, other.race.kind} == {Kind.PRIMARY}
    assert one.race.filings[0].what == "Democratic"


@pytest.mark.parametrize(
    ("table", "old", "new", "why"),
    [
        ("candidate_contest", "ed1,House", "ed9,House", "not in electoral_district.txt"),
        ("candidate_contest", "1,o1,", "1,o9,", "not in office.txt"),
        ("candidate_contest", "1,o1,", "many,o1,", "number_elected is not a whole number"),
        ("electoral_district", f"ed1,ocd-id,,{VA}/sldl:12", "ed1,fips,,51", "has no OCD id"),
        ("office", "2027-06-15", "soon", "filing_deadline is not a date"),
        ("candidate_contest", "cs1 cs2", "cs9 cs2", "not in candidate_selection.txt"),
        ("candidate", ",qualified", ",thinking", "a word is not one of declared"),
        ("candidate", "c1,Ana Ruiz", "c1,", "no ballot_name"),
    ],
)
def test_what_does_not_fit_is_a_bad_row_of_its_file(table, old, new, why):
    (bad,) = (row for row in read(changed(table, old, new)) if isinstance(row, BadRow))
    assert (bad.file, bad.line) == ("candidate_contest.txt", 2)
    assert any(why in reason for reason in bad.reasons)
    assert not any("Ruiz" in reason for reason in bad.reasons)


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        ({}, "no election"),
        ({"election": FEED["election"]}, "names no races"),
        (FEED | {"election": FEED["election"].replace("11-02-2027", "soon")}, "date of the feed"),
        (FEED | {"office": "name\nMayor\n"}, "office.txt: .*id is missing"),
    ],
)
def test_what_is_no_feed_is_refused_in_a_sentence(tables, why):
    with pytest.raises(FileUnreadable, match=why):
        read(tables)


def test_a_row_without_an_id_and_an_endless_one_are_named():
    tables = FEED | {"person": FEED["person"] + ",Nobody,\n" + 'p8,"' + "y" * 200_000 + "\n"}
    bad = [row for row in read(tables) if isinstance(row, BadRow)]
    assert [(row.file, row.line) for row in bad] == [("person.txt", 3), ("person.txt", 4)]
