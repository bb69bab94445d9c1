from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from storage.tables import seen


async def test_moments_come_back_aware_and_in_utc(database):
    eastern = timezone(timedelta(hours=-5))
    async with database.transaction() as store:
        await store.connection.execute(
            insert(seen).values(id="a", at=datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=eastern))
        )
    async with database.reading() as store:
        kept = await store.connection.scalar(select(seen.c.at))
    assert kept == datetime(2026, 11, 23, 15, 0, 0, 123456, tzinfo=UTC)
    assert kept.utcoffset() == timedelta()


async def test_a_naive_moment_is_refused(database):
    with pytest.raises(StatementError, match="without a time zone"):
        async with database.transaction() as store:
            await store.connection.execute(insert(seen).values(id="a", at=datetime(2026, 11, 23)))  # noqa: DTZ001
