"""conversations.history and conversations.replies: reading back what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import shapes
from sandbox.calls import ApiError, Call, method

if TYPE_CHECKING:
    from sandbox.model import Channel, Json, Message

SCOPES = {
    "channel": "channels:history",
    "group": "groups:history",
    "im": "im:history",
    "mpim": "mpim:history",
}
ANY_SCOPE = tuple(SCOPES.values())
PAGE = 999


def _ts(call: Call, name: str, default: str) -> tuple[int, int]:
    value = call.text(name, default) or default
    whole, _, part = value.partition(".")
    if not whole.isdigit() or (part and not part.isdigit()):
        raise ApiError(f"invalid_ts_{name}")
    return int(whole), int(part.ljust(6, "0")[:6] or 0)


def _when(message: Message) -> tuple[int, int]:
    whole, _, part = message.ts.partition(".")
    return int(whole), int(part)


def _window(call: Call, messages: list[Message]) -> list[Message]:
    oldest, latest = _ts(call, "oldest", "0"), _ts(call, "latest", "99999999999")
    if call.flag("inclusive"):
        return [m for m in messages if oldest <= _when(m) <= latest]
    return [m for m in messages if oldest < _when(m) < latest]


def _channel(call: Call) -> Channel:
    channel = call.channel(member=True)
    call.scope(SCOPES[channel.type])
    return channel


@method("conversations.history", *ANY_SCOPE)
def history(call: Call) -> Json:
    """Give a conversation's messages, newest first, thread replies left out."""
    channel = _channel(call)
    fit = list(reversed(_window(call, channel.timeline())))
    found, cursor = call.page(fit, 100, PAGE)
    everything = call.flag("include_all_metadata")
    answer: Json = {
        "messages": [shapes.message(call.workspace, m, all_metadata=everything) for m in found],
        "has_more": bool(cursor),
        "pin_count": sum(m.pinned for m in channel.messages.values()),
    }
    if call.text("latest"):
        answer["latest"] = call.text("latest")
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


@method("conversations.replies", *ANY_SCOPE)
def replies(call: Call) -> Json:
    """Give a thread, oldest first: its parent and every reply."""
    channel = _channel(call)
    said = call.message(channel) if call.need("ts") in channel.messages else None
    if said is None:
        raise ApiError("thread_not_found")
    thread = channel.thread(said.thread_ts or said.ts)
    fit = [thread[0], *_window(call, thread[1:])]
    found, cursor = call.page(fit, PAGE, PAGE)
    everything = call.flag("include_all_metadata")
    answer: Json = {
        "messages": [shapes.message(call.workspace, m, all_metadata=everything) for m in found],
        "has_more": bool(cursor),
    }
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})
