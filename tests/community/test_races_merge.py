"""One row per race: what two sources say of it becomes one, and two races never do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from community.offices import Office as Kind
from community.races import Candidate, Certainty, Division, Filing, Found, Level, Precision
from community.races_merge import fitting, merge, state_of, told_more
from tests.civic_races import AT_HOME, AT_ZIP, HOUSE_79, RICHMOND, VIRGINIA, race

ENGINE, LIST, LAW = "CivicEngine", "The county's list", "The law"


def found(source, *races):
    return Found(source=source, races=[replace(each, source=source) for each in races])


def house(key, **facts):
    usual = {
        "name": "House of Delegates",
        "level": Level.STATE,
        "division": HOUSE_79,
        "kind": Kind.STATE_HOUSE,
        "district": "79",
    }
    return race(key, **{**usual, **facts})


def test_the_same_race_from_two_sources_is_one_row_that_names_both():
    theirs = house("engine:1", name="Virginia House of Delegates - District 79", district="", salary="")
    ours = house("law:1", certainty=Certainty.DERIVED, salary="$17,640 a year", rule="§24.2-522")
    (row,) = merge([found(ENGINE, theirs), found(LAW, ours)], AT_HOME)
    assert row.key == "engine:1"
    assert row.source == "CivicEngine and The law"
    assert row.office.salary == "$17,640 a year"
    assert row.certainty is Certainty.CONFIRMED
    assert row.fits is True


def test_the_better_certain_facts_win_whoever_comes_first():
    vague = race("law:1", certainty=Certainty.DERIVED, filings=(Filing(closes=date(2027, 3, 1)),))
    sure = race("list:1", filings=(Filing(closes=date(2027, 4, 1)),))
    for order in ([found(LAW, vague), found(LIST, sure)], [found(LIST, sure), found(LAW, vague)]):
        (row,) = merge(order, AT_ZIP)
        assert row.key == "list:1"
        assert row.filings[0].closes == date(2027, 4, 1)
        assert row.certainty is Certainty.CONFIRMED


def test_a_row_is_only_as_certain_as_its_deadline():
    sure = race("engine:1", filings=())
    derived = race("law:1", certainty=Certainty.DERIVED, rule="§24.2-522")
    (row,) = merge([found(ENGINE, sure), found(LAW, derived)], AT_ZIP)
    assert row.filings == derived.filings
    assert row.certainty is Certainty.DERIVED
    assert row.rule == "§24.2-522"


def test_two_sure_sources_that_disagree_about_the_deadline_are_both_heard():
    one = race("engine:1", filings=(Filing(closes=date(2027, 4, 1)),))
    other = race("list:1", filings=(Filing(closes=date(2027, 4, 2)),))
    (row,) = merge([found(ENGINE, one), found(LIST, other)], AT_ZIP)
    assert row.filings[0].closes == date(2027, 4, 1)
    assert "The county's list gives 2027-04-02" in row.note


def test_nobody_declared_is_a_fact_and_not_a_gap():
    one = race("engine:1", candidates=())
    other = race("list:1", candidates=None)
    for order in ([found(ENGINE, one), found(LIST, other)], [found(LIST, other), found(ENGINE, one)]):
        (row,) = merge(order, AT_ZIP)
        assert row.candidates == ()


def test_different_days_divisions_offices_and_unexpired_terms_stay_apart():
    rows = [
        race("a"),
        race("b", election_day=date(2028, 11, 7)),
        race("c", division=Division("ocd-division/country:us/state:va/county:henrico", "Henrico County")),
        race("d", name="City council", kind=Kind.CITY_COUNCIL),
        race("e", unexpired=True),
    ]
    merged = merge([found(ENGINE, race("z")), found(LIST, *rows)], AT_ZIP)
    assert len(merged) == 5


def test_wards_and_seats_of_one_division_stay_apart_and_find_each_other():
    def ward(source, number):
        return race(f"{source}:{number}", name=f"City Council, Ward {number}", kind=Kind.CITY_COUNCIL)

    merged = merge(
        [found(ENGINE, ward("engine", 1), ward("engine", 2)), found(LIST, ward("list", 2), ward("list", 3))],
        AT_ZIP,
    )
    assert [(each.key, each.source) for each in merged] == [
        ("engine:1", ENGINE),
        ("engine:2", f"{ENGINE} and {LIST}"),
        ("list:3", LIST),
    ]


def test_one_row_of_several_seats_speaks_of_every_seat_that_another_lists():
    board = {"name": "School board", "kind": Kind.SCHOOL_BOARD}
    sum_of_all = race("law:1", **board, seats=3, salary="$5,000", certainty=Certainty.DERIVED)
    one_by_one = [
        race(f"engine:{n}", **{**board, "name": f"School Board, Seat {n}"}, seats=1) for n in (1, 2, 3)
    ]
    merged = merge([found(ENGINE, *one_by_one), found(LAW, sum_of_all)], AT_ZIP)
    assert [each.key for each in merged] == ["engine:1", "engine:2", "engine:3"]
    assert all(each.office.salary == "$5,000" for each in merged)
    as_sure = replace(sum_of_all, certainty=Certainty.CONFIRMED)
    (row,) = merge([found(LAW, as_sure), found(ENGINE, *one_by_one)], AT_ZIP)
    assert row.office.seats == 3


def test_one_of_a_hundred_seats_gives_way_to_the_very_district():
    one_of_many = house("law:va", division=VIRGINIA, district="", count=100, certainty=Certainty.DERIVED)
    named = house("engine:79")
    assert [each.key for each in merge([found(ENGINE, named), found(LAW, one_of_many)], AT_ZIP)] == [
        "engine:79"
    ]
    whole = replace(AT_ZIP, precision=Precision.STATE)
    assert len(merge([found(ENGINE, named), found(LAW, one_of_many)], whole)) == 2


def test_what_fits_is_said_and_what_surely_lies_elsewhere_is_left_out():
    assert fitting(race(division=RICHMOND), AT_ZIP) is True
    assert fitting(house("x", fits=None), AT_ZIP) is None
    assert fitting(house("x", fits=None), AT_HOME) is True
    elsewhere = house("x", division=Division("ocd-division/country:us/state:va/sldl:12"))
    assert fitting(elsewhere, AT_HOME) is False
    assert fitting(race(division=Division("ocd-division/country:us/state:md")), AT_ZIP) is False
    assert fitting(race(division=Division("ocd-division/country:us")), AT_ZIP) is True
    assert fitting(race(boundaries_unknown=True), AT_HOME) is None
    assert fitting(race(division=Division("", "Some library district"), fits=None), AT_ZIP) is None
    assert merge([found(LIST, elsewhere)], AT_HOME) == ()


def test_what_a_source_knows_of_the_very_place_survives_where_the_place_does_not_tell():
    library = Division("", "Some library district", "G5999", "5199")
    for one in (house("engine:1"), race("engine:2", division=library)):
        for fits in (True, None):
            (row,) = merge([found(ENGINE, replace(one, fits=fits))], AT_ZIP)
            assert row.fits is fits
    stale = race("engine:2", division=library, fits=None)
    assert merge([found(ENGINE, stale)], AT_HOME)[0].fits is None, "it was answered to a neighbour"
    elsewhere = house("x", division=Division("ocd-division/country:us/state:va/sldl:12"))
    assert merge([found(ENGINE, elsewhere)], AT_HOME) == (), "a located address knows better"


def test_the_state_of_a_division():
    assert state_of("ocd-division/country:us/state:va/sldl:12") == "VA"
    assert state_of("ocd-division/country:us/district:dc/anc:1a") == "DC"
    assert state_of("ocd-division/country:us") == ""


few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.sampled_from(
    ["Mayor", "City Council, Ward 1", "City Council, Ward 2", "Sheriff", "School board", ""]
)


@st.composite
def sources(draw):
    made = []
    for source in (ENGINE, LIST, LAW):
        rows = [
            race(
                f"{source}:{number}",
                name=draw(NAMES),
                kind=draw(st.none() | st.sampled_from(list(Kind))),
                division=draw(st.sampled_from([VIRGINIA, RICHMOND, HOUSE_79, Division("")])),
                election_day=draw(st.sampled_from([None, date(2027, 11, 2)])),
                certainty=draw(st.sampled_from(list(Certainty))),
                seats=draw(st.none() | st.integers(1, 5)),
                count=draw(st.sampled_from([1, 1, 100])),
                candidates=draw(st.sampled_from([None, ()])),
            )
            for number in range(draw(st.integers(0, 6)))
        ]
        made.append(found(source, *rows))
    return made


@few
@given(sources(), st.sampled_from([AT_ZIP, AT_HOME]))
def test_whatever_the_sources_say_rows_stay_apart_and_merging_again_changes_nothing(given_sources, place):
    merged = merge(given_sources, place)
    assert len({each.key for each in merged}) == len(merged)
    known = {each.key for one in given_sources for each in one.races}
    assert {each.key for each in merged} <= known
    assert {each.key for each in merge([Found(source="all", races=merged)], place)} == {
        each.key for each in merged
    }
    for each in merged:
        assert len(each.source.split(" and ")) == len(set(each.source.split(" and ")))


@few
@given(sources())
def test_a_single_source_keeps_every_row_that_may_be_here(given_sources):
    one = given_sources[0]
    merged = merge([one], AT_ZIP)
    possible = {each.key for each in one.races if fitting(each, AT_ZIP) is not False}
    assert {each.key for each in merged} <= possible
    assert {each for each in possible if next(r for r in one.races if r.key == each).count == 1} <= {
        each.key for each in merged
    }


def test_what_a_source_tells_of_one_race_adds_and_takes_nothing_away():
    ann, bob = Candidate(name="Ann Lee"), Candidate(name="Bob Ray")
    shown = race("engine:1", phone="(804) 555-0100", fee="", candidates=None, also=("list:1",))
    asked = race("engine:1", phone="", fee="$50", filings=(), candidates=(ann,), incumbents=("Moe",))
    told = told_more(shown, asked)
    assert (told.office.phone, told.office.fee) == ("(804) 555-0100", "$50")
    assert (told.candidates, told.incumbents) == ((ann,), ("Moe",))
    assert (told.filings, told.also) == (shown.filings, ("list:1",))
    again = told_more(told, replace(asked, candidates=(bob,), incumbents=()))
    assert (again.candidates, again.incumbents) == ((bob,), ("Moe",)), "its own list is taken anew"
    for less in (
        replace(asked, candidates=()),
        replace(asked, candidates=None),
        race("list:1", candidates=(bob,)),
    ):
        assert told_more(told, less).candidates == (ann,)
