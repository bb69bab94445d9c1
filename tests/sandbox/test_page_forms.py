"""Forms in Chromium: commands that open them, every field, errors, the stack, and whose they are."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.sandbox import page_gallery as gallery
from tests.sandbox.page_stage import choose, picture, switch, until

pytest_plugins = ["tests.sandbox.page_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QUESTION = "How many signatures does a school board seat need?"


async def fill_in_everything(page):
    await page.get_by_test_id("field-question").fill(QUESTION)
    await choose(page, "topic", "Georgia")
    await choose(page, "states", "Virginia", "Ohio")
    await page.get_by_test_id("field-office").fill("school")
    await page.get_by_role("option", name="school board").click()
    await choose(page, "advisor", "Dana")
    await choose(page, "guests", "Marcus")
    await choose(page, "channel", "general")
    await page.get_by_test_id("field-by").fill("2027-04-01")
    await page.get_by_test_id("field-at").fill("17:00")
    await page.get_by_test_id("field-moment").fill("2027-04-01T17:00")
    await page.get_by_text("Keep my name private").click()
    await page.get_by_text("Helped", exact=True).click()
    story = page.get_by_test_id("field-story")
    await story.click()
    await page.get_by_test_id("tool-bold").click()
    await page.keyboard.type("Brave")
    await page.get_by_test_id("tool-bold").click()
    await page.keyboard.type(" words")
    await page.get_by_test_id("field-mail").fill("priya@example.org")
    await page.get_by_test_id("field-site").fill("https://priya.example.org")
    await page.get_by_test_id("field-seats").fill("3")
    await page.get_by_test_id("field-papers").set_input_files(
        {"name": "papers.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}
    )
    await expect(page.locator(".chip", has_text="papers.pdf")).to_be_visible()


async def test_a_command_is_completed_opens_a_form_and_the_form_reaches_the_app(page_stage, look):
    stage = page_stage
    page = await look(stage.address(stage.asker, stage.dm.id))
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("/")
    await expect(page.get_by_test_id("completion-/askmentor")).to_contain_text(
        "Ask somebody who knows your state"
    )
    await composer.press("ArrowDown")
    await expect(page.get_by_test_id("completion-/mentor")).to_have_attribute("aria-selected", "true")
    await composer.press("ArrowUp")
    await composer.press("Enter")
    await expect(composer).to_have_value("/askmentor ")
    await composer.press("Enter")
    modal = page.get_by_test_id("modal")
    await expect(modal.get_by_test_id("modal-title")).to_have_text("Ask a mentor")
    await expect(page.get_by_test_id("field-question")).to_be_focused()
    await picture(page, "modal")

    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("error-b-question")).to_have_text("Please complete this required field.")
    await page.get_by_test_id("field-question").fill("too short")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("error-b-question")).to_contain_text("at least 20 characters")
    await page.get_by_test_id("field-question").fill("x" * 201)
    await expect(page.get_by_test_id("counter-question")).to_have_text("201 / 200")
    assert stage.app.heard("view_submission") == []

    await fill_in_everything(page)
    await picture(page, "modal-filled")
    await page.get_by_test_id("modal-submit").click()
    await expect(modal).to_have_count(0)
    await expect(composer).to_be_focused()

    values = stage.app.heard("view_submission")[0]["view"]["state"]["values"]
    held = {action: state for block in values.values() for action, state in block.items()}
    assert held["question"]["value"] == QUESTION
    assert held["topic"]["selected_option"]["value"] == "ga"
    assert [one["value"] for one in held["states"]["selected_options"]] == ["va", "oh"]
    assert held["office"]["selected_option"]["value"] == "school-1"
    assert held["advisor"]["selected_user"] == stage.staff.id
    assert held["guests"]["selected_users"] == [stage.mentor.id]
    assert held["channel"]["selected_channel"] == "C0GENERAL"
    assert held["by"]["selected_date"] == "2027-04-01"
    assert held["at"]["selected_time"] == "17:00"
    assert held["moment"]["selected_date_time"] == 1806613200  # 5 pm in the asker's New York
    assert [one["value"] for one in held["private"]["selected_options"]] == ["yes"]
    assert held["grade"]["selected_option"]["value"] == "2"
    assert held["story"]["rich_text_value"]["elements"][0]["elements"] == [
        {"type": "text", "text": "Brave", "style": {"bold": True}},
        {"type": "text", "text": " words"},
    ]
    assert held["mail"]["value"] == "priya@example.org"
    assert held["seats"]["value"] == "3"
    assert held["papers"]["files"][0]["name"] == "papers.pdf"


async def test_the_apps_errors_stand_at_their_fields_and_sending_twice_is_impossible(page_stage, look):
    stage = page_stage
    stage.app.form = gallery.form() | {"blocks": gallery.form()["blocks"][:2]}
    stage.app.answers["gallery.form"] = {
        "response_action": "errors",
        "errors": {"b-question": "That was asked already."},
    }
    page = await look(stage.address(stage.asker, stage.dm.id))
    await page.get_by_test_id("plus").click()
    await page.get_by_test_id("shortcut-ask").click()
    await page.get_by_test_id("field-question").fill(QUESTION)
    stage.app.slow = 0.4
    submit = page.get_by_test_id("modal-submit")
    await submit.click()
    await expect(submit).to_be_disabled()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("error-b-question")).to_have_text("That was asked already.")
    await expect(page.get_by_test_id("field-question")).to_have_value(QUESTION)
    assert len(stage.app.heard("view_submission")) == 1
    # Correcting the field takes its error away.
    await page.get_by_test_id("field-question").press_sequentially("?")
    await expect(page.get_by_test_id("error-b-question")).to_have_text("")


async def test_a_modal_waits_for_its_person_and_keeps_what_was_typed(page_stage, look):
    stage = page_stage
    page = await look(stage.address(stage.asker, "C0GENERAL"))
    await stage.sandbox.person(stage.asker.id).command("/askmentor")
    await page.get_by_test_id("field-question").fill(QUESTION)
    await switch(page, stage.mentor)
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    await switch(page, stage.asker)
    await expect(page.get_by_test_id("field-question")).to_have_value(QUESTION)
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    await until(lambda: stage.app.heard("view_closed"))


async def test_modals_stack_and_the_focus_stays_inside(page_stage, look):
    stage = page_stage
    stage.app.form = gallery.form("First") | {"blocks": gallery.form()["blocks"][:2]}
    stage.app.answers["gallery.form"] = {
        "response_action": "push",
        "view": gallery.form("Second") | {"blocks": gallery.form()["blocks"][:2]},
    }
    page = await look(stage.address(stage.asker, "C0GENERAL"))
    await stage.sandbox.person(stage.asker.id).command("/askmentor")
    await page.get_by_test_id("field-question").fill(QUESTION)
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal-title")).to_have_text("Second")
    for _ in range(12):
        await page.keyboard.press("Tab")
        assert await page.evaluate("Boolean(document.activeElement.closest('[data-testid=modal]'))")
    await page.get_by_test_id("modal-back").click()
    await expect(page.get_by_test_id("modal-title")).to_have_text("First")
    await expect(page.get_by_test_id("field-question")).to_have_value(QUESTION)
    await page.get_by_test_id("modal-x").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)
