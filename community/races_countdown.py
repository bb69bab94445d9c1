"""When somebody hears of a filing deadline: the rungs of the countdown, each at their own nine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from community.journeys_times import local, moment_at, next_morning, zone_of
from community.races import Filing, Race

RUNGS = (90, 60, 30, 14, 7, 3, 1)
"""Days before filing closes on which a person is written to."""

OPENS = "opens"
"""The rung of the day on which filing opens."""

CLOSED = "closed"
"""The one message after filing has closed."""

AT = time(9)
"""When these messages come, by the person's own clock."""

_DAY = timedelta(days=1)
_LAST_MINUTE = time(23, 59)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One filing window as the countdown sees it.

    `closes` and `opens` are days where papers are handed in, `moment` and `opens_moment` the same in UTC: the
    last minute of the closing day and the first of the opening day where no hour is known. `zone` is that of
    the place where one files.
    """

    what: str
    zone: str
    closes: date | None = None
    closes_at: time | None = None
    moment: datetime | None = None
    opens: date | None = None
    opens_at: time | None = None
    opens_moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rung:
    """One message of the countdown: "90" to "1", or OPENS; and when it comes, in UTC."""

    name: str
    at: datetime


def _target(filing: Filing, zone: str) -> Target:
    there = filing.zone or zone
    moment = opens = None
    if filing.closes is not None:
        moment = moment_at(filing.closes, filing.closes_at or _LAST_MINUTE, there)
    if filing.opens is not None:
        opens = moment_at(filing.opens, filing.opens_at or time(), there)
    return Target(
        what=filing.what,
        zone=zone_of(there).key,
        closes=filing.closes,
        closes_at=filing.closes_at,
        moment=moment,
        opens=filing.opens,
        opens_at=filing.opens_at,
        opens_moment=opens,
    )


_NEVER = datetime.max.replace(tzinfo=UTC)


def targets(race: Race, zone: str) -> tuple[Target, ...]:
    """Give the race's filing windows, the first to close first, those whose end is unknown last.

    `zone` holds where the source says none. A window of which nothing is known is none.
    """
    known = (_target(each, zone) for each in race.filings if each.closes or each.opens)
    return tuple(sorted(known, key=lambda each: (each.moment or _NEVER, each.opens or date.max, each.what)))


def ahead(race: Race, zone: str, since: datetime) -> Target | None:
    """Give the window that a countdown goes on to after that moment, or None where all have closed."""
    return next(
        (each for each in targets(race, zone) if each.moment is None or each.moment > since),
        None,
    )


def last_closed(race: Race, zone: str, *, since: datetime, now: datetime) -> Target | None:
    """Give the last window that has closed between the two moments."""
    over = [each for each in targets(race, zone) if each.moment and since < each.moment <= now]
    return over[-1] if over else None


def ladder(target: Target, reader: str) -> tuple[Rung, ...]:
    """Give all messages of one window's countdown to somebody in that zone, in order, none after its end.

    Days are counted by the calendar of the place where one files, because that date is on every paper; the
    hour is the reader's. On the day on which filing opens there is one message, not two.
    """
    rungs: dict[datetime, Rung] = {}
    if target.closes is not None:
        for days in RUNGS:
            at = moment_at(target.closes - days * _DAY, AT, reader)
            rungs[at] = Rung(str(days), at)
    if target.opens is not None:
        at = moment_at(target.opens, AT, reader)
        rungs[at] = Rung(OPENS, at)
    return tuple(rungs[at] for at in sorted(rungs) if target.moment is None or at < target.moment)


def next_rung(target: Target, reader: str, after: datetime) -> Rung | None:
    """Give the first message that comes after that moment."""
    return next((each for each in ladder(target, reader) if each.at > after), None)


def newest_due(target: Target, reader: str, *, since: datetime, now: datetime) -> Rung | None:
    """Give the newest message that was due between the two moments: of several that were missed only that."""
    due = [each for each in ladder(target, reader) if since < each.at <= now]
    return due[-1] if due else None


def asks_at(closed: datetime, reader: str) -> datetime:
    """When somebody is asked whether they filed: at the first nine of theirs after it closed."""
    this = moment_at(local(closed, reader).date(), AT, reader)
    return this if this >= closed else next_morning(closed, reader)


def days_left(target: Target, today: date) -> int | None:
    """Count the days from a day of the reader's to the last day of filing; None where that is unknown."""
    return None if target.closes is None else (target.closes - today).days
