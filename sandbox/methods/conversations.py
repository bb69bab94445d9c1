"""conversations.*: opening, finding and joining."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import shapes
from sandbox.calls import ApiError, Call, method

if TYPE_CHECKING:
    from sandbox.model import Channel, Json, User

USERS_IN_A_GROUP = 8
READ = {"channel": "channels:read", "group": "groups:read", "im": "im:read", "mpim": "mpim:read"}
ANY_READ = tuple(READ.values())


@method("conversations.open", "im:write", "mpim:write")
def open_conversation(call: Call) -> Json:
    """Open a direct message (one user) or a group DM (2 to 8); the same people, the same conversation."""
    workspace = call.workspace
    if call.text("channel"):
        channel = call.channel()
        if not channel.is_im and not channel.is_mpim:
            raise ApiError("method_not_supported_for_channel_type")
        return _opened(call, channel, known=True)
    ids = list(dict.fromkeys(call.names("users")))
    if not ids:
        raise ApiError("users_list_not_supplied")
    if len(ids) > USERS_IN_A_GROUP:
        raise ApiError("too_many_users")
    users = [_partner(call, one) for one in ids]
    others = [user for user in users if user.id != call.app.bot_user_id]
    if not others:
        raise ApiError("cannot_dm_bot")
    if len(others) == 1:
        call.scope("im:write")
        wanted = {others[0].id, call.app.bot_user_id}
    else:
        call.scope("mpim:write")
        wanted = {user.id for user in others} | {call.app.bot_user_id}
    known = workspace.find_direct(wanted)
    if known is not None:
        return _opened(call, known, known=True)
    if call.flag("prevent_creation"):
        raise ApiError("channel_not_found")
    if len(others) == 1:
        channel = workspace.open_im(others[0], call.app.bot_user_id)
    else:
        channel = workspace.open_mpim([call.app.bot_user_id, *others], creator=call.app.bot_user_id)
    return _opened(call, channel, known=False)


def _partner(call: Call, user_id: str) -> User:
    user = call.workspace.users.get(user_id)
    if user is None:
        raise ApiError("user_not_found")
    if user.deleted:
        raise ApiError("user_disabled")
    if user.is_bot and user.id != call.app.bot_user_id:
        raise ApiError("cannot_dm_bot")
    return user


def _opened(call: Call, channel: Channel, *, known: bool) -> Json:
    full = call.flag("return_im") or channel.is_mpim
    shape = (
        shapes.channel(call.workspace, channel, viewer=call.app.bot_user_id) if full else {"id": channel.id}
    )
    more = {"no_op": True, "already_open": True} if known else {}
    return {"channel": shape, **more}


@method("conversations.info", *ANY_READ)
def info(call: Call) -> Json:
    """Describe one conversation."""
    channel = call.channel()
    call.scope(READ[channel.type])
    counted = call.flag("include_num_members")
    shape = shapes.channel(call.workspace, channel, viewer=call.app.bot_user_id, num_members=counted)
    if call.app.bot_user_id in channel.members:
        shape["last_read"] = channel.last_read.get(call.app.bot_user_id, "0000000000.000000")
    return {"channel": shape}


def _wanted_types(call: Call) -> set[str]:
    names = call.names("types") or ["public_channel"]
    types = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
    if set(names) - types.keys():
        raise ApiError("invalid_types")
    for name in names:
        call.scope(READ[types[name]])
    return {types[name] for name in names}


def _listed(call: Call, channels: list[Channel], *, members: bool) -> Json:
    types, hide = _wanted_types(call), call.flag("exclude_archived")
    fit = [c for c in channels if c.type in types and not (hide and c.is_archived)]
    found, cursor = call.page(fit, 100, 1000)
    me = call.app.bot_user_id
    shown = [shapes.channel(call.workspace, c, viewer=me, num_members=members) for c in found]
    if not members:
        shown = [{k: v for k, v in one.items() if k != "is_member"} for one in shown]
    return {"channels": shown, "response_metadata": {"next_cursor": cursor}}


@method("conversations.list", *ANY_READ)
def list_conversations(call: Call) -> Json:
    """List the conversations that the app may know of."""
    me = call.app.bot_user_id
    visible = [c for c in call.workspace.channels.values() if not c.is_private or me in c.members]
    return _listed(call, visible, members=True)


@method("users.conversations", *ANY_READ)
def conversations_of(call: Call) -> Json:
    """List the conversations that a user is in, by default the bot."""
    me = call.app.bot_user_id
    who = call.user().id if call.text("user") else me
    shared = [
        c
        for c in call.workspace.channels.values()
        if who in c.members and (not c.is_private or me in c.members)
    ]
    return _listed(call, shared, members=False)


@method("conversations.members", *ANY_READ)
def members(call: Call) -> Json:
    """List who is in a conversation."""
    channel = call.channel()
    call.scope(READ[channel.type])
    found, cursor = call.page(channel.members, 100, 1000)
    return {"members": found, "response_metadata": {"next_cursor": cursor}}


@method("conversations.join", "channels:join")
def join(call: Call) -> Json:
    """Join a public channel."""
    channel = call.channel()
    if channel.is_private:
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    joined = call.workspace.join(channel, call.app.bot_user_id)
    answer = {"channel": shapes.channel(call.workspace, channel, viewer=call.app.bot_user_id)}
    if joined:
        return answer
    return answer | {
        "warning": "already_in_channel",
        "response_metadata": {"warnings": ["already_in_channel"]},
    }


_MANAGE = {
    "channel": ("channels:write.invites", "channels:manage"),
    "group": ("groups:write.invites", "groups:write"),
}


@method(
    "conversations.invite",
    "channels:write.invites",
    "channels:manage",
    "groups:write.invites",
    "groups:write",
)
def invite(call: Call) -> Json:
    """Bring users into a channel that the bot is in."""
    channel = call.channel(member=True)
    if channel.is_im or channel.is_mpim:
        raise ApiError("method_not_supported_for_channel_type")
    call.scope(*_MANAGE[channel.type])
    if channel.is_archived:
        raise ApiError("is_archived")
    ids = call.names("users")
    if not ids:
        raise ApiError("no_user")
    wrong = {one: why for one in ids if (why := _why_not(call, channel, one))}
    if wrong and not call.flag("force"):
        errors = [{"user": one, "ok": False, "error": why} for one, why in wrong.items()]
        raise ApiError(next(iter(wrong.values())), errors=errors)
    for one in ids:
        if one not in wrong:
            call.workspace.join(channel, one, inviter=call.app.bot_user_id)
    return {"channel": shapes.channel(call.workspace, channel, viewer=call.app.bot_user_id)}


def _why_not(call: Call, channel: Channel, user_id: str) -> str | None:
    user = call.workspace.users.get(user_id)
    if user is None or user.deleted:
        return "user_not_found" if user is None else "user_disabled"
    if user.id == call.app.bot_user_id:
        return "cant_invite_self"
    return "already_in_channel" if user.id in channel.members else None


@method("conversations.leave", "channels:manage", "groups:write", "mpim:write", "im:write")
def leave(call: Call) -> Json:
    """Leave a channel."""
    channel = call.channel()
    if channel.is_im or channel.is_mpim:
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_general:
        raise ApiError("cant_leave_general")
    if channel.is_archived:
        raise ApiError("is_archived")
    return {} if call.workspace.leave(channel, call.app.bot_user_id) else {"not_in_channel": True}
