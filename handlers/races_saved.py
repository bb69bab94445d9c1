"""Saved races: what people do with the races that they keep an eye on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from community import races_saved as rules
from community import races_saved_notices as notices
from community.clock import Clock
from community.mentoring_requests import Draft
from community.notices import Notices, Places
from community.races import Race
from community.races_countdown import ahead
from community.races_merge import told_more
from community.races_saved import Saved
from community.refusals import NotFound
from community.topics import Topic
from handlers.answering import notice, put
from handlers.listening import House, Listener, Listening, May, Today, Work
from handlers.opening import open_form, open_known
from handlers.payloads import Actor, Json, number, part
from handlers.races import show_again
from handlers.races_details import asked_of, came_of
from handlers.races_finding import tell_more
from handlers.races_list import answer_of, draft_about, race_of_press
from messages import mentoring_forms as question_forms
from messages import races as list_words
from messages import races_details as details_words
from messages import races_saved as words
from messages import races_saved_lists as lists
from storage.store import Store


def register(listen: Listening) -> None:
    """Hear everything about saved races."""
    listen.action(list_words.SAVE, saved, may=May.BY_RULE)
    listen.action(words.FILED, pressed(filed), may=May.BY_RULE)
    listen.action(words.STOP, pressed(stopped), may=May.BY_RULE)
    listen.action(words.UNDO, pressed(undone), may=May.BY_RULE)
    listen.action(words.CELEBRATE, pressed(celebrated), may=May.BY_RULE)
    listen.action(words.TAKE_DOWN, pressed(took_down), may=May.BY_RULE)
    listen.action(words.DETAILS, opened_details, may=May.BY_RULE)
    listen.action(words.ASK, asked, may=May.BY_RULE)
    listen.action(words.SHOW, opened_list, may=May.ANYONE)


async def saved(
    ack: AsyncAck,
    action: Json,
    body: Json,
    client: AsyncWebClient,
    house: House,
    actor: Actor,
    work: Work,
    clock: Clock,
) -> None:
    """A person pressed "Save" on a race of an answer, or in its details: what was pressed says so."""
    _, wish = list_words.state_of(str(action.get("block_id") or ""))
    async with work() as store:
        at = clock.now()
        race, place, look = await race_of_press(store, action, actor, clock)
        member = await store.members.member(actor.id)
        reader = member.zone if member is not None else place.zone
        asked_for = rules.fresh(actor.id, race, zone=place.zone, state=place.state, reader=reader, at=at)
        one, began = await rules.save(store.races_saved, asked_for, at=at)
        if began:
            await store.tell(notices.saved(one, at=at), at=at)
        answer = await answer_of(store, look, wish, actor, clock)
    await ack()
    opened = part(body, "view")
    if opened.get("callback_id") == details_words.DETAILS_VIEW:
        shown = put(client, body, str(opened.get("id")), _details(_card(house, one)))
    else:
        shown = show_again(house, body, client, answer)
    house.errands.start(shown, what="show that a race is saved")


@dataclass(frozen=True, slots=True)
class Press:
    """Who pressed a button of the saved race `which`, and when; `places` are the channels there are."""

    which: int
    by: str
    at: datetime
    places: Places


Step = Callable[[Store, Press], Awaitable[tuple[Saved, Notices]]]
"""What a press does in its transaction: gives the race as it then is, and who is to hear of it."""


def pressed(step: Step) -> Listener:
    """Give the listener that does a step, and then shows what it led to."""

    async def listener(
        ack: AsyncAck,
        action: Json,
        body: Json,
        client: AsyncWebClient,
        house: House,
        actor: Actor,
        work: Work,
        clock: Clock,
        places: Places,
    ) -> None:
        async with work() as store:
            press = Press(number(action.get("value")), actor.id, clock.now(), places)
            one, news = await step(store, press)
            await store.tell(news, at=press.at)
        await ack()
        _show_again(house, body, client, one)

    return listener


async def filed(store: Store, press: Press) -> tuple[Saved, Notices]:
    """A person pressed "I filed": the countdown ends, and their stage moves on."""
    before, after = await rules.file(store.races_saved, store.members, press.which, by=press.by, at=press.at)
    return after, notices.settled(before, after, at=press.at)


async def stopped(store: Store, press: Press) -> tuple[Saved, Notices]:
    """A person pressed "Stop", or "Not this time" once filing was over."""
    before, after = await rules.stop(store.races_saved, press.which, by=press.by, at=press.at)
    return after, notices.settled(before, after, at=press.at)


async def undone(store: Store, press: Press) -> tuple[Saved, Notices]:
    """A person took back "Stop" or "I filed"."""
    before, after = await rules.undo(store.races_saved, store.members, press.which, by=press.by, at=press.at)
    return after, notices.settled(before, after, at=press.at)


async def celebrated(store: Store, press: Press) -> tuple[Saved, Notices]:
    """A person agreed that the wins channel hears of it."""
    if not press.places.wins:
        # The channel was taken out of the settings since the button was shown.
        raise NotFound
    one, post = await rules.celebrate(store.races_saved, press.which, by=press.by, at=press.at)
    return one, notices.celebrated(one, press.places, post=post)


async def took_down(store: Store, press: Press) -> tuple[Saved, Notices]:
    """A person took back what stands in the wins channel."""
    before, after = await rules.hush(store.races_saved, press.which, by=press.by)
    return after, notices.hushed(before, after)


async def opened_details(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House, actor: Actor
) -> None:
    """A person pressed "Details" of a race that they saved."""
    await ack()

    read: list[Saved] = []

    async def build(store: Store) -> Json:
        read.append(await _own(store, action, actor))
        return _details(_card(house, read[-1]), asked_of(house.finder, read[-1].race))

    async def ask(view_id: str) -> None:
        if read and house.finder.tellers(read[-1].race):
            told = await tell_more(house.finder, read[-1].race)
            one = await _with(house, read[-1], told.race)
            await put(client, body, view_id, _details(_card(house, one), came_of(told)))

    open_known(house, client, body, build, question_forms.loading("Details"), then=ask)


async def _with(house: House, one: Saved, told: Race) -> Saved:
    """Keep what was told of the race with it, as it stands by now; what it counts down to stays."""
    async with house.database.transaction() as store:
        now_is = await store.races_saved.hold(one.id) or one
        anew = replace(now_is, race=told_more(now_is.race, told))
        if anew != now_is:
            await store.races_saved.put(anew)
        return anew


async def opened_list(
    ack: AsyncAck, client: AsyncWebClient, body: Json, house: House, actor: Actor, today: Today
) -> None:
    """A person pressed "Show" on a Home tab that has no room for the races that they saved."""
    await ack()

    async def build(store: Store) -> Json:
        now = house.clock.now()
        page = await store.races_saved.listed(actor.id, at=now, limit=lists.LISTED_MOST)
        cards = [_card(house, one) for one in page.rows]
        member = await store.members.member(actor.id)
        return lists.list_view(lists.Listing(cards, today(member), 0, page.total))

    open_form(house, client, body, build, lambda: notice("This took too long. Please press Show once more."))


async def asked(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House, actor: Actor
) -> None:
    """A person pressed "Ask a mentor" about a race that they saved: the form knows it, and by when."""
    await ack()

    async def build(store: Store) -> Json:
        one = await _own(store, action, actor)
        target = ahead(one.race, one.zone, house.clock.now())
        draft = draft_about(one.race, one.state, needed_by=target.closes if target is not None else None)
        return question_forms.ask_form(draft)

    bare = Draft(question="", topic=Topic.FILING, state=None)
    open_form(house, client, body, build, lambda: question_forms.ask_form(bare))


async def _own(store: Store, action: Json, actor: Actor) -> Saved:
    one = await store.races_saved.get(number(action.get("value")))
    if one is None or one.user != actor.id:
        raise NotFound
    return one


def _card(house: House, one: Saved) -> words.Card:
    return words.Card(saved=one, now=house.clock.now(), wins=house.places.wins)


def _details(card: words.Card, more: details_words.More = details_words.NOTHING_MORE) -> Json:
    saved = card.saved
    return details_words.saved_details(
        saved.race, saved.zone, lists.in_details(card), now=card.now, more=more
    )


def _show_again(house: House, body: Json, client: AsyncWebClient, one: Saved) -> None:
    """Where it was pressed in the details of a race, which only this person sees, show there what it led to.

    Cards and the Home tab follow by themselves.
    """
    opened = part(body, "view")
    if opened.get("type") == "modal":
        shown = put(client, body, str(opened.get("id")), _details(_card(house, one)))
        house.errands.start(shown, what="show a saved race again")
