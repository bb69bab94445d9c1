"""People become mentors, are approved, rest and leave."""

from __future__ import annotations

import copy

import pytest

from tests.scenarios.stage import STAFF

pytestmark = pytest.mark.both_ways


async def sign_up(stage, who="ben", **fields):
    person = stage.person(who)
    await person.command("/mentor")
    await person.wait_modal("Become a mentor")
    values = {"states": ["NE", "KS"], "topics": ["budget"], "capacity": "2", **fields}
    return await person.submit(values)


async def test_a_mentor_signs_up_and_staff_approves(stage):
    assert not (await sign_up(stage)).errors
    await stage.settle()
    assert "Staff will look at it" in stage.last_dm("ben").words
    card = stage.in_channel(STAFF)[-1]
    assert "@U0BEN wants to be a mentor" in card.words
    assert "Kansas, Nebraska" in card.words
    await stage.person("sue").press(card, "Approve")
    await stage.settle()
    assert "Approved by @U0SUE" in card.words
    assert card.buttons == []
    assert "You are a mentor now" in stage.last_dm("ben").words
    await stage.ask(state="NE")
    assert "you cover Nebraska" in stage.last_dm("ben").words


async def test_who_waits_for_approval_is_not_asked(stage):
    await sign_up(stage)
    await stage.ask(state="NE")
    assert not [m for m in stage.dm("ben") if "Claim" in m.buttons]


async def test_only_staff_approves_and_only_once(stage):
    await sign_up(stage)
    await stage.settle()
    card = stage.in_channel(STAFF)[-1]
    stage.sandbox.workspace.join(STAFF, "U0MIA")
    await stage.person("mia").press(card, "Approve")
    await stage.settle()
    assert "Only staff can do this" in stage.private_answer("mia")
    old = copy.deepcopy(card)
    await stage.person("sue").press(card, "Decline")
    await stage.settle()
    await stage.person("tom").press(old, "Approve")
    await stage.settle()
    assert "@U0SUE has already declined this" in stage.private_answer("tom")
    assert "did not approve it this time" in stage.last_dm("ben").words


async def test_a_declined_mentor_can_try_again(stage):
    await sign_up(stage)
    await stage.settle()
    await stage.person("sue").press(stage.in_channel(STAFF)[-1], "Decline")
    await stage.settle()
    person = stage.person("ben")
    await person.command("/mentor")
    await person.wait_modal("Your mentor profile")
    await person.submit({"topics": ["field"]})
    await stage.settle()
    fresh = stage.in_channel(STAFF)[-1]
    assert fresh.buttons == ["Approve", "Decline"]
    await stage.person("tom").press(fresh, "Approve")
    await stage.settle()
    assert "You are a mentor now" in stage.last_dm("ben").words


async def test_editing_needs_no_new_approval(stage):
    mia = stage.person("mia")
    await mia.command("/mentor")
    form = await mia.wait_modal("Your mentor profile")
    assert form.values["states"] == ["VA"]
    await mia.submit({"states": ["VA", "MD"]})
    await stage.settle()
    assert stage.in_channel(STAFF) == []
    await stage.ask(state="MD")
    assert "you cover Maryland" in stage.last_dm("mia").words


async def test_a_mentor_rests_and_returns_by_command(stage):
    mia = stage.person("mia")
    said = await mia.command("/mentor", "away 2026-12-24")
    assert "away until Dec 24, 2026" in said.text
    await stage.ask()
    assert not stage.dm("mia")
    said = await mia.command("/mentor", "back")
    assert "You are back" in said.text
    await stage.ask("ben")
    assert stage.dm("mia")


async def test_who_goes_away_is_told_what_goes_to_others(stage):
    mia = stage.person("mia")
    await stage.ask()
    await mia.press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    said = await mia.command("/mentor", "away Friday")
    assert "away until Nov 27, 2026" in said.text
    assert "What you held goes to others: #1." in said.text
    await stage.settle()
    assert "handed" in stage.last_dm("ada").words


async def test_mentor_commands_explain_themselves(stage):
    mia = stage.person("mia")
    for nonsense in ("help", "what", "away soon", "away 2020-01-01", "away 2026-11-23", "away 9999-12-31"):
        assert "/mentor away" in (await mia.command("/mentor", nonsense)).text, nonsense
    await mia.command("/mentor", "away")
    await mia.wait_modal("I'm away")
    assert "within a year" in (await mia.submit({"until": "2036-11-24"})).errors["until"]
    refused = await stage.person("ben").command("/mentor", "back")
    assert "Only a mentor can do this" in refused.text
    refused = await stage.person("ben").command("/mentor", "away 2026-12-24")
    assert "Only a mentor can do this" in refused.text


async def test_a_candidate_whose_opponent_they_work_for_is_never_shown(stage):
    mia = stage.person("mia")
    await mia.command("/mentor")
    await mia.wait_modal("Your mentor profile")
    await mia.submit({"against": ["U0ADA"]})
    receipt = await stage.ask()
    assert "We asked 1 mentor who knows Virginia." in receipt.words
    assert not stage.dm("mia")


async def test_who_joins_is_known_and_who_leaves_is_left_alone(stage):
    workspace = stage.sandbox.workspace
    workspace.add_user("zoe", id="U0ZOE", real_name="Zoe", tz="Pacific/Honolulu")
    await stage.person("zoe").join_workspace()
    workspace.deactivate("U0MAX")
    await stage.heard_everything()
    async with stage.application.database.reading() as store:
        zoe, gone = await store.members.member("U0ZOE"), await store.members.member("U0MAX")
    assert zoe.zone == "Pacific/Honolulu"
    assert gone.left_at is not None


async def test_who_is_met_without_a_word_from_slack_is_asked_after(stage):
    workspace = stage.sandbox.workspace
    workspace.add_user("kai", id="U0KAI", real_name="Kai", tz="Pacific/Honolulu")
    await stage.person("kai").command("/askmentor", "help")
    await stage.ask("kai")
    await stage.application.catch_up()
    async with stage.application.database.reading() as store:
        kai = await store.members.member("U0KAI")
    assert (kai.name, kai.zone) == ("Kai", "Pacific/Honolulu")
