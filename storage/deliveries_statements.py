"""The statements by which features owe deliveries, made once: putting them together costs the most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from community.deliveries import Kind, Lane
from storage.tables import deliveries

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIALECTS: Mapping[str, Any] = {dialect.dialect.name: dialect for dialect in (postgresql, sqlite)}

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
    for name, dialect in _DIALECTS.items()
}
"""Owes rows, by the kind of database; what has a key that exists is left as it was. Gives the new keys."""

ADD_ONE = insert(deliveries)
"""Owes a row whose key is known to be new."""

UPSERT = {name: _upsert(dialect) for name, dialect in _DIALECTS.items()}
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
