"""Lets a database that was put back from a copy go on without ever sending anything a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, insert, or_, select, update

from community.deliveries import GRACE, READ_BACK, TIMEOUT, Kind, State
from community.mentoring_matching import Circle
from community.mentoring_requests import Status
from community.topics import Topic
from storage.failpoints import failpoint
from storage.milestones import COPY_MADE, RESTORED_AT, RESTORED_FROM
from storage.tables import deliveries, leases, request_history, requests

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from storage.database import Database
    from storage.store import Store

RESTORED = "restored"
"""The reason kept on a delivery that is read back because its database was restored."""

_LEFT_OUT = 1000

COPIED = "copied"
"""The fact on a line of history from which something followed when the copy was made: the ts of the newest
message that the copy knows, or ""."""


async def settle_copy(database: Database, at: datetime, *, starting: bool = True) -> int | None:
    """Put a copy that has not been started since it was made into quarantine, before anything is sent.

    Gives the number of deliveries that are held to be read back; None when this is no such copy. However
    the copy came to be here, it says of itself that it is one; of several processes that start, one does it.
    Only what is `starting` to send takes that mark away: between putting a copy back and its first start
    somebody may still have sent from the database that it replaces.
    """
    async with database.transaction(long=True) as store:
        made_at = await store.milestones.reached(COPY_MADE)
        if made_at is None or not await store.milestones.forget(COPY_MADE):
            return None
        if not starting:
            await store.milestones.reach(COPY_MADE, made_at)
        await store.milestones.reach(RESTORED_FROM, made_at)
        if starting:
            await skip_numbers(store, at)
        held = await quarantine(store, at)
        failpoint("restore.held")
    failpoint("restore.quarantined")
    return held


async def skip_numbers(store: Store, at: datetime) -> int:
    """Leave out the numbers of requests that may have been given out since the copy; the last of these.

    People know requests by their numbers, and the cards of those that the copy has forgotten still hang in
    Slack. At least a thousand are left out, up to a round one. SQLite counts on from the highest number that
    is there, so a cancelled request without words, of nobody, keeps that place.
    """
    known = await store.connection.scalar(select(func.max(requests.c.id))) or 0
    last = (known + 2 * _LEFT_OUT - 1) // _LEFT_OUT * _LEFT_OUT
    if store.connection.dialect.name == "postgresql":
        await store.connection.execute(
            select(func.setval(func.pg_get_serial_sequence("requests", "id"), last))
        )
        return last
    await store.connection.execute(
        insert(requests).values(
            id=last,
            asker="",
            question="",
            topic=Topic.OTHER,
            state="",
            private=True,
            status=Status.CANCELLED,
            circle=Circle.STAFF,
            wave=0,
            claims=0,
            help_asked=0,
            reminders=0,
            closings=0,
            opened_at=at,
            closed_at=at,
        )
    )
    return last


async def quarantine(store: Store, at: datetime) -> int:
    """Treat as uncertain whatever may have been sent after the copy was made; how many deliveries that is.

    Each is read back before it goes out: found, it counts as sent; absent, it is owed again. A file cannot be
    found again, because the copy does not know the id under which it was uploaded: it is parked for staff.
    What shows only once however often it is done simply stays owed, and what was not yet due by `at` was not
    sent by anybody.
    """
    # By Slack's clock everything sent after the copy is later than what the copy knows as sent. What was
    # being sent at that very moment may be earlier, and keeps the anchor it was marked with.
    newest = await store.outgoing.last_ts()
    held = await store.connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id.in_(
                select(deliveries.c.id).where(
                    deliveries.c.kind.in_(tuple(READ_BACK)),
                    or_(
                        deliveries.c.state.in_((State.RESERVED, State.SENDING)),
                        (deliveries.c.state == State.PENDING) & (deliveries.c.due_at <= at),
                    ),
                )
            )
        )
        .values(_uncertain(newest, at))
    )
    await _remember_the_copy(store, newest)
    # The holder that the copy knows is gone as well.
    await store.connection.execute(update(leases).where(leases.c.until > at).values(until=at))
    await store.milestones.reach(RESTORED_AT, at)
    return held.rowcount


def _uncertain(newest: str | None, at: datetime) -> dict[str, Any]:
    """Give the columns of a delivery that may have been sent, by nobody knows whom, later than `newest`."""
    unknowable = deliveries.c.kind == Kind.FILE
    return {
        "state": case((unknowable, State.PARKED.value), else_=State.SENDING.value),
        "reason": RESTORED,
        "anchor": case((deliveries.c.state == State.SENDING, deliveries.c.anchor), else_=newest),
        "owner": None,
        "lease_until": None,
        "check_at": case((unknowable, None), else_=at),
        "ended_at": case((unknowable, at), else_=None),
        # Whoever sent it has long stopped: there is no grace to wait for.
        "attempt_at": at - TIMEOUT - GRACE,
    }


async def _remember_the_copy(store: Store, newest: str | None) -> None:
    """Note on what had still to be worked out that this was so in the copy: elsewhere it was done since."""
    lines = request_history
    waiting = await store.connection.execute(
        select(lines.c.id, lines.c.facts).where(lines.c.follow_at.is_not(None))
    )
    for line in waiting.all():
        facts = {**line.facts, COPIED: newest or ""}
        await store.connection.execute(update(lines).where(lines.c.id == line.id).values(facts=facts))


async def hold_back(store: Store, keys: Collection[str], newest: str, at: datetime) -> None:
    """Let these deliveries, just added, be read back before they go out; `newest` is what COPIED says."""
    await store.connection.execute(
        update(deliveries)
        .where(
            deliveries.c.key.in_(sorted(keys)),
            deliveries.c.state == State.PENDING,
            deliveries.c.kind.in_(tuple(READ_BACK)),
        )
        .values(_uncertain(newest or None, at))
    )
