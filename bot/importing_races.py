"""Brings races in from a file of any length: judges all of it first, then keeps it in small transactions."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING

from community.races import Window
from community.races_rows import BadRow, LeftOut, PersonRow, RaceRow, Row
from storage.races import BATCH, Kept

if TYPE_CHECKING:
    from bot.races_files import Progress, RacesFile
    from storage.database import Database

AHEAD = timedelta(days=3653)
"""How far a file without an end of its own speaks of its source's races."""
IMPORTED = "local"
"""What the keys of imported races begin with."""

SHRINKS_BY = 0.25
FEW = 20
"""A file that lacks more than these of what its source had ahead is taken for a part, not for a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of an import.

    `bad` counts the bad rows, which were told one by one; `left_out` those that are nothing to run for.
    `cancelled` are races that vanished from a newer file; `missing` are vanished ones that were left alone,
    because the file had bad rows or too many vanished at once. `written` is False for a rehearsal and where
    a bad row stopped it. The `people_…` are those who stand and those who hold offices.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: int = 0
    left_out: int = 0
    cancelled: int = 0
    missing: int = 0
    people_added: int = 0
    people_changed: int = 0
    people_unchanged: int = 0
    people_gone: int = 0
    written: bool = False


class Ids:
    """Which ids were met, a bit for each: a file of half a million rows takes some tens of kilobytes."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, ids: Iterable[int]) -> None:
        """Note ids."""
        for one in ids:
            place = one >> 3
            if place >= len(self._bits):
                self._bits.extend(bytes(place + 1 - len(self._bits) + 4096))
            self._bits[place] |= 1 << (one & 7)

    def __contains__(self, one: int) -> bool:
        place = one >> 3
        return place < len(self._bits) and bool(self._bits[place] >> (one & 7) & 1)


class Twice:
    """Finds rows that name the same thing twice, by eight bytes and a line number for each row."""

    def __init__(self) -> None:
        self._marks = [array("Q") for _ in range(256)]
        self._lines = [array("Q") for _ in range(256)]

    def add(self, key: str, line: int) -> None:
        """Note a row."""
        mark = int.from_bytes(blake2b(key.encode(), digest_size=8).digest())
        self._marks[mark >> 56].append(mark)
        self._lines[mark >> 56].append(line)

    def found(self) -> Iterator[tuple[int, int]]:
        """Give the line of each repetition, with the line that said it first."""
        for marks, lines in zip(self._marks, self._lines, strict=True):
            if len(set(marks)) == len(marks):
                continue
            first: dict[int, int] = {}
            for mark, line in zip(marks, lines, strict=True):
                if first.setdefault(mark, line) != line:
                    yield line, first[mark]


@dataclass(slots=True)
class _Judged:
    """What reading a file through has shown; `unusable` lines are bad for what other rows say."""

    bad: int = 0
    left_out: int = 0
    good: int = 0
    unusable: set[int] = field(default_factory=set)

    def refuse(self, lines: Collection[int]) -> None:
        """Take these for bad after all."""
        self.bad += len(lines)
        self.good -= len(lines)
        self.unusable.update(lines)


async def import_races(
    database: Database,
    file: RacesFile,
    source: str,
    *,
    at: datetime,
    tell: Callable[[BadRow], None],
    progress: Progress | None = None,
    partial: bool = False,
    rehearse: bool = False,
    shrink: bool = False,
) -> Report:
    """Import a file of races, or of people; with any bad row nothing is kept, unless `partial`.

    The file is read twice: to judge it, and to keep it in transactions of BATCH rows, between which others
    write. Importing it again changes nothing. A race that is not in it any more is marked as cancelled after
    the last batch, if the file is whole and does not lack too many (`shrink` says that it may). `tell` is
    given every bad row. Raises FileUnreadable.
    """
    judged = await _judge(database, file, source, tell, progress)
    report = Report(bad=judged.bad, left_out=judged.left_out)
    batches = _batches(_good(file.rows(source, progress), judged))
    if rehearse or (judged.bad and not partial):
        return await _compared(database, batches, report)
    keeping = _Keeping(database, source, at)
    for batch in batches:
        await keeping.keep(batch)
    report = keeping.report(report)
    if not judged.good:
        return report
    if not file.people:
        vanished = await keeping.vanished(_covered(file, at.date()))
        most = max(FEW, SHRINKS_BY * (judged.good + len(vanished)))
        if judged.bad or (len(vanished) > most and not shrink):
            return replace(report, missing=len(vanished))
        await keeping.cancel(vanished)
        report = replace(report, cancelled=len(vanished))
    if not judged.bad:
        gone = await keeping.forget(everybody=file.people)
        report = replace(report, people_gone=gone)
    return report


