"""The view that lists what is to come: opened by /chats and on the Home tab, shown anew after a press."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from community.members import Member
from community.slack_errors import error_code
from handlers.errors import whisper
from handlers.listening import House
from handlers.opening import KNOWN_WITHIN
from handlers.payloads import Json, actor_of, number, part
from messages import events_lists as lists
from storage.events_reading import coming
from storage.store import Store

log = structlog.get_logger(__name__)


async def read_list(store: Store, user: str, house: House, pages: Mapping[str, int]) -> Json:
    """Read what this person can come to, as the view that shows it, each list at its page."""
    member = await store.members.member(user) or Member(id=user)
    facts = await coming(
        store,
        member,
        house.clock.now(),
        most=lists.SHOWN,
        past_most=lists.PAST_SHOWN,
        page=pages.get("coming", 0),
        past_page=pages.get("past", 0),
    )
    return lists.coming(lists.Coming(**facts))


def pages_of(view: Mapping[str, Any]) -> dict[str, int]:
    """Read which page of each list the view shows."""
    try:
        kept = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return {name: number(value) for name, value in kept.items()} if isinstance(kept, dict) else {}


def show_list(house: House, client: AsyncWebClient, body: Json) -> None:
    """Open the list; where reading takes too long, something that is replaced by it."""
    user = actor_of(body).id
    house.errands.start(
        _open(house, client, body, lambda store: read_list(store, user, house, {})), what="open the events"
    )


async def _open(
    house: House, client: AsyncWebClient, body: Json, build: Callable[[Store], Awaitable[Json]]
) -> None:
    reading = asyncio.create_task(_read(house, build))
    await asyncio.wait([reading], timeout=KNOWN_WITHIN)
    show = client.views_push if part(body, "view").get("type") == "modal" else client.views_open
    waiting = lists.waiting()
    try:
        view = reading.result() if reading.done() else waiting
        opened = await show(trigger_id=body["trigger_id"], view=view)
        if view is waiting:
            await client.views_update(view_id=opened["view"]["id"], view=await reading)
    except SlackApiError as fault:
        log.warning("view not opened", error=error_code(fault.response))
        await whisper(client, body, "This took too long to open. Please try once more.")
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(house: House, build: Callable[[Store], Awaitable[Json]]) -> Json:
    async with house.database.reading() as store:
        return await build(store)


def show_again(
    house: House, client: AsyncWebClient, body: Json, turned: Mapping[str, int] | None = None
) -> bool:
    """Show the list anew if that is where something was pressed, or under the form that was sent; say so."""
    view = part(body, "view")
    user = actor_of(body).id
    if view.get("type") != "modal":
        return False
    pages: dict[str, int] = {}
    if view.get("callback_id") == lists.LIST:
        shown = view.get("id")
        pages = pages_of(view) | dict(turned or {})
    else:
        # The list lies under a form that was opened from it; under others lies something else.
        shown = view.get("root_view_id") if view.get("previous_view_id") else None
    if not shown:
        return False
    house.errands.start(
        show_in(house, client, str(shown), lambda store: read_list(store, user, house, pages)),
        what="show the events again",
    )
    return True


async def show_in(
    house: House, client: AsyncWebClient, view_id: str, build: Callable[[Store], Awaitable[Json]]
) -> None:
    """Put what is read anew into a view that is open; one that was closed meanwhile needs nothing."""
    view = await _read(house, build)
    try:
        await client.views_update(view_id=view_id, view=view)
    except SlackApiError as fault:
        log.info("view not shown again", error=error_code(fault.response))
