"""The one place that knows Slack's limits: every block, view and message is built and checked here.

Sources: docs.slack.dev/reference/block-kit (lengths and counts), /surfaces/modals, and for the sum of
all text in one message slackapi/bolt-js issues 2509 and 2867.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

Block = dict[str, Any]
Element = dict[str, Any]
Payload = dict[str, Any]

TEXT_MOST: Final = 3000
HEADER_MOST: Final = 150
BUTTON_MOST: Final = 75
VALUE_MOST: Final = 2000
URL_MOST: Final = 3000
OPTION_MOST: Final = 75
TITLE_MOST: Final = 24
FIELD_MOST: Final = 2000
FIELDS_MOST: Final = 10
METADATA_MOST: Final = 3000
MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
ACTIONS_MOST: Final = 25
CONTEXT_MOST: Final = 10
OPTIONS_MOST: Final = 100
GROUPS_MOST: Final = 100
LABEL_MOST: Final = 75
"""Characters of a group's label.

Source: docs.slack.dev/reference/block-kit/composition-objects/option-group-object.
"""
BOXES_MOST: Final = 10
OPTION_VALUE_MOST: Final = 150
ID_MOST: Final = 255
SUMMARY_MOST: Final = 3000
RICH_PARTS_MOST: Final = 1000
_ELEMENTS_MOST: Final = {"actions": ACTIONS_MOST, "context": CONTEXT_MOST}
MESSAGE_TEXT_MOST: Final = 10_000
"""All text of one message's blocks together: Slack refuses at roughly 12,000, so we stay well below."""


class PayloadInvalid(ValueError):
    """A payload was built that Slack would refuse; a fault of ours, never of the person's."""


def escape(text: str) -> str:
    """Make what a person typed harmless inside mrkdwn: no link, no mention, no date comes to life."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Undo Slack's own escaping of what a person typed into a message or after a command."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def as_typed(text: str) -> str:
    """Turn a message's text back into what its author saw: names for mentions, plain links."""
    text = re.sub(r"<@[UW][A-Z0-9]+(?:\|([^>]+))?>", lambda m: f"@{m[1]}" if m[1] else "@someone", text)
    text = re.sub(r"<#[CG][A-Z0-9]+(?:\|([^>]*))?>", lambda m: f"#{m[1]}" if m[1] else "#channel", text)
    text = re.sub(r"<![^|>]*\|([^>]+)>", lambda m: m[1], text)
    text = re.sub(r"<!(channel|here|everyone)>", lambda m: f"@{m[1]}", text)
    text = re.sub(r"<!subteam\^[A-Z0-9]+>", "@group", text)
    text = re.sub(
        r"<((?:https?|mailto|tel):[^|>]+)(?:\|([^>]+))?>",
        lambda m: m[1] if not m[2] or m[2] == m[1] else f"{m[2]} ({m[1]})",
        text,
    )
    return unescape(text)


def shorten(text: str, most: int) -> str:
    """Shorten plain text to at most that many characters, with an ellipsis where something is missing.

    Slack counts as JavaScript does, in UTF-16 units, so that an emoji may count twice; so do we.
    """
    return text if units(text) <= most else _head(text, most - 1).rstrip() + "…"


def cut(text: str, most: int) -> str:
    """Shorten mrkdwn to at most that many characters, with an ellipsis where something is missing."""
    if units(text) <= most:
        return text
    # Neither an entity nor a <link> may be cut in half: what is left of it would be read as text.
    kept = re.sub(r"&[a-z]{0,4}$", "", _head(text, most - 1))
    opened = kept.rfind("<")
    if opened > kept.rfind(">"):
        kept = kept[:opened]
    return kept.rstrip() + "…"


def _head(text: str, most: int) -> str:
    """Give the beginning, without half an emoji at its end."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * most].decode("utf-16-le", errors="ignore")


def units(text: str) -> int:
    """Count the characters of a text as Slack does: in UTF-16 units, so that an emoji may count twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: str, most: int = TEXT_MOST, *, emoji: bool = False) -> Element:
    """Give a text that Slack shows as it is: no formatting, no links, no mentions."""
    return {"type": "plain_text", "text": shorten(text, most) or " ", "emoji": emoji}


