"""Opens the database, SQLite or PostgreSQL, and gives out transactions that behave the same on both."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import exc, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage import lines, sqlite
from storage.hold import Hold
from storage.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = logging.getLogger(__name__)

CHANNEL = "downballot_deliveries"
"""PostgreSQL's notification channel: a transaction that added deliveries notifies it at its commit."""

_RECONNECT_AFTER = 2.0
_FROZEN_AFTER = 15.0
"""Seconds that a transaction may do nothing on PostgreSQL before it is ended: its process has frozen, and
must not hold its locks for ever."""
_CLOSED_WITHIN = 5.0


class UnknownDatabase(ValueError):
    """A database address must start with sqlite+aiosqlite:///… or postgresql+asyncpg://…."""


class Bell:
    """Wakes whoever waits for new deliveries; several may wait, and each hears every ring."""

    def __init__(self) -> None:
        self.rings = 0
        self._event = asyncio.Event()

    def ring(self) -> None:
        """There is something to do."""
        self.rings += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, since: int) -> None:
        """Return when it has rung since `rings` was that number."""
        while self.rings == since:
            await self._event.wait()


class Database:
    """One database: transactions that write, transactions that only read, and the bell for the sender.

    On SQLite there is one writing connection, waited for in order inside the process (several would starve
    one another in SQLite's busy handler), and some that only read beside it. On PostgreSQL there is one pool.
    """

    def __init__(self, url: URL, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self.url = url
        self.bell = Bell()
        self.kept = Bell()
        """Rings when a transaction of this process has kept something from which more follows."""
        self._writer = writer
        self._reader = reader
        self._turn = asyncio.Lock() if writer.dialect.name == "sqlite" else contextlib.nullcontext()

    @classmethod
    def at(cls, url: str, *, pool: int = 20) -> Database:
        """Open the database at an address; `pool` is the number of PostgreSQL connections at most.

        Raises UnknownDatabase for any other kind. No connection is made before the first transaction.
        """
        parsed = make_url(url)
        if parsed.drivername == "sqlite+aiosqlite" and parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            return cls(parsed, sqlite.engine(parsed, writing=True), sqlite.engine(parsed, writing=False))
        if parsed.drivername == "postgresql+asyncpg":
            engine = create_async_engine(
                parsed,
                pool_size=pool,
                # One that is made beside the pool is closed after its use: a crowd spent a third of its time
                # on connections that came and went.
                max_overflow=0,
                pool_timeout=10,
                # The connection used last is used next: it has our statements prepared, and needs no asking.
                pool_use_lifo=True,
                hide_parameters=True,
                connect_args={
                    "prepared_statement_cache_size": 400,
                    "server_settings": {
                        "idle_in_transaction_session_timeout": str(round(_FROZEN_AFTER * 1000))
                    },
                },
            )
            lines.ask_the_rested(engine)
            return cls(parsed, engine, engine)
        raise UnknownDatabase(
            "A database address must start with sqlite+aiosqlite:///path or postgresql+asyncpg://host/name."
        )

    def hold(self) -> Hold:
        """Give a lock that says whether who had it is dead. PostgreSQL has none that would be as sure."""
        if self.dialect != "sqlite":
            return Hold(None)
        # By whichever way to the file somebody comes, it is the same lock.
        return Hold(Path(f"{Path(self.url.database or '').resolve()}-leader"))

    @property
    def dialect(self) -> str:
        """The kind of database: sqlite or postgresql."""
        return self._writer.dialect.name

    @asynccontextmanager
    async def transaction(self, *, yielding: bool = False, long: bool = False) -> AsyncIterator[Store]:
        """One transaction that may write: committed at the end, rolled back when an exception leaves it.

        If deliveries were added in it, the sender is woken after the commit; if something follows from it,
        the one who works that out. A `yielding` one gives up
        (`transient` says so of its fault) before PostgreSQL would have to break a deadlock: it is for work
        that is simply tried again, so that nobody who waits for an answer is the one to lose. On PostgreSQL
        it ends with TimeoutError after eight seconds, unless it is `long`: then nobody waits for it.
        """
        async with self._patience(long=long) as line, self._turn, self._writer.begin() as connection:
            line.carries(connection)
            if yielding and self.dialect == "postgresql":
                await connection.execute(text("SET LOCAL lock_timeout = '400ms'"))
            store = Store(connection)
            yield store
            if store.rings and self.dialect == "postgresql":
                await connection.execute(text(f"NOTIFY {CHANNEL}"))
        if store.rings:
            self.bell.ring()
        if store.follows:
            self.kept.ring()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Store]:
        """One transaction that only reads, and sees one consistent state; a write in it is refused."""
        async with self._patience() as line, self._reader.connect() as connection:
            line.carries(connection)
            self._set(connection, isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield Store(connection)

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[Store]:
        """Look with single statements, each of which sees a state of its own; a write is not refused.

        For who only wants to know whether there is anything to do: on PostgreSQL a transaction around one
        statement is three trips in place of one.
        """
        async with self._patience() as line, self._reader.connect() as connection:
            line.carries(connection)
            self._set(connection, isolation_level="AUTOCOMMIT")
            yield Store(connection)

    def _set(self, connection: AsyncConnection, **options: Any) -> None:
        """Let a connection of PostgreSQL's pool be so until it goes back there; SQLite's readers are born so.

        Set on the engine, as one would, these options add a listener to it, and each statement of theirs then
        looks for listeners to everything: several hundredths of its time. The server is not asked, so nothing
        is awaited.
        """
        if self.dialect == "postgresql" and connection.sync_connection is not None:
            connection.sync_connection.execution_options(**options)

    def _patience(self, *, long: bool = False) -> AbstractAsyncContextManager[lines.Line]:
        if long or self.dialect != "postgresql":
            return contextlib.nullcontext(lines.Line())
        return lines.patience()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Let the bell ring for deliveries that other processes added, as long as this context lasts.

        Only PostgreSQL can tell; on SQLite other processes' deliveries are found by the sender's sweep.
        """
        if self.dialect != "postgresql":
            yield
            return
        task = asyncio.create_task(self._listen(), name="deliveries: listen")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _listen(self) -> None:
        import asyncpg

        while True:
            connection = None
            try:
                # The same options as the pool's connections have: the address may ask for TLS.
                _, options = self._writer.dialect.create_connect_args(self.url)
                connection = await asyncpg.connect(**options, timeout=10)
                lost = asyncio.Event()
                connection.add_termination_listener(lambda *_, lost=lost: lost.set())
                await connection.add_listener(CHANNEL, lambda *_: self.bell.ring())
                self.bell.ring()  # What was notified while nobody listened is found by looking.
                while not await _within(lines.PATIENCE, lost):
                    async with asyncio.timeout(lines.PATIENCE):
                        await connection.fetchval("SELECT 1")
                log.warning("deliveries: the listening connection was lost")
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
                log.warning("deliveries: cannot listen: %s", type(fault).__name__)
            finally:
                if connection is not None and not connection.is_closed():
                    connection.terminate()
            await asyncio.sleep(_RECONNECT_AFTER)

    async def close(self) -> None:
        """Close every connection; one that hears nothing any more is left to the end of the process."""
        try:
            async with asyncio.timeout(_CLOSED_WITHIN):
                for engine in {self._writer, self._reader}:
                    await engine.dispose()
        except TimeoutError:
            log.warning("database: not every connection could be closed")


async def _within(seconds: float, event: asyncio.Event) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


_IN_THE_WAY = frozenset({
    "55P03", "40P01", "40001",  # lock not available, deadlock detected, serialization failure
    "53300", "53100", "57P01", "57P02", "57P03", "25P03",  # no connection or no room left, going or coming
})  # fmt: skip


def transient(fault: BaseException) -> bool:
    """Whether a transaction failed by no fault of its own: the database was away, or others in the way."""
    if isinstance(fault, (OSError, TimeoutError, exc.TimeoutError)):
        return True
    if not isinstance(fault, exc.DBAPIError):
        return False
    away = isinstance(fault, (exc.OperationalError, exc.InterfaceError)) or fault.connection_invalidated
    return away or getattr(fault.orig, "sqlstate", None) in _IN_THE_WAY
