"""Local positions, up to half a million: bringing them in, what others feel of it, and those of one home."""

from __future__ import annotations

import asyncio
import csv
import os
import random
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from community.races import Window
from storage.database import Database
from storage.races import LocalRaces, Names, names_of
from tests.bench import town
from tests.bench.country import Country
from tests.bench.figures import Sheet, quantile
from tests.bench.plain import engine
from tests.bench.processes import MENTORS, ROOT, STAFF, TOKEN

if TYPE_CHECKING:
    from community.races import Place
    from tests.bench.databases import Databases

PART = "5 Local positions"
WINDOW = Window(date(2026, 11, 21), date(2028, 11, 20))
BY_HAND = "by hand: csv and INSERT in one transaction, nothing judged"
_EVERY = 0.025


@dataclass(frozen=True)
class Size:
    """The country, and how many homes are looked up in how many rounds."""

    country: Country = Country(26_000, counties=3, towns=36)  # noqa: RUF009 - it is frozen
    homes: int = 200
    rounds: int = 3


WHOLE = Size(Country(), rounds=5)
QUICK = Size(Country(offices=4_000, counties=2, towns=6), homes=20, rounds=2)


async def measure(sheet: Sheet, given: Databases, slack: str, size: Size) -> None:
    file = given.folder / "positions.csv"
    size.country.write(file)
    for kind in given.kinds:
        url = await given.fresh(kind)
        hand = await _by_hand(await given.empty(kind), kind, file)
        await _bring_in(sheet, given, kind, url, file, size, hand)
        await _look_up(sheet, kind, url, size)
        await given.drop_all()
    file.unlink()


async def _bring_in(
    sheet: Sheet, given: Databases, kind: str, url: str, file: Path, size: Size, hand: float
) -> None:
    count = size.country.offices
    facts = {"part": PART, "database": kind}
    beside = _Beside(Database.at(url))
    task = asyncio.create_task(beside.write())
    took, most = await _import(given, url, file)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    sheet.add(
        **facts, unit="/s", name=f"{count:,} rows imported", ours=[count / took], theirs=[count / hand],
        counterpart=BY_HAND, note=f"{took:.0f} s and {hand:.0f} s",
    )  # fmt: skip
    again, _ = await _import(given, url, file)
    sheet.add(**facts, unit="/s", name="… the same file again", ours=[count / again])
    sheet.add(**facts, unit="MiB", name="… memory of the import at its peak", ours=[most], most=256)
    for said, part in (("p50", 0.5), ("p99", 0.99), ("slowest", 1.0)):
        sheet.add(
            **facts, unit="ms", name=f"… a small write of another process meanwhile: {said}",
            ours=[quantile(beside.took, part) * 1000], most=3000 if part == 1 else None,
            **({"theirs": [hand * 1000], "counterpart": BY_HAND} if kind == "sqlite" and part == 1 else {}),
        )  # fmt: skip
    await beside.database.close()


class _Beside:
    """Somebody else who writes, every 25 ms, and waits for it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.took: list[float] = []

    async def write(self) -> None:
        while True:
            began = time.perf_counter()
            async with self.database.transaction() as store:
                await store.milestones.reach("somebody wrote", town.now())
            self.took.append(time.perf_counter() - began)
            await asyncio.sleep(_EVERY)


async def _import(given: Databases, url: str, file: Path) -> tuple[float, float]:
    """Run the command as staff would; give its seconds and the most memory it held, in MiB."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "import", "races", str(file), "--source", "Bench",
        cwd=given.folder,
        env={
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SLACK_BOT_TOKEN": TOKEN,
            "SLACK_SIGNING_SECRET": "5ec2e7bench5ec2e7bench5ec2e7benc", "MENTOR_CHANNEL": MENTORS,
            "STAFF_CHANNEL": STAFF, "STAFF_USER_IDS": "U0STAFF", "DATABASE_URL": url,
        },
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    most = asyncio.create_task(_peak(process.pid))
    assert process.stderr is not None
    said = await process.stderr.read()
    if await process.wait() != 0:
        raise RuntimeError(said.decode())
    return time.perf_counter() - began, await most


async def _peak(pid: int) -> float:
    highest = 0.0
    while True:
        try:
            status = await asyncio.to_thread(Path(f"/proc/{pid}/status").read_text)
        except (OSError, ProcessLookupError):
            return highest
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                highest = int(line.split()[1]) / 1024
        await asyncio.sleep(0.2)


