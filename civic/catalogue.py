"""The bundled catalogue: every state's legislature, statewide and local offices, always there and offline.

Its rows are derived from statutes and terms, or say no more than that an office exists; each links to whoever
can confirm it. A row for a whole chamber stands for all of its races (`count`), `seats` are theirs together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from civic import authorities, divisions, local_offices, postal, terms
from civic.local_offices import Local
from civic.terms import Turn
from community.calendar import Calendar, elections, filings, laws
from community.offices import Office as OfficeKind
from community.races import (
    Certainty,
    Division,
    Found,
    Level,
    Office,
    Place,
    Precision,
    Race,
    RaceSource,
    Window,
)
from community.states import find_state

NAME = "Bundled catalogue"
CHECKED_ON = date(2026, 11, 21)
"""The day on which the catalogue's statutes, terms and offices were last gone through."""

_EVER = Window(date(2026, 1, 1), date(2040, 12, 31))
_KEY = re.compile(
    r"catalogue:(?P<state>[a-z]{2}):(?:(?P<district>sld[lu]:[^:@]+):\d{4}|[^@]+?(?:@(?P<below>.*))?)"
)
_NOT_ALL = "Not every seat of this kind is on the ballot each time: ask which ones are."
_NO_DATE = "Elected here; no date of it is known to this catalogue."
_WHICH = "Part of the chamber is elected: ask whether your district is."
_LAYERS = {"lower": "sldl", "upper": "sldu", "unicameral": "sldu"}
_KINDS = {"sldl": OfficeKind.STATE_HOUSE, "sldu": OfficeKind.STATE_SENATE}


class Catalogue(RaceSource):
    """The source that needs no key and no network."""

    @property
    def name(self) -> str:
        """What people read behind "Source:"."""
        return NAME

    async def races(self, place: Place, window: Window) -> Found:
        """Give the catalogue's races for a place; a few milliseconds, and nothing can go wrong with it."""
        # It knows no more of the place than its divisions say.
        races = listed(place, window)
        sure = (replace(race, fits=place.holds(race.office.division.ocd) or None) for race in races)
        return Found(source=NAME, races=tuple(sure))

    async def race(self, key: str) -> Race | None:
        """Give one race by its key, or None where it is not one of the catalogue's."""
        return _race_of(key)


def _race_of(key: str) -> Race | None:
    """Find a race by its key: by listing the races of the one division that the key names."""
    match = _KEY.fullmatch(key)
    if match is None or find_state(match["state"]) is None:
        return None
    state, suffix = match["state"].upper(), match["below"] or match["district"] or ""
    division = divisions.by_ocd(state, suffix) if suffix else None
    if suffix and division is None:
        return None
    for precision in (Precision.ADDRESS, Precision.COUNTY, Precision.STATE):
        place = Place(
            precision=precision,
            state=state,
            label="",
            zone="",
            certain=(divisions.state_division(state), *([division] if division else [])),
        )
        for race in listed(place, _EVER):
            if race.key == key:
                return race
    return None


def _zone_of(state: str, division: Division | None) -> str:
    """Give the zone of a county or city; of a township or a school district that of the county around it."""
    known = postal.postal()
    above, _, inner = _at(state, division).lstrip("@").rpartition("/") if division else ("", "", "")
    if above and inner:
        return _zone_of(state, divisions.by_ocd(state, above))
    if division is not None and division.census == divisions.COUNTY:
        return postal.usual_zone(known.of_county(division.name, state), state)
    if division is not None and division.census in {divisions.PLACE, divisions.TOWN}:
        bare = division.ocd.rpartition(":")[2].replace("_", " ")
        return postal.usual_zone(known.of_city(bare, state), state)
    return postal.usual_zone((), state)


def listed(place: Place, window: Window) -> Iterator[Race]:
    """Give the races of a place whose election day lies in the window, and those of which no day is known."""
    state = place.state
    for chamber, layer in _chambers(state):
        known = [each.ocd for each in place.certain if each.layer == layer]
        for turn in terms.turns(state, layer):
            if window.first <= turn.day <= window.last:
                yield from _legislative(state, chamber, layer, turn, known)
    for year, name in local_offices.statewide(state):
        race = _statewide(state, year, name)
        if race.election_day is not None and window.first <= race.election_day <= window.last:
            yield race
    for local in local_offices.local(state):
        for division in _where(place, local):
            yield from _local(place, local, division, window)


