"""What time it is: the one place that looks at the machine's clock, and one that can be moved."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import available_timezones


@functools.cache
def zone_names() -> frozenset[str]:
    """Give every time zone that this machine knows; finding out reads six hundred files, so once."""
    return frozenset(available_timezones())


class Clock(Protocol):
    """Tells the time; handed in wherever a rule or a job needs it."""

    def now(self) -> datetime:
        """Return this moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return this moment, aware, in UTC."""
        return datetime.now(UTC)


class MovableClock:
    """A clock that can be moved ahead: by tests, and by the demo's "skip ahead".

    With `at` it stands still at that moment until it is moved; without, it runs with the machine's
    clock. `offset` is how far it has been moved.
    """

    def __init__(self, at: datetime | None = None, *, offset: timedelta = timedelta()) -> None:
        if at is not None and at.tzinfo is None:
            raise ValueError("A clock needs an aware datetime to stand at.")
        self._at = at
        self.offset = offset

    def now(self) -> datetime:
        """Return this moment, aware, in UTC."""
        return (self._at or datetime.now(UTC)).astimezone(UTC) + self.offset

    def advance(self, by: timedelta) -> None:
        """Move the clock by a span; a negative one sets it back."""
        self.offset += by
