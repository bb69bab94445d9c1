"""The whole story by hand, in Chromium, as a newcomer meets it after `make demo`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bot.demo import Stage

pytest_plugins = ["tests.sandbox.page_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

PATIENCE = 15_000
"""Milliseconds for whatever crosses app, outbox and page: the machine may be busy."""
QUESTION = "How many signatures do I need, and may I gather them outside a public library?"


@pytest_asyncio.fixture(loop_scope="session")
async def demo(tmp_path):
    stage = Stage(tmp_path, reset=False)
    await stage.open(0)
    yield stage
    await stage.close()


async def be(page, name):
    await page.get_by_test_id("person-switch").click()
    await page.get_by_test_id("person-search").fill(name)
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("acting-as")).to_contain_text(name, timeout=PATIENCE)


async def open_app(page, tab):
    row = page.locator("[data-testid^=conversation-D]").filter(has_text="Downballot")
    await row.last.click()
    await page.get_by_test_id(f"tab-{tab}").click()


def button(page, name):
    """Give the newest button of that name."""
    return page.get_by_role("button", name=name, exact=True).last


async def keep_picture(page, name):
    folder = os.environ.get("PAGE_SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.mark.slow(15)
async def test_a_newcomer_asks_is_answered_and_rates_in_the_browser(demo, look):
    page = await look(demo.sandbox.url)
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)

    # Ask as a candidate.
    await be(page, "Jonah Whitehorse")
    composer = page.get_by_test_id("composer")
    await composer.fill(f"/askmentor {QUESTION}")
    await composer.press("Enter")
    await expect(page.get_by_test_id("modal-title")).to_have_text("Ask a mentor")
    await expect(page.get_by_test_id("field-question")).to_have_value(QUESTION)
    await page.get_by_test_id("select-topic").click()
    await page.get_by_test_id("option-filing").click()
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("error-state")).to_be_visible()
    await page.get_by_test_id("select-state").click()
    await page.keyboard.type("New Mexico")
    await page.get_by_test_id("option-NM").click()
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    await open_app(page, "messages")
    await expect(page.get_by_text("We asked 2 mentors who know New Mexico.")).to_be_visible()
    await keep_picture(page, "receipt")

    # Claim as a mentor, and talk.
    await be(page, "Marcus Reed")
    await open_app(page, "messages")
    await button(page, "Claim #4").click()
    await expect(page.get_by_text("#4 is yours")).to_be_visible()
    hold = page.locator("[data-testid^=message-]").filter(has_text="#4 is yours")
    await hold.get_by_test_id("button-mentoring.open_conversation").click()
    await expect(page.get_by_text("who will help you with #4")).to_be_visible()
    await page.get_by_test_id("composer").fill("In New Mexico it depends on the district: let me look it up.")
    await page.get_by_test_id("composer").press("Enter")
    await keep_picture(page, "conversation")

    # The asker sees who has it; somebody else comes too late.
    await be(page, "Jonah Whitehorse")
    await open_app(page, "messages")
    await expect(page.get_by_text("has your question").last).to_be_visible()
    await open_app(page, "home")
    await expect(page.get_by_test_id("home")).to_contain_text("Claimed by")

    # Answered, then rated with one press.
    await be(page, "Marcus Reed")
    await open_app(page, "messages")
    await hold.get_by_test_id("button-mentoring.answered").click()
    await be(page, "Jonah Whitehorse")
    await open_app(page, "messages")
    await button(page, "It helped a lot").click()
    await expect(page.get_by_text("You said: it helped a lot.")).to_be_visible()
    await keep_picture(page, "rated")


@pytest.mark.slow(15)
async def test_skipping_ahead_widens_the_circle_before_ones_eyes(demo, look):
    page = await look(demo.sandbox.url)
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    await be(page, "Maya Okafor")
    await open_app(page, "messages")
    await page.get_by_test_id("skip-day").click()
    await expect(page.get_by_text("our staff is finding somebody for you").last).to_be_visible()
    await expect(page.get_by_test_id("skip-day")).to_be_enabled()
