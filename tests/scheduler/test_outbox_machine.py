"""Hypothesis drives several workers against a Slack that lies, and kills them at every named place."""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import random
import shutil
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text as sql

from community.clock import MovableClock
from community.deliveries import GRACE, TIMEOUT, Delivery, Kind, Lane, State, Verdict
from scheduler.lease import Leadership
from scheduler.outbox import Outbox
from scheduler.pacing import Pace
from scheduler.wire import Answer, NoAnswer
from storage import failpoints
from storage.database import Database
from tests.scheduler.slack import Slack

FAULTS = ["fine", "fine", "lost", "shown", "late", "limited", "unreached", "refused", "history"]
PLACES = [name for name in failpoints.NAMES if name.startswith(("outbox", "reconcile"))]


class Killed(BaseException):
    """The process died here."""


def whatever_is_not_a_kill(loop, context):
    """Nobody asks for the fault of a task that was killed; every other one counts."""
    if not isinstance(context.get("exception"), Killed):
        loop.default_exception_handler(context)


class LyingSlack(Slack):
    """The same memory, but called directly, and with faults of its own."""

    def __init__(self, clock):
        super().__init__(now=lambda: clock.now().timestamp())
        self.clock = clock
        self.moods = []
        self.late = []
        self.posted = defaultdict(list)

    async def call(self, method, *, json=None, params=None, kind=Kind.POST, who=None):
        await asyncio.sleep(0)
        self.note(method, json, who)
        self.come_true()
        arguments = dict(params or json or {})
        answer = getattr(self, method.replace(".", "_"))
        mood = self.moods.pop(0) if self.moods and method != "auth.test" else "fine"
        if method == "conversations.history":
            if mood != "fine":
                raise NoAnswer(Verdict.UNCLEAR, "http_503", method)
        elif mood == "lost":
            raise NoAnswer(Verdict.UNCLEAR, "http_503", method)
        elif mood == "shown":
            answer(arguments)
            raise NoAnswer(Verdict.UNCLEAR, "http_500", method)
        elif mood == "late":
            # It hangs, we give up, and Slack shows it after all: within the grace.
            after = (TIMEOUT + GRACE) * random.random()
            self.late.append((self.clock.now() + after, answer, arguments))
            raise NoAnswer(Verdict.UNCLEAR, "TimeoutError", method)
        elif mood == "limited":
            raise NoAnswer(Verdict.LIMITED, "ratelimited", method, 2.0)
        elif mood == "unreached":
            raise NoAnswer(Verdict.UNREACHED, "ClientConnectorError", method)
        elif mood == "refused" and method == "chat.postMessage":
            raise NoAnswer(Verdict.REFUSED, "is_archived", method)
        said = answer(arguments)
        if "error" in said:
            raise NoAnswer(Verdict.REFUSED, said["error"], method)
        return Answer(said)

    def note(self, method, arguments, who):
        if method == "chat.postMessage":
            self.posted[who, arguments["channel"]].append(self.clock.now().timestamp())

    def come_true(self):
        due = [one for one in self.late if one[0] <= self.clock.now()]
        self.late = [one for one in self.late if one[0] > self.clock.now()]
        for _, answer, arguments in sorted(due, key=lambda one: one[0]):
            answer(arguments)


