"""What can I run for, from the command to the card in the mentor's hands, as people see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from civic import typed
from community.offices import Office as Kind
from community.races import Filing, Level, NotLocated, Several, Unlocated
from handlers.races_finding import Finder
from sandbox.outcomes import ClientRefused
from storage.tables import deliveries, race_lookups
from tests.civic_races import AT_HOME, AT_ZIP, Source, race
from tests.scenarios.stage import GENERAL, Stage

ADDRESS = "1600 Main St, Richmond, VA 23220"


def offices(count=12):
    return [
        race(
            f"local:{n}",
            name=f"Council Seat {n}",
            kind=None,
            level=Level.COUNTY if n % 2 else Level.CITY,
            filings=(
                Filing(
                    opens=date(2026, 11, 1) if n < 2 else None,
                    closes=date(2027, 1, 1) + timedelta(days=n),
                    zone="America/New_York",
                ),
            ),
        )
        for n in range(count)
    ]


async def locate(where):
    """Know one ZIP code, one house, and a name that two places have."""
    if where == "Springfield":
        return Several((replace(AT_ZIP, label="Springfield, VA"), replace(AT_ZIP, label="Springfield, OH")))
    if where == ADDRESS:
        return AT_HOME
    if "23220" in where or where == "VA":
        return AT_ZIP
    return NotLocated(Unlocated.UNKNOWN_PLACE)


@pytest.fixture
async def source():
    return Source(races=offices())


@pytest.fixture
async def stage(database_url, clock, way, source):
    made = Stage(database_url, clock, socket=way == "socket")
    made.finder = Finder(asked=typed.asked, locate=locate, is_address=typed.is_address, sources=[source])
    await made.open()
    await made.cast_mentors()
    yield made
    await made.close()


async def modal(stage, who, title):
    """Give the modal of that title once it is there in full: a busy machine shows a loading view first."""
    await stage.person(who).wait_modal(title)
    await stage.application.house.errands.finish(20)
    return stage.person(who).modal


async def lookups(stage) -> int:
    async with stage.application.database.reading() as store:
        return await store.connection.scalar(select(func.count()).select_from(race_lookups))


@pytest.mark.both_ways
async def test_a_zip_code_is_answered_at_once_and_for_the_asker_alone(stage):
    ada = stage.person("ada")
    answer = await ada.command("/races", "23220", channel=GENERAL)
    assert "*Richmond, VA 23220*" in answer.words
    assert "12 races, 2 with filing open now. Soonest filing deadline first." in answer.words
    assert "*File by Jan 1, 2027* (39 days) · open now" in answer.words
    assert answer.message.ephemeral_for == "U0ADA"
    assert not stage.person("ben").ephemerals()
    assert "1 to 5 of 12" in answer.words


async def test_pages_turn_in_place_and_nobody_is_asked_again(stage, source):
    ada = stage.person("ada")
    message = (await ada.command("/races", "23220")).message
    await ada.press(message, "Next 5")
    await stage.settle()
    assert "6 to 10 of 12" in message.words
    await ada.press(message, "Next 2")
    await stage.settle()
    assert "11 to 12 of 12" in message.words
    assert "Next" not in " ".join(message.buttons)
    await ada.press(message, "Earlier")
    await stage.settle()
    assert "6 to 10 of 12" in message.words
    assert len(source.asked) == 1
    assert len(ada.ephemerals()) == 1


async def test_levels_offices_and_what_is_open_narrow_the_list_and_all_comes_back(stage):
    ada = stage.person("ada")
    message = (await ada.command("/races", "23220")).message
    await ada.press(message, "races.level", option="County")
    await stage.settle()
    assert "12 races, 2 with filing open now. 6 of them shown." in message.words
    assert "Council Seat 0" not in message.words.partition("*Council")[2]
    await ada.press(message, "Open now")
    await stage.settle()
    assert "1 of them shown" in message.words
    assert "*Council Seat 1*" in message.words
    await ada.press(message, "Show all")
    await stage.settle()
    assert "1 to 5 of 12" in message.words
    await ada.press(message, "races.office", option="Council Seat 7")
    await stage.settle()
    assert "1 of them shown" in message.words
    assert "*Council Seat 7*" in message.words


async def test_the_form_answers_in_its_place_and_pages_there(stage):
    ada = stage.person("ada")
    await ada.command("/races")
    await ada.wait_modal("What can I run for?")
    wrong = await ada.submit({"where": "Atlantis"})
    assert "No city, county or state is called that" in wrong.errors["where"]
    await ada.submit({"where": "23220"})
    await stage.settle()
    assert "1 to 5 of 12" in ada.modal.words
    await ada.press(ada.modal, "Next 5")
    await stage.settle()
    assert "6 to 10 of 12" in ada.modal.words
    await ada.press(ada.modal, "Details", value=None)
    details = await modal(stage, "ada", "Details")
    assert "*Council Seat 5*" in details.words
    assert len(ada.modals) == 2


async def test_an_address_is_looked_up_while_a_loading_view_stands_there(stage):
    ada = stage.person("ada")
    await ada.command("/races")
    await ada.wait_modal("What can I run for?")
    await ada.submit({"where": ADDRESS})
    assert "Looking up your districts…" in ada.modal.words or "12 races" in ada.modal.words
    await stage.settle()
    assert "12 races" in ada.modal.words
    assert "depend on your street address" not in ada.modal.words


async def test_an_address_after_the_command_is_answered_right_after_the_command_is(stage):
    ada = stage.person("ada")
    answer = await ada.command("/races", ADDRESS)
    assert answer.text == "Looking up your districts… The answer follows in a moment."
    await stage.settle()
    assert "12 races" in stage.private_answer("ada")


async def test_the_home_tab_opens_the_form(stage):
    ada = stage.person("ada")
    home = await ada.open_home()
    await stage.settle()
    await ada.press(ada.home or home, "What can I run for?")
    form = await ada.wait_modal("What can I run for?")
    assert "forgotten" in form.words


async def test_of_several_places_one_is_chosen(stage):
    ada = stage.person("ada")
    message = (await ada.command("/races", "Springfield council seat")).message
    assert message is None or "Springfield" not in message.words
    message = (await ada.command("/races", "Springfield")).message
    assert message.buttons == ["Springfield, VA", "Springfield, OH"]
    await ada.press(message, "Springfield, VA")
    await stage.settle()
    assert "*Springfield, VA*" in message.words
    assert "12 races" in message.words


async def test_an_office_without_a_place_means_ones_own_state(stage):
    ada = stage.person("ada")
    nothing = await ada.command("/races", "school board")
    assert "Where do you live?" in nothing.words
    async with stage.application.database.transaction() as store:
        # A state can only be told of somebody who is known.
        await store.members.meet("U0ADA", at=stage.clock.now())
        await store.members.describe("U0ADA", state="VA")
    answer = await ada.command("/races", "school board")
    assert "12 races" in answer.words
    assert "0 of them shown" in answer.words


async def test_help_and_a_place_that_nobody_knows_say_what_to_do(stage):
    ada = stage.person("ada")
    assert "`/races 1600 Main St, Richmond VA`" in (await ada.command("/races", "help")).words
    answer = await ada.command("/races", "Atlantis")
    assert "add the state" in answer.words
    await ada.press(answer.message, "Open the form")
    await ada.wait_modal("What can I run for?")


async def test_a_mentor_is_asked_about_the_race_and_their_card_names_it(stage):
    ada = stage.person("ada")
    message = (await ada.command("/races", "23220")).message
    await ada.press(message, "Ask a mentor", value=None)
    form = await modal(stage, "ada", "Ask a mentor")
    assert "*About this race:* Council Seat 0 · Richmond city · Nov 2, 2027" in form.words
    assert form.values["state"] == "VA"
    assert form.values["topic"] == "filing"
    await ada.submit({"question": "How many signatures do I need, and whose count?"})
    await stage.settle()
    for who in ("ada", "mia"):
        assert "About this race:* Council Seat 0" in stage.last_dm(who).words
    async with stage.application.database.reading() as store:
        request = await store.mentoring.get(1)
    assert request.race == "Council Seat 0 · Richmond city · Nov 2, 2027"
    await ada.press(stage.last_dm("ada"), "Cancel")
    await stage.settle()
    await ada.press(stage.last_dm("ada"), "Ask again")
    again = await modal(stage, "ada", "Ask a mentor")
    assert "About this race:* Council Seat 0" in again.words


async def open_share(stage, who="ada", channel=GENERAL):
    person = stage.person(who)
    message = (await person.command("/races", "23220", channel=channel)).message
    await person.press(message, "Details", value=None)
    await person.press(await modal(stage, who, "Details"), "Share…")
    return await modal(stage, who, "Share this race")


@pytest.mark.both_ways
async def test_a_race_is_shared_on_purpose_once_and_for_everybody_there(stage):
    ada = stage.person("ada")
    form = await open_share(stage)
    assert form.values["channel"] == GENERAL
    assert "*Council Seat 0*" in form.words, "they see what will be posted"
    assert not stage.in_channel(GENERAL), "nothing is posted before they say so"
    await ada.submit({})
    await stage.settle()
    (card,) = stage.in_channel(GENERAL)
    assert "@U0ADA shared a race" in card.words
    assert "*File by Jan 1, 2027* (39 days)" in card.words
    assert "23220" not in card.words, "where they live is nobody's business"
    ben = stage.person("ben")
    await ben.press(card, "What can I run for?")
    await ben.wait_modal("What can I run for?")


async def test_where_the_app_is_not_it_says_how_to_bring_it_there(stage):
    workspace = stage.sandbox.workspace
    workspace.add_channel("elsewhere", id="C0ELSEWHERE", members=["U0ADA"])
    workspace.add_channel("hidden", id="C0HIDDEN", private=True, members=["U0ADA"])
    ada = stage.person("ada")
    await open_share(stage)
    for channel in ("C0ELSEWHERE", "C0HIDDEN"):
        refused = await ada.submit({"channel": channel})
        assert "/invite @downballot" in refused.errors["channel"]
        assert not stage.in_channel(channel)
    workspace.join("C0ELSEWHERE", next(iter(workspace.apps.values())).bot_user_id)
    await ada.submit({"channel": "C0ELSEWHERE"})
    await stage.settle()
    assert "shared a race" in stage.in_channel("C0ELSEWHERE")[-1].words


async def test_when_slack_does_not_say_whether_the_app_is_there_nothing_is_posted(stage):
    ada = stage.person("ada")
    await open_share(stage)
    stage.sandbox.faults.add("server_error", "conversations.info")
    refused = await ada.submit({})
    assert "press Post again" in refused.errors["channel"]
    assert not stage.in_channel(GENERAL)
    await ada.submit({})
    await stage.settle()
    assert len(stage.in_channel(GENERAL)) == 1


async def test_from_a_direct_message_no_conversation_is_suggested(stage):
    form = await open_share(stage, channel=None)
    assert not form.values.get("channel")
    with pytest.raises(ClientRefused, match="required"):
        await stage.person("ada").submit({})


async def test_a_press_after_two_days_says_kindly_what_to_do(stage):
    ada = stage.person("ada")
    message = (await ada.command("/races", "23220")).message
    stage.clock.advance(timedelta(hours=47))
    await ada.press(message, "Next 5")
    await stage.settle()
    assert "6 to 10 of 12" in message.words
    stage.clock.advance(timedelta(hours=2))
    await ada.press(message, "Earlier")
    await stage.settle()
    assert "more than two days old" in stage.private_answer("ada")
    assert "`/races` looks again" in stage.private_answer("ada")
    assert "6 to 10 of 12" in message.words, "the answer itself stays as it was"
    await ada.press(message, "Details", value=None)
    assert "more than two days old" in (await modal(stage, "ada", "Downballot")).words
    await stage.application.jobs.run_all()
    assert await lookups(stage) == 0


async def test_an_answer_is_nobody_elses(stage):
    ada, ben = stage.person("ada"), stage.person("ben")
    theirs = (await ada.command("/races", "23220")).message
    mine = (await ben.command("/races", "23220")).message
    for block in mine.blocks:
        for element in block.get("elements", []):
            if element.get("action_id") == "races.details":
                stolen = next(
                    each["value"]
                    for other in theirs.blocks
                    for each in other.get("elements", [])
                    if each.get("action_id") == "races.details"
                )
                element["value"] = stolen
    await ben.press(mine, "Details", value=None)
    said = await modal(stage, "ben", "Downballot")
    assert "more than two days old" in said.words


async def test_a_source_that_fails_costs_only_what_it_alone_knows(stage):
    house = stage.application.house
    working = list(house.finder.sources)
    broken = Source("CivicEngine", fault=RuntimeError("no route"))
    short = Source("Google", trouble="short")
    object.__setattr__(house.finder, "sources", [broken, *working, short])
    answer = await stage.person("ada").command("/races", "23220")
    assert "CivicEngine did not answer" in answer.words
    assert "Google gave only a part of its answer" in answer.words
    assert "12 races" in answer.words


async def test_a_place_without_races_is_answered_with_a_way_on(stage, source):
    source.known = ()
    ada = stage.person("ada")
    answer = await ada.command("/races", "23220")
    assert "That does not mean that nothing is elected there" in answer.words
    await ada.press(answer.message, "Ask a mentor")
    await modal(stage, "ada", "Ask a mentor")


async def test_details_say_whom_one_may_ask_and_what_is_unknown(stage, source):
    source.known = (race(kind=Kind.MAYOR, fee="$200", phone="(804) 555-0100"),)
    ada = stage.person("ada")
    message = (await ada.command("/races", "23220")).message
    await ada.press(message, "Details")
    view = await modal(stage, "ada", "Details")
    assert "$200" in view.words
    assert "(804) 555-0100" in view.words
    assert "Not known here. Ask the election office" in view.words


async def test_nothing_is_delivered_to_anybody_by_looking(stage):
    await stage.person("ada").command("/races", "23220")
    await stage.settle()
    async with stage.application.database.reading() as store:
        assert await store.connection.scalar(select(func.count()).select_from(deliveries)) == 0
