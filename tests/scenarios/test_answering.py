"""A private answer arrives, whatever becomes of the way it was first sent by."""

from __future__ import annotations

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from messages import races_forms
from tests.civic.geocoders import match, result, richmond
from tests.scenarios.stage import GENERAL, Stage

pytestmark = pytest.mark.both_ways

ADDRESS = "1600 W Main St, Richmond, VA 23220"
FOUND = "*House of Delegates, District 78*"

REFUSED = [("server_error", {"status": 500}), ("server_error", {"status": 404}), ("rate_limited", {})]
BROKEN = [("drop_before", {}), ("server_error", {"status": 502})]


@pytest.fixture
async def stage(database_url, clock, way, bureau):
    made = Stage(database_url, clock, socket=way == "socket")
    await made.open(census_url=bureau.url)
    await made.application.races.ready()
    yield made
    await made.close()


def whispered(stage, containing):
    return [each for each in stage.person("ada").ephemerals() if containing in each.words]


def told(stage, containing):
    return [each for each in stage.dm("ada") if containing in each.words]


async def press_home(stage, name):
    """Press what stands on the Home tab, or stood there before an upgrade."""
    ada = stage.person("ada")
    action = {"action_id": name, "block_id": "old", "type": "button", "value": "1"}
    assert (await ada._act(ada.home, action)).status == 200


def nothing_of_it(said, *secrets):
    """No traceback, and nothing that was typed or found in what was logged."""
    assert not [line for line in said if line["event"] in {"errand failed", "listener failed"}]
    assert not [line for line in said for secret in (*secrets, "http://", "https://") if secret in str(line)]


@pytest.mark.parametrize(("fault", "params"), [*REFUSED, ("drop_before", {})])
async def test_an_answer_that_its_address_does_not_take_comes_another_way(stage, bureau, fault, params):
    bureau.says(result(match(richmond())))
    stage.sandbox.faults.add(fault, "response_url", **params)
    with capture_logs() as said:
        await stage.person("ada").command("/races", ADDRESS)
        await stage.settle()
    assert len(whispered(stage, FOUND)) == 1
    assert not told(stage, FOUND)
    (line,) = [line for line in said if line["event"].startswith("private answer")]
    assert (line["log_level"], line["way"]) == ("info", "ephemeral")
    nothing_of_it(said, "1600", "Main St", "23220", "District")


async def test_an_answer_whose_address_breaks_after_it_took_it_is_never_sent_there_again(stage, bureau):
    """It may be said a second time by another way: nobody can know, and no answer is worse than two."""
    bureau.says(result(match(richmond())))
    stage.sandbox.faults.add("drop_after", "response_url")
    await stage.person("ada").command("/races", ADDRESS)
    await stage.settle()
    sent = [one for one in stage.sandbox.traffic.calls() if one.what.startswith("response_url")]
    assert len(sent) == 1
    assert len(whispered(stage, FOUND)) == 2


@pytest.mark.parametrize("fault", ["drop_before", "server_error"])
async def test_an_answer_that_cannot_be_said_in_the_channel_comes_as_a_direct_message(stage, bureau, fault):
    bureau.says(result(match(richmond())))
    stage.sandbox.faults.add("server_error", "response_url", status=404)
    stage.sandbox.faults.add(fault, "chat.postEphemeral")
    await stage.person("ada").command("/races", ADDRESS, channel=GENERAL)
    await stage.settle()
    assert not whispered(stage, FOUND)
    (message,) = told(stage, FOUND)
    assert "Save" in message.buttons


async def test_an_answer_that_no_way_takes_is_one_line_in_the_log(stage, bureau):
    bureau.says(result(match(richmond())))
    for method in ("response_url", "chat.postEphemeral", "chat.postMessage"):
        stage.sandbox.faults.add("drop_before", method)
    with capture_logs() as said:
        await stage.person("ada").command("/races", ADDRESS)
        await stage.settle()
    (line,) = [line for line in said if line["event"].startswith("private answer")]
    assert line["log_level"] == "warning"
    assert {"response_url", "ephemeral", "direct"} < set(line)
    nothing_of_it(said, "1600", "Main St", "23220", "District")


