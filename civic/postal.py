"""ZIP codes and the cities they name, offline, from the package `zipcodes`."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from civic import postal_table
from civic.divisions import fold
from community.states import every_state, find_state

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


class Postal:
    """Every ZIP code, by its digits, its cities and its county. Kept as text: few of them are ever asked for.

    `table` is what civic/postal_table.py makes; takes 40 ms to take in, and 17 MiB.
    """

    def __init__(self, table: str) -> None:
        codes, cities, counties = table.split(postal_table.PARTS)
        self._codes: Mapping[str, str] = {line[:5]: line for line in codes.split("\n")}
        self._cities: Mapping[str, str] = _by_name(cities)
        self._counties: Mapping[str, str] = _by_name(counties)

    def __iter__(self) -> Iterator[Zip]:
        """Give every ZIP code, in order, those that are no longer in use among them."""
        return map(_zip, self._codes.values())

    def find(self, code: str) -> Zip | None:
        """Give the ZIP code with these five digits."""
        line = self._codes.get(code)
        return None if line is None else _zip(line)

    def of_city(self, name: str, state: str) -> list[Zip]:
        """Give the ZIP codes of a city in a state."""
        return self._zips(self._cities, name, state)

    def of_county(self, name: str, state: str) -> list[Zip]:
        """Give the ZIP codes of a county by its full name."""
        return self._zips(self._counties, name, state)

    def states_with_city(self, name: str) -> Counter[str]:
        """Give the states that have a city of that name, with how many ZIP codes it has there."""
        return _states(self._cities, name)

    def states_with_county(self, name: str) -> Counter[str]:
        """Give the states that have a county of that name, with how many ZIP codes it has."""
        return _states(self._counties, name)

    def _zips(self, named: Mapping[str, str], name: str, state: str) -> list[Zip]:
        return [_zip(self._codes[code]) for code in named.get(_key(state, name), "").split()]


def _by_name(part: str) -> dict[str, str]:
    return {key: codes for key, _, codes in (line.rpartition("\t") for line in part.split("\n"))}


def _key(state: str, name: str) -> str:
    return f"{state}\t{fold(name)}"


def _states(named: Mapping[str, str], name: str) -> Counter[str]:
    counted = {state.code: len(named.get(_key(state.code, name), "").split()) for state in every_state()}
    return Counter({state: count for state, count in counted.items() if count})


def _zip(line: str) -> Zip:
    code, city, also, state, county, zone, marks = line.split("\t")
    others = tuple(also.split("|")) if also else ()
    return Zip(code, city, others, state, county, zone, box=marks[0] == "1", active=marks[1] == "1")


class _Shelf:
    """What this process has read."""

    postal: Postal | None = None


def postal() -> Postal:
    """Give every ZIP code. Where nobody has read them yet it takes a second: see `read_apart`."""
    if _Shelf.postal is None:
        _Shelf.postal = Postal(postal_table.table())
    return _Shelf.postal


class NotRead(Exception):
    """The process that should have read the ZIP codes failed."""


async def read_apart() -> None:
    """Read every ZIP code in a process of its own, unless they are known: nobody waits meanwhile.

    Raises NotRead or OSError where there can be no such process.
    """
    if _Shelf.postal is not None:
        return
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", postal_table.__name__,
        stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    try:
        table, _ = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        raise NotRead(f"status {child.returncode}")
    _Shelf.postal = await asyncio.to_thread(Postal, table.decode())


def usual_zone(codes: Iterable[Zip], state: str) -> str:
    """Give the zone that most of these ZIP codes are in, or that of the state's capital."""
    counted = Counter(each.zone for each in codes)
    if counted:
        return counted.most_common(1)[0][0]
    known = find_state(state)
    return known.zone if known else "UTC"
