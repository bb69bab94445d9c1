"""The verbs of a request on real databases: who may, when, twice, too late, and all at the same moment."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community import mentoring
from community.mentoring import Duty, responsible
from community.mentoring_drafts import check_draft, keepable
from community.mentoring_matching import Circle
from community.mentoring_offering import Step, widen
from community.mentoring_requests import (
    DETAILS_MOST,
    RATING_MOST,
    AlreadyClaimed,
    AlreadyOver,
    AlreadyYours,
    ForStaffOnly,
    NotClaimed,
    OfferState,
    OwnRequest,
    Policy,
    Rating,
    Request,
    Status,
    TooLate,
    WorkingAgainst,
)
from community.offices import Office
from community.refusals import Incomplete, NotAllowed, NotFound
from community.topics import Topic
from storage.mentoring import Mentoring
from tests.community import cast
from tests.community.cast import (
    ASKER,
    CHECK_IN_AFTER,
    HOUR,
    NOW,
    NUDGE_AFTER,
    POLICY,
    QUESTION,
    STAFF,
    STRANGER,
    TODAY,
    asked,
    draft,
    leaves,
    profile,
    request,
    settle,
)

OHIO = frozenset({"OH"})
LATER = NOW + HOUR


class Desk:
    """Calls each verb by its name, each in a transaction of its own."""

    def __init__(self, database):
        self.database = database

    async def settle(self, *mentors):
        async with self.database.transaction() as store:
            await settle(store, *mentors)

    async def ask(self, **changes):
        async with self.database.transaction() as store:
            return await asked(store, **changes)

    async def do(self, verb, number, by, at=LATER, **more):
        """Press the button: the verb is one of community.mentoring."""
        async with self.database.transaction() as store:
            if verb == "claim":
                return await cast.claimed(store, number, by=by, at=at, **more)
            call = getattr(mentoring, verb)
            arguments = [store.mentoring]
            if verb in {"hand_back", "close", "reopen"}:
                arguments.append(store.members)
            if verb in {"hand_back", "reopen", "pass_on", "still_on_it"}:
                more.setdefault("policy", POLICY)
            return await call(*arguments, number, by=by, at=at, **more)

    async def speak(self, number, by, at=LATER):
        async with self.database.transaction() as store:
            seen = await store.mentoring.get(number)
            return await mentoring.first_words(store.mentoring, seen, by=by, at=at, policy=POLICY)

    async def see(self, number):
        async with self.database.reading() as store:
            return await store.mentoring.get(number)

    async def offers(self, number):
        async with self.database.reading() as store:
            return {offer.mentor: offer.state for offer in await store.mentoring.offers(number)}

    async def history(self, number):
        async with self.database.reading() as store:
            return [event.kind for event in await store.mentoring.history(number)]


@pytest.fixture
async def desk(database):
    """Verbs on a database in which there are four mentors for Virginia."""
    made = Desk(database)
    await made.settle(*(profile(f"U{n}") for n in "ABCD"))
    return made


async def claimed(desk, by="UA", **changes):
    number = (await desk.ask(**changes)).request.id
    return await desk.do("claim", number, by)


# Asking


async def test_asking_offers_it_to_the_first_wave_and_tells_nobody_else(desk):
    step = await desk.ask()
    assert len(step.offers) == 3
    assert {offer.mentor for offer in step.offers} < {"UA", "UB", "UC", "UD"}
    assert await desk.offers(step.request.id) == {offer.mentor: OfferState.OPEN for offer in step.offers}
    seen = await desk.see(step.request.id)
    assert seen == step.request
    assert (seen.status, seen.circle, seen.wave) == (Status.OPEN, Circle.STATE, 1)
    assert seen.look_at == NOW + POLICY.widen_after
    assert responsible(seen) is Duty.MENTORS
    assert await desk.history(seen.id) == ["asked", "offered"]


async def test_with_nobody_in_the_state_the_next_circle_is_asked_at_once(database):
    desk = Desk(database)
    await desk.settle(
        profile("UE", states=OHIO, topics=frozenset({Topic.FILING})), profile("UO", states=OHIO)
    )
    step = await desk.ask()
    assert step.request.circle is Circle.EXPERTS
    assert [offer.mentor for offer in step.offers] == ["UE"]
    assert step.offers[0].reasons == ("topic",)


async def test_with_no_mentor_at_all_staff_has_it_at_once(database):
    desk = Desk(database)
    await desk.settle()
    step = await desk.ask()
    assert (step.request.circle, step.offers) == (Circle.STAFF, ())
    assert responsible(step.request) is Duty.STAFF
    assert step.request.look_at == NOW + POLICY.answer_target


async def test_feeling_unsafe_goes_to_staff_and_never_to_mentors(desk):
    step = await desk.ask(topic="unsafe")
    number = step.request.id
    assert (step.request.circle, step.offers) == (Circle.STAFF, ())
    for mentor in ("UA", STRANGER, ASKER):
        with pytest.raises(ForStaffOnly):
            await desk.do("claim", number, mentor)
    assert (await desk.do("claim", number, STAFF)).holder == STAFF
    assert (await desk.do("hand_back", number, STAFF)).request.circle is Circle.STAFF
    await desk.do("claim", number, STAFF)
    await desk.do("close", number, STAFF)
    assert (await desk.do("reopen", number, ASKER)).request.holder == STAFF
    assert await desk.offers(number) == {}


async def test_a_staff_member_who_is_a_mentor_too_may_answer_a_report_even_of_an_opponent(database):
    desk = Desk(database)
    await desk.settle(profile(STAFF, against=frozenset({ASKER})))
    number = (await desk.ask(topic="unsafe")).request.id
    assert (await desk.do("claim", number, STAFF)).holder == STAFF


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"question": " " * 30}, {"question": "too short"}),
        ({"question": "  " + "x" * 19 + "  "}, {"question": "too short"}),
        ({"question": "\u200b" * 40}, {"question": "too short"}),
        ({"question": "x" * 2001}, {"question": "too long"}),
        ({"topic": "gardening"}, {"topic": "unknown"}),
        ({"topic": ""}, {"topic": "unknown"}),
        ({"state": None}, {"state": "missing"}),
        ({"state": ""}, {"state": "missing"}),
        ({"state": "Virgina"}, {"state": "unknown"}),
        ({"office": "president"}, {"office": "unknown"}),
        ({"needed_by": TODAY - timedelta(days=1)}, {"needed_by": "past"}),
        (
            {"question": "", "topic": "x", "state": "x", "office": "x", "needed_by": date(2020, 1, 1)},
            {
                "question": "too short",
                "topic": "unknown",
                "state": "unknown",
                "office": "unknown",
                "needed_by": "past",
            },
        ),
    ],
)
async def test_what_is_wrong_with_a_question_is_said_for_every_field_at_once(changes, problems):
    with pytest.raises(Incomplete) as refused:
        check_draft(draft(**changes), today=TODAY)
    assert refused.value.problems == problems


def test_the_limits_of_a_question_are_inclusive_and_names_are_read_in_any_case():
    for length in (20, 2000):
        assert check_draft(draft(question="x" * length), today=TODAY)[0] == "x" * length
    read = check_draft(
        draft(topic="Ballot Access and Filing", state=" virginia ", office="School board", needed_by=TODAY),
        today=TODAY,
    )
    assert read == (QUESTION, Topic.FILING, "VA", Office.SCHOOL_BOARD)
    assert check_draft(draft(office=""), today=TODAY)[3] is None


@given(st.text(st.characters()) | st.text(st.characters(codec="utf-8")))
def test_what_is_kept_is_what_was_typed_but_for_what_no_database_keeps(text):
    kept = keepable(text)
    kept.encode("utf-8")
    assert kept == "".join(c for c in text if c != "\0" and not 0xD800 <= ord(c) <= 0xDFFF).strip()


async def test_strange_texts_are_kept_as_they_were_typed(desk):
    for text in (
        "<!channel> <http://evil|https://good> &lt; *bold* `x` @here",
        "\N{GRINNING FACE}" * 2000,
        "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd \u200f",
        "&" * 2000,
    ):
        assert (await desk.see((await desk.ask(question=text)).request.id)).question == text
    odd = await desk.ask(question="x" * 20 + "\0\ud83d" + "y")
    assert (await desk.see(odd.request.id)).question == "x" * 20 + "y"
    number = odd.request.id
    await desk.do("add_details", number, ASKER, text="more\0\ud83d")
    await desk.do("close", number, ASKER)
    await desk.do("rate", number, ASKER, text="fine\0\udfff")
    seen = await desk.see(number)
    assert (seen.details, seen.rating_text) == ("more", "fine")


# Claiming


async def test_the_first_mentor_wins_and_every_offer_is_settled(desk):
    step = await desk.ask()
    winner = step.offers[1].mentor
    won = await desk.do("claim", step.request.id, winner)
    assert (won.status, won.holder, won.claims, won.claimed_at) == (Status.CLAIMED, winner, 1, LATER)
    assert won.look_at == LATER + NUDGE_AFTER
    assert responsible(won) is Duty.HOLDER
    states = await desk.offers(won.id)
    assert states.pop(winner) is OfferState.TAKEN
    assert set(states.values()) == {OfferState.GONE}
    assert await desk.history(won.id) == ["asked", "offered", "claimed"]


async def test_who_was_not_asked_and_staff_may_claim_too(desk):
    step = await desk.ask()
    outside = ({"UA", "UB", "UC", "UD"} - {offer.mentor for offer in step.offers}).pop()
    assert (await desk.do("claim", step.request.id, outside)).holder == outside
    assert set((await desk.offers(step.request.id)).values()) == {OfferState.GONE}
    other = await desk.ask()
    assert (await desk.do("claim", other.request.id, STAFF)).holder == STAFF


async def test_who_passed_may_still_change_their_mind(desk):
    step = await desk.ask()
    offer = step.offers[0]
    await desk.do("pass_on", offer.id, offer.mentor)
    assert (await desk.do("claim", step.request.id, offer.mentor)).holder == offer.mentor


async def test_only_an_approved_mentor_who_is_here_claims(desk, database):
    await desk.settle(
        profile("UNEW", approved_at=None), profile("UGONE"), profile("UFOE", against=frozenset({ASKER}))
    )
    async with database.transaction() as store:
        await leaves(store, "UGONE", NOW)
        await store.members.save_mentor(profile(ASKER))
    number = (await desk.ask()).request.id
    for who in (STRANGER, "UNEW", "UGONE", "UNKNOWN", ""):
        with pytest.raises(NotAllowed) as refused:
            await desk.do("claim", number, who)
        assert refused.value.who == "an approved mentor"
    with pytest.raises(OwnRequest):
        await desk.do("claim", number, ASKER)
    with pytest.raises(WorkingAgainst):
        await desk.do("claim", number, "UFOE")
    with pytest.raises(NotFound):
        await desk.do("claim", number + 999, "UA")
    assert (await desk.see(number)).status is Status.OPEN


async def test_claiming_late_names_who_was_quicker(desk):
    number = (await claimed(desk, "UA")).id
    with pytest.raises(AlreadyYours):
        await desk.do("claim", number, "UA")
    for late in ("UB", STAFF):
        with pytest.raises(AlreadyClaimed) as refused:
            await desk.do("claim", number, late)
        assert refused.value.by == "UA"
    await desk.do("close", number, "UA")
    for late in ("UB", "UA"):
        with pytest.raises(AlreadyOver) as over:
            await desk.do("claim", number, late)
        assert over.value.status is Status.CLOSED
    gone = (await desk.ask()).request.id
    await desk.do("cancel", gone, ASKER)
    with pytest.raises(AlreadyOver) as over:
        await desk.do("claim", gone, "UB")
    assert over.value.status is Status.CANCELLED


async def test_of_two_hundred_simultaneous_claims_one_wins(database):
    desk = Desk(database)
    mentors = [f"U{n:03}" for n in range(200)]
    await desk.settle(*(profile(user) for user in mentors))
    number = (await desk.ask()).request.id
    outcomes = await asyncio.gather(
        *(desk.do("claim", number, user) for user in mentors), return_exceptions=True
    )
    winners = [each for each in outcomes if isinstance(each, Request)]
    late = [each for each in outcomes if isinstance(each, AlreadyClaimed)]
    assert (len(winners), len(late)) == (1, 199)
    assert {each.by for each in late} == {winners[0].holder}
    seen = await desk.see(number)
    assert (seen.holder, seen.claims) == (winners[0].holder, 1)
    assert (await desk.history(number)).count("claimed") == 1
    assert OfferState.OPEN not in (await desk.offers(number)).values()


async def test_a_claim_that_came_too_late_and_too_early_at_once_still_wins(desk, monkeypatch):
    """Somebody else claimed it just before, and has handed it back by the time one looks who that was."""
    number = (await desk.ask()).request.id
    claim, calls = Mentoring.claim, []

    async def handed_back_meanwhile(self, *given, **named):
        calls.append(given)
        return None if len(calls) == 1 else await claim(self, *given, **named)

    monkeypatch.setattr(Mentoring, "claim", handed_back_meanwhile)
    assert (await desk.do("claim", number, "UA")).holder == "UA"
    assert (await desk.see(number)).holder == "UA"
    assert (await desk.history(number)).count("claimed") == 1


# Passing


async def test_passing_tells_nobody_until_the_last_of_the_wave_has_passed(desk):
    step = await desk.ask()
    number = step.request.id
    *first, last = step.offers
    for offer in first:
        passed = await desk.do("pass_on", offer.id, offer.mentor)
        assert passed.offers == ()
        assert passed.request.wave == 1
    widened = await desk.do("pass_on", last.id, last.mentor)
    assert widened.request.wave == 2
    assert {offer.mentor for offer in widened.offers} == {"UA", "UB", "UC", "UD"} - {
        offer.mentor for offer in step.offers
    }
    assert widened.request.circle is Circle.STATE
    assert widened.request.look_at == LATER + POLICY.widen_after
    fourth = widened.offers[0]
    ended = await desk.do("pass_on", fourth.id, fourth.mentor)
    assert (ended.request.circle, ended.offers) == (Circle.STAFF, ())
    assert ended.request.look_at == NOW + POLICY.answer_target, "the target was set when it was asked"
    assert (await desk.history(number)).count("passed") == 4


async def test_passing_twice_or_after_a_claim_changes_nothing(desk):
    step = await desk.ask()
    offer, other, _ = step.offers
    await desk.do("pass_on", offer.id, offer.mentor)
    again = await desk.do("pass_on", offer.id, offer.mentor)
    assert (again.request.wave, again.offers) == (1, ())
    await desk.do("claim", step.request.id, other.mentor)
    late = await desk.do("pass_on", step.offers[2].id, step.offers[2].mentor)
    assert late.request.holder == other.mentor
    assert (await desk.offers(step.request.id))[step.offers[2].mentor] is OfferState.GONE
    assert (await desk.history(step.request.id)).count("passed") == 1


async def test_only_who_was_asked_can_pass(desk):
    step = await desk.ask()
    offer = step.offers[0]
    for who in (step.offers[1].mentor, STRANGER, STAFF, ASKER):
        with pytest.raises(NotAllowed):
            await desk.do("pass_on", offer.id, who)
    with pytest.raises(NotFound):
        await desk.do("pass_on", 999_999, offer.mentor)
    assert (await desk.offers(step.request.id))[offer.mentor] is OfferState.OPEN


async def test_the_last_mentors_passing_at_the_same_moment_widen_once(database):
    desk = Desk(database)
    await desk.settle(*(profile(f"U{n}") for n in range(9)))
    for _ in range(6):
        step = await desk.ask()
        results = await asyncio.gather(*(desk.do("pass_on", offer.id, offer.mentor) for offer in step.offers))
        assert sorted(len(each.offers) for each in results) == [0, 0, 3]
        seen = await desk.see(step.request.id)
        assert (seen.wave, seen.circle) == (2, Circle.STATE)
        assert (await desk.history(seen.id)).count("offered") == 2
        assert len(await desk.offers(seen.id)) == 6


async def test_an_offer_that_cannot_be_delivered_counts_as_passed(desk):
    step = await desk.ask()
    for offer in step.offers:
        async with desk.database.transaction() as store:
            after = await mentoring.unreachable(store.mentoring, offer.id, at=LATER, policy=POLICY)
    assert (after.request.wave, len(after.offers)) == (2, 1)
    async with desk.database.transaction() as store:
        assert await mentoring.unreachable(store.mentoring, 999_999, at=LATER, policy=POLICY) is None
        again = await mentoring.unreachable(store.mentoring, step.offers[0].id, at=LATER, policy=POLICY)
    assert again.offers == ()
    assert (await desk.history(step.request.id)).count("unreachable") == 3


async def test_passing_once_staff_has_it_brings_no_further_wave(desk):
    step = await desk.ask()
    async with desk.database.transaction() as store:
        await widen(store.mentoring, step.request, start=Circle.STAFF, at=LATER, policy=POLICY)
    for offer in step.offers:
        after = await desk.do("pass_on", offer.id, offer.mentor)
        assert (after.request.circle, after.request.wave, after.offers) == (Circle.STAFF, 2, ())


# Handing back


async def test_handing_back_asks_others_and_skips_who_passed_or_let_go(desk):
    step = await desk.ask()
    passer, holder, bystander = step.offers
    await desk.do("pass_on", passer.id, passer.mentor)
    await desk.do("claim", step.request.id, holder.mentor)
    back = await desk.do("hand_back", step.request.id, holder.mentor, at=LATER + HOUR)
    fourth = ({"UA", "UB", "UC", "UD"} - {offer.mentor for offer in step.offers}).pop()
    assert {offer.mentor for offer in back.offers} == {bystander.mentor, fourth}
    assert (back.request.status, back.request.holder, back.request.wave) == (Status.OPEN, None, 2)
    assert back.request.waiting_since == LATER + HOUR
    assert back.request.conversation is None
    assert await desk.history(step.request.id) == [
        "asked", "offered", "passed", "claimed", "handed_back", "offered"
    ]  # fmt: skip


async def test_only_the_holder_or_staff_hands_back_and_only_what_is_held(desk):
    held = await claimed(desk)
    for who in ("UB", ASKER, STRANGER):
        with pytest.raises(NotAllowed):
            await desk.do("hand_back", held.id, who)
    assert (await desk.do("hand_back", held.id, STAFF)).request.status is Status.OPEN
    for who in ("UA", STAFF):
        with pytest.raises(NotClaimed):
            await desk.do("hand_back", held.id, who)
    with pytest.raises(NotFound):
        await desk.do("hand_back", held.id + 99, "UA")


async def test_handing_back_what_is_over_says_that_it_is_over(desk):
    held = await claimed(desk)
    await desk.do("close", held.id, ASKER)
    with pytest.raises(AlreadyOver):
        await desk.do("hand_back", held.id, "UA")


# Cancelling and closing


@pytest.mark.parametrize("is_claimed", [False, True])
async def test_the_asker_takes_it_back_at_any_time(desk, is_claimed):
    number = (await desk.ask()).request.id
    if is_claimed:
        await desk.do("claim", number, "UA")
    gone = await desk.do("cancel", number, ASKER)
    assert (gone.status, gone.closed_by, gone.look_at) == (Status.CANCELLED, ASKER, None)
    assert responsible(gone) is Duty.NOBODY
    assert OfferState.OPEN not in (await desk.offers(number)).values()
    for verb, who in (("cancel", ASKER), ("close", ASKER), ("hand_back", "UA"), ("reopen", ASKER)):
        with pytest.raises(AlreadyOver) as refused:
            await desk.do(verb, number, who)
        assert refused.value.status is Status.CANCELLED


async def test_nobody_else_takes_it_back(desk):
    held = await claimed(desk)
    for who in ("UA", "UB", STAFF, STRANGER):
        with pytest.raises(NotAllowed):
            await desk.do("cancel", held.id, who)
    with pytest.raises(NotFound):
        await desk.do("cancel", held.id + 99, ASKER)


@pytest.mark.parametrize("who", ["UA", ASKER, STAFF])
async def test_either_side_or_staff_closes(desk, who):
    held = await claimed(desk)
    closed = await desk.do("close", held.id, who)
    assert (closed.status, closed.closed_by, closed.closings) == (Status.CLOSED, who, 1)
    assert (closed.holder, closed.look_at) == ("UA", None)
    with pytest.raises(AlreadyOver):
        await desk.do("close", held.id, who)


async def test_an_asker_closes_what_nobody_holds_yet_but_nobody_else_does(desk):
    number = (await desk.ask()).request.id
    for who in ("UA", STRANGER):
        with pytest.raises(NotAllowed):
            await desk.do("close", number, who)
    with pytest.raises(NotClaimed):
        await desk.do("close", number, STAFF)
    closed = await desk.do("close", number, ASKER)
    assert (closed.status, closed.holder) == (Status.CLOSED, None)
    assert set((await desk.offers(number)).values()) == {OfferState.GONE}


# Re-opening


@pytest.mark.parametrize("who", ["UA", ASKER, STAFF])
async def test_reopening_goes_back_to_the_mentor_who_answered(desk, who):
    held = await claimed(desk)
    await desk.speak(held.id, "UA")
    await desk.do("close", held.id, "UA")
    await desk.do("rate", held.id, ASKER, rating=Rating.SOMEWHAT, text="so so")
    on_the_last_day = LATER + POLICY.reopen_within
    again = (await desk.do("reopen", held.id, who, at=on_the_last_day)).request
    assert (again.status, again.holder, again.claims) == (Status.CLAIMED, "UA", 1)
    assert again.look_at == on_the_last_day + NUDGE_AFTER
    assert (again.answered_at, again.closed_at, again.rating, again.rating_text) == (None, None, None, "")
    with pytest.raises(NotClaimed):
        await desk.do("reopen", held.id, who, at=on_the_last_day)


async def test_reopening_is_refused_to_others_too_late_and_while_it_is_open(desk):
    held = await claimed(desk)
    with pytest.raises(NotClaimed):
        await desk.do("reopen", held.id, ASKER)
    await desk.do("close", held.id, "UA")
    for who in ("UB", STRANGER):
        with pytest.raises(NotAllowed):
            await desk.do("reopen", held.id, who)
    too_late = LATER + POLICY.reopen_within + timedelta(seconds=1)
    for who in ("UA", ASKER, STAFF):
        with pytest.raises(TooLate) as refused:
            await desk.do("reopen", held.id, who, at=too_late)
        assert refused.value.days == 14
    with pytest.raises(NotFound):
        await desk.do("reopen", held.id + 99, ASKER)


@pytest.mark.parametrize("why", ["left", "works against now", "no longer approved"])
async def test_reopening_without_its_mentor_asks_others(desk, why):
    held = await claimed(desk)
    await desk.do("close", held.id, ASKER)
    async with desk.database.transaction() as store:
        if why == "left":
            await leaves(store, "UA", LATER)
        elif why == "works against now":
            await store.members.save_mentor(profile("UA", against=frozenset({ASKER})))
        else:
            await store.members.save_mentor(profile("UA", approved_at=None))
    step = await desk.do("reopen", held.id, ASKER)
    assert (step.request.status, step.request.holder) == (Status.OPEN, None)
    assert {offer.mentor for offer in step.offers} == {"UB", "UC", "UD"}


async def test_a_report_whose_staff_member_left_goes_back_to_staff(desk):
    number = (await desk.ask(topic="unsafe")).request.id
    await desk.do("claim", number, STAFF)
    await desk.do("close", number, ASKER)
    async with desk.database.transaction() as store:
        await leaves(store, STAFF, LATER)
    step = await desk.do("reopen", number, ASKER)
    assert (step.request.circle, step.offers) == (Circle.STAFF, ())
    assert responsible(step.request) is Duty.STAFF


# Rating, details, help, first words


async def test_the_asker_rates_once_it_is_closed_by_grade_and_by_words(desk):
    held = await claimed(desk)
    with pytest.raises(NotClaimed):
        await desk.do("rate", held.id, ASKER, rating=Rating.A_LOT)
    await desk.do("close", held.id, "UA")
    for who in ("UA", STAFF, STRANGER):
        with pytest.raises(NotAllowed):
            await desk.do("rate", held.id, who, rating=Rating.A_LOT)
    assert (await desk.do("rate", held.id, ASKER, rating=Rating.A_LOT)).rating is Rating.A_LOT
    said = await desk.do("rate", held.id, ASKER, text=" " + "y" * 900)
    assert (said.rating, said.rating_text) == (Rating.A_LOT, "y" * RATING_MOST)
    with pytest.raises(NotFound):
        await desk.do("rate", held.id + 99, ASKER, rating=Rating.A_LOT)


async def test_details_add_up_to_their_limit(desk):
    number = (await desk.ask()).request.id
    await desk.do("add_details", number, ASKER, text=" first ")
    assert (await desk.do("add_details", number, ASKER, text="second")).details == "first\n\nsecond"
    for text, problem in ((" \n", "missing"), ("z" * (DETAILS_MOST - 14), "too long")):
        with pytest.raises(Incomplete) as refused:
            await desk.do("add_details", number, ASKER, text=text)
        assert refused.value.problems == {"details": problem}
    full = await desk.do("add_details", number, ASKER, text="z" * (DETAILS_MOST - 15))
    assert len(full.details) == DETAILS_MOST


async def test_only_the_asker_adds_details_and_only_while_it_is_not_over(desk):
    held = await claimed(desk)
    for who in ("UA", STAFF, STRANGER):
        with pytest.raises(NotAllowed):
            await desk.do("add_details", held.id, who, text="more")
    assert (await desk.do("add_details", held.id, ASKER, text="more")).details == "more"
    await desk.do("close", held.id, "UA")
    with pytest.raises(AlreadyOver):
        await desk.do("add_details", held.id, ASKER, text="more")


@pytest.mark.parametrize("verb", ["ask_staff", "still_on_it"])
async def test_only_the_holder_calls_staff_or_stays_on_it(desk, verb):
    held = await claimed(desk)
    for who in ("UB", ASKER, STAFF, STRANGER):
        with pytest.raises(NotAllowed):
            await desk.do(verb, held.id, who)
    done = await desk.do(verb, held.id, "UA", at=LATER + HOUR)
    assert done.holder == "UA"
    assert (done.help_asked == 1) == (verb == "ask_staff")
    assert (done.look_at == LATER + HOUR + NUDGE_AFTER) == (verb == "still_on_it")
    await desk.do("close", held.id, ASKER)
    with pytest.raises(AlreadyOver):
        await desk.do(verb, held.id, "UA")
    with pytest.raises(NotFound):
        await desk.do(verb, held.id + 99, "UA")


async def test_the_mentors_first_words_stop_the_clock_once(desk):
    held = await claimed(desk)
    for who in (ASKER, "UB", STAFF):
        assert await desk.speak(held.id, who) is None
    spoken = await desk.speak(held.id, "UA", at=LATER + HOUR)
    assert (spoken.answered_at, spoken.look_at) == (LATER + HOUR, LATER + HOUR + CHECK_IN_AFTER)
    assert await desk.speak(held.id, "UA", at=LATER + 2 * HOUR) is None
    assert (await desk.see(held.id)).answered_at == LATER + HOUR
    # A button of an old card changes nothing about that either.
    assert (await desk.do("still_on_it", held.id, "UA", at=LATER + 3 * HOUR)).look_at == spoken.look_at


async def test_words_of_somebody_who_has_just_handed_back_count_for_nobody(desk):
    held = await claimed(desk)
    await desk.do("hand_back", held.id, "UA")
    await desk.do("claim", held.id, "UB")
    async with desk.database.transaction() as store:
        # What was read before the change says that UA holds it.
        said = await mentoring.first_words(store.mentoring, held, by="UA", at=LATER, policy=POLICY)
    assert said is None
    assert (await desk.see(held.id)).answered_at is None


# At the same moment


async def race(*steps):
    """Let all of them happen at once; give the results and the refusals."""
    outcomes = await asyncio.gather(*steps, return_exceptions=True)
    for each in outcomes:
        if isinstance(each, Exception) and not isinstance(
            each, (AlreadyClaimed, AlreadyOver, AlreadyYours, NotClaimed, NotAllowed)
        ):
            raise each
    return outcomes


def sound(seen, offers):
    """Assert that a request and its offers agree."""
    if seen.over:
        assert seen.look_at is None
    else:
        assert responsible(seen) is not Duty.NOBODY
        assert seen.look_at is not None
    assert (seen.status is Status.CLAIMED) <= (seen.holder is not None)
    if seen.status is not Status.OPEN:
        assert OfferState.OPEN not in offers.values()


async def test_a_claim_racing_a_cancel_leaves_one_truth(desk):
    for _ in range(6):
        number = (await desk.ask()).request.id
        claim, cancel = await race(desk.do("claim", number, "UA"), desk.do("cancel", number, ASKER))
        seen = await desk.see(number)
        # Either it was claimed first and then taken back, or there was nothing left to claim.
        assert seen.status is Status.CANCELLED
        assert isinstance(cancel, Request)
        assert isinstance(claim, AlreadyOver) or seen.holder == "UA"
        sound(seen, await desk.offers(number))


async def test_a_claim_racing_the_last_pass_leaves_one_truth(database):
    desk = Desk(database)
    await desk.settle(profile("UA"), profile("UB"))
    for _ in range(6):
        step = await desk.ask(policy=Policy(first_wave=1))
        number, offer = step.request.id, step.offers[0]
        other = {"UA": "UB", "UB": "UA"}[offer.mentor]
        passed, claim = await race(
            desk.do("pass_on", offer.id, offer.mentor), desk.do("claim", number, other)
        )
        assert isinstance(claim, Request)
        seen, offers = await desk.see(number), await desk.offers(number)
        assert seen.holder == other
        assert offers[offer.mentor] in {OfferState.PASSED, OfferState.GONE}
        # If the pass came first then the other one was asked, and took it.
        assert len(offers) == 1 + len(passed.offers)
        sound(seen, offers)
        await desk.do("close", number, ASKER)


async def test_handing_back_racing_a_close_leaves_one_truth(desk):
    for _ in range(6):
        held = await claimed(desk, "UA")
        back, closed = await race(desk.do("hand_back", held.id, "UA"), desk.do("close", held.id, ASKER))
        seen = await desk.see(held.id)
        assert seen.status is Status.CLOSED
        assert isinstance(closed, Request)
        assert isinstance(back, AlreadyOver) or seen.holder is None
        sound(seen, await desk.offers(held.id))


async def test_two_closings_two_ratings_and_two_hand_backs_count_once(desk):
    held = await claimed(desk)
    outcomes = await race(*(desk.do("hand_back", held.id, who) for who in ("UA", STAFF)))
    assert sum(isinstance(each, Step) for each in outcomes) == 1
    assert (await desk.history(held.id)).count("handed_back") == 1
    await desk.do("claim", held.id, "UB")
    outcomes = await race(*(desk.do("close", held.id, who) for who in ("UB", ASKER, STAFF)))
    assert sum(isinstance(each, Request) for each in outcomes) == 1
    assert (await desk.see(held.id)).closings == 1
    outcomes = await race(*(desk.do("reopen", held.id, who) for who in ("UB", ASKER, STAFF)))
    assert sum(isinstance(each, Step) for each in outcomes) == 1


async def test_what_fails_half_way_leaves_nothing_behind(desk):
    step = await desk.ask()
    with contextlib.suppress(ZeroDivisionError):
        async with desk.database.transaction() as store:
            await mentoring.claim(store.mentoring, step.request.id, by="UA", at=LATER, policy=POLICY)
            raise ZeroDivisionError
    assert await desk.see(step.request.id) == step.request
    assert await desk.history(step.request.id) == ["asked", "offered"]


@pytest.mark.parametrize(
    ("status", "circle", "duty"),
    [
        (Status.OPEN, Circle.STATE, Duty.MENTORS),
        (Status.OPEN, Circle.EVERYONE, Duty.MENTORS),
        (Status.OPEN, Circle.STAFF, Duty.STAFF),
        (Status.CLAIMED, Circle.STAFF, Duty.HOLDER),
        (Status.CLOSED, Circle.STAFF, Duty.NOBODY),
        (Status.CANCELLED, Circle.STATE, Duty.NOBODY),
    ],
)
def test_somebody_is_responsible_until_it_is_over(status, circle, duty):
    assert responsible(request(status=status, circle=circle)) is duty


@pytest.mark.parametrize(("holder", "hidden"), [(None, True), ("UA", False)])
@pytest.mark.parametrize("status", list(Status))
def test_a_hidden_name_stays_hidden_until_somebody_claimed(holder, hidden, status):
    asked_privately = request(private=True, status=status, holder=holder)
    assert asked_privately.hides_asker is hidden
    assert not replace(asked_privately, private=False).hides_asker
