"""What features do with deliveries: add, refresh and cancel them in the transaction of the fact they tell."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import func, or_, select, update

from community.deliveries import COLLAPSING, VOUCHED_FOR, Delivery, Kind, Lane, Owed, Sent, State, pieces
from storage import deliveries_statements as sql
from storage.deliveries_statements import WAITING
from storage.tables import deliveries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

_NAMED_AT_ONCE = 5000
"""Values that one statement names: both databases take some 32,000."""


def in_parts(names: Sequence[T], most: int = _NAMED_AT_ONCE) -> Iterator[Sequence[T]]:
    """Give so many of these at a time, in their order."""
    return (names[start : start + most] for start in range(0, len(names), most))


def owed(row: Row[Any]) -> Owed:
    """Turn a row of the table into the value that the rules and the sender work with."""
    return Owed(
        id=row.id,
        key=row.key,
        opaque=row.opaque,
        kind=Kind(row.kind),
        lane=Lane(row.lane),
        state=State(row.state),
        line=row.line,
        to=row.to,
        payload=row.payload,
        render=row.render,
        about=row.about,
        after=row.after,
        due_at=row.due_at,
        expires_at=row.expires_at,
        attempts=row.attempts,
        attempt_at=row.attempt_at,
        anchor=row.anchor,
        thread=row.thread,
        channel=row.channel,
        ts=row.ts,
        file=row.file,
        reason=row.reason,
        hash=row.hash,
        told=row.told,
    )


class Deliveries:
    """Deliveries within the caller's transaction: they are sent if and only if it commits."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self.seed: str | None = None
        """Where this is set, the opaque id of a delivery follows from it and the key, and is not random."""
        self.added = 0
        """How many this transaction added or touched; the database wakes the sender when there are any."""

    async def add(self, *wanted: Delivery, at: datetime) -> int:
        """Owe these deliveries from now on; what has a key that exists is left as it was.

        A text that Slack would split is split here: the parts follow one another under the keys
        "<key>~2", "<key>~3" …. Of updates and home views only the newest waits: the one before is cancelled.
        Returns the number of deliveries really added.
        """
        rows: list[dict[str, Any]] = []
        keys = 0
        for delivery in wanted:
            if delivery.kind in COLLAPSING:
                keys += await self._replace(delivery, at)
            else:
                rows.extend(self._values(part, at) for part in split(delivery))
        parts = {row["key"] for row in rows} - {delivery.key for delivery in wanted}
        if rows:
            result = await self._connection.execute(sql.ADD[self._dialect], rows)
            keys += sum(key not in parts for (key,) in result)
        self.added += keys
        return keys

    def _values(self, delivery: Delivery, at: datetime) -> dict[str, Any]:
        if self.seed is None:
            return _values(delivery, at, secrets.token_urlsafe(16))
        mixed = hashlib.sha256(f"{self.seed}:{delivery.key}".encode()).digest()
        return _values(delivery, at, base64.urlsafe_b64encode(mixed[:16]).decode().rstrip("="))

    async def _replace(self, delivery: Delivery, at: datetime) -> int:
        if await self._connection.scalar(sql.KNOWN, {"b_key": delivery.key}) is not None:
            return 0
        await self._connection.execute(sql.SUPERSEDE, {"b_line": delivery.line, "b_at": at})
        await self._connection.execute(sql.ADD_ONE, self._values(delivery, at))
        return 1

    async def refresh(self, *keys: str, at: datetime, lane: Lane = Lane.URGENT) -> None:
        """See to it that these cards show the newest truth; call it after the facts were changed.

        A card is a POST with `render`. While its post, or an update of it, still waits, that one will
        be rendered from the newest facts anyway; otherwise one update is added, also to one that was
        cancelled when it was on its way already, and may arrive. Cards that were never posted for good
        (dead, cancelled, expired) are left alone, and so are keys that do not exist.
        """
        if not keys:
            return
        # Writing to the posts' rows, rather than reading them, waits on PostgreSQL for a sender that is just
        # marking one: what it renders then includes our facts, or we see that it was marked.
        cards = await self._connection.execute(sql.REFRESH, {"b_keys": sorted(set(keys))})
        shown = {State.SENDING, State.SENT, State.PARKED}
        changes = [
            Delivery(
                key=f"{card.key}~update{card.refreshes}",
                kind=Kind.UPDATE,
                render=card.render,
                about=card.about,
                after=card.key,
                lane=lane,
            )
            for card in sorted(cards, key=lambda card: card.key)
            if card.state in shown
        ]
        await self._upsert(*changes, at=at)

    async def refresh_home(
        self,
        *users: str,
        at: datetime,
        about: Mapping[str, Any] | None = None,
        lane: Lane = Lane.URGENT,
    ) -> None:
        """See to it that these people's home views show the newest truth; one waits per person at most.

        It is rendered by "home" from {"user": …, **about}.
        """
        views = [
            Delivery(
                key=f"home:{user}:{secrets.token_hex(8)}",
                kind=Kind.HOME,
                to=user,
                render="home",
                about={"user": user, **(about or {})},
                lane=lane,
            )
            for user in sorted(set(users))
        ]
        await self._upsert(*views, at=at)

    async def _upsert(self, *wanted: Delivery, at: datetime) -> None:
        if not wanted:
            return
        rows = [self._values(delivery, at) for delivery in wanted]
        await self._connection.execute(sql.UPSERT[self._dialect], rows)
        self.added += len(wanted)

    async def cancel(self, *keys: str, at: datetime) -> int:
        """Take back what is not yet being sent, and what was to follow it; the number taken back.

        What is being sent at this moment ends as it ends, but is not tried again.
        """
        if not keys:
            return 0
        stopped = await self._connection.execute(sql.CANCEL, {"b_keys": keys, "b_at": at})
        gone = [key for (key,) in stopped]
        await self._connection.execute(sql.CANCEL_LATER, {"b_keys": keys, "b_at": at})
        follow = gone
        while follow:
            followers = await self._connection.execute(sql.CANCEL_FOLLOWERS, {"b_keys": follow, "b_at": at})
            follow = [key for (key,) in followers]
        return len(gone)

    async def sent(self, key: str) -> Sent | None:
        """Where and when a delivery arrived; None when it did not, or not yet."""
        row = (await self._connection.execute(sql.SENT, {"b_key": key})).one_or_none()
        return None if row is None else Sent(key, row.channel, row.ts, row.ended_at)

    async def find(self, key: str) -> Owed | None:
        """The delivery with that key."""
        row = (await self._connection.execute(sql.FIND, {"b_key": key})).one_or_none()
        return None if row is None else owed(row)

    # For the staff desk

    async def parked(self, limit: int = 50) -> Sequence[Owed]:
        """What may or may not have arrived and cannot be looked up; oldest first."""
        return await self._in_trouble(State.PARKED, limit)

    async def dead(self, limit: int = 50) -> Sequence[Owed]:
        """What Slack refused for good, with its reason; oldest first."""
        return await self._in_trouble(State.DEAD, limit)

    async def _in_trouble(self, state: State, limit: int) -> list[Owed]:
        rows = await self._connection.execute(
            select(deliveries).where(deliveries.c.state == state).order_by(deliveries.c.id).limit(limit)
        )
        return [owed(row) for row in rows]

    async def troubled(self, *, limit: int) -> tuple[Sequence[Owed], int]:
        """What staff has to settle, the newest first, and how much there is of it."""
        where = (
            deliveries.c.state.in_((State.PARKED, State.DEAD)),
            deliveries.c.kind.not_in((Kind.UPDATE, Kind.HOME, Kind.DELETE)),
            deliveries.c.key.not_like("deliveries:%"),
            # Whom an announcement did not reach stands in its report, which sends it again.
            or_(
                deliveries.c.state == State.PARKED,
                deliveries.c.render.is_(None),
                deliveries.c.render != "announcements.message",
            ),
        )
        rows = await self._connection.execute(
            select(deliveries).where(*where).order_by(deliveries.c.id.desc()).limit(limit)
        )
        total = await self._connection.scalar(select(func.count()).select_from(deliveries).where(*where))
        return [owed(row) for row in rows], total or 0

    async def untold(self, limit: int = 200) -> Sequence[Owed]:
        """What staff has yet to hear of: troubles, and how those ended that staff had sent again."""
        rows = await self._connection.execute(sql.UNTOLD, {"b_limit": limit})
        return [owed(row) for row in rows]

    async def tell(self, one: Owed, at: datetime) -> int | None:
        """Note that staff hears of it now, for the how-manieth time; None where it was told meanwhile."""
        values = {"b_id": one.id, "b_state": one.state, "b_at": at}
        row = (await self._connection.execute(sql.TELL, values)).one_or_none()
        return None if row is None else int(row.told)

    async def send_again(self, key: str, at: datetime) -> bool:
        """Staff said "Send again" to a parked or dead delivery; False when it is neither any more.

        What was to follow a dead one, and died with it, is owed again too.
        """
        again = {
            "state": State.PENDING,
            "attempts": 0,
            "check_at": None,
            "reason": None,
            "ended_at": None,
            "told_at": None,
            "expires_at": None,  # Staff wants it now, whatever the hour.
        }
        clash = deliveries.alias()
        # A newer update or home view waits already: it says all that this one would.
        newer = (
            select(clash.c.id)
            .where(
                clash.c.line == deliveries.c.line,
                clash.c.kind.in_(tuple(COLLAPSING)),
                clash.c.state.in_(WAITING),
            )
            .exists()
        )
        changed = await self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.key == key,
                deliveries.c.state.in_((State.PARKED, State.DEAD)),
                or_(deliveries.c.kind.not_in(tuple(COLLAPSING)), ~newer),
            )
            .values(**again, due_at=at, cancelled_at=None)
        )
        if changed.rowcount == 0:
            return False
        follow = [key]
        while follow:
            followers = await self._connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.after.in_(follow),
                    deliveries.c.state == State.DEAD,
                    deliveries.c.reason == "after_dead",
                    deliveries.c.kind.not_in(tuple(COLLAPSING)),
                )
                .values(**again)
                .returning(deliveries.c.key)
            )
            follow = [key for (key,) in followers]
        self.added += 1
        return True

    async def arrived(self, key: str, at: datetime) -> bool:
        """Staff said "It arrived" of a parked delivery; False when it is not parked any more.

        The sender marks it sent at its next look, so that whatever waits for it goes on.
        """
        changed = await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.key == key, deliveries.c.state == State.PARKED)
            .values(state=State.SENDING, check_at=at, reason=VOUCHED_FOR, told_at=None)
        )
        self.added += changed.rowcount
        return changed.rowcount == 1


