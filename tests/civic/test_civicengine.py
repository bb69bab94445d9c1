"""CivicEngine as a source: what it says, what it leaves out, and what happens when it does not answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from dataclasses import replace
from datetime import date, time, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from civic import civicengine_reading as reading
from civic.civicengine import CivicEngine
from civic.civicengine_kept import shelf_key
from community.offices import Office as OfficeKind
from community.races import (
    COUNTRY,
    Candidate,
    Division,
    Filing,
    Kind,
    Level,
    Place,
    Point,
    Precision,
    Race,
    Shelved,
    SourceUnavailable,
    Window,
)
from tests.civic.engine_service import KEY, Service, candidacy, period, position, race

VA = "ocd-division/country:us/state:va"
WINDOW = Window(date(2026, 11, 23), date(2028, 11, 23))
STATE = Division(VA, "Virginia", "G4000", "51")
CITY = Division(f"{VA}/place:richmond", "Richmond", "G4110", "5167000")
ZIP = Place(
    precision=Precision.ZIP, state="VA", label="Richmond, VA 23220", zone="America/New_York", zip="23220",
    certain=(STATE, CITY), unknown=frozenset({"sldl", "council_district"}),
)  # fmt: skip
HOME = replace(
    ZIP,
    precision=Precision.ADDRESS,
    point=Point(37.5541, -77.4602),
    certain=(STATE, CITY, Division(f"{VA}/sldl:78", "", "G5220", "51078")),
    unknown=frozenset(),
)
TOWN = replace(ZIP, precision=Precision.CITY, zip="")
WHOLE_STATE = replace(ZIP, precision=Precision.STATE, zip="", certain=(STATE,))
MAYOR = position(1, "Richmond Mayor")
HOUSE = position(2, "Virginia House of Delegates - District 78", level="STATE", mtfcc="G5220", geoId="51078")
NOVEMBER = "2027-11-02"


class MemoryShelf:
    def __init__(self) -> None:
        self.kept: dict[str, Shelved] = {}

    async def taken(self, key):
        return self.kept.get(key)

    async def keep(self, key, facts, *, at):
        # What is kept has to be JSON.
        self.kept[key] = Shelved(json.loads(json.dumps(facts)), at)


@pytest.fixture
async def service():
    """The service; a question that does not fit its schema is a fault of ours."""
    made = Service()
    app = web.Application()
    app.router.add_post("/graphql", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/graphql"
    yield made
    await runner.cleanup()
    assert made.refused == []


@pytest.fixture
def shelf():
    return MemoryShelf()


@pytest.fixture
async def engine(service, shelf, clock):
    made = CivicEngine(KEY, shelf, clock, url=service.url, patience=30.0, gap=0.0)
    yield made
    await made.close()


async def only(engine, place=ZIP):
    found = await engine.races(place, WINDOW)
    assert found.trouble == ""
    (one,) = found.races
    return one


# What it says


async def test_a_race_is_read_with_all_that_is_known_of_it(engine, service):
    sheriff = position(
        7, "Henrico County Sheriff", level="COUNTY", mtfcc="G4020", geoId="51087", partisanType="partisan",
        salary="$150,000", minimumAge=18, mustBeResident=True, mustBeRegisteredVoter=None,
        eligibilityRequirements="A voter.", filingRequirements="$2,900 fee, 125 signatures",
        maximumFilingFee=2900.0, paperworkInstructions="Ask the registrar.", filingAddress="4301 E Parham",
        filingPhone="804-555-0100", seats=1,
        electionFrequencies=[
            {"frequency": [2], "validTo": "2019-01-01"}, {"frequency": [4, 2], "validTo": None},
        ],
    )  # fmt: skip
    service.races = [
        race(
            11, sheriff, NOVEMBER, seats=2,
            filingPeriods=[
                period("2027-03-15", "2027-04-01", "NOMINATION", "Set by the party."),
                period("2027-01-01", None),
                period(None, "2027-06-15", "DECLARATION"),
            ],
        )
    ]  # fmt: skip
    found = await only(engine)
    office = found.office
    assert (found.key, found.election_day, found.kind) == ("civicengine:11", date(2027, 11, 2), Kind.GENERAL)
    assert (office.level, office.kind, office.partisan) == (Level.COUNTY, OfficeKind.COUNTY, True)
    assert office.division == Division(f"{VA}/county:henrico", "Henrico County", "G4020", "51087")
    assert (office.term_years, office.seats, found.seats) == (4, 1, 2)
    assert (office.fee, office.requirements) == ("Up to $2,900", "$2,900 fee, 125 signatures")
    assert (office.minimum_age, office.must_live_there, office.must_be_registered) == (18, True, None)
    assert (office.file_where, office.file_how, office.phone) == (
        "4301 E Parham",
        "Ask the registrar.",
        "804-555-0100",
    )
    zone = "America/New_York"
    assert found.filings == (
        Filing(
            opens=date(2027, 3, 15), closes=date(2027, 4, 1), zone=zone, what="nomination",
            note="Set by the party.",
        ),
        Filing(opens=date(2027, 1, 1), zone=zone),
        Filing(closes=date(2027, 6, 15), zone=zone, what="declaration"),
    )  # fmt: skip
    assert (found.source, found.as_of, found.stale) == ("CivicEngine", date(2026, 11, 23), False)


async def test_what_nobody_can_run_for_is_left_out(engine, service):
    service.races = [
        race(1, MAYOR, NOVEMBER),
        race(2, position(2, "Appointed", appointed=True), NOVEMBER),
        race(3, position(3, "Retention", retention=True), NOVEMBER),
        race(4, position(4, "Recall"), NOVEMBER, isRecall=True),
        race(5, position(5, "Disabled"), NOVEMBER, isDisabled=True),
    ]
    assert (await only(engine)).office.name == "Richmond Mayor"


async def test_primaries_and_runoffs_are_part_of_their_race(engine, service):
    service.races = [
        race(1, MAYOR, "2027-06-15", isPrimary=True, filingPeriods=[period(None, "2027-04-01")]),
        race(2, MAYOR, NOVEMBER),
        race(3, MAYOR, "2027-12-07", isRunoff=True),
        race(4, MAYOR, "2027-07-13", isPrimary=True, isRunoff=True),
        race(5, MAYOR, "2026-06-16", isPrimary=True),
    ]
    found = await only(engine)
    assert (found.key, found.primary_day, found.runoff_day) == (
        "civicengine:2",
        date(2027, 6, 15),
        date(2027, 12, 7),
    )
    assert [each.what for each in found.filings] == ["party primary"]
    assert await engine.race("civicengine:2") == found


async def test_a_special_election_says_so_in_its_name(engine, service):
    service.races = [
        race(1, MAYOR, NOVEMBER, election={"name": "Richmond Special Election"}, isUnexpired=True)
    ]
    found = await only(engine)
    assert (found.kind, found.unexpired) == (Kind.SPECIAL, True)


async def test_who_stands_is_told_and_the_hidden_and_the_losers_are_not(engine, service):
    service.races = [
        race(
            1, MAYOR, NOVEMBER,
            people=[
                candidacy("Ana Ruiz", "Independent"),
                candidacy("Ben Oduya", isCertified=False),
                candidacy("Cora Diaz", withdrawn=True),
                candidacy("Hidden", isHidden=True),
                candidacy("Lost", result="LOST"),
                candidacy("Odd", candidate={"fullName": "Odd", "urls": [{"type": "", "url": "ftp:x"}]}),
            ],
        ),
        race(2, HOUSE, NOVEMBER),
    ]  # fmt: skip
    found = {one.key: one.candidates for one in (await engine.races(ZIP, WINDOW)).races}
    link = "https://example.org"
    assert found["civicengine:1"] == (
        Candidate(name="Ana Ruiz", party="Independent", certified=True, url=link),
        Candidate(name="Ben Oduya", certified=False, url=link),
        Candidate(name="Cora Diaz", certified=True, withdrawn=True, url=link),
        Candidate(name="Odd", certified=True),
    )
    assert found["civicengine:2"] == ()


async def test_one_race_comes_with_who_holds_the_office(engine, service):
    service.races = [
        race(1, MAYOR | {"holders": ("Holly Odell", None)}, NOVEMBER, people=[candidacy("Ana Ruiz")]),
        race(2, HOUSE | {"holders": (None,)}, NOVEMBER),
        race(3, position(3, "Clerk"), NOVEMBER),
        race(4, position(4, "Gone"), NOVEMBER, isDisabled=True),
    ]
    one = await engine.race("civicengine:1")
    assert ([each.name for each in one.candidates], one.incumbents) == (["Ana Ruiz"], ("Holly Odell",))
    assert (await engine.race("civicengine:2")).incumbents == ()
    assert (await engine.race("civicengine:3")).incumbents is None
    gone = await engine.race("civicengine:4")
    assert (gone.cancelled, gone.note) == (True, "It will not be on the ballot.")
    assert await engine.race("civicengine:999") is None
    assert await engine.race("local:1") is None
    assert await engine.race("civicengine:1 or 2") is None


async def test_a_zip_code_says_what_it_surely_lies_in(engine, service):
    service.races = [
        race(1, MAYOR, NOVEMBER),
        race(2, HOUSE | {"contained": False}, NOVEMBER),
        race(3, position(3, "Clerk", contained=None), NOVEMBER),
        race(4, position(4, "Fire board", hasUnknownBoundaries=True), NOVEMBER),
    ]
    found = {one.office.name: one.fits for one in (await engine.races(ZIP, WINDOW)).races}
    assert list(found.values()) == [True, None, None, None]


async def test_an_address_is_asked_for_by_its_point_and_is_sure(engine, service):
    service.races = [race(1, MAYOR, NOVEMBER)]
    assert (await only(engine, HOME)).fits is True
    asked = service.queries("Races")[0]
    assert asked["location"] == {"point": {"latitude": 37.5541, "longitude": -77.4602}}
    assert asked["first"] == 100
    assert asked["filterBy"] == {
        "electionDay": {"gte": "2025-12-28", "lte": "2028-12-24"},
        "state": "VA",
    }


async def test_what_lies_over_the_border_is_not_asked_for(engine, service):
    service.races = [
        race(1, MAYOR, NOVEMBER),
        race(2, position(2, "Kenova mayor", state="WV", geoId="5443180"), NOVEMBER),
    ]
    assert (await only(engine)).office.name == "Richmond Mayor"


async def test_a_city_is_asked_for_by_its_census_id_and_its_state_apart(engine, service):
    governor = position(9, "Governor", level="STATE", mtfcc="G4000", geoId="51", zips=())
    service.races = [
        race(1, MAYOR, NOVEMBER),
        race(2, governor, NOVEMBER),
        race(3, HOUSE, NOVEMBER),
        race(4, position(4, "Norfolk mayor", geoId="5157000"), NOVEMBER),
    ]
    found = await engine.races(TOWN, WINDOW)
    assert sorted(one.office.name for one in found.races) == ["Governor", "Richmond Mayor"]


async def test_a_state_gives_what_is_elected_by_state_and_country(engine, service):
    service.races = [race(1, MAYOR, NOVEMBER), race(2, HOUSE, NOVEMBER)]
    found = await engine.races(WHOLE_STATE, WINDOW)
    assert [one.office.division.ocd for one in found.races] == [f"{VA}/sldl:78"]


@pytest.mark.parametrize(
    ("state", "census", "geoid", "ocd"),
    [
        ("VA", "G4000", "51", VA),
        ("DC", "G4000", "11", "ocd-division/country:us/district:dc"),
        ("VA", "G4020", "51041", f"{VA}/county:chesterfield"),
        ("VA", "G4110", "5167000", f"{VA}/place:richmond"),
        ("VA", "G5210", "51012", f"{VA}/sldu:12"),
        ("AK", "G5210", "0200A", "ocd-division/country:us/state:ak/sldu:a"),
        ("MN", "G5220", "2701A", "ocd-division/country:us/state:mn/sldl:1a"),
        ("VA", "G5200", "5104", f"{VA}/cd:4"),
        ("WY", "G5200", "5600", "ocd-division/country:us/state:wy/cd:at-large"),
        ("NH", "G5220", "33001", "ocd-division/country:us/state:nh/sldl:belknap_1"),
        ("MA", "G5210", "25D08", "ocd-division/country:us/state:ma/sldu:2nd_worcester"),
        ("ID", "G5220", "16001", ""),
        ("VA", "G5220", "51ZZZ", ""),
        ("VA", "X0001", "516700004", ""),
        ("", "", "", COUNTRY),
        ("XX", "G4000", "99", ""),
    ],
)
def test_census_ids_become_ocd_ids_where_they_tell_them(state, census, geoid, ocd):
    division = reading.division_of({"state": state, "mtfcc": census, "geoId": geoid})
    assert division.ocd == ocd
    assert ocd == COUNTRY or (division.census, division.geoid) == (census, geoid)


# Pages


async def test_all_pages_are_read_and_holes_in_them_skipped(engine, service):
    service.holes = True
    service.races = [race(number, position(number, f"Seat {number}"), NOVEMBER) for number in range(1, 251)]
    found = await engine.races(ZIP, WINDOW)
    assert (len(found.races), found.trouble) == (250, "")
    assert [each["after"] is None for each in service.queries("Races")] == [True, False, False]
    assert len({one.key for one in found.races}) == 250


async def test_a_page_that_is_too_complex_is_asked_for_in_smaller_ones(engine, service):
    service.most = 30
    service.races = [race(number, position(number, f"Seat {number}"), NOVEMBER) for number in range(1, 61)]
    found = await engine.races(ZIP, WINDOW)
    assert (len(found.races), found.trouble) == (60, "")
    assert [each["first"] for each in service.queries("Races")] == [100, 25, 25, 25]


async def test_a_cursor_that_goes_nowhere_ends_the_reading(engine, service, monkeypatch):
    service.races = [race(number, position(number, f"Seat {number}"), NOVEMBER) for number in range(1, 151)]
    whole = service.connection

    def stuck(found, edge, first, after):
        return whole(found, edge, first, None)

    monkeypatch.setattr(service, "connection", stuck)
    found = await engine.races(replace(HOME), WINDOW)
    assert found.trouble == "short"
    assert len(service.queries("Races")) == 2


async def test_short_answers_are_noticed_and_what_they_lack_is_asked_for_again(engine, service):
    service.nodes_most = 7
    service.races = [
        race(number, position(number, f"Seat {number}"), NOVEMBER, people=[candidacy(f"P{number}")])
        for number in range(1, 61)
    ]
    found = await engine.races(HOME, WINDOW)
    assert found.trouble == ""
    assert all(one.candidates[0].name == f"P{one.key.rpartition(':')[2]}" for one in found.races)


async def test_candidates_that_never_come_are_unknown_and_not_none(engine, service, shelf):
    service.nodes_most = 0
    service.races = [race(1, MAYOR, NOVEMBER), race(2, HOUSE, NOVEMBER)]
    found = await engine.races(HOME, WINDOW)
    assert found.trouble == "short"
    assert [one.candidates for one in found.races] == [None, None]
    assert shelf.kept == {}


async def test_a_race_that_is_gone_between_two_questions_is_no_short_answer(engine, service):
    service.gone = {2}
    service.races = [race(1, MAYOR, NOVEMBER), race(2, HOUSE, NOVEMBER)]
    found = await engine.races(HOME, WINDOW)
    assert found.trouble == ""
    assert [one.candidates for one in found.races] == [(), None]


async def test_one_race_that_is_not_as_documented_does_not_hide_the_others(engine, service, monkeypatch):
    service.races = [race(1, MAYOR, "not a day"), race(2, HOUSE, NOVEMBER)]
    monkeypatch.setattr("tests.civic.engine_service._in_days", lambda *_: True)
    assert (await only(engine)).key == "civicengine:2"


# When it does not answer


@pytest.mark.parametrize(
    "fault",
    [
        (429, {"Retry-After": "0"}),
        (500, {}),
        (502, {}),
        (503, {"Retry-After": "nonsense"}),
        (504, {}),
        "drop",
    ],
)
async def test_what_passes_is_asked_again(engine, service, fault):
    service.races = [race(1, MAYOR, NOVEMBER)]
    service.faults.extend([fault, fault])
    assert (await only(engine, HOME)).key == "civicengine:1"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ((400, {}), "refused"),
        ((401, {}), "refused"),
        ((403, {}), "refused"),
        ((404, {}), "refused"),
        ((302, {"Location": "http://127.0.0.1:1/"}), "refused"),
        ("html", "refused"),
        ("errors", "refused"),
        ((429, {"Retry-After": "3600"}), "slow"),
        ((503, {"Retry-After": "3600"}), "unreachable"),
        (1.5, "slow"),
    ],
)
async def test_what_does_not_pass_is_said_and_nothing_is_raised(engine, service, fault, code):
    engine._patience = 0.5 if fault == 1.5 else 30
    service.races = [race(1, MAYOR, NOVEMBER)]
    service.faults.extend([fault] * 5)
    found = await engine.races(HOME, WINDOW)
    assert (found.races, found.trouble) == ((), code)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"data": None},
        {"data": {"races": None, "positions": None}},
        {"data": {"races": [], "positions": []}},
        {"data": {"races": {"edges": 5, "pageInfo": {}}, "positions": {"edges": 5, "pageInfo": {}}}},
        {"data": {"races": {"edges": [{"node": 5}], "pageInfo": {}}}},
        {"data": {"races": {"edges": [{"node": {"position": 5}}], "pageInfo": {}}}},
        {"data": {"positions": {"edges": [{"node": {"databaseId": []}}], "pageInfo": {}}}},
        {"data": {"positions": {"edges": [{"node": {"races": 5}}], "pageInfo": {}}}},
        {"data": {"node": 5}},
        {"data": {"node": {"position": {"races": 5}}}},
    ],
)
@pytest.mark.parametrize("place", [ZIP, HOME, TOWN])
async def test_what_is_not_as_documented_breaks_nothing(engine, service, body, place):
    service.faults.extend([body] * 50)
    found = await engine.races(place, WINDOW)
    assert found.races == ()
    with contextlib.suppress(SourceUnavailable):
        assert await engine.race("civicengine:1") is None


@pytest.mark.parametrize("told", [5, {"databaseId": 1}, {"candidacies": 5}, {"candidacies": [{}]}])
async def test_candidates_that_are_not_as_documented_are_unknown(engine, service, told):
    service.races = [race(1, MAYOR, NOVEMBER)]

    def standing(asked):
        return {"data": {"nodes": [told]}} if "query Standing" in asked["query"] else None

    service.faults.extend([standing] * 20)
    found = await engine.races(HOME, WINDOW)
    assert [one.candidates for one in found.races] == [None]


async def test_nobody_waits_longer_than_the_patience(engine, service):
    engine._patience = 0.5
    service.faults.extend([(503, {})] * 100)
    began = _loop_time()
    assert (await engine.races(ZIP, WINDOW)).trouble in {"unreachable", "slow"}
    assert _loop_time() - began < 5


def _loop_time():
    return asyncio.get_running_loop().time()


async def test_a_pause_that_it_asks_for_is_kept_by_all_questions(engine, service, clock):
    when = format_datetime(clock.now().replace(year=2020), usegmt=True)
    service.races = [race(1, MAYOR, NOVEMBER)]
    service.faults.append((429, {"Retry-After": when}))
    assert (await only(engine)).key == "civicengine:1"
    service.faults.append((429, {"Retry-After": "1"}))
    began = _loop_time()
    await engine.race("civicengine:1")
    assert _loop_time() - began >= 1


async def test_questions_keep_their_distance(service, shelf, clock):
    engine = CivicEngine(KEY, shelf, clock, url=service.url, patience=30, gap=0.05)
    service.races = [race(number, position(number, f"Seat {number}"), NOVEMBER) for number in range(1, 151)]
    began = _loop_time()
    await engine.races(ZIP, WINDOW)
    assert _loop_time() - began >= 0.05 * (len(service.asked) - 1)
    await engine.close()


async def test_a_wrong_key_is_said_in_the_log_by_its_status_alone(service, shelf, clock, caplog):
    caplog.set_level(logging.INFO, "civic")
    engine = CivicEngine("a-secret-key", shelf, clock, url=service.url, patience=30)
    assert (await engine.races(HOME, WINDOW)).trouble == "refused"
    with pytest.raises(SourceUnavailable, match="CivicEngine"):
        await engine.race("civicengine:1")
    await engine.close()
    assert "401" in caplog.text
    assert "a-secret-key" not in caplog.text
    assert "37.5" not in caplog.text


async def test_a_service_that_is_not_there_is_said(shelf, clock):
    engine = CivicEngine(KEY, shelf, clock, url="http://127.0.0.1:9/graphql", patience=0.4)
    assert (await engine.races(ZIP, WINDOW)).trouble == "unreachable"
    await engine.close()


# What is kept


async def test_an_answer_is_given_again_until_it_is_old(engine, service, clock):
    service.races = [race(1, MAYOR, NOVEMBER, people=[candidacy("Ana Ruiz")])]
    first = await only(engine)
    asked = len(service.asked)
    clock.advance(timedelta(hours=11))
    assert await only(engine) == first
    assert len(service.asked) == asked
    clock.advance(timedelta(hours=2))
    later = await only(engine)
    assert len(service.asked) == 2 * asked
    assert (first.as_of, later.as_of) == (date(2026, 11, 23), date(2026, 11, 24))


@pytest.mark.parametrize("place", [ZIP, HOME, TOWN, WHOLE_STATE])
async def test_an_older_answer_helps_out_and_says_how_old_it_is(engine, service, clock, place):
    governor = position(9, "Governor", level="STATE", mtfcc="G4000", geoId="51")
    service.races = [race(1, governor, NOVEMBER, people=[candidacy("Ana Ruiz")])]
    first = await only(engine, place)
    clock.advance(timedelta(days=6))
    service.faults.extend([(400, {})] * 50)
    later = Window(WINDOW.first + timedelta(6), WINDOW.last + timedelta(6))
    found = await engine.races(place, later)
    assert found.trouble == "refused"
    assert found.races == (replace(first, stale=True),)
    assert found.races[0].as_of == date(2026, 11, 23)


async def test_an_answer_that_would_mislead_is_not_given(engine, service, clock):
    service.races = [race(1, MAYOR, NOVEMBER)]
    await only(engine)
    clock.advance(timedelta(days=31))
    service.faults.extend([(400, {})] * 50)
    found = await engine.races(ZIP, WINDOW)
    assert (found.races, found.trouble) == ((), "refused")


async def test_a_list_and_a_single_race_agree_on_who_stands(engine, service, clock):
    service.races = [
        race(1, MAYOR, "2027-06-15", isPrimary=True, people=[candidacy("Ana Ruiz"), candidacy("Ben Oduya")]),
        race(2, MAYOR, NOVEMBER, people=[candidacy("Ana Ruiz")]),
    ]
    for names in (["Ana Ruiz", "Ben Oduya"], ["Ana Ruiz"]):
        listed, single = await only(engine), await engine.race("civicengine:2")
        assert [each.name for each in listed.candidates] == names
        assert listed == single
        clock.advance(timedelta(days=210))


async def test_a_neighbour_with_other_unknown_districts_is_not_given_ones_answer(engine, service):
    """Two addresses of the same known districts may lie in different wards."""
    vague = replace(HOME, unknown=frozenset({"council_district"}))
    ward = position(5, "Richmond City Council - District 4", mtfcc="X0001", geoId="516700004")
    service.races = [race(1, MAYOR, NOVEMBER), race(5, ward, NOVEMBER)]
    assert {one.fits for one in (await engine.races(vague, WINDOW)).races} == {True}
    asked = len(service.asked)
    await engine.races(replace(vague, point=Point(37.56, -77.47)), WINDOW)
    assert len(service.asked) > asked
    service.faults.extend([(400, {})] * 50)
    stale = {one.key: one.fits for one in (await engine.races(vague, WINDOW)).races}
    assert stale == {"civicengine:1": True, "civicengine:5": None}


async def test_half_an_answer_is_not_kept_and_does_not_replace_a_whole_one(engine, service, shelf, clock):
    service.races = [race(number, position(number, f"Seat {number}"), NOVEMBER) for number in range(1, 151)]

    def second_page(asked):
        return (400, {}) if asked["variables"].get("after") else None

    service.faults.extend([second_page] * 20)
    found = await engine.races(HOME, WINDOW)
    assert (len(found.races), found.trouble) == (100, "short")
    assert shelf.kept == {}
    service.faults.clear()
    assert len((await engine.races(HOME, WINDOW)).races) == 150
    clock.advance(timedelta(days=1))
    service.faults.extend([second_page] * 20)
    found = await engine.races(HOME, WINDOW)
    assert (len(found.races), found.trouble) == (150, "short")
    assert {one.stale for one in found.races} == {True}


async def test_what_an_older_version_kept_is_asked_for_anew(engine, service, shelf, clock):
    service.races = [race(1, MAYOR, NOVEMBER)]
    shelf.kept[shelf_key(ZIP)] = Shelved({"rows": [{"race": {}}]}, clock.now())
    assert (await only(engine)).key == "civicengine:1"


async def test_nothing_that_is_kept_tells_where_somebody_lives(engine, service, shelf):
    service.races = [race(1, MAYOR, NOVEMBER)]
    await engine.races(HOME, WINDOW)
    said = json.dumps([[key, kept.facts] for key, kept in shelf.kept.items()])
    assert "37.5" not in said
    assert "77.4" not in said
    assert shelf_key(HOME) == shelf_key(replace(HOME, point=Point(37.6, -77.5), label="Elsewhere"))
    assert shelf_key(HOME) != shelf_key(replace(HOME, certain=(STATE, CITY)))


def test_a_place_that_cannot_be_asked_for_is_not_asked_for():
    nowhere = replace(TOWN, certain=(STATE,))
    assert shelf_key(nowhere) is None
    assert shelf_key(replace(HOME, point=None, fell_back=True)) == "civicengine:zip:VA:23220"
    assert shelf_key(replace(HOME, point=None, zip="", fell_back=True)) == "civicengine:state:VA"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "databaseId",
                        "position",
                        "election",
                        "name",
                        "level",
                        "electionDay",
                        "filingPeriods",
                        "endOn",
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_whatever_it_says_is_read_or_refused_in_one_of_the_expected_ways(told):
    with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
        assert isinstance(reading.race_of(told, source="x", as_of=date(2026, 11, 23)), Race)


def test_an_hour_is_not_made_up():
    made = race(1, MAYOR, NOVEMBER, filingPeriods=[period(None, "2027-06-15")])
    (filing,) = reading.race_of(made, source="x", as_of=date(2026, 11, 23)).filings
    assert filing.closes_at is None
    assert filing.closes_moment("America/New_York").time() == time(23, 59)
