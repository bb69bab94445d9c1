"""Who is told what when something happens to a request.

A card is one message that always shows the present state: it is posted once, under its key, and
refreshed whenever a fact on it changes. A note is posted once and stays as it was. Neither holds
words: the name under `render` is looked up at the moment of sending, and what it shows is read then.
So a card can never be stale by more than its own delivery, and the queue holds nothing that a
person typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from community.deliveries import Delivery, Kind
from community.mentoring_matching import Circle
from community.mentoring_requests import Offer, Request, Status
from community.mentoring_tending import Tended, Tending
from community.notices import Notices, Places


def receipt_key(number: int) -> str:
    """Name the asker's card."""
    return f"mentoring:receipt:{number}"


def board_key(number: int) -> str:
    """Name the card in the mentor channel."""
    return f"mentoring:board:{number}"


def offer_key(offer: int) -> str:
    """Name the card of one offer."""
    return f"mentoring:offer:{offer}"


def hold_key(number: int, claim: int) -> str:
    """Name the card of a claim's holder."""
    return f"mentoring:hold:{number}:{claim}"


def conversation_key(number: int, claims: int) -> str:
    """Name the group conversation of one claim."""
    return f"mentoring:conversation:{number}:{claims}"


def reminder_key(number: int, what: str, nth: int) -> str:
    """Name a question that time has raised: `what` is "nudge", "check_in" or "reminder" (to staff)."""
    return f"mentoring:{what}:{number}:{nth}"


def desk_key(number: int, what: str) -> str:
    """Name the card in the staff channel: `what` is "safety", "unclaimed:N" or "help:N"."""
    return f"mentoring:desk:{number}:{what}"


def _card(key: str, to: str, render: str, **about: Any) -> Delivery:
    return Delivery(key=key, to=to, render=f"mentoring.{render}", about=about)


def cards_of(request: Request, offers: Iterable[Offer]) -> tuple[str, ...]:
    """Name every card that shows this request, whether it was ever posted or not."""
    number = request.id
    keys = [receipt_key(number), board_key(number)]
    keys += [offer_key(offer.id) for offer in offers]
    for claim in range(1, request.claims + 1):
        keys += [hold_key(number, claim), f"mentoring:introduction:{number}:{claim}"]
    keys += [desk_key(number, "safety")]
    keys += [desk_key(number, f"unclaimed:{wave}") for wave in range(1, request.wave + 1)]
    keys += [desk_key(number, f"alarm:{nth}") for nth in range(1, request.alarms + 1)]
    keys += [desk_key(number, f"help:{nth}") for nth in range(1, request.help_asked + 1)]
    keys += [f"mentoring:rating:{number}:{nth}" for nth in range(1, request.closings + 1)]
    for nth in range(1, request.reminders + 1):
        keys += [reminder_key(number, "nudge", nth), reminder_key(number, "check_in", nth)]
    return tuple(keys)


def changed(request: Request, offers: Sequence[Offer], *also: str | None) -> Notices:
    """Let every card of the request and every Home tab it stands on show what is true now."""
    people = {request.asker, request.holder, *(offer.mentor for offer in offers), *also}
    return Notices(
        refresh=cards_of(request, offers),
        homes=frozenset(filter(None, people)),
        watched=frozenset({request.state}),
    )


def asked(request: Request, offers: Sequence[Offer], places: Places) -> Notices:
    """Somebody asked: a receipt for them, offers to mentors and the board, or the desk alone."""
    cards = [_card(receipt_key(request.id), request.asker, "receipt", request=request.id)]
    if not request.safety:
        cards.append(_card(board_key(request.id), places.mentors, "board", request=request.id))
    first = Notices(add=tuple(cards), homes=frozenset({request.asker}), watched=frozenset({request.state}))
    return first + _asking(request, offers, places)


