"""PostgreSQL is shot from under the workers: restarted without mercy, and its connections cut."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import make_url, text

from community.deliveries import Delivery
from storage import schema
from storage.database import Database
from tests import postgres
from tests.scheduler.workers import judge, raising, settle


def pytest_generate_tests(metafunc):
    """This file is about PostgreSQL alone, with a server of its own, because it does not survive."""
    if "harm" in metafunc.fixturenames:
        harms = ["restart", "terminate"] if postgres.binaries() else []
        metafunc.parametrize("harm", [pytest.param(harm, marks=pytest.mark.postgres) for harm in harms])


async def _terminate(url):
    database = Database.at(url, pool=1)
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


@pytest.mark.slow
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
