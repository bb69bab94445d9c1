"""Profiles and mentors in words: forms that open, cards that say what is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from community.members import CAPACITY_MOST, MentorProfile, Stage
from community.offices import Office
from community.states import every_state
from community.topics import MENTOR_TOPICS
from messages import members as words
from tests.community.cast import NOW, TODAY, member, profile
from tests.messages import slack_rules

GREEDY = profile(
    "U0GREEDY",
    states=frozenset(state.code for state in every_state()),
    topics=frozenset(MENTOR_TOPICS),
    offices=frozenset(Office),
    capacity=CAPACITY_MOST,
    against=frozenset(f"U0A{n:07}" for n in range(90)),
)


def element(view, block_id):
    return next(block["element"] for block in view["blocks"] if block.get("block_id") == block_id)


def chosen(view, block_id):
    return {option["value"] for option in element(view, block_id)["initial_options"]}


@pytest.mark.parametrize("known", [None, profile("U0A"), GREEDY, MentorProfile(user="U0EMPTY")])
def test_the_mentor_form_is_what_slack_takes(known):
    slack_rules.check_modal(words.mentor_form(known))


def test_the_mentor_form_is_filled_in_with_what_is_known():
    view = words.mentor_form(GREEDY)
    assert chosen(view, "states") == GREEDY.states
    assert chosen(view, "topics") == GREEDY.topics
    assert chosen(view, "offices") == GREEDY.offices
    assert set(element(view, "against")["initial_users"]) == GREEDY.against
    assert element(view, "capacity")["initial_value"] == str(CAPACITY_MOST)
    assert view["submit"]["text"] == "Save"
    assert words.mentor_form(None)["submit"]["text"] == "Send to staff"


def test_the_other_forms_are_what_slack_takes_and_filled_in():
    away = words.away_form(tomorrow=TODAY + timedelta(days=1))
    slack_rules.check_modal(away)
    assert element(away, "until")["initial_date"] == "2026-11-24"
    filled = words.profile_form(member(stage=Stage.FILED))
    slack_rules.check_modal(filled)
    assert element(filled, "state")["initial_option"]["value"] == "VA"
    assert element(filled, "stage")["initial_option"]["value"] == "filed"
    assert element(filled, "office")["initial_option"]["value"] == "school_board"
    slack_rules.check_modal(words.profile_form(member(state=None, office=None)))


@pytest.mark.parametrize(
    ("changes", "said", "buttons"),
    [
        ({"approved_at": None}, "Waiting for staff.", [words.APPROVE, words.DECLINE]),
        ({"approved_by": "U0STAFF"}, "Approved by <@U0STAFF>.", []),
        ({}, "Approved.", []),
        (
            {"approved_at": None, "declined_at": NOW, "approved_by": "U0STAFF"},
            "Declined by <@U0STAFF>.",
            [],
        ),
    ],
)
def test_the_approval_card_shows_what_staff_decided(changes, said, buttons):
    card = words.approval(replace(GREEDY, **changes))
    slack_rules.check_message(card)
    assert said in card["text"]
    assert "<@U0GREEDY>" in card["text"]
    assert slack_rules.actions(card) == buttons


def test_the_approval_card_names_all_that_is_offered():
    shown = repr(words.approval(profile("U0A")))
    assert "Virginia" in shown
    assert shown.count("All") == 2  # Topics and offices that were left empty.


def test_both_decisions_are_told_with_what_to_do_next():
    for told in (words.decided(GREEDY), words.decided(replace(GREEDY, approved_at=None)), words.waiting()):
        slack_rules.check_message(told)
    assert "*Claim* and *Pass*" in words.decided(GREEDY)["text"]
    assert "`/mentor` lets you try again" in words.decided(replace(GREEDY, approved_at=None))["text"]


def test_being_away_is_said_with_its_last_day_and_its_end():
    until = NOW + timedelta(days=3)
    assert "until Nov 26, 2026" in words.away_said(replace(GREEDY, away_until=until), NOW)
    assert "You are back." in words.away_said(replace(GREEDY, away_until=until), until)
    assert "You are back." in words.away_said(GREEDY, NOW)
    assert "goes to others" not in words.away_said(replace(GREEDY, away_until=until), NOW)
    said = words.away_said(replace(GREEDY, away_until=until), NOW, handed_back=[2, 17])
    assert "What you held goes to others: #2, #17." in said


def test_a_day_that_cannot_be_is_answered_with_one_that_can():
    for problem in ("missing", "past", "far"):
        assert "`/mentor away Jan 3`, `/mentor away 1/3`" in words.away_not(problem, date(2026, 12, 20))
