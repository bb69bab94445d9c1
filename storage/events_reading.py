"""What a person is shown of the events to come, read in one go for the list and for the Home tab."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from community.events_after import UNSEEN_AFTER
from community.events_terms import Standing

if TYPE_CHECKING:
    from community.members import Member
    from storage.store import Store


async def coming(store: Store, member: Member, now: datetime, most: int, past_most: int) -> dict[str, Any]:
    """Read what is to come for this person, and for staff what is over and what is left to do."""
    staff = member.is_staff
    upcoming = await store.events.upcoming(
        at=now, limit=most, state=member.state, stage=member.stage, user=member.id, all_of_them=staff
    )
    mine = await store.events.standings(member.id, [event.id for event in upcoming.rows])
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
