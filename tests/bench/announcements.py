"""One announcement to ten thousand people at Slack's pace, with the clock simulated, while others wait."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import insert, text

from community import announcements as rules
from community import announcements_notices as notices
from community.announcements_audience import Audience
from community.announcements_book import Announcement, Rules, Status, Words
from community.announcements_times import When
from community.deliveries import Delivery, Lane
from community.members import Role
from community.notices import Places
from sandbox.limits import RateModel
from scheduler import announcements as scheduler
from scheduler.outbox import Outbox
from scheduler.pacing import Pace
from scheduler.rendering import Scene
from storage.database import Database
from storage.tables import members
from tests.bench.figures import Sheet, quantile
from tests.bench.machine import resident
from tests.bench.processes import TOKEN
from tests.bench.sending import PER_MINUTE, warm_at
from tests.bench.slack import Slack
from tests.bench.virtual import VirtualClock

if TYPE_CHECKING:
    from tests.bench.databases import Databases

PART = "3 Sending"
PLACES = Places(mentors="C0MENTORS", staff="C0STAFF")
ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix")
WORDS = Words(
    text=[
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "Filing opens Monday", "style": {"bold": True}},
                {"type": "text", "text": " in nine states. " + "Look at your own dates first. " * 20},
            ],
        }
    ],
    link_text="See the dates",
    link_url="https://example.org/dates",
)


@dataclass(frozen=True)
class Size:
    """How many people it goes to: below 3,300 the budget never gets warm."""

    people: int = 3_500


WHOLE = Size(people=10_000)
QUICK = Size(people=400)


async def measure(sheet: Sheet, given: Databases, _slack: str, size: Size) -> None:
    for kind in given.kinds:
        await _announced(sheet, given, kind, size)
    await given.drop_all()


async def _announced(sheet: Sheet, given: Databases, kind: str, size: Size) -> None:
    """Confirm it, let it go out from a cold start while somebody asks every few seconds, and count."""
    world = _World()
    await world.slack.start()
    database = Database.at(await given.fresh(kind))
    outbox = world.outbox(database)
    await _people(database, world.clock, size.people)
    before, world.memory = await _bytes(database), resident(os.getpid())
    held = world.memory
    confirming = time.perf_counter()
    one = await _confirm(database, world.clock, size.people)
    confirmed_in = time.perf_counter() - confirming

    beside = [asyncio.create_task(world.people(database)), asyncio.create_task(world.follow(database))]
    began = time.perf_counter()
    await outbox.start()
    # Asleep are the loop that sends, the one that tends, the people, and the job that counts.
    await world.clock.run_until(
        lambda: len(world.arrived) >= size.people and len(world.bulk) >= size.people,
        busy=lambda: outbox.in_flight > 0,
        asleep=4,
    )
    took = time.perf_counter() - began
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    await outbox.stop()
    await world.slack.stop()
    await scheduler.follow(database, world.clock)
    grown = await _bytes(database) - before
    async with database.reading() as store:
        done = await store.announcements.get(one.id)
    await database.close()

    assert done is not None
    assert (done.status, done.tally.sent) == (Status.SENT, size.people)
    assert len({to for _, to in world.bulk}) == len(world.bulk) == size.people, "somebody got it twice"
    facts: dict[str, Any] = {"part": PART, "database": f"{kind}, simulated clock"}
    sheet.add(
        **facts,
        unit="s",
        name=f"An announcement to {size.people:,}: confirmed in",
        ours=[confirmed_in],
        most=3,
        note="who is in it is fixed, and each is owed it, in two statements; real time",
    )
    _pace(sheet, facts, world, took)
    facts["unit"] = "MiB"
    sheet.add(
        **facts, name="… memory that it takes at its peak", ours=[max(0.0, world.memory - held)], most=64
    )
    sheet.add(
        **facts,
        name="… what the database grows by",
        ours=[grown / 2**20],
        most=20,
        note=f"{grown / size.people:,.0f} bytes a person, indexes included; its text is kept once",
    )


def _pace(sheet: Sheet, facts: dict[str, Any], world: _World, took: float) -> None:
    """Add how fast it went, and what it did to others."""
    starts, ends = world.bulk[0][0], world.bulk[-1][0]
    warm = starts + warm_at([(at - starts, to) for at, to in world.arrived if at >= starts])
    later = [at for at, _ in world.arrived if at >= warm]
    waits = [at - world.asked[to] for at, to in world.arrived if to in world.asked]
    gaps = [second - first for first, second in itertools.pairwise(world.edits)]
    sheet.add(
        **facts,
        unit="%",
        name=f"… Slack permits {PER_MINUTE} a minute: share used once warm",
        ours=[(len(later) - 1) / (later[-1] - later[0]) * 60 / PER_MINUTE * 100],
        least=98,
        note=f"the last has it {(ends - starts) / 60:.1f} min after the first, from a cold start at 240; "
        f"computed in {took:.0f} s",
    )
    refusals = [float(len(world.refused))]
    sheet.add(**facts, unit="", name="… refusals (429), of posts and of the card", ours=refusals, most=0)
    sheet.add(
        **facts,
        unit="s",
        name="… an urgent message waits meanwhile, p99",
        ours=[quantile(waits, 0.99)],
        most=2,
        note=f"{len(waits)} of them, one every 7.3 s",
    )
    sheet.add(
        **facts,
        unit="s",
        name="… between two changes of staff's card, shortest",
        ours=[min(gaps, default=0)],
        least=3,
        note=f"{len(world.edits)} changes",
    )


class _World:
    """A clock that jumps, a Slack that refuses by the sandbox's model, and people who ask meanwhile."""

    def __init__(self) -> None:
        self.clock, self.slack = VirtualClock(), Slack()
        self.refused: list[str] = []
        self.arrived: list[tuple[float, str]] = []
        self.bulk: list[tuple[float, str]] = []
        self.edits: list[float] = []
        self.asked: dict[str, float] = {}
        self.memory = 0.0
        self._limits = RateModel(clock=self.clock.monotonic, posts_per_minute=PER_MINUTE)
        self.slack.refuse = self._refuse
        self.slack.posted = self._posted

    def _refuse(self, method: str, channel: str) -> int | None:
        wait = self._limits.refuse("A0BENCH", method, channel)
        if wait is not None:
            self.refused.append(method)
        elif method == "chat.update":
            self.edits.append(self.clock.monotonic())
        return wait

    def _posted(self, arguments: dict[str, Any]) -> None:
        came = (self.clock.monotonic(), arguments["channel"])
        self.arrived.append(came)
        if came[1].startswith("U1"):
            self.bulk.append(came)

    def outbox(self, database: Database) -> Outbox:
        """The real sender, by this world's clock."""
        scene = Scene(clock=self.clock, zone=ZONES[0], median_over=timedelta(days=30))
        return Outbox(
            database,
            AsyncWebClient(token=TOKEN, base_url=f"{self.slack.url}/api/", retry_handlers=[]),
            self.clock,
            scheduler.renderers(scene, Rules()),
            pace=Pace(ceiling=PER_MINUTE, monotonic=self.clock.monotonic),
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
        )

    async def people(self, database: Database) -> None:
        """Somebody waits for an urgent message every few seconds."""
        for number in itertools.count(1):
            await self.clock.sleep(7.3)
            user = f"U9{number}"
            async with database.transaction() as store:
                urgent = Delivery(key=f"urgent:{user}", to=user, payload={"text": "Hello"}, lane=Lane.URGENT)
                self.asked[user] = self.clock.monotonic()
                await store.deliveries.add(urgent, at=self.clock.now())

    async def follow(self, database: Database) -> None:
        """The job that counts, as often as in the app."""
        while True:
            await self.clock.sleep(scheduler.EVERY.total_seconds())
            await scheduler.follow(database, self.clock)
            self.memory = max(self.memory, resident(os.getpid()))


