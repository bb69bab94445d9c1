"""Races that staff imported: kept in batches, found by place with one index search per division."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import delete, func, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite

from community.races import COUNTRY, Division, Found, Place, Race, Window
from community.races_kept import candidate_of, kept_candidate, kept_race, race_of
from community.races_pairs import LONGEST, paired
from storage.tables import local_people, local_races

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date, datetime

    from sqlalchemy import RowMapping, Select, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    from community.races_rows import PersonRow, RaceRow
    from storage.database import Database

BATCH = 1000
"""Rows that one transaction keeps: few enough that whoever else writes waits some tens of milliseconds."""


class Kept(NamedTuple):
    """What came of one batch; `ids` are the rows it spoke of, changed or not."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """What a place is looked up by: ids of divisions, and layers of which it lies in one of several."""

    ocd: frozenset[str]
    census: frozenset[str]
    within: frozenset[str] = frozenset()


class Races:
    """The imported races and people, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(self, rows: Sequence[RaceRow], *, source: str, at: datetime) -> Kept:
        """Keep up to BATCH rows of different races; what is there already as it is, is not written again."""
        if not rows:
            return Kept()
        wanted = [_values(row) | {"source": source, "taken_at": at} for row in rows]
        before = await self._before([each["key"] for each in wanted])
        news = [each for each in wanted if each["key"] not in before]
        changes = [
            each
            for each in wanted
            if (known := before.get(each["key"]))
            and (known["digest"] != each["digest"] or known["cancelled_at"] is not None)
        ]
        if news or changes:
            await self._upsert(local_races, [*news, *changes])
        made = await self._before([each["key"] for each in news]) if news else {}
        return Kept(
            added=len(news),
            changed=len(changes),
            unchanged=len(wanted) - len(news) - len(changes),
            ids=tuple(row["id"] for row in (*before.values(), *made.values())),
        )

    async def compare(self, rows: Sequence[RaceRow]) -> Kept:
        """Say what `keep` would do, and write nothing."""
        if not rows:
            return Kept()
        wanted = {each["key"]: each["digest"] for each in map(_values, rows)}
        before = await self._before(list(wanted))
        same = [
            row
            for row in before.values()
            if row["digest"] == wanted[row["key"]] and row["cancelled_at"] is None
        ]
        return Kept(
            added=len(wanted) - len(before),
            changed=len(before) - len(same),
            unchanged=len(same),
            ids=tuple(row["id"] for row in before.values()),
        )

    async def ahead(self, source: str, days: Window, *, after: int) -> list[int]:
        """Give ids of a source's races between two days that are not cancelled, from above an id on."""
        ids = await self._connection.scalars(
            select(local_races.c.id)
            .where(
                local_races.c.id > after,
                local_races.c.source == source,
                local_races.c.election_day.between(days.first, days.last),
                local_races.c.cancelled_at.is_(None),
            )
            .order_by(local_races.c.id)
            .limit(BATCH * 10)
        )
        return list(ids)

    async def cancel(self, ids: Collection[int], *, at: datetime) -> None:
        """Mark races as cancelled: those who saved one are told when it is refreshed."""
        await self._connection.execute(
            update(local_races).where(local_races.c.id.in_(ids)).values(cancelled_at=at)
        )

    async def keep_people(self, rows: Sequence[PersonRow], *, source: str) -> Kept:
        """Keep up to BATCH rows of different people, likewise."""
        if not rows:
            return Kept()
        wanted = {row.key: _person(row, source) for row in rows}
        before = await self._people(wanted)
        news = [each for key, each in wanted.items() if key not in before]
        changes = [
            each for key, each in wanted.items() if key in before and before[key]["facts"] != each["facts"]
        ]
        if news or changes:
            await self._upsert(local_people, [*news, *changes])
        made = await self._people([each["key"] for each in news]) if news else {}
        return Kept(
            added=len(news),
            changed=len(changes),
            unchanged=len(wanted) - len(news) - len(changes),
            ids=tuple(row["id"] for row in (*before.values(), *made.values())),
        )

    async def compare_people(self, rows: Sequence[PersonRow]) -> Kept:
        """Say what `keep_people` would do, and write nothing."""
        before = await self._people([row.key for row in rows]) if rows else {}
        same = [
            row
            for row in rows
            if row.key in before and before[row.key]["facts"] == _text(kept_candidate(row.person))
        ]
        return Kept(len(rows) - len(before), len(before) - len(same), len(same))

    async def people_of(self, source: str, *, after: int) -> list[tuple[int, str]]:
        """Give a source's people from above an id on: their ids, and the race or position of each."""
        rows = await self._connection.execute(
            select(local_people.c.id, local_people.c.about)
            .where(local_people.c.id > after, local_people.c.source == source)
            .order_by(local_people.c.id)
            .limit(BATCH * 10)
        )
        return [(row.id, row.about) for row in rows]

    async def forget_people(self, ids: Collection[int]) -> None:
        """Forget people: they neither stand nor hold the office any more."""
        await self._connection.execute(delete(local_people).where(local_people.c.id.in_(ids)))

    async def unknown(self, about: Collection[str]) -> set[str]:
        """Give those keys that are of no race and no position here."""
        positions = await self._connection.scalars(
            select(local_races.c.position).where(local_races.c.position.in_(about)).distinct()
        )
        keys = await self._connection.scalars(select(local_races.c.key).where(local_races.c.key.in_(about)))
        return set(about) - set(positions) - set(keys)

    async def of(self, names: Names, days: Window) -> list[RowMapping]:
        """Give the rows of all races of these divisions between two days: one index search for each name."""
        statement = self._of(names, days)
        return [] if statement is None else list((await self._connection.execute(statement)).mappings())

    def _of(self, names: Names, days: Window) -> Any:
        by = [
            (local_races.c.ocd, names.ocd),
            (local_races.c.census, names.census),
            (local_races.c.within, names.within),
        ]
        parts: list[Select[Any]] = [
            select(
                local_races.c.key,
                local_races.c.position,
                local_races.c.ocd,
                local_races.c.census,
                local_races.c.facts,
                local_races.c.taken_at,
                local_races.c.cancelled_at,
            ).where(column.in_(sorted(wanted)), local_races.c.election_day.between(days.first, days.last))
            for column, wanted in by
            if wanted
        ]
        return union_all(*parts) if len(parts) > 1 else next(iter(parts), None)

    async def beside(self, key: str) -> list[RowMapping]:
        """Give the rows of a race and of all elections of its position; none where the race is unknown."""
        position = select(local_races.c.position).where(local_races.c.key == key).scalar_subquery()
        rows = await self._connection.execute(select(local_races).where(local_races.c.position == position))
        return list(rows.mappings())

    async def people(self, about: Collection[str]) -> list[RowMapping]:
        """Give the rows of who stands in these races or holds these positions, as they came in."""
        rows = await self._connection.execute(
            select(local_people.c.about, local_people.c.holds, local_people.c.facts)
            .where(local_people.c.about.in_(about))
            .order_by(local_people.c.id)
        )
        return list(rows.mappings())

    async def any(self) -> bool:
        """Whether anything was imported at all."""
        return await self._connection.scalar(select(func.max(local_races.c.id))) is not None

    async def _before(self, keys: Collection[str]) -> dict[str, RowMapping]:
        rows = await self._connection.execute(
            select(
                local_races.c.id, local_races.c.key, local_races.c.digest, local_races.c.cancelled_at
            ).where(local_races.c.key.in_(keys))
        )
        return {row["key"]: row for row in rows.mappings()}

    async def _people(self, keys: Collection[str]) -> dict[str, RowMapping]:
        rows = await self._connection.execute(
            select(local_people.c.id, local_people.c.key, local_people.c.facts).where(
                local_people.c.key.in_(keys)
            )
        )
        return {row["key"]: row for row in rows.mappings()}

    async def _upsert(self, table: Table, values: list[dict[str, Any]]) -> None:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(table)
        changed = {name: insert.excluded[name] for name in values[0] if name != "key"}
        await self._connection.execute(
            insert.on_conflict_do_update(index_elements=[table.c.key], set_=changed), values
        )


