from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from civic.census import Census
from civic.google import Google
from civic.locator import Locator
from civic.postal import postal
from tests.civic.geocoders import Geocoder, serving

KEY = "AIza-not-a-key-of-anybody"


@pytest.fixture(scope="session", autouse=True)
def _warmed() -> None:
    postal()


@pytest.fixture
async def bureau() -> AsyncIterator[Geocoder]:
    async with serving("/geocoder/geographies/onelineaddress") as geocoder:
        yield geocoder


@pytest.fixture
async def searching() -> AsyncIterator[Geocoder]:
    async with serving("/civicinfo/v2/divisionsByAddress") as geocoder:
        yield geocoder


@pytest.fixture
async def locator(bureau) -> AsyncIterator[Locator]:
    found = Locator(Census(bureau.url, patience=0.5))
    yield found
    await found.close()


@pytest.fixture
async def both(bureau, searching) -> AsyncIterator[Locator]:
    found = Locator(Census(bureau.url, patience=0.5), Google(KEY, searching.url, patience=0.5))
    yield found
    await found.close()
