from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.clock import MovableClock, SystemClock
from community.deliveries import (
    LONGEST_TEXT,
    Delivery,
    Kind,
    Verdict,
    back_off,
    digest,
    pieces,
    retry_after,
    verdict,
)


@given(st.text(alphabet=st.sampled_from("ab \n\u202e😀"), max_size=300), st.integers(10, 60))
def test_a_text_in_pieces_loses_nothing_and_none_is_too_long(text, limit):
    parts = pieces(text, limit)
    assert "".join(parts) == text
    assert all(len(part) <= limit for part in parts)
    assert len(parts) <= 2 * len(text) // limit + 1


def test_a_text_is_cut_between_paragraphs_then_lines_then_words():
    assert pieces("a" * 30 + "\n\n" + "b c\nd", 36) == ["a" * 30 + "\n\n", "b c\nd"]
    assert pieces("a" * 30 + "\n" + "b c d", 34) == ["a" * 30 + "\n", "b c d"]
    assert pieces("a" * 30 + " " + "bcde", 34) == ["a" * 30 + " ", "bcde"]
    assert pieces("a" * 70, 34) == ["a" * 34, "a" * 34, "aa"]
    assert pieces("short") == ["short"]
    assert len(pieces("x" * LONGEST_TEXT)) == 1


@pytest.mark.parametrize(
    ("kind", "error", "status", "expected"),
    [
        (Kind.POST, "channel_not_found", 200, Verdict.REFUSED),
        (Kind.POST, "", 500, Verdict.UNCLEAR),
        (Kind.POST, "", 504, Verdict.UNCLEAR),
        (Kind.POST, "internal_error", 200, Verdict.UNCLEAR),
        (Kind.POST, "", None, Verdict.UNCLEAR),
        (Kind.POST, "ratelimited", 200, Verdict.LIMITED),
        (Kind.POST, "", 429, Verdict.LIMITED),
        (Kind.POST, "token_revoked", 200, Verdict.LOCKED_OUT),
        (Kind.POST, "", 407, Verdict.UNREACHED),
        (Kind.DELETE, "message_not_found", 200, Verdict.DONE),
        (Kind.UPDATE, "message_not_found", 200, Verdict.REFUSED),
        (Kind.INVITE, "already_in_channel", 200, Verdict.DONE),
    ],
)
def test_every_answer_has_one_meaning(kind, error, status, expected):
    assert verdict(kind, error, status) is expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("30", 30), ("1.5", 1.5), (None, 5), ("", 5), ("nan", 5), ("-3", 0.1), ("inf", 3600), ("Wed", 5)],
)
def test_retry_after_is_read_whole_decimal_or_missing(header, seconds):
    assert retry_after(header) == seconds


def test_waits_double_up_to_five_minutes():
    assert [back_off(n).total_seconds() for n in (0, 1, 2, 3, 8, 9, 500)] == [2, 2, 4, 8, 256, 300, 300]


def test_lines_keep_together_what_must_stay_in_order():
    def line(**more):
        return Delivery(key="k", **more).line

    assert line(to="C1", payload={}) == line(to="C1", kind=Kind.FILE, payload={})
    assert line(kind=Kind.UPDATE, after="card", payload={}) == line(kind=Kind.DELETE, after="card")
    assert line(kind=Kind.HOME, to="U1", payload={}) != line(to="U1", payload={})
    assert line(after="open", payload={}) == "after:open"


def test_the_hash_of_a_payload_does_not_depend_on_the_order_of_its_keys():
    assert digest({"a": 1, "b": "ü"}) == digest({"b": "ü", "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def test_a_movable_clock_stands_still_until_it_is_moved():
    clock = MovableClock(datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
    clock.advance(timedelta(hours=1))
    assert clock.now() == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    assert clock.offset == timedelta(hours=1)
    with pytest.raises(ValueError, match="aware"):
        MovableClock(datetime(2026, 11, 23))  # noqa: DTZ001


def test_a_clock_without_a_moment_runs_with_the_machines():
    clock = MovableClock(offset=timedelta(days=1))
    ahead = clock.now() - SystemClock().now()
    assert timedelta(hours=23, minutes=59) < ahead <= timedelta(days=1)
    assert clock.now().utcoffset() == timedelta()
