"""When an announcement reaches people: at the chosen hour, and never at night by their own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.scenarios.test_announcements import PEOPLE, aim, announce, card, go, got, settle_people, write

ZONES = {
    "ada": "America/New_York",
    "ben": "America/Chicago",
    "mia": "Pacific/Honolulu",
    "max": "America/Los_Angeles",
    "moe": "America/Phoenix",
    "sue": "America/New_York",
    "tom": "Asia/Tokyo",
}


EASTERNMOST_FIRST = [
    "Asia/Tokyo",
    "America/New_York",
    "America/Chicago",
    "America/Phoenix",
    "America/Los_Angeles",
    "Pacific/Honolulu",
]


async def spread_out(stage):
    await settle_people(stage)
    for name, zone in ZONES.items():
        stage.person(name).user.tz = zone
    await stage.application.jobs.run("members.sync")


async def walls(stage, day, hour, minute=0):
    """Let time pass until it is that time in each zone, one after the other."""
    for zone in sorted(set(ZONES.values()), key=EASTERNMOST_FIRST.index):
        moment = datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if moment > stage.clock.now():
            await stage.pass_time(moment - stage.clock.now() - timedelta(seconds=1))
            await stage.pass_time(timedelta(seconds=1))
    await stage.pass_time(timedelta(minutes=2))


def at_home(stage, name):
    """When it reached them, by the clock on their own wall."""
    (message,) = got(stage, name)
    sent = datetime.fromtimestamp(float(message.ts), UTC)
    return sent.astimezone(ZoneInfo(ZONES[name])).strftime("%d %H:%M")


async def test_where_it_is_night_it_comes_at_eight_in_the_morning(stage):
    await spread_out(stage)  # It is 10 am in New York, 5 am in Honolulu, midnight in Tokyo.
    sue = await write(stage)
    look = await aim(sue)
    assert "For 3 of them it is night then: they get it at 8 am of their own day." in look.words
    await sue.submit({})
    await stage.settle()
    await go(stage)
    assert at_home(stage, "ada") == "23 10:03"
    assert "3 of them later" in card(stage).words
    assert at_home(stage, "moe") == "23 08:03"
    await walls(stage, 23, 8)
    assert at_home(stage, "max") == "23 08:00"
    assert at_home(stage, "mia") == "23 08:00"
    assert not got(stage, "tom")
    await walls(stage, 24, 8)
    assert at_home(stage, "tom") == "24 08:00"
    assert "7 of 7 have it" in card(stage).words


async def test_a_time_of_their_own_day_reaches_each_at_that_time(stage):
    await spread_out(stage)
    sue = await write(stage)
    look = await aim(sue, mode="local", day="2026-11-24", time="18:30")
    assert "Nov 24, 2026, 6:30 pm of everybody's own day (tomorrow)" in look.words
    assert look.submit == "Schedule"
    await sue.press(look, "Change who and when")
    await stage.settle()
    look = await aim(sue, mode="local", day="2026-11-24", time="02:30")
    assert "It is night then: they get it at 8 am of their own day." in look.words
    await sue.press(look, "Change who and when")
    await stage.settle()
    look = await aim(sue, mode="local", day="2026-11-24", time="18:30")
    await sue.submit({})
    await walls(stage, 24, 18, 30)
    assert {at_home(stage, name) for name in PEOPLE} == {"24 18:30"}


async def test_one_moment_is_shown_in_full_and_the_clocks_that_change_are_named(stage):
    await spread_out(stage)
    sue = await write(stage)
    look = await aim(sue, mode="once", day="2027-03-14", time="02:30")
    assert "Mar 14, 2027, 3:30 am ET (in 111 days). The clocks leap over 2:30 am on that day." in look.words
    await sue.press(look, "Change who and when")
    await stage.settle()
    look = await aim(sue, mode="once", day="2027-11-07", time="01:30")
    assert "Nov 7, 2027, 1:30 am ET (in 349 days). That time comes twice" in look.words
    await sue.press(look, "Change who and when")
    await stage.settle()
    look = await aim(sue, mode="once", day="2026-11-24", time="15:00")
    assert "Nov 24, 2026, 3 pm ET (tomorrow)." in look.words
    assert "For 1 of them it is night then" in look.words
    await sue.submit({})
    await walls(stage, 24, 15)
    await walls(stage, 25, 8)
    assert at_home(stage, "max") == "24 12:00"
    assert at_home(stage, "tom") == "25 08:00"


async def test_what_night_overtakes_waits_for_the_morning(stage):
    await settle_people(stage)
    await stage.pass_time(timedelta(hours=10, minutes=50))  # It is 8:50 pm in New York.
    await announce(stage)
    await stage.stop_app()
    stage.clock.advance(timedelta(minutes=12))
    await stage.start_app()
    await stage.application.catch_up()
    await stage.pass_time(timedelta(hours=10, minutes=57))
    assert not any(got(stage, name) for name in PEOPLE)
    await stage.pass_time(timedelta(minutes=1))
    assert {at_home(stage, name) for name in ("ada", "sue")} == {"24 08:00"}
    assert all(len(got(stage, name)) == 1 for name in PEOPLE)
    await stage.pass_time(timedelta(minutes=2))
    assert "7 of 7 have it" in card(stage).words


async def test_a_scheduled_one_can_be_stopped_and_changed_before_it_goes(stage):
    await settle_people(stage)
    await announce(stage, aimed={"mode": "once", "day": "2026-11-25", "time": "12:00"})
    await go(stage)
    assert not any(got(stage, name) for name in PEOPLE)
    tom = stage.person("tom")
    await tom.press(card(stage), "Edit…")
    form = await tom.wait_modal("Edit announcement")
    assert "Nobody has it yet" in form.words
    await tom.submit({"link_text": "Read it", "link_url": "https://example.org/guide"})
    await stage.settle()
    await walls(stage, 25, 12)
    assert got(stage, "ada")[0].buttons == ["Read it"]
