"""The forms of asking: what Slack takes, filled in with what is known, and a sentence for every problem."""

from __future__ import annotations

from datetime import date

import pytest

from community.mentoring import check_draft
from community.mentoring_requests import Draft
from community.refusals import Incomplete
from messages import conversations
from messages import mentoring as words
from messages import mentoring_forms as forms
from messages.prose import prose
from tests.community.cast import TODAY, draft
from tests.messages import slack_rules
from tests.messages.questions import HOSTILE
from tests.messages.test_members import element

EMPTY = Draft(question="", topic="", state=None)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
def test_the_form_opens_with_any_text_filled_in(text):
    view = forms.ask_form(Draft(question=text, topic="filing", state="VA", office="judge", private=True))
    slack_rules.check_modal(view)
    filled = element(view, "question")["initial_value"]
    assert text.startswith(filled.removesuffix("…"))


def test_the_form_is_filled_in_with_what_is_known():
    view = forms.ask_form(draft(private=True, needed_by=date(2026, 12, 1)))
    assert element(view, "question")["initial_value"] == draft().question
    assert element(view, "topic")["initial_option"]["value"] == "filing"
    assert element(view, "state")["initial_option"]["text"]["text"] == "Virginia"
    assert element(view, "office")["initial_option"]["value"] == "school_board"
    assert element(view, "needed_by")["initial_date"] == "2026-12-01"
    assert element(view, "private")["initial_options"]
    empty = forms.ask_form(EMPTY)
    slack_rules.check_modal(empty)
    assert not [key for block in empty["blocks"] for key in block.get("element", {}) if "initial" in key]


def test_every_answer_of_the_form_is_one_that_the_rules_take():
    view = forms.ask_form(EMPTY)
    for option in element(view, "topic")["options"]:
        check_draft(draft(topic=option["value"]), today=TODAY)
    for option in element(view, "state")["options"]:
        assert check_draft(draft(state=option["value"]), today=TODAY)[2] == option["value"]
    for option in element(view, "office")["options"]:
        check_draft(draft(office=option["value"]), today=TODAY)


def test_every_problem_has_its_sentence_at_its_field():
    bad = Draft(question="", topic="x", state="x", office="x", needed_by=date(2020, 1, 1))
    others = [draft(question="x" * 2001), draft(state=None)]
    for wrong in (bad, *others):
        with pytest.raises(Incomplete) as refused:
            check_draft(wrong, today=TODAY)
        for field, problem in refused.value.problems.items():
            assert forms.ASK_PROBLEMS[field][problem].startswith(("Please", "There is", "That day"))
            assert element(forms.ask_form(EMPTY), field)


def test_the_small_forms_are_what_slack_takes():
    for view in (forms.details_form(10**11), forms.rating_form(10**11), forms.loading("Ask a mentor")):
        slack_rules.check_modal(view)
    assert forms.details_form(812)["private_metadata"] == "812"


def test_staff_can_assign_to_every_mentor_however_many_there_are():
    """Slack takes a hundred options in a group, and the community has twice as many mentors."""
    fits = [forms.Fit(f"U{n}", f"Mentor {n}", n < 130, 1, 3, n % 7 == 0) for n in range(250)]
    view = forms.assign_form(7, fits)
    slack_rules.check_modal(view)
    groups = element(view, "mentor")["option_groups"]
    assert {group["label"]["text"]: len(group["options"]) for group in groups} == {
        "Covers the state": 100,
        "Covers the state (2)": 30,
        "Other states": 100,
        "Other states (2)": 20,
    }
    offered = [option["value"] for group in groups for option in group["options"]]
    assert offered == [fit.mentor for fit in fits], "in their order"
    slack_rules.check_modal(forms.assign_form(7, fits[:1]))
    slack_rules.check_modal(forms.assign_form(7, []))


@pytest.mark.parametrize("text", [*HOSTILE.values(), "", "   ", "x" * 4000])
def test_a_message_to_the_app_is_answered_with_a_way_on(text):
    said = conversations.reply(text)
    slack_rules.check_message(said)
    (action,) = slack_rules.actions(said)
    assert action == (words.ASK_WITH if text.strip() else words.ASK)


@pytest.mark.parametrize("name", ["help_askmentor", "help_mentor", "safety"])
def test_long_texts_are_there_and_fit(name):
    assert 100 < len(prose(name)) <= 3000
