"""How Slack writes users, conversations, messages and views as JSON, in answers and in events alike."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from sandbox.model import Channel, File, Installed, Json, Message, User, View
    from sandbox.pulse import Pulse

# What an element must be given so that a press on it can be told from another one's.
INTERACTIVE = frozenset({
    "button", "checkboxes", "datepicker", "datetimepicker", "email_text_input", "file_input",
    "multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select",
    "multi_channels_select", "number_input", "overflow", "plain_text_input", "radio_buttons",
    "rich_text_input", "static_select", "external_select", "users_select", "conversations_select",
    "channels_select", "timepicker", "url_text_input", "workflow_button", "feedback_buttons", "icon_button",
})  # fmt: skip
_ZONE_WORDS = {
    "EST": "Eastern Standard Time",
    "EDT": "Eastern Daylight Time",
    "CST": "Central Standard Time",
    "CDT": "Central Daylight Time",
    "MST": "Mountain Standard Time",
    "MDT": "Mountain Daylight Time",
    "PST": "Pacific Standard Time",
    "PDT": "Pacific Daylight Time",
    "AKST": "Alaska Standard Time",
    "AKDT": "Alaska Daylight Time",
    "HST": "Hawaii-Aleutian Standard Time",
}


def with_ids(workspace: Pulse, blocks: Sequence[Mapping[str, Any]]) -> list[Json]:
    """A copy of the blocks with what Slack fills in: block_id, action_id, emoji and verbatim flags."""
    copied: list[Json] = copy.deepcopy([dict(block) for block in blocks])
    _fill(copied)
    for block in copied:
        block.setdefault("block_id", workspace.next_id("")[-5:])
        holders = [block.get("accessory"), block.get("element"), *block.get("elements", ())]
        for element in holders:
            if isinstance(element, dict) and element.get("type") in INTERACTIVE:
                element.setdefault("action_id", workspace.next_id("")[-5:])
    return copied


def _fill(thing: Any) -> None:
    if isinstance(thing, list):
        for part in thing:
            _fill(part)
    elif isinstance(thing, dict):
        if thing.get("type") == "plain_text":
            thing.setdefault("emoji", True)
        elif thing.get("type") == "mrkdwn":
            thing.setdefault("verbatim", False)
        else:
            for part in thing.values():
                _fill(part)


def subscription(channel: Channel) -> str:
    """The part after the dot of `message.channels`, `.groups`, `.im`, `.mpim`."""
    return {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}[channel.type]


def user(workspace: Pulse, who: User, *, email: bool = False, locale: bool = False) -> Json:
    """A user object as in users.info; `email` only for tokens with users:read.email."""
    shape: Json = {
        "id": who.id,
        "team_id": workspace.team,
        "name": who.name,
        "deleted": who.deleted,
        "profile": {
            "title": who.title,
            "phone": "",
            "skype": "",
            "real_name": who.real_name,
            "real_name_normalized": who.real_name,
            "display_name": who.name,
            "display_name_normalized": who.name,
            "first_name": who.real_name.partition(" ")[0],
            "last_name": who.real_name.partition(" ")[2],
            "status_text": "",
            "status_emoji": "",
            "avatar_hash": "g" + who.id[-11:].lower(),
            "team": workspace.team,
        },
        "is_bot": who.is_bot,
        "is_app_user": False,
        "updated": who.updated,
    }
    if email and who.email:
        shape["profile"]["email"] = who.email
    if who.is_bot:
        shape["profile"] |= {"bot_id": who.bot_id, "api_app_id": who.app_id or ""}
    if who.deleted:
        return shape
    shape |= {
        "color": "9f69e7",
        "real_name": who.real_name,
        **zone(workspace, who.tz),
        "is_admin": who.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": who.is_restricted,
        "is_ultra_restricted": who.is_ultra_restricted,
        "is_email_confirmed": not who.is_bot,
        "who_can_share_contact_card": "EVERYONE",
    }
    if locale:
        shape["locale"] = "en-US"
    return shape


def zone(workspace: Pulse, tz: str) -> Json:
    """`tz`, `tz_label` and the current `tz_offset` in seconds; nothing for a person without a zone."""
    if not tz:
        return {}
    try:
        local = datetime.fromtimestamp(workspace.now(), UTC).astimezone(ZoneInfo(tz))
    except (ZoneInfoNotFoundError, ValueError):
        return {"tz": tz, "tz_label": tz, "tz_offset": 0}
    offset = local.utcoffset()
    name = local.tzname() or tz
    seconds = int(offset.total_seconds()) if offset else 0
    return {"tz": tz, "tz_label": _ZONE_WORDS.get(name, name), "tz_offset": seconds}


def channel(workspace: Pulse, home: Channel, *, viewer: str, num_members: bool = False) -> Json:
    """A conversation object as in conversations.info; `viewer` is the user whose token asks."""
    common: Json = {
        "id": home.id,
        "created": home.created,
        "updated": home.created * 1000,
        "is_archived": home.is_archived,
        "is_im": home.is_im,
        "is_org_shared": False,
        "context_team_id": workspace.team,
    }
    if home.is_im:
        other = next((one for one in home.members if one != viewer), viewer)
        known = workspace.users.get(other)
        return common | {"user": other, "is_user_deleted": bool(known and known.deleted), "priority": 0}
    shape = common | {
        "name": home.name,
        "name_normalized": home.name,
        "is_channel": not home.is_private,
        "is_group": home.is_private and not home.is_mpim,
        "is_mpim": home.is_mpim,
        "is_private": home.is_private,
        "is_general": home.is_general,
        "is_shared": False,
        "is_ext_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "unlinked": 0,
        "parent_conversation": None,
        "creator": home.creator,
        "is_member": viewer in home.members,
        "shared_team_ids": [workspace.team],
        "topic": {"value": home.topic, "creator": "", "last_set": 0},
        "purpose": {"value": home.purpose, "creator": "", "last_set": 0},
        "previous_names": [],
    }
    if num_members:
        shape["num_members"] = len(home.members)
    return shape


def bot_profile(workspace: Pulse, app: Installed) -> Json:
    """The bot_profile that bot messages carry."""
    return {
        "id": app.bot_id,
        "app_id": app.app_id,
        "user_id": app.bot_user_id,
        "name": app.name,
        "icons": {},
        "deleted": False,
        "updated": 0,
        "team_id": workspace.team,
    }


def message(workspace: Pulse, said: Message, *, all_metadata: bool = True) -> Json:
    """A message object as in history; without `all_metadata` only the metadata's event_type shows."""
    shape: Json = {"user": said.user, "type": "message", "ts": said.ts}
    if said.bot_id and said.app_id:
        shape |= {"bot_id": said.bot_id, "app_id": said.app_id}
        app = workspace.apps.get(said.app_id)
        if app is not None:
            shape["bot_profile"] = bot_profile(workspace, app)
    shape |= {"text": said.text, "team": workspace.team}
    for key in ("subtype", "client_msg_id", "inviter", "blocks", "attachments"):
        if getattr(said, key):
            shape[key] = copy.deepcopy(getattr(said, key))
    if said.metadata:
        shape["metadata"] = (
            copy.deepcopy(said.metadata) if all_metadata else {"event_type": said.metadata["event_type"]}
        )
    if said.edited_ts:
        shape["edited"] = {"user": said.edited_by, "ts": said.edited_ts}
    if said.thread_ts:
        shape |= {"thread_ts": said.thread_ts} | _thread(workspace, said)
    if said.reactions:
        shape["reactions"] = [
            {"name": n, "users": list(u), "count": len(u)} for n, u in said.reactions.items()
        ]
    if said.files:
        shape["files"] = [file(workspace, workspace.files[f]) for f in said.files if f in workspace.files]
        shape["upload"] = False
    return shape


