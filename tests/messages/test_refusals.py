"""Every refusal has a sentence of its own that says what is the matter and what to do next."""

from __future__ import annotations

import pytest

import community.members
import community.mentoring  # noqa: F401 - so that every refusal there is has been defined
from community import announcements_book as a
from community import events_terms as e
from community import journeys_steps as j
from community import mentoring_requests as m
from community.members import AlreadyDecided
from community.races_list import LookupOver
from community.races_saved import NotFiled, RaceCancelled
from community.refusals import Incomplete, NotAllowed, NotFound, Refused
from messages.refusals import apology, sentence

OVER = {a.Status.DRAFT, a.Status.SENT, a.Status.CANCELLED, a.Status.RECALLED}

EXAMPLES = [
    m.AlreadyClaimed("U0QUICK"),
    m.AlreadyYours(),
    *(m.AlreadyOver(status) for status in (m.Status.CLOSED, m.Status.CANCELLED)),
    m.NotClaimed(),
    m.OwnRequest(),
    m.WorkingAgainst(),
    m.ForStaffOnly(),
    m.TooLate(14),
    j.NotOnJourney(),
    j.JourneyOver(),
    j.JourneyStopped("left"),
    j.HasLeft(),
    LookupOver(),
    RaceCancelled(),
    NotFiled(),
    *(e.AlreadySignedUp(standing) for standing in (e.Standing.GOING, e.Standing.WAITING)),
    e.NotForYou(e.Audience(state="VA")),
    e.EventCancelled(),
    e.EventOver(),
    e.EventAhead(),
    e.NotSignedUp(),
    e.QuestionSettled(),
    e.OwnQuestion(),
    AlreadyDecided("U0STAFF", approved=True),
    AlreadyDecided("U0STAFF", approved=False),
    AlreadyDecided(None, approved=False),
    *(
        NotAllowed(who)
        for who in (
            "staff",
            "whoever wrote it",
            "a mentor",
            "an approved mentor",
            "the person who asked",
            "the person whose lesson this is",
            "the person who signed up",
            "the mentor who was asked",
            "the mentor who claimed it",
            "the asker or the mentor who claimed it",
            "the asker or the mentor who answered",
        )
    ),
    a.AlreadyConfirmed(),
    a.AlreadyEdited(),
    a.AudienceChanged(815),
    a.NobodyThere(),
    a.HasNoText(),
    a.TimePassed(),
    a.OwnAnnouncement(),
    a.NothingToApprove(),
    *(a.AlreadyEnded(status, "U0STAFF") for status in a.Status if status in OVER),
    a.NotYet(),
    a.NothingFailed(),
    NotFound(),
    Incomplete({"question": "too short"}),
]


def every_refusal(of: type[Refused] = Refused) -> set[type[Refused]]:
    return {found for each in of.__subclasses__() for found in {each, *every_refusal(each)}}


def test_every_refusal_there_is_has_an_example_here():
    ours = {each for each in every_refusal() if each.__module__.startswith("community.")}
    assert ours == {type(each) for each in EXAMPLES}


@pytest.mark.parametrize("refused", EXAMPLES, ids=lambda each: f"{type(each).__name__} {each}")
def test_a_refusal_says_what_is_the_matter_and_what_comes_next(refused):
    said = sentence(refused)
    assert said != sentence(Refused())
    assert said.endswith(".")
    assert said.count(". ") + said.count(": ") >= 1 or "somebody else" in said or "yours" in said
    assert 30 <= len(said) <= 300
    assert "!" not in said
    assert "None" not in said


def test_no_two_refusals_say_the_same():
    said = [sentence(each) for each in EXAMPLES]
    assert len(set(said)) == len(said)


def test_who_was_quicker_is_named():
    assert "<@U0QUICK>" in sentence(m.AlreadyClaimed("U0QUICK"))
    assert "<@U0STAFF> has already approved" in sentence(AlreadyDecided("U0STAFF", approved=True))
    assert "14 days" in sentence(m.TooLate(14))


def test_an_apology_carries_its_reference_and_nothing_internal():
    assert "ab12cd34" in apology("ab12cd34")
    assert "Traceback" not in apology("ab12cd34")
