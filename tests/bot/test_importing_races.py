"""Races come in from files of any length: judged whole, kept in small transactions, missed if they go."""

from __future__ import annotations

import asyncio
import io
import logging
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from bot import importing_races, importing_races_told, races_files
from bot.cli import app
from bot.importing_races import Ids, Twice, import_races
from bot.races_files import RacesFile
from community import races_saved as rules
from community.races import Division, Place, Precision, Window
from community.races_rows import FileUnreadable
from scheduler.races_refresh import refresh_saved
from storage.races import LocalRaces
from tests.community.race_files import COUNCIL, FEED, SOURCE, VA, row_of, sheet, zipped

WINDOW = Window(date(2026, 11, 21), date(2028, 11, 30))
TOWN = Place(
    precision=Precision.CITY,
    state="VA",
    label="Richmond, VA",
    zone="America/New_York",
    certain=(Division(f"{VA}/place:richmond"), Division(f"{VA}/sldl:12")),
    unknown=frozenset({"council_district"}),
)


@pytest.fixture
def write(tmp_path):
    def written(*rows, name="races.csv", encoding="utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(sheet(*rows).encode(encoding))
        return path

    return written


@pytest.fixture
def come_in(database, clock):
    """Imports a file and gives what came of it, with the bad rows that were told."""

    async def run(path, *, people=False, source=SOURCE, **how):
        bad = []
        file = RacesFile.opened(path, people=people)
        report = await import_races(database, file, source, at=clock.now(), tell=bad.append, **how)
        assert report.bad == len(bad)
        return report, [(row.file, row.line, *row.reasons) for row in bad]

    return run


async def found(database):
    return (await LocalRaces(database).races(TOWN, WINDOW)).races


def seats(count, **cells):
    return [COUNCIL | {"district": f"District {number}"} | cells for number in range(count)]


async def test_good_rows_come_in_and_doing_it_again_changes_nothing(database, write, come_in):
    path = write(*seats(3))
    report, bad = await come_in(path)
    assert (report.added, report.changed, report.unchanged, report.written, bad) == (3, 0, 0, True, [])
    before = await found(database)
    assert {race.office.district for race in before} == {"District 0", "District 1", "District 2"}
    again, _ = await come_in(path)
    assert (again.added, again.changed, again.unchanged, again.cancelled) == (0, 0, 3, 0)
    assert await found(database) == before


async def test_one_bad_row_keeps_all_of_them_out_unless_partial(database, write, come_in):
    path = write(*seats(2), COUNCIL | {"seats": "many"}, COUNCIL | {"election_date": "soon", "level": "x"})
    report, bad = await come_in(path)
    assert [row[:2] for row in bad] == [("", 4), ("", 5)]
    assert "seats is not a whole number" in bad[0]
    assert (report.added, report.written) == (2, False)
    assert await found(database) == ()
    report, _ = await come_in(path, partial=True)
    assert (report.added, report.bad, report.written) == (2, 2, True)
    assert len(await found(database)) == 2


async def test_a_rehearsal_says_what_would_happen_and_writes_nothing(database, write, come_in):
    report, _ = await come_in(write(*seats(2)), rehearse=True)
    assert (report.added, report.written) == (2, False)
    assert await found(database) == ()
    await come_in(write(*seats(2)))
    report, _ = await come_in(write(*seats(3), name="more.csv"), rehearse=True)
    assert (report.added, report.unchanged) == (1, 2)


async def test_the_same_race_twice_is_a_bad_row_wherever_it_stands(write, come_in):
    rows = [*seats(3), COUNCIL | {"district": "district  0", "salary": "$1"}]
    _, bad = await come_in(write(*rows))
    assert bad == [("", 5, "it says line 2 again, in other words or in another place")]
    report, _ = await come_in(write(*rows), partial=True)
    assert (report.added, report.bad) == (3, 1)


async def test_what_vanished_from_a_newer_file_is_cancelled_and_told(database, write, come_in):
    await come_in(write(*seats(3)))
    report, _ = await come_in(write(*seats(2)))
    assert (report.unchanged, report.cancelled) == (2, 1)
    assert {race.office.district for race in await found(database)} == {"District 0", "District 1"}
    gone = row_of(district="District 2").race.key
    assert (await LocalRaces(database).race(gone)).cancelled
    report, _ = await come_in(write(*seats(3)))
    assert (report.changed, report.cancelled) == (1, 0)
    assert not (await LocalRaces(database).race(gone)).cancelled


async def test_another_sources_races_and_past_ones_do_not_vanish(database, write, come_in):
    await come_in(write(*seats(2)), source="City clerk")
    await come_in(write(COUNCIL, COUNCIL | {"election_date": "2025-11-04"}))
    report, _ = await come_in(write(COUNCIL | {"district": "District 9"}))
    assert report.cancelled == 1
    assert len(await found(database)) == 3


async def test_a_file_that_lacks_much_is_taken_for_a_part_unless_staff_say_otherwise(
    database, write, come_in
):
    await come_in(write(*seats(100)))
    report, _ = await come_in(write(*seats(50)))
    assert (report.cancelled, report.missing) == (0, 50)
    assert len(await found(database)) == 100
    report, _ = await come_in(write(*seats(50)), shrink=True)
    assert (report.cancelled, report.missing) == (50, 0)
    assert len(await found(database)) == 50


async def test_a_bad_row_cancels_nothing(database, write, come_in):
    await come_in(write(*seats(3)))
    report, _ = await come_in(write(*seats(2), COUNCIL | {"seats": "many"}), partial=True)
    assert (report.cancelled, report.missing) == (0, 1)
    assert len(await found(database)) == 3


async def test_a_date_that_moves_changes_the_race_and_keeps_its_name(database, write, come_in):
    await come_in(write(COUNCIL))
    report, _ = await come_in(write(COUNCIL | {"election_date": "2027-11-09"}))
    assert (report.changed, report.cancelled) == (1, 0)
    assert (await LocalRaces(database).race(row_of().race.key)).election_day == date(2027, 11, 9)


async def test_whoever_saved_a_race_is_told_soon_after_the_import(database, clock, write, come_in):
    await come_in(write(COUNCIL))
    (race,) = await found(database)
    wish = rules.fresh("UA", race, zone=TOWN.zone, state="VA", reader=TOWN.zone, at=clock.now())
    async with database.transaction() as store:
        await rules.save(store.races_saved, wish, at=clock.now())
    sources = {"local": LocalRaces(database)}
    assert await refresh_saved(database, clock, sources, TOWN.zone) == 0, "it was just looked up"
    await come_in(write(COUNCIL))
    assert await refresh_saved(database, clock, sources, TOWN.zone) == 0, "nothing has changed"
    await come_in(write(COUNCIL | {"filing_deadline": "2027-04-09"}))
    assert await refresh_saved(database, clock, sources, TOWN.zone) == 1
    async with database.reading() as store:
        told = await store.deliveries.find("races:changed:1:0")
    assert [each["new"][:10] for each in told.about["changes"]] == ["2027-04-09"]


async def test_people_come_after_their_races(database, write, come_in):
    await come_in(write(*seats(2)))
    one = {"district": "District 0"}
    people = [
        COUNCIL | one | {"name": "Ana Ruiz", "role": "candidate"},
        COUNCIL | one | {"name": "Holly Odell", "role": "incumbent"},
    ]
    report, bad = await come_in(write(*people, name="people.csv"), people=True)
    assert (report.people_added, report.written, bad) == (2, True, [])
    race = next(race for race in await found(database) if race.office.district == "District 0")
    assert ([each.name for each in race.candidates], race.incumbents) == (["Ana Ruiz"], ("Holly Odell",))
    report, _ = await come_in(write(people[1], name="people.csv"), people=True)
    assert (report.people_unchanged, report.people_gone, report.cancelled) == (1, 1, 0)
    assert len(await found(database)) == 2


async def test_people_of_races_that_nobody_imported_are_bad_rows_without_a_name(write, come_in):
    await come_in(write(COUNCIL))
    path = write(
        COUNCIL | {"name": "Ana Ruiz"},
        COUNCIL | {"district": "District 77", "name": "Ben Oduya"},
        name="people.csv",
    )
    report, bad = await come_in(path, people=True)
    assert bad == [("", 3, "the race or office it speaks of is not among the imported ones")]
    assert not report.written
    report, _ = await come_in(path, people=True, partial=True)
    assert (report.people_added, report.people_gone) == (1, 0)


async def test_a_feed_brings_races_and_people_and_cancels_only_on_its_own_day(
    database, come_in, write, tmp_path
):
    await come_in(write(COUNCIL | {"election_date": "2027-06-15"}))
    report, _ = await come_in(zipped(tmp_path / "feed.zip"))
    assert (report.added, report.people_added, report.cancelled) == (2, 4, 0)
    house = next(race for race in await found(database) if "Delegates" in race.office.name)
    assert (house.candidates[0].name, house.incumbents) == (
        "Ana Ruiz",
        ("Holly Odell Jr.",),
    )
    thinner = FEED | {
        "candidate_contest": "".join(FEED["candidate_contest"].splitlines(keepends=True)[:2]).replace(
            "cs1 cs2 cs3", "cs2 cs3"
        )
    }
    report, _ = await come_in(zipped(tmp_path / "feed.zip", thinner, folder="", ending=".TXT"))
    assert (report.unchanged, report.cancelled, report.people_gone) == (1, 1, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
async def test_a_file_is_read_however_it_is_encoded(database, write, come_in, encoding):
    path = write(COUNCIL | {"office": "Doña Ana County Commission"}, encoding=encoding)
    await come_in(path)
    assert [race.office.name for race in await found(database)] == ["Doña Ana County Commission"]
    assert (RacesFile.opened(path).encoding == "cp1252") == (encoding == "cp1252")


async def test_a_long_file_comes_in_batches_that_others_write_between(
    database, write, come_in, clock, monkeypatch
):
    monkeypatch.setattr(importing_races, "BATCH", 10)
    keep, between = importing_races._Keeping.keep, []

    async def keep_and_let_others(self, batch):
        await keep(self, batch)
        async with asyncio.timeout(10), database.transaction() as store:
            await store.milestones.reach(f"something else {len(between)}", clock.now())
        between.append(len(batch))

    monkeypatch.setattr(importing_races._Keeping, "keep", keep_and_let_others)
    report, _ = await come_in(write(*seats(95)))
    assert report.added == 95
    assert len(between) >= 10


async def test_an_import_that_dies_in_the_middle_is_finished_by_the_next(
    database, write, come_in, monkeypatch
):
    await come_in(write(*seats(20)))
    monkeypatch.setattr(importing_races, "BATCH", 5)
    keep, kept = importing_races._Keeping.keep, []

    async def dies(self, batch):
        if len(kept) == 2:
            raise KeyboardInterrupt
        kept.append(batch)
        await keep(self, batch)

    path = write(*seats(18, salary="$1"))
    monkeypatch.setattr(importing_races._Keeping, "keep", dies)
    with pytest.raises(KeyboardInterrupt):
        await come_in(path)
    # What came in is right, what did not is as it was, and nothing counts as cancelled.
    assert sorted(race.office.salary for race in await found(database)) == [""] * 10 + ["$1"] * 10
    monkeypatch.setattr(importing_races._Keeping, "keep", keep)
    report, _ = await come_in(path)
    assert (report.changed, report.unchanged, report.cancelled) == (8, 10, 2)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n", "missing"),
        (b"PK\x05\x06" + bytes(18), "no election"),
    ],
)
async def test_what_is_no_file_of_races_is_refused_in_a_sentence(tmp_path, content, why):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(FileUnreadable, match=why):
        RacesFile.opened(path)


