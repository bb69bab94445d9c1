"""One Armchair Chat from scheduling to recording, with people in five zones, over a change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from community.members import Stage as Campaign
from tests import ics
from tests.scenarios.stage import GENERAL
from tests.scenarios.test_events import (
    DAY,
    HOUR,
    MINUTE,
    NEW_YORK,
    ZONES,
    announcement,
    at,
    change,
    files,
    join,
    open_list,
    people,  # noqa: F401 - a fixture
    said,
    schedule,
    until,
)


def times(stage, who, containing, since=0):
    zone = ZONES[who]
    return [
        at(message, zone)
        for message in stage.dm(who)[since:]
        if containing in message.words and not message.files
    ]


def entry(calendar):
    (found,) = calendar.named("VEVENT")
    return found


async def test_from_scheduling_to_the_recording_over_a_change_of_the_clocks(people):  # noqa: F811, PLR0915
    stage = people
    await until(stage, 2027, 3, 8, 10)
    # Saturday, March 13, before the clocks go forward in the night to Sunday.
    await schedule(stage, day=date(2027, 3, 13), time="17:00")
    for who in ZONES:
        await join(stage, who)
    assert [entry(files(stage, who)[0]).value("SEQUENCE") for who in ZONES] == ["0"] * 5

    # Edited: another title and link. Everybody hears what changed, and gets a newer file.
    await change(stage, "edit", title="Asking for money, and enjoying it", link="https://meet.example.org/2")
    assert not [words for words in said(stage, "hana") if "has changed" in words], "it is five in the morning"
    await until(stage, 2027, 3, 8, 14)
    for who in ZONES:
        note = stage.last_dm(who, "has changed")
        assert "Title: Asking for money, and enjoying it" in note.words
        assert "The join link is another one." in note.words
        assert "Time:" not in note.words
        assert "Asking for money, and enjoying it" in stage.last_dm(who, "you are signed up").words

    # Moved the first time, to Sunday: before noon of the day on which the clocks have changed.
    await until(stage, 2027, 3, 9, 12)
    await change(stage, "edit", day=date(2027, 3, 14), time="12:00")
    await until(stage, 2027, 3, 9, 14)
    assert "Time: Sun, Mar 14, 2027, 12 pm ET" in stage.last_dm("nora", "has changed").words.replace("*", "")
    assert "Sun, Mar 14, 2027, 6 am HST" in stage.last_dm("hana", "has changed").words
    # Moved a second time, on the day before, when the first zones have been reminded already.
    await until(stage, 2027, 3, 13, 9, 30)
    await until(stage, 2027, 3, 13, 12, 30, step=30 * MINUTE)
    reminded = [who for who in ZONES if times(stage, who, "Tomorrow:")]
    assert reminded == ["nora", "cleo"], "eleven has come in these zones only"
    await change(stage, "edit", day=date(2027, 3, 15), time="18:00")
    marks = {who: len(stage.dm(who)) for who in ZONES}
    for who in reminded:
        assert "It is now on" in stage.last_dm(who, "has moved").words
        assert stage.last_dm(who, "has moved").buttons == []

    await until(stage, 2027, 3, 14, 8)
    await until(stage, 2027, 3, 15, 23, step=HOUR)
    await until(stage, 2027, 3, 17, 14, step=6 * HOUR)
    begins = datetime(2027, 3, 15, 18, 0, tzinfo=ZoneInfo(NEW_YORK))
    for who, name in ZONES.items():
        zone = ZoneInfo(name)
        there = begins.astimezone(zone)
        eleven = datetime.combine(there.date() - DAY, time(11), tzinfo=zone)
        got = [at(message, name) for message in stage.dm(who)[marks[who] :]]
        assert got == [eleven, there - HOUR, there, there + 2 * HOUR], who

        sequence = [entry(each) for each in files(stage, who)]
        assert [each.value("SEQUENCE") for each in sequence] == ["0", "1", "2", "3"], who
        assert len({each.value("UID") for each in sequence}) == 1
        newest = files(stage, who)[-1]
        assert ics.moment(newest, entry(newest), "DTSTART") == begins, who
    moved = datetime(2027, 3, 14, 16, 0, tzinfo=UTC)
    third = files(stage, "nora")[2]
    assert ics.moment(third, entry(third), "DTSTART") == moved, "noon by the clock after the change"

    # Afterwards: who was there, three grades, free words; then the recording.
    nora = stage.person("nora")
    asked = stage.last_dm("nora", "Were you there?")
    await nora.press(asked, "Yes")
    await stage.settle()
    assert asked.buttons == ["Helped a lot", "Somewhat", "Not really"]
    await nora.press(asked, "Helped a lot")
    await stage.settle()
    await nora.press(asked, "Say more")
    await nora.wait_modal("How was it?")
    await nora.submit({"why": "The first call was the hardest, and now it is made."})
    await stage.settle()
    assert "You said: helped a lot." in asked.words
    assert "now it is made" in asked.words
    await stage.person("cleo").press(stage.last_dm("cleo", "Were you there?"), "No")
    await stage.settle()
    assert "You were not there." in stage.last_dm("cleo", "You were not there").words

    await change(stage, "recording", recording="https://video.example.org/42", notes="Fifty names.\nOne ask.")
    for who in ZONES:
        card = stage.last_dm(who, "the recording and notes")
        assert "Fifty names.\nOne ask." in card.words
        assert "https://video.example.org/42" in str(card.blocks)
    async with stage.application.database.reading() as store:
        (item,) = await store.events_library.items()
    assert (item.title, item.link) == ("Asking for money, and enjoying it", "https://video.example.org/42")
    assert "https://video" not in str([m.blocks for m in stage.in_channel(GENERAL)])


async def test_a_cancellation_takes_everything_back_and_tells_who_signed_up(people):  # noqa: F811
    stage = people
    await schedule(stage, capacity="4")
    for who in ZONES:
        await join(stage, who)
    sue = stage.person("sue")
    await open_list(stage)
    await sue.press(sue.modal, "events.cancel", value=1)
    form = await sue.wait_modal("Cancel it?")
    assert "4 people signed up and will be told." in form.words
    await sue.submit({"reason": "Rosa has lost her voice."})
    await stage.settle()
    # It is ten in the morning, nobody sleeps but Hawaii: it is in ten days, so that waits for the morning.
    await until(stage, 2026, 11, 23, 19, step=HOUR)
    for who in ZONES:
        note = stage.last_dm(who, "is cancelled")
        assert "Rosa has lost her voice." in note.words
    assert at(stage.last_dm("hana", "is cancelled"), ZONES["hana"]).hour == 8
    for who in ("nora", "cleo", "dean", "phil"):
        *_, last = files(stage, who)
        assert last.value("METHOD") == "CANCEL"
        assert entry(last).value("STATUS") == "CANCELLED"
        assert entry(last).value("UID") == entry(files(stage, who)[0]).value("UID")
        assert int(entry(last).value("SEQUENCE")) > 0
    assert files(stage, "hana") == [], "who waited had nothing in their calendar"
    post = announcement(stage)
    assert "Cancelled." in post.words
    assert "Rosa has lost her voice." in post.words
    assert post.buttons == []
    marks = {who: len(stage.dm(who)) for who in ZONES}
    await until(stage, 2026, 12, 6, 12, step=12 * HOUR)
    assert {who: len(stage.dm(who)) for who in ZONES} == marks, "no reminder of what does not take place"
    await join(stage, "nora", post) if post.buttons else None
    assert "Asking for money" not in (await open_list(stage, "nora")).words


async def test_the_specialist_gets_the_questions_most_wanted_half_an_hour_before(people):  # noqa: F811, PLR0915
    stage = people
    await schedule(stage, specialist="U0TOM", specialist_name=None, topic="budget")
    assert "you speak" in stage.last_dm("tom", "you speak").words
    assert len(files(stage, "tom")) == 1
    post = announcement(stage)
    asked = {
        "nora": "How much should a school board race cost?",
        "cleo": "May I ask my landlord for money, or is that odd?",
        "dean": "What if nobody ever answers my calls at all?",
    }
    for who, question in asked.items():
        person = stage.person(who)
        await join(stage, who)
        await person.press(post, "events.ask")
        await person.wait_modal("Questions")
        assert not (await person.submit({"question": question})).errors
        await stage.settle()
    assert post.buttons[1] == "Ask a question beforehand (3)"
    for who in ("nora", "dean", "phil"):
        person = stage.person(who)
        await person.close_modal(all=True) if person.modal else None
        await person.press(post, "events.ask")
        form = await person.wait_modal("Questions")
        assert "Cleo" not in form.words, "questions are shown without names"
        await person.press(form, "events.vote", value=2)
        await stage.settle()
        assert "Voted · " in person.modal.words
    phil = stage.person("phil")
    await phil.press(phil.modal, "events.vote", value=2)
    await stage.settle()
    await phil.press(phil.modal, "events.vote", value=3)
    await stage.settle()
    nora = stage.person("nora")
    await nora.press(nora.modal, "events.vote", value=3)
    await stage.settle()

    await until(stage, 2026, 12, 3, 16, 29)
    assert not [words for words in said(stage, "tom") if "In half an hour" in words]
    await stage.pass_time(MINUTE)
    listed = stage.last_dm("tom", "In half an hour").words
    landlord, calls, cost = (listed.index(word) for word in ("landlord", "my calls", "school board race"))
    assert landlord < calls < cost or calls < landlord < cost
    assert "Cleo Doe, 2 votes" in listed
    assert "Nora Doe, 0 votes" in listed
    assert "3 people have signed up." in listed

    # Afterwards staff notes what was answered; the rest goes to mentors, if their askers agree.
    await until(stage, 2026, 12, 3, 18, 30)
    sue = stage.person("sue")
    await open_list(stage)
    await sue.press(sue.modal, "events.asked", value=1)
    view = await sue.wait_modal("Questions")
    await sue.press(view, "events.answered", value=2)
    await stage.settle()
    assert "Offer the rest to mentors (2)" in sue.modal.words
    await sue.press(sue.modal, "events.rest")
    await stage.settle()
    async with stage.application.database.transaction() as store:
        await store.members.describe("U0NORA", state="VA")
    card = stage.last_dm("nora", "Shall we ask a mentor")
    await stage.person("nora").press(card, "Yes, ask a mentor")
    await stage.settle()
    assert "It is with mentors now." in card.words
    assert "How much should a school board race cost?" in stage.last_dm("mia").words
    await stage.person("dean").press(stage.last_dm("dean", "Shall we ask a mentor"), "No, thanks")
    await stage.settle()
    async with stage.application.database.reading() as store:
        fates = [each.fate for each in sorted(await store.events_questions.listed(1), key=lambda one: one.id)]
        assert fates == ["requested", "answered", "declined"]
        assert (await store.events_questions.get(1)).request == 1
        assert (await store.mentoring.get(1)).topic == "budget"
    assert not [words for words in said(stage, "cleo") if "Shall we ask" in words]


async def test_for_a_specialist_from_outside_the_questions_go_to_who_planned_it(people):  # noqa: F811
    stage = people
    await schedule(stage)
    nora = stage.person("nora")
    await nora.press(announcement(stage), "events.ask")
    await nora.wait_modal("Questions")
    await nora.submit({"question": "How much should a school board race cost?"})
    await change(stage, "edit", time="18:00")
    await until(stage, 2026, 12, 3, 17, 29)
    assert not [words for words in said(stage, "sue") if "In half an hour" in words]
    await stage.pass_time(MINUTE)
    listed = stage.last_dm("sue", "In half an hour").words
    assert "Please pass this on to Rosa Delgado." in listed
    assert "1. How much should a school board race cost?" in listed


async def test_coming_to_an_intro_call_moves_one_on_and_who_stays_away_is_seen_by_staff(people):  # noqa: F811
    stage = people
    async with stage.application.database.transaction() as store:
        await store.members.describe("U0NORA", stage=Campaign.EXPLORING)
        await store.members.describe("U0CLEO", stage=Campaign.FILED)
    await schedule(
        stage,
        kind="intro",
        title="Weekly intro call",
        specialist_name=None,
        day=date(2026, 11, 25),
        time="12:00",
        until=date(2026, 12, 30),
    )
    assert "6 times, weekly, the last on Wed, Dec 30, 2026" in stage.person("sue").modal.words
    posts = [message for message in stage.in_channel(GENERAL) if "Weekly intro call" in message.words]
    assert len(posts) == 1, "the later ones are announced a week before"
    for who in ("nora", "cleo", "dean"):
        await join(stage, who, posts[0])
    await until(stage, 2026, 11, 25, 12, 45)
    posts = [message for message in stage.in_channel(GENERAL) if "Weekly intro call" in message.words]
    assert len(posts) == 2
    assert "Wed, Dec 2, 2026, 12 pm ET" in posts[1].words

    sue = stage.person("sue")
    await open_list(stage)
    await sue.press(sue.modal, "events.attendance", value=1)
    await sue.wait_modal("Attendance")
    await sue.submit({"there": ["U0NORA", "U0CLEO", "U0PHIL"]})
    await stage.settle()
    async with stage.application.database.reading() as store:
        stages = {who: (await store.members.member(f"U0{who.upper()}")).stage for who in ZONES}
    assert stages == {"nora": "decided", "cleo": "filed", "dean": None, "phil": "exploring", "hana": None}
    await until(stage, 2026, 11, 25, 14, step=HOUR)
    await stage.person("nora").press(posts[1], "events.sign_up")
    await until(stage, 2026, 12, 2, 14, step=6 * HOUR)
    await stage.person("nora").press(stage.last_dm("nora", "Were you there?"), "Yes")
    await stage.settle()
    async with stage.application.database.reading() as store:
        assert (await store.members.member("U0NORA")).stage == "decided", "filing is a fact, not a step"

    await until(stage, 2026, 12, 10, 9)
    view = await open_list(stage)
    assert "Not seen for two weeks (3)" in view.words
    await sue.press(view, "events.unseen")
    listed = (await sue.wait_modal("Not seen for two weeks")).words
    assert "@U0CLEO: last seen Nov 25, 2026." in listed
    assert "@U0DEAN: signed up for Nov 25, 2026 and never came." in listed
    assert "U0NORA" not in listed


async def test_a_change_for_the_whole_series_keeps_its_weeks_and_one_alone_changes_alone(people):  # noqa: F811
    stage = people
    await schedule(stage, day=date(2027, 3, 4), time="17:00", until=date(2027, 3, 25))
    await change(stage, "edit", number=2, time="18:30")
    await change(stage, "edit", number=3, day=date(2027, 3, 19), time="12:00", scope=["later"])
    async with stage.application.database.reading() as store:
        begins = [(await store.events.get(number)).starts_at for number in (1, 2, 3, 4)]
    local = [each.astimezone(ZoneInfo(NEW_YORK)).strftime("%m-%d %H:%M") for each in begins]
    assert local == ["03-04 17:00", "03-11 18:30", "03-19 12:00", "03-26 12:00"]
    sue = stage.person("sue")
    await open_list(stage)
    await sue.press(sue.modal, "events.cancel", value=2)
    await sue.wait_modal("Cancel it?")
    await sue.submit({"scope": ["later"]})
    await stage.settle()
    async with stage.application.database.reading() as store:
        states = [(await store.events.get(number)).status for number in (1, 2, 3, 4)]
    assert states == ["open", "cancelled", "cancelled", "cancelled"]


async def test_the_app_may_be_down_and_nobody_is_reminded_twice_or_of_what_is_over(people):  # noqa: F811
    stage = people
    await schedule(stage)
    await join(stage, "nora")
    await until(stage, 2026, 12, 2, 11)
    await stage.stop_app()
    stage.clock.advance(timedelta(hours=29, minutes=30))
    await stage.start_app()
    await stage.application.catch_up()
    assert [words[:20] for words in said(stage, "nora") if "hour" in words[:20]] == ["In an hour: Asking f"]
    for _ in range(4):
        await stage.stop_app()
        stage.clock.advance(timedelta(minutes=40))
        await stage.start_app()
        await stage.application.catch_up()
    zone = ZoneInfo(NEW_YORK)
    assert [at(message, NEW_YORK) for message in stage.dm("nora")[2:]] == [
        datetime(2026, 12, 2, 11, 0, tzinfo=zone),
        datetime(2026, 12, 3, 16, 30, tzinfo=zone),
        datetime(2026, 12, 3, 17, 10, tzinfo=zone),
        datetime(2026, 12, 3, 19, 10, tzinfo=zone),
    ], "the day before, the hour before, the start, and whether she was there"
    await schedule(stage, day=date(2026, 12, 4), title="Another one")
    await join(stage, "nora", announcement(stage))
    await until(stage, 2026, 12, 4, 17)
    await stage.stop_app()
    stage.clock.advance(5 * DAY)
    await stage.start_app()
    await stage.application.catch_up()
    asked = [words for words in said(stage, "nora") if "Were you there?" in words]
    assert len(asked) == 1, "days later nobody is asked any more"


async def test_who_moves_is_reminded_by_the_new_clock_once(people):  # noqa: F811
    stage = people
    await schedule(stage)
    await join(stage, "nora")
    stage.sandbox.workspace.change_user("U0NORA", tz="Pacific/Honolulu")
    await stage.heard_everything()
    await stage.pass_time(MINUTE)
    await until(stage, 2026, 12, 1, 12)
    await until(stage, 2026, 12, 3, 17, step=HOUR)
    zone = "Pacific/Honolulu"
    got = [at(message, zone) for message in stage.dm("nora")[2:]]
    assert got == [
        datetime(2026, 12, day, hour, tzinfo=ZoneInfo(zone)) for day, hour in ((2, 11), (3, 11), (3, 12))
    ]


async def test_a_long_list_is_turned_page_by_page_and_home_shows_the_next_of_each_series(people):  # noqa: F811
    stage = people
    await schedule(stage, day=date(2026, 12, 3), until=date(2027, 2, 25))
    view = await open_list(stage, "nora")
    assert "Thu, Dec 3, 2026" in view.words
    assert "Feb 11, 2027" not in view.words
    nora = stage.person("nora")
    await nora.press(view, "3 later ones")
    await stage.settle()
    assert "Thu, Feb 25, 2027" in nora.modal.words
    assert "Thu, Dec 3, 2026" not in nora.modal.words
    await nora.press(nora.modal, "events.sign_up", value=13)
    await stage.settle()
    assert "You are signed up." in nora.modal.words, "and the same page is shown"
    await nora.press(nora.modal, "Back")
    await stage.settle()
    assert "Thu, Dec 3, 2026" in nora.modal.words
    await nora.close_modal(all=True)
    await nora.open_home()
    await stage.settle()
    words = nora.home.words
    assert [day for day in ("Dec 3", "Dec 10", "Feb 25") if f"Thu, {day}, 20" in words] == ["Dec 3", "Feb 25"]
    await nora.press(nora.home, "Can't make it")
    await stage.settle()
    assert "Feb 25" not in nora.home.words
