"""Requests as they are kept: what is written comes back, lists are complete, medians are honest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from community import mentoring
from community.mentoring_matching import Circle, Match, Reason
from community.mentoring_requests import Event, OfferState, Status
from community.offices import Office
from community.topics import Topic
from tests.community.cast import (
    ASKED,
    ASKER,
    HOUR,
    NOW,
    STAFF,
    TODAY,
    asked,
    claimed,
    leaves,
    profile,
    request,
    settle,
)


@pytest.fixture
async def made(database):
    """A database with the usual people and two mentors for Virginia."""
    async with database.transaction() as store:
        await settle(store, profile("UA"), profile("UB"))
    return database


async def put(store, **changes):
    """Keep a request as it is given, whatever its state."""
    wanted = request(0, **changes)
    kept = await store.mentoring.open(wanted, noting=ASKED)
    later = {
        name: getattr(wanted, name)
        for name in ("holder", "claims", "claimed_at", "answered_at", "closed_at", "conversation", "closings")
    }
    return await store.mentoring.change(kept.id, if_status=wanted.status, **later)


async def test_every_field_comes_back_as_it_was_kept(made):
    full = request(
        0,
        details="more",
        needed_by=TODAY,
        private=True,
        office=Office.JUDGE,
        topic=Topic.DEBATE,
        circle=Circle.EXPERTS,
        wave=4,
    )
    async with made.transaction() as store:
        kept = await store.mentoring.open(full, noting=ASKED)
    async with made.reading() as store:
        assert await store.mentoring.get(kept.id) == kept
        assert await store.mentoring.get(kept.id + 1) is None
        assert await store.mentoring.get(0) is None
    assert (kept.question, kept.needed_by, kept.office) == (full.question, TODAY, Office.JUDGE)


async def test_a_change_happens_only_in_the_status_it_was_meant_for(made):
    async with made.transaction() as store:
        kept = await store.mentoring.open(request(0), noting=ASKED)
        assert await store.mentoring.change(kept.id, if_status=Status.CLAIMED, wave=9) is None
        assert (await store.mentoring.change(kept.id, if_status=Status.OPEN, wave=9)).wave == 9
        assert (await store.mentoring.change(kept.id, if_status=Status.OPEN)).wave == 9


async def test_history_keeps_its_order_and_its_facts(made):
    async with made.transaction() as store:
        kept = await store.mentoring.open(request(0), noting=ASKED)
        events = [
            Event(at=NOW + n * HOUR, actor=actor, kind=kind, facts=facts)
            for n, (actor, kind, facts) in enumerate(
                [(None, "offered", {"wave": 1, "to": 3}), ("UA", "passed", {})], start=1
            )
        ]
        for event in events:
            await store.mentoring.note(kept.id, event)
    async with made.reading() as store:
        assert await store.mentoring.history(kept.id) == [ASKED, *events]


async def test_a_claim_is_of_the_request_as_it_was_and_is_in_its_history_only_then(made):
    async def claim(store, seen, by):
        noting = Event(at=NOW, actor=by, kind="claimed", facts={"claim": seen.claims + 1}, follows=True)
        return await store.mentoring.claim(seen, by=by, at=NOW, look_at=NOW + HOUR, noting=noting)

    async with made.transaction() as store:
        seen = await store.mentoring.open(request(0), noting=ASKED)
        assert not store.follows
        await store.mentoring.change(seen.id, if_status=Status.OPEN, wave=seen.wave + 1)
        assert await claim(store, seen, "UA") is None, "more mentors were asked since"
        assert not store.follows
        seen = await store.mentoring.get(seen.id)
        won = await claim(store, seen, "UB")
        assert store.follows
        assert await claim(store, seen, "UA") is None
    assert (won.holder, won.claims, won.claimed_at, won.status) == ("UB", 1, NOW, Status.CLAIMED)
    async with made.reading() as store:
        assert await store.mentoring.get(seen.id) == won
        lines = [(event.kind, event.actor, event.facts) for event in await store.mentoring.history(seen.id)]
    assert lines == [("asked", ASKER, {}), ("claimed", "UB", {"claim": 1})]


async def test_one_mentor_is_offered_a_request_once_per_wave(made):
    async with made.transaction() as store:
        kept = await store.mentoring.open(request(0), noting=ASKED)
        (offer,) = await store.mentoring.offer(
            kept, [Match("UA", (Reason.STATE, Reason.TOPIC))], wave=1, at=NOW
        )
        assert offer.reasons == ("state", "topic")
        assert await store.mentoring.get_offer(offer.id) == offer
    with pytest.raises(IntegrityError):
        async with made.transaction() as store:
            await store.mentoring.offer(kept, [Match("UA", (Reason.STATE,))], wave=1, at=NOW)


async def test_settling_touches_only_open_offers_of_that_request(made):
    async with made.transaction() as store:
        first, second = [await store.mentoring.open(request(0), noting=ASKED) for _ in range(2)]
        for each in (first, second):
            await store.mentoring.offer(
                each, [Match(m, (Reason.STATE,)) for m in ("UA", "UB")], wave=1, at=NOW
            )
        assert len(await store.mentoring.settle_offers(first.id, OfferState.PASSED, mentor="UA")) == 1
        assert len(await store.mentoring.settle_offers(first.id, OfferState.GONE)) == 1
        assert await store.mentoring.settle_offers(first.id, OfferState.GONE) == []
        states = [
            [offer.state for offer in await store.mentoring.offers(each.id)] for each in (first, second)
        ]
    assert states == [[OfferState.PASSED, OfferState.GONE], [OfferState.OPEN, OfferState.OPEN]]


async def test_standings_count_what_is_held_and_what_waits(made):
    async with made.transaction() as store:
        await settle(store, profile("UGONE"), profile("UNEW", approved_at=None))
        await leaves(store, "UGONE", NOW)
        step = await asked(store)
        held = await asked(store, at=NOW + HOUR)
        await claimed(store, held.request.id, by="UA", at=NOW + HOUR)
        over = await asked(store, at=NOW + 2 * HOUR)
        await mentoring.cancel(store.mentoring, over.request.id, by=ASKER, at=NOW)
    async with made.reading() as store:
        standings = {each.profile.user: each for each in await store.mentoring.standings()}
    assert len(step.offers) == 2
    assert (standings["UA"].held, standings["UA"].offered) == (1, 1)
    assert (standings["UB"].held, standings["UB"].offered) == (0, 1)
    assert standings["UA"].last_offered_at == NOW + 2 * HOUR
    assert not {"UGONE", "UNEW"} & set(standings)


async def test_the_median_is_of_first_answers_and_needs_a_history(made):
    async with made.transaction() as store:
        for hours in (1, 2, 3, 10):
            await put(store, answered_at=NOW + hours * HOUR)
        await put(store, answered_at=None)
        since = NOW - timedelta(days=30)
        assert await store.mentoring.median_wait(since=since) is None
        fifth = await put(store, answered_at=NOW + 100 * HOUR)
        assert await store.mentoring.median_wait(since=since) == 3 * HOUR
        # Answering once more, after it was re-opened, changes nothing about the first answer.
        await store.mentoring.change(fifth.id, if_status=Status.OPEN, answered_at=None)
        await store.mentoring.change(fifth.id, if_status=Status.OPEN, answered_at=NOW + 900 * HOUR)
        assert await store.mentoring.median_wait(since=since) == 3 * HOUR
        assert await store.mentoring.median_wait(since=NOW + 50 * HOUR) is None


async def test_a_conversation_leads_to_the_request_it_is_held_for(made):
    held = {"status": Status.CLAIMED, "holder": "UA", "conversation": "G0TALK"}
    async with made.transaction() as store:
        await put(store, **held, claimed_at=NOW)
        newest = await put(store, **held, claimed_at=NOW + HOUR)
        await put(store, **{**held, "status": Status.CLOSED}, claimed_at=NOW + 2 * HOUR)
        assert (await store.mentoring.in_conversation("G0TALK"))[0].id == newest.id
        assert await store.mentoring.in_conversation("G0OTHER") == []


async def test_what_is_due_comes_longest_overdue_first(made):
    async with made.transaction() as store:
        late = await put(store, look_at=NOW - HOUR)
        later = await put(store, look_at=NOW - 2 * HOUR)
        on_time = await put(store, look_at=NOW)
        await put(store, look_at=NOW + HOUR)
        await put(store, look_at=None, status=Status.CLOSED)
        assert await store.mentoring.due(at=NOW) == [later.id, late.id, on_time.id]
        assert await store.mentoring.due(at=NOW, limit=1) == [later.id]
        abandoned = await put(store, look_at=NOW + HOUR, status=Status.CLAIMED, holder="UA")
        assert abandoned.id not in await store.mentoring.due(at=NOW)
        await leaves(store, "UA", NOW)
        assert abandoned.id in await store.mentoring.due(at=NOW)
        assert await store.mentoring.has_left("UA")
        assert not await store.mentoring.has_left("UB")
        assert not await store.mentoring.has_left("UNKNOWN")


async def test_lists_give_every_row_once_and_know_how_long_they_are(made):
    async with made.transaction() as store:
        own = [(await put(store)).id for _ in range(7)]
        done = await put(store, status=Status.CLOSED, closed_at=NOW)
        held = [
            (await put(store, status=Status.CLAIMED, holder="UA", claimed_at=NOW + n * HOUR)).id
            for n in range(3)
        ]
        pages = [await store.mentoring.asked_by(ASKER, limit=4, offset=offset) for offset in (0, 4, 8, 12)]
        seen = [row.id for page in pages for row in page.rows]
        assert seen == [*reversed([*own, *held]), done.id]
        assert {page.total for page in pages} == {11}
        mine = await store.mentoring.held_by("UA", limit=2)
        assert ([row.id for row in mine.rows], mine.total) == (held[:2], 3)
        assert (await store.mentoring.held_by("UB", limit=2)).total == 0


async def test_a_mentors_queue_leaves_out_what_is_not_for_them(made):
    async with made.transaction() as store:
        await settle(store, profile("UFOE", against=frozenset({ASKER, "UX"})), profile("UASKS"))
        plain = await put(store, hurts_at=NOW + HOUR)
        longest = await put(store, hurts_at=NOW - HOUR)
        await put(store, state="OH")
        await put(store, topic=Topic.UNSAFE, circle=Circle.STAFF)
        own = await put(store, asker="UASKS")
        offered = await put(store)
        await store.mentoring.offer(offered, [Match("UA", (Reason.STATE,))], wave=1, at=NOW)
        book, virginia = store.mentoring, frozenset({"VA"})

        async def queue(user):
            page = await book.queue(states=virginia, without=user, limit=50)
            assert page.total == len(page.rows)
            return [row.id for row in page.rows]

        assert await queue("UA") == [longest.id, own.id, plain.id]
        assert await queue("UASKS") == [longest.id, offered.id, plain.id]
        assert await queue("UFOE") == [own.id]
        everything = await book.queue(states=None, limit=50)
        assert everything.total == 6
        assert [row.id for row in (await book.offered_to("UA", limit=5)).rows] == [offered.id]
        await store.mentoring.settle_offers(offered.id, OfferState.PASSED)
        assert (await book.offered_to("UA", limit=5)).total == 0


async def test_staff_hold_requests_like_anybody(made):
    async with made.transaction() as store:
        step = await asked(store, topic="unsafe")
        held = await claimed(store, step.request.id, by=STAFF, at=NOW)
        assert [row.id for row in (await store.mentoring.held_by(STAFF, limit=5)).rows] == [held.id]
