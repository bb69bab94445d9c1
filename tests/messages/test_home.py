"""The Home tab: for everybody what is theirs, within Slack's limits however much there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from community.members import MentorProfile, Role
from community.mentoring_matching import Circle
from community.mentoring_requests import Status
from community.offices import Office
from community.races import Division
from community.races_saved import Standing
from community.states import every_state
from community.topics import MENTOR_TOPICS, Topic
from messages import announcements, mentoring, races
from messages import home as words
from messages import members as member_words
from messages import races_saved as saved_cards
from messages import races_saved_lists as saved_words
from tests.community.cast import ASKER, NOW, TODAY, member, profile, request
from tests.community.test_races_saved import PRIMARY, VIRGINIA, made
from tests.messages import questions, slack_rules
from tests.messages.questions import HOLDER, HOSTILE

EVERY_STATE = frozenset(state.code for state in every_state())
ROWS = 500


def greedy(user: str) -> MentorProfile:
    """A mentor who offers everything there is."""
    return profile(
        user,
        states=EVERY_STATE,
        topics=frozenset(MENTOR_TOPICS),
        offices=frozenset(Office),
        away_until=NOW + timedelta(days=9),
    )


def listed(page: int, total: int = ROWS, **changes: object) -> words.Listed:
    """One page of a list of requests with the longest words."""
    first = page * words.SIZE
    rows = [
        request(
            1_000_000 + n,
            question=HOSTILE["emoji"],
            state="MP",
            office=Office.OTHER,
            needed_by=TODAY + timedelta(days=1),
            conversation="G0TALK",
            **changes,
        )
        for n in range(first, min(total, first + words.SIZE))
    ]
    return words.Listed(rows, page, total)


def everything(page: int = 0) -> words.Facts:
    """All lists at once, for a person who is candidate, mentor and staff."""
    held = {"status": Status.CLAIMED, "holder": HOLDER, "claims": 1}
    return words.Facts(
        member=member(roles=frozenset(Role)),
        now=NOW,
        today=TODAY,
        team="T0TEAM",
        mine=listed(page, **held),
        mentor=greedy(ASKER),
        held=listed(page, **held),
        offered=listed(page),
        queue=listed(page),
        waiting=listed(page, circle=Circle.STAFF),
        applicants=[greedy(f"U0NEW{n}") for n in range(words.SIZE)],
        applicants_page=page,
        applicants_total=ROWS,
        median=timedelta(hours=5),
        saved=saved(page),
    )


def saved(page: int, total: int = ROWS) -> saved_words.Listing:
    """One page of saved races with the longest words, each in the standing that shows most."""
    office = replace(
        VIRGINIA.office, name=HOSTILE["emoji"], division=Division("", HOSTILE["emoji"]), district="7"
    )
    long = replace(VIRGINIA, office=office, filings=(replace(PRIMARY, what=HOSTILE["emoji"]),))
    rows = [
        saved_cards.Card(saved=made(long, standing=standing), now=NOW, wins="C0WINS") for standing in Standing
    ]
    return saved_words.Listing(rows[: words.SIZE], TODAY, page, total)


@pytest.mark.parametrize("page", [0, 1, 50, 99])
def test_five_hundred_rows_in_every_list_stay_within_slacks_limits(page):
    shown = words.home(everything(page))
    slack_rules.check_home(shown)
    assert f"{page * 5 + 1} to {page * 5 + 5} of 500" in repr(shown)


def pager(view, name):
    """The page that each button of a list turns to."""
    for block in view["view"]["blocks"]:
        if block.get("block_id") == f"pager-{name}":
            return {each["text"]["text"]: int(each["value"]) for each in block["elements"]}
    return {}


@pytest.mark.parametrize("name", ["mine", "held", "offered", "queue", "waiting", "applicants"])
def test_every_page_of_every_list_can_be_reached(name):
    page, seen = 0, [0]
    while "More" in (turns := pager(words.home(everything(page)), name)):
        assert turns.get("Earlier", page - 1) == page - 1
        page = turns["More"]
        seen.append(page)
    assert seen == list(range(ROWS // words.SIZE))
    assert pager(words.home(everything(page)), name) == {"Earlier": page - 1}


def test_where_there_is_no_room_saved_races_are_only_named():
    shown = repr(words.home(everything()))
    assert "You keep an eye on 500 races." in shown
    alone = words.Facts(member=member(), now=NOW, today=TODAY, team="T", mine=listed(0), saved=saved(3))
    slack_rules.check_home(words.home(alone))
    assert "16 to 20 of 500" in repr(words.home(alone))
    assert pager(words.home(alone), "saved") == {"Earlier": 2, "More": 4}
    slack_rules.check_modal(saved_words.list_view(saved(0)))


def test_a_list_that_fits_on_one_page_has_no_pager():
    facts = words.Facts(member=member(), now=NOW, today=TODAY, team="T", mine=listed(0, 5))
    assert "pager-mine" not in repr(words.home(facts))
    facts = words.Facts(member=member(), now=NOW, today=TODAY, team="T", mine=listed(1, 6))
    assert "6 to 6 of 6" in repr(words.home(facts))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
def test_what_was_typed_stands_on_it_as_plain_text(text):
    facts = words.Facts(
        member=member(roles=frozenset({Role.STAFF})),
        now=NOW,
        today=TODAY,
        team="T0TEAM",
        mine=words.Listed(questions.requests(text), 0, 5),
        mentor=profile(ASKER),
    )
    shown = words.home(facts)
    for formatted in slack_rules.formatted(shown):
        assert "evil" not in formatted
        assert "<!channel" not in formatted
        assert "bold" not in formatted
    start = " ".join(text.split())[:20]
    assert start in "".join(
        element["text"]
        for block in shown["view"]["blocks"]
        if block["type"] == "context"
        for element in block["elements"]
        if element["type"] == "plain_text"
    )


def test_a_newcomer_sees_what_to_do_first():
    shown = words.home(words.Facts(member=member(state=None, office=None), now=NOW, today=TODAY, team="T"))
    slack_rules.check_home(shown)
    assert set(slack_rules.actions(shown)) == {
        member_words.EDIT_PROFILE,
        mentoring.ASK,
        races.OPEN,
        member_words.EDIT_MENTOR,
        announcements.MUTE,
    }
    assert "You have not asked anything yet" in repr(shown)
    assert "Staff desk" not in repr(shown)
    assert "Mentoring" not in repr(shown)


def mentors_home(mentor):
    return words.home(words.Facts(member=member(), now=NOW, today=TODAY, team="T", mentor=mentor))


def test_a_mentor_sees_whether_they_are_approved_and_away():
    waiting = repr(mentors_home(profile(ASKER, approved_at=None)))
    assert "Staff will look at it" in waiting
    assert mentoring.CLAIM not in waiting
    assert "did not approve" in repr(mentors_home(profile(ASKER, approved_at=None, declined_at=NOW)))
    here = mentors_home(profile(ASKER))
    assert member_words.BACK not in slack_rules.actions(here)
    away = mentors_home(profile(ASKER, away_until=NOW + timedelta(days=2)))
    assert member_words.BACK in slack_rules.actions(away)
    assert "You are away until Nov 25, 2026" in repr(away)


def test_the_name_of_a_hidden_asker_stands_on_nobodys_home():
    hidden = words.Listed([request(private=True)], 0, 1)
    facts = words.Facts(
        member=member("U0MENTOR"),
        now=NOW,
        today=TODAY,
        team="T",
        mentor=profile("U0MENTOR"),
        offered=hidden,
        queue=hidden,
    )
    assert ASKER not in repr(words.home(facts))


def test_staff_take_a_report_with_its_own_button():
    facts = words.Facts(
        member=member(roles=frozenset({Role.STAFF})),
        now=NOW + timedelta(hours=3),
        today=TODAY,
        team="T",
        waiting=words.Listed([request(1, topic=Topic.UNSAFE, circle=Circle.STAFF), request(2)], 0, 2),
    )
    shown = words.home(facts)
    assert {mentoring.ACKNOWLEDGE, mentoring.CLAIM} <= set(slack_rules.actions(shown))
    assert "Waiting about 3 hours. No mentor sees this." in repr(shown)
    assert "Waiting about 3 hours. Mentors have been asked." in repr(shown)


def test_every_own_question_offers_its_next_step():
    for status, action in (
        (Status.OPEN, mentoring.ADD_DETAILS),
        (Status.CLAIMED, mentoring.OPEN_CONVERSATION),
        (Status.CLOSED, mentoring.ASK_AGAIN),
        (Status.CANCELLED, mentoring.ASK_AGAIN),
    ):
        mine = words.Listed([request(status=status, holder=HOLDER, conversation="G0TALK")], 0, 1)
        shown = words.home(words.Facts(member=member(), now=NOW, today=TODAY, team="T", mine=mine))
        assert action in slack_rules.actions(shown)
