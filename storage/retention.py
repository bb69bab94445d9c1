"""Forgets what was said once nobody needs it: payloads after thirty days, never that something was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, literal_column, select, update

from community.deliveries import COLLAPSING, KEPT
from storage.tables import deliveries

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

_AT_ONCE = 1000


class Retention:
    """What is forgotten, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def thin(self, at: datetime) -> int:
        """Forget the payloads of what ended over thirty days ago, a thousand at a time; the number forgotten.

        Key, conversation, ts, kind and hash stay, so that nothing is ever sent again; `render` and `about`
        stay, because a card has to show the truth as long as it hangs there. Updates and home views, whose
        keys nobody uses again, go altogether. Dead and parked deliveries are kept for the staff.
        """
        thinned = await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_(self._over(at).where(deliveries.c.payload.is_not(None))))
            .values(payload=None)
        )
        gone = await self._connection.execute(
            delete(deliveries).where(
                deliveries.c.id.in_(self._over(at).where(deliveries.c.kind.in_(tuple(COLLAPSING))))
            )
        )
        return thinned.rowcount + gone.rowcount

    async def forget(self, key: str) -> None:
        """Forget the payload of one delivery at once: it held what somebody typed."""
        await self._connection.execute(update(deliveries).where(deliveries.c.key == key).values(payload=None))

    def _over(self, at: datetime) -> Select[tuple[int]]:
        ended: list[ColumnElement[str]] = [
            literal_column(f"'{state}'") for state in ("sent", "cancelled", "expired")
        ]
        return (
            select(deliveries.c.id)
            .where(deliveries.c.state.in_(ended), deliveries.c.ended_at < at - KEPT)
            .limit(_AT_ONCE)
        )
