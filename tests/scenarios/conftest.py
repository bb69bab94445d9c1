"""A stage for every scenario: both ways to Slack, both databases."""

from __future__ import annotations

import pytest

from tests.scenarios.stage import Stage


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
