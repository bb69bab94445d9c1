"""Primaries and runoffs are elections of their own where races are kept, but one race to who wants to run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

from community.races import Candidate, Filing, Kind, Race

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

LONGEST = timedelta(days=330)
"""A primary belongs to an election at most this long after it; a year later it is another term's."""
PARTY_PRIMARY = "party primary"
"""What a primary's filing period is for, where its source says nothing of it."""


def paired(rows: Iterable[tuple[str, Race]]) -> list[Race]:
    """Fold primaries and runoffs into the election that they lead to or settle.

    Takes races with the names of their positions. A primary goes to the next general or special election of
    the same position, which then has its day, its filing periods and who stands in it; a runoff gives its
    day to the election before it. One without such an election stays as it is. The order of the rest does
    not change.
    """
    by_position: dict[str, list[Race]] = {}
    for position, race in rows:
        by_position.setdefault(position, []).append(race)
    return [race for each in by_position.values() for race in _folded(each)]


def _folded(races: list[Race]) -> list[Race]:
    mains = {race.key: race for race in races if race.kind in {Kind.GENERAL, Kind.SPECIAL}}
    left: list[Race] = []
    for race in sorted((race for race in races if race.key not in mains), key=_when):
        after = race.kind is Kind.PRIMARY
        main = _nearest(race, mains.values(), after=after)
        # A second runoff of the same election is said by itself: the first must not be lost to it.
        if main is None or not (after or main.runoff_day in {None, race.election_day}):
            left.append(race)
        elif after:
            mains[main.key] = _with_primary(main, race)
        else:
            mains[main.key] = replace(main, runoff_day=race.election_day)
    alone = {race.key for race in left}
    return [mains.get(race.key, race) for race in races if race.key in mains or race.key in alone]


def _when(race: Race) -> str:
    return race.election_day.isoformat() if race.election_day else ""


def _nearest(race: Race, mains: Iterable[Race], *, after: bool) -> Race | None:
    day = race.election_day
    if day is None:
        return None
    fitting: list[tuple[timedelta, Race]] = []
    for main in mains:
        apart = _apart(day, main.election_day, after=after)
        # A primary of an unexpired term is for that term, and one that was cancelled leads nowhere.
        if apart is not None and main.unexpired == race.unexpired and main.cancelled == race.cancelled:
            fitting.append((apart, main))
    return min(fitting, key=lambda one: one[0])[1] if fitting else None


def _apart(day: date, other: date | None, *, after: bool) -> timedelta | None:
    if other is None:
        return None
    apart = other - day if after else day - other
    return apart if timedelta() < apart <= LONGEST else None


def _with_primary(main: Race, primary: Race) -> Race:
    first = primary.election_day
    if main.primary_day is not None and first is not None:
        # With a runoff primary, or one for each party, the first day is the one that matters.
        first = min(first, main.primary_day)
    filings = tuple(dict.fromkeys(chain(map(_for_primary, primary.filings), main.filings)))
    return replace(
        main, primary_day=first, filings=filings, candidates=_both(main.candidates, primary.candidates)
    )


def _for_primary(filing: Filing) -> Filing:
    return filing if filing.what else replace(filing, what=PARTY_PRIMARY)


def _both(
    main: Sequence[Candidate] | None, primary: Sequence[Candidate] | None
) -> tuple[Candidate, ...] | None:
    """Say who stands in either; whoever is in both is said as the later election has it."""
    if main is None and primary is None:
        return None
    known = {each.name.casefold() for each in main or ()}
    return (*(main or ()), *(each for each in primary or () if each.name.casefold() not in known))
