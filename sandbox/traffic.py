"""What went over the wire, for the inspector: secrets are cut before anything is kept."""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

KEPT = 2000
_LONGEST = 20_000
_TOKEN = re.compile(r"xox[a-z]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+|xoxe[.A-Za-z0-9-]+")
_HOOK = re.compile(r"(https?://[^\s\"]+/(?:actions|commands|link)/?)[^\s\"]+")
_SECRET_KEYS = frozenset({"token", "ticket", "signing_secret", "client_secret"})


@dataclass(slots=True)
class Exchange:
    """One call or delivery.

    `direction` is "call" (the app called the Web API) or "delivery" (the workspace called the app). `what`
    is the method, or events_api:message / slash_commands:/x / interactive:block_actions. `error` is Slack's
    error code or the failed delivery's reason; `messages` say what a validator rejected and where. `ms` is
    the duration, `at` the workspace's time.
    """

    id: int
    at: float
    direction: str
    what: str
    request: Any
    status: int = 0
    response: Any = None
    error: str | None = None
    messages: list[str] = field(default_factory=list)
    ms: float = 0.0
    retry: int = 0
    reason: str | None = None
    fault: str | None = None
    way: str = "http"


def without_secrets(thing: Any) -> Any:
    """A copy with tokens, secret URL parts and secret fields cut out."""
    if isinstance(thing, str):
        if "xox" in thing or "xapp-" in thing or "://" in thing:  # Nearly nothing has any of them.
            thing = _HOOK.sub(r"\1…", _TOKEN.sub("[token]", thing))
        return thing[:_LONGEST]
    if isinstance(thing, Mapping):
        return {
            str(key): "[cut]" if key in _SECRET_KEYS and value else without_secrets(value)
            for key, value in thing.items()
        }
    if isinstance(thing, Sequence) and not isinstance(thing, bytes):
        return [without_secrets(part) for part in thing]
    return thing if isinstance(thing, bool | int | float) or thing is None else str(thing)


class Traffic:
    """A ring buffer of the last exchanges, newest last."""

    def __init__(self, now: Callable[[], float], kept: int = KEPT) -> None:
        self._now = now
        self._kept: deque[Exchange] = deque(maxlen=kept)
        self._ids = itertools.count(1)
        self.changed: Callable[[], None] | None = None

    def __iter__(self) -> Iterator[Exchange]:
        return iter(tuple(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, direction: str, what: str, request: Any, **facts: Any) -> Exchange:
        """Keep one exchange; every value is stripped of secrets first."""
        facts = {key: without_secrets(value) for key, value in facts.items()}
        exchange = Exchange(next(self._ids), self._now(), direction, what, without_secrets(request), **facts)
        self._kept.append(exchange)
        if self.changed is not None:
            self.changed()
        return exchange

    def calls(self, method: str | None = None) -> list[Exchange]:
        """Web API calls, oldest first, optionally of one method."""
        return [e for e in self if e.direction == "call" and method in {None, e.what}]

    def rejected(self) -> list[Exchange]:
        """Everything that went wrong: calls answered with an error, deliveries not acknowledged."""
        return [e for e in self if e.error]

    def clear(self) -> None:
        """Forget everything kept."""
        self._kept.clear()
