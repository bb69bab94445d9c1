"""The world around the workers breaks: the database, its connections, its disk, the network to both ends."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import shutil
import time
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from community.deliveries import Delivery
from storage import schema
from storage.database import Database
from tests import postgres
from tests.proxy import Harm, Proxy
from tests.scheduler.workers import judge, raising, settle


def pytest_generate_tests(metafunc):
    """This file is about PostgreSQL alone, with a server of its own, because it does not survive."""
    if "harm" in metafunc.fixturenames:
        harms = ["restart", "terminate"] if postgres.binaries() else []
        metafunc.parametrize("harm", [pytest.param(harm, marks=pytest.mark.postgres) for harm in harms])


@pytest.fixture
async def harm_postgres(request):
    """The address of a database on a server that only this test uses."""
    with postgres.private_cluster() as cluster:
        url = make_url(cluster.url).render_as_string(hide_password=False)
        await schema.upgrade(url)
        yield url


async def _terminate(url):
    database = Database.at(url, pool=2)
    async with database.transaction() as store:
        await store.connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await database.close()


async def _add(database, wanted, at):
    """What a listener of Slack does when the database was away: Slack, or the person, tries again."""
    for _ in range(50):
        try:
            async with database.transaction() as store:
                await store.deliveries.add(*wanted, at=at)
        except Exception:  # noqa: BLE001 - any way in which a connection may break
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("the database did not come back")


async def _recovered(database):
    for _ in range(100):
        try:
            return await settle(database, 40)
        except Exception:  # noqa: BLE001
            await asyncio.sleep(0.1)
    return False


@pytest.mark.slow(25)
async def test_a_database_that_breaks_again_and_again_loses_nothing_and_doubles_nothing(slack, harm):
    with postgres.private_cluster() as cluster:
        url = make_url(cluster.url).render_as_string(hide_password=False)
        await schema.upgrade(url)
        database = Database.at(url)
        expected = [f"words {number}" for number in range(300)]
        async with raising(url, slack) as nursery:
            for _ in range(2):
                await nursery.spawn(lease=True)
            for round_number in range(3):
                start = round_number * 100
                wanted = [
                    Delivery(key=f"a:b:{number}", to=f"C{number % 40}", payload={"text": f"words {number}"})
                    for number in range(start, start + 100)
                ]
                await _add(database, wanted, nursery.clock.now())
                await asyncio.sleep(0.4)
                if harm == "restart":
                    await asyncio.to_thread(cluster.control, "restart", "-m", "immediate")
                else:
                    for _ in range(4):
                        await _terminate(url)
                        await asyncio.sleep(0.15)
            assert await _recovered(database)
            judge(slack, expected)
        await database.close()


# The network


RECOVERED_WITHIN = 15.0
"""Seconds of the machine, not of the workers' faster world, from the end of a fault to the next message."""
FASTER = 40.0


async def _live_through(proxy, slack, database, nursery, harms):
    """Owe some, cut the line amid the sending, owe more, heal it."""
    expected = []
    for harm in harms:
        words = [f"{harm} {number}" for number in range(120)]
        wanted = [
            Delivery(key=f"a:b:{text}", to=f"C{number % 40}", payload={"text": text})
            for number, text in enumerate(words)
        ]
        expected += words
        before = len(slack.seen)
        await _add(database, wanted[:80], nursery.clock.now())
        async with asyncio.timeout(15):
            while len(slack.seen) < before + 20:
                await asyncio.sleep(0.005)
        harmed = proxy.harmed
        proxy.inflict(harm)
        await _add(database, wanted[80:], nursery.clock.now())
        await asyncio.sleep(0.8)
        assert proxy.harmed > harmed
        cut = len(slack.seen)
        assert cut < before + 120, "the line was not cut"
        proxy.inflict(Harm.NONE)
        async with asyncio.timeout(RECOVERED_WITHIN):
            while len(slack.seen) <= cut:
                await asyncio.sleep(0.01)
        assert await settle(database, 40), harm
    judge(slack, expected)


HARMS = [Harm.RESET, Harm.STALL, Harm.HALF_OPEN]


@pytest.mark.slow(25)
@pytest.mark.postgres
async def test_a_network_to_the_database_that_breaks_costs_nothing_but_seconds(slack, harm_postgres):
    url = make_url(harm_postgres)
    database = Database.at(harm_postgres)
    async with Proxy(url.port) as proxy:
        through = url.set(port=proxy.port).render_as_string(hide_password=False)
        async with raising(through, slack, FASTER) as nursery:
            # Alone: nobody takes over from a worker that waits for ever.
            await nursery.spawn(lease=True)
            await _live_through(proxy, slack, database, nursery, HARMS)
    await database.close()


