"""What a question can be about: the curriculum, something else, and not feeling safe."""

from __future__ import annotations

from enum import StrEnum


class Topic(StrEnum):
    """A topic of the curriculum; the value is what the database keeps."""

    FILING = "filing"
    BUDGET = "budget"
    VOLUNTEERS = "volunteers"
    FIELD = "field"
    COMMUNICATIONS = "communications"
    VOTER_CONTACT = "voter_contact"
    DEBATE = "debate"
    AFTER = "after"
    OTHER = "other"
    UNSAFE = "unsafe"

    @property
    def label(self) -> str:
        """The topic as it stands on the screen."""
        return _TITLES[self]


_TITLES = {
    Topic.FILING: "Ballot access and filing",
    Topic.BUDGET: "Campaign budget",
    Topic.VOLUNTEERS: "Volunteer recruitment",
    Topic.FIELD: "Field plan",
    Topic.COMMUNICATIONS: "Communications",
    Topic.VOTER_CONTACT: "Voter contact",
    Topic.DEBATE: "Debate prep",
    Topic.AFTER: "After the election",
    Topic.OTHER: "Something else",
    Topic.UNSAFE: "I feel unsafe",
}

MENTOR_TOPICS = tuple(topic for topic in Topic if topic not in {Topic.OTHER, Topic.UNSAFE})
"""What a mentor can be an expert of."""


def find_topic(word: str) -> Topic | None:
    """Find a topic by its key or its title, in any case; None where there is none."""
    wanted = " ".join(word.split()).casefold()
    return next(
        (topic for topic in Topic if wanted in {topic.value, topic.label.casefold()}),
        None,
    )
