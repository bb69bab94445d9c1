from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest

from civic import divisions, terms
from civic.authorities import EVERY_STATE, site
from civic.catalogue import Catalogue
from civic.locate import offline
from community.calendar_states import NOVEMBER
from community.offices import Office as Kind
from community.races import Certainty, Division, Level, Place, Precision, Race, Window
from community.states import every_state

US = "ocd-division/country:us"
TWO_YEARS = Window(date(2026, 11, 21), date(2028, 12, 31))
STATES = [state.code for state in every_state()]


def place(where: str) -> Place:
    found = offline(where)
    assert isinstance(found, Place)
    return found


def house(state: str, *below: str) -> Place:
    """A house in a state, of which the divisions are known."""
    above = divisions.prefix(state)
    known = [divisions.by_ocd(state, suffix) or Division(f"{above}/{suffix}") for suffix in below]
    return Place(
        precision=Precision.ADDRESS,
        state=state,
        label="",
        zone="America/New_York",
        certain=(divisions.state_division(state), *known),
    )


async def races(where: str | Place, window: Window = TWO_YEARS) -> dict[str, Race]:
    found = await Catalogue().races(place(where) if isinstance(where, str) else where, window)
    assert found.trouble == ""
    keyed = {race.key: race for race in found.races}
    assert len(keyed) == len(found.races)
    return keyed


async def test_in_kentucky_filing_for_statewide_office_closes_in_january():
    found = await races("40202")
    race = found["catalogue:ky:office:attorney-general:2027"]
    (filing,) = race.filings
    assert (filing.opens, filing.closes, filing.closes_at) == (date(2026, 11, 4), date(2027, 1, 8), time(16))
    moment = filing.closes_moment("UTC")
    assert moment is not None
    assert moment.isoformat() == "2027-01-08T16:00:00-05:00"
    assert race.election_day == date(2027, 11, 2)
    assert race.primary_day == date(2027, 5, 18)
    assert race.certainty is Certainty.DERIVED
    assert race.rule == "KRS 118.165"
    assert race.url == "https://elect.ky.gov"
    assert sum(":office:" in key for key in found) == 6


async def test_in_virginia_both_chambers_are_elected_in_full():
    found = await races("Virginia")
    lower, upper = found["catalogue:va:sldl:2027"], found["catalogue:va:sldu:2027"]
    assert (lower.office.name, lower.count, lower.seats) == ("House of Delegates", 100, 100)
    assert (upper.office.name, upper.count, upper.seats) == ("State Senate", 40, 40)
    assert (lower.office.term_years, upper.office.term_years) == (2, 4)
    for race in (lower, upper):
        assert race.election_day == date(2027, 11, 2)
        assert race.filings[0].closes == date(2027, 4, 1)
        assert race.filings[0].closes_at == time(17)
        assert race.office.level is Level.STATE


async def test_in_wisconsin_spring_filing_closes_at_five_in_the_afternoon_there():
    found = await races("53703")
    race = found["catalogue:wi:local:schools:spring:2027@county:dane"]
    assert race.office.kind is Kind.SCHOOL_BOARD
    moment = race.filings[0].closes_moment("UTC")
    assert moment is not None
    assert moment.isoformat() == "2027-01-05T17:00:00-06:00"
    judges = found["catalogue:wi:local:judges:spring:2027@county:dane"]
    assert judges.office.judicial
    assert judges.office.kind is Kind.JUDGE


async def test_somebody_whose_district_is_known_sees_that_district():
    found = await races(house("VA", "county:arlington", "sldl:2", "sldu:40"))
    assert found["catalogue:va:sldl:2:2027"].office.district == "2"
    assert found["catalogue:va:sldl:2:2027"].count == 1
    assert found["catalogue:va:sldu:40:2027"].office.division.ocd == f"{US}/state:va/sldu:40"
    assert "catalogue:va:sldl:2027" not in found


async def test_a_district_of_several_seats_says_so():
    found = await races(house("NH", "sldl:belknap_2", "sldu:2"))
    race = found["catalogue:nh:sldl:belknap_2:2028"]
    assert (race.seats, race.office.district) == (2, "Belknap 2")


