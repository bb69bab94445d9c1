"""The notes about a request that are said once: handed back, re-opened, nudged."""

from __future__ import annotations

from community.mentoring_matching import Circle
from community.mentoring_requests import Request, Status
from messages import members as member_words
from messages import mentoring as words
from messages import payload as p
from messages.prose import prose


def _note(text: str, *blocks: p.Block) -> p.Payload:
    return p.message(text, [p.section(text), *blocks])


def handed_back(request: Request, *, holder: str, released: bool) -> p.Payload:
    """Tell the asker that their mentor let go, and that others are asked."""
    why = "could not get to it" if released else "handed it back"
    text = (
        f"{words.who(holder)} {why}, so {words.reference(request)} is open again and we are asking others. "
        "You do not have to do anything."
    )
    return _note(text)


def released(request: Request) -> p.Payload:
    """Tell a silent holder that somebody else is asked now."""
    return _note(
        f"We have not seen a word from you on {words.reference(request)}, so others are asked now. "
        "No harm done: it happens to everybody.",
        p.actions(p.button("I'm away until…", words.AWAY)),
    )


def reopened(request: Request, *, by: str) -> p.Payload:
    """Tell the other side that it goes on."""
    where = " It goes on in your conversation." if request.conversation else ""
    return _note(f"{words.who(by)} re-opened {words.reference(request)} ({words.subject(request)}).{where}")


def details(request: Request, *, upto: int, added: int) -> p.Payload:
    """Show in the conversation what the asker added: the last `added` of `upto` characters."""
    latest = request.details[max(0, upto - added) : upto]
    text = f"{words.who(request.asker)} added to {words.reference(request)}:"
    return p.message(text, [p.section(text), *p.typed(latest)])


def cancelled(request: Request) -> p.Payload:
    """Tell the holder that the asker took it back."""
    return _note(
        f"{words.who(request.asker)} took {words.reference(request)} back. There is nothing left to do."
    )


def asker_left(request: Request) -> p.Payload:
    """Tell the holder that nobody waits for the answer any more."""
    return _note(
        f"{words.who(request.asker)} has left the workspace, so {words.reference(request)} is closed. "
        "There is nothing left to do."
    )


def widened(request: Request, *, circle: str, asked: int) -> p.Payload:
    """Tell the asker, calmly, that more people are asked."""
    if circle == Circle.STAFF:
        return _note(f"{words.reference(request)}: our staff is now finding somebody for you.")
    return _note(
        f"{words.reference(request)}: we have asked {words.more_people(asked)}. "
        "You do not have to do anything."
    )


def reminder(request: Request) -> p.Payload:
    """Remind staff of a request that is theirs."""
    named = f"{words.reference(request)} ({words.subject(request)})"
    if request.over:
        return _note(f"{named}: {words.state_line(request)}")
    if request.status is Status.CLAIMED:
        return _note(
            f"{words.who(request.holder)} has {named}. Is it settled? "
            "Its card in this channel has *Close* and *Hand back*."
        )
    button = "I have this" if request.safety else "I'll take it"
    return _note(f"{named} still waits for one of you. Its card in this channel has *{button}*.")


def nudge(request: Request, *, claim: int, nth: int, link: words.Link) -> p.Payload:
    """Ask the silent holder of this claim whether they are still on it; `nth` is which reminder it is."""
    if request.status is not Status.CLAIMED or request.claims != claim:
        return _note(f"{words.reference(request)}: {words.state_line(request)}")
    if request.answered_at is not None:
        return _note(f"{words.reference(request)}: you are talking to each other. Thank you.")
    if request.nudged_at is None or request.reminders != nth:
        return _note(f"You said that you are still on {words.reference(request)}. Thank you.")
    return _note(
        f"Still on {words.reference(request)}? {words.who(request.asker)} has not heard from you yet.",
        p.actions(
            words.open_button(link),
            p.button("Yes, today", words.STILL_ON_IT, request.id),
            p.button("Hand back", words.HAND_BACK, request.id),
        ),
    )


def check_in(request: Request, *, claim: int, nth: int) -> p.Payload:
    """Ask the asker whether it is solved, before it is closed; `nth` is which reminder it is."""
    number = words.reference(request)
    if request.over:
        return _note(f"{number} is closed.")
    if request.status is Status.OPEN:
        return _note(f"{number} is open again, and we are asking others.")
    if request.nudged_at is None or request.claims != claim or request.reminders != nth:
        return _note(f"{number} goes on: {words.who(request.holder)} has your question.")
    return _note(
        f"Did {words.who(request.holder)} answer {words.reference(request)}? "
        "Without a word from you it will be closed in a few days; you can always re-open it.",
        p.actions(p.button("That solved it", words.SOLVED, request.id, style="primary")),
    )


def assigned(request: Request, *, by: str) -> p.Payload:
    """Tell a mentor that staff chose them."""
    return _note(
        f"{words.who(by)} from our staff asks you to take {words.reference(request)} "
        f"({words.subject(request)}). Your card follows; *Hand back* is there if you cannot."
    )


def resources(request: Request) -> p.Payload:
    """Give the asker something to go on with while nobody has claimed the question."""
    text = f"We are still finding somebody for {words.reference(request)}. Until then, this may help:"
    return p.message(text, [p.section(text), p.section(prose(f"resources/{request.topic}"))])


def rested(*, away: bool) -> p.Payload:
    """Tell a mentor who let several offers pass in silence that they are left alone now."""
    if not away:
        return _note("You are back. Questions that fit you come to you again.")
    return _note(
        "The last questions we brought you found you busy, so we leave you alone until you say so. "
        "That is fine: campaigns have seasons, and so do people.",
        p.actions(p.button("I'm back", member_words.BACK, style="primary")),
    )
