"""The command line says what went wrong in sentences, with an exit status, and never with a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import importing
from bot.cli import app
from community.mentor_csv import BadRow

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1-Secret1",
    "SLACK_APP_TOKEN": "xapp-1-Secret2",
    "SLACK_API_URL": "http://127.0.0.1:9/api/",
    "CENSUS_URL": "http://127.0.0.1:9/",
    "MENTOR_CHANNEL": "C0MENTORS",
    "STAFF_CHANNEL": "G0STAFF",
    "STAFF_USER_IDS": "U0ANA",
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in an empty folder, with only the settings given."""
    monkeypatch.chdir(tmp_path)
    for name in (*GOOD, "DATABASE_URL", "PORT", "SLACK_SIGNING_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("bot.logs.set_up", lambda *_: None)

    def run(*arguments, **env):
        return CliRunner().invoke(app, list(arguments), env=env)

    return run


@pytest.mark.parametrize("command", [["serve"], ["migrate"], ["doctor"], ["import", "mentors", "x.csv"]])
def test_without_settings_every_command_lists_what_is_missing_and_exits_with_2(run, command):
    result = run(*command)
    assert result.exit_code == 2
    assert "SLACK_BOT_TOKEN is missing" in result.stderr
    assert "STAFF_CHANNEL is missing" in result.stderr
    assert "Traceback" not in result.output


def test_a_secret_in_the_wrong_place_is_not_repeated(run):
    result = run("serve", **GOOD | {"MENTOR_CHANNEL": "xoxb-1-Secret1"})
    assert result.exit_code == 2
    assert "MENTOR_CHANNEL" in result.stderr
    assert "Secret1" not in result.output


def test_python_dash_m_bot_is_the_same_program():
    env = {name: value for name, value in os.environ.items() if name not in GOOD}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "serve"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "SLACK_BOT_TOKEN is missing" in done.stderr
    assert "Traceback" not in done.stderr


def test_migrate_makes_a_database_that_the_doctor_calls_current(run):
    assert run("migrate", **GOOD).exit_code == 0
    report = run("doctor", **GOOD)
    assert report.exit_code == 1, "Slack is out of reach"
    assert "ok   DATABASE_URL" in report.stdout
    assert "FIX  SLACK_BOT_TOKEN" in report.stdout


def test_the_doctor_speaks_of_a_database_that_was_never_migrated(run):
    assert "FIX  DATABASE_URL" in run("doctor", **GOOD).stdout


def test_serving_without_slack_ends_in_a_sentence(run):
    result = run("serve", "--migrate", **GOOD)
    assert result.exit_code == 1
    assert "cannot be reached" in result.stderr
    assert "Traceback" not in result.output


def test_a_sheet_that_is_not_there_is_said_so(run):
    run("migrate", **GOOD)
    result = run("import", "mentors", "missing.csv", **GOOD)
    assert result.exit_code == 1
    assert result.stderr.strip() == "missing.csv: No such file or directory"


def test_a_sheet_that_is_none_is_said_so(run, tmp_path):
    run("migrate", **GOOD)
    (tmp_path / "x.csv").write_text("hello")
    result = run("import", "mentors", "x.csv", **GOOD)
    assert result.exit_code == 1
    assert "first line must name the columns" in result.stderr


def test_importing_before_migrating_says_what_to_do(run, tmp_path):
    (tmp_path / "x.csv").write_text("slack_user_id,states\nU0ANA,VA\n")
    result = run("import", "mentors", "x.csv", **GOOD)
    assert result.exit_code == 1
    assert "downballot migrate" in result.stderr


@pytest.mark.parametrize(
    ("report", "arguments", "status", "says"),
    [
        (
            importing.Report(2, 1, 3, (), (), written=True),
            [],
            0,
            "Imported: 2 new, 1 changed, 3 as they were.",
        ),
        (
            importing.Report(2, 0, 0, (BadRow(4, ("one", "two")),), ("phone",), written=False),
            [],
            1,
            "line 4: one; two",
        ),
        (
            importing.Report(2, 0, 0, (BadRow(4, ("one",)),), (), written=True),
            ["--partial"],
            0,
            "1 bad rows left out",
        ),
        (importing.Report(2, 0, 0, (), (), written=False), ["--dry-run"], 0, "Nothing was changed"),
    ],
)
def test_what_came_of_an_import_is_told(run, tmp_path, monkeypatch, report, arguments, status, says):
    async def imported(*_arguments, **_options):
        return report

    monkeypatch.setattr(importing, "import_mentors", imported)
    run("migrate", **GOOD)
    (tmp_path / "x.csv").write_text("slack_user_id,states\nU0ANA,VA\n")
    result = run("import", "mentors", "x.csv", *arguments, **GOOD)
    assert result.exit_code == status
    assert says in result.output


def test_settings_can_stand_in_a_file(run, tmp_path):
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in GOOD.items()))
    assert run("migrate").exit_code == 0
    assert (tmp_path / "data/downballot.db").exists()
