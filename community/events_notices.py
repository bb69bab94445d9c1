"""Who is told what about an event: the post in the community channel, tickets, reminders, notes, files.

A card or a file holds no words; it is rendered when it is sent, from what is true then. What a change makes
obsolete is taken back in the transaction of the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from community.deliveries import Delivery, Kind, Lane
from community.events import Change, Step
from community.events_ladder import HOUR_BEFORE, LIST_BEFORE, Rung, every_key, keys, ladder, rung_key
from community.events_terms import COMING, SIGNED_UP, Book, Event, SignUp, Standing
from community.events_times import announced, to_be_told, waking
from community.notices import Notices, Places

ANNOUNCED_UNTIL = HOUR_BEFORE / 2
"""An announcement that is later than this before the end of an event is not posted any more."""


PATIENT = Lane.BULK
"""Nobody waits for a card that only shows that its event is over."""


def moment_of(facts: Mapping[str, Any]) -> datetime:
    """Read from a line of history when an event was to begin before it was changed."""
    return datetime.fromisoformat(facts["was"])


def post_key(event: Event) -> str:
    """Name the card in the community channel; an announcement that was put off gets a new name."""
    return f"events:post:{event.id}:{event.posts}"


def ticket_key(one: SignUp) -> str:
    """Name the card of one person's sign-up."""
    return f"events:ticket:{one.id}:{one.times}"


def seat_key(one: SignUp) -> str:
    """Name the note that a seat has become free for this person."""
    return f"events:seat:{one.id}:{one.plan}"


def changed_key(one: SignUp, sequence: int) -> str:
    """Name the note about a change."""
    return f"events:changed:{one.id}:{one.times}:{sequence}"


def calendar_key(one: SignUp, sequence: int) -> str:
    """Name the calendar file of one state of the event."""
    return f"events:calendar:{one.id}:{one.times}:{sequence}"


def recording_key(one: SignUp) -> str:
    """Name the card with the recording."""
    return f"events:recording:{one.id}"


def unanswered_key(question: int) -> str:
    """Name the card that asks whether a mentor should have a question."""
    return f"events:unanswered:{question}"


def unanswered(asked: Sequence[tuple[int, str, str]], *, at: datetime) -> Notices:
    """Ask everybody whose question found no time, by day: (question, asker, the asker's zone)."""
    return Notices(
        add=tuple(
            _card(unanswered_key(number), user, "unanswered", due=waking(at, zone), question=number)
            for number, user, zone in asked
        )
    )


def _card(key: str, to: str, render: str, *, due: datetime | None = None, **about: Any) -> Delivery:
    return Delivery(key=key, to=to, render=f"events.{render}", about=about, due_at=due)


def _file(event: Event, one: SignUp, after: str) -> Delivery:
    """The calendar file follows a card into the same conversation."""
    return Delivery(
        key=calendar_key(one, event.sequence),
        kind=Kind.FILE,
        render="events.calendar",
        about={"sign_up": one.id, "sequence": event.sequence},
        after=after,
    )


def posts_of(event: Event) -> tuple[str, ...]:
    """Name every announcement there was of this event."""
    return tuple(f"events:post:{event.id}:{nth}" for nth in range(1, event.posts + 1))


def cards_of(event: Event, ones: Iterable[SignUp]) -> tuple[str, ...]:
    """Name every card that shows where this event stands, whether it was ever sent or not."""
    named = list(posts_of(event))
    for one in ones:
        named += [f"events:ticket:{one.id}:{nth}" for nth in range(1, one.times + 1)]
        named += [f"events:seat:{one.id}:{nth}" for nth in range(1, one.plan + 1)]
        named += [changed_key(one, sequence) for sequence in range(1, event.sequence + 1)]
        named += every_key(one)
        named.append(recording_key(one))
    return tuple(named)


def shown(event: Event, ones: Sequence[SignUp]) -> Notices:
    """Let every card of the event, and the Home tabs of these people, show what is true now."""
    return Notices(refresh=cards_of(event, ones), homes=frozenset({event.by, *(one.user for one in ones)}))


def list_key(event: Event) -> str:
    """Name the list of questions that staff gets for a specialist who is not in the workspace."""
    return f"events:list:{event.id}:{event.sequence}"


def _list_for_staff(event: Event, at: datetime) -> list[Delivery]:
    due = event.starts_at - LIST_BEFORE
    if event.specialist is not None or due <= at:
        return []
    return [
        Delivery(
            key=list_key(event),
            to=event.by,
            render="events.list",
            about={"event": event.id, "sequence": event.sequence},
            due_at=due,
            expires_at=event.starts_at,
        )
    ]


