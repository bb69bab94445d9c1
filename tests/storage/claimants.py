"""A process full of people who claim, hand back, close and re-open the same requests, and note how it went.

tests/raiser.py forks it. It is given the database, who acts there, the requests, the number of acts each, and
a seed; it answers with a line of JSON per act: what was asked when, and what came of it when, by the
machine's monotonic clock.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from datetime import UTC, datetime

from bot import logs
from community import mentoring
from community import mentoring_notices as notices
from community.clock import SystemClock
from community.notices import Places
from community.refusals import Refused
from scheduler.following import Follower
from scheduler.mentoring import follower
from storage.database import Database, transient
from tests.community.cast import POLICY

PLACES = Places(mentors="C0MENTORS", staff="C0STAFF")


async def _act(store, verb, number, by):
    """What the listener of this button does in its transaction (handlers/mentoring.py).

    What follows from a claim is worked out by the process beside it, as in the app.
    """
    at = datetime.now(UTC)
    book, people = store.mentoring, store.members
    if verb == "claim":
        return await mentoring.claim(book, number, by=by, at=at, policy=POLICY)
    if verb == "close":
        request = await mentoring.close(book, people, number, by=by, at=at)
        await store.tell(notices.closed(request, await book.offers(number)), at=at)
        return request
    if verb == "hand_back":
        before = await book.hold_still(number)
        step = await mentoring.hand_back(book, people, number, by=by, at=at, policy=POLICY)
        holder = (before.holder if before else None) or by
        offers = await book.offers(number)
        await store.tell(notices.handed_back(step.request, step.offers, offers, PLACES, holder=holder), at=at)
        return step.request
    step = await mentoring.reopen(book, people, number, by=by, at=at, policy=POLICY)
    await store.tell(
        notices.reopened(step.request, step.offers, await book.offers(number), PLACES, by=by), at=at
    )
    return step.request


LIKELY = {
    "NotClaimed": "claim",
    "AlreadyYours": "hand_back",
    "AlreadyOver": "reopen",
    "open": "claim",
    "claimed": "hand_back",
    "closed": "reopen",
}
"""What people try next, given what they were told last; now and then they try anything."""


async def _one(database, rng, by, number, seen):
    verb = rng.choice(["claim", "hand_back", "close", "reopen"])
    if rng.random() < 0.7:
        verb = LIKELY.get(seen.get(number), "claim")
    told = {"verb": verb, "request": number, "by": by, "asked": time.monotonic()}
    try:
        if verb == "claim":
            async with database.reading() as store:
                await mentoring.may_claim(store.mentoring, told["request"], by=by)
        async with database.transaction() as store:
            request = await _act(store, verb, told["request"], by)
        told |= {"came": "ok", "status": request.status, "holder": request.holder}
    except Refused as refused:
        told |= {"came": type(refused).__name__}
        told |= {"by_whom": getattr(refused, "by", None), "was": getattr(refused, "status", None)}
    except Exception as fault:
        if not transient(fault):
            raise
        told |= {"came": "fault"}  # Rolled back: nothing came of it.
    told["answered"] = time.monotonic()
    seen[number] = told.get("status", told["came"])
    return told


async def act(spec):
    database = Database.at(spec["database"], pool=10)
    told = []

    async def person(by, seed):
        rng, seen = random.Random(seed), {}
        for _ in range(spec["acts"]):
            told.append(await _one(database, rng, by, rng.choice(spec["requests"]), seen))
            await asyncio.sleep(rng.uniform(0, 0.01))

    people = [person(by, f"{spec['seed']}{by}{n}") for n, by in enumerate(spec["people"])]
    clock = SystemClock()
    following = Follower(database, clock, follower(clock, POLICY, PLACES))
    await following.start()
    await asyncio.gather(*people)
    while await following.drain():
        pass
    await following.stop()
    await database.close()
    return told


def live(spec):
    """Act, and say on standard output how each act went."""
    logs.set_up("CRITICAL", "text")
    for told in asyncio.run(act(spec)):
        sys.stdout.write(json.dumps(told) + "\n")
