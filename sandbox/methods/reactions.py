"""reactions.* and pins.add."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox import shapes
from sandbox.calls import ApiError, Call, method

if TYPE_CHECKING:
    from sandbox.model import Json, Message

_NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")
REACTIONS_PER_MESSAGE = 50  # distinct ones


def _target(call: Call) -> Message:
    channel = call.channel(member=True)
    message = channel.messages.get(call.need("timestamp"))
    if message is None:
        raise ApiError("message_not_found")
    return message


def _name(call: Call) -> str:
    name = call.need("name").strip(":")
    if not _NAME.fullmatch(name):
        raise ApiError("invalid_name")
    return name


@method("reactions.add", "reactions:write")
def add(call: Call) -> Json:
    """React to a message."""
    name, message = _name(call), _target(call)
    if name not in message.reactions and len(message.reactions) >= REACTIONS_PER_MESSAGE:
        raise ApiError("too_many_emoji")
    if not call.workspace.react(message, call.app.bot_user_id, name):
        raise ApiError("already_reacted")
    return {}


@method("reactions.remove", "reactions:write")
def remove(call: Call) -> Json:
    """Take one's reaction back."""
    name, message = _name(call), _target(call)
    if not call.workspace.react(message, call.app.bot_user_id, name, remove=True):
        raise ApiError("no_reaction")
    return {}


@method("reactions.get", "reactions:read")
def get(call: Call) -> Json:
    """Give a message with its reactions."""
    message = _target(call)
    shape = shapes.message(call.workspace, message)
    return {"type": "message", "channel": message.channel, "message": shape}


@method("pins.add", "pins:write")
def pin(call: Call) -> Json:
    """Pin a message."""
    message = _target(call)
    if message.pinned:
        raise ApiError("already_pinned")
    message.pinned = True
    call.workspace.changed("message", channel=message.channel, ts=message.ts)
    return {}
