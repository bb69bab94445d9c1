"""Saying one thing privately to whoever acted, by every way that there is, and showing them a view.

Nothing here raises: whoever waits for an answer has to get one, or a sentence, whatever the network does. And
nothing here is durable: a private answer that no way took is written to the log and not tried again.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from community.deliveries import EVENT_TYPE
from community.slack_errors import error_code
from handlers.payloads import Body, Json, actor_of, part, place_of
from messages import payload as p
from messages.refusals import STALE

log = structlog.get_logger(__name__)

_Way = Callable[[], Awaitable[None]]

_UNCLEAR = frozenset(
    {"fatal_error", "internal_error", "rate_limited", "ratelimited", "request_timeout", "service_unavailable"}
)
"""What Slack answers when it is not the view that is wrong."""


class Shown(Enum):
    """What became of showing something in a view that was open. `LOST`: Slack did not say, or not clearly."""

    THERE = auto()
    CLOSED = auto()
    REFUSED = auto()
    LOST = auto()


def notice(text: str) -> dict[str, Any]:
    """Give a small modal that says one thing."""
    return p.modal("Downballot", [p.section(text)])


# In words


async def whisper(client: AsyncWebClient, body: Body, said: str | Json, *, instead: bool = False) -> None:
    """Say one thing privately to whoever acted: where they acted if the app can, else by direct message.

    `said` is a sentence or a message; `instead` puts it in the place of the message that was acted on.

    Each way is tried once. One that broke without an answer may have said it all the same, and yet the next
    is tried: to read a thing twice is a blemish, to wait for it for ever is a defect. That holds for a
    refusal as much as for a look-up: without it a press looks as if nothing had happened. By the same way
    nothing is sent again: it would use up one of the five answers that an address takes.
    """
    message: Json = {"text": said} if isinstance(said, str) else said
    failed: dict[str, str] = {}
    async for name, way in _ways(client, body, message, instead=instead):
        try:
            await way()
        except Exception as fault:  # noqa: BLE001 - the network has many faults; all leave a person without it
            failed[name] = _named(fault)
            continue
        if failed:
            log.info("private answer went another way", way=name, **failed)
        return
    log.warning("private answer not said", **failed)


async def _ways(
    client: AsyncWebClient, body: Body, message: Json, *, instead: bool
) -> AsyncIterator[tuple[str, _Way]]:
    url, user, channel = body.get("response_url"), actor_of(body).id, place_of(body)

    async def by_address() -> None:
        # With no handlers, for the SDK's own would send again what a broken connection had carried already.
        address = AsyncWebhookClient(
            str(url), timeout=client.timeout, ssl=client.ssl, proxy=client.proxy, retry_handlers=[]
        )
        got = await address.send_dict({**message, "response_type": "ephemeral", "replace_original": instead})
        # A refusal raises nothing here, as it does elsewhere in the SDK.
        if got.status_code != HTTPStatus.OK:
            raise _NotTaken(got.status_code)

    async def where_they_acted() -> None:
        await client.chat_postEphemeral(channel=channel, user=user, **message)

    async def directly() -> None:
        # Like every post of the app it carries an id, so that it can never be taken for a lost delivery.
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"id": secrets.token_urlsafe(16)}}
        await client.chat_postMessage(channel=user, metadata=metadata, **message)

    if url:
        yield "response_url", by_address
    if channel:
        yield "ephemeral", where_they_acted
    yield "direct", directly


class _NotTaken(Exception):
    """The address that Slack gave for the answer did not take it."""


def _named(fault: Exception) -> str:
    """Name a fault without what it quotes: that may be the answer, or the address it was for."""
    if isinstance(fault, SlackApiError):
        return error_code(fault.response)
    return f"http_{fault.args[0]}" if isinstance(fault, _NotTaken) else type(fault).__name__


# In views


async def show(client: AsyncWebClient, body: Body, view: Json) -> str | None:
    """Open a view, on a modal on top of it; give its id, or None where it is not certain to be there."""
    on_modal = part(body, "view").get("type") == "modal"
    opening = client.views_push if on_modal else client.views_open
    try:
        opened = await opening(trigger_id=body["trigger_id"], view=view)
        return str((opened.get("view") or {}).get("id") or "")
    except Exception as fault:  # noqa: BLE001 - as above
        log.warning("view not opened", error=_named(fault))
        return None


async def change(client: AsyncWebClient, view_id: str, view: Json) -> Shown:
    """Show something else in a view that is open."""
    shown = Shown.LOST
    # The same view twice is the same view: what is unclear can simply be done again.
    for _ in range(2):
        shown = await _change(client, view_id, view)
        if shown is not Shown.LOST:
            break
    return shown


async def _change(client: AsyncWebClient, view_id: str, view: Json) -> Shown:
    try:
        await client.views_update(view_id=view_id, view=view)
    except Exception as fault:  # noqa: BLE001 - as above
        error = _named(fault)
        log.info("view not updated", error=error)
        if error == "not_found":
            return Shown.CLOSED
        clear = isinstance(fault, SlackApiError) and error not in _UNCLEAR and not error.startswith("http_")
        return Shown.REFUSED if clear else Shown.LOST
    return Shown.THERE


async def put(
    client: AsyncWebClient, body: Body, view_id: str, view: Json, *, otherwise: str | Json = STALE
) -> None:
    """Show something else in a view that is open; where that fails, whoever acted is told `otherwise`.

    A view that was closed meanwhile stays closed, and who closed it waits for nothing.
    """
    if await change(client, view_id, view) in {Shown.REFUSED, Shown.LOST}:
        await whisper(client, body, otherwise)
