"""However refreshes and sends fall together, in the end every card and home view shows the newest truth."""

import asyncio
import random

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import insert, select, update

from community.deliveries import Delivery, Lane
from scheduler.outbox import Outbox
from scheduler.pacing import Pace
from storage.tables import leases


async def _version(store, name):
    """The fact that is shown: any table will do to keep it, and this one has a number."""
    return await store.connection.scalar(select(leases.c.term).where(leases.c.name == name))


async def _card(store, about):
    return {"text": f"version {await _version(store, about['card'])}"}


async def _home(store, about):
    return {"view": {"text": f"version {await _version(store, about['user'])}"}}


@pytest.mark.parametrize("seed", [1, 2])
async def test_changes_at_any_moment_of_a_send_are_shown_in_the_end(database, clock, slack, seed):
    rng = random.Random(seed)
    cards, people = ["one", "two"], ["U1", "U2"]
    slack.slow = 0.002
    outbox = Outbox(
        database,
        AsyncWebClient(token="xoxb-test", base_url=f"{slack.url}/api/"),
        clock,
        {"card": _card, "home": _home},
        pace=Pace.unlimited(),
    )
    async with database.transaction() as store:
        await store.connection.execute(
            insert(leases),
            [{"name": name, "owner": "", "until": clock.now(), "term": 1} for name in cards + people],
        )
        await store.deliveries.add(
            *(
                Delivery(key=f"test:card:{card}", to="C1", render="card", about={"card": card})
                for card in cards
            ),
            at=clock.now(),
        )

    async def change():
        for _ in range(25):
            await asyncio.sleep(rng.uniform(0, 0.01))
            name = rng.choice(cards + people)
            async with database.transaction() as store:
                await store.connection.execute(
                    update(leases).where(leases.c.name == name).values(term=leases.c.term + 1)
                )
                await asyncio.sleep(rng.uniform(0, 0.003))
                lane = rng.choice(list(Lane))
                if name in cards:
                    await store.deliveries.refresh(f"test:card:{name}", at=clock.now(), lane=lane)
                else:
                    await store.deliveries.refresh_home(name, at=clock.now(), lane=lane)
                await asyncio.sleep(rng.uniform(0, 0.003))

    await outbox.start()
    try:
        await asyncio.gather(*(change() for _ in range(4)))
        await outbox.drain()
    finally:
        await outbox.stop()
    async with database.reading() as store:
        newest = {name: f"version {await _version(store, name)}" for name in cards + people}
        assert await store.outgoing.census() == {}
    assert sorted(slack.texts("C1")) == sorted(newest[card] for card in cards)
    assert {user: slack.homes[user]["text"] for user in people} == {user: newest[user] for user in people}
    assert slack.count("chat.update") + slack.count("views.publish") <= 100, "they collapse"
