"""A race in words: when and where to file, who runs, and how far all of that can be trusted.

Everything here that came from a source is somebody else's text: it is put on one line, shortened and escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from community.races import Candidate, Certainty, Filing, Kind, Race
from community.races_list import Standing, deadline, has_opened, opens_moment
from messages import payload as p
from messages.times import day, days_left, moment

NAME_MOST = 120
LINE_MOST = 300
NAMED_MOST = 3
"""Declared candidates that a row names; Details names them all."""

_CLEAN_URL = re.compile(r"https?://[^\s<>|\"'`\\^{}]{3,2000}", re.IGNORECASE)


def said(text: str, most: int = LINE_MOST) -> str:
    """Give a source's text on one line, shortened and harmless, as mrkdwn."""
    return p.escape(p.shorten(" ".join(text.split()), most))


def link(url: str, text: str) -> str:
    """Give a link where the address is one of the web, else the text alone."""
    if not _CLEAN_URL.fullmatch(url):
        return text
    return f"<{url.replace('&', '&amp;')}|{text}>"


def name(race: Race) -> str:
    """Name a race in plain text: office, and district where the office's name does not say it."""
    office = race.office
    district = office.district.strip()
    called = office.name.strip() or "An office"
    if district and district.casefold() not in called.casefold():
        called += (
            f", District {district}" if re.fullmatch(r"[0-9]{1,3}[A-Za-z]?", district) else f", {district}"
        )
    return p.shorten(" ".join(called.split()), NAME_MOST)


def title(race: Race) -> str:
    """Name a race for somebody who sees nothing else of it, in plain text: office, place, election day."""
    where = " ".join(race.office.division.name.split())
    called = name(race)
    if where and where.casefold() not in called.casefold():
        called += f" · {p.shorten(where, 60)}"
    return f"{called} · {day(race.election_day)}" if race.election_day else called


def head(race: Race) -> str:
    """Give the name as the headline of a row, and where it is elected."""
    where = race.office.division.name
    shown = f"*{said(name(race), NAME_MOST)}*"
    if where and where.casefold() not in name(race).casefold():
        shown += f" · {said(where, 80)}"
    return shown


def day_and_time(when: date, at: time | None, zone: str) -> str:
    """Write a day, and the hour where one is known: "Apr 1, 2027, 5 pm ET"."""
    if at is None:
        return day(when)
    local = datetime.combine(when, at, tzinfo=ZoneInfo(zone))
    return moment(local, zone).replace("12 pm", "noon")


def left(when: date, today: date) -> str:
    """Say how far off a day is, as it stands behind a deadline: "131 days", "tomorrow", "26 days ago"."""
    return days_left(when, today).removeprefix("in ")


def filing_line(race: Race, zone: str, now: datetime) -> str:
    """Say by when papers have to be in, or that it is too late, or that nobody knows yet."""
    due = deadline(race, zone, now)
    filing = due.filing
    what = f" · {said(filing.what, 60)}" if filing is not None and filing.what else ""
    if race.cancelled:
        return "*This election was cancelled.*"
    if filing is None or due.standing is Standing.UNKNOWN or filing.closes is None:
        opens = _opens(filing, zone, now) if filing is not None else ""
        if due.standing is Standing.OVER:
            return "This election is over."
        if race.election_day is None and not opens:
            return f"No date is published yet.{what}"
        return f"Nobody has published by when to file.{opens}{what}"
    at_zone = filing.zone or zone
    when = day_and_time(filing.closes, filing.closes_at, at_zone)
    far = left(filing.closes, now.astimezone(ZoneInfo(at_zone)).date())
    if due.standing is Standing.OVER:
        return f"Filing closed {when} ({far}){what}"
    opens = " · open now" if due.standing is Standing.OPEN else _opens(filing, zone, now)
    return f"*File by {when}* ({far}){opens}{what}"


def others_line(race: Race, zone: str, now: datetime) -> str:
    """Name the later deadlines of a race, each with whom it is for: "independents by Jun 15, 2027"."""
    due = deadline(race, zone, now)
    if race.cancelled or due.closes is None or due.standing is Standing.OVER:
        return ""
    later: list[str] = []
    for filing in race.filings:
        closes = filing.closes_moment(zone)
        if filing.closes is not None and closes is not None and closes > due.closes:
            when = day_and_time(filing.closes, filing.closes_at, filing.zone or zone)
            later.append(f"{said(filing.what, 80) or 'others'} by {when}")
    text = "; ".join(later[:2])
    return f"Also: {text}" if text else ""


def _opens(filing: Filing, zone: str, now: datetime) -> str:
    moment_ = opens_moment(filing, zone)
    if moment_ is None or filing.opens is None or moment_ <= now:
        return ""
    return f" · opens {day_and_time(filing.opens, filing.opens_at, filing.zone or zone)}"


