"""The app is killed, and frozen, at every named place of a listener; what Slack brings again counts once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from datetime import timedelta
from types import SimpleNamespace

import aiohttp
import pytest
from sqlalchemy import func, select, update

from community.clock import SystemClock
from community.topics import Topic
from sandbox.outcomes import AppDidNotAnswer
from storage import failpoints
from storage.database import Database
from storage.tables import deliveries, leases, request_history, requests, seen
from tests.bench.processes import spare_port
from tests.raiser import raise_one
from tests.scenarios.stage import Stage
from tests.scheduler.workers import stopped

LISTENING = [name for name in failpoints.NAMES if name.startswith("listener.")]
CLAIMING = ["claim.won", *LISTENING]
FOLLOWING = [name for name in failpoints.NAMES if name.startswith("follow.")]
PATIENCE = 0.6
"""Seconds that Slack waits for an answer here, in place of three."""


class Afar(Stage):
    """The stage, with the app in a process of its own that is reached over signed HTTP."""

    def __init__(self, database_url):
        super().__init__(database_url, SystemClock(), socket=False)
        self.pids = []
        database = Database.at(database_url)
        self.application = SimpleNamespace(database=database)

    async def start_app(self):
        self.sandbox.courier.patience = PATIENCE
        self.sandbox.courier.retry_delays = (0.0, *([0.3] * 40))

    async def stop_app(self):
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def close(self):
        await super().close()
        await self.application.database.close()

    async def serve(self, failpoint, how):
        """Start an app, and let Slack reach it; its process id."""
        settings, port = self.settings, spare_port()
        given = {
            "SLACK_BOT_TOKEN": settings.slack_bot_token.get_secret_value(),
            "SLACK_SIGNING_SECRET": settings.slack_signing_secret.get_secret_value(),
            "SLACK_API_URL": settings.slack_api_url,
            "MENTOR_CHANNEL": settings.mentor_channel,
            "STAFF_CHANNEL": settings.staff_channel,
            "STAFF_USER_IDS": ",".join(settings.staff_user_ids),
            "DATABASE_URL": self.database_url,
            "PORT": str(port),
            "WORK_DAYS": "Mon-Sun",
            "WORK_HOURS": "0-24",
            "WORK_HOLIDAYS": "false",
        }
        raised = raise_one("tests.handlers.app_nursery", {"failpoint": failpoint, "how": how}, env=given)
        raised.let_go()
        self.pids.append(raised.pid)
        async with aiohttp.ClientSession() as client, asyncio.timeout(60):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with client.get(f"http://127.0.0.1:{port}/readyz") as answer:
                        if (await answer.json())["ready"]:
                            break
                await asyncio.sleep(0.05)
        installed = next(iter(self.sandbox.workspace.apps.values()))
        installed.request_url = f"http://127.0.0.1:{port}/slack/events"
        return raised.pid

    async def leaderless(self):
        """Let what a dead or frozen app holds lapse now: it leads for 12 s, and keeps a delivery for 30."""
        async with self.application.database.transaction() as store:
            long_ago = self.clock.now() - timedelta(seconds=1)
            await store.connection.execute(update(leases).values(until=long_ago))
            held = deliveries.c.state == "reserved"
            await store.connection.execute(update(deliveries).where(held).values(lease_until=long_ago))

    async def settle(self):
        """Wait until everything is heard, has been followed up, and is sent."""
        await self.heard_everything()
        follows = request_history.c.follow_at.is_not(None)
        owed = deliveries.c.state.in_(("pending", "reserved", "sending"))
        async with asyncio.timeout(90):
            while await self.count(request_history, follows) or await self.count(deliveries, owed):
                await asyncio.sleep(0.05)

    async def count(self, table, *where):
        async with self.application.database.reading() as store:
            return await store.connection.scalar(select(func.count()).select_from(table).where(*where))

    async def newest(self):
        """Give the request that was asked last; on PostgreSQL one that was rolled back uses up its number."""
        async with self.application.database.reading() as store:
            return await store.mentoring.get(await store.connection.scalar(select(func.max(requests.c.id))))

    async def form(self, number):
        """Open and fill in the form; give what submits it, which may be done again."""
        ada = self.person("ada")
        await ada.command("/askmentor")
        await ada.wait_modal("Ask a mentor")
        question = {"question": f"Where do I file for seat {number}?", "topic": "filing", "state": "VA"}
        return lambda: ada.submit(question)


async def gone_or_frozen(pid):
    """Wait until the process has met its failpoint."""
    async with asyncio.timeout(30):
        while not stopped(pid):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
            await asyncio.sleep(0.01)


@pytest.fixture
async def stage(database_url):
    made = Afar(database_url)
    await made.open()
    await made.add_mentor("U0MIA", states={"VA"}, topics={Topic.FILING}, capacity=20)
    yield made
    await made.close()


@pytest.mark.slow(15)
async def test_whatever_dies_before_its_answer_is_completed_once_by_what_comes_again(stage):
    """A form, a button and an event, each brought to an app that dies at the next named place."""
    pid = await stage.serve(CLAIMING[0], "exit")
    died = 0

    async def dying(act, then):
        """Have the app die in the middle of `act`, and start the one that dies at `then`."""
        nonlocal pid, died
        await stage.settle()
        os.kill(pid, signal.SIGUSR1)
        await act()
        await gone_or_frozen(pid)
        died += 1
        await stage.leaderless()
        pid = await stage.serve(then, "exit")

    async def unanswered(does):
        with pytest.raises(AppDidNotAnswer):
            await does()

    for number, place in enumerate(CLAIMING, start=1):
        following = CLAIMING[number] if number < len(CLAIMING) else place
        submit = await stage.form(number)
        if place in LISTENING:
            await dying(lambda submit=submit: unanswered(submit), place)
            assert await stage.count(requests) == (number if place == "listener.kept" else number - 1)
        await submit()
        await stage.settle()
        assert await stage.count(requests) == number

        offer = stage.last_dm("mia", f"seat {number}")
        press = lambda offer=offer: stage.person("mia").press(offer, "Claim")  # noqa: E731
        await dying(lambda press=press: unanswered(press), place if place in LISTENING else following)
        claimed = (await stage.newest()).claims
        assert claimed == (1 if place == "listener.kept" else 0)
        if not claimed:
            await press()
        await stage.settle()
        request = await stage.newest()
        assert (request.holder, request.claims) == ("U0MIA", 1)

        if place in LISTENING:
            # An event nobody has to do again: Slack brings it until it is acknowledged.
            async def speak(talk=request.conversation, number=number):
                with contextlib.suppress(AppDidNotAnswer):
                    await stage.person("mia").say(talk, f"You file for seat {number} at the city hall.")

            await dying(speak, following)
            await stage.settle()
        assert ((await stage.newest()).answered_at is not None) == (place in LISTENING)
    assert died == 3 * len(LISTENING) + 1
    await once_each(stage, len(CLAIMING))


@pytest.mark.slow(15)
async def test_an_app_that_freezes_in_a_claim_does_nothing_twice_when_it_wakes(stage, database_kind):
    """Slack waits in vain, the mentor presses again, at another replica where there is one; then it wakes."""
    for number, place in enumerate(CLAIMING, start=1):
        pid = await stage.serve(place, "freeze")
        await (await stage.form(number))()
        await stage.settle()
        offer = stage.last_dm("mia", f"seat {number}")
        os.kill(pid, signal.SIGUSR1)
        with pytest.raises(AppDidNotAnswer):
            await stage.person("mia").press(offer, "Claim")
        await gone_or_frozen(pid)
        again = None
        if database_kind == "postgresql":
            await stage.leaderless()
            await stage.serve(place, "freeze")
            again = asyncio.create_task(quietly(stage.person("mia").press(offer, "Claim")))
            await asyncio.sleep(0.3)
        os.kill(pid, signal.SIGCONT)
        await (again or asyncio.sleep(0.3))
        await quietly(stage.person("mia").press(offer, "Claim"))
        await stage.settle()
        request = await stage.newest()
        assert (request.holder, request.claims) == ("U0MIA", 1)
        for each in stage.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        await stage.leaderless()
    await once_each(stage, len(CLAIMING))


@pytest.mark.slow(40)
@pytest.mark.parametrize("how", ["exit", "freeze"])
async def test_what_follows_is_worked_out_once_by_whoever_is_left(stage, how, database_kind):
    """The app answers, then dies or freezes amid what follows from the question, and from the claim."""
    stage.sandbox.courier.patience = 6.0  # It does answer here, however busy the machine.
    number = 0
    for place in FOLLOWING:
        # Whoever is frozen is waited for, so of that each place gets one of the two.
        for verb in ("ask", "claim") if how == "exit" else ("ask", "claim")[number % 2 :][:1]:
            number += 1
            pid = await stage.serve(place, how)
            submit = await stage.form(number)
            if verb == "ask":
                os.kill(pid, signal.SIGUSR1)
            await submit()  # It is acknowledged, so it is kept.
            if verb == "claim":
                await stage.settle()
                os.kill(pid, signal.SIGUSR1)
                await stage.person("mia").press(stage.last_dm("mia", f"seat {number}"), "Claim")
            await gone_or_frozen(pid)
            request = await stage.newest()
            assert request.question.endswith(f"seat {number}?")
            assert (request.holder == "U0MIA") == (verb == "claim")
            if how == "freeze" and database_kind == "sqlite":
                os.kill(pid, signal.SIGCONT)  # It holds the one writing lock: nobody could go on beside it.
            else:
                await stage.leaderless()
                await stage.serve(place, how)
            await stage.settle()
            if how == "freeze":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
                await asyncio.sleep(0.3)
                await stage.settle()
            if verb == "ask":
                await stage.person("mia").press(stage.last_dm("mia", f"seat {number}"), "Claim")
                await stage.settle()
            for each in stage.pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            await stage.leaderless()
    await once_each(stage, number)


async def quietly(coroutine):
    """Press, whatever becomes of it: the button may have gone meanwhile."""
    with contextlib.suppress(AppDidNotAnswer, LookupError):
        await coroutine


async def once_each(stage, many):
    """Everything that was to be said was said once."""
    async with stage.application.database.reading() as store:
        numbers = list(await store.connection.scalars(select(requests.c.id)))
    assert len(numbers) == many
    for number in numbers:
        for who, words in (("ada", f"Your question #{number}"), ("mia", "is yours")):
            said = [m for m in stage.dm(who) if words in m.words and f"#{number}" in m.words]
            assert len(said) == 1, (who, number, [m.words for m in said])
        assert await stage.count(request_history, request_history.c.request == number,
                                 request_history.c.kind == "claimed") == 1  # fmt: skip
    async with stage.application.database.reading() as store:
        keys = (await store.connection.execute(select(deliveries.c.key, deliveries.c.state))).all()
    assert {state for _, state in keys} <= {"sent", "cancelled"}
    posted = [message for message in all_messages(stage) if message.metadata]
    shown = [message.metadata["event_payload"]["id"] for message in posted]
    assert len(shown) == len(set(shown)), "one delivery, one message"
    assert await stage.count(seen) >= 2 * many


def all_messages(stage):
    channels = stage.sandbox.workspace.channels.values()
    return [message for channel in channels for message in channel.messages.values()]
