"""Mentors in a spreadsheet: which rows are good, and what is wrong with each of the others."""

from __future__ import annotations

import csv
import difflib
import io
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from community.members import CAPACITY_MOST, MentorKind, MentorProfile
from community.offices import Office, find_office
from community.states import every_state, find_state
from community.topics import MENTOR_TOPICS, Topic, find_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

COLUMNS = ("slack_user_id", "email", "name", "states", "topics", "kind", "offices", "capacity")
"""What a sheet can have; only `states` and one of the first two are needed."""

CAPACITY_USUAL = 3
"""The capacity of a row that leaves it empty."""

NAME_LONGEST = 200
_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ALL = {"all", "any", "*"}

T = TypeVar("T")


class SheetUnreadable(Exception):
    """No row of this sheet can be read; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MentorRow:
    """One good row. `user` or `email` is set; empty `topics` or `offices` mean all of them."""

    line: int
    user: str | None
    email: str | None
    name: str
    states: frozenset[str]
    topics: frozenset[Topic] = frozenset()
    kind: MentorKind = MentorKind.OPERATIVE
    offices: frozenset[Office] = frozenset()
    capacity: int = CAPACITY_USUAL


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that cannot be taken, by the line it begins on (the first line of the file is 1)."""

    line: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read: good rows, bad rows, and the columns that nobody here knows."""

    rows: tuple[MentorRow, ...]
    bad: tuple[BadRow, ...]
    ignored: tuple[str, ...] = ()


def read(content: bytes) -> Sheet:
    """Read a CSV file as spreadsheets write them.

    Takes UTF-8 with or without a byte-order mark, UTF-16 with one, else Windows-1252; commas, semicolons or
    tabs; any line ends. Raises SheetUnreadable where there is no table at all.
    """
    text = _decoded(content)
    delimiter = _delimiter(text)
    records = _records(text, delimiter)
    header = next(records, None)
    if header is None:
        raise SheetUnreadable("The file is empty.")
    columns = ["_".join(cell.lower().replace("-", " ").split()) for cell in header[1]]
    _check_header(columns)
    rows: list[MentorRow] = []
    bad: list[BadRow] = []
    for line, cells in records:
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            said = f"there are more cells than columns: put quotes around a cell with “{delimiter}” in it"
            bad.append(BadRow(line, (said,)))
            continue
        read_row = _row(line, dict(zip(columns, (cell.strip() for cell in cells), strict=False)))
        if isinstance(read_row, BadRow):
            bad.append(read_row)
        else:
            rows.append(read_row)
    if not rows and not bad:
        raise SheetUnreadable("The file has a header and no rows.")
    return Sheet(tuple(rows), tuple(bad), tuple(name for name in columns if name and name not in COLUMNS))


def one_each(rows: Iterable[MentorRow]) -> tuple[list[MentorRow], list[BadRow]]:
    """Keep one row per person, once every `user` is known.

    A row that says the same again is dropped; one that says something else about the same person is bad.
    """
    kept: dict[str, MentorRow] = {}
    bad: list[BadRow] = []
    for row in rows:
        if row.user is None:
            raise ValueError(f"line {row.line}: who this is must be known before")
        first = kept.setdefault(row.user, row)
        if replace(first, line=0, email=None) != replace(row, line=0, email=None):
            bad.append(BadRow(row.line, (f"{row.user} stands on line {first.line} already, differently",)))
    return list(kept.values()), bad


def profile(row: MentorRow, before: MentorProfile | None, *, at: datetime) -> MentorProfile:
    """Give the profile a row asks for: approved, and with what only its owner or staff could have set."""
    if row.user is None:
        raise ValueError(f"line {row.line}: who this is must be known before")
    known = before or MentorProfile(user=row.user, signed_up_at=at)
    return replace(
        known,
        kind=row.kind,
        states=row.states,
        topics=row.topics,
        offices=row.offices,
        capacity=row.capacity,
        approved_at=known.approved_at or at,
        # Whoever declined before is not the one who approves now: the sheet is.
        approved_by=known.approved_by if known.approved else None,
        declined_at=None,
    )


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Excel writes on Windows when it is asked for plain CSV; five bytes stand for nothing there.
        return content.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=header.count)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not blank, with the line it begins on."""
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            raise SheetUnreadable(f"Line {line} cannot be read as CSV ({fault}).") from None
        if any(cell.strip() for cell in cells):
            yield line, cells


