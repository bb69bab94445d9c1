"""The demo: a Slack workspace in a box, with the app and a small community in it, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import typer
from pydantic import SecretStr

from bot import demo_community as community
from bot import importing
from bot.application import Application
from bot.manifest import manifest
from bot.refusals import StartRefused
from bot.serve import Process, told_to_stop
from bot.settings import Settings
from community.clock import MovableClock
from sandbox.person import AppDidNotAnswer
from sandbox.server import Sandbox
from scheduler.pacing import Pace
from storage import schema
from storage.hold import Hold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.workspace import Installed

USUAL_PORT = 8080
SKIP_STEP = timedelta(hours=1)
"""Skipping ahead goes in steps, so that what becomes due along the way happens in its order."""
KEEP_TIME_EVERY = 10.0
"""Seconds between two notes of what time it is in the demo."""


async def run(*, folder: Path, port: int | None = None, reset: bool = False) -> None:
    """Run the demo until told to stop; `port` None means the usual one, or any where that is taken.

    Raises StartRefused where it cannot start.
    """
    with _held(folder), told_to_stop() as stopping:
        stage = Stage(folder, reset=reset)
        opening = asyncio.create_task(stage.open(port))
        waiting = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({opening, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if opening.done():
                opening.result()
                typer.echo(f"\n  {stage.sandbox.url}\n  {community.TRY} Ctrl-C ends the demo.\n")
                await waiting
        finally:
            for task in (opening, waiting):
                task.cancel()
            await asyncio.gather(opening, waiting, return_exceptions=True)
            await stage.close()


class Stage:
    """The sandbox, the app in it, and the clock that both go by."""

    def __init__(self, folder: Path, *, reset: bool) -> None:
        self._folder = folder
        self._told = folder / "story-told"
        self._clock_file = folder / "clock"
        if reset or not (self._told.exists() and self._clock_file.exists()):
            # A story that was interrupted half-way is no community; it is told again from the start.
            self._clear()
        self.new = not self._told.exists()
        begins = community.present(datetime.now(UTC)) - community.STARTS_BEFORE
        self.clock = MovableClock(offset=(begins if self.new else self._left_at()) - datetime.now(UTC))
        self.sandbox = Sandbox(
            now=lambda: self.clock.now().timestamp(),
            folder=folder / "workspace",
            team=community.TEAM,
            team_name=community.TEAM_NAME,
        )
        self._skipping = asyncio.Lock()
        self.process: Process | None = None
        self.application: Application | None = None
        self._time_keeper: asyncio.Task[None] | None = None

    async def open(self, port: int | None) -> None:
        """Start everything, and tell the community's story where it is new."""
        await self._listen(port)
        installed = self.sandbox.install(manifest())
        community.settle(self.sandbox, installed.bot_user_id)
        self.sandbox.tour = community.tour()
        settings = self._settings(installed)
        await schema.upgrade(settings.database_url)
        # A skipped hour is no hour to the pace, which goes by the machine's clock; and the sandbox is ours.
        self.application = Application(settings, clock=self.clock, pace=Pace.unlimited())
        self.process = Process(settings, self.application)
        await self.process.start()
        if self.new:
            await importing.import_mentors(
                self.application.database,
                importing.slack_client(settings),
                community.sheet(),
                at=self.clock.now(),
            )
            try:
                await community.Story(self.sandbox, self.pass_time).tell()
            except (TimeoutError, AppDidNotAnswer) as fault:
                raise StartRefused(
                    f"The app did not answer in time while its community was made ({type(fault).__name__}). "
                    "Is the machine very busy? Start it again."
                ) from None
            self._told.touch()
        self._time_keeper = asyncio.create_task(self._keep_keeping_time(), name="keep the demo's time")
        self.sandbox.on_skip = self._skip

    async def pass_time(self, by: timedelta) -> None:
        """Finish what is due now, then move the clock ahead and let happen what is due by then."""
        if self.application is not None:
            await self.application.catch_up()
        while by > timedelta():
            step = min(by, SKIP_STEP)
            self.clock.advance(step)
            by -= step
            if self.application is not None:
                await self.application.catch_up()
        self._keep_time()

    async def close(self) -> None:
        """Stop the app, then the workspace, which keeps itself on disk."""
        self.sandbox.on_skip = None
        async with self._skipping:
            pass
        if self._time_keeper is not None:
            self._time_keeper.cancel()
            await asyncio.gather(self._time_keeper, return_exceptions=True)
            self._time_keeper = None
            self._keep_time()
        if self.process is not None:
            await self.process.stop(grace=5)
        await self.sandbox.stop()

    async def _skip(self, seconds: float) -> None:
        # Two presses one after the other mean twice the time, and whoever closes the demo waits for both.
        async with self._skipping:
            await self.pass_time(timedelta(seconds=seconds))

    async def _listen(self, port: int | None) -> None:
        try:
            await self.sandbox.start(port=USUAL_PORT if port is None else port)
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE:
                raise
            if port is not None:
                raise StartRefused(f"Port {port} is taken: name another with --port.") from None
            await self.sandbox.start(port=0)

    def _settings(self, installed: Installed) -> Settings:
        return Settings(
            slack_bot_token=SecretStr(installed.bot_token),
            slack_app_token=SecretStr(installed.app_token),
            slack_signing_secret=SecretStr(installed.signing_secret),
            slack_api_url=self.sandbox.api_url,
            mentor_channel=community.MENTORS,
            staff_channel=community.STAFF,
            community_channel=community.GENERAL,
            wins_channel=community.WINS,
            staff_user_ids=tuple(each.id for each in community.STAFF_PEOPLE),
            organisation_name=community.TEAM_NAME,
            database_url=f"sqlite+aiosqlite:///{self._folder / 'downballot.db'}",
            port=0,
            log_level="WARNING",
            log_format="text",
        )

    def _left_at(self) -> datetime:
        """Give the moment at which the demo was left: its time stands still while it is down."""
        return datetime.fromisoformat(self._clock_file.read_text("utf-8"))

    def _keep_time(self) -> None:
        self._clock_file.write_text(self.clock.now().isoformat(), "utf-8")

    async def _keep_keeping_time(self) -> None:
        # Somebody may end the demo the hard way.
        while True:
            self._keep_time()
            await asyncio.sleep(KEEP_TIME_EVERY)

    def _clear(self) -> None:
        """Remove what the demo keeps, and nothing else that may lie in the folder."""
        shutil.rmtree(self._folder / "workspace", ignore_errors=True)
        for file in (self._told, self._clock_file, *self._folder.glob("downballot.db*")):
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the folder, so that two demos never write into the same data; and talk to nobody but ourselves."""
    # Slack's SDK sends even loopback calls through a proxy that the environment names.
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ.pop(name, None)
        os.environ.pop(name.lower(), None)
    folder.mkdir(parents=True, exist_ok=True)
    hold = Hold(folder / "lock")
    hold.take()
    if not hold.fresh:
        raise StartRefused(f"A demo is running with {folder} already: stop it, or name another --data.")
    try:
        yield
    finally:
        hold.let_go()
