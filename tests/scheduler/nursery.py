"""A worker that can be killed, for tests/raiser.py to fork.

A worker is an outbox with its own database connections, in a world that runs `scale` times as fast, so that
a grace of a minute passes in seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from datetime import UTC, datetime, timedelta

import asyncpg  # noqa: F401 - loaded late otherwise, by each worker again
from slack_sdk.web.async_client import AsyncWebClient

import scheduler.sending
import scheduler.wire
import storage.database
from community.announcements_book import Rules
from community.deliveries import Delivery
from scheduler import announcements
from scheduler.lease import Leadership
from scheduler.outbox import Outbox
from scheduler.pacing import Pace
from scheduler.rendering import Scene
from storage import failpoints
from storage.database import Database

BORN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


class FastClock:
    """Runs `scale` times as fast as the machine's, the same in every process."""

    def __init__(self, born: float, scale: float) -> None:
        self.born, self.scale = born, scale

    def now(self):
        return BORN + timedelta(seconds=(time.time() - self.born) * self.scale)


async def render(store, about):
    return {"text": about["text"]}


async def follow(store, landed):
    """What a feature does with an outcome: once per delivery, in the transaction of its mark."""
    if landed.sent and landed.about.get("followed"):
        text = f"{landed.about['text']} followed"
        await store.deliveries.add(
            Delivery(key=f"after:{landed.key}", to=landed.channel, payload={"text": text}), at=landed.at
        )


def install(spec):
    """Kill, or freeze, this process at the given pass of a failpoint."""
    passes = {}

    def hook(name):
        passes[name] = passes.get(name, 0) + 1
        if name != spec["failpoint"] or passes[name] != spec.get("pass", 1):
            return
        if spec.get("how") == "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            os._exit(137)

    failpoints.install(hook)


async def follow_announcements(database, clock):
    """The job that counts announcements, as often as in the app's own time."""
    while True:
        with contextlib.suppress(Exception):
            await announcements.follow(database, clock)
        await asyncio.sleep(0.25)


async def _live(spec):
    clock = FastClock(spec["born"], spec["scale"])
    # A request may take a while of real time, but far less than the grace of this faster world.
    scheduler.wire.TIMEOUT = timedelta(seconds=16.0 / spec["scale"])
    scheduler.sending.WRITE_WITHIN = timedelta(seconds=16.0 / spec["scale"])
    scheduler.sending._CONNECT_WITHIN = timedelta(seconds=20.0 / spec["scale"])
    storage.database._FROZEN_AFTER = 40.0 / spec["scale"]
    database = Database.at(spec["database"], pool=10)
    leadership = None
    if spec.get("lease"):
        leadership = Leadership(
            database,
            clock,
            monotonic=lambda: time.monotonic() * spec["scale"],
            lasting=timedelta(seconds=15),
            every=timedelta(seconds=0.2),
        )
        await leadership.start()
    scene = Scene(clock=clock, zone="America/New_York", median_over=timedelta(days=30))
    outbox = Outbox(
        database,
        AsyncWebClient(token="xoxb-test", base_url=spec["slack"]),
        clock,
        {"card": render, **announcements.renderers(scene, Rules())},
        {"card": follow},
        leadership=leadership,
        pace=Pace.unlimited(),
        sleep=lambda seconds: asyncio.sleep(min(seconds, 0.25)),
    )
    done = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, done.set)
    await outbox.start()
    following = asyncio.create_task(follow_announcements(database, clock)) if spec.get("follow") else None
    await done.wait()
    if following is not None:
        following.cancel()
    await outbox.stop()
    if leadership is not None:
        await leadership.stop()
    await database.close()


def live(spec):
    """Send until told to stop, or until the failpoint is met."""
    logging.basicConfig(level=logging.CRITICAL)
    if spec.get("failpoint"):
        install(spec)
    try:
        asyncio.run(_live(spec))
    finally:
        os._exit(0)  # Whoever sends the last of it need not be waited for.
