"""The statements of journeys, made once: to put them together costs more than to run them."""

from __future__ import annotations

from sqlalchemy import Integer, bindparam, delete, select, update

from community.journeys_steps import Cause, Standing, StepState
from storage.dialects import DIALECTS
from storage.tables import Instant, deliveries, enrolments, journey_steps, members

_AT = bindparam("b_at", type_=Instant)
_LIMIT = bindparam("b_limit", type_=Integer)

ENROL = {
    name: dialect.insert(enrolments).on_conflict_do_nothing().returning(enrolments)
    for name, dialect in DIALECTS.items()
}
"""Keeps an enrolment, by the kind of database; who has one already gets none."""
OF = select(enrolments).where(
    enrolments.c.user == bindparam("b_user"), enrolments.c.journey == bindparam("b_journey")
)
HOLD = OF.with_for_update()
GET = select(enrolments).where(enrolments.c.id == bindparam("b_id"))
FORGET = delete(enrolments).where(
    enrolments.c.id == bindparam("b_id"), enrolments.c.standing == Standing.WAITING
)
"""Forgets an enrolment that never began."""

# Steps

STEP = select(journey_steps).where(journey_steps.c.id == bindparam("b_id"))
HOLD_OWNER = (
    select(enrolments)
    .where(
        enrolments.c.id
        == select(journey_steps.c.enrolment).where(journey_steps.c.id == bindparam("b_id")).scalar_subquery()
    )
    .with_for_update()
)
"""Holds the enrolment that the step `b_id` belongs to."""
STEPS = (
    select(journey_steps)
    .where(
        journey_steps.c.enrolment == bindparam("b_enrolment"), journey_steps.c.round == bindparam("b_round")
    )
    .order_by(journey_steps.c.day)
)
"""The steps of one round, in the order of the days."""

# What is due

DUE = (
    select(
        enrolments,
        members.c.zone.label("their_zone"),
        members.c.stage.label("their_stage"),
        members.c.left_at,
    )
    .outerjoin(members, members.c.id == enrolments.c.user)
    .where(
        # Only an active one has a next moment; asking for that too would lead to another index.
        enrolments.c.journey == bindparam("b_journey"),
        enrolments.c.next_at <= _AT,
    )
    .order_by(enrolments.c.next_at)
    .limit(_LIMIT)
    .with_for_update(of=enrolments, skip_locked=True)
)
"""Enrolments whose moment has come by `b_at`, with what is known of their people."""
LAST = (
    select(journey_steps)
    .join(
        enrolments,
        (enrolments.c.id == journey_steps.c.enrolment)
        & (enrolments.c.round == journey_steps.c.round)
        & (enrolments.c.day == journey_steps.c.day),
    )
    .where(enrolments.c.id.in_(bindparam("b_ids", expanding=True)))
)
"""The step of today of each of the enrolments `b_ids`."""
WAYS = select(deliveries.c.key, deliveries.c.state).where(
    deliveries.c.key.in_(bindparam("b_keys", expanding=True))
)
"""Where the deliveries `b_keys` stand."""

MOVED = (
    "standing",
    "day",
    "next_at",
    "zone",
    "finished_at",
    "signs_from",
    "stopped_at",
    "reason",
)
"""What time passing can change on an enrolment."""
MOVE = (
    update(enrolments)
    .where(
        enrolments.c.id == bindparam("b_id"),
        enrolments.c.next_at == bindparam("b_was_due", type_=Instant),
        enrolments.c.standing == Standing.ACTIVE,
    )
    .values({name: bindparam(f"b_{name}", type_=enrolments.c[name].type) for name in MOVED})
)
"""Moves `b_id` on, if it is still where it was found."""
ADD_STEPS = {
    name: dialect.insert(journey_steps).on_conflict_do_nothing().returning(journey_steps)
    for name, dialect in DIALECTS.items()
}
"""Keeps steps, by the kind of database; no day of a round is ever there twice."""
SETTLE_UNCLEAR = (
    update(journey_steps)
    .where(
        journey_steps.c.id.in_(bindparam("b_ids", expanding=True)),
        journey_steps.c.state == StepState.QUEUED,
    )
    .values(state=StepState.SENT, reason="unclear")
)
"""Counts as sent what of `b_ids` may have arrived."""

TO_RECALL = (
    select(journey_steps.c.id, journey_steps.c.enrolment)
    .where(journey_steps.c.remind_at <= _AT)
    .order_by(journey_steps.c.remind_at)
    .limit(_LIMIT)
)
"""The steps that are to be recalled by `b_at`, with the numbers of their enrolments."""
HOLD_FREE = (
    select(enrolments)
    .where(enrolments.c.id.in_(bindparam("b_ids", expanding=True)))
    .with_for_update(skip_locked=True)
)
"""Holds those of the enrolments `b_ids` that nobody else holds."""
STILL_TO_RECALL = select(journey_steps).where(
    journey_steps.c.id.in_(bindparam("b_ids", expanding=True)), journey_steps.c.remind_at <= _AT
)
"""Those of the steps `b_ids` that nobody has recalled meanwhile."""
RECALLED = (
    update(journey_steps)
    .where(journey_steps.c.id == bindparam("b_id"))
    .values(
        remind_at=bindparam("b_later", type_=Instant),
        reminded_at=bindparam("b_done", type_=Instant),
    )
)
"""Notes when a step was recalled and is to be recalled again."""

# People

TO_ADMIT = (
    select(enrolments)
    .join(members, members.c.id == enrolments.c.user)
    .where(
        enrolments.c.standing == Standing.WAITING,
        enrolments.c.reason == Cause.UNKNOWN,
        members.c.name != "",
    )
    .limit(_LIMIT)
)
"""Those who waited to be known and are known now."""

_gone = members.c.left_at.is_not(None)
_under_way = enrolments.c.standing.in_((Standing.ACTIVE, Standing.PAUSED, Standing.WAITING))
_left = (enrolments.c.standing == Standing.STOPPED) & (enrolments.c.reason == Cause.LEFT)
_guest = (enrolments.c.standing == Standing.WAITING) & (enrolments.c.reason == Cause.GUEST) & ~members.c.guest
_elsewhere = (enrolments.c.standing == Standing.ACTIVE) & (enrolments.c.zone != members.c.zone)
ASTRAY = (
    select(enrolments)
    .join(members, members.c.id == enrolments.c.user)
    .where(
        enrolments.c.id > bindparam("b_after"),
        enrolments.c.journey == bindparam("b_journey"),
        (_gone & _under_way) | (~_gone & _left) | _guest | _elsewhere,
    )
    .order_by(enrolments.c.id)
    .limit(_LIMIT)
)
"""Enrolments beyond `b_after` that do not go along with what is known of their people."""
