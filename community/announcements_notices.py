"""Who is told what about an announcement, beside the announcement itself: staff's card, its author."""

from __future__ import annotations

from datetime import datetime

from community.announcements_book import Announcement
from community.deliveries import Delivery, Kind
from community.notices import Notices, Places


def card_key(one: Announcement) -> str:
    """Name the card in the staff channel; each time that it is confirmed there is a new one."""
    return f"announcements:card:{one.id}:{one.round}"


def confirmed(one: Announcement, places: Places) -> Notices:
    """It was confirmed: staff gets the card on which it is followed."""
    card = Delivery(
        key=card_key(one),
        to=places.staff,
        render="announcements.card",
        about={"announcement": one.id, "round": one.round},
    )
    return Notices(add=(card,))


def changed(one: Announcement) -> Notices:
    """Where it stands has changed: its card shows it."""
    return Notices(refresh=(card_key(one),))


def decided(one: Announcement, *, by: str, writer: str, approved: bool, at: datetime) -> Notices:
    """A second member of staff said yes or no: the card shows it, and whoever waits for that is told.

    `writer` wrote the newest text. Of a change of what was sent only they are told: it is theirs alone.
    """
    # The moment of a yes or no to the announcement itself is kept with it, that of one to a change is not.
    change = one.approved_at != at
    waiting = {writer} if change else {one.author, writer}
    told = tuple(
        Delivery(
            key=f"announcements:decided:{one.id}:{user}:{at.isoformat()}",
            to=user,
            render="announcements.decided",
            about={"announcement": one.id, "by": by, "approved": approved, "change": change, "to": user},
        )
        for user in sorted(waiting - {by})
    )
    return Notices(add=told) + changed(one)


def proof(one: Announcement, user: str, *, at: datetime) -> Notices:
    """Staff wants to see it as it will arrive."""
    own = Delivery(
        key=f"announcements:proof:{one.id}:{user}:{at.isoformat()}",
        to=user,
        render="announcements.proof",
        about={"announcement": one.id},
    )
    return Notices(add=(own,))


def export(one: Announcement, user: str, *, at: datetime) -> Notices:
    """Staff wants the report as a file."""
    file = Delivery(
        key=f"announcements:export:{one.id}:{user}:{at.isoformat()}",
        kind=Kind.FILE,
        to=user,
        render="announcements.export",
        about={"announcement": one.id},
    )
    return Notices(add=(file,))
