"""Copies an SQLite database while it is used, and puts a copy back in the place of another."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url

from storage import schema
from storage.database import Database
from storage.failpoints import failpoint
from storage.milestones import BACKED_UP, COPY_MADE
from storage.restoring import settle_copy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime

LEASE = "scheduler"
"""The name of the lease whose holder runs the outbox."""


class CopyRefused(Exception):
    """Nothing was copied; the message says why and what to do."""


class NotHere(CopyRefused):
    """This kind of database is copied with its own tools; the message says how."""


class InTheWay(CopyRefused):
    """There is something already where the copy should go."""


class InUse(CopyRefused):
    """A process works with the database that is to be replaced."""


class NotABackup(CopyRefused):
    """The file is not a copy of this program's database."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it: how many deliveries are read back first, and where the database before is kept."""

    held: int
    kept: Path | None = None


async def backup(url: str, file: Path, at: datetime, *, force: bool = False) -> None:
    """Copy the SQLite database at an address into a file, consistent, while others go on writing.

    The file is there when it is whole, and not before; only its owner can read it. Raises NotHere for
    PostgreSQL, and InTheWay when the file exists, unless `force` says that it is to be replaced.
    """
    path = sqlite_path(url, "Copy it with pg_dump.")
    if not force and file.exists():
        raise InTheWay(f"{file} exists. Name another file, or say --force to replace it.")
    with _unfinished(file) as draft:
        await asyncio.to_thread(_copy, path, draft)
        async with _opened(draft) as copy, copy.transaction() as store:
            await store.milestones.reach(COPY_MADE, at)
        await asyncio.to_thread(_close_up, draft)
        if not force and file.exists():
            raise InTheWay(f"{file} has come to exist meanwhile. Name another file.")
        draft.replace(file)
    async with _opened(path) as database, database.transaction() as store:
        await store.milestones.reach(BACKED_UP, at)


async def restore(url: str, file: Path, at: datetime) -> Restored:
    """Put a copy in the place of the SQLite database at an address, in quarantine, migrated to this version.

    The database before is kept beside it under another name. Raises NotHere for PostgreSQL, NotABackup for
    other files, InUse while a process works with the database, SchemaMismatch for a newer version's copy.
    """
    path = sqlite_path(url, "Restore it with pg_restore, then run: downballot quarantine")
    await asyncio.to_thread(_check_backup, file)
    if path.exists():
        await _refuse_if_led(path, at)
        await asyncio.to_thread(_refuse_if_open, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _unfinished(path) as draft:
        await asyncio.to_thread(_copy, file, draft)
        await schema.upgrade(_url(draft))
        async with _opened(draft) as copy:
            async with copy.transaction() as store:
                # A plain copy of the file, made while nothing ran, does not say of itself that it is one.
                if await store.milestones.reached(COPY_MADE) is None:
                    await store.milestones.reach(COPY_MADE, at)
            held = await settle_copy(copy, at, starting=False)
        await asyncio.to_thread(_close_up, draft)
        failpoint("restore.drafted")
        kept = path.with_name(f"{path.name}.before-{at:%Y%m%dT%H%M%SZ}")
        there = path.exists()
        if there:
            # Making the copy took a while: somebody may have begun to work meanwhile, and even ended.
            await _refuse_if_led(path, at)
        with _alone_with(path):
            _keep(path, kept)
            failpoint("restore.old_kept")
            draft.replace(path)
        failpoint("restore.in_place")
    return Restored(held or 0, kept if there else None)


def sqlite_path(url: str, instead: str) -> Path:
    """Give the file of an SQLite database; raises NotHere, with what to do instead, for any other."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise NotHere(f"This database is not a file. {instead}")
    return Path(parsed.database)


def _url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@contextlib.asynccontextmanager
async def _opened(path: Path) -> AsyncIterator[Database]:
    database = Database.at(_url(path))
    try:
        yield database
    finally:
        await database.close()


@contextlib.contextmanager
def _unfinished(file: Path) -> Iterator[Path]:
    """Give an empty file beside the one that is to be, which only its owner can read; gone at the end."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}.part")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield draft
    finally:
        for rest in ("", "-wal", "-shm", "-journal"):
            draft.with_name(draft.name + rest).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise FileNotFoundError(2, "No such file or directory", str(source))
    with (
        contextlib.closing(sqlite3.connect(source)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)


def _close_up(path: Path) -> None:
    """Leave nothing beside the file that belongs to it, and have it on the disk."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _check_backup(file: Path) -> None:
    if not file.exists():
        raise FileNotFoundError(2, "No such file or directory", str(file))
    try:
        with contextlib.closing(sqlite3.connect(file)) as connection:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            known = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            connection.execute("SELECT opaque FROM deliveries LIMIT 1")
    except sqlite3.DatabaseError:
        known, said = None, ""
    if known is None:
        raise NotABackup(f"{file} is not a backup of this program.")
    if said != "ok":
        raise NotABackup(f"{file} is damaged: take an older backup.")


async def _refuse_if_led(path: Path, at: datetime) -> None:
    async with _opened(path) as database:
        try:
            async with database.reading() as store:
                holder = await store.leases.holder(LEASE, at)
        except Exception:  # noqa: BLE001 - damaged, or of another shape: the very reason to restore
            return
    if holder is not None:
        raise InUse(
            "A process works with this database. Stop it first; one that was killed is forgotten within "
            "15 seconds."
        )


def _refuse_if_open(path: Path) -> None:
    """Prove that nobody has the file open: only then does SQLite leave its write-ahead mode."""
    with _alone_with(path):
        return


@contextlib.contextmanager
def _alone_with(path: Path) -> Iterator[None]:
    """Keep everybody else out of the file; raises InUse when somebody has it open."""
    with contextlib.ExitStack() as open_files:
        if path.exists():
            connection = sqlite3.connect(path, timeout=1, isolation_level=None)
            open_files.enter_context(contextlib.closing(connection))
            try:
                connection.execute("PRAGMA journal_mode = DELETE")
                connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                raise InUse(f"A process still has {path} open. Stop it first.") from None
            except sqlite3.DatabaseError:
                pass  # Damaged: nobody can work with it.
        yield


def _keep(path: Path, kept: Path) -> None:
    """Give the old database a second name, so that there is a database at every moment."""
    if kept.exists():
        raise InTheWay(f"{kept} exists. Move it away first.")
    if path.exists():
        try:
            kept.hardlink_to(path)
        except OSError:  # Not every file system has links.
            path.rename(kept)
    for rest in ("-wal", "-shm"):
        # SQLite would apply what an older database left behind to the new one.
        beside = path.with_name(path.name + rest)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + rest))
