"""What a person typed stands where it belongs and nowhere else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import deliveries, request_history

pytestmark = pytest.mark.both_ways

SECRET = "Xylophone quarrel: my opponent's treasurer offered me a deal."


async def test_the_queue_and_the_history_hold_nothing_that_was_typed(stage):
    receipt = await stage.ask(question=SECRET)
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    await stage.person("ada").press(receipt, "Add details")
    await stage.person("ada").wait_modal("Add to #1")
    await stage.person("ada").submit({"details": SECRET})
    await stage.settle()
    assert SECRET in receipt.words
    ada = stage.person("ada")
    await ada.say(ada.dm_channel.id, SECRET)
    await stage.settle()
    assert stage.last_dm("ada", "I'm an app")
    async with stage.application.database.reading() as store:
        owed = (await store.connection.execute(select(deliveries))).all()
        past = (await store.connection.execute(select(request_history))).all()
    assert owed
    assert past
    assert "Xylophone" not in str(owed) + str(past)
    assert [row.key for row in owed if row.payload is not None] == []


async def test_the_log_holds_nothing_that_was_typed(stage, capsys, caplog):
    caplog.set_level("DEBUG", logger="scheduler")
    await stage.ask(question=SECRET)
    ada = stage.person("ada")
    await ada.say(ada.dm_channel.id, SECRET)
    await ada.command("/askmentor", SECRET)
    await ada.wait_modal("Ask a mentor")
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    seen = capsys.readouterr()
    assert "Xylophone" not in seen.out + seen.err + caplog.text
