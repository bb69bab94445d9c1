"""How long Slack waits for an answer: the app beside a bare Bolt app and beside one that keeps by hand."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from sqlalchemy import text

from storage import fanout
from storage.database import Database
from tests.bench import load, town
from tests.bench.figures import Sheet, quantile
from tests.bench.machine import peak, resident
from tests.bench.plain import engine, tables
from tests.bench.processes import Running, a_plain_app, the_app

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.bench.databases import Databases

PART = "1 Answers over HTTP"
BY_HAND = "by hand, durable"
BARE = "bare Bolt, default"


@dataclass(frozen=True)
class Size:
    """How much is measured: rounds, requests in a block, and so on."""

    rounds: int = 4
    block: int = 10
    crowded_rounds: int = 3
    crowded_block: int = 64
    bursts: int = 2
    burst: int = 200
    receipts: int = 4
    rows: int = 100_000


WHOLE = Size(rounds=6, block=12, bursts=3, receipts=12)
QUICK = Size(
    rounds=2, block=4, crowded_rounds=1, crowded_block=32, bursts=1, burst=20, receipts=2, rows=2_000
)

Take = Callable[[load.Lines, list[str]], Awaitable[list[float]]]


class Street:
    """The three apps side by side, and what is asked of them."""

    def __init__(self, database: Database, slack: str, ports: dict[str, int]) -> None:
        self.database = database
        self.slack = slack
        self.lines = {name: load.Lines(port) for name, port in ports.items()}
        self._numbers = itertools.count(1)
        self._open: list[int] = []
        self.followed: list[float] = []
        """Seconds after each block until all that followed from it was worked out."""

    def close(self) -> None:
        for lines in self.lines.values():
            lines.close()

    async def bodies(self, what: str, who: str, count: int) -> list[str]:
        """Make the bodies of so many requests; a claim at ours is of a question that is really open."""
        askers = [f"U0A{next(self._numbers):06}" for _ in range(count)]
        if what == "/askmentor":
            return [load.command(user, self.slack) for user in askers]
        if what == "question sent":
            return [load.submission(user) for user in askers]
        numbers = list(range(count)) if who != "ours" else await self._questions(count)
        return [load.press(town.mentor(place), number, self.slack) for place, number in enumerate(numbers)]

    async def _questions(self, count: int) -> list[int]:
        self._open = self._open or await town.open_requests(self.database)
        if len(self._open) < count:
            missing = await self.bodies("question sent", "ours", count - len(self._open))
            await load.many_at_once(self.lines["ours"], missing, 8)
            await town.post_all(self.database)
            self._open = await town.open_requests(self.database)
        taken, self._open = self._open[:count], self._open[count:]
        return taken

    async def pairs(self, what: str, rounds: int, block: int, take: Take) -> dict[str, list[list[float]]]:
        """Measure all three in turns, every second round the other way round."""
        took: dict[str, list[list[float]]] = {name: [] for name in self.lines}
        for number in range(rounds):
            order = list(self.lines) if number % 2 == 0 else list(reversed(self.lines))
            for who in order:
                bodies = await self.bodies(what, who, block)
                took[who].append(await take(self.lines[who], bodies))
                if who == "ours":
                    self.followed.append(await town.all_followed(self.database))
                    await town.post_all(self.database)
                    await asyncio.sleep(0.2)
        return took


WHAT = ("/askmentor", "question sent", "Claim pressed")
NOTES = {
    "/askmentor": "opens the form; nothing to keep yet",
    "question sent": "durable: the question; offers and cards follow",
    "Claim pressed": "durable: the claim; conversation and cards follow",
}


def _milliseconds(rounds: list[list[float]], part: float) -> list[float]:
    return [quantile(one, part) * 1000 for one in rounds]


async def measure(sheet: Sheet, given: Databases, slack: str, size: Size) -> None:
    """Measure on every kind of database."""
    for kind in given.kinds:
        await _on(sheet, given, slack, kind, size)


async def _on(sheet: Sheet, given: Databases, slack: str, kind: str, size: Size) -> None:
    ours, theirs = await given.fresh(kind), await given.empty(kind)
    by_hand = engine(theirs)
    async with by_hand.begin() as connection:
        for statement in tables(kind):
            await connection.execute(text(statement))
    database = Database.at(ours)
    await town.settle_in(database)
    with contextlib.ExitStack() as stack:
        app = stack.enter_context(the_app(ours, slack, given.folder))
        durable = stack.enter_context(a_plain_app("durable", theirs, slack, given.folder))
        bare = stack.enter_context(a_plain_app("default", "none", slack, given.folder))
        street = Street(database, slack, {"ours": app.port, BY_HAND: durable.port, BARE: bare.port})
        stack.callback(street.close)
        idle = {app: resident(app.pid), durable: resident(durable.pid), bare: resident(bare.pid)}
        for what in WHAT:  # Everything is loaded, compiled and connected before the first figure.
            await street.pairs(what, 2, size.block, load.one_at_a_time)
        await _alone(sheet, street, kind, size)
        await _crowded(sheet, street, kind, size)
        await _bursts(sheet, street, kind, size)
        await _delivered(sheet, street, kind, size)
        await _while_enqueued(sheet, street, by_hand, kind, size)
        _memory(sheet, kind, idle, app, durable, bare)
    claimed = await town.count(database, "SELECT count(*) FROM requests WHERE status = 'claimed'")
    assert claimed, "no claim of the whole run was kept"
    await database.close()
    await by_hand.dispose()
    await given.drop_all()


async def _alone(sheet: Sheet, street: Street, kind: str, size: Size) -> None:
    async def take(lines: load.Lines, bodies: list[str]) -> list[float]:
        return await load.one_at_a_time(lines, bodies, done=lambda: town.all_followed(street.database))

    for what in WHAT:
        took = await street.pairs(what, size.rounds, size.block, take)
        facts = {"part": PART, "unit": "ms", "database": kind, "ours": _milliseconds(took["ours"], 0.5)}
        sheet.add(
            **facts, name=f"{what}, one at a time: p50", counterpart=BY_HAND, most_ratio=1.5,
            theirs=_milliseconds(took[BY_HAND], 0.5), note=NOTES[what],
        )  # fmt: skip
        sheet.add(
            **facts, name=f"{what}, one at a time: p50", counterpart=BARE, most_ratio=0.25,
            theirs=_milliseconds(took[BARE], 0.5),
        )  # fmt: skip
        sheet.add(
            part=PART, unit="ms", database=kind, name=f"{what}, one at a time: p99",
            ours=[quantile([each for one in took["ours"] for each in one], 0.99) * 1000],
            theirs=[quantile([each for one in took[BY_HAND] for each in one], 0.99) * 1000],
            counterpart=BY_HAND,
        )  # fmt: skip


async def _crowded(sheet: Sheet, street: Street, kind: str, size: Size) -> None:
    async def take(lines: load.Lines, bodies: list[str]) -> list[float]:
        return await load.many_at_once(lines, bodies, 32)

    for what in WHAT:
        took = await street.pairs(what, size.crowded_rounds, size.crowded_block, take)
        sheet.add(
            part=PART, unit="ms", database=kind, name=f"{what}, 32 at a time: p50",
            ours=_milliseconds(took["ours"], 0.5), theirs=_milliseconds(took[BY_HAND], 0.5),
            counterpart=BY_HAND, most_ratio=1.5,
        )  # fmt: skip


async def _bursts(sheet: Sheet, street: Street, kind: str, size: Size) -> None:
    for what in WHAT:
        street.followed = []
        took = await street.pairs(what, size.bursts, size.burst, load.all_at_once)
        sheet.add(
            part=PART, unit="ms", database=kind, name=f"{what}, {size.burst} in the same moment: p99",
            ours=_milliseconds(took["ours"], 0.99), theirs=_milliseconds(took[BY_HAND], 0.99),
            counterpart=BY_HAND, most=1000,
        )  # fmt: skip
        if what != "/askmentor":
            sheet.add(
                part=PART, unit="s", database=kind,
                name=f"{what}, {size.burst} in the same moment: the last card is ready to be sent",
                ours=[max(one) + more for one, more in zip(took["ours"], street.followed, strict=True)],
                note="from that moment on; sending goes at Slack's pace",
            )  # fmt: skip


async def _delivered(sheet: Sheet, street: Street, kind: str, size: Size) -> None:
    """The true end of a question: the asker's receipt has come to Slack, and so has the mentor's offer."""
    receipts = []
    async with aiohttp.ClientSession() as client:
        for number in range(size.receipts + 1):
            asker = f"U0R{kind[0].upper()}{number:04}"
            began = time.monotonic()
            await load.one_at_a_time(street.lines["ours"], [load.submission(asker)])
            arrived = None
            while arrived is None:
                async with client.get(f"{street.slack}/arrived/{asker}") as answer:
                    arrived = await answer.json()
                await asyncio.sleep(0.002)
            if number:  # Before the first one the sender may have been asleep for long.
                receipts.append((arrived - began) * 1000)
            await town.post_all(street.database)
            await asyncio.sleep(1.3)  # Slack's pace is no part of this.
    sheet.add(
        part=PART, unit="ms", database=kind, name="question sent, one at a time: the receipt is at Slack",
        ours=receipts, note="from the request on: kept, answered, worked out, marked, posted",
    )  # fmt: skip


async def _while_enqueued(sheet: Sheet, street: Street, by_hand: AsyncEngine, kind: str, size: Size) -> None:
    """Ask on and on while another connection adds a hundred thousand rows to the same database."""
    await town.grow(street.database, size.rows)
    wrote = {}

    async def enqueue_ours() -> None:
        began = time.perf_counter()
        async with street.database.transaction() as store:
            added = await fanout.to_everybody(
                store, "announcements:bench", at=town.now(), payload={"text": "Hello"}
            )
        assert added >= size.rows
        wrote["ours"] = time.perf_counter() - began

    async def enqueue_by_hand() -> None:
        statement = (
            "INSERT INTO outbox (key, \"to\", payload, state, due_at) SELECT 'all:' || g.i, 'U1' || g.i, "
            f"'{{}}', 'pending', '2026-11-23' FROM {town.SERIES[kind]}"
        )
        async with by_hand.begin() as connection:
            await connection.execute(text(statement), {"count": size.rows})

    worst = {}
    for who, enqueue in (("ours", enqueue_ours), (BY_HAND, enqueue_by_hand)):
        bodies = await street.bodies("question sent", who, 400 if size.rows > 10_000 else 40)
        answering = asyncio.create_task(load.many_at_once(street.lines[who], bodies, 8))
        await asyncio.sleep(0.3)
        await enqueue()
        worst[who] = max(await answering)
    sheet.add(
        part=PART, unit="s", database=kind, worst=True, most=3.0, counterpart=BY_HAND,
        name=f"question sent, 8 at a time, while {size.rows:,} rows are enqueued: slowest",
        ours=[worst["ours"]], theirs=[worst[BY_HAND]],
        note=f"by another process; it took {wrote['ours']:.2f} s beside them",
    )  # fmt: skip


def _memory(
    sheet: Sheet, kind: str, idle: dict[Running, float], app: Running, durable: Running, bare: Running
) -> None:
    part = "5 Footprint"
    facts = {"part": part, "unit": "MiB", "database": kind, "counterpart": BARE}
    sheet.add(**facts, name="memory when idle", ours=[idle[app]], theirs=[idle[bare]])
    sheet.add(
        **facts | {"counterpart": BY_HAND}, name="memory at its peak, after all of part 1",
        ours=[peak(app.pid)], theirs=[peak(durable.pid)],
    )  # fmt: skip
    sheet.add(
        **facts | {"unit": "s"}, name="start to ready",
        ours=[app.ready_after], theirs=[bare.ready_after],
    )  # fmt: skip
