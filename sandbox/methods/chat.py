"""chat.*: posting, changing and deleting messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox import shapes
from sandbox.blocks import BLOCK_TEXT_IN_A_MESSAGE, check_message_blocks, text_length
from sandbox.calls import ApiError, Call, method, refused_by

if TYPE_CHECKING:
    from sandbox.model import Channel, Json, Message

TEXT_KEPT = 40_000
TEXT_OF_AN_UPDATE = 4_000
MARKDOWN_TEXT = 12_000
ATTACHMENTS = 100
METADATA_BYTES = 16_000  # not in Slack's method pages; the figure that is usually quoted
SCHEDULE_DAYS = 120
SCHEDULED_IN_FIVE_MINUTES = 30


def read_blocks(call: Call) -> list[Json] | None:
    """The `blocks` argument, checked; None if it is not given or empty."""
    blocks = call.json("blocks", "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    check_blocks(blocks)
    return blocks or None


def check_blocks(blocks: list[Json]) -> None:
    """Refuse blocks that a message may not carry, with all the reasons."""
    report = check_message_blocks(blocks)
    if report.found:
        raise refused_by(report, "invalid_blocks")
    if text_length(blocks) > BLOCK_TEXT_IN_A_MESSAGE:
        raise ApiError("msg_blocks_too_long")


def read_attachments(call: Call) -> list[Json] | None:
    """The `attachments` argument; its blocks are checked like a message's own."""
    attachments = call.json("attachments", "invalid_attachments")
    if attachments is None:
        return None
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise ApiError("invalid_attachments")
    if len(attachments) > ATTACHMENTS:
        raise ApiError("too_many_attachments")
    for index, attachment in enumerate(attachments):
        report = check_message_blocks(attachment.get("blocks", []), f"/attachments/{index}/blocks")
        if report.found:
            raise refused_by(report, "invalid_attachments")
    return attachments or None


