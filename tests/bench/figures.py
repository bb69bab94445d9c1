"""What was measured: figures with counterparts and bars, a table for people and JSON for machines."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from pathlib import Path


def quantile(values: list[float], part: float) -> float:
    """Give the smallest value that at least this part of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(part * len(ordered)) - 1))]


@dataclass(kw_only=True)
class Figure:
    """One line of the table: a value per round of ours and of the counterpart, taken in turns.

    `most` and `least` are bars for the median of ours, `most_ratio` for ours / theirs; with `worst` the bar
    is for the worst round and not for the median.
    """

    part: str
    name: str
    unit: str
    ours: list[float]
    database: str = ""
    theirs: list[float] = field(default_factory=list)
    counterpart: str = ""
    most: float | None = None
    least: float | None = None
    most_ratio: float | None = None
    worst: bool = False
    note: str = ""

    @property
    def value(self) -> float:
        """Ours: the median of the rounds, or the worst of them where that is what counts."""
        return max(self.ours) if self.worst else median(self.ours)

    @property
    def ratio(self) -> float | None:
        """Ours through theirs: the median over the pairs of rounds."""
        if not self.theirs or not all(self.theirs):
            return None
        if len(self.theirs) != len(self.ours):
            return median(self.ours) / median(self.theirs)
        return median(one / other for one, other in zip(self.ours, self.theirs, strict=True))

    @property
    def met(self) -> bool | None:
        """Whether every bar is met; None without one."""
        decided = []
        if self.most is not None:
            decided.append(self.value <= self.most)
        if self.least is not None:
            decided.append(self.value >= self.least)
        if self.most_ratio is not None and self.ratio is not None:
            decided.append(self.ratio <= self.most_ratio)
        return all(decided) if decided else None

    @property
    def bar(self) -> str:
        """The bars in words."""
        said = [
            f"≤ {_short(self.most)} {self.unit}" if self.most is not None else "",
            f"≥ {_short(self.least)} {self.unit}" if self.least is not None else "",
            f"≤ {self.most_ratio:g}×" if self.most_ratio is not None else "",
        ]
        return ", ".join(filter(None, said))

    def told(self) -> dict[str, Any]:
        """Everything about it, for the JSON."""
        return asdict(self) | {"value": self.value, "ratio": self.ratio, "bar": self.bar, "met": self.met}


def _short(value: float | None) -> str:
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(values: list[float]) -> str:
    """Give the median, with the lowest and the highest in brackets."""
    if not values:
        return ""
    if len(values) == 1:
        return _short(values[0])
    return f"{_short(median(values))} ({_short(min(values))}–{_short(max(values))})"


@dataclass
class Sheet:
    """All figures of a run, and what is to be known about the run itself."""

    figures: list[Figure] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)

    def add(self, **facts: Any) -> Figure:
        """Note a figure."""
        figure = Figure(**facts)
        self.figures.append(figure)
        return figure

    def missed(self) -> list[Figure]:
        """The figures whose bar is not met."""
        return [figure for figure in self.figures if figure.met is False]

    def print(self) -> None:
        """Print the table: medians, with the lowest and the highest round in brackets."""
        console = Console(width=None if Console().is_terminal else 170)
        table = Table(title="Downballot's bench: median (lowest to highest round)", title_justify="left")
        for name, right in (
            ("Figure", False), ("Database", False), ("Ours", True), ("Counterpart", True), ("Ratio", True),
            ("Bar", False), ("", False),
        ):  # fmt: skip
            table.add_column(name, justify="right" if right else "left")
        part = ""
        for one in self.figures:
            if one.part != part:
                part = one.part
                table.add_section()
                table.add_row(f"[bold]{part}[/bold]")
            met = {True: "[green]met[/green]", False: "[red]MISSED[/red]", None: ""}[one.met]
            ours = f"{spread(one.ours)} {one.unit}"
            theirs = f"{spread(one.theirs)} ({one.counterpart})" if one.theirs else one.counterpart
            ratio = f"{one.ratio:.2f}×" if one.ratio is not None else ""
            table.add_row(
                one.name + (f"\n[dim]{one.note}[/dim]" if one.note else ""),
                one.database, ours, theirs, ratio, one.bar, met,
            )  # fmt: skip
        console.print(table)
        for said in self.left_out:
            console.print(f"[yellow]LEFT OUT:[/yellow] {said}")
        for name, value in self.about.items():
            console.print(f"[dim]{name}:[/dim] {value}")

    def write(self, path: Path) -> None:
        """Write it all as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = {
            "about": self.about,
            "left_out": self.left_out,
            "figures": [one.told() for one in self.figures],
        }
        path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", "utf-8")
