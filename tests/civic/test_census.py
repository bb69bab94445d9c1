from __future__ import annotations

import time

import pytest

from civic.census import Census
from community.races import SourceUnavailable
from tests.civic.geocoders import BROKEN, match, result, richmond

ADDRESS = "1600 W Main St, Richmond VA"


@pytest.fixture
async def census(bureau):
    found = Census(bureau.url, patience=0.5)
    yield found
    await found.close()


async def test_it_is_asked_for_all_layers_of_the_current_vintage(bureau, census):
    bureau.says(result(match(richmond())))
    (found,) = await census.find(ADDRESS)
    assert dict(bureau.asked[0].query) == {
        "address": ADDRESS,
        "benchmark": "Public_AR_Current",
        "vintage": "Current_Current",
        "layers": "all",
        "format": "json",
    }
    assert (found.city, found.state, found.zip) == ("RICHMOND", "VA", "23220")
    assert found.point is not None
    assert (found.point.latitude, found.point.longitude) == (37.547921, -77.463539)


async def test_no_match_is_an_answer(bureau, census):
    bureau.says(result())
    assert await census.find(ADDRESS) == ()
    assert len(bureau.asked) == 1


@pytest.mark.parametrize(
    "error",
    [
        "Specify House number and Street name along with City and State and/or ZIP Code",
        "Address cannot be empty and cannot exceed 100 characters",
    ],
)
async def test_a_400_about_the_address_is_no_match(bureau, census, error):
    bureau.says({"errors": [error], "status": "400"}, status=400)
    assert await census.find(ADDRESS) == ()


@pytest.mark.parametrize("address", ["", "9" * 101])
async def test_what_it_would_refuse_is_not_sent(bureau, census, address):
    assert await census.find(address) == ()
    assert bureau.asked == []


async def test_legislative_layers_that_failed_are_asked_for_once_more(bureau, census):
    broken = richmond() | {"2024 State Legislative Districts - Lower": [BROKEN]}
    bureau.says(result(match(broken)))
    bureau.says(result(match(richmond())))
    (found,) = await census.find(ADDRESS)
    assert found.told.failed == frozenset()
    assert len(bureau.asked) == 2


async def test_the_first_answer_stands_where_the_second_is_no_better(bureau, census):
    broken = richmond() | {"2024 State Legislative Districts - Lower": [BROKEN]}
    bureau.says(result(match(broken)))
    bureau.hangs()
    began = time.perf_counter()
    (found,) = await census.find(ADDRESS)
    assert found.told.failed == {"G5220"}
    assert time.perf_counter() - began < 5


async def test_a_second_answer_that_knows_less_does_not_count(bureau, census):
    lower = {"2024 State Legislative Districts - Lower": [BROKEN]}
    bureau.says(result(match(richmond() | lower)))
    bureau.says(result(match(richmond() | lower | {"2024 State Legislative Districts - Upper": [BROKEN]})))
    (found,) = await census.find(ADDRESS)
    assert found.told.failed == {"G5220"}


def html(bureau):
    bureau.says_text("<html><body><h1>503 Service Unavailable</h1></body></html>", status=503)


FAULTS = {
    "an HTML page with a 503": html,
    "an HTML page with a 200": lambda bureau: bureau.says_text("<html>We are down</html>"),
    "broken JSON": lambda bureau: bureau.says_text('{"result": {"addr', kind="application/json"),
    "JSON nested without end": lambda bureau: bureau.says_text("[" * 200_000, kind="application/json"),
    "another shape": lambda bureau: bureau.says({"result": {"input": {}}}),
    "a list": lambda bureau: bureau.says([]),
    "no list of matches": lambda bureau: bureau.says({"result": {"addressMatches": "many"}}),
    "a 400 about the benchmark": lambda bureau: bureau.says(
        {"errors": ["Invalid benchmark in request"], "status": "400"}, status=400
    ),
    "a 400 in HTML": lambda bureau: bureau.says_text("Bad Request", status=400),
    "a 429": lambda bureau: bureau.says({"errors": ["Too many"]}, status=429),
    "a 500": lambda bureau: bureau.says({}, status=500),
    "a redirect": lambda bureau: bureau.says_text("", status=302),
    "silence": lambda bureau: bureau.hangs(),
    "a dropped connection": lambda bureau: bureau.drops(),
    "five megabytes": lambda bureau: bureau.says_text("x" * 5_000_000),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_any_fault_says_that_the_bureau_does_not_answer_and_not_what_was_asked(bureau, census, fault):
    FAULTS[fault](bureau)
    began = time.perf_counter()
    with pytest.raises(SourceUnavailable) as caught:
        await census.find(ADDRESS)
    assert time.perf_counter() - began < 5
    assert caught.value.source == "US Census Bureau"
    # Whatever an error report follows, it never comes to the address.
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    assert "Main" not in repr(caught.value)


async def test_nobody_there_is_a_fault_too():
    census = Census("http://127.0.0.1:9", patience=0.5)
    with pytest.raises(SourceUnavailable):
        await census.find(ADDRESS)
    await census.close()


async def test_a_match_without_districts_is_passed_over(bureau, census):
    bureau.says(result(match({}), match(richmond()), {"matchedAddress": "?"}))
    assert len(await census.find(ADDRESS)) == 1
