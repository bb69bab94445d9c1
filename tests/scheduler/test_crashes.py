"""Workers are killed at random and at every named place; Slack's own memory is the judge."""

from __future__ import annotations

import ast
import asyncio
import signal
from collections import Counter

import pytest

from community.deliveries import Delivery, Kind, State
from storage import failpoints
from tests.raiser import ROOT
from tests.scheduler.nursery import BORN
from tests.scheduler.workers import Loop, holder, judge, locked, raising, settle, stopped


@pytest.fixture
async def nursery(database_url, slack, request):
    # Whoever walks from place to place waits more than it works.
    hurried = ("any_named_place", "itself", "last_look")
    scale = 40.0 if any(name in request.node.name for name in hurried) else 20.0
    async with raising(database_url, slack, scale) as nursery:
        yield nursery


@pytest.mark.slow(50)
async def test_random_kills_lose_nothing_and_double_nothing(nursery, database, database_kind, slack):
    """On both databases together 5,000 deliveries and 50 kills; on PostgreSQL by three replicas."""
    loop = Loop(2500, 25, 3 if database_kind == "postgresql" else 1)
    liar = await loop.run(nursery, database, slack)
    assert loop.killed == loop.kills
    assert liar.lies > loop.many * 0.07, "Slack has to lie for this to prove anything"


INSIDE_TRANSACTIONS = {"outbox.rendered", "outbox.ending", "lease.asked", "lease.returned"}
SENDING_POINTS = [name for name in failpoints.NAMES if name.startswith(("outbox.", "reconcile."))]
THE_WINDOW = "outbox.last_look"


@pytest.mark.slow(20)
@pytest.mark.parametrize("how", ["exit", "freeze"])
async def test_a_worker_that_dies_or_freezes_at_any_named_place_loses_and_doubles_nothing(
    nursery, database, database_url, slack, how
):
    """One worker after the other meets its end at the next place; whoever comes next puts it right."""
    expected = []
    frozen = []
    for number, name in enumerate(SENDING_POINTS):
        if how == "freeze" and name == THE_WINDOW:
            continue  # The next test shows what happens there, and only there.
        kind = Kind.FILE if name == "outbox.file_uploaded" else Kind.POST
        text = f"words {number}"
        if kind is Kind.FILE:
            delivery = Delivery(
                key=f"f:{number}", kind=kind, to="C1", payload={"filename": text, "content": "x"}
            )
            expected.append(f"file:{text}")
        else:
            delivery = Delivery(key=f"p:{number}", to=f"C{number}", payload={"text": text})
            expected.append(text)
        if name == "reconcile.found":
            slack.fault("chat.postMessage", "drop_after")
        if name == "reconcile.absent":
            slack.fault("chat.postMessage", "drop_before")
        worker = await nursery.spawn(failpoint=name, how=how, lease=True)
        async with database.transaction() as store:
            await store.deliveries.add(delivery, at=nursery.clock.now())
        # One that froze amid a transaction on PostgreSQL loses its locks only after a while.
        async with asyncio.timeout(40):
            while not (nursery.gone(worker) or stopped(worker)):
                await asyncio.sleep(0.02)
        if how == "freeze" and (name in INSIDE_TRANSACTIONS or await locked(database_url)):
            # It holds the database's lock, so that nobody can go on before it wakes.
            await asyncio.sleep(2.5)
            nursery.kill(worker, signal.SIGCONT)
            await asyncio.sleep(0.5)
            nursery.kill(worker)
        elif how == "freeze":
            frozen.append(worker)
    await nursery.spawn(lease=True)
    assert await settle(database, 40)
    # The frozen ones wake up long after their time, and must not write what others have settled.
    for worker in frozen:
        nursery.kill(worker, signal.SIGCONT)
    await asyncio.sleep(1.5)
    assert await settle(database, 40)
    judge(slack, expected)


async def test_whoever_freezes_between_the_last_look_and_the_write_is_the_one_that_can_double(
    nursery, database, database_url, slack
):
    """The window that docs/operations.md names: no program can close it towards Slack."""
    expected = []

    async def owe():
        number = len(expected)
        expected.append(f"words {number}")
        async with database.transaction() as store:
            await store.deliveries.add(
                Delivery(key=f"p:{number}", to=f"C{number}", payload={"text": expected[-1]}),
                at=nursery.clock.now(),
            )

    while True:
        worker = await nursery.spawn(failpoint=THE_WINDOW, how="freeze", lease=True)
        await owe()
        async with asyncio.timeout(40):
            while not stopped(worker):
                await asyncio.sleep(0.02)
        if not await locked(database_url):
            break
        nursery.kill(worker)  # Something else of it was amid a transaction: that is another story.
    await owe()
    await nursery.spawn(lease=True)
    assert await settle(database, 40)
    judge(slack, expected)
    nursery.kill(worker, signal.SIGCONT)
    async with asyncio.timeout(10):
        while len(slack.shown()) == len(expected):
            await asyncio.sleep(0.02)
    await asyncio.sleep(1.0)
    twice = Counter(slack.shown()) - Counter(expected)
    assert sum(twice.values()) == 1, twice


