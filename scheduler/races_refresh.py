"""Looks up every night what people saved, and tells them what has changed since."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

import structlog

from community import races_saved_notices as notices
from community.clock import Clock
from community.deliveries import State
from community.journeys_times import local, moment_at
from community.races import Race, RaceSource, SourceUnavailable
from community.races_changes import Change, change_of
from community.races_merge import together
from community.races_moves import Due, heard
from storage.database import Database
from storage.store import Store

log = structlog.get_logger(__name__)

NIGHT_BEGINS = time(3)
"""From this hour of the organisation's day on everything that is saved is looked up once more."""

MOST = 20
"""Races of one source that one run looks up; with a run every five minutes that is 240 an hour."""

PAUSE = 1.0
"""Seconds between two questions to the same source: nobody waits for these answers."""

AT_ONCE = 100
"""People of one transaction who saved the same race."""


def last_night(now: datetime, zone: str) -> datetime:
    """Give the last moment at which the night's look began."""
    here = local(now, zone)
    begun = moment_at(here.date(), NIGHT_BEGINS, zone)
    return begun if begun <= now else moment_at(here.date() - timedelta(days=1), NIGHT_BEGINS, zone)


async def refresh_saved(
    database: Database,
    clock: Clock,
    sources: Mapping[str, RaceSource],
    zone: str,
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> int:
    """Look up what was not looked up since last night, the oldest first; give how many races were answered.

    `sources` are named by what the keys of their races begin with. A source that does not answer changes
    nothing: it is left alone until the next run, and its races keep their place in the line.
    """
    answered = 0
    for name in sources:
        at = clock.now()
        before = last_night(at, zone)
        async with database.glance() as store:
            wanted = await store.races_saved.to_check(name, before=before, at=at, limit=MOST)
        for number, (key, also) in enumerate(wanted):
            if number:
                await sleep(PAUSE)
            try:
                race = await _asked(sources, key, also)
            except SourceUnavailable as away:
                log.info("source of saved races does not answer", source=away.source)
                break
            await take_in(database, clock, key, race, before=before)
            answered += 1
    return answered


async def _asked(sources: Mapping[str, RaceSource], key: str, also: Sequence[str]) -> Race | None:
    """Ask the source of a race, and those that filled it up: together they make the row that was saved.

    Raises SourceUnavailable where any of them does not answer, so that no fact seems to have gone.
    """
    found: Race | None = None
    for each in (key, *also):
        source = sources.get(each.partition(":")[0])
        race = await source.race(each) if source is not None else None
        if race is None and each == key:
            return None
        if race is not None:
            found = race if found is None else together(found, race)
    return None if found is None else replace(found, key=key)


async def take_in(database: Database, clock: Clock, key: str, race: Race | None, *, before: datetime) -> None:
    """Keep what a source says of one race for everybody who saved it; None: it says nothing new.

    The facts, the countdown and the messages of one person change in one transaction.
    """
    while True:
        async with database.transaction() as store:
            at = clock.now()
            due = await store.races_saved.with_key(key, before=before, at=at, limit=AT_ONCE)
            for each in due:
                await _take_in(store, each, race, at)
        if len(due) < AT_ONCE:
            return
        await asyncio.sleep(0)


async def _take_in(store: Store, due: Due, race: Race | None, at: datetime) -> None:
    kept = due.saved.race
    answer = kept if race is None or race.stale else replace(race, fits=kept.fits)
    found = heard(due.saved, answer, reader=due.reader, at=at, untold=await _untold(store, due))
    await store.races_saved.put(found.after)
    if not due.left:
        await store.tell(notices.news(found, at=at), at=at)


async def _untold(store: Store, due: Due) -> list[Change]:
    """Give the changes that this person was to be told of in the morning."""
    if due.saved.told is None or due.delivery is not State.PENDING:
        return []
    kept = await store.deliveries.find(due.saved.told)
    return [] if kept is None else [change_of(each) for each in kept.about["changes"]]