def mrkdwn(text: str, most: int = TEXT_MOST) -> Element:
    """Give a formatted text, whose parts from people have gone through `escape`."""
    return {"type": "mrkdwn", "text": cut(text, most) or " ", "verbatim": True}


def section(text: str, *, accessory: Element | None = None, block_id: str | None = None) -> Block:
    """Give a paragraph of mrkdwn, with something to press at its right if wanted."""
    return _block({"type": "section", "text": mrkdwn(text), "accessory": accessory, "block_id": block_id})


def typed(text: str) -> list[Block]:
    """Show what a person typed exactly as they typed it."""
    return [{"type": "section", "text": plain(part)} for part in _parts(text, TEXT_MOST)]


def quoted(text: str, most: int) -> Block:
    """Show the beginning of what a person typed as small print, on one line, exactly as they typed it."""
    return {"type": "context", "elements": [plain(" ".join(text.split()), most)]}


def _parts(text: str, most: int) -> list[str]:
    """Split at the limit, so that nothing that was typed is lost."""
    parts: list[str] = []
    while units(text) > most:
        head = _head(text, most)
        parts.append(head)
        text = text[len(head) :]
    return [*parts, text]


def fields(*pairs: tuple[str, str]) -> Block:
    """Give up to ten small facts side by side: (label, mrkdwn value)."""
    shown = [mrkdwn(f"*{label}*\n{value}", FIELD_MOST) for label, value in pairs if value]
    return {"type": "section", "fields": _some(shown, FIELDS_MOST)}


def header(text: str) -> Block:
    """Give a headline."""
    return {"type": "header", "text": plain(text, HEADER_MOST)}


