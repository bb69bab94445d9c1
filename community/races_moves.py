"""What happens to a saved race by itself: time passes, its source has news, its person moves or leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from community.deliveries import State
from community.journeys_times import SLEEPS, bedtime, local, moment_at, next_morning
from community.races import Race
from community.races_changes import DATES, Change, Kind, changes, merged
from community.races_countdown import (
    AT,
    CLOSED,
    Target,
    asks_at,
    last_closed,
    newest_due,
)
from community.races_saved import Saved, Standing, entries, settled, standing_of, target_of

LOOK_AGAIN = timedelta(hours=1)
"""After this time a message that is still on its way in the morning after is looked at once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A saved race whose moment has come, and what has to be known of it.

    `reader` is the person's zone now, `left` whether their account is gone, `delivery` where the countdown's
    newest message stands (None: there is none).
    """

    saved: Saved
    reader: str
    left: bool = False
    delivery: State | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a saved race becomes, and the message that goes out now, if any.

    `rung` names it (`races_countdown.RUNGS`, OPENS or CLOSED), `target` is the window that it speaks of, and
    `until` when it is of no use any more.
    """

    before: Saved
    after: Saved
    rung: str = ""
    target: Target | None = None
    until: datetime | None = None


def flight_key(saved: Saved, target: Target, rung: str, again: int = 0) -> str:
    """Name one message of the countdown to one window; what did not leave on its day gets another name."""
    window = int((target.moment or target.opens_moment or saved.saved_at).timestamp())
    return f"races:countdown:{saved.id}:{saved.sequence}:{window}:{rung}:{again}"


def _flown(key: str) -> tuple[str, int]:
    """Read the rung and the number of the try from a message's name."""
    *_, rung, again = key.split(":")
    return rung, int(again)


_ON_ITS_WAY = frozenset({State.PENDING, State.RESERVED, State.SENDING})


def advance(due: Due, now: datetime) -> Move:
    """Say what becomes of a saved race whose moment has come.

    However late that is noticed: one message at most, the newest that was due, in the daytime, and none of
    the countdown once filing has closed.
    """
    found = replace(due.saved, reader=due.reader)
    closed = last_closed(found.race, found.zone, since=found.since, now=now) if found.counts_down else None
    if due.left:
        return _rest(due, found, closed, now)
    if closed is not None and closed.moment is not None:
        return _close(due, replace(found, flight=None), closed, closed.moment, now)
    if found.flight is not None and due.delivery in _ON_ITS_WAY:
        return Move(before=due.saved, after=replace(found, next_at=now + LOOK_AGAIN))
    return _onward(due, found, now)


def _close(due: Due, found: Saved, closed: Target, moment: datetime, now: datetime) -> Move:
    """A window has closed: ask whether they filed, at the first nine of theirs that has come."""
    asks = max(asks_at(moment, due.reader), _waits(now, due.reader) or now)
    if asks > now:
        return Move(before=due.saved, after=replace(found, next_at=asks))
    return _send(due, replace(found, since=now), CLOSED, closed, now)


def _onward(due: Due, found: Saved, now: datetime) -> Move:
    landed = replace(found, flight=None)
    lost = _flown(found.flight) if found.flight and due.delivery in {State.EXPIRED, None} else None
    target = target_of(landed) if landed.counts_down else None
    rung = newest_due(target, due.reader, since=landed.since, now=now) if target is not None else None
    if lost is not None and lost[0] == CLOSED and rung is None:
        target = last_closed(found.race, found.zone, since=found.saved_at, now=found.since)
    if target is None or (rung is None and lost is None):
        return Move(before=due.saved, after=settled(landed))
    wait = _waits(now, due.reader)
    if wait is not None:
        return Move(before=due.saved, after=replace(found, next_at=wait))
    if rung is not None:
        return _send(due, replace(landed, since=rung.at), rung.name, target, now)
    name, tried = lost or ("", 0)
    return _send(due, landed, name, target, now, again=tried + 1)


def _send(due: Due, onward: Saved, rung: str, target: Target, now: datetime, *, again: int = 0) -> Move:
    key = flight_key(onward, target, rung, again)
    if rung == CLOSED:
        onward = replace(onward, standing=standing_of(onward.race, onward.zone, now))
    # Looked at again in the morning after: what did not leave by the evening is sent once more.
    after = settled(
        replace(onward, flight=key, cards=(*onward.cards, key), next_at=next_morning(now, due.reader))
    )
    until = bedtime(now, due.reader)
    if rung != CLOSED and target.moment is not None:
        until = min(until, target.moment)
    return Move(before=due.saved, after=after, rung=rung, target=target, until=until)


def _waits(now: datetime, reader: str) -> datetime | None:
    """Say until when anything has to wait because it is night there; None: it may go now.

    The night ends at nine, when the day's own message comes: what is late would make two of them.
    """
    if AT <= local(now, reader).time() < SLEEPS:
        return None
    this = moment_at(local(now, reader).date(), AT, reader)
    return this if this > now else next_morning(now, reader)


def _rest(due: Due, found: Saved, closed: Target | None, now: datetime) -> Move:
    """Somebody whose account is gone is left alone; it is looked at each morning whether they came back."""
    resting = replace(found, flight=None)
    if closed is not None and standing_of(found.race, found.zone, now) is Standing.CLOSED:
        over = replace(resting, standing=Standing.CLOSED, since=now)
        return Move(before=due.saved, after=settled(over))
    return Move(before=due.saved, after=replace(resting, next_at=next_morning(now, due.reader)))


@dataclass(frozen=True, slots=True)
class News:
    """What a source's newest answer means for one person: before and after, and what they are told of."""

    before: Saved
    after: Saved
    told: tuple[Change, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether the countdown or the calendar entry is another."""
        return self.after.sequence != self.before.sequence


def told_at(now: datetime, reader: str) -> datetime:
    """Say when a person there may be told: now, or at nine where it is night."""
    return _waits(now, reader) or now


def heard(saved: Saved, race: Race, *, reader: str, at: datetime, untold: Sequence[Change] = ()) -> News:
    """Take in what a source now says of a saved race; `untold` are changes that are still on their way.

    Whoever has filed hears only of the election; whoever stopped hears nothing.
    """
    kept = settled(replace(saved, race=race, checked_at=at, reader=reader))
    found = changes(saved.race, race, saved.zone, at)
    if saved.standing is Standing.FILED:
        found = tuple(each for each in found if each.kind not in DATES)
    if saved.standing is Standing.STOPPED or not found:
        return News(saved, kept)
    after = kept
    if saved.standing is Standing.FILED:
        pass
    elif race.cancelled:
        after = replace(kept, standing=Standing.CANCELLED, settled_at=at, flight=None)
    elif any(each.kind in DATES or each.kind is Kind.BACK for each in found):
        # The card that tells of it says how many days are left: what is due until then is passed over.
        since = told_at(at, reader)
        standing = standing_of(race, saved.zone, since)
        after = replace(kept, standing=standing, since=since, settled_at=None, flight=None)
    if after is not kept:
        after = settled(replace(after, sequence=saved.sequence + 1))
        after = replace(after, calendar=entries(after, at))
    told = merged(untold, found)
    if told:
        key = f"races:changed:{saved.id}:{len(saved.cards)}"
        after = replace(after, told=key, cards=(*saved.cards, key))
    return News(saved, after, told)


def moved_away(saved: Saved, reader: str) -> Saved:
    """Somebody lives in another zone now: what is to come comes at nine over there."""
    return settled(replace(saved, reader=reader))
