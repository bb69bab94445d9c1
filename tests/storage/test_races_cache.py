"""Answers of services are kept with their age, and forgotten when they would mislead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from community.races import Shelved
from storage.races_cache import FORGOTTEN_AFTER, Shelf
from storage.tables import race_answers

AT = datetime(2026, 11, 21, 15, tzinfo=UTC)


async def test_an_answer_is_given_again_with_its_age_and_replaced_by_a_newer_one(database):
    shelf = Shelf(database)
    assert await shelf.taken("civicengine:zip:23220") is None
    await shelf.keep("civicengine:zip:23220", {"rows": ["¿Sí?"]}, at=AT)
    assert await shelf.taken("civicengine:zip:23220") == Shelved({"rows": ["¿Sí?"]}, AT)
    later = AT + timedelta(days=40)
    await shelf.keep("civicengine:zip:23220", {"rows": []}, at=later)
    assert await shelf.taken("civicengine:zip:23220") == Shelved({"rows": []}, later)


async def test_what_nobody_asked_for_in_a_month_is_forgotten(database):
    shelf = Shelf(database)
    for number in range(5):
        await shelf.keep(f"civicengine:zip:{number}", {}, at=AT)
    at = AT + FORGOTTEN_AFTER
    await shelf.keep("civicengine:zip:new", {}, at=at)
    assert await shelf.taken("civicengine:zip:1") is not None
    await shelf.keep("civicengine:zip:new", {}, at=at + timedelta(seconds=1))
    async with database.reading() as store:
        assert await store.connection.scalar(select(func.count()).select_from(race_answers)) == 1
