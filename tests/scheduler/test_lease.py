import asyncio
from datetime import timedelta

import pytest

from community.deliveries import RESERVED_FOR, Delivery, State
from scheduler.lease import EVERY, LASTING, MARGIN, Leadership
from storage.database import Database
from storage.outgoing import Outgoing


@pytest.fixture
def both(clock):
    """Time that moves the wall clock and the monotonic one together."""

    class Time:
        now = 0.0

        def __call__(self):
            return self.now

        def pass_(self, seconds):
            self.now += seconds
            clock.advance(timedelta(seconds=seconds))

    return Time()


async def test_one_leads_and_a_standby_takes_over_within_fifteen_seconds_of_its_death(database, clock, both):
    first = Leadership(database, clock, monotonic=both)
    second = Leadership(database, clock, monotonic=both)
    assert await first.renew()
    assert not await second.renew()
    for _ in range(5):
        both.pass_(EVERY.total_seconds())
        assert await first.renew()
        assert not await second.renew()
    waited = 0
    while not await second.renew():
        both.pass_(1)
        waited += 1
    assert waited <= 13
    assert not first.leading
    assert not await first.renew()


@pytest.mark.parametrize("died_at", [0.0, 0.1, 2.5, 3.9])
async def test_a_standby_asks_when_the_leaders_time_is_over_not_at_its_own_next_round(
    database, clock, both, died_at
):
    leader = Leadership(database, clock, monotonic=both)
    standby = Leadership(database, clock, monotonic=both)
    await leader.renew()
    both.pass_(died_at)
    died = both.now
    while not await standby.renew():
        both.pass_(standby.asks_in)
    assert both.now - died <= 13, (
        "two of the fifteen seconds are for a slow question and for clocks that differ"
    )


async def test_after_a_fault_of_the_database_the_question_is_asked_again_soon(
    database, clock, both, monkeypatch
):
    monkeypatch.setattr("scheduler.lease._AFTER_A_FAULT", 0.02)
    leader = Leadership(database, clock, monotonic=both)
    with monkeypatch.context() as away:
        away.setattr(leader, "_database", Database.at("postgresql+asyncpg://nobody@127.0.0.1:1/nothing"))
        await leader.start()
        assert not leader.leading
    async with asyncio.timeout(3):
        while not leader.leading:
            await asyncio.sleep(0.01)
    await leader.stop()


async def test_a_leader_knows_by_itself_when_its_time_is_over(database, clock, both):
    leader = Leadership(database, clock, monotonic=both)
    await leader.renew()
    both.pass_((LASTING - MARGIN).total_seconds() - 0.1)
    assert leader.leading
    both.pass_(0.2)
    assert not leader.leading, "a second before anybody else could take it"


async def test_on_sqlite_who_comes_after_the_dead_does_not_wait_for_the_lease(database, clock, both):
    leader = Leadership(database, clock, monotonic=both)
    standby = Leadership(database, clock, monotonic=both)
    assert await leader.renew()
    both.pass_(1)
    assert not await standby.renew(), "it lives"
    leader._hold.let_go()  # As the operating system does when a process dies.
    both.pass_(1)
    assert await standby.renew() is (database.dialect == "sqlite")
    both.pass_(1)
    assert await leader.renew() is (database.dialect == "postgresql"), (
        "the dead knows nothing of a later turn"
    )


