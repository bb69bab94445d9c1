"""What can I run for: the answer, as a message that only the asker sees and as a modal."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from community.races import Place, Precision, Race
from community.races_list import (
    Group,
    Lookup,
    Page,
    Standing,
    Wish,
    deadline,
    offices_in,
)
from community.races_saved import Saved
from messages import payload as p
from messages import races_row as row
from messages import races_saved as saved_words
from messages import races_saved_lists as saved_lists

OPEN = "races.open"
CHOOSE = "races.choose"
DETAILS = "races.details"
SAVE = "races.save"
ASK_ABOUT = "races.ask_mentor"
SHARE = "races.share"
EARLIER = "races.earlier"
LATER = "races.later"
LEVEL = "races.level"
OFFICE = "races.office"
OPEN_NOW = "races.open_now"
CLEAR = "races.clear"

LIST_VIEW = "races.list"
TITLE = "What can I run for?"
ANY = "any"

_LEVELS = {
    Group.LOCAL: "City and local",
    Group.COUNTY: "County",
    Group.STATE: "State",
    Group.FEDERAL: "Federal",
}

_TROUBLES = {
    "unreachable": "{source} did not answer, so what only it knows is missing. Look again in a few minutes.",
    "slow": "{source} took too long, so what only it knows is missing. Look again in a few minutes.",
    "refused": "{source} refuses our key, so what only it knows is missing. Staff can see why.",
    "short": "{source} gave only a part of its answer, so races may be missing.",
}

_OLDER = "{source} does not answer now: what it said before is shown, and its dates may have moved."

DEPENDS = (
    "Whether a race is open to you depends on where you live and for how long, your age, and your "
    "registration. The election office decides."
)
KNOWN_IN_DETAILS = "*Details* has what is known about each."


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer, the page of it that is shown, and the moment that its days are counted from.

    `saved` are the races that the person keeps an eye on, by their keys.
    """

    lookup: Lookup
    page: Page
    now: datetime
    saved: Mapping[str, Saved] = field(default_factory=dict)


def reference(look: str, race: Race) -> str:
    """Name a race of an answer as a button's value does."""
    return f"{look}|{race.key}"


def pieces(value: str) -> tuple[str, str]:
    """Take a button's value apart again: the answer's id and the race's key."""
    look, _, key = value.partition("|")
    return look, key


def state_id(prefix: str, look: str, wish: Wish) -> str:
    """Write what is shown into a block's id, so that a press says what it was pressed on."""
    group = wish.group.value if wish.group else ""
    parts = (prefix, look, str(wish.page), group, "1" if wish.open_now else "", wish.office, wish.words)
    return "|".join(part.replace("|", " ") for part in parts)


def state_of(block_id: str) -> tuple[str, Wish]:
    """Read a block's id again; what is no such id gives an answer that does not exist."""
    parts = block_id.split("|")
    if len(parts) != len(("prefix", "look", "page", "group", "open", "office", "words")):
        return "", Wish()
    _, look, number, group, open_now, office, words = parts
    known = group in set(Group)
    digits = number if number.isascii() and number.isdigit() and len(number) < len("100000") else "0"
    return look, Wish(
        page=int(digits),
        group=Group(group) if known else None,
        open_now=open_now == "1",
        office=office,
        words=words,
    )


def message(shown: Shown) -> p.Payload:
    """The answer as a message."""
    return p.message(summary(shown), blocks(shown))


def view(shown: Shown) -> p.Payload:
    """The answer as a modal."""
    return p.modal(TITLE, blocks(shown), callback=LIST_VIEW)


def summary(shown: Shown) -> str:
    """Say the answer in one line."""
    place = shown.lookup.place
    return f"{_count(len(shown.lookup.races))} in {row.said(place.label, 100) if place else 'that place'}"


def _count(number: int) -> str:
    return {0: "No race is known", 1: "1 race"}.get(number, f"{number:,} races")


def blocks(shown: Shown) -> list[p.Block]:
    """Build the answer: the place, what is not known about it, filters, five races, and what is left."""
    lookup, page = shown.lookup, shown.page
    place = lookup.place
    if place is None:
        return [p.section("Nothing was chosen yet. `/races` asks again.")]
    made = [p.section(f"*{row.said(place.label, 100)}*\n{_tally(shown, place)}")]
    older = {name for race in lookup.races if race.stale for name in race.source.split(" and ")}
    notes = [*place_notes(place), *troubles(lookup.troubles, older)]
    if notes:
        made.append(p.context("\n".join(notes)))
    if lookup.races:
        made.append(_filters(shown))
    else:
        made += _nothing()
    for number, race in enumerate(page.rows):
        made += [p.divider(), *_row(race, number, shown, place)]
    if lookup.races and not page.rows:
        made.append(p.section(f"{_nothing_like_it(page.wish)} *Show all* brings back the rest."))
    made += _pager(shown)
    if lookup.races:
        made.append(p.context(f"{DEPENDS} {KNOWN_IN_DETAILS}"))
    return made


def _tally(shown: Shown, place: Place) -> str:
    races = shown.lookup.races
    open_now = sum(deadline(race, place.zone, shown.now).standing is Standing.OPEN for race in races)
    told = f"{_count(len(races))}" + (f", {open_now} with filing open now" if open_now else "")
    if shown.lookup.left_off:
        told += (
            f". {shown.lookup.left_off:,} more were found, with later deadlines: "
            "a street address or a ZIP code shows fewer"
        )
    if shown.page.wish.narrow and races:
        told += f". {shown.page.total:,} of them shown"
    return f"{told}. Soonest filing deadline first." if races else f"{told} yet."


