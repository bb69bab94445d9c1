"""A saved race in words: the countdown, what has changed, the calendar file, the list on the Home tab."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from community.journeys_times import local, zone_of
from community.races_changes import Change, Kind
from community.races_countdown import CLOSED, OPENS, Target, ahead, ladder, targets
from community.races_saved import Saved, Standing
from community.states import state_name
from messages import payload as p
from messages import races_calendar
from messages import races_row as row
from messages.times import clock_time, day

FILED = "races.filed"
STOP = "races.stop"
UNDO = "races.undo"
DETAILS = "races.saved_details"
ASK = "races.ask_about_saved"
CELEBRATE = "races.celebrate"
TAKE_DOWN = "races.take_down"
SHOW = "races.show_saved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """All that a message about a saved race shows.

    `now` is the moment that it is rendered at; `wins` is the channel where wins are celebrated, "" where
    there is none.
    """

    saved: Saved
    now: datetime
    wins: str = ""


def called(saved: Saved) -> str:
    """Name a race where nothing else of it is seen, in plain text: the office, and where it is."""
    name, division = row.name(saved.race), saved.race.office.division
    district = saved.race.office.district
    where = division.name
    if not where or (district and district in where):
        # "House of Delegates, District 12" is enough of the district; what it lacks is the state.
        where = state_name(saved.state)
    where = " ".join(where.split())
    return name if not where or where.casefold() in name.casefold() else f"{name} · {p.shorten(where, 60)}"


def named(saved: Saved) -> str:
    """Name it in mrkdwn."""
    return row.said(called(saved), row.NAME_MOST + 63)


# Dates


def closing(target: Target) -> str:
    """Write when a window closes, as it stands on the papers: "Apr 1, 2027, 5 pm ET"."""
    if target.closes is None:
        return ""
    return row.day_and_time(target.closes, target.closes_at, target.zone)


def _opening(target: Target) -> str:
    if target.opens is None:
        return ""
    return row.day_and_time(target.opens, target.opens_at, target.zone)


def _as_kept(text: str) -> str:
    """Write a day as a change has kept it."""
    when, _, rest = text.partition(" ")
    hour, _, zone = rest.partition(" ")
    at = time.fromisoformat(hour) if hour else None
    return row.day_and_time(date.fromisoformat(when), at, zone_of(zone).key)


def _here(target: Target, reader: str) -> str:
    """Say what the reader's own clock shows then, where that is another hour."""
    if target.moment is None or target.closes_at is None:
        return ""
    there, here = local(target.moment, target.zone), local(target.moment, reader)
    if there.replace(tzinfo=None) == here.replace(tzinfo=None):
        return ""
    said = clock_time(here).replace("12 pm", "noon")
    if here.date() != there.date():
        said = f"{day(here.date())}, {said}"
    return f" ({said} where you are)"


def _for(target: Target) -> str:
    return f" · {row.said(target.what, 60)}" if target.what else ""


def far(target: Target, today: date) -> str:
    """Say how far the end of a window lies ahead: "131 days", "tomorrow", "today"."""
    return row.left(target.closes, today) if target.closes else ""


def by_when(card: Card, target: Target | None) -> str:
    """Say by when to file, as things stand now."""
    saved = card.saved
    if target is None:
        return "Nobody has published by when to file. We look every night, and tell you when a date is known."
    if target.closes is None:
        return f"Filing opens {_opening(target)}. Nobody has published when it closes{_for(target)}."
    opens = ""
    if target.opens_moment is not None and target.opens_moment > card.now:
        opens = f"\nFiling opens {_opening(target)}."
    return f"File by *{closing(target)}*{_here(target, saved.reader)}{_for(target)}.{opens}"


def _last(saved: Saved) -> Target | None:
    """Give the window that closed last."""
    over = [each for each in targets(saved.race, saved.zone) if each.moment is not None]
    return over[-1] if over else None


# Cards


def countdown(card: Card, *, rung: str, on: date, what: str, closes: date | None) -> p.Payload:
    """One message of the countdown, through all that becomes of the race.

    `on` is the reader's day on which it was sent, `what` and `closes` the window as it was then.
    """
    saved = card.saved
    name = named(saved)
    if saved.standing is not Standing.ACTIVE:
        return _over(card)
    known = [each for each in targets(saved.race, saved.zone) if each.what == what]
    spoken = next((each for each in known if each.closes == closes), None)
    if spoken is None:
        head = f"*{name}*"
        small = "The date has moved since this message was sent."
        target = ahead(saved.race, saved.zone, card.now)
    else:
        head, small, target = _head(spoken, rung, on, name), "", spoken
    if rung == CLOSED and spoken is not None:
        further = ahead(saved.race, saved.zone, card.now)
        text = f"{head}\nDid you file?"
        if further is not None:
            text += f" If not: {_uncapped(by_when(card, further))}"
    else:
        text = f"{head}\n{by_when(card, target)}"
    return p.message(p.unbold(head), [p.section(text), *_where(saved), *_small(saved, small), _open(card)])


