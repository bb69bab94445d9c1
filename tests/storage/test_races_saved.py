"""Saved races as they are kept: one per person and race, found when due, the oldest looked up first."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from community import races_saved as rules
from community.deliveries import Delivery, State
from community.members import Stage
from community.races_saved import Standing
from storage.members import Account
from tests.community.cast import NOW, leaves
from tests.community.test_races_saved import HONOLULU, NEW_YORK, VIRGINIA, race

DAY = timedelta(days=1)


def wish(user="UA", what=VIRGINIA, **changes):
    made = rules.fresh(user, what, zone=NEW_YORK, state="VA", reader=NEW_YORK, at=NOW)
    return replace(made, **changes)


async def know(store, *users, zone=NEW_YORK):
    await store.members.learn([Account(id=user, name=user, zone=zone) for user in users], at=NOW)


async def test_every_field_comes_back_as_it_was_kept(database):
    full = wish(
        standing=Standing.FILED,
        settled_at=NOW,
        flight="races:countdown:1:0:1:90:0",
        told="races:changed:1:0",
        cards=("races:countdown:1:0:1:90:0", "races:changed:1:0"),
        stage_before=Stage.DECIDED,
        wins=2,
        won_at=NOW,
        sequence=4,
    )
    async with database.transaction() as store:
        kept = await store.races_saved.add(full)
        assert await store.races_saved.add(full) is None, "once per person and race"
        assert kept == replace(full, id=kept.id)
        assert await store.races_saved.get(kept.id) == kept
        assert await store.races_saved.hold(kept.id) == kept
        assert await store.races_saved.hold_key("UA", VIRGINIA.key) == kept
        assert await store.races_saved.hold_key("UB", VIRGINIA.key) is None
        other = replace(kept, standing=Standing.STOPPED, cards=(), won_at=None, race=race(closes=None))
        await store.races_saved.put(other)
        assert await store.races_saved.get(kept.id) == other
        await store.races_saved.put()


async def test_two_presses_at_once_save_it_once(database):
    async def press():
        async with database.transaction() as store:
            return await rules.save(store.races_saved, wish(), at=NOW)

    outcomes = await asyncio.gather(*(press() for _ in range(4)))
    assert sorted(began for _, began in outcomes) == [False, False, False, True]
    assert len({one.id for one, _ in outcomes}) == 1


async def test_what_is_due_is_found_with_what_is_known_of_the_person(database):
    async with database.transaction() as store:
        await know(store, "UA", "UB")
        await know(store, "UC", zone=HONOLULU)
        await leaves(store, "UB", NOW)
        for user in ("UA", "UB", "UC"):
            await store.races_saved.add(wish(user, next_at=NOW, flight=f"flight:{user}"))
        await store.races_saved.add(wish("UD", next_at=NOW + DAY))
        await store.races_saved.add(wish("UE", next_at=None))
        await store.deliveries.add(Delivery(key="flight:UA", to="UA", payload={"text": "x"}), at=NOW)
        found = {each.saved.user: each for each in await store.races_saved.due(at=NOW, limit=9)}
        assert set(found) == {"UA", "UB", "UC"}
        assert (found["UA"].delivery, found["UC"].delivery) == (State.PENDING, None)
        assert [found[user].left for user in ("UA", "UB", "UC")] == [False, True, False]
        assert found["UC"].reader == HONOLULU
        assert len(await store.races_saved.due(at=NOW, limit=2)) == 2
        astray = await store.races_saved.astray(limit=9)
        assert [(each.saved.user, each.reader) for each in astray] == [("UC", HONOLULU)]


async def test_a_list_is_sorted_by_deadline_and_keeps_what_can_be_taken_back_for_a_day(database):
    async with database.transaction() as store:
        made = {}
        for name, what in {
            "late": race(closes=VIRGINIA.filings[0].closes + 30 * DAY),
            "soon": VIRGINIA,
            "never": replace(VIRGINIA, filings=()),
        }.items():
            made[name] = await store.races_saved.add(wish(what=replace(what, key=f"local:{name}")))
        await store.races_saved.add(wish("UB"))
        page = await store.races_saved.listed("UA", at=NOW, limit=2)
        assert [each.key for each in page.rows] == ["local:soon", "local:late"]
        assert page.total == 3
        page = await store.races_saved.listed("UA", at=NOW, limit=2, offset=2)
        assert [each.key for each in page.rows] == ["local:never"]
        await rules.stop(store.races_saved, made["soon"].id, by="UA", at=NOW)
        assert (await store.races_saved.listed("UA", at=NOW + DAY / 2, limit=9)).total == 3
        assert (await store.races_saved.listed("UA", at=NOW + DAY, limit=9)).total == 2
        assert set(await store.races_saved.kept_of("UA")) == {"local:late", "local:never"}


async def keys(store, source, *, before, at, limit=9):
    found = await store.races_saved.to_check(source, before=before, at=at, limit=limit)
    return [key for key, _ in found]


async def test_the_oldest_is_looked_up_first_and_each_race_once(database):
    async with database.transaction() as store:
        await know(store, "UA", "UB")
        for number, (user, key) in enumerate(
            [
                ("UA", "local:b"),
                ("UB", "local:b"),
                ("UA", "local:a"),
                ("UA", "catalogue:a"),
                ("UA", "local:c"),
            ]
        ):
            what = replace(VIRGINIA, key=key)
            await store.races_saved.add(wish(user, what, checked_at=NOW - number * DAY))
        before = {"before": NOW - DAY / 2, "at": NOW}
        assert await keys(store, "local", **before) == ["local:c", "local:a", "local:b"]
        assert await keys(store, "local", **before, limit=1) == ["local:c"]
        assert await keys(store, "catalogue", **before) == ["catalogue:a"]
        assert await keys(store, "l_cal", **before) == []
        found = await store.races_saved.with_key("local:b", **before, limit=9)
        assert [each.saved.user for each in found] == ["UB"], "the other was looked up since"
        assert await store.races_saved.check_anew("local") == 4
        found = await store.races_saved.with_key("local:b", **before, limit=9)
        assert [each.saved.user for each in found] == ["UA", "UB"]


async def test_what_is_over_or_stopped_is_not_looked_up(database):
    async with database.transaction() as store:
        await store.races_saved.add(wish("UA", checked_at=None, ends_at=NOW - DAY))
        await store.races_saved.add(wish("UB", checked_at=None, standing=Standing.STOPPED))
        assert await keys(store, "catalogue", before=NOW, at=NOW) == []
        both = replace(VIRGINIA, also=("local:7",))
        await store.races_saved.add(wish("UC", both, checked_at=None, standing=Standing.FILED))
        found = await store.races_saved.to_check("catalogue", before=NOW, at=NOW, limit=9)
        assert found == [(VIRGINIA.key, ("local:7",))]
