"""Block Kit's interactive elements and composition objects, as rules (docs.slack.dev/reference/block-kit)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.rules import Anything, Choice, Flag, Items, Number, Obj, Report, Rule, Str, Text, Typed, plain

MESSAGE, MODAL, HOME = frozenset({"message"}), frozenset({"modal"}), frozenset({"home"})

CONFIRM = Obj(
    {
        "title": plain(100),
        "text": Text(300),
        "confirm": plain(30),
        "deny": plain(30),
        "style": Choice(("primary", "danger")),
    },
    needs=("title", "text", "confirm", "deny"),
)


def _option(text: Rule, *, url: bool = False) -> Obj:
    fields: dict[str, Rule] = {"text": text, "value": Str(150), "description": _description(text)}
    if url:
        fields["url"] = Str(3000, form="link")
    return Obj(fields, needs=("text", "value"))


def _description(text: Rule) -> Rule:
    return Text(75) if isinstance(text, Text) and "mrkdwn" in text.kinds else plain(75)


OPTION = _option(plain(75))  # in menus only plain_text is allowed
RICH_OPTION = _option(Text(75))  # in radio buttons and checkboxes mrkdwn is allowed as well
LINK_OPTION = _option(plain(75), url=True)  # in overflow menus an option may carry a link
GROUP = Obj({"label": plain(75), "options": Items(OPTION, 100)}, needs=("label", "options"))
FILTER = Obj(
    {
        "include": Items(Choice(("im", "mpim", "private", "public")), 4),
        "exclude_external_shared_channels": Flag(),
        "exclude_bot_users": Flag(),
    }
)
DISPATCH = Obj({"trigger_actions_on": Items(Choice(("on_enter_pressed", "on_character_entered")), 2)})
SLACK_FILE = Obj({"id": Str(255), "url": Str(3000, form="web")})

_TYPE: dict[str, Rule] = {"type": Anything(), "action_id": Str(255)}
_FOCUS: dict[str, Rule] = {"focus_on_load": Flag()}
_CONFIRM: dict[str, Rule] = {"confirm": CONFIRM}
_HINT: dict[str, Rule] = {"placeholder": plain(150)}
_MANY: dict[str, Rule] = {"max_selected_items": Number(1, 100)}


def _source(value: Mapping[str, Any], at: str, report: Report) -> None:
    if ("options" in value) == ("option_groups" in value):
        missing = "options" not in value
        report.add(
            "missing required field: options" if missing else "only one of options and option_groups", at
        )


def _choices(value: Mapping[str, Any]) -> list[Any]:
    groups = value.get("option_groups") or []
    return list(value.get("options") or [option for group in groups for option in group["options"]])


def _bare(thing: Any) -> Any:
    # Slack hands options back with emoji and verbatim filled in; that must not make them unequal.
    if isinstance(thing, Mapping):
        return {key: _bare(part) for key, part in thing.items() if key not in {"emoji", "verbatim"}}
    return thing


def _initial(value: Mapping[str, Any], at: str, report: Report) -> None:
    known = [_bare(option) for option in _choices(value)]
    one = value.get("initial_option")
    if one is not None and _bare(one) not in known:
        report.add("initial_option must match one of the options", f"{at}/initial_option")
    for index, option in enumerate(value.get("initial_options") or []):
        if _bare(option) not in known:
            report.add("initial_options must match the options", f"{at}/initial_options/{index}")


def _at_most_selected(value: Mapping[str, Any], at: str, report: Report) -> None:
    most = value.get("max_selected_items")
    for key, chosen in value.items():
        if (
            most is not None
            and key.startswith("initial_")
            and isinstance(chosen, list)
            and len(chosen) > most
        ):
            report.add(f"no more than {most} items allowed", f"{at}/{key}")


def _lengths(value: Mapping[str, Any], at: str, report: Report) -> None:
    least, most = value.get("min_length"), value.get("max_length")
    if least is not None and most is not None and least > most:
        report.add("min_length must not be more than max_length", f"{at}/min_length")


def _one_picture(value: Mapping[str, Any], at: str, report: Report) -> None:
    if ("image_url" in value) == ("slack_file" in value):
        missing = "image_url" not in value
        why = "missing required field: image_url" if missing else "only one of image_url and slack_file"
        report.add(why, at)


def _numbers(value: Mapping[str, Any], at: str, report: Report) -> None:
    for key in ("initial_value", "min_value", "max_value"):
        if key in value:
            try:
                number = float(value[key])
            except ValueError:
                report.add("must be a number written as a string", f"{at}/{key}")
                continue
            if not value["is_decimal_allowed"] and not number.is_integer():
                report.add("must be a whole number", f"{at}/{key}")


_STATIC: dict[str, Rule] = {"options": Items(OPTION, 100), "option_groups": Items(GROUP, 100)}
_SELECT = _TYPE | _HINT | _CONFIRM | _FOCUS
_PEOPLE = Items(Str(255), 100)
_INPUT = _TYPE | _HINT | _FOCUS | {"dispatch_action_config": DISPATCH}
_CONVERSATION: dict[str, Rule] = {"default_to_current_conversation": Flag(), "filter": FILTER}

ELEMENTS: dict[str, Rule] = {
    "button": Obj(
        _TYPE
        | _CONFIRM
        | {
            "text": plain(75),
            "value": Str(2000),
            "url": Str(3000, form="link"),
            "style": Choice(("primary", "danger")),
            "accessibility_label": Str(75),
            "visible_to_user_ids": Items(Str(255), 10),
        },
        needs=("text",),
    ),
    "checkboxes": Obj(
        _TYPE
        | _CONFIRM
        | _FOCUS
        | {"options": Items(RICH_OPTION, 10), "initial_options": Items(RICH_OPTION, 10)},
        needs=("options",),
        also=(_initial,),
    ),
    "radio_buttons": Obj(
        _TYPE | _CONFIRM | _FOCUS | {"options": Items(RICH_OPTION, 10), "initial_option": RICH_OPTION},
        needs=("options",),
        also=(_initial,),
    ),
    "overflow": Obj(_TYPE | _CONFIRM | {"options": Items(LINK_OPTION, 5)}, needs=("options",)),
    "datepicker": Obj(_SELECT | {"initial_date": Str(10, form="date")}),
    "timepicker": Obj(_SELECT | {"initial_time": Str(5, form="time"), "timezone": Str(255)}),
    "datetimepicker": Obj(_TYPE | _CONFIRM | _FOCUS | {"initial_date_time": Number(10**9, 10**10 - 1)}),
    "static_select": Obj(_SELECT | _STATIC | {"initial_option": OPTION}, also=(_source, _initial)),
    "multi_static_select": Obj(
        _SELECT | _STATIC | _MANY | {"initial_options": Items(OPTION, 100)},
        also=(_source, _initial, _at_most_selected),
    ),
    "external_select": Obj(_SELECT | {"initial_option": OPTION, "min_query_length": Number(0, 3000)}),
    "multi_external_select": Obj(
        _SELECT | _MANY | {"initial_options": Items(OPTION, 100), "min_query_length": Number(0, 3000)},
        also=(_at_most_selected,),
    ),
    "users_select": Obj(_SELECT | {"initial_user": Str(255)}),
    "multi_users_select": Obj(_SELECT | _MANY | {"initial_users": _PEOPLE}, also=(_at_most_selected,)),
    "channels_select": Obj(_SELECT | {"initial_channel": Str(255), "response_url_enabled": Flag()}),
    "multi_channels_select": Obj(_SELECT | _MANY | {"initial_channels": _PEOPLE}, also=(_at_most_selected,)),
    "conversations_select": Obj(
        _SELECT | _CONVERSATION | {"initial_conversation": Str(255), "response_url_enabled": Flag()}
    ),
    "multi_conversations_select": Obj(
        _SELECT | _CONVERSATION | _MANY | {"initial_conversations": _PEOPLE}, also=(_at_most_selected,)
    ),
    "plain_text_input": Obj(
        _INPUT
        | {
            "initial_value": Str(3000, 0),
            "multiline": Flag(),
            "min_length": Number(0, 3000),
            "max_length": Number(1, 3000),
        },
        also=(_lengths,),
    ),
    "email_text_input": Obj(_INPUT | {"initial_value": Str(3000, 0)}),
    "url_text_input": Obj(_INPUT | {"initial_value": Str(3000, 0)}),
    "number_input": Obj(
        _INPUT
        | {
            "is_decimal_allowed": Flag(),
            "initial_value": Str(255),
            "min_value": Str(255),
            "max_value": Str(255),
        },
        needs=("is_decimal_allowed",),
        also=(_numbers,),
    ),
    "file_input": Obj(_TYPE | {"filetypes": Items(Str(255), 100), "max_files": Number(1, 10)}),
    "rich_text_input": Obj(_INPUT | {"initial_value": Anything()}),
    "image": Obj(
        {
            "type": Anything(),
            "image_url": Str(3000, form="web"),
            "slack_file": SLACK_FILE,
            "alt_text": Str(2000),
        },
        needs=("alt_text",),
        also=(_one_picture,),
    ),
    "workflow_button": Obj(
        _TYPE
        | {
            "text": plain(75),
            "workflow": Anything(),
            "style": Choice(("primary", "danger")),
            "accessibility_label": Str(75),
        },
        needs=("text", "workflow"),
    ),
}

_MENUS = (
    "static_select", "external_select", "users_select", "channels_select", "conversations_select",
    "multi_static_select", "multi_external_select", "multi_users_select", "multi_channels_select",
    "multi_conversations_select",
)  # fmt: skip
_PICKED = ("checkboxes", "radio_buttons", "datepicker", "timepicker", *_MENUS)
_ONLY = {
    "workflow_button": MESSAGE,
    "datetimepicker": MESSAGE | MODAL,
    "email_text_input": MODAL,
    "url_text_input": MODAL,
    "number_input": MODAL,
    "file_input": MODAL,
    "rich_text_input": MODAL | HOME,
}


def _some(*kinds: str) -> Typed:
    return Typed({kind: ELEMENTS[kind] for kind in kinds}, _ONLY)


ACCESSORY = _some("button", "overflow", "image", "workflow_button", *_PICKED)
IN_ACTIONS = _some("button", "overflow", "workflow_button", "datetimepicker", *_PICKED)
IN_INPUT = _some(
    "plain_text_input", "email_text_input", "url_text_input", "number_input", "file_input",
    "rich_text_input", "datetimepicker", *_PICKED,
)  # fmt: skip
