"""The shelf of the library: so far the recordings and notes of events; searching it comes with more on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.events_terms import Event
from storage.tables import library_items

RECORDING = "recording"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on the shelf; `audience` is for whom it is, as `Audience.key` says it."""

    id: int
    kind: str
    title: str
    link: str
    text: str
    topic: str | None
    audience: str
    event: int | None
    by: str
    added_at: datetime
    changed_at: datetime


def _item(row: Row[Any]) -> Item:
    return Item(**row._mapping)  # noqa: SLF001 - the documented way to a row's values by name


class EventsLibrary:
    """The shelf within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert

    async def shelve(self, event: Event, *, by: str, at: datetime) -> Item:
        """Put an event's recording and notes on the shelf, in the place of what was there of it."""
        shown = {
            "title": event.title,
            "link": event.recording,
            "text": event.notes,
            "topic": event.topic,
            "audience": event.audience.key,
            "by": by,
            "changed_at": at,
        }
        row = (
            await self._connection.execute(
                self._insert(library_items)
                .values(kind=RECORDING, event=event.id, added_at=at, **shown)
                .on_conflict_do_update(index_elements=[library_items.c.event], set_=shown)
                .returning(library_items)
            )
        ).one()
        return _item(row)

    async def items(self, *, limit: int = 50) -> list[Item]:
        """Give what is on the shelf, the newest first."""
        found = await self._connection.execute(
            select(library_items)
            .order_by(library_items.c.added_at.desc(), library_items.c.id.desc())
            .limit(limit)
        )
        return [_item(row) for row in found]
