"""An event as it was written into the form: checked, with every complaint at its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from community.clock import zone_names
from community.events_terms import (
    ABOUT_MOST,
    DESCRIPTION_MOST,
    LINK_MOST,
    MINUTES_LEAST,
    MINUTES_MOST,
    NAME_MOST,
    SEATS_MOST,
    TITLE_MOST,
    Audience,
    Event,
    Kind,
)
from community.events_times import SERIES_MOST, Moment, resolve, wall_of, weekly
from community.journeys_times import local
from community.mentoring_drafts import keepable
from community.refusals import Incomplete
from community.topics import MENTOR_TOPICS, Topic

_MOST: Mapping[str, int] = {
    "title": TITLE_MOST,
    "specialist_name": NAME_MOST,
    "specialist_about": ABOUT_MOST,
    "description": DESCRIPTION_MOST,
    "link": LINK_MOST,
}

_ONE_LINE = ("title", "specialist_name", "specialist_about")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event as it stands in the form; `time` is "17:30", `length` minutes, `specialist` a Slack id."""

    kind: str
    title: str
    day: date | None
    time: str
    zone: str
    length: str
    link: str
    specialist: str = ""
    specialist_name: str = ""
    specialist_about: str = ""
    description: str = ""
    topic: str = ""
    audience: str = "everyone"
    capacity: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of the check: the fields of an event but for its time, its length, and when it begins."""

    fields: Mapping[str, Any]
    length: timedelta
    wall: time
    zone: str
    moments: tuple[Moment, ...]


def check_draft(draft: Draft, *, now: datetime, before: Event | None = None) -> Checked:
    """Check what staff entered. `before` is the event that is edited, which may have begun already.

    Raises Incomplete with the form's fields: "title", "specialist", "specialist_name" … (missing, too
    long, unknown), "day" and "time" (missing, past), "zone" (unknown), "length" (out of range), "link"
    (missing, no link), "topic", "audience" (unknown), "capacity" (out of range, below), "until" (before,
    too soon, too far).
    """
    texts = {name: keepable(str(getattr(draft, name))) for name in _MOST}
    texts |= {name: " ".join(texts[name].split()) for name in _ONE_LINE}
    problems = _words(draft, texts)
    audience = Audience.read(draft.audience or "everyone")
    if audience is None:
        problems["audience"] = "unknown"
    problems |= _link(texts["link"])
    seats, length = _whole(draft.capacity), _whole(draft.length)
    if draft.capacity and not 1 <= seats <= SEATS_MOST:
        problems["capacity"] = "out of range"
    elif draft.capacity and before is not None and seats < before.taken:
        problems["capacity"] = "below"
    if not MINUTES_LEAST <= length <= MINUTES_MOST:
        problems["length"] = "out of range"
    wall, moments = _when(draft, problems, now=now, before=before)
    if problems or audience is None:
        raise Incomplete(problems)
    fields: dict[str, Any] = {
        "kind": Kind(draft.kind),
        "specialist": draft.specialist or None,
        "topic": Topic(draft.topic) if draft.topic else None,
        "audience": audience,
        "capacity": seats if draft.capacity else None,
        **texts,
    }
    return Checked(fields, timedelta(minutes=length), wall, draft.zone, moments)


def _words(draft: Draft, texts: Mapping[str, str]) -> dict[str, str]:
    problems = {name: "too long" for name, most in _MOST.items() if len(texts[name]) > most}
    if not texts["title"]:
        problems["title"] = "missing"
    if draft.kind not in set(Kind):
        problems["kind"] = "unknown"
    elif draft.kind == Kind.CHAT and not draft.specialist and not texts["specialist_name"]:
        problems["specialist"] = "missing"
    if draft.topic and draft.topic not in {topic.value for topic in MENTOR_TOPICS}:
        problems["topic"] = "unknown"
    return problems


def _whole(text: str) -> int:
    text = str(text).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0  # noqa: PLR2004


def _link(link: str) -> dict[str, str]:
    if not link:
        return {"link": "missing"}
    try:
        parts = urlsplit(link)
        fine = parts.scheme in {"http", "https"} and "." in (parts.hostname or "")
    except ValueError:
        fine = False
    # What ends a link in Slack's markup, or is no character of one, is refused rather than mended.
    if not fine or any(letter.isspace() or letter in "<>|\"'" for letter in link):
        return {"link": "no link"}
    return {}


def check_link(link: str, name: str) -> str:
    """Give a link as it can be kept; raises Incomplete with that field (missing, no link, too long)."""
    kept = keepable(link)
    problem = _link(kept).get("link") or ("too long" if len(kept) > LINK_MOST else "")
    if problem:
        raise Incomplete({name: problem})
    return kept


def _when(
    draft: Draft, problems: dict[str, str], *, now: datetime, before: Event | None
) -> tuple[time, tuple[Moment, ...]]:
    if draft.zone not in zone_names():
        problems["zone"] = "unknown"
    if draft.day is None:
        problems["day"] = "missing"
    try:
        wall = time.fromisoformat(draft.time)
    except ValueError:
        wall = time()
        problems["time"] = "missing"
    if draft.day is None or {"zone", "time"} & set(problems):
        return wall, ()
    first = resolve(draft.day, wall, draft.zone)
    if first.at <= now and (before is None or first.at != before.starts_at):
        problems["day" if draft.day < local(now, draft.zone).date() else "time"] = "past"
    days = [draft.day]
    if draft.until is not None:
        days = weekly(draft.day, min(draft.until, draft.day + timedelta(weeks=SERIES_MOST + 1)))
        if draft.until < draft.day:
            problems["until"] = "before"
        elif len(days) == 1:
            problems["until"] = "too soon"
        elif len(days) > SERIES_MOST:
            problems["until"] = "too far"
    return wall, tuple(resolve(day, wall, draft.zone) for day in days)


def draft_of(event: Event) -> Draft:
    """Give an event as it stands in the form when it is edited."""
    day, wall = wall_of(event.starts_at, event.zone)
    return Draft(
        kind=event.kind,
        title=event.title,
        day=day,
        time=f"{wall:%H:%M}",
        zone=event.zone,
        length=str(event.minutes),
        link=event.link,
        specialist=event.specialist or "",
        specialist_name=event.specialist_name,
        specialist_about=event.specialist_about,
        description=event.description,
        topic=event.topic.value if event.topic else "",
        audience=event.audience.key,
        capacity=str(event.capacity) if event.capacity is not None else "",
    )
