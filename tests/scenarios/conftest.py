"""A stage for every scenario: both ways to Slack, both databases."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest

from civic.postal import postal
from tests.civic.geocoders import serving
from tests.scenarios.stage import Stage

PAIRS = (("socket", "sqlite"), ("http", "postgresql"))
"""Each scenario runs in one of these pairs, half of every feature's in each: the rules and the storage under
them are tested on both databases anyway, and minutes add up. `both_ways` asks for both pairs, `every_way` for
all four combinations, and EVERY_WAY=1 for both pairs of every scenario."""

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config, items):
    """Leave out the crossed pairs, for way in and database know nothing of each other, and one of the two."""
    kept, crossed = [], []
    for item in items:
        params = getattr(getattr(item, "callspec", None), "params", {})
        pair = (params.get("way"), params.get("database_kind"))
        whole = HERE not in item.path.parents or pair in _pairs_of(item, pair)
        (kept if whole or item.get_closest_marker("every_way") else crossed).append(item)
    if crossed:
        config.hook.pytest_deselected(items=crossed)
        items[:] = kept


def _pairs_of(item, pair):
    if None in pair:
        return (pair,)
    if os.environ.get("EVERY_WAY") or item.get_closest_marker("both_ways"):
        return PAIRS
    # The same pair in every run and in every process, whatever else is collected.
    alone = item.name.replace(pair[0], "").replace(pair[1], "")
    return (PAIRS[zlib.crc32(alone.encode()) % 2],)


@pytest.fixture(params=["socket", "http"])
def way(request):
    return request.param


@pytest.fixture
async def bureau():
    """A Census geocoder that answers as it is told; what ZIP codes need is read by then."""
    postal()
    async with serving("/geocoder/geographies/onelineaddress") as geocoder:
        yield geocoder


@pytest.fixture
async def stage(database_url, clock, way):
    made = Stage(database_url, clock, socket=way == "socket")
    await made.open()
    await made.cast_mentors()
    yield made
    await made.close()