async def test_a_damaged_zip_is_refused_in_a_sentence(tmp_path):
    path = zipped(tmp_path / "feed.zip")
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("vip/election.txt").header_offset
    content[at + 60 : at + 80] = b"\0" * 20
    path.write_bytes(content)
    with pytest.raises(FileUnreadable):
        RacesFile.opened(path)


async def test_a_table_that_no_state_has_is_not_read_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(races_files, "LARGEST_TABLE", 60)
    with pytest.raises(FileUnreadable, match="too large"):
        RacesFile.opened(zipped(tmp_path / "feed.zip"))


async def test_people_do_not_come_in_a_zip(tmp_path):
    with pytest.raises(FileUnreadable, match="CSV"):
        RacesFile.opened(zipped(tmp_path / "feed.zip"), people=True)


async def test_the_terminal_says_what_came_of_it_and_nobodys_name(
    database, database_url, write, tmp_path, caplog
):
    caplog.set_level(logging.INFO)
    races = write(*seats(2, strange="x"), COUNCIL | {"is_retention": "yes"})
    people = write(COUNCIL | {"district": "District 0", "name": "Ana Ruiz"}, name="people.csv")
    said = io.StringIO()
    how = {"source": "", "partial": False, "rehearse": False, "shrink": False}
    console = Console(file=said, width=200)
    assert await importing_races_told.run(database_url, races, people, console=console, **how)
    assert said.getvalue().splitlines() == [
        "Columns that mean nothing here: strange.",
        "1 row is nothing to run for (appointed, retention, recall).",
        "Imported from races: 2 new races, 0 changed, 0 as they were.",
        "Imported from races: 1 new people, 0 changed, 0 as they were.",
    ]
    said.truncate(0)
    said.seek(0)
    bad = write(COUNCIL | {"seats": "Ana Ruiz"})
    assert not await importing_races_told.run(database_url, bad, people, console=console, **how)
    assert "line 2: seats is not a whole number" in said.getvalue()
    assert "Nothing was imported, because 1 of the rows cannot be." in said.getvalue()
    assert "Ruiz" not in said.getvalue()
    assert "Ruiz" not in caplog.text


