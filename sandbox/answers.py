"""What an app said to a delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """`error` is None if the app acknowledged; `body` is its JSON or text.

    `may_retry` is False where the app asked not to be told again.
    """

    status: int
    body: Any = None
    error: str | None = None
    may_retry: bool = True