async def test_a_place_that_was_chosen_is_answered_when_the_message_cannot_be_changed(stage):
    ada = stage.person("ada")
    asked = (await ada.command("/races", "Springfield mayor")).message
    stage.sandbox.faults.add("server_error", "response_url", status=404)
    await ada.press(asked, "Springfield, IL")
    await stage.settle()
    assert len(whispered(stage, "*Springfield, IL*")) == 1


@pytest.mark.parametrize(("fault", "params"), [*BROKEN, ("error", {"code": "view_too_large"})])
async def test_an_answer_that_the_form_cannot_show_comes_as_a_message(stage, bureau, fault, params):
    bureau.says(result(match(richmond())))
    ada = stage.person("ada")
    await ada.command("/races")
    await ada.wait_modal("What can I run for?")
    stage.sandbox.faults.add(fault, "views.update", times=2, **params)
    with capture_logs() as said:
        await ada.submit({"where": ADDRESS})
        await stage.settle()
    assert races_forms.LOOKING in ada.modal.words
    assert len(told(stage, FOUND)) == 1
    nothing_of_it(said, "1600", "Main St", "23220", "District")


async def test_a_form_that_broke_once_is_simply_shown_again(stage, bureau):
    bureau.says(result(match(richmond())))
    ada = stage.person("ada")
    await ada.command("/races")
    await ada.wait_modal("What can I run for?")
    stage.sandbox.faults.add("drop_before", "views.update")
    await ada.submit({"where": ADDRESS})
    await stage.settle()
    assert FOUND in ada.modal.words
    assert not told(stage, FOUND)


async def test_who_closed_the_form_meanwhile_is_told_nothing(stage, bureau):
    bureau.says(result(match(richmond())))
    ada = stage.person("ada")
    await ada.command("/races")
    await ada.wait_modal("What can I run for?")
    stage.sandbox.faults.add("error", "views.update", code="not_found")
    await ada.submit({"where": ADDRESS})
    await stage.settle()
    assert not told(stage, FOUND)


async def test_a_list_that_does_not_open_says_so(stage):
    stage.sandbox.faults.add("drop_before", "views.open")
    with capture_logs() as said:
        await stage.person("ada").command("/chats")
        await stage.settle()
    assert "took too long to open" in stage.private_answer("ada")
    nothing_of_it(said)


async def test_a_list_that_comes_late_and_cannot_be_shown_says_so(stage, monkeypatch):
    monkeypatch.setattr("handlers.opening.KNOWN_WITHIN", 0)
    stage.sandbox.faults.add("drop_before", "views.update", times=2)
    await stage.person("ada").command("/chats")
    await stage.settle()
    assert "could not be brought up to date" in stage.private_answer("ada")


async def test_a_button_on_the_home_tab_that_opens_nothing_says_so(stage):
    ada = stage.person("ada")
    await ada.open_home()
    await stage.settle()
    stage.sandbox.faults.add("drop_before", "views.open")
    with capture_logs() as said:
        await press_home(stage, "events.more")
        await stage.settle()
    assert told(stage, "took too long to open")
    nothing_of_it(said)


async def test_a_refusal_on_the_home_tab_that_cannot_be_opened_is_a_message(stage):
    ada = stage.person("ada")
    await ada.open_home()
    await stage.settle()
    before = len(stage.dm("ada"))
    stage.sandbox.faults.add("drop_before", "views.open")
    with capture_logs() as said:
        await press_home(stage, "nobody.knows.this")
        await stage.settle()
    assert len(stage.dm("ada")) == before + 1
    nothing_of_it(said)


async def test_a_refusal_whose_address_breaks_comes_another_way(stage):
    ada = stage.person("ada")
    asked = (await ada.command("/races", "Springfield mayor")).message
    stage.clock.advance(timedelta(days=3))
    stage.sandbox.faults.add("drop_before", "response_url", times=2)
    before = len(ada.ephemerals())
    with capture_logs() as said:
        await ada.press(asked, "Springfield, IL")
        await stage.settle()
    assert len(ada.ephemerals()) == before + 1
    nothing_of_it(said)
