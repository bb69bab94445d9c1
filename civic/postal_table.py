"""Writes every ZIP code of the package `zipcodes` as a table of text: python -m civic.postal_table.

The package unpacks all of its data at the first question, which stops every other thread for a third of a
second and holds 36 MiB for good. A process of its own may do so, and is gone afterwards.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import zipcodes

from civic.divisions import fold
from community.states import find_state

PARTS = "\f"
"""Stands between the three parts: ZIP codes, cities, counties."""


def table() -> str:
    r"""Give the whole table, three parts with one line for each thing; takes a second and 60 MiB.

    A ZIP code: code, city, other names joined by "|", state, county, zone, box or not and active or not as 0
    and 1, all separated by tabs. A city and a county: state, tab, folded name, tab, its ZIP codes that are in
    use; only those in a state, the District or a territory.
    """
    lines: list[str] = []
    cities: dict[str, list[str]] = defaultdict(list)
    counties: dict[str, list[str]] = defaultdict(list)
    folded = cache(fold)
    for row in _rows():
        code, city, also, state = (
            row["zip_code"],
            row["city"],
            row["acceptable_cities"],
            row["state"],
        )
        box = row["zip_code_type"] in {"PO BOX", "UNIQUE"}
        marks = f"{box:d}{row['active']:d}"
        zone = _zone(row["timezone"], state)
        lines.append("\t".join((code, city, "|".join(also), state, row["county"], zone, marks)))
        if find_state(state) is None or not row["active"]:
            continue
        for name in {folded(city), *map(folded, also)}:
            cities[f"{state}\t{name}"].append(code)
        if row["county"]:
            counties[f"{state}\t{folded(row['county'])}"].append(code)
    return PARTS.join(("\n".join(lines), _joined(cities), _joined(counties)))


def _joined(codes: Mapping[str, list[str]]) -> str:
    return "\n".join(f"{name}\t{' '.join(found)}" for name, found in codes.items())


def _rows() -> Iterator[dict[str, Any]]:
    # A hundred short lists: the package's list of all would stay in memory.
    for number in range(100):
        yield from zipcodes.similar_to(f"{number:02}")  # type: ignore[no-untyped-call]


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


if __name__ == "__main__":
    sys.stdout.buffer.write(table().encode())
