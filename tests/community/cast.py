"""The people and questions that the tests of mentoring play with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import update

from community import mentoring
from community.hours import Hours
from community.members import Member, MentorProfile, Role
from community.mentoring_following import after_asked, after_claimed
from community.mentoring_matching import Standing
from community.mentoring_offering import Step
from community.mentoring_requests import Draft, Event, Policy, Request
from community.offices import Office
from community.topics import Topic
from storage.members import Account
from storage.tables import request_history

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)
ALWAYS = Hours(days=frozenset(range(7)), opens=time(), closes=time(), holidays=False)
"""Working hours that never end, so that an hour is an hour; working hours have tests of their own."""
POLICY = Policy(hours=ALWAYS)
NUDGE_AFTER = timedelta(days=POLICY.nudge_days)
RELEASE_AFTER = timedelta(days=POLICY.release_days)
CHECK_IN_AFTER = timedelta(days=POLICY.check_in_days)
CLOSE_AFTER = timedelta(days=POLICY.close_days)
QUESTION = "How many signatures do I need for the ballot?"

ASKER = "U0ASKER"
STAFF = "U0STAFF"
STRANGER = "U0STRANGER"


ASKED = Event(at=NOW, actor=ASKER, kind="asked")
"""The first line of every request's history; here nothing follows from it."""


def request(number: int = 1, **changes: object) -> Request:
    """A question from Virginia about filing for a school board, open since NOW."""
    usual = Request(
        id=number,
        asker=ASKER,
        question=QUESTION,
        topic=Topic.FILING,
        state="VA",
        office=Office.SCHOOL_BOARD,
        opened_at=NOW,
        waiting_since=NOW,
        hurts_at=NOW,
        look_at=NOW + 2 * HOUR,
        wave=1,
    )
    return replace(usual, **changes)


def profile(user: str, **changes: object) -> MentorProfile:
    """An approved mentor for Virginia who takes every topic and office."""
    usual = MentorProfile(user=user, states=frozenset({"VA"}), approved_at=NOW - timedelta(days=1))
    return replace(usual, **changes)


def standing(
    user: str, *, held: int = 0, offered: int = 0, last: datetime | None = None, **changes: object
) -> Standing:
    """That mentor with their load."""
    return Standing(profile=profile(user, **changes), held=held, offered=offered, last_offered_at=last)


def draft(**changes: object) -> Draft:
    """What a person wrote into the form."""
    usual = Draft(question=QUESTION, topic="filing", state="VA", office="school_board")
    return replace(usual, **changes)


async def settle(store, *mentors: MentorProfile) -> None:
    """Put an asker, staff and these mentors into the database."""
    known = [ASKER, STAFF, STRANGER, *(mentor.user for mentor in mentors)]
    await store.members.learn(
        [Account(id=user, name=user.title(), zone="America/New_York") for user in known], at=NOW
    )
    await store.members.add_roles(STAFF, Role.STAFF, at=NOW)
    for mentor in mentors:
        await store.members.save_mentor(mentor)


async def asked(store, *, at: datetime = NOW, policy: Policy = POLICY, **changes: object) -> Step:
    """Let the asker ask, and the first mentors be asked."""
    request = await mentoring.ask(store.mentoring, ASKER, draft(**changes), at=at, today=TODAY, policy=policy)
    step = await after_asked(store.mentoring, request.id, at=at, policy=policy)
    await nothing_follows(store)
    return step


async def claimed(store, number: int, *, by: str, at: datetime, policy: Policy = POLICY) -> Request:
    """Let somebody claim, and the offers be settled."""
    request = await mentoring.claim(store.mentoring, number, by=by, at=at, policy=policy)
    for waiting, _ in await store.follow_ups.due(at):
        line = await store.follow_ups.take(waiting)
        if line is not None and line.request == number:
            await after_claimed(store.mentoring, line)
    return request


async def nothing_follows(store) -> None:
    """Let everything that followed count as worked out."""
    await store.connection.execute(update(request_history).values(follow_at=None))


async def leaves(store, user: str, at: datetime) -> None:
    """Let a person's account be deactivated."""
    await store.members.learn([Account(id=user, name=user, zone="", left=True)], at=at)


def member(user: str = ASKER, **changes: object) -> Member:
    """A person from Virginia who runs for a school board."""
    return replace(Member(id=user, name="Ann", state="VA", office=Office.SCHOOL_BOARD), **changes)
