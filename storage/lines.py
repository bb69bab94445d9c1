"""Lines to PostgreSQL that have fallen silent: who is asked first, and when it is time to hang up.

A line that a network has cut in one direction says nothing and ends nothing. Whoever waits on it waits until
the operating system gives up, a quarter of an hour later; and what tidies up after a wait that was given up
(SQLAlchemy's ROLLBACK, shielded from cancellation) waits on the same line.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, exc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

PATIENCE = 8.0
"""Seconds that a transaction may take on PostgreSQL, with the wait for a connection."""
_TIDIED_WITHIN = 1.0
"""Seconds that it has after that to tell a server that hears it to stop, and to roll back."""
_ANSWERS_WITHIN = 2.0
"""Seconds within which a rested connection must say that it is still there: a person waits for three."""
_RESTED = 0.5
"""Seconds of rest after which a connection is asked whether it is still there."""


class Line:
    """The connection on which one transaction waits, once it has one."""

    def __init__(self) -> None:
        self._driver: Any = None

    def carries(self, connection: AsyncConnection) -> None:
        """This transaction has that connection."""
        self._driver = connection.sync_connection.connection.driver_connection  # type: ignore[union-attr]

    def hang_up(self) -> None:
        """Close it without a word: whatever waits on it fails at once, as on a lost connection."""
        if self._driver is not None:
            self._driver.terminate()


@asynccontextmanager
async def patience() -> AsyncIterator[Line]:
    """Give up on a server that is silent (TimeoutError), rather than wait for a lost answer for ever.

    The driver's own limit for a command would afterwards wait, without one, for the server to confirm that
    the command is cancelled.
    """
    line = Line()
    hang_up = asyncio.get_running_loop().call_later(PATIENCE + _TIDIED_WITHIN, line.hang_up)
    try:
        async with asyncio.timeout(PATIENCE):
            yield line
    finally:
        hang_up.cancel()


def ask_the_rested(engine: AsyncEngine) -> None:
    """Ask a connection that has rested whether it is still there, before anybody's work is risked on it.

    SQLAlchemy's own way asks at every use, in three trips: half of what a small transaction costs. It also
    waits as long as the driver does, and where one line has died without a word, so have the others: each
    connection of the pool would cost the whole patience of somebody's transaction.
    """
    import asyncpg  # Whoever lives on SQLite need not carry it.

    @event.listens_for(engine.sync_engine, "checkin")
    def _rest(_connection: Any, record: Any) -> None:
        record.info["since"] = monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _wake(connection: Any, record: Any, _fairy: Any) -> None:
        if monotonic() - record.info.get("since", math.inf) < _RESTED:
            return
        try:
            connection.run_async(_still_there)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as fault:
            # This one is replaced, and so is every other that was made before this moment.
            raise exc.InvalidatePoolError from fault


async def _still_there(connection: Any) -> None:
    """Ask for a word, in one trip; raises when none comes."""
    hang_up = asyncio.get_running_loop().call_later(_ANSWERS_WITHIN, connection.terminate)
    try:
        await connection.execute("SELECT 1")
    finally:
        hang_up.cancel()
    if connection.is_closed():
        raise ConnectionResetError
