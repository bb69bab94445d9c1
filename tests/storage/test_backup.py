"""A copy is whole, is made while others write, and never sends again what was sent after it was made."""

import asyncio
import shutil
import sqlite3
import stat
from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from community.deliveries import Delivery, Kind, State
from scheduler.outbox import Outbox
from scheduler.pacing import Pace
from storage import backup, restoring, schema
from storage.database import Database
from storage.milestones import BACKED_UP, COPY_MADE, RESTORED_AT, RESTORED_FROM
from tests.scheduler.slack import Slack


@pytest.fixture
async def slack(clock):
    async with Slack(now=lambda: clock.now().timestamp()) as running:
        yield running


@pytest.fixture
def old_url(sqlite_template, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "old.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"


@pytest.fixture
async def old(old_url):
    database = Database.at(old_url)
    yield database
    await database.close()


def plain(number, to="C1", **more):
    return Delivery(key=f"a:b:{number}", to=to, payload={"text": f"words {number}"}, **more)


def _outbox(database, clock, slack):
    client = AsyncWebClient(token="xoxb-test", base_url=f"{slack.url}/api/")
    return Outbox(database, client, clock, {}, pace=Pace.unlimited())


async def _add(database, clock, *wanted):
    async with database.transaction() as store:
        await store.deliveries.add(*wanted, at=clock.now())


async def _drain(database, clock, slack, times=4):
    outbox = _outbox(database, clock, slack)
    for _ in range(times):
        await outbox.drain()
        clock.advance(timedelta(seconds=6))
    await outbox.stop()


async def test_half_is_sent_a_copy_made_the_rest_sent_and_the_copy_put_back(
    old, old_url, tmp_path, clock, slack
):
    first = [plain(number, to=f"C{number % 5}") for number in range(20)]
    rest = [plain(number, to=f"C{number % 5}") for number in range(20, 40)]
    await _add(old, clock, *first)
    await _drain(old, clock, slack)
    await _add(old, clock, *rest, plain("later", due_at=clock.now() + timedelta(days=3)))
    await backup.backup(old_url, tmp_path / "copy.db", clock.now())
    # After the copy some is sent, some never was; then the machine burns down.
    slack.faults["chat.postMessage"].extend(["fine"] * 13 + [("error", "restricted_action")] * 7)
    await _drain(old, clock, slack)
    assert len(slack.shown()) == 33
    await old.close()

    clock.advance(timedelta(minutes=10))
    restored = await backup.restore(old_url, tmp_path / "copy.db", clock.now())
    assert restored.held == 20
    new = Database.at(old_url)
    await _drain(new, clock, slack)
    assert sorted(slack.shown()) == sorted(f"words {number}" for number in range(40))
    clock.advance(timedelta(days=3))
    await _drain(new, clock, slack)
    assert slack.shown().count("words later") == 1
    await new.close()


async def test_a_restored_copy_starts_in_quarantine(old, old_url, tmp_path, clock, slack):
    new_url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
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
    made_at = clock.now()
    await backup.backup(old_url, tmp_path / "copy.db", made_at)
    # After the copy most of it is sent, one is refused a connection for now; then the machine burns down.
    slack.fault("chat.postMessage", "fine", ("status", 503))
    await _outbox(old, clock, slack).drain()
    shown = sorted(slack.shown())
    assert len(shown) == 3

    clock.advance(timedelta(minutes=10))
    restored = await backup.restore(new_url, tmp_path / "copy.db", clock.now())
    assert (restored.held, restored.kept) == (4, None)
    new = Database.at(new_url)
    async with new.reading() as store:
        assert await store.figures.quarantined() == 3
        assert await store.milestones.reached(RESTORED_FROM) == made_at
        assert await store.milestones.reached(RESTORED_AT) == clock.now()
        assert await store.milestones.reached(COPY_MADE) == made_at, "until it is started"
    await _drain(new, clock, slack)
    assert sorted(slack.shown()) == ["file:a", "words 1", "words 2", "words 3"]
    async with new.reading() as store:
        assert await store.figures.quarantined() == 0
        assert (await store.deliveries.find("a:b:1")).state is State.SENT
        assert [one.key for one in await store.deliveries.parked()] == ["a:file:1"]
    clock.advance(timedelta(days=3))
    await _drain(new, clock, slack)
    assert slack.shown().count("words 4") == 1
    await new.close()


async def test_what_was_being_sent_at_the_moment_of_the_copy_is_found_where_it_was_sent(
    old, old_url, tmp_path, clock, slack
):
    # Slack takes it and the answer is lost; others are confirmed for minutes, and only then a copy is made.
    await _add(old, clock, plain("first"))
    await _drain(old, clock, slack, times=1)
    slack.fault("chat.postMessage", "drop_after")
    await _add(old, clock, plain("unclear"))
    outbox = _outbox(old, clock, slack)
    await outbox._look()
    await asyncio.wait(outbox._tasks)
    clock.advance(timedelta(minutes=5))
    await _add(old, clock, plain("confirmed", to="C2"))
    await outbox._look()
    await asyncio.wait(outbox._tasks)
    await outbox.stop()
    await backup.backup(old_url, tmp_path / "copy.db", clock.now())
    clock.advance(timedelta(minutes=5))
    await old.close()
    await backup.restore(old_url, tmp_path / "copy.db", clock.now())
    new = Database.at(old_url)
    await _drain(new, clock, slack)
    assert slack.shown().count("words unclear") == 1
    await new.close()


async def test_a_history_that_cannot_be_read_leaves_it_to_staff(old, old_url, tmp_path, clock, slack):
    await _add(old, clock, plain(1))
    await backup.backup(old_url, tmp_path / "copy.db", clock.now())
    await _drain(old, clock, slack)
    await old.close()
    await backup.restore(old_url, tmp_path / "copy.db", clock.now())
    slack.always["conversations.history"] = ("error", "not_in_channel")
    new = Database.at(old_url)
    await _drain(new, clock, slack)
    async with new.reading() as store:
        (parked,) = await store.deliveries.parked()
    assert parked.reason == "history:not_in_channel"
    assert slack.shown() == ["words 1"]
    await new.close()


async def test_a_copy_that_was_moved_into_place_by_hand_knows_that_it_is_one(
    old, old_url, tmp_path, clock, slack
):
    await _add(old, clock, plain(1))
    await backup.backup(old_url, tmp_path / "copy.db", clock.now())
    await _drain(old, clock, slack)
    by_hand = Database.at(f"sqlite+aiosqlite:///{tmp_path / 'copy.db'}")
    assert await restoring.settle_copy(by_hand, clock.now()) == 1
    assert await restoring.settle_copy(by_hand, clock.now()) is None, "once is enough"
    await _drain(by_hand, clock, slack)
    assert slack.shown() == ["words 1"]
    await by_hand.close()
    assert await restoring.settle_copy(old, clock.now()) is None, "the original is no copy"


async def test_a_copy_is_made_while_others_write(old, old_url, tmp_path, clock):
    for start in range(0, 400, 100):
        await _add(old, clock, *(plain(start + number) for number in range(100)))
        await asyncio.gather(
            _add(old, clock, plain(f"beside {start}")),
            backup.backup(old_url, tmp_path / f"copy{start}.db", clock.now()),
        )
    copy = Database.at(f"sqlite+aiosqlite:///{tmp_path / 'copy300.db'}")
    async with copy.reading() as store:
        assert (await store.outgoing.census())[State.PENDING] >= 403
    await copy.close()
    async with old.reading() as store:
        assert await store.milestones.reached(BACKED_UP) == clock.now()


async def test_a_copy_is_one_file_that_only_its_owner_reads(old_url, tmp_path, clock):
    folder = tmp_path / "backups"
    await backup.backup(old_url, folder / "copy.db", clock.now())
    assert [path.name for path in folder.iterdir()] == ["copy.db"]
    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600


async def test_a_copy_that_fails_half_way_leaves_nothing_and_harms_nothing(
    old_url, tmp_path, clock, monkeypatch
):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/copy.db").write_text("the backup of yesterday")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_copy", fail)
    with pytest.raises(OSError, match="No space left"):
        await backup.backup(old_url, tmp_path / "folder/copy.db", clock.now(), force=True)
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["copy.db"]
    assert (tmp_path / "folder/copy.db").read_text() == "the backup of yesterday"


