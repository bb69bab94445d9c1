"""Requests, offers and their history, as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    case,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from community.members import Role
from community.mentoring_matching import Circle, Match, Standing
from community.mentoring_requests import Claimant, Event, Offer, OfferState, Rating, Request, Status
from community.offices import Office
from community.topics import Topic
from storage import mentoring_statements as sql
from storage.failpoints import failpoint
from storage.members import parsed
from storage.tables import mentor_profiles, offers, requests

MEDIAN_FROM = 5
"""Fewer answers than this are no history to promise a waiting time from."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a longer list, and how long it is."""

    rows: tuple[Request, ...]
    total: int


def _request(row: Row[Any]) -> Request:
    return Request(
        id=row.id,
        asker=row.asker,
        question=row.question,
        details=row.details,
        topic=Topic(row.topic),
        state=row.state,
        office=Office(row.office) if row.office else None,
        race=row.race,
        needed_by=row.needed_by,
        private=row.private,
        status=Status(row.status),
        circle=Circle(row.circle),
        wave=row.wave,
        opened_at=row.opened_at,
        waiting_since=row.waiting_since,
        look_at=row.look_at,
        widen_at=row.widen_at,
        alarm_at=row.alarm_at,
        alarms=row.alarms,
        resources_at=row.resources_at,
        overdue_at=row.overdue_at,
        overdue=row.overdue,
        hurts_at=row.hurts_at,
        claims=row.claims,
        holder=row.holder,
        claimed_at=row.claimed_at,
        answered_at=row.answered_at,
        nudged_at=row.nudged_at,
        conversation=row.conversation,
        help_asked=row.help_asked,
        reminders=row.reminders,
        closings=row.closings,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        rating=Rating(row.rating) if row.rating else None,
        rating_text=row.rating_text,
    )


def _offer(row: Row[Any]) -> Offer:
    return Offer(
        id=row.id,
        request=row.request,
        mentor=row.mentor,
        wave=row.wave,
        reasons=tuple(row.reasons.split()),
        offered_at=row.offered_at,
        state=OfferState(row.state),
    )


