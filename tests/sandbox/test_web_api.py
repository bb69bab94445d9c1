"""The Web API as an app sees it: arguments, answers and refusals."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.sandbox.tiny import MANIFEST, SCOPES, actions, button, modal, text


async def post(api, channel, words="hello", **more):
    return (await api.chat_postMessage(channel=channel, text=words, **more)).data


async def test_a_token_says_whose_it_is_and_what_it_may(api, installed):
    answer = await api.auth_test()
    assert answer["user_id"] == installed.bot_user_id
    assert answer["bot_id"] == installed.bot_id
    assert answer.headers["X-OAuth-Scopes"].split(",") == SCOPES


async def test_without_a_good_token_nothing_works(raw, sandbox, installed):
    async def said(**headers):
        async with raw.post(sandbox.api_url + "auth.test", headers=headers) as answer:
            return (await answer.json())["error"]

    assert await said() == "not_authed"
    assert await said(Authorization="Bearer xoxb-guess") == "invalid_auth"
    assert await said(Authorization=f"Bearer {installed.app_token}") == "not_allowed_token_type"
    installed.revoked = True
    assert await said(Authorization=f"Bearer {installed.bot_token}") == "account_inactive"


async def test_a_missing_scope_is_named(api, error, installed, ann):
    installed.scopes.remove("users:read")
    refusal = await error("users.info", user=ann.id)
    assert refusal["error"] == "missing_scope"
    assert refusal["needed"] == "users:read"
    assert "chat:write" in refusal["provided"]


async def test_arguments_come_as_json_or_as_a_form(raw, sandbox, installed, hall):
    headers = {"Authorization": f"Bearer {installed.bot_token}"}
    blocks = [{"type": "divider"}]
    url = sandbox.api_url + "chat.postMessage"
    arguments = {"channel": hall.id, "text": "both"}
    async with raw.post(url, json=arguments | {"blocks": blocks}, headers=headers) as answer:
        as_json = await answer.json()
    async with raw.post(
        url, data=arguments | {"blocks": json.dumps(blocks), "token": installed.bot_token}
    ) as answer:
        as_form = await answer.json()
    assert as_json["message"]["blocks"][0]["type"] == as_form["message"]["blocks"][0]["type"] == "divider"
    async with raw.post(
        url, data=b"{not json", headers=headers | {"Content-Type": "application/json"}
    ) as answer:
        assert (await answer.json())["error"] == "invalid_json"
    async with raw.get(sandbox.api_url + "users.info?user=U0ANN", headers=headers) as answer:
        assert (await answer.json())["user"]["name"] == "ann"


async def test_an_unknown_method_is_refused(error):
    assert (await error("chat.shout", channel="C1"))["error"] == "unknown_method"


async def test_a_post_to_a_user_lands_in_the_direct_message(api, ann):
    answer = await post(api, ann.id)
    assert answer["channel"] == ann.dm_channel.id
    assert answer["channel"].startswith("D")
    assert [m.text for m in ann.dm] == ["hello"]


async def test_a_posted_message_carries_what_slack_adds(api, installed, hall):
    answer = await post(api, hall.id, blocks=[actions({"type": "button", "text": text("B")})])
    message = answer["message"]
    assert message["bot_id"] == installed.bot_id
    assert message["app_id"] == installed.app_id
    assert message["user"] == installed.bot_user_id
    element = message["blocks"][0]["elements"][0]
    assert element["action_id"]
    assert element["text"]["emoji"] is True


async def test_timestamps_grow_even_if_the_clock_stands(api, sandbox, hall):
    sandbox.workspace.now = lambda: 1_900_000_000.0
    stamps = [(await post(api, hall.id))["ts"] for _ in range(5)]
    assert stamps == [f"1900000000.{number:06}" for number in range(5)]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"channel": "C0NONE", "text": "x"}, "channel_not_found"),
        ({"channel": "U0NONE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0HALL"}, "no_text"),
        ({"channel": "C0HALL", "text": "  "}, "no_text"),
        ({"text": "x"}, "invalid_arguments"),
        ({"channel": "C0HALL", "text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ({"channel": "C0HALL", "text": "x", "blocks": [{"type": "banner"}]}, "invalid_blocks"),
        ({"channel": "C0HALL", "text": "x", "metadata": {"event_payload": {}}}, "invalid_metadata_schema"),
        ({"channel": "C0HALL", "text": "x", "metadata": "nope"}, "invalid_metadata_format"),
        (
            {
                "channel": "C0HALL",
                "text": "x",
                "metadata": {"event_type": "e", "event_payload": {"k": "x" * 16_000}},
            },
            "metadata_too_large",
        ),
        ({"channel": "C0HALL", "text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"channel": "C0HALL", "text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
        ({"channel": "C0HALL", "text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
        (
            {
                "channel": "C0HALL",
                "text": "x",
                "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "y" * 2401}}] * 5,
            },
            "msg_blocks_too_long",
        ),
    ],
)
async def test_a_post_is_refused_with_slacks_word_for_it(error, hall, arguments, code):
    assert (await error("chat.postMessage", **arguments))["error"] == code


async def test_the_reasons_of_a_refusal_reach_the_caller_and_the_inspector(error, sandbox, hall):
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]
    refusal = await error("chat.postMessage", channel=hall.id, text="x", blocks=blocks)
    why = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert refusal["response_metadata"]["messages"] == [f"[ERROR] {why}"]
    assert refusal["errors"] == [why]
    rejected = sandbox.traffic.rejected()[-1]
    assert (rejected.what, rejected.error, rejected.messages) == (
        "chat.postMessage",
        "invalid_blocks",
        [f"[ERROR] {why}"],
    )


async def test_a_channel_the_app_is_not_in_is_closed_to_it(api, error, installed, sandbox, ann):
    open_one = sandbox.workspace.add_channel("open", members=[ann.id])
    hidden = sandbox.workspace.add_channel("hidden", private=True, members=[ann.id])
    assert (await error("chat.postMessage", channel=open_one.id, text="x"))["error"] == "not_in_channel"
    assert (await error("chat.postMessage", channel=hidden.id, text="x"))["error"] == "channel_not_found"
    assert (await error("conversations.info", channel=hidden.id))["error"] == "channel_not_found"
    assert (await error("conversations.history", channel=open_one.id))["error"] == "not_in_channel"
    installed.scopes.append("chat:write.public")
    assert (await post(api, open_one.id))["ok"]
    await api.conversations_join(channel=open_one.id)
    assert installed.bot_user_id in open_one.members
    sandbox.workspace.archive(open_one)
    assert (await error("chat.postMessage", channel=open_one.id, text="x"))["error"] == "is_archived"


async def test_text_beyond_forty_thousand_characters_is_cut(api, hall):
    assert len((await post(api, hall.id, "x" * 40_001))["message"]["text"]) == 40_000


async def test_an_update_with_text_alone_removes_the_blocks_and_keeps_the_history(api, error, hall, ann):
    sent = await post(
        api,
        hall.id,
        "before",
        blocks=[actions(button("a"))],
        metadata={"event_type": "k", "event_payload": {"n": 1}},
    )
    await api.chat_update(channel=hall.id, ts=sent["ts"], text="after")
    message = ann.messages(hall.id)[0]
    assert (message.text, message.blocks, message.edited) == ("after", None, True)
    assert [(edit.text, edit.blocks is not None) for edit in message.edits] == [("before", True)]
    assert message.metadata == {"event_type": "k", "event_payload": {"n": 1}}
    await api.chat_update(channel=hall.id, ts=sent["ts"], text="again", metadata={})
    assert message.metadata is None
    assert (await error("chat.update", channel=hall.id, ts=sent["ts"], text="x" * 4001))[
        "error"
    ] == "msg_too_long"
    assert (await error("chat.update", channel=hall.id, ts="1.000000", text="x"))[
        "error"
    ] == "message_not_found"


async def test_only_ones_own_messages_can_be_changed(error, sandbox, hall, ann):
    said = sandbox.workspace.post(hall, ann.id, "mine")
    assert (await error("chat.update", channel=hall.id, ts=said.ts, text="x"))[
        "error"
    ] == "cant_update_message"
    assert (await error("chat.delete", channel=hall.id, ts=said.ts))["error"] == "cant_delete_message"


async def test_a_deleted_message_leaves_the_history(api, error, hall, ann):
    sent = await post(api, hall.id)
    await api.chat_delete(channel=hall.id, ts=sent["ts"])
    assert ann.messages(hall.id) == []
    assert (await api.conversations_history(channel=hall.id))["messages"] == []
    assert (await error("chat.delete", channel=hall.id, ts=sent["ts"]))["error"] == "message_not_found"


async def test_history_is_newest_first_and_pages(api, hall):
    for number in range(7):
        await post(api, hall.id, str(number), metadata={"event_type": "n", "event_payload": {"n": number}})
    first = await api.conversations_history(channel=hall.id, limit=3)
    assert [m["text"] for m in first["messages"]] == ["6", "5", "4"]
    assert first["has_more"]
    assert first["messages"][0]["metadata"] == {"event_type": "n"}
    cursor = first["response_metadata"]["next_cursor"]
    second = await api.conversations_history(
        channel=hall.id, limit=3, cursor=cursor, include_all_metadata=True
    )
    assert [m["metadata"]["event_payload"]["n"] for m in second["messages"]] == [3, 2, 1]
    third = second["messages"][0]["ts"]
    after = await api.conversations_history(channel=hall.id, oldest=third)
    assert [m["text"] for m in after["messages"]] == ["6", "5", "4"]
    since = await api.conversations_history(channel=hall.id, oldest=third, inclusive=True)
    assert len(since["messages"]) == 4


async def test_replies_belong_to_the_thread_and_not_to_the_history(api, hall):
    parent = await post(api, hall.id, "parent")
    reply = await post(api, hall.id, "reply", thread_ts=parent["ts"])
    await post(api, hall.id, "reply to the reply", thread_ts=reply["ts"])
    history = (await api.conversations_history(channel=hall.id))["messages"]
    assert [m["text"] for m in history] == ["parent"]
    assert history[0]["reply_count"] == 2
    thread = (await api.conversations_replies(channel=hall.id, ts=parent["ts"]))["messages"]
    assert [m["text"] for m in thread] == ["parent", "reply", "reply to the reply"]


async def test_the_same_people_find_the_same_conversation(api, error, installed, sandbox, ann, ben):
    one = await api.conversations_open(users=ann.id)
    assert one["channel"]["id"] == ann.dm_channel.id
    both = await api.conversations_open(users=[ann.id, ben.id])
    again = await api.conversations_open(users=f"{ben.id},{ann.id}", return_im=True)
    assert both["channel"]["id"] == again["channel"]["id"]
    assert again["already_open"]
    assert again["channel"]["is_mpim"]
    assert both["channel"]["id"].startswith("C")
    sandbox.workspace.deactivate(ben.id)
    assert (await error("conversations.open", users=ben.id))["error"] == "user_disabled"
    assert (await error("conversations.open", users="U0NONE"))["error"] == "user_not_found"
    assert (await error("conversations.open"))["error"] == "users_list_not_supplied"
    assert (await error("conversations.open", users=installed.bot_user_id))["error"] == "cannot_dm_bot"
    crowd = [sandbox.workspace.add_user(f"p{n}").id for n in range(9)]
    assert (await error("conversations.open", users=crowd))["error"] == "too_many_users"


async def test_a_deactivated_person_keeps_an_old_conversation_and_gets_no_new_one(
    api, error, sandbox, ann, ben
):
    await post(api, ann.id)
    sandbox.workspace.deactivate(ann.id)
    sandbox.workspace.deactivate(ben.id)
    assert (await post(api, ann.id))["ok"]
    assert (await error("chat.postMessage", channel=ben.id, text="x"))["error"] == "channel_not_found"


async def test_users_are_described_as_slack_does(api, error, installed, sandbox, ann, ben):
    user = (await api.users_info(user=ben.id))["user"]
    assert user["tz"] == "America/Los_Angeles"
    assert user["tz_offset"] in {-28_800, -25_200}
    assert user["profile"]["email"] == "ben@example.org"
    assert (user["deleted"], user["is_bot"], user["is_restricted"]) == (False, False, False)
    assert (await api.users_lookupByEmail(email="BEN@example.org"))["user"]["id"] == ben.id
    assert (await error("users.lookupByEmail", email="ben@example.or"))["error"] == "users_not_found"
    sandbox.workspace.deactivate(ben.id)
    gone = (await api.users_info(user=ben.id))["user"]
    assert gone["deleted"]
    assert "tz" not in gone
    installed.scopes.remove("users:read.email")
    assert "email" not in (await api.users_info(user=ann.id))["user"]["profile"]


async def test_lists_page_with_cursors(api, sandbox, installed):
    for number in range(5):
        sandbox.workspace.add_user(f"p{number}")
    first = await api.users_list(limit=4)
    rest = await api.users_list(limit=4, cursor=first["response_metadata"]["next_cursor"])
    assert len(first["members"]) == 4
    assert len(first["members"]) + len(rest["members"]) == len(sandbox.workspace.users)
    assert rest["response_metadata"]["next_cursor"] == ""


async def test_conversations_are_listed_by_type_and_membership(api, sandbox, installed, hall, ann):
    sandbox.workspace.add_channel("hidden", private=True, members=[ann.id])
    sandbox.workspace.add_channel("inside", private=True, members=[ann.id, installed.bot_user_id])
    public = (await api.conversations_list())["channels"]
    private = (await api.conversations_list(types="private_channel"))["channels"]
    assert [(c["name"], c["is_member"]) for c in public] == [("hall", True)]
    assert [c["name"] for c in private] == ["inside"]
    assert (await api.conversations_members(channel=hall.id))["members"] == hall.members


async def test_an_ephemeral_message_is_seen_by_one_person_and_kept_nowhere(api, error, hall, ann, ben):
    await api.chat_postEphemeral(channel=hall.id, user=ann.id, text="psst")
    assert [m.words for m in ann.ephemerals(hall.id)] == ["psst"]
    assert ben.ephemerals() == []
    assert ann.messages(hall.id) == []
    refusal = await error("chat.postEphemeral", channel=hall.id, user=ben.id, text="psst")
    assert refusal["error"] == "user_not_in_channel"


async def test_a_reaction_counts_once(api, error, hall, ann):
    sent = await post(api, hall.id)
    await api.reactions_add(channel=hall.id, timestamp=sent["ts"], name="eyes")
    again = await error("reactions.add", channel=hall.id, timestamp=sent["ts"], name="eyes")
    assert again["error"] == "already_reacted"
    got = (await api.reactions_get(channel=hall.id, timestamp=sent["ts"]))["message"]["reactions"]
    assert [(one["name"], one["count"]) for one in got] == [("eyes", 1)]
    await api.reactions_remove(channel=hall.id, timestamp=sent["ts"], name="eyes")
    gone = await error("reactions.remove", channel=hall.id, timestamp=sent["ts"], name="eyes")
    assert gone["error"] == "no_reaction"


async def test_a_file_is_uploaded_in_two_steps_and_shared(api, hall, ann, sandbox):
    answer = await api.files_upload_v2(
        channel=hall.id, filename="race.ics", content="BEGIN:VCALENDAR", title="Race", initial_comment="Here"
    )
    shared = ann.messages(hall.id)[-1]
    assert shared.text == "Here"
    kept = sandbox.workspace.files[shared.files[0]]
    assert (kept.name, kept.title, kept.size) == ("race.ics", "Race", 15)
    assert (await api.files_info(file=answer["files"][0]["id"]))["file"]["mimetype"] == "text/calendar"


async def test_a_message_scheduled_comes_when_its_time_has_come(api, error, sandbox, hall, ann):
    clock = {"now": 1_795_000_000.0}
    sandbox.workspace.now = lambda: clock["now"]
    at = int(clock["now"]) + 600
    await api.chat_scheduleMessage(channel=hall.id, post_at=at, text="later")
    await api.chat_scheduleMessage(
        channel=hall.id, post_at=at, text="never", metadata={"event_type": "e", "event_payload": {}}
    )
    assert sandbox.workspace.post_due() == 0
    clock["now"] += 600
    await ann.wait_message("later", hall.id)
    assert [m.text for m in ann.messages(hall.id)] == ["later"]
    past = await error("chat.scheduleMessage", channel=hall.id, post_at=at - 1, text="x")
    far = await error("chat.scheduleMessage", channel=hall.id, post_at=at + 121 * 86_400, text="x")
    assert (past["error"], far["error"]) == ("time_in_past", "time_too_far")


async def test_a_trigger_opens_one_view_within_three_seconds(api, error, sandbox, installed, ann):
    clock = {"now": 1_795_000_000.0}
    sandbox.workspace.now = lambda: clock["now"]
    view = modal({"type": "divider"})
    trigger = sandbox.workspace.new_trigger(installed, ann.id)
    opened = await api.views_open(trigger_id=trigger, view=view)
    assert ann.modal.id == opened["view"]["id"]
    assert (await error("views.open", trigger_id=trigger, view=view))["error"] == "exchanged_trigger_id"
    late = sandbox.workspace.new_trigger(installed, ann.id)
    clock["now"] += 3.1
    assert (await error("views.open", trigger_id=late, view=view))["error"] == "expired_trigger_id"
    assert (await error("views.open", trigger_id="1.2.3", view=view))["error"] == "invalid_trigger_id"


async def test_a_stack_is_three_views_deep(api, error, sandbox, installed, ann):
    view = modal({"type": "divider"})
    await api.views_open(trigger_id=sandbox.workspace.new_trigger(installed, ann.id), view=view)

    def trigger():
        return sandbox.workspace.new_trigger(installed, ann.id, ann.modal.id)

    second = await api.views_push(trigger_id=trigger(), view=view)
    await api.views_push(trigger_id=trigger(), view=view)
    assert (await error("views.push", trigger_id=trigger(), view=view))["error"] == "push_limit_reached"
    assert [v.root_view_id for v in ann.modals] == [ann.modals[0].id] * 3
    assert second["view"]["previous_view_id"] == ann.modals[0].id


async def test_a_hash_guards_an_update_and_typed_values_survive_it(api, error, sandbox, installed, ann):
    field = {
        "type": "input",
        "block_id": "b",
        "label": text("l"),
        "element": {"type": "plain_text_input", "action_id": "a"},
    }
    trigger = sandbox.workspace.new_trigger(installed, ann.id)
    opened = (await api.views_open(trigger_id=trigger, view=modal(field)))["view"]
    await ann.fill({"a": "typed"})
    updated = await api.views_update(
        view_id=opened["id"], hash=opened["hash"], view=modal({"type": "divider"}, field)
    )
    assert updated["view"]["state"]["values"]["b"]["a"]["value"] == "typed"
    stale = await error("views.update", view_id=opened["id"], hash=opened["hash"], view=modal(field))
    assert stale["error"] == "hash_conflict"
    renamed = field | {"block_id": "c"}
    await api.views_update(view_id=opened["id"], view=modal(renamed))
    assert ann.modal.values == {"c": None, "a": None}
    assert (await error("views.update", view_id="V0NONE", view=modal(field)))["error"] == "not_found"


async def test_a_bad_view_is_refused_with_the_place(error, sandbox, installed, ann):
    refusal = await error(
        "views.publish", user_id=ann.id, view={"type": "home", "blocks": [{"type": "section"}]}
    )
    assert refusal["error"] == "invalid_arguments"
    assert refusal["response_metadata"]["messages"] == [
        "[ERROR] missing required field: text [json-pointer:/view/blocks/0]"
    ]


async def test_a_home_tab_belongs_to_one_person(api, error, ann, ben):
    def home(words):
        return {"type": "home", "blocks": [{"type": "header", "text": text(words)}]}

    first = await api.views_publish(user_id=ann.id, view=home("Ann's"))
    assert (ann.home.words, ben.home) == ("Ann's", None)
    await api.views_publish(user_id=ann.id, view=home("Ann's again"), hash=first["view"]["hash"])
    assert ann.home.id == first["view"]["id"]
    stale = await error("views.publish", user_id=ann.id, view=home("x"), hash=first["view"]["hash"])
    assert stale["error"] == "hash_conflict"
    assert (await error("views.publish", user_id="U0NONE", view=home("x")))["error"] == "invalid_arguments"


async def test_no_token_is_ever_in_the_traffic(api, raw, sandbox, installed, hall):
    await api.auth_test()
    await post(api, hall.id, f"my token is {installed.bot_token}")
    await api.api_call("api.test", json={"secret": {"token": installed.app_token}, "as": installed.app_token})
    await raw.post(sandbox.api_url + "auth.test", data={"token": installed.bot_token})
    seen = json.dumps([(e.request, e.response) for e in sandbox.traffic])
    assert len(sandbox.traffic.calls()) == 4
    for secret in (installed.bot_token, installed.app_token, installed.signing_secret):
        assert secret not in seen


async def test_an_app_installed_again_keeps_its_ids_and_tokens(sandbox, installed):
    before = (installed.app_id, installed.bot_user_id, installed.bot_token, installed.signing_secret)
    again = sandbox.install(MANIFEST | {"settings": {}}, scopes=["chat:write"])
    assert (again.app_id, again.bot_user_id, again.bot_token, again.signing_secret) == before
    assert again.scopes == ["chat:write"]
    assert again.events == []


async def test_two_hundred_posts_at_once_all_arrive_in_order_of_their_timestamps(api, hall, ann):
    await asyncio.gather(*(post(api, hall.id, str(number)) for number in range(200)))
    stamps = [m.ts for m in ann.messages(hall.id)]
    assert len(stamps) == 200
    assert stamps == sorted(set(stamps))
