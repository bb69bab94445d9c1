"""Time passes: nobody falls through."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.members import Account
from tests.scenarios.stage import MENTORS, STAFF

pytestmark = pytest.mark.both_ways


async def test_a_question_nobody_claims_widens_until_staff_has_it(stage):
    receipt = await stage.ask()
    assert not stage.dm("moe")
    await stage.pass_time(timedelta(hours=2))
    assert "nobody nearer was free" in stage.last_dm("moe").words
    assert "We asked 1 more mentor" in stage.last_dm("ada").words or "1 more" in stage.last_dm("ada").words
    await stage.pass_time(timedelta(hours=2))
    await stage.pass_time(timedelta(hours=2))
    assert "staff is finding somebody" in receipt.words
    card = stage.in_channel(STAFF)[-1]
    assert "Nobody is left to ask" in card.words
    assert "No answer yet: @U0" in card.words
    await stage.pass_time(timedelta(hours=25))
    assert "still waits" in stage.in_channel(STAFF)[-1].words
    assert "Overdue." in card.words
    assert "Overdue." in stage.in_channel(MENTORS)[-1].words
    assert any("this may help" in message.words for message in stage.dm("ada"))


async def test_staff_is_alarmed_in_time_and_assigns_a_mentor(stage):
    async with stage.application.database.transaction() as store:
        await store.members.learn(
            [Account(id="U0MOE", name="Moe Moreno", zone="America/New_York")], at=stage.clock.now()
        )
    receipt = await stage.ask()
    sue = stage.person("sue")
    for name in ("mia", "max"):
        await stage.person(name).press(stage.last_dm(name), "Pass")
    await stage.settle()
    card = None
    for _ in range(20):
        await stage.pass_time(timedelta(hours=1))
        found = [message for message in stage.in_channel(STAFF) if "Assign…" in message.buttons]
        card = found[-1] if found else None
        if card:
            break
    assert "Passed: @U0MIA, @U0MAX" in card.words
    await sue.press(card, "Assign…")
    form = await sue.wait_modal("Assign #1")
    groups = {
        group["label"]["text"]: {each["value"] for each in group["options"]}
        for group in form.blocks[0]["element"]["option_groups"]
    }
    assert groups == {"Covers the state": {"U0MAX", "U0MIA"}, "Other states": {"U0MOE"}}
    assert next(iter(groups)) == "Covers the state", "who covers Virginia comes first"
    await sue.submit({"mentor": "U0MOE"})
    await stage.settle()
    assert "@U0MOE has your question" in receipt.words
    assert "@U0SUE from our staff asks you to take #1" in " ".join(m.words for m in stage.dm("moe"))
    assert "Claimed by @U0MOE" in card.words
    stage.sandbox.workspace.join(STAFF, "U0BEN")
    await stage.person("ben").press(card, "Hand back")
    await stage.settle()
    assert "Only" in stage.private_answer("ben")


async def test_who_goes_away_hands_everything_on_at_once(stage):
    receipt = await stage.ask()
    mia = stage.person("mia")
    await mia.press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    await mia.command("/mentor", "away 2026-12-24")
    await stage.settle()
    assert "handed it back" in stage.last_dm("ada").words
    assert "@U0MIA has your question" not in receipt.words
    assert "Claim" in stage.last_dm("max").buttons


async def test_who_leaves_slack_hands_everything_on_at_once(stage):
    receipt = await stage.ask()
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    stage.sandbox.workspace.deactivate("U0MIA")
    await stage.settle()
    assert "@U0MIA has your question" not in receipt.words
    assert "Claim" in stage.last_dm("max").buttons


async def test_a_question_is_closed_once_its_asker_has_left_slack(stage):
    await stage.ask()
    offer = stage.last_dm("max")
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    stage.sandbox.workspace.deactivate("U0ADA")
    await stage.settle()
    await stage.pass_time(timedelta(minutes=1))
    assert "has left the workspace, so #1 is closed" in stage.last_dm("mia").words
    assert "Closed: whoever asked has left" in offer.words
    assert not offer.buttons


async def test_three_silent_offers_and_a_mentor_rests_until_they_return(stage):
    for asker in ("ada", "ben", "tom"):
        await stage.ask(asker, state="OH")
        await stage.pass_time(timedelta(hours=2))
    note = stage.last_dm("moe", "leave you alone")
    await stage.person("moe").press(note, "I'm back")
    await stage.settle()
    async with stage.application.database.reading() as store:
        assert not (await store.members.mentor("U0MOE")).away(stage.clock.now())


async def test_a_silent_holder_is_nudged_then_released(stage):
    receipt = await stage.ask()
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    await stage.pass_time(timedelta(hours=24))
    nudge = stage.last_dm("mia", "Still on #1?")
    assert nudge.buttons == ["Open conversation", "Yes, today", "Hand back"]
    await stage.pass_time(timedelta(hours=24))
    assert "others are asked now" in stage.last_dm("mia").words
    assert stage.last_dm("ada", "could not get to it")
    assert "Claim" in stage.last_dm("max").buttons
    assert "@U0MIA has your question" not in receipt.words


async def test_a_holder_who_says_today_keeps_it(stage):
    receipt = await stage.ask()
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    await stage.pass_time(timedelta(hours=24))
    await stage.person("mia").press(stage.last_dm("mia", "Still on #1?"), "Yes, today")
    await stage.settle()
    await stage.pass_time(timedelta(hours=23))
    assert "@U0MIA has your question" in receipt.words


async def test_an_answered_question_is_closed_after_asking(stage):
    receipt = await stage.ask()
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    await stage.person("mia").say(stage.group_of("ada", "mia"), "Here is how it works.")
    await stage.settle()
    await stage.pass_time(timedelta(days=3))
    assert "Did @U0MIA answer #1?" in stage.last_dm("ada").words
    await stage.pass_time(timedelta(days=4))
    assert "closed" in receipt.words
    assert "How much did" in stage.last_dm("ada").words
