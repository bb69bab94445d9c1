"""Announcements: staff writes one, chooses whom and when, looks at it, and confirms."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from community import announcements as rules
from community import announcements_notices as notices
from community import announcements_text as rich
from community.announcements_audience import CHANNELS_MOST, Audience, By
from community.announcements_book import Announcement, AudienceChanged, Words, check_words
from community.announcements_times import When, check_when, spread, starts_at
from community.clock import Clock
from community.notices import Places
from community.refusals import Incomplete, NotFound
from handlers.answering import Shown, change, put, whisper
from handlers.listening import House, Listening, May, Today, Work
from handlers.opening import open_form
from handlers.payloads import Actor, Json, chosen, entered, filled, number, part, picked_date
from messages import announcements as words
from messages import announcements_card as cards
from messages import announcements_forms as forms
from messages import payload as p
from messages.prose import prose
from storage.store import Store

log = structlog.get_logger(__name__)

LISTED = 8

ACKNOWLEDGED_WITHIN = 0.3
"""Seconds after which Slack shows what an acknowledgement said; what is shown after it comes later."""


def register(listen: Listening) -> None:
    """Hear everything until an announcement is confirmed."""
    listen.command(words.COMMAND, typed_announce, may=May.STAFF)
    listen.shortcut(words.ANNOUNCE_THIS, announced_this, may=May.STAFF)
    listen.form(forms.WRITE_FORM, wrote, may=May.STAFF)
    listen.action(forms.START_AFRESH, started_afresh, may=May.STAFF)
    listen.form(forms.AIM_FORM, aimed, may=May.STAFF)
    listen.action(forms.CHANGE_TEXT, went_back_to_text, may=May.STAFF)
    listen.action(forms.CHANGE_AIM, went_back_to_aim, may=May.STAFF)
    listen.action(forms.SEND_TO_ME, sent_to_self, may=May.STAFF)
    listen.form(forms.SEND_FORM, confirmed, may=May.STAFF)


async def typed_announce(
    ack: AsyncAck, command: Json, client: AsyncWebClient, body: Json, house: House, actor: Actor
) -> None:
    """Staff typed /announce, alone, with the words to begin with, or with "list" or "help"."""
    typed = p.unescape(str(command.get("text") or "")).strip()
    if typed.casefold() == "help":
        await ack(text=prose("help_announce"), response_type="ephemeral")
        return
    if typed.casefold() == "list":
        async with house.database.reading() as store:
            latest = await store.announcements.latest(LISTED)
        await ack(**cards.listed(latest), response_type="ephemeral")
        return
    await ack()

    async def build(store: Store) -> Json:
        if typed:
            return forms.write_form(None, Words(text=rich.plain(typed)))
        draft = await store.announcements.draft_of(actor.id)
        said = await store.announcements.words(draft) if draft else Words()
        return forms.write_form(draft, said)

    open_form(house, client, body, build, lambda: forms.write_form(None, Words(text=rich.plain(typed))))


async def announced_this(ack: AsyncAck, body: Json, client: AsyncWebClient, house: House) -> None:
    """Staff chose "Announce this" in a message's menu: its text is what they begin with."""
    await ack()
    said = Words(text=_text_of(part(body, "message")))

    async def build(_store: Store) -> Json:
        return forms.write_form(None, said)

    open_form(house, client, body, build, lambda: forms.write_form(None, said))


def _text_of(message: Mapping[str, Any]) -> list[Json]:
    """Give a message's text as it was formatted; where it has parts that cannot be sent, its words."""
    blocks = [block for block in message.get("blocks") or () if block.get("type") == "rich_text"]
    try:
        parts = [piece for block in blocks for piece in rich.clean(block)]
    except rich.NotSendable:
        parts = []
    return parts or rich.plain(p.as_typed(str(message.get("text") or ""))[: rich.TEXT_MOST])


# What it says


def entered_words(view: Json) -> Words:
    """Read what was entered; raises Incomplete for what cannot be sent."""
    given = filled(view, "text").get("rich_text_value")
    try:
        text = rich.clean(given if isinstance(given, Mapping) else None)
    except rich.NotSendable as fault:
        log.info("a part of a rich text cannot be sent", kind=fault.kind)
        raise Incomplete({"text": "not sendable"}) from None
    names = ("link_text", "link_url", "image_url", "image_alt")
    return check_words(Words(text=text, **{name: entered(view, name).strip() for name in names}))


