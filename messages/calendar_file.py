"""What every calendar file begins with, whatever it is about.

An entry is named for good by its UID and counted by SEQUENCE, so that opening a newer file moves an entry
that a calendar has already.

Sources: RFC 5545 (iCalendar), sections 3.6.1, 3.8.4.7 and 3.8.7.4; RFC 5546, 3.2.1 PUBLISH and 3.2.5 CANCEL,
which both ask for an ORGANIZER.
"""

from __future__ import annotations

from datetime import UTC, datetime

from icalendar import Calendar, Event, vCalAddress, vText

NOBODY = "mailto:no-reply@downballot.invalid"
"""An organizer has to be named, and no mail may reach anybody: .invalid belongs to nobody (RFC 2606)."""


def begun(about: str, method: str) -> Calendar:
    """Begin a file `about` something ("Events"); `method` is "publish" or "cancel"."""
    whole = Calendar()
    whole.add("prodid", f"-//Downballot//{about}//EN")
    whole.add("version", "2.0")
    whole.add("calscale", "GREGORIAN")
    whole.add("method", method.upper())
    return whole


def entry(uid: str, sequence: int, *, by: str, at: datetime) -> Event:
    """Begin an entry of a file that is written at that moment (aware), in the name of `by`."""
    made = Event()
    made.add("uid", uid)
    made.add("sequence", sequence)
    made.add("dtstamp", at.astimezone(UTC))
    organizer = vCalAddress(NOBODY)
    organizer.params["CN"] = vText(line(by))
    made["organizer"] = organizer
    return made


def line(text: str) -> str:
    """Take out what a line of the file cannot hold."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
