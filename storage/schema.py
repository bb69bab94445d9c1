"""Brings the database to the shape that this version of the code expects, and says when it has another."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, make_url, text

from storage.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from sqlalchemy import Connection

_FOLDER = Path(__file__).parent / "migrations"


class SchemaMismatch(Exception):
    """The database has another shape than this version of the code; the message says what to do."""


class DatabaseAway(OSError):
    """Nobody answers where the database should be; the message says what to look at."""


@contextlib.contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise DatabaseAway(
            f"The database does not answer ({fault.strerror or type(fault).__name__}). "
            "Is it running, and is DATABASE_URL its address?"
        ) from fault


def _config(connection: Connection | None = None) -> Config:
    # Who only starts needs nothing of Alembic, which takes longer to load than the question to be answered.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


@cache
def revisions() -> tuple[str, ...]:
    """The revisions that this version of the code knows, oldest first: scripts are named by them."""
    return tuple(sorted(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*_*.py")))


def newest() -> str:
    """The revision that this version of the code expects."""
    if not revisions():
        raise SchemaMismatch("This copy of the program carries no migrations: install it again.")
    return revisions()[-1]


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _keep_to_us(url: str) -> None:
    """Let a new file of SQLite's be read by its owner alone: it holds what people ask, and where they run."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return
    file = Path(parsed.database)
    file.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


async def upgrade(url: str) -> None:
    """Bring the database at an address to the newest shape; nothing happens when it has it already.

    Raises SchemaMismatch when the database was made by a newer version, DatabaseAway when nobody answers.
    """
    from alembic import command

    _keep_to_us(url)
    database = Database.at(url)
    try:
        with _reached():
            async with database.glance():
                pass
        async with database.transaction(long=True) as store:
            current = await store.connection.run_sync(_current)
            _refuse_unknown(current)
            await store.connection.run_sync(lambda connection: command.upgrade(_config(connection), "head"))
    finally:
        await database.close()


async def check(database: Database) -> None:
    """Raise SchemaMismatch, with what to do about it, unless the database has the newest shape.

    Raises DatabaseAway when nobody answers.
    """
    with _reached():
        async with database.reading() as store:
            current = await store.connection.run_sync(_current)
    if current == newest():
        return
    _refuse_unknown(current)
    if current is None:
        raise SchemaMismatch("The database is empty. Run: downballot migrate")
    raise SchemaMismatch(f"The database is older (at {current}) than this program. Run: downballot migrate")


def _refuse_unknown(current: str | None) -> None:
    if current is not None and current not in revisions():
        raise SchemaMismatch(
            f"The database was changed by a newer version of this program (it is at {current}). "
            "Install that version, or restore a backup made before the change."
        )


async def revise(message: str, *, revision: str | None = None) -> None:
    """Write the migration from the newest one to storage/tables.py; for developers."""
    from alembic import command

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/empty.db"
        if revisions():
            await upgrade(url)
        database = Database.at(url)
        try:
            async with database.transaction() as store:
                made = await store.connection.run_sync(
                    lambda connection: command.revision(
                        _config(connection), message, autogenerate=True, rev_id=revision
                    )
                )
            for script in made if isinstance(made, list) else [made]:
                if script is not None:
                    _tidy(Path(script.path))
        finally:
            await database.close()


def _tidy(path: Path) -> None:
    """Take out the comments that Alembic writes into every script."""
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "Alembic" not in line))


if __name__ == "__main__":
    # python -m storage.schema "What changes" [revision]. To make the first one anew, delete it before.
    asyncio.run(revise(sys.argv[1], revision=sys.argv[2] if len(sys.argv) > 2 else None))  # noqa: PLR2004
