"""The statements of people and mentors, made once: to put them together costs more than to run them."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    update,
)

from community.members import Role
from storage.dialects import DIALECTS
from storage.tables import Instant, members, mentor_profiles

_LIMIT = bindparam("b_limit", type_=Integer)
_NAMED = members.c.id.in_(bindparam("b_users", expanding=True))

MEET = {name: dialect.insert(members).on_conflict_do_nothing() for name, dialect in DIALECTS.items()}
"""Sees to it that a person is known, by the kind of database."""
MEMBER = select(members).where(members.c.id == bindparam("b_user"))
NAMES = select(members.c.id, members.c.name).where(_NAMED)


def _get_to_know(dialect: Any) -> Any:
    new = dialect.insert(members)
    return new.on_conflict_do_update(
        index_elements=[members.c.id],
        set_={
            "state": func.coalesce(members.c.state, new.excluded.state),
            "office": func.coalesce(members.c.office, new.excluded.office),
        },
    )


GET_TO_KNOW = {name: _get_to_know(dialect) for name, dialect in DIALECTS.items()}
"""The same, and keeps what their profile did not say yet."""


def _learn(dialect: Any) -> Any:
    new = dialect.insert(members)
    left_at = func.coalesce(members.c.left_at, new.excluded.left_at)
    return new.on_conflict_do_update(
        index_elements=[members.c.id],
        set_={
            "name": _or_else(new.excluded.name, members.c.name),
            "zone": _or_else(bindparam("b_zone", type_=Text), members.c.zone),
            "guest": new.excluded.guest,
            "left_at": case((new.excluded.left_at.is_not(None), left_at)),
        },
    )


def _or_else(said: ColumnElement[str], known: ColumnElement[str]) -> ColumnElement[str]:
    return case((said != "", said), else_=known)


LEARN = {name: _learn(dialect) for name, dialect in DIALECTS.items()}
"""Keeps what Slack says of people; what it leaves empty is left as it is known."""
KNOWN = select(members.c.id, members.c.name, members.c.zone, members.c.guest, members.c.left_at).where(_NAMED)


@cache
def describe(names: tuple[str, ...]) -> Update:
    """Set these fields of `b_user` to `b_<name>`."""
    values = {name: bindparam(f"b_{name}", type_=members.c[name].type) for name in names}
    return update(members).where(members.c.id == bindparam("b_user")).values(values)


_FRESH = members.c.home_seen_at > bindparam("b_since", type_=Instant)
WITH_HOME = select(members.c.id).where(_NAMED, _FRESH)
"""Those of `b_users` who opened Home after `b_since`."""


@cache
def looking(states: int) -> Select[Any]:
    """Ask for `b_users` and who looks on at so many states, if they opened Home after `b_since`."""
    padded = " " + mentor_profiles.c.states + " "
    covers = or_(false(), *(padded.like(bindparam(f"b_state_{n}", type_=Text)) for n in range(states)))
    onlooker = and_(
        members.c.left_at.is_(None),
        or_(members.c.roles.contains(Role.STAFF), and_(mentor_profiles.c.approved_at.is_not(None), covers)),
    )
    return (
        select(members.c.id)
        .outerjoin(mentor_profiles, mentor_profiles.c.user == members.c.id)
        .where(_FRESH, or_(_NAMED, onlooker) if states else _NAMED)
    )


STAFF = (
    select(members)
    .where(members.c.roles.contains(Role.STAFF), members.c.left_at.is_(None))
    .order_by(members.c.id)
)
HOLD_ROLES = select(members.c.roles).where(members.c.id == bindparam("b_user")).with_for_update()
UNKNOWN = (
    select(members.c.id)
    .where(or_(members.c.name == "", members.c.name.is_(None)))
    .order_by(members.c.met_at)
    .limit(_LIMIT)
)
"""People of whom nothing but the id is known yet."""

# Mentors

MENTOR = select(mentor_profiles).where(mentor_profiles.c.user == bindparam("b_user"))
HOLD_MENTOR = MENTOR.with_for_update()


def _save_mentor(dialect: Any) -> Any:
    new = dialect.insert(mentor_profiles)
    counted = {"user", "asked_staff"}
    return new.on_conflict_do_update(
        index_elements=[mentor_profiles.c.user],
        set_={one.name: new.excluded[one.name] for one in mentor_profiles.c if one.name not in counted},
    )


SAVE_MENTOR = {name: _save_mentor(dialect) for name, dialect in DIALECTS.items()}
"""Keeps a profile, by the kind of database, in place of the one there was."""
ASK_STAFF = (
    update(mentor_profiles)
    .where(mentor_profiles.c.user == bindparam("b_user"))
    .values(asked_staff=mentor_profiles.c.asked_staff + 1)
)
ASKED_STAFF = select(mentor_profiles.c.asked_staff).where(mentor_profiles.c.user == bindparam("b_user"))
_WAITING = (mentor_profiles.c.approved_at.is_(None), mentor_profiles.c.declined_at.is_(None))
WAITING = (
    select(mentor_profiles)
    .where(*_WAITING)
    .order_by(mentor_profiles.c.signed_up_at, mentor_profiles.c.user)
    .limit(_LIMIT)
    .offset(bindparam("b_offset", type_=Integer))
)
"""A page of the mentors who wait for staff, the longest waiting first."""
COUNT_WAITING = select(func.count()).select_from(mentor_profiles).where(*_WAITING)
