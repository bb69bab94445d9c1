"""An import of races on the terminal: a bar while it works, each bad row, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bot import logs
from bot.importing_races import Report, import_races
from bot.races_files import RacesFile
from community.clock import SystemClock
from storage import schema
from storage.database import Database

if TYPE_CHECKING:
    from pathlib import Path

    from community.races_rows import BadRow


async def run(
    url: str,
    file: Path,
    people: Path | None,
    *,
    source: str,
    partial: bool,
    rehearse: bool,
    shrink: bool,
    console: Console | None = None,
) -> bool:
    """Import a file of races, then one of people; says whether nothing was bad, or `partial` allowed it.

    Raises FileUnreadable, SchemaMismatch and OSError. The people's file is not touched if the races' failed.
    """
    console = console or Console(stderr=True, highlight=False, soft_wrap=True)
    opened = [RacesFile.opened(file)]
    if people is not None:
        opened.append(RacesFile.opened(people, people=True))
    said = opened[0].feed.publisher if opened[0].feed is not None else ""
    whose = source.strip() or said or file.stem
    database = Database.at(url)
    try:
        await schema.check(database)
        for each in opened:
            report = await _one(
                database, each, whose, console, partial=partial, rehearse=rehearse, shrink=shrink
            )
            for line in told(report, each, whose, rehearse=rehearse):
                console.print(logs.redact(line), markup=False)
            if report.bad and not partial:
                return False
    finally:
        await database.close()
    return True


async def _one(
    database: Database,
    file: RacesFile,
    source: str,
    console: Console,
    *,
    partial: bool,
    rehearse: bool,
    shrink: bool,
) -> Report:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        # The file is read twice, and a feed says how far it is only when it is through.
        task = bar.add_task(file.path.name, total=2 * file.size or None)

        def tell(row: BadRow) -> None:
            where = f"{row.file}, line {row.line}" if row.file else f"line {row.line}"
            bar.console.print(logs.redact(f"{where}: {'; '.join(row.reasons)}"), markup=False)

        return await import_races(
            database,
            file,
            source,
            at=SystemClock().now(),
            tell=tell,
            progress=lambda bytes_read: bar.advance(task, bytes_read),
            partial=partial,
            rehearse=rehearse,
            shrink=shrink,
        )


def told(report: Report, file: RacesFile, source: str, *, rehearse: bool) -> list[str]:
    """Say what came of an import, in lines."""
    lines = []
    if file.ignored:
        lines.append(f"Columns that mean nothing here: {', '.join(file.ignored)}.")
    if file.encoding == "cp1252":
        lines.append("The file is not UTF-8; it was read as Windows-1252. Look whether accents are right.")
    if report.left_out:
        what = "1 row is" if report.left_out == 1 else f"{report.left_out:,} rows are"
        lines.append(f"{what} nothing to run for (appointed, retention, recall).")
    sums = "; ".join(filter(None, (_sums(report, file), _people(report, file))))
    if report.written:
        bad = f"; {report.bad:,} bad rows left out" if report.bad else ""
        lines.append(f"Imported from {source}: {sums}{bad}.")
    elif rehearse:
        lines.append(f"Would import from {source}: {sums}; {report.bad:,} bad rows. Nothing was changed.")
    else:
        lines.append(
            f"Nothing was imported, because {report.bad:,} of the rows cannot be. Good ones: {sums}. "
            "Mend the others, or import the good ones with --partial."
        )
    if report.cancelled:
        lines.append(
            f"{report.cancelled:,} races of this source are not in the file any more: marked as cancelled."
        )
    if report.missing:
        why = (
            "the file has bad rows"
            if report.bad
            else "that is more than a quarter; say --shrink if it is right"
        )
        lines.append(
            f"{report.missing:,} races of this source are not in the file. They stay as they are: {why}."
        )
    return lines


def _sums(report: Report, file: RacesFile) -> str:
    if file.people:
        return ""
    return f"{report.added:,} new races, {report.changed:,} changed, {report.unchanged:,} as they were"


def _people(report: Report, file: RacesFile) -> str:
    if not file.people and file.feed is None:
        return ""
    gone = f", {report.people_gone:,} gone" if report.people_gone else ""
    return (
        f"{report.people_added:,} new people, {report.people_changed:,} changed, "
        f"{report.people_unchanged:,} as they were{gone}"
    )
