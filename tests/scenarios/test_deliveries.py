"""What could not be delivered is brought to staff, who settle it."""

from __future__ import annotations

from datetime import timedelta

from tests.scenarios.stage import MENTORS, STAFF


async def trouble(stage):
    """Make the mentor channel unreachable, ask, and give the card that staff gets."""
    app = next(iter(stage.sandbox.workspace.apps.values()))
    stage.sandbox.workspace.leave(MENTORS, app.bot_user_id)
    await stage.ask()
    await stage.application.catch_up()
    return stage.in_channel(STAFF)[-1]


async def test_staff_hears_of_a_channel_that_the_app_is_not_in_and_sends_again(stage):
    card = await trouble(stage)
    assert "did not arrive" in card.words
    assert "Invite it there" in card.words
    assert "#1" in card.words
    app = next(iter(stage.sandbox.workspace.apps.values()))
    stage.sandbox.workspace.join(MENTORS, app.bot_user_id)
    await stage.person("sue").press(card, "Send again")
    await stage.settle()
    assert "Claim" in stage.in_channel(MENTORS)[-1].buttons
    await stage.application.catch_up()
    assert "has arrived" in card.words
    assert card.buttons == []


async def test_a_second_failure_is_told_again(stage):
    card = await trouble(stage)
    await stage.person("sue").press(card, "Send again")
    await stage.settle()
    await stage.application.catch_up()
    fresh = stage.in_channel(STAFF)[-1]
    assert fresh.ts != card.ts
    assert "did not arrive" in fresh.words
    await stage.settle()
    assert "A newer card says what came of it" in card.words
    app = next(iter(stage.sandbox.workspace.apps.values()))
    stage.sandbox.workspace.join(MENTORS, app.bot_user_id)
    await stage.person("sue").press(fresh, "Send again")
    await stage.settle()
    await stage.application.catch_up()
    assert "has arrived" in fresh.words
    assert "A newer card says what came of it" in card.words


async def test_what_staff_saw_arrive_is_never_said_to_be_sent_again(stage):
    faults, ada = stage.sandbox.faults, stage.person("ada").id
    faults.add("drop_after", where=lambda call: call.get("channel") == ada)
    faults.add("error", "conversations.history", times=20, code="channel_not_found")
    await stage.ask()
    for _ in range(6):
        await stage.pass_time(timedelta(minutes=10))
    card = stage.in_channel(STAFF)[-1]
    assert "may not have arrived" in card.words
    receipts = len(stage.dm("ada"))
    await stage.person("sue").press(card, "It arrived")
    await stage.person("sue").wait_until(lambda: not card.buttons)
    assert "has arrived" in card.words
    await stage.pass_time(timedelta(minutes=10))
    assert "has arrived" in card.words
    assert len(stage.dm("ada")) == receipts


async def test_staff_sees_troubles_on_the_home_tab(stage):
    await stage.person("sue").open_home()
    card = await trouble(stage)
    await stage.settle()
    home = stage.person("sue").home
    assert "Messages that did not arrive* (1)" in home.words
    stage.sandbox.workspace.join(STAFF, "U0MIA")
    await stage.person("mia").press(card, "Send again")
    await stage.settle()
    assert "Only staff can do this" in stage.private_answer("mia")


async def test_staff_names_staff_and_cannot_shut_themselves_out(stage):
    sue = stage.person("sue")
    await sue.open_home()
    await stage.settle()
    await sue.press(sue.home, "Who is staff…")
    await sue.wait_modal("Staff")
    refused = await sue.submit({"staff": ["U0TOM"]})
    assert "cannot take yourself off" in refused.errors["staff"]
    await sue.submit({"staff": ["U0SUE", "U0BEN"]})
    await stage.settle()
    assert "You are staff now" in stage.last_dm("ben").words
    await stage.person("ben").open_home()
    await stage.settle()
    assert "Staff desk" in stage.person("ben").home.words
    await stage.person("tom").open_home()
    await stage.settle()
    assert "Staff desk" not in stage.person("tom").home.words
