"""What can I run for: the command, the form, and choosing among several places."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from community.clock import Clock
from community.offices import find_office
from community.races import Asked, Place, Unlocated
from community.races_list import Lookup, LookupOver, Wish, page
from community.refusals import Incomplete
from handlers.answering import change, put, whisper
from handlers.listening import House, Listening, May, Work
from handlers.opening import open_form
from handlers.payloads import Actor, Json, actor_of, entered, number, part
from handlers.races_finding import Answer, find, find_at
from messages import payload as p
from messages import races as words
from messages import races_forms as forms
from messages.prose import prose
from storage.store import Store

log = structlog.get_logger(__name__)


def register(listen: Listening) -> None:
    """Hear everything about looking up races."""
    listen.command("/races", typed_races, may=May.ANYONE)
    listen.action(words.OPEN, opened_form, may=May.ANYONE)
    listen.form(forms.FORM, submitted_form, may=May.ANYONE)
    listen.action(re.compile(rf"^{re.escape(words.CHOOSE)}\.\d+$"), chose_place, may=May.BY_RULE)


async def typed_races(
    ack: AsyncAck,
    command: Json,
    client: AsyncWebClient,
    body: Json,
    house: House,
    actor: Actor,
    work: Work,
    clock: Clock,
) -> None:
    """A person typed /races, alone or with a place behind it."""
    text = p.unescape(str(command.get("text") or "")).strip()
    if text.casefold().rstrip("?!.") in {"help", "--help", "-h"}:
        await ack(text=prose("help_races"), response_type="ephemeral")
        return
    if not text:
        await ack()
        show_form(house, client, body)
        return
    asked = await _somewhere(house, actor, house.finder.asked(text))
    if house.finder.instant(asked):
        answer = await find(house.finder, clock, actor, asked)
        if answer.lookup is not None:
            async with work() as store:
                await store.races_lookups.keep(answer.lookup)
                answer = await with_saved(store, answer, actor)
        await ack(**as_message(answer, clock), response_type="ephemeral")
        return
    await ack(text=forms.LOOKING, response_type="ephemeral")
    house.errands.start(_answer_later(house, client, body, actor, asked), what="look up races")


async def _somewhere(house: House, actor: Actor, asked: Asked) -> Asked:
    """Where only an office was named, the person's own state is meant, if they told us."""
    if asked.where:
        return asked
    async with house.database.reading() as store:
        member = await store.members.member(actor.id)
    return replace(asked, where=member.state) if member and member.state else asked


async def _answer_later(house: House, client: AsyncWebClient, body: Json, actor: Actor, asked: Asked) -> None:
    answer = await kept(house, await find(house.finder, house.clock, actor, asked), actor)
    await whisper(client, body, as_message(answer, house.clock), instead=True)


async def kept(house: House, answer: Answer, actor: Actor) -> Answer:
    """Keep what was found, so that it can be paged; what cannot be kept cannot be shown."""
    if answer.lookup is None:
        return answer
    try:
        async with house.database.transaction() as store:
            await store.races_lookups.keep(answer.lookup)
            return await with_saved(store, answer, actor)
    except Exception as fault:  # noqa: BLE001 - a driver's fault may quote what was to be kept
        log.error("look-up not kept", error=type(fault).__name__)  # noqa: TRY400 - for the same reason
        return Answer(trouble=forms.FAULT)


async def with_saved(store: Store, answer: Answer, actor: Actor) -> Answer:
    """Give the answer with what of it the person keeps an eye on."""
    return replace(answer, saved=await store.races_saved.kept_of(actor.id))


def as_message(answer: Answer, clock: Clock) -> dict[str, Any]:
    """Give an answer as a message."""
    if answer.lookup is None:
        return forms.sorry_message(answer.trouble or forms.FAULT)
    if answer.lookup.place is None:
        return forms.choices(answer.lookup, answer.wish)
    return words.message(shown(answer.lookup, answer, clock))


