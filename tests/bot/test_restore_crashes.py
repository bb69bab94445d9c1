"""Restoring is killed, and frozen, at every named place: nothing is lost and nothing sent twice."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import make_url

from bot import backup as copies
from community.deliveries import Delivery
from scheduler.outbox import Outbox
from scheduler.pacing import Pace
from storage import failpoints, restoring
from storage.backup import LEASE, InTheWay, InUse
from storage.database import Database
from storage.milestones import RESTORED_AT
from tests.raiser import raise_one
from tests.scheduler.slack import Slack
from tests.scheduler.workers import stopped

ON_A_FILE = {"restore.drafted", "restore.old_kept", "restore.in_place"}
ON_POSTGRESQL = {"restore.put_back"}
RESTORING = [name for name in failpoints.NAMES if name.startswith("restore.")]


@pytest.fixture
async def new_url(database_kind, database_url, request, tmp_path):
    """Make the addresses of further databases: of a migrated one, or of one with nothing in it."""
    if database_kind == "sqlite":

        async def copied(name, *, migrated):
            if migrated:
                shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / name)
            return f"sqlite+aiosqlite:///{tmp_path / name}"

        yield copied
        return
    url = make_url(database_url)
    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    template = request.getfixturevalue("postgres_template")
    connection = await asyncpg.connect(server)
    made = []

    async def created(name, *, migrated):
        made.append(f"{url.database}_{name}")
        await connection.execute(
            f"CREATE DATABASE {made[-1]}" + (f" TEMPLATE {template}" if migrated else "")
        )
        return url.set(database=made[-1]).render_as_string(hide_password=False)

    yield created
    for name in made:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
def old_file(sqlite_template, tmp_path):
    """The database that a restore replaces; on PostgreSQL it goes into an empty one of its own."""
    return shutil.copy(sqlite_template, tmp_path / "old.db")


async def restore_until(url, file, at, place, how):
    """Run the restore in a process that dies, or freezes, at that place; its process id."""
    spec = {"restore": str(file), "database": url, "at": at.isoformat(), "failpoint": place, "how": how}
    raised = raise_one("tests.handlers.app_nursery", spec)
    raised.let_go()
    async with asyncio.timeout(20):
        while not (gone(raised.pid) or stopped(raised.pid)):
            await asyncio.sleep(0.02)
    return raised.pid


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def wake(pid):
    """Let the frozen restore go on to its end."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
    async with asyncio.timeout(20):
        while not gone(pid):
            await asyncio.sleep(0.02)


async def begin_to_send(url, clock, slack):
    """What an app does that is started on this database; whether it knew that it is a restored one."""
    database = Database.at(url)
    await restoring.settle_copy(database, clock.now())
    client = AsyncWebClient(token="xoxb-test", base_url=f"{slack.url}/api/")
    outbox = Outbox(database, client, clock, {}, pace=Pace.unlimited())
    for _ in range(3):
        await outbox.drain()
        clock.advance(timedelta(seconds=6))
    await outbox.stop()
    async with database.reading() as store:
        restored = await store.milestones.reached(RESTORED_AT)
    await database.close()
    return restored is not None


async def world(old, clock, slack):
    """Ten were sent; ten more and one for later are owed when the copy is made."""
    wanted = [Delivery(key=f"a:b:{n}", to=f"C{n % 5}", payload={"text": f"words {n}"}) for n in range(21)]
    wanted[20] = replace(wanted[20], due_at=clock.now() + timedelta(minutes=15))
    async with old.transaction() as store:
        await store.deliveries.add(*wanted[:10], at=clock.now())
    await begin_to_send(str_of(old), clock, slack)
    async with old.transaction() as store:
        await store.deliveries.add(*wanted[10:], at=clock.now())


def str_of(database):
    return database.url.render_as_string(hide_password=False)


def places(database_kind):
    others = ON_POSTGRESQL if database_kind == "sqlite" else ON_A_FILE
    return [name for name in RESTORING if name not in others]


