"""Fixtures for everybody: migrated databases of both kinds, a movable clock, a watch over every test."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
import threading
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import make_url

from community.clock import MovableClock
from storage import schema
from storage.database import Database
from storage.tables import metadata
from tests import postgres, raiser, scratch
from tests.compiled import compile_once
from tests.scheduling import (
    pytest_collection_modifyitems,
    pytest_itemcollected,
    pytest_xdist_make_scheduler,
)
from tests.watch import _last_look, _no_task_left, _no_task_left_in_session, look_at_warnings, watch

# Fixtures for every test, and hooks.
__all__ = [
    "_last_look",
    "_no_task_left",
    "_no_task_left_in_session",
    "pytest_collection_modifyitems",
    "pytest_itemcollected",
    "pytest_xdist_make_scheduler",
    "watch",
]  # fmt: skip

look_at_warnings()
compile_once()

_SMALL = 1_000_000
"""Bytes of a table above which it is truncated between tests."""

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def pytest_configure(config):
    if os.environ.get("CI") and not postgres.available():
        raise pytest.UsageError(
            "No PostgreSQL: set TEST_DATABASE_URL or install the server's programs. CI leaves nothing out."
        )
    scratch.settle(config)
    raiser.start()


def pytest_generate_tests(metafunc):
    """Run what uses a database on both kinds, as far as they are there."""
    if "database_kind" in metafunc.fixturenames:
        kinds = KINDS if postgres.available() else KINDS[:1]
        metafunc.parametrize("database_kind", kinds, scope="session")


def pytest_collection_finish():
    """Spare the collector what is there to stay: going through it again and again was a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_terminal_summary(terminalreporter):
    if not postgres.available():
        terminalreporter.section("left out", yellow=True)
        terminalreporter.line(
            "Everything on PostgreSQL was LEFT OUT: no TEST_DATABASE_URL, and no initdb and pg_ctl found."
        )


class Outside:
    """A loop of its own beside whatever loop a test has, with one connection that cleans up between tests."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection = None

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def connected(self, address):
        """Give the connection; a test may have restarted the server, or made its database anew."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(address, timeout=20)
        return self._connection

    async def let_go(self):
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def close(self):
        self.run(self.let_go())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="session")
def outside():
    made = Outside()
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgres_cluster():
    """The private PostgreSQL server of this run; tests may stop and restart it."""
    # It offers no TLS, and the driver would ask for it at each of some thousand connections.
    os.environ.setdefault("PGSSLMODE", "disable")
    with postgres.private_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_server(request):
    """The address of the PostgreSQL server of this run."""
    given = os.environ.get("TEST_DATABASE_URL")
    return make_url(given or request.getfixturevalue("postgres_cluster").url)


async def _admin(server, *statements):
    connection = await asyncpg.connect(
        server.set(drivername="postgresql").render_as_string(hide_password=False), timeout=20
    )
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres_template(postgres_server, outside):
    """The name of a migrated PostgreSQL database that others are copied from."""
    name = f"downballot_template_{os.getpid()}"
    outside.run(_admin(postgres_server, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}"))
    outside.run(schema.upgrade(postgres_server.set(database=name).render_as_string(hide_password=False)))
    yield name
    outside.run(_admin(postgres_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def postgres_database(postgres_server, outside):
    """The name of the one PostgreSQL database that the tests of this process use in turn."""
    name = f"downballot_test_{os.getpid()}"
    yield name
    outside.run(_admin(postgres_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


async def _empty(connection):
    """Delete what is there: nearly all tables are small, and to truncate one takes longer than most tests."""
    rows = await connection.fetch(
        "SELECT relname, relkind, pg_relation_size(oid) AS size FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')"
    )
    sizes = {row["relname"]: row["size"] for row in rows if row["relkind"] == b"r"}
    sequences = [row["relname"] for row in rows if row["relkind"] == b"S"]
    tables = [table.name for table in reversed(metadata.sorted_tables)]
    if max(map(sizes.get, tables)) <= _SMALL:
        statements = [f'DELETE FROM "{table}"' for table in tables if sizes[table]]
        statements += [f"SELECT setval('\"{sequence}\"', 1, false)" for sequence in sequences]
        # A table may forbid to delete from it.
        with contextlib.suppress(asyncpg.PostgresError):
            await connection.execute("; ".join(statements))
            return
    names = ", ".join(f'"{table}"' for table in tables)
    await connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


async def _clean(outside, server, template, name):
    """Empty the database, which is far cheaper than a new one; make it anew if a test changed its shape."""
    address = server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    for _ in range(2):  # The connection may have been lost with what the last test did to the server.
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            if await _emptied(await outside.connected(address)):
                return
        await outside.let_go()
    await _admin(
        server,
        f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
        f"CREATE DATABASE {name} TEMPLATE {template}",
    )


async def _emptied(connection):
    """Whether its database has the shape that it should, and is empty now."""
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    version = await connection.fetchval("SELECT version_num FROM alembic_version")
    tables = {row["tablename"] for row in rows}
    if tables != {*metadata.tables, "alembic_version"} or version != schema.newest():
        return False
    await _empty(connection)
    return True


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory, outside):
    """The path of a migrated SQLite file that others are copied from."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    outside.run(schema.upgrade(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def database_url(database_kind, request, tmp_path):
    """The address of a fresh, migrated database of this kind."""
    if database_kind == "sqlite":
        path = tmp_path / "downballot.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    server = request.getfixturevalue("postgres_server")
    name = request.getfixturevalue("postgres_database")
    outside = request.getfixturevalue("outside")
    outside.run(_clean(outside, server, request.getfixturevalue("postgres_template"), name))
    yield server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
async def database(database_url):
    """A fresh, migrated database: every test that uses it runs on SQLite and on PostgreSQL."""
    opened = Database.at(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def clock():
    """A clock that stands at 3 pm UTC on November 23, 2026, a Monday, until it is moved."""
    return MovableClock(datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
