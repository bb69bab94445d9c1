"""What follows once an event has begun: who was there, how it was, the recording, and the next stage."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from community.events import held, there, zone_of
from community.events_form import check_link
from community.events_terms import (
    COMING,
    NOTES_MOST,
    RATING_MOST,
    Book,
    Entry,
    Event,
    EventAhead,
    EventCancelled,
    Kind,
    NotSignedUp,
    Phase,
    SignUp,
    Standing,
    Status,
)
from community.members import Member, People, Stage, require_staff
from community.mentoring_drafts import keepable
from community.mentoring_requests import Rating
from community.refusals import Incomplete, NotAllowed, NotFound

UNSEEN_AFTER = timedelta(days=14)
"""Who came to an intro call, and to none since, counts as not seen after this time."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """Somebody who has not been seen for two weeks: when they last were, or when they first signed up."""

    user: str
    last_seen: datetime | None
    signed_up: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """That somebody came, or did not; where that `moves` them, `stage` is what they are moved to."""

    one: SignUp
    moves: bool = False
    stage: Stage | None = None


def next_stage(stage: Stage | None) -> Stage | None:
    """Give the stage to which an intro call leads, or None where it leads nowhere further.

    An intro call ends in a decision at the most. Having filed and being on the ballot are facts that a call
    does not bring about; people say so themselves.
    """
    if stage is None:
        return Stage.EXPLORING
    return Stage.DECIDED if stage is Stage.EXPLORING else None


async def _begun(book: Book, number: int, *, at: datetime) -> Event:
    event = await book.hold(number)
    if event is None:
        raise NotFound
    match event.phase(at):
        case Phase.CANCELLED:
            raise EventCancelled
        case Phase.AHEAD:
            raise EventAhead
    return event


async def say_there(
    book: Book, people: People, number: int, *, came: bool, by: str, at: datetime
) -> tuple[Event, Seen]:
    """The person says whether they were there; what staff noted stays.

    `number` is the sign-up's. Raises NotFound, NotAllowed, NotSignedUp, EventAhead, EventCancelled.
    """
    one = await _own(book, number, by)
    event = await _begun(book, one.event, at=at)
    one = await _own(book, number, by)
    if not one.coming:
        raise NotSignedUp
    if one.there_by_staff:
        return event, Seen(one)
    return event, await _mark(book, people, event, one, came=came, by_staff=False)


async def take_attendance(
    book: Book, people: People, number: int, *, users: Collection[str], by: str, at: datetime
) -> tuple[Event, list[Seen]]:
    """Staff says who was there; who had not signed up is put on the list. Give those that changed.

    Raises NotAllowed, NotFound, EventAhead, EventCancelled.
    """
    await require_staff(people, by)
    event = await _begun(book, number, at=at)
    known = {one.user: one for one in await book.sign_ups(number, frozenset(Standing))}
    changed: list[Seen] = []
    for user in sorted(set(users) | set(known)):
        one, came = known.get(user), user in users
        if came and (one is None or not one.coming):
            zone = zone_of(await people.member(user))
            # Whoever came was let in, whatever the list and the number of seats said.
            one = await book.sign(event, user, Standing.GOING, zone=zone, at=at)
        if one is None or not one.coming or (one.there is came and one.there_by_staff):
            continue
        changed.append(await _mark(book, people, event, one, came=came, by_staff=True))
    facts = {"count": len(users)}
    await book.note(number, Entry(at=at, actor=by, kind="attendance", facts=facts))
    return event, changed


async def _mark(book: Book, people: People, event: Event, one: SignUp, *, came: bool, by_staff: bool) -> Seen:
    values: dict[str, object] = {"there": came, "there_by_staff": by_staff}
    stage, moves = None, False
    member = await people.member(one.user) or Member(id=one.user)
    if event.kind is Kind.INTRO and one.standing is not Standing.SPEAKING:
        if came and one.stage_after is None and not member.is_staff:
            stage = next_stage(member.stage)
            moves = stage is not None
            if moves:
                values |= {"stage_before": member.stage, "stage_after": stage}
        elif not came and one.stage_after is not None and member.stage is one.stage_after:
            # It was noted by mistake, and nobody has changed the stage since.
            stage, moves = one.stage_before, True
            values |= {"stage_before": None, "stage_after": None}
    return Seen(await book.change_sign_up(one.id, **values), moves, stage)


async def rate(
    book: Book,
    number: int,
    *,
    by: str,
    at: datetime,
    grade: Rating | None = None,
    text: str | None = None,
) -> tuple[Event, SignUp]:
    """Keep a grade, or the sentence beside it; both can be changed later.

    Raises NotFound, NotAllowed, NotSignedUp, EventAhead, EventCancelled, Incomplete ("why": too long).
    """
    kept = keepable(text) if text is not None else None
    if kept is not None and len(kept) > RATING_MOST:
        raise Incomplete({"why": "too long"})
    one = await _own(book, number, by)
    event = await _begun(book, one.event, at=at)
    one = await _own(book, number, by)
    if one.standing is not Standing.GOING:
        raise NotSignedUp
    values: dict[str, object] = {}
    if grade is not None:
        values["rating"] = grade
    if kept is not None:
        values["rating_text"] = kept
    return event, await book.change_sign_up(one.id, **values)


async def _own(book: Book, number: int, by: str) -> SignUp:
    one = await book.sign_up(number)
    if one is None:
        raise NotFound
    if one.user != by:
        raise NotAllowed("the person who signed up")
    return one


async def record(
    book: Book, people: People, number: int, *, recording: str, notes: str, by: str, at: datetime
) -> tuple[Event, bool]:
    """Staff attaches a recording, notes, or both; say whether there was nothing before.

    Raises NotAllowed, NotFound, EventAhead, EventCancelled, Incomplete ("recording": missing, no link, too
    long; "notes": too long).
    """
    await require_staff(people, by)
    kept = keepable(notes)
    link = check_link(recording, "recording") if recording.strip() else ""
    if not link and not kept:
        raise Incomplete({"recording": "missing"})
    if len(kept) > NOTES_MOST:
        raise Incomplete({"notes": "too long"})
    event = await _begun(book, number, at=at)
    first = not event.recording and not event.notes
    event = await book.change(number, recording=link, notes=kept)
    await book.note(number, Entry(at=at, actor=by, kind="recorded"))
    return event, first


async def who_came(book: Book, number: int) -> tuple[list[SignUp], int]:
    """Give those who had a seat, and how many of them said or were noted to have come."""
    await there(book, number)
    ones = [one for one in await book.sign_ups(number, COMING) if one.standing is Standing.GOING]
    return ones, sum(one.there is True for one in ones)


async def follow(
    book: Book, people: People, number: int, *, at: datetime
) -> tuple[Event, SignUp, Member] | None:
    """Give a sign-up, its event held, whose person has left or moved since; None where nothing is to do."""
    one = await book.sign_up(number)
    if one is None:
        return None
    event = await book.get(one.event)
    if event is None or event.status is not Status.OPEN or event.phase(at) is Phase.OVER:
        return None
    event = await held(book, one.event, at=at)
    again = await book.sign_up(number)
    member = await people.member(one.user)
    if again is None or member is None or again.standing is Standing.GONE:
        return None
    if member.left_at is None and member.zone == again.zone:
        return None
    return event, again, member
