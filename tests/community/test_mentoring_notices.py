"""Who is told what: every fact reaches everybody it concerns, each under a key that says it once."""

from __future__ import annotations

import pytest

from community import mentoring_notices as notices
from community.deliveries import Kind
from community.mentoring import Step
from community.mentoring_matching import Circle
from community.mentoring_requests import Offer, OfferState, Status
from community.mentoring_tending import Tended, Tending
from community.notices import Notices, Places
from community.topics import Topic
from tests.community.cast import ASKER, NOW, STAFF, request

PLACES = Places(mentors="C0MENTORS", staff="G0STAFF")


def offer(number, mentor, state=OfferState.OPEN):
    return Offer(id=number, request=1, mentor=mentor, wave=1, reasons=("state",), offered_at=NOW, state=state)


OFFERS = [offer(11, "UA"), offer(12, "UB")]
HELD = {"status": Status.CLAIMED, "holder": "UA", "claims": 2, "claimed_at": NOW}


def told(said: Notices) -> dict[str, str]:
    """Who gets which card or note: the key's second part and the conversation."""
    return {delivery.key: delivery.to for delivery in said.add}


def test_a_question_goes_to_its_asker_its_mentors_and_the_board():
    said = notices.asked(request(), OFFERS, PLACES)
    assert told(said) == {
        "mentoring:receipt:1": ASKER,
        "mentoring:board:1": "C0MENTORS",
        "mentoring:offer:11": "UA",
        "mentoring:offer:12": "UB",
    }
    assert said.homes == {ASKER, "UA", "UB"}


def test_with_nobody_to_ask_the_desk_has_it_too():
    said = notices.asked(request(circle=Circle.STAFF), [], PLACES)
    assert told(said)["mentoring:desk:1:unclaimed:1"] == "G0STAFF"


def test_a_report_goes_to_its_asker_and_the_desk_alone():
    said = notices.asked(request(topic=Topic.UNSAFE, circle=Circle.STAFF), [], PLACES)
    assert told(said) == {"mentoring:receipt:1": ASKER, "mentoring:desk:1:safety": "G0STAFF"}
    again = notices.reopened(
        request(topic=Topic.UNSAFE, circle=Circle.STAFF, claims=1), [], [], PLACES, by=ASKER
    )
    assert told(again) == {"mentoring:desk:1:unclaimed:1": "G0STAFF"}


def test_a_claim_opens_one_conversation_and_refreshes_every_card():
    said = notices.claimed(request(**HELD), OFFERS, claim=2, holder="UA")
    opened = next(delivery for delivery in said.add if delivery.kind is Kind.OPEN)
    introduction = next(delivery for delivery in said.add if delivery.after)
    assert (opened.key, opened.to) == ("mentoring:conversation:1:2", f"{ASKER},UA")
    assert (introduction.after, introduction.to) == (opened.key, "")
    assert told(said)["mentoring:hold:1:2"] == "UA"
    assert {
        "mentoring:receipt:1",
        "mentoring:board:1",
        "mentoring:offer:11",
        "mentoring:offer:12",
        "mentoring:hold:1:1",
        "mentoring:hold:1:2",
    } <= set(said.refresh)
    assert said.homes == {ASKER, "UA", "UB"}


def test_every_card_that_was_ever_posted_is_refreshed():
    busy = request(**HELD, wave=3, help_asked=2, closings=2, reminders=2)
    keys = notices.cards_of(busy, OFFERS)
    assert len(set(keys)) == len(keys)
    for number in (1, 2):
        for key in ("hold", "rating", "nudge", "check_in"):
            assert f"mentoring:{key}:1:{number}" in keys
        assert f"mentoring:desk:1:help:{number}" in keys
    assert {f"mentoring:desk:1:unclaimed:{wave}" for wave in (1, 2, 3)} <= set(keys)
    assert "mentoring:desk:1:safety" in keys


def posted(said: Notices) -> set[str]:
    return {delivery.key for delivery in said.add if delivery.render and delivery.about.get("request")}


NEVER_CHANGE = {
    "introduction", "handed_back", "released", "reopened", "details", "cancelled", "widened", "reminder",
    "resources", "assigned", "asker_left",
}  # fmt: skip


