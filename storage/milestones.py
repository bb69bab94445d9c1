"""Remembers when something last came about: the roster was read, a backup was made, a copy was put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select

from storage.dialects import DIALECTS
from storage.tables import milestones

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

MEMBERS_READ = "members.read"
"""The whole roster was read from Slack, to its last page."""

BACKUP_BEGUN = "backup.begun"
"""A backup was begun: it stands in the backup itself, and says how old that is."""

BACKED_UP = "backup.made"
"""A backup was made of this database."""

WRITTEN = "database.written"
"""Somebody looked whether the database can be written, and it could."""

COPY_MADE = "copy.made"
"""Stands only in a copy that has not been started since: the moment when it was made."""

RESTORED_FROM = "restored.from"
"""The moment when the copy was made that this database goes on from."""

RESTORED_AT = "restored.at"
"""When that copy was put into quarantine: put back, by hand, and for good when it was first started."""


def _reach(dialect: Any) -> Any:
    new = dialect.insert(milestones)
    return new.on_conflict_do_update(index_elements=[milestones.c.name], set_={"at": new.excluded.at})


_REACH = {name: _reach(dialect) for name, dialect in DIALECTS.items()}
_REACHED = select(milestones.c.at).where(milestones.c.name == bindparam("b_name"))
_FORGET = delete(milestones).where(milestones.c.name == bindparam("b_name"))


class Milestones:
    """Milestones by name, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def reach(self, name: str, at: datetime) -> None:
        """Note that this has come about now; what was noted before is forgotten."""
        await self._connection.execute(_REACH[self._connection.dialect.name], {"name": name, "at": at})

    async def reached(self, name: str) -> datetime | None:
        """When this last came about; None when it never did."""
        found: datetime | None = await self._connection.scalar(_REACHED, {"b_name": name})
        return found

    async def forget(self, name: str) -> bool:
        """As if it had never come about; False when it has not. Of several at once one hears True."""
        gone = await self._connection.execute(_FORGET, {"b_name": name})
        return gone.rowcount == 1
