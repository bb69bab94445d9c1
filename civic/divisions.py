"""The country's divisions by name and by Census id, each with its Open Civic Data id.

States, counties, places, towns, districts of schools and of legislatures. scripts/make_catalogue.py makes the
tables; civic/data/NOTICE says where they come from.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import us

from community.races import COUNTRY, Division
from community.states import find_state

STATE, COUNTY, TOWN, PLACE = "G4000", "G4020", "G4040", "G4110"
CONGRESS, UPPER, LOWER = "G5200", "G5210", "G5220"
SCHOOL = "G5420"
"""The Census classes (MTFCC) that are used here. Source: census.gov, MTFCC definitions."""

_KINDS = {"county": COUNTY, "place": PLACE, "town": TOWN, "school": SCHOOL, "sldu": UPPER, "sldl": LOWER}
_TERRITORIES = {"PR", "GU", "VI", "AS", "MP"}
_COUNTY_WORDS = re.compile(
    r" (?:county|parish|city and borough|borough|census area|municipality|municipio|island|district)$"
)
_PLACE_WORDS = re.compile(
    r" (?:city|town|village|borough|township|plantation|municipality|metro government|"
    r"consolidated government|unified government|metropolitan government|charter township|"
    r"urban county|balance|corporation)$"
)
_CONSOLIDATED = {
    # Consolidated with their county under another name; OCD has only the county.
    ("TN", "nashville"): "Davidson County",
    ("KY", "louisville"): "Jefferson County",
    ("KY", "lexington"): "Fayette County",
    ("LA", "new orleans"): "Orleans Parish",
    ("GA", "athens"): "Clarke County",
    ("GA", "augusta"): "Richmond County",
    ("GA", "columbus"): "Muscogee County",
    ("GA", "macon"): "Bibb County",
}


_INDEPENDENT = {"2404000", "2965000", "3209700"}
"""Baltimore, St. Louis and Carson City: cities that lie in no county, as all cities of Virginia do."""

_CITY_OF = {
    "02020": "0203000",  # Anchorage
    "02110": "0236400",  # Juneau
    "02220": "0270540",  # Sitka
    "06075": "0667000",  # San Francisco
    "08014": "0809280",  # Broomfield
    "08031": "0820000",  # Denver
    "22071": "2255000",  # New Orleans
    "36005": "3651000",  # the five boroughs of New York
    "36047": "3651000",
    "36061": "3651000",
    "36081": "3651000",
    "36085": "3651000",
    "42101": "4260000",  # Philadelphia
}
"""Counties that lie within one city altogether, and the city, by their Census ids."""


@dataclass(frozen=True, slots=True)
class Table:
    """One state's divisions: (OCD id, name) by (class, Census id), and Census ids by folded name."""

    by_geoid: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    counties: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    towns: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def division(self, census: str, geoid: str) -> Division | None:
        """Give the division of that Census class and id; None where there is none here."""
        found = self.by_geoid.get((census, geoid))
        return None if found is None else Division(*found, census, geoid)


def fold(name: str) -> str:
    """Give a name as it is compared: no accents, capitals or stops, "st" for Saint, "ft" for Fort.

    Hyphens count as spaces, and OCD's "~" as the apostrophe it stands for.
    """
    plain = name.casefold()
    if not plain.isascii():
        letters = unicodedata.normalize("NFKD", plain)
        plain = "".join(each for each in letters if not unicodedata.combining(each))
    words = re.sub(r"[^\w\s]|_", " ", plain.replace("'", "").replace("~", "").replace(".", " ")).split()
    short = {"saint": "st", "sainte": "ste", "fort": "ft", "mount": "mt"}
    return " ".join(short.get(word, word) for word in words)


def prefix(state: str) -> str:
    """Give a state's own OCD id, by its postal code: "ocd-division/country:us/state:va"."""
    code = state.lower()
    if state == "DC":
        return f"{COUNTRY}/district:dc"
    return f"{COUNTRY}/{'territory' if state in _TERRITORIES else 'state'}:{code}"


def state_division(state: str) -> Division:
    """Give the division of a state, the District or a territory, by its postal code."""
    known = find_state(state)
    found = us.states.lookup(state)
    fips = "11" if state == "DC" else (found.fips if found else "")
    return Division(prefix(state), known.name if known else state, STATE, fips or "")


@cache
def table(state: str) -> Table:
    """Give a state's divisions, by its postal code; an empty table where none are known. Up to 30 ms."""
    found = Table()
    file = resources.files("civic") / "data" / "divisions" / f"{state.lower()}.tsv"
    if not re.fullmatch(r"[A-Z]{2}", state) or not file.is_file():
        return found
    above = prefix(state)
    for line in file.read_text("utf-8").splitlines():
        kind, geoid, suffix, name = line.split("\t")
        found.by_geoid[_KINDS[kind], geoid] = (f"{above}/{suffix}", name)
        if kind == "county":
            found.counties[fold(name)] = geoid
            found.counties.setdefault(_of_slug(suffix), geoid)
        elif kind == "place":
            found.places.setdefault(_of_slug(suffix), geoid)
        elif kind == "town":
            found.towns[_of_slug(suffix)].append(geoid)
    return found


