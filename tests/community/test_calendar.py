from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community import calendar_states as states
from community.calendar import (
    FRIDAY,
    MONDAY,
    TUESDAY,
    days_before,
    elections,
    feasts,
    filings,
    first_after,
    fixed,
    laws,
    next_if_holiday,
    nth,
    nth_before,
)


@pytest.mark.parametrize(
    ("rule", "year", "expected"),
    [
        (nth(1, MONDAY, 2), 2027, "2027-02-01"),
        (nth(5, MONDAY, 3), 2027, "2027-03-29"),
        (nth(-1, TUESDAY, 2), 2028, "2028-02-29"),
        (nth(1, MONDAY, 11, years=-1), 2027, "2026-11-02"),
        (first_after(TUESDAY, nth(1, MONDAY, 11)), 2027, "2027-11-02"),
        (first_after(TUESDAY, nth(1, MONDAY, 11)), 2028, "2028-11-07"),
        (first_after(MONDAY, fixed(11, 2)), 2026, "2026-11-09"),
        (first_after(FRIDAY, nth(1, MONDAY, 1)), 2027, "2027-01-08"),
        (nth_before(1, TUESDAY, fixed(4, 6)), 2027, "2027-03-30"),
        (nth_before(1, MONDAY, fixed(4, 6)), 2027, "2027-04-05"),
        (days_before(75, nth(3, TUESDAY, 6)), 2027, "2027-04-01"),
        (next_if_holiday(fixed(1, 1)), 2019, "2019-01-02"),
        (next_if_holiday(fixed(7, 4)), 2026, "2026-07-06"),
    ],
)
def test_a_rule_finds_its_day(rule, year, expected):
    assert rule(year) == date.fromisoformat(expected)


KNOWN = [
    # What was, or what the state itself has announced: the rule has to give the same day.
    (states.VIRGINIA, 2023, {"primary": "2023-06-20", "election": "2023-11-07", "closes": "2023-04-06"}),
    (states.VIRGINIA, 2025, {"primary": "2025-06-17", "election": "2025-11-04", "closes": "2025-04-03"}),
    (states.VIRGINIA, 2026, {"primary": "2026-08-04"}),
    (states.NEW_JERSEY, 2023, {"primary": "2023-06-06", "closes": "2023-03-27"}),
    (states.NEW_JERSEY, 2025, {"primary": "2025-06-10"}),
    (states.NEW_JERSEY, 2026, {"primary": "2026-06-02", "closes": "2026-03-23"}),
    (states.MISSISSIPPI, 2023, {"primary": "2023-08-08", "runoff": "2023-08-29", "closes": "2023-02-01"}),
    (states.LOUISIANA, 2023, {"primary": "2023-10-14", "election": "2023-11-18", "opens": "2023-08-08"}),
    (states.LOUISIANA, 2019, {"primary": "2019-10-12", "election": "2019-11-16", "closes": "2019-08-08"}),
    (states.KENTUCKY, 2023, {"primary": "2023-05-16", "election": "2023-11-07", "closes": "2023-01-06"}),
    (states.KENTUCKY, 2019, {"primary": "2019-05-21"}),
    (states.WISCONSIN, 2025, {"primary": "2025-02-18", "election": "2025-04-01", "closes": "2025-01-07"}),
    (states.WISCONSIN, 2019, {"closes": "2019-01-02"}),
    (states.MISSOURI, 2022, {"election": "2022-04-05", "opens": "2021-12-07", "closes": "2021-12-28"}),
    (states.MISSOURI, 2023, {"election": "2023-04-04", "opens": "2022-12-06", "closes": "2022-12-27"}),
    (states.MISSOURI, 2025, {"election": "2025-04-08", "opens": "2024-12-10", "closes": "2024-12-31"}),
    (states.TEXAS_MAY, 2025, {"election": "2025-05-03", "opens": "2025-01-15", "closes": "2025-02-14"}),
    (states.TEXAS_NOVEMBER, 2025, {"election": "2025-11-04", "closes": "2025-08-18"}),
    (states.PENNSYLVANIA, 2019, {"primary": "2019-05-21", "closes": "2019-03-12"}),
    (states.PENNSYLVANIA, 2025, {"primary": "2025-05-20", "closes": "2025-03-11"}),
    (states.WASHINGTON, 2025, {"primary": "2025-08-05", "opens": "2025-05-05", "closes": "2025-05-09"}),
    (states.ILLINOIS, 2025, {"election": "2025-04-01", "opens": "2024-11-12", "closes": "2024-11-18"}),
    (states.ILLINOIS_PRIMARY, 2025, {"primary": "2025-02-25"}),
    # What is to come.
    (
        states.VIRGINIA,
        2027,
        {"primary": "2027-06-15", "election": "2027-11-02", "opens": "2027-03-15", "closes": "2027-04-01"},
    ),
    (states.VIRGINIA_NONPARTISAN, 2027, {"election": "2027-11-02", "closes": "2027-06-15"}),
    (states.NEW_JERSEY, 2027, {"primary": "2027-06-08", "election": "2027-11-02", "closes": "2027-03-29"}),
    (
        states.MISSISSIPPI,
        2027,
        {"primary": "2027-08-03", "runoff": "2027-08-24", "election": "2027-11-02", "closes": "2027-02-01"},
    ),
    (
        states.LOUISIANA,
        2027,
        {"primary": "2027-10-09", "election": "2027-11-13", "opens": "2027-08-03", "closes": "2027-08-05"},
    ),
    (
        states.KENTUCKY,
        2027,
        {"primary": "2027-05-18", "election": "2027-11-02", "opens": "2026-11-04", "closes": "2027-01-08"},
    ),
    (
        states.WISCONSIN,
        2027,
        {"primary": "2027-02-16", "election": "2027-04-06", "opens": "2026-12-01", "closes": "2027-01-05"},
    ),
    (states.MISSOURI, 2027, {"election": "2027-04-06", "opens": "2026-12-08", "closes": "2026-12-29"}),
    (states.TEXAS_MAY, 2027, {"election": "2027-05-01", "opens": "2027-01-13", "closes": "2027-02-12"}),
    (states.TEXAS_NOVEMBER, 2027, {"election": "2027-11-02", "closes": "2027-08-16"}),
    (
        states.PENNSYLVANIA,
        2027,
        {"primary": "2027-05-18", "election": "2027-11-02", "opens": "2027-02-16", "closes": "2027-03-09"},
    ),
    (
        states.WASHINGTON,
        2027,
        {"primary": "2027-08-03", "election": "2027-11-02", "opens": "2027-05-03", "closes": "2027-05-07"},
    ),
    (states.ILLINOIS, 2027, {"election": "2027-04-06", "opens": "2026-11-16", "closes": "2026-11-23"}),
    (
        states.ILLINOIS_PRIMARY,
        2027,
        {"primary": "2027-02-23", "election": "2027-04-06", "opens": "2026-10-19", "closes": "2026-10-26"},
    ),
]


