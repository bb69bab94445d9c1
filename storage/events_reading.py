"""What a person is shown of the events to come, read in one go for the list and for the Home tab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from community.events_after import UNSEEN_AFTER
from community.events_terms import SIGNED_UP, Event, SignUp, Standing
from storage.events import Listing

if TYPE_CHECKING:
    from community.members import Member
    from storage.store import Store


_WEEKS = 8


def _next_of_each(rows: Sequence[Event], mine: Mapping[int, SignUp]) -> list[Event]:
    """Keep of every series only the next one, and those that the person signed up for."""
    kept: list[Event] = []
    seen: set[int | None] = set()
    for event in rows:
        signed = event.id in mine and mine[event.id].standing in SIGNED_UP
        if event.series is None or event.series not in seen or signed:
            kept.append(event)
            seen.add(event.series)
    return kept


async def coming(store: Store, member: Member, now: datetime, most: int, past_most: int) -> dict[str, Any]:
    """Read what is to come for this person, and for staff what is over and what is left to do.

    Where nothing past is asked for (`past_most` 0), as on the Home tab, a series shows only its next one.
    """
    staff = member.is_staff
    upcoming = await store.events.upcoming(
        at=now,
        limit=most if past_most else most * _WEEKS,
        state=member.state,
        stage=member.stage,
        user=member.id,
        all_of_them=staff,
    )
    mine = await store.events.standings(member.id, [event.id for event in upcoming.rows])
    if not past_most:
        upcoming = Listing(_next_of_each(upcoming.rows, mine)[:most], 0)
    places = {
        number: await store.events.place(one)
        for number, one in mine.items()
        if one.standing is Standing.WAITING
    }
    facts: dict[str, Any] = {
        "now": now,
        "zone": member.zone,
        "rows": upcoming.rows,
        "left": upcoming.left,
        "mine": mine,
        "places": places,
        "staff": staff,
    }
    if not staff or not past_most:
        return facts
    past = await store.events.past(at=now, limit=past_most)
    unseen, more = await store.events.unseen(at=now, after=UNSEEN_AFTER, limit=1)
    questions = {
        event.id: await store.events_questions.count(event.id) for event in (*upcoming.rows, *past.rows)
    }
    return facts | {
        "past": past.rows,
        "past_left": past.left,
        "questions": questions,
        "unseen": len(unseen) + more,
    }
