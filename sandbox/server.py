"""The sandbox as one object: a workspace behind a web server that speaks Slack."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox import page
from sandbox.courier import Courier
from sandbox.faults import Faults
from sandbox.model import Installed
from sandbox.person import Person
from sandbox.signing import Post
from sandbox.snapshot import Keeper
from sandbox.sockets import Sockets
from sandbox.traffic import Traffic
from sandbox.web import Api
from sandbox.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

_LARGEST_BODY = 16 * 1024 * 1024
_TICK = 0.5


class Sandbox:
    """A Slack workspace in a box.

    `workspace`, `faults` and `traffic` may be used at any time; `courier` and `sockets` hold what tests of
    delivery tune (`courier.retry_delays`, `courier.patience`, `sockets.refresh()`). `now` gives the
    workspace's seconds since the epoch. `folder`: where the workspace is kept between runs; None: nowhere.
    `on_skip` is what the page's "skip ahead" calls with seconds; None hides it. `tour` are the steps that the
    page offers newcomers: title, text, and optionally act_as (a user id) and go_to (a channel id or "home").
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        folder: Path | None = None,
        team: str = "T0DOWNBALLOT",
        team_name: str = "Downballot",
    ) -> None:
        self.workspace = Workspace(now=now, team=team, team_name=team_name)
        self.faults = Faults()
        self.traffic = Traffic(now)
        self.sockets = Sockets(self.workspace)
        self._post = Post()
        self.courier = Courier(self.workspace, self.faults, self.traffic, self.sockets, self._post)
        self.on_skip: Callable[[float], Awaitable[None]] | None = None
        self.tour: Sequence[Mapping[str, Any]] = ()
        self.url = ""
        self._people: dict[str, Person] = {}
        self._api = Api(self.workspace, self.faults, self.traffic)
        self._keeper = Keeper(self.workspace, folder)
        self._runner: web.AppRunner | None = None
        self._ticking: asyncio.Task[None] | None = None
        self.workspace.on_event = self.courier.event
        self.faults.changed = self._faults_changed
        self.traffic.changed = lambda: self.workspace.changed("traffic")

    @property
    def api_url(self) -> str:
        """The Web API's base address, with its closing slash, as AsyncWebClient(base_url=…) takes it."""
        return self.url + "/api/"

    def _faults_changed(self) -> None:
        self.courier.faults_changed()
        self.workspace.changed("faults")

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. From now on apps hear of what happens."""
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.add_routes(self._api.routes())
        application.add_routes(
            [
                web.get("/link/", self.sockets.handle),
                web.get("/sandbox/faults", self._show_faults),
                web.post("/sandbox/faults", self._order_faults),
                web.get("/sandbox/messages", self._show_messages),
            ]
        )
        application.add_routes(page.routes(self))
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=1024)
        await site.start()
        taken = self._runner.addresses[0][1]
        self.url = f"http://{host}:{taken}"
        self._api.start(self.url)
        self.courier.running = True
        self._ticking = asyncio.get_running_loop().create_task(self._tick())

    async def stop(self) -> None:
        """Stop listening, give up what is under way, and keep the workspace in its folder."""
        self._api.stop()
        await page.close(self)
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking
            self._ticking = None
        await self.courier.close()
        await self.sockets.close()
        await self._post.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._keeper.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            self.workspace.post_due()

    def install(
        self,
        manifest: Mapping[str, Any],
        *,
        request_url: str | None = None,
        scopes: Sequence[str] | None = None,
    ) -> Installed:
        """Install an app from its manifest; `scopes` None grants what the manifest asks for.

        An app of that name that is there already keeps its ids and tokens and gets the new manifest, scopes
        and request_url (None: Socket Mode).
        """
        name = str(manifest["display_information"]["name"])
        asked = ((manifest.get("oauth_config") or {}).get("scopes") or {}).get("bot") or []
        granted = list(asked if scopes is None else scopes)
        app = next((one for one in self.workspace.apps.values() if one.name == name), None)
        if app is None:
            app = self._new_app(name, manifest)
        app.manifest = json.loads(json.dumps(manifest))
        app.scopes = granted
        app.request_url = request_url
        self.workspace.changed("app")
        return app

    def _new_app(self, name: str, manifest: Mapping[str, Any]) -> Installed:
        workspace = self.workspace
        bot = ((manifest.get("features") or {}).get("bot_user") or {}).get("display_name", name)
        handle = re.sub(r"[^a-z0-9._-]+", "_", str(bot).lower())
        user = workspace.add_user(handle, real_name=str(bot), is_bot=True, tz="America/Los_Angeles")
        app_id, bot_id = workspace.next_id("A"), workspace.next_id("B")
        app = Installed(
            app_id=app_id,
            name=name,
            bot_id=bot_id,
            bot_user_id=user.id,
            bot_token=f"xoxb-{secrets.randbelow(10**12):012}-{secrets.token_hex(12)}",
            app_token=f"xapp-1-{app_id}-{secrets.token_hex(16)}",
            signing_secret=secrets.token_hex(16),
            manifest={},
            scopes=[],
            verification_token=secrets.token_hex(12),
        )
        user.app_id, user.bot_id = app_id, bot_id
        workspace.apps[app_id] = app
        return app

    def person(self, user_id: str) -> Person:
        """The person with that user id, ready to act; KeyError for an unknown one."""
        if user_id not in self._people:
            self._people[self.workspace.user(user_id).id] = Person(self, user_id)
        return self._people[user_id]

    # -- for processes outside ---------------------------------------------------------------------------

    async def _show_faults(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(self.faults.describe())

    async def _order_faults(self, request: web.Request) -> web.StreamResponse:
        try:
            order = await request.json()
            self.faults.command(order)
        except (ValueError, TypeError, AttributeError) as error:
            return web.json_response({"ok": False, "error": str(error)}, status=400)
        return web.json_response({"ok": True, **self.faults.describe()})

    async def _show_messages(self, request: web.Request) -> web.StreamResponse:
        """List every message of every conversation (`?channel=` for one), in the order of their ts."""
        wanted = request.query.get("channel")
        listed = [
            {
                "channel": message.channel,
                "ts": message.ts,
                "user": message.user,
                "app_id": message.app_id,
                "subtype": message.subtype,
                "thread_ts": message.thread_ts,
                "text": message.text,
                "metadata": message.metadata,
                "edits": len(message.edits),
                "members": channel.members if channel.is_im or channel.is_mpim else None,
            }
            for channel in self.workspace.channels.values()
            if wanted in {None, channel.id}
            for message in channel.messages.values()
        ]
        listed.sort(key=lambda one: str(one["ts"]))
        return web.json_response({"ok": True, "messages": listed})
