"""What the app answers to people who write to it."""

from __future__ import annotations

from messages import payload as p
from messages.mentoring import ASK, ASK_WITH


def reply(typed: str) -> p.Payload:
    """Answer a message to the app: nobody reads along here, but a mentor is one press away."""
    text = (
        "I'm an app, so nobody reads what you write here. "
        "But I can take it to a mentor who knows your state: press the button, or type `/askmentor`. "
        "What is elected where you live, and by when to file, shows `/races`."
    )
    kept = p.shorten(typed.strip(), p.VALUE_MOST)
    ask = p.button("Ask a mentor", ASK_WITH, kept, style="primary") if kept else p.button("Ask a mentor", ASK)
    return p.message(text, [p.section(text), p.actions(ask)])