@pytest.mark.slow(15)
@pytest.mark.parametrize("how", ["exit", "freeze"])
async def test_a_restore_that_dies_or_freezes_anywhere_loses_nothing_and_sends_nothing_twice(
    database_kind, new_url, clock, tmp_path, how
):
    """While it is frozen somebody starts the app on what is there, and stops it; then the restore wakes."""
    in_place = set()
    for number, place in enumerate(places(database_kind)):
        async with Slack(now=lambda: clock.now().timestamp()) as slack:
            url = await new_url(f"old{number}", migrated=True)
            old = Database.at(url)
            await world(old, clock, slack)
            await old.close()
            file = tmp_path / f"copy{number}"
            await copies.backup(url, file, clock.now())
            # After the backup some are sent and some refused, of which it knows nothing.
            slack.fault("chat.postMessage", *["fine"] * 6, *[("error", "restricted_action")] * 4)
            await begin_to_send(url, clock, slack)
            assert len(slack.shown()) == 16

            clock.advance(timedelta(minutes=10))
            if database_kind == "postgresql":
                url = await new_url(f"new{number}", migrated=False)
            pid = await restore_until(url, file, clock.now(), place, how)
            clock.advance(timedelta(minutes=6))
            # Somebody may start the app on what is there, and only then restore once more.
            if how == "freeze" and place == "restore.held" and database_kind == "postgresql":
                # It holds the lock that whoever starts waits for.
                starting = asyncio.create_task(begin_to_send(url, clock, slack))
                await asyncio.sleep(0.5)
                await wake(pid)
                restored = await starting
            elif how == "freeze":
                if place != "restore.old_kept":  # There it keeps everybody out of the file.
                    await begin_to_send(url, clock, slack)
                await wake(pid)
                restored = await begin_to_send(url, clock, slack)
            else:
                restored = await begin_to_send(url, clock, slack)
            assert max(Counter(slack.shown()).values()) == 1
            if restored:
                in_place.add(place)
            else:
                clock.advance(timedelta(minutes=1))
                with contextlib.suppress(InTheWay):
                    await copies.restore(url, file, clock.now())
                assert await begin_to_send(url, clock, slack)
            assert Counter(slack.shown()) == Counter(f"words {n}" for n in range(21))
    if how == "freeze":
        # Whatever froze goes on when it wakes, to the end.
        assert in_place == set(places(database_kind))
    else:
        # A file is in quarantine before it takes the old one's place; PostgreSQL's knows at once what it is.
        ends = {"restore.in_place"} if database_kind == "sqlite" else set(places(database_kind))
        assert in_place == ends


async def test_while_a_restore_puts_the_file_in_place_nobody_gets_in(old_file, clock, tmp_path):
    url = f"sqlite+aiosqlite:///{old_file}"
    await copies.backup(url, tmp_path / "copy", clock.now())
    tried = []

    def hook(name):
        if name == "restore.old_kept":
            with contextlib.closing(sqlite3.connect(old_file, timeout=0)) as other:
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    other.execute("SELECT * FROM milestones")
                tried.append(name)

    failpoints.install(hook)
    try:
        await copies.restore(url, tmp_path / "copy", clock.now())
    finally:
        failpoints.install(None)
    assert tried


async def test_a_restore_gives_up_when_somebody_led_while_it_prepared(old_file, clock, tmp_path):
    url = f"sqlite+aiosqlite:///{old_file}"
    await copies.backup(url, tmp_path / "copy", clock.now())

    def hook(name):
        if name == "restore.drafted":
            with contextlib.closing(sqlite3.connect(old_file)) as other, other:
                soon = (
                    (clock.now() + timedelta(seconds=2)).replace(tzinfo=None).isoformat(" ", "microseconds")
                )
                other.execute(
                    "INSERT INTO leases (name, owner, until, term) VALUES (?, 'app', ?, 1)", (LEASE, soon)
                )

    failpoints.install(hook)
    try:
        with pytest.raises(InUse):
            await copies.restore(url, tmp_path / "copy", clock.now())
    finally:
        failpoints.install(None)
    assert not list(tmp_path.glob("*.before-*"))
