"""An Armchair Chat by hand, in Chromium: staff schedules, a candidate signs up, and the reminders arrive."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.scenarios.test_story_browser import (
    PATIENCE,
    be,
    button,
    demo,  # noqa: F401 - a fixture
    keep_picture,
    open_app,
)

pytest_plugins = ["tests.sandbox.page_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

TITLE = "Knocking on doors in the rain"


async def command(page, text):
    composer = page.get_by_test_id("composer")
    await composer.fill(text)
    await composer.press("Enter")


@pytest.mark.slow(20)
async def test_staff_schedules_a_candidate_signs_up_and_the_reminders_arrive(demo, look):  # noqa: F811
    page = await look(demo.sandbox.url)
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    tomorrow = demo.clock.now().astimezone(ZoneInfo("America/New_York")).date() + timedelta(days=1)

    # Staff schedules; what is wrong is said at its field.
    await be(page, "Olivia Park")
    await open_app(page, "messages")
    await command(page, "/chats")
    await expect(page.get_by_test_id("modal-title")).to_have_text("Armchair Chats")
    await page.get_by_test_id("button-events.schedule").click()
    await expect(page.get_by_test_id("modal-title")).to_have_text("Schedule")
    await page.get_by_test_id("field-title").fill(TITLE)
    await page.get_by_test_id("field-specialist_name").fill("Rosa Delgado")
    await page.get_by_test_id("field-day").fill((tomorrow - timedelta(days=3)).isoformat())
    await page.get_by_test_id("field-time").fill("19:00")
    await page.get_by_test_id("field-link").fill("https://meet.example.org/doors")
    await page.get_by_test_id("select-audience").click()
    await page.get_by_test_id("option-everyone").click()
    await keep_picture(page, "events-form")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("error-day")).to_be_visible()
    await page.get_by_test_id("field-day").fill(tomorrow.isoformat())
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal-title")).to_have_text("Scheduled")
    await keep_picture(page, "events-scheduled")
    await page.get_by_test_id("modal-close").click()

    # A candidate signs up in the channel; card and file come by message.
    await be(page, "Jonah Whitehorse")
    await page.locator("[data-testid^=conversation-C]").filter(has_text="general").click()
    post = page.locator("[data-testid^=message-]").filter(has_text=TITLE)
    await post.get_by_test_id("button-events.sign_up").click()
    await expect(post.last).to_contain_text("1 signed up: Jonah.")
    await open_app(page, "messages")
    card = page.locator("[data-testid^=message-]").filter(has_text=f"{TITLE}: you are signed up")
    await expect(card).to_contain_text("5 pm MT (tomorrow)")
    await expect(page.get_by_text("text/calendar").last).to_be_visible()
    await keep_picture(page, "events-ticket")

    # Time passes, and the reminders arrive: an hour before, at the start, and a question afterwards.
    await page.get_by_test_id("skip-day").click()
    await expect(page.get_by_test_id("skip-day")).to_be_enabled()
    begins = datetime.combine(tomorrow, datetime.min.time(), tzinfo=ZoneInfo("America/New_York")).replace(
        hour=19
    )
    for words, at in (("In an hour", -1), ("It starts now", 0), ("Were you there?", 2)):
        while demo.clock.now() < begins + timedelta(hours=at):
            await page.get_by_test_id("skip-hour").click()
            await expect(page.get_by_test_id("skip-hour")).to_be_enabled()
        await expect(page.locator("[data-testid^=message-]").filter(has_text=words).last).to_be_visible()
        await keep_picture(page, f"events-{words[:5].lower().strip()}")
    await button(page, "Yes, I was there").click()
    await button(page, "Helped a lot").click()
    await expect(page.get_by_text("You said: helped a lot.")).to_be_visible()
    await expect(card).to_have_count(0)
