"""Who is on a journey and what became of each step, as they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.deliveries import State
from community.journeys_moves import Due, Move
from community.journeys_notices import lesson_key
from community.journeys_steps import Came, Cause, Enrolment, Progress, Standing, StepState
from community.members import Stage
from storage.tables import deliveries, enrolments, journey_steps, members

_ENROLMENT = tuple(each.name for each in fields(Enrolment))
_STEP = tuple(each.name for each in fields(Progress))


def enrolment_of(row: Row[Any]) -> Enrolment:
    """Turn a row of `enrolments` into what the rules work with."""
    values = {name: getattr(row, name) for name in _ENROLMENT}
    return Enrolment(**values | {"standing": Standing(row.standing), "came": Came(row.came)})


def _step(row: Row[Any]) -> Progress:
    values = {name: getattr(row, name) for name in _STEP}
    stage = Stage(row.stage) if row.stage else None
    return Progress(**values | {"state": StepState(row.state), "stage": stage})


class Journeys:
    """Journeys within the caller's transaction; satisfies `community.journeys_steps.Log`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert

    async def enrol(self, enrolment: Enrolment) -> Enrolment | None:
        """Keep a new enrolment and give it with its number; None where the person has one already."""
        values = {name: getattr(enrolment, name) for name in _ENROLMENT if name != "id"}
        row = (
            await self._connection.execute(
                self._insert(enrolments).values(values).on_conflict_do_nothing().returning(enrolments)
            )
        ).one_or_none()
        return enrolment_of(row) if row else None

    async def of(self, journey: str, user: str) -> Enrolment | None:
        """Give the person's enrolment as it is."""
        return await self._one(self._where(journey, user))

    async def hold(self, journey: str, user: str) -> Enrolment | None:
        """Give the person's enrolment and keep others from changing it until this transaction ends."""
        return await self._one(self._where(journey, user).with_for_update())

    def _where(self, journey: str, user: str) -> Any:
        return select(enrolments).where(enrolments.c.user == user, enrolments.c.journey == journey)

    async def _one(self, statement: Any) -> Enrolment | None:
        row = (await self._connection.execute(statement)).one_or_none()
        return enrolment_of(row) if row else None

    async def change(self, number: int, **values: object) -> Enrolment:
        """Change an enrolment that is held, and give it as it is now."""
        row = (
            await self._connection.execute(
                update(enrolments).where(enrolments.c.id == number).values(**values).returning(enrolments)
            )
        ).one()
        return enrolment_of(row)

    async def forget(self, number: int) -> None:
        """Forget an enrolment that never began, of what turned out to be no person."""
        await self._connection.execute(
            delete(enrolments).where(enrolments.c.id == number, enrolments.c.standing == Standing.WAITING)
        )

    # Steps

    async def step(self, number: int) -> tuple[Enrolment, Progress] | None:
        """Give a step and its enrolment, as they are."""
        row = (
            await self._connection.execute(select(journey_steps).where(journey_steps.c.id == number))
        ).one_or_none()
        if row is None:
            return None
        enrolment = await self._one(select(enrolments).where(enrolments.c.id == row.enrolment))
        return (enrolment, _step(row)) if enrolment else None

    async def hold_step(self, number: int) -> tuple[Enrolment, Progress] | None:
        """Give a step and its enrolment, both kept from changing until this transaction ends."""
        owner = select(journey_steps.c.enrolment).where(journey_steps.c.id == number).scalar_subquery()
        # Whoever changes a step holds its enrolment, so that one lock is enough.
        held = await self._one(select(enrolments).where(enrolments.c.id == owner).with_for_update())
        if held is None:
            return None
        row = (
            await self._connection.execute(select(journey_steps).where(journey_steps.c.id == number))
        ).one()
        return held, _step(row)

    async def change_step(self, number: int, **values: object) -> Progress:
        """Change a step whose enrolment is held, and give it as it is now."""
        row = (
            await self._connection.execute(
                update(journey_steps)
                .where(journey_steps.c.id == number)
                .values(**values)
                .returning(journey_steps)
            )
        ).one()
        return _step(row)

    async def steps(self, enrolment: Enrolment, *, round_: int | None = None) -> Sequence[Progress]:
        """Give what became of each step of the present (or another) round, in the order of the days."""
        found = await self._connection.execute(
            select(journey_steps)
            .where(
                journey_steps.c.enrolment == enrolment.id,
                journey_steps.c.round == (enrolment.round if round_ is None else round_),
            )
            .order_by(journey_steps.c.day)
        )
        return [_step(row) for row in found]

    # What is due

    async def due(self, journey: str, *, at: datetime, limit: int) -> list[Due]:
        """Give enrolments whose moment has come, the longest due first, held until this transaction ends.

        What another process is just looking at is left to it.
        """
        found = await self._connection.execute(
            select(
                enrolments,
                members.c.zone.label("their_zone"),
                members.c.stage.label("their_stage"),
                members.c.left_at,
            )
            .outerjoin(members, members.c.id == enrolments.c.user)
            .where(
                # Only an active one has a next moment; asking for that too would lead to another index.
                enrolments.c.journey == journey,
                enrolments.c.next_at <= at,
            )
            .order_by(enrolments.c.next_at)
            .limit(limit)
            .with_for_update(of=enrolments, skip_locked=True)
        )
        rows = list(found)
        last = await self._last([row.id for row in rows if row.day])
        ways = await self._ways([step for step in last.values() if step.state is StepState.QUEUED])
        return [
            Due(
                enrolment=enrolment_of(row),
                zone=row.their_zone or row.zone,
                stage=Stage(row.their_stage) if row.their_stage else None,
                left=row.left_at is not None,
                last=last.get(row.id),
                delivery=ways.get(last[row.id].id) if row.id in last else None,
            )
            for row in rows
        ]

    async def _last(self, numbers: Sequence[int]) -> dict[int, Progress]:
        if not numbers:
            return {}
        found = await self._connection.execute(
            select(journey_steps)
            .join(
                enrolments,
                (enrolments.c.id == journey_steps.c.enrolment)
                & (enrolments.c.round == journey_steps.c.round)
                & (enrolments.c.day == journey_steps.c.day),
            )
            .where(enrolments.c.id.in_(numbers))
        )
        return {row.enrolment: _step(row) for row in found}

    async def _ways(self, queued: Sequence[Progress]) -> dict[int, State]:
        """Say of lessons that are on their way where their deliveries stand."""
        if not queued:
            return {}
        keys = {lesson_key(step.id, step.attempt): step.id for step in queued}
        found = await self._connection.execute(
            select(deliveries.c.key, deliveries.c.state).where(deliveries.c.key.in_(keys))
        )
        return {keys[row.key]: State(row.state) for row in found}

    async def move(
        self, moves: Sequence[Move], versions: Mapping[str, int], *, at: datetime
    ) -> list[tuple[Move, Progress]]:
        """Keep all of these moves; give those that send a lesson, with the step that it is sent for.

        Each enrolment moves only from where it was found, and no day of a round is ever there twice.
        """
        if not moves:
            return []
        await self._connection.execute(
            update(enrolments)
            .where(
                enrolments.c.id == bindparam("number"),
                enrolments.c.next_at == bindparam("was_due"),
                enrolments.c.standing == Standing.ACTIVE,
            )
            .values({name: bindparam(f"new_{name}") for name in _MOVED}),
            [
                {"number": move.before.id, "was_due": move.before.next_at}
                | {f"new_{name}": getattr(move.after, name) for name in _MOVED}
                for move in moves
            ],
        )
        await self._settle_unclear([move.unclear.id for move in moves if move.unclear])
        wanted = [row for move in moves for row in _new_steps(move, versions, at)]
        sent: list[tuple[Move, Progress]] = []
        by_number = {move.before.id: move for move in moves}
        if wanted:
            made = await self._connection.execute(
                self._insert(journey_steps).on_conflict_do_nothing().returning(journey_steps), wanted
            )
            steps = [_step(row) for row in made]
            sent += [(by_number[step.enrolment], step) for step in steps if step.state is StepState.QUEUED]
        for move in moves:
            if move.again is not None:
                again = await self.change_step(
                    move.again.id,
                    state=StepState.QUEUED,
                    attempt=move.again.attempt + 1,
                    reason=None,
                    queued_at=at,
                )
                sent.append((move, again))
        return sent

    async def _settle_unclear(self, numbers: Sequence[int]) -> None:
        if numbers:
            await self._connection.execute(
                update(journey_steps)
                .where(journey_steps.c.id.in_(numbers), journey_steps.c.state == StepState.QUEUED)
                .values(state=StepState.SENT, reason="unclear")
            )

    async def to_recall(self, *, at: datetime, limit: int) -> list[tuple[Enrolment, Progress]]:
        """Give undone tasks that are to be recalled, with their enrolments, which are held."""
        found = await self._connection.execute(
            select(journey_steps.c.id, journey_steps.c.enrolment)
            .where(journey_steps.c.remind_at <= at)
            .order_by(journey_steps.c.remind_at)
            .limit(limit)
        )
        wanted = {row.id: row.enrolment for row in found}
        if not wanted:
            return []
        owners = {
            row.id: enrolment_of(row)
            for row in await self._connection.execute(
                select(enrolments)
                .where(enrolments.c.id.in_(set(wanted.values())))
                .with_for_update(skip_locked=True)
            )
        }
        steps = await self._connection.execute(
            select(journey_steps).where(journey_steps.c.id.in_(wanted), journey_steps.c.remind_at <= at)
        )
        return [(owners[row.enrolment], _step(row)) for row in steps if row.enrolment in owners]

    async def recalled(self, moves: Sequence[tuple[int, datetime | None, datetime | None]]) -> None:
        """Keep of each step (number, when to recall it, when it was recalled)."""
        if moves:
            await self._connection.execute(
                update(journey_steps)
                .where(journey_steps.c.id == bindparam("number"))
                .values(remind_at=bindparam("later"), reminded_at=bindparam("done")),
                [{"number": number, "later": later, "done": done} for number, later, done in moves],
            )

    # People

    async def to_admit(self, *, limit: int = 200) -> list[Enrolment]:
        """Give those who waited to be known and are known now."""
        found = await self._connection.execute(
            select(enrolments)
            .join(members, members.c.id == enrolments.c.user)
            .where(
                enrolments.c.standing == Standing.WAITING,
                enrolments.c.reason == Cause.UNKNOWN,
                members.c.name != "",
            )
            .limit(limit)
        )
        return [enrolment_of(row) for row in found]

    async def astray(self, journey: str, *, after: int = 0, limit: int = 200) -> list[Enrolment]:
        """Give enrolments that do not go along with what is known of their people, by number."""
        gone = members.c.left_at.is_not(None)
        under_way = enrolments.c.standing.in_((Standing.ACTIVE, Standing.PAUSED, Standing.WAITING))
        left = (enrolments.c.standing == Standing.STOPPED) & (enrolments.c.reason == Cause.LEFT)
        guest = (
            (enrolments.c.standing == Standing.WAITING)
            & (enrolments.c.reason == Cause.GUEST)
            & ~members.c.guest
        )
        moved = (enrolments.c.standing == Standing.ACTIVE) & (enrolments.c.zone != members.c.zone)
        found = await self._connection.execute(
            select(enrolments)
            .join(members, members.c.id == enrolments.c.user)
            .where(
                enrolments.c.id > after,
                enrolments.c.journey == journey,
                (gone & under_way) | (~gone & left) | guest | moved,
            )
            .order_by(enrolments.c.id)
            .limit(limit)
        )
        return [enrolment_of(row) for row in found]


_MOVED = (
    "standing",
    "day",
    "next_at",
    "zone",
    "finished_at",
    "signs_from",
    "stopped_at",
    "reason",
)
"""What time passing can change on an enrolment."""


def _new_steps(move: Move, versions: Mapping[str, int], at: datetime) -> list[dict[str, Any]]:
    common: dict[str, Any] = {
        "enrolment": move.before.id,
        "round": move.before.round,
        "attempt": 1,
        "stage": move.stage,
    }
    rows = [
        common
        | {
            "day": step.day,
            "lesson": step.lesson,
            "version": 0,
            "state": StepState.ASIDE,
            "reason": Cause.STAGE,
            "queued_at": None,
            "settled_at": at,
        }
        for step in move.aside
    ]
    if move.queue is not None:
        rows.append(
            common
            | {
                "day": move.queue.day,
                "lesson": move.queue.lesson,
                "version": versions.get(move.queue.lesson, 0),
                "state": StepState.QUEUED,
                "reason": None,
                "queued_at": at,
                "settled_at": None,
            }
        )
    return rows
