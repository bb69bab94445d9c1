"""A saved race in words: every card in every standing, whatever a source may send, and the calendar file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from community.journeys_times import moment_at
from community.races import Certainty, Filing
from community.races_changes import Change, Kind
from community.races_countdown import CLOSED, OPENS, RUNGS
from community.races_saved import Standing
from messages import payload as p
from messages import races_calendar, races_details
from messages import races_saved as words
from messages import races_saved_lists as lists
from tests.community.test_races_saved import (
    DAY,
    HONOLULU,
    NEW_YORK,
    NOW,
    OFFICE,
    PRIMARY,
    VIRGINIA,
    ZONES,
    made,
    race,
)
from tests.messages import slack_rules
from tests.messages.questions import HOSTILE

WINS = "C0WINS"
TARGET = {"what": "party primary", "closes": PRIMARY.closes}


def card(now=NOW, wins=WINS, **changes):
    return words.Card(saved=made(**changes), now=now, wins=wins)


def said(payload):
    return "\n".join(slack_rules.texts(payload["blocks"]))


def heads(payload):
    return said(payload).replace("*", "").splitlines()[0]


def test_the_days_are_said_as_people_say_them():
    name = "House of Delegates, District 12 · Virginia"
    for rung, days, head in (
        ("90", 90, f"90 days left to file: {name}"),
        ("3", 2, f"2 days left to file: {name}"),
        ("1", 1, f"Tomorrow is the last day to file: {name}"),
        ("1", 0, f"Today is the last day to file: {name}"),
    ):
        on = PRIMARY.closes - days * DAY
        assert heads(words.countdown(card(), rung=rung, on=on, **TARGET)) == head
    opening = words.countdown(card(), rung=OPENS, on=PRIMARY.opens, **TARGET)
    assert heads(opening) == f"Filing opens today: {name}"
    late = words.countdown(card(), rung=OPENS, on=PRIMARY.opens + DAY, **TARGET)
    assert heads(late) == f"Filing is open: {name}"


def test_the_readers_own_hour_stands_beside_that_of_the_paper():
    shown = words.countdown(card(reader=HONOLULU), rung="7", on=date(2027, 3, 25), **TARGET)
    assert "File by *Apr 1, 2027, 5 pm ET* (11 am where you are) · party primary." in said(shown)
    assert "where you are" not in said(words.countdown(card(), rung="7", on=date(2027, 3, 25), **TARGET))
    guam = words.countdown(card(reader="Pacific/Guam"), rung="7", on=date(2027, 3, 25), **TARGET)
    assert "(Apr 2, 2027, 7 am where you are)" in said(guam)


def test_what_is_derived_is_called_so_on_every_card():
    derived = replace(VIRGINIA, certainty=Certainty.DERIVED, rule="Va. Code § 24.2-522")
    shown = words.countdown(card(what=derived), rung="30", on=date(2027, 3, 2), **TARGET)
    assert "Derived from the law (Va. Code § 24.2-522): check with the election office" in said(shown)


def test_a_card_of_before_shows_the_date_of_now():
    shown = words.countdown(
        card(what=race(closes=date(2027, 4, 8))), rung="30", on=date(2027, 3, 2), **TARGET
    )
    assert "days left" not in said(shown)
    assert "File by *Apr 8, 2027, 5 pm ET*" in said(shown)
    assert "The date has moved since this message was sent." in said(shown)


def test_after_the_first_of_two_windows_the_next_one_is_named():
    later = Filing(closes=date(2027, 6, 15), closes_at=time(19), zone=NEW_YORK, what="independents")
    both = card(what=replace(VIRGINIA, filings=(PRIMARY, later)), now=NOW + 131 * DAY)
    shown = words.countdown(both, rung=CLOSED, on=date(2027, 4, 2), **TARGET)
    assert "Did you file? If not: file by *Jun 15, 2027, 7 pm ET* · independents." in said(shown)


def test_changes_say_old_and_new():
    told = [
        Change(Kind.CLOSES, "2027-04-01 17:00 America/New_York", "2027-04-08", "party primary"),
        Change(Kind.OPENS, "", "2027-03-15"),
        Change(Kind.ELECTION, "2027-11-02", ""),
    ]
    shown = said(words.changed(card(), told, on=date(2027, 1, 2)))
    assert "Filing closes *Apr 8, 2027* (party primary). It was Apr 1, 2027, 5 pm ET." in shown
    assert "Filing opens *Mar 15, 2027*. Nobody had published it before." in shown
    assert "Nobody says any more when the election is. It was Nov 2, 2027." in shown
    assert "That is 89 days after Jan 2, 2027." in shown
    back = words.changed(card(), [Change(Kind.BACK)], on=date(2027, 1, 2))
    assert "This election takes place after all." in said(back)


def test_only_the_days_that_are_still_to_come_are_promised():
    late = moment_at(date(2027, 3, 26), time(10), NEW_YORK)
    assert lists.follows(card(at=late)) == (
        "*Saved.* We write to you 3 and 1 day before filing closes: the first on Mar 29, 2027 at 9 am."
    )
    day_before = moment_at(date(2027, 3, 30), time(10), NEW_YORK)
    assert lists.follows(card(at=day_before)) == (
        "*Saved.* We write to you 1 day before filing closes, on Mar 31, 2027 at 9 am."
    )
    last = moment_at(date(2027, 4, 1), time(10), NEW_YORK)
    assert lists.follows(card(at=last)) == "*Saved.*"
    unknown = lists.follows(card(what=replace(VIRGINIA, filings=())))
    assert unknown == "*Saved.* We look every night, and tell you when a date is known."


def test_celebrating_asks_first_and_is_offered_only_where_there_is_a_channel():
    filed = words.standing(card(standing=Standing.FILED))[1][0]["elements"]
    assert [each["action_id"] for each in filed] == [words.CELEBRATE, words.UNDO]
    assert "You can take it down again" in filed[0]["confirm"]["text"]["text"]
    without = words.standing(card(standing=Standing.FILED, wins=""))[1][0]["elements"]
    assert [each["action_id"] for each in without] == [words.UNDO]


TEXTS = st.one_of(st.sampled_from(list(HOSTILE.values())), st.text(max_size=300), st.just(""))
ANY_FILINGS = st.lists(
    st.builds(
        Filing,
        opens=st.none() | st.dates(date(2026, 1, 1), date(2028, 1, 1)),
        closes=st.none() | st.dates(date(2026, 1, 1), date(2028, 1, 1)),
        closes_at=st.none() | st.times(),
        zone=st.sampled_from(["", *ZONES]),
        what=TEXTS,
        note=TEXTS,
    ),
    max_size=4,
)


@st.composite
def cards(draw):
    office = replace(
        OFFICE,
        name=draw(TEXTS),
        district=draw(TEXTS),
        division=replace(OFFICE.division, name=draw(TEXTS)),
        file_where=draw(TEXTS),
        file_how=draw(TEXTS),
        fee=draw(TEXTS),
        phone=draw(TEXTS),
    )
    what = replace(
        VIRGINIA,
        office=office,
        filings=tuple(draw(ANY_FILINGS)),
        source=draw(TEXTS),
        rule=draw(TEXTS),
        url=draw(st.sampled_from(["", "https://elections.example/va?a=1&b=2", "javascript:alert(1)"])),
        certainty=draw(st.sampled_from(list(Certainty))),
        cancelled=draw(st.booleans()),
    )
    return card(
        what=what,
        now=NOW + draw(st.timedeltas(-300 * DAY, 600 * DAY)),
        wins=draw(st.sampled_from(["", WINS])),
        reader=draw(st.sampled_from(ZONES)),
        standing=draw(st.sampled_from(list(Standing))),
        won_at=draw(st.sampled_from([None, NOW])),
    )


@given(
    one=cards(),
    rung=st.sampled_from([*map(str, RUNGS), OPENS, CLOSED]),
    on=st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    changes=st.lists(
        st.builds(
            Change,
            st.sampled_from(list(Kind)),
            st.sampled_from(["", "2027-04-01", "2027-04-01 17:00 America/New_York"]),
            st.sampled_from(["2027-04-02", "2027-04-08 08:30 Pacific/Honolulu"]),
            TEXTS,
        ),
        min_size=1,
        max_size=10,
    ),
)
def test_whatever_a_source_sends_slack_takes_every_card(one, rung, on, changes):
    known = one.saved.race.filings
    what, closes = (known[0].what, known[0].closes) if known else ("", None)
    messages = [
        words.countdown(one, rung=rung, on=on, what=what, closes=closes),
        words.changed(one, changes, on=on),
        words.win(one),
    ]
    for message in messages:
        slack_rules.check_message(message)
    home = p.home([*lists.home_row(one, on), *lists.home_row(one, on)])
    slack_rules.check_home(home)
    saved = one.saved
    view = races_details.saved_details(saved.race, saved.zone, lists.in_details(one), now=one.now)
    slack_rules.check_modal(view)
    for shown in (*messages, home["view"], view):
        for formatted in slack_rules.formatted(shown):
            assert "<!" not in formatted
            assert "<@U0VICTIM" not in formatted
            assert "<javascript" not in formatted


def test_an_office_that_a_source_calls_by_an_asterisk_still_says_something_in_a_notification():
    office = replace(OFFICE, name="*", district="", division=replace(OFFICE.division, name="*"))
    one = card(what=replace(VIRGINIA, office=office, filings=()))
    slack_rules.check_message(words.countdown(one, rung="90", on=date(2026, 1, 1), what="", closes=None))


@given(one=cards(), method=st.sampled_from(["publish", "cancel"]))
def test_whatever_a_source_sends_the_file_can_be_read_back(one, method):
    saved = one.saved
    whats = list(dict.fromkeys(each.what for each in saved.race.filings if each.closes))
    written = races_calendar.calendar(saved, method, whats, now=NOW)
    read = Calendar.from_ical(written)
    assert read["method"] == method.upper()
    events = read.walk("VEVENT")
    assert len(events) == len(whats)
    assert len({str(event["uid"]) for event in events}) == len(events)
    assert all(len(line.encode()) <= 75 for line in written.split("\r\n"))
    for event in events:
        assert event["sequence"] == saved.sequence
        assert event.errors == []
    payload = words.calendar_file(one, method=method, whats=whats, why="saved")
    assert len(payload["initial_comment"]) <= 3000
    assert "<!" not in payload["initial_comment"]


def event(saved, method="publish"):
    (found,) = Calendar.from_ical(races_calendar.calendar(saved, method, ["party primary"], now=NOW)).walk(
        "VEVENT"
    )
    return found


def test_an_hour_that_is_known_is_a_moment_and_one_that_is_not_a_day():
    known = event(made())
    assert known["dtstart"].dt == datetime(2027, 4, 1, 21, tzinfo=UTC)
    assert known["summary"].startswith("Filing closes: House of Delegates, District 12")
    assert known["summary"].endswith("(party primary)")
    assert [alarm["trigger"].dt for alarm in known.walk("VALARM")] == [
        timedelta(days=-7),
        timedelta(days=-1),
    ]
    whole = event(made(race(closes_at=None)))
    assert (whole["dtstart"].dt, whole["dtend"].dt) == (date(2027, 4, 1), date(2027, 4, 2))


def test_an_entry_keeps_its_name_whatever_happens_to_it():
    one = made()
    moved = replace(one, race=race(closes=date(2027, 4, 8)), sequence=3)
    gone = event(replace(moved, sequence=4), "cancel")
    assert event(one)["uid"] == event(moved)["uid"] == gone["uid"]
    assert (event(moved)["sequence"], gone["sequence"]) == (3, 4)
    assert gone["status"] == "CANCELLED"
    assert event(made(user="UB"))["uid"] != event(one)["uid"], "every person has their own"
    written = races_calendar.calendar(one, "publish", ["party primary"], now=NOW).casefold()
    assert "ada" not in written.replace(one.uid, ""), "the entry says nobody's name"


@pytest.mark.parametrize("standing", list(Standing))
def test_the_home_tab_names_what_can_be_done(standing):
    shown = lists.home_row(card(standing=standing), date(2026, 11, 23))
    elements = [each for block in shown for each in block.get("elements", [])]
    pressed = {each.get("action_id") for each in elements}
    assert pressed & {words.STOP, words.UNDO, words.ASK}
