"""An event in words: the post in the community channel, a person's ticket, and the ladder of reminders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from community.events_ladder import Rung
from community.events_terms import Event, Phase, SignUp, Standing
from community.journeys_times import local
from community.mentoring_requests import Rating
from messages import payload as p
from messages.events_calendar import google_link
from messages.times import days_left, for_reader, moment

SIGN_UP = "events.sign_up"
LEAVE = "events.leave"
CONFIRM = "events.confirm"
ASK = "events.ask"
JOIN = "events.join"
CALENDAR = "events.calendar"
WATCH = "events.watch"
THERE = "events.there"
RATE = "events.rate"
WHY = "events.why"
TAKE_ON = "events.take_on"
LET_GO = "events.let_go"

NAMES_SHOWN = 8
"""First names that the post in the channel shows; of the others it says how many they are."""

GRADES = {Rating.A_LOT: "Helped a lot", Rating.SOMEWHAT: "Somewhat", Rating.NOT_REALLY: "Not really"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What the post in the channel shows: `waiting` is how many wait for a seat."""

    event: Event
    now: datetime
    names: Sequence[str] = ()
    waiting: int = 0
    questions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a card of one person shows: `place` is theirs on the waiting list, `plan` that of a reminder.

    `zone` is the IANA zone that the person lives in.
    """

    event: Event
    one: SignUp
    now: datetime
    zone: str
    place: int = 0
    plan: int | None = None
    speaker_name: str = ""


def when(at: datetime, zone: str) -> str:
    """Write when it begins, with the weekday: "Thu, Apr 1, 2027, 5 pm ET"."""
    return f"{local(at, zone):%a}, {moment(at, zone)}"


def when_left(at: datetime, zone: str, now: datetime) -> str:
    """Write when it begins and how far that is: "Thu, Apr 1, 2027, 5 pm ET (in 8 days)"."""
    left = days_left(local(at, zone).date(), local(now, zone).date())
    return f"{when(at, zone)} ({left})"


def lasts(event: Event) -> str:
    """Write how long it is."""
    return minutes(event.minutes)


def minutes(length: int) -> str:
    """Write a length: "45 minutes", "1 hour 30 minutes"."""
    hours, left = divmod(length, 60)
    parts = [f"{hours} hour{'s' * (hours != 1)}"] if hours else []
    return " ".join([*parts, *([f"{left} minutes"] if left else [])])


def speaker(event: Event) -> str:
    """Name who speaks, in mrkdwn; "" where nobody in particular does."""
    return f"<@{event.specialist}>" if event.specialist else p.escape(event.specialist_name)


def with_whom(event: Event) -> str:
    """Say who speaks, and the line about them."""
    if not speaker(event):
        return ""
    about = f", {p.escape(event.specialist_about)}" if event.specialist_about else ""
    return f"With {speaker(event)}{about}"


def kind_line(event: Event) -> str:
    """Write the small print: kind, topic, and for whom it is."""
    parts = [event.kind.label, event.topic.label if event.topic else ""]
    if not event.audience.open:
        parts.append(f"For: {event.audience.label}")
    return " · ".join(filter(None, parts))


def named(event: Event) -> str:
    """Give the title in mrkdwn, also between the marks of bold: an asterisk of its own would end that."""
    return p.escape(event.title).replace("*", "∗")


# The post in the community channel


def post(facts: Post) -> p.Payload:
    """The announcement, through all that becomes of the event."""
    event = facts.event
    phase = event.phase(facts.now)
    begins = f"*{when(event.starts_at, event.zone)}*, {lasts(event)}"
    yours = f"In your time: {for_reader(event.starts_at, event.zone)}"
    lines = [begins, yours, with_whom(event)]
    return p.message(
        f"{event.kind.label}: {named(event)}, {when(event.starts_at, event.zone)}",
        [
            p.context(kind_line(event)),
            p.header(event.title),
            p.section("\n".join(filter(None, lines))),
            *(p.typed(event.description) if event.description else []),
            *_closing(facts, phase),
        ],
    )


def _closing(facts: Post, phase: Phase) -> list[p.Block]:
    event = facts.event
    match phase:
        case Phase.CANCELLED:
            why = f"\n{p.escape(event.reason)}" if event.reason else ""
            return [p.section(f"*Cancelled.*{why}")]
        case Phase.OVER:
            return [p.section(f"*This is over.* {_who(facts)}")]
    label = "Join the waiting list" if event.full else "Sign me up"
    asked = f" ({facts.questions})" if facts.questions else ""
    running = "*It has begun.* " if phase is Phase.RUNNING else ""
    return [
        p.section(f"{running}{_who(facts)}{_room(facts)}"),
        p.actions(
            p.button(label, SIGN_UP, event.id, style="primary", label=f"{label}: {event.title}"),
            p.button(f"Ask a question beforehand{asked}", ASK, event.id) if phase is Phase.AHEAD else None,
        ),
    ]


def _who(facts: Post) -> str:
    count = facts.event.taken
    if not count:
        return "Nobody has signed up yet." if facts.event.phase(facts.now) is Phase.AHEAD else ""
    shown = [p.escape(name) for name in facts.names[:NAMES_SHOWN]]
    others = count - len(shown)
    if not shown:
        return f"*{count} signed up.*"
    if others:
        shown.append(f"{others} more")
    names = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"*{count} signed up:* {names}."


def _room(facts: Post) -> str:
    event = facts.event
    if event.capacity is None:
        return ""
    left = event.capacity - event.taken
    if left > 0:
        return f" {left} {'seat' if left == 1 else 'seats'} left of {event.capacity}."
    taken = f" All {event.capacity} seats are taken" if event.capacity > 1 else " The one seat is taken"
    return f"{taken}; {facts.waiting} waiting." if facts.waiting else f"{taken}."


# A person's own cards


def head(card: Card) -> str:
    """Say what, when and with whom, in the reader's own zone."""
    event = card.event
    begins = f"{when_left(event.starts_at, card.zone, card.now)}, {lasts(event)}"
    return "\n".join(filter(None, [begins, with_whom(event)]))


