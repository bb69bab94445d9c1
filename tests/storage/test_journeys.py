"""Journeys as they are kept: what is due is found once, and lists agree with the rules."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from community.journeys_moves import advance, stuck, went_quiet
from community.journeys_steps import Came, Enrolment, Journey, Standing, Step, StepState
from community.members import Stage
from scheduler.journeys import AT_ONCE, send_due_lessons
from storage.journeys_texts import Version
from storage.members import Account
from tests.community.cast import NOW, leaves

WEEK = Journey("first_week", tuple(Step(day, f"lesson{day}") for day in range(1, 8)))
DAY = timedelta(days=1)


def wanted(user="UA", **changes):
    """Somebody whose day 1 is due."""
    usual = Enrolment(
        id=0,
        journey="first_week",
        user=user,
        standing=Standing.ACTIVE,
        came=Came.CHANNEL,
        started_at=NOW,
        next_at=NOW,
    )
    return replace(usual, **changes)


async def enrol(store, *users, **changes):
    await store.members.learn(
        [Account(id=user, name=user, zone="America/New_York") for user in users], at=NOW
    )
    return [await store.journeys.enrol(wanted(user, **changes)) for user in users]


async def test_every_field_comes_back_as_it_was_kept(database):
    full = wanted(
        by="U0STAFF",
        round=3,
        day=4,
        zone="Pacific/Honolulu",
        last_sent_at=NOW,
        paused_at=NOW,
        finished_at=NOW,
        stopped_at=NOW,
        heard_at=NOW,
        signs_from=NOW,
        reason="left",
        goal="Talk with everybody",
    )
    async with database.transaction() as store:
        kept = await store.journeys.enrol(full)
        assert await store.journeys.enrol(full) is None, "once per person and journey"
        assert kept == replace(full, id=kept.id)
        assert await store.journeys.of("first_week", "UA") == kept
        assert await store.journeys.hold("first_week", "UA") == kept


async def test_what_is_due_is_found_with_what_is_known_of_the_person(database):
    async with database.transaction() as store:
        await enrol(store, "UA", "UB", "UC")
        await store.members.describe("UA", stage=Stage.FILED, zone="America/Phoenix")
        await leaves(store, "UB", NOW)
        await store.journeys.enrol(wanted("UD", next_at=NOW + DAY))
        await store.journeys.enrol(wanted("UE", standing=Standing.PAUSED, next_at=None))
        found = {
            each.enrolment.user: each for each in await store.journeys.due("first_week", at=NOW, limit=9)
        }
        assert set(found) == {"UA", "UB", "UC"}
        assert (found["UA"].stage, found["UA"].zone) == (Stage.FILED, "America/Phoenix")
        assert [each.left for each in found.values()].count(True) == 1
        assert len(await store.journeys.due("first_week", at=NOW, limit=2)) == 2


async def test_a_move_is_made_once_however_often_it_is_tried(database):
    async with database.transaction() as store:
        await enrol(store, "UA")
        moves = [advance(WEEK, each, NOW) for each in await store.journeys.due("first_week", at=NOW, limit=9)]
        sent = await store.journeys.move(moves, {"lesson1": 4}, at=NOW)
        assert [(step.day, step.version, step.state) for _, step in sent] == [(1, 4, StepState.QUEUED)]
        assert await store.journeys.move(moves, {}, at=NOW) == []
        assert await store.journeys.due("first_week", at=NOW, limit=9) == []
        known = await store.journeys.of("first_week", "UA")
        assert [step.day for step in await store.journeys.steps(known)] == [1]


async def test_two_processes_that_look_at_once_queue_each_lesson_once(database, clock):
    count = 2 * AT_ONCE + 7
    async with database.transaction() as store:
        await enrol(store, *(f"U{number:04}" for number in range(count)))
    totals = await asyncio.gather(*(send_due_lessons(database, clock) for _ in range(3)))
    assert sum(totals) == count
    async with database.reading() as store:
        keys = [await store.deliveries.find(f"journeys:lesson:{number}:1") for number in (1, count)]
    assert all(keys)


async def test_lists_agree_with_the_rules(database):
    async with database.transaction() as store:
        through = {
            "standing": Standing.FINISHED,
            "finished_at": NOW,
            "signs_from": NOW - 3 * DAY,
            "next_at": None,
            "day": 7,
        }
        await enrol(store, "UA", "UB", "UC", **through)
        await store.journeys.change((await store.journeys.of("first_week", "UB")).id, heard_at=NOW - DAY)
        await store.members.saw_home("UC", at=NOW - 4 * DAY)
        quiet = await store.journeys_desk.quiet("first_week", page=0, size=5)
        names = {row.enrolment.user for row in quiet.rows}
        for user in ("UA", "UB", "UC"):
            known, member = await store.journeys.of("first_week", user), await store.members.member(user)
            assert (user in names) == went_quiet(known, member.home_seen_at), user
        assert quiet.total == 2

        await enrol(store, "UD", "UE")
        for day in (0, 1):
            at = NOW + day * DAY
            found = await store.journeys.due("first_week", at=at, limit=9)
            moves = [advance(WEEK, replace(each, last=None), at) for each in found]
            for move, made in await store.journeys.move(moves, {}, at=at):
                recalled = at if day == 0 or move.after.user == "UD" else None
                await store.journeys.change_step(made.id, state=StepState.SENT, reminded_at=recalled)
        listed = await store.journeys_desk.stuck("first_week", page=0, size=5)
        names = {row.enrolment.user for row in listed.rows}
        for user in ("UD", "UE"):
            known = await store.journeys.of("first_week", user)
            assert (user in names) == stuck(known, await store.journeys.steps(known)), user
        assert names == {"UD"}


async def test_who_was_not_reached_is_listed_with_the_reason_page_by_page(database):
    async with database.transaction() as store:
        users = [f"U{number:02}" for number in range(12)]
        for number, user in enumerate(users):
            await enrol(
                store,
                user,
                standing=Standing.STOPPED,
                reason="user_disabled",
                stopped_at=NOW + number * DAY,
                next_at=None,
            )
        first = await store.journeys_desk.missed("first_week", page=0, size=5)
        last = await store.journeys_desk.missed("first_week", page=99, size=5)
        assert (first.total, len(first.rows), last.page, len(last.rows)) == (12, 5, 2, 2)
        assert first.rows[0].enrolment.user == "U11", "the newest first"
        assert first.rows[0].reason == "user_disabled"
        assert await store.journeys_desk.counts("first_week") == {Standing.STOPPED: 12}


async def test_who_is_astray_is_found(database):
    async with database.transaction() as store:
        await enrol(store, "UA", "UB", "UC", "UD")
        await store.journeys.enrol(wanted("UG", standing=Standing.WAITING, reason="guest", next_at=None))
        await store.members.learn([Account(id="UG", name="Gus", zone="", guest=True)], at=NOW)
        await leaves(store, "UB", NOW)
        await store.members.describe("UC", zone="America/Denver")
        back = await store.journeys.of("first_week", "UD")
        await store.journeys.change(back.id, standing=Standing.STOPPED, reason="left", next_at=None)
        astray = await store.journeys.astray("first_week")
        assert [each.user for each in astray] == ["UB", "UC", "UD"]
        await store.members.learn([Account(id="UG", name="Gus", zone="")], at=NOW)
        assert [each.user for each in await store.journeys.astray("first_week", after=astray[-1].id)] == [
            "UG"
        ]


async def test_versions_of_a_text_do_not_collide_and_the_newest_counts(database):
    words = {"title": "T", "task": "Do", "text": "Text", "variants": {}}
    async with database.transaction() as store:
        assert await store.journeys_texts.latest("budget") is None
        assert await store.journeys_texts.keep_version(Version("budget", 1, words, "U0STAFF", NOW))
        assert not await store.journeys_texts.keep_version(Version("budget", 1, None, "U0OTHER", NOW))
        assert await store.journeys_texts.keep_version(Version("budget", 2, None, "U0OTHER", NOW))
        assert (await store.journeys_texts.latest("budget")).words is None
        assert (await store.journeys_texts.version("budget", 1)).words == words
        assert {key: each.number for key, each in (await store.journeys_texts.latest_of_all()).items()} == {
            "budget": 2
        }


@pytest.mark.parametrize("named", [True, False], ids=["a person", "nobody"])
async def test_strangers_are_found_once_they_are_known(database, named):
    async with database.transaction() as store:
        await store.members.meet("UX", at=NOW)
        kept = await store.journeys.enrol(
            wanted("UX", standing=Standing.WAITING, reason="unknown", next_at=None)
        )
        assert await store.journeys.to_admit() == []
        name = "Xia" if named else "UX"
        await store.members.learn([Account(id="UX", name=name, zone="", left=not named)], at=NOW)
        assert await store.journeys.to_admit() == [kept]
        await store.journeys.forget(kept.id)
        assert await store.journeys.of("first_week", "UX") is None
