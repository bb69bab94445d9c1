"""A stage for every scenario: both ways to Slack, both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.stage import Stage

PAIRS = {("socket", "sqlite"), ("http", "postgresql")}
"""Each scenario runs both ways and on both databases, in these pairs; `every_way` asks for all four."""

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config, items):
    """Leave out the crossed pairs: way in and database know nothing of each other, and minutes add up."""
    kept, crossed = [], []
    for item in items:
        params = getattr(getattr(item, "callspec", None), "params", {})
        pair = (params.get("way"), params.get("database_kind"))
        whole = HERE not in item.path.parents or None in pair or pair in PAIRS
        (kept if whole or item.get_closest_marker("every_way") else crossed).append(item)
    if crossed:
        config.hook.pytest_deselected(items=crossed)
        items[:] = kept


@pytest.fixture(params=["socket", "http"])
def way(request):
    return request.param


@pytest.fixture
async def stage(database_url, clock, way):
    made = Stage(database_url, clock, socket=way == "socket")
    await made.open()
    await made.cast_mentors()
    yield made
    await made.close()
