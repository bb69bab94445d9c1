"""Which figures the process publishes, and what of the database its readiness depends on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scheduler.lease import LASTING
from storage.figures import quantile
from storage.milestones import BACKED_UP, MEMBERS_READ, WRITTEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.health import Health
    from community.clock import Clock
    from scheduler.lease import Leadership
    from scheduler.outbox import Outbox
    from storage.database import Database
    from storage.figures import Lease

NOBODY_LEADS_AFTER = timedelta(seconds=30)
"""So long after the lease ran out somebody should have taken over: 12 s it lasts, every 4 s all ask."""

QUANTILES = (0.5, 0.9, 0.99)


def publish(health: Health, database: Database, clock: Clock, leadership: Leadership) -> None:
    """Let readiness and the metrics know what the database knows."""
    told = _Told(database, clock, leadership)
    health.check("database", told.writable)
    health.check("lease", told.nobody_leads)
    health.note("lease", told.lease)
    health.measure("downballot_leading", "1 when this process runs outbox and jobs", told.leading)
    health.measure(
        "downballot_lease_age_seconds", "Seconds since the lease was last taken or prolonged", told.lease_age
    )
    health.measure(
        "downballot_oldest_due_seconds", "How long the oldest due delivery has waited", told.overdue
    )
    health.measure(
        "downballot_oldest_follow_up_seconds",
        "How long what follows from a question or a claim has waited to be worked out",
        told.unfollowed,
    )
    health.measure("downballot_deliveries", "Deliveries that are not over", told.deliveries, by="state")
    health.measure(
        "downballot_deliveries_last_day",
        "Deliveries that ended within the last 24 hours",
        told.ended,
        by="state",
    )
    health.measure(
        "downballot_deliveries_quarantined",
        "Deliveries of a restored database that are still to be read back",
        told.quarantined,
    )
    health.measure("downballot_requests", "Requests for a mentor", told.requests, by="status")
    health.measure(
        "downballot_first_answer_seconds",
        "From question to first answer, of the last 30 days",
        told.answers,
        by="quantile",
    )
    health.measure("downballot_first_answers", "First answers of the last 30 days", told.answered)
    health.measure(
        "downballot_roster_age_seconds", "Seconds since the whole roster was read from Slack", told.roster_age
    )
    health.measure("downballot_backup_age_seconds", "Seconds since the last backup", told.backup_age)


def publish_sending(health: Health, outbox: Outbox) -> None:
    """Let readiness and the metrics know how sending goes in this process."""

    async def trouble() -> str | None:
        said = outbox.trouble
        return None if said is None else f"Slack takes nothing from the app: {said}"

    async def in_flight() -> float:
        return float(outbox.in_flight)

    async def budget() -> float:
        return outbox.pace.budget.per_minute

    health.check("sending", trouble)
    health.measure("downballot_in_flight", "Requests to Slack that are under way", in_flight)
    health.measure("downballot_posts_per_minute", "Posts a minute that the pace allows now", budget)
    health.count(
        "downballot_rate_limited", "How often Slack answered 429", lambda: float(outbox.pace.refusals)
    )


class _Told:
    """One question each, in a transaction of its own."""

    def __init__(self, database: Database, clock: Clock, leadership: Leadership) -> None:
        self._database = database
        self._clock = clock
        self._leadership = leadership

    async def writable(self) -> str | None:
        async with self._database.transaction() as store:
            await store.milestones.reach(WRITTEN, self._clock.now())
        return None

    async def _lease(self) -> Lease | None:
        async with self._database.reading() as store:
            return await store.figures.lease(self._leadership.name)

    async def nobody_leads(self) -> str | None:
        held = await self._lease()
        lapsed = timedelta() if held is None else self._clock.now() - held.until
        if lapsed <= NOBODY_LEADS_AFTER:
            return None
        return f"nobody has held the lease for {lapsed.total_seconds():.0f} seconds: nothing is sent"

    async def lease(self) -> str:
        held = await self._lease()
        if held is None:
            return "never taken"
        now = self._clock.now()
        who = "this process" if held.owner == self._leadership.owner else held.owner
        age = (now - held.until + LASTING).total_seconds()
        return f"{'held' if held.until > now else 'last held'} by {who}, renewed {age:.0f} seconds ago"

    async def lease_age(self) -> float | None:
        held = await self._lease()
        return None if held is None else (self._clock.now() - held.until + LASTING).total_seconds()

    async def leading(self) -> float:
        return float(self._leadership.leading)

    async def overdue(self) -> float:
        async with self._database.reading() as store:
            return (await store.figures.overdue(self._clock.now())).total_seconds()

    async def unfollowed(self) -> float:
        async with self._database.reading() as store:
            return (await store.follow_ups.waiting(self._clock.now())).total_seconds()

    async def deliveries(self) -> Mapping[str, float]:
        async with self._database.reading() as store:
            return _plain(await store.figures.open_deliveries())

    async def ended(self) -> Mapping[str, float]:
        async with self._database.reading() as store:
            return _plain(await store.figures.ended_deliveries(self._clock.now()))

    async def quarantined(self) -> float:
        async with self._database.reading() as store:
            return float(await store.figures.quarantined())

    async def requests(self) -> Mapping[str, float]:
        async with self._database.reading() as store:
            return _plain(await store.figures.requests())

    async def answers(self) -> Mapping[str, float]:
        async with self._database.reading() as store:
            times = await store.figures.answer_times(self._clock.now())
        asked = ((f"{q:g}", quantile(times, q)) for q in QUANTILES)
        return {name: time.total_seconds() for name, time in asked if time is not None}

    async def answered(self) -> float:
        async with self._database.reading() as store:
            return float(len(await store.figures.answer_times(self._clock.now())))

    async def roster_age(self) -> float | None:
        return await self._age(MEMBERS_READ)

    async def backup_age(self) -> float | None:
        return await self._age(BACKED_UP)

    async def _age(self, milestone: str) -> float | None:
        async with self._database.reading() as store:
            at = await store.milestones.reached(milestone)
        # Never reached shows as no age at all, and an alert on absence catches it.
        return None if at is None else (self._clock.now() - at).total_seconds()


def _plain(counted: Mapping[Any, int]) -> dict[str, float]:
    return {str(name): float(count) for name, count in counted.items()}
