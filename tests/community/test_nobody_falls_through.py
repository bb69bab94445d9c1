"""For every state of a request: who is responsible, when it is looked at next, and that it moves on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from community.mentoring import Duty, responsible
from community.mentoring_matching import Circle
from community.mentoring_requests import Status
from community.topics import Topic
from tests.community.cast import ASKER, HOUR, NUDGE_AFTER, POLICY, STAFF, profile
from tests.community.test_mentoring_tending import Watch

FILING = frozenset({Topic.FILING})
OHIO = frozenset({"OH"})
MENTORS = (
    profile("US"),
    profile("UE", states=OHIO, topics=FILING),
    profile("UO", states=OHIO),
)


async def nothing(_watch):
    """Leave it as it was asked."""


async def passes(watch, wait):
    """Let time pass, and everything that is due by then be done."""
    watch.clock.advance(wait)
    while await watch.now():
        pass


async def widens(watch, times=1):
    for _ in range(times):
        await passes(watch, POLICY.widen_after)


async def reaches_experts(watch):
    await widens(watch)


async def reaches_everybody(watch):
    await widens(watch, 2)


async def reaches_staff(watch):
    await widens(watch, 3)


async def is_overdue(watch):
    await reaches_staff(watch)
    await passes(watch, POLICY.answer_target + HOUR)


async def is_claimed(watch):
    await watch.do("claim", "US")


async def is_nudged(watch):
    await is_claimed(watch)
    await passes(watch, NUDGE_AFTER)


async def is_released(watch):
    await is_nudged(watch)
    await passes(watch, timedelta(days=POLICY.release_days - POLICY.nudge_days))


async def is_handed_back(watch):
    await is_claimed(watch)
    await watch.do("hand_back", "US")


async def is_answered(watch):
    await is_claimed(watch)
    await watch.speak("US")


async def is_asked_whether_it_is_solved(watch):
    await is_answered(watch)
    await passes(watch, timedelta(days=POLICY.check_in_days))


async def is_closed(watch):
    await is_claimed(watch)
    await watch.do("close", "US")


async def is_reopened(watch):
    await is_closed(watch)
    await watch.do("reopen", ASKER)


async def is_taken_back(watch):
    await watch.do("cancel", ASKER)


async def staff_has_it(watch):
    await watch.do("claim", STAFF)


OPEN, CLAIMED, CLOSED, CANCELLED = Status
STATES = [
    (nothing, "filing", OPEN, Circle.STATE, Duty.MENTORS),
    (reaches_experts, "filing", OPEN, Circle.EXPERTS, Duty.MENTORS),
    (reaches_everybody, "filing", OPEN, Circle.EVERYONE, Duty.MENTORS),
    (reaches_staff, "filing", OPEN, Circle.STAFF, Duty.STAFF),
    (is_overdue, "filing", OPEN, Circle.STAFF, Duty.STAFF),
    (is_claimed, "filing", CLAIMED, Circle.STATE, Duty.HOLDER),
    (is_nudged, "filing", CLAIMED, Circle.STATE, Duty.HOLDER),
    (is_released, "filing", OPEN, Circle.EXPERTS, Duty.MENTORS),
    (is_handed_back, "filing", OPEN, Circle.EXPERTS, Duty.MENTORS),
    (is_answered, "filing", CLAIMED, Circle.STATE, Duty.HOLDER),
    (is_asked_whether_it_is_solved, "filing", CLAIMED, Circle.STATE, Duty.HOLDER),
    (is_closed, "filing", CLOSED, Circle.STATE, Duty.NOBODY),
    (is_reopened, "filing", CLAIMED, Circle.STATE, Duty.HOLDER),
    (is_taken_back, "filing", CANCELLED, Circle.STATE, Duty.NOBODY),
    (nothing, "unsafe", OPEN, Circle.STAFF, Duty.STAFF),
    (staff_has_it, "unsafe", CLAIMED, Circle.STAFF, Duty.HOLDER),
]


def test_the_table_knows_every_status_every_circle_and_every_duty():
    assert {row[2] for row in STATES} == set(Status)
    assert {row[3] for row in STATES} == set(Circle)
    assert {row[4] for row in STATES} == set(Duty)


@pytest.mark.parametrize(
    ("happens", "topic", "status", "circle", "duty"),
    STATES,
    ids=[f"{row[0].__name__}-{row[1]}" for row in STATES],
)
async def test_every_state_has_somebody_responsible_and_a_next_moment(
    database, clock, happens, topic, status, circle, duty
):
    watch = Watch(database, clock)
    await watch.ask(*MENTORS, topic=topic)
    await happens(watch)
    request = await watch.see()
    assert (request.status, request.circle, responsible(request)) == (status, circle, duty)
    if duty is Duty.NOBODY:
        assert request.look_at is None
        watch.clock.advance(timedelta(days=400))
        assert await watch.due() == []
        return
    # It is looked at in time, found by the one question that the job asks, and never left as it was.
    assert clock.now() < request.look_at <= clock.now() + timedelta(days=7)
    watch.clock.advance(request.look_at - clock.now())
    assert await watch.due() == [request.id]
    assert await watch.now() is not None
    await passes(watch, timedelta())
    later = await watch.see()
    assert later.over or later.look_at > request.look_at
