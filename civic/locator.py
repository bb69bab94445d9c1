"""From what was typed to a place: offline at once, or by the geocoders, which are asked side by side."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from civic import divisions, postal
from civic.census import ADDRESS_MOST, Census, Match
from civic.google import Answer, Google
from civic.locate import COUNTIES, DISTRICTS, Located, fallback, offline
from civic.typed import is_address, tidy
from community.races import Division, NotLocated, Place, Precision, Several, SourceUnavailable, Unlocated
from community.states import state_name

_LAYERS_OF = {
    divisions.COUNTY: COUNTIES,
    divisions.TOWN: frozenset({"place"}),
    divisions.PLACE: frozenset({"place"}),
    divisions.CONGRESS: frozenset({"cd"}),
    divisions.UPPER: frozenset({"sldu"}),
    divisions.LOWER: frozenset({"sldl"}),
    divisions.SCHOOL: frozenset({"school_district"}),
}
_ONE_EACH = ("cd", "sldu", "sldl")


class Locator:
    """Finds places. Google is asked only where there is a key for it."""

    def __init__(self, census: Census, google: Google | None = None) -> None:
        self._census = census
        self._google = google

    def at_once(self, where: str) -> Located | None:
        """Find a place without the network; None where it is an address, which `locate` can find."""
        return None if is_address(tidy(where)) else offline(where)

    async def locate(self, where: str) -> Located:
        """Find a place, by the geocoders where it is an address; takes up to 2.5 s then, and never raises.

        An address that nobody can locate is answered by its ZIP code, city or state, with `fell_back` set. It
        is held for this one call: it is not in what is returned, in no exception and in no log.
        """
        found = self.at_once(where)
        if found is not None:
            return found
        address = tidy(where)
        matches, answer = await asyncio.gather(self._by_census(address), self._by_google(address))
        places = _places(matches)
        if len(places) > 1:
            # Google's answer is about one of them, and nothing says which.
            return Several(tuple(places))
        if places:
            return _with_google(places[0], answer)
        if answer is not None:
            return _of_google(answer)
        last = fallback(address)
        if isinstance(last, NotLocated) and len(address) > ADDRESS_MOST:
            return NotLocated(Unlocated.TOO_LONG)
        return last

    async def close(self) -> None:
        """Let the geocoders' connections go."""
        await self._census.close()
        if self._google is not None:
            await self._google.close()

    async def _by_census(self, address: str) -> tuple[Match, ...]:
        try:
            return await self._census.find(address)
        except SourceUnavailable:
            return ()

    async def _by_google(self, address: str) -> Answer | None:
        try:
            return await self._google.find(address) if self._google is not None else None
        except SourceUnavailable:
            return None


def _places(matches: Iterable[Match]) -> list[Place]:
    """Give one place for each label; labels may be shown and kept, so they have a ZIP code and no street."""
    by_label: dict[str, list[Place]] = {}
    for match in matches:
        place = _of_census(match)
        by_label.setdefault(place.label, []).append(place)
    return [_merged(same) for same in by_label.values()]


def _merged(same: list[Place]) -> Place:
    """Make one place of several with the same label: what they do not share is only possible."""
    first = same[0]
    if all(each.certain == first.certain for each in same):
        return first
    count = Counter(division for each in same for division in dict.fromkeys(each.certain))
    shared = tuple(division for division in first.certain if count[division] == len(same))
    split = tuple(division for division in count if count[division] < len(same))
    return replace(
        first,
        point=None,
        certain=shared,
        overlapping=split,
        unknown=frozenset().union(*(each.unknown for each in same)),
    )


def _of_census(match: Match) -> Place:
    told = match.told
    failed = frozenset().union(*(_LAYERS_OF.get(census, frozenset()) for census in told.failed))
    known = frozenset(each.layer for each in told.divisions if each.ocd)
    return _place(
        match.state, match.city, match.zip, told.divisions, unknown=(DISTRICTS - known) | failed, at=match
    )


def _of_google(answer: Answer) -> Place:
    known = (
        divisions.state_division(answer.state),
        *(_known(answer.state, each) for each in answer.divisions),
    )
    layers = frozenset(each.layer for each in known)
    return _place(answer.state, answer.city, answer.zip, known, unknown=DISTRICTS - layers)


def _place(
    state: str,
    city: str,
    zip_code: str,
    known: tuple[Division, ...],
    *,
    unknown: frozenset[str],
    at: Match | None = None,
) -> Place:
    county = next((each.name for each in known if each.census == divisions.COUNTY), "")
    counted = postal.postal().find(zip_code)
    title = counted.city if counted is not None and counted.state == state else city.title()
    zone = counted.zone if counted is not None and counted.state == state else _zone(state, county)
    label = " ".join(filter(None, (f"{title}, {state}" if title else state_name(state), zip_code)))
    return Place(
        precision=Precision.ADDRESS,
        state=state,
        label=label,
        zone=zone,
        county=county,
        city=title,
        zip=zip_code,
        point=at.point if at is not None else None,
        certain=known,
        unknown=unknown,
    )


def _zone(state: str, county: str) -> str:
    return postal.usual_zone(postal.postal().of_county(county, state), state)


def _with_google(place: Place, answer: Answer | None) -> Place:
    """Add what only Google knows; where the two differ on a district, neither is certain any more."""
    if answer is None or answer.state != place.state:
        return place
    theirs, ours = {each.ocd for each in answer.divisions}, {each.ocd for each in place.certain}
    more = [_known(place.state, each) for each in answer.divisions if each.ocd not in ours]
    disputed = {
        each.layer
        for each in place.certain
        if each.layer in _ONE_EACH
        and any(other.layer == each.layer for other in more)
        and not any(mine.ocd in theirs for mine in place.certain if mine.layer == each.layer)
    }
    # Of counties, places and school districts the Census knows the bounds; Google adds what it did not say.
    settled = {layer for layer in (*COUNTIES, "place", "school_district") if layer not in place.unknown}
    added = [each for each in more if each.layer not in disputed | settled]
    doubted = [each for each in (*place.certain, *more) if each.layer in disputed]
    return replace(
        place,
        certain=(*(each for each in place.certain if each.layer not in disputed), *added),
        overlapping=(*place.overlapping, *doubted),
        unknown=(place.unknown - {each.layer for each in added}) | disputed,
    )


def _known(state: str, division: Division) -> Division:
    """Give a division of Google's with its Census class and id, where the tables have it."""
    return divisions.by_ocd(state, division.ocd.removeprefix(divisions.prefix(state) + "/")) or division
