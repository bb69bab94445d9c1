"""All that Slack's documentation allows a payload to be, and emulators make of it: no silence, no fault."""

from __future__ import annotations

from community.mentoring_requests import Status
from tests.strict.place import MENTORS, QUESTION, asking
from tests.strict.rules import buttons, words
from tests.strict.standin import BOT, BOT_ID, TEAM, Heard


def kept(heard: Heard) -> bool:
    return heard.status == 200 and heard.seconds < 3


GROUP = "C0GROUPADAMIA"


async def claimed(place):
    await place.ask()
    offer = place.slack.in_dm("U0MIA")[-1]
    await place.slack.press("U0MIA", "mentoring.claim", "1", message=offer)
    await place.settle()


async def answered(place) -> bool:
    async with place.application.database.reading() as store:
        return (await store.mentoring.get(1)).answered_at is not None


def said(user="U0MIA", channel=GROUP, **more):
    return {
        "type": "message",
        "channel": channel,
        "user": user,
        "text": "zebraquartz",
        "ts": "5.1",
        "channel_type": "mpim",
        **more,
    }


SILENT = {
    "message_changed": said(
        subtype="message_changed",
        user=None,
        message={
            "type": "message",
            "user": "U0MIA",
            "text": "x",
            "ts": "5.0",
            "edited": {"user": "U0MIA", "ts": "5.1"},
        },
        previous_message={"user": "U0MIA", "text": "y", "ts": "5.0"},
        hidden=True,
    ),
    "message_deleted": said(
        subtype="message_deleted",
        deleted_ts="5.0",
        hidden=True,
        previous_message={"user": "U0MIA", "ts": "5.0"},
    ),
    "channel_join": said(subtype="channel_join", inviter="U0ADA"),
    "group_join": said(subtype="group_join"),
    "channel_topic": said(subtype="channel_topic", topic="x"),
    "bot_message": said(subtype="bot_message", user=None, bot_id="B9", username="other"),
    "a modern bot": said(user="U0MIA", bot_id="B9", bot_profile={"id": "B9"}, app_id="A9"),
    "a workflow": said(subtype="bot_message", bot_id="B8", is_workflow_message=True),
    "ourselves": said(user=BOT, bot_id=BOT_ID),
    "nobody": {key: value for key, value in said().items() if key != "user"},
    "the asker": said(user="U0ADA"),
    "somebody else": said(user="U0MAX"),
    "another channel": said(channel="G0OTHER1"),
    "ekm": said(subtype="ekm_access_denied", user="UREVOKEDU"),
    "tombstone": said(subtype="tombstone"),
    "slackbot": said(user="USLACKBOT"),
    "a subtype of tomorrow": said(subtype="zebra"),
}


async def test_what_is_no_word_of_the_mentor_stops_no_clock(over_http):
    await claimed(over_http)
    for what, event in SILENT.items():
        assert kept(await over_http.slack.event({k: v for k, v in event.items() if v is not None})), what
        assert not await answered(over_http), what
    over_http.no_traceback()


SPOKEN = {
    "plain": said(),
    "edited": said(edited={"user": "U0MIA", "ts": "5.2"}),
    "in a thread": said(thread_ts="4.1", parent_user_id="U0ADA"),
    "thread_broadcast": said(subtype="thread_broadcast", root={"ts": "4.1"}, thread_ts="4.1"),
    "file_share": said(subtype="file_share", text="", files=[{"id": "F1"}], upload=True),
    "me_message": said(subtype="me_message"),
    "as a private channel": said(channel_type="group"),
    "without a channel type": {key: value for key, value in said().items() if key != "channel_type"},
    "with null for a subtype": said(subtype=None, bot_id=None),
    "no text": {key: value for key, value in said().items() if key != "text"},
}


async def test_the_mentors_first_words_count_in_whatever_form(over_http):
    await claimed(over_http)
    for what, event in SPOKEN.items():
        assert kept(await over_http.slack.event(event)), what
        assert await answered(over_http), what
        async with over_http.application.database.transaction() as store:
            await store.mentoring.change(1, if_status=Status.CLAIMED, answered_at=None)
    over_http.no_traceback()


