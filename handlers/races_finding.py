"""From what somebody typed to an answer: where that is, what every source knows of it, and what is kept.

What was typed may be somebody's address. It lives in the memory of one look-up: nothing here logs it, keeps
it or lets it travel in an exception. A fault is told by its type and place in the code alone.
"""

from __future__ import annotations

import asyncio
import secrets
import traceback
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from community.clock import Clock
from community.races import (
    Asked,
    Found,
    NotLocated,
    Place,
    Race,
    RaceSource,
    Several,
    SourceUnavailable,
    Unlocated,
    Window,
)
from community.races_list import Lookup, Wish, answered, first_wish
from community.races_merge import told_more
from community.races_saved import Saved
from handlers.payloads import Actor
from messages.races_forms import FAULT, SLOW, UNREACHABLE

log = structlog.get_logger(__name__)

LOOKS_AHEAD = timedelta(days=730)
"""How far ahead elections are looked for."""

EACH_WITHIN = 6.0
"""Seconds that one source of races gets."""

ALL_WITHIN = 12.0
"""Seconds after which a look-up is given up: nobody waits longer in front of a loading view."""

UNCHOSEN_MOST = 200
"""Ambiguous addresses whose exact points wait in memory until somebody chooses one."""

Located = Place | Several | NotLocated


def _asked(text: str) -> Asked:
    return Asked(where=" ".join(text.split()))


async def _nowhere(_where: str) -> Located:
    return NotLocated(Unlocated.UNKNOWN_PLACE)


@dataclass(frozen=True, slots=True)
class Finder:
    """Who is asked, and in which order.

    `asked` takes apart what was typed; `locate` says where that is, or raises SourceUnavailable; `sources`
    know races, the most trusted first; `telling` are those of them that say more of one race than in a list,
    by what the keys of their races begin with. `is_address` says that only the network can tell where that
    is, `remote` that a source is in the network, `ready` that all else can answer at once. `unchosen` are the
    exact places of answers that wait for a choice.
    """

    asked: Callable[[str], Asked] = _asked
    locate: Callable[[str], Awaitable[Located]] = _nowhere
    is_address: Callable[[str], bool] = lambda _where: False
    sources: Sequence[RaceSource] = ()
    telling: Mapping[str, RaceSource] = field(default_factory=dict)
    remote: bool = False
    ready: Callable[[], bool] = lambda: True
    unchosen: OrderedDict[str, tuple[Place, ...]] = field(default_factory=OrderedDict)

    def instant(self, asked: Asked) -> bool:
        """Whether the answer needs nothing of the network, so that it can be the acknowledgement itself."""
        return self.ready() and not self.remote and not self.is_address(asked.where)

    def tellers(self, race: Race) -> tuple[tuple[RaceSource, str], ...]:
        """Give who can say more of a race, and by which of its keys; nobody where nothing is missing."""
        if race.candidates is not None and race.incumbents is not None:
            return ()
        named = ((self.telling.get(key.partition(":")[0]), key) for key in (race.key, *race.also))
        return tuple((source, key) for source, key in named if source is not None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a look-up: an answer and what of it is shown first, or why there is none.

    `saved` are the races that the person keeps an eye on, by their keys.
    """

    lookup: Lookup | None = None
    wish: Wish = field(default_factory=Wish)
    trouble: str = ""
    saved: Mapping[str, Saved] = field(default_factory=dict)


async def find(finder: Finder, clock: Clock, actor: Actor, asked: Asked) -> Answer:
    """Look up what was typed; never raises, and nothing is kept yet."""
    if not asked.where:
        return Answer(trouble=Unlocated.NOTHING)
    try:
        async with asyncio.timeout(ALL_WITHIN):
            return await _located(finder, clock, actor, asked)
    except SourceUnavailable as away:
        log.warning("place not looked up", source=away.source)
        return Answer(trouble=UNREACHABLE)
    except TimeoutError:
        log.warning("place not looked up", error="timeout")
        return Answer(trouble=SLOW)
    except Exception as fault:  # noqa: BLE001 - its text may hold the address, so nobody above may see it
        _note(fault)
        return Answer(trouble=FAULT)


async def _located(finder: Finder, clock: Clock, actor: Actor, asked: Asked) -> Answer:
    where = await finder.locate(asked.where)
    if isinstance(where, NotLocated):
        return Answer(trouble=where.reason)
    if isinstance(where, Several):
        return _several(finder, clock, actor, where, first_wish(asked))
    return Answer(await _at(finder, clock, actor, where), first_wish(asked))


async def find_at(finder: Finder, clock: Clock, actor: Actor, place: Place, wish: Wish) -> Answer:
    """Look up a place that somebody chose among several; never raises."""
    try:
        return Answer(await _at(finder, clock, actor, place), wish)
    except Exception as fault:  # noqa: BLE001 - as above
        _note(fault)
        return Answer(trouble=FAULT)


def _several(finder: Finder, clock: Clock, actor: Actor, where: Several, wish: Wish) -> Answer:
    if not where.places:
        return Answer(trouble=Unlocated.UNKNOWN_PLACE)
    look = secrets.token_urlsafe(9)
    finder.unchosen[look] = where.places
    while len(finder.unchosen) > UNCHOSEN_MOST:
        finder.unchosen.popitem(last=False)
    return Answer(Lookup(id=look, user=actor.id, asked_at=clock.now(), places=where.places), wish)


async def _at(finder: Finder, clock: Clock, actor: Actor, place: Place) -> Lookup:
    now = clock.now()
    window = Window(now.date(), (now + LOOKS_AHEAD).date())
    found = await asyncio.gather(*(_ask(source, place, window) for source in finder.sources))
    return answered(secrets.token_urlsafe(9), actor.id, place, found, at=now)


async def _ask(source: RaceSource, place: Place, window: Window) -> Found:
    """Ask one source; what goes wrong with it is its trouble, not that of the others."""
    try:
        async with asyncio.timeout(EACH_WITHIN):
            return await source.races(place, window)
    except TimeoutError:
        log.warning("races not looked up", source=source.name, error="timeout")
        return Found(source=source.name, trouble="slow")
    except Exception as fault:  # noqa: BLE001 - as above
        _note(fault, source=source.name)
        return Found(source=source.name, trouble="unreachable")


@dataclass(frozen=True, slots=True)
class Told:
    """A race with what its sources added; `away` names one that could not be asked."""

    race: Race
    away: str = ""


async def tell_more(finder: Finder, race: Race) -> Told:
    """Ask a race's own sources for what their lists leave out, within `EACH_WITHIN` seconds; never raises."""
    told, asking = race, ""
    try:
        async with asyncio.timeout(EACH_WITHIN):
            for source, key in finder.tellers(race):
                asking = source.name
                asked = await source.race(key)
                told = told_more(told, asked) if asked is not None else told
    except (SourceUnavailable, TimeoutError) as fault:
        log.warning("race not looked up", source=asking, error=type(fault).__name__)
        return Told(told, asking)
    except Exception as fault:  # noqa: BLE001 - as above
        _note(fault, source=asking)
        return Told(told, asking)
    return Told(told)


def _note(fault: BaseException, **facts: str) -> None:
    """Log where in the code it happened, and of which type it is; the fault's own text may be an address."""
    frames = [f"{one.name}:{one.lineno}" for one in traceback.extract_tb(fault.__traceback__)]
    log.error("look-up failed", error=type(fault).__name__, at=" > ".join(frames[-12:]), **facts)
