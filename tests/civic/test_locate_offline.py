from __future__ import annotations

import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from civic.locate import at_zip, fallback, offline
from civic.postal import postal
from community.races import NotLocated, Place, Precision, Several, Unlocated

US = "ocd-division/country:us"


def place(where: str) -> Place:
    found = offline(where)
    assert isinstance(found, Place), found
    return found


def ids(divisions) -> set[str]:
    return {each.ocd.removeprefix(f"{US}/") for each in divisions}


@pytest.mark.parametrize(
    ("where", "precision", "label", "certain"),
    [
        ("23220", Precision.ZIP, "Richmond, VA 23220", {"state:va", "state:va/place:richmond"}),
        ("23220-1234", Precision.ZIP, "Richmond, VA 23220", {"state:va", "state:va/place:richmond"}),
        ("Richmond, VA 23220", Precision.ZIP, "Richmond, VA 23220", {"state:va", "state:va/place:richmond"}),
        ("23220 Richmond VA", Precision.ZIP, "Richmond, VA 23220", {"state:va", "state:va/place:richmond"}),
        ("22207", Precision.ZIP, "Arlington, VA 22207", {"state:va", "state:va/county:arlington"}),
        ("40202", Precision.ZIP, "Louisville, KY 40202", {"state:ky", "state:ky/county:jefferson"}),
        ("53703", Precision.ZIP, "Madison, WI 53703", {"state:wi", "state:wi/county:dane"}),
        ("20001", Precision.ZIP, "Washington, DC 20001", {"district:dc"}),
        ("00907", Precision.ZIP, "San Juan, PR 00907", {"territory:pr", "territory:pr/municipio:san_juan"}),
        ("Richmond, VA", Precision.CITY, "Richmond, VA", {"state:va", "state:va/place:richmond"}),
        ("richmond virginia", Precision.CITY, "Richmond, VA", {"state:va", "state:va/place:richmond"}),
        ("Richmond, Virginia, USA", Precision.CITY, "Richmond, VA", {"state:va", "state:va/place:richmond"}),
        (
            "Los Angeles, Calif.",
            Precision.CITY,
            "Los Angeles, CA",
            {"state:ca", "state:ca/place:los_angeles", "state:ca/county:los_angeles"},
        ),
        ("Arlington VA", Precision.CITY, "Arlington, VA", {"state:va", "state:va/county:arlington"}),
        (
            "11201",
            Precision.ZIP,
            "Brooklyn, NY 11201",
            {"state:ny", "state:ny/county:kings", "state:ny/place:new_york"},
        ),
        (
            "Brooklyn, NY",
            Precision.CITY,
            "Brooklyn, NY",
            {"state:ny", "state:ny/county:kings", "state:ny/place:new_york"},
        ),
        ("NYC", Precision.CITY, "New York, NY", {"state:ny", "state:ny/place:new_york"}),
        (
            "San Francisco, CA",
            Precision.CITY,
            "San Francisco, CA",
            {"state:ca", "state:ca/county:san_francisco", "state:ca/place:san_francisco"},
        ),
        (
            "Philadelphia County",
            Precision.COUNTY,
            "Philadelphia County, PA",
            {"state:pa", "state:pa/county:philadelphia", "state:pa/place:philadelphia"},
        ),
        ("Dane County, WI", Precision.COUNTY, "Dane County, WI", {"state:wi", "state:wi/county:dane"}),
        ("dane county", Precision.COUNTY, "Dane County, WI", {"state:wi", "state:wi/county:dane"}),
        (
            "Lafourche Parish",
            Precision.COUNTY,
            "Lafourche Parish, LA",
            {"state:la", "state:la/parish:lafourche"},
        ),
        ("Virginia", Precision.STATE, "Virginia", {"state:va"}),
        ("va", Precision.STATE, "Virginia", {"state:va"}),
        ("D.C.", Precision.STATE, "District of Columbia", {"district:dc"}),
        ("Puerto Rico", Precision.STATE, "Puerto Rico", {"territory:pr"}),
    ],
)
def test_a_place_is_found_by_its_name_or_its_zip_code(where, precision, label, certain):
    found = place(where)
    assert (found.precision, found.label) == (precision, label)
    assert ids(found.certain) == certain
    assert found.point is None
    assert not found.fell_back


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("", Unlocated.NOTHING),
        ("  ,. ", Unlocated.NOTHING),
        ("00000", Unlocated.UNKNOWN_ZIP),
        ("2322", Unlocated.UNKNOWN_ZIP),
        ("09001", Unlocated.MILITARY_ZIP),
        ("96960", Unlocated.ABROAD),
        ("Gotham City", Unlocated.UNKNOWN_PLACE),
        ("Gotham, NY", Unlocated.UNKNOWN_PLACE),
        ("x" * 10_000, Unlocated.TOO_LONG),
    ],
)
def test_what_is_no_place_is_said_so_and_why(where, reason):
    assert offline(where) == NotLocated(reason)


def test_a_name_that_several_states_know_is_a_choice_with_the_largest_first():
    found = offline("Springfield")
    assert isinstance(found, Several)
    labels = [each.label for each in found.places]
    assert len(labels) == len(set(labels)) > 10
    assert labels[:3] == ["Springfield, IL", "Springfield, MA", "Springfield, MO"]


