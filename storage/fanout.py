"""Owes one message to everybody in a single statement: a hundred thousand rows in about a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import cast, func, literal, null, select
from sqlalchemy.dialects import postgresql, sqlite

from community.deliveries import Delivery, Kind, Lane, State
from storage.deliveries import split
from storage.tables import Facts, Instant, deliveries, members

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from sqlalchemy import ColumnElement

    from storage.store import Store


async def to_everybody(
    store: Store,
    key: str,
    *,
    at: datetime,
    payload: Mapping[str, Any] | None = None,
    render: str | None = None,
    about: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    lane: Lane = Lane.BULK,
) -> int:
    """Owe everybody who has not left a direct message; the number of deliveries really added.

    The key of each is "<key>:<user>", so that a second call adds only those who came since. What `render`
    makes is made from `about` and the person's id under "user". Raises ValueError for what could never
    be sent; a text that Slack would split is refused too, because one row is one message.
    """
    one = Delivery(
        key=key, to="U0", payload=payload, render=render, due_at=due_at, expires_at=expires_at, lane=lane
    )
    if len(list(split(one))) > 1:
        raise ValueError(f"{key}: the text is too long for one message.")
    postgres = store.connection.dialect.name == "postgresql"
    columns: dict[str, ColumnElement[Any]] = {
        "key": literal(f"{key}:") + members.c.id,
        "opaque": opaque(postgres=postgres),
        "kind": literal(Kind.POST.value),
        "lane": literal(one.lane.value),
        "state": literal(State.PENDING.value),
        "line": members.c.id,
        "to": members.c.id,
        "payload": null() if one.payload is None else literal(dict(one.payload), Facts),
        "render": null() if one.render is None else literal(one.render),
        "about": about_each(about or {}, members.c.id, postgres=postgres),
        "due_at": literal(one.due_at or at, Instant),
        "expires_at": null() if one.expires_at is None else literal(one.expires_at, Instant),
        "added_at": literal(at, Instant),
    }
    insert = (postgresql if postgres else sqlite).insert
    everybody = select(*columns.values()).where(members.c.left_at.is_(None)).order_by(members.c.id)
    result = await store.connection.execute(
        insert(deliveries)
        .from_select(list(columns), everybody, include_defaults=False)
        .on_conflict_do_nothing(index_elements=[deliveries.c.key])
    )
    added = result.rowcount
    store.deliveries.added += added
    return added


def opaque(*, postgres: bool) -> ColumnElement[str]:
    """Let the database draw the random id that travels in the message's metadata."""
    if postgres:
        return cast(func.gen_random_uuid(), deliveries.c.opaque.type)
    return func.lower(func.hex(func.randomblob(16)))


def about_each(about: Mapping[str, Any], user: ColumnElement[str], *, postgres: bool) -> ColumnElement[Any]:
    """Give the facts of each row: these, and whom it is for under "user"."""
    if postgres:
        facts = cast(literal(dict(about), Facts), postgresql.JSONB)
        return cast(facts.op("||")(func.jsonb_build_object("user", user)), Facts)
    return func.json_set(literal(dict(about), Facts), "$.user", user)
