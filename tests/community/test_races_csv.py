"""Sheets of races as they come: every column understood, every bad row named with all that is wrong."""

from __future__ import annotations

import contextlib
import io
import re
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community import races_csv, races_people
from community.offices import Office as OfficeKind
from community.races import Certainty, Division, Filing, Kind, Level
from community.races_csv import races, races_header
from community.races_rows import BadRow, FileUnreadable, LeftOut, RaceRow
from tests.community.race_files import COUNCIL, SOURCE, VA, people_of, reasons, row_of, rows_of, sheet

BALLOTREADY = {
    "id": "1", "position_id": "77", "race_id": "4242", "election_id": "9", "geofence_id": "5",
    "position_name": "Chicago City Council - Ward 40", "position_description": "…",
    "normalized_position_name": "City Council", "level": "CITY", "tier": "3", "state": "IL",
    "mtfcc": "X0001", "geo_id": "1714000-40", "is_judicial": "False", "is_retention": "False",
    "is_unexpired": "True", "is_primary": "False", "is_runoff": "False", "partisan_type": "nonpartisan",
    "number_of_seats": "1", "sub_area_name": "Ward", "sub_area_value": "40",
    "election_name": "Chicago Special Election", "election_day": "2027-02-23",
    "filing_periods":
        '[{"start_on": "2026-11-16", "end_on": null, "type": "NOMINATION", "notes": "By party."}]',
    "frequency": "[4]", "reference_year": "2023", "salary": "$120,000", "employment_type": "Full time",
    "filing_phone_number": "312-555-0100", "filing_office_address": "69 W Washington", "filing_requirements":
    "473 signatures", "paperwork_instructions": "Ask the board.", "eligibility_requirements": "18 or older",
    "race_updated_at": "2026-11-01T10:00:00Z",
}  # fmt: skip


def test_a_row_with_every_column_of_ours_is_read_whole():
    row = row_of(
        level="City", election_type="general", filing_opens="2027-03-15", filing_deadline="6/15/2027",
        filing_time="7 pm", filing_type="Declaration", seats="1", term_years="4", partisan="nonpartisan",
        salary="$25,000", eligibility="Qualified voter", filing_requirements="125 signatures",
        filing_fee="None", filing_where="City Hall", filing_phone="804-555-0100",
        source_url="https://elections.example.gov/richmond", verified_on="2026-11-20", minimum_age="18",
        must_be_resident="yes",
    )  # fmt: skip
    race, office = row.race, row.race.office
    assert (office.name, office.district, office.level) == ("Richmond City Council", "District 4", Level.CITY)
    assert office.division == Division(f"{VA}/place:richmond/council_district:4")
    assert (office.kind, office.term_years, office.partisan) == (OfficeKind.CITY_COUNCIL, 4, False)
    assert (office.minimum_age, office.must_live_there, office.must_be_registered) == (18, True, None)
    assert race.filings == (
        Filing(opens=date(2027, 3, 15), closes=date(2027, 6, 15), closes_at=time(19), what="declaration"),
    )
    assert (race.source, race.as_of, race.certainty) == (SOURCE, date(2026, 11, 20), Certainty.CONFIRMED)
    assert (race.election_day, race.kind, race.candidates) == (date(2027, 11, 2), Kind.GENERAL, None)


def test_a_row_as_ballotready_gives_it_is_read_without_renaming_a_column():
    text = sheet(BALLOTREADY)
    header = races_header(iter(io.StringIO(text)))
    assert header.ignored == ()
    (row,) = rows_of(text)
    assert isinstance(row, RaceRow)
    race, office = row.race, row.race.office
    assert office.division == Division("", "", "X0001", "1714000-40")
    assert (office.name, office.district, office.level) == (
        "Chicago City Council - Ward 40",
        "Ward 40",
        Level.CITY,
    )
    assert (office.term_years, office.partisan, office.seats) == (4, False, 1)
    assert (office.file_where, office.phone) == ("69 W Washington", "312-555-0100")
    assert (office.requirements, office.file_how) == ("473 signatures", "Ask the board.")
    assert (race.kind, race.unexpired, race.as_of) == (Kind.SPECIAL, True, date(2026, 11, 1))
    assert race.filings == (Filing(opens=date(2026, 11, 16), what="nomination", note="By party."),)


def test_mere_ids_of_filing_periods_say_nothing():
    (row,) = rows_of(sheet(BALLOTREADY | {"filing_periods": "[12, 13]"}))
    assert row.race.filings == ()


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"is_retention": "true"}, "retention"),
        ({"is_appointed": "1"}, "appointed"),
        ({"is_recall": "yes"}, "recall"),
    ],
)
def test_what_nobody_can_run_for_is_left_out_and_is_no_bad_row(cells, why):
    (row,) = rows_of(sheet(COUNCIL | cells))
    assert isinstance(row, LeftOut)
    assert why in row.why


