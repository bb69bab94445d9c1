"""The first seven days: a newcomer is walked through them, at nine of their own morning, one a day."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from messages.journeys_lessons import lessons
from tests.scenarios.stage import GENERAL, STAFF

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def arrive(stage, name, zone="America/New_York", **account):
    """Somebody joins the workspace, and the general channel with it."""
    stage.sandbox.workspace.add_user(name, id=f"U0{name.upper()}", real_name=name.title(), tz=zone, **account)
    person = stage.person(name)
    await person.join_workspace()
    if not account.get("is_restricted"):
        await person.join(GENERAL)
    await stage.heard_everything()
    return person


async def at_local(stage, zone, year, month, day, hour, minute=0):
    """Move the clock to that moment on the wall of that zone, and let what is due happen."""
    moment = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    await stage.pass_time(moment - stage.clock.now())


def got(stage, who):
    """Give the lessons that somebody got: which day, and when by their own clock."""
    zone = ZoneInfo(stage.person(who).user.tz)
    found = []
    for message in stage.dm(who):
        if message.words.startswith("Day ") and " of 7" in message.words[:12]:
            sent = datetime.fromtimestamp(float(message.ts), UTC).astimezone(zone)
            found.append((int(message.words[4]), sent.strftime("%m-%d %H:%M")))
    return found


def card(stage, who, day):
    """Give the card of a day's lesson."""
    return stage.last_dm(who, f"Day {day} of 7")


async def week(stage, *, days=8, zones=("America/New_York",)):
    """Let days pass, with a look just before nine, at nine, in the afternoon and at night, in each zone."""
    begin = stage.clock.now()
    moments = {
        moment
        for zone in zones
        for ahead in range(days + 2)
        for hour, minute in ((8, 59), (9, 0), (17, 0), (23, 0))
        if begin
        < (moment := at_wall(zone, begin.astimezone(ZoneInfo(zone)).date() + ahead * DAY, hour, minute))
        <= begin + days * DAY
    }
    for moment in sorted({*moments, begin + days * DAY}):
        await stage.pass_time(moment - stage.clock.now())


def at_wall(zone, day, hour, minute=0):
    """Give the moment at which walls there show that time."""
    return datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo(zone)).astimezone(UTC)


async def test_who_joins_is_welcomed_and_tells_where_they_run(stage):
    zoe = await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    welcome = card(stage, "zoe", 1)
    assert "What can you run for?" in welcome.words
    assert "Today's one thing" in welcome.words
    assert welcome.buttons == ["Tell us about your race", "Done", "Ask a mentor", "Skip", "Pause"]

    await zoe.press(welcome, "Tell us about your race")
    await zoe.wait_modal("Your race")
    said = {"state": "OH", "office": "mayor", "stage": "decided", "goal": "Talk with 100 neighbors"}
    assert not (await zoe.submit(said)).errors
    await stage.settle()
    assert "Done." in welcome.words
    assert "Talk with 100 neighbors" in welcome.words
    assert "Pause" not in welcome.buttons
    home = await zoe.open_home()
    await stage.settle()
    home = zoe.home
    assert "Ohio · Mayor · Decided to run" in home.words
    assert "Day 1 of 7, 1 task done. The next lesson comes tomorrow at 9 am." in home.words
    assert "Talk with 100 neighbors" in home.words