def test_new_york_is_a_state_and_a_city_and_washington_too():
    for where, labels in [
        ("New York", ["New York", "New York, NY"]),
        ("Washington", ["Washington", "Washington, DC"]),
    ]:
        found = offline(where)
        assert isinstance(found, Several)
        assert [each.label for each in found.places] == labels


def test_a_zip_code_is_certain_of_its_county_and_not_of_its_city():
    found = place("53703")
    assert found.holds(f"{US}/state:wi/county:dane") is True
    assert found.holds(f"{US}/state:wi/place:madison") is None
    assert found.holds(f"{US}/state:wi/sldl:77") is None
    assert found.holds(f"{US}/state:wi/county:dane/school_district:madison") is None
    assert found.holds(f"{US}/state:wi/county:rock") is False
    assert found.holds(f"{US}/state:wi/county:rock/school_district:beloit") is False
    assert found.holds(f"{US}/state:mn/sldl:1a") is False


def test_a_zip_code_of_boxes_is_certain_of_its_state_only():
    boxes = next(code for code in postal() if code.box and code.active and code.state == "WI" and code.county)
    found = at_zip(boxes.code)
    assert isinstance(found, Place)
    assert ids(found.certain) == {"state:wi"}
    assert found.county
    assert any("/county:" in each.ocd for each in found.overlapping)


def test_a_zip_code_without_a_county_leaves_the_county_open():
    lost = next(
        code
        for code in postal()
        if code.active and not code.county and code.state in {"CA", "TX", "NY", "FL"}
    )
    found = at_zip(lost.code)
    assert isinstance(found, Place)
    assert found.county == ""
    assert "county" in found.unknown
    assert found.holds(f"{US}/state:{lost.state.lower()}/county:any") is None


def test_a_city_in_several_counties_may_lie_in_each():
    found = place("Kansas City, MO")
    assert ids(found.certain) == {"state:mo", "state:mo/place:kansas_city"}
    assert {"state:mo/county:clay", "state:mo/county:jackson"} <= ids(found.overlapping)
    assert found.county == ""


def test_a_city_of_virginia_lies_in_no_county():
    found = place("Richmond, VA")
    assert found.overlapping == ()
    assert found.holds(f"{US}/state:va/county:henrico") is False


def test_new_york_is_five_counties():
    found = place("New York, NY")
    assert ids(found.overlapping) == {
        f"state:ny/county:{name}" for name in ("bronx", "kings", "new_york", "queens", "richmond")
    }


def test_in_a_county_every_town_is_possible():
    found = place("Dane County, WI")
    assert "state:wi/place:madison" in ids(found.overlapping)
    assert "state:wi/county:dane/place:albion" in ids(found.overlapping)


def test_anything_in_a_state_is_possible_there_and_nothing_outside():
    found = place("Virginia")
    assert found.holds(f"{US}/state:va/county:arlington") is None
    assert found.holds(f"{US}/state:va/sldl:12") is None
    assert found.holds(f"{US}/state:wv/sldl:12") is False


@pytest.mark.parametrize(
    ("where", "zone"),
    [
        ("79901", "America/Denver"),
        ("Texas", "America/Chicago"),
        ("El Paso, TX", "America/Denver"),
        ("32501", "America/Chicago"),
        ("99501", "America/Anchorage"),
        ("96813", "Pacific/Honolulu"),
    ],
)
def test_the_zone_is_that_of_the_place_itself(where, zone):
    assert place(where).zone == zone


def test_every_zip_code_has_a_zone_that_exists():
    assert all(ZoneInfo(code.zone) for code in postal())


@pytest.mark.parametrize(
    ("address", "label", "precision"),
    [
        ("1600 Main St, Richmond VA 23220", "Richmond, VA 23220", Precision.ZIP),
        ("1600 Main St, Richmond VA", "Richmond, VA", Precision.CITY),
        ("1600 Main St Richmond VA", "Richmond, VA", Precision.CITY),
        ("5 Temple Sq, Salt Lake City UT 00000", "Salt Lake City, UT", Precision.CITY),
        ("1 A St, Xyzzyville, WI", "Wisconsin", Precision.STATE),
    ],
)
def test_an_address_that_nobody_finds_falls_back_on_its_end(address, label, precision):
    found = fallback(address)
    assert isinstance(found, Place)
    assert (found.label, found.precision, found.fell_back) == (label, precision, True)


def test_an_address_with_nothing_to_fall_back_on_is_none():
    assert fallback("1 Nowhere Lane") == NotLocated(Unlocated.NO_MATCH)


@given(st.one_of(st.text(max_size=400), st.text(alphabet="0123456789, -VAva<>@", max_size=400)))
@example("Washington " * 900)
@example("St St St St St St, VA")
@example("VA, VA, VA, VA")
@example("County, WI")
@example(" County")
@example("of, AK")
def test_nothing_that_is_typed_raises_or_comes_back(typed):
    postal()
    began = time.thread_time()
    for found in (offline(typed), fallback(typed)):
        places = found.places if isinstance(found, Several) else [found] if isinstance(found, Place) else []
        assert all(each.label and each.certain and ZoneInfo(each.zone) for each in places)
    assert time.thread_time() - began < 2.0
