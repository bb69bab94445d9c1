"""An address is used for one look-up and forgotten: nothing of it is kept, said, logged or measured."""

from __future__ import annotations

import io
import json
import logging
import re

import aiohttp
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot import logs
from sandbox.outcomes import ClientRefused
from storage.races_lookups import RacesLookups
from storage.tables import metadata
from tests.civic.engine_service import KEY
from tests.civic.engine_service import serving as serving_engine
from tests.civic.geocoders import match, result, richmond
from tests.scenarios.stage import Stage

STREET = "48 Zebulon Quagga St"
ADDRESS = f"{STREET}, Richmond, VA 23220"
SECRETS = re.compile(r"Zebulon|Quagga|zebulon|quagga|48 Z|(?<!\d:)(?:37\.547|77\.463)")
"""Words of the street in any shape, and the point that the geocoder gives for the house.

A line that was logged 37.547 seconds after a minute began says nothing about the point.
"""


@pytest.fixture
async def engine():
    async with serving_engine() as service:
        yield service


@pytest.fixture
def log():
    """Every line that is logged, with the libraries' own at DEBUG, as `serve` writes them."""
    root = logging.getLogger()
    kept, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.set_up("DEBUG", "json", stream)
    yield stream
    root.handlers[:] = kept
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    for name in logs._TALKATIVE:
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
async def stage(database_url, clock, way, bureau, engine, log):
    made = Stage(database_url, clock, socket=way == "socket")
    await made.open(
        census_url=bureau.url,
        civicengine_url=engine.url,
        civicengine_api_key=KEY,
        google_civic_url="http://127.0.0.1:9",
        google_civic_api_key="not-a-key",
    )
    await made.application.races.ready()
    yield made
    await made.close()


async def everything(stage, log) -> dict[str, str]:
    """All that there is of what the app keeps, says, logs and measures, as texts."""
    found = {"log": log.getvalue()}
    async with stage.application.database.reading() as store:
        for table in metadata.tables.values():
            rows = await store.connection.execute(select(table))
            found[f"table {table.name}"] = "\n".join(str(tuple(row)) for row in rows)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{stage.process.port}/metrics") as answer,
    ):
        found["metrics"] = await answer.text()
    traffic = stage.sandbox.traffic
    found["calls"] = "\n".join(
        json.dumps(each.request, default=str) for each in traffic if each.direction == "call"
    )
    found["acknowledgements"] = "\n".join(
        json.dumps(each.response, default=str) for each in traffic if each.direction == "delivery"
    )
    return found


async def nowhere(stage, log) -> None:
    """Assert that the address is nowhere, and that there was something to look through."""
    await stage.settle()
    found = await everything(stage, log)
    for where, text in found.items():
        secret = SECRETS.search(text)
        assert secret is None, f"{secret[0]} is in {where}"
    assert found["table race_lookups"] or "look-up" in found["log"] or "Nobody" in found["acknowledgements"]
    assert "downballot" in found["metrics"]


async def by_command(stage):
    await stage.person("ada").command("/races", ADDRESS)
    await stage.settle()


async def by_form(stage):
    ada = stage.person("ada")
    if ada.modal is not None:
        await ada.close_modal(all=True)
    await ada.command("/races")
    await ada.wait_modal("What can I run for?")
    await ada.submit({"where": ADDRESS})
    await stage.settle()


@pytest.mark.both_ways
@pytest.mark.parametrize("ask", [by_command, by_form])
async def test_after_an_answer_the_address_is_nowhere(stage, bureau, log, ask):
    bureau.says(result(match(richmond()), address=ADDRESS))
    await ask(stage)
    ada = stage.person("ada")
    shown = ada.modal if ada.modal is not None else ada.ephemerals()[-1]
    assert "*House of Delegates, District 78*" in shown.words
    await ada.press(shown, "Details", value=None)
    await ada.wait_modal("Details")
    await stage.application.house.errands.finish(20)
    await ada.press(ada.modal, "Ask a mentor")
    await ada.wait_modal("Ask a mentor")
    await stage.application.house.errands.finish(20)
    await ada.submit({"question": "Where do I hand in my papers, and by when?"})
    await nowhere(stage, log)


@pytest.mark.parametrize("ask", [by_command, by_form])
@pytest.mark.parametrize("trouble", ["refused", "silent", "dropped", "nonsense", "unknown", "two places"])
async def test_when_the_geocoder_fails_the_address_is_nowhere(stage, bureau, log, ask, trouble):
    match trouble:
        case "refused":
            bureau.says({"errors": [f"cannot find {ADDRESS}"], "status": "400"}, status=400)
        case "silent":
            bureau.hangs()
        case "dropped":
            bureau.drops()
        case "nonsense":
            bureau.says_text(f"<html>{ADDRESS}</html>")
        case "unknown":
            bureau.says(result(address=ADDRESS))
        case _:
            other = geocoded(city="PETERSBURG", zip_code="23803")
            bureau.says(result(geocoded(), other, address=ADDRESS))
    await ask(stage)
    await nowhere(stage, log)


