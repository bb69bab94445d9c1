"""What one person sees of the workspace, as the JSON that the page draws."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.model import Channel, File, Installed, Json, Message, User, View
    from sandbox.server import Sandbox
    from sandbox.traffic import Exchange
    from sandbox.workspace import Workspace

SHOWN_MESSAGES = 150


def first_person(workspace: Workspace, tour: list[Json]) -> User | None:
    """Whom a newcomer acts as: the one the tour begins with, or the first human who is still there."""
    led = workspace.users.get(tour[0].get("act_as", "")) if tour else None
    return led or next((one for one in workspace.users.values() if not one.is_bot and not one.deleted), None)


def state_of(sandbox: Sandbox, me: str, at: str, thread: str, shown: int = SHOWN_MESSAGES) -> Json:
    """Everything on `me`'s screen while conversation `at` (and the thread `thread`) is open.

    An unknown or empty `me` becomes the first person, an unknown or hidden `at` where the tour begins or
    their first conversation.
    Ephemeral messages, modals and Home tab are those of `me` alone.
    """
    workspace, tour = sandbox.workspace, list(getattr(sandbox, "tour", []))
    user = workspace.users.get(me) or first_person(workspace, tour)
    if user is None:
        return {"me": "", "people": [], "conversations": [], "apps": [], "team": _team(workspace)}
    apps = [app for app in workspace.apps.values() if not app.revoked]
    mine = _places(workspace, user, apps)
    place = workspace.channels.get(at)
    if place is None or not (user.id in place.members or place.type == "channel"):
        begins = tour[0].get("go_to") if tour else None
        place = next((one for one in mine if one.id == begins), mine[0] if mine else None)
    stacks = [view.id for views in workspace.stacks.values() for view in views_of(workspace, views)]
    own = views_of(workspace, workspace.stacks.get(user.id, []))
    app = _app_of(workspace, place, user)
    home = workspace.home(user, app.app_id) if app else None
    return {
        "me": user.id,
        "now": workspace.now(),
        "team": _team(workspace),
        "people": _people(workspace),
        "apps": [_app(app) for app in apps],
        "places": {
            one.id: {"name": one.name, "kind": "channel"}
            for one in workspace.channels.values()
            if one.type == "channel" and not one.is_archived
        },
        "conversations": [_conversation(workspace, one, user) for one in mine],
        "at": _open(workspace, place, user, thread, shown) if place else None,
        "views": [_view(view) for view in own],
        "elsewhere": [view for view in stacks if view not in {one.id for one in own}],
        "home": _view(home) if home else None,
        "can_skip": sandbox.on_skip is not None,
        "tour": tour,
    }


def views_of(workspace: Workspace, ids: list[str]) -> list[View]:
    """The views with those ids, in order, without any that is gone."""
    return [workspace.views[one] for one in ids if one in workspace.views]


def exchange_of(one: Exchange) -> Json:
    """One line of the traffic inspector; `request` and `response` are free of secrets already."""
    return {
        "id": one.id,
        "at": one.at,
        "direction": one.direction,
        "what": one.what,
        "status": one.status,
        "error": one.error,
        "messages": list(one.messages),
        "ms": one.ms,
        "retry": one.retry,
        "reason": one.reason,
        "fault": one.fault,
        "request": one.request,
        "response": one.response,
    }


def file_of(one: File) -> Json:
    """What a message or a file_input shows of a file."""
    return {
        "id": one.id,
        "name": one.name,
        "title": one.title,
        "mimetype": one.mimetype,
        "size": one.size,
        "alt_text": one.alt_text,
    }


def _team(workspace: Workspace) -> Json:
    return {"id": workspace.team, "name": workspace.team_name}


def _people(workspace: Workspace) -> list[Json]:
    waiting: dict[str, int] = {}
    for place in workspace.channels.values():
        if (place.is_im or place.is_mpim) and place.messages:
            for member in place.members:
                waiting[member] = waiting.get(member, 0) + workspace.unread(member, place)
    return [
        {
            "id": one.id,
            "name": one.name,
            "real_name": _called(workspace, one),
            "title": one.title,
            "tz": one.tz,
            "is_bot": one.is_bot,
            "deleted": one.deleted,
            "waiting": waiting.get(one.id, 0),
        }
        for one in workspace.users.values()
    ]


def _called(workspace: Workspace, user: User) -> str:
    """The name on the screen: a bot goes by its app's."""
    app = workspace.apps.get(user.app_id or "")
    return app.name if app else user.real_name


