"""Every message, card and form of an announcement: taken by Slack, true to its facts, harmless."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from community.announcements_audience import Audience, By, Choice, Left, Reach
from community.announcements_book import Announcement, Status, Tally, Words
from community.announcements_text import plain
from community.announcements_times import Mode, Spread, When
from messages import announcements as words
from messages import announcements_card as cards
from messages import announcements_forms as forms
from sandbox.blocks import check_message_blocks, check_view
from tests.community.cast import NOW, TODAY
from tests.messages import slack_rules
from tests.messages.questions import HOSTILE

ZONE = "America/New_York"
LONG = Words(
    text=plain("x" * 7000),
    link_text="Read it, all of it, to the very last word of it, and then once more again",
    link_url="https://example.org/" + "a" * 2000,
    image_url="https://example.org/map.png",
    image_alt="A map",
)
TALLY = Tally(
    sent=9000,
    waiting=400,
    later=300,
    failed={"account_inactive": 100, "restricted_action": 3, "a": 1, "b": 1, "c": 1, "d": 1, "e": 1},
    unsure=2,
    withheld=40,
    stopped=50,
    changing=120,
    going=7,
    gone=8993,
    pressed=112,
    presses=130,
    replied=9,
    replies=14,
)


def announcement(**changes):
    usual = Announcement(
        id=7,
        author="U0SUE",
        status=Status.SENDING,
        version=1,
        newest=1,
        people=9999,
        round=1,
        begun_at=NOW,
        confirmed_at=NOW,
        starts_at=NOW,
        started_at=NOW,
        tally=TALLY,
        tallied_at=NOW,
    )
    return replace(usual, **changes)


def facts(one, said=LONG):
    return cards.Card(one=one, words=said, now=NOW, zone=ZONE, left=timedelta(minutes=21))


def check_message(payload):
    assert not check_message_blocks(payload["blocks"]).found
    assert 1 <= slack_rules.units(payload["text"]) <= 4000
    assert sum(slack_rules.units(text) for text in slack_rules.texts(payload["blocks"])) <= 10_000


def text_of(payload):
    return "\n".join(slack_rules.texts(payload["blocks"])).replace("*", "")


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("pending", [0, 2])
@pytest.mark.parametrize("started", [NOW, None])
def test_the_card_is_taken_by_slack_in_every_state(status, pending, started):
    one = announcement(
        status=status, pending=pending, started_at=started, ended_by="U0TOM", approved_by="U0TOM"
    )
    for round_ in (1, 2):
        check_message(cards.card(facts(one), of_round=round_))


@pytest.mark.parametrize("typed", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_typed_stays_what_it_is_wherever_it_is_shown(typed):
    said = Words(text=plain(typed[:3000]), link_text=typed[:75], link_url="https://example.org")
    one = announcement()
    shown = words.message(said, one)
    check_message(shown)
    assert shown["blocks"][0]["elements"][0]["elements"] == [{"type": "text", "text": typed[:3000]}]
    assert "<!" not in shown["text"]
    card = cards.card(facts(one, said), of_round=1)
    check_message(card)
    assert not any("<!channel>" in text for text in slack_rules.formatted(card["blocks"]))
    assert not check_view(forms.write_form(one, said)).found
    assert not check_view(forms.edit_form(one, said, needs_yes=True)).found


def test_the_card_says_how_far_it_is_what_failed_and_what_can_be_done():
    going = cards.card(facts(announcement()), of_round=1)
    said = text_of(going)
    assert "About 21 minutes left" in said
    assert f"{18 * '█'}░░ 92 %" in said
    assert "Sent\n9,000" in said
    assert "Remaining\n700, 300 of them later" in said
    assert "10:21 am ET" in said
    assert "Failed 108: that account is deactivated (100)" in said
    assert "other reasons (2)" in said
    assert words.CANCEL in slack_rules.actions(going)
    done = cards.card(facts(announcement(status=Status.SENT)), of_round=1)
    said = text_of(done)
    assert "9,000 of 9,999 have it" in said
    assert "112 people, 130 times" in said
    assert "9 people, 14 times" in said
    assert "Being changed 120 messages, about 3 minutes" in said
    assert {words.RETRY, words.EXPORT, words.TAKE_BACK, words.EDIT} <= set(slack_rules.actions(done))
    assert words.CANCEL not in slack_rules.actions(done)
    gone = text_of(cards.card(facts(announcement(status=Status.RECALLED, ended_by="U0TOM")), of_round=1))
    assert "It is deleted for 8,993 of 9,002; the rest takes less than a minute" in gone


@pytest.mark.parametrize(
    ("gone", "said"),
    [(5, "It is deleted everywhere."), (3, "It is deleted for 3 of 5."), (0, "It is deleted for 0 of 5.")],
)
def test_what_slack_refused_to_delete_is_never_called_deleted(gone, said):
    one = announcement(status=Status.RECALLED, ended_by="U0TOM", tally=Tally(sent=5, gone=gone))
    card, row = text_of(cards.card(facts(one), of_round=1)), text_of(cards.listed([one]))
    assert said in card
    assert said[1:-1] in row
    assert "have it." not in row
    for shown in (card, row):
        assert ("may still read it" in shown) is (gone < 5)


def test_in_a_channel_nobody_is_told_how_to_switch_them_off():
    one = announcement(audience=Audience.of({}, ["C0ALL"]))
    assert "switch announcements off" not in text_of(words.message(LONG, one))
    assert "switch announcements off" in text_of(words.message(LONG, announcement()))


def look(one, **changes):
    usual = forms.Look(
        one=one,
        words=LONG,
        reach=Reach(
            total=814, first=("U1", "U2", "U3", "U4", "U5"), left_out={Left.MUTED: 12, Left.GUEST: 2}
        ),
        starts=NOW,
        spread=Spread(800, 14, 3),
        lasts=timedelta(minutes=3),
        zone=ZONE,
        today=TODAY,
        needs_yes=False,
        labels={By.STATE: {"VA": "Virginia"}},
    )
    return replace(usual, **changes)


def test_the_look_shows_exactly_the_message_and_all_the_numbers():
    one = announcement(status=Status.DRAFT, audience=Audience.of({By.STATE: {"VA"}}))
    view = forms.look_form(look(one))
    assert not check_view(view).found
    real = words.message(LONG, one)["blocks"]
    shown = view["blocks"][1 : 1 + len(real)]
    assert [block["type"] for block in shown] == [block["type"] for block in real]
    assert shown[0] == real[0]
    assert shown[1] == real[1]
    said = text_of(view)
    assert "To 814 people: in Virginia" in said
    assert "<@U1>, <@U2>, <@U3>, <@U4>, <@U5> and 809 more" in said
    assert "Left out: 2 are guests, 12 switched announcements off." in said
    assert "At Slack's pace it takes about 3 minutes." in said
    assert view["submit"]["text"] == "Send"
    assert text_of(forms.look_form(look(one, changed_from=813))).startswith("Since you looked, 813 people")


def test_where_a_second_yes_is_needed_the_two_minutes_begin_with_it():
    one = announcement(status=Status.DRAFT)
    assert "When: two minutes after you confirm" in text_of(forms.look_form(look(one)))
    assert "When: two minutes after it is approved" in text_of(forms.look_form(look(one, needs_yes=True)))


def test_what_was_planned_for_another_day_is_scheduled_and_the_list_says_for_when():
    later = When(Mode.ONCE, date(2027, 3, 14), time(9, 30), ZONE)
    one = announcement(status=Status.READY, when=later, started_at=None)
    assert "is scheduled" in text_of(cards.card(facts(one), of_round=1))
    assert "for 9,999 people, starts <!date^" in text_of(cards.listed([one]))
    assert "is about to go out" in text_of(cards.card(facts(replace(one, when=When())), of_round=1))


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("needs_yes", [True, False])
@pytest.mark.parametrize("total", [0, 1, 2, 814])
def test_every_look_is_taken_by_slack(mode, needs_yes, total):
    when = When(mode, date(2027, 3, 14), time(2, 30), ZONE)
    one = announcement(status=Status.DRAFT, when=when)
    reach = Reach(total=total, first=tuple(f"U{n}" for n in range(min(5, total))))
    view = forms.look_form(look(one, reach=reach, needs_yes=needs_yes, absent=["C1"]))
    assert not check_view(view).found
    assert ("submit" in view) == (total > 0)


def test_the_form_of_whom_offers_every_criterion_that_has_choices_and_fits():
    choices = {by: [Choice(str(number), f"Choice {number}") for number in range(150)] for by in By}
    one = announcement(
        audience=Audience.of({By.STATE: {"3", "149"}}, ["C0ALL"]), when=When(Mode.LOCAL, TODAY, time(9), ZONE)
    )
    view = forms.aim_form(one, choices, zone=ZONE)
    assert not check_view(view).found
    assert {"event", "role", "state", "stage", "journey", "channels", "mode"} <= set(
        slack_rules.actions(view)
    )
    fewer = forms.aim_form(one, {By.STATE: choices[By.STATE]}, zone=ZONE)
    assert "event" not in slack_rules.actions(fewer)


def test_every_other_form_is_taken_by_slack():
    one = announcement()
    for view in (
        forms.write_form(None, Words()),
        forms.write_form(one, LONG, no_picture=True),
        forms.confirmed(one, zone=ZONE),
        forms.confirmed(replace(one, starts_at=None), zone=ZONE),
        forms.look(one, LONG, None),
        forms.look(one, LONG, LONG),
        forms.waiting(),
        forms.told("Stopped."),
    ):
        assert not check_view(view).found
    check_message(cards.listed([one] * 8))
    check_message(cards.listed([]))
    check_message(cards.decided(one, by="U0TOM", approved=True))
    check_message(cards.decided(one, by="U0TOM", approved=False))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0.2, "less than a minute"), (1, "1 minute"), (25, "25 minutes"), (60, "1 hour"), (118, "2 hours"),
     (250, "4 hours 10 minutes")],
)  # fmt: skip
def test_lengths_of_time_read_as_people_say_them(minutes, said):
    assert cards.spell(timedelta(minutes=minutes)) == said
