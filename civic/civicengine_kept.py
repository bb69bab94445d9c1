"""What CivicEngine answered for a place, as it is kept on the shelf, and under which name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

from community.races import Place, Precision, Race, Shelved, Window
from community.races_kept import KeptUnreadable, kept_race, race_of


@dataclass(frozen=True, slots=True)
class Row:
    """One election as the service knows it; `sure` is whether its division surely holds the place."""

    position: str
    race: Race
    sure: bool | None = True


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows for one place, and for which election days they are whole."""

    rows: tuple[Row, ...]
    window: Window
    trouble: str = ""


def shelf_key(place: Place) -> str | None:
    """Name what an answer is kept under: ZIP code, state, or the set of the place's districts.

    Never a point or an address: of an address only the districts count, as a digest. None where there is
    nothing that could be asked.
    """
    if place.point is not None or place.precision in {Precision.CITY, Precision.COUNTY}:
        if place.point is None and not pairs_of(place):
            return None
        names = sorted(f"{each.ocd}|{each.census}:{each.geoid}" for each in place.certain)
        what = "at" if place.point is not None else "in"
        return f"civicengine:{what}:{hashlib.sha256(' '.join(names).encode()).hexdigest()[:32]}"
    if by_zip(place):
        return f"civicengine:zip:{place.state}:{place.zip}"
    return f"civicengine:state:{place.state}" if place.state else None


def exact(place: Place) -> bool:
    """Whether a neighbour with the same known districts may lie in another of the unknown ones.

    Then what was answered to the neighbour is given only while the service does not answer.
    """
    return place.point is not None and bool(place.unknown)


def by_zip(place: Place) -> bool:
    """Whether its ZIP code is all that the service can be asked by."""
    return place.point is None and bool(place.zip) and place.precision in {Precision.ZIP, Precision.ADDRESS}


def pairs_of(place: Place) -> set[tuple[str, str]]:
    """Give the Census classes and ids of what a place surely lies in, but for the state."""
    return {(each.census, each.geoid) for each in place.certain if each.geoid and each.census != "G4000"}


def packed(answer: Answer) -> dict[str, Any]:
    """Give an answer as what JSON can say."""
    return {
        "first": answer.window.first.isoformat(),
        "last": answer.window.last.isoformat(),
        "rows": [
            {"position": row.position, "sure": row.sure, "race": kept_race(row.race)} for row in answer.rows
        ],
    }


def unpacked(shelved: Shelved) -> Answer | None:
    """Read what was kept; None where an older version kept it in another way."""
    facts = shelved.facts
    try:
        return Answer(
            tuple(Row(row["position"], race_of(row["race"]), row["sure"]) for row in facts["rows"]),
            Window(date.fromisoformat(facts["first"]), date.fromisoformat(facts["last"])),
        )
    except (KeptUnreadable, KeyError, TypeError, ValueError):
        return None
