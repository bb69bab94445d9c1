"""Slack's Web API at its worst: documented refusals, faults on the way, slowness, answers cut to the bone."""

from __future__ import annotations

import json

import pytest

from bot.refusals import StartRefused
from handlers import mentoring as listeners
from tests.strict.place import MENTORS, STAFF, asking
from tests.strict.rules import buttons, of_questions, words
from tests.strict.standin import Fault

HTML = Fault(status=502, body="<html>zebraquartz</html>", kind="text/html")
TEXT = Fault(status=503, body="upstream connect error", kind="text/plain")
BROKEN = Fault(status=200, body='{"ok": tru', kind="application/json")
EMPTY = Fault(status=200, body="", kind="application/json")
LIMITED = Fault(status=429, error="ratelimited", headers={"Retry-After": "1"})
LIMITED_BARE = Fault(status=429, body="", kind="text/html")
LIMITED_ODD = Fault(status=429, error="ratelimited", headers={"Retry-After": "0.5"})
DROPPED = Fault(drop=True)
ON_THE_WAY = [HTML, TEXT, BROKEN, EMPTY, LIMITED, LIMITED_BARE, LIMITED_ODD, DROPPED]

EVERYWHERE = [
    "access_denied",
    "accesslimited",
    "account_inactive",
    "deprecated_endpoint",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "fatal_error",
    "internal_error",
    "invalid_arg_name",
    "invalid_arguments",
    "invalid_array_arg",
    "invalid_auth",
    "invalid_charset",
    "invalid_form_data",
    "invalid_post_type",
    "method_deprecated",
    "missing_post_type",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "ratelimited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
    "token_expired",
    "token_revoked",
    "two_factor_setup_required",
]
OF_VIEWS = [
    "duplicate_external_id",
    "exchanged_trigger_id",
    "expired_trigger_id",
    "trigger_expired",
    "trigger_exchanged",
    "invalid_trigger_id",
    "push_limit_reached",
    "view_too_large",
    "team_not_found",
    "hash_conflict",
    "not_enabled",
    "user_not_found",
]
OF_POSTS = [
    "channel_not_found",
    "is_archived",
    "msg_blocks_too_long",
    "messages_tab_disabled",
    "missing_scope",
]
"""One of each kind of refusal of chat.postMessage; every one takes the same way."""


async def test_whoever_gets_no_form_is_told_so_whatever_slack_says(over_http):
    slack = over_http.slack
    slack.dm("U0ADA")
    for fault in [*ON_THE_WAY, *(Fault(error=error) for error in [*EVERYWHERE, *OF_VIEWS])]:
        slack.whispers.clear()
        slack.faults["views.open"].append(fault)
        assert (await slack.command("U0ADA", "/askmentor", "zebraquartz")).status == 200
        await over_http.settle()
        assert [each["user"] for each in slack.whispers] == ["U0ADA"], fault
    home = {"container": {"type": "view", "view_id": "V1"}, "view": {"id": "V1", "type": "home"}}
    slack.faults["views.open"].append(DROPPED)
    await slack.press("U0ADA", "mentoring.ask", **home)
    await over_http.settle()
    assert "took too long" in slack.in_dm("U0ADA")[-1]["text"]
    slack.faults["views.open"].append(Fault(error="expired_trigger_id"))
    slack.faults["response_url"].append(Fault(status=404))
    await slack.command("U0MIA", "/mentor", channel_id=MENTORS)
    await over_http.settle()
    assert slack.whispers[-1]["channel"] == MENTORS
    over_http.no_traceback()


async def test_whoever_is_refused_hears_it_by_another_way_where_one_is_closed(over_http):
    slack = over_http.slack
    slack.faults["response_url"] += [Fault(status=404), Fault(status=500), Fault(status=410)]
    await slack.press("U0MAX", "mentoring.claim", "9", message={"ts": "1.1", "channel": MENTORS})
    await slack.press("U0MAX", "mentoring.claim", "9", message={"ts": "1.1", "channel": "C0ELSE"})
    slack.faults["views.open"].append(Fault(error="expired_trigger_id"))
    await slack.press("U0BEN", "mentoring.claim", "9", view={"type": "home", "id": "V1"})
    await over_http.settle()
    assert [each["user"] for each in slack.whispers] == ["U0MAX"]
    assert len(slack.in_dm("U0MAX")) == len(slack.in_dm("U0BEN")) == 1
    over_http.no_traceback()


def everything(slack):
    """Give all that one question has made the app say: receipt, two offers, the card in the channel."""
    return [
        len(of_questions(slack.messages[place]))
        for place in (slack.dm("U0ADA"), slack.dm("U0MIA"), slack.dm("U0MAX"), MENTORS)
    ]


