"""Answers of services that look races up: kept with their age, given again, forgotten after a month."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from community.races import Shelved
from storage.tables import race_answers

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from storage.database import Database

FORGOTTEN_AFTER = timedelta(days=30)
"""Filing dates that are older than this mislead more than they help, even where nothing newer is known."""
_AT_ONCE = 100


class RaceAnswers:
    """The answers that were kept, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def taken(self, key: str) -> Shelved | None:
        """Give the answer that was kept last, or None."""
        rows = await self._connection.execute(
            select(race_answers.c.facts, race_answers.c.at).where(race_answers.c.key == key)
        )
        row = rows.one_or_none()
        return None if row is None else Shelved(json.loads(row.facts), row.at)

    async def keep(self, key: str, facts: dict[str, Any], *, at: datetime) -> None:
        """Keep an answer, and forget some of those that are too old."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(race_answers).values(
            key=key, facts=json.dumps(facts, ensure_ascii=False, separators=(",", ":")), at=at
        )
        newer = {"facts": insert.excluded.facts, "at": insert.excluded.at}
        await self._connection.execute(
            insert.on_conflict_do_update(index_elements=[race_answers.c.key], set_=newer)
        )
        old = select(race_answers.c.key).where(race_answers.c.at < at - FORGOTTEN_AFTER).limit(_AT_ONCE)
        await self._connection.execute(delete(race_answers).where(race_answers.c.key.in_(old)))


class Shelf:
    """Those answers as a RaceShelf: a small transaction for each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def taken(self, key: str) -> Shelved | None:
        """Give the answer that was kept last, however old it is."""
        async with self._database.reading() as store:
            return await store.race_answers.taken(key)

    async def keep(self, key: str, facts: dict[str, Any], *, at: datetime) -> None:
        """Keep an answer in the place of the one before."""
        async with self._database.transaction() as store:
            await store.race_answers.keep(key, facts, at=at)
