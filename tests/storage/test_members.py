"""People as they are kept: what Slack says of them, their roles, their Home tab, who waits for staff."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, insert, text

from community.members import Member, MentorKind, MentorProfile, Role, Stage
from community.offices import Office
from community.topics import Topic
from storage import tables
from storage.members import HOME_FRESH, Account, account_of
from tests.community.cast import NOW, profile

LATER = NOW + timedelta(hours=1)


@pytest.fixture
async def members(database):
    """The people, within one transaction."""
    async with database.transaction() as store:
        yield store.members


async def test_a_stranger_is_met_once_and_is_a_candidate(members):
    assert await members.member("UA") is None
    await members.meet("UA", at=NOW)
    await members.describe("UA", state="VA", stage=Stage.FILED, office=Office.JUDGE)
    await members.meet("UA", at=LATER)
    assert await members.member("UA") == Member(id="UA", state="VA", stage=Stage.FILED, office=Office.JUDGE)


async def test_what_slack_says_is_kept_beside_what_we_know(members):
    await members.meet("UA", at=NOW)
    await members.describe("UA", state="VA")
    await members.add_roles("UA", Role.STAFF, at=NOW)
    assert (
        await members.learn([Account(id="UA", name="Ann", zone="America/Chicago", guest=True)], at=NOW) == []
    )
    known = await members.member("UA")
    assert (known.name, known.zone, known.guest, known.state) == ("Ann", "America/Chicago", True, "VA")
    assert known.is_staff
    # Slack does not always know the zone; what was known stays.
    await members.learn([Account(id="UA", name="Ann B", zone="")], at=NOW)
    assert (await members.member("UA")).zone == "America/Chicago"


async def test_leaving_is_noticed_once_and_undone_by_coming_back(members):
    here, gone = Account(id="UA", name="Ann", zone=""), Account(id="UA", name="Ann", zone="", left=True)
    await members.learn([here], at=NOW)
    assert await members.learn([gone], at=NOW) == ["UA"]
    assert await members.learn([gone], at=LATER) == []
    assert (await members.member("UA")).left_at == NOW
    await members.learn([here], at=LATER)
    assert (await members.member("UA")).left_at is None
    assert await members.learn([Account(id="UNEW", name="", zone="", left=True)], at=NOW) == []
    assert (await members.member("UNEW")).left_at == NOW


async def test_of_a_roster_only_what_is_news_is_written(database):
    roster = [Account(id=f"U{n:04}", name=f"Person {n}", zone="America/Denver") for n in range(1200)]
    written = []

    def note(_connection, _cursor, statement, values, _context, many):
        if statement.startswith("INSERT"):
            written.append(len(values) if many else 1)

    async def learn(accounts):
        written.clear()
        async with database.transaction() as store:
            gone = await store.members.learn(accounts, at=NOW)
        return gone, sum(written)

    event.listen(database._writer.sync_engine, "before_cursor_execute", note)
    assert await learn([*roster, *roster[:3]]) == ([], 1200), "named twice is kept once"
    assert await learn(roster) == ([], 0)
    silent = [replace(account, name="", zone="") for account in roster]
    assert await learn(silent) == ([], 0), "what Slack does not say is not news"
    changed = [replace(roster[5], name="Pat"), replace(roster[6], guest=True), replace(roster[7], left=True)]
    assert await learn([*roster[:5], *changed, *roster[8:]]) == (["U0007"], 3)
    async with database.reading() as store:
        assert (await store.members.member("U0005")).name == "Pat"
        assert (await store.members.member("U0006")).zone == "America/Denver"


@pytest.mark.parametrize(
    ("user", "account"),
    [
        (
            {"id": "U1", "name": "ann", "tz": "America/Denver", "profile": {"display_name": "Ann"}},
            Account(id="U1", name="Ann", zone="America/Denver"),
        ),
        (
            {"id": "U1", "name": "ann", "tz": None, "profile": {"display_name": "", "real_name": "Ann B"}},
            Account(id="U1", name="Ann B", zone=""),
        ),
        # A name may hold what JSON can say and no database keeps; one such stopped the reading of all others.
        ({"id": "U1", "real_name": "\ud83d half\0"}, Account(id="U1", name="half", zone="")),
        ({"id": "U1", "deleted": True}, Account(id="U1", name="", zone="", left=True)),
        ({"id": "U1", "is_restricted": True}, Account(id="U1", name="", zone="", guest=True)),
        ({"id": "U1", "is_ultra_restricted": True}, Account(id="U1", name="", zone="", guest=True)),
        ({"id": "U1", "is_bot": True}, None),
        ({"id": "USLACKBOT", "name": "slackbot"}, None),
        ({"id": "", "name": "x"}, None),
        ({}, None),
    ],
)
def test_an_account_is_read_from_slacks_user(user, account):
    assert account_of(user) == account


async def test_roles_are_added_and_taken_one_by_one(members):
    await members.add_roles("UA", Role.STAFF, at=NOW)
    await members.add_roles("UA", Role.MENTOR, at=NOW)
    assert (await members.member("UA")).roles == frozenset(Role)
    await members.remove_role("UA", Role.STAFF)
    assert (await members.member("UA")).roles == {Role.CANDIDATE, Role.MENTOR}
    await members.remove_role("UNKNOWN", Role.STAFF)
    assert await members.member("UNKNOWN") is None


async def test_staff_are_those_who_are_here(members):
    for user in ("UB", "UA", "UC"):
        await members.add_roles(user, Role.STAFF, at=NOW)
    await members.learn([Account(id="UC", name="", zone="", left=True)], at=NOW)
    await members.meet("UD", at=NOW)
    assert [each.id for each in await members.staff()] == ["UA", "UB"]


async def test_every_field_of_a_mentor_comes_back(members):
    full = MentorProfile(
        user="UA",
        kind=MentorKind.ALUMNI,
        states=frozenset({"VA", "NC"}),
        topics=frozenset({Topic.FILING, Topic.DEBATE}),
        offices=frozenset({Office.JUDGE}),
        capacity=7,
        against=frozenset({"U1", "U2"}),
        away_until=LATER,
        approved_at=NOW,
        approved_by="US",
        signed_up_at=NOW,
    )
    await members.save_mentor(full)
    assert await members.mentor("UA") == await members.hold_mentor("UA") == full
    assert Role.MENTOR in (await members.member("UA")).roles
    empty = MentorProfile(user="UB")
    await members.save_mentor(empty)
    assert await members.mentor("UB") == empty
    assert await members.member("UB") is None
    assert await members.hold_mentor("UNOBODY") is None


async def test_who_waits_for_staff_is_listed_longest_first(members):
    for n, user in enumerate(["UC", "UA", "UB"]):
        await members.save_mentor(profile(user, approved_at=None, signed_up_at=NOW + n * timedelta(hours=1)))
    await members.save_mentor(profile("UDONE"))
    await members.save_mentor(profile("UNO", approved_at=None, declined_at=NOW))
    assert [each.user for each in await members.waiting_mentors(limit=2)] == ["UC", "UA"]
    assert [each.user for each in await members.waiting_mentors(limit=2, offset=2)] == ["UB"]
    assert await members.count_waiting_mentors() == 3


async def test_each_asking_of_staff_is_counted(members):
    await members.save_mentor(profile("UA", approved_at=None))
    assert await members.times_asked_staff("UA") == 0
    assert [await members.asked_staff("UA") for _ in range(3)] == [1, 2, 3]
    await members.save_mentor(profile("UA"))  # Editing does not start the count anew.
    assert await members.times_asked_staff("UA") == 3
    assert await members.times_asked_staff("UNOBODY") == 0


async def test_only_home_tabs_in_use_are_published_again(members):
    for user, at in (("UA", NOW), ("UB", NOW - HOME_FRESH), ("UC", NOW - timedelta(days=30))):
        await members.saw_home(user, at=at)
    await members.meet("UD", at=NOW)
    assert await members.with_home(["UD", "UC", "UB", "UA", "UNOBODY"], at=NOW) == ["UA"]
    assert await members.with_home([], at=NOW) == []


async def test_each_list_keeps_its_page_until_the_tab_is_opened_anew(members):
    await members.saw_home("UA", at=NOW)
    await members.turn_page("UA", "mine", 3, at=NOW)
    await members.turn_page("UA", "queue", 1, at=NOW)
    assert (await members.member("UA")).home_pages == {"mine": 3, "queue": 1}
    await members.saw_home("UA", at=LATER)
    assert (await members.member("UA")).home_pages == {}
    await members.turn_page("UNOBODY", "mine", 3, at=NOW)
    assert await members.member("UNOBODY") is None


async def test_people_without_a_name_are_those_slack_is_asked_about(members):
    await members.meet("UB", at=LATER)
    await members.meet("UA", at=NOW)
    await members.learn([Account(id="UC", name="Cy", zone="")], at=NOW)
    assert await members.unknown() == ["UA", "UB"]
    assert await members.unknown(limit=1) == ["UA"]


async def test_who_looks_on_is_found_without_reading_everybody(database, database_kind):
    async with database.transaction() as store:
        await store.connection.execute(
            insert(tables.members), [{"id": f"U{number:05}", "met_at": NOW} for number in range(3000)]
        )
        for user in ("U00001", "U00002", "U00003"):
            await store.members.saw_home(user, at=NOW)
        await store.members.add_roles("U00002", Role.STAFF, at=NOW)
        await store.members.save_mentor(profile("U00003"))
        await store.connection.execute(text("ANALYZE" if database_kind == "sqlite" else "ANALYZE members"))
    seen = []

    def note(_connection, _cursor, statement, parameters, *_):
        if statement.startswith("SELECT"):
            seen.append((statement, parameters))

    async with database.reading() as store:
        connection = store.connection.sync_connection
        event.listen(connection, "before_cursor_execute", note)
        assert await store.members.looking(["U00001", "U00009"], ["VA"], at=NOW) == {
            "U00001",
            "U00002",
            "U00003",
        }
        assert await store.members.looking(["U00001"], ["OH"], at=NOW) == {"U00001", "U00002"}
        assert await store.members.looking(["U00001"], [], at=NOW) == {"U00001"}
        event.remove(connection, "before_cursor_execute", note)
        explain = "EXPLAIN QUERY PLAN " if database_kind == "sqlite" else "EXPLAIN "
        rows = await store.connection.exec_driver_sql(explain + seen[0][0], seen[0][1])
        assert "ix_members_home_seen_at" in "\n".join(str(row[-1]) for row in rows)
