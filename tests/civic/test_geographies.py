from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic import divisions, geographies
from tests.civic.geocoders import BROKEN, richmond, row

US = "ocd-division/country:us"


def ids(told) -> set[str]:
    found = geographies.read(told)
    assert found is not None
    return {each.ocd.removeprefix(f"{US}/") for each in found.divisions}


def test_a_point_in_a_city_of_virginia_has_all_its_divisions():
    found = geographies.read(richmond())
    assert found is not None
    assert found.state == "VA"
    assert found.failed == frozenset()
    by_layer = {each.layer: each for each in found.divisions}
    assert {each.ocd.removeprefix(f"{US}/") for each in found.divisions} >= {
        "state:va",
        "state:va/place:richmond",
        "state:va/cd:4",
        "state:va/sldu:14",
        "state:va/sldl:78",
    }
    assert "county" not in by_layer
    assert by_layer["school_district"].geoid == "5103240"
    assert by_layer["school_district"].name == "Richmond City Public Schools"
    assert (by_layer["sldu"].census, by_layer["sldu"].geoid) == ("G5210", "51014")


@pytest.mark.parametrize(
    ("state", "layer", "geoid", "expected"),
    [
        ("VA", "upper", "51012", ["state:va/sldu:12"]),
        ("VA", "lower", "51100", ["state:va/sldl:100"]),
        ("AK", "upper", "0200A", ["state:ak/sldu:a"]),
        ("MN", "lower", "2701A", ["state:mn/sldl:1a"]),
        ("MN", "lower", "2767B", ["state:mn/sldl:67b"]),
        ("SD", "lower", "4626A", ["state:sd/sldl:26a"]),
        ("MD", "lower", "2401A", ["state:md/sldl:1a"]),
        ("ID", "lower", "16001", ["state:id/sldl:1a", "state:id/sldl:1b"]),
        ("ID", "upper", "16001", ["state:id/sldu:1"]),
        ("NE", "upper", "31046", ["state:ne/sldu:46"]),
        ("DC", "upper", "11001", ["district:dc/ward:1"]),
        ("MA", "upper", "25D08", ["state:ma/sldu:2nd_worcester"]),
        ("NH", "lower", "33001", ["state:nh/sldl:belknap_1"]),
        ("NH", "upper", "33024", ["state:nh/sldu:24"]),
        ("VT", "upper", "50ADD", ["state:vt/sldu:addison"]),
        ("VA", "lower", "51ZZZ", []),
        ("MI", "upper", "26ZZZ", []),
    ],
)
def test_a_census_id_of_a_district_becomes_its_open_civic_data_id(state, layer, geoid, expected):
    census = divisions.UPPER if layer == "upper" else divisions.LOWER
    found = geographies.legislative(state, census, geoid, "District")
    assert [each.ocd.removeprefix(f"{US}/") for each in found] == expected


def test_a_named_district_that_the_table_lacks_has_no_id_but_the_census_one():
    (found,) = geographies.legislative("VT", divisions.LOWER, "50QQQ", "Some new district")
    assert (found.ocd, found.geoid, found.name) == ("", "50QQQ", "Some new district")


def test_every_district_of_the_country_comes_back_from_its_census_id():
    # Numbers are padded to three places; the named ones are in the tables by their Census ids.
    for state in ("VA", "WI", "KY", "CA", "TX", "NY", "MS", "LA", "NJ", "WA", "HI", "ND", "AK"):
        fips = divisions.state_division(state).geoid
        for ocd in divisions.districts(state):
            layer, _, code = ocd.rpartition("/")[2].partition(":")
            census = divisions.UPPER if layer == "sldu" else divisions.LOWER
            (found,) = geographies.legislative(state, census, f"{fips}{code.upper():0>3}", "")
            assert found.ocd == ocd
    for state in ("MA", "NH", "VT"):
        told = {
            ocd
            for (census, _), (ocd, _) in divisions.table(state).by_geoid.items()
            if census.startswith("G52")
        }
        lower = {ocd for ocd in divisions.districts(state) if "/sldl:" in ocd}
        assert len(lower - told) <= 2


@pytest.mark.parametrize(
    ("name", "class_"),
    [
        ("2024 State Legislative Districts - Upper", divisions.UPPER),
        ("2026 State Legislative Districts - Lower", divisions.LOWER),
        ("State Legislative Districts - Upper", divisions.UPPER),
        ("119th Congressional Districts", divisions.CONGRESS),
        ("120th Congressional Districts", divisions.CONGRESS),
        ("Unified School Districts", divisions.SCHOOL),
        ("Elementary School Districts", divisions.SCHOOL),
        ("Counties", divisions.COUNTY),
        ("County Subdivisions", divisions.TOWN),
        ("Incorporated Places", divisions.PLACE),
        ("States", divisions.STATE),
        ("2020 Census ZIP Code Tabulation Areas", ""),
        ("Census Designated Places", ""),
        ("Consolidated Cities", ""),
        ("Urban Areas", ""),
    ],
)
def test_a_layer_is_known_by_what_its_name_contains(name, class_):
    assert geographies._class_of(name)[0] == class_


