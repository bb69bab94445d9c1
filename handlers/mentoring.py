"""Ask a mentor: everything people do with a request."""

from __future__ import annotations

import re
from functools import partial

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from community import mentoring
from community import mentoring_notices as notices
from community.clock import Clock
from community.mentoring_matching import everybody
from community.mentoring_requests import QUESTION_MOST, Draft, Policy, Rating
from community.notices import Places
from community.refusals import Incomplete, NotFound
from handlers.listening import House, Listening, May, Today, Work
from handlers.opening import open_form
from handlers.payloads import Actor, Json, actor_of, chosen, entered, number, picked_date
from handlers.turns import Turns
from messages import mentoring as words
from messages import mentoring_forms as forms
from messages import payload as p
from messages.prose import prose
from storage.database import Database
from storage.store import Store

ASK_ANYWHERE = "mentoring.ask_anywhere"
ASK_ABOUT_MESSAGE = "mentoring.ask_about_message"


def register(listen: Listening) -> None:
    """Hear everything about asking a mentor."""
    listen.command("/askmentor", asked_by_command, may=May.ANYONE)
    listen.shortcut(ASK_ANYWHERE, asked_anywhere, may=May.ANYONE)
    listen.shortcut(ASK_ABOUT_MESSAGE, asked_about_message, may=May.ANYONE)
    listen.action(words.ASK, asked_anywhere, may=May.ANYONE)
    listen.action(words.ASK_WITH, asked_with_words, may=May.ANYONE)
    listen.action(words.ASK_AGAIN, asked_again, may=May.BY_RULE)
    listen.form(forms.ASK_FORM, submitted_question, may=May.BY_RULE)
    listen.action(words.CLAIM, claimed, may=May.BY_RULE)
    listen.action(words.ACKNOWLEDGE, claimed, may=May.BY_RULE)
    listen.action(words.PASS, passed, may=May.BY_RULE)
    listen.action(words.ANSWERED, closed, may=May.BY_RULE)
    listen.action(words.SOLVED, closed, may=May.BY_RULE)
    listen.action(words.HAND_BACK, handed_back, may=May.BY_RULE)
    listen.action(words.ASK_STAFF, asked_staff, may=May.BY_RULE)
    listen.action(words.ASSIGN, opened_assign, may=May.STAFF)
    listen.form(forms.ASSIGN_FORM, assigned, may=May.STAFF)
    listen.action(words.STILL_ON_IT, still_on_it, may=May.BY_RULE)
    listen.action(words.CANCEL, cancelled, may=May.BY_RULE)
    listen.action(words.ADD_DETAILS, opened_details, may=May.BY_RULE)
    listen.form(forms.DETAILS_FORM, submitted_details, may=May.BY_RULE)
    listen.action(words.REOPEN, reopened, may=May.BY_RULE)
    listen.action(re.compile(rf"^{re.escape(words.RATE)}\.(\w+)$"), rated, may=May.BY_RULE)
    listen.action(words.RATE_TEXT, opened_rating_text, may=May.BY_RULE)
    listen.form(forms.RATING_FORM, submitted_rating_text, may=May.BY_RULE)
    listen.action(words.OPEN_CONVERSATION, followed_link, may=May.ANYONE)


def show_form(
    house: House, client: AsyncWebClient, body: Json, question: str = "", *, topic: str = "", by: str = ""
) -> None:
    """Open the question form with the person's own state and office filled in.

    `by` is who wrote the words, if not the person who asks.
    """
    draft = Draft(question=question[:QUESTION_MOST], topic=topic, state=None)
    form = partial(forms.ask_form, cut=len(question) > QUESTION_MOST, by=by)

    async def build(store: Store) -> Json:
        member = await store.members.member(actor_of(body).id)
        if member is None:
            return form(draft)
        return form(Draft(question=draft.question, topic=topic, state=member.state, office=member.office))

    open_form(house, client, body, build, lambda: form(draft))


async def asked_by_command(
    ack: AsyncAck, command: Json, client: AsyncWebClient, body: Json, house: House
) -> None:
    """A person typed /askmentor, with or without their question behind it."""
    text = p.as_typed(command.get("text") or "").strip()
    if text.casefold().rstrip("?!.") in {"help", "--help", "-h"}:
        await ack(text=prose("help_askmentor"), response_type="ephemeral")
        return
    await ack()
    show_form(house, client, body, text)


async def asked_anywhere(ack: AsyncAck, client: AsyncWebClient, body: Json, house: House) -> None:
    """A person pressed "Ask a mentor" on their Home tab, in a lesson, or in the shortcuts menu."""
    await ack()
    show_form(house, client, body)


