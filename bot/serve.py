"""The life of the process: start in order, stay ready, stop in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from typing import TYPE_CHECKING, Protocol

import structlog
from aiohttp import web

from bot import doctor, figures
from bot.health import Health
from bot.intake import BODY_LIMIT, HttpIntake, SocketIntake
from bot.refusals import StartRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slack_bolt.async_app import AsyncApp

    from bot.intake import Intake
    from bot.settings import Settings
    from community.clock import Clock
    from scheduler.lease import Leadership
    from scheduler.outbox import Outbox
    from storage.database import Database

GRACE = 20.0
"""Seconds that requests at work get to finish when the process is told to stop."""

log = structlog.get_logger(__name__)


class Served(Protocol):
    """The application as the process sees it: bot/application.py's Application."""

    @property
    def bolt(self) -> AsyncApp:
        """The Bolt app that requests are handed to."""

    async def start(self) -> None:
        """Check the schema, start what runs in the background. Takes nothing from Slack yet."""

    async def stop(self, grace: float = GRACE) -> None:
        """End what runs in the background and let go of the database."""

    @property
    def database(self) -> Database:
        """Where everything is kept."""

    @property
    def clock(self) -> Clock:
        """What time it is."""

    @property
    def outbox(self) -> Outbox:
        """What sends deliveries."""

    @property
    def leadership(self) -> Leadership:
        """Whether this process is the one that sends."""


class Process:
    """One running app: the web server, the application, and the way in from Slack."""

    def __init__(self, settings: Settings, application: Served, health: Health | None = None) -> None:
        self.settings = settings
        self.application = application
        self.health = health or Health()
        self.intake: Intake
        self._routes: list[web.AbstractRouteDef] = []
        if settings.slack_app_token is not None:
            self.intake = SocketIntake(application.bolt, settings.slack_app_token.get_secret_value())
        else:
            over_http = HttpIntake(application.bolt)
            self.intake = over_http
            self._routes = [over_http.route()]
        self.health.check("slack", self.intake.problem)
        self.health.measure(
            "downballot_quiet_seconds",
            "Seconds since the last envelope from Slack (Socket Mode)",
            self.intake.quiet_for,
        )
        figures.publish(self.health, application.database, application.clock, application.leadership)
        figures.publish_sending(self.health, application.outbox)
        self._runner: web.AppRunner | None = None
        self.port = settings.port

    async def start(self) -> None:
        """Listen, start the application, let Slack in; on any fault stop all of it again and raise it."""
        try:
            await self._listen()
            await self.application.start()
            await self.intake.open()
        except BaseException:
            await self.stop(grace=0)
            raise
        self.health.ready = True
        log.info("ready", mode="socket" if self.settings.socket_mode else "http", port=self.port)

    async def stop(self, grace: float = GRACE) -> None:
        """Not ready, way in closed, work finished, application stopped, server closed; `grace` in seconds."""
        self.health.ready = False
        end = time.monotonic() + grace
        async with contextlib.AsyncExitStack() as last:
            # Unwound from the bottom up, each step taken even where one before it failed.
            if self._runner is not None:
                last.push_async_callback(self._runner.cleanup)
            last.push_async_callback(self._stop_application, end)
            last.push_async_callback(self.intake.close, grace)

    async def _stop_application(self, end: float) -> None:
        await self.application.stop(grace=max(0.0, end - time.monotonic()))

    async def _listen(self) -> None:
        server = web.Application(client_max_size=BODY_LIMIT)
        server.add_routes([*self.health.routes(), *self._routes])
        # What was at work has had its time when the server is closed: the intake waited for it.
        self._runner = web.AppRunner(server, access_log=None, handle_signals=False, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port, backlog=1024)
        try:
            await site.start()
        except OSError as fault:
            raise StartRefused(
                f"Cannot listen on {self.settings.host}:{self.settings.port} "
                f"({fault.strerror or type(fault).__name__}): set HOST or PORT to something free."
            ) from None
        self.port = self._runner.addresses[0][1]


@contextlib.contextmanager
def told_to_stop() -> Iterator[asyncio.Event]:
    """Give an event that the first SIGTERM or SIGINT sets; a second one ends the process the hard way."""
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)

    def note() -> None:
        event.set()
        for each in signals:
            loop.remove_signal_handler(each)

    for each in signals:
        loop.add_signal_handler(each, note)
    try:
        yield event
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


async def serve(settings: Settings, application: Served, health: Health | None = None) -> None:
    """Run until told to stop. Raises StartRefused with a sentence where it cannot start."""
    findings = await doctor.examine_slack(settings, sockets=False)
    for finding in findings:
        if finding.ok:
            continue
        if finding.fatal:
            raise StartRefused(f"{finding.what}: {finding.said}")
        log.warning("the doctor would say", about=finding.what, advice=finding.said)
    process = Process(settings, application, health)
    with told_to_stop() as stopping:
        await process.start()
        await stopping.wait()
        log.info("stopping")
        await process.stop()
    log.info("stopped")
