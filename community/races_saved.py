"""The verbs of a saved race: save, file, stop, take back, celebrate, and what a source now says of it.

When the countdown writes stands in `races_countdown`, what time passing does to it in `races_moves`, who is
told what in `races_saved_notices`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Protocol

from community.journeys_times import moment_at
from community.members import Member, Stage
from community.races import Race
from community.races_countdown import Target, ahead, asks_at, next_rung, targets
from community.refusals import NotFound, Refused

KEPT_AFTER = timedelta(days=30)
"""For so long after its last known date a race is still looked at: deadlines are extended after the fact."""

SHOWN_AFTER = timedelta(days=1)
"""For so long a race that was stopped or filed stays on the Home tab, with a way back."""

BEFORE_FILING = frozenset({None, Stage.EXPLORING, Stage.DECIDED})
"""Stages that "I filed" moves on from; whoever is further stays there."""


class Standing(StrEnum):
    """Where a saved race stands for the person who saved it.

    CLOSED: filing is over, and they have not said whether they filed. CANCELLED: there is no such election
    any more.
    """

    ACTIVE = "active"
    FILED = "filed"
    STOPPED = "stopped"
    CLOSED = "closed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A race that somebody saved: the facts as they were last heard, and where the countdown stands.

    `zone` is that of the race's place, `reader` the zone that `next_at` was worked out for. What was due up
    to `since` is done with or passed over. `closes_at` is when the present window closes. `flight` is the key
    of the countdown's newest message until it is known to have left; `told` that of the newest card about
    changes; `cards` are all messages that show where it stands. `uid` names it in calendars and `sequence`
    counts how often that entry changed; `calendar` names the windows whose entries went out. `wins` counts
    the posts in the wins channel, `won_at` is None while none stands there. `stage_before` is what "I filed"
    moved the person's stage from. `ends_at` is when nothing of the race is looked at any more.
    """

    id: int
    user: str
    key: str
    race: Race
    zone: str
    state: str
    standing: Standing
    saved_at: datetime
    since: datetime
    reader: str
    uid: str
    sequence: int = 0
    closes_at: datetime | None = None
    next_at: datetime | None = None
    settled_at: datetime | None = None
    checked_at: datetime | None = None
    ends_at: datetime | None = None
    flight: str | None = None
    told: str | None = None
    cards: tuple[str, ...] = ()
    calendar: tuple[str, ...] = ()
    stage_before: Stage | None = None
    wins: int = 0
    won_at: datetime | None = None

    @property
    def counts_down(self) -> bool:
        """Whether messages still come."""
        return self.standing is Standing.ACTIVE


class RaceCancelled(Refused):
    """There is no such election any more, so that there is nothing to count down to."""


class NotFiled(Refused):
    """Only whoever said that they filed has something to celebrate."""


class Shelf(Protocol):
    """What the rules need to know and keep about saved races, within one transaction."""

    async def add(self, saved: Saved) -> Saved | None:
        """Keep a new one and give it with its number; None where this person has saved this race before."""

    async def hold(self, number: int) -> Saved | None:
        """Give one and keep others from changing it until this transaction ends."""

    async def hold_key(self, user: str, key: str) -> Saved | None:
        """Give what this person saved of this race, held."""

    async def put(self, *saved: Saved) -> None:
        """Keep these, which are held, as they are now."""


class People(Protocol):
    """What the rules need to know and keep about people."""

    async def member(self, user: str) -> Member | None:
        """Give the person, or None where nobody has met them."""

    async def describe(self, user: str, **values: object) -> None:
        """Set fields of a known person's profile."""


# What follows from the facts


def target_of(saved: Saved) -> Target | None:
    """Give the window that it counts down to."""
    return ahead(saved.race, saved.zone, saved.since)


def look_at(saved: Saved) -> datetime | None:
    """Say when to look at it again: when the next message is due, or when a window has closed."""
    # What is still on its way is looked after first.
    moments = [saved.next_at] if saved.flight else []
    target = target_of(saved) if saved.counts_down else None
    if target is not None:
        rung = next_rung(target, saved.reader, saved.since)
        moments.append(rung.at if rung is not None else None)
        if rung is None and target.moment is not None:
            moments.append(asks_at(target.moment, saved.reader))
    return min((each for each in moments if each is not None), default=None)


def settled(saved: Saved) -> Saved:
    """Work out anew when it closes, when to look at it, and until when its facts matter."""
    known = targets(saved.race, saved.zone)
    target = target_of(saved)
    closings = [each.moment for each in known if each.moment is not None]
    closes_at = target.moment if target is not None else max(closings, default=None)
    days = [day for day in (saved.race.election_day, saved.race.runoff_day) if day is not None]
    ends = [moment_at(max(days), time(), saved.zone)] if days else []
    ends += [max(closings)] if closings else []
    return replace(
        saved,
        closes_at=closes_at,
        next_at=look_at(saved),
        ends_at=max(ends) + KEPT_AFTER if ends else None,
    )


def entries(saved: Saved, now: datetime) -> tuple[str, ...]:
    """Name the windows that belong into the person's calendar: what is ahead, and what is there already."""
    if saved.standing not in {Standing.ACTIVE, Standing.CLOSED}:
        return ()
    known = [each for each in targets(saved.race, saved.zone) if each.moment is not None]
    return tuple(
        dict.fromkeys(
            each.what for each in known if each.what in saved.calendar or (each.moment and each.moment > now)
        )
    )


