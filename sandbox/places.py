"""People and conversations: who is here, and who is where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox import shapes
from sandbox.model import Channel, User
from sandbox.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Iterable


class Places(Talk):
    """The part of a workspace that says who is here and where. See Workspace."""

    # -- people ------------------------------------------------------------------------------------------

    def add_user(
        self,
        name: str,
        *,
        id: str | None = None,  # noqa: A002 - Slack's own word for it
        real_name: str | None = None,
        tz: str = "America/New_York",
        is_bot: bool = False,
        is_restricted: bool = False,
        deleted: bool = False,
        email: str | None = None,
        is_admin: bool = False,
        title: str = "",
    ) -> User:
        """Put a person into the workspace as if they had always been there: no event. Known id: that one."""
        if id is not None and id in self.users:
            return self.users[id]
        user = User(
            id=id or self.next_id("U"),
            name=name,
            real_name=real_name or name.replace(".", " ").replace("_", " ").title(),
            tz=tz,
            is_bot=is_bot,
            is_restricted=is_restricted,
            is_admin=is_admin,
            deleted=deleted,
            email=email or (None if is_bot else f"{name}@example.org"),
            title=title,
            updated=int(self.now()),
        )
        self.users[user.id] = user
        self.changed("user", user=user.id)
        return user

    def arrive(self, user: User | str) -> User:
        """A person has joined the workspace just now: `team_join`."""
        user = self.user(user)
        body = {"type": "team_join", "user": shapes.user(self, user), "event_ts": self.next_ts()}
        self.emit("team_join", {**body, "cache_ts": int(self.now())})
        return user

    def change_user(self, user: User | str, **facts: Any) -> User:
        """Change fields of a user (`tz`, `real_name`, `is_restricted`, `deleted` …): `user_change`."""
        user = self.user(user)
        for key, value in facts.items():
            if key not in User.__slots__ or key == "id":
                raise AttributeError(key)
            setattr(user, key, value)
        user.updated = int(self.now())
        body = {"type": "user_change", "user": shapes.user(self, user), "cache_ts": int(self.now())}
        self.emit("user_change", {**body, "event_ts": self.next_ts()})
        self.changed("user", user=user.id)
        return user

    def change_tz(self, user: User | str, tz: str) -> User:
        """The person's zone changed, as it does when they travel: `user_change`."""
        return self.change_user(user, tz=tz)

    def deactivate(self, user: User | str) -> User:
        """The person's account is switched off; they leave every channel: `user_change`, deleted true."""
        user = self.user(user)
        for channel in self.channels.values():
            if not channel.is_im and not channel.is_mpim and user.id in channel.members:
                channel.members.remove(user.id)
        self.stacks.pop(user.id, None)
        return self.change_user(user, deleted=True)

    def reactivate(self, user: User | str) -> User:
        """The account is switched on again: `user_change`."""
        return self.change_user(user, deleted=False)

    # -- conversations -----------------------------------------------------------------------------------

    def add_channel(
        self,
        name: str,
        *,
        id: str | None = None,  # noqa: A002 - Slack's own word for it
        private: bool = False,
        members: Iterable[User | str] = (),
        topic: str = "",
        purpose: str = "",
        is_general: bool = False,
    ) -> Channel:
        """Put a channel into the workspace as if it had always been there: no event. Known id: that one."""
        if id is not None and id in self.channels:
            return self.channels[id]
        ids = list(dict.fromkeys(self.user(member).id for member in members))
        channel = Channel(
            id=id or self.next_id("C"),
            name=name.removeprefix("#"),
            created=int(self.now()),
            creator=ids[0] if ids else "",
            is_private=private,
            is_general=is_general,
            topic=topic,
            purpose=purpose,
            members=ids,
        )
        self.channels[channel.id] = channel
        self.changed("channel", channel=channel.id)
        return channel

    def join(self, channel: Channel | str, user: User | str, *, inviter: User | str | None = None) -> bool:
        """Add a member: the `channel_join` message and `member_joined_channel`. False if already in."""
        channel, user = self.channel(channel), self.user(user)
        if user.id in channel.members:
            return False
        channel.members.append(user.id)
        by = self.user(inviter).id if inviter else None
        kind = "group_join" if channel.is_private else "channel_join"
        text = f"<@{user.id}> has joined the {'group' if channel.is_private else 'channel'}"
        self.post(channel, user, text, subtype=kind, inviter=by)
        event = {
            "type": "member_joined_channel",
            "user": user.id,
            "channel": channel.id,
            "channel_type": "G" if channel.is_private else "C",
            "team": self.team,
            "event_ts": self.next_ts(),
            **({"inviter": by} if by else {}),
        }
        self.emit("member_joined_channel", event, channel.id)
        self.changed("channel", channel=channel.id, user=user.id)
        return True

    def leave(self, channel: Channel | str, user: User | str) -> bool:
        """Remove a member: `member_left_channel`. False if they were not in."""
        channel, user = self.channel(channel), self.user(user)
        if user.id not in channel.members:
            return False
        event = {
            "type": "member_left_channel",
            "user": user.id,
            "channel": channel.id,
            "channel_type": "G" if channel.is_private else "C",
            "team": self.team,
            "event_ts": self.next_ts(),
        }
        self.emit("member_left_channel", event, channel.id)
        channel.members.remove(user.id)
        self.changed("channel", channel=channel.id, user=user.id)
        return True

    def archive(self, channel: Channel | str, *, archived: bool = True) -> Channel:
        """Archive a channel or bring it back: `channel_archive`, `channel_unarchive`."""
        channel = self.channel(channel)
        channel.is_archived = archived
        kind = ("group_" if channel.is_private else "channel_") + ("archive" if archived else "unarchive")
        self.emit(kind, {"type": kind, "channel": channel.id, "event_ts": self.next_ts()}, channel.id)
        self.changed("channel", channel=channel.id)
        return channel

    def open_im(self, one: User | str, other: User | str) -> Channel:
        """The direct message of two users, made if it is not there yet."""
        pair = sorted({self.user(one).id, self.user(other).id})
        known = self.find_direct(pair)
        if known is not None:
            return known
        channel = Channel(
            id=self.next_id("D"), name="", created=int(self.now()), is_private=True, is_im=True, members=pair
        )
        self.channels[channel.id] = channel
        self._direct[frozenset(pair)] = channel.id
        self.changed("channel", channel=channel.id)
        return channel

    def find_direct(self, users: Iterable[str]) -> Channel | None:
        """The direct message or group DM of exactly these user ids, if there is one."""
        if not self._direct:
            # After a snapshot was loaded; members of such conversations never change.
            self._direct = {
                frozenset(c.members): c.id for c in self.channels.values() if c.is_im or c.is_mpim
            }
        return self.channels.get(self._direct.get(frozenset(users), ""))

    def open_mpim(self, users: Iterable[User | str], *, creator: str = "") -> Channel:
        """The group DM of exactly these users; the same set always finds the same conversation."""
        ids = list(dict.fromkeys(self.user(user).id for user in users))
        known = self.find_direct(ids)
        if known is not None:
            return known
        channel = Channel(
            id=self.next_id("C"),
            name="mpdm-" + "--".join(self.users[one].name for one in ids) + "-1",
            created=int(self.now()),
            creator=creator or ids[0],
            is_private=True,
            is_mpim=True,
            members=ids,
        )
        self.channels[channel.id] = channel
        self._direct[frozenset(ids)] = channel.id
        self.changed("channel", channel=channel.id)
        return channel

    def conversations_of(self, user: User | str) -> list[Channel]:
        """What a person has in their side bar: every conversation they are in, archived ones left out."""
        who = self.user(user).id
        return [c for c in self.channels.values() if who in c.members and not c.is_archived]
