"""CivicEngine in a box: answers by its schema, page by page, and with the faults that a service has."""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from graphql import build_schema, graphql_sync

SCHEMA = build_schema((Path(__file__).parent / "civicengine.graphql").read_text("utf-8"))
KEY = "a-key-of-tests"
AT = "2026-11-01T10:00:00Z"


def gid(kind: str, number: int) -> str:
    return base64.b64encode(f"gid://ballot-factory/{kind}/{number}".encode()).decode()


def position(number: int, name: str, **fields: Any) -> dict[str, Any]:
    """A position as the schema wants it; `zips`, `points` and `contained` say whom it is for."""
    return {
        "__typename": "Position", "id": gid("Position", number), "databaseId": number, "name": name,
        "appointed": False, "retention": False, "judicial": False, "level": "CITY", "seats": 1, "state": "VA",
        "mtfcc": "G4110", "geoId": "5167000", "hasUnknownBoundaries": False, "partisanType": "nonpartisan",
        "electionFrequencies": [{"frequency": [4], "validTo": None}], "createdAt": AT, "updatedAt": AT,
        "zips": ("23220",), "contained": True, "holders": (),
    } | fields  # fmt: skip


def race(number: int, of: dict[str, Any], day: str, **fields: Any) -> dict[str, Any]:
    """A race of a position as the schema wants it; `people` are its candidacies."""
    election = {"name": "Virginia General", "electionDay": day, "timezone": "America/New_York"}
    return {
        "__typename": "Race", "id": gid("Race", number), "databaseId": number, "position": of,
        "isPrimary": False, "isRunoff": False, "isRecall": False, "isUnexpired": False, "isPartisan": None,
        "isDisabled": False, "seats": None, "filingPeriods": [], "people": (),
        "createdAt": AT, "updatedAt": AT,
    } | fields | {"election": election | fields.get("election", {})}  # fmt: skip


def candidacy(name: str, *parties: str, **fields: Any) -> dict[str, Any]:
    return {
        "withdrawn": False, "isCertified": True, "isHidden": False, "result": None,
        "parties": [{"name": party} for party in parties],
        "candidate": {"fullName": name, "urls": [{"type": "website", "url": "https://example.org"}]},
    } | fields  # fmt: skip


def period(start: str | None, end: str | None, kind: str | None = None, notes: str | None = None) -> dict:
    return {"startOn": start, "endOn": end, "type": kind, "notes": notes}


