"""How Slack's requests come in, over a WebSocket or over signed HTTP, and how that ends in good order."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from typing import TYPE_CHECKING, Protocol

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError

from bot.refusals import StartRefused
from community.slack_errors import error_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slack_bolt.async_app import AsyncApp
    from slack_sdk.socket_mode.aiohttp import SocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest

EVENTS_PATH = "/slack/events"
BODY_LIMIT = 1024 * 1024
QUIET_AFTER = 30 * 60.0
"""Seconds without any envelope after which the socket is replaced: a deaf one looks healthy from inside."""
WATCH_EVERY = 5.0

_MOMENT = re.compile(r"[0-9]{1,12}")

log = structlog.get_logger(__name__)


class Intake(Protocol):
    """A way in for Slack's requests."""

    async def open(self) -> None:
        """Begin to take requests. Raises StartRefused where Slack will not have it."""

    async def close(self, grace: float) -> None:
        """Take no new request, let those at work finish for at most `grace` seconds, then let go."""

    async def problem(self) -> str | None:
        """Say why no request can come in, or None."""

    async def quiet_for(self) -> float | None:
        """Give the seconds since the last request, or None where silence means nothing."""


class AtWork:
    """Counts the requests that are being handled, so that stopping can wait for them."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Count one request for as long as the block runs."""
        self._count += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._count -= 1
            if self._count == 0:
                self._idle.set()

    async def finish(self, grace: float) -> None:
        """Wait until nothing is at work, for at most `grace` seconds."""
        try:
            async with asyncio.timeout(grace):
                await self._idle.wait()
        except TimeoutError:
            log.warning("requests still at work were left behind", count=self._count)


class HttpIntake:
    """Signed requests at `/slack/events`; Bolt checks the signatures."""

    def __init__(self, bolt: AsyncApp) -> None:
        self._bolt = bolt
        self._at_work = AtWork()
        self._open = False

    def route(self) -> web.RouteDef:
        """Give the one route that carries events, commands and interactions."""
        return web.post(EVENTS_PATH, self._take)

    async def open(self) -> None:
        """Begin to take requests."""
        self._open = True

    async def close(self, grace: float) -> None:
        """Answer 503 from now on, which Slack retries, and let the rest finish."""
        self._open = False
        await self._at_work.finish(grace)

    async def problem(self) -> str | None:
        """Nothing can be wrong here that the listening socket would not show."""
        return None

    async def quiet_for(self) -> float | None:
        """Silence means nothing over HTTP."""
        return None

    async def _take(self, request: web.Request) -> web.Response:
        if not self._open:
            return web.Response(status=503, text="starting or stopping\n")
        if not all(map(_MOMENT.fullmatch, request.headers.getall("X-Slack-Request-Timestamp", ["0"]))):
            # The SDK would stumble over it, and anybody could fill the log with that.
            return web.Response(status=401, text="no valid signature\n")
        with self._at_work.one():
            try:
                asked = await to_bolt_request(request)
            except web.HTTPException:
                raise
            except Exception as fault:  # noqa: BLE001 - Bolt reads the body before it checks who sent it
                log.info("a request that cannot be read", fault=type(fault).__name__)
                return web.Response(status=400, text="this cannot be read\n")
            answer = await self._bolt.async_dispatch(asked)
            return await to_aiohttp_response(answer)


class SocketIntake:
    """Socket Mode: one WebSocket to Slack, replaced when Slack asks for it, breaks it, or it falls silent."""

    def __init__(
        self,
        bolt: AsyncApp,
        app_token: str,
        *,
        quiet_after: float = QUIET_AFTER,
        watch_every: float = WATCH_EVERY,
        ping_interval: float = 5.0,
    ) -> None:
        self._bolt = bolt
        self._app_token = app_token
        self._quiet_after = quiet_after
        self._watch_every = watch_every
        self._ping_interval = ping_interval
        self._at_work = AtWork()
        self._closing = False
        self._heard_at = time.monotonic()
        self._handler: AsyncSocketModeHandler | None = None
        self._watch: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect. Raises StartRefused when Slack refuses the token or cannot be reached."""
        # The client wants to be made inside the running loop, and would read the environment without a token.
        self._handler = AsyncSocketModeHandler(self._bolt, self._app_token, ping_interval=self._ping_interval)
        client = self._handler.client
        client.socket_mode_request_listeners[:] = [self._take]  # type: ignore[list-item]
        try:
            # The client's own connect() would try a refused token again and again for ever.
            client.wss_uri = await client.issue_new_wss_url()
            await client.connect()  # type: ignore[no-untyped-call]
        except SlackApiError as refusal:
            await self._let_go()
            raise StartRefused(
                f"Slack refuses SLACK_APP_TOKEN ({error_code(refusal.response)}): make an app-level token "
                "with the scope connections:write, and switch Socket Mode on."
            ) from None
        except (aiohttp.ClientError, OSError, TimeoutError, AttributeError, TypeError, ValueError) as fault:
            # The last three are how the SDK takes a 5xx page where it expects JSON.
            await self._let_go()
            raise StartRefused(f"Slack cannot be reached ({type(fault).__name__}).") from None
        self._heard_at = time.monotonic()
        self._watch = asyncio.create_task(self._keep_hearing(client), name="watch over the socket")

    async def close(self, grace: float) -> None:
        """Leave new envelopes unacknowledged, for Slack to give to another connection; finish; disconnect."""
        self._closing = True
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        # The socket stays open meanwhile: what is at work still has to be acknowledged over it.
        await self._at_work.finish(grace)
        await self._let_go()

    async def problem(self) -> str | None:
        """Say whether the WebSocket is down."""
        if self._handler is None or not await self._handler.client.is_connected():
            return "the WebSocket to Slack is not connected"
        return None

    async def quiet_for(self) -> float | None:
        """Give the seconds since the last envelope."""
        return time.monotonic() - self._heard_at

    async def _take(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        if self._closing or self._handler is None:
            return
        self._heard_at = time.monotonic()
        with self._at_work.one():
            await self._handler.handle(client, request)

    async def _keep_hearing(self, client: SocketModeClient) -> None:
        while True:
            await asyncio.sleep(self._watch_every)
            if not await client.is_connected():
                # A ticket lives for seconds, and the client tries the same one for ever: let it get another.
                client.wss_uri = None
            elif time.monotonic() - self._heard_at > self._quiet_after:
                log.warning("replacing a silent socket", quiet_seconds=round(self._quiet_after))
                self._heard_at = time.monotonic()
                try:
                    await client.connect_to_new_endpoint(force=True)
                except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as fault:
                    log.warning("the silent socket stays for now", fault=type(fault).__name__)

    async def _let_go(self) -> None:
        if self._handler is None:
            return
        client = self._handler.client
        await self._handler.close_async()  # type: ignore[no-untyped-call]
        # close() cancels these without waiting; a task left behind would complain when the loop ends.
        tasks = [client.message_processor, client.current_session_monitor, client.message_receiver]
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)
        self._handler = None
