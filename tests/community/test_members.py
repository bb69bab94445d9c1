"""Mentors sign up, staff decide once, and who is away is left alone: on real databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from community import members
from community.members import CAPACITY_MOST, AlreadyDecided, MentorProfile, Role
from community.offices import Office
from community.refusals import Incomplete, NotAllowed, NotFound
from community.topics import Topic
from storage.members import Account
from tests.community.cast import ASKER, NOW, STAFF, STRANGER, leaves, member, profile, settle

LATER = NOW + timedelta(hours=1)
OTHER_STAFF = "U0STAFF2"
WISH = MentorProfile(user="UA", states=frozenset({"VA"}), capacity=2)


@pytest.fixture
async def people(database):
    """Do something with the people in a transaction: people(verb, …)."""
    async with database.transaction() as store:
        await settle(store)
        await store.members.learn([Account(id=OTHER_STAFF, name="Bea", zone="")], at=NOW)
        await store.members.add_roles(OTHER_STAFF, Role.STAFF, at=NOW)

    async def do(verb, *arguments, **more):
        async with database.transaction() as store:
            return await verb(store.members, *arguments, **more)

    return do


async def known(database, user):
    async with database.reading() as store:
        return await store.members.mentor(user), await store.members.member(user)


async def test_whoever_signs_up_waits_for_staff_once(people, database):
    first, waits = await people(members.sign_up, WISH, at=NOW)
    assert waits
    assert not first.approved
    again, waits = await people(members.sign_up, WISH, at=LATER)
    assert not waits
    assert again.signed_up_at == NOW
    mentor, person = await known(database, "UA")
    assert mentor == again
    assert person is None or Role.MENTOR not in person.roles


async def test_staff_approves_once(people, database):
    await people(members.sign_up, WISH, at=NOW)
    approved = await people(members.decide, "UA", approve=True, by=STAFF, at=LATER)
    assert (approved.approved_at, approved.approved_by) == (LATER, STAFF)
    for approve in (True, False):
        with pytest.raises(AlreadyDecided) as refused:
            await people(members.decide, "UA", approve=approve, by=OTHER_STAFF, at=LATER)
        assert (refused.value.by, refused.value.approved) == (STAFF, True)
    _, person = await known(database, "UA")
    assert Role.MENTOR in person.roles


async def test_nobody_but_staff_decides(people, database):
    await people(members.sign_up, WISH, at=NOW)
    async with database.transaction() as store:
        await leaves(store, OTHER_STAFF, NOW)
    for who in (STRANGER, "UA", ASKER, "UNKNOWN", OTHER_STAFF, ""):
        with pytest.raises(NotAllowed) as refused:
            await people(members.decide, "UA", approve=True, by=who, at=LATER)
        assert refused.value.who == "staff"
    with pytest.raises(NotFound):
        await people(members.decide, "UNOBODY", approve=True, by=STAFF, at=LATER)


async def test_of_all_staff_who_decide_at_once_one_decides(people, database):
    await people(members.sign_up, WISH, at=NOW)
    outcomes = await asyncio.gather(
        *(
            people(members.decide, "UA", approve=bool(n % 2), by=(STAFF, OTHER_STAFF)[n % 2], at=LATER)
            for n in range(10)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(each, MentorProfile) for each in outcomes) == 1
    assert sum(isinstance(each, AlreadyDecided) for each in outcomes) == 9


async def test_who_was_declined_may_try_again_and_waits_anew(people):
    await people(members.sign_up, WISH, at=NOW)
    declined = await people(members.decide, "UA", approve=False, by=STAFF, at=LATER)
    assert (declined.approved, declined.declined_at) == (False, LATER)
    again, waits = await people(members.sign_up, WISH, at=LATER)
    assert waits
    assert (again.declined_at, again.approved_by) == (None, None)
    assert (await people(members.decide, "UA", approve=True, by=OTHER_STAFF, at=LATER)).approved


async def test_editing_keeps_the_approval_and_the_absence(people):
    await people(members.sign_up, WISH, at=NOW)
    await people(members.decide, "UA", approve=True, by=STAFF, at=LATER)
    away = await people(members.set_away, "UA", until=LATER + timedelta(days=3))
    edited, waits = await people(
        members.sign_up, MentorProfile(user="UA", states=frozenset({"OH"}), capacity=5), at=LATER
    )
    assert not waits
    assert (edited.approved_by, edited.states, edited.capacity) == (STAFF, frozenset({"OH"}), 5)
    assert edited.away_until == away.away_until


async def test_an_approval_is_not_written_over_by_an_edit_of_the_same_moment(people, database):
    for n in range(8):
        user = f"UB{n}"
        wish = MentorProfile(user=user, states=frozenset({"VA"}))
        await people(members.sign_up, wish, at=NOW)
        await asyncio.gather(
            people(members.decide, user, approve=True, by=STAFF, at=LATER),
            people(members.sign_up, wish, at=LATER),
            people(members.set_away, user, until=LATER),
        )
        mentor, _ = await known(database, user)
        assert mentor.approved


async def test_two_roles_given_at_once_are_both_kept(database):
    async with database.transaction() as store:
        await store.members.meet("UA", at=NOW)

    async def give(role):
        async with database.transaction() as store:
            await store.members.add_roles("UA", role, at=NOW)

    for _ in range(5):
        await asyncio.gather(give(Role.MENTOR), give(Role.STAFF))
        _, person = await known(database, "UA")
        assert person.roles == frozenset(Role)
        async with database.transaction() as store:
            await store.members.remove_role("UA", Role.MENTOR)
            await store.members.remove_role("UA", Role.STAFF)


async def test_a_mentor_goes_away_and_comes_back(people):
    await people(members.sign_up, WISH, at=NOW)
    away = await people(members.set_away, "UA", until=LATER)
    assert away.away(NOW)
    assert not away.away(LATER)
    assert not (await people(members.set_away, "UA", until=None)).away(NOW)
    with pytest.raises(NotAllowed) as refused:
        await people(members.set_away, STRANGER, until=None)
    assert refused.value.who == "a mentor"


def check(**changes):
    usual = {"states": {"VA"}, "topics": set(), "offices": set(), "capacity": "3"}
    given = {**usual, **changes}
    return members.check_profile(
        states=frozenset(given["states"]),
        topics=frozenset(given["topics"]),
        offices=frozenset(given["offices"]),
        capacity=given["capacity"],
    )


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"states": set()}, {"states": "missing"}),
        ({"states": {"VA", "Virgina"}}, {"states": "unknown"}),
        ({"topics": {"gardening"}}, {"topics": "unknown"}),
        ({"topics": {"unsafe"}}, {"topics": "unknown"}),
        ({"offices": {"president"}}, {"offices": "unknown"}),
        *(
            ({"capacity": capacity}, {"capacity": "out of range"})
            for capacity in ("", "0", "-1", "21", "2.5", "many", CAPACITY_MOST + 1)
        ),
        (
            {"states": set(), "topics": {"x"}, "offices": {"x"}, "capacity": "x"},
            {"states": "missing", "topics": "unknown", "offices": "unknown", "capacity": "out of range"},
        ),
    ],
)
def test_everything_wrong_with_a_profile_is_said_at_once(changes, problems):
    with pytest.raises(Incomplete) as refused:
        check(**changes)
    assert refused.value.problems == problems


def test_a_good_profile_comes_back_typed():
    assert check(states={"virginia", "VA"}, topics={"filing"}, offices={"judge"}, capacity=" 20 ") == (
        frozenset({"VA"}),
        frozenset({Topic.FILING}),
        frozenset({Office.JUDGE}),
        20,
    )


def test_who_left_is_staff_no_more():
    assert member(roles=frozenset({Role.STAFF})).is_staff
    assert not member(roles=frozenset({Role.STAFF}), left_at=NOW).is_staff
    assert not member().is_staff
    assert profile("UA").approved