def test_the_command_ends_badly_when_nothing_could_be_imported(write, tmp_path, monkeypatch):
    from storage import schema

    url = f"sqlite+aiosqlite:///{tmp_path / 'app.db'}"
    asyncio.run(schema.upgrade(url))
    for name, value in {
        "DATABASE_URL": url,
        "SLACK_BOT_TOKEN": "xoxb-1-test",
        "SLACK_APP_TOKEN": "xapp-1-test",
        "MENTOR_CHANNEL": "C0MENTORS1",
        "STAFF_CHANNEL": "C0STAFF001",
        "COMMUNITY_CHANNEL": "C0COMMUN01",
        "WINS_CHANNEL": "C0WINS0001",
        "STAFF_USER_IDS": "U0STAFF001",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    good = runner.invoke(app, ["import", "races", str(write(COUNCIL)), "--source", "Clerk"])
    assert good.exit_code == 0, good.output
    bad = runner.invoke(app, ["import", "races", str(write(COUNCIL | {"seats": "x"}))])
    assert bad.exit_code == 1
    none = runner.invoke(app, ["import", "races", str(tmp_path / "nothing.csv")])
    assert none.exit_code == 1
    assert "Traceback" not in good.output + bad.output + none.output


@given(st.sets(st.integers(0, 50_000)), st.sets(st.integers(0, 50_000)))
def test_ids_that_were_met_are_known_and_no_other(met, others):
    ids = Ids()
    ids.add(met)
    assert all(one in ids for one in met)
    assert not any(one in ids for one in others - met)


@given(st.lists(st.text(max_size=2)))
def test_every_repetition_is_found_with_the_line_that_was_first(keys):
    twice = Twice()
    for line, key in enumerate(keys):
        twice.add(key, line)
    assert sorted(twice.found()) == [
        (line, keys.index(key)) for line, key in enumerate(keys) if keys.index(key) != line
    ]
