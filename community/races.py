"""What can I run for: places, offices, races, and what may be said of them with which certainty.

`civic/` turns words into a Place and a Place into races; `storage/races.py` keeps what staff imported, what
people saved and what was looked up; nothing in here knows where anything comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from community import offices

COUNTRY = "ocd-division/country:us"


class Level(StrEnum):
    """How near to home an office is; the values are CivicEngine's PositionLevel in lower case."""

    LOCAL = "local"
    TOWNSHIP = "township"
    CITY = "city"
    COUNTY = "county"
    REGIONAL = "regional"
    STATE = "state"
    FEDERAL = "federal"


class Precision(StrEnum):
    """How exactly a place was named."""

    ADDRESS = "address"
    ZIP = "zip"
    CITY = "city"
    COUNTY = "county"
    STATE = "state"


class Certainty(StrEnum):
    """How far a row can be trusted."""

    CONFIRMED = "confirmed"
    """A source that keeps races says so."""
    DERIVED = "derived"
    """Worked out from a statute or a term; shown with "check with the election office"."""
    EXPECTED = "expected"
    """The office exists here and will be elected, but no date of it is known."""


class Kind(StrEnum):
    """What an election day is."""

    GENERAL = "general"
    PRIMARY = "primary"
    RUNOFF = "runoff"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees north and east (WGS 84). Held for one look-up, never kept: it is an address in other words."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Division:
    """A place that elects somebody.

    `ocd` is its Open Civic Data id ("ocd-division/country:us/state:va/sldl:12"); "" where only the Census
    names it. `census` is the Census class (MTFCC, "G5220") and `geoid` the Census id in it ("51012"); both ""
    where unknown.
    """

    ocd: str
    name: str = ""
    census: str = ""
    geoid: str = ""

    @property
    def layer(self) -> str:
        """What kind of division it is, in the words of OCD ids: "state", "county", "place", "cd", "sldl"."""
        last = self.ocd.rsplit("/", 1)[-1]
        return last.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where somebody could run: what is certain about it and what is only possible.

    `state` is a postal code; `label` is what may be shown and kept ("Richmond, VA 23220", never a house
    number). `certain` lists the divisions it surely lies in, `unknown` the layers of which it lies in one
    without our knowing which ("sldl", "council_district" …). `overlapping` are divisions it may lie in
    (several counties of one city). `point` exists only for an address that was located. `fell_back` says that
    an address was typed but nothing could locate it, so that the answer is that of its ZIP code or its state.
    """

    precision: Precision
    state: str
    label: str
    zone: str
    county: str = ""
    city: str = ""
    zip: str = ""
    point: Point | None = None
    certain: tuple[Division, ...] = ()
    overlapping: tuple[Division, ...] = ()
    unknown: frozenset[str] = frozenset()
    fell_back: bool = False

    def holds(self, division: str) -> bool | None:
        """Whether it lies in that division (an OCD id): True, False, or None where that is not known.

        What lies in a division that it does not lie in cannot hold it either: no ward of Norfolk holds a
        place in Richmond.
        """
        if not division:
            # Only the Census names it; nothing can be said by an id that is not there.
            return None
        if any(division == known.ocd for known in self.certain) or division == COUNTRY:
            return True
        if any(division == possible.ocd for possible in self.overlapping):
            return None
        layer = Division(division).layer
        above = division.rpartition("/")[0]
        if above.count("/") > 1 and self.holds(above) is False:
            return False
        tops = {"state", "district", "territory"}
        states = tuple(f"{known.ocd}/" for known in self.certain if known.layer in tops)
        in_state = division.startswith(states)
        return None if in_state and layer in self.unknown else False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """When papers are taken for a race; each end may be unknown.

    `closes_at` is the hour on the last day, local to `zone` ("" where not known: then the day's end); `note`
    is what the source adds in its own words. `what` names whom it is for where there are several ("party
    primary").
    """

    opens: date | None = None
    closes: date | None = None
    opens_at: time | None = None
    closes_at: time | None = None
    zone: str = ""
    what: str = ""
    note: str = ""

    def closes_moment(self, fallback_zone: str) -> datetime | None:
        """Give the moment at which it is over (aware, in its zone), or the last day's last minute."""
        if self.closes is None:
            return None
        return datetime.combine(
            self.closes, self.closes_at or time(23, 59), tzinfo=ZoneInfo(self.zone or fallback_zone)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who declared; `certified` means on the official list, None that nobody said."""

    name: str
    party: str = ""
    incumbent: bool = False
    certified: bool | None = None
    withdrawn: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Something to be elected to in one division.

    `kind` is the community's own kind of office, where it is one of them. What is None or "" is unknown,
    never "no": a missing minimum age does not mean that there is none. `fee` is the source's own text.
    `salary` likewise.
    """

    name: str
    level: Level
    division: Division
    kind: offices.Office | None = None
    district: str = ""
    seats: int | None = None
    term_years: int | None = None
    partisan: bool | None = None
    judicial: bool = False
    salary: str = ""
    eligibility: str = ""
    requirements: str = ""
    fee: str = ""
    file_where: str = ""
    file_how: str = ""
    phone: str = ""
    url: str = ""
    minimum_age: int | None = None
    must_live_there: bool | None = None
    must_be_registered: bool | None = None
    boundaries_unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """One election of one office.

    `key` names it for good, whatever is refreshed ("catalogue:va:sldl:12:2027", "civicengine:12345",
    "local:…"). `count` is of how many like it this row speaks: a row for "100 House seats" stands for 100
    races, of which the asker's district is one. `candidates` None means unknown, () that nobody has declared
    yet. `source` is a name for people, `as_of` the day on which the source was right, `url` where to check
    it; `stale` that the source did not answer and an older answer is shown. `rule` cites the statute of a
    derived date.
    """

    key: str
    office: Office
    election_day: date | None
    kind: Kind = Kind.GENERAL
    primary_day: date | None = None
    runoff_day: date | None = None
    filings: tuple[Filing, ...] = ()
    seats: int | None = None
    count: int = 1
    unexpired: bool = False
    candidates: tuple[Candidate, ...] | None = None
    incumbents: tuple[str, ...] | None = None
    certainty: Certainty = Certainty.CONFIRMED
    source: str = ""
    as_of: date | None = None
    url: str = ""
    rule: str = ""
    stale: bool = False
    cancelled: bool = False
    note: str = ""
    also: tuple[str, ...] = ()
    """The keys of the rows of other sources that this one was filled up with; set by the merge."""
    fits: bool | None = True
    """Whether the asker's place surely lies in its division (True) or only may (None), as its source says.
    The merge decides by the place itself wherever that tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one source knew: its races, and what kept it from answering in full.

    `trouble` is a short code for messages/ ("unreachable", "slow", "refused", "short"), "" where all went
    well.
    """

    source: str
    races: Sequence[Race] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """From which election day to which one looks, both included."""

    first: date
    last: date


class RaceSource(Protocol):
    """Where races come from; several are asked side by side and merged."""

    @property
    def name(self) -> str:
        """What people read behind "Source:"."""

    async def races(self, place: Place, window: Window) -> Found:
        """Give the races of that place; never raises for what the network or a service does."""

    async def race(self, key: str) -> Race | None:
        """Give one race with all that is known about it, or None where it is not of this source.

        Raises SourceUnavailable where it cannot be asked now.
        """


@dataclass(frozen=True, slots=True)
class Shelved:
    """An answer that was kept, as JSON, and since when (aware, UTC)."""

    facts: dict[str, Any]
    at: datetime


class RaceShelf(Protocol):
    """Where a source keeps what a service answered, so that it is asked less and missed less.

    A key says what was asked in the words of districts, ZIP codes and states; never a point or an address.
    """

    async def taken(self, key: str) -> Shelved | None:
        """Give the answer that was kept last, however old it is."""

    async def keep(self, key: str, facts: dict[str, Any], *, at: datetime) -> None:
        """Keep an answer in the place of the one before."""


class SourceUnavailable(Exception):
    """A source of races or places does not answer now; `source` names it."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.source = source


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person typed after the command, taken apart: where, and which kind of office if they said so."""

    where: str
    level: Level | None = None
    kind: offices.Office | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Several:
    """What was typed could be any of these places: the person chooses by their labels."""

    places: tuple[Place, ...] = field(default_factory=tuple)


class Unlocated(StrEnum):
    """Why what was typed is no place; each has its sentence in messages/."""

    NOTHING = "nothing"
    """Nothing was typed, or nothing but an office."""
    UNKNOWN_ZIP = "unknown_zip"
    MILITARY_ZIP = "military_zip"
    """A base or a ship: one runs where one is registered, and such a ZIP code does not say where."""
    ABROAD = "abroad"
    """A ZIP code of a country with which the Postal Service only shares its system."""
    UNKNOWN_PLACE = "unknown_place"
    """No state, county or city is called that."""
    NO_MATCH = "no_match"
    """An address that nobody could find, with nothing in it to fall back on."""
    TOO_LONG = "too_long"
    """More than an address has."""


@dataclass(frozen=True, slots=True)
class NotLocated:
    """What was typed is no place that we know. Nothing of it is carried along: it may be an address."""

    reason: Unlocated