class LocalRaces:
    """What staff imported, as a source of races."""

    name = "Imported by staff"

    def __init__(self, database: Database) -> None:
        self._database = database

    async def races(self, place: Place, window: Window) -> Found:
        """Give the races of that place; those that were cancelled are left out."""
        names, sure = names_of(place), names_of(place, certain=True)
        # A primary before the window belongs to a race within it, and so does what follows a race.
        around = Window(window.first - LONGEST, window.last + LONGEST)
        async with self._database.reading() as store:
            rows = {row["key"]: row for row in await store.races.of(names, around)}
            kept = [row for row in rows.values() if row["cancelled_at"] is None]
            people = await self._people(store.races, kept)
        divisions = {_pair(each): each for each in (*place.overlapping, *place.certain) if each.geoid}
        found = paired((row["position"], _known_as(_race(row, people, sure=sure), divisions)) for row in kept)
        return Found(
            source=self.name, races=tuple(race for race in found if _between(race.election_day, window))
        )

    async def race(self, key: str) -> Race | None:
        """Give one race with all that is known about it, cancelled or not; None where it is not from here."""
        if not key.startswith("local:"):
            return None
        async with self._database.reading() as store:
            # Its own primary and runoff go with it, as they do in a list.
            rows = await store.races.beside(key)
            people = await self._people(store.races, rows)
        sure = Names(
            frozenset(row["ocd"] for row in rows if row["ocd"]),
            frozenset(row["census"] for row in rows if row["census"]),
        )
        races = [(row["position"], _race(row, people, sure=sure)) for row in rows]
        alone = (race for _, race in races if race.key == key)
        return next((race for race in paired(races) if race.key == key), next(alone, None))

    async def _people(self, races: Races, rows: Iterable[RowMapping]) -> dict[str, list[RowMapping]]:
        about: dict[str, list[RowMapping]] = {
            name: [] for row in rows for name in (row["key"], row["position"])
        }
        for row in await races.people(about) if about else ():
            about[row["about"]].append(row)
        return about