async def _people(database: Database, clock: VirtualClock, many: int) -> None:
    rows = [
        {
            "id": f"U1{number:06}",
            "name": f"P{number}",
            "zone": ZONES[number % len(ZONES)],
            "met_at": clock.now(),
        }
        for number in range(many)
    ]
    async with database.transaction() as store:
        for start in range(0, many, 1000):
            await store.connection.execute(insert(members), rows[start : start + 1000])
        await store.members.add_roles("U0SUE", Role.STAFF, at=clock.now())
        await store.members.describe("U0SUE", left_at=clock.now())


async def _confirm(database: Database, clock: VirtualClock, many: int) -> Announcement:
    at = clock.now()
    async with database.transaction() as store:
        book = store.announcements
        draft = await rules.write(book, None, WORDS, by="U0SUE", at=at)
        when = When(zone=ZONES[0])
        draft = await rules.aim(book, draft.id, audience=Audience(), when=when, by="U0SUE")
        one = await rules.confirm(book, draft.id, seen=many, by="U0SUE", rules=Rules(many), at=at)
        await store.tell(notices.confirmed(one, PLACES), at=at)
    return one


async def _bytes(database: Database) -> int:
    """How large the database is, with its indexes, once what is only in the log is in it."""
    if database.dialect == "postgresql":
        async with database.reading() as store:
            return int(
                await store.connection.scalar(text("SELECT pg_database_size(current_database())")) or 0
            )
    async with database.transaction() as store:
        pages = await store.connection.scalar(text("PRAGMA page_count"))
        size = await store.connection.scalar(text("PRAGMA page_size"))
    return int(pages or 0) * int(size or 0)
