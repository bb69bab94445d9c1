"""The states, the District and the territories: their codes, names and zones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import us


@dataclass(frozen=True, slots=True)
class State:
    """A state, the District of Columbia or a territory.

    `code` is the postal code ("VA"), `name` the name in full, `zone` the IANA zone of its capital.
    Source: the `us` package, which takes them from the Census Bureau.
    """

    code: str
    name: str
    zone: str


@cache
def every_state() -> tuple[State, ...]:
    """Give all fifty states, the District and the territories, sorted by name."""
    known = [*us.states.STATES, us.states.DC, *us.states.TERRITORIES]
    return tuple(
        sorted(
            (State(each.abbr, each.name, _zone(each)) for each in known),
            key=lambda state: state.name,
        )
    )


def _zone(each: us.states.State) -> str:
    zones = [each.capital_tz, *(each.time_zones or [])]
    return next((zone for zone in zones if zone), "America/New_York")


@cache
def _by_word() -> dict[str, State]:
    words = {state.code.casefold(): state for state in every_state()}
    words |= {state.name.casefold(): state for state in every_state()}
    words |= {"d.c.": words["dc"], "washington dc": words["dc"], "washington, d.c.": words["dc"]}
    return words


def find_state(word: str) -> State | None:
    """Find a state by its postal code or its full name, in any case; None where there is none.

    Only exact words count: "Virgina" is nobody's state, and a guess would send the question astray.
    """
    return _by_word().get(" ".join(word.split()).casefold())


def state_name(code: str | None) -> str:
    """Give the name for a code, or the code itself where it is unknown ("" for None)."""
    if code is None:
        return ""
    state = find_state(code)
    return state.name if state else code
