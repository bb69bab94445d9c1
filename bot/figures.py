"""What the database knows about the app's health: can it be written, what is overdue, what is stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from storage.tables import deliveries

if TYPE_CHECKING:
    from bot.health import Health
    from community.clock import Clock
    from storage.database import Database


def publish(health: Health, database: Database, clock: Clock) -> None:
    """Let readiness and the metrics know what the database knows."""

    async def writable() -> str | None:
        async with database.transaction() as store:
            await store.connection.execute(text("SELECT 1"))
        return None

    async def oldest_due() -> float:
        now = clock.now()
        async with database.reading() as store:
            due_at = await store.connection.scalar(
                select(func.min(deliveries.c.due_at)).where(
                    deliveries.c.state == "pending", deliveries.c.due_at <= now
                )
            )
        return 0.0 if due_at is None else (now - due_at).total_seconds()

    health.check("database", writable)
    health.measure("downballot_oldest_due_seconds", "How long the oldest due delivery has waited", oldest_due)
    health.measure(
        "downballot_deliveries_parked",
        "Deliveries that nobody can know arrived, waiting for staff",
        Counted(database, "parked"),
    )
    health.measure(
        "downballot_deliveries_dead", "Deliveries that Slack refused for good", Counted(database, "dead")
    )


class Counted:
    """How many deliveries are in one state."""

    def __init__(self, database: Database, state: str) -> None:
        self._database = database
        self._state = state

    async def __call__(self) -> float:
        """Count them."""
        async with self._database.reading() as store:
            return float(
                await store.connection.scalar(
                    select(func.count()).select_from(deliveries).where(deliveries.c.state == self._state)
                )
                or 0
            )