def _chambers(state: str) -> Iterator[tuple[dict[str, Any], str]]:
    for chamber in divisions.legislatures().get(state.lower(), {"chambers": ()})["chambers"]:
        yield chamber, _LAYERS[chamber["chamber"]]


def _legislative(
    state: str, chamber: dict[str, Any], layer: str, turn: Turn, known: list[str]
) -> Iterator[Race]:
    """Give the races of the districts that are known, or one row for the whole chamber."""
    up = [each for each in chamber["districts"] if turn.parity in {None, _parity(each[1])}]
    above = divisions.prefix(state)
    # A district that the tables do not know was drawn after them; then the chamber is all that can be said.
    drawn = any(f"{above}/{each[0]}" in known for each in chamber["districts"])
    if drawn and turn.about is None:
        for suffix, name, seats in up:
            if f"{above}/{suffix}" in known:
                yield _district(state, chamber, layer, turn, (suffix, name, seats))
        return
    yield _chamber(state, chamber, layer, turn, up)


def _parity(name: str) -> int:
    digits = "".join(each for each in name if each.isdigit())
    return int(digits or 0) % 2


def _chamber(state: str, chamber: dict[str, Any], layer: str, turn: Turn, up: list[list[Any]]) -> Race:
    everything = turn.about is None and turn.parity is None
    seats = turn.about or sum(each[2] for each in up)
    about = f"About {seats} of {chamber['seats']} seats. " if turn.about else ""
    return _derived(
        f"catalogue:{state.lower()}:{layer}:{turn.year}",
        Office(
            name=_title(state, chamber),
            level=Level.STATE,
            division=divisions.state_division(state),
            kind=_KINDS[layer],
            seats=seats,
            term_years=terms.term(state, layer),
            partisan=state != "NE",
            url=authorities.site(state),
        ),
        turn.calendar,
        turn.year,
        zone=_state_zone(state),
        seats=seats,
        count=turn.about or len(up),
        note="" if everything else f"{about}{_WHICH}",
    )


def _district(
    state: str, chamber: dict[str, Any], layer: str, turn: Turn, district: tuple[str, str, int]
) -> Race:
    suffix, name, seats = district
    return _derived(
        f"catalogue:{state.lower()}:{suffix}:{turn.year}",
        Office(
            name=_title(state, chamber),
            level=Level.STATE,
            division=Division(f"{divisions.prefix(state)}/{suffix}", f"{_title(state, chamber)} {name}"),
            kind=_KINDS[layer],
            district=name,
            seats=seats,
            term_years=terms.term(state, layer),
            partisan=state != "NE",
            url=authorities.site(state),
        ),
        turn.calendar,
        turn.year,
        zone=_state_zone(state),
        seats=seats,
    )


def _title(state: str, chamber: dict[str, Any]) -> str:
    """Give a chamber's name as people there say it: "House of Delegates", "General Assembly", "Senate"."""
    if chamber["name"] == "House":
        return "House of Delegates" if chamber["title"] == "Delegate" else "House of Representatives"
    if chamber["name"] == "Assembly":
        return "General Assembly" if state == "NJ" else "State Assembly"
    return "State Senate" if chamber["name"] == "Senate" else str(chamber["name"])


def _statewide(state: str, year: int, name: str) -> Race:
    calendar = local_offices.CALENDARS_2027[state] if year == 2027 else terms.GENERAL  # noqa: PLR2004 - a year
    return _derived(
        f"catalogue:{state.lower()}:office:{_slug(name)}:{year}",
        Office(
            name=name,
            level=Level.STATE,
            division=divisions.state_division(state),
            kind=OfficeKind.OTHER,
            seats=1,
            term_years=2 if state in local_offices.TWO_YEARS else 4,
            url=authorities.site(state),
        ),
        calendar,
        year,
        zone=_state_zone(state),
        seats=1,
    )


