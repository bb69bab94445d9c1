"""The two geocoders on loopback: answers shaped as the real ones' were recorded, and the ways they fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]

BROKEN = {"status": "Layer query encountered an error: java.lang.RuntimeException: Failed to return"}
"""How one layer says, inside a 200, that it failed."""


def row(geoid: str, name: str, mtfcc: str, **more: Any) -> dict[str, Any]:
    """One row of one layer, with the keys that every layer has."""
    return {
        "GEOID": geoid,
        "CENTLAT": "+37.5294000",
        "AREAWATER": 7000000,
        "STATE": geoid[:2],
        "BASENAME": name,
        "OID": "27690331270163",
        "LSADC": "00",
        "FUNCSTAT": "A",
        "INTPTLAT": "+37.5314000",
        "NAME": name,
        "OBJECTID": 6,
        "CENTLON": "-077.4760000",
        "AREALAND": 155000000,
        "INTPTLON": "-077.4760000",
        "MTFCC": mtfcc,
        **more,
    }


def richmond() -> dict[str, Any]:
    """What the geocoder says of a house in Richmond, Virginia: a city in no county."""
    return {
        "States": [row("51", "Virginia", "G4000", STUSAB="VA")],
        "Counties": [row("51760", "Richmond city", "G4020", COUNTY="760", COUNTYNS="01789073")],
        "County Subdivisions": [row("5176067000", "Richmond city", "G4040", FUNCSTAT="F")],
        "Incorporated Places": [row("5167000", "Richmond city", "G4110")],
        "Unified School Districts": [row("5103240", "Richmond City Public Schools", "G5420")],
        "119th Congressional Districts": [row("5104", "Congressional District 4", "G5200", CDSESSN="119")],
        "2024 State Legislative Districts - Upper": [
            row("51014", "State Senate District 14", "G5210", SLDU="014", LSY="2024")
        ],
        "2024 State Legislative Districts - Lower": [
            row("51078", "State House District 78", "G5220", SLDL="078", LSY="2024")
        ],
        "Census Tracts": [row("51760040500", "Census Tract 405", "G5020")],
        "2020 Census Blocks": [row("517600405001008", "Block 1008", "G5040")],
        "2020 Census ZIP Code Tabulation Areas": [row("23220", "ZCTA5 23220", "G6350")],
    }


def match(
    layers: dict[str, Any], *, city: str = "RICHMOND", state: str = "VA", zip_code: str = "23220"
) -> dict[str, Any]:
    """One address match."""
    return {
        "matchedAddress": f"1600 W MAIN ST, {city}, {state}, {zip_code}",
        "coordinates": {"x": -77.463539, "y": 37.547921},
        "tigerLine": {"tigerLineId": "76225813", "side": "L"},
        "addressComponents": {
            "zip": zip_code,
            "city": city,
            "state": state,
            "fromAddress": "1600",
            "toAddress": "1698",
            "preQualifier": "",
            "preDirection": "W",
            "preType": "",
            "streetName": "MAIN",
            "suffixType": "ST",
            "suffixDirection": "",
            "suffixQualifier": "",
        },
        "geographies": layers,
    }


def result(*matches: dict[str, Any], address: str = "") -> dict[str, Any]:
    """A whole answer."""
    return {
        "result": {
            "input": {
                "address": {"address": address},
                "benchmark": {
                    "id": "4",
                    "benchmarkName": "Public_AR_Current",
                    "benchmarkDescription": "Public Address Ranges - Current Benchmark",
                    "isDefault": True,
                },
                "vintage": {
                    "id": "4",
                    "vintageName": "Current_Current",
                    "vintageDescription": "Current Vintage - Current Benchmark",
                    "isDefault": True,
                },
            },
            "addressMatches": list(matches),
        }
    }


def google_answer(
    *ocds: str, city: str = "Richmond", state: str = "VA", zip_code: str = "23220"
) -> dict[str, Any]:
    """Google's answer, with the country and the divisions named."""
    listed = {"ocd-division/country:us": {"name": "United States"}}
    listed |= {f"ocd-division/country:us/{ocd}": {"name": ocd.rpartition(":")[2].title()} for ocd in ocds}
    return {
        "kind": "civicinfo#divisionsByAddressResponse",
        "normalizedInput": {"line1": "1600 West Main Street", "city": city, "state": state, "zip": zip_code},
        "divisions": listed,
    }


@dataclass
class Geocoder:
    """A server that answers what it was told to, in turn (the last answer again and again), and remembers."""

    replies: list[Reply] = field(default_factory=list)
    asked: list[web.Request] = field(default_factory=list)
    url: str = ""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def says(self, body: Any, *, status: int = 200) -> None:
        """Answer with JSON."""

        async def reply(_: web.Request) -> web.StreamResponse:
            return web.json_response(body, status=status)

        self.replies.append(reply)

    def says_text(self, text: str, *, status: int = 200, kind: str = "text/html") -> None:
        """Answer with something that is no JSON."""

        async def reply(_: web.Request) -> web.StreamResponse:
            return web.Response(text=text, status=status, content_type=kind)

        self.replies.append(reply)

    def hangs(self) -> None:
        """Take the request and say nothing."""

        async def reply(_: web.Request) -> web.StreamResponse:
            await self.over.wait()
            return web.Response()

        self.replies.append(reply)

    def drops(self) -> None:
        """Take the request and close the connection."""

        async def reply(request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.close()
            return web.Response()

        self.replies.append(reply)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer whatever is next."""
        self.asked.append(request)
        return await self.replies[min(len(self.asked), len(self.replies)) - 1](request)


@asynccontextmanager
async def serving(path: str) -> AsyncIterator[Geocoder]:
    """Serve a geocoder on a free port of this machine."""
    geocoder = Geocoder()
    app = web.Application()
    app.router.add_get(path, geocoder.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    geocoder.url = f"http://{host}:{port}"
    try:
        yield geocoder
    finally:
        geocoder.over.set()
        await runner.cleanup()
