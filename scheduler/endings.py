"""How deliveries end: the mark in the table and what a feature makes of it, in one transaction."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from community.deliveries import COLLAPSING, Kind, Landed, Owed, State
from storage.database import transient
from storage.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from community.clock import Clock
    from storage.database import Database
    from storage.store import Store

    Outcome = Callable[[Store, Landed], Awaitable[None]]

log = logging.getLogger(__name__)

_TRIES = 4
_DELAYS = 15
"""So often, over half a minute, an ending that the database could not take is offered again."""


class Endings:
    """Settles deliveries, and tells the feature that listens for their outcome."""

    def __init__(self, database: Database, clock: Clock, outcomes: Mapping[str, Outcome]) -> None:
        self._database = database
        self._clock = clock
        self._outcomes = outcomes

    async def land(
        self,
        one: Owed,
        *,
        channel: str | None,
        ts: str | None,
        hash: str | None = None,  # noqa: A002
    ) -> None:
        """It was sent."""

        async def settle(store: Store) -> Landed | None:
            at = self._clock.now()
            failpoint("outbox.ending")
            if not await store.outgoing.landed(one, at, channel=channel, ts=ts, hash=hash):
                return None
            return _landed(one, sent=True, channel=channel, ts=ts, reason=None, clock=self._clock)

        await self._end(one, settle)
        failpoint("outbox.ended")

    async def refuse(self, one: Owed, reason: str) -> None:
        """Slack refused it for good: staff see it, and what was to follow it ends too."""

        async def settle(store: Store) -> Landed | None:
            if not await store.outgoing.refused(one, self._clock.now(), reason):
                return None
            return _landed(one, sent=False, channel=one.channel, ts=None, reason=reason, clock=self._clock)

        log.warning("delivery %s (%s) refused: %s", one.key, one.kind, reason)
        await self._end(one, settle)
        await self.bury_orphans()

    async def bury_orphans(self) -> int:
        """End what waits for a delivery that will never be sent; how many ended."""
        buried = 0
        while True:
            async with self._database.glance() as store:
                orphans = await store.outgoing.orphans()
            if not orphans:
                return buried
            for one, fate in orphans:
                state, reason = _fate(one, fate)

                async def settle(
                    store: Store, one: Owed = one, state: State = state, reason: str = reason
                ) -> Landed | None:
                    at = self._clock.now()
                    if not await store.outgoing.bury(one, at, state, reason) or state is not State.DEAD:
                        return None
                    return _landed(one, sent=False, channel=None, ts=None, reason=reason, clock=self._clock)

                await self._end(one, settle)
                buried += 1

    async def _end(self, one: Owed, settle: Callable[[Store], Awaitable[Landed | None]]) -> None:
        """Settle and tell, again if that fails: a database that is away for a moment must not cost the mark.

        When a feature's own outcome keeps failing, the delivery is settled without it: what Slack has shown
        is shown, and the log says which rule has to be mended.
        """
        outcome = self._outcomes.get(one.family)
        # Alone with one row nobody can be in the way for long, and asking for patience is a statement more.
        several = outcome is not None or one.kind is Kind.UPDATE
        attempt = delays = 0
        while True:
            telling = False
            try:
                async with self._database.transaction(yielding=several) as store:
                    landed = await settle(store)
                    if landed is not None and outcome is not None:
                        telling = True
                        await outcome(store, landed)
                        telling = False
            except Exception as fault:  # whatever it is, it is tried again, then named
                log.warning("delivery %s: ending not kept (%s)", one.key, type(fault).__name__)
                if transient(fault):
                    delays += 1
                    telling = False
                else:
                    attempt += 1
                if attempt < _TRIES and delays < _DELAYS:
                    await asyncio.sleep(min(0.05 * 2 ** (attempt + delays), 2.0))
                    continue
                if not telling:
                    # It stays marked as being sent, and will be read back.
                    log.exception("delivery %s: its ending could not be kept", one.key)
                    return
                log.exception("delivery %s: the outcome %s fails; settled without it", one.key, one.family)
                async with self._database.transaction() as store:
                    await settle(store)
            return


def _fate(one: Owed, before: State) -> tuple[State, str]:
    """What becomes of a delivery whose forerunner ended like that."""
    if before is State.EXPIRED:
        return State.EXPIRED, "after_expired"
    if before is State.CANCELLED or one.kind in COLLAPSING or one.kind is Kind.DELETE:
        return State.CANCELLED, f"after_{before}"
    return State.DEAD, "after_dead"


def _landed(
    one: Owed, *, sent: bool, channel: str | None, ts: str | None, reason: str | None, clock: Clock
) -> Landed:
    return Landed(
        key=one.key,
        kind=one.kind,
        about=one.about,
        sent=sent,
        channel=channel,
        ts=ts,
        reason=reason,
        at=clock.now(),
    )
