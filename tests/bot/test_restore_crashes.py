"""Restoring is killed at every named place: whatever is done next, nothing is lost and nothing sent twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import make_url

from bot import backup as copies
from community.deliveries import Delivery
from scheduler.outbox import Outbox
from scheduler.pacing import Pace
from storage import failpoints, restoring
from storage.backup import InTheWay
from storage.database import Database
from storage.milestones import RESTORED_AT
from tests.scheduler.slack import Slack

ROOT = Path(__file__).parents[2]
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
async def raiser():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.handlers.app_nursery", cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    yield process
    process.stdin.close()
    await process.wait()


async def restore_and_die(raiser, url, file, at, place):
    """Run the restore in a process that dies at that place."""
    spec = {"restore": str(file), "database": url, "at": at.isoformat(), "failpoint": place, "how": "exit"}
    raiser.stdin.write(json.dumps(spec).encode() + b"\n")
    await raiser.stdin.drain()
    pid = int(await raiser.stdout.readline())
    async with asyncio.timeout(20):
        while True:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
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


@pytest.mark.slow(10)
async def test_a_restore_that_dies_anywhere_loses_nothing_and_sends_nothing_twice(
    database_kind, new_url, raiser, clock, tmp_path
):
    places = [name for name in RESTORING if name not in (ON_POSTGRESQL, ON_A_FILE)[database_kind != "sqlite"]]
    in_place = set()
    for number, place in enumerate(places):
        async with Slack(now=lambda: clock.now().timestamp()) as slack:
            url = await new_url(f"old{number}", migrated=True)
            old = Database.at(url)
            wanted = [
                Delivery(key=f"a:b:{n}", to=f"C{n % 5}", payload={"text": f"words {n}"}) for n in range(20)
            ]
            async with old.transaction() as store:
                await store.deliveries.add(*wanted[:10], at=clock.now())
            await begin_to_send(url, clock, slack)
            async with old.transaction() as store:
                await store.deliveries.add(*wanted[10:], at=clock.now())
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
            await restore_and_die(raiser, url, file, clock.now(), place)
            # Somebody may start the app on what is there, and only then restore once more.
            restored = await begin_to_send(url, clock, slack)
            assert max(Counter(slack.shown()).values()) == 1
            if restored:
                in_place.add(place)
            else:
                clock.advance(timedelta(minutes=1))
                with contextlib.suppress(InTheWay):
                    await copies.restore(url, file, clock.now())
                assert await begin_to_send(url, clock, slack)
            assert Counter(slack.shown()) == Counter(f"words {n}" for n in range(20))
    # A file is in quarantine before it takes the old one's place; PostgreSQL's copy knows at once what it is.
    assert in_place == ({"restore.in_place"} if database_kind == "sqlite" else set(places))