async def wrote(ack: AsyncAck, view: Json, actor: Actor, work: Work, clock: Clock, house: House) -> None:
    """Staff wrote what it says, and goes on to whom it is for."""
    said = entered_words(view)
    async with work() as store:
        draft = number(view.get("private_metadata")) or None
        one = await rules.write(store.announcements, draft, said, by=actor.id, at=clock.now())
        form = await _aim_form(store, one, actor, house)
    await ack(response_action="update", view=form)


async def _aim_form(store: Store, one: Announcement, actor: Actor, house: House) -> Json:
    zone = await _zone_of(store, actor, house)
    return forms.aim_form(one, await store.announcements.choices(), zone=zone)


async def _zone_of(store: Store, actor: Actor, house: House) -> str:
    member = await store.members.member(actor.id)
    return member.zone if member and member.zone else house.zone


async def started_afresh(
    ack: AsyncAck, body: Json, actor: Actor, work: Work, house: House, client: AsyncWebClient
) -> None:
    """Staff pressed "Start afresh" and confirmed it: the draft is thrown away."""
    view = part(body, "view")
    async with work() as store:
        draft = number(view.get("private_metadata"))
        if await store.announcements.get(draft) is not None:
            await rules.discard(store.announcements, draft, by=actor.id)
    await ack()
    # Slack keeps what a field holds as long as the form has that field, so the form has to be opened anew.
    _show(house, client, body, forms.told(forms.THROWN_AWAY))


# Whom it is for, and when


async def aimed(
    ack: AsyncAck,
    view: Json,
    body: Json,
    actor: Actor,
    work: Work,
    clock: Clock,
    house: House,
    client: AsyncWebClient,
    today: Today,
) -> None:
    """Staff chose whom it is for and when, and gets to look at it."""
    async with work() as store:
        at = clock.now()
        zone = await _zone_of(store, actor, house)
        audience, when = await _entered_aim(store, view, zone=zone, now=at)
        draft = number(view.get("private_metadata"))
        one = await rules.aim(store.announcements, draft, audience=audience, when=when, by=actor.id)
        facts = await look_at(store, one, house, at=at, today=today)
    if facts.words.image_url:
        # Slack refuses a whole view for a picture that it cannot fetch, and of an acknowledgement it tells
        # only the person so. A call is answered, and says it in words.
        await ack(response_action="update", view=forms.waiting())
        house.errands.start(_show_picture(client, body, facts), what="show a picture")
    else:
        await ack(response_action="update", view=forms.look_form(facts))
        if audience.channels:
            checking = _check_channels(client, body, facts)
            house.errands.start(checking, what="see whether the app is in the channels")


async def _entered_aim(store: Store, view: Json, *, zone: str, now: datetime) -> tuple[Audience, When]:
    offered = await store.announcements.choices()
    people = {by: chosen(view, by.value) for by in By}
    problems = {
        by.value: "unknown"
        for by, values in people.items()
        if not values <= {choice.value for choice in offered.get(by, ())}
    }
    channels = [str(each) for each in filled(view, "channels").get("selected_conversations") or ()]
    if channels and any(people.values()):
        problems["channels"] = "both"
    elif len(channels) > CHANNELS_MOST:
        problems["channels"] = "too many"
    wall = str(filled(view, "time").get("selected_time") or "")
    try:
        when = check_when(entered(view, "mode"), picked_date(view, "day"), wall, zone=zone, now=now)
    except Incomplete as found:
        raise Incomplete(problems | found.problems) from None
    if problems:
        raise Incomplete(problems)
    return Audience.of(people, channels), when


async def look_at(
    store: Store,
    one: Announcement,
    house: House,
    *,
    at: datetime,
    today: Today,
    changed_from: int | None = None,
) -> forms.Look:
    """Read all that is shown before it goes."""
    reach = await store.announcements.reach(one.audience)
    starts = starts_at(one.when, reach.by_zone, at)
    author = await store.members.member(one.author)
    found = await store.announcements.choices()
    return forms.Look(
        one=one,
        words=await store.announcements.words(one),
        reach=reach,
        starts=starts,
        spread=spread(one.when, reach.by_zone, earliest=starts),
        lasts=house.announcing.speed.lasts(reach.total),
        zone=author.zone if author and author.zone else house.zone,
        today=today(author),
        needs_yes=house.announcing.needs_approval(one.audience, reach.total),
        changed_from=changed_from,
        labels={by: {choice.value: choice.label for choice in values} for by, values in found.items()},
    )


