"""Two hundred mentors press "Claim" in the same moment: one wins, soon, and everybody is answered."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slack_bolt.async_app import AsyncAck
from sqlalchemy import text

from bot.settings import Settings
from community import mentoring
from community.clock import SystemClock
from community.mentoring_requests import AlreadyClaimed, Draft, Policy
from community.notices import Places
from handlers import mentoring as handlers
from handlers.listening import House, _work
from handlers.payloads import Actor
from scheduler.following import Follower
from scheduler.mentoring import follower
from storage.database import Database
from tests.bench import load, town
from tests.bench.figures import Sheet, quantile
from tests.bench.plain import RACE, engine, tables
from tests.bench.processes import MENTORS, STAFF, a_plain_app, the_app

if TYPE_CHECKING:
    from tests.bench.databases import Databases

PART = "2 Two hundred claims of one question"
BARE = "the bare UPDATE"


@dataclass(frozen=True)
class Size:
    """How many rounds over HTTP and in one process, with how many at once."""

    over_http: int = 5
    inside: int = 15
    crowd: int = 200


WHOLE = Size(inside=100)
QUICK = Size(over_http=2, inside=2, crowd=30)
_Round = tuple[list[float], int]
"""The seconds of everybody, and the place of the winner."""


async def measure(sheet: Sheet, given: Databases, slack: str, size: Size) -> None:
    for kind in given.kinds:
        await _over_http(sheet, given, slack, kind, size)
        await _inside(sheet, given, kind, size)
        await given.drop_all()


def _report(sheet: Sheet, kind: str, how: str, ours: list[_Round], theirs: list[_Round], other: str) -> None:
    def winners(rounds: list[_Round]) -> list[float]:
        return [took[winner] * 1000 for took, winner in rounds]

    def last(rounds: list[_Round]) -> list[float]:
        return [max(took) * 1000 for took, _ in rounds]

    facts = {"part": PART, "unit": "ms", "database": kind, "counterpart": other}
    sheet.add(
        **facts, name=f"{how}: the winner is told (p99 of {len(ours)} rounds)", most=250,
        ours=[quantile(winners(ours), 0.99)], theirs=[quantile(winners(theirs), 0.99)],
    )  # fmt: skip
    sheet.add(**facts, name=f"{how}: the winner is told", ours=winners(ours), theirs=winners(theirs))
    sheet.add(
        **facts,
        name=f"{how}: everybody is answered",
        ours=last(ours),
        theirs=last(theirs),
        most=1000,
        worst=True,
    )
    sheet.add(
        part=PART, unit="", database=kind, name=f"{how}: rounds with exactly one winner",
        ours=[float(len(ours))], least=float(len(ours)), note="anything else ends the bench with an error",
    )  # fmt: skip


async def _one_holder(database: Database, number: int) -> str:
    """Who holds the question; fails unless exactly one claim was ever kept of it."""
    async with database.reading() as store:
        request = await store.mentoring.get(number)
        claims = [one for one in await store.mentoring.history(number) if one.kind == "claimed"]
    assert request is not None
    assert request.claims == 1, f"{request.claims} claims of one question"
    assert len(claims) == 1
    assert request.holder is not None
    return request.holder


async def _question(database: Database, numbers: itertools.count[int], policy: Policy) -> int:
    """Let somebody ask, as the form's listener does, and let the cards count as posted."""
    async with database.transaction() as store:
        at = town.now()
        draft = Draft(question=load.QUESTION, topic="filing", state="VA")
        request = await mentoring.ask(
            store.mentoring, f"U0B{next(numbers):06}", draft, at=at, today=at.date(), policy=policy
        )
    following = Follower(database, SystemClock(), follower(SystemClock(), policy, PLACES))
    await following.drain()
    await town.post_all(database)
    return request.id


PLACES = Places(mentors=MENTORS, staff=STAFF, community="", wins="")