async def _judge(
    database: Database,
    file: RacesFile,
    source: str,
    tell: Callable[[BadRow], None],
    progress: Progress | None,
) -> _Judged:
    judged, twice = _Judged(), Twice()
    of: dict[int, str] = {}
    for row in file.rows(source, progress):
        if isinstance(row, BadRow):
            judged.bad += 1
            tell(row)
        elif isinstance(row, LeftOut):
            judged.left_out += 1
        elif isinstance(row, RaceRow):
            judged.good += 1
            twice.add(row.race.key, row.line)
        elif file.people:
            judged.good += 1
            twice.add(row.key, row.line)
            of[row.line] = row.of
            if len(of) == BATCH:
                await _judge_races(database, of, judged, tell)
    await _judge_races(database, of, judged, tell)
    repeated = {line: first for line, first in twice.found() if line not in judged.unusable}
    for line, first in sorted(repeated.items()):
        tell(BadRow(line, (f"it says line {first} again, in other words or in another place",)))
    judged.refuse(repeated)
    return judged


async def _judge_races(
    database: Database, of: dict[int, str], judged: _Judged, tell: Callable[[BadRow], None]
) -> None:
    """Refuse the people whose race or office nobody has imported, and forget the lines that were judged."""
    async with database.reading() as store:
        unknown = await store.races.unknown(set(of.values())) if of else set()
    lost = [line for line, key in of.items() if key in unknown]
    for line in lost:
        tell(BadRow(line, ("the race or office it speaks of is not among the imported ones",)))
    judged.refuse(lost)
    of.clear()


def _good(rows: Iterator[Row], judged: _Judged) -> Iterator[RaceRow | PersonRow]:
    for row in rows:
        # The people of a feed stand on the lines of their races.
        if isinstance(row, RaceRow | PersonRow) and row.line not in judged.unusable:
            yield row


def _batches(rows: Iterator[RaceRow | PersonRow]) -> Iterator[list[RaceRow | PersonRow]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _covered(file: RacesFile, today: date) -> Window:
    """Say of which election days a file speaks: a feed of its own, any other of all that are ahead."""
    if file.feed is not None:
        return Window(file.feed.day, file.feed.day)
    return Window(today, today + AHEAD)


async def _compared(
    database: Database, batches: Iterator[list[RaceRow | PersonRow]], report: Report
) -> Report:
    races, people = Kept(), Kept()
    for batch in batches:
        async with database.reading() as store:
            races = _sum(races, await store.races.compare(_races(batch)))
            people = _sum(people, await store.races.compare_people(_people(batch)))
    return _with(report, races, people)


def _races(batch: list[RaceRow | PersonRow]) -> list[RaceRow]:
    return [row for row in batch if isinstance(row, RaceRow)]


def _people(batch: list[RaceRow | PersonRow]) -> list[PersonRow]:
    return [row for row in batch if isinstance(row, PersonRow)]


def _sum(one: Kept, other: Kept) -> Kept:
    return Kept(one.added + other.added, one.changed + other.changed, one.unchanged + other.unchanged)


def _with(report: Report, races: Kept, people: Kept) -> Report:
    return replace(
        report,
        added=races.added, changed=races.changed, unchanged=races.unchanged,
        people_added=people.added, people_changed=people.changed, people_unchanged=people.unchanged,
    )  # fmt: skip


class _Keeping:
    """Keeps batches, and remembers what it met so that it knows what vanished."""

    def __init__(self, database: Database, source: str, at: datetime) -> None:
        self._database = database
        self._source = source
        self._at = at
        self._races, self._people = Kept(), Kept()
        self._met, self._met_people = Ids(), Ids()
        self._of: set[str] = set()

    async def keep(self, batch: list[RaceRow | PersonRow]) -> None:
        """Keep a batch in a transaction of its own."""
        races, people = _races(batch), _people(batch)
        async with self._database.transaction() as store:
            kept = await store.races.keep(races, source=self._source, at=self._at)
            kept_people = await store.races.keep_people(people, source=self._source)
            if kept.changed:
                # Whoever saved one of them is told soon, and not only after the next night.
                await store.races_saved.check_anew(IMPORTED)
        self._met.add(kept.ids)
        self._met_people.add(kept_people.ids)
        self._of.update(row.of for row in people)
        self._races, self._people = _sum(self._races, kept), _sum(self._people, kept_people)

    def report(self, report: Report) -> Report:
        """Give the report with what was kept."""
        return replace(_with(report, self._races, self._people), written=True)

    async def vanished(self, days: Window) -> list[int]:
        """Give the ids of the source's races between these days that were not met."""
        found: list[int] = []
        after = 0
        while True:
            async with self._database.reading() as store:
                ids = await store.races.ahead(self._source, days, after=after)
            if not ids:
                return found
            found.extend(one for one in ids if one not in self._met)
            after = ids[-1]

    async def cancel(self, ids: list[int]) -> None:
        """Mark these races as cancelled."""
        for start in range(0, len(ids), BATCH):
            async with self._database.transaction() as store:
                await store.races.cancel(ids[start : start + BATCH], at=self._at)
                await store.races_saved.check_anew(IMPORTED)

    async def forget(self, *, everybody: bool) -> int:
        """Forget the source's people who were not met: all of them, or those of the races that were met."""
        after, gone = 0, 0
        while True:
            async with self._database.reading() as store:
                rows = await store.races.people_of(self._source, after=after)
            if not rows:
                return gone
            ids = [one for one, of in rows if one not in self._met_people and (everybody or of in self._of)]
            if ids:
                async with self._database.transaction() as store:
                    await store.races.forget_people(ids)
            gone += len(ids)
            after = rows[-1][0]
