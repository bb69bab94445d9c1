"""What the suite promises of itself: a warning, a coroutine, a task, a far address fails the test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PRELUDE = """
import asyncio, contextlib, gc, socket, threading, warnings
import aiohttp, pytest

async def work():
    pass

@pytest.fixture
async def forgetful():
    yield
    asyncio.create_task(asyncio.sleep(60))
"""

FAULTS = {
    "a_warning": "warnings.warn('careful')",
    "a_warning_in_a_thread": "run(lambda: warnings.warn('careful'))",
    "a_warning_that_is_swallowed": """
        with contextlib.suppress(Exception):
            warnings.warn('careful')""",
    "a_coroutine": "work()",
    "a_session": "aiohttp.ClientSession()",
    "a_task": "asyncio.create_task(asyncio.sleep(60))",
    "a_task_of_a_fixture(forgetful)": "pass",
    "a_fault_that_nobody_asks_for": """
        async def fall():
            raise ValueError
        asyncio.create_task(fall())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gc.collect()""",
    "a_far_address": "socket.create_connection(('192.0.2.1', 80), timeout=0.1)",
    "a_far_address_that_is_swallowed": """
        with contextlib.suppress(BaseException):
            await asyncio.open_connection('192.0.2.1', 80)""",
    "a_far_name": "socket.gethostbyname('example.org')",
    "a_far_name_by_http": """
        async with aiohttp.ClientSession() as session:
            with contextlib.suppress(BaseException):
                await session.get('http://example.org/')""",
    "a_far_datagram": """
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far, contextlib.suppress(BaseException):
            far.sendto(b'x', ('192.0.2.1', 53))""",
}

FINE = {
    "nothing": "pass",
    "a_task_that_ends": "await asyncio.create_task(work())",
    "a_near_address": """
        with socket.create_server(('127.0.0.1', 0)) as server:
            socket.create_connection(server.getsockname()).close()""",
}

THREAD = """
def run(does):
    thread = threading.Thread(target=does)
    thread.start()
    thread.join()
"""


def outcomes(folder, text, *options):
    """Run a file of tests under the set-up of this suite: how it exits, and the names that did not pass."""
    file = folder / "test_of_tests.py"
    file.write_text(text)
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-c", "pyproject.toml", "--rootdir", ".", "-p", "tests.conftest",
            "-p", "no:cacheprovider", "-q", "--tb=no", *options, str(file),
        ],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    return done.returncode, set(re.findall(r"^(?:FAILED|ERROR) \S*::test_(\w+)", done.stdout, re.MULTILINE))


@pytest.mark.slow(5)
def test_each_fault_fails_the_test_that_has_it_and_no_other(tmp_path):
    text = PRELUDE + THREAD
    for name, body in {**FAULTS, **FINE}.items():
        signature = name if "(" in name else f"{name}()"
        text += f"\nasync def test_{signature}:\n    if True:\n        {body.strip()}\n"
    text += "\ndef test_a_plain_one(forgetful):\n    pass\n"
    status, failed = outcomes(tmp_path, text)
    assert status == 1
    assert failed == {"a_plain_one", *(name.partition("(")[0] for name in FAULTS)}


@pytest.mark.slow(5)
def test_a_coroutine_that_only_the_last_collection_finds_fails_the_run(tmp_path):
    text = """
async def work():
    pass

def test_first():
    ring = [work()]
    ring.append(ring)

def test_last():
    pass
"""
    status, failed = outcomes(tmp_path, text, "-n1")
    assert (status, failed) == (1, {"last"})
