"""Ask a mentor: the verbs of a request, from the question to the rating.

Each verb checks the actor's right, makes one conditional change, writes a line of history and gives
back what is true now. Who is told of it stands in `community/mentoring_notices.py`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum

from community import mentoring_clock as clock
from community.members import People, require_staff
from community.mentoring_drafts import check_draft, keepable
from community.mentoring_matching import Circle, may_answer
from community.mentoring_offering import (
    FOLLOWED_WITHIN,
    Step,
    ask_first,
    decline,
    end_offers,
    still,
    there,
)
from community.mentoring_requests import (
    DETAILS_MOST,
    RACE_MOST,
    RATING_MOST,
    AlreadyClaimed,
    AlreadyOver,
    AlreadyYours,
    Book,
    Draft,
    Event,
    ForStaffOnly,
    NotClaimed,
    OwnRequest,
    Policy,
    Rating,
    Request,
    Status,
    TooLate,
    WorkingAgainst,
)
from community.refusals import Incomplete, NotAllowed, NotFound


class Duty(StrEnum):
    """Who has to act next on a request."""

    MENTORS = "mentors"
    HOLDER = "holder"
    STAFF = "staff"
    NOBODY = "nobody"


def responsible(request: Request) -> Duty:
    """Say who has to act next: nobody only once the request is over."""
    if request.over:
        return Duty.NOBODY
    if request.status is Status.CLAIMED:
        return Duty.HOLDER
    return Duty.STAFF if request.circle is Circle.STAFF else Duty.MENTORS


async def ask(book: Book, asker: str, draft: Draft, *, at: datetime, today: date, policy: Policy) -> Request:
    """Open a request. Whoever is asked first is chosen by what follows from it, a moment later."""
    question, topic, state, office = check_draft(draft, today=today)
    request = Request(
        id=0,
        asker=asker,
        question=question,
        topic=topic,
        state=state,
        office=office,
        race=keepable(draft.race)[:RACE_MOST],
        needed_by=draft.needed_by,
        private=draft.private,
        opened_at=at,
        # Should what follows ever fail, the app looks after it by then.
        look_at=at + FOLLOWED_WITHIN,
    )
    request = replace(request, **clock.opened(policy, request, at))
    return await book.open(request, noting=Event(at=at, actor=asker, kind="asked", follows=True))


async def may_claim(book: Book, number: int, *, by: str) -> Request:
    """Give the request if this person could claim it at this moment; it changes nothing.

    Of many who press at once all but a few are answered from here, without waiting to write.

    Raises NotAllowed, ForStaffOnly, OwnRequest, WorkingAgainst, AlreadyYours, AlreadyClaimed,
    AlreadyOver, NotFound.
    """
    found = await book.before_claim(number, by)
    if found is None:
        raise NotFound
    request, who = found
    if request.safety and not who.staff:
        raise ForStaffOnly
    if not who.staff and not who.approved:
        raise NotAllowed("an approved mentor")
    if request.asker == by:
        raise OwnRequest
    if not (who.staff and request.safety) and request.asker in who.against:
        raise WorkingAgainst
    if request.status is not Status.OPEN:
        raise _why_not_open(request, by)
    return request


async def claim(book: Book, number: int, *, by: str, at: datetime, policy: Policy) -> Request:
    """Give the request to the first who claims it, a mentor or staff; raises as `may_claim` does.

    The offers are settled, and everybody is told, by what follows from it a moment later.
    """
    request = await may_claim(book, number, by=by)
    claimed = await _take(book, request, by=by, at=at, policy=policy)
    if claimed is None:
        # Somebody was quicker, but may have handed it back since: nobody does anything to it from here on.
        now = await still(book, number)
        if now.status is Status.OPEN:
            claimed = await _take(book, now, by=by, at=at, policy=policy)
        if claimed is None:
            raise _why_not_open(now, by)
    return claimed


async def _take(book: Book, request: Request, *, by: str, at: datetime, policy: Policy) -> Request | None:
    facts = {"claim": request.claims + 1, "wave": request.wave}
    return await book.claim(
        request,
        by=by,
        at=at,
        look_at=clock.due(policy, request, at, clock.days(policy, policy.nudge_days)),
        noting=Event(at=at, actor=by, kind="claimed", facts=facts, follows=True),
    )


async def assign(
    book: Book, people: People, number: int, *, mentor: str, by: str, at: datetime, policy: Policy
) -> Request:
    """Let staff give an open request to a mentor of their choice; raises as `claim` does for that mentor."""
    await require_staff(people, by)
    if (await there(book, number)).safety:
        raise ForStaffOnly
    member = await people.member(mentor)
    if member is None or member.left_at is not None:
        raise NotFound
    claimed = await claim(book, number, by=mentor, at=at, policy=policy)
    await book.note(number, Event(at=at, actor=by, kind="assigned", facts={"to": mentor}))
    return claimed


def _why_not_open(request: Request, by: str) -> Exception:
    if request.status is Status.CLAIMED and request.holder is not None:
        return AlreadyYours() if request.holder == by else AlreadyClaimed(request.holder)
    return AlreadyOver(request.status)


async def pass_on(book: Book, offer_number: int, *, by: str, at: datetime, policy: Policy) -> Step:
    """Let a mentor pass on an offer; when the last of a wave has passed the next are asked at once.

    Passing twice, or after somebody claimed, changes nothing and is no fault.
    """
    offer = await book.get_offer(offer_number)
    if offer is None:
        raise NotFound
    if offer.mentor != by:
        raise NotAllowed("the mentor who was asked")
    request = await still(book, offer.request)
    return await decline(book, request, by, kind="passed", at=at, policy=policy)


async def unreachable(book: Book, offer_number: int, *, at: datetime, policy: Policy) -> Step | None:
    """Count an offer that could not be delivered as passed, so that the next mentor is asked."""
    offer = await book.get_offer(offer_number)
    if offer is None:
        return None
    request = await still(book, offer.request)
    return await decline(book, request, offer.mentor, kind="unreachable", at=at, policy=policy)


async def hand_back(
    book: Book, people: People, number: int, *, by: str, at: datetime, policy: Policy
) -> Step:
    """Put a claimed request back into the queue with a fresh wave; by its holder or staff."""
    request = await still(book, number)
    if request.status is Status.CLAIMED and request.holder != by:
        await _require_staff_instead(people, by, "the mentor who claimed it")
    return await back_to_queue(book, request, kind="handed_back", actor=by, at=at, policy=policy)


async def back_to_queue(
    book: Book, request: Request, *, kind: str, actor: str | None, at: datetime, policy: Policy
) -> Step:
    """Take the request from its holder and ask the next mentors, or staff where it is theirs."""
    if request.over:
        raise AlreadyOver(request.status)
    if request.status is not Status.CLAIMED:
        raise NotClaimed
    holder = request.holder
    await end_offers(book, request)
    reopened = await book.change(
        request.id,
        if_status=Status.CLAIMED,
        status=Status.OPEN,
        holder=None,
        claimed_at=None,
        nudged_at=None,
        conversation=None,
        waiting_since=at,
        look_at=at,
    )
    if reopened is None:
        raise NotClaimed
    await book.note(request.id, Event(at=at, actor=actor, kind=kind, facts={"holder": holder}))
    # The asker's clock goes on from where it was; staff who knew hear again if the next are silent too.
    alarm_at = reopened.alarm_at or clock.due(policy, reopened, at, policy.widen_after)
    waiting = replace(reopened, waiting_since=at, alarm_at=None if request.safety else alarm_at)
    return await ask_first(book, waiting, at=at, policy=policy)


async def cancel(book: Book, number: int, *, by: str, at: datetime) -> Request:
    """Let the asker take the question back, whether somebody holds it or not."""
    request = await still(book, number)
    if request.asker != by:
        raise NotAllowed("the person who asked")
    if request.over:
        raise AlreadyOver(request.status)
    cancelled = await book.change(
        number,
        if_status=request.status,
        status=Status.CANCELLED,
        closed_at=at,
        closed_by=by,
        look_at=None,
    )
    await end_offers(book, request)
    await book.note(number, Event(at=at, actor=by, kind="cancelled"))
    return cancelled or await there(book, number)


async def close(book: Book, people: People, number: int, *, by: str, at: datetime) -> Request:
    """Close a request: the holder says "Answered", the asker "That solved it", or staff closes it."""
    request = await still(book, number)
    if by not in {request.asker, request.holder}:
        await _require_staff_instead(people, by, "the asker or the mentor who claimed it")
    if request.over:
        raise AlreadyOver(request.status)
    if request.status is Status.OPEN and by != request.asker:
        raise NotClaimed
    return await settle(book, request, by=by, at=at, kind="closed")


async def settle(book: Book, request: Request, *, by: str | None, at: datetime, kind: str) -> Request:
    """Close a request that is not over, whoever closes it (None: the app itself)."""
    closed = await book.change(
        request.id,
        if_status=request.status,
        status=Status.CLOSED,
        closed_at=at,
        closed_by=by,
        closings=request.closings + 1,
        look_at=None,
    )
    await end_offers(book, request)
    await book.note(request.id, Event(at=at, actor=by, kind=kind))
    return closed or await there(book, request.id)


async def reopen(book: Book, people: People, number: int, *, by: str, at: datetime, policy: Policy) -> Step:
    """Open a closed request again: back to its holder while they are a mentor here, else to the queue.

    Only the asker, the last holder or staff may, and only within `policy.reopen_within`.
    """
    request = await still(book, number)
    if by not in {request.asker, request.holder}:
        await _require_staff_instead(people, by, "the asker or the mentor who answered")
    if request.status is Status.CANCELLED:
        raise AlreadyOver(request.status)
    if not request.over or request.closed_at is None:
        raise NotClaimed
    if at - request.closed_at > policy.reopen_within:
        raise TooLate(policy.reopen_within.days)
    fresh = {"closed_at": None, "closed_by": None, "rating": None, "rating_text": ""}
    if request.holder is not None and await _still_helps(people, request):
        opened = await book.change(
            number,
            if_status=request.status,
            status=Status.CLAIMED,
            answered_at=None,
            nudged_at=None,
            claimed_at=at,
            look_at=clock.due(policy, request, at, clock.days(policy, policy.nudge_days)),
            **fresh,
        )
        await book.note(number, Event(at=at, actor=by, kind="reopened"))
        return Step(opened or await there(book, number))
    opened = await book.change(
        number,
        if_status=request.status,
        status=Status.OPEN,
        holder=None,
        conversation=None,
        answered_at=None,
        waiting_since=at,
        look_at=at,
        **fresh,
    )
    await book.note(number, Event(at=at, actor=by, kind="reopened"))
    if opened is None:
        return Step(await there(book, number))
    opened = replace(opened, **clock.opened(policy, opened, at))
    return await ask_first(book, opened, at=at, policy=policy)


async def _still_helps(people: People, request: Request) -> bool:
    """Whether the last holder is still here and still entitled to hold the request."""
    member = await people.member(request.holder or "")
    if member is None or member.left_at is not None:
        return False
    if member.is_staff:
        return True
    profile = await people.mentor(member.id)
    return profile is not None and not request.safety and may_answer(profile, request.asker)


async def rate(
    book: Book, number: int, *, by: str, rating: Rating | None = None, text: str | None = None, at: datetime
) -> Request:
    """Keep how much the answer helped: a grade, a sentence, or both; only the asker, only once closed."""
    request = await still(book, number)
    if request.asker != by:
        raise NotAllowed("the person who asked")
    if request.status is not Status.CLOSED:
        raise NotClaimed
    values: dict[str, object] = {}
    if rating is not None:
        values["rating"] = rating
    if text is not None:
        values["rating_text"] = keepable(text)[:RATING_MOST].strip()
    rated = await book.change(number, if_status=Status.CLOSED, **values)
    await book.note(number, Event(at=at, actor=by, kind="rated", facts={"rating": rating or request.rating}))
    return rated or await there(book, number)


async def may_add_details(book: Book, number: int, *, by: str) -> Request:
    """Give the request if this person may add to it, changing nothing; raise what stands against it."""
    return _may_add(await there(book, number), by)


def _may_add(request: Request, by: str) -> Request:
    if request.asker != by:
        raise NotAllowed("the person who asked")
    if request.over:
        raise AlreadyOver(request.status)
    return request


async def add_details(book: Book, number: int, *, by: str, text: str, at: datetime) -> Request:
    """Add to one's own question while it is not over.

    Raises Incomplete ("details": missing or too long) as well as the usual refusals.
    """
    request = _may_add(await still(book, number), by)
    text = keepable(text)
    if not text:
        raise Incomplete({"details": "missing"})
    details = f"{request.details}\n\n{text}".strip()
    if len(details) > DETAILS_MOST:
        raise Incomplete({"details": "too long"})
    changed = await book.change(number, if_status=request.status, details=details)
    await book.note(number, Event(at=at, actor=by, kind="details_added"))
    return changed or await there(book, number)


async def ask_staff(book: Book, number: int, *, by: str, at: datetime) -> Request:
    """Let the holder call staff in."""
    request = await still(book, number)
    if request.over:
        raise AlreadyOver(request.status)
    if request.holder != by:
        raise NotAllowed("the mentor who claimed it")
    changed = await book.change(number, if_status=Status.CLAIMED, help_asked=request.help_asked + 1)
    await book.note(number, Event(at=at, actor=by, kind="staff_asked"))
    return changed or await there(book, number)


async def still_on_it(book: Book, number: int, *, by: str, at: datetime, policy: Policy) -> Request:
    """Give a holder who was nudged another day; it is counted from now."""
    request = await still(book, number)
    if request.over:
        raise AlreadyOver(request.status)
    if request.holder != by:
        raise NotAllowed("the mentor who claimed it")
    if request.answered_at is not None:
        return request  # They have spoken since; now it is the asker who is asked.
    look_at = clock.due(policy, request, at, clock.days(policy, policy.nudge_days))
    changed = await book.change(number, if_status=Status.CLAIMED, nudged_at=None, look_at=look_at)
    await book.note(number, Event(at=at, actor=by, kind="still_on_it"))
    return changed or await there(book, number)


async def first_words(
    book: Book, request: Request, *, by: str, at: datetime, policy: Policy
) -> Request | None:
    """Stop the response clock when the holder first speaks; None where there was nothing to stop."""
    # What the caller read may have moved on: handed back, and claimed by somebody who has not spoken yet.
    request = await still(book, request.id)
    if request.status is not Status.CLAIMED or request.holder != by or request.answered_at is not None:
        return None
    answered = await book.change(
        request.id,
        if_status=Status.CLAIMED,
        answered_at=at,
        nudged_at=None,
        look_at=clock.due(policy, request, at, clock.days(policy, policy.check_in_days)),
    )
    if answered is not None:
        await book.note(request.id, Event(at=at, actor=by, kind="first_words"))
    return answered


async def _require_staff_instead(people: People, by: str, who: str) -> None:
    member = await people.member(by)
    if member is None or not member.is_staff:
        raise NotAllowed(who)
