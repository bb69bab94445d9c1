"""The kinds of office people here run for."""

from __future__ import annotations

from enum import StrEnum


class Office(StrEnum):
    """A kind of down-ballot office; the value is what the database keeps."""

    SCHOOL_BOARD = "school_board"
    CITY_COUNCIL = "city_council"
    MAYOR = "mayor"
    COUNTY = "county"
    STATE_HOUSE = "state_house"
    STATE_SENATE = "state_senate"
    DISTRICT_ATTORNEY = "district_attorney"
    JUDGE = "judge"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The office as it stands on the screen."""
        return _TITLES[self]


_TITLES = {
    Office.SCHOOL_BOARD: "School board",
    Office.CITY_COUNCIL: "City council",
    Office.MAYOR: "Mayor",
    Office.COUNTY: "County office",
    Office.STATE_HOUSE: "State house",
    Office.STATE_SENATE: "State senate",
    Office.DISTRICT_ATTORNEY: "District attorney",
    Office.JUDGE: "Judgeship",
    Office.OTHER: "Another local office",
}


def find_office(word: str) -> Office | None:
    """Find a kind of office by its key or its title, in any case; None where there is none."""
    wanted = " ".join(word.split()).casefold()
    return next(
        (office for office in Office if wanted in {office.value, office.label.casefold()}),
        None,
    )
