"""Days, moments and waits as Americans write them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


def day(when: date) -> str:
    """Write a day: "Apr 1, 2027"."""
    return f"{when:%b} {when.day}, {when.year}"


def days_left(when: date, today: date) -> str:
    """Write how far a day lies ahead: "today", "tomorrow", "in 8 days", "3 days ago"."""
    days = (when - today).days
    if days in {0, 1}:
        return ("today", "tomorrow")[days]
    if days == -1:
        return "yesterday"
    return f"in {days} days" if days > 0 else f"{-days} days ago"


def clock_time(moment: datetime) -> str:
    """Write the time of a local moment: "5 pm", "9:30 am"."""
    hour = moment.hour % 12 or 12
    minutes = f":{moment.minute:02}" if moment.minute else ""
    return f"{hour}{minutes} {'am' if moment.hour < 12 else 'pm'}"  # noqa: PLR2004 - noon


def moment(when: datetime, zone: str) -> str:
    """Write a moment in a zone, named as people there say it: "Apr 1, 2027, 5 pm ET"."""
    local = when.astimezone(ZoneInfo(zone))
    return f"{day(local.date())}, {clock_time(local)} {_zone_name(local)}"


def _zone_name(local: datetime) -> str:
    """Say "ET" where EDT and EST alternate, and so on; elsewhere what the zone calls itself."""
    names = {local.replace(month=month, day=1).tzname() or "" for month in (1, 7)}
    both = {name[0] + name[2:] for name in names if len(name) == len("EST") and name[1] in "SD"}
    if len(names) == 2 and len(both) == 1 and both <= {"ET", "CT", "MT", "PT"}:  # noqa: PLR2004 - two
        return both.pop()
    return local.tzname() or ""


def for_reader(when: datetime, zone: str = "UTC") -> str:
    """Write a moment so that Slack shows it in the zone of whoever reads it (mrkdwn only)."""
    return f"<!date^{int(when.timestamp())}^{{date_short_pretty}} at {{time}}|{moment(when, zone)}>"


def time_for_reader(when: datetime, zone: str = "UTC") -> str:
    """Write the time of a moment of today so that Slack shows it by the clock of whoever reads it."""
    local = when.astimezone(ZoneInfo(zone))
    return f"<!date^{int(when.timestamp())}^{{time}}|{clock_time(local)} {_zone_name(local)}>"


def about(wait: timedelta) -> str:
    """Write a rough length of time: "a few minutes", "about 2 hours", "about a day"."""
    minutes = wait.total_seconds() / 60
    hours = minutes / 60
    if minutes < 10:  # noqa: PLR2004 - below ten minutes a number would promise too much
        return "a few minutes"
    if minutes < 50:  # noqa: PLR2004 - from here on it rounds to an hour
        return f"about {max(10, round(minutes / 5) * 5)} minutes"
    if hours < 20:  # noqa: PLR2004 - from here on it rounds to a day
        whole = max(1, round(hours))
        return "about an hour" if whole == 1 else f"about {whole} hours"
    days = max(1, round(hours / 24))
    return "about a day" if days == 1 else f"about {days} days"
