"""The journey as staff sees it: who is where, who did not get it and why, and the lessons' texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from community import journeys_steps as steps
from community.journeys_steps import Cause, Enrolment, Listed, Row, Standing
from community.members import Stage
from messages import payload as p
from messages.deliveries import reason_words
from messages.journeys_lessons import TASK_MOST, TEXT_MOST, TITLE_MOST, Lesson, Words, lessons
from messages.times import day

PREVIEW = "journeys.preview"
EDIT = "journeys.edit"
ORIGINAL = "journeys.original"
SHOW = "journeys.show"

DESK = "journeys.desk"
EDIT_FORM = "journeys.edit"

SIZE = 10
"""Names of one list that are shown at once."""

LISTS = ("missed", "quiet", "stuck", "paused")

TITLE = "The first seven days"


@dataclass(frozen=True, slots=True)
class Text:
    """A lesson as it is sent from now on: `by` changed it last, None for the original."""

    lesson: Lesson
    words: Words
    number: int = 0
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All that staff sees of a journey; `today` is the day where they are."""

    counts: Mapping[Standing, int]
    stuck: Listed = field(default_factory=Listed)
    missed: Listed = field(default_factory=Listed)
    quiet: Listed = field(default_factory=Listed)
    paused: Listed = field(default_factory=Listed)
    texts: Sequence[Text] = ()


def why_missed(row: Row) -> str:
    """Say why a lesson did not reach somebody."""
    match row.reason:
        case Cause.LEFT:
            return "left the workspace"
        case Cause.GUEST:
            return "a guest who is not in the community channel"
        case Cause.UNKNOWN:
            return "Slack has not told us yet who this is"
        case steps.UNCLEAR:
            return "nobody can know whether it arrived"
        case _:
            return reason_words(row.reason or "")


def desk(facts: Desk) -> p.Payload:
    """The view of /journey for staff; its metadata says which page of each list it shows."""
    pages = {name: getattr(facts, name).page for name in LISTS}
    numbers = facts.counts
    enrolled = sum(numbers.values())
    return p.modal(
        TITLE,
        [
            p.fields(
                ("Enrolled", str(enrolled)),
                ("On their way", str(numbers.get(Standing.ACTIVE, 0))),
                ("Finished", str(numbers.get(Standing.FINISHED, 0))),
                ("Paused", str(facts.paused.total)),
                ("Stuck", str(facts.stuck.total)),
                ("Not delivered", str(facts.missed.total)),
            ),
            *_list("missed", "Not delivered", facts.missed, _missed),
            *_list("quiet", "Went quiet after the last day", facts.quiet, _quiet),
            *_list("stuck", "Stuck: two tasks recalled and undone", facts.stuck, _where),
            *_list("paused", "Paused", facts.paused, _paused),
            p.divider(),
            p.section(
                "*The lessons*\nA changed lesson reaches only those who are not past its day.",
                accessory=p.button("Send all to me", PREVIEW),
            ),
            *(_text(text) for text in facts.texts),
            p.context("`/journey start @person` puts somebody on it, or sends again what did not arrive."),
        ],
        callback=DESK,
        metadata=json.dumps(pages),
    )


def _list(name: str, title: str, listed: Listed, say: Callable[[Row], str]) -> list[p.Block]:
    if not listed.total:
        return []
    lines = [f"*{title}* ({listed.total})", *(say(row) for row in listed.rows)]
    first = listed.page * SIZE
    left = listed.total - first - len(listed.rows)
    earlier = p.button("Earlier", f"{SHOW}.{name}.back", listed.page - 1) if listed.page else None
    more = p.button(f"{left} more", f"{SHOW}.{name}.on", listed.page + 1) if left > 0 else None
    pager = [p.actions(earlier, more)] if earlier or more else []
    return [p.section("\n".join(lines)), *pager]


def _missed(row: Row) -> str:
    at = f"day {row.enrolment.day}" if row.enrolment.day else "not begun"
    return f"<@{row.enrolment.user}>, {at}: {why_missed(row)}."


def _quiet(row: Row) -> str:
    through = f", through on {day(row.at.date())}" if row.at else ""
    return f"<@{row.enrolment.user}>{through}"


def _where(row: Row) -> str:
    return f"<@{row.enrolment.user}>, day {row.enrolment.day}"


