"""Stops asking when Slack does not answer, so that an outage does not make a whole queue uncertain."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TRIPS_AT = 3
"""As many calls of a method in a row without a clear answer, and it is left alone for a while."""

LONGEST = 10.0
"""Seconds between two attempts at most."""


class Breaker:
    """Per method: after three unclear answers in a row one attempt at a time, 1 s, 2 s … 10 s apart."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._failures: dict[str, int] = {}
        self._open_until: dict[str, float] = {}
        self._trying: set[str] = set()

    def wait(self, method: str) -> float:
        """Seconds until the method may be tried; 0.0 for now."""
        until = self._open_until.get(method)
        return 0.0 if until is None else max(0.0, until - self._now())

    def tripped(self, method: str) -> bool:
        """Whether the next call is an attempt to find out whether it works again."""
        return self._failures.get(method, 0) >= TRIPS_AT

    def use(self, method: str) -> None:
        """The method is called now; while tripped nobody else may until this has answered or time passed."""
        if self.tripped(method):
            self._trying.add(method)
            self._open_until[method] = self._now() + self._delay(method)

    def unclear(self, method: str, *, unreached: bool = False) -> None:
        """There was no clear answer; when Slack was not even reached, that is enough to stop."""
        if self.tripped(method) and method not in self._trying and self.wait(method) > 0:
            return  # It was under way with the others that have failed: they tell no more than one.
        self._trying.discard(method)
        count = self._failures.get(method, 0) + 1
        self._failures[method] = max(count, TRIPS_AT) if unreached else count
        if self.tripped(method):
            self._open_until[method] = self._now() + self._delay(method)

    def clear(self, method: str) -> None:
        """It answered."""
        self._trying.discard(method)
        self._failures.pop(method, None)
        self._open_until.pop(method, None)

    def _delay(self, method: str) -> float:
        return min(LONGEST, 2.0 ** min(self._failures.get(method, 0) - TRIPS_AT, 5))
