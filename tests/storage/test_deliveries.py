import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, insert, select, text

from community.deliveries import Delivery, Kind, Lane, State
from storage.deliveries import Deliveries
from storage.tables import deliveries

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def card(name="one", **more):
    return Delivery(key=f"test:card:{name}", to="C1", render="card", about={"card": name}, **more)


async def _rows(database, *columns):
    async with database.reading() as store:
        return (await store.connection.execute(select(*columns).order_by(deliveries.c.id))).all()


async def _sent(database, key, ts="1.000001"):
    async with database.transaction() as store:
        await store.connection.execute(
            deliveries.update()
            .where(deliveries.c.key == key)
            .values(state=State.SENT, channel="C1", ts=ts, ended_at=NOW)
        )


async def test_sent_says_where_and_when(database):
    async with database.transaction() as store:
        await store.deliveries.add(card(), at=NOW)
        assert await store.deliveries.sent("test:card:one") is None
    await _sent(database, "test:card:one")
    async with database.reading() as store:
        sent = await store.deliveries.sent("test:card:one")
    assert (sent.key, sent.channel, sent.ts, sent.at) == ("test:card:one", "C1", "1.000001", NOW)


async def test_many_refreshes_at_the_same_moment_leave_one_update(database):
    async with database.transaction() as store:
        await store.deliveries.add(card(), card("two"), at=NOW)
    await _sent(database, "test:card:one")
    await _sent(database, "test:card:two")

    async def refresh(number):
        async with database.transaction() as store:
            keys = ("test:card:one", "test:card:two")
            await store.deliveries.refresh(*(keys if number % 2 else reversed(keys)), at=NOW)

    await asyncio.gather(*(refresh(number) for number in range(20)))
    updates = await _rows(database, deliveries.c.kind)
    assert [kind for (kind,) in updates].count("update") == 2


async def test_an_urgent_refresh_makes_a_waiting_bulk_update_urgent_and_not_the_reverse(database):
    async with database.transaction() as store:
        await store.deliveries.add(card(), at=NOW)
    await _sent(database, "test:card:one")
    for lane, expected in ((Lane.BULK, "bulk"), (Lane.URGENT, "urgent"), (Lane.BULK, "urgent")):
        async with database.transaction() as store:
            await store.deliveries.refresh("test:card:one", at=NOW, lane=lane)
        assert (await _rows(database, deliveries.c.lane))[-1] == (expected,)


async def test_home_views_refreshed_at_the_same_moment_leave_one_per_person(database):
    async def refresh(number):
        async with database.transaction() as store:
            await store.deliveries.refresh_home("U1", "U2", at=NOW, about={"number": number})

    await asyncio.gather(*(refresh(number) for number in range(10)))
    assert len(await _rows(database, deliveries.c.id)) == 2


async def test_a_new_explicit_update_replaces_the_one_that_waits(database):
    def update(number):
        return Delivery(
            key=f"test:update:{number}",
            kind=Kind.UPDATE,
            after="test:card:one",
            payload={"text": f"{number}"},
        )

    async with database.transaction() as store:
        await store.deliveries.add(card(), at=NOW)
        assert await store.deliveries.add(update(1), update(2), at=NOW) == 2
        assert await store.deliveries.add(update(2), at=NOW) == 0
    states = dict(await _rows(database, deliveries.c.key, deliveries.c.state))
    assert states["test:update:1"] == "cancelled"
    assert states["test:update:2"] == "pending"


async def test_a_naive_or_impossible_delivery_is_refused(database):
    for wrong in (
        {"key": "", "to": "C1", "payload": {}},
        {"key": "a", "to": "C1"},
        {"key": "a", "to": "C1", "payload": {}, "render": "x"},
        {"key": "a", "payload": {}},
        {"key": "a", "kind": Kind.UPDATE, "payload": {}, "to": "C1"},
        {"key": "a", "kind": Kind.OPEN, "after": "b"},
        {"key": "a", "to": "C1", "payload": {}, "due_at": datetime(2026, 1, 1)},  # noqa: DTZ001
    ):
        with pytest.raises(ValueError, match=r"\w"):
            Delivery(**wrong)


