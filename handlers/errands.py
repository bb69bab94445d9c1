"""Short work that goes on after Slack has its answer: opening a form, a private reply.

Every errand is tracked, so that a process that is told to stop can wait for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class Errands:
    """The errands that are on their way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, errand: Coroutine[Any, Any, object], *, what: str) -> None:
        """Run it beside everything else; `what` names it in the log if it fails."""
        task = asyncio.get_running_loop().create_task(self._run(errand, what), name=f"errand:{what}")
        # The loop itself keeps only a weak reference to a task.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, errand: Coroutine[Any, Any, object], what: str) -> None:
        try:
            await errand
        except Exception:
            # An errand holds nothing that must not be lost; whoever waited sees nothing and tries again.
            log.exception("errand failed", what=what)

    async def finish(self, within: float) -> None:
        """Wait for all of them, at most that many seconds, then end what is left."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=within)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
