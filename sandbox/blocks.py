"""Block Kit as Slack accepts it: blocks, messages and views are checked here, strictly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.elements import ACCESSORY, ELEMENTS, HOME, IN_ACTIONS, IN_INPUT, MESSAGE, MODAL, SLACK_FILE
from sandbox.rules import (
    Anything,
    Choice,
    Flag,
    Items,
    Later,
    Number,
    Obj,
    Report,
    Rule,
    Str,
    Text,
    Typed,
    plain,
)

BLOCKS_IN_A_MESSAGE = 50
BLOCKS_IN_A_VIEW = 100
# Slack answers msg_blocks_too_long near this; observed in bolt-js issues 2509 and 2867, not documented.
BLOCK_TEXT_IN_A_MESSAGE = 12_000
MARKDOWN_IN_A_MESSAGE = 12_000

_BLOCK: dict[str, Rule] = {"type": Anything(), "block_id": Str(255)}
_STYLE = Obj({word: Flag() for word in ("bold", "italic", "strike", "code", "underline", "highlight")})
_KIND: dict[str, Rule] = {"type": Anything()}

_INLINE = Typed(
    {
        "text": Obj(_KIND | {"text": Str(12_000), "style": _STYLE}, needs=("text",)),
        "link": Obj(
            _KIND | {"url": Str(3000), "text": Str(3000, 0), "unsafe": Flag(), "style": _STYLE},
            needs=("url",),
        ),
        "user": Obj(_KIND | {"user_id": Str(255), "style": _STYLE}, needs=("user_id",)),
        "usergroup": Obj(_KIND | {"usergroup_id": Str(255), "style": _STYLE}, needs=("usergroup_id",)),
        "channel": Obj(_KIND | {"channel_id": Str(255), "style": _STYLE}, needs=("channel_id",)),
        "emoji": Obj(_KIND | {"name": Str(255), "unicode": Str(255), "style": _STYLE}, needs=("name",)),
        "broadcast": Obj(
            _KIND | {"range": Choice(("here", "channel", "everyone")), "style": _STYLE}, needs=("range",)
        ),
        "date": Obj(
            _KIND
            | {
                "timestamp": Number(0, 10**11),
                "format": Str(3000),
                "url": Str(3000),
                "fallback": Str(3000),
                "style": _STYLE,
            },
            needs=("timestamp", "format"),
        ),
        "color": Obj(_KIND | {"value": Str(255), "style": _STYLE}, needs=("value",)),
    }
)
_INLINES = Items(_INLINE, 1000, 0)
_SECTION_OF_TEXT = Obj(_KIND | {"elements": _INLINES}, needs=("elements",))
_BORDER: dict[str, Rule] = {"border": Number(0, 1)}
_RICH = Typed(
    {
        "rich_text_section": _SECTION_OF_TEXT,
        "rich_text_list": Obj(
            _KIND
            | _BORDER
            | {
                "elements": Items(Typed({"rich_text_section": _SECTION_OF_TEXT}), 1000),
                "style": Choice(("bullet", "ordered")),
                "indent": Number(0, 8),
                "offset": Number(0, 10**6),
            },
            needs=("elements", "style"),
        ),
        "rich_text_preformatted": Obj(
            _KIND | _BORDER | {"elements": _INLINES, "language": Str(255)}, needs=("elements",)
        ),
        "rich_text_quote": Obj(_KIND | _BORDER | {"elements": _INLINES}, needs=("elements",)),
    }
)
_RICH_TEXT = Obj(_BLOCK | {"elements": Items(_RICH, 1000, 0)}, needs=("elements",))


def _says_something(value: Mapping[str, Any], at: str, report: Report) -> None:
    if "text" not in value and "fields" not in value:
        report.add("missing required field: text", at)


def _one_picture(value: Mapping[str, Any], at: str, report: Report) -> None:
    if ("image_url" in value) == ("slack_file" in value):
        report.add("must have exactly one of image_url and slack_file", at)


def _different_actions(value: Mapping[str, Any], at: str, report: Report) -> None:
    seen: set[str] = set()
    for index, element in enumerate(value["elements"]):
        action_id = element.get("action_id")
        if action_id in seen:
            report.add(
                f'`action_id` "{action_id}" already exists in this block', f"{at}/elements/{index}/action_id"
            )
        if action_id is not None:
            seen.add(action_id)


_CELL = Typed(
    {
        "raw_text": Obj(_KIND | {"text": Str(10_000)}, needs=("text",)),
        "raw_number": Obj(_KIND | {"value": Anything(), "text": Str(255)}),
        "rich_text": _RICH_TEXT,
    }
)
_FEEDBACK = Obj(
    {"text": plain(75), "value": Str(2000), "accessibility_label": Str(75)}, needs=("text", "value")
)
_CONTEXT_ACTION = Typed(
    {
        "feedback_buttons": Obj(
            _KIND | {"action_id": Str(255), "positive_button": _FEEDBACK, "negative_button": _FEEDBACK},
            needs=("positive_button", "negative_button"),
        ),
        "icon_button": Obj(
            _KIND
            | {
                "action_id": Str(255),
                "icon": Str(255),
                "text": plain(75),
                "value": Str(2000),
                "confirm": Anything(),
                "accessibility_label": Str(75),
                "visible_to_user_ids": Items(Str(255), 10),
            },
            needs=("icon", "text"),
        ),
    }
)

BLOCKS: dict[str, Rule] = {
    "section": Obj(
        _BLOCK
        | {"text": Text(3000), "fields": Items(Text(2000), 10), "accessory": ACCESSORY, "expand": Flag()},
        also=(_says_something,),
    ),
    "divider": Obj(_BLOCK),
    "header": Obj(_BLOCK | {"text": plain(150)}, needs=("text",)),
    "context": Obj(
        _BLOCK
        | {
            "elements": Items(
                Typed({"plain_text": Text(3000), "mrkdwn": Text(3000), "image": ELEMENTS["image"]}), 10
            )
        },
        needs=("elements",),
    ),
    "actions": Obj(
        _BLOCK | {"elements": Items(IN_ACTIONS, 25)}, needs=("elements",), also=(_different_actions,)
    ),
    "context_actions": Obj(
        _BLOCK | {"elements": Items(_CONTEXT_ACTION, 5)}, needs=("elements",), also=(_different_actions,)
    ),
    "input": Obj(
        _BLOCK
        | {
            "label": plain(2000),
            "element": IN_INPUT,
            "hint": plain(2000),
            "optional": Flag(),
            "dispatch_action": Flag(),
        },
        needs=("label", "element"),
    ),
    "image": Obj(
        _BLOCK
        | {
            "image_url": Str(3000, form="web"),
            "slack_file": SLACK_FILE,
            "alt_text": Str(2000),
            "title": plain(2000),
        },
        needs=("alt_text",),
        also=(_one_picture,),
    ),
    "rich_text": _RICH_TEXT,
    "markdown": Obj(_BLOCK | {"text": Str(MARKDOWN_IN_A_MESSAGE)}, needs=("text",)),
    "table": Obj(
        _BLOCK | {"rows": Items(Items(_CELL, 20), 100), "column_settings": Items(Anything(), 20)},
        needs=("rows",),
    ),
    "video": Obj(
        _BLOCK
        | {
            "alt_text": Str(2000),
            "author_name": Str(49),
            "description": plain(200),
            "provider_icon_url": Str(3000, form="web"),
            "provider_name": Str(50),
            "title": plain(199),
            "title_url": Str(3000, form="web"),
            "thumbnail_url": Str(3000, form="web"),
            "video_url": Str(3000, form="web"),
        },
        needs=("alt_text", "title", "thumbnail_url", "video_url"),
    ),
    "file": Obj(
        _BLOCK | {"external_id": Str(255), "source": Choice(("remote",))}, needs=("external_id", "source")
    ),
}
_SURFACES = {"markdown": MESSAGE, "table": MESSAGE, "file": MESSAGE, "context_actions": MESSAGE}
_ANY_BLOCK = Later(Typed(BLOCKS, _SURFACES))

_CARRIED: dict[str, Rule] = {
    "type": Anything(),
    "callback_id": Str(255, 0),
    "private_metadata": Str(3000, 0),
    "external_id": Str(255, 0),
}
_VIEWS = Typed(
    {
        "modal": Obj(
            _CARRIED
            | {
                "title": plain(24),
                "submit": plain(24),
                "close": plain(24),
                "blocks": Items(_ANY_BLOCK, BLOCKS_IN_A_VIEW),
                "clear_on_close": Flag(),
                "notify_on_close": Flag(),
                "submit_disabled": Flag(),
            },
            needs=("title", "blocks"),
        ),
        "home": Obj(_CARRIED | {"blocks": Items(_ANY_BLOCK, BLOCKS_IN_A_VIEW)}, needs=("blocks",)),
    }
)


def check_message_blocks(blocks: Any, at: str = "/blocks") -> Report:
    """Look for everything that Slack would refuse in the blocks of a message."""
    report = Report("message")
    Items(_ANY_BLOCK, BLOCKS_IN_A_MESSAGE, 0).check(blocks, at, report)
    if isinstance(blocks, list):
        sound = [block for block in blocks if isinstance(block, Mapping)]
        _different_blocks(sound, at, report)
        markdown = [len(str(b.get("text", ""))) for b in sound if b.get("type") == "markdown"]
        if len(markdown) > 1 and sum(markdown) > MARKDOWN_IN_A_MESSAGE:
            report.add(f"must be less than {MARKDOWN_IN_A_MESSAGE + 1} characters in all markdown blocks", at)
        if sum(block.get("type") == "table" for block in sound) > 1:
            report.add("only one table allowed", at)
    return report


def check_view(view: Any, at: str = "/view") -> Report:
    """Look for everything that Slack would refuse in a view; its `type` says which surface it is for."""
    surface = view.get("type", "modal") if isinstance(view, Mapping) else "modal"
    report = Report(str(surface))
    _VIEWS.check(view, at, report)
    if not isinstance(view, Mapping) or not isinstance(view.get("blocks"), list):
        return report
    blocks = [block for block in view["blocks"] if isinstance(block, Mapping)]
    _different_blocks(blocks, f"{at}/blocks", report)
    inputs = [block for block in blocks if block.get("type") == "input"]
    if surface == "modal" and inputs and "submit" not in view:
        report.add("missing required field: submit, needed with input blocks", at)
    focused = [
        b for b in blocks if isinstance(b.get("element"), Mapping) and b["element"].get("focus_on_load")
    ]
    if len(focused) > 1:
        report.add("only one element may have focus_on_load", f"{at}/blocks")
    return report


def check_options(answer: Any) -> Report:
    """Look for everything that Slack would refuse in the answer to a block_suggestion."""
    report = Report("modal")
    select = {"type": "static_select", **answer} if isinstance(answer, Mapping) else answer
    empty = isinstance(answer, Mapping) and not answer.get("options") and not answer.get("option_groups")
    if not empty:
        ELEMENTS["static_select"].check(select, "", report)
    elif "options" not in answer and "option_groups" not in answer:
        report.add("missing required field: options", "")
    return report


def _different_blocks(blocks: Sequence[Mapping[str, Any]], at: str, report: Report) -> None:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                report.add(f'`block_id` "{block_id}" already exists', f"{at}/{index}/block_id")
            seen.add(block_id)


def text_length(blocks: Sequence[Mapping[str, Any]]) -> int:
    """Characters of text over all blocks, as msg_blocks_too_long counts them (approximately)."""
    return sum(len(text) for text in _texts(blocks))


def _texts(thing: Any) -> Iterator[str]:
    if isinstance(thing, Mapping):
        for key, part in thing.items():
            if key == "text" and isinstance(part, str):
                yield part
            else:
                yield from _texts(part)
    elif isinstance(thing, list):
        for part in thing:
            yield from _texts(part)


SURFACES = {"message": MESSAGE, "modal": MODAL, "home": HOME}