async def test_a_thousand_deliveries_are_added_in_few_statements_and_the_same_again_adds_none(database):
    many = [Delivery(key=f"a:b:{number}", to=f"U{number}", payload={"text": "x"}) for number in range(1200)]
    async with database.transaction() as store:
        assert await store.deliveries.add(*many, at=NOW) == 1200
        assert await store.deliveries.add(*many, at=NOW) == 0


# The plan of the due scan


async def _fill(store, rows):
    """Mostly sent ones, as in a database that has been used for years, and some that wait."""
    base = {
        "opaque": "x", "kind": "post", "line": "C1", "to": "C1", "about": {}, "added_at": NOW, "payload": {},
    }  # fmt: skip
    await store.connection.execute(
        insert(deliveries),
        [
            base
            | {
                "key": f"k{number}",
                "state": "sent" if number % 50 else "pending",
                "lane": "bulk" if number % 2 else "urgent",
                "line": f"U{number}",
                "due_at": NOW + timedelta(seconds=number),
            }
            for number in range(rows)
        ],
    )


async def test_the_due_scan_reads_its_index_and_nothing_else(database, database_kind):
    statements = []
    async with database.transaction() as store:
        await _fill(store, 5000)
    if database_kind == "postgresql":
        async with database.transaction() as store:
            await store.connection.execute(text("ANALYZE deliveries"))
    engine = database._reader.sync_engine

    def note(connection, cursor, statement, parameters, *_):
        if not statement.startswith("EXPLAIN"):
            statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    async with database.reading() as store:
        for lane in Lane:
            found = await store.outgoing.candidates(
                lane, NOW + timedelta(days=1), 100, besides_lines=["C1", "C2"], besides_kinds=[Kind.FILE]
            )
        await store.outgoing.earliest()
        await store.outgoing.next_due(NOW)
        await store.outgoing.to_tend(NOW)
        await store.outgoing.unresolved(NOW)
        await store.outgoing.orphans()
    event.remove(engine, "before_cursor_execute", note)
    assert len(found) == 0
    scans = [(sql, values) for sql, values in statements if "FROM deliveries" in sql]
    assert len(scans) == 7
    for sql, values in scans:
        async with database.reading() as store:
            explain = "EXPLAIN QUERY PLAN " if database_kind == "sqlite" else "EXPLAIN "
            rows = await store.connection.exec_driver_sql(explain + sql, values)
            plan = "\n".join(str(row[-1]) for row in rows)
        # PostgreSQL's planner may prefer a bitmap of the same small index; never the whole table.
        assert "ix_deliveries_" in plan, plan
        assert "SCAN deliveries\n" not in plan + "\n", plan
        assert "Seq Scan on deliveries" not in plan, plan


async def test_what_staff_has_yet_to_hear_of_is_found_by_its_index(database, database_kind):
    async with database.transaction() as store:
        await _fill(store, 5000)
        await store.connection.execute(text("ANALYZE" if database_kind == "sqlite" else "ANALYZE deliveries"))
    statements = []

    def note(_connection, _cursor, statement, parameters, *_):
        if statement.startswith("SELECT"):
            statements.append((statement, parameters))

    async with database.reading() as store:
        event.listen(store.connection.sync_connection, "before_cursor_execute", note)
        await store.deliveries.untold()
        event.remove(store.connection.sync_connection, "before_cursor_execute", note)
        ((sql, values),) = statements
        explain = "EXPLAIN QUERY PLAN " if database_kind == "sqlite" else "EXPLAIN "
        rows = await store.connection.exec_driver_sql(explain + sql, values)
        assert "ix_deliveries_untold" in "\n".join(str(row[-1]) for row in rows)


async def test_the_part_of_a_store_is_made_once(database):
    async with database.transaction() as store:
        assert store.deliveries is store.deliveries
        assert isinstance(store.deliveries, Deliveries)
        assert await store.connection.scalar(select(func.count()).select_from(deliveries)) == 0
