import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from community.deliveries import Delivery, Kind, Lane, State
from storage import failpoints
from storage.outgoing import Outgoing

LATER = datetime(2027, 1, 1, tzinfo=UTC)


def plain(number, to="C1", **more):
    return Delivery(key=f"test:plain:{number}", to=to, payload={"text": f"words {number}"}, **more)


def card(name="one", to="C1", **more):
    return Delivery(key=f"test:card:{name}", to=to, render="card", about={"card": name}, **more)


async def test_what_was_committed_is_sent_once_with_its_opaque_id(outbox, owe, slack, state_of):
    await owe(plain(1))
    await outbox.drain()
    await outbox.drain()
    assert slack.texts("C1") == ["words 1"]
    kept = await state_of("test:plain:1")
    assert kept.state is State.SENT
    assert (kept.channel, kept.ts) == ("C1", slack.messages["C1"][0]["ts"])
    assert slack.messages["C1"][0]["metadata"] == {
        "event_type": "downballot_delivery",
        "event_payload": {"id": kept.opaque},
    }
    ((_, request),) = [call for call in slack.calls if call[0] == "chat.postMessage"]
    assert request["unfurl_links"] is False
    assert request["unfurl_media"] is False
    assert "link_names" not in request


async def test_what_was_rolled_back_is_never_sent(outbox, database, clock, slack):
    with pytest.raises(RuntimeError):
        async with database.transaction() as store:
            await store.deliveries.add(plain(1), at=clock.now())
            raise RuntimeError
    await outbox.drain()
    assert slack.calls == []


async def test_the_same_key_is_owed_once(outbox, owe, slack):
    assert await owe(plain(1), plain(2)) == 2
    assert await owe(plain(1), plain(3)) == 1
    await outbox.drain()
    assert slack.texts("C1") == ["words 1", "words 2", "words 3"]


async def test_a_running_outbox_sends_right_after_the_commit(outbox, owe, slack, monkeypatch):
    monkeypatch.setattr("scheduler.outbox.SWEEP_EVERY", 600.0)
    monkeypatch.setattr("scheduler.outbox.TEND_EVERY", 600.0)
    arrived = asyncio.Event()

    async def ring(_):
        arrived.set()

    slack.on_post = ring
    await outbox.start()
    await asyncio.sleep(0.3)  # It has looked, found nothing, and sleeps.
    await owe(plain(1))
    async with asyncio.timeout(30):  # The sweep alone would take ten minutes.
        await arrived.wait()
    await outbox.stop()
    assert slack.texts("C1") == ["words 1"]


@pytest.mark.parametrize("moment", ["the look begins", "it is reserving", "it is about to commit"])
async def test_who_is_stopped_amid_a_look_keeps_nothing_from_the_next(
    make_outbox, owe, slack, state_of, moment, monkeypatch
):
    outbox = make_outbox()
    stopping = []

    def stop_now():
        stopping.append(asyncio.create_task(outbox.stop()))

    def stop_at(name):
        if name == "outbox.picked" and moment == "the look begins":
            stop_now()

    reserve = Outgoing.reserve

    async def reserving(self, *given):
        if moment == "it is reserving":
            stop_now()
        reserved = await reserve(self, *given)
        if moment == "it is about to commit":
            stop_now()  # It begins to run when the commit is under way.
        return reserved

    monkeypatch.setattr(Outgoing, "reserve", reserving)
    failpoints.install(stop_at)
    try:
        await owe(plain(1))
        await outbox.start()
        async with asyncio.timeout(5):
            while not stopping:
                await asyncio.sleep(0.001)
            await stopping[0]
    finally:
        failpoints.install(None)
    monkeypatch.undo()
    assert (await state_of("test:plain:1")).state is State.PENDING
    assert slack.shown() == []
    await make_outbox().drain()
    assert slack.texts("C1") == ["words 1"]


async def test_a_message_to_a_person_keeps_the_conversation_it_ended_in(outbox, owe, slack, state_of):
    await owe(plain(1, to="U7"))
    await outbox.drain()
    assert (await state_of("test:plain:1")).channel == "D7"


