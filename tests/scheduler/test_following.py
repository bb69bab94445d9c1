"""What follows is worked out soon, once, in order, after people, and again when it failed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from community import mentoring
from handlers.turns import Rush
from scheduler import following
from scheduler.following import AGAIN_AFTER, Follower
from scheduler.lease import Leadership
from storage.database import Database
from tests.community.cast import ASKER, POLICY, draft, profile, settle


async def ask(database, clock, who=ASKER):
    async with database.transaction() as store:
        request = await mentoring.ask(
            store.mentoring, who, draft(), at=clock.now(), today=clock.now().date(), policy=POLICY
        )
    return request.id


async def claim(database, clock, number, by="UA"):
    async with database.transaction() as store:
        await mentoring.claim(store.mentoring, number, by=by, at=clock.now(), policy=POLICY)


@pytest.fixture
async def people(database):
    async with database.transaction() as store:
        await settle(store, profile("UA"), profile("UB"))


class Worked:
    """Notes what was worked out; fails as often as it is told."""

    def __init__(self):
        self.lines = []
        self.failures = []

    async def __call__(self, _store, line):
        if self.failures:
            raise self.failures.pop(0)
        self.lines.append((line.request, line.kind))

    async def many(self, count):
        async with asyncio.timeout(5):
            while len(self.lines) < count:
                await asyncio.sleep(0.005)


async def test_the_commit_itself_wakes_it_and_it_happens_once(database, clock, people):
    worked = Worked()
    # Who does not lead looks only when something was kept here, so it cannot have been the sweep.
    standby = Leadership(database, clock)
    follower = Follower(database, clock, worked, leadership=standby)
    await follower.start()
    await asyncio.sleep(0.05)
    first = await ask(database, clock)
    await worked.many(1)
    second = await ask(database, clock)
    await claim(database, clock, second)
    await worked.many(3)
    await follower.stop()
    assert worked.lines == [(first, "asked"), (second, "asked"), (second, "claimed")]
    assert await follower.drain() == 0


async def test_the_leader_finds_what_another_process_left_behind(
    database, database_url, clock, people, monkeypatch
):
    monkeypatch.setattr("scheduler.following.SWEEP_EVERY", 0.05)
    worked, leads = Worked(), Leadership(database, clock)
    await leads.renew()
    follower = Follower(database, clock, worked, leadership=leads)
    await follower.start()
    other = Database.at(database_url)
    number = await ask(other, clock)  # Nothing rings here.
    await other.close()
    await worked.many(1)
    await follower.stop()
    assert worked.lines == [(number, "asked")]


async def test_several_processes_take_each_line_once(database, database_url, clock, people):
    worked = Worked()
    others = [Database.at(database_url) for _ in range(3)]
    followers = [Follower(each, clock, worked) for each in others]
    numbers = [await ask(database, clock) for _ in range(8)]
    for number in numbers:
        await claim(database, clock, number)
    while sum(await asyncio.gather(*(follower.drain() for follower in followers))):
        pass
    assert sorted(worked.lines) == sorted(
        (number, kind) for number in numbers for kind in ("asked", "claimed")
    )
    for number in numbers:
        assert worked.lines.index((number, "asked")) < worked.lines.index((number, "claimed"))
    for each in others:
        await each.close()


async def test_what_fails_is_tried_again_later_and_stands_in_nobodys_way(database, clock, people):
    worked = Worked()
    worked.failures = [LookupError("a fault of ours")]
    follower = Follower(database, clock, worked)
    failing = await ask(database, clock)
    await claim(database, clock, failing)
    clock.advance(timedelta(seconds=1))
    fine = await ask(database, clock)
    await follower.drain()
    assert worked.lines == [(fine, "asked")], "what follows from the claim waits for its question"
    clock.advance(AGAIN_AFTER)
    await follower.drain()
    assert worked.lines[1:] == [(failing, "asked"), (failing, "claimed")]


async def test_nothing_is_marked_when_the_database_goes_away_in_the_middle(database, clock, people):
    worked = Worked()
    worked.failures = [OSError("the server is away")]
    follower = Follower(database, clock, worked)
    number = await ask(database, clock)
    with pytest.raises(OSError, match="away"):
        await follower.drain()
    await follower.drain()
    assert worked.lines == [(number, "asked")]


async def test_people_who_wait_for_an_answer_go_first_but_not_for_ever(database, people, monkeypatch):
    from community.clock import SystemClock

    clock, worked, rush = SystemClock(), Worked(), Rush()
    follower = Follower(database, clock, worked, after_people=rush.over)
    await follower.start()
    with rush.one():
        await ask(database, clock)
        await asyncio.sleep(0.15)
        assert worked.lines == []
        await worked.many(1)
    assert len(worked.lines) == 1
    monkeypatch.setattr(following, "PATIENCE", 600)
    with rush.one():
        await ask(database, clock)
        await asyncio.sleep(0.05)
    await worked.many(2)  # Nobody waits any more.
    await follower.stop()


async def test_a_follower_that_is_told_to_stop_finishes_the_line_at_hand(database, clock, people):
    done = []

    async def slowly(_store, line):
        await asyncio.sleep(0.1)
        done.append(line.kind)

    follower = Follower(database, clock, slowly)
    await follower.start()
    number = await ask(database, clock)
    await claim(database, clock, number)
    await asyncio.sleep(0.05)
    await follower.stop()
    assert done == ["asked"]
    async with database.reading() as store:
        assert len(await store.follow_ups.due(clock.now())) == 1
        assert await store.follow_ups.waiting(clock.now()) == timedelta()
