"""The statements of requests and offers, made once: to put them together costs more than to run them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from community.mentoring_requests import OfferState, Status
from community.topics import Topic
from storage.tables import Instant, members, mentor_profiles, offers, request_history, requests

if TYPE_CHECKING:
    from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

    from community.mentoring_requests import Event


def _noted(change: ReturningInsert[Any] | ReturningUpdate[Any]) -> Select[Any]:
    """Give what this change of one request gives, and write a line of its history in the same statement.

    Only PostgreSQL can do that. There each statement is a trip to the server, and a transaction that asks or
    claims has four or five of them.
    """
    changed = change.cte("changed")
    line = [
        bindparam(f"n_{column.name}", type_=column.type).label(column.name)
        for column in request_history.c
        if column.name not in {"id", "request"}
    ]
    noted = insert(request_history).from_select(
        ["request", *(each.name for each in line)], select(changed.c.id, *line), include_defaults=False
    )
    return select(changed).add_cte(noted.cte("noted"))


def line(event: Event) -> dict[str, Any]:
    """Give the values of a line of history, but for the request's number."""
    values: dict[str, Any] = {"at": event.at, "actor": event.actor, "kind": event.kind, "facts": event.facts}
    return values | {"follow_at": event.at if event.follows else None}


OPENED = (
    "asker", "question", "details", "topic", "state", "office", "race", "needed_by", "private", "status",
    "circle", "wave", "opened_at", "waiting_since", "look_at", "widen_at", "alarm_at", "resources_at",
    "overdue_at", "hurts_at", "claims", "help_asked", "reminders", "closings",
)  # fmt: skip
"""The columns of a new request; the others come later in its life."""
OPEN = (
    insert(requests)
    .values({name: bindparam(f"b_{name}", type_=requests.c[name].type) for name in OPENED})
    .returning(requests.c.id)
)
OPEN_NOTED = _noted(OPEN)
GET = select(requests).where(requests.c.id == bindparam("b_id"))
HOLD = GET.with_for_update()
BEFORE_CLAIM = (
    select(
        requests,
        members.c.roles,
        members.c.left_at,
        mentor_profiles.c.approved_at,
        mentor_profiles.c.against,
    )
    .select_from(requests)
    .outerjoin(members, members.c.id == bindparam("b_by", type_=Text))
    .outerjoin(mentor_profiles, mentor_profiles.c.user == bindparam("b_by", type_=Text))
    .where(requests.c.id == bindparam("b_id"))
)
CLAIM = (
    update(requests)
    .where(
        requests.c.id == bindparam("b_id"),
        requests.c.status == Status.OPEN,
        requests.c.claims == bindparam("b_claims"),
        requests.c.wave == bindparam("b_wave"),
    )
    .values(
        status=Status.CLAIMED,
        holder=bindparam("b_by"),
        claimed_at=bindparam("b_at", type_=Instant),
        answered_at=None,
        nudged_at=None,
        conversation=None,
        claims=requests.c.claims + 1,
        look_at=bindparam("b_look_at", type_=Instant),
    )
    .returning(requests)
)
CLAIM_NOTED = _noted(CLAIM)
NOTE = insert(request_history)
HISTORY = (
    select(request_history)
    .where(request_history.c.request == bindparam("b_request"))
    .order_by(request_history.c.id)
)
OFFER = insert(offers).returning(offers, sort_by_parameter_order=True)
OFFERS = select(offers).where(offers.c.request == bindparam("b_request")).order_by(offers.c.id)
ASKED = select(offers.c.mentor).where(
    offers.c.request == bindparam("b_request"), offers.c.state.in_([OfferState.OPEN, OfferState.PASSED])
)
GET_OFFER = select(offers).where(offers.c.id == bindparam("b_id"))
LAPSE = (
    update(offers)
    .where(
        offers.c.request == bindparam("b_request"),
        offers.c.state == OfferState.OPEN,
        offers.c.lapsed_at.is_(None),
    )
    .values(lapsed_at=bindparam("b_at", type_=Instant))
    .returning(offers.c.mentor)
)
"""Notes that the open offers of `b_request` were let pass in silence."""
LATEST = (
    select(offers.c.state, offers.c.lapsed_at)
    .where(
        offers.c.mentor == bindparam("b_mentor"),
        or_(
            offers.c.lapsed_at.is_not(None),
            offers.c.state.in_([OfferState.PASSED, OfferState.TAKEN]),
        ),
    )
    .order_by(offers.c.id.desc())
    .limit(20)
)
"""What became of the offers that `b_mentor` got last, of those that they answered or let pass."""
_offered = select(offers.c.request).where(
    offers.c.mentor == bindparam("b_user"), offers.c.state == OfferState.OPEN
)
HELD_OR_OFFERED = (
    select(requests.c.id)
    .where(
        or_(
            and_(requests.c.holder == bindparam("b_user"), requests.c.status == Status.CLAIMED),
            and_(requests.c.id.in_(_offered), requests.c.status == Status.OPEN),
        )
    )
    .order_by(requests.c.id)
)
"""The requests that `b_user` holds or has an open offer of."""
WAITS = (
    select(requests.c.opened_at, requests.c.first_answered_at)
    .where(requests.c.first_answered_at > bindparam("b_since", type_=Instant))
    .order_by(requests.c.first_answered_at.desc())
    .limit(1000)
)
"""When the requests that were first answered after `b_since` were asked and answered."""
IN_CONVERSATION = (
    select(requests)
    .where(requests.c.conversation == bindparam("b_channel"), requests.c.status == Status.CLAIMED)
    .order_by(requests.c.claimed_at.desc(), requests.c.id.desc())
)
"""The claimed requests that are talked about in `b_channel`, the newest first."""
LEFT_AT = select(members.c.left_at).where(members.c.id == bindparam("b_user"))

