"""Events: what people do about them, from signing up to saying how it was."""

from __future__ import annotations

import json
import re

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from community import events as rules
from community import events_after as after
from community import events_notices as notices
from community import events_questions as questions
from community import mentoring
from community.clock import Clock
from community.events_terms import Standing
from community.members import Member
from community.mentoring_requests import QUESTION_LEAST, Draft, Policy, Rating
from community.notices import Notices
from community.refusals import NotFound
from community.topics import Topic
from handlers.answering import whisper
from handlers.events_list import show_again, show_list
from handlers.listening import House, Listening, May, Today, Work
from handlers.opening import open_form, show_in
from handlers.payloads import Actor, Json, entered, number, part
from messages import events as words
from messages import events_forms as forms
from messages import events_lists as lists
from messages import events_notes as notes
from messages import mentoring_forms
from messages.prose import prose
from storage.store import Store


def register(listen: Listening) -> None:
    """Hear everything that people do about events."""
    listen.command("/chats", typed_chats, may=May.ANYONE)
    listen.action(lists.MORE, asked_for_all, may=May.ANYONE)
    listen.action(re.compile(rf"^{re.escape(lists.PAGE)}\.(\w+)\.(\w+)$"), turned_page, may=May.ANYONE)
    listen.action(words.SIGN_UP, signed_up, may=May.ANYONE)
    listen.action(words.LEAVE, left, may=May.BY_RULE)
    listen.action(words.CONFIRM, confirmed, may=May.BY_RULE)
    listen.action(words.ASK, opened_questions, may=May.ANYONE)
    listen.form(forms.QUESTION_FORM, submitted_question, may=May.ANYONE)
    listen.action(forms.VOTE, voted, may=May.BY_RULE)
    listen.action(re.compile(rf"^{re.escape(words.THERE)}\.(\w+)$"), said_there, may=May.BY_RULE)
    listen.action(re.compile(rf"^{re.escape(words.RATE)}\.(\w+)$"), rated, may=May.BY_RULE)
    listen.action(words.WHY, opened_why, may=May.BY_RULE)
    listen.form(forms.WHY_FORM, submitted_why, may=May.BY_RULE)
    listen.action(words.TAKE_ON, agreed, may=May.BY_RULE)
    listen.action(words.LET_GO, declined, may=May.BY_RULE)
    for link in (words.JOIN, words.CALENDAR, words.WATCH):
        listen.action(link, followed_link, may=May.ANYONE)


async def typed_chats(ack: AsyncAck, command: Json, client: AsyncWebClient, body: Json, house: House) -> None:
    """A person typed /chats."""
    if (command.get("text") or "").strip():
        await ack(text=prose("help_chats"), response_type="ephemeral")
        return
    await ack()
    show_list(house, client, body)


async def asked_for_all(ack: AsyncAck, client: AsyncWebClient, body: Json, house: House) -> None:
    """A person pressed "See all" on their Home tab."""
    await ack()
    show_list(house, client, body)


async def turned_page(ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House) -> None:
    """A person turned to another page of the list."""
    await ack()
    which = str(action.get("action_id") or "").split(".")[-2]
    show_again(house, client, body, {which: number(action.get("value"))})


async def signed_up(
    ack: AsyncAck,
    action: Json,
    actor: Actor,
    body: Json,
    client: AsyncWebClient,
    house: House,
    work: Work,
    clock: Clock,
) -> None:
    """A person pressed "Sign me up", in the channel, in the list or on a card of their own."""
    asked = number(action.get("value"))
    async with house.seats.at(asked), work() as store:
        at = clock.now()
        step = await rules.sign_up(store.events, store.members, asked, by=actor.id, at=at)
        await store.tell(notices.signed_up(step, at=at), at=at)
        place = await store.events.place(step.one) if step.one.standing is Standing.WAITING else 0
    await ack()
    if not show_again(house, client, body) and part(body, "container").get("channel_id"):
        house.errands.start(
            whisper(client, body, notes.own_sign_up(step.one, place=place)),
            what="say that they are signed up",
        )


async def left(
    ack: AsyncAck,
    action: Json,
    actor: Actor,
    body: Json,
    client: AsyncWebClient,
    house: House,
    work: Work,
    clock: Clock,
) -> None:
    """A person pressed "Can't make it", or "Leave the waiting list"."""
    asked = number(action.get("value"))
    async with house.database.reading() as store:
        one = await store.events.sign_up(asked)
    async with house.seats.at(one.event if one else 0), work() as store:
        at = clock.now()
        step = await rules.leave(store.events, asked, by=actor.id, at=at)
        await store.tell(await notices.left(store.events, step, at=at), at=at)
    await ack()
    show_again(house, client, body)