async def test_a_backup_is_replaced_only_when_told_so(old_url, tmp_path, clock):
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(backup.InTheWay, match="--force"):
        await backup.backup(old_url, tmp_path / "copy.db", clock.now())
    assert (tmp_path / "copy.db").read_text() == "precious"
    await backup.backup(old_url, tmp_path / "copy.db", clock.now(), force=True)
    backup._check_backup(tmp_path / "copy.db")


async def test_restoring_keeps_the_database_that_was_there(old, old_url, tmp_path, clock):
    await backup.backup(old_url, tmp_path / "copy.db", clock.now())
    await _add(old, clock, plain("after the copy"))
    await old.close()
    restored = await backup.restore(old_url, tmp_path / "copy.db", clock.now())
    kept = Database.at(f"sqlite+aiosqlite:///{restored.kept}")
    async with kept.reading() as store:
        assert await store.deliveries.find("a:b:after the copy")
    await kept.close()
    new = Database.at(old_url)
    await schema.check(new)
    async with new.reading() as store:
        assert await store.deliveries.find("a:b:after the copy") is None
    await new.close()


async def test_restoring_is_refused_while_a_process_leads(old, old_url, tmp_path, clock):
    await backup.backup(old_url, tmp_path / "copy.db", clock.now())
    async with old.transaction() as store:
        await store.leases.take(backup.LEASE, "somebody", clock.now(), timedelta(seconds=15))
    await old.close()
    with pytest.raises(backup.InUse, match="15 seconds"):
        await backup.restore(old_url, tmp_path / "copy.db", clock.now())
    clock.advance(timedelta(seconds=16))
    await backup.restore(old_url, tmp_path / "copy.db", clock.now())