_gone = select(members.c.id).where(members.c.left_at.is_not(None))
_abandoned = or_(
    and_(requests.c.status == Status.CLAIMED, requests.c.holder.in_(_gone)),
    and_(requests.c.topic != Topic.UNSAFE, requests.c.asker.in_(_gone)),
)
DUE = (
    select(requests.c.id)
    .where(
        requests.c.look_at.is_not(None),
        or_(requests.c.look_at <= bindparam("b_at", type_=Instant), _abandoned),
    )
    .order_by(requests.c.look_at, requests.c.id)
    .limit(bindparam("b_limit", type_=Integer))
)
"""The requests whose moment has come by `b_at`, or whose people have left."""


@cache
def change(names: tuple[str, ...], *, answered: bool) -> ReturningUpdate[Any]:
    """Set these fields of `b_id` to `b_<name>` if it is in `b_if_status`; `answered`: the holder spoke."""
    values: dict[str, Any] = {name: bindparam(f"b_{name}", type_=requests.c[name].type) for name in names}
    if answered:
        # The first answer of all is what waiting times are measured by.
        values["first_answered_at"] = func.coalesce(requests.c.first_answered_at, values["answered_at"])
    return (
        update(requests)
        .where(requests.c.id == bindparam("b_id"), requests.c.status == bindparam("b_if_status"))
        .values(**values)
        .returning(requests)
    )


@cache
def settle(*, one: bool, upto: bool) -> ReturningUpdate[Any]:
    """Turn the open offers of `b_request` into `b_state`: of `b_mentor` only, of waves up to `b_upto`."""
    where = [offers.c.request == bindparam("b_request"), offers.c.state == OfferState.OPEN]
    if one:
        where.append(offers.c.mentor == bindparam("b_mentor"))
    if upto:
        where.append(offers.c.wave <= bindparam("b_upto"))
    return update(offers).where(*where).values(state=bindparam("b_state")).returning(offers)


def _standings() -> Select[Any]:
    """Ask for every approved mentor with what they hold, what waits for them, and when they were last asked.

    What is over costs nothing, however much of it there is: each part is led by an index. The conditions of
    the partial ones stand there word for word, because a bound parameter would hide them from the planner.
    """
    held = (
        select(requests.c.holder, func.count().label("held"))
        .where(requests.c.status == literal_column("'claimed'"))
        .group_by(requests.c.holder)
        .subquery()
    )
    # Asked for by IN and not joined: SQLite, which nobody analyses, would begin with every offer ever made.
    queue = select(requests.c.id).where(requests.c.status == literal_column("'open'"))
    waiting = (
        select(offers.c.mentor, func.count().label("waiting"))
        .where(offers.c.request.in_(queue), offers.c.state == OfferState.OPEN)
        .group_by(offers.c.mentor)
        .subquery()
    )
    last = (
        select(func.max(offers.c.offered_at))
        .where(offers.c.mentor == mentor_profiles.c.user)
        .correlate(mentor_profiles)
        .scalar_subquery()
    )
    profile = mentor_profiles.c
    return (
        select(
            profile.user,
            profile.kind,
            profile.states,
            profile.topics,
            profile.offices,
            profile.capacity,
            profile.against,
            profile.away_until,
            profile.approved_at,
            held.c.held,
            waiting.c.waiting,
            last.label("last"),
        )
        .join(members, members.c.id == mentor_profiles.c.user)
        .outerjoin(held, held.c.holder == mentor_profiles.c.user)
        .outerjoin(waiting, waiting.c.mentor == mentor_profiles.c.user)
        .where(mentor_profiles.c.approved_at.is_not(None), members.c.left_at.is_(None))
    )


STANDINGS = _standings()
STANDINGS_OF_STATE = STANDINGS.where(
    (" " + mentor_profiles.c.states + " ").like(bindparam("b_state", type_=Text))
)
"""The same for mentors of one state, named as "% VA %"."""
