"""Invented races and places for tests of what is shown: nothing here is a fact about any election."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

from community.offices import Office as Kind
from community.races import (
    Candidate,
    Certainty,
    Division,
    Filing,
    Found,
    Level,
    Office,
    Place,
    Precision,
    Race,
)

VIRGINIA = Division("ocd-division/country:us/state:va", "Virginia")
RICHMOND = Division("ocd-division/country:us/state:va/place:richmond", "Richmond city")
HOUSE_79 = Division("ocd-division/country:us/state:va/sldl:79", "House District 79")

AT_ZIP = Place(
    precision=Precision.ZIP,
    state="VA",
    label="Richmond, VA 23220",
    zone="America/New_York",
    city="Richmond",
    zip="23220",
    certain=(VIRGINIA, RICHMOND),
    unknown=frozenset({"sldl", "sldu", "council_district"}),
)
AT_HOME = replace(
    AT_ZIP, precision=Precision.ADDRESS, certain=(VIRGINIA, RICHMOND, HOUSE_79), unknown=frozenset()
)


def race(key="local:1", **facts) -> Race:
    """A mayor of Richmond who is elected on Nov 2, 2027, with papers due on Apr 1."""
    office = {
        "name": "Mayor",
        "level": Level.CITY,
        "division": RICHMOND,
        "kind": Kind.MAYOR,
        "seats": 1,
        "term_years": 4,
        "partisan": False,
    }
    of_office = set(Office.__dataclass_fields__) - {"url"}
    office |= {name: facts.pop(name) for name in list(facts) if name in of_office}
    usual = {
        "election_day": date(2027, 11, 2),
        "primary_day": date(2027, 6, 15),
        "filings": (
            Filing(
                opens=date(2027, 3, 15),
                closes=date(2027, 4, 1),
                closes_at=time(17),
                zone="America/New_York",
                what="party primary",
            ),
        ),
        "source": "The county's list",
        "as_of": date(2026, 11, 20),
    }
    return Race(key=key, office=Office(**office), **{**usual, **facts})


class Source:
    """A source that knows these races, or fails in this way."""

    def __init__(self, name="The county's list", races=(), *, trouble="", fault=None):
        self.name, self.known, self.trouble, self.fault = name, tuple(races), trouble, fault
        self.asked = []

    async def races(self, place, window):
        self.asked.append((place, window))
        if self.fault is not None:
            raise self.fault
        return Found(source=self.name, races=self.known, trouble=self.trouble)

    async def race(self, key):
        return next((each for each in self.known if each.key == key), None)


__all__ = [
    "AT_HOME",
    "AT_ZIP",
    "HOUSE_79",
    "RICHMOND",
    "VIRGINIA",
    "Candidate",
    "Certainty",
    "Source",
    "race",
]