class OutboxMachine(RuleBasedStateMachine):
    template = folder = url = None
    _serial = itertools.count(1)

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(whatever_is_not_a_kill)
        self.clock = MovableClock(datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
        self.seconds = 0.0
        self.database = self.open()
        self.slack = LyingSlack(self.clock)
        self.facts = {}
        self.wanted = {}
        self.cancelled = set()
        self.workers = [None, None]
        self.numbers = itertools.count(1)

    # The world

    def open(self):
        """An empty database: a new file, or the one on the server with nothing in it."""
        if self.url is None:
            path = self.folder / f"machine{next(self._serial)}.db"
            shutil.copy(self.template, path)
            return Database.at(f"sqlite+aiosqlite:///{path}")
        database = Database.at(self.url, pool=8)

        async def empty():
            async with database.transaction() as store:
                await store.connection.execute(sql("TRUNCATE deliveries, leases RESTART IDENTITY"))

        self.run(empty())
        return database

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def pass_(self, seconds):
        self.seconds += seconds
        self.clock.advance(timedelta(seconds=seconds))
        self.slack.come_true()

    async def sleep(self, seconds):
        self.pass_(seconds)
        await asyncio.sleep(0)

    def worker(self, index):
        if self.workers[index] is None:
            lease = Leadership(self.database, self.clock, monotonic=lambda: self.seconds)
            outbox = Outbox(
                self.database,
                AsyncWebClient(token="xoxb-none", base_url="http://127.0.0.1:9/"),
                self.clock,
                {"card": self.render},
                leadership=lease,
                pace=Pace(monotonic=lambda: self.seconds),
                monotonic=lambda: self.seconds,
                sleep=self.sleep,
                parallel=3,
            )
            outbox._wire.call = functools.partial(self.slack.call, who=outbox.owner)
            self.workers[index] = outbox
        return self.workers[index]

    async def render(self, store, about):
        return {"text": f"{about['key']} v{self.facts[about['key']]}"}

    async def transact(self, verb, *arguments, **named):
        async with self.database.transaction() as store:
            return await getattr(store.deliveries, verb)(*arguments, at=self.clock.now(), **named)

    # What happens

    @rule(channel=st.sampled_from(["C1", "C2", "U3"]), lane=st.sampled_from(list(Lane)))
    def post(self, channel, lane):
        key = f"post:{next(self.numbers)}"
        self.wanted[key] = Delivery(key=key, to=channel, payload={"text": key}, lane=lane)
        self.run(self.transact("add", self.wanted[key]))

    @rule(count=st.integers(1, 3))
    def conversation(self, count):
        number = next(self.numbers)
        opened = Delivery(key=f"open:{number}", kind=Kind.OPEN, to=f"U{number},U0")
        posts = [
            Delivery(key=f"in:{number}:{n}", to="", after=opened.key, payload={"text": f"in:{number}:{n}"})
            for n in range(count)
        ]
        self.wanted |= {post.key: post for post in posts}
        self.run(self.transact("add", *posts, opened))

    @rule(channel=st.sampled_from(["C1", "C4"]))
    def card(self, channel):
        key = f"card:{next(self.numbers)}"
        self.facts[key] = 1
        self.wanted[key] = Delivery(key=key, to=channel, render="card", about={"key": key})
        self.run(self.transact("add", self.wanted[key]))

    @precondition(lambda self: self.facts)
    @rule(data=st.data())
    def change(self, data):
        key = data.draw(st.sampled_from(sorted(self.facts)))
        self.facts[key] += 1
        self.run(self.transact("refresh", key))

    @precondition(lambda self: self.wanted)
    @rule(data=st.data())
    def cancel(self, data):
        key = data.draw(st.sampled_from(sorted(self.wanted)))
        if self.run(self.transact("cancel", key)):
            self.cancelled.add(key)

    @rule(index=st.integers(0, 1), moods=st.lists(st.sampled_from(FAULTS), max_size=6))
    def work(self, index, moods):
        self.slack.moods = list(moods)
        self.run(self.worker(index).drain(patience=5))

    @rule(
        index=st.integers(0, 1),
        moods=st.lists(st.sampled_from(FAULTS), max_size=4),
        place=st.sampled_from(PLACES),
        passes=st.integers(1, 3),
    )
    def die(self, index, moods, place, passes):
        """A worker dies at a named place; whatever it had in flight goes with it."""
        self.slack.moods = list(moods)
        left = [passes]

        def hook(name):
            if left[0] <= 0:
                raise Killed
            if name == place:
                left[0] -= 1
                if left[0] == 0:
                    raise Killed

        async def live_and_die():
            outbox = self.worker(index)
            failpoints.install(hook)
            try:
                await outbox.drain(patience=5)
            except Killed:
                pass
            finally:
                tasks = list(outbox._tasks)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                failpoints.install(None)

        try:
            self.run(live_and_die())
        except Killed:  # It came out of a task, and stopped the loop itself.
            self.bury(index)
        self.workers[index] = None
        failpoints.install(None)

    def bury(self, index):
        tasks = [task for task in asyncio.all_tasks(self.loop) if not task.done()]
        for task in tasks:
            task.cancel()

        async def gone():
            await asyncio.gather(*tasks, return_exceptions=True)

        failpoints.install(None)
        for _ in range(5):
            try:
                self.run(gone())
            except Killed:
                continue
            return

    @rule(seconds=st.sampled_from([1, 5, 16, 31, 75, 600]))
    def wait(self, seconds):
        self.pass_(seconds)

    # What must hold

    @invariant()
    def nothing_shows_twice(self):
        shown = Counter(text.split(" v")[0] for text in self.slack.shown())
        assert not [text for text, count in shown.items() if count > 1], shown

    @invariant()
    def nothing_cancelled_shows(self):
        shown = {text.split(" v")[0] for text in self.slack.shown()}
        assert not shown & self.cancelled

    @invariant()
    def nobody_is_hurried(self):
        """Every conversation is left a second for each message, after a burst of three."""
        for moments in self.slack.posted.values():
            for first, earlier in enumerate(moments):
                for last in range(first + 3, len(moments)):
                    assert last - first + 1 <= 3 + moments[last] - earlier + 1e-3, moments

    def teardown(self):
        try:
            self.settle()
        finally:
            self.run(self.database.close())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

    def settle(self):
        self.slack.moods = []
        for _ in range(12):
            self.pass_(40)
            for index in (0, 1):
                self.run(self.worker(index).drain(patience=60))

        async def look():
            async with self.database.reading() as store:
                found = {key: await store.deliveries.find(key) for key in self.wanted}
                return found, await store.outgoing.census()

        found, census = self.run(look())
        self.nothing_shows_twice()
        self.nothing_cancelled_shows()
        self.nobody_is_hurried()
        assert not set(census) & {State.PENDING, State.RESERVED, State.SENDING, State.PARKED}, census
        shown = {text.split(" v")[0]: text for text in self.slack.shown()}
        for key, one in found.items():
            assert (key in shown) == (one.state is State.SENT), (key, one.state)
            if one.state is State.CANCELLED:
                continue
            assert one.state is State.SENT or one.reason in {"is_archived", "after_dead"}, (key, one)
            if key in self.facts and one.state is State.SENT:
                assert shown[key] == f"{key} v{self.facts[key]}", "a card shows the newest truth"
        self.in_order(found)

    def in_order(self, found):
        """One conversation keeps its order in each lane, as long as no message needed many attempts."""
        lines = defaultdict(list)
        for key, one in found.items():
            if one.state is State.SENT and one.to and one.attempts <= 3:
                lines[one.to, one.lane].append((one.due_at, one.id, float(one.ts), key))
        for line in lines.values():
            stamps = [ts for *_, ts, key in sorted(line)]
            assert stamps == sorted(stamps), sorted(line)


@pytest.mark.slow(10)
def test_any_order_of_faults_crashes_and_changes_keeps_the_promise(
    database_kind, database_url, sqlite_template, tmp_path
):
    many = int(os.environ.get("MACHINE_EXAMPLES", "0"))

    class Machine(OutboxMachine):
        template, folder = sqlite_template, tmp_path
        url = None if database_kind == "sqlite" else database_url

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=many or (12 if database_kind == "sqlite" else 6),
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
