"""From "Save" to "I filed": the countdown to a filing deadline, whatever happens to its date meanwhile."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from community.deliveries import State
from community.members import Stage as Campaign
from community.races import Division, Filing, Found, Place, Precision, SourceUnavailable
from handlers.races_finding import Finder
from tests.community.test_races_saved import HONOLULU, NEW_YORK, VIRGINIA

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINS = "C0WINS"
PLACE = Place(
    precision=Precision.STATE,
    state="VA",
    label="Virginia",
    zone=NEW_YORK,
    certain=(Division("ocd-division/country:us/state:va", "Virginia"),),
)
SEAT = replace(
    VIRGINIA,
    key="test:va:12",
    office=replace(
        VIRGINIA.office,
        file_where="State Board of Elections, Richmond",
        file_how="In person or by mail",
        fee="2 percent of the salary",
    ),
    candidates=(),
)


class Town:
    """A source of races whose facts a test can change; `asked` are the keys that were looked up."""

    name = "Test registrar"

    def __init__(self, *races):
        self.races_known = {race.key: race for race in races}
        self.asked = []
        self.away = False

    async def races(self, place, window):
        return Found(source=self.name, races=tuple(self.races_known.values()))

    async def race(self, key):
        self.asked.append(key)
        if self.away:
            raise SourceUnavailable(self.name)
        return self.races_known.get(key)

    def says(self, key=SEAT.key, **filing):
        """Let the source say something else of the one filing window of a race."""
        known = self.races_known[key]
        window = replace(known.filings[0], **filing) if known.filings else Filing(**filing)
        self.races_known[key] = replace(known, filings=(window,))


@pytest.fixture
async def town(stage):
    """The app with a town whose races it knows, and a channel where wins are celebrated."""
    made = Town(SEAT)

    async def locate(_where):
        return PLACE

    await stage.stop_app()
    bot = next(iter(stage.sandbox.workspace.apps.values())).bot_user_id
    stage.sandbox.workspace.add_channel("wins", id=WINS, members=["U0ADA", "U0SUE", bot])
    stage.settings = stage.settings.model_copy(update={"wins_channel": WINS})
    stage.finder = Finder(locate=locate, sources=(made,))
    stage.race_sources = {"test": made}
    await stage.start_app()
    return made


async def save(stage, who="ada"):
    """Look up what one can run for and press "Save"; give the answer as it is then."""
    person = stage.person(who)
    reply = await person.command("/races", "Virginia")
    await person.press(reply.message, "races.save")
    await stage.settle()
    return person.ephemerals()[-1]


async def at_wall(stage, zone, day, hour=9, minute=0):
    """Move the clock to that moment on the wall of that zone, and let what is due happen."""
    moment = datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    await stage.pass_time(moment - stage.clock.now())


def got(stage, who="ada", zone=NEW_YORK):
    """Give what somebody was written about races: the first line of each message, and when by their clock."""
    found = []
    for message in stage.dm(who):
        if any(word in message.words for word in ("file", "Fil", "changed", "known", "Cancelled")):
            sent = datetime.fromtimestamp(float(message.ts), UTC).astimezone(ZoneInfo(zone))
            head = message.words.replace("*", "").strip().splitlines()[0]
            found.append((head, sent.strftime("%Y-%m-%d %H:%M"), message))
    return found


def heads(stage, who="ada"):
    return [head for head, _, _ in got(stage, who)]


def files(stage, who="ada"):
    """Give the calendar files that somebody got, read."""
    kept = stage.sandbox.workspace.files
    shared = [kept[file] for message in stage.dm(who) for file in message.files]
    return [Calendar.from_ical(base64.b64decode(file.content)) for file in shared]


def entry(calendar):
    (event,) = calendar.walk("VEVENT")
    return event


def card(stage, containing, who="ada"):
    return stage.last_dm(who, containing)


async def test_save_says_what_follows_and_twice_is_once(stage, town):
    ada = stage.person("ada")
    earlier = (await ada.command("/races", "Virginia")).message
    said = await save(stage)
    assert said.buttons[-3:] == ["Details", "Saved", "Ask a mentor"]
    assert "90, 60, 30, 14, 7, 3 and 1 day before filing closes, and when it opens" in said.words
    assert "the first on Jan 1, 2027 at 9 am." in said.words
    (calendar,) = files(stage)
    assert calendar["method"] == "PUBLISH"
    assert entry(calendar)["dtstart"].dt == datetime(2027, 4, 1, 21, tzinfo=UTC)
    assert entry(calendar)["sequence"] == 0
    await ada.press(earlier, "races.save")
    await stage.settle()
    assert "Saved" in earlier.buttons
    assert len(stage.dm("ada")) == 1, "what was saved before is saved"
    assert "Saved" in (await ada.command("/races", "Virginia")).message.buttons
    await ada.press(said, "Saved")
    details = await ada.wait_modal("Details")
    assert details.buttons == ["I filed", "Ask a mentor", "Stop"]
    await ada.press(details, "Stop")
    await stage.settle()
    assert "Nothing more comes about this race." in ada.modal.words
    await ada.press(ada.modal, "Undo")
    await stage.settle()
    assert "the first on Jan 1, 2027 at 9 am." in ada.modal.words
    await ada.close_modal()
    home = await open_home(stage)
    assert "Your saved races" in home.words
    assert "129 days" in home.words


async def test_save_in_the_details_says_so_there(stage, town):
    ada = stage.person("ada")
    reply = await ada.command("/races", "Virginia")
    await ada.press(reply.message, "Details")
    details = await ada.wait_modal("Details")
    await ada.press(details, "Save")
    await stage.settle()
    assert ada.modal.buttons == ["I filed", "Ask a mentor", "Stop"]
    assert "the first on Jan 1, 2027 at 9 am." in ada.modal.words
    assert len(files(stage)) == 1


async def open_home(stage, who="ada"):
    await stage.person(who).open_home()
    await stage.settle()
    return stage.person(who).home


@pytest.mark.parametrize("zone", [HONOLULU, NEW_YORK])
async def test_the_whole_countdown_comes_at_nine_of_ones_own_morning(stage, town, zone):
    if zone != NEW_YORK:
        stage.sandbox.workspace.change_tz("U0ADA", zone)
        await stage.heard_everything()
    await save(stage)
    await stage.settle()
    seen = {}
    for left in (90, 60, 30, 17, 14, 7, 3, 1, -1):
        day = date(2027, 4, 1) - left * DAY
        # The evening before, the night, the morning, and the evening of each day that brings something.
        for when, hour in ((day - DAY, 20), (day, 2), (day, 9), (day, 20)):
            await at_wall(stage, zone, when, hour)
            for head, sent, message in got(stage, zone=zone):
                seen.setdefault(message.ts, (head, sent))
    name = "House of Delegates, District 12 · Virginia"
    assert list(seen.values())[1:] == [
        (f"90 days left to file: {name}", "2027-01-01 09:00"),
        (f"60 days left to file: {name}", "2027-01-31 09:00"),
        (f"30 days left to file: {name}", "2027-03-02 09:00"),
        (f"Filing opens today: {name}", "2027-03-15 09:00"),
        (f"14 days left to file: {name}", "2027-03-18 09:00"),
        (f"7 days left to file: {name}", "2027-03-25 09:00"),
        (f"3 days left to file: {name}", "2027-03-29 09:00"),
        (f"Tomorrow is the last day to file: {name}", "2027-03-31 09:00"),
        (f"Filing closed Apr 1, 2027, 5 pm ET: {name}", "2027-04-02 09:00"),
    ]
    closed = card(stage, "Filing closed")
    assert closed.buttons == ["I filed", "Details", "Ask a mentor", "Not this time"]
    older = stage.dm("ada")[1]
    assert "Filing closed Apr 1, 2027, 5 pm ET" in older.words, "no older card says that there is time"
    assert older.buttons == closed.buttons
    home = await open_home(stage)
    assert "Your saved races" not in home.words


async def test_killed_and_started_again_at_every_step_says_nothing_twice(stage, town):
    await save(stage)
    seen = {}
    day = date(2026, 12, 31)
    while day < date(2027, 4, 9):
        await stage.stop_app()
        moment = datetime.combine(day, time(9, 5), tzinfo=ZoneInfo(NEW_YORK)).astimezone(UTC)
        stage.clock.advance(moment - stage.clock.now())
        await stage.start_app()
        await stage.application.catch_up()
        await stage.application.catch_up()
        for head, _, message in got(stage):
            seen.setdefault(message.ts, head)
        day += 7 * DAY
    sent = [head.partition(":")[0] for head in seen.values()][1:]
    assert sent == [
        *("84 days left to file", "56 days left to file", "28 days left to file", "14 days left to file"),
        *("7 days left to file", "Today is the last day to file", "Filing closed Apr 1, 2027, 5 pm ET"),
    ]


async def test_after_a_long_outage_only_the_newest_message_comes(stage, town):
    await save(stage)
    await stage.stop_app()
    late = datetime(2027, 3, 20, 3, 0, tzinfo=ZoneInfo(NEW_YORK)).astimezone(UTC)
    stage.clock.advance(late - stage.clock.now())
    await stage.start_app()
    await stage.application.catch_up()
    assert len(got(stage)) == 1, "nothing at three in the night"
    await at_wall(stage, NEW_YORK, date(2027, 3, 20))
    assert heads(stage)[1:] == ["12 days left to file: House of Delegates, District 12 · Virginia"]


async def test_a_date_that_moves_is_told_with_old_and_new(stage, town):
    await save(stage)
    await at_wall(stage, NEW_YORK, date(2027, 1, 1))
    town.says(closes=date(2027, 4, 8))
    await at_wall(stage, NEW_YORK, date(2027, 1, 2), 3, 30)
    assert len(got(stage)) == 2, "nobody is woken for it"
    await at_wall(stage, NEW_YORK, date(2027, 1, 2))
    told = card(stage, "A date has changed")
    assert "Filing closes *Apr 8, 2027, 5 pm ET* (party primary). It was Apr 1, 2027, 5 pm ET." in told.words
    assert told.buttons == ["I filed", "Details", "Ask a mentor", "Stop"]
    first, second = files(stage)
    assert entry(first)["uid"] == entry(second)["uid"]
    assert (entry(first)["sequence"], entry(second)["sequence"]) == (0, 1)
    assert entry(second)["dtstart"].dt == datetime(2027, 4, 8, 21, tzinfo=UTC)
    earlier = card(stage, "The date has moved since this message was sent")
    assert "File by *Apr 8, 2027, 5 pm ET*" in earlier.words
    await at_wall(stage, NEW_YORK, date(2027, 1, 8))
    await at_wall(stage, NEW_YORK, date(2027, 2, 7))
    assert heads(stage)[-2:] == [
        "90 days left to file: House of Delegates, District 12 · Virginia",
        "60 days left to file: House of Delegates, District 12 · Virginia",
    ]


async def test_moved_back_before_anybody_was_told_is_no_news(stage, town):
    await save(stage)
    town.says(closes=date(2027, 4, 8))
    await at_wall(stage, NEW_YORK, date(2026, 11, 25), 3, 30)
    town.says(closes=date(2027, 4, 1))
    async with stage.application.database.transaction() as store:
        await store.races_saved.check_anew("test")
    await at_wall(stage, NEW_YORK, date(2026, 11, 25), 4)
    await at_wall(stage, NEW_YORK, date(2026, 11, 25), 12)
    assert len(stage.dm("ada")) == 1, "neither words nor a file"
    await at_wall(stage, NEW_YORK, date(2027, 1, 1))
    assert heads(stage)[-1].startswith("90 days left")


async def test_a_cancelled_race_ends_the_countdown_and_is_taken_out_of_the_calendar(stage, town):
    await save(stage)
    await at_wall(stage, NEW_YORK, date(2027, 1, 1))
    town.races_known[SEAT.key] = replace(SEAT, cancelled=True)
    await at_wall(stage, NEW_YORK, date(2027, 1, 2))
    told = card(stage, "This election was cancelled")
    assert told.buttons == ["Ask a mentor", "Details"]
    gone = files(stage)[-1]
    assert gone["method"] == "CANCEL"
    assert (entry(gone)["sequence"], entry(gone)["status"]) == (1, "CANCELLED")
    assert entry(gone)["uid"] == entry(files(stage)[0])["uid"]
    assert "I filed" not in card(stage, "There is no such election any more").buttons
    count = len(stage.dm("ada"))
    for ahead in (60, 90, 120):
        await at_wall(stage, NEW_YORK, date(2027, 1, 1) + ahead * DAY)
    assert len(stage.dm("ada")) == count


async def test_a_race_without_a_date_is_saved_and_the_date_is_told(stage, town):
    town.races_known[SEAT.key] = replace(SEAT, filings=())
    said = await save(stage)
    assert "We look every night, and tell you when a date is known." in said.words
    assert stage.dm("ada") == []
    town.races_known[SEAT.key] = SEAT
    await at_wall(stage, NEW_YORK, date(2026, 12, 1), 10)
    told = card(stage, "A date is known now")
    assert "Filing closes *Apr 1, 2027, 5 pm ET*" in told.words
    assert len(files(stage)) == 1
    await at_wall(stage, NEW_YORK, date(2027, 1, 1))
    assert heads(stage)[-1].startswith("90 days left")


async def test_a_source_that_does_not_answer_changes_nothing_and_is_asked_again(stage, town):
    await save(stage)
    town.away = True
    await at_wall(stage, NEW_YORK, date(2026, 11, 25), 10)
    assert town.asked == [SEAT.key]
    await stage.pass_time(timedelta(minutes=5))
    assert town.asked == [SEAT.key] * 2
    town.away = False
    await stage.pass_time(timedelta(minutes=5))
    await stage.pass_time(timedelta(minutes=5))
    assert town.asked == [SEAT.key] * 3, "once a night is enough"
    assert len(stage.dm("ada")) == 1


async def test_stop_is_undone_where_it_was_pressed(stage, town):
    await save(stage)
    await at_wall(stage, NEW_YORK, date(2027, 1, 1))
    ada = stage.person("ada")
    ninety = card(stage, "90 days left")
    assert ninety.buttons == ["I filed", "Details", "Ask a mentor", "Stop"]
    await ada.press(ninety, "Stop")
    await stage.settle()
    assert ninety.buttons == ["Undo", "Details"]
    assert "Nothing more comes about this race." in ninety.words
    assert files(stage)[-1]["method"] == "CANCEL"
    await at_wall(stage, NEW_YORK, date(2027, 1, 31))
    assert not [head for head in heads(stage) if head.startswith("60 days")]
    await ada.press(ninety, "Undo")
    await stage.settle()
    assert "90 days left" in ninety.words
    assert (files(stage)[-1]["method"], entry(files(stage)[-1])["sequence"]) == ("PUBLISH", 2)
    await at_wall(stage, NEW_YORK, date(2027, 3, 2))
    assert heads(stage)[-1].startswith("30 days left")


async def test_stop_and_undo_on_the_home_tab(stage, town):
    await save(stage)
    ada = stage.person("ada")
    home = await open_home(stage)
    await ada.press(home, "Stop")
    await stage.settle()
    assert "Stopped." in ada.home.words.replace("*", "")
    await ada.press(ada.home, "Undo")
    await stage.settle()
    assert "File by" in ada.home.words
    assert "I filed" in ada.home.buttons


async def test_who_filed_hears_no_more_and_celebrates_only_if_they_want(stage, town):
    await save(stage)
    await at_wall(stage, NEW_YORK, date(2027, 3, 18))
    ada = stage.person("ada")
    await ada.press(card(stage, "14 days left"), "I filed")
    await stage.settle()
    shown = card(stage, "You filed")
    assert shown.buttons == ["Celebrate", "Undo"]
    assert stage.in_channel(WINS) == []
    async with stage.application.database.reading() as store:
        assert (await store.members.member("U0ADA")).stage is Campaign.FILED
    await ada.press(shown, "Celebrate")
    await stage.settle()
    (post,) = stage.in_channel(WINS)
    assert "@U0ADA" in post.text
    assert "has filed for *House of Delegates, District 12" in post.text
    assert shown.buttons == ["Take it down", "Undo"]
    await ada.press(shown, "Take it down")
    await stage.settle()
    assert stage.in_channel(WINS) == []
    await ada.press(shown, "Celebrate")
    await stage.settle()
    assert len(stage.in_channel(WINS)) == 1
    count = len(stage.dm("ada"))
    for day in (date(2027, 3, 25), date(2027, 4, 2)):
        await at_wall(stage, NEW_YORK, day)
    assert len(stage.dm("ada")) == count


async def test_filed_by_mistake_is_undone_with_the_stage_and_the_post(stage, town):
    await save(stage)
    ada = stage.person("ada")
    await ada.press(await open_home(stage), "I filed")
    await stage.settle()
    await ada.press(ada.home, "Celebrate")
    await stage.settle()
    assert len(stage.in_channel(WINS)) == 1
    await ada.press(ada.home, "Undo")
    await stage.settle()
    assert stage.in_channel(WINS) == []
    async with stage.application.database.reading() as store:
        assert (await store.members.member("U0ADA")).stage is Campaign.EXPLORING
    await at_wall(stage, NEW_YORK, date(2027, 1, 1))
    assert heads(stage)[-1].startswith("90 days left")


async def test_without_a_wins_channel_nothing_is_offered(stage, town):
    await stage.stop_app()
    stage.settings = stage.settings.model_copy(update={"wins_channel": None})
    await stage.start_app()
    await save(stage)
    await at_wall(stage, NEW_YORK, date(2027, 1, 1))
    await stage.person("ada").press(card(stage, "90 days left"), "I filed")
    await stage.settle()
    assert card(stage, "You filed").buttons == ["Undo"]


async def test_details_and_a_question_know_the_race(stage, town):
    await save(stage)
    await at_wall(stage, NEW_YORK, date(2027, 1, 1))
    ada = stage.person("ada")
    await ada.press(card(stage, "90 days left"), "Details")
    details = await ada.wait_modal("Details")
    assert "2 percent of the salary" in details.words
    assert "I filed" in details.buttons
    await ada.close_modal()
    await ada.press(card(stage, "90 days left"), "Ask a mentor")
    form = await ada.wait_modal("Ask a mentor")
    assert form.values["topic"] == "filing"
    assert form.values["state"] == "VA"
    assert form.values["needed_by"] == "2027-04-01"
    assert "House of Delegates, District 12" in form.words


async def test_another_persons_card_does_nothing(stage, town):
    await save(stage)
    await at_wall(stage, NEW_YORK, date(2027, 1, 1))
    async with stage.application.database.reading() as store:
        before = await store.races_saved.get(1)
    assert "Saved" in (await save(stage, "mia")).buttons
    async with stage.application.database.reading() as store:
        assert await store.races_saved.get(1) == before
        assert (await store.races_saved.get(2)).user == "U0MIA"


async def test_who_leaves_is_written_nothing_and_who_comes_back_goes_on(stage, town):
    await save(stage)
    stage.sandbox.workspace.deactivate("U0ADA")
    await stage.heard_everything()
    for day in (date(2027, 1, 1), date(2027, 1, 31)):
        await at_wall(stage, NEW_YORK, day)
    async with stage.application.database.reading() as store:
        assert (await store.races_saved.get(1)).flight is None
        assert await store.deliveries.dead() == []


async def test_a_day_without_slack_costs_no_message(stage, town, monkeypatch):
    await save(stage)
    outbox = stage.application.outbox
    monkeypatch.setattr(outbox, "drain", partial(outbox.drain, patience=1.0))  # Nobody waits for that day.
    stage.sandbox.faults.add("rate_limited", method="chat.postMessage", retry_after=0.2, times=10_000)
    await at_wall(stage, NEW_YORK, date(2027, 1, 1))
    async with stage.application.database.reading() as store:
        saved = await store.races_saved.get(1)
        assert (await store.deliveries.find(saved.flight)).state is State.PENDING
    stage.sandbox.faults.clear()
    await at_wall(stage, NEW_YORK, date(2027, 1, 1), 23)
    await at_wall(stage, NEW_YORK, date(2027, 1, 2))
    assert heads(stage)[-1].startswith("89 days left")
    await at_wall(stage, NEW_YORK, date(2027, 1, 3))
    assert len(got(stage)) == 2
