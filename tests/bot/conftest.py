"""A workspace in a box with the app installed, its database, and settings that fit."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from bot.manifest import manifest
from bot.settings import Settings
from sandbox.server import Sandbox
from tests.civic.geocoders import result, serving

MENTORS, STAFF = "C0MENTORS", "G0STAFF"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    # Slack's SDK would send even loopback calls through it.
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def slack():
    sandbox = Sandbox()
    await sandbox.start()
    sandbox.workspace.add_user("ana", id="U0ANA", email="ana@example.org")
    sandbox.workspace.add_user("ben", id="U0BEN", email="ben@example.org")
    yield sandbox
    await sandbox.stop()


@pytest.fixture
def installed(slack):
    given = slack.install(manifest())
    slack.workspace.add_channel("mentors", id=MENTORS, members=["U0ANA", given.bot_user_id])
    slack.workspace.add_channel("staff", id=STAFF, private=True, members=["U0ANA", given.bot_user_id])
    return given


@pytest.fixture
async def bureau():
    async with serving("/geocoder/geographies/onelineaddress") as geocoder:
        geocoder.says(result())
        yield geocoder


@pytest.fixture
def settings_for(slack, installed, bureau, tmp_path):
    """Settings for that workspace; `changes` are fields."""

    def make(**changes):
        fields = {
            "slack_bot_token": SecretStr(installed.bot_token),
            "slack_app_token": SecretStr(installed.app_token),
            "slack_signing_secret": SecretStr(installed.signing_secret),
            "slack_api_url": slack.api_url,
            "mentor_channel": MENTORS,
            "staff_channel": STAFF,
            "staff_user_ids": ("U0ANA",),
            "database_url": f"sqlite+aiosqlite:///{tmp_path / 'downballot.db'}",
            "port": 0,
            "census_url": bureau.url,
        }
        return Settings(**fields | changes)

    return make
