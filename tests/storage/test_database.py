import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from community.deliveries import Delivery
from storage.database import Database, UnknownDatabase
from storage.tables import seen

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


async def _rings(bell, since):
    async with asyncio.timeout(3):
        await bell.wait(since)


async def test_what_leaves_with_an_exception_is_rolled_back(database):
    with pytest.raises(RuntimeError):
        async with database.transaction() as store:
            await store.seen.first("a", NOW)
            raise RuntimeError
    async with database.transaction() as store:
        assert await store.seen.first("a", NOW)


async def test_the_same_id_is_first_only_once_even_at_the_same_moment(database):
    async def handle():
        async with database.transaction() as store:
            first = await store.seen.first("Ev1", NOW)
            await asyncio.sleep(0.01)
            return first

    assert sorted(await asyncio.gather(*(handle() for _ in range(20)))) == [False] * 19 + [True]


async def test_a_first_attempt_that_failed_leaves_the_id_to_its_retry(database):
    with pytest.raises(RuntimeError):
        async with database.transaction() as store:
            assert await store.seen.first("Ev1", NOW)
            raise RuntimeError
    async with database.transaction() as store:
        assert await store.seen.first("Ev1", NOW)


async def test_seen_ids_are_forgotten_after_a_day(database):
    from datetime import timedelta

    async with database.transaction() as store:
        await store.seen.first("old", NOW)
        await store.seen.first("new", NOW + timedelta(hours=2))
        assert await store.seen.forget(NOW + timedelta(hours=25)) == 1
        assert await store.seen.first("old", NOW + timedelta(hours=25))
        assert not await store.seen.first("new", NOW + timedelta(hours=25))


async def test_a_reading_transaction_cannot_write_and_sees_one_state(database):
    with pytest.raises(DBAPIError):
        async with database.reading() as store:
            await store.seen.first("a", NOW)
    async with database.reading() as reader:
        assert (await reader.connection.execute(select(seen))).all() == []
        async with database.transaction() as store:
            await store.seen.first("a", NOW)
        assert (await reader.connection.execute(select(seen))).all() == []
    async with database.reading() as reader:
        assert len((await reader.connection.execute(select(seen))).all()) == 1


async def test_a_glance_is_a_statement_without_a_transaction_and_sees_what_was_kept_meanwhile(
    database, database_kind
):
    async with database.glance() as glance:
        driver = glance.connection.sync_connection.connection.driver_connection
        assert (await glance.connection.execute(select(seen))).all() == []
        if database_kind == "postgresql":
            assert not driver.is_in_transaction()
            async with database.transaction() as store:
                await store.seen.first("a", NOW)
            assert len((await glance.connection.execute(select(seen))).all()) == 1
    async with database.transaction() as store:
        assert await store.seen.first("b", NOW)
        if database_kind == "postgresql":
            again = store.connection.sync_connection.connection.driver_connection
            assert again is driver, "the same connection, which has a transaction again"
            assert driver.is_in_transaction()


async def test_many_writers_wait_for_one_another_without_a_fault(database):
    async def write(number):
        async with database.transaction() as store:
            await store.connection.execute(select(seen))  # read, then write: what SQLite would refuse
            return await store.seen.first(f"{number}", NOW)

    assert all(await asyncio.gather(*(write(number) for number in range(100))))


async def test_a_crowd_that_comes_again_finds_the_connections_of_the_first(database):
    opened = []
    event.listen(database._writer.sync_engine, "connect", lambda *_: opened.append("connection"))

    async def one():
        async with database.transaction() as store:
            await store.connection.execute(text("SELECT 1"))

    for _ in range(3):
        await asyncio.gather(*(one() for _ in range(60)))
    assert len(opened) <= 20, "a connection more would be closed after its use"


async def test_adding_a_delivery_rings_the_bell_after_the_commit_and_nothing_else_does(database):
    since = database.bell.rings
    async with database.transaction() as store:
        await store.seen.first("a", NOW)
    assert database.bell.rings == since
    async with database.transaction() as store:
        await store.deliveries.add(Delivery(key="a:b:1", to="C1", payload={"text": "x"}), at=NOW)
        assert database.bell.rings == since
    await _rings(database.bell, since)


async def test_sqlite_keeps_what_it_acknowledged(database, database_kind):
    if database_kind == "postgresql":
        async with database.reading() as store:
            assert await store.connection.scalar(text("SHOW synchronous_commit")) == "on"
        return
    async with database.transaction() as store:
        for name, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert await store.connection.scalar(text(f"PRAGMA {name}")) == value


async def test_other_processes_deliveries_ring_too_and_a_lost_connection_is_made_again(
    database, database_url, database_kind
):
    if database_kind == "sqlite":
        async with database.listening():
            assert database.bell.rings == 0
        return
    other = Database.at(database_url)

    async def add(number):
        async with other.transaction() as store:
            await store.deliveries.add(Delivery(key=f"a:b:{number}", to="C1", payload={"text": "x"}), at=NOW)

    async with database.listening():
        await _rings(database.bell, 0)  # connected
        since = database.bell.rings
        await add(1)
        await _rings(database.bell, since)
        since = database.bell.rings
        async with other.transaction() as store:
            await store.connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
                )
            )
        await _rings(database.bell, since)  # connected again
        since = database.bell.rings
        await add(2)
        await _rings(database.bell, since)
    await other.close()


@pytest.mark.postgres
async def test_other_processes_are_heard_where_the_address_asks_for_tls_too(postgres_server, caplog):
    async def asked_for(mode):
        database = Database.at(
            postgres_server.update_query_dict({"ssl": mode}).render_as_string(hide_password=False)
        )
        async with database.listening():
            await _rings(database.bell, 0)
        await database.close()

    await asked_for("prefer")
    with pytest.raises(TimeoutError):
        await asked_for("require")  # This server has none, and so nobody listens to it.
    assert "cannot listen" in caplog.text


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "sqlite:///x.db", "mysql://localhost/x"]
)
def test_other_kinds_of_database_are_refused(url):
    with pytest.raises(UnknownDatabase):
        Database.at(url)


async def test_no_listener_stands_beside_every_statement(database):
    """One listener to the engine, and SQLAlchemy looks for listeners to everything at each statement."""
    for look in (database.reading, database.glance, database.transaction):
        async with look() as store:
            assert not store.connection.sync_connection.engine._has_events
            assert not store.connection.sync_connection._has_events
