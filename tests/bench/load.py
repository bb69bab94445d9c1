"""Plays Slack's side: signed requests over kept-alive connections, one by one, many or all at once."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.signing import signature
from tests.bench.processes import SECRET
from tests.bench.slack import TEAM

_serial = itertools.count(1)
QUESTION = "How many signatures do I need to file for school board, and by when?"


def _trigger() -> str:
    return f"{next(_serial):012}.{time.time_ns() % 10**12}.8088930838d88f008e0"


def _interaction(kind: str, user: str, **facts: object) -> str:
    payload = {
        "type": kind,
        "team": {"id": TEAM, "domain": "bench"},
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": TEAM},
        "api_app_id": "A0BENCH",
        "token": "none",
        "trigger_id": _trigger(),
        "enterprise": None,
        "is_enterprise_install": False,
        **facts,
    }
    return urlencode({"payload": json.dumps(payload)})


def command(user: str, slack: str, name: str = "/askmentor", text: str = QUESTION) -> str:
    """The body of a command, of /askmentor with a question behind it if nothing else is said."""
    return urlencode(
        {
            "team_id": TEAM, "team_domain": "bench", "channel_id": "C0ANY", "channel_name": "any",
            "user_id": user, "user_name": user.lower(), "command": name, "text": text,
            "api_app_id": "A0BENCH", "is_enterprise_install": "false", "token": "none",
            "response_url": f"{slack}/respond/1", "trigger_id": _trigger(),
        }
    )  # fmt: skip


def submission(user: str) -> str:
    """The body of the question form, sent."""
    number = next(_serial)
    values = {
        "question": {"question": {"type": "plain_text_input", "value": QUESTION}},
        "topic": {"topic": {"type": "static_select", "selected_option": {"value": "filing"}}},
        "state": {"state": {"type": "static_select", "selected_option": {"value": "VA"}}},
    }
    view = {
        "id": f"V{number}", "hash": f"{time.time_ns()}.x", "type": "modal", "callback_id": "mentoring.ask",
        "private_metadata": "", "state": {"values": values}, "blocks": [], "team_id": TEAM,
    }  # fmt: skip
    return _interaction("view_submission", user, view=view, response_urls=[])


def press(user: str, value: object, slack: str, action: str = "mentoring.claim") -> str:
    """The body of a pressed button on a card in the mentors' channel."""
    return _interaction(
        "block_actions",
        user,
        container={"type": "message", "message_ts": "1795000000.000100", "channel_id": "C0MENTORS"},
        channel={"id": "C0MENTORS", "name": "mentors"},
        message={"type": "message", "ts": "1795000000.000100", "text": "A question", "blocks": []},
        state={"values": {}},
        response_url=f"{slack}/respond/1",
        actions=[
            {
                "type": "button", "action_id": action, "block_id": "b", "value": str(value),
                "action_ts": f"{time.time():.6f}", "text": {"type": "plain_text", "text": "Claim"},
            }
        ],
    )  # fmt: skip


def signed(body: str) -> bytes:
    """The whole request, signed as of now."""
    stamp = str(int(time.time()))
    content = body.encode()
    head = (
        "POST /slack/events HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: {signature(SECRET, stamp, body)}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class WrongAnswer(Exception):
    """The app did not answer 200."""


@dataclass
class Line:
    """One kept-alive connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, port: int) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, request: bytes) -> float:
        """Send a request; the seconds until its answer was there. Raises WrongAnswer."""
        began = time.perf_counter()
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        content = await self.reader.readexactly(int(length or b"0"))
        took = time.perf_counter() - began
        if not head.startswith(b"HTTP/1.1 200") or b'"errors"' in content or b"reference" in content:
            raise WrongAnswer(head[:80], content[:200])
        return took

    def close(self) -> None:
        self.writer.close()


class Lines:
    """As many connections to one process as are needed, made before the clock runs."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._lines: list[Line] = []

    async def take(self, count: int) -> Sequence[Line]:
        while len(self._lines) < count:
            self._lines.append(await Line.to(self.port))
        return self._lines[:count]

    def close(self) -> None:
        for line in self._lines:
            line.close()


async def _nothing() -> None:
    return


async def one_at_a_time(
    lines: Lines,
    bodies: Iterable[str],
    *,
    pause: float = 0.02,
    done: Callable[[], Awaitable[object]] = _nothing,
) -> list[float]:
    """Send one after the other with a pause between, and wait until what an answer leaves behind is done."""
    (line,) = await lines.take(1)
    took = []
    for body in bodies:
        took.append(await line.send(signed(body)))
        await asyncio.sleep(pause)
        await done()
    return took


async def many_at_once(lines: Lines, bodies: Iterable[str], at_once: int) -> list[float]:
    """Keep so many requests under way; each line sends the next as soon as it has its answer."""
    waiting = iter([signed(body) for body in bodies])
    took: list[float] = []

    async def work(line: Line) -> None:
        for request in waiting:
            took.append(await line.send(request))  # noqa: PERF401 - each waits for the one before

    await asyncio.gather(*(work(line) for line in await lines.take(at_once)))
    return took


async def all_at_once(lines: Lines, bodies: Sequence[str]) -> list[float]:
    """Send everything in the same moment; the seconds from that moment, in the order of the bodies."""
    requests = [signed(body) for body in bodies]
    took = await asyncio.gather(
        *(line.send(request) for line, request in zip(await lines.take(len(requests)), requests, strict=True))
    )
    return list(took)
