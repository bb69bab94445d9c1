"""One request to a geocoder: bounded in size, without redirects."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

FAULTS = (TimeoutError, aiohttp.ClientError, OSError, ValueError, RecursionError)
"""What the network and an answer that is not what was promised raise."""

ANSWER_MOST = 4_000_000
"""Bytes; a geocoder's longest answer has a tenth of that."""


async def get(
    session: aiohttp.ClientSession,
    url: str,
    *,
    params: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Give the status and the body of an answer; raises one of FAULTS, also where the body is too long."""
    async with session.get(url, params=params, headers=headers, allow_redirects=False) as answer:
        body = bytearray()
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > ANSWER_MOST:
                raise ValueError("The answer is too long.")
        return answer.status, bytes(body)
