"""A small Slack at the network, for the outbox alone: it keeps every message, and lies when told to."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict, deque

from aiohttp import web


def _hang_up(request):
    """Drop the connection; it may be gone already, with the process that had it."""
    if request.transport is not None:
        request.transport.close()


class Slack:
    """Its memory is the judge: what was shown to people is in `messages`, and nowhere else."""

    def __init__(self, now=lambda: 1_795_000_000.0):
        self.now = now
        self.messages = defaultdict(list)
        self.seen = set()
        self.calls = []
        self.homes = {}
        self.home_calls = []
        self.files = {}
        self.token_good = True
        self.keeps_metadata = True
        self.faults = defaultdict(deque)
        self.always = {}
        self.slow = 0.0
        self.busiest = 0
        self._busy = 0
        self._serial = itertools.count(1)
        self.held = []
        self.on_post = None

    async def __aenter__(self):
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/api/{method}", self._answer)
        app.router.add_post("/upload/{file}", self._upload)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        for gate in self.held:
            gate.set()
        await self._runner.cleanup()

    # What a test asks and orders

    def fault(self, method, *faults):
        """The next calls of the method go wrong like this: "drop_before", "drop_after", ("error", code),
        ("status", 503), ("committed", 500), ("limited", "2"), "hang", "fine"."""
        self.faults[method].extend(faults)

    def texts(self, channel):
        return [message["text"] for message in self.messages[channel]]

    def shown(self):
        return [message["text"] for messages in self.messages.values() for message in messages]

    def count(self, method):
        return sum(1 for called, _ in self.calls if called == method)

    # The wire

    async def _upload(self, request):
        self.files[request.match_info["file"]] = await request.read()
        return web.Response(text="OK")

    async def _answer(self, request):
        method = request.match_info["method"]
        arguments = dict(request.query)
        if request.content_type == "application/json":
            arguments |= await request.json()
        else:
            arguments |= dict(await request.post())
        self.calls.append((method, arguments))
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            await asyncio.sleep(self.slow)
            return await self._faulty(request, method, arguments)
        finally:
            self._busy -= 1

    async def _faulty(self, request, method, arguments):  # noqa: C901, PLR0911 - one line per fault
        fault = self.faults[method].popleft() if self.faults[method] else self.always.get(method, "fine")
        if callable(fault):
            fault = fault(arguments)
        name, detail = fault if isinstance(fault, tuple) else (fault, None)
        if name == "drop_before":
            _hang_up(request)
            return web.Response()
        if name == "error":
            return web.json_response({"ok": False, "error": detail})
        if name == "status":
            return web.Response(status=detail, text="<html>sorry</html>", content_type="text/html")
        if name == "limited":
            headers = {} if detail is None else {"Retry-After": detail}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        if name == "hang_before":
            await self._hold()
            _hang_up(request)
            return web.Response()
        if not self.token_good:
            return web.json_response({"ok": False, "error": "token_revoked"})
        answer = getattr(self, method.replace(".", "_"))(arguments)
        if self.on_post is not None and method == "chat.postMessage":
            await self.on_post(arguments)
        if name == "drop_after":
            _hang_up(request)
            return web.Response()
        if name == "committed":
            return web.Response(status=detail, text="<html>sorry</html>", content_type="text/html")
        if name == "hang":
            await self._hold()
        return web.json_response({"ok": True, **answer} if "error" not in answer else {"ok": False, **answer})

    async def _hold(self):
        gate = asyncio.Event()
        self.held.append(gate)
        await gate.wait()

    def _ts(self):
        return f"{self.now() + next(self._serial) / 1000:.6f}"

    @staticmethod
    def _place(channel):
        return f"D{channel[1:]}" if channel.startswith("U") else channel

    def auth_test(self, _):
        return {"user_id": "UBOT"}

    def chat_postMessage(self, arguments):  # noqa: N802
        channel = self._place(arguments["channel"])
        message = {
            "text": arguments.get("text", ""),
            "blocks": arguments.get("blocks"),
            "metadata": arguments.get("metadata"),
            "ts": self._ts(),
            "thread_ts": arguments.get("thread_ts"),
        }
        self.messages[channel].append(message)
        self.seen.add(message["text"])
        return {"channel": channel, "ts": message["ts"]}

    def _find(self, arguments):
        found = (one for one in self.messages[arguments["channel"]] if one["ts"] == arguments["ts"])
        return next(found, None)

    def chat_update(self, arguments):
        message = self._find(arguments)
        if message is None:
            return {"error": "message_not_found"}
        message["text"] = arguments["text"]
        message["edits"] = message.get("edits", 0) + 1
        return {"channel": arguments["channel"], "ts": arguments["ts"]}

    def chat_delete(self, arguments):
        message = self._find(arguments)
        if message is None:
            return {"error": "message_not_found"}
        self.messages[arguments["channel"]].remove(message)
        return {}

    def views_publish(self, arguments):
        self.homes[arguments["user_id"]] = arguments["view"]
        self.home_calls.append(arguments)
        return {}

    def conversations_open(self, arguments):
        users = arguments["users"].split(",")
        return {"channel": {"id": f"D{users[0][1:]}" if len(users) == 1 else "C" + "".join(sorted(users))}}

    def conversations_invite(self, arguments):
        return {"channel": {"id": arguments["channel"]}}

    def files_getUploadURLExternal(self, arguments):  # noqa: N802
        file = f"F{next(self._serial)}"
        return {"file_id": file, "upload_url": f"{self.url}/upload/{file}"}

    def files_completeUploadExternal(self, arguments):  # noqa: N802
        file = json.loads(arguments["files"])[0]
        self.messages[arguments["channel_id"]].append(
            {"text": f"file:{file['title']}", "ts": self._ts(), "files": [{"id": file["id"]}]}
        )
        return {"files": [file]}

    def conversations_history(self, arguments):
        oldest = float(arguments.get("oldest", 0))
        kept = [one for one in self.messages[arguments["channel"]] if float(one["ts"]) > oldest]
        kept.sort(key=lambda one: float(one["ts"]), reverse=True)
        start = int(arguments.get("cursor") or 0)
        limit = int(arguments["limit"])
        page = [
            {**one, "user": "UBOT", "metadata": one.get("metadata") if self.keeps_metadata else None}
            for one in kept[start : start + limit]
        ]
        following = str(start + limit) if start + limit < len(kept) else ""
        return {"messages": page, "response_metadata": {"next_cursor": following}}

    def conversations_replies(self, arguments):
        return self.conversations_history(arguments)
