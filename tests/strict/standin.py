"""A second, stricter stand-in for Slack, written from its documentation alone; sharing nothing with sandbox/.

It checks what the app sends (tests/strict/rules.py), answers with as little as Slack promises, and can be
told to answer badly. What the app did wrong is collected in `wrong`, for every test to look at in the end.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from tests.strict import rules

BOT = "U0BOTSELF"
BOT_ID = "B0BOTSELF"
TEAM = "T0STRICT"
APP = "A0STRICT"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOT_TOKEN = "xoxb-111-222-strictBotToken"
APP_TOKEN = "xapp-1-A0STRICT-333-strictAppToken"
SCOPES = (
    "channels:history,channels:read,chat:write,commands,groups:history,groups:read,im:history,im:write,"
    "mpim:history,mpim:write,users:read,users:read.email"
)


@dataclass
class Fault:
    """One bad answer: an error of Slack's, an HTTP status with a body, a delay, a dropped connection."""

    error: str | None = None
    status: int = 200
    body: str | None = None
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drop: bool = False
    done: bool = False  # Whether Slack does what was asked before it answers badly.

    @property
    def slow(self) -> bool:
        return self.delay > 0 and self.error is None and self.body is None and not self.drop


@dataclass
class Heard:
    """What the app answered to something that Slack brought it; `status` None is silence."""

    status: int | None
    body: str
    seconds: float

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body) if self.body.startswith("{") else {}


