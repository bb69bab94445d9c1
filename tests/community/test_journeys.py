"""The rules of a journey: when lessons come, which step aside, and what people can do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community import journeys
from community import journeys_times as times
from community.deliveries import State
from community.journeys_moves import Due, advance, recall_waits, recalls, stuck, went_quiet
from community.journeys_steps import (
    Came,
    Enrolment,
    HasLeft,
    Journey,
    JourneyOver,
    JourneyStopped,
    NotOnJourney,
    Progress,
    Standing,
    Step,
    StepState,
)
from community.members import Stage
from community.refusals import Incomplete, NotAllowed, NotFound
from storage.members import Account
from tests.community.cast import ASKER, NOW, STAFF, STRANGER, leaves, profile, settle

ZONES = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Phoenix",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "America/Adak",
    "Pacific/Guam",
]
zones = st.sampled_from(ZONES)
# Both days on which the clocks change in 2027 (March 14, November 7), with two weeks around each.
around_changes = st.one_of(
    st.datetimes(datetime(2027, 3, 1), datetime(2027, 3, 28), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2027, 10, 25), datetime(2027, 11, 21), timezones=st.just(UTC)),  # noqa: DTZ001
)
WEEK = Journey(
    "week",
    tuple(
        Step(day, f"lesson{day}", frozenset({Stage.EXPLORING, Stage.DECIDED}) if day == 2 else frozenset())
        for day in range(1, 8)
    ),
)


def enrolment(**changes):
    """Somebody who has just begun."""
    usual = Enrolment(
        id=1,
        journey="week",
        user=ASKER,
        standing=Standing.ACTIVE,
        came=Came.WORKSPACE,
        started_at=NOW,
        next_at=NOW,
    )
    return replace(usual, **changes)


def step(**changes):
    """A lesson that arrived."""
    usual = Progress(id=5, enrolment=1, round=1, day=1, lesson="lesson1", state=StepState.SENT)
    return replace(usual, **changes)


def due(known, *, stage=None, left=False, last=None, delivery=None):
    return Due(enrolment=known, zone=known.zone, stage=stage, left=left, last=last, delivery=delivery)


def wall(moment, zone):
    return moment.astimezone(ZoneInfo(zone))


# When


@given(around_changes, zones)
def test_the_next_morning_is_nine_on_the_wall_of_the_day_after(now, zone):
    after = wall(times.next_morning(now, zone), zone)
    assert (after.hour, after.minute) == (9, 0)
    assert after.date() == wall(now, zone).date() + timedelta(days=1)


@given(around_changes, zones)
def test_day_one_comes_at_once_by_day_and_in_the_morning_by_night(joined, zone):
    here, comes = wall(joined, zone), times.first_due(joined, zone)
    there = wall(comes, zone)
    if time(8) <= here.time() < time(21):
        assert comes == joined
    else:
        assert (there.hour, there.minute) == (9, 0)
        assert timedelta() < comes - joined < timedelta(hours=14)


@given(around_changes, zones, st.booleans(), st.integers(0, 100))
def test_nothing_goes_at_night_or_twice_a_day_however_late(now, zone, first, hours_ago):
    last = now - timedelta(hours=hours_ago) if hours_ago else None
    waits = times.not_before(now, zone, first=first, last_sent_at=last)
    moment = waits or now
    there = wall(moment, zone)
    assert moment >= now
    assert time(8) <= there.time() < time(21)
    assert first or there.time() >= time(9)
    assert last is None or wall(last, zone).date() < there.date()
    assert times.not_before(moment, zone, first=first, last_sent_at=last) is None


@given(around_changes, zones)
def test_a_recall_comes_two_days_later_in_the_afternoon(sent, zone):
    comes = wall(times.recall_at(sent, zone), zone)
    assert (comes.hour, comes.date()) == (17, wall(sent, zone).date() + timedelta(days=2))


@given(st.dates(date(2027, 1, 1), date(2027, 12, 31)), st.times(), zones)
def test_a_time_that_is_leapt_over_moves_forward_and_of_two_the_first_counts(day, at, zone):
    moment = times.moment_at(day, at, zone)
    there = wall(moment, zone)
    wanted = datetime.combine(day, at)
    shown = there.replace(tzinfo=None)
    assert shown == wanted or timedelta() < shown - wanted <= timedelta(hours=1)
    assert shown != wanted or there.fold == 0


def test_the_two_days_on_which_new_yorks_clocks_change():
    zone = "America/New_York"
    assert wall(times.moment_at(date(2027, 3, 14), time(2, 30), zone), zone).hour == 3
    assert times.moment_at(date(2027, 11, 7), time(1, 30), zone) == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
    before = datetime(2027, 3, 13, 14, 0, tzinfo=UTC)
    assert times.next_morning(before, zone) - before == timedelta(hours=23)
    before = datetime(2027, 11, 6, 13, 0, tzinfo=UTC)
    assert times.next_morning(before, zone) - before == timedelta(hours=25)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc", "America"])
def test_a_zone_that_nobody_knows_stops_nothing(zone):
    assert wall(times.next_morning(NOW, zone), "America/New_York").hour == 9


# What time does


@given(around_changes, zones, st.lists(st.integers(1, 70), min_size=1, max_size=30))
def test_however_the_app_sleeps_each_day_comes_once_in_order_one_a_day(joined, zone, gaps):
    """The app looks now and then only, hours or days apart; what it sends arrives at once."""
    known = enrolment(zone=zone, next_at=times.first_due(joined, zone))
    now, sent, last = joined, [], None
    for gap in [0, *gaps, *[9] * 60]:
        now += timedelta(hours=gap)
        if known.standing is not Standing.ACTIVE or known.next_at > now:
            continue
        move = advance(WEEK, due(known, last=last), now)
        known = move.after
        if move.queue is not None:
            sent.append((move.queue.day, wall(now, zone)))
            known = replace(
                known,
                last_sent_at=now,
                next_at=times.this_or_next_morning(now, zone, last_sent_at=now),
            )
            last = step(day=move.queue.day)
    assert [day for day, _ in sent] == list(range(1, len(sent) + 1))
    assert len({there.date() for _, there in sent}) == len(sent)
    assert all(time(8) <= there.time() < time(21) for _, there in sent)
    assert known.standing is Standing.FINISHED or sent[-1][0] < 8


@pytest.mark.parametrize(
    ("stage", "days"), [(None, 2), (Stage.EXPLORING, 2), (Stage.FILED, 3), (Stage.AFTER, 3)]
)
def test_a_stage_makes_a_lesson_step_aside(stage, days):
    noon = NOW + timedelta(days=1)
    known = enrolment(day=1, last_sent_at=NOW)
    move = advance(WEEK, due(known, stage=stage, last=step()), noon)
    assert move.queue.day == days
    assert [each.day for each in move.aside] == ([2] if days == 3 else [])
    assert move.stage == stage


def test_after_the_last_day_it_is_finished():
    known = enrolment(day=7, last_sent_at=NOW)
    move = advance(WEEK, due(known, last=step(day=7)), NOW + timedelta(days=1))
    assert move.queue is None
    assert (move.after.standing, move.after.next_at) == (Standing.FINISHED, None)


def test_who_has_left_gets_nothing():
    move = advance(WEEK, due(enrolment(), left=True), NOW)
    assert (move.after.standing, move.after.reason, move.queue) == (Standing.STOPPED, "left", None)


@pytest.mark.parametrize("where", list(State))
def test_a_lesson_that_was_on_its_way_is_neither_lost_nor_doubled(where):
    morning = NOW + timedelta(days=1)
    queued = step(day=3, state=StepState.QUEUED)
    move = advance(WEEK, due(enrolment(day=3), last=queued, delivery=where), morning)
    if where in {State.PENDING, State.RESERVED, State.SENDING}:
        assert (move.queue, move.again, move.after.day) == (None, None, 3)
        assert move.after.next_at > morning
    elif where in {State.PARKED, State.SENT}:
        assert (move.queue.day, move.unclear, move.again) == (4, queued, None)
    else:
        assert (move.queue, move.again, move.after.day) == (None, queued, 3)


def test_a_task_is_recalled_only_while_nothing_stops_it():
    assert recalls(enrolment(), step())
    assert recalls(enrolment(standing=Standing.FINISHED), step())
    for no in (Standing.PAUSED, Standing.STOPPED):
        assert not recalls(enrolment(standing=no), step())
    assert not recalls(enrolment(round=2), step())
    for over in (StepState.DONE, StepState.SKIPPED, StepState.QUEUED):
        assert not recalls(enrolment(), step(state=over))


@given(around_changes, zones)
def test_a_recall_never_comes_at_night(now, zone):
    waits = recall_waits(now, zone)
    assert time(8) <= wall(waits or now, zone).time() < time(21)
    assert waits is None or waits > now


def test_quiet_is_who_gave_no_sign_at_the_end():
    through = enrolment(standing=Standing.FINISHED, finished_at=NOW, signs_from=NOW - timedelta(days=3))
    early, late = NOW - timedelta(days=5), NOW - timedelta(days=1)
    assert went_quiet(through, None)
    assert went_quiet(replace(through, heard_at=early), early)
    assert not went_quiet(replace(through, heard_at=late), None)
    assert not went_quiet(through, late)
    assert not went_quiet(enrolment(), None)


def test_stuck_is_who_leaves_two_recalled_tasks_undone():
    recalled = step(reminded_at=NOW)
    assert stuck(enrolment(), [recalled, recalled])
    assert not stuck(enrolment(), [recalled, step()])
    assert not stuck(enrolment(), [recalled, replace(recalled, state=StepState.DONE)])
    assert not stuck(enrolment(standing=Standing.PAUSED), [recalled, recalled])


# What people do


@pytest.fixture
async def store(database):
    """The usual people in a database: asker, staff and stranger, and UA who mentors."""
    async with database.transaction() as opened:
        await settle(opened, profile("UA"))
        yield opened


async def begin(store, user=ASKER, came=Came.WORKSPACE, at=NOW):
    return await journeys.begin(store.journeys, store.members, WEEK, user, came=came, at=at)


async def queue(store, at=NOW):
    """Let what is due be queued; give the steps."""
    found = await store.journeys.due("week", at=at, limit=10)
    sent = await store.journeys.move([advance(WEEK, each, at) for each in found], {}, at=at)
    return [made for _, made in sent]


async def test_begin_is_once(store):
    known, new = await begin(store)
    assert new
    assert known.next_at == NOW
    for came in Came:
        again = await begin(store, came=came, at=NOW + timedelta(days=3))
        assert again == (known, False)


@pytest.mark.parametrize("user", ["UA", STAFF])
async def test_mentors_and_staff_come_to_it_only_by_hand(store, user):
    for came in (Came.WORKSPACE, Came.CHANNEL, Came.HOME):
        assert await begin(store, user, came) is None
    known, new = await begin(store, user, Came.STAFF)
    assert new
    assert known.standing is Standing.ACTIVE


async def test_a_guest_waits_until_they_are_met(store):
    await store.members.learn([Account(id="UG", name="Gus", zone="America/Denver", guest=True)], at=NOW)
    known, new = await begin(store, "UG")
    assert (known.standing, known.reason, new) == (Standing.WAITING, "guest", False)
    assert not await journeys.follow(store.journeys, store.members, WEEK, "UG", at=NOW)
    known, new = await begin(store, "UG", Came.CHANNEL)
    assert (known.standing, known.reason, new) == (Standing.ACTIVE, None, True)


async def test_a_stranger_waits_until_slack_says_who_it_is(store):
    await store.members.meet("UX", at=NOW)
    known, new = await begin(store, "UX", Came.CHANNEL)
    assert (known.standing, known.reason, new) == (Standing.WAITING, "unknown", False)
    await store.members.learn([Account(id="UX", name="Xia", zone="Pacific/Honolulu")], at=NOW)
    assert await journeys.follow(store.journeys, store.members, WEEK, "UX", at=NOW)
    known = await store.journeys.of("week", "UX")
    assert (known.standing, known.zone) == (Standing.ACTIVE, "Pacific/Honolulu")
    assert wall(known.next_at, "Pacific/Honolulu").hour == 9, "it was five in the morning"


async def test_who_left_is_not_started_and_goes_on_when_they_come_back(store):
    await begin(store)
    await leaves(store, ASKER, NOW)
    assert await journeys.follow(store.journeys, store.members, WEEK, ASKER, at=NOW)
    known = await store.journeys.of("week", ASKER)
    assert (known.standing, known.reason, known.next_at) == (Standing.STOPPED, "left", None)
    with pytest.raises(HasLeft):
        await begin(store, came=Came.STAFF)
    assert await begin(store, came=Came.HOME) is None
    await store.members.learn([Account(id=ASKER, name="Ann", zone="America/New_York")], at=NOW)
    assert await journeys.follow(store.journeys, store.members, WEEK, ASKER, at=NOW)
    assert (await store.journeys.of("week", ASKER)).standing is Standing.ACTIVE


async def test_a_lesson_that_arrived_brings_the_next_the_morning_after(store):
    await begin(store)
    (made,) = await queue(store)
    late = NOW + timedelta(hours=3)
    known = await journeys.arrived(store.journeys, made.id, attempt=1, at=late)
    assert known.last_sent_at == late
    assert wall(known.next_at, "America/New_York") == datetime(
        2026, 11, 24, 9, tzinfo=ZoneInfo("America/New_York")
    )
    assert await journeys.arrived(store.journeys, made.id, attempt=1, at=late) is None, "told twice"


async def test_what_is_about_the_person_stops_it_and_what_is_not_is_tried_again(store):
    await begin(store)
    (made,) = await queue(store)
    known = await journeys.refused(store.journeys, made.id, attempt=1, reason="restricted_action", at=NOW)
    assert known.standing is Standing.ACTIVE
    (again,) = await queue(store, known.next_at)
    assert (again.id, again.attempt, again.state) == (made.id, 2, StepState.QUEUED)
    known = await journeys.refused(store.journeys, made.id, attempt=2, reason="user_disabled", at=NOW)
    assert (known.standing, known.reason) == (Standing.STOPPED, "user_disabled")
    with pytest.raises(JourneyStopped):
        await journeys.resume(store.journeys, store.members, WEEK, ASKER, at=NOW)
    known, new = await begin(store, came=Came.STAFF)
    assert (known.standing, new) == (Standing.ACTIVE, True)


async def test_it_is_not_tried_for_ever(store):
    await begin(store)
    at = NOW
    for attempt in (1, 2, 3):
        (made,) = await queue(store, at)
        known = await journeys.refused(
            store.journeys, made.id, attempt=attempt, reason="restricted_action", at=at
        )
        at = known.next_at
    assert known.standing is Standing.STOPPED


async def sent(store):
    await begin(store)
    (made,) = await queue(store)
    await journeys.arrived(store.journeys, made.id, attempt=1, at=NOW)
    return made.id


async def test_done_and_skipped_settle_a_task_once(store):
    number = await sent(store)
    _, now = await journeys.skip(store.journeys, number, by=ASKER, at=NOW)
    assert (now.state, now.remind_at) == (StepState.SKIPPED, None)
    known, now = await journeys.do(store.journeys, number, by=ASKER, at=NOW)
    assert now.state is StepState.DONE
    assert known.heard_at == NOW
    _, now = await journeys.skip(store.journeys, number, by=ASKER, at=NOW)
    assert now.state is StepState.DONE, "what is done stays done"


@pytest.mark.parametrize("verb", [journeys.do, journeys.skip, journeys.touch])
async def test_only_the_person_themselves_settles_it(store, verb):
    number = await sent(store)
    for user in (STRANGER, STAFF, "UA"):
        with pytest.raises(NotAllowed):
            await verb(store.journeys, number, by=user, at=NOW)
    with pytest.raises(NotFound):
        await verb(store.journeys, number + 99, by=ASKER, at=NOW)


async def test_pause_resume_and_restart(store):
    with pytest.raises(NotOnJourney):
        await journeys.pause(store.journeys, WEEK, ASKER, at=NOW)
    await sent(store)
    for _ in range(2):
        known = await journeys.pause(store.journeys, WEEK, ASKER, at=NOW)
        assert (known.standing, known.next_at) == (Standing.PAUSED, None)
    later = NOW + timedelta(days=9)
    for _ in range(2):
        known = await journeys.resume(store.journeys, store.members, WEEK, ASKER, at=later)
        assert known.standing is Standing.ACTIVE
        assert wall(known.next_at, known.zone).hour == 9
        assert known.next_at > later
    known = await journeys.restart(store.journeys, store.members, WEEK, ASKER, at=later)
    assert (known.round, known.day, known.next_at) == (2, 0, later)
    await store.journeys.change(known.id, standing=Standing.FINISHED)
    for verb in (journeys.pause(store.journeys, WEEK, ASKER, at=later),):
        with pytest.raises(JourneyOver):
            await verb
    known = await journeys.restart(store.journeys, store.members, WEEK, ASKER, at=later)
    assert (known.round, known.standing) == (3, Standing.ACTIVE)


async def test_a_restart_on_a_day_that_had_its_lesson_waits_for_the_next(store):
    await sent(store)
    known = await journeys.restart(store.journeys, store.members, WEEK, ASKER, at=NOW)
    assert wall(known.next_at, known.zone).date() == date(2026, 11, 24)


async def test_telling_the_goal_is_the_task_of_day_one(store):
    number = await sent(store)
    known = await journeys.set_goal(store.journeys, WEEK, ASKER, "Win", at=NOW)
    assert known.goal == "Win"
    assert (await store.journeys.step(number))[1].state is StepState.DONE
    assert await journeys.set_goal(store.journeys, WEEK, STRANGER, "Win", at=NOW) is None
    with pytest.raises(Incomplete):
        journeys.check_goal("x" * 301)
    assert journeys.check_goal("  so be it \0") == "so be it"
