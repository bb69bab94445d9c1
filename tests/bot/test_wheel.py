"""The wheel is all there is to install: it runs outside the checkout, with manifest, prose and migrations."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from bot.manifest import manifest
from storage import schema

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build it from a copy of what is, or would be, committed; with the setuptools that is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/")):
            (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / "source" / name)
    done = subprocess.run(
        [
            sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
            "--no-index", "--disable-pip-version-check", "--wheel-dir", folder, folder / "source",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The program as `pip install` of the wheel puts it into an environment of its own."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    done = subprocess.run(
        [
            sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps",
            "--no-index", "--disable-pip-version-check", wheel,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr

    def run(*command):
        # The libraries are those of the environment that runs this test; our own packages are not there.
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": sysconfig.get_path("purelib")}
        return subprocess.run(
            [folder / "bin" / command[0], *command[1:]],
            cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    return run


def test_the_wheel_carries_everything_that_is_read_at_run_time(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    packages = ("bot", "handlers", "scheduler", "storage", "messages", "community", "civic", "sandbox")
    kept = {
        path.relative_to(ROOT).as_posix()
        for package in packages
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".pyo"} and "__pycache__" not in path.parts
    }
    assert kept <= names, sorted(kept - names)
    assert "bot/manifest.yml" in names
    assert not {name for name in names if name.startswith(("tests", "deploy", "docs"))}


def test_the_installed_program_finds_its_manifest_prose_and_migrations(installed):
    look = (
        "import bot, json; from bot.manifest import manifest; from messages.prose import prose; "
        "from storage import schema; assert prose('safety'); "
        "print(json.dumps([bot.__file__, manifest(), schema.newest()]))"
    )
    done = installed("python", "-c", look)
    assert done.returncode == 0, done.stderr
    import json

    where, found, newest = json.loads(done.stdout)
    assert not Path(where).is_relative_to(ROOT)
    assert found == manifest()
    assert newest == schema.newest()


def test_the_installed_command_runs(installed):
    done = installed("downballot", "--help")
    assert done.returncode == 0, done.stderr
    for command in ("serve", "migrate", "doctor", "backup", "restore", "verify-slack", "demo"):
        assert command in done.stdout
    refused = installed("downballot", "serve")
    assert refused.returncode == 2
    assert "SLACK_BOT_TOKEN is missing" in refused.stderr