async def scheduled(book: Book, event: Event, places: Places, *, at: datetime) -> Notices:
    """An event was scheduled: announce it in its time, and tell the specialist who is in the workspace."""
    due = event.announce_at or at
    add = [*_post(event, places, due), *_list_for_staff(event, at)]
    for one in await book.sign_ups(event.id, {Standing.SPEAKING}):
        add += _seated(event, one, at=at, due=due)
    return Notices(add=tuple(add), homes=frozenset({event.by}))


def _post(event: Event, places: Places, due: datetime) -> list[Delivery]:
    if not places.community:
        return []
    return [
        Delivery(
            key=post_key(event),
            to=places.community,
            render="events.post",
            about={"event": event.id},
            due_at=due,
            expires_at=event.ends_at - min(ANNOUNCED_UNTIL, (event.ends_at - event.starts_at) / 2),
        )
    ]


def _seated(event: Event, one: SignUp, *, at: datetime, due: datetime | None = None) -> list[Delivery]:
    """The ticket, the file for the calendar, and the ladder of reminders."""
    ticket = _card(ticket_key(one), one.user, "ticket", due=due, sign_up=one.id)
    return [ticket, _file(event, one, ticket.key), *ladder(event, one, at=at)]


def signed_up(step: Step, *, at: datetime) -> Notices:
    """Somebody signed up: their ticket at once, and the count in the channel."""
    event, one = step.event, step.one
    waits = one.standing is Standing.WAITING
    add = (
        [_card(ticket_key(one), one.user, "ticket", sign_up=one.id)] if waits else _seated(event, one, at=at)
    )
    return Notices(
        add=tuple(add),
        # Whoever comes back has cards from before, which show it.
        refresh=posts_of(event) if one.times == 1 else cards_of(event, [one]),
        homes=frozenset({one.user, event.by}),
    )


async def left(book: Book, step: Step, *, at: datetime) -> Notices:
    """Somebody gave their seat back: nothing more for them, and a seat for who moved up."""
    event, one = step.event, step.one
    obsolete = [*keys(one), *_notes_of(event, one)]
    waiting = await book.sign_ups(event.id, {Standing.WAITING})
    told = Notices(
        refresh=(*posts_of(event), *cards_of(event, [one]), *(ticket_key(each) for each in waiting)),
        homes=frozenset({one.user, event.by}),
        cancel=tuple(obsolete),
    )
    return told + moved_up(event, step.moved_up, at=at)


def _notes_of(event: Event, one: SignUp) -> list[str]:
    """Name the notes and files that may be on their way to this person."""
    named = [seat_key(one)]
    for sequence in range(event.sequence + 1):
        named += [changed_key(one, sequence), calendar_key(one, sequence)]
    return named


def moved_up(event: Event, ones: Sequence[SignUp], *, at: datetime) -> Notices:
    """Seats have become free for these people: they are told, get the file, and are reminded from now on."""
    add: list[Delivery] = []
    for one in ones:
        due = to_be_told(at, one.zone, event.starts_at)
        note = _card(seat_key(one), one.user, "seat", due=due, sign_up=one.id)
        add += [note, _file(event, one, note.key), *ladder(event, one, at=at)]
    return Notices(
        add=tuple(add),
        refresh=tuple(ticket_key(one) for one in ones),
        homes=frozenset(one.user for one in ones),
    )


async def changed(book: Book, change: Change, places: Places, *, at: datetime) -> Notices:
    """An event was changed: who signed up hears what changed, and is reminded of its new time only."""
    event = change.event
    fresh = {one.user for one in change.moved_up}
    if "specialist" in change.fields and event.specialist is not None:
        fresh.add(event.specialist)
    ones = [one for one in await book.sign_ups(event.id, SIGNED_UP) if one.user not in fresh]
    told, again = Notices(), ones
    if change.moved:
        told += await _announced_anew(book, event, places, at=at)
        again, plan = await planned_anew(book, event, ones, at=at)
        told += plan
    if change.told:
        told += Notices(add=tuple(_list_for_staff(event, at)), cancel=(list_key(change.before),))
        told += _told_of_change(change, list(zip(ones, again, strict=True)), at=at)
    told += await _specialist_changed(book, change, at=at)
    everybody = await book.sign_ups(event.id, frozenset(Standing))
    return told + moved_up(event, change.moved_up, at=at) + shown(event, everybody)


async def _announced_anew(book: Book, event: Event, places: Places, *, at: datetime) -> Notices:
    """An announcement that has not been posted yet comes when it should by the new time."""
    if event.announce_at is None or not await book.unsent({post_key(event)}):
        return Notices()
    due = event.announce_at if event.announce_at <= at else announced(event.starts_at, at)
    again = await book.change(event.id, posts=event.posts + 1, announce_at=due)
    return Notices(add=tuple(_post(again, places, due)), cancel=(post_key(event),))


