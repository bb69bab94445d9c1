"""Who is on a journey and what became of each step, as they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from community.deliveries import State
from community.journeys_moves import Due, Move
from community.journeys_notices import lesson_key
from community.journeys_steps import Came, Cause, Enrolment, Progress, Standing, StepState
from community.members import Stage
from storage import journeys_statements as sql
from storage.changes import bound, change
from storage.tables import enrolments, journey_steps

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
        self._dialect = connection.dialect.name

    async def enrol(self, enrolment: Enrolment) -> Enrolment | None:
        """Keep a new enrolment and give it with its number; None where the person has one already."""
        values = {name: getattr(enrolment, name) for name in _ENROLMENT if name != "id"}
        return await self._one(sql.ENROL[self._dialect], values)

    async def of(self, journey: str, user: str) -> Enrolment | None:
        """Give the person's enrolment as it is."""
        return await self._one(sql.OF, {"b_user": user, "b_journey": journey})

    async def hold(self, journey: str, user: str) -> Enrolment | None:
        """Give the person's enrolment and keep others from changing it until this transaction ends."""
        return await self._one(sql.HOLD, {"b_user": user, "b_journey": journey})

    async def _one(self, statement: Any, values: dict[str, Any]) -> Enrolment | None:
        row = (await self._connection.execute(statement, values)).one_or_none()
        return enrolment_of(row) if row else None

    async def change(self, number: int, **values: object) -> Enrolment:
        """Change an enrolment that is held, and give it as it is now."""
        found = await self._connection.execute(change(enrolments, tuple(values)), bound(number, values))
        return enrolment_of(found.one())

    async def forget(self, number: int) -> None:
        """Forget an enrolment that never began, of what turned out to be no person."""
        await self._connection.execute(sql.FORGET, {"b_id": number})

    # Steps

    async def step(self, number: int) -> tuple[Enrolment, Progress] | None:
        """Give a step and its enrolment, as they are."""
        row = (await self._connection.execute(sql.STEP, {"b_id": number})).one_or_none()
        if row is None:
            return None
        enrolment = await self._one(sql.GET, {"b_id": row.enrolment})
        return (enrolment, _step(row)) if enrolment else None

    async def hold_step(self, number: int) -> tuple[Enrolment, Progress] | None:
        """Give a step and its enrolment, both kept from changing until this transaction ends."""
        # Whoever changes a step holds its enrolment, so that one lock is enough.
        held = await self._one(sql.HOLD_OWNER, {"b_id": number})
        if held is None:
            return None
        row = (await self._connection.execute(sql.STEP, {"b_id": number})).one()
        return held, _step(row)

    async def change_step(self, number: int, **values: object) -> Progress:
        """Change a step whose enrolment is held, and give it as it is now."""
        found = await self._connection.execute(change(journey_steps, tuple(values)), bound(number, values))
        return _step(found.one())

    async def steps(self, enrolment: Enrolment, *, round_: int | None = None) -> Sequence[Progress]:
        """Give what became of each step of the present (or another) round, in the order of the days."""
        found = await self._connection.execute(
            sql.STEPS,
            {"b_enrolment": enrolment.id, "b_round": enrolment.round if round_ is None else round_},
        )
        return [_step(row) for row in found]

    # What is due

    async def due(self, journey: str, *, at: datetime, limit: int) -> list[Due]:
        """Give enrolments whose moment has come, the longest due first, held until this transaction ends.

        What another process is just looking at is left to it.
        """
        values = {"b_journey": journey, "b_at": at, "b_limit": limit}
        rows = list(await self._connection.execute(sql.DUE, values))
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
        found = await self._connection.execute(sql.LAST, {"b_ids": numbers})
        return {row.enrolment: _step(row) for row in found}

    async def _ways(self, queued: Sequence[Progress]) -> dict[int, State]:
        """Say of lessons that are on their way where their deliveries stand."""
        if not queued:
            return {}
        keys = {lesson_key(step.id, step.attempt): step.id for step in queued}
        found = await self._connection.execute(sql.WAYS, {"b_keys": list(keys)})
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
            sql.MOVE,
            [
                {"b_id": move.before.id, "b_was_due": move.before.next_at}
                | {f"b_{name}": getattr(move.after, name) for name in sql.MOVED}
                for move in moves
            ],
        )
        await self._settle_unclear([move.unclear.id for move in moves if move.unclear])
        wanted = [row for move in moves for row in _new_steps(move, versions, at)]
        sent: list[tuple[Move, Progress]] = []
        by_number = {move.before.id: move for move in moves}
        if wanted:
            made = await self._connection.execute(sql.ADD_STEPS[self._dialect], wanted)
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
            await self._connection.execute(sql.SETTLE_UNCLEAR, {"b_ids": numbers})

    async def to_recall(self, *, at: datetime, limit: int) -> list[tuple[Enrolment, Progress]]:
        """Give undone tasks that are to be recalled, with their enrolments, which are held."""
        found = await self._connection.execute(sql.TO_RECALL, {"b_at": at, "b_limit": limit})
        wanted = {row.id: row.enrolment for row in found}
        if not wanted:
            return []
        held = await self._connection.execute(sql.HOLD_FREE, {"b_ids": list(set(wanted.values()))})
        owners = {row.id: enrolment_of(row) for row in held}
        steps = await self._connection.execute(sql.STILL_TO_RECALL, {"b_ids": list(wanted), "b_at": at})
        return [(owners[row.enrolment], _step(row)) for row in steps if row.enrolment in owners]

    async def recalled(self, moves: Sequence[tuple[int, datetime | None, datetime | None]]) -> None:
        """Keep of each step (number, when to recall it, when it was recalled)."""
        if moves:
            await self._connection.execute(
                sql.RECALLED,
                [{"b_id": number, "b_later": later, "b_done": done} for number, later, done in moves],
            )

    # People

    async def to_admit(self, *, limit: int = 200) -> list[Enrolment]:
        """Give those who waited to be known and are known now."""
        found = await self._connection.execute(sql.TO_ADMIT, {"b_limit": limit})
        return [enrolment_of(row) for row in found]

    async def astray(self, journey: str, *, after: int = 0, limit: int = 200) -> list[Enrolment]:
        """Give enrolments that do not go along with what is known of their people, by number."""
        values = {"b_journey": journey, "b_after": after, "b_limit": limit}
        found = await self._connection.execute(sql.ASTRAY, values)
        return [enrolment_of(row) for row in found]


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