@pytest.mark.slow(5)
@pytest.mark.parametrize("start", [(2027, 3, 11), (2027, 11, 4)], ids=["march", "november"])
async def test_everybody_gets_seven_lessons_at_nine_of_their_own_morning(stage, start):
    """The days around the change of the clocks: Honolulu and Phoenix know none, New York does."""
    zones = {"hana": "Pacific/Honolulu", "nora": "America/New_York", "phil": "America/Phoenix"}
    await at_local(stage, "America/New_York", *start, 15)
    for who, zone in zones.items():
        await arrive(stage, who, zone)
    await stage.pass_time(timedelta(minutes=1))
    await week(stage, zones=zones.values())
    _, month, first = start
    for who, zone in zones.items():
        joined = datetime(*start, 15, 1, tzinfo=ZoneInfo("America/New_York")).astimezone(ZoneInfo(zone))
        assert got(stage, who)[0] == (1, joined.strftime("%m-%d %H:%M"))
        nines = [(day, f"{month:02}-{first + day - 1:02} 09:00") for day in range(2, 8)]
        assert got(stage, who)[1:] == nines, who
    nora = await stage.person("nora").command("/journey")
    assert "All seven days have come" in nora.text


async def test_who_joins_at_night_is_written_to_in_the_morning(stage):
    zone = "Pacific/Honolulu"
    await at_local(stage, zone, 2026, 11, 24, 22, 30)
    await arrive(stage, "kai", zone)
    await week(stage, days=1, zones=[zone])
    assert got(stage, "kai") == [(1, "11-25 09:00")]


async def test_once_per_person_whatever_happens_first(stage):
    zoe = await arrive(stage, "zoe")
    await zoe.open_home()
    await zoe.leave(GENERAL)
    await zoe.join(GENERAL)
    await zoe.command("/journey")
    await stage.pass_time(timedelta(minutes=1))
    await zoe.open_home()
    await stage.pass_time(HOUR)
    assert [day for day, _ in got(stage, "zoe")] == [1]


async def test_the_first_visit_of_the_home_tab_begins_it_for_who_was_here_before(stage):
    await stage.pass_time(HOUR)
    assert got(stage, "ada") == []
    await stage.person("ada").open_home()
    await stage.pass_time(timedelta(minutes=1))
    assert [day for day, _ in got(stage, "ada")] == [1]


async def test_mentors_staff_and_bots_are_left_alone(stage):
    for who in ("mia", "sue"):
        await stage.person(who).open_home()
        await stage.person(who).leave(GENERAL)
        await stage.person(who).join(GENERAL)
    stage.sandbox.workspace.add_user("robot", id="U0ROBOT", is_bot=True)
    stage.sandbox.workspace.join(GENERAL, "U0ROBOT")
    await stage.heard_everything()
    await week(stage, days=1)
    assert not got(stage, "mia")
    assert not got(stage, "sue")
    desk = await open_desk(stage)
    assert "U0ROBOT" not in desk.words


async def test_a_guest_waits_on_record_until_they_can_be_written_to(stage):
    gus = await arrive(stage, "gus", is_restricted=True)
    await stage.pass_time(HOUR)
    assert got(stage, "gus") == []
    desk = await open_desk(stage)
    assert "@U0GUS, not begun: a guest who is not in the community channel." in desk.words
    await gus.join(GENERAL)
    await stage.heard_everything()
    await stage.pass_time(timedelta(minutes=1))
    assert [day for day, _ in got(stage, "gus")] == [1]
    assert "@U0GUS" not in (await open_desk(stage)).words


async def test_two_days_of_downtime_give_no_pile_and_a_restart_loses_and_doubles_nothing(stage):
    await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    await stage.pass_time(DAY)
    await stage.stop_app()
    stage.clock.advance(2 * DAY)
    await stage.start_app()
    await stage.application.catch_up()
    assert [day for day, _ in got(stage, "zoe")] == [1, 2, 3]
    for _ in range(9):
        await stage.stop_app()
        stage.clock.advance(DAY / 2)
        await stage.start_app()
        await stage.application.catch_up()
        await stage.stop_app()
        stage.clock.advance(DAY / 2)
        await stage.start_app()
        await stage.application.catch_up()
    sent = got(stage, "zoe")
    assert [day for day, _ in sent] == [1, 2, 3, 4, 5, 6, 7]
    assert len({when[:5] for _, when in sent}) == 7, "one a day"
    assert all("08:00" <= when[6:] < "21:00" for _, when in sent)


