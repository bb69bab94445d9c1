"""The list of races that an answer shows: sorted by filing deadline, filtered, in pages of five."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

from community.offices import Office as Kind
from community.races import (
    Asked,
    Filing,
    Found,
    Level,
    Office,
    Place,
    Race,
)
from community.races_merge import TELLING, merge, plain_words
from community.refusals import Refused

SIZE = 5
"""Races on one page."""

KEPT_MOST = 500
"""Races that one answer keeps, the soonest deadlines first; a whole state can have thousands."""

WORDS_MOST = 40
"""Characters of the words that an office is looked for by."""

OFFICES_MOST = 30
"""Kinds of office that an answer can be narrowed down to."""


class LookupOver(Refused):
    """The answer that was pressed on is no longer kept: filing dates move, so it is looked up anew."""


class Group(StrEnum):
    """Levels as people choose among them."""

    LOCAL = "local"
    COUNTY = "county"
    STATE = "state"
    FEDERAL = "federal"


_GROUPS = {
    Level.LOCAL: Group.LOCAL,
    Level.TOWNSHIP: Group.LOCAL,
    Level.CITY: Group.LOCAL,
    Level.COUNTY: Group.COUNTY,
    Level.REGIONAL: Group.COUNTY,
    Level.STATE: Group.STATE,
    Level.FEDERAL: Group.FEDERAL,
}


def group_of(level: Level) -> Group:
    """Say under which of the four choices a level is found."""
    return _GROUPS[level]


class Standing(StrEnum):
    """Where the filing of a race stands at a moment."""

    OPEN = "open"
    AHEAD = "ahead"
    """It closes in the future, and has not begun or nobody said when it begins."""
    UNKNOWN = "unknown"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Deadline:
    """The filing of a race that matters now: the next to close, or the last that did."""

    standing: Standing
    filing: Filing | None = None
    closes: datetime | None = None
    """Aware, in the zone of the office that takes the papers."""


def deadline(race: Race, zone: str, now: datetime) -> Deadline:
    """Give the filing that closes next; where all are over, the one that closed last."""
    ends: list[tuple[datetime, Filing]] = []
    open_ended: list[Filing] = []
    for filing in race.filings:
        closes = filing.closes_moment(zone)
        if closes is None:
            open_ended.append(filing)
        else:
            ends.append((closes, filing))
    ahead = sorted((each for each in ends if each[0] >= now), key=lambda each: each[0])
    if ahead:
        closes, filing = ahead[0]
        return Deadline(Standing.OPEN if has_opened(filing, zone, now) else Standing.AHEAD, filing, closes)
    if open_ended:
        # Of several windows one whose end nobody knows may still be open.
        return Deadline(Standing.UNKNOWN, open_ended[0])
    if ends:
        closes, filing = max(ends, key=lambda each: each[0])
        return Deadline(Standing.OVER, filing, closes)
    if race.election_day is not None and race.election_day < now.astimezone(ZoneInfo(zone)).date():
        return Deadline(Standing.OVER)
    return Deadline(Standing.UNKNOWN)


def opens_moment(filing: Filing, zone: str) -> datetime | None:
    """Give the moment at which papers are taken from, as far as it is known."""
    if filing.opens is None:
        return None
    return datetime.combine(filing.opens, filing.opens_at or time(0), tzinfo=ZoneInfo(filing.zone or zone))


def has_opened(filing: Filing, zone: str, now: datetime) -> bool:
    """Whether papers are surely taken already; where nobody said when it opens, it is not sure."""
    opens = opens_moment(filing, zone)
    return opens is not None and opens <= now


# Sorting, filtering, paging


_LEVELS = {level: at for at, level in enumerate(Level)}
_STANDINGS = {Standing.OPEN: 0, Standing.AHEAD: 0, Standing.UNKNOWN: 1, Standing.OVER: 2}


def arranged(races: Iterable[Race], zone: str, now: datetime) -> tuple[Race, ...]:
    """Sort by filing deadline, unknown ones after that, past and cancelled ones last; then local first."""

    def place_of(race: Race) -> tuple[int, float, int, date, str, str]:
        due = deadline(race, zone, now)
        rank = 3 if race.cancelled else _STANDINGS[due.standing]
        moment = due.closes.timestamp() if due.closes else 0.0
        # Of those that are over the one that closed last comes first.
        return (
            rank,
            -moment if due.standing is Standing.OVER else moment,
            _LEVELS[race.office.level],
            race.election_day or date.max,
            race.office.name.casefold(),
            race.key,
        )

    return tuple(sorted(races, key=place_of))


@dataclass(frozen=True, slots=True)
class Wish:
    """What of an answer somebody wants to see; `office` is a code of `offices_in`, `words` were typed."""

    page: int = 0
    group: Group | None = None
    open_now: bool = False
    office: str = ""
    words: str = ""

    @property
    def narrow(self) -> bool:
        """Whether anything is filtered away."""
        return bool(self.group or self.open_now or self.office or self.words)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of an answer: `first` is the number of the first one (from 1), `total` how many fit the wish.

    `wish` is the one that is shown: its page is one that exists.
    """

    rows: tuple[Race, ...]
    wish: Wish
    first: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; one where there is nothing."""
        return max(1, -(-self.total // SIZE))


def page(races: Sequence[Race], wish: Wish, zone: str, now: datetime) -> Page:
    """Give a page of those that fit the wish; a page that is not there gives the nearest that is."""
    fitting_wish = [race for race in races if wanted(race, wish, zone, now)]
    last = max(0, -(-len(fitting_wish) // SIZE) - 1)
    number = min(max(0, wish.page), last)
    rows = tuple(fitting_wish[number * SIZE : (number + 1) * SIZE])
    return Page(rows, replace(wish, page=number), number * SIZE + 1, len(fitting_wish))


def wanted(race: Race, wish: Wish, zone: str, now: datetime) -> bool:
    """Whether a race is among what somebody wants to see."""
    if wish.group is not None and group_of(race.office.level) is not wish.group:
        return False
    if wish.open_now and (race.cancelled or deadline(race, zone, now).standing is not Standing.OPEN):
        return False
    if wish.office and code_of(office_title(race.office)) != wish.office:
        return False
    return matches(race, wish.words)


def matches(race: Race, words: str) -> bool:
    """Whether every word begins some word of the office's name, kind, district or division."""
    office = race.office
    kind = office.kind.label if office.kind else ""
    there = plain_words(f"{office.name} {kind} {office.district} {office.division.name}").split()
    return all(any(known.startswith(word) for known in there) for word in plain_words(words).split())


