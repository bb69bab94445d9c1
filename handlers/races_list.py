"""An answer to "what can I run for" on the screen: its pages and filters, asking about a race."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from community.clock import Clock
from community.mentoring_requests import RACE_MOST, Draft
from community.offices import Office
from community.races import Place, Race
from community.races_list import Group, LookupOver, Wish
from community.races_merge import state_of
from community.topics import Topic
from handlers.listening import House, Listening, May
from handlers.opening import open_known
from handlers.payloads import Actor, Json, part
from handlers.races import show_again, with_saved
from handlers.races_finding import Answer
from messages import mentoring_forms as question_forms
from messages import payload as p
from messages import races as words
from messages import races_row as row
from storage.store import Store


def register(listen: Listening) -> None:
    """Hear what is pressed on an answer."""
    for pressed in CHANGES:
        listen.action(pressed, changed_what_is_shown, may=May.BY_RULE)
    listen.action(words.ASK_ABOUT, asked_about_race, may=May.BY_RULE)


def _level(wish: Wish, chosen: str) -> Wish:
    return replace(wish, page=0, group=Group(chosen) if chosen in set(Group) else None)


def _office(wish: Wish, chosen: str) -> Wish:
    # The words that they had typed for an office no longer count.
    return replace(wish, page=0, words="", office="" if chosen == words.ANY else chosen[:20])


CHANGES: Mapping[str, Callable[[Wish, str], Wish]] = {
    words.EARLIER: lambda wish, _: replace(wish, page=wish.page - 1),
    words.LATER: lambda wish, _: replace(wish, page=wish.page + 1),
    words.LEVEL: _level,
    words.OFFICE: _office,
    words.OPEN_NOW: lambda wish, _: replace(wish, page=0, open_now=not wish.open_now),
    words.CLEAR: lambda _wish, _: Wish(),
}
"""For each control of an answer, what somebody wants to see after it: from the wish before and the choice."""


async def changed_what_is_shown(
    ack: AsyncAck,
    action: Json,
    body: Json,
    client: AsyncWebClient,
    house: House,
    actor: Actor,
) -> None:
    """A person turned a page of an answer, or chose what of it they want to see."""
    look, wish = words.state_of(str(action.get("block_id") or ""))
    wanted = CHANGES[str(action.get("action_id"))](wish, _chosen(action))
    async with house.database.reading() as store:
        answer = await answer_of(store, look, wanted, actor, house.clock)
    await ack()
    house.errands.start(show_again(house, body, client, answer), what="turn a page of races")


def _chosen(action: Json) -> str:
    return str(part(action, "selected_option").get("value") or words.ANY)


async def answer_of(store: Store, look: str, wish: Wish, actor: Actor, clock: Clock) -> Answer:
    """Give an answer of this person's as it is to be shown; raises LookupOver where it is no longer kept."""
    lookup = await store.races_lookups.get(look, by=actor.id, at=clock.now())
    if lookup is None or lookup.place is None:
        raise LookupOver
    return await with_saved(store, Answer(lookup, wish), actor)


async def race_of_press(store: Store, action: Json, actor: Actor, clock: Clock) -> tuple[Race, Place, str]:
    """Give the race that was pressed on, the place it was looked up for, and the answer's id.

    Raises LookupOver where the answer is no longer kept, or is somebody else's.
    """
    look, key = words.pieces(str(action.get("value") or ""))
    lookup = await store.races_lookups.get(look, by=actor.id, at=clock.now())
    race = lookup.race(key) if lookup else None
    if lookup is None or lookup.place is None or race is None:
        raise LookupOver
    return race, lookup.place, look


async def asked_about_race(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House, actor: Actor
) -> None:
    """A person pressed "Ask a mentor": the form knows the race, its state and its kind of office."""
    await ack()

    async def build(store: Store) -> Json:
        race, place, _ = await race_of_press(store, action, actor, house.clock)
        return question_forms.ask_form(draft_about(race, place.state))

    open_known(house, client, body, build, question_forms.loading("Ask a mentor"))


def draft_about(race: Race, asked_in: str, *, needed_by: date | None = None) -> Draft:
    """Give a question about a race, to be written; `asked_in` is the state where its own is not known."""
    state = state_of(race.office.division.ocd) or asked_in
    return Draft(
        question="",
        topic=Topic.FILING,
        state=state or None,
        office=race.office.kind or Office.OTHER,
        race=p.shorten(row.title(race), RACE_MOST),
        needed_by=needed_by,
    )
