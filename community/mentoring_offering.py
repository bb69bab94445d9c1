"""Who is asked next: waves of offers, the widening circle, and staff where nobody is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from community import mentoring_clock as clock
from community.mentoring_matching import Circle, Match, next_wave
from community.mentoring_requests import Book, Event, Offer, OfferState, Policy, Request, Status
from community.refusals import NotFound

FOLLOWED_WITHIN = timedelta(minutes=1)
"""What follows from a question takes hundredths of a second, and in a crowd a few seconds."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a verb led to: the request as it is now, and the offers that this step made."""

    request: Request
    offers: tuple[Offer, ...] = ()


async def ask_first(book: Book, request: Request, *, at: datetime, policy: Policy) -> Step:
    """Ask the nearest circle, or staff alone where the asker feels unsafe."""
    if request.safety:
        return Step(await _to_staff(book, request, at=at, policy=policy))
    return await widen(book, request, start=Circle.STATE, at=at, policy=policy)


async def widen(book: Book, request: Request, *, start: Circle, at: datetime, policy: Policy) -> Step:
    """Ask the next mentors, from the circle `start` on; where nobody is left, staff takes over.

    The moments of `request` are kept with it, so that a caller may have set them anew.
    """
    circle, matches = await _next_wave(book, request, start=start, at=at, policy=policy)
    if circle is Circle.STAFF:
        return Step(await _to_staff(book, request, at=at, policy=policy))
    request = replace(
        request,
        circle=circle,
        wave=request.wave + 1,
        widen_at=clock.due(policy, request, at, policy.widen_after),
    )
    changed = await keep_open(book, request)
    if changed is None:
        return Step(await there(book, request.id))
    offers = await book.offer(changed, matches, wave=changed.wave, at=at)
    facts = {"wave": changed.wave, "circle": circle, "to": len(offers)}
    await book.note(request.id, Event(at=at, actor=None, kind="offered", facts=facts))
    return Step(changed, tuple(offers))


async def _next_wave(
    book: Book, request: Request, *, start: Circle, at: datetime, policy: Policy
) -> tuple[Circle, list[Match]]:
    twice = 2 if clock.in_filing_week(policy, request, at) else 1
    # Of a question that is new, and was never held, nobody can have been asked.
    asked = await book.asked_already(request.id) if request.wave or request.claims else frozenset()
    choose = partial(next_wave, request, size=policy.first_wave * twice, now=at, asked=asked)
    if start is Circle.STATE:
        # Mostly somebody near is free, and the many who are not near need not be read.
        near = choose(await book.standings(state=request.state), start=start)
        if near[0] is Circle.STATE:
            return near
    return choose(await book.standings(), start=start)


async def _to_staff(book: Book, request: Request, *, at: datetime, policy: Policy) -> Request:
    request = replace(
        request,
        circle=Circle.STAFF,
        wave=request.wave + 1,
        alarm_at=None,  # They know already.
        widen_at=clock.staff_looks_again(policy, request, at),
    )
    changed = await keep_open(book, request)
    if changed is None:
        return await there(book, request.id)
    await book.note(request.id, Event(at=at, actor=None, kind="given_to_staff"))
    return changed


_OF_AN_OPEN_ONE = (
    "circle",
    "wave",
    "waiting_since",
    "widen_at",
    "alarm_at",
    "alarms",
    "resources_at",
    "overdue_at",
    "overdue",
    "hurts_at",
    "reminders",
)


async def keep_open(book: Book, request: Request) -> Request | None:
    """Keep the circle and the moments of an open request, and when to look at it next."""
    values = {name: getattr(request, name) for name in _OF_AN_OPEN_ONE}
    return await book.change(request.id, if_status=Status.OPEN, look_at=clock.next_look(request), **values)


async def decline(
    book: Book, request: Request, mentor: str, *, kind: str, at: datetime, policy: Policy
) -> Step:
    """Settle a mentor's open offer without a claim; `kind` says for the history how it came about."""
    if not await book.settle_offers(request.id, OfferState.PASSED, mentor=mentor):
        return Step(request)
    await book.note(request.id, Event(at=at, actor=mentor, kind=kind))
    waiting = any(each.state is OfferState.OPEN for each in await book.offers(request.id))
    if request.status is not Status.OPEN or request.circle is Circle.STAFF or waiting:
        return Step(request)
    return await widen(book, request, start=request.circle, at=at, policy=policy)


async def end_offers(book: Book, request: Request, *, upto: int | None = None) -> None:
    """Settle what is still offered of a request that is no longer open: its holder took it, if anybody.

    With `upto` only the waves up to that one are settled: later ones belong to a later turn of the request.
    """
    if request.holder is not None:
        await book.settle_offers(request.id, OfferState.TAKEN, mentor=request.holder, upto=upto)
    await book.settle_offers(request.id, OfferState.GONE, upto=upto)


async def there(book: Book, number: int) -> Request:
    """Give the request as it is; raises NotFound."""
    request = await book.get(number)
    if request is None:
        raise NotFound
    return request


async def still(book: Book, number: int) -> Request:
    """Give the request and keep others from changing it meanwhile; raises NotFound."""
    request = await book.hold_still(number)
    if request is None:
        raise NotFound
    return request
