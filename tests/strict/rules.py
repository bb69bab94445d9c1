"""Slack's rules as its documentation states them: arguments of methods, limits of blocks, what text may hold.

Sources: docs.slack.dev/reference/methods/*, /reference/block-kit/*, /surfaces/modals,
/messaging/message-metadata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from aiohttp import web

POST = {
    "channel": True, "text": True, "blocks": False, "metadata": False, "thread_ts": False,
    "unfurl_links": False, "unfurl_media": False, "mrkdwn": False, "parse": False,
}  # fmt: skip
ARGUMENTS: dict[str, dict[str, bool]] = {
    "auth.test": {},
    "apps.connections.open": {},
    "chat.postMessage": POST,
    "chat.postEphemeral": {"channel": True, "user": True, "text": True, "blocks": False, "thread_ts": False},
    "chat.update": {"channel": True, "ts": True, "text": True, "blocks": True, "metadata": False},
    "chat.delete": {"channel": True, "ts": True},
    "conversations.invite": {"channel": True, "users": True},
    "conversations.replies": {"channel": True, "ts": True, "limit": False, "oldest": False, "cursor": False,
                              "include_all_metadata": False},
    "users.lookupByEmail": {"email": True},
    "conversations.open": {"users": True, "return_im": False},
    "conversations.info": {"channel": True, "include_num_members": False},
    "conversations.history": {
        "channel": True, "limit": False, "oldest": False, "cursor": False, "inclusive": False,
        "include_all_metadata": False, "latest": False,
    },
    "users.info": {"user": True, "include_locale": False},
    "users.list": {"limit": False, "cursor": False, "include_locale": False},
    "views.open": {"trigger_id": True, "view": True},
    "views.push": {"trigger_id": True, "view": True},
    "views.publish": {"user_id": True, "view": True, "hash": False},
}  # fmt: skip
READS = {
    "conversations.history", "conversations.info", "conversations.replies", "users.info", "users.list",
    "users.lookupByEmail",
}  # fmt: skip
"""Methods whose page does not name JSON among what they take."""

LIVE = re.compile(
    r"<!(?!date\^\d+\^)|<@(?![UW][A-Z0-9]+>)|<#(?![CG][A-Z0-9]+>)|<(?:https?|mailto|tel):", re.IGNORECASE
)
"""Control sequences that the app has no reason ever to write: mass mentions, disguised links."""


async def arguments(request: web.Request, method: str) -> tuple[dict[str, Any], list[str]]:
    """Read the arguments as Slack does: query, form with JSON inside, or JSON where the method takes it."""
    found: dict[str, Any] = dict(request.query)
    trouble: list[str] = []
    kind = request.content_type
    if request.method == "POST" and kind == "application/json":
        if method in READS:
            trouble.append("takes no JSON")
        if "charset" not in request.headers["Content-Type"]:
            trouble.append("missing_charset")
        found |= await request.json()
    elif request.method == "POST":
        if kind not in {
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/octet-stream",
        }:
            trouble.append(f"invalid_form_data: {kind}")
        for name, value in (await request.post()).items():
            found[name] = value
    for name in ("blocks", "view", "metadata"):
        if isinstance(found.get(name), str):
            found[name] = json.loads(found[name])
    if "token" in found:
        trouble.append("a token beside the header")
    return found, trouble


def of_call(method: str, given: dict[str, Any]) -> list[str]:
    """Say all that is wrong with one call."""
    known = ARGUMENTS.get(method)
    if known is None:
        return ["is a method this app has no business with"]
    # Bolt puts the workspace's id into the address of every call; Slack takes it everywhere.
    wrong = [f"unknown argument {name}" for name in given if name not in known and name != "team_id"]
    wrong += [f"no {name}" for name, needed in known.items() if needed and given.get(name) in (None, "")]
    wrong += [f"{name} is null" for name, value in given.items() if value is None]
    if "text" in given:
        most = 4000
        wrong += [f"a text of {len(given['text'])}"] if len(given["text"]) > most else []
        wrong += live(given["text"])
    if "blocks" in given:
        wrong += of_blocks(given["blocks"], 50, "message")
        total = sum(units(text) for text in texts(given["blocks"]))
        wrong += [f"msg_blocks_too_long: {total}"] if total > 12_000 else []
    if "metadata" in given:
        wrong += of_metadata(given["metadata"])
    if "view" in given:
        wrong += of_view(given["view"], home=method == "views.publish")
    for name, shape in (
        ("channel", r"[CDGUW][A-Z0-9]+"),
        ("user", r"[UW][A-Z0-9]+"),
        ("user_id", r"[UW][A-Z0-9]+"),
    ):
        if name in given and not re.fullmatch(shape, str(given[name])):
            wrong.append(f"{name} {given[name]!r}")
    if method in {"chat.update", "chat.delete"} and not given.get("channel", "").startswith(("C", "D", "G")):
        wrong.append("an edit needs the conversation's id, not a person's")
    return wrong


def of_metadata(metadata: Any) -> list[str]:
    if set(metadata) - {"event_type", "event_payload", "entities"} or not isinstance(
        metadata["event_payload"], dict
    ):
        return ["invalid_metadata_format"]
    if any(not isinstance(value, str | int | bool) for value in metadata["event_payload"].values()):
        return ["invalid_metadata_schema: not flat"]
    return (
        [] if re.fullmatch(r"[a-z0-9_]+", metadata["event_type"]) else ["invalid_metadata_format: event_type"]
    )


def of_response(said: dict[str, Any]) -> list[str]:
    """Say what is wrong with what was written to a response_url."""
    wrong = [
        f"unknown {name}" for name in set(said) - {"text", "blocks", "response_type", "replace_original"}
    ]
    wrong += [] if said.get("response_type") == "ephemeral" else ["not private"]
    wrong += [] if said.get("replace_original") is not True else ["replaces the card"]
    return wrong + live(said.get("text", ""))


def of_view(view: dict[str, Any], *, home: bool) -> list[str]:
    wrong: list[str] = []
    allowed = {"type", "blocks", "callback_id", "private_metadata", "external_id"}
    if home:
        wrong += [] if view["type"] == "home" else ["views.publish of what is no Home tab"]
    else:
        allowed |= {"title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"}
        wrong += [] if view["type"] == "modal" else ["views.open of what is no modal"]
        for name in ("title", "submit", "close"):
            if name in view:
                wrong += of_text(view[name], 24, plain=True, where=name)
        wrong += [] if "title" in view else ["a modal without a title"]
        if any(block["type"] == "input" for block in view["blocks"]) and "submit" not in view:
            wrong.append("inputs without submit")
    wrong += [f"unknown {name} in a view" for name in set(view) - allowed]
    wrong += [] if units(view.get("private_metadata", "")) <= 3000 else ["private_metadata"]
    wrong += [] if units(view.get("callback_id", "")) <= 255 else ["callback_id"]
    return wrong + of_blocks(view["blocks"], 100, "home" if home else "modal")


def of_blocks(blocks: Any, most: int, surface: str) -> list[str]:
    if not isinstance(blocks, list) or not 1 <= len(blocks) <= most:
        return [f"{len(blocks)} blocks on a {surface}"]
    wrong: list[str] = []
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    wrong += [] if len(ids) == len(set(ids)) else ["a block_id twice"]
    wrong += [] if all(0 < units(each) <= 255 for each in ids) else ["a block_id of the wrong length"]
    for number, block in enumerate(blocks):
        wrong += [f"block {number} ({block['type']}): {each}" for each in _of_block(block, surface)]
    return wrong


_KEYS = {
    "section": {"text", "fields", "accessory", "expand"},
    "header": {"text"},
    "divider": set(),
    "context": {"elements"},
    "actions": {"elements"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
    "image": {"image_url", "alt_text", "title"},
}


def _of_block(block: dict[str, Any], surface: str) -> list[str]:
    kind = block["type"]
    if kind not in _KEYS:
        return ["a kind of block that is not expected"]
    wrong = [f"unknown {name}" for name in set(block) - _KEYS[kind] - {"type", "block_id"}]
    elements: list[dict[str, Any]] = []
    if kind == "section":
        wrong += [] if "text" in block or "fields" in block else ["neither text nor fields"]
        wrong += of_text(block["text"], 3000) if "text" in block else []
        fields = block.get("fields", [])
        wrong += [] if "fields" not in block or 1 <= len(fields) <= 10 else [f"{len(fields)} fields"]
        for each in fields:
            wrong += of_text(each, 2000)
        elements = [block["accessory"]] if "accessory" in block else []
    elif kind == "header":
        wrong += of_text(block["text"], 150, plain=True)
    elif kind == "context":
        wrong += [] if 1 <= len(block["elements"]) <= 10 else [f"{len(block['elements'])} elements"]
        for each in block["elements"]:
            wrong += [] if each["type"] == "image" else of_text(each, 3000)
    elif kind == "actions":
        elements = block["elements"]
        wrong += [] if 1 <= len(elements) <= 25 else [f"{len(elements)} elements"]
    elif kind == "input":
        wrong += [] if surface == "modal" else ["an input outside a modal"]
        wrong += of_text(block["label"], 2000, plain=True)
        wrong += of_text(block["hint"], 2000, plain=True) if "hint" in block else []
        elements = [block["element"]]
    names = [each["action_id"] for each in elements if each["type"] != "image"]
    wrong += [] if len(names) == len(set(names)) else ["an action_id twice"]
    for each in elements:
        wrong += [f"{each['type']}: {said}" for said in _of_element(each)]
    return wrong


_ELEMENTS = {
    "button": {"text", "value", "url", "style", "confirm", "accessibility_label"},
    "static_select": {"options", "option_groups", "initial_option", "placeholder", "confirm"},
    "multi_static_select": {"options", "initial_options", "placeholder", "max_selected_items"},
    "multi_users_select": {"initial_users", "placeholder", "max_selected_items"},
    "datepicker": {"initial_date", "placeholder"},
    "checkboxes": {"options", "initial_options"},
    "plain_text_input": {"multiline", "initial_value", "min_length", "max_length", "placeholder"},
    "overflow": {"options", "confirm"},
    "radio_buttons": {"options", "initial_option", "confirm"},
    "external_select": {"placeholder", "min_query_length", "initial_option", "confirm"},
    "multi_external_select": {"placeholder", "min_query_length", "initial_options", "max_selected_items"},
    "users_select": {"placeholder", "initial_user", "confirm"},
    "timepicker": {"placeholder", "initial_time", "timezone"},
    "image": {"image_url", "alt_text"},
    "number_input": {"is_decimal_allowed", "initial_value", "min_value", "max_value", "placeholder"},
}


def _of_element(element: dict[str, Any]) -> list[str]:
    kind = element["type"]
    if kind not in _ELEMENTS:
        return ["a kind of element that is not expected"]
    wrong = [f"unknown {name}" for name in set(element) - _ELEMENTS[kind] - {"type", "action_id"}]
    wrong += [] if kind == "image" or 0 < units(element["action_id"]) <= 255 else ["action_id"]
    if kind == "button":
        wrong += of_text(element["text"], 75, plain=True)
        wrong += [] if "value" not in element or 1 <= units(element["value"]) <= 2000 else ["value"]
        wrong += [] if units(element.get("url", "")) <= 3000 else ["url"]
        wrong += [] if element.get("style", "primary") in {"primary", "danger"} else ["style"]
        wrong += [] if units(element.get("accessibility_label", "")) <= 75 else ["accessibility_label"]
    if "confirm" in element:
        for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            wrong += of_text(element["confirm"][name], most, where=f"confirm.{name}")
    if "placeholder" in element:
        wrong += of_text(element["placeholder"], 150, plain=True, where="placeholder")
    wrong += _of_choices(element)
    if kind == "plain_text_input":
        least, most = element.get("min_length", 0), element.get("max_length", 3000)
        wrong += (
            [] if 0 <= least <= 3000 and 1 <= most <= 3000 and least <= most else ["min_length, max_length"]
        )
        wrong += [] if units(element.get("initial_value", "")) <= most else ["initial_value is too long"]
    if kind == "number_input":
        named = ("initial_value", "min_value", "max_value")
        wrong += [f"{name} is no string" for name in named if not isinstance(element.get(name, ""), str)]
        wrong += [] if "is_decimal_allowed" in element else ["no is_decimal_allowed"]
    return wrong


def _of_choices(element: dict[str, Any]) -> list[str]:
    groups = element.get("option_groups", [])
    wrong = (
        [] if len(groups) <= 100 and not {"options", "option_groups"} <= set(element) else ["option_groups"]
    )
    for group in groups:
        wrong += of_text(group["label"], 75, plain=True, where="label")
        wrong += _of_options(group, 100)
    if "options" in element:
        few = {"checkboxes": 10, "radio_buttons": 10, "overflow": 5}
        wrong += _of_options(element, few.get(element["type"], 100))
    return wrong


def _of_options(element: dict[str, Any], most: int) -> list[str]:
    options = element["options"]
    wrong = [] if 1 <= len(options) <= most else [f"{len(options)} options"]
    for option in options:
        wrong += of_text(option["text"], 75, where="option")
        wrong += [] if 1 <= units(option["value"]) <= 150 else ["an option's value"]
        wrong += of_text(option["description"], 75, where="description") if "description" in option else []
    values = [option["value"] for option in options]
    wrong += [] if len(values) == len(set(values)) else ["an option's value twice"]
    initial = element.get(
        "initial_options", [element["initial_option"]] if "initial_option" in element else []
    )
    wrong += [] if all(each in options for each in initial) else ["an initial option that is no option"]
    wrong += ["empty initial_options"] if element.get("initial_options") == [] else []
    return wrong


def of_text(text: dict[str, Any], most: int, *, plain: bool = False, where: str = "text") -> list[str]:
    kind = text.get("type")
    if kind not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
        return [f"{where}: {kind}"]
    wrong = [] if 1 <= units(text["text"]) <= most else [f"{where}: {units(text['text'])} of {most}"]
    wrong += [f"{where}: unknown {name}" for name in set(text) - {"type", "text", "emoji", "verbatim"}]
    if kind == "mrkdwn":
        wrong += live(text["text"]) + (["emoji on mrkdwn"] if "emoji" in text else [])
    elif "verbatim" in text:
        wrong.append("verbatim on plain_text")
    return wrong


def live(text: str) -> list[str]:
    """Say which control sequences come alive in this mrkdwn that never should."""
    return [f"comes alive: {text[found.start() : found.start() + 30]!r}" for found in LIVE.finditer(text)]


def units(text: str) -> int:
    """Count as Slack's servers and clients do, in UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def texts(node: Any) -> Iterator[str]:
    """Give every text in some blocks."""
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def words(message: dict[str, Any]) -> str:
    """Give all that a person reads of a message or a view."""
    return "\n".join([str(message.get("text", "")), *texts(message.get("blocks", []))])


def of_questions(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give those messages that speak of a question by its number: lessons come by themselves."""
    return [each for each in messages if re.search(r"#\d", words(each))]


def buttons(message: dict[str, Any]) -> dict[str, str]:
    """Give every button's action and value."""
    found: dict[str, str] = {}
    for block in message.get("blocks", []):
        for each in [*block.get("elements", []), *([block["accessory"]] if "accessory" in block else [])]:
            if each.get("type") == "button":
                found[each["action_id"]] = each.get("value", "")
    return found