def _uncapped(text: str) -> str:
    return text[:1].lower() + text[1:]


def _head(target: Target, rung: str, on: date, name: str) -> str:
    if rung == CLOSED:
        return f"*Filing closed {closing(target)}: {name}*"
    if rung == OPENS:
        opens = "opens today" if target.opens == on else "is open"
        return f"*Filing {opens}: {name}*"
    left = (target.closes - on).days if target.closes else 0
    if left <= 0:
        return f"*Today is the last day to file: {name}*"
    return (
        f"*{left} days left to file: {name}*" if left > 1 else f"*Tomorrow is the last day to file: {name}*"
    )


def _where(saved: Saved) -> list[p.Block]:
    office = saved.race.office
    lines = [
        f"*{label}*: {row.said(text, 280)}"
        for label, text in (("Where", office.file_where), ("How", office.file_how), ("Fee", office.fee))
        if text.strip()
    ]
    return [p.context("\n".join(lines))] if lines else []


def _small(saved: Saved, *more: str) -> list[p.Block]:
    trust = " · ".join(filter(None, (row.certainty(saved.race), row.source(saved.race))))
    return [p.context(*filter(None, (*more, trust)))]


def _open(card: Card) -> p.Block:
    """What can be done as long as nobody has filed."""
    number, name = card.saved.id, row.name(card.saved.race)
    over = card.saved.standing is Standing.CLOSED
    return p.actions(
        p.button("I filed", FILED, number, style="primary", label=f"I filed for {name}"),
        p.button("Details", DETAILS, number, label=f"Details of {name}"),
        p.button("Ask a mentor", ASK, number, label=f"Ask a mentor about {name}"),
        p.button("Not this time", STOP, number, label=f"I did not file for {name}")
        if over
        else p.button("Stop", STOP, number, label=f"Stop the countdown for {name}"),
    )


def _over(card: Card) -> p.Payload:
    """Show a race that is not counted down to any more: filed, stopped, closed, cancelled."""
    saved = card.saved
    said, pressed = standing(card)
    name = named(saved)
    return p.message(f"{said[0]}: {name}", [p.section(f"*{said[0]}: {name}*\n{said[1]}"), *pressed])


def standing(card: Card) -> tuple[tuple[str, str], list[p.Block]]:
    """Say in a word and a sentence where it stands, and give what can still be pressed."""
    saved, number = card.saved, card.saved.id
    undo = p.button("Undo", UNDO, number)
    details = p.button("Details", DETAILS, number)
    match saved.standing:
        case Standing.FILED:
            return _filed(card, undo)
        case Standing.STOPPED:
            return ("Stopped", "Nothing more comes about this race."), [p.actions(undo, details)]
        case Standing.CANCELLED:
            said = "There is no such election any more, so the countdown has ended."
            return ("Cancelled", said), [
                p.actions(p.button("Ask a mentor", ASK, number), details),
                *_small(saved),
            ]
        case Standing.CLOSED:
            last = _last(saved)
            closed = f"Filing closed {closing(last)}" if last is not None else "Filing is over"
            return (closed, "Did you file? If not, a mentor can say what else is open to you."), [_open(card)]
        case Standing.ACTIVE:
            return ("Saved", by_when(card, ahead(saved.race, saved.zone, card.now))), [_open(card)]


def _filed(card: Card, undo: p.Element) -> tuple[tuple[str, str], list[p.Block]]:
    saved = card.saved
    name = row.name(saved.race)
    if saved.won_at is not None and card.wins:
        down = p.button("Take it down", TAKE_DOWN, saved.id)
        return ("You filed", f"Congratulations! It stands in <#{card.wins}>."), [p.actions(down, undo)]
    if not card.wins:
        return ("You filed", "Congratulations! The countdown has ended."), [p.actions(undo)]
    sure = p.sure(
        "Tell everybody?",
        f"The wins channel will read that you filed for {p.shorten(name, 120)}. You can take it down again.",
        "Post it",
        "Not now",
    )
    tell = p.button("Celebrate", CELEBRATE, saved.id, style="primary", confirm=sure)
    said = (
        f"Congratulations! The countdown has ended. Shall <#{card.wins}> hear of it? Only if you want it to."
    )
    return ("You filed", said), [p.actions(tell, undo)]


_CHANGED = {
    Kind.CLOSES: "Filing closes",
    Kind.OPENS: "Filing opens",
    Kind.ELECTION: "The election is on",
    Kind.PRIMARY: "The primary is on",
}


_UNKNOWN = {
    Kind.CLOSES: "when filing closes",
    Kind.OPENS: "when filing opens",
    Kind.ELECTION: "when the election is",
    Kind.PRIMARY: "when the primary is",
}