def _check_header(columns: Sequence[str]) -> None:
    twice = sorted({name for name in columns if name in COLUMNS and columns.count(name) > 1})
    if twice:
        raise SheetUnreadable(f"The column {twice[0]} is there twice.")
    if not {"slack_user_id", "email"} & set(columns) or "states" not in columns:
        raise SheetUnreadable(
            "The first line must name the columns: slack_user_id or email, and states; "
            "name, topics, kind, offices and capacity as you like."
        )


def _row(line: int, cells: dict[str, str]) -> MentorRow | BadRow:
    reasons: list[str] = []
    user = cells.get("slack_user_id", "")
    email = cells.get("email", "")
    if user and not _PERSON.fullmatch(user):
        reasons.append(f"“{user}” is not a Slack member id such as U0123456789")
    if email and not _EMAIL.fullmatch(email):
        reasons.append("the e-mail address is not one")
    if not user and not email:
        reasons.append("there is neither a slack_user_id nor an email")
    name = " ".join(cells.get("name", "").split())
    if len(name) > NAME_LONGEST:
        reasons.append(f"the name is longer than {NAME_LONGEST} characters")

    states = _several(cells.get("states", ""), _state, "a state", _state_words(), reasons)
    if states is None:
        states = frozenset(state.code for state in every_state())
    elif not cells.get("states"):
        reasons.append("states is empty: name at least one, such as VA, or say all")
    topics = _several(cells.get("topics", ""), _topic, "a topic", [t.label for t in MENTOR_TOPICS], reasons)
    offices = _several(
        cells.get("offices", ""), find_office, "a kind of office", [o.label for o in Office], reasons
    )
    kind = _kind(cells.get("kind", ""))
    if kind is None:
        reasons.append(f"“{cells['kind']}” is not a kind: say operative, alumni or regional")
    capacity = _capacity(cells.get("capacity", ""))
    if capacity is None:
        reasons.append(f"capacity must be a whole number from 1 to {CAPACITY_MOST}")

    if reasons or kind is None or capacity is None:
        return BadRow(line, tuple(reasons))
    return MentorRow(
        line=line,
        user=user or None,
        email=email or None,
        name=name,
        states=states,
        topics=topics or frozenset(),
        kind=kind,
        offices=offices or frozenset(),
        capacity=capacity,
    )


def _several(
    cell: str, find: Callable[[str], T | None], what: str, words: Sequence[str], reasons: list[str]
) -> frozenset[T] | None:
    """Read a list within a cell; None where it says all. What is unknown goes to `reasons`."""
    if cell.lower() in _ALL:
        return None
    if (whole := find(cell)) is not None:
        return frozenset({whole})
    found: set[T] = set()
    for word in filter(None, (part.strip() for part in re.split(r"[;,|\n]", cell))):
        known = find(word)
        if known is not None:
            found.add(known)
            continue
        near = difflib.get_close_matches(word.title(), words, n=1)
        reasons.append(f"“{word}” is not {what}" + (f"; did you mean {near[0]}?" if near else ""))
    return frozenset(found)


def _state(word: str) -> str | None:
    state = find_state(word)
    return state.code if state else None


def _state_words() -> list[str]:
    return [state.name for state in every_state()]


def _topic(word: str) -> Topic | None:
    topic = find_topic(word)
    return topic if topic in MENTOR_TOPICS else None


def _kind(word: str) -> MentorKind | None:
    wanted = " ".join(word.split()).casefold()
    if not wanted:
        return MentorKind.OPERATIVE
    return next((kind for kind in MentorKind if wanted in {kind.value, kind.label.casefold()}), None)


def _capacity(cell: str) -> int | None:
    if not cell:
        return CAPACITY_USUAL
    if not (cell.isascii() and cell.isdigit()) or not 1 <= int(cell[:9]) <= CAPACITY_MOST:
        return None
    return int(cell)
