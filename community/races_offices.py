"""Which of the community's kinds of office a position is, going by its name and by what elects it."""

from __future__ import annotations

import re

from community.offices import Office
from community.races import Division

_LEGISLATURES = {
    # The Census class and the OCD layer of a legislative district say it, whatever the chamber is called.
    "G5210": Office.STATE_SENATE,
    "G5220": Office.STATE_HOUSE,
    "sldu": Office.STATE_SENATE,
    "sldl": Office.STATE_HOUSE,
}
_WORDS: tuple[tuple[re.Pattern[str], Office], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"school (board|committee|director|trustee)|board of education", Office.SCHOOL_BOARD),
        (
            r"(district|state'?s|commonwealth'?s|prosecuting|county) attorney|prosecutor",
            Office.DISTRICT_ATTORNEY,
        ),
        (r"\b(judge|justice|magistrate|surrogate)\b|^(?!.*\bclerk\b).*\bcourt\b", Office.JUDGE),
        (r"^(?!.*\bcounty\b).*\bmayor\b", Office.MAYOR),
        (
            (
                r"\b(city|town|village|borough|township|municipal|common) (council|commission|board)|alder"
                r"|board of (selectmen|aldermen|trustees)|select ?board"
            ),
            Office.CITY_COUNCIL,
        ),
    )
)
_COUNTY = {"G4020", "X0005", "county", "parish", "borough"}


def office_kind(name: str, division: Division, *, judicial: bool = False) -> Office | None:
    """Give the kind of office, or None where it is none of those that the community speaks of.

    The name is as in BallotReady's naming conventions ("Chicago City Council - Ward 40"), or a plain title.
    """
    if (chamber := _LEGISLATURES.get(division.census) or _LEGISLATURES.get(division.layer)) is not None:
        return chamber
    if judicial:
        return Office.JUDGE
    for pattern, kind in _WORDS:
        if pattern.search(name):
            return kind
    in_county = division.census in _COUNTY or division.layer in _COUNTY
    return Office.COUNTY if in_county or re.search(r"\bcounty\b", name, re.IGNORECASE) else None