async def test_one_conversation_about_two_questions_stops_both_clocks(over_http):
    slack = over_http.slack
    for number in ("1", "2"):
        await over_http.ask()
        await slack.press("U0MIA", "mentoring.claim", number, message={"ts": "1.1", "channel": MENTORS})
        await over_http.settle()
    await slack.event(said())
    async with over_http.application.database.reading() as store:
        assert [(await store.mentoring.get(number)).answered_at is None for number in (1, 2)] == [
            False,
            False,
        ]


IM = {
    "plain": ({}, 1),
    "a file": ({"subtype": "file_share", "text": "", "files": [{"id": "F1"}]}, 1),
    "no channel type": ({"channel_type": None}, 1),
    "no text": ({"text": None}, 1),
    "an assistant's thread": ({"thread_ts": "4.1"}, 1),
    "slackbot": ({"user": "USLACKBOT"}, 0),
    "ourselves": ({"user": BOT, "bot_id": BOT_ID}, 0),
    "another bot": ({"bot_id": "B9"}, 0),
    "our own edit": (
        {"subtype": "message_changed", "user": None, "message": {"user": BOT, "bot_id": BOT_ID}},
        0,
    ),
}


async def test_a_person_who_writes_to_the_app_is_answered_and_nobody_else(over_http):
    slack = over_http.slack
    dm = slack.dm("U0ADA")
    for what, (more, replies) in IM.items():
        slack.messages[dm].clear()
        event = {**said("U0ADA", dm, channel_type="im", ts=f"5.{len(what)}"), **more}
        assert kept(await slack.event({k: v for k, v in event.items() if v is not None})), what
        await over_http.settle()
        assert len(slack.messages[dm]) == replies, what
        assert [each.get("thread_ts") for each in slack.messages[dm]] == [more.get("thread_ts")] * replies
    over_http.no_traceback()


PEOPLE = {
    "minimal": {"type": "user_change", "user": {"id": "U0ADA"}},
    "no profile": {"type": "user_change", "user": {"id": "U0ADA", "name": "ada", "deleted": False}},
    "null everywhere": {
        "type": "user_change",
        "user": {"id": "U0ADA", "profile": None, "tz": None, "name": None, "deleted": None},
    },
    "a zone that is none": {
        "type": "user_change",
        "user": {"id": "U0ADA", "tz": "Mars/Olympus_Mons", "profile": {}},
    },
    "a zone that is a folder": {
        "type": "user_change",
        "user": {"id": "U0ADA", "tz": "America", "profile": {}},
    },
    "a zone that climbs": {
        "type": "user_change",
        "user": {"id": "U0ADA", "tz": "../../etc/passwd", "profile": {}},
    },
    "only an id": {"type": "user_change", "user": "U0ADA"},
    "no user": {"type": "user_change"},
    "a bot": {"type": "team_join", "user": {"id": "U0NEWBOT", "is_bot": True, "profile": {}}},
    "a stranger": {
        "type": "user_change",
        "user": {"id": "U0FAR", "team_id": "T0FAR", "is_stranger": True, "profile": {"real_name": "Far"}},
    },
    "of the enterprise": {
        "type": "team_join",
        "user": {
            "id": "W012A3CDE",
            "team_id": TEAM,
            "enterprise_user": {"id": "W012A3CDE", "enterprise_id": "E1"},
            "profile": {"real_name": "W"},
        },
    },
    "ourselves in a channel": {
        "type": "member_joined_channel",
        "user": BOT,
        "channel": MENTORS,
        "channel_type": "C",
        "team": TEAM,
    },
    "somebody in a channel": {
        "type": "member_joined_channel",
        "user": "U0NEW",
        "channel": MENTORS,
        "channel_type": "C",
        "team": TEAM,
        "inviter": "U0SUE",
    },
    "home, messages": {"type": "app_home_opened", "user": "U0NEW", "channel": "D1", "tab": "messages"},
    "home, no tab": {"type": "app_home_opened", "user": "U0ADA", "channel": "D1"},
    "home, with a view": {
        "type": "app_home_opened",
        "user": "U0ADA",
        "tab": "home",
        "view": {"id": "V1", "type": "home", "hash": "1.2"},
    },
    "uninstalled": {"type": "app_uninstalled"},
    "revoked": {"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": ["U2"]}},
    "a reaction": {
        "type": "reaction_added",
        "user": "U0ADA",
        "item": {"type": "message", "channel": "C1", "ts": "1.1"},
        "reaction": "x",
        "item_user": "U0MIA",
    },
    "a function": {
        "type": "function_executed",
        "function": {"callback_id": "zebra"},
        "inputs": {},
        "function_execution_id": "Fx1",
        "bot_access_token": "xwfp-zebra",
    },
    "an assistant": {
        "type": "assistant_thread_started",
        "assistant_thread": {"user_id": "U0ADA", "context": {}, "channel_id": "D1", "thread_ts": "1.1"},
    },
    "tomorrow's": {"type": "zebra", "user": {"id": None}},
}