def read_metadata(call: Call) -> Json | None:
    """The `metadata` argument: {"event_type": …, "event_payload": {…}}; {} means none."""
    metadata = call.json("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, Mapping):
        raise ApiError("invalid_metadata_format")
    if not metadata:
        return {}
    kind, payload = metadata.get("event_type"), metadata.get("event_payload", {})
    sound = isinstance(kind, str) and kind and isinstance(payload, Mapping)
    if not sound or metadata.keys() - {"event_type", "event_payload"}:
        raise ApiError("invalid_metadata_schema")
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > METADATA_BYTES:
        raise ApiError("metadata_too_large")
    return {"event_type": kind, "event_payload": dict(payload)}


def read_content(call: Call) -> dict[str, Any]:
    """`text`, `blocks`, `attachments` and `metadata` of a post, as `Workspace.post` takes them."""
    text = call.text("text")
    if "markdown_text" in call.args:
        if text or "blocks" in call.args:
            raise ApiError("markdown_text_conflict")
        if len(call.text("markdown_text")) > MARKDOWN_TEXT:
            raise ApiError("msg_too_long")
        text = call.text("markdown_text")
        blocks: list[Json] | None = [{"type": "markdown", "text": text}]
    else:
        blocks = read_blocks(call)
    attachments = read_attachments(call)
    if not text.strip() and not blocks and not attachments:
        raise ApiError("no_text")
    metadata = read_metadata(call)
    return {
        "text": text[:TEXT_KEPT],
        "blocks": blocks,
        "attachments": attachments,
        "metadata": metadata or None,
    }


def destination(call: Call) -> Channel:
    """Where `channel` sends a post: a conversation, or the direct message with the user it names."""
    where, workspace = call.need("channel"), call.workspace
    if where in workspace.users:
        return _direct(call, where)
    channel = workspace.channels.get(where)
    if channel is None and where.startswith("#"):
        channel = next((c for c in workspace.channels.values() if c.name == where[1:] and not c.is_im), None)
    if channel is None or (channel.is_private and call.app.bot_user_id not in channel.members):
        raise ApiError("channel_not_found")
    if channel.is_archived:
        raise ApiError("is_archived")
    if call.app.bot_user_id not in channel.members and "chat:write.public" not in call.app.scopes:
        raise ApiError("not_in_channel")
    return channel


def _direct(call: Call, user_id: str) -> Channel:
    user = call.workspace.users[user_id]
    if user.is_bot:
        raise ApiError("cannot_dm_bot")
    if call.app.messages_tab_off:
        raise ApiError("messages_tab_disabled")
    if user.deleted:
        # The conversation with somebody who has left stays, and posts to it are accepted
        # (python-slack-sdk issue 1156); a new one cannot be opened.
        channel = call.workspace.find_direct([user.id, call.app.bot_user_id])
        if channel is None:
            raise ApiError("channel_not_found")
        return channel
    return call.workspace.open_im(user, call.app.bot_user_id)


@method("chat.postMessage", "chat:write")
def post_message(call: Call) -> Json:
    """Post a message; the answer has the conversation's id even if a user was named."""
    channel = destination(call)
    content = read_content(call)
    thread_ts = call.text("thread_ts") or None
    if thread_ts is not None and thread_ts not in channel.messages:
        raise ApiError("thread_not_found")
    message = call.workspace.post(
        channel,
        call.app.bot_user_id,
        app=call.app,
        thread_ts=thread_ts,
        broadcast=call.flag("reply_broadcast"),
        **content,
    )
    shape = shapes.message(call.workspace, message)
    return {"channel": channel.id, "ts": message.ts, "message": shape}


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(call: Call) -> Json:
    """Show a message to one member of a conversation."""
    channel = destination(call)
    user = call.workspace.users.get(call.need("user"))
    if user is None or user.id not in channel.members:
        raise ApiError("user_not_in_channel")
    content = read_content(call)
    message = call.workspace.ephemeral(
        channel,
        user,
        content["text"],
        blocks=content["blocks"],
        app=call.app,
        thread_ts=call.text("thread_ts") or None,
    )
    return {"message_ts": message.ts}


def _own(call: Call, code: str) -> tuple[Channel, Message]:
    channel = call.workspace.channels.get(call.need("channel"))
    if channel is None or (channel.is_private and call.app.bot_user_id not in channel.members):
        raise ApiError("channel_not_found")
    message = call.message(channel)
    if message.app_id != call.app.app_id:
        raise ApiError(code)
    return channel, message


@method("chat.update", "chat:write")
def update(call: Call) -> Json:
    """Change a message of one's own. Text without blocks removes the blocks."""
    channel, message = _own(call, "cant_update_message")
    if channel.is_archived:
        raise ApiError("is_archived")
    text, blocks, attachments = call.text("text"), read_blocks(call), read_attachments(call)
    if not text and not blocks and not attachments:
        raise ApiError("no_text")
    if len(text) > TEXT_OF_AN_UPDATE:
        raise ApiError("msg_too_long")
    call.workspace.edit(
        message,
        by=call.app.bot_user_id,
        text=text,
        blocks=blocks,
        attachments=attachments if "attachments" in call.args else message.attachments,
        metadata=read_metadata(call),
    )
    shape = shapes.message(call.workspace, message)
    return {"channel": channel.id, "ts": message.ts, "text": text, "message": shape}


@method("chat.delete", "chat:write")
def delete(call: Call) -> Json:
    """Delete a message of one's own."""
    channel, message = _own(call, "cant_delete_message")
    call.workspace.delete(message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.getPermalink")
def get_permalink(call: Call) -> Json:
    """Give the address of a message."""
    channel = call.channel()
    message = call.message(channel, "message_ts")
    link = f"https://{call.workspace.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


@method("chat.scheduleMessage", "chat:write")
def schedule_message(call: Call) -> Json:
    """Post later. With metadata it is accepted and never posted, as Slack's documentation warns."""
    channel = destination(call)
    post_at, now = call.number("post_at", 0), call.workspace.now()
    if post_at <= now:
        raise ApiError("time_in_past")
    if post_at > now + SCHEDULE_DAYS * 86_400:
        raise ApiError("time_too_far")
    near = [
        one
        for one in call.workspace.scheduled.values()
        if one["channel"] == channel.id and one["post_at"] // 300 == post_at // 300
    ]
    if len(near) >= SCHEDULED_IN_FIVE_MINUTES:
        raise ApiError("restricted_too_many")
    content = read_content(call)
    key = call.workspace.next_id("Q")
    call.workspace.scheduled[key] = {
        "id": key,
        "app_id": call.app.app_id,
        "channel": channel.id,
        "post_at": post_at,
        "date_created": int(now),
        "thread_ts": call.text("thread_ts") or None,
        **content,
    }
    call.workspace.changed("channel", channel=channel.id)
    shape = {"text": content["text"], "type": "delayed_message", "bot_id": call.app.bot_id}
    return {"channel": channel.id, "scheduled_message_id": key, "post_at": post_at, "message": shape}


@method("chat.deleteScheduledMessage", "chat:write")
def delete_scheduled(call: Call) -> Json:
    """Take a scheduled message back, up to a minute before it is due."""
    key, channel = call.need("scheduled_message_id"), call.need("channel")
    known = call.workspace.scheduled.get(key)
    if known is None or known["channel"] != channel or known["post_at"] - call.workspace.now() < 60:  # noqa: PLR2004
        raise ApiError("invalid_scheduled_message_id")
    del call.workspace.scheduled[key]
    return {}


@method("chat.scheduledMessages.list")
def scheduled_messages(call: Call) -> Json:
    """List what is still to be posted."""
    mine = [one for one in call.workspace.scheduled.values() if one["app_id"] == call.app.app_id]
    if call.text("channel"):
        mine = [one for one in mine if one["channel"] == call.text("channel")]
    found, cursor = call.page(sorted(mine, key=lambda one: one["post_at"]), 100, 1000)
    return {
        "scheduled_messages": [
            {
                "id": one["id"],
                "channel_id": one["channel"],
                "post_at": one["post_at"],
                "date_created": one["date_created"],
                "text": one["text"],
            }
            for one in found
        ],
        "response_metadata": {"next_cursor": cursor},
    }
