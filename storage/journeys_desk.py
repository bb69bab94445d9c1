"""Journeys as staff counts them: how many stand where, and who is missed, quiet, stuck or paused."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.journeys_steps import STUCK_AT, UNCLEAR, Listed, Row, Standing, StepState
from storage.journeys import enrolment_of
from storage.tables import enrolments, journey_steps, members, requests

_latest = journey_steps.alias("latest")
_recalled = journey_steps.alias("recalled")


class JourneysDesk:
    """The lists of the staff desk, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def counts(self, journey: str) -> dict[Standing, int]:
        """Count the people by where they stand."""
        found = await self._connection.execute(
            select(enrolments.c.standing, func.count().label("people"))
            .where(enrolments.c.journey == journey)
            .group_by(enrolments.c.standing)
        )
        return {Standing(row.standing): row.people for row in found}

    async def missed(self, journey: str, *, page: int, size: int) -> Listed:
        """Give those whom a lesson did not reach, or who could not begin, and why; the newest first."""
        unreached = or_(
            _latest.c.state == StepState.UNDELIVERED,
            and_(_latest.c.reason == UNCLEAR, _latest.c.state == StepState.SENT),
        )
        reason = case((unreached, _latest.c.reason), else_=enrolments.c.reason)
        at = func.coalesce(enrolments.c.stopped_at, enrolments.c.started_at)
        wanted = (
            select(enrolments, reason.label("why"), at.label("moment"))
            .outerjoin(
                _latest,
                and_(
                    _latest.c.enrolment == enrolments.c.id,
                    _latest.c.round == enrolments.c.round,
                    _latest.c.day == enrolments.c.day,
                ),
            )
            .where(
                or_(enrolments.c.standing.in_((Standing.STOPPED, Standing.WAITING)), unreached),
            )
        )
        return await self._page(journey, wanted, at.desc(), page, size)

    async def quiet(self, journey: str, *, page: int, size: int) -> Listed:
        """Give those who are through and gave no sign in the last days nor since; the latest first.

        A sign is a press on anything of the journey, a look at the Home tab, or a question.
        """
        asked = exists().where(
            requests.c.asker == enrolments.c.user, requests.c.opened_at >= enrolments.c.signs_from
        )
        looked = exists().where(
            members.c.id == enrolments.c.user, members.c.home_seen_at >= enrolments.c.signs_from
        )
        wanted = self._plain(enrolments.c.finished_at).where(
            enrolments.c.standing == Standing.FINISHED,
            or_(enrolments.c.heard_at.is_(None), enrolments.c.heard_at < enrolments.c.signs_from),
            ~asked,
            ~looked,
        )
        return await self._page(journey, wanted, enrolments.c.finished_at.desc(), page, size)

    async def stuck(self, journey: str, *, page: int, size: int) -> Listed:
        """Give those on their way who leave one recalled task after the other undone."""
        undone = (
            select(func.count())
            .where(
                _recalled.c.enrolment == enrolments.c.id,
                _recalled.c.round == enrolments.c.round,
                _recalled.c.state == StepState.SENT,
                _recalled.c.reminded_at.is_not(None),
            )
            .scalar_subquery()
        )
        wanted = self._plain(enrolments.c.last_sent_at).where(
            enrolments.c.standing == Standing.ACTIVE, undone >= STUCK_AT
        )
        return await self._page(journey, wanted, enrolments.c.day.desc(), page, size)

    async def paused(self, journey: str, *, page: int, size: int) -> Listed:
        """Give those who paused, the longest ago first."""
        wanted = self._plain(enrolments.c.paused_at).where(enrolments.c.standing == Standing.PAUSED)
        return await self._page(journey, wanted, enrolments.c.paused_at, page, size)

    def _plain(self, moment: ColumnElement[Any]) -> Select[Any]:
        return select(enrolments, enrolments.c.reason.label("why"), moment.label("moment"))

    async def _page(
        self, journey: str, wanted: Select[Any], order: ColumnElement[Any], page: int, size: int
    ) -> Listed:
        ours = wanted.where(enrolments.c.journey == journey)
        total = await self._connection.scalar(select(func.count()).select_from(ours.subquery("counted"))) or 0
        last = max(0, (total - 1) // size)
        shown = min(max(0, page), last)
        found = await self._connection.execute(
            ours.order_by(order, enrolments.c.id).limit(size).offset(shown * size)
        )
        rows = [Row(enrolment_of(row), row.why, row.moment) for row in found]
        return Listed(rows, total, shown)
