"""The statements of events and sign-ups, made once: to put them together costs more than to run them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, func, insert, or_, select, update

from community.deliveries import State
from community.events_terms import SIGNED_UP, Standing, Status
from storage.deliveries_statements import WAITING
from storage.dialects import DIALECTS
from storage.tables import Instant, deliveries, event_history, event_sign_ups, events, members

_AT = bindparam("b_at", type_=Instant)
_LIMIT = bindparam("b_limit", type_=Integer)

GET = select(events).where(events.c.id == bindparam("b_id"))
HOLD = GET.with_for_update()
_LATER = (
    events.c.series == bindparam("b_series"),
    events.c.starts_at > bindparam("b_starts_at", type_=Instant),
    events.c.status == Status.OPEN,
)
LATER = (
    select(events)
    .where(events.c.id != bindparam("b_id"), *_LATER)
    .order_by(events.c.starts_at, events.c.id)
    .with_for_update()
)
"""Those of `b_series` that begin after `b_starts_at` and take place, held."""
COUNT_LATER = select(func.count()).select_from(events).where(*_LATER)
TAKE_SEAT = (
    update(events)
    .where(
        events.c.id == bindparam("b_id"),
        events.c.status == Status.OPEN,
        or_(events.c.capacity.is_(None), events.c.taken < events.c.capacity),
    )
    .values(taken=events.c.taken + 1)
    .returning(events)
)
"""Takes one seat if one is left."""
FREE_SEAT = (
    update(events)
    .where(events.c.id == bindparam("b_id"))
    # Who came without having signed up had none.
    .values(taken=case((events.c.taken > 0, events.c.taken - 1), else_=0))
    .returning(events)
)

# Sign-ups

_EVENT = event_sign_ups.c.event == bindparam("b_event")


def _sign(dialect: Any) -> Any:
    new = dialect.insert(event_sign_ups)
    again = ("standing", "zone", "since", "told", "confirmed_at")
    counted = {"times": event_sign_ups.c.times + 1, "plan": event_sign_ups.c.plan + 1}
    return new.on_conflict_do_update(
        index_elements=[event_sign_ups.c.event, event_sign_ups.c.user],
        set_={name: new.excluded[name] for name in again} | counted,
    ).returning(event_sign_ups)


SIGN = {name: _sign(dialect) for name, dialect in DIALECTS.items()}
"""Puts a person on the list, by the kind of database, again if they were on it before."""
OF = select(event_sign_ups).where(_EVENT, event_sign_ups.c.user == bindparam("b_user"))
SIGN_UP = select(event_sign_ups).where(event_sign_ups.c.id == bindparam("b_id"))
SIGN_UPS = (
    select(event_sign_ups)
    .where(_EVENT, event_sign_ups.c.standing.in_(bindparam("b_standings", expanding=True)))
    .order_by(event_sign_ups.c.since, event_sign_ups.c.id)
)
"""The sign-ups of `b_event` that stand as one of `b_standings`, in the order in which they came."""
FIRST_WAITING = (
    select(event_sign_ups)
    .where(_EVENT, event_sign_ups.c.standing == Standing.WAITING)
    .order_by(event_sign_ups.c.since, event_sign_ups.c.id)
    .limit(1)
)
"""Who has waited longest for a seat."""
_SINCE = bindparam("b_since", type_=Instant)
AHEAD = (
    select(func.count())
    .select_from(event_sign_ups)
    .where(
        _EVENT,
        event_sign_ups.c.standing == Standing.WAITING,
        or_(
            event_sign_ups.c.since < _SINCE,
            and_(event_sign_ups.c.since == _SINCE, event_sign_ups.c.id < bindparam("b_id")),
        ),
    )
)
"""How many wait who came before `b_id`, who has waited since `b_since`."""
COUNT = (
    select(func.count())
    .select_from(event_sign_ups)
    .where(_EVENT, event_sign_ups.c.standing == bindparam("b_standing"))
)
NAMES = (
    select(members.c.name)
    .join(event_sign_ups, event_sign_ups.c.user == members.c.id)
    .where(_EVENT, event_sign_ups.c.standing == Standing.GOING, members.c.name != "")
    .order_by(event_sign_ups.c.since, event_sign_ups.c.id)
    .limit(_LIMIT)
)
"""The names of those with a seat, in the order in which they came."""
STANDINGS = select(event_sign_ups).where(
    event_sign_ups.c.user == bindparam("b_user"),
    event_sign_ups.c.event.in_(bindparam("b_events", expanding=True)),
)
"""The sign-ups of `b_user` for `b_events`."""

# History, and what has gone out

NOTE = insert(event_history)
HISTORY = (
    select(event_history).where(event_history.c.event == bindparam("b_event")).order_by(event_history.c.id)
)
HISTORY_OF_KIND = HISTORY.where(event_history.c.kind == bindparam("b_kind"))
_KEYS = deliveries.c.key.in_(bindparam("b_keys", expanding=True))
UNSENT = select(deliveries.c.key).where(_KEYS, deliveries.c.state.in_(WAITING))
"""Those of `b_keys` that wait to be sent."""
SENT = select(deliveries.c.key, deliveries.c.ended_at).where(_KEYS, deliveries.c.state == State.SENT)
"""When those of `b_keys` went out that did."""

# What is due

TO_TURN = select(events.c.id).where(events.c.look_at <= _AT).order_by(events.c.look_at).limit(200)
"""The events that have begun or ended by `b_at` since their cards were last looked at."""
ASTRAY = (
    select(event_sign_ups.c.id)
    .join(events, events.c.id == event_sign_ups.c.event)
    .join(members, members.c.id == event_sign_ups.c.user)
    .where(
        events.c.status == Status.OPEN,
        events.c.ends_at > _AT,
        event_sign_ups.c.standing.in_(sorted(SIGNED_UP)),
        or_(members.c.left_at.is_not(None), members.c.zone != event_sign_ups.c.zone),
    )
    .order_by(event_sign_ups.c.id)
    .limit(_LIMIT)
)
"""The sign-ups of people who have left the workspace, or moved to another zone, since."""
ASTRAY_OF = ASTRAY.where(members.c.id == bindparam("b_user"))
"""The same of `b_user` only."""
ONLOOKERS = (
    select(members.c.id)
    .where(members.c.home_seen_at > bindparam("b_since", type_=Instant), members.c.left_at.is_(None))
    .order_by(members.c.id)
)
"""Everybody who opened their Home tab after `b_since`."""
