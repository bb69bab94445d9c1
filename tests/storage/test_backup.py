"""A restored database never sends again what was sent after its copy was made."""

import asyncio
from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from community.deliveries import Delivery, Kind, State
from scheduler.outbox import Outbox
from scheduler.pacing import Pace
from storage import backup
from storage.database import Database
from tests.scheduler.slack import Slack


@pytest.fixture
async def slack():
    async with Slack() as running:
        yield running


def plain(number, to="C1", **more):
    return Delivery(key=f"a:b:{number}", to=to, payload={"text": f"words {number}"}, **more)


def _outbox(database, clock, slack):
    client = AsyncWebClient(token="xoxb-test", base_url=f"{slack.url}/api/")
    return Outbox(database, client, clock, {}, pace=Pace.unlimited())


async def _add(database, clock, *wanted):
    async with database.transaction() as store:
        await store.deliveries.add(*wanted, at=clock.now())


async def test_a_restored_copy_starts_in_quarantine(sqlite_template, tmp_path, clock, slack):
    import shutil

    shutil.copy(sqlite_template, tmp_path / "old.db")
    old_url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    new_url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    old = Database.at(old_url)
    await _add(
        old,
        clock,
        plain(1),
        plain(2, to="U2"),
        Delivery(key="a:open:1", kind=Kind.OPEN, to="U1,U2"),
        plain(3, to="", after="a:open:1"),
        plain(4, due_at=clock.now() + timedelta(days=3)),
        Delivery(key="a:file:1", kind=Kind.FILE, to="C1", payload={"filename": "a", "content": "b"}),
    )
    await backup.backup(old_url, tmp_path / "copy.db")
    # After the copy most of it is sent, one is refused a connection for now; then the machine burns down.
    slack.fault("chat.postMessage", "fine", ("status", 503))
    await _outbox(old, clock, slack).drain()
    shown = sorted(slack.shown())
    await old.close()
    assert len(shown) == 3

    clock.advance(timedelta(minutes=10))
    assert await backup.restore(new_url, tmp_path / "copy.db", clock.now()) == 4
    new = Database.at(new_url)
    outbox = _outbox(new, clock, slack)
    for _ in range(4):
        await outbox.drain()
        clock.advance(timedelta(seconds=6))
    assert sorted(slack.shown()) == ["file:a", "words 1", "words 2", "words 3"]
    async with new.reading() as store:
        assert (await store.deliveries.find("a:b:1")).state is State.SENT
        assert [one.key for one in await store.deliveries.parked()] == ["a:file:1"]
    clock.advance(timedelta(days=3))
    await outbox.drain()
    assert slack.shown().count("words 4") == 1
    await outbox.stop()
    await new.close()


async def test_a_copy_is_made_while_others_write(sqlite_template, tmp_path, clock):
    import shutil

    shutil.copy(sqlite_template, tmp_path / "old.db")
    url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    database = Database.at(url)
    for start in range(0, 400, 100):
        await _add(database, clock, *(plain(start + number) for number in range(100)))
        await asyncio.gather(
            _add(database, clock, plain(f"beside {start}")),
            backup.backup(url, tmp_path / f"copy{start}.db"),
        )
    copy = Database.at(f"sqlite+aiosqlite:///{tmp_path / 'copy300.db'}")
    async with copy.reading() as store:
        assert (await store.outgoing.census())[State.PENDING] >= 403
    await copy.close()
    await database.close()


async def test_nothing_is_overwritten(sqlite_template, tmp_path, clock):
    url = f"sqlite+aiosqlite:///{sqlite_template}"
    (tmp_path / "copy.db").touch()
    with pytest.raises(backup.InTheWay):
        await backup.backup(url, tmp_path / "copy.db")
    with pytest.raises(backup.InTheWay):
        await backup.restore(url, tmp_path / "copy.db", clock.now())


async def test_postgresql_is_sent_to_its_own_tools(tmp_path, clock):
    with pytest.raises(backup.NotHere, match="pg_dump"):
        await backup.backup("postgresql+asyncpg://x@127.0.0.1/y", tmp_path / "copy.db")
    with pytest.raises(backup.NotHere, match="quarantine"):
        await backup.restore("postgresql+asyncpg://x@127.0.0.1/y", tmp_path / "copy.db", clock.now())
