"""The doctor looks at the real workspace and the real database, and every line says ok or what to do."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from bot import doctor
from bot.manifest import bot_scopes, manifest
from storage import schema
from tests.civic.engine_service import KEY
from tests.civic.engine_service import serving as serving_engine
from tests.civic.geocoders import google_answer, serving

RACES = ["CENSUS_URL", "CIVICENGINE_API_KEY", "GOOGLE_CIVIC_API_KEY"]


async def lines(settings):
    return {finding.what: finding for finding in await doctor.examine(settings)}


@pytest.fixture
async def healthy(settings_for):
    settings = settings_for()
    await schema.upgrade(settings.database_url)
    return settings


async def test_all_is_well(healthy):
    found = await lines(healthy)
    assert [name for name, finding in found.items() if not finding.ok] == []
    assert list(found) == [
        "SLACK_BOT_TOKEN",
        "scopes",
        "SLACK_APP_TOKEN",
        "MENTOR_CHANNEL C0MENTORS",
        "STAFF_CHANNEL G0STAFF",
        "STAFF_USER_IDS U0ANA",
        "DATABASE_URL",
        *RACES,
    ]
    assert found["STAFF_CHANNEL G0STAFF"].said == "is #staff, and the app is in it"


async def test_a_refused_token_is_the_only_thing_said_of_slack(settings_for):
    found = await lines(settings_for(slack_bot_token=SecretStr("xoxb-wrong"), slack_app_token=None))
    assert not found["SLACK_BOT_TOKEN"].ok
    assert found["SLACK_BOT_TOKEN"].fatal
    assert "invalid_auth" in found["SLACK_BOT_TOKEN"].said
    assert set(found) == {"SLACK_BOT_TOKEN", "DATABASE_URL", *RACES}


async def test_slack_out_of_reach_is_said_once(settings_for):
    found = await lines(settings_for(slack_api_url="http://127.0.0.1:9/api/"))
    assert "cannot be reached" in found["SLACK_BOT_TOKEN"].said
    assert "cannot be reached" in found["SLACK_APP_TOKEN"].said


async def test_missing_scopes_are_named(slack, settings_for):
    given = slack.install(
        {**manifest(), "display_information": {"name": "Less"}},
        scopes=sorted(bot_scopes() - {"mpim:write", "im:history"}),
    )
    for channel in ("C0MENTORS", "G0STAFF"):
        slack.workspace.join(channel, given.bot_user_id)
    found = await lines(settings_for(slack_bot_token=SecretStr(given.bot_token)))
    assert not found["scopes"].ok
    assert found["scopes"].said.startswith("missing im:history, mpim:write:")


async def test_scopes_beyond_need_are_mentioned(slack, settings_for):
    given = slack.install(
        {**manifest(), "display_information": {"name": "More"}}, scopes=[*bot_scopes(), "reactions:write"]
    )
    found = await lines(settings_for(slack_bot_token=SecretStr(given.bot_token)))
    assert found["scopes"].ok
    assert found["scopes"].said == "all granted; not needed: reactions:write"


async def test_a_channel_that_is_not_there_or_without_the_app_says_what_to_do(slack, settings_for):
    slack.workspace.add_channel("wins", id="C0WINS", members=["U0ANA"])
    slack.workspace.add_channel("lobby", id="C0LOBBY", members=["U0ANA"])
    slack.workspace.archive("C0LOBBY")
    found = await lines(
        settings_for(mentor_channel="C0NOWHERE", wins_channel="C0WINS", community_channel="C0LOBBY")
    )
    assert "check the id" in found["MENTOR_CHANNEL C0NOWHERE"].said
    assert found["WINS_CHANNEL C0WINS"].said == "the app is not in #wins: say /invite @downballot there"
    assert "archived" in found["COMMUNITY_CHANNEL C0LOBBY"].said
    assert not any(found[name].ok for name in found if name.startswith(("MENTOR", "WINS", "COMMUNITY")))


async def test_staff_who_left_are_bots_or_nobody_are_pointed_out(slack, installed, settings_for):
    slack.workspace.deactivate("U0BEN")
    found = await lines(settings_for(staff_user_ids=("U0ANA", "U0BEN", "U0NOBODY", installed.bot_user_id)))
    assert found["STAFF_USER_IDS U0ANA"].ok
    assert "deactivated" in found["STAFF_USER_IDS U0BEN"].said
    assert "nobody has this id" in found["STAFF_USER_IDS U0NOBODY"].said
    assert "bot" in found[f"STAFF_USER_IDS {installed.bot_user_id}"].said


async def test_a_wrong_app_token_is_explained_and_no_ticket_is_shown(settings_for):
    found = await lines(settings_for(slack_app_token=SecretStr("xapp-1-WRONG")))
    assert not found["SLACK_APP_TOKEN"].ok
    assert "App-Level Tokens" in found["SLACK_APP_TOKEN"].said
    assert all(
        "xapp-1-WRONG" not in finding.said and "ws://" not in finding.said for finding in found.values()
    )


async def test_a_database_that_was_never_migrated_says_what_to_do(settings_for):
    found = await lines(settings_for())
    assert not found["DATABASE_URL"].ok
    assert "downballot migrate" in found["DATABASE_URL"].said


async def test_a_database_out_of_reach_is_said_without_its_password(settings_for):
    found = await lines(settings_for(database_url="postgresql+asyncpg://app:hunter2@127.0.0.1:9/downballot"))
    assert "cannot be reached" in found["DATABASE_URL"].said
    assert "hunter2" not in found["DATABASE_URL"].said


async def test_without_keys_it_says_what_is_asked_instead(healthy):
    found = await lines(healthy)
    assert "bundled catalogue" in found["CIVICENGINE_API_KEY"].said
    assert "Census Bureau alone" in found["GOOGLE_CIVIC_API_KEY"].said


async def test_a_geocoder_out_of_reach_says_what_that_means(settings_for):
    found = await lines(settings_for(census_url="http://127.0.0.1:9"))
    assert not found["CENSUS_URL"].ok
    assert not found["CENSUS_URL"].fatal
    assert "answered by their ZIP code" in found["CENSUS_URL"].said


async def test_keys_are_tried_and_a_refused_one_is_said_without_it(settings_for):
    async with serving_engine() as engine, serving("/civicinfo/v2/divisionsByAddress") as google:
        google.says(google_answer("state:dc"))
        keys = {
            "civicengine_api_key": SecretStr(KEY),
            "civicengine_url": engine.url,
            "google_civic_api_key": SecretStr("g-key"),
            "google_civic_url": google.url,
        }
        found = await lines(settings_for(**keys))
        assert found["CIVICENGINE_API_KEY"].said == "CivicEngine takes it"
        assert found["GOOGLE_CIVIC_API_KEY"].said == "Google takes it"
        engine.faults.extend([(401, {})] * 20)
        google.replies.clear()
        google.says({"error": {"code": 403}}, status=403)
        google.asked.clear()
        found = await lines(settings_for(**keys))
    assert not found["CIVICENGINE_API_KEY"].ok
    assert "refuses it" in found["CIVICENGINE_API_KEY"].said
    assert not found["GOOGLE_CIVIC_API_KEY"].ok
    assert not any(KEY in one.said or "g-key" in one.said for one in found.values())
