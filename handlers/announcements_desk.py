"""Announcements that are confirmed: staff approves, stops, changes, takes back; readers press and mute."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from community import announcements as rules
from community import announcements_notices as notices
from community.announcements_book import UNSETTLED, AlreadyEdited, Announcement
from community.clock import Clock
from community.notices import Notices
from community.refusals import Incomplete, NotFound
from handlers.announcements import entered_words
from handlers.answering import put
from handlers.listening import House, Listening, May, Work
from handlers.opening import open_form
from handlers.payloads import Actor, Json, number, part
from messages import announcements as words
from messages import announcements_card as cards
from messages import announcements_forms as forms
from storage.store import Store


def register(listen: Listening) -> None:
    """Hear everything after an announcement was confirmed."""
    listen.action(words.LOOK, opened_look, may=May.STAFF)
    listen.action(words.APPROVE, approved, may=May.STAFF)
    listen.action(words.DECLINE, declined, may=May.STAFF)
    listen.action(words.CANCEL, cancelled, may=May.STAFF)
    listen.action(words.EDIT, opened_edit, may=May.STAFF)
    listen.form(forms.EDIT_FORM, edited, may=May.STAFF)
    listen.action(words.TAKE_BACK, took_back, may=May.STAFF)
    listen.action(words.RETRY, retried, may=May.STAFF)
    listen.action(words.EXPORT, exported, may=May.STAFF)
    listen.action(words.LINK, pressed_link, may=May.ANYONE)
    listen.action(words.PROOF_LINK, pressed_proof, may=May.ANYONE)
    listen.action(words.MUTE, muted, may=May.ANYONE)
    listen.action(words.UNMUTE, unmuted, may=May.ANYONE)


async def opened_look(ack: AsyncAck, action: Json, body: Json, house: House, client: AsyncWebClient) -> None:
    """Staff pressed "Look at it"."""
    await ack()

    async def build(store: Store) -> Json:
        one = await _get(store, action)
        pending = await store.announcements.words(one, one.pending) if one.pending else None
        return forms.look(one, await store.announcements.words(one), pending)

    open_form(house, client, body, build, forms.waiting)


async def _get(store: Store, action: Json) -> Announcement:
    one = await store.announcements.get(number(action.get("value")))
    if one is None:
        raise NotFound
    return one


async def approved(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """Somebody else on staff pressed "Approve"."""
    async with work() as store:
        at = clock.now()
        which = number(action.get("value"))
        one = await rules.approve(store.announcements, which, by=actor.id, at=at)
        await _tell(store, one, by=actor.id, approved=True, at=at)
    await ack()


async def declined(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """Staff pressed "Decline" and confirmed it."""
    async with work() as store:
        at = clock.now()
        which = number(action.get("value"))
        one = await rules.decline(store.announcements, which, by=actor.id, at=at)
        await _tell(store, one, by=actor.id, approved=False, at=at)
    await ack()


async def _tell(store: Store, one: Announcement, *, by: str, approved: bool, at: datetime) -> None:
    writer = await store.announcements.author_of(one, one.newest)
    await store.tell(notices.decided(one, by=by, writer=writer, approved=approved, at=at), at=at)


async def cancelled(
    ack: AsyncAck,
    action: Json,
    body: Json,
    actor: Actor,
    work: Work,
    clock: Clock,
    house: House,
    client: AsyncWebClient,
) -> None:
    """Staff pressed "Cancel" and confirmed it."""
    which = number(action.get("value"))
    async with work() as store:
        at = clock.now()
        one = await rules.cancel(store.announcements, which, by=actor.id, at=at)
        one = await recount(store, one, at)
        await store.tell(notices.changed(one), at=at)
    await ack()
    view = part(body, "view")
    if view.get("type") == "modal":
        said = forms.told(cards.stopped(one))
        house.errands.start(put(client, body, str(view.get("id")), said), what="say that it was stopped")


async def recount(store: Store, one: Announcement, at: datetime) -> Announcement:
    """Count it anew, so that its card says the truth at once."""
    tally = await store.announcements.tally(one, at=at)
    return await store.announcements.change(replace(one, tally=tally, tallied_at=at - UNSETTLED))


async def opened_edit(ack: AsyncAck, action: Json, body: Json, house: House, client: AsyncWebClient) -> None:
    """Staff pressed "Edit…"."""
    await ack()

    async def build(store: Store) -> Json:
        one = await _get(store, action)
        one = replace(one, tally=await store.announcements.tally(one, at=house.clock.now()))
        said = await store.announcements.words(one, one.newest)
        needs_yes = house.announcing.needs_approval(one.audience, one.people)
        return forms.edit_form(one, said, needs_yes=needs_yes)

    open_form(house, client, body, build, forms.waiting)


async def edited(ack: AsyncAck, view: Json, actor: Actor, work: Work, clock: Clock, house: House) -> None:
    """Staff saved what it says from now on."""
    which, _, base = str(view.get("private_metadata") or "").partition(":")
    said = entered_words(view)
    async with work() as store:
        at = clock.now()
        try:
            one = await rules.edit(
                store.announcements,
                number(which),
                said,
                base=number(base),
                by=actor.id,
                rules=house.announcing,
                at=at,
            )
        except AlreadyEdited:
            raise Incomplete({"text": "edited"}) from None
        await store.tell(notices.changed(one), at=at)
    await ack()


async def took_back(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """Staff pressed "Take back…" and confirmed it."""

    async def do(store: Store, which: int, at: datetime) -> Announcement:
        one = await rules.take_back(store.announcements, which, by=actor.id, at=at)
        return await recount(store, one, at)

    await _do(work, action, clock, do)
    await ack()


async def retried(ack: AsyncAck, action: Json, work: Work, clock: Clock) -> None:
    """Staff pressed "Retry failed"."""

    async def do(store: Store, which: int, at: datetime) -> Announcement:
        return await recount(store, await rules.retry(store.announcements, which, at=at), at)

    await _do(work, action, clock, do)
    await ack()


async def _do(
    work: Work,
    action: Json,
    clock: Clock,
    do: Callable[[Store, int, datetime], Awaitable[Announcement]],
) -> None:
    async with work() as store:
        at = clock.now()
        one = await do(store, number(action.get("value")), at)
        await store.tell(notices.changed(one), at=at)


async def exported(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """Staff pressed "CSV": the report comes to them as a file."""
    async with work() as store:
        at = clock.now()
        await store.tell(notices.export(await _get(store, action), actor.id, at=at), at=at)
    await ack()


# What readers do


async def pressed_link(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """Somebody pressed the button of an announcement; Slack opens the address by itself."""
    async with work() as store:
        await store.announcements.pressed(number(action.get("value")), actor.id, at=clock.now())
    await ack()


async def pressed_proof(ack: AsyncAck) -> None:
    """Staff pressed the button of what only they see: it is not counted."""
    await ack()


async def muted(ack: AsyncAck, actor: Actor, work: Work, clock: Clock) -> None:
    """A person wants no announcements any more."""
    await _mute(work, actor, clock, muted=True)
    await ack()


async def unmuted(ack: AsyncAck, actor: Actor, work: Work, clock: Clock) -> None:
    """A person wants announcements again."""
    await _mute(work, actor, clock, muted=False)
    await ack()


async def _mute(work: Work, actor: Actor, clock: Clock, *, muted: bool) -> None:
    async with work() as store:
        at = clock.now()
        await store.announcements.mute(actor.id, muted=muted, at=at)
        await store.tell(Notices(homes=frozenset({actor.id})), at=at)
