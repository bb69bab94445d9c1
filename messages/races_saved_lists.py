"""Saved races where they stand beside other things: in an answer, in details, and on the Home tab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from community.races_countdown import ahead
from community.races_saved import Standing
from messages import payload as p
from messages import races_row as row
from messages.races_saved import (
    DETAILS,
    FILED,
    SHOW,
    STOP,
    Card,
    by_when,
    called,
    coming,
    far,
    named,
    standing,
)


def in_details(card: Card) -> list[p.Block]:
    """Give what stands on top of a saved race's details: where it stands, and what can be pressed."""
    (said, sentence), pressed = standing(card)
    named = [each for block in pressed for each in block.get("elements", []) if each["type"] == "button"]
    told = follows(card) if card.saved.counts_down else f"*{said}.* {sentence}"
    # Three views lie on each other at most: from here on the question form has room.
    return [p.section(told), p.actions(*(each for each in named if each["action_id"] != DETAILS))]


def word(card: Card) -> str:
    """Say in a word that somebody keeps a race."""
    return "Filed" if card.saved.standing is Standing.FILED else "Saved"


def follows(card: Card) -> str:
    """Say what follows from having saved a race, in a line."""
    saved = card.saved
    (said, _), _ = standing(card)
    if saved.standing is Standing.CLOSED:
        return "*Saved.* Should the deadline be extended, we tell you."
    if not saved.counts_down:
        return f"*{said}.*"
    target = ahead(saved.race, saved.zone, card.now)
    told = coming(saved, target)
    if target is None or target.closes is None:
        told = row.lines("We look every night, and tell you when a date is known.", told)
    return f"*Saved.* {told}".strip()


@dataclass(frozen=True, slots=True)
class Listing:
    """One page (from 0) of what a person saved, the day that it is for them, and how long the list is."""

    cards: Sequence[Card]
    today: date
    page: int
    total: int


def in_short(listing: Listing) -> list[p.Block]:
    """Name what was saved, where there is no room for it."""
    if not listing.total:
        return []
    count = "1 race" if listing.total == 1 else f"{listing.total:,} races"
    return [p.section(f"*You keep an eye on {count}.*", accessory=p.button("Show", SHOW))]


LISTED_MOST = 40
"""Saved races that the view lists: two blocks each, and Slack takes a hundred."""


def list_view(listing: Listing) -> p.Payload:
    """All saved races, the first to close first."""
    if not listing.total:
        return p.modal("Your saved races", [p.section("You have saved no race. `/races` finds some.")])
    blocks = [block for card in listing.cards for block in home_row(card, listing.today)]
    left = listing.total - len(listing.cards)
    more = [p.context(f"{left:,} more close later, or have no date yet.")] if left > 0 else []
    return p.modal("Your saved races", [*blocks, *more])


def home_row(card: Card, today: date) -> list[p.Block]:
    """One saved race on the Home tab: by when to file, how far off that is, and what can be pressed."""
    saved = card.saved
    if saved.standing is not Standing.ACTIVE:
        (said, sentence), pressed = standing(card)
        return [
            p.section(f"*{named(saved)}*\n*{said}.* {sentence}"),
            *(each for each in pressed if each["type"] == "actions"),
        ]
    target = ahead(saved.race, saved.zone, card.now)
    left = f" *{far(target, today).capitalize()}.*" if target is not None and target.closes else ""
    number, name = saved.id, called(saved)
    return [
        p.section(f"*{named(saved)}*\n{by_when(card, target)}{left}"),
        p.actions(
            p.button("I filed", FILED, number, label=f"I filed for {name}"),
            p.button("Details", DETAILS, number, label=f"Details of {name}"),
            p.button("Stop", STOP, number, label=f"Stop the countdown for {name}"),
        ),
    ]
