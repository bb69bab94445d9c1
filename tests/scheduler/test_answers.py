"""What Slack may answer, and what becomes of the delivery: definite, not now, or unclear."""

from datetime import timedelta

import pytest

from community.deliveries import Delivery, Kind, State
from scheduler import reconcile
from scheduler.pacing import Pace


def plain(number, to="C1", **more):
    return Delivery(key=f"test:plain:{number}", to=to, payload={"text": f"words {number}"}, **more)


UNCLEAR_AND_SHOWN = ["drop_after", ("committed", 500), ("committed", 503)]
UNCLEAR_AND_NOT_SHOWN = [
    "drop_before",
    ("status", 500),
    ("status", 502),
    ("status", 504),
    ("error", "internal_error"),
    ("error", "fatal_error"),
    ("error", "service_unavailable"),
    ("error", "request_timeout"),
]


@pytest.mark.parametrize("fault", UNCLEAR_AND_SHOWN)
@pytest.mark.parametrize("to", ["C1", "U1"])
async def test_a_message_that_slack_took_before_it_failed_is_found_and_not_sent_again(
    outbox, owe, slack, clock, state_of, fault, to, endings
):
    slack.fault("chat.postMessage", fault)
    await owe(plain(1, to=to))
    await outbox.drain()
    assert (await state_of("test:plain:1")).state is State.SENDING
    clock.advance(timedelta(seconds=3))
    await outbox.drain()
    kept = await state_of("test:plain:1")
    assert kept.state is State.SENT
    assert kept.ts == slack.messages[kept.channel][0]["ts"]
    clock.advance(timedelta(minutes=5))
    await outbox.drain()
    assert slack.shown() == ["words 1"]
    assert [landed.ts for landed in endings] == [kept.ts]


async def test_one_that_cannot_be_settled_keeps_nobody_else_from_being_read_back(
    outbox, owe, slack, clock, state_of, monkeypatch, caplog
):
    """A fault of ours with one row, whatever it is: staff decides on that one, and nobody waits behind it."""
    for _ in range(3):
        slack.fault("chat.postMessage", "drop_after")
    await owe(plain(1), plain(2), plain(3, to="C2"))
    await outbox.drain()
    whole = reconcile.digest

    def stumbling(payload):
        if payload["text"] == "words 1":
            raise UnicodeEncodeError("utf-8", "", 0, 1, "of whatever kind")
        return whole(payload)

    monkeypatch.setattr(reconcile, "digest", stumbling)
    for _ in range(4):
        clock.advance(timedelta(seconds=3))
        await outbox.drain()
    kept = [await state_of(f"test:plain:{number}") for number in (1, 2, 3)]
    assert [(one.state, one.reason) for one in kept] == [
        (State.PARKED, "not_settled"), (State.SENT, None), (State.SENT, None)
    ]  # fmt: skip
    assert caplog.text.count("cannot settle") == 1
    assert sorted(slack.shown()) == ["words 1", "words 2", "words 3"]


@pytest.mark.parametrize("fault", UNCLEAR_AND_NOT_SHOWN)
async def test_a_message_that_is_absent_after_the_grace_is_sent_again(
    outbox, owe, slack, clock, state_of, fault
):
    slack.fault("chat.postMessage", fault)
    await owe(plain(1))
    await outbox.drain()
    clock.advance(timedelta(seconds=65))
    await outbox.drain()
    assert slack.shown() == [], "within the grace it might still turn up"
    clock.advance(timedelta(seconds=6))
    await outbox.drain()
    assert slack.shown() == ["words 1"]
    assert (await state_of("test:plain:1")).attempts == 2


async def test_a_timeout_is_unclear(make_outbox, owe, slack, clock, state_of, monkeypatch):
    monkeypatch.setattr("scheduler.wire.TIMEOUT", timedelta(seconds=0.2))
    slack.fault("chat.postMessage", "hang")
    outbox = make_outbox()
    await owe(plain(1))
    await outbox.drain()
    assert (await state_of("test:plain:1")).state is State.SENDING
    clock.advance(timedelta(seconds=3))
    await outbox.drain()
    assert (await state_of("test:plain:1")).state is State.SENT
    assert slack.shown() == ["words 1"]


async def test_later_messages_of_the_conversation_wait_for_the_unclear_one(outbox, owe, slack, clock):
    slack.fault("chat.postMessage", "drop_before")
    await owe(plain(1), plain(2), plain(3, to="C2"))
    await outbox.drain()
    assert slack.shown() == ["words 3"]
    clock.advance(timedelta(seconds=71))
    await outbox.drain()
    assert slack.texts("C1") == ["words 1", "words 2"]


