"""The life of the real process: it refuses to start in a sentence, and stops without a traceback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from storage import schema
from tests.bot import program

QUESTION = "How many signatures do I need, and who checks them?"


class Serving:
    """`downballot serve` in a process of its own, with its own loading where it is `executed`."""

    def __init__(self, process, errors):
        self.process = process
        self.lines = []
        self.port = 0
        self.reader = asyncio.create_task(self._read(errors))

    @classmethod
    async def begin(cls, env, *arguments, executed=False):
        reading, writing = os.pipe()
        with Path(os.devnull).open("wb") as nowhere, os.fdopen(writing, "wb") as errors:
            begin = program.execute if executed else program.begin
            process = begin("serve", *arguments, env=env, output=(nowhere, errors))
        return cls(process, os.fdopen(reading, "rb"))

    async def _read(self, errors):
        reader = asyncio.StreamReader()
        reading = lambda: asyncio.StreamReaderProtocol(reader)  # noqa: E731
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(reading, errors)
        async for line in reader:
            self.lines.append(line.decode())
        transport.close()

    async def ready(self):
        async with asyncio.timeout(40):
            while not (found := self.said("ready")):
                assert self.process.poll() is None, "".join(self.lines)
                await asyncio.sleep(0.02)
        self.port = found[0]["port"]

    def said(self, event):
        found = []
        for line in self.lines:
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if entry.get("event") == event:
                    found.append(entry)
        return found

    def tell(self, which=signal.SIGTERM):
        self.process.send_signal(which)

    async def ended(self, within=30):
        status = await asyncio.to_thread(self.process.wait, within)
        await self.reader
        return status, "".join(self.lines)

    async def get(self, path):
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def database_file(tmp_path):
    path = tmp_path / "downballot.db"
    await schema.upgrade(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
def env_for(slack, installed, tmp_path):
    """The environment of a process; `changes` are variables, None takes one away."""

    def make(**changes):
        env = {
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": installed.bot_token,
            "SLACK_APP_TOKEN": installed.app_token,
            "SLACK_SIGNING_SECRET": installed.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "MENTOR_CHANNEL": "C0MENTORS",
            "STAFF_CHANNEL": "G0STAFF",
            "STAFF_USER_IDS": "U0ANA",
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'downballot.db'}",
            "PORT": "0",
        }
        return {name: value for name, value in (env | changes).items() if value is not None}

    return make


@pytest.fixture(params=["socket", "http"])
def way(request):
    return request.param


@pytest.fixture
async def begin(env_for, installed, database_file):
    begun = []

    async def start(way, **changes):
        env = env_for(**changes, **({} if way == "socket" else {"SLACK_APP_TOKEN": None}))
        serving = await Serving.begin(env)
        begun.append(serving)
        await serving.ready()
        if way == "http":
            installed.request_url = f"http://127.0.0.1:{serving.port}/slack/events"
        return serving

    yield start
    for serving in begun:
        serving.process.kill()
        await serving.ended()


def lease_until(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (until,) = connection.execute("SELECT until FROM leases").fetchone()
    return datetime.fromisoformat(until).replace(tzinfo=UTC)


async def until_logged(serving, words):
    async with asyncio.timeout(10):
        while not any(words in line for line in serving.lines):
            await asyncio.sleep(0.02)


async def ask(person):
    await person.command("/askmentor")
    await person.wait_modal("Ask a mentor")
    return await person.submit({"question": QUESTION, "topic": "filing", "state": "VA"})


async def test_it_serves_says_so_and_stops_when_told(way, begin, slack, database_file):
    serving = await begin(way)
    ana = slack.person("U0ANA")
    await ask(ana)
    await ana.wait_message("Your question #1")
    status, said = await serving.get("/readyz")
    page = json.loads(said)
    assert (status, page["ready"]) == (200, True)
    assert set(page["checks"].values()) == {"ok"}
    assert "held by this process" in page["notes"]["lease"]
    assert set(page["checks"]) == {"slack", "sending", "database", "lease"}
    assert page["figures"]["downballot_leading"] == 1.0
    asked_for = {"downballot_lease_age_seconds", "downballot_oldest_due_seconds"}
    assert asked_for <= set(page["figures"])
    assert ("downballot_quiet_seconds" in page["figures"]) == (way == "socket")
    _, metrics = await serving.get("/metrics")
    assert 'downballot_requests{status="open"} 1.0' in metrics
    assert "downballot_roster_age_seconds " in metrics
    assert 'downballot_listener_seconds_count{listener="command:/askmentor"} 1.0' in metrics

    assert lease_until(database_file) > datetime.now(UTC)
    serving.tell()
    status, lines = await serving.ended(within=10)
    assert status == 0, lines
    assert "Traceback" not in lines
    assert "Warning" not in lines
    assert [event for event in ("stopping", "stopped") if serving.said(event)] == ["stopping", "stopped"]
    assert lease_until(database_file) <= datetime.now(UTC), "a standby need not wait for it to lapse"


async def test_after_a_kill_it_leads_again_before_it_is_ready(begin, slack, database_file):
    killed = await begin("socket")
    ana = slack.person("U0ANA")
    await ask(ana)
    await ana.wait_message("Your question #1")
    killed.tell(signal.SIGKILL)
    await killed.ended()
    assert lease_until(database_file) > datetime.now(UTC), "the dead one handed nothing back"
    again = await begin("socket")
    events = [json.loads(line)["event"] for line in again.lines if line.startswith("{")]
    assert events.index("lease: leading") < events.index("ready")


@pytest.mark.slow(8)
async def test_what_was_begun_is_finished_before_it_goes(way, begin, slack, database_file):
    serving = await begin(way)
    slack.courier.patience = 20  # Asking whether it is ready takes a while when nothing can be written.
    ana = slack.person("U0ANA")
    await ana.command("/askmentor")
    await ana.wait_modal("Ask a mentor")
    held = sqlite3.connect(database_file, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    asking = asyncio.create_task(ana.submit({"question": QUESTION, "topic": "filing", "state": "VA"}))
    await asyncio.sleep(0.5)
    serving.tell()
    async with asyncio.timeout(5):
        while not serving.said("stopping"):
            await asyncio.sleep(0.02)
    assert not asking.done(), "somebody else writes, so the listener waits"
    status, said = await serving.get("/readyz")
    assert (status, "starting or stopping" in said) == (503, True)
    if way == "http":
        url = f"http://127.0.0.1:{serving.port}/slack/events"
        async with aiohttp.ClientSession() as session, session.post(url, data=b"{}") as answer:
            assert answer.status == 503, "nothing new is begun"
    held.execute("COMMIT")
    held.close()
    submitted = await asking
    assert not submitted.errors
    status, lines = await serving.ended()
    assert (status, "Traceback" in lines) == (0, False), lines
    with contextlib.closing(sqlite3.connect(database_file)) as connection:
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (1,)

    again = await begin(way)
    await ana.wait_message("Your question #1", timeout=25)
    again.tell(signal.SIGINT)
    status, lines = await again.ended()
    assert (status, "Traceback" in lines) == (0, False), lines
    assert sum("Your question #1" in message.words for message in ana.dm) == 1


async def test_a_second_signal_ends_it_at_once(begin, slack, database_file):
    serving = await begin("http")
    ana = slack.person("U0ANA")
    await ana.command("/askmentor")
    await ana.wait_modal("Ask a mentor")
    held = sqlite3.connect(database_file, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    asking = asyncio.create_task(ana.submit({"question": QUESTION, "topic": "filing", "state": "VA"}))
    await asyncio.sleep(0.3)
    serving.tell()
    while not serving.said("stopping"):
        await asyncio.sleep(0.02)
    serving.tell()
    status, _ = await serving.ended(within=2)
    assert status == -signal.SIGTERM
    held.close()
    await asyncio.gather(asking, return_exceptions=True)


async def test_at_debug_no_line_holds_a_word_or_a_secret(way, begin, slack, installed):
    serving = await begin(way, LOG_LEVEL="DEBUG")
    ana = slack.person("U0ANA")
    await ask(ana)
    await ana.wait_message("Your question #1")
    slack.faults.add("error", code="restricted_action", where=lambda args: "I'm an app" in args["text"])
    await ana.say(ana.dm_channel.id, "My opponent found out where I live")
    await until_logged(serving, "refused: restricted_action")
    # A request with a bad signature, which Bolt would print with its body.
    url = f"http://127.0.0.1:{serving.port}/slack/events"
    forged = {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=1"}
    async with aiohttp.ClientSession() as session:
        await session.post(url, data={"command": "/askmentor", "text": "a forged secret"}, headers=forged)
    serving.tell()
    _, lines = await serving.ended()
    assert '"level": "debug"' in lines, "it did speak at that level"
    for secret in (
        QUESTION, "where I live", "a forged secret", installed.bot_token, installed.app_token,
        installed.signing_secret, installed.verification_token, "/response/", "?ticket=",
    ):  # fmt: skip
        assert secret not in lines, secret


# Refusals


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"MENTOR_CHANNEL": None}, 2, "MENTOR_CHANNEL is missing"),
        ({"SLACK_BOT_TOKEN": "xoxb-not-valid"}, 1, "SLACK_BOT_TOKEN"),
    ],
)
async def test_a_start_that_cannot_be_is_refused_in_a_sentence(env_for, database_file, changes, status, says):
    serving = await Serving.begin(env_for(**changes))
    ended, lines = await serving.ended()
    assert ended == status, lines
    assert says in lines
    assert "Traceback" not in lines


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", "older (at 0001)"),
        ("UPDATE alembic_version SET version_num = 'from_the_future'", "newer version"),
    ],
)
async def test_a_database_of_another_version_is_refused(env_for, database_file, change, says):
    with contextlib.closing(sqlite3.connect(database_file)) as connection, connection:
        connection.execute(change)
    serving = await Serving.begin(env_for())
    status, lines = await serving.ended()
    assert status == 1, lines
    assert says in lines
    assert "Traceback" not in lines


async def test_what_is_wrong_but_can_be_mended_meanwhile_is_warned_of_by_name(begin):
    serving = await begin("socket", WINS_CHANNEL="C0NOWHERE")
    (warned,) = serving.said("the doctor would say")
    assert warned["about"] == "WINS_CHANNEL C0NOWHERE"
    assert "/invite" in warned["advice"]


async def test_it_can_bring_the_database_up_to_date_by_itself(env_for, tmp_path):
    env = env_for(DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path / 'new' / 'fresh.db'}")
    serving = await Serving.begin(env, "--migrate", executed=True)
    await serving.ready()
    serving.tell()
    status, lines = await serving.ended()
    assert (status, "Traceback" in lines) == (0, False), lines
