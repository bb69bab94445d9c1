"""What happens to a request because time has passed: it widens, is nudged, released, checked on, closed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from community import mentoring
from community import mentoring_notices as notices
from community.hours import Hours
from community.mentoring import Duty, responsible
from community.mentoring_leaving import let_go
from community.mentoring_matching import Circle
from community.mentoring_requests import OfferState, Policy, Status
from community.mentoring_tending import Tending, tend
from community.notices import Places
from community.topics import Topic
from tests.community import cast
from tests.community.cast import (
    ALWAYS,
    ASKER,
    HOUR,
    NOW,
    NUDGE_AFTER,
    POLICY,
    STAFF,
    asked,
    leaves,
    profile,
    settle,
)

DAY = timedelta(days=1)
OHIO = frozenset({"OH"})
FILING = frozenset({Topic.FILING})
PLACES = Places(mentors="C0MENTORS", staff="C0STAFF")


class Watch:
    """Moves the time on and looks after one request."""

    def __init__(self, database, clock):
        self.database = database
        self.clock = clock
        self.number = 0

    async def ask(self, *mentors, policy=POLICY, **changes):
        async with self.database.transaction() as store:
            await settle(store, *mentors)
            step = await asked(store, at=self.clock.now(), policy=policy, **changes)
        self.number = step.request.id
        return step

    async def after(self, wait, policy=POLICY):
        """Let time pass, then look after the request; what was done, or None."""
        self.clock.advance(wait)
        return await self.now(policy)

    async def now(self, policy=POLICY):
        async with self.database.transaction() as store:
            return await tend(store.mentoring, store.members, self.number, at=self.clock.now(), policy=policy)

    async def do(self, verb, by, **more):
        async with self.database.transaction() as store:
            if verb == "claim":
                return await cast.claimed(store, self.number, by=by, at=self.clock.now())
            arguments = [store.mentoring]
            if verb in {"hand_back", "close", "reopen"}:
                arguments.append(store.members)
            if verb in {"hand_back", "reopen", "still_on_it"}:
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
        if reminders == 1:
            assert done.how is Tending.OVERDUE
            while done.how is not Tending.REMINDED_STAFF:
                done = await watch.now()
        assert (done.how, done.step.request.reminders) == (Tending.REMINDED_STAFF, reminders)
        await watch.now()
        assert await watch.now() is None
    await watch.do("claim", STAFF)
    assert await watch.after(HOUR) is None


async def test_a_report_is_brought_up_again_even_when_somebody_has_it(watch):
    await watch.ask(profile("UA"), topic="unsafe")
    for _ in range(3):
        assert (await watch.after(POLICY.safety_again)).how is Tending.REMINDED_STAFF
    await watch.do("claim", STAFF)
    for _ in range(4):
        done = await watch.after(DAY)
        assert (done.how, done.step.request.holder) == (Tending.REMINDED_STAFF, STAFF)


async def test_a_silent_mentor_is_nudged_and_then_released(watch):
    await watch.ask(profile("UA"), profile("UB"))
    await watch.do("claim", "UA")
    nudged = await watch.after(NUDGE_AFTER)
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
    first = await watch.after(NUDGE_AFTER)
    await watch.do("still_on_it", "UA")
    second = await watch.after(NUDGE_AFTER)
    assert second.how is Tending.NUDGED
    # Each nudge is one of its own, so that the second is really delivered.
    assert first.step.request.reminders < second.step.request.reminders


async def test_a_mentor_who_spoke_is_neither_nudged_nor_released(watch):
    await watch.ask(profile("UA"))
    await watch.do("claim", "UA")
    await watch.after(NUDGE_AFTER)
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
    assert usual.nudge_days < usual.release_days
    assert usual.check_in_days < usual.close_days < usual.reopen_within.days
    assert usual.widen_after < usual.answer_target * usual.alarm_share < usual.answer_target


# The clock of a request


async def test_staff_is_told_before_the_answer_is_late(watch):
    await watch.ask(profile("UA"), profile("UO", states=OHIO))
    done = []
    for _ in range(26):
        tended = await watch.after(HOUR)
        while tended is not None:
            done.append((watch.clock.now() - NOW, tended.how))
            tended = await watch.now()
    moments = dict(reversed([(how, since) for since, how in done]))
    assert moments[Tending.WIDENED] == 2 * HOUR
    assert Tending.ALARMED not in moments, "staff had it before: nobody was left to ask"
    assert moments[Tending.OVERDUE] == POLICY.answer_target
    assert (await watch.see()).overdue


async def test_the_alarm_comes_once_while_mentors_are_still_asked(watch):
    slow = replace(POLICY, widen_after=timedelta(hours=10))
    await watch.ask(profile("UA"), profile("UO", states=OHIO), policy=slow)
    done = []
    for _ in range(19):
        tended = await watch.after(HOUR, policy=slow)
        while tended is not None:
            done.append((watch.clock.now() - NOW, tended.how))
            tended = await watch.now(policy=slow)
    assert done == [(10 * HOUR, Tending.WIDENED), (18 * HOUR, Tending.ALARMED)]


async def test_a_weekend_does_not_count(watch):
    office = replace(POLICY, hours=Hours(days=frozenset(range(5))))
    # Wednesday evening before Thanksgiving: two working hours end on Friday morning.
    watch.clock.advance(timedelta(days=2, hours=9, minutes=30))
    await watch.ask(profile("UA"), profile("UO", states=OHIO), policy=office)
    assert (await watch.see()).look_at == datetime(2026, 11, 27, 10, 30, tzinfo=ZoneInfo("America/New_York"))


async def test_a_deadline_hurries_everything(watch):
    await watch.ask(profile("UA"), needed_by=date(2026, 11, 23))
    near = await watch.see()
    assert near.look_at - NOW < POLICY.widen_after
    assert near.hurts_at <= datetime(2026, 11, 24, 0, tzinfo=ZoneInfo("America/New_York"))
    assert near.overdue_at - NOW < POLICY.answer_target


async def test_election_day_is_quiet_but_not_for_somebody_who_feels_unsafe(watch):
    quiet = replace(POLICY, hours=replace(ALWAYS, free=frozenset({date(2026, 11, 23)})))
    await watch.ask(profile("UA"), profile("UE", states=OHIO, topics=FILING), policy=quiet)
    assert await watch.after(POLICY.widen_after, policy=quiet) is None
    midnight = datetime(2026, 11, 24, tzinfo=ZoneInfo("America/New_York"))
    assert (await watch.see()).look_at == midnight + POLICY.widen_after
    await watch.ask(topic="unsafe", policy=quiet)
    assert (await watch.after(POLICY.safety_again, policy=quiet)).how is Tending.REMINDED_STAFF


async def test_filing_week_halves_the_waits_and_doubles_the_waves(watch):
    rush = replace(POLICY, filing_weeks=((date(2026, 11, 23), date(2026, 11, 27)),))
    step = await watch.ask(*(profile(f"U{nth}") for nth in range(9)), policy=rush)
    assert len(step.offers) == 2 * rush.first_wave
    assert step.request.look_at == NOW + rush.widen_after / 2


async def test_who_lets_three_offers_lapse_in_a_row_is_left_alone(watch):
    mentors = [profile("UA"), profile("UO", states=OHIO)]
    for nth in range(1, 4):
        await watch.ask(*(mentors if nth == 1 else ()))
        done = await watch.after(POLICY.widen_after)
        assert done.rested == (("UA",) if nth == 3 else ())
    async with watch.database.reading() as store:
        assert (await store.members.mentor("UA")).away(watch.clock.now())


async def test_an_answer_of_any_kind_starts_the_count_anew(watch):
    mentors = [profile("UA"), profile("UO", states=OHIO)]
    for nth in range(4):
        step = await watch.ask(*(mentors if nth == 0 else ()))
        if nth == 2:
            async with watch.database.transaction() as store:
                await mentoring.pass_on(
                    store.mentoring, step.offers[0].id, by="UA", at=watch.clock.now(), policy=POLICY
                )
        done = await watch.after(POLICY.widen_after)
        assert done.rested == ()


async def test_whoever_leaves_hands_everything_on_at_once(watch):
    await watch.ask(profile("UA"), profile("UB"))
    held = watch.number
    await watch.do("claim", "UA")
    await watch.ask()
    async with watch.database.transaction() as store:
        said, back = await let_go(store.mentoring, "UA", at=watch.clock.now(), policy=POLICY, places=PLACES)
        assert (await store.mentoring.get(held)).status is Status.OPEN
        offers = await store.mentoring.offers(watch.number)
        assert {offer.mentor: offer.state for offer in offers}["UA"] is OfferState.PASSED
    assert back == [held], "what was only offered was never theirs"
    assert f"mentoring:handed_back:{held}:1" in {delivery.key for delivery in said.add}


async def gone(watch):
    async with watch.database.transaction() as store:
        await leaves(store, ASKER, watch.clock.now())


async def test_who_asked_and_left_waits_for_nobody(watch):
    await watch.ask(profile("UA"))
    await gone(watch)
    done = await watch.after(timedelta())
    assert done.how is Tending.ASKER_LEFT
    assert (done.step.request.status, done.step.request.look_at) == (Status.CLOSED, None)
    said = notices.tended(done, (), PLACES)
    assert not said.add
    assert not {"mentoring:receipt:1", ASKER} & {*said.refresh, *said.homes}


async def test_a_holder_is_told_that_the_asker_left(watch):
    await watch.ask(profile("UA"))
    await watch.do("claim", "UA")
    await gone(watch)
    done = await watch.after(timedelta())
    assert [(each.to, each.render) for each in notices.tended(done, (), PLACES).add] == [
        ("UA", "mentoring.asker_left")
    ]


async def test_staff_keeps_the_report_of_somebody_who_felt_unsafe_and_left(watch):
    await watch.ask(topic="unsafe")
    await gone(watch)
    await watch.after(timedelta())
    async with watch.database.reading() as store:
        assert (await store.mentoring.get(watch.number)).status is Status.OPEN
