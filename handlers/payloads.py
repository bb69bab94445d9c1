"""Reading what Slack sends: who acted, which interaction this is, what was entered into a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

Body = Mapping[str, Any]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted, and in which workspace."""

    id: str
    team: str


def cleaned(body: Any) -> Any:
    """Take out of a payload, where it stands, what no database keeps and no other program reads.

    That is NUL and half an emoji (a lone surrogate, which JSON can hold), in whatever a person typed or
    somebody made up; gives the payload itself.
    """
    places = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in [*places]:
        if isinstance(value, (dict, list)):
            cleaned(value)
        elif isinstance(value, str) and not _whole(value):
            body[key] = value.encode("utf-8", "ignore").decode().replace("\0", "")
    return body


def _whole(text: str) -> bool:
    try:
        return "\0" not in text and (text.isascii() or bool(text.encode()))
    except UnicodeEncodeError:
        return False


def actor_of(body: Body) -> Actor:
    """Say who acted, for events, commands and interactions alike."""
    user = body.get("user") or part(body, "event").get("user") or body.get("user_id") or ""
    if isinstance(user, Mapping):
        user = user.get("id") or ""
    team = body.get("team_id") or part(body, "team").get("id") or ""
    return Actor(str(user), str(team))


def part(body: Body, name: str) -> Body:
    """Give a part of a payload that has parts itself; empty where it is missing, null or something else."""
    value = body.get(name)
    return value if isinstance(value, Mapping) else {}


def place_of(body: Body) -> str:
    """Say in which conversation somebody acted; "" on the Home tab and in a modal."""
    return str(part(body, "channel").get("id") or body.get("channel_id") or "")


def interaction_of(body: Body) -> str:
    """Give the id under which this very interaction is remembered, so that it counts once.

    Events carry their own id. A view is named with its hash, because one that was updated may be
    submitted again. Everything else has a trigger that Slack hands out once; what was pressed and when goes
    with it, for stand-ins that always hand out the same.
    """
    if body.get("event_id"):
        return f"event:{body['event_id']}"
    view = part(body, "view")
    if body.get("type") == "view_submission" and view.get("id"):
        return f"view:{view['id']}:{view.get('hash')}"
    actions = body.get("actions") or [{}]
    moment = body.get("action_ts") or actions[0].get("action_ts") or ""
    pressed = f"{actor_of(body).id}:{actions[0].get('action_id')}:{moment}"
    if body.get("trigger_id"):
        return f"trigger:{body['trigger_id']}:{pressed}"
    return f"action:{pressed}" if moment else ""


def name_of(body: Body) -> str:
    """Give the name that its listener was registered under; "" where there is none.

    That is the command as it was typed, the type of an event, the `action_id` of a button or a list, the
    `callback_id` of a form or a shortcut.
    """
    pressed = (body.get("actions") or [{}])[0]
    names = (
        body.get("command"),
        part(body, "event").get("type"),
        pressed.get("action_id") or body.get("action_id"),
        body.get("callback_id") or part(body, "view").get("callback_id"),
    )
    return str(next(filter(None, names), ""))


_SINGLE = ("value", "selected_date", "selected_time", "selected_user", "selected_conversation")
"""Where Slack puts what was entered, by kind of field."""


def entered(view: Mapping[str, Any], block: str) -> str:
    """Give the text, the day or the single choice that was entered in a field; "" for nothing."""
    for element in _elements(view, block):
        chosen = element.get("selected_option")
        if chosen:
            return str(chosen.get("value") or "")
        return next((str(element[name]) for name in _SINGLE if element.get(name)), "")
    return ""


def chosen(view: Mapping[str, Any], block: str) -> frozenset[str]:
    """Give all that was chosen in a field of several choices."""
    for element in _elements(view, block):
        options = element.get("selected_options") or []
        users = element.get("selected_users") or []
        return frozenset([option["value"] for option in options] + list(users))
    return frozenset()


def picked_date(view: Mapping[str, Any], block: str) -> date | None:
    """Give the day that was picked, or None; a text that is no day counts as none."""
    try:
        return date.fromisoformat(entered(view, block))
    except ValueError:
        return None


def filled(view: Mapping[str, Any], block: str) -> Mapping[str, Any]:
    """Give all that Slack says of what was put into a field: for what is neither text nor a choice."""
    return next(iter(_elements(view, block)), {})


def _elements(view: Mapping[str, Any], block: str) -> list[Mapping[str, Any]]:
    values = (view.get("state") or {}).get("values") or {}
    return list((values.get(block) or {}).values())


def number(value: object) -> int:
    """Read a request's number from a button's value or a view's metadata; 0 for anything else."""
    text = str(value or "")
    # Twelve digits are more than there will ever be, and fewer than any database's limit.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0  # noqa: PLR2004
