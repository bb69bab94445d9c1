"""Who is in an announcement, and what is done to all of its messages at once, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from community import announcements as rules
from community.announcements_audience import Audience, By, Left
from community.announcements_book import AlreadyConfirmed, AlreadyEnded, AudienceChanged, Rules, Status, Words
from community.announcements_text import plain
from community.announcements_times import When
from community.deliveries import Kind, Lane, State
from community.members import MentorProfile
from storage.announcements_audience import CRITERIA, UnknownCriterion, chosen, gets_it, reach
from storage.announcements_sending import message_key
from storage.tables import (
    announcement_people,
    announcement_texts,
    deliveries,
    enrolments,
    event_sign_ups,
    members,
)
from tests.community.cast import HOUR
from tests.community.test_events import event

ME = "U0SUE"
EASY = Rules(approval_above=100_000)

PEOPLE = [
    # id, roles, state, stage
    ("U1CAN", "candidate", "VA", "filed"),
    ("U2NEW", "candidate", None, None),
    ("U3MEN", "candidate mentor", None, None),
    ("U4BOTH", "candidate mentor", "OH", "exploring"),
    ("U5STAFF", "candidate staff", None, None),
]


@pytest.fixture
async def town(database, clock):
    at = clock.now()
    async with database.transaction() as store:
        for user, roles, state, stage in PEOPLE:
            await store.members.meet(user, at=at)
            await store.members.describe(user, name=user, roles=roles, state=state, stage=stage)
        for user, states in (("U3MEN", {"VA", "NC"}), ("U4BOTH", {"WY"})):
            profile = MentorProfile(user=user, states=frozenset(states), approved_at=at, approved_by=ME)
            await store.members.save_mentor(profile)
    return database


async def who(database, audience, criteria=CRITERIA):
    async with database.reading() as store:
        found = await store.connection.execute(
            select(members.c.id).where(chosen(audience, criteria), gets_it()).order_by(members.c.id)
        )
        counted = await reach(store.connection, audience, criteria)
        names = list(found.scalars())
        assert counted.total == len(names)
        return [name[:2] for name in names]


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ({}, ["U1", "U2", "U3", "U4", "U5"]),
        ({By.ROLE: {"mentor"}}, ["U3", "U4"]),
        ({By.ROLE: {"staff"}}, ["U5"]),
        # A mentor who says nothing of a campaign of their own is no candidate.
        ({By.ROLE: {"candidate"}}, ["U1", "U2", "U4"]),
        ({By.ROLE: {"candidate", "staff"}}, ["U1", "U2", "U4", "U5"]),
        ({By.STATE: {"VA"}}, ["U1", "U3"]),
        ({By.STATE: {"VA"}, By.ROLE: {"candidate"}}, ["U1"]),
        ({By.STATE: {"VA"}, By.ROLE: {"mentor"}}, ["U3"]),
        ({By.STATE: {"OH"}, By.ROLE: {"mentor"}}, []),
        ({By.STATE: {"OH", "VA"}}, ["U1", "U3", "U4"]),
        ({By.STAGE: {"filed", "exploring"}}, ["U1", "U4"]),
        ({By.STAGE: {"filed"}, By.STATE: {"OH"}}, []),
        ({By.STATE: {"%"}}, []),
    ],
)
async def test_people_are_chosen_by_role_state_and_stage(town, people, expected):
    assert await who(town, Audience.of(people)) == expected


async def test_people_are_chosen_by_where_they_stand_on_the_first_seven_days(town, clock):
    rows = [("U1CAN", "active"), ("U2NEW", "finished"), ("U3MEN", "waiting")]
    async with town.transaction() as store:
        for user, standing in rows:
            await store.connection.execute(
                insert(enrolments).values(
                    journey="first-week",
                    user=user,
                    standing=standing,
                    came="home",
                    round=1,
                    day=1,
                    zone="America/New_York",
                    started_at=clock.now(),
                )
            )
    assert await who(town, Audience.of({By.JOURNEY: {"active"}})) == ["U1"]
    assert await who(town, Audience.of({By.JOURNEY: {"active", "finished"}})) == ["U1", "U2"]
    assert await who(town, Audience.of({By.JOURNEY: {"never"}})) == ["U3", "U4", "U5"]


async def test_people_are_chosen_by_the_chat_they_have_a_seat_at(town, clock):
    at = clock.now()
    async with town.transaction() as store:
        chats = [
            await store.events.add(
                event(title=title, starts_at=at + later, ends_at=at + later + HOUR, uid=title)
            )
            for title, later in (("Budgets", HOUR), ("Doors", 2 * HOUR))
        ]
        for user, standing in (
            ("U1CAN", "going"),
            ("U2NEW", "waiting"),
            ("U3MEN", "gone"),
            ("U4BOTH", "speaking"),
        ):
            await store.connection.execute(
                insert(event_sign_ups).values(
                    event=chats[0].id,
                    user=user,
                    standing=standing,
                    zone="America/New_York",
                    since=at,
                    times=1,
                    plan=0,
                )
            )
        offered = await store.announcements.choices()
        assert [choice.label for choice in offered[By.EVENT]] == [
            "Nov 23, 2026: Doors",
            "Nov 23, 2026: Budgets",
        ]
    assert await who(town, Audience.of({By.EVENT: {str(chats[0].id)}})) == ["U1", "U4"]
    assert await who(town, Audience.of({By.EVENT: {str(chats[1].id)}})) == []
    assert await who(town, Audience.of({By.EVENT: {"nonsense"}})) == []


async def test_a_criterion_that_nobody_knows_means_nobody(town):
    with pytest.raises(UnknownCriterion):
        await who(town, Audience.of({By.EVENT: {"1"}}), {By.ROLE: CRITERIA[By.ROLE]})


async def test_who_left_is_a_guest_or_wants_none_is_counted_once_and_left_out(town, clock):
    at = clock.now()
    async with town.transaction() as store:
        await store.members.describe("U1CAN", left_at=at, guest=True)
        await store.members.describe("U2NEW", guest=True)
        for user in ("U2NEW", "U3MEN"):
            await store.announcements.mute(user, muted=True, at=at)
            await store.announcements.mute(user, muted=True, at=at)
        found = await store.announcements.reach(Audience())
        assert found.left_out == {Left.LEFT: 1, Left.GUEST: 1, Left.MUTED: 1}
        assert found.total == 2
        assert found.first == ("U4BOTH", "U5STAFF")
        await store.announcements.mute("U3MEN", muted=False, at=at)
        assert (await store.announcements.reach(Audience())).total == 3


# On its way


async def confirmed(store, at, *, rules_=EASY, audience=None, when=None):
    book = store.announcements
    draft = await rules.write(book, None, Words(text=plain("Hello")), by=ME, at=at)
    zone = "America/New_York"
    draft = await rules.aim(
        book, draft.id, audience=audience or Audience(), when=when or When(zone=zone), by=ME
    )
    seen = (await book.reach(draft.audience)).total
    return await rules.confirm(book, draft.id, seen=seen, by=ME, rules=rules_, at=at)


async def owed(store):
    found = await store.connection.execute(select(deliveries).order_by(deliveries.c.id))
    return list(found)


async def mark(store, number, state, *people, **more):
    keys = [message_key(number, user) for user in people]
    await store.connection.execute(
        update(deliveries).where(deliveries.c.key.in_(keys)).values(state=state, **more)
    )


async def test_it_is_owed_to_each_in_bulk_with_its_text_kept_once(town, clock):
    async with town.transaction() as store:
        one = await confirmed(store, clock.now())
        rows = await owed(store)
        texts = await store.connection.scalar(select(func.count()).select_from(announcement_texts))
        assert store.rings
    assert one.status is Status.READY
    assert [row.to for row in rows] == [user for user, *_ in PEOPLE]
    assert {row.lane for row in rows} == {Lane.BULK}
    assert {row.payload for row in rows} == {None}
    assert {row.about["user"] for row in rows} == {row.to for row in rows}
    assert {row.about["announcement"] for row in rows} == {one.id}
    assert len({row.opaque for row in rows}) == len(rows)
    assert {row.due_at - clock.now() for row in rows} == {timedelta(minutes=2)}
    assert texts == 1


async def test_each_zone_has_its_own_moment_and_its_own_night(town, clock):
    async with town.transaction() as store:
        await store.members.describe("U1CAN", zone="Pacific/Honolulu")
        await store.members.describe("U2NEW", zone="Nowhere/Land")
        await confirmed(store, clock.now())
        rows = {row.to: row for row in await owed(store)}
    assert rows["U1CAN"].due_at.isoformat() == "2026-11-23T18:00:00+00:00"
    assert rows["U1CAN"].expires_at.isoformat() == "2026-11-24T07:00:00+00:00"
    assert rows["U2NEW"].due_at == rows["U3MEN"].due_at
    assert rows["U3MEN"].expires_at.isoformat() == "2026-11-24T02:00:00+00:00"


async def test_who_is_in_it_is_fixed_when_it_is_confirmed(town, clock):
    async with town.transaction() as store:
        one = await confirmed(store, clock.now(), rules_=Rules(approval_above=2))
        assert one.status is Status.WAITING
        assert await owed(store) == []
        await store.members.meet("U9LATE", at=clock.now())
        await rules.approve(store.announcements, one.id, by="U0TOM", at=clock.now())
        assert "U9LATE" not in {row.to for row in await owed(store)}
        people = await store.connection.scalar(select(func.count()).select_from(announcement_people))
        assert people == len(PEOPLE)


async def test_what_staff_saw_is_what_is_sent_and_only_once(town, clock):
    async with town.transaction() as store:
        book, at = store.announcements, clock.now()
        draft = await rules.write(book, None, Words(text=plain("Hello")), by=ME, at=at)
        with pytest.raises(AudienceChanged) as refused:
            await rules.confirm(book, draft.id, seen=4, by=ME, rules=EASY, at=at)
        assert refused.value.total == 5
        await rules.confirm(book, draft.id, seen=5, by=ME, rules=EASY, at=at)
        with pytest.raises(AlreadyConfirmed):
            await rules.confirm(book, draft.id, seen=5, by=ME, rules=EASY, at=at)
        assert len(await owed(store)) == 5


async def test_a_stop_takes_back_what_has_not_left_and_nothing_else(town, clock):
    async with town.transaction() as store:
        one = await confirmed(store, clock.now())
        clock.advance(timedelta(minutes=3))
        at = clock.now()
        await mark(store, one.id, State.SENT, "U1CAN", ts="1.1", channel="D1", ended_at=at)
        await mark(store, one.id, State.SENDING, "U2NEW", attempts=1, check_at=at)
        await mark(store, one.id, State.EXPIRED, "U3MEN", ended_at=at)
        stopped = await rules.cancel(store.announcements, one.id, by="U0TOM", at=at)
        rows = {row.to: row for row in await owed(store)}
        tally = await store.announcements.tally(stopped, at=at)
        assert stopped.started_at is not None
        assert rows["U1CAN"].state == State.SENT
        assert (rows["U2NEW"].state, rows["U2NEW"].cancelled_at) == (State.SENDING, at)
        assert {rows[user].state for user in ("U3MEN", "U4BOTH", "U5STAFF")} == {State.CANCELLED}
        assert (tally.sent, tally.stopped, tally.waiting) == (1, 3, 1)
        with pytest.raises(AlreadyEnded):
            await rules.cancel(store.announcements, one.id, by="U0TOM", at=at)


async def test_an_edit_updates_what_arrived_once_however_often_it_is_edited(town, clock):
    async with town.transaction() as store:
        one = await confirmed(store, clock.now())
        clock.advance(timedelta(minutes=3))
        at = clock.now()
        await mark(store, one.id, State.SENT, "U1CAN", "U2NEW", ts="1.1", channel="D1", ended_at=at)
        await mark(store, one.id, State.DEAD, "U3MEN", reason="account_inactive", ended_at=at)
        for base, said in enumerate(("Second", "Third"), start=1):
            words = Words(text=plain(said))
            one = await rules.edit(
                store.announcements, one.id, words, base=base, by="U0TOM", rules=EASY, at=at
            )
        updates = [row for row in await owed(store) if row.kind == Kind.UPDATE]
        assert [row.after for row in updates] == [message_key(one.id, "U1CAN"), message_key(one.id, "U2NEW")]
        assert {row.state for row in updates} == {State.PENDING}
        assert {row.lane for row in updates} == {Lane.BULK}
        assert (await store.announcements.words(one)).text[0]["elements"][0]["text"] == "Third"
        assert (await store.announcements.tally(one, at=at)).changing == 2
        assert one.busy


async def test_taking_back_deletes_what_arrived_or_may_have_and_stops_the_rest(town, clock):
    async with town.transaction() as store:
        one = await confirmed(store, clock.now())
        clock.advance(timedelta(minutes=3))
        at = clock.now()
        await mark(store, one.id, State.SENT, "U1CAN", ts="1.1", channel="D1", ended_at=at)
        await mark(store, one.id, State.PARKED, "U2NEW")
        edited = await rules.edit(
            store.announcements, one.id, Words(text=plain("New")), base=1, by=ME, rules=EASY, at=at
        )
        gone = await rules.take_back(store.announcements, edited.id, by=ME, at=at)
        rows = await owed(store)
        deleting = [row for row in rows if row.kind == Kind.DELETE]
        assert [row.after[-5:] for row in deleting] == ["U1CAN", "U2NEW"]
        assert {row.state for row in rows if row.kind == Kind.UPDATE} == {State.CANCELLED}
        posts = {row.to: row.state for row in rows if row.kind == Kind.POST}
        assert posts["U5STAFF"] == State.CANCELLED
        assert (await store.announcements.tally(gone, at=at)).going == 2
        with pytest.raises(AlreadyEnded):
            await rules.take_back(store.announcements, one.id, by=ME, at=at)


async def test_what_failed_is_owed_again_and_counted_by_its_reason(town, clock):
    async with town.transaction() as store:
        one = await confirmed(store, clock.now())
        clock.advance(timedelta(minutes=3))
        at = clock.now()
        await mark(store, one.id, State.SENT, "U1CAN", "U2NEW", ts="1.1", channel="D1", ended_at=at)
        await mark(store, one.id, State.DEAD, "U3MEN", "U4BOTH", reason="restricted_action", ended_at=at)
        await mark(store, one.id, State.CANCELLED, "U5STAFF", reason="nothing_to_say", ended_at=at)
        tally = await store.announcements.tally(one, at=at)
        assert (tally.sent, tally.failed, tally.withheld) == (2, {"restricted_action": 2}, 1)
        again = await rules.retry(store.announcements, one.id, at=at)
        tally = await store.announcements.tally(again, at=at)
        assert (tally.sent, tally.refused, tally.waiting) == (2, 0, 2)
        assert again.status is Status.SENDING


async def test_presses_and_replies_are_counted_by_person_and_a_reply_finds_its_announcement(town, clock):
    async with town.transaction() as store:
        book, at = store.announcements, clock.now()
        one = await confirmed(store, at)
        await mark(store, one.id, State.SENT, "U1CAN", ts="17.5", channel="D1", ended_at=at)
        for _ in range(2):
            await book.pressed(one.id, "U1CAN", at=at)
        await book.pressed(one.id, "U2NEW", at=at)
        await book.pressed(999, "U2NEW", at=at)
        found = await book.answered("U1CAN", "D1", "17.5")
        assert found is not None
        assert await book.answered("U2NEW", "D1", "17.5") is None
        assert await book.answered("U1CAN", "D1", "17.6") is None
        await book.replied(found.id, "U1CAN", at=at)
        tally = await book.tally(one, at=at)
        assert (tally.pressed, tally.presses, tally.replied, tally.replies) == (2, 3, 1, 1)


async def test_a_declined_one_is_a_draft_again_and_can_be_thrown_away(town, clock):
    async with town.transaction() as store:
        book, at = store.announcements, clock.now()
        one = await confirmed(store, at, rules_=Rules(approval_above=0))
        back = await rules.decline(book, one.id, by="U0TOM", at=at)
        assert back.status is Status.DRAFT
        assert (await book.draft_of(ME)).id == one.id
        await rules.discard(book, one.id, by=ME)
        assert await book.get(one.id) is None
        assert await owed(store) == []
