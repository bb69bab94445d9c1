"""Armchair Chats through Slack: scheduled, announced, signed up for, reminded of, moved, cancelled, recorded."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests import ics
from tests.scenarios.stage import GENERAL

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
NEW_YORK = "America/New_York"
LINK = "https://meet.example.org/fundraising"

ZONES = {
    "nora": NEW_YORK,
    "cleo": "America/Chicago",
    "dean": "America/Denver",
    "phil": "America/Phoenix",
    "hana": "Pacific/Honolulu",
}
"""People in five zones; in two of them the clocks never change."""

FORM = {
    "kind": "chat",
    "title": "Asking for money without blushing",
    "specialist_name": "Rosa Delgado",
    "specialist_about": "raised $80,000 in gifts under $50",
    "day": date(2026, 12, 3),
    "time": "17:00",
    "zone": NEW_YORK,
    "length": "45",
    "link": LINK,
    "description": "Bring the list of the first fifty people you will call.",
    "audience": "everyone",
}


@pytest.fixture
async def people(stage):
    """Candidates in five zones, of whom Slack has told the app."""
    for who, zone in ZONES.items():
        stage.sandbox.workspace.add_user(who, id=f"U0{who.upper()}", real_name=f"{who.title()} Doe", tz=zone)
        # They have been here for long: nothing happens because they come.
        stage.sandbox.workspace.channel(GENERAL).members.append(f"U0{who.upper()}")
    await stage.application.jobs.run("members.sync")
    return stage


async def until(stage, *moment, zone=NEW_YORK, step=30 * DAY):
    """Move the clock to that moment on the wall there, in steps, and let what is due happen."""
    goal = datetime(*moment, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    while stage.clock.now() < goal:
        await stage.pass_time(min(step, goal - stage.clock.now()))


async def open_list(stage, who="sue"):
    person = stage.person(who)
    await person.close_modal(all=True) if person.modal else None
    await person.command("/chats")
    await stage.settle()
    return await person.wait_modal("Armchair Chats")


async def schedule(stage, *, who="sue", **fields):
    """Staff fills in the form; give what it answered."""
    await open_list(stage, who)
    person = stage.person(who)
    await person.press(person.modal, "events.schedule")
    await person.wait_modal("Schedule")
    answer = await person.submit({**FORM, **fields})
    await stage.settle()
    return answer


async def change(stage, what, number=1, *, title=None, **fields):
    """Staff presses a button at an event in the list, and sends the form that opens."""
    sue = stage.person("sue")
    await open_list(stage)
    await sue.press(sue.modal, f"events.{what}", value=number)
    await sue.wait_until(lambda: len(sue.modals) == 2)
    answer = await sue.submit(fields)
    await stage.settle()
    return answer


def announcement(stage, nth=-1):
    return [
        message
        for message in stage.in_channel(GENERAL)
        if "events.ask" in str(message.blocks)
        or "Cancelled." in message.words
        or "This is over" in message.words
    ][nth]


async def join(stage, who, post=None):
    await stage.person(who).press(post or announcement(stage), "events.sign_up")
    await stage.settle()


def files(stage, who):
    """The calendar files in somebody's conversation with the app, oldest first, read independently."""
    kept = [stage.sandbox.workspace.files[ref] for message in stage.dm(who) for ref in message.files]
    return [ics.read(base64.b64decode(one.content)) for one in kept]


def said(stage, who, since=0):
    return [message.words for message in stage.dm(who)[since:] if not message.files]


def at(message, zone):
    """When a message was sent, on the wall of that zone."""
    return datetime.fromtimestamp(float(message.ts), UTC).replace(microsecond=0).astimezone(ZoneInfo(zone))


async def test_staff_schedules_it_is_announced_and_whoever_signs_up_gets_a_file(people):
    stage = people
    answer = await schedule(stage)
    assert "Scheduled" in stage.person("sue").modal.title
    post = announcement(stage)
    assert "Asking for money without blushing" in post.words
    assert "Thu, Dec 3, 2026, 5 pm ET" in post.words
    assert "Rosa Delgado, raised $80,000" in post.words
    assert "Nobody has signed up yet." in post.words
    assert LINK not in str(post.blocks), "the link is for those who signed up"
    assert post.buttons == ["Sign me up", "Ask a question beforehand"]
    assert not answer.errors

    for who in ("nora", "hana"):
        await join(stage, who)
    assert "*2 signed up:* Nora and Hana." in post.words
    assert "You are signed up" in stage.private_answer("nora")
    ticket = stage.last_dm("hana", "you are signed up")
    assert "Thu, Dec 3, 2026, 12 pm HST (in 10 days), 45 minutes" in ticket.words
    assert LINK in str(ticket.blocks)
    (calendar,) = files(stage, "hana")
    (entry,) = calendar.named("VEVENT")
    assert calendar.value("METHOD") == "PUBLISH"
    assert entry.text("SUMMARY") == FORM["title"]
    assert ics.moment(calendar, entry, "DTSTART") == datetime(2026, 12, 3, 22, 0, tzinfo=UTC)
    assert ics.moment(calendar, entry, "DTEND") == datetime(2026, 12, 3, 22, 45, tzinfo=UTC)
    assert entry.value("SEQUENCE") == "0"


async def test_the_ladder_comes_by_everybodys_own_clock_and_once(people):
    stage = people
    await schedule(stage)
    for who in ZONES:
        await join(stage, who)
    before = {who: len(stage.dm(who)) for who in ZONES}
    await until(stage, 2026, 12, 2, 10)
    await until(stage, 2026, 12, 4, 12, step=HOUR)
    await until(stage, 2026, 12, 9, 12)
    for who, zone in ZONES.items():
        got = stage.dm(who)[before[who] :]
        begins = datetime(2026, 12, 3, 17, 0, tzinfo=ZoneInfo(NEW_YORK)).astimezone(ZoneInfo(zone))
        eleven = datetime.combine(begins.date() - DAY, time(11), tzinfo=ZoneInfo(zone))
        assert [at(message, zone) for message in got] == [eleven, begins - HOUR, begins, begins + 2 * HOUR], (
            who
        )
        assert "Were you there?" in got[-1].words
    assert "This is over." in announcement(stage).words
    assert announcement(stage).buttons == []
