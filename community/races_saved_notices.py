"""Who is told what when something happens to a race that somebody saved.

Every message about it holds its dates and where it stands as they are when it is sent, and follows what the
person does with it; the calendar file goes out whenever its entries have changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from community.deliveries import Delivery, Kind, Lane
from community.journeys_times import local
from community.notices import Notices, Places
from community.races_countdown import CLOSED, OPENS
from community.races_moves import Move, News, told_at
from community.races_saved import Saved, Standing

SOON = 3
"""From so few days on a message of the countdown goes before what nobody waits for."""

NEWS_FOR = timedelta(days=14)
"""For so long a change is worth telling where it could not be told."""


def calendar_key(number: int, sequence: int, method: str) -> str:
    """Name one calendar file: `method` is "publish" or "cancel"."""
    return f"races:calendar:{number}:{sequence}:{method}"


def win_key(number: int, nth: int) -> str:
    """Name the post in the wins channel."""
    return f"races:win:{number}:{nth}"


def _files(
    before: Iterable[str], after: Saved, why: str, *, at: datetime, follow: str = ""
) -> list[Delivery]:
    """Bring the person's calendar from what stood in it to what belongs into it."""
    gone = [what for what in before if what not in after.calendar]
    files: list[Delivery] = []
    for method, whats in (("cancel", gone), ("publish", list(after.calendar))):
        if whats:
            key = calendar_key(after.id, after.sequence, method)
            about = {"saved": after.id, "sequence": after.sequence, "method": method, "whats": whats}
            files.append(
                Delivery(
                    key=key,
                    kind=Kind.FILE,
                    to=after.user,
                    render="races.calendar",
                    about={**about, "why": why},
                    after=follow or None,
                    due_at=at,
                )
            )
    return files


def _obsolete(before: Saved) -> tuple[str, ...]:
    """Name what was on its way and is not true any more."""
    files = (calendar_key(before.id, before.sequence, method) for method in ("publish", "cancel"))
    return tuple(filter(None, (before.flight, before.told, *files)))


def saved(one: Saved, *, at: datetime) -> Notices:
    """Somebody saved a race, or goes on with one that they had stopped."""
    return Notices(add=tuple(_files((), one, "saved", at=at)), refresh=one.cards, homes=frozenset({one.user}))


def settled(before: Saved, after: Saved, *, at: datetime) -> Notices:
    """Somebody filed, stopped, or took that back: every card shows it, and nothing obsolete goes out."""
    if before is after:
        # Pressed on a card that had not heard of it yet.
        return Notices(refresh=after.cards, homes=frozenset({after.user}))
    files: list[Delivery] = []
    cancel: tuple[str, ...] = ()
    if after.standing is Standing.FILED:
        cancel = tuple(filter(None, (before.flight,)))
    elif after.standing is Standing.STOPPED:
        cancel = _obsolete(before)
        files = _files(before.calendar, after, "stopped", at=at)
    elif before.standing is Standing.STOPPED:
        cancel = _obsolete(before)
        files = _files((), after, "back", at=at)
    gone = _win(before, after)
    return Notices(add=tuple(files), refresh=after.cards, homes=frozenset({after.user}), cancel=cancel) + gone


def _win(before: Saved, after: Saved) -> Notices:
    if before.won_at is None or after.won_at is not None:
        return Notices()
    key = win_key(before.id, before.wins)
    take_down = Delivery(key=f"{key}:gone", kind=Kind.DELETE, after=key)
    return Notices(add=(take_down,))


def moved(move: Move, *, at: datetime) -> Notices:
    """Time has passed: a message of the countdown, if one is due."""
    one = move.after
    if not move.rung or move.target is None or one.flight is None:
        return Notices(
            homes=frozenset({one.user}) if one.standing is not move.before.standing else frozenset()
        )
    target = move.target
    days = int(move.rung) if move.rung not in {OPENS, CLOSED} else None
    card = Delivery(
        key=one.flight,
        to=one.user,
        render="races.countdown",
        about={
            "saved": one.id,
            "rung": move.rung,
            "on": local(at, one.reader).date().isoformat(),
            "what": target.what,
            "closes": target.closes.isoformat() if target.closes else "",
        },
        expires_at=move.until,
        lane=Lane.URGENT if days is not None and days <= SOON else Lane.BULK,
    )
    # Once filing has closed the older cards say so too.
    refresh = move.before.cards if move.rung == CLOSED else ()
    return Notices(add=(card,), refresh=refresh, homes=frozenset({one.user}))


def news(found: News, *, at: datetime) -> Notices:
    """A source says something new of a saved race: what has changed, in the daytime."""
    before, after = found.before, found.after
    due = told_at(at, after.reader)
    cancel: tuple[str, ...] = _obsolete(before) if found.moved else ()
    if found.told != () or after.told != before.told:
        cancel = (*cancel, *filter(None, (before.told,)))
    add: list[Delivery] = []
    if found.told and after.told:
        add.append(
            Delivery(
                key=after.told,
                to=after.user,
                render="races.changed",
                about={
                    "saved": after.id,
                    "on": local(due, after.reader).date().isoformat(),
                    "changes": [each.kept() for each in found.told],
                },
                due_at=due,
                expires_at=due + NEWS_FOR,
            )
        )
    # What went back and forth before anybody was told stands in their calendar as it was.
    if found.moved and found.told:
        why = "cancelled" if after.standing is Standing.CANCELLED else "moved"
        add += _files(before.calendar, after, why, at=due, follow=after.told or "")
    same = before.standing is after.standing and before.race == after.race
    if not add and not cancel and same:
        return Notices()
    return Notices(
        add=tuple(add),
        refresh=before.cards,
        homes=frozenset({after.user}),
        cancel=tuple(dict.fromkeys(cancel)),
    )


def celebrated(one: Saved, places: Places, *, post: bool) -> Notices:
    """Somebody agreed: the wins channel hears of it, once."""
    words = Delivery(
        key=win_key(one.id, one.wins),
        to=places.wins,
        render="races.win",
        about={"saved": one.id, "nth": one.wins},
    )
    return Notices(add=(words,) if post else (), refresh=one.cards, homes=frozenset({one.user}))


def hushed(before: Saved, after: Saved) -> Notices:
    """Somebody took back what stands in the wins channel."""
    return _win(before, after) + Notices(refresh=after.cards, homes=frozenset({after.user}))
