"""Deliveries that did not arrive: brought to staff by a job, one card each, a flood as one.

What the staff channel itself does not take is told to everybody on staff in person.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from community.clock import Clock
from community.deliveries import Delivery, Kind, Landed, Owed, State, in_person_key, news_of, trouble_key
from community.notices import Notices, Places
from messages import deliveries as words
from storage.database import Database
from storage.store import Store

ONE_BY_ONE = 5
"""More troubles than this within one look are told together."""

_TROUBLE = frozenset({State.PARKED, State.DEAD})


def renderers() -> dict[str, Callable[[Store, Mapping[str, Any]], Awaitable[Mapping[str, Any] | None]]]:
    """Give what renders the cards about troubles."""

    async def trouble(store: Store, about: Mapping[str, Any]) -> Mapping[str, Any] | None:
        one = await store.deliveries.find(about["delivery"])
        return words.trouble(one, nth=about.get("nth")) if one else None

    async def many(_store: Store, about: Mapping[str, Any]) -> Mapping[str, Any]:
        return words.many(about["count"])

    async def in_person(store: Store, about: Mapping[str, Any]) -> Mapping[str, Any] | None:
        card = await store.deliveries.find(about["delivery"])
        if card is None:
            return None
        if card.render == "deliveries.many":
            return words.many_untold(card)
        if card.render == "deliveries.trouble":
            one = await store.deliveries.find(card.about["delivery"])
            return words.untold(card, one) if one else None
        return words.unposted(card, unsafe=await _of_danger(store, card.about))

    async def many_in_person(store: Store, about: Mapping[str, Any]) -> Mapping[str, Any] | None:
        card = await store.deliveries.find(about["delivery"])
        return words.many_unposted(about["count"], card) if card else None

    return {
        "deliveries.trouble": trouble,
        "deliveries.many": many,
        "deliveries.in_person": in_person,
        "deliveries.many_in_person": many_in_person,
    }


def outcomes(clock: Clock, places: Places) -> dict[str, Callable[[Store, Landed], Awaitable[None]]]:
    """Give what follows at once when a card for staff was refused: a report of danger waits for no job."""

    async def desk(store: Store, landed: Landed) -> None:
        if landed.sent or landed.kind is not Kind.POST or not await _of_danger(store, landed.about):
            return
        one = await store.deliveries.find(landed.key)
        if one is None or not _unheard(one, places):
            return
        at = clock.now()
        # The other cards come with the next look of the job, which tells a flood as one.
        if await store.deliveries.tell(one, at) is not None:
            staff = await _staff(store)
            await _tell_in_person(store, [one], staff, at)
            await store.tell(Notices(homes=frozenset(staff)), at=at)

    return {"mentoring.desk": desk}


async def report_trouble(database: Database, clock: Clock, places: Places) -> int:
    """Tell staff of every delivery that was refused or parked and not told yet; give how many.

    One that fails again after "Send again" gets a new card; one that arrived then is shown so on its card.
    """
    troubles: list[tuple[Owed, int]] = []
    unheard: list[Owed] = []
    async with database.glance() as store:
        if not await store.deliveries.untold():
            return 0
    async with database.transaction() as store:
        at = clock.now()
        staff = await _staff(store)
        for one in await store.deliveries.untold():
            nth = await store.deliveries.tell(one, at)
            if nth is None:
                continue
            if _unheard(one, places):
                unheard.append(one)
            elif words.worth_telling(one):
                if one.state in _TROUBLE:
                    troubles.append((one, nth))
                else:
                    await store.deliveries.refresh(*news_of(one, nth, staff), at=at)
        await _tell_in_channel(store, troubles, places, staff, at)
        await _tell_in_person(store, unheard, staff, at)
        if troubles or unheard:
            await store.tell(Notices(homes=frozenset(staff)), at=at)
    return len(troubles) + len(unheard)


def _unheard(one: Owed, places: Places) -> bool:
    """Whether staff would hear of it in no channel: theirs has refused it, or the very card about a trouble.

    What may have arrived there is told there; if that card is refused too, it comes here by itself.
    """
    if one.to != places.staff:
        return False
    return one.state is State.DEAD or (one.state is State.PARKED and one.key.startswith("deliveries:"))


async def _tell_in_channel(
    store: Store, troubles: Sequence[tuple[Owed, int]], places: Places, staff: Sequence[str], at: datetime
) -> None:
    """Tell the staff channel of these troubles, each for the time that stands beside it."""
    cards = [
        Delivery(
            key=trouble_key(one, nth),
            to=places.staff,
            render="deliveries.trouble",
            about={"delivery": one.key, "nth": nth},
        )
        for one, nth in troubles[:ONE_BY_ONE]
    ]
    if left := troubles[ONE_BY_ONE:]:
        cards.append(
            Delivery(
                key=f"deliveries:many:{at.isoformat()}",
                to=places.staff,
                render="deliveries.many",
                about={"count": len(left)},
            )
        )
    await store.deliveries.add(*cards, at=at)
    # The cards of the time before still say that it is being sent again.
    before = [key for one, nth in troubles for key in news_of(one, nth - 1, staff)]
    await store.deliveries.refresh(*before, at=at)


async def _tell_in_person(store: Store, cards: Sequence[Owed], staff: Sequence[str], at: datetime) -> None:
    """Tell everybody on staff what their channel did not take: once of each card, a flood as one."""
    messages = [
        Delivery(
            key=in_person_key(card.key, user),
            to=user,
            render="deliveries.in_person",
            about={"delivery": card.key},
        )
        for card in cards[:ONE_BY_ONE]
        for user in staff
    ]
    if left := cards[ONE_BY_ONE:]:
        messages += [
            Delivery(
                key=f"deliveries:many_in_person:{at.isoformat()}:{user}",
                to=user,
                render="deliveries.many_in_person",
                about={"count": len(left), "delivery": left[0].key},
            )
            for user in staff
        ]
    await store.deliveries.add(*messages, at=at)
    # Who has heard of it before sees there that it failed again.
    again = [in_person_key(card.key, user) for card in cards for user in staff if card.told]
    await store.deliveries.refresh(*again, at=at)


async def _of_danger(store: Store, about: Mapping[str, Any]) -> bool:
    """Whether this is about a question of somebody who feels unsafe."""
    number = about.get("request")
    request = await store.mentoring.get(number) if number else None
    return request is not None and request.safety


async def _staff(store: Store) -> list[str]:
    return [member.id for member in await store.members.staff()]
