"""Armchair Chats, intro calls and trainings: the verbs, from scheduling to the seat of the last who waited.

Whoever changes seats holds the event first, and a seat is taken by one conditional change. Who is told
stands in `events_notices`, what follows once it is over in `events_after`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from community.events_form import Checked
from community.events_terms import (
    REASON_MOST,
    SIGNED_UP,
    AlreadySignedUp,
    Book,
    Entry,
    Event,
    EventCancelled,
    EventOver,
    NotForYou,
    NotSignedUp,
    Phase,
    SignUp,
    Standing,
    Status,
)
from community.events_times import announced, resolve, wall_of
from community.members import Member, People, require_staff
from community.mentoring_drafts import keepable
from community.refusals import Incomplete, NotAllowed, NotFound

UNTOLD = frozenset({"capacity", "zone"})
"""A change of these changes only the cards; everything else is told, and raises the calendar's sequence."""


@dataclass(frozen=True, slots=True)
class Step:
    """What came of a verb about one seat: who it was about, and who moved up from the waiting list."""

    event: Event
    one: SignUp
    moved_up: tuple[SignUp, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What came of an edit: the event before and after, the fields that differ, who moved up."""

    before: Event
    event: Event
    fields: frozenset[str]
    moved_up: tuple[SignUp, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether it begins or ends at another moment."""
        return bool(self.fields & {"starts_at", "ends_at"})

    @property
    def told(self) -> bool:
        """Whether who signed up has to hear of it."""
        return bool(self.fields - UNTOLD)


async def schedule(book: Book, people: People, draft: Checked, *, by: str, at: datetime) -> list[Event]:
    """Schedule an event, or a whole series; give them in their order. Raises NotAllowed."""
    await require_staff(people, by)
    made: list[Event] = []
    for nth, moment in enumerate(draft.moments):
        event = await book.add(
            Event(
                id=0,
                zone=draft.zone,
                starts_at=moment.at,
                ends_at=moment.at + draft.length,
                by=by,
                created_at=at,
                series=made[0].id if made else None,
                announce_at=announced(moment.at, at) if nth else at,
                look_at=moment.at,
                **draft.fields,
            )
        )
        if not made and len(draft.moments) > 1:
            event = await book.change(event.id, series=event.id)
        await book.note(event.id, Entry(at=at, actor=by, kind="scheduled"))
        made.append(await _seat_specialist(book, people, event, at=at))
    return made


async def _seat_specialist(book: Book, people: People, event: Event, *, at: datetime) -> Event:
    """Put the specialist on the list, who needs no seat, and take the one before from it."""
    for one in await book.sign_ups(event.id, {Standing.SPEAKING}):
        if one.user != event.specialist:
            await book.change_sign_up(one.id, standing=Standing.GONE)
    if event.specialist is None:
        return event
    user = event.specialist
    known = await book.of(event.id, user)
    if known is not None and known.standing is Standing.GOING:
        event = await book.free_seat(event.id)
    if known is None or known.standing is not Standing.SPEAKING:
        zone = zone_of(await people.member(user))
        await book.sign(event, user, Standing.SPEAKING, zone=zone, at=at)
    return event


async def edit(
    book: Book, people: People, number: int, draft: Checked, *, by: str, at: datetime, later: bool = False
) -> list[Change]:
    """Change an event, or it and all later ones of its series: they keep their weeks and move along.

    Gives what really changed. Raises NotAllowed, NotFound, EventCancelled, EventOver.
    """
    await require_staff(people, by)
    event = await held(book, number, at=at)
    others = await book.later(event) if later else []
    if draft.fields["capacity"] is not None and any(draft.fields["capacity"] < one.taken for one in others):
        raise Incomplete({"capacity": "below"})
    old_day, _ = wall_of(event.starts_at, event.zone)
    moved_by = draft.moments[0].wanted.date() - old_day
    changes: list[Change] = []
    for each in [event, *others]:
        begins = (draft.moments[0] if each is event else _along(each, draft, moved_by)).at
        wanted: dict[str, Any] = {
            **draft.fields,
            "zone": draft.zone,
            "starts_at": begins,
            "ends_at": begins + draft.length,
        }
        changes.append(await _change(book, people, each, wanted, by=by, at=at))
    return changes


def _along(event: Event, draft: Checked, moved_by: timedelta) -> Any:
    day, _ = wall_of(event.starts_at, event.zone)
    return resolve(day + moved_by, draft.wall, draft.zone)


async def _change(
    book: Book, people: People, before: Event, wanted: dict[str, Any], *, by: str, at: datetime
) -> Change:
    values = {name: value for name, value in wanted.items() if getattr(before, name) != value}
    if not values:
        return Change(before, before, frozenset())
    fields = frozenset(values)
    if fields - UNTOLD:
        values["sequence"] = before.sequence + 1
    if fields & {"starts_at", "ends_at"}:
        begins, ends = wanted["starts_at"], wanted["ends_at"]
        values |= {"moves": before.moves + 1, "look_at": begins if at < begins else ends}
    event = await book.change(before.id, **values)
    facts = {
        "fields": sorted(fields),
        "sequence": event.sequence,
        "was": before.starts_at.isoformat(),
        "minutes": before.minutes,
    }
    await book.note(before.id, Entry(at=at, actor=by, kind="changed", facts=facts))
    event = await _seat_specialist(book, people, event, at=at)
    moved_up = await move_up(book, event, at=at)
    return Change(before, await _now(book, event), fields, moved_up)


async def cancel(
    book: Book, people: People, number: int, *, by: str, at: datetime, reason: str = "", later: bool = False
) -> list[Event]:
    """Cancel an event, or it and all later ones of its series.

    Raises NotAllowed, NotFound, EventCancelled, EventOver, Incomplete ("reason": too long).
    """
    await require_staff(people, by)
    kept = keepable(reason)
    if len(kept) > REASON_MOST:
        raise Incomplete({"reason": "too long"})
    event = await held(book, number, at=at)
    gone: list[Event] = []
    for each in [event, *(await book.later(event) if later else [])]:
        gone.append(
            await book.change(
                each.id,
                status=Status.CANCELLED,
                cancelled_at=at,
                reason=kept,
                sequence=each.sequence + 1,
                look_at=None,
            )
        )
        await book.note(each.id, Entry(at=at, actor=by, kind="cancelled"))
    return gone


async def there(book: Book, number: int) -> Event:
    """Give the event; raises NotFound."""
    event = await book.get(number)
    if event is None:
        raise NotFound
    return event


async def held(book: Book, number: int, *, at: datetime) -> Event:
    """Give the event, held, while something can still be done about it.

    Raises NotFound, EventCancelled, EventOver.
    """
    return _alive(await book.hold(number), at)


def _alive(event: Event | None, at: datetime) -> Event:
    if event is None:
        raise NotFound
    match event.phase(at):
        case Phase.CANCELLED:
            raise EventCancelled
        case Phase.OVER:
            raise EventOver
    return event


async def sign_up(book: Book, people: People, number: int, *, by: str, at: datetime) -> Step:
    """Give a person a seat, or where none is left a place on the waiting list.

    Its transaction has to be rolled back where this raises NotFound, EventCancelled, EventOver, NotForYou or
    AlreadySignedUp.
    """
    member = await people.member(by) or Member(id=by)
    # Taking the seat holds the event, too; what is refused afterwards gives it back with the transaction.
    seated = await book.take_seat(number)
    event = _alive(seated if seated is not None else await book.hold(number), at)
    if seated is None and not event.full:
        # A seat became free between the two looks, and nobody can take it any more.
        seated = await book.take_seat(number)
    if not event.audience.admits(member):
        raise NotForYou(event.audience)
    known = await book.of(number, by)
    if known is not None and known.standing in SIGNED_UP:
        raise AlreadySignedUp(known.standing)
    standing = Standing.GOING if seated is not None else Standing.WAITING
    one = await book.sign(event, by, standing, zone=zone_of(member), at=at)
    await book.note(number, Entry(at=at, actor=by, kind="signed_up", facts={"standing": standing}))
    return Step(seated or event, one)


async def leave(book: Book, number: int, *, by: str, at: datetime) -> Step:
    """Give one's seat or place back; who waited longest moves up.

    `number` is the sign-up's. Raises NotFound, NotAllowed, NotSignedUp, EventCancelled, EventOver.
    """
    one = await _own(book, number, by)
    event = await held(book, one.event, at=at)
    one = await _own(book, number, by)
    if one.standing not in {Standing.GOING, Standing.WAITING}:
        raise NotSignedUp
    return await _release(book, event, one, at=at)


async def drop(book: Book, event: Event, one: SignUp, *, at: datetime) -> Step:
    """Free the seat of somebody who has left the workspace; the event is held."""
    return await _release(book, event, one, at=at)


async def _release(book: Book, event: Event, one: SignUp, *, at: datetime) -> Step:
    gone = await book.change_sign_up(one.id, standing=Standing.GONE, confirmed_at=None)
    if one.standing is Standing.GOING:
        event = await book.free_seat(event.id)
    await book.note(event.id, Entry(at=at, actor=one.user, kind="left"))
    moved_up = await move_up(book, event, at=at)
    return Step(await _now(book, event), gone, moved_up)


async def move_up(book: Book, event: Event, *, at: datetime) -> tuple[SignUp, ...]:
    """Give free seats to those who wait, the longest waiting first; the event is held."""
    moved: list[SignUp] = []
    while (first := await book.first_waiting(event.id)) is not None:
        if await book.take_seat(event.id) is None:
            break
        moved.append(
            await book.change_sign_up(
                first.id, standing=Standing.GOING, plan=first.plan + 1, told=event.sequence
            )
        )
        await book.note(event.id, Entry(at=at, actor=first.user, kind="moved_up"))
    return tuple(moved)


async def _now(book: Book, event: Event) -> Event:
    return await there(book, event.id)


async def confirm(book: Book, number: int, *, by: str, at: datetime) -> Step:
    """The person says once more that they will be there; raises as `leave`."""
    one = await _own(book, number, by)
    event = await held(book, one.event, at=at)
    one = await _own(book, number, by)
    if not one.coming:
        raise NotSignedUp
    return Step(event, await book.change_sign_up(one.id, confirmed_at=one.confirmed_at or at))


async def _own(book: Book, number: int, by: str) -> SignUp:
    one = await book.sign_up(number)
    if one is None:
        raise NotFound
    if one.user != by:
        raise NotAllowed("the person who signed up")
    return one


def zone_of(member: Member | None) -> str:
    """Give the zone in which a person is written to."""
    return member.zone if member is not None and member.zone else "America/New_York"
