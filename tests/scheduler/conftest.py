"""A Slack to send to, and an outbox that sends."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from scheduler.outbox import Outbox
from scheduler.pacing import Pace
from tests.scheduler.slack import Slack


@pytest.fixture
async def slack():
    async with Slack() as running:
        yield running


@pytest.fixture
def facts():
    """What renderers read: text by card."""
    return {}


@pytest.fixture
def endings():
    """What the outcomes heard."""
    return []


@pytest.fixture
async def make_outbox(database, clock, slack, facts, endings):
    """Make outboxes; every one is stopped at the end."""
    made = []

    async def render(store, about):
        said = facts[about["card"]]
        if isinstance(said, Exception):
            raise said
        return None if said is None else {"text": said}

    async def home(store, about):
        return {"view": {"type": "home", "text": facts.get(about["user"])}}

    async def hear(store, landed):
        endings.append(landed)

    def make(**options):
        settings = {"pace": Pace.unlimited(), **options}
        outbox = Outbox(
            options.pop("database", database),
            AsyncWebClient(token="xoxb-test", base_url=f"{slack.url}/api/"),
            settings.pop("clock", clock),
            {"card": render, "home": home},
            settings.pop("outcomes", {"card": hear, "test:plain": hear, "test:open": hear}),
            **{name: value for name, value in settings.items() if name != "database"},
        )
        made.append(outbox)
        return outbox

    yield make
    for outbox in made:
        await outbox.stop()


@pytest.fixture
def outbox(make_outbox):
    return make_outbox()


@pytest.fixture
def owe(database, clock):
    """Owe deliveries in a transaction of their own."""

    async def add(*deliveries):
        async with database.transaction() as store:
            return await store.deliveries.add(*deliveries, at=clock.now())

    return add


@pytest.fixture
def state_of(database):
    async def look(key):
        async with database.reading() as store:
            return await store.deliveries.find(key)

    return look
