"""Whatever is logged, the lines hold ids and nothing that belongs to a person or opens a door."""

from __future__ import annotations

import io
import json
import logging
import urllib.parse

import pytest
import structlog

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
