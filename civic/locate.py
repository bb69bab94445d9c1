"""Where somebody means: ZIP codes, cities, counties and states at once, addresses by the geocoders."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import us

from civic import divisions, postal
from civic.typed import LONGEST, tidy
from community.races import Division, NotLocated, Place, Precision, Several, Unlocated
from community.states import find_state, state_name

DISTRICTS = frozenset(
    {
        "cd",
        "sldu",
        "sldl",
        "council_district",
        "ward",
        "anc",
        "commissioner_district",
        "school_district",
        "school_board_district",
        "precinct",
        "court_district",
        "constable_district",
        "fire_district",
        "library_district",
        "park_district",
        "water_district",
        "soil_and_water_conservation_district",
    }
)
"""The layers of which everybody lives in one (or in none), and of which only an address says which.

The words are those of OCD ids. Source: opencivicdata/ocd-division-ids, identifiers/country-us.
"""
COUNTIES = frozenset({"county", "parish", "borough", "census_area", "municipio"})
EVERYTHING = DISTRICTS | COUNTIES | {"place"}

_COUNTRY = re.compile(r"[\s,]+(?:usa|u\.s\.a\.?|united states(?: of america)?)$", re.IGNORECASE)
_ZIP_ALONE = re.compile(r"(\d{5})(?:[-\s]?\d{4})?")
_ZIP_FIRST = re.compile(r"(\d{5})(?:-\d{4})?[,\s]+\D+")
_ZIP_LAST = re.compile(r".*[,\s](\d{5})(?:-\d{4})?")
_COUNTY_TYPED = re.compile(r".+\s(?:county|parish|borough|census area|municipio)", re.IGNORECASE)
_WORDS_OF_A_STATE = 4
"""The longest name of a state: "District of Columbia" has three words, "Northern Mariana Islands" too."""
_WORDS_OF_A_CITY = 4
_CALLED = {"nyc": ("NY", "New York"), "new york city": ("NY", "New York")}
_BOTH = {"new york": ("NY", "New York"), "washington": ("DC", "Washington")}
"""Names of a state by which at least as many mean a city."""

Located = Place | Several | NotLocated


def offline(where: str) -> Located:
    """Find a place by ZIP code, city, county or state, without asking anybody; never raises.

    Takes 25 to 50 µs for a ZIP code once all have been read, and up to 30 ms more for each state at first. A
    ZIP code's county is the one the Postal Service names; boxes make it only possible.
    """
    text = _COUNTRY.sub("", tidy(where))
    if not text:
        return NotLocated(Unlocated.NOTHING)
    if len(text) >= LONGEST:
        return NotLocated(Unlocated.TOO_LONG)
    for pattern in (_ZIP_ALONE, _ZIP_FIRST, _ZIP_LAST):
        match = pattern.fullmatch(text)
        if match is not None:
            return at_zip(match[1])
    if re.fullmatch(r"[\d\s-]+", text):
        return NotLocated(Unlocated.UNKNOWN_ZIP)
    return _named(text)


def fallback(address: str) -> Place | NotLocated:
    """Find the ZIP code, else the city, else the state that an address ends with; `fell_back` is then set."""
    text = _COUNTRY.sub("", tidy(address))
    match = _ZIP_LAST.fullmatch(text)
    found: Located = at_zip(match[1]) if match is not None else NotLocated(Unlocated.NO_MATCH)
    if match is not None and isinstance(found, NotLocated):
        text = text[: match.start(1)].rstrip(" ,")
    if not isinstance(found, Place):
        found = _end_of_address(text)
    return replace(found, fell_back=True) if isinstance(found, Place) else NotLocated(Unlocated.NO_MATCH)


def at_zip(code: str) -> Place | NotLocated:
    """Find a ZIP code of five digits."""
    known = postal.postal().find(code)
    if known is None:
        return NotLocated(Unlocated.UNKNOWN_ZIP)
    if known.military:
        return NotLocated(Unlocated.MILITARY_ZIP)
    if find_state(known.state) is None:
        return NotLocated(Unlocated.ABROAD)
    county = divisions.county(known.state, known.county)
    geoid = county.geoid if county else ""
    cities = [divisions.place(known.state, name, geoid) for name in (known.city, *known.also)]
    whole = divisions.city_of(known.state, county) if county and not known.box else None
    certain = [divisions.state_division(known.state), *([whole] if whole else [])]
    possible = [
        city
        for city in cities
        if city is not None and city not in {county, whole} and not divisions.in_no_county(known.state, city)
    ]
    if county is not None:
        (possible if known.box else certain).append(county)
    return Place(
        precision=Precision.ZIP,
        state=known.state,
        label=f"{known.city}, {known.state} {known.code}",
        zone=known.zone,
        county=county.name if county is not None else "",
        city=known.city,
        zip=known.code,
        certain=tuple(certain),
        overlapping=tuple(dict.fromkeys(possible)),
        unknown=DISTRICTS if county is not None or known.state == "DC" else DISTRICTS | COUNTIES,
    )


def at_state(code: str) -> Place:
    """Give a whole state, by its postal code."""
    known = find_state(code)
    return Place(
        precision=Precision.STATE,
        state=code,
        label=state_name(code),
        zone=known.zone if known else "UTC",
        certain=(divisions.state_division(code),),
        unknown=EVERYTHING,
    )


def at_city(state: str, name: str) -> Place | None:
    """Find a city, town or village in a state; None where there is none of that name."""
    folded = divisions.fold(name)
    codes = postal.postal().of_city(name, state)
    # A name that is only accepted beside the usual one says little about where the city lies.
    codes = [code for code in codes if divisions.fold(code.city) == folded] or codes
    counties = {code.county: divisions.county(state, code.county) for code in codes if code.county}
    found = [county for county in dict.fromkeys(counties.values()) if county is not None]
    place = divisions.place(state, name, found[0].geoid if len(found) == 1 else "")
    if place is None and not codes:
        return None
    if place is not None and place.census == divisions.TOWN and not found:
        county = divisions.table(state).division(divisions.COUNTY, place.geoid[:5])
        found = [county] if county is not None else []
    if place is not None and divisions.in_no_county(state, place):
        found = [place]
    elif place is not None:
        found = list(divisions.counties_of(state, place)) or found
    elif len(found) == 1:
        # A part of a city with a name of its own, as Brooklyn is.
        place = divisions.city_of(state, found[0])
    certain = [
        divisions.state_division(state),
        *([place] if place else []),
        *(found if len(found) == 1 else []),
    ]
    title = _title(name, codes, place)
    return Place(
        precision=Precision.CITY,
        state=state,
        label=f"{title}, {state}",
        zone=postal.usual_zone(codes, state),
        county=found[0].name if len(found) == 1 else "",
        city=title,
        certain=tuple(dict.fromkeys(certain)),
        overlapping=tuple(each for each in found if each not in certain),
        unknown=DISTRICTS if found or state == "DC" else DISTRICTS | COUNTIES,
    )


def at_county(state: str, name: str) -> Place | None:
    """Find a county in a state by its name, with or without "County", or give None."""
    county = divisions.county(state, name)
    if county is None or county.census != divisions.COUNTY:
        return None
    codes = postal.postal().of_county(county.name, state)
    places = [divisions.place(state, code.city, county.geoid) for code in codes]
    whole = divisions.city_of(state, county)
    below = [
        each
        for each in places
        if each is not None and each not in {county, whole} and not divisions.in_no_county(state, each)
    ]
    return Place(
        precision=Precision.COUNTY,
        state=state,
        label=f"{county.name}, {state}",
        zone=postal.usual_zone(codes, state),
        county=county.name,
        certain=(divisions.state_division(state), county, *([whole] if whole else [])),
        overlapping=tuple(dict.fromkeys([*below, *divisions.townships(state, county.geoid)])),
        unknown=DISTRICTS,
    )


def _named(text: str) -> Located:
    """Find a place by its words alone."""
    called = _CALLED.get(divisions.fold(text))
    if called is not None:
        return at_city(*called) or at_state(called[0])
    both = _BOTH.get(divisions.fold(text))
    state = _state(text)
    if both is not None and state is not None:
        city = at_city(*both)
        return Several((at_state(state), *([city] if city else [])))
    if state is not None:
        return at_state(state)
    name, state = _name_and_state(text)
    if state is not None:
        # "Main Street, Richmond, VA" has no number to look up, but it names its city.
        last = name.rpartition(",")[2].strip()
        return _in_state(name, state) or _in_state(last, state) or NotLocated(Unlocated.UNKNOWN_PLACE)
    found = [place for each in _states_with(text) if (place := _in_state(text, each)) is not None]
    if not found:
        return NotLocated(Unlocated.UNKNOWN_PLACE)
    return found[0] if len(found) == 1 else Several(tuple(found))


def _in_state(name: str, state: str) -> Place | None:
    if _COUNTY_TYPED.fullmatch(name):
        return at_county(state, name) or at_city(state, name)
    return at_city(state, name) or at_county(state, name)


def _states_with(name: str) -> list[str]:
    """Give the states that have a city, or else a county, of that name, the largest first."""
    known = postal.postal()
    counted = known.states_with_city(name)
    if not counted or _COUNTY_TYPED.fullmatch(name):
        counted = known.states_with_county(name) or counted
    return sorted(counted, key=lambda state: (-counted[state], state))


def _name_and_state(text: str) -> tuple[str, str | None]:
    """Take "Richmond, VA", "richmond virginia" or "Winston-Salem N.C." apart; None without a state."""
    head, comma, tail = text.rpartition(",")
    if comma and (state := _state(tail)) is not None:
        return head.strip(" ,"), state
    words = text.replace(",", " ").split()
    for count in range(min(_WORDS_OF_A_STATE, len(words) - 1), 0, -1):
        state = _state(" ".join(words[-count:]))
        if state is not None:
            return " ".join(words[:-count]), state
    return text, None


def _state(words: str) -> str | None:
    plain = words.strip(" .,")
    found = find_state(words) or find_state(plain)
    if found is not None:
        return found.code
    return _abbreviated().get(plain.replace(".", "").replace(" ", "").casefold())


@cache
def _abbreviated() -> dict[str, str]:
    """Give newspapers' abbreviations without their stops ("calif", "wva"). Source: the package `us`."""
    return {
        word.replace(".", "").replace(" ", "").casefold(): each.abbr
        for each in [*us.states.STATES, us.states.DC]
        for word in (each.abbr, each.ap_abbr or each.abbr)
    }


def _end_of_address(text: str) -> Located:
    name, state = _name_and_state(text)
    if state is None:
        return NotLocated(Unlocated.NO_MATCH)
    words = name.rpartition(",")[2].split()
    for count in range(min(_WORDS_OF_A_CITY, len(words)), 0, -1):
        city = at_city(state, " ".join(words[-count:]))
        if city is not None:
            return city
    return at_state(state)


def _title(name: str, codes: list[postal.Zip], place: Division | None) -> str:
    """Give the name as the Postal Service or the Census writes it, never as it was typed."""
    folded = divisions.fold(name)
    for code in codes:
        for each in (code.city, *code.also):
            if divisions.fold(each) == folded:
                return each
    return re.sub(r" (?:city|town|village|borough|township)$", "", place.name) if place else ""
