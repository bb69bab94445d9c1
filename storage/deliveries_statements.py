"""The statements by which features owe deliveries, made once: putting them together costs the most."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, bindparam, case, insert, literal_column, or_, select, update

from community.deliveries import COLLAPSING, Kind, Lane, State
from storage.dialects import DIALECTS
from storage.tables import Instant, deliveries

WAITING = (State.PENDING, State.RESERVED)
"""Not yet marked as being sent, so that it can still be changed or taken back."""

_AT = bindparam("b_at", type_=Instant)

NEWEST_TEXT = next(
    index for index in deliveries.indexes if index.name == "uq_deliveries_newest"
).dialect_options["sqlite"]["where"]
"""The condition of the index that keeps one update per card, word for word, as ON CONFLICT needs it."""


def _upsert(dialect: Any) -> Any:
    new = dialect.insert(deliveries)
    urgent = or_(deliveries.c.lane == Lane.URGENT, new.excluded.lane == Lane.URGENT)
    return new.on_conflict_do_update(
        index_elements=[deliveries.c.line],
        index_where=NEWEST_TEXT,
        set_={
            "about": new.excluded.about,
            "render": new.excluded.render,
            "payload": new.excluded.payload,
            "lane": case((urgent, Lane.URGENT.value), else_=Lane.BULK.value),
            "due_at": case(
                (deliveries.c.due_at < new.excluded.due_at, deliveries.c.due_at),
                else_=new.excluded.due_at,
            ),
        },
    )


ADD = {
    name: dialect.insert(deliveries)
    .on_conflict_do_nothing(index_elements=[deliveries.c.key])
    .returning(deliveries.c.key)
    for name, dialect in DIALECTS.items()
}
"""Owes rows, by the kind of database; what has a key that exists is left as it was. Gives the new keys."""

KNOWN = select(deliveries.c.id).where(deliveries.c.key == bindparam("b_key"))
SUPERSEDE = (
    update(deliveries)
    .where(
        deliveries.c.line == bindparam("b_line"),
        deliveries.c.kind.in_(tuple(COLLAPSING)) & deliveries.c.state.in_(WAITING),
    )
    .values(state=State.CANCELLED, reason="superseded", ended_at=_AT)
)
"""Takes back the update or home view that waits on the line `b_line`."""
ADD_ONE = insert(deliveries)
"""Owes a row whose key is known to be new."""

UPSERT = {name: _upsert(dialect) for name, dialect in DIALECTS.items()}
"""Owes updates and home views; one that waits on the same line shows the newest facts instead."""

# Locked in one order, so that two transactions cannot wait for each other.
_NAMED = (
    select(deliveries.c.id)
    .where(
        deliveries.c.key.in_(bindparam("b_keys", expanding=True)),
        deliveries.c.kind == Kind.POST,
        deliveries.c.render.is_not(None),
    )
    .order_by(deliveries.c.key)
    .with_for_update()
)
REFRESH = (
    update(deliveries)
    .where(deliveries.c.id.in_(_NAMED))
    .values(refreshes=deliveries.c.refreshes + 1)
    .returning(
        deliveries.c.key,
        deliveries.c.state,
        deliveries.c.render,
        deliveries.c.about,
        deliveries.c.refreshes,
    )
)
"""Counts one more change of the cards `b_keys`, and gives where each of them stands."""

# Taking back

_KEYS = deliveries.c.key.in_(bindparam("b_keys", expanding=True))
CANCEL = (
    update(deliveries)
    .where(_KEYS, deliveries.c.state.in_(WAITING))
    .values(state=State.CANCELLED, cancelled_at=_AT, ended_at=_AT, owner=None, lease_until=None)
    .returning(deliveries.c.key)
)
"""Takes back what of `b_keys` is not yet being sent."""
CANCEL_LATER = update(deliveries).where(_KEYS, deliveries.c.state == State.SENDING).values(cancelled_at=_AT)
"""Lets what of `b_keys` is being sent not be tried again."""
CANCEL_FOLLOWERS = (
    update(deliveries)
    .where(
        deliveries.c.after.in_(bindparam("b_keys", expanding=True)),
        deliveries.c.state.in_(WAITING),
    )
    .values(state=State.CANCELLED, cancelled_at=_AT, ended_at=_AT, reason="after_cancelled")
    .returning(deliveries.c.key)
)
"""Takes back what was to follow `b_keys`."""

# Looking

SENT = select(deliveries.c.channel, deliveries.c.ts, deliveries.c.ended_at).where(
    deliveries.c.key == bindparam("b_key"), deliveries.c.state == State.SENT
)
"""Where and when `b_key` arrived, if it did."""
FIND = select(deliveries).where(deliveries.c.key == bindparam("b_key"))

# For the staff desk

# Word for word the condition of the index: neither database can tell what a bound parameter will be, and what
# staff has yet to hear of would be looked for among everything that was ever sent.
_TROUBLE = deliveries.c.state.in_((literal_column("'parked'"), literal_column("'dead'")))
UNTOLD = (
    select(deliveries)
    .where(
        deliveries.c.told_at.is_(None),
        or_(_TROUBLE, deliveries.c.told > literal_column("0")),
        # Not what staff had sent again and is still on its way.
        or_(_TROUBLE, deliveries.c.state.in_((State.SENT, State.CANCELLED, State.EXPIRED))),
    )
    .order_by(deliveries.c.id)
    .limit(bindparam("b_limit", type_=Integer))
)
"""What staff has yet to hear of: troubles, and how those ended that staff had sent again."""
TELL = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("b_id"),
        deliveries.c.told_at.is_(None),
        deliveries.c.state == bindparam("b_state"),
    )
    .values(told_at=_AT, told=case((_TROUBLE, deliveries.c.told + 1), else_=deliveries.c.told))
    .returning(deliveries.c.told)
)
"""Notes that staff hears now of `b_id` as it stands, unless it was told meanwhile."""
