"""A look-up always ends in an answer or in a reason: what it asks may be slow, away or broken."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from community.clock import MovableClock
from community.races import Asked, NotLocated, Several, SourceUnavailable, Unlocated
from community.races_list import Wish
from handlers import races_finding
from handlers.payloads import Actor
from handlers.races_finding import Finder, find, find_at
from messages.races_forms import FAULT, SLOW, UNREACHABLE
from tests.civic_races import AT_HOME, AT_ZIP, Source, race

ADA = Actor("U0ADA", "T0TEAM")
CLOCK = MovableClock(datetime(2026, 11, 21, 15, tzinfo=UTC))


def finder(where, *sources, **more):
    async def locate(_typed):
        if isinstance(where, BaseException):
            raise where
        if where == "silence":
            await asyncio.sleep(60)
        return where

    return Finder(locate=locate, sources=sources, **more)


async def answer(where, *sources):
    return await find(finder(where, *sources), CLOCK, ADA, Asked(where="23220"))


async def test_every_source_is_asked_for_the_next_two_years_side_by_side():
    one, two = Source("One", [race("x:1")]), Source("Two", [race("x:2", name="Sheriff", kind=None)])
    found = await answer(AT_ZIP, one, two)
    assert len(found.lookup.races) == 2
    (place, window), *_ = one.asked
    assert place == AT_ZIP
    assert (window.last - window.first).days == 730


@pytest.mark.parametrize(
    ("where", "trouble"),
    [
        (NotLocated(Unlocated.UNKNOWN_ZIP), Unlocated.UNKNOWN_ZIP),
        (Several(()), Unlocated.UNKNOWN_PLACE),
        (SourceUnavailable("US Census Bureau"), UNREACHABLE),
        (RuntimeError("anything"), FAULT),
        (TimeoutError(), SLOW),
    ],
)
async def test_without_a_place_there_is_a_reason(where, trouble):
    found = await answer(where)
    assert found.lookup is None
    assert found.trouble == trouble


async def test_what_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(races_finding, "ALL_WITHIN", 0.05)
    assert (await answer("silence")).trouble == SLOW


async def test_a_slow_source_does_not_hold_the_others_up(monkeypatch):
    monkeypatch.setattr(races_finding, "EACH_WITHIN", 0.05)

    class Slow(Source):
        async def races(self, place, window):
            await asyncio.sleep(60)

    found = await answer(AT_ZIP, Slow("CivicEngine"), Source("Two", [race()]))
    assert found.lookup.troubles == (("CivicEngine", "slow"),)
    assert len(found.lookup.races) == 1


async def test_nothing_typed_asks_nobody():
    source = Source(races=[race()])
    found = await find(finder(AT_ZIP, source), CLOCK, ADA, Asked(where=""))
    assert found.trouble == Unlocated.NOTHING
    assert source.asked == []


async def test_the_points_of_places_to_choose_from_wait_in_memory_and_not_for_ever(monkeypatch):
    monkeypatch.setattr(races_finding, "UNCHOSEN_MOST", 3)
    asked = finder(Several((AT_HOME, AT_ZIP)))
    looks = [(await find(asked, CLOCK, ADA, Asked(where="x"))).lookup.id for _ in range(5)]
    assert list(asked.unchosen) == looks[-3:]


async def test_a_chosen_place_is_answered_or_apologised_for():
    assert (await find_at(finder(None, Source(races=[race()])), CLOCK, ADA, AT_ZIP, Wish())).lookup.races
    # A place of a zone that nobody knows breaks the sorting, not the person's evening.
    broken = replace(AT_ZIP, zone="Nowhere/Land")
    known = Source(races=[race(filings=())])
    assert (await find_at(finder(None, known), CLOCK, ADA, broken, Wish())).trouble == FAULT


def test_only_what_needs_nothing_from_outside_is_instant():
    asked = Asked(where="23220")
    assert Finder().instant(asked)
    assert not Finder(remote=True).instant(asked)
    assert not Finder(ready=lambda: False).instant(asked)
    assert not Finder(is_address=lambda _where: True).instant(asked)