async def test_what_is_due_later_waits_for_its_moment(outbox, owe, slack, clock):
    await owe(plain(1, due_at=clock.now() + timedelta(hours=1)))
    await outbox.drain()
    assert slack.shown() == []
    clock.advance(timedelta(hours=1))
    await outbox.drain()
    assert slack.shown() == ["words 1"]


async def test_what_is_over_is_marked_expired_and_not_sent(outbox, owe, slack, clock, state_of):
    await owe(plain(1, expires_at=clock.now() + timedelta(minutes=5)))
    clock.advance(timedelta(minutes=6))
    await outbox.drain()
    assert slack.shown() == []
    assert (await state_of("test:plain:1")).state is State.EXPIRED


async def test_cancelled_deliveries_and_their_followers_are_never_sent(outbox, owe, slack, database, clock):
    await owe(plain(1), plain(2, after="test:plain:1"), plain(3))
    async with database.transaction() as store:
        assert await store.deliveries.cancel("test:plain:1", "test:plain:unknown", at=clock.now()) == 1
    await outbox.drain()
    assert slack.shown() == ["words 3"]


async def test_urgent_overtakes_bulk_and_bulk_goes_oldest_first(make_outbox, owe, slack, clock):
    await owe(
        plain(1, to="U1", lane=Lane.BULK),
        plain(2, to="U2", lane=Lane.BULK, due_at=clock.now() - timedelta(minutes=1)),
        plain(3, to="U3", lane=Lane.URGENT),
    )
    await make_outbox(parallel=1).drain()
    order = [request["text"] for method, request in slack.calls if method == "chat.postMessage"]
    assert order == ["words 3", "words 2", "words 1"]


async def test_one_conversation_keeps_its_order_while_others_go_beside_it(make_outbox, owe, slack):
    slack.slow = 0.03
    await owe(*(plain(number, to=f"C{number % 3}") for number in range(30)))
    await make_outbox(parallel=8).drain()
    for channel in range(3):
        assert slack.texts(f"C{channel}") == [
            f"words {number}" for number in range(30) if number % 3 == channel
        ]
    assert slack.busiest > 1


async def test_a_follower_waits_and_lands_in_the_conversation_that_was_opened(outbox, owe, slack, endings):
    await owe(
        plain(1, to="", after="test:open:5"),
        Delivery(key="test:open:5", kind=Kind.OPEN, to="U2,U1"),
        Delivery(key="test:invite:5", kind=Kind.INVITE, to="", after="test:open:5", payload={"users": "U9"}),
    )
    await outbox.drain()
    assert slack.texts("CU1U2") == ["words 1"]
    assert ("conversations.invite", {"channel": "CU1U2", "users": "U9"}) in slack.calls
    heard = {landed.key: landed for landed in endings}
    assert heard["test:open:5"].channel == "CU1U2"
    assert heard["test:plain:1"].sent


async def test_a_refused_forerunner_ends_its_followers_and_everybody_is_told(
    outbox, owe, slack, endings, state_of
):
    slack.fault("chat.postMessage", ("error", "channel_not_found"))
    await owe(plain(1), plain(2, to="", after="test:plain:1"))
    await outbox.drain()
    assert slack.shown() == []
    assert (await state_of("test:plain:1")).reason == "channel_not_found"
    assert (await state_of("test:plain:2")).state is State.DEAD
    assert [(landed.key, landed.sent, landed.reason) for landed in endings] == [
        ("test:plain:1", False, "channel_not_found"),
        ("test:plain:2", False, "after_dead"),
    ]


async def test_staff_send_a_dead_delivery_again_and_its_followers_with_it(
    outbox, owe, slack, database, clock
):
    slack.fault("chat.postMessage", ("error", "not_in_channel"))
    await owe(plain(1), plain(2, to="", after="test:plain:1"))
    await outbox.drain()
    async with database.transaction() as store:
        assert [one.key for one in await store.deliveries.dead()] == ["test:plain:1", "test:plain:2"]
        assert await store.deliveries.send_again("test:plain:1", clock.now())
        assert not await store.deliveries.send_again("test:plain:1", clock.now())
    await outbox.drain()
    assert slack.texts("C1") == ["words 1", "words 2"]