class Mentoring:
    """Requests within the caller's transaction; satisfies `community.mentoring_requests.Book`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.follows = False
        """Whether this transaction wrote a line from which something follows."""

    async def open(self, request: Request, *, noting: Event) -> Request:
        """Keep a new request and the first line of its history; give it back with its number."""
        values = {f"b_{name}": getattr(request, name) for name in sql.OPENED}
        (row,) = await self._noting(sql.OPEN, sql.OPEN_NOTED, values, noting)
        return replace(request, id=row.id)

    async def _noting(
        self, change: Any, noted: Any, values: dict[str, Any], event: Event
    ) -> Sequence[Row[Any]]:
        """Make a change of one request and, if it was made, write a line of its history; give its row.

        On PostgreSQL that is one statement, `noted`.
        """
        line = sql.line(event)
        together = self._connection.dialect.name == "postgresql"
        if together:
            values |= {f"n_{name}": value for name, value in line.items()}
        rows = (await self._connection.execute(noted if together else change, values)).all()
        for row in rows:
            if not together:
                await self._connection.execute(sql.NOTE, {"request": row.id, **line})
            self.follows = self.follows or event.follows
        return rows

    async def get(self, number: int) -> Request | None:
        """Give the request as it is."""
        return await self._one(sql.GET, {"b_id": number})

    async def before_claim(self, number: int, by: str) -> tuple[Request, Claimant] | None:
        """Give the request as it is, and what decides whether this person may claim it."""
        row = (await self._connection.execute(sql.BEFORE_CLAIM, {"b_id": number, "b_by": by})).one_or_none()
        if row is None:
            return None
        gone = row.left_at is not None
        staff = not gone and Role.STAFF in (row.roles or "").split()
        against = frozenset((row.against or "").split())
        approved = not gone and row.approved_at is not None
        return _request(row), Claimant(staff=staff, approved=approved, against=against)

    async def hold_still(self, number: int) -> Request | None:
        """Give the request and keep others from changing it until this transaction ends."""
        return await self._one(sql.HOLD, {"b_id": number})

    async def _one(self, statement: Any, values: dict[str, Any]) -> Request | None:
        row = (await self._connection.execute(statement, values)).one_or_none()
        return _request(row) if row else None

    async def claim(
        self, request: Request, *, by: str, at: datetime, look_at: datetime, noting: Event
    ) -> Request | None:
        """Give it to this holder if it is still open, and as it was: one change, so that exactly one wins."""
        values: dict[str, Any] = {"b_id": request.id, "b_claims": request.claims, "b_wave": request.wave}
        values |= {"b_by": by, "b_at": at, "b_look_at": look_at}
        won = await self._noting(sql.CLAIM, sql.CLAIM_NOTED, values, noting)
        failpoint("claim.won")
        return _request(won[0]) if won else None

    async def change(self, number: int, *, if_status: Status, **values: Any) -> Request | None:
        """Set these fields if the request is still in that status."""
        if not values:
            return await self.get(number)
        statement = sql.change(tuple(values), answered=values.get("answered_at") is not None)
        bound = {f"b_{name}": value for name, value in values.items()}
        return await self._one(statement, {**bound, "b_id": number, "b_if_status": if_status})

    async def note(self, number: int, event: Event) -> None:
        """Add a line to the request's history."""
        await self._connection.execute(sql.NOTE, {"request": number, **sql.line(event)})
        self.follows = self.follows or event.follows

    async def history(self, number: int) -> list[Event]:
        """Give a request's history, oldest first."""
        found = await self._connection.execute(sql.HISTORY, {"b_request": number})
        return [
            Event(
                at=row.at,
                actor=row.actor,
                kind=row.kind,
                facts=row.facts,
                follows=row.follow_at is not None,
            )
            for row in found
        ]

    async def offer(
        self, request: Request, matches: Sequence[Match], *, wave: int, at: datetime
    ) -> list[Offer]:
        """Keep one offer for each match."""
        if not matches:
            return []
        kept = await self._connection.execute(
            sql.OFFER,
            [
                {
                    "request": request.id,
                    "mentor": match.mentor,
                    "wave": wave,
                    "reasons": " ".join(match.reasons),
                    "state": OfferState.OPEN,
                    "offered_at": at,
                }
                for match in matches
            ],
        )
        return [_offer(row) for row in kept]

    async def offers(self, number: int) -> list[Offer]:
        """Give every offer of this request, oldest first."""
        return [_offer(row) for row in await self._connection.execute(sql.OFFERS, {"b_request": number})]

    async def get_offer(self, number: int) -> Offer | None:
        """Give one offer."""
        row = (await self._connection.execute(sql.GET_OFFER, {"b_id": number})).one_or_none()
        return _offer(row) if row else None

    async def settle_offers(
        self, number: int, state: OfferState, *, mentor: str | None = None, upto: int | None = None
    ) -> list[Offer]:
        """Turn the open offers of this request (of this mentor only, if named) into that state.

        With `upto` only those of the waves up to that one.
        """
        values: dict[str, Any] = {"b_request": number, "b_state": state}
        if mentor is not None:
            values["b_mentor"] = mentor
        if upto is not None:
            values["b_upto"] = upto
        statement = sql.settle(one=mentor is not None, upto=upto is not None)
        return [_offer(row) for row in await self._connection.execute(statement, values)]

    async def lapse_offers(self, number: int, *, at: datetime) -> list[str]:
        """Note that the open offers of this request were let pass in silence; give whose they were."""
        found = await self._connection.execute(sql.LAPSE, {"b_request": number, "b_at": at})
        return sorted(found.scalars())

    async def lapses_in_a_row(self, mentor: str) -> int:
        """Count how many of a mentor's latest offers lapsed, up to the last one they answered.

        Offers that are still fresh say nothing yet, and neither do those that somebody else was quicker with.
        """
        found = await self._connection.execute(sql.LATEST, {"b_mentor": mentor})
        count = 0
        for row in found:
            if row.state in {OfferState.PASSED, OfferState.TAKEN}:
                break
            count += 1
        return count

    async def held_or_offered(self, user: str) -> list[int]:
        """Give the requests that this person holds or has an open offer of."""
        found = await self._connection.execute(sql.HELD_OR_OFFERED, {"b_user": user})
        return list(found.scalars())

    async def asked_already(self, number: int) -> frozenset[str]:
        """Give who has an open offer, passed, or let go of this request: not to be asked again."""
        asked = await self._connection.execute(sql.ASKED, {"b_request": number})
        let_go = [
            event.facts.get("holder")
            for event in await self.history(number)
            if event.kind in {"handed_back", "released"}
        ]
        return frozenset(asked.scalars()) | frozenset(filter(None, let_go))

    async def standings(self, *, state: str | None = None) -> list[Standing]:
        """Give every approved mentor who is still here (of one state, if named), with load and last offer.

        Of the profiles there is only what matching reads.
        """
        if state is None:
            found = await self._connection.execute(sql.STANDINGS)
        else:
            found = await self._connection.execute(sql.STANDINGS_OF_STATE, {"b_state": f"% {state} %"})
        return [
            Standing(profile=parsed(*profile), held=held or 0, offered=waiting or 0, last_offered_at=last)
            for *profile, held, waiting, last in found
        ]

    async def median_wait(self, *, since: datetime) -> timedelta | None:
        """Give the median time from question to first answer, or None where there is no history."""
        found = await self._connection.execute(sql.WAITS, {"b_since": since})
        waits = [row.first_answered_at - row.opened_at for row in found]
        return median(waits) if len(waits) >= MEDIAN_FROM else None

    async def in_conversation(self, channel: str) -> list[Request]:
        """Give the claimed requests that are talked about here, the newest first.

        Slack gives the same people the same conversation each time, so there may be several.
        """
        found = await self._connection.execute(sql.IN_CONVERSATION, {"b_channel": channel})
        return [_request(row) for row in found]

    async def has_left(self, user: str) -> bool:
        """Say whether this person's account is known to be gone."""
        return await self._connection.scalar(sql.LEFT_AT, {"b_user": user}) is not None

    async def due(self, *, at: datetime, limit: int = 100) -> list[int]:
        """Give the numbers of the requests whose moment has come, the longest overdue first.

        For what is held by somebody who has left Slack it has come at once, and for what they had asked
        themselves as well, unless they felt unsafe: then staff keeps it.
        """
        found = await self._connection.execute(sql.DUE, {"b_at": at, "b_limit": limit})
        return list(found.scalars())

    async def asked_by(self, user: str, *, limit: int, offset: int = 0) -> Page:
        """Give a person's own requests: those that are not over first, then the newest."""
        over = _one_if(requests.c.status.in_([Status.CLOSED, Status.CANCELLED]))
        return await self._page(
            requests.c.asker == user, over, requests.c.id.desc(), limit=limit, offset=offset
        )

    async def held_by(self, user: str, *, limit: int, offset: int = 0) -> Page:
        """Give what a mentor holds, the longest held first."""
        mine = and_(requests.c.holder == user, requests.c.status == Status.CLAIMED)
        return await self._page(mine, requests.c.claimed_at, requests.c.id, limit=limit, offset=offset)

    async def offered_to(self, user: str, *, limit: int, offset: int = 0) -> Page:
        """Give what is offered to a mentor and waits for their answer."""
        waiting = select(offers.c.request).where(offers.c.mentor == user, offers.c.state == OfferState.OPEN)
        mine = and_(requests.c.id.in_(waiting), requests.c.status == Status.OPEN)
        return await self._page(mine, requests.c.hurts_at, requests.c.id, limit=limit, offset=offset)

    async def queue(
        self, *, states: frozenset[str] | None, without: str | None = None, limit: int, offset: int = 0
    ) -> Page:
        """Give the open requests of these states (None: of all), first what would hurt first.

        With `without`, what that mentor asked themselves, works against or was offered already is left
        out, and what is staff's alone.
        """
        where: ColumnElement[bool] = requests.c.status == Status.OPEN
        if states is not None:
            where = and_(where, requests.c.state.in_(sorted(states)))
        if without is not None:
            offered = select(offers.c.request).where(
                offers.c.mentor == without, offers.c.state == OfferState.OPEN
            )
            against = await self._connection.scalar(
                select(mentor_profiles.c.against).where(mentor_profiles.c.user == without)
            )
            where = and_(
                where,
                requests.c.asker.not_in([without, *(against or "").split()]),
                requests.c.topic != Topic.UNSAFE,
                requests.c.id.not_in(offered),
            )
        return await self._page(where, requests.c.hurts_at, requests.c.id, limit=limit, offset=offset)

    async def _page(self, where: ColumnElement[bool], *order: Any, limit: int, offset: int) -> Page:
        total = await self._connection.scalar(select(func.count()).select_from(requests).where(where))
        found = await self._connection.execute(
            select(requests).where(where).order_by(*order).limit(limit).offset(offset)
        )
        return Page(tuple(_request(row) for row in found), total or 0)


def _one_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)
