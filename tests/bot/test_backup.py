"""The restore drill: half is sent, a backup made, the rest sent, the backup put back, the app started."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

from bot import backup as copies
from bot.cli import app
from community.deliveries import Delivery, State
from storage.backup import InTheWay, InUse, NotHere
from storage.milestones import RESTORED_AT
from tests.scenarios.stage import MENTORS, Stage

PEOPLE = ("ada", "ben", "mia", "max", "moe")


@pytest.fixture
async def empty_url(database_kind, database_url):
    """Where the backup is put back: over the old file, or into an empty database."""
    if database_kind == "sqlite":
        yield database_url
        return
    url = make_url(database_url)
    name = f"{url.database}_restored"
    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    yield url.set(database=name).render_as_string(hide_password=False)
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def stage(database_url, clock):
    made = Stage(database_url, clock, socket=False)
    await made.open()
    yield made
    await made.close()


async def owe(stage, *numbers):
    wanted = [
        Delivery(key=f"drill:{n}", to=f"U0{PEOPLE[n % 5].upper()}", payload={"text": f"words <{n}>"})
        for n in numbers
    ]
    async with stage.application.database.transaction() as store:
        await store.deliveries.add(*wanted, at=stage.clock.now())


def shown(stage):
    said = [message.text for who in PEOPLE for message in stage.dm(who)]
    return sorted(text for text in said if text.startswith("words"))


async def test_nothing_is_sent_twice_and_nothing_is_lost(stage, empty_url, clock, tmp_path):
    await owe(stage, *range(15))
    await stage.settle()
    await stage.application.outbox.stop()
    await owe(stage, *range(15, 30))
    await copies.backup(stage.settings.database_url, tmp_path / "backup", clock.now())

    # The app goes on; five are refused, which the backup knows nothing of. Then its database is lost.
    for n in range(15, 20):
        where = f"words <{n}>"
        stage.sandbox.faults.add(
            "error", code="restricted_action", where=lambda a, w=where: a.get("text") == w
        )
    await stage.application.outbox.start()
    await stage.settle()
    await owe(stage, 30)
    await stage.settle()
    assert len(shown(stage)) == 26
    await stage.stop_app()

    clock.advance(timedelta(minutes=20))
    restored = await copies.restore(empty_url, tmp_path / "backup", clock.now())
    assert restored.held == 15
    stage.settings = stage.settings.model_copy(update={"database_url": empty_url})
    await stage.start_app()
    for _ in range(3):
        await stage.pass_time(timedelta(seconds=10))
    assert shown(stage) == sorted(f"words <{n}>" for n in range(31))
    async with stage.application.database.reading() as store:
        counted = await store.figures.open_deliveries()
        assert sum(counted.values()) == 0
        assert await store.milestones.reached(RESTORED_AT)


async def test_no_number_is_given_out_twice(stage, empty_url, clock, tmp_path):
    await stage.cast_mentors()
    assert "Your question #1" in (await stage.ask()).words
    await copies.backup(stage.settings.database_url, tmp_path / "backup", clock.now())
    assert "Your question #2" in (await stage.ask()).words
    await stage.stop_app()
    clock.advance(timedelta(minutes=20))
    await copies.restore(empty_url, tmp_path / "backup", clock.now())
    stage.settings = stage.settings.model_copy(update={"database_url": empty_url})
    await stage.start_app()
    assert "Your question #2001" in (await stage.ask()).words
    await stage.stop_app()
    await stage.start_app()
    assert "Your question #2002" in (await stage.ask()).words, "once is enough"
    home = await stage.person("sue").open_home()
    await stage.settle()
    assert home is None or "#2000" not in stage.person("sue").home.words


async def test_what_still_followed_when_the_backup_was_made_is_not_said_twice(
    stage, empty_url, clock, tmp_path
):
    await stage.cast_mentors()
    await stage.application.follower.stop()
    ada = stage.person("ada")
    await ada.command("/askmentor")
    await ada.wait_modal("Ask a mentor")
    await ada.submit({"question": "Where do I file for the town council?", "topic": "filing", "state": "VA"})
    await copies.backup(stage.settings.database_url, tmp_path / "backup", clock.now())

    # The app goes on, and sends what follows, all but one offer; then its database is lost.
    await stage.settle()
    said = {who: [message.words for message in stage.dm(who)] for who in ("ada", "mia", "max")}
    assert [len(words) for words in said.values()] == [1, 1, 1]
    stage.person("max").dm_channel.messages.clear()
    await stage.stop_app()

    clock.advance(timedelta(minutes=20))
    await copies.restore(empty_url, tmp_path / "backup", clock.now())
    stage.settings = stage.settings.model_copy(update={"database_url": empty_url})
    await stage.start_app()
    for _ in range(3):
        await stage.pass_time(timedelta(seconds=10))
    assert {who: [message.words for message in stage.dm(who)] for who in said} == said
    assert len(stage.in_channel(MENTORS)) == 1
    async with stage.application.database.reading() as store:
        assert sum((await store.figures.open_deliveries()).values()) == 0
        assert await store.follow_ups.due(clock.now()) == []
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    assert "@U0MIA has your question" in stage.dm("ada")[0].words


async def test_a_backup_that_was_put_back_by_hand_starts_in_quarantine_too(sqlite_template, clock, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "downballot.db")
    stage = Stage(f"sqlite+aiosqlite:///{tmp_path / 'downballot.db'}", clock, socket=False)
    await stage.open()
    await stage.application.outbox.stop()
    await owe(stage, *range(5))
    await copies.backup(stage.settings.database_url, tmp_path / "backup", clock.now())
    await stage.application.outbox.start()
    await stage.settle()
    await stage.stop_app()
    for left in tmp_path.glob("downballot.db*"):
        left.unlink()
    shutil.move(tmp_path / "backup", tmp_path / "downballot.db")
    clock.advance(timedelta(minutes=20))
    await stage.start_app()
    await stage.pass_time(timedelta(seconds=10))
    assert shown(stage) == sorted(f"words <{n}>" for n in range(5))
    await stage.close()


async def test_restoring_under_a_running_app_is_refused(stage, database_kind, clock, tmp_path):
    await copies.backup(stage.settings.database_url, tmp_path / "backup", clock.now())
    with pytest.raises(InUse if database_kind == "sqlite" else InTheWay):
        await copies.restore(stage.settings.database_url, tmp_path / "backup", clock.now())
    with pytest.raises(InUse, match="Stop it first"):
        await copies.quarantine(stage.settings.database_url, clock.now())
    await owe(stage, 1)
    await stage.settle()
    assert shown(stage) == ["words <1>"]


async def test_a_database_restored_by_other_means_is_put_into_quarantine_by_hand(
    database, database_url, clock
):
    async with database.transaction() as store:
        wanted = Delivery(key="drill:1", to="U0ADA", payload={"text": "words"})
        await store.deliveries.add(wanted, at=clock.now())
    assert await copies.quarantine(database_url, clock.now()) == 1
    async with database.reading() as store:
        assert (await store.deliveries.find("drill:1")).state is State.SENDING


async def test_without_postgresqls_programs_it_says_what_to_run(
    database_kind, database_url, clock, tmp_path, monkeypatch
):
    if database_kind == "sqlite":
        await copies.backup(database_url, tmp_path / "backup", clock.now())  # needs none of them
        return
    url = make_url(database_url).set(password="hunter2").render_as_string(hide_password=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(NotHere) as refusal:
        await copies.backup(url, tmp_path / "backup", clock.now())
    assert "pg_dump --format=custom" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


async def test_the_password_is_not_among_the_arguments_of_pg_dump(clock, tmp_path, monkeypatch):
    seen = []

    async def run(*command, env, **_):
        seen.append((command, env))
        raise RuntimeError

    monkeypatch.setattr("asyncio.create_subprocess_exec", run)
    with pytest.raises(RuntimeError):
        await copies._run("postgresql+asyncpg://ada:hunter2@db.example:5433/house?ssl=require", "pg_dump")
    ((command, env),) = seen
    assert "hunter2" not in " ".join(command)
    wanted = {
        "PGHOST": "db.example", "PGPORT": "5433", "PGUSER": "ada",
        "PGPASSWORD": "hunter2", "PGDATABASE": "house", "PGSSLMODE": "require",
    }  # fmt: skip
    assert wanted.items() <= env.items()


# At the command line


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.logs.set_up", lambda *_: None)
    settings = {
        "SLACK_BOT_TOKEN": "xoxb-1-Secret1",
        "SLACK_APP_TOKEN": "xapp-1-Secret2",
        "MENTOR_CHANNEL": "C0MENTORS",
        "STAFF_CHANNEL": "G0STAFF",
        "STAFF_USER_IDS": "U0ANA",
        "DATABASE_URL": "sqlite+aiosqlite:///data/downballot.db",
    }
    return lambda *arguments, **env: CliRunner().invoke(app, list(arguments), env=settings | env)


def test_backing_up_and_restoring_at_the_command_line(run, tmp_path):
    assert run("migrate").exit_code == 0
    made = run("backup", "copies/monday.db")
    assert made.exit_code == 0, made.output
    assert "copies/monday.db" in made.stdout
    assert run("backup", "copies/monday.db").exit_code == 1
    assert "--force" in run("backup", "copies/monday.db").stderr
    assert run("backup", "copies/monday.db", "--force").exit_code == 0
    restored = run("restore", "copies/monday.db")
    assert restored.exit_code == 0, restored.output
    assert "downballot.db.before-" in restored.stdout
    assert "0 deliveries" in restored.stdout
    assert len(list(Path("data").iterdir())) == 2


def test_what_cannot_be_copied_is_said_in_a_sentence(run):
    unmigrated = run("backup", "monday.db")
    assert (unmigrated.exit_code, "downballot migrate" in unmigrated.stderr) == (1, True)
    missing = run("restore", "missing.db")
    assert missing.exit_code == 1
    assert missing.stderr.strip() == "missing.db: No such file or directory"
    Path("letter.txt").write_text("Dear Ada,")
    other = run("restore", "letter.txt")
    assert (other.exit_code, "is not a backup" in other.stderr) == (1, True)
    away = run("backup", "monday.db", DATABASE_URL="postgresql://ada:hunter2@127.0.0.1:9/house")
    assert away.exit_code == 1
    assert "hunter2" not in away.output
    assert "Traceback" not in away.output
