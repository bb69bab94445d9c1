"""Large tables and idle hours: owing everybody a message, finding what is due, and doing nothing."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, text

from community.deliveries import Lane
from storage import fanout
from storage.database import Database
from tests.bench import town
from tests.bench.answers import BARE
from tests.bench.figures import Sheet, quantile
from tests.bench.machine import cpu_seconds
from tests.bench.plain import engine, tables
from tests.bench.processes import a_plain_app, the_app

if TYPE_CHECKING:
    from tests.bench.databases import Databases

PART = "4 Large tables, idle hours"


@dataclass(frozen=True)
class Size:
    """How many rows, how many scans, and how many seconds of doing nothing."""

    rows: int = 100_000
    rounds: int = 3
    among: int = 1_000_000
    scans: int = 100
    scan_rounds: int = 3
    idle: float = 10.0


WHOLE = Size(scan_rounds=5, idle=20.0)
QUICK = Size(rows=2_000, rounds=2, among=20_000, scans=20, scan_rounds=2, idle=2.0)


async def measure(sheet: Sheet, given: Databases, slack: str, size: Size) -> None:
    for kind in given.kinds:
        await _fan_out(sheet, given, kind, size)
        await _due_scan(sheet, given, kind, size)
        await given.drop_all()
    await _idle(sheet, given, slack, size)
    await given.drop_all()


async def _fan_out(sheet: Sheet, given: Databases, kind: str, size: Size) -> None:
    database, by_hand = Database.at(await given.fresh(kind)), engine(await given.empty(kind))
    await town.grow(database, size.rows)
    async with by_hand.begin() as connection:
        for statement in tables(kind):
            await connection.execute(text(statement))
    plain = text(
        'INSERT INTO outbox (key, "to", payload, state, due_at) SELECT CAST(:name AS TEXT) || g.i, '
        f"'U1' || g.i, '{{}}', 'pending', '2026-11-23' FROM {town.SERIES[kind]}"
    )
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(size.rounds):
        began = time.perf_counter()
        async with database.transaction(long=True) as store:
            added = await fanout.to_everybody(
                store, f"announcements:{number}", at=town.now(), payload={"text": "Hello"}
            )
        ours.append(time.perf_counter() - began)
        assert added == size.rows
        began = time.perf_counter()
        async with by_hand.begin() as connection:
            await connection.execute(plain, {"name": f"{number}:", "count": size.rows})
        theirs.append(time.perf_counter() - began)
    sheet.add(
        part=PART, database=kind, unit="s", name=f"{size.rows:,} deliveries in one statement",
        ours=ours, theirs=theirs, counterpart="an outbox of eight columns and two indexes",
        most=1.0 if kind == "sqlite" else 2.0,
    )  # fmt: skip
    await database.close()
    await by_hand.dispose()


_FILL = """
INSERT INTO deliveries (
    key, opaque, kind, lane, state, line, "to", payload, about, due_at, added_at, ended_at, channel, ts
)
SELECT 'fill:' || g.i, 'o' || g.i, 'post',
       CASE WHEN g.i % 10 = 1 THEN 'bulk' ELSE 'urgent' END,
       CASE WHEN g.i % 2 = 1 THEN 'pending' ELSE 'sent' END,
       'U' || g.i, 'U' || g.i, '{{"text": "Hello"}}', '{{}}', :at, :at,
       CASE WHEN g.i % 2 = 1 THEN NULL ELSE {at} END, 'D0ANY', '1795000000.' || g.i
