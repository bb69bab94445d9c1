"""Backups and putting them back: SQLite by itself, PostgreSQL with its own programs where these are there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, make_url

from bot.refusals import StartRefused
from storage import backup as files
from storage import restoring, schema
from storage.backup import InTheWay, InUse, NotHere, Restored
from storage.database import Database
from storage.failpoints import failpoint
from storage.milestones import BACKED_UP, BACKUP_BEGUN, COPY_MADE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from sqlalchemy import URL

DUMP = "pg_dump --format=custom --no-owner --file={file} {address}"
PUT_BACK = "pg_restore --no-owner --exit-on-error --dbname={address} {file}"

_MARK = f"""
INSERT INTO milestones (name, at)
SELECT '{COPY_MADE}', coalesce((SELECT at FROM milestones WHERE name = '{BACKUP_BEGUN}'), now())
ON CONFLICT (name) DO UPDATE SET at = excluded.at;
"""  # noqa: S608 - two constants of ours
# In the same transaction as what is put back: there is no moment at which it does not know that it is a copy.


class ToolFailed(StartRefused):
    """One of PostgreSQL's programs did not do its work; the message is its own last line."""


async def backup(url: str, file: Path, at: datetime, *, force: bool = False) -> None:
    """Back up the database at an address into a file, while the app runs.

    Raises InTheWay when the file exists, unless `force`; NotHere when pg_dump would be needed and is not
    there; SchemaMismatch when the database is of another version.
    """
    async with _opened(url) as database:
        await schema.check(database)
    if not _is_postgres(url):
        await files.backup(url, file, at, force=force)
        return
    if not force and file.exists():
        raise InTheWay(f"{file} exists. Name another file, or say --force to replace it.")
    address = _without_password(url)
    tool = _tool("pg_dump", DUMP.format(file=file, address=address))
    async with _opened(url) as database:
        async with database.transaction() as store:
            await store.milestones.reach(BACKUP_BEGUN, at)
        draft = file.with_name(f".{file.name}.{os.getpid()}.part")
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            await _run(url, tool, "--format=custom", "--no-owner", "--no-privileges", f"--file={draft}")
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
        async with database.transaction() as store:
            await store.milestones.reach(BACKED_UP, at)


async def restore(url: str, file: Path, at: datetime) -> Restored:
    """Put a backup in the place of the database at an address, in quarantine.

    An SQLite file that is there is kept beside the new one; a PostgreSQL database has to be empty. Raises
    what storage/backup.py's `restore` raises, and NotHere when pg_restore or psql are missing.
    """
    if not _is_postgres(url):
        return await files.restore(url, file, at)
    if not file.exists():
        raise FileNotFoundError(2, "No such file or directory", str(file))
    async with _opened(url) as database, database.reading() as store:
        if await store.connection.run_sync(lambda connection: inspect(connection).get_table_names()):
            raise InTheWay(
                "There is something in this database already. Make a new, empty one, name it in "
                "DATABASE_URL, and restore into that."
            )
    address = _without_password(url)
    by_hand = f"{PUT_BACK.format(file=file, address=address)}; then: downballot quarantine"
    reader, writer = _tool("pg_restore", by_hand), _tool("psql", by_hand)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "restore.sql"
        script.touch(0o600)
        await _run(url, reader, "--no-owner", "--no-privileges", f"--file={script}", str(file), connect=False)
        with script.open("a", encoding="utf-8") as end:
            end.write("SET search_path TO public;\n" + _MARK)
        await _run(
            url, writer, "--no-psqlrc", "--quiet", "--single-transaction",
            "--set=ON_ERROR_STOP=1", "--output=/dev/null", f"--file={script}",
        )  # fmt: skip
    failpoint("restore.put_back")
    await schema.upgrade(url)
    async with _opened(url) as database:
        return Restored(await restoring.settle_copy(database, at, starting=False) or 0)


async def quarantine(url: str, at: datetime) -> int:
    """Hold whatever may have been sent since a database was copied by other means, to be read back first.

    Gives the number of deliveries. Raises InUse while a process leads: then it is too late.
    """
    async with _opened(url) as database:
        await schema.check(database)
        async with database.transaction(long=True) as store:
            if await store.leases.holder(files.LEASE, at) is not None:
                raise InUse("A process works with this database. Stop it first, and restore once more.")
            # Whoever starts on it holds once more what has become due until then.
            await store.milestones.reach(COPY_MADE, at)
            return await restoring.quarantine(store, at)


def _is_postgres(url: str) -> bool:
    return make_url(url).get_backend_name() == "postgresql"


@contextlib.asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database = Database.at(url)
    try:
        yield database
    finally:
        await database.close()


def _without_password(url: str) -> str:
    return make_url(url).set(drivername="postgresql", password=None).render_as_string()


def _tool(name: str, by_hand: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NotHere(
            f"{name} is not installed here (the package is often called postgresql-client). Install it, or "
            f"run where it is: {by_hand}"
        )
    return found


def _environment(url: URL) -> dict[str, str]:
    """Give what libpq needs to connect; the password never shows among a process's arguments."""
    query = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    given = {
        "PGHOST": url.host or query.get("host"),
        "PGPORT": str(url.port) if url.port else query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": query.get("sslmode") or query.get("ssl"),
        "PGCONNECT_TIMEOUT": "10",
    }
    return {**os.environ, **{name: str(value) for name, value in given.items() if value}}


async def _run(url: str, *command: str, connect: bool = True) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        env=_environment(make_url(url)) if connect else None,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode != 0:
        lines = said.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        raise ToolFailed(f"{Path(command[0]).name} failed: {lines[-1]}")
