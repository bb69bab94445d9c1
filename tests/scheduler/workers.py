"""Workers of a test, born on demand and killed on demand, and the judge of what they did."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, make_url, select

from community.deliveries import Delivery, Lane
from storage.tables import deliveries
from tests.raiser import raise_one
from tests.scheduler.nursery import FastClock

SCALE = 20.0


class Nursery:
    """Workers of one test: born on demand, killed on demand."""

    def __init__(self, spec):
        self._spec = spec
        self.alive = []
        self.clock = FastClock(spec["born"], spec["scale"])

    async def spawn(self, **more):
        raised = raise_one("tests.scheduler.nursery", {**self._spec, **more})
        raised.let_go()
        self.alive.append(raised.pid)
        return raised.pid

    def kill(self, worker, sign=signal.SIGKILL):
        if sign == signal.SIGKILL and worker in self.alive:
            self.alive.remove(worker)
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, sign)

    def gone(self, worker):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return True
        return False


def stopped(worker):
    """Whether that process is frozen."""
    try:
        status = Path(f"/proc/{worker}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] == "T"


@contextlib.asynccontextmanager
async def raising(database_url, slack, scale=SCALE):
    """A nursery for workers on that database, against that Slack."""
    nursery = Nursery(
        {
            "database": database_url,
            "slack": f"{slack.url}/api/",
            "born": time.time(),
            "scale": scale,
        }
    )
    slack.now = time.time
    try:
        yield nursery
    finally:
        for worker in list(nursery.alive):
            nursery.kill(worker)


async def locked(url):
    """Whether somebody frozen holds SQLite's only lock: it may have frozen amid any of its transactions."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return False

    def ask():
        with contextlib.closing(sqlite3.connect(parsed.database, timeout=1.0, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            other.execute("ROLLBACK")
            return False

    return await asyncio.to_thread(ask)


async def left_in(database):
    """How many deliveries are still on their way."""
    async with database.reading() as store:
        return await store.connection.scalar(
            select(func.count())
            .select_from(deliveries)
            .where(deliveries.c.state.in_(("pending", "reserved", "sending")))
        )


async def settle(database, seconds):
    """Wait until nothing is owed any more; True when it came to that."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while await left_in(database):
                await asyncio.sleep(0.1)
            return True
    return False


async def holder(database, clock):
    """Whoever holds the lease at this moment."""
    async with database.reading() as store:
        return await store.leases.holder("scheduler", clock.now())


def judge(slack, expected):
    """Every text was shown, and none of them twice: Slack's own memory says so."""
    shown = Counter(slack.shown())
    lost = [text for text in expected if text not in shown]
    twice = {text: count for text, count in shown.items() if count > 1}
    assert not lost, f"lost {len(lost)}: {lost[:5]}"
    assert not twice, f"doubled {len(twice)}: {list(twice.items())[:5]}"
    assert set(shown) == set(expected)


class Liar:
    """About every tenth request ends without a clear answer, or with a 429; counts what it did."""

    FAULTS = (
        ("fine", 90.0),
        ("drop_after", 3.0),
        ("drop_before", 2.5),
        (("committed", 500), 1.5),
        (("status", 503), 1.5),
        (("limited", "0.05"), 1.0),
        ("hang", 0.5),
    )

    def __init__(self, rng):
        self._rng = rng
        self.told = Counter()

    def __call__(self, _arguments):
        kinds, weights = zip(*self.FAULTS, strict=True)
        fault = self._rng.choices(kinds, weights)[0]
        self.told[fault if isinstance(fault, str) else fault[0]] += 1
        return fault

    @property
    def lies(self):
        """How many requests went wrong."""
        return sum(self.told.values()) - self.told["fine"]


@dataclass
class Loop:
    """A crash loop, and what it came to."""

    many: int
    kills: int
    replicas: int
    seed: int = 20261123
    killed: int = 0
    leaders: int = 0
    seconds: float = 0.0
    expected: list[str] = field(default_factory=list)

    async def run(self, nursery, database, slack, *, patience=60.0, tell=lambda _line: None):
        """Send so many deliveries through Slack's lies while workers are killed at random."""
        rng = random.Random(self.seed)
        lease = self.replicas > 1
        liar = slack.always["chat.postMessage"] = Liar(random.Random(self.seed + 1))
        workers = [await nursery.spawn(lease=lease) for _ in range(self.replicas)]
        began = time.monotonic()
        owing = asyncio.create_task(self._owe(database, nursery))
        try:
            marks = sorted(rng.uniform(0, self.many * 0.97) for _ in range(self.kills))
            for mark in marks:
                patience_for_one = time.monotonic() + 5.0
                while len(slack.seen) < mark and time.monotonic() < patience_for_one:
                    await asyncio.sleep(0.01)
                victim = await self._victim(rng, workers, database, nursery)
                nursery.kill(victim)
                self.killed += 1
                workers.remove(victim)
                workers.append(await nursery.spawn(lease=lease))
                if self.killed % 50 == 0:
                    tell(f"{self.killed} killed, {len(slack.seen)} shown, {time.monotonic() - began:.0f} s")
            await owing
        finally:
            owing.cancel()
            await asyncio.gather(owing, return_exceptions=True)
        assert await settle(database, patience), f"{await left_in(database)} left"
        self.seconds = time.monotonic() - began
        judge(slack, self.expected)
        async with database.reading() as store:
            assert await store.outgoing.census() == {}
        tell(
            f"{len(self.expected)} deliveries, {self.killed} SIGKILLs ({self.leaders} of the leader), "
            f"{liar.lies} lies of Slack ({dict(liar.told)}), {self.seconds:.0f} s: 0 lost, 0 twice"
        )
        return liar

    async def _victim(self, rng, workers, database, nursery):
        """Every other time the one that sends: who stands by has little to lose."""
        if self.replicas > 1 and rng.random() < 0.5:
            leader = await holder(database, nursery.clock)
            pid = int(leader.partition("-")[0]) if leader else 0
            if pid in workers:
                self.leaders += 1
                return pid
        return rng.choice(workers)

    async def _owe(self, database, nursery):
        """Add them a few hundred at a time, each twentieth with one that follows from its outcome."""
        lines = max(400, self.many // 4)
        for start in range(0, self.many, 500):
            wanted = []
            for number in range(start, min(self.many, start + 500)):
                words = f"words {number}"
                followed = number % 20 == 0
                wanted.append(
                    Delivery(
                        key=f"test:card:{number}",
                        to=f"U{number % lines}" if number % 2 else f"C{number % lines}",
                        lane=Lane.BULK if number % 3 else Lane.URGENT,
                        render="card",
                        about={"text": words, "followed": followed},
                    )
                )
                self.expected += [words, f"{words} followed"] if followed else [words]
            async with database.transaction() as store:
                await store.deliveries.add(*wanted, at=nursery.clock.now())
            await asyncio.sleep(0.05)
