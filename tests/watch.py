"""Watches over every test: no warning, nothing un-awaited, no task left, no network beyond this machine.

Fixtures and patches of tests/conftest.py; tests/test_watch.py proves that each of them really fails a test.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import logging
import socket
import warnings

import pytest
import pytest_asyncio

_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")

_warned: list[str] = []


def _remembering(original):
    """Remember a warning that became an exception: code under test may well swallow that."""

    def warn(message, category=None, stacklevel=1, **more):
        try:
            original(message, category, max(stacklevel, 1) + 1, **more)
        except pytest.PytestWarning:
            raise  # Pytest's own fails the test by itself.
        except Warning as raised:
            _warned.append(f"{type(raised).__name__}: {raised}")
            raise

    return warn


def look_at_warnings():
    """From now on no warning goes unnoticed, whoever swallows it."""
    if warnings.warn.__name__ != "warn" or warnings.warn.__module__ != __name__:
        warnings.warn = _remembering(warnings.warn)


class _Errors(logging.Handler):
    """What asyncio can only log: the fault of a task that nobody asked, a task destroyed while it waited."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.said = []

    def emit(self, record):
        # The futures of a driver whose connection was cut are nobody's to ask; our tasks are.
        if record.getMessage().startswith(("Task exception was never", "Task was destroyed")):
            self.said.append(record.getMessage())


@contextlib.asynccontextmanager
async def _leaving_no_task():
    before = asyncio.all_tasks()
    yield
    # A task that was cancelled or has just finished gets a moment to end.
    for _ in range(3):
        await asyncio.sleep(0)
    left = [
        f"{task.get_name()} {task.get_coro()}"
        for task in asyncio.all_tasks() - before - {asyncio.current_task()}
        if not task.done()
    ]
    assert not left, f"tasks left over: {left}"


@pytest.fixture
async def _no_task_left():
    async with _leaving_no_task():
        yield


@pytest_asyncio.fixture(loop_scope="session")
async def _no_task_left_in_session():
    async with _leaving_no_task():
        yield


@pytest.fixture(scope="session", autouse=True)
def _last_look():
    """Let what lies in cycles of garbage be found while there is still a test that it can fail."""
    yield
    for _ in range(3):
        gc.collect()


def _has_a_loop(request):
    definitions = getattr(request.node, "_fixtureinfo", None)
    made = definitions.name2fixturedefs.values() if definitions else ()
    functions = [getattr(request.node, "obj", None), *(each[-1].func for each in made)]
    return any(inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each) for each in functions)


@pytest.fixture(autouse=True)
def watch(request, monkeypatch):
    """Fail a test that warns, leaves a task behind, or reaches for anything beyond this machine."""
    strayed = _stop_at_the_border(monkeypatch)
    errors = _Errors()
    logging.getLogger("asyncio").addHandler(errors)
    if _has_a_loop(request):
        mark = request.node.get_closest_marker("asyncio")
        shared = mark is not None and mark.kwargs.get("loop_scope") == "session"
        request.getfixturevalue("_no_task_left_in_session" if shared else "_no_task_left")
    yield
    logging.getLogger("asyncio").removeHandler(errors)
    warned = list(_warned)
    _warned.clear()
    assert not strayed, f"a test reached for {strayed}"
    assert not errors.said, f"asyncio had to say: {errors.said}"
    assert not warned, f"a warning was swallowed: {warned}"


def _stop_at_the_border(monkeypatch):
    """Refuse every address but loopback; gives the list of what was tried, in case somebody swallows that."""
    strayed = []

    def refuse_far(address):
        host = address[0] if isinstance(address, tuple) else address
        host = host.decode() if isinstance(host, bytes) else host
        if isinstance(host, str) and host and not host.startswith((*_LOOPBACK, "/")):
            strayed.append(host)
            raise AssertionError(f"a test reached for {host}")

    def guarded(name, which):
        original = getattr(socket.socket, name)

        def call(self, *arguments):
            if self.family in {socket.AF_INET, socket.AF_INET6} and len(arguments) > which:
                refuse_far(arguments[which])
            return original(self, *arguments)

        monkeypatch.setattr(socket.socket, name, call)

    guarded("connect", 0)
    guarded("connect_ex", 0)
    guarded("sendmsg", 3)

    original_sendto = socket.socket.sendto

    def sendto(self, data, *arguments):
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            refuse_far(arguments[-1])
        return original_sendto(self, data, *arguments)

    monkeypatch.setattr(socket.socket, "sendto", sendto)

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        original = getattr(socket, name)

        def lookup(host, *arguments, original=original, **named):
            refuse_far(host)
            return original(host, *arguments, **named)

        monkeypatch.setattr(socket, name, lookup)
    return strayed