def test_of_two_vintages_the_newer_one_counts():
    told = richmond()
    told["2022 State Legislative Districts - Lower"] = [row("51068", "State House District 68", "G5220")]
    told["118th Congressional Districts"] = [row("5103", "Congressional District 3", "G5200")]
    found = ids(told)
    assert "state:va/sldl:78" in found
    assert "state:va/sldl:68" not in found
    assert "state:va/cd:3" not in found


def test_a_layer_that_failed_is_unknown_and_the_others_stand():
    told = richmond()
    told["2024 State Legislative Districts - Lower"] = [BROKEN]
    told["Incorporated Places"] = [BROKEN]
    found = geographies.read(told)
    assert found is not None
    assert found.failed == {divisions.LOWER, divisions.PLACE}
    assert "sldl" not in {each.layer for each in found.divisions}
    assert "sldu" in {each.layer for each in found.divisions}


def test_a_layer_that_is_missing_is_unknown_too():
    told = richmond()
    del told["2024 State Legislative Districts - Upper"]
    found = geographies.read(told)
    assert found is not None
    assert found.failed == {divisions.UPPER}


def test_a_layer_without_rows_is_an_answer():
    told = richmond()
    told["Incorporated Places"] = []
    found = geographies.read(told)
    assert found is not None
    assert found.failed == frozenset()


def test_the_state_is_known_even_where_its_own_layer_failed():
    told = richmond()
    told["States"] = [BROKEN]
    assert "state:va" in ids(told)


@pytest.mark.parametrize(
    "told", [{}, {"States": [BROKEN]}, {"States": "x"}, {"States": [row("99", "Nowhere", "G4000")]}]
)
def test_without_a_state_there_is_no_answer(told):
    assert geographies.read(told) is None


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({"Counties": [row("51013", "Arlington County", "G4020")]}, "state:va/county:arlington"),
        ({"Counties": [row("24510", "Baltimore city", "G4020")]}, "state:md/place:baltimore"),
        ({"Counties": [row("29510", "St. Louis city", "G4020")]}, "state:mo/place:st_louis"),
        ({"Counties": [row("29189", "St. Louis County", "G4020")]}, "state:mo/county:st_louis"),
        ({"Counties": [row("32510", "Carson City", "G4020")]}, "state:nv/place:carson_city"),
        ({"Counties": [row("22071", "Orleans Parish", "G4020")]}, "state:la/parish:orleans"),
        ({"Counties": [row("02020", "Anchorage Municipality", "G4020")]}, "state:ak/borough:anchorage"),
        ({"Counties": [row("35013", "Doña Ana County", "G4020")]}, "state:nm/county:doña_ana"),
        ({"Counties": [row("72127", "San Juan Municipio", "G4020")]}, "territory:pr/municipio:san_juan"),
        (
            {"County Subdivisions": [row("1700105742", "Beverly township", "G4040")]},
            "state:il/county:adams/place:beverly",
        ),
        ({"County Subdivisions": [row("0911002060", "Avon town", "G4040")]}, "state:ct/place:avon"),
        ({"120th Congressional Districts": [row("5600", "At Large", "G5200")]}, "state:wy/cd:at-large"),
        (
            {"120th Congressional Districts": [row("1198", "Delegate District", "G5200")]},
            "district:dc/cd:at-large",
        ),
    ],
)
def test_a_census_id_becomes_an_open_civic_data_id(rows, expected):
    assert expected in ids(rows)


def test_a_region_of_connecticut_elects_nobody():
    told = {"Counties": [row("09110", "Capitol Planning Region", "G4020")]}
    assert ids(told) == {"state:ct"}


@given(
    st.dictionaries(
        st.sampled_from([*richmond(), "Urban Areas", ""]),
        st.one_of(
            st.none(),
            st.text(max_size=5),
            st.lists(
                st.one_of(
                    st.none(),
                    st.just(BROKEN),
                    st.dictionaries(
                        st.sampled_from(["GEOID", "NAME", "MTFCC"]),
                        st.one_of(st.none(), st.integers(), st.text(alphabet="0123456789ABZ", max_size=12)),
                    ),
                ),
                max_size=3,
            ),
        ),
    )
)
def test_nothing_that_the_geocoder_says_raises(told):
    geographies.read(told)
