"""What puts a person on the first seven days, and keeps the journey in step with what Slack says of them."""

from __future__ import annotations

from datetime import datetime

from community import journeys
from community import journeys_notices as notices
from community.journeys_steps import Came, Enrolment
from messages.journeys_lessons import first_week
from storage.store import Store


async def begin(
    store: Store, user: str, came: Came, *, at: datetime, by: str | None = None
) -> tuple[Enrolment, bool] | None:
    """Put a person on the journey, if it is for them; whoever is on it stays where they are."""
    begun = await journeys.begin(store.journeys, store.members, first_week(), user, came=came, at=at, by=by)
    if begun is not None and begun[1]:
        await store.tell(notices.changed(begun[0]), at=at)
    return begun


async def follow(store: Store, user: str, *, at: datetime) -> None:
    """Slack says something new of a person: who left is left alone, who moved is written to at their nine."""
    await journeys.follow(store.journeys, store.members, first_week(), user, at=at)