def context(*texts: str) -> Block:
    """Give small print."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts if text][:CONTEXT_MOST]}


def divider() -> Block:
    """Give a line."""
    return {"type": "divider"}


def actions(*elements: Element | None, block_id: str | None = None) -> Block:
    """Give a row of things to press."""
    shown = [element for element in elements if element is not None]
    return _block({"type": "actions", "elements": shown, "block_id": block_id})


def button(
    text: str,
    action: str,
    value: object = "",
    *,
    style: str | None = None,
    url: str | None = None,
    confirm: Element | None = None,
    label: str | None = None,
) -> Element:
    """Give a button; `label` is what a screen reader says where `text` alone would not do."""
    return _block(
        {
            "type": "button",
            "text": plain(text, BUTTON_MOST),
            "action_id": action,
            "value": str(value) or None,
            "style": style,
            "url": url,
            "confirm": confirm,
            "accessibility_label": shorten(label, BUTTON_MOST) if label else None,
        }
    )


def sure(title: str, text: str, yes: str, no: str, *, danger: bool = False) -> Element:
    """Give the question that is asked before something that cannot be undone."""
    return _block(
        {
            "title": plain(title, 100),
            "text": plain(text, 300),
            "confirm": plain(yes, 30),
            "deny": plain(no, 30),
            "style": "danger" if danger else None,
        }
    )


def option(value: str, text: str, description: str | None = None) -> Element:
    """Give one choice of a select, of radio buttons or of checkboxes."""
    return _block(
        {
            "text": plain(text, OPTION_MOST),
            "value": _fits(value, OPTION_VALUE_MOST),
            "description": plain(description, OPTION_MOST) if description else None,
        }
    )


def select(
    action: str, choices: Sequence[Element], *, chosen: str | None = None, placeholder: str = "Choose one"
) -> Element:
    """Give a select of at most 100 options; `chosen` is the value that is filled in."""
    initial = next((choice for choice in choices if choice["value"] == chosen), None)
    return _block(
        {
            "type": "static_select",
            "action_id": action,
            "options": _some(choices, OPTIONS_MOST),
            "initial_option": initial,
            "placeholder": plain(placeholder, HEADER_MOST),
        }
    )


def long_select(
    action: str, groups: Mapping[str, Sequence[Element]], *, placeholder: str = "Choose one"
) -> Element:
    """Give a select of any length: each group under its label, and a long one in parts of a hundred."""
    parts = [
        {
            "label": plain(f"{label} ({first // OPTIONS_MOST + 1})" if first else label, LABEL_MOST),
            "options": list(choices[first : first + OPTIONS_MOST]),
        }
        for label, choices in groups.items()
        for first in range(0, len(choices), OPTIONS_MOST)
    ]
    return _block(
        {
            "type": "static_select",
            "action_id": action,
            "option_groups": _some(parts, GROUPS_MOST),
            "placeholder": plain(placeholder, HEADER_MOST),
        }
    )


def multi_select(
    action: str,
    choices: Sequence[Element],
    *,
    chosen: Iterable[str] = (),
    placeholder: str = "Choose as many as fit",
) -> Element:
    """Give a select of several options."""
    wanted = set(chosen)
    initial = [choice for choice in choices if choice["value"] in wanted]
    return _block(
        {
            "type": "multi_static_select",
            "action_id": action,
            "options": _some(choices, OPTIONS_MOST),
            "initial_options": initial or None,
            "placeholder": plain(placeholder, HEADER_MOST),
        }
    )


def people_select(action: str, *, chosen: Iterable[str] = (), placeholder: str = "Choose people") -> Element:
    """Give a select of several people of the workspace."""
    return _block(
        {
            "type": "multi_users_select",
            "action_id": action,
            "initial_users": sorted(chosen) or None,
            "placeholder": plain(placeholder, HEADER_MOST),
        }
    )


def conversation_select(
    action: str, *, chosen: str = "", placeholder: str = "Choose a conversation"
) -> Element:
    """Give a select of one channel or group that the person can see; direct messages are left out."""
    return _block(
        {
            "type": "conversations_select",
            "action_id": action,
            "initial_conversation": chosen or None,
            "filter": {"include": ["public", "private"], "exclude_external_shared_channels": True},
            "placeholder": plain(placeholder, HEADER_MOST),
        }
    )


def date_picker(action: str, *, chosen: date | None = None, placeholder: str = "Pick a day") -> Element:
    """Give a calendar to pick a day from."""
    return _block(
        {
            "type": "datepicker",
            "action_id": action,
            "initial_date": chosen.isoformat() if chosen else None,
            "placeholder": plain(placeholder, HEADER_MOST),
        }
    )


def time_picker(action: str, *, chosen: str | None = None, placeholder: str = "Pick a time") -> Element:
    """Give a clock to pick a time from; `chosen` is "17:30"."""
    return _block(
        {
            "type": "timepicker",
            "action_id": action,
            "initial_time": chosen or None,
            "placeholder": plain(placeholder, HEADER_MOST),
        }
    )


def person_select(action: str, *, chosen: str | None = None, placeholder: str = "Choose somebody") -> Element:
    """Give a select of one person of the workspace."""
    return _block(
        {
            "type": "users_select",
            "action_id": action,
            "initial_user": chosen or None,
            "placeholder": plain(placeholder, HEADER_MOST),
        }
    )


def link_input(action: str, *, initial: str = "", placeholder: str = "https://…") -> Element:
    """Give a field for an address of the web; only in modals."""
    return _block(
        {
            "type": "url_text_input",
            "action_id": action,
            "initial_value": initial or None,
            "placeholder": plain(placeholder, HEADER_MOST),
        }
    )


def checkboxes(action: str, choices: Sequence[Element], *, chosen: Iterable[str] = ()) -> Element:
    """Give up to ten boxes to tick."""
    wanted = set(chosen)
    initial = [choice for choice in choices if choice["value"] in wanted]
    return _block(
        {
            "type": "checkboxes",
            "action_id": action,
            "options": _some(choices, BOXES_MOST),
            "initial_options": initial or None,
        }
    )


def text_input(
    action: str,
    *,
    initial: str = "",
    lines: bool = False,
    least: int | None = None,
    most: int | None = None,
    placeholder: str | None = None,
) -> Element:
    """Give a field to type into; `lines` allows several."""
    if not 0 <= (least or 0) <= (most or TEXT_MOST) <= TEXT_MOST:
        raise PayloadInvalid(f"a field that takes {least} to {most} characters")
    # A text over the field's own limit would make Slack refuse the whole view.
    filled = shorten(initial, most or TEXT_MOST) if initial else None
    return _block(
        {
            "type": "plain_text_input",
            "action_id": action,
            "multiline": lines,
            "initial_value": filled,
            "min_length": least,
            "max_length": most,
            "placeholder": plain(placeholder, HEADER_MOST) if placeholder else None,
        }
    )


def number_input(action: str, *, initial: int | None, least: int, most: int) -> Element:
    """Give a field for a whole number; `initial` None leaves it empty."""
    return _block(
        {
            "type": "number_input",
            "action_id": action,
            "is_decimal_allowed": False,
            "initial_value": str(initial) if initial is not None else None,
            "min_value": str(least),
            "max_value": str(most),
        }
    )


def field(
    block_id: str, label: str, element: Element, *, optional: bool = False, hint: str | None = None
) -> Block:
    """Give a labelled input of a form."""
    return _block(
        {
            "type": "input",
            "block_id": block_id,
            "label": plain(label, VALUE_MOST),
            "element": element,
            "optional": optional,
            "hint": plain(hint, VALUE_MOST) if hint else None,
        }
    )


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    callback: str = "",
    submit: str | None = None,
    close: str = "Close",
    metadata: str = "",
) -> Payload:
    """Give a modal view, checked against Slack's limits."""
    if any(block["type"] == "input" for block in blocks) and submit is None:
        raise PayloadInvalid("a modal with inputs needs a submit button")
    if units(metadata) > METADATA_MOST:
        raise PayloadInvalid("private_metadata is too long")
    return _block(
        {
            "type": "modal",
            "title": plain(_fits(title, TITLE_MOST)),
            "blocks": _checked(blocks, VIEW_BLOCKS),
            "callback_id": callback or None,
            "submit": plain(_fits(submit, TITLE_MOST)) if submit else None,
            "close": plain(_fits(close, TITLE_MOST)),
            "private_metadata": metadata or None,
        }
    )


