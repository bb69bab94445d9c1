"""What a person is shown of the events to come, read in one go for the list and for the Home tab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from community.events_after import UNSEEN_AFTER
from community.events_terms import SIGNED_UP, Event, SignUp, Standing
from storage.events_lists import Listing

if TYPE_CHECKING:
    from community.members import Member
    from storage.store import Store


_WEEKS = 8
"""Where this many weeks of one series come before anything else, the Home tab shows only these."""


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


async def home(store: Store, member: Member, now: datetime, most: int) -> dict[str, Any]:
    """Read what is to come for this person's Home tab: of every series only its next one."""
    upcoming = await _upcoming(store, member, now, most * _WEEKS, 0)
    mine = await store.events.standings(member.id, [event.id for event in upcoming.rows])
    rows = _next_of_each(upcoming.rows, mine)[:most]
    return await _facts(store, member, now, rows, mine)


async def coming(
    store: Store,
    member: Member,
    now: datetime,
    *,
    most: int,
    past_most: int,
    page: int = 0,
    past_page: int = 0,
) -> dict[str, Any]:
    """Read one page of what is to come for this person, and for staff what is over and what is left to do."""
    upcoming = await _upcoming(store, member, now, most, page * most)
    if not upcoming.rows and page:
        page, upcoming = 0, await _upcoming(store, member, now, most, 0)
    mine = await store.events.standings(member.id, [event.id for event in upcoming.rows])
    facts = await _facts(store, member, now, upcoming.rows, mine)
    facts |= {"left": upcoming.left, "page": page}
    if not member.is_staff:
        return facts
    past = await store.events_lists.past(at=now, limit=past_most, offset=past_page * past_most)
    unseen, more = await store.events_lists.unseen(at=now, after=UNSEEN_AFTER, limit=1)
    questions = {
        event.id: await store.events_questions.count(event.id) for event in (*upcoming.rows, *past.rows)
    }
    return facts | {
        "past": past.rows,
        "past_left": past.left,
        "past_page": past_page,
        "questions": questions,
        "unseen": len(unseen) + more,
    }


async def _upcoming(store: Store, member: Member, now: datetime, most: int, offset: int) -> Listing:
    return await store.events_lists.upcoming(
        at=now,
        limit=most,
        offset=offset,
        state=member.state,
        stage=member.stage,
        user=member.id,
        all_of_them=member.is_staff,
    )


async def _facts(
    store: Store, member: Member, now: datetime, rows: Sequence[Event], mine: Mapping[int, SignUp]
) -> dict[str, Any]:
    places = {
        number: await store.events.place(one)
        for number, one in mine.items()
        if one.standing is Standing.WAITING
    }
    return {
        "now": now,
        "zone": member.zone,
        "rows": rows,
        "mine": mine,
        "places": places,
        "staff": member.is_staff,
    }
