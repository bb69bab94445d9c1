"""The view that lists what is to come: opened by /chats and on the Home tab, shown anew after a press."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from community.members import Member
from handlers.listening import House
from handlers.opening import open_known, show_in
from handlers.payloads import Json, actor_of, number, part
from messages import events_lists as lists
from storage.events_reading import coming
from storage.store import Store


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
    open_known(house, client, body, lambda store: read_list(store, user, house, {}), lists.waiting())


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
        show_in(house, client, body, str(shown), lambda store: read_list(store, user, house, pages)),
        what="show the events again",
    )
    return True