async def test_who_comes_to_an_sqlite_file_by_another_way_finds_the_same_lock(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x.db").touch()
    (tmp_path / "link.db").symlink_to(tmp_path / "real" / "x.db")
    holds = [Database.at(f"sqlite+aiosqlite:///{tmp_path / way}").hold() for way in ("real/x.db", "link.db")]
    for hold in holds:
        hold.take()
    assert [hold.fresh for hold in holds] == [True, False]
    holds[0].let_go()
    holds[1].take()
    assert holds[1].fresh


async def test_a_leader_that_was_only_frozen_takes_nothing_back_by_its_lock(database, clock, both):
    frozen = Leadership(database, clock, monotonic=both)
    standby = Leadership(database, clock, monotonic=both)
    await frozen.renew()
    both.pass_(15.1)
    assert await standby.renew(), "its lease is over"
    assert not await frozen.renew()
    both.pass_(5)
    assert await standby.renew()
    assert not await frozen.renew()


async def test_stopping_hands_the_lease_back_at_once(database, clock, both):
    first = Leadership(database, clock, monotonic=both)
    second = Leadership(database, clock, monotonic=both)
    await first.start()
    await first.stop()
    assert not first.leading
    assert await second.renew()


async def test_a_database_that_is_away_ends_the_leadership_and_nothing_else(clock, both, tmp_path, caplog):
    gone = Database.at("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    leader = Leadership(gone, clock, monotonic=both)
    await leader.start()
    assert not leader.leading
    await leader.stop()
    await gone.close()
    assert "cannot ask" in caplog.text


async def test_an_outbox_that_stands_by_sends_nothing(make_outbox, database, clock, slack, owe, both):
    leader = Leadership(database, clock, monotonic=both)
    await leader.renew()
    outbox = make_outbox(leadership=Leadership(database, clock, monotonic=both))
    await owe(Delivery(key="test:plain:1", to="C1", payload={"text": "words"}))
    await outbox.drain()
    await outbox.start()
    await asyncio.sleep(0.2)
    await outbox.stop()
    assert slack.calls == []


async def test_a_leader_that_lost_its_lease_does_not_even_mark(
    make_outbox, database, clock, slack, owe, both, state_of
):
    old = Leadership(database, clock, monotonic=both)
    new = Leadership(database, clock, monotonic=both)
    await old.renew()
    outbox = make_outbox(leadership=old)
    await owe(Delivery(key="test:plain:1", to="C1", payload={"text": "words"}))
    async with database.reading() as store:
        (one,) = await store.outgoing.candidates("urgent", clock.now(), 10)
    async with database.transaction() as store:
        (reserved,) = await store.outgoing.reserve([one.id], old.owner, clock.now())
    clock.advance(timedelta(seconds=16))  # The old leader is frozen: its own time stands still.
    assert await new.renew()
    assert old.leading
    await outbox._sender.send(reserved)
    assert slack.calls == []
    assert (await state_of("test:plain:1")).state is State.PENDING


async def test_a_clock_that_is_set_past_the_lease_costs_one_question_and_no_mark_in_vain(
    make_outbox, database, clock, slack, owe, both, monkeypatch
):
    given_back = []
    release = Outgoing.release

    async def watched(self, ids, owner):
        given_back.extend(ids)
        return await release(self, ids, owner)

    monkeypatch.setattr(Outgoing, "release", watched)
    leader = Leadership(database, clock, monotonic=both, every=timedelta(minutes=10))
    await leader.start()
    outbox = make_outbox(leadership=leader)
    await outbox.start()
    clock.advance(timedelta(hours=1))  # Only the wall clock: the machine slept, or somebody set it.
    await owe(*(Delivery(key=f"test:plain:{n}", to=f"C{n}", payload={"text": f"{n}"}) for n in range(3)))
    async with asyncio.timeout(20):
        while len(slack.shown()) < 3:
            await asyncio.sleep(0.01)
    assert not given_back
    await outbox.stop()
    await leader.stop()


async def test_a_leader_that_was_frozen_after_its_mark_does_not_write(
    make_outbox, clock, slack, owe, both, state_of
):
    from storage import failpoints

    outbox = make_outbox(monotonic=both)
    await owe(Delivery(key="test:plain:1", to="C1", payload={"text": "words"}))
    froze = []

    def freeze(name):
        if name == "outbox.marked" and not froze:
            froze.append(name)
            both.pass_(120)

    failpoints.install(freeze)
    try:
        await outbox.drain(patience=0)
    finally:
        failpoints.install(None)
    assert froze
    kept = await state_of("test:plain:1")
    assert len(slack.shown()) == 1
    assert kept.attempts == 1, "the attempt that was not written does not count"


async def test_a_connection_that_was_had_too_late_is_not_written_to(make_outbox, slack, owe, both, state_of):
    outbox = make_outbox(monotonic=both)
    await owe(Delivery(key="test:plain:1", to="C1", payload={"text": "words"}))
    call = outbox._wire.call

    async def frozen(method, **arguments):
        both.pass_(30)
        return await call(method, **arguments)

    outbox._wire.call = frozen
    await outbox.drain(patience=0)
    assert slack.count("chat.postMessage") == 0
    assert (await state_of("test:plain:1")).state is State.PENDING


async def test_who_takes_over_does_not_wait_for_the_reservations_of_the_dead(
    make_outbox, database, clock, slack, owe, both, state_of
):
    dead = Leadership(database, clock, monotonic=both)
    await dead.renew()
    await owe(Delivery(key="test:plain:1", to="C1", payload={"text": "words"}))
    async with database.transaction() as store:
        (one,) = await store.outgoing.candidates("urgent", clock.now(), 10)
        assert await store.outgoing.reserve([one.id], dead.owner, clock.now())
    outbox = make_outbox(leadership=Leadership(database, clock, monotonic=both))
    await outbox.drain()
    assert (await state_of("test:plain:1")).state is State.RESERVED, "the other one still leads"
    both.pass_(15.1)
    await outbox.drain()
    assert slack.texts("C1") == ["words"]


async def test_a_leader_keeps_its_own_reservations_until_they_lapse(make_outbox, database, clock, owe, both):
    leader = Leadership(database, clock, monotonic=both)
    outbox = make_outbox(leadership=leader)
    await leader.renew()
    await owe(Delivery(key="test:plain:1", to="C1", payload={"text": "words"}))
    async with database.transaction() as store:
        (one,) = await store.outgoing.candidates("urgent", clock.now(), 10)
        await store.outgoing.reserve([one.id], leader.owner, clock.now())
    assert await outbox.tend() == 0
    both.pass_(RESERVED_FOR.total_seconds())
    assert await outbox.tend() == 1
