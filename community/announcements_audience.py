"""Whom an announcement is for: a few criteria that narrow one another, or channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self


class By(StrEnum):
    """What people are chosen by; what each of them means to the tables stands in storage."""

    ROLE = "role"
    STATE = "state"
    STAGE = "stage"
    JOURNEY = "journey"
    EVENT = "event"


class OnJourney(StrEnum):
    """Where a person may stand on the first seven days; `NEVER`: they have not begun."""

    ACTIVE = "active"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    NEVER = "never"


class Left(StrEnum):
    """Why somebody who was chosen gets nothing."""

    LEFT = "left"
    GUEST = "guest"
    MUTED = "muted"


CHANNELS_MOST = 20


@dataclass(frozen=True, slots=True)
class Audience:
    """People who fit every criterion that is named, by any of its values; none named: everybody.

    With `channels` it is one post in each of these instead, and nobody is written to directly.
    """

    people: Mapping[By, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    channels: tuple[str, ...] = ()

    def chosen(self, by: By) -> frozenset[str]:
        """Give the values of one criterion; none: it does not matter."""
        return self.people.get(by, frozenset())

    @property
    def everybody(self) -> bool:
        """Whether it is for whoever is in the workspace."""
        return not self.channels and not any(self.people.values())

    def kept(self) -> dict[str, Any]:
        """Give it as it is kept."""
        people = {by.value: sorted(values) for by, values in sorted(self.people.items()) if values}
        return {"people": people, "channels": list(self.channels)}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """Read what was kept; raises ValueError for a criterion that this version does not know."""
        people = {By(name): frozenset(values) for name, values in (kept.get("people") or {}).items()}
        return cls(MappingProxyType(people), tuple(kept.get("channels") or ()))

    @classmethod
    def of(cls, people: Mapping[By, Iterable[str]], channels: Iterable[str] = ()) -> Self:
        """Make one of what was chosen; what nothing was chosen of is left out."""
        named = {by: frozenset(values) for by, values in people.items()}
        return cls(
            MappingProxyType({by: values for by, values in named.items() if values}),
            tuple(sorted(set(channels))),
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a criterion, as staff chooses it: what is kept, and what it is called."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom an audience comes to: how many, the first few of them by name, and who is left out and why.

    `by_zone` counts the people by their IANA zone.
    """

    total: int = 0
    first: tuple[str, ...] = ()
    left_out: Mapping[Left, int] = field(default_factory=dict)
    by_zone: Mapping[str, int] = field(default_factory=dict)
