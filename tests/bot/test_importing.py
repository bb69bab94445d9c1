"""Mentors come in from a sheet: everybody is looked up in Slack, and it is all of them or nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from slack_sdk.errors import SlackApiError

from bot import importing
from bot.refusals import StartRefused
from community.members import MentorKind, Role
from community.mentor_csv import SheetUnreadable
from community.topics import Topic

HEADER = b"slack_user_id,email,name,states,topics,kind,offices,capacity\n"
GOOD = HEADER + b"U0ANA,,Ana,VA;NC,filing,alumni,,2\n,ben@example.org,Ben,GA,,,,\n"


@pytest.fixture
def client(settings_for):
    return importing.slack_client(settings_for())


async def mentor(database, user):
    async with database.reading() as store:
        return await store.members.mentor(user)


async def test_people_are_found_by_id_and_by_address_and_count_as_approved(database, client, clock):
    report = await importing.import_mentors(database, client, GOOD, at=clock.now())
    assert (report.added, report.changed, report.unchanged, report.bad) == (2, 0, 0, ())
    assert report.written
    ana, ben = await mentor(database, "U0ANA"), await mentor(database, "U0BEN")
    assert (ana.states, ana.topics, ana.kind, ana.capacity) == (
        frozenset({"VA", "NC"}),
        frozenset({Topic.FILING}),
        MentorKind.ALUMNI,
        2,
    )
    assert ana.approved
    assert ben.states == frozenset({"GA"})
    async with database.reading() as store:
        member = await store.members.member("U0BEN")
    assert Role.MENTOR in member.roles
    assert member.zone == "America/New_York"


async def test_doing_it_again_changes_nothing(database, client, clock):
    await importing.import_mentors(database, client, GOOD, at=clock.now())
    before = await mentor(database, "U0ANA")
    report = await importing.import_mentors(database, client, GOOD, at=clock.now() + timedelta(days=7))
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)
    assert await mentor(database, "U0ANA") == before


async def test_a_changed_row_changes_its_mentor_alone(database, client, clock):
    await importing.import_mentors(database, client, GOOD, at=clock.now())
    report = await importing.import_mentors(database, client, GOOD.replace(b"VA;NC", b"VA"), at=clock.now())
    assert (report.changed, report.unchanged) == (1, 1)
    assert (await mentor(database, "U0ANA")).states == frozenset({"VA"})


async def test_one_bad_row_stops_all_of_it_unless_partial(database, client, clock):
    sheet = GOOD + b"U0NOBODY,,,VA,,,,\n,nobody@example.org,,VA,,,,\nU0ANA,,,Atlantis,,,,\n"
    report = await importing.import_mentors(database, client, sheet, at=clock.now())
    assert not report.written
    assert [(row.line, row.reasons) for row in report.bad] == [
        (4, ("nobody in the workspace has this slack_user_id",)),
        (5, ("nobody in the workspace has this e-mail address",)),
        (6, ("“Atlantis” is not a state",)),
    ]
    assert await mentor(database, "U0ANA") is None

    report = await importing.import_mentors(database, client, sheet, at=clock.now(), partial=True)
    assert report.written
    assert (report.added, len(report.bad)) == (2, 3)
    assert await mentor(database, "U0ANA") is not None


async def test_an_address_is_matched_exactly_never_in_part(slack, database, client, clock):
    slack.workspace.add_user("dana", id="U0DANA", email="dana.smith@example.org")
    for near in (b"dana@example.org", b"dana.smith@example.or", b"ana.smith@example.org"):
        report = await importing.import_mentors(
            database, client, HEADER + b"," + near + b",,VA,,,,\n", at=clock.now()
        )
        assert len(report.bad) == 1
    assert await mentor(database, "U0DANA") is None


async def test_the_same_person_by_id_and_by_address_is_one_mentor(database, client, clock):
    twice = HEADER + b"U0ANA,,Ana,VA,,,,\n,ana@example.org,Ana,VA,,,,\n"
    report = await importing.import_mentors(database, client, twice, at=clock.now())
    assert (report.added, report.bad) == (1, ())
    differently = HEADER + b"U0ANA,,Ana,VA,,,,\n,ana@example.org,Ana,NC,,,,\n"
    report = await importing.import_mentors(database, client, differently, at=clock.now())
    assert [row.line for row in report.bad] == [3]


async def test_bots_and_people_who_left_are_bad_rows(slack, installed, database, client, clock):
    slack.workspace.deactivate("U0BEN")
    sheet = HEADER + f"U0BEN,,,VA,,,,\n{installed.bot_user_id},,,VA,,,,\n".encode()
    report = await importing.import_mentors(database, client, sheet, at=clock.now())
    assert [row.reasons for row in report.bad] == [
        ("this account is deactivated",),
        ("this account is a bot",),
    ]


async def test_a_rehearsal_counts_and_writes_nothing(database, client, clock):
    report = await importing.import_mentors(database, client, GOOD, at=clock.now(), rehearse=True)
    assert (report.added, report.written) == (2, False)
    assert await mentor(database, "U0ANA") is None


async def test_slack_saying_slow_down_is_waited_for(slack, database, client, clock):
    slack.faults.add("rate_limited", method="users.info", times=1, retry_after=0)
    report = await importing.import_mentors(database, client, GOOD, at=clock.now())
    assert report.added == 2


async def test_a_token_that_may_not_look_people_up_is_no_bad_row(slack, database, client, clock):
    slack.faults.add("error", method="users.info", times=1, code="missing_scope")
    with pytest.raises(SlackApiError):
        await importing.import_mentors(database, client, GOOD, at=clock.now())


async def test_what_is_no_sheet_is_refused_before_anybody_is_looked_up(slack, database, client, clock):
    with pytest.raises(SheetUnreadable):
        await importing.import_mentors(database, client, b"a photograph", at=clock.now())


async def test_where_slack_is_out_of_reach_it_says_so_and_imports_nothing(database, settings_for, clock):
    client = importing.slack_client(settings_for(slack_api_url="http://127.0.0.1:9/api/"))
    client.retry_handlers = []
    with pytest.raises(StartRefused, match="Slack cannot be reached"):
        await importing.import_mentors(database, client, GOOD, at=clock.now())
    assert await mentor(database, "U0ANA") is None
