"""People and mentors: profiles, signing up, being away, approval, and what Slack says of accounts."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from slack_bolt.async_app import AsyncAck, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from community import members as rules
from community import members_notices as notices
from community.clock import Clock
from community.journeys_steps import Came
from community.members import Member, MentorKind, MentorProfile
from community.mentoring_leaving import let_go
from community.notices import Places
from community.offices import Office, find_office
from community.refusals import Incomplete, NotAllowed
from community.states import find_state
from community.typed_days import typed_day
from handlers.journeys_start import begin, follow
from handlers.listening import House, Listening, May, Today, Work
from handlers.opening import open_form
from handlers.payloads import Actor, Json, chosen, entered, part, picked_date
from messages import members as words
from messages.prose import prose
from storage.members import account_of
from storage.store import Store

Away = tuple[MentorProfile, list[int]]
"""A mentor's profile, and the numbers of the requests that were handed back because they are away."""


def register(listen: Listening) -> None:
    """Hear everything about people and what mentors offer."""
    listen.command("/mentor", typed_mentor, may=May.ANYONE)
    listen.action(words.EDIT_MENTOR, opened_mentor_form, may=May.ANYONE)
    listen.form(words.MENTOR_FORM, submitted_mentor, may=May.ANYONE)
    listen.action(words.AWAY, opened_away_form, may=May.BY_RULE)
    listen.form(words.AWAY_FORM, submitted_away, may=May.BY_RULE)
    listen.action(words.BACK, came_back, may=May.BY_RULE)
    listen.action(words.APPROVE, approved, may=May.BY_RULE)
    listen.action(words.DECLINE, declined, may=May.BY_RULE)
    listen.action(words.EDIT_PROFILE, opened_profile, may=May.ANYONE)
    listen.form(words.PROFILE_FORM, submitted_profile, may=May.ANYONE)
    listen.action(words.NAME_STAFF, opened_staff, may=May.STAFF)
    listen.form(words.STAFF_FORM, submitted_staff, may=May.STAFF)
    listen.event("team_join", account_changed, may=May.ANYONE)
    listen.event("user_change", account_changed, may=May.ANYONE)
    listen.event("member_joined_channel", joined_channel, may=May.ANYONE)


async def typed_mentor(
    ack: AsyncAck,
    command: Json,
    client: AsyncWebClient,
    body: Json,
    house: House,
    actor: Actor,
    work: Work,
    clock: Clock,
    today: Today,
) -> None:
    """A person typed /mentor, alone or with "away", "back" or "help"."""
    said = (command.get("text") or "").split()
    verb = said[0].casefold() if said else ""
    if verb == "back":
        profile, _ = await _set_away(house, work, actor.id, None)
        await ack(text=words.away_said(profile, clock.now()), response_type="ephemeral")
    elif verb == "away" and len(said) > 1:
        async with house.database.reading() as store:
            member = await store.members.member(actor.id)
        there = today(member)
        try:
            until = rules.check_away(typed_day(" ".join(said[1:]), today=there), there)
        except Incomplete as found:
            await ack(text=words.away_not(found.problems["until"], there), response_type="ephemeral")
            return
        profile, back = await _set_away(house, work, actor.id, _morning_of(until, member))
        await ack(text=words.away_said(profile, clock.now(), handed_back=back), response_type="ephemeral")
    elif verb == "away":
        await ack()
        _show_away_form(house, client, body, actor.id, today)
    elif verb == "":
        await ack()
        _show_mentor_form(house, client, body, actor.id)
    else:
        await ack(text=prose("help_mentor"), response_type="ephemeral")


async def _set_away(house: House, work: Work, user: str, until: datetime | None) -> Away:
    async with work() as store:
        return await _away_in(store, house, user, until)