def _of_slug(suffix: str) -> str:
    slug = suffix.rpartition(":")[2]
    plain = slug.replace("_", " ")
    # Most slugs are folded names already, and folding all of them would take ten times as long.
    return (
        plain if plain.replace(" ", "").isalpha() and plain.isascii() and "saint" not in plain else fold(slug)
    )


def county(state: str, name: str) -> Division | None:
    """Find a county, parish, borough or municipio by its name ("Dane County", "Dane"), or give None.

    A city that belongs to no county (in Virginia, Baltimore, St. Louis, Carson City) is found as its place.
    """
    known, folded = table(state), fold(name)
    # The Postal Service's list says "Municipality of Anchorage" and "La Porte", the Census "LaPorte".
    bare = _COUNTY_WORDS.sub("", folded.rpartition(" of ")[2] if state == "AK" else folded)
    is_city = folded.endswith(" city") and not _COUNTY_WORDS.search(folded)
    if is_city:
        geoid = known.places.get(folded) or known.places.get(folded.removesuffix(" city"))
        return known.division(PLACE, geoid or "")
    geoid = (
        known.counties.get(folded) or known.counties.get(bare) or known.counties.get(bare.replace(" ", ""))
    )
    return known.division(COUNTY, geoid or "")


def place(state: str, name: str, county_geoid: str = "") -> Division | None:
    """Find a city, town or village by its name; a township only with the Census id of its county.

    None where nothing of that name has a government of its own, as with Arlington, Virginia. A city that is
    one with its county (Nashville, Louisville) is found as that county.
    """
    known, folded = table(state), fold(name)
    bare = _PLACE_WORDS.sub("", folded)
    # Boise's name is Boise City.
    for each in (folded, bare, f"{bare} city"):
        if each in known.places:
            return known.division(PLACE, known.places[each])
        whole = _CONSOLIDATED.get((state, each))
        if whole is not None:
            return county(state, whole)
    for geoid in known.towns.get(folded) or known.towns.get(bare) or ():
        town = known.division(TOWN, geoid)
        if town is None:
            continue
        below_state = town.ocd.removeprefix(prefix(state)).count("/") == 1
        if below_state or (county_geoid and geoid.startswith(county_geoid)):
            return town
    return None


def in_no_county(state: str, place: Division) -> bool:
    """Whether this is a city that lies in no county, so that it has a county's offices itself."""
    return place.census == PLACE and (
        (state == "VA" and place.name.endswith(" city")) or place.geoid in _INDEPENDENT
    )


def city_of(state: str, within: Division) -> Division | None:
    """Give the city that a whole county lies in, as Brooklyn's county does in New York; None for most."""
    geoid = _CITY_OF.get(within.geoid) if within.census == COUNTY else None
    return table(state).division(PLACE, geoid) if geoid else None


def counties_of(state: str, city: Division) -> tuple[Division, ...]:
    """Give the counties that make up a city; nothing for most cities, which only lie in counties."""
    if city.census != PLACE:
        return ()
    found = [table(state).division(COUNTY, county) for county, of in _CITY_OF.items() if of == city.geoid]
    return tuple(each for each in found if each is not None)


def is_consolidated(each: Division) -> bool:
    """Whether this county is one with its city under another name (Davidson County is Nashville)."""
    return (
        each.census == COUNTY
        and each.name in _CONSOLIDATED.values()
        and any(
            each == county(state, name) for (state, _), name in _CONSOLIDATED.items() if name == each.name
        )
    )


def by_ocd(state: str, suffix: str) -> Division | None:
    """Find a division by its OCD id below the state ("county:dane"); None where it is not in the tables."""
    wanted = f"{prefix(state)}/{suffix}"
    for (census, geoid), (ocd, name) in table(state).by_geoid.items():
        if ocd == wanted:
            return Division(ocd, name, census, geoid)
    if wanted in districts(state):
        census = LOWER if suffix.startswith("sldl:") else UPPER
        return Division(wanted, districts(state)[wanted][0], census)
    return None


def townships(state: str, county_geoid: str) -> tuple[Division, ...]:
    """Give the towns and townships of a county (by its Census id), sorted by name."""
    found = [
        Division(ocd, name, kind, geoid)
        for (kind, geoid), (ocd, name) in table(state).by_geoid.items()
        if kind == TOWN and geoid.startswith(county_geoid)
    ]
    return tuple(sorted(found, key=lambda each: each.name))


@cache
def legislatures() -> dict[str, Any]:
    """Give every legislature by postal code in lower case, as scripts/make_catalogue.py wrote it."""
    file = resources.files("civic") / "data" / "legislatures.json"
    read: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return read


@cache
def districts(state: str) -> dict[str, tuple[str, int]]:
    """Give the legislative districts of a state: OCD id -> (name, seats). Seats at large are left out."""
    told = legislatures().get(state.lower(), {"chambers": ()})
    return {
        f"{prefix(state)}/{suffix}": (name, seats)
        for chamber in told["chambers"]
        for suffix, name, seats in chamber["districts"]
        if suffix
    }


def state_of_fips(fips: str) -> str:
    """Give the postal code of a Census state id ("51" -> "VA"), "" where there is none."""
    if fips == "11":
        return "DC"
    found = us.states.lookup(fips) if re.fullmatch(r"\d\d", fips) else None
    return found.abbr if found else ""