def _own(event: Event, one: SignUp, *, questions: bool = True) -> p.Block:
    """What somebody who is coming can press."""
    cannot = p.button("Can't make it", LEAVE, one.id, label=f"Can't make it: {event.title}")
    return p.actions(
        p.button("Join link", JOIN, url=event.link),
        p.button("Add to Google Calendar", CALENDAR, url=google_link(event, event.specialist_name)),
        p.button("Ask a question beforehand", ASK, event.id) if questions else None,
        cannot if one.standing is Standing.GOING else None,
    )


def ticket(card: Card) -> p.Payload:
    """The card of one's sign-up."""
    event, one = card.event, card.one
    phase = event.phase(card.now)
    if phase in {Phase.CANCELLED, Phase.OVER} or one.standing is Standing.GONE:
        return _settled(card, f"*{named(event)}*")
    if one.standing is Standing.WAITING:
        said = f"*{named(event)}*: you are number {card.place} on the waiting list"
        small = "When a seat becomes free you get it, and hear from us at once."
        giving_up = p.button("Leave the waiting list", LEAVE, one.id)
        return p.message(said, [p.section(f"{said}\n{head(card)}"), p.context(small), p.actions(giving_up)])
    speaks = one.standing is Standing.SPEAKING
    said = f"*{named(event)}*: {'you speak' if speaks else 'you are signed up'}"
    small = (
        "You get the questions half an hour before. The file puts it into your calendar."
        if speaks
        else "We remind you the day before, an hour before and at the start. "
        "The file puts it into your calendar."
    )
    return p.message(
        said,
        [
            p.section(f"{said}\n{head(card)}"),
            p.context(small),
            _own(event, one, questions=phase is Phase.AHEAD),
        ],
    )


def _settled(card: Card, title: str) -> p.Payload:
    """A card whose event is over or cancelled, or whose person is not coming any more."""
    event, one = card.event, card.one
    phase = event.phase(card.now)
    again: list[p.Block] = []
    if phase is Phase.CANCELLED:
        said = "Cancelled."
    elif phase is Phase.OVER:
        said = "This is over."
    else:
        said = "You are not coming."
        again = [p.actions(p.button("Sign me up again", SIGN_UP, event.id))]
    begins = when(event.starts_at, card.zone)
    gone = one.standing is Standing.GONE and phase is Phase.AHEAD
    text = f"{title}\n{begins}\n*{said}*" + (" Your seat is free for somebody else." if gone else "")
    return p.message(f"{title}: {said}", [p.section(text), *again])


