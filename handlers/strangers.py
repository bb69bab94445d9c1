"""What no other listener knows: buttons from before an upgrade, and events nobody asked for.

Slack would repeat an event that gets no answer, and leave the person in front of a dead button.
"""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncAck

from community.refusals import NotFound
from handlers.listening import Listening, May

ANYTHING = re.compile(r".*", re.DOTALL)


def register(listen: Listening) -> None:
    """Hear what is left; Bolt runs the first listener that fits, so this comes last."""
    listen.action(ANYTHING, pressed_unknown, may=May.ANYONE)
    listen.form(ANYTHING, submitted_unknown, may=May.ANYONE)
    listen.shortcut(ANYTHING, pressed_unknown, may=May.ANYONE)
    listen.event(ANYTHING, happened_unknown, may=May.ANYONE)


async def pressed_unknown() -> None:
    """A person pressed a button that this version no longer knows."""
    raise NotFound


async def submitted_unknown() -> None:
    """A person submitted a form that this version no longer knows."""
    raise NotFound


async def happened_unknown(ack: AsyncAck) -> None:
    """Something happened that the app has no interest in."""
    await ack()