async def test_restoring_is_refused_while_anybody_has_the_database_open(old, old_url, tmp_path, clock):
    await backup.backup(old_url, tmp_path / "copy.db", clock.now())
    async with old.reading():
        with pytest.raises(backup.InUse, match="still has"):
            await backup.restore(old_url, tmp_path / "copy.db", clock.now())
    assert not list(tmp_path.glob("*.before-*"))


async def test_what_is_no_backup_is_not_put_in_place(old_url, tmp_path, clock):
    before = (tmp_path / "old.db").read_bytes()
    with pytest.raises(FileNotFoundError):
        await backup.restore(old_url, tmp_path / "missing.db", clock.now())
    (tmp_path / "words.db").write_text("hello, I am no database at all" * 100)
    with pytest.raises(backup.NotABackup):
        await backup.restore(old_url, tmp_path / "words.db", clock.now())
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE cats (name TEXT)").connection.close()
    with pytest.raises(backup.NotABackup):
        await backup.restore(old_url, tmp_path / "other.db", clock.now())
    assert (tmp_path / "old.db").read_bytes() == before


async def test_the_copy_of_a_newer_version_is_refused(old_url, tmp_path, clock):
    await backup.backup(old_url, tmp_path / "copy.db", clock.now())
    connection = sqlite3.connect(tmp_path / "copy.db")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    connection.close()
    with pytest.raises(schema.SchemaMismatch, match="newer version"):
        await backup.restore(old_url, tmp_path / "copy.db", clock.now())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "old.db"]


async def test_postgresql_is_sent_to_its_own_tools(tmp_path, clock):
    with pytest.raises(backup.NotHere, match="pg_dump"):
        await backup.backup("postgresql+asyncpg://x@127.0.0.1/y", tmp_path / "copy.db", clock.now())
    with pytest.raises(backup.NotHere, match="quarantine"):
        await backup.restore("postgresql+asyncpg://x@127.0.0.1/y", tmp_path / "copy.db", clock.now())
