"""Copies the database while it is used, and puts a copy back without ever sending anything a second time."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import case, make_url, select, update

from community.deliveries import GRACE, READ_BACK, TIMEOUT, Kind, State
from storage.database import Database
from storage.failpoints import failpoint
from storage.tables import deliveries

if TYPE_CHECKING:
    from datetime import datetime

    from storage.store import Store


class NotHere(Exception):
    """This kind of database is copied with its own tools; the message says how."""


class InTheWay(Exception):
    """There is a file where the copy or the restored database should go."""


async def backup(url: str, file: Path) -> None:
    """Copy the SQLite database at an address into a new file, consistent, while others go on writing.

    Raises NotHere for PostgreSQL and InTheWay when the file exists.
    """
    await asyncio.to_thread(_copy, _path(url, "Copy it with pg_dump."), file)


async def restore(url: str, file: Path, at: datetime) -> int:
    """Make the database at an address from a copy, in quarantine; the number of deliveries to be read back.

    Raises NotHere for PostgreSQL and InTheWay when there is a database already.
    """
    path = _path(url, "Restore it with pg_restore, then run: downballot quarantine")
    await asyncio.to_thread(_copy, file, path)
    database = Database.at(url)
    try:
        async with database.transaction() as store:
            held = await quarantine(store, at)
        failpoint("restore.quarantined")
        return held
    finally:
        await database.close()


async def quarantine(store: Store, at: datetime) -> int:
    """Treat as uncertain whatever may have been sent after the copy was made; how many deliveries that is.

    Each is read back before it goes out: found, it counts as sent; absent, it is owed again. A file that was
    not yet uploaded by the copy's knowledge cannot be found again and is parked. What shows only once however
    often it is done simply stays owed.
    """
    # By Slack's clock everything sent after the copy is later than what the copy knows as sent.
    anchor = await store.outgoing.last_ts()
    unknowable = deliveries.c.kind == Kind.FILE
    held = await store.connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id.in_(
                select(deliveries.c.id).where(
                    deliveries.c.kind.in_(tuple(READ_BACK)),
                    deliveries.c.state.in_((State.PENDING, State.RESERVED, State.SENDING)),
                    deliveries.c.due_at <= at,
                )
            )
        )
        .values(
            state=case((unknowable, State.PARKED.value), else_=State.SENDING.value),
            reason="restored",
            anchor=anchor,
            owner=None,
            lease_until=None,
            check_at=at,
            # Whoever sent it has long stopped: there is no grace to wait for.
            attempt_at=at - TIMEOUT - GRACE,
        )
    )
    return held.rowcount


def _path(url: str, instead: str) -> Path:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise NotHere(f"This database is not a file. {instead}")
    return Path(parsed.database)


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise FileNotFoundError(source)
    if target.exists():
        raise InTheWay(f"{target} exists. Move it away first.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        contextlib.closing(sqlite3.connect(source)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
