"""The sandbox's web page: a Slack-like client in which one may act as anybody.

The browser gets its state as JSON (`page_state`), hears over one WebSocket that something changed, and acts
only through what `Sandbox.person(id)` and the workspace offer. The page itself is `sandbox/page/`: one
Jinja template, style sheets and ES modules, with no build step and nothing from other hosts.

Where one is stands in the address: `/#U07ASKER/C0MENTORS`, `/#U07ASKER/D0APP/home`.

Hooks for tests, as `data-testid`:

person-switch, acting-as, person-list, person-search, person-<user>      who acts
conversation-<id>, unread-<id>, conversation-name, join, back            where
tab-home, tab-messages, home                                             an app's conversation
composer, send, composer-thread, send-thread, plus, completions,
completion-</command or id>, shortcut-<callback_id>                      typing
message-<ts>, more-<ts>, reply-<ts>, thread-<ts>, edited-<ts>,
dismiss-<ts>, earlier, menu, edit-message, edit-field, thread, thread-close       messages
modal (with data-callback and data-view), modal-title, modal-submit,
modal-close, modal-x, modal-back, modal-failed                           modals
block-<block_id>, button-<action_id>, field-<action_id>,
select-<action_id>, option-<value or id>, error-<block_id>,
counter-<action_id>, tool-<command>                                      blocks and elements, everywhere
confirm, confirm-yes, confirm-deny, notices                              dialogs
clock, skip-hour, skip-day                                               time
traffic-toggle, traffic, traffic-rejected, traffic-close, exchange-<id>  the inspector
tour, tour-toggle, tour-go, tour-next, tour-close                        the guided tour
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import jinja2
from aiohttp import WSMsgType, web

from sandbox.model import File
from sandbox.outcomes import AppDidNotAnswer
from sandbox.page_acts import ACTS, Refused
from sandbox.page_state import SHOWN_MESSAGES, exchange_of, file_of, state_of

if TYPE_CHECKING:
    from sandbox.server import Sandbox

FOLDER = Path(__file__).with_name("page")
# Later sheets overrule earlier ones: the layout of narrow windows comes last.
SHEETS = (
    "base",
    "controls",
    "topbar",
    "rail",
    "stage",
    "messages",
    "traffic",
    "blocks",
    "inputs",
    "overlays",
    "layout",
)
SERVED = frozenset({".js", ".css", ".svg"})
TOGETHER = 0.03  # seconds in which changes become one message to the browser
MOST_EXCHANGES = 300
LARGEST_FILE = 1_000_000
SAFE_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: http: https:; connect-src 'self' ws: wss:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_open_pages: WeakKeyDictionary[Any, Page] = WeakKeyDictionary()


def routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """Everything the page serves; the server mounts it."""
    page = _open_pages[sandbox] = Page(sandbox)
    return [
        web.get("/", page.shell),
        web.get("/sandbox/static/{path:.+}", page.static),
        web.get("/sandbox/state", page.state),
        web.get("/sandbox/traffic", page.traffic),
        web.get("/sandbox/live", page.live),
        web.get("/sandbox/file/{file}", page.file),
        web.post("/sandbox/upload", page.upload),
        web.post("/sandbox/act/{verb}", page.act),
    ]


async def close(sandbox: Sandbox) -> None:
    """Let go of the browsers that are connected, so that the server can stop at once."""
    if page := _open_pages.pop(sandbox, None):
        await page.close()


@lru_cache
def _shell() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(FOLDER)
    return jinja2.Environment(loader=loader, autoescape=True).get_template("shell.html")


class Page:
    """What the browser asks of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.sockets: set[web.WebSocketResponse] = set()

    async def close(self) -> None:
        """Close every browser's WebSocket."""
        for socket in list(self.sockets):
            await socket.close(code=1001, message=b"the sandbox stops")

    async def shell(self, _: web.Request) -> web.Response:
        """The frame that the scripts fill."""
        icons = (FOLDER / "icons.svg").read_text(encoding="utf-8")
        text = _shell().render(team_name=self.sandbox.workspace.team_name, sheets=SHEETS, icons=icons)
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

    async def static(self, request: web.Request) -> web.StreamResponse:
        """Scripts, style sheets and pictures of the page; nothing outside its folder."""
        path = (FOLDER / request.match_info["path"]).resolve()
        if not path.is_relative_to(FOLDER.resolve()) or path.suffix not in SERVED or not path.is_file():
            raise web.HTTPNotFound
        # The system's own table may not know .js, and modules need the right type.
        kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
        return web.FileResponse(
            path, headers={**_HEADERS, "Content-Type": f"{kinds[path.suffix]}; charset=utf-8"}
        )

    async def state(self, request: web.Request) -> web.Response:
        """What a person sees: ?as=<user>&at=<conversation>&thread=<ts>&shown=<how many messages>."""
        asked = request.query
        shown = int(asked["shown"]) if asked.get("shown", "").isdecimal() else SHOWN_MESSAGES
        found = state_of(
            self.sandbox, asked.get("as", ""), asked.get("at", ""), asked.get("thread", ""), shown
        )
        return web.json_response(found, headers=_HEADERS)

    async def traffic(self, request: web.Request) -> web.Response:
        """The exchanges after ?after=<id>, oldest first; at most the last MOST_EXCHANGES."""
        after = int(request.query["after"]) if request.query.get("after", "").isdecimal() else 0
        kept = list(self.sandbox.traffic)
        newest = kept[-1].id if kept else 0
        # A smaller number than the browser has seen means that the sandbox was started anew.
        found = [one for one in kept if one.id > after or newest < after][-MOST_EXCHANGES:]
        return web.json_response(
            {"entries": [exchange_of(one) for one in found], "newest": newest}, headers=_HEADERS
        )

    async def live(self, request: web.Request) -> web.StreamResponse:
        """Say {"changed": ["world", "traffic"]} soon after each change, until the browser leaves."""
        _same_origin(request)
        socket = web.WebSocketResponse(heartbeat=20)
        await socket.prepare(request)
        self.sockets.add(socket)
        queue = self.sandbox.workspace.subscribe()
        telling = asyncio.create_task(_tell(queue, socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling
            self.sandbox.workspace.unsubscribe(queue)
            self.sockets.discard(socket)
        return socket

    async def act(self, request: web.Request) -> web.Response:
        """Do what a person does in their client; the verbs stand in page_acts.py."""
        _same_origin(request)
        verb = ACTS.get(request.match_info["verb"])
        if verb is None or request.content_type != "application/json":
            return _refusal(404, "unknown", "The page does not know that.")
        try:
            details = await request.json()
            if not isinstance(details, dict) or details.get("as") not in self.sandbox.workspace.users:
                return _refusal(404, "nobody", "That person is not in the workspace.")
            return web.json_response(await verb(self.sandbox, details) or {"ok": True}, headers=_HEADERS)
        except json.JSONDecodeError:
            return _refusal(400, "json", "The page sent something that cannot be read.")
        except AppDidNotAnswer as silent:
            return _refusal(
                504, silent.reason, f"The app did not answer in time ({silent.reason}). Try again."
            )
        except Refused as refused:
            return _refusal(409, refused.code, refused.words)

    async def upload(self, request: web.Request) -> web.Response:
        """Take a file for a file_input: multipart fields `as` and `file`."""
        _same_origin(request)
        form = await request.post()
        upload = form.get("file")
        workspace = self.sandbox.workspace
        if not isinstance(upload, web.FileField) or form.get("as") not in workspace.users:
            return _refusal(400, "no_file", "No file arrived.")
        content = upload.file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            return _refusal(413, "too_large", "The sandbox takes files of up to 1 MB.")
        kept = File(
            id=workspace.next_id("F"),
            name=upload.filename,
            title=upload.filename,
            mimetype=mimetypes.guess_type(upload.filename)[0] or "application/octet-stream",
            size=len(content),
            user=str(form["as"]),
            created=int(workspace.now()),
            content=base64.b64encode(content).decode(),
            complete=True,
        )
        workspace.files[kept.id] = kept
        return web.json_response({"file": file_of(kept)}, headers=_HEADERS)

    async def file(self, request: web.Request) -> web.Response:
        """A file's bytes: pictures to look at, everything else to keep."""
        kept = self.sandbox.workspace.files.get(request.match_info["file"])
        if kept is None:
            raise web.HTTPNotFound
        shown = kept.mimetype in SAFE_IMAGES
        return web.Response(
            body=base64.b64decode(kept.content),
            content_type=kept.mimetype if shown else "application/octet-stream",
            headers={**_HEADERS, "Content-Disposition": "inline" if shown else "attachment"},
        )


async def _tell(queue: asyncio.Queue[Any], socket: web.WebSocketResponse) -> None:
    while not socket.closed:
        changes = {_part(await queue.get())}
        await asyncio.sleep(TOGETHER)
        while not queue.empty():
            changes.add(_part(queue.get_nowait()))
        with contextlib.suppress(ConnectionError):
            await socket.send_json({"changed": sorted(changes)})


def _part(change: Any) -> str:
    return "traffic" if change.kind == "traffic" else "world"


def _same_origin(request: web.Request) -> None:
    """Refuse what another web site sends through the newcomer's browser."""
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        raise web.HTTPForbidden


def _refusal(status: int, code: str, words: str) -> web.Response:
    return web.json_response({"error": code, "words": words}, status=status, headers=_HEADERS)