async def test_when_nobody_listens_nothing_was_sent_and_it_goes_at_the_next_chance(
    make_outbox, owe, slack, state_of, unused_tcp_port
):
    outbox = make_outbox()
    outbox._wire._like.base_url = f"http://127.0.0.1:{unused_tcp_port}/api/"
    await owe(plain(1))
    await outbox.drain(patience=0.0)
    kept = await state_of("test:plain:1")
    assert (kept.state, kept.attempts) == (State.PENDING, 0)
    outbox._wire._like.base_url = f"{slack.url}/api/"
    await outbox._wire.close()
    await outbox.drain()
    assert slack.shown() == ["words 1"]


@pytest.mark.parametrize(("header", "seconds"), [("2", 2.0), ("1.5", 1.5), (None, 5.0), ("soon", 5.0)])
async def test_a_429_leaves_only_that_method_alone_for_as_long_as_slack_said(
    make_outbox, owe, slack, state_of, header, seconds
):
    now = [100.0]

    async def sleep(span):
        now[0] += span

    outbox = make_outbox(pace=Pace.unlimited(monotonic=lambda: now[0]), monotonic=lambda: now[0], sleep=sleep)
    slack.fault("chat.postMessage", ("limited", header))
    await owe(plain(1), Delivery(key="test:open:1", kind=Kind.OPEN, to="U1,U2"))
    await outbox.drain(patience=0.0)
    assert slack.shown() == []
    assert (await state_of("test:open:1")).state is State.SENT
    kept = await state_of("test:plain:1")
    assert (kept.state, kept.attempts) == (State.PENDING, 0)
    assert outbox.pace.wait_for("chat.postMessage") == pytest.approx(seconds)
    await outbox.drain()
    assert slack.shown() == ["words 1"]
    assert now[0] >= 100 + seconds


async def test_a_channel_that_is_being_moved_is_tried_again_and_holds_nobody_else_up(
    outbox, owe, slack, state_of, clock
):
    slack.fault("chat.postMessage", ("error", "external_channel_migrating"))
    await owe(plain(1))
    await outbox.drain()
    await owe(plain(2, to="C2"))
    await outbox.drain()
    assert slack.shown() == ["words 2"]
    assert (await state_of("test:plain:1")).state is State.PENDING
    clock.advance(timedelta(seconds=3))
    await outbox.drain()
    assert slack.shown() == ["words 2", "words 1"]


async def test_a_channel_that_is_being_moved_for_a_day_is_given_to_the_staff(
    outbox, owe, slack, state_of, clock, monkeypatch
):
    monkeypatch.setattr("scheduler.sending.MOST_UNANSWERED", 3)
    slack.always["chat.postMessage"] = ("error", "external_channel_migrating")
    await owe(plain(1))
    for _ in range(5):
        await outbox.drain()
        clock.advance(timedelta(minutes=5))
    kept = await state_of("test:plain:1")
    assert (kept.state, kept.attempts) == (State.DEAD, 3)


async def test_a_history_of_a_channel_that_is_being_moved_is_asked_again(outbox, owe, slack, state_of, clock):
    slack.fault("chat.postMessage", "drop_after")
    slack.fault("conversations.history", ("error", "external_channel_migrating"))
    await owe(plain(1))
    for _ in range(3):
        await outbox.drain()
        clock.advance(timedelta(seconds=10))
    assert (await state_of("test:plain:1")).state is State.SENT
    assert slack.shown() == ["words 1"]


@pytest.mark.parametrize("error", ["channel_not_found", "is_archived", "msg_too_long", "user_disabled"])
async def test_a_refusal_is_kept_with_its_reason_and_never_repeated(
    outbox, owe, slack, state_of, clock, error, database
):
    slack.fault("chat.postMessage", ("error", error))
    await owe(plain(1))
    await outbox.drain()
    clock.advance(timedelta(days=1))
    await outbox.drain()
    assert slack.count("chat.postMessage") == 1
    kept = await state_of("test:plain:1")
    assert (kept.state, kept.reason) == (State.DEAD, error)
    async with database.reading() as store:
        assert [one.key for one in await store.deliveries.dead()] == ["test:plain:1"]


async def test_a_refused_token_stops_everything_loudly_until_it_is_good_again(
    make_outbox, owe, slack, state_of, caplog
):
    now = [100.0]

    async def sleep(span):
        now[0] += span

    outbox = make_outbox(monotonic=lambda: now[0], sleep=sleep)
    slack.token_good = False
    await owe(*(plain(number, to=f"C{number}") for number in range(20)))
    await outbox.drain(patience=1.0)
    assert outbox.trouble == "token_revoked"
    assert "nothing is sent" in caplog.text
    assert slack.count("chat.postMessage") <= 8
    assert (await state_of("test:plain:1")).state in {State.PENDING, State.RESERVED}
    slack.token_good = True
    now[0] += 60
    await outbox.drain()
    assert outbox.trouble is None
    assert len(slack.shown()) == 20


