"""Messages: posting, editing, deleting, reacting, and who has read them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sandbox import shapes
from sandbox.model import Edit, Message
from sandbox.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sandbox.model import Channel, Installed, Json, User


class Talk(Pulse):
    """The part of a workspace where things are said. See Workspace."""

    def post(
        self,
        channel: Channel | str,
        user: User | str,
        text: str,
        *,
        blocks: Sequence[Mapping[str, Any]] | None = None,
        attachments: Sequence[Mapping[str, Any]] | None = None,
        app: Installed | None = None,
        metadata: Mapping[str, Any] | None = None,
        thread_ts: str | None = None,
        broadcast: bool = False,
        subtype: str | None = None,
        files: Iterable[str] = (),
        inviter: str | None = None,
        command: str | None = None,
    ) -> Message:
        """A message appears, and the apps in the conversation hear of it."""
        channel, user = self.channel(channel), self.user(user)
        if thread_ts is not None and thread_ts in channel.messages:
            # An answer to an answer belongs to the thread's parent, as in Slack.
            thread_ts = channel.messages[thread_ts].thread_ts or thread_ts
        message = Message(
            channel=channel.id,
            ts=self.next_ts(),
            user=user.id,
            text=text,
            blocks=shapes.with_ids(self, blocks) if blocks else None,
            attachments=[dict(a) for a in attachments] if attachments else None,
            bot_id=app.bot_id if app else None,
            app_id=app.app_id if app else None,
            subtype=subtype or ("file_share" if files else None),
            metadata=dict(metadata) if metadata else None,
            thread_ts=thread_ts,
            broadcast=broadcast,
            files=list(files),
            client_msg_id=None if app or subtype else str(uuid.uuid4()),
            inviter=inviter,
            command=command,
        )
        channel.messages[message.ts] = message
        if thread_ts is not None and thread_ts in channel.messages:
            parent = channel.messages[thread_ts]
            parent.thread_ts = parent.ts
            parent.replies.append(message.ts)
        channel.last_read[user.id] = message.ts
        event = shapes.message_event(self, message)
        self.emit(f"message.{shapes.subscription(channel)}", event, channel.id)
        self._mentions(message, event)
        self.changed("message", channel=channel.id, ts=message.ts)
        return message

    def _mentions(self, message: Message, event: Json) -> None:
        if self.channels[message.channel].is_im or message.subtype is not None:
            return
        for app in self.apps.values():
            if f"<@{app.bot_user_id}>" in message.text and message.app_id != app.app_id:
                body = {k: v for k, v in event.items() if k != "channel_type"}
                self.emit("app_mention", {**body, "type": "app_mention"}, message.channel, app.app_id)

    def edit(
        self,
        message: Message,
        *,
        by: User | str,
        text: str,
        blocks: Sequence[Mapping[str, Any]] | None,
        metadata: Mapping[str, Any] | None = None,
        attachments: Sequence[Mapping[str, Any]] | None = None,
        files: Iterable[str] | None = None,
        mark: bool = True,
    ) -> Message:
        """A message changes: what it said is kept in `edits`, and the apps hear `message_changed`.

        `metadata` None keeps the old, empty removes it. `mark` False leaves out the "(edited)" mark, as
        Slack does for messages that only blocks or attachments of were changed by a response_url.
        """
        before = shapes.message(self, message)
        message.edits.append(Edit(at=self.next_ts(), text=message.text, blocks=message.blocks))
        message.text = text
        message.blocks = shapes.with_ids(self, blocks) if blocks else None
        message.attachments = [dict(a) for a in attachments] if attachments else None
        if metadata is not None:
            message.metadata = dict(metadata) or None
        if files is not None:
            message.files = list(files)
        if mark:
            message.edited_by, message.edited_ts = self.user(by).id, message.edits[-1].at
        self._hidden(message, "message_changed", {"message": shapes.message(self, message)}, before)
        self.changed("message", channel=message.channel, ts=message.ts)
        return message

    def delete(self, message: Message) -> None:
        """A message disappears from its conversation: `message_deleted`."""
        channel = self.channels[message.channel]
        before = shapes.message(self, message)
        message.deleted = True
        if message.replies:
            # Slack keeps a tombstone while a deleted message still carries a thread.
            message.subtype, message.text, message.blocks = "tombstone", "This message was deleted.", None
        else:
            channel.messages.pop(message.ts, None)
        parent = channel.messages.get(message.thread_ts or "")
        if parent is not None and message.ts in parent.replies:
            parent.replies.remove(message.ts)
        self._hidden(message, "message_deleted", {"deleted_ts": message.ts}, before)
        self.changed("message", channel=message.channel, ts=message.ts)

    def _hidden(self, message: Message, subtype: str, more: Json, before: Json) -> None:
        channel, ts = self.channels[message.channel], self.next_ts()
        body = {"type": "message", "subtype": subtype, "channel": channel.id, "hidden": True, "ts": ts}
        body |= {**more, "previous_message": before, "event_ts": ts, "channel_type": channel.type}
        self.emit(f"message.{shapes.subscription(channel)}", body, channel.id)

    def ephemeral(
        self,
        channel: Channel | str,
        user: User | str,
        text: str,
        *,
        blocks: Sequence[Mapping[str, Any]] | None = None,
        app: Installed,
        thread_ts: str | None = None,
        command: str | None = None,
    ) -> Message:
        """A message that only `user` sees. It is in no history and gone when the sandbox stops."""
        message = Message(
            channel=self.channel(channel).id,
            ts=self.next_ts(),
            user=app.bot_user_id,
            text=text,
            blocks=shapes.with_ids(self, blocks) if blocks else None,
            bot_id=app.bot_id,
            app_id=app.app_id,
            thread_ts=thread_ts,
            ephemeral_for=self.user(user).id,
            command=command,
        )
        self.ephemerals.append(message)
        self.changed("ephemeral", channel=message.channel, ts=message.ts, user=message.ephemeral_for)
        return message

    def change_ephemeral(
        self, message: Message, text: str, blocks: Sequence[Mapping[str, Any]] | None
    ) -> None:
        """An ephemeral message shows something else; only its person notices."""
        message.text, message.blocks = text, shapes.with_ids(self, blocks) if blocks else None
        self.changed("ephemeral", channel=message.channel, ts=message.ts, user=message.ephemeral_for)

    def dismiss(self, message: Message) -> None:
        """Take an ephemeral message off its person's screen."""
        message.deleted = True
        if message in self.ephemerals:
            self.ephemerals.remove(message)
        self.changed("ephemeral", channel=message.channel, ts=message.ts, user=message.ephemeral_for)

    def message(self, channel: str, ts: str) -> Message | None:
        """The message with that identity, ephemeral ones included; None if there is none (any more)."""
        home = self.channels.get(channel)
        found = home.messages.get(ts) if home else None
        if found is None:
            found = next((m for m in self.ephemerals if m.channel == channel and m.ts == ts), None)
        return found

    def react(self, message: Message, user: User | str, name: str, *, remove: bool = False) -> bool:
        """Add or take away a reaction: `reaction_added`, `reaction_removed`. False if nothing changed."""
        who = self.user(user).id
        users = message.reactions.setdefault(name, [])
        if (who in users) is not remove:
            if not users:
                del message.reactions[name]
            return False
        if remove:
            users.remove(who)
            if not users:
                del message.reactions[name]
        else:
            users.append(who)
        kind = "reaction_removed" if remove else "reaction_added"
        item = {"type": "message", "channel": message.channel, "ts": message.ts}
        event = {"type": kind, "user": who, "reaction": name, "item": item, "item_user": message.user}
        self.emit(kind, {**event, "event_ts": self.next_ts()}, message.channel)
        self.changed("reaction", channel=message.channel, ts=message.ts)
        return True

    def post_due(self) -> int:
        """Post the scheduled messages whose time has come; how many."""
        due = [one for one in self.scheduled.values() if one["post_at"] <= self.now()]
        for one in sorted(due, key=lambda one: int(one["post_at"])):
            del self.scheduled[one["id"]]
            app = self.apps.get(one["app_id"])
            if app is None or one["metadata"]:
                continue  # documented bug of chat.scheduleMessage: with metadata it never posts
            self.post(
                one["channel"],
                app.bot_user_id,
                one["text"],
                blocks=one["blocks"],
                attachments=one["attachments"],
                app=app,
                thread_ts=one["thread_ts"],
            )
        return len(due)

    def mark_read(self, user: User | str, channel: Channel | str, ts: str | None = None) -> None:
        """The person has read the conversation up to `ts`, by default to its end."""
        user, channel = self.user(user), self.channel(channel)
        if ts is None:
            ts = next(reversed(channel.messages), "0")
        if channel.last_read.get(user.id) != ts:
            channel.last_read[user.id] = ts
            self.changed("read", channel=channel.id, user=user.id)

    def unread(self, user: User | str, channel: Channel | str) -> int:
        """How many messages of others the person has not read yet."""
        user, channel = self.user(user), self.channel(channel)
        seen = channel.last_read.get(user.id, "0")
        count = 0
        for message in reversed(channel.messages.values()):
            if message.ts <= seen:
                break
            if message.user != user.id and message.subtype is None:
                count += 1
        return count
