"""The statements of saved races, made once: to put them together costs more than to run them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Integer, Select, Text, bindparam, func, or_, select, update

from community.races_saved import Saved, Standing
from storage.dialects import DIALECTS
from storage.tables import Instant, deliveries, members, saved_races

_LIMIT = bindparam("b_limit", type_=Integer)

CHANGING = tuple(
    each.name for each in fields(Saved) if each.name not in {"id", "user", "key", "saved_at", "uid"}
)
"""What may become different of a saved race."""

ADD = {
    name: dialect.insert(saved_races).on_conflict_do_nothing().returning(saved_races)
    for name, dialect in DIALECTS.items()
}
"""Keeps one, by the kind of database; who has saved this race before gets none."""
GET = select(saved_races).where(saved_races.c.id == bindparam("b_id"))
HOLD = GET.with_for_update()
_OF = select(saved_races).where(saved_races.c.user == bindparam("b_user"))
HOLD_KEY = _OF.where(saved_races.c.key == bindparam("b_key")).with_for_update()
KEPT = _OF.where(saved_races.c.standing != Standing.STOPPED)
"""What `b_user` keeps; what they stopped is not kept."""
PUT = (
    update(saved_races)
    .where(saved_races.c.id == bindparam("b_id"))
    .values({name: bindparam(f"b_{name}", type_=saved_races.c[name].type) for name in CHANGING})
)

# For people

_SHOWN = (
    saved_races.c.user == bindparam("b_user"),
    or_(
        saved_races.c.standing == Standing.ACTIVE,
        (saved_races.c.standing.in_((Standing.STOPPED, Standing.FILED, Standing.CANCELLED)))
        & (saved_races.c.settled_at > bindparam("b_since", type_=Instant)),
    ),
)
LISTED = (
    select(saved_races)
    .where(*_SHOWN)
    .order_by(saved_races.c.closes_at.is_(None), saved_races.c.closes_at, saved_races.c.id)
    .limit(_LIMIT)
    .offset(bindparam("b_offset", type_=Integer))
)
"""A page of what the Home tab of `b_user` lists; what was settled after `b_since` still stands there."""
COUNT_LISTED = select(func.count()).select_from(saved_races).where(*_SHOWN)

# What is due

DUE = (
    select(saved_races, members.c.zone.label("their_zone"), members.c.left_at)
    .outerjoin(members, members.c.id == saved_races.c.user)
    .where(saved_races.c.next_at <= bindparam("b_at", type_=Instant))
    .order_by(saved_races.c.next_at)
    .limit(_LIMIT)
    .with_for_update(of=saved_races, skip_locked=True)
)
"""Those whose moment has come by `b_at`, with what is known of their people."""
STATES = select(deliveries.c.key, deliveries.c.state).where(
    deliveries.c.key.in_(bindparam("b_keys", expanding=True))
)
"""Where the deliveries `b_keys` stand."""
ASTRAY = (
    select(saved_races, members.c.zone.label("their_zone"))
    .join(members, members.c.id == saved_races.c.user)
    .where(saved_races.c.standing == Standing.ACTIVE, saved_races.c.reader != members.c.zone)
    .order_by(saved_races.c.id)
    .limit(_LIMIT)
    .with_for_update(of=saved_races, skip_locked=True)
)
"""Countdowns that were worked out for another zone than their person lives in now."""

# What sources say

_OF_SOURCE = saved_races.c.key.startswith(bindparam("b_prefix", type_=Text), escape="/")
_UNCHECKED = (
    or_(saved_races.c.checked_at.is_(None), saved_races.c.checked_at < bindparam("b_before", type_=Instant)),
    saved_races.c.standing != Standing.STOPPED,
    or_(saved_races.c.ends_at.is_(None), saved_races.c.ends_at > bindparam("b_at", type_=Instant)),
)


def prefix(source: str) -> str:
    """Give what the keys of a source begin with, for LIKE: what has a meaning to it stands for itself."""
    return f"{source}:".replace("/", "//").replace("%", "/%").replace("_", "/_")


def _to_check() -> Select[Any]:
    oldest = func.min(func.coalesce(saved_races.c.checked_at, saved_races.c.saved_at))
    keys = (
        select(saved_races.c.key, func.max(saved_races.c.id).label("newest"), oldest.label("oldest"))
        .where(_OF_SOURCE, *_UNCHECKED)
        .group_by(saved_races.c.key)
        .order_by(oldest, saved_races.c.key)
        .limit(_LIMIT)
        .subquery()
    )
    return (
        select(saved_races.c.key, saved_races.c.race)
        .join(keys, keys.c.newest == saved_races.c.id)
        .order_by(keys.c.oldest, saved_races.c.key)
    )


TO_CHECK = _to_check()
"""Races whose keys begin with `b_prefix` that were not looked up since `b_before`, the oldest first."""
WITH_KEY = (
    select(saved_races, members.c.zone.label("their_zone"), members.c.left_at)
    .outerjoin(members, members.c.id == saved_races.c.user)
    .where(saved_races.c.key == bindparam("b_key"), *_UNCHECKED)
    .order_by(saved_races.c.id)
    .limit(_LIMIT)
    .with_for_update(of=saved_races)
)
"""Those who keep the race `b_key` and have not heard of it since `b_before`."""
CHECK_ANEW = update(saved_races).where(_OF_SOURCE).values(checked_at=None)
"""Lets all races whose keys begin with `b_prefix` be looked up at the next look."""