def as_view(answer: Answer, clock: Clock) -> dict[str, Any]:
    """Give an answer as a modal."""
    if answer.lookup is None:
        return forms.sorry(answer.trouble or forms.FAULT)
    if answer.lookup.place is None:
        return forms.choices_view(answer.lookup, answer.wish)
    return words.view(shown(answer.lookup, answer, clock))


def shown(lookup: Lookup, answer: Answer, clock: Clock) -> words.Shown:
    """Give the page of an answer that somebody wants to see."""
    zone = lookup.place.zone if lookup.place else "America/New_York"
    now = clock.now()
    return words.Shown(lookup, page(lookup.races, answer.wish, zone, now), now, answer.saved)


def show_form(house: House, client: AsyncWebClient, body: Json) -> None:
    """Open the form, with what the person's profile says."""

    async def build(store: Store) -> Json:
        member = await store.members.member(actor_of(body).id)
        office = member.office if member else None
        return forms.form(state=member.state if member else None, office=office)

    open_form(house, client, body, build, forms.form)


async def opened_form(ack: AsyncAck, client: AsyncWebClient, body: Json, house: House) -> None:
    """A person pressed "What can I run for?" or "Look up another place"."""
    await ack()
    show_form(house, client, body)


async def submitted_form(
    ack: AsyncAck,
    view: Json,
    client: AsyncWebClient,
    body: Json,
    house: House,
    actor: Actor,
    work: Work,
    clock: Clock,
) -> None:
    """A person pressed "Look up" in the form."""
    typed = house.finder.asked(entered(view, "where"))
    office = find_office(entered(view, "office"))
    asked = replace(typed, kind=office or typed.kind)
    if not asked.where:
        raise Incomplete({"where": Unlocated.NOTHING})
    if not house.finder.instant(asked):
        await ack(response_action="update", view=forms.looking())
        house.errands.start(_update_later(house, client, body, actor, asked), what="look up races")
        return
    answer = await find(house.finder, clock, actor, asked)
    if answer.trouble:
        raise Incomplete({"where": answer.trouble})
    if answer.lookup is not None:
        async with work() as store:
            await store.races_lookups.keep(answer.lookup)
            answer = await with_saved(store, answer, actor)
    await ack(response_action="update", view=as_view(answer, clock))


async def _update_later(house: House, client: AsyncWebClient, body: Json, actor: Actor, asked: Asked) -> None:
    answer = await kept(house, await find(house.finder, house.clock, actor, asked), actor)
    await show_again(house, body, client, answer)


async def chose_place(
    ack: AsyncAck,
    action: Json,
    body: Json,
    client: AsyncWebClient,
    house: House,
    actor: Actor,
    clock: Clock,
) -> None:
    """A person pressed the place they mean."""
    look, wish = words.state_of(str(action.get("block_id") or ""))
    async with house.database.reading() as store:
        lookup = await store.races_lookups.get(look, by=actor.id, at=clock.now())
    at = number(action.get("value"))
    if lookup is None or at >= len(lookup.places):
        raise LookupOver
    # The exact point of an address is known only here, in memory; without it the districts still are.
    exact = house.finder.unchosen.pop(look, ())
    place = (exact or lookup.places)[at]
    await ack()
    house.errands.start(_choose_later(house, body, client, actor, place, wish), what="look up races")


async def _choose_later(
    house: House,
    body: Json,
    client: AsyncWebClient,
    actor: Actor,
    place: Place,
    wish: Wish,
) -> None:
    opened = part(body, "view")
    if opened:
        # Where this is not seen, the answer still is.
        await change(client, str(opened.get("id")), forms.looking())
    found = await find_at(house.finder, house.clock, actor, place, wish)
    answer = await kept(house, found, actor)
    await show_again(house, body, client, answer)


async def show_again(house: House, body: Json, client: AsyncWebClient, answer: Answer) -> None:
    """Put an answer where it is waited for: in the modal, or where the message stood that was pressed."""
    opened, message = part(body, "view"), as_message(answer, house.clock)
    if opened:
        view = as_view(answer, house.clock)
        await put(client, body, str(opened.get("id")), view, otherwise=message)
    else:
        await whisper(client, body, message, instead=True)
