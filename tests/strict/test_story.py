"""One question from beginning to end, with everything the app sends held against Slack's own rules."""

from __future__ import annotations

import asyncio

from tests.strict.place import MENTORS, QUESTION, asking
from tests.strict.rules import buttons, words


async def test_a_whole_question_breaks_none_of_slacks_rules(place):
    slack = place.slack
    receipt = await place.ask()
    assert "We asked 2 mentors" in words(receipt)
    offer = slack.in_dm("U0MIA")[-1]
    board = slack.messages[MENTORS][-1]
    await slack.press("U0MIA", "mentoring.claim", buttons(offer)["mentoring.claim"], message=offer)
    await place.settle()
    assert "mentoring.claim" not in buttons(board)
    assert "<@U0MIA> has your question" in words(receipt)
    late = await slack.press("U0MAX", "mentoring.claim", "1", message=board)
    await place.settle()
    assert (late.status, late.body) == (200, "")
    assert "<@U0MIA> was a moment quicker" in place.whispered("U0MAX")
    group = next(name for name, known in slack.channels.items() if known.get("is_mpim"))
    await slack.event(
        {
            "type": "message",
            "channel": group,
            "user": "U0MIA",
            "text": "hello",
            "ts": "1.1",
            "channel_type": "mpim",
        }
    )
    await slack.press("U0MIA", "mentoring.answered", "1", message=slack.in_dm("U0MIA")[-1])
    await place.settle()
    await slack.press("U0ADA", "mentoring.rate.a_lot", "1", message=slack.in_dm("U0ADA")[-1])
    await place.settle()
    assert "It helped a lot" in words(slack.in_dm("U0MIA")[-1])
    assert len(slack.in_dm("U0ADA")) == 2
    place.no_traceback()


async def test_two_hundred_home_tabs_and_forms_open_within_the_rules(place):
    for user in ("U0ADA", "U0MIA", "U0SUE"):
        await place.slack.event(
            {"type": "app_home_opened", "user": user, "channel": "D1", "tab": "home", "event_ts": "1"}
        )
        await place.slack.command(user, "/mentor")
        await place.slack.command(user, "/askmentor", "zebraquartz " * 400)
        for action in ("members.edit_profile", "members.away", "members.name_staff"):
            await place.slack.press(
                user, action, container={"type": "view", "view_id": "V1"}, view={"type": "home", "id": "V1"}
            )
    await place.settle()
    assert set(place.slack.homes) == {"U0ADA", "U0MIA", "U0SUE"}
    place.no_traceback()


HOSTILE = [
    "<!channel> <!here|x> <!everyone> <!subteam^S1|@all> zebraquartz",
    "<http://evil.example|https://good.example> <@U0SUE> <#C0STAFF> zebraquartz",
    "&lt;!channel&gt; &amp;lt; *bold* _it_ ~no~ `code` ```zebraquartz``` >quote",
    "\u202e\u200f" + "zebraquartz right to left \u2066\u2067" * 4,
    "\U0001f600" * 1000,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 120 + "zebraquartz",
    "@channel @here @everyone #general C0STAFF U0SUE zebraquartz http://evil.example",
    "zebraquartz '; DROP TABLE requests; -- ${jndi:ldap://x} {{7*7}} %s %(x)s {0}",
    "\\u0000 \x01\x02\x07\x1b[31m zebraquartz \u0000 \ufeff \ufffe end of it",
    "a" * 2000,
    ("word\n" * 400).strip(),
]


async def test_hostile_questions_arrive_as_typed_and_do_nothing(over_http):
    place = over_http
    for number, text in enumerate(HOSTILE):
        user = f"U0H{number}"
        place.slack.add_user(user)
        receipt = await place.ask(user, question={"value": text})
        shown = text.replace("\0", "").strip()
        assert shown in "".join(
            block["text"]["text"]
            for block in receipt["blocks"]
            if block.get("text", {}).get("type") == "plain_text"
        )
    place.no_traceback()


async def test_hostile_words_after_the_command_and_in_messages_come_to_nothing(place):
    escaped = "&lt;!channel&gt; <@U0SUE|sue> <#C0STAFF|staff> <https://evil.example|good> zebraquartz"
    await place.slack.command("U0ADA", "/askmentor", escaped)
    await place.slack.event(
        {
            "type": "message",
            "channel": place.slack.dm("U0ADA"),
            "user": "U0ADA",
            "text": escaped,
            "ts": "2.1",
            "channel_type": "im",
        }
    )
    message = {"type": "message", "user": "U0BEN", "ts": "3.1", "text": escaped}
    shortcut = place.slack.interaction(
        "message_action",
        "U0ADA",
        callback_id="mentoring.ask_about_message",
        action_ts="4.1",
        message=message,
        message_ts="3.1",
        channel={"id": "C0ELSE", "name": "x"},
        response_url=place.slack.response_url("U0ADA"),
    )
    await place.slack.bring("interactive", shortcut)
    await place.settle()
    filled = [view["blocks"][0]["element"]["initial_value"] for view in place.slack.opened]
    assert filled == ["<!channel> @sue #staff good (https://evil.example) zebraquartz"] * 2
    await place.slack.press(
        "U0ADA",
        "mentoring.ask_with",
        buttons(place.slack.in_dm("U0ADA")[-1])["mentoring.ask_with"],
        message=place.slack.in_dm("U0ADA")[-1],
    )
    await place.settle()
    assert place.slack.opened[-1]["blocks"][0]["element"]["initial_value"] == filled[0]
    place.no_traceback()


async def test_the_same_thing_brought_twice_at_once_counts_once(place):
    slack = place.slack
    await slack.command("U0ADA", "/askmentor")
    await place.settle()
    body = slack.interaction("view_submission", "U0ADA", response_urls=[])
    body["view"] = {**slack.opened[-1], "state": {"values": asking()}}
    heard = await asyncio.gather(*(slack.bring("interactive", body) for _ in range(3)))
    assert [each.status for each in heard] == [200] * 3
    event = {
        "type": "message",
        "channel": slack.dm("U0BEN"),
        "user": "U0BEN",
        "text": QUESTION,
        "ts": "2.1",
        "channel_type": "im",
    }
    again = {"x_slack_retry_num": "1", "x_slack_retry_reason": "http_timeout"} if not place.socket else {}
    await slack.event(event, event_id="Ev0SAME")
    for _ in range(2):
        await slack.bring(
            "events_api",
            {"type": "event_callback", "event_id": "Ev0SAME", "event": event, "team_id": "T0STRICT"},
            **again,
        )
    await place.settle()
    assert len(slack.in_dm("U0ADA")) == 1
    assert len(slack.messages[MENTORS]) == 1
    assert len(slack.in_dm("U0BEN")) == 1
