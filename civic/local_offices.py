"""The offices that are elected below the legislature, by kind, and on which calendar a state elects them."""

from __future__ import annotations

from dataclasses import dataclass

from community import calendar_states as states
from community.calendar import Calendar
from community.offices import Office
from community.races import COUNTRY, Division, Level

STATEWIDE_2027 = {
    "KY": (
        "Governor and Lieutenant Governor",
        "Attorney General",
        "Secretary of State",
        "Auditor of Public Accounts",
        "State Treasurer",
        "Commissioner of Agriculture",
    ),
    "MS": (
        "Governor",
        "Lieutenant Governor",
        "Attorney General",
        "Secretary of State",
        "State Auditor",
        "State Treasurer",
        "Commissioner of Agriculture and Commerce",
        "Commissioner of Insurance",
    ),
    "LA": (
        "Governor",
        "Lieutenant Governor",
        "Attorney General",
        "Secretary of State",
        "State Treasurer",
        "Commissioner of Agriculture and Forestry",
        "Commissioner of Insurance",
    ),
}
CALENDARS_2027 = {"KY": states.KENTUCKY, "MS": states.MISSISSIPPI, "LA": states.LOUISIANA}

_2028 = {
    "Governor": "DE IN MO MT NH NC ND UT VT WA WV AS PR",
    "Lieutenant Governor": "DE MO NC VT WA AS",
    "Attorney General": "IN MO MT NC OR PA UT VT WA WV",
    "Secretary of State": "MO MT NC OR VT WA WV",
    "State Treasurer": "MO NC ND OR PA UT VT WA WV",
    "State Auditor": "MT NC ND PA UT VT WA WV",
}
TWO_YEARS = {"NH", "VT"}
"""Where the governor, and in Vermont every statewide officer, is elected every two years."""


def statewide(state: str) -> tuple[tuple[int, str], ...]:
    """Give the statewide executive offices of a state that are elected in 2027 and 2028, as (year, name).

    Source: Wikipedia, Template:US elections; the lesser offices of 2027 from the states' constitutions.
    """
    in_2028 = [name for name, codes in _2028.items() if state in codes.split()]
    return (*((2027, name) for name in STATEWIDE_2027.get(state, ())), *((2028, name) for name in in_2028))


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """A kind of local office in a state. `calendar` None means that no day of it is known.

    `where` says what elects it: "county", "place", or "district" (school and special districts, which a
    county or a ZIP code does not tell apart).
    """

    key: str
    name: str
    level: Level
    kind: Office
    where: str
    calendar: Calendar | None = None
    note: str = ""


COUNTIES = Local(key="county", name="County offices", level=Level.COUNTY, kind=Office.COUNTY, where="county")
COUNCIL = Local(
    key="council", name="City or town council", level=Level.CITY, kind=Office.CITY_COUNCIL, where="place"
)
MAYOR = Local(key="mayor", name="Mayor", level=Level.CITY, kind=Office.MAYOR, where="place")
SCHOOLS = Local(
    key="schools", name="School board", level=Level.LOCAL, kind=Office.SCHOOL_BOARD, where="district"
)
BOARDS = Local(
    key="boards",
    name="Library, park, fire and water boards",
    level=Level.LOCAL,
    kind=Office.OTHER,
    where="district",
)
JUDGES = Local(key="judges", name="Judgeships", level=Level.COUNTY, kind=Office.JUDGE, where="county")
PROSECUTOR = Local(
    key="prosecutor",
    name="District attorney",
    level=Level.COUNTY,
    kind=Office.DISTRICT_ATTORNEY,
    where="county",
)

_NO_COUNTIES = {"CT", "RI", "DC", "PR", "GU", "VI", "AS", "MP"}
"""Where no county elects a government."""
_NO_CITIES = {"HI", "GU", "VI", "AS", "MP"}
_NO_SCHOOL_BOARDS = {"HI", "PR", "GU", "VI", "AS", "MP"}

