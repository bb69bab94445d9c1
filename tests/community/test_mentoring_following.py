"""What follows from a question and a claim, however late it comes and whatever happened before it did."""

from __future__ import annotations

from datetime import timedelta

import pytest

from community import mentoring
from community.mentoring_following import follow
from community.mentoring_matching import Circle
from community.mentoring_offering import FOLLOWED_WITHIN
from community.mentoring_requests import OfferState, Status
from community.mentoring_tending import Tending, tend
from community.notices import Places
from tests.community.cast import ASKER, HOUR, NOW, POLICY, STAFF, TODAY, draft, profile, settle

PLACES = Places(mentors="C0MENTORS", staff="C0STAFF")
LATER = NOW + HOUR


class Desk:
    """Keeps facts in one transaction, and works out what follows in another, when the test says so."""

    def __init__(self, database):
        self.database = database

    async def ask(self, **changes):
        async with self.database.transaction() as store:
            request = await mentoring.ask(
                store.mentoring, ASKER, draft(**changes), at=NOW, today=TODAY, policy=POLICY
            )
        return request.id

    async def claim(self, number, by):
        async with self.database.transaction() as store:
            return await mentoring.claim(store.mentoring, number, by=by, at=LATER, policy=POLICY)

    async def do(self, verb, number, by, **more):
        async with self.database.transaction() as store:
            people = [] if verb == "cancel" else [store.members]
            call = getattr(mentoring, verb)
            return await call(store.mentoring, *people, number, by=by, at=LATER, **more)

    async def follow(self, most=100):
        """Work out what is due, line by line; what is to be said, by key."""
        said = []
        async with self.database.reading() as store:
            due = await store.follow_ups.due(LATER)
        for number, _ in due[:most]:
            async with self.database.transaction() as store:
                line = await store.follow_ups.take(number)
                _, notices = await follow(store.mentoring, line, at=LATER, policy=POLICY, places=PLACES)
            said.append({each.key: each.to for each in notices.add})
        return said

    async def see(self, number):
        async with self.database.reading() as store:
            offers = {each.mentor: each.state for each in await store.mentoring.offers(number)}
            return await store.mentoring.get(number), offers


@pytest.fixture
async def desk(database):
    made = Desk(database)
    async with database.transaction() as store:
        await settle(store, *(profile(f"U{n}") for n in "ABCD"))
    return made


async def test_a_question_is_kept_alone_and_the_first_are_asked_by_what_follows(desk):
    number = await desk.ask()
    request, offers = await desk.see(number)
    assert (request.status, request.wave, offers) == (Status.OPEN, 0, {})
    assert request.look_at == NOW + FOLLOWED_WITHIN, "whatever becomes of it, the app looks after it"
    (said,) = await desk.follow()
    request, offers = await desk.see(number)
    assert (request.wave, list(offers.values())) == (1, [OfferState.OPEN] * 3)
    assert request.look_at == request.widen_at == LATER + POLICY.widen_after
    assert {key.split(":")[1] for key in said} == {"receipt", "board", "offer"}
    assert await desk.follow() == [], "once"


async def test_who_feels_unsafe_is_never_the_mentors_not_even_for_a_moment(desk):
    number = await desk.ask(topic="unsafe")
    with pytest.raises(mentoring.ForStaffOnly):
        await desk.claim(number, "UA")
    (said,) = await desk.follow()
    request, offers = await desk.see(number)
    assert (request.circle, offers) == (Circle.STAFF, {})
    assert said == {f"mentoring:receipt:{number}": ASKER, f"mentoring:desk:{number}:safety": "C0STAFF"}


async def test_a_claim_settles_its_offers_and_tells_everybody_by_what_follows(desk):
    number = await desk.ask()
    await desk.follow()
    _, offers = await desk.see(number)
    by = min(offers)
    await desk.claim(number, by)
    (said,) = await desk.follow()
    _, offers = await desk.see(number)
    assert offers.pop(by) is OfferState.TAKEN
    assert set(offers.values()) == {OfferState.GONE}
    assert said[f"mentoring:hold:{number}:1"] == by
    assert said[f"mentoring:conversation:{number}:1"] == f"{ASKER},{by}"


async def test_a_question_claimed_before_anybody_was_asked_is_offered_to_nobody(desk):
    number = await desk.ask()
    await desk.claim(number, "UA")
    asked, claimed = await desk.follow(1), await desk.follow()
    request, offers = await desk.see(number)
    assert (request.holder, request.wave, offers) == ("UA", 0, {})
    assert set(asked[0]) == {f"mentoring:receipt:{number}", f"mentoring:board:{number}"}
    assert claimed[0][f"mentoring:hold:{number}:1"] == "UA"


async def test_what_happened_first_follows_first(desk):
    number = await desk.ask()
    await desk.claim(number, "UA")
    async with desk.database.reading() as store:
        due = await store.follow_ups.due(LATER)
        kinds = [each.kind for each in await store.mentoring.history(number) if each.follows]
    assert len(due) == 1, "what follows from the claim waits for what follows from the question"
    assert kinds == ["asked", "claimed"]


async def test_handed_back_before_the_claim_was_followed_leaves_the_new_offers_alone(desk):
    number = await desk.ask()
    await desk.follow()
    _, offers = await desk.see(number)
    by = min(offers)
    await desk.claim(number, by)
    await desk.do("hand_back", number, by, policy=POLICY)
    (said,) = await desk.follow()
    request, offers = await desk.see(number)
    assert (request.status, request.claims) == (Status.OPEN, 1)
    assert offers[by] is OfferState.TAKEN
    assert OfferState.OPEN in offers.values(), "who is asked now is still asked"
    assert said[f"mentoring:hold:{number}:1"] == by, "the claim that was, not the request that is"


async def test_taken_back_before_anybody_was_asked_is_offered_to_nobody(desk):
    number = await desk.ask()
    await desk.do("cancel", number, ASKER)
    (said,) = await desk.follow()
    request, offers = await desk.see(number)
    assert (request.status, offers) == (Status.CANCELLED, {})
    assert set(said) == {f"mentoring:receipt:{number}", f"mentoring:board:{number}"}


async def test_if_what_follows_never_comes_the_request_is_looked_after_all_the_same(desk):
    number = await desk.ask()
    async with desk.database.transaction() as store:
        done = await tend(
            store.mentoring, store.members, number, at=NOW + timedelta(minutes=1), policy=POLICY
        )
    assert done.how is Tending.ASKED
    assert len(done.step.offers) == 3
    (said,) = await desk.follow()
    _, offers = await desk.see(number)
    assert len(offers) == 3, "asked once"
    assert set(said) == {f"mentoring:receipt:{number}", f"mentoring:board:{number}"}


async def test_who_is_gone_or_no_mentor_or_works_against_the_asker_cannot_claim(desk):
    async with desk.database.transaction() as store:
        await store.members.save_mentor(profile("UFOE", against=frozenset({ASKER, "UOTHER"})))
        await store.members.save_mentor(profile("UNEW", approved_at=None))
    number = await desk.ask()
    for who, why in (
        ("UFOE", mentoring.WorkingAgainst),
        ("UNEW", mentoring.NotAllowed),
        ("UNOBODY", mentoring.NotAllowed),
    ):
        with pytest.raises(why):
            await desk.claim(number, who)
    assert (await desk.claim(number, STAFF)).holder == STAFF
