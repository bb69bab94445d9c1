"""A line to PostgreSQL that falls silent: who waits on it waits a while, and nobody after that."""

import asyncio

import pytest
from sqlalchemy import text

from storage import lines
from storage.database import Database, transient
from tests.proxy import Harm, Proxy

pytestmark = pytest.mark.postgres


@pytest.fixture
def impatient(monkeypatch):
    """Give up soon; a busy machine may need longer to connect, which is none of these tests' business."""

    def be():
        monkeypatch.setattr(lines, "PATIENCE", 0.5)
        monkeypatch.setattr(lines, "_TIDIED_WITHIN", 0.3)

    return be


@pytest.fixture
def silent(monkeypatch):
    """Whoever was asked in vain whether they are still there; all are asked at every use."""
    silent = []
    ask_it = lines._still_there

    async def remembering(connection):
        try:
            await ask_it(connection)
        except BaseException:
            silent.append(connection)
            raise

    monkeypatch.setattr(lines, "_still_there", remembering)
    monkeypatch.setattr(lines, "_ANSWERS_WITHIN", 0.5)
    monkeypatch.setattr(lines, "_RESTED", 0.0)
    return silent


@pytest.fixture
async def proxy(postgres_server):
    async with Proxy(postgres_server.port) as between:
        yield between


@pytest.fixture
async def far(proxy, postgres_server):
    """A database at the other end of a line that can be cut."""
    url = postgres_server.set(drivername="postgresql+asyncpg", port=proxy.port)
    database = Database.at(url.render_as_string(hide_password=False), pool=10)
    yield database
    await database.close()


async def ask(store):
    return await store.connection.scalar(text("SELECT 1"))


async def rest(database, many):
    """Have so many connections in the pool."""
    together = asyncio.Barrier(many)

    async def use():
        async with database.transaction() as store:
            await ask(store)
            await together.wait()

    await asyncio.gather(*(use() for _ in range(many)))


async def fault_of(work, proxy):
    """What ends it, while the line is still dead: who waits on one may be deaf to being called off."""
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=15)
    proxy.inflict(Harm.RESET)
    await asyncio.wait({task})
    assert done, "it waited as long as the line was there"
    return task.exception()


async def leaves(_store):
    """Have nothing more to do: what is left is to commit, or SQLAlchemy's own tidying."""


async def falls(_store):
    """Leave with a fault of one's own: what is left is to roll back."""
    raise LookupError


@pytest.mark.parametrize("kind", ["transaction", "reading"])
@pytest.mark.parametrize("then", [ask, leaves, falls])
async def test_a_line_that_falls_silent_holds_nobody_for_ever(far, proxy, kind, then, impatient):
    await rest(far, 1)
    impatient()

    async def work():
        async with getattr(far, kind)() as store:
            await ask(store)
            proxy.inflict(Harm.HALF_OPEN)
            await then(store)

    assert transient(await fault_of(work(), proxy))


async def test_a_pool_of_dead_lines_costs_one_question_and_no_transaction(far, proxy, silent):
    await rest(far, 5)
    proxy.inflict(Harm.HALF_OPEN)
    proxy.inflict(Harm.NONE)  # New lines are fine; those of the pool never carry anything again.
    silent.clear()
    async with far.transaction() as store:
        assert await ask(store) == 1
    await rest(far, 5)
    assert len(silent) == 1, "whoever came next had to find out for themselves"


async def test_a_line_that_was_reset_is_replaced_before_anybody_works_on_it(far, proxy, silent):
    await rest(far, 5)
    proxy.inflict(Harm.RESET)
    proxy.inflict(Harm.NONE)
    async with far.transaction() as store:
        assert await ask(store) == 1


async def test_closing_does_not_wait_for_lines_that_are_dead(far, proxy, monkeypatch):
    monkeypatch.setattr("storage.database._CLOSED_WITHIN", 0.3)
    await rest(far, 2)
    proxy.inflict(Harm.STALL)
    assert await fault_of(far.close(), proxy) is None