async def _away_in(store: Store, house: House, user: str, until: datetime | None) -> Away:
    at = house.clock.now()
    profile = await rules.set_away(store.members, user, until=until)
    await store.tell(notices.changed(profile), at=at)
    # Whoever rests holds nothing: those who asked would wait for somebody who is not there.
    return profile, await _let_go(store, house, user) if profile.away(at) else []


async def _let_go(store: Store, house: House, user: str) -> list[int]:
    at = house.clock.now()
    said, back = await let_go(store.mentoring, user, at=at, policy=house.policy, places=house.places)
    await store.tell(said, at=at)
    return back


def _morning_of(day: date, member: Member | None) -> datetime:
    """Give the first moment of that day where the person is."""
    zone = member.zone if member and member.zone else "America/New_York"
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone))


def _show_mentor_form(house: House, client: AsyncWebClient, body: Json, user: str) -> None:
    async def build(store: Store) -> Json:
        return words.mentor_form(await store.members.mentor(user))

    open_form(house, client, body, build, lambda: words.mentor_form(None))


async def opened_mentor_form(
    ack: AsyncAck, client: AsyncWebClient, body: Json, house: House, actor: Actor
) -> None:
    """A person pressed "Become a mentor" or "Edit" on their Home tab."""
    await ack()
    _show_mentor_form(house, client, body, actor.id)


async def submitted_mentor(
    ack: AsyncAck, view: Json, actor: Actor, work: Work, clock: Clock, places: Places
) -> None:
    """A person sent the form of what they offer as a mentor."""
    states, topics, offices, capacity = rules.check_profile(
        states=chosen(view, "states"),
        topics=chosen(view, "topics"),
        offices=chosen(view, "offices"),
        capacity=entered(view, "capacity"),
    )
    kind = entered(view, "kind")
    wish = MentorProfile(
        user=actor.id,
        kind=MentorKind(kind) if kind in set(MentorKind) else MentorKind.OPERATIVE,
        states=states,
        topics=topics,
        offices=offices,
        capacity=capacity,
        against=chosen(view, "against") - {actor.id},
    )
    async with work() as store:
        at = clock.now()
        profile, waits = await rules.sign_up(store.members, wish, at=at)
        time_asked = (
            await store.members.asked_staff(actor.id)
            if waits
            else await store.members.times_asked_staff(actor.id)
        )
        staff = [member.id for member in await store.members.staff()]
        await store.tell(notices.signed_up(profile, places, staff, waits=waits, time_asked=time_asked), at=at)
    await ack()


def _show_away_form(house: House, client: AsyncWebClient, body: Json, user: str, today: Today) -> None:
    async def build(store: Store) -> Json:
        member = await store.members.member(user)
        if await store.members.mentor(user) is None:
            raise NotAllowed("a mentor")
        return words.away_form(tomorrow=today(member) + timedelta(days=1))

    open_form(house, client, body, build, lambda: words.away_form(tomorrow=today(None) + timedelta(days=1)))


async def opened_away_form(
    ack: AsyncAck, client: AsyncWebClient, body: Json, house: House, actor: Actor, today: Today
) -> None:
    """A mentor pressed "I'm away until…"."""
    await ack()
    _show_away_form(house, client, body, actor.id, today)


async def submitted_away(
    ack: AsyncAck, view: Json, actor: Actor, house: House, work: Work, today: Today
) -> None:
    """A mentor said until when to be left alone."""
    until = picked_date(view, "until")
    async with work() as store:
        member = await store.members.member(actor.id)
        until = rules.check_away(until, today(member))
        await _away_in(store, house, actor.id, _morning_of(until, member))
    await ack()


async def came_back(ack: AsyncAck, actor: Actor, house: House, work: Work) -> None:
    """A mentor who was away pressed "I'm back"."""
    await _set_away(house, work, actor.id, None)
    await ack()


