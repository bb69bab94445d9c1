"""The whole app on a stage: the real process over the sandbox Slack, with a small cast of people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from bot.application import Application
from bot.manifest import manifest
from bot.serve import Process
from bot.settings import Settings
from community.clock import MovableClock
from community.members import MentorKind, MentorProfile
from community.offices import Office
from community.races import RaceSource
from community.topics import Topic
from handlers.races_finding import Finder
from sandbox.person import Person
from sandbox.server import Sandbox
from sandbox.workspace import Message
from scheduler.pacing import Pace

MENTORS = "C0MENTORS"
STAFF = "C0STAFFDESK"
GENERAL = "C0GENERAL"

QUESTION = "How many signatures do I need to file for school board, and by when?"


class Stage:
    """The sandbox and the app in it; `socket` says which way the app is reached.

    `finder` is who is asked about races, where a test wants others than the app itself does, and
    `race_sources` who is asked again about those that were saved.
    """

    def __init__(self, database_url: str, clock: MovableClock, *, socket: bool) -> None:
        self.clock = clock
        self.database_url = database_url
        self.socket = socket
        self.sandbox = Sandbox(now=lambda: clock.now().timestamp())
        self.application: Application
        self.process: Process | None = None
        self.finder: Finder | None = None
        self.race_sources: dict[str, RaceSource] | None = None

    async def open(self, **settings: Any) -> None:
        """Start the sandbox, cast the people, start the app."""
        await self.sandbox.start()
        workspace = self.sandbox.workspace
        for name in ("ada", "ben", "mia", "max", "moe", "sue", "tom"):
            workspace.add_user(name, id=f"U0{name.upper()}", real_name=name.title())
        installed = self.sandbox.install(manifest())
        everybody = [f"U0{name.upper()}" for name in ("ada", "ben", "mia", "max", "moe", "sue", "tom")]
        workspace.add_channel("general", id=GENERAL, members=[*everybody, installed.bot_user_id])
        workspace.add_channel(
            "mentors", id=MENTORS, members=["U0MIA", "U0MAX", "U0MOE", "U0SUE", installed.bot_user_id]
        )
        workspace.add_channel(
            "staff-desk", id=STAFF, private=True, members=["U0SUE", "U0TOM", installed.bot_user_id]
        )
        self.settings = Settings(
            slack_bot_token=SecretStr(installed.bot_token),
            slack_app_token=SecretStr(installed.app_token) if self.socket else None,
            slack_signing_secret=SecretStr(installed.signing_secret),
            slack_api_url=self.sandbox.api_url,
            mentor_channel=MENTORS,
            staff_channel=STAFF,
            community_channel=GENERAL,
            staff_user_ids=("U0SUE", "U0TOM"),
            database_url=self.database_url,
            port=0,
            **{
                "work_days": "Mon-Sun",
                "work_hours": "0-24",
                "work_holidays": False,
                # Nobody answers there: a test that looks up addresses brings a geocoder of its own.
                "census_url": "http://127.0.0.1:9",
                **settings,
            },
        )
        await self.start_app()

    async def start_app(self) -> None:
        """Start the app as `downballot serve` does."""
        self.application = Application(
            self.settings,
            clock=self.clock,
            pace=Pace.unlimited(),
            finder=self.finder,
            race_sources=self.race_sources,
        )
        self.process = Process(self.settings, self.application)
        await self.process.start()
        if not self.socket:
            installed = next(iter(self.sandbox.workspace.apps.values()))
            installed.request_url = f"http://127.0.0.1:{self.process.port}/slack/events"

    async def stop_app(self) -> None:
        """Stop the app; the workspace stays."""
        if self.process is not None:
            await self.process.stop(grace=5)
            self.process = None

    async def close(self) -> None:
        """Stop everything."""
        await self.stop_app()
        await self.sandbox.stop()

    async def cast_mentors(self) -> None:
        """Make Mia and Max mentors for Virginia and Moe one for Ohio."""
        await self.add_mentor("U0MIA", states={"VA"}, topics={Topic.FILING})
        await self.add_mentor("U0MAX", states={"VA"}, kind=MentorKind.ALUMNI, offices={Office.SCHOOL_BOARD})
        await self.add_mentor("U0MOE", states={"OH"})

    async def add_mentor(self, *users: str, states: set[str], **offers: Any) -> None:
        """Make these people approved mentors, each with the same profile."""
        async with self.application.database.transaction() as store:
            for user in users:
                await store.members.meet(user, at=self.clock.now())
                await store.members.save_mentor(
                    MentorProfile(
                        user=user,
                        states=frozenset(states),
                        kind=offers.get("kind", MentorKind.OPERATIVE),
                        topics=frozenset(offers.get("topics", ())),
                        offices=frozenset(offers.get("offices", ())),
                        capacity=offers.get("capacity", 3),
                        against=frozenset(offers.get("against", ())),
                        approved_at=self.clock.now(),
                        approved_by="U0SUE",
                    )
                )

    def person(self, name: str) -> Person:
        """Give a member of the cast by first name."""
        return self.sandbox.person(f"U0{name.upper()}")

    async def heard_everything(self) -> None:
        """Wait until the app has answered every event that Slack has for it."""
        while self.sandbox.courier.under_way:
            await asyncio.sleep(0.01)

    async def settle(self) -> None:
        """Let everything that happened be heard, and everything that is due be sent."""
        await self.heard_everything()
        await self.application.house.errands.finish(5)
        await self.application.settle()

    async def pass_time(self, by: timedelta) -> None:
        """Move the clock, and let what is due happen."""
        self.clock.advance(by)
        await self.application.catch_up()

    async def ask(self, who: str = "ada", **fields: Any) -> Message:
        """Ask a question through the form; give the receipt."""
        person = self.person(who)
        await person.command("/askmentor")
        await person.wait_modal("Ask a mentor")
        values = {"question": QUESTION, "topic": "filing", "state": "VA", **fields}
        submitted = await person.submit(values)
        assert not submitted.errors, submitted.errors
        await self.settle()
        return self.last_dm(who)

    def dm(self, who: str) -> list[Message]:
        """Give what the app and this person wrote to each other."""
        return [message for message in self.person(who).dm if not message.deleted]

    def last_dm(self, who: str, containing: str = "") -> Message:
        """Give the newest message in this person's conversation with the app."""
        found = [message for message in self.dm(who) if containing in message.words]
        assert found, f"no message with {containing!r} among {[m.words for m in self.dm(who)]}"
        return found[-1]

    def in_channel(self, channel: str) -> list[Message]:
        """Give a channel's messages, oldest first."""
        place = self.sandbox.workspace.channel(channel)
        return [message for message in place.messages.values() if not message.deleted]

    def private_answer(self, who: str) -> str:
        """Give the newest thing that only this person sees."""
        found = self.person(who).ephemerals()
        assert found, "nothing was said privately"
        return found[-1].words

    def group_of(self, *names: str) -> str:
        """Give the id of the group conversation of these people and the app."""
        wanted = {f"U0{name.upper()}" for name in names}
        bot = next(iter(self.sandbox.workspace.apps.values())).bot_user_id
        for channel in self.sandbox.workspace.channels.values():
            if channel.is_mpim and set(channel.members) == {*wanted, bot}:
                return channel.id
        raise AssertionError("they have no conversation")


Prepare = Callable[..., Awaitable[Stage]]
