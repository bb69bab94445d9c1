"""Google's Civic Information API: from an address to its divisions, with wards and council districts.

Used beside the Census where a key is set. Source: developers.google.com/civic-information,
divisionsByAddress.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from civic import divisions, fetching
from community.races import COUNTRY, Division, SourceUnavailable
from community.states import find_state

NAME = "Google Civic Information"
BASE = "https://civicinfo.googleapis.com"
PATIENCE = 2.5
_DIVISION = re.compile(rf"{COUNTRY}/(?:state|district|territory):[a-z]{{2}}(?:/[\w~.:\-]+)*")
_NOT_FOUND = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}


@dataclass(frozen=True, slots=True)
class Answer:
    """What Google made of an address: its state, city and ZIP code, and the divisions below the country."""

    city: str
    state: str
    zip: str
    divisions: tuple[Division, ...]


class Google:
    """The API on a host, with a key that goes out in a header and nowhere else; `close` it in the end."""

    def __init__(self, key: str, base_url: str = BASE, *, patience: float = PATIENCE) -> None:
        self._key = key
        self._base = base_url.rstrip("/")
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None

    async def find(self, address: str) -> Answer | None:
        """Give what Google makes of an address; None where it knows no such address.

        Raises SourceUnavailable where it does not answer in time, refuses the key or answers otherwise than
        documented; neither it nor anything it comes from carries the address or the key.
        """
        with contextlib.suppress(*fetching.FAULTS):
            async with asyncio.timeout(self._patience):
                return await self._ask(address)
        # Raised out here, because an exception remembers what it was raised in: here the address.
        raise SourceUnavailable(NAME)

    async def close(self) -> None:
        """Let the connections go."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(self, address: str) -> Answer | None:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        status, body = await fetching.get(
            self._session,
            f"{self._base}/civicinfo/v2/divisionsByAddress",
            params={"address": address},
            headers={"X-Goog-Api-Key": self._key},
        )
        # A wrong key is a 400 as well, and says nothing about the address.
        if status in _NOT_FOUND and b"API_KEY" not in body and b"API key" not in body:
            return None
        if status != HTTPStatus.OK:
            raise SourceUnavailable(NAME)
        return _answer(json.loads(body))


def _answer(told: Any) -> Answer | None:
    if not isinstance(told, Mapping):
        raise SourceUnavailable(NAME)
    listed = told.get("divisions")
    listed = listed if isinstance(listed, Mapping) else {}
    found = [Division(ocd, _name(about)) for ocd, about in listed.items() if _DIVISION.fullmatch(ocd)]
    top = next((each for each in found if each.ocd.count("/") == 2), None)  # noqa: PLR2004 - country, then state
    state = find_state(top.ocd.rpartition(":")[2]) if top else None
    if state is None:
        return None
    given = told.get("normalizedInput")
    given = given if isinstance(given, Mapping) else {}
    below = divisions.prefix(state.code) + "/"
    return Answer(
        city=str(given.get("city") or "")[:100],
        state=state.code,
        zip=str(given.get("zip") or "")[:5],
        divisions=tuple(each for each in found if each.ocd.startswith(below)),
    )


def _name(about: Any) -> str:
    return str(about.get("name") or "")[:200] if isinstance(about, Mapping) else ""