async def _show_picture(client: AsyncWebClient, body: Json, facts: forms.Look) -> None:
    """Show what was written, or say that Slack cannot show its picture."""
    await asyncio.sleep(ACKNOWLEDGED_WITHIN)
    absent = await _absent(client, facts)
    look = forms.look_form(replace(facts, absent=absent))
    shown = await change(client, _id_of(body), look)
    if shown is Shown.REFUSED:
        log.info("a picture cannot be shown")
        form = forms.write_form(facts.one, facts.words, no_picture=True)
        await put(client, body, _id_of(body), form, otherwise=forms.NOT_SHOWN)
    elif shown is Shown.LOST:
        await whisper(client, body, forms.NOT_SHOWN)


async def _check_channels(client: AsyncWebClient, body: Json, facts: forms.Look) -> None:
    """Say in the form which channels the app is not in: it could not post there."""
    absent = await _absent(client, facts)
    if absent:
        await put(client, body, _id_of(body), forms.look_form(replace(facts, absent=absent)))


async def _absent(client: AsyncWebClient, facts: forms.Look) -> list[str]:
    absent = []
    for channel in facts.one.audience.channels:
        try:
            known = (await client.conversations_info(channel=channel)).get("channel") or {}
        except SlackApiError:
            known = {}
        except Exception as fault:  # noqa: BLE001 - the network has many faults; all mean that nobody knows
            log.info("conversation not seen", error=type(fault).__name__)
            continue
        if not known.get("is_member"):
            absent.append(channel)
    return absent


# Looking


async def went_back_to_text(
    ack: AsyncAck, action: Json, body: Json, house: House, client: AsyncWebClient
) -> None:
    """Staff pressed "Change the text"."""
    async with house.database.reading() as store:
        one = await _draft(store, action)
        form = forms.write_form(one, await store.announcements.words(one))
    await ack()
    _show(house, client, body, form)


async def went_back_to_aim(
    ack: AsyncAck, action: Json, body: Json, actor: Actor, house: House, client: AsyncWebClient
) -> None:
    """Staff pressed "Change who and when"."""
    async with house.database.reading() as store:
        form = await _aim_form(store, await _draft(store, action), actor, house)
    await ack()
    _show(house, client, body, form)


async def _draft(store: Store, action: Json) -> Announcement:
    one = await store.announcements.get(number(action.get("value")))
    if one is None:
        raise NotFound
    return one


async def sent_to_self(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """Staff pressed "Send to me"."""
    async with work() as store:
        at = clock.now()
        await store.tell(notices.proof(await _draft(store, action), actor.id, at=at), at=at)
    await ack()


async def confirmed(
    ack: AsyncAck,
    view: Json,
    actor: Actor,
    work: Work,
    clock: Clock,
    house: House,
    places: Places,
    today: Today,
) -> None:
    """Staff pressed "Send" below what they had looked at."""
    which, _, seen = str(view.get("private_metadata") or "").partition(":")
    async with work() as store:
        at = clock.now()
        try:
            one = await rules.confirm(
                store.announcements,
                number(which),
                seen=number(seen),
                by=actor.id,
                rules=house.announcing,
                at=at,
            )
        except AudienceChanged:
            draft = await _draft(store, {"value": which})
            facts = await look_at(store, draft, house, at=at, today=today, changed_from=number(seen))
            form = forms.look_form(facts)
        else:
            await store.tell(notices.confirmed(one, places), at=at)
            form = forms.confirmed(one, zone=await _zone_of(store, actor, house))
    await ack(response_action="update", view=form)


def _show(house: House, client: AsyncWebClient, body: Json, form: Json) -> None:
    house.errands.start(put(client, body, _id_of(body), form), what="show another form")


def _id_of(body: Json) -> str:
    return str(part(body, "view").get("id"))
