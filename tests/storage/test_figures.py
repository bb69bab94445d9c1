"""What the figures say is what is in the tables, on both databases, and asking costs little."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, text, update

from community.deliveries import Delivery, State
from community.mentoring_requests import Request, Status
from storage.figures import quantile
from storage.tables import deliveries, requests
from tests.community.cast import ASKED


async def add(database, clock, *wanted):
    async with database.transaction() as store:
        await store.deliveries.add(*wanted, at=clock.now())


def plain(number, **more):
    return Delivery(key=f"a:b:{number}", to=f"C{number}", payload={"text": "words"}, **more)


async def test_nothing_is_told_as_nothing(database, clock):
    async with database.reading() as store:
        figures = store.figures
        assert await figures.overdue(clock.now()) == timedelta()
        assert set((await figures.open_deliveries()).values()) == {0}
        assert set((await figures.ended_deliveries(clock.now())).values()) == {0}
        assert await figures.requests() == dict.fromkeys(Status, 0)
        assert await figures.answer_times(clock.now()) == []
        assert await figures.quarantined() == 0
        assert await figures.lease("scheduler") is None


async def test_deliveries_are_counted_where_they_stand(database, clock):
    began = clock.now()
    await add(database, clock, *(plain(n) for n in range(8)), plain(8, due_at=began + timedelta(days=1)))
    ends = {1: "sent", 2: "sent", 3: "expired", 4: "parked", 5: "dead", 6: "sending"}
    async with database.transaction() as store:
        for number, state in ends.items():
            await store.connection.execute(
                update(deliveries)
                .where(deliveries.c.key == f"a:b:{number}")
                .values(state=state, ended_at=began, reason="restored" if state == "sending" else None)
            )
    clock.advance(timedelta(minutes=5))
    async with database.reading() as store:
        assert await store.figures.open_deliveries() == {
            State.PENDING: 3, State.RESERVED: 0, State.SENDING: 1, State.PARKED: 1, State.DEAD: 1,
        }  # fmt: skip
        ended = {State.SENT: 2, State.EXPIRED: 1, State.CANCELLED: 0}
        assert await store.figures.ended_deliveries(clock.now()) == ended
        assert await store.figures.overdue(clock.now()) == timedelta(minutes=5)
        assert await store.figures.quarantined() == 1
    clock.advance(timedelta(days=2))
    async with database.reading() as store:
        assert set((await store.figures.ended_deliveries(clock.now())).values()) == {0}


async def test_answer_times_are_those_of_the_last_thirty_days(database, clock):
    async with database.transaction() as store:
        for hours, ago in ((1, 1), (5, 2), (3, 3), (100, 40), (None, 1)):
            opened = await store.mentoring.open(
                Request(
                    id=0, asker="U1", question="words enough", topic="filing", state="VA", office=None,
                    needed_by=None, private=False, opened_at=clock.now() - timedelta(days=ago),
                    waiting_since=clock.now(), look_at=clock.now(),
                ),
                noting=ASKED,
            )  # fmt: skip
            if hours is not None:
                answered = opened.opened_at + timedelta(hours=hours)
                await store.connection.execute(
                    update(requests).where(requests.c.id == opened.id).values(first_answered_at=answered)
                )
    async with database.reading() as store:
        times = await store.figures.answer_times(clock.now())
        assert (await store.figures.requests())[Status.OPEN] == 5
    assert [time / timedelta(hours=1) for time in times] == [1, 3, 5]


@pytest.mark.parametrize(("q", "hours"), [(0.5, 3), (0.9, 5), (0.99, 5), (0.01, 1)])
def test_a_quantile_is_a_time_that_somebody_waited(q, hours):
    assert quantile([timedelta(hours=h) for h in (1, 3, 5)], q) == timedelta(hours=hours)
    assert quantile([], q) is None


async def test_the_lease_is_told_with_its_holder(database, clock):
    async with database.transaction() as store:
        await store.leases.take("scheduler", "me", clock.now(), timedelta(seconds=15))
    async with database.reading() as store:
        held = await store.figures.lease("scheduler")
    assert (held.owner, held.until) == ("me", clock.now() + timedelta(seconds=15))


async def test_counting_what_ended_lately_does_not_read_all_that_ever_was(database, clock):
    """A scrape every fifteen seconds must not cost a scan of a million sent rows."""
    if database.dialect != "sqlite":
        return  # PostgreSQL's planner decides by the number of rows, of which there are none here
    async with database.reading() as store:
        plan = await store.connection.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT state, count(*) FROM deliveries "
                "WHERE state IN ('sent', 'cancelled', 'expired') AND ended_at > '2026-01-01' GROUP BY state"
            )
        )
        assert "ix_deliveries_ended" in " ".join(row[-1] for row in plan)


async def test_a_milestone_is_kept_once_and_forgotten_once(database, clock):
    began = clock.now()
    async with database.transaction() as store:
        await store.milestones.reach("a.thing", began)
    clock.advance(timedelta(hours=1))
    async with database.transaction() as store:
        assert await store.milestones.reached("a.thing") == began
        await store.milestones.reach("a.thing", clock.now())
        assert await store.milestones.reached("a.thing") == clock.now()
        assert await store.milestones.reached("another") is None
        assert await store.milestones.forget("a.thing")
        assert not await store.milestones.forget("a.thing")


async def test_figures_do_not_depend_on_rows_of_the_future(database, clock):
    async with database.transaction() as store:
        await store.connection.execute(
            insert(deliveries).values(
                key="x", opaque="x", kind="post", lane="bulk", state="pending", line="C1", to="C1",
                payload={"text": "x"}, about={}, due_at=clock.now() + timedelta(days=1), added_at=clock.now(),
            )
        )  # fmt: skip
        assert await store.figures.overdue(clock.now()) == timedelta()