async def test_every_event_is_taken_and_the_person_can_still_ask(place):
    far = {"event_context": "4-x", "is_ext_shared_channel": True, "enterprise_id": "E1"}
    for what, event in PEOPLE.items():
        assert kept(await place.slack.event(event)), what
        assert kept(await place.slack.event(event, **far)), what
        async with place.application.database.reading() as store:
            known = await store.members.member("U0ADA")
        assert known.zone == "America/New_York", what
        assert known.name in {"Ada", "ada"}, what
        assert known.left_at is None, what
    await place.settle()
    assert "We asked 2 mentors" in words(await place.ask())
    async with place.application.database.reading() as store:
        assert await store.members.member(BOT) is None
    place.no_traceback()


async def test_commands_are_answered_from_everywhere(place):
    slack = place.slack
    grid = {"enterprise_id": "E1", "enterprise_name": "Grid", "is_enterprise_install": "true"}
    for text in ("help", "HELP!", " --help "):
        assert "/askmentor" in (await slack.command("U0ADA", "/askmentor", text, **grid)).json["text"]
    assert "/mentor" in (await slack.command("W0GRID", "/mentor", "zebra away")).json["text"]
    assert "mentor" in (await slack.command("U0ADA", "/mentor", "back")).json["text"]
    assert "a day after today" in (await slack.command("U0MIA", "/mentor", "away 0001-01-01")).json["text"]
    for text in ("away 9999-12-31", "away 2999-W01-1", "back"):
        assert (await slack.command("U0MIA", "/mentor", text)).json["response_type"] == "ephemeral"
    assert "/askmentor" in (await slack.command("U0ADA", "/ASKMENTOR")).json["text"]
    assert kept(
        await slack.command("U0NEVERMET", "/askmentor", "", channel_id="G0GROUP", channel_name="privategroup")
    )
    await place.settle()
    assert slack.opened[-1]["callback_id"] == "mentoring.ask"
    place.no_traceback()


EMPTY = {
    "null for what was left empty": asking(),
    "missing blocks": {
        key: value for key, value in asking().items() if key in {"question", "topic", "state"}
    },
    "missing values": {
        **asking(),
        "office": {"office": {"type": "static_select"}},
        "needed_by": {"needed_by": {"type": "datepicker"}},
        "private": {"private": {"type": "checkboxes"}},
    },
    "empty actions": {**asking(), "office": {}, "needed_by": {}, "private": {}},
    "null blocks": {**asking(), "office": None, "needed_by": None, "private": None},
    "other action ids": {key: {"x9": next(iter(value.values()))} for key, value in asking().items()},
}


