"""The process starts in order, says truly whether it is ready, and stops without losing what it has begun."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from types import SimpleNamespace

import aiohttp
import pytest
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot import serve as serving
from bot.intake import SocketIntake
from bot.refusals import StartRefused
from bot.serve import Process
from storage import schema
from storage.database import Database


class Standing:
    """An application that does nothing but hear direct messages, one at a time if it is held up."""

    def __init__(self, settings, database, clock):
        client = AsyncWebClient(
            token=settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url
        )
        secret = settings.slack_signing_secret
        self.bolt = AsyncApp(
            name="standing",
            client=client,
            signing_secret=secret.get_secret_value() if secret else None,
            process_before_response=True,
        )
        self.database = database
        self.clock = clock
        pace = SimpleNamespace(refusals=0, budget=SimpleNamespace(per_minute=240.0))
        self.outbox = SimpleNamespace(trouble=None, in_flight=0, pace=pace)
        self.leadership = SimpleNamespace(name="scheduler", owner="me", leading=True)
        self.life: list[str] = []
        self.begun: list[str] = []
        self.finished: list[str] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.fault: Exception | None = None

        @self.bolt.event("message")
        async def heard(event):
            self.begun.append(event["text"])
            await self.go_on.wait()
            self.finished.append(event["text"])

    async def start(self):
        self.life.append("started")
        if self.fault:
            raise self.fault

    async def stop(self, grace=20.0):
        assert grace >= 0
        self.life.append("stopped")


@pytest.fixture
async def database(tmp_path):
    """One of the two kinds is enough: what is tested here is the process around it."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'process.db'}"
    await schema.upgrade(url)
    opened = Database.at(url)
    yield opened
    await opened.close()


@pytest.fixture(params=["socket", "http"])
def settings(request, settings_for):
    return settings_for(slack_app_token=None) if request.param == "http" else settings_for()


@pytest.fixture
async def running(settings, installed, database, clock):
    process = Process(settings, Standing(settings, database, clock))
    await process.start()
    if not settings.socket_mode:
        installed.request_url = f"http://127.0.0.1:{process.port}/slack/events"
    yield process
    if process.application.life[-1] != "stopped":
        await process.stop(grace=1)


async def get(process, path):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{process.port}{path}") as answer,
    ):
        return answer.status, await answer.text()


async def until(true, within=5.0):
    async with asyncio.timeout(within):
        while not true():
            await asyncio.sleep(0.01)


async def test_what_slack_sends_reaches_the_app(running, slack):
    await slack.person("U0ANA").say(running_bot(slack), "hello")
    await until(lambda: running.application.finished == ["hello"])


async def test_what_was_begun_is_finished_and_nothing_new_is_begun(running, slack):
    application = running.application
    application.go_on.clear()
    ana = slack.person("U0ANA")
    bot = running_bot(slack)
    first = asyncio.create_task(quietly(ana.say(bot, "first")))
    await until(lambda: application.begun == ["first"])

    stopping = asyncio.create_task(running.stop(grace=5))
    await until(lambda: not running.health.ready)
    second = asyncio.create_task(quietly(ana.say(bot, "second")))
    await asyncio.sleep(0.2)
    assert application.life == ["started"], "the application waits for what is at work"
    application.go_on.set()
    await stopping
    await asyncio.gather(first, second)

    assert application.begun == application.finished == ["first"]
    assert application.life == ["started", "stopped"]


async def test_what_never_ends_does_not_hold_up_stopping_for_ever(running, slack):
    application = running.application
    application.go_on.clear()
    saying = asyncio.create_task(quietly(slack.person("U0ANA").say(running_bot(slack), "first")))
    await until(lambda: application.begun == ["first"])
    async with asyncio.timeout(3):
        await running.stop(grace=0.2)
    assert application.life == ["started", "stopped"]
    application.go_on.set()
    await saying


async def test_ready_once_started_and_not_while_stopping(running):
    assert await get(running, "/healthz") == (200, "ok\n")
    status, said = await get(running, "/readyz")
    assert (status, '"ready": true' in said) == (200, True)
    running.health.ready = False
    status, said = await get(running, "/readyz")
    assert (status, "starting or stopping" in said) == (503, True)


async def test_not_ready_when_the_database_cannot_be_written(running, database, monkeypatch):
    @contextlib.asynccontextmanager
    async def refusing():
        raise OSError("disk full, at a path nobody outside needs to know")
        yield

    monkeypatch.setattr(database, "transaction", refusing)
    status, said = await get(running, "/readyz")
    assert status == 503
    assert '"database": "failed; the log says why"' in said
    assert "disk full" not in said


async def test_not_ready_when_slack_takes_nothing_any_more(running):
    running.application.outbox.trouble = "token_revoked"
    status, said = await get(running, "/readyz")
    assert status == 503
    assert "token_revoked" in said


async def test_how_long_listeners_take_is_published(running):
    running.health.observe("mentoring.claim", 0.02)
    _, said = await get(running, "/metrics")
    assert 'downballot_listener_seconds_count{listener="mentoring.claim"} 1.0' in said


