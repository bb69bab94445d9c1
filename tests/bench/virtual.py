"""A clock that jumps: hours of sending pass in minutes, because nobody sleeps while nothing can happen."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Time for Pace and Outbox (`monotonic`, `sleep`) and for the rows (`now`); moved by `run_until`."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._began = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._serial = itertools.count()

    def monotonic(self) -> float:
        return self._seconds

    def now(self) -> datetime:
        return self._began + timedelta(seconds=self._seconds)

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._seconds + seconds, next(self._serial), woken))
        await woken

    async def run_until(self, done: Callable[[], bool], *, busy: Callable[[], bool], asleep: int) -> None:
        """Move on whenever nothing is under way and so many are asleep, until `done`."""
        while not done():
            if busy() or self._awake(asleep):
                # Something is under way in a thread of SQLite's or at a socket: asking too often delays it.
                await asyncio.sleep(0.0003)
                continue
            # Whoever was woken in this very moment, by the bell for instance, goes first.
            before = next(self._serial)
            for _ in range(6):
                await asyncio.sleep(0)
            if busy() or self._awake(asleep) or next(self._serial) != before + 1:
                continue
            at, _, woken = heapq.heappop(self._sleepers)
            self._seconds = max(self._seconds, at)
            woken.set_result(None)
            await asyncio.sleep(0)

    def _awake(self, asleep: int) -> bool:
        self._sleepers = [one for one in self._sleepers if not one[2].done()]
        heapq.heapify(self._sleepers)
        return len(self._sleepers) < asleep