async def test_fields_that_were_left_empty_come_in_many_shapes(over_http):
    slack = over_http.slack
    for number, (what, values) in enumerate(EMPTY.items(), 1):
        await slack.command("U0ADA", "/askmentor")
        await over_http.settle()
        view = {key: value for key, value in slack.opened[-1].items() if key != "hash"}
        heard = await slack.submit("U0ADA", view, values)
        assert (heard.status, heard.body) == (200, ""), what
        await over_http.settle()
        assert f"Your question #{number}" in words(slack.in_dm("U0ADA")[-1]), what
    over_http.no_traceback()


WRONG = {
    "nothing at all": ({}, {"question", "topic", "state"}),
    "no state": (None, {"question", "topic", "state"}),
    "null for the question": (asking(question={"value": None}), {"question"}),
    "a topic that is none": (asking(topic={"selected_option": {"value": "zebra"}}), {"topic"}),
    "no topic": (asking(topic={"selected_option": None}), {"topic"}),
    "a state that is none": (asking(state={"selected_option": {"value": "ZZ"}}), {"state"}),
    "yesterday": (asking(needed_by={"selected_date": "2001-01-01"}), {"needed_by"}),
    "too long": (asking(question={"value": "z" * 3000}), {"question"}),
    "only invisible": (asking(question={"value": " \n\t\0" * 20}), {"question"}),
    "an office that is none": (asking(office={"selected_option": {"value": "king"}}), {"office"}),
}


async def test_what_is_wrong_is_said_at_the_field(over_http):
    slack = over_http.slack
    await slack.command("U0ADA", "/askmentor")
    await over_http.settle()
    view = slack.opened[-1]
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    for what, (values, fields) in WRONG.items():
        heard = await slack.submit("U0ADA", view, values)
        assert heard.json["response_action"] == "errors", what
        assert set(heard.json["errors"]) == fields, what
        assert fields <= inputs
    mended = await slack.submit("U0ADA", view, asking())
    assert (mended.status, mended.body) == (200, "")
    over_http.no_traceback()


async def test_a_mentors_form_reads_numbers_as_text_and_people_as_lists(place):
    slack = place.slack
    await slack.command("U0BEN", "/mentor")
    await place.settle()
    form = {
        "kind": {"kind": {"type": "static_select", "selected_option": {"value": "operative"}}},
        "states": {"states": {"type": "multi_static_select", "selected_options": [{"value": "VA"}]}},
        "topics": {"topics": {"type": "multi_static_select", "selected_options": []}},
        "offices": {"offices": {"type": "multi_static_select", "selected_options": None}},
        "capacity": {"capacity": {"type": "number_input", "value": "4"}},
        "against": {"against": {"type": "multi_users_select", "selected_users": ["U0MAX", "W0GRID"]}},
    }
    for bad in ("0", "4.5", "1e1", "", None, "9" * 5000):
        heard = await slack.submit(
            "U0BEN", slack.opened[-1], {**form, "capacity": {"capacity": {"value": bad}}}
        )
        assert set(heard.json["errors"]) == {"capacity"}
    heard = await slack.submit("U0BEN", slack.opened[-1], form)
    assert (heard.status, heard.body) == (200, "")
    await place.settle()
    async with place.application.database.reading() as store:
        profile = await store.members.mentor("U0BEN")
    assert profile.capacity == 4
    assert profile.against == {"U0MAX", "W0GRID"}
    place.no_traceback()


