"""The lessons of the first seven days: read from their files, or in the words that staff gave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from community.journeys_steps import Journey, Step
from community.members import Stage
from community.topics import Topic

FIRST_WEEK = "first_week"
"""The journey that every newcomer gets."""

TITLE_MOST, TASK_MOST, TEXT_MOST = 80, 300, 2900
"""Characters of what staff can write into a lesson; together they fit on one card."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a lesson says: the title, the one thing to do, and the text, for a stage perhaps another one."""

    title: str
    task: str
    text: str
    variants: Mapping[Stage, str]

    def text_for(self, stage: Stage | None) -> str:
        """Give the text for somebody at that stage."""
        return self.variants.get(stage, self.text) if stage else self.text

    def kept(self) -> dict[str, Any]:
        """Give the words as JSON, to be kept as a version."""
        variants = {stage.value: text for stage, text in self.variants.items()}
        return {"title": self.title, "task": self.task, "text": self.text, "variants": variants}


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson as its file has it.

    `topic` is what "Ask a mentor" fills in. `button` is what stands on the button to what `opens`: only
    the form about the person's own race can be opened. `stages` is for whom the lesson is (empty: everybody).
    """

    key: str
    day: int
    topic: Topic
    words: Words
    stages: frozenset[Stage] = frozenset()
    button: str = ""
    opens: str = ""


def read_lesson(name: str, text: str) -> Lesson:
    """Read a file "3_budget.md": front matter between two lines of "---", and then the text for everybody.

    Raises ValueError where it is not written so, KeyError where something is missing.
    """
    day, _, key = name.removesuffix(".md").partition("_")
    opening, front, body = text.split("---\n", 2)
    if opening.strip():
        raise ValueError(f"{name}: something stands before the front matter")
    facts = yaml.safe_load(front)
    variants = {Stage(stage): said.strip() for stage, said in (facts.get("variants") or {}).items()}
    return Lesson(
        key=key,
        day=int(day),
        topic=Topic(facts["topic"]),
        words=Words(facts["title"], facts["task"], body.strip(), variants),
        stages=frozenset(Stage(stage) for stage in facts.get("stages") or ()),
        button=facts.get("button", ""),
        opens=facts.get("opens", ""),
    )


@cache
def lessons() -> tuple[Lesson, ...]:
    """Give every lesson, in the order of the days."""
    folder = files("messages.prose.onboarding")
    found = [
        read_lesson(file.name, file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".md")
    ]
    return tuple(sorted(found, key=lambda lesson: lesson.day))


def find_lesson(key: str) -> Lesson | None:
    """Give the lesson of that key; None where there is none (any more)."""
    return next((lesson for lesson in lessons() if lesson.key == key), None)


@cache
def first_week() -> Journey:
    """Give the journey that every newcomer gets."""
    return Journey(FIRST_WEEK, tuple(Step(lesson.day, lesson.key, lesson.stages) for lesson in lessons()))


def words_of(lesson: Lesson, kept: Mapping[str, Any] | None) -> Words:
    """Give a lesson's words in the version that was kept; None is the original."""
    if kept is None:
        return lesson.words
    variants = {Stage(stage): text for stage, text in kept["variants"].items()}
    return Words(kept["title"], kept["task"], kept["text"], variants)
