"""Settings are read once, and everything that is wrong with them is said at once, in plain words."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.application import policy_of
from bot.settings import Settings, SettingsInvalid

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1-Secret1",
    "SLACK_APP_TOKEN": "xapp-1-Secret2",
    "MENTOR_CHANNEL": "C0MENTORS",
    "STAFF_CHANNEL": "G0STAFF",
    "STAFF_USER_IDS": "U0ANA, W0BEN,U0ANA,",
}


def problems(**changes: str | None) -> tuple[str, ...]:
    env = {name: value for name, value in (GOOD | changes).items() if value is not None}
    with pytest.raises(SettingsInvalid) as refusal:
        Settings.load(env)
    return refusal.value.problems


def test_five_variables_are_enough():
    settings = Settings.load(GOOD)
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1-Secret1"
    assert settings.staff_user_ids == ("U0ANA", "W0BEN")
    assert settings.socket_mode
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.database_url == "sqlite+aiosqlite:///data/downballot.db"
    assert settings.zone.key == "America/New_York"
    assert (settings.first_wave, settings.answer_target_hours, settings.posts_per_minute) == (3, 24, 480)


def test_working_hours_and_seasons_reach_the_rules():
    policy = policy_of(
        Settings.load(
            GOOD
            | {
                "WORK_DAYS": "Mon-Fri",
                "WORK_HOURS": "8-17",
                "WORK_ZONE": "America/Denver",
                "WORK_HOLIDAYS": "no",
                "QUIET_DAYS": "2026-11-03",
                "FILING_WEEKS": "2027-01-04..2027-01-08",
                "ANSWER_TARGET_HOURS": "12",
            }
        )
    )
    assert (policy.zone, policy.answer_target) == ("America/Denver", timedelta(hours=12))
    assert policy.filing_weeks == ((date(2027, 1, 4), date(2027, 1, 8)),)
    election, saturday, thanksgiving = date(2026, 11, 3), date(2026, 11, 7), date(2026, 11, 26)
    assert [policy.hours.works_on(day) for day in (election, saturday, thanksgiving)] == [False, False, True]
    assert (policy.hours.opens, policy.hours.closes) == (time(8), time(17))


def test_nothing_set_lists_everything_that_is_needed():
    with pytest.raises(SettingsInvalid) as refusal:
        Settings.load({})
    names = [problem.split()[0] for problem in refusal.value.problems]
    assert names == [
        "SLACK_BOT_TOKEN",
        "MENTOR_CHANNEL",
        "STAFF_CHANNEL",
        "STAFF_USER_IDS",
        "SLACK_APP_TOKEN",
    ]


def test_several_faults_are_told_together():
    said = problems(
        SLACK_BOT_TOKEN="xoxp-1", STAFF_CHANNEL="#staff", PORT="many", TIME_ZONE="America/NewYork"
    )
    assert [each.split()[0] for each in said] == ["SLACK_BOT_TOKEN", "STAFF_CHANNEL", "TIME_ZONE", "PORT"]
    assert said[2].endswith("did you mean America/New_York?")


def test_a_slip_in_a_name_is_pointed_out():
    (said,) = problems(MENTOR_CHANNEL=None, MENTOR_CHANEL="C0MENTORS")
    assert "MENTOR_CHANEL" in said


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1-a", "xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-1-a", "xapp-"),
        ("SLACK_API_URL", "http://slack.example.org/api/", "https://"),
        ("SLACK_API_URL", "slack.com", "https://slack.com/api/"),
        ("MENTOR_CHANNEL", "general", "C0123456789"),
        ("WINS_CHANNEL", "U0ANA", "C0123456789"),
        ("STAFF_USER_IDS", "U0ANA, dana", "dana"),
        ("STAFF_USER_IDS", " , ", "is empty"),
        ("DATABASE_URL", "mysql://host/name", "SQLite and PostgreSQL"),
        ("DATABASE_URL", "postgresql://host", "names no database"),
        ("DATABASE_URL", "postgresql://host:port/name", "cannot be read"),
        ("DATABASE_URL", "sqlite://", "must name a file"),
        ("DATABASE_URL", "data/downballot.db", "sqlite+aiosqlite:///"),
        ("FIRST_WAVE", "0", "at least 1"),
        ("FIRST_WAVE", "2.5", "whole number"),
        ("ANSWER_TARGET_HOURS", "1000", "at most 240"),
        ("POSTS_PER_MINUTE", "9999", "at most 2000"),
        ("PORT", "65536", "at most 65535"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO, WARNING or ERROR"),
        ("LOG_FORMAT", "xml", "json or text"),
        ("ORGANISATION_NAME", "x" * 81, "80 characters"),
    ],
)
def test_a_malformed_value_is_named_with_what_is_wanted(name, value, hint):
    (said,) = problems(**{name: value})
    assert said.startswith(name + " ")
    assert hint in said


def test_without_a_way_in_nothing_starts():
    (said,) = problems(SLACK_APP_TOKEN=None)
    assert "SLACK_SIGNING_SECRET" in said
    assert "SLACK_APP_TOKEN" in said


def test_a_signing_secret_alone_means_http():
    settings = Settings.load(
        {name: value for name, value in GOOD.items() if name != "SLACK_APP_TOKEN"}
        | {"SLACK_SIGNING_SECRET": "s"}
    )
    assert not settings.socket_mode


@pytest.mark.parametrize(
    ("given_url", "used"),
    [
        ("postgres://a:b@host:5433/name?ssl=require", "postgresql+asyncpg://a:b@host:5433/name?ssl=require"),
        ("postgresql://host/name", "postgresql+asyncpg://host/name"),
        ("postgres://host/name?sslmode=verify-full", "postgresql+asyncpg://host/name?ssl=verify-full"),
        (
            "postgresql+asyncpg:///name?host=/run/postgresql",
            "postgresql+asyncpg:///name?host=/run/postgresql",
        ),
        ("sqlite:///data/x.db", "sqlite+aiosqlite:///data/x.db"),
        ("sqlite+aiosqlite:////srv/x.db", "sqlite+aiosqlite:////srv/x.db"),
    ],
)
def test_addresses_of_databases_are_understood_as_people_write_them(given_url, used):
    assert Settings.load(GOOD | {"DATABASE_URL": given_url}).database_url == used


def test_an_option_of_a_database_that_nobody_would_heed_is_named():
    with pytest.raises(SettingsInvalid, match="channel_binding"):
        Settings.load(
            GOOD | {"DATABASE_URL": "postgresql://host/name?sslmode=require&channel_binding=require"}
        )


def test_what_may_be_the_rest_of_a_password_is_not_repeated():
    (said,) = problems(DATABASE_URL="postgresql://ana:12/3?Swordfish7@host/name")
    assert "%3F" in said
    assert "Swordfish7" not in said


def test_empty_variables_count_as_unset():
    assert Settings.load(GOOD | {"PORT": "", "WINS_CHANNEL": "  ", "LOG_LEVEL": "debug"}).port == 3000


def test_a_file_fills_in_what_the_environment_does_not_say(tmp_path):
    file = tmp_path / ".env"
    file.write_text("PORT=4000\nFIRST_WAVE=5\nSOMETHING_ELSE=1\n")
    settings = Settings.load(GOOD | {"PORT": "5000"}, env_file=file)
    assert (settings.port, settings.first_wave) == (5000, 5)


def test_a_file_that_cannot_be_read_is_a_problem_of_the_settings(tmp_path):
    with pytest.raises(SettingsInvalid) as refusal:
        Settings.load(GOOD, env_file=tmp_path / ("x" * 300))
    assert "cannot be read: File name too long." in refusal.value.problems[0]
    (tmp_path / ".env").write_bytes(b"ORGANISATION_NAME=Caf\xe9\n")
    with pytest.raises(SettingsInvalid) as refusal:
        Settings.load(GOOD, env_file=tmp_path / ".env")
    assert "it is not UTF-8" in refusal.value.problems[0]


def test_nothing_but_what_load_was_given_counts(monkeypatch):
    monkeypatch.setenv("PORT", "4321")
    assert Settings.load(GOOD).port == 3000


def test_no_secret_is_ever_shown():
    settings = Settings.load(GOOD | {"DATABASE_URL": "postgres://app:Secret3@host/name"})
    shown = repr(settings) + str(settings)
    assert not [secret for secret in ("Secret1", "Secret2", "Secret3") if secret in shown]


@given(
    st.dictionaries(st.sampled_from([name.upper() for name in Settings.model_fields]), st.text(max_size=40))
)
def test_whatever_is_set_is_taken_or_refused_in_sentences(env):
    try:
        Settings.load(env)
    except SettingsInvalid as refusal:
        told = refusal.problems
        known = tuple(name.upper() for name in Settings.model_fields)
        assert told, "a refusal says why"
        assert all(each.startswith(known) and each[-1] in ".?" for each in told)
