"""More that messages and forms are made of: rich text, pictures, addresses, times, conversations.

Sources: docs.slack.dev/reference/block-kit/blocks (rich-text, image) and /block-elements (rich-text-input,
url-input, time-picker, radio-button-group, multi-select-menu).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from messages import payload as p

ALT_MOST = 2000


def rich_text(parts: Sequence[Mapping[str, Any]], *, block_id: str | None = None) -> p.Block:
    """Give formatted text as Slack's own field makes it; `parts` have gone through the rules' `clean`."""
    made: p.Block = {"type": "rich_text", "elements": [dict(part) for part in parts]}
    return made | ({"block_id": block_id} if block_id else {})


def image(url: str, alt: str) -> p.Block:
    """Give a picture from the web, with what a screen reader says of it."""
    if len(url) > p.URL_MOST:
        raise p.PayloadInvalid("a picture's address is too long")
    return {"type": "image", "image_url": url, "alt_text": p.shorten(alt, ALT_MOST) or " "}


def rich_input(
    action: str, *, initial: Sequence[Mapping[str, Any]] = (), placeholder: str | None = None
) -> p.Element:
    """Give a field for formatted text."""
    made: p.Element = {"type": "rich_text_input", "action_id": action}
    if initial:
        made["initial_value"] = rich_text(initial)
    if placeholder:
        made["placeholder"] = p.plain(placeholder, p.HEADER_MOST)
    return made


def url_input(action: str, *, initial: str = "", placeholder: str | None = None) -> p.Element:
    """Give a field for an address of the web."""
    made: p.Element = {"type": "url_text_input", "action_id": action}
    if initial:
        made["initial_value"] = p.shorten(initial, p.URL_MOST)
    if placeholder:
        made["placeholder"] = p.plain(placeholder, p.HEADER_MOST)
    return made


def time_picker(action: str, *, chosen: str = "", placeholder: str = "Pick a time") -> p.Element:
    """Give a field for a time of day; `chosen` is such as "17:00"."""
    made: p.Element = {
        "type": "timepicker",
        "action_id": action,
        "placeholder": p.plain(placeholder, p.HEADER_MOST),
    }
    return made | ({"initial_time": chosen} if chosen else {})


def radio(action: str, choices: Sequence[p.Element], *, chosen: str) -> p.Element:
    """Give up to ten choices of which one holds."""
    if not 0 < len(choices) <= p.BOXES_MOST:
        raise p.PayloadInvalid(f"{len(choices)} choices of a radio button")
    initial = next((choice for choice in choices if choice["value"] == chosen), choices[0])
    return {
        "type": "radio_buttons",
        "action_id": action,
        "options": list(choices),
        "initial_option": initial,
    }


def channels_select(
    action: str, *, chosen: Iterable[str] = (), most: int, placeholder: str = "Choose channels"
) -> p.Element:
    """Give a select of several channels that the person is in."""
    made: p.Element = {
        "type": "multi_conversations_select",
        "action_id": action,
        "placeholder": p.plain(placeholder, p.HEADER_MOST),
        "max_selected_items": most,
        "filter": {"include": ["public", "private"], "exclude_external_shared_channels": True},
    }
    known = sorted(chosen)
    return made | ({"initial_conversations": known} if known else {})