async def test_a_token_that_is_good_makes_the_error_the_messages_own(outbox, owe, slack, state_of):
    slack.fault("chat.postMessage", ("error", "account_inactive"))
    await owe(plain(1), plain(2))
    await outbox.drain()
    assert (await state_of("test:plain:1")).reason == "account_inactive"
    assert slack.shown() == ["words 2"]


@pytest.mark.parametrize("fault", ["drop_after", ("status", 503), ("error", "internal_error")])
async def test_what_shows_only_once_anyway_is_simply_repeated(outbox, owe, slack, clock, fault, database):
    for method in ("views.publish", "conversations.open", "conversations.invite"):
        slack.fault(method, fault)
    await owe(
        Delivery(key="test:open:1", kind=Kind.OPEN, to="U1,U2"),
        Delivery(key="test:invite:1", kind=Kind.INVITE, to="C5", payload={"users": "U9"}),
        Delivery(key="test:home:1", kind=Kind.HOME, to="U1", payload={"view": {"type": "home"}}),
    )
    await outbox.drain()
    clock.advance(timedelta(seconds=2))
    await outbox.drain()
    for method in ("views.publish", "conversations.open", "conversations.invite"):
        assert slack.count(method) == 2
    async with database.reading() as store:
        assert await store.outgoing.census() == {}


async def test_inviting_somebody_who_is_there_is_done(outbox, owe, slack, state_of):
    slack.fault("conversations.invite", ("error", "already_in_channel"))
    await owe(Delivery(key="test:invite:1", kind=Kind.INVITE, to="C5", payload={"users": "U9"}))
    await outbox.drain()
    assert (await state_of("test:invite:1")).state is State.SENT


async def test_an_update_of_a_vanished_message_is_over(outbox, owe, slack, facts, state_of, database, clock):
    facts["one"] = "words"
    await owe(Delivery(key="test:card:one", to="C1", render="card", about={"card": "one"}))
    await outbox.drain()
    slack.messages["C1"].clear()
    facts["one"] = "other words"
    async with database.transaction() as store:
        await store.deliveries.refresh("test:card:one", at=clock.now())
    await outbox.drain()
    clock.advance(timedelta(hours=1))
    await outbox.drain()
    assert slack.count("chat.update") == 1


async def test_what_was_cancelled_while_it_was_on_its_way_is_not_tried_again(
    outbox, owe, slack, database, clock, state_of
):
    slack.fault("chat.postMessage", "drop_before")
    await owe(plain(1))
    await outbox.drain()
    async with database.transaction() as store:
        assert await store.deliveries.cancel("test:plain:1", at=clock.now()) == 0
    clock.advance(timedelta(minutes=2))
    await outbox.drain()
    assert slack.shown() == []
    assert (await state_of("test:plain:1")).state is State.CANCELLED


@pytest.mark.parametrize(
    ("fault", "shown_at_once"),
    [("drop_after", True), ("drop_before", False)],
)
async def test_a_file_whose_share_is_unclear_is_read_back_by_its_own_id(
    outbox, owe, slack, clock, state_of, fault, shown_at_once
):
    slack.fault("files.completeUploadExternal", fault)
    await owe(
        Delivery(
            key="test:plain:file", kind=Kind.FILE, to="C4", payload={"filename": "a.ics", "content": "x"}
        )
    )
    await outbox.drain()
    assert bool(slack.shown()) is shown_at_once
    clock.advance(timedelta(seconds=71))
    await outbox.drain()
    assert slack.shown() == ["file:a.ics"]
    assert (await state_of("test:plain:file")).state is State.SENT


async def test_an_upload_that_failed_was_seen_by_nobody_and_is_repeated(make_outbox, owe, slack):
    now = [100.0]

    async def sleep(span):
        now[0] += span

    slack.fault("files.getUploadURLExternal", "drop_before")
    await owe(
        Delivery(
            key="test:plain:file", kind=Kind.FILE, to="C4", payload={"filename": "a.ics", "content": "x"}
        )
    )
    await make_outbox(monotonic=lambda: now[0], sleep=sleep).drain()
    assert slack.shown() == ["file:a.ics"]


async def test_an_outage_makes_few_messages_unclear_and_all_arrive_afterwards(
    make_outbox, owe, slack, clock, database
):
    now = [100.0]

    async def sleep(span):
        now[0] += span
        clock.advance(timedelta(seconds=span))

    outbox = make_outbox(monotonic=lambda: now[0], sleep=sleep, parallel=2)
    for method in ("chat.postMessage", "auth.test", "conversations.history"):
        slack.always[method] = ("status", 503)
    await owe(*(plain(number, to=f"C{number}") for number in range(100)))
    await outbox.drain(patience=240)
    assert slack.count("chat.postMessage") <= 6, "it stops asking when nobody answers"
    slack.always.clear()
    await sleep(120)
    await outbox.drain(patience=240)
    assert sorted(slack.shown()) == sorted(f"words {number}" for number in range(100))
    async with database.reading() as store:
        assert await store.outgoing.census() == {}