def window(filing: Filing, zone: str, now: datetime) -> str:
    """Write one filing window whole: for whom, from when, until when, and the source's own note."""
    at_zone = filing.zone or zone
    opens = day_and_time(filing.opens, filing.opens_at, at_zone) if filing.opens else "not known"
    closes = day_and_time(filing.closes, filing.closes_at, at_zone) if filing.closes else "not known"
    state = ""
    moment_ = filing.closes_moment(zone)
    if moment_ is not None and filing.closes is not None:
        far = left(filing.closes, now.astimezone(ZoneInfo(at_zone)).date())
        over = moment_ < now
        state = f" ({'closed, ' if over else ''}{far})"
        if not over and has_opened(filing, zone, now):
            state += ", open now"
    what = f"{said(filing.what, 80)}: " if filing.what else ""
    note = f"\n{said(filing.note)}" if filing.note else ""
    return f"{what}from {opens} to *{closes}*{state}{note}"


_DAYS = {
    Kind.GENERAL: "Election",
    Kind.PRIMARY: "Primary",
    Kind.RUNOFF: "Runoff",
    Kind.SPECIAL: "Special election",
}


def election_line(race: Race) -> str:
    """Say when it is elected: "Election Nov 2, 2027 · primary Jun 15, 2027"; "" where nobody knows."""
    if race.election_day is None:
        return ""
    parts = [f"{_DAYS[race.kind]} {day(race.election_day)}"]
    if race.primary_day is not None and race.primary_day != race.election_day:
        parts.append(f"primary {day(race.primary_day)}")
    if race.runoff_day is not None and race.runoff_day != race.election_day:
        parts.append(f"runoff {day(race.runoff_day)}")
    return " · ".join(parts)


def seats(race: Race) -> str:
    """Say how many seats there are, and in how many districts where the row stands for several races."""
    known = race.seats or race.office.seats
    if race.count > 1:
        total = max(known or 0, race.count)
        return f"{total:,} seats" + (f" in {race.count:,} districts" if total != race.count else "")
    if known is None:
        return ""
    return "1 seat" if known == 1 else f"{known} seats"


def facts_line(race: Race) -> str:
    """Give seats, term, party and pay as far as they are known; what nobody said is left out."""
    office = race.office
    party = {True: "partisan", False: "nonpartisan", None: ""}[office.partisan]
    return " · ".join(
        filter(
            None,
            (
                seats(race),
                f"{office.term_years}-year term" if office.term_years else "",
                "rest of a term" if race.unexpired else "",
                party,
                said(office.salary, 80),
            ),
        )
    )


def declared_line(race: Race) -> str:
    """Say who has declared; "" where nobody knows."""
    if race.candidates is None:
        return ""
    there = [each for each in race.candidates if not each.withdrawn]
    gone = len(race.candidates) - len(there)
    withdrawn = f" ({gone} withdrew)" if gone else ""
    if not there:
        return f"Declared: *no one yet*{withdrawn}"
    named = ", ".join(candidate(each) for each in there[:NAMED_MOST])
    more = f" and {len(there) - NAMED_MOST} more" if len(there) > NAMED_MOST else ""
    return f"Declared: {len(there)}, {named}{more}{withdrawn}"


def candidate(one: Candidate) -> str:
    """Name somebody who declared: "Ann Lee (Independent, holds the seat)"."""
    extra = ", ".join(filter(None, (said(one.party, 40), "holds the seat" if one.incumbent else "")))
    return said(one.name, 60) + (f" ({extra})" if extra else "")


def certainty(race: Race) -> str:
    """Say in words how far the row can be trusted, and link to who can confirm it."""
    office = link(race.url, "election office")
    match race.certainty:
        case Certainty.CONFIRMED:
            return "Confirmed"
        case Certainty.DERIVED:
            rule = f" ({said(race.rule, 120)})" if race.rule else ""
            return f"Derived from the law{rule}: check with the {office}"
        case Certainty.EXPECTED:
            return f"Expected, because this office exists here: ask the {office}"


def source(race: Race) -> str:
    """Name where it comes from and of which day that is."""
    called = said(race.source, 80)
    if race.certainty is Certainty.CONFIRMED and called:
        called = link(race.url, called)
    dated = day(race.as_of) if race.as_of else ""
    stale = "an older answer, because the source does not answer now" if race.stale else ""
    return ", ".join(filter(None, (f"Source: {called}" if called else "", dated, stale)))


def lines(*parts: str) -> str:
    """Put what there is on a line each."""
    return "\n".join(part for part in parts if part)


def named(people: Sequence[str], most: int = 60) -> str:
    """Name several people, each shortened."""
    return ", ".join(said(each, most) for each in people)
