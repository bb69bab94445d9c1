"""What happens on a journey because time has passed: what is next, what steps aside, who is through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from community.deliveries import State
from community.journeys_steps import (
    QUIET_AFTER,
    STUCK_AT,
    Cause,
    Enrolment,
    Journey,
    Progress,
    Standing,
    Step,
    StepState,
)
from community.journeys_times import (
    REMINDER_AT,
    SLEEPS,
    awake,
    bedtime,
    local,
    moment_at,
    next_morning,
    not_before,
)
from community.members import Stage

LOOK_AGAIN = timedelta(hours=1)
"""After this time a lesson that is still on its way in the morning after is looked at once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An enrolment whose moment has come, and what has to be known of it.

    `last` is what became of its latest day, and `delivery` where that lesson's delivery stands while it is
    still on its way (None: there is none).
    """

    enrolment: Enrolment
    zone: str
    stage: Stage | None
    left: bool
    last: Progress | None = None
    delivery: State | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What an enrolment becomes: as it was found and as it is from now on.

    `aside` are the days that the person's `stage` made step aside; `queue` is the day whose lesson goes out
    now; `again` the lesson that is sent once more because it never left; `unclear` one of which
    nobody can know whether it arrived, so that it counts as sent.
    """

    before: Enrolment
    after: Enrolment
    aside: tuple[Step, ...] = ()
    stage: Stage | None = None
    queue: Step | None = None
    again: Progress | None = None
    unclear: Progress | None = None


def advance(journey: Journey, due: Due, now: datetime) -> Move:
    """Say what becomes of an enrolment whose moment has come.

    However late that is noticed: one lesson at most, in the daytime, and the next no sooner than tomorrow.
    """
    found = replace(due.enrolment, zone=due.zone)
    if due.left:
        stopped = replace(found, standing=Standing.STOPPED, reason=Cause.LEFT, stopped_at=now, next_at=None)
        return Move(before=due.enrolment, after=stopped)
    waits = not_before(now, due.zone, first=found.day == 0, last_sent_at=found.last_sent_at)
    if waits is not None:
        return Move(before=due.enrolment, after=replace(found, next_at=waits))
    if due.last is not None and due.last.state is StepState.QUEUED:
        return _still_on_its_way(journey, due, due.last, found, now)
    if due.last is not None and due.last.state is StepState.UNDELIVERED:
        return _once_more(due, due.last, found, now)
    return _onward(journey, due, found, now)


def _still_on_its_way(journey: Journey, due: Due, last: Progress, found: Enrolment, now: datetime) -> Move:
    match due.delivery:
        case State.PENDING | State.RESERVED | State.SENDING:
            return Move(before=due.enrolment, after=replace(found, next_at=now + LOOK_AGAIN))
        case State.PARKED | State.SENT:
            # It may have arrived, and twice is worse than an unclear once: staff sees it among the troubles.
            return replace(_onward(journey, due, found, now), unclear=last)
        case _:
            # It did not leave before the evening, or was taken back while the journey was paused.
            return _once_more(due, last, found, now)


def _once_more(due: Due, last: Progress, found: Enrolment, now: datetime) -> Move:
    onward = replace(found, next_at=next_morning(now, due.zone))
    return Move(before=due.enrolment, after=onward, again=last)


def _onward(journey: Journey, due: Due, found: Enrolment, now: datetime) -> Move:
    aside: list[Step] = []
    for step in journey.steps:
        if step.day <= found.day:
            continue
        if step.fits(due.stage):
            onward = replace(found, day=step.day, next_at=next_morning(now, due.zone))
            return Move(before=due.enrolment, after=onward, aside=tuple(aside), stage=due.stage, queue=step)
        aside.append(step)
    finished = replace(
        found,
        day=journey.days,
        standing=Standing.FINISHED,
        finished_at=now,
        signs_from=now - QUIET_AFTER,
        next_at=None,
    )
    return Move(before=due.enrolment, after=finished, aside=tuple(aside), stage=due.stage)


def leaves_by(now: datetime, zone: str) -> datetime:
    """Say until when a lesson that is queued now may still be sent today."""
    return bedtime(now, zone)


def recall_waits(now: datetime, zone: str) -> datetime | None:
    """Say until when the recall of a task has to wait because it is night there; None: it may go now."""
    if awake(now, zone):
        return None
    here = local(now, zone)
    return moment_at(here.date() + timedelta(days=here.time() >= SLEEPS), REMINDER_AT, zone)


def recalls(enrolment: Enrolment, step: Progress) -> bool:
    """Whether a task that is undone is recalled: only while nothing has stopped or paused the journey."""
    here = enrolment.standing in {Standing.ACTIVE, Standing.FINISHED}
    return here and step.round == enrolment.round and step.state is StepState.SENT


def went_quiet(enrolment: Enrolment, seen_at: datetime | None) -> bool:
    """Whether somebody who is through gave no sign in the last days, nor since.

    `seen_at` is the last time that they did anything else with the app.
    """
    if enrolment.standing is not Standing.FINISHED or enrolment.signs_from is None:
        return False
    return not any(sign >= enrolment.signs_from for sign in (enrolment.heard_at, seen_at) if sign is not None)


def stuck(enrolment: Enrolment, steps: Sequence[Progress]) -> bool:
    """Whether somebody on the way leaves one task after the other undone."""
    undone = [step for step in steps if step.state is StepState.SENT and step.reminded_at is not None]
    return enrolment.standing is Standing.ACTIVE and len(undone) >= STUCK_AT
