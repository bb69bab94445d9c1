"""The sentence for each refusal: what is the matter, and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from community import events_terms as e
from community import journeys_steps as j
from community import mentoring_requests as m
from community.members import AlreadyDecided
from community.races_list import LookupOver
from community.races_saved import NotFiled, RaceCancelled
from community.refusals import Incomplete, NotAllowed, NotFound, Refused
from messages.announcements import REFUSALS

_OVER = {
    m.Status.CLOSED: (
        "This question is closed by now. If something is left, *Re-open* on your card brings it back."
    ),
    m.Status.CANCELLED: (
        "This question was taken back by the person who asked, so there is nothing left to do. "
        "`/askmentor` asks a new one."
    ),
}

_HELP = {
    "an approved mentor": " `/mentor` signs you up; staff then approves it.",
    "a mentor": " `/mentor` signs you up.",
    "the person who signed up": " To sign up yourself: `/chats`.",
    "the person who asked": " To ask yourself: `/askmentor`.",
    "staff": " Ask in your community channel if you need them.",
    "whoever wrote it": " `/announce` begins one of your own.",
}

_SENTENCES: dict[type[Refused], Callable[[Any], str]] = {
    **REFUSALS,
    m.AlreadyClaimed: lambda r: (
        f"<@{r.by}> was a moment quicker and has this one. Thank you for being there."
    ),
    m.AlreadyYours: lambda _: "You have claimed this one already. Your card is in our conversation.",
    m.AlreadyOver: lambda r: _OVER.get(r.status, "This question is over."),
    m.NotClaimed: lambda _: (
        "That is no longer possible: things have moved on. The card shows where it stands."
    ),
    m.OwnRequest: lambda _: (
        "This is your own question, so somebody else has to answer it. They have been asked."
    ),
    m.WorkingAgainst: lambda _: (
        "You told us that you work against this candidate, so this one goes to somebody else. "
        "`/mentor` changes that."
    ),
    m.ForStaffOnly: lambda _: (
        "This is for staff alone, and they have been told. There is nothing for you to do."
    ),
    m.TooLate: lambda r: f"That was possible for {r.days} days. Please ask again: `/askmentor`.",
    AlreadyDecided: lambda r: (
        f"<@{r.by}> has already {'approved' if r.approved else 'declined'} this mentor. "
        "There is nothing left to do."
        if r.by
        else "This is settled already. There is nothing left to do."
    ),
    j.NotOnJourney: lambda _: "You have not begun the first seven days. `/journey` shows them, with *Start*.",
    j.JourneyOver: lambda _: (
        "All seven days have come, so there is nothing left to stop. *Restart* on the Home tab begins again."
    ),
    j.JourneyStopped: lambda _: (
        "Your journey stopped, because a lesson did not reach you. `/journey` shows it, with *Start*."
    ),
    j.HasLeft: lambda _: "This person has left the workspace. There is nobody to send it to.",
    RaceCancelled: lambda _: (
        "This election was cancelled, so there is no deadline to save. `/races` shows what else there is."
    ),
    NotFiled: lambda _: "This is taken back by now: press *I filed* first, and then celebrate.",
    LookupOver: lambda _: (
        "This answer is more than two days old, and filing dates move. `/races` looks again."
    ),
    e.AlreadySignedUp: lambda r: (
        "You are on the waiting list already. Your card in our messages shows where you stand."
        if r.standing is e.Standing.WAITING
        else "You are on the list already. Your card with the join link is in our messages."
    ),
    e.NotForYou: lambda r: (
        f"This one is for: {r.audience.label}. If that is you, *Edit profile* on the app's Home tab says so, "
        "and then you can sign up."
    ),
    e.EventCancelled: lambda _: "This was cancelled and does not take place. `/chats` shows what is coming.",
    e.EventOver: lambda _: (
        "This is over. `/chats` shows what is coming, and a recording reaches who signed up."
    ),
    e.EventAhead: lambda _: "This has not taken place yet. Please come back once it has begun.",
    e.NotSignedUp: lambda _: "You are not on the list any more. `/chats` signs you up again.",
    e.QuestionSettled: lambda _: "This question is settled already. There is nothing left to do.",
    e.OwnQuestion: lambda _: "This is your own question. Others vote for it; yours counts without a vote.",
    NotAllowed: lambda r: (
        f"Only {r.who} can do this." + _HELP.get(r.who, " Ask staff if you think that is wrong.")
    ),
    NotFound: lambda _: (
        "This card is from before, and what it speaks of is not there any more. "
        "Open the app's Home tab to see what is yours."
    ),
    Incomplete: lambda _: "Something in the form is missing. Please look at it again.",
}


FORM_TOO_LATE = "The form took too long to open. Please try once more."
VIEW_TOO_LATE = "This took too long to open. Please try once more."
STALE = "What you have open could not be brought up to date. Please open it once more."


def sentence(refused: Refused) -> str:
    """Say what is the matter and what to do next, in mrkdwn."""
    say = _SENTENCES.get(type(refused))
    return say(refused) if say else "That is not possible right now."


def apology(reference: str) -> str:
    """Say that the fault is ours, with the reference under which it stands in the log."""
    return (
        f"Something went wrong on our side, and it has been noted under {reference}. "
        "Nothing of yours is lost; please try again in a moment. If it stays, tell staff this reference."
    )
