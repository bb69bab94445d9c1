"""What staff reads in person when their own channel takes nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from community.deliveries import Kind, Lane, Owed, State
from messages import deliveries as words
from tests.messages.slack_rules import check_message


def owed(key="mentoring:desk:7:unclaimed:1", *, to="C0STAFF", state=State.DEAD, **fields):
    return Owed(
        **{
            "id": 1,
            "key": key,
            "opaque": "x",
            "kind": Kind.POST,
            "lane": Lane.URGENT,
            "state": state,
            "line": to,
            "to": to,
            "payload": None,
            "render": "mentoring.desk",
            "about": {"request": 7},
            "after": None,
            "due_at": datetime(2027, 4, 1, tzinfo=UTC),
            "expires_at": None,
            "attempts": 1,
            "attempt_at": None,
            "anchor": None,
            "thread": None,
            "channel": None,
            "ts": None,
            "file": None,
            "reason": "channel_not_found",
            **fields,
        }
    )


def test_a_question_is_named_and_where_it_stands_and_what_mends_it():
    told = words.unposted(owed())
    check_message(told)
    assert "question #7 stands on the staff desk" in told["text"]
    assert "invite the app there, or correct STAFF_CHANNEL" in told["text"]
    assert "unsafe" not in told["text"]
    assert "somebody who feels unsafe" in words.unposted(owed(), unsafe=True)["text"]


def test_what_arrived_after_all_asks_for_nothing():
    told = words.unposted(owed(state=State.SENT))
    check_message(told)
    assert "has arrived" in told["text"]
    assert "STAFF_CHANNEL" not in told["text"]


def test_a_card_about_another_trouble_says_in_person_what_it_would_have_said():
    one = owed("mentoring:board:7", to="C0MENTORS", render="mentoring.board", reason="is_archived", told=1)
    about = {"delivery": one.key, "nth": 1}
    card = owed("deliveries:trouble:1:1", render="deliveries.trouble", about=about)
    told = words.untold(card, one)
    check_message(told)
    assert "for <#C0MENTORS> did not arrive*: that channel is archived" in told["text"]
    assert "<#C0STAFF> did not arrive either: the app cannot see" in told["text"]


def test_a_flood_is_counted_and_points_to_the_desk():
    flood = owed("deliveries:many:x", render="deliveries.many", about={"count": 12})
    for told, count in ((words.many_untold(flood), 12), (words.many_unposted(3, owed()), 3)):
        check_message(told)
        assert f"{count} more messages" in told["text"]
        assert "Home tab" in told["text"]
        assert "STAFF_CHANNEL" in told["text"]
