"""The table of periodic jobs: what is due is always rows, a job only looks, and twice does no harm."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One thing that is looked at every so often; `at_start` also right when the app starts."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]
    at_start: bool = False


class Stopping(Exception):
    """The process stops: a job that waits has nothing to wait for any more."""


class Jobs:
    """Runs the jobs while this process leads; the others stand by."""

    def __init__(self, jobs: Sequence[Job], *, leading: Callable[[], bool]) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._leading = leading
        self._running: set[asyncio.Task[object] | None] = set()
        self._stopping = asyncio.Event()
        # APScheduler's default drops a run that is more than a second late; None keeps it.
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to look."""
        for job in self._jobs.values():
            self._scheduler.add_job(
                self.run, "interval", args=[job.name], seconds=job.every.total_seconds(), id=job.name
            )
        self._scheduler.start()

    async def run(self, name: str) -> None:
        """Run one job now, if this process leads; a fault is logged and the next run tries again."""
        if self._stopping.is_set() or not self._leading():
            return
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
        try:
            await self._jobs[name].run()
        except Stopping:
            pass  # The next start runs it afresh.
        except Exception:
            log.exception("job failed", job=name)
        finally:
            self._running.discard(task)

    async def run_first(self) -> None:
        """Run what has to be looked at right when the app starts."""
        for job in self._jobs.values():
            if job.at_start:
                await self.run(job.name)

    async def run_all(self) -> None:
        """Run every job once: for tests, and for the demo's "skip ahead"."""
        for name in self._jobs:
            await self.run(name)

    async def rest(self, seconds: float) -> None:
        """Wait inside a job, for as long as Slack asks to be left alone; raises Stopping when it is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        if self._stopping.is_set():
            raise Stopping

    async def stop(self, within: float = 10.0) -> None:
        """Look no more, and let what runs at this moment end, at most that many seconds."""
        self._stopping.set()
        running = {task for task in self._running if task is not None and task is not asyncio.current_task()}
        if running:
            await asyncio.wait(running, timeout=within)
        if self._scheduler.running:
            # This cancels what is still running; waiting is done above, because APScheduler does not.
            self._scheduler.shutdown(wait=False)
