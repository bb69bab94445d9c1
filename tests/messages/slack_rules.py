"""What Slack refuses, written down a second time, so that the app's own builder does not vouch for itself.

Numbers: docs.slack.dev/reference/block-kit (blocks, block elements, composition objects), /surfaces/modals,
/reference/methods/chat.update for texts of an update, and the reported sum of all text in one message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LONGEST = {
    "section text": 3000,
    "field": 2000,
    "header": 150,
    "button": 75,
    "value": 2000,
    "url": 3000,
    "option": 75,
    "option value": 150,
    "placeholder": 150,
    "label": 2000,
    "title": 24,
    "id": 255,
    "summary": 4000,
    "metadata": 3000,
}
CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MESSAGE_TEXT = 10_000
BUTTONS = {"button"}
INPUTS = {
    "plain_text_input",
    "static_select",
    "multi_static_select",
    "multi_users_select",
    "datepicker",
    "checkboxes",
    "number_input",
    "conversations_select",
    "timepicker",
    "users_select",
    "url_text_input",
}


def units(text: str) -> int:
    """Count as JavaScript does: what lies beyond the basic plane counts twice."""
    return len(text.encode("utf-16-le")) // 2


def check_message(payload: Mapping[str, Any], *, blocks_needed: bool = True) -> None:
    """Assert that chat.postMessage and chat.update take this."""
    assert set(payload) <= {"text", "blocks"}
    assert 1 <= units(payload["text"]) <= LONGEST["summary"]
    blocks = payload.get("blocks", [])
    assert blocks or not blocks_needed
    check_blocks(blocks, MESSAGE_BLOCKS, inputs=False)
    assert sum(units(text) for text in texts(blocks)) <= MESSAGE_TEXT


def check_modal(view: Mapping[str, Any]) -> None:
    """Assert that views.open takes this."""
    assert view["type"] == "modal"
    _plain(view["title"], LONGEST["title"])
    _plain(view["close"], LONGEST["title"])
    if any(block["type"] == "input" for block in view["blocks"]):
        assert "submit" in view
    if "submit" in view:
        _plain(view["submit"], LONGEST["title"])
    assert units(view.get("private_metadata", "")) <= LONGEST["metadata"]
    assert units(view.get("callback_id", "x")) <= LONGEST["id"]
    check_blocks(view["blocks"], VIEW_BLOCKS, inputs=True)


def check_home(payload: Mapping[str, Any]) -> None:
    """Assert that views.publish takes this."""
    view = payload["view"]
    assert view["type"] == "home"
    check_blocks(view["blocks"], VIEW_BLOCKS, inputs=False)


def texts(node: Any) -> Iterator[str]:
    """Give every text in it, wherever it stands."""
    if isinstance(node, Mapping):
        if isinstance(node.get("text"), str):
            yield node["text"]
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def plain_texts(blocks: list[dict[str, Any]]) -> list[str]:
    """Give the plain text of sections, part by part: where what a person typed is shown."""
    return [
        block["text"]["text"]
        for block in blocks
        if block["type"] == "section" and block.get("text", {}).get("type") == "plain_text"
    ]


def formatted(node: Any) -> Iterator[str]:
    """Give every text in which Slack looks for links, mentions and formatting."""
    if isinstance(node, Mapping):
        if node.get("type") == "mrkdwn":
            yield node["text"]
        for value in node.values():
            yield from formatted(value)
    elif isinstance(node, list):
        for value in node:
            yield from formatted(value)


def actions(node: Any) -> list[str]:
    """Give the action ids of all that can be pressed."""
    found = []
    if isinstance(node, Mapping):
        if "action_id" in node:
            found.append(node["action_id"])
        for value in node.values():
            found += actions(value)
    elif isinstance(node, list):
        for value in node:
            found += actions(value)
    return found


def check_blocks(blocks: list[dict[str, Any]], most: int, *, inputs: bool) -> None:
    assert 1 <= len(blocks) <= most
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(ids) == len(set(ids))
    assert all(1 <= units(each) <= LONGEST["id"] for each in ids)
    for block in blocks:
        _CHECKS[block["type"]](block)
        assert inputs or block["type"] != "input"
        named = [
            element["action_id"]
            for element in [*block.get("elements", []), block.get("accessory", {}), block.get("element", {})]
            if "action_id" in element
        ]
        assert len(named) == len(set(named))
        assert all(1 <= units(each) <= LONGEST["id"] for each in named)


def _section(block: Mapping[str, Any]) -> None:
    assert "text" in block or "fields" in block
    if "text" in block:
        _text(block["text"], LONGEST["section text"])
    if "fields" in block:
        assert 1 <= len(block["fields"]) <= 10
        for field in block["fields"]:
            _text(field, LONGEST["field"])
    if "accessory" in block:
        _element(block["accessory"])


def _header(block: Mapping[str, Any]) -> None:
    _plain(block["text"], LONGEST["header"])


def _context(block: Mapping[str, Any]) -> None:
    assert 1 <= len(block["elements"]) <= 10
    for element in block["elements"]:
        _text(element, LONGEST["section text"])


def _actions(block: Mapping[str, Any]) -> None:
    assert 1 <= len(block["elements"]) <= 25
    for element in block["elements"]:
        _element(element)


def _divider(block: Mapping[str, Any]) -> None:
    assert set(block) == {"type"}


def _input(block: Mapping[str, Any]) -> None:
    _plain(block["label"], LONGEST["label"])
    if "hint" in block:
        _plain(block["hint"], LONGEST["label"])
    assert block["element"]["type"] in INPUTS
    _element(block["element"])


_CHECKS = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
    "input": _input,
}


def _element(element: Mapping[str, Any]) -> None:
    assert element["type"] in BUTTONS | INPUTS
    if element["type"] == "button":
        _plain(element["text"], LONGEST["button"])
        assert units(element.get("value", "x")) <= LONGEST["value"]
        assert units(element.get("url", "x")) <= LONGEST["url"]
        assert 1 <= units(element.get("accessibility_label", "x")) <= LONGEST["button"]
        assert element.get("style", "primary") in {"primary", "danger"}
    if "confirm" in element:
        for part, most in CONFIRM.items():
            _plain(element["confirm"][part], most)
    if "placeholder" in element:
        _plain(element["placeholder"], LONGEST["placeholder"])
    _options(element)
    for initial in [element.get("initial_option"), *element.get("initial_options", [])]:
        assert initial is None or initial in element["options"]
    if element["type"] == "plain_text_input":
        most = element.get("max_length", 3000)
        assert 0 <= element.get("min_length", 0) <= most <= 3000
        assert units(element.get("initial_value", "")) <= most


def _options(element: Mapping[str, Any]) -> None:
    assert not {"options", "option_groups"} <= set(element)
    groups = element.get("option_groups", [])
    assert len(groups) <= 100
    for group in groups:
        _plain(group["label"], LONGEST["option"])
    for one in [*groups, *([element] if "options" in element else [])]:
        assert 1 <= len(one["options"]) <= (10 if element["type"] == "checkboxes" else 100)
        for option in one["options"]:
            _plain(option["text"], LONGEST["option"])
            assert 1 <= units(option["value"]) <= LONGEST["option value"]


def _plain(text: Mapping[str, Any], most: int) -> None:
    assert text["type"] == "plain_text"
    _text(text, most)


def _text(text: Mapping[str, Any], most: int) -> None:
    assert text["type"] in {"plain_text", "mrkdwn"}
    assert 1 <= units(text["text"]) <= most
    if text["type"] == "mrkdwn":
        assert text["verbatim"] is True
        assert "emoji" not in text
