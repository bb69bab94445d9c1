"""One process that has loaded the app once forks others for a whole run: they are born within milliseconds.

Each of the some three hundred that tests kill, freeze or stop would load for most of a second otherwise. A
module that is raised has `live(spec)`, which the child calls, and may have `prepare()`, which is called once
before the first fork. What `live` gives, or a SystemExit says, is the child's exit status.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]

_ADDRESS = "DOWNBALLOT_TESTS_RAISER"
_MOST = 1_000_000
"""Bytes of a request; a few hundred are usual."""


class Raised:
    """A forked process, with what `subprocess.Popen` offers for it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.returncode: int | None = None
        self.pid = int(connection.recv(64))

    def poll(self) -> int | None:
        """How it ended, minus the signal's number if by a signal; None while it lives."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self.returncode = int(self._connection.recv(64))
            self._connection.close()
        return self.returncode

    def wait(self, timeout: float = 60.0) -> int:
        """Wait for its end; TimeoutError if it lives on for so many seconds."""
        if self.returncode is None and not select.select([self._connection], [], [], timeout)[0]:
            raise TimeoutError(f"process {self.pid} lives on")
        ended = self.poll()
        assert ended is not None
        return ended

    def send_signal(self, which: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, which)

    def kill(self) -> None:
        """Kill it outright."""
        self.send_signal(signal.SIGKILL)

    def let_go(self) -> None:
        """Ask for its end no more; it lives on."""
        self._connection.close()


def raise_one(module: str, spec: dict, *, env: dict | None = None, cwd: Path = ROOT, output=None) -> Raised:
    """Fork a process that calls `live(spec)` of that module; this does not wait for more than the fork.

    It has the given environment and nothing else; `output` are up to two open files, for its standard output
    and for its errors, one for both.
    """
    given = {name: os.environ[name] for name in ("PATH", "PGSSLMODE", "TMPDIR") if name in os.environ}
    asked = {"module": module, "spec": spec, "env": {**given, **(env or {})}, "cwd": str(cwd)}
    files = [each.fileno() for each in output or ()]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(start())
    socket.send_fds(connection, [json.dumps(asked).encode()], files)
    return Raised(connection)


def start() -> str:
    """Start the one of this run, unless there is one; gives its address, which child processes inherit."""
    if _ADDRESS in os.environ:
        return os.environ[_ADDRESS]
    # Not where other temporary files are: the path of a socket must be short.
    folder = tempfile.mkdtemp(prefix="downballot-raiser-", dir="/tmp")
    address = f"{folder}/socket"
    # It lives as long as its standard input is open.
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.raiser", address], cwd=ROOT, stdin=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    until = time.monotonic() + 30
    while not Path(address).exists():
        assert process.poll() is None, "the raiser fell"
        assert time.monotonic() < until, "the raiser does not come up"
        time.sleep(0.005)
    os.environ[_ADDRESS] = address

    def stop() -> None:
        os.environ.pop(_ADDRESS, None)
        with process:
            process.stdin.close()

    atexit.register(stop)
    return address


class _Server:
    """The raiser itself: takes requests, forks, and says of each child how it ended."""

    def __init__(self, address: str) -> None:
        self._ready = {}
        self._children: dict[int, socket.socket] = {}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(address)
        self._listener.listen(128)
        self._ended, told = socket.socketpair()
        for end in (self._ended, told):
            end.setblocking(False)
        self._told = told
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(told.fileno())

    def run(self) -> None:
        """Serve until standard input is closed."""
        with selectors.DefaultSelector() as selector:
            for each in (self._listener, self._ended, sys.stdin):
                selector.register(each, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._ended in ready:
                    self._ended.recv(4096)
                    self._bury()
                if self._listener in ready:
                    self._take()
                if sys.stdin in ready:
                    return

    def _bury(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                connection = self._children.pop(found[0])
                # Whoever asked for it may not want to know.
                with contextlib.suppress(OSError):
                    connection.send(str(os.waitstatus_to_exitcode(found[1])).encode())
                connection.close()

    def _take(self) -> None:
        connection, _ = self._listener.accept()
        asked, files, _, _ = socket.recv_fds(connection, _MOST, 2)
        asked = json.loads(asked)
        module = self._module(asked["module"])
        child = os.fork()
        if child == 0:
            self._let_go(connection)
            _become(asked, files)
            sys.exit(module.live(asked["spec"]))
        self._children[child] = connection
        for each in files:
            os.close(each)
        connection.send(str(child).encode())

    def _module(self, name: str):
        if name not in self._ready:
            module = self._ready[name] = importlib.import_module(name)
            getattr(module, "prepare", lambda: None)()
            gc.collect()
            gc.freeze()  # The children's collectors need not go through what they were born with.
        return self._ready[name]

    def _let_go(self, connection: socket.socket) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in (self._listener, self._ended, self._told, connection, *self._children.values()):
            each.close()


def _become(asked: dict, files: list[int]) -> None:
    """Take on, as the child, what it was to be started with."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, each in zip((1, 2), (files * 2)[:2], strict=False):
        os.dup2(each, number)
    for each in (nothing, *files):
        os.close(each)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])


if __name__ == "__main__":
    _Server(sys.argv[1]).run()
    shutil.rmtree(Path(sys.argv[1]).parent)