def names_of(place: Place, *, certain: bool = False) -> Names:
    """Give what a place is looked up by; with `certain` only what it surely lies in."""
    divisions = place.certain if certain else (*place.certain, *place.overlapping)
    ocd = frozenset(each.ocd for each in divisions if each.ocd) | {COUNTRY}
    census = frozenset(_pair(each) for each in divisions if each.census and each.geoid)
    if certain:
        return Names(ocd, census)
    # Districts of the state are what the catalogue speaks of as one row; those of a town are named each.
    parents = {each.ocd for each in place.certain if each.layer not in {"state", "country"}}
    parents |= {_pair(each) for each in place.certain if each.census not in {"", "G4000"}}
    return Names(
        ocd, census, frozenset(f"{one}/{layer}" for one in parents if one for layer in place.unknown)
    )


_PARTS = {"X0001": ("G4110", 7), "X0005": ("G4020", 5)}
"""BallotReady's own classes: council districts of a town or a county, whose ids begin with its Census id."""


def within(division: Division) -> str | None:
    """Give the division that this one is a part of with its layer, None for parts of a state.

    ".../place:richmond/council_district:4" is within ".../place:richmond/council_district".
    """
    parent, _, last = division.ocd.rpartition("/")
    if parent.count("/") > 2:  # noqa: PLR2004 - ocd-division, the country and the state come before
        return f"{parent}/{last.partition(':')[0]}"
    if division.ocd or division.census not in _PARTS:
        return None
    census, digits = _PARTS[division.census]
    return f"{census}:{division.geoid[:digits]}/council_district" if len(division.geoid) > digits else None


def _values(row: RaceRow) -> dict[str, Any]:
    race, division = row.race, row.race.office.division
    facts = _text(kept_race(race))
    return {
        "key": race.key,
        "position": row.position,
        "ocd": division.ocd or None,
        "census": f"{division.census}:{division.geoid}" if division.census else None,
        "within": within(division),
        "election_day": race.election_day,
        "facts": facts,
        "digest": hashlib.blake2b(facts.encode(), digest_size=12).hexdigest(),
        "cancelled_at": None,
    }


def _person(row: PersonRow, source: str) -> dict[str, Any]:
    return {
        "key": row.key,
        "source": source,
        "about": row.of,
        "holds": row.holds,
        "facts": _text(kept_candidate(row.person)),
    }


_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _text(facts: dict[str, Any]) -> str:
    return _ENCODE(facts)


def _race(row: RowMapping, people: dict[str, list[RowMapping]], *, sure: Names) -> Race:
    race = race_of(json.loads(row["facts"]))
    stand = tuple(candidate_of(json.loads(each["facts"])) for each in people[row["key"]] if not each["holds"])
    hold = tuple(
        candidate_of(json.loads(each["facts"])).name
        for each in (*people[row["position"]], *people[row["key"]])
        if each["holds"]
    )
    return replace(
        race,
        candidates=stand or race.candidates,
        incumbents=hold or race.incumbents,
        # Whoever imports vouches for it on that day, unless the row itself says when it was right.
        as_of=race.as_of or row["taken_at"].date(),
        cancelled=row["cancelled_at"] is not None,
        fits=True if row["ocd"] in sure.ocd or row["census"] in sure.census else None,
    )


def _pair(division: Division) -> str:
    return f"{division.census}:{division.geoid}"


def _known_as(race: Race, divisions: dict[str, Division]) -> Race:
    """Name the division of a race as its place does: a file may know it by its Census id alone."""
    division = race.office.division
    if division.ocd or (known := divisions.get(_pair(division))) is None:
        return race
    return replace(race, office=replace(race.office, division=known))


def _between(day: date | None, window: Window) -> bool:
    return day is not None and window.first <= day <= window.last
