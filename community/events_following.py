"""What becomes of a sign-up when its person leaves the workspace, or moves to another zone."""

from __future__ import annotations

from datetime import datetime

from community import events_notices as notices
from community.events import drop
from community.events_terms import Book, Event, SignUp
from community.members import Member
from community.notices import Notices


async def followed(book: Book, event: Event, one: SignUp, member: Member, *, at: datetime) -> Notices:
    """Free the seat of who has left, or plan the reminders of who has moved anew; give what is to be said."""
    if member.left_at is not None:
        return await notices.left(book, await drop(book, event, one, at=at), at=at)
    _, plan = await notices.planned_anew(book, event, [one], at=at, zone=member.zone)
    return plan
