"""Armchair Chats through Slack: scheduled, signed up for, reminded of, moved, cancelled, recorded."""

from __future__ import annotations

import asyncio
import base64
import copy
import time as machine
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


async def change(stage, what, number=1, **fields):
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


# The form


async def problems(stage, **fields):
    return (await schedule(stage, **fields)).errors


async def test_every_complaint_of_the_form_stands_at_its_field(stage):
    assert await problems(stage, day=date(2026, 11, 20)) == {
        "day": "That day is over there. Please pick a later one."
    }
    # It is 10 am in New York, and 7 am in Los Angeles.
    today = {"day": date(2026, 11, 23)}
    assert set(await problems(stage, **today, time="09:00")) == {"time"}
    assert not await problems(stage, **today, time="09:00", zone="America/Los_Angeles")
    assert set(await problems(stage, specialist_name=None)) == {"specialist"}
    assert set(await problems(stage, until=date(2026, 12, 1))) == {"until"}
    assert set(await problems(stage, until=date(2026, 12, 5))) == {"until"}
    assert set(await problems(stage, until=date(2029, 12, 5))) == {"until"}


async def test_what_a_client_would_not_send_is_refused_all_the_same(stage):
    for name, entry in {
        "length": {"type": "number_input", "value": "0"},
        "link": {"type": "url_text_input", "value": "https://nowhere"},
        "zone": {"type": "static_select", "selected_option": {"value": "Mars/Olympus"}},
        "capacity": {"type": "number_input", "value": "-3"},
        "audience": {"type": "static_select", "selected_option": {"value": "state:XX"}},
        "title": {"type": "plain_text_input", "value": "  "},
    }.items():
        await open_list(stage)
        sue = stage.person("sue")
        await sue.press(sue.modal, "events.schedule")
        form = await sue.wait_modal("Schedule")
        await sue.fill(FORM)
        form.state["values"][name][name] = entry
        element = next(block["element"] for block in form.blocks if block.get("block_id") == name)
        element.clear()
        element |= {"type": "plain_text_input", "action_id": name}
        form.state["values"][name][name] = {
            "type": "plain_text_input",
            **entry,
            "value": entry.get("value") or "x",
        }
        if "selected_option" in entry:
            form.state["values"][name][name]["selected_option"] = entry["selected_option"]
        answer = await sue.submit({})
        assert set(answer.errors or {}) == {name}, name


async def test_a_time_that_the_clocks_leap_over_or_repeat_is_taken_and_shown(stage):
    await schedule(stage, day=date(2027, 3, 14), time="02:30")
    sue = stage.person("sue")
    assert "2:30 am does not exist on Mar 14, 2027" in sue.modal.words
    assert "Sun, Mar 14, 2027, 3:30 am ET instead" in sue.modal.words
    await schedule(stage, day=date(2027, 11, 7), time="01:30")
    assert "1:30 am comes twice on Nov 7, 2027" in sue.modal.words
    async with stage.application.database.reading() as store:
        gap, fold = await store.events.get(1), await store.events.get(2)
    assert gap.starts_at == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)
    assert fold.starts_at == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


async def test_only_staff_schedules_and_a_right_that_was_lost_counts_at_once(stage):
    view = await open_list(stage, "ada")
    assert "Schedule…" not in view.words
    await open_list(stage)
    sue = stage.person("sue")
    await sue.press(sue.modal, "events.schedule")
    await sue.wait_modal("Schedule")
    async with stage.application.database.transaction() as store:
        from community.members import Role

        await store.members.remove_role("U0SUE", Role.STAFF)
    await sue.submit(FORM)
    assert "Only staff can do this." in sue.modal.words
    async with stage.application.database.reading() as store:
        assert await store.events.get(1) is None


# Seats


async def test_a_seat_that_becomes_free_goes_to_who_waited_longest_and_they_are_told(people):
    stage = people
    await schedule(stage, capacity="2")
    for who in ZONES:
        await join(stage, who)
    post = announcement(stage)
    assert "All 2 seats are taken; 3 waiting." in post.words
    assert post.buttons[0] == "Join the waiting list"
    assert "You are number 1 on the waiting list" in stage.private_answer("dean")
    assert "you are number 3 on the waiting list" in stage.last_dm("hana").words
    assert LINK not in str([message.blocks for message in stage.dm("hana")])
    assert files(stage, "hana") == []

    ticket = stage.last_dm("nora", "you are signed up")
    await stage.person("nora").press(ticket, "Can't make it")
    await stage.settle()
    assert "You are not coming." in ticket.words
    assert ticket.buttons == ["Sign me up again"]
    assert "a seat became free, and it is yours" in stage.last_dm("dean", "became free").words
    assert len(files(stage, "dean")) == 1
    assert "you are number 2 on the waiting list" in stage.last_dm("hana").words

    await change(stage, "edit", capacity="3")
    assert len(files(stage, "phil")) == 1, "another seat, and the next who waited has it"
    assert "you are number 1" in stage.last_dm("hana").words
    await until(stage, 2026, 12, 3, 17, step=HOUR * 24)
    await stage.pass_time(MINUTE)
    got = [who for who in ZONES if any("It starts now" in words for words in said(stage, who))]
    assert got == ["cleo", "dean", "phil"]


