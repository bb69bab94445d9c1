from __future__ import annotations

import logging

import pytest

from civic.google import Google
from community.races import SourceUnavailable
from tests.civic.conftest import KEY
from tests.civic.geocoders import google_answer

ADDRESS = "1600 W Main St, Richmond VA"


@pytest.fixture
async def google(searching):
    found = Google(KEY, searching.url, patience=0.5)
    yield found
    await found.close()


async def test_the_key_goes_out_in_a_header_and_in_no_address(searching, google, caplog):
    caplog.set_level(logging.DEBUG)
    searching.says(
        google_answer("state:va", "state:va/place:richmond", "state:va/place:richmond/council_district:2")
    )
    found = await google.find(ADDRESS)
    assert found is not None
    (asked,) = searching.asked
    assert asked.headers["X-Goog-Api-Key"] == KEY
    assert KEY not in str(asked.url)
    assert KEY not in caplog.text
    assert "Main" not in caplog.text
    assert (found.state, found.city, found.zip) == ("VA", "Richmond", "23220")
    assert [each.layer for each in found.divisions] == ["place", "council_district"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}}, 404),
        ({"error": {"code": 400, "message": "Failed to parse address", "status": "INVALID_ARGUMENT"}}, 400),
        ({"kind": "civicinfo#divisionsByAddressResponse"}, 200),
        ({"divisions": {}}, 200),
        ({"divisions": {"ocd-division/country:us": {"name": "United States"}}}, 200),
        ({"divisions": {"ocd-division/country:ca/province:on": {"name": "Ontario"}}}, 200),
    ],
)
async def test_an_address_it_does_not_know_is_no_answer(searching, google, body, status):
    searching.says(body, status=status)
    assert await google.find(ADDRESS) is None


FAULTS = {
    "a wrong key": lambda s: s.says(
        {"error": {"code": 400, "message": "API key not valid.", "details": [{"reason": "API_KEY_INVALID"}]}},
        status=400,
    ),
    "a refused key": lambda s: s.says({"error": {"code": 403, "status": "PERMISSION_DENIED"}}, status=403),
    "too many": lambda s: s.says({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}, status=429),
    "a 503": lambda s: s.says_text("<html></html>", status=503),
    "HTML": lambda s: s.says_text("<html></html>"),
    "a list": lambda s: s.says([]),
    "silence": lambda s: s.hangs(),
    "a dropped connection": lambda s: s.drops(),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_any_fault_carries_neither_the_address_nor_the_key(searching, google, fault):
    FAULTS[fault](searching)
    with pytest.raises(SourceUnavailable) as caught:
        await google.find(ADDRESS)
    assert caught.value.__context__ is None
    assert "Main" not in repr(caught.value)
    assert KEY not in repr(caught.value)


async def test_what_is_no_division_is_passed_over(searching, google):
    answer = google_answer("state:va", "state:va/sldl:78", "state:md/sldl:1")
    answer["divisions"] |= {"ocd-division/country:us/state:va/../../x y": {}, "": None, "state:va": {}}
    searching.says(answer)
    found = await google.find(ADDRESS)
    assert found is not None
    assert [each.ocd for each in found.divisions] == ["ocd-division/country:us/state:va/sldl:78"]
