"""Faults on demand: what the app is told, and what really happened."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.limits import RateModel


@pytest.fixture
def api(sandbox, installed):
    """A client that retries nothing, like the app's sender."""
    return AsyncWebClient(token=installed.bot_token, base_url=sandbox.api_url, retry_handlers=[], timeout=1)


def said(hall):
    return [message.text for message in hall.messages.values()]


async def test_a_rate_limit_answers_429_with_retry_after_and_does_nothing(sandbox, api, hall):
    sandbox.faults.add("rate_limited", retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        await api.chat_postMessage(channel=hall.id, text="x")
    response = refused.value.response
    assert (response.status_code, response.headers["Retry-After"], response["error"]) == (
        429,
        "7",
        "ratelimited",
    )
    assert said(hall) == []
    await api.chat_postMessage(channel=hall.id, text="y")
    assert said(hall) == ["y"]


@pytest.mark.parametrize("committed", [False, True])
async def test_a_server_error_may_hide_that_the_work_was_done(sandbox, api, hall, committed):
    sandbox.faults.add("server_error", status=503, committed=committed)
    with pytest.raises(SlackApiError) as failed:
        await api.chat_postMessage(channel=hall.id, text="x")
    assert failed.value.response.status_code == 503
    assert said(hall) == ["x"] * committed


@pytest.mark.parametrize(("kind", "done"), [("drop_before", []), ("drop_after", ["x"])])
async def test_a_dropped_connection_tells_nothing(sandbox, api, hall, kind, done):
    sandbox.faults.add(kind)
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.chat_postMessage(channel=hall.id, text="x")
    assert said(hall) == done


async def test_the_sdks_own_retry_doubles_a_post_whose_answer_was_lost(sandbox, installed, hall):
    naive = AsyncWebClient(token=installed.bot_token, base_url=sandbox.api_url)
    sandbox.faults.add("drop_after")
    await naive.chat_postMessage(channel=hall.id, text="x")
    assert said(hall) == ["x", "x"]


@pytest.mark.parametrize("committed", [False, True])
async def test_an_error_code_of_choice(sandbox, api, hall, committed):
    sandbox.faults.add("error", code="fatal_error", committed=committed)
    with pytest.raises(SlackApiError, match="fatal_error"):
        await api.chat_postMessage(channel=hall.id, text="x")
    assert said(hall) == ["x"] * committed


@pytest.mark.parametrize("committed", [False, True])
async def test_a_call_may_hang_until_the_caller_gives_up(sandbox, api, hall, committed):
    sandbox.faults.add("hang", committed=committed)
    with pytest.raises(TimeoutError):
        await api.chat_postMessage(channel=hall.id, text="x")
    assert said(hall) == ["x"] * committed


async def test_a_slow_answer_comes_after_the_work_or_the_work_comes_late(sandbox, api, hall):
    sandbox.faults.add("slow", seconds=0.3)
    started = time.monotonic()
    await api.chat_postMessage(channel=hall.id, text="slow")
    assert time.monotonic() - started >= 0.3
    sandbox.faults.add("slow", seconds=1.4, before=True)
    with pytest.raises(TimeoutError):
        await api.chat_postMessage(channel=hall.id, text="late")
    assert said(hall) == ["slow"]
    await asyncio.sleep(0.7)
    assert said(hall) == ["slow", "late"]


async def test_a_fault_strikes_the_calls_it_is_meant_for_as_often_as_asked(sandbox, api, hall):
    sandbox.faults.add("error", times=2, where=lambda args: args["text"] == "bad", code="internal_error")

    async def post(words):
        try:
            await api.chat_postMessage(channel=hall.id, text=words)
        except SlackApiError:
            return False
        return True

    assert [await post(words) for words in ("good", "bad", "bad", "bad")] == [True, False, False, True]
    assert (await api.auth_test())["ok"]
    assert sandbox.faults.struck == {"error": 2}


async def test_history_can_be_absent_while_messages_are_there(sandbox, api, hall):
    await api.chat_postMessage(channel=hall.id, text="x")
    sandbox.faults.no_history()
    assert (await api.conversations_history(channel=hall.id))["messages"] == []
    sandbox.faults.clear()
    assert len((await api.conversations_history(channel=hall.id))["messages"]) == 1


async def test_chance_is_repeatable(sandbox, api, hall):
    async def run():
        sandbox.faults.random(7, {"error": 0.3, "rate_limited": 0.2})
        results = []
        for number in range(20):
            try:
                await api.chat_postMessage(channel=hall.id, text=str(number))
                results.append("ok")
            except SlackApiError as refused:
                results.append(refused.response["error"])
        return results

    first = await run()
    assert first == await run()
    assert {"ok", "internal_error", "ratelimited"} == set(first)


async def test_other_processes_order_faults_and_read_messages_over_http(sandbox, api, hall, raw):
    async def order(**what):
        async with raw.post(sandbox.url + "/sandbox/faults", json=what) as answer:
            return answer.status, await answer.json()

    assert (await order(kind="error", code="internal_error", match={"text": "bad"}))[0] == 200
    await api.chat_postMessage(
        channel=hall.id, text="good", metadata={"event_type": "k", "event_payload": {"key": "1"}}
    )
    with pytest.raises(SlackApiError, match="internal_error"):
        await api.chat_postMessage(channel=hall.id, text="bad")
    assert (await order(kind="earthquake"))[0] == 400
    assert (await order(deaf=True, limits=True))[1]["deaf"] is True
    assert (await order(clear=True))[1]["limits"] is False
    async with raw.get(sandbox.url + "/sandbox/messages", params={"channel": hall.id}) as answer:
        listed = (await answer.json())["messages"]
    assert [(one["text"], one["metadata"]["event_payload"]) for one in listed] == [("good", {"key": "1"})]


async def test_with_limits_on_a_channel_takes_one_post_a_second_after_a_burst(sandbox, api, hall, ann):
    hand = {"now": 0.0}
    sandbox.faults.rates = RateModel(clock=lambda: hand["now"], channel_burst=2)
    sandbox.faults.limits = True

    async def post(where):
        try:
            await api.chat_postMessage(channel=where, text="x")
        except SlackApiError as refused:
            return int(refused.response.headers["Retry-After"])
        return 0

    assert [await post(hall.id) for _ in range(3)] == [0, 0, 1]
    assert await post(ann.id) == 0
    assert [await post(ann.dm_channel.id), await post(ann.id)] == [0, 1]
    hand["now"] += 1
    assert [await post(hall.id), await post(hall.id)] == [0, 1]


def test_the_workspace_and_each_method_have_their_own_allowance():
    hand = {"now": 0.0}
    rates = RateModel(clock=lambda: hand["now"], posts_per_minute=60, posts_burst=3)
    assert [rates.refuse("A", "chat.postMessage", f"C{n}") for n in range(4)] == [None, None, None, 1]
    assert [rates.refuse("A", "users.list", None) for _ in range(21)] == [None] * 20 + [3]
    assert rates.refuse("A", "users.info", None) is None
    assert [rates.refuse("A", "chat.update", "C1") for _ in range(51)].count(None) == 50
