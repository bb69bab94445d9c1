"""Days, moments and waits as Americans write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from messages.times import about, clock_time, day, days_left, for_reader, moment

EASTERN = "America/New_York"


def test_a_day_is_written_as_americans_do():
    assert day(date(2027, 4, 1)) == "Apr 1, 2027"
    assert day(date(2026, 12, 31)) == "Dec 31, 2026"


@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [
        (0, 0, "12 am"),
        (0, 5, "12:05 am"),
        (9, 30, "9:30 am"),
        (11, 59, "11:59 am"),
        (12, 0, "12 pm"),
        (12, 1, "12:01 pm"),
        (17, 0, "5 pm"),
        (23, 59, "11:59 pm"),
    ],
)
def test_noon_and_midnight_are_on_the_right_side(hour, minute, said):
    assert clock_time(datetime(2026, 11, 23, hour, minute, tzinfo=UTC)) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "today"),
        (1, "tomorrow"),
        (2, "in 2 days"),
        (400, "in 400 days"),
        (-1, "yesterday"),
        (-2, "2 days ago"),
    ],
)
def test_the_days_left_are_counted_as_people_do(days, said):
    today = date(2026, 12, 31)
    assert days_left(today + timedelta(days=days), today) == said


@pytest.mark.parametrize(
    ("utc", "zone", "said"),
    [
        (datetime(2027, 4, 1, 21, tzinfo=UTC), EASTERN, "Apr 1, 2027, 5 pm ET"),
        (datetime(2027, 1, 1, 4, 59, tzinfo=UTC), EASTERN, "Dec 31, 2026, 11:59 pm ET"),
        # Clocks go forward on March 14, 2027, and back on November 7.
        (datetime(2027, 3, 14, 6, 59, tzinfo=UTC), EASTERN, "Mar 14, 2027, 1:59 am ET"),
        (datetime(2027, 3, 14, 7, 0, tzinfo=UTC), EASTERN, "Mar 14, 2027, 3 am ET"),
        (datetime(2027, 11, 7, 5, 30, tzinfo=UTC), EASTERN, "Nov 7, 2027, 1:30 am ET"),
        (datetime(2027, 11, 7, 6, 30, tzinfo=UTC), EASTERN, "Nov 7, 2027, 1:30 am ET"),
        (datetime(2027, 7, 1, 17, tzinfo=UTC), "America/Chicago", "Jul 1, 2027, 12 pm CT"),
        (datetime(2027, 7, 1, 7, tzinfo=UTC), "America/Los_Angeles", "Jul 1, 2027, 12 am PT"),
        # Arizona and Hawaii know no summer time, and say so.
        (datetime(2027, 7, 1, 17, tzinfo=UTC), "America/Phoenix", "Jul 1, 2027, 10 am MST"),
        (datetime(2027, 7, 1, 17, tzinfo=UTC), "Pacific/Honolulu", "Jul 1, 2027, 7 am HST"),
        (datetime(2027, 7, 1, 17, tzinfo=UTC), "Asia/Shanghai", "Jul 2, 2027, 1 am CST"),
        (datetime(2027, 7, 1, 17, tzinfo=UTC), "Europe/Berlin", "Jul 1, 2027, 7 pm CEST"),
        (datetime(2027, 7, 1, 17, tzinfo=UTC), "UTC", "Jul 1, 2027, 5 pm UTC"),
    ],
)
def test_a_moment_stands_in_the_zone_it_is_read_in(utc, zone, said):
    assert moment(utc, zone) == said


def test_slack_renders_a_moment_for_each_reader_and_names_the_zone_where_it_cannot():
    when = datetime(2027, 4, 1, 21, tzinfo=UTC)
    assert for_reader(when) == ("<!date^1806613200^{date_short_pretty} at {time}|Apr 1, 2027, 9 pm UTC>")
    assert datetime.fromtimestamp(1806613200, UTC) == when
    assert for_reader(when, EASTERN).endswith("|Apr 1, 2027, 5 pm ET>")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "a few minutes"),
        (9.9, "a few minutes"),
        (10, "about 10 minutes"),
        (12, "about 10 minutes"),
        (33, "about 35 minutes"),
        (49, "about 50 minutes"),
        (50, "about an hour"),
        (89, "about an hour"),
        (91, "about 2 hours"),
        (19 * 60, "about 19 hours"),
        (20 * 60, "about a day"),
        (35 * 60, "about a day"),
        (37 * 60, "about 2 days"),
        (10 * 24 * 60, "about 10 days"),
    ],
)
def test_a_wait_is_a_rough_word(minutes, said):
    assert about(timedelta(minutes=minutes)) == said
