"""What can I run for, by hand in Chromium, on a wide screen and on a phone's."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bot.demo import Stage
from tests.scenarios.test_story_browser import PATIENCE, be, keep_picture

pytest_plugins = ["tests.sandbox.page_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(loop_scope="session")
async def demo(tmp_path):
    stage = Stage(tmp_path, reset=False)
    await stage.open(0)
    await stage.application.races.ready()
    yield stage
    await stage.close()


@pytest.mark.slow(8)
async def test_a_newcomer_looks_a_state_up_reads_details_and_asks_about_a_race(demo, look):
    page = await look(demo.sandbox.url)
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    await be(page, "Jonah Whitehorse")
    composer = page.get_by_test_id("composer")
    await composer.fill("/races Virginia")
    await composer.press("Enter")
    await expect(page.get_by_text("100 seats", exact=False)).to_be_visible()
    await expect(page.get_by_text("40 seats", exact=False)).to_be_visible()
    await keep_picture(page, "races")
    await page.get_by_role("button", name="Details of House of Delegates").click()
    await expect(page.get_by_test_id("modal-title")).to_have_text("Details")
    await expect(page.get_by_test_id("modal").get_by_text("party primary").first).to_be_visible()
    await page.get_by_test_id("modal").get_by_role("button", name="Ask a mentor").click()
    await expect(page.get_by_test_id("modal-title")).to_have_text("Ask a mentor")
    about = page.get_by_test_id("modal").get_by_text("House of Delegates · Virginia · Nov 2, 2027")
    await expect(about).to_be_visible()

    await page.set_viewport_size({"width": 380, "height": 800})
    await keep_picture(page, "races-narrow")
    wider = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not wider, "nothing has to be scrolled sideways"