def _where(place: Place, local: Local) -> tuple[Division, ...]:
    """Give the divisions whose offices of that kind to list: the person's own, or what may be theirs."""
    state = place.certain[0]
    counties = [each for each in (*place.certain, *place.overlapping) if _governs_county(place.state, each)]
    if local.where == "place":
        cities = [each for each in place.certain if each.census in {divisions.PLACE, divisions.TOWN}]
        cities += [each for each in place.certain if divisions.is_consolidated(each)]
        if not cities and place.precision is Precision.ZIP:
            cities = [each for each in place.overlapping if each.census in {divisions.PLACE, divisions.TOWN}]
        if place.state == "DC":
            return (state,)
        if place.precision is Precision.STATE:
            return (_a_city_in(state),)
        return tuple(cities or (map(_a_city_in, counties[:1]) if place.precision is Precision.COUNTY else ()))
    if local.where == "district":
        schools = [each for each in place.certain if each.layer == "school_district"]
        if local.kind is OfficeKind.SCHOOL_BOARD and schools:
            return tuple(schools)
        # The smallest that surely holds it: a city in several counties says more than its state.
        cities = [each for each in place.certain if each.census in {divisions.PLACE, divisions.TOWN}]
        return tuple(counties[:1]) if len(counties) == 1 else (*cities, state)[:1]
    return tuple(counties) or (state,)


def _a_city_in(around: Division) -> Division:
    """Name what is known of where an office is: in one of the cities there, not in all of them together."""
    return replace(around, name=f"a city or town in {around.name}")


def _governs_county(state: str, each: Division) -> bool:
    return each.census == divisions.COUNTY or divisions.in_no_county(state, each)


def _local(place: Place, local: Local, division: Division, window: Window) -> Iterator[Race]:
    calendar = local.calendar
    if calendar is not None and local_offices.votes_on_its_own(place.state, division):
        # Said once, however many calendars the rest of the state has for this kind of office.
        if local != next(each for each in local_offices.local(place.state) if each.key == local.key):
            return
        calendar = None
    if calendar is None:
        yield _expected(place.state, local, division)
        return
    for year in elections(calendar, window.first, window.last):
        yield _local_race(place.state, local, division, calendar, year)


def _local_race(state: str, local: Local, division: Division, calendar: Calendar, year: int) -> Race:
    election = calendar.key.partition(":")[2]
    return _derived(
        f"catalogue:{state.lower()}:local:{local.key}:{election}:{year}{_at(state, division)}",
        _local_office(state, local, division),
        calendar,
        year,
        # By the division alone, so that one race has one deadline whoever asks and however it is found again.
        zone=_zone_of(state, division),
        note=f"{local.note} {_NOT_ALL}".strip(),
    )


def _expected(state: str, local: Local, division: Division) -> Race:
    return Race(
        key=f"catalogue:{state.lower()}:local:{local.key}{_at(state, division)}",
        office=_local_office(state, local, division),
        election_day=None,
        certainty=Certainty.EXPECTED,
        source=NAME,
        as_of=CHECKED_ON,
        url=authorities.site(state),
        note=_NO_DATE,
    )


def _local_office(state: str, local: Local, division: Division) -> Office:
    name = local.name
    if (
        local.where == "county"
        and local.kind is OfficeKind.COUNTY
        and divisions.in_no_county(state, division)
    ):
        name = "Constitutional officers" if state == "VA" else "Citywide offices"
    return Office(
        name=name,
        level=local.level,
        division=division,
        kind=local.kind,
        judicial=local.kind is OfficeKind.JUDGE,
        url=authorities.site(state),
        boundaries_unknown=local.where == "district" and division.layer != "school_district",
    )


def _derived(
    key: str,
    office: Office,
    calendar: Calendar,
    year: int,
    *,
    zone: str,
    seats: int | None = None,
    count: int = 1,
    note: str = "",
) -> Race:
    return Race(
        key=key,
        office=office,
        election_day=calendar.election(year),
        primary_day=calendar.primary(year) if calendar.primary else None,
        runoff_day=calendar.runoff(year) if calendar.runoff else None,
        filings=filings(calendar, year, zone),
        seats=seats,
        count=count,
        certainty=Certainty.DERIVED,
        source=NAME,
        as_of=CHECKED_ON,
        url=authorities.site(office_state(office)),
        rule=laws(calendar),
        note=" ".join(each for each in (note, calendar.note) if each),
    )


def office_state(office: Office) -> str:
    """Give the postal code of the state that an office's division lies in."""
    return office.division.ocd.split("/")[2].partition(":")[2].upper()


def _at(state: str, division: Division) -> str:
    below = division.ocd.removeprefix(divisions.prefix(state)).lstrip("/")
    return f"@{below}" if below else ""


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _state_zone(state: str) -> str:
    known = find_state(state)
    return known.zone if known else "UTC"
