"""The list of an answer: sorted by deadline, filtered, five at a time, whatever the sources send."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from community.offices import Office as Kind
from community.races import Asked, Filing, Found, Level
from community.races_list import (
    KEPT_MOST,
    SIZE,
    Group,
    Standing,
    Wish,
    answered,
    arranged,
    code_of,
    deadline,
    first_wish,
    matches,
    offices_in,
    page,
    wanted,
)
from tests.civic_races import AT_ZIP, VIRGINIA, race

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
ZONE = "America/New_York"


def closing(day, at=None, opens=None, what=""):
    return Filing(opens=opens, closes=day, closes_at=at, zone=ZONE, what=what)


def test_the_filing_that_matters_is_the_next_to_close():
    party = closing(date(2026, 10, 1), what="party primary")
    others = closing(date(2027, 6, 15), time(19), opens=date(2026, 1, 1), what="independents")
    due = deadline(race(filings=(party, others)), ZONE, NOW)
    assert due.standing is Standing.OPEN
    assert due.filing == others
    assert due.closes == datetime(2027, 6, 15, 19, tzinfo=ZoneInfo(ZONE))


def test_a_deadline_holds_until_its_last_minute_where_it_is():
    at_five = race(filings=(closing(date(2026, 11, 21), time(17)),))
    five = datetime(2026, 11, 21, 17, tzinfo=ZoneInfo(ZONE))
    assert deadline(at_five, ZONE, five - timedelta(minutes=1)).standing is Standing.AHEAD
    assert deadline(at_five, ZONE, five + timedelta(minutes=1)).standing is Standing.OVER
    no_hour = race(filings=(closing(date(2026, 11, 21)),))
    assert deadline(no_hour, ZONE, five + timedelta(hours=6)).standing is Standing.AHEAD


def test_nobody_is_told_that_filing_is_open_without_a_first_day():
    assert deadline(race(filings=(closing(date(2027, 4, 1)),)), ZONE, NOW).standing is Standing.AHEAD
    opened = race(filings=(closing(date(2027, 4, 1), opens=date(2026, 11, 4)),))
    assert deadline(opened, ZONE, NOW).standing is Standing.OPEN


def test_without_dates_it_is_unknown_until_the_election_is_over():
    assert deadline(race(filings=()), ZONE, NOW).standing is Standing.UNKNOWN
    assert deadline(race(filings=(), election_day=date(2026, 11, 3)), ZONE, NOW).standing is Standing.OVER


def test_the_soonest_deadline_comes_first_then_unknown_ones_then_those_that_are_over():
    soon = race("soon", filings=(closing(date(2027, 1, 8)),))
    later = race("later", filings=(closing(date(2027, 4, 1)),))
    unknown = race("unknown", filings=())
    just_over = race("just over", filings=(closing(date(2026, 11, 20)),))
    long_over = race("long over", filings=(closing(date(2026, 8, 1)),))
    cancelled = race("cancelled", cancelled=True, filings=(closing(date(2026, 12, 1)),))
    mixed = [cancelled, long_over, unknown, later, just_over, soon]
    keys = [each.key for each in arranged(mixed, ZONE, NOW)]
    assert keys == ["soon", "later", "unknown", "just over", "long over", "cancelled"]


def test_of_one_deadline_the_nearest_to_home_comes_first():
    levels = [Level.STATE, Level.COUNTY, Level.LOCAL, Level.CITY]
    rows = [race(level.value, level=level) for level in levels]
    assert [each.key for each in arranged(rows, ZONE, NOW)] == ["local", "city", "county", "state"]


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        (
            Asked(where="VA", level=Level.LOCAL, kind=Kind.SCHOOL_BOARD, words="school board"),
            Wish(office=code_of("School board")),
        ),
        (Asked(where="VA", kind=Kind.JUDGE, words="judge"), Wish(office=code_of("Judgeship"))),
        (Asked(where="VA", level=Level.COUNTY, kind=Kind.COUNTY, words="Sheriff"), Wish(words="Sheriff")),
        (
            Asked(where="VA", level=Level.COUNTY, kind=Kind.COUNTY, words="county board"),
            Wish(group=Group.COUNTY),
        ),
        (Asked(where="VA", level=Level.FEDERAL, words="congress"), Wish(group=Group.FEDERAL)),
        (Asked(where="VA"), Wish()),
    ],
)
def test_the_office_that_was_named_is_what_is_seen_first(typed, wish):
    assert first_wish(typed) == wish


def test_words_find_an_office_by_name_kind_and_place():
    board = race(name="Member of the Board of Education", kind=Kind.SCHOOL_BOARD)
    assert matches(board, "educ")
    assert matches(board, "school board")
    assert matches(board, "richmond board")
    assert not matches(board, "sheriff")
    assert matches(board, "")


few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(max_size=8)
DAYS = st.dates(date(2026, 1, 1), date(2029, 1, 1))
FILINGS = st.builds(
    Filing,
    opens=st.none() | DAYS,
    closes=st.none() | DAYS,
    closes_at=st.none() | st.times().filter(lambda at: at.tzinfo is None),
    zone=st.sampled_from(["", ZONE, "America/Los_Angeles"]),
)


@st.composite
def rows(draw, most=14):
    return [
        race(
            f"x:{number}",
            name=draw(TEXT),
            level=draw(st.sampled_from(list(Level))),
            kind=draw(st.none() | st.sampled_from(list(Kind))),
            filings=tuple(draw(st.lists(FILINGS, max_size=2))),
            election_day=draw(st.none() | DAYS),
            cancelled=draw(st.booleans()),
            fits=draw(st.sampled_from([True, None])),
        )
        for number in range(draw(st.integers(0, most)))
    ]


WISHES = st.builds(
    Wish,
    page=st.integers(-3, 30),
    group=st.none() | st.sampled_from(list(Group)),
    open_now=st.booleans(),
    office=st.sampled_from(["", code_of("Mayor"), code_of("School board"), "nonsense"]),
    words=st.sampled_from(["", "a", "mayor", "%"]),
)


@few
@given(rows(), st.randoms())
def test_sorting_loses_and_adds_nothing_and_does_not_depend_on_the_order_before(races, random):
    once = arranged(races, ZONE, NOW)
    shuffled = list(races)
    random.shuffle(shuffled)
    assert arranged(shuffled, ZONE, NOW) == once
    assert sorted(each.key for each in once) == sorted(each.key for each in races)
    standings = [deadline(each, ZONE, NOW).standing for each in once if not each.cancelled]
    order = [{Standing.UNKNOWN: 1, Standing.OVER: 2}.get(each, 0) for each in standings]
    assert order == sorted(order)


@few
@given(rows(), WISHES)
def test_the_pages_together_are_exactly_what_fits_the_wish(races, wish):
    fits = [each for each in races if wanted(each, wish, ZONE, NOW)]
    seen = []
    for number in range(page(races, wish, ZONE, NOW).pages):
        shown = page(races, replace(wish, page=number), ZONE, NOW)
        assert shown.total == len(fits)
        assert len(shown.rows) <= SIZE
        assert shown.wish.page == number
        assert shown.first == len(seen) + 1
        seen += shown.rows
    assert seen == fits


@few
@given(rows(), WISHES)
def test_a_page_that_is_not_there_shows_the_nearest_that_is(races, wish):
    shown = page(races, wish, ZONE, NOW)
    assert 0 <= shown.wish.page < shown.pages
    assert bool(shown.rows) == bool(shown.total)


@few
@given(rows())
def test_every_kind_of_office_on_offer_finds_something(races):
    for code, _ in offices_in(races):
        assert page(races, Wish(office=code), ZONE, NOW).total


def test_an_answer_that_is_far_too_long_keeps_the_soonest_and_counts_the_rest():
    many = [
        race(f"x:{n}", name=f"Office {n}", filings=(closing(date(2027, 1, 1) + timedelta(days=n % 300)),))
        for n in range(KEPT_MOST + 70)
    ]
    lookup = answered("look", "U0ADA", AT_ZIP, [Found(source="s", races=many)], at=NOW)
    assert len(lookup.races) == KEPT_MOST
    assert lookup.left_off == 70
    assert lookup.races[0].filings[0].closes == date(2027, 1, 1)


def test_an_answer_keeps_no_point_and_names_what_went_wrong():
    from community.races import Point

    place = replace(AT_ZIP, point=Point(37.5, -77.4))
    found = [Found(source="One", trouble="slow"), Found(source="Two", races=[race(division=VIRGINIA)])]
    lookup = answered("look", "U0ADA", place, found, at=NOW)
    assert lookup.place == AT_ZIP
    assert lookup.troubles == (("One", "slow"),)
    assert len(lookup.races) == 1
