"""What tests leave behind goes to memory only where there is room, and nowhere else than somebody said."""

from __future__ import annotations

import os
import shutil
import tempfile
from types import SimpleNamespace

import pytest

from tests import scratch


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run that begins with nothing said about where; what it wants done at its end."""
    monkeypatch.setattr(scratch, "MEMORY", tmp_path)
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
    monkeypatch.setattr(os, "statvfs", lambda _folder: SimpleNamespace(f_flag=0))
    ends = []
    return SimpleNamespace(add_cleanup=ends.append, ends=ends)


def free(monkeypatch, size):
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=size))


def test_a_run_has_its_files_in_memory_and_gives_it_back(run, tmp_path, monkeypatch):
    free(monkeypatch, scratch.ROOM)
    scratch.settle(run)
    with tempfile.NamedTemporaryFile() as made:
        assert made.name.startswith(f"{tmp_path}/downballot-tests-")
    assert os.environ["TMPDIR"] == tempfile.gettempdir()
    (end,) = run.ends
    end()
    assert not list(tmp_path.iterdir())
    assert "TMPDIR" not in os.environ
    assert not tempfile.gettempdir().startswith(str(tmp_path))


def test_where_there_is_too_little_room_it_is_left_alone(run, tmp_path, monkeypatch):
    free(monkeypatch, scratch.ROOM - 1)
    scratch.settle(run)
    assert not list(tmp_path.iterdir())
    assert not run.ends


def test_where_no_library_can_be_loaded_it_is_left_alone(run, monkeypatch):
    free(monkeypatch, scratch.ROOM)
    monkeypatch.setattr(os, "statvfs", lambda _folder: SimpleNamespace(f_flag=os.ST_NOEXEC))
    scratch.settle(run)
    assert not run.ends


def test_whoever_said_where_is_obeyed(run, tmp_path, monkeypatch):
    free(monkeypatch, scratch.ROOM)
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    scratch.settle(run)
    assert (os.environ["TMPDIR"], run.ends) == ("/var/tmp", [])


def test_a_machine_without_it_goes_on_as_ever(run, tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "MEMORY", tmp_path / "missing")
    scratch.settle(run)
    assert not run.ends


def test_what_a_killed_run_left_is_cleared_away_after_a_day(run, tmp_path, monkeypatch):
    free(monkeypatch, scratch.ROOM)
    for name, age in (("downballot-tests-old", 2), ("downballot-tests-new", 0), ("of-others", 2)):
        (tmp_path / name).mkdir()
        moment = (tmp_path / name).stat().st_mtime - age * 86_400
        os.utime(tmp_path / name, (moment, moment))
    scratch.settle(run)
    run.ends[0]()
    assert {each.name for each in tmp_path.iterdir()} == {"downballot-tests-new", "of-others"}