async def approved(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """Staff pressed "Approve"."""
    await _decide(work, action, actor, clock, approve=True)
    await ack()


async def declined(ack: AsyncAck, action: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """Staff pressed "Decline" and confirmed it."""
    await _decide(work, action, actor, clock, approve=False)
    await ack()


async def _decide(work: Work, action: Json, actor: Actor, clock: Clock, *, approve: bool) -> None:
    async with work() as store:
        at = clock.now()
        profile = await rules.decide(
            store.members, str(action.get("value") or ""), approve=approve, by=actor.id, at=at
        )
        time_asked = await store.members.times_asked_staff(profile.user)
        staff = [member.id for member in await store.members.staff()]
        await store.tell(notices.decided(profile, staff, time_asked=time_asked), at=at)


async def opened_profile(
    ack: AsyncAck, client: AsyncWebClient, body: Json, house: House, actor: Actor
) -> None:
    """A person pressed "Edit profile" on their Home tab."""
    await ack()

    async def build(store: Store) -> Json:
        return words.profile_form(await store.members.member(actor.id) or Member(id=actor.id))

    open_form(house, client, body, build, lambda: words.profile_form(Member(id=actor.id)))


async def submitted_profile(ack: AsyncAck, view: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """A person said where they run, for what, and how far they are."""
    profile = entered_profile(view)
    async with work() as store:
        await store.members.describe(actor.id, **profile)
        await store.tell(notices.changed_profile(actor.id), at=clock.now())
    await ack()


def entered_profile(view: Json) -> dict[str, object]:
    """Read state, office and stage from a form; raises Incomplete for what is none of ours."""
    state, office, stage = (entered(view, name) for name in ("state", "office", "stage"))
    problems = {}
    if state and find_state(state) is None:
        problems["state"] = "unknown"
    if office and find_office(office) is None:
        problems["office"] = "unknown"
    if stage and stage not in set(rules.Stage):
        problems["stage"] = "unknown"
    if problems:
        raise Incomplete(problems)
    return {"state": state or None, "office": Office(office) if office else None, "stage": stage or None}


async def opened_staff(ack: AsyncAck, client: AsyncWebClient, body: Json, house: House, actor: Actor) -> None:
    """Staff pressed "Staff…" on their Home tab."""
    await ack()

    async def build(store: Store) -> Json:
        return words.staff_form(member.id for member in await store.members.staff())

    open_form(house, client, body, build, lambda: words.staff_form([actor.id]))


async def submitted_staff(ack: AsyncAck, view: Json, actor: Actor, work: Work, clock: Clock) -> None:
    """Staff said who is staff."""
    wanted = chosen(view, "staff")
    async with work() as store:
        at = clock.now()
        before = frozenset(member.id for member in await store.members.staff())
        named, released = rules.check_staff(before, wanted, by=actor.id)
        for user in sorted(named):
            await store.members.add_roles(user, rules.Role.STAFF, at=at)
        for user in sorted(released):
            await store.members.remove_role(user, rules.Role.STAFF)
        await store.tell(notices.named_staff(named, released, at=at), at=at)
    await ack()


async def account_changed(ack: AsyncAck, event: Json, house: House, work: Work, clock: Clock) -> None:
    """A person joined the workspace, changed their profile or zone, or left."""
    account = account_of(part(event, "user"))
    if account is not None:
        async with work() as store:
            at = clock.now()
            for gone in await store.members.learn([account], at=at):
                await _let_go(store, house, gone)
            if event.get("type") == "team_join":
                await begin(store, account.id, Came.WORKSPACE, at=at)
            await follow(store, account.id, at=at)
    await ack()


async def joined_channel(
    ack: AsyncAck,
    event: Json,
    actor: Actor,
    context: AsyncBoltContext,
    work: Work,
    clock: Clock,
    places: Places,
) -> None:
    """A person joined a channel that the app is in; from now on the app knows them."""
    if actor.id != context.bot_user_id:
        async with work() as store:
            if places.community and event.get("channel") == places.community:
                await begin(store, actor.id, Came.CHANNEL, at=clock.now())
    await ack()