def test_whatever_is_a_card_is_refreshed_by_the_next_fact():
    """A message with buttons or a state is named by cards_of; all others are notes that stay as they were."""
    now = request(**HELD, wave=2, help_asked=1, closings=1, reminders=1, alarms=1)
    everything = [
        notices.asked(now, OFFERS, PLACES),
        notices.claimed(now, OFFERS, claim=2, holder="UA"),
        notices.handed_back(request(claims=2, wave=2), OFFERS, OFFERS, PLACES, holder="UA", released=True),
        notices.closed(request(**{**HELD, "status": Status.CLOSED}, closings=1), OFFERS),
        notices.reopened(now, [], OFFERS, PLACES, by=ASKER),
        notices.staff_asked(now, OFFERS, PLACES),
        notices.cancelled(now, OFFERS),
        *(notices.tended(Tended(how, Step(now), "UA"), OFFERS, PLACES) for how in Tending),
    ]
    known = set(notices.cards_of(now, OFFERS))
    for said in everything:
        for key in posted(said):
            assert key in known or key.split(":")[1] in NEVER_CHANGE, key


def test_handing_back_tells_the_asker_and_asks_the_next():
    back = request(claims=2, wave=2)
    fresh = [offer(13, "UC")]
    said = notices.handed_back(back, fresh, [*OFFERS, *fresh], PLACES, holder="UA")
    assert told(said) == {"mentoring:handed_back:1:2": ASKER, "mentoring:offer:13": "UC"}
    assert {"UA", "UC", ASKER} <= said.homes
    released = notices.handed_back(back, [], OFFERS, PLACES, holder="UA", released=True)
    assert told(released)["mentoring:released:1:2"] == "UA"


def test_closing_asks_for_a_rating_only_where_somebody_answered():
    closed = request(**{**HELD, "status": Status.CLOSED}, closings=3)
    assert told(notices.closed(closed, OFFERS)) == {"mentoring:rating:1:3": ASKER}
    assert told(notices.closed(request(status=Status.CLOSED, closings=1), OFFERS)) == {}
    report = request(**{**HELD, "status": Status.CLOSED}, closings=1, topic=Topic.UNSAFE)
    assert told(notices.closed(report, [])) == {}


@pytest.mark.parametrize(("by", "other"), [(ASKER, "UA"), ("UA", ASKER), (STAFF, ASKER)])
def test_reopening_tells_the_other_side(by, other):
    said = notices.reopened(request(**HELD, closings=1), [], OFFERS, PLACES, by=by)
    assert told(said) == {f"mentoring:reopened:1:1:{other}": other}


def test_details_are_brought_into_the_conversation_once_there_is_one():
    assert notices.details_added(request(details="x"), OFFERS, added=1).add == ()
    talking = request(**HELD, conversation="G0TALK", details="first\n\nsecond")
    (note,) = notices.details_added(talking, OFFERS, added=6).add
    assert (note.to, note.key) == ("G0TALK", "mentoring:details:1:13")
    assert note.about == {"request": 1, "upto": 13, "added": 6}


def test_taking_it_back_tells_whoever_holds_it():
    assert told(notices.cancelled(request(**HELD), OFFERS)) == {"mentoring:cancelled:1": "UA"}
    assert told(notices.cancelled(request(), OFFERS)) == {}


@pytest.mark.parametrize(
    ("how", "key", "to"),
    [
        (Tending.WIDENED, "mentoring:widened:1:1", ASKER),
        (Tending.REMINDED_STAFF, "mentoring:reminder:1:4", "G0STAFF"),
        (Tending.NUDGED, "mentoring:nudge:1:4", "UA"),
        (Tending.CHECKED_IN, "mentoring:check_in:1:4", ASKER),
    ],
)
def test_time_passing_is_told_to_whom_it_concerns(how, key, to):
    seen = request(**HELD, reminders=4)
    assert told(notices.tended(Tended(how, Step(seen), "UA"), OFFERS, PLACES))[key] == to


def test_each_nudge_of_one_claim_is_a_message_of_its_own():
    keys = [
        delivery.key
        for nth in (1, 2)
        for delivery in notices.tended(
            Tended(Tending.NUDGED, Step(request(**HELD, reminders=nth)), "UA"), OFFERS, PLACES
        ).add
    ]
    assert len(set(keys)) == 2


def test_nothing_that_was_typed_stands_in_the_queue():
    secret = request(**HELD, question="secret words", details="more secret words", conversation="G0TALK")
    for said in (
        notices.asked(secret, OFFERS, PLACES),
        notices.claimed(secret, OFFERS, claim=2, holder="UA"),
        notices.details_added(secret, OFFERS, added=5),
        notices.staff_asked(secret, OFFERS, PLACES),
        notices.tended(Tended(Tending.NUDGED, Step(secret), "UA"), OFFERS, PLACES),
    ):
        assert "secret" not in repr([(each.about, each.payload, each.key) for each in said.add])


def test_two_notices_are_said_as_one():
    both = Notices(refresh=("a", "b"), homes=frozenset({"U1"})) + Notices(refresh=("b", "c"))
    assert both.refresh == ("a", "b", "c")
    assert both.homes == {"U1"}