@pytest.mark.parametrize(
    ("calendar", "year", "days"), KNOWN, ids=[f"{calendar.key} {year}" for calendar, year, _ in KNOWN]
)
def test_the_rules_give_the_days_that_were_and_that_are_announced(calendar, year, days):
    first = calendar.deadlines[0]
    rules = {
        "election": calendar.election,
        "primary": calendar.primary,
        "runoff": calendar.runoff,
        "opens": first.opens,
        "closes": first.closes,
    }
    assert {name: str(rules[name](year)) for name in days} == days


def test_every_calendar_has_been_tried_on_a_year_that_was_or_is_announced():
    assert {calendar.key for calendar, _, _ in KNOWN} == {calendar.key for calendar in states.CALENDARS}
    assert len({calendar.key for calendar in states.CALENDARS}) == len(states.CALENDARS)


def test_louisiana_holds_no_election_on_a_feast():
    assert date(2027, 10, 16) in feasts(2027)
    assert nth(-3, 5, 10)(2027) == date(2027, 10, 16)
    assert states.LOUISIANA.primary is not None
    assert states.LOUISIANA.primary(2027) == date(2027, 10, 9)


def test_virginians_file_by_five_in_the_afternoon_on_the_first_of_april():
    party, independent = filings(states.VIRGINIA, 2027, "America/New_York")
    assert (party.opens, party.opens_at) == (date(2027, 3, 15), time(12))
    assert (party.closes, party.closes_at, party.what) == (date(2027, 4, 1), time(17), "party primary")
    assert (independent.closes, independent.closes_at) == (date(2027, 6, 15), time(19))
    moment = party.closes_moment("UTC")
    assert moment is not None
    assert moment.isoformat() == "2027-04-01T17:00:00-04:00"


@pytest.mark.parametrize("calendar", states.CALENDARS, ids=lambda each: each.key)
def test_every_calendar_cites_its_law(calendar):
    assert laws(calendar)
    assert all(each.law for each in calendar.deadlines)


def test_there_is_an_election_only_in_its_years():
    first, last = date(2026, 11, 21), date(2028, 12, 31)
    assert elections(states.VIRGINIA, first, last) == (2027,)
    assert elections(states.WISCONSIN, first, last) == (2027, 2028)
    assert elections(states.KENTUCKY, first, last) == (2027,)
    assert elections(states.KENTUCKY, date(2027, 11, 3), last) == ()
    assert elections(states.KENTUCKY, date(2027, 11, 2), date(2027, 11, 2)) == (2027,)


@given(st.sampled_from(states.CALENDARS), st.integers(min_value=2020, max_value=2060))
def test_in_any_year_papers_are_due_before_the_vote(calendar, year):
    day = calendar.election(year)
    assert day.year == year
    if calendar.primary:
        assert timedelta(days=7) < day - calendar.primary(year) < timedelta(days=200)
    for filing in filings(calendar, year, "America/New_York"):
        assert filing.closes is not None
        assert timedelta(days=20) < day - filing.closes < timedelta(days=310)
        assert filing.opens is None or filing.opens < filing.closes
