"""How fast the app may speak: paces every call before Slack has to say no, and obeys when it does.

Figures: docs.slack.dev/apis/web-api/rate-limits (tiers per method and minute; one message a second per
conversation; "several hundred" posts a minute per workspace, the exact number unpublished).
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from community.deliveries import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS: dict[Kind, str] = {
    Kind.POST: "chat.postMessage",
    Kind.UPDATE: "chat.update",
    Kind.DELETE: "chat.delete",
    Kind.HOME: "views.publish",
    Kind.OPEN: "conversations.open",
    Kind.INVITE: "conversations.invite",
    Kind.FILE: "files.completeUploadExternal",
}
"""The call that delivers each kind."""

TIERS: dict[str, int] = {
    "chat.update": 50,
    "chat.delete": 50,
    "views.publish": 100,
    "conversations.open": 50,
    "conversations.invite": 50,
    "conversations.history": 50,
    "conversations.replies": 50,
    "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
}
"""Calls a minute that Slack permits (tiers 3 and 4)."""

SHARE = 0.8
"""The part of a tier that is spent steadily; the rest allows a burst, so that no minute exceeds the tier."""

_SPOKEN = frozenset({Kind.POST, Kind.FILE})
_UPLOAD = "files.getUploadURLExternal"
_FORGET_EVERY = 1000


class Bucket:
    """A token bucket: `rate` a second, at most `burst` at once. Times are monotonic seconds."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self._level = burst
        self._at = now

    def _fill(self, now: float) -> None:
        self._level = min(self.burst, self._level + (now - self._at) * self.rate)
        self._at = now

    def wait(self, now: float) -> float:
        """Seconds until there is a token; 0.0 when there is one."""
        if math.isinf(self.rate):
            return 0.0
        self._fill(now)
        # A nanosecond's worth is forgiven: the waits that this returns have to be long enough in floats.
        return 0.0 if self._level >= 1 - 1e-9 else (1 - self._level) / self.rate

    def take(self, now: float) -> None:
        """Spend a token."""
        if not math.isinf(self.rate):
            self._fill(now)
            self._level -= 1

    def full(self, now: float) -> bool:
        """Whether it is as good as new."""
        self._fill(now)
        return self._level >= self.burst


class Budget:
    """The workspace's posts a minute: grows a tenth per clean minute of use, halves when Slack says no."""

    def __init__(
        self, start: float, ceiling: float, now: float, *, floor: float = 30.0, burst: float = 5.0
    ) -> None:
        self.per_minute = min(start, ceiling)
        self.ceiling = ceiling
        self.floor = min(floor, self.per_minute)
        self._bucket = Bucket(self.per_minute / 60, burst, now)
        self._minute_began = now
        self._used = False
        self._refused = False

    def wait(self, now: float) -> float:
        """Seconds until another post may go."""
        self._turn_of_minute(now)
        return self._bucket.wait(now)

    def take(self, now: float) -> None:
        """One more post goes."""
        self._turn_of_minute(now)
        self._used = True
        self._bucket.take(now)

    def refused(self, now: float) -> None:
        """Slack said no: halve, once in ten seconds, because requests in flight are refused together."""
        if not self._refused or now - self._minute_began >= 10:  # noqa: PLR2004 - as said
            self._set(max(self.floor, self.per_minute / 2), now)
        self._refused = True
        self._minute_began = now

    def _turn_of_minute(self, now: float) -> None:
        if now - self._minute_began < 60:  # noqa: PLR2004 - a minute
            return
        if self._used and not self._refused:
            self._set(min(self.ceiling, self.per_minute * 1.1), now)
        self._minute_began = now
        self._used = self._refused = False

    def _set(self, per_minute: float, now: float) -> None:
        self._bucket.wait(now)  # What has accrued so far accrued at the old rate.
        self.per_minute = per_minute
        self._bucket.rate = per_minute / 60


