"""What Slack does not document is measured within bounds, and nothing is left behind."""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner

from bot import verify
from bot.cli import app
from bot.refusals import StartRefused

LAB = "C0LAB"


@pytest.fixture
def lab(slack, installed):
    channel = slack.workspace.add_channel("lab", id=LAB, members=["U0ANA", installed.bot_user_id])
    return lambda: [message for message in channel.messages.values() if not message.deleted]


@pytest.fixture
def waits():
    """What would have been waited for; the sandbox's own time goes on by itself."""
    return []


@pytest.fixture
def impatient(waits):
    async def sleep(seconds):
        waits.append(seconds)
        await asyncio.sleep(min(seconds, 0.01))

    return sleep


async def test_without_limits_every_post_is_made_and_deleted_again(settings_for, lab, impatient):
    found = await verify.measure(settings_for(), LAB, posts=12, sleep=impatient)
    assert (found.posted, found.burst, found.left) == (12, 7, 0)
    assert found.retry_after is None
    assert found.deduplicates is False, "the sandbox shows both, as Slack's staff say that Slack does"
    assert len(found.lags) == verify.LAG_SAMPLES
    assert all(lag is not None and lag < 1 for lag in found.lags)
    assert not lab()


async def test_it_stops_at_the_first_refusal(slack, settings_for, lab, impatient):
    slack.faults.add("rate_limited", retry_after=7, where=lambda args: "(9)" in args.get("text", ""), times=9)
    found = await verify.measure(settings_for(), LAB, sleep=impatient)
    assert (found.posted, found.burst, found.retry_after, found.left) == (8, 3, 7.0, 0)
    assert not lab()


async def test_never_more_than_sixty_posts_whatever_is_asked(slack, settings_for, lab, impatient):
    found = await verify.measure(settings_for(), LAB, posts=1000, sleep=impatient)
    assert found.posted == verify.MOST_POSTS == 60
    assert not lab()


async def test_deleting_waits_when_slack_says_so(slack, settings_for, lab, impatient, waits):
    slack.faults.add("rate_limited", method="chat.delete", retry_after=30, times=2)
    found = await verify.measure(settings_for(), LAB, posts=6, sleep=impatient)
    assert waits.count(30.0) == 2
    assert found.left == 0
    assert not lab()


async def test_a_history_that_lags_is_reported(slack, settings_for, lab, impatient, monkeypatch):
    monkeypatch.setattr(verify, "LAG_PATIENCE", 0.05)
    slack.faults.no_history()
    found = await verify.measure(settings_for(), LAB, posts=6, sleep=impatient)
    assert found.lags == [None] * 3
    said = {what: measured for what, measured, _ in verify.table(found)}
    assert said["History shows a new message after"] == "not shown within 0.05 s, 3 of 3"


async def test_what_was_posted_is_deleted_even_when_it_is_interrupted(settings_for, lab):
    async def interrupted(_seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await verify.measure(settings_for(), LAB, sleep=interrupted)
    assert not lab()


async def test_a_channel_without_the_app_is_refused_before_anything_is_posted(slack, installed, settings_for):
    slack.workspace.add_channel("elsewhere", id="C0ELSEWHERE", members=["U0ANA"])
    with pytest.raises(StartRefused, match="/invite"):
        await verify.measure(settings_for(), "C0ELSEWHERE")
    assert not slack.workspace.channel("C0ELSEWHERE").messages


async def test_the_command_asks_first_measures_and_prints_a_table(settings_for, lab, monkeypatch):
    settings = settings_for()
    env = {
        "SLACK_BOT_TOKEN": settings.slack_bot_token.get_secret_value(),
        "SLACK_APP_TOKEN": settings.slack_app_token.get_secret_value(),
        "SLACK_API_URL": settings.slack_api_url,
        "MENTOR_CHANNEL": settings.mentor_channel,
        "STAFF_CHANNEL": settings.staff_channel,
        "STAFF_USER_IDS": "U0ANA",
        "NO_PROXY": "127.0.0.1",
    }
    monkeypatch.setattr("bot.logs.set_up", lambda *_: None)
    monkeypatch.setattr(verify, "_BETWEEN", 0.0)

    def run(*arguments, said=""):
        return CliRunner().invoke(app, ["verify-slack", *arguments], env=env, input=said)

    declined = await asyncio.to_thread(run, LAB, said="n\n")
    assert declined.exit_code == 1
    assert "Nothing was posted." in declined.stderr
    busy = await asyncio.to_thread(run, settings.mentor_channel, "--yes")
    assert (busy.exit_code, "People read that channel" in busy.stderr) == (1, True)
    too_many = await asyncio.to_thread(run, LAB, "--posts", "61", "--yes")
    assert too_many.exit_code == 2
    assert not lab()

    measured = await asyncio.to_thread(run, LAB, "--posts", "8", said="y\n")
    assert measured.exit_code == 0, measured.output
    assert "Post up to 8 messages into C0LAB" in measured.stdout
    assert "3 posts in" in measured.stdout
    assert "no: both were shown" in measured.stdout
    assert "8, 0" in measured.stdout
    assert not lab()
