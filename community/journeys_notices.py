"""Who is told what when something happens on a journey.

A lesson's card always shows where its task and the journey stand; neither it nor the recall of a task
holds words: both are rendered when they are sent, from the version of the text that was fixed for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from community.deliveries import Delivery, Lane
from community.journeys_steps import REACHED, Enrolment, Progress
from community.notices import Notices


def lesson_key(step: int, attempt: int) -> str:
    """Name the card of one lesson; what did not leave in time gets a new one."""
    return f"journeys:lesson:{step}:{attempt}"


def recall_key(step: int) -> str:
    """Name the card that recalls a task, once."""
    return f"journeys:recall:{step}"


def lesson(user: str, step: int, *, day: int, attempt: int, until: datetime) -> Delivery:
    """A lesson is due. Whoever has just joined waits for day 1; on the other days a whole zone is due."""
    return Delivery(
        key=lesson_key(step, attempt),
        to=user,
        render="journeys.lesson",
        about={"step": step, "attempt": attempt},
        expires_at=until,
        lane=Lane.URGENT if day == 1 else Lane.BULK,
    )


def recall(user: str, step: int, *, until: datetime) -> Delivery:
    """A task was not done for two days."""
    return Delivery(
        key=recall_key(step),
        to=user,
        render="journeys.recall",
        about={"step": step},
        expires_at=until,
        lane=Lane.BULK,
    )


def changed(enrolment: Enrolment, steps: Iterable[Progress] = ()) -> Notices:
    """Where the journey or these tasks stand has changed: their cards and the Home tab show it."""
    refresh: list[str] = []
    for step in steps:
        if step.state in REACHED:
            refresh.append(lesson_key(step.id, step.attempt))
            if step.reminded_at is not None:
                refresh.append(recall_key(step.id))
    return Notices(refresh=tuple(refresh), homes=frozenset({enrolment.user}))


def preview(user: str, lessons: Iterable[str], *, at: datetime) -> Notices:
    """Staff wants to see every lesson as it is now, in order."""
    cards: list[Delivery] = []
    for number, lesson_name in enumerate(lessons, start=1):
        cards.append(
            Delivery(
                key=f"journeys:preview:{user}:{at.isoformat()}:{number}",
                to=user,
                render="journeys.preview",
                about={"lesson": lesson_name},
                after=cards[-1].key if cards else None,
            )
        )
    return Notices(add=tuple(cards))
