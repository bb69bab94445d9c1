"""A day is read as Americans type it, and what is no day is not taken for one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.typed_days import typed_day

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-12-24", date(2026, 12, 24)),
        ("12/24/2026", date(2026, 12, 24)),
        ("12/24/26", date(2026, 12, 24)),
        ("12/24", date(2026, 12, 24)),
        ("1/5", date(2027, 1, 5)),
        ("11/23", MONDAY),
        ("Dec 24", date(2026, 12, 24)),
        ("dec. 24th", date(2026, 12, 24)),
        ("December 24, 2026", date(2026, 12, 24)),
        ("Sept 3", date(2027, 9, 3)),
        ("  MAY   1st ", date(2027, 5, 1)),
        ("2/29", date(2028, 2, 29)),
        ("tomorrow", date(2026, 11, 24)),
        ("Friday", date(2026, 11, 27)),
        ("mon", date(2026, 11, 30)),
    ],
)
def test_a_day_is_read_as_it_is_typed(said, day):
    assert typed_day(said, today=MONDAY) == day


@pytest.mark.parametrize(
    "said",
    ["", "soon", "24", "13/1", "24/12", "11/31", "Nov 31", "2026-02-30", "de 24", "Decem", "mo", "frisbee",
     "12/24/202", "2026-12-24T00:00", "mondays", "\u0661/\u0665/2027x", "0/0", "9999-99-99"],
)  # fmt: skip
def test_what_is_no_day_is_none(said):
    assert typed_day(said, today=MONDAY) is None


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(0, 8 * 365))
def test_every_day_comes_back_from_each_way_to_write_it(today, ahead):
    day = today + timedelta(days=ahead)
    ways = [day.isoformat(), f"{day.month}/{day.day}/{day.year}", f"{day:%B} {day.day}, {day.year}"]
    assert {typed_day(way, today=today) for way in ways} == {day}
    without_year = typed_day(f"{day:%b} {day.day}", today=today)
    assert without_year >= today
    assert (without_year.month, without_year.day) == (day.month, day.day)


@given(st.text(max_size=30))
def test_whatever_is_typed_nothing_breaks(text):
    assert typed_day(text, today=MONDAY) is None or text.strip()
