"""A country to look races up in: half a million elected offices of made-up places, as a file has them."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from community.races import COUNTRY, Division, Place, Precision
from community.states import every_state

COLUMNS = (
    "race_id", "position_id", "ocd_division_id", "mtfcc", "geo_id", "office", "district", "level",
    "election_date", "election_type", "filing_opens", "filing_deadline", "filing_time", "seats",
    "term_years", "partisan", "salary", "eligibility", "filing_requirements", "filing_fee", "filing_where",
    "filing_phone", "source_url", "verified_on",
)  # fmt: skip
_COUNTY = ("Sheriff", "Clerk", "Treasurer", "Assessor", "Coroner", "Recorder of deeds", "County attorney")
_ELIGIBILITY = "Qualified voter of the district, resident for one year before the election, no felony."
_PAPERS = "Statement of qualifications, statement of economic interests, petition with 125 signatures."
_STATES = tuple(state.code.lower() for state in every_state())[:50]
_WARDS, _SCHOOLS, _SPECIAL = 6, 7, 5


@dataclass(frozen=True)
class Country:
    """How many counties and towns each state has, and how many offices all of it elects.

    With 62 counties and 720 towns a state it is the United States: 3,100 counties, 36,000 municipalities.
    """

    offices: int = 520_000
    counties: int = 62
    towns: int = 720

    def rows(self) -> Iterator[dict[str, str]]:
        """One row for each office, in the order in which a state's file would have them."""
        written = 0
        for fips, code in enumerate(_STATES, 1):
            share = self.offices * fips // len(_STATES) - written
            for number, row in zip(range(share), self._state(fips, code), strict=False):
                yield row | {"race_id": str(written + number), "position_id": f"p{written + number}"}
            written += share

    def write(self, path: Path) -> None:
        """Write the file."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(self.rows())

    def _state(self, fips: int, code: str) -> Iterator[dict[str, str]]:
        state = f"{COUNTRY}/state:{code}"
        for office in ("Governor", "Attorney general", "Secretary of state", "Auditor"):
            yield _row(office, "state", state)
        for number in range(1, 111):
            yield _row("House of Representatives", "state", f"{state}/sldl:{number}", f"District {number}")
        for number in range(1, 41):
            yield _row("Senate", "state", f"{state}/sldu:{number}", f"District {number}")
        for county in range(self.counties):
            for office in _COUNTY:
                yield _row(office, "county", f"{state}/county:c{county}")
            for seat in range(1, 14):
                yield _row("County board", "county", f"{state}/county:c{county}", f"Position {seat}")
        for town in range(self.towns):
            # BallotReady's files know towns by their Census ids alone.
            census = {"mtfcc": "G4110", "geo_id": f"{fips:02}{town:05}"}
            yield _row("Mayor", "city", "", **census)
            for ward in range(1, _WARDS + 1):
                ocd = f"{state}/place:t{town}/council_district:{ward}"
                yield _row("City council", "city", ocd, f"District {ward}")
        for seat in range(1, 10**6):
            # Schools and special districts until all offices are there.
            town = seat % self.towns
            kind, office = (("G5420", "School board"), ("X0027", "Fire district board"))[seat // 7 % 2]
            geoid = f"{fips:02}{town:05}"
            yield _row(office, "local", "", f"Seat {seat}", mtfcc=kind, geo_id=geoid)

    def place(self, chance: random.Random) -> Place:
        """Somebody's home: what a located address knows of itself, all layers known."""
        at = chance.randrange(len(_STATES))
        code, fips, town = _STATES[at], at + 1, chance.randrange(self.towns)
        state, geoid = f"{COUNTRY}/state:{code}", f"{fips:02}{town:05}"
        return Place(
            precision=Precision.ADDRESS, state=code.upper(), label="", zone="America/New_York",
            certain=(
                Division(COUNTRY),
                Division(state, "", "G4000", f"{fips:02}"),
                Division(f"{state}/cd:{town % 9 + 1}", "", "G5200", f"{fips:02}{town % 9 + 1:02}"),
                Division(f"{state}/sldu:{town % 40 + 1}", "", "G5210", f"{fips:02}{town % 40 + 1:03}"),
                Division(f"{state}/sldl:{town % 110 + 1}", "", "G5220", f"{fips:02}{town % 110 + 1:03}"),
                Division(f"{state}/county:c{town % self.counties}", "", "G4020", f"{fips:02}{town % 62:03}"),
                Division(f"{state}/place:t{town}", "", "G4110", geoid),
                Division(f"{state}/place:t{town}/council_district:{town % _WARDS + 1}"),
                Division("", "", "G5420", geoid),
                Division("", "", "X0027", geoid),
            ),
        )  # fmt: skip


def _row(office: str, level: str, ocd: str, district: str = "", **census: str) -> dict[str, str]:
    return {
        "ocd_division_id": ocd, "office": office, "district": district, "level": level,
        "election_date": "2027-11-02", "election_type": "general", "filing_opens": "2027-03-15",
        "filing_deadline": "2027-06-15", "filing_time": "17:00", "seats": "1", "term_years": "4",
        "partisan": "nonpartisan", "salary": "$12,000 a year", "eligibility": _ELIGIBILITY,
        "filing_requirements": _PAPERS, "filing_fee": "$25, or signatures", "filing_where": "County clerk",
        "filing_phone": "555-0100", "source_url": "https://elections.example.gov/candidates",
        "verified_on": "2026-11-20",
    } | census  # fmt: skip