def test_all_that_is_wrong_with_a_row_is_said_at_once():
    assert reasons(
        ocd_division_id="Richmond", election_date="soon", level="village", seats="many", partisan="maybe",
        source_url="javascript:alert(1)", certainty="sure", filing_time="late",
    ) == (
        "ocd_division_id is not an id such as ocd-division/country:us/state:va/sldl:12",
        "election_date is not a date such as 2027-11-02",
        "filing_time is not an hour such as 17:00 or 5 pm",
        "certainty is not one of confirmed, derived, expected",
        "seats is not a whole number",
        "source_url is not a web address that begins with https://",
        "partisan is not yes or no",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"election_date": ""}, "election_date is empty"),
        ({"office": ""}, "office is empty"),
        ({"ocd_division_id": ""}, "neither an ocd_division_id"),
        ({"election_date": "2027-02-30"}, "not a day of the calendar"),
        ({"level": "village"}, "“village” is not one of local"),
        ({"election_type": "plebiscite"}, "election_type “plebiscite”"),
        ({"mtfcc": "G4110", "geo_id": "51670001"}, "geo_id does not fit"),
        ({"geo_id": "5167000"}, "mtfcc is not a class"),
        ({"filing_opens": "2027-06-16", "filing_deadline": "2027-06-15"}, "filing_opens is after"),
        ({"filing_periods": "soon"}, "not a list in JSON"),
        ({"filing_periods": '[{"end_on": "soon"}]'}, "a date in filing_periods"),
        ({"is_primary": "perhaps"}, "is_primary is not yes or no"),
        ({"office": "x" * 301}, "office is too long"),
        ({"eligibility": "x" * 10_001}, "eligibility is too long"),
    ],
)
def test_each_fault_has_its_reason(cells, why):
    (only,) = reasons(**cells)
    assert why in only


def test_what_a_person_may_have_typed_is_not_repeated():
    said = " ".join(
        reasons(filing_where="12 Elm St", filing_phone="x" * 400, salary="12 Elm St", seats="12 Elm St")
    )
    assert "Elm" not in said


def test_zeros_that_a_spreadsheet_took_are_put_back():
    row = row_of(ocd_division_id="", mtfcc="G4110", geo_id="667000")
    assert row.race.office.division == Division("", "", "G4110", "0667000")


@pytest.mark.parametrize(
    ("cell", "hour"),
    [
        ("17:00", time(17)),
        ("17:00:00", time(17)),
        ("5 pm", time(17)),
        ("5PM", time(17)),
        ("5:30 p.m.", time(17, 30)),
        ("12 pm", time(12)),
        ("12:00 AM", time(0)),
        ("noon", time(12)),
        ("midnight", time(23, 59)),
        ("24:00", time(23, 59)),
    ],
)
def test_hours_are_read_as_they_are_written(cell, hour):
    row = row_of(filing_deadline="2027-06-15", filing_time=cell)
    assert row.race.filings[0].closes_at == hour


@pytest.mark.parametrize("cell", ["13 pm", "25:00", "5", "17", "5 o'clock", "²:00"])
def test_what_is_no_hour_is_refused(cell):
    assert reasons(filing_deadline="2027-06-15", filing_time=cell)


@pytest.mark.parametrize(
    ("division", "level"),
    [
        ("", Level.FEDERAL),
        ("/state:va", Level.STATE),
        ("/state:va/sldl:12", Level.STATE),
        ("/state:va/cd:4", Level.FEDERAL),
        ("/state:va/county:henrico", Level.COUNTY),
        ("/state:la/parish:orleans/ward:1", Level.COUNTY),
        ("/state:va/place:richmond/council_district:4", Level.CITY),
        ("/state:va/county:henrico/school_district:x", Level.LOCAL),
    ],
)
def test_a_level_that_is_not_said_follows_from_the_division(division, level):
    row = row_of(ocd_division_id=f"ocd-division/country:us{division}")
    assert row.race.office.level is level


def test_neighbours_that_differ_in_their_filing_period_are_one_race():
    nomination = COUNCIL | {"filing_type": "nomination", "filing_deadline": "2027-04-01"}
    declaration = COUNCIL | {"filing_type": "declaration", "filing_deadline": "2027-06-15"}
    other = COUNCIL | {"district": "District 5"}
    rows = rows_of(sheet(nomination, declaration, other))
    assert [(row.line, [each.what for each in row.race.filings]) for row in rows] == [
        (2, ["nomination", "declaration"]),
        (4, []),
    ]


