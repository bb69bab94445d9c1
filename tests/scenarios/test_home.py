"""The Home tab shows every person what is theirs, and changes with the facts."""

from __future__ import annotations

import pytest

from tests.scenarios.stage import QUESTION, STAFF

pytestmark = pytest.mark.both_ways


async def open_home(stage, who):
    view = await stage.person(who).open_home()
    await stage.settle()
    assert view is not None
    return stage.person(who).home


async def test_a_newcomer_sees_how_to_begin(stage):
    home = await open_home(stage, "ada")
    assert "You have not asked anything yet" in home.words
    assert "Ask a mentor" in home.buttons
    assert "Become a mentor" in home.buttons
    assert "Staff desk" not in home.words


async def test_the_form_opens_from_home_and_the_tab_shows_the_question(stage):
    await open_home(stage, "ada")
    ada = stage.person("ada")
    await ada.press(ada.home, "Ask a mentor")
    await ada.wait_modal("Ask a mentor")
    await ada.submit({"question": QUESTION, "topic": "filing", "state": "VA"})
    await stage.settle()
    assert "#1 Ballot access and filing · Virginia" in ada.home.words.replace("*", "")
    assert "Waiting since" in ada.home.words


async def test_a_mentor_claims_from_home_and_it_moves_to_what_they_hold(stage):
    await open_home(stage, "mia")
    await stage.ask()
    mia = stage.person("mia")
    assert "Offered to you* (1)" in mia.home.words
    await mia.press(mia.home, "Claim", value="1")
    await stage.settle()
    assert "What you hold" in mia.home.words
    assert "1 of 3 questions held" in mia.home.words
    assert "Offered to you" not in mia.home.words


async def test_a_late_claim_on_the_home_tab_opens_a_kind_answer(stage):
    home = await open_home(stage, "max")
    await stage.ask()
    home = stage.person("max").home
    import copy

    old = copy.deepcopy(home)
    await stage.person("mia").press(stage.last_dm("mia"), "Claim")
    await stage.settle()
    await stage.person("max").press(old, "Claim", value="1")
    modal = await stage.person("max").wait_modal("Downballot")
    assert "@U0MIA was a moment quicker" in modal.words


async def test_staff_sees_who_waits_longest_and_who_wants_to_mentor(stage):
    await open_home(stage, "sue")
    await stage.ask()
    ben = stage.person("ben")
    await ben.command("/mentor")
    await ben.wait_modal("Become a mentor")
    await ben.submit({"states": ["NE"], "capacity": "2"})
    await stage.settle()
    sue = stage.person("sue")
    assert "Who waits longest* (1)" in sue.home.words
    assert "Mentors who wait for approval* (1)" in sue.home.words
    await sue.press(sue.home, "Approve")
    await stage.settle()
    assert "Mentors who wait" not in sue.home.words
    assert "Approved by @U0SUE" in stage.in_channel(STAFF)[-1].words


async def test_a_profile_is_edited_on_home(stage):
    await open_home(stage, "ada")
    ada = stage.person("ada")
    await ada.press(ada.home, "Edit profile")
    await ada.wait_modal("Your profile")
    await ada.submit({"state": "OH", "office": "mayor", "stage": "filed"})
    await stage.settle()
    assert "Ohio · Mayor · Filed" in ada.home.words


async def test_five_hundred_questions_are_paged(stage):
    from community.mentoring_requests import Event, Request
    from community.topics import Topic

    now = stage.clock.now()
    async with stage.application.database.transaction() as store:
        for number in range(500):
            await store.mentoring.open(
                Request(
                    id=0,
                    asker="U0ADA",
                    question=f"Question number {number} in a long list",
                    topic=Topic.FIELD,
                    state="VA",
                    opened_at=now,
                    waiting_since=now,
                ),
                noting=Event(at=now, actor="U0ADA", kind="asked"),
            )
    for who in ("ada", "mia", "sue"):
        await open_home(stage, who)
        assert len(stage.person(who).home.blocks) <= 100
    mia = stage.person("mia")
    assert "1 to 5 of 500" in mia.home.words
    await mia.press(mia.home, "home.page.queue.on")
    await stage.settle()
    assert "6 to 10 of 500" in mia.home.words
