"""The races that people saved, as they are kept: one row per person and race, with the facts in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from community.deliveries import State
from community.members import Stage
from community.races_kept import kept_race, race_of
from community.races_moves import Due
from community.races_saved import SHOWN_AFTER, Saved, Standing
from storage import races_saved_statements as sql

_FIELDS = tuple(each.name for each in fields(Saved))


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a person's list, and how long the whole list is."""

    rows: Sequence[Saved] = ()
    total: int = 0


def _saved(row: Row[Any]) -> Saved:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Saved(
        **values
        | {
            "race": race_of(row.race),
            "standing": Standing(row.standing),
            "cards": tuple(row.cards),
            "calendar": tuple(row.calendar),
            "stage_before": Stage(row.stage_before) if row.stage_before else None,
        }
    )


def _values(saved: Saved, names: Sequence[str]) -> dict[str, Any]:
    values = {name: getattr(saved, name) for name in names}
    return values | {
        "race": kept_race(saved.race),
        "cards": list(saved.cards),
        "calendar": list(saved.calendar),
    }


class RacesSaved:
    """Saved races within the caller's transaction; satisfies `community.races_saved.Shelf`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    async def add(self, saved: Saved) -> Saved | None:
        """Keep a new one and give it with its number; None where this person has saved this race before."""
        values = _values(saved, [name for name in _FIELDS if name != "id"])
        return await self._one(sql.ADD[self._dialect], values)

    async def get(self, number: int) -> Saved | None:
        """Give one as it is."""
        return await self._one(sql.GET, {"b_id": number})

    async def hold(self, number: int) -> Saved | None:
        """Give one and keep others from changing it until this transaction ends."""
        return await self._one(sql.HOLD, {"b_id": number})

    async def hold_key(self, user: str, key: str) -> Saved | None:
        """Give what this person saved of this race, held."""
        return await self._one(sql.HOLD_KEY, {"b_user": user, "b_key": key})

    async def _one(self, statement: Any, values: dict[str, Any]) -> Saved | None:
        row = (await self._connection.execute(statement, values)).one_or_none()
        return _saved(row) if row else None

    async def put(self, *saved: Saved) -> None:
        """Keep these, which are held, as they are now."""
        if saved:
            await self._connection.execute(
                sql.PUT,
                [
                    {"b_id": each.id}
                    | {f"b_{name}": value for name, value in _values(each, sql.CHANGING).items()}
                    for each in saved
                ],
            )

    # For people

    async def kept_of(self, user: str) -> dict[str, Saved]:
        """Give the races that this person keeps, by their keys; what they stopped is not kept."""
        found = await self._connection.execute(sql.KEPT, {"b_user": user})
        return {row.key: _saved(row) for row in found}

    async def listed(self, user: str, *, at: datetime, limit: int, offset: int = 0) -> Page:
        """Give what this person's Home tab lists: the first to close first, what has no date last.

        What they stopped or filed stays for a day, so that it can be taken back where it was pressed.
        """
        shown = {"b_user": user, "b_since": at - SHOWN_AFTER}
        found = await self._connection.execute(sql.LISTED, shown | {"b_limit": limit, "b_offset": offset})
        total = await self._connection.scalar(sql.COUNT_LISTED, shown)
        return Page([_saved(row) for row in found], total or 0)

    # What is due

    async def due(self, *, at: datetime, limit: int) -> list[Due]:
        """Give those whose moment has come, the longest due first, held until this transaction ends.

        What another process is just looking at is left to it.
        """
        rows = list(await self._connection.execute(sql.DUE, {"b_at": at, "b_limit": limit}))
        states = await self._states([row.flight for row in rows if row.flight])
        return [
            Due(
                saved=_saved(row),
                reader=row.their_zone or row.reader,
                left=row.left_at is not None,
                delivery=states.get(row.flight),
            )
            for row in rows
        ]

    async def _states(self, keys: Sequence[str]) -> dict[str, State]:
        if not keys:
            return {}
        found = await self._connection.execute(sql.STATES, {"b_keys": keys})
        return {row.key: State(row.state) for row in found}

    async def astray(self, *, limit: int) -> list[Due]:
        """Give countdowns that were worked out for another zone than their person lives in now, held."""
        found = await self._connection.execute(sql.ASTRAY, {"b_limit": limit})
        return [Due(saved=_saved(row), reader=row.their_zone) for row in found]

    # What sources say

    async def to_check(
        self, source: str, *, before: datetime, at: datetime, limit: int
    ) -> list[tuple[str, tuple[str, ...]]]:
        """Give what of one source was not looked up since then, the oldest first.

        Each is a race's key, with the keys of the rows of other sources that filled it up. What is over, or
        kept by nobody any more, is not looked up.
        """
        values = {"b_prefix": sql.prefix(source), "b_before": before, "b_at": at, "b_limit": limit}
        found = await self._connection.execute(sql.TO_CHECK, values)
        return [(row.key, race_of(row.race).also) for row in found]

    async def with_key(self, key: str, *, before: datetime, at: datetime, limit: int) -> list[Due]:
        """Give those who keep this race and have not heard of it since then, held, with their newest card."""
        values = {"b_key": key, "b_before": before, "b_at": at, "b_limit": limit}
        rows = list(await self._connection.execute(sql.WITH_KEY, values))
        states = await self._states([row.told for row in rows if row.told])
        return [
            Due(
                saved=_saved(row),
                reader=row.their_zone or row.reader,
                left=row.left_at is not None,
                delivery=states.get(row.told),
            )
            for row in rows
        ]

    async def check_anew(self, source: str) -> int:
        """Have all races of a source looked up at the next look; give how many rows that concerns."""
        changed = await self._connection.execute(sql.CHECK_ANEW, {"b_prefix": sql.prefix(source)})
        return changed.rowcount
