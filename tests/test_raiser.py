"""What is forked is a process like any other: with its own environment, place, output and end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.raiser import ROOT, raise_one


def live(spec):
    """Do as told, in the process that was forked."""
    match spec["do"]:
        case "show":
            sys.stdout.write(f"{Path.cwd()} {sorted(os.environ)} {sys.stdin.read()!r}\n")
            sys.stderr.write("to the errors\n")
        case "leave":
            return spec["with"]
        case "exit":
            sys.exit(spec["with"])
        case "fall":
            raise LookupError("nobody caught this")
        case "wait":
            time.sleep(60)
    return 0


def raised(do, **more):
    spec = {"do": do, **{name: more.pop(name) for name in ("with",) if name in more}}
    return raise_one(__name__, spec, **more)


def test_it_has_the_environment_the_place_and_the_output_it_was_given_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "of the test")
    with (tmp_path / "said").open("wb") as said, (tmp_path / "errors").open("wb") as errors:
        ended = raised("show", env={"GIVEN": "yes"}, cwd=tmp_path, output=[said, errors]).wait()
    assert ended == 0
    told = (tmp_path / "said").read_text()
    assert told.startswith(f"{tmp_path} ")
    assert told.endswith("''\n"), "nothing to read from"
    assert "'GIVEN'" in told
    assert "SLACK_BOT_TOKEN" not in told
    assert (tmp_path / "errors").read_text() == "to the errors\n"


@pytest.mark.parametrize(("do", "number"), [("leave", 0), ("leave", 3), ("exit", 0), ("exit", 2)])
def test_it_ends_with_the_status_that_it_gives(do, number):
    assert raised(do, **{"with": number}).wait() == number


def test_what_nobody_caught_is_told_with_its_traceback(tmp_path):
    with (tmp_path / "said").open("wb") as said:
        assert raised("fall", output=[said]).wait() == 1
    assert "LookupError: nobody caught this" in (tmp_path / "said").read_text()


def test_it_can_be_killed_and_waited_for():
    process = raised("wait")
    assert process.poll() is None
    with pytest.raises(TimeoutError):
        process.wait(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    process.kill()  # Once more does no harm.


def test_nobody_is_left_when_the_run_is_killed(tmp_path):
    """The one that forks ends with the run, however that ends, and takes its folder along."""
    program = (
        "import os, time; from tests import raiser\n"
        "print(raiser.start(), flush=True)\n"
        "raiser.raise_one('tests.test_raiser', {'do': 'leave', 'with': 0}).wait()\n"
        "print('raised', flush=True); time.sleep(60)"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, text=True) as run:
        folder = Path(run.stdout.readline().strip()).parent
        assert run.stdout.readline() == "raised\n"
        assert folder.is_dir()
        run.kill()
    until = time.monotonic() + 10
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not folder.exists()
