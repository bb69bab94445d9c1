"""Armchair Chats, intro calls and trainings, as they are kept: seats are taken by one conditional change."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

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
from storage import events_statements as sql
from storage.changes import bound, change
from storage.deliveries import in_parts
from storage.tables import event_sign_ups, events

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
        self._dialect = connection.dialect.name

    async def add(self, event: Event) -> Event:
        """Keep a new event and give it back with its number, and the id that calendars know it by."""
        values = _kept({name: getattr(event, name) for name in _EVENT if name != "id"})
        values["uid"] = f"{uuid.uuid4()}@downballot"
        row = (await self._connection.execute(insert(events).values(values).returning(events))).one()
        return event_of(row)

    async def get(self, number: int) -> Event | None:
        """Give the event as it is."""
        return await self._one(sql.GET, {"b_id": number})

    async def hold(self, number: int) -> Event | None:
        """Give the event and keep others from changing it until this transaction ends."""
        return await self._one(sql.HOLD, {"b_id": number})

    async def _one(self, statement: Any, values: dict[str, Any]) -> Event | None:
        row = (await self._connection.execute(statement, values)).one_or_none()
        return event_of(row) if row else None

    async def change(self, number: int, **values: Any) -> Event:
        """Set these fields of an event that is held."""
        kept = _kept(values)
        found = await self._connection.execute(change(events, tuple(kept)), bound(number, kept))
        return event_of(found.one())

    async def later(self, event: Event) -> list[Event]:
        """Give those of the same series that come after this one and take place, held, in order."""
        if event.series is None:
            return []
        values = {"b_series": event.series, "b_starts_at": event.starts_at, "b_id": event.id}
        found = await self._connection.execute(sql.LATER, values)
        return [event_of(row) for row in found]

    async def count_later(self, event: Event) -> int:
        """Count those of the same series that come after this one and take place."""
        if event.series is None:
            return 0
        values = {"b_series": event.series, "b_starts_at": event.starts_at}
        return await self._connection.scalar(sql.COUNT_LATER, values) or 0

    async def take_seat(self, number: int) -> Event | None:
        """Take one seat if one is left; None where none is."""
        return await self._one(sql.TAKE_SEAT, {"b_id": number})

    async def free_seat(self, number: int) -> Event:
        """Give one seat back."""
        return event_of((await self._connection.execute(sql.FREE_SEAT, {"b_id": number})).one())

    # Sign-ups

    async def sign(self, event: Event, user: str, standing: Standing, *, zone: str, at: datetime) -> SignUp:
        """Put a person on the list, again if they were on it before: with cards and a plan of its own."""
        values = {
            "event": event.id,
            "user": user,
            "times": 1,
            "plan": 1,
            "standing": standing,
            "zone": zone,
            "since": at,
            "told": event.sequence,
            "confirmed_at": None,
        }
        return _sign_up((await self._connection.execute(sql.SIGN[self._dialect], values)).one())

    async def of(self, event: int, user: str) -> SignUp | None:
        """Give this person's sign-up."""
        return await self._one_sign_up(sql.OF, {"b_event": event, "b_user": user})

    async def sign_up(self, number: int) -> SignUp | None:
        """Give one sign-up."""
        return await self._one_sign_up(sql.SIGN_UP, {"b_id": number})

    async def _one_sign_up(self, statement: Any, values: dict[str, Any]) -> SignUp | None:
        row = (await self._connection.execute(statement, values)).one_or_none()
        return _sign_up(row) if row else None

    async def sign_ups(self, event: int, standings: Collection[Standing]) -> list[SignUp]:
        """Give the sign-ups of an event that stand like this, in the order in which they came."""
        values = {"b_event": event, "b_standings": sorted(standings)}
        found = await self._connection.execute(sql.SIGN_UPS, values)
        return [_sign_up(row) for row in found]

    async def change_sign_up(self, number: int, **values: Any) -> SignUp:
        """Set these fields of a sign-up whose event is held."""
        statement = change(event_sign_ups, tuple(values))
        return _sign_up((await self._connection.execute(statement, bound(number, values))).one())

    async def first_waiting(self, event: int) -> SignUp | None:
        """Give who has waited longest for a seat."""
        return await self._one_sign_up(sql.FIRST_WAITING, {"b_event": event})

    async def place(self, one: SignUp) -> int:
        """Say how manieth somebody is who waits; 1 is the next."""
        values = {"b_event": one.event, "b_since": one.since, "b_id": one.id}
        return (await self._connection.scalar(sql.AHEAD, values) or 0) + 1

    async def count(self, event: int, standing: Standing) -> int:
        """Count who stands like this."""
        values = {"b_event": event, "b_standing": standing}
        return await self._connection.scalar(sql.COUNT, values) or 0

    async def first_names(self, event: int, *, limit: int) -> list[str]:
        """Give the first names of those with a seat, in the order in which they came."""
        found = await self._connection.execute(sql.NAMES, {"b_event": event, "b_limit": limit})
        return [name.split()[0] for (name,) in found if name.split()]

    async def standings(self, user: str, numbers: Iterable[int]) -> dict[int, SignUp]:
        """Give this person's sign-ups of these events, by the event's number."""
        values = {"b_user": user, "b_events": sorted(numbers)}
        found = await self._connection.execute(sql.STANDINGS, values)
        return {row.event: _sign_up(row) for row in found}

    # History, and what has gone out

    async def note(self, number: int, entry: Entry) -> None:
        """Add a line to the event's history."""
        values = {"event": number, "at": entry.at, "actor": entry.actor, "kind": entry.kind}
        await self._connection.execute(sql.NOTE, values | {"facts": entry.facts})

    async def history(self, number: int, kind: str | None = None) -> list[Entry]:
        """Give the event's history, oldest first, or only its lines of one kind."""
        if not kind:
            found = await self._connection.execute(sql.HISTORY, {"b_event": number})
        else:
            found = await self._connection.execute(sql.HISTORY_OF_KIND, {"b_event": number, "b_kind": kind})
        return [Entry(at=row.at, actor=row.actor, kind=row.kind, facts=row.facts) for row in found]

    async def unsent(self, keys: Collection[str]) -> frozenset[str]:
        """Give those of these deliveries that wait to be sent."""
        waiting: set[str] = set()
        for some in in_parts(sorted(keys)):
            found = await self._connection.execute(sql.UNSENT, {"b_keys": some})
            waiting.update(found.scalars())
        return frozenset(waiting)

    async def sent(self, keys: Collection[str]) -> dict[str, datetime]:
        """Give when each of these deliveries went out, of those that did."""
        sent: dict[str, datetime] = {}
        for some in in_parts(sorted(keys)):
            found = await self._connection.execute(sql.SENT, {"b_keys": some})
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
