"""The crash loop for hours: `make soak`.

Sized by SOAK_DELIVERIES, SOAK_KILLS, SOAK_REPLICAS, SOAK_SCALE and SOAK_ON. Half of the deliveries and
half of the kills go to each database that is there.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

from storage import schema
from storage.database import Database
from tests import postgres
from tests.bench.databases import databases
from tests.scheduler.slack import Slack
from tests.scheduler.workers import Loop, raising


def _number(name, default):
    return int(os.environ.get(name, default).replace(",", "").replace("_", ""))


def _say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def soak(url, loop, scale):
    await schema.upgrade(url)
    database = Database.at(url)
    try:
        async with Slack() as slack, raising(url, slack, scale) as nursery:
            await loop.run(nursery, database, slack, patience=600.0, tell=_say)
    finally:
        await database.close()


def main():
    kinds = os.environ.get("SOAK_ON", "sqlite postgresql" if postgres.available() else "sqlite").split()
    many, kills = _number("SOAK_DELIVERIES", "100000"), _number("SOAK_KILLS", "1000")
    seed = _number("SOAK_SEED", str(int(time.time())))
    # How many times as fast as the clock the deadlines pass: fewer on a machine that does much else.
    scale = _number("SOAK_SCALE", "20")
    with databases() as given:
        for kind in kinds:
            # On SQLite one process sends: the standby of a single machine is its service manager.
            replicas = _number("SOAK_REPLICAS", "3") if kind == "postgresql" else 1
            loop = Loop(many // len(kinds), kills // len(kinds), replicas, seed)
            _say(f"{kind}: {loop.many} deliveries, {loop.kills} kills, {replicas} at work, SOAK_SEED={seed}")
            asyncio.run(soak(asyncio.run(given.empty(kind)), loop, scale))


if __name__ == "__main__":
    main()