def home(blocks: Sequence[Block]) -> Payload:
    """Give a Home tab, checked against Slack's limits, as the arguments of views.publish."""
    return {"view": {"type": "home", "blocks": _checked(blocks, VIEW_BLOCKS)}}


def unbold(text: str) -> str:
    """Without the asterisks of bold, which a notification would show; never nothing at all."""
    return text.replace("*", "").strip() or text


def message(summary: str, blocks: Sequence[Block] = ()) -> Payload:
    """Give a message: `summary` is what notifications and screen readers say, in mrkdwn."""
    payload: Payload = {"text": cut(summary, SUMMARY_MOST)}
    if blocks:
        payload["blocks"] = _checked(blocks, MESSAGE_BLOCKS)
        total = sum(units(text) for text in _texts(payload["blocks"]))
        if total > MESSAGE_TEXT_MOST:
            raise PayloadInvalid(f"{total} characters in one message")
    return payload


def _fits(text: str, most: int) -> str:
    if not 0 < units(text) <= most:
        raise PayloadInvalid(f"a text of {units(text)} characters where 1 to {most} are allowed")
    return text


def _some(parts: Sequence[Element], most: int) -> list[Element]:
    if not 0 < len(parts) <= most:
        raise PayloadInvalid(f"{len(parts)} of what there must be 1 to {most} of")
    return list(parts)


def _block(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if value is not None}


def _checked(blocks: Sequence[Block], most: int) -> list[Block]:
    """Refuse what Slack would refuse as a whole; lengths are already cut where they are built."""
    if not 0 < len(blocks) <= most:
        raise PayloadInvalid(f"{len(blocks)} blocks where 1 to {most} are allowed")
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        raise PayloadInvalid("two blocks have the same block_id")
    for block in blocks:
        elements = block.get("elements", [])
        pressed = [*elements, *(block[name] for name in ("accessory", "element") if name in block)]
        named = [element["action_id"] for element in pressed if "action_id" in element]
        if len(named) != len(set(named)):
            raise PayloadInvalid("two elements of one block have the same action_id")
        for name in (*named, block.get("block_id", "-")):
            _fits(name, ID_MOST)
        if block["type"] in {"actions", "context"} and not elements:
            raise PayloadInvalid(f"an empty {block['type']} block")
        if len(elements) > _ELEMENTS_MOST.get(block["type"], RICH_PARTS_MOST):
            raise PayloadInvalid(f"too many elements in one {block['type']} block")
        if any(units(element.get("value", "")) > VALUE_MOST for element in pressed):
            raise PayloadInvalid("a button's value is too long")
        if any(units(element.get("url", "")) > URL_MOST for element in pressed):
            raise PayloadInvalid("a button's address is too long")
    return list(blocks)


def _texts(node: Any) -> Iterable[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("text"), str):
            yield node["text"]
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
