from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from civic.typed import LONGEST, asked, is_address
from community.offices import Office
from community.races import Level


@pytest.mark.parametrize(
    ("typed", "where", "kind"),
    [
        ("23220", "23220", None),
        ("23220-1234", "23220-1234", None),
        ("Richmond, VA", "Richmond, VA", None),
        ("Virginia", "Virginia", None),
        ("VA school board", "VA", Office.SCHOOL_BOARD),
        ("school board 23220", "23220", Office.SCHOOL_BOARD),
        ("School Board in Richmond, VA", "Richmond, VA", Office.SCHOOL_BOARD),
        ("richmond va city council", "richmond va", Office.CITY_COUNCIL),
        ("Richmond City Council, VA", "Richmond, VA", Office.CITY_COUNCIL),
        ("mayor of Boise, ID", "Boise, ID", Office.MAYOR),
        ("judge 40202", "40202", Office.JUDGE),
        ("40202 District Attorney", "40202", Office.DISTRICT_ATTORNEY),
        ("VA House of Delegates", "VA", Office.STATE_HOUSE),
        ("state senate, Kentucky", "Kentucky", Office.STATE_SENATE),
        ("what can I run for in 53703?", "53703", None),
        ("races near 53703", "53703", None),
        ("school board", "", Office.SCHOOL_BOARD),
        ("IN", "IN", None),
        ("races in IN", "IN", None),
        ("IN school board", "IN", Office.SCHOOL_BOARD),
        ("school board in IN", "IN", Office.SCHOOL_BOARD),
        ("what can I run for near me?", "", None),
        ("ME", "ME", None),
        ("what can I run for", "", None),
        ("1600 Main St, Richmond VA", "1600 Main St, Richmond VA", None),
        ("1600 Main St, Richmond VA school board", "1600 Main St, Richmond VA", Office.SCHOOL_BOARD),
        ("city council 1600 Main St, Richmond VA", "1600 Main St, Richmond VA", Office.CITY_COUNCIL),
        ("８０２０ ２３２２０", "8020 23220", None),
        ("  Richmond,\n\tVA  ", "Richmond, VA", None),
        ("<!channel> 23220 <@U012AB3CD|eve>", "23220", None),
        ("&lt;!everyone&gt; 23220", "23220", None),
        ("<https://example.org|Virginia>", "", None),
        ("", "", None),
        ("   ", "", None),
        ("\u202e\u200b23220\u200b", "23220", None),
    ],
)
def test_what_was_typed_is_a_place_and_perhaps_an_office(typed, where, kind):
    given_back = asked(typed)
    assert (given_back.where, given_back.kind) == (where, kind)
    assert bool(given_back.words) == (kind is not None)


@pytest.mark.parametrize(
    "typed",
    [
        "Kansas City",
        "Oklahoma City, OK",
        "Dane County, WI",
        "Federal Way, WA",
        "State College, PA",
        "House, NM",
        "Council Bluffs, IA",
        "1600 Judge Perez Dr, Chalmette LA",
        "22 Mayor Ave, Houston TX",
        "14 Sheriff Ct, Macon GA 31201",
        "Judge Perez Drive, Chalmette, LA",
        "Legislatureville",
        "100 School Board Rd, Topeka KS",
    ],
)
def test_a_place_that_sounds_like_an_office_stays_a_place(typed):
    assert asked(typed).where == typed
    assert asked(typed).kind is None


def test_an_office_says_its_level():
    assert asked("VA county offices").level is Level.COUNTY
    assert asked("statewide Kentucky").level is Level.STATE
    assert asked("local races 53703").level is Level.LOCAL
    assert asked("school board 23220").words == "school board"


@pytest.mark.parametrize(
    "where",
    [
        "1600 Main St, Richmond VA",
        "1600 Main St Apt 4, Richmond, VA 23220",
        "221B Baker Street, Springfield IL",
        "12-34 56th Ave, Queens NY",
        "23220 Main St, Los Angeles CA",
        "1600 Pennsylvania Avenue NW Washington",
        "PO Box 12, Bland VA 24315",
    ],
)
def test_a_house_number_and_a_street_are_an_address(where):
    assert is_address(where)


@pytest.mark.parametrize(
    "where",
    [
        "",
        "23220",
        "23220-1234",
        "23220 Richmond VA",
        "Richmond, VA 23220",
        "St. Paul, MN",
        "Virginia",
        "12345 67890",
    ],
)
def test_a_zip_code_a_city_and_a_state_are_none(where):
    assert not is_address(where)


HOSTILE = st.one_of(
    st.text(max_size=400),
    st.text(alphabet="<>&;@!#|*_~`'\"\\/ 0123456789school boardcityVA,.-\u202e\u0000\n", max_size=10_000),
    st.lists(
        st.sampled_from(["school board", "mayor", " ", "<!here>", "judge", "1600", "Main St", "VA", ","])
    ).map(" ".join),
)


@given(HOSTILE)
@example("cıty councıl VA")
@example("VA JUDGEſHİP")
@example("school board " * 900)
@example("<" * 10_000)
@example("1 " * 5_000)
@example(", " * 5_000)
@example("in " * 3_000)
@example("1600 Main St'; DROP TABLE members; --")
@example("{{7*7}} ${jndi:ldap://x} ../../etc/passwd")
def test_nothing_that_is_typed_raises_takes_long_or_keeps_markup(typed):
    began = time.thread_time()
    given_back = asked(typed)
    is_address(given_back.where)
    assert time.thread_time() - began < 0.2
    assert len(given_back.where) <= LONGEST
    assert not set(given_back.where) & set("<>\n\t\u0000\u202e")
    assert given_back.where == given_back.where.strip()
