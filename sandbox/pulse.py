"""What a workspace holds, its ids and its time, and how everybody is told of a change."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.model import Channel, File, Installed, Json, Message, User, View


@dataclass(frozen=True, slots=True)
class Change:
    """What `subscribe()` yields: something the page may have to show anew.

    `kind` is message, ephemeral, channel, user, view, home, read, reaction, app, file, traffic, faults or
    reset; the other fields say where, as far as they apply.
    """

    kind: str
    channel: str | None = None
    ts: str | None = None
    user: str | None = None
    view: str | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """An event that apps may have subscribed to. `name` is the subscription's (`message.im`, `team_join`).

    `channel` is the conversation a bot must be in to hear of it, None where there is none; `app` names the
    only app that it is meant for, None means all.
    """

    name: str
    event: Json
    channel: str | None = None
    app: str | None = None


@dataclass(slots=True)
class ResponseUrl:
    """What a response_url stands for: where its answers go, and how often it may still be used."""

    app_id: str
    user: str
    channel: str
    born: float
    thread_ts: str | None = None
    message_ts: str | None = None
    ephemeral: bool = False
    command: str | None = None
    uses: int = 0


@dataclass(slots=True)
class Trigger:
    """A trigger_id: who caused it, when, and whether it has opened a view already."""

    app_id: str
    user: str
    born: float
    used: bool = False
    view_id: str | None = None


class Pulse:
    """What a workspace holds, its ids and its time, and who is told of its changes. See Workspace.

    Apps hear of changes through `on_event`, pages and waiting people through `subscribe()`. `now` gives
    seconds since the epoch; message ts, trigger ages and event times come from it.
    """

    def __init__(self, *, now: Callable[[], float], team: str, team_name: str) -> None:
        self.now = now
        self.team = team
        self.team_name = team_name
        self.domain = re.sub(r"[^a-z0-9]+", "-", team_name.lower()).strip("-") or "sandbox"
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.apps: dict[str, Installed] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}  # user -> ids of their open modals, the top one last
        self.homes: dict[tuple[str, str], str] = {}  # (user, app_id) -> view id
        self.files: dict[str, File] = {}
        self.ephemerals: list[Message] = []
        self.scheduled: dict[str, Json] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.tickets: dict[str, str] = {}  # for WebSockets: ticket -> app_id
        self.on_event: Callable[[Happening], None] | None = None
        self._queues: set[asyncio.Queue[Change]] = set()
        self._waiters: set[asyncio.Future[None]] = set()
        self._watchers: list[Callable[[Change], None]] = []
        self._direct: dict[frozenset[str], str] = {}
        self._counter = 0
        self._last_us = 0

    def user(self, user: User | str) -> User:
        """The user with that id; KeyError for an unknown one."""
        return user if isinstance(user, User) else self.users[user]

    def channel(self, channel: Channel | str) -> Channel:
        """The conversation with that id; KeyError for an unknown one."""
        return channel if isinstance(channel, Channel) else self.channels[channel]

    # -- ids and time ------------------------------------------------------------------------------------

    def next_id(self, prefix: str) -> str:
        """A new id that looks like Slack's: the prefix, then ten capitals and digits."""
        self._counter += 1
        # An odd multiplier modulo 36**8 is a bijection, so ids look unrelated and still never repeat.
        number = (self._counter * 1_500_450_271_337 + 987_654_321) % 36**8
        digits = ""
        for _ in range(8):
            number, rest = divmod(number, 36)
            digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest] + digits
        return f"{prefix}0S{digits}"

    def next_ts(self) -> str:
        """A new timestamp, later than every one before it even if the clock stands still."""
        self._last_us = max(int(self.now() * 1_000_000), self._last_us + 1)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    # -- who listens -------------------------------------------------------------------------------------

    def subscribe(self) -> asyncio.Queue[Change]:
        """A queue that gets a Change after each change; give it back with `unsubscribe`."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self._queues.add(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[Change]) -> None:
        """Stop filling a queue that `subscribe` gave out."""
        self._queues.discard(queue)

    def watch(self, watcher: Callable[[Change], None]) -> None:
        """Call `watcher` at once on every change, for as long as the workspace lives."""
        self._watchers.append(watcher)

    def changed(self, kind: str, **where: str | None) -> None:
        """Tell everybody who watches that something changed."""
        change = Change(kind, **where)
        for watcher in self._watchers:
            watcher(change)
        for queue in self._queues:
            queue.put_nowait(change)
        if kind in {"traffic", "faults"}:
            return  # nobody waits for these, and waking everybody for each call would cost much
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def next_change(self, timeout: float) -> bool:  # noqa: ASYNC109 - callers count down a budget
        """Wait until anything changes; False after `timeout` real seconds without a change."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        done, _ = await asyncio.wait({waiter}, timeout=timeout)
        self._waiters.discard(waiter)
        return bool(done)

    def emit(self, name: str, event: Json, channel: str | None = None, app: str | None = None) -> None:
        """Let the apps know of an event; `type` and `event_ts` belong to `event` already."""
        if self.on_event is not None:
            self.on_event(Happening(name, event, channel, app))
