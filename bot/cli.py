"""The command line: every command, and how what went wrong is said there."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import logs
from bot.refusals import StartRefused
from bot.settings import Settings, SettingsInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.importing import Report

SETTINGS_WRONG = 2
"""The exit status where the settings cannot be used; 1 is for everything else that went wrong."""

app = typer.Typer(
    name="downballot",
    help="The Slack app of a community that helps first-time, down-ballot candidates run and win.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
imports = typer.Typer(help="Bring data in.", no_args_is_help=True)
app.add_typer(imports, name="import")


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    """Say what is expected to go wrong in sentences, without a traceback."""
    # The libraries come late: `downballot --help` and a wrong setting need none of them.
    from slack_sdk.errors import SlackApiError
    from sqlalchemy.exc import SQLAlchemyError

    from community.mentor_csv import SheetUnreadable
    from community.races_rows import FileUnreadable
    from community.slack_errors import error_code
    from storage.backup import CopyRefused
    from storage.schema import DatabaseAway, SchemaMismatch

    try:
        yield
    except (
        StartRefused, SchemaMismatch, DatabaseAway, SheetUnreadable, FileUnreadable, CopyRefused,
    ) as refusal:  # fmt: skip
        _fail(logs.redact(str(refusal)))
    except SlackApiError as refusal:
        _fail(f"Slack refuses: {error_code(refusal.response)}. `downballot doctor` says more.")
    except SQLAlchemyError as fault:
        _fail(
            f"The database does not do as it should ({type(fault).__name__}). `downballot doctor` says more."
        )
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except OSError as fault:
        _fail(logs.redact(f"{fault.filename or 'The system'}: {fault.strerror or type(fault).__name__}"))


def _fail(sentence: str) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(1) from None


def _settings() -> Settings:
    try:
        return Settings.load(os.environ, env_file=Path(".env"))
    except SettingsInvalid as refusal:
        typer.echo("The settings cannot be used:", err=True)
        for problem in refusal.problems:
            # Somebody may have pasted a token where a channel id belongs.
            typer.echo(f"  - {logs.redact(problem)}", err=True)
        typer.echo(
            "They are environment variables, or lines of a file named .env; the README lists them.", err=True
        )
        raise typer.Exit(SETTINGS_WRONG) from None


@app.command()
def serve(
    *,
    migrate: Annotated[bool, typer.Option("--migrate", help="Bring the database up to date first.")] = False,
) -> None:
    """Run the app until Ctrl-C or SIGTERM."""
    settings = _settings()
    logs.set_up(settings.log_level, settings.log_format)

    async def run() -> None:
        from bot.application import Application
        from bot.health import Health
        from bot.serve import serve as run_until_stopped
        from storage import schema

        if migrate:
            await schema.upgrade(settings.database_url)
        health = Health()
        await run_until_stopped(settings, Application(settings, observe=health.observe), health)

    with _plainly():
        asyncio.run(run())


@app.command()
def migrate() -> None:
    """Bring the database up to date with this version."""
    settings = _settings()
    logs.set_up("WARNING", "text")

    async def run() -> None:
        from storage import schema

        await schema.upgrade(settings.database_url)

    with _plainly():
        asyncio.run(run())
    typer.echo("The database is up to date.")


@app.command()
def doctor() -> None:
    """Check every setting against the real workspace and database, a line for each."""
    settings = _settings()
    logs.set_up("ERROR", "text")

    from bot import doctor as practice

    with _plainly():
        findings = asyncio.run(practice.examine(settings))
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        typer.echo(f"{'ok ' if finding.ok else 'FIX'}  {finding.what:{width}}  {logs.redact(finding.said)}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command("verify-slack")
def verify_slack(
    channel: Annotated[str, typer.Argument(help="The id of a channel made for this, with the app in it.")],
    *,
    posts: Annotated[int, typer.Option(min=6, max=60, help="The most messages to post.")] = 60,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before posting.")] = False,
) -> None:
    """Measure what Slack does not document, in a channel that you name; posts there, and deletes it again."""
    settings = _settings()
    logs.set_up("ERROR", "text")

    from bot import verify

    named = (
        settings.mentor_channel,
        settings.staff_channel,
        settings.community_channel,
        settings.wins_channel,
    )
    if channel in named:
        _fail("People read that channel. Make one for this, and say /invite @downballot there.")
    if not yes and not typer.confirm(f"Post up to {posts} messages into {channel}, and delete them again?"):
        _fail("Nothing was posted.")
    with _plainly():
        lines = verify.table(asyncio.run(verify.measure(settings, channel, posts=posts)))
    lines.insert(0, ("What", "Measured", "The app goes by"))
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


@imports.command("mentors")
def import_mentors(
    file: Annotated[Path, typer.Argument(help="A CSV file; the README describes its columns.")],
    *,
    partial: Annotated[
        bool, typer.Option("--partial", help="Import the good rows even if others are bad.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
) -> None:
    """Import mentors; they count as approved. With a bad row nothing is imported, unless --partial."""
    settings = _settings()
    logs.set_up("WARNING", "text")

    async def run() -> Report:
        from bot import importing
        from community.clock import SystemClock
        from storage import schema
        from storage.database import Database

        content = file.read_bytes()
        database = Database.at(settings.database_url)
        try:
            await schema.check(database)
            return await importing.import_mentors(
                database,
                importing.slack_client(settings),
                content,
                at=SystemClock().now(),
                partial=partial,
                rehearse=dry_run,
            )
        finally:
            await database.close()

    with _plainly():
        report = asyncio.run(run())
    _tell(report, dry_run=dry_run)
    if report.bad and not partial:
        raise typer.Exit(1)


def _tell(report: Report, *, dry_run: bool) -> None:
    for row in report.bad:
        typer.echo(f"line {row.line}: {'; '.join(row.reasons)}", err=True)
    if report.ignored:
        typer.echo(f"Columns that mean nothing here: {', '.join(report.ignored)}.", err=True)
    sums = f"{report.added} new, {report.changed} changed, {report.unchanged} as they were"
    if report.written:
        typer.echo(f"Imported: {sums}" + (f"; {len(report.bad)} bad rows left out." if report.bad else "."))
    elif dry_run:
        typer.echo(f"Would import: {sums}; {len(report.bad)} bad rows. Nothing was changed.")
    else:
        typer.echo(
            f"Nothing was imported, because {len(report.bad)} of the rows cannot be. "
            f"Good ones: {sums}. Mend the others, or import the good ones with --partial.",
            err=True,
        )


@imports.command("races")
def import_races(
    file: Annotated[Path, typer.Argument(help="A CSV file, or a flat VIP 5.2 feed as a zip file.")],
    *,
    people: Annotated[
        Path | None, typer.Option(help="A CSV file of who stands in these races and who holds the offices.")
    ] = None,
    source: Annotated[
        str, typer.Option(help="Whose data it is, as people read it; without it the file's own name.")
    ] = "",
    partial: Annotated[
        bool, typer.Option("--partial", help="Import the good rows even if others are bad.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    shrink: Annotated[
        bool, typer.Option("--shrink", help="Cancel what is missing, even if it is more than a quarter.")
    ] = False,
) -> None:
    """Import races. A race that a newer file of the same source lacks counts as cancelled."""
    settings = _settings()
    logs.set_up("WARNING", "text")

    from bot import importing_races_told as told

    with _plainly():
        whole = asyncio.run(
            told.run(
                settings.database_url,
                file,
                people,
                source=source,
                partial=partial,
                rehearse=dry_run,
                shrink=shrink,
            )
        )
    if not whole:
        raise typer.Exit(1)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where the backup goes.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")] = False,
) -> None:
    """Back up the database into one file, while the app runs."""
    settings = _settings()
    logs.set_up("WARNING", "text")

    from bot import backup as copies
    from community.clock import SystemClock

    with _plainly():
        asyncio.run(copies.backup(settings.database_url, file, SystemClock().now(), force=force))
    typer.echo(f"The backup is in {file}.")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A file that `downballot backup` made.")]) -> None:
    """Put a backup in place of the database; the app has to be stopped."""
    settings = _settings()
    logs.set_up("WARNING", "text")

    from bot import backup as copies
    from community.clock import SystemClock

    with _plainly():
        restored = asyncio.run(copies.restore(settings.database_url, file, SystemClock().now()))
    if restored.kept is not None:
        typer.echo(f"The database that was there is kept as {restored.kept}.")
    typer.echo(f"Restored. {_held(restored.held)}")


@app.command()
def quarantine() -> None:
    """After restoring the database by other means: let nothing go out that may have been sent already."""
    settings = _settings()
    logs.set_up("WARNING", "text")

    from bot import backup as copies
    from community.clock import SystemClock

    with _plainly():
        held = asyncio.run(copies.quarantine(settings.database_url, SystemClock().now()))
    typer.echo(_held(held))


def _held(number: int) -> str:
    return (
        f"{number} deliveries may have been sent since: the app looks in Slack for each before it sends it, "
        "and gives staff what it cannot find out."
    )


@app.command()
def demo(
    *,
    port: Annotated[
        int | None,
        typer.Option(help="The port of the page; without it 8080, or any free one.", show_default=False),
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Throw the demo's data away and start afresh.")
    ] = False,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("data/demo"),
) -> None:
    """Try everything in a browser: a Slack workspace in a box, with the app and a small community in it."""
    logs.set_up("WARNING", "text")

    from bot import demo as stage

    with _plainly():
        asyncio.run(stage.run(folder=data, port=port, reset=reset))


def main() -> None:
    """Run the command line."""
    app()
