"""The outbox: takes what is due, urgent first, and sends it at Slack's pace without losing or doubling."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import secrets
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from community.deliveries import Kind, Landed, Lane, Owed
from scheduler.breaker import Breaker
from scheduler.endings import Endings
from scheduler.pacing import METHODS, Pace
from scheduler.reconcile import Reconciler
from scheduler.sending import Renderer, Sender
from scheduler.wire import Wire
from storage.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from slack_sdk.web.async_client import AsyncWebClient

    from community.clock import Clock
    from scheduler.endings import Outcome
    from scheduler.lease import Leadership
    from storage.database import Database
    from storage.outgoing import Candidate

__all__ = ["Landed", "Outbox", "Renderer"]

log = logging.getLogger(__name__)

SWEEP_EVERY = 2.0
"""Seconds between two looks when nothing rings: for what other processes added on SQLite."""

TEND_EVERY = 2.5
"""Seconds between two rounds that free, expire, bury and read back."""

PATIENCE = 0.25
"""Seconds that a message lets people who wait for their own answer go first."""

_ASK_AGAIN = 30.0

_LOOK_ENDS_WITHIN = 10.0
"""Seconds; a transaction on a database that went silent is given up after eight."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look at the table gave: how many were taken, and seconds until the next can give more."""

    taken: int
    wait: float


