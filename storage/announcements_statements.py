"""The statements of announcements, made once: to put them together costs more than to run them."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, Text, bindparam, case, delete, func, or_, select, update

from community.announcements_book import Status
from community.deliveries import Kind, State
from storage.dialects import DIALECTS
from storage.tables import (
    Instant,
    announcement_mutes,
    announcement_people,
    announcement_signs,
    announcement_texts,
    announcements,
    deliveries,
    members,
)

_ANSWERABLE = 50
"""A reply is looked for among so many of the last announcements."""

# One of them

GET = select(announcements).where(announcements.c.id == bindparam("b_id"))
HOLD = GET.with_for_update()
DRAFT_OF = (
    select(announcements)
    .where(announcements.c.author == bindparam("b_author"), announcements.c.status == Status.DRAFT)
    .order_by(announcements.c.id.desc())
    .limit(1)
)
"""The draft that `b_author` wrote last."""
LATEST = (
    select(announcements)
    .where(announcements.c.round > 0, announcements.c.status != Status.DRAFT)
    .order_by(announcements.c.confirmed_at.desc(), announcements.c.id.desc())
    .limit(bindparam("b_limit", type_=Integer))
)
"""The newest that are more than a draft, the last confirmed first."""
CHANGE = (
    update(announcements)
    .where(announcements.c.id == bindparam("b_id"))
    .values(
        {
            one.name: bindparam(f"b_{one.name}", type_=one.type)
            for one in announcements.c
            if not one.primary_key
        }
    )
    .returning(announcements)
)
"""Sets all there is of `b_id`."""
WORDS = select(announcement_texts).where(
    announcement_texts.c.announcement == bindparam("b_announcement"),
    announcement_texts.c.number == bindparam("b_number"),
)


def _keep_words(dialect: Any) -> Any:
    new = dialect.insert(announcement_texts)
    return new.on_conflict_do_update(
        index_elements=[announcement_texts.c.announcement, announcement_texts.c.number],
        set_={one.name: new.excluded[one.name] for one in announcement_texts.c if not one.primary_key},
    )


KEEP_WORDS = {name: _keep_words(dialect) for name, dialect in DIALECTS.items()}
"""Keeps a version of the text, by the kind of database, in place of what had its number."""

# What is to be looked at

_last = select(announcements.c.id).order_by(announcements.c.id.desc()).limit(_ANSWERABLE)
_stirred = (
    select(announcement_signs.c.user)
    .where(
        announcement_signs.c.announcement == announcements.c.id,
        announcement_signs.c.at >= announcements.c.tallied_at,
    )
    .exists()
)
BUSY = select(announcements).where(announcements.c.busy)
"""Those that something is still to be done about."""
STIRRED = select(announcements).where(
    announcements.c.id.in_(_last),
    announcements.c.busy.is_(False),
    announcements.c.tallied_at.is_not(None),
    _stirred,
)
"""The others of the last, where somebody has done something since they were counted."""

# What people do


@cache
def sign(dialect: str, count: str, moment: str) -> Any:
    """Count what a person did, and keep the moment when they first did it."""
    signs = announcement_signs.c
    new = DIALECTS[dialect].insert(announcement_signs)
    return new.on_conflict_do_update(
        index_elements=[signs.announcement, signs.user],
        set_={
            count: signs[count] + 1,
            moment: func.coalesce(signs[moment], new.excluded[moment]),
            "at": new.excluded.at,
        },
    )


ANSWERABLE = (
    select(announcements.c.id)
    .where(announcements.c.round > 0)
    .order_by(announcements.c.id.desc())
    .limit(_ANSWERABLE)
)
ANSWERED = select(deliveries.c.key).where(
    deliveries.c.key.in_(bindparam("b_keys", expanding=True)),
    deliveries.c.state == State.SENT,
    deliveries.c.channel == bindparam("b_channel"),
    deliveries.c.ts == bindparam("b_ts"),
)
"""Which of the messages `b_keys` is the one in `b_channel` at `b_ts`."""
MUTE = {
    name: dialect.insert(announcement_mutes).on_conflict_do_nothing() for name, dialect in DIALECTS.items()
}
UNMUTE = delete(announcement_mutes).where(announcement_mutes.c.user == bindparam("b_user"))
MUTED = select(announcement_mutes.c.user).where(announcement_mutes.c.user == bindparam("b_user"))
UNWILLING = (
    select(members.c.id)
    .outerjoin(announcement_mutes, announcement_mutes.c.user == members.c.id)
    .where(
        members.c.id == bindparam("b_user"),
        or_(members.c.left_at.is_not(None), announcement_mutes.c.user.is_not(None)),
    )
)
"""Gives `b_user` if they have left, or want no announcements."""

# How far it has come: `b_prefix` is what the keys of its messages begin with

_COMING = (State.PENDING, State.RESERVED, State.SENDING)
_key = bindparam("b_prefix", type_=Text) + announcement_people.c.to
_ours = announcement_people.c.announcement == bindparam("b_id")
_keys = select(_key).where(_ours)


def _tally() -> Select[Any]:
    ahead = case((deliveries.c.due_at > bindparam("b_at", type_=Instant), True), else_=False).label("ahead")
    return (
        select(deliveries.c.state, deliveries.c.reason, ahead, func.count().label("number"))
        .select_from(announcement_people)
        .outerjoin(deliveries, deliveries.c.key == _key)
        .where(_ours)
        .group_by(deliveries.c.state, deliveries.c.reason, ahead)
    )


TALLY = _tally()
"""How many of the messages stand where, and whether they are due only after `b_at`."""
AFTER = (
    select(deliveries.c.kind, deliveries.c.state, func.count().label("number"))
    .where(
        deliveries.c.after.is_not(None),
        deliveries.c.after.in_(_keys),
        or_(
            deliveries.c.state.in_(_COMING),
            (deliveries.c.kind == Kind.DELETE) & (deliveries.c.state == State.SENT),
        ),
    )
    .group_by(deliveries.c.kind, deliveries.c.state)
)
"""How many edits and deletions that follow the messages stand where."""

_later = deliveries.alias()
# The edit of a newer text takes the place of one that waits; one that was refused is followed by it.
_followed = (
    select(_later.c.id)
    .where(
        _later.c.after == deliveries.c.after,
        _later.c.kind == Kind.UPDATE,
        _later.c.id > deliveries.c.id,
        _later.c.state.in_((*_COMING, State.SENT, State.DEAD)),
    )
    .exists()
)
UNCHANGED = (
    select(func.count())
    .select_from(deliveries)
    .where(
        deliveries.c.after.is_not(None),
        deliveries.c.after.in_(_keys),
        deliveries.c.kind == Kind.UPDATE,
        deliveries.c.state == State.DEAD,
        func.coalesce(deliveries.c.reason, "") != "message_not_found",
        ~_followed,
    )
)
"""How many messages there are whose last edit Slack refused."""
SIGNS = select(
    func.count(announcement_signs.c.pressed_at),
    func.coalesce(func.sum(announcement_signs.c.presses), 0),
    func.count(announcement_signs.c.replied_at),
    func.coalesce(func.sum(announcement_signs.c.replies), 0),
).where(announcement_signs.c.announcement == bindparam("b_id"))
