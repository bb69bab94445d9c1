"""Everything that is known about one race, and the card of it that is shared in a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from community.races import Office, Place, Race
from messages import payload as p
from messages import races as words
from messages import races_row as row
from messages.times import day

DETAILS_VIEW = "races.details"
PEOPLE_MOST = 30
"""Candidates, and people who hold the office, that the view names; beyond that it says how many more."""


@dataclass(frozen=True, slots=True)
class More:
    """A source that can say more of the race: it is being asked, or was and is `away`; "" where none can."""

    source: str = ""
    away: bool = False


NOTHING_MORE = More()

_YES_NO = {True: "yes", False: "no", None: ""}


def details(
    race: Race, place: Place, *, look: str, channel: str, now: datetime, more: More = NOTHING_MORE
) -> p.Payload:
    """The view of one race; what nobody told us is called unknown, never left to look like "no".

    `channel` is where the answer stands, for sharing it there; "" where it stands in no conversation.
    """
    about = words.reference(look, race)
    pressed = p.actions(
        None if race.cancelled else p.button("Save", words.SAVE, about, style="primary"),
        p.button("Ask a mentor", words.ASK_ABOUT, about),
        p.button("Share…", words.SHARE, about),
    )
    blocks = _facts(race, place.zone, [pressed], now, more)
    return p.modal("Details", blocks, callback=DETAILS_VIEW, metadata=channel)


def saved_details(
    race: Race, zone: str, pressed: Sequence[p.Block], *, now: datetime, more: More = NOTHING_MORE
) -> p.Payload:
    """The same view of a race that somebody saved, with what they can do with it."""
    return p.modal("Details", _facts(race, zone, pressed, now, more))


def _facts(race: Race, zone: str, pressed: Sequence[p.Block], now: datetime, more: More) -> list[p.Block]:
    return [
        p.section(
            row.lines(
                row.head(race),
                row.filing_line(race, zone, now),
                row.election_line(race),
                row.facts_line(race),
            )
        ),
        *pressed,
        *_filing(race, zone, now),
        *_who_may(race.office),
        *_where(race.office),
        *_people(race, more),
        *_more_to_come(more),
        *_trust(race),
    ]


def _part(title: str, *texts: str) -> list[p.Block]:
    text = row.lines(*texts)
    return [p.section(p.cut(f"*{title}*\n{text}", p.TEXT_MOST))] if text else []


def _filing(race: Race, zone: str, now: datetime) -> list[p.Block]:
    windows = [row.window(filing, zone, now) for filing in race.filings[:8]]
    return _part("Filing", *windows)


def _who_may(office: Office) -> list[p.Block]:
    facts = (
        _fact("At least", f"{office.minimum_age} years old" if office.minimum_age else ""),
        _fact("Lives in the district", _YES_NO[office.must_live_there]),
        _fact("Registered to vote there", _YES_NO[office.must_be_registered]),
    )
    told = row.lines(*facts, _long(office.eligibility))
    return _part(
        "Who may run",
        told or "Not known here. Ask the election office before you collect a signature.",
    )


def _where(office: Office) -> list[p.Block]:
    fee = _long(office.fee) or "Not known: ask before you go."
    return [
        *_part("What to hand in", _long(office.requirements)),
        *_part("Fee", fee),
        *_part("Where and how", _long(office.file_where), _long(office.file_how), _phone(office.phone)),
    ]


def _more_to_come(more: More) -> list[p.Block]:
    source = row.said(more.source, 80)
    if not source:
        return []
    if more.away:
        return [
            p.context(
                f"{source} does not answer now, so more may be known. Press Details again in a few minutes."
            )
        ]
    return [p.context(f"Asking {source} who holds it and who has declared…")]


def _people(race: Race, more: More) -> list[p.Block]:
    made: list[p.Block] = []
    if race.incumbents:
        held = row.named(race.incumbents[:PEOPLE_MOST]) + _others(len(race.incumbents))
        made += _part("Who holds it", held)
    if race.candidates is None:
        asking = more.source and not more.away
        return made if asking else [*made, *_part("Who has declared", "Not known.")]
    if not race.candidates:
        return [*made, *_part("Who has declared", "*No one yet.*")]
    people = [
        row.link(one.url, row.candidate(one))
        + (" · withdrew" if one.withdrawn else "")
        + (" · not yet on the official list" if one.certified is False and not one.withdrawn else "")
        for one in race.candidates[:PEOPLE_MOST]
    ]
    return [*made, *_part("Who has declared", *people, _others(len(race.candidates)).removeprefix(" "))]


def _others(count: int) -> str:
    return f" and {count - PEOPLE_MOST} more" if count > PEOPLE_MOST else ""


def _trust(race: Race) -> list[p.Block]:
    official = row.link(race.office.url, "The office's own page") if race.office.url != race.url else ""
    lines = (
        row.certainty(race),
        row.source(race),
        row.said(race.note, 600),
        official if official.startswith("<") else "",
        words.DEPENDS,
    )
    return [p.divider(), p.context(p.cut("\n".join(filter(None, lines)), p.TEXT_MOST))]


def _fact(label: str, value: str) -> str:
    return f"{label}: {value}" if value else ""


def _long(text: str) -> str:
    """Give a source's text with its lines, harmless."""
    return p.escape(p.shorten("\n".join(" ".join(line.split()) for line in text.splitlines()).strip(), 1200))


def _phone(text: str) -> str:
    return f"Phone: {row.said(text, 60)}" if text.strip() else ""


def shared(race: Race, zone: str, *, by: str, now: datetime) -> p.Payload:
    """The card of a race in a channel, posted because `by` wanted to."""
    text = row.lines(
        row.head(race),
        row.filing_line(race, zone, now),
        row.others_line(race, zone, now),
        row.election_line(race),
        row.facts_line(race),
        row.declared_line(race),
    )
    small = " · ".join(filter(None, (row.certainty(race), row.source(race), f"As of {day(now.date())}")))
    return p.message(
        f"<@{by}> shared a race: {row.said(row.name(race))}",
        [
            p.context(f"<@{by}> shared a race"),
            p.section(p.cut(text, 1500)),
            p.context(p.cut(small, 600), words.DEPENDS),
            p.actions(p.button("What can I run for?", words.OPEN)),
        ],
    )
