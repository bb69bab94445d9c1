"""What is the case in a workspace, and what a person sees of it."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.faults import Faults
from sandbox.fields import fresh_state
from sandbox.person import ClientRefused
from sandbox.traffic import without_secrets
from sandbox.typed import as_sent, rich_text
from sandbox.words import buttons_of, words_of
from tests.sandbox.tiny import actions, button, modal, question, text


async def test_a_person_reads_up_to_where_they_read(sandbox, ann, ben, hall):
    workspace = sandbox.workspace
    workspace.join(hall, ben.id)
    for words in ("one", "two"):
        workspace.post(hall, ann.id, words)
    assert (workspace.unread(ben.id, hall), workspace.unread(ann.id, hall)) == (2, 0)
    workspace.mark_read(ben.id, hall)
    assert workspace.unread(ben.id, hall) == 0
    workspace.post(hall, ann.id, "three")
    assert workspace.unread(ben.id, hall) == 1


async def test_whoever_subscribes_hears_of_every_change(sandbox, ann, hall):
    queue = sandbox.workspace.subscribe()
    said = sandbox.workspace.post(hall, ann.id, "x")
    change = queue.get_nowait()
    assert (change.kind, change.channel, change.ts) == ("message", hall.id, said.ts)
    sandbox.workspace.unsubscribe(queue)
    sandbox.workspace.post(hall, ann.id, "y")
    assert queue.empty()


async def test_a_deleted_message_with_answers_leaves_a_tombstone(sandbox, ann, hall):
    parent = sandbox.workspace.post(hall, ann.id, "question")
    sandbox.workspace.post(hall, ann.id, "answer", thread_ts=parent.ts)
    sandbox.workspace.delete(parent)
    assert [m.text for m in hall.thread(parent.ts)] == ["This message was deleted.", "answer"]
    alone = sandbox.workspace.post(hall, ann.id, "alone")
    sandbox.workspace.delete(alone)
    assert alone.ts not in hall.messages
    assert alone.deleted


async def test_whoever_is_deactivated_leaves_the_channels_and_can_do_nothing(sandbox, ann, hall):
    sandbox.workspace.deactivate(ann.id)
    assert ann.id not in hall.members
    with pytest.raises(ClientRefused, match="deactivated"):
        await ann.say(hall.id, "hello?")


async def test_a_private_conversation_is_closed_to_others(sandbox, installed, ann, ben):
    with pytest.raises(PermissionError):
        ben.messages(ann.dm_channel.id)
    with pytest.raises(ClientRefused):
        await ben.say(ann.dm_channel.id, "let me in")


async def test_a_read_only_messages_tab_takes_no_words(sandbox, installed, ann):
    installed.manifest["features"]["app_home"]["messages_tab_read_only_enabled"] = True
    with pytest.raises(ClientRefused, match="turned off"):
        await ann.say(ann.dm_channel.id, "hello")


async def test_waiting_ends_with_what_was_waited_for_or_says_so(sandbox, ann, hall):
    async def later():
        await asyncio.sleep(0.05)
        sandbox.workspace.post(hall, ann.id, "finally <@U0ANN>")

    task = asyncio.create_task(later())
    found = await ann.wait_message("finally", hall.id)
    assert found.text.startswith("finally")
    await task
    with pytest.raises(TimeoutError):
        await ann.wait_message("never", hall.id, timeout=0.2)


def test_words_are_what_a_reader_sees():
    blocks = [
        {"type": "header", "text": text("A & B")},
        {"type": "section", "text": {"type": "mrkdwn", "text": "see <https://x.org|the &lt;page&gt;>"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "<!date^1^{date}|Apr 1>"}]},
        actions(button("a", "Claim"), button("b", "Pass")),
    ]
    assert words_of("top &amp; text", blocks) == "top & text\nA & B\nsee the <page>\nApr 1\nClaim\nPass"
    assert buttons_of(blocks) == ["Claim", "Pass"]


def test_typed_text_is_escaped_and_names_become_mentions(sandbox, ann, hall):
    workspace = sandbox.workspace
    assert as_sent(workspace, "<!channel> & @ann") == "&lt;!channel&gt; &amp; <@U0ANN>"
    assert as_sent(workspace, "<@U0ANN> a@ann.org") == "<@U0ANN> a@ann.org"
    assert as_sent(workspace, "@channel") == "<!channel>"
    [block] = rich_text(workspace, "hi <@U0ANN>!")
    kinds = [element["type"] for element in block["elements"][0]["elements"]]
    assert kinds == ["text", "user", "text"]


def test_state_starts_with_initial_values_and_empty_ones():
    blocks = [
        question({"type": "plain_text_input", "action_id": "a", "initial_value": "x"}, "a"),
        question({"type": "multi_users_select", "action_id": "b"}, "b"),
        question({"type": "checkboxes", "action_id": "c", "options": []}, "c"),
        actions(button("d")),
    ]
    assert fresh_state(blocks, {}) == {
        "values": {
            "a": {"a": {"type": "plain_text_input", "value": "x"}},
            "b": {"b": {"type": "multi_users_select", "selected_users": []}},
            "c": {"c": {"type": "checkboxes", "selected_options": []}},
        }
    }


ELEMENTS = [
    ({"type": "number_input", "is_decimal_allowed": False, "min_value": "1"}, "0", "at least 1"),
    ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "whole number"),
    ({"type": "email_text_input"}, "ann", "valid email"),
    ({"type": "url_text_input"}, "example", "valid URL"),
    ({"type": "datepicker"}, "tomorrow", "not a date"),
    ({"type": "timepicker"}, "25:00", "not a time"),
    ({"type": "users_select"}, "U0NONE", "not a user"),
    ({"type": "channels_select"}, "C0NONE", "not a conversation"),
    ({"type": "multi_users_select", "max_selected_items": 1}, ["U0ANN", "U0BEN"], "at most 1"),
    ({"type": "plain_text_input", "max_length": 3}, "four", "at most 3"),
    ({"type": "checkboxes", "options": [{"text": text("Yes"), "value": "y"}]}, ["n"], "not among"),
    ({"type": "plain_text_input"}, "", "required"),
]


@pytest.mark.parametrize(("element", "value", "why"), ELEMENTS)
async def test_slacks_client_does_not_send_what_it_can_see_is_wrong(
    sandbox, installed, api, ann, ben, element, value, why
):
    view = modal(question(element | {"action_id": "a"}, "field"))
    await api.views_open(trigger_id=sandbox.workspace.new_trigger(installed, ann.id), view=view)
    with pytest.raises(ClientRefused, match=why) as refused:
        await ann.submit({"a": value})
    assert refused.value.field == "field"
    assert not [e for e in sandbox.traffic if e.direction == "delivery"]


def test_secrets_are_cut_wherever_they_stand():
    text_with = "xoxb-1-abc and xapp-1-A0-def and http://127.0.0.1:1/actions/T0/abcdef"
    assert without_secrets({"a": [text_with], "token": "t"}) == {
        "a": ["[token] and [token] and http://127.0.0.1:1/actions/…"],
        "token": "[cut]",
    }


def test_a_fault_of_no_kind_is_refused():
    with pytest.raises(ValueError, match="unknown fault"):
        Faults().add("earthquake")
    with pytest.raises(ValueError, match="unknown faults"):
        Faults().random(1, {"earthquake": 0.1})
