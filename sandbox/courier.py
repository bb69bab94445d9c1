"""Brings what happens to the apps: events with retries, commands and interactions with an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.answers import Answer

if TYPE_CHECKING:
    from sandbox.faults import Faults
    from sandbox.model import Installed, Json
    from sandbox.signing import Post
    from sandbox.sockets import Sockets
    from sandbox.traffic import Traffic
    from sandbox.workspace import Happening, Workspace

PATIENCE = 3.0
# Which scope makes an app hear of an event, where one is needed (channel events by type of channel).
EVENT_SCOPES = {
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "message.mpim": ("mpim:history",),
    "app_mention": ("app_mentions:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "team_join": ("users:read",),
    "user_change": ("users:read",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
    "channel_archive": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "group_archive": ("groups:read",),
    "group_unarchive": ("groups:read",),
}


@dataclass(slots=True)
class Errand:
    """One event on its way to one app. `tried` is set once it was acknowledged or first failed."""

    event_id: str
    name: str
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    delivered: bool = False


class Courier:
    """Delivers by Socket Mode where an app has no request_url, by signed HTTP where it has one.

    `retry_delays` are the real seconds before the first, second and third retry of an event; Slack's own are
    at once, one minute and five minutes. `patience` is how long an app may take.
    """

    def __init__(
        self, workspace: Workspace, faults: Faults, traffic: Traffic, sockets: Sockets, post: Post
    ) -> None:
        self.workspace = workspace
        self.faults = faults
        self.traffic = traffic
        self.sockets = sockets
        self.post = post
        self.retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
        self.patience = PATIENCE
        self.running = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._collectors: list[list[Errand]] = []
        self._hearing = asyncio.Event()
        self._hearing.set()

    def faults_changed(self) -> None:
        """Let waiting deliveries go when deafness ends."""
        if self.faults.is_deaf:
            self._hearing.clear()
        else:
            self._hearing.set()

    @property
    def under_way(self) -> int:
        """How many events are on their way or waiting for a retry."""
        return len(self._tasks)

    async def close(self) -> None:
        """Give up everything under way."""
        self.running = False
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- events ------------------------------------------------------------------------------------------

    @contextmanager
    def collecting(self) -> Iterator[list[Errand]]:
        """Collect the errands that the block sets off; it must not await."""
        errands: list[Errand] = []
        self._collectors.append(errands)
        try:
            yield errands
        finally:
            self._collectors.remove(errands)

    def event(self, happening: Happening) -> None:
        """Send an event to every app that has subscribed to it and may hear of it."""
        if not self.running:
            return  # nobody has connected yet: what is set up before the start is how it has always been
        for app in self.workspace.apps.values():
            if not app.revoked and self._hears(app, happening):
                self._send(app, happening)

    def _hears(self, app: Installed, happening: Happening) -> bool:
        if happening.app is not None and happening.app != app.app_id:
            return False
        if happening.name not in app.events:
            return False
        if happening.channel is not None:
            channel = self.workspace.channels[happening.channel]
            if app.bot_user_id not in channel.members:
                return False
        scopes = EVENT_SCOPES.get(happening.name)
        return scopes is None or any(scope in app.scopes for scope in scopes)

    def _send(self, app: Installed, happening: Happening) -> None:
        event_id = self.workspace.next_id("Ev")
        body = {
            "token": app.verification_token,
            "team_id": self.workspace.team,
            "context_team_id": self.workspace.team,
            "context_enterprise_id": None,
            "api_app_id": app.app_id,
            "event": happening.event,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": int(self.workspace.now()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self.workspace.team,
                    "user_id": app.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{event_id}",
        }
        for _ in range(2 if self.faults.take_twice() else 1):
            errand = Errand(event_id, str(happening.event["type"]))
            for collector in self._collectors:
                collector.append(errand)
            task = asyncio.get_running_loop().create_task(self._bring(app, body, errand))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _bring(self, app: Installed, body: Json, errand: Errand) -> None:
        reason: str | None = None
        for attempt in range(len(self.retry_delays) + 1):
            if attempt:
                await asyncio.sleep(self.retry_delays[attempt - 1])
            if not self._can_reach(app):
                errand.tried.set()
                await self._reachable(app)
            answer = await self._carry(app, "events_api", errand.name, body, attempt, reason)
            errand.delivered = answer.error is None
            errand.tried.set()
            if answer.error is None or not answer.may_retry:
                return
            reason = answer.error

    def _can_reach(self, app: Installed) -> bool:
        return self._hearing.is_set() and (app.request_url is not None or self.sockets.open_for(app) > 0)

    async def _reachable(self, app: Installed) -> None:
        """Wait until the app can be reached: deafness is over, and a socket is open if it uses one."""
        while not self._can_reach(app):
            await self._hearing.wait()
            if app.request_url is None:
                await self.sockets.wait_for(app)

    # -- commands and interactions -----------------------------------------------------------------------

    async def interact(self, app: Installed, kind: str, name: str, payload: Json) -> Answer:
        """Deliver a command or interaction (`kind` slash_commands or interactive), once; never retried."""
        if not self._hearing.is_set():
            await asyncio.sleep(self.patience)
            lost = Answer(0, error="operation_timeout")
            self.traffic.add("delivery", f"{kind}:{name}", payload, error=lost.error, fault="deaf")
            return lost
        answer = await self._carry(app, kind, name, payload, 0, None)
        return Answer(0, error="operation_timeout") if answer.error == "http_timeout" else answer

    async def _carry(
        self, app: Installed, kind: str, name: str, body: Json, attempt: int, reason: str | None
    ) -> Answer:
        started = time.monotonic()
        if app.request_url is not None:
            way = "http"
            answer = await self.post.send(app, kind, body, attempt, reason, self.patience)
        else:
            way = "socket"
            answer = await self.sockets.send(app, kind, body, attempt, reason, self.patience)
        self.traffic.add(
            "delivery",
            f"{kind}:{name}",
            body,
            status=answer.status,
            response=answer.body,
            error=answer.error,
            ms=round((time.monotonic() - started) * 1000, 1),
            retry=attempt,
            reason=reason,
            way=way,
        )
        return answer
