"""Who is asked when somebody wants to know what they can run for: introduced from the settings."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Iterable, Mapping

import structlog

from bot.settings import Settings
from civic import postal, typed
from civic.catalogue import Catalogue
from civic.census import Census
from civic.civicengine import CivicEngine
from civic.google import Google
from civic.locator import Locator
from community.clock import Clock
from community.races import RaceSource
from handlers.races_finding import Finder, Located
from storage.database import Database
from storage.races import LocalRaces
from storage.races_cache import Shelf

log = structlog.get_logger(__name__)

KEYS: Mapping[type[RaceSource], str] = {
    CivicEngine: "civicengine",
    LocalRaces: "local",
    Catalogue: "catalogue",
}
"""What the keys of each source's races begin with."""


def by_key(sources: Iterable[RaceSource]) -> dict[str, RaceSource]:
    """Give each source by what the keys of its races begin with: what was saved is looked up anew by them."""
    return {KEYS[type(source)]: source for source in sources}


READS_AFTER = 5.0
"""Seconds after the start in which what waited for the app goes first: reading takes a core for a second."""


class Races:
    """The sources of races and places that the app asks, and what they need to be ready.

    `sources` are the most trusted first: they are merged in this order.
    """

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        key = settings.google_civic_api_key
        google = Google(key.get_secret_value(), settings.google_civic_url) if key else None
        self._locator = Locator(Census(settings.census_url), google)
        self._engine = _engine(settings, database, clock)
        self._wanted = asyncio.Event()
        self._warm = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        bundled: tuple[RaceSource, ...] = (LocalRaces(database), Catalogue())
        self.sources = (self._engine, *bundled) if self._engine else bundled
        self.finder = Finder(
            asked=typed.asked,
            is_address=typed.is_address,
            locate=self._locate,
            sources=self.sources,
            telling=by_key([self._engine]) if self._engine else {},
            remote=self._engine is not None,
            ready=self._warm.is_set,
        )

    def start(self) -> None:
        """Read what is bundled soon, or at once when somebody asks: their answer waits for it."""
        self._reading = asyncio.create_task(self._read(), name="races: read what is bundled")

    async def _read(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READS_AFTER):
                await self._wanted.wait()
        try:
            await _read_zip_codes()
            # The app is here to stay; to go through all of it again would hold up every answer for a tenth of
            # a second each time.
            gc.freeze()
        except Exception:
            log.exception("the ZIP codes could not be read")
        finally:
            # What could not be read says so itself when it is asked.
            self._warm.set()

    async def close(self) -> None:
        """Read no more, and let the connections go."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reading = None
        await self._locator.close()
        if self._engine is not None:
            await self._engine.close()

    async def ready(self) -> None:
        """Return once what is bundled has been read, which begins now at the latest."""
        self._wanted.set()
        await self._warm.wait()

    async def _locate(self, where: str) -> Located:
        await self.ready()
        return await self._locator.locate(where)


async def _read_zip_codes() -> None:
    try:
        await postal.read_apart()
    except (OSError, postal.NotRead) as fault:
        log.warning("the ZIP codes have to be read beside the answers", fault=type(fault).__name__)
        await asyncio.to_thread(postal.postal)


def _engine(settings: Settings, database: Database, clock: Clock) -> CivicEngine | None:
    key = settings.civicengine_api_key
    if key is None:
        return None
    return CivicEngine(key.get_secret_value(), Shelf(database), clock, url=settings.civicengine_url)
