"""Answers are kept for two days, for whom they were given to, and never with where exactly somebody lives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from community.races import Candidate, Found, Point
from community.races_list import Lookup, answered
from storage.races_lookups import KEPT_FOR
from storage.tables import race_lookups
from tests.civic_races import AT_HOME, AT_ZIP, race

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)


def lookup(look="look-1", user="U0ADA", at=NOW, **facts):
    rows = [
        race("local:1", candidates=(Candidate(name="Ann <Lee>"),)),
        race("local:2", name="Sheriff", kind=None),
    ]
    found = [Found(source="One", trouble="slow"), Found(source="Two", races=rows)]
    return replace(answered(look, user, AT_ZIP, found, at=at), **facts)


async def test_what_was_kept_comes_back_as_it_was(database):
    kept = lookup(left_off=3)
    async with database.transaction() as store:
        await store.races_lookups.keep(kept)
    async with database.reading() as store:
        assert await store.races_lookups.get("look-1", by="U0ADA", at=NOW) == kept
        assert await store.races_lookups.race("look-1", "local:2", by="U0ADA", at=NOW) == kept.race("local:2")
        assert await store.races_lookups.race("look-1", "local:3", by="U0ADA", at=NOW) is None


async def test_places_that_wait_for_a_choice_come_back_without_their_point(database):
    exact = replace(AT_HOME, point=Point(37.547921, -77.463539))
    kept = Lookup(id="look-1", user="U0ADA", asked_at=NOW, places=(exact, AT_ZIP))
    async with database.transaction() as store:
        await store.races_lookups.keep(kept)
        row = (await store.connection.execute(select(race_lookups))).one()
    assert "37.547" not in str(tuple(row))
    async with database.reading() as store:
        assert (await store.races_lookups.get("look-1", by="U0ADA", at=NOW)).places == (AT_HOME, AT_ZIP)


async def test_an_answer_is_nobody_elses(database):
    async with database.transaction() as store:
        await store.races_lookups.keep(lookup())
    async with database.reading() as store:
        assert await store.races_lookups.get("look-1", by="U0BEN", at=NOW) is None
        assert await store.races_lookups.get("look-2", by="U0ADA", at=NOW) is None


async def test_after_two_days_it_is_gone_whether_or_not_it_was_forgotten(database):
    async with database.transaction() as store:
        await store.races_lookups.keep(lookup())
        await store.races_lookups.keep(lookup("look-2", at=NOW + timedelta(hours=1)))
    later = NOW + KEPT_FOR
    async with database.reading() as store:
        before = later - timedelta(seconds=1)
        assert await store.races_lookups.get("look-1", by="U0ADA", at=before) is not None
        assert await store.races_lookups.get("look-1", by="U0ADA", at=later) is None
    async with database.transaction() as store:
        assert await store.races_lookups.forget(later) == 1
        assert await store.races_lookups.forget(later) == 0
    async with database.reading() as store:
        assert await store.races_lookups.get("look-2", by="U0ADA", at=later) is not None


async def test_what_another_version_wrote_and_this_one_cannot_read_counts_as_too_old(database):
    async with database.transaction() as store:
        await store.races_lookups.keep(lookup())
        await store.connection.execute(update(race_lookups).values(races=[{"key": 7}]))
        assert await store.races_lookups.get("look-1", by="U0ADA", at=NOW) is None


async def test_forgetting_walks_along_an_index(database):
    async with database.reading() as store:
        explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
        if database.dialect == "postgresql":
            await store.connection.execute(text("SET enable_seqscan = off"))
        plan = await store.connection.execute(
            text(f"{explain}DELETE FROM race_lookups WHERE asked_at <= '2026-11-21'")
        )
        assert "ix_race_lookups_asked_at" in str(plan.fetchall())


NAMES = st.text(max_size=40)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, max_size=4))
async def test_whatever_a_source_calls_its_offices_is_kept(database, names):
    races = tuple(race(f"x:{n}", name=name) for n, name in enumerate(names))
    async with database.transaction() as store:
        await store.connection.execute(race_lookups.delete())
        await store.races_lookups.keep(Lookup(id="x", user="U", asked_at=NOW, place=AT_ZIP, races=races))
    async with database.reading() as store:
        assert (await store.races_lookups.get("x", by="U", at=NOW)).races == races
