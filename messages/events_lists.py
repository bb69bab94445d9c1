"""Events in lists: what is to come, for everybody and for staff; the questions of one; who was not seen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from community.events_after import Unseen
from community.events_questions import Fate, Question
from community.events_terms import Event, Phase, SignUp, Standing
from messages import events as words
from messages import events_notes as notes
from messages import payload as p
from messages.refusals import VIEW_TOO_LATE
from messages.times import day

LIST = "events.list"
"""The callback of the view that lists what is to come: it is shown anew after every press in it."""

QUESTIONS = "events.questions"
SCHEDULE = "events.schedule"
EDIT = "events.edit"
CANCEL = "events.cancel"
ATTENDANCE = "events.attendance"
ASKED = "events.asked"
RECORDING = "events.recording"
UNSEEN = "events.unseen"
ANSWERED = "events.answered"
REST = "events.rest"
MORE = "events.more"
PAGE = "events.page"

SHOWN = 10
PAST_SHOWN = 5
HOME_SHOWN = 3
UNSEEN_SHOWN = 30
ASKED_SHOWN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """What a person can come to; `mine` are their sign-ups by event, `places` those on waiting lists.

    `past`, `questions` (how many, by event) and `unseen` are for staff. `page` and `past_page` count from 0.
    """

    now: datetime
    zone: str
    rows: Sequence[Event] = ()
    left: int = 0
    page: int = 0
    mine: Mapping[int, SignUp] = field(default_factory=dict)
    places: Mapping[int, int] = field(default_factory=dict)
    staff: bool = False
    past: Sequence[Event] = ()
    past_left: int = 0
    past_page: int = 0
    questions: Mapping[int, int] = field(default_factory=dict)
    unseen: int = 0


def coming(facts: Coming) -> p.Payload:
    """The answer to /chats."""
    blocks: list[p.Block] = []
    if facts.staff:
        unseen = p.button(f"Not seen for two weeks ({facts.unseen})", UNSEEN) if facts.unseen else None
        blocks.append(p.actions(p.button("Schedule…", SCHEDULE, style="primary"), unseen))
    if not facts.rows:
        blocks.append(
            p.section("Nothing is planned for you right now. New chats are announced here in Slack.")
        )
    for event in facts.rows:
        blocks += [p.divider(), _row(event, facts)]
        if facts.staff:
            blocks.append(_desk(event, facts))
    blocks += _pager("coming", facts.page, facts.left, "later ones")
    if facts.staff and facts.past:
        blocks += [p.divider(), p.section("*Over*")]
        for event in facts.past:
            text = (
                f"*{words.named(event)}*\n{words.when(event.starts_at, facts.zone)}. {event.taken} signed up."
            )
            blocks += [p.section(text), _desk(event, facts)]
        blocks += _pager("past", facts.past_page, facts.past_left, "earlier ones")
    kept = json.dumps({"coming": facts.page, "past": facts.past_page})
    return p.modal("Armchair Chats", blocks, callback=LIST, metadata=kept)


def _pager(name: str, page: int, left: int, what: str) -> list[p.Block]:
    """Lead to what does not fit: how much of it is left, and back again."""
    if not page and not left:
        return []
    back = p.button("Back", f"{PAGE}.{name}.back", page - 1) if page else None
    more = p.button(f"{left} {what}", f"{PAGE}.{name}.on", page + 1) if left else None
    return [p.actions(back, more, block_id=f"pager-{name}")]


def _row(event: Event, facts: Coming) -> p.Block:
    text = "\n".join(
        filter(
            None,
            [
                f"*{words.named(event)}*",
                f"{words.when_left(event.starts_at, facts.zone, facts.now)}, {words.lasts(event)}",
                words.kind_line(event),
                words.with_whom(event),
                _standing(event, facts),
            ],
        )
    )
    return p.section(text, accessory=_press(event, facts))


def _standing(event: Event, facts: Coming) -> str:
    one = facts.mine.get(event.id)
    running = "It has begun. " if event.phase(facts.now) is Phase.RUNNING else ""
    if one is not None and one.standing is Standing.SPEAKING:
        return f"*{running}You speak.*"
    if one is not None and one.standing is Standing.GOING:
        return f"*{running}You are signed up.*"
    if one is not None and one.standing is Standing.WAITING:
        return f"*{running}You are number {facts.places.get(event.id, 1)} on the waiting list.*"
    signed = f"{event.taken} signed up." if event.taken else "Nobody has signed up yet."
    return f"{running}{signed}{_room(event)}"


def _room(event: Event) -> str:
    if event.capacity is None:
        return ""
    left = event.capacity - event.taken
    return f" {left} {'seat' if left == 1 else 'seats'} left." if left > 0 else " All seats are taken."


def _press(event: Event, facts: Coming) -> p.Element | None:
    one = facts.mine.get(event.id)
    if one is None or one.standing is Standing.GONE:
        label = "Join the waiting list" if event.full else "Sign me up"
        return p.button(label, words.SIGN_UP, event.id, label=f"{label}: {event.title}")
    if one.standing is Standing.SPEAKING:
        return p.button("Join link", words.JOIN, url=event.link)
    label = "Can't make it" if one.standing is Standing.GOING else "Leave the waiting list"
    return p.button(label, words.LEAVE, one.id, label=f"{label}: {event.title}")


def _desk(event: Event, facts: Coming) -> p.Block:
    """What staff can do about an event."""
    phase = event.phase(facts.now)
    count = facts.questions.get(event.id, 0)
    over = phase is Phase.OVER
    ahead = phase is Phase.AHEAD
    return p.actions(
        None if over else p.button("Edit…", EDIT, event.id, label=f"Edit {event.title}"),
        None if over else p.button("Cancel…", CANCEL, event.id, label=f"Cancel {event.title}"),
        None if ahead else p.button("Attendance…", ATTENDANCE, event.id),
        p.button(f"Questions ({count})", ASKED, event.id) if count else None,
        None if ahead else p.button("Recording…", RECORDING, event.id),
        block_id=f"desk-{event.id}",
    )


def own(facts: Coming) -> list[p.Block]:
    """What is to come, on the Home tab."""
    more = p.button("See all" if not facts.staff else "Schedule and see all", MORE)
    if not facts.rows:
        blocks = [p.section("Nothing is planned right now.", accessory=more if facts.staff else None)]
        return [p.header("Armchair Chats"), *blocks]
    return [
        p.header("Armchair Chats"),
        *(_row(event, facts) for event in facts.rows),
        p.actions(more, block_id="events-more"),
    ]


def asked(event: Event, questions: Sequence[Question], names: Mapping[str, str], now: datetime) -> p.Payload:
    """What was asked, for staff: which ones were answered, and who takes on the rest."""
    over = event.phase(now) is not Phase.AHEAD
    rest = sum(each.fate is Fate.OPEN for each in questions)
    blocks: list[p.Block] = [p.section(f"*{words.named(event)}*\n{words.when(event.starts_at, event.zone)}")]
    if over and rest:
        take = p.button(f"Offer the rest to mentors ({rest})", REST, event.id, style="primary")
        blocks += [
            p.actions(take),
            p.context("Everybody whose question was not answered is asked first whether they want that."),
        ]
    for each in questions[:ASKED_SHOWN]:
        who = p.escape(names.get(each.asker) or "somebody")
        text = f"{p.escape(each.text)}\n_{who}, {notes.votes(each)}. {_FATES[each.fate]}_"
        open_one = over and each.fate in {Fate.OPEN, Fate.OFFERED}
        press = p.button("Answered", ANSWERED, each.id) if open_one else None
        blocks.append(p.section(text, accessory=press))
    if len(questions) > ASKED_SHOWN:
        blocks.append(p.context(f"And {len(questions) - ASKED_SHOWN} more with fewer votes."))
    return p.modal("Questions", blocks, callback=QUESTIONS, metadata=str(event.id))


_FATES = {
    Fate.OPEN: "Open.",
    Fate.ANSWERED: "Answered.",
    Fate.OFFERED: "Asked whether a mentor should have it.",
    Fate.DECLINED: "No mentor wanted.",
    Fate.REQUESTED: "With mentors.",
}


def unseen(rows: Sequence[Unseen], left: int) -> p.Payload:
    """Who came to intro calls and has not been seen for two weeks, the longest first."""
    lines = [
        f"• <@{each.user}>: last seen {day(each.last_seen.date())}."
        if each.last_seen
        else f"• <@{each.user}>: signed up for {day(each.signed_up.date())} and never came."
        for each in rows
    ]
    blocks = [p.section("\n".join(lines) or "Everybody has been seen.")]
    if left:
        blocks.append(p.context(f"And {left} more."))
    return p.modal("Not seen for two weeks", blocks)


def waiting() -> p.Payload:
    """What stands in the place of the list while it is read."""
    return p.modal("Armchair Chats", [p.section("One moment…")], callback=LIST)


def slow() -> p.Payload:
    """What is shown where something cannot be read in time."""
    return p.modal("Armchair Chats", [p.section(VIEW_TOO_LATE)])
