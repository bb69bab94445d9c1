from __future__ import annotations

import asyncio
import logging
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from civic.census import Census
from civic.locator import Locator
from community.races import NotLocated, Place, Precision, Several, Unlocated
from tests.civic.geocoders import BROKEN, google_answer, match, result, richmond, row

ADDRESS = "1600 W Main St, Richmond VA 23220"
US = "ocd-division/country:us"
NEAR = richmond() | {
    "2024 State Legislative Districts - Lower": [row("51079", "State House District 79", "G5220")]
}


def ids(divisions) -> set[str]:
    return {each.ocd.removeprefix(f"{US}/") for each in divisions}


async def located(locator, where: str = ADDRESS) -> Place:
    found = await locator.locate(where)
    assert isinstance(found, Place), found
    return found


@pytest.mark.parametrize("where", ["23220", "Richmond, VA", "Virginia", "Dane County, WI", "Springfield", ""])
async def test_what_needs_no_network_is_answered_without_it(bureau, locator, where):
    assert locator.at_once(where) is not None
    assert await locator.locate(where) == locator.at_once(where)
    assert bureau.asked == []


async def test_an_address_is_located_with_its_districts(bureau, locator):
    bureau.says(result(match(richmond())))
    assert locator.at_once(ADDRESS) is None
    found = await located(locator)
    assert found.precision is Precision.ADDRESS
    assert (found.label, found.city, found.zip, found.zone) == (
        "Richmond, VA 23220",
        "Richmond",
        "23220",
        "America/New_York",
    )
    assert found.point is not None
    assert not found.fell_back
    assert found.holds(f"{US}/state:va/sldl:78") is True
    assert found.holds(f"{US}/state:va/sldl:79") is False
    assert found.holds(f"{US}/state:va/place:norfolk") is False
    assert found.holds(f"{US}/state:va/place:richmond/council_district:2") is None
    assert {"sldl", "sldu", "cd", "school_district"} & found.unknown == set()


async def test_a_layer_that_failed_is_not_known_rather_than_not_there(bureau, locator):
    broken = richmond() | {
        "2024 State Legislative Districts - Lower": [BROKEN],
        "Incorporated Places": [BROKEN],
    }
    bureau.says(result(match(broken)))
    found = await located(locator)
    assert found.holds(f"{US}/state:va/sldl:78") is None
    assert found.holds(f"{US}/state:va/place:ashland") is None
    assert found.holds(f"{US}/state:va/sldu:14") is True


async def test_two_places_with_other_zip_codes_are_a_choice(bureau, locator):
    bureau.says(result(match(richmond()), match(NEAR, zip_code="23221")))
    found = await locator.locate("1600 Main St, Richmond VA")
    assert isinstance(found, Several)
    assert [each.label for each in found.places] == ["Richmond, VA 23220", "Richmond, VA 23221"]


async def test_two_places_that_no_label_tells_apart_leave_open_what_they_do_not_share(bureau, locator):
    bureau.says(result(match(richmond()), match(NEAR)))
    found = await located(locator)
    assert found.holds(f"{US}/state:va/sldl:78") is None
    assert found.holds(f"{US}/state:va/sldl:79") is None
    assert found.holds(f"{US}/state:va/sldl:80") is False
    assert found.holds(f"{US}/state:va/sldu:14") is True
    assert found.point is None


async def test_the_same_place_twice_is_one(bureau, locator):
    bureau.says(result(match(richmond()), match(richmond())))
    assert (await located(locator)).holds(f"{US}/state:va/sldl:78") is True


FALLS_BACK = {
    "no match": lambda b: b.says(result()),
    "a 400": lambda b: b.says(
        {"errors": ["Specify House number and Street name"], "status": "400"}, status=400
    ),
    "a 503 in HTML": lambda b: b.says_text("<html>", status=503),
    "silence": lambda b: b.hangs(),
    "a dropped connection": lambda b: b.drops(),
}


@pytest.mark.parametrize("fault", FALLS_BACK)
async def test_an_address_that_cannot_be_located_is_answered_by_its_zip_code(bureau, locator, fault):
    FALLS_BACK[fault](bureau)
    began = time.perf_counter()
    found = await located(locator)
    assert time.perf_counter() - began < 5
    assert (found.precision, found.label, found.fell_back) == (Precision.ZIP, "Richmond, VA 23220", True)
    assert found.holds(f"{US}/state:va/sldl:78") is None


async def test_without_a_zip_code_the_city_answers(bureau, locator):
    bureau.says(result())
    found = await located(locator, "1600 W Main St, Richmond VA")
    assert (found.precision, found.label, found.fell_back) == (Precision.CITY, "Richmond, VA", True)


async def test_an_address_with_nothing_in_it_is_said_to_be_unknown(bureau, locator):
    bureau.says(result())
    assert await locator.locate("12 Nowhere Lane") == NotLocated(Unlocated.NO_MATCH)


async def test_an_address_that_is_too_long_for_the_bureau_falls_back_unasked(bureau, locator):
    long = f"1600 W Main St {'Suite 5 ' * 20}, Richmond VA 23220"
    assert (await located(locator, long)).label == "Richmond, VA 23220"
    assert await locator.locate(f"1600 W Main St {'Suite 5 ' * 20}") == NotLocated(Unlocated.TOO_LONG)
    assert bureau.asked == []


