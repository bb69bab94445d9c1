"""One list of races out of what several sources know: the same race from two of them becomes one row.

Such a row keeps what the better-certain source says, is filled up with what only another one knows, and names
both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TypeVar

from community.offices import Office as Kind
from community.races import Certainty, Found, Office, Place, Precision, Race
from community.states import state_name

_BY_CERTAINTY = {Certainty.CONFIRMED: 0, Certainty.DERIVED: 1, Certainty.EXPECTED: 2}

TELLING = frozenset(
    {
        Kind.SCHOOL_BOARD,
        Kind.CITY_COUNCIL,
        Kind.MAYOR,
        Kind.STATE_HOUSE,
        Kind.STATE_SENATE,
        Kind.DISTRICT_ATTORNEY,
    }
)
"""Kinds of which one division elects one office; a county elects many county offices, a state many judges."""

_SEAT = re.compile(
    r"\b(?:seat|position|place|pos|post|office|part|division|ward|district|precinct|area|zone|subdistrict)"
    r"\s*(?:no\.?|#)?\s*([0-9]{1,3}[a-z]?|[a-z])\b"
)
"""What tells one seat from another in an office's name: "Position 2", "Ward 4", "District 26A"."""

_FILLERS = frozenset(
    {"of", "the", "for", "and", "state", "district", "county", "city", "town", "at", "large"}
)


@dataclass(frozen=True, slots=True)
class _Sign:
    """What two sources' rows have in common when they mean the same race."""

    division: str
    office: str
    day: date | None
    kind: str
    unexpired: bool


def _sign(race: Race) -> _Sign:
    office = race.office
    where = office.division.ocd or f"{office.division.census}:{office.division.geoid}"
    if where == ":":
        where = f"~{plain_words(office.division.name)}"
    said = office.kind.value if office.kind in TELLING else _words(office)
    return _Sign(where, said, race.election_day, race.kind, race.unexpired)


def _words(office: Office) -> str:
    """Give the words of an office's name that are about the office, in any order."""
    place = plain_words(f"{office.division.name} {state_name(state_of(office.division.ocd))}")
    without = set(place.split()) | _FILLERS
    words = [
        word for word in plain_words(_SEAT.sub(" ", office.name.casefold())).split() if word not in without
    ]
    return " ".join(sorted(set(words))) or plain_words(office.name)