PLACES = {
    "a message": {
        "container": {"type": "message", "message_ts": "1.1", "channel_id": "C1", "is_ephemeral": False},
        "channel": {"id": "C1"},
        "message": {"ts": "1.1"},
        "response_url": "URL",
    },
    "an ephemeral message": {
        "container": {"type": "message", "message_ts": "1.1", "channel_id": "C1", "is_ephemeral": True},
        "channel": {"id": "C1"},
        "response_url": "URL",
    },
    "an attachment": {
        "container": {
            "type": "message_attachment",
            "message_ts": "1.1",
            "attachment_id": 1,
            "channel_id": "C1",
        },
        "channel": {"id": "C1"},
        "response_url": "URL",
    },
    "the Home tab": {
        "container": {"type": "view", "view_id": "V1"},
        "view": {"id": "V1", "type": "home", "hash": "1.a", "state": {"values": {}}},
    },
    "a modal": {
        "container": {"type": "view", "view_id": "V1"},
        "view": {"id": "V1", "type": "modal", "hash": "1.a", "root_view_id": "V1"},
    },
    "a modal without a container": {"view": {"id": "V1", "type": "modal"}},
    "a message without a response_url": {
        "container": {"type": "message", "message_ts": "1.1", "channel_id": MENTORS},
        "channel": {"id": MENTORS},
    },
    "nothing but a channel": {"channel": {"id": MENTORS}, "trigger_id": None},
    "nothing but a person": {"trigger_id": None},
    "nulls": {
        "container": None,
        "channel": None,
        "message": None,
        "view": None,
        "team": None,
        "enterprise": {"id": "E1", "name": "g"},
        "is_enterprise_install": True,
        "state": None,
    },
}


FORBIDDEN = ["zebra.old", "mentoring.claim", "mentoring.rate.zebra", "members.approve", "deliveries.arrived"]


async def test_whoever_presses_what_they_may_not_is_told_wherever_they_are(over_http):
    slack = over_http.slack

    def told():
        return len(slack.opened) + len(slack.whispers) + len(slack.in_dm("U0MAX"))

    for what, where in PLACES.items():
        for action in FORBIDDEN:
            before = told()
            more = {
                key: slack.response_url("U0MAX") if value == "URL" else value for key, value in where.items()
            }
            body = {
                **slack.interaction("block_actions", "U0MAX", actions=[slack.pressed(action, "812")]),
                **more,
            }
            heard = await slack.bring("interactive", body)
            assert (heard.status, heard.body) == (200, ""), what
            await over_http.application.house.errands.finish(5)
            assert told() == before + 1, (what, action)
    over_http.no_traceback()


VALUES = [
    "",
    "x",
    "-1",
    "1.0",
    "999999999999999999999999",
    "\u0661",
    "1' OR '1'='1",
    "0x1",
    "null",
    "1\0",
    None,
    17,
]
READERS = [
    "claim",
    "pass",
    "answered",
    "cancel",
    "hand_back",
    "reopen",
    "add_details",
    "ask_again",
    "solved",
    "rate.a_lot",
]


async def test_a_buttons_value_is_a_claim_and_no_proof(over_http):
    slack = over_http.slack
    for action in (
        *(f"mentoring.{name}" for name in READERS),
        "home.page.mine.on",
        "members.approve",
        "deliveries.arrived",
    ):
        for value in VALUES:
            heard = await slack.press("U0SUE", action, value, message={"ts": "1.1", "channel": MENTORS})
            assert (heard.status, heard.body) == (200, ""), (action, value)
    await over_http.settle()
    over_http.no_traceback()


async def test_lists_closings_and_legacy_interactions_get_their_answer(place):
    slack = place.slack
    asked = slack.interaction(
        "block_suggestion",
        "U0ADA",
        action_id="zebra",
        block_id="b",
        value="zebraquartz",
        container={"type": "view"},
    )
    assert (await slack.bring("interactive", asked)).json == {"options": []}
    legacy = [
        slack.interaction(
            "view_closed",
            "U0ADA",
            view={"id": "V1", "callback_id": "mentoring.ask", "type": "modal"},
            is_cleared=True,
        ),
        slack.interaction(
            "interactive_message",
            "U0ADA",
            callback_id="x",
            actions=[{"name": "a", "type": "button", "value": "b"}],
            channel={"id": "C1"},
            response_url=slack.response_url("U0ADA"),
            action_ts="1.1",
        ),
        slack.interaction("shortcut", "U0ADA", callback_id="zebra", action_ts="1.2"),
        slack.interaction("shortcut", "U0ADA", callback_id="mentoring.ask_anywhere", action_ts="1.3"),
        slack.interaction(
            "message_action",
            "U0ADA",
            callback_id="mentoring.ask_about_message",
            message={"type": "message", "subtype": "bot_message", "bot_id": "B1", "ts": "1.1", "blocks": []},
            channel={"id": "C1", "name": "x"},
            response_url=slack.response_url("U0ADA"),
            message_ts="1.1",
        ),
        slack.interaction("zebra", "U0ADA"),
    ]
    for body in legacy:
        assert kept(await slack.bring("interactive", body)), body["type"]
    await place.settle()
    assert [view.get("callback_id") for view in slack.opened].count("mentoring.ask") == 2
    place.no_traceback()