async def asked_about_message(
    ack: AsyncAck, shortcut: Json, client: AsyncWebClient, body: Json, house: House
) -> None:
    """A person chose "Ask a mentor" in a message's menu."""
    await ack()
    message = shortcut.get("message") or {}
    by = message.get("user") or ""
    by = "" if by == actor_of(body).id else by
    show_form(house, client, body, p.as_typed(message.get("text") or ""), by=by)


async def asked_with_words(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House
) -> None:
    """A person wrote to the app and pressed the button under its reply."""
    await ack()
    show_form(house, client, body, action.get("value") or "")


async def asked_again(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House, actor: Actor
) -> None:
    """An asker wants to ask a question once more, perhaps in other words."""
    await ack()

    async def build(store: Store) -> Json:
        request = await store.mentoring.get(number(action.get("value")))
        if request is None or request.asker != actor.id:
            raise NotFound
        return forms.ask_form(
            Draft(
                question=request.question,
                topic=request.topic,
                state=request.state,
                office=request.office,
                race=request.race,
                private=request.private,
            )
        )

    open_form(house, client, body, build, lambda: forms.ask_form(Draft(question="", topic="", state=None)))


async def submitted_question(
    ack: AsyncAck,
    view: Json,
    actor: Actor,
    work: Work,
    clock: Clock,
    today: Today,
    policy: Policy,
) -> None:
    """A person pressed "Ask" in the form: the question is kept, and everything else follows from that."""
    draft = Draft(
        question=entered(view, "question"),
        topic=entered(view, "topic"),
        state=entered(view, "state") or None,
        office=entered(view, "office") or None,
        race=str(view.get("private_metadata") or ""),
        needed_by=picked_date(view, "needed_by"),
        private=forms.PRIVATE in chosen(view, "private"),
    )
    async with work(meet=False) as store:
        # Their own day matters for the day by which they need an answer, and for nothing else.
        member = await store.members.member(actor.id) if draft.needed_by else None
        await mentoring.ask(
            store.mentoring, actor.id, draft, at=clock.now(), today=today(member), policy=policy
        )
    await ack()


async def claimed(
    ack: AsyncAck,
    action: Json,
    actor: Actor,
    database: Database,
    work: Work,
    clock: Clock,
    policy: Policy,
    turns: Turns,
) -> None:
    """A mentor pressed "Claim", or staff took a request on: who won is kept, and the rest follows from it."""
    asked = number(action.get("value"))
    async with turns.behind_the_first(asked) as first:
        if not first:
            async with database.reading() as store:
                await mentoring.may_claim(store.mentoring, asked, by=actor.id)
        async with work(meet=False) as store:
            await mentoring.claim(store.mentoring, asked, by=actor.id, at=clock.now(), policy=policy)
    await ack()


async def passed(
    ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock, places: Places, policy: Policy
) -> None:
    """A mentor pressed "Pass" on an offer."""
    async with work() as store:
        at = clock.now()
        step = await mentoring.pass_on(
            store.mentoring, number(action.get("value")), by=actor.id, at=at, policy=policy
        )
        offers = await store.mentoring.offers(step.request.id)
        await store.tell(notices.widened(step.request, step.offers, offers, places), at=at)
    await ack()