_TABLE = (
    """CREATE TABLE positions (id {serial}, key TEXT UNIQUE, position TEXT, ocd TEXT, census TEXT,
    within TEXT, election_day DATE, facts TEXT)""",
    "CREATE INDEX positions_ocd ON positions (ocd, election_day)",
    "CREATE INDEX positions_census ON positions (census, election_day)",
    "CREATE INDEX positions_within ON positions (within, election_day)",
    "CREATE INDEX positions_position ON positions (position)",
)
_INSERT = text(
    "INSERT INTO positions (key, position, ocd, census, within, election_day, facts)"
    " VALUES (:key, :position, :ocd, :census, :within, :day, :facts)"
)


async def _by_hand(url: str, kind: str, file: Path) -> float:
    """Import the file as a short script would: no row is judged, and one transaction holds the writer."""
    database = engine(url)
    serial = "INTEGER PRIMARY KEY" if kind == "sqlite" else "BIGSERIAL PRIMARY KEY"
    began = time.perf_counter()
    async with database.begin() as connection:
        for statement in _TABLE:
            await connection.execute(text(statement.format(serial=serial)))
        with file.open(encoding="utf-8", newline="") as lines:
            batch: list[dict[str, Any]] = []
            for row in csv.DictReader(lines):
                day: Any = row["election_date"]
                batch.append(
                    {
                        "key": f"local:{row['race_id']}", "position": row["position_id"],
                        "ocd": row["ocd_division_id"] or None, "within": None,
                        "census": f"{row['mtfcc']}:{row['geo_id']}" if row["mtfcc"] else None,
                        "day": day if kind == "sqlite" else date.fromisoformat(day), "facts": str(row),
                    }
                )  # fmt: skip
                if len(batch) == 1000:
                    await connection.execute(_INSERT, batch)
                    batch = []
            if batch:
                await connection.execute(_INSERT, batch)
    took = time.perf_counter() - began
    await database.dispose()
    return took


async def _look_up(sheet: Sheet, kind: str, url: str, size: Size) -> None:
    database = Database.at(url)
    async with database.transaction(long=True) as store:
        await store.connection.execute(text("ANALYZE local_races" if kind == "postgresql" else "ANALYZE"))
    local = LocalRaces(database)
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    found = 0
    for number in range(size.rounds + 1):
        chance = random.Random(number)
        homes = [size.country.place(chance) for _ in range(size.homes)]
        mine, by_hand = [], []
        for home in homes:
            began = time.perf_counter()
            races = (await local.races(home, WINDOW)).races
            mine.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            rows = await _select(database, home, kind)
            by_hand.append((time.perf_counter() - began) * 1000)
            assert {race.key for race in races} == {row.key for row in rows}
            found += len(races)
        if number:  # The first ones fill the caches.
            ours.append(mine)
            theirs.append(by_hand)
    typical = found / (size.homes * (size.rounds + 1))
    for said, part, most in (("p50", 0.5, None), ("p99", 0.99, 50.0)):
        sheet.add(
            part=PART, database=kind, unit="ms", most=most,
            name=f"the races of a home ({typical:.0f} on average) among {size.country.offices:,}: {said}",
            ours=[quantile(one, part) for one in ours], theirs=[quantile(one, part) for one in theirs],
            counterpart="the same SELECT by hand, rows left as they are",
        )  # fmt: skip
    await database.close()


async def _select(database: Database, home: Place, kind: str) -> Any:
    names: Names = names_of(home)
    day: Any = (lambda one: one.isoformat()) if kind == "sqlite" else (lambda one: one)
    around = {"first": day(WINDOW.first - timedelta(330)), "last": day(WINDOW.last + timedelta(330))}
    parts = []
    for column, wanted in (("ocd", sorted(names.ocd)), ("census", sorted(names.census))):
        around |= {f"{column}{number}": name for number, name in enumerate(wanted)}
        listed = ", ".join(f":{column}{number}" for number in range(len(wanted)))
        parts.append(
            f"SELECT key, position, facts FROM local_races WHERE {column} IN ({listed})"
            " AND election_day BETWEEN :first AND :last"
        )
    async with database.reading() as store:
        return (await store.connection.execute(text(" UNION ALL ".join(parts)), around)).all()
