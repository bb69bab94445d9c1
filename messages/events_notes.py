"""What people are told once about an event: a change, a cancellation, a seat, a recording, the questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from community.events_questions import Fate, Question
from community.events_terms import Event, Phase, SignUp, Standing
from messages import events as words
from messages import payload as p

LIST_MOST = 20
LIST_TEXT_MOST = 7500
"""Questions that the specialist's list shows, and characters of all of them: they fit one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed since a person last heard: the fields; when it was to begin, for how long; and then."""

    fields: frozenset[str]
    was: datetime
    was_minutes: int
    then: datetime
    then_minutes: int


_SAID: tuple[tuple[str, Callable[[Event], str]], ...] = (
    ("title", lambda e: f"Title: {p.escape(e.title)}"),
    ("link", lambda _: "The join link is another one."),
    ("description", lambda _: "The description is another one."),
    ("topic", lambda e: f"Topic: {e.topic.label}" if e.topic else "It has no particular topic any more."),
    ("audience", lambda e: f"For: {e.audience.label}"),
    ("kind", lambda e: f"It is now: {e.kind.label}"),
)


def changed(card: words.Card, changes: Changes) -> p.Payload | None:
    """Say what changed, with what it was; None where in the end nothing did."""
    event = card.event
    lines: list[str] = []
    if changes.was != changes.then:
        was = words.when(changes.was, card.zone)
        lines.append(f"*Time:* {words.when_left(changes.then, card.zone, card.now)}, no longer {was}.")
    if changes.was_minutes != changes.then_minutes:
        lines.append(f"*Length:* {words.minutes(changes.then_minutes)}.")
    if changes.fields & {"specialist", "specialist_name", "specialist_about"}:
        lines.append(words.with_whom(event) or "There is no specialist any more.")
    lines += [say(event) for name, say in _SAID if name in changes.fields]
    if not lines:
        return None
    title = f"*{words.named(event)}* has changed"
    phase = event.phase(card.now)
    if card.one.standing is Standing.GONE or phase in {Phase.OVER, Phase.CANCELLED}:
        by_now = {Phase.OVER: "This is over.", Phase.CANCELLED: "It was cancelled since."}
        said = by_now.get(phase, "You are not coming.")
        return p.message(title, [p.section("\n".join([title, *lines])), p.context(said)])
    waiting = card.one.standing is Standing.WAITING
    leave = "Leave the waiting list" if waiting else "Can't make it"
    pressed = [
        p.button("Join link", words.JOIN, url=event.link) if card.one.coming else None,
        p.button(leave, words.LEAVE, card.one.id) if card.one.standing is not Standing.SPEAKING else None,
    ]
    small = "Reminders come by the new time. The file brings your calendar up to date."
    return p.message(
        title,
        [
            p.section("\n".join([title, *lines])),
            *([] if waiting else [p.context(small)]),
            p.actions(*pressed),
        ],
    )


def cancelled(card: words.Card) -> p.Payload:
    """Say that it does not take place, and why."""
    event = card.event
    title = f"*{words.named(event)}* is cancelled"
    why = f"\n{p.escape(event.reason)}" if event.reason else ""
    small = "The file takes it out of your calendar." if card.one.coming else ""
    return p.message(
        title,
        [
            p.section(f"{title}\nIt was to be on {words.when(event.starts_at, card.zone)}.{why}"),
            *([p.context(small)] if small else []),
        ],
    )


def seat(card: words.Card) -> p.Payload:
    """Say to somebody who waited that they have a seat."""
    event, one = card.event, card.one
    title = f"*{words.named(event)}*: a seat became free, and it is yours"
    if not one.coming or event.phase(card.now) in {Phase.OVER, Phase.CANCELLED}:
        return words.ticket(card)
    return p.message(
        title,
        [
            p.section(f"{title}\n{words.head(card)}"),
            p.context("If you cannot come any more, say so: the next person is waiting."),
            p.actions(
                p.button("Join link", words.JOIN, url=event.link),
                p.button("Can't make it", words.LEAVE, one.id),
            ),
        ],
    )