async def test_a_senate_district_that_is_not_up_is_not_shown():
    assert "catalogue:ky:sldu:19:2028" in await races(house("KY", "sldu:19"))
    found = await races(house("KY", "sldu:18"))
    assert not any(":sldu:" in key for key in found)


async def test_where_nobody_knows_which_districts_are_up_the_chamber_says_so():
    found = await races(house("TX", "sldu:14"))
    race = found["catalogue:tx:sldu:2028"]
    assert race.seats == 15
    assert "About 15 of 31 seats" in race.note
    assert "ask whether your district is" in race.note


async def test_a_district_drawn_after_the_tables_leaves_the_chamber():
    found = await races(house("VA", "sldl:999"))
    assert "catalogue:va:sldl:2027" in found


async def test_eight_chambers_with_578_seats_are_elected_in_2027():
    chambers = [
        race
        for code in STATES
        for key, race in (await races(code)).items()
        if key.endswith((":sldl:2027", ":sldu:2027"))
    ]
    assert len(chambers) == 8
    assert sum(race.seats or 0 for race in chambers) == 578


async def test_the_seats_of_2028_add_up():
    lower: dict[str, int] = {}
    upper: dict[str, int] = {}
    for code in STATES:
        for key, race in (await races(code)).items():
            if key.endswith(":sldl:2028"):
                lower[code] = race.seats or 0
            elif key.endswith(":sldu:2028"):
                upper[code] = race.seats or 0
            else:
                continue
            assert race.election_day == date(2028, 11, 7)
            assert race.filings == ()
    assert set(STATES) - set(lower) - terms.WITHOUT_TERMS == {"AL", "LA", "MD", "MS", "NE", "NJ", "VA"}
    assert set(STATES) - set(upper) - terms.WITHOUT_TERMS == {"AL", "LA", "MD", "MI", "MN", "MS", "NJ", "VA"}
    assert abs(sum(lower.values()) - 4712) <= 4
    expected = {"CA": 20, "KY": 19, "MO": 17, "NE": 25, "OH": 16, "OK": 24, "PA": 25, "TN": 16, "WI": 16}
    assert {code: upper[code] for code in expected} == expected
    assert (lower["ME"], upper["KS"], upper["VT"]) == (151, 40, 30)


async def test_statewide_offices_are_those_of_the_year():
    names = {race.office.name for key, race in (await races("Delaware")).items() if ":office:" in key}
    assert names == {"Governor", "Lieutenant Governor"}
    assert not any(":office:" in key for key in await races("Texas"))
    found = await races("Vermont")
    assert found["catalogue:vt:office:governor:2028"].office.term_years == 2


@pytest.mark.parametrize(
    "where", ["Chicago", "60614", "Kansas City, MO", "Richmond, VA", "23220", "New Orleans, LA"]
)
async def test_a_city_with_days_of_its_own_gets_no_date_that_is_its_states(where):
    found = await races(where)
    own = [
        race
        for race in found.values()
        if race.office.division.ocd.endswith((":chicago", "place:kansas_city", "place:richmond", ":orleans"))
    ]
    assert own
    assert all(race.certainty is Certainty.EXPECTED and race.election_day is None for race in own)
    assert len({race.office.name for race in own}) == len(own)


async def test_a_city_in_no_county_has_a_countys_offices_and_calls_them_its_own():
    for where, suffix, name in [
        ("23220", "va:local:county@place:richmond", "Constitutional officers"),
        ("Baltimore, MD", "md:local:county@place:baltimore", "Citywide offices"),
    ]:
        assert (await races(where))[f"catalogue:{suffix}"].office.name == name


async def test_nothing_that_is_not_borne_out_is_dated():
    for code in ("OH", "OK", "NC", "KS", "CA", "AL"):
        for race in (await races(code)).values():
            assert race.filings == ()
            if ":local:" in race.key:
                assert race.certainty is Certainty.EXPECTED
    for key, race in (await races("New Jersey")).items():
        if ":schools" in key:
            assert race.election_day is None