PASSING = {
    "429": LIMITED,
    "429 without Retry-After": LIMITED_BARE,
    "rate_limited with 200": Fault(error="rate_limited"),
    "the workspace is being moved": Fault(error="team_added_to_org"),
    "502, done": Fault(status=502, body="<html>", kind="text/html", done=True),
    "503 in plain text, done": Fault(status=503, body="upstream", kind="text/plain", done=True),
    "half an answer, done": Fault(body='{"ok": tru', done=True),
    "an answer without a ts, done": Fault(body='{"ok": true}', done=True),
    "dropped, not done": DROPPED,
    "dropped, done": Fault(drop=True, done=True),
    "internal_error, done": Fault(error="internal_error", done=True),
    "fatal_error, not done": Fault(error="fatal_error"),
    "slow": Fault(delay=0.4),
}


@pytest.mark.slow(10)
async def test_what_passes_leaves_every_message_said_once(over_http):
    slack = over_http.slack
    for number, (what, fault) in enumerate(PASSING.items(), 1):
        for messages in slack.messages.values():
            messages.clear()
        slack.faults["chat.postMessage"].append(fault)
        await over_http.ask()
        for seconds in (3, 80):
            await over_http.pass_time(seconds)
        assert everything(slack) == [1, 1, 1, 1], what
        assert not slack.messages[STAFF], what
        await slack.press("U0ADA", "mentoring.solved", str(number), message={"ts": "1.1", "channel": MENTORS})
        await over_http.settle()


async def test_what_is_refused_for_good_is_brought_to_staff_and_can_be_sent_again(over_http):
    slack = over_http.slack
    for error in OF_POSTS:
        for messages in slack.messages.values():
            messages.clear()
        slack.faults["chat.postMessage"].append(Fault(error=error))
        async with over_http.application.database.transaction() as store:
            await store.members.meet("U0ADA", at=over_http.clock.now())
        await slack.event({"type": "app_home_opened", "user": "U0ADA", "tab": "home"})
        await slack.command("U0ADA", "/askmentor")
        await over_http.settle()
        heard = await slack.submit(
            "U0ADA", slack.opened[-1], asking(topic={"selected_option": {"value": "unsafe"}})
        )
        assert (heard.status, heard.body) == (200, "")
        await over_http.settle()
        await over_http.pass_time(31)
        cards = [each for each in slack.messages[STAFF] if "deliveries.send_again" in buttons(each)]
        assert len(cards) == 1, (error, [words(each) for each in slack.messages[STAFF]])
        key = buttons(cards[0])["deliveries.send_again"]
        await slack.press("U0SUE", "deliveries.send_again", key, message=cards[0])
        await over_http.settle()
        assert len(of_questions(slack.in_dm("U0ADA"))) == 1, error
        assert len([each for each in slack.messages[STAFF] if "feels unsafe" in words(each)]) == 1, error


async def test_a_token_that_is_refused_for_a_while_costs_nothing(over_http):
    slack = over_http.slack
    for error in ("account_inactive", "invalid_auth", "token_expired", "accesslimited", "access_denied"):
        for messages in slack.messages.values():
            messages.clear()
        slack.faults["chat.postMessage"] += [Fault(error=error)] * 9
        slack.faults["auth.test"] += [Fault(error=error)] * 9
        await slack.command("U0ADA", "/askmentor")
        await over_http.settle()
        heard = await slack.submit("U0ADA", slack.opened[-1], asking())
        assert (heard.status, heard.body) == (200, ""), "auth.test is nothing that a request depends on"
        await over_http.application.house.errands.finish(5)
        await over_http.application.outbox.drain(patience=0.5)
        slack.faults.clear()
        await over_http.application.outbox._sender.admitted()
        await over_http.pass_time(40)
        assert everything(slack) == [1, 1, 1, 1], error
        assert not slack.messages[STAFF]


@pytest.mark.parametrize(
    "error", ["missing_scope", "not_in_channel", "channel_not_found", "is_archived", "no_permission"]
)
async def test_what_cannot_be_read_back_is_never_said_twice(over_http, error):
    slack = over_http.slack
    slack.faults["chat.postMessage"].append(Fault(drop=True, done=True))
    slack.faults["conversations.history"] += [Fault(error=error)] * 20
    await over_http.ask()
    for seconds in (3, 40, 40, 40):
        await over_http.pass_time(seconds)
    assert everything(slack) == [1, 1, 1, 1]
    assert len([each for each in slack.messages[STAFF] if "may not have arrived" in words(each)]) == 1


async def test_a_conversation_that_cannot_be_opened_calls_staff_in(over_http):
    slack = over_http.slack
    errors = ["user_disabled", "user_not_found", "method_not_supported_for_channel_type"]
    for number, error in enumerate(errors, 1):
        slack.messages[STAFF].clear()
        slack.faults["conversations.open"].append(Fault(error=error))
        await over_http.ask()
        await over_http.mentor("U0MIA")
        await slack.press("U0MIA", "mentoring.claim", str(number), message={"ts": "1.1", "channel": MENTORS})
        await over_http.settle()
        assert "asks staff for help" in words(slack.messages[STAFF][0]), error
        await slack.press(
            "U0MIA", "mentoring.answered", str(number), message={"ts": "1.1", "channel": MENTORS}
        )
        await over_http.settle()
    for fault in (TEXT, LIMITED, DROPPED):
        number += 1
        slack.faults["conversations.open"].append(fault)
        await over_http.ask()
        await slack.press("U0MIA", "mentoring.claim", str(number), message={"ts": "1.1", "channel": MENTORS})
        for seconds in (1, 10, 30):
            await over_http.pass_time(seconds)
        group = next(name for name, known in slack.channels.items() if known.get("is_mpim"))
        assert f"#{number}" in words(slack.messages[group][-1]), fault
        await slack.press(
            "U0MIA", "mentoring.answered", str(number), message={"ts": "1.1", "channel": MENTORS}
        )
        await over_http.settle()


