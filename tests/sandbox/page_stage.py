"""A sandbox with a small app behind it, and hands for its page in a browser."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import ClientSession, web
from playwright.async_api import Browser, BrowserContext, Page, expect

from sandbox.server import Sandbox
from tests.sandbox import page_gallery as gallery

ARGUMENTS = [
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-default-apps",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-default-browser-check",
    "--password-store=basic",
    # There is a mouse, whatever the machine has.
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
]
NOVEMBER = 1795273200  # November 21, 2026, 10 am in New York
SOON = 5_000  # milliseconds that the page gets for anything
MANIFEST = {
    "display_information": {"name": "Downballot", "description": "Helps first-time candidates run and win."},
    "features": {
        "bot_user": {"display_name": "Downballot"},
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "slash_commands": [
            {
                "command": "/askmentor",
                "description": "Ask somebody who knows your state",
                "usage_hint": "[question]",
            },
            {"command": "/mentor", "description": "Sign up as a mentor", "usage_hint": "[away]"},
        ],
        "shortcuts": [
            {"name": "Ask a mentor", "type": "global", "callback_id": "ask", "description": "Open the form"},
            {
                "name": "Ask about this",
                "type": "message",
                "callback_id": "ask_about",
                "description": "Quote it",
            },
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": ["commands", "chat:write", "im:history", "im:write", "channels:read", "users:read"],
        }
    },
    "settings": {
        "event_subscriptions": {"bot_events": ["app_home_opened", "message.im"]},
        "interactivity": {"is_enabled": True},
    },
}


class SmallApp:
    """An app over HTTP that keeps what it is told and opens a form when asked to.

    `answers` maps what it is told (a command, an action_id, a callback_id, "suggest") to the body of its
    acknowledgement; `slow` seconds pass before each.
    """

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {}
        self.form: dict[str, Any] = gallery.form()
        self.home: dict[str, Any] | None = None
        self.slow = 0.0
        self.api_url = self.token = self.url = self.picture = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        application = web.Application()
        application.add_routes([web.post("/slack/events", self._hear), web.get("/dot.svg", self._picture)])
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        here = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.url, self.picture = f"{here}/slack/events", f"{here}/dot.svg"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        async with (
            ClientSession() as session,
            session.post(
                self.api_url + method, json=arguments, headers={"Authorization": f"Bearer {self.token}"}
            ) as answer,
        ):
            return await answer.json()

    def heard(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.told if one.get("type", "command") == kind]

    async def _picture(self, _: web.Request) -> web.Response:
        return web.Response(text=gallery.PICTURE, content_type="image/svg+xml")

    async def _hear(self, request: web.Request) -> web.Response:
        body = (
            await request.json() if request.content_type == "application/json" else dict(await request.post())
        )
        payload = json.loads(body["payload"]) if "payload" in body else body
        self.told.append(payload)
        await asyncio.sleep(self.slow)
        kind = payload.get("type", "command")
        if kind == "block_suggestion":
            typed = payload["value"]
            return web.json_response({"options": [gallery.option(f"{typed} board", f"{typed}-1")]})
        if kind == "event_callback":
            if payload["event"]["type"] == "app_home_opened" and self.home:
                await self.call("views.publish", user_id=payload["event"]["user"], view=self.home)
            return web.Response()
        name = {
            "command": lambda: payload["command"],
            "block_actions": lambda: payload["actions"][0]["action_id"],
            "view_submission": lambda: payload["view"]["callback_id"],
        }.get(kind, lambda: payload.get("callback_id", ""))()
        if name in self.answers:
            return web.json_response(self.answers[name])
        if kind in {"command", "shortcut", "message_action"}:
            opened = await self.call("views.open", trigger_id=payload["trigger_id"], view=self.form)
            assert opened["ok"], opened
        return web.Response()


class PageStage:
    """A workspace with three people, a channel and the small app."""

    def __init__(self) -> None:
        started = time.time()
        # The workspace's clock starts at the same instant in every run, so that dates read the same.
        self.sandbox = Sandbox(now=lambda: NOVEMBER + time.time() - started)
        self.app = SmallApp()
        workspace = self.workspace = self.sandbox.workspace
        self.asker = workspace.add_user("priya", id="U0PRIYA", real_name="Priya Raman", tz="America/New_York")
        self.mentor = workspace.add_user(
            "marcus", id="U0MARCUS", real_name="Marcus Hale", tz="America/Los_Angeles"
        )
        self.staff = workspace.add_user("dana", id="U0DANA", real_name="Dana Whitfield", tz="America/Chicago")
        self.asker.title, self.mentor.title, self.staff.title = "Candidate, Virginia", "Mentor", "Staff"
        self.general = workspace.add_channel(
            "general", id="C0GENERAL", members=[self.asker.id, self.mentor.id, self.staff.id]
        )

    async def open(self) -> None:
        await self.app.start()
        await self.sandbox.start()
        installed = self.sandbox.install(MANIFEST, request_url=self.app.url)
        self.app.api_url, self.app.token = self.sandbox.api_url, installed.bot_token
        self.bot = installed.bot_user_id
        self.dm = self.workspace.open_im(self.asker.id, self.bot)

    async def close(self) -> None:
        await self.sandbox.stop()
        await self.app.stop()

    def address(self, person: Any, place: str = "", tab: str = "") -> str:
        return f"{self.sandbox.url}/#{'/'.join(part for part in (person.id, place, tab) if part)}"

    async def post(self, channel: str, **message: Any) -> str:
        posted = await self.app.call("chat.postMessage", channel=channel, **message)
        assert posted["ok"], posted
        return posted["ts"]


def find_chromium() -> str | None:
    """Where a Chromium is: CHROMIUM, or one of its usual names on the PATH."""
    chromium = ("chromium-headless-shell", "chromium", "chromium-browser")
    found = map(shutil.which, (*chromium, "google-chrome", "google-chrome-stable"))
    return os.environ.get("CHROMIUM") or next(filter(None, found), None)


@contextmanager
def running_chromium():
    """Start a headless Chromium of this machine; its address for whoever connects to it."""
    with TemporaryDirectory(prefix="downballot-chromium-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [str(find_chromium()), *ARGUMENTS, f"--user-data-dir={folder}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            yield f"http://127.0.0.1:{_port_in(Path(folder) / 'DevToolsActivePort', process)}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _port_in(file: Path, process: subprocess.Popen[bytes]) -> int:
    """Wait for the port on which Chromium says that it listens."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError, ValueError, IndexError):
            return int(file.read_text().splitlines()[0])
        time.sleep(0.05)
    raise RuntimeError("Chromium does not start.")