@pytest.mark.slow(10)
async def test_a_network_to_slack_that_breaks_costs_nothing_but_seconds(sqlite_template, tmp_path, slack):
    shutil.copy(sqlite_template, tmp_path / "far.db")
    database_url = f"sqlite+aiosqlite:///{tmp_path / 'far.db'}"
    database = Database.at(database_url)
    async with Proxy(int(slack.url.rpartition(":")[2])) as proxy:
        slack.url = f"http://127.0.0.1:{proxy.port}"
        async with raising(database_url, slack, FASTER) as nursery:
            await nursery.spawn(lease=True)
            await _live_through(proxy, slack, database, nursery, HARMS)
    await database.close()


# No room


@pytest.mark.slow(10)
@pytest.mark.postgres
async def test_when_others_take_nearly_every_connection_it_goes_on_as_soon_as_they_let_go(
    slack, harm_postgres
):
    url = make_url(harm_postgres).set(drivername="postgresql").render_as_string(hide_password=False)
    database = Database.at(harm_postgres, pool=2)
    texts = [f"words {number}" for number in range(200)]
    wanted = [Delivery(key=f"a:b:{text}", to=f"C{text[-2:]}", payload={"text": text}) for text in texts]
    async with raising(harm_postgres, slack) as nursery:
        for _ in range(2):
            await nursery.spawn(lease=True)
        await _add(database, wanted[:100], nursery.clock.now())
        while len(slack.seen) < 20:
            await asyncio.sleep(0.005)
        await _terminate(harm_postgres)
        idle = []
        with contextlib.suppress(asyncpg.PostgresError, OSError):
            while len(idle) < 300:
                idle.append(await asyncpg.connect(url, timeout=10))
        assert len(idle) > 50
        for one in idle[:2]:
            await one.close()
        cut = len(slack.seen)
        await _add(database, wanted[100:], nursery.clock.now())
        await asyncio.sleep(1.0)
        freed = time.monotonic()
        await asyncio.gather(*(one.close() for one in idle[2:]))
        async with asyncio.timeout(RECOVERED_WITHIN):
            while len(slack.seen) <= cut:
                await asyncio.sleep(0.01)
        assert time.monotonic() - freed < RECOVERED_WITHIN
        assert await _recovered(database)
        judge(slack, texts)
    await database.close()


@pytest.mark.slow(10)
async def test_a_disk_that_is_full_keeps_what_it_has_and_goes_on_when_there_is_room(
    sqlite_template, tmp_path, slack
):
    """The worker's files may not grow; whoever would add more is told so, and nothing is acknowledged."""
    path = tmp_path / "full.db"
    shutil.copy(sqlite_template, path)
    database_url = f"sqlite+aiosqlite:///{path}"
    database = Database.at(database_url)

    def words(start, end):
        return [
            Delivery(key=f"a:b:{n}", to=f"C{n % 40}", payload={"text": f"words {n}"})
            for n in range(start, end)
        ]

    async with raising(database_url, slack) as nursery:
        worker = await nursery.spawn(lease=True)
        await _add(database, words(0, 150), nursery.clock.now())
        async with asyncio.timeout(15):
            while len(slack.seen) < 30:
                await asyncio.sleep(0.005)
        largest = Path(f"{path}-wal").stat().st_size
        unlimited = resource.prlimit(worker, resource.RLIMIT_FSIZE, (largest // 2, resource.RLIM_INFINITY))
        await asyncio.sleep(1.5)
        stuck = len(slack.seen)
        assert stuck < 150

        # For those who add there is no page left either.
        async with database.transaction() as store:
            await store.connection.execute(text("PRAGMA max_page_count = 1"))
        with pytest.raises(OperationalError, match="full"):
            async with database.transaction() as store:
                await store.deliveries.add(*words(150, 650), at=nursery.clock.now())
        async with database.transaction() as store:
            await store.connection.execute(text("PRAGMA max_page_count = 1073741823"))

        resource.prlimit(worker, resource.RLIMIT_FSIZE, unlimited)
        async with asyncio.timeout(RECOVERED_WITHIN):
            while len(slack.seen) <= stuck:
                await asyncio.sleep(0.01)
        await _add(database, words(150, 170), nursery.clock.now())
        assert await settle(database, 40)
        judge(slack, [f"words {n}" for n in range(170)])
    await database.close()
