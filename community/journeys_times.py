"""When a lesson may reach a person: at nine of their own morning, one a day, never at night."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

LESSON_AT = time(9)
"""When lessons come, by the person's own clock."""

REMINDER_AT = time(17)
"""When a task that is not done is recalled: after work, and not beside the day's lesson."""

REMIND_AFTER_DAYS = 2
"""How many days after its lesson a task that is not done is recalled, once."""

WAKES, SLEEPS = time(8), time(21)
"""Nobody is written to before the one or from the other on, by their own clock."""

_DAY = timedelta(days=1)


@cache
def zone_of(name: str) -> ZoneInfo:
    """Give the zone of that IANA name; one that nobody knows counts as New York's."""
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        # What Slack calls a zone may be no key, a key that nobody knows, or the name of a folder.
        return ZoneInfo("America/New_York")


def local(now: datetime, zone: str) -> datetime:
    """Give that moment by the clock on the person's wall."""
    return now.astimezone(zone_of(zone))


def moment_at(day: date, wall: time, zone: str) -> datetime:
    """Give the moment, in UTC, at which a wall there shows that time on that day.

    A time that the clocks leap over moves forward by as much as they leap; of one that comes twice it
    is the first.
    """
    return datetime.combine(day, wall, tzinfo=zone_of(zone)).astimezone(UTC)


def awake(now: datetime, zone: str) -> bool:
    """Whether a person there may be written to at this moment."""
    return WAKES <= local(now, zone).time() < SLEEPS


def first_due(now: datetime, zone: str, *, last_sent_at: datetime | None = None) -> datetime:
    """When day 1 comes: at once, or in the morning for whoever joins at night.

    Somebody who starts anew and had a lesson today already gets day 1 tomorrow.
    """
    here = local(now, zone)
    if last_sent_at is not None and local(last_sent_at, zone).date() >= here.date():
        return next_morning(max(now, last_sent_at), zone)
    if here.time() < WAKES:
        return moment_at(here.date(), LESSON_AT, zone)
    if here.time() >= SLEEPS:
        return next_morning(now, zone)
    return now


def next_morning(after: datetime, zone: str) -> datetime:
    """Give nine in the morning of the day after that moment's, there."""
    return moment_at(local(after, zone).date() + _DAY, LESSON_AT, zone)


def this_or_next_morning(now: datetime, zone: str, *, last_sent_at: datetime | None) -> datetime:
    """Give the next nine in the morning that is still to come and has had no lesson on its day yet."""
    today = local(now, zone).date()
    had = local(last_sent_at, zone).date() if last_sent_at is not None else None
    this = moment_at(today, LESSON_AT, zone)
    if this >= now and (had is None or had < today):
        return this
    return next_morning(max(now, last_sent_at or now), zone)


def not_before(now: datetime, zone: str, *, first: bool, last_sent_at: datetime | None) -> datetime | None:
    """Say until when a lesson that is due has to wait after all; None: it may go now.

    This is what holds when the app was down, or when the person has moved: a lesson that is late goes
    in the daytime, and the next one no sooner than the morning after.
    """
    here = local(now, zone)
    if last_sent_at is not None and local(last_sent_at, zone).date() >= here.date():
        return next_morning(max(now, last_sent_at), zone)
    if here.time() >= SLEEPS:
        return next_morning(now, zone)
    if here.time() < (WAKES if first else LESSON_AT):
        return moment_at(here.date(), LESSON_AT, zone)
    return None


def bedtime(now: datetime, zone: str) -> datetime:
    """Give the moment on this day of theirs from which on a person is left alone."""
    return moment_at(local(now, zone).date(), SLEEPS, zone)


def recall_at(sent_at: datetime, zone: str) -> datetime:
    """Say when the task of a lesson that was sent then is recalled, if it is not done."""
    return moment_at(local(sent_at, zone).date() + REMIND_AFTER_DAYS * _DAY, REMINDER_AT, zone)
