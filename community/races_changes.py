"""What is different about a race that somebody saved: its dates, and whether it takes place at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from community.journeys_times import zone_of
from community.races import Race
from community.races_countdown import Target, targets


class Kind(StrEnum):
    """What has changed."""

    CLOSES = "closes"
    OPENS = "opens"
    ELECTION = "election"
    PRIMARY = "primary"
    CANCELLED = "cancelled"
    BACK = "back"


DATES = frozenset({Kind.CLOSES, Kind.OPENS})
"""What moves the countdown."""


@dataclass(frozen=True, slots=True)
class Change:
    """One fact, before and now.

    `old` and `new` are days in ISO form ("2027-04-01"), with the hour and the zone behind them where they are
    known ("2027-04-01 17:00 America/New_York"); "" is unknown. `what` names the filing window of several.
    """

    kind: Kind
    old: str = ""
    new: str = ""
    what: str = ""

    def kept(self) -> dict[str, Any]:
        """Give it as JSON."""
        return asdict(self)


def change_of(kept: dict[str, Any]) -> Change:
    """Give the change that was kept so."""
    return Change(Kind(kept["kind"]), kept["old"], kept["new"], kept["what"])


def changes(before: Race, after: Race, zone: str, now: datetime) -> tuple[Change, ...]:
    """Say what has changed that is still ahead; a date that is over either way is no news."""
    found: list[Change] = []
    if before.cancelled != after.cancelled:
        found.append(Change(Kind.CANCELLED if after.cancelled else Kind.BACK))
    today = now.astimezone(zone_of(zone)).date()
    for old, new in _pairs(targets(before, zone), targets(after, zone)):
        what = next(each.what for each in (new, old) if each is not None)
        closed, closes = _closes(old), _closes(new)
        over = all(each is None or each.moment is None or each.moment <= now for each in (old, new))
        if closed != closes and not over:
            found.append(Change(Kind.CLOSES, closed, closes, what))
        opened, opens = _opens(old), _opens(new)
        past = all(each is None or each.opens is None or each.opens < today for each in (old, new))
        if opened != opens and not past:
            found.append(Change(Kind.OPENS, opened, opens, what))
    for kind, was, by_now in (
        (Kind.PRIMARY, before.primary_day, after.primary_day),
        (Kind.ELECTION, before.election_day, after.election_day),
    ):
        if was != by_now and any(day is not None and day >= today for day in (was, by_now)):
            found.append(Change(kind, was.isoformat() if was else "", by_now.isoformat() if by_now else ""))
    return tuple(found)


def _pairs(before: Sequence[Target], after: Sequence[Target]) -> list[tuple[Target | None, Target | None]]:
    """Put windows of the same name side by side; where one of each is left over, these two are the same."""
    left = list(after)
    pairs: list[tuple[Target | None, Target | None]] = []
    alone: list[Target] = []
    for old in before:
        same = next((new for new in left if new.what == old.what), None)
        if same is None:
            alone.append(old)
        else:
            left.remove(same)
            pairs.append((old, same))
    if len(alone) == len(left) == 1:
        return [*pairs, (alone[0], left[0])]
    return [*pairs, *((old, None) for old in alone), *((None, new) for new in left)]


def _closes(target: Target | None) -> str:
    if target is None or target.closes is None:
        return ""
    hour = f" {target.closes_at:%H:%M} {target.zone}" if target.closes_at else ""
    return f"{target.closes.isoformat()}{hour}"


def _opens(target: Target | None) -> str:
    if target is None or target.opens is None:
        return ""
    hour = f" {target.opens_at:%H:%M} {target.zone}" if target.opens_at else ""
    return f"{target.opens.isoformat()}{hour}"


def merged(untold: Iterable[Change], newer: Iterable[Change]) -> tuple[Change, ...]:
    """Put changes that are still untold and newer ones together: what went back and forth is no news."""
    known: dict[tuple[str, str], Change] = {}
    for each in (*untold, *newer):
        # Cancelled and back are one fact with two values.
        onoff = each.kind in {Kind.CANCELLED, Kind.BACK}
        name = ("on or off" if onoff else each.kind.value, each.what)
        before = known.pop(name, None)
        if before is None:
            known[name] = each
        elif onoff:
            if before.kind is each.kind:
                known[name] = each
        elif before.old != each.new:
            known[name] = Change(each.kind, before.old, each.new, each.what)
    return tuple(known.values())
