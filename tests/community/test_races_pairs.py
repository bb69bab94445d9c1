"""Primaries, runoffs and the elections they belong to become one race."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.offices import Office as OfficeKind
from community.races import Candidate, Division, Filing, Kind, Level, Office, Race
from community.races_offices import office_kind
from community.races_pairs import paired

SEAT = Office(name="Mayor", level=Level.CITY, division=Division("ocd-division/country:us/state:va"))
NOVEMBER = Race(key="g", office=SEAT, election_day=date(2027, 11, 2))
JUNE = Race(
    key="p",
    office=SEAT,
    election_day=date(2027, 6, 15),
    kind=Kind.PRIMARY,
    filings=(Filing(closes=date(2027, 4, 1)),),
    candidates=(Candidate(name="Ana Ruiz"), Candidate(name="Ben Oduya")),
)


def pair(*races, positions="mmmmmm"):
    return paired(zip(positions, races, strict=False))


def test_a_primary_gives_its_race_its_day_its_filing_and_its_candidates():
    (race,) = pair(JUNE, replace(NOVEMBER, filings=(Filing(closes=date(2027, 6, 15)),)))
    assert (race.key, race.primary_day) == ("g", date(2027, 6, 15))
    assert [(each.closes, each.what) for each in race.filings] == [
        (date(2027, 4, 1), "party primary"),
        (date(2027, 6, 15), ""),
    ]
    assert [each.name for each in race.candidates] == ["Ana Ruiz", "Ben Oduya"]


def test_whoever_stands_in_both_is_said_once_as_the_later_election_has_it():
    (race,) = pair(JUNE, replace(NOVEMBER, candidates=(Candidate(name="ana ruiz", certified=True),)))
    assert [(each.name, each.certified) for each in race.candidates] == [
        ("ana ruiz", True),
        ("Ben Oduya", None),
    ]


def test_nobody_has_declared_stays_apart_from_unknown():
    assert pair(replace(JUNE, candidates=None), NOVEMBER)[0].candidates is None
    assert pair(replace(JUNE, candidates=()), NOVEMBER)[0].candidates == ()


def test_a_runoff_gives_its_day():
    (race,) = pair(NOVEMBER, replace(NOVEMBER, key="r", kind=Kind.RUNOFF, election_day=date(2027, 11, 30)))
    assert (race.key, race.runoff_day) == ("g", date(2027, 11, 30))


def test_a_second_runoff_does_not_hide_the_first():
    first, second = (
        replace(NOVEMBER, key=f"r{day}", kind=Kind.RUNOFF, election_day=date(2027, 11, day))
        for day in (16, 30)
    )
    race, alone = pair(second, NOVEMBER, first)[::-1]
    assert (race.key, race.runoff_day, alone) == ("g", date(2027, 11, 16), second)
    # Where the election names its runoff itself, that is the same one.
    assert pair(replace(NOVEMBER, runoff_day=first.election_day), first) == [race]


@pytest.mark.parametrize(
    "primary",
    [
        replace(JUNE, election_day=date(2026, 6, 16)),
        replace(JUNE, election_day=date(2028, 1, 4)),
        replace(JUNE, election_day=None),
        replace(JUNE, unexpired=True),
        replace(JUNE, cancelled=True),
    ],
)
def test_what_does_not_belong_together_stays_apart(primary):
    assert pair(primary, NOVEMBER) == [primary, NOVEMBER]
    assert paired([("a", JUNE), ("b", NOVEMBER)]) == [JUNE, NOVEMBER]


def test_each_term_has_its_own_primary():
    later = replace(NOVEMBER, key="g31", election_day=date(2031, 11, 4))
    before = replace(JUNE, key="p31", election_day=date(2031, 6, 17))
    races = pair(before, later, JUNE, NOVEMBER)
    assert [(race.key, race.primary_day) for race in races] == [
        ("g31", date(2031, 6, 17)),
        ("g", date(2027, 6, 15)),
    ]


@given(
    st.lists(
        st.builds(
            Race,
            key=st.uuids().map(str),
            office=st.just(SEAT),
            election_day=st.none() | st.integers(0, 900).map(lambda n: date(2027, 1, 1) + timedelta(n)),
            kind=st.sampled_from(Kind),
            unexpired=st.booleans(),
        ),
        max_size=8,
    )
)
def test_no_general_election_is_ever_lost_and_no_day_invented(races):
    found = paired(("m", race) for race in races)
    mains = [race.key for race in races if race.kind in {Kind.GENERAL, Kind.SPECIAL}]
    assert [race.key for race in found if race.kind in {Kind.GENERAL, Kind.SPECIAL}] == mains
    days = {race.election_day for race in races} | {None}
    assert {race.primary_day for race in found} | {race.runoff_day for race in found} <= days
    # Nothing vanishes: what is not there by itself gave its day to another.
    given_away = [race for race in races if race.key not in {each.key for each in found}]
    assert all(
        any(race.election_day in {each.primary_day, each.runoff_day} or each.primary_day for each in found)
        for race in given_away
    )


@pytest.mark.parametrize(
    ("name", "division", "kind"),
    [
        ("House of Delegates", Division("x/state:va/sldl:12"), OfficeKind.STATE_HOUSE),
        ("Senator", Division("", "", "G5210", "51012"), OfficeKind.STATE_SENATE),
        ("Middletown Village Board", Division("x/place:m"), OfficeKind.CITY_COUNCIL),
        ("Greenfield Union School Board (Unexpired term)", Division("x"), OfficeKind.SCHOOL_BOARD),
        ("New Mexico Court of Appeals Judge - District 3, Position 2", Division("x"), OfficeKind.JUDGE),
        ("Cook County State's Attorney", Division("x/county:cook"), OfficeKind.DISTRICT_ATTORNEY),
        ("Mayor of Richmond", Division("x/place:richmond"), OfficeKind.MAYOR),
        ("Shelby County Mayor", Division("x/county:shelby"), OfficeKind.COUNTY),
        ("Sheriff", Division("", "", "G4020", "51041"), OfficeKind.COUNTY),
        ("Clerk of the Circuit Court", Division("x/county:henrico"), OfficeKind.COUNTY),
        ("Soil and Water Conservation Director", Division("x/place:m"), None),
        ("Governor", Division("ocd-division/country:us/state:va"), None),
    ],
)
def test_the_kind_of_office_follows_from_name_and_place(name, division, kind):
    assert office_kind(name, division) is kind
