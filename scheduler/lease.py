"""Who runs the outbox and the jobs: holds the lease row, and knows without asking when it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from storage.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from community.clock import Clock
    from storage.database import Database

log = logging.getLogger(__name__)

LASTING = timedelta(seconds=12)
"""A standby goes on within 15 s of the leader's death: what is left of them is for a slow question and for
clocks that differ."""
EVERY = timedelta(seconds=4)
_AFTER_A_FAULT = 1.0
"""Seconds: who leads has only what is left of its lease, and who could lead waits for it."""
_AFTER_THE_LAPSE = 0.05
MARGIN = timedelta(seconds=1)
"""The holder considers the lease lost this much before anybody else can take it."""


class Leadership:
    """One process's hold on the lease row. A standby keeps asking, and takes over when it lapses.

    On SQLite it does so as soon as the holder is known to be dead: see storage/hold.py.

    The replicas' clocks have to agree within a few seconds (NTP); that two believe to lead for a moment does
    no harm, because every mark asks the row itself.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        name: str = "scheduler",
        owner: str | None = None,
        lasting: timedelta = LASTING,
        every: timedelta = EVERY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.owner = owner or f"{os.getpid()}-{secrets.token_hex(6)}"
        self._database = database
        self._clock = clock
        self._lasting = lasting
        self._every = every
        self._monotonic = monotonic
        self._hold = database.hold()
        self._sure_until = float("-inf")
        self._row_until: datetime | None = None
        self.asks_in = every.total_seconds()
        """Seconds to the next question: a standby asks when the leader's time is over."""
        self._task: asyncio.Task[None] | None = None

    @property
    def leading(self) -> bool:
        """Whether this process leads at this moment; never true after somebody else may have taken over."""
        return self._monotonic() < self._sure_until

    @property
    def lapsed(self) -> bool:
        """Whether the row's time is over by the wall clock, though this process leads by its own.

        The clock was set, or the machine slept: until the row is asked again, every mark is refused.
        """
        return self._row_until is not None and self._clock.now() >= self._row_until

    @property
    def left(self) -> float:
        """Seconds for which this process certainly still leads; 0.0 when it does not."""
        return max(0.0, self._sure_until - self._monotonic())

    async def start(self) -> None:
        """Ask for the lease, and go on asking."""
        await self._try()
        self._task = asyncio.create_task(self._keep(), name="lease: keep")

    async def stop(self) -> None:
        """Hand the lease back, so that a standby need not wait for it to lapse."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self.leading:
            await self._hand_back()
        self._hold.let_go()

    async def _hand_back(self) -> None:
        self._sure_until = float("-inf")
        try:
            async with self._database.transaction() as store:
                await store.leases.hand_back(self.name, self.owner, self._clock.now())
                failpoint("lease.returned")
        except Exception as fault:  # noqa: BLE001 - it lapses by itself
            log.warning("lease: not handed back: %s", type(fault).__name__)
        failpoint("lease.handed_back")

    async def renew(self) -> bool:
        """Take or prolong the lease now; whether this process leads."""
        self._hold.take()
        asked_at = self._monotonic()  # Before the question: the row's time starts after this moment.
        async with self._database.transaction() as store:
            now = self._clock.now()
            taken = await store.leases.take(
                self.name, self.owner, now, self._lasting, holder_is_dead=self._hold.fresh
            )
            lapses = None if taken else await store.leases.until(self.name)
            failpoint("lease.asked")
        failpoint("lease.taken")
        self._hold.fresh = False
        self.asks_in = self._every.total_seconds()
        if lapses is not None:
            self.asks_in = min(self.asks_in, max((lapses - now).total_seconds(), 0.0) + _AFTER_THE_LAPSE)
        was = self.leading
        self._sure_until = asked_at + (self._lasting - MARGIN).total_seconds() if taken else float("-inf")
        self._row_until = now + self._lasting if taken else None
        if was != self.leading:
            log.info("lease: %s", "leading" if self.leading else "standing by")
            self._database.bell.ring()
        return self.leading

    async def _try(self) -> None:
        try:
            async with asyncio.timeout(self._every.total_seconds()):
                await self.renew()
        except Exception as fault:  # noqa: BLE001 - the database may be away; the lease then runs out by itself
            log.warning("lease: cannot ask: %s", type(fault).__name__)
            self.asks_in = min(_AFTER_A_FAULT, self._every.total_seconds())

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self.asks_in)
            await self._try()
