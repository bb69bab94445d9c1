"""What a journey is made of, who is on one, and what became of each of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from community.members import Member, MentorProfile, Stage
from community.refusals import Refused

GOAL_MOST = 300
"""Characters of the one goal that a person sets for themselves."""

UNKNOWN_ZONE = "America/New_York"
"""Where somebody is taken to be of whom nothing is known yet."""

QUIET_AFTER = timedelta(days=3)
"""Whoever gave no sign in the last days of a journey, nor since, went quiet."""

STUCK_AT = 2
"""From so many tasks on that were recalled and are still undone, a person is stuck."""


class Standing(StrEnum):
    """Where a person stands on a journey.

    WAITING: not begun, for a reason that may pass. STOPPED: ended by something other than the person.
    """

    WAITING = "waiting"
    ACTIVE = "active"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"


class Came(StrEnum):
    """What put a person on a journey."""

    WORKSPACE = "workspace"
    CHANNEL = "channel"
    HOME = "home"
    STAFF = "staff"
    THEMSELVES = "themselves"


BY_HAND = frozenset({Came.STAFF, Came.THEMSELVES})
"""Somebody wanted it: mentors and staff are put on a journey only so."""


class Cause:
    """Why a person is not on their way, or a lesson steps aside, beside the errors that Slack names."""

    UNKNOWN = "unknown"
    GUEST = "guest"
    LEFT = "left"
    STAGE = "stage"


class StepState(StrEnum):
    """What became of one step.

    QUEUED: on its way. SENT: it arrived, and its task is open. ASIDE: the person's stage made it step aside.
    UNDELIVERED: Slack refused it for good.
    """

    QUEUED = "queued"
    SENT = "sent"
    DONE = "done"
    SKIPPED = "skipped"
    ASIDE = "aside"
    UNDELIVERED = "undelivered"


REACHED = frozenset({StepState.SENT, StepState.DONE, StepState.SKIPPED})
"""The lesson arrived."""


UNCLEAR = "unclear"
"""The reason kept on a step of which nobody can know whether it arrived."""

FOR_GOOD = frozenset(
    {
        "account_inactive",
        "cannot_dm_bot",
        "channel_not_found",
        "user_disabled",
        "user_not_found",
        "users_not_found",
    }
)
"""Slack's errors that are about the person, so that trying again tomorrow is of no use."""

TRIES_MOST = 3
"""A lesson that Slack refuses for any other reason is tried on so many days before the journey stops."""


@dataclass(frozen=True, slots=True)
class Step:
    """One day of a journey: the lesson's key and the stages that it is for (empty: all of them)."""

    day: int
    lesson: str
    stages: frozenset[Stage] = frozenset()

    def fits(self, stage: Stage | None) -> bool:
        """Whether somebody at that stage gets this lesson; who has not told gets every one."""
        return stage is None or not self.stages or stage in self.stages


@dataclass(frozen=True, slots=True)
class Journey:
    """A series of lessons; `steps` are in the order of their days, which count from 1."""

    key: str
    steps: tuple[Step, ...]

    @property
    def days(self) -> int:
        """How many days it has."""
        return len(self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A person on a journey.

    `round` counts the times they began it. `day` is the last day that was dealt with, 0 before the first.
    `next_at` is when to look at it again; only an ACTIVE one has it, and it was worked out for `zone`.
    `reason` says why it waits or was stopped. `heard_at` is when the person last pressed anything of it;
    once it is finished, only a sign from `signs_from` on counts against having gone quiet.
    """

    id: int
    journey: str
    user: str
    standing: Standing
    came: Came
    started_at: datetime
    by: str | None = None
    round: int = 1
    day: int = 0
    next_at: datetime | None = None
    zone: str = UNKNOWN_ZONE
    last_sent_at: datetime | None = None
    paused_at: datetime | None = None
    finished_at: datetime | None = None
    stopped_at: datetime | None = None
    heard_at: datetime | None = None
    signs_from: datetime | None = None
    reason: str | None = None
    goal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What became of one step for one person, in one round.

    `version` is the version of the lesson's text that they get (0: the original) and `stage` the stage
    whose variant it is, both fixed when it is queued. `attempt` counts how often it was queued: what
    did not leave by the evening is queued anew.
    """

    id: int
    enrolment: int
    round: int
    day: int
    lesson: str
    state: StepState
    version: int = 0
    attempt: int = 1
    stage: Stage | None = None
    reason: str | None = None
    queued_at: datetime | None = None
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    remind_at: datetime | None = None
    reminded_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether its task can still be done."""
        return self.state in {StepState.SENT, StepState.SKIPPED}


@dataclass(frozen=True, slots=True)
class Row:
    """One person of a list for staff: their enrolment, and the reason and the moment that count for it."""

    enrolment: Enrolment
    reason: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of such a list (from 0), and how long the whole list is."""

    rows: Sequence[Row] = ()
    total: int = 0
    page: int = 0


class NotOnJourney(Refused):
    """The person is on no journey, so there is nothing to pause or to resume."""


class JourneyOver(Refused):
    """All days of the journey have come, so that there is nothing to pause."""


class JourneyStopped(Refused):
    """The journey was ended by something other than the person; `reason` says by what."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class HasLeft(Refused):
    """This person's account is deactivated."""


class Acquaintances(Protocol):
    """What the rules need to know about people."""

    async def member(self, user: str) -> Member | None:
        """Give the person, or None where nobody has met them."""

    async def mentor(self, user: str) -> MentorProfile | None:
        """Give the mentor's profile, or None."""


class Log(Protocol):
    """What the rules need to know and keep about journeys, within one transaction."""

    async def enrol(self, enrolment: Enrolment) -> Enrolment | None:
        """Keep a new enrolment and give it with its number; None where the person has one already."""

    async def hold(self, journey: str, user: str) -> Enrolment | None:
        """Give the person's enrolment and keep others from changing it until this transaction ends."""

    async def hold_step(self, number: int) -> tuple[Enrolment, Progress] | None:
        """Give a step and its enrolment, both kept from changing until this transaction ends."""

    async def change(self, number: int, **values: object) -> Enrolment:
        """Change an enrolment that is held, and give it as it is now."""

    async def change_step(self, number: int, **values: object) -> Progress:
        """Change a step whose enrolment is held, and give it as it is now."""

    async def steps(self, enrolment: Enrolment) -> Sequence[Progress]:
        """Give what became of each step of the present round, in the order of the days."""
