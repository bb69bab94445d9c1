"""What could not be delivered is brought to staff, who settle it."""

from __future__ import annotations

from datetime import timedelta

from community.deliveries import Delivery
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


def archive_the_staff_channel(stage, *, archived=True):
    stage.sandbox.workspace.archive(STAFF, archived=archived)


def told_in_person(stage, who):
    return [message for message in stage.dm(who) if "the staff channel" in message.words]


async def test_staff_hears_in_person_of_danger_when_their_channel_takes_nothing(stage):
    archive_the_staff_channel(stage)
    receipt = await stage.ask(question="Somebody follows me home after every event.", topic="unsafe")
    assert "Our staff has been told" in receipt.words
    # Nothing looked at what failed in between: it was told when Slack refused the card.
    for name in ("sue", "tom"):
        [told] = told_in_person(stage, name)
        assert "A card for staff (#1)" in told.words
        assert "did not arrive" in told.words
        assert "that channel is archived" in told.words
        assert "#1 is from somebody who feels unsafe" in told.words
        assert "Open the app's Home tab: question #1 stands on the staff desk there" in told.words
        assert "correct STAFF_CHANNEL" in told.words
        assert "downballot doctor" in told.words
        assert "follows me" not in told.words
    for name in ("ada", "ben", "mia", "max", "moe"):
        assert told_in_person(stage, name) == []
    await stage.person("tom").open_home()
    await stage.settle()
    assert "#1" in stage.person("tom").home.words
    assert "I have this" in stage.person("tom").home.buttons


async def test_nobody_on_staff_hears_twice_of_what_their_channel_did_not_take(stage):
    archive_the_staff_channel(stage)
    await stage.ask(question="Somebody follows me home after every event.", topic="unsafe")
    for _ in range(4):
        await stage.pass_time(timedelta(seconds=30))
    await stage.stop_app()
    await stage.start_app()
    await stage.application.catch_up()
    assert [len(told_in_person(stage, name)) for name in ("sue", "tom")] == [1, 1]


async def test_once_their_channel_is_mended_staff_sends_again_and_hears_nothing_more_in_person(stage):
    archive_the_staff_channel(stage)
    await stage.ask(question="Somebody follows me home after every event.", topic="unsafe")
    [mine], [other] = told_in_person(stage, "sue"), told_in_person(stage, "tom")
    await stage.person("sue").press(mine, "Send again")
    await stage.settle()
    await stage.application.catch_up()
    assert "did not arrive" in mine.words
    archive_the_staff_channel(stage, archived=False)
    await stage.person("sue").press(mine, "Send again")
    await stage.settle()
    await stage.application.catch_up()
    assert "feels unsafe" in stage.in_channel(STAFF)[-1].words
    for message in (mine, other):
        assert "has arrived" in message.words
        assert message.buttons == []
    before = [len(stage.dm(name)) for name in ("sue", "tom")]
    await stage.ask("ben", question="Somebody follows me home after every event.", topic="unsafe")
    await stage.pass_time(timedelta(minutes=5))
    assert "#2" in stage.in_channel(STAFF)[-1].words
    assert [len(stage.dm(name)) for name in ("sue", "tom")] == before


async def test_what_the_staff_channel_was_to_hear_of_another_one_is_told_in_person(stage):
    app = next(iter(stage.sandbox.workspace.apps.values()))
    for channel in (MENTORS, STAFF):
        stage.sandbox.workspace.leave(channel, app.bot_user_id)
    await stage.ask()
    await stage.application.catch_up()
    await stage.application.catch_up()
    for name in ("sue", "tom"):
        [told] = told_in_person(stage, name)
        assert "The card of a question in the mentor channel (#1)" in told.words
        assert "did not arrive either" in told.words
    stage.sandbox.workspace.join(MENTORS, app.bot_user_id)
    await stage.person("sue").press(told_in_person(stage, "sue")[0], "Send again")
    await stage.settle()
    await stage.application.catch_up()
    for name in ("sue", "tom"):
        assert "has arrived" in stage.last_dm(name).words
    assert "Claim" in stage.in_channel(MENTORS)[-1].buttons


async def test_many_cards_that_the_staff_channel_did_not_take_are_no_flood(stage):
    archive_the_staff_channel(stage)
    cards = [
        Delivery(key=f"members:approval:{nth}", to=STAFF, payload={"text": "Somebody waits."})
        for nth in range(12)
    ]
    async with stage.application.database.transaction() as store:
        await store.deliveries.add(*cards, at=stage.clock.now())
    await stage.settle()
    await stage.application.catch_up()
    await stage.pass_time(timedelta(minutes=5))
    for name in ("sue", "tom"):
        told = told_in_person(stage, name)
        assert len(told) == 6
        assert "7 more messages for staff could not be posted" in told[-1].words


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