def replaced(card: words.Card) -> p.Payload:
    """Say to the specialist that somebody else speaks."""
    title = f"*{words.named(card.event)}*: somebody else speaks now"
    return p.message(
        title, [p.section(f"{title}\n{words.when(card.event.starts_at, card.zone)}\nThere is nothing to do.")]
    )


def recording(card: words.Card) -> p.Payload:
    """The recording and the notes, for those who had signed up."""
    event = card.event
    what = " and ".join(filter(None, ["the recording" * bool(event.recording), "notes" * bool(event.notes)]))
    title = f"*{words.named(event)}*: {what or 'nothing is left of it'}"
    watch = (
        p.button("Watch it", words.WATCH, url=event.recording, style="primary") if event.recording else None
    )
    return p.message(
        title,
        [
            p.section(f"{title}\n{words.when(event.starts_at, card.zone)}"),
            *(p.typed(event.notes) if event.notes else []),
            *([p.actions(watch)] if watch else []),
        ],
    )


def questions(
    event: Event,
    zone: str,
    asked: Sequence[Question],
    names: Mapping[str, str],
    *,
    pass_on: bool = False,
) -> p.Payload:
    """The list for the specialist, half an hour before: what most people want to know comes first.

    `pass_on` says that staff reads it, because the specialist is not in the workspace.
    """
    title = f"*In half an hour: {words.named(event)}*"
    people = "Nobody has signed up."
    if event.taken:
        people = f"{event.taken} {'person has' if event.taken == 1 else 'people have'} signed up."
    blocks: list[p.Block] = [p.section(f"{title}\n{words.when(event.starts_at, zone)}. {people}")]
    if pass_on and event.specialist_name and asked:
        blocks.append(p.context(f"Please pass this on to {p.escape(event.specialist_name)}."))
    if not asked:
        blocks.append(p.section("Nobody has sent a question beforehand."))
    shown = 0
    room = LIST_TEXT_MOST
    for each in asked[:LIST_MOST]:
        who = p.escape(p.shorten(names.get(each.asker) or "somebody", 60))
        room -= p.units(each.text) + p.units(who) + 30
        if room < 0:
            break
        shown += 1
        blocks += [*p.typed(f"{shown}. {each.text}"), p.context(f"{who}, {votes(each)}")]
    if shown < len(asked):
        blocks.append(
            p.context(f"And {len(asked) - shown} more with fewer votes: `/chats` has them for staff.")
        )
    return p.message(
        f"In half an hour: {words.named(event)}",
        [*blocks, p.actions(p.button("Join", words.JOIN, url=event.link, style="primary"))],
    )


def votes(question: Question) -> str:
    """Write how many others want to hear the answer: "1 vote", "3 votes"."""
    return f"{question.votes} {'vote' if question.votes == 1 else 'votes'}"


def unanswered(event: Event, question: Question) -> p.Payload:
    """Ask somebody whose question found no time whether a mentor should have it."""
    title = f"Your question for *{words.named(event)}*"
    said: list[p.Block]
    match question.fate:
        case Fate.REQUESTED:
            said = [p.section("*It is with mentors now.* You have a card of its own for it.")]
        case Fate.ANSWERED:
            said = [p.section("*It was answered.* The recording has it, if there is one.")]
        case Fate.DECLINED:
            said = [
                p.section("*You said no, and that is fine.*"),
                p.actions(p.button("Ask a mentor after all", words.TAKE_ON, question.id)),
            ]
        case _:
            said = [
                p.section("There was no time for it. Shall we ask a mentor who knows about this?"),
                p.actions(
                    p.button("Yes, ask a mentor", words.TAKE_ON, question.id, style="primary"),
                    p.button("No, thanks", words.LET_GO, question.id),
                ),
            ]
    return p.message(title, [p.section(title), p.quoted(question.text, 500), *said])


def own_sign_up(one: SignUp, *, place: int = 0) -> str:
    """Say in one sentence to who has just pressed what came of it."""
    if one.standing is Standing.WAITING:
        return (
            f"All seats are taken. You are number {place} on the waiting list; your card is in our messages."
        )
    return "You are signed up. Your card and the calendar file are in our messages."