def change(one: Change) -> str:
    """Say what has changed, the new first: "Filing closes *Apr 8, 2027*. It was Apr 1, 2027."."""
    if one.kind is Kind.CANCELLED:
        return "*This election was cancelled.* The countdown has ended."
    if one.kind is Kind.BACK:
        return "*This election takes place after all.* The countdown goes on."
    said = _CHANGED[one.kind]
    what = f" ({row.said(one.what, 60)})" if one.what else ""
    if not one.new:
        return f"Nobody says any more {_UNKNOWN[one.kind]}{what}. It was {_as_kept(one.old)}."
    if not one.old:
        return f"{said} *{_as_kept(one.new)}*{what}. Nobody had published it before."
    return f"{said} *{_as_kept(one.new)}*{what}. It was {_as_kept(one.old)}."


def changed(card: Card, changes: Sequence[Change], *, on: date) -> p.Payload:
    """The card that tells what has changed about a saved race, and where it stands by now."""
    saved = card.saved
    name = named(saved)
    kinds = {each.kind for each in changes}
    if Kind.CANCELLED in kinds:
        head = f"Cancelled: {name}"
    elif all(not each.old for each in changes) and Kind.BACK not in kinds:
        head = f"A date is known now: {name}"
    else:
        head = f"A date has changed: {name}"
    blocks = [p.section("\n".join((f"*{head}*", *(change(each) for each in changes))))]
    small = _small(saved, "Dates move: check with the election office.")
    if saved.standing is Standing.ACTIVE:
        target = ahead(saved.race, saved.zone, card.now)
        if target is not None and target.closes is not None:
            blocks.append(p.section(f"{by_when(card, target)} {_counted(target, on)}"))
        return p.message(head, [*blocks, *small, _open(card)])
    (word_, sentence), pressed = standing(card)
    if saved.standing is Standing.CANCELLED:
        return p.message(head, [*blocks, *pressed])
    return p.message(head, [*blocks, p.section(f"*{word_}.* {sentence}"), *small, *pressed])


def _counted(target: Target, on: date) -> str:
    """Say how far it is, counted from the day on which the message came: it may be read much later."""
    left = (target.closes - on).days if target.closes else 0
    if left < 1:
        return f"That is the day of this message, {day(on)}."
    return f"That is {left} day{'' if left == 1 else 's'} after {day(on)}."


def win(card: Card) -> p.Payload:
    """What the wins channel reads, because the person wanted it to."""
    race = card.saved.race
    text = f"<@{card.saved.user}> has filed for *{row.said(row.title(race), 200)}*. Congratulations!"
    return p.message(text, [p.section(text)])


# The calendar file


_FILES = {
    "saved": "*Saved: {name}*\n{by}\nOpen this file to have it in your calendar. {rungs}",
    "back": "*Back again: {name}*\n{by}\nOpen this file to have it in your calendar once more. {rungs}",
    "moved": "*{name}*\nOpen this file: it moves the entry in your calendar. {by}",
    "stopped": "*Stopped: {name}*\nOpen this file to take it out of your calendar, if it is there.",
    "cancelled": "*Cancelled: {name}*\nOpen this file to take it out of your calendar, if it is there.",
    "gone": "*{name}*\nOpen this file to take the old date out of your calendar, if it is there.",
}


def calendar_file(card: Card, *, method: str, whats: Sequence[str], why: str) -> p.Payload:
    """The calendar file with the sentence that stands above it."""
    saved = card.saved
    target = ahead(saved.race, saved.zone, card.now)
    if method == "cancel" and why not in {"stopped", "cancelled"}:
        why = "gone"
    words = _FILES[why].format(
        name=named(saved),
        by=by_when(card, target) if target is not None else "",
        rungs=coming(saved, target),
    )
    return {
        "filename": races_calendar.FILE,
        "title": p.shorten(f"Filing deadline: {row.name(saved.race)}", 150),
        "content": races_calendar.calendar(saved, method, whats, now=card.now),
        "initial_comment": p.cut(words, p.TEXT_MOST),
    }


def coming(saved: Saved, target: Target | None) -> str:
    """Say when messages come, as far as any are still to come."""
    coming = [each for each in ladder(target, saved.reader) if each.at > saved.since] if target else []
    if not coming:
        return ""
    when = f"on {day(local(coming[0].at, saved.reader).date())} at 9 am."
    first = f": the first {when}" if len(coming) > 1 else f", {when}"
    return f"We write to you {_days(each.name for each in coming)}{first}"


def _days(names: Iterable[str]) -> str:
    """Name the days of messages: "30, 14 and 7 days before filing closes, and when it opens"."""
    known = list(names)
    days = [name for name in known if name != OPENS]
    parts: list[str] = []
    if days:
        *others, last = days
        counted = f"{', '.join(others)} and {last}" if others else last
        parts.append(f"{counted} day{'' if last == '1' else 's'} before filing closes")
    if OPENS in known:
        parts.append("when it opens" if days else "when filing opens")
    return ", and ".join(parts)
