"""A mentor leaves Slack or goes away: everything they hold or were offered goes on to others at once."""

from __future__ import annotations

from datetime import datetime

from community import mentoring_notices as notices
from community.mentoring import back_to_queue
from community.mentoring_offering import decline
from community.mentoring_requests import Book, Policy, Status
from community.notices import Notices, Places


async def let_go(
    book: Book, user: str, *, at: datetime, policy: Policy, places: Places
) -> tuple[Notices, list[int]]:
    """Hand back all that this person holds and pass on all that they were offered.

    Gives what to say, and the numbers of the requests that were handed back.
    """
    said, back = Notices(), []
    for number in await book.held_or_offered(user):
        request = await book.hold_still(number)
        if request is None or request.over:
            continue
        if request.status is Status.CLAIMED and request.holder == user:
            step = await back_to_queue(book, request, kind="handed_back", actor=user, at=at, policy=policy)
            offers = await book.offers(number)
            said += notices.handed_back(step.request, step.offers, offers, places, holder=user)
            back.append(number)
        elif request.status is Status.OPEN:
            step = await decline(book, request, user, kind="away", at=at, policy=policy)
            said += notices.widened(step.request, step.offers, await book.offers(number), places)
    return said, back
