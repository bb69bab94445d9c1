"""Armchair Chats, intro calls and trainings, as they are kept: seats are taken by one conditional change."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, case, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.deliveries import State
from community.events_terms import (
    Audience,
    Entry,
    Event,
    Kind,
    SignUp,
    Standing,
    Status,
)
from community.members import Stage
from community.mentoring_requests import Rating
from community.topics import Topic
from storage.deliveries import in_parts
from storage.deliveries_statements import WAITING
from storage.tables import deliveries, event_history, event_sign_ups, events, members

_EVENT = tuple(each.name for each in fields(Event))
_SIGN_UP = tuple(each.name for each in fields(SignUp))


def event_of(row: Row[Any]) -> Event:
    """Turn a row of `events` into what the rules work with."""
    values = {name: getattr(row, name) for name in _EVENT}
    audience = Audience.read(row.audience) or Audience()
    topic = Topic(row.topic) if row.topic else None
    typed = {"kind": Kind(row.kind), "status": Status(row.status), "audience": audience, "topic": topic}
    return Event(**values | typed)


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    audience = values.get("audience")
    return values | {"audience": audience.key} if isinstance(audience, Audience) else values


def _sign_up(row: Row[Any]) -> SignUp:
    values = {name: getattr(row, name) for name in _SIGN_UP}
    return SignUp(
        **values
        | {
            "standing": Standing(row.standing),
            "rating": Rating(row.rating) if row.rating else None,
            "stage_before": Stage(row.stage_before) if row.stage_before else None,
            "stage_after": Stage(row.stage_after) if row.stage_after else None,
        }
    )


class Events:
    """Events within the caller's transaction; satisfies `community.events_terms.Book`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert

    async def add(self, event: Event) -> Event:
        """Keep a new event and give it back with its number, and the id that calendars know it by."""
        values = _kept({name: getattr(event, name) for name in _EVENT if name != "id"})
        values["uid"] = f"{uuid.uuid4()}@downballot"
        row = (await self._connection.execute(insert(events).values(values).returning(events))).one()
        return event_of(row)

    async def get(self, number: int) -> Event | None:
        """Give the event as it is."""
        return await self._one(select(events).where(events.c.id == number))

    async def hold(self, number: int) -> Event | None:
        """Give the event and keep others from changing it until this transaction ends."""
        return await self._one(select(events).where(events.c.id == number).with_for_update())

    async def _one(self, statement: Any) -> Event | None:
        row = (await self._connection.execute(statement)).one_or_none()
        return event_of(row) if row else None

    async def change(self, number: int, **values: Any) -> Event:
        """Set these fields of an event that is held."""
        row = (
            await self._connection.execute(
                update(events).where(events.c.id == number).values(_kept(values)).returning(events)
            )
        ).one()
        return event_of(row)

    async def later(self, event: Event) -> list[Event]:
        """Give those of the same series that come after this one and take place, held, in order."""
        if event.series is None:
            return []
        found = await self._connection.execute(
            select(events)
            .where(
                events.c.series == event.series,
                events.c.id != event.id,
                events.c.starts_at > event.starts_at,
                events.c.status == Status.OPEN,
            )
            .order_by(events.c.starts_at, events.c.id)
            .with_for_update()
        )
        return [event_of(row) for row in found]

    async def count_later(self, event: Event) -> int:
        """Count those of the same series that come after this one and take place."""
        found = await self._connection.scalar(
            select(func.count())
            .select_from(events)
            .where(
                events.c.series == event.series,
                events.c.starts_at > event.starts_at,
                events.c.status == Status.OPEN,
            )
        )
        return (found or 0) if event.series is not None else 0

    async def take_seat(self, number: int) -> Event | None:
        """Take one seat if one is left; None where none is."""
        room = or_(events.c.capacity.is_(None), events.c.taken < events.c.capacity)
        return await self._one(
            update(events)
            .where(events.c.id == number, events.c.status == Status.OPEN, room)
            .values(taken=events.c.taken + 1)
            .returning(events)
        )

    async def free_seat(self, number: int) -> Event:
        """Give one seat back."""
        row = (
            await self._connection.execute(
                update(events)
                .where(events.c.id == number)
                # Who came without having signed up had none.
                .values(taken=case((events.c.taken > 0, events.c.taken - 1), else_=0))
                .returning(events)
            )
        ).one()
        return event_of(row)

    # Sign-ups

    async def sign(self, event: Event, user: str, standing: Standing, *, zone: str, at: datetime) -> SignUp:
        """Put a person on the list, again if they were on it before: with cards and a plan of its own."""
        again = {
            "standing": standing,
            "zone": zone,
            "since": at,
            "told": event.sequence,
            "confirmed_at": None,
        }
        new = self._insert(event_sign_ups).values(event=event.id, user=user, times=1, plan=1, **again)
        row = (
            await self._connection.execute(
                new.on_conflict_do_update(
                    index_elements=[event_sign_ups.c.event, event_sign_ups.c.user],
                    set_=again | {"times": event_sign_ups.c.times + 1, "plan": event_sign_ups.c.plan + 1},
                ).returning(event_sign_ups)
            )
        ).one()
        return _sign_up(row)

    async def of(self, event: int, user: str) -> SignUp | None:
        """Give this person's sign-up."""
        return await self._one_sign_up(event_sign_ups.c.event == event, event_sign_ups.c.user == user)

    async def sign_up(self, number: int) -> SignUp | None:
        """Give one sign-up."""
        return await self._one_sign_up(event_sign_ups.c.id == number)

    async def _one_sign_up(self, *where: Any) -> SignUp | None:
        found = await self._connection.execute(select(event_sign_ups).where(*where))
        row = found.one_or_none()
        return _sign_up(row) if row else None

    async def sign_ups(self, event: int, standings: Collection[Standing]) -> list[SignUp]:
        """Give the sign-ups of an event that stand like this, in the order in which they came."""
        found = await self._connection.execute(
            select(event_sign_ups)
            .where(event_sign_ups.c.event == event, event_sign_ups.c.standing.in_(sorted(standings)))
            .order_by(event_sign_ups.c.since, event_sign_ups.c.id)
        )
        return [_sign_up(row) for row in found]

    async def change_sign_up(self, number: int, **values: Any) -> SignUp:
        """Set these fields of a sign-up whose event is held."""
        row = (
            await self._connection.execute(
                update(event_sign_ups)
                .where(event_sign_ups.c.id == number)
                .values(**values)
                .returning(event_sign_ups)
            )
        ).one()
        return _sign_up(row)

    async def first_waiting(self, event: int) -> SignUp | None:
        """Give who has waited longest for a seat."""
        found = await self._connection.execute(
            select(event_sign_ups)
            .where(event_sign_ups.c.event == event, event_sign_ups.c.standing == Standing.WAITING)
            .order_by(event_sign_ups.c.since, event_sign_ups.c.id)
            .limit(1)
        )
        row = found.one_or_none()
        return _sign_up(row) if row else None

    async def place(self, one: SignUp) -> int:
        """Say how manieth somebody is who waits; 1 is the next."""
        earlier = or_(
            event_sign_ups.c.since < one.since,
            and_(event_sign_ups.c.since == one.since, event_sign_ups.c.id < one.id),
        )
        found = await self._connection.scalar(
            select(func.count())
            .select_from(event_sign_ups)
            .where(
                event_sign_ups.c.event == one.event, event_sign_ups.c.standing == Standing.WAITING, earlier
            )
        )
        return (found or 0) + 1

    async def count(self, event: int, standing: Standing) -> int:
        """Count who stands like this."""
        found = await self._connection.scalar(
            select(func.count())
            .select_from(event_sign_ups)
            .where(event_sign_ups.c.event == event, event_sign_ups.c.standing == standing)
        )
        return found or 0

    async def first_names(self, event: int, *, limit: int) -> list[str]:
        """Give the first names of those with a seat, in the order in which they came."""
        found = await self._connection.execute(
            select(members.c.name)
            .join(event_sign_ups, event_sign_ups.c.user == members.c.id)
            .where(
                event_sign_ups.c.event == event,
                event_sign_ups.c.standing == Standing.GOING,
                members.c.name != "",
            )
            .order_by(event_sign_ups.c.since, event_sign_ups.c.id)
            .limit(limit)
        )
        return [name.split()[0] for (name,) in found if name.split()]

    async def standings(self, user: str, numbers: Iterable[int]) -> dict[int, SignUp]:
        """Give this person's sign-ups of these events, by the event's number."""
        found = await self._connection.execute(
            select(event_sign_ups).where(
                event_sign_ups.c.user == user, event_sign_ups.c.event.in_(sorted(numbers))
            )
        )
        return {row.event: _sign_up(row) for row in found}

    # History, and what has gone out

    async def note(self, number: int, entry: Entry) -> None:
        """Add a line to the event's history."""
        await self._connection.execute(
            insert(event_history).values(
                event=number, at=entry.at, actor=entry.actor, kind=entry.kind, facts=entry.facts
            )
        )

    async def history(self, number: int, kind: str | None = None) -> list[Entry]:
        """Give the event's history, oldest first, or only its lines of one kind."""
        found = await self._connection.execute(
            select(event_history)
            .where(event_history.c.event == number, *([event_history.c.kind == kind] if kind else []))
            .order_by(event_history.c.id)
        )
        return [Entry(at=row.at, actor=row.actor, kind=row.kind, facts=row.facts) for row in found]

    async def unsent(self, keys: Collection[str]) -> frozenset[str]:
        """Give those of these deliveries that wait to be sent."""
        waiting: set[str] = set()
        for some in in_parts(sorted(keys)):
            found = await self._connection.execute(
                select(deliveries.c.key).where(deliveries.c.key.in_(some), deliveries.c.state.in_(WAITING))
            )
            waiting.update(found.scalars())
        return frozenset(waiting)

    async def sent(self, keys: Collection[str]) -> dict[str, datetime]:
        """Give when each of these deliveries went out, of those that did."""
        sent: dict[str, datetime] = {}
        for some in in_parts(sorted(keys)):
            found = await self._connection.execute(
                select(deliveries.c.key, deliveries.c.ended_at).where(
                    deliveries.c.key.in_(some), deliveries.c.state == State.SENT
                )
            )
            sent.update((row.key, row.ended_at) for row in found)
        return sent

    async def plan_anew(self, numbers: Sequence[int], *, zone: str | None) -> list[SignUp]:
        """Raise the plan of these sign-ups, whose event is held; give them in this order, with that zone."""
        values: dict[str, Any] = {"plan": event_sign_ups.c.plan + 1} | ({"zone": zone} if zone else {})
        changed: dict[int, SignUp] = {}
        for some in in_parts(numbers):
            found = await self._connection.execute(
                update(event_sign_ups)
                .where(event_sign_ups.c.id.in_(some))
                .values(**values)
                .returning(event_sign_ups)
            )
            changed.update((row.id, _sign_up(row)) for row in found)
        return [changed[number] for number in numbers]
