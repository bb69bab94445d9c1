"""Works out what follows from what people did, a moment after it was kept and they have their answer.

What follows stands in the database before anybody is answered (storage/follow_ups.py), so a crash at any
moment loses nothing: the process that kept it is woken by its own commit, and whoever leads looks for what a
process that died has left behind.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from storage.database import transient
from storage.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from community.clock import Clock
    from community.mentoring_following import Line
    from scheduler.lease import Leadership
    from storage.database import Database
    from storage.store import Store

    WorkOut = Callable[[Store, Line], Awaitable[None]]
    Rest = Callable[[float], Awaitable[None]]

log = structlog.get_logger(__name__)

SWEEP_EVERY = 2.0
"""Seconds between two looks of the leader when nothing rings: for what a crash left behind."""

PATIENCE = 0.5
"""Seconds that what follows lets people who wait for their own answer go first."""

AGAIN_AFTER = timedelta(seconds=30)
"""So long what could not be worked out waits, out of the way of everything else."""

_AT_ONCE = 50


async def _nobody(_seconds: float) -> None:
    return


class Follower:
    """Takes one line after the other, each in a transaction with all that follows from it.

    `work_out` does that, and may be called again for the same line when the transaction did not commit.
    `after_people` returns when nobody waits for an answer, at the latest after so many seconds. Several
    processes may follow at once: a line is taken by one of them.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        work_out: WorkOut,
        *,
        leadership: Leadership | None = None,
        after_people: Rest = _nobody,
    ) -> None:
        self._database = database
        self._clock = clock
        self._work_out = work_out
        self._leadership = leadership
        self._after_people = after_people
        self._task: asyncio.Task[None] | None = None
        self._one = asyncio.Lock()
        self._stopping = False

    async def start(self) -> None:
        """Begin to follow."""
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name="follow")

    async def stop(self) -> None:
        """Finish the line at hand and take no other: the database keeps what is left."""
        self._stopping = True
        if self._task is not None:
            async with self._one:
                self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def drain(self) -> int:
        """Work out all that can be worked out now; how many lines that were. Works without being started."""
        done = 0
        while found := await self._look():
            done += found
        return done

    async def _run(self) -> None:
        while True:
            heard = self._database.kept.rings
            wait = SWEEP_EVERY
            try:
                if await self._look(politely=True):
                    continue
            except Exception as fault:  # noqa: BLE001 - a database that is away comes back
                log.warning("cannot follow", fault=type(fault).__name__)
                wait = 1.0
            await self._rest(wait, heard)

    async def _rest(self, seconds: float, heard: int) -> None:
        """Wait for the next commit that leaves something to follow; the leader looks without being told."""
        while True:
            try:
                async with asyncio.timeout(seconds):
                    await self._database.kept.wait(heard)
            except TimeoutError:
                if self._leadership is None or self._leadership.leading:
                    return
            else:
                return

    async def _look(self, *, politely: bool = False) -> int:
        """Work out what is due now, the longest waiting first; how many lines that were."""
        async with self._database.glance() as store:
            due = await store.follow_ups.due(self._clock.now(), _AT_ONCE)
        done = 0
        for number, at in due:
            if self._stopping and politely:
                break
            if politely:
                waited = (self._clock.now() - at).total_seconds()
                await self._after_people(PATIENCE - waited)
            async with self._one:
                done += await self._take(number)
        return done

    async def _take(self, number: int) -> int:
        try:
            # Whoever presses a button of the same request meanwhile is not the one who has to give way.
            async with self._database.transaction(yielding=True) as store:
                line = await store.follow_ups.take(number)
                if line is None:
                    return 0
                failpoint("follow.taken")
                await self._work_out(store, line)
                failpoint("follow.worked_out")
        except Exception as fault:
            if transient(fault):
                raise
            log.exception("what follows could not be worked out", line=number)
            async with self._database.transaction() as store:
                await store.follow_ups.put_off(number, self._later())
            return 0
        failpoint("follow.kept")
        return 1

    def _later(self) -> datetime:
        return self._clock.now() + AGAIN_AFTER
