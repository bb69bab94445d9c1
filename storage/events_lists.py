"""Events in lists: what is to come and what is over, who looks on, who was not seen, and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.events_after import Unseen
from community.events_terms import SIGNED_UP, Event, Kind, Standing, Status
from community.members import Role, Stage
from storage import events_statements as sql
from storage.events import event_of
from storage.members import HOME_FRESH
from storage.tables import event_sign_ups, events, members

_AT_ONCE = 500
"""Sign-ups that one look for people who have left or moved gives."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Events in the order in which they begin, and how many there are beyond them."""

    rows: Sequence[Event]
    left: int = 0


class EventsLists:
    """Lists of events within the caller's transaction; nothing here changes anything."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def upcoming(
        self,
        *,
        at: datetime,
        limit: int,
        offset: int = 0,
        state: str | None = None,
        stage: Stage | None = None,
        user: str = "",
        all_of_them: bool = False,
    ) -> Listing:
        """Give what is to come for a person of that state and stage, or that they signed up for."""
        mine = select(event_sign_ups.c.event).where(
            event_sign_ups.c.user == user, event_sign_ups.c.standing.in_(sorted(SIGNED_UP))
        )
        keys = ["everyone", f"state:{state}", f"stage:{stage.value if stage else None}"]
        fits = or_(events.c.audience.in_(keys), events.c.id.in_(mine))
        where = [events.c.status == Status.OPEN, events.c.ends_at > at]
        return await self._listing([*where] if all_of_them else [*where, fits], limit=limit, offset=offset)

    async def past(self, *, at: datetime, limit: int, offset: int = 0) -> Listing:
        """Give what is over, the latest first."""
        where = [events.c.status == Status.OPEN, events.c.ends_at <= at]
        return await self._listing(where, limit=limit, offset=offset, latest=True)

    async def _listing(
        self, where: list[Any], *, limit: int, offset: int = 0, latest: bool = False
    ) -> Listing:
        order = (
            (events.c.starts_at.desc(), events.c.id.desc()) if latest else (events.c.starts_at, events.c.id)
        )
        found = await self._connection.execute(
            select(events).where(*where).order_by(*order).limit(limit).offset(offset)
        )
        rows = [event_of(row) for row in found]
        if len(rows) < limit:
            return Listing(rows)
        total = await self._connection.scalar(select(func.count()).select_from(events).where(*where)) or 0
        return Listing(rows, max(0, total - offset - len(rows)))

    async def onlookers(self, *, at: datetime) -> list[str]:
        """Give everybody who opened their Home tab lately: what is to come stands on it."""
        found = await self._connection.execute(sql.ONLOOKERS, {"b_since": at - HOME_FRESH})
        return list(found.scalars())

    async def unseen(self, *, at: datetime, after: timedelta, limit: int) -> tuple[list[Unseen], int]:
        """Give candidates whom no intro call has seen for that long, the longest first, and how many more.

        They came to one before, or signed up for one that long ago and never came.
        """
        came = func.max(case((event_sign_ups.c.there.is_(True), events.c.ends_at)))
        first = func.min(events.c.ends_at)
        unseen = (
            select(members.c.id, came.label("seen"), first.label("signed"))
            .join(event_sign_ups, event_sign_ups.c.user == members.c.id)
            .join(events, events.c.id == event_sign_ups.c.event)
            .where(
                events.c.kind == Kind.INTRO,
                events.c.status == Status.OPEN,
                events.c.ends_at <= at,
                event_sign_ups.c.standing == Standing.GOING,
                members.c.left_at.is_(None),
                members.c.roles.not_like(f"%{Role.STAFF}%"),
                members.c.roles.not_like(f"%{Role.MENTOR}%"),
            )
            .group_by(members.c.id)
            .having(func.coalesce(came, first) < at - after)
            .subquery()
        )
        total = await self._connection.scalar(select(func.count()).select_from(unseen)) or 0
        found = await self._connection.execute(
            select(unseen).order_by(func.coalesce(unseen.c.seen, unseen.c.signed), unseen.c.id).limit(limit)
        )
        rows = [Unseen(row.id, row.seen, row.signed) for row in found]
        return rows, total - len(rows)

    # What is due

    async def to_turn(self, *, at: datetime) -> list[int]:
        """Give the events that have begun or ended since their cards were last looked at."""
        found = await self._connection.execute(sql.TO_TURN, {"b_at": at})
        return list(found.scalars())

    async def astray(self, *, at: datetime, user: str | None = None) -> list[int]:
        """Give the sign-ups of people who have left the workspace, or moved to another zone, since."""
        values: dict[str, Any] = {"b_at": at, "b_limit": _AT_ONCE}
        if user:
            found = await self._connection.execute(sql.ASTRAY_OF, values | {"b_user": user})
        else:
            found = await self._connection.execute(sql.ASTRAY, values)
        return list(found.scalars())
