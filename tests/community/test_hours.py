"""Working hours, against somebody who counts every minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from community.hours import Hours, NoWorkingHours, federal_holidays, moment_of

ZONES = [
    "America/New_York",
    "America/Phoenix",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "America/Los_Angeles",
]
MINUTE = timedelta(minutes=1)
FIRST, LAST = datetime(2026, 10, 1, tzinfo=UTC), datetime(2028, 4, 1, tzinfo=UTC)


def counted(hours, start, end, zone):
    """Count, minute by minute, how much of the time between was working time."""
    there, total, moment = ZoneInfo(zone), timedelta(), start
    while moment < end:
        local = moment.astimezone(there)
        open_now = hours.opens <= local.time() and (hours.closes == time() or local.time() < hours.closes)
        total += MINUTE if open_now and hours.works_on(local.date()) else timedelta()
        moment += MINUTE
    return total


minutes = st.integers(0, int((LAST - FIRST) / MINUTE)).map(lambda minute: FIRST + minute * MINUTE)
calendars = st.builds(
    Hours,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    opens=st.sampled_from([time(0), time(2, 30), time(9)]),
    closes=st.sampled_from([time(17), time(20), time(0)]),
    holidays=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(hours=calendars, start=minutes, length=st.integers(0, 4 * 24 * 60), zone=st.sampled_from(ZONES))
@example(Hours(), datetime(2027, 3, 13, 12, tzinfo=UTC), 3 * 24 * 60, "America/New_York")
@example(Hours(), datetime(2027, 11, 6, 12, tzinfo=UTC), 3 * 24 * 60, "America/New_York")
@example(Hours(), datetime(2028, 2, 28, 12, tzinfo=UTC), 3 * 24 * 60, "Pacific/Honolulu")
@example(
    Hours(opens=time(0), closes=time(0)), datetime(2027, 3, 13, tzinfo=UTC), 3 * 24 * 60, "America/New_York"
)
def test_the_time_between_is_what_a_minute_counter_counts(hours, start, length, zone):
    end = start + length * MINUTE
    assert hours.between(start, end, zone) == counted(hours, start, end, zone)


@settings(max_examples=200, deadline=None)
@given(hours=calendars, start=minutes, wait=st.integers(1, 60 * 60), zone=st.sampled_from(ZONES))
def test_a_wait_ends_when_just_that_much_was_worked(hours, start, wait, zone):
    end = hours.after(start, wait * MINUTE, zone)
    assert hours.between(start, end, zone) == wait * MINUTE
    assert hours.between(start, end - MINUTE, zone) < wait * MINUTE


def test_two_hours_asked_on_friday_night_end_on_saturday_morning():
    friday_night = datetime(2026, 11, 20, 22, tzinfo=ZoneInfo("America/New_York"))
    due = Hours().after(friday_night, timedelta(hours=2), "America/New_York")
    assert due == datetime(2026, 11, 21, 11, tzinfo=ZoneInfo("America/New_York"))


def test_thanksgiving_does_not_count():
    wednesday = datetime(2026, 11, 25, 19, tzinfo=ZoneInfo("America/New_York"))
    due = Hours().after(wednesday, timedelta(hours=2), "America/New_York")
    assert due == datetime(2026, 11, 27, 10, tzinfo=ZoneInfo("America/New_York"))


@pytest.mark.parametrize("day", [date(2027, 7, 5), date(2027, 12, 24), date(2027, 7, 4), date(2027, 12, 31)])
def test_a_holiday_on_a_weekend_frees_the_day_it_is_observed_on(day):
    # July 4, 2027 is a Sunday, Christmas 2027 and New Year 2028 are Saturdays.
    assert not Hours(days=frozenset(range(7))).works_on(day)


def test_new_years_day_observed_in_the_old_year_is_known_to_the_old_year():
    assert date(2027, 12, 31) in federal_holidays(2027)


def test_an_election_day_can_be_free():
    day = date(2027, 11, 2)
    assert Hours().works_on(day)
    assert not Hours(free=frozenset({day})).works_on(day)


def test_a_skipped_time_moves_on_and_a_repeated_one_is_the_first():
    assert moment_of(date(2027, 3, 14), time(2, 30), "America/New_York") == datetime(
        2027, 3, 14, 7, 30, tzinfo=UTC
    )
    assert moment_of(date(2027, 11, 7), time(1, 30), "America/New_York") == datetime(
        2027, 11, 7, 5, 30, tzinfo=UTC
    )


def test_a_week_without_a_working_day_is_refused():
    with pytest.raises(NoWorkingHours):
        Hours(days=frozenset())
    with pytest.raises(NoWorkingHours):
        Hours(opens=time(20), closes=time(9))


def test_no_wait_is_over_at_once():
    night = datetime(2026, 11, 22, 3, tzinfo=UTC)
    assert Hours().after(night, timedelta(), "America/New_York") == night
