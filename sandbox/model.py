"""What a workspace consists of: plain records, kept as they are in the snapshot on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.words import buttons_of, plain_value, words_of

Json = dict[str, Any]


@dataclass(slots=True)
class User:
    """A person or a bot. `name` is the handle, `real_name` what others see; `tz` is an IANA zone."""

    id: str
    name: str
    real_name: str
    tz: str = "America/New_York"
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_admin: bool = False
    deleted: bool = False
    email: str | None = None
    title: str = ""
    app_id: str | None = None
    bot_id: str | None = None
    updated: int = 0


@dataclass(slots=True)
class Edit:
    """One earlier version of a message: what it said until `at` (a ts)."""

    at: str
    text: str
    blocks: list[Json] | None


@dataclass(slots=True)
class Message:
    """One message; (channel, ts) is its identity.

    `ephemeral_for` is set on messages that only that user sees; those are never part of a channel's history.
    `command` is the command line that an ephemeral or in-channel answer belongs to, for showing it.
    """

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] | None = None
    attachments: list[Json] | None = None
    bot_id: str | None = None
    app_id: str | None = None
    subtype: str | None = None
    metadata: Json | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    edits: list[Edit] = field(default_factory=list)
    edited_ts: str | None = None
    edited_by: str | None = None
    deleted: bool = False
    ephemeral_for: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    replies: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    client_msg_id: str | None = None
    inviter: str | None = None
    command: str | None = None
    pinned: bool = False

    @property
    def words(self) -> str:
        """All that a reader sees, unescaped: the blocks if there are any, and the text."""
        return words_of(self.text, self.blocks)

    @property
    def buttons(self) -> list[str]:
        """Visible texts of the buttons, in order."""
        return buttons_of(self.blocks)

    @property
    def edited(self) -> bool:
        """Whether the message was changed after it was posted."""
        return self.edited_ts is not None


@dataclass(slots=True)
class Channel:
    """A conversation: public or private channel, direct message (`is_im`) or group DM (`is_mpim`).

    `messages` is keyed by ts and grows in time order, thread replies included, deleted ones removed.
    `last_read` keeps per user the ts up to which they have read.
    """

    id: str
    name: str
    created: int = 0
    creator: str = ""
    is_private: bool = False
    is_im: bool = False
    is_mpim: bool = False
    is_archived: bool = False
    is_general: bool = False
    topic: str = ""
    purpose: str = ""
    members: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    last_read: dict[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The `channel_type` of message events: channel, group, im or mpim."""
        if self.is_im:
            return "im"
        if self.is_mpim:
            return "mpim"
        return "group" if self.is_private else "channel"

    def timeline(self) -> list[Message]:
        """What the conversation's main column shows, oldest first: no thread replies but broadcast ones."""
        return [m for m in self.messages.values() if m.thread_ts in {None, m.ts} or m.broadcast]

    def thread(self, thread_ts: str) -> list[Message]:
        """A thread, oldest first: its parent and every reply."""
        parent = self.messages.get(thread_ts)
        if parent is None:
            return []
        return [parent, *(self.messages[ts] for ts in parent.replies if ts in self.messages)]


@dataclass(slots=True)
class View:
    """A modal or Home tab as one person sees it. `content` holds the view as the app sent it, ids filled in.

    `state` is Slack's `{"values": {block_id: {action_id: {"type": …, …}}}}`, what the person has filled in
    so far (initial values included).
    """

    id: str
    user: str
    app_id: str
    type: str
    hash: str
    content: Json
    state: Json = field(default_factory=lambda: {"values": {}})
    root_view_id: str = ""
    previous_view_id: str | None = None
    published_at: float = 0.0
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The title's words; empty for a Home tab."""
        return str((self.content.get("title") or {}).get("text", ""))

    @property
    def submit(self) -> str | None:
        """The submit button's words, None if the view has none."""
        label = self.content.get("submit")
        return str(label["text"]) if label else None

    @property
    def close(self) -> str:
        """The close button's words; Slack writes "Cancel" where a view names none."""
        label = self.content.get("close")
        return str(label["text"]) if label else "Cancel"

    @property
    def callback_id(self) -> str:
        """The app's name for this kind of view."""
        return str(self.content.get("callback_id") or "")

    @property
    def private_metadata(self) -> str:
        """What the app travels with the view."""
        return str(self.content.get("private_metadata") or "")

    @property
    def blocks(self) -> list[Json]:
        """The view's blocks."""
        return list(self.content.get("blocks") or [])

    @property
    def words(self) -> str:
        """All that a reader sees, unescaped."""
        return words_of(self.title, self.blocks)

    @property
    def buttons(self) -> list[str]:
        """Visible texts of the buttons among the blocks, in order; submit and close are not among them."""
        return buttons_of(self.blocks)

    @property
    def values(self) -> dict[str, Any]:
        """What is filled in now, as plain Python values, reachable by block_id and by action_id alike."""
        found: dict[str, Any] = {}
        for block_id, actions in self.state.get("values", {}).items():
            for action_id, state in actions.items():
                found[block_id] = found[action_id] = plain_value(state)
        return found


@dataclass(slots=True)
class File:
    """An uploaded file; `content` is kept base64-encoded so that the snapshot stays JSON."""

    id: str
    name: str
    title: str
    mimetype: str
    size: int
    user: str
    created: int
    content: str = ""
    alt_text: str = ""
    complete: bool = False
    channels: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Installed:
    """An app installed in the workspace, with the secrets that it runs on.

    `request_url` None means Socket Mode; it may be set later. `scopes` are the bot token's.
    """

    app_id: str
    name: str
    bot_id: str
    bot_user_id: str
    bot_token: str
    app_token: str
    signing_secret: str
    manifest: Json
    scopes: list[str]
    request_url: str | None = None
    verification_token: str = ""
    revoked: bool = False

    def _feature(self, name: str) -> Any:
        return (self.manifest.get("features") or {}).get(name)

    @property
    def commands(self) -> list[Json]:
        """Slash commands as the manifest lists them: command, description, usage_hint, should_escape."""
        return list(self._feature("slash_commands") or [])

    @property
    def shortcuts(self) -> list[Json]:
        """Shortcuts as the manifest lists them: name, type ("global" or "message"), callback_id."""
        return list(self._feature("shortcuts") or [])

    @property
    def events(self) -> list[str]:
        """The bot events that the app has subscribed to."""
        subscriptions = (self.manifest.get("settings") or {}).get("event_subscriptions") or {}
        return list(subscriptions.get("bot_events") or [])

    @property
    def home_enabled(self) -> bool:
        """Whether the app has a Home tab."""
        return bool((self._feature("app_home") or {}).get("home_tab_enabled"))

    @property
    def messages_tab_off(self) -> bool:
        """Whether the manifest switches the Messages tab off: then the app cannot write to people."""
        return (self._feature("app_home") or {}).get("messages_tab_enabled") is False

    @property
    def messages_enabled(self) -> bool:
        """Whether people may type to the app in its Messages tab."""
        home = self._feature("app_home") or {}
        return bool(home.get("messages_tab_enabled")) and not home.get("messages_tab_read_only_enabled", True)
