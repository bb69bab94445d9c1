"""The night's look at what people saved: the oldest first, at a measured pace, and nothing from silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from community import races_saved as rules
from community.races import Certainty, SourceUnavailable
from community.races_merge import together
from scheduler import races_refresh
from scheduler.races_refresh import last_night, refresh_saved
from storage.members import Account
from tests.community.test_races_saved import NEW_YORK, VIRGINIA, race

DAY = timedelta(days=1)


class Source:
    """A source that knows these races, and may be away."""

    def __init__(self, name, *races, away=False):
        self.name = name
        self.known = {each.key: each for each in races}
        self.away = away
        self.asked = []

    async def races(self, place, window):
        raise AssertionError("nobody looks anything up here")

    async def race(self, key):
        self.asked.append(key)
        if self.away:
            raise SourceUnavailable(self.name)
        return self.known.get(key)


@pytest.fixture
def naps():
    return []


@pytest.fixture
async def look(database, clock, naps):
    """Let the night's look happen, a day later each time."""

    async def sleep(seconds):
        naps.append(seconds)

    async def look(**sources):
        clock.advance(DAY)
        return await refresh_saved(database, clock, sources, NEW_YORK, sleep=sleep)

    return look


async def save(database, clock, *races, user="UA"):
    async with database.transaction() as store:
        await store.members.learn([Account(id=user, name=user, zone=NEW_YORK)], at=clock.now())
        for each in races:
            wish = rules.fresh(user, each, zone=NEW_YORK, state="VA", reader=NEW_YORK, at=clock.now())
            await rules.save(store.races_saved, wish, at=clock.now())
        clock.advance(timedelta(seconds=1))


async def told(database):
    """Count what people are owed beside the files of saving."""
    async with database.reading() as store:
        return [
            each
            for number in range(1, 9)
            if (each := await store.deliveries.find(f"races:changed:{number}:0"))
        ]


def many(count, source="far"):
    return [replace(VIRGINIA, key=f"{source}:{number:03}") for number in range(count)]


async def test_each_race_is_asked_about_once_however_many_saved_it(database, clock, look):
    source = Source("far", *many(2))
    for user in ("UA", "UB", "UC"):
        await save(database, clock, *many(2), user=user)
    source.known["far:001"] = replace(race(closes=date(2027, 4, 9)), key="far:001")
    assert await look(far=source) == 2
    assert source.asked == ["far:000", "far:001"]
    assert len(await told(database)) == 3
    clock.advance(-DAY)
    assert await look(far=source) == 0, "once a night is enough"


async def test_a_run_asks_a_source_for_a_few_with_pauses_between(database, clock, look, naps, monkeypatch):
    monkeypatch.setattr(races_refresh, "MOST", 3)
    source = Source("far", *many(5))
    for each in reversed(many(5)):
        await save(database, clock, each)
    assert await look(far=source) == 3
    assert source.asked == ["far:004", "far:003", "far:002"], "the oldest first"
    assert naps == [races_refresh.PAUSE] * 2
    clock.advance(-DAY)
    assert await look(far=source) == 2


async def test_a_source_that_is_away_holds_nobody_else_up(database, clock, look):
    away, near = Source("far", *many(3), away=True), Source("near", *many(2, "near"))
    await save(database, clock, *many(3), *many(2, "near"))
    assert await look(far=away, near=near) == 2
    assert away.asked == ["far:000"], "and is not asked for more while it is away"
    away.away = False
    clock.advance(-DAY)
    assert await look(far=away, near=near) == 3


async def test_what_nobody_knows_any_more_stays_as_it_was(database, clock, look):
    await save(database, clock, *many(1))
    assert await look(far=Source("far")) == 1
    async with database.reading() as store:
        assert (await store.races_saved.get(1)).race == many(1)[0]
    assert await told(database) == []


async def test_an_older_answer_of_a_source_that_is_down_is_no_news(database, clock, look):
    await save(database, clock, *many(1))
    older = replace(many(1)[0], filings=(), stale=True)
    await look(far=Source("far", older))
    assert await told(database) == []


async def test_what_one_source_lacks_and_another_fills_up_has_not_gone(database, clock, look):
    bare = replace(VIRGINIA, key="local:1", filings=())
    derived = replace(VIRGINIA, key="catalogue:1", certainty=Certainty.DERIVED)
    row = together(bare, derived)
    assert (row.key, row.also) == ("local:1", ("catalogue:1",))
    await save(database, clock, row)
    local, catalogue = Source("local", bare), Source("catalogue", derived)
    assert await look(local=local, catalogue=catalogue) == 1
    assert (local.asked, catalogue.asked) == (["local:1"], ["catalogue:1"])
    assert await told(database) == []
    catalogue.away = True
    assert await look(local=local, catalogue=catalogue) == 0, "half an answer is none"
    catalogue.away = False
    later = replace(derived.filings[0], closes=date(2027, 4, 8))
    catalogue.known["catalogue:1"] = replace(derived, filings=(later,))
    await look(local=local, catalogue=catalogue)
    (one,) = await told(database)
    assert [each["new"] for each in one.about["changes"]] == ["2027-04-08 17:00 America/New_York"]


async def test_whether_a_place_lies_in_it_is_not_the_sources_to_say(database, clock, look):
    await save(database, clock, replace(many(1)[0], fits=None))
    await look(far=Source("far", *many(1)))
    async with database.reading() as store:
        assert (await store.races_saved.get(1)).race.fits is None


@pytest.mark.parametrize(
    ("hour", "day"), [(2, 9), (3, 10), (23, 10)], ids=["before three", "at three", "in the evening"]
)
def test_a_night_begins_at_three(hour, day):
    now = datetime(2027, 3, 10, hour, tzinfo=ZoneInfo(NEW_YORK)).astimezone(UTC)
    begun = last_night(now, NEW_YORK).astimezone(ZoneInfo(NEW_YORK))
    assert (begun.day, begun.hour) == (day, 3)
