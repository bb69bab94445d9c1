"""One message owed to everybody: one statement, one row each, and a second time only to who came since."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from community.deliveries import Lane, State
from storage.fanout import to_everybody
from storage.members import Account

NAMES = [f"U0{number:03}" for number in range(120)]


def account(user, **more):
    return replace(Account(id=user, name=user.lower(), zone="America/Chicago"), **more)


@pytest.fixture
async def people(database, clock):
    async with database.transaction() as store:
        await store.members.learn([account(user) for user in NAMES], at=clock.now())
        await store.members.learn([account(NAMES[0], left=True)], at=clock.now())


async def test_everybody_who_has_not_left_is_owed_one_message_of_their_own(database, clock, people):
    soon = clock.now() + timedelta(minutes=2)
    async with database.transaction() as store:
        added = await to_everybody(
            store, "announce:7", at=clock.now(), due_at=soon, expires_at=soon + timedelta(days=1),
            render="announce", about={"announcement": 7},
        )  # fmt: skip
        assert store.rings, "the sender hears of it"
    assert added == len(NAMES) - 1
    async with database.reading() as store:
        owed = [await store.deliveries.find(f"announce:7:{user}") for user in NAMES]
        assert await store.outgoing.candidates(Lane.BULK, clock.now(), 500) == []
        due = await store.outgoing.candidates(Lane.BULK, soon, 500)
    assert owed[0] is None
    one = owed[5]
    assert (one.to, one.line, one.lane, one.state) == (NAMES[5], NAMES[5], Lane.BULK, State.PENDING)
    assert (one.render, one.about) == ("announce", {"announcement": 7, "user": NAMES[5]})
    assert (one.due_at, one.expires_at) == (soon, soon + timedelta(days=1))
    assert len({each.opaque for each in owed[1:]}) == len(NAMES) - 1
    assert all(len(each.opaque) >= 32 for each in owed[1:])
    assert len(due) == len(NAMES) - 1


async def test_a_second_time_only_who_came_since_is_added(database, clock, people):
    async def announce():
        async with database.transaction() as store:
            return await to_everybody(store, "announce:7", at=clock.now(), payload={"text": "Hello"})

    assert await announce() == len(NAMES) - 1
    assert await announce() == 0
    async with database.transaction() as store:
        await store.members.learn([account("U0NEW")], at=clock.now())
    assert await announce() == 1
    async with database.reading() as store:
        assert (await store.deliveries.find("announce:7:U0NEW")).payload == {"text": "Hello"}


async def test_what_could_never_be_sent_is_refused_and_nothing_is_owed(database, clock, people):
    async with database.transaction() as store:
        with pytest.raises(ValueError, match="too long"):
            await to_everybody(store, "announce:7", at=clock.now(), payload={"text": "x" * 4001})
        with pytest.raises(ValueError, match="neither a payload"):
            await to_everybody(store, "announce:7", at=clock.now())
        assert not store.rings
    async with database.reading() as store:
        assert await store.outgoing.census() == {}


async def test_what_was_rolled_back_is_owed_to_nobody(database, clock, people):
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as store:
            await to_everybody(store, "announce:7", at=clock.now(), payload={"text": "Hello"})
            raise ZeroDivisionError
    async with database.reading() as store:
        assert await store.outgoing.census() == {}
