"""The rules of events: seats, waiting lists, ladders, times, and what a change makes of them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community import events as rules
from community import events_notices as notices
from community.events_after import next_stage
from community.events_form import Draft, check_draft, draft_of
from community.events_ladder import Rung, ladder, rung_key, rungs
from community.events_terms import (
    AlreadySignedUp,
    Audience,
    Event,
    EventCancelled,
    EventOver,
    Kind,
    NotForYou,
    NotSignedUp,
    SignUp,
    Standing,
    Status,
)
from community.events_times import Oddity, resolve, to_be_told, waking, weekly
from community.journeys_times import local
from community.members import Stage
from community.notices import Places
from community.refusals import Incomplete, NotAllowed, NotFound
from tests.community.cast import HOUR, NOW, STAFF, STRANGER, member, settle

ZONES = ["America/New_York", "America/Chicago", "America/Phoenix", "America/Los_Angeles", "Pacific/Honolulu"]
PLACES = Places(mentors="C0M", staff="C0S", community="C0ALL")
MINUTE = timedelta(minutes=1)
MOMENTS = st.integers(0, 10 * 365 * 24 * 60).map(lambda late: NOW + timedelta(days=1) + late * MINUTE)


def event(**changes):
    usual = Event(
        id=1,
        kind=Kind.CHAT,
        title="Door to door",
        zone="America/New_York",
        starts_at=datetime(2026, 12, 3, 22, 0, tzinfo=UTC),
        ends_at=datetime(2026, 12, 3, 23, 0, tzinfo=UTC),
        link="https://meet.example.org/1",
        by=STAFF,
        created_at=NOW,
    )
    return replace(usual, **changes)


def one(**changes):
    usual = SignUp(id=5, event=1, user="U0ANN", standing=Standing.GOING, zone="America/New_York", since=NOW)
    return replace(usual, **changes)


def draft(**changes):
    usual = Draft(
        kind="chat",
        title="Door to door",
        specialist_name="Rosa Delgado",
        day=date(2026, 12, 3),
        time="17:00",
        zone="America/New_York",
        length="60",
        link="https://meet.example.org/1",
    )
    return replace(usual, **changes)


# Times


@given(st.dates(date(2026, 1, 1), date(2037, 12, 31)), st.times(), st.sampled_from(ZONES))
def test_a_time_that_exists_once_is_kept_and_one_that_does_not_moves_on(day, wall, zone):
    wall = wall.replace(second=0, microsecond=0)
    moment = resolve(day, wall, zone)
    shown = moment.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    wanted = datetime.combine(day, wall)
    if moment.odd is Oddity.GAP:
        assert shown - wanted == HOUR
    else:
        assert shown == wanted
    if moment.odd is Oddity.FOLD:
        assert (moment.at + HOUR).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wanted, (
            "the first of two"
        )


@given(MOMENTS, st.sampled_from(ZONES))
def test_by_day_means_between_eight_and_nine_at_night_there(at, zone):
    told = waking(at, zone)
    assert time(8) <= local(told, zone).time() < time(21)
    assert timedelta() <= told - at <= timedelta(hours=12)


def test_of_what_begins_soon_people_hear_at_any_hour():
    night = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)  # 2 am in New York
    zone = "America/New_York"
    assert to_be_told(night, zone, night + 23 * HOUR) == night
    assert to_be_told(night, zone, night + 23 * HOUR, night + 240 * HOUR) == night, "it was to begin soon"
    assert local(to_be_told(night, zone, night + 25 * HOUR), zone).hour == 8


def test_a_series_has_every_week_up_to_and_including_the_last():
    first = date(2027, 3, 4)
    assert weekly(first, None) == [first]
    assert weekly(first, date(2027, 3, 18)) == [first, date(2027, 3, 11), date(2027, 3, 18)]
    assert weekly(first, date(2027, 3, 17)) == [first, date(2027, 3, 11)]


def test_a_series_over_the_change_of_the_clocks_keeps_its_wall_time():
    made = check_draft(draft(day=date(2027, 3, 7), until=date(2027, 3, 21)), now=NOW)
    assert [local(each.at, "America/New_York").hour for each in made.moments] == [17, 17, 17]
    assert made.moments[1].at - made.moments[0].at == timedelta(days=7) - HOUR


# The form


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"title": " \n "}, {"title": "missing"}),
        ({"title": "x" * 101}, {"title": "too long"}),
        ({"kind": "party"}, {"kind": "unknown"}),
        ({"specialist_name": ""}, {"specialist": "missing"}),
        ({"day": None}, {"day": "missing"}),
        ({"time": "late"}, {"time": "missing"}),
        ({"day": date(2026, 11, 22)}, {"day": "past"}),
        ({"day": date(2026, 11, 23), "time": "09:59"}, {"time": "past"}),
        ({"day": date(2026, 11, 23), "time": "10:00"}, {"time": "past"}),
        ({"zone": "Mars/Olympus"}, {"zone": "unknown"}),
        ({"zone": "../etc"}, {"zone": "unknown"}),
        ({"length": "0"}, {"length": "out of range"}),
        ({"length": "-30"}, {"length": "out of range"}),
        ({"length": "481"}, {"length": "out of range"}),
        ({"length": "١٢"}, {"length": "out of range"}),
        ({"link": ""}, {"link": "missing"}),
        ({"link": "meet.example.org"}, {"link": "no link"}),
        ({"link": "javascript:alert(1)//a.b"}, {"link": "no link"}),
        ({"link": "https://a.example/x|y>"}, {"link": "no link"}),
        ({"link": "https://[::1"}, {"link": "no link"}),
        ({"link": "https://a.example/" + "x" * 1000}, {"link": "too long"}),
        ({"topic": "unsafe"}, {"topic": "unknown"}),
        ({"audience": "state:XX"}, {"audience": "unknown"}),
        ({"audience": "stage:"}, {"audience": "unknown"}),
        ({"capacity": "0"}, {"capacity": "out of range"}),
        ({"capacity": "10001"}, {"capacity": "out of range"}),
        ({"until": date(2026, 12, 2)}, {"until": "before"}),
        ({"until": date(2026, 12, 9)}, {"until": "too soon"}),
        ({"until": date(2028, 12, 9)}, {"until": "too far"}),
        ({"title": "", "link": "", "day": None}, {"title": "missing", "link": "missing", "day": "missing"}),
    ],
    ids=str,
)
def test_every_complaint_stands_at_its_field(changes, problems):
    with pytest.raises(Incomplete) as refused:
        check_draft(draft(**changes), now=NOW)
    assert refused.value.problems == problems


def test_an_event_in_the_form_and_out_again_is_the_same():
    before = event(audience=Audience(stage=Stage.FILED), capacity=7, specialist_name="Rosa Delgado")
    checked = check_draft(draft_of(before), now=NOW, before=before)
    assert checked.moments[0].at == before.starts_at
    assert checked.length == before.ends_at - before.starts_at
    assert {name: getattr(before, name) for name in checked.fields} == dict(checked.fields)


def test_what_has_begun_can_be_edited_but_not_moved_into_the_past():
    begun = event(starts_at=NOW - HOUR / 2, ends_at=NOW + HOUR / 2, specialist_name="Rosa Delgado")
    check_draft(draft_of(begun), now=NOW, before=begun)
    with pytest.raises(Incomplete):
        check_draft(replace(draft_of(begun), time="09:15"), now=NOW, before=begun)


def test_nobody_takes_seats_from_who_has_one():
    with pytest.raises(Incomplete) as refused:
        check_draft(draft(capacity="3"), now=NOW, before=event(taken=4))
    assert refused.value.problems == {"capacity": "below"}


# The ladder


@given(
    MOMENTS,
    st.sampled_from(ZONES),
    st.integers(5, 480),
)
def test_the_ladder_is_in_order_and_never_wakes_anybody_for_what_can_wait(begins, zone, minutes):
    found = {
        due.rung: due
        for due in rungs(event(starts_at=begins, ends_at=begins + minutes * MINUTE), one(zone=zone))
    }
    assert list(found) == [Rung.DAY, Rung.HOUR, Rung.START, Rung.AFTER]
    day = local(found[Rung.DAY].at, zone)
    assert (day.hour, day.minute) == (11, 0)
    assert day.date() == local(begins, zone).date() - timedelta(days=1)
    assert found[Rung.HOUR].at == begins - HOUR
    assert found[Rung.START].at == begins
    assert time(8) <= local(found[Rung.AFTER].at, zone).time() < time(21)
    assert all(due.at < due.until for due in found.values())


def test_who_signs_up_late_gets_only_what_is_still_to_come():
    begins = event().starts_at
    assert [each.render for each in ladder(event(), one(), at=begins - 2 * HOUR)] == [
        "events.hour_before",
        "events.start",
        "events.after",
    ]
    assert [each.render for each in ladder(event(), one(), at=begins - MINUTE)] == [
        "events.start",
        "events.after",
    ]
    assert [each.render for each in ladder(event(), one(), at=begins + MINUTE)] == ["events.after"]


def test_who_waits_and_who_is_gone_is_not_reminded_and_the_specialist_gets_the_list():
    assert ladder(event(), one(standing=Standing.WAITING), at=NOW) == []
    assert ladder(event(), one(standing=Standing.GONE), at=NOW) == []
    assert ladder(event(status=Status.CANCELLED), one(), at=NOW) == []
    speaks = ladder(event(), one(standing=Standing.SPEAKING), at=NOW)
    assert [each.render for each in speaks] == ["events.day_before", "events.questions", "events.start"]
    assert event().starts_at - speaks[1].due_at == timedelta(minutes=30)


def test_a_move_repeats_nothing_that_was_just_said_and_loses_nothing_that_was_due():
    begins = event().starts_at
    moved = event(starts_at=begins + HOUR, ends_at=begins + 2 * HOUR)
    again = one(plan=2)
    at = begins - HOUR / 2
    after = ladder(moved, again, at=at, hour_sent_at=begins - HOUR)
    assert "events.hour_before" not in [each.render for each in after], "it came half an hour ago"
    late = ladder(event(), again, at=begins - HOUR, unsent={rung_key(Rung.HOUR, 5, 1)})
    assert late[0].render == "events.hour_before"
    assert late[0].due_at == begins - HOUR, "it was due at this very moment and had not gone out"


# Seats


async def scheduled(store, **changes):
    await settle(store)
    (made,) = await rules.schedule(
        store.events, store.members, check_draft(draft(**changes), now=NOW), by=STAFF, at=NOW
    )
    return made


async def test_only_staff_schedules_edits_and_cancels(database):
    async with database.transaction() as store:
        made = await scheduled(store)
        checked = check_draft(draft(title="Another"), now=NOW)
        with pytest.raises(NotAllowed):
            await rules.schedule(store.events, store.members, checked, by=STRANGER, at=NOW)
        with pytest.raises(NotAllowed):
            await rules.edit(store.events, store.members, made.id, checked, by=STRANGER, at=NOW)
        with pytest.raises(NotAllowed):
            await rules.cancel(store.events, store.members, made.id, by=STRANGER, at=NOW)


async def test_nobody_has_two_seats_and_nobody_gives_back_somebody_elses(database):
    async with database.transaction() as store:
        made = await scheduled(store)
        step = await rules.sign_up(store.events, store.members, made.id, by="U0ANN", at=NOW)
        with pytest.raises(AlreadySignedUp):
            await rules.sign_up(store.events, store.members, made.id, by="U0ANN", at=NOW)
        with pytest.raises(NotAllowed):
            await rules.leave(store.events, step.one.id, by="U0BOB", at=NOW)
        await rules.leave(store.events, step.one.id, by="U0ANN", at=NOW)
        with pytest.raises(NotSignedUp):
            await rules.leave(store.events, step.one.id, by="U0ANN", at=NOW)
        again = await rules.sign_up(store.events, store.members, made.id, by="U0ANN", at=NOW)
        assert (again.one.id, again.one.times, again.one.plan) == (step.one.id, 2, 2)
        with pytest.raises(NotFound):
            await rules.sign_up(store.events, store.members, 77, by="U0ANN", at=NOW)


async def test_what_is_over_or_cancelled_takes_nobody(database):
    async with database.transaction() as store:
        made = await scheduled(store)
        with pytest.raises(EventOver):
            await rules.sign_up(store.events, store.members, made.id, by="U0ANN", at=made.ends_at)
        await rules.cancel(store.events, store.members, made.id, by=STAFF, at=NOW)
        with pytest.raises(EventCancelled):
            await rules.sign_up(store.events, store.members, made.id, by="U0ANN", at=NOW)


def test_an_audience_admits_its_people_and_staff():
    virginia, filed = Audience(state="VA"), Audience(stage=Stage.FILED)
    assert virginia.admits(member(state="VA"))
    assert not virginia.admits(member(state="OH"))
    assert not virginia.admits(member(state=None))
    assert filed.admits(member(stage=Stage.FILED))
    assert not filed.admits(member(stage=None))
    assert Audience().admits(member(state=None))
    for each in (virginia, filed, Audience()):
        assert Audience.read(each.key) == each


async def test_an_audience_is_kept_to_at_the_moment_of_signing_up(database):
    async with database.transaction() as store:
        made = await scheduled(store, audience="state:VA")
        await store.members.describe(STRANGER, state="OH")
        with pytest.raises(NotForYou):
            await rules.sign_up(store.events, store.members, made.id, by=STRANGER, at=NOW)
        await store.members.describe(STRANGER, state="VA")
        await rules.sign_up(store.events, store.members, made.id, by=STRANGER, at=NOW)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_people_do_no_seat_is_sold_twice_and_none_is_empty_while_somebody_waits(
    database, seed
):
    rng = random.Random(seed)
    people = [f"U0P{number:02}" for number in range(14)]
    waited: list[str] = []
    async with database.transaction() as store:
        made = await scheduled(store, capacity="4")
    for minute in range(120):
        at = NOW + minute * MINUTE
        who = rng.choice(people)
        async with database.transaction() as store:
            known = await store.events.of(made.id, who)
            standing = known.standing if known else Standing.GONE
            act = rng.random()
            if act < 0.1:
                now = await store.events.get(made.id)
                seats = str(max(now.taken, rng.randint(1, 8)))
                checked = check_draft(draft(capacity=seats), now=NOW, before=now)
                (change,) = await rules.edit(store.events, store.members, made.id, checked, by=STAFF, at=at)
                moved = [each.user for each in change.moved_up]
                await store.tell(await notices.changed(store.events, change, PLACES, at=at), at=at)
            elif standing is Standing.GONE:
                step = await rules.sign_up(store.events, store.members, made.id, by=who, at=at)
                await store.tell(notices.signed_up(step, at=at), at=at)
                moved = []
                if step.one.standing is Standing.WAITING:
                    waited.append(who)
            else:
                step = await rules.leave(store.events, known.id, by=who, at=at)
                await store.tell(await notices.left(store.events, step, at=at), at=at)
                moved = [each.user for each in step.moved_up]
                if standing is Standing.WAITING:
                    waited.remove(who)
            assert moved == waited[: len(moved)], "who waited longest is first"
            del waited[: len(moved)]
            now = await store.events.get(made.id)
            going = await store.events.count(made.id, Standing.GOING)
            assert now.taken == going <= now.capacity
            assert going == now.capacity or not waited
            listed = await store.events.sign_ups(made.id, {Standing.WAITING})
            assert [each.user for each in listed] == waited
            assert [await store.events.place(each) for each in listed] == list(range(1, len(waited) + 1))
    # Whoever is in has exactly one plan that waits to be sent, and nobody else has any.
    async with database.reading() as store:
        for each in await store.events.sign_ups(made.id, frozenset(Standing)):
            keys = [rung_key(rung, each.id, plan) for rung in Rung for plan in range(1, each.plan + 1)]
            unsent = await store.events.unsent(keys)
            expected = {rung_key(due.rung, each.id, each.plan) for due in rungs(now, each)}
            assert unsent == expected, each


# After


def test_an_intro_call_leads_to_a_decision_and_no_further():
    assert next_stage(None) is Stage.EXPLORING
    assert next_stage(Stage.EXPLORING) is Stage.DECIDED
    assert [next_stage(stage) for stage in (Stage.DECIDED, Stage.FILED, Stage.CAMPAIGNING, Stage.AFTER)] == [
        None
    ] * 4
