"""Sharing a race: shown first as it will look, then posted in the conversation that the person chose."""

from __future__ import annotations

import asyncio
from enum import StrEnum

import structlog
from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from community.deliveries import Delivery
from community.refusals import Incomplete
from community.slack_errors import error_code
from handlers.listening import House, Listening, May, Work
from handlers.opening import open_known
from handlers.payloads import Actor, Json, entered, part, place_of
from handlers.races_list import race_of_press
from messages import mentoring_forms as question_forms
from messages import races as words
from messages import races_details as details_words
from messages import races_forms as forms
from storage.store import Store

log = structlog.get_logger(__name__)

KNOWN_WITHIN = 1.5
"""Seconds that Slack gets to say whether the app is in a conversation: the form waits for it."""


def register(listen: Listening) -> None:
    """Hear that somebody shares a race."""
    listen.action(words.SHARE, opened_share, may=May.BY_RULE)
    listen.form(forms.SHARE_FORM, submitted_share, may=May.BY_RULE)


async def opened_share(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House, actor: Actor
) -> None:
    """A person pressed "Share…": they see the card and say where it goes."""
    await ack()
    channel = place_of(body) or str(part(body, "view").get("private_metadata") or "")

    async def build(store: Store) -> Json:
        race, place, look = await race_of_press(store, action, actor, house.clock)
        card = details_words.shared(race, place.zone, by=actor.id, now=house.clock.now())
        known = channel if channel.startswith(("C", "G")) else ""
        return forms.share_form(card, about=words.reference(look, race), channel=known)

    open_known(house, client, body, build, question_forms.loading("Share this race"))


class Presence(StrEnum):
    """Whether the app is in a conversation."""

    THERE = "there"
    NOT_THERE = "not there"
    UNKNOWN = "unreachable"


async def submitted_share(
    ack: AsyncAck, view: Json, client: AsyncWebClient, house: House, actor: Actor, work: Work
) -> None:
    """A person pressed "Post": it goes where they said, if the app can speak there."""
    channel = entered(view, "channel")
    if not channel:
        raise Incomplete({"channel": "missing"})
    # Asked before anything is written, so that nothing waits in a transaction for the network.
    presence = await _presence(client, channel)
    if presence is not Presence.THERE:
        raise Incomplete({"channel": presence})
    about = str(view.get("private_metadata") or "")
    async with work() as store:
        now = house.clock.now()
        race, place, _ = await race_of_press(store, {"value": about}, actor, house.clock)
        # Pressed twice it is posted once: the key is what is shared, by whom and where.
        await store.deliveries.add(
            Delivery(
                key=f"races:share:{about}:{channel}",
                to=channel,
                payload=details_words.shared(race, place.zone, by=actor.id, now=now),
            ),
            at=now,
        )
    await ack(response_action="update", view=forms.is_posted(channel))


async def _presence(client: AsyncWebClient, channel: str) -> Presence:
    try:
        async with asyncio.timeout(KNOWN_WITHIN):
            found = (await client.conversations_info(channel=channel)).get("channel") or {}
    except SlackApiError as fault:
        error = error_code(fault.response)
        log.info("conversation not seen", error=error)
        unknown = {"channel_not_found", "missing_scope", "method_not_supported_for_channel_type"}
        return Presence.NOT_THERE if error in unknown else Presence.UNKNOWN
    except Exception as fault:  # noqa: BLE001 - the network has many faults; all mean that nobody knows
        log.info("conversation not seen", error=type(fault).__name__)
        return Presence.UNKNOWN
    return Presence.THERE if found.get("is_member") else Presence.NOT_THERE