LEASE_POINTS = [name for name in failpoints.NAMES if name.startswith("lease.")]


@pytest.mark.slow(15)
@pytest.mark.parametrize("how", ["exit", "freeze"])
async def test_a_takeover_that_dies_or_freezes_itself_loses_and_doubles_nothing(
    nursery, database, database_url, slack, how
):
    """The leader is killed amid its work; who takes over, or hands the lease on, meets its end doing so."""
    expected = []
    slack.slow = 0.02
    for number, place in enumerate(LEASE_POINTS):
        wanted = [
            Delivery(key=f"p:{number}:{n}", to=f"C{n}", payload={"text": f"words {number}:{n}"})
            for n in range(30)
        ]
        expected += [f"words {number}:{n}" for n in range(30)]
        leader = await nursery.spawn(lease=True)
        async with database.transaction() as store:
            await store.deliveries.add(*wanted, at=nursery.clock.now())
        async with asyncio.timeout(40):
            while len(slack.seen) < 30 * number + 8:
                await asyncio.sleep(0.005)
        nursery.kill(leader)
        async with asyncio.timeout(40):
            while await holder(database, nursery.clock) is not None:
                await asyncio.sleep(0.02)
        heir = await nursery.spawn(lease=True, failpoint=place, how=how)
        if place in {"lease.returned", "lease.handed_back"}:
            async with asyncio.timeout(40):
                while await holder(database, nursery.clock) is None:
                    await asyncio.sleep(0.02)
            nursery.kill(heir, signal.SIGTERM)
        async with asyncio.timeout(40):
            while not (nursery.gone(heir) or stopped(heir)):
                await asyncio.sleep(0.02)
        if how == "exit":
            last = await nursery.spawn(lease=True)
            assert await settle(database, 40)
        else:
            held = await locked(database_url)
            last = await nursery.spawn(lease=True)
            assert held or place in INSIDE_TRANSACTIONS or await settle(database, 40)
            nursery.kill(heir, signal.SIGCONT)
            assert await settle(database, 40)
            await asyncio.sleep(0.3)
            nursery.kill(heir)
        nursery.kill(last)
    judge(slack, expected)


PACKAGES = ("bot", "civic", "community", "handlers", "messages", "scheduler", "storage")


def named_places():
    """Every failpoint that the packages pass, by name; anything but a plain name fails."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and "failpoint" in ast.unparse(node.func):
                    (name,) = node.args
                    assert isinstance(name, ast.Constant), f"{path}: {ast.unparse(node)}"
                    yield name.value


def test_the_list_of_named_places_is_complete():
    assert len(set(failpoints.NAMES)) == len(failpoints.NAMES)
    assert set(named_places()) == set(failpoints.NAMES)


def test_every_named_place_is_killed_at_and_frozen_at_on_both_databases():
    """Each of these lists is walked by a test that takes `how` and `database_kind`."""
    from tests.bot.test_restore_crashes import ON_A_FILE, places
    from tests.handlers.test_crashes import CLAIMING, FOLLOWING

    for kind in ("sqlite", "postgresql"):
        walked = {*SENDING_POINTS, *LEASE_POINTS, *CLAIMING, *FOLLOWING, *places(kind)}
        other = {name for name in failpoints.NAMES if name.startswith("restore.")} - set(places(kind))
        assert walked | other == set(failpoints.NAMES)
        # How a copy is put in place differs: a file is moved, PostgreSQL's own program writes.
        assert other == ({"restore.put_back"} if kind == "sqlite" else ON_A_FILE)


def test_named_places_do_nothing_unless_a_test_asks():
    for name in failpoints.NAMES:
        failpoints.failpoint(name)


async def test_a_takeover_follows_the_leaders_death_within_fifteen_seconds(nursery, database, slack):
    leader = await nursery.spawn(lease=True)
    async with asyncio.timeout(10):
        while await holder(database, nursery.clock) is None:
            await asyncio.sleep(0.02)
    await nursery.spawn(lease=True)
    await asyncio.sleep(0.5)
    nursery.kill(leader)
    died = nursery.clock.now()
    async with database.transaction() as store:
        await store.deliveries.add(
            Delivery(key="a:b:1", to="C1", payload={"text": "words"}), at=nursery.clock.now()
        )
    assert await settle(database, 10)
    async with database.reading() as store:
        sent = await store.deliveries.sent("a:b:1")
    # In this world a second takes a twentieth; the standby asks five times a second, so here every four.
    assert (sent.at - died).total_seconds() < 15 + 4 + 6
    assert slack.shown() == ["words"]
    assert sent.at > BORN
    assert State.SENT == "sent"
