"""The small grammar in which Block Kit's limits are written down, and what checks a payload against it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_LINK = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
_WEB = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(slots=True)
class Report:
    """What was found wrong, in the words of Slack's answers: `must be … [json-pointer:/blocks/0/text]`."""

    surface: str
    found: list[str] = field(default_factory=list)

    def add(self, why: str, at: str) -> None:
        """Note one fault and where it is."""
        self.found.append(f"{why} [json-pointer:{at}]")

    @property
    def messages(self) -> list[str]:
        """The form in which response_metadata carries them."""
        return [f"[ERROR] {line}" for line in self.found]


class Rule(Protocol):
    """Something a value has to obey."""

    def check(self, value: Any, at: str, report: Report) -> None:
        """Note in `report` what is wrong with `value`, which stands at the JSON pointer `at`."""


@dataclass(frozen=True, slots=True)
class Str:
    """A string of `least` to `most` characters, possibly of a certain form."""

    most: int = 3000
    least: int = 1
    form: str = ""  # "", date, time, link, web

    def check(self, value: Any, at: str, report: Report) -> None:
        """See Rule."""
        if not isinstance(value, str):
            report.add("must provide a string", at)
            return
        _length(value, self.least, self.most, at, report)
        forms = {"date": _DATE, "time": _TIME, "link": _LINK, "web": _WEB}
        if self.form and value and not forms[self.form].fullmatch(value):
            wanted = {"date": "date like 2027-04-01", "time": "time like 17:00"}.get(self.form, "URL")
            report.add(f"must be a valid {wanted}", at)


def _length(value: str, least: int, most: int, at: str, report: Report) -> None:
    if len(value) > most:
        report.add(f"must be less than {most + 1} characters", at)
    elif len(value) < least:
        report.add(f"must be more than {least - 1} characters", at)


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean."""

    def check(self, value: Any, at: str, report: Report) -> None:
        """See Rule."""
        if not isinstance(value, bool):
            report.add("must provide a boolean", at)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number within bounds."""

    least: int
    most: int

    def check(self, value: Any, at: str, report: Report) -> None:
        """See Rule."""
        if isinstance(value, bool) or not isinstance(value, int):
            report.add("must provide a number", at)
        elif value < self.least:
            report.add(f"must be more than {self.least - 1}", at)
        elif value > self.most:
            report.add(f"must be less than {self.most + 1}", at)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def check(self, value: Any, at: str, report: Report) -> None:
        """See Rule."""
        if value not in self.words:
            report.add(f"must be one of the allowed values: {', '.join(self.words)}", at)


@dataclass(frozen=True, slots=True)
class Anything:
    """Not looked into."""

    def check(self, value: Any, at: str, report: Report) -> None:
        """See Rule."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text object: plain_text, mrkdwn or either."""

    most: int = 3000
    least: int = 1
    kinds: tuple[str, ...] = ("plain_text", "mrkdwn")

    def check(self, value: Any, at: str, report: Report) -> None:
        """See Rule."""
        if not isinstance(value, Mapping):
            report.add("must provide an object", at)
            return
        kind = value.get("type")
        if kind not in self.kinds:
            known = kind in {"plain_text", "mrkdwn"}
            why = f"must be of type {self.kinds[0]}" if known else f"unsupported type: {kind}"
            report.add(
                "missing required field: type" if kind is None else why, at if kind is None else f"{at}/type"
            )
            return
        extra = {"plain_text": "emoji", "mrkdwn": "verbatim"}[kind]
        for key in value.keys() - {"type", "text", extra}:
            report.add(f"invalid additional property: {key}", at)
        if extra in value:
            Flag().check(value[extra], f"{at}/{extra}", report)
        if "text" not in value:
            report.add("missing required field: text", at)
        else:
            Str(self.most, self.least).check(value["text"], f"{at}/text", report)


def plain(most: int, least: int = 1) -> Text:
    """A text object that must be plain_text."""
    return Text(most, least, ("plain_text",))


@dataclass(frozen=True, slots=True)
class Items:
    """An array of things that obey one rule."""

    of: Rule
    most: int
    least: int = 1

    def check(self, value: Any, at: str, report: Report) -> None:
        """See Rule."""
        if not isinstance(value, list):
            report.add("must provide an array", at)
            return
        if len(value) > self.most:
            report.add(f"no more than {self.most} items allowed", at)
        if len(value) < self.least:
            report.add(f"no fewer than {self.least} items allowed", at)
        for index, item in enumerate(value):
            self.of.check(item, f"{at}/{index}", report)


Also = Callable[[Mapping[str, Any], str, Report], None]


@dataclass(frozen=True, slots=True)
class Obj:
    """An object with these fields and no others. `also` looks at what fields mean together."""

    fields: Mapping[str, Rule]
    needs: tuple[str, ...] = ()
    also: tuple[Also, ...] = ()

    def check(self, value: Any, at: str, report: Report) -> None:
        """See Rule."""
        if not isinstance(value, Mapping):
            report.add("must provide an object", at)
            return
        for key in self.needs:
            if key not in value:
                report.add(f"missing required field: {key}", at)
        before = len(report.found)
        for key, inner in value.items():
            rule = self.fields.get(key)
            if rule is None:
                report.add(f"invalid additional property: {key}", at)
            else:
                rule.check(inner, f"{at}/{key}", report)
        # What fields mean together is only worth saying once each of them is sound.
        if len(report.found) == before:
            for look in self.also:
                look(value, at, report)


@dataclass(frozen=True, slots=True)
class Typed:
    """An object whose `type` says which rule it obeys; each type lives on certain surfaces only."""

    kinds: Mapping[str, Rule]
    surfaces: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def check(self, value: Any, at: str, report: Report) -> None:
        """See Rule."""
        if not isinstance(value, Mapping):
            report.add("must provide an object", at)
            return
        kind = value.get("type")
        if kind is None:
            report.add("missing required field: type", at)
            return
        rule = self.kinds.get(kind) if isinstance(kind, str) else None
        if rule is None:
            report.add(f"unsupported type: {kind}", f"{at}/type")
            return
        allowed = self.surfaces.get(kind)
        if allowed is not None and report.surface not in allowed:
            report.add(f"unsupported type: {kind} is not available in a {report.surface}", f"{at}/type")
            return
        rule.check(value, at, report)


@dataclass(slots=True)
class Later:
    """A rule that is filled in afterwards, for things that contain themselves."""

    rule: Rule | None = None

    def check(self, value: Any, at: str, report: Report) -> None:
        """See Rule."""
        if self.rule is None:
            raise RuntimeError("a rule was used before it was filled in")
        self.rule.check(value, at, report)
