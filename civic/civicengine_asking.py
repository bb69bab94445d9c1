"""The questions that CivicEngine is asked for a place, page by page, and who stands in what it named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from civic import civicengine_queries as queries
from civic import civicengine_reading as reading
from civic.civicengine_kept import by_zip, pairs_of
from civic.civicengine_wire import TOO_MUCH, EngineTrouble, Wire, all_of
from community.races import Candidate, Place, Precision, Window

PAGE = 100
_SMALLER_PAGE = 25
_PAGES_MOST = 40
_BATCH = 50
"""Races whose candidates are asked for at once; of larger batches the service leaves some out."""
MALFORMED = (KeyError, TypeError, ValueError, AttributeError)
"""What reading an answer raises that is not as the schema says."""


class Questions:
    """All questions of one look-up; `until` is when its time is over, by the running loop's clock."""

    def __init__(self, wire: Wire, until: float) -> None:
        self._wire = wire
        self._until = until

    async def listed(self, place: Place, around: Window) -> tuple[list[Any], str]:
        """Give all races of a place as the service tells them, and "short" where some are missing."""
        days = {"electionDay": days_of(around)}
        if place.point is not None:
            location: dict[str, Any] = {
                "point": {"latitude": place.point.latitude, "longitude": place.point.longitude}
            }
            asked = {"location": location, "filterBy": days | {"state": place.state}}
            return await self._paged(queries.RACES, "races", asked)
        if by_zip(place):
            # A ZIP code at a border reaches over it.
            asked = {"location": {"zip": place.zip}, "filterBy": days | {"state": place.state}}
            return await self._paged(queries.RACES, "races", asked)
        wide = {"filterBy": days | {"state": place.state, "level": ["STATE", "FEDERAL"]}}
        if place.precision is Precision.STATE:
            return await self._paged(queries.RACES, "races", wide)
        pairs = pairs_of(place)
        narrow = {
            "filterBy": days
            | {
                "geoId": sorted({geoid for _, geoid in pairs}),
                "mtfcc": sorted({census for census, _ in pairs}),
            },
            "days": days,
        }
        (near, trouble), (far, other) = await all_of(
            self._paged(queries.AT_PLACES, "positions", narrow),
            self._paged(queries.RACES, "races", wide),
        )
        # The filter takes each id with each class, so some of what it gives is somewhere else.
        races = [
            race
            for position in near
            if (position.get("mtfcc"), position.get("geoId")) in pairs
            for race in reading.nodes(position.get("races"))
        ]
        statewide = [race for race in far if race["position"].get("mtfcc") in {"G4000", None}]
        return [*races, *statewide], trouble or other

    async def contained(self, place: Place, around: Window) -> Mapping[int, bool | None]:
        """Say of positions whether they cover a whole ZIP code; nothing where the service does not answer."""
        asked = {
            "location": {"zip": place.zip},
            "filterBy": {"state": place.state, "electionDay": days_of(around)},
        }
        try:
            edges, _ = await self._paged(queries.CONTAINED, "positions", asked, edges=True)
            there = [edge for edge in edges if edge.get("node")]
            return {edge["node"]["databaseId"]: edge.get("isContained") for edge in there}
        except (EngineTrouble, *MALFORMED):
            return {}

    async def _paged(
        self, query: str, name: str, asked: dict[str, Any], *, edges: bool = False
    ) -> tuple[list[Any], str]:
        """Give the nodes (or edges) of all pages, and "short" where some are missing.

        Raises EngineTrouble where not even the first page came.
        """
        found: list[Any] = []
        first, after = PAGE, None
        for _ in range(_PAGES_MOST):
            try:
                data = await self._wire.ask(
                    query, asked | {"first": first, "after": after}, until=self._until
                )
                page = data[name]
                info = page["pageInfo"]
                read = [edge for edge in page.get("edges") or () if edge] if edges else [*reading.nodes(page)]
            except EngineTrouble as trouble:
                if trouble.code == TOO_MUCH and first > _SMALLER_PAGE:
                    # How much may be asked for at once is not published.
                    first = _SMALLER_PAGE
                    continue
                if not found:
                    raise
                return found, "short"
            except MALFORMED:
                if not found:
                    raise EngineTrouble("refused") from None
                return found, "short"
            found.extend(read)
            if not info.get("hasNextPage"):
                return found, ""
            if not info.get("endCursor") or info["endCursor"] == after:
                return found, "short"
            after = info["endCursor"]
        return found, "short"

    async def standing(self, keys: Sequence[str]) -> tuple[dict[str, tuple[Candidate, ...]], bool]:
        """Give who stands in races, by their keys; says whether the service left some races out."""
        batches = [keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH)]
        answers = await all_of(*(self._standing(batch) for batch in batches))
        known = {key: people for people_of, _ in answers for key, people in people_of.items()}
        return known, any(short for _, short in answers)

    async def _standing(self, keys: Sequence[str]) -> tuple[dict[str, tuple[Candidate, ...]], bool]:
        """Ask for one batch. What a short answer lacks is asked for again, in halves."""
        ids = [reading.race_id(key.rpartition(":")[2]) for key in keys]
        found: dict[str, tuple[Candidate, ...]] = {}
        try:
            data = await self._wire.ask(queries.STANDING, {"ids": ids}, until=self._until)
            told = data.get("nodes") or ()
            for each in told:
                people = reading.candidates(each) if each else None
                if people is not None:
                    found[f"civicengine:{each['databaseId']}"] = people
            if len(told) >= len(ids):
                # Whoever is missing now is null: that race is gone, and no question will bring it back.
                return found, False
        except EngineTrouble as trouble:
            if trouble.code != TOO_MUCH:
                return found, True
        except MALFORMED:
            return found, True
        missing = [key for key in keys if key not in found]
        if len(keys) == 1 or not missing:
            return found, bool(missing)
        half = (len(missing) + 1) // 2
        short = False
        for part in filter(None, (missing[:half], missing[half:])):
            more, lacking = await self._standing(part)
            found |= more
            short = short or lacking
        return found, short


def days_of(window: Window) -> dict[str, str]:
    """Give a window as the service's filters of days have it."""
    return {"gte": window.first.isoformat(), "lte": window.last.isoformat()}
