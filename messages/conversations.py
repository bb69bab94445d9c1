"""What the app answers to people who write to it."""

from __future__ import annotations

from messages import payload as p
from messages.mentoring import ASK, ASK_WITH

REPLY = "conversations:reply"
"""What the keys of the answers begin with."""


def reply(typed: str, *, announced_by: str = "") -> p.Payload:
    """Answer a message to the app: nobody reads along here, but a mentor is one press away.

    `announced_by` names who announced what the message replies to.
    """
    write = f"To answer <@{announced_by}>, write to them directly. " if announced_by else ""
    text = (
        f"I'm an app, so nobody reads what you write here. {write}"
        "But I can take it to a mentor who knows your state: press the button, or type `/askmentor`. "
        "`/races` shows what is elected where you live, and by when to file."
    )
    kept = p.shorten(typed.strip(), p.VALUE_MOST)
    ask = p.button("Ask a mentor", ASK_WITH, kept, style="primary") if kept else p.button("Ask a mentor", ASK)
    return p.message(text, [p.section(text), p.actions(ask)])
