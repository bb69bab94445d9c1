"""Whatever people, time and crashes do in whatever order: no request is ever nobody's.

One machine drives the real rules over a real database. Any step may crash after some of its calls to
the store; then nothing of it may have happened.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

from community import mentoring
from community.members import MentorKind, Role, set_away
from community.mentoring import Duty, responsible
from community.mentoring_following import follow
from community.mentoring_matching import Circle
from community.mentoring_requests import Draft, OfferState, Policy, Rating, Status
from community.mentoring_tending import tend
from community.notices import Places
from community.refusals import Refused
from community.topics import Topic
from storage.database import Database
from storage.members import Account
from storage.tables import offers as offers_table
from storage.tables import requests as requests_table
from tests.community.cast import ALWAYS, NOW, QUESTION, profile

POLICY = Policy(hours=ALWAYS, first_wave=2)
ASKERS = ("UASK1", "UASK2")
STAFF = ("USTAFF1", "USTAFF2")
MENTORS = {
    "UVA1": profile("UVA1", capacity=1),
    "UVA2": profile("UVA2", topics=frozenset({Topic.FILING})),
    "UVA3": profile("UVA3", against=frozenset({"UASK1"})),
    "UEXP": profile(
        "UEXP", states=frozenset({"OH"}), topics=frozenset({Topic.FILING}), kind=MentorKind.ALUMNI
    ),
    "UANY": profile("UANY", states=frozenset({"TX"}), capacity=2),
    "UASK2": profile("UASK2"),  # Somebody can be a candidate and a mentor.
    "UNEW": profile("UNEW", approved_at=None),
}
EVERYBODY = sorted({*ASKERS, *STAFF, *MENTORS, "USTRANGER"})

PEOPLE = st.sampled_from(EVERYBODY)
NTH = st.integers(0, 6)
CRASH = st.sampled_from([None] * 15 + list(range(10)))
TOPICS = st.sampled_from(["filing", "filing", "debate", "other", "unsafe"])
STATES = st.sampled_from(["VA", "VA", "VA", "OH", "ME"])
HELPERS = st.sampled_from([*(user for user in MENTORS if user != "UNEW"), *STAFF])


class Crashed(Exception):
    """The process died here."""


class Fragile:
    """A part of the store that fails once a number of calls has been made."""

    def __init__(self, part, fuse):
        self._part = part
        self._fuse = fuse

    def __getattr__(self, name):
        call = getattr(self._part, name)

        async def fused(*arguments, **named):
            self._fuse.burn()
            return await call(*arguments, **named)

        return fused


class Fuse:
    def __init__(self, calls):
        self.left = calls

    def burn(self):
        if self.left is not None:
            if self.left == 0:
                raise Crashed
            self.left -= 1


class Community(RuleBasedStateMachine):
    """People, mentors and staff, a clock, and crashes."""

    url: str

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.at = NOW
        self.rows = self.offers = ()
        self.run(self.begin())

    def run(self, coroutine):
        return self.runner.run(coroutine)

    async def begin(self):
        self.database = Database.at(self.url)
        async with self.database.transaction() as store:
            self.places = Places(mentors="CMENTORS", staff="CSTAFF")
            for table in ("request_history", "offers", "requests", "mentor_profiles", "members"):
                await store.connection.execute(text(f"DELETE FROM {table}"))
            await store.members.learn([Account(id=user, name=user, zone="") for user in EVERYBODY], at=NOW)
            for user in STAFF:
                await store.members.add_roles(user, Role.STAFF, at=NOW)
            for mentor in MENTORS.values():
                await store.members.save_mentor(mentor)

    def teardown(self):
        try:
            self.let_time_settle_everything()
        finally:
            self.run(self.database.close())
            self.runner.close()

    # What can be done

    @asynccontextmanager
    async def work(self, crash):
        async with self.database.transaction() as store:
            fuse = Fuse(crash)
            yield Fragile(store.mentoring, fuse), Fragile(store.members, fuse)
            if crash is not None and crash > 7:
                raise Crashed  # Everything was written, only the commit is missing.

    def step(self, crash, make):
        """Do something; where it is refused or crashes, nothing may have changed."""

        async def run():
            before = await self.everything()
            try:
                async with self.work(crash) as (book, people):
                    await make(book, people)
            except (Refused, Crashed):
                assert await self.everything() == before
            self.rows, self.offers = await self.everything()

        self.run(run())

    async def everything(self):
        async with self.database.reading() as store:
            requests = await store.connection.execute(select(requests_table).order_by(requests_table.c.id))
            offers = await store.connection.execute(select(offers_table).order_by(offers_table.c.id))
            return requests.all(), offers.all()

    def having(self, *statuses):
        """Give the requests in one of these states."""
        return [row for row in self.rows if row.status in statuses]

    def on(self, verb, rows, nth, crash, *, by, people_too=False, **more):
        """Press a button of one of these requests."""
        row = rows[nth % len(rows)]
        if "policy" in more:
            more["policy"] = POLICY
        who = row.asker if by == "asker" else (row.holder or "UNOBODY") if by == "holder" else by

        async def make(book, people):
            arguments = [book, people] if people_too else [book]
            await getattr(mentoring, verb)(*arguments, row.id, by=who, at=self.at, **more)

        self.step(crash, make)

    @initialize(first=TOPICS, second=TOPICS, state=STATES)
    def begin_with_two_questions(self, first, second, state):
        self.ask("UASK1", first, state, None)
        self.ask("UASK2", second, "VA", None)

    @rule(asker=st.sampled_from(ASKERS), topic=TOPICS, state=STATES, crash=CRASH)
    def ask(self, asker, topic, state, crash):
        draft = Draft(question=QUESTION, topic=topic, state=state)

        async def make(book, _people):
            await mentoring.ask(book, asker, draft, at=self.at, today=self.at.date(), policy=POLICY)

        self.step(crash, make)

    @rule(most=st.integers(1, 3), crash=CRASH)
    def work_out(self, most, crash):
        """The app comes to what follows; sooner or later, and perhaps more than once."""
        self.follow(most, crash)

    def follow(self, most=100, crash=None):
        async def run():
            async with self.database.reading() as store:
                due = await store.follow_ups.due(self.at)
            for number, _ in due[:most]:
                before = await self.everything()
                try:
                    async with self.database.transaction() as store:
                        book = Fragile(store.mentoring, Fuse(crash))
                        line = await store.follow_ups.take(number)
                        await follow(book, line, at=self.at, policy=POLICY, places=self.places)
                        if crash is not None:
                            raise Crashed  # noqa: TRY301 - as the process itself would die
                except Crashed:
                    assert await self.everything() == before
            self.rows, self.offers = await self.everything()
            return len(due)

        return self.run(run())

    @precondition(lambda self: self.having(Status.OPEN))
    @rule(nth=NTH, by=HELPERS, crash=CRASH)
    def claim(self, nth, by, crash):
        self.on("claim", self.having(Status.OPEN), nth, crash, by=by, policy=True)

    @rule(nth=NTH, by=PEOPLE, crash=CRASH)
    def claim_anything(self, nth, by, crash):
        self.on("claim", self.rows, nth, crash, by=by, policy=True)

    @precondition(lambda self: self.having(Status.CLAIMED))
    @rule(nth=NTH, crash=CRASH)
    def answer(self, nth, crash):
        held = self.having(Status.CLAIMED)
        row = held[nth % len(held)]

        async def make(book, _people):
            request = await book.get(row.id)
            await mentoring.first_words(book, request, by=row.holder, at=self.at, policy=POLICY)

        self.step(crash, make)

    @precondition(lambda self: self.offers)
    @rule(nth=NTH, how=st.sampled_from(["pass", "pass", "stale", "stranger", "lost"]), crash=CRASH)
    def pass_on(self, nth, how, crash):
        waiting = [row for row in self.offers if row.state == OfferState.OPEN]
        rows = self.offers if how == "stale" or not waiting else waiting
        offer = rows[nth % len(rows)]

        async def make(book, _people):
            if how == "lost":
                await mentoring.unreachable(book, offer.id, at=self.at, policy=POLICY)
            else:
                by = "USTRANGER" if how == "stranger" else offer.mentor
                await mentoring.pass_on(book, offer.id, by=by, at=self.at, policy=POLICY)

        self.step(crash, make)

    @precondition(lambda self: self.having(Status.CLAIMED))
    @rule(nth=NTH, by=st.just("holder") | HELPERS, crash=CRASH)
    def hand_back(self, nth, by, crash):
        held = self.having(Status.CLAIMED)
        self.on("hand_back", held, nth, crash, by=by, people_too=True, policy=True)

    @rule(nth=NTH, by=st.sampled_from(["asker", "holder", "USTAFF1", "USTRANGER"]), crash=CRASH)
    def close(self, nth, by, crash):
        self.on("close", self.having(Status.CLAIMED) or self.rows, nth, crash, by=by, people_too=True)

    @precondition(lambda self: self.having(Status.CLOSED))
    @rule(nth=NTH, by=st.sampled_from(["asker", "holder", "USTAFF1", "USTRANGER"]), crash=CRASH)
    def reopen(self, nth, by, crash):
        closed = self.having(Status.CLOSED)
        self.on("reopen", closed, nth, crash, by=by, people_too=True, policy=True)

    @rule(nth=NTH, by=st.sampled_from(["asker", "UVA1"]), crash=CRASH)
    def cancel(self, nth, by, crash):
        self.on("cancel", self.rows, nth, crash, by=by)

    @rule(nth=NTH, by=st.sampled_from(["asker", "holder", "USTRANGER"]), crash=CRASH, which=st.integers(0, 3))
    def say_more(self, nth, by, crash, which):
        verb, more = (
            ("still_on_it", {"policy": True}),
            ("ask_staff", {}),
            ("rate", {"rating": Rating.A_LOT}),
            ("add_details", {"text": "more"}),
        )[which]
        self.on(verb, self.rows, nth, crash, by=by, **more)

    @rule(hours=st.sampled_from([1, 2, 3, 24, 48, 100, 200]), crash=CRASH)
    def time_passes(self, hours, crash):
        self.at += timedelta(hours=hours)
        self.tend_all(crash)

    @precondition(lambda self: self.having(Status.OPEN))
    @rule(nth=NTH, by=HELPERS, then=st.lists(st.integers(0, 4), max_size=4), crash=CRASH)
    def help_somebody(self, nth, by, then, crash):
        """One mentor goes the usual way: claims, talks, hands back or closes, while time passes."""
        waiting = self.having(Status.OPEN)
        if waiting[nth % len(waiting)].topic == Topic.UNSAFE:
            by = STAFF[nth % 2]
        self.claim(nth, by, None)
        for each in then:
            if not self.having(Status.CLAIMED):
                if self.having(Status.CLOSED):
                    self.reopen(nth, "asker", crash)
                break
            if each == 0:
                self.answer(nth, crash)
            elif each == 1:
                self.hand_back(nth, "holder", crash)
            elif each == 2:
                self.close(nth, "holder", crash)
            elif each == 3:
                self.time_passes(24, crash)
            else:
                self.person_changes("UVA2", "gone", crash)

    @rule(
        user=st.sampled_from(sorted({*MENTORS, STAFF[0]})),
        how=st.sampled_from(["gone", "gone", "returns", "away", "back"]),
        crash=CRASH,
    )
    def person_changes(self, user, how, crash):
        async def make(_book, people):
            if how in {"gone", "returns"}:
                left = how == "gone"
                await people.learn([Account(id=user, name=user, zone="", left=left)], at=self.at)
            elif user in MENTORS:
                until = self.at + timedelta(days=2) if how == "away" else None
                await set_away(people, user, until=until)

        self.step(crash, make)
        self.tend_all(None)
        if how == "gone" and crash is None:
            assert not [row for row in self.having(Status.CLAIMED) if row.holder == user]

    def tend_all(self, crash):
        async def due():
            async with self.database.reading() as store:
                return await store.mentoring.due(at=self.at)

        for number in self.run(due()):

            async def make(book, people, number=number):
                await tend(book, people, number, at=self.at, policy=POLICY)

            self.step(crash, make)

    # What must be true

    @invariant()
    def nobody_falls_through_the_cracks(self):
        async def check():
            async with self.database.reading() as store:
                book = store.mentoring
                rows = (await store.connection.execute(select(requests_table.c.id))).scalars().all()
                for number in rows:
                    follows = {event.kind for event in await book.history(number) if event.follows}
                    check_one(await book.get(number), await book.offers(number), self.at, follows)

        self.run(check())

    def let_time_settle_everything(self):
        """With time alone every question ends with staff or closed: no state is a dead end."""
        while self.follow():
            pass
        for _ in range(30):
            self.at += timedelta(hours=97)
            self.tend_all(None)
        for row in self.rows:
            if row.status == Status.OPEN:
                assert row.circle == Circle.STAFF
                assert row.look_at <= self.at + POLICY.answer_target
            elif row.status == Status.CLAIMED:
                assert row.topic == Topic.UNSAFE


def check_one(request, offers, at, follows=frozenset()):
    """`follows` are the kinds of what has still to be worked out: until then a claim may have open offers."""
    open_offers = [offer for offer in offers if offer.state is OfferState.OPEN]
    if request.over:
        assert request.look_at is None
        assert responsible(request) is Duty.NOBODY
        assert not open_offers
    else:
        assert responsible(request) is not Duty.NOBODY
        assert request.look_at is not None
        assert request.closed_at is None
        assert request.status in {Status.OPEN, Status.CLAIMED}
    if request.status is Status.OPEN:
        assert request.holder is None
        assert request.conversation is None
        if request.circle is not Circle.STAFF:
            assert open_offers or request.look_at <= at or "asked" in follows
            assert request.look_at <= at + POLICY.widen_after
    if request.status is Status.CLAIMED:
        assert request.holder is not None
        assert request.claims >= 1
        assert not open_offers or "claimed" in follows
        # A claim is looked at again within a week, whatever becomes of it.
        assert request.look_at <= at + timedelta(days=7)
    assert request.holder != request.asker
    for offer in offers:
        assert offer.mentor != request.asker
        assert not (offer.mentor == "UVA3" and request.asker == "UASK1")
        assert offer.mentor != "UNEW"
    for wave in {offer.wave for offer in offers}:
        assert sum(offer.wave == wave for offer in offers) <= POLICY.first_wave
    assert len({offer.mentor for offer in open_offers}) == len(open_offers)
    if request.safety:
        assert not offers
        assert request.holder is None or request.holder in STAFF


def run_machine(url, examples, steps):
    machine = type("Machine", (Community,), {"url": url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            # A history of 25 steps can be read as it is; shrinking it would take minutes.
            phases=(Phase.generate,),
        ),
    )


@pytest.mark.slow(10)
def test_no_request_is_ever_nobodys(database_kind, database_url):
    many = int(os.environ.get("MACHINE_EXAMPLES", "0"))
    run_machine(database_url, many or (12 if database_kind == "sqlite" else 8), 25)
