"""Turns the JSON of runs into the tables of docs/bench.md: `python -m tests.bench.table FILE…`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.bench.figures import Figure, spread

MET = {True: "met", False: "**missed**", None: ""}


def rows(figures: list[Figure]) -> list[str]:
    """Give the lines of one part's table."""
    lines = ["| Figure | Database | Ours | Counterpart | Ratio | Bar | |", "| --- " * 7 + "|"]
    for one in figures:
        theirs = f"{spread(one.theirs)} ({one.counterpart})" if one.theirs else ""
        ratio = f"{one.ratio:.2f}×" if one.ratio is not None else ""
        ours = f"{spread(one.ours)} {one.unit}".strip()
        lines.append(
            f"| {one.name} | {one.database} | {ours} | {theirs} | {ratio} | {one.bar} | {MET[one.met]} |"
        )
    return lines


def main() -> None:
    parts: dict[str, list[Figure]] = {}
    for name in sys.argv[1:]:
        whole = json.loads(Path(name).read_text("utf-8"))
        sys.stderr.write(f"{name}: {whole['about']}\n")
        for told in whole["figures"]:
            for derived in ("value", "ratio", "bar", "met"):
                told.pop(derived)
            parts.setdefault(told["part"], []).append(Figure(**told))
    for part, figures in sorted(parts.items()):
        sys.stdout.write("\n".join([f"### {part.partition(' ')[2]}", "", *rows(figures), "", ""]))


if __name__ == "__main__":
    main()