async def test_a_card_that_cannot_be_changed_holds_nothing_up(over_http):
    slack = over_http.slack
    slack.faults["chat.update"] += [
        Fault(error=error)
        for error in (
            "message_not_found",
            "cant_update_message",
            "edit_window_closed",
            "update_failed",
            "is_inactive",
        )
    ] + [Fault(error="internal_error"), HTML, DROPPED, LIMITED, Fault(drop=True, done=True)]
    await over_http.ask()
    await slack.press("U0MIA", "mentoring.claim", "1", message={"ts": "1.1", "channel": MENTORS})
    for seconds in (1, 10, 60, 60):
        await over_http.pass_time(seconds)
    await slack.press("U0MIA", "mentoring.answered", "1", message={"ts": "1.1", "channel": MENTORS})
    for seconds in (1, 10, 60, 300):
        await over_http.pass_time(seconds)
    assert "This question is closed" in words(slack.in_dm("U0ADA")[0])
    assert "Answered by <@U0MIA>" in words(slack.messages[MENTORS][0])


async def test_a_home_tab_comes_after_every_fault(over_http):
    slack = over_http.slack
    for fault in [
        HTML,
        BROKEN,
        LIMITED_ODD,
        DROPPED,
        Fault(error="hash_conflict"),
        Fault(error="user_not_found"),
    ]:
        slack.homes.clear()
        slack.faults["views.publish"].append(fault)
        await slack.event({"type": "app_home_opened", "user": "U0ADA", "tab": "home"})
        await over_http.settle()
        await slack.event({"type": "app_home_opened", "user": "U0ADA", "tab": "home"})
        for seconds in (3, 30, 60):
            await over_http.pass_time(seconds)
        assert "U0ADA" in slack.homes, fault


async def test_people_are_learnt_page_by_page_through_every_fault(over_http):
    slack = over_http.slack
    for number in range(8):
        slack.add_user(f"U0P{number}")
    slack.users["U0P3"] |= {"tz": "Mars/Base", "profile": {}, "name": None}
    slack.users["U0P4"] |= {"is_bot": True}
    slack.faults["users.list"] += [
        LIMITED_ODD,
        Fault(status=429, error="ratelimited", headers={"Retry-After": "0.2"}),
    ]
    await over_http.application.jobs.run("members.sync")
    async with over_http.application.database.reading() as store:
        known = [await store.members.member(f"U0P{number}") for number in range(8)]
    assert [member is not None for member in known] == [True] * 4 + [False] + [True] * 3
    for fault in [HTML, TEXT, BROKEN, DROPPED, Fault(error="missing_scope"), Fault(error="invalid_cursor")]:
        slack.faults["users.list"].append(fault)
        await over_http.application.jobs.run("members.sync")
    for user in ("U0GONE", "U0HIDDEN", "U0LATER"):
        await slack.event({"type": "app_home_opened", "user": user, "tab": "home"})
    slack.add_user("U0LATER")
    slack.faults["users.info"] += [Fault(error="user_not_found"), Fault(error="user_not_visible")]
    for _ in range(2):
        await over_http.application.jobs.run("members.learn_strangers")
    async with over_http.application.database.reading() as store:
        assert (await store.members.member("U0LATER")).name == "Later"
        assert await store.members.unknown() == []
    over_http.no_traceback()


async def test_a_start_that_slack_refuses_says_so_in_a_sentence(over_http):
    await over_http.process.stop(grace=1)
    over_http.process = None
    for fault in [*ON_THE_WAY, Fault(error="invalid_auth")]:
        over_http.slack.faults["auth.test"].append(fault)
        with pytest.raises(StartRefused) as refused:
            await over_http.start()
        assert "zebraquartz" not in str(refused.value)
        over_http.process = None
    over_http.slack.faults["auth.test"].append(Fault(body=json.dumps({"ok": True, "user_id": "U0BOTSELF"})))
    await over_http.start()
    assert (await over_http.slack.command("U0ADA", "/askmentor", "help")).status == 200


async def test_a_fault_of_ours_leaves_what_was_typed_in_the_form(over_http, monkeypatch):
    slack = over_http.slack
    await slack.command("U0ADA", "/askmentor")
    await over_http.settle()

    async def broken(*_, **__):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(listeners.mentoring, "ask", broken)
        heard = await slack.submit("U0ADA", slack.opened[-1], asking())
    assert heard.json["response_action"] == "errors"
    assert "noted under" in heard.json["errors"]["question"]
    again = await slack.submit("U0ADA", slack.opened[-1], asking())
    assert (again.status, again.body) == (200, "")
    await over_http.settle()
    assert len(slack.in_dm("U0ADA")) == 1
