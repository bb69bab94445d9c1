"""Opening a form: at once, because Slack's trigger lives three seconds, with what is known filled in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from community.refusals import Refused
from handlers.answering import notice, put, show, whisper
from handlers.listening import House
from handlers.payloads import Body
from messages.refusals import FORM_TOO_LATE, VIEW_TOO_LATE, sentence
from storage.store import Store

log = structlog.get_logger(__name__)

KNOWN_WITHIN = 0.8
"""Seconds that the database may take to say what is filled in. Without it the form opens empty."""

View = dict[str, Any]
Then = Callable[[str], Awaitable[None]]
"""What follows once a view is open, given its id."""


def open_form(
    house: House,
    client: AsyncWebClient,
    body: dict[str, Any],
    build: Callable[[Store], Awaitable[View]],
    bare: Callable[[], View],
) -> None:
    """Open the form that `build` makes from what is known, or the `bare` one where that takes too long.

    On a modal the form is put on top of it. A rule that refuses while building is shown instead.
    """
    house.errands.start(_open(house, client, body, build, bare), what="open form")


async def _open(
    house: House,
    client: AsyncWebClient,
    body: dict[str, Any],
    build: Callable[[Store], Awaitable[View]],
    bare: Callable[[], View],
) -> None:
    try:
        async with asyncio.timeout(KNOWN_WITHIN), house.database.reading() as store:
            view = await build(store)
    except Refused as refused:
        view = notice(sentence(refused))
    except Exception as fault:
        # A slow or sick database must not keep a person from writing their question down.
        slow = isinstance(fault, TimeoutError)
        log.warning("form opened without what is known", error=type(fault).__name__, exc_info=not slow)
        view = bare()
    if await show(client, body, view) is None:
        await whisper(client, body, FORM_TOO_LATE)


def open_known(
    house: House,
    client: AsyncWebClient,
    body: dict[str, Any],
    build: Callable[[Store], Awaitable[View]],
    waiting: View,
    *,
    then: Then | None = None,
) -> None:
    """Open a view that is of no use without what is known; while that takes long, `waiting` stands there.

    On a modal it is put on top of it. A rule that refuses while building is shown instead. `then` is given
    the id of the view once it is there.
    """
    house.errands.start(_open_known(house, client, body, build, waiting, then), what="open view")


async def _open_known(
    house: House,
    client: AsyncWebClient,
    body: dict[str, Any],
    build: Callable[[Store], Awaitable[View]],
    waiting: View,
    then: Then | None,
) -> None:
    reading = asyncio.create_task(_read(house, build))
    try:
        await asyncio.wait([reading], timeout=KNOWN_WITHIN)
        view = reading.result() if reading.done() else waiting
        view_id = await show(client, body, view)
        if view_id is None:
            await whisper(client, body, VIEW_TOO_LATE)
            return
        if view is waiting:
            await put(client, body, view_id, await reading)
        if then is not None:
            await then(view_id)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(house: House, build: Callable[[Store], Awaitable[View]]) -> View:
    try:
        async with house.database.reading() as store:
            return await build(store)
    except Refused as refused:
        return notice(sentence(refused))
    except Exception:
        log.exception("view not read")
        return notice("Something went wrong on our side. Please try once more in a moment.")


async def show_in(
    house: House,
    client: AsyncWebClient,
    body: Body,
    view_id: str,
    build: Callable[[Store], Awaitable[View]],
) -> None:
    """Put what is read anew into a view that is open."""
    async with house.database.reading() as store:
        view = await build(store)
    await put(client, body, view_id, view)
