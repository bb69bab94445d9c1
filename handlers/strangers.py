"""What no other listener knows: buttons and commands from before an upgrade, and events nobody asked for.

Slack would repeat an event that gets no answer, and leave the person in front of a dead button.
"""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncAck

from community.refusals import NotFound
from handlers.listening import Listening, May
from messages.prose import prose

ANYTHING = re.compile(r".*", re.DOTALL)


def register(listen: Listening) -> None:
    """Hear what is left; Bolt runs the first listener that fits, so this comes last."""
    listen.command(ANYTHING, typed_unknown, may=May.ANYONE)
    listen.options(ANYTHING, asked_for_choices, may=May.ANYONE)
    listen.action(ANYTHING, pressed_unknown, may=May.ANYONE)
    listen.form(ANYTHING, submitted_unknown, may=May.ANYONE)
    listen.shortcut(ANYTHING, pressed_unknown, may=May.ANYONE)
    listen.event(ANYTHING, happened_unknown, may=May.ANYONE)


async def typed_unknown(ack: AsyncAck) -> None:
    """A person typed a command that this version no longer knows, or does not know yet."""
    await ack(text=prose("help_askmentor"), response_type="ephemeral")


async def asked_for_choices(ack: AsyncAck) -> None:
    """A person types into a list that this version no longer fills."""
    await ack(options=[])


async def pressed_unknown() -> None:
    """A person pressed a button that this version no longer knows."""
    raise NotFound


async def submitted_unknown() -> None:
    """A person submitted a form that this version no longer knows."""
    raise NotFound


async def happened_unknown(ack: AsyncAck) -> None:
    """Something happened that the app has no interest in."""
    await ack()