@asynccontextmanager
async def staged():
    """A stage that is open."""
    stage = PageStage()
    await stage.open()
    try:
        yield stage
    finally:
        await stage.close()


@asynccontextmanager
async def looking(browser: Browser):
    """Gives what opens pages that share nothing with others'; an error in their scripts is a fault."""
    wrong: list[str] = []
    contexts: list[BrowserContext] = []

    async def open_page(address: str, *, width: int = 1280, height: int = 800, **context: Any) -> Page:
        opened = await browser.new_context(viewport={"width": width, "height": height}, **context)
        contexts.append(opened)
        page = await opened.new_page()
        page.set_default_timeout(SOON)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        await page.goto(address)
        await page.get_by_test_id("person-switch").wait_for(state="attached")
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert not wrong, wrong


async def picture(page, name):
    """Keep a picture for looking at, where PAGE_SCREENSHOTS names a folder."""
    if folder := os.environ.get("PAGE_SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def choose(page, action, *words):
    """Pick options of a select by their words."""
    field = page.get_by_test_id(f"field-{action}")
    for one in words:
        await field.fill(one)
        await page.get_by_role("option", name=one).first.click()
    await field.press("Escape") if len(words) > 1 else None


async def switch(page, person):
    await page.get_by_test_id("person-switch").click()
    await page.get_by_test_id("person-search").fill(person.real_name.split()[0])
    await page.get_by_test_id("person-search").press("Enter")
    await expect(page.get_by_test_id("acting-as")).to_have_text(person.real_name)


async def until(condition, seconds=5):
    """Wait until `condition()` is true; what the browser does reaches the app a moment later."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)
