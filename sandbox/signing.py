"""Signed HTTP delivery, as Slack does it for apps without Socket Mode."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp

from sandbox.answers import Answer

if TYPE_CHECKING:
    from sandbox.model import Installed, Json

_OK = range(200, 300)
_REDIRECTS = 2
_DIALLED_AT_ONCE = 100
# Slack's words for what went wrong, for x-slack-retry-reason; the first kind that fits counts.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "http_timeout"),
    (aiohttp.TooManyRedirects, "too_many_redirects"),
    (aiohttp.ClientSSLError, "ssl_error"),
    (aiohttp.ClientConnectionError, "connection_failed"),
    (OSError, "connection_failed"),
    (aiohttp.ClientError, "unknown_error"),
)


def signature(secret: str, timestamp: str, body: str) -> str:
    """Slack's v0 signature of a raw body (docs.slack.dev, "Verifying requests from Slack")."""
    base = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class _Dialler(aiohttp.TCPConnector):
    """Opens connections in batches.

    More at once than a listening socket queues (128 by default) would be dropped by the kernel and tried
    again only after a second, a delay that would be neither Slack's nor the app's.
    """

    def __init__(self) -> None:
        super().__init__(limit=0)
        self._dialling = asyncio.Semaphore(_DIALLED_AT_ONCE)

    async def connect(self, *args: Any, **kwargs: Any) -> Any:
        """See TCPConnector."""
        async with self._dialling:
            return await super().connect(*args, **kwargs)


class Post:
    """POSTs payloads to request URLs over kept-alive connections, as many at once as there are payloads."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self, app: Installed, kind: str, payload: Json, attempt: int, reason: str | None, patience: float
    ) -> Answer:
        """Deliver once and give the app's answer; everything but a 2xx in time is an error."""
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=_Dialler())
        body, content_type = _encode(kind, payload)
        # Receivers compare this with their own clock, so it is real time whatever the workspace's clock says.
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(app.signing_secret, stamp, body),
        }
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason or "unknown_error"}
        try:
            async with self._session.post(
                str(app.request_url),
                data=body.encode(),
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=patience),
                max_redirects=_REDIRECTS,
            ) as response:
                said = _decode(await response.text(), response.content_type)
                if response.status in _OK:
                    return Answer(response.status, said)
                stop = response.headers.get("X-Slack-No-Retry") == "1"
                error = "http_error" if kind == "events_api" else f"http_{response.status}"
                return Answer(response.status, said, error, may_retry=not stop)
        except (aiohttp.ClientError, OSError) as error:
            reason = next(word for kind, word in _REASONS if isinstance(error, kind))
            return Answer(0, error=reason)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _encode(kind: str, payload: Json) -> tuple[str, str]:
    form = "application/x-www-form-urlencoded"
    if kind == "events_api":
        return json.dumps(payload, ensure_ascii=False), "application/json"
    if kind == "slash_commands":
        return urlencode(payload), form
    return urlencode({"payload": json.dumps(payload, ensure_ascii=False)}), form


def _decode(text: str, content_type: str) -> Any:
    if not text:
        return None
    if "json" in content_type:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
