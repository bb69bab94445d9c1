"""A model of Slack's published rate limits; see docs.slack.dev/apis/web-api/rate-limits."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# Requests a minute per method and workspace. The special ones are what Slack's Java SDK models.
PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
TIERS: dict[str, int] = {
    "apps.connections.open": 1,
    "users.list": 2,
    "users.conversations": 2,
    "conversations.list": 2,
    "reactions.remove": 2,
    "usergroups.list": 2,
    "pins.add": 2,
    "chat.update": 3,
    "chat.delete": 3,
    "chat.scheduleMessage": 3,
    "chat.deleteScheduledMessage": 3,
    "chat.scheduledMessages.list": 3,
    "users.lookupByEmail": 3,
    "conversations.open": 3,
    "conversations.info": 3,
    "conversations.history": 3,
    "conversations.replies": 3,
    "conversations.join": 3,
    "conversations.invite": 3,
    "conversations.leave": 3,
    "reactions.add": 3,
    "reactions.get": 3,
    "team.info": 3,
    "bots.info": 3,
    "chat.postEphemeral": 4,
    "views.open": 4,
    "views.push": 4,
    "views.update": 4,
    "views.publish": 4,
    "users.info": 4,
    "users.profile.get": 4,
    "conversations.members": 4,
    "files.getUploadURLExternal": 4,
    "files.completeUploadExternal": 4,
    "files.info": 4,
}
SPECIAL: dict[str, int] = {"auth.test": 600, "chat.getPermalink": 600, "api.test": 600}
POSTS = frozenset({"chat.postMessage"})


@dataclass(slots=True)
class _Bucket:
    rate: float
    burst: float
    level: float
    at: float

    def take(self, now: float) -> float:
        """0 if there was a token, otherwise the seconds until there is one."""
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level >= 1:
            self.level -= 1
            return 0.0
        return (1 - self.level) / self.rate


@dataclass(slots=True)
class RateModel:
    """Token buckets: one per method, one per conversation posted to, one for all posts of the workspace.

    `clock` gives seconds of any origin; by default real time, because clients really wait `Retry-After`.
    Slack publishes neither bursts nor the workspace's ceiling ("several hundred a minute"), so those are
    settings with careful values.
    """

    clock: Callable[[], float] = time.monotonic
    channel_per_second: float = 1.0
    channel_burst: int = 4
    posts_per_minute: int = 300
    posts_burst: int = 20
    method_burst: float = 1.0  # part of a minute's allowance that may be used at once
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def _bucket(self, key: str, rate: float, burst: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(rate, burst, burst, self.clock())
        return bucket

    def refuse(self, app_id: str, method: str, channel: str | None) -> int | None:
        """`Retry-After` in whole seconds if this call is over a limit, None if it may go through."""
        now = self.clock()
        waits: list[float] = []
        if method in POSTS:
            if channel:
                key = f"{app_id}|post|{channel}"
                waits.append(self._bucket(key, self.channel_per_second, self.channel_burst).take(now))
            if not any(waits):
                rate = self.posts_per_minute / 60
                waits.append(self._bucket(f"{app_id}|posts", rate, self.posts_burst).take(now))
        else:
            minute = SPECIAL.get(method) or PER_MINUTE[TIERS.get(method, 3)]
            burst = max(5.0, minute * self.method_burst)
            waits.append(self._bucket(f"{app_id}|{method}", minute / 60, burst).take(now))
        wait = max(waits)
        return math.ceil(wait) if wait > 0 else None

    def reset(self) -> None:
        """Forget what was used up."""
        self._buckets.clear()
