"""Who is asked: the best fit first, the nearest circle first, work spread evenly, nobody who must not be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.members import MentorKind
from community.mentoring_matching import (
    CIRCLES,
    Circle,
    Reason,
    Standing,
    in_circle,
    next_wave,
    rank,
    reasons,
)
from community.offices import Office
from community.topics import MENTOR_TOPICS, Topic
from tests.community.cast import ASKER, HOUR, NOW, profile, request, standing

NOBODY = frozenset()


def order(*standings: Standing, **changes: object) -> list[str]:
    return [each.profile.user for each, _ in rank(request(**changes), standings, now=NOW)]


def wave(*standings: Standing, start=Circle.STATE, size=3, asked=NOBODY, **changes: object):
    circle, matches = next_wave(
        request(**changes), standings, start=start, size=size, now=NOW, asked=frozenset(asked)
    )
    return circle, [match.mentor for match in matches]


FILING = frozenset({Topic.FILING})
DEBATE = frozenset({Topic.DEBATE})
BOARD = frozenset({Office.SCHOOL_BOARD})
JUDGE = frozenset({Office.JUDGE})
OHIO = frozenset({"OH"})


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param(
            standing("UA", topics=DEBATE, offices=JUDGE, held=2, last=NOW),
            standing("UB", states=OHIO, topics=FILING, offices=BOARD),
            id="state before all else",
        ),
        pytest.param(
            standing("UA", topics=FILING, offices=JUDGE, held=2, last=NOW),
            standing("UB", offices=BOARD),
            id="a named topic before one who takes all",
        ),
        pytest.param(
            standing("UA", held=2, offices=JUDGE),
            standing("UB", topics=DEBATE),
            id="all topics first",
        ),
        pytest.param(
            standing("UA", offices=BOARD, kind=MentorKind.ALUMNI, held=2),
            standing("UB", offices=BOARD),
            id="who ran for the office before who knows it",
        ),
        pytest.param(standing("UA", offices=BOARD, held=2), standing("UB"), id="a named office before all"),
        pytest.param(standing("UA", held=2), standing("UB", offices=JUDGE), id="all offices before others"),
        pytest.param(standing("UA", held=1, last=NOW), standing("UB", held=2), id="the lighter load"),
        pytest.param(
            standing("UA", held=1, last=NOW), standing("UB", offered=2), id="offers that wait are load"
        ),
        pytest.param(
            standing("UA", last=NOW - 2 * HOUR), standing("UB", last=NOW - HOUR), id="asked longest ago"
        ),
        pytest.param(standing("UA"), standing("UB", last=NOW - 900 * HOUR), id="never asked before"),
    ],
)
def test_each_criterion_counts_in_its_turn(better, worse):
    for number in range(1, 30):  # The hash decides nothing here, whatever the request.
        assert order(better, worse, number=number) == ["UA", "UB"]
        assert order(worse, better, number=number) == ["UA", "UB"]


def test_without_an_office_nobody_is_nearer_for_the_office_they_know():
    assert order(standing("UA", held=1, offices=BOARD), standing("UB", offices=JUDGE), office=None) == [
        "UB",
        "UA",
    ]


def test_equals_share_the_work_evenly():
    mentors = [standing(f"U{letter}") for letter in "ABCDEFGHIJ"]
    first = Counter(order(*mentors, number=number)[0] for number in range(1, 2001))
    asked = Counter(user for number in range(1, 2001) for user in wave(*mentors, number=number)[1])
    # 2,000 draws among ten: 200 each, give or take five standard deviations (13.4).
    assert all(133 <= first[mentor.profile.user] <= 267 for mentor in mentors), first
    assert all(495 <= asked[mentor.profile.user] <= 705 for mentor in mentors), asked


def test_waves_of_a_busy_month_load_everybody_alike():
    offered: Counter[str] = Counter()
    last = {}
    for number in range(1, 301):
        mentors = [standing(f"U{n}", last=last.get(f"U{n}")) for n in range(9)]
        for user in wave(*mentors, number=number)[1]:
            offered[user] += 1
            last[user] = NOW - timedelta(days=30) + number * HOUR
    assert set(offered.values()) == {100}


def test_the_nearest_circle_that_has_somebody_is_asked():
    state = standing("USTATE", topics=DEBATE)
    expert = standing("UEXPERT", states=OHIO, topics=FILING)
    alumni = standing("UALUMNI", states=OHIO, offices=BOARD, kind=MentorKind.ALUMNI)
    other = standing("UOTHER", states=OHIO)
    everybody = (other, alumni, expert, state)
    assert wave(*everybody) == (Circle.STATE, ["USTATE"])
    assert wave(*everybody, start=Circle.EXPERTS) == (Circle.EXPERTS, ["UEXPERT", "UALUMNI"])
    assert wave(*everybody, asked={"USTATE"}) == (Circle.EXPERTS, ["UEXPERT", "UALUMNI"])
    assert wave(*everybody, start=Circle.EVERYONE) == (Circle.EVERYONE, ["USTATE", "UEXPERT", "UALUMNI"])
    assert wave(other) == (Circle.EVERYONE, ["UOTHER"])
    assert wave(*everybody, start=Circle.STAFF) == (Circle.STAFF, [])
    assert wave() == (Circle.STAFF, [])


def test_who_knows_the_office_without_having_won_it_is_no_expert():
    assert wave(standing("UA", states=OHIO, offices=BOARD)) == (Circle.EVERYONE, ["UA"])


def test_who_takes_every_topic_is_asked_but_no_expert_of_any():
    taker = standing("UA", states=OHIO)
    assert reasons(taker.profile, request()) == (Reason.ROOM,)
    assert wave(taker, start=Circle.EXPERTS) == (Circle.EVERYONE, ["UA"])
    assert reasons(profile("UA"), request()) == (Reason.STATE,)


def test_something_else_has_no_experts():
    takers = [standing("UA", states=OHIO, topics=frozenset(MENTOR_TOPICS))]
    assert wave(*takers, topic=Topic.OTHER) == (Circle.EVERYONE, ["UA"])


def test_the_reasons_are_all_named_strongest_first():
    known = profile("UA", topics=FILING, offices=BOARD)
    assert reasons(known, request()) == (Reason.STATE, Reason.TOPIC, Reason.OFFICE)
    alumni = replace(known, kind=MentorKind.ALUMNI, states=OHIO)
    assert reasons(alumni, request()) == (Reason.TOPIC, Reason.ALUMNI_OFFICE)


@pytest.mark.parametrize(
    "unfit",
    [
        pytest.param(standing("UA", approved_at=None), id="not approved"),
        pytest.param(standing("UA", away_until=NOW + HOUR), id="away"),
        pytest.param(standing("UA", held=3, capacity=3), id="full"),
        pytest.param(standing("UA", held=4, capacity=3), id="over full"),
        pytest.param(standing(ASKER), id="the asker"),
        pytest.param(standing("UA", against=frozenset({ASKER, "UX"})), id="works against the asker"),
    ],
)
def test_who_must_not_be_asked_is_not(unfit):
    assert wave(unfit) == (Circle.STAFF, [])
    assert wave(unfit, standing("UB", states=OHIO)) == (Circle.EVERYONE, ["UB"])


def test_who_was_asked_or_passed_is_not_asked_again():
    mentors = [standing(f"U{n}") for n in range(5)]
    _, first = wave(*mentors)
    circle, second = wave(*mentors, asked=first)
    assert circle is Circle.STATE
    assert sorted(first + second) == sorted(mentor.profile.user for mentor in mentors)


def test_who_is_back_and_has_one_place_left_is_asked():
    assert wave(standing("UA", away_until=NOW, held=2, capacity=3)) == (Circle.STATE, ["UA"])


USERS = st.sampled_from([f"U{n}" for n in range(8)] + [ASKER])
STANDINGS = st.lists(
    st.builds(
        standing,
        user=USERS,
        states=st.frozensets(st.sampled_from(["VA", "OH", "TX"])),
        topics=st.frozensets(st.sampled_from(MENTOR_TOPICS), max_size=3),
        offices=st.frozensets(st.sampled_from(list(Office)), max_size=3),
        kind=st.sampled_from(list(MentorKind)),
        held=st.integers(0, 4),
        offered=st.integers(0, 4),
        capacity=st.integers(1, 4),
        away_until=st.sampled_from([None, NOW - HOUR, NOW, NOW + HOUR]),
        approved_at=st.sampled_from([None, NOW - HOUR]),
        against=st.frozensets(st.sampled_from([ASKER, "UX"])),
        last=st.sampled_from([None, NOW - HOUR, NOW]),
    ),
    max_size=12,
    unique_by=lambda each: each.profile.user,
)


@given(
    standings=STANDINGS,
    start=st.sampled_from(CIRCLES),
    size=st.integers(1, 5),
    asked=st.frozensets(USERS),
    number=st.integers(1, 999),
    topic=st.sampled_from(list(Topic)),
    office=st.sampled_from([None, *Office]),
    data=st.data(),
)
def test_a_wave_is_small_lawful_and_the_same_every_time(
    standings, start, size, asked, number, topic, office, data
):
    about = request(number, topic=topic, office=office)
    circle, matches = next_wave(about, standings, start=start, size=size, now=NOW, asked=asked)
    shuffled = data.draw(st.permutations(standings))
    assert next_wave(about, shuffled, start=start, size=size, now=NOW, asked=asked) == (circle, matches)

    known = {each.profile.user: each for each in standings}
    users = [match.mentor for match in matches]
    assert len(users) == len(set(users)) <= size
    assert CIRCLES.index(circle) >= CIRCLES.index(start)
    assert bool(matches) == (circle is not Circle.STAFF)
    for match in matches:
        them = known[match.mentor]
        assert them.profile.user not in asked | {ASKER}
        assert them.profile.approved_at is not None
        assert ASKER not in them.profile.against
        assert them.held < them.profile.capacity
        assert them.profile.away_until is None or them.profile.away_until <= NOW
        assert in_circle(circle, match.reasons)
    # Nobody in a nearer circle that was to be asked was left out for somebody farther away.
    nearer = CIRCLES[CIRCLES.index(start) : CIRCLES.index(circle)]
    fitting = rank(about, standings, now=NOW, asked=asked)
    assert not [why for _, why in fitting for each in nearer if in_circle(each, why)]
