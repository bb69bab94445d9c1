"""The forms of asking: the question, added details, why a rating, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from community.mentoring_requests import DETAILS_MOST, QUESTION_LEAST, QUESTION_MOST, RATING_MOST, Draft
from community.offices import Office
from community.states import every_state
from community.topics import Topic
from messages import payload as p

ASK_FORM = "mentoring.ask"
DETAILS_FORM = "mentoring.add_details"
RATING_FORM = "mentoring.rate_text"
ASSIGN_FORM = "mentoring.assign"

PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Fit:
    """A mentor as staff sees them when assigning: name, load, and whether they cover the state."""

    mentor: str
    name: str
    covers: bool
    held: int
    capacity: int
    away: bool


def ask_form(draft: Draft, *, cut: bool = False, by: str = "") -> p.Payload:
    """The form of a question; what the draft holds is filled in, and the race it is about is kept.

    `cut` says that the words were longer than fits; `by` who wrote them, if not the person who asks.
    """
    states = [p.option(state.code, state.name) for state in every_state()]
    topics = [p.option(topic.value, topic.label) for topic in Topic]
    offices = [p.option(office.value, office.label) for office in Office]
    hide = p.option(PRIVATE, "Keep my name private until a mentor claims it")
    about = [p.context(f"*About this race:* {p.escape(draft.race)}")] if draft.race else []
    words = [f"<@{by}> wrote what stands above. Please say what you want to know about it."] if by else []
    if cut:
        words.append(
            f"It was longer than fits: these are its first {QUESTION_MOST:,} characters. "
            "Once you have asked, *Add details* takes the rest."
        )
    return p.modal(
        "Ask a mentor",
        [
            *about,
            p.field(
                "question",
                "Question",
                p.text_input(
                    "question",
                    initial=draft.question,
                    lines=True,
                    least=QUESTION_LEAST,
                    most=QUESTION_MOST,
                    placeholder="What do you want to know? The more a mentor sees, the better they can help.",
                ),
            ),
            *([p.context(" ".join(words))] if words else []),
            p.field("topic", "Topic", p.select("topic", topics, chosen=draft.topic or None)),
            p.field("state", "State", p.select("state", states, chosen=draft.state)),
            p.field("office", "Office", p.select("office", offices, chosen=draft.office), optional=True),
            p.field(
                "needed_by",
                "By when",
                p.date_picker("needed_by", chosen=draft.needed_by),
                optional=True,
                hint="A filing deadline, a debate, a meeting: the day on which the answer comes too late.",
            ),
            p.field(
                "private",
                "Your name",
                p.checkboxes("private", [hide], chosen=[PRIVATE] if draft.private else []),
                optional=True,
            ),
            p.context(
                "Mentors who fit see your question. If you feel unsafe, choose that topic: "
                "it goes to staff alone, at once."
            ),
        ],
        callback=ASK_FORM,
        submit="Ask",
        close="Cancel",
        metadata=draft.race,
    )


ASK_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "question": {
        "too short": f"Please write at least {QUESTION_LEAST} characters, so a mentor can help.",
        "too long": f"Please keep it to {QUESTION_MOST:,} characters. You can add details afterwards.",
    },
    "topic": {"unknown": "Please choose one of the topics."},
    "state": {"missing": "Please choose a state.", "unknown": "There is no such state. Please choose one."},
    "office": {"unknown": "Please choose one of the offices, or leave it empty."},
    "needed_by": {"past": "That day is over. Please choose today or a later day, or leave it empty."},
}

DETAILS_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "details": {
        "missing": "Please write something.",
        "too long": f"All details together can have {DETAILS_MOST:,} characters. Please shorten this.",
    }
}


def details_form(number: int) -> p.Payload:
    """The form to add to one's question."""
    box = p.text_input("details", lines=True, most=DETAILS_MOST)
    return p.modal(
        f"Add to #{number}",
        [p.field("details", "Details", box, hint="Everybody who sees your question sees this too.")],
        callback=DETAILS_FORM,
        submit="Add",
        close="Cancel",
        metadata=str(number),
    )


def rating_form(number: int) -> p.Payload:
    """The form to say why an answer helped, or did not."""
    box = p.text_input("why", lines=True, most=RATING_MOST)
    return p.modal(
        "Say why",
        [p.field("why", "What helped, what was missing?", box, hint="Your mentor reads this.")],
        callback=RATING_FORM,
        submit="Send",
        close="Cancel",
        metadata=str(number),
    )


def loading(title: str) -> p.Payload:
    """What stands there until the form is ready."""
    return p.modal(title, [p.section("One moment…")], close="Cancel")


ASSIGN_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "mentor": {"missing": "Please choose a mentor.", "unknown": "This mentor is not here any more."}
}


def assign_form(number: int, fits: Sequence[Fit]) -> p.Payload:
    """The form in which staff gives a request to a mentor: those who fit first, with their load."""
    if not fits:
        return p.modal(
            "Assign", [p.section("No approved mentor may take this one. You can take it yourself.")]
        )
    groups: dict[str, list[p.Element]] = {}
    for fit in fits:
        load = f"holds {fit.held} of {fit.capacity}{', away' if fit.away else ''}"
        label = "Covers the state" if fit.covers else "Other states"
        groups.setdefault(label, []).append(p.option(fit.mentor, fit.name, load))
    return p.modal(
        f"Assign #{number}",
        [p.field("mentor", "Mentor", p.long_select("mentor", groups), hint="Whoever fits best comes first.")],
        callback=ASSIGN_FORM,
        submit="Assign",
        close="Cancel",
        metadata=str(number),
    )
