"""Imported races as they are kept: found by place with one index search per division, told as they are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, text

from community.races import COUNTRY, Candidate, Division, Place, Precision, Window
from storage.races import LocalRaces, Names, within
from tests.community.race_files import COUNCIL, SOURCE, VA, people_of, row_of, rows_of, sheet

AT = datetime(2026, 11, 21, 15, tzinfo=UTC)
WINDOW = Window(date(2026, 11, 21), date(2028, 11, 30))
CITY = Division(f"{VA}/place:richmond", "Richmond", "G4110", "5167000")
RICHMOND = Place(
    precision=Precision.ADDRESS,
    state="VA",
    label="Richmond, VA 23220",
    zone="America/New_York",
    certain=(
        Division(COUNTRY),
        Division(VA, "Virginia", "G4000", "51"),
        CITY,
        Division(f"{VA}/place:richmond/council_district:4"),
    ),
)
BY_ZIP = Place(
    precision=Precision.ZIP,
    state="VA",
    label="Richmond, VA 23220",
    zone="America/New_York",
    certain=(Division(COUNTRY), Division(VA, "Virginia", "G4000", "51"), CITY),
    overlapping=(Division(f"{VA}/county:henrico"),),
    unknown=frozenset({"sldl", "council_district"}),
)


async def keep(database, *rows, at=AT):
    async with database.transaction() as store:
        return await store.races.keep(rows, source=SOURCE, at=at)


async def keep_people(database, *rows):
    async with database.transaction() as store:
        return await store.races.keep_people(rows, source=SOURCE)


async def found(database, place=RICHMOND, window=WINDOW):
    return (await LocalRaces(database).races(place, window)).races


async def test_a_race_comes_back_as_it_was_read(database):
    row = row_of(filing_deadline="2027-06-15", filing_time="19:00", verified_on="2026-11-20", note="¿Sí?")
    await keep(database, row)
    assert await found(database) == (row.race,)
    assert await LocalRaces(database).race(row.race.key) == row.race


async def test_a_place_finds_what_its_divisions_elect_and_nothing_else(database):
    await keep(
        database,
        row_of(office="City council"),
        row_of(office="Next district", ocd_division_id=f"{VA}/place:richmond/council_district:5"),
        row_of(office="Mayor", ocd_division_id=f"{VA}/place:richmond"),
        row_of(office="Sheriff", ocd_division_id="", mtfcc="G4110", geo_id="5167000"),
        row_of(office="Governor", ocd_division_id=VA),
        row_of(office="President", ocd_division_id=COUNTRY),
        row_of(office="Norfolk mayor", ocd_division_id=f"{VA}/place:norfolk"),
        row_of(office="Elsewhere", ocd_division_id="", mtfcc="G4020", geo_id="51041"),
        row_of(office="Long ago", election_date="2025-11-04"),
        row_of(office="Far away", election_date="2029-11-06"),
    )
    races = await found(database)
    (sheriff,) = (race for race in races if race.office.name == "Sheriff")
    assert sheriff.office.division == CITY
    assert {race.office.name for race in races} == {
        "City council",
        "Mayor",
        "Sheriff",
        "Governor",
        "President",
    }
    assert {race.fits for race in races} == {True}


async def test_a_race_that_both_names_of_a_division_find_is_found_once(database):
    await keep(database, row_of(ocd_division_id=f"{VA}/place:richmond", mtfcc="G4110", geo_id="5167000"))
    assert len(await found(database)) == 1


async def test_what_is_only_possible_is_said_to_be_only_possible(database):
    await keep(
        database,
        row_of(office="Mayor", ocd_division_id=f"{VA}/place:richmond"),
        row_of(office="Supervisor", ocd_division_id=f"{VA}/county:henrico"),
        row_of(office="Ward 4"),
        row_of(office="Ward 5", ocd_division_id="", mtfcc="X0001", geo_id="516700005"),
        row_of(office="Ward of Norfolk", ocd_division_id=f"{VA}/place:norfolk/council_district:1"),
        row_of(office="House of Delegates", ocd_division_id=f"{VA}/sldl:12"),
        row_of(office="School board", ocd_division_id=f"{VA}/place:richmond/school_district:1"),
    )
    assert {race.office.name: race.fits for race in await found(database, BY_ZIP)} == {
        "Mayor": True,
        "Supervisor": None,
        "Ward 4": None,
        "Ward 5": None,
    }


@pytest.mark.parametrize(
    ("division", "part"),
    [
        (Division(COUNTRY), None),
        (Division(VA), None),
        (Division(f"{VA}/sldl:12"), None),
        (Division(f"{VA}/place:richmond"), None),
        (Division(f"{VA}/place:richmond/ward:1"), f"{VA}/place:richmond/ward"),
        (Division("", "", "X0001", "516700004"), "G4110:5167000/council_district"),
        (Division("", "", "X0001", "5167000"), None),
        (Division("", "", "X0005", "5104103"), "G4020:51041/council_district"),
        (Division("", "", "G4110", "5167000"), None),
    ],
)
def test_a_ward_is_within_its_town(division, part):
    assert within(division) == part


async def test_a_primary_is_part_of_its_race_even_when_it_is_over(database):
    primary = row_of(election_type="primary", election_date="2027-06-15", filing_deadline="2027-04-01")
    general = row_of()
    runoff = row_of(election_type="runoff", election_date="2027-12-07")
    await keep(database, primary, general, runoff)
    (race,) = await found(database, window=Window(date(2027, 8, 1), date(2027, 11, 30)))
    assert (race.key, race.primary_day, race.runoff_day) == (
        general.race.key,
        date(2027, 6, 15),
        date(2027, 12, 7),
    )
    assert await LocalRaces(database).race(general.race.key) == race
    alone = await LocalRaces(database).race(primary.race.key)
    assert alone.key == primary.race.key


async def test_people_come_with_their_race(database):
    row = row_of()
    await keep(database, row)
    assert (await found(database))[0].candidates is None
    ana, ben, holly = people_of(
        sheet(
            COUNCIL | {"name": "Ana Ruiz", "party": "Independent"},
            COUNCIL | {"name": "Ben Oduya", "status": "withdrawn"},
            COUNCIL | {"name": "Holly Odell", "role": "incumbent"},
        )
    )
    await keep_people(database, ana, ben, holly)
    (race,) = await found(database)
    assert race.candidates == (
        Candidate(name="Ana Ruiz", party="Independent"),
        Candidate(name="Ben Oduya", withdrawn=True),
    )
    assert race.incumbents == ("Holly Odell",)
    assert await LocalRaces(database).race(row.race.key) == race


async def test_keeping_again_writes_nothing_and_counts_what_changed(database):
    rows = [row_of(district=f"District {number}") for number in range(4)]
    assert (await keep(database, *rows))[:3] == (4, 0, 0)
    later = AT + timedelta(days=30)
    changed = row_of(district="District 3", salary="$1")
    kept = await keep(database, *rows[:3], changed, row_of(district="District 9"), at=later)
    assert kept[:3] == (1, 1, 3)
    assert len(set(kept.ids)) == 5
    async with database.reading() as store:
        taken = (
            await store.connection.execute(text("SELECT count(DISTINCT taken_at) FROM local_races"))
        ).scalar()
        assert (await store.races.compare([*rows[:3], row_of(district="New")]))[:3] == (1, 0, 3)
    assert taken == 2
    (unchanged,) = [race for race in await found(database) if race.office.district == "District 0"]
    assert unchanged.as_of == AT.date()


async def test_a_cancelled_race_leaves_the_list_but_is_told_to_who_saved_it(database):
    row = row_of()
    kept = await keep(database, row)
    async with database.transaction() as store:
        assert await store.races.ahead(SOURCE, WINDOW, after=0) == list(kept.ids)
        assert await store.races.ahead("Another", WINDOW, after=0) == []
        await store.races.cancel(kept.ids, at=AT)
        assert await store.races.ahead(SOURCE, WINDOW, after=0) == []
    assert await found(database) == ()
    assert (await LocalRaces(database).race(row.race.key)).cancelled
    assert (await keep(database, row)).changed == 1
    assert not (await found(database))[0].cancelled


async def test_nothing_is_known_of_other_sources_races(database):
    assert await LocalRaces(database).race("civicengine:1") is None
    assert await LocalRaces(database).race("local:unknown") is None


async def test_people_change_go_and_are_missed(database):
    await keep(database, row_of())
    ana, ben = people_of(sheet(COUNCIL | {"name": "Ana Ruiz"}, COUNCIL | {"name": "Ben Oduya"}))
    first = await keep_people(database, ana, ben)
    assert first[:3] == (2, 0, 0)
    (certified,) = people_of(sheet(COUNCIL | {"name": "Ana Ruiz", "status": "certified"}))
    async with database.reading() as store:
        assert (await store.races.compare_people([certified, ben]))[:3] == (0, 1, 1)
        assert await store.races.unknown({ana.of, "local:nothing"}) == {"local:nothing"}
    assert (await keep_people(database, certified, ben))[:3] == (0, 1, 1)
    async with database.transaction() as store:
        assert await store.races.people_of(SOURCE, after=0) == [(one, ana.of) for one in sorted(first.ids)]
        await store.races.forget_people([max(first.ids)])
    assert [each.name for each in (await found(database))[0].candidates] == ["Ana Ruiz"]


NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)",
    "postgresql": "WITH n(i) AS (SELECT generate_series(1, 20000))",
}
FILL = """
INSERT INTO local_races (key, source, position, ocd, census, within, election_day, facts, digest, taken_at)
{numbers}
SELECT 'fill:' || i, 's', 'p' || i,
       CASE WHEN i % 2 = 0 THEN 'ocd-division/country:us/state:xx/place:p' || (i / 40) END,
       'G4110:' || (i / 40), 'x' || (i / 40) || '/ward', {day}, '{{}}', 'd', {at}
