"""A small reader of iCalendar files, written from RFC 5545 alone: it shares nothing with what writes them.

It unfolds lines (3.1), undoes escaping (3.3.11), and finds the moment of a local time through the file's own
VTIMEZONE (3.6.5), never through the zones of this machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone


@dataclass
class Part:
    """A component: its properties as (parameters, value) by name, and the components in it."""

    name: str
    properties: dict[str, list[tuple[dict[str, str], str]]] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    def value(self, name: str) -> str:
        ((_, value),) = self.properties[name]
        return value

    def text(self, name: str) -> str:
        return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], self.value(name))

    def named(self, name: str) -> list[Part]:
        return [part for part in self.parts if part.name == name]


def lines_of(written: bytes) -> list[str]:
    """Content lines, unfolded; every line ends with CRLF and no folded one is over 75 octets."""
    text = written.decode("utf-8")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    return re.sub(r"\r\n[ \t]", "", text).removesuffix("\r\n").split("\r\n")


def read(written: bytes) -> Part:
    """Read a whole file: one VCALENDAR with what is in it."""
    stack = [Part("")]
    for line in lines_of(written):
        head, value = split(line, ":", 1)
        name, *parameters = split(head, ";")
        if name == "BEGIN":
            stack.append(Part(value))
        elif name == "END":
            done = stack.pop()
            assert done.name == value
            stack[-1].parts.append(done)
        else:
            pairs = {
                name: value.strip('"') for name, _, value in (each.partition("=") for each in parameters)
            }
            stack[-1].properties.setdefault(name, []).append((pairs, value))
    (whole,) = stack
    (calendar,) = whole.parts
    assert calendar.name == "VCALENDAR"
    return calendar


def split(line: str, at: str, most: int = -1) -> list[str]:
    """Split where a sign stands outside of quotes (3.2)."""
    parts, quoted = [""], False
    for letter in line:
        quoted ^= letter == '"'
        if letter == at and not quoted and most:
            parts.append("")
            most -= 1
        else:
            parts[-1] += letter
    return parts


def offset(text: str) -> timedelta:
    sign = -1 if text[0] == "-" else 1
    hours, minutes = int(text[1:3]), int(text[3:5])
    return sign * timedelta(hours=hours, minutes=minutes)


def wall(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - a time on a wall has no zone


def onsets(zone: Part) -> list[tuple[datetime, timedelta]]:
    """Every change that the file describes: the moment (UTC) and the offset from then on."""
    found = []
    for part in zone.parts:
        assert part.name in {"STANDARD", "DAYLIGHT"}
        assert "RRULE" not in part.properties, "this reader knows no rules, only dates"
        walls = [part.value("DTSTART")]
        walls += [day for _, value in part.properties.get("RDATE", []) for day in value.split(",")]
        before, after = offset(part.value("TZOFFSETFROM")), offset(part.value("TZOFFSETTO"))
        # 3.6.5: the onset is a local time by the offset that held before it.
        found += [((wall(each) - before).replace(tzinfo=UTC), after) for each in walls]
    return sorted(found)


def moment(calendar: Part, part: Part, name: str) -> datetime:
    """The instant of a property with a TZID, by the file's own description of that zone."""
    ((parameters, value),) = part.properties[name]
    (zone,) = [each for each in calendar.named("VTIMEZONE") if each.value("TZID") == parameters["TZID"]]
    local = wall(value)
    # What holds at a local time is the last onset before it, by the clock on that wall.
    fitting = []
    for begins, after in onsets(zone):
        candidate = (local - after).replace(tzinfo=UTC)
        if begins <= candidate:
            fitting.append((begins, candidate))
    assert fitting, "the file says nothing about that time"
    later = [begins for begins, _ in onsets(zone)]
    legal = [
        candidate
        for begins, candidate in fitting
        if not [each for each in later if begins < each <= candidate]
    ]
    # 3.3.5: a local time that comes twice is the first of the two.
    return min(legal) if legal else fitting[-1][1]


def utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)  # noqa: UP017
