from __future__ import annotations

import pytest

from civic import divisions
from civic.postal import postal
from community.states import every_state

US = "ocd-division/country:us"


@pytest.mark.parametrize(
    ("state", "name", "ocd"),
    [
        ("VA", "Arlington County", "state:va/county:arlington"),
        ("VA", "Richmond County", "state:va/county:richmond"),
        ("VA", "Richmond city", "state:va/place:richmond"),
        ("VA", "Charles City County", "state:va/county:charles_city"),
        ("MD", "Baltimore County", "state:md/county:baltimore"),
        ("MD", "Baltimore city", "state:md/place:baltimore"),
        ("MO", "Saint Louis County", "state:mo/county:st_louis"),
        ("MO", "St. Louis city", "state:mo/place:st_louis"),
        ("NV", "Carson City", "state:nv/place:carson_city"),
        ("NM", "Dona Ana County", "state:nm/county:doña_ana"),
        ("LA", "Orleans Parish", "state:la/parish:orleans"),
        ("AK", "Municipality of Anchorage", "state:ak/borough:anchorage"),
        ("AK", "City and Borough of Juneau", "state:ak/borough:juneau"),
        ("IN", "La Porte County", "state:in/county:laporte"),
        ("PR", "San Juan Municipio", "territory:pr/municipio:san_juan"),
        ("CA", "San Francisco County", "state:ca/county:san_francisco"),
        ("CT", "Hartford County", "state:ct/county:hartford"),
        ("WI", "Dane", "state:wi/county:dane"),
    ],
)
def test_a_county_or_what_stands_for_one_has_its_id(state, name, ocd):
    found = divisions.county(state, name)
    assert found is not None
    assert found.ocd == f"{US}/{ocd}"
    assert found.geoid


@pytest.mark.parametrize(
    ("state", "name", "ocd"),
    [
        ("VA", "Richmond", "state:va/place:richmond"),
        ("MO", "Saint Louis", "state:mo/place:st_louis"),
        ("MN", "St. Paul", "state:mn/place:st_paul"),
        ("ID", "Boise", "state:id/place:boise_city"),
        ("NM", "Espanola", "state:nm/place:española"),
        ("NC", "Winston Salem", "state:nc/place:winston-salem"),
        ("CT", "Avon", "state:ct/place:avon"),
        ("NY", "New York", "state:ny/place:new_york"),
        ("TN", "Nashville", "state:tn/county:davidson"),
        ("KY", "Louisville", "state:ky/county:jefferson"),
    ],
)
def test_a_city_or_town_has_its_id(state, name, ocd):
    found = divisions.place(state, name)
    assert found is not None
    assert found.ocd == f"{US}/{ocd}"


def test_what_has_no_government_of_its_own_is_no_city():
    assert divisions.place("VA", "Arlington") is None
    assert divisions.county("VA", "Atlantis County") is None
    assert divisions.county("XX", "Dane") is None
    assert divisions.place("../..", "Dane") is None


def test_a_township_needs_its_county():
    assert divisions.place("IL", "Beverly") is None
    found = divisions.place("IL", "Beverly", "17001")
    assert found is not None
    assert found.ocd == f"{US}/state:il/county:adams/place:beverly"


def test_almost_every_zip_code_finds_its_county():
    states = {state.code for state in every_state()} - {"DC"}
    known = [code for code in postal() if code.active and code.county and code.state in states]
    lost = [code for code in known if divisions.county(code.state, code.county) is None]
    assert len(known) > 40_000
    # Rows that name a county of another state, or one that Alaska has divided since.
    assert len(lost) < 40


def test_every_legislature_is_there_with_all_its_seats():
    told = divisions.legislatures()
    states = {state.code.lower() for state in every_state()} - {"dc", "pr", "gu", "vi", "as", "mp"}
    chambers = [chamber for code in states for chamber in told[code]["chambers"]]
    assert len(states) == 50
    assert len(chambers) == 99
    # 7,386 is the number that all almanacs give; Maine's tribal representatives do not vote.
    assert sum(chamber["seats"] for chamber in chambers) == 7386
    house = next(each for each in told["me"]["chambers"] if each["chamber"] == "lower")
    assert house["seats"] == len(house["districts"]) == 151
    assert sum(each["seats"] for each in told["va"]["chambers"]) == 140


def test_every_district_has_one_id():
    for state in every_state():
        for ocd in divisions.districts(state.code):
            assert ocd.startswith(divisions.prefix(state.code) + "/")
    assert divisions.districts("VA")[f"{US}/state:va/sldl:12"] == ("12", 1)
    assert divisions.districts("NH")[f"{US}/state:nh/sldl:belknap_2"] == ("Belknap 2", 2)


def test_the_notice_names_all_that_is_shipped():
    from importlib import resources

    notice = (resources.files("civic") / "data" / "NOTICE").read_text("utf-8")
    assert all(source in notice for source in ("openstates-metadata", "ocd-division-ids", "openstates-geo"))