async def test_google_adds_the_wards_that_the_census_does_not_know(bureau, searching, both):
    bureau.says(result(match(richmond())))
    searching.says(
        google_answer(
            "state:va",
            "state:va/place:richmond",
            "state:va/sldl:78",
            "state:va/place:richmond/council_district:2",
        )
    )
    found = await located(both)
    assert found.holds(f"{US}/state:va/place:richmond/council_district:2") is True
    assert found.holds(f"{US}/state:va/place:richmond/council_district:3") is False
    assert found.holds(f"{US}/state:va/sldl:78") is True
    assert found.point is not None


async def test_where_the_two_differ_neither_is_certain(bureau, searching, both):
    bureau.says(result(match(richmond())))
    searching.says(google_answer("state:va", "state:va/sldl:79", "state:va/sldu:14"))
    found = await located(both)
    assert found.holds(f"{US}/state:va/sldl:78") is None
    assert found.holds(f"{US}/state:va/sldl:79") is None
    assert found.holds(f"{US}/state:va/sldl:80") is None
    assert found.holds(f"{US}/state:va/sldu:14") is True


async def test_a_second_district_of_the_same_kind_is_no_contradiction(bureau, searching, both):
    # A town of New Hampshire elects for its own district and for a floterial one above it.
    layers = {
        "States": [row("33", "New Hampshire", "G4000", STUSAB="NH")],
        "State Legislative Districts - Lower": [row("33001", "Belknap 1", "G5220")],
    }
    bureau.says(result(match(layers, city="MEREDITH", state="NH", zip_code="03253")))
    searching.says(
        google_answer(
            "state:nh", "state:nh/sldl:belknap_1", "state:nh/sldl:belknap_8", city="Meredith", state="NH"
        )
    )
    found = await located(both, "1 Main St, Meredith NH 03253")
    assert {"state:nh/sldl:belknap_1", "state:nh/sldl:belknap_8"} <= ids(found.certain)


async def test_google_alone_will_do(bureau, searching, both):
    bureau.says_text("<html>", status=500)
    searching.says(google_answer("state:va", "state:va/place:richmond", "state:va/sldl:78"))
    found = await located(both)
    assert (found.label, found.precision, found.fell_back) == ("Richmond, VA 23220", Precision.ADDRESS, False)
    assert found.point is None
    assert found.holds(f"{US}/state:va/sldl:78") is True
    assert found.holds(f"{US}/state:va/sldu:14") is None
    assert found.holds(f"{US}/state:va/place:richmond") is True


async def test_the_census_alone_will_do(bureau, searching, both):
    bureau.says(result(match(richmond())))
    searching.says({"error": {"code": 403}}, status=403)
    assert (await located(both)).holds(f"{US}/state:va/sldl:78") is True


async def test_google_about_another_state_is_not_believed(bureau, searching, both):
    bureau.says(result(match(richmond())))
    searching.says(google_answer("state:md", "state:md/sldl:1a", state="MD"))
    assert ids((await located(both)).certain) >= {"state:va", "state:va/sldl:78"}
    assert "state:md/sldl:1a" not in ids((await located(both)).certain)


async def test_both_are_asked_at_the_same_time(bureau, searching, both):
    bureau.hangs()
    searching.hangs()
    began = time.perf_counter()
    assert (await located(both)).fell_back
    assert time.perf_counter() - began < 5
    assert len(bureau.asked) == len(searching.asked) == 1


@pytest.mark.parametrize("fault", [None, *FALLS_BACK])
async def test_the_street_is_in_nothing_that_comes_back_and_in_no_log(bureau, locator, caplog, fault):
    caplog.set_level(logging.DEBUG)
    street = "1600 Zanzibar Quokka Ave, Richmond VA 23220"
    if fault is None:
        bureau.says(result(match(richmond())))
    else:
        FALLS_BACK[fault](bureau)
    found = await located(locator, street)
    said = f"{found!r} {caplog.text}"
    assert "Zanzibar" not in said
    assert "Quokka" not in said


ADDRESSES = st.builds(
    "{} {}{}".format,
    st.integers(min_value=1, max_value=99_999),
    st.text(max_size=200),
    st.sampled_from(["", " St", ", Richmond VA", " 23220", ", VA 00000", " <@U012AB3CD>"]),
)


@settings(max_examples=60, deadline=None)
@given(st.one_of(ADDRESSES, st.text(max_size=300)))
@example("1 " + "x" * 10_000 + ", Richmond VA 23220")
@example("1600 Main St'; DROP TABLE members; --, Richmond VA")
@example("1 <!channel> St, Richmond VA 23220")
def test_whatever_is_typed_as_an_address_has_an_answer(typed):
    async def ask() -> object:
        # Nobody listens on the discard port, so this is the geocoder being down.
        locator = Locator(Census("http://127.0.0.1:9", patience=0.5))
        try:
            return await locator.locate(typed)
        finally:
            await locator.close()

    assert isinstance(asyncio.run(ask()), Place | Several | NotLocated)
