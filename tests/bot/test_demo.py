"""The demo comes up with a community whose story really happened, keeps it, and moves through time."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import demo_community as community
from bot.demo import Stage
from bot.refusals import StartRefused

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def stage_at(tmp_path):
    """Put the demo on stage in a folder; taken down again at the end."""
    on: list[Stage] = []

    async def put(name="demo", *, reset=False):
        stage = Stage(tmp_path / name, reset=reset)
        (tmp_path / name).mkdir(exist_ok=True)
        on.append(stage)
        await stage.open(0)
        return stage

    yield put
    for stage in on:
        await stage.close()


def words(stage, user, channel):
    return "\n".join(message.words for message in stage.sandbox.person(user).messages(channel))


@pytest.mark.slow(8)
async def test_the_story_is_told_and_kept_and_time_can_be_skipped(stage_at, tmp_path):
    stage = await stage_at()
    present = stage.clock.now().astimezone(ZoneInfo("America/New_York"))
    assert (present.hour, present.weekday() in {1, 2, 3, 4}) == (14, True), "a visitor comes at a good hour"
    board = words(stage, "U0DENISE", community.MENTORS)
    assert re.search(r"#1 Debate prep .*\n?Answered by", board)
    assert re.search(r"#2 Field plan .*\n?Claimed by", board)
    assert re.search(r"#3 Ballot access and filing .*\n?Waiting since", board)
    assert "@U0HANNAH wants to be a mentor" in words(stage, "U0OLIVIA", community.STAFF)
    assert "It helped a lot" in "\n".join(each.words for each in stage.sandbox.person("U0SAM").dm)
    assert "Precinct 47" in str(
        [
            words(stage, "U0LUIS", room.id)
            for room in stage.sandbox.person("U0LUIS").conversations()
            if room.is_mpim
        ]
    )

    users = stage.sandbox.workspace.users
    for step in community.tour():
        assert step.get("act_as", "U0JONAH") in users
        assert step.get("go_to", "app") in {"app", "home", *stage.sandbox.workspace.channels}

    assert not stage.sandbox.traffic.rejected(), "nothing that the app sent was refused"

    priya = stage.sandbox.person(community.NEWCOMER)
    lessons = [m for m in priya.dm if " of 7" in m.words]
    assert len(lessons) == 2, "day 1 when she joined yesterday, day 2 this morning"
    await stage.sandbox.on_skip(timedelta(days=1).total_seconds())
    assert [m.words[:10] for m in priya.dm if " of 7" in m.words][2:] == ["Day 3 of 7"]
    later = stage.clock.now()
    assert later - present >= timedelta(days=1)
    assert "#3 Nobody is left to ask" in words(stage, "U0OLIVIA", community.STAFF), (
        "what was due has happened"
    )
    maya = "\n".join(each.words for each in stage.sandbox.person("U0MAYA").dm)
    await stage.close()

    again = await stage_at()
    assert not again.new
    assert timedelta() <= again.clock.now() - later < timedelta(minutes=1), "time stood still meanwhile"
    assert "\n".join(each.words for each in again.sandbox.person("U0MAYA").dm) == maya
    reply = await again.sandbox.person("U0JONAH").command("/askmentor", "help")
    assert reply.words, "the app still hears the same workspace"
    await again.close()

    afresh = Stage(tmp_path / "demo", reset=True)
    assert afresh.new
    assert afresh.clock.now() < later
    assert not afresh.sandbox.workspace.channels


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_whenever_the_demo_starts_a_visitor_comes_when_mentors_are_awake(now):
    moment = community.present(now)
    assert timedelta() <= moment - now <= timedelta(days=5)
    story = moment - community.STARTS_BEFORE
    for each in (*community.CANDIDATES, *community.PEOPLE_WHO_HELP, *community.STAFF_PEOPLE):
        for at in (moment, story):
            there = at.astimezone(ZoneInfo(each.zone))
            assert 8 <= there.hour < 17
            assert there.weekday() < 5


async def test_a_story_that_broke_off_is_told_anew_and_strangers_files_stay(tmp_path):
    folder = tmp_path / "demo"
    (folder / "workspace").mkdir(parents=True)
    (folder / "workspace" / "workspace.json").write_text("half")
    (folder / "downballot.db").write_text("half")
    (folder / "thesis.txt").write_text("mine")
    stage = Stage(folder, reset=False)
    assert stage.new
    assert [each.name for each in folder.rglob("*") if each.is_file()] == ["thesis.txt"]


def started(tmp_path, *arguments):
    command = [sys.executable, "-m", "bot", "demo", "--data", str(tmp_path / "demo"), *arguments]
    env = os.environ | {"HTTPS_PROXY": "http://127.0.0.1:9", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow(8)
async def test_one_command_prints_one_address_and_ctrl_c_ends_it_cleanly(tmp_path):
    with started(tmp_path, "--port", "0") as demo:
        try:
            lines = []
            while len(lines) < 2:
                line = demo.stdout.readline()
                assert line, demo.stderr.read()
                lines += [line.strip()] if line.strip() else []
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+", lines[0])
            assert lines[1].startswith(community.TRY)
            async with aiohttp.ClientSession() as session, session.get(lines[0]) as page:
                assert page.status == 200

            with started(tmp_path) as second:
                assert second.wait(timeout=60) == 1
                assert "A demo is running with" in second.stderr.read()

            demo.send_signal(signal.SIGINT)
            out, err = demo.communicate(timeout=20)
        finally:
            demo.kill()
    assert demo.returncode == 0
    assert (out.strip(), err) == ("", "")


async def test_ctrl_c_while_the_story_is_told_ends_it_cleanly_too(tmp_path):
    with started(tmp_path, "--port", "0") as demo:
        try:
            until = time.monotonic() + 30
            while not (tmp_path / "demo" / "downballot.db").exists() and time.monotonic() < until:
                time.sleep(0.05)  # noqa: ASYNC251 - nothing else runs here
            demo.send_signal(signal.SIGINT)
            out, err = demo.communicate(timeout=20)
        finally:
            demo.kill()
    assert (demo.returncode, out, err) == (0, "", "")
    assert not (tmp_path / "demo" / "story-told").exists()


async def test_a_port_that_was_asked_for_and_is_taken_is_named(stage_at, tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        stage = Stage(tmp_path / "other", reset=False)
        port = taken.getsockname()[1]
        with pytest.raises(StartRefused, match=str(port)):
            await stage.open(port)
        await stage.close()
