"""The ladder of reminders that somebody who signed up gets: deliveries that are due, never jobs in memory.

Quiet hours do not hold for what somebody signed up for at that hour: one hour before and at the start they
are waiting for it. What can wait (the day before, the question whether they were there) comes by day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from community.deliveries import Delivery, Kind, Lane
from community.events_terms import Event, SignUp, Standing, Status
from community.events_times import day_before, waking

HOUR_BEFORE = timedelta(hours=1)
LIST_BEFORE = timedelta(minutes=30)
"""How long before it begins the specialist gets the questions."""

ASK_AFTER = timedelta(hours=1)
ASKED_WITHIN = timedelta(days=2)
"""How long after the end people are asked whether they were there, and how long that may be late."""

TWICE_WITHIN = timedelta(hours=2)
"""Who got the reminder of the hour before, and whose event moves, gets no second one within this time."""


class Rung(StrEnum):
    """One step of the ladder; the value is part of a delivery's key, and the name of its renderer."""

    DAY = "day_before"
    HOUR = "hour_before"
    LIST = "questions"
    START = "start"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Due:
    """When a rung is due, and until when it makes sense."""

    rung: Rung
    at: datetime
    until: datetime


def rungs(event: Event, one: SignUp) -> list[Due]:
    """Give the whole ladder of this person, by their own clock; nothing for who is not let in."""
    if not one.coming or event.status is Status.CANCELLED:
        return []
    begins, ends = event.starts_at, event.ends_at
    asked = waking(ends + ASK_AFTER, one.zone)
    day = Due(Rung.DAY, day_before(begins, one.zone), begins - HOUR_BEFORE)
    start = Due(Rung.START, begins, ends)
    if one.standing is Standing.SPEAKING:
        return [day, Due(Rung.LIST, begins - LIST_BEFORE, begins), start]
    return [
        day,
        Due(Rung.HOUR, begins - HOUR_BEFORE, begins),
        start,
        Due(Rung.AFTER, asked, asked + ASKED_WITHIN),
    ]


def rung_key(rung: Rung, number: int, plan: int) -> str:
    """Name the reminder of one sign-up's plan; each plan has names of its own."""
    return f"events:{rung}:{number}:{plan}"


def keys(one: SignUp, *, plan: int | None = None) -> list[str]:
    """Name every reminder of the present (or that) plan, whether it is part of it or not."""
    return [rung_key(rung, one.id, one.plan if plan is None else plan) for rung in Rung]


def every_key(one: SignUp) -> list[str]:
    """Name every reminder of every plan there was."""
    return [key for plan in range(1, one.plan + 1) for key in keys(one, plan=plan)]


def ladder(
    event: Event,
    one: SignUp,
    *,
    at: datetime,
    unsent: Collection[str] = (),
    hour_sent_at: datetime | None = None,
) -> list[Delivery]:
    """Give the reminders that are still to come, under the present plan's names.

    What was due already is left out, unless it is among `unsent`: the plan before had it, and it had not
    gone out yet. `hour_sent_at` is when this person last got the reminder of the hour before.
    """
    before = {rung for rung in Rung if rung_key(rung, one.id, one.plan - 1) in unsent}
    wanted: list[Delivery] = []
    for due in rungs(event, one):
        if due.until <= at or (due.at <= at and due.rung not in before):
            continue
        told = due.rung is Rung.HOUR and hour_sent_at is not None and due.at - hour_sent_at < TWICE_WITHIN
        if told:
            continue
        wanted.append(
            Delivery(
                key=rung_key(due.rung, one.id, one.plan),
                kind=Kind.POST,
                to=one.user,
                render=f"events.{due.rung}",
                about={"sign_up": one.id, "plan": one.plan},
                due_at=max(due.at, at),
                expires_at=due.until,
                # At the start people wait for the link, and specialists for their list; the rest is patient.
                lane=Lane.URGENT if due.rung in {Rung.START, Rung.LIST} else Lane.BULK,
            )
        )
    return wanted


def sent_keys(ones: Iterable[SignUp]) -> list[str]:
    """Name all reminders of these people, to be refreshed: what was never sent is left alone."""
    return [key for one in ones for key in every_key(one)]
