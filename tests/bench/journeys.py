"""The journey's tick at nine in the morning of the busiest zone, with many enrolled and with few."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from community.clock import MovableClock
from messages.journeys_lessons import first_week
from scheduler import journeys
from storage.database import Database
from tests.bench import town
from tests.bench.machine import resident

if TYPE_CHECKING:
    from tests.bench.databases import Databases
    from tests.bench.figures import Sheet

PART = "5 The tick of the first seven days"

NINE = datetime(2026, 11, 24, 14, tzinfo=UTC)
"""Nine in the morning in New York, a Tuesday."""
ZONES = (
    ("America/New_York", 47, 0),
    ("America/Chicago", 29, 1),
    ("America/Denver", 7, 2),
    ("America/Los_Angeles", 17, 3),
)
"""Zone, how many of a hundred people live there (roughly the Census), and hours until it is nine there."""


@dataclass(frozen=True)
class Size:
    """How many are enrolled where there are many and where there are few, and the rounds of each."""

    many: int = 10_000
    few: int = 1_000
    rounds: int = 2


WHOLE = Size(many=100_000)
QUICK = Size(many=2_000, few=100, rounds=1)


async def measure(sheet: Sheet, given: Databases, _slack: str, size: Size) -> None:
    for kind in given.kinds:
        many = [await _tick(given, kind, size.many) for _ in range(size.rounds)]
        few = [await _tick(given, kind, size.few) for _ in range(size.rounds)]
        due = many[0].due
        facts = {"part": PART, "database": kind}
        counterpart = f"with {size.few:,} enrolled"
        sheet.add(
            **facts, name=f"{due:,} due lessons of {size.many:,} enrolled, found and queued", unit="s",
            ours=[one.seconds for one in many], theirs=[one.seconds for one in few], counterpart=counterpart,
        )  # fmt: skip
        sheet.add(
            **facts, name="… for each that was due", unit="ms", counterpart=counterpart,
            ours=[one.seconds / one.due * 1000 for one in many],
            theirs=[one.seconds / one.due * 1000 for one in few],
        )  # fmt: skip
        sheet.add(
            **facts, name="… the longest that the loop stood still meanwhile", unit="ms",
            ours=[one.pause for one in many], theirs=[one.pause for one in few],
            counterpart=counterpart, worst=True, most=250.0,
        )  # fmt: skip
        sheet.add(
            **facts, name="… the longest that a press of a button waited to write meanwhile", unit="ms",
            ours=[one.press for one in many], theirs=[one.press for one in few],
            counterpart=counterpart, worst=True, most=1000.0,
        )  # fmt: skip
        sheet.add(
            **facts, name="… memory more than before", unit="MiB", counterpart=counterpart,
            ours=[one.grown for one in many], theirs=[one.grown for one in few],
        )  # fmt: skip
        sheet.add(
            **facts, name="the tick with nobody due", unit="ms", counterpart=counterpart,
            ours=[one.idle * 1000 for one in many], theirs=[one.idle * 1000 for one in few],
        )  # fmt: skip
        await given.drop_all()


@dataclass(frozen=True)
class Tick:
    """One tick: seconds it took, how many were due, and what everything else noticed of it.

    `pause` and `press` are the longest stand-still of the loop and the longest wait of another writer, in
    milliseconds; `grown` is in MiB; `idle` are the seconds of the next tick, which finds nobody.
    """

    seconds: float
    due: int
    pause: float
    press: float
    grown: float
    idle: float


async def _tick(given: Databases, kind: str, people: int) -> Tick:
    database = Database.at(await given.fresh(kind))
    await town.grow(database, people)
    await _enrol(database, people)
    clock = MovableClock(NINE)
    before = resident(os.getpid())
    watch = _Watch(database)
    watching = [asyncio.ensure_future(watch.loop()), asyncio.ensure_future(watch.presses())]
    await asyncio.sleep(0.2)
    watch.begin()
    began = time.perf_counter()
    due = await journeys.send_due_lessons(database, clock)
    seconds = time.perf_counter() - began
    watch.ended = True
    await asyncio.gather(*watching)
    began = time.perf_counter()
    assert await journeys.send_due_lessons(database, clock) == 0
    idle = time.perf_counter() - began
    share = ZONES[0][1]
    assert due == people * share // 100, due
    owed = await town.count(database, "SELECT COUNT(*) FROM deliveries WHERE render = 'journeys.lesson'")
    assert owed == due, owed
    await database.close()
    return Tick(seconds, due, watch.pause, watch.press, max(0.0, watch.memory - before), idle)


class _Watch:
    """Somebody else in the same process: notices how long the loop, and the one writer, kept them waiting."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.ended = False
        self.begin()

    def begin(self) -> None:
        """Forget what was noticed so far."""
        self.pause = self.press = self.memory = 0.0

    async def loop(self) -> None:
        """Wake every two milliseconds, and note by how much that was late."""
        while not self.ended:
            began = time.perf_counter()
            await asyncio.sleep(0.002)
            self.pause = max(self.pause, (time.perf_counter() - began - 0.002) * 1000)

    async def presses(self) -> None:
        """Write a little every twentieth of a second, as a listener does, and note how long it took."""
        while not self.ended:
            await asyncio.sleep(0.05)
            began = time.perf_counter()
            async with self._database.transaction() as store:
                await store.seen.first(f"bench:{began}", NINE)
            self.press = max(self.press, (time.perf_counter() - began) * 1000)
            self.memory = max(self.memory, resident(os.getpid()))


async def _enrol(database: Database, people: int) -> None:
    """Let everybody be on their third day; each hundred lives as the country does."""
    kind, journey = database.dialect, first_week().key
    first = 0
    for zone, share, hours in ZONES:
        at = NINE + timedelta(hours=hours)
        async with database.transaction(long=True) as store:
            await store.connection.execute(
                text(
                    'INSERT INTO enrolments (journey, "user", standing, came, round, day, next_at, zone, '
                    "started_at, last_sent_at, heard_at) "
                    "SELECT :journey, 'U1' || g.i, 'active', 'workspace', 1, 2, :at, :zone, :began, :sent, "
                    ":sent "
                    f"FROM {town.SERIES[kind]} WHERE (g.i - 1) % 100 >= :low AND (g.i - 1) % 100 < :high"
                ),
                {
                    "journey": journey,
                    "at": town.stamp(kind, at),
                    "zone": zone,
                    "began": town.stamp(kind, at - timedelta(days=2)),
                    "sent": town.stamp(kind, at - timedelta(days=1)),
                    "count": people,
                    "low": first,
                    "high": first + share,
                },
            )
        first += share
    async with database.transaction(long=True) as store:
        await store.connection.execute(text("ANALYZE"))