_LAYERS = {
    "sldl": "House",
    "sldu": "Senate",
    "council_district": "council",
    "school_district": "school",
}
"""The districts that most people look for, as they say them."""


def place_notes(place: Place) -> list[str]:
    """Say what is not certain about the place, and what to do to know it."""
    notes: list[str] = []
    if place.fell_back:
        notes.append(
            f"That address could not be located, so this is the answer for {row.said(place.label, 100)}. "
            "Check the address, or look again in a few minutes, for your exact districts."
        )
    if place.overlapping:
        named = [division.name for division in place.overlapping if division.name]
        shown = " or ".join(filter(None, (", ".join(named[:-1]), *named[-1:]))) if named else "several places"
        notes.append(f"It may lie in {row.said(shown, 200)}: a street address tells.")
    unknown = [said for layer, said in _LAYERS.items() if layer in place.unknown]
    if unknown and place.precision is not Precision.ADDRESS and not place.fell_back:
        several = ", ".join(unknown[:-1]) + (" and " if len(unknown) > 1 else "") + unknown[-1]
        districts = "districts depend" if len(unknown) > 1 else "district depends"
        notes.append(f"Your {several} {districts} on your street address.")
    missing = [_LAYERS[layer] for layer in ("sldl", "sldu") if layer in place.unknown]
    if missing and place.precision is Precision.ADDRESS:
        lost = " and ".join(missing)
        notes.append(f"Your {lost} district could not be told now. Look again in a few minutes.")
    return notes


def troubles(found: Sequence[tuple[str, str]], older: Collection[str] = ()) -> list[str]:
    """Say of each source that failed what is missing, and of those in `older` that what they said is old."""
    return [
        _OLDER.format(source=row.said(source, 60))
        if source in older
        else _TROUBLES.get(code, _TROUBLES["unreachable"]).format(source=row.said(source, 60))
        for source, code in found
    ]


def _nothing() -> list[p.Block]:
    tips = (
        "Nothing is known for this place yet. That does not mean that nothing is elected there. "
        "Try a street address or the state's name, or ask a mentor: they know who does know."
    )
    again = p.button("Look up another place", OPEN)
    return [p.section(tips), p.actions(again, p.button("Ask a mentor", "mentoring.ask"))]


def _nothing_like_it(wish: Wish) -> str:
    if wish.words:
        return f"No race here is called “{p.escape(wish.words)}”."
    if wish.open_now and not (wish.group or wish.office):
        return "Nothing is surely open for filing right now."
    return "No race here is like that."


def _filters(shown: Shown) -> p.Block:
    lookup, wish = shown.lookup, shown.page.wish
    levels = [p.option(ANY, "All levels"), *(p.option(each.value, said) for each, said in _LEVELS.items())]
    kinds = [p.option(code, p.shorten(said, 50)) for code, said in offices_in(lookup.races)]
    chosen = wish.office if any(kind["value"] == wish.office for kind in kinds) else ANY
    open_now = p.button(
        "Open now ✓" if wish.open_now else "Open now",
        OPEN_NOW,
        label="Show all again" if wish.open_now else "Show only what is open for filing now",
    )
    return p.actions(
        p.select(LEVEL, levels, chosen=wish.group.value if wish.group else ANY),
        p.select(OFFICE, [p.option(ANY, "All offices"), *kinds], chosen=chosen),
        open_now,
        p.button("Show all", CLEAR) if wish.narrow else None,
        block_id=state_id("filters", lookup.id, wish),
    )


def _row(race: Race, number: int, shown: Shown, place: Place) -> list[p.Block]:
    about = reference(shown.lookup.id, race)
    called = row.name(race)
    whole_state = place.precision is Precision.STATE
    perhaps = "perhaps not your district" if race.fits is None and not whole_state else ""
    one_of = "" if whole_state or race.count == 1 else "A street address shows which district is yours."
    text = row.lines(
        row.head(race),
        row.filing_line(race, place.zone, shown.now),
        row.others_line(race, place.zone, shown.now),
        row.election_line(race),
        row.facts_line(race),
        row.declared_line(race),
        one_of,
    )
    save = None if race.cancelled else p.button("Save", SAVE, about, label=f"Save {called}")
    kept = shown.saved.get(race.key)
    note = []
    if kept is not None:
        card = saved_words.Card(saved=kept, now=shown.now)
        word = saved_lists.word(card)
        save = p.button(word, saved_words.DETAILS, kept.id, label=f"{word}: {called}")
        note = [p.context(saved_lists.follows(card))]
    return [
        p.section(p.cut(text, 1100)),
        p.context(p.cut(" · ".join(filter(None, (row.certainty(race), perhaps, row.source(race)))), 500)),
        *note,
        p.actions(
            p.button("Details", DETAILS, about, label=f"Details of {called}"),
            save,
            p.button("Ask a mentor", ASK_ABOUT, about, label=f"Ask a mentor about {called}"),
            # What is shown beside it stays when it is pressed.
            block_id=state_id(f"row{number}", shown.lookup.id, shown.page.wish),
        ),
    ]


def _pager(shown: Shown) -> list[p.Block]:
    lookup, page = shown.lookup, shown.page
    if page.pages == 1:
        return []
    last = page.first + len(page.rows) - 1
    number = page.wish.page
    earlier = p.button("Earlier", EARLIER) if number else None
    later = p.button(f"Next {min(page.total - last, 5)}", LATER) if number < page.pages - 1 else None
    return [
        p.divider(),
        p.context(f"{page.first:,} to {last:,} of {page.total:,}"),
        p.actions(earlier, later, block_id=state_id("pages", lookup.id, page.wish)),
    ]