class Pace:
    """When each delivery may go. Not for several processes: whoever holds the lease paces alone.

    `per_conversation` messages a second with a `burst`; `start` and `ceiling` posts a minute in the
    workspace; `tiers` calls a minute per method. `monotonic` gives seconds.
    """

    def __init__(
        self,
        *,
        per_conversation: float = 1.0,
        burst: float = 3.0,
        start: float = 240.0,
        ceiling: float = 480.0,
        tiers: dict[str, int] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = monotonic
        self._per_conversation = per_conversation
        self._burst = burst
        now = monotonic()
        self.budget = Budget(start, ceiling, now)
        self._methods = {
            method: Bucket(tier * SHARE / 60, max(1.0, tier * (1 - SHARE)), now)
            for method, tier in (TIERS if tiers is None else tiers).items()
        }
        self._conversations: dict[str, Bucket] = {}
        self._cooling: dict[str, Bucket] = {}
        """Those of the conversations that had to wait at the last look: a handful of hundreds."""
        self._closed_until: dict[str, float] = {}
        self.refusals = 0
        """How often Slack said 429."""

    @classmethod
    def unlimited(cls, *, monotonic: Callable[[], float] = time.monotonic) -> Pace:
        """No pace but Slack's own refusals; for tests and for measuring."""
        return cls(per_conversation=math.inf, start=math.inf, ceiling=math.inf, tiers={}, monotonic=monotonic)

    def wait_for(self, method: str) -> float:
        """Seconds until this method may be called again."""
        now = self._now()
        wait = max(0.0, self._closed_until.get(method, 0.0) - now) if method in self._closed_until else 0.0
        bucket = self._methods.get(method)
        return max(wait, bucket.wait(now)) if bucket else wait

    def use(self, method: str) -> None:
        """The method is called now."""
        bucket = self._methods.get(method)
        if bucket:
            bucket.take(self._now())

    def wait_of_kind(self, kind: Kind) -> float:
        """Seconds until any delivery of this kind may go."""
        wait = self.wait_for(METHODS[kind])
        if kind is Kind.FILE:
            wait = max(wait, self.wait_for(_UPLOAD))
        return max(wait, self.budget.wait(self._now())) if kind in _SPOKEN else wait

    def wait(self, kind: Kind, line: str) -> float:
        """Seconds until this delivery may go; 0.0 for now."""
        wait = self.wait_of_kind(kind)
        if kind in _SPOKEN and line in self._conversations:
            wait = max(wait, self._conversations[line].wait(self._now()))
        return wait

    def take(self, kind: Kind, line: str) -> None:
        """This delivery goes now."""
        now = self._now()
        self.use(METHODS[kind])
        if kind is Kind.FILE:
            self.use(_UPLOAD)
        if kind not in _SPOKEN:
            return
        self.budget.take(now)
        if math.isinf(self._per_conversation):
            return
        if len(self._conversations) >= _FORGET_EVERY:
            self._conversations = {
                name: bucket for name, bucket in self._conversations.items() if not bucket.full(now)
            }
        bucket = self._conversations.setdefault(line, Bucket(self._per_conversation, self._burst, now))
        bucket.take(now)
        if bucket.wait(now) > 0:
            self._cooling[line] = bucket

    def cooling(self) -> list[str]:
        """The conversations that have to wait at this moment: a handful, the budget sees to that."""
        return list(self._waits())

    def cooled_in(self) -> float:
        """Seconds until the first of the waiting conversations may go on; infinite when none waits."""
        return min(self._waits().values(), default=math.inf)

    def _waits(self) -> dict[str, float]:
        """Seconds that each of the waiting conversations has to wait still."""
        now = self._now()
        waits = {line: wait for line, bucket in self._cooling.items() if (wait := bucket.wait(now)) > 0}
        self._cooling = {line: self._cooling[line] for line in waits}
        return waits

    def limited(self, method: str, seconds: float) -> None:
        """Slack said 429: only this method waits, for as long as Slack said."""
        self.refusals += 1
        self.close(method, seconds)
        if method in {METHODS[Kind.POST], METHODS[Kind.FILE]}:
            self.budget.refused(self._now())

    def close(self, method: str, seconds: float) -> None:
        """Leave a method alone for that long."""
        now = self._now()
        self._closed_until[method] = max(self._closed_until.get(method, now), now + seconds)
