import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from storage import schema
from storage.database import Database
from storage.tables import metadata


async def _shape(store):
    """What the database itself says of its tables and indexes, conditions included."""
    if store.connection.dialect.name == "sqlite":
        rows = await store.connection.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name"))
        # The order of a table's constraints means nothing, so the words are compared in any order.
        return {
            name: sorted(re.sub(r"[\"(),]", " ", sql or "").split())
            for name, sql in rows
            if name != "alembic_version" and not name.startswith("sqlite_")
        }
    rows = await store.connection.execute(
        text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname")
    )
    indexes = {name: definition for name, definition in rows if not name.startswith("alembic")}
    rows = await store.connection.execute(
        text(
            "SELECT table_name || '.' || column_name, data_type || ' ' || is_nullable || ' ' ||"
            " coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = 'public'"
        )
    )
    return indexes | {name: kind for name, kind in rows if not name.startswith("alembic")}


async def test_migrations_end_in_the_tables_of_the_code(database):
    async with database.transaction() as store:
        differences = await store.connection.run_sync(
            lambda connection: compare_metadata(
                MigrationContext.configure(connection, opts={"compare_type": True}), metadata
            )
        )
        migrated = await _shape(store)
        await store.connection.run_sync(metadata.drop_all)
        await store.connection.run_sync(metadata.create_all)
        made = await _shape(store)
    assert differences == []
    assert migrated == made


def test_the_names_of_the_scripts_tell_the_revisions_in_their_order():
    scripts = ScriptDirectory.from_config(schema._config())
    assert schema.revisions() == tuple(script.revision for script in scripts.walk_revisions())[::-1]
    assert schema.newest() == scripts.get_current_head()


def test_who_only_starts_does_not_load_what_migrates():
    program = "import sys, bot.serve, bot.application; sys.exit('alembic' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


async def test_a_migrated_database_is_accepted_and_migrating_again_changes_nothing(database, database_url):
    await schema.upgrade(database_url)
    await schema.check(database)


async def test_what_people_ask_is_read_by_nobody_else_on_the_machine(tmp_path):
    file = tmp_path / "new" / "downballot.db"
    url = f"sqlite+aiosqlite:///{file}"
    await schema.upgrade(url)
    database = Database.at(url)
    async with database.transaction() as store:
        await store.members.meet("U1", at=datetime.now(UTC))
        modes = {each.name: each.stat().st_mode & 0o077 for each in file.parent.iterdir()}
    await database.close()
    assert file.name in modes
    assert set(modes.values()) == {0}, modes


async def test_an_empty_database_is_refused_with_what_to_do(tmp_path):
    empty = Database.at(f"sqlite+aiosqlite:///{tmp_path / 'new' / 'empty.db'}")
    with pytest.raises(schema.SchemaMismatch, match="downballot migrate"):
        await schema.check(empty)
    await empty.close()


async def test_a_database_that_does_not_answer_is_named_by_start_and_by_migrate():
    url = "postgresql+asyncpg://somebody:hunter2@127.0.0.1:1/nothing"
    database = Database.at(url)
    for asked in (lambda: schema.check(database), lambda: schema.upgrade(url)):
        with pytest.raises(
            schema.DatabaseAway, match=r"^The database does not answer .*DATABASE_URL"
        ) as said:
            await asked()
        assert "hunter2" not in str(said.value)
    await database.close()


async def test_a_database_of_a_newer_version_is_refused_by_start_and_by_migrate(database, database_url):
    async with database.transaction() as store:
        await store.connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    with pytest.raises(schema.SchemaMismatch, match="newer version"):
        await schema.check(database)
    with pytest.raises(schema.SchemaMismatch, match="newer version"):
        await schema.upgrade(database_url)


NOON = "'2026-11-23 15:00:00'"
AT_FIRST = (
    f"INSERT INTO members (id, met_at) VALUES ('U1', {NOON})",
    f"""INSERT INTO requests (id, asker, question, topic, state, private, status, circle, wave, opened_at,
            waiting_since, look_at, claims, help_asked, reminders, closings)
        VALUES (7, 'U1', 'How?', 'filing', 'VA', FALSE, 'open', 'state', 1, {NOON}, {NOON}, {NOON},
            0, 0, 0, 0)""",
    f"""INSERT INTO offers (request, mentor, wave, reasons, state, offered_at)
        VALUES (7, 'U2', 1, 'state', 'open', {NOON})""",
    f"INSERT INTO request_history (request, at, kind, facts) VALUES (7, {NOON}, 'asked', '{{}}')",
)


async def test_every_migration_goes_down_and_up_again_with_people_and_questions_in_it(database, database_url):
    async with database.transaction() as store:
        await store.connection.run_sync(lambda one: command.downgrade(schema._config(one), "0001"))
    async with database.transaction() as store:
        for statement in AT_FIRST:
            await store.connection.exec_driver_sql(statement)
    await schema.upgrade(database_url)
    await schema.check(database)
    async with database.reading() as store:
        request = await store.mentoring.get(7)
        assert (request.question, request.widen_at, request.overdue) == ("How?", request.look_at, False)
        assert [offer.mentor for offer in await store.mentoring.offers(7)] == ["U2"]