def split(delivery: Delivery) -> Iterable[Delivery]:
    """Give a plain text that Slack would split as several deliveries, each following the one before."""
    payload = delivery.payload
    if delivery.kind is not Kind.POST or payload is None or payload.get("blocks"):
        return [delivery]
    parts = pieces(str(payload.get("text", "")))
    if len(parts) == 1:
        return [delivery]
    return parts_of(delivery, parts)


def parts_of(delivery: Delivery, parts: Sequence[str]) -> list[Delivery]:
    """Give the parts of one text as deliveries: the first under its own key, the others after it."""
    made: list[Delivery] = []
    for number, part in enumerate(parts, start=1):
        made.append(
            Delivery(
                key=delivery.key if number == 1 else f"{delivery.key}~{number}",
                kind=delivery.kind,
                to=delivery.to,
                payload={**(delivery.payload or {}), "text": part},
                after=delivery.after if number == 1 else made[-1].key,
                due_at=delivery.due_at,
                expires_at=delivery.expires_at,
                lane=delivery.lane,
            )
        )
    return made


def _values(delivery: Delivery, at: datetime, opaque: str) -> dict[str, Any]:
    return {
        "key": delivery.key,
        "opaque": opaque,
        "kind": delivery.kind,
        "lane": delivery.lane,
        "state": State.PENDING,
        "line": delivery.line,
        "to": delivery.to,
        "payload": None if delivery.payload is None else dict(delivery.payload),
        "render": delivery.render,
        "about": dict(delivery.about),
        "after": delivery.after,
        "due_at": delivery.due_at or at,
        "expires_at": delivery.expires_at,
        "added_at": at,
    }
