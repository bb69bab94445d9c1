"""The calendar file of an event and the link to Google's calendar.

The description of the time zone is made here: icalendar 7.3 writes the beginning of daylight time by the
clock after the change, where RFC 5545 (3.6.5) wants the clock before it, and whoever reads that is an hour
late on that morning.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

from community.events_terms import Event, Status
from messages import calendar_file as files
from messages import payload as p

GOOGLE = "https://calendar.google.com/calendar/render"

_ZONE_SPAN = timedelta(days=366)
_DETAILS_MOST = 800
"""Characters of the description in a link; each may become nine in it, and a button's link has 3,000."""


def calendar(event: Event, *, organisation: str, at: datetime, speaker: str = "") -> p.Payload:
    """Give the calendar file as the payload of a delivery: an entry, or the word that it is cancelled."""
    gone = event.status is Status.CANCELLED
    name = f"{event.kind.value}-{event.id}{'-cancelled' if gone else ''}.ics"
    return {
        "filename": name,
        "title": p.shorten(event.title, 100),
        "content": file(event, organisation=organisation, at=at, speaker=speaker).decode("utf-8"),
    }


def file(event: Event, *, organisation: str, at: datetime, speaker: str = "") -> bytes:
    """Write the file; the same event has the same UID for ever, and a higher SEQUENCE after a change."""
    gone = event.status is Status.CANCELLED
    whole = files.begun("Events", "cancel" if gone else "publish")
    whole.add_component(time_zone(event.zone, event.starts_at, event.ends_at))
    entry = files.entry(event.uid, event.sequence, by=organisation, at=at)
    entry.add("dtstart", event.starts_at.astimezone(ZoneInfo(event.zone)))
    ends = event.ends_at.astimezone(ZoneInfo(event.zone))
    if ends.fold:
        # A local time that comes twice is read as the first of the two (RFC 5545, 3.3.5).
        entry.add("duration", event.ends_at - event.starts_at)
    else:
        entry.add("dtend", ends)
    entry.add("summary", files.line(event.title))
    entry.add("description", _details(event, speaker))
    entry.add("location", event.link)
    entry.add("url", event.link)
    entry.add("status", "CANCELLED" if gone else "CONFIRMED")
    entry.add("transp", "TRANSPARENT" if gone else "OPAQUE")
    whole.add_component(entry)
    written: bytes = whole.to_ical()
    return written


def _details(event: Event, speaker: str) -> str:
    parts = [
        f"{event.kind.label} with {speaker}" if speaker else event.kind.label,
        event.specialist_about,
        event.description,
        f"Join: {event.link}",
    ]
    return "\n\n".join("".join(c for c in part if c.isprintable() or c == "\n") for part in parts if part)


def time_zone(zone: str, starts_at: datetime, ends_at: datetime) -> Timezone:
    """Describe the zone around these moments: every change of its clocks from a year before to a year after.

    An onset is written by the clock before the change (RFC 5545, 3.6.5).
    """
    there = ZoneInfo(zone)
    first, last = starts_at - _ZONE_SPAN, ends_at + _ZONE_SPAN
    described = Timezone()
    described.add("tzid", zone)
    described.add_component(_observance(there, first, first))
    for change in _changes(there, first, last):
        described.add_component(_observance(there, change, change - timedelta(seconds=1)))
    return described


def _observance(there: ZoneInfo, at: datetime, before: datetime) -> Any:
    """Describe what holds from a moment on: its onset by the offset that held just before."""
    now, old = at.astimezone(there), before.astimezone(there)
    offset, offset_before = now.utcoffset() or timedelta(), old.utcoffset() or timedelta()
    part = TimezoneDaylight() if now.dst() else TimezoneStandard()
    part.add("dtstart", (at.astimezone(UTC) + offset_before).replace(tzinfo=None, microsecond=0))
    part.add("tzname", now.tzname() or zone_name(offset))
    part.add("tzoffsetfrom", offset_before)
    part.add("tzoffsetto", offset)
    return part


def zone_name(offset: timedelta) -> str:
    """Name an offset that has no name of its own: "UTC+03"."""
    minutes = round(offset.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}"


def _changes(there: ZoneInfo, first: datetime, last: datetime) -> list[datetime]:
    """Find the moments, to the second, at which the offset changes; no zone changes twice within a week."""
    found = []
    low = first
    while low < last:
        high = min(low + timedelta(days=7), last)
        if low.astimezone(there).utcoffset() != high.astimezone(there).utcoffset():
            found.append(_between(there, low, high))
        low = high
    return found


def _between(there: ZoneInfo, low: datetime, high: datetime) -> datetime:
    begin, end = int(low.timestamp()), int(high.timestamp())
    before = low.astimezone(there).utcoffset()
    while end - begin > 1:
        middle = (begin + end) // 2
        if datetime.fromtimestamp(middle, there).utcoffset() == before:
            begin = middle
        else:
            end = middle
    return datetime.fromtimestamp(end, UTC)


def google_link(event: Event, speaker: str = "") -> str:
    """Give the link that opens Google's calendar with the event filled in.

    Source: the parameters that Google's own "Add to calendar" links have (action, text, dates, details,
    location); they are not documented as an interface.
    """
    span = "/".join(f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for moment in (event.starts_at, event.ends_at))
    details = _details(event, speaker)
    for most in (_DETAILS_MOST, 200, 0):
        asked = {
            "action": "TEMPLATE",
            "text": event.title,
            "dates": span,
            "details": p.shorten(details, most) if most else f"Join: {event.link}",
            "location": event.link,
        }
        link = f"{GOOGLE}?{urlencode(asked, quote_via=quote)}"
        if len(link) <= p.URL_MOST:
            return link
    return f"{GOOGLE}?{urlencode({'action': 'TEMPLATE', 'dates': span}, quote_via=quote)}"
