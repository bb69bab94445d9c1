"""Deliveries that did not arrive: brought to staff by a job, one card each, a flood as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from community.clock import Clock
from community.deliveries import Delivery, State, trouble_key
from community.notices import Notices, Places
from messages import deliveries as words
from storage.database import Database
from storage.store import Store

ONE_BY_ONE = 5
"""More troubles than this within one look are told together."""


def renderers() -> dict[str, Callable[[Store, Mapping[str, Any]], Awaitable[Mapping[str, Any] | None]]]:
    """Give what renders the cards about troubles."""

    async def trouble(store: Store, about: Mapping[str, Any]) -> Mapping[str, Any] | None:
        one = await store.deliveries.find(about["delivery"])
        return words.trouble(one, nth=about.get("nth")) if one else None

    async def many(_store: Store, about: Mapping[str, Any]) -> Mapping[str, Any]:
        return words.many(about["count"])

    return {"deliveries.trouble": trouble, "deliveries.many": many}


async def report_trouble(database: Database, clock: Clock, places: Places) -> int:
    """Tell staff of every delivery that was refused or parked and not told yet; give how many.

    One that fails again after "Send again" gets a new card; one that arrived then is shown so on its card.
    """
    told = 0
    async with database.glance() as store:
        if not await store.deliveries.untold():
            return 0
    async with database.transaction() as store:
        at = clock.now()
        for one in await store.deliveries.untold():
            nth = await store.deliveries.tell(one, at)
            if nth is None or not words.worth_telling(one):
                continue
            key = trouble_key(one, nth)
            if one.state not in {State.PARKED, State.DEAD}:
                await store.deliveries.refresh(key, at=at)
                continue
            told += 1
            # The card of the time before still says that it is being sent again.
            await store.deliveries.refresh(trouble_key(one, nth - 1), at=at)
            if told <= ONE_BY_ONE:
                about = {"delivery": one.key, "nth": nth}
                card = Delivery(key=key, to=places.staff, render="deliveries.trouble", about=about)
                await store.deliveries.add(card, at=at)
        if told > ONE_BY_ONE:
            flood = Delivery(
                key=f"deliveries:many:{at.isoformat()}",
                to=places.staff,
                render="deliveries.many",
                about={"count": told - ONE_BY_ONE},
            )
            await store.deliveries.add(flood, at=at)
        if told:
            staff = [member.id for member in await store.members.staff()]
            await store.tell(Notices(homes=frozenset(staff)), at=at)
    return told
