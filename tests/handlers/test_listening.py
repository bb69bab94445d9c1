"""Every listener is guarded, has a stated right, names only what exists, and answers when it goes wrong."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import secrets
import shutil
from types import SimpleNamespace

import pytest
import structlog
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_bolt.request.async_request import AsyncBoltRequest

from bot import logs
from community.members import MentorProfile
from handlers.listening import BOLT_GIVES, WE_GIVE, Listening, May, Registered
from handlers.payloads import name_of
from messages import mentoring_forms as forms
from storage.tables import metadata
from tests.scenarios.stage import Stage

STRANGER = "U0BEN"
HERE = {"team": {"id": "T0DOWNBALLOT"}, "api_app_id": "A1", "user": {"id": STRANGER}}


@pytest.fixture
async def stage(sqlite_template, tmp_path, clock):
    shutil.copy(sqlite_template, tmp_path / "downballot.db")
    made = Stage(f"sqlite+aiosqlite:///{tmp_path / 'downballot.db'}", clock, socket=True)
    await made.open()
    await made.cast_mentors()
    yield made
    await made.close()


@pytest.fixture
def lines():
    """What is logged, line by line, as in production."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    levels = {name: logging.getLogger(name).level for name in logs._TALKATIVE}
    stream = io.StringIO()
    logs.set_up("INFO", "json", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


# What is registered


async def test_every_listener_is_guarded_and_has_a_stated_right(stage):
    listening = stage.application.listening
    ears = listening._ears.values()
    heard = [each for ear in ears for each in (*ear._named.values(), *(one for _, one in ear._patterns))]
    assert len(heard) == len(listening.registered) > 30
    assert {each.__qualname__ for each in heard} == {"Listening._guarded.<locals>.guarded"}
    assert {type(each.may) for each in listening.registered} == {May}
    bolts = stage.application.bolt._async_listeners
    assert [each.ack_function for each in bolts] == [ear.hear for ear in ears]
    assert not any(each.lazy_functions for each in bolts)


BODIES = {
    "command": lambda name: {"type": None, "command": name},
    "action": lambda name: {
        "type": "block_actions",
        "actions": [{"action_id": name}],
        "view": {"callback_id": "x"},
    },
    "form": lambda name: {"type": "view_submission", "view": {"callback_id": name}},
    "shortcut": lambda name: {"type": "message_action", "callback_id": name},
    "options": lambda name: {"type": "block_suggestion", "action_id": name, "view": {"callback_id": "x"}},
    "event": lambda name: {"type": "event_callback", "event_id": "E1", "event": {"type": name}},
}
"""What Slack sends of each kind, as far as it says for whom it is."""


async def test_each_listener_is_found_under_its_name_and_what_nobody_knows_by_the_last(stage):
    last = {}
    for each in stage.application.listening.registered:
        ear = stage.application.listening._ears[each.kind]
        called = f"{each.listener.__module__}.{each.listener.__qualname__}"
        if each.name == ".*":
            last[each.kind] = called
        elif each.name.startswith("^"):
            filled = re.sub(r"\(?\\[wd]\+\)?", "1", each.name).strip("^$").replace("\\", "")
            assert ear._meant(name_of(BODIES[each.kind](filled))).__name__ == called, filled
        else:
            assert ear._meant(name_of(BODIES[each.kind](each.name))).__name__ == called
    assert set(last) == set(BODIES)
    for kind, body in BODIES.items():
        assert (
            stage.application.listening._ears[kind]._meant(name_of(body("of.yesterday"))).__name__
            == last[kind]
        )


async def test_what_nobody_is_registered_for_is_left_to_bolt(stage, lines):
    bolt = stage.application._make_bolt()
    listen = Listening(bolt, stage.application.house)
    heard = []

    async def known(ack):
        heard.append("known")
        await ack()

    listen.action("known", known, may=May.ANYONE)
    for name in ("known", "unknown"):
        await bolt.async_dispatch(AsyncBoltRequest(body=pressed(name, "1"), mode="socket_mode"))
    assert heard == ["known"]
    assert [line["event"] for line in lines()] == ["nothing listens to this"]


async def test_what_listeners_may_name_exists(stage):
    assert set(AsyncArgs.__annotations__) >= BOLT_GIVES
    assert not BOLT_GIVES & WE_GIVE
    from handlers import listening

    args = AsyncArgs.__new__(AsyncArgs)
    args.body = {}
    given = listening._given(tuple(WE_GIVE), args, stage.application.house, None)
    assert all(value is not None for name, value in given.items() if name != "actor")


async def test_a_misspelt_name_fails_when_the_listener_is_registered(stage):
    async def misspelt(ack, databse):
        """Bolt would give it None."""

    listen = Listening(stage.application._make_bolt(), stage.application.house)
    with pytest.raises(TypeError, match="databse"):
        listen.command("/misspelt", misspelt, may=May.ANYONE)
    assert not listen.registered


async def test_the_token_in_the_environment_is_no_warning_at_every_start(stage, monkeypatch, caplog):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1-of-the-environment")
    bolt = stage.application._make_bolt()
    logging.getLogger("slack_bolt.app").warning("what else Bolt warns of")
    assert [record.getMessage() for record in caplog.records] == ["what else Bolt warns of"]
    assert bolt.client.token == stage.application.settings.slack_bot_token.get_secret_value()


# Rights


def pressed(action_id, value):
    return {
        "type": "block_actions",
        **HERE,
        "container": {"type": "message", "channel_id": "D0BEN", "message_ts": "1795000000.000100"},
        "channel": {"id": "D0BEN"},
        "trigger_id": secrets.token_hex(4),
        "actions": [
            {
                "type": "button",
                "action_id": action_id,
                "block_id": "b",
                "value": value,
                "action_ts": f"{secrets.randbelow(10**9)}.1",
            }
        ],
    }


def submitted(callback_id, about, values):
    return {
        "type": "view_submission",
        **HERE,
        "view": {
            "id": f"V{secrets.token_hex(4)}",
            "hash": "1",
            "type": "modal",
            "callback_id": callback_id,
            "private_metadata": about,
            "state": {"values": {block: {block: value} for block, value in values.items()}},
        },
    }


def typed(command):
    return {
        "command": command,
        "text": "words",
        "user_id": STRANGER,
        "team_id": "T0DOWNBALLOT",
        "channel_id": "D0BEN",
        "trigger_id": secrets.token_hex(4),
    }


def used_on_a_message(callback_id):
    return {
        "type": "message_action",
        **HERE,
        "callback_id": callback_id,
        "trigger_id": secrets.token_hex(4),
        "action_ts": f"{secrets.randbelow(10**9)}.1",
        "channel": {"id": "D0BEN"},
        "message": {"text": "words", "user": STRANGER, "ts": "1795000000.000100"},
    }


def concrete(name):
    """A name that a pattern fits."""
    plain = re.sub(r"\(.*?\)", "a_lot", name.removeprefix("^").removesuffix("$"))
    return re.sub(r"\\(.)", r"\1", plain)


async def press(stage, body):
    answer = await stage.application.bolt.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
    await stage.application.house.errands.finish(5)
    return answer


async def contents(stage):
    """Everything the database knows, but for who leads and when it was looked at."""
    async with stage.application.database.reading() as store:
        found = {}
        for table in metadata.sorted_tables:
            if table.name not in {"leases", "milestones"}:
                rows = await store.connection.execute(table.select().order_by(*table.primary_key))
                found[table.name] = [tuple(row) for row in rows]
        return found


async def two_questions_and_somebody_who_waits(stage):
    """One question is open, one is claimed, one is closed, and somebody wants to be a mentor."""
    for _ in range(3):
        await stage.ask()
    for claimed in (2, 3):
        offer = stage.last_dm("mia", containing=f"#{claimed}")
        await stage.person("mia").press(offer, "mentoring.claim")
        await stage.settle()
    async with stage.application.database.transaction() as store:
        await store.mentoring.change(
            3, if_status="claimed", status="closed", closed_at=stage.clock.now(), closed_by="U0ADA"
        )
        profile = MentorProfile(user="U0MOE", states=frozenset({"OH"}), signed_up_at=stage.clock.now())
        await store.members.save_mentor(profile)
    await stage.settle()
    await stage.application.jobs.stop()
    await stage.application.outbox.stop()


WORDS = {"type": "plain_text_input", "value": "words enough to be taken for a detail"}
TOMORROW = {"type": "datepicker", "selected_date": "2026-12-24"}
FORM_VALUES = {"details": WORDS, "why": WORDS, "until": TOMORROW}


def driven(each: Registered, value):
    name = concrete(each.name)
    if each.kind == "form":
        # Anybody may ask; what the rule refuses there is a question without words.
        return submitted(name, value, {} if name == forms.ASK_FORM else FORM_VALUES)
    if each.kind == "command":
        return typed(name)
    if each.kind == "shortcut":
        return used_on_a_message(name)
    assert each.kind == "action", f"this test does not know how to drive a {each.kind}"
    return pressed(name, value)


async def test_whatever_a_rule_guards_is_refused_to_a_stranger(stage, lines):
    await two_questions_and_somebody_who_waits(stage)
    by_rule = [each for each in stage.application.listening.registered if each.may is May.BY_RULE]
    assert len(by_rule) > 15
    before = await contents(stage)
    for each in by_rule:
        for value in ("1", "2", "3", "U0MOE"):
            answer = await press(stage, driven(each, value))
            assert answer.status == 200, each.name
            assert await contents(stage) == before, f"{each.kind}:{each.name} did something for a stranger"
    assert not [line for line in lines() if "exception" in line]
    claim = pressed("mentoring.claim", "1")
    claim["user"] = {"id": "U0MIA"}
    await press(stage, claim)
    assert await contents(stage) != before, "the same press by somebody who may"


async def test_whatever_is_for_staff_is_refused_to_everybody_else(stage, lines):
    await two_questions_and_somebody_who_waits(stage)
    for_staff = [each for each in stage.application.listening.registered if each.may is May.STAFF]
    assert for_staff
    before = await contents(stage)
    for each in for_staff:
        body = driven(each, "mentoring:receipt:1")
        answer = await press(stage, body)
        assert answer.status == 200
        assert await contents(stage) == before, each.name
    refused = [line for line in lines() if line.get("event") == "refused"]
    assert len(refused) == len(for_staff)
    assert {line["why"] for line in refused} == {"NotAllowed"}


async def test_without_a_person_nothing_that_needs_one_is_done(stage):
    await stage.settle()  # The first look at the roster belongs to the start, not to what is pressed.
    before = await contents(stage)
    # The guard does not look at which listener it is: one of each kind and right stands for all.
    some = {(each.kind, each.may): each for each in stage.application.listening.registered}
    needing = [each for each in some.values() if each.may is not May.ANYONE]
    assert len(needing) > 2
    for each in needing:
        body = driven(each, "1")
        body |= {"user_id": ""} if "command" in body else {"user": {"id": ""}}
        assert (await press(stage, body)).status == 200
    assert await contents(stage) == before


# Faults


@pytest.fixture
async def broken(stage, lines):
    """Listeners that fail, in the app's own house."""
    bolt = stage.application._make_bolt()
    listen = Listening(bolt, stage.application.house)

    async def fails(ack):
        raise ZeroDivisionError("words that nobody outside may read")

    listen.command("/boom", fails, may=May.ANYONE)
    listen.action("boom", fails, may=May.ANYONE)
    listen.form("boom", fails, may=May.ANYONE)
    listen.event("message", fails, may=May.ANYONE)

    async def dispatch(body):
        answer = await bolt.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
        await stage.application.house.errands.finish(5)
        return answer

    return dispatch


def logged_once(lines):
    (logged,) = [line for line in lines() if "exception" in line]
    assert "ZeroDivisionError" in logged["exception"]
    assert "Traceback" in logged["exception"]
    return logged


async def test_a_command_that_fails_is_answered_with_a_reference_and_logged_once(broken, lines):
    answer = await broken(
        {"command": "/boom", "user_id": STRANGER, "team_id": "T0DOWNBALLOT", "trigger_id": "1.2.3"}
    )
    logged = logged_once(lines)
    assert answer.status == 200
    assert logged["reference"] in answer.body
    assert "nobody outside" not in answer.body
    assert logged["listener"] == "command:/boom"
    assert logged["actor"] == STRANGER


async def test_a_form_that_fails_is_answered_with_a_reference_and_logged_once(broken, lines):
    answer = await broken(submitted("boom", "", {}))
    assert (answer.status, json.loads(answer.body)["response_action"]) == (200, "push")
    assert logged_once(lines)["reference"] in answer.body


async def test_a_button_that_fails_is_answered_with_a_reference_and_logged_once(
    broken, lines, stage, monkeypatch
):
    said = []

    async def respond(_self, words):
        said.append(words)
        return SimpleNamespace(status_code=200, body="ok")

    monkeypatch.setattr("slack_sdk.webhook.async_client.AsyncWebhookClient.send_dict", respond)
    answer = await broken(pressed("boom", "1") | {"response_url": f"{stage.sandbox.url}/response/1"})
    assert answer.status == 200
    (words,) = said
    assert logged_once(lines)["reference"] in words["text"]
    assert words["response_type"] == "ephemeral"


async def test_an_event_that_fails_is_not_acknowledged_and_logged_once(broken, lines):
    event = {"type": "message", "channel_type": "im", "channel": "D0BEN", "user": STRANGER, "ts": "1.1"}
    answer = await broken(
        {"type": "event_callback", "event_id": "Ev1", "team_id": "T0DOWNBALLOT", "event": event}
    )
    assert answer.status == 500
    logged_once(lines)


@pytest.mark.parametrize("way", ["socket", "http"])
async def test_an_event_that_fails_comes_again_and_counts_once(sqlite_template, tmp_path, clock, way, lines):
    shutil.copy(sqlite_template, tmp_path / "downballot.db")
    stage = Stage(f"sqlite+aiosqlite:///{tmp_path / 'downballot.db'}", clock, socket=way == "socket")
    await stage.open()
    stage.sandbox.courier.retry_delays = (0.3, 0.3, 0.3)
    stage.sandbox.courier.patience = 1
    database = stage.application.database
    working = database.transaction

    def away():
        database.transaction = working
        raise ConnectionError("the database is away for a moment")

    ben = stage.person("ben")
    await ben.open_home()
    await stage.settle()
    await stage.application.jobs.stop()
    await stage.application.outbox.stop()
    await stage.application.leadership.stop()
    database.transaction = away
    saying = asyncio.create_task(ben.say(ben.dm_channel.id, "hello, is anybody there?"))
    await asyncio.gather(saying, return_exceptions=True)
    await stage.heard_everything()
    await stage.application.leadership.start()
    await stage.application.outbox.start()
    await stage.settle()
    assert len([line for line in lines() if line["event"] == "listener failed"]) == 1
    assert len([message for message in ben.dm if message.bot_id]) == 1
    await stage.close()
