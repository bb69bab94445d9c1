"""Looking after requests: what happens to one because time has passed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from community.mentoring import Step, back_to_queue, settle, widen
from community.mentoring_matching import CIRCLES, Circle
from community.mentoring_requests import Book, Policy, Request, Status


class Tending(StrEnum):
    """What looking after a request led to."""

    WIDENED = "widened"
    REMINDED_STAFF = "reminded_staff"
    NUDGED = "nudged"
    RELEASED = "released"
    CHECKED_IN = "checked_in"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Tended:
    """What was done, what is true now, and who held the request before."""

    how: Tending
    step: Step
    holder: str | None = None


async def tend(book: Book, number: int, *, at: datetime, policy: Policy) -> Tended | None:
    """Look after a request whose moment has come: the one job that keeps every request moving.

    Open: the circle widens, and once it is staff's they are reminded. Claimed but silent: a nudge,
    then it goes back to the queue. Answered but not closed: the asker is asked, then it is closed.
    Claimed by somebody who has left Slack: back to the queue at once. None where the moment has not come.
    """
    request = await book.hold_still(number)
    if request is None or request.look_at is None:
        return None
    if request.status is Status.CLAIMED and request.holder and await book.has_left(request.holder):
        return await _release(book, request, at=at, policy=policy)
    return await _tend_due(book, request, at=at, policy=policy) if request.look_at <= at else None


async def _tend_due(book: Book, request: Request, *, at: datetime, policy: Policy) -> Tended:
    if request.status is Status.OPEN and request.circle is not Circle.STAFF:
        beyond = CIRCLES[CIRCLES.index(request.circle) + 1]
        return Tended(Tending.WIDENED, await widen(book, request, start=beyond, at=at, policy=policy))
    if request.status is Status.OPEN or request.safety:
        step = await _later(book, request, at, policy.answer_target, reminders=request.reminders + 1)
        return Tended(Tending.REMINDED_STAFF, step, request.holder)
    if request.answered_at is None:
        return await _tend_silent(book, request, at=at, policy=policy)
    return await _tend_answered(book, request, at=at, policy=policy)


async def _tend_silent(book: Book, request: Request, *, at: datetime, policy: Policy) -> Tended:
    if request.nudged_at is None:
        wait = policy.release_after - policy.nudge_after
        step = await _later(book, request, at, wait, nudged_at=at, reminders=request.reminders + 1)
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
    wait = policy.close_after - policy.check_in_after
    step = await _later(book, request, at, wait, nudged_at=at, reminders=request.reminders + 1)
    return Tended(Tending.CHECKED_IN, step, request.holder)


async def _later(book: Book, request: Request, at: datetime, wait: timedelta, **values: object) -> Step:
    changed = await book.change(request.id, if_status=request.status, look_at=at + wait, **values)
    return Step(changed or request)
