"""What the app itself knows, asked as people ask: the bundled catalogue, addresses, and what is not there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from community.clock import MovableClock
from tests.civic.geocoders import BROKEN, match, result, richmond
from tests.scenarios.stage import Stage

ADDRESS = "1600 W Main St, Richmond, VA 23220"


@pytest.fixture
def clock():
    """Stand at 3 pm in New York on November 21, 2026."""
    return MovableClock(datetime(2026, 11, 21, 20, 0, tzinfo=UTC))


@pytest.fixture
async def stage(database_url, clock, way, bureau):
    made = Stage(database_url, clock, socket=way == "socket")
    await made.open(census_url=bureau.url)
    await made.application.races.ready()
    yield made
    await made.close()


async def test_kentuckys_statewide_filing_is_open_and_closes_on_january_8(stage):
    answer = await stage.person("ada").command("/races", "40202")
    assert "*Louisville, KY 40202*" in answer.words
    assert "6 with filing open now" in answer.words
    assert "*Governor and Lieutenant Governor* · Kentucky" in answer.words
    assert "*File by Jan 8, 2027, 4 pm ET* (48 days) · open now" in answer.words
    assert "Derived from the law (KRS 118.165): check with the" in answer.words


async def test_virginia_elects_a_hundred_delegates_and_forty_senators_in_2027(stage):
    answer = await stage.person("ada").command("/races", "Virginia")
    house = answer.words.partition("*House of Delegates*")[2].partition("\n*State Senate*")[0]
    senate = answer.words.partition("*State Senate*")[2]
    for said, seats in ((house, "100 seats"), (senate, "40 seats")):
        assert seats in said
        assert "*File by Apr 1, 2027, 5 pm ET* (131 days)" in said
        assert "Election Nov 2, 2027 · primary Jun 15, 2027" in said
        assert "Derived from the law (Va. Code § 24.2-522" in said


async def test_wisconsins_spring_filing_closes_at_five_central_on_january_5(stage):
    answer = await stage.person("ada").command("/races", "53703")
    assert "*Madison, WI 53703*" in answer.words
    assert "*File by Jan 5, 2027, 5 pm CT* (45 days)" in answer.words
    assert "Election Apr 6, 2027 · primary Feb 16, 2027" in answer.words


async def test_an_office_behind_the_place_is_what_is_seen_first(stage):
    answer = await stage.person("ada").command("/races", "VA school board")
    assert "*School board*" in answer.words
    assert "*House of Delegates*" not in answer.words
    assert "Show all" in answer.message.buttons


async def test_an_address_finds_the_very_districts(stage, bureau):
    bureau.says(result(match(richmond())))
    ada = stage.person("ada")
    await ada.command("/races", ADDRESS)
    await stage.settle()
    said = stage.private_answer("ada")
    assert "*Richmond, VA 23220*" in said
    assert "*House of Delegates, District 78*" in said
    assert "*State Senate, District 14*" in said
    assert "100 seats" not in said
    assert "depend on your street address" not in said


async def test_the_form_finds_them_too(stage, bureau):
    bureau.says(result(match(richmond())))
    ada = stage.person("ada")
    await ada.command("/races")
    await ada.wait_modal("What can I run for?")
    await ada.submit({"where": ADDRESS, "office": "state_house"})
    await stage.settle()
    assert "*House of Delegates, District 78*" in ada.modal.words
    assert "*State Senate, District 14*" not in ada.modal.words


@pytest.mark.parametrize("trouble", ["down", "silent", "dropped", "nonsense"])
async def test_when_the_geocoder_fails_the_zip_code_answers_and_it_is_said(stage, bureau, trouble):
    match trouble:
        case "down":
            bureau.says({"errors": ["no"]}, status=503)
        case "silent":
            bureau.hangs()
        case "dropped":
            bureau.drops()
        case "nonsense":
            bureau.says_text("<html>maintenance</html>")
    await stage.person("ada").command("/races", ADDRESS)
    await stage.settle()
    said = stage.private_answer("ada")
    assert "That address could not be located, so this is the answer for Richmond, VA 23220." in said
    assert "*House of Delegates* · Virginia" in said


async def test_when_one_layer_fails_the_rest_is_there_and_the_gap_is_named(stage, bureau):
    broken = {**richmond(), "2024 State Legislative Districts - Upper": [BROKEN]}
    bureau.says(result(match(broken)))
    await stage.person("ada").command("/races", ADDRESS)
    await stage.settle()
    said = stage.private_answer("ada")
    assert "*House of Delegates, District 78*" in said
    assert "Your Senate district could not be told now." in said
    assert "40 seats" in said


async def test_an_address_that_could_be_two_is_asked_back_and_chosen(stage, bureau):
    elsewhere = match(richmond(), city="PETERSBURG", zip_code="23803")
    bureau.says(result(match(richmond()), elsewhere))
    ada = stage.person("ada")
    await ada.command("/races", "1600 W Main St, VA")
    await stage.settle()
    message = ada.ephemerals()[-1]
    assert "Which one do you mean?" in message.words
    assert message.buttons == ["Richmond, VA 23220", "Petersburg, VA 23803"]
    await ada.press(message, "Richmond, VA 23220")
    await stage.settle()
    assert "*House of Delegates, District 78*" in ada.ephemerals()[-1].words
    assert len(bureau.asked) == 1


async def test_a_city_that_several_states_have_is_asked_back(stage):
    ada = stage.person("ada")
    message = (await ada.command("/races", "Springfield mayor")).message
    assert "Springfield, IL" in message.buttons
    await ada.press(message, "Springfield, IL")
    await stage.settle()
    assert "*Springfield, IL*" in ada.ephemerals()[-1].words
    assert "Show all" in ada.ephemerals()[-1].buttons, "what they asked for is still what they see first"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("00000", "There is no such ZIP code."),
        ("Gondolin", "No city, county or state is called that."),
        ("09012", "That is a military address"),
        ("x" * 400, "longer than any address"),
    ],
)
async def test_what_is_no_place_is_said_in_a_sentence_with_what_to_do(stage, typed, said):
    answer = await stage.person("ada").command("/races", typed)
    assert said in answer.words
    assert "Open the form" in answer.message.buttons