async def planned_anew(
    book: Book, event: Event, ones: Sequence[SignUp], *, at: datetime, zone: str | None = None
) -> tuple[list[SignUp], Notices]:
    """Take back the reminders that have not gone out, and plan those of the present time and zone."""
    waiting = await book.unsent([key for one in ones for key in keys(one)])
    hours = {rung_key(Rung.HOUR, one.id, plan): one.id for one in ones for plan in range(1, one.plan + 1)}
    sent: dict[int, datetime] = {}
    for key, moment in (await book.sent(list(hours))).items():
        sent[hours[key]] = max(moment, sent.get(hours[key], moment))
    again = await book.plan_anew([one.id for one in ones], zone=zone)
    plan = [
        delivery
        for one in again
        for delivery in ladder(event, one, at=at, unsent=waiting, hour_sent_at=sent.get(one.id))
    ]
    return again, Notices(add=tuple(plan), cancel=tuple(key for one in ones for key in keys(one)))


def _told_of_change(change: Change, ones: Sequence[tuple[SignUp, SignUp]], *, at: datetime) -> Notices:
    event = change.event
    add: list[Delivery] = []
    obsolete: list[str] = []
    for before, one in ones:
        due = to_be_told(at, one.zone, change.before.starts_at, event.starts_at)
        key = changed_key(one, event.sequence)
        about = {"sign_up": one.id, "since": one.told, "upto": event.sequence}
        add.append(_card(key, one.user, "changed", due=due, **about))
        if one.coming:
            add.append(_file(event, one, key))
        # One note tells all that has changed since the last that arrived, so that older ones are not needed.
        obsolete += _older_notes(event, before)
    return Notices(add=tuple(add), cancel=tuple(obsolete))


def _older_notes(event: Event, one: SignUp) -> list[str]:
    named: list[str] = []
    for sequence in range(event.sequence):
        named += [changed_key(one, sequence), calendar_key(one, sequence)]
    return named


async def _specialist_changed(book: Book, change: Change, *, at: datetime) -> Notices:
    """Who speaks now gets a ticket; who did before is told that somebody else does."""
    event = change.event
    if "specialist" not in change.fields:
        return Notices()
    told = Notices()
    if change.before.specialist is not None:
        former = await book.of(event.id, change.before.specialist)
        if former is not None and former.standing is Standing.GONE:
            due = to_be_told(at, former.zone, event.starts_at)
            key = f"events:replaced:{former.id}:{event.sequence}"
            note = _card(key, former.user, "replaced", due=due, sign_up=former.id)
            told += Notices(add=(note,), cancel=(*keys(former), *_notes_of(event, former)))
    if event.specialist is not None:
        now = await book.of(event.id, event.specialist)
        if now is not None and now.standing is Standing.SPEAKING:
            before = rung_plan_before(now)
            told += Notices(add=tuple(_seated(event, now, at=at)), cancel=tuple(before))
    return told


def rung_plan_before(one: SignUp) -> list[str]:
    """Name the reminders of the plan before: who was a guest and speaks now is reminded as a speaker."""
    return keys(one, plan=one.plan - 1)


async def cancelled(book: Book, event: Event, *, at: datetime) -> Notices:
    """An event was cancelled: all reminders are taken back, and everybody who signed up is told."""
    ones = await book.sign_ups(event.id, SIGNED_UP)
    add: list[Delivery] = []
    # One that is due already shows for itself that there is nothing to announce any more.
    put_off = event.announce_at is not None and event.announce_at > at
    obsolete = [list_key(replace(event, sequence=event.sequence - 1)), *([post_key(event)] * put_off)]
    for one in ones:
        obsolete += [*keys(one), *_older_notes(event, one), seat_key(one)]
        due = to_be_told(at, one.zone, event.starts_at)
        note = _card(f"events:cancelled:{one.id}", one.user, "cancelled", due=due, sign_up=one.id)
        add += [note, *([_file(event, one, note.key)] if one.coming else [])]
    everybody = await book.sign_ups(event.id, frozenset(Standing))
    return Notices(add=tuple(add), cancel=tuple(obsolete)) + shown(event, everybody)


async def turned(book: Book, event: Event) -> Notices:
    """It has begun or ended: its cards show it."""
    return Notices(refresh=cards_of(event, await book.sign_ups(event.id, frozenset(Standing))))


async def recorded(book: Book, event: Event, *, at: datetime) -> Notices:
    """There is a recording, or another one: it goes to those who had a seat, by day."""
    ones = await book.sign_ups(event.id, COMING)
    add = [
        Delivery(
            key=recording_key(one),
            to=one.user,
            render="events.recording",
            about={"sign_up": one.id},
            due_at=waking(at, one.zone),
            lane=Lane.BULK,
        )
        for one in ones
    ]
    return Notices(add=tuple(add)) + shown(event, ones)
