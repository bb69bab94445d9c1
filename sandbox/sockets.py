"""Socket Mode: the WebSockets that apps hold open, and the envelopes that travel over them."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from sandbox.answers import Answer

if TYPE_CHECKING:
    from sandbox.model import Installed, Json
    from sandbox.workspace import Workspace

CONNECTIONS = 10
REFRESH_SECONDS = 10.0
_HOST = "sandbox"


@dataclass(slots=True, eq=False)
class _Line:
    socket: web.WebSocketResponse
    closing: bool = False


@dataclass(slots=True)
class _Lines:
    """One app's connections. An acknowledgement may come back over another one than its envelope took."""

    lines: list[_Line] = field(default_factory=list)
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    turn: int = 0

    def usable(self) -> list[_Line]:
        return [line for line in self.lines if not line.closing and not line.socket.closed]


class Sockets:
    """All open connections. Each payload goes to exactly one of an app's connections, in turn."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._apps: defaultdict[str, _Lines] = defaultdict(_Lines)
        self._closers: set[asyncio.Task[None]] = set()

    def open_for(self, app: Installed) -> int:
        """How many connections the app has that can carry something."""
        return len(self._apps[app.app_id].usable())

    async def wait_for(self, app: Installed) -> None:
        """Wait until the app has a connection."""
        lines = self._apps[app.app_id]
        while not lines.usable():
            lines.opened.clear()
            await lines.opened.wait()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket: hello, then envelopes out and acknowledgements in until it closes."""
        app_id = self._workspace.tickets.pop(request.query.get("ticket", ""), None)
        app = self._workspace.apps.get(app_id or "")
        if app is None or app.revoked:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=403)
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        lines = self._apps[app.app_id]
        if len(lines.usable()) >= CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {}})
            await socket.close()
            return socket
        line = _Line(socket)
        lines.lines.append(line)
        try:
            await socket.send_json(self._hello(app, len(lines.usable())))
            lines.opened.set()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledged(lines, message.data)
        finally:
            lines.lines.remove(line)
        return socket

    def _hello(self, app: Installed, number: int) -> Json:
        return {
            "type": "hello",
            "num_connections": number,
            "debug_info": {"host": _HOST, "build_number": 1, "approximate_connection_time": 18_060},
            "connection_info": {"app_id": app.app_id},
        }

    def _acknowledged(self, lines: _Lines, text: str) -> None:
        try:
            said = json.loads(text)
        except ValueError:
            return  # Slack ignores what it cannot read on a socket
        if not isinstance(said, dict):
            return
        waiting = lines.waiting.get(str(said.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(said.get("payload"))

    async def send(
        self, app: Installed, kind: str, payload: Json, attempt: int, reason: str | None, patience: float
    ) -> Answer:
        """Send one envelope and wait for its acknowledgement."""
        lines = self._apps[app.app_id]
        usable = lines.usable()
        if not usable:
            return Answer(0, error="dispatch_failed")
        lines.turn += 1
        line = usable[lines.turn % len(usable)]
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            retry_reason = "timeout" if attempt and reason == "http_timeout" else (reason or "")
            envelope |= {"retry_attempt": attempt, "retry_reason": retry_reason}
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        lines.waiting[envelope["envelope_id"]] = future
        try:
            async with asyncio.timeout(patience):
                await line.socket.send_str(json.dumps(envelope, ensure_ascii=False))
                return Answer(200, await future)
        except TimeoutError:
            return Answer(0, error="http_timeout")
        except (ConnectionError, RuntimeError):
            return Answer(0, error="connection_failed")
        finally:
            del lines.waiting[envelope["envelope_id"]]

    async def refresh(self, reason: str = "refresh_requested", *, grace: float = REFRESH_SECONDS) -> int:
        """Ask every connection to be made anew, as Slack does every few hours; how many were asked.

        `reason` is warning, refresh_requested or link_disabled. A connection still there after `grace` real
        seconds is closed from this side.
        """
        lines = [line for app in self._apps.values() for line in app.usable()]
        for line in lines:
            line.closing = reason != "warning"
            await line.socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": _HOST}}
            )
            task = asyncio.get_running_loop().create_task(_close_later(line, grace))
            self._closers.add(task)
            task.add_done_callback(self._closers.discard)
        return len(lines)

    async def cut(self) -> int:
        """Break every connection without a word, as a network does; how many there were."""
        lines = [line for app in self._apps.values() for line in app.usable()]
        for line in lines:
            line.closing = True
            transport = line.socket._req.transport if line.socket._req else None  # noqa: SLF001 - no public way
            if transport is not None:
                transport.close()
        return len(lines)

    async def close(self) -> None:
        """Close all connections, as at the end of the world."""
        for task in list(self._closers):
            task.cancel()
        for app in list(self._apps.values()):
            for line in list(app.lines):
                await line.socket.close()


async def _close_later(line: _Line, grace: float) -> None:
    await asyncio.sleep(grace)
    line.closing = True
    await line.socket.close()
