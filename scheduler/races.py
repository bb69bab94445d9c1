"""Saved races, without anybody asking: the countdown queued when it is due, and every card of it rendered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any

import structlog

from community import races_saved_notices as notices
from community.clock import Clock
from community.deliveries import State
from community.notices import Notices, Places
from community.races_changes import change_of
from community.races_moves import advance, moved_away
from messages import races_saved as words
from storage.database import Database
from storage.store import Store

log = structlog.get_logger(__name__)

AT_ONCE = 100
"""Saved races of one transaction: few enough that whoever presses a button meanwhile hardly waits."""

About = Mapping[str, Any]
Payload = Mapping[str, Any]
Render = Callable[[Store, About], Awaitable[Payload | None]]

_OUT = frozenset({State.SENT, State.SENDING, State.PARKED})


def renderers(clock: Clock, places: Places) -> dict[str, Render]:
    """Give what renders each message about a saved race, by name."""

    def of(make: Callable[[Store, words.Card, About], Awaitable[Payload | None]]) -> Render:
        async def render(store: Store, about: About) -> Payload | None:
            saved = await store.races_saved.get(about["saved"])
            if saved is None:
                return None
            return await make(store, words.Card(saved=saved, now=clock.now(), wins=places.wins), about)

        return render

    return {
        "races.countdown": of(_countdown),
        "races.changed": of(_changed),
        "races.calendar": of(_calendar),
        "races.win": of(_win),
    }


async def _countdown(_store: Store, card: words.Card, about: About) -> Payload:
    return words.countdown(
        card,
        rung=about["rung"],
        on=date.fromisoformat(about["on"]),
        what=about["what"],
        closes=date.fromisoformat(about["closes"]) if about["closes"] else None,
    )


async def _changed(_store: Store, card: words.Card, about: About) -> Payload:
    told = [change_of(each) for each in about["changes"]]
    return words.changed(card, told, on=date.fromisoformat(about["on"]))


async def _calendar(store: Store, card: words.Card, about: About) -> Payload | None:
    if card.saved.sequence != about["sequence"]:
        # Another file with a higher number follows, or has gone out.
        return None
    if about["method"] == "cancel" and not await _has_file(store, about):
        return None
    return words.calendar_file(card, method=about["method"], whats=about["whats"], why=about["why"])


async def _win(_store: Store, card: words.Card, about: About) -> Payload | None:
    if card.saved.won_at is None or card.saved.wins != about["nth"]:
        return None
    return words.win(card)


async def _has_file(store: Store, about: About) -> bool:
    """Whether an entry can be in the person's calendar: a file that never left need not be taken back."""
    for sequence in range(about["sequence"]):
        kept = await store.deliveries.find(notices.calendar_key(about["saved"], sequence, "publish"))
        if kept is not None and kept.state in _OUT:
            return True
    return False


async def count_down(database: Database, clock: Clock) -> int:
    """Queue every message of a countdown that is due; give how many.

    However many are due, each transaction takes only a few, so that the others hardly wait.
    """
    queued = 0
    while await _messages_are_due(database, clock):
        async with database.transaction() as store:
            at = clock.now()
            due = await store.races_saved.due(at=at, limit=AT_ONCE)
            moves = [advance(each, at) for each in due]
            await store.races_saved.put(*(move.after for move in moves))
            said = sum((notices.moved(move, at=at) for move in moves), Notices())
            await store.tell(said, at=at)
        queued += len(said.add)
        if len(due) < AT_ONCE:
            break
        await asyncio.sleep(0)
    if queued:
        log.info("countdowns queued", count=queued)
    return queued


async def _messages_are_due(database: Database, clock: Clock) -> bool:
    """Look without a transaction: mostly there is nothing, and nobody need wait for that."""
    async with database.glance() as store:
        return bool(await store.races_saved.due(at=clock.now(), limit=1))


async def follow_people(database: Database, clock: Clock) -> int:
    """Write to whoever moved at nine where they are now; give how many countdowns that changes."""
    changed = 0
    while True:
        async with database.glance() as store:
            if not await store.races_saved.astray(limit=1):
                return changed
        async with database.transaction() as store:
            astray = await store.races_saved.astray(limit=AT_ONCE)
            await store.races_saved.put(*(moved_away(each.saved, each.reader) for each in astray))
            await store.tell(Notices(homes=frozenset(each.saved.user for each in astray)), at=clock.now())
        changed += len(astray)
        if len(astray) < AT_ONCE:
            return changed
        await asyncio.sleep(0)
