"""The sender's own line to Slack: one session, one deadline, no retries, and every answer judged."""

from __future__ import annotations

import base64
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from community.deliveries import TIMEOUT, Kind, Verdict, retry_after, verdict
from storage.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Limit = tuple[Callable[[], float], float] | None

_CONNECT_WITHIN = 5.0
# Slack closes idle connections by itself; one closed under our request would leave its outcome unknown.
_KEEP_ALIVE = 15.0

_not_after: ContextVar[Limit] = ContextVar("_not_after", default=None)


class _TooLate(Exception):
    """A connection was had too late to write."""


async def _last_look(*_: object) -> None:
    """Refuse the connection when its request may not be written any more: the very last moment to tell."""
    limit = _not_after.get()
    if limit is None:
        return
    if limit[0]() > limit[1]:
        raise _TooLate
    # What freezes from here on for longer than the grace writes when it wakes: the one window that is left.
    failpoint("outbox.last_look")


@dataclass(frozen=True, slots=True)
class Answer:
    """What Slack said to a call that succeeded."""

    data: Mapping[str, Any]


class NoAnswer(Exception):
    """A call did not succeed: Slack's error code or the kind of fault, what it means, seconds to wait."""

    def __init__(self, meaning: Verdict, error: str, method: str, seconds: float = 0.0) -> None:
        super().__init__(f"{method}: {error}")
        self.meaning = meaning
        self.error = error
        self.method = method
        self.seconds = seconds


class Wire:
    """Calls Slack with the address, token and headers of a client, but in a session of its own.

    The SDK's client re-sends a request whose connection dropped after Slack had accepted it, and ignores its
    own timeout once it has a session (slack_sdk 3.47, web/async_internal_utils.py): so `retry_handlers` is
    empty here, and the session carries the timeout.
    """

    def __init__(self, client: AsyncWebClient) -> None:
        self._like = client
        self._session: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None

    def not_after(self, monotonic: Callable[[], float] | None, moment: float) -> None:
        """Let no call of this task begin to write after that moment; None lifts it."""
        _not_after.set(None if monotonic is None else (monotonic, moment))

    def _open(self) -> AsyncWebClient:
        if self._client is None or self._session is None or self._session.closed:
            trace = aiohttp.TraceConfig()
            trace.on_connection_create_end.append(_last_look)
            trace.on_connection_reuseconn.append(_last_look)
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT.total_seconds(), sock_connect=_CONNECT_WITHIN),
                connector=aiohttp.TCPConnector(keepalive_timeout=_KEEP_ALIVE),
                trace_configs=[trace],
            )
            like = self._like
            self._client = AsyncWebClient(
                token=like.token,
                base_url=like.base_url,
                ssl=like.ssl,
                proxy=like.proxy,
                headers={name: value for name, value in like.headers.items() if name != "User-Agent"},
                session=self._session,
                retry_handlers=[],
            )
        return self._client

    async def close(self) -> None:
        """Close the session; the next call would open another."""
        if self._session is not None:
            await self._session.close()
        self._session = self._client = None

    async def call(
        self,
        method: str,
        *,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        kind: Kind = Kind.POST,
    ) -> Answer:
        """Call a method once; raises NoAnswer for everything but a success."""
        client = self._open()
        try:
            if params is not None:
                response = await client.api_call(method, http_verb="GET", params=dict(params))
            else:
                response = await client.api_call(method, json=dict(json or {}))
        except SlackApiError as fault:
            raise _judged(fault, method, kind) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
            # No connection was made, so nothing was asked.
            raise NoAnswer(Verdict.UNREACHED, type(fault).__name__, method) from None
        except _TooLate:
            raise NoAnswer(Verdict.UNREACHED, "too_late", method) from None
        except Exception as fault:
            # Dropped, timed out, or an answer that the SDK could not read: it may have happened.
            raise NoAnswer(Verdict.UNCLEAR, type(fault).__name__, method) from fault
        data = response.data
        if not isinstance(data, dict):
            raise NoAnswer(Verdict.UNCLEAR, "unreadable_answer", method)
        return Answer(data)

    async def upload(self, payload: Mapping[str, Any]) -> str:
        """Upload a file without sharing it; Slack's id of it. Raises NoAnswer; nobody has seen it then."""
        content = (
            base64.b64decode(payload["base64"]) if "base64" in payload else str(payload["content"]).encode()
        )
        method = "files.getUploadURLExternal"
        answer = await self.call(
            method,
            params={"filename": payload["filename"], "length": len(content)},
            kind=Kind.FILE,
        )
        self._open()
        assert self._session is not None  # noqa: S101 - _open has just made it
        try:
            async with self._session.post(
                answer.data["upload_url"], data=content, proxy=self._like.proxy, ssl=self._like.ssl or True
            ) as response:
                if response.status != 200:  # noqa: PLR2004 - HTTP's own number
                    raise NoAnswer(Verdict.UNCLEAR, f"http_{response.status}", method)
        except (aiohttp.ClientError, TimeoutError) as fault:
            raise NoAnswer(Verdict.UNCLEAR, type(fault).__name__, method) from None
        return str(answer.data["file_id"])


def _judged(fault: SlackApiError, method: str, kind: Kind) -> NoAnswer:
    response = fault.response
    # A body that is no JSON leaves aiohttp's own response here, or a text or nothing as the data.
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    data = getattr(response, "data", None)
    error = data.get("error") if isinstance(data, dict) else None
    meaning = verdict(kind, error or "", status)
    if error is None and status == 200:  # noqa: PLR2004 - accepted, but what was said is lost
        meaning = Verdict.UNCLEAR
    headers = getattr(response, "headers", None) or {}
    seconds = retry_after(headers.get("Retry-After")) if meaning is Verdict.LIMITED else 0.0
    return NoAnswer(meaning, error or f"http_{status}", method, seconds)
