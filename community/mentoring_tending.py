"""Looking after requests: what happens to one because time has passed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from community import mentoring_clock as clock
from community.members import People, set_away
from community.mentoring import back_to_queue, settle
from community.mentoring_matching import CIRCLES
from community.mentoring_offering import Step, ask_first, keep_open, widen
from community.mentoring_requests import Book, Event, Policy, Request, Status

UNTIL_THEY_RETURN = timedelta(days=3650)
"""A mentor who let too many offers lapse is away until they press "I'm back"."""


class Tending(StrEnum):
    """What looking after a request led to."""

    ASKED = "asked"
    WIDENED = "widened"
    ALARMED = "alarmed"
    OVERDUE = "overdue"
    GAVE_RESOURCES = "gave_resources"
    REMINDED_STAFF = "reminded_staff"
    NUDGED = "nudged"
    RELEASED = "released"
    CHECKED_IN = "checked_in"
    CLOSED = "closed"
    ASKER_LEFT = "asker_left"


@dataclass(frozen=True, slots=True)
class Tended:
    """What was done, what is true now, who held it before, and which mentors rest because of it."""

    how: Tending
    step: Step
    holder: str | None = None
    rested: tuple[str, ...] = ()


async def tend(book: Book, people: People, number: int, *, at: datetime, policy: Policy) -> Tended | None:
    """Look after a request whose moment has come: the one job that keeps every request moving.

    Open: the circle widens; staff is told before the answer target is missed, and reminded once it is
    theirs. Claimed but silent: a nudge, then it goes back to the queue. Answered but not closed: the
    asker is asked, then it is closed. Claimed by somebody who has left Slack: back to the queue at once.
    Asked by somebody who has left Slack: closed at once, unless they felt unsafe, which staff looks into.
    One thing at a time, the most urgent first; None where the moment has not come.
    """
    request = await book.hold_still(number)
    if request is None or request.look_at is None:
        return None
    left = await _tend_left(book, request, at=at, policy=policy)
    if left is not None or request.look_at > at:
        return left
    if request.status is Status.OPEN and request.wave == 0:
        # What follows from a question does this within a moment; should that ever fail, nobody waits in vain.
        return Tended(Tending.ASKED, await ask_first(book, request, at=at, policy=policy))
    if request.status is Status.OPEN:
        return await _tend_open(book, people, request, at=at, policy=policy)
    return await _tend_claimed(book, request, at=at, policy=policy)


async def _tend_left(book: Book, request: Request, *, at: datetime, policy: Policy) -> Tended | None:
    """Look whether one of the two has left Slack: of that nobody waits to be reminded."""
    if not request.safety and await book.has_left(request.asker):
        closed = await settle(book, request, by=None, at=at, kind="asker_left")
        return Tended(Tending.ASKER_LEFT, Step(closed), request.holder)
    if request.status is Status.CLAIMED and request.holder and await book.has_left(request.holder):
        return await _release(book, request, at=at, policy=policy)
    return None


async def _tend_claimed(book: Book, request: Request, *, at: datetime, policy: Policy) -> Tended:
    if request.safety:
        step = await _later(
            book, request, clock.staff_looks_again(policy, request, at), reminders=request.reminders + 1
        )
        return Tended(Tending.REMINDED_STAFF, step, request.holder)
    if request.answered_at is None:
        return await _tend_silent(book, request, at=at, policy=policy)
    return await _tend_answered(book, request, at=at, policy=policy)


def _past(moment: datetime | None, at: datetime) -> bool:
    return moment is not None and moment <= at


async def _tend_open(book: Book, people: People, request: Request, *, at: datetime, policy: Policy) -> Tended:
    if not request.overdue and _past(request.overdue_at, at):
        return await _kept(book, request, Tending.OVERDUE, at, overdue=True)
    if _past(request.alarm_at, at):
        return await _kept(book, request, Tending.ALARMED, at, alarm_at=None, alarms=request.alarms + 1)
    if _past(request.widen_at, at):
        if clock.is_staffs(request):
            again = clock.staff_looks_again(policy, request, at)
            nth = request.reminders + 1
            return await _kept(book, request, Tending.REMINDED_STAFF, at, widen_at=again, reminders=nth)
        rested = await _let_lapse(book, people, request, at=at, policy=policy)
        beyond = CIRCLES[CIRCLES.index(request.circle) + 1]
        step = await widen(book, request, start=beyond, at=at, policy=policy)
        return Tended(Tending.WIDENED, step, rested=rested)
    if _past(request.resources_at, at):
        return await _kept(book, request, Tending.GAVE_RESOURCES, at, resources_at=None)
    # Nothing is due after all (a setting was changed, say): look again when something is.
    moment = clock.next_look(request) or clock.staff_looks_again(policy, request, at)
    return Tended(Tending.REMINDED_STAFF, await _later(book, request, moment), request.holder)


async def _kept(book: Book, request: Request, how: Tending, at: datetime, **changes: Any) -> Tended:
    changed = await keep_open(book, replace(request, **changes))
    await book.note(request.id, Event(at=at, actor=None, kind=how.value))
    return Tended(how, Step(changed or request), request.holder)


async def _let_lapse(
    book: Book, people: People, request: Request, *, at: datetime, policy: Policy
) -> tuple[str, ...]:
    """Count the silence of those who were asked; who let several offers in a row lapse is left alone."""
    rested = []
    for mentor in await book.lapse_offers(request.id, at=at):
        if await book.lapses_in_a_row(mentor) >= policy.lapses:
            await set_away(people, mentor, until=at + UNTIL_THEY_RETURN)
            rested.append(mentor)
    return tuple(rested)


async def _tend_silent(book: Book, request: Request, *, at: datetime, policy: Policy) -> Tended:
    if request.nudged_at is None:
        moment = clock.due(policy, request, at, clock.days(policy, policy.release_days - policy.nudge_days))
        step = await _later(book, request, moment, nudged_at=at, reminders=request.reminders + 1)
        return Tended(Tending.NUDGED, step, request.holder)
    return await _release(book, request, at=at, policy=policy)


async def _release(book: Book, request: Request, *, at: datetime, policy: Policy) -> Tended:
    step = await back_to_queue(book, request, kind="released", actor=None, at=at, policy=policy)
    return Tended(Tending.RELEASED, step, request.holder)


async def _tend_answered(book: Book, request: Request, *, at: datetime, policy: Policy) -> Tended:
    # Nobody's question is closed unasked, however late the app comes to look after it.
    if request.nudged_at is not None:
        closed = await settle(book, request, by=None, at=at, kind="closed_quietly")
        return Tended(Tending.CLOSED, Step(closed), request.holder)
    moment = clock.due(policy, request, at, clock.days(policy, policy.close_days - policy.check_in_days))
    step = await _later(book, request, moment, nudged_at=at, reminders=request.reminders + 1)
    return Tended(Tending.CHECKED_IN, step, request.holder)


async def _later(book: Book, request: Request, moment: datetime, **values: object) -> Step:
    changed = await book.change(request.id, if_status=request.status, look_at=moment, **values)
    return Step(changed or request)
