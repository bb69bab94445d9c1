"""The first seven days, without anybody asking: lessons queued when they are due, and rendered when sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from community import journeys
from community import journeys_notices as notices
from community.clock import Clock
from community.deliveries import Kind, Landed
from community.journeys_moves import advance, leaves_by, recall_waits, recalls
from community.journeys_steps import Enrolment, Progress, Standing, StepState
from messages import journeys as words
from messages.journeys_lessons import Lesson, Words, find_lesson, first_week, words_of
from storage.database import Database
from storage.store import Store

log = structlog.get_logger(__name__)

AT_ONCE = 100
"""Enrolments of one transaction: few enough that whoever presses a button meanwhile hardly waits."""

About = Mapping[str, Any]
Payload = Mapping[str, Any]
Render = Callable[[Store, About], Awaitable[Payload | None]]


def renderers() -> dict[str, Render]:
    """Give what renders each card of a journey, by name."""
    return {
        "journeys.lesson": _lesson,
        "journeys.recall": _recall,
        "journeys.preview": _preview,
    }


async def _lesson(store: Store, about: About) -> Payload | None:
    facts = await _facts(store, about["step"])
    if facts is None:
        return None
    step, enrolment = facts.step, facts.enrolment
    if step.attempt != about["attempt"]:
        return None
    under_way = enrolment.standing is Standing.ACTIVE and step.round == enrolment.round
    if step.state is StepState.QUEUED and not under_way:
        # Paused, stopped or begun anew since it was queued.
        return None
    return words.card(facts)


async def _recall(store: Store, about: About) -> Payload | None:
    facts = await _facts(store, about["step"])
    if facts is None:
        return None
    unsent = await store.deliveries.sent(notices.recall_key(facts.step.id)) is None
    if unsent and not recalls(facts.enrolment, facts.step):
        return None
    return words.recall(facts)


async def _preview(store: Store, about: About) -> Payload | None:
    lesson = find_lesson(about["lesson"])
    if lesson is None:
        return None
    version = await store.journeys_texts.latest(lesson.key)
    return words.preview(lesson, words_of(lesson, version.words if version else None))


async def _facts(store: Store, number: int) -> words.Card | None:
    found = await store.journeys.step(number)
    lesson = find_lesson(found[1].lesson) if found else None
    if found is None or lesson is None:
        return None
    enrolment, step = found
    return words.Card(
        lesson=lesson,
        words=await _words(store, lesson, step),
        enrolment=enrolment,
        step=step,
        steps=await store.journeys.steps(enrolment, round_=step.round),
    )


async def _words(store: Store, lesson: Lesson, step: Progress) -> Words:
    version = await store.journeys_texts.version(lesson.key, step.version) if step.version else None
    return words_of(lesson, version.words if version else None)


def outcomes(clock: Clock) -> dict[str, Callable[[Store, Landed], Awaitable[None]]]:
    """Give what follows from how a lesson's delivery ended."""

    async def lesson(store: Store, landed: Landed) -> None:
        if landed.kind is not Kind.POST:
            return
        number, attempt, at = landed.about["step"], landed.about["attempt"], clock.now()
        if landed.sent:
            enrolment = await journeys.arrived(store.journeys, number, attempt=attempt, at=at)
        else:
            reason = landed.reason or "refused"
            enrolment = await journeys.refused(store.journeys, number, attempt=attempt, reason=reason, at=at)
        if enrolment is not None:
            await store.tell(notices.changed(enrolment), at=at)

    return {"journeys.lesson": lesson}


async def send_due_lessons(database: Database, clock: Clock) -> int:
    """Queue every lesson that is due, and the recalls of tasks; give how many.

    However many are due, each transaction takes only a few, so that the others hardly wait.
    """
    journey = first_week()
    queued = 0
    while await _lessons_are_due(database, clock):
        async with database.transaction() as store:
            at = clock.now()
            due = await store.journeys.due(journey.key, at=at, limit=AT_ONCE)
            moves = [advance(journey, each, at) for each in due]
            versions = {lesson: each.number for lesson, each in (await _latest(store, bool(moves))).items()}
            sent = await store.journeys.move(moves, versions, at=at)
            await store.deliveries.add(
                *(
                    notices.lesson(
                        move.after.user,
                        step.id,
                        day=step.day,
                        attempt=step.attempt,
                        until=leaves_by(at, move.after.zone),
                    )
                    for move, step in sent
                ),
                at=at,
            )
        queued += len(sent)
        if len(due) < AT_ONCE:
            break
        await asyncio.sleep(0)
    queued += await _recall_tasks(database, clock)
    if queued:
        log.info("lessons queued", count=queued)
    return queued


async def _latest(store: Store, wanted: bool) -> Mapping[str, Any]:  # noqa: FBT001 - read only by one caller
    return await store.journeys_texts.latest_of_all() if wanted else {}


async def _lessons_are_due(database: Database, clock: Clock) -> bool:
    """Look without a transaction: mostly there is nothing, and nobody need wait for that."""
    async with database.glance() as store:
        return bool(await store.journeys.due(first_week().key, at=clock.now(), limit=1))


async def _recall_tasks(database: Database, clock: Clock) -> int:
    queued = 0
    while True:
        async with database.glance() as store:
            if not await store.journeys.to_recall(at=clock.now(), limit=1):
                return queued
        async with database.transaction() as store:
            at = clock.now()
            due = await store.journeys.to_recall(at=at, limit=AT_ONCE)
            decided = [(each, step, *_decide(each, step, at)) for each, step in due]
            await store.journeys.recalled([(step.id, later, done) for _, step, later, done in decided])
            cards = [
                notices.recall(each.user, step.id, until=leaves_by(at, each.zone))
                for each, step, _, done in decided
                if done is not None
            ]
            await store.deliveries.add(*cards, at=at)
        queued += len(cards)
        if len(due) < AT_ONCE:
            return queued
        await asyncio.sleep(0)


def _decide(enrolment: Enrolment, step: Progress, at: datetime) -> tuple[datetime | None, datetime | None]:
    """Say when to recall a task instead, and whether it is recalled now; neither: it rests."""
    if not recalls(enrolment, step):
        return None, None
    later = recall_waits(at, enrolment.zone)
    return (later, None) if later is not None else (None, at)


async def admit_waiting(database: Database, clock: Clock) -> int:
    """Let those begin of whom only the id was known; forget what turned out to be no person."""
    async with database.glance() as store:
        waiting = await store.journeys.to_admit()
    for known in waiting:
        async with database.transaction() as store:
            member = await store.members.member(known.user)
            nobody = member is not None and member.left_at is not None and member.name == member.id
            if nobody:
                await store.journeys.forget(known.id)
            else:
                await _follow(store, known, clock.now())
    return len(waiting)


async def follow_people(database: Database, clock: Clock) -> int:
    """Go along with what the roster says: events about who left, came back or moved get lost in outages."""
    changed, after = 0, 0
    while True:
        async with database.glance() as store:
            astray = await store.journeys.astray(first_week().key, after=after, limit=AT_ONCE)
        for known in astray:
            async with database.transaction() as store:
                changed += await _follow(store, known, clock.now())
            after = known.id
        if len(astray) < AT_ONCE:
            return changed


async def _follow(store: Store, known: Enrolment, at: datetime) -> bool:
    return await journeys.follow(store.journeys, store.members, first_week(), known.user, at=at)
