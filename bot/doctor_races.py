"""The doctor's look at who is asked about places and races: whether they answer, and take our keys."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from civic.census import Census
from civic.civicengine import CivicEngine
from civic.google import Google
from community.clock import SystemClock
from community.races import Place, Precision, Shelved, SourceUnavailable, Window

if TYPE_CHECKING:
    from datetime import datetime

    from bot.settings import Settings

SOMEWHERE = "4600 Silver Hill Rd, Washington, DC 20233"
"""The Census Bureau's own address: nobody lives there."""

_ENGINE = {
    "refused": "CivicEngine refuses it: copy the key again, or ask BallotReady's support",
    "unreachable": "CivicEngine does not answer: is CIVICENGINE_URL right, and may this machine reach it?",
    "slow": "CivicEngine takes too long to answer: people will see its older answers, marked as such",
    "short": "CivicEngine answers in part",
}


async def look(settings: Settings) -> list[tuple[str, bool, str]]:
    """Give for each service what it is called in the settings, whether it is well, and what was found."""
    return list(await asyncio.gather(_census(settings), _engine(settings), _google(settings)))


async def _census(settings: Settings) -> tuple[str, bool, str]:
    what, census = "CENSUS_URL", Census(settings.census_url, patience=8)
    try:
        await census.find(SOMEWHERE)
    except SourceUnavailable:
        said = "the Census Bureau's geocoder does not answer: addresses are answered by their ZIP code"
        return what, False, f"{said}. May this machine reach it?"
    finally:
        await census.close()
    return what, True, "the Census Bureau's geocoder answers"


async def _engine(settings: Settings) -> tuple[str, bool, str]:
    what, key = "CIVICENGINE_API_KEY", settings.civicengine_api_key
    if key is None:
        return what, True, "not set: races come from what staff imported and the bundled catalogue"
    clock = SystemClock()
    engine = CivicEngine(key.get_secret_value(), _NoShelf(), clock, url=settings.civicengine_url)
    place = Place(precision=Precision.ZIP, state="DC", label="", zone="America/New_York", zip="20233")
    today = clock.now().date()
    try:
        found = await engine.races(place, Window(today, today + timedelta(days=30)))
    finally:
        await engine.close()
    if found.trouble:
        return what, False, _ENGINE.get(found.trouble, _ENGINE["unreachable"])
    return what, True, "CivicEngine takes it"


async def _google(settings: Settings) -> tuple[str, bool, str]:
    what, key = "GOOGLE_CIVIC_API_KEY", settings.google_civic_api_key
    if key is None:
        return what, True, "not set: addresses are looked up at the Census Bureau alone"
    google = Google(key.get_secret_value(), settings.google_civic_url, patience=8)
    try:
        await google.find(SOMEWHERE)
    except SourceUnavailable:
        said = "Google does not answer, or refuses it: is the Civic Information API switched on for the key?"
        return what, False, said
    finally:
        await google.close()
    return what, True, "Google takes it"


class _NoShelf:
    """Keeps nothing: what the doctor asks is no answer for anybody."""

    async def taken(self, key: str) -> Shelved | None:  # noqa: ARG002 - the shelf's own shape
        """There is never anything."""
        return None

    async def keep(self, key: str, facts: dict[str, Any], *, at: datetime) -> None:
        """Let it go."""