def plain_words(text: str) -> str:
    """Give the words of a text in small letters, without what stands between them."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _seat(race: Race) -> str:
    found = _SEAT.search(f"{race.office.name} {race.office.district}".casefold())
    return found[1] if found else ""


Row = TypeVar("Row", Race, Office)
_UNKNOWN: tuple[object, ...] = (None, "")


def merge(found: Iterable[Found], place: Place) -> tuple[Race, ...]:
    """Make one list of what several sources knew, the most trusted source first; unsorted.

    Rows of one source stay apart: it has its reasons. `fits` of each row says whether the place surely lies
    in its division; what surely lies elsewhere is left out.
    """
    merged: list[Race] = []
    by_sign: dict[_Sign, list[int]] = {}
    for one in found:
        taken: set[int] = set()
        added: list[tuple[_Sign, int]] = []
        for race in {each.key: each for each in one.races}.values():
            fits = fitting(race, place)
            if fits is False:
                continue
            seen, sign = replace(race, fits=fits), _sign(race)
            same = [at for at in by_sign.get(sign, ()) if _may_be(merged[at], seen)]
            free = [at for at in same if at not in taken]
            # A row that names no seat speaks of all the seats that another source lists one by one.
            given = free[:1] if _seat(seen) else free
            for at in given:
                row = together(merged[at], seen)
                # Its facts go to each of them, but its name can be that of one only.
                merged[at] = row if len(given) == 1 else _named(row, merged[at].key)
                taken.add(at)
            if not free and not any(_speaks_of_several(merged[at]) for at in same):
                added.append((sign, len(merged)))
                merged.append(seen)
        for sign, at in added:
            by_sign.setdefault(sign, []).append(at)
    return _without_sums(merged, place)


def _named(row: Race, key: str) -> Race:
    """Give the row the name of one of those that it was made of."""
    return replace(row, key=key, also=tuple(each for each in (row.key, *row.also) if each != key))


def _speaks_of_several(race: Race) -> bool:
    return not _seat(race) and (race.seats or race.office.seats or 1) > 1


def _may_be(one: Race, other: Race) -> bool:
    first, second = _seat(one), _seat(other)
    return not (first and second) or first == second


def together(one: Race, other: Race) -> Race:
    """Make one row of two that mean the same race; the first wins where both are as certain."""
    better, lesser = (
        (other, one) if _BY_CERTAINTY[other.certainty] < _BY_CERTAINTY[one.certainty] else (one, other)
    )
    office = _filled(better.office, lesser.office)
    filings, certainty, rule, note = better.filings, better.certainty, better.rule, better.note
    if not any(filing.closes for filing in filings) and any(filing.closes for filing in lesser.filings):
        # The row is only as certain as the date that a campaign depends on.
        filings, certainty, rule = lesser.filings, lesser.certainty, lesser.rule
        note = note or lesser.note
    elif better.certainty is lesser.certainty is Certainty.CONFIRMED and _last(better) != _last(lesser):
        other_day = _last(lesser)
        if other_day is not None:
            said = f"{lesser.source} gives {other_day.isoformat()} as the last day to file"
            note = f"{note} {said}.".strip()
    return replace(
        _filled(better, lesser),
        key=better.key,
        also=tuple(dict.fromkeys((*better.also, lesser.key, *lesser.also))),
        office=office,
        filings=filings,
        certainty=certainty,
        rule=rule,
        note=note,
        source=_both(better.source, lesser.source),
        as_of=better.as_of or lesser.as_of,
        count=better.count,
        stale=better.stale,
        cancelled=better.cancelled,
        unexpired=better.unexpired,
        fits=True if True in {better.fits, lesser.fits} else None,
    )


def _last(race: Race) -> date | None:
    return max((filing.closes for filing in race.filings if filing.closes), default=None)


def told_more(shown: Race, asked: Race) -> Race:
    """Fill up a row with what one of its sources says of the very race; nothing that was shown is lost.

    Who stands in it is taken anew where the row is that source's own: people declare and withdraw.
    """
    candidates = shown.candidates
    if candidates is None or (asked.candidates and asked.key == shown.key):
        candidates = asked.candidates
    return replace(
        shown,
        office=_filled(shown.office, asked.office),
        candidates=candidates,
        incumbents=asked.incumbents if shown.incumbents is None else shown.incumbents,
    )


def _both(one: str, other: str) -> str:
    names = [name for name in (*one.split(" and "), *other.split(" and ")) if name]
    return " and ".join(dict.fromkeys(names))


def _filled(better: Row, lesser: Row) -> Row:
    """Give the better one with what it does not know (None or "") from the lesser."""
    missing = {
        each.name: getattr(lesser, each.name)
        for each in fields(better)
        if getattr(better, each.name) in _UNKNOWN and getattr(lesser, each.name) not in _UNKNOWN
    }
    return replace(better, **missing) if missing else better


def _without_sums(races: Sequence[Race], place: Place) -> tuple[Race, ...]:
    """Leave out "one of 100 House seats" where another source names the very district."""
    if place.precision is Precision.STATE:
        return tuple(races)
    named = {
        (race.office.kind, race.election_day)
        for race in races
        if race.count == 1 and race.office.kind in {Kind.STATE_HOUSE, Kind.STATE_SENATE}
    }
    return tuple(
        race for race in races if race.count == 1 or (race.office.kind, race.election_day) not in named
    )


def fitting(race: Race, place: Place) -> bool | None:
    """Say whether the place lies in the division that elects: surely, perhaps (None), or surely not.

    Where the place itself does not tell, a source that was asked about this very place is believed: it may
    know that a district covers a whole ZIP code. But not for another state, and not for another district of a
    layer in which a located address lies surely somewhere else.
    """
    if race.office.boundaries_unknown:
        return None
    division = race.office.division
    holds = place.holds(division.ocd)
    if holds is not False:
        return holds or race.fits
    if state_of(division.ocd) not in {"", place.state}:
        return False
    same_layer = any(known.layer == division.layer for known in place.certain)
    return False if same_layer and place.precision is Precision.ADDRESS else race.fits


_STATE_PART = re.compile(r"country:us/(?:state|district|territory):([a-z]{2})(?:/|$)")


def state_of(ocd: str) -> str:
    """Give the postal code of the state that a division lies in; "" for the country and where unknown."""
    found = _STATE_PART.search(ocd)
    return found[1].upper() if found else ""
