"""The payloads of commands and interactions, field for field as Slack sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox import shapes
from sandbox.model import View
from sandbox.workspace import ResponseUrl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.model import Channel, Installed, Json, Message, User
    from sandbox.workspace import Workspace


def channel_name(channel: Channel) -> str:
    """The name that payloads give a conversation; direct messages and private ones have a generic one."""
    if channel.is_im:
        return "directmessage"
    if channel.is_private and not channel.is_mpim:
        return "privategroup"
    return channel.name


def _who(workspace: Workspace, user: User, *, name: bool = True) -> Json:
    shape = {"id": user.id, "username": user.name, "team_id": workspace.team}
    return shape | ({"name": user.name} if name else {})


def _frame(workspace: Workspace, app: Installed, user: User, kind: str) -> Json:
    return {
        "type": kind,
        "team": {"id": workspace.team, "domain": workspace.domain},
        "user": _who(workspace, user),
        "api_app_id": app.app_id,
        "token": app.verification_token,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def command(
    workspace: Workspace, app: Installed, user: User, channel: Channel, line: tuple[str, str], base_url: str
) -> Json:
    """A slash command; `line` is the command and its text, escaped."""
    name, text = line
    key = workspace.new_response_url(
        ResponseUrl(app.app_id, user.id, channel.id, workspace.now(), command=f"{name} {text}".strip())
    )
    return {
        "token": app.verification_token,
        "team_id": workspace.team,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": app.app_id,
        "is_enterprise_install": "false",
        "response_url": f"{base_url}/commands/{workspace.team}/{key}",
        "trigger_id": workspace.new_trigger(app, user),
    }


def response_url(workspace: Workspace, app: Installed, user: User, message: Message, base_url: str) -> str:
    """A response_url that answers to something done with a message."""
    target = ResponseUrl(
        app.app_id,
        user.id,
        message.channel,
        workspace.now(),
        thread_ts=message.thread_ts if message.thread_ts != message.ts else None,
        message_ts=message.ts,
        ephemeral=message.ephemeral_for is not None,
    )
    return f"{base_url}/actions/{workspace.team}/{workspace.new_response_url(target)}"


def _on_message(workspace: Workspace, message: Message) -> Json:
    channel = workspace.channels[message.channel]
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_for is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    shape: Json = {"container": container, "channel": {"id": channel.id, "name": channel_name(channel)}}
    if message.ephemeral_for is None:
        # Slack does not keep ephemeral messages, so an action on one arrives without it.
        shape["message"] = shapes.message(workspace, message)
    return shape


def _on_view(workspace: Workspace, view: View) -> Json:
    return {"container": {"type": "view", "view_id": view.id}, "view": shapes.view(workspace, view)}


def block_actions(
    workspace: Workspace,
    app: Installed,
    user: User,
    where: Message | View,
    action: Mapping[str, Any],
    *,
    state: Json,
    base_url: str,
) -> Json:
    """A press or a choice in a message or view. `state` is that of the message's elements."""
    payload = _frame(workspace, app, user, "block_actions") | {"actions": [dict(action)]}
    if isinstance(where, View):
        payload |= _on_view(workspace, where)
        return payload | {"trigger_id": workspace.new_trigger(app, user, where.id)}
    payload |= _on_message(workspace, where)
    payload |= {"state": state, "trigger_id": workspace.new_trigger(app, user)}
    return payload | {"response_url": response_url(workspace, app, user, where, base_url)}


def block_suggestion(
    workspace: Workspace,
    app: Installed,
    user: User,
    where: Message | View,
    element: Mapping[str, Any],
    *,
    block_id: str,
    typed: str,
) -> Json:
    """The letters typed into an external select."""
    payload = _frame(workspace, app, user, "block_suggestion")
    payload |= {"action_id": element["action_id"], "block_id": block_id, "value": typed}
    if isinstance(where, View):
        return payload | _on_view(workspace, where)
    return payload | _on_message(workspace, where)


def view_submission(workspace: Workspace, app: Installed, user: User, view: View) -> Json:
    """A form sent."""
    payload = _frame(workspace, app, user, "view_submission")
    payload |= {"trigger_id": workspace.new_trigger(app, user, view.id)}
    return payload | {"view": shapes.view(workspace, view), "response_urls": []}


def view_closed(workspace: Workspace, app: Installed, user: User, view: View, *, cleared: bool) -> Json:
    """A form closed without sending; `cleared` if the whole stack went."""
    payload = _frame(workspace, app, user, "view_closed")
    return payload | {"view": shapes.view(workspace, view), "is_cleared": cleared}


def shortcut(
    workspace: Workspace, app: Installed, user: User, callback_id: str, message: Message | None, base_url: str
) -> Json:
    """A global shortcut, or one used on a message."""
    kind = "message_action" if message else "shortcut"
    payload = _frame(workspace, app, user, kind) | {
        "action_ts": workspace.next_ts(),
        "callback_id": callback_id,
        "trigger_id": workspace.new_trigger(app, user),
    }
    if message is None:
        del payload["api_app_id"]
        return payload | {"user": _who(workspace, user, name=False)}
    channel = workspace.channels[message.channel]
    return payload | {
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message_ts": message.ts,
        "message": shapes.message(workspace, message),
        "response_url": response_url(workspace, app, user, message, base_url),
    }