def _thread(workspace: Pulse, said: Message) -> Json:
    home = workspace.channels[said.channel]
    if said.thread_ts == said.ts:
        replies = [home.messages[ts] for ts in said.replies if ts in home.messages]
        users = list(dict.fromkeys(reply.user for reply in replies))
        return {
            "reply_count": len(replies),
            "reply_users_count": len(users),
            "reply_users": users[:5],
            "latest_reply": replies[-1].ts if replies else said.ts,
            "is_locked": False,
            "subscribed": False,
        }
    parent = home.messages.get(said.thread_ts or "")
    shape: Json = {"parent_user_id": parent.user} if parent is not None else {}
    return shape | ({"subtype": "thread_broadcast"} if said.broadcast else {})


def message_event(workspace: Pulse, said: Message) -> Json:
    """A new message as the body of a message event."""
    home = workspace.channels[said.channel]
    body = message(workspace, said)
    body |= {"channel": said.channel, "event_ts": said.ts, "channel_type": home.type}
    return body


def view(workspace: Pulse, shown: View) -> Json:
    """A view object as in views.* answers and in interactive payloads."""
    app = workspace.apps[shown.app_id]
    content = shown.content
    return {
        "id": shown.id,
        "team_id": workspace.team,
        "type": shown.type,
        "blocks": copy.deepcopy(content.get("blocks") or []),
        "private_metadata": shown.private_metadata,
        "callback_id": shown.callback_id,
        "state": copy.deepcopy(shown.state),
        "hash": shown.hash,
        "title": content.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": bool(content.get("clear_on_close")),
        "notify_on_close": bool(content.get("notify_on_close")),
        "close": content.get("close"),
        "submit": content.get("submit"),
        "previous_view_id": shown.previous_view_id,
        "root_view_id": shown.root_view_id or shown.id,
        "app_id": shown.app_id,
        "external_id": str(content.get("external_id") or ""),
        "app_installed_team_id": workspace.team,
        "bot_id": app.bot_id,
    }


def file(workspace: Pulse, kept: File) -> Json:
    """A file object as in files.info, without its content."""
    name, _, extension = kept.name.rpartition(".")
    base = f"https://{workspace.domain}.slack.com"
    return {
        "id": kept.id,
        "created": kept.created,
        "timestamp": kept.created,
        "name": kept.name,
        "title": kept.title,
        "mimetype": kept.mimetype,
        "filetype": extension.lower() if name else "binary",
        "pretty_type": extension.upper() if name else "Binary",
        "user": kept.user,
        "user_team": workspace.team,
        "editable": False,
        "size": kept.size,
        "mode": "hosted",
        "is_external": False,
        "is_public": False,
        "url_private": f"{base}/files-pri/{workspace.team}-{kept.id}/{kept.name}",
        "url_private_download": f"{base}/files-pri/{workspace.team}-{kept.id}/download/{kept.name}",
        "permalink": f"{base}/files/{kept.user}/{kept.id}/{kept.name}",
        "channels": list(kept.channels),
        "groups": [],
        "ims": [],
        "alt_txt": kept.alt_text,
    }
