"""What the Census geocoder says about a point, turned into divisions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from civic import divisions
from community.races import Division

_SCHOOL_CLASSES = {"unified": "G5420", "secondary": "G5410", "elementary": "G5400"}
_AT_LARGE = {"00", "98"}
_ALL = (
    divisions.STATE,
    divisions.COUNTY,
    divisions.TOWN,
    divisions.PLACE,
    divisions.CONGRESS,
    divisions.UPPER,
    divisions.LOWER,
    divisions.SCHOOL,
)


@dataclass(frozen=True, slots=True)
class Geographies:
    """The divisions of one point. `failed` are the Census classes of which nothing usable was said."""

    state: str
    divisions: tuple[Division, ...]
    failed: frozenset[str]


def read(told: Mapping[str, Any]) -> Geographies | None:
    """Read the `geographies` of an answer; None where not even the state can be made out.

    Layers are known by what their names contain, because the names begin with a year or a Congress ("2024
    State Legislative Districts - Upper", "119th Congressional Districts") and their numbers change; of
    several the newest counts. A row without a GEOID says that the layer failed: it comes with status 200 all
    the same.
    """
    layers: dict[str, list[tuple[int, Sequence[Any], str]]] = {}
    for name, rows in told.items():
        census, detail = _class_of(name)
        if census and isinstance(rows, list):
            layers.setdefault(census, []).append((_vintage(name), rows, detail))
    found: dict[str, list[tuple[Mapping[str, Any], str]]] = {}
    failed: set[str] = set(_ALL) - set(layers)
    for census, versions in layers.items():
        newest = max(vintage for vintage, _, _ in versions)
        rows = [
            (row, detail)
            for vintage, each, detail in versions
            for row in each
            if (vintage == newest or census == divisions.SCHOOL) and isinstance(row, Mapping)
        ]
        good = [(row, detail) for row, detail in rows if _geoid(row)]
        if len(good) < len(rows):
            failed.add(census)
        found[census] = good
    state = _state(found)
    if not state:
        return None
    known: list[Division] = [divisions.state_division(state)]
    for census in _ALL[1:]:
        for row, detail in found.get(census, ()):
            known += _divisions(state, census, row, detail)
    return Geographies(state, tuple(dict.fromkeys(known)), frozenset(failed - {divisions.STATE}))


def _class_of(name: str) -> tuple[str, str]:
    """Give the Census class that a layer's name stands for, and which kind of school district."""
    low = name.casefold()
    if "legislative districts" in low:
        return (divisions.UPPER if "upper" in low else divisions.LOWER if "lower" in low else ""), ""
    if "school districts" in low:
        kind = next((word for word in _SCHOOL_CLASSES if word in low), "")
        return (divisions.SCHOOL if kind else ""), kind
    named = {
        "states": divisions.STATE,
        "counties": divisions.COUNTY,
        "county subdivisions": divisions.TOWN,
        "incorporated places": divisions.PLACE,
    }
    for ending, census in named.items():
        if low == ending or low.endswith(f" {ending}"):
            return census, ""
    return (divisions.CONGRESS if "congressional districts" in low else ""), ""


def _vintage(name: str) -> int:
    digits = re.match(r"\d+", name)
    return int(digits[0]) if digits else 0


def _geoid(row: Mapping[str, Any]) -> str:
    given = row.get("GEOID")
    return given if isinstance(given, str) and re.fullmatch(r"[0-9A-Za-z]{2,12}", given) else ""


def _state(found: Mapping[str, Sequence[tuple[Mapping[str, Any], str]]]) -> str:
    """Give the postal code: from the state's own row, or from any id, which begins with the state's."""
    for census in _ALL:
        for row, _ in found.get(census, ()):
            state = divisions.state_of_fips(_geoid(row)[:2])
            if state:
                return state
    return ""


def _divisions(state: str, census: str, row: Mapping[str, Any], detail: str) -> list[Division]:
    geoid, name = _geoid(row), str(row.get("NAME") or "")[:200]
    if census == divisions.CONGRESS:
        return _congressional(state, geoid, name)
    if census in {divisions.UPPER, divisions.LOWER}:
        return legislative(state, census, geoid, name)
    known = divisions.table(state).division(census, geoid)
    nameless = Division(known.ocd if known else "", name, _SCHOOL_CLASSES.get(detail, census), geoid)
    if census == divisions.TOWN:
        # Statistical subdivisions elect nobody and are in no table; Connecticut's ids have changed since.
        found = known or (divisions.place(state, name) if state == "CT" else None)
    elif census == divisions.COUNTY:
        # A city in no county comes as one here; Connecticut's regions and the District elect nobody.
        found = known or divisions.county(state, name) or (None if state in {"CT", "DC"} else nameless)
    else:
        found = known if known and census == divisions.PLACE else nameless
    return [] if found is None else [found]


def _congressional(state: str, geoid: str, name: str) -> list[Division]:
    code = geoid[2:]
    if code in _AT_LARGE:
        return [Division(f"{divisions.prefix(state)}/cd:at-large", name, divisions.CONGRESS, geoid)]
    if not code.isdigit():
        return []
    return [Division(f"{divisions.prefix(state)}/cd:{int(code)}", name, divisions.CONGRESS, geoid)]


def legislative(state: str, census: str, geoid: str, name: str) -> list[Division]:
    """Give the legislative districts of a Census id: one, two in Idaho's House, none over water.

    Numbers lose their zeros ("51012" -> "sldu:12"), letters become small ("27001A" -> "sldl:1a"); districts
    with names (Massachusetts, New Hampshire, Vermont) come from the table, without an id where it lacks them.
    """
    known = divisions.table(state).division(census, geoid)
    if known is not None:
        return [Division(known.ocd, name, census, geoid)]
    code = geoid[2:].lstrip("0").lower()
    if not code or code.endswith("zz"):
        return []
    above, layer = divisions.prefix(state), "sldu" if census == divisions.UPPER else "sldl"
    if state == "DC":
        return [Division(f"{above}/ward:{code}", name, census, geoid)] if layer == "sldu" else []
    drawn = divisions.districts(state)
    halves = [f"{above}/{layer}:{code}{half}" for half in "ab"]
    if f"{above}/{layer}:{code}" not in drawn and all(half in drawn for half in halves) and state == "ID":
        return [Division(half, f"{name}, seat {half[-1].upper()}", census, geoid) for half in halves]
    named = any(kind == census for kind, _ in divisions.table(state).by_geoid)
    if named or not re.fullmatch(r"\d{0,3}[a-z]?", code):
        return [Division("", name, census, geoid)]
    return [Division(f"{above}/{layer}:{code}", name, census, geoid)]
