import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.deliveries import Delivery, Kind, Lane
from scheduler import pacing
from scheduler.breaker import Breaker
from scheduler.pacing import METHODS, TIERS, Pace


class Time:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Time()


def send_for(pace, time, seconds, kind=Kind.POST, lines=None):
    """Send as fast as the pace permits for that long; the moments of sending."""
    moments = []
    until = time.now + seconds
    number = 0
    while True:
        line = lines[number % len(lines)] if lines else f"C{number}"
        wait = pace.wait(kind, line)
        if time.now + wait >= until:
            return moments
        time.now += wait
        pace.take(kind, line)
        moments.append(time.now)
        number += 1


def most_within(moments, span):
    return max(sum(1 for other in moments if moment <= other < moment + span) for moment in moments)


def test_one_conversation_gets_a_small_burst_and_then_one_a_second(time):
    moments = send_for(Pace(monotonic=time), time, 60, lines=["C1"])
    assert [moment - 1000 for moment in moments[:3]] == [0, 0, 0]
    assert 60 <= len(moments) <= 63
    assert all(later - earlier >= 0.999 for earlier, later in pairwise(moments[3:]))


@given(
    st.lists(
        st.tuples(st.sampled_from(["C1", "C2", "C3"]), st.sampled_from([0.0, 0.3, 1.0, 5.0])), max_size=40
    ),
    st.sampled_from([1, 1000]),
)
def test_the_cooling_conversations_are_those_that_have_to_wait(steps, kept):
    time = Time()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pacing, "_FORGET_EVERY", kept)
        pace = Pace(start=math.inf, ceiling=math.inf, tiers={}, monotonic=time)
        for line, later in steps:
            time.now += later
            pace.take(Kind.POST, line)
            waits = {line: pace.wait(Kind.POST, line) for line in ("C1", "C2", "C3")}
            assert set(pace.cooling()) == {line for line, wait in waits.items() if wait > 0}
            assert pace.cooled_in() == min((wait for wait in waits.values() if wait > 0), default=math.inf)


def test_the_workspace_starts_at_240_a_minute_and_grows_a_tenth_per_clean_minute_to_its_ceiling(time):
    pace = Pace(monotonic=time)
    assert 240 <= len(send_for(pace, time, 59)) <= 246
    send_for(pace, time, 61)
    assert pace.budget.per_minute == pytest.approx(264)
    send_for(pace, time, 600)
    assert pace.budget.per_minute == 480
    assert most_within(send_for(pace, time, 90), 60) <= 486


def test_nothing_grows_while_nothing_is_sent(time):
    pace = Pace(monotonic=time)
    time.now += 3600
    assert pace.wait(Kind.POST, "C1") == 0
    assert pace.budget.per_minute == 240


def test_a_429_halves_the_posts_once_although_several_in_flight_are_refused(time):
    pace = Pace(monotonic=time)
    for _ in range(8):
        pace.limited("chat.postMessage", 2.0)
    assert pace.budget.per_minute == 120
    assert pace.refusals == 8
    assert pace.wait(Kind.POST, "C1") == pytest.approx(2.0)
    assert pace.wait(Kind.UPDATE, "card:1") == 0, "only that method waits"
    for _ in range(10):
        time.now += 30
        pace.limited("chat.postMessage", 1.0)
    assert pace.budget.per_minute == 30, "never below the floor"


@pytest.mark.parametrize("kind", [Kind.UPDATE, Kind.DELETE, Kind.HOME, Kind.OPEN, Kind.INVITE])
def test_no_minute_exceeds_a_methods_tier_and_most_of_it_is_used(time, kind):
    moments = send_for(Pace(monotonic=time), time, 600, kind=kind)
    tier = TIERS[METHODS[kind]]
    assert most_within(moments, 60) <= tier
    assert len(moments) / 10 >= 0.8 * tier


def test_the_buckets_of_quiet_conversations_are_forgotten(time):
    pace = Pace(monotonic=time, start=math.inf, ceiling=math.inf)
    for number in range(5000):
        pace.take(Kind.POST, f"U{number}")
        time.now += 0.01
    assert len(pace._conversations) < 1500


def test_a_silent_method_is_tried_ever_more_rarely_and_at_once_again_when_it_answers(time):
    breaker = Breaker(time)
    waits = []
    for _ in range(12):
        breaker.unclear("chat.postMessage")
        waits.append(breaker.wait("chat.postMessage"))
        time.now += waits[-1]
    assert waits[:2] == [0, 0]
    assert waits[2:7] == [1, 2, 4, 8, 10]
    assert waits[-1] == 10
    assert breaker.wait("views.publish") == 0
    breaker.use("chat.postMessage")
    assert breaker.wait("chat.postMessage") == 10, "one attempt at a time"
    for _ in range(8):
        breaker.unclear("chat.postMessage")
    assert breaker.wait("chat.postMessage") == 10
    breaker.clear("chat.postMessage")
    assert breaker.wait("chat.postMessage") == 0


def test_those_that_fail_together_count_as_one(time):
    """Eight were in flight when the line broke: that says no more than three would."""
    breaker = Breaker(time)
    for _ in range(8):
        breaker.unclear("chat.postMessage")
    assert breaker.wait("chat.postMessage") == 1
    time.now += 1
    breaker.use("chat.postMessage")
    breaker.unclear("chat.postMessage")
    breaker.unclear("chat.postMessage")
    assert breaker.wait("chat.postMessage") == 2


async def test_a_broadcast_uses_the_permitted_rate_and_an_urgent_message_overtakes_it(
    make_outbox, owe, slack, clock
):
    from datetime import timedelta

    time = Time()
    sent = []

    async def sleep(span):
        time.now += span
        clock.advance(timedelta(seconds=span))

    async def note(arguments):
        sent.append((arguments["channel"], time.now))
        if len(sent) == 40:
            await owe(
                Delivery(key="test:plain:urgent", to="UNOW", payload={"text": "now"}, due_at=clock.now())
            )

    slack.on_post = note
    await owe(
        *(
            Delivery(key=f"test:plain:{number}", to=f"U{number}", payload={"text": "all"}, lane=Lane.BULK)
            for number in range(120)
        )
    )
    outbox = make_outbox(pace=Pace(monotonic=time), monotonic=time, sleep=sleep)
    await outbox.drain(patience=600)
    assert len(sent) == 121
    took = sent[-1][1] - sent[0][1]
    assert took <= 121 / 4 * 1.02, "98 % of the permitted rate at least"
    asked, served = sent[39][1], next(at for channel, at in sent if channel == "UNOW")
    assert served - asked < 1.0
