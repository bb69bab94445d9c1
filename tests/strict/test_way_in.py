"""What anybody on the internet, and Slack itself, can put before the HTTP door and into the socket."""

from __future__ import annotations

import io
import json
import time
from urllib.parse import urlencode

from tests.strict.standin import TEAM

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


async def test_slacks_challenge_is_answered_and_its_certificate_check_too(over_http):
    slack = over_http.slack
    challenge = {
        "token": "t",
        "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
        "type": "url_verification",
    }
    heard = await slack.send(json.dumps(challenge), JSON)
    assert (heard.status, heard.json) == (200, {"challenge": challenge["challenge"]})
    unsigned = await slack.send(json.dumps(challenge), JSON, sign=False)
    assert unsigned.status == 401
    assert challenge["challenge"] not in unsigned.body
    assert (await slack.send("ssl_check=1&token=abc", FORM, sign=False)).status == 200


DEEP = "[" * 200_000
FORGED = [
    ("not json", b"{not json", JSON),
    ("a list", b"[1, 2]", JSON),
    ("a number", b"17", JSON),
    ("null", b"null", JSON),
    ("a string", b'"zebraquartz"', JSON),
    ("nothing", b"", JSON),
    ("nothing at all", b"", FORM),
    ("no utf-8", b"\xff\xfe\xfa", JSON),
    (
        "half a surrogate",
        b'{"type": "event_callback", "event": {"type": "message", "text": "\\ud800"}}',
        JSON,
    ),
    ("deep", DEEP.encode(), JSON),
    ("deep in a form", b"payload=" + DEEP.encode(), FORM),
    ("a form with a broken payload", b"payload=%7Bnot", FORM),
    ("a form with a list for a payload", b"payload=%5B%5D", FORM),
    ("a form with no payload", b"payload=", FORM),
    ("a multipart body", b"--x\r\n\r\nzebraquartz\r\n--x--", "multipart/form-data; boundary=x"),
    ("xml", b"<a>zebraquartz</a>", "text/xml"),
    ("an unknown charset", b"{}", "application/json; charset=klingon"),
    ("a content type that is none", b"{}", ";;;"),
    ("text", b"zebraquartz", "text/plain"),
    ("nul", b"\0\0\0", "application/octet-stream"),
    ("no event", b'{"type": "event_callback"}', JSON),
    ("an unknown type", b'{"type": "zebra"}', JSON),
]


async def test_nobody_gets_more_than_a_refusal_without_a_signature(over_http):
    for what, body, kind in FORGED:
        heard = await over_http.slack.send(body, kind, sign=False)
        assert heard.status in {400, 401}, (what, heard)
        assert len(heard.body) < 60
    over_http.no_traceback()


async def test_what_cannot_be_read_is_no_fault_of_ours_even_with_a_signature(over_http):
    for what, body, kind in FORGED:
        heard = await over_http.slack.send(body, kind)
        assert heard.status in {200, 400, 401}, (what, heard)
    over_http.no_traceback()


async def test_bad_signatures_old_stamps_and_other_verbs_are_turned_away(over_http):
    slack = over_http.slack
    body = urlencode(
        {"command": "/askmentor", "text": "zebraquartz", "user_id": "U0ADA", "trigger_id": slack.trigger()}
    )
    now = int(time.time())
    for stamp in (now - 301, now + 301, 0, "", "soon", "1e9", "-1", "\u0661\u0662", "9" * 400, f"{now} "):
        name = str(stamp).encode("utf-8", "replace").decode("latin-1")
        assert (await slack.send(body, FORM, at=name)).status == 401, stamp
    twice = [("X-Slack-Request-Timestamp", "0"), ("X-Slack-Request-Timestamp", "9" * 400)]
    async with slack.client.post(slack.request_url, data=body, headers=twice) as answer:
        assert answer.status == 401
    for signature in ("", "v0=", "v0=00", "v1=" + "0" * 64, "v0=" + "f" * 64, "x" * 5000):
        heard = await slack.send(
            body, FORM, sign=False, X_Slack_Signature=signature, X_Slack_Request_Timestamp=str(now)
        )
        assert heard.status == 401, signature
    for verb in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"):
        async with slack.client.request(verb, slack.request_url) as answer:
            assert answer.status == 405
            assert len(await answer.text()) < 60
    assert not slack.opened
    over_http.no_traceback()


async def test_a_body_over_the_limit_is_refused_and_the_next_one_is_heard(over_http):
    heard = await over_http.slack.send(io.BytesIO(b"x" * (2 * 1024 * 1024)), FORM, sign=False)
    assert heard.status == 413
    assert (await over_http.slack.command("U0ADA", "/askmentor", "help")).status == 200
    over_http.no_traceback()


async def test_an_event_as_large_as_slacks_largest_is_heard(over_http):
    event = {
        "type": "message",
        "channel": "C1",
        "user": "U0ADA",
        "text": "zebraquartz " * 40_000,
        "ts": "1.1",
        "channel_type": "channel",
    }
    assert (await over_http.slack.event(event)).status == 200


async def test_slack_may_be_told_too_much_and_say_so(place):
    limited = {
        "token": "t",
        "type": "app_rate_limited",
        "team_id": TEAM,
        "minute_rate_limited": 1518467820,
        "api_app_id": "A1",
    }
    heard = await place.slack.bring("events_api", limited)
    assert heard.status == 200
    place.no_traceback()


async def test_envelopes_that_nobody_knows_disturb_nothing(over_socket):
    slack = over_socket.slack
    await slack.say({"type": "hello", "num_connections": 2})
    await slack.say({"type": "zebra", "payload": {}})
    await slack.say({"envelope_id": "e-1"})
    await slack.say({"type": "warning", "text": "zebraquartz"})
    for payload in ({}, {"type": "zebra"}):
        assert (await slack._over_socket("zebra", payload)).status == 200
    assert (
        await slack._over_socket(
            "events_api",
            {"type": "event_callback", "event": {"type": "zebra"}},
            retry_attempt=1,
            retry_reason="timeout",
        )
    ).status == 200
    assert (await slack.command("U0ADA", "/askmentor", "help")).json["response_type"] == "ephemeral"
    over_socket.no_traceback()


async def test_a_disconnect_is_followed_by_another_connection(over_socket):
    slack = over_socket.slack
    for number, reason in enumerate(
        ("warning", "refresh_requested", "link_disabled", "too_many_websockets", "zebra"), 2
    ):
        await slack.say({"type": "disconnect", "reason": reason, "debug_info": {"host": "wss-1"}})
        await slack.until(lambda wanted=number: len(slack._sockets) == wanted)
        assert (await slack.command("U0ADA", "/askmentor", "help")).status == 200
    over_socket.no_traceback()
