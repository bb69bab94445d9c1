"""Remembers which events and interactions were handled, so that a redelivery does nothing twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete

from storage.dialects import DIALECTS
from storage.tables import Instant, seen

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

REMEMBERED = timedelta(hours=24)
"""Slack's own retries end within the hour; the rest is for people who find an old form still open."""


# Made once: every listener begins with it.
_FIRST = {
    name: dialect.insert(seen).on_conflict_do_nothing(index_elements=[seen.c.id])
    for name, dialect in DIALECTS.items()
}
_FORGET = delete(seen).where(seen.c.at < bindparam("b_before", type_=Instant))


class Seen:
    """The ids of events, triggers and views that were handled, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def first(self, id: str, at: datetime) -> bool:  # noqa: A002 - it is Slack's word for it
        """Keep an id together with the effect it has; False when it was kept before.

        On PostgreSQL a second handler of the same id waits here until the first has committed or given up.
        """
        first = _FIRST[self._connection.dialect.name]
        result = await self._connection.execute(first, {"id": id, "at": at})
        return result.rowcount == 1

    async def forget(self, at: datetime) -> int:
        """Drop what was kept longer than a day ago; the number dropped."""
        result = await self._connection.execute(_FORGET, {"b_before": at - REMEMBERED})
        return result.rowcount
