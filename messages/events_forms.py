"""The forms of events: scheduling and editing, cancelling, attendance, a recording, a question, a rating."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache

from community.events_form import Draft
from community.events_questions import Fate, Question
from community.events_terms import (
    ABOUT_MOST,
    DESCRIPTION_MOST,
    MINUTES_LEAST,
    MINUTES_MOST,
    NAME_MOST,
    NOTES_MOST,
    QUESTION_LEAST,
    QUESTION_MOST,
    RATING_MOST,
    REASON_MOST,
    SEATS_MOST,
    TITLE_MOST,
    Event,
    Kind,
    Phase,
)
from community.events_times import SERIES_MOST, Moment, Oddity
from community.members import Stage
from community.states import every_state
from community.topics import MENTOR_TOPICS
from messages import events as words
from messages import events_notes as notes
from messages import payload as p
from messages.times import clock_time, day, moment

SCHEDULE_FORM = "events.schedule"
EDIT_FORM = "events.edit"
CANCEL_FORM = "events.cancel"
ATTENDANCE_FORM = "events.attendance"
RECORDING_FORM = "events.recording"
QUESTION_FORM = "events.question"
WHY_FORM = "events.why"
VOTE = "events.vote"

LATER = "later"
"""The choice to change or cancel the later ones of a series as well."""

QUESTIONS_SHOWN = 20

ZONES = {
    "America/New_York": "Eastern (New York)",
    "America/Chicago": "Central (Chicago)",
    "America/Denver": "Mountain (Denver)",
    "America/Phoenix": "Arizona (Phoenix)",
    "America/Los_Angeles": "Pacific (Los Angeles)",
    "America/Anchorage": "Alaska (Anchorage)",
    "Pacific/Honolulu": "Hawaii (Honolulu)",
    "America/Puerto_Rico": "Atlantic (Puerto Rico)",
    "America/Indiana/Indianapolis": "Indiana (Indianapolis)",
    "America/Boise": "Mountain (Boise)",
    "Pacific/Guam": "Guam",
    "Pacific/Pago_Pago": "American Samoa",
    "UTC": "UTC",
}
"""The zones to choose from; that of whoever fills in the form is added where it is none of them."""

SCHEDULE_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "kind": {"unknown": "Please choose one of these."},
    "title": {
        "missing": "Please give it a title.",
        "too long": f"Please keep it to {TITLE_MOST} characters.",
    },
    "specialist": {"missing": "Please choose who speaks, or write a name below."},
    "specialist_name": {"too long": f"Please keep it to {NAME_MOST} characters."},
    "specialist_about": {"too long": f"Please keep it to {ABOUT_MOST} characters."},
    "description": {"too long": f"Please keep it to {DESCRIPTION_MOST} characters."},
    "day": {"missing": "Please pick a day.", "past": "That day is over there. Please pick a later one."},
    "time": {
        "missing": "Please pick a time.",
        "past": "That time has passed there. Please pick a later one.",
    },
    "zone": {"unknown": "Please choose one of the zones."},
    "length": {
        "out of range": f"It has to end after it starts: {MINUTES_LEAST} to {MINUTES_MOST} minutes, please."
    },
    "link": {
        "missing": "Please give the link to join with.",
        "no link": "That is no link. It begins with https://.",
        "too long": "That link is too long.",
    },
    "topic": {"unknown": "Please choose one of the topics."},
    "audience": {"unknown": "Please choose one of these."},
    "capacity": {
        "out of range": f"From 1 to {SEATS_MOST}, please. Empty: as many as come.",
        "below": "More people than that have a seat already.",
    },
    "until": {
        "before": "That is before it begins.",
        "too soon": "That is before the second one. Leave it empty if it takes place once.",
        "too far": f"Please plan at most {SERIES_MOST} weeks ahead.",
    },
}
CANCEL_PROBLEMS = {"reason": {"too long": f"Please keep it to {REASON_MOST} characters."}}
RECORDING_PROBLEMS = {
    "recording": {
        "missing": "Please give a link, or write notes.",
        "no link": "That is no link. It begins with https://.",
        "too long": "That link is too long.",
    },
    "notes": {"too long": f"Please keep it to {NOTES_MOST} characters."},
}
QUESTION_PROBLEMS = {
    "question": {
        "too short": "Please write a whole sentence, so that it can be answered.",
        "too long": f"Please keep it to {QUESTION_MOST} characters.",
    }
}
WHY_PROBLEMS = {"why": {"too long": f"Please keep it to {RATING_MOST} characters."}}


@cache
def _audiences() -> tuple[p.Element, ...]:
    return (
        p.option("everyone", "Everyone"),
        *(p.option(f"stage:{stage.value}", stage.label) for stage in Stage),
        *(p.option(f"state:{state.code}", state.name) for state in every_state()),
    )


def schedule_form(draft: Draft, *, event: Event | None = None, later: int = 0) -> p.Payload:
    """The form to schedule an event, or to edit one; `later` is how many of its series come after it."""
    zones = ZONES if draft.zone in ZONES else {draft.zone: draft.zone, **ZONES}
    kinds = [p.option(kind.value, kind.label) for kind in Kind]
    topics = [p.option(topic.value, topic.label) for topic in MENTOR_TOPICS]
    length = int(draft.length or 60)
    seats = int(draft.capacity) if draft.capacity else None
    blocks = [
        p.field("kind", "What is it?", p.select("kind", kinds, chosen=draft.kind)),
        p.field("title", "Title", p.text_input("title", initial=draft.title, most=TITLE_MOST)),
        p.field(
            "specialist",
            "Who speaks",
            p.person_select("specialist", chosen=draft.specialist),
            optional=True,
            hint="Somebody in Slack. If they are not here, write their name instead.",
        ),
        p.field(
            "specialist_name",
            "Name, if not in Slack",
            p.text_input("specialist_name", initial=draft.specialist_name, most=NAME_MOST),
            optional=True,
        ),
        p.field(
            "specialist_about",
            "A line about them",
            p.text_input("specialist_about", initial=draft.specialist_about, most=ABOUT_MOST),
            optional=True,
        ),
        p.field("day", "Day", p.date_picker("day", chosen=draft.day)),
        p.field("time", "Time", p.time_picker("time", chosen=draft.time)),
        p.field(
            "zone",
            "Time zone",
            p.select("zone", [p.option(key, name) for key, name in zones.items()], chosen=draft.zone),
        ),
        p.field(
            "length",
            "Length in minutes",
            p.number_input("length", initial=length, least=MINUTES_LEAST, most=MINUTES_MOST),
        ),
        p.field(
            "link",
            "Join link",
            p.link_input("link", initial=draft.link),
            hint="Only those who sign up get it.",
        ),
        p.field(
            "description",
            "Description",
            p.text_input("description", initial=draft.description, lines=True, most=DESCRIPTION_MOST),
            optional=True,
        ),
        p.field("topic", "Topic", p.select("topic", topics, chosen=draft.topic), optional=True),
        p.field("audience", "For whom", p.select("audience", _audiences(), chosen=draft.audience)),
        p.field(
            "capacity",
            "Seats",
            p.number_input("capacity", initial=seats, least=1, most=SEATS_MOST),
            optional=True,
            hint="Whoever signs up after that waits for the next free seat. Empty: as many as come.",
        ),
    ]
    if event is None:
        until = p.field(
            "until",
            "Repeats weekly until",
            p.date_picker("until", chosen=draft.until),
            optional=True,
            hint="Each week is announced seven days before.",
        )
        return p.modal("Schedule", [*blocks, until], callback=SCHEDULE_FORM, submit="Publish", close="Cancel")
    return p.modal(
        "Edit",
        [*blocks, *_later_too(later, "Change the later ones of the series too"), _told(event)],
        callback=EDIT_FORM,
        submit="Save",
        close="Cancel",
        metadata=str(event.id),
    )


def _told(event: Event) -> p.Block:
    return p.context(f"Everybody who signed up ({event.taken}) is told what changed.")


def _later_too(later: int, label: str) -> list[p.Block]:
    if not later:
        return []
    box = p.checkboxes("scope", [p.option(LATER, label, f"{later} more")])
    return [p.field("scope", "Series", box, optional=True)]


def scheduled(events: Sequence[Event], moments: Sequence[Moment], *, announced: bool) -> p.Payload:
    """Say what came of it: when it is on several walls, what is odd about the time, who hears of it."""
    event = events[0]
    lines = [f"*{words.named(event)}*", words.when(event.starts_at, event.zone)]
    elsewhere = [zone for zone in list(ZONES)[:5] if zone not in {event.zone, "America/Phoenix"}]
    walls = ", ".join(_wall(event.starts_at, zone) for zone in elsewhere)
    blocks = [p.section("\n".join(lines)), p.context(f"Elsewhere: {walls}.")]
    if len(events) > 1:
        last = words.when(events[-1].starts_at, event.zone)
        blocks.append(p.section(f"{len(events)} times, weekly, the last on {last}."))
    blocks += [p.section(oddity(each, event.zone)) for each in moments if each.odd][:10]
    said = (
        "It is being announced in the community channel."
        if announced
        else "No community channel is set, so it stands on the Home tab and in `/chats` only."
    )
    return p.modal("Scheduled", [*blocks, p.context(said)], close="Done")


def _wall(at: datetime, zone: str) -> str:
    return moment(at, zone).split(", ")[-1]


def saved(events: Sequence[Event], moments: Sequence[Moment]) -> p.Payload:
    """Say what an edit came to."""
    event = events[0]
    blocks = [p.section(f"*{words.named(event)}*\n{words.when(event.starts_at, event.zone)}")]
    if len(events) > 1:
        blocks.append(p.section(f"{len(events) - 1} later ones were changed as well."))
    blocks += [p.section(oddity(each, event.zone)) for each in moments if each.odd]
    return p.modal(
        "Saved", [*blocks, p.context("Everybody who signed up is told what changed.")], close="Done"
    )


def oddity(each: Moment, zone: str) -> str:
    """Say what the change of the clocks makes of a time that was entered."""
    wanted, there = clock_time(each.wanted), day(each.wanted.date())
    if each.odd is Oddity.GAP:
        return (
            f"*{wanted} does not exist on {there}*: the clocks go forward. "
            f"It is at {words.when(each.at, zone)} instead."
        )
    return (
        f"*{wanted} comes twice on {there}*: the clocks go back. The first of the two counts, "
        f"{moment(each.at, 'UTC')}."
    )


def cancel_form(event: Event, later: int) -> p.Payload:
    """The question before an event is cancelled."""
    reason = p.text_input("reason", lines=True, most=REASON_MOST)
    signed = f"{event.taken} {'person' if event.taken == 1 else 'people'}"
    return p.modal(
        "Cancel it?",
        [
            p.section(f"*{words.named(event)}*\n{words.when(event.starts_at, event.zone)}"),
            p.context(f"{signed} signed up and will be told. This cannot be undone."),
            p.field("reason", "Why? They read this.", reason, optional=True),
            *_later_too(later, "Cancel the later ones of the series too"),
        ],
        callback=CANCEL_FORM,
        submit="Cancel it",
        close="Keep it",
        metadata=str(event.id),
    )


def attendance_form(event: Event, there: Iterable[str], *, said: int, signed: int) -> p.Payload:
    """Who was there, filled in with those of whom it is known."""
    counts = f"{signed} signed up, and {said or 'nobody'} {'is' if said <= 1 else 'are'} known to have come."
    moves = " Whoever comes to an intro call moves to the next stage." if event.kind is Kind.INTRO else ""
    return p.modal(
        "Attendance",
        [
            p.section(f"*{words.named(event)}*\n{words.when(event.starts_at, event.zone)}"),
            p.context(counts + moves),
            p.field(
                "there",
                "Who was there",
                p.people_select("there", chosen=there),
                optional=True,
                hint="Everybody else who signed up counts as not there. Others can be added.",
            ),
        ],
        callback=ATTENDANCE_FORM,
        submit="Save",
        close="Cancel",
        metadata=str(event.id),
    )


def recording_form(event: Event) -> p.Payload:
    """A recording and notes."""
    box = p.text_input("notes", initial=event.notes, lines=True, most=NOTES_MOST)
    return p.modal(
        "Recording and notes",
        [
            p.section(f"*{words.named(event)}*\n{words.when(event.starts_at, event.zone)}"),
            p.field("recording", "Link", p.link_input("recording", initial=event.recording), optional=True),
            p.field("notes", "Notes", box, optional=True),
            p.context("They go to everybody who had signed up, and into the library."),
        ],
        callback=RECORDING_FORM,
        submit="Send",
        close="Cancel",
        metadata=str(event.id),
    )


def question_form(event: Event, asked: Sequence[Question], reader: str) -> p.Payload:
    """Ask beforehand, and vote for what others have asked."""
    box = p.text_input(
        "question",
        lines=True,
        least=QUESTION_LEAST,
        most=QUESTION_MOST,
        placeholder="What would you like to hear about?",
    )
    open_ones = [each for each in asked if each.fate is Fate.OPEN]
    blocks = [
        p.section(f"*{words.named(event)}*"),
        p.field(
            "question",
            "Your question",
            box,
            hint="Others see the question without your name and can vote for it. The specialist sees both.",
        ),
    ]
    if open_ones:
        blocks.append(p.section("*What others want to know.* Press to vote, press again to take it back."))
    for each in open_ones[:QUESTIONS_SHOWN]:
        mine = each.asker == reader
        label = f"Voted · {each.votes}" if each.voted else f"Vote · {each.votes}"
        press = None if mine else p.button(label, VOTE, each.id, style="primary" if each.voted else None)
        own = f"\n_Yours, {notes.votes(each)}_" if mine else ""
        blocks.append(
            p.section(f"{p.escape(each.text)}{own}", accessory=press, block_id=f"question-{each.id}")
        )
    if len(open_ones) > QUESTIONS_SHOWN:
        blocks.append(p.context(f"And {len(open_ones) - QUESTIONS_SHOWN} more with fewer votes."))
    return p.modal(
        "Questions",
        blocks,
        callback=QUESTION_FORM,
        submit="Send",
        close="Close",
        metadata=json.dumps({"event": event.id}),
    )


def question_sent(event: Event) -> p.Payload:
    """Say that the question has arrived."""
    return p.modal(
        "Questions",
        [
            p.section(f"*Your question is on the list for {words.named(event)}.*"),
            p.context(
                "Half an hour before it begins the list goes to whoever speaks, the most wanted first."
            ),
        ],
        close="Done",
    )


def why_form(number: int, said: str) -> p.Payload:
    """Free words beside a grade."""
    box = p.text_input("why", initial=said, lines=True, most=RATING_MOST)
    return p.modal(
        "How was it?",
        [p.field("why", "What helped, and what did not?", box), p.context("Only staff reads this.")],
        callback=WHY_FORM,
        submit="Send",
        close="Cancel",
        metadata=str(number),
    )


def can_change(event: Event, now: datetime) -> bool:
    """Whether an event can still be edited and cancelled."""
    return event.phase(now) in {Phase.AHEAD, Phase.RUNNING}
