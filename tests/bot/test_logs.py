"""Whatever is logged, the lines hold ids and nothing that belongs to a person or opens a door."""

from __future__ import annotations

import io
import json
import logging
import urllib.parse

import pytest
import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import logs

TOKEN = "xoxb-1111-2222-NotARealToken"
APP_TOKEN = "xapp-1-A012345-678901-NotARealToken"
WORDS = "My opponent found out where I live"
PRIVATE = (
    TOKEN,
    APP_TOKEN,
    WORDS,
    "13345224609.738474920.8088930838d88f008e0",
    "T0/B0/hookhook",
    "dana@example.org",
    "Dana Whitfield",
    "12 Elm Street",
    "legacy-verification",
)

INTERACTION = {
    "type": "view_submission",
    "token": "legacy-verification",
    "team": {"id": "T012345"},
    "user": {
        "id": "U012345",
        "name": "dana",
        "profile": {"real_name": "Dana Whitfield", "email": "dana@example.org"},
    },
    "api_app_id": "A012345",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
    "response_urls": [{"response_url": "https://hooks.slack.com/actions/T0/B0/hookhook"}],
    "view": {
        "id": "V012345",
        "callback_id": "mentoring.ask",
        "private_metadata": json.dumps({"draft": WORDS}),
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": WORDS}}],
        "state": {"values": {"question": {"question": {"type": "plain_text_input", "value": WORDS}}}},
    },
    "actions": [{"action_id": "mentoring.details", "value": "12 Elm Street"}],
    "headers": {"Authorization": f"Bearer {TOKEN}", "X-Slack-Signature": "v0=secret"},
    "notes": f"connected with {APP_TOKEN}",
}