FROM n
"""


async def test_a_place_costs_one_index_search_per_name_and_no_table_scan(database):
    kind = database.dialect
    day, at = {
        "sqlite": ("'2027-11-02'", "'2026-11-21'"),
        "postgresql": ("DATE '2027-11-02'", "TIMESTAMPTZ '2026-11-21 00:00+00'"),
    }[kind]
    async with database.transaction() as store:
        await store.connection.exec_driver_sql(FILL.format(numbers=NUMBERS[kind], day=day, at=at))
    async with database.transaction() as store:
        await store.connection.exec_driver_sql("ANALYZE local_races" if kind == "postgresql" else "ANALYZE")
    names = Names(
        frozenset(f"ocd-division/country:us/state:xx/place:p{number}" for number in range(20)),
        frozenset(f"G4110:{number}" for number in range(20)),
        frozenset(f"x{number}/ward" for number in range(20)),
    )
    said = []
    async with database.reading() as store:
        connection = store.connection.sync_connection
        note = lambda _c, _cursor, statement, parameters, *_: said.append((statement, parameters))  # noqa: E731
        event.listen(connection, "before_cursor_execute", note)
        assert len(await store.races.of(names, WINDOW)) > 1500
        event.remove(connection, "before_cursor_execute", note)
        ((statement, parameters),) = [each for each in said if each[0] != "BEGIN"]
        explain = "EXPLAIN QUERY PLAN " if kind == "sqlite" else "EXPLAIN "
        rows = await store.connection.run_sync(
            lambda one: one.exec_driver_sql(explain + statement, tuple(parameters)).all()
        )
    plan = "\n".join(str(row[-1]) for row in rows)
    for index in ("ix_local_races_ocd", "ix_local_races_census", "ix_local_races_within"):
        assert plan.count(index) == 1, plan
    if kind == "sqlite":
        assert plan.count("(ocd=? AND election_day>? AND election_day<?)") == 1, plan
        assert "SCAN" not in plan, plan
    else:
        assert "Seq Scan" not in plan, plan
        assert plan.count("Index Cond") == 3, plan


async def test_the_answer_is_the_same_whatever_else_is_kept(database):
    """Against the plain way: every race of the file whose division is one of the place's."""
    rows = rows_of(
        sheet(
            *(
                COUNCIL
                | {
                    "ocd_division_id": f"{VA}/place:town_{number % 7}",
                    "district": str(number),
                    "election_date": f"20{26 + number % 4}-11-0{2 + number % 5}",
                }
                for number in range(200)
            )
        )
    )
    await keep(database, *rows)
    for town in range(7):
        division = Division(f"{VA}/place:town_{town}")
        place = Place(
            precision=Precision.CITY, state="VA", label="", zone="America/New_York", certain=(division,)
        )
        expected = {
            row.race.key
            for row in rows
            if row.race.office.division == division and WINDOW.first <= row.race.election_day <= WINDOW.last
        }
        assert {race.key for race in await found(database, place)} == expected
