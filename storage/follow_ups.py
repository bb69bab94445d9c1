"""What is still to be worked out: lines of a request's history from which something follows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Integer, bindparam, func, null, select, update

from community.mentoring_following import Line
from storage.tables import Instant, request_history

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_earlier = request_history.alias("earlier")
_EARLIER = (
    select(_earlier.c.id)
    .where(
        _earlier.c.request == request_history.c.request,
        _earlier.c.id < request_history.c.id,
        _earlier.c.follow_at.is_not(None),
    )
    .correlate(request_history)
    .exists()
)
_DUE = (
    select(request_history.c.id, request_history.c.at)
    .where(
        request_history.c.follow_at.is_not(None),
        request_history.c.follow_at <= bindparam("b_at", type_=Instant),
        ~_EARLIER,
    )
    .order_by(request_history.c.follow_at, request_history.c.id)
    .limit(bindparam("b_limit", type_=Integer))
)
_free = (
    select(request_history.c.id)
    .where(
        request_history.c.id == bindparam("b_id"),
        request_history.c.follow_at.is_not(None),
        ~_EARLIER,
    )
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(request_history)
    .where(request_history.c.id.in_(_free))
    .values(follow_at=null())
    .returning(
        request_history.c.id,
        request_history.c.request,
        request_history.c.at,
        request_history.c.actor,
        request_history.c.kind,
        request_history.c.facts,
    )
)
_LATER = (
    update(request_history)
    .where(request_history.c.id == bindparam("b_id"), request_history.c.follow_at.is_not(None))
    .values(follow_at=bindparam("b_until", type_=Instant))
)
_OLDEST = select(func.min(request_history.c.at)).where(request_history.c.follow_at.is_not(None))


class FollowUps:
    """The lines that wait, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def due(self, at: datetime, limit: int = 50) -> list[tuple[int, datetime]]:
        """Give the lines that can be worked out now, with when they were written; longest waiting first.

        What happened to the same request before comes before.
        """
        found = await self._connection.execute(_DUE, {"b_at": at, "b_limit": limit})
        return [(row.id, row.at) for row in found]

    async def take(self, number: int) -> Line | None:
        """Mark a line as worked out and give it; None where somebody else has done so, or is about to.

        Nothing is marked unless the caller's transaction commits, with all that followed.
        """
        row = (await self._connection.execute(_TAKE, {"b_id": number})).one_or_none()
        if row is None:
            return None
        return Line(
            id=row.id, request=row.request, at=row.at, actor=row.actor, kind=row.kind, facts=row.facts
        )

    async def put_off(self, number: int, until: datetime) -> None:
        """Let a line wait that could not be worked out, so that it does not stand in others' way."""
        await self._connection.execute(_LATER, {"b_id": number, "b_until": until})

    async def waiting(self, at: datetime) -> timedelta:
        """For how long the oldest line has waited; zero when nothing waits."""
        oldest: datetime | None = await self._connection.scalar(_OLDEST)
        return timedelta() if oldest is None else at - oldest
