"""What a transaction on SQLite costs in trips to its connection's thread, and what a fault leaves of it."""

import asyncio
import sqlite3
import time
from datetime import UTC, datetime

import aiosqlite
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from storage.database import Database
from storage.tables import seen

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.fixture
async def file(tmp_path, sqlite_template):
    path = tmp_path / "one.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


@pytest.fixture
async def database(file):
    opened = Database.at(f"sqlite+aiosqlite:///{file}")
    yield opened
    await opened.close()


@pytest.fixture
def trips(monkeypatch):
    """How often somebody waited for the thread of a connection."""
    waits = []
    execute = aiosqlite.Connection._execute

    async def counted(self, function, *args, **kwargs):
        waits.append(function)
        return await execute(self, function, *args, **kwargs)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return waits


async def test_a_transaction_begins_with_its_first_statement_and_nobody_waits_for_the_end_of_a_reading(
    database, trips
):
    async with database.reading() as store:
        await store.connection.execute(select(seen))
    async with database.transaction() as store:
        await store.seen.first("a", NOW)
    trips.clear()
    async with database.reading() as store:
        await store.connection.execute(select(seen))
    assert len(trips) == 1
    trips.clear()
    async with database.transaction() as store:
        await store.seen.first("b", NOW)
        await store.seen.first("c", NOW)
    assert len(trips) == 3, "two statements and a commit"
    trips.clear()
    async with database.transaction(), database.reading():
        pass
    assert not trips


async def test_a_reading_lets_go_of_what_it_saw(database, file):
    async with database.reading() as store:
        await store.connection.execute(select(seen))
    async with database.transaction() as store:
        await store.seen.first("a", NOW)
    async with database.reading() as store:
        assert len((await store.connection.execute(select(seen))).all()) == 1
    await database.close()
    assert not file.with_name("one.db-wal").exists(), (
        "nobody keeps a state that the file could not be brought up to"
    )


@pytest.mark.parametrize("way", ["reading", "transaction"])
async def test_after_a_statement_that_was_given_up_the_next_transaction_begins_anew(database, file, way):
    async with database.transaction() as store:
        await store.seen.first("a", NOW)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), getattr(database, way)() as store:
                driver = store.connection.sync_connection.connection.driver_connection
                await driver.create_function("rest", 1, time.sleep)
                await store.connection.execute(text("SELECT rest(0.2)"))
    async with database.transaction() as store:
        assert await store.seen.first("b", NOW)
    async with database.reading() as store:
        assert len((await store.connection.execute(select(seen))).all()) == 2


async def test_who_finds_the_file_locked_by_somebody_else_has_begun_nothing(database, file, monkeypatch):
    async with database.transaction() as store:
        await store.connection.exec_driver_sql("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(file, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            async with database.transaction() as store:
                await store.seen.first("a", NOW)
        other.execute("ROLLBACK")
    finally:
        other.close()
    async with database.transaction() as store:
        assert await store.seen.first("a", NOW)
