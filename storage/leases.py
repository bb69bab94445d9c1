"""The lease rows: which process runs the outbox and the jobs, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select, update

from storage.dialects import DIALECTS
from storage.tables import Instant, leases

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy.ext.asyncio import AsyncConnection

_AT = bindparam("b_at", type_=Instant)


def _take(dialect: Any, *, holder_is_dead: bool) -> Any:
    new = dialect.insert(leases)
    free = or_(leases.c.until <= _AT, leases.c.owner == new.excluded.owner)
    return new.on_conflict_do_update(
        index_elements=[leases.c.name],
        set_={"owner": new.excluded.owner, "until": new.excluded.until, "term": leases.c.term + 1},
        where=None if holder_is_dead else free,
    )


_TAKE = {name: _take(dialect, holder_is_dead=False) for name, dialect in DIALECTS.items()}
"""Takes a lease that is free at `b_at` or one's own, by the kind of database."""
_TAKE_FROM_DEAD = {name: _take(dialect, holder_is_dead=True) for name, dialect in DIALECTS.items()}
"""The same, whoever holds it."""
_HAND_BACK = (
    update(leases)
    .where(leases.c.name == bindparam("b_name"), leases.c.owner == bindparam("b_owner"))
    .values(until=_AT)
)
_UNTIL = select(leases.c.until).where(leases.c.name == bindparam("b_name"))
_HOLDER = select(leases.c.owner).where(leases.c.name == bindparam("b_name"), leases.c.until > _AT)


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
        take = (_TAKE_FROM_DEAD if holder_is_dead else _TAKE)[self._connection.dialect.name]
        values = {"name": name, "owner": owner, "until": at + lasting, "term": 1, "b_at": at}
        result = await self._connection.execute(take, values)
        return result.rowcount == 1

    async def hand_back(self, name: str, owner: str, at: datetime) -> None:
        """Let go of one's own lease, so that a standby takes over without waiting for it to lapse."""
        await self._connection.execute(_HAND_BACK, {"b_name": name, "b_owner": owner, "b_at": at})

    async def until(self, name: str) -> datetime | None:
        """When it lapses, or lapsed; None when nobody ever took it."""
        return await self._connection.scalar(_UNTIL, {"b_name": name})

    async def holder(self, name: str, at: datetime) -> str | None:
        """Who holds the lease at that moment, if anybody does."""
        row = (await self._connection.execute(_HOLDER, {"b_name": name, "b_at": at})).one_or_none()
        return None if row is None else str(row.owner)
