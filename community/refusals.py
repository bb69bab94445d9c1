"""What the rules refuse with: facts that the words are made from, never sentences."""

from __future__ import annotations


class Refused(Exception):
    """A person asked for what the rules do not allow, or no longer allow."""


class NotAllowed(Refused):
    """Only certain people may do this; `who` names them ("staff", "an approved mentor", …)."""

    def __init__(self, who: str) -> None:
        super().__init__(who)
        self.who = who


class Incomplete(Refused):
    """A form cannot be taken as it is: `problems` maps a field's name to the kind of problem."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(", ".join(sorted(problems)))
        self.problems = problems


class NotFound(Refused):
    """What the button or the form speaks of does not exist (any more)."""
