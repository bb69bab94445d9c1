"""No announcement at night, in any zone, on any day; and an estimate that is Slack's pace."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.announcements_times import (
    GRACE,
    Mode,
    Speed,
    When,
    check_when,
    daytime,
    spread,
    starts_at,
    window,
)
from community.refusals import Incomplete

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
NEW_YORK = "America/New_York"
ZONES = st.sampled_from(
    [
        NEW_YORK,
        "America/Chicago",
        "America/Phoenix",
        "Pacific/Honolulu",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "America/St_Johns",
        "Pacific/Apia",
        "Africa/Casablanca",
    ]
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, ZONES)
def test_whenever_it_is_due_it_is_daytime_there_and_soon(moment, zone):
    found = daytime(moment, zone)
    here = found.due_at.astimezone(ZoneInfo(zone))
    assert moment <= found.due_at <= moment + timedelta(hours=13)
    assert time(8) <= here.time() < time(21)
    assert found.due_at < found.until <= found.due_at + timedelta(hours=14)
    assert found.until.astimezone(ZoneInfo(zone)).time() == time(21)


@given(MOMENTS, ZONES, st.times(), st.integers(0, 300), st.sampled_from([Mode.ONCE, Mode.LOCAL]))
def test_nothing_goes_within_two_minutes_nor_before_it_was_chosen_to(now, zone, wall, ahead, mode):
    when = When(mode, (now + timedelta(days=ahead)).date(), wall.replace(second=0, microsecond=0), NEW_YORK)
    starts = starts_at(when, {zone: 3, NEW_YORK: 1}, now)
    assert starts >= now + GRACE
    found = window(when, zone, earliest=starts)
    assert found.due_at >= starts
    assert found.due_at >= when.moment(zone)


def test_a_time_that_is_leapt_over_moves_on_and_one_that_comes_twice_is_the_first():
    gap = When(Mode.ONCE, date(2027, 3, 14), time(2, 30), NEW_YORK)
    assert gap.moment("Asia/Tokyo") == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)
    assert (gap.shifted, gap.twice) == (True, False)
    fold = When(Mode.ONCE, date(2027, 11, 7), time(1, 30), NEW_YORK)
    assert fold.moment(NEW_YORK) == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
    assert (fold.shifted, fold.twice) == (False, True)
    plain = When(Mode.LOCAL, date(2027, 3, 14), time(9), NEW_YORK)
    assert plain.moment("Pacific/Honolulu") == datetime(2027, 3, 14, 19, 0, tzinfo=UTC)
    assert not plain.shifted


def test_who_gets_it_when_is_counted():
    zones = {NEW_YORK: 10, "Pacific/Honolulu": 3, "Asia/Tokyo": 2}
    at_once = spread(When(zone=NEW_YORK), zones, earliest=NOW + GRACE)
    assert (at_once.at_once, at_once.in_the_morning, at_once.already_past) == (10, 5, 0)
    local = When(Mode.LOCAL, date(2026, 11, 23), time(11), NEW_YORK)
    counted = spread(local, zones, earliest=starts_at(local, zones, NOW))
    assert counted.already_past == 2


@pytest.mark.parametrize(
    ("mode", "day", "wall", "problem"),
    [
        ("later", None, "", {"mode": "missing"}),
        ("once", None, "", {"day": "missing", "time": "missing"}),
        ("once", date(2026, 11, 22), "09:00", {"day": "past"}),
        ("local", date(2027, 12, 24), "09:00", {"day": "far"}),
        ("once", date(2026, 11, 23), "10:00", {"time": "past"}),
        ("once", date(2026, 11, 23), "25:00", {"time": "missing"}),
    ],
)
def test_what_cannot_be_is_named_by_its_field(mode, day, wall, problem):
    with pytest.raises(Incomplete) as refused:
        check_when(mode, day, wall, zone=NEW_YORK, now=NOW)
    assert refused.value.problems == problem


def test_it_is_kept_and_read_back_as_it_was():
    for when in (
        When(zone=NEW_YORK),
        check_when("local", date(2026, 12, 1), "18:30", zone=NEW_YORK, now=NOW),
    ):
        assert When.read(when.kept()) == when


@pytest.mark.parametrize(
    ("count", "minutes"), [(0, 0), (240, 1), (1000, 3.6), (10_000, 23.1), (100_000, 210.6)]
)
def test_the_estimate_is_slacks_pace_from_a_cold_start(count, minutes):
    assert Speed().lasts(count).total_seconds() / 60 == pytest.approx(minutes, abs=0.1)


@given(st.integers(1, 200_000), st.floats(30, 2000))
def test_more_takes_longer_and_never_more_than_the_ceiling_allows(count, most):
    speed = Speed(most=most)
    assert speed.lasts(count) <= speed.lasts(count + 1)
    assert count / (speed.lasts(count).total_seconds() / 60) <= max(most, 240) * 1.001
