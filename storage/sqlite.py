"""Opens SQLite: one writing connection, some that only read, and one trip to its thread per statement.

A transaction begins with its first statement, in the same trip, and one that is given up is not waited for.
"""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import aiosqlite
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

_BUSY_TIMEOUT_MS = 10_000
_READERS = 4


class _Rows:
    """What SQLAlchemy takes for a cursor: the statement, its rows and its end are one trip to the thread.

    The driver's own cursor goes there four times, and on SQLite those trips are what a statement costs.
    """

    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute it and fetch all that it gives."""
        return await self._keep(sqlite3.Connection.execute, statement, parameters)

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> Self:
        """Execute it with each of these in turn."""
        return await self._keep(sqlite3.Connection.executemany, statement, parameters)

    async def _keep(self, verb: Any, statement: str, parameters: Any) -> Self:
        answer = await self._connection.at_once(verb, statement, parameters)
        self._rows, self.description, self.rowcount, self.lastrowid = answer
        return self

    async def fetchall(self) -> list[Any]:
        """Give the rows, which are here already."""
        return self._rows

    async def close(self) -> None:
        """Nothing is open."""


class _Connection(aiosqlite.Connection):
    """A connection in a thread of its own, as aiosqlite makes it, but with such cursors."""

    _begin: str | None = None
    _open = False
    """Whether something was done since the last commit or rollback."""

    def begin_with(self, begin: str) -> None:
        """From now on whatever is the first statement since the last commit or rollback begins a transaction.

        To begin alone would be a trip for nothing. And the connection knows this by itself: one listener to
        the engine's own event costs every statement several hundredths of its time, for SQLAlchemy then looks
        for listeners to everything else as well.
        """
        self._begin = begin

    def cursor(self) -> _Rows:  # type: ignore[override]
        """Give a cursor without asking the thread for one."""
        return _Rows(self)

    async def at_once(
        self, verb: Any, statement: str, parameters: Any
    ) -> tuple[list[Any], Any, int, int | None]:
        """Execute, fetch and close in the thread; what came of it, with description, rowcount, lastrowid."""
        # Settled here and not in the thread: a rollback behind a cancelled statement must know of it.
        begin = None if self._open else self._begin
        self._open = self._begin is not None

        def run() -> tuple[list[Any], Any, int, int | None]:
            if begin is not None:
                self._conn.execute(begin)
            cursor = verb(self._conn, statement, parameters)
            try:
                rows = cursor.fetchall() if cursor.description else []
                return rows, cursor.description, cursor.rowcount, cursor.lastrowid
            finally:
                cursor.close()

        answer: tuple[list[Any], Any, int, int | None] = await self._execute(run)  # type: ignore[no-untyped-call]
        return answer

    async def commit(self) -> None:
        """Commit the current transaction."""
        if self._open:
            await super().commit()
            self._open = False

    async def rollback(self) -> None:
        """Roll back, unless nothing was done since the commit: the pool asks for it after every use.

        Nobody waits for it: whatever this connection is asked next comes after it.
        """
        if self._open:
            self._tx.put_nowait((None, self._conn.rollback))
            self._open = False


def _connect(file: str, **options: Any) -> _Connection:
    connection = _Connection(partial(sqlite3.connect, file, **options), iter_chunk_size=64)
    # A process that ends must not wait for a thread that waits for work.
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does it to connections that it makes
    return connection


def engine(url: URL, *, writing: bool) -> AsyncEngine:
    """Open the database at an address: for the one connection that writes, or for those that only read."""
    made = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1 if writing else _READERS,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"async_creator_fn": _connect},
    )

    @event.listens_for(made.sync_engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: it would do so with what writes only.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        if not writing:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()
        # A transaction that starts by reading and then writes would be refused at once when another wrote
        # in between, whatever the busy timeout says.
        connection.driver_connection.begin_with("BEGIN IMMEDIATE" if writing else "BEGIN")

    return made
