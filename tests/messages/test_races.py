"""The answer in words: what a row says, what is said when something is missing, and Slack's limits kept."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from community.offices import Office as Kind
from community.races import (
    Candidate,
    Certainty,
    Division,
    Filing,
    Found,
    Level,
    Office,
    Precision,
    Race,
    Unlocated,
)
from community.races import (
    Kind as Day,
)
from community.races_list import Group, Wish, answered, page
from messages import races as words
from messages import races_details as details
from messages import races_forms as forms
from messages import races_row as row
from tests.civic_races import AT_HOME, AT_ZIP, RICHMOND, VIRGINIA, race
from tests.messages import slack_rules

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
ZONE = "America/New_York"


def shown(races=(), wish=None, place=AT_ZIP, troubles=()):
    found = [Found(source="The county's list", races=races)]
    found += [Found(source=source, trouble=code) for source, code in troubles]
    lookup = answered("Look-up12345", "U0ADA", place, found, at=NOW)
    return words.Shown(lookup, page(lookup.races, wish or Wish(), place.zone, NOW), NOW)


def text_of(payload) -> str:
    return "\n".join(slack_rules.texts(payload.get("blocks") or payload["view"]["blocks"]))


def test_a_row_says_when_to_file_and_what_it_is():
    said = text_of(words.message(shown([race(candidates=(), salary="$125,000")])))
    assert "*Mayor* · Richmond city" in said
    assert "*File by Apr 1, 2027, 5 pm ET* (131 days) · opens Mar 15, 2027 · party primary" in said
    assert "Election Nov 2, 2027 · primary Jun 15, 2027" in said
    assert "1 seat · 4-year term · nonpartisan · $125,000" in said
    assert "Declared: *no one yet*" in said
    assert "Confirmed · Source: The county's list, Nov 20, 2026" in said


def test_what_is_derived_says_so_with_its_statute():
    derived = race(
        certainty=Certainty.DERIVED, rule="Va. Code § 24.2-522", url="https://elections.example/va"
    )
    said = text_of(words.message(shown([derived])))
    assert "Derived from the law (Va. Code § 24.2-522): check with the " in said
    assert "<https://elections.example/va|election office>" in said


def test_a_sum_of_districts_says_how_many_seats_and_how_to_find_ones_own():
    many = race(
        name="House of Delegates", kind=Kind.STATE_HOUSE, division=VIRGINIA, level=Level.STATE, count=100
    )
    many = replace(many, seats=100)
    assert "A street address shows which district is yours." in text_of(words.message(shown([many])))
    whole = replace(AT_ZIP, precision=Precision.STATE, label="Virginia")
    said = text_of(words.message(shown([many], place=whole)))
    assert "100 seats" in said
    assert "district is yours" not in said
    two_each = replace(many, count=30, seats=60)
    assert "60 seats in 30 districts" in text_of(words.message(shown([two_each], place=whole)))


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({"filings": ()}, "Nobody has published by when to file."),
        ({"cancelled": True}, "*This election was cancelled.*"),
        (
            {"filings": (Filing(closes=date(2026, 10, 26), zone=ZONE),)},
            "Filing closed Oct 26, 2026 (26 days ago)",
        ),
        (
            {
                "filings": (
                    Filing(opens=date(2026, 11, 4), closes=date(2027, 1, 8), closes_at=time(16), zone=ZONE),
                )
            },
            "*File by Jan 8, 2027, 4 pm ET* (48 days) · open now",
        ),
        ({"filings": (Filing(closes=date(2026, 11, 22)),)}, "*File by Nov 22, 2026* (tomorrow)"),
        ({"filings": (Filing(closes=date(2026, 11, 21)),)}, "*File by Nov 21, 2026* (today)"),
        (
            {"filings": (Filing(closes=date(2027, 3, 9), closes_at=time(12), zone="America/Chicago"),)},
            "*File by Mar 9, 2027, noon CT* (108 days)",
        ),
        (
            {"filings": (Filing(opens=date(2027, 3, 15)),)},
            "Nobody has published by when to file. · opens Mar 15, 2027",
        ),
        ({"filings": (), "election_day": date(2026, 11, 3)}, "This election is over."),
    ],
)
def test_every_standing_of_a_filing_has_its_words(facts, line):
    assert row.filing_line(race(**facts), ZONE, NOW) == line


def test_who_declared_is_named_counted_and_never_guessed():
    people = [Candidate(name=f"Person {n}", incumbent=n == 0) for n in range(5)]
    gone = Candidate(name="Somebody", withdrawn=True)
    said = row.declared_line(race(candidates=(*people, gone)))
    assert said == "Declared: 5, Person 0 (holds the seat), Person 1, Person 2 and 2 more (1 withdrew)"
    assert row.declared_line(race(candidates=(gone,))) == "Declared: *no one yet* (1 withdrew)"
    assert row.declared_line(race(candidates=None)) == ""


def test_what_is_not_certain_about_the_place_is_said():
    said = text_of(words.message(shown([race()])))
    assert "Your House, Senate and council districts depend on your street address." in said
    fell = replace(AT_ZIP, fell_back=True)
    assert "could not be located, so this is the answer for Richmond, VA 23220" in text_of(
        words.message(shown([race()], place=fell))
    )
    counties = (Division("x/county:a", "Hanover County"), Division("x/county:b", "Henrico County"))
    split = replace(AT_ZIP, overlapping=counties)
    assert "It may lie in Hanover County or Henrico County: a street address tells." in text_of(
        words.message(shown([race()], place=split))
    )
    assert "depend on your street address" not in text_of(words.message(shown([race()], place=AT_HOME)))
    half = replace(AT_HOME, unknown=frozenset({"sldu"}))
    said = text_of(words.message(shown([race()], place=half)))
    assert "Your Senate district could not be told now." in said


@pytest.mark.parametrize("code", ["unreachable", "slow", "refused", "short", "something new"])
def test_every_trouble_of_a_source_is_one_sentence_with_what_it_means(code):
    said = text_of(words.message(shown([race()], troubles=[("CivicEngine <x>", code)])))
    (line,) = [each for each in said.splitlines() if "CivicEngine &lt;x&gt;" in each]
    assert "missing" in line


@pytest.mark.parametrize("what", [*Unlocated, forms.UNREACHABLE, forms.SLOW, forms.FAULT, "something new"])
def test_every_reason_for_no_answer_says_what_to_do_next(what):
    said = forms.trouble(what)
    assert re.search(r"`|ZIP code|Please|Try again|Use ", said)
    slack_rules.check_message(forms.sorry_message(what))
    slack_rules.check_modal(forms.sorry(what))
    if what in {*Unlocated, forms.UNREACHABLE, forms.SLOW, forms.FAULT}:
        assert forms.FORM_PROBLEMS["where"][str(what)]


def test_nothing_found_says_that_this_is_not_the_last_word():
    said = text_of(words.message(shown([])))
    assert "That does not mean that nothing is elected there" in said
    assert "Look up another place" in said


def test_a_wish_that_nothing_fits_says_so_and_offers_all_again():
    said = text_of(words.message(shown([race()], Wish(words="sheriff"))))
    assert "No race here is called “sheriff”." in said
    assert "Show all" in said
    said = text_of(words.message(shown([race()], Wish(open_now=True))))
    assert "Nothing is surely open for filing right now." in said


def test_the_pager_says_what_is_left():
    races = [race(f"x:{n}", name=f"Office {n}", kind=None) for n in range(12)]
    said = text_of(words.message(shown(races)))
    assert "1 to 5 of 12" in said
    assert "Next 5" in said
    assert "Earlier" not in said
    said = text_of(words.message(shown(races, Wish(page=2))))
    assert "11 to 12 of 12" in said
    assert "Next" not in said.replace("next", "")


def test_nobody_is_ever_told_that_they_can_run_without_what_it_depends_on():
    everything = [
        words.message(shown([race(), race("x:2", name="Sheriff", kind=None)])),
        words.view(shown([race()])),
        details.details(race(), AT_ZIP, look="l", channel="", now=NOW),
        details.shared(race(), ZONE, by="U0ADA", now=NOW),
    ]
    for payload in everything:
        said = "\n".join(slack_rules.texts(payload.get("blocks")))
        assert "depends on where you live and for how long, your age, and your registration" in said
        assert not re.search(r"you (?:can|may|could|are able to) run", said, re.IGNORECASE)
        assert "eligible" not in said.casefold()


def test_details_call_what_nobody_told_us_unknown():
    bare = race(candidates=None)
    said = "\n".join(
        slack_rules.texts(details.details(bare, AT_ZIP, look="l", channel="", now=NOW)["blocks"])
    )
    assert "*Who may run*\nNot known here." in said
    assert "*Fee*\nNot known" in said
    assert "*Who has declared*\nNot known." in said
    full = race(
        eligibility="A resident for a year.",
        minimum_age=18,
        must_live_there=True,
        must_be_registered=True,
        requirements="125 signatures",
        fee="$1,200 (2% of the salary)",
        file_where="900 E Broad St",
        file_how="In person or by mail",
        phone="(804) 555-0100",
        incumbents=("Pat Doe",),
        candidates=(
            Candidate(name="Ann Lee", party="Independent", url="https://ann.example", certified=False),
        ),
        note="The board moved.",
    )
    said = "\n".join(
        slack_rules.texts(details.details(full, AT_ZIP, look="l", channel="", now=NOW)["blocks"])
    )
    for part in (
        "At least: 18 years old",
        "Lives in the district: yes",
        "Registered to vote there: yes",
        "A resident for a year.",
        "125 signatures",
        "$1,200 (2% of the salary)",
        "900 E Broad St",
        "Phone: (804) 555-0100",
        "*Who holds it*\nPat Doe",
        "<https://ann.example|Ann Lee (Independent)> · not yet on the official list",
        "The board moved.",
        "from Mar 15, 2027 to *Apr 1, 2027, 5 pm ET* (131 days)",
    ):
        assert part in said


def test_what_is_shown_travels_in_a_blocks_id_and_comes_back():
    wish = Wish(page=3, group=Group.COUNTY, open_now=True, office="0123abcd", words="county clerk")
    assert words.state_of(words.state_id("filters", "Look", wish)) == ("Look", wish)


@given(st.text(max_size=300))
def test_a_block_id_that_is_nothing_of_ours_names_no_answer(anything):
    look, wish = words.state_of(anything)
    assert isinstance(look, str)
    assert wish.page >= 0


NASTY = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "<!channel> <@U0VICTIM> <!here>",
            "<http://evil.example|https://good.example>",
            "&lt;&amp;<>" * 300,
            "😀" * 3000,
            "a" * 5000,
            "line\nline\r\n\tline\u2028x" * 50,
            "|" * 400,
            "\u202eevil\u0000",
        ]
    ),
)
URLS = st.one_of(
    NASTY, st.sampled_from(["https://x.example/?a=1&b=2", "javascript:alert(1)", "https://x|y>z"])
)
MOMENTS = st.dates(date(2020, 1, 1), date(2035, 1, 1))


@st.composite
def nasty_races(draw):
    made = []
    for number in range(draw(st.integers(0, 7))):
        office = Office(
            name=draw(NASTY),
            level=draw(st.sampled_from(list(Level))),
            division=draw(st.sampled_from([RICHMOND, VIRGINIA])) if number % 2 else Division("", draw(NASTY)),
            kind=draw(st.none() | st.sampled_from(list(Kind))),
            district=draw(NASTY),
            seats=draw(st.none() | st.integers(-1, 10**9)),
            term_years=draw(st.none() | st.integers(0, 99)),
            partisan=draw(st.none() | st.booleans()),
            **{
                name: draw(URLS if name == "url" else NASTY)
                for name in (
                    "salary",
                    "eligibility",
                    "requirements",
                    "fee",
                    "file_where",
                    "file_how",
                    "phone",
                    "url",
                )
            },
        )
        people = st.builds(Candidate, name=NASTY, party=NASTY, url=URLS, withdrawn=st.booleans())
        made.append(
            Race(
                key=f"{draw(NASTY)[:200]}:{number}",
                office=office,
                election_day=draw(st.none() | MOMENTS),
                kind=draw(st.sampled_from(list(Day))),
                filings=tuple(
                    draw(
                        st.lists(
                            st.builds(
                                Filing,
                                opens=st.none() | MOMENTS,
                                closes=st.none() | MOMENTS,
                                what=NASTY,
                                note=NASTY,
                            ),
                            max_size=12,
                        )
                    )
                ),
                count=draw(st.sampled_from([1, 1, 100, 10**9])),
                candidates=draw(st.none() | st.lists(people, max_size=40).map(tuple)),
                incumbents=draw(st.none() | st.lists(NASTY, max_size=40).map(tuple)),
                certainty=draw(st.sampled_from(list(Certainty))),
                source=draw(NASTY),
                url=draw(URLS),
                rule=draw(NASTY),
                note=draw(NASTY),
                stale=draw(st.booleans()),
                cancelled=draw(st.booleans()),
            )
        )
    return made


def harmless(payload) -> None:
    for text in slack_rules.formatted(payload):
        assert "<!channel" not in text
        assert "<@U0VICTIM" not in text
        assert "<http://evil" not in text
        assert "javascript:" not in text or "|" not in text.partition("javascript:")[0][-2:]
        for target in re.findall(r"<([^>|]*)[>|]", text):
            assert re.match(r"https?://|@U0ADA$", target), target


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nasty_races(), NASTY, st.integers(0, 3), st.booleans())
def test_whatever_the_sources_send_slack_takes_it_and_nothing_comes_to_life(races, label, number, open_now):
    place = replace(AT_ZIP, label=label, overlapping=(Division("x/county:a", label),))
    seen = shown(races, Wish(page=number, open_now=open_now, words=label[:40]), place, [(label, "slow")])
    slack_rules.check_message(words.message(seen))
    slack_rules.check_modal(words.view(seen))
    harmless(words.message(seen))
    for one in seen.lookup.races[:4]:
        view = details.details(one, place, look="look", channel="C0GENERAL", now=NOW)
        slack_rules.check_modal(view)
        harmless(view)
        card = details.shared(one, ZONE, by="U0ADA", now=NOW)
        slack_rules.check_message(card)
        harmless(card)
        slack_rules.check_modal(
            forms.share_form(card, about=words.reference("look", one)[:2000], channel="C1")
        )
    several = replace(seen.lookup, place=None, places=(place,) * 30)
    slack_rules.check_message(forms.choices(several, Wish()))
    slack_rules.check_modal(forms.choices_view(several, Wish()))


def test_places_of_one_name_are_told_apart():
    one = replace(AT_ZIP, label="Springfield, VA", county="Fairfax County")
    other = replace(AT_ZIP, label="Springfield, VA", county="Page County")
    lookup = replace(shown().lookup, place=None, places=(one, other, replace(one, label="Springfield, OH")))
    said = text_of(forms.choices(lookup, Wish()))
    assert "Springfield, VA · Fairfax County" in said
    assert "Springfield, VA · Page County" in said
    assert "Springfield, OH\n" in said + "\n"


def test_the_form_keeps_to_slacks_limits():
    slack_rules.check_modal(forms.form(state="VA", office="mayor"))
    slack_rules.check_modal(forms.looking())
    slack_rules.check_modal(forms.is_posted("C0GENERAL"))
