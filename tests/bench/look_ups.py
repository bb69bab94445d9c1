"""How long the answer to `/races 23220` takes over HTTP, beside a Bolt listener that only acknowledges."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage.database import Database
from tests.bench import load, town
from tests.bench.figures import Sheet, quantile
from tests.bench.processes import a_plain_app, the_app

if TYPE_CHECKING:
    from tests.bench.databases import Databases

PART = "8 Race look-ups"
BARE = "bare Bolt, default"
TYPED = ("23220", "Virginia", "VA school board")


@dataclass(frozen=True)
class Size:
    """How much is measured: rounds, requests in a round, and of those at a time in the crowd."""

    rounds: int = 3
    block: int = 20
    crowd: int = 128


WHOLE = Size(rounds=6, block=40)
QUICK = Size(rounds=2, block=4, crowd=32)


async def measure(sheet: Sheet, given: Databases, slack: str, size: Size) -> None:
    """Measure on every kind of database."""
    for kind in given.kinds:
        await _on(sheet, given, slack, kind, size)


async def _on(sheet: Sheet, given: Databases, slack: str, kind: str, size: Size) -> None:
    ours = await given.fresh(kind)
    users = (f"U0R{number:06}" for number in itertools.count(1))
    database = Database.at(ours)
    with contextlib.ExitStack() as stack:
        app = stack.enter_context(the_app(ours, slack, given.folder))
        bare = stack.enter_context(a_plain_app("default", "none", slack, given.folder))
        lines = {"ours": load.Lines(app.port), BARE: load.Lines(bare.port)}
        for each in lines.values():
            stack.callback(each.close)

        def bodies(text: str, count: int) -> list[str]:
            return [load.command(next(users), slack, "/races", text) for _ in range(count)]

        for text in TYPED:
            took: dict[str, list[list[float]]] = {name: [] for name in lines}
            for number in range(size.rounds + 1):
                order = list(lines) if number % 2 == 0 else list(reversed(lines))
                for who in order:
                    one = await load.one_at_a_time(lines[who], bodies(text, size.block))
                    if number:  # The first round loads and connects everything.
                        took[who].append(one)
            for part in (0.5, 0.99):
                sheet.add(
                    part=PART, unit="ms", database=kind,
                    name=f"/races {text}, one at a time: p{part * 100:g}",
                    ours=[quantile(one, part) * 1000 for one in took["ours"]],
                    theirs=[quantile(one, part) * 1000 for one in took[BARE]], counterpart=BARE,
                    note="looked up, merged, kept and shown",
                )  # fmt: skip
        crowd = {who: await load.many_at_once(lines[who], bodies("23220", size.crowd), 32) for who in lines}
        sheet.add(
            part=PART, unit="ms", database=kind, name="/races 23220, 32 at a time: p99", most=3000,
            ours=[quantile(crowd["ours"], 0.99) * 1000], theirs=[quantile(crowd[BARE], 0.99) * 1000],
            counterpart=BARE,
        )  # fmt: skip
    kept = await town.count(database, "SELECT count(*) FROM race_lookups")
    assert kept, "no look-up of the whole run was kept"
    await database.close()
    await given.drop_all()