FROM {series}
"""


async def _due_scan(sheet: Sheet, given: Databases, kind: str, size: Size) -> None:
    """Half of a million rows are sent, half wait and are due: the worst that a scan can meet."""
    database = Database.at(await given.fresh(kind))
    at = "CAST(:at AS TIMESTAMPTZ)" if kind == "postgresql" else ":at"
    async with database.transaction(long=True) as store:
        await store.connection.execute(
            text(_FILL.format(series=town.SERIES[kind], at=at)),
            {"count": size.among, "at": town.stamp(kind, town.now())},
        )
        # Of the first ones some are on their way: what else is on their lines has to be left out.
        await store.connection.execute(
            text("UPDATE deliveries SET state = 'sending' WHERE id <= 20 AND state = 'pending'")
        )
    async with database.transaction(long=True) as store:
        await store.connection.execute(text("ANALYZE deliveries" if kind == "postgresql" else "ANALYZE"))
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    plain = text(
        "SELECT * FROM deliveries WHERE state = 'pending' AND lane = 'urgent' AND due_at <= :at "
        "ORDER BY due_at, id LIMIT 100"
    )
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    for number in range(size.scan_rounds + 1):
        both: tuple[list[float], list[float]] = ([], [])
        for _ in range(size.scans if number else 10):
            async with database.reading() as store:
                began = time.perf_counter()
                found = await store.outgoing.candidates(Lane.URGENT, town.now(), 100)
                both[0].append((time.perf_counter() - began) * 1000)
                assert len(found) == 100
                began = time.perf_counter()
                rows = (await store.connection.execute(plain, {"at": town.stamp(kind, town.now())})).all()
                both[1].append((time.perf_counter() - began) * 1000)
                assert len(rows) == 100
        if number:  # The first ones fill the caches.
            ours.append(both[0])
            theirs.append(both[1])
    async with database.reading() as store:
        engine_ = store.connection.sync_connection
        event.listen(engine_, "before_cursor_execute", note)
        await store.outgoing.candidates(Lane.URGENT, town.now(), 100)
        event.remove(engine_, "before_cursor_execute", note)
        statement, parameters = seen[-1]
        explain = "EXPLAIN QUERY PLAN " if kind == "sqlite" else "EXPLAIN "
        plan = await _plan(store, explain + statement, parameters)
    assert "ix_deliveries_due" in plan, plan
    assert "SCAN deliveries\n" not in plan + "\n", plan
    assert "Seq Scan on deliveries" not in plan, plan
    facts = {"part": PART, "database": kind, "unit": "ms", "counterpart": "SELECT … LIMIT 100, no rules"}
    name = f"100 due ones among {size.among:,}"
    for said, part, most, note in (
        ("p99", 0.99, 5.0, "plan asserted: ix_deliveries_due, no table scan"),
        ("p50", 0.5, None, ""),
    ):
        sheet.add(
            **facts, name=f"{name}: {said}", most=most, note=note,
            ours=[quantile(one, part) for one in ours], theirs=[quantile(one, part) for one in theirs],
        )  # fmt: skip
    await database.close()


async def _plan(store: Any, statement: str, parameters: Any) -> str:
    """Ask the database how it goes about this very statement."""
    rows = await store.connection.run_sync(
        lambda connection: connection.exec_driver_sql(statement, tuple(parameters)).all()
    )
    return "\n".join(str(row[-1]) for row in rows)


async def _idle(sheet: Sheet, given: Databases, slack: str, size: Size) -> None:
    """All of them do nothing at the same time; processor time is counted, so that they do not disturb."""
    with contextlib.ExitStack() as stack:
        running = {
            kind: stack.enter_context(the_app(await given.fresh(kind), slack, given.folder))
            for kind in given.kinds
        }
        running["bare"] = stack.enter_context(a_plain_app("default", "none", slack, given.folder))
        await asyncio.sleep(min(6.0, size.idle))  # Start-up and the first look are no idling.
        before = {name: cpu_seconds(one.pid) for name, one in running.items()}
        began = time.perf_counter()
        await asyncio.sleep(size.idle)
        took = time.perf_counter() - began
        used = {name: (cpu_seconds(one.pid) - before[name]) / took * 100 for name, one in running.items()}
    for kind in given.kinds:
        sheet.add(
            part=PART, database=kind, unit="%", name=f"processor when idle, over {took:.0f} s",
            ours=[used[kind]], theirs=[used["bare"]], counterpart=BARE, most=1.0,
        )  # fmt: skip
