"""Who goes first: the first of a crowd before the others, and people before what only follows from them.

Who wins is decided in the database; this only spares the process work that would come to nothing, or that
somebody who waits for an answer would have to wait for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress


class Turns:
    """Who is ahead, by the number of what they want."""

    def __init__(self) -> None:
        self._ahead: dict[int, asyncio.Event] = {}

    @asynccontextmanager
    async def behind_the_first(self, number: int) -> AsyncIterator[bool]:
        """Go ahead where nobody is; otherwise wait until the first is done, however that ended, and go on.

        Gives whether one is the first.
        """
        first = self._ahead.get(number)
        if first is not None:
            await first.wait()
            yield False
            return
        done = self._ahead[number] = asyncio.Event()
        try:
            yield True
        finally:
            del self._ahead[number]
            done.set()


class Rush:
    """Counts the people who wait for their answer at this moment."""

    def __init__(self) -> None:
        self._waiting = 0
        self._over = asyncio.Event()
        self._over.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one of them for as long as the block runs."""
        self._waiting += 1
        self._over.clear()
        try:
            yield
        finally:
            self._waiting -= 1
            if self._waiting == 0:
                self._over.set()

    async def over(self, within: float) -> None:
        """Return when nobody waits, or after that many seconds."""
        if self._waiting and within > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._over.wait()
