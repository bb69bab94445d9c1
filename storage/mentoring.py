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
    Select,
    and_,
    case,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from community.mentoring_matching import Circle, Match, Standing
from community.mentoring_requests import Event, Offer, OfferState, Rating, Request, Status
from community.offices import Office
from community.topics import Topic
from storage.failpoints import failpoint
from storage.members import mentor_profile
from storage.tables import members, mentor_profiles, offers, request_history, requests

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

    async def open(self, request: Request) -> Request:
        """Keep a new request and give it back with its number."""
        row = (
            await self._connection.execute(
                insert(requests)
                .values(
                    asker=request.asker,
                    question=request.question,
                    details=request.details,
                    topic=request.topic,
                    state=request.state,
                    office=request.office,
                    race=request.race,
                    needed_by=request.needed_by,
                    private=request.private,
                    status=request.status,
                    circle=request.circle,
                    wave=request.wave,
                    opened_at=request.opened_at,
                    waiting_since=request.waiting_since,
                    look_at=request.look_at,
                    widen_at=request.widen_at,
                    alarm_at=request.alarm_at,
                    resources_at=request.resources_at,
                    overdue_at=request.overdue_at,
                    hurts_at=request.hurts_at,
                    claims=0,
                    help_asked=0,
                    reminders=0,
                    closings=0,
                )
                .returning(requests.c.id)
            )
        ).scalar_one()
        return replace(request, id=row)

    async def get(self, number: int) -> Request | None:
        """Give the request as it is."""
        return await self._one(select(requests).where(requests.c.id == number))

    async def hold_still(self, number: int) -> Request | None:
        """Give the request and keep others from changing it until this transaction ends."""
        return await self._one(select(requests).where(requests.c.id == number).with_for_update())

    async def _one(self, statement: Any) -> Request | None:
        row = (await self._connection.execute(statement)).one_or_none()
        return _request(row) if row else None

    async def claim(self, number: int, *, by: str, at: datetime, look_at: datetime) -> Request | None:
        """Give it to this holder if it is still open: one statement, so that exactly one wins."""
        won = await self._one(
            update(requests)
            .where(requests.c.id == number, requests.c.status == Status.OPEN)
            .values(
                status=Status.CLAIMED,
                holder=by,
                claimed_at=at,
                answered_at=None,
                nudged_at=None,
                conversation=None,
                claims=requests.c.claims + 1,
                look_at=look_at,
            )
            .returning(requests)
        )
        failpoint("claim.won")
        return won

    async def change(self, number: int, *, if_status: Status, **values: Any) -> Request | None:
        """Set these fields if the request is still in that status."""
        if not values:
            return await self.get(number)
        if values.get("answered_at") is not None:
            # The first answer of all is what waiting times are measured by.
            values["first_answered_at"] = func.coalesce(requests.c.first_answered_at, values["answered_at"])
        return await self._one(
            update(requests)
            .where(requests.c.id == number, requests.c.status == if_status)
            .values(**values)
            .returning(requests)
        )

    async def note(self, number: int, event: Event) -> None:
        """Add a line to the request's history."""
        await self._connection.execute(
            insert(request_history).values(
                request=number, at=event.at, actor=event.actor, kind=event.kind, facts=event.facts
            )
        )

    async def history(self, number: int) -> list[Event]:
        """Give a request's history, oldest first."""
        found = await self._connection.execute(
            select(request_history).where(request_history.c.request == number).order_by(request_history.c.id)
        )
        return [Event(at=row.at, actor=row.actor, kind=row.kind, facts=row.facts) for row in found]

    async def offer(
        self, request: Request, matches: Sequence[Match], *, wave: int, at: datetime
    ) -> list[Offer]:
        """Keep one offer for each match."""
        if not matches:
            return []
        kept = await self._connection.execute(
            insert(offers).returning(offers, sort_by_parameter_order=True),
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
        found = await self._connection.execute(
            select(offers).where(offers.c.request == number).order_by(offers.c.id)
        )
        return [_offer(row) for row in found]

    async def get_offer(self, number: int) -> Offer | None:
        """Give one offer."""
        row = (await self._connection.execute(select(offers).where(offers.c.id == number))).one_or_none()
        return _offer(row) if row else None

    async def settle_offers(
        self, number: int, state: OfferState, *, mentor: str | None = None
    ) -> list[Offer]:
        """Turn the open offers of this request (of this mentor only, if named) into that state."""
        where = [offers.c.request == number, offers.c.state == OfferState.OPEN]
        if mentor is not None:
            where.append(offers.c.mentor == mentor)
        found = await self._connection.execute(
            update(offers).where(*where).values(state=state).returning(offers)
        )
        return [_offer(row) for row in found]

    async def lapse_offers(self, number: int, *, at: datetime) -> list[str]:
        """Note that the open offers of this request were let pass in silence; give whose they were."""
        found = await self._connection.execute(
            update(offers)
            .where(
                offers.c.request == number, offers.c.state == OfferState.OPEN, offers.c.lapsed_at.is_(None)
            )
            .values(lapsed_at=at)
            .returning(offers.c.mentor)
        )
        return sorted(found.scalars())

    async def lapses_in_a_row(self, mentor: str) -> int:
        """Count how many of a mentor's latest offers lapsed, up to the last one they answered.

        Offers that are still fresh say nothing yet, and neither do those that somebody else was quicker with.
        """
        found = await self._connection.execute(
            select(offers.c.state, offers.c.lapsed_at)
            .where(
                offers.c.mentor == mentor,
                or_(
                    offers.c.lapsed_at.is_not(None),
                    offers.c.state.in_([OfferState.PASSED, OfferState.TAKEN]),
                ),
            )
            .order_by(offers.c.id.desc())
            .limit(20)
        )
        count = 0
        for row in found:
            if row.state in {OfferState.PASSED, OfferState.TAKEN}:
                break
            count += 1
        return count

    async def held_or_offered(self, user: str) -> list[int]:
        """Give the requests that this person holds or has an open offer of."""
        offered = select(offers.c.request).where(offers.c.mentor == user, offers.c.state == OfferState.OPEN)
        held = and_(requests.c.holder == user, requests.c.status == Status.CLAIMED)
        shown = and_(requests.c.id.in_(offered), requests.c.status == Status.OPEN)
        found = await self._connection.execute(
            select(requests.c.id).where(or_(held, shown)).order_by(requests.c.id)
        )
        return list(found.scalars())

    async def asked_already(self, number: int) -> frozenset[str]:
        """Give who has an open offer, passed, or let go of this request: not to be asked again."""
        asked = await self._connection.execute(
            select(offers.c.mentor).where(
                offers.c.request == number, offers.c.state.in_([OfferState.OPEN, OfferState.PASSED])
            )
        )
        let_go = [
            event.facts.get("holder")
            for event in await self.history(number)
            if event.kind in {"handed_back", "released"}
        ]
        return frozenset(asked.scalars()) | frozenset(filter(None, let_go))

    async def standings(self) -> list[Standing]:
        """Give every approved mentor who is still here, with load and last offer."""
        found = await self._connection.execute(_STANDINGS)
        return [
            Standing(
                profile=mentor_profile(row),
                held=row.held or 0,
                offered=row.waiting or 0,
                last_offered_at=row.last,
            )
            for row in found
        ]

    async def median_wait(self, *, since: datetime) -> timedelta | None:
        """Give the median time from question to first answer, or None where there is no history."""
        found = await self._connection.execute(
            select(requests.c.opened_at, requests.c.first_answered_at)
            .where(requests.c.first_answered_at > since)
            .order_by(requests.c.first_answered_at.desc())
            .limit(1000)
        )
        waits = [row.first_answered_at - row.opened_at for row in found]
        return median(waits) if len(waits) >= MEDIAN_FROM else None

    async def in_conversation(self, channel: str) -> list[Request]:
        """Give the claimed requests that are talked about here, the newest first.

        Slack gives the same people the same conversation each time, so there may be several.
        """
        found = await self._connection.execute(
            select(requests)
            .where(requests.c.conversation == channel, requests.c.status == Status.CLAIMED)
            .order_by(requests.c.claimed_at.desc(), requests.c.id.desc())
        )
        return [_request(row) for row in found]

    async def has_left(self, user: str) -> bool:
        """Say whether this person's account is known to be gone."""
        found = await self._connection.scalar(select(members.c.left_at).where(members.c.id == user))
        return found is not None

    async def due(self, *, at: datetime, limit: int = 100) -> list[int]:
        """Give the numbers of the requests whose moment has come, the longest overdue first.

        For what is held by somebody who has left Slack it has come at once.
        """
        gone = select(members.c.id).where(members.c.left_at.is_not(None))
        abandoned = and_(requests.c.status == Status.CLAIMED, requests.c.holder.in_(gone))
        found = await self._connection.execute(
            select(requests.c.id)
            .where(requests.c.look_at.is_not(None), or_(requests.c.look_at <= at, abandoned))
            .order_by(requests.c.look_at, requests.c.id)
            .limit(limit)
        )
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


def _standings() -> Select[Any]:
    """Ask for every approved mentor with what they hold, what waits for them, and when they were last asked.

    What is over costs nothing, however much of it there is: each part is led by an index. The conditions of
    the partial ones stand there word for word, because a bound parameter would hide them from the planner.
    """
    held = (
        select(requests.c.holder, func.count().label("held"))
        .where(requests.c.status == literal_column("'claimed'"))
        .group_by(requests.c.holder)
        .subquery()
    )
    # Asked for by IN and not joined: SQLite, which nobody analyses, would begin with every offer ever made.
    queue = select(requests.c.id).where(requests.c.status == literal_column("'open'"))
    waiting = (
        select(offers.c.mentor, func.count().label("waiting"))
        .where(offers.c.request.in_(queue), offers.c.state == OfferState.OPEN)
        .group_by(offers.c.mentor)
        .subquery()
    )
    last = (
        select(func.max(offers.c.offered_at))
        .where(offers.c.mentor == mentor_profiles.c.user)
        .correlate(mentor_profiles)
        .scalar_subquery()
    )
    return (
        select(mentor_profiles, held.c.held, waiting.c.waiting, last.label("last"))
        .join(members, members.c.id == mentor_profiles.c.user)
        .outerjoin(held, held.c.holder == mentor_profiles.c.user)
        .outerjoin(waiting, waiting.c.mentor == mentor_profiles.c.user)
        .where(mentor_profiles.c.approved_at.is_not(None), members.c.left_at.is_(None))
    )


_STANDINGS = _standings()
"""Made once: putting it together costs more than the database needs to answer it."""
