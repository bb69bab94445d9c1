"""A line between two processes that can be cut in every way in which networks cut them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from enum import StrEnum


class Harm(StrEnum):
    """What happens to the line."""

    NONE = "none"
    RESET = "reset"
    """Connections are reset, and new ones too."""
    STALL = "stall"
    """Nothing moves; what was said meanwhile arrives afterwards, if both still wait for it."""
    HALF_OPEN = "half-open"
    """What is asked arrives; the answers are lost, and those connections never carry anything again."""


def _abort(writer):
    raw = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Proxy:
    """Listens on a port of its own, and carries bytes to another one."""

    def __init__(self, port, host="127.0.0.1"):
        self._target = (host, port)
        self._harm = Harm.NONE
        self._moving = asyncio.Event()
        self._moving.set()
        self._lines = set()
        self._dead = set()
        self.harmed = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.inflict(Harm.NONE)
        self._server.close()
        tasks = [task for task, *_ in self._lines]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    def inflict(self, harm):
        """Do this to every line from now on; NONE lets new ones through again."""
        self._harm = harm
        if harm is Harm.STALL:
            self._moving.clear()
        else:
            self._moving.set()
        if harm is Harm.NONE:
            return
        self.harmed += len(self._lines)
        for line in self._lines:
            if harm is Harm.RESET:
                for writer in line[1:]:
                    _abort(writer)
            elif harm is Harm.HALF_OPEN:
                self._dead.add(line)

    async def _take(self, reader, writer):
        if self._harm is Harm.RESET:
            self.harmed += 1
            _abort(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _abort(writer)
            return
        line = (asyncio.current_task(), writer, far_writer)
        self._lines.add(line)
        if self._harm is Harm.HALF_OPEN:
            self._dead.add(line)
        there = asyncio.create_task(self._carry(line, reader, far_writer, answers=False))
        back = asyncio.create_task(self._carry(line, far_reader, writer, answers=True))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
            self._lines.discard(line)
            self._dead.discard(line)
            writer.close()
            far_writer.close()

    async def _carry(self, line, reader, writer, *, answers):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if not self._moving.is_set():
                    self.harmed += 1
                    await self._moving.wait()
                    if reader.at_eof():
                        return  # Whoever said it has gone meanwhile.
                if answers and line in self._dead:
                    continue
                writer.write(data)
                await writer.drain()