@pytest.fixture
def pipe():
    """Logging as the process sets it up, and back to what pytest had afterwards."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    levels = {name: logging.getLogger(name).level for name in logs._TALKATIVE}
    stream = io.StringIO()
    yield stream
    root.handlers[:], root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def assert_nothing_private(line: str) -> None:
    found = [each for each in PRIVATE if each in line or urllib.parse.quote_plus(each) in line]
    assert not found


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_whole_request_in_a_line_leaves_only_its_ids(pipe, form):
    logs.set_up("DEBUG", form, pipe)
    structlog.get_logger("handlers").info("request", body=INTERACTION, reference="7KQ2")
    line = pipe.getvalue()
    assert_nothing_private(line)
    for id_ in ("U012345", "V012345", "mentoring.ask", "7KQ2"):
        assert id_ in line


def test_a_request_that_a_library_made_into_text_is_cleaned_too(pipe):
    logs.set_up("DEBUG", "json", pipe)
    log = logging.getLogger("some.library")
    log.warning("Unhandled request (%s)", INTERACTION)
    log.warning("Unhandled request %s", json.dumps(INTERACTION))
    form = {
        "token": "legacy-verification",
        "text": WORDS,
        "user_id": "U012345",
        "trigger_id": INTERACTION["trigger_id"],
    }
    log.warning("body: %s", urllib.parse.urlencode(form))
    log.warning("nested: %s", json.dumps({"payload": json.dumps(INTERACTION)}))
    lines = pipe.getvalue()
    assert_nothing_private(lines)
    assert "U012345" in lines


COMMAND = {
    "token": "legacy-verification",
    "team_id": "T012345",
    "channel_id": "D012345",
    "channel_name": "directmessage",
    "user_id": "U012345",
    "user_name": "dana",
    "command": "/askmentor",
    "text": WORDS,
    "api_app_id": "A012345",
    "response_url": "https://hooks.slack.com/commands/T0/B0/hookhook",
    "trigger_id": INTERACTION["trigger_id"],
}
PRESSED = {
    "type": "block_actions",
    "token": "legacy-verification",
    "user": {"id": "U012345", "username": "dana", "team_id": "T012345"},
    "container": {"type": "message", "message_ts": "1795000000.000100", "channel_id": "D012345"},
    "trigger_id": INTERACTION["trigger_id"],
    "channel": {"id": "D012345", "name": "directmessage"},
    "message": {
        "ts": "1795000000.000100",
        "text": WORDS,
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"*{WORDS}*"}}],
        "metadata": {"event_type": "downballot_delivery", "event_payload": {"id": "opaque-1"}},
    },
    "response_url": "https://hooks.slack.com/actions/T0/B0/hookhook",
    "actions": [
        {
            "action_id": "mentoring.claim",
            "block_id": "b1",
            "text": {"type": "plain_text", "text": WORDS},
            "value": "12 Elm Street",
            "action_ts": "1795000001.000100",
        }
    ],
}
EVENT = {
    "token": "legacy-verification",
    "team_id": "T012345",
    "event_id": "Ev012345",
    "event": {
        "type": "user_change",
        "user": {
            "id": "U012345",
            "real_name": "Dana Whitfield",
            "profile": {
                "email": "dana@example.org",
                "display_name": "Dana Whitfield",
                "real_name_normalized": "Dana Whitfield",
                "status_text": "12 Elm Street",
            },
        },
    },
    "authorizations": [{"team_id": "T012345", "user_id": "U0BOT"}],
}


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("said", [COMMAND, PRESSED, INTERACTION, EVENT])
def test_nothing_leaks_of_whatever_slack_sends_even_at_debug(pipe, form, said):
    logs.set_up("DEBUG", form, pipe)
    structlog.get_logger("handlers").debug("asked", body=said, reference="7KQ2")
    structlog.get_logger("handlers").debug(f"asked {said}")
    library = logging.getLogger("some.library")
    library.debug("Received: %s", json.dumps(said))
    library.debug("Received: %r", said)
    library.debug("Received: %s", urllib.parse.urlencode({"payload": json.dumps(said)}))
    library.debug("Received: %s", json.dumps({"envelope_id": "e1", "payload": said}).encode())
    lines = pipe.getvalue()
    assert_nothing_private(lines)
    assert "U012345" in lines
    assert "7KQ2" in lines


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_error_of_slacks_leaves_its_code_and_no_answer(pipe, form):
    logs.set_up("DEBUG", form, pipe)
    answer = SlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.com/api/apps.connections.open",
        req_args={"headers": {"Authorization": f"Bearer {TOKEN}"}, "json": {"text": WORDS}},
        data={
            "ok": False,
            "error": "restricted_action",
            "url": "wss://wss-primary.slack.com/link/?ticket=12-ab&app_id=1",
            "access_token": TOKEN,
            "message": {"text": WORDS},
            "user": {"profile": {"email": "dana@example.org", "real_name": "Dana Whitfield"}},
        },
        headers={},
        status_code=200,
    )
    log = structlog.get_logger("handlers")
    library = logging.getLogger("some.library")

    def refuse():
        raise SlackApiError("The request to the Slack API failed.", answer)

    try:
        refuse()
    except SlackApiError as fault:
        log.exception("listener failed", actor="U012345", fault=fault, answer=answer.data)
        library.debug("failed: %s", fault, exc_info=True)
    library.error("failed: %r", answer.data)
    lines = pipe.getvalue()
    assert_nothing_private(lines)
    assert "ticket=12-ab" not in lines
    assert "restricted_action" in lines
    assert "U012345" in lines


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING"])
def test_the_loggers_of_the_sdk_never_speak_below_warning(pipe, level):
    logs.set_up(level, "json", pipe)
    # As the app makes it: Bolt names its loggers after its own classes, under slack_bolt.
    AsyncApp(
        client=AsyncWebClient(token="xoxb-1"),
        signing_secret="x",
        logger=logging.getLogger("slack_bolt.app"),
    )
    for name in list(logging.Logger.manager.loggerDict):
        if name.split(".")[0] in {"slack_sdk", "slack_bolt"}:
            assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING, name


def test_the_words_of_a_fault_are_cleaned(pipe):
    logs.set_up("INFO", "json", pipe)
    try:
        _ = {}[f"refused: {TOKEN} for dana@example.org"]
    except KeyError:
        structlog.get_logger("bot").exception("fault")
    line = pipe.getvalue()
    assert_nothing_private(line)
    assert "KeyError: 'refused" in line


def test_a_database_address_loses_its_password(pipe):
    logs.set_up("INFO", "json", pipe)
    structlog.get_logger("bot").info(
        "database", url="postgresql+asyncpg://app:hunter2@db.internal/downballot"
    )
    assert "hunter2" not in pipe.getvalue()
    assert "db.internal/downballot" in pipe.getvalue()


def test_the_state_of_a_request_is_no_secret(pipe):
    logs.set_up("INFO", "json", pipe)
    structlog.get_logger("bot").info("request", state="claimed", request=812)
    line = json.loads(pipe.getvalue())
    assert line["state"] == "claimed"
    assert line["request"] == 812


def test_the_sdk_stays_quiet_even_at_debug(pipe):
    logs.set_up("DEBUG", "json", pipe)
    logging.getLogger("slack_sdk.web.async_client").debug("Sending a request")
    logging.getLogger("slack_bolt.AsyncApp").info("Invalid request signature detected")
    assert not pipe.getvalue()


def test_lines_are_json_objects_with_a_time_in_utc(pipe):
    logs.set_up("INFO", "json", pipe)
    structlog.get_logger("bot").info("ready", port=3000)
    line = json.loads(pipe.getvalue())
    assert line["event"] == "ready"
    assert line["level"] == "info"
    assert line["logger"] == "bot"
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("prefix", ["xoxb-", "xoxp-", "xoxe.xoxp-", "xoxe-", "xapp-", "xwfp-"])
def test_every_kind_of_token_is_recognised(prefix):
    assert "Secret1" not in logs.redact(f"token={prefix}1-Secret1-Secret2 and so on")


def test_where_nobody_set_logging_up_a_traceback_shows_no_values(capsys):
    structlog.reset_defaults()
    try:
        logs.be_careful()
        logs.be_careful()
        typed = "zebraquartz"
        try:
            int(TOKEN)
        except ValueError:
            structlog.get_logger("handlers").exception("fault", text=typed, reference="7KQ2")
    finally:
        structlog.reset_defaults()
    said = capsys.readouterr().out
    assert "Traceback" in said
    assert "7KQ2" in said
    assert "zebraquartz" not in said
    assert_nothing_private(said)


def test_whoever_set_logging_up_before_keeps_it(pipe):
    logs.set_up("INFO", "json", pipe)
    logs.be_careful()
    structlog.get_logger("handlers").info("asked", reference="7KQ2")
    assert json.loads(pipe.getvalue())["reference"] == "7KQ2"
