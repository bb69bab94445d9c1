"""Calendar files, read back by a reader that shares nothing with what wrote them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.events_terms import DESCRIPTION_MOST, LINK_MOST, TITLE_MOST, Event, Kind, Status
from messages import payload as p
from messages.events_calendar import calendar, file, google_link
from tests import ics
from tests.community.cast import NOW
from tests.messages.questions import HOSTILE, stretch

MINUTE = timedelta(minutes=1)
FIVE = ["America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "Pacific/Honolulu"]


def event(**changes):
    usual = Event(
        id=7,
        kind=Kind.CHAT,
        title="Debate prep in three evenings",
        zone="America/New_York",
        starts_at=datetime(2027, 4, 1, 21, 0, tzinfo=UTC),
        ends_at=datetime(2027, 4, 1, 22, 0, tzinfo=UTC),
        link="https://meet.example.org/debate?a=1&b=2",
        by="U0SUE",
        created_at=NOW,
        uid="8f14e45f-ea8f-4c5b-9d2a-1e7f3c6b5a40@downballot",
    )
    return replace(usual, **changes)


def written(one):
    return ics.read(file(one, organisation="Run Local", at=NOW))


def entry(calendar):
    (found,) = calendar.named("VEVENT")
    return found


def ends(whole):
    part = entry(whole)
    if "DTEND" in part.properties:
        return ics.moment(whole, part, "DTEND")
    span = part.value("DURATION").removeprefix("PT")
    hours, _, rest = span.rpartition("H")
    return ics.moment(whole, part, "DTSTART") + timedelta(
        hours=int(hours or 0), minutes=int(rest.removesuffix("M") or 0)
    )


@pytest.mark.parametrize("zone", FIVE)
@given(
    st.integers(0, 11 * 365 * 24 * 60).map(lambda late: datetime(2026, 1, 1, tzinfo=UTC) + late * MINUTE),
    st.integers(5, 480),
)
def test_every_instant_comes_back_in_every_zone(zone, begins, minutes):
    one = event(zone=zone, starts_at=begins, ends_at=begins + timedelta(minutes=minutes))
    whole = written(one)
    found = ics.moment(whole, entry(whole), "DTSTART")
    # What begins in the second half of a doubled hour cannot be scheduled: the first is taken.
    local = begins.astimezone(ZoneInfo(zone))
    if not local.fold:
        assert found == begins
        assert ends(whole) == begins + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("America/New_York", datetime(2027, 3, 14, 7, 0, tzinfo=UTC)),
        ("America/New_York", datetime(2027, 3, 14, 7, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2027, 3, 14, 6, 59, tzinfo=UTC)),
        ("America/New_York", datetime(2027, 11, 7, 5, 30, tzinfo=UTC)),
        ("America/Chicago", datetime(2027, 11, 7, 6, 30, tzinfo=UTC)),
        ("America/Denver", datetime(2027, 3, 14, 9, 0, tzinfo=UTC)),
        ("America/Phoenix", datetime(2027, 3, 14, 9, 0, tzinfo=UTC)),
        ("Pacific/Honolulu", datetime(2027, 11, 7, 12, 0, tzinfo=UTC)),
    ],
)
def test_on_the_mornings_when_the_clocks_change_nobody_is_an_hour_off(zone, begins):
    whole = written(event(zone=zone, starts_at=begins, ends_at=begins + timedelta(minutes=45)))
    assert ics.moment(whole, entry(whole), "DTSTART") == begins
    assert ends(whole) == begins + timedelta(minutes=45)


def test_what_ends_in_the_doubled_hour_keeps_its_length():
    begins = datetime(2027, 11, 7, 5, 15, tzinfo=UTC)  # 1:15 am EDT; an hour later walls show 1:15 again
    whole = written(event(starts_at=begins, ends_at=begins + timedelta(hours=1)))
    assert ends(whole) - ics.moment(whole, entry(whole), "DTSTART") == timedelta(hours=1)


def test_a_change_keeps_the_uid_and_raises_the_sequence_and_a_cancellation_says_so():
    first, later = written(event()), written(event(sequence=2, title="Debate prep in two evenings"))
    gone = written(event(sequence=3, status=Status.CANCELLED, cancelled_at=NOW))
    assert {entry(each).value("UID") for each in (first, later, gone)} == {event().uid}
    assert [entry(each).value("SEQUENCE") for each in (first, later, gone)] == ["0", "2", "3"]
    assert [each.value("METHOD") for each in (first, later, gone)] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert [entry(each).value("STATUS") for each in (first, gone)] == ["CONFIRMED", "CANCELLED"]
    for each in (first, later, gone):
        assert "ORGANIZER" in entry(each).properties, "RFC 5546 asks for one in both methods"
        assert ics.utc(entry(each).value("DTSTAMP")) == NOW
        assert each.value("VERSION") == "2.0"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_whatever_was_typed_is_one_field_of_the_file(text):
    one = event(title=stretch(text, TITLE_MOST), description=stretch(text, DESCRIPTION_MOST))
    whole = written(one)
    assert {part.name for part in whole.parts} == {"VTIMEZONE", "VEVENT"}
    assert entry(whole).text("LOCATION") == one.link
    payload = calendar(one, organisation=text[:80], at=NOW)
    assert payload["filename"] == "chat-7.ics"
    ics.read(payload["content"].encode())


def test_google_opens_with_the_same_instant_and_the_link():
    asked = parse_qs(urlsplit(google_link(event())).query)
    assert asked["dates"] == ["20270401T210000Z/20270401T220000Z"]
    assert asked["text"] == ["Debate prep in three evenings"]
    assert asked["location"] == ["https://meet.example.org/debate?a=1&b=2"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_link_to_google_is_never_longer_than_a_button_takes(text):
    link = "https://meet.example.org/" + "x" * (LINK_MOST - 30)
    one = event(title=stretch(text, TITLE_MOST), description=stretch(text, DESCRIPTION_MOST), link=link)
    assert len(google_link(one)) <= p.URL_MOST


def test_an_onset_is_written_by_the_clock_before_the_change():
    (zone,) = written(event()).named("VTIMEZONE")
    onsets = {part.value("DTSTART"): part for part in zone.parts}
    spring, fall = onsets["20270314T020000"], onsets["20271107T020000"]
    assert (spring.name, spring.value("TZOFFSETFROM"), spring.value("TZOFFSETTO")) == (
        "DAYLIGHT",
        "-0500",
        "-0400",
    )
    assert (fall.name, fall.value("TZOFFSETFROM"), fall.value("TZOFFSETTO")) == ("STANDARD", "-0400", "-0500")
    assert zone.value("TZID") == "America/New_York"