_DAYS: dict[tuple[str, str], tuple[Calendar, ...]] = {
    ("VA", "county"): (states.VIRGINIA,),
    ("VA", "prosecutor"): (states.VIRGINIA,),
    ("VA", "schools"): (states.VIRGINIA_NONPARTISAN,),
    ("NJ", "county"): (states.NEW_JERSEY,),
    ("NJ", "council"): (states.NEW_JERSEY,),
    ("NJ", "mayor"): (states.NEW_JERSEY,),
    ("MS", "county"): (states.MISSISSIPPI,),
    ("LA", "county"): (states.LOUISIANA,),
    ("WI", "county"): (states.WISCONSIN,),
    ("WI", "council"): (states.WISCONSIN,),
    ("WI", "mayor"): (states.WISCONSIN,),
    ("WI", "schools"): (states.WISCONSIN,),
    ("WI", "judges"): (states.WISCONSIN,),
    ("MO", "council"): (states.MISSOURI,),
    ("MO", "mayor"): (states.MISSOURI,),
    ("MO", "schools"): (states.MISSOURI,),
    ("MO", "boards"): (states.MISSOURI,),
    ("TX", "council"): (states.TEXAS_MAY, states.TEXAS_NOVEMBER),
    ("TX", "mayor"): (states.TEXAS_MAY, states.TEXAS_NOVEMBER),
    ("TX", "schools"): (states.TEXAS_MAY, states.TEXAS_NOVEMBER),
    ("TX", "boards"): (states.TEXAS_MAY, states.TEXAS_NOVEMBER),
    ("PA", "county"): (states.PENNSYLVANIA,),
    ("PA", "council"): (states.PENNSYLVANIA,),
    ("PA", "mayor"): (states.PENNSYLVANIA,),
    ("PA", "schools"): (states.PENNSYLVANIA,),
    ("PA", "judges"): (states.PENNSYLVANIA,),
    ("WA", "council"): (states.WASHINGTON,),
    ("WA", "mayor"): (states.WASHINGTON,),
    ("WA", "schools"): (states.WASHINGTON,),
    ("WA", "boards"): (states.WASHINGTON,),
    ("IL", "council"): (states.ILLINOIS, states.ILLINOIS_PRIMARY),
    ("IL", "mayor"): (states.ILLINOIS, states.ILLINOIS_PRIMARY),
    ("IL", "schools"): (states.ILLINOIS,),
    ("IL", "boards"): (states.ILLINOIS,),
}

_NAMES = {
    ("VA", "county"): "County board and constitutional officers",
    ("VA", "prosecutor"): "Commonwealth's Attorney",
    ("LA", "county"): "Parish offices",
    ("AK", "county"): "Borough offices",
    ("PA", "county"): "County row offices",
    ("WI", "council"): "City council, village or town board",
    ("DC", "council"): "Council of the District of Columbia",
    ("DC", "schools"): "State Board of Education",
}
_NOTES = {
    ("NJ", "council"): "Towns with nonpartisan elections vote in May and file earlier.",
    ("NJ", "mayor"): "Towns with nonpartisan elections vote in May and file earlier.",
}


_ON_THEIR_OWN = {
    f"{COUNTRY}/state:il/place:chicago",
    f"{COUNTRY}/state:mo/place:kansas_city",
    f"{COUNTRY}/state:mo/place:st_louis",
    f"{COUNTRY}/state:la/parish:orleans",
}
"""Cities whose charter gives them other days than their state's, which are not known well enough to tell."""


def votes_on_its_own(state: str, division: Division) -> bool:
    """Whether a place elects its offices on other days than the rest of its state.

    Virginia's cities do: their councils, school boards and constitutional officers have other years than
    those of the counties, and each its own.
    """
    return division.ocd in _ON_THEIR_OWN or (state == "VA" and division.layer == "place")


def local(state: str) -> tuple[Local, ...]:
    """Give the kinds of local office that a state elects, one for each calendar it may be elected on."""
    kinds = [
        *(() if state in _NO_SCHOOL_BOARDS else (SCHOOLS,)),
        *(() if state in _NO_CITIES else (COUNCIL, MAYOR)),
    ]
    kinds += [] if state in _NO_COUNTIES else [COUNTIES]
    kinds += [kind for kind in (BOARDS, JUDGES, PROSECUTOR) if (state, kind.key) in _DAYS]
    return tuple(
        Local(
            key=kind.key,
            name=_NAMES.get((state, kind.key), kind.name),
            level=kind.level,
            kind=kind.kind,
            where=kind.where,
            calendar=calendar,
            note=_NOTES.get((state, kind.key), ""),
        )
        for kind in kinds
        for calendar in _DAYS.get((state, kind.key), (None,))
    )
