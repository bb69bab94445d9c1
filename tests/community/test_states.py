"""States, topics and offices: known by their code or their name, and by nothing else."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.offices import Office, find_office
from community.states import every_state, find_state, state_name
from community.topics import MENTOR_TOPICS, Topic, find_topic


def test_all_fifty_states_the_district_and_the_territories_are_there():
    codes = [state.code for state in every_state()]
    assert len(codes) == len(set(codes)) == 56
    assert {"VA", "DC", "PR", "GU", "VI", "AS", "MP"} <= set(codes)
    assert [state.name for state in every_state()] == sorted(state.name for state in every_state())
    for state in every_state():
        assert ZoneInfo(state.zone)


@pytest.mark.parametrize("word", ["VA", "va", "Virginia", " virginia ", "VIRGINIA"])
def test_a_state_is_found_by_code_or_name_in_any_case(word):
    assert find_state(word).code == "VA"


@pytest.mark.parametrize("word", ["D.C.", "dc", "Washington, D.C.", "washington  dc", "District of Columbia"])
def test_the_district_has_many_names(word):
    assert find_state(word).code == "DC"


@pytest.mark.parametrize("word", ["", " ", "Virgina", "XX", "West", "V", "VA;NC", "Virginia Beach"])
def test_what_is_no_state_is_not_guessed_at(word):
    assert find_state(word) is None


def test_a_name_is_given_for_a_code_and_what_is_unknown_stays():
    assert (state_name("VA"), state_name("XX"), state_name(None)) == ("Virginia", "XX", "")


def test_washington_is_the_state():
    assert find_state("washington").code == "WA"


@pytest.mark.parametrize("topic", list(Topic))
def test_a_topic_is_found_by_key_and_title(topic):
    assert find_topic(topic.value) is find_topic(f" {topic.label.upper()} ") is topic


@pytest.mark.parametrize("office", list(Office))
def test_an_office_is_found_by_key_and_title(office):
    assert find_office(office.value) is find_office(f" {office.label.upper()} ") is office


@given(st.text())
def test_any_text_is_looked_up_without_harm(text):
    for find in (find_state, find_topic, find_office):
        find(text)


def test_nobody_is_an_expert_for_something_else_or_for_feeling_unsafe():
    assert set(Topic) - set(MENTOR_TOPICS) == {Topic.OTHER, Topic.UNSAFE}
    assert len({topic.label for topic in Topic}) == len(Topic)
    assert len({office.label for office in Office}) == len(Office)
