"""The whole app against the strict stand-in, with a few people in it and every line of its log kept."""

from __future__ import annotations

import asyncio
import io
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from bot import logs
from bot.application import Application
from bot.serve import Process
from bot.settings import Settings
from community.clock import MovableClock
from community.members import MentorProfile
from scheduler.pacing import Pace
from tests.strict import rules
from tests.strict.standin import APP_TOKEN, BOT, BOT_TOKEN, SECRET, StandIn

MENTORS, STAFF = "C0MENTORS", "C0STAFF"
QUESTION = "zebraquartz: How many signatures do I need, and by when?"

ASK = {
    "question": {"question": {"type": "plain_text_input", "value": QUESTION}},
    "topic": {"topic": {"type": "static_select", "selected_option": {"text": {}, "value": "filing"}}},
    "state": {"state": {"type": "static_select", "selected_option": {"text": {}, "value": "VA"}}},
    "office": {"office": {"type": "static_select", "selected_option": None}},
    "needed_by": {"needed_by": {"type": "datepicker", "selected_date": None}},
    "private": {"private": {"type": "checkboxes", "selected_options": []}},
}
"""What Slack sends for the question form: what was left empty is null or an empty list."""


def asking(**instead: Any) -> dict[str, Any]:
    """Give the form's state with other values, `{"value": …}` and so on by block."""
    return {**ASK, **{block: {block: {**ASK[block][block], **value}} for block, value in instead.items()}}


HURRY = 10


def _fast() -> float:
    return time.monotonic() * HURRY


class Place:
    """The stand-in, the app, and what the app logged."""

    def __init__(self, database_url: str, *, socket: bool) -> None:
        self.clock = MovableClock(datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
        self.slack = StandIn(socket=socket)
        self.slack.now = lambda: self.clock.now().timestamp()
        self.socket = socket
        self.database_url = database_url
        self.log = io.StringIO()
        self.process: Process | None = None
        self.application: Application

    async def open(self) -> None:
        await self.slack.start()
        for name in ("ADA", "BEN", "MIA", "MAX", "SUE"):
            self.slack.add_user(f"U0{name}")
        self.slack.add_channel(MENTORS, ["U0MIA", "U0MAX", "U0SUE", BOT])
        self.slack.add_channel(STAFF, ["U0SUE", BOT])
        logs.set_up("DEBUG", "json", self.log)
        for name in ("slack_sdk", "slack_bolt", "aiohttp", "apscheduler"):
            logging.getLogger(name).setLevel(logging.INFO)
        for name in ("aiosqlite", "sqlalchemy", "asyncio", "aiohttp.access"):
            logging.getLogger(name).setLevel(logging.WARNING)
        await self.start()
        for user in ("U0MIA", "U0MAX"):
            await self.mentor(user)

    async def start(self) -> None:
        settings = Settings(
            slack_bot_token=SecretStr(BOT_TOKEN),
            slack_app_token=SecretStr(APP_TOKEN) if self.socket else None,
            slack_signing_secret=None if self.socket else SecretStr(SECRET),
            slack_api_url=f"{self.slack.base}/api/",
            mentor_channel=MENTORS,
            staff_channel=STAFF,
            staff_user_ids=("U0SUE",),
            database_url=self.database_url,
            port=0,
        )
        self.application = Application(settings, clock=self.clock, pace=Pace.unlimited(monotonic=_fast))
        self._hurry()
        self.process = Process(settings, self.application)
        await self.process.start()
        self.slack.request_url = f"http://127.0.0.1:{self.process.port}/slack/events"
        await self.application.house.errands.finish(5)

    def _hurry(self) -> None:
        """Let the sender wait for Slack in a tenth of the time."""
        outbox = self.application.outbox
        outbox._monotonic = outbox._sender._monotonic = outbox._breaker._now = _fast
        outbox._sleep = lambda seconds: asyncio.sleep(seconds / HURRY)

    async def close(self) -> None:
        if self.process is not None:
            await self.process.stop(grace=3)
        await self.slack.stop()

    async def mentor(self, user: str) -> None:
        now = self.application.clock.now()
        profile = MentorProfile(user=user, states=frozenset({"VA"}), approved_at=now, approved_by="U0SUE")
        async with self.application.database.transaction() as store:
            await store.members.meet(user, at=now)
            await store.members.save_mentor(profile)

    async def settle(self) -> None:
        """Let what was begun end, and everything that is due be sent."""
        await self.application.house.errands.finish(10)
        await self.application.settle()

    async def pass_time(self, seconds: float) -> None:
        """Move the clock, and let what is due happen."""
        self.clock.advance(timedelta(seconds=seconds))
        await self.application.catch_up()

    async def ask(self, user: str = "U0ADA", **instead: Any) -> dict[str, Any]:
        """Ask through the form; give the receipt."""
        await self.slack.command(user, "/askmentor")
        await self.application.house.errands.finish(5)
        heard = await self.slack.submit(user, self.slack.opened[-1], asking(**instead))
        assert (heard.status, heard.body) == (200, ""), heard
        await self.settle()
        return (self.slack.in_dm(user) or [{}])[-1]

    def whispered(self, user: str) -> str:
        """Give the newest private answer to this person: a modal or an ephemeral message."""
        said = [each for each in self.slack.whispers if each["user"] == user]
        return said[-1]["text"] if said else rules.words(self.slack.opened[-1])

    def nothing_wrong(self) -> None:
        """What must hold after whatever happened."""
        assert not self.slack.wrong, self.slack.wrong
        said = self.log.getvalue()
        for secret in (
            "zebraquartz",
            "secret.example",
            "secretResponse",
            SECRET,
            BOT_TOKEN,
            APP_TOKEN,
            "738474920",
        ):
            lines = [line[:600] for line in said.splitlines() if secret in line]
            assert not lines, f"{secret} stands in the log: {lines[0]}"

    def no_traceback(self) -> None:
        lines = [line for line in self.log.getvalue().splitlines() if "Traceback" in line]
        assert not lines, lines[0].replace("\\n", "\n")
