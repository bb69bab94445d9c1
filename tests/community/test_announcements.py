"""How long the rest of an announcement takes, and when a second yes is needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from community.announcements import begun
from community.announcements_audience import Audience, By
from community.announcements_book import Announcement, Rules, Status, Tally, remaining
from tests.community.cast import NOW

MINUTE = timedelta(minutes=1)
ONE = Announcement(id=1, author="U0SUE", status=Status.SENDING, begun_at=NOW, started_at=NOW)


def left(waiting, sent, after):
    tally = Tally(sent=sent, waiting=waiting)
    return remaining(replace(ONE, tally=tally), Rules(), NOW + after) / MINUTE


def test_the_rest_takes_as_long_as_it_took_so_far_once_there_is_something_to_go_by():
    assert left(480, 0, timedelta()) == pytest.approx(1.9, abs=0.1)
    assert left(600, 300, MINUTE) == 2
    assert left(0, 900, MINUTE) == 0


def test_a_night_in_between_does_not_make_the_rest_take_hours():
    assert left(3000, 5000, timedelta(hours=12)) <= 3 * 9.5


def test_a_second_yes_is_needed_above_the_set_number_but_not_for_a_channel():
    rules = Rules(approval_above=200)
    assert not rules.needs_approval(Audience(), 200)
    assert rules.needs_approval(Audience(), 201)
    assert not rules.needs_approval(Audience.of({}, ["C0ALL"]), 1)


def test_what_was_to_start_by_now_is_on_its_way():
    ready = replace(ONE, status=Status.READY, started_at=None, starts_at=NOW)
    assert begun(ready, NOW - MINUTE) == ready
    assert begun(ready, NOW).status is Status.SENDING
    assert begun(ready, NOW + MINUTE).started_at == NOW
    assert begun(replace(ready, status=Status.CANCELLED), NOW).status is Status.CANCELLED


def test_an_audience_is_kept_and_read_back_as_it_was():
    chosen = Audience.of({By.STATE: {"VA", "OH"}, By.ROLE: set()}, [])
    assert Audience.read(chosen.kept()) == chosen
    assert chosen.people.keys() == {By.STATE}
    assert not chosen.everybody
    assert Audience().everybody
    channels = Audience.of({}, ["C2", "C1", "C1"])
    assert Audience.read(channels.kept()).channels == ("C1", "C2")
    with pytest.raises(ValueError, match="horoscope"):
        Audience.read({"people": {"horoscope": ["leo"]}})
