"""ZIP codes and the cities they name, offline, from the package `zipcodes`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from sys import intern
from typing import Any
from zoneinfo import ZoneInfo

import zipcodes

from civic.divisions import fold
from community.states import find_state

_MILITARY = {"AE", "AP", "AA"}


@dataclass(frozen=True, slots=True)
class Zip:
    """One ZIP code. `county` as the Census names it ("Richmond city"), "" where unknown.

    `state` is a postal code, also AE, AP and AA (military) and FM, MH, PW (free associated states); `zone` an
    IANA zone. `box` says that mail goes to boxes or one large customer there: nobody lives in it.
    """

    code: str
    city: str
    also: tuple[str, ...]
    state: str
    county: str
    zone: str
    box: bool
    active: bool

    @property
    def military(self) -> bool:
        """Whether it is a base or a ship, wherever in the world that is."""
        return self.state in _MILITARY


@dataclass(frozen=True, slots=True)
class Postal:
    """Every ZIP code by its digits, and by the folded names of its cities (in whichever state) and county."""

    by_code: dict[str, Zip]
    by_city: dict[str, tuple[Zip, ...]]
    by_county: dict[tuple[str, str], tuple[Zip, ...]]

    def of_city(self, name: str, state: str) -> list[Zip]:
        """Give the ZIP codes of a city in a state."""
        return [each for each in self.by_city.get(fold(name), ()) if each.state == state]

    def of_county(self, name: str, state: str) -> tuple[Zip, ...]:
        """Give the ZIP codes of a county by its full name."""
        return self.by_county.get((state, fold(name)), ())


@cache
def postal() -> Postal:
    """Read all ZIP codes; takes a second at first, so the app does it in time. Safe in a thread."""
    by_code: dict[str, Zip] = {}
    by_city: dict[str, list[Zip]] = defaultdict(list)
    by_county: dict[tuple[str, str], list[Zip]] = defaultdict(list)
    folded = cache(fold)
    # A hundred short lists: the package's list of all stays in memory for good, 60 MB of it.
    for row in (row for number in range(100) for row in _beginning(f"{number:02}")):
        each = Zip(
            row["zip_code"],
            intern(row["city"]),
            tuple(map(intern, row["acceptable_cities"])),
            intern(row["state"]),
            intern(row["county"]),
            _zone(row["timezone"], row["state"]),
            row["zip_code_type"] in {"PO BOX", "UNIQUE"},
            row["active"],
        )
        by_code[each.code] = each
        if find_state(each.state) is None or not each.active:
            continue
        for name in {folded(each.city), *map(folded, each.also)}:
            by_city[name].append(each)
        if each.county:
            by_county[each.state, folded(each.county)].append(each)
    return Postal(
        by_code,
        {name: tuple(codes) for name, codes in by_city.items()},
        {name: tuple(codes) for name, codes in by_county.items()},
    )


def _beginning(digits: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = zipcodes.similar_to(digits)  # type: ignore[no-untyped-call]
    return found


def usual_zone(codes: Iterable[Zip], state: str) -> str:
    """Give the zone that most of these ZIP codes are in, or that of the state's capital."""
    counted = Counter(each.zone for each in codes)
    if counted:
        return counted.most_common(1)[0][0]
    known = find_state(state)
    return known.zone if known else "UTC"


@cache
def _zone(name: str, state: str) -> str:
    # A few rows name a town where the zone should stand.
    if name and _is_a_zone(name):
        return name
    known = find_state(state)
    return known.zone if known else "UTC"


def _is_a_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True
