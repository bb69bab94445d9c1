"""A thousand people, a lying Slack and killed workers: each of them gets an announcement exactly once."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert

from community import announcements as rules
from community import announcements_notices as notices
from community.announcements_audience import Audience
from community.announcements_book import Rules, Status, Words
from community.announcements_text import plain
from community.announcements_times import When
from community.members import Role
from community.notices import Places
from storage.tables import members
from tests.scheduler.workers import Liar, raising, settle

PEOPLE = 1000
PLACES = Places(mentors="C0MENTORS", staff="C0STAFF")
AGO = timedelta(minutes=3)


@pytest.fixture
async def nursery(database_url, slack):
    async with raising(database_url, slack, 20.0) as nursery:
        yield nursery


async def people(database, at, many=PEOPLE):
    async with database.transaction() as store:
        await store.members.add_roles("U0SUE", Role.STAFF, at=at)
        rows = [{"id": f"U{number:05}", "name": f"Person {number}", "met_at": at} for number in range(many)]
        await store.connection.execute(insert(members), rows)


async def announced(database, at, *, said="The filing guide is out.", approval=10_000):
    """Confirm one to everybody but Sue, three minutes before that moment, so that it is due by then."""
    then = at - AGO
    async with database.transaction() as store:
        await store.members.describe("U0SUE", left_at=then)
        draft = await rules.write(store.announcements, None, Words(text=plain(said)), by="U0SUE", at=then)
        draft = await rules.aim(
            store.announcements, draft.id, audience=Audience(), when=When(zone="America/New_York"), by="U0SUE"
        )
        reach = await store.announcements.reach(draft.audience)
        one = await rules.confirm(
            store.announcements, draft.id, seen=reach.total, by="U0SUE", rules=Rules(approval), at=then
        )
        await store.tell(notices.confirmed(one, PLACES), at=then)
    return one


def arrived(slack, said="The filing guide is out."):
    """How often each person was shown it."""
    return Counter(
        channel
        for channel, messages in slack.messages.items()
        for message in messages
        if channel.startswith("D") and message["text"] == said
    )


@pytest.mark.slow(30)
@pytest.mark.timeout(300)
async def test_each_of_a_thousand_gets_it_once_through_lies_and_sigkills(nursery, database, slack):
    """About a tenth of the posts end in a 429, a 5xx, a dropped connection or silence; workers die."""
    await people(database, nursery.clock.now())
    rng = random.Random(20261123)
    liar = slack.always["chat.postMessage"] = Liar(random.Random(7))
    worker = await nursery.spawn(follow=True)
    one = await announced(database, nursery.clock.now())
    for mark in sorted(rng.uniform(0, PEOPLE * 0.9) for _ in range(8)):
        patience = time.monotonic() + 5.0
        while sum(arrived(slack).values()) < mark and time.monotonic() < patience:
            await asyncio.sleep(0.01)
        nursery.kill(worker)
        worker = await nursery.spawn(follow=True)
    assert await settle(database, 120)
    assert liar.lies > PEOPLE * 0.05, "Slack has to lie for this to prove anything"
    shown = arrived(slack)
    assert len(shown) == PEOPLE
    assert set(shown.values()) == {1}
    async with asyncio.timeout(90):
        while True:
            async with database.reading() as store:
                now = await store.announcements.get(one.id)
            if now.status is Status.SENT:
                break
            await asyncio.sleep(0.1)
    assert (now.tally.sent, now.tally.left, now.tally.refused) == (PEOPLE, 0, 0)
    (card,) = slack.messages["C0STAFF"]
    assert card["edits"] >= 1


@pytest.mark.slow(30)
@pytest.mark.timeout(300)
async def test_a_stop_amid_kills_stops_it_for_good_and_the_report_is_true(nursery, database, slack):
    await people(database, nursery.clock.now())
    slack.always["chat.postMessage"] = Liar(random.Random(11))
    worker = await nursery.spawn(follow=True)
    one = await announced(database, nursery.clock.now())
    async with asyncio.timeout(90):
        while sum(arrived(slack).values()) < 300:
            await asyncio.sleep(0.005)
    async with database.transaction() as store:
        at = nursery.clock.now()
        await rules.cancel(store.announcements, one.id, by="U0TOM", at=at)
    nursery.kill(worker)
    await nursery.spawn(follow=True)
    assert await settle(database, 120)
    had = arrived(slack)
    assert set(had.values()) == {1}
    assert 300 <= len(had) < PEOPLE * 0.9
    await asyncio.sleep(1.0)
    assert arrived(slack) == had
    async with database.reading() as store:
        now = await store.announcements.get(one.id)
        tally = await store.announcements.tally(now, at=nursery.clock.now())
    assert now.status is Status.CANCELLED
    assert (tally.sent, tally.left) == (len(had), 0)
    assert tally.sent + tally.stopped == PEOPLE
    assert replace(now.tally, presses=0).sent == tally.sent
