"""Every card and note of a request, in every state, with the texts that break other apps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from community.mentoring_matching import Circle, Reason
from community.mentoring_requests import OfferState, Rating, Status
from community.topics import Topic
from messages import mentoring as words
from messages import mentoring_notes as notes
from messages import payload as p
from tests.community.cast import ASKER, NOW, TODAY, request
from tests.messages import questions, slack_rules
from tests.messages.questions import HOLDER, HOSTILE, LINK, NO_LINK

TEXTS = pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE.items()])


def cards_for_mentors(of):
    """What mentors who do not hold it, or no longer do, get to see."""
    for each in questions.offers(of):
        yield words.offer(of, each, today=TODAY)
    yield words.board(of, asked=3, today=TODAY)
    yield words.hold(of, holder="U0FORMER", today=TODAY, link=LINK)


def cards(of):
    """Every card that shows the question, as (name, payload)."""
    for link in (LINK, NO_LINK):
        yield (
            "receipt",
            words.receipt(of, asked=3, median=timedelta(hours=5), today=TODAY, link=link),
        )
        for what in ("safety", "unclaimed:3", "help:2"):
            yield "desk", words.desk(of, what=what, offers=questions.crowd(of), today=TODAY, link=link)
        yield "hold", words.hold(of, holder=HOLDER, today=TODAY, link=link)
    yield "introduction", words.introduction(of, holder=HOLDER, today=TODAY)
    for payload in cards_for_mentors(of):
        yield "for mentors", payload


def notes_of(of):
    """Every note, as (name, payload)."""
    for closing in (1, 2):
        yield "rating", words.rating(of, closing=closing)
    for released in (True, False):
        yield "handed back", notes.handed_back(of, holder=HOLDER, released=released)
    yield "released", notes.released(of)
    yield "reopened", notes.reopened(of, by=ASKER)
    yield "details", notes.details(of, upto=len(of.details), added=len(of.details))
    yield "cancelled", notes.cancelled(of)
    for circle in Circle:
        yield "widened", notes.widened(of, circle=circle, asked=1)
    yield "reminder", notes.reminder(of)
    for claim in (1, 2):
        for nth in (1, 2):
            yield "nudge", notes.nudge(of, claim=claim, nth=nth, link=LINK)
            yield "check in", notes.check_in(of, claim=claim, nth=nth)


@TEXTS
def test_every_card_is_what_slack_takes_and_shows_the_words_as_typed(text):
    for of in questions.requests(text):
        for name, payload in cards(of):
            slack_rules.check_message(payload)
            shown = "".join(slack_rules.plain_texts(payload["blocks"]))
            assert of.question + of.details in shown, name
            if name == "hold" and of.rating_text:
                assert shown.endswith(of.rating_text)
            for formatted in slack_rules.formatted(payload):
                assert "evil" not in formatted
                assert "<!channel" not in formatted
            assert "evil" not in payload["text"]
            assert "VICTIM" not in payload["text"]


@TEXTS
def test_every_note_is_what_slack_takes(text):
    for of in questions.requests(text):
        for name, payload in notes_of(of):
            slack_rules.check_message(payload)
            assert "evil" not in payload["text"], name
            if name == "rating" and of.rating_text and of.closings == 2:
                shown = slack_rules.plain_texts(payload["blocks"])
                assert "".join(shown) in {of.rating_text, ""}
            if name == "details":
                assert "".join(slack_rules.plain_texts(payload["blocks"])) == of.details


def test_short_questions_without_details_fit_too():
    for of in questions.requests("x" * 20, longest=False):
        for _, payload in (*cards(of), *notes_of(of)):
            slack_rules.check_message(payload)


def test_only_the_last_addition_is_shown_in_the_conversation():
    of = request(details="first\n\nsecond\n\nthird", status=Status.CLAIMED, holder=HOLDER)
    shown = notes.details(of, upto=13, added=6)
    assert slack_rules.plain_texts(shown["blocks"]) == ["second"]


def test_a_hidden_name_reaches_no_mentor_before_one_has_claimed():
    for of in questions.requests("How many signatures do I need?", private=True, longest=False):
        if of.safety:
            continue
        for payload in cards_for_mentors(of):
            assert (ASKER in repr(payload)) <= (of.holder is not None), of.status
    for of in questions.requests("How many signatures do I need?", private=False, longest=False):
        if of.status is Status.OPEN and not of.safety:
            assert all(ASKER in repr(payload) for payload in cards_for_mentors(of))


def test_the_holder_and_staff_see_who_asks():
    hidden = request(private=True)
    assert ASKER in repr(words.desk(hidden, what="unclaimed:1", offers=[], today=TODAY, link=NO_LINK))
    held = request(private=True, status=Status.CLAIMED, holder=HOLDER, claims=1)
    assert ASKER in repr(words.hold(held, holder=HOLDER, today=TODAY, link=NO_LINK))


LIVE = {
    Status.OPEN: {words.ADD_DETAILS, words.CANCEL},
    Status.CLAIMED: {words.OPEN_CONVERSATION, words.SOLVED, words.ADD_DETAILS, words.CANCEL},
    Status.CLOSED: {words.REOPEN, words.ASK_AGAIN},
    Status.CANCELLED: {words.ASK_AGAIN},
}


def test_a_receipt_offers_what_is_possible_and_nothing_else():
    for of in questions.requests("How many signatures do I need?", longest=False):
        pressed = set(slack_rules.actions(words.receipt(of, asked=1, median=None, today=TODAY, link=LINK)))
        if not of.safety:
            assert pressed == LIVE[of.status]
        elif of.status is Status.CLOSED:
            assert pressed == {words.REOPEN}
        else:
            assert pressed <= LIVE[of.status]


def test_claim_and_pass_are_gone_once_they_would_do_nothing():
    for of in questions.requests("How many signatures do I need?", longest=False):
        board = slack_rules.actions(words.board(of, asked=1, today=TODAY))
        assert board == ([words.CLAIM] if of.status is Status.OPEN else [])
        for each in questions.offers(of):
            pressed = slack_rules.actions(words.offer(of, each, today=TODAY))
            if of.status is not Status.OPEN:
                assert pressed == []
            elif each.state is OfferState.PASSED:
                assert pressed == [words.AWAY]
            elif each.state is OfferState.TAKEN:
                assert pressed == []
            elif each.state is OfferState.GONE:
                assert pressed == [words.CLAIM]
            else:
                assert pressed == [words.CLAIM, words.PASS]


def test_only_the_present_holder_of_a_claimed_question_has_buttons():
    for of in questions.requests("How many signatures do I need?", longest=False):
        assert slack_rules.actions(words.hold(of, holder="U0FORMER", today=TODAY, link=LINK)) == []
        pressed = set(slack_rules.actions(words.hold(of, holder=HOLDER, today=TODAY, link=LINK)))
        if of.status is Status.CLAIMED:
            usual = {words.OPEN_CONVERSATION, words.ANSWERED, words.HAND_BACK, words.ASK_STAFF}
            assert pressed == (usual - {words.ASK_STAFF} if of.safety else usual)
        elif of.status is Status.CLOSED and of.holder:
            assert pressed == {words.OPEN_CONVERSATION, words.REOPEN}
        else:
            assert pressed == set()


def test_a_rating_is_asked_once_and_for_its_own_closing():
    closed = request(status=Status.CLOSED, holder=HOLDER, closings=2, closed_at=NOW)
    grades = [f"{words.RATE}.{grade}" for grade in Rating]
    assert slack_rules.actions(words.rating(closed, closing=2))[:3] == grades
    assert slack_rules.actions(words.rating(closed, closing=1)) == []
    rated = request(status=Status.CLOSED, holder=HOLDER, closings=2, rating=Rating.SOMEWHAT)
    pressed = slack_rules.actions(words.rating(rated, closing=2))
    assert words.RATE_TEXT in pressed
    assert not set(grades) & set(pressed)
    assert "somewhat" in words.rating(rated, closing=2)["text"]


def nudged(**changes):
    usual = {"status": Status.CLAIMED, "holder": HOLDER, "claims": 2, "reminders": 3, "nudged_at": NOW}
    return request(**{**usual, **changes})


def test_a_nudge_has_buttons_only_while_it_is_the_question():
    def pressed(of, claim=2, nth=3):
        return set(slack_rules.actions(notes.nudge(of, claim=claim, nth=nth, link=NO_LINK)))

    assert pressed(nudged()) == {words.STILL_ON_IT, words.HAND_BACK}
    assert pressed(nudged(nudged_at=None)) == set()  # They said: yes, today.
    assert pressed(nudged(answered_at=NOW)) == set()
    assert pressed(nudged(), nth=2) == set()  # A newer nudge asks.
    assert pressed(nudged(), claim=1) == set()  # Somebody else holds it now.
    assert pressed(nudged(status=Status.OPEN, holder=None)) == set()
    assert pressed(nudged(status=Status.CLOSED)) == set()


def test_a_check_in_has_its_button_only_while_it_is_the_question():
    def said(of, claim=2, nth=3):
        return notes.check_in(of, claim=claim, nth=nth)

    answered = nudged(answered_at=NOW)
    assert slack_rules.actions(said(answered)) == [words.SOLVED]
    assert slack_rules.actions(said(answered, nth=2)) == []
    assert slack_rules.actions(said(answered, claim=1)) == []
    assert "open again" in said(nudged(status=Status.OPEN, holder=None))["text"]
    assert "closed" in said(nudged(status=Status.CLOSED))["text"]


def test_the_receipt_says_honestly_who_was_asked():
    def says(**changes):
        return words.receipt(request(**changes), asked=2, median=None, today=TODAY, link=NO_LINK)["text"]

    assert "We asked 2 mentors who know Virginia." in says()
    assert "We asked 2 more mentors who know Virginia." in says(wave=2)
    assert "No mentor for Virginia is free right now, so we asked 2 mentors who know this topic" in says(
        circle=Circle.EXPERTS
    )
    assert "We asked 2 more mentors who know this topic" in says(circle=Circle.EXPERTS, wave=2)
    assert "No mentor for" not in says(circle=Circle.EVERYONE, wave=3)
    assert "our staff is finding somebody" in says(circle=Circle.STAFF)
    one = words.receipt(request(), asked=1, median=None, today=TODAY, link=NO_LINK)["text"]
    assert "We asked 1 mentor who knows Virginia." in one


def test_a_wait_is_promised_only_from_history():
    receipt = words.receipt(request(), asked=2, median=None, today=TODAY, link=NO_LINK)
    assert "usually" not in repr(receipt)
    receipt = words.receipt(request(), asked=2, median=timedelta(hours=3), today=TODAY, link=NO_LINK)
    assert "A first answer usually takes about 3 hours." in repr(receipt)


def test_every_reason_has_words_and_they_make_a_sentence():
    for reason in Reason:
        assert words.why_you(request(), [reason])
    assert words.why_you(request(), ["state"]) == "you cover Virginia"
    assert words.why_you(request(), ["state", "topic"]) == (
        "you cover Virginia, and this is one of your topics"
    )
    assert words.why_you(request(), ["state", "topic", "office"]) == (
        "you cover Virginia, this is one of your topics, and you know this kind of office"
    )


def test_a_report_tells_what_to_do_right_now():
    for of in questions.requests("I was followed home", longest=False):
        receipt = repr(words.receipt(of, asked=0, median=None, today=TODAY, link=LINK))
        assert ("911" in receipt) == of.safety
        assert ("988" in receipt) == of.safety


def test_details_fit_the_notice_with_the_longest_addition():
    longest = request(details=p.escape("x") * 2000, status=Status.CLAIMED, holder=HOLDER)
    slack_rules.check_message(notes.details(longest, upto=2000, added=2000))


@pytest.mark.parametrize("topic", list(Topic))
def test_every_topic_makes_a_sensible_headline(topic):
    of = request(topic=topic)
    shown = words.offer(of, questions.offers(of)[0], today=TODAY)["text"]
    assert shown.startswith("A candidate in Virginia has a question")
    assert (topic.label in shown) == (topic is not Topic.OTHER)
