"""Asks CivicEngine over HTTP: in its pace, again where that helps, and never longer than the asker waits."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Coroutine
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

log = logging.getLogger(__name__)

GAP = 0.1
"""Seconds from one question to the next. No limit is published; this is how its other clients go about it."""
TOO_MUCH = "too_much"
_BACK_OFF = 0.25
_OK, _TOO_MANY = 200, 429
_AGAIN = frozenset({_TOO_MANY, 500, 502, 503, 504})
_ANSWER_MOST = 20_000_000
"""Bytes of an answer; a page of a hundred races has some hundred thousand."""


class EngineTrouble(Exception):
    """CivicEngine gave no usable answer.

    `code` is as in community.races.Found, or TOO_MUCH where a smaller question may be answered.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def all_of(*questions: Coroutine[Any, Any, Any]) -> list[Any]:
    """Give all answers once every question has ended, or raise the first trouble: nothing is left running."""
    answers = await asyncio.gather(*questions, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


class Wire:
    """One service behind a URL; one session, made at first use and closed by `close`."""

    def __init__(self, url: str, key: str, *, gap: float = GAP) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._gap = gap
        self._free_at = 0.0
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Let the connections go."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(self, query: str, variables: dict[str, Any], *, until: float) -> dict[str, Any]:
        """Give the answer's `data`; asks again after 429, 5xx and dropped connections while there is time.

        `until` is a moment of the running loop's clock. Raises EngineTrouble, which carries nothing of the
        question.
        """
        trouble = "slow"
        for attempt in range(100):
            wait = None
            try:
                async with asyncio.timeout_at(until):
                    await self._turn()
                    status, after, body = await self._post(query, variables)
            except TimeoutError:
                # What went wrong before says more than that the time was over then.
                raise EngineTrouble(trouble) from None
            except (aiohttp.ClientError, OSError):
                trouble = "unreachable"
            else:
                if status == _OK:
                    return _data(body)
                log.warning("CivicEngine answered %s", status)
                if status not in _AGAIN:
                    raise EngineTrouble("refused")
                trouble, wait = "slow" if status == _TOO_MANY else "unreachable", _seconds(after)
            wait = _BACK_OFF * 2**attempt * random.uniform(0.5, 1.5) if wait is None else wait
            now = asyncio.get_running_loop().time()
            if trouble == "slow":
                # It asked for a pause, and not only this question.
                self._free_at = max(self._free_at, now + wait)
            if now + wait >= until:
                break
            await asyncio.sleep(wait)
        raise EngineTrouble(trouble)

    async def _turn(self) -> None:
        now = asyncio.get_running_loop().time()
        at = max(now, self._free_at)
        self._free_at = at + self._gap
        if at > now:
            await asyncio.sleep(at - now)

    async def _post(self, query: str, variables: dict[str, Any]) -> tuple[int, str | None, bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        asked = {"query": query, "variables": variables}
        async with self._session.post(
            self._url, json=asked, headers=self._headers, allow_redirects=False
        ) as answer:
            body = bytearray()
            async for chunk in answer.content.iter_chunked(1 << 16):
                body += chunk
                if len(body) > _ANSWER_MOST:
                    raise EngineTrouble("refused")
            return answer.status, answer.headers.get("Retry-After"), bytes(body)


def _data(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise EngineTrouble("refused") from None
    if not isinstance(told, dict):
        raise EngineTrouble("refused")
    if errors := told.get("errors"):
        # Messages repeat what was asked, so only their number is told.
        log.warning("CivicEngine answered with %d errors", len(errors) if isinstance(errors, list) else 1)
        raise EngineTrouble(TOO_MUCH)
    data = told.get("data")
    if not isinstance(data, dict):
        raise EngineTrouble("refused")
    return data


def _seconds(said: str | None) -> float | None:
    """Read Retry-After: seconds or a date; None where it says nothing that can be read."""
    if said is None:
        return None
    if said.strip().isascii() and said.strip().isdigit():
        return float(said.strip()[:6])
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
