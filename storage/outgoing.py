"""The sender's side of deliveries: reserve, mark as being sent, and keep how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from community.deliveries import (
    GRACE,
    RESERVED_FOR,
    TIMEOUT,
    WRITE_WITHIN,
    Delivery,
    Kind,
    Lane,
    Owed,
    State,
)
from storage.deliveries import Deliveries, owed
from storage.deliveries_statements import FIND
from storage.outgoing_statements import (
    ATTEMPT,
    BURY,
    CENSUS,
    EARLIEST,
    EXPIRE,
    HOLD_CARD,
    LAPSE,
    LAST_TS,
    MARK,
    MARK_FENCED,
    NEXT_DUE,
    ORPHANS,
    PUT_BACK,
    RELEASE,
    RESERVE,
    SHOWING,
    TO_TEND,
    UNRESOLVED,
    candidates,
)
from storage.tables import deliveries

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is asked of a delivery before it is reserved; whoever reserves it gets the whole."""

    id: int
    kind: Kind
    line: str


class Outgoing:
    """The sender's verbs, within its own transactions."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    # Before

    async def candidates(
        self,
        lane: Lane,
        at: datetime,
        limit: int,
        *,
        besides_lines: Collection[str] = (),
        besides_kinds: Collection[Kind] = (),
    ) -> Sequence[Candidate]:
        """What is due and could go now, oldest due first.

        Left out is what waits for another delivery, whose line is busy, or which is expired; and the lines
        and kinds that may not go yet.
        """
        statement = candidates(lane, lines=bool(besides_lines), kinds=bool(besides_kinds))
        values: dict[str, Any] = {"b_at": at, "b_limit": limit}
        if besides_lines:
            values["b_lines"] = tuple(besides_lines)
        if besides_kinds:
            values["b_kinds"] = tuple(besides_kinds)
        found = await self._connection.execute(statement, values)
        return [Candidate(number, Kind(kind), line) for number, kind, line in found]

    async def earliest(self) -> dict[Lane, datetime]:
        """When the first delivery of each lane is due, able to go or not; an empty lane has no entry."""
        return await self._of_each_lane(EARLIEST)

    async def next_due(self, at: datetime) -> datetime | None:
        """When the next delivery that is not yet due will be."""
        return min((await self._of_each_lane(NEXT_DUE, b_at=at)).values(), default=None)

    async def oldest_due(self, at: datetime) -> datetime | None:
        """Since when the delivery that is longest overdue has been due."""
        earliest = min((await self.earliest()).values(), default=None)
        return earliest if earliest is not None and earliest <= at else None

    async def _of_each_lane(self, statement: Select[Any], **values: Any) -> dict[Lane, datetime]:
        row = (await self._connection.execute(statement, values)).one()
        return {lane: moment for lane, moment in zip(Lane, row, strict=True) if moment is not None}

    async def reserve(self, ids: Collection[int], owner: str, at: datetime) -> Sequence[Owed]:
        """Reserve what of these is still pending, for RESERVED_FOR; in the order of sending."""
        values = {"b_ids": tuple(ids), "b_owner": owner, "b_until": at + RESERVED_FOR}
        rows = await self._connection.execute(RESERVE, values)
        return sorted((owed(row) for row in rows), key=lambda one: (one.due_at, one.id))

    async def release(self, ids: Collection[int], owner: str) -> int:
        """Give back reservations that were not used: nothing was sent."""
        if not ids:
            return 0
        result = await self._connection.execute(RELEASE, {"b_ids": tuple(ids), "b_owner": owner})
        return result.rowcount

    async def mark(
        self,
        id: int,  # noqa: A002
        owner: str,
        at: datetime,
        *,
        anchor: str | None,
        lease: str | None,
    ) -> Owed | None:
        """Mark a reserved delivery as being sent; None when it must not be sent by this owner any more.

        `lease` names the lease that the owner must still hold, and None none: one statement asks for both.
        """
        values: dict[str, Any] = {
            "b_id": id,
            "b_owner": owner,
            "b_at": at,
            # What is simply repeated needs no grace: only the request's own time has to be over.
            "b_quick": at + TIMEOUT + WRITE_WITHIN,
            "b_sure": at + TIMEOUT + GRACE,
            "b_anchor": anchor,
        }
        if lease is not None:
            values["b_lease"] = lease
        result = await self._connection.execute(MARK if lease is None else MARK_FENCED, values)
        row = result.one_or_none()
        return None if row is None else owed(row)

    async def keep_thread(self, one: Owed, thread: str) -> None:
        """Keep the thread that a delivery was rendered into: that is where it would be found again."""
        await self._change(one, thread=thread)

    async def keep_file(self, one: Owed, file: str) -> None:
        """Keep Slack's id of an uploaded file before it is shared: by it the share can be found again."""
        await self._change(one, file=file)

    async def follow_up(self, parts: Sequence[Delivery], at: datetime) -> None:
        """Owe the further parts of a text that was found too long when it was rendered.

        Parts of an earlier rendering were never sent, because what they follow was not; they are replaced.
        """
        for part in parts:
            await self._connection.execute(
                update(deliveries)
                .where(deliveries.c.key == part.key, deliveries.c.state == State.PENDING)
                .values(payload=dict(part.payload or {}))
            )
        await Deliveries(self._connection).add(*parts, at=at)

    # After

    async def landed(
        self,
        one: Owed,
        at: datetime,
        *,
        channel: str | None,
        ts: str | None,
        hash: str | None = None,  # noqa: A002
    ) -> bool:
        """It was sent; False when it had been settled otherwise meanwhile.

        After an update its card is known to show this.
        """
        if one.kind is Kind.UPDATE:
            await self.hold(one)
        if not await self._settle(one, State.SENT, at, channel=channel, ts=ts, hash=hash, reason=None):
            return False
        if one.kind is Kind.UPDATE:
            await self.showing(one, hash)
        return True

    async def hold(self, one: Owed) -> None:
        """Lock the card of an update before the update itself, as whoever refreshes it does.

        Two transactions that locked the two in opposite orders would wait for each other (PostgreSQL).
        """
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(HOLD_CARD, {"b_key": one.after})

    async def showing(self, one: Owed, hash: str | None) -> None:  # noqa: A002
        """Keep what the card of this update shows; None: nobody can know until the update has landed."""
        await self._connection.execute(SHOWING, {"b_key": one.after, "b_hash": hash})

    async def refused(self, one: Owed, at: datetime, reason: str) -> bool:
        """Slack refused it for good."""
        return await self._settle(one, State.DEAD, at, reason=reason)

    async def parked(self, one: Owed, at: datetime, reason: str) -> bool:
        """Nobody can know whether it arrived; staff decide."""
        return await self._settle(one, State.PARKED, at, reason=reason)

    async def dropped(self, one: Owed, at: datetime, state: State, reason: str | None) -> bool:
        """It was not sent, and need not be any more: cancelled or expired."""
        return await self._settle(one, state, at, reason=reason)

    async def _settle(self, one: Owed, state: State, at: datetime, **values: Any) -> bool:
        ended = {"state": state, "ended_at": at, "owner": None, "lease_until": None, "check_at": None}
        return await self._change(one, **ended, **values)

    async def _change(self, one: Owed, **values: Any) -> bool:
        """Change this very attempt if it is still the open one: nobody settled or repeated it meanwhile."""
        attempt = {"b_id": one.id, "b_attempts": one.attempts}
        return (await self._connection.execute(ATTEMPT, attempt | values)).rowcount == 1

    async def unclear(self, one: Owed, check_at: datetime, reason: str) -> None:
        """It may have been sent: it stays marked, and is looked up at that moment."""
        await self._change(one, check_at=check_at, reason=reason)

    async def put_back(
        self, one: Owed, at: datetime, *, due_at: datetime | None = None, uncounted: bool = False
    ) -> bool:
        """It was certainly not sent: it is owed again, in its old place unless `due_at` moves it.

        If it was cancelled meanwhile, or a newer update of the same card waits, it ends here. `uncounted`:
        this was not its fault, and does not count as an attempt.
        """
        values = {
            "b_id": one.id,
            "b_attempts": one.attempts,
            "b_at": at,
            "b_due_at": due_at,
            "b_uncounted": int(uncounted),
        }
        return (await self._connection.execute(PUT_BACK, values)).rowcount == 1

    async def conversation(self, one: Owed) -> Owed | None:
        """The delivery that this one follows, which knows the conversation and the message."""
        if one.after is None:
            return None
        row = (await self._connection.execute(FIND, {"b_key": one.after})).one_or_none()
        return None if row is None else owed(row)

    # What a crash, or time, left behind

    async def to_tend(self, at: datetime, leader: str | None = None) -> bool:
        """Whether anything has lapsed, expired, lost what it waits for, or is to be looked up by now."""
        return bool(await self._connection.scalar(TO_TEND, {"b_at": at, "b_leader": leader}))

    async def unresolved(self, at: datetime, limit: int = 100) -> Sequence[Owed]:
        """What is marked as being sent and has to be looked at now; urgent first."""
        rows = await self._connection.execute(UNRESOLVED, {"b_at": at, "b_limit": limit})
        return [owed(row) for row in rows]

    async def lapse(self, at: datetime, leader: str | None = None) -> int:
        """Free the reservations whose time is over, and all that are not the leader's if there is one.

        Nothing was sent under them, and nothing will be: who does not lead cannot mark.
        """
        return (await self._connection.execute(LAPSE, {"b_at": at, "b_leader": leader})).rowcount

    async def expire(self, at: datetime) -> int:
        """Mark expired what was not sent in time."""
        return (await self._connection.execute(EXPIRE, {"b_at": at})).rowcount

    async def orphans(self, limit: int = 200) -> Sequence[tuple[Owed, State]]:
        """What waits for a delivery that will never be sent, with how that one ended."""
        rows = await self._connection.execute(ORPHANS, {"b_limit": limit})
        return [(owed(row), State(row.fate)) for row in rows]

    async def bury(self, one: Owed, at: datetime, state: State, reason: str) -> bool:
        """End a delivery that still waits, because what it was to follow will never be sent."""
        values = {"b_id": one.id, "b_state": state, "b_at": at, "b_reason": reason}
        return (await self._connection.execute(BURY, values)).rowcount == 1

    async def last_ts(self) -> str | None:
        """The ts of the message that was sent last: by Slack's clock whatever follows is later."""
        return await self._connection.scalar(LAST_TS)

    async def census(self) -> dict[State, int]:
        """How many deliveries stand where, of those that are not over."""
        rows = await self._connection.execute(CENSUS)
        return {State(state): count for state, count in rows}