async def test_who_leaves_slack_falls_out_and_the_seat_goes_on(people):
    stage = people
    await schedule(stage, capacity="1")
    await join(stage, "nora")
    await join(stage, "cleo")
    stage.sandbox.workspace.deactivate("U0NORA")
    await stage.heard_everything()
    await stage.settle()
    await stage.pass_time(MINUTE)
    assert "*1 signed up:* Cleo." in announcement(stage).words
    assert "a seat became free" in stage.last_dm("cleo", "became free").words


async def test_what_is_for_some_is_refused_to_others_and_not_shown_to_them(people):
    stage = people
    async with stage.application.database.transaction() as store:
        await store.members.describe("U0NORA", state="VA")
        await store.members.describe("U0CLEO", state="IL", stage="filed")
    await schedule(stage, audience="state:VA", title="Filing in Virginia")
    await schedule(stage, audience="stage:filed", title="You have filed, and now")
    first, second = announcement(stage, 0), announcement(stage, 1)
    assert "For: Virginia" in first.words
    await join(stage, "cleo", first)
    assert "This one is for: Virginia." in stage.private_answer("cleo")
    await join(stage, "nora", first)
    assert "You are signed up" in stage.private_answer("nora")
    await join(stage, "nora", second)
    assert "This one is for: Filed." in stage.private_answer("nora")
    assert "Filing in Virginia" not in (await open_list(stage, "cleo")).words
    assert "You have filed, and now" in stage.person("cleo").modal.words
    assert "You have filed" not in (await open_list(stage, "nora")).words
    home = await stage.person("cleo").open_home()
    await stage.settle()
    home = stage.person("cleo").home
    assert "You have filed, and now" in home.words
    assert "Filing in Virginia" not in home.words


CROWD, SEATS = 100, 30


@pytest.mark.both_ways
@pytest.mark.timeout(300)
async def test_of_a_hundred_who_press_at_once_thirty_have_a_seat_and_seventy_wait(stage, record_property):
    workspace = stage.sandbox.workspace
    users = [f"U0C{number:03}" for number in range(CROWD)]
    for user in users:
        workspace.add_user(user.lower(), id=user, real_name=f"Person{user[3:]} Doe")
        workspace.channel(GENERAL).members.append(user)
    await stage.application.jobs.run("members.sync")
    await schedule(stage, capacity=str(SEATS))
    post = copy.deepcopy(announcement(stage))
    # Who gets a seat is what counts here, also where the machine has other things to do.
    stage.sandbox.courier.patience = 30
    began = machine.perf_counter()
    await asyncio.gather(*(stage.sandbox.person(user).press(post, "events.sign_up") for user in users))
    record_property("all_answered_seconds", round(machine.perf_counter() - began, 3))
    await stage.settle()
    tickets = {user: [m.words for m in stage.sandbox.person(user).dm if not m.files] for user in users}
    assert all(len(each) == 1 for each in tickets.values()), "one card each"
    going = [user for user, (words,) in tickets.items() if "you are signed up" in words]
    assert len(going) == SEATS
    places = sorted(
        int(words.split("you are number ")[1].split()[0])
        for (words,) in tickets.values()
        if "you are number" in words
    )
    assert places == list(range(1, CROWD - SEATS + 1))
    assert f"*{SEATS} signed up:*" in announcement(stage).words
    assert f"All {SEATS} seats are taken; {CROWD - SEATS} waiting." in announcement(stage).words

    # Twenty of those with a seat cannot come, all at once, and each presses twice.
    cards = {user: stage.sandbox.person(user).dm[0] for user in going[:20]}
    presses = [
        stage.sandbox.person(user).press(copy.deepcopy(cards[user]), "Can't make it")
        for user in cards
        for _ in range(2)
    ]
    await asyncio.gather(*presses)
    await stage.settle()
    async with stage.application.database.reading() as store:
        event = await store.events.get(1)
        standings = {
            standing: await store.events.count(1, standing) for standing in ("going", "waiting", "gone")
        }
    assert event.taken == SEATS
    assert standings == {"going": SEATS, "waiting": CROWD - SEATS - 20, "gone": 20}
