"""The Web API's front door: reads calls, checks tokens, meets faults, answers, and keeps the traffic."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox import methods
from sandbox.calls import METHODS, ApiError, Call, Entry
from sandbox.replies import answer_response_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.faults import Fault, Faults
    from sandbox.model import Installed, Json
    from sandbox.traffic import Traffic
    from sandbox.workspace import Workspace

__all__ = ["Api", "methods"]  # importing `methods` is what fills the table

_SERVER_ERRORS = 500


@dataclass(slots=True)
class _Outcome:
    """An answer about to be sent; status 0 means that the connection is closed without one."""

    status: int
    body: Json
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Asked:
    name: str
    args: Json
    token: str
    broken: str | None  # the error code for a body that could not be read


class Api:
    """The Web API and the other addresses that apps call: response_urls and file uploads."""

    def __init__(self, workspace: Workspace, faults: Faults, traffic: Traffic) -> None:
        self.workspace = workspace
        self.faults = faults
        self.traffic = traffic
        self.base_url = ""
        self._stopping = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """Where all this is served."""
        return [
            web.get("/api/{method}", self.call),
            web.post("/api/{method}", self.call),
            web.post("/commands/{team}/{key}", self.respond),
            web.post("/actions/{team}/{key}", self.respond),
            web.post("/upload/{file}", self.upload),
        ]

    def start(self, base_url: str) -> None:
        """Answer from now on; `base_url` is where."""
        self.base_url = base_url
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Let hanging and slow calls go."""
        self._stopping.set()

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Answer POST and GET /api/{method}."""
        started = time.monotonic()
        asked = await _read(request)
        fault = None
        if asked.name in METHODS and asked.broken is None:
            fault = self.faults.strike(asked.name, asked.args)
        if fault is None:
            outcome = self._run(asked)
        else:
            outcome = await self._meet(fault, request, lambda: self._run(asked))
        self.traffic.add(
            "call",
            asked.name,
            asked.args,
            status=outcome.status,
            response=outcome.body,
            error=outcome.body.get("error"),
            messages=(outcome.body.get("response_metadata") or {}).get("messages", []),
            ms=round((time.monotonic() - started) * 1000, 1),
            fault=fault.kind if fault else None,
        )
        if outcome.status == 0:
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        if outcome.status >= _SERVER_ERRORS:
            page = "<html><body>upstream error</body></html>"  # as the proxies before Slack's servers answer
            return web.Response(status=outcome.status, text=page, content_type="text/html")
        return web.json_response(outcome.body, status=outcome.status, headers=outcome.headers)

    # -- doing it ----------------------------------------------------------------------------------------

    def _run(self, asked: _Asked) -> _Outcome:
        entry, app = METHODS.get(asked.name), self._app(asked.token)
        if entry is None:
            return _Outcome(200, ApiError("unknown_method", req_method=asked.name).body)
        headers = {"X-Accepted-OAuth-Scopes": ",".join(entry.scopes)}
        if app is not None:
            headers["X-OAuth-Scopes"] = ",".join(app.scopes)
        try:
            caller = self._admit(entry, app, asked)
            if self.faults.limits:
                wait = self.faults.rates.refuse(caller.app_id, asked.name, self._conversation(asked))
                if wait is not None:
                    body: Json = {"ok": False, "error": "ratelimited"}
                    return _Outcome(429, body, headers | {"Retry-After": str(wait)})
            call = Call(asked.name, asked.args, caller, self.workspace, self.base_url)
            if asked.name.startswith("conversations.") and self.faults.history_absent:
                return _Outcome(200, _without_history({"ok": True, **entry.run(call)}), headers)
            return _Outcome(200, {"ok": True, **entry.run(call)}, headers)
        except ApiError as refusal:
            return _Outcome(200, refusal.body, headers)

    def _admit(self, entry: Entry, app: Installed | None, asked: _Asked) -> Installed:
        """The app that calls, if its token is good for this method."""
        if asked.broken is not None:
            raise ApiError(asked.broken)
        if entry.token == "none":  # noqa: S105 - a kind of token
            anybody = app or next(iter(self.workspace.apps.values()), None)
            if anybody is None:
                raise ApiError("fatal_error")
            return anybody
        if not asked.token:
            raise ApiError("not_authed")
        if app is None:
            raise ApiError("invalid_auth")
        if app.revoked:
            raise ApiError("account_inactive")
        if (entry.token == "app") is not asked.token.startswith("xapp-"):  # noqa: S105 - a kind of token
            raise ApiError("not_allowed_token_type")
        if entry.scopes and not set(entry.scopes) & set(app.scopes):
            raise ApiError("missing_scope", needed=",".join(entry.scopes), provided=",".join(app.scopes))
        return app

    def _app(self, token: str) -> Installed | None:
        for app in self.workspace.apps.values():
            if token and token in {app.bot_token, app.app_token}:
                return app
        return None

    def _conversation(self, asked: _Asked) -> str | None:
        """One name for a conversation, whether it is called by its own id or by its user's."""
        where = str(asked.args.get("channel") or "")
        channel = self.workspace.channels.get(where)
        if channel is not None and channel.is_im:
            return next((one for one in channel.members if not self.workspace.users[one].is_bot), where)
        return where or None

    # -- faults ------------------------------------------------------------------------------------------

    async def _meet(self, fault: Fault, request: web.Request, run: Callable[[], _Outcome]) -> _Outcome:
        params = fault.params
        if fault.kind == "slow":
            seconds = float(params.get("seconds", 1))
            if params.get("before"):
                await self._pause(seconds, request)
                return run()
            outcome = run()
            await self._pause(seconds, request)
            return outcome
        if fault.kind == "drop_after" or params.get("committed"):
            run()
        match fault.kind:
            case "rate_limited":
                retry_after = str(params.get("retry_after", 1))
                return _Outcome(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": retry_after})
            case "error":
                return _Outcome(200, {"ok": False, "error": str(params.get("code", "internal_error"))})
            case "server_error":
                return _Outcome(int(params.get("status", 500)), {"ok": False, "error": "server_error"})
            case "hang":
                await self._pause(float("inf"), request)
        return _Outcome(0, {"ok": False, "error": fault.kind})

    async def _pause(self, seconds: float, request: web.Request) -> None:
        """Wait, but not past the sandbox's end, nor (when waiting for ever) past the caller's patience."""
        until = time.monotonic() + seconds
        while not self._stopping.is_set() and time.monotonic() < until:
            if seconds == float("inf") and (request.transport is None or request.transport.is_closing()):
                return
            try:
                async with asyncio.timeout(min(0.5, until - time.monotonic())):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    # -- other addresses ---------------------------------------------------------------------------------

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answer a POST to a response_url."""
        started = time.monotonic()
        kind = request.path.split("/")[1]
        try:
            payload = json.loads(await request.text())
        except ValueError:
            payload = None

        def run() -> _Outcome:
            return _Outcome(*answer_response_url(self.workspace, request.match_info["key"], payload))

        fault = self.faults.strike("response_url", payload if isinstance(payload, dict) else {})
        outcome = run() if fault is None else await self._meet(fault, request, run)
        status, said = outcome.status, outcome.body
        bad = status != 200  # noqa: PLR2004
        self.traffic.add(
            "call",
            f"response_url:{kind}",
            payload,
            status=status,
            response=said,
            error=str(said.get("error")) if bad else None,
            messages=(said.get("response_metadata") or {}).get("messages", []),
            ms=round((time.monotonic() - started) * 1000, 1),
            fault=fault.kind if fault else None,
        )
        if status == 0:
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        if bad:
            return web.json_response(said, status=status, headers=outcome.headers)
        return web.Response(text="ok")

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Take the bytes of an announced file, raw or as the first part of a form."""
        kept = self.workspace.files.get(request.match_info["file"])
        if kept is None or kept.complete:
            return web.Response(status=404, text="unknown upload")
        if request.content_type.startswith("multipart/"):
            part = await (await request.multipart()).next()
            content = (
                bytes(await part.read(decode=True)) if part is not None and hasattr(part, "read") else b""
            )
        else:
            content = await request.read()
        if len(content) != kept.size:
            return web.Response(status=400, text="length differs from what was announced")
        kept.content = base64.b64encode(content).decode()
        return web.Response(text=f"OK - {len(content)}")


def _without_history(body: Json) -> Json:
    return body | ({"messages": [], "has_more": False} if "messages" in body else {})


async def _read(request: web.Request) -> _Asked:
    """Read arguments as Slack does: query, then form or JSON object; token from the header or the body."""
    name = request.match_info["method"]
    args: Json = dict(request.query)
    args.pop("token", None)  # Slack takes no tokens from query strings
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    broken = None
    if request.method == "POST" and request.can_read_body:
        if request.content_type == "application/json":
            body: Any = None
            try:
                body = json.loads(await request.text() or "{}")
            except ValueError:
                broken = "invalid_json"
            if isinstance(body, dict):
                args |= body
            elif broken is None:
                broken = "json_not_object"
        elif request.content_type.startswith("multipart/"):
            args |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
        else:
            args |= dict(parse_qsl(await request.text(), keep_blank_values=True))
    in_body = args.pop("token", None)
    return _Asked(name, args, token or str(in_body or ""), broken)
