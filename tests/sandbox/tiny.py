"""A tiny but real Bolt app, reached either way, for the tests of what the sandbox delivers."""

from __future__ import annotations

import asyncio

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

SCOPES = [
    "commands", "chat:write", "im:write", "mpim:write", "im:history", "mpim:history", "channels:history",
    "groups:history", "im:read", "mpim:read", "channels:read", "groups:read", "channels:join", "users:read",
    "users:read.email", "reactions:read", "reactions:write", "files:read", "files:write", "team:read",
    "app_mentions:read", "usergroups:read", "pins:write", "channels:manage", "groups:write",
]  # fmt: skip
MANIFEST = {
    "display_information": {"name": "Tiny"},
    "features": {
        "bot_user": {"display_name": "tiny", "always_online": True},
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "slash_commands": [
            {"command": "/tiny", "description": "Does something tiny", "usage_hint": "[what]"},
            {"command": "/named", "description": "Names people", "should_escape": True},
        ],
        "shortcuts": [
            {"name": "Be tiny", "type": "global", "callback_id": "be_tiny", "description": "Be tiny"},
            {"name": "Make tiny", "type": "message", "callback_id": "make_tiny", "description": "Make tiny"},
        ],
    },
    "oauth_config": {"scopes": {"bot": SCOPES}},
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                "app_home_opened", "app_mention", "member_joined_channel", "message.channels",
                "message.groups", "message.im", "message.mpim", "reaction_added", "team_join", "user_change",
            ]
        },
        "interactivity": {"is_enabled": True},
    },
}  # fmt: skip


def text(words):
    return {"type": "plain_text", "text": words}


def button(name, words="Press", **more):
    return {"type": "button", "action_id": name, "text": text(words), **more}


def actions(*elements, block_id="buttons"):
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def question(element, name="field", **more):
    return {"type": "input", "block_id": name, "label": text(name), "element": element, **more}


def modal(*blocks, **more):
    return {
        "type": "modal",
        "callback_id": "form",
        "title": text("A form"),
        "submit": text("Send"),
        "blocks": list(blocks),
        **more,
    }


class TinyApp:
    """The app, running. `heard` has the body of every event, `retries` the retry headers of each delivery."""

    def __init__(self, sandbox, installed, way):
        self.sandbox, self.installed, self.way = sandbox, installed, way
        self.heard = []
        self.retries = []
        client = AsyncWebClient(token=installed.bot_token, base_url=sandbox.api_url)
        self.bolt = AsyncApp(
            name="tiny",  # Without a name Bolt reads the sources of everybody who called, for that of a file.
            client=client, signing_secret=installed.signing_secret, process_before_response=True,
        )  # fmt: skip
        self.client = client
        self._end = None

        @self.bolt.middleware
        async def note(body, req, next):  # noqa: A002 - Bolt's own name for it
            if body.get("type") == "event_callback":
                self.heard.append(body)
                self.retries.append(req.headers.get("x-slack-retry-num"))
            await next()

    @property
    def events(self):
        return [body["event"] for body in self.heard]

    async def start(self):
        @self.bolt.event({"type": "message"})
        @self.bolt.event("app_home_opened")
        async def nothing():
            pass

        for kind in ("app_mention", "member_joined_channel", "reaction_added", "team_join", "user_change"):
            self.bolt.event(kind)(nothing)
        if self.way == "http":
            runner = web.AppRunner(self.bolt.web_app(path="/slack/events"), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.installed.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
            self._end = runner.cleanup
        else:
            handler = AsyncSocketModeHandler(self.bolt, self.installed.app_token, ping_interval=1)
            await handler.connect_async()
            self.handler = handler
            self._end = handler.close_async
            async with asyncio.timeout(3):
                await self.sandbox.sockets.wait_for(self.installed)

    async def stop(self):
        if self._end is not None:
            await self._end()
            self._end = None
