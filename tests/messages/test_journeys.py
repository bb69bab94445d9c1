"""The lessons are short and real, and every card of a journey keeps to Slack's limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from community.journeys_steps import Came, Enrolment, Listed, Progress, Row, Standing, StepState
from community.members import Stage
from community.states import every_state
from community.topics import MENTOR_TOPICS, Topic
from messages import home, journeys, journeys_desk
from messages.journeys_lessons import (
    TASK_MOST,
    TEXT_MOST,
    TITLE_MOST,
    Words,
    find_lesson,
    first_week,
    lessons,
    read_lesson,
    words_of,
)
from tests.community.cast import NOW, TODAY, member
from tests.messages import slack_rules
from tests.messages.questions import HOSTILE

A_MINUTE = 200
"""Words that an unhurried reader takes in within a minute."""

EVERY_TEXT = [
    pytest.param(text, id=f"{lesson.key} {stage}")
    for lesson in lessons()
    for stage, text in {"everybody": lesson.words.text, **lesson.words.variants}.items()
]


def enrolment(**changes):
    usual = Enrolment(
        id=1,
        journey="first_week",
        user="U0ADA",
        standing=Standing.ACTIVE,
        came=Came.WORKSPACE,
        started_at=NOW,
        day=3,
        next_at=NOW + timedelta(hours=23),
    )
    return replace(usual, **changes)


def step(day=3, **changes):
    usual = Progress(id=5, enrolment=1, round=1, day=day, lesson=lessons()[day - 1].key, state=StepState.SENT)
    return replace(usual, **changes)


def card(day=3, *, words=None, known=None, steps=None, **changes):
    lesson = lessons()[day - 1]
    made = step(day, **changes)
    return journeys.Card(
        lesson=lesson,
        words=words or lesson.words,
        enrolment=known or enrolment(),
        step=made,
        steps=steps or [made],
    )


def test_there_are_seven_and_they_cover_the_curriculum():
    assert [lesson.day for lesson in lessons()] == [1, 2, 3, 4, 5, 6, 7]
    assert first_week().days == 7
    assert {lesson.topic for lesson in lessons()} == set(MENTOR_TOPICS) - {Topic.VOTER_CONTACT, Topic.AFTER}
    for topic in ("talking with voters", "the day after"):
        assert any(topic in lesson.words.title.casefold() for lesson in lessons())


@pytest.mark.parametrize("text", EVERY_TEXT)
def test_every_text_is_read_in_a_minute_and_asserts_no_states_rule(text):
    assert 60 <= len(text.split()) < A_MINUTE
    assert len(text) < TEXT_MOST
    named = [state.name for state in every_state() if state.name in text]
    assert not named, "what differs by state is asked at the election office, or of a mentor"
    assert "!" not in text


def test_every_lesson_has_one_thing_to_do_and_fits_the_form_it_is_edited_in():
    for lesson in lessons():
        assert len(lesson.words.title) <= TITLE_MOST
        assert 20 <= len(lesson.words.task) <= TASK_MOST
        assert lesson.words.task.endswith(".")
        assert not lesson.opens or lesson.button
        for stage in lesson.words.variants:
            assert not lesson.stages or stage in lesson.stages, "a variant that nobody would get"


@pytest.mark.parametrize("stage", [None, *Stage])
def test_whoever_comes_gets_a_first_and_a_last_lesson(stage):
    days = [each.day for each in first_week().steps if each.fits(stage)]
    assert days[0] == 1
    assert days[-1] == 7
    assert (2 in days) == (stage in {None, Stage.EXPLORING, Stage.DECIDED})


def test_what_differs_by_state_points_to_who_knows():
    said = " ".join(text.values[0] for text in EVERY_TEXT)
    assert said.count("election office") >= 6
    assert said.count("Ask a mentor") >= 4


@pytest.mark.parametrize("day", range(1, 8))
@pytest.mark.parametrize("stage", [None, *Stage])
@pytest.mark.parametrize("state", [StepState.SENT, StepState.DONE, StepState.SKIPPED])
@pytest.mark.parametrize("standing", list(Standing))
def test_every_card_keeps_to_slacks_limits(day, stage, state, standing):
    known = enrolment(standing=standing, goal="x" * 300)
    shown = card(day, known=known, state=state, stage=stage)
    slack_rules.check_message(journeys.card(shown))
    slack_rules.check_message(journeys.recall(shown))
    assert f"Day {day} of 7" in journeys.card(shown)["text"]
    slack_rules.check_message(journeys.preview(shown.lesson, shown.words))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
def test_what_staff_and_candidates_type_comes_to_no_life(text):
    words = Words(text[:TITLE_MOST], text[:TASK_MOST], text[:TEXT_MOST], {})
    known = enrolment(goal=text[:300])
    for payload in (
        journeys.card(card(1, words=words, known=known, state=StepState.DONE)),
        journeys.recall(card(words=words)),
        journeys.preview(lessons()[0], words),
        journeys.answer(journeys.Way(now=NOW, zone="America/New_York", enrolment=known)),
    ):
        slack_rules.check_message(payload)
        for formatted in [payload["text"], *slack_rules.formatted(payload)]:
            assert "<!channel" not in formatted
            assert "<http" not in formatted


def test_the_longest_that_staff_can_write_fits():
    long = Words("T" * TITLE_MOST, "&" * TASK_MOST, "&" * TEXT_MOST, dict.fromkeys(Stage, "x" * TEXT_MOST))
    text = journeys_desk.Text(lessons()[0], long, 3, "U0SUE")
    slack_rules.check_modal(journeys_desk.edit_form(text))
    slack_rules.check_message(journeys.card(card(words=long)))


def test_the_preview_of_the_longest_is_cut_rather_than_refused():
    long = Words("T" * TITLE_MOST, "x" * TASK_MOST, "x" * TEXT_MOST, dict.fromkeys(Stage, "x" * TEXT_MOST))
    slack_rules.check_message(journeys.preview(lessons()[0], long))


def test_a_card_says_which_days_were_left_out_and_why():
    aside = step(2, id=4, state=StepState.ASIDE, stage=Stage.FILED, reason="stage")
    shown = card(3, steps=[step(1, id=3), aside, step(3)], stage=Stage.FILED)
    assert "Day 2, “Getting on the ballot”, is left out: you have filed." in repr(journeys.card(shown))
    assert "is left out" not in repr(journeys.card(card(3, steps=[aside, step(2), step(3)])))


def test_buttons_follow_what_can_be_done():
    def pressed(shown):
        return [each.removeprefix("journeys.") for each in slack_rules.actions(journeys.card(shown))]

    assert pressed(card(1)) == ["tell", "done", "ask", "skip", "pause"]
    assert pressed(card(3)) == ["done", "ask", "skip", "pause"]
    assert pressed(card(7)) == ["done", "ask", "skip"], "after the last day there is nothing to pause"
    assert pressed(card(3, known=enrolment(standing=Standing.PAUSED))) == ["resume", "done", "ask", "skip"]
    assert pressed(card(3, state=StepState.DONE)) == ["ask"]
    assert pressed(card(3, state=StepState.SKIPPED)) == ["done", "ask"]
    assert pressed(card(3, known=enrolment(round=2))) == ["ask"]


@pytest.mark.parametrize("standing", list(Standing))
@pytest.mark.parametrize("reason", [None, "guest", "left", "user_disabled"])
def test_everybody_can_see_where_they_stand(standing, reason):
    known = enrolment(standing=standing, reason=reason, goal="Win")
    way = journeys.Way(now=NOW, zone="America/New_York", enrolment=known, steps=[step(1), step(2, id=6)])
    slack_rules.check_message(journeys.answer(way))
    facts = home.Facts(member=member(), now=NOW, today=TODAY, team="T", journey=way)
    slack_rules.check_home(home.home(facts))
    assert "Your first seven days" in repr(home.home(facts))


def test_the_next_lesson_is_named_in_the_readers_own_time():
    way = journeys.Way(now=NOW, zone="Pacific/Honolulu", enrolment=enrolment())
    assert "The next lesson comes tomorrow at 4 am" in journeys.where(way)
    late = replace(way, enrolment=enrolment(next_at=NOW - timedelta(minutes=1)))
    assert "Day 4 is on its way" in journeys.where(late)


def test_the_desk_with_full_lists_keeps_to_slacks_limits():
    rows = [
        Row(enrolment(user=f"U{number:010}", day=number % 8), reason, NOW)
        for number, reason in enumerate(["guest", "left", "unknown", "unclear", "user_disabled", "odd"] * 2)
    ][: journeys_desk.SIZE]
    full = Listed(rows, 100_000, 7)
    shown = journeys_desk.desk(
        journeys_desk.Desk(
            counts=dict.fromkeys(Standing, 100_000),
            stuck=full,
            missed=full,
            quiet=full,
            paused=full,
            texts=[journeys_desk.Text(lesson, lesson.words, 1, "U0SUE") for lesson in lessons()],
        )
    )
    slack_rules.check_modal(shown)
    assert "500000" in repr(shown)
    for said in ("left the workspace", "not in the community channel", "that account is deactivated"):
        assert said in repr(shown)
    slack_rules.check_modal(journeys_desk.waiting())


@pytest.mark.parametrize("standing", list(Standing))
@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("day", [0, 4])
def test_staff_hears_what_came_of_starting_somebody(standing, new, day):
    said = journeys_desk.started("U0ADA", enrolment(standing=standing, day=day), new=new)
    assert said.startswith("<@U0ADA> ")
    assert said.endswith(".")
    assert "left the workspace" in journeys_desk.started("U0ADA", None, new=False)


def test_a_version_is_read_as_it_was_kept():
    for lesson in lessons():
        assert words_of(lesson, lesson.words.kept()) == lesson.words
        assert words_of(lesson, None) is lesson.words
    assert find_lesson("nothing") is None


@pytest.mark.parametrize(
    "text",
    ["no front matter", "---\ntitle: T\n---\nText", "x\n---\ntitle: T\ntopic: field\ntask: D\n---\nText"],
)
def test_a_file_that_is_not_written_so_is_refused(text):
    with pytest.raises((ValueError, KeyError)):
        read_lesson("1_odd.md", text)