def geocoded(**more):
    """Give one match of the geocoder's."""
    return match(richmond(), **more)


@pytest.mark.parametrize("ask", [by_command, by_form])
async def test_when_our_own_code_crashes_over_it_the_address_is_nowhere(stage, log, ask):
    finder = stage.application.house.finder

    async def crash(where):
        raise RuntimeError(f"cannot look up {where!r}") from ValueError(f"no such street: {where}")

    object.__setattr__(finder, "locate", crash)
    await ask(stage)
    ada = stage.person("ada")
    shown = ada.modal if ada.modal is not None else ada.ephemerals()[-1]
    assert "Something went wrong on our side" in shown.words
    assert "RuntimeError" in log.getvalue(), "staff can still see that it happened, and where"
    await nowhere(stage, log)


async def test_when_a_source_crashes_over_its_place_the_point_is_nowhere(stage, bureau, log):
    bureau.says(result(geocoded()))

    class Crashing:
        name = "A source"

        async def races(self, place, window):
            raise RuntimeError(f"no races at {place.point} {window}")

    object.__setattr__(stage.application.house.finder, "sources", [Crashing()])
    await by_command(stage)
    assert "A source did not answer" in stage.private_answer("ada")
    await nowhere(stage, log)


@pytest.mark.parametrize("ask", [by_command, by_form])
async def test_when_the_answer_cannot_be_kept_or_shown_the_address_is_nowhere(
    stage, bureau, log, ask, monkeypatch
):
    bureau.says(result(geocoded()))

    async def full(self, lookup):
        raise OSError(f"disk full at {lookup}")

    monkeypatch.setattr(RacesLookups, "keep", full)
    await ask(stage)
    monkeypatch.undo()
    stage.sandbox.faults.add("server_error", "views.update", times=2)
    await ask(stage)
    await nowhere(stage, log)


async def test_when_the_app_is_stopped_in_the_middle_the_address_is_nowhere(stage, bureau, log):
    bureau.hangs()
    await stage.person("ada").command("/races", ADDRESS)
    found = await everything(stage, log)
    await stage.stop_app()
    found["log after"] = log.getvalue()
    for where, text in found.items():
        assert not SECRETS.search(text), where


TYPED = st.one_of(
    st.text(max_size=400),
    st.text(min_size=5000, max_size=10_000),
    st.sampled_from(
        [
            "<!channel> <!here> <@U0BEN|ben> <#C0GENERAL|general>",
            "<https://evil.example|1600 Main St>, Richmond, VA 23220",
            "'; DROP TABLE race_lookups; --",
            "{{7*7}} ${jndi:ldap://x} %s %n \\x00 \x00",
            "12 \u202eniaM\u202c St, Richmond VA",
            "１２ Ｍａｉｎ Ｓｔ, Richmond, VA",
            "🏠" * 200 + " St, Richmond, VA",
            "1 " + "a" * 9_990,
            "|" * 300,
            "23220|races|x" * 20,
        ]
    ),
)


@pytest.mark.timeout(240)
async def test_whatever_is_typed_is_answered_and_nothing_of_it_comes_to_life(stage, bureau, log, way):
    """Whatever somebody types, the real listener answers, by the real database, and posts nothing."""
    bureau.says(result())
    ada = stage.person("ada")
    posted = {channel.id: len(channel.messages) for channel in stage.sandbox.workspace.channels.values()}
    texts = []
    collect(texts)
    for typed in texts:
        before = len(ada.ephemerals())
        await ada.command("/races", typed)
        await stage.settle()
        if ada.modal is not None:
            # Nothing was typed, as far as Slack is concerned.
            await ada.close_modal(all=True)
            continue
        assert len(ada.ephemerals()) > before
        said = json.dumps([message.blocks for message in ada.ephemerals()[before:]])
        assert "<!channel" not in said
        assert "<@U0BEN" not in said
        assert "evil.example" not in said
        await ada.command("/races")
        await ada.wait_modal("What can I run for?")
        try:
            answered = await ada.submit({"where": typed})
        except ClientRefused:
            await ada.close_modal(all=True)
            continue
        await stage.settle()
        assert answered.errors or ada.modal.words
        if ada.modal is not None:
            await ada.close_modal(all=True)
    assert "listener failed" not in log.getvalue()
    assert "errand failed" not in log.getvalue()
    now = {channel.id: len(channel.messages) for channel in stage.sandbox.workspace.channels.values()}
    assert {each: count for each, count in now.items() if count} == {
        each: count for each, count in posted.items() if count
    }


def collect(into):
    """Let Hypothesis choose what is typed; the app then hears it in one go, because it lives in one loop."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(TYPED)
    def choose(typed):
        into.append(typed)

    choose()
