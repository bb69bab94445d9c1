"""What follows from a question and from a claim: worked out a moment after they were kept.

A listener keeps the fact alone, so that whoever pressed has their answer at once. The line that it wrote into
the request's history says that something follows; working that out is a transaction of its own, which may be
tried as often as it takes: it looks at what is true now, and every delivery has a key that exists once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from community import mentoring_notices as notices
from community.mentoring_offering import Step, ask_first, end_offers, still
from community.mentoring_requests import Book, Policy, Request, Status
from community.notices import Notices, Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a request's history from which something follows; `id` is its own number."""

    id: int
    request: int
    at: datetime
    actor: str
    kind: str
    facts: dict[str, Any]


async def follow(
    book: Book, line: Line, *, at: datetime, policy: Policy, places: Places
) -> tuple[Request, Notices]:
    """Work out what follows from this line; give the request as it is now, and what is to be said."""
    if line.kind == "asked":
        step = await after_asked(book, line.request, at=at, policy=policy)
        return step.request, notices.asked(step.request, step.offers, places)
    request = await after_claimed(book, line)
    offers = await book.offers(request.id)
    claim = int(line.facts["claim"])
    return request, notices.claimed(request, offers, claim=claim, holder=line.actor)


async def after_asked(book: Book, number: int, *, at: datetime, policy: Policy) -> Step:
    """Ask the first mentors, or staff where the asker feels unsafe, unless somebody was asked already.

    Where the question was taken back or claimed meanwhile nobody needs to be asked.
    """
    request = await still(book, number)
    if request.status is not Status.OPEN or request.wave:
        return Step(request)
    return await ask_first(book, request, at=at, policy=policy)


async def after_claimed(book: Book, line: Line) -> Request:
    """Settle the offers that were open when it was claimed: one was taken, the others are gone."""
    request = await still(book, line.request)
    await end_offers(book, replace(request, holder=line.actor), upto=int(line.facts["wave"]))
    return request