class Outbox:
    """Sends deliveries while this process leads.

    Of `client` only address, token, headers, proxy and TLS settings are used: the outbox has a session and
    a deadline of its own. `renderers` make payloads by name, `outcomes` hear how deliveries ended, by the
    renderer's name or the first two parts of the key. Without `leadership` it always leads. `parallel`
    requests are in flight at most. `after_people` returns when nobody waits for an answer of the app, at
    the latest after so many seconds. `monotonic` and `sleep` are seconds.
    """

    def __init__(
        self,
        database: Database,
        client: AsyncWebClient,
        clock: Clock,
        renderers: Mapping[str, Renderer],
        outcomes: Mapping[str, Outcome] | None = None,
        *,
        leadership: Leadership | None = None,
        pace: Pace | None = None,
        parallel: int = 8,
        client_msg_id: bool = False,
        after_people: Callable[[float], Awaitable[object]] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.owner = leadership.owner if leadership is not None else secrets.token_hex(8)
        self.pace = pace or Pace(monotonic=monotonic)
        self._database = database
        self._clock = clock
        self._leadership = leadership
        self._parallel = parallel
        self._monotonic = monotonic
        self._sleep = sleep
        self._after_people = after_people
        self._breaker = Breaker(monotonic)
        self._wire = Wire(client)
        self._endings = Endings(database, clock, outcomes or {})
        self._sender = Sender(
            database,
            self._wire,
            clock,
            renderers,
            self._endings,
            self.pace,
            self._breaker,
            owner=self.owner,
            leadership=leadership,
            client_msg_id=client_msg_id,
            monotonic=monotonic,
        )
        self._reconciler = Reconciler(
            database, self._wire, clock, self.pace, self._breaker, self._endings, lambda: self._flying
        )
        self._queues: dict[Lane, deque[Owed]] = {lane: deque() for lane in Lane}
        self._flying: set[int] = set()
        self._trials: set[int] = set()
        self._returned: list[int] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._looking = asyncio.Lock()
        self._tending = asyncio.Lock()
        self._seeded = False
        self._stopping = False
        self._asked_at = -math.inf

    # The life of it

    async def start(self) -> None:
        """Begin to send, whenever this process leads."""
        self._stopping = False
        self._loops = [
            asyncio.create_task(self._run(), name="outbox: send"),
            asyncio.create_task(self._tend_on(), name="outbox: tend"),
            asyncio.create_task(self._listen(), name="outbox: listen"),
        ]

    async def stop(self) -> None:
        """Take nothing more, let what is in flight end, give the rest back, close the session."""
        self._stopping = True
        with contextlib.suppress(TimeoutError):
            # A look that is cancelled at its commit would keep what it reserved from whoever comes next.
            async with asyncio.timeout(_LOOK_ENDS_WITHIN), self._looking:
                pass
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._loops = []
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=15)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._give_back()
        await self._wire.close()

    async def drain(self, *, patience: float = 30.0) -> None:
        """Send all that is due now, and what becomes due through it; return when nothing due is left.

        What Slack does not take within `patience` seconds, what waits to be read back and what waits for
        something else stays where it is. Works whether or not the outbox was started.
        """
        if self._leadership is not None and not await self._leadership.renew():
            return
        until = self._monotonic() + patience
        while True:
            changed = await self.tend()
            look = await self._look()
            if self._tasks:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                continue
            if look.taken or self._waiting or changed:
                continue
            if not await self._anything_due() or self._monotonic() + look.wait > until:
                break
            await self._sleep(max(look.wait, 0.001))
        if not self._loops:
            await self._wire.close()

    def known_as(self, *ids: str) -> None:
        """Learn the app's own user and bot ids: its messages in a history are told from others by them."""
        self._reconciler.own = frozenset(filter(None, ids))

    # For /readyz and /metrics

    @property
    def trouble(self) -> str | None:
        """Why nothing is sent at all, in Slack's word, if that is so: the token is refused."""
        return self._sender.locked_out

    @property
    def in_flight(self) -> int:
        """How many requests are under way."""
        return len(self._tasks)

    # Sending

    @property
    def _leads(self) -> bool:
        return self._leadership is None or self._leadership.leading

    @property
    def _waiting(self) -> int:
        return sum(map(len, self._queues.values()))

    async def _run(self) -> None:
        while True:
            heard = self._database.bell.rings
            wait = SWEEP_EVERY
            try:
                if self._leads:
                    await self._let_people_go_first()
                    look = await self._look()
                    wait = min(wait, look.wait)
                else:
                    await self._give_back()
            except Exception as fault:  # noqa: BLE001 - a database that is away comes back
                log.warning("outbox: cannot look: %s", type(fault).__name__)
                wait = 1.0
            await self._nap(max(wait, 0.001), heard)

    async def _let_people_go_first(self) -> None:
        if self._after_people is not None:
            await self._after_people(PATIENCE)

    async def _nap(self, seconds: float, heard: int) -> None:
        """Sleep, but wake at the bell."""
        waits = {
            asyncio.ensure_future(self._sleep(seconds)),
            asyncio.ensure_future(self._database.bell.wait(heard)),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _look(self) -> _Look:
        """Reserve what may go now, and launch it."""
        async with self._looking:
            if self._returned:
                await self._release(self._returned)
            if self._stopping or await self._locked_out():
                await self._give_back()
                return _Look(0, SWEEP_EVERY)
            await self._seed()
            room = 3 * self._parallel - self._waiting
            if room <= 0:
                return _Look(0, SWEEP_EVERY)
            due, wait = await self._due()
            if not due:
                return _Look(0, wait)
            if not await self._holds_the_row():
                return _Look(0, SWEEP_EVERY)
            await self._probe()
            picked, wait = await self._pick(due, room)
            failpoint("outbox.picked")
            if picked:
                async with self._database.transaction() as store:
                    reserved = await store.outgoing.reserve(
                        [one.id for one in picked], self.owner, self._clock.now()
                    )
                for one in reserved:
                    self._queues[one.lane].append(one)
            self._launch()
            if len(picked) == room and self._waiting >= self._parallel:
                # The bell rings when there is room again, or something new, which may be urgent.
                return _Look(len(picked), SWEEP_EVERY)
            # More may stand behind what shares a line with what was taken.
            return _Look(len(picked), 0.0 if picked else wait)

    async def _holds_the_row(self) -> bool:
        """Whether marks will be granted; the row is asked where the wall clock says that its time is over."""
        if self._leadership is None or not self._leadership.lapsed:
            return True
        return await self._leadership.renew()

    async def _due(self) -> tuple[list[Lane], float]:
        """The lanes in which something is due, whether it may go or not, and seconds until more is."""
        at = self._clock.now()
        async with self._database.glance() as store:
            earliest = await store.outgoing.earliest()
        waits = ((moment - at).total_seconds() for moment in earliest.values() if moment > at)
        return [lane for lane in earliest if earliest[lane] <= at], min([SWEEP_EVERY, *waits])

    async def _pick(self, lanes: Sequence[Lane], room: int) -> tuple[list[Candidate], float]:
        """Choose what to reserve, and spend its tokens; with it the seconds until more may be chosen."""
        at = self._clock.now()
        picked: list[Candidate] = []
        lines = set()
        wait = SWEEP_EVERY
        async with self._database.glance() as store:
            for lane in lanes:
                closed = [kind for kind in Kind if self._wait_of(kind) > 0]
                wait = min([wait, *(self._wait_of(kind) for kind in closed)])
                if len(closed) == len(Kind):
                    break
                cooling = self.pace.cooling()
                if cooling:
                    wait = min(wait, self.pace.cooled_in())
                candidates = await store.outgoing.candidates(
                    lane, at, 4 * room, besides_lines=cooling, besides_kinds=closed
                )
                for one in candidates:
                    if len(picked) >= room:
                        break
                    method = METHODS[one.kind]
                    if (
                        one.line in lines
                        or self._wait_of(one.kind) > 0
                        or self.pace.wait(one.kind, one.line) > 0
                    ):
                        continue
                    lines.add(one.line)
                    self.pace.take(one.kind, one.line)
                    if self._breaker.tripped(method):
                        self._trials.add(one.id)
                    self._breaker.use(method)
                    picked.append(one)
            if not picked:
                upcoming = await store.outgoing.next_due(at)
                if upcoming is not None:
                    wait = min(wait, (upcoming - at).total_seconds())
        return picked, wait

    def _wait_of(self, kind: Kind) -> float:
        return max(self.pace.wait_of_kind(kind), self._breaker.wait(METHODS[kind]))

    def _launch(self) -> None:
        for lane in Lane:
            queue = self._queues[lane]
            while queue and len(self._tasks) < self._parallel and not self._stopping:
                one = queue.popleft()
                if self._held(one):
                    self._returned.append(one.id)
                    continue
                self._flying.add(one.id)
                task = asyncio.create_task(self._send(one), name=f"outbox: {one.kind} {one.id}")
                self._tasks.add(task)
                task.add_done_callback(self._landed)

    def _held(self, one: Owed) -> bool:
        """Whether it must not go although it was reserved: Slack fell silent, or shut us out, meanwhile."""
        silent = self._breaker.tripped(METHODS[one.kind]) and one.id not in self._trials
        return silent or self._sender.locked_out is not None

    async def _send(self, one: Owed) -> None:
        try:
            await self._let_people_go_first()
            await self._sender.send(one)
        except Exception:
            # The database was away at the wrong moment. What the row says is still true: reserved, which
            # lapses, or sending, which is read back.
            log.exception("outbox: delivery %s was left as it is", one.key)
        finally:
            self._flying.discard(one.id)
            self._trials.discard(one.id)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._launch()
        if self._waiting < self._parallel:
            self._database.bell.ring()

    async def _give_back(self) -> None:
        """Give back what was reserved and not begun."""
        ids = [*self._returned, *(one.id for queue in self._queues.values() for one in queue)]
        for queue in self._queues.values():
            queue.clear()
        await self._release(ids)

    async def _release(self, ids: list[int]) -> None:
        self._returned = []
        if not ids:
            return
        try:
            async with self._database.transaction() as store:
                await store.outgoing.release(ids, self.owner)
        except Exception as fault:  # noqa: BLE001 - reservations lapse by themselves
            log.warning("outbox: reservations not given back: %s", type(fault).__name__)

    async def _seed(self) -> None:
        if not self._seeded:
            async with self._database.glance() as store:
                self._sender.anchor = await store.outgoing.last_ts()
            self._seeded = True

    async def _anything_due(self) -> bool:
        at = self._clock.now()
        lanes, _ = await self._due()
        if not lanes:
            return False
        async with self._database.glance() as store:
            for lane in lanes:
                if await store.outgoing.candidates(lane, at, 1):
                    return True
        return False

    async def _locked_out(self) -> bool:
        """Whether Slack refuses the token; asked again every half minute."""
        if self._sender.locked_out is None:
            return False
        if self._monotonic() - self._asked_at >= _ASK_AGAIN:
            self._asked_at = self._monotonic()
            await self._sender.admitted()
        return self._sender.locked_out is not None

    async def _probe(self) -> None:
        """Before a real message is risked on a method that went silent, ask whether Slack answers at all."""
        silent = [method for method in METHODS.values() if self._breaker.tripped(method)]
        due = [method for method in silent if self._breaker.wait(method) == 0]
        if due and not await self._sender.reachable():
            for method in due:
                self._breaker.unclear(method)

    # Tending

    async def tend(self) -> int:
        """Free what lapsed, expire what is over, end what waits in vain, read back; how many changed."""
        async with self._tending:
            at = self._clock.now()
            leader = self.owner if self._leadership is not None else None
            async with self._database.glance() as store:
                if not await store.outgoing.to_tend(at, leader):
                    return 0
            async with self._database.transaction() as store:
                changed = await store.outgoing.lapse(at, leader) + await store.outgoing.expire(at)
            changed += await self._endings.bury_orphans()
            changed += await self._reconciler.sweep()
        if changed:
            self._database.bell.ring()
        return changed

    async def _tend_on(self) -> None:
        while True:
            try:
                if self._leads:
                    await self.tend()
            except Exception as fault:  # noqa: BLE001 - a database that is away comes back
                log.warning("outbox: cannot tend: %s", type(fault).__name__)
            await self._sleep(TEND_EVERY)

    async def _listen(self) -> None:
        async with self._database.listening():
            await asyncio.Event().wait()
