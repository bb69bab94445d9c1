"""A question as it was written into the form: checked and cleaned before anybody is asked."""

from __future__ import annotations

from datetime import date
from unicodedata import category

from community.mentoring_requests import QUESTION_LEAST, QUESTION_MOST, Draft
from community.offices import Office, find_office
from community.refusals import Incomplete
from community.states import find_state
from community.topics import Topic, find_topic


def check_draft(draft: Draft, *, today: date) -> tuple[str, Topic, str, Office | None]:
    """Check a question before it is asked; give its words, topic, state code and office.

    `today` is the asker's own date. Raises Incomplete with the fields "question" (too short, too
    long), "topic", "state", "office" (unknown) and "needed_by" (past).
    """
    problems: dict[str, str] = {}
    question = keepable(draft.question)
    if len(question) < QUESTION_LEAST or all(map(_unseen, question)):
        problems["question"] = "too short"
    elif len(question) > QUESTION_MOST:
        problems["question"] = "too long"
    topic = find_topic(draft.topic)
    if topic is None:
        problems["topic"] = "unknown"
    state = find_state(draft.state or "")
    if state is None:
        problems["state"] = "unknown" if draft.state else "missing"
    office = find_office(draft.office) if draft.office else None
    if draft.office and office is None:
        problems["office"] = "unknown"
    if draft.needed_by is not None and draft.needed_by < today:
        problems["needed_by"] = "past"
    if problems or topic is None or state is None:
        raise Incomplete(problems)
    return question, topic, state.code, office


def _unseen(character: str) -> bool:
    """Whether it has no look of its own, such as a space of no width (Unicode's category Cf)."""
    return character.isspace() or category(character) == "Cf"


def keepable(text: str) -> str:
    """Give what a person typed without what no database keeps: NUL, half emoji, and space around it."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "").strip()
