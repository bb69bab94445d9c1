"""Runs the bench: `make bench`, or `python -m tests.bench --quick --only answers`.

Without `--whole` it takes less than ten minutes: all is measured, but in fewer rounds, and what comes after
the promises themselves (announcements, lessons, positions) with fewer people and rows.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests import postgres
from tests.bench import (
    announcements,
    answers,
    claims,
    journeys,
    look_ups,
    places,
    positions,
    sending,
    volume,
)
from tests.bench.databases import databases
from tests.bench.figures import Sheet
from tests.bench.machine import Noise, described
from tests.bench.processes import ROOT, a_slack


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the app beside its counterparts.")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="tiny sizes, to see whether it runs at all")
    sizes.add_argument("--whole", action="store_true", help="more rounds, and the largest sizes")
    parser.add_argument("--only", default="", help="parts, with commas")
    parser.add_argument("--rounds", type=int, default=0, help="rounds of claims in one process")
    parser.add_argument("--to", type=Path, default=ROOT / "build/bench.json", help="where the JSON goes")
    chosen = parser.parse_args()
    parts: dict[str, Any] = {
        "answers": answers,
        "claims": claims,
        "sending": sending,
        "announcements": announcements,
        "volume": volume,
        "journeys": journeys,
        "places": places,
        "positions": positions,
        "look_ups": look_ups,
    }
    wanted = [name for name in chosen.only.split(",") if name] or list(parts)
    sheet, noise, began = Sheet(), Noise(), time.perf_counter()
    if not postgres.available():
        sheet.left_out.append("everything on PostgreSQL: install postgresql, or set TEST_DATABASE_URL")
    sheet.about["image"] = _image(shutil.which("docker") or shutil.which("podman"))
    noise.listen()
    seconds: dict[str, int] = {}
    with databases() as given, a_slack(given.folder) as slack:
        sheet.about["machine"] = described(given.folder)
        for name in wanted:
            sys.stderr.write(f"… {name}\n")
            part = parts[name]
            size = part.QUICK if chosen.quick else part.WHOLE if chosen.whole else part.Size()
            if name == "claims" and chosen.rounds:
                size = replace(size, inside=chosen.rounds)
            started = time.perf_counter()
            asyncio.run(part.measure(sheet, given, slack, size))
            seconds[name] = round(time.perf_counter() - started)
            noise.listen()
    sheet.about |= {
        "noise": noise.said(),
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "took": f"{time.perf_counter() - began:.0f} s{', quick sizes' if chosen.quick else ''}"
        f"{', the largest sizes' if chosen.whole else ''}: "
        + ", ".join(f"{name} {took}" for name, took in seconds.items()),
    }
    sheet.figures.sort(key=lambda one: one.part)
    sheet.print()
    sheet.write(chosen.to)


def _image(engine: str | None) -> str:
    """The size of the image, where one was built and there is an engine to ask; "n/a" and why otherwise."""
    asked = ["image", "inspect", "--format", "{{.Size}}", "downballot"]
    done = subprocess.run([engine, *asked], capture_output=True, text=True, check=False) if engine else None
    if done is None or done.returncode != 0:
        return "n/a: no running container engine with an image named downballot"
    return f"{int(done.stdout) / 2**20:.0f} MiB"


if __name__ == "__main__":
    main()
