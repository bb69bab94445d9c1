"""The people and the questions that the bench works with, written straight into the database."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from sqlalchemy import text

from community.members import MentorKind, MentorProfile
from storage.database import Database

MENTORS = 200
SERIES = {
    "sqlite": "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
    "SELECT i FROM n) AS g",
    "postgresql": "generate_series(1, :count) AS g(i)",
}
"""The numbers from 1 to :count, as something to select from."""


def mentor(number: int) -> str:
    """The id of a mentor."""
    return f"U0M{number % MENTORS:04}"


def now() -> datetime:
    return datetime.now(UTC)


def stamp(kind: str, at: datetime) -> object:
    """A moment as the database keeps it, for plain SQL."""
    return at if kind == "postgresql" else at.replace(tzinfo=None).isoformat(" ", "microseconds")


async def settle_in(database: Database) -> None:
    """Let two hundred approved mentors live in Virginia."""
    async with database.transaction() as store:
        for number in range(MENTORS):
            await store.members.save_mentor(
                MentorProfile(
                    user=mentor(number),
                    states=frozenset({"VA"}),
                    kind=MentorKind.OPERATIVE,
                    topics=frozenset(),
                    offices=frozenset(),
                    capacity=1_000_000,
                    against=frozenset(),
                    approved_at=now(),
                    approved_by="U0STAFF",
                )
            )
        # Those without a name would be looked up at Slack, one by one, while we measure.
        await store.connection.execute(text("UPDATE members SET name = 'somebody'"))


async def grow(database: Database, people: int) -> None:
    """Let so many more people join."""
    kind = database.dialect
    async with database.transaction(long=True) as store:
        await store.connection.execute(
            text(
                "INSERT INTO members (id, name, met_at, guest) "
                f"SELECT 'U1' || g.i, 'somebody', :at, false FROM {SERIES[kind]}"
            ),
            {"count": people, "at": stamp(kind, now())},
        )


async def all_followed(database: Database) -> float:
    """Wait until the app has worked out what follows from all that was kept; give the seconds."""
    began = time.perf_counter()
    while await count(database, "SELECT count(*) FROM request_history WHERE follow_at IS NOT NULL"):
        await asyncio.sleep(0.005)
    return time.perf_counter() - began


async def post_all(database: Database) -> int:
    """Let everything that is owed count as sent, so that every measurement begins with an idle sender."""
    await all_followed(database)
    async with database.transaction(long=True) as store:
        done = await store.connection.execute(
            text(
                "UPDATE deliveries SET state = 'sent', channel = 'D0ANY', ts = '1795000000.' || id, "
                "ended_at = :at, owner = NULL, lease_until = NULL WHERE state IN ('pending', 'reserved')"
            ),
            {"at": stamp(database.dialect, now())},
        )
    return done.rowcount


async def open_requests(database: Database) -> list[int]:
    """The numbers of all requests that nobody has claimed."""
    async with database.reading() as store:
        found = await store.connection.execute(
            text("SELECT id FROM requests WHERE status = 'open' ORDER BY id")
        )
        return [int(row.id) for row in found]


async def count(database: Database, statement: str) -> int:
    """The one number that a query gives."""
    async with database.reading() as store:
        return int(await store.connection.scalar(text(statement)) or 0)
