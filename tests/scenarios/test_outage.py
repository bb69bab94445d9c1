"""Slack's outage of February 26, 2025, lived through again: 16 h 42 min of 503, and no event ever delivered.

Source: slack-status.com/2025-02-26; Slack chose not to bring what had piled up.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from community.clock import MovableClock
from community.deliveries import Delivery, State
from tests.scenarios.stage import Stage

BEGAN = datetime(2025, 2, 26, 14, 45, tzinfo=UTC)
LASTED = timedelta(hours=16, minutes=42)
STEP = timedelta(minutes=12)


@pytest.fixture
async def stage(database_url):
    """The app with all of its time taken from the one clock, its breaker's and its pace's too."""
    clock = MovableClock(BEGAN - timedelta(hours=1))
    made = Stage(database_url, clock, socket=False)
    await made.open()
    await made.cast_mentors()
    outbox = made.application.outbox
    await outbox.stop()

    async def sleep(seconds):
        clock.advance(timedelta(seconds=seconds))

    outbox._stopping = False
    outbox._sleep = sleep
    outbox._monotonic = outbox._sender._monotonic = outbox._breaker._now = lambda: clock.now().timestamp()
    yield made
    await made.close()


async def owe(stage, *wanted):
    async with stage.application.database.transaction() as store:
        await store.deliveries.add(*wanted, at=stage.clock.now())


def shown(stage):
    channels = stage.sandbox.workspace.channels.values()
    return Counter(message.text for channel in channels for message in channel.messages.values())


async def live_through(stage):
    """Owe, join and try for so long; the words, the reminders with their ends, and who joined."""
    people = ["ada", "ben", "mia", "max", "moe", "sue", "tom"]
    words, reminders, joined, since = [], {}, [], stage.clock.now()
    number = 0
    while stage.clock.now() - since < LASTED:
        now = stage.clock.now()
        about = {
            "to": f"U0{people[number % len(people)].upper()}",
            "due_at": now + timedelta(minutes=number % 9),
        }
        word, reminder = f"outage:word:{number}", f"outage:reminder:{number}"
        # A reminder is worth something until it is over: of most, that is before the outage is.
        expires_at = now + timedelta(hours=1 + number % 5)
        words.append(word)
        reminders[reminder] = expires_at
        await owe(
            stage,
            Delivery(key=word, payload={"text": word}, **about),
            Delivery(key=reminder, payload={"text": reminder}, expires_at=expires_at, **about),
        )
        if number % 6 == 0:
            joined.append(f"U0NEW{number}")
            stage.sandbox.workspace.add_user(f"new{number}", id=joined[-1])
            stage.sandbox.workspace.arrive(joined[-1])
        if number % 5 == 4:
            await stage.application.jobs.run_all()
        await stage.application.outbox.drain(patience=1)
        stage.clock.advance(STEP)
        number += 1
    return words, reminders, joined


@pytest.mark.slow(5)
async def test_after_it_what_is_valid_is_sent_what_is_over_is_marked_and_who_joined_is_found(stage):
    await stage.ask()
    stage.clock.advance(timedelta(hours=1))
    await stage.application.catch_up()

    faults = stage.sandbox.faults
    faults.add("server_error", method="*", times=10**9, status=503)
    stage.sandbox.courier.running = False  # What happens now is never told, not even later.
    words, reminders, joined = await live_through(stage)
    recovered = stage.clock.now()
    over = [key for key, end in reminders.items() if end <= recovered]
    # Slack's pace, and the first look after the outage, take some minutes of what is left.
    lasting = words + [key for key, end in reminders.items() if end > recovered + timedelta(minutes=15)]
    assert not [text for text in shown(stage) if text.startswith("outage:")]
    assert len(joined) > 10
    assert len(over) > 50
    async with stage.application.database.reading() as store:
        assert not await store.deliveries.dead()
        assert not await store.deliveries.parked()

    faults.clear()
    stage.sandbox.courier.running = True
    await stage.application.outbox.drain(patience=1800)
    await stage.application.jobs.run_all()
    await stage.application.outbox.drain(patience=600)
    assert stage.clock.now() - recovered < timedelta(hours=1)
    assert stage.application.jobs._jobs["members.sync"].every <= timedelta(hours=1)
    said = shown(stage)
    assert [text for text in lasting if said[text] != 1] == []
    assert [text for text in over if said[text]] == []
    async with stage.application.database.reading() as store:
        assert {(await store.deliveries.find(key)).state for key in over} == {State.EXPIRED}
        assert {(await store.deliveries.find(key)).state for key in lasting} == {State.SENT}
        assert await store.outgoing.census() == {}
        for user in joined:
            assert await store.members.member(user), user
