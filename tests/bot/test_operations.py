"""What operators are told, and what they are given to deploy, is what the program does."""

from __future__ import annotations

import asyncio
import configparser
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot import serve as serving
from bot.cli import SETTINGS_WRONG, app
from bot.health import Health
from bot.settings import Settings
from tests.scenarios.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/operations.md").read_text("utf-8")
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yml").read_text("utf-8"))


def column(heading):
    """The first cells of the table whose header begins so."""
    lines = PAGE.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(line.split("|")[1].strip().strip("`"))
    return rows


@pytest.fixture
async def stage(sqlite_template, tmp_path, clock):
    (tmp_path / "downballot.db").write_bytes(sqlite_template.read_bytes())
    made = Stage(f"sqlite+aiosqlite:///{tmp_path / 'downballot.db'}", clock, socket=True)
    await made.open()
    yield made
    await made.close()


async def test_every_figure_is_explained_and_no_other(stage):
    health = stage.process.health
    published = {metric.name for metric in health.registry.collect()} | set(health._measures)
    # Prometheus adds to a counter's name what it is.
    published = published - {"downballot_rate_limited"} | {"downballot_rate_limited_total"}
    assert sorted(column("Metric")) == sorted(published)


async def test_every_check_is_explained_and_no_other(stage):
    assert sorted(column("Check")) == sorted({"process", *stage.process.health._checks})


async def test_answer_times_and_counts_are_those_of_the_requests(stage):
    await stage.cast_mentors()
    await stage.ask()
    await stage.ask()
    offer = stage.last_dm("mia", containing="#1")
    await stage.person("mia").press(offer, "mentoring.claim")
    await stage.settle()
    stage.clock.advance(timedelta(minutes=40))
    await stage.person("mia").say(stage.group_of("ada", "mia"), "I have done that twice, let us look.")
    await stage.settle()
    health = stage.process.health
    await health._take_figures()

    def value(name, **labels):
        return health.registry.get_sample_value(name, labels)

    assert value("downballot_requests", status="open") == 1
    assert value("downballot_requests", status="claimed") == 1
    assert value("downballot_first_answers") == 1
    assert value("downballot_first_answer_seconds", quantile="0.5") == pytest.approx(2400, abs=5)
    assert value("downballot_deliveries_last_day", state="sent") > 5
    assert value("downballot_oldest_due_seconds") == 0
    assert value("downballot_oldest_follow_up_seconds") == 0
    assert value("downballot_lease_age_seconds") is not None
    assert value("downballot_roster_age_seconds") is not None
    assert value("downballot_backup_age_seconds") is None


async def test_not_ready_when_nobody_has_led_for_long(stage):
    health = stage.process.health
    assert await health.problems() == {}
    await stage.application.leadership.stop()
    stage.clock.advance(timedelta(seconds=25))
    assert await health.problems() == {}, "somebody is about to take over"
    stage.clock.advance(timedelta(seconds=10))
    assert "nothing is sent" in (await health.problems())["lease"]


def test_a_figure_that_was_never_measured_is_absent_and_not_zero():
    health = Health()
    health.measure("downballot_age", "How old", lambda: None)
    assert health.registry.get_sample_value("downballot_age") is None


def test_every_exit_status_is_explained():
    assert column("Exit status") == ["0", "1", "2", "130"]
    assert SETTINGS_WRONG == 2


def test_every_command_that_is_named_exists():
    offered = CliRunner().invoke(app, ["--help"]).output
    named = set(re.findall(r"`?downballot ([a-z]+(?:-[a-z]+)?)\b", PAGE.split("## Start")[1]))
    commands = {name for name in named if re.search(rf"^. {name} ", offered, re.MULTILINE)}
    assert {"serve", "migrate", "doctor", "backup", "restore", "quarantine", "verify-slack"} <= commands


def test_what_the_page_points_to_is_there():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).resolve().exists(), target


# The image


def stages():
    parts = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert len(parts) == 2
    return parts


def test_both_stages_start_from_the_small_image_of_the_version_that_the_code_is_for():
    assert [part.split()[0] for part in stages()] == ["python:3.11-slim"] * 2


def test_the_final_image_builds_and_installs_nothing():
    last = "\n".join(line for line in stages()[1].splitlines() if not line.startswith("#"))
    assert not re.search(r"apt-get|pip install|gcc|build-essential|COPY \. ", last)
    assert "pip uninstall" in last
    assert "COPY --from=builder /app /app" in last


def test_the_image_runs_as_nobody_in_particular_and_says_whether_it_lives():
    last = stages()[1]
    assert "USER 10001:10001" in last
    assert "groupadd --gid 10001" in last
    assert "useradd --uid 10001 --gid 10001" in last
    assert "HEALTHCHECK" in last
    assert "/healthz" in last
    assert "STOPSIGNAL SIGTERM" in last


