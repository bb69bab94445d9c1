"""Events, without anybody asking: cards and files rendered when they are sent, and people followed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import structlog

from community import events_notices as notices
from community.clock import Clock
from community.deliveries import Landed
from community.events_after import follow
from community.events_following import followed
from community.events_ladder import Rung, rung_key
from community.events_terms import Event, Phase, Standing, Status
from community.members import Member
from messages import events as words
from messages import events_calendar as calendars
from messages import events_notes as notes
from scheduler.rendering import Scene
from storage.database import Database
from storage.deliveries import in_parts
from storage.store import Store

log = structlog.get_logger(__name__)

About = Mapping[str, Any]
Payload = Mapping[str, Any]
Render = Callable[[Store, About], Awaitable[Payload | None]]


def renderers(scene: Scene, organisation: str) -> dict[str, Render]:
    """Give what renders each card, note and file of an event, by name."""
    cards = _Cards(scene, organisation)
    rungs = {f"events.{rung}": partial(cards.reminder, rung) for rung in Rung if rung is not Rung.LIST}
    return {
        "events.post": cards.post,
        "events.ticket": cards.ticket,
        "events.calendar": cards.calendar,
        "events.changed": cards.changed,
        "events.cancelled": cards.cancelled,
        "events.seat": cards.seat,
        "events.replaced": cards.replaced,
        "events.recording": cards.recording,
        "events.unanswered": cards.unanswered,
        f"events.{Rung.LIST}": cards.questions,
        "events.list": cards.list_for_staff,
        **rungs,
    }


class _Cards:
    """Reads what each card shows."""

    def __init__(self, scene: Scene, organisation: str) -> None:
        self._scene = scene
        self._organisation = organisation

    async def post(self, store: Store, about: About) -> Payload | None:
        event = await store.events.get(about["event"])
        if event is None:
            return None
        now = self._scene.clock.now()
        if event.phase(now) in {Phase.CANCELLED, Phase.OVER}:
            keys = notices.posts_of(event)
            if not [key for key in keys if await store.deliveries.sent(key)]:
                return None  # It was never announced, so there is nothing to take back.
        return words.post(
            words.Post(
                event=event,
                now=now,
                names=await store.events.first_names(event.id, limit=words.NAMES_SHOWN),
                waiting=await store.events.count(event.id, Standing.WAITING) if event.full else 0,
                questions=await store.events_questions.count(event.id),
            )
        )

    async def ticket(self, store: Store, about: About) -> Payload | None:
        card = await self._card(store, about)
        return words.ticket(card) if card else None

    async def reminder(self, rung: Rung, store: Store, about: About) -> Payload | None:
        card = await self._card(store, about)
        if card is None:
            return None
        event, one = card.event, card.one
        if await self._unsent(store, rung_key(rung, one.id, about["plan"])):
            wanted = one.coming and one.plan == about["plan"] and event.status is Status.OPEN
            answered = rung is Rung.AFTER and one.there is not None and one.there_by_staff and not one.there
            if not wanted or answered:
                return None
        return words.reminder(rung, card)

    async def questions(self, store: Store, about: About) -> Payload | None:
        card = await self._card(store, about)
        if card is None or not card.one.coming or card.event.status is not Status.OPEN:
            return None
        return await self._list(store, card.event, card.zone)

    async def list_for_staff(self, store: Store, about: About) -> Payload | None:
        event = await store.events.get(about["event"])
        if event is None or event.status is not Status.OPEN or event.sequence != about["sequence"]:
            return None
        member = await store.members.member(event.by)
        return await self._list(store, event, member.zone if member else self._scene.zone, pass_on=True)

    async def _list(self, store: Store, event: Event, zone: str, *, pass_on: bool = False) -> Payload:
        asked = await store.events_questions.listed(event.id)
        names = await store.members.names({each.asker for each in asked})
        return notes.questions(event, zone, asked, names, pass_on=pass_on)

    async def changed(self, store: Store, about: About) -> Payload | None:
        card = await self._card(store, about)
        if card is None:
            return None
        event, one, upto = card.event, card.one, about["upto"]
        told = about["since"]
        if await self._unsent(store, notices.changed_key(one, upto)):
            if one.standing is Standing.GONE or event.status is not Status.OPEN:
                return None
            # An older note may have gone out at the very moment of this change.
            told = max(told, one.told)
        changes = await self._changes(store, event, told, upto)
        return notes.changed(card, changes) if changes else None

    async def _changes(self, store: Store, event: Event, told: int, upto: int) -> notes.Changes | None:
        """Put together what changed after the change that was told last, up to this one."""
        history = [entry.facts for entry in await store.events.history(event.id, "changed")]
        since = [facts for facts in history if told < facts["sequence"] <= upto]
        if not since:
            return None
        fields = frozenset(name for facts in since for name in facts["fields"])
        later = next((facts for facts in history if facts["sequence"] > upto), None)
        return notes.Changes(
            fields=fields,
            was=notices.moment_of(since[0]),
            was_minutes=since[0]["minutes"],
            then=notices.moment_of(later) if later else event.starts_at,
            then_minutes=later["minutes"] if later else event.minutes,
        )

    async def cancelled(self, store: Store, about: About) -> Payload | None:
        card = await self._card(store, about)
        return notes.cancelled(card) if card else None

    async def seat(self, store: Store, about: About) -> Payload | None:
        card = await self._card(store, about)
        if card is None:
            return None
        if not card.one.coming and await self._unsent(store, notices.seat_key(card.one)):
            return None
        return notes.seat(card)

    async def replaced(self, store: Store, about: About) -> Payload | None:
        card = await self._card(store, about)
        return notes.replaced(card) if card else None

    async def recording(self, store: Store, about: About) -> Payload | None:
        card = await self._card(store, about)
        return notes.recording(card) if card else None

    async def unanswered(self, store: Store, about: About) -> Payload | None:
        question = await store.events_questions.get(about["question"])
        event = await store.events.get(question.event) if question else None
        return notes.unanswered(event, question) if question and event else None

    async def calendar(self, store: Store, about: About) -> Payload | None:
        one = await store.events.sign_up(about["sign_up"])
        event = await store.events.get(one.event) if one else None
        if one is None or event is None or not one.coming or event.sequence != about["sequence"]:
            return None  # A newer file is on its way, or none is needed any more.
        return calendars.calendar(
            event,
            organisation=self._organisation,
            at=self._scene.clock.now(),
            speaker=await self._speaker(store, event),
        )

    async def _speaker(self, store: Store, event: Event) -> str:
        if event.specialist is None:
            return event.specialist_name
        return (await store.members.names([event.specialist])).get(event.specialist, "")

    async def _card(self, store: Store, about: About) -> words.Card | None:
        one = await store.events.sign_up(about["sign_up"])
        event = await store.events.get(one.event) if one else None
        if one is None or event is None:
            return None
        member = await store.members.member(one.user) or Member(id=one.user, zone=self._scene.zone)
        return words.Card(
            event=event,
            one=one,
            now=self._scene.clock.now(),
            zone=member.zone,
            place=await store.events.place(one) if one.standing is Standing.WAITING else 0,
            plan=about.get("plan"),
            speaker_name=await self._speaker(store, event),
        )

    async def _unsent(self, store: Store, key: str) -> bool:
        return await store.deliveries.sent(key) is None


def outcomes() -> dict[str, Callable[[Store, Landed], Awaitable[None]]]:
    """Give what follows from a note about a change: whom it reached is told only what comes after."""

    async def changed(store: Store, landed: Landed) -> None:
        if not landed.sent or landed.kind != "post":
            return
        one = await store.events.sign_up(landed.about["sign_up"])
        if one is not None and one.told < landed.about["upto"]:
            await store.events.change_sign_up(one.id, told=landed.about["upto"])

    return {"events.changed": changed}


async def turn_cards(database: Database, clock: Clock) -> int:
    """Let the cards of events that have begun or ended show it; give how many events."""
    async with database.glance() as store:
        due = await store.events_lists.to_turn(at=clock.now())
    for number in due:
        async with database.transaction() as store:
            at = clock.now()
            event = await store.events.hold(number)
            if event is None or event.look_at is None or event.look_at > at:
                continue
            look_at = event.ends_at if at < event.ends_at else None
            event = await store.events.change(number, look_at=look_at)
            told = await notices.turned(store.events, event)
            for some in in_parts(sorted(told.refresh)):
                await store.deliveries.refresh(*some, at=at, lane=notices.PATIENT)
            onlookers = await store.events_lists.onlookers(at=at)
            await store.deliveries.refresh_home(*onlookers, at=at, lane=notices.PATIENT)
    return len(due)


async def follow_people(database: Database, clock: Clock) -> int:
    """Free the seats of people who have left, and remind those who have moved by their new clock."""
    async with database.glance() as store:
        astray = await store.events_lists.astray(at=clock.now())
    for number in astray:
        async with database.transaction() as store:
            at = clock.now()
            found = await follow(store.events, store.members, number, at=at)
            if found is not None:
                await store.tell(await followed(store.events, *found, at=at), at=at)
    return len(astray)