def fresh(user: str, race: Race, *, zone: str, state: str, reader: str, at: datetime) -> Saved:
    """Make what is kept when somebody saves a race."""
    made = settled(
        Saved(
            id=0,
            user=user,
            key=race.key,
            race=race,
            zone=zone,
            state=state,
            standing=standing_of(race, zone, at),
            saved_at=at,
            since=at,
            reader=reader,
            uid=secrets.token_hex(16),
            checked_at=at,
        )
    )
    return replace(made, calendar=entries(made, at))


def standing_of(race: Race, zone: str, at: datetime) -> Standing:
    """Say where a saved race stands at that moment, by the race's own facts."""
    if race.cancelled:
        return Standing.CANCELLED
    known = targets(race, zone)
    # Of what has no date nobody can say that it is over.
    return Standing.CLOSED if known and ahead(race, zone, at) is None else Standing.ACTIVE


# What people do


async def save(shelf: Shelf, wish: Saved, *, at: datetime) -> tuple[Saved, bool]:
    """Save a race, once; say whether a countdown begins with it.

    Whoever stopped it before goes on with it, and with what is known now. Raises RaceCancelled.
    """
    if wish.race.cancelled:
        raise RaceCancelled
    known = await shelf.add(wish)
    if known is not None:
        return known, True
    known = await shelf.hold_key(wish.user, wish.key)
    if known is None:
        raise NotFound
    if known.standing is not Standing.STOPPED:
        return known, False
    again = settled(
        replace(
            known,
            race=wish.race,
            zone=wish.zone,
            reader=wish.reader,
            standing=wish.standing,
            since=at,
            checked_at=at,
            settled_at=None,
            flight=None,
            sequence=known.sequence + 1,
            calendar=(),
        )
    )
    again = replace(again, calendar=entries(again, at))
    await shelf.put(again)
    return again, True


async def _held(shelf: Shelf, number: int, by: str) -> Saved:
    saved = await shelf.hold(number)
    if saved is None or saved.user != by:
        # Another person's number tells nothing, not even that there is one.
        raise NotFound
    return saved


async def file(shelf: Shelf, people: People, number: int, *, by: str, at: datetime) -> tuple[Saved, Saved]:
    """Somebody says that they filed: the countdown ends and their stage moves on; give before and after.

    Again changes nothing. Raises NotFound where it is not theirs.
    """
    before = await _held(shelf, number, by)
    if before.standing is Standing.FILED:
        return before, before
    member = await people.member(by)
    stage = member.stage if member is not None else None
    moves = stage in BEFORE_FILING
    if moves:
        await people.describe(by, stage=Stage.FILED)
    after = replace(
        before,
        standing=Standing.FILED,
        settled_at=at,
        next_at=None,
        flight=None,
        stage_before=(stage or Stage.EXPLORING) if moves else None,
    )
    await shelf.put(after)
    return before, after


async def stop(shelf: Shelf, number: int, *, by: str, at: datetime) -> tuple[Saved, Saved]:
    """Somebody wants to hear no more of it; give before and after.

    Again, or once they filed, changes nothing. Raises NotFound where it is not theirs.
    """
    before = await _held(shelf, number, by)
    if before.standing in {Standing.STOPPED, Standing.FILED}:
        return before, before
    after = replace(
        before,
        standing=Standing.STOPPED,
        settled_at=at,
        next_at=None,
        flight=None,
        sequence=before.sequence + 1,
        calendar=(),
    )
    await shelf.put(after)
    return before, after


async def undo(shelf: Shelf, people: People, number: int, *, by: str, at: datetime) -> tuple[Saved, Saved]:
    """Somebody takes back "Stop" or "I filed": the countdown goes on with what is still to come.

    What their stage was comes back unless they have changed it since. Raises NotFound where it is not theirs.
    """
    before = await _held(shelf, number, by)
    if before.standing not in {Standing.STOPPED, Standing.FILED}:
        return before, before
    member = await people.member(by)
    if before.stage_before is not None and member is not None and member.stage is Stage.FILED:
        await people.describe(by, stage=before.stage_before)
    after = settled(
        replace(
            before,
            standing=standing_of(before.race, before.zone, at),
            since=at,
            settled_at=None,
            stage_before=None,
            won_at=None,
            sequence=before.sequence + (before.standing is Standing.STOPPED),
        )
    )
    after = replace(after, calendar=entries(after, at))
    await shelf.put(after)
    return before, after


async def celebrate(shelf: Shelf, number: int, *, by: str, at: datetime) -> tuple[Saved, bool]:
    """Somebody agrees that the wins channel hears of it; once. Say whether it is to be posted now.

    Raises NotFound where it is not theirs, NotFiled where they have taken it back.
    """
    known = await _held(shelf, number, by)
    if known.standing is not Standing.FILED:
        raise NotFiled
    if known.won_at is not None:
        return known, False
    after = replace(known, wins=known.wins + 1, won_at=at)
    await shelf.put(after)
    return after, True


async def hush(shelf: Shelf, number: int, *, by: str) -> tuple[Saved, Saved]:
    """Somebody takes back what stands in the wins channel; give before and after.

    Raises NotFound where it is not theirs.
    """
    known = await _held(shelf, number, by)
    if known.won_at is None:
        return known, known
    after = replace(known, won_at=None)
    await shelf.put(after)
    return known, after