async def closed(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A mentor pressed "Answered", an asker "That solved it", or staff "Close"."""
    async with work() as store:
        at = clock.now()
        request = await mentoring.close(
            store.mentoring, store.members, number(action.get("value")), by=actor.id, at=at
        )
        await store.tell(notices.closed(request, await store.mentoring.offers(request.id)), at=at)
    await ack()


async def handed_back(
    ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock, places: Places, policy: Policy
) -> None:
    """The holder, or staff for them, pressed "Hand back"."""
    async with work() as store:
        at = clock.now()
        asked = number(action.get("value"))
        before = await store.mentoring.hold_still(asked)
        step = await mentoring.hand_back(
            store.mentoring, store.members, asked, by=actor.id, at=at, policy=policy
        )
        offers = await store.mentoring.offers(asked)
        holder = (before.holder if before else None) or actor.id
        await store.tell(notices.handed_back(step.request, step.offers, offers, places, holder=holder), at=at)
    await ack()


async def asked_staff(
    ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock, places: Places
) -> None:
    """The holder pressed "Ask staff for help"."""
    async with work() as store:
        at = clock.now()
        request = await mentoring.ask_staff(store.mentoring, number(action.get("value")), by=actor.id, at=at)
        offers = await store.mentoring.offers(request.id)
        await store.tell(notices.staff_asked(request, offers, places), at=at)
    await ack()


async def opened_assign(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House
) -> None:
    """Staff pressed "Assign…" on a request that nobody has claimed."""
    await ack()
    asked = number(action.get("value"))

    async def build(store: Store) -> Json:
        request = await store.mentoring.get(asked)
        if request is None:
            raise NotFound
        now = house.clock.now()
        ranked = everybody(request, await store.mentoring.standings(), now=now)
        names = await store.members.names([each.profile.user for each in ranked])
        return forms.assign_form(
            asked,
            [
                forms.Fit(
                    mentor=each.profile.user,
                    name=names.get(each.profile.user) or each.profile.user,
                    covers=request.state in each.profile.states,
                    held=each.held,
                    capacity=each.profile.capacity,
                    away=each.profile.away(now),
                )
                for each in ranked
            ],
        )

    open_form(house, client, body, build, lambda: forms.loading("Assign"))


async def assigned(ack: AsyncAck, view: Json, actor: Actor, work: Work, clock: Clock, policy: Policy) -> None:
    """Staff chose a mentor for a request."""
    mentor = entered(view, "mentor")
    if not mentor:
        raise Incomplete({"mentor": "missing"})
    async with work() as store:
        at = clock.now()
        request = await mentoring.assign(
            store.mentoring,
            store.members,
            number(view.get("private_metadata")),
            mentor=mentor,
            by=actor.id,
            at=at,
            policy=policy,
        )
        await store.tell(notices.assigned(request, by=actor.id), at=at)
    await ack()


async def still_on_it(
    ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock, policy: Policy
) -> None:
    """A holder who was nudged pressed "Yes, today"."""
    async with work() as store:
        at = clock.now()
        request = await mentoring.still_on_it(
            store.mentoring, number(action.get("value")), by=actor.id, at=at, policy=policy
        )
        await store.tell(notices.changed(request, await store.mentoring.offers(request.id)), at=at)
    await ack()


async def cancelled(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """The asker pressed "Cancel" and confirmed it."""
    async with work() as store:
        at = clock.now()
        request = await mentoring.cancel(store.mentoring, number(action.get("value")), by=actor.id, at=at)
        await store.tell(notices.cancelled(request, await store.mentoring.offers(request.id)), at=at)
    await ack()


async def opened_details(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House, actor: Actor
) -> None:
    """The asker pressed "Add details"."""
    await ack()
    asked = number(action.get("value"))

    async def build(store: Store) -> Json:
        await mentoring.may_add_details(store.mentoring, asked, by=actor.id)
        return forms.details_form(asked)

    open_form(house, client, body, build, lambda: forms.details_form(asked))


async def submitted_details(ack: AsyncAck, view: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """The asker added something to the question."""
    async with work() as store:
        at = clock.now()
        text = entered(view, "details").strip()
        request = await mentoring.add_details(
            store.mentoring, number(view.get("private_metadata")), by=actor.id, text=text, at=at
        )
        offers = await store.mentoring.offers(request.id)
        await store.tell(notices.details_added(request, offers, added=len(text)), at=at)
    await ack()


async def reopened(
    ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock, places: Places, policy: Policy
) -> None:
    """The asker or the mentor pressed "Re-open"."""
    async with work() as store:
        at = clock.now()
        step = await mentoring.reopen(
            store.mentoring, store.members, number(action.get("value")), by=actor.id, at=at, policy=policy
        )
        offers = await store.mentoring.offers(step.request.id)
        await store.tell(notices.reopened(step.request, step.offers, offers, places, by=actor.id), at=at)
    await ack()


async def rated(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """The asker pressed one of the three grades."""
    try:
        grade = Rating(action["action_id"].removeprefix(f"{words.RATE}."))
    except ValueError:
        raise NotFound from None
    async with work() as store:
        at = clock.now()
        request = await mentoring.rate(
            store.mentoring, number(action.get("value")), by=actor.id, rating=grade, at=at
        )
        await store.tell(notices.changed(request, await store.mentoring.offers(request.id)), at=at)
    await ack()


async def opened_rating_text(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House
) -> None:
    """The asker pressed "Say why"."""
    await ack()
    asked = number(action.get("value"))

    async def build(_store: Store) -> Json:
        return forms.rating_form(asked)

    open_form(house, client, body, build, lambda: forms.rating_form(asked))


async def submitted_rating_text(ack: AsyncAck, view: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """The asker said why an answer helped, or did not."""
    async with work() as store:
        at = clock.now()
        request = await mentoring.rate(
            store.mentoring,
            number(view.get("private_metadata")),
            by=actor.id,
            text=entered(view, "why"),
            at=at,
        )
        await store.tell(notices.changed(request, await store.mentoring.offers(request.id)), at=at)
    await ack()


async def followed_link(ack: AsyncAck) -> None:
    """A person followed a link button; Slack opened it, nothing is left to do."""
    await ack()
