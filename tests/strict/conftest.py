"""The strict stand-in for every test here, both ways to the app."""

from __future__ import annotations

import logging
import shutil

import pytest
import structlog

from tests.strict.place import Place


@pytest.fixture
def quiet_logging():
    """Put logging back as it was: the app's own set-up belongs to a process, not to a test run."""
    root = logging.getLogger()
    kept, level = list(root.handlers), root.level
    yield
    root.handlers[:] = kept
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    for name in ("slack_sdk", "slack_bolt", "aiohttp", "apscheduler", "aiosqlite", "sqlalchemy", "asyncio"):
        logging.getLogger(name).setLevel(logging.NOTSET)


async def _opened(sqlite_template, tmp_path, *, socket):
    path = tmp_path / "downballot.db"
    shutil.copy(sqlite_template, path)
    made = Place(f"sqlite+aiosqlite:///{path}", socket=socket)
    await made.open()
    return made


@pytest.fixture(params=["http", "socket"])
async def place(request, sqlite_template, tmp_path, quiet_logging):
    made = await _opened(sqlite_template, tmp_path, socket=request.param == "socket")
    yield made
    await made.close()
    made.nothing_wrong()


@pytest.fixture
async def over_http(sqlite_template, tmp_path, quiet_logging):
    made = await _opened(sqlite_template, tmp_path, socket=False)
    yield made
    await made.close()
    made.nothing_wrong()


@pytest.fixture
async def over_socket(sqlite_template, tmp_path, quiet_logging):
    made = await _opened(sqlite_template, tmp_path, socket=True)
    yield made
    await made.close()
    made.nothing_wrong()
