"""How fast messages go out: at Slack's pace with the clock simulated, and as fast as the machine can."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text

from community.clock import SystemClock
from community.deliveries import Delivery, Kind, Landed, Lane
from sandbox.limits import RateModel
from scheduler.outbox import Outbox
from scheduler.pacing import Pace
from storage.database import Database
from storage.store import Store
from tests.bench import town
from tests.bench.figures import Sheet, quantile
from tests.bench.plain import engine, tables
from tests.bench.processes import TOKEN
from tests.bench.slack import Slack
from tests.bench.virtual import VirtualClock

if TYPE_CHECKING:
    from tests.bench.databases import Databases

PART = "3 Sending"
PER_MINUTE = 480
"""What the model of Slack permits, and the app's ceiling; it begins at half of that."""
PARALLEL = 8


@dataclass(frozen=True)
class Size:
    """How many messages, simulated and for real."""

    simulated: int = 10_000
    rounds: int = 3
    real: int = 300


WHOLE = Size(real=500)
QUICK = Size(simulated=400, rounds=1, real=100)


async def measure(sheet: Sheet, given: Databases, slack: str, size: Size) -> None:
    for kind in given.kinds:
        await _unlimited(sheet, given, slack, kind, size)
    await _paced(sheet, given, size)
    _guessing(sheet)
    await given.drop_all()


def _client(url: str) -> AsyncWebClient:
    return AsyncWebClient(token=TOKEN, base_url=f"{url}/api/", retry_handlers=[])


# At Slack's pace


async def _paced(sheet: Sheet, given: Databases, size: Size) -> None:
    """Send everybody a message, from a cold start, while now and then somebody waits for an urgent one."""
    clock, slack = VirtualClock(), Slack()
    limits = RateModel(clock=clock.monotonic, posts_per_minute=PER_MINUTE)
    refused: list[float] = []
    arrived: list[tuple[float, str]] = []

    def refuse(method: str, channel: str) -> int | None:
        wait = limits.refuse("A0BENCH", method, channel)
        if wait is not None:
            refused.append(clock.monotonic())
        return wait

    slack.refuse = refuse
    slack.posted = lambda arguments: arrived.append((clock.monotonic(), arguments["channel"]))
    await slack.start()
    database = Database.at(await given.fresh("sqlite"))
    pace = Pace(ceiling=PER_MINUTE, monotonic=clock.monotonic)
    outbox = Outbox(
        database, _client(slack.url), clock, {}, pace=pace, monotonic=clock.monotonic, sleep=clock.sleep
    )  # fmt: skip
    owed = [
        Delivery(key=f"bulk:{number}", to=f"U1{number}", payload={"text": "Hello"}, lane=Lane.BULK)
        for number in range(size.simulated)
    ]
    async with database.transaction() as store:
        for start in range(0, len(owed), 1000):
            await store.deliveries.add(*owed[start : start + 1000], at=clock.now())
    asked: dict[str, float] = {}
    numbers = itertools.count(1)

    async def people() -> None:
        while True:
            await clock.sleep(7.3)
            user = f"U9{next(numbers)}"
            async with database.transaction() as store:
                urgent = Delivery(key=f"urgent:{user}", to=user, payload={"text": "Hello"}, lane=Lane.URGENT)
                asked[user] = clock.monotonic()
                await store.deliveries.add(urgent, at=clock.now())

    asking = asyncio.create_task(people())
    began = time.perf_counter()
    await outbox.start()
    # Asleep are the loop that sends, the one that tends, and the people.
    await clock.run_until(
        lambda: (
            sum(1 for _, to in arrived if to.startswith("U1")) >= size.simulated
            if len(arrived) >= size.simulated
            else False
        ),
        busy=lambda: outbox.in_flight > 0,
        asleep=3,
    )
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    stopping = asyncio.create_task(outbox.stop())
    await stopping
    await slack.stop()
    await database.close()

    assert len({to for _, to in arrived}) == len(arrived), "somebody got a message twice"
    warm = warm_at(arrived)
    later = [at for at, _ in arrived if at >= warm]
    share = (len(later) - 1) / (later[-1] - later[0]) * 60 / PER_MINUTE * 100
    waits = [at - asked[to] for at, to in arrived if to in asked]
    facts = {"part": PART, "database": "sqlite, simulated clock"}
    name = f"{size.simulated:,} direct messages, Slack permits {PER_MINUTE} a minute"
    sheet.add(
        **facts, unit="%", name=f"{name}: share used once warm", ours=[share], least=98,
        note=f"all in {arrived[-1][0] / 60:.1f} min from a cold start at 240, "
        f"warm after {warm / 60:.1f} min; computed in {time.perf_counter() - began:.0f} s",
    )  # fmt: skip
    sheet.add(
        **facts,
        unit="",
        name="… refusals (429) once warm",
        ours=[float(sum(at >= warm for at in refused))],
        most=0,
    )
    sheet.add(
        **facts, unit="", name="… refusals (429) before", ours=[float(sum(at < warm for at in refused))]
    )
    sheet.add(
        **facts, unit="s", name="… an urgent message waits, p99", ours=[quantile(waits, 0.99)], most=2,
        note=f"{len(waits)} of them, one every 7.3 s",
    )  # fmt: skip


