"""Fresh databases of both kinds for the bench, as durable as in production: PostgreSQL with its fsync on."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import pwd
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
from sqlalchemy import URL, make_url

from storage import schema
from tests import postgres

_numbers = itertools.count(1)


class _Durable(postgres.Cluster):
    """A private server that waits for the disk, which the one of the tests does not."""

    def _options(self) -> str:
        settings = (
            f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=",
            "shared_buffers=128MB", "max_connections=200",
        )  # fmt: skip
        return " ".join(f"-c {setting}" for setting in settings)


@contextlib.contextmanager
def _server() -> Iterator[URL]:
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield make_url(given)
        return
    programs = postgres.binaries()
    assert programs is not None
    # Not in the folder of the run: the server may run as somebody who cannot read that.
    folder = Path(tempfile.mkdtemp(prefix="downballot-bench-"))
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))
        port = spare.getsockname()[1]
    user = None
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres").pw_name
        shutil.chown(folder, user)
    cluster = _Durable(folder, programs, port, user)
    try:
        cluster.prepare()
        cluster.control("start")
        yield make_url(cluster.url)
    finally:
        with contextlib.suppress(RuntimeError):
            cluster.control("stop", "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)


class Databases:
    """Gives out migrated databases, each used by one measurement."""

    def __init__(self, folder: Path, server: URL | None) -> None:
        self.folder = folder
        self._server = server
        self.kinds = ["sqlite"] if server is None else ["sqlite", "postgresql"]
        self._made: list[str] = []

    async def fresh(self, kind: str) -> str:
        """The address of a new database with our schema."""
        url = await self.empty(kind)
        await schema.upgrade(url)
        return url

    async def empty(self, kind: str) -> str:
        """The address of a new database with nothing in it."""
        number = next(_numbers)
        if kind == "sqlite":
            return f"sqlite+aiosqlite:///{self.folder / f'bench{number}.db'}"
        assert self._server is not None
        name = f"downballot_bench_{os.getpid()}_{number}"
        await self._order(f"CREATE DATABASE {name}")
        self._made.append(name)
        return self._server.set(database=name).render_as_string(hide_password=False)

    async def drop_all(self) -> None:
        """Remove what was made, and give the disk its room back."""
        for name in self._made:
            await self._order(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._made.clear()
        for path in self.folder.glob("bench*.db*"):
            path.unlink()

    async def _order(self, statement: str) -> None:
        assert self._server is not None
        connection = await asyncpg.connect(
            self._server.set(drivername="postgresql").render_as_string(hide_password=False), timeout=20
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextlib.contextmanager
def databases() -> Iterator[Databases]:
    """Make a folder for SQLite and, where PostgreSQL is there, start a server of our own."""
    folder = Path(tempfile.mkdtemp(prefix="downballot-bench-", dir=os.environ.get("BENCH_FOLDER")))
    try:
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(_server()) if postgres.available() else None
            given = Databases(folder, server)
            yield given
            asyncio.run(given.drop_all())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