async def test_a_check_that_hangs_counts_as_failed(running, monkeypatch):
    monkeypatch.setattr("bot.health.CHECK_WITHIN", 0.05)
    running.health.check("sleeper", asyncio.Event().wait)
    status, said = await get(running, "/readyz")
    assert status == 503
    assert "no answer within" in said


async def test_a_figure_that_takes_too_long_is_left_out_and_no_fault(running, monkeypatch):
    monkeypatch.setattr("bot.health.CHECK_WITHIN", 0.05)
    running.health.measure("downballot_sleeper", "Never comes", asyncio.Event().wait)
    with capture_logs() as said:
        status, figures = await get(running, "/metrics")
    assert (status, "downballot_sleeper" in figures) == (200, False)
    late = [line for line in said if line.get("figure") == "downballot_sleeper"]
    assert [(line["log_level"], "exc_info" in line) for line in late] == [("warning", False)]


async def test_figures_are_published(running):
    status, said = await get(running, "/metrics")
    assert status == 200
    figures = dict(line.rsplit(" ", 1) for line in said.splitlines() if not line.startswith("#"))
    assert figures["downballot_ready"] == "1.0"
    assert figures["downballot_oldest_due_seconds"] == "0.0"
    assert figures['downballot_deliveries{state="parked"}'] == "0.0"
    assert figures['downballot_deliveries{state="dead"}'] == "0.0"
    assert figures['downballot_requests{status="open"}'] == "0.0"
    assert figures["downballot_rate_limited_total"] == "0.0"
    assert "downballot_roster_age_seconds" not in figures, "what never was has no age"


async def test_an_application_that_cannot_start_is_stopped_and_nothing_listens(
    settings, installed, database, clock
):
    application = Standing(settings, database, clock)
    application.fault = StartRefused("the schema is old")
    process = Process(settings, application)
    with pytest.raises(StartRefused, match="the schema is old"):
        await process.start()
    assert application.life == ["started", "stopped"]
    with pytest.raises(aiohttp.ClientConnectionError):
        await get(process, "/healthz")


async def test_a_port_that_is_taken_is_named(settings_for, database, clock):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = settings_for(port=taken.getsockname()[1])
        with pytest.raises(StartRefused, match=f"127.0.0.1:{settings.port}"):
            await Process(settings, Standing(settings, database, clock)).start()


async def test_a_refused_app_token_ends_the_start_in_a_sentence(settings_for, database, clock):
    settings = settings_for(slack_app_token=SecretStr("xapp-1-NOT-VALID"))
    application = Standing(settings, database, clock)
    with pytest.raises(StartRefused, match="SLACK_APP_TOKEN") as refusal:
        await Process(settings, application).start()
    assert "NOT-VALID" not in str(refusal.value)
    assert application.life[-1] == "stopped"


async def test_slack_out_of_reach_ends_the_start_in_a_sentence(settings_for, database, clock):
    settings = settings_for(slack_api_url="http://127.0.0.1:9/api/")
    with pytest.raises(StartRefused, match="cannot be reached"):
        await Process(settings, Standing(settings, database, clock)).start()


async def test_a_refused_bot_token_ends_serving_before_anything_starts(settings_for, database, clock):
    settings = settings_for(slack_bot_token=SecretStr("xoxb-not-valid"))
    application = Standing(settings, database, clock)
    with pytest.raises(StartRefused, match="SLACK_BOT_TOKEN"):
        await serving.serve(settings, application)
    assert application.life == []


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_process_in_order(settings, installed, database, clock, which):
    application = Standing(settings, database, clock)
    served = asyncio.create_task(serving.serve(settings, application))
    await until(lambda: application.life == ["started"] or served.done())
    await asyncio.sleep(0.2)
    os.kill(os.getpid(), which)
    async with asyncio.timeout(5):
        await served
    assert application.life == ["started", "stopped"]


async def test_nothing_is_left_running_after_the_end(settings, installed, database, clock):
    before = asyncio.all_tasks()
    process = Process(settings, Standing(settings, database, clock))
    await process.start()
    await process.stop(grace=1)
    await asyncio.sleep(0.05)
    left = {task.get_name() for task in asyncio.all_tasks() - before if not in_sandbox(task)}
    assert not left


async def test_a_socket_that_falls_silent_is_replaced(settings_for, slack, database, clock):
    settings = settings_for()
    application = Standing(settings, database, clock)
    intake = SocketIntake(
        application.bolt, settings.slack_app_token.get_secret_value(), quiet_after=0.3, watch_every=0.05
    )
    await intake.open()
    try:
        first = intake._handler.client.current_session
        await until(lambda: intake._handler.client.current_session is not first)
        await until(lambda: intake._handler.client.current_session is not None)
        await slack.person("U0ANA").say(running_bot(slack), "hello")
        await until(lambda: application.finished == ["hello"])
    finally:
        await intake.close(1)


def running_bot(slack):
    """Where a person writes to the app: its user's direct messages."""
    (app,) = slack.workspace.apps.values()
    return app.bot_user_id


async def quietly(saying):
    """A person who may get no answer."""
    with contextlib.suppress(Exception):
        await saying


def in_sandbox(task):
    return "sandbox" in str(task.get_coro())
