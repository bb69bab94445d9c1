"""Ask a mentor, from the command to the rating, as people see it."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest

from tests.scenarios.stage import GENERAL, MENTORS, QUESTION, STAFF

pytestmark = pytest.mark.both_ways


@pytest.mark.every_way
async def test_a_question_is_asked_claimed_answered_and_rated(stage):
    receipt = await stage.ask(office="school_board", needed_by="2026-12-01")
    assert "#1" in receipt.words
    assert QUESTION in receipt.words
    assert "We asked 2 mentors who know Virginia." in receipt.words
    assert receipt.buttons == ["Add details", "Cancel"]

    offer = stage.last_dm("mia")
    assert "you cover Virginia" in offer.words
    assert "this is one of your topics" in offer.words
    assert "Dec 1, 2026 (in 8 days)" in offer.words
    assert not stage.dm("moe"), "Moe knows Ohio, not Virginia"

    await stage.person("mia").press(offer, "Claim")
    await stage.settle()
    assert "@U0MIA has your question" in receipt.words
    assert receipt.buttons == ["Open conversation", "That solved it", "Add details", "Cancel"]
    assert "You claimed this" in offer.words
    for card in (stage.last_dm("max"), stage.in_channel(MENTORS)[-1]):
        assert "Claimed by @U0MIA" in card.words
        assert card.buttons == []

    talk = stage.group_of("ada", "mia")
    introduction = stage.in_channel(talk)[-1]
    assert QUESTION in introduction.words
    assert introduction.buttons == ["That solved it"]
    hold = stage.last_dm("mia", "is yours")
    assert hold.buttons == ["Open conversation", "Answered", "Hand back", "Ask staff for help"]

    stage.clock.advance(timedelta(minutes=30))
    await stage.person("mia").say(talk, "You need 125 signatures.")
    await stage.settle()
    async with stage.application.database.reading() as store:
        request = await store.mentoring.get(1)
    assert request.answered_at - request.opened_at == timedelta(minutes=30)

    await stage.person("mia").press(hold, "Answered")
    await stage.settle()
    assert receipt.buttons == ["Re-open", "Ask again"]
    assert introduction.buttons == ["Re-open"]
    rating = stage.last_dm("ada", "How much did")
    await stage.person("ada").press(rating, "It helped a lot")
    await stage.settle()
    assert "Thank you" in rating.words
    assert "It helped a lot" in hold.words

    await stage.person("ada").press(rating, "Say why")
    await stage.person("ada").wait_modal("Say why")
    await stage.person("ada").submit({"why": "Clear and <quick> & kind"})
    await stage.settle()
    assert "Clear and <quick> & kind" in hold.words


async def test_what_is_typed_behind_the_command_is_filled_in(stage):
    ada = stage.person("ada")
    await ada.command("/askmentor", "How do I file <today> & where?")
    form = await ada.wait_modal("Ask a mentor")
    assert form.values["question"] == "How do I file <today> & where?"


async def test_help_explains_and_opens_nothing(stage):
    ada = stage.person("ada")
    answer = await ada.command("/askmentor", "help")
    assert "/askmentor" in answer.text
    await stage.settle()
    assert ada.modal is None


async def test_state_and_office_are_asked_once_and_then_known(stage):
    await stage.ask(office="judge")
    ada = stage.person("ada")
    await ada.command("/askmentor")
    form = await ada.wait_modal("Ask a mentor")
    assert form.values["state"] == "VA"
    assert form.values["office"] == "judge"


async def test_a_second_mentor_hears_who_was_quicker(stage):
    await stage.ask()
    mine, late = stage.last_dm("mia"), copy.deepcopy(stage.last_dm("max"))
    await stage.person("mia").press(mine, "Claim")
    await stage.settle()
    await stage.person("max").press(late, "Claim")
    await stage.settle()
    assert "@U0MIA was a moment quicker" in stage.private_answer("max")
    assert len([m for m in stage.dm("max") if "is yours" in m.words]) == 0


async def test_somebody_who_is_no_mentor_cannot_claim(stage):
    await stage.ask()
    board = stage.in_channel(MENTORS)[-1]
    stage.sandbox.workspace.join(MENTORS, "U0BEN")
    await stage.person("ben").press(board, "Claim")
    await stage.settle()
    assert "Only an approved mentor can do this" in stage.private_answer("ben")
    assert "Waiting" in board.words


async def test_nobody_claims_their_own_question(stage):
    await stage.ask("mia")
    board = stage.in_channel(MENTORS)[-1]
    await stage.person("mia").press(board, "Claim")
    await stage.settle()
    assert "your own question" in stage.private_answer("mia")


async def test_without_a_mentor_for_the_state_the_next_circle_is_asked_and_said_so(stage):
    receipt = await stage.ask(state="NE")
    assert "No mentor for Nebraska is free right now" in receipt.words
    assert stage.dm("mia"), "Mia is an expert for filing"


async def test_without_any_mentor_staff_is_told_at_once(stage):
    async with stage.application.database.transaction() as store:
        for user in ("U0MIA", "U0MAX", "U0MOE"):
            mentor = await store.members.mentor(user)
            await store.members.save_mentor(
                mentor.__class__(
                    **{
                        **{name: getattr(mentor, name) for name in mentor.__slots__},
                        "away_until": stage.clock.now() + timedelta(days=3),
                    }
                )
            )
    receipt = await stage.ask()
    assert "our staff is finding somebody" in receipt.words
    card = stage.in_channel(STAFF)[-1]
    assert "Nobody is left to ask" in card.words
    await stage.person("sue").press(card, "I'll take it")
    await stage.settle()
    assert "@U0SUE has your question" in receipt.words


async def test_when_everybody_passes_the_next_are_asked(stage):
    await stage.ask()
    for name in ("mia", "max"):
        card = stage.last_dm(name)
        await stage.person(name).press(card, "Pass")
        await stage.settle()
        assert "You passed on this" in card.words
        assert card.buttons == ["I'm away until…"]
    assert "has a question:" in stage.last_dm("moe").words


async def test_passing_offers_to_be_left_alone(stage):
    await stage.ask()
    card = stage.last_dm("mia")
    mia = stage.person("mia")
    await mia.press(card, "Pass")
    await stage.settle()
    await mia.press(card, "I'm away until…")
    await mia.wait_modal("I'm away")
    refused = await mia.submit({"until": "2026-11-01"})
    assert refused.errors == {"until": "Please choose a day that is still to come."}
    await mia.submit({"until": "2026-12-24"})
    await stage.ask("ben")
    assert len([m for m in stage.dm("mia") if "has a question:" in m.words]) == 1, "Mia is away"


async def test_a_mentor_hands_back_without_shame(stage):
    receipt = await stage.ask()
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    hold = stage.last_dm("mia", "is yours")
    await stage.person("mia").press(hold, "Hand back")
    await stage.settle()
    assert "You no longer hold this" in hold.words
    assert hold.buttons == []
    assert "handed it back" in stage.last_dm("ada").words
    assert "We asked" in receipt.words
    fresh = stage.last_dm("max")
    assert fresh.buttons == ["Claim", "Pass"]
    assert len([m for m in stage.dm("mia") if "Claim" in m.buttons]) == 0, "Mia is not asked again"
    await stage.person("max").press(fresh, "Claim")
    await stage.settle()
    assert "@U0MAX has your question" in receipt.words
    assert stage.group_of("ada", "max") != stage.group_of("ada", "mia")


async def test_an_asker_cancels_and_everybody_sees_it(stage):
    receipt = await stage.ask()
    ada = stage.person("ada")
    assert (await ada.press(receipt, "Cancel", confirm=False)).status == 0
    old = copy.deepcopy(stage.last_dm("mia"))
    await ada.press(receipt, "Cancel")
    await stage.settle()
    assert "You took this question back" in receipt.words
    for card in (stage.last_dm("mia"), stage.in_channel(MENTORS)[-1]):
        assert "Taken back by the asker" in card.words
        assert card.buttons == []
    await stage.person("mia").press(old, "Claim")
    await stage.settle()
    assert "was taken back" in stage.private_answer("mia")


async def test_details_reach_everybody_who_sees_the_question(stage):
    receipt = await stage.ask()
    ada = stage.person("ada")
    await ada.press(receipt, "Add details")
    await ada.wait_modal("Add to #1")
    await ada.submit({"details": "It is the Henrico district."})
    await stage.settle()
    for card in (receipt, stage.last_dm("mia"), stage.in_channel(MENTORS)[-1]):
        assert "It is the Henrico district." in card.words
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    await ada.press(receipt, "Add details")
    await ada.wait_modal("Add to #1")
    await ada.submit({"details": "First line.\n\nSecond line."})
    await stage.settle()
    told = stage.in_channel(stage.group_of("ada", "mia"))[-1]
    assert "First line.\n\nSecond line." in told.words


async def test_a_hidden_name_is_shown_to_nobody_before_the_claim(stage):
    await stage.ask(private=["private"])
    for card in (stage.last_dm("mia"), stage.in_channel(MENTORS)[-1]):
        assert "Ada" not in card.words
        assert "U0ADA" not in str(card.blocks) + card.text
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    assert "@U0ADA" in stage.last_dm("mia", "is yours").words


async def test_who_feels_unsafe_reaches_staff_and_no_mentor(stage):
    receipt = await stage.ask(question="Somebody follows me home after every event.", topic="unsafe")
    assert "Our staff has been told, nobody else" in receipt.words
    assert "911" in receipt.words
    assert not stage.dm("mia")
    assert stage.in_channel(MENTORS) == []
    card = stage.in_channel(STAFF)[-1]
    assert "@U0ADA feels unsafe" in card.words
    await stage.person("tom").press(card, "I have this")
    await stage.settle()
    assert "@U0TOM from our staff has this" in receipt.words
    assert "@U0TOM has this" in card.words
    assert "is here with you" in stage.in_channel(stage.group_of("ada", "tom"))[-1].words


async def test_the_holder_calls_staff_in(stage):
    await stage.ask()
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    await stage.person("mia").press(stage.last_dm("mia", "is yours"), "Ask staff for help")
    await stage.settle()
    card = stage.in_channel(STAFF)[-1]
    assert "@U0MIA asks staff for help" in card.words
    await stage.person("sue").press(card, "Hand back")
    await stage.settle()
    assert "You no longer hold this" in stage.last_dm("mia", "no longer").words


async def test_either_side_re_opens_within_two_weeks(stage):
    receipt = await stage.ask()
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    hold = stage.last_dm("mia", "is yours")
    await stage.person("ada").press(receipt, "That solved it")
    await stage.settle()
    stale = copy.deepcopy(receipt)
    await stage.person("ada").press(receipt, "Re-open")
    await stage.settle()
    assert "@U0MIA has your question" in receipt.words
    assert "@U0ADA re-opened #1" in stage.last_dm("mia").words
    assert "Answered" in hold.buttons
    await stage.person("mia").press(hold, "Answered")
    await stage.settle()
    stage.clock.advance(timedelta(days=15))
    await stage.person("ada").press(stale, "Re-open")
    await stage.settle()
    assert "possible for 14 days" in stage.private_answer("ada")


async def test_asking_again_starts_from_the_old_words(stage):
    receipt = await stage.ask()
    await stage.person("ada").press(receipt, "Cancel")
    await stage.settle()
    await stage.person("ada").press(receipt, "Ask again")
    form = await stage.person("ada").wait_modal("Ask a mentor")
    assert form.values["question"] == QUESTION


@pytest.mark.parametrize(
    ("fields", "at", "says"),
    [
        ({"question": "Too short" + " " * 20}, "question", "at least 20 characters"),
        ({"needed_by": "2026-11-22"}, "needed_by", "That day is over"),
    ],
)
async def test_bad_input_is_answered_at_its_field(stage, fields, at, says):
    ada = stage.person("ada")
    await ada.command("/askmentor")
    await ada.wait_modal("Ask a mentor")
    values = {"question": QUESTION, "topic": "filing", "state": "VA", **fields}
    refused = await ada.submit(values)
    assert says in refused.errors[at]
    assert ada.modal is not None, "the form stays open with everything in it"


HOSTILE = [
    "<!channel> everyone <!here> please look at this now",
    "<http://evil.example|https://good.example> is the link to file",
    "&lt;b&gt; &amp; what does this mean for my filing?",
    "😀" * 2000,
    "\u202eright to left\u202c and \u200f marks in my question",
    "*bold* _it_ ~no~ `code` :smile: <@U0SUE> #general @here",
]


@pytest.mark.parametrize("typed", HOSTILE, ids=["mass", "link", "entities", "emoji", "rtl", "marks"])
async def test_what_was_typed_arrives_as_typed_and_does_nothing(stage, typed):
    receipt = await stage.ask(question=typed)
    for card in (receipt, stage.last_dm("mia"), stage.in_channel(MENTORS)[-1]):
        plain = "".join(
            block["text"]["text"]
            for block in card.blocks
            if block["type"] == "section" and block.get("text", {}).get("type") == "plain_text"
        )
        assert plain == typed
        assert "<!" not in card.text.replace("<!date^", "")
        assert "evil" not in card.text


async def test_a_button_from_before_an_upgrade_says_what_to_do(stage):
    receipt = await stage.ask()
    old = copy.deepcopy(receipt)
    for block in old.blocks:
        for element in block.get("elements", []):
            if "action_id" in element:
                element["action_id"] = "requests.v0.do_it"
    await stage.person("ada").press(old, "requests.v0.do_it", value="1")
    await stage.settle()
    assert "from before" in stage.private_answer("ada")


async def test_whoever_writes_to_the_app_is_shown_the_way(stage):
    ada = stage.person("ada")
    await ada.say(ada.dm_channel.id, "how do I find volunteers in my town?")
    await stage.settle()
    answer = stage.last_dm("ada", "I'm an app")
    await ada.press(answer, "Ask a mentor")
    form = await ada.wait_modal("Ask a mentor")
    assert form.values["question"] == "how do I find volunteers in my town?"


async def test_an_answer_is_not_lost_when_slack_asks_for_patience(stage):
    stage.sandbox.faults.add("rate_limited", retry_after=0.2)
    ada = stage.person("ada")
    await ada.say(ada.dm_channel.id, "is anybody there?")
    await stage.settle()
    assert len([m for m in stage.dm("ada") if "I'm an app" in m.words]) == 1


async def test_a_message_can_be_taken_to_a_mentor(stage):
    said = await stage.person("ben").say(GENERAL, "Does anybody know about lawn signs & permits?")
    await stage.person("ben").shortcut("mentoring.ask_about_message", said)
    form = await stage.person("ben").wait_modal("Ask a mentor")
    assert form.values["question"] == "Does anybody know about lawn signs & permits?"
    assert "wrote what stands above" not in form.words
    assert "longer than fits" not in form.words


async def test_a_form_says_whose_words_it_begins_with_and_that_not_all_of_them_fit(stage):
    said = await stage.person("ben").say(GENERAL, "Lawn signs. " * 200)
    ada = stage.person("ada")
    await ada.shortcut("mentoring.ask_about_message", said)
    form = await ada.wait_modal("Ask a mentor")
    assert len(form.values["question"]) == 2000
    assert "@U0BEN wrote what stands above" in form.words
    assert "these are its first 2,000 characters" in form.words


async def test_a_mentor_who_left_slack_is_skipped(stage):
    stage.sandbox.workspace.deactivate("U0MIA")
    await stage.settle()
    receipt = await stage.ask()
    assert "We asked 1 mentor who knows Virginia." in receipt.words


async def test_an_offer_that_cannot_be_delivered_goes_to_the_next(stage):
    stage.sandbox.workspace.users["U0MIA"].deleted = True
    stage.sandbox.workspace.users["U0MAX"].deleted = True
    await stage.ask()
    await stage.settle()
    assert "has a question:" in stage.last_dm("moe").words
