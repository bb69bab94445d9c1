"""Forgets what was said once nobody needs it: payloads after thirty days, never that something was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, update

from community.deliveries import COLLAPSING, KEPT
from storage.outgoing_statements import ENDED
from storage.tables import Instant, deliveries

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

_over = (
    select(deliveries.c.id)
    .where(deliveries.c.state.in_(ENDED), deliveries.c.ended_at < bindparam("b_before", type_=Instant))
    .limit(1000)
)
_THIN = (
    update(deliveries)
    .where(deliveries.c.id.in_(_over.where(deliveries.c.payload.is_not(None))))
    .values(payload=None)
)
"""Forgets payloads of what ended before `b_before`."""
_DROP = delete(deliveries).where(deliveries.c.id.in_(_over.where(deliveries.c.kind.in_(tuple(COLLAPSING)))))
"""Forgets updates and home views that ended before `b_before` altogether."""
_FORGET = update(deliveries).where(deliveries.c.key == bindparam("b_key")).values(payload=None)


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
        values = {"b_before": at - KEPT}
        thinned = await self._connection.execute(_THIN, values)
        gone = await self._connection.execute(_DROP, values)
        return thinned.rowcount + gone.rowcount

    async def forget(self, key: str) -> None:
        """Forget the payload of one delivery at once: it held what somebody typed."""
        await self._connection.execute(_FORGET, {"b_key": key})
