"""The first of a crowd goes ahead; nobody is ever left behind."""

from __future__ import annotations

import asyncio

import pytest

from handlers.turns import Lines, Turns


async def test_the_crowd_goes_on_together_once_the_first_is_done():
    turns, log = Turns(), []
    may_end = asyncio.Event()

    async def first():
        async with turns.behind_the_first(7):
            await may_end.wait()
            log.append("first")

    async def later(name):
        async with turns.behind_the_first(7):
            log.append(name)

    crowd = [asyncio.create_task(first())]
    await asyncio.sleep(0)
    crowd += [asyncio.create_task(later(name)) for name in ("second", "third")]
    await asyncio.sleep(0.01)
    assert log == []
    may_end.set()
    await asyncio.gather(*crowd)
    assert log[0] == "first"
    assert sorted(log[1:]) == ["second", "third"]


async def test_other_questions_do_not_wait():
    turns = Turns()
    async with turns.behind_the_first(7), asyncio.timeout(1), turns.behind_the_first(8):
        pass


async def test_a_first_one_that_fails_or_is_cancelled_holds_nobody_up():
    turns = Turns()
    with pytest.raises(RuntimeError):
        async with turns.behind_the_first(7):
            raise RuntimeError
    started = asyncio.Event()

    async def stuck():
        async with turns.behind_the_first(7):
            started.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(stuck())
    await started.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(1), turns.behind_the_first(7):
        pass


async def test_who_stands_in_line_goes_in_order_and_one_at_a_time():
    lines, log = Lines(), []

    async def person(name):
        async with lines.at(7):
            log.append(f"{name} in")
            await asyncio.sleep(0)
            log.append(f"{name} out")

    await asyncio.gather(*(person(name) for name in "abc"))
    assert log == ["a in", "a out", "b in", "b out", "c in", "c out"]
    async with lines.at(7), asyncio.timeout(1), lines.at(8):
        pass
    assert not lines._locks, "nothing is left of a line in which nobody stands"


async def test_who_leaves_the_line_or_fails_holds_nobody_up():
    lines = Lines()
    with pytest.raises(RuntimeError):
        async with lines.at(7):
            raise RuntimeError
    async with lines.at(7):
        waiting = asyncio.create_task(lines.at(7).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(1), lines.at(7):
        pass
