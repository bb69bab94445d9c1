"""The clock of a request: when the app looks after it next, in working time of the asker's state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from community.hours import moment_of
from community.mentoring_matching import Circle
from community.mentoring_requests import Policy, Request, Status
from community.states import find_state

FASTEST = 0.1
"""However near the deadline, no threshold shrinks below this share of itself."""


def zone_of(policy: Policy, request: Request) -> str:
    """Give the zone that waiting is counted in: the organisation's, or that of the request's state."""
    if policy.zone:
        return policy.zone
    state = find_state(request.state)
    return state.zone if state else "America/New_York"


def deadline_of(policy: Policy, request: Request) -> datetime | None:
    """Give the moment at which the answer comes too late: the end of work on the day it is needed by."""
    if request.needed_by is None:
        return None
    zone = zone_of(policy, request)
    window = policy.hours.window(request.needed_by, zone)
    return window[1] if window else moment_of(request.needed_by, policy.hours.closes, zone)


def in_filing_week(policy: Policy, request: Request, at: datetime) -> bool:
    """Whether it is filing week where the request is from."""
    day = at.astimezone(ZoneInfo(zone_of(policy, request))).date()
    return any(first <= day <= last for first, last in policy.filing_weeks)


def haste(policy: Policy, request: Request, at: datetime) -> float:
    """Give the share of every threshold that is left: 1 in quiet times, less as a deadline comes near.

    A deadline within twice the answer target shortens everything in proportion, a filing week by half.
    """
    share = 0.5 if in_filing_week(policy, request, at) else 1.0
    deadline = deadline_of(policy, request)
    if deadline is not None:
        left = policy.hours.between(at, deadline, zone_of(policy, request))
        share *= min(1.0, left / (2 * policy.answer_target))
    return max(FASTEST, share)


def due(policy: Policy, request: Request, at: datetime, wait: timedelta) -> datetime:
    """Give the moment at which that much working time has passed, hurried where that is called for."""
    return policy.hours.after(at, wait * haste(policy, request, at), zone_of(policy, request))


def days(policy: Policy, count: int) -> timedelta:
    """Give so many working days as working time."""
    return policy.hours.day * count


def opened(policy: Policy, request: Request, at: datetime) -> dict[str, Any]:
    """Give the moments of a request that waits from now on, as fields to set."""
    overdue_at = due(policy, request, at, policy.answer_target)
    deadline = deadline_of(policy, request)
    return {
        "waiting_since": at,
        "alarm_at": None
        if request.safety
        else due(policy, request, at, policy.answer_target * policy.alarm_share),
        "resources_at": None
        if request.safety
        else due(policy, request, at, days(policy, policy.resources_days)),
        "overdue_at": overdue_at,
        "overdue": False,
        "hurts_at": min(overdue_at, deadline) if deadline else overdue_at,
    }


def next_look(request: Request) -> datetime | None:
    """Give the next moment at which something is due on an open request."""
    moments = [request.widen_at, request.alarm_at, request.resources_at]
    if not request.overdue:
        moments.append(request.overdue_at)
    return min((moment for moment in moments if moment is not None), default=None)


def staff_looks_again(policy: Policy, request: Request, at: datetime) -> datetime:
    """Give when staff is reminded of a request that is theirs.

    A person who feels unsafe waits for no office hours.
    """
    if request.safety and request.status is Status.OPEN:
        return at + policy.safety_again
    return due(policy, request, at, policy.answer_target)


def is_staffs(request: Request) -> bool:
    """Whether no mentor is left to be asked."""
    return request.circle is Circle.STAFF
