"""Which legislative seats are elected in 2027 and 2028, and for how long.

Seats and districts come from civic/data/legislatures.json. Terms and classes are as the Book of the States
and Ballotpedia give them; where a class is known only by its size, `about` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from community import calendar_states as states
from community.calendar import Calendar

GENERAL = Calendar(key="us:november", state="", name="November general election", election=states.NOVEMBER)
"""An election of which only the day is known."""

IN_2027 = {
    "VA": states.VIRGINIA,
    "NJ": states.NEW_JERSEY,
    "MS": states.MISSISSIPPI,
    "LA": states.LOUISIANA,
}
"""The states that elect both chambers in full in 2027."""

NEITHER_IN_2028 = {"AL", "LA", "MD", "MS", "NJ", "VA"}
NO_SENATE_IN_2028 = NEITHER_IN_2028 | {"MI", "MN"}
ODD_IN_2028 = {"CA", "KY", "MO", "NE", "OK", "PA"}
"""States whose senators of odd districts are elected in presidential years."""
EVEN_IN_2028 = {"ND", "OH", "TN", "WI"}
EVEN_HOUSE_IN_2028 = {"ND"}
WITHOUT_TERMS = {"DC", "PR", "GU", "VI", "AS", "MP"}
SOME_IN_2028 = {
    "AK": 10,
    "AR": 18,
    "CO": 18,
    "DE": 10,
    "FL": 20,
    "HI": 12,
    "IA": 25,
    "IL": 39,
    "IN": 25,
    "MT": 25,
    "NV": 10,
    "OR": 15,
    "TX": 15,
    "UT": 14,
    "WA": 24,
    "WV": 17,
    "WY": 15,
}
"""States that elect part of their senate in 2028, and about how many seats; nobody here knows which."""

FOUR_YEARS_IN_THE_HOUSE = {"AL", "LA", "MD", "MS", "ND"}
TWO_YEARS_IN_THE_SENATE = {"AZ", "CT", "GA", "ID", "MA", "ME", "NC", "NH", "NY", "RI", "SD", "VT"}
UNEQUAL_TERMS = {"DE", "HI", "IL", "MN", "NJ"}
"""States whose senators serve two years once in a decade, after the districts are drawn anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What is elected of a chamber in one year.

    `parity` is 1 where only odd districts are, 0 where only even ones are, None for all. `about` is how many
    seats are where nobody here knows which; None where `parity` says.
    """

    year: int
    calendar: Calendar
    parity: int | None = None
    about: int | None = None

    @property
    def day(self) -> date:
        """The day that decides."""
        return self.calendar.election(self.year)


def turns(state: str, layer: str) -> tuple[Turn, ...]:
    """Give what is elected of a state's lower ("sldl") or upper ("sldu") chamber in 2027 and 2028.

    Nothing for the District and the territories, of whose terms no source is at hand.
    """
    if state in IN_2027:
        return (Turn(year=2027, calendar=IN_2027[state]),)
    none = NEITHER_IN_2028 if layer == "sldl" else NO_SENATE_IN_2028
    if state in none | WITHOUT_TERMS:
        return ()
    in_part = EVEN_HOUSE_IN_2028 if layer == "sldl" else ODD_IN_2028 | EVEN_IN_2028
    parity = int(state in ODD_IN_2028) if state in in_part else None
    about = SOME_IN_2028.get(state) if layer == "sldu" else None
    return (Turn(year=2028, calendar=GENERAL, parity=parity, about=about),)


def term(state: str, layer: str) -> int | None:
    """Give the years of a term, None where terms of one chamber differ."""
    if layer == "sldl":
        return 4 if state in FOUR_YEARS_IN_THE_HOUSE else 2
    if state in UNEQUAL_TERMS:
        return None
    return 2 if state in TWO_YEARS_IN_THE_SENATE else 4
