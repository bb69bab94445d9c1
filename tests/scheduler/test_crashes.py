"""Workers are killed at random and at every named place; Slack's own memory is the judge."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from community.deliveries import Delivery, Kind, Lane, State
from storage import failpoints
from storage.tables import deliveries
from tests.scheduler.nursery import BORN, FastClock

SCALE = 20.0
ROOT = Path(__file__).parents[2]


class Nursery:
    """Workers of one test: born on demand, killed on demand."""

    def __init__(self, process, spec):
        self._process = process
        self._spec = spec
        self.alive = []
        self.clock = FastClock(spec["born"], spec["scale"])

    async def spawn(self, **more):
        self._process.stdin.write(json.dumps({**self._spec, **more}).encode() + b"\n")
        await self._process.stdin.drain()
        worker = int(await self._process.stdout.readline())
        self.alive.append(worker)
        return worker

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


@contextlib.asynccontextmanager
async def raising(database_url, slack):
    """A nursery for workers on that database, against that Slack."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.scheduler.nursery", cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    nursery = Nursery(
        process,
        {
            "database": database_url,
            "slack": f"{slack.url}/api/",
            "born": time.time(),
            "scale": SCALE,
        },
    )
    slack.now = time.time
    try:
        yield nursery
    finally:
        for worker in list(nursery.alive):
            nursery.kill(worker)
        process.stdin.close()
        async with asyncio.timeout(10):
            await process.wait()


@pytest.fixture
async def nursery(database_url, slack):
    async with raising(database_url, slack) as nursery:
        yield nursery


async def left_in(database):
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


def judge(slack, expected):
    shown = Counter(slack.shown())
    lost = [text for text in expected if text not in shown]
    twice = {text: count for text, count in shown.items() if count > 1}
    assert not lost, f"lost {len(lost)}: {lost[:5]}"
    assert not twice, f"doubled {len(twice)}: {list(twice.items())[:5]}"
    assert set(shown) == set(expected)


def _liar(rng):
    """About every tenth request ends without a clear answer, or with a 429."""
    faults = [
        ("fine", 90.0),
        ("drop_after", 3.0),
        ("drop_before", 2.5),
        (("committed", 500), 1.5),
        (("status", 503), 1.5),
        (("limited", "0.05"), 1.0),
        ("hang", 0.5),
    ]
    kinds, weights = zip(*faults, strict=True)
    return lambda _: rng.choices(kinds, weights)[0]


@pytest.mark.slow
async def test_random_kills_lose_nothing_and_double_nothing(nursery, database, database_kind, slack):
    rng = random.Random(20261123)
    slack.always["chat.postMessage"] = _liar(rng)
    replicas = 3 if database_kind == "postgresql" else 1
    many, kills = 600, 10
    expected = []
    wanted = []
    for number in range(many):
        text = f"words {number}"
        to = f"U{number % 250}" if number % 2 else f"C{number % 150}"
        lane = Lane.BULK if number % 3 else Lane.URGENT
        key = f"test:card:{number}"
        followed = number % 20 == 0
        about = {"text": text, "followed": followed}
        wanted.append(Delivery(key=key, to=to, lane=lane, render="card", about=about))
        expected += [text, f"{text} followed"] if followed else [text]
    workers = [await nursery.spawn(lease=replicas > 1) for _ in range(replicas)]
    for start in range(0, many, 100):
        async with database.transaction() as store:
            await store.deliveries.add(*wanted[start : start + 100], at=nursery.clock.now())
    for _ in range(kills):
        await asyncio.sleep(rng.uniform(0.3, 0.7))
        victim = rng.choice(workers)
        nursery.kill(victim)
        workers.remove(victim)
        workers.append(await nursery.spawn(lease=replicas > 1))
    assert await settle(database, 60)
    judge(slack, expected)
    async with database.reading() as store:
        assert await store.outgoing.census() == {}


INSIDE_TRANSACTIONS = {"outbox.rendered", "outbox.ending"}
SENDING_POINTS = [name for name in failpoints.NAMES if name.startswith(("outbox.", "reconcile."))]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["exit", "freeze"])
async def test_a_worker_that_dies_or_freezes_at_any_named_place_loses_and_doubles_nothing(
    nursery, database, slack, how
):
    """One worker after the other meets its end at the next place; whoever comes next puts it right."""
    expected = []
    frozen = []
    for number, name in enumerate(SENDING_POINTS):
        kind = Kind.FILE if name == "outbox.file_uploaded" else Kind.POST
        text = f"words {number}"
        if kind is Kind.FILE:
            delivery = Delivery(
                key=f"f:{number}", kind=kind, to="C1", payload={"filename": text, "content": "x"}
            )
            expected.append(f"file:{text}")
        else:
            delivery = Delivery(key=f"p:{number}", to=f"C{number}", payload={"text": text})
            expected.append(text)
        if name == "reconcile.found":
            slack.fault("chat.postMessage", "drop_after")
        if name == "reconcile.absent":
            slack.fault("chat.postMessage", "drop_before")
        worker = await nursery.spawn(failpoint=name, how=how, lease=True)
        async with database.transaction() as store:
            await store.deliveries.add(delivery, at=nursery.clock.now())
        async with asyncio.timeout(15):
            while not (nursery.gone(worker) or _stopped(worker)):
                await asyncio.sleep(0.02)
        if how == "freeze" and name in INSIDE_TRANSACTIONS:
            # It holds the database's lock, so that nobody can go on before it wakes.
            await asyncio.sleep(2.5)
            nursery.kill(worker, signal.SIGCONT)
            await asyncio.sleep(0.5)
            nursery.kill(worker)
        elif how == "freeze":
            frozen.append(worker)
    await nursery.spawn(lease=True)
    assert await settle(database, 20)
    # The frozen ones wake up long after their time, and must not write what others have settled.
    for worker in frozen:
        nursery.kill(worker, signal.SIGCONT)
    await asyncio.sleep(1.5)
    assert await settle(database, 20)
    judge(slack, expected)


def _stopped(worker):
    try:
        status = Path(f"/proc/{worker}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] == "T"


def test_the_list_of_named_places_is_complete():
    used = Counter()
    for folder in ("storage", "scheduler", "handlers", "bot"):
        for path in (ROOT / folder).rglob("*.py"):
            used.update(re.findall(r'(?<!def )\bfailpoint\("([a-z_.]+)"\)', path.read_text()))
    assert set(used) == set(failpoints.NAMES)


def test_named_places_do_nothing_unless_a_test_asks():
    for name in failpoints.NAMES:
        failpoints.failpoint(name)


async def test_a_takeover_follows_the_leaders_death_within_fifteen_seconds(nursery, database, slack):
    leader = await nursery.spawn(lease=True)
    async with asyncio.timeout(10):
        while await _holder(database, nursery.clock) is None:
            await asyncio.sleep(0.02)
    await nursery.spawn(lease=True)
    await asyncio.sleep(0.5)
    nursery.kill(leader)
    died = nursery.clock.now()
    async with database.transaction() as store:
        await store.deliveries.add(
            Delivery(key="a:b:1", to="C1", payload={"text": "words"}), at=nursery.clock.now()
        )
    assert await settle(database, 10)
    async with database.reading() as store:
        sent = await store.deliveries.sent("a:b:1")
    # In this world a second takes a twentieth; the standby asks five times a second, so here every four.
    assert (sent.at - died).total_seconds() < 15 + 4 + 6
    assert slack.shown() == ["words"]
    assert sent.at > BORN
    assert State.SENT == "sent"


async def _holder(database, clock):
    async with database.reading() as store:
        return await store.leases.holder("scheduler", clock.now())
