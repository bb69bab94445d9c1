"""Requests in every state there is, with the texts that break other apps."""

from __future__ import annotations

from datetime import timedelta

from community.mentoring_matching import Circle, Reason
from community.mentoring_requests import (
    DETAILS_MOST,
    QUESTION_MOST,
    RATING_MOST,
    Offer,
    OfferState,
    Rating,
    Request,
    Status,
)
from community.offices import Office
from community.topics import Topic
from messages.mentoring import Link
from tests.community.cast import NOW, TODAY, request

HOLDER = "U0HOLDER"
EMOJI = "\N{GRINNING FACE}"
FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
LINK = Link("T0TEAM", "G0TALK")
NO_LINK = Link("T0TEAM", None)
LAST_NUMBER = 999_999_999_999

HOSTILE = {
    "usual": "How many signatures do I need for the ballot?",
    "mention": "<!channel> <!here> <@U0VICTIM> @everyone please read this",
    "link": "<http://evil|https://good> and https://example.org?a=1&b=2",
    "entity": "&lt; &amp;lt; &gt; < > & is how I write it",
    "date": "<!date^1392734382^{date_short}|Feb 18> and <!subteam^S0123>",
    "formatting": "*bold* _it_ ~no~ `code` ```block``` :tada: > quote\n\n\n- list",
    "emoji": EMOJI * QUESTION_MOST,
    "families": (FAMILY * QUESTION_MOST)[:QUESTION_MOST],
    "right to left": "\u202eevil\u202c \u05e9\u05dc\u05d5\u05dd \u200f" * 60,
    "ampersands": "&" * QUESTION_MOST,
    "smaller": "<" * QUESTION_MOST,
    "lines": "a\n" * 999 + "ab",
    "zalgo": ("a" + "\u0301" * 19) * 100,
}


def stretch(text: str, most: int) -> str:
    """Make a text as long as it may be."""
    return (text * (most // len(text) + 1))[:most]


def requests(text: str, *, private: bool = False, longest: bool = True) -> list[Request]:
    """Give a request in every state, its question and details made of this text."""
    shared = {
        "number": LAST_NUMBER,
        "question": stretch(text, QUESTION_MOST) if longest else text,
        "details": stretch(text, DETAILS_MOST) if longest else "",
        "office": Office.STATE_SENATE,
        "state": "MP",  # The longest name: Northern Mariana Islands.
        "private": private,
        "needed_by": TODAY + timedelta(days=8),
        "wave": 3,
        "help_asked": 2,
        "reminders": 2,
    }
    held = {"holder": HOLDER, "claims": 2, "claimed_at": NOW, "status": Status.CLAIMED}
    over = {"closings": 2, "closed_at": NOW, "look_at": None}
    said = {"rating_text": stretch(text, RATING_MOST)}
    found = []
    for topic in (Topic.FILING, Topic.OTHER, Topic.UNSAFE):
        circles = [Circle.STAFF] if topic is Topic.UNSAFE else list(Circle)
        found += [request(**shared, topic=topic, circle=circle) for circle in circles]
        found += [
            request(**shared, topic=topic, **held),
            request(**shared, topic=topic, **held, conversation="G0TALK", nudged_at=NOW),
            request(**shared, topic=topic, **held, conversation="G0TALK", answered_at=NOW, nudged_at=NOW),
            request(**shared, topic=topic, **over, status=Status.CLOSED),
            request(**shared, topic=topic, **{**held, **over, "status": Status.CLOSED}),
            *(
                request(
                    **shared, topic=topic, **{**held, **over, **said, "status": Status.CLOSED}, rating=grade
                )
                for grade in Rating
            ),
            request(**shared, topic=topic, **over, status=Status.CANCELLED),
            request(**shared, topic=topic, **{**held, **over, "status": Status.CANCELLED}),
        ]
    return found


def offers(of: Request) -> list[Offer]:
    """Give one offer in every state, for every reason."""
    return [
        Offer(
            id=LAST_NUMBER,
            request=of.id,
            mentor=mentor,
            wave=1,
            reasons=reasons,
            offered_at=NOW,
            state=state,
        )
        for state in OfferState
        for mentor, reasons in (
            (HOLDER, ("state", "topic", "alumni_office")),
            ("U0MENTOR", ("room",)),
            ("U0MENTOR", tuple(Reason)[1:3]),
        )
    ]


def crowd(of: Request) -> list[Offer]:
    """Give offers to thirty more mentors, who passed or are quiet."""
    return [
        Offer(
            id=n,
            request=of.id,
            mentor=f"U0M{n:07}",
            wave=1,
            reasons=("state",),
            offered_at=NOW,
            state=OfferState.PASSED if n % 2 else OfferState.OPEN,
        )
        for n in range(30)
    ]
