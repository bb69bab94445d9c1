"""What Slack delivers twice counts once; what was not acknowledged comes again."""

from __future__ import annotations

import pytest

from tests.scenarios.stage import Stage

pytestmark = pytest.mark.both_ways


async def test_an_event_delivered_twice_is_answered_once(stage):
    stage.sandbox.faults.event_twice(1)
    ada = stage.person("ada")
    await ada.say(ada.dm_channel.id, "hello, is anybody there?")
    await stage.settle()
    assert len([m for m in stage.dm("ada") if "I'm an app" in m.words]) == 1


async def test_an_app_that_restarts_sends_what_it_still_owes(database_url, clock):
    stage = Stage(database_url, clock, socket=True)
    await stage.open()
    await stage.cast_mentors()
    await stage.application.outbox.stop()
    ada = stage.person("ada")
    await ada.command("/askmentor")
    await ada.wait_modal("Ask a mentor")
    await ada.submit({"question": "Who can help me with yard signs?", "topic": "field", "state": "VA"})
    await stage.stop_app()
    assert not stage.dm("ada")
    await stage.start_app()
    await stage.settle()
    assert "#1" in stage.last_dm("ada").words
    await stage.close()


@pytest.mark.parametrize("fault", ["drop_after", "rate_limited"])
async def test_a_receipt_survives_a_fault_exactly_once(stage, fault):
    stage.sandbox.faults.add(fault, method="chat.postMessage", times=3)
    await stage.ask()
    from datetime import timedelta

    for _ in range(6):
        await stage.pass_time(timedelta(seconds=90))
    assert len([m for m in stage.dm("ada") if "Your question #1" in m.words]) == 1
    for who in ("mia", "max"):
        assert len([m for m in stage.dm(who) if "Claim" in m.buttons]) == 1
