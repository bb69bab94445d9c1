"""The lease rows: which process runs the outbox and the jobs, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.tables import leases

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy.ext.asyncio import AsyncConnection


class Leases:
    """Leases by name, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take(
        self, name: str, owner: str, at: datetime, lasting: timedelta, *, holder_is_dead: bool = False
    ) -> bool:
        """Take a free or lapsed lease, or prolong one's own; False when somebody else holds it.

        One whose `holder_is_dead` is free. `term` counts the holders, so that a lease taken again after a
        lapse can be told from one prolonged.
        """
        insert = (postgresql if self._connection.dialect.name == "postgresql" else sqlite).insert
        statement = insert(leases).values(name=name, owner=owner, until=at + lasting, term=1)
        free = true() if holder_is_dead else or_(leases.c.until <= at, leases.c.owner == owner)
        result = await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[leases.c.name],
                set_={"owner": owner, "until": at + lasting, "term": leases.c.term + 1},
                where=free,
            )
        )
        return result.rowcount == 1

    async def hand_back(self, name: str, owner: str, at: datetime) -> None:
        """Let go of one's own lease, so that a standby takes over without waiting for it to lapse."""
        await self._connection.execute(
            update(leases).where(leases.c.name == name, leases.c.owner == owner).values(until=at)
        )

    async def until(self, name: str) -> datetime | None:
        """When it lapses, or lapsed; None when nobody ever took it."""
        return await self._connection.scalar(select(leases.c.until).where(leases.c.name == name))

    async def holder(self, name: str, at: datetime) -> str | None:
        """Who holds the lease at that moment, if anybody does."""
        row = (
            await self._connection.execute(leases.select().where(leases.c.name == name, leases.c.until > at))
        ).one_or_none()
        return None if row is None else str(row.owner)