def _asking(request: Request, fresh: Sequence[Offer], places: Places) -> Notices:
    """Show the request to whom it was offered in this step, or to staff once it is theirs."""
    cards = [_card(offer_key(offer.id), offer.mentor, "offer", offer=offer.id) for offer in fresh]
    if request.status is Status.OPEN and request.circle is Circle.STAFF:
        what = "safety" if request.safety and request.claims == 0 else f"unclaimed:{request.wave}"
        cards.append(_card(desk_key(request.id, what), places.staff, "desk", request=request.id, what=what))
    return Notices(add=tuple(cards), homes=frozenset(offer.mentor for offer in fresh))


def widened(request: Request, fresh: Sequence[Offer], offers: Sequence[Offer], places: Places) -> Notices:
    """More people were asked, or staff took over."""
    return _asking(request, fresh, places) + changed(request, offers)


def claimed(request: Request, offers: Sequence[Offer], *, claim: int, holder: str) -> Notices:
    """A mentor claimed: their card, one conversation for both, and the truth on every other card.

    `claim` and `holder` say which claim it was, because the request may have moved on since. When staff
    takes a report of feeling unsafe the conversation is the same, with them.
    """
    number, claims = request.id, claim
    conversation = conversation_key(number, claims)
    return Notices(
        add=(
            _card(hold_key(number, claims), holder, "hold", request=number, claim=claims, holder=holder),
            Delivery(
                key=conversation,
                kind=Kind.OPEN,
                to=f"{request.asker},{holder}",
                about={"request": number, "claim": claims},
            ),
            Delivery(
                key=f"mentoring:introduction:{number}:{claims}",
                after=conversation,
                render="mentoring.introduction",
                about={"request": number, "claim": claims, "holder": holder},
            ),
        ),
    ) + changed(request, offers, holder)


def handed_back(
    request: Request,
    fresh: Sequence[Offer],
    offers: Sequence[Offer],
    places: Places,
    *,
    holder: str,
    released: bool = False,
) -> Notices:
    """A mentor let go, or was silent too long: the asker is told at once, the next are asked."""
    about = {"request": request.id, "claim": request.claims, "holder": holder, "released": released}
    told = [
        Delivery(
            key=f"mentoring:handed_back:{request.id}:{request.claims}",
            to=request.asker,
            render="mentoring.handed_back",
            about=about,
        )
    ]
    if released:
        told.append(
            Delivery(
                key=f"mentoring:released:{request.id}:{request.claims}",
                to=holder,
                render="mentoring.released",
                about=about,
            )
        )
    return Notices(add=tuple(told)) + _asking(request, fresh, places) + changed(request, offers, holder)


def closed(request: Request, offers: Sequence[Offer]) -> Notices:
    """The question is answered: the asker is asked how much it helped."""
    card = _card(
        f"mentoring:rating:{request.id}:{request.closings}",
        request.asker,
        "rating",
        request=request.id,
        closing=request.closings,
    )
    rated = () if request.safety or request.holder is None else (card,)
    return Notices(add=rated) + changed(request, offers)


def reopened(
    request: Request, fresh: Sequence[Offer], offers: Sequence[Offer], places: Places, *, by: str
) -> Notices:
    """It goes on: the other side is told, or the next mentors are asked."""
    told: list[Delivery] = []
    if request.holder is not None:
        other = request.holder if by == request.asker else request.asker
        told.append(
            Delivery(
                key=f"mentoring:reopened:{request.id}:{request.closings}:{other}",
                to=other,
                render="mentoring.reopened",
                about={"request": request.id, "by": by, "to": other},
            )
        )
    return Notices(add=tuple(told)) + _asking(request, fresh, places) + changed(request, offers)


def details_added(request: Request, offers: Sequence[Offer], *, added: int) -> Notices:
    """More was said: every card shows it, and the holder hears of it in the conversation."""
    told: tuple[Delivery, ...] = ()
    if request.holder is not None and request.conversation is not None:
        told = (
            Delivery(
                # What was added only ever grows, so its length names this addition.
                key=f"mentoring:details:{request.id}:{len(request.details)}",
                to=request.conversation,
                render="mentoring.details",
                about={"request": request.id, "upto": len(request.details), "added": added},
            ),
        )
    return Notices(add=told) + changed(request, offers)


