"""The first seven days: what people do with their lessons and their journey."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from community import journeys
from community import journeys_notices as notices
from community.clock import Clock
from community.journeys_steps import Came, Enrolment, Progress
from community.members import Member
from community.refusals import NotAllowed
from handlers.answering import whisper
from handlers.journeys_desk import show_desk, start_people
from handlers.journeys_start import begin
from handlers.listening import House, Listening, May, Work
from handlers.members import entered_profile
from handlers.mentoring import show_form
from handlers.opening import open_form
from handlers.payloads import Actor, Json, entered, number, part
from messages import journeys as words
from messages.journeys_lessons import find_lesson, first_week
from messages.prose import prose
from storage.store import Store


def register(listen: Listening) -> None:
    """Hear everything about a person's own journey."""
    listen.command("/journey", typed_journey, may=May.ANYONE)
    listen.action(words.DONE, did, may=May.BY_RULE)
    listen.action(words.SKIP, skipped, may=May.BY_RULE)
    listen.action(words.ASK, asked, may=May.BY_RULE)
    listen.action(words.TELL, opened_tell, may=May.ANYONE)
    listen.form(words.TELL_FORM, submitted_tell, may=May.ANYONE)
    listen.action(words.PAUSE, paused, may=May.BY_RULE)
    listen.action(words.RESUME, resumed, may=May.BY_RULE)
    listen.action(words.RESTART, restarted, may=May.BY_RULE)
    listen.action(words.START, started, may=May.ANYONE)


async def typed_journey(
    ack: AsyncAck,
    command: Json,
    client: AsyncWebClient,
    body: Json,
    house: House,
    actor: Actor,
    work: Work,
    clock: Clock,
) -> None:
    """A person typed /journey: staff sees everybody's, everybody else their own."""
    text = str(command.get("text") or "")
    verb = (text.split() or [""])[0].casefold()
    async with house.database.reading() as store:
        member = await store.members.member(actor.id)
    staff = member is not None and member.is_staff
    if verb == "start":
        if not staff:
            raise NotAllowed("staff")
        await ack(text=await start_people(work, actor.id, text, at=clock.now()), response_type="ephemeral")
    elif verb in {"pause", "resume"}:
        change = _pause if verb == "pause" else _resume
        await ack(**words.answer(await change(work, actor.id, clock)), response_type="ephemeral")
    elif verb:
        await ack(text=prose("help_journey_staff" if staff else "help_journey"), response_type="ephemeral")
    elif staff:
        await ack()
        show_desk(house, client, body)
    else:
        async with house.database.reading() as store:
            answer = words.answer(await _way(store, actor.id, clock))
        await ack(**answer, response_type="ephemeral")


async def _way(store: Store, user: str, clock: Clock) -> words.Way:
    known = await store.journeys.of(first_week().key, user)
    member = await store.members.member(user) or Member(id=user)
    steps = await store.journeys.steps(known) if known else ()
    return words.Way(now=clock.now(), zone=member.zone, enrolment=known, steps=steps)


