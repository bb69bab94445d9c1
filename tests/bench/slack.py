"""A Slack that takes everything at once and remembers nothing, so that only the app is measured."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

TEAM = "T0BENCH"


class Slack:
    """Answers what the app calls; `refuse` may say no to a call with the seconds to wait."""

    def __init__(self) -> None:
        self.refuse: Callable[[str, str], int | None] = lambda _method, _channel: None
        self.posted: Callable[[dict[str, Any]], None] = lambda _arguments: None
        self.arrived: dict[str, float] = {}
        """When the first message to each conversation came, by the clock that all processes share."""
        self._serial = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/api/{method}", self._answer)
        app.router.add_post("/respond/{id}", self._ok)
        app.router.add_get("/arrived/{channel}", self._arrived)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _arrived(self, request: web.Request) -> web.Response:
        return web.json_response(self.arrived.get(request.match_info["channel"]))

    async def _ok(self, request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text="ok")

    async def _answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if method == "chat.postMessage":
            return await self._post(request)
        arguments = await request.json() if request.content_type == "application/json" else {}
        await request.read()
        wait = self.refuse(method, str(arguments.get("channel") or ""))
        if wait is not None:
            return _limited(wait)
        said: dict[str, Any] = {"ok": True}
        match method:
            case "auth.test":
                said |= {
                    "team_id": TEAM,
                    "team": "Bench",
                    "user": "app",
                    "user_id": "U0APP",
                    "bot_id": "B0APP",
                }
            case "conversations.open":
                said |= {"channel": {"id": f"G{next(self._serial)}"}}
            case "conversations.info":
                said |= {"channel": {"id": "C0ANY", "name": "any", "is_member": True}}
            case "users.info":
                said |= {"user": {"id": "U0ANY", "name": "any"}}
            case "users.list":
                said |= {"members": [], "response_metadata": {"next_cursor": ""}}
            case "conversations.history":
                said |= {"messages": []}
        return web.json_response(said)

    async def _post(self, request: web.Request) -> web.Response:
        arguments = await request.json()
        channel = arguments["channel"]
        wait = self.refuse("chat.postMessage", channel)
        if wait is not None:
            return _limited(wait)
        self.posted(arguments)
        self.arrived.setdefault(channel, time.monotonic())
        ts = f"1795000000.{next(self._serial):06}"
        return web.json_response({"ok": True, "channel": f"D{channel[1:]}", "ts": ts})


def _limited(wait: int) -> web.Response:
    return web.json_response(
        {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(wait)}
    )


async def _run() -> None:
    slack = Slack()
    await slack.start()
    sys.stdout.write(slack.url + "\n")
    sys.stdout.flush()
    # Whoever started it closes its standard input to end it.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await slack.stop()


if __name__ == "__main__":
    asyncio.run(_run())
