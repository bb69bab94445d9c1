"""What Slack's client makes of typed text before it reaches anybody: escapes and mentions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.model import Json
    from sandbox.workspace import Workspace

_TOKEN = re.compile(r"<([@#])([UWC][A-Z0-9]+)(?:\|[^<>]*)?>")
_NAMED = re.compile(r"(?<![\w<])([@#])([a-z0-9][a-z0-9._-]*)")
_ALL = frozenset({"channel", "here", "everyone"})


def escape(text: str) -> str:
    """Escape the three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_sent(workspace: Workspace, text: str, *, broadcast: bool = True, labels: bool = False) -> str:
    """Typed text as it arrives in events.

    `@name`, `#channel` and picked `<@U…>` become mentions, the rest is escaped. `labels` writes `<@U…|name>`
    as commands with should_escape do.
    """
    names = {user.name: user.id for user in workspace.users.values()}
    places = {c.name: c.id for c in workspace.channels.values() if not c.is_im and not c.is_mpim}

    def mention(mark: str, key: str) -> str | None:
        if mark == "@":
            if broadcast and key in _ALL:
                return f"<!{key}>"
            user = workspace.users.get(names.get(key, key))
            return None if user is None else f"<@{user.id}|{user.name}>" if labels else f"<@{user.id}>"
        channel = workspace.channels.get(places.get(key, key))
        return None if channel is None else f"<#{channel.id}|{'' if channel.is_private else channel.name}>"

    parts, end = [], 0
    for match in sorted([*_TOKEN.finditer(text), *_NAMED.finditer(text)], key=lambda found: found.start()):
        if match.start() < end:
            continue
        found = mention(match.group(1), match.group(2))
        if found is not None:
            parts += [escape(text[end : match.start()]), found]
            end = match.end()
    return "".join([*parts, escape(text[end:])])


def rich_text(workspace: Workspace, text: str) -> list[Json]:
    """The rich_text block that Slack's client sends along with typed text."""
    elements: list[Json] = []
    end = 0
    for match in _TOKEN.finditer(text):
        if text[end : match.start()]:
            elements.append({"type": "text", "text": text[end : match.start()]})
        if match.group(1) == "@":
            elements.append({"type": "user", "user_id": match.group(2)})
        else:
            elements.append({"type": "channel", "channel_id": match.group(2)})
        end = match.end()
    if text[end:] or not elements:
        elements.append({"type": "text", "text": text[end:]})
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": workspace.next_id("")[-5:], "elements": [section]}]
