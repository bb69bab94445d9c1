"""How long it takes to know a place, and the catalogue's races of it, beside the package alone."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import zipcodes

from civic.catalogue import Catalogue
from civic.locate import offline
from civic.postal import postal, read_apart
from community.races import Place, Window
from tests.bench.figures import Sheet, quantile
from tests.bench.machine import resident

if TYPE_CHECKING:
    from tests.bench.databases import Databases
    from tests.bench.processes import Running

PART = "6 Places"
PACKAGE = "zipcodes.matching"


@dataclass(frozen=True)
class Size:
    """How much is measured: rounds, and look-ups in each."""

    rounds: int = 3
    look_ups: int = 5_000


WHOLE = Size(rounds=6)
QUICK = Size(rounds=2, look_ups=200)


async def measure(sheet: Sheet, _given: Databases, _slack: Running, size: Size) -> None:
    """Look places up: every round other ZIP codes, ours and the package in turns."""
    before, began = resident(os.getpid()), time.perf_counter()
    await read_apart()
    sheet.add(part=PART, name="what is read at start", unit="s", ours=[time.perf_counter() - began])
    sheet.add(part=PART, name="what that takes in memory", unit="MiB", ours=[resident(os.getpid()) - before])
    known = [code.code for code in postal() if code.active and not code.military]
    draw = random.Random(23220)
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    for _ in range(size.rounds):
        codes = draw.choices(known, k=size.look_ups)
        ours.append(_timed(offline, codes))
        theirs.append(_timed(zipcodes.matching, codes))
    for part in (0.5, 0.99):
        sheet.add(
            part=PART,
            name=f"a ZIP code, with its divisions: p{part * 100:g}",
            unit="ms",
            ours=[quantile(times, part) for times in ours],
            theirs=[quantile(times, part) for times in theirs],
            counterpart=PACKAGE,
            most_ratio=1.0,
        )
    cities = sorted({f"{code.city}, {code.state}" for code in postal() if not code.military})
    _alone(sheet, "a city with its state", offline, draw.choices(cities, k=size.look_ups))
    names = sorted({code.city for code in postal() if not code.military})
    _alone(sheet, "a city in any state", offline, draw.choices(names, k=size.look_ups // 10))
    window = Window(date(2026, 11, 21), date(2028, 12, 31))
    places = [
        place
        for code in draw.choices(known, k=size.look_ups // 10)
        if isinstance(place := offline(code), Place)
    ]
    took = []
    for place in places:
        began = time.perf_counter()
        await Catalogue().races(place, window)
        took.append((time.perf_counter() - began) * 1000)
    _note(sheet, "the catalogue's races of a ZIP code", took)


def _timed(look_up: Callable[[str], object], asked: Sequence[str]) -> list[float]:
    """Give the milliseconds of each look-up."""
    times = []
    for each in asked:
        began = time.perf_counter()
        look_up(each)
        times.append((time.perf_counter() - began) * 1000)
    return times


def _alone(sheet: Sheet, name: str, look_up: Callable[[str], object], asked: Sequence[str]) -> None:
    _note(sheet, name, _timed(look_up, asked))


def _note(sheet: Sheet, name: str, times: list[float]) -> None:
    for part in (0.5, 0.99):
        sheet.add(part=PART, name=f"{name}: p{part * 100:g}", unit="ms", ours=[quantile(times, part)])
