"""The Home tab, rendered from what is true at the moment of publishing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from community.deliveries import Owed
from community.members import Member
from messages import events_lists as event_lists
from messages import home as words
from messages import races_saved as race_words
from messages import races_saved_lists as race_lists
from messages.journeys import Way
from messages.journeys_lessons import FIRST_WEEK
from scheduler.rendering import Scene
from storage import events_reading
from storage.mentoring import Page
from storage.store import Store


class _List(Protocol):
    """Reads one page of a list."""

    def __call__(self, *, limit: int, offset: int) -> Awaitable[Page]: ...


def renderers(scene: Scene) -> dict[str, Callable[[Store, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]]:
    """Give what renders the Home tab."""

    async def home(store: Store, about: Mapping[str, Any]) -> Mapping[str, Any]:
        user = about["user"]
        member = await store.members.member(user) or Member(id=user)
        return words.home(await facts(store, member, scene))

    return {"home": home}


async def facts(store: Store, member: Member, scene: Scene) -> words.Facts:
    """Read all that this person's Home tab shows, each list at the page they turned to."""
    book, user = store.mentoring, member.id

    async def listed(name: str, read: _List) -> words.Listed:
        wanted = max(0, int(member.home_pages.get(name, 0)))
        page = await read(limit=words.SIZE, offset=wanted * words.SIZE)
        if not page.rows and page.total:
            # The list has become shorter since: show its last page.
            wanted = (page.total - 1) // words.SIZE
            page = await read(limit=words.SIZE, offset=wanted * words.SIZE)
        return words.Listed(page.rows, wanted, page.total)

    mentor = await store.members.mentor(user)
    nothing = words.Listed()
    held = offered = queue = waiting = nothing
    if mentor is not None and mentor.approved:
        states = mentor.states
        held = await listed("held", lambda **page: book.held_by(user, **page))
        offered = await listed("offered", lambda **page: book.offered_to(user, **page))
        queue = await listed("queue", lambda **page: book.queue(states=states, without=user, **page))
    applicants, applicants_page, applicants_total = [], 0, 0
    troubled: Sequence[Owed] = ()
    troubled_total = 0
    if member.is_staff:
        waiting = await listed("waiting", lambda **page: book.queue(states=None, **page))
        applicants_total = await store.members.count_waiting_mentors()
        most = max(0, (applicants_total - 1) // words.SIZE)
        applicants_page = min(max(0, int(member.home_pages.get("applicants", 0))), most)
        applicants = await store.members.waiting_mentors(
            limit=words.SIZE, offset=applicants_page * words.SIZE
        )
        troubled, troubled_total = await store.deliveries.troubled(limit=words.SIZE)
    return words.Facts(
        member=member,
        now=scene.clock.now(),
        today=await scene.today(store, user),
        team=scene.team,
        mine=await listed("mine", lambda **page: book.asked_by(user, **page)),
        mentor=mentor,
        held=held,
        offered=offered,
        queue=queue,
        waiting=waiting,
        applicants=applicants,
        applicants_page=applicants_page,
        applicants_total=applicants_total,
        troubled=troubled,
        troubled_total=troubled_total,
        median=await book.median_wait(since=scene.clock.now() - scene.median_over)
        if member.is_staff
        else None,
        journey=await way(store, member, scene),
        saved=await _saved(store, member, scene),
        chats=event_lists.Coming(
            **await events_reading.home(store, member, scene.clock.now(), event_lists.HOME_SHOWN)
        ),
        announcements_off=await store.announcements.muted(user),
    )


async def _saved(store: Store, member: Member, scene: Scene) -> race_lists.Listing:
    """Read the races that this person saved, at the page they turned to."""
    now = scene.clock.now()
    wanted = max(0, int(member.home_pages.get("saved", 0)))
    read = partial(store.races_saved.listed, member.id, at=now, limit=words.SIZE)
    page = await read(offset=wanted * words.SIZE)
    if not page.rows and page.total:
        wanted = (page.total - 1) // words.SIZE
        page = await read(offset=wanted * words.SIZE)
    cards = [race_words.Card(saved=each, now=now, wins=scene.wins) for each in page.rows]
    return race_lists.Listing(cards, await scene.today(store, member.id), wanted, page.total)


async def way(store: Store, member: Member, scene: Scene) -> Way:
    """Read where this person stands on the first seven days."""
    known = await store.journeys.of(FIRST_WEEK, member.id)
    steps = await store.journeys.steps(known) if known else ()
    return Way(now=scene.clock.now(), zone=member.zone, enrolment=known, steps=steps)
