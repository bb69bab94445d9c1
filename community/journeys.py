"""The verbs of a journey: begin, tell, do, skip, pause, resume, begin anew, leave and come back.

What happens to one because time has passed stands in `journeys_moves`, who is told of it in
`journeys_notices`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from community.journeys_steps import (
    BY_HAND,
    FOR_GOOD,
    GOAL_MOST,
    TRIES_MOST,
    UNKNOWN_ZONE,
    Acquaintances,
    Came,
    Cause,
    Enrolment,
    HasLeft,
    Journey,
    JourneyOver,
    JourneyStopped,
    Log,
    NotOnJourney,
    Progress,
    Standing,
    StepState,
)
from community.journeys_times import first_due, next_morning, recall_at, this_or_next_morning
from community.members import Member
from community.mentoring_drafts import keepable
from community.refusals import Incomplete, NotAllowed, NotFound


async def begin(
    log: Log,
    people: Acquaintances,
    journey: Journey,
    user: str,
    *,
    came: Came,
    at: datetime,
    by: str | None = None,
) -> tuple[Enrolment, bool] | None:
    """Put a person on a journey, once; give where they stand, and whether this began it.

    None where the journey is not for them: mentors and staff come to it only by hand. A guest who has
    merely joined the workspace, and somebody of whom only the id is known, wait with the reason on record.
    Raises HasLeft where staff wants to start somebody whose account is deactivated.
    """
    member = await people.member(user)
    if member is not None and member.left_at is not None:
        if came is Came.STAFF:
            raise HasLeft
        return None
    if came not in BY_HAND and await _helps(people, member, user):
        return None
    wanted = _opened(journey, user, member, came=came, at=at, by=by)
    kept = await log.enrol(wanted)
    if kept is not None:
        return kept, kept.standing is Standing.ACTIVE
    known = await log.hold(journey.key, user)
    return None if known is None else await _begin_late(log, known, wanted, at)


async def _begin_late(log: Log, known: Enrolment, wanted: Enrolment, at: datetime) -> tuple[Enrolment, bool]:
    """Set somebody in motion who has been noted before and waits, or was stopped."""
    if known.standing is Standing.WAITING and wanted.standing is Standing.ACTIVE:
        began = {"came": wanted.came, "by": wanted.by, "started_at": at, "reason": None}
        moment = {"next_at": wanted.next_at, "zone": wanted.zone}
        return await log.change(known.id, standing=Standing.ACTIVE, **began, **moment), True
    if known.standing is Standing.STOPPED and wanted.came in BY_HAND:
        # Somebody has seen to what stood in the way: what was not delivered is sent again.
        again = _on_again(known, wanted.zone, at)
        return await log.change(known.id, **again, stopped_at=None, reason=None), True
    return known, False


async def _helps(people: Acquaintances, member: Member | None, user: str) -> bool:
    if member is not None and member.is_staff:
        return True
    profile = await people.mentor(user)
    return profile is not None and profile.approved


def _opened(
    journey: Journey, user: str, member: Member | None, *, came: Came, at: datetime, by: str | None
) -> Enrolment:
    reason = _obstacle(member, came)
    zone = member.zone if member is not None else UNKNOWN_ZONE
    return Enrolment(
        id=0,
        journey=journey.key,
        user=user,
        standing=Standing.WAITING if reason else Standing.ACTIVE,
        came=came,
        by=by,
        started_at=at,
        next_at=None if reason else first_due(at, zone),
        zone=zone,
        reason=reason,
    )


def _obstacle(member: Member | None, came: Came) -> str | None:
    if member is None or not member.name:
        return Cause.UNKNOWN
    # A guest whom the app has met in a channel or on its Home tab can be written to; one who has merely
    # joined may not even see the app.
    return Cause.GUEST if member.guest and came is Came.WORKSPACE else None


async def follow(log: Log, people: Acquaintances, journey: Journey, user: str, *, at: datetime) -> bool:
    """Go along with what Slack now says of this person; True where that changed their journey.

    Who left is left alone, who came back goes on, who was a stranger or a guest begins, and who moved
    gets the next lesson at nine where they are now.
    """
    known = await log.hold(journey.key, user)
    member = await people.member(user)
    if known is None or member is None:
        return False
    values = _along(known, member, at)
    if values:
        await log.change(known.id, **values)
    return bool(values)


def _along(known: Enrolment, member: Member, at: datetime) -> dict[str, Any]:
    """Say what changes on an enrolment by what is known of its person."""
    if member.left_at is not None:
        under_way = known.standing in {Standing.WAITING, Standing.ACTIVE, Standing.PAUSED}
        return _left(at) if under_way else {}
    if known.standing is Standing.WAITING:
        obstacle = _obstacle(member, known.came)
        if obstacle is not None:
            return {"reason": obstacle} if obstacle != known.reason else {}
        begun = {"standing": Standing.ACTIVE, "reason": None, "started_at": at}
        return begun | {"next_at": first_due(at, member.zone), "zone": member.zone}
    if known.standing is Standing.STOPPED and known.reason == Cause.LEFT:
        return _on_again(known, member.zone, at) | {"stopped_at": None, "reason": None}
    if known.standing is Standing.ACTIVE and known.zone != member.zone and known.next_at is not None:
        # Day 1 of somebody who has just joined goes out as it was promised; all else at nine over there.
        soon = not known.day and known.next_at <= at
        there = this_or_next_morning(at, member.zone, last_sent_at=known.last_sent_at)
        return {"zone": member.zone, "next_at": known.next_at if soon else there}
    return {}


def _left(at: datetime) -> dict[str, Any]:
    return {"standing": Standing.STOPPED, "reason": Cause.LEFT, "stopped_at": at, "next_at": None}


def _on_again(known: Enrolment, zone: str, at: datetime) -> dict[str, Any]:
    due = (
        this_or_next_morning(at, zone, last_sent_at=known.last_sent_at)
        if known.day
        else first_due(at, zone, last_sent_at=known.last_sent_at)
    )
    return {"standing": Standing.ACTIVE, "next_at": due, "zone": zone}


async def pause(log: Log, journey: Journey, user: str, *, at: datetime) -> Enrolment:
    """Send nothing more until the person says so; again changes nothing.

    Raises NotOnJourney, JourneyOver once every day has come, JourneyStopped.
    """
    known = await _held(log, journey, user)
    if known.standing is Standing.FINISHED:
        raise JourneyOver
    if known.standing is Standing.PAUSED:
        return known
    return await log.change(known.id, standing=Standing.PAUSED, paused_at=at, next_at=None, heard_at=at)


async def resume(log: Log, people: Acquaintances, journey: Journey, user: str, *, at: datetime) -> Enrolment:
    """Go on where the person paused: the next lesson comes at the next nine in the morning.

    Raises NotOnJourney, JourneyOver, JourneyStopped.
    """
    known = await _held(log, journey, user)
    if known.standing is Standing.FINISHED:
        raise JourneyOver
    if known.standing is Standing.ACTIVE:
        return known
    member = await people.member(user)
    zone = member.zone if member is not None else known.zone
    return await log.change(known.id, **_on_again(known, zone, at), paused_at=None, heard_at=at)


async def restart(log: Log, people: Acquaintances, journey: Journey, user: str, *, at: datetime) -> Enrolment:
    """Begin anew with day 1: at once, or tomorrow where today had its lesson.

    Raises NotOnJourney, JourneyStopped.
    """
    known = await _held(log, journey, user)
    member = await people.member(user)
    zone = member.zone if member is not None else known.zone
    return await log.change(
        known.id,
        standing=Standing.ACTIVE,
        round=known.round + 1,
        day=0,
        next_at=first_due(at, zone, last_sent_at=known.last_sent_at),
        zone=zone,
        paused_at=None,
        finished_at=None,
        heard_at=at,
    )


async def _held(log: Log, journey: Journey, user: str) -> Enrolment:
    known = await log.hold(journey.key, user)
    if known is None or known.standing is Standing.WAITING:
        raise NotOnJourney
    if known.standing is Standing.STOPPED:
        raise JourneyStopped(known.reason or "")
    return known


async def do(log: Log, number: int, *, by: str, at: datetime) -> tuple[Enrolment, Progress]:
    """The person did the one thing of a lesson; a second press changes nothing.

    Raises NotAllowed for anybody else, NotFound where there is no such lesson.
    """
    return await _settle(log, number, StepState.DONE, by=by, at=at)


async def skip(log: Log, number: int, *, by: str, at: datetime) -> tuple[Enrolment, Progress]:
    """The person leaves a lesson's task alone: it is not recalled. What is done stays done."""
    return await _settle(log, number, StepState.SKIPPED, by=by, at=at)


