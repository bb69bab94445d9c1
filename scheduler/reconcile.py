"""Reads back what may or may not have arrived: by the opaque id in the history, never by guessing."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from community.deliveries import (
    EVENT_TYPE,
    GRACE,
    MOST_ATTEMPTS,
    MOST_UNANSWERED,
    READ_BACK,
    TIMEOUT,
    VOUCHED_FOR,
    Kind,
    Owed,
    State,
    Verdict,
    back_off,
    digest,
)
from scheduler.wire import NoAnswer
from storage.database import transient
from storage.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
    from datetime import datetime

    from community.clock import Clock
    from scheduler.breaker import Breaker
    from scheduler.endings import Endings
    from scheduler.pacing import Pace
    from scheduler.wire import Wire
    from storage.database import Database

log = logging.getLogger(__name__)

_PAGE = 200
_MOST_PAGES = 25
_SKEW = 60.0
"""Seconds by which the clocks of Slack's own servers are allowed to differ."""
_SOON = timedelta(seconds=5)


class _Later(Exception):
    """Slack cannot be asked right now."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a message would be: the conversation, and the thread in it."""

    channel: str
    thread: str | None


class Reconciler:
    """Looks up deliveries that are marked as being sent and whose outcome nobody wrote down."""

    def __init__(
        self,
        database: Database,
        wire: Wire,
        clock: Clock,
        pace: Pace,
        breaker: Breaker,
        endings: Endings,
        in_flight: Callable[[], Collection[int]],
    ) -> None:
        self._database = database
        self._wire = wire
        self._clock = clock
        self._pace = pace
        self._breaker = breaker
        self._endings = endings
        self._in_flight = in_flight
        self.locked_out = False
        self.own: frozenset[str] = frozenset()
        """The app's own user id and bot id, once Slack has said them."""

    async def sweep(self) -> int:
        """Settle what can be settled now; how many deliveries changed."""
        async with self._database.glance() as store:
            rows = await store.outgoing.unresolved(self._clock.now())
        settled = 0
        places: dict[_Place, list[Owed]] = {}
        for one in rows:
            if one.id not in self._in_flight():
                settled += await self._alone([one], self._sort(one, places))
        for place, sought in places.items():
            try:
                settled += await self._alone(sought, self._look(place, sought))
            except _Later:
                break
        return settled

    async def _alone(self, sought: Sequence[Owed], settling: Coroutine[Any, Any, int]) -> int:
        """Settle these; where a fault of ours is in the way staff decides, and nobody waits behind it."""
        try:
            return await settling
        except _Later:
            raise
        except Exception as fault:
            if transient(fault):
                raise
            log.exception("outbox: cannot settle deliveries %s", [one.id for one in sought])
            for one in sought:
                await self._park(one, "not_settled")
            return len(sought)

    async def _sort(self, one: Owed, places: dict[_Place, list[Owed]]) -> int:
        """Settle one that need not be looked up, and put any other to those of its place."""
        if one.reason == VOUCHED_FOR:
            await self._endings.land(one, channel=one.channel, ts=one.ts)
        elif one.kind not in READ_BACK or (one.kind is Kind.FILE and one.file is None and one.attempts > 0):
            # It is simply done again: twice shows once. A file that was never shared was never seen.
            await self._put_back(one)
        else:
            place = await self._place(one)
            if place is not None:
                places.setdefault(place, []).append(one)
            return 0
        return 1

    async def _place(self, one: Owed) -> _Place | None:
        """Where to look; None when that cannot be said yet, or is settled already."""
        try:
            channel = await self._conversation(one)
        except _Later:
            await self._again(one, self._clock.now() + _SOON)
            return None
        except NoAnswer as fault:
            await self._park(one, f"conversations.open:{fault.error}")
            return None
        return (
            None if channel is None else _Place(channel, one.thread or (one.payload or {}).get("thread_ts"))
        )

    async def _conversation(self, one: Owed) -> str | None:
        if one.to.startswith(("U", "W")):
            answer = await self._ask("conversations.open", json={"users": one.to}, kind=Kind.OPEN)
            return str(answer["channel"]["id"])
        if one.to:
            return one.to
        async with self._database.reading() as store:
            before = await store.outgoing.conversation(one)
        if before is None or before.state in {State.DEAD, State.CANCELLED, State.EXPIRED}:
            await self._put_back(one)  # Its forerunner never arrived, so neither did it.
            return None
        if before.state is not State.SENT or before.channel is None:
            raise _Later
        return before.channel

    async def _look(self, place: _Place, sought: list[Owed]) -> int:
        # Whether the grace was over is asked before the look: a message may arrive between the two.
        at = self._clock.now()
        over = {
            one.id for one in sought if one.attempt_at is not None and at >= one.attempt_at + TIMEOUT + GRACE
        }
        try:
            found = await self._history(place, sought)
        except NoAnswer as fault:
            for one in sought:
                await self._park(one, f"history:{fault.error}")
            return len(sought)
        except _Later:
            for one in sought:
                await self._again(one, at + _SOON)
            raise
        settled = 0
        for one in sought:
            if one.id in found or one.id in over:
                settled += await self._alone([one], self._conclude(one, place.channel, found.get(one.id)))
            else:
                await self._again(one, (one.attempt_at or at) + TIMEOUT + GRACE)
        return settled

    async def _conclude(self, one: Owed, channel: str, ts: str | None) -> int:
        """Write down that it stands there, or, where there is no `ts`, that it never arrived."""
        if ts is not None:
            failpoint("reconcile.found")
            known = None if one.payload is None else digest(one.payload)
            await self._endings.land(one, channel=channel, ts=ts, hash=known)
        else:
            failpoint("reconcile.absent")
            await self._absent(one)
        return 1

    async def _history(self, place: _Place, sought: list[Owed]) -> dict[int, str]:
        """The ts of those deliveries that stand in the conversation, by their ids."""
        missing = {one.opaque: one.id for one in sought if one.kind is Kind.POST}
        files = {one.file: one.id for one in sought if one.kind is Kind.FILE and one.file}
        found: dict[int, str] = {}
        method = "conversations.history" if place.thread is None else "conversations.replies"
        params = self._window(place, sought)
        unreadable = False
        for _ in range(_MOST_PAGES):
            page = await self._ask(method, params=params)
            for message in page.get("messages", ()):
                opaque = _opaque(message)
                unreadable = unreadable or (opaque is None and self._is_ours(message))
                ids = [missing.pop(opaque or "", None)]
                ids += [files.pop(str(file.get("id")), None) for file in message.get("files") or ()]
                found |= {id: message["ts"] for id in ids if id is not None}  # noqa: A001
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if missing and unreadable and not cursor:
                # Our own posts stand there without the id that all of them carry: it may be among them.
                raise NoAnswer(Verdict.REFUSED, "no_metadata", method)
            if not cursor or not (missing or files):
                return found
            params["cursor"] = cursor
        raise NoAnswer(Verdict.REFUSED, "too_long", method)

    def _window(self, place: _Place, sought: list[Owed]) -> dict[str, Any]:
        """What to ask the history for: nothing older than what these deliveries could be."""
        params: dict[str, Any] = {
            "channel": place.channel,
            "limit": _PAGE,
            "include_all_metadata": "true",
        }
        if place.thread is not None:
            params["ts"] = place.thread
        anchors = [one.anchor for one in sought]
        if all(anchors):
            # By Slack's own clock, not ours: later than what it had confirmed before the attempt.
            params["oldest"] = f"{max(0.0, min(float(anchor) for anchor in anchors if anchor) - _SKEW):.6f}"
        return params

    def _is_ours(self, message: Mapping[str, Any]) -> bool:
        """Whether the app posted this. Files and notes such as "has joined" carry no id, and do not count."""
        if message.get("subtype") or message.get("files"):
            return False
        return bool(self.own & {message.get("user"), message.get("bot_id")})

    async def _ask(
        self,
        method: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Mapping[str, Any] | None = None,
        kind: Kind = Kind.POST,
    ) -> Mapping[str, Any]:
        """Ask Slack; raises NoAnswer when it refuses for good, _Later when it cannot be asked now."""
        if self._pace.wait_for(method) > 0 or self._breaker.wait(method) > 0:
            raise _Later
        self._pace.use(method)
        self._breaker.use(method)
        try:
            answer = await self._wire.call(method, params=params, json=json, kind=kind)
        except NoAnswer as fault:
            if fault.meaning is Verdict.LIMITED:
                self._pace.limited(method, fault.seconds)
            elif fault.meaning in {Verdict.UNCLEAR, Verdict.UNREACHED}:
                self._breaker.unclear(method, unreached=fault.meaning is Verdict.UNREACHED)
            elif fault.meaning not in {Verdict.LOCKED_OUT, Verdict.LATER}:
                self._breaker.clear(method)
                raise
            raise _Later from fault
        self._breaker.clear(method)
        return answer.data

    async def _absent(self, one: Owed) -> None:
        """It certainly did not arrive. After many attempts it goes behind others, in the end to the staff."""
        answered = one.reason in {"internal_error", "fatal_error"}
        if one.attempts >= (MOST_ATTEMPTS if answered else MOST_UNANSWERED):
            await self._endings.refuse(one, one.reason or "no_answer")
        elif one.attempts > 3:  # noqa: PLR2004 - a few times it keeps its place
            await self._put_back(one, delay=True)
        else:
            await self._put_back(one)

    async def _put_back(self, one: Owed, *, delay: bool = False) -> None:
        at = self._clock.now()
        async with self._database.transaction() as store:
            await store.outgoing.put_back(one, at, due_at=at + back_off(one.attempts) if delay else None)
        self._database.bell.ring()

    async def _again(self, one: Owed, check_at: datetime) -> None:
        async with self._database.transaction() as store:
            await store.outgoing.unclear(one, check_at, one.reason or "no_answer")

    async def _park(self, one: Owed, reason: str) -> None:
        log.error("delivery %s: nobody can know whether it arrived (%s)", one.key, reason)
        async with self._database.transaction() as store:
            await store.outgoing.parked(one, self._clock.now(), reason)


def _opaque(message: Mapping[str, Any]) -> str | None:
    """The id that a post of the app carries in its metadata; None where there is none to read."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    return str((metadata.get("event_payload") or {}).get("id") or "") or None
