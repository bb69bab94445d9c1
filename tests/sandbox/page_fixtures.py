"""Fixtures of the page's tests: a sandbox that runs, and a headless Chromium that looks at it."""

from __future__ import annotations

import os

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.sandbox.page_stage import find_chromium, looking, running_chromium, staged


@pytest.fixture(scope="session")
def chromium():
    """The one Chromium of this run; without any the test is left out, or fails where CI=true."""
    found = find_chromium()
    if found is None and os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail("No Chromium on this machine, and CI leaves nothing out.")
    if found is None:
        pytest.skip("LEFT OUT: there is no Chromium on this machine")
    with running_chromium() as address:
        yield address


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str):
    """A headless Chromium, and one process of Playwright, which is why these tests share an event loop."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.connect_over_cdp(chromium)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page_stage():
    """A sandbox that runs, with the small app installed."""
    async with staged() as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def look(browser: Browser):
    """`await look(address, width=1280, …)` opens a page; an error in its scripts fails the test."""
    async with looking(browser) as opens:
        yield opens