async def _over_http(sheet: Sheet, given: Databases, slack: str, kind: str, size: Size) -> None:
    ours, theirs = await given.fresh(kind), await given.empty(kind)
    by_hand, database, numbers = engine(theirs), Database.at(ours), itertools.count(1)
    await town.settle_in(database)
    async with by_hand.begin() as connection:
        for statement in tables(kind):
            await connection.execute(text(statement))
    with contextlib.ExitStack() as stack:
        app = stack.enter_context(the_app(ours, slack, given.folder))
        plain = stack.enter_context(a_plain_app("durable", theirs, slack, given.folder))
        to_ours, to_plain = load.Lines(app.port), load.Lines(plain.port)
        stack.callback(to_ours.close)
        stack.callback(to_plain.close)

        async def claim_ours() -> _Round:
            number = await _question(database, numbers, Policy())
            bodies = [load.press(town.mentor(place), number, slack) for place in range(size.crowd)]
            took = await load.all_at_once(to_ours, bodies)
            holder = await _one_holder(database, number)
            await town.post_all(database)
            await asyncio.sleep(0.3)  # The private answers to those who lost go out meanwhile.
            return took, next(place for place in range(size.crowd) if town.mentor(place) == holder)

        async def claim_plain() -> _Round:
            async with by_hand.begin() as connection:
                asked = text("INSERT INTO asked (asker, question) VALUES ('U', 'Q') RETURNING id")
                number = (await connection.execute(asked)).scalar_one()
            bodies = [
                load.press(town.mentor(place), number, slack, "bench.race") for place in range(size.crowd)
            ]
            took = await load.all_at_once(to_plain, bodies)
            async with by_hand.connect() as connection:
                holder = await connection.scalar(
                    text("SELECT holder FROM asked WHERE id = :id"), {"id": number}
                )
            return took, next(place for place in range(size.crowd) if town.mentor(place) == holder)

        _report(
            sheet, kind, "over HTTP", *await _in_turns(claim_ours, claim_plain, size.over_http),
            "the bare UPDATE over HTTP",
        )  # fmt: skip
    await database.close()
    await by_hand.dispose()


async def _in_turns(
    ours: Callable[[], Awaitable[_Round]], theirs: Callable[[], Awaitable[_Round]], rounds: int
) -> tuple[list[_Round], list[_Round]]:
    await ours()
    await theirs()
    kept: tuple[list[_Round], list[_Round]] = ([], [])
    for number in range(rounds):
        for place in (0, 1) if number % 2 == 0 else (1, 0):
            kept[place].append(await (ours, theirs)[place]())
    return kept


async def _inside(sheet: Sheet, given: Databases, kind: str, size: Size) -> None:
    """The listener itself with its rules and its storage, without Bolt and HTTP, in this process."""
    database, numbers, policy = Database.at(await given.fresh(kind)), itertools.count(1), Policy()
    await town.settle_in(database)
    async with database.transaction() as store:
        for statement in tables(kind)[1:2]:
            await store.connection.execute(text(statement))
    clock = SystemClock()
    house = House(
        database=database, clock=clock, places=PLACES, policy=policy,
        zone=Settings.model_fields["time_zone"].default,
    )  # fmt: skip

    ack = AsyncAck()  # type: ignore[no-untyped-call]

    async def timed(began: float, one: Awaitable[bool]) -> tuple[float, bool]:
        won = await one
        return time.perf_counter() - began, won

    async def crowd(press: Callable[[int], Awaitable[bool]]) -> _Round:
        began = time.perf_counter()
        answers = await asyncio.gather(*(timed(began, press(place)) for place in range(size.crowd)))
        won = [place for place, (_, winner) in enumerate(answers) if winner]
        assert len(won) == 1, f"{len(won)} winners"
        return [took for took, _ in answers], won[0]

    async def claim_ours() -> _Round:
        number = await _question(database, numbers, policy)

        async def press(place: int) -> bool:
            actor = Actor(town.mentor(place), "T0BENCH")
            work = _work(house, f"trigger:{number}:{place}", actor)
            try:
                await handlers.claimed(
                    ack, {"value": str(number)}, actor, database, work, clock, policy, house.turns
                )
            except AlreadyClaimed:
                return False
            return True

        round_ = await crowd(press)
        assert await _one_holder(database, number) == town.mentor(round_[1])
        return round_

    async def claim_bare() -> _Round:
        async with database.transaction() as store:
            asked = text("INSERT INTO asked (asker, question) VALUES ('U', 'Q') RETURNING id")
            number = (await store.connection.execute(asked)).scalar_one()

        async def press(place: int) -> bool:
            async with database.transaction() as store:
                done = await store.connection.execute(RACE, {"by": town.mentor(place), "id": number})
            return done.rowcount == 1

        return await crowd(press)

    _report(sheet, kind, "in one process", *await _in_turns(claim_ours, claim_bare, size.inside), BARE)
    await database.close()
