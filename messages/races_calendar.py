"""The calendar file of a saved race: one entry for the end of each filing window, or their removal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from icalendar import Alarm, Event

from community.races_countdown import Target, targets
from community.races_saved import Saved
from messages import calendar_file as files
from messages import payload as p
from messages import races_row as row

FILE = "filing-deadline.ics"
_REMIND = (timedelta(days=7), timedelta(days=1))
_WORDS_MOST = 500


def calendar(saved: Saved, method: str, whats: Sequence[str], *, now: datetime) -> str:
    """Write the file: `method` is "publish" or "cancel", `whats` are the windows that it speaks of."""
    made = files.begun("Filing deadlines", method)
    known = {each.what: each for each in targets(saved.race, saved.zone) if each.moment is not None}
    for what in whats:
        if method == "cancel":
            made.add_component(_removal(saved, what, now))
        elif what in known:
            made.add_component(_entry(saved, known[what], now))
    written: bytes = made.to_ical()
    return written.decode()


def uid(saved: Saved, what: str) -> str:
    """Name the entry of one window; a race that has only one without a name keeps the plain name."""
    part = f"-{sha256(what.encode()).hexdigest()[:8]}" if what else ""
    return f"{saved.uid}{part}@downballot"


def _begun(saved: Saved, what: str, now: datetime) -> Event:
    return files.entry(uid(saved, what), saved.sequence, by="Downballot", at=now)


def _removal(saved: Saved, what: str, now: datetime) -> Event:
    event = _begun(saved, what, now)
    event.add("summary", _summary(saved, what))
    event.add("status", "CANCELLED")
    return event


def _summary(saved: Saved, what: str) -> str:
    named = f" ({_line(what, 60)})" if what else ""
    return f"Filing closes: {row.title(saved.race)}{named}"


def _entry(saved: Saved, target: Target, now: datetime) -> Event:
    event = _begun(saved, target.what, now)
    event.add("summary", _summary(saved, target.what))
    if target.closes_at is None and target.closes is not None:
        # A whole day, because nobody has said until what hour.
        event.add("dtstart", target.closes)
        event.add("dtend", target.closes + timedelta(days=1))
    elif target.moment is not None:
        # A moment in UTC is the same one in every calendar, without the rules of any zone.
        event.add("dtstart", target.moment)
    event.add("transp", "TRANSPARENT")
    event.add("status", "CONFIRMED")
    event.add("description", _description(saved, target))
    if saved.race.office.file_where:
        event.add("location", _line(saved.race.office.file_where, 200))
    if row.link(saved.race.url, "") != "":
        event.add("url", saved.race.url)
    for before in _REMIND:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", _summary(saved, target.what))
        alarm.add("trigger", -before)
        event.add_component(alarm)
    return event


def _description(saved: Saved, target: Target) -> str:
    office = saved.race.office
    when = row.day_and_time(target.closes, target.closes_at, target.zone) if target.closes else ""
    return "\n".join(
        filter(
            None,
            (
                f"Filing closes {when}.",
                _line(office.file_how, _WORDS_MOST),
                _line(office.file_where, _WORDS_MOST),
                f"Phone: {_line(office.phone, 60)}" if office.phone else "",
                f"Source: {_line(saved.race.source, 80)}" if saved.race.source else "",
                "Dates move: check with the election office.",
            ),
        )
    )


def _line(text: str, most: int) -> str:
    return p.shorten(files.line(text), most)
