"""What people write: the mentor's first words in a conversation, and messages to the app itself."""

from __future__ import annotations

import secrets

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from community import mentoring
from community import mentoring_notices as notices
from community.clock import Clock
from community.deliveries import EVENT_TYPE
from community.mentoring_requests import Policy
from handlers.listening import House, Listening, May, Work
from handlers.payloads import Actor, Json
from messages import conversations as words
from messages import payload as p

SPOKEN = frozenset({None, "", "file_share", "me_message", "thread_broadcast"})
"""The kinds of message in which a person says something; all others report what happened to one.

Source: docs.slack.dev/reference/events/message, "Message subtypes".
"""
SLACKBOT = "USLACKBOT"


def register(listen: Listening) -> None:
    """Hear messages; what the app does not act on is acknowledged all the same."""
    listen.event("message", wrote, may=May.ANYONE)


async def wrote(
    ack: AsyncAck,
    event: Json,
    client: AsyncWebClient,
    actor: Actor,
    house: House,
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
        thread = event.get("thread_ts")
        announced_by = ""
        # One transaction with the note that it was heard: a redelivery is neither answered nor counted.
        async with work() as store:
            below = await store.announcements.answered(actor.id, channel, thread) if thread else None
            if below is not None:
                announced_by = below.author
                await store.announcements.replied(below.id, actor.id, at=clock.now())
        typed = words.reply(p.as_typed(event.get("text") or ""), announced_by=announced_by)
        house.errands.start(_reply(client, channel, thread, typed), what="reply to a message")
    await ack()


async def _reply(client: AsyncWebClient, channel: str, thread: str | None, said: p.Payload) -> None:
    # Like every post of the app it carries an id, so that none of them can be taken for a lost delivery.
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"id": secrets.token_urlsafe(16)}}
    await client.chat_postMessage(channel=channel, thread_ts=thread, metadata=metadata, **said)
