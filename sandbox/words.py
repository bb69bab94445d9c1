"""What a reader sees of texts and blocks, as plain words."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Keys under which a block keeps something that is shown, in the order in which it is shown.
_SHOWN = (
    "title", "text", "fields", "label", "element", "elements", "accessory", "placeholder", "hint",
    "options", "option_groups", "initial_value", "alt_text", "rows", "description",
)  # fmt: skip
_REFERENCE = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")


def shown(mrkdwn: str) -> str:
    """A mrkdwn text without its escapes and link syntax: `<url|label>` becomes `label`."""

    def label(match: re.Match[str]) -> str:
        target, words = match.group(1), match.group(2)
        return words or target

    return html.unescape(_REFERENCE.sub(label, mrkdwn))


def _strings(thing: Any) -> Iterator[str]:
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, Mapping):
        kind = thing.get("type")
        if kind in {"plain_text", "mrkdwn", "markdown"}:
            text = str(thing.get("text", ""))
            yield shown(text) if kind == "mrkdwn" else text
        elif kind in {"user", "channel"} and f"{kind}_id" in thing:
            yield str(thing[f"{kind}_id"])
        else:
            for key in _SHOWN:
                if key in thing:
                    yield from _strings(thing[key])
    elif isinstance(thing, Sequence):
        for part in thing:
            yield from _strings(part)


def words_of(text: str, blocks: Sequence[Mapping[str, Any]] | None) -> str:
    """Text and blocks as one string of lines, unescaped."""
    lines = [shown(text)] if text else []
    for block in blocks or ():
        lines.extend(_strings(block))
    return "\n".join(lines)


def elements_of(blocks: Sequence[Mapping[str, Any]] | None) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Every interactive element with the block that holds it, in the order of the screen."""
    for block in blocks or ():
        kind = block.get("type")
        if kind == "section" and block.get("accessory"):
            yield block, block["accessory"]
        elif kind in {"actions", "context_actions"}:
            for element in block.get("elements", ()):
                yield block, element
        elif kind == "input":
            yield block, block["element"]


def buttons_of(blocks: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """Visible texts of all buttons, in the order of the screen."""
    return [
        str(element["text"]["text"])
        for _, element in elements_of(blocks)
        if element.get("type") in {"button", "workflow_button"}
    ]


def plain_value(state: Mapping[str, Any]) -> Any:
    """One element's entry of `state.values` as a plain value: text, option value, list of them, id, date."""
    for key in (
        "value", "selected_date", "selected_time", "selected_date_time", "selected_user",
        "selected_channel", "selected_conversation", "selected_users", "selected_channels",
        "selected_conversations", "rich_text_value", "files",
    ):  # fmt: skip
        if key in state:
            return state[key]
    if "selected_option" in state:
        option = state["selected_option"]
        return option["value"] if option else None
    if "selected_options" in state:
        return [option["value"] for option in state["selected_options"]]
    return None