def _paused(row: Row) -> str:
    since = f", since {day(row.at.date())}" if row.at else ""
    return f"<@{row.enrolment.user}>, day {row.enrolment.day}{since}"


def _text(text: Text) -> p.Block:
    changed = f"\nChanged by <@{text.by}>." if text.by else ""
    return p.section(
        f"Day {text.lesson.day}: {p.escape(text.words.title)}{changed}",
        accessory=p.button("Edit…", EDIT, text.lesson.key, label=f"Edit the lesson of day {text.lesson.day}"),
    )


def waiting(title: str = TITLE) -> p.Payload:
    """What is shown until it is read, where that takes long."""
    return p.modal(title, [p.section("One moment…")])


def edit_form(text: Text) -> p.Payload:
    """The form in which staff changes what a lesson says; it remembers which version it starts from."""
    said = {"title": text.words.title, "task": text.words.task, "text": text.words.text}
    labels = {"title": "Title", "task": "The one thing to do", "text": "Text"}
    for stage, variant in sorted(text.words.variants.items()):
        said[stage.value] = variant
        labels[stage.value] = f"Text for “{stage.label}”"
    boxes = [
        p.field(
            name,
            label,
            p.text_input(
                name,
                initial=said[name],
                lines=name != "title",
                most=LONGEST.get(name, LONGEST["text"]),
            ),
        )
        for name, label in labels.items()
    ]
    return p.modal(
        f"Day {text.lesson.day}",
        [
            *([_back(text)] if text.by else []),
            *boxes,
            p.context("`*bold*` and `_italic_` work. Whoever is past this day keeps what they got."),
        ],
        callback=EDIT_FORM,
        submit="Save",
        close="Cancel",
        metadata=f"{text.lesson.key}:{text.number}",
    )


def _back(text: Text) -> p.Block:
    sure = p.sure(
        "Back to the original?",
        "From now on the original is sent. What was changed is kept on record.",
        "Yes, the original",
        "Keep this",
    )
    button = p.button("Back to the original", ORIGINAL, f"{text.lesson.key}:{text.number}", confirm=sure)
    return p.section(f"Changed by <@{text.by}>. The original is kept.", accessory=button)


def back_to_original(lesson: Lesson, *, changed: bool) -> str:
    """Say that the original is sent again, or that somebody else was quicker with another version."""
    if changed:
        return f"From now on day {lesson.day} says again what it said at first."
    return "Somebody else has just saved another version of this lesson. Open it again to see it."


LONGEST = {"title": TITLE_MOST, "task": TASK_MOST, "text": TEXT_MOST}
"""Characters of each field; the texts for stages may be as long as the text for everybody."""

EDIT_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    name: {
        "missing": "Please write something here.",
        "too long": f"This is too long for one card: {LONGEST.get(name, TEXT_MOST):,} characters fit.",
        "edited": (
            "Somebody else has saved another version while you wrote. Copy your text, close this, "
            "and open the lesson again."
        ),
    }
    for name in (*LONGEST, *Stage)
}


def started(user: str, enrolment: Enrolment | None, *, new: bool) -> str:
    """The answer to `/journey start @person`, one line for each."""
    who = f"<@{user}>"
    if enrolment is None:
        return f"{who} has left the workspace, so there is nothing to send."
    began = day(enrolment.started_at.date())
    said = {
        Standing.WAITING: "is noted, and begins as soon as Slack has told us who that is.",
        Standing.ACTIVE: f"is on it since {began}: day {enrolment.day} of {len(lessons())}.",
        Standing.PAUSED: f"has paused on day {enrolment.day}. Only they can go on.",
        Standing.FINISHED: "has had all seven days. *Restart* on their Home tab begins again.",
        Standing.STOPPED: f"was stopped on day {enrolment.day}. Try again in a moment.",
    }[enrolment.standing]
    if new and enrolment.day:
        said = f"goes on after day {enrolment.day}: what did not arrive is sent again."
    elif new:
        said = "begins. Day 1 comes at once, or at nine in the morning where it is night."
    return f"{who} {said}"


START_USAGE = (
    "Say whom, with an @: `/journey start @person`. Several are fine. `/journey help` shows the rest."
)


def too_many(left: int) -> str:
    """Say that one command does not take so many people."""
    return f"{left} more were too many for one command. Please type it again for them."
