"""The processes that are measured: the app as it is served, its counterparts, and the Slack behind them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECRET = "5ec2e7bench5ec2e7bench5ec2e7benc"
TOKEN = "xoxb-bench"
MENTORS, STAFF = "C0MENTORS", "C0STAFFDESK"


@dataclass(frozen=True)
class Running:
    """A process that answers at a port, and the seconds from its start until it was ready."""

    pid: int
    port: int
    ready_after: float


def spare_port() -> int:
    """A port that is free at this moment."""
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))
        return int(spare.getsockname()[1])


@contextlib.contextmanager
def _process(*arguments: str, env: Mapping[str, str], port: int, ask: str, folder: Path) -> Iterator[Running]:
    # A folder of its own as the working directory, so that no .env of the checkout is read.
    log = folder / f"{'-'.join(arguments[:2]).replace('.', '-')}-{port}.log"
    began = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **env},
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        _wait_for(process, port, ask, until=began + 60)
        yield Running(process.pid, port, time.perf_counter() - began)
    except Exception:
        sys.stderr.write(f"{' '.join(arguments[:2])} said last:\n{log.read_text()[-3000:]}\n")
        raise
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int, ask: str, until: float) -> None:
    while not _answers(port, ask):
        if process.poll() is not None or time.perf_counter() > until:
            raise RuntimeError("it did not start")
        time.sleep(0.01)


def _answers(port: int, ask: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(f"GET {ask} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
            said = line.recv(64)
    except OSError:
        return False
    return said.startswith(b"HTTP/1.1 ") and not said.startswith(b"HTTP/1.1 503")


READ_AFTER = 8.0
"""Seconds after its start in which the app has surely read what is bundled."""


@contextlib.contextmanager
def the_app(database_url: str, slack: str, folder: Path, **settings: str) -> Iterator[Running]:
    """Serve Downballot as `downballot serve` does, with default settings, all that is bundled read."""
    port = spare_port()
    env = {
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{slack}/api/",
        "MENTOR_CHANNEL": MENTORS,
        "STAFF_CHANNEL": STAFF,
        "STAFF_USER_IDS": "U0STAFF",
        "DATABASE_URL": database_url,
        "PORT": str(port),
        **settings,
    }
    with _process("bot", "serve", env=env, port=port, ask="/readyz", folder=folder) as running:
        time.sleep(READ_AFTER)
        yield running


@contextlib.contextmanager
def a_plain_app(mode: str, database_url: str, slack: str, folder: Path) -> Iterator[Running]:
    """Serve a counterpart: `mode` "default" keeps nothing, "durable" keeps by hand (tests/bench/plain.py)."""
    port = spare_port()
    with _process(
        "tests.bench.plain", mode, str(port), f"{slack}/api/", database_url,
        env={}, port=port, ask="/", folder=folder,
    ) as running:  # fmt: skip
        yield running


@contextlib.contextmanager
def a_slack(folder: Path) -> Iterator[str]:
    """Run the Slack that takes everything; give its address."""
    with (folder / "slack.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.slack"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()
