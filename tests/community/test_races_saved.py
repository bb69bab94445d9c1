"""A saved race counts down: each rung once, at nine, never at night, none after filing has closed."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from community import races_saved as saved
from community.deliveries import State
from community.journeys_times import awake, local, moment_at
from community.members import Member, Stage
from community.races import Division, Filing, Level, Office, Race
from community.races_changes import Change, Kind, change_of, changes, merged
from community.races_countdown import CLOSED, OPENS, RUNGS, asks_at, ladder, targets
from community.races_moves import Due, advance, heard, moved_away, told_at
from community.races_saved import Saved, Standing
from community.refusals import NotFound

NEW_YORK, HONOLULU = "America/New_York", "Pacific/Honolulu"
ZONES = [NEW_YORK, HONOLULU, "America/Phoenix", "America/Chicago", "Pacific/Guam", "Pacific/Pago_Pago"]
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

OFFICE = Office(
    name="House of Delegates",
    level=Level.STATE,
    division=Division("ocd-division/country:us/state:va/sldl:12", "Virginia House district 12"),
    district="12",
)
PRIMARY = Filing(
    opens=date(2027, 3, 15),
    opens_at=time(12),
    closes=date(2027, 4, 1),
    closes_at=time(17),
    zone=NEW_YORK,
    what="party primary",
)
VIRGINIA = Race(
    key="catalogue:va:sldl:12:2027",
    office=OFFICE,
    election_day=date(2027, 11, 2),
    primary_day=date(2027, 6, 15),
    filings=(PRIMARY,),
    source="The state's calendar",
)


def race(**filing):
    """The race with another filing window."""
    return replace(VIRGINIA, filings=(replace(PRIMARY, **filing),))


def made(what=VIRGINIA, *, at=NOW, reader=NEW_YORK, **changes_):
    """What is kept when somebody saves it."""
    one = saved.fresh("UA", what, zone=NEW_YORK, state="VA", reader=reader, at=at)
    return replace(one, id=7, **changes_)


def run(one, until, *, reader=None, step=None, down=()):
    """Let the job look whenever something is due, as if every message arrived; give when which one went out.

    `step` is by how much every other look comes too late; `down` are spans in which nobody looks.
    """
    zone = reader or one.reader
    sent = []
    now, late = one.since, True
    while one.next_at is not None and one.next_at <= until:
        now, late = max(now, one.next_at) + (step if step and late else DAY * 0), not late
        for begin, end in down:
            if begin <= now < end:
                now = end
        if now > until:
            break
        state = State.SENT if one.flight else None
        move = advance(Due(saved=one, reader=zone, delivery=state), now)
        if move.rung:
            sent.append((move.rung, now))
        assert move.after.next_at is None or move.after.next_at > now, "a look leads on"
        one = move.after
    return sent, one


def names(sent):
    return [rung for rung, _ in sent]


def test_the_whole_ladder_of_one_deadline():
    sent, one = run(made(), NOW + 300 * DAY)
    assert names(sent) == ["90", "60", "30", OPENS, "14", "7", "3", "1", CLOSED]
    for _, at in sent:
        assert local(at, NEW_YORK).time() == time(9)
    assert dict(sent)["90"].date() == date(2027, 1, 1)
    assert dict(sent)[CLOSED].date() == date(2027, 4, 2)
    assert one.standing is Standing.CLOSED
    assert one.next_at is None


def test_a_late_save_gets_the_right_next_rung_and_no_pile():
    fifteen = moment_at(date(2027, 3, 17), time(10), NEW_YORK)
    sent, _ = run(made(at=fifteen), fifteen + 60 * DAY)
    assert names(sent) == ["14", "7", "3", "1", CLOSED]
    last_day = moment_at(date(2027, 4, 1), time(10), NEW_YORK)
    sent, _ = run(made(at=last_day), last_day + 60 * DAY)
    assert names(sent) == [CLOSED]


def test_after_downtime_only_the_newest_due_one_comes():
    gap = (NOW + 20 * DAY, moment_at(date(2027, 3, 26), time(2), NEW_YORK))
    sent, _ = run(made(), NOW + 300 * DAY, down=[gap])
    assert names(sent) == ["7", "3", "1", CLOSED]
    assert local(sent[0][1], NEW_YORK).time() == time(9), "and not at two in the night"
    gap = (NOW + 20 * DAY, moment_at(date(2027, 4, 1), time(16), NEW_YORK))
    sent, _ = run(made(), NOW + 300 * DAY, down=[gap])
    assert names(sent) == ["1", CLOSED]
    gap = (NOW + 20 * DAY, moment_at(date(2027, 4, 1), time(17), NEW_YORK))
    sent, _ = run(made(), NOW + 300 * DAY, down=[gap])
    assert names(sent) == [CLOSED], "nothing of the countdown once filing has closed"


def test_what_did_not_leave_on_its_day_is_sent_once_more_the_next_morning():
    one = made()
    move = advance(Due(saved=one, reader=NEW_YORK), one.next_at)
    assert move.rung == "90"
    assert local(move.until, NEW_YORK).time() == time(21)
    lost = advance(Due(saved=move.after, reader=NEW_YORK, delivery=State.EXPIRED), move.after.next_at)
    assert lost.rung == "90"
    assert lost.after.flight != move.after.flight
    waits = advance(Due(saved=move.after, reader=NEW_YORK, delivery=State.SENDING), move.after.next_at)
    assert not waits.rung
    assert waits.after.flight == move.after.flight
    onward = advance(Due(saved=move.after, reader=NEW_YORK, delivery=State.SENT), move.after.next_at)
    assert not onward.rung
    assert onward.after.next_at == moment_at(date(2027, 1, 31), time(9), NEW_YORK)


def test_nothing_is_counted_down_to_where_no_date_is_known():
    one = made(race(opens=None, opens_at=None, closes=None, closes_at=None))
    assert (one.next_at, one.closes_at, one.calendar) == (None, None, ())
    one = made(replace(VIRGINIA, filings=()))
    assert one.next_at is None
    assert one.standing is Standing.ACTIVE
    opening = made(race(closes=None, closes_at=None))
    sent, _ = run(opening, NOW + 300 * DAY)
    assert names(sent) == [OPENS]


def test_one_window_after_the_other():
    independents = Filing(closes=date(2027, 6, 15), closes_at=time(19), zone=NEW_YORK, what="independents")
    one = made(replace(VIRGINIA, filings=(independents, PRIMARY)))
    sent, one = run(one, NOW + 400 * DAY)
    assert names(sent) == [
        *("90", "60", "30", OPENS, "14", "7", "3", "1", CLOSED),
        *("60", "30", "14", "7", "3", "1", CLOSED),
    ]
    assert one.standing is Standing.CLOSED
    assert len({at for _, at in sent}) == len(sent)


def test_who_left_is_left_alone_and_who_came_back_goes_on():
    one = made()
    gone = advance(Due(saved=one, reader=NEW_YORK, left=True), one.next_at)
    assert not gone.rung
    back = advance(Due(saved=gone.after, reader=NEW_YORK), moment_at(date(2027, 2, 2), time(9), NEW_YORK))
    assert back.rung == "60"
    over = advance(Due(saved=gone.after, reader=NEW_YORK, left=True), NOW + 300 * DAY)
    assert over.after.standing is Standing.CLOSED
    assert not over.rung


def test_the_day_on_which_filing_opens_has_one_message():
    same = race(opens=date(2027, 3, 18), opens_at=None)
    assert [rung.name for rung in ladder(targets(same, NEW_YORK)[0], NEW_YORK)][3:5] == [OPENS, "7"]


ZONE = st.sampled_from(ZONES)
DAYS = st.dates(date(2026, 11, 1), date(2028, 4, 30))
HOURS = st.one_of(st.none(), st.times().map(lambda at: at.replace(microsecond=0)))


@st.composite
def windows(draw):
    closes = draw(DAYS)
    opens = draw(st.one_of(st.none(), st.integers(0, 200).map(lambda days: closes - days * DAY)))
    return Filing(
        closes=closes,
        closes_at=draw(HOURS),
        opens=opens,
        zone=draw(st.one_of(st.just(""), ZONE)),
        what=draw(st.sampled_from(["", "party primary", "independents"])),
    )


MOMENTS = st.timedeltas(-50 * DAY, 550 * DAY).map(lambda by: NOW + by)


EARLY_IN_GUAM = Filing(closes=date(2027, 4, 1), closes_at=time(8), zone="Pacific/Guam")
"""Days are a day later there than in Samoa: a reader there wakes when it has closed."""


@given(filing=windows(), reader=ZONE)
@example(filing=EARLY_IN_GUAM, reader="Pacific/Pago_Pago")
@example(filing=replace(EARLY_IN_GUAM, closes_at=time(2)), reader="Pacific/Pago_Pago")
@example(filing=replace(EARLY_IN_GUAM, opens=date(2027, 4, 1)), reader="Pacific/Pago_Pago")
def test_rungs_are_in_order_at_nine_and_before_the_end(filing, reader):
    (target,) = targets(replace(VIRGINIA, filings=(filing,)), NEW_YORK)
    rungs = ladder(target, reader)
    assert [rung.at for rung in rungs] == sorted({rung.at for rung in rungs})
    assert len({rung.name for rung in rungs}) == len(rungs)
    counted = [int(rung.name) for rung in rungs if rung.name != OPENS]
    assert counted == sorted(counted, reverse=True)
    assert set(counted) <= set(RUNGS)
    for rung in rungs:
        assert local(rung.at, reader).time() == time(9)
        assert rung.at < target.moment
        if rung.name != OPENS:
            assert (target.closes - local(rung.at, reader).date()).days == int(rung.name)


@settings(max_examples=300)
@given(
    filings=st.lists(windows(), min_size=1, max_size=3),
    at=MOMENTS,
    reader=ZONE,
    step=st.one_of(st.none(), st.timedeltas(timedelta(minutes=1), timedelta(days=40))),
)
@example(filings=[Filing(closes=date(2027, 12, 1))], at=NOW, reader=NEW_YORK, step=timedelta(days=16))
def test_whoever_saves_whenever_and_however_seldom_somebody_looks(filings, at, reader, step):
    one = made(replace(VIRGINIA, filings=tuple(filings)), at=at, reader=reader)
    sent, end = run(one, at + 900 * DAY, step=step)
    closings = {target.moment for target in targets(one.race, one.zone)}
    for rung, when in sent:
        assert awake(when, reader), "never at night"
        assert when > at
        if rung == CLOSED:
            assert any(closing <= when for closing in closings)
        else:
            assert any(closing > when for closing in closings), "none after closing"
    mornings = [local(when, reader).date() for _, when in sent]
    assert len(set(mornings)) == len(mornings), "no pile: one a day at most"
    assert len(set(end.cards)) == len(sent), "no message has the name of another"
    if any(closing > at for closing in closings):
        assert sent[-1][0] == CLOSED
        assert end.standing is Standing.CLOSED
    else:
        assert not sent
    if step is None and len(filings) == 1:
        counted = names(sent)
        assert len(set(counted)) == len(counted), "no rung twice"


@given(filing=windows(), at=MOMENTS, reader=ZONE, shift=st.integers(-60, 60))
def test_a_date_that_moves_is_told_once_and_counted_down_to_anew(filing, at, reader, shift):
    what = replace(VIRGINIA, filings=(filing,))
    one = made(what, at=at, reader=reader)
    new = replace(what, filings=(replace(filing, closes=filing.closes + shift * DAY),))
    news = heard(one, new, reader=reader, at=at + HOUR)
    moments = [target.moment for each in (what, new) for target in targets(each, NEW_YORK)]
    matters = shift and max(moments) > at + HOUR
    assert bool([each for each in news.told if each.kind is Kind.CLOSES]) == bool(matters)
    assert news.after.race == new
    assert heard(news.after, new, reader=reader, at=at + 2 * HOUR).told == ()
    if matters:
        assert news.after.sequence == one.sequence + 1
        told = told_at(at + HOUR, reader)
        assert awake(told, reader)
        sent, _ = run(news.after, at + 900 * DAY)
        for rung, when in sent:
            assert when > told
            if rung not in {CLOSED, OPENS}:
                left = (filing.closes + shift * DAY - local(when, reader).date()).days
                assert left == int(rung)


def test_a_moved_date_passes_over_what_the_news_already_say():
    night = moment_at(date(2027, 3, 2), time(3), NEW_YORK)
    one = made(at=night - 10 * DAY)
    assert one.next_at == moment_at(date(2027, 3, 2), time(9), NEW_YORK)
    news = heard(one, race(closes=date(2027, 4, 8)), reader=NEW_YORK, at=night)
    assert told_at(night, NEW_YORK) == moment_at(date(2027, 3, 2), time(9), NEW_YORK)
    assert news.after.next_at == moment_at(date(2027, 3, 9), time(9), NEW_YORK)
    assert news.told == (
        Change(
            Kind.CLOSES,
            "2027-04-01 17:00 America/New_York",
            "2027-04-08 17:00 America/New_York",
            "party primary",
        ),
    )


def test_an_extended_deadline_brings_back_what_had_closed():
    _, over = run(made(), NOW + 300 * DAY)
    assert over.standing is Standing.CLOSED
    later = moment_at(date(2027, 4, 5), time(3), NEW_YORK)
    news = heard(over, race(closes=date(2027, 4, 15)), reader=NEW_YORK, at=later)
    assert news.after.standing is Standing.ACTIVE
    assert names(run(news.after, NOW + 300 * DAY)[0]) == ["7", "3", "1", CLOSED]
    earlier = heard(made(), race(closes=date(2026, 11, 1)), reader=NEW_YORK, at=NOW + HOUR)
    assert earlier.after.standing is Standing.CLOSED, "moved into the past: nothing is left to count"
    assert earlier.after.next_at is None


def test_cancelled_and_back_again():
    one = made()
    off = heard(one, replace(VIRGINIA, cancelled=True), reader=NEW_YORK, at=NOW + DAY)
    assert (off.after.standing, off.after.next_at, off.after.calendar) == (Standing.CANCELLED, None, ())
    assert [each.kind for each in off.told] == [Kind.CANCELLED]
    on = heard(off.after, VIRGINIA, reader=NEW_YORK, at=NOW + 2 * DAY)
    assert (on.after.standing, [each.kind for each in on.told]) == (Standing.ACTIVE, [Kind.BACK])
    unheard = heard(off.after, VIRGINIA, reader=NEW_YORK, at=NOW + 2 * DAY, untold=off.told)
    assert unheard.told == (), "what went back and forth before anybody was told is no news"


def test_who_filed_hears_of_the_election_alone():
    filed = made(standing=Standing.FILED, next_at=None)
    assert heard(filed, race(closes=date(2027, 4, 8)), reader=NEW_YORK, at=NOW).told == ()
    elsewhen = replace(VIRGINIA, election_day=date(2027, 11, 9))
    news = heard(filed, elsewhen, reader=NEW_YORK, at=NOW)
    assert [each.kind for each in news.told] == [Kind.ELECTION]
    assert (news.after.standing, news.after.next_at) == (Standing.FILED, None)
    stopped = made(standing=Standing.STOPPED, next_at=None)
    assert heard(stopped, elsewhen, reader=NEW_YORK, at=NOW).told == ()


def test_what_does_not_matter_is_no_news():
    one = made()
    other = replace(VIRGINIA, office=replace(OFFICE, fee="$500"), as_of=date(2026, 11, 25))
    news = heard(one, other, reader=NEW_YORK, at=NOW + DAY)
    assert (news.told, news.moved, news.after.next_at) == ((), False, one.next_at)
    assert news.after.race.office.fee == "$500"


def test_a_date_that_becomes_known_begins_the_countdown():
    one = made(replace(VIRGINIA, filings=()))
    news = heard(one, VIRGINIA, reader=NEW_YORK, at=NOW + DAY)
    assert {each.kind: each.old for each in news.told} == {Kind.CLOSES: "", Kind.OPENS: ""}
    assert news.after.calendar == ("party primary",)
    assert names(run(news.after, NOW + 300 * DAY)[0])[0] == "90"


@given(
    days=st.lists(DAYS, min_size=2, max_size=5),
    other=st.sampled_from([(), (Change(Kind.OPENS, "", "2027-01-01"),)]),
)
def test_changes_that_were_not_told_yet_become_one(days, other):
    texts = [day.isoformat() for day in days]
    steps = [(Change(Kind.CLOSES, old, new),) for old, new in itertools.pairwise(texts) if old != new]
    told = other
    for step in steps:
        told = merged(told, step)
    expected = {*other} | ({Change(Kind.CLOSES, texts[0], texts[-1])} if texts[0] != texts[-1] else set())
    assert set(told) == expected


def test_changes_survive_being_kept():
    found = changes(VIRGINIA, race(closes=date(2027, 4, 8), opens=None), NEW_YORK, NOW)
    assert [change_of(each.kept()) for each in found] == list(found)
    assert len(found) == 2


def test_windows_that_are_named_anew_are_the_same_windows():
    renamed = race(what="primary", closes=date(2027, 4, 2))
    assert [each.kind for each in changes(VIRGINIA, renamed, NEW_YORK, NOW)] == [Kind.CLOSES]


def test_a_window_that_is_over_and_gone_is_no_news():
    later = moment_at(date(2027, 4, 3), time(3), NEW_YORK)
    assert changes(VIRGINIA, replace(VIRGINIA, filings=()), NEW_YORK, later) == ()
    assert changes(VIRGINIA, replace(VIRGINIA, filings=()), NEW_YORK, NOW)


def test_who_moves_is_written_to_at_nine_over_there():
    there = moved_away(made(), HONOLULU)
    assert local(there.next_at, HONOLULU).time() == time(9)


@given(closed=MOMENTS, reader=ZONE)
def test_the_question_whether_they_filed_comes_at_the_first_nine_after(closed, reader):
    at = asks_at(closed, reader)
    assert closed <= at < closed + timedelta(hours=25)
    assert local(at, reader).time() == time(9)


# The verbs


class Shelf:
    """Keeps saved races and people in memory."""

    def __init__(self, *rows, stage=None):
        self.rows = {each.id: each for each in rows}
        self.person = Member(id="UA", stage=stage)

    async def add(self, one):
        if any((each.user, each.key) == (one.user, one.key) for each in self.rows.values()):
            return None
        kept = replace(one, id=len(self.rows) + 1)
        self.rows[kept.id] = kept
        return kept

    async def hold(self, number):
        return self.rows.get(number)

    async def hold_key(self, user, key):
        return next((each for each in self.rows.values() if (each.user, each.key) == (user, key)), None)

    async def put(self, *rows):
        self.rows |= {each.id: each for each in rows}

    async def member(self, user):
        return self.person

    async def describe(self, user, **values):
        self.person = replace(self.person, **values)


async def test_saving_twice_is_saving_once():
    shelf = Shelf()
    wish = saved.fresh("UA", VIRGINIA, zone=NEW_YORK, state="VA", reader=NEW_YORK, at=NOW)
    one, began = await saved.save(shelf, wish, at=NOW)
    assert (one.id, began) == (1, True)
    again, began = await saved.save(shelf, replace(wish, race=race(closes=date(2027, 5, 5))), at=NOW)
    assert (again, began) == (one, False)
    with pytest.raises(saved.RaceCancelled):
        await saved.save(shelf, replace(wish, race=replace(VIRGINIA, cancelled=True)), at=NOW)


async def test_stop_and_undo_skip_nothing_and_repeat_nothing():
    shelf = Shelf(made())
    first = advance(Due(saved=shelf.rows[7], reader=NEW_YORK), shelf.rows[7].next_at)
    await shelf.put(first.after)
    at = first.before.next_at + HOUR
    before, after = await saved.stop(shelf, 7, by="UA", at=at)
    assert (after.standing, after.next_at, after.calendar) == (Standing.STOPPED, None, ())
    assert after.sequence == before.sequence + 1
    same, _ = await saved.stop(shelf, 7, by="UA", at=at)
    assert same is after
    _, back = await saved.undo(shelf, Shelf(), 7, by="UA", at=at + HOUR)
    assert back.calendar == ("party primary",)
    assert names(run(back, NOW + 300 * DAY)[0]) == ["60", "30", OPENS, "14", "7", "3", "1", CLOSED]


async def test_whoever_saves_again_what_they_stopped_goes_on():
    shelf = Shelf(made())
    await saved.stop(shelf, 7, by="UA", at=NOW)
    wish = saved.fresh("UA", VIRGINIA, zone=NEW_YORK, state="VA", reader=HONOLULU, at=NOW + DAY)
    again, began = await saved.save(shelf, wish, at=NOW + DAY)
    assert began
    assert (again.id, again.sequence, again.reader) == (7, 2, HONOLULU)
    assert again.uid == shelf.rows[7].uid


@pytest.mark.parametrize(
    ("stage", "then"),
    [(None, Stage.FILED), (Stage.DECIDED, Stage.FILED), (Stage.CAMPAIGNING, Stage.CAMPAIGNING)],
)
async def test_who_filed_has_filed_and_can_take_it_back(stage, then):
    shelf = Shelf(made(), stage=stage)
    _, after = await saved.file(shelf, shelf, 7, by="UA", at=NOW)
    assert (after.standing, after.next_at, shelf.person.stage) == (Standing.FILED, None, then)
    again = await saved.file(shelf, shelf, 7, by="UA", at=NOW)
    assert again == (after, after)
    assert (await saved.stop(shelf, 7, by="UA", at=NOW))[1].standing is Standing.FILED
    _, back = await saved.undo(shelf, shelf, 7, by="UA", at=NOW)
    assert back.standing is Standing.ACTIVE
    assert back.next_at == made().next_at
    assert shelf.person.stage is (stage or Stage.EXPLORING if then is Stage.FILED else stage)


async def test_a_stage_that_was_changed_since_stays():
    shelf = Shelf(made(), stage=Stage.DECIDED)
    await saved.file(shelf, shelf, 7, by="UA", at=NOW)
    await shelf.describe("UA", stage=Stage.CAMPAIGNING)
    await saved.undo(shelf, shelf, 7, by="UA", at=NOW)
    assert shelf.person.stage is Stage.CAMPAIGNING


async def test_only_who_filed_celebrates_and_once():
    shelf = Shelf(made())
    with pytest.raises(saved.NotFiled):
        await saved.celebrate(shelf, 7, by="UA", at=NOW)
    await saved.file(shelf, shelf, 7, by="UA", at=NOW)
    one, now = await saved.celebrate(shelf, 7, by="UA", at=NOW)
    assert (one.wins, now) == (1, True)
    assert (await saved.celebrate(shelf, 7, by="UA", at=NOW))[1] is False
    before, after = await saved.hush(shelf, 7, by="UA")
    assert (before.won_at, after.won_at) == (NOW, None)
    assert await saved.hush(shelf, 7, by="UA") == (after, after)
    assert (await saved.celebrate(shelf, 7, by="UA", at=NOW))[0].wins == 2


async def test_what_another_person_saved_is_not_there():
    shelf = Shelf(made())
    for verb in (
        saved.stop(shelf, 7, by="UB", at=NOW),
        saved.file(shelf, shelf, 7, by="UB", at=NOW),
        saved.undo(shelf, shelf, 7, by="UB", at=NOW),
        saved.celebrate(shelf, 7, by="UB", at=NOW),
        saved.hush(shelf, 7, by="UB"),
        saved.stop(shelf, 8, by="UA", at=NOW),
    ):
        with pytest.raises(NotFound):
            await verb


def test_days_are_those_of_the_place_where_one_files_and_hours_the_readers():
    one = made(reader=HONOLULU)
    sent, _ = run(one, NOW + 300 * DAY)
    by_rung = dict(sent)
    assert local(by_rung["1"], HONOLULU).strftime("%m-%d %H:%M") == "03-31 09:00"
    assert local(by_rung[CLOSED], HONOLULU).strftime("%m-%d %H:%M") == "04-02 09:00"
    assert one.closes_at == datetime(2027, 4, 1, 17, tzinfo=ZoneInfo(NEW_YORK))
    assert isinstance(one, Saved)
