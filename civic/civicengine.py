"""BallotReady's CivicEngine as a source of races, with what it answered before where it does not answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from civic import civicengine_queries as queries
from civic import civicengine_reading as reading
from civic.civicengine_asking import MALFORMED, Questions, days_of
from civic.civicengine_kept import Answer, Row, by_zip, exact, packed, shelf_key, unpacked
from civic.civicengine_wire import GAP, TOO_MUCH, EngineTrouble, Wire, all_of
from community.clock import Clock
from community.races import Division, Found, Place, Race, RaceShelf, SourceUnavailable, Window
from community.races_pairs import LONGEST, paired

log = logging.getLogger(__name__)

NAME = "CivicEngine"
URL = "https://bpi.civicengine.com/graphql"
PATIENCE = 5.0
"""Seconds for all questions of one look-up: somebody watches a loading view."""
FRESH_FOR = timedelta(hours=12)
"""For so long an answer is given again without asking."""
MISLEADS_AFTER = timedelta(days=30)
"""Older answers are not given even where nothing newer is known: dates of filing move."""
_BEYOND = timedelta(days=31)
"""So much further than needed an answer reaches, that it is still whole a few weeks later."""


class CivicEngine:
    """The service behind a URL and a key; asked within `patience` seconds, in its pace of `gap` seconds."""

    name = NAME

    def __init__(
        self,
        key: str,
        shelf: RaceShelf,
        clock: Clock,
        *,
        url: str = URL,
        patience: float = PATIENCE,
        gap: float = GAP,
    ) -> None:
        self._wire = Wire(url, key, gap=gap)
        self._shelf = shelf
        self._clock = clock
        self._patience = patience

    async def close(self) -> None:
        """Let the connections go."""
        await self._wire.close()

    async def races(self, place: Place, window: Window) -> Found:
        """Give the races of that place: from the shelf while they are fresh, else from the service.

        Where it does not answer, an older answer is given and marked as stale, with what kept it from
        answering. Never raises for what the service does.
        """
        key = shelf_key(place)
        if key is None:
            return Found(source=NAME)
        shelved = await self._shelf.taken(key)
        if shelved is not None and shelved.at < self._clock.now() - MISLEADS_AFTER:
            shelved = None
        kept = unpacked(shelved) if shelved is not None else None
        if kept is not None and shelved is not None and not exact(place):
            fresh = shelved.at > self._clock.now() - FRESH_FOR
            if fresh and kept.window.first <= window.first and kept.window.last >= window.last:
                return _found(kept, place, window)
        try:
            answer = await self._asked(place, window)
        except (EngineTrouble, *MALFORMED) as trouble:
            code = trouble.code if isinstance(trouble, EngineTrouble) else "refused"
            code = "refused" if code == TOO_MUCH else code
            if kept is None:
                return Found(source=NAME, trouble=code)
            return _found(replace(kept, trouble=code), place, window, stale=True)
        if answer.trouble and kept is not None and len(kept.rows) > len(answer.rows):
            return _found(replace(kept, trouble=answer.trouble), place, window, stale=True)
        if not answer.trouble:
            await self._shelf.keep(key, packed(answer), at=self._clock.now())
        return _found(answer, place, window)

    async def race(self, key: str) -> Race | None:
        """Give one race with who stands in it and who holds the office; None where it is not from here.

        Raises SourceUnavailable where the service does not answer.
        """
        match = reading.KEY.fullmatch(key)
        if match is None:
            return None
        today = self._clock.now().date()
        around = days_of(Window(today - 2 * LONGEST, today + timedelta(days=2000)))
        asked = {"id": reading.race_id(match[1]), "days": {"electionDay": around}}
        try:
            data = await self._wire.ask(queries.RACE, asked, until=self._until())
            told = data.get("node")
            return self._one(told, key) if told else None
        except EngineTrouble:
            raise SourceUnavailable(NAME) from None
        except MALFORMED as fault:
            log.warning("CivicEngine's race cannot be read: %s", type(fault).__name__)
            raise SourceUnavailable(NAME) from None

    def _one(self, told: Mapping[str, Any], key: str) -> Race | None:
        if not reading.electable(told):
            return None
        position = told["position"]
        siblings = [each for each in reading.nodes(position.get("races")) if reading.electable(each)]
        rows = {row.race.key: row for row in self._rows([*siblings, told], standing=True)}
        mine = rows[key].race
        # What will not be on the ballot is no sibling of what will.
        pairs = [(row.position, row.race) for row in rows.values() if row.race.cancelled == mine.cancelled]
        found = next((race for race in paired(pairs) if race.key == key), mine)
        return replace(found, incumbents=reading.incumbents(position))

    async def _asked(self, place: Place, window: Window) -> Answer:
        """Ask the service for a place; raises EngineTrouble where nothing at all came of it."""
        questions = Questions(self._wire, self._until())
        around = Window(window.first - LONGEST, window.last + _BEYOND)
        contained: Mapping[int, bool | None] | None = None
        if by_zip(place):
            (told, trouble), contained = await all_of(
                questions.listed(place, around), questions.contained(place, around)
            )
        else:
            told, trouble = await questions.listed(place, around)
        rows = self._rows(told)
        if contained is not None:
            rows = [replace(row, sure=_surely(row, contained)) for row in rows]
        today = self._clock.now().date()
        ahead = [row.race.key for row in rows if row.race.election_day and row.race.election_day >= today]
        known, short = await questions.standing(ahead)
        rows = [replace(row, race=replace(row.race, candidates=known.get(row.race.key))) for row in rows]
        # The days before the window are asked for primaries of races within it; they are not whole.
        return Answer(tuple(rows), Window(window.first, around.last), trouble or ("short" if short else ""))

    def _rows(self, told: Iterable[Mapping[str, Any]], *, standing: bool = False) -> list[Row]:
        today = self._clock.now().date()
        rows: dict[str, Row] = {}
        for each in told:
            try:
                if not reading.electable(each):
                    continue
                race = reading.race_of(each, source=NAME, as_of=today)
                if standing and race.election_day is not None and race.election_day >= today:
                    # Who stood in a primary that is over is no news, and a list does not ask for it either.
                    race = replace(race, candidates=reading.candidates(each))
                rows[race.key] = Row(reading.position_of(each), race)
            except MALFORMED as fault:
                # One that is not as documented must not hide the others.
                log.warning("one of CivicEngine's races cannot be read: %s", type(fault).__name__)
        return list(rows.values())

    def _until(self) -> float:
        return asyncio.get_running_loop().time() + self._patience


def _surely(row: Row, contained: Mapping[int, bool | None]) -> bool | None:
    covers = contained.get(int(row.position.rpartition(":")[2]))
    return True if covers is True else None


def _found(answer: Answer, place: Place, window: Window, *, stale: bool = False) -> Found:
    divisions = {
        (each.census, each.geoid): each for each in (*place.overlapping, *place.certain) if each.geoid
    }
    guessed = stale and exact(place)
    # By a city, a county or a state it was asked for more than what surely holds the place.
    nearby = place.point is None and not by_zip(place)
    sure = {row.race.key: row.sure for row in answer.rows}
    races = []
    # One that will not be on the ballot is nothing to run for; it is told to those who saved it.
    for race in paired((row.position, row.race) for row in answer.rows if not row.race.cancelled):
        if race.election_day is None or not window.first <= race.election_day <= window.last:
            continue
        division = race.office.division
        known = divisions.get((division.census, division.geoid))
        fits = sure[race.key] if known is not None or not guessed else None
        races.append(
            replace(
                race,
                office=replace(race.office, division=_named(division, known)),
                stale=stale,
                fits=None if race.office.boundaries_unknown or nearby else fits,
            )
        )
    return Found(source=NAME, races=tuple(races), trouble=answer.trouble)


def _named(division: Division, known: Division | None) -> Division:
    """Give a division with the OCD id that the place knows it by, where the service's ids did not tell it."""
    return known if known is not None and known.ocd and not division.ocd else division