def office_title(office: Office) -> str:
    """Name the kind of office that a row is filed under when people choose one: "School board"."""
    if office.kind is not None and office.kind in {*TELLING, Kind.JUDGE}:
        return office.kind.label
    return office.name.strip() or "Office"


_BY_NAME = frozenset(
    {"sheriff", "coroner", "county clerk", "governor", "attorney general", "secretary of state"}
)
"""What people ask for that is one office of a kind with many."""


def first_wish(asked: Asked) -> Wish:
    """Turn the office that somebody named into what they see first; they can widen it again."""
    if asked.kind is not None and asked.kind in {*TELLING, Kind.JUDGE}:
        return Wish(office=code_of(asked.kind.label))
    if asked.words.casefold() in _BY_NAME:
        return Wish(words=asked.words[:WORDS_MOST])
    return Wish(group=group_of(asked.level) if asked.level else None)


def code_of(title: str) -> str:
    """Give a short code for a kind of office: it travels in a button, whatever a source calls the office."""
    return sha256(title.casefold().encode("utf-8", "replace")).hexdigest()[:8]


def offices_in(races: Iterable[Race]) -> tuple[tuple[str, str], ...]:
    """Give the kinds of office in an answer as (code, title), the most frequent ones, sorted by title."""
    count: dict[str, int] = {}
    for race in races:
        title = office_title(race.office)
        count[title] = count.get(title, 0) + 1
    most = sorted(count, key=lambda title: (-count[title], title))[:OFFICES_MOST]
    return tuple((code_of(title), title) for title in sorted(most, key=str.casefold))


# What is kept of an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One answer to "what can I run for": kept for two days, so that turning a page asks nobody again.

    `places` are what was typed could mean, as long as nobody chose: then there are no races yet. `left_off`
    is how many races were found beyond those that are kept; `troubles` are (source, code) as Found has them.
    """

    id: str
    user: str
    asked_at: datetime
    place: Place | None = None
    races: tuple[Race, ...] = ()
    troubles: tuple[tuple[str, str], ...] = ()
    places: tuple[Place, ...] = ()
    left_off: int = 0

    def race(self, key: str) -> Race | None:
        """Give the race of that name, if it is in this answer."""
        return next((race for race in self.races if race.key == key), None)


def answered(id_: str, user: str, place: Place, found: Sequence[Found], *, at: datetime) -> Lookup:
    """Make the answer of what the sources found; the first source is the most trusted."""
    races = arranged(merge(found, place), place.zone, at)
    return Lookup(
        id=id_,
        user=user,
        asked_at=at,
        place=replace(place, point=None),
        races=races[:KEPT_MOST],
        troubles=tuple((one.source, one.trouble) for one in found if one.trouble),
        left_off=max(0, len(races) - KEPT_MOST),
    )
