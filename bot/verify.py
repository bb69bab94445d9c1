"""Measures on a real workspace what Slack does not document: how much, how late, and how often twice."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.refusals import StartRefused
from community.deliveries import GRACE, retry_after

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.settings import Settings

MOST_POSTS = 60
"""No more messages than this are ever posted, whatever is asked for."""

LAG_SAMPLES = 3
LAG_PATIENCE = 10.0
"""Seconds after which a message that history still does not show counts as not shown."""

_EVENT_TYPE = "downballot_measurement"
_LOOK_EVERY = 0.1
_BETWEEN = 1.1
"""Seconds between posts that are not to meet a limit: Slack permits one a second in a conversation."""

_HTTP_LIMITED = 429


@dataclass(slots=True)
class Measured:
    """What was found. Times in seconds; None where it could not be measured."""

    lags: list[float | None] = field(default_factory=list)
    deduplicates: bool | None = None
    duplicate_error: str = ""
    burst: int = 0
    burst_seconds: float = 0.0
    retry_after: float | None = None
    posted: int = 0
    left: int = 0


class _Limited(Exception):
    """Slack said 429; `seconds` is how long it wants to be left alone."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


async def measure(
    settings: Settings,
    channel: str,
    *,
    posts: int = MOST_POSTS,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> Measured:
    """Post into a channel, at most `posts` messages and none after the first 429, and delete them all again.

    Raises StartRefused where Slack does not let the app work in that channel.
    """
    timeout = aiohttp.ClientTimeout(total=15)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        client = AsyncWebClient(
            token=settings.slack_bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            session=session,
            # Every handler would blur what is measured: it sends again, or waits, by itself.
            retry_handlers=[],
        )
        bench = _Bench(client, channel, min(posts, MOST_POSTS), sleep)
        try:
            await bench.measure()
        except SlackApiError as refusal:
            raise StartRefused(_advice(channel, _error(refusal))) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as fault:
            raise StartRefused(f"Slack cannot be reached ({type(fault).__name__}).") from None
        finally:
            await bench.clean_up()
        return bench.measured


class _Bench:
    def __init__(
        self,
        client: AsyncWebClient,
        channel: str,
        posts: int,
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self.measured = Measured()
        self._client = client
        self._channel = channel
        self._posts_left = posts
        self._sleep = sleep
        self._ours: list[str] = []

    async def measure(self) -> None:
        """First what needs a calm conversation, last what ends in a refusal."""
        await self._history(oldest="9999999999")  # Refuses here, before anything is posted.
        try:
            await self._lag()
            await self._duplicates()
            await self._sleep(2 * _BETWEEN)
            await self._burst()
        except _Limited as limit:
            self.measured.retry_after = limit.seconds

    async def _lag(self) -> None:
        for _ in range(LAG_SAMPLES):
            if self._posts_left <= 0:
                return
            ts = await self._post()
            self.measured.lags.append(await self._seen_after(ts))
            await self._sleep(_BETWEEN)

    async def _seen_after(self, ts: str) -> float | None:
        posted_at = time.monotonic()
        while time.monotonic() - posted_at < LAG_PATIENCE:
            asked_at = time.monotonic()
            if ts in await self._history(oldest=f"{float(ts) - 1:.6f}"):
                return asked_at - posted_at
            await self._sleep(_LOOK_EVERY)
        return None

    async def _duplicates(self) -> None:
        if self._posts_left < 2:  # noqa: PLR2004 - the message and its double
            return
        same = str(uuid.uuid4())
        first = await self._post(client_msg_id=same)
        await self._sleep(_BETWEEN)
        try:
            second = await self._post(client_msg_id=same)
        except SlackApiError as refusal:
            self.measured.deduplicates = True
            self.measured.duplicate_error = _error(refusal)
            return
        if second == first:
            self.measured.deduplicates = True
            return
        # Two answers may still be one message: what people see is in the history.
        await self._sleep(_BETWEEN)
        shown = await self._history(oldest=f"{float(first) - 1:.6f}")
        self.measured.deduplicates = not {first, second} <= shown

    async def _burst(self) -> None:
        began = time.monotonic()
        try:
            while self._posts_left > 0:
                await self._post()
                self.measured.burst += 1
        finally:
            self.measured.burst_seconds = time.monotonic() - began

    async def _post(self, **more: Any) -> str:
        self._posts_left -= 1
        number = self.measured.posted + 1
        try:
            answer = await self._client.chat_postMessage(
                channel=self._channel,
                text=f"Downballot measures how Slack behaves ({number}). This message goes away by itself.",
                metadata={"event_type": _EVENT_TYPE, "event_payload": {"number": number}},
                unfurl_links=False,
                **more,
            )
        except SlackApiError as refusal:
            raise _limit(refusal) or refusal from None
        self.measured.posted += 1
        ts = str(answer["ts"])
        if ts not in self._ours:
            self._ours.append(ts)
        return ts

    async def _history(self, *, oldest: str) -> set[str]:
        try:
            page = await self._client.conversations_history(channel=self._channel, oldest=oldest, limit=200)
        except SlackApiError as refusal:
            limit = _limit(refusal)
            if limit is None:
                raise
            await self._sleep(limit.seconds)
            return set()
        messages: list[Mapping[str, str]] = page.get("messages") or []
        return {message["ts"] for message in messages}

    async def clean_up(self) -> None:
        """Delete what was posted, as slowly as Slack wants; `left` counts what would not go."""
        for ts in reversed(self._ours):
            if not await self._deleted(ts):
                self.measured.left += 1

    async def _deleted(self, ts: str) -> bool:
        for _ in range(5):
            try:
                await self._client.chat_delete(channel=self._channel, ts=ts)
            except SlackApiError as refusal:
                limit = _limit(refusal)
                if limit is None:
                    return _error(refusal) == "message_not_found"
                await self._sleep(limit.seconds)
            except (aiohttp.ClientError, OSError, TimeoutError):
                await self._sleep(1)
            else:
                return True
        return False


def table(measured: Measured) -> list[tuple[str, str, str]]:
    """Give the lines of the report: what was asked, what was measured, what the app goes by."""
    lags = [lag for lag in measured.lags if lag is not None]
    unseen = len(measured.lags) - len(lags)
    lag = f"{max(lags):.2f} s at most, of {len(measured.lags)}" if lags else "not measured"
    if unseen:
        lag = f"not shown within {LAG_PATIENCE:g} s, {unseen} of {len(measured.lags)}"
    if measured.deduplicates is None:
        same = "not measured"
    elif measured.deduplicates:
        same = f"yes ({measured.duplicate_error})" if measured.duplicate_error else "yes"
    else:
        same = "no: both were shown"
    ceiling = f"{measured.burst} posts in {measured.burst_seconds:.1f} s"
    if measured.retry_after is None:
        ceiling += ", not refused"
    else:
        ceiling += f", then 429 with Retry-After {measured.retry_after:g}"
    return [
        ("Posts in one conversation", ceiling, "1 a second, 3 at once"),
        ("client_msg_id makes one of two", same, "never relied on"),
        (
            "History shows a new message after",
            lag,
            f"{GRACE.total_seconds():g} s before it counts as absent",
        ),
        (
            "Messages posted, and left behind",
            f"{measured.posted}, {measured.left}",
            f"{MOST_POSTS} at most, 0",
        ),
    ]


def _limit(refusal: SlackApiError) -> _Limited | None:
    answer = refusal.response
    status = getattr(answer, "status_code", None) or getattr(answer, "status", None)
    if status != _HTTP_LIMITED and _error(refusal) not in {"ratelimited", "rate_limited"}:
        return None
    headers = getattr(answer, "headers", None) or {}
    return _Limited(retry_after(headers.get("Retry-After")))


def _error(refusal: SlackApiError) -> str:
    data = getattr(refusal.response, "data", None)
    return str(data.get("error", "unknown")) if isinstance(data, dict) else "unreadable answer"


def _advice(channel: str, error: str) -> str:
    if error in {"channel_not_found", "not_in_channel"}:
        return f"The app is not in {channel} ({error}): say /invite @downballot there first."
    return f"Slack refuses: {error}. `downballot doctor` says more."