async def _settle(
    log: Log, number: int, wanted: StepState, *, by: str, at: datetime
) -> tuple[Enrolment, Progress]:
    enrolment, step = await _own_step(log, number, by)
    if step.open and step.state is not wanted:
        step = await log.change_step(step.id, state=wanted, settled_at=at, remind_at=None)
    return await log.change(enrolment.id, heard_at=at), step


async def touch(log: Log, number: int, *, by: str, at: datetime) -> tuple[Enrolment, Progress]:
    """The person used a lesson without settling it: they are not quiet."""
    enrolment, step = await _own_step(log, number, by)
    return await log.change(enrolment.id, heard_at=at), step


async def _own_step(log: Log, number: int, by: str) -> tuple[Enrolment, Progress]:
    found = await log.hold_step(number)
    if found is None:
        raise NotFound
    if found[0].user != by:
        raise NotAllowed("the person whose lesson this is")
    return found


def check_goal(goal: str) -> str:
    """Give a goal as it can be kept; raises Incomplete ("goal": "too long")."""
    kept = keepable(goal)
    if len(kept) > GOAL_MOST:
        raise Incomplete({"goal": "too long"})
    return kept


async def set_goal(log: Log, journey: Journey, user: str, goal: str, *, at: datetime) -> Enrolment | None:
    """Keep the one goal that a person sets for themselves; telling us is day 1's task, and so it is done.

    None where the person is on no journey.
    """
    known = await log.hold(journey.key, user)
    if known is None:
        return None
    known = await log.change(known.id, goal=goal, heard_at=at)
    first = next((step for step in await log.steps(known) if step.day == 1), None)
    if first is not None and first.open:
        await log.change_step(first.id, state=StepState.DONE, settled_at=at, remind_at=None)
    return known


