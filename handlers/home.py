"""The Home tab: opened, and its lists turned page by page."""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncAck

from community.clock import Clock
from community.journeys_steps import Came
from handlers.journeys_start import begin
from handlers.listening import Listening, May, Work
from handlers.payloads import Actor, Json, number
from messages.home import PAGE


def register(listen: Listening) -> None:
    """Hear what happens on the Home tab."""
    listen.event("app_home_opened", opened_home, may=May.ANYONE)
    listen.action(re.compile(rf"^{re.escape(PAGE)}\.(\w+)\.(\w+)$"), turned_page, may=May.ANYONE)


async def opened_home(ack: AsyncAck, event: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A person opened the app; on its Home tab they find what is theirs."""
    if event.get("tab", "home") == "home":
        async with work() as store:
            at = clock.now()
            await store.members.saw_home(actor.id, at=at)
            await begin(store, actor.id, Came.HOME, at=at)
            await store.deliveries.refresh_home(actor.id, at=at)
    await ack()


async def turned_page(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A person turned to another page of a list; a page that is not there shows the nearest that is."""
    which = str(action.get("action_id") or "").split(".")[-2]
    async with work() as store:
        at = clock.now()
        await store.members.turn_page(actor.id, which, number(action.get("value")), at=at)
        await store.deliveries.refresh_home(actor.id, at=at)
    await ack()