class StandIn:
    """One workspace, one app, no mercy."""

    def __init__(self, *, socket: bool = False) -> None:
        self.socket = socket
        self.users: dict[str, dict[str, Any]] = {}
        self.channels: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.edits: list[tuple[str, str, dict[str, Any]]] = []
        self.homes: dict[str, dict[str, Any]] = {}
        self.opened: list[dict[str, Any]] = []
        self.whispers: list[dict[str, Any]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.wrong: list[str] = []
        self.under_way = 0
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.metadata_in_history = True
        self.now: Callable[[], float] = time.time
        self.request_url = ""
        self.base = ""
        self._numbers = itertools.count(1)
        self._triggers: dict[str, float] = {}
        self._sockets: list[web.WebSocketResponse] = []
        self._acks: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, list[str]] = {}

    # The life of it

    async def start(self) -> None:
        server = web.Application(client_max_size=4 * 1024 * 1024)
        server.add_routes(
            [
                web.route("*", "/api/{method}", self._api),
                web.get("/link", self._link),
                web.post("/response/{user}/{id}", self._response),
            ]
        )
        self._runner = web.AppRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.client = aiohttp.ClientSession()

    async def stop(self) -> None:
        for each in self._sockets:
            await each.close()
        await self.client.close()
        await self._runner.cleanup()

    def add_user(self, user: str, **more: Any) -> None:
        name = user.removeprefix("U0").title()
        self.users[user] = {
            "id": user,
            "team_id": TEAM,
            "name": name.lower(),
            "deleted": False,
            "tz": "America/New_York",
            "profile": {"real_name": name, "display_name": "", "email": f"{name.lower()}@secret.example"},
            **more,
        }

    def add_channel(self, channel: str, members: list[str]) -> None:
        self.channels[channel] = {"id": channel, "name": channel.lower(), "members": set(members)}

    def dm(self, user: str) -> str:
        channel = f"D{user[1:]}"
        known = {"id": channel, "is_im": True, "user": user, "members": {user, BOT}}
        self.channels.setdefault(channel, known)
        return channel

    def in_dm(self, user: str) -> list[dict[str, Any]]:
        return self.messages[self.dm(user)]

    # The Web API

    async def _api(self, request: web.Request) -> web.StreamResponse:
        self.under_way += 1
        try:
            return await self._called(request)
        finally:
            self.under_way -= 1

    async def _called(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        fault = self.faults[method].popleft() if self.faults[method] else None
        arguments, trouble = await rules.arguments(request, method)
        self.calls.append((method, arguments))
        if fault and fault.slow:
            await asyncio.sleep(fault.delay)
            fault = None
        if fault and not fault.done:
            return await self._badly(request, fault)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        wanted = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if token != wanted:
            answer: dict[str, Any] = {"ok": False, "error": "invalid_auth" if token else "not_authed"}
        elif trouble or (trouble := rules.of_call(method, arguments)):
            self.wrong += [f"{method}: {each}" for each in trouble]
            answer = {"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": trouble}}
        else:
            answer = getattr(self, "_" + method.replace(".", "_"), self._unknown)(arguments)
        if fault:
            return await self._badly(request, fault)
        return web.json_response(answer, headers={"X-OAuth-Scopes": SCOPES})

    async def _badly(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        await asyncio.sleep(fault.delay)
        if fault.drop:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        body = fault.body if fault.body is not None else json.dumps({"ok": False, "error": fault.error})
        return web.Response(status=fault.status, text=body, content_type=fault.kind, headers=fault.headers)

    def _unknown(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        return {"ok": False, "error": "unknown_method"}

    def _auth_test(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "user_id": BOT, "bot_id": BOT_ID, "team_id": TEAM, "user": "x", "team": "y"}

    def _apps_connections_open(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "url": f"{self.base.replace('http', 'ws')}/link?ticket=t{next(self._numbers)}"}

    def _where(self, channel: str) -> str | None:
        if channel[0] in "UW" and channel in self.users:
            return self.dm(channel)
        known = self.channels.get(channel)
        return channel if known and BOT in known["members"] else None

    def _ts(self) -> str:
        return f"{int(self.now())}.{next(self._numbers):06}"

    def _chat_postMessage(  # noqa: N802 - the method's own name
        self, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        where = self._where(arguments["channel"])
        if where is None:
            return {"ok": False, "error": "channel_not_found"}
        message = {**arguments, "ts": self._ts(), "user": BOT, "channel": where}
        self.messages[where].append(message)
        # The page promises no more than these; a "message" is there in practice, and is left out here.
        return {"ok": True, "channel": where, "ts": message["ts"]}

    def _chat_update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        found = [each for each in self.messages[arguments["channel"]] if each["ts"] == arguments["ts"]]
        if not found:
            return {"ok": False, "error": "message_not_found"}
        found[0].update(arguments)
        self.edits.append((arguments["channel"], arguments["ts"], arguments))
        return {"ok": True, "channel": arguments["channel"], "ts": arguments["ts"], "text": ""}

    def _chat_postEphemeral(  # noqa: N802 - the method's own name
        self, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        known = self.channels.get(arguments["channel"])
        if known is None or not {BOT, arguments["user"]} <= known["members"]:
            return {"ok": False, "error": "user_not_in_channel" if known else "channel_not_found"}
        self.whispers.append({"user": arguments["user"], **arguments})
        return {"ok": True, "message_ts": self._ts()}

    def _conversations_open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        users = arguments["users"].split(",")
        if set(users) - set(self.users):
            return {"ok": False, "error": "user_not_found"}
        if len(users) == 1:
            return {"ok": True, "channel": {"id": self.dm(users[0])}}
        group = "C0GROUP" + "".join(sorted(each[2:] for each in users))
        self.channels.setdefault(group, {"id": group, "is_mpim": True, "members": {*users, BOT}})
        return {"ok": True, "channel": {"id": group}}

    def _conversations_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments["channel"] not in self.channels:
            return {"ok": False, "error": "channel_not_found"}
        return {"ok": True, "channel": {"id": arguments["channel"], "is_member": True}}

    def _conversations_history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        oldest = float(arguments.get("oldest") or 0)
        shown = [each for each in self.messages[arguments["channel"]] if float(each["ts"]) > oldest]
        hidden = () if self.metadata_in_history else ("metadata",)
        kept = [{k: v for k, v in each.items() if k not in hidden} for each in reversed(shown)]
        return {"ok": True, "messages": kept[: int(arguments.get("limit") or 100)], "has_more": False}

    def _users_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        user = self.users.get(arguments["user"])
        return {"ok": True, "user": user} if user else {"ok": False, "error": "user_not_found"}

    def _users_list(self, arguments: dict[str, Any]) -> dict[str, Any]:
        cursor = arguments.get("cursor")
        if cursor is not None and cursor not in self._pages:
            return {"ok": False, "error": "invalid_cursor"}
        names = self._pages.pop(cursor) if cursor else sorted(self.users)
        page, rest = names[:3], names[3:]
        answer: dict[str, Any] = {"ok": True, "members": [self.users[each] for each in page]}
        if rest:
            cursor = f"dXNlcjp{next(self._numbers)}="
            self._pages[cursor] = rest
            answer["response_metadata"] = {"next_cursor": cursor}
        return answer

    def _views_open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        born = self._triggers.pop(arguments["trigger_id"], None)
        if born is None or time.monotonic() - born > 3:
            return {"ok": False, "error": "exchanged_trigger_id" if born is None else "expired_trigger_id"}
        view = {**arguments["view"], "id": f"V{next(self._numbers)}", "hash": "1.abc"}
        self.opened.append(view)
        return {"ok": True, "view": view}

    _views_push = _views_open

    def _views_publish(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self.homes[arguments["user_id"]] = arguments["view"]
        return {"ok": True, "view": {}}

    async def _response(self, request: web.Request) -> web.Response:
        said = await request.json()
        self.wrong += [f"response_url: {each}" for each in rules.of_response(said)]
        if self.faults["response_url"]:
            return web.Response(status=self.faults["response_url"].popleft().status, text="expired_url")
        self.whispers.append({"user": request.match_info["user"], **said})
        return web.Response(text="ok")

    # What Slack brings to the app

    def trigger(self) -> str:
        trigger = f"{next(self._numbers) + 13345224609}.738474920.8088930838d88f008e0"
        self._triggers[trigger] = time.monotonic()
        return trigger

    def response_url(self, user: str) -> str:
        return f"{self.base}/response/{user}/secretResponse{next(self._numbers)}"

    async def event(self, event: dict[str, Any], *, event_id: str | None = None, **more: Any) -> Heard:
        body = {
            "token": "verification",
            "team_id": TEAM,
            "api_app_id": APP,
            "event": {"event_ts": self._ts(), **event},
            "type": "event_callback",
            "event_id": event_id or f"Ev{next(self._numbers)}",
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM,
                    "user_id": BOT,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            **more,
        }
        return await self.bring("events_api", body)

    async def command(self, user: str, command: str, text: str = "", **more: Any) -> Heard:
        body = {
            "token": "verification",
            "team_id": TEAM,
            "team_domain": "strict",
            "channel_id": "C0ELSE",
            "channel_name": "directmessage",
            "user_id": user,
            "user_name": "old",
            "command": command,
            "text": text,
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": self.response_url(user),
            "trigger_id": self.trigger(),
            **more,
        }
        return await self.bring("slash_commands", body)

    def interaction(self, kind: str, user: str, **more: Any) -> dict[str, Any]:
        return {
            "type": kind,
            "user": {"id": user, "username": "old", "name": "old", "team_id": TEAM},
            "api_app_id": APP,
            "token": "verification",
            "trigger_id": self.trigger(),
            "team": {"id": TEAM, "domain": "strict"},
            "enterprise": None,
            "is_enterprise_install": False,
            **more,
        }

    def pressed(self, action: str, value: object) -> dict[str, Any]:
        return {
            "type": "button",
            "block_id": "b",
            "action_id": action,
            "value": value,
            "action_ts": self._ts(),
        }

    async def press(
        self, user: str, action: str, value: str = "", *, message: dict[str, Any] | None = None, **more: Any
    ) -> Heard:
        pressed = self.pressed(action, value)
        body = self.interaction("block_actions", user, actions=[pressed], state={"values": {}})
        if message is not None:
            body |= {
                "container": {
                    "type": "message",
                    "message_ts": message["ts"],
                    "channel_id": message["channel"],
                },
                "channel": {"id": message["channel"], "name": "directmessage"},
                "message": {"type": "message", "ts": message["ts"], "user": BOT, "bot_id": BOT_ID},
                "response_url": self.response_url(user),
            }
        return await self.bring("interactive", {**body, **more})

    async def submit(self, user: str, view: dict[str, Any], values: dict[str, Any], **more: Any) -> Heard:
        body = self.interaction("view_submission", user, response_urls=[], **more)
        body["view"] = {**view, "team_id": TEAM, "state": {"values": values}, "app_id": APP, "bot_id": BOT_ID}
        return await self.bring("interactive", body)

    async def bring(self, kind: str, body: dict[str, Any], **headers: str) -> Heard:
        if self.socket:
            return await self._over_socket(kind, body)
        if kind == "events_api":
            return await self.send(json.dumps(body), "application/json", **headers)
        form = body if kind == "slash_commands" else {"payload": json.dumps(body)}
        return await self.send(urlencode(form), "application/x-www-form-urlencoded", **headers)

    async def send(
        self, body: Any, kind: str, *, sign: bool = True, at: float | str | None = None, **headers: str
    ) -> Heard:
        raw = body.encode() if isinstance(body, str) else body
        stamp = str(int(time.time()) if at is None else at)
        wanted = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if sign:
            made = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + raw, hashlib.sha256).hexdigest()
            wanted |= {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={made}"}
        begun = time.monotonic()
        async with self.client.post(self.request_url, data=raw, headers=wanted) as answer:
            return Heard(answer.status, await answer.text(), time.monotonic() - begun)

    # Socket Mode

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": APP}})
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            said = json.loads(message.data)
            if set(said) - {"envelope_id", "payload"}:
                self.wrong.append(f"an acknowledgement with {sorted(said)}")
            waiting = self._acks.pop(said.get("envelope_id"), None)
            if waiting is None:
                self.wrong.append("an acknowledgement of nothing, or a second one")
            elif not waiting.done():
                waiting.set_result(said)
        return socket

    async def _over_socket(self, kind: str, body: dict[str, Any], **more: Any) -> Heard:
        name = f"envelope-{next(self._numbers)}"
        waiting = self._acks[name] = asyncio.get_running_loop().create_future()
        begun = time.monotonic()
        takes = kind in {"slash_commands", "interactive"}
        envelope = {
            "type": kind,
            "envelope_id": name,
            "payload": body,
            "accepts_response_payload": takes,
            **more,
        }
        await next(each for each in reversed(self._sockets) if not each.closed).send_json(envelope)
        try:
            said = await asyncio.wait_for(waiting, 3)
        except TimeoutError:
            self._acks.pop(name, None)
            return Heard(None, "", time.monotonic() - begun)
        payload = said.get("payload")
        if payload and not takes:
            self.wrong.append(f"a payload in the acknowledgement of {kind}")
        return Heard(200, json.dumps(payload) if payload else "", time.monotonic() - begun)

    async def say(self, message: dict[str, Any]) -> None:
        """Send something over the newest socket that is no envelope."""
        await next(each for each in reversed(self._sockets) if not each.closed).send_json(message)

    async def until(self, true: Any, seconds: float = 8.0) -> None:
        """Wait until something is so; fail when it does not come."""
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.01)