def test_the_image_is_made_of_the_program_and_nothing_else():
    kept = (ROOT / "deploy/Dockerfile.dockerignore").read_text("utf-8").split()
    assert kept[0] == "*"
    allowed = {line[1:] for line in kept if line.startswith("!")}
    assert not allowed & {"tests", "docs", "data", ".git", ".env", ".venv"}
    assert all((ROOT / name).exists() for name in allowed)


# Compose and systemd


def test_two_replicas_wait_for_a_migrated_postgresql():
    services = COMPOSE["services"]
    assert services["app"]["deploy"]["replicas"] == 2
    assert services["app"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["migrate"]["command"] == ["migrate"]
    for name in ("app", "migrate"):
        service = services[name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        known = {field.upper() for field in Settings.model_fields}
        assert set(service["environment"]) - {"PGPASSWORD"} <= known
    assert "restart" in services["app"]


def test_a_password_in_compose_may_have_any_characters():
    for name in ("app", "migrate"):
        given = COMPOSE["services"][name]["environment"]
        assert "$" not in given["DATABASE_URL"], "what is put into an address would have to be escaped"
        assert given["PGPASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_postgresql_is_well_only_once_it_answers_the_replicas():
    assert COMPOSE["services"]["postgres"]["healthcheck"]["test"][1:4] == ["pg_isready", "-h", "127.0.0.1"]


def test_one_service_builds_the_image_and_no_container_leaves_a_volume():
    services = COMPOSE["services"]
    assert [name for name, service in services.items() if "build" in service] == ["migrate"]
    for name in ("app", "migrate"):
        assert services[name]["image"] == "downballot"
        assert any(folder.startswith("/data:uid=10001") for folder in services[name]["tmpfs"])


def test_nothing_secret_has_a_value_in_what_is_deployed():
    for path in (ROOT / "deploy").iterdir():
        text = path.read_text("utf-8")
        assert not re.search(r"xox[a-z]-\w|xapp-\w", text), path.name
    given = COMPOSE["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"]
    assert given.startswith("${POSTGRES_PASSWORD:?"), "there is no password that works by default"


def test_whoever_stops_it_gives_it_time_enough():
    assert serving.GRACE == 20
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(ROOT / "deploy/downballot.service")
    service = unit["Service"]
    assert float(service["TimeoutStopSec"]) >= serving.GRACE + 25
    assert COMPOSE["services"]["app"]["stop_grace_period"] == "60s"
    assert service["RestartPreventExitStatus"] == str(SETTINGS_WRONG)
    hardened = ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "DynamicUser", "MemoryDenyWriteExecute")
    assert all(service[name] == "yes" for name in hardened)
    assert service["ProtectSystem"] == "strict"
    assert service["ExecStart"].endswith("downballot serve")


def test_the_readme_lists_every_command_there_is():
    readme = (ROOT / "README.md").read_text("utf-8")
    written = re.findall(r"^\| `downballot ([a-z-]+)", readme, re.MULTILINE)
    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    assert set(written) == known


async def test_the_roster_grows_old_when_slack_does_not_give_it(stage):
    health, jobs = stage.process.health, stage.application.jobs

    async def age():
        await health._take_figures()
        return health.registry.get_sample_value("downballot_roster_age_seconds")

    # What is looked at first, at the start, would take the refusal in place of the run below.
    await stage.application.house.errands.finish(10)
    await jobs.run("members.sync")
    assert await age() == 0
    stage.clock.advance(timedelta(hours=1))
    await stage.application.leadership.renew()
    stage.sandbox.faults.add("error", method="users.list", code="internal_error")
    await jobs.run("members.sync")
    assert await age() == 3600
    await jobs.run("members.sync")
    assert await age() == 0


async def test_stopping_does_not_wait_until_slack_may_be_asked_again(stage):
    application = stage.application
    await application.house.errands.finish(10)
    stage.sandbox.faults.add("rate_limited", method="users.list", retry_after=50)
    syncing = asyncio.create_task(application.jobs.run("members.sync"))
    while stage.sandbox.faults.planned:
        await asyncio.sleep(0.01)
    began = time.monotonic()
    await application.jobs.stop(20)
    await syncing
    assert time.monotonic() - began < 3


async def test_what_is_looked_at_first_ends_with_the_process_too(stage):
    await stage.stop_app()
    stage.sandbox.faults.add("rate_limited", method="users.list", retry_after=50)
    await stage.start_app()
    while stage.sandbox.faults.planned:
        await asyncio.sleep(0.01)
    began = time.monotonic()
    await stage.process.stop(grace=20)
    stage.process = None
    assert time.monotonic() - began < 5
