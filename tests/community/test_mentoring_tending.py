"""What happens to a request because time has passed: it widens, is nudged, released, checked on, closed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from community import mentoring
from community.mentoring import Duty, responsible
from community.mentoring_matching import Circle
from community.mentoring_requests import OfferState, Policy, Status
from community.mentoring_tending import Tending, tend
from community.topics import Topic
from tests.community.cast import ASKER, HOUR, NOW, POLICY, STAFF, asked, leaves, profile, settle

DAY = timedelta(days=1)
OHIO = frozenset({"OH"})
FILING = frozenset({Topic.FILING})


class Watch:
    """Moves the time on and looks after one request."""

    def __init__(self, database, clock):
        self.database = database
        self.clock = clock
        self.number = 0

    async def ask(self, *mentors, **changes):
        async with self.database.transaction() as store:
            await settle(store, *mentors)
            step = await asked(store, at=self.clock.now(), **changes)
        self.number = step.request.id
        return step

    async def after(self, wait):
        """Let time pass, then look after the request; what was done, or None."""
        self.clock.advance(wait)
        return await self.now()

    async def now(self):
        async with self.database.transaction() as store:
            return await tend(store.mentoring, self.number, at=self.clock.now(), policy=POLICY)

    async def do(self, verb, by, **more):
        async with self.database.transaction() as store:
            arguments = [store.mentoring]
            if verb in {"claim", "hand_back", "close", "reopen"}:
                arguments.append(store.members)
            if verb in {"claim", "hand_back", "reopen", "still_on_it"}:
                more["policy"] = POLICY
            call = getattr(mentoring, verb)
            return await call(*arguments, self.number, by=by, at=self.clock.now(), **more)

    async def speak(self, by):
        async with self.database.transaction() as store:
            seen = await store.mentoring.get(self.number)
            return await mentoring.first_words(
                store.mentoring, seen, by=by, at=self.clock.now(), policy=POLICY
            )

    async def see(self):
        async with self.database.reading() as store:
            return await store.mentoring.get(self.number)

    async def due(self):
        async with self.database.reading() as store:
            return await store.mentoring.due(at=self.clock.now())


@pytest.fixture
def watch(database, clock):
    """Nothing has happened yet."""
    return Watch(database, clock)


async def test_the_circle_widens_step_by_step_until_it_is_staffs(watch):
    await watch.ask(
        profile("US"),
        profile("UE", states=OHIO, topics=FILING),
        profile("UO", states=OHIO),
    )
    assert await watch.due() == []
    assert await watch.after(POLICY.widen_after - timedelta(seconds=1)) is None
    first = await watch.after(timedelta(seconds=1))
    assert (first.how, first.step.request.circle) == (Tending.WIDENED, Circle.EXPERTS)
    assert [offer.mentor for offer in first.step.offers] == ["UE"]
    second = await watch.after(POLICY.widen_after)
    assert (second.step.request.circle, second.step.offers[0].mentor) == (Circle.EVERYONE, "UO")
    third = await watch.after(POLICY.widen_after)
    assert (third.how, third.step.request.circle, third.step.offers) == (Tending.WIDENED, Circle.STAFF, ())
    assert responsible(third.step.request) is Duty.STAFF
    # Whoever was asked may still claim.
    assert (await watch.do("claim", "US")).holder == "US"


async def test_an_empty_circle_is_stepped_over(watch):
    await watch.ask(profile("US"), profile("UO", states=OHIO))
    widened = await watch.after(POLICY.widen_after)
    assert (widened.step.request.circle, widened.step.offers[0].mentor) == (Circle.EVERYONE, "UO")


async def test_staff_is_reminded_until_somebody_takes_it(watch):
    await watch.ask()
    for reminders in (1, 2, 3):
        assert await watch.after(POLICY.answer_target - timedelta(seconds=1)) is None
        done = await watch.after(timedelta(seconds=1))
        assert (done.how, done.step.request.reminders) == (Tending.REMINDED_STAFF, reminders)
        assert await watch.now() is None
    await watch.do("claim", STAFF)
    assert await watch.after(HOUR) is None


async def test_a_report_is_brought_up_again_even_when_somebody_has_it(watch):
    await watch.ask(profile("UA"), topic="unsafe")
    assert (await watch.after(DAY)).how is Tending.REMINDED_STAFF
    await watch.do("claim", STAFF)
    for _ in range(4):
        done = await watch.after(DAY)
        assert (done.how, done.step.request.holder) == (Tending.REMINDED_STAFF, STAFF)


async def test_a_silent_mentor_is_nudged_and_then_released(watch):
    await watch.ask(profile("UA"), profile("UB"))
    await watch.do("claim", "UA")
    nudged = await watch.after(POLICY.nudge_after)
    assert (nudged.how, nudged.holder) == (Tending.NUDGED, "UA")
    assert await watch.after(DAY - timedelta(seconds=1)) is None
    released = await watch.after(timedelta(seconds=1))
    assert (released.how, released.holder) == (Tending.RELEASED, "UA")
    seen = await watch.see()
    assert (seen.status, seen.holder) == (Status.OPEN, None)
    assert [offer.mentor for offer in released.step.offers] == ["UB"]


async def test_who_says_still_on_it_gets_another_day_and_another_nudge(watch):
    await watch.ask(profile("UA"))
    await watch.do("claim", "UA")
    first = await watch.after(POLICY.nudge_after)
    await watch.do("still_on_it", "UA")
    second = await watch.after(POLICY.nudge_after)
    assert second.how is Tending.NUDGED
    # Each nudge is one of its own, so that the second is really delivered.
    assert first.step.request.reminders < second.step.request.reminders


async def test_a_mentor_who_spoke_is_neither_nudged_nor_released(watch):
    await watch.ask(profile("UA"))
    await watch.do("claim", "UA")
    await watch.after(POLICY.nudge_after)
    await watch.speak("UA")
    assert await watch.after(2 * DAY) is None
    checked = await watch.after(DAY)
    assert (checked.how, checked.holder) == (Tending.CHECKED_IN, "UA")
    assert await watch.after(4 * DAY - timedelta(seconds=1)) is None
    closed = await watch.after(timedelta(seconds=1))
    assert closed.how is Tending.CLOSED
    seen = await watch.see()
    assert (seen.status, seen.closed_by, seen.holder) == (Status.CLOSED, None, "UA")
    assert await watch.after(30 * DAY) is None


async def test_nobodys_question_is_closed_unasked_after_a_long_outage(watch):
    await watch.ask(profile("UA"))
    await watch.do("claim", "UA")
    await watch.speak("UA")
    assert (await watch.after(20 * DAY)).how is Tending.CHECKED_IN
    assert await watch.now() is None
    assert (await watch.after(4 * DAY)).how is Tending.CLOSED


async def test_a_mentor_who_left_slack_is_released_at_once(watch):
    await watch.ask(profile("UA"), profile("UB"))
    await watch.do("claim", "UA")
    await watch.speak("UA")
    async with watch.database.transaction() as store:
        await leaves(store, "UA", watch.clock.now())
    assert await watch.due() == [watch.number]
    done = await watch.now()
    assert (done.how, done.holder) == (Tending.RELEASED, "UA")
    assert [offer.mentor for offer in done.step.offers] == ["UB"]
    assert await watch.due() == []


async def test_a_report_whose_keeper_left_slack_goes_back_to_staff_at_once(watch):
    await watch.ask(topic="unsafe")
    await watch.do("claim", STAFF)
    async with watch.database.transaction() as store:
        await leaves(store, STAFF, watch.clock.now())
    done = await watch.now()
    assert (done.how, done.step.request.circle, done.step.request.holder) == (
        Tending.RELEASED,
        Circle.STAFF,
        None,
    )


async def test_what_is_over_is_left_alone(watch):
    await watch.ask(profile("UA"))
    await watch.do("cancel", ASKER)
    assert await watch.after(100 * DAY) is None
    assert await watch.due() == []
    watch.number = 999_999
    assert await watch.now() is None


async def test_two_processes_looking_after_it_at_once_do_it_once(watch):
    await watch.ask(profile("US"), profile("UE", states=OHIO, topics=FILING), profile("UO", states=OHIO))
    watch.clock.advance(POLICY.widen_after)
    done = await asyncio.gather(*(watch.now() for _ in range(6)))
    assert sum(each is not None for each in done) == 1
    assert (await watch.see()).wave == 2


async def test_widening_leaves_earlier_offers_standing(watch):
    first = await watch.ask(*(profile(f"U{n}") for n in range(3)), profile("UO", states=OHIO))
    await watch.after(POLICY.widen_after)
    async with watch.database.reading() as store:
        offers = await store.mentoring.offers(watch.number)
    assert [offer.state for offer in offers] == [OfferState.OPEN] * 4
    assert {offer.mentor for offer in first.offers} == {"U0", "U1", "U2"}


def test_the_durations_fit_together():
    usual = Policy()
    assert usual.nudge_after < usual.release_after
    assert usual.check_in_after < usual.close_after < usual.reopen_within
    assert NOW.tzinfo is not None
