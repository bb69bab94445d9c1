"""The races that people saved, as they are kept: one row per person and race, with the facts in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.deliveries import State
from community.members import Stage
from community.races_kept import kept_race, race_of
from community.races_moves import Due
from community.races_saved import SHOWN_AFTER, Saved, Standing
from storage.tables import deliveries, members, saved_races

_FIELDS = tuple(each.name for each in fields(Saved))
_CHANGING = tuple(name for name in _FIELDS if name not in {"id", "user", "key", "saved_at", "uid"})


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
        self._insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert

    async def add(self, saved: Saved) -> Saved | None:
        """Keep a new one and give it with its number; None where this person has saved this race before."""
        values = _values(saved, [name for name in _FIELDS if name != "id"])
        row = (
            await self._connection.execute(
                self._insert(saved_races).values(values).on_conflict_do_nothing().returning(saved_races)
            )
        ).one_or_none()
        return _saved(row) if row else None

    async def get(self, number: int) -> Saved | None:
        """Give one as it is."""
        return await self._one(select(saved_races).where(saved_races.c.id == number))

    async def hold(self, number: int) -> Saved | None:
        """Give one and keep others from changing it until this transaction ends."""
        return await self._one(select(saved_races).where(saved_races.c.id == number).with_for_update())

    async def hold_key(self, user: str, key: str) -> Saved | None:
        """Give what this person saved of this race, held."""
        return await self._one(self._of(user).where(saved_races.c.key == key).with_for_update())

    def _of(self, user: str) -> Any:
        return select(saved_races).where(saved_races.c.user == user)

    async def _one(self, statement: Any) -> Saved | None:
        row = (await self._connection.execute(statement)).one_or_none()
        return _saved(row) if row else None

    async def put(self, *saved: Saved) -> None:
        """Keep these, which are held, as they are now."""
        if saved:
            await self._connection.execute(
                update(saved_races)
                .where(saved_races.c.id == bindparam("number"))
                .values({name: bindparam(f"new_{name}") for name in _CHANGING}),
                [
                    {"number": each.id}
                    | {f"new_{name}": value for name, value in _values(each, _CHANGING).items()}
                    for each in saved
                ],
            )

    # For people

    async def kept_of(self, user: str) -> dict[str, Saved]:
        """Give the races that this person keeps, by their keys; what they stopped is not kept."""
        found = await self._connection.execute(
            self._of(user).where(saved_races.c.standing != Standing.STOPPED)
        )
        return {row.key: _saved(row) for row in found}

    async def listed(self, user: str, *, at: datetime, limit: int, offset: int = 0) -> Page:
        """Give what this person's Home tab lists: the first to close first, what has no date last.

        What they stopped or filed stays for a day, so that it can be taken back where it was pressed.
        """
        shown = (
            saved_races.c.user == user,
            or_(
                saved_races.c.standing == Standing.ACTIVE,
                (saved_races.c.standing.in_((Standing.STOPPED, Standing.FILED, Standing.CANCELLED)))
                & (saved_races.c.settled_at > at - SHOWN_AFTER),
            ),
        )
        found = await self._connection.execute(
            select(saved_races)
            .where(*shown)
            .order_by(saved_races.c.closes_at.is_(None), saved_races.c.closes_at, saved_races.c.id)
            .limit(limit)
            .offset(offset)
        )
        total = await self._connection.scalar(select(func.count()).select_from(saved_races).where(*shown))
        return Page([_saved(row) for row in found], total or 0)

    # What is due

    async def due(self, *, at: datetime, limit: int) -> list[Due]:
        """Give those whose moment has come, the longest due first, held until this transaction ends.

        What another process is just looking at is left to it.
        """
        found = await self._connection.execute(
            select(saved_races, members.c.zone.label("their_zone"), members.c.left_at)
            .outerjoin(members, members.c.id == saved_races.c.user)
            .where(saved_races.c.next_at <= at)
            .order_by(saved_races.c.next_at)
            .limit(limit)
            .with_for_update(of=saved_races, skip_locked=True)
        )
        rows = list(found)
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
        found = await self._connection.execute(
            select(deliveries.c.key, deliveries.c.state).where(deliveries.c.key.in_(keys))
        )
        return {row.key: State(row.state) for row in found}

    async def astray(self, *, limit: int) -> list[Due]:
        """Give countdowns that were worked out for another zone than their person lives in now, held."""
        found = await self._connection.execute(
            select(saved_races, members.c.zone.label("their_zone"))
            .join(members, members.c.id == saved_races.c.user)
            .where(saved_races.c.standing == Standing.ACTIVE, saved_races.c.reader != members.c.zone)
            .order_by(saved_races.c.id)
            .limit(limit)
            .with_for_update(of=saved_races, skip_locked=True)
        )
        return [Due(saved=_saved(row), reader=row.their_zone) for row in found]

    # What sources say

    async def to_check(
        self, source: str, *, before: datetime, at: datetime, limit: int
    ) -> list[tuple[str, tuple[str, ...]]]:
        """Give what of one source was not looked up since then, the oldest first.

        Each is a race's key, with the keys of the rows of other sources that filled it up. What is over, or
        kept by nobody any more, is not looked up.
        """
        oldest = func.min(func.coalesce(saved_races.c.checked_at, saved_races.c.saved_at))
        keys = (
            select(saved_races.c.key, func.max(saved_races.c.id).label("newest"), oldest.label("oldest"))
            .where(
                saved_races.c.key.startswith(f"{source}:", autoescape=True),
                *self._unchecked(before, at),
            )
            .group_by(saved_races.c.key)
            .order_by(oldest, saved_races.c.key)
            .limit(limit)
            .subquery()
        )
        found = await self._connection.execute(
            select(saved_races.c.key, saved_races.c.race)
            .join(keys, keys.c.newest == saved_races.c.id)
            .order_by(keys.c.oldest, saved_races.c.key)
        )
        return [(row.key, race_of(row.race).also) for row in found]

    def _unchecked(self, before: datetime, at: datetime) -> tuple[Any, ...]:
        return (
            or_(saved_races.c.checked_at.is_(None), saved_races.c.checked_at < before),
            saved_races.c.standing != Standing.STOPPED,
            or_(saved_races.c.ends_at.is_(None), saved_races.c.ends_at > at),
        )

    async def with_key(self, key: str, *, before: datetime, at: datetime, limit: int) -> list[Due]:
        """Give those who keep this race and have not heard of it since then, held, with their newest card."""
        found = await self._connection.execute(
            select(saved_races, members.c.zone.label("their_zone"), members.c.left_at)
            .outerjoin(members, members.c.id == saved_races.c.user)
            .where(saved_races.c.key == key, *self._unchecked(before, at))
            .order_by(saved_races.c.id)
            .limit(limit)
            .with_for_update(of=saved_races)
        )
        rows = list(found)
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
        changed = await self._connection.execute(
            update(saved_races)
            .where(saved_races.c.key.startswith(f"{source}:", autoescape=True))
            .values(checked_at=None)
        )
        return changed.rowcount
