"""What many people in four processes lived through with the same requests has a legal order.

For every request there must be one order of all that was answered which agrees with time (what was answered
before another was asked comes before it) and in which every answer is the one that the rules give: one holder
at a time, handed back only by holder or staff, and so on.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from storage.tables import mentor_profiles
from tests.community.cast import ASKER, STAFF, asked, profile, settle
from tests.raiser import raise_one

MENTORS = [f"U{letter}" for letter in "ABCDEFGH"]
NEW = ("open", None)


def after(state, act):
    """The state of a request after an act that is legal in it, or None when its answer is not what is due."""
    status, holder = state
    by, came = act["by"], act["came"]
    if came == "fault":
        return state
    expected = _due(status, holder, act["verb"], by)
    if came == "ok":
        return expected if expected == (act["status"], act["holder"]) else None
    said = (came, act["by_whom"]) if came == "AlreadyClaimed" else came
    if came == "AlreadyOver" and act["was"] != "closed":
        return None
    return state if said == expected else None


def _due(status, holder, verb, by):  # noqa: C901, PLR0911 - one line per rule
    """The next state, or the refusal, that the rules give."""
    staff, over = by == STAFF, status == "closed"
    if verb == "claim":
        if by == ASKER:
            return "NotAllowed"
        if status == "open":
            return ("claimed", by)
        if over:
            return "AlreadyOver"
        return "AlreadyYours" if holder == by else ("AlreadyClaimed", holder)
    if verb == "hand_back":
        if status == "claimed":
            return ("open", None) if staff or by == holder else "NotAllowed"
        return "AlreadyOver" if over else "NotClaimed"
    if by not in {ASKER, holder} and not staff:
        return "NotAllowed"
    if verb == "close":
        if over:
            return "AlreadyOver"
        return "NotClaimed" if status == "open" and by != ASKER else ("closed", holder)
    if not over:
        return "NotClaimed"
    return ("claimed", holder) if holder else ("open", None)


def legal_order(acts, last):
    """An order of these acts that explains all answers and ends in `last`; None when there is none.

    A search over sets of acts that are done and the state they lead to, each looked at once (Wing and Gong;
    the sets remembered as Lowe does).
    """
    acts = sorted(acts, key=lambda act: act["asked"])
    everything = (1 << len(acts)) - 1
    stack, looked_at = [(0, NEW, ())], set()
    while stack:
        done, state, order = stack.pop()
        if done == everything:
            if state == last:
                return order
            continue
        if (done, state) in looked_at:
            continue
        looked_at.add((done, state))
        until = float("inf")
        for number, act in enumerate(acts):
            if act["asked"] > until:
                break  # Something else was answered before this was asked, and is not done yet.
            if done >> number & 1:
                continue
            until = min(until, act["answered"])
            following = after(state, act)
            if following is not None:
                stack.append((done | 1 << number, following, (*order, number)))
    return None


async def _live(database_url, numbers, acts, folder):
    """Let four processes act at once; all that was asked and answered."""
    processes, told = [], []
    for number in range(4):
        people = [*MENTORS[number * 2 : number * 2 + 2], STAFF if number % 2 else ASKER]
        spec = {
            "database": database_url, "people": people, "requests": numbers, "acts": acts, "seed": number
        }  # fmt: skip
        with (folder / f"told-{number}").open("wb") as answers:
            processes.append(raise_one("tests.storage.claimants", spec, output=[answers]))
    for number, process in enumerate(processes):
        ended, said = await asyncio.to_thread(process.wait), (folder / f"told-{number}").read_text()
        assert ended == 0, said
        told += [json.loads(line) for line in said.splitlines()]
    return told


@pytest.mark.slow(10)
async def test_what_many_did_to_the_same_requests_has_a_legal_order(database, database_url, tmp_path):
    async with database.transaction() as store:
        await settle(store, *(profile(mentor, capacity=50) for mentor in MENTORS))
        await store.connection.execute(update(mentor_profiles).values(capacity=50))
        numbers = [(await asked(store)).request.id for _ in range(3)]
    acts = await _live(database_url, numbers, 30, tmp_path)
    assert len(acts) == 4 * 3 * 30
    came = Counter(act["came"] for act in acts)
    assert came["fault"] == 0, came  # Of what was cut off nobody could say here whether it was kept.
    assert came["ok"] > 30
    by_request = defaultdict(list)
    for act in acts:
        by_request[act["request"]].append(act)
    for number in numbers:
        async with database.reading() as store:
            request = await store.mentoring.get(number)
            history = Counter(event.kind for event in await store.mentoring.history(number))
        mine = by_request[number]
        assert legal_order(mine, (request.status, request.holder)) is not None, number
        done = Counter(act["verb"] for act in mine if act["came"] == "ok")
        assert (history["claimed"], request.claims) == (done["claim"], done["claim"])
        assert history["handed_back"] == done["hand_back"]
        assert history["closed"] == done["close"] > 0
        assert history["reopened"] == done["reopen"] > 0
        async with database.reading() as store:
            offers = await store.mentoring.offers(number)
            conversations = [
                await store.deliveries.find(f"mentoring:conversation:{number}:{claim}")
                for claim in range(1, request.claims + 2)
            ]
        assert [owed is not None for owed in conversations] == [True] * request.claims + [False]
        if request.status != "open":
            assert not [offer for offer in offers if offer.state == "open"], number
    async with database.reading() as store:
        assert await store.follow_ups.due(datetime.now(UTC)) == []


def test_the_checker_sees_an_illegal_order():
    def act(verb, by, asked_at, answered_at, came="ok", **more):
        return {"verb": verb, "by": by, "asked": asked_at, "answered": answered_at, "came": came,
                "by_whom": None, "was": None, **more}  # fmt: skip

    first = act("claim", "UA", 0, 2, status="claimed", holder="UA")
    both = act("claim", "UB", 1, 3, status="claimed", holder="UB")
    assert legal_order([first], ("claimed", "UA")) == (0,)
    assert legal_order([first, both], ("claimed", "UB")) is None, "two holders"
    refused = act("claim", "UB", 1, 3, came="AlreadyClaimed", by_whom="UA")
    assert legal_order([first, refused], ("claimed", "UA"))
    early = act("claim", "UB", -2, -1, came="AlreadyClaimed", by_whom="UA")
    assert legal_order([first, early], ("claimed", "UA")) is None, "told of what had not happened yet"
    back = act("hand_back", "UC", 4, 5, status="open", holder=None)
    assert legal_order([first, back], NEW) is None, "handed back by a stranger"
    lost = act("claim", "UB", 4, 5, status="claimed", holder="UB")
    assert legal_order([first, lost], ("claimed", "UB")) is None, "a claim was forgotten"
