"""The statements that every delivery needs, made once: to put them together costs more than to run them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, bindparam, case, literal_column, or_, select, update

from community.deliveries import READ_BACK, Lane, State
from storage.tables import Instant, deliveries, leases

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, FromClause, Select
    from sqlalchemy.sql.dml import ReturningUpdate

# The conditions of the partial indexes have to stand in the query word for word: neither database can tell
# that a bound parameter will be 'pending'.
PENDING: ColumnElement[str] = literal_column("'pending'")
BUSY: tuple[ColumnElement[str], ...] = (literal_column("'reserved'"), literal_column("'sending'"))
ENDED: tuple[ColumnElement[str], ...] = (
    literal_column("'sent'"),
    literal_column("'cancelled'"),
    literal_column("'expired'"),
)


def _free(lane: Lane) -> ColumnElement[bool]:
    """No delivery of the same line is on its way, so that a line keeps its order.

    An urgent message does not wait for a bulk one whose outcome is unclear; an update or a home view waits
    for any, because the later one must win.
    """
    busy: FromClause = deliveries.alias("busy")
    conditions = [busy.c.line == deliveries.c.line, busy.c.state.in_(BUSY)]
    if lane is Lane.URGENT:
        conditions.append(or_(busy.c.lane == Lane.URGENT, busy.c.kind.not_in(tuple(READ_BACK))))
    return ~select(busy.c.id).where(*conditions).exists()


def _not_waiting() -> ColumnElement[bool]:
    before = deliveries.alias("before")
    # Compared as a value and not asked for as EXISTS: PostgreSQL would read every sent row into a hash table.
    state = select(before.c.state).where(before.c.key == deliveries.c.after).scalar_subquery()
    return or_(deliveries.c.after.is_(None), state == State.SENT)


@cache
def candidates(lane: Lane, *, lines: bool, kinds: bool) -> Select[Any]:
    """Give what is due at `b_at` and could go, at most `b_limit`, besides `b_lines` and `b_kinds`."""
    at = bindparam("b_at", type_=Instant)
    statement = (
        select(deliveries)
        .where(
            deliveries.c.state == PENDING,
            deliveries.c.lane == lane,
            deliveries.c.due_at <= at,
            or_(deliveries.c.expires_at.is_(None), deliveries.c.expires_at > at),
            _free(lane),
            _not_waiting(),
        )
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(bindparam("b_limit", type_=Integer))
    )
    if lines:
        statement = statement.where(deliveries.c.line.not_in(bindparam("b_lines", expanding=True)))
    if kinds:
        statement = statement.where(deliveries.c.kind.not_in(bindparam("b_kinds", expanding=True)))
    return statement


def _mark(*fence: ColumnElement[bool]) -> ReturningUpdate[Any]:
    at = bindparam("b_at", type_=Instant)
    read_back = deliveries.c.kind.in_(tuple(READ_BACK))
    return (
        update(deliveries)
        .where(
            deliveries.c.id == bindparam("b_id"),
            deliveries.c.state == State.RESERVED,
            deliveries.c.owner == bindparam("b_owner"),
            deliveries.c.lease_until > at,
            *fence,
        )
        .values(
            state=State.SENDING,
            attempts=deliveries.c.attempts + 1,
            attempt_at=at,
            anchor=bindparam("b_anchor"),
            check_at=case(
                (read_back, bindparam("b_sure", type_=Instant)), else_=bindparam("b_quick", type_=Instant)
            ),
            file=None,
            thread=None,
            reason=None,
        )
        .returning(deliveries)
    )


MARK = _mark()
"""Marks `b_id` as being sent by `b_owner`, if it is still reserved by it."""
MARK_FENCED = _mark(
    select(leases.c.name)
    .where(
        leases.c.name == bindparam("b_lease"),
        leases.c.owner == bindparam("b_owner"),
        leases.c.until > bindparam("b_at", type_=Instant),
    )
    .exists()
)
"""The same, if `b_owner` still holds `b_lease` too."""
SETTLE = update(deliveries).where(
    deliveries.c.id == bindparam("b_id"),
    deliveries.c.state == State.SENDING,
    deliveries.c.attempts == bindparam("b_attempts"),
)
"""Ends the attempt `b_attempts` of `b_id`, unless it was settled or repeated meanwhile."""
