"""Events for staff: scheduling, editing, cancelling, attendance, recordings, questions that are left."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from community import events as rules
from community import events_after as after
from community import events_notices as notices
from community import events_questions as questions
from community.clock import Clock
from community.deliveries import Lane
from community.events_after import UNSEEN_AFTER
from community.events_form import Draft, check_draft, draft_of
from community.events_terms import Event, EventAhead, EventCancelled, EventOver, Phase
from community.members import Member
from community.notices import Notices, Places
from handlers.events import move_stage
from handlers.events_list import show_again
from handlers.listening import House, Listening, May, Work
from handlers.opening import open_form, show_in
from handlers.payloads import Actor, Json, chosen, entered, number, part, picked_date
from messages import events_forms as forms
from messages import events_lists as lists
from storage.store import Store


def register(listen: Listening) -> None:
    """Hear everything that staff does about events."""
    listen.action(lists.SCHEDULE, opened_schedule, may=May.STAFF)
    listen.form(forms.SCHEDULE_FORM, scheduled, may=May.STAFF)
    listen.action(lists.EDIT, opened_edit, may=May.STAFF)
    listen.form(forms.EDIT_FORM, edited, may=May.STAFF)
    listen.action(lists.CANCEL, opened_cancel, may=May.STAFF)
    listen.form(forms.CANCEL_FORM, cancelled, may=May.STAFF)
    listen.action(lists.ATTENDANCE, opened_attendance, may=May.STAFF)
    listen.form(forms.ATTENDANCE_FORM, took_attendance, may=May.STAFF)
    listen.action(lists.RECORDING, opened_recording, may=May.STAFF)
    listen.form(forms.RECORDING_FORM, recorded, may=May.STAFF)
    listen.action(lists.ASKED, opened_asked, may=May.STAFF)
    listen.action(lists.ANSWERED, answered, may=May.STAFF)
    listen.action(lists.REST, offered_rest, may=May.STAFF)
    listen.action(lists.UNSEEN, opened_unseen, may=May.STAFF)


def entered_draft(view: Json) -> Draft:
    """Read an event from the form."""
    return Draft(
        kind=entered(view, "kind"),
        title=entered(view, "title"),
        day=picked_date(view, "day"),
        time=entered(view, "time"),
        zone=entered(view, "zone"),
        length=entered(view, "length"),
        link=entered(view, "link"),
        specialist=entered(view, "specialist"),
        specialist_name=entered(view, "specialist_name"),
        specialist_about=entered(view, "specialist_about"),
        description=entered(view, "description"),
        topic=entered(view, "topic"),
        audience=entered(view, "audience") or "everyone",
        capacity=entered(view, "capacity"),
        until=picked_date(view, "until"),
    )


async def _told_everybody(store: Store, house: House) -> None:
    """What is to come stands on every Home tab: those in use are shown anew, when nobody waits for it."""
    at = house.clock.now()
    await store.deliveries.refresh_home(*await store.events_lists.onlookers(at=at), at=at, lane=Lane.BULK)


async def opened_schedule(
    ack: AsyncAck, client: AsyncWebClient, body: Json, house: House, actor: Actor
) -> None:
    """Staff pressed "Schedule…"."""
    await ack()

    def empty(zone: str) -> Json:
        return forms.schedule_form(
            Draft(kind="chat", title="", day=None, time="", zone=zone, length="60", link="")
        )

    async def build(store: Store) -> Json:
        member = await store.members.member(actor.id) or Member(id=actor.id)
        return empty(member.zone)

    open_form(house, client, body, build, lambda: empty(house.zone))


async def scheduled(
    ack: AsyncAck,
    view: Json,
    actor: Actor,
    body: Json,
    client: AsyncWebClient,
    house: House,
    work: Work,
    clock: Clock,
    places: Places,
) -> None:
    """Staff pressed "Publish"."""
    checked = check_draft(entered_draft(view), now=clock.now())
    async with work() as store:
        at = clock.now()
        made = await rules.schedule(store.events, store.members, checked, by=actor.id, at=at)
        for event in made:
            await store.tell(await notices.scheduled(store.events, event, places, at=at), at=at)
        await _told_everybody(store, house)
    shown = forms.scheduled(made, checked.moments, announced=bool(places.community))
    await ack(response_action="update", view=shown)
    show_again(house, client, body)


async def _changeable(store: Store, asked: int, house: House) -> tuple[Event, int]:
    event = await rules.there(store.events, asked)
    match event.phase(house.clock.now()):
        case Phase.CANCELLED:
            raise EventCancelled
        case Phase.OVER:
            raise EventOver
    return event, await store.events.count_later(event)


async def opened_edit(ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House) -> None:
    """Staff pressed "Edit…"."""
    await ack()

    async def build(store: Store) -> Json:
        event, later = await _changeable(store, number(action.get("value")), house)
        return forms.schedule_form(draft_of(event), event=event, later=later)

    open_form(house, client, body, build, lists.slow)


async def edited(
    ack: AsyncAck,
    view: Json,
    actor: Actor,
    body: Json,
    client: AsyncWebClient,
    house: House,
    work: Work,
    clock: Clock,
    places: Places,
) -> None:
    """Staff pressed "Save" in the form of an event."""
    asked = number(view.get("private_metadata"))
    later = forms.LATER in chosen(view, "scope")
    async with work() as store:
        at = clock.now()
        before = await rules.held(store.events, asked, at=at)
        checked = check_draft(entered_draft(view), now=at, before=before)
        changes = await rules.edit(
            store.events, store.members, asked, checked, by=actor.id, at=at, later=later
        )
        for change in changes:
            if change.fields:
                await store.tell(await notices.changed(store.events, change, places, at=at), at=at)
        await _told_everybody(store, house)
    shown = forms.saved([change.event for change in changes], checked.moments)
    await ack(response_action="update", view=shown)
    show_again(house, client, body)


async def opened_cancel(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House
) -> None:
    """Staff pressed "Cancel…"."""
    await ack()

    async def build(store: Store) -> Json:
        return forms.cancel_form(*await _changeable(store, number(action.get("value")), house))

    open_form(house, client, body, build, lists.slow)


async def cancelled(
    ack: AsyncAck,
    view: Json,
    actor: Actor,
    body: Json,
    client: AsyncWebClient,
    house: House,
    work: Work,
    clock: Clock,
) -> None:
    """Staff pressed "Cancel it", and said why if they wished."""
    async with work() as store:
        at = clock.now()
        gone = await rules.cancel(
            store.events,
            store.members,
            number(view.get("private_metadata")),
            by=actor.id,
            at=at,
            reason=entered(view, "reason"),
            later=forms.LATER in chosen(view, "scope"),
        )
        for event in gone:
            await store.tell(await notices.cancelled(store.events, event, at=at), at=at)
        await _told_everybody(store, house)
    await ack()
    show_again(house, client, body)


async def opened_attendance(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House
) -> None:
    """Staff pressed "Attendance…"."""
    await ack()

    async def build(store: Store) -> Json:
        event = await rules.there(store.events, number(action.get("value")))
        if event.phase(house.clock.now()) is Phase.AHEAD:
            raise EventAhead
        ones, came = await after.who_came(store.events, event.id)
        there = [one.user for one in ones if one.there]
        return forms.attendance_form(event, there, said=came, signed=len(ones))

    open_form(house, client, body, build, lists.slow)


async def took_attendance(
    ack: AsyncAck,
    view: Json,
    actor: Actor,
    body: Json,
    client: AsyncWebClient,
    house: House,
    work: Work,
    clock: Clock,
) -> None:
    """Staff said who was there."""
    async with work() as store:
        at = clock.now()
        users = chosen(view, "there")
        for user in sorted(users):
            await store.members.meet(user, at=at)
        event, seen = await after.take_attendance(
            store.events,
            store.members,
            number(view.get("private_metadata")),
            users=users,
            by=actor.id,
            at=at,
        )
        for each in seen:
            await move_stage(store, each)
        await store.tell(notices.shown(event, [each.one for each in seen]), at=at)
    await ack()
    show_again(house, client, body)


async def opened_recording(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House
) -> None:
    """Staff pressed "Recording…"."""
    await ack()

    async def build(store: Store) -> Json:
        return forms.recording_form(await rules.there(store.events, number(action.get("value"))))

    open_form(house, client, body, build, lists.slow)


async def recorded(
    ack: AsyncAck,
    view: Json,
    actor: Actor,
    body: Json,
    client: AsyncWebClient,
    house: House,
    work: Work,
    clock: Clock,
) -> None:
    """Staff attached a recording, or notes."""
    async with work() as store:
        at = clock.now()
        event, _ = await after.record(
            store.events,
            store.members,
            number(view.get("private_metadata")),
            recording=entered(view, "recording"),
            notes=entered(view, "notes"),
            by=actor.id,
            at=at,
        )
        await store.events_library.shelve(event, by=actor.id, at=at)
        await store.tell(await notices.recorded(store.events, event, at=at), at=at)
    await ack()
    show_again(house, client, body)


async def _asked_view(store: Store, event: int, house: House) -> Json:
    found = await rules.there(store.events, event)
    asked = await store.events_questions.listed(event)
    names = await store.members.names({each.asker for each in asked})
    return lists.asked(found, asked, names, house.clock.now())


async def opened_asked(ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House) -> None:
    """Staff pressed "Questions"."""
    await ack()
    event = number(action.get("value"))
    open_form(house, client, body, lambda store: _asked_view(store, event, house), lists.slow)


def _show_asked(house: House, client: AsyncWebClient, body: Json, event: int) -> None:
    view_id = str(part(body, "view").get("id") or "")
    if view_id:
        shown = show_in(house, client, body, view_id, lambda store: _asked_view(store, event, house))
        house.errands.start(shown, what="show the questions again")


async def answered(
    ack: AsyncAck,
    action: Json,
    actor: Actor,
    body: Json,
    client: AsyncWebClient,
    house: House,
    work: Work,
    clock: Clock,
) -> None:
    """Staff pressed "Answered" at a question."""
    async with work() as store:
        settled = await questions.answered(
            store.events_questions, store.members, number(action.get("value")), by=actor.id
        )
        await store.tell(Notices(refresh=(notices.unanswered_key(settled.id),)), at=clock.now())
    await ack()
    _show_asked(house, client, body, settled.event)


async def offered_rest(
    ack: AsyncAck,
    action: Json,
    actor: Actor,
    body: Json,
    client: AsyncWebClient,
    house: House,
    work: Work,
    clock: Clock,
) -> None:
    """Staff pressed "Offer the rest to mentors": everybody whose question is left is asked."""
    event = number(action.get("value"))
    async with work() as store:
        at = clock.now()
        rest = await questions.offer_rest(
            store.events, store.events_questions, store.members, event, by=actor.id, at=at
        )
        asked = []
        for each in rest:
            member = await store.members.member(each.asker)
            if member is not None and member.left_at is None:
                asked.append((each.id, each.asker, member.zone))
        await store.tell(notices.unanswered(asked, at=at), at=at)
    await ack()
    _show_asked(house, client, body, event)


async def opened_unseen(ack: AsyncAck, client: AsyncWebClient, body: Json, house: House) -> None:
    """Staff pressed "Not seen for two weeks"."""
    await ack()

    async def build(store: Store) -> Json:
        rows, left = await store.events_lists.unseen(
            at=house.clock.now(), after=UNSEEN_AFTER, limit=lists.UNSEEN_SHOWN
        )
        return lists.unseen(rows, left)

    open_form(house, client, body, build, lists.slow)
