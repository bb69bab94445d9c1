"""Two hundred mentors press "Claim" at the same moment."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.scenarios.stage import MENTORS

CROWD = 200


@pytest.mark.slow(5)
@pytest.mark.every_way
async def test_of_two_hundred_claims_one_wins_and_everybody_is_answered(stage, record_property):
    # How soon they are answered is what the bench measures; here other tests share the machine.
    stage.sandbox.courier.patience = 30.0
    workspace = stage.sandbox.workspace
    users = [f"U0C{number:03}" for number in range(CROWD)]
    for user in users:
        workspace.add_user(user.lower(), id=user)
        workspace.join(MENTORS, user)
    await stage.add_mentor(*users, states={"VA"})
    receipt = await stage.ask()
    await stage.heard_everything()
    board = stage.in_channel(MENTORS)[-1]

    began = time.perf_counter()
    await asyncio.gather(*(stage.sandbox.person(user).press(board, "Claim") for user in users))
    record_property("all_answered_seconds", round(time.perf_counter() - began, 3))
    await stage.settle()

    async with stage.application.database.reading() as store:
        request = await store.mentoring.get(1)
        claims = [each for each in await store.mentoring.history(1) if each.kind == "claimed"]
    assert request.claims == 1
    assert len(claims) == 1
    winner = request.holder
    for user in users:
        said = [message.words for message in stage.sandbox.person(user).ephemerals()]
        expected = [] if user == winner else [f"@{winner} was a moment quicker"]
        assert [words.split(" and has")[0] for words in said] == expected, user
    assert f"@{winner} has your question" in receipt.words
    groups = [channel for channel in workspace.channels.values() if channel.is_mpim]
    assert len(groups) == 1