def _app(app: Installed) -> Json:
    display = app.manifest.get("display_information") or {}
    return {
        "app_id": app.app_id,
        "name": app.name,
        "description": display.get("description", ""),
        "bot_user_id": app.bot_user_id,
        "home": app.home_enabled,
        "messages": app.messages_enabled,
        "commands": app.commands,
        "shortcuts": app.shortcuts,
    }


def _places(workspace: Workspace, user: User, apps: list[Installed]) -> list[Channel]:
    """A person's side bar in its order: channels by name, direct messages by what is newest, apps."""
    bots = {app.bot_user_id for app in apps}
    for bot in bots:
        workspace.open_im(user, bot)
    mine = workspace.conversations_of(user)
    rooms = sorted((one for one in mine if one.type in {"channel", "group"}), key=lambda one: one.name)
    direct = [one for one in mine if one.type in {"im", "mpim"}]
    people = [one for one in direct if one.is_mpim or not bots & set(one.members)]
    people.sort(key=lambda one: next(reversed(one.messages), ""), reverse=True)
    return [*rooms, *people, *(one for one in direct if one not in people)]


def _app_of(workspace: Workspace, place: Channel | None, user: User) -> Installed | None:
    if place is None or not place.is_im:
        return None
    others = set(place.members) - {user.id}
    return next((app for app in workspace.apps.values() if app.bot_user_id in others), None)


def _conversation(workspace: Workspace, place: Channel, user: User) -> Json:
    others = [one for one in place.members if one != user.id and one in workspace.users]
    kind = {"channel": "channel", "group": "private", "mpim": "group", "im": "dm"}[place.type]
    if kind == "dm" and others and workspace.users[others[0]].is_bot:
        kind = "app"
    others.sort(key=lambda one: workspace.users[one].is_bot)
    names = {
        "group": ", ".join(_called(workspace, workspace.users[one]) for one in others) or "Group",
        "dm": workspace.users[others[0]].real_name if others else f"{user.real_name} (you)",
        "app": _called(workspace, workspace.users[others[0]]) if others else "",
    }
    return {
        "id": place.id,
        "kind": kind,
        "name": names.get(kind, place.name),
        "with": others if kind in {"group", "dm", "app"} else list(place.members),
        "unread": workspace.unread(user, place) if user.id in place.members else 0,
        "archived": place.is_archived,
        "member": user.id in place.members,
        "topic": place.topic,
        "purpose": place.purpose,
    }


def _open(workspace: Workspace, place: Channel, user: User, thread: str, shown: int) -> Json:
    private = [
        one for one in workspace.ephemerals if one.ephemeral_for == user.id and one.channel == place.id
    ]
    messages = place.timeline()
    listed = messages[-shown:] + [one for one in private if one.thread_ts is None]
    found: Json = {
        **_conversation(workspace, place, user),
        "last_read": place.last_read.get(user.id, "0"),
        "earlier": max(0, len(messages) - shown),
        "messages": [_message(workspace, place, one) for one in sorted(listed, key=lambda one: one.ts)],
        "thread": None,
    }
    if thread:
        replies = [*place.thread(thread), *(one for one in private if one.thread_ts == thread)]
        replies.sort(key=lambda one: one.ts)
        found["thread"] = [_message(workspace, place, one) for one in replies]
    return found


def _message(workspace: Workspace, place: Channel, one: Message) -> Json:
    replies = [place.messages[ts] for ts in one.replies if ts in place.messages]
    return {
        "channel": one.channel,
        "ts": one.ts,
        "user": one.user,
        "bot_id": one.bot_id,
        "subtype": one.subtype
        if one.subtype not in {"bot_message", "file_share", "thread_broadcast"}
        else None,
        "text": one.text,
        "source": html.unescape(one.text),
        "blocks": one.blocks,
        "attachments": one.attachments,
        "thread_ts": one.thread_ts,
        "broadcast": one.broadcast,
        "reply_count": len(replies),
        "reply_users": list(dict.fromkeys(reply.user for reply in replies)),
        "latest_reply": replies[-1].ts if replies else None,
        "edited": one.edited_ts,
        "versions": len(one.edits),
        "ephemeral": one.ephemeral_for is not None,
        "command": one.command,
        "reactions": one.reactions,
        "files": [file_of(workspace.files[ref]) for ref in one.files if ref in workspace.files],
        "inviter": one.inviter,
    }


def _view(view: View) -> Json:
    content: dict[str, Any] = view.content
    return {
        "id": view.id,
        "type": view.type,
        "callback_id": view.callback_id,
        "title": content.get("title") or {"text": ""},
        "submit": content.get("submit"),
        "close": content.get("close"),
        "blocks": view.blocks,
        "values": view.state.get("values", {}),
    }
