"""The page in Chromium: what a newcomer does by hand."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.sandbox import page_gallery as gallery
from tests.sandbox.page_stage import choose, picture, until

pytest_plugins = ["tests.sandbox.page_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_message_is_sent_with_enter_and_arrives_elsewhere_without_a_reload(page_stage, look):
    stage = page_stage
    asker = await look(stage.address(stage.asker, "C0GENERAL"))
    mentor = await look(stage.address(stage.mentor, "C0GENERAL"))
    composer = asker.get_by_test_id("composer")
    await composer.fill("*Hello* <!channel> &lt; <b>there</b>")
    await composer.press("Enter")
    await expect(composer).to_have_value("")
    said = mentor.locator(".message .words", has_text="Hello")
    await expect(said).to_have_text("Hello <!channel> &lt; <b>there</b>")
    await expect(said.locator("strong")).to_have_text("Hello")
    await expect(said.locator("b")).to_have_count(0)
    assert next(iter(stage.general.messages.values())).text.startswith("*Hello* &lt;!channel&gt; &amp;lt;")


async def test_typing_goes_on_while_messages_arrive(page_stage, look):
    stage = page_stage
    page = await look(stage.address(stage.asker, "C0GENERAL"))
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("half a sen")
    await composer.press("ArrowLeft")
    for number in range(3):
        stage.workspace.post("C0GENERAL", stage.staff.id, f"news {number}")
        await expect(page.locator(".message", has_text=f"news {number}")).to_be_visible()
        await page.keyboard.type(str(number))
    await expect(composer).to_be_focused()
    await expect(composer).to_have_value("half a se012n")


async def test_buttons_selects_and_menus_of_a_message_reach_the_app(page_stage, look):
    stage = page_stage
    at = 1806613200
    shown = gallery.shown(stage.asker.id, "C0GENERAL", at, stage.app.picture)
    ts = await stage.post(stage.asker.id, text="gallery", blocks=[*shown, *gallery.pressed()])
    page = await look(stage.address(stage.asker, stage.dm.id), height=1700)
    await picture(page, "gallery")
    message = page.get_by_test_id(f"message-{ts}")
    await expect(message.get_by_test_id("block-head")).to_have_text("A header with <b>no markup</b> & all")
    words = message.get_by_test_id("block-words")
    await expect(words.locator("time")).to_have_text("Apr 1 at 5:00 PM")
    await expect(words.locator(".mention-mass")).to_have_text(["@channel", "@here"])
    await expect(words.locator("script")).to_have_count(0)
    await expect(message.locator("img").first).to_have_js_property("naturalWidth", 320)

    await page.get_by_test_id("button-claim").click()
    await page.get_by_test_id("button-back").click()
    await expect(page.get_by_test_id("confirm")).to_contain_text("Somebody else will be asked.")
    await page.get_by_test_id("confirm-deny").click()
    await page.get_by_test_id("button-back").click()
    await page.get_by_test_id("confirm-yes").click()
    await choose(page, "state", "Ohio")
    await page.get_by_test_id("field-day").fill("2027-05-02")
    await message.get_by_text("Call").click()
    await page.get_by_test_id("button-more").click()
    await page.get_by_test_id("option-away").click()

    await until(lambda: len(stage.app.heard("block_actions")) == 6)
    told = [one["actions"][0] for one in stage.app.heard("block_actions")]
    actions = {one["action_id"]: one for one in told}
    assert list(actions) == ["claim", "back", "state", "day", "ways", "more"]
    assert actions["claim"]["value"] == "812"
    assert actions["state"]["selected_option"]["value"] == "ohio"
    assert actions["day"]["selected_date"] == "2027-05-02"
    assert [one["value"] for one in actions["ways"]["selected_options"]] == ["call"]
    assert actions["more"]["selected_option"]["value"] == "away"


async def test_an_updated_card_changes_in_place_and_says_edited(page_stage, look):
    stage = page_stage
    ts = await stage.post(stage.asker.id, text="Open", blocks=gallery.pressed()[:1])
    page = await look(stage.address(stage.asker, stage.dm.id))
    await expect(page.get_by_test_id("button-claim")).to_be_visible()
    await stage.app.call("chat.update", channel=stage.dm.id, ts=ts, text="Claimed by Marcus")
    message = page.get_by_test_id(f"message-{ts}")
    await expect(message).to_contain_text("Claimed by Marcus")
    await expect(page.get_by_test_id("button-claim")).to_have_count(0)
    await expect(page.get_by_test_id(f"edited-{ts}")).to_have_text("(edited)")


async def test_an_ephemeral_answer_is_seen_by_one_person_and_can_be_dismissed(page_stage, look):
    stage = page_stage
    stage.app.answers["/mentor"] = {"response_type": "ephemeral", "text": "You cover *Virginia*."}
    asker = await look(stage.address(stage.asker, "C0GENERAL"))
    mentor = await look(stage.address(stage.mentor, "C0GENERAL"))
    await asker.get_by_test_id("composer").fill("/mentor help")
    await asker.get_by_test_id("send").click()
    answer = asker.locator(".message-ephemeral")
    await expect(answer).to_contain_text("Only visible to you")
    await expect(answer).to_contain_text("You cover Virginia.")
    await picture(asker, "ephemeral")
    await expect(mentor.locator(".message")).to_have_count(0)
    await answer.get_by_text("Dismiss message").click()
    await expect(answer).to_have_count(0)


async def test_unread_marks_come_and_go(page_stage, look):
    stage = page_stage
    page = await look(stage.address(stage.asker, "C0GENERAL"))
    await stage.post(stage.asker.id, text="one")
    await stage.post(stage.asker.id, text="two")
    await expect(page.get_by_test_id(f"unread-{stage.dm.id}")).to_contain_text("2")
    await page.get_by_test_id(f"conversation-{stage.dm.id}").click()
    await expect(page.get_by_test_id(f"unread-{stage.dm.id}")).to_have_count(0)
    await expect(page.locator(".new-line")).to_be_visible()
    await page.get_by_test_id("conversation-C0GENERAL").click()
    await expect(page.get_by_test_id(f"unread-{stage.dm.id}")).to_have_count(0)


async def test_the_home_tab_opens_by_its_address_and_is_published_anew(page_stage, look):
    stage = page_stage
    stage.app.home = {"type": "home", "blocks": gallery.pressed()[:1]}
    page = await look(stage.address(stage.asker, stage.dm.id, "home"))
    home = page.get_by_test_id("home")
    await expect(home.get_by_test_id("button-claim")).to_be_visible()
    await picture(page, "home")
    words = [{"type": "section", "text": gallery.mrkdwn("Nothing is open.")}]
    await stage.app.call("views.publish", user_id=stage.asker.id, view={"type": "home", "blocks": words})
    await expect(home).to_have_text("Nothing is open.")
    await page.get_by_test_id("tab-messages").click()
    await expect(page.get_by_test_id("composer")).to_be_visible()


async def test_a_thread_opens_beside_the_conversation(page_stage, look):
    stage = page_stage
    said = stage.workspace.post("C0GENERAL", stage.staff.id, "Who files this week?")
    page = await look(stage.address(stage.asker, "C0GENERAL"))
    await page.get_by_test_id(f"message-{said.ts}").hover()
    await page.get_by_test_id(f"reply-{said.ts}").click()
    await page.get_by_test_id("composer-thread").fill("I do")
    await page.get_by_test_id("composer-thread").press("Enter")
    thread = page.get_by_test_id("thread")
    await expect(thread.locator(".message")).to_have_count(2)
    await expect(page.get_by_test_id(f"thread-{said.ts}")).to_contain_text("1 reply")
    await picture(page, "thread")
    await page.keyboard.press("Escape")
    await expect(thread).to_have_count(0)


async def test_a_message_shortcut_carries_its_message(page_stage, look):
    stage = page_stage
    said = stage.workspace.post("C0GENERAL", stage.staff.id, "When is the deadline?")
    page = await look(stage.address(stage.asker, "C0GENERAL"))
    await page.get_by_test_id(f"message-{said.ts}").hover()
    await page.get_by_test_id(f"more-{said.ts}").click()
    await page.get_by_test_id("shortcut-ask_about").press("Enter")
    await expect(page.get_by_test_id("modal")).to_be_visible()
    assert stage.app.heard("message_action")[0]["message"]["ts"] == said.ts


async def test_a_link_to_a_conversation_opens_it_here(page_stage, look):
    stage = page_stage
    link = "https://slack.com/app_redirect?channel=C0GENERAL"
    button = {"type": "button", "action_id": "open", "text": gallery.plain("Open it"), "url": link}
    blocks = [{"type": "section", "text": gallery.mrkdwn(f"<{link}|the channel>"), "accessory": button}]
    await stage.post(stage.asker.id, text="x", blocks=blocks)
    page = await look(stage.address(stage.asker, stage.dm.id))
    await page.get_by_role("link", name="the channel").click()
    await expect(page.get_by_test_id("conversation-name")).to_have_text("general")
    await page.go_back()
    await expect(page.get_by_test_id("conversation-name")).to_have_text("Downballot")
    await page.get_by_test_id("button-open").click()
    await expect(page.get_by_test_id("conversation-name")).to_have_text("general")


async def test_the_inspector_shows_what_was_rejected_and_why(page_stage, look):
    stage = page_stage
    page = await look(stage.address(stage.asker, "C0GENERAL"))
    await stage.app.call("auth.test")
    long = [{"type": "section", "text": gallery.mrkdwn("x" * 3001)}]
    await stage.app.call("chat.postMessage", channel=stage.dm.id, text="x", blocks=long)
    await expect(page.get_by_test_id("traffic-toggle")).to_contain_text("1")
    await page.get_by_test_id("traffic-toggle").click()
    traffic = page.get_by_test_id("traffic")
    await expect(traffic.locator("[data-what='auth.test']")).to_be_visible()
    await traffic.get_by_test_id("traffic-rejected").check(force=True)
    await expect(traffic.locator(".exchange")).to_have_count(1)
    wrong = traffic.locator(".exchange")
    await expect(wrong).to_contain_text("must be less than 3001 characters")
    await expect(wrong).to_contain_text("/blocks/0/text/text")
    await wrong.locator(".exchange-row").click()
    await expect(wrong.locator(".json pre").first).to_contain_text(stage.dm.id)
    await picture(page, "traffic")


async def test_skipping_ahead_shows_that_it_works_and_then_the_new_time(page_stage, look):
    stage = page_stage
    skipped, may_end = [], asyncio.Event()
    base = stage.workspace.now

    async def skip(seconds):
        await may_end.wait()
        skipped.append(seconds)
        stage.workspace.now = lambda: base() + seconds

    stage.sandbox.on_skip = skip
    page = await look(stage.address(stage.asker, "C0GENERAL"))
    before = await page.get_by_test_id("clock").inner_text()
    await page.get_by_test_id("skip-day").click()
    await expect(page.get_by_test_id("clock")).to_contain_text("Skipping 1 day")
    await expect(page.get_by_test_id("skip-hour")).to_be_disabled()
    may_end.set()
    await expect(page.get_by_test_id("skip-hour")).to_be_enabled()
    assert skipped == [86400]
    after = await page.get_by_test_id("clock").inner_text()
    assert re.match(r"\w+", before)[0] != re.match(r"\w+", after)[0]  # another day of the week


async def test_a_narrow_window_shows_one_column_at_a_time(page_stage, look):
    stage = page_stage
    page = await look(f"{stage.sandbox.url}/#{stage.asker.id}", width=390)
    await expect(page.get_by_test_id("rail")).to_be_visible()
    await expect(page.get_by_test_id("main")).to_be_hidden()
    await picture(page, "narrow-rail")
    await page.get_by_test_id(f"conversation-{stage.dm.id}").click()
    await expect(page.get_by_test_id("rail")).to_be_hidden()
    await page.get_by_test_id("composer").fill("/askmentor")
    await page.get_by_test_id("send").click()
    await expect(page.get_by_test_id("modal")).to_be_visible()
    await picture(page, "narrow-modal")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await page.get_by_test_id("modal-x").click()
    await page.get_by_test_id("back").click()
    await expect(page.get_by_test_id("rail")).to_be_visible()


async def test_the_tour_leads_from_person_to_person(page_stage, look):
    stage = page_stage
    stage.sandbox.tour = [
        {"title": "Ask", "text": "You are Priya.", "act_as": stage.asker.id, "go_to": "app"},
        {"title": "Claim", "text": "Now be Marcus.", "act_as": stage.mentor.id, "go_to": "#general"},
    ]
    page = await look(stage.address(stage.asker, "C0GENERAL"))
    tour = page.get_by_test_id("tour")
    await expect(tour).to_contain_text("You are Priya.")
    await page.get_by_test_id("tour-go").click()
    await expect(page.get_by_test_id("conversation-name")).to_have_text("Downballot")
    await page.get_by_test_id("tour-next").click()
    await page.get_by_test_id("tour-go").click()
    await expect(page.get_by_test_id("acting-as")).to_have_text("Marcus Hale")
    await expect(page.get_by_test_id("conversation-name")).to_have_text("general")
    await page.get_by_test_id("tour-close").click()
    await page.reload()
    await expect(page.get_by_test_id("rail")).to_be_visible()
    await expect(tour).to_have_count(0)


async def test_the_page_says_so_when_the_app_does_not_answer(page_stage, look):
    stage = page_stage
    stage.sandbox.courier.patience = 0.2
    stage.app.slow = 0.6
    page = await look(stage.address(stage.asker, "C0GENERAL"))
    await page.get_by_test_id("composer").fill("/askmentor")
    await page.get_by_test_id("composer").press("Escape")
    await page.get_by_test_id("send").click()
    await expect(page.get_by_test_id("notices")).to_contain_text("operation_timeout")
    # What was typed is not lost.
    await expect(page.get_by_test_id("composer")).to_have_value("/askmentor")
    await asyncio.sleep(0.6)