def reminder(rung: Rung, card: Card) -> p.Payload:
    """One step of the ladder; afterwards it shows what became of it."""
    if rung is Rung.AFTER:
        return _were_you_there(card)
    event, one = card.event, card.one
    title = f"*{named(event)}*"
    phase = event.phase(card.now)
    if phase in {Phase.CANCELLED, Phase.OVER} or not one.coming:
        return _settled(card, title)
    if card.plan is not None and card.plan != one.plan:
        begins = when_left(event.starts_at, card.zone, card.now)
        return p.message(f"{title} has moved", [p.section(f"{title}\n*It is now on* {begins}.")])
    if rung is Rung.DAY:
        return _day_before(card)
    lead = "In an hour" if rung is Rung.HOUR and phase is Phase.AHEAD else "It starts now"
    join = p.button("Join", JOIN, url=event.link, style="primary", label=f"Join {event.title}")
    cannot = p.button("Can't make it", LEAVE, one.id) if one.standing is Standing.GOING else None
    return p.message(
        f"{lead}: {named(event)}",
        [
            p.section(f"*{lead}: {named(event)}*\n{when(event.starts_at, card.zone)}, {lasts(event)}"),
            p.context("The link is for those who signed up. Please do not pass it on."),
            p.actions(join, cannot if rung is Rung.HOUR else None),
        ],
    )


def _day_before(card: Card) -> p.Payload:
    event, one = card.event, card.one
    ahead = (local(event.starts_at, card.zone).date() - local(card.now, card.zone).date()).days
    lead = {0: "Today", 1: "Tomorrow"}.get(ahead, "Coming up")
    begins = f"{when(event.starts_at, card.zone)}, {lasts(event)}"
    text = "\n".join(filter(None, [f"*{lead}: {named(event)}*", begins, with_whom(event)]))
    if one.standing is Standing.SPEAKING:
        pressed = [p.actions(p.button("Join link", JOIN, url=event.link))]
    elif one.confirmed_at is not None:
        text += "\n*You said that you will be there.*"
        pressed = [p.actions(p.button("Can't make it after all", LEAVE, one.id))]
    else:
        pressed = [
            p.actions(
                p.button("I'll be there", CONFIRM, one.id, style="primary"),
                p.button("Can't make it", LEAVE, one.id),
                p.button("Ask a question beforehand", ASK, event.id),
            )
        ]
    return p.message(f"{lead}: {named(event)}", [p.section(text), *pressed])


def _were_you_there(card: Card) -> p.Payload:
    event, one = card.event, card.one
    title = named(event)
    if one.there is None:
        return p.message(
            f"Were you there? {title}",
            [
                p.section(f"*Were you there?*\n{title}, {when(event.starts_at, card.zone)}"),
                p.actions(
                    p.button("Yes", f"{THERE}.yes", one.id, style="primary", label="Yes, I was there"),
                    p.button("No", f"{THERE}.no", one.id, label="No, I was not there"),
                ),
            ],
        )
    if not one.there:
        said = f"*{title}*\nYou were not there. If there is a recording, you will get it."
        no = p.actions(p.button("I was there after all", f"{THERE}.yes", one.id))
        return p.message(
            f"{title}: you were not there", [p.section(said), *([] if one.there_by_staff else [no])]
        )
    return p.message(f"How was it? {title}", [*_grades(card), *_stage(card)])


def _grades(card: Card) -> list[p.Block]:
    event, one = card.event, card.one
    if one.rating is None:
        buttons = [p.button(text, f"{RATE}.{grade.value}", one.id) for grade, text in GRADES.items()]
        return [
            p.section(f"*{named(event)}*\nThank you for being there. How much did it help?"),
            p.actions(*buttons),
        ]
    said = f"*{named(event)}*\nYou said: {GRADES[one.rating].lower()}."
    more = p.button("Change what you said" if one.rating_text else "Say more", WHY, one.id)
    return [p.section(said), *(p.typed(one.rating_text) if one.rating_text else []), p.actions(more)]


def _stage(card: Card) -> list[p.Block]:
    after = card.one.stage_after
    if after is None:
        return []
    return [p.context(f"Your stage is now “{after.label}”. *Edit profile* on the Home tab changes it.")]