async def arrived(log: Log, number: int, *, attempt: int, at: datetime) -> Enrolment | None:
    """A lesson has reached its person: the next one comes the morning after. None where it no longer matters.

    One that staff had sent again after Slack had refused it sets the journey in motion once more.
    """
    found = await log.hold_step(number)
    if found is None:
        return None
    enrolment, step = found
    if step.attempt != attempt or step.state not in {StepState.QUEUED, StepState.UNDELIVERED}:
        return None
    was_refused = step.state is StepState.UNDELIVERED
    await log.change_step(
        step.id, state=StepState.SENT, sent_at=at, remind_at=recall_at(at, enrolment.zone), reason=None
    )
    values: dict[str, Any] = {"last_sent_at": at}
    latest = step.round == enrolment.round and step.day == enrolment.day
    if was_refused and latest and enrolment.standing is Standing.STOPPED:
        values |= {"standing": Standing.ACTIVE, "stopped_at": None, "reason": None}
    if latest and values.get("standing", enrolment.standing) is Standing.ACTIVE:
        values["next_at"] = this_or_next_morning(at, enrolment.zone, last_sent_at=at)
    return await log.change(enrolment.id, **values)


async def refused(log: Log, number: int, *, attempt: int, reason: str, at: datetime) -> Enrolment | None:
    """Slack refused a lesson: the journey stops with the reason for staff, or it is tried again tomorrow.

    What is about the person stops it at once; what is about the app or the workspace may be mended.
    """
    found = await log.hold_step(number)
    if found is None:
        return None
    enrolment, step = found
    if step.attempt != attempt or step.state is not StepState.QUEUED:
        return None
    await log.change_step(step.id, state=StepState.UNDELIVERED, reason=reason, settled_at=at)
    if step.round != enrolment.round or enrolment.standing is not Standing.ACTIVE:
        return enrolment
    if reason not in FOR_GOOD and attempt < TRIES_MOST:
        return await log.change(enrolment.id, next_at=next_morning(at, enrolment.zone))
    return await log.change(
        enrolment.id, standing=Standing.STOPPED, reason=reason, stopped_at=at, next_at=None
    )