async def test_an_outcome_runs_in_the_transaction_of_its_mark(make_outbox, owe, slack, state_of, clock):
    async def answer(store, landed):
        await store.deliveries.add(plain(2), at=clock.now())

    await owe(plain(1))
    await make_outbox(outcomes={"test:plain": answer}).drain()
    assert slack.texts("C1") == ["words 1", "words 2"]


async def test_a_failing_outcome_does_not_send_twice(make_outbox, owe, slack, state_of, caplog):
    async def fail(store, landed):
        raise RuntimeError("a rule is broken")

    await owe(plain(1))
    await make_outbox(outcomes={"test:plain": fail}).drain()
    assert slack.texts("C1") == ["words 1"]
    assert (await state_of("test:plain:1")).state is State.SENT
    assert "settled without it" in caplog.text


# Cards


async def test_a_card_is_rendered_at_the_moment_of_sending(outbox, owe, slack, facts):
    facts["one"] = "old"
    await owe(card())
    facts["one"] = "new"
    await outbox.drain()
    assert slack.texts("C1") == ["new"]


async def test_a_card_with_nothing_to_say_any_more_is_cancelled(outbox, owe, slack, facts, state_of):
    facts["one"] = None
    await owe(card())
    await outbox.drain()
    assert slack.shown() == []
    assert (await state_of("test:card:one")).state is State.CANCELLED


async def test_refreshes_of_a_waiting_card_cost_nothing_and_of_a_sent_one_collapse(
    outbox, owe, slack, facts, database, clock
):
    async def refresh():
        async with database.transaction() as store:
            await store.deliveries.refresh("test:card:one", "test:card:unknown", at=clock.now())

    facts["one"] = "first"
    await owe(card())
    await refresh()
    await outbox.drain()
    assert slack.count("chat.update") == 0
    for text in ("second", "third", "fourth"):
        facts["one"] = text
        await refresh()
    await outbox.drain()
    assert slack.texts("C1") == ["fourth"]
    assert slack.messages["C1"][0]["edits"] == 1


async def test_a_refresh_while_the_card_is_on_its_way_is_not_lost(outbox, owe, slack, facts, database, clock):
    async def claimed_meanwhile(_):
        facts["one"] = "claimed"
        async with database.transaction() as store:
            await store.deliveries.refresh("test:card:one", at=clock.now())

    slack.on_post = claimed_meanwhile
    facts["one"] = "open"
    await owe(card())
    await outbox.drain()
    assert slack.texts("C1") == ["claimed"]


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_card_that_was_cancelled_too_late_still_shows_the_newest_truth(
    outbox, owe, slack, facts, database, clock, state_of, arrived
):
    slack.fault("chat.postMessage", "drop_after" if arrived else "drop_before")
    facts["one"] = "open"
    await owe(card())
    await outbox.drain()
    facts["one"] = "claimed"
    async with database.transaction() as store:
        assert await store.deliveries.cancel("test:card:one", at=clock.now()) == 0, "it is on its way"
        await store.deliveries.refresh("test:card:one", at=clock.now())
    clock.advance(timedelta(minutes=2))
    await outbox.drain()
    assert slack.texts("C1") == (["claimed"] if arrived else [])
    async with database.reading() as store:
        assert set(await store.outgoing.census()) == set(), "nothing waits for ever"


async def test_a_dead_card_is_not_refreshed(outbox, owe, slack, facts, database, clock):
    facts["one"] = "words"
    slack.fault("chat.postMessage", ("error", "is_archived"))
    await owe(card())
    await outbox.drain()
    async with database.transaction() as store:
        await store.deliveries.refresh("test:card:one", at=clock.now())
    await outbox.drain()
    assert slack.count("chat.update") == 0


