"""The real process, killed outright while people ask, claim and pass: nothing is lost, nothing said twice."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import sqlite3
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from community.members import MentorProfile
from storage.database import Database
from tests.bot import program
from tests.raiser import Raised
from tests.strict.place import MENTORS, STAFF, asking
from tests.strict.rules import buttons, words
from tests.strict.standin import BOT, BOT_TOKEN, SECRET, Fault, StandIn

HELPERS = ["U0MIA", "U0MAX", "U0MOE"]
ASKERS = [f"U0A{number}" for number in range(8)]
KILLS = 3
PATIENCE = 90
"""Seconds that a start, or the last of the sending, may take: on a machine that does much else it has."""


class Killed:
    """`downballot serve` over HTTP and SQLite, as an operator runs it."""

    def __init__(self, slack: StandIn, folder: Path) -> None:
        self.file = folder / "downballot.db"
        self.output = folder / "log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}
        }
        self.environment = {
            **kept,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": f"{slack.base}/api/",
            "MENTOR_CHANNEL": MENTORS,
            "STAFF_CHANNEL": STAFF,
            "STAFF_USER_IDS": "U0SUE",
            "DATABASE_URL": f"sqlite+aiosqlite:///{self.file}",
            "PORT": str(self.port),
            "POSTS_PER_MINUTE": "2000",
            # An operator may well have these two from the same page of Slack's.
            "SLACK_CLIENT_ID": "111.222",
            "SLACK_CLIENT_SECRET": "333",
        }
        slack.request_url = f"http://127.0.0.1:{self.port}/slack/events"

    def migrate(self) -> None:
        assert self._begin("migrate").wait() == 0, self.output.read_text()

    def _begin(self, command: str) -> Raised:
        with self.output.open("ab") as output:
            return program.begin(command, env=self.environment, cwd=self.file.parent, output=[output])

    async def start(self) -> None:
        self.process = self._begin("serve")
        async with aiohttp.ClientSession() as client, asyncio.timeout(PATIENCE):
            while True:
                assert self.process.poll() is None, self.output.read_text()
                with contextlib.suppress(aiohttp.ClientError):
                    async with client.get(f"http://127.0.0.1:{self.port}/readyz") as answer:
                        if (await answer.json())["ready"]:
                            return
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def let_time_pass(self, by: timedelta) -> None:
        """Date back what a dead process has left, as if it had been dead for so long."""
        with contextlib.closing(sqlite3.connect(self.file)) as database, database:
            for table, columns in (
                ("leases", ["until"]),
                ("deliveries", ["attempt_at", "lease_until", "check_at"]),
            ):
                for column in columns:
                    rows = database.execute(
                        f'SELECT rowid, "{column}" FROM {table} WHERE "{column}" IS NOT NULL'
                    ).fetchall()
                    for row, moment in rows:
                        earlier = (datetime.fromisoformat(moment) - by).isoformat(" ", "microseconds")
                        database.execute(f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?', (earlier, row))

    def look(self, statement: str) -> list[tuple]:
        with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as database:
            return database.execute(statement).fetchall()


async def cast(url: str) -> None:
    database = Database.at(url)
    now = datetime.now(UTC)
    async with database.transaction() as store:
        for user in HELPERS:
            await store.members.meet(user, at=now)
            await store.members.save_mentor(
                MentorProfile(
                    user=user, states=frozenset({"VA"}), capacity=20, approved_at=now, approved_by="U0SUE"
                )
            )
    await database.close()


@pytest.fixture
async def killed(tmp_path):
    slack = StandIn()
    await slack.start()
    for user in [*HELPERS, *ASKERS, "U0SUE"]:
        slack.add_user(user)
    slack.add_channel(MENTORS, [*HELPERS, "U0SUE", BOT])
    slack.add_channel(STAFF, ["U0SUE", BOT])
    app = Killed(slack, tmp_path)
    app.migrate()
    await cast(app.environment["DATABASE_URL"])
    await app.start()
    yield slack, app
    app.kill()
    await slack.stop()


async def until_taken(send) -> None:
    """Do as a person does: press again until Slack shows no error."""
    while True:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            heard = await asyncio.wait_for(send(), 3)
            if heard.status == 200:
                return
        await asyncio.sleep(0.1)


async def ask(slack: StandIn, user: str, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0, 9))
    text = f"zebraquartz {user} wants to know how many signatures it takes"
    view = {"id": f"V0{user}", "type": "modal", "callback_id": "mentoring.ask", "hash": "1.a", "blocks": []}
    await until_taken(lambda: slack.submit(user, view, asking(question={"value": text})))


async def answer(slack: StandIn, user: str, chance: random.Random) -> None:
    """Claim or pass whatever is offered, for ever."""
    pressed: set[str] = set()
    while True:
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        for offer in list(slack.in_dm(user)):
            found = buttons(offer)
            if {"mentoring.claim", "mentoring.pass"} <= set(found) and offer["ts"] not in pressed:
                pressed.add(offer["ts"])
                action = chance.choice(["mentoring.claim", "mentoring.pass"])
                body = slack.interaction(
                    "block_actions", user, actions=[slack.pressed(action, found[action])]
                )
                body["response_url"] = slack.response_url(user)
                await until_taken(lambda sent=body: slack.bring("interactive", sent))


def trouble(chance: random.Random) -> Fault | None:
    dice = chance.random()
    done = chance.random() < 0.6
    if dice < 0.05:
        return Fault(drop=True, done=done)
    if dice < 0.08:
        return Fault(status=503, body="<html>", kind="text/html", done=done)
    if dice < 0.10:
        return Fault(status=429, error="ratelimited", headers={"Retry-After": "1"})
    return Fault(delay=0.15) if dice < 0.35 else None


async def killed_and_back(slack: StandIn, app: Killed) -> None:
    """Kill the app outright, and start it again as if it had been dead for over a minute."""
    app.kill()
    await asyncio.sleep(0.4)  # What was on the wire when it died has arrived by then.
    await slack.until(lambda: not slack.under_way)
    app.let_time_pass(timedelta(seconds=75))
    await app.start()


@pytest.mark.timeout(400)
@pytest.mark.slow(25)
async def test_nothing_acknowledged_is_lost_and_nothing_is_said_twice(killed):
    slack, app = killed
    seed = int(time.time())
    chance = random.Random(seed)

    class Dice:
        """Faults by chance instead of by list."""

        def __bool__(self) -> bool:
            self.next = trouble(chance) if self.on else None
            return self.next is not None

        def popleft(self) -> Fault:
            return self.next

        on = True

    dice = slack.faults["chat.postMessage"] = Dice()
    asks = [asyncio.create_task(ask(slack, user, chance)) for user in ASKERS]
    answers = [asyncio.create_task(answer(slack, user, chance)) for user in HELPERS]
    try:
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.8, 3.2))
            await killed_and_back(slack, app)
        await asyncio.gather(*asks)
        dice.on = False
    finally:
        for each in [*asks, *answers]:
            each.cancel()
        await asyncio.gather(*asks, *answers, return_exceptions=True)

    def receipts() -> Counter[str]:
        found = Counter()
        for user in ASKERS:
            found[user] += sum("*Your question #" in words(each) for each in slack.in_dm(user))
        return found

    def owed() -> list[tuple]:
        return app.look(
            "SELECT key, state, attempts, reason FROM deliveries "
            "WHERE kind = 'post' AND state IN ('pending', 'reserved', 'sending')"
        )

    def quiet() -> bool:
        return not owed() and not app.look("SELECT id FROM request_history WHERE follow_at IS NOT NULL")

    with contextlib.suppress(TimeoutError):
        await slack.until(quiet, 10)
    await killed_and_back(slack, app)  # Once more, so that what hung on the grace is read back now.
    with contextlib.suppress(TimeoutError):
        await slack.until(quiet, PATIENCE)
        # What was pressed last may have been kept only now, and lead to more.
        await asyncio.sleep(1)
        await slack.until(quiet, PATIENCE)
    assert owed() == [], seed

    asked = Counter(asker for (asker,) in app.look("SELECT asker FROM requests"))
    assert asked == Counter(ASKERS), seed
    assert receipts() == Counter(ASKERS), seed
    ids = Counter(
        each["metadata"]["event_payload"]["id"] for place in slack.messages.values() for each in place
    )
    assert max(ids.values()) == 1, seed
    lost = app.look("SELECT key, state, reason FROM deliveries WHERE state IN ('dead', 'parked', 'expired')")
    assert lost == [], seed
    sent = app.look("SELECT count(*) FROM deliveries WHERE kind = 'post' AND state = 'sent'")
    assert sent == [(len(ids),)], seed
    assert not slack.wrong, slack.wrong
    said = app.output.read_text()
    for secret in ("zebraquartz", "Traceback", SECRET, BOT_TOKEN, "secretResponse", "secret.example"):
        assert secret not in said, said[max(0, said.index(secret) - 1500) : said.index(secret) + 1500]
