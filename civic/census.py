"""The US Census Bureau's geocoder: from a street address to a point and its districts. It needs no key.

Source: geocoding.geo.census.gov/geocoder/Geocoding_Services_API.html, and recorded answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from civic import divisions, fetching, geographies
from civic.geographies import Geographies
from community.races import Point, SourceUnavailable

NAME = "US Census Bureau"
BASE = "https://geocoding.geo.census.gov"
PATIENCE = 2.5
"""Seconds for the whole look-up; who asked is watching."""
ADDRESS_MOST = 100
"""The geocoder refuses longer addresses."""
_NOT_AN_ADDRESS = ("address cannot be empty", "specify house number", "street name")
_WANTED = {divisions.UPPER, divisions.LOWER}


@dataclass(frozen=True, slots=True)
class Match:
    """One place that an address may be. `city` is in capitals, as the Bureau writes it; any may be ""."""

    city: str
    state: str
    zip: str
    point: Point | None
    told: Geographies


class Census:
    """The geocoder on a host ("https://…", with or without a slash); `close` closes its one session."""

    def __init__(self, base_url: str = BASE, *, patience: float = PATIENCE) -> None:
        self._base = base_url.rstrip("/")
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None

    async def find(self, address: str) -> tuple[Match, ...]:
        """Give the places that an address may be; none where the geocoder knows no such address.

        Asks once more where the legislative layers failed, if there is time. Raises SourceUnavailable where
        it does not answer in time or not as documented; neither it nor anything it comes from carries the
        address.
        """
        if not 0 < len(address) <= ADDRESS_MOST:
            return ()
        best: tuple[Match, ...] | None = None
        with contextlib.suppress(SourceUnavailable, *fetching.FAULTS):
            async with asyncio.timeout(self._patience):
                for _ in range(2):
                    found = await self._ask(address)
                    if best is None or _gaps(found) < _gaps(best):
                        best = found
                    if not _gaps(found):
                        break
        if best is None:
            # Raised out here, because an exception remembers what it was raised in: here the address.
            raise SourceUnavailable(NAME)
        return best

    async def close(self) -> None:
        """Let the connections go."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(self, address: str) -> tuple[Match, ...]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        asked = {
            "address": address,
            "benchmark": "Public_AR_Current",
            "vintage": "Current_Current",
            # Without this there are no districts; by number or name they would have to be renewed each year.
            "layers": "all",
            "format": "json",
        }
        url = f"{self._base}/geocoder/geographies/onelineaddress"
        status, body = await fetching.get(self._session, url, params=asked)
        if status == HTTPStatus.BAD_REQUEST and _refused(body):
            return ()
        if status != HTTPStatus.OK:
            raise SourceUnavailable(NAME)
        return _matches(json.loads(body))


def _refused(body: bytes) -> bool:
    """Whether a 400 says that this is no address, rather than that we asked wrongly."""
    try:
        errors = json.loads(body).get("errors")
    except (ValueError, AttributeError, RecursionError):
        return False
    said = " ".join(map(str, errors)).casefold() if isinstance(errors, list) else str(errors).casefold()
    return any(reason in said for reason in _NOT_AN_ADDRESS)


def _matches(told: Any) -> tuple[Match, ...]:
    try:
        matches = told["result"]["addressMatches"]
    except (KeyError, TypeError):
        raise SourceUnavailable(NAME) from None
    if not isinstance(matches, list):
        raise SourceUnavailable(NAME)
    found = [_match(each) for each in matches if isinstance(each, Mapping)]
    return tuple(each for each in found if each is not None)


def _match(told: Mapping[str, Any]) -> Match | None:
    layers = told.get("geographies")
    known = geographies.read(layers) if isinstance(layers, Mapping) else None
    if known is None:
        return None
    parts = told.get("addressComponents")
    parts = parts if isinstance(parts, Mapping) else {}
    city, zip_code = (str(parts.get(name) or "").strip() for name in ("city", "zip"))
    return Match(city[:100], known.state, zip_code[:5], _point(told.get("coordinates")), known)


def _point(told: Any) -> Point | None:
    try:
        return Point(latitude=float(told["y"]), longitude=float(told["x"]))
    except (KeyError, TypeError, ValueError):
        return None


def _gaps(found: tuple[Match, ...]) -> int:
    return sum(len(each.told.failed & _WANTED) for each in found)
