"""All about one race: what is known is shown at once, and what its own source adds to it follows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog
from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from community.races import Place, Race
from community.races_saved import Saved
from handlers.answering import put
from handlers.listening import House, Listening, May
from handlers.opening import open_known
from handlers.payloads import Actor, Json, place_of
from handlers.races_finding import Finder, Told, tell_more
from handlers.races_list import race_of_press
from messages import mentoring_forms as question_forms
from messages import races as words
from messages import races_details as details_words
from messages import races_saved as saved_words
from messages import races_saved_lists as saved_lists
from storage.store import Store

log = structlog.get_logger(__name__)


def register(listen: Listening) -> None:
    """Hear that somebody wants to know all about a race of an answer."""
    listen.action(words.DETAILS, opened_details, may=May.BY_RULE)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the view is made of: a race of the answer `look`, and the same one as it was saved, if it was."""

    race: Race
    place: Place
    look: str
    kept: Saved | None
    channel: str
    more: details_words.More = details_words.NOTHING_MORE


async def opened_details(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House, actor: Actor
) -> None:
    """A person pressed "Details"."""
    await ack()
    read: list[_Shown] = []

    async def build(store: Store) -> Json:
        race, place, look = await race_of_press(store, action, actor, house.clock)
        kept = (await store.races_saved.kept_of(actor.id)).get(race.key)
        read.append(_Shown(race, place, look, kept, place_of(body), asked_of(house.finder, race)))
        return _view(house, read[-1])

    async def ask(view_id: str) -> None:
        if read and read[-1].more.source:
            told = await tell_more(house.finder, read[-1].race)
            await put(client, body, view_id, _view(house, await _with(house, actor, read[-1], told)))

    open_known(house, client, body, build, question_forms.loading("Details"), then=ask)


async def _with(house: House, actor: Actor, shown: _Shown, told: Told) -> _Shown:
    """Keep what was told with the answer, so that saving it or sharing it knows it too."""
    kept = shown.kept
    try:
        async with house.database.transaction() as store:
            if told.race != shown.race:
                await store.races_lookups.renew(shown.look, told.race, by=actor.id)
            # They may have saved it in the meantime.
            kept = (await store.races_saved.kept_of(actor.id)).get(told.race.key)
    except Exception as fault:  # noqa: BLE001 - a driver's fault may quote what was to be kept
        log.error("details not kept", error=type(fault).__name__)  # noqa: TRY400 - for the same reason
    return replace(shown, race=told.race, kept=kept, more=came_of(told))


def asked_of(finder: Finder, race: Race) -> details_words.More:
    """Say in the view who is being asked."""
    asked = [source.name for source, _ in finder.tellers(race)]
    return details_words.More(asked[0]) if asked else details_words.NOTHING_MORE


def came_of(told: Told) -> details_words.More:
    """Say in the view who did not answer."""
    return details_words.More(told.away, away=True) if told.away else details_words.NOTHING_MORE


def _view(house: House, shown: _Shown) -> Json:
    race, place, now = shown.race, shown.place, house.clock.now()
    if shown.kept is not None:
        card = saved_words.Card(saved=shown.kept, now=now, wins=house.places.wins)
        pressed = saved_lists.in_details(card)
        return details_words.saved_details(race, place.zone, pressed, now=now, more=shown.more)
    return details_words.details(
        race, place, look=shown.look, channel=shown.channel, now=now, more=shown.more
    )
