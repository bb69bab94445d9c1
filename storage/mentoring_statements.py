"""The statements of requests and offers, made once: to put them together costs more than to run them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Text, bindparam, func, insert, literal_column, select, update

from community.mentoring_requests import OfferState, Status
from storage.tables import Instant, members, mentor_profiles, offers, request_history, requests

if TYPE_CHECKING:
    from sqlalchemy.sql.dml import ReturningUpdate

OPEN = insert(requests).returning(requests.c.id)
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
    .where(requests.c.id == bindparam("b_id"), requests.c.status == Status.OPEN)
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