async def test_a_city_that_is_one_with_its_county_has_a_council():
    found = await races("Nashville TN")
    assert "catalogue:tn:local:council@county:davidson" in found


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ("Bernalillo County, NM", "a city or town in Bernalillo County"),
        ("New Mexico", "a city or town in New Mexico"),
        ("Albuquerque, NM", "Albuquerque city"),
        ("San Francisco, CA", "San Francisco city"),
        ("Washington, DC", "District of Columbia"),
    ],
)
async def test_a_mayor_is_never_said_to_be_that_of_a_whole_county_or_state(where, named):
    found = await Catalogue().races(place(where), TWO_YEARS)
    mayors = [race for race in found.races if race.office.kind is Kind.MAYOR]
    assert [race.office.division.name for race in mayors] == [named]
    again = await Catalogue().race(mayors[0].key)
    assert again is not None
    assert again.office.division.ocd == mayors[0].office.division.ocd


async def test_a_borough_of_new_york_elects_the_citys_council():
    for where in ("11201", "Brooklyn, NY", "Kings County, NY"):
        assert "catalogue:ny:local:council@place:new_york" in await races(where)


async def test_nobody_files_for_a_county_that_has_no_government():
    assert not any(":county" in key.partition("@")[0] for key in await races("06001"))


async def test_what_lies_outside_the_window_is_left_out():
    soon = Window(date(2026, 11, 21), date(2027, 4, 30))
    assert {race.election_day for race in (await races("53703", soon)).values()} == {date(2027, 4, 6)}
    assert {race.election_day for race in (await races("Virginia", soon)).values()} == {None}


@pytest.mark.parametrize(
    "where",
    [*STATES, "40202", "53703", "22207", "Kansas City, MO", "Dane County, WI", "Austin, TX", "El Paso, TX"],
)
async def test_every_race_says_where_it_is_from_and_can_be_found_again(where):
    catalogue = Catalogue()
    for key, race in (await races(where)).items():
        assert race.source == catalogue.name
        assert race.as_of is not None
        assert race.url.startswith("https://")
        assert race.certainty is not Certainty.CONFIRMED
        assert race.candidates is None
        assert race.election_day is None or race.certainty is Certainty.DERIVED
        assert all(filing.zone for filing in race.filings)
        # By its name alone it is nobody's in particular.
        assert await catalogue.race(key) == replace(race, fits=True)
        assert not set(key) & set("|\n ")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "civicengine:12",
        "catalogue:",
        "catalogue:xx:sldl:2027",
        "catalogue:va:sldl:999:2027",
        "catalogue:va:sldl:2:1999",
        "catalogue:wi:local:schools:spring:2027@county:atlantis",
        "catalogue:wi:local:schools:spring:2027@../../etc",
    ],
)
async def test_a_key_of_nothing_gives_nothing(key):
    assert await Catalogue().race(key) is None


async def test_a_row_of_a_place_surely_holds_or_may_hold_the_place():
    for where in ("53703", "Kansas City, MO", "Virginia", "22207", "20001", "00901", "Chicago"):
        asked = place(where)
        for race in (await races(where)).values():
            assert asked.holds(race.office.division.ocd) is not False, (where, race.key)


def test_the_general_election_is_the_one_that_the_law_says():
    assert [NOVEMBER(year) for year in (2026, 2027, 2028)] == [
        date(2026, 11, 3),
        date(2027, 11, 2),
        date(2028, 11, 7),
    ]


def test_every_state_has_somebody_to_ask():
    assert all(site(code).startswith("https://") for code in STATES)
    assert site("VA") == "https://www.elections.virginia.gov"
    assert site("GU") == EVERY_STATE


async def test_papers_are_due_by_the_clock_of_the_place_not_of_the_capital():
    found = await races("El Paso, TX")
    race = found["catalogue:tx:local:council:may:2027@place:el_paso"]
    assert race.filings[0].zone == "America/Denver"
    found = await races(house("TX", "county:el_paso", "county:el_paso/school_district:el_paso_isd"))
    race = next(each for each in found.values() if each.office.kind is Kind.SCHOOL_BOARD)
    assert race.office.division.layer == "school_district"
    assert not race.office.boundaries_unknown
    assert race.filings[0].zone == "America/Denver"
