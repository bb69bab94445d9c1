"""Reading back: what cannot be known is parked, and staff decide."""

from datetime import timedelta

import pytest

from community.deliveries import Delivery, State


def plain(number, to="C1", **more):
    return Delivery(key=f"test:plain:{number}", to=to, payload={"text": f"words {number}"}, **more)


async def _unclear(outbox, owe, slack, *deliveries, fault="drop_after"):
    slack.fault("chat.postMessage", *([fault] * len(deliveries)))
    await owe(*deliveries)
    await outbox.drain()


async def test_a_history_that_is_refused_parks_the_delivery(outbox, owe, slack, clock, state_of, database):
    slack.always["conversations.history"] = ("error", "not_in_channel")
    await _unclear(outbox, owe, slack, plain(1))
    clock.advance(timedelta(minutes=2))
    await outbox.drain()
    kept = await state_of("test:plain:1")
    assert (kept.state, kept.reason) == (State.PARKED, "history:not_in_channel")
    async with database.reading() as store:
        assert [one.key for one in await store.deliveries.parked()] == ["test:plain:1"]


async def test_parked_send_again_sends(outbox, owe, slack, clock, database):
    slack.always["conversations.history"] = ("error", "not_in_channel")
    await _unclear(outbox, owe, slack, plain(1), fault="drop_before")
    clock.advance(timedelta(minutes=2))
    await outbox.drain()
    async with database.transaction() as store:
        assert await store.deliveries.send_again("test:plain:1", clock.now())
        assert not await store.deliveries.arrived("test:plain:1", clock.now())
    await outbox.drain()
    assert slack.shown() == ["words 1"]


async def test_parked_it_arrived_lets_followers_go_on_and_tells_the_outcome(
    outbox, owe, slack, clock, database, endings
):
    slack.always["conversations.history"] = ("error", "not_in_channel")
    await _unclear(outbox, owe, slack, plain(1))
    await owe(plain(2, to="C2", after="test:plain:1"))
    clock.advance(timedelta(minutes=2))
    await outbox.drain()
    assert slack.shown() == ["words 1"]
    async with database.transaction() as store:
        assert await store.deliveries.arrived("test:plain:1", clock.now())
    await outbox.drain()
    assert slack.shown() == ["words 1", "words 2"]
    assert [landed.key for landed in endings if landed.sent] == ["test:plain:1", "test:plain:2"]


@pytest.mark.parametrize("fault", [("status", 503), ("limited", "1"), "drop_before"])
async def test_a_history_that_fails_for_now_is_asked_again_and_nothing_is_resent(
    make_outbox, owe, slack, clock, state_of, fault
):
    now = [100.0]
    outbox = make_outbox(monotonic=lambda: now[0])
    outbox.pace._now = lambda: now[0]
    await _unclear(outbox, owe, slack, plain(1))
    slack.fault("conversations.history", fault)
    for _ in range(3):
        clock.advance(timedelta(minutes=2))
        now[0] += 120
        await outbox.drain()
    assert (await state_of("test:plain:1")).state is State.SENT
    assert slack.shown() == ["words 1"]


async def test_the_message_is_found_behind_many_others_and_only_late_ones_are_read(
    outbox, owe, slack, clock, state_of
):
    for number in range(1000):
        slack.messages["C1"].append({"text": f"old {number}", "ts": f"{1_700_000_000 + number}.000000"})
    await owe(plain(0, to="C2"))
    await outbox.drain()
    await _unclear(outbox, owe, slack, plain(1))
    for number in range(450):
        slack.messages["C1"].append({"text": f"chatter {number}", "ts": f"{1_795_000_100 + number}.000000"})
    clock.advance(timedelta(seconds=3))
    await outbox.drain()
    assert (await state_of("test:plain:1")).state is State.SENT
    pages = [arguments for method, arguments in slack.calls if method == "conversations.history"]
    assert len(pages) == 3
    assert float(pages[0]["oldest"]) > 1_794_999_000


async def test_several_unclear_ones_of_one_conversation_cost_one_look(outbox, owe, slack, clock):
    from community.deliveries import Lane

    await _unclear(outbox, owe, slack, plain(1), plain(2, lane=Lane.BULK))
    slack.fault("chat.postMessage", "drop_after")
    clock.advance(timedelta(seconds=3))
    await outbox.drain()
    assert sorted(slack.shown()) == ["words 1", "words 2"]


async def test_a_reply_is_looked_for_in_its_thread(outbox, owe, slack, clock, state_of):
    reply = Delivery(
        key="test:plain:1", to="C1", payload={"text": "words 1", "thread_ts": "1795000000.000100"}
    )
    await _unclear(outbox, owe, slack, reply)
    clock.advance(timedelta(seconds=3))
    await outbox.drain()
    assert (await state_of("test:plain:1")).state is State.SENT
    assert slack.count("conversations.replies") == 1


async def test_what_a_dead_process_had_marked_is_read_back_by_the_next(
    make_outbox, owe, slack, clock, state_of, database
):
    await owe(plain(1), plain(2, to="C2"), plain(3, to="C3"))
    async with database.transaction() as store:
        ids = [one.id for one in await store.outgoing.candidates("urgent", clock.now(), 10)]
        await store.outgoing.reserve(ids, "the dead", clock.now())
    async with database.transaction() as store:
        first = await store.outgoing.mark(ids[0], "the dead", clock.now(), anchor=None, lease=None)
        await store.outgoing.mark(ids[1], "the dead", clock.now(), anchor=None, lease=None)
    # The first was written before the process died, the second was not, the third was only reserved.
    slack.chat_postMessage(
        {
            "channel": "C1",
            "text": "words 1",
            "metadata": {"event_type": "downballot_delivery", "event_payload": {"id": first.opaque}},
        }
    )
    outbox = make_outbox()
    await outbox.drain()
    assert slack.shown() == ["words 1"]
    clock.advance(timedelta(seconds=31))
    await outbox.drain()
    assert slack.shown() == ["words 1", "words 3"]
    clock.advance(timedelta(seconds=40))
    await outbox.drain()
    assert sorted(slack.shown()) == ["words 1", "words 2", "words 3"]
    assert (await state_of("test:plain:1")).state is State.SENT


async def test_a_history_without_metadata_proves_nothing_and_nothing_is_sent_twice(
    outbox, owe, slack, clock, state_of
):
    outbox.known_as("UBOT", "BBOT")
    slack.keeps_metadata = False
    await _unclear(outbox, owe, slack, plain(1))
    clock.advance(timedelta(minutes=2))
    await outbox.drain()
    kept = await state_of("test:plain:1")
    assert (kept.state, kept.reason) == (State.PARKED, "history:no_metadata")
    assert slack.shown() == ["words 1"]


async def test_what_others_write_without_metadata_does_not_count(outbox, owe, slack, clock, state_of):
    outbox.known_as("USOMEBODY", "BELSE")
    slack.keeps_metadata = False
    await _unclear(outbox, owe, slack, plain(1), fault="drop_before")
    clock.advance(timedelta(minutes=2))
    await outbox.drain()
    assert (await state_of("test:plain:1")).state is State.SENT
