"""What a rule leads to being said, and where the app speaks."""

from __future__ import annotations

from dataclasses import dataclass

from community.deliveries import Delivery


@dataclass(frozen=True, slots=True)
class Places:
    """The channels that the app speaks in; an optional one is "" where it is not set."""

    mentors: str
    staff: str
    community: str = ""
    wins: str = ""


@dataclass(frozen=True, slots=True)
class Notices:
    """What has to be said: deliveries to add, cards to refresh, people whose Home tab changes.

    `watched` names states: what is shown to staff and to the mentors of these states has changed too.
    `cancel` names deliveries that are taken back before anything is added.
    """

    add: tuple[Delivery, ...] = ()
    refresh: tuple[str, ...] = ()
    homes: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()
    cancel: tuple[str, ...] = ()

    def __add__(self, other: Notices) -> Notices:
        """Say both."""
        return Notices(
            self.add + other.add,
            tuple(dict.fromkeys(self.refresh + other.refresh)),
            self.homes | other.homes,
            self.watched | other.watched,
            tuple(dict.fromkeys(self.cancel + other.cancel)),
        )
