"""What people fill in: the state of elements, and the rules that Slack's client holds them to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from sandbox.outcomes import ClientRefused
from sandbox.words import elements_of

if TYPE_CHECKING:
    from sandbox.model import Json
    from sandbox.workspace import Workspace

_TEXTS = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})
_SINGLE = frozenset({"static_select", "external_select", "radio_buttons"})
_MULTIPLE = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})
# Where each kind of element keeps its value in `state`, and which field of the view is its first one.
_SLOTS: dict[str, tuple[str, str]] = {
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", "initial_files"),
    **dict.fromkeys(_TEXTS, ("value", "initial_value")),
    **dict.fromkeys(_SINGLE, ("selected_option", "initial_option")),
    **dict.fromkeys(_MULTIPLE, ("selected_options", "initial_options")),
}
_LISTS = frozenset(
    {"selected_options", "selected_users", "selected_channels", "selected_conversations", "files"}
)
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WEB = re.compile(r"https?://\S+\.\S+", re.IGNORECASE)
REQUIRED = "Please complete this required field."
TEXT_LENGTH = 3000


def stateful(blocks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Json]]:
    """Every element that holds a value, with its block."""
    for block, element in elements_of(blocks):
        if element.get("type") in _SLOTS:
            yield block, element


def fresh_state(blocks: Sequence[Mapping[str, Any]], before: Mapping[str, Any]) -> Json:
    """The state of a view's or message's elements: as `before` where ids agree, else initial values."""
    old = before.get("values", {})
    values: Json = {}
    for block, element in stateful(blocks):
        block_id, action_id = block["block_id"], element["action_id"]
        kept = old.get(block_id, {}).get(action_id)
        if kept is None or kept.get("type") != element["type"]:
            slot, first = _SLOTS[element["type"]]
            kept = {"type": element["type"], slot: element.get(first, [] if slot in _LISTS else None)}
        values.setdefault(block_id, {})[action_id] = kept
    return {"values": values}


def options_of(element: Mapping[str, Any]) -> list[Json]:
    """All options of a select, radio, checkbox or overflow element, groups opened up."""
    if "option_groups" in element:
        return [option for group in element["option_groups"] for option in group["options"]]
    return list(element.get("options", ()))


def pick(element: Mapping[str, Any], wanted: Any, name: str, options: Sequence[Json] | None = None) -> Json:
    """The option whose value or visible text is `wanted`; ClientRefused if there is none."""
    known = options_of(element) if options is None else options
    if isinstance(wanted, Mapping):
        wanted = wanted.get("value")
    for option in known:
        if option["value"] == str(wanted):
            return option
    for option in known:
        if option["text"]["text"] == str(wanted):
            return option
    raise ClientRefused(name, f"{wanted!r} is not among the options")


def state_for(
    workspace: Workspace,
    element: Mapping[str, Any],
    value: Any,
    name: str,
    options: Sequence[Json] | None = None,
) -> Json:
    """The `state` entry that this element holds once a person has put `value` into it."""
    kind = str(element["type"])
    slot = _SLOTS[kind][0]
    if kind in _TEXTS:
        text = None if value in {None, ""} else str(value)
        return {"type": kind, slot: text}
    if kind in _SINGLE:
        return {"type": kind, slot: None if value is None else pick(element, value, name, options)}
    if kind in _MULTIPLE:
        chosen = [value] if isinstance(value, str | Mapping) else list(value or ())
        return {"type": kind, slot: [pick(element, one, name, options) for one in chosen]}
    if slot in _LISTS:
        return {"type": kind, slot: [_known(workspace, kind, one, name) for one in value or ()]}
    if isinstance(value, datetime):
        value = value.strftime("%H:%M") if kind == "timepicker" else int(value.timestamp())
    elif isinstance(value, time):
        value = value.strftime("%H:%M")
    elif isinstance(value, date):
        value = value.isoformat()
    return {"type": kind, slot: None if value is None else _known(workspace, kind, value, name)}


def _known(workspace: Workspace, kind: str, value: Any, name: str) -> Any:
    if "users" in kind and value not in workspace.users:
        raise ClientRefused(name, f"{value!r} is not a user")
    if ("channels" in kind or "conversations" in kind) and value not in workspace.channels:
        raise ClientRefused(name, f"{value!r} is not a conversation")
    if kind == "datepicker":
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ClientRefused(name, f"{value!r} is not a date") from None
    if kind == "timepicker" and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(value)):
        raise ClientRefused(name, f"{value!r} is not a time")
    return value


def check_form(blocks: Sequence[Mapping[str, Any]], state: Mapping[str, Any]) -> None:
    """Hold a form to what the client checks before sending; ClientRefused names the first field at fault."""
    for block in blocks:
        if block["type"] != "input":
            continue
        element, block_id = block["element"], str(block["block_id"])
        entry = state["values"].get(block_id, {}).get(element["action_id"], {})
        value = entry.get(_SLOTS[element["type"]][0])
        if value is None or value in ("", []):
            if not block.get("optional"):
                raise ClientRefused(block_id, REQUIRED)
            continue
        _check_value(element, value, block_id)


def _check_value(element: Mapping[str, Any], value: Any, block_id: str) -> None:
    kind = element["type"]
    if kind == "plain_text_input":
        least, most = element.get("min_length", 0), element.get("max_length", TEXT_LENGTH)
        if len(value) < least:
            raise ClientRefused(block_id, f"Must be at least {least} characters.")
        if len(value) > most:
            raise ClientRefused(block_id, f"Must be at most {most} characters.")
    elif kind == "email_text_input" and not _MAIL.fullmatch(value):
        raise ClientRefused(block_id, "Please enter a valid email address.")
    elif kind == "url_text_input" and not _WEB.fullmatch(value):
        raise ClientRefused(block_id, "Please enter a valid URL.")
    elif kind == "number_input":
        _check_number(element, value, block_id)
    most = element.get("max_selected_items")
    if most is not None and len(value) > most:
        raise ClientRefused(block_id, f"Choose at most {most}.")


def _check_number(element: Mapping[str, Any], value: str, block_id: str) -> None:
    try:
        number = float(value)
    except ValueError:
        raise ClientRefused(block_id, "Please enter a number.") from None
    if not element["is_decimal_allowed"] and not number.is_integer():
        raise ClientRefused(block_id, "Please enter a whole number.")
    if "min_value" in element and number < float(element["min_value"]):
        raise ClientRefused(block_id, f"Must be at least {element['min_value']}.")
    if "max_value" in element and number > float(element["max_value"]):
        raise ClientRefused(block_id, f"Must be at most {element['max_value']}.")