def test_the_name_of_a_race_outlives_what_may_change_of_it():
    first = row_of()
    assert row_of(election_date="2027-11-09", seats="2", level="city").race.key == first.race.key
    assert row_of(office="RICHMOND  City Council").race.key == first.race.key
    keys = {
        row_of(**cells).race.key
        for cells in (
            {},
            {"election_date": "2031-11-04"},
            {"district": "District 5"},
            {"election_type": "primary"},
            {"is_unexpired": "yes"},
            {"ocd_division_id": f"{VA}/place:norfolk/council_district:4"},
            {"race_id": "1"},
        )
    }
    assert len(keys) == 7
    assert row_of(race_id="1", office="Another name").race.key == row_of(race_id="1").race.key
    assert row_of(election_type="primary").position == first.position


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ("office,level\nMayor,city\n", "election_date is missing"),
        ("office,election_date\nMayor,2027-11-02\n", "ocd_division_id is needed"),
        ("office,office,election_date\n", "twice"),
    ],
)
def test_what_is_no_sheet_is_refused_in_a_sentence(text, why):
    with pytest.raises(FileUnreadable, match=why):
        races_header(iter(io.StringIO(text)))


def test_lines_are_counted_as_an_editor_counts_them():
    text = "\n" + sheet(COUNCIL | {"eligibility": "one\ntwo\nthree"}, {}, COUNCIL | {"seats": "many"})
    assert [row.line for row in rows_of(text)] == [3, 7]


def test_a_cell_too_many_and_an_endless_quote_are_bad_rows_of_their_own():
    text = sheet(COUNCIL) + "a,b,c,d,e,f\n" + 'x,"' + "y" * 200_000 + "\n"
    good, too_many, endless = rows_of(text)
    assert isinstance(good, RaceRow)
    assert "more cells" in too_many.reasons[0]
    assert "CSV" in endless.reasons[0]


@given(
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.dictionaries(
        st.sampled_from(["salary", "eligibility", "filing_requirements", "filing_fee", "note", "rule"]),
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30),
    ),
)
def test_any_delimiter_and_line_end_gives_the_same_race(delimiter, newline, cells):
    text = sheet(COUNCIL | cells, delimiter=delimiter, newline=newline)
    (row,) = rows_of(text)
    assert row.race == row_of(**cells).race
    assert row.race.office.fee == cells.get("filing_fee", "")


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_and_never_breaks(text):
    for start in ("", "ocd_division_id,office,election_date,level,filing_periods,filing_time\n"):
        with contextlib.suppress(FileUnreadable):
            lines = iter(io.StringIO(start + text, newline=""))
            for row in races(lines, races_header(lines), source=SOURCE):
                assert isinstance(row, RaceRow | LeftOut) or row.reasons


def test_people_stand_in_races_and_hold_offices_that_have_the_same_names():
    race = row_of()
    stands, withdrawn, holds = people_of(
        sheet(
            COUNCIL
            | {
                "name": "Ana  Ruiz",
                "party": "Independent",
                "status": "certified",
                "url": "https://a.example",
            },
            COUNCIL | {"name": "Ben Oduya", "status": "withdrawn"},
            COUNCIL | {"name": "Holly Odell", "role": "incumbent", "election_date": ""},
        )
    )
    assert (stands.of, stands.person.name, stands.person.certified) == (race.race.key, "Ana Ruiz", True)
    assert (withdrawn.of, withdrawn.person.withdrawn) == (race.race.key, True)
    assert (holds.of, holds.holds, holds.person.incumbent) == (race.position, True, True)


def test_people_are_found_by_ids_too():
    race = row_of(race_id="4242", position_id="77")
    stands, holds = people_of(
        sheet(
            {"race_id": "4242", "name": "Ana Ruiz"},
            {"race_id": "4242", "position_id": "77", "name": "Holly Odell", "role": "officeholder"},
        )
    )
    assert (stands.of, holds.of) == (race.race.key, race.position)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"name": ""}, "name is empty"),
        ({"role": "friend"}, "role is not"),
        ({"status": "thinking"}, "status is not one of declared"),
        ({"election_date": ""}, "election_date is empty"),
        ({"office": ""}, "nothing says of which race"),
        ({"url": "ruiz.example"}, "url is not a web address"),
    ],
)
def test_a_person_who_cannot_be_placed_is_a_bad_row_without_their_name(cells, why):
    (row,) = people_of(sheet(COUNCIL | {"name": "Ana Ruiz"} | cells))
    assert isinstance(row, BadRow)
    assert why in row.reasons[0]
    assert "Ruiz" not in " ".join(row.reasons)


@pytest.mark.parametrize("text", ["office,election_date\n", "name,party\n"])
def test_a_file_of_people_needs_their_names_and_their_races(text):
    with pytest.raises(FileUnreadable):
        people_of(text)


@pytest.mark.parametrize(
    ("heading", "columns"), [("races", races_csv.COLUMNS), ("people", races_people.COLUMNS)]
)
def test_the_page_on_importing_names_every_column_and_no_other(heading, columns):
    page = (Path(__file__).parents[2] / "docs/importing-races.md").read_text("utf-8")
    section = page.partition(f"## A file of {heading}")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z_]+)`", section))
    words = {*Level, *Kind, *Certainty, "declaration", "nomination", "nonpartisan", "noon", "recruitment_v"}
    words |= {"candidate", "declared", "filed", "qualified", "certified", "uncertified", "withdrawn"}
    assert set(columns) <= named
    assert named - set(columns) <= words
