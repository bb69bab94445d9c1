"""The statements that every delivery needs, made once: to put them together costs more than to run them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, and_, bindparam, case, func, literal_column, or_, select, update

from community.deliveries import COLLAPSING, READ_BACK, Kind, Lane, State
from storage.tables import Instant, deliveries, leases

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, FromClause, Select, Update
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
        select(deliveries.c.id, deliveries.c.kind, deliveries.c.line)
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
ATTEMPT = update(deliveries).where(
    deliveries.c.id == bindparam("b_id"),
    deliveries.c.state == State.SENDING,
    deliveries.c.attempts == bindparam("b_attempts"),
)
"""Changes or ends the attempt `b_attempts` of `b_id`, unless it was settled or repeated meanwhile."""

_AT = bindparam("b_at", type_=Instant)


def _put_back() -> Update:
    newer = deliveries.alias("newer")
    replaced = and_(
        deliveries.c.kind.in_(tuple(COLLAPSING)),
        select(newer.c.id)
        .where(
            newer.c.line == deliveries.c.line,
            newer.c.kind.in_(tuple(COLLAPSING)),
            newer.c.state.in_((State.PENDING, State.RESERVED)),
            newer.c.id != deliveries.c.id,
        )
        .exists(),
    )
    over = or_(replaced, deliveries.c.cancelled_at.is_not(None))
    return ATTEMPT.values(
        state=case((over, State.CANCELLED.value), else_=State.PENDING.value),
        ended_at=case((over, _AT), else_=None),
        reason=case((replaced, "superseded"), else_=deliveries.c.reason),
        due_at=func.coalesce(bindparam("b_due_at", type_=Instant), deliveries.c.due_at),
        attempts=deliveries.c.attempts - bindparam("b_uncounted", type_=Integer),
        owner=None,
        lease_until=None,
        check_at=None,
    )


PUT_BACK = _put_back()
"""Owes it again, at `b_due_at` if that is not null, or ends it at `b_at` if nobody wants it any more."""


def _first(*conditions: ColumnElement[bool]) -> Select[Any]:
    """When the first pending delivery is due of which this is true, of each lane in the order of `Lane`."""
    return select(
        *(
            select(deliveries.c.due_at)
            .where(deliveries.c.state == PENDING, deliveries.c.lane == lane, *conditions)
            .order_by(deliveries.c.due_at)
            .limit(1)
            .scalar_subquery()
            .label(lane.value)
            for lane in Lane
        )
    )


EARLIEST = _first()
"""When the first delivery of each lane is due, or has been due since."""
NEXT_DUE = _first(deliveries.c.due_at > _AT)
"""When the next delivery of each lane is due after `b_at`."""

_IDS = deliveries.c.id.in_(bindparam("b_ids", expanding=True))
RESERVE = (
    update(deliveries)
    .where(
        deliveries.c.id.in_(
            select(deliveries.c.id)
            .where(_IDS, deliveries.c.state == PENDING)
            .with_for_update(skip_locked=True)
        ),
        deliveries.c.state == PENDING,
    )
    .values(
        state=State.RESERVED,
        owner=bindparam("b_owner"),
        lease_until=bindparam("b_until", type_=Instant),
    )
    .returning(deliveries)
)
"""Reserves what of `b_ids` is still pending for `b_owner`, until `b_until`."""
RELEASE = (
    update(deliveries)
    .where(_IDS, deliveries.c.state == State.RESERVED, deliveries.c.owner == bindparam("b_owner"))
    .values(state=State.PENDING, owner=None, lease_until=None)
)
"""Gives back what of `b_ids` `b_owner` has reserved."""

HOLD_CARD = select(deliveries.c.id).where(deliveries.c.key == bindparam("b_key")).with_for_update()
SHOWING = update(deliveries).where(deliveries.c.key == bindparam("b_key")).values(hash=bindparam("b_hash"))


def _sweep(*found: ColumnElement[bool], **values: Any) -> Update:
    # What somebody holds at this moment, even if frozen, is left for the next round.
    over = select(deliveries.c.id).where(*found).with_for_update(skip_locked=True)
    return update(deliveries).where(deliveries.c.id.in_(over)).values(**values)


_LAPSED = (
    deliveries.c.state.in_(BUSY),
    deliveries.c.state == State.RESERVED,
    or_(deliveries.c.lease_until <= _AT, deliveries.c.owner != bindparam("b_leader")),
)
LAPSE = _sweep(*_LAPSED, state=State.PENDING, owner=None, lease_until=None)
"""Frees the reservations whose time is over at `b_at`, and those of others than `b_leader` if not null."""
_EXPIRED = (
    deliveries.c.state == PENDING,
    deliveries.c.expires_at.is_not(None),
    deliveries.c.expires_at <= _AT,
)
EXPIRE = _sweep(*_EXPIRED, state=State.EXPIRED, ended_at=_AT)
"""Ends what was not sent by `b_at` though it should have been."""
_UNRESOLVED = (
    deliveries.c.state.in_(BUSY),
    deliveries.c.state == State.SENDING,
    deliveries.c.check_at <= _AT,
)
UNRESOLVED = (
    select(deliveries)
    .where(*_UNRESOLVED)
    .order_by(deliveries.c.lane.desc(), deliveries.c.check_at, deliveries.c.id)
    .limit(bindparam("b_limit", type_=Integer))
)
"""What is marked as being sent and has to be looked up by `b_at`, urgent first."""

_before = deliveries.alias("before")
_ORPHANED = (
    deliveries.c.after.is_not(None),
    deliveries.c.state == PENDING,
    _before.c.state.in_((State.DEAD, State.CANCELLED, State.EXPIRED)),
)
ORPHANS = (
    select(deliveries, _before.c.state.label("fate"))
    .join(_before, _before.c.key == deliveries.c.after)
    .where(*_ORPHANED)
    .limit(bindparam("b_limit", type_=Integer))
)
"""What waits for a delivery that will never be sent, with how that one ended."""

BURY = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("b_id"), deliveries.c.state == State.PENDING)
    .values(state=bindparam("b_state"), ended_at=_AT, reason=bindparam("b_reason"))
)
"""Ends `b_id`, which still waits."""
LAST_TS = (
    select(deliveries.c.ts)
    .where(
        deliveries.c.state.in_(ENDED),
        deliveries.c.state == State.SENT,
        deliveries.c.kind == Kind.POST,
        deliveries.c.ts.is_not(None),
    )
    .order_by(deliveries.c.ended_at.desc())
    .limit(1)
)
"""The ts of the message that was sent last."""
CENSUS = (
    select(deliveries.c.state, func.count())
    .where(
        or_(
            deliveries.c.state == PENDING,
            deliveries.c.state.in_(BUSY),
            deliveries.c.state.in_((literal_column("'parked'"), literal_column("'dead'"))),
        )
    )
    .group_by(deliveries.c.state)
)
"""How many deliveries stand where, of those that are not over."""

TO_TEND = select(
    or_(
        *(select(deliveries.c.id).where(*one).exists() for one in (_LAPSED, _EXPIRED, _UNRESOLVED)),
        select(deliveries.c.id).join(_before, _before.c.key == deliveries.c.after).where(*_ORPHANED).exists(),
    )
)
"""Whether there is anything of all that at `b_at`."""