@dataclass
class Service:
    """What it knows, what it was asked, and which faults come next.

    A fault takes the turn of one question: a status with headers, GraphQL `errors` with 200, a body that is
    no JSON or is not as documented, a dropped connection, or seconds of silence. `most` is the largest page
    that is not too complex.
    """

    races: list[dict[str, Any]] = field(default_factory=list)
    faults: deque[Any] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    refused: list[Any] = field(default_factory=list)
    most: int = 100
    nodes_most: int = 1000
    gone: set[int] = field(default_factory=set)
    holes: bool = False
    url: str = ""

    def queries(self, name: str) -> list[dict[str, Any]]:
        """The variables of every question of that name."""
        return [each["variables"] for each in self.asked if f"query {name}(" in each["query"]]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"errors": [{"message": "Unauthorized"}]}, status=401)
        asked = await request.json()
        self.asked.append(asked)
        fault = self.faults.popleft() if self.faults else None
        if callable(fault):
            fault = fault(asked)
        failed = await _failing(fault, request)
        return failed if failed is not None else self._told(asked)

    def _told(self, asked: dict[str, Any]) -> web.Response:
        if asked["variables"].get("first", 0) > self.most:
            said = "Query has complexity of 9000, which exceeds max complexity"
            return web.json_response({"errors": [{"message": said}]})
        told = graphql_sync(SCHEMA, asked["query"], _Root(self), variable_values=asked["variables"])
        if told.errors:
            self.refused.extend(told.errors)
            return web.json_response({"errors": [{"message": str(each)} for each in told.errors]})
        return web.json_response({"data": told.data})

    def connection(self, found: list[Any], edge: Callable[[Any], dict], first: int | None, after: str | None):
        start = int(base64.b64decode(after)) if after else 0
        end = start + (first or 50)
        edges: list[Any] = [
            {"cursor": base64.b64encode(str(at + 1).encode()).decode()} | edge(each)
            for at, each in enumerate(found[start:end], start)
        ]
        info = {
            "hasNextPage": end < len(found),
            "hasPreviousPage": start > 0,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        }
        if self.holes:
            edges = [None, *edges, {"cursor": "x", "node": None}]
        return {"edges": edges, "nodes": [each and each.get("node") for each in edges], "pageInfo": info}

    def list(self, info, *, location=None, filterBy=None, first=None, after=None, orderBy=None, of=None):  # noqa: N803
        wanted = filterBy or {}
        found = [
            each
            for each in self.races
            if _in_days(each, wanted.get("electionDay"))
            and _there(each["position"], location)
            and wanted.get("state") in {None, each["position"]["state"]}
            and ("level" not in wanted or each["position"]["level"] in wanted["level"])
            and (of is None or each["position"]["databaseId"] == of)
        ]
        found.sort(key=lambda each: (each["election"]["electionDay"], each["databaseId"]))
        return self.connection(found, lambda each: {"node": self.shown(each)}, first, after)

    def positions(self, info, *, location=None, filterBy=None, first=None, after=None):  # noqa: N803
        wanted = filterBy or {}
        found = {
            each["position"]["databaseId"]: each["position"]
            for each in self.races
            if _in_days(each, wanted.get("electionDay"))
            and _there(each["position"], location)
            and wanted.get("state") in {None, each["position"]["state"]}
            and each["position"]["geoId"] in wanted.get("geoId", [each["position"]["geoId"]])
            and each["position"]["mtfcc"] in wanted.get("mtfcc", [each["position"]["mtfcc"]])
        }
        zipped = location is not None and "zip" in location

        def edge(one: dict[str, Any]) -> dict[str, Any]:
            return {"node": self.stood(one), "isContained": one["contained"] if zipped else None}

        return self.connection([found[number] for number in sorted(found)], edge, first, after)

    def shown(self, one: dict[str, Any]) -> dict[str, Any]:
        def candidacies(info, includeUncertified=False):  # noqa: N803
            return [each for each in one["people"] if includeUncertified or each["isCertified"]]

        return one | {"candidacies": candidacies, "position": self.stood(one["position"])}

    def stood(self, one: dict[str, Any]) -> dict[str, Any]:
        def races(info, **how):
            return self.list(info, of=one["databaseId"], **how)

        def holders(info, **how):
            people = [
                {"isVacant": name is None, "person": None if name is None else {"fullName": name}}
                for name in one["holders"]
            ]
            return self.connection(people, lambda each: {"node": each}, how.get("first"), None)

        return one | {"races": races, "officeHolders": holders}


async def _failing(fault: Any, request: web.Request) -> web.Response | None:
    if isinstance(fault, float):
        await asyncio.sleep(fault)
    if isinstance(fault, (dict, list)):
        return web.json_response(fault)
    if fault == "drop":
        request.transport.abort()
        raise asyncio.CancelledError
    if fault == "html":
        return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
    if fault == "errors":
        return web.json_response({"data": None, "errors": [{"message": "Something", "path": ["races"]}]})
    return web.Response(status=fault[0], headers=fault[1], text="{}") if isinstance(fault, tuple) else None


class _Root:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.races = service.list
        self.positions = service.positions

    def node(self, info, id):  # noqa: A002
        return self._node(id)

    def nodes(self, info, ids):
        # What is too much comes back short, and with 200.
        return [self._node(one) for one in ids[: self.service.nodes_most]]

    def _node(self, one: str):
        for race_ in self.service.races:
            if race_["id"] == one and race_["databaseId"] not in self.service.gone:
                return self.service.shown(race_)
        return None


def _in_days(one: dict[str, Any], days: dict[str, str] | None) -> bool:
    day = one["election"]["electionDay"]
    return days is None or days.get("gte", "") <= day <= days.get("lte", "9999")


def _there(of: dict[str, Any], location: dict[str, Any] | None) -> bool:
    return location is None or "point" in location or location["zip"] in of["zips"]


@asynccontextmanager
async def serving() -> AsyncIterator[Service]:
    """Serve it on a free port of this machine."""
    service = Service()
    app = web.Application()
    app.router.add_post("/graphql", service.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    service.url = f"http://{host}:{port}/graphql"
    try:
        yield service
    finally:
        await runner.cleanup()
