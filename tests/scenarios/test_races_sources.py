"""Several sources in one answer: CivicEngine, the law, and what happens while one of them is away."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from civic.postal import postal
from community.clock import MovableClock
from tests.civic.engine_service import KEY, candidacy, period, position, race
from tests.civic.engine_service import serving as serving_engine
from tests.civic.geocoders import match, result, richmond, serving
from tests.scenarios.stage import Stage

ADDRESS = "1600 W Main St, Richmond, VA 23220"
MAYOR = position(
    1,
    "Richmond City Mayor",
    eligibilityRequirements="Registered to vote in Richmond.",
    filingPhone="(804) 555-0100",
)
HOUSE = position(
    2,
    "Virginia House of Delegates - District 78",
    level="STATE",
    mtfcc="G5220",
    geoId="51078",
    partisanType="partisan",
)


@pytest.fixture
def clock():
    """Stand at 3 pm in New York on November 21, 2026."""
    return MovableClock(datetime(2026, 11, 21, 20, 0, tzinfo=UTC))


@pytest.fixture
async def bureau():
    postal()
    async with serving("/geocoder/geographies/onelineaddress") as geocoder:
        geocoder.says(result(match(richmond())))
        yield geocoder


@pytest.fixture
async def engine():
    async with serving_engine() as service:
        service.races = [
            race(
                11,
                MAYOR,
                "2027-11-02",
                filingPeriods=[period("2027-01-02", "2027-06-15")],
                people=[candidacy("Ann Lee"), candidacy("Bob Ray", withdrawn=True)],
            ),
            race(12, HOUSE, "2027-11-02", filingPeriods=[period(None, "2027-03-31")]),
        ]
        yield service
        assert service.refused == []


@pytest.fixture
async def stage(database_url, clock, way, bureau, engine):
    made = Stage(database_url, clock, socket=way == "socket")
    await made.open(census_url=bureau.url, civicengine_url=engine.url, civicengine_api_key=KEY)
    await made.application.races.ready()
    yield made
    await made.close()


async def ask(stage, typed):
    await stage.person("ada").command("/races", typed)
    # The engine has five seconds, and a busy machine needs some of its own.
    await stage.application.house.errands.finish(30)
    await stage.settle()
    return stage.person("ada").ephemerals()[-1]


async def test_a_race_that_two_sources_know_is_one_row_with_the_better_date(stage):
    answer = await ask(stage, ADDRESS)
    house = answer.words.partition("House of Delegates")[2].partition("Details\n")[0]
    assert "*File by Mar 31, 2027*" in house
    assert "Source: CivicEngine and Bundled catalogue" in house
    assert "Confirmed" in house
    assert answer.words.count("House of Delegates") == 1 + house.count("House of Delegates")
    assert "Declared: 1, Ann Lee (1 withdrew)" in answer.words


async def details(stage, answer, key):
    """Open the details of a race, and wait until nobody is asked any more."""
    ada = stage.person("ada")
    about = next(
        element["value"]
        for block in answer.blocks
        for element in block.get("elements", [])
        if element.get("action_id") == "races.details" and element["value"].endswith(key)
    )
    await ada.press(answer, "Details", value=about)
    await ada.wait_modal("Details")
    await stage.application.house.errands.finish(20)
    return ada.modal


def fail(engine, query):
    """Let the service fail whenever it is asked this."""
    engine.faults.extend([lambda asked: (503, {}) if f"query {query}(" in asked["query"] else None] * 200)


async def test_details_show_what_only_the_engine_knows(stage):
    view = await details(stage, await ask(stage, ADDRESS), "civicengine:11")
    assert "Registered to vote in Richmond." in view.words
    assert "Phone: (804) 555-0100" in view.words
    assert "Bob Ray · withdrew" in view.words


async def test_details_ask_the_engine_for_the_people_that_a_list_leaves_out(stage, engine):
    mayor = engine.races[0]
    mayor["position"] = MAYOR | {"holders": ("Mayor Moe", None)}
    mayor["people"] = [*mayor["people"], candidacy("Cy Doe", isCertified=False)]
    fail(engine, "Standing")
    answer = await ask(stage, ADDRESS)
    assert "Declared" not in answer.words
    engine.faults.clear()
    view = await details(stage, answer, "civicengine:11")
    assert "*Who holds it*\nMayor Moe" in view.words
    assert "Ann Lee" in view.words
    assert "Bob Ray · withdrew" in view.words
    assert "Cy Doe · not yet on the official list" in view.words
    assert "Asking CivicEngine" not in view.words
    house = await details(stage, answer, "civicengine:12")
    assert "*Who has declared*\n*No one yet.*" in house.words
    assert "Bundled catalogue" in house.words, "what another source knew of it stays"


async def test_what_details_found_out_is_saved_with_the_race_and_not_asked_twice(stage, engine):
    engine.races[0]["position"] = MAYOR | {"holders": ("Mayor Moe",)}
    answer = await ask(stage, ADDRESS)
    view = await details(stage, answer, "civicengine:11")
    await stage.person("ada").press(view, "Save")
    await stage.settle()
    saved = stage.person("ada").modal.words
    assert "Mayor Moe" in saved
    assert "Save" not in stage.person("ada").modal.buttons
    assert "Mayor Moe" in (await details(stage, answer, "civicengine:11")).words
    assert len(engine.queries("OneRace")) == 1


async def test_saving_while_the_engine_is_asked_is_not_undone_by_its_answer(stage, engine):
    engine.races[0]["position"] = MAYOR | {"holders": ("Mayor Moe",)}
    answer = await ask(stage, ADDRESS)
    engine.faults.append(3.0)
    ada = stage.person("ada")
    about = f"civicengine:{11}"
    press = next(
        element["value"]
        for block in answer.blocks
        for element in block.get("elements", [])
        if element.get("action_id") == "races.details" and element["value"].endswith(about)
    )
    await ada.press(answer, "Details", value=press)
    view = await ada.wait_modal("Details")
    assert "Registered to vote in Richmond." in view.words
    assert "Asking CivicEngine who holds it and who has declared…" in view.words
    await ada.press(view, "Save")
    await stage.application.house.errands.finish(20)
    assert "Mayor Moe" in ada.modal.words
    assert "I filed" in ada.modal.buttons


async def test_the_details_of_a_saved_race_ask_as_well(stage, engine):
    engine.races[0]["position"] = MAYOR | {"holders": ("Mayor Moe",)}
    ada = stage.person("ada")
    answer = await ask(stage, ADDRESS)
    saving = next(
        element["value"]
        for block in answer.blocks
        for element in block.get("elements", [])
        if element.get("action_id") == "races.save" and element["value"].endswith("civicengine:11")
    )
    await ada.press(answer, "Save", value=saving)
    await stage.settle()
    await ada.open_home()
    await stage.settle()
    await ada.press(ada.home, "Details")
    await ada.wait_modal("Details")
    await stage.application.house.errands.finish(20)
    assert "Mayor Moe" in ada.modal.words
    await ada.press(ada.modal, "I filed")
    await stage.settle()
    assert "Mayor Moe" in ada.modal.words
    assert "Undo" in " ".join(ada.modal.buttons)


async def test_details_lose_nothing_while_the_engine_is_away(stage, engine):
    answer = await ask(stage, ADDRESS)
    engine.faults.extend([(503, {})] * 200)
    view = await details(stage, answer, "civicengine:11")
    assert "Registered to vote in Richmond." in view.words
    assert "Bob Ray · withdrew" in view.words
    away = "CivicEngine does not answer now, so more may be known. Press Details again in a few minutes."
    assert away in view.words
    assert "Asking" not in view.words


async def test_while_the_engine_is_away_its_older_answer_is_shown_as_such(stage, engine, clock):
    await ask(stage, "23220")
    clock.advance(timedelta(hours=20))
    engine.faults.extend([(503, {})] * 200)
    answer = await ask(stage, "23220")
    assert "an older answer, because the source does not answer now" in answer.words
    assert "Mayor" in answer.words
    assert "CivicEngine does not answer now: what it said before is shown" in answer.words


async def test_when_the_engine_was_never_reached_the_law_answers_and_it_is_said(stage, engine):
    engine.faults.extend([(503, {})] * 200)
    answer = await ask(stage, "23220")
    assert re.search(
        r"CivicEngine (did not answer|took too long), so what only it knows is missing", answer.words
    )
    assert "*House of Delegates* · Virginia" in answer.words


async def test_a_refused_key_is_said_without_the_key(stage, engine):
    engine.faults.extend([(401, {})] * 200)
    answer = await ask(stage, "23220")
    assert "CivicEngine refuses our key" in answer.words
    assert KEY not in answer.words


async def test_a_zip_code_that_lies_in_one_district_is_not_called_perhaps(stage, engine):
    soon = {"filingPeriods": [period("2026-11-01", "2026-12-01")]}
    whole = position(21, "Whole Water Board", mtfcc="X0099", geoId="1")
    half = position(22, "Half Water Board", mtfcc="X0099", geoId="2", contained=False)
    engine.races = [race(21, whole, "2027-11-02", **soon), race(22, half, "2027-11-02", **soon)]
    rows = (await ask(stage, "23220")).blocks
    said = {
        name: "perhaps not your district" in str(rows[at : at + 2])
        for at, block in enumerate(rows)
        for name in ("Whole", "Half")
        if f"*{name} Water Board*" in str(block)
    }
    assert said == {"Whole": False, "Half": True}
