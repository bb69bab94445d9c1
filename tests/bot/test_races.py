"""What is bundled is read soon after the start, or at once when somebody asks, and never in the way."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bot import races as bundled
from community.races import Place
from storage.database import Database


@pytest.fixture
async def races(settings_for, clock):
    settings = settings_for()
    database = Database.at(settings.database_url)
    made = bundled.Races(settings, database, clock)
    yield made
    await made.close()
    await database.close()


@pytest.fixture
def read(monkeypatch):
    """What was done to read what is bundled; nothing really is."""
    done = []

    async def read_apart():
        done.append("read")

    monkeypatch.setattr(bundled.postal, "read_apart", read_apart)
    monkeypatch.setattr(bundled.gc, "freeze", lambda: done.append("kept"))
    return done


async def test_nothing_is_read_while_the_app_has_other_things_to_do(races, read, monkeypatch):
    monkeypatch.setattr(bundled, "READS_AFTER", 0.2)
    races.start()
    await asyncio.sleep(0.05)
    assert (read, races.finder.ready()) == ([], False)
    async with asyncio.timeout(5):
        await races._reading
    assert (read, races.finder.ready()) == (["read", "kept"], True)


async def test_whoever_asks_has_it_read_at_once(races, read):
    races.start()
    async with asyncio.timeout(5):
        found = await races.finder.locate("23220")
    assert isinstance(found, Place)
    assert read == ["read", "kept"]


async def test_an_app_that_stops_before_that_reads_nothing(races, read):
    races.start()
    await asyncio.sleep(0)
    async with asyncio.timeout(1):
        await races.close()
    assert read == []


@pytest.mark.parametrize(
    ("fault", "told", "kept"),
    [
        (BlockingIOError, "the ZIP codes have to be read beside the answers", ["kept"]),
        (RuntimeError, "the ZIP codes could not be read", []),
    ],
)
async def test_what_cannot_be_read_apart_is_said_and_answers_go_on(
    races, read, monkeypatch, fault, told, kept
):
    async def no_process():
        raise fault

    monkeypatch.setattr(bundled.postal, "read_apart", no_process)
    with capture_logs() as said:
        races.start()
        async with asyncio.timeout(5):
            assert isinstance(await races.finder.locate("23220"), Place)
    assert [line["event"] for line in said] == [told]
    assert read == kept
