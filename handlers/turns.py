"""Lets the first of a crowd go ahead, so that two hundred who press at once do not slow the one who wins.

Who wins is decided in the database; this only spares the process work that would come to nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Who is ahead, by the number of what they want."""

    def __init__(self) -> None:
        self._ahead: dict[int, asyncio.Event] = {}

    @asynccontextmanager
    async def behind_the_first(self, number: int) -> AsyncIterator[None]:
        """Go ahead where nobody is; otherwise wait until the first is done, however that ended, and go on."""
        first = self._ahead.get(number)
        if first is not None:
            await first.wait()
            yield
            return
        done = self._ahead[number] = asyncio.Event()
        try:
            yield
        finally:
            del self._ahead[number]
            done.set()