def warm_at(arrived: Sequence[tuple[float, str]]) -> float:
    """When the budget had grown from 240 to 480 a minute: a tenth per clean minute."""
    minutes, rate = 0, 240.0
    while rate < PER_MINUTE:
        rate *= 1.1
        minutes += 1
    at = minutes * 60.0
    return at if arrived[-1][0] > at + 60 else arrived[len(arrived) // 2][0]


def _guessing(sheet: Sheet) -> None:
    """What is lost where Slack permits less than the ceiling that was set, and nobody told the app."""
    now = [0.0]
    slack_permits = RateModel().posts_per_minute
    limits = RateModel(clock=lambda: now[0])
    pace = Pace(ceiling=PER_MINUTE, monotonic=lambda: now[0])
    sent = refusals = 0
    while sent < 10_000:
        line = f"U{sent}"
        wait = pace.wait(Kind.POST, line)
        if wait > 0:
            now[0] += wait
            continue
        pace.take(Kind.POST, line)
        refused = limits.refuse("A0BENCH", "chat.postMessage", line)
        if refused is None:
            sent += 1
        else:
            refusals += 1
            pace.limited("chat.postMessage", refused)
    sheet.add(
        part=PART, database="Pace alone", unit="%", ours=[sent / now[0] * 60 / slack_permits * 100],
        name=f"… if Slack permits only {slack_permits} and the ceiling says {PER_MINUTE}: share used",
        note=f"{refusals} refusals in {now[0] / 60:.0f} min: the budget feels its way up and is halved",
    )  # fmt: skip


# As fast as it goes


async def _unlimited(sheet: Sheet, given: Databases, slack: str, kind: str, size: Size) -> None:
    database, by_hand = Database.at(await given.fresh(kind)), engine(await given.empty(kind))
    async with by_hand.begin() as connection:
        for statement in tables(kind):
            await connection.execute(text(statement))
    ours: list[float] = []
    theirs: list[float] = []
    warm_up = min(100, size.real)
    await _ours(database, slack, warm_up, "warm")
    await _by_hand(by_hand, slack, warm_up, "warm")
    for number in range(size.rounds):
        first = number % 2 == 0
        if first:
            ours.append(await _ours(database, slack, size.real, number))
        theirs.append(await _by_hand(by_hand, slack, size.real, number))
        if not first:
            ours.append(await _ours(database, slack, size.real, number))
    sheet.add(
        part=PART, database=kind, unit="/s", ours=ours, theirs=theirs, least=100 if kind == "sqlite" else 250,
        name=f"{size.real} messages without a limit, {PARALLEL} at a time",
        counterpart="by hand: reserve, mark, POST, sent",
    )  # fmt: skip
    await database.close()
    await by_hand.dispose()


async def _ours(database: Database, slack: str, count: int, name: object) -> float:
    clock, landed, all_sent = SystemClock(), itertools.count(1), asyncio.Event()

    async def outcome(_store: Store, one: Landed) -> None:
        assert one.sent
        if next(landed) == count:
            all_sent.set()

    outbox = Outbox(
        database, _client(slack), clock, {}, {"bench:run": outcome}, pace=Pace.unlimited(), parallel=PARALLEL
    )  # fmt: skip
    owed = [
        Delivery(key=f"bench:run:{name}:{number}", to=f"U{number}", payload={"text": "Hello"})
        for number in range(count)
    ]
    async with database.transaction() as store:
        await store.deliveries.add(*owed, at=clock.now())
    began = time.perf_counter()
    await outbox.start()
    await all_sent.wait()
    took = time.perf_counter() - began
    await outbox.stop()
    sent = await town.count(database, "SELECT count(*) FROM deliveries WHERE state = 'sent'")
    assert sent >= count
    return count / took


async def _by_hand(by_hand: Any, slack: str, count: int, name: object) -> float:
    """The shortest loop that gives the same promise: three transactions a message, eight at a time."""
    at = datetime(2026, 11, 23).isoformat()  # noqa: DTZ001 - plain text in a plain column
    add = text(
        "INSERT INTO outbox (key, \"to\", payload, state, due_at) VALUES (:key, :to, '{}', 'pending', :at)"
    )
    locked = " FOR UPDATE SKIP LOCKED" if by_hand.dialect.name == "postgresql" else ""
    reserve = text(
        "UPDATE outbox SET state = 'reserved', owner = :owner WHERE id = (SELECT id FROM outbox "
        f"WHERE state = 'pending' AND due_at <= :at ORDER BY due_at, id LIMIT 1{locked}) "
        'RETURNING id, "to"'
    )
    mark = text(
        "UPDATE outbox SET state = 'sending' WHERE id = :id AND state = 'reserved' AND owner = :owner"
    )
    done = text("UPDATE outbox SET state = 'sent', ts = :ts WHERE id = :id AND state = 'sending'")
    async with by_hand.begin() as connection:
        await connection.execute(
            add, [{"key": f"{name}:{number}", "to": f"U{number}", "at": at} for number in range(count)]
        )
    headers = {"Authorization": f"Bearer {TOKEN}"}

    async def work(session: aiohttp.ClientSession, owner: str) -> None:
        while True:
            async with by_hand.begin() as connection:
                row = (await connection.execute(reserve, {"owner": owner, "at": at})).one_or_none()
            if row is None:
                return
            async with by_hand.begin() as connection:
                await connection.execute(mark, {"id": row.id, "owner": owner})
            message = {"channel": row.to, "text": "Hello"}
            async with session.post(f"{slack}/api/chat.postMessage", json=message) as answer:
                said = await answer.json()
            async with by_hand.begin() as connection:
                await connection.execute(done, {"id": row.id, "ts": said["ts"]})

    began = time.perf_counter()
    async with aiohttp.ClientSession(headers=headers) as session:
        await asyncio.gather(*(work(session, str(number)) for number in range(PARALLEL)))
    return count / (time.perf_counter() - began)
