"""Every card, note, form and list of events keeps to Slack's limits, and what was typed comes to no life."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from community.events_after import Unseen
from community.events_form import Draft, draft_of
from community.events_ladder import Rung
from community.events_questions import Fate, Question
from community.events_terms import (
    ABOUT_MOST,
    DESCRIPTION_MOST,
    LINK_MOST,
    NAME_MOST,
    NOTES_MOST,
    QUESTION_MOST,
    RATING_MOST,
    REASON_MOST,
    TITLE_MOST,
    Audience,
    Event,
    Kind,
    SignUp,
    Standing,
    Status,
)
from community.events_times import Moment, Oddity
from community.members import Stage
from community.mentoring_requests import Rating
from community.topics import Topic
from messages import events as words
from messages import events_forms as forms
from messages import events_lists as lists
from messages import events_notes as notes
from tests.community.cast import NOW
from tests.messages import slack_rules
from tests.messages.questions import HOSTILE, stretch

ZONE = "America/Indiana/Indianapolis"
DAY = timedelta(days=1)


def event(text="Door to door", **changes):
    usual = Event(
        id=999_999_999,
        kind=Kind.CHAT,
        title=stretch(text, TITLE_MOST),
        zone=ZONE,
        starts_at=NOW + 3 * DAY,
        ends_at=NOW + 3 * DAY + timedelta(minutes=90),
        link="https://meet.example.org/" + "x" * (LINK_MOST - 30),
        by="U0SUE",
        created_at=NOW,
        specialist_name=stretch(text, NAME_MOST),
        specialist_about=stretch(text, ABOUT_MOST),
        description=stretch(text, DESCRIPTION_MOST),
        topic=Topic.VOTER_CONTACT,
        audience=Audience(state="MP"),
        capacity=40,
        taken=40,
        reason=stretch(text, REASON_MOST),
        recording="https://video.example.org/1",
        notes=stretch(text, NOTES_MOST),
        sequence=3,
    )
    return replace(usual, **changes)


def one(**changes):
    usual = SignUp(
        id=999_999_999, event=1, user="U0ANN", standing=Standing.GOING, zone=ZONE, since=NOW, plan=2
    )
    return replace(usual, **changes)


def questions(text, count=40):
    return [
        Question(
            id=number,
            event=1,
            asker="U0BOB",
            text=stretch(text, QUESTION_MOST),
            asked_at=NOW,
            votes=number,
            voted=number % 2 == 0,
            fate=Fate.OPEN,
        )
        for number in range(1, count + 1)
    ]


def moments(subject):
    """The event ahead, running, over and cancelled."""
    return [
        (subject, NOW),
        (subject, subject.starts_at + timedelta(minutes=1)),
        (subject, subject.ends_at),
        (replace(subject, status=Status.CANCELLED), NOW),
    ]


def messages(text):
    """Every message about an event in every state that it can be in."""
    for subject, now in moments(event(text)):
        for seats in ({"capacity": None}, {"taken": 0}, {"taken": 39}, {}):
            names = [text[:20] or "Ann"] * 8
            shown = replace(subject, **seats)
            yield words.post(words.Post(event=shown, now=now, names=names, waiting=12, questions=7))
        for standing in Standing:
            for extra in (
                {},
                {"confirmed_at": NOW},
                {"there": False},
                {"there": True},
                {
                    "there": True,
                    "rating": Rating.A_LOT,
                    "rating_text": stretch(text, RATING_MOST),
                    "stage_after": Stage.EXPLORING,
                },
            ):
                card = words.Card(
                    event=subject, one=one(standing=standing, **extra), now=now, zone=ZONE, place=3, plan=2
                )
                yield words.ticket(card)
                for rung in Rung:
                    if rung is not Rung.LIST:
                        yield words.reminder(rung, card)
                        yield words.reminder(rung, replace(card, plan=1))
                yield notes.seat(card)
            yield notes.cancelled(card)
            yield notes.replaced(card)
            yield notes.recording(card)
            yield notes.questions(subject, ZONE, questions(text), {"U0BOB": stretch(text, 200)}, pass_on=True)
            yield notes.questions(subject, ZONE, [], {})
            everything = frozenset(
                {"title", "link", "description", "topic", "audience", "kind", "specialist", "starts_at"}
            )
            changes = notes.Changes(
                fields=everything, was=NOW, was_minutes=30, then=subject.starts_at, then_minutes=90
            )
            yield notes.changed(card, changes)
    for fate in Fate:
        yield notes.unanswered(event(text), replace(questions(text, 1)[0], fate=fate))


def modals(text):
    """Every modal about events."""
    subject = event(text)
    draft = draft_of(subject)
    gap = Moment(datetime(2027, 3, 14, 7, 30, tzinfo=UTC), datetime(2027, 3, 14, 2, 30), Oddity.GAP)  # noqa: DTZ001
    yield forms.schedule_form(
        Draft(kind="chat", title="", day=None, time="", zone="Asia/Tokyo", length="60", link="")
    )
    yield forms.schedule_form(draft, event=subject, later=51)
    yield forms.scheduled([subject] * 53, [gap] * 53, announced=True)
    yield forms.scheduled([subject], [replace(gap, odd=Oddity.FOLD)], announced=False)
    yield forms.saved([subject, subject], [gap])
    yield forms.cancel_form(subject, 3)
    yield forms.attendance_form(subject, ["U0ANN", "U0BOB"], said=1, signed=2)
    yield forms.recording_form(subject)
    yield forms.question_form(subject, questions(text), "U0BOB")
    yield forms.question_form(subject, questions(text), "U0ANN")
    yield forms.question_sent(subject)
    yield forms.why_form(7, stretch(text, RATING_MOST))
    rows = [replace(subject, id=number) for number in range(lists.SHOWN)]
    past = [replace(each, id=each.id + 100) for each in rows[: lists.PAST_SHOWN]]
    for standing in (None, *Standing):
        mine = {each.id: one(event=each.id, standing=standing) for each in rows} if standing else {}
        for staff in (True, False):
            yield lists.coming(
                lists.Coming(
                    now=NOW,
                    zone=ZONE,
                    rows=rows,
                    left=20,
                    page=2,
                    mine=mine,
                    staff=staff,
                    past=past if staff else (),
                    past_left=3,
                    questions={each.id: 9 for each in rows},
                    unseen=14,
                )
            )
    yield lists.coming(lists.Coming(now=NOW, zone=ZONE))
    yield lists.asked(subject, questions(text), {"U0BOB": text[:100]}, subject.ends_at)
    yield lists.asked(subject, questions(text), {}, NOW)
    yield lists.unseen([Unseen("U0ANN", NOW, NOW), Unseen("U0BOB", None, NOW)], 4)
    yield lists.unseen([], 0)
    yield lists.waiting()
    yield lists.slow()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_every_message_keeps_to_slacks_limits_and_brings_nothing_typed_to_life(text):
    for payload in messages(text):
        assert payload is not None
        slack_rules.check_message(payload)
        for formatted in [payload["text"], *slack_rules.formatted(payload)]:
            assert "<!channel" not in formatted
            assert "<!here" not in formatted
            assert "<@U0VICTIM" not in formatted
            assert "<http" not in formatted


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_every_modal_keeps_to_slacks_limits_and_brings_nothing_typed_to_life(text):
    for view in modals(text):
        slack_rules.check_modal(view)
        for formatted in slack_rules.formatted(view):
            assert "<!channel" not in formatted
            assert "<@U0VICTIM" not in formatted
            assert "<http" not in formatted


def test_an_asterisk_in_a_title_does_not_end_the_bold_around_it():
    starred = replace(event(), title="One *free* seat")
    card = words.Card(event=starred, one=one(), now=NOW, zone=ZONE, plan=2)
    texts = [block["text"]["text"] for block in words.ticket(card)["blocks"] if block["type"] == "section"]
    assert any(text.startswith("*One ∗free∗ seat*") for text in texts)


def test_the_link_is_in_the_cards_of_who_is_let_in_and_nowhere_else():
    subject = event()
    assert subject.link not in str(words.post(words.Post(event=subject, now=NOW)))
    for standing in Standing:
        card = words.Card(event=subject, one=one(standing=standing), now=NOW, zone=ZONE, plan=2)
        shown = str([words.ticket(card), words.reminder(Rung.START, card)])
        assert (subject.link in shown) == (standing in {Standing.GOING, Standing.SPEAKING}), standing
    for standing in (None, *Standing):
        mine = {subject.id: one(standing=standing)} if standing else {}
        listed = str(lists.coming(lists.Coming(now=NOW, zone=ZONE, rows=[subject], mine=mine)))
        assert (subject.link in listed) == (standing is Standing.SPEAKING), standing


def test_what_was_moved_and_moved_back_is_not_worth_a_note():
    subject = event()
    card = words.Card(event=subject, one=one(), now=NOW, zone=ZONE)
    nothing = notes.Changes(
        fields=frozenset({"starts_at", "ends_at"}),
        was=subject.starts_at,
        was_minutes=90,
        then=subject.starts_at,
        then_minutes=90,
    )
    assert notes.changed(card, nothing) is None


def test_dates_are_written_as_americans_write_them_in_the_readers_zone():
    subject = event(
        starts_at=datetime(2027, 4, 1, 21, 0, tzinfo=UTC), ends_at=datetime(2027, 4, 1, 22, 30, tzinfo=UTC)
    )
    assert words.when(subject.starts_at, "America/New_York") == "Thu, Apr 1, 2027, 5 pm ET"
    assert (
        words.when_left(subject.starts_at, "Pacific/Honolulu", NOW)
        == "Thu, Apr 1, 2027, 11 am HST (in 129 days)"
    )
    assert words.lasts(subject) == "1 hour 30 minutes"
    assert words.minutes(120) == "2 hours"


def test_the_form_shows_an_event_as_it_is():
    filled = str(forms.schedule_form(draft_of(event(link="https://meet.example.org/1")), event=event()))
    assert date(2026, 11, 26).isoformat() in filled
    assert "Northern Mariana Islands" in filled
