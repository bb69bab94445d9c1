"""What the tables say about the app's health: what is overdue, what is stuck, how long people wait."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, literal_column, select

from community.deliveries import State
from community.mentoring_requests import Status
from storage.outgoing import Outgoing
from storage.restoring import RESTORED
from storage.tables import deliveries, leases, requests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

ANSWERS_OVER = timedelta(days=30)
"""Answer times are those of the first answers of this long."""

ENDED_OVER = timedelta(days=1)
"""Deliveries that are over are counted for this long only: counting every one ever sent would take long."""

_MOST_ANSWERS = 20_000
# As in the partial index on what has ended, word for word, so that both databases use it.
_OVER = (State.SENT, State.CANCELLED, State.EXPIRED)
_ENDED: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in _OVER]


@dataclass(frozen=True, slots=True)
class Lease:
    """Who runs the outbox and the jobs, and until when without asking again."""

    owner: str
    until: datetime


class Figures:
    """Questions about the whole, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def overdue(self, at: datetime) -> timedelta:
        """For how long the oldest due delivery has waited; zero when nothing is due."""
        due_at = await Outgoing(self._connection).oldest_due(at)
        return timedelta() if due_at is None else at - due_at

    async def open_deliveries(self) -> Mapping[State, int]:
        """How many deliveries stand where, of those that are not over; every such state is named."""
        counted = await Outgoing(self._connection).census()
        states = (State.PENDING, State.RESERVED, State.SENDING, State.PARKED, State.DEAD)
        return {state: counted.get(state, 0) for state in states}

    async def ended_deliveries(self, at: datetime) -> Mapping[State, int]:
        """How many deliveries ended how within the last day."""
        rows = await self._connection.execute(
            select(deliveries.c.state, func.count())
            .where(
                deliveries.c.state.in_(_ENDED),
                deliveries.c.ended_at > at - ENDED_OVER,
            )
            .group_by(deliveries.c.state)
        )
        counted = {State(state): count for state, count in rows}
        return {state: counted.get(state, 0) for state in _OVER}

    async def quarantined(self) -> int:
        """How many deliveries a restored database still has to read back before they may go out."""
        return (
            await self._connection.scalar(
                select(func.count())
                .select_from(deliveries)
                .where(deliveries.c.state == literal_column("'sending'"), deliveries.c.reason == RESTORED)
            )
            or 0
        )

    async def requests(self) -> Mapping[Status, int]:
        """How many requests stand where; every status is named."""
        rows = await self._connection.execute(
            select(requests.c.status, func.count()).group_by(requests.c.status)
        )
        counted = {Status(status): count for status, count in rows}
        return {status: counted.get(status, 0) for status in Status}

    async def answer_times(self, at: datetime) -> Sequence[timedelta]:
        """How long people waited for their first answer, of the last thirty days; shortest first."""
        rows = await self._connection.execute(
            select(requests.c.opened_at, requests.c.first_answered_at)
            .where(requests.c.first_answered_at > at - ANSWERS_OVER)
            .order_by(requests.c.first_answered_at.desc())
            .limit(_MOST_ANSWERS)
        )
        return sorted(answered - opened for opened, answered in rows)

    async def lease(self, name: str) -> Lease | None:
        """Who held this lease last; None when nobody ever did."""
        row = (
            await self._connection.execute(
                select(leases.c.owner, leases.c.until).where(leases.c.name == name)
            )
        ).one_or_none()
        return None if row is None else Lease(row.owner, row.until)


def quantile(times: Sequence[timedelta], q: float) -> timedelta | None:
    """Give the time that a share `q` of the sorted `times` does not exceed; None of none."""
    return times[max(0, math.ceil(q * len(times)) - 1)] if times else None