async def did(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A person pressed "Done" on a lesson, or on the recall of its task."""
    async with work() as store:
        at = clock.now()
        enrolment, step = await journeys.do(store.journeys, number(action.get("value")), by=actor.id, at=at)
        await store.tell(notices.changed(enrolment, [step]), at=at)
    await ack()


async def skipped(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A person pressed "Skip": this task is not for them."""
    async with work() as store:
        at = clock.now()
        enrolment, step = await journeys.skip(store.journeys, number(action.get("value")), by=actor.id, at=at)
        await store.tell(notices.changed(enrolment, [step]), at=at)
    await ack()


async def asked(
    ack: AsyncAck,
    action: Json,
    client: AsyncWebClient,
    body: Json,
    house: House,
    actor: Actor,
    work: Work,
    clock: Clock,
) -> None:
    """A person pressed "Ask a mentor" in a lesson: the form knows what it is about."""
    async with work() as store:
        _, step = await journeys.touch(
            store.journeys, number(action.get("value")), by=actor.id, at=clock.now()
        )
    await ack()
    lesson = find_lesson(step.lesson)
    show_form(house, client, body, topic=lesson.topic if lesson else "")


async def opened_tell(ack: AsyncAck, client: AsyncWebClient, body: Json, house: House, actor: Actor) -> None:
    """A person pressed "Tell us about your race" in day 1."""
    await ack()

    async def build(store: Store) -> Json:
        known = await store.journeys.of(first_week().key, actor.id)
        member = await store.members.member(actor.id) or Member(id=actor.id)
        return words.tell_form(member, known.goal if known else "")

    open_form(house, client, body, build, lambda: words.tell_form(Member(id=actor.id), ""))


async def submitted_tell(ack: AsyncAck, view: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A person said where they run, for what, how far they are, and what they want to reach."""
    goal = journeys.check_goal(entered(view, "goal"))
    profile = entered_profile(view)
    async with work() as store:
        at = clock.now()
        await store.members.describe(actor.id, **profile)
        known = await journeys.set_goal(store.journeys, first_week(), actor.id, goal, at=at)
        if known is not None:
            steps = [step for step in await store.journeys.steps(known) if step.day == 1]
            await store.tell(notices.changed(known, steps), at=at)
    await ack()


async def paused(
    ack: AsyncAck, body: Json, client: AsyncWebClient, house: House, actor: Actor, work: Work, clock: Clock
) -> None:
    """A person pressed "Pause"."""
    way = await _pause(work, actor.id, clock)
    await ack()
    _show_again(house, body, client, way)


async def resumed(
    ack: AsyncAck, body: Json, client: AsyncWebClient, house: House, actor: Actor, work: Work, clock: Clock
) -> None:
    """A person pressed "Resume"."""
    way = await _resume(work, actor.id, clock)
    await ack()
    _show_again(house, body, client, way)


async def restarted(
    ack: AsyncAck, body: Json, client: AsyncWebClient, house: House, actor: Actor, work: Work, clock: Clock
) -> None:
    """A person pressed "Restart" and confirmed it."""
    async with work() as store:
        at = clock.now()
        before = await store.journeys.of(first_week().key, actor.id)
        earlier = await store.journeys.steps(before) if before else ()
        known = await journeys.restart(store.journeys, store.members, first_week(), actor.id, at=at)
        await store.tell(notices.changed(known, earlier), at=at)
        way = await _way(store, actor.id, clock)
    await ack()
    _show_again(house, body, client, way)


async def started(
    ack: AsyncAck, body: Json, client: AsyncWebClient, house: House, actor: Actor, work: Work, clock: Clock
) -> None:
    """A person pressed "Start"."""
    async with work() as store:
        await begin(store, actor.id, Came.THEMSELVES, at=clock.now())
        way = await _way(store, actor.id, clock)
    await ack()
    _show_again(house, body, client, way)


async def _pause(work: Work, user: str, clock: Clock) -> words.Way:
    async with work() as store:
        at = clock.now()
        known = await journeys.pause(store.journeys, first_week(), user, at=at)
        return await _told(store, known, user, clock)


async def _resume(work: Work, user: str, clock: Clock) -> words.Way:
    async with work() as store:
        at = clock.now()
        known = await journeys.resume(store.journeys, store.members, first_week(), user, at=at)
        return await _told(store, known, user, clock)


async def _told(store: Store, known: Enrolment, user: str, clock: Clock) -> words.Way:
    """Let every card of the round show that it was paused, or goes on."""
    way = await _way(store, user, clock)
    sent: list[Progress] = list(way.steps)
    await store.tell(notices.changed(known, sent), at=clock.now())
    return way


def _show_again(house: House, body: Json, client: AsyncWebClient, way: words.Way) -> None:
    """Where it was pressed in the answer to /journey, which only this person sees, show that anew."""
    if part(body, "container").get("is_ephemeral"):
        again = whisper(client, body, words.answer(way), instead=True)
        house.errands.start(again, what="show the journey again")
