"""What people write: the mentor's first words in a conversation, and messages to the app itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from slack_bolt.async_app import AsyncAck

from community import mentoring
from community import mentoring_notices as notices
from community.clock import Clock
from community.deliveries import Delivery
from community.mentoring_requests import Policy
from community.notices import Notices
from handlers.listening import Listening, May, Work
from handlers.payloads import Actor, Json
from messages import conversations as words
from messages import payload as p
from storage.store import Store

SPOKEN = frozenset({None, "", "file_share", "me_message", "thread_broadcast"})
"""The kinds of message in which a person says something; all others report what happened to one.

Source: docs.slack.dev/reference/events/message, "Message subtypes".
"""
SLACKBOT = "USLACKBOT"

ANSWER_WITHIN = timedelta(hours=1)
"""Later than this an answer to a message would only puzzle."""


def register(listen: Listening) -> None:
    """Hear messages; what the app does not act on is acknowledged all the same."""
    listen.event("message", wrote, may=May.ANYONE)


async def wrote(
    ack: AsyncAck,
    event: Json,
    actor: Actor,
    work: Work,
    clock: Clock,
    policy: Policy,
) -> None:
    """A person wrote something where the app reads along."""
    spoke = event.get("subtype") in SPOKEN and not event.get("bot_id") and actor.id not in {"", SLACKBOT}
    channel = str(event.get("channel") or "")
    kind = event.get("channel_type") or ("im" if channel.startswith("D") else "group")
    if spoke and kind in {"mpim", "group", "channel"}:
        async with work() as store:
            at = clock.now()
            for request in await store.mentoring.in_conversation(channel):
                answered = await mentoring.first_words(
                    store.mentoring, request, by=actor.id, at=at, policy=policy
                )
                if answered is not None:
                    offers = await store.mentoring.offers(request.id)
                    await store.tell(notices.changed(answered, offers), at=at)
    elif spoke and kind == "im":
        async with work() as store:
            at = clock.now()
            announced_by = await _announcer(store, actor, channel, event, at)
            await store.tell(Notices(add=(_reply(event, channel, at, announced_by),)), at=at)
    await ack()


async def _announcer(store: Store, actor: Actor, channel: str, event: Json, at: datetime) -> str:
    """Count a reply below an announcement, and say who announced it; "" for any other message."""
    thread = event.get("thread_ts")
    below = await store.announcements.answered(actor.id, channel, thread) if thread else None
    if below is None:
        return ""
    await store.announcements.replied(below.id, actor.id, at=at)
    return below.author


def _reply(event: Json, channel: str, at: datetime, announced_by: str) -> Delivery:
    """Owe an answer; what was typed goes with it, and is forgotten once it is sent (scheduler's part)."""
    payload = words.reply(p.as_typed(event.get("text") or ""), announced_by=announced_by)
    if event.get("thread_ts"):
        payload = {**payload, "thread_ts": event["thread_ts"]}
    key = f"{words.REPLY}:{channel}:{event.get('ts') or event.get('event_ts')}"
    return Delivery(key=key, to=channel, payload=payload, expires_at=at + ANSWER_WITHIN)