async def test_a_form_from_before_an_upgrade_says_so(place):
    heard = await place.slack.submit(
        "U0ADA", {"id": "V9", "type": "modal", "callback_id": "zebra.old", "hash": "1.x", "blocks": []}, {}
    )
    assert heard.json["response_action"] == "push"
    assert "is not there any more" in words(heard.json["view"])


async def test_events_out_of_order_and_before_anybody_is_known_do_no_harm(place):
    slack = place.slack
    slack.add_user("U0LATE")
    await slack.press("U0LATE", "mentoring.claim", "1", message={"ts": "1.1", "channel": MENTORS})
    await slack.press("U0LATE", "members.back", "", message={"ts": "1.1", "channel": MENTORS})
    assert "We asked 2 mentors" in words(await place.ask("U0LATE"))
    await slack.event({"type": "user_change", "user": {**slack.users["U0LATE"], "deleted": True}})
    await slack.event({"type": "team_join", "user": slack.users["U0LATE"]})
    offer = slack.in_dm("U0MIA")[-1]
    await slack.press("U0MIA", "mentoring.claim", buttons(offer)["mentoring.claim"], message=offer)
    await slack.press("U0MIA", "mentoring.pass", buttons(offer)["mentoring.pass"], message=offer)
    await place.settle()
    assert "<@U0MIA> has your question" in words(slack.in_dm("U0LATE")[0])
    place.no_traceback()


async def test_an_emulator_with_one_trigger_for_everything_still_works(over_http):
    slack = over_http.slack
    one = "12345.98765.abcd2358fdea"
    for number in range(2):
        user = ("U0ADA", "U0BEN")[number]
        await over_http.ask(user, question={"value": f"{QUESTION} {number}"})
    for number in (1, 2):
        await slack.press(
            "U0MIA", "mentoring.claim", str(number), message={"ts": "1.1", "channel": MENTORS}, trigger_id=one
        )
    await over_http.settle()
    assert [words(slack.in_dm(user)[0]).count("has your question") > 0 for user in ("U0ADA", "U0BEN")] == [
        True,
        True,
    ]


async def test_half_an_emoji_or_nul_is_taken_for_what_is_around_it(place):
    """JSON can say both, no database keeps either, and one of them once stopped all reading back."""
    slack = place.slack
    typed = {
        "type": "message",
        "channel": slack.dm("U0ADA"),
        "user": "U0ADA",
        "channel_type": "im",
        "ts": "5.1",
    }
    assert kept(await slack.event({**typed, "text": "where do I \ud800 file\0?"}))
    renamed = {"id": "U0ADA", "real_name": "Ada \ud83d\0Lovelace", "tz": "America/New_York"}
    assert kept(await slack.event({"type": "user_change", "user": renamed}))
    await place.settle()
    assert any("file" in words(message) for message in slack.in_dm("U0ADA"))
    async with place.application.database.reading() as store:
        assert (await store.members.member("U0ADA")).name == "Ada Lovelace"
        assert await store.outgoing.census() == {}
    for action in ("deliveries.send_again", "members.approve", "races.details", "mentoring.claim"):
        for value in ("\ud800", "1\0", "\0"):
            assert kept(await slack.press("U0ADA", action, value)), action