def staff_asked(request: Request, offers: Sequence[Offer], places: Places) -> Notices:
    """The holder called staff in."""
    what = f"help:{request.help_asked}"
    card = _card(desk_key(request.id, what), places.staff, "desk", request=request.id, what=what)
    return Notices(add=(card,)) + changed(request, offers)


def cancelled(request: Request, offers: Sequence[Offer]) -> Notices:
    """The asker took it back: every card says so, and a holder is told."""
    told: tuple[Delivery, ...] = ()
    if request.holder is not None:
        told = (
            Delivery(
                key=f"mentoring:cancelled:{request.id}",
                to=request.holder,
                render="mentoring.cancelled",
                about={"request": request.id},
            ),
        )
    return Notices(add=told) + changed(request, offers)


def assigned(request: Request, *, by: str) -> Notices:
    """Staff gave the request to a mentor: a word to them about why; all of a claim follows from the claim."""
    told = Delivery(
        key=f"mentoring:assigned:{request.id}:{request.claims}",
        to=request.holder or "",
        render="mentoring.assigned",
        about={"request": request.id, "by": by},
    )
    return Notices(add=(told,))


def _note(what: str, key: str, to: str, **about: Any) -> Notices:
    return Notices(add=(Delivery(key=key, to=to, render=f"mentoring.{what}", about=about),))


def tended(  # noqa: C901, PLR0911 - a case each
    done: Tended, offers: Sequence[Offer], places: Places
) -> Notices:
    """Time has passed: what each kind of looking after tells whom."""
    request, fresh = done.step.request, done.step.offers
    number, nth = request.id, request.reminders
    match done.how:
        case Tending.WIDENED:
            key = f"mentoring:widened:{number}:{request.wave}"
            facts = {"circle": request.circle, "asked": len(fresh)}
            told = _note("widened", key, request.asker, request=number, **facts)
            return told + _rested(done, number) + widened(request, fresh, offers, places)
        case Tending.ALARMED:
            what = f"alarm:{request.alarms}"
            card = _card(desk_key(number, what), places.staff, "desk", request=number, what=what)
            return Notices(add=(card,)) + changed(request, offers)
        case Tending.ASKED:
            return widened(request, fresh, offers, places)
        case Tending.OVERDUE:
            return changed(request, offers)
        case Tending.GAVE_RESOURCES:
            key = f"mentoring:resources:{number}:{request.closings}"
            return _note("resources", key, request.asker, request=number)
        case Tending.REMINDED_STAFF:
            return _note("reminder", reminder_key(number, "reminder", nth), places.staff, request=number)
        case Tending.RELEASED:
            return handed_back(request, fresh, offers, places, holder=done.holder or "", released=True)
        case Tending.CLOSED:
            return closed(request, offers)
        case Tending.ASKER_LEFT:
            return _asker_left(request, offers)
        case Tending.NUDGED:
            to, render = request.holder or "", "nudge"
        case Tending.CHECKED_IN:
            to, render = request.asker, "check_in"
    key = reminder_key(number, render, nth)
    card = _card(key, to, render, request=number, claim=request.claims, nth=nth)
    return Notices(add=(card,)) + changed(request, offers)


def _asker_left(request: Request, offers: Sequence[Offer]) -> Notices:
    """Nobody waits for the answer any more: the cards say so, a holder is told, the asker left in peace."""
    told = Notices()
    if request.holder is not None:
        key = f"mentoring:asker_left:{request.id}:{request.closings}"
        told = _note("asker_left", key, request.holder, request=request.id)
    said = told + changed(request, offers)
    return replace(
        said,
        refresh=tuple(key for key in said.refresh if key != receipt_key(request.id)),
        homes=said.homes - {request.asker},
    )


def _rested(done: Tended, number: int) -> Notices:
    """Who let several offers lapse in a row is told kindly, once for each time."""
    return Notices(
        add=tuple(
            Delivery(
                key=f"mentoring:rested:{mentor}:{number}",
                to=mentor,
                render="mentoring.rested",
                about={"mentor": mentor},
            )
            for mentor in done.rested
        ),
        homes=frozenset(done.rested),
    )
