"""Questions that people send before an event: voted on, put to the specialist, and not forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from community.events import there
from community.events_terms import (
    QUESTION_LEAST,
    QUESTION_MOST,
    Book,
    Event,
    EventAhead,
    EventCancelled,
    EventOver,
    NotForYou,
    OwnQuestion,
    Phase,
    QuestionSettled,
)
from community.members import Member, People, require_staff
from community.mentoring_drafts import keepable
from community.refusals import Incomplete, NotAllowed, NotFound


class Fate(StrEnum):
    """What became of a question."""

    OPEN = "open"
    ANSWERED = "answered"
    OFFERED = "offered"  # its asker is asked whether a mentor should have it
    DECLINED = "declined"
    REQUESTED = "requested"


CAN_BE_TAKEN_ON = (Fate.OFFERED, Fate.DECLINED)
"""Who said no can change their mind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of one person, with how many others want to hear its answer.

    `voted` says whether the reader is one of them; `request` is the mentor request that came of it.
    """

    id: int
    event: int
    asker: str
    text: str
    asked_at: datetime
    fate: Fate = Fate.OPEN
    request: int | None = None
    votes: int = 0
    voted: bool = False


class Questions(Protocol):
    """What the rules need kept about questions; `storage/events_questions.py` is the real one."""

    async def ask(self, event: int, asker: str, text: str, *, at: datetime) -> Question:
        """Keep a question."""

    async def get(self, number: int) -> Question | None:
        """Give a question as it is."""

    async def listed(self, event: int, *, reader: str = "") -> Sequence[Question]:
        """Give the questions of an event, those with the most votes first, then the oldest."""

    async def vote(self, number: int, by: str) -> bool:
        """Add a vote, or take it back where there was one; True if it counts now."""

    async def settle(
        self, number: int, fate: Fate, *, among: Sequence[Fate], **values: Any
    ) -> Question | None:
        """Change what became of it, if that is still one of those; None otherwise."""


def check_question(text: str) -> str:
    """Give a question as it can be kept; raises Incomplete ("question": too short, too long)."""
    kept = keepable(text)
    if len(kept) < QUESTION_LEAST:
        raise Incomplete({"question": "too short"})
    if len(kept) > QUESTION_MOST:
        raise Incomplete({"question": "too long"})
    return kept


async def may_ask(book: Book, people: People, number: int, *, by: str, at: datetime) -> Event:
    """Give the event if this person can still send a question, or vote.

    Raises NotFound, EventCancelled, EventOver, NotForYou.
    """
    event = await there(book, number)
    match event.phase(at):
        case Phase.CANCELLED:
            raise EventCancelled
        case Phase.OVER:
            raise EventOver
    member = await people.member(by) or Member(id=by)
    if not event.audience.admits(member):
        raise NotForYou(event.audience)
    return event


async def ask(
    book: Book, questions: Questions, people: People, number: int, text: str, *, by: str, at: datetime
) -> Question:
    """Send a question; raises as `may_ask`, and Incomplete."""
    kept = check_question(text)
    await may_ask(book, people, number, by=by, at=at)
    return await questions.ask(number, by, kept, at=at)


async def vote(
    book: Book, questions: Questions, people: People, number: int, *, by: str, at: datetime
) -> tuple[Question, bool]:
    """Vote for a question, or take the vote back. Raises as `may_ask`, and OwnQuestion, QuestionSettled."""
    question = await questions.get(number)
    if question is None:
        raise NotFound
    await may_ask(book, people, question.event, by=by, at=at)
    if question.asker == by:
        raise OwnQuestion
    if question.fate is not Fate.OPEN:
        raise QuestionSettled
    return question, await questions.vote(number, by)


async def answered(questions: Questions, people: People, number: int, *, by: str) -> Question:
    """Staff notes that a question was answered. Raises NotAllowed, NotFound, QuestionSettled."""
    await require_staff(people, by)
    if await questions.get(number) is None:
        raise NotFound
    settled = await questions.settle(number, Fate.ANSWERED, among=(Fate.OPEN, Fate.OFFERED))
    if settled is None:
        raise QuestionSettled
    return settled


async def offer_rest(
    book: Book, questions: Questions, people: People, number: int, *, by: str, at: datetime
) -> list[Question]:
    """Ask everybody whose question was not answered whether a mentor should have it; give these.

    Raises NotAllowed, NotFound, EventAhead.
    """
    await require_staff(people, by)
    if (await there(book, number)).phase(at) is Phase.AHEAD:
        raise EventAhead
    offered = [
        await questions.settle(each.id, Fate.OFFERED, among=(Fate.OPEN,))
        for each in await questions.listed(number)
        if each.fate is Fate.OPEN
    ]
    return [each for each in offered if each is not None]


async def decide(questions: Questions, number: int, *, agreed: bool, by: str) -> Question:
    """The asker says whether a mentor should have the question.

    Raises NotFound, NotAllowed, QuestionSettled where it is settled already.
    """
    question = await questions.get(number)
    if question is None:
        raise NotFound
    if question.asker != by:
        raise NotAllowed("the person who asked")
    fate = Fate.REQUESTED if agreed else Fate.DECLINED
    settled = await questions.settle(number, fate, among=CAN_BE_TAKEN_ON)
    if settled is None:
        raise QuestionSettled
    return settled