async def confirmed(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A person pressed "I'll be there" on the day before."""
    async with work() as store:
        at = clock.now()
        step = await rules.confirm(store.events, number(action.get("value")), by=actor.id, at=at)
        await store.tell(Notices(refresh=notices.cards_of(step.event, [step.one])), at=at)
    await ack()


async def opened_questions(
    ack: AsyncAck, action: Json, actor: Actor, client: AsyncWebClient, body: Json, house: House
) -> None:
    """A person pressed "Ask a question beforehand"."""
    await ack()
    asked = number(action.get("value"))

    async def build(store: Store) -> Json:
        return await _question_form(store, asked, actor.id, house)

    open_form(house, client, body, build, lists.slow)


async def _question_form(store: Store, event: int, user: str, house: House) -> Json:
    at = house.clock.now()
    found = await questions.may_ask(store.events, store.members, event, by=user, at=at)
    return forms.question_form(found, await store.events_questions.listed(event, reader=user), user)


def _event_of(view: Json) -> int:
    try:
        kept = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return 0
    return number(kept.get("event")) if isinstance(kept, dict) else 0


async def submitted_question(ack: AsyncAck, view: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A person sent a question beforehand."""
    async with work() as store:
        at = clock.now()
        question = await questions.ask(
            store.events,
            store.events_questions,
            store.members,
            _event_of(view),
            entered(view, "question"),
            by=actor.id,
            at=at,
        )
        event = await rules.there(store.events, question.event)
        await store.tell(Notices(refresh=notices.posts_of(event)), at=at)
    await ack(response_action="update", view=forms.question_sent(event))


async def voted(
    ack: AsyncAck,
    action: Json,
    actor: Actor,
    body: Json,
    client: AsyncWebClient,
    house: House,
    work: Work,
    clock: Clock,
) -> None:
    """A person pressed the button of somebody else's question."""
    async with work() as store:
        question, _ = await questions.vote(
            store.events,
            store.events_questions,
            store.members,
            number(action.get("value")),
            by=actor.id,
            at=clock.now(),
        )
    await ack()
    view_id = str(part(body, "view").get("id") or "")
    if view_id:
        house.errands.start(
            show_in(
                house,
                client,
                body,
                view_id,
                lambda store: _question_form(store, question.event, actor.id, house),
            ),
            what="show the votes",
        )


async def said_there(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A person said whether they were there."""
    came = str(action.get("action_id") or "").endswith(".yes")
    async with work() as store:
        at = clock.now()
        event, seen = await after.say_there(
            store.events, store.members, number(action.get("value")), came=came, by=actor.id, at=at
        )
        await move_stage(store, seen)
        told = Notices(refresh=notices.cards_of(event, [seen.one]), homes=frozenset({actor.id}))
        await store.tell(told, at=at)
    await ack()


async def move_stage(store: Store, seen: after.Seen) -> None:
    """Keep the stage to which coming to an intro call led, or that it was taken back."""
    if seen.moves:
        await store.members.describe(seen.one.user, stage=seen.stage)


async def rated(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A person pressed one of the three grades."""
    try:
        grade = Rating(str(action["action_id"]).removeprefix(f"{words.RATE}."))
    except ValueError:
        raise NotFound from None
    async with work() as store:
        at = clock.now()
        event, one = await after.rate(
            store.events, number(action.get("value")), by=actor.id, at=at, grade=grade
        )
        await store.tell(Notices(refresh=notices.cards_of(event, [one])), at=at)
    await ack()


async def opened_why(
    ack: AsyncAck, action: Json, actor: Actor, client: AsyncWebClient, body: Json, house: House
) -> None:
    """A person pressed "Say more"."""
    await ack()
    asked = number(action.get("value"))

    async def build(store: Store) -> Json:
        one = await store.events.sign_up(asked)
        if one is None or one.user != actor.id:
            raise NotFound
        return forms.why_form(asked, one.rating_text)

    open_form(house, client, body, build, lambda: forms.why_form(asked, ""))


async def submitted_why(ack: AsyncAck, view: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A person said in words how it was."""
    async with work() as store:
        at = clock.now()
        event, one = await after.rate(
            store.events, number(view.get("private_metadata")), by=actor.id, at=at, text=entered(view, "why")
        )
        await store.tell(Notices(refresh=notices.cards_of(event, [one])), at=at)
    await ack()


async def agreed(
    ack: AsyncAck,
    action: Json,
    actor: Actor,
    client: AsyncWebClient,
    body: Json,
    house: House,
    work: Work,
    clock: Clock,
    policy: Policy,
    today: Today,
) -> None:
    """A person wants a mentor for a question that found no time: asked at once, if the rest is known."""
    asked = number(action.get("value"))
    async with house.database.reading() as store:
        known = await store.events_questions.get(asked)
        member = await store.members.member(actor.id) or Member(id=actor.id)
        event = await store.events.get(known.event) if known else None
    topic = event.topic if event and event.topic else Topic.OTHER
    mine = known is not None and known.asker == actor.id and known.fate in questions.CAN_BE_TAKEN_ON
    if known is not None and mine and (member.state is None or len(known.text) < QUESTION_LEAST):
        # A mentor is found by state, and what is too short is not understood: the form asks for the rest.
        await ack()
        draft = Draft(question=known.text, topic=topic, state=member.state, office=member.office)
        form = mentoring_forms.ask_form(draft)

        async def build(_store: Store) -> Json:
            return form

        open_form(house, client, body, build, lambda: form)
        return
    async with work() as store:
        at = clock.now()
        question = await questions.decide(store.events_questions, asked, agreed=True, by=actor.id)
        draft = Draft(question=question.text, topic=topic, state=member.state, office=member.office)
        request = await mentoring.ask(
            store.mentoring, actor.id, draft, at=at, today=today(member), policy=policy
        )
        await store.events_questions.link(asked, request.id)
        await store.tell(Notices(refresh=(notices.unanswered_key(asked),)), at=at)
    await ack()


async def declined(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A person wants no mentor for a question that found no time."""
    asked = number(action.get("value"))
    async with work() as store:
        await questions.decide(store.events_questions, asked, agreed=False, by=actor.id)
        await store.tell(Notices(refresh=(notices.unanswered_key(asked),)), at=clock.now())
    await ack()


async def followed_link(ack: AsyncAck) -> None:
    """A person followed a link button; Slack opened it, nothing is left to do."""
    await ack()