async def test_the_app_is_down_all_night_and_wakes_nobody(stage):
    await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    await stage.stop_app()
    zone = "America/New_York"
    late = datetime(2026, 11, 25, 2, 0, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    stage.clock.advance(late - stage.clock.now())
    await stage.start_app()
    await stage.application.catch_up()
    assert len(got(stage, "zoe")) == 1
    await at_local(stage, zone, 2026, 11, 25, 9)
    assert got(stage, "zoe")[1:] == [(2, "11-25 09:00")]


async def test_done_is_counted_and_what_is_undone_is_recalled_once(stage):
    zoe = await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    await stage.pass_time(DAY)
    second = card(stage, "zoe", 2)
    await zoe.press(second, "Done")
    await stage.settle()
    assert "Done. That is your first task done." in second.words.replace("*", "")
    assert second.buttons == ["Ask a mentor"]
    await zoe.press(copy.deepcopy(second), "Ask a mentor")
    form = await zoe.wait_modal("Ask a mentor")
    assert form.values["topic"] == "filing"
    await zoe.close_modal()

    await stage.pass_time(DAY)
    await at_local(stage, "America/New_York", 2026, 11, 25, 17)
    recall = stage.last_dm("zoe", "Still open from day 1")
    assert recall.buttons == ["Done", "Ask a mentor", "Skip"]
    await week(stage, days=2)
    assert not [m for m in stage.dm("zoe") if "Still open from day 2" in m.words]
    assert len([m for m in stage.dm("zoe") if "Still open from day 1" in m.words]) == 1
    await zoe.press(recall, "Done")
    await stage.settle()
    assert "That makes 2 tasks done" in recall.words
    assert "Done" in card(stage, "zoe", 1).words
    assert "Done" not in card(stage, "zoe", 1).buttons


async def test_a_skipped_task_is_not_recalled(stage):
    zoe = await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    first = card(stage, "zoe", 1)
    await zoe.press(first, "Skip")
    await stage.settle()
    assert "nobody will ask again" in first.words
    await week(stage, days=3)
    assert not [m for m in stage.dm("zoe") if "Still open from day 1" in m.words]
    assert [day for day, _ in got(stage, "zoe")] == [1, 2, 3, 4]
    await zoe.press(first, "Done after all")
    await stage.settle()
    assert "Done." in first.words


async def test_who_pauses_in_an_answer_that_cannot_be_changed_gets_another(stage):
    zoe = await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    shown = (await zoe.command("/journey")).message
    stage.sandbox.faults.add("server_error", "response_url", status=404)
    await zoe.press(shown, "Pause")
    await stage.settle()
    assert "Resume" not in shown.buttons
    assert "Resume" in zoe.ephemerals()[-1].buttons


async def test_pause_holds_everything_and_resume_goes_on_the_next_morning(stage):
    zoe = await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    first = card(stage, "zoe", 1)
    await zoe.press(first, "Pause")
    await stage.settle()
    assert "Paused" in first.words
    await week(stage, days=4)
    assert len(stage.dm("zoe")) == 1, "neither lesson nor recall"
    await zoe.press(first, "Resume")
    await stage.settle()
    assert "Pause" in first.buttons
    assert "Resume" not in first.buttons
    await week(stage, days=1)
    assert [day for day, _ in got(stage, "zoe")] == [1, 2]
    await zoe.open_home()
    await stage.settle()
    await zoe.press(zoe.home, "Pause")
    await stage.settle()
    assert "Paused: nothing comes until you press Resume" in zoe.home.words
    said = await zoe.command("/journey", "resume")
    assert "The next lesson comes tomorrow at 9 am" in said.text


async def test_a_restart_begins_anew_the_next_day_and_old_cards_say_so(stage):
    zoe = await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    await stage.pass_time(DAY)
    first = card(stage, "zoe", 1)
    await zoe.open_home()
    await stage.settle()
    await zoe.press(zoe.home, "Restart")
    await stage.settle()
    assert "You have begun again since" in first.words
    await week(stage, days=2)
    assert [day for day, _ in got(stage, "zoe")] == [1, 2, 1, 2]


async def test_the_answer_to_the_command_changes_with_what_is_pressed_in_it(stage):
    zoe = await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    said = await zoe.command("/journey")
    assert "Day 1 of 7" in said.text
    await zoe.press(said.message, "Pause")
    await stage.settle()
    assert "Paused" in zoe.ephemerals()[-1].words
    assert "Resume" in zoe.ephemerals()[-1].buttons


async def test_a_stage_makes_a_lesson_step_aside_and_says_why(stage):
    zoe = await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    await zoe.press(card(stage, "zoe", 1), "Tell us about your race")
    await zoe.wait_modal("Your race")
    await zoe.submit({"stage": "filed"})
    await stage.settle()
    await week(stage, days=1)
    third = card(stage, "zoe", 3)
    assert "Day 2, “Getting on the ballot”, is left out: you have filed." in third.words
    assert [day for day, _ in got(stage, "zoe")] == [1, 3]
    said = await zoe.command("/journey")
    assert "Left out: day 2" in said.message.words
    await week(stage, days=6)
    assert [day for day, _ in got(stage, "zoe")] == [1, 3, 4, 5, 6, 7]


async def test_who_moves_gets_the_next_lesson_at_nine_where_they_are(stage):
    await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    stage.sandbox.workspace.change_tz("U0ZOE", "Pacific/Honolulu")
    await stage.heard_everything()
    await week(stage, days=3, zones=["America/New_York", "Pacific/Honolulu"])
    assert [(day, when[6:8]) for day, when in got(stage, "zoe")[1:]] == [(2, "09"), (3, "09")], (
        "and not at nine in New York"
    )


async def test_who_leaves_gets_nothing_more_and_who_comes_back_goes_on(stage):
    await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    stage.sandbox.workspace.deactivate("U0ZOE")
    await stage.heard_everything()
    await week(stage, days=2)
    assert len(got(stage, "zoe")) == 1
    assert "@U0ZOE, day 1: left the workspace." in (await open_desk(stage)).words


async def test_what_slack_refuses_is_on_record_and_can_be_sent_again(stage):
    await arrive(stage, "zoe")
    stage.sandbox.faults.add(
        "error",
        method="chat.postMessage",
        times=1,
        code="user_not_found",
        where=lambda call: str(call.get("channel")) == "U0ZOE",
    )
    await stage.pass_time(timedelta(minutes=1))
    desk = await open_desk(stage)
    assert "@U0ZOE, day 1: there is no such person in this workspace." in desk.words
    await week(stage, days=2)
    assert got(stage, "zoe") == []
    said = await stage.person("sue").command("/journey", "start <@U0ZOE>")
    assert "what did not arrive is sent again" in said.text
    await week(stage, days=2)
    assert [day for day, _ in got(stage, "zoe")] == [1, 2]


async def open_desk(stage, who="sue"):
    """Staff types /journey."""
    person = stage.person(who)
    while person.modal is not None:
        await person.close_modal()
    await person.command("/journey")
    return await person.wait_until(lambda: shown(person, "Enrolled"), 10)


def shown(person, words):
    """Give what lies on top of the screen once it says this."""
    return person.modal if person.modal and words in person.modal.words else None


async def test_staff_sees_who_is_where_and_who_went_quiet(stage):
    for who in ("zoe", "kim", "lou"):
        await arrive(stage, who)
    await stage.pass_time(timedelta(minutes=1))
    await stage.person("lou").press(card(stage, "lou", 1), "Pause")
    await week(stage, days=4)
    stuck = await open_desk(stage)
    assert "Stuck: two tasks recalled and undone* (2)" in stuck.words
    await week(stage, days=3)
    await stage.person("kim").press(card(stage, "kim", 7), "Done")
    await week(stage, days=2)
    desk = await open_desk(stage)
    assert "Went quiet after the last day* (1)" in desk.words
    assert "@U0ZOE, through on" in desk.words
    assert "@U0KIM" not in desk.words
    assert "Paused* (1)" in desk.words
    assert "@U0LOU, day 1, since Nov 23, 2026" in desk.words
    await stage.person("zoe").open_home()
    await stage.settle()
    assert "Went quiet" not in (await open_desk(stage)).words


async def test_a_long_list_is_turned_page_by_page(stage):
    for number in range(23):
        name = f"g{number:02}"
        stage.sandbox.workspace.add_user(name, id=f"U0{name.upper()}", real_name=name, is_restricted=True)
        await stage.person(name).join_workspace()
    await stage.heard_everything()
    sue = stage.person("sue")
    desk = await open_desk(stage)
    assert "13 more" in desk.buttons
    await sue.press(desk, "13 more")
    await sue.wait_until(lambda: "3 more" in sue.modal.buttons)
    await sue.press(sue.modal, "3 more")
    await sue.wait_until(lambda: "Earlier" in sue.modal.buttons and "3 more" not in sue.modal.buttons)
    assert sue.modal.words.count("not begun: a guest") == 3


async def test_staff_starts_people_by_name(stage):
    await stage.application.catch_up()  # The roster has been read, so that everybody is known.
    sue = stage.person("sue")
    said = await sue.command("/journey", "start @ada @ben <@U0MIA>")
    assert said.text.count("begins. Day 1 comes at once") == 3
    await stage.pass_time(timedelta(minutes=1))
    for who in ("ada", "ben", "mia"):
        assert [day for day, _ in got(stage, who)] == [1], "staff may start a mentor too"
    said = await sue.command("/journey", "start @ada")
    assert "is on it since Nov 23, 2026: day 1 of 7" in said.text
    stage.sandbox.workspace.deactivate("U0BEN")
    await stage.heard_everything()
    assert "left the workspace" in (await sue.command("/journey", "start @ben")).text
    for nonsense in ("start", "start ada", "start everybody!"):
        assert "Say whom, with an @" in (await sue.command("/journey", nonsense)).text, nonsense
    assert "`/journey start @person`" in (await sue.command("/journey", "begin")).text


async def test_only_staff_starts_people_and_nonsense_is_explained(stage):
    ada = stage.person("ada")
    assert "Only staff can do this" in (await ada.command("/journey", "start @ben")).text
    for nonsense in ("help", "what", "stop it"):
        assert "/journey pause" in (await ada.command("/journey", nonsense)).text, nonsense
    assert "not begun" in (await ada.command("/journey", "pause")).text
    said = await ada.command("/journey")
    assert "Start" in said.message.buttons
    await ada.press(said.message, "Start")
    await stage.pass_time(timedelta(minutes=1))
    assert [day for day, _ in got(stage, "ada")] == [1]


async def test_nobody_presses_on_somebody_elses_lesson(stage):
    await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    first = card(stage, "zoe", 1)
    ben = stage.person("ben")
    for button in ("Done", "Skip", "Ask a mentor"):
        await ben.press(first, button)
    await ben.press(first, "Pause")
    await stage.settle()
    assert "Only the person whose lesson this is can do this" in " ".join(m.words for m in ben.ephemerals())
    assert "Done" in first.buttons
    assert "Pause" in first.buttons, "ben paused nothing but his own, and has none"


async def test_staff_looks_at_every_lesson(stage):
    sue = stage.person("sue")
    desk = await open_desk(stage)
    await sue.press(desk, "Send all to me")
    await stage.settle()
    shown = [m.words for m in stage.dm("sue") if m.words.startswith("Preview")]
    assert [words[:16] for words in shown] == [f"Preview of day {n}" for n in range(1, 8)]
    assert "Instead, for “Filed”" in shown[0]


async def edit(stage, day, who="sue", **fields):
    """Staff changes a lesson."""
    await open_lesson(stage, day, who)
    return await stage.person(who).submit(fields)


async def open_lesson(stage, day, who):
    """Staff opens the form of a lesson."""
    person = stage.person(who)
    await person.press(await open_desk(stage, who), "Edit…", value=lessons()[day - 1].key)
    await person.wait_until(lambda: shown(person, "Title"), 10)


async def test_a_changed_lesson_reaches_only_who_is_not_past_its_day(stage):
    await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    await stage.pass_time(DAY)
    await arrive(stage, "kim")
    await stage.pass_time(timedelta(minutes=1))
    assert not (await edit(stage, 2, text="Call the clerk. <!channel> & *soon*.", title="Call them")).errors
    await stage.settle()
    await stage.pass_time(DAY)
    assert "Call the clerk. <!channel> & *soon*." in card(stage, "kim", 2).words
    zoe = stage.person("zoe")
    old = card(stage, "zoe", 2)
    assert "Getting on the ballot is paperwork" in old.words
    await zoe.press(old, "Done")
    await stage.settle()
    assert "Getting on the ballot is paperwork" in old.words, "who is past it keeps what they got"

    desk = await open_desk(stage)
    assert "Changed by @U0SUE" in desk.words
    sue = stage.person("sue")
    await sue.press(desk, "Edit…", value="filing")
    form = await sue.wait_until(lambda: shown(sue, "Title"), 10)
    assert form.values["text"] == "Call the clerk. <!channel> & *soon*."
    await sue.press(form, "Back to the original")
    await sue.wait_until(lambda: "says again what it said at first" in sue.modal.words)
    await arrive(stage, "lou")
    await stage.pass_time(timedelta(minutes=1))
    await stage.pass_time(DAY)
    assert "Getting on the ballot is paperwork" in card(stage, "lou", 2).words


async def test_two_of_the_staff_who_edit_at_once_do_not_overwrite_each_other(stage):
    sue, tom = stage.person("sue"), stage.person("tom")
    for who in ("sue", "tom"):
        await open_lesson(stage, 3, who)
    assert not (await sue.submit({"title": "From Sue"})).errors
    refused = await tom.submit({"title": "From Tom"})
    assert "another version" in refused.errors["text"]
    blank = await edit(stage, 3, text="   ")
    assert "Please write something" in blank.errors["text"]


async def test_only_staff_edits(stage):
    desk = await open_desk(stage)
    async with stage.application.database.transaction() as store:
        from community.members import Role

        await store.members.remove_role("U0SUE", Role.STAFF)
    sue = stage.person("sue")
    await sue.press(desk, "Edit…", value="filing")
    refused = await sue.wait_modal("Downballot")
    assert "Only staff can do this" in refused.words


async def test_what_did_not_leave_by_the_evening_comes_the_next_morning(stage):
    """The process dies after the lesson was queued, and is up again at night: nobody is woken."""
    await arrive(stage, "zoe")
    await stage.pass_time(timedelta(minutes=1))
    zone = "America/New_York"
    await stage.application.outbox.stop()
    stage.clock.advance(at_wall(zone, date(2026, 11, 24), 9) - stage.clock.now())
    await stage.application.jobs.run("journeys.send_due_lessons")
    await stage.stop_app()
    stage.clock.advance(13 * HOUR)
    await stage.start_app()
    await stage.application.catch_up()
    assert len(got(stage, "zoe")) == 1
    await at_local(stage, zone, 2026, 11, 25, 9)
    await at_local(stage, zone, 2026, 11, 25, 12)
    assert got(stage, "zoe")[1:] == [(2, "11-25 09:00")]
    assert stage.in_channel(STAFF) == []
