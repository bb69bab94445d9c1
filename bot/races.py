"""Who is asked when somebody wants to know what they can run for: introduced from the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date

import structlog

from civic import locate, typed, warming
from civic.catalogue import Catalogue
from community.races import RaceSource
from handlers.races_finding import Finder, Located
from storage.database import Database
from storage.races import LocalRaces

log = structlog.get_logger(__name__)


KEYS: Mapping[type[RaceSource], str] = {LocalRaces: "local", Catalogue: "catalogue"}
"""What the keys of each source's races begin with."""


def by_key(sources: Iterable[RaceSource]) -> dict[str, RaceSource]:
    """Give each source by what the keys of its races begin with: what was saved is looked up anew by them."""
    return {KEYS[type(source)]: source for source in sources}


class Races:
    """The sources of races and places that the app asks, and what they need to be ready.

    `sources` are the most trusted first: they are merged in this order.
    """

    def __init__(self, database: Database) -> None:
        self.sources: tuple[RaceSource, ...] = (LocalRaces(database), Catalogue())
        self._warm = asyncio.Event()
        self.finder = Finder(
            asked=typed.asked,
            is_address=typed.is_address,
            locate=self._locate,
            sources=self.sources,
            ready=self._warm.is_set,
        )

    async def warm(self, today: date) -> None:
        """Read what is bundled, in a thread; until then answers come a moment after they were asked for."""
        try:
            await asyncio.to_thread(warming.warm, today)
        finally:
            # What could not be read says so itself when it is asked.
            self._warm.set()

    async def _locate(self, where: str) -> Located:
        await self._warm.wait()
        return locate.offline(where)
