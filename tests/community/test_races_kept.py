"""What is kept of a race or a place is what comes back, whichever version wrote it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields, replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.offices import Office as OfficeKind
from community.races import (
    Candidate,
    Certainty,
    Division,
    Filing,
    Kind,
    Level,
    Office,
    Place,
    Point,
    Precision,
    Race,
)
from community.races_kept import (
    KeptUnreadable,
    candidate_of,
    kept_candidate,
    kept_place,
    kept_race,
    place_of,
    race_of,
)

words = st.text(max_size=20)
days = st.dates(date(1900, 1, 1), date(2200, 1, 1))
hours = st.times()
some = st.integers(-5, 10**6)
yes_no = st.booleans()
divisions = st.builds(Division, ocd=words, name=words, census=words, geoid=words)
filings = st.builds(
    Filing,
    opens=st.none() | days,
    closes=st.none() | days,
    opens_at=st.none() | hours,
    closes_at=st.none() | hours,
    zone=words,
    what=words,
    note=words,
)
candidates = st.builds(
    Candidate,
    name=words,
    party=words,
    incumbent=yes_no,
    certified=st.none() | yes_no,
    withdrawn=yes_no,
    url=words,
)
offices = st.builds(
    Office,
    name=words,
    level=st.sampled_from(Level),
    division=divisions,
    kind=st.none() | st.sampled_from(OfficeKind),
    district=words,
    seats=st.none() | some,
    term_years=st.none() | some,
    partisan=st.none() | yes_no,
    judicial=yes_no,
    salary=words,
    eligibility=words,
    requirements=words,
    fee=words,
    file_where=words,
    file_how=words,
    phone=words,
    url=words,
    minimum_age=st.none() | some,
    must_live_there=st.none() | yes_no,
    must_be_registered=st.none() | yes_no,
    boundaries_unknown=yes_no,
)
races = st.builds(
    Race,
    key=words,
    office=offices,
    election_day=st.none() | days,
    kind=st.sampled_from(Kind),
    primary_day=st.none() | days,
    runoff_day=st.none() | days,
    filings=st.lists(filings, max_size=3).map(tuple),
    seats=st.none() | some,
    count=some,
    unexpired=yes_no,
    candidates=st.none() | st.lists(candidates, max_size=3).map(tuple),
    incumbents=st.none() | st.lists(words, max_size=3).map(tuple),
    certainty=st.sampled_from(Certainty),
    source=words,
    as_of=st.none() | days,
    url=words,
    rule=words,
    stale=yes_no,
    cancelled=yes_no,
    note=words,
    also=st.lists(words, max_size=2).map(tuple),
    fits=st.none() | yes_no,
)
points = st.builds(
    Point,
    latitude=st.floats(-90, 90, allow_nan=False),
    longitude=st.floats(-180, 180, allow_nan=False),
)
places = st.builds(
    Place,
    precision=st.sampled_from(Precision),
    state=words,
    label=words,
    zone=words,
    county=words,
    city=words,
    zip=words,
    point=st.none() | points,
    certain=st.lists(divisions, max_size=3).map(tuple),
    overlapping=st.lists(divisions, max_size=3).map(tuple),
    unknown=st.frozensets(words, max_size=3),
    fell_back=yes_no,
)
BARE = Race(
    key="local:1",
    office=Office(name="Mayor", level=Level.CITY, division=Division("ocd-division/country:us/state:va")),
    election_day=None,
)
SOMEWHERE = Place(
    precision=Precision.ADDRESS,
    state="VA",
    label="Richmond, VA 23220",
    zone="America/New_York",
    point=Point(37.5541, -77.4602),
)


@given(races)
def test_a_race_comes_back_as_it_was(race):
    assert race_of(json.loads(json.dumps(kept_race(race)))) == race


@given(candidates)
def test_a_candidate_comes_back_as_they_were(candidate):
    assert candidate_of(json.loads(json.dumps(kept_candidate(candidate)))) == candidate


@given(places)
def test_a_place_comes_back_without_its_point(place):
    assert place_of(json.loads(json.dumps(kept_place(place)))) == replace(place, point=None)


@pytest.mark.parametrize(
    ("strategy", "made"),
    [
        (races, Race),
        (offices, Office),
        (filings, Filing),
        (candidates, Candidate),
        (places, Place),
        (divisions, Division),
    ],
)
def test_the_tests_above_fill_every_field(strategy, made):
    assert set(strategy.wrapped_strategy.kwargs) == {each.name for each in fields(made)}


def test_nothing_of_a_point_is_kept_and_one_that_was_written_is_not_read():
    kept = kept_place(SOMEWHERE)
    assert "37.5" not in json.dumps(kept)
    assert "point" not in kept
    smuggled = {**kept, "point": {"latitude": 37.5541, "longitude": -77.4602}}
    assert place_of(smuggled).point is None


def test_only_what_is_unusual_takes_room():
    assert kept_race(BARE) == {
        "key": "local:1",
        "office": {
            "name": "Mayor",
            "level": "city",
            "division": {"ocd": "ocd-division/country:us/state:va"},
        },
        "election_day": None,
    }


def test_nobody_has_declared_is_not_the_same_as_unknown():
    assert race_of(kept_race(replace(BARE, candidates=()))).candidates == ()
    assert race_of(kept_race(BARE)).candidates is None


def test_hours_and_days_are_written_so_that_a_person_can_read_them():
    race = replace(BARE, filings=(Filing(closes=date(2027, 4, 1), closes_at=time(17)),))
    assert kept_race(race)["filings"] == [{"closes": "2027-04-01", "closes_at": "17:00:00"}]


@given(races, st.dictionaries(st.from_regex(r"new_[a-z]+", fullmatch=True), words | some | st.lists(words)))
def test_what_a_newer_version_adds_is_ignored(race, news):
    kept = kept_race(race)
    assert race_of({**news, **kept, "office": {**news, **kept["office"]}}) == race


@pytest.mark.parametrize(
    "kept",
    [
        {},
        None,
        [],
        "race",
        {**kept_race(BARE), "office": None},
        {**kept_race(BARE), "election_day": "soon"},
        {**kept_race(BARE), "filings": {"closes": "2027-04-01"}},
        {**kept_race(BARE), "filings": "2027"},
        {**kept_race(BARE), "kind": "coronation"},
        {**kept_race(BARE), "seats": True},
        {**kept_race(BARE), "stale": "no"},
    ],
)
def test_what_is_no_race_is_refused(kept):
    with pytest.raises(KeptUnreadable):
        race_of(kept)


recursive = st.recursive(
    st.none() | yes_no | some | words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["key", "office", "name", "level", "division", "ocd"]), inner)
    ),
    max_leaves=12,
)


@given(recursive)
def test_any_json_is_read_or_refused(kept):
    with contextlib.suppress(KeptUnreadable):
        assert isinstance(race_of(kept), Race)
