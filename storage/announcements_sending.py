"""An announcement on its way: owed, stopped, changed, deleted and counted in one statement each.

However many people are in it, its text is kept once, and rendered for each of them at the moment of sending.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, delete, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.announcements_book import Announcement, Tally
from community.announcements_times import Window
from community.deliveries import Kind, Lane, State
from storage import announcements_statements as sql
from storage.deliveries_statements import NEWEST_TEXT, WAITING
from storage.dialects import DIALECTS
from storage.fanout import about_each, opaque
from storage.tables import (
    Facts,
    Instant,
    announcement_people,
    deliveries,
    members,
)

MESSAGE = "announcements.message"
"""The renderer of what people get."""

_HELD = (State.PENDING, State.RESERVED, State.EXPIRED)
"""Not sent: waiting, or overtaken by the night and owed again in the morning."""

_SHOWN = (State.SENDING, State.SENT, State.PARKED)


def message_key(number: int, to: str) -> str:
    """Name the message of one announcement to one person, or in one channel."""
    return f"announcements:message:{number}:{to}"


def _keys(number: int) -> Select[Any]:
    """Give the keys of all messages of an announcement: each is looked up in the unique index."""
    return select(literal(message_key(number, "")) + announcement_people.c.to).where(
        announcement_people.c.announcement == number
    )


class Sending:
    """What is done about an announcement's messages, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._postgres = self._dialect == "postgresql"
        self.added = 0
        """How many deliveries this transaction added or touched; the sender is woken when there are any."""

    async def fan_out(self, one: Announcement, windows: Mapping[str, Window], starts_at: datetime) -> int:
        """Owe it to everybody who is in it, in one statement; how many.

        Each zone has its own window. A channel has no night.
        """
        prefix = literal(message_key(one.id, ""))
        columns: dict[str, ColumnElement[Any]] = {
            "key": prefix + announcement_people.c.to,
            "opaque": opaque(postgres=self._postgres),
            "kind": literal(Kind.POST.value),
            "lane": literal(Lane.BULK.value),
            "state": literal(State.PENDING.value),
            "line": announcement_people.c.to,
            "to": announcement_people.c.to,
            "render": literal(MESSAGE),
            "about": about_each({"announcement": one.id}, announcement_people.c.to, postgres=self._postgres),
            "due_at": _by_zone({zone: each.due_at for zone, each in windows.items()}, starts_at),
            "expires_at": _by_zone({zone: each.until for zone, each in windows.items()}, None),
            "added_at": literal(one.confirmed_at or starts_at, Instant),
        }
        everybody = (
            select(*columns.values())
            .select_from(announcement_people)
            .outerjoin(members, members.c.id == announcement_people.c.to)
            .where(announcement_people.c.announcement == one.id)
            .order_by(announcement_people.c.to)
        )
        result = await self._connection.execute(
            self._insert(deliveries)
            .from_select(list(columns), everybody, include_defaults=False)
            .on_conflict_do_nothing(index_elements=[deliveries.c.key])
        )
        return self._rang(result.rowcount)

    @property
    def _insert(self) -> Any:
        return DIALECTS[self._dialect].insert

    def _rang(self, count: int) -> int:
        self.added += count
        return count

    async def stop(self, number: int, *, at: datetime) -> int:
        """Take back what has not left; how many.

        What is being sent at this moment ends as it ends, but is not tried again.
        """
        ours = deliveries.c.key.in_(_keys(number))
        stopped = await self._connection.execute(
            update(deliveries)
            .where(ours, deliveries.c.state.in_(_HELD))
            .values(state=State.CANCELLED, cancelled_at=at, ended_at=at, owner=None, lease_until=None)
        )
        await self._connection.execute(
            update(deliveries).where(ours, deliveries.c.state == State.SENDING).values(cancelled_at=at)
        )
        return stopped.rowcount

    async def unsend(self, number: int) -> None:
        """Forget deliveries that were stopped before they left, so that they can be owed anew."""
        await self._connection.execute(
            delete(deliveries).where(
                deliveries.c.key.in_(_keys(number)),
                deliveries.c.state == State.CANCELLED,
                deliveries.c.ts.is_(None),
            )
        )

    async def refresh(self, one: Announcement, *, at: datetime) -> int:
        """Let everything that was delivered show the newest text; how many messages change.

        As `Deliveries.refresh` does for single cards: what is still to be sent is rendered from the newest
        text anyway, and of updates only the newest waits.
        """
        # Writing to the posts' rows waits on PostgreSQL for a sender that is just marking one of them.
        await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.key.in_(_keys(one.id)))
            .values(refreshes=deliveries.c.refreshes + 1)
        )
        about = {"announcement": one.id, "again": True}
        columns = self._following(Kind.UPDATE, f"~text{one.version}", at) | {
            "render": literal(MESSAGE),
            "about": literal(about, Facts),
        }
        insert = self._insert(deliveries).from_select(
            list(columns), self._delivered(one.id, columns), include_defaults=False
        )
        result = await self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=[deliveries.c.line],
                index_where=NEWEST_TEXT,
                set_={"about": insert.excluded.about, "render": insert.excluded.render},
            )
        )
        return self._rang(result.rowcount)

    async def erase(self, one: Announcement, *, at: datetime) -> int:
        """Delete everything that was delivered; how many messages."""
        await self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.after.in_(_keys(one.id)),
                deliveries.c.kind == Kind.UPDATE,
                deliveries.c.state.in_(WAITING),
            )
            .values(state=State.CANCELLED, cancelled_at=at, ended_at=at, owner=None, lease_until=None)
        )
        columns = self._following(Kind.DELETE, "~gone", at) | {"about": literal({}, Facts)}
        result = await self._connection.execute(
            self._insert(deliveries)
            .from_select(list(columns), self._delivered(one.id, columns), include_defaults=False)
            .on_conflict_do_nothing(index_elements=[deliveries.c.key])
        )
        return self._rang(result.rowcount)

    def _following(self, kind: Kind, ending: str, at: datetime) -> dict[str, ColumnElement[Any]]:
        """Give the columns of a delivery that follows each message of the announcement."""
        return {
            "key": deliveries.c.key + literal(ending),
            "opaque": opaque(postgres=self._postgres),
            "kind": literal(kind.value),
            "lane": literal(Lane.BULK.value),
            "state": literal(State.PENDING.value),
            "line": literal("card:") + deliveries.c.key,
            "to": literal(""),
            "after": deliveries.c.key,
            "due_at": literal(at, Instant),
            "added_at": literal(at, Instant),
        }

    def _delivered(self, number: int, columns: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
        return (
            select(*columns.values())
            .where(deliveries.c.key.in_(_keys(number)), deliveries.c.state.in_(_SHOWN))
            .order_by(deliveries.c.id)
        )

    async def send_again(self, one: Announcement, windows: Mapping[str, Window], *, at: datetime) -> int:
        """Owe again what Slack refused; how many."""
        return await self._owe_again(one.id, State.DEAD, windows, at, attempts=0)

    async def wake(self, one: Announcement, windows: Mapping[str, Window], *, at: datetime) -> int:
        """Owe again, from the next daytime on, what night overtook; how many."""
        return await self._owe_again(one.id, State.EXPIRED, windows, at)

    async def _owe_again(
        self, number: int, state: State, windows: Mapping[str, Window], at: datetime, **more: Any
    ) -> int:
        zone = (
            select(members.c.zone).where(members.c.id == deliveries.c.to).correlate(deliveries)
        ).scalar_subquery()
        changed = await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.key.in_(_keys(number)), deliveries.c.state == state)
            .values(
                state=State.PENDING,
                due_at=_by_zone({zone: each.due_at for zone, each in windows.items()}, at, zone),
                expires_at=_by_zone({zone: each.until for zone, each in windows.items()}, None, zone),
                check_at=None,
                reason=None,
                ended_at=None,
                cancelled_at=None,
                told_at=None,
                **more,
            )
        )
        return self._rang(changed.rowcount)

    async def overtaken(self, number: int) -> list[str]:
        """Give the zones of those whose message night overtook."""
        found = await self._connection.execute(
            select(members.c.zone)
            .distinct()
            .join(deliveries, deliveries.c.to == members.c.id)
            .where(deliveries.c.key.in_(_keys(number)), deliveries.c.state == State.EXPIRED)
        )
        return list(found.scalars())

    async def tally(self, one: Announcement, *, at: datetime) -> Tally:
        """Count what has become of it."""
        values = {"b_id": one.id, "b_prefix": message_key(one.id, "")}
        rows = await self._connection.execute(sql.TALLY, values | {"b_at": at})
        counts: dict[str, int] = {}
        failed: dict[str, int] = {}
        for row in rows:
            state = State(row.state) if row.state else None
            if state is State.DEAD:
                reason = row.reason or "refused"
                failed[reason] = failed.get(reason, 0) + row.number
                continue
            name = _counts_as(state, row.reason, ahead=bool(row.ahead))
            counts[name] = counts.get(name, 0) + row.number
        return Tally(**counts, failed=failed, **await self._after(values), **await self._signs(one.id))

    async def _after(self, values: dict[str, Any]) -> dict[str, int]:
        """Count the edits and deletions that follow its messages."""
        rows = await self._connection.execute(sql.AFTER, values)
        counts = {"changing": 0, "going": 0, "gone": 0}
        for row in rows:
            deleted = row.kind == Kind.DELETE
            name = "gone" if deleted and row.state == State.SENT else "going" if deleted else "changing"
            counts[name] += row.number
        # Those whose last edit Slack refused; whoever deleted their message reads no old text.
        return counts | {"unchanged": await self._connection.scalar(sql.UNCHANGED, values) or 0}

    async def _signs(self, number: int) -> dict[str, int]:
        row = (await self._connection.execute(sql.SIGNS, {"b_id": number})).one()
        names = ("pressed", "presses", "replied", "replies")
        return {name: int(value) for name, value in zip(names, row, strict=True)}


def _counts_as(state: State | None, reason: str | None, *, ahead: bool) -> str:
    """Name the count that a message of this state belongs to."""
    match state:
        case State.SENT:
            return "sent"
        case State.PARKED:
            return "unsure"
        case State.CANCELLED:
            return "withheld" if reason == "nothing_to_say" else "stopped"
        case State.EXPIRED:
            return "later"
        case State.PENDING if ahead:
            return "later"
        case _:
            return "waiting"


def _by_zone(
    moments: Mapping[str, datetime | None],
    otherwise: datetime | None,
    zone: ColumnElement[str] = members.c.zone,
) -> ColumnElement[Any]:
    """Give each zone's own moment, in one expression."""
    known = {name: literal(moment, Instant) for name, moment in moments.items() if moment is not None}
    last = null() if otherwise is None else literal(otherwise, Instant)
    return case(known, value=zone, else_=last) if known else last