async def test_one_home_view_waits_per_person_and_shows_the_newest(outbox, slack, facts, database, clock):
    for text in ("first", "second"):
        facts["U1"] = text
        async with database.transaction() as store:
            await store.deliveries.refresh_home("U1", "U2", at=clock.now(), lane=Lane.BULK)
    await outbox.drain()
    assert slack.homes["U1"]["text"] == "second"
    assert slack.count("views.publish") == 2


async def test_a_card_is_deleted_and_a_second_deletion_is_no_fault(outbox, owe, slack, facts, state_of):
    facts["one"] = "words"
    await owe(card())
    await outbox.drain()
    for number in (1, 2):
        await owe(Delivery(key=f"test:delete:{number}", kind=Kind.DELETE, after="test:card:one"))
    await outbox.drain()
    assert slack.shown() == []
    assert (await state_of("test:delete:2")).state is State.SENT


async def test_a_renderer_that_fails_is_tried_again_and_then_shown_to_staff(
    outbox, owe, slack, facts, state_of, clock, caplog
):
    facts["one"] = RuntimeError("broken")
    await owe(card())
    await outbox.drain()
    assert (await state_of("test:card:one")).state is State.PENDING
    facts["one"] = "mended"
    clock.advance(timedelta(minutes=1))
    await outbox.drain()
    assert slack.texts("C1") == ["mended"]
    facts["two"] = RuntimeError("broken for good")
    await owe(card("two"))
    for _ in range(6):
        await outbox.drain()
        clock.advance(timedelta(minutes=6))
    kept = await state_of("test:card:two")
    assert (kept.state, kept.reason) == (State.DEAD, "render:RuntimeError")
    assert "broken for good" in caplog.text


# Long texts


async def test_a_text_that_slack_would_split_becomes_several_messages_in_order(outbox, owe, slack, facts):
    text = "\n".join(f"line {number} " + "x" * 90 for number in range(100))
    await owe(Delivery(key="test:plain:long", to="C1", payload={"text": text}), plain(2))
    facts["one"] = text
    await owe(card(to="C2"))
    await outbox.drain()
    assert "".join(slack.texts("C1")[:3]) == text
    assert slack.texts("C1")[3] == "words 2"
    assert all(len(part) <= 4000 for part in slack.texts("C1"))
    assert "".join(slack.texts("C2")) == text


# Files


async def test_a_file_is_uploaded_and_then_shared(outbox, owe, slack):
    await owe(
        Delivery(
            key="test:plain:file",
            kind=Kind.FILE,
            to="U4",
            payload={"filename": "deadline.ics", "content": "BEGIN:VCALENDAR", "title": "Deadline"},
        )
    )
    await outbox.drain()
    assert slack.texts("D4") == ["file:Deadline"]
    assert list(slack.files.values()) == [b"BEGIN:VCALENDAR"]


async def test_an_outcome_that_others_are_in_the_way_of_is_told_later_and_not_dropped(
    make_outbox, owe, slack, database, database_kind, clock, endings
):
    from sqlalchemy import update

    from storage.tables import deliveries

    async def hear(store, landed):
        await store.connection.execute(
            update(deliveries).where(deliveries.c.key == "test:other:1").values(refreshes=1)
        )
        endings.append(landed.key)

    await owe(plain(1), Delivery(key="test:other:1", to="C2", payload={"text": "x"}, due_at=LATER))
    holding = asyncio.Event()

    async def hold():
        async with database.transaction() as store:
            await store.deliveries.cancel("test:other:1", at=clock.now())
            holding.set()
            await asyncio.sleep(2.5)

    outbox = make_outbox(outcomes={"test:plain": hear})
    if database_kind == "postgresql":
        holder = asyncio.create_task(hold())
        await holding.wait()
        await outbox.drain()
        await holder
    else:  # One writes after the other there, so nobody is ever in the way.
        await outbox.drain()
    assert endings == ["test:plain:1"]
    assert slack.shown() == ["words 1"]
