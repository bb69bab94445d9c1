"""Time passes: nobody falls through."""

from __future__ import annotations

from datetime import timedelta

from tests.scenarios.stage import STAFF


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


async def test_a_silent_holder_is_nudged_then_released(stage):
    receipt = await stage.ask()
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    await stage.pass_time(timedelta(hours=24))
    nudge = stage.last_dm("mia", "Still on #1?")
    assert nudge.buttons == ["Open conversation", "Yes, today", "Hand back"]
    await stage.pass_time(timedelta(hours=24))
    assert "others are asked now" in stage.last_dm("mia").words
    assert "could not get to it" in stage.last_dm("ada").words
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
