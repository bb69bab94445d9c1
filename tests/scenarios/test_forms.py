"""Forms open in time, whatever the database does."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

pytestmark = pytest.mark.both_ways


async def test_the_question_form_opens_while_the_database_is_slow(stage, monkeypatch):
    answers = asyncio.Event()
    reading = stage.application.database.reading

    @asynccontextmanager
    async def slow():
        await answers.wait()
        async with reading() as store:
            yield store

    monkeypatch.setattr(stage.application.database, "reading", slow)
    ada = stage.person("ada")
    with capture_logs() as said:
        await ada.command("/askmentor", "Who prints signs that survive the rain?")
        form = await ada.wait_modal("Ask a mentor", timeout=3)
    assert form.values["question"] == "Who prints signs that survive the rain?"
    (bare,) = (line for line in said if line["event"] == "form opened without what is known")
    assert (bare["log_level"], bare["exc_info"]) == ("warning", False)
    monkeypatch.undo()
    answers.set()


async def test_an_expired_trigger_is_told_and_not_silent(stage):
    stage.sandbox.faults.add("error", method="views.open", code="expired_trigger_id")
    ada = stage.person("ada")
    await ada.command("/askmentor")
    await stage.settle()
    assert "took too long to open" in stage.private_answer("ada")


async def test_what_was_typed_lies_under_a_refusal(stage):
    """The question is answered and closed while its asker is still adding to it."""
    await stage.cast_mentors()
    receipt = await stage.ask()
    ada, mia = stage.person("ada"), stage.person("mia")
    await mia.press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    await ada.press(receipt, "Add details")
    form = await ada.wait_modal("Add to #1")
    await ada.fill({"details": "An hour of thought."})
    await mia.press(stage.last_dm("mia", "is yours"), "Answered")
    submitted = await ada.submit(view=form)
    assert submitted.action == "push"
    assert ada.modals[0].values["details"] == "An hour of thought."
    assert "over" in ada.modal.words or "closed" in ada.modal.words
