"""What an announcement says: rich text as Slack's own field gives it, kept as it is and made harmless."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

TEXT_MOST = 7000
"""Characters of one announcement; with the rest of its message it stays far below what Slack refuses."""

PARTS_MOST = 200
"""Paragraphs and lists of one announcement."""

ADDRESS_MOST = 3000

Json = dict[str, Any]

_STYLES = ("bold", "italic", "strike", "code", "underline")
_LISTS = frozenset({"bullet", "ordered"})
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|www\.)\S+|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?:[/?#]\S*)?", re.IGNORECASE
)
_MASS = frozenset({"here", "channel", "everyone"})


class NotSendable(ValueError):
    """A part of a rich text that Slack shows but does not take from apps; `kind` is what Slack calls it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def clean(given: Mapping[str, Any] | None) -> list[Json]:
    """Give the elements of a rich text that may be sent: what was typed, with nothing in it that shouts.

    Mentions of everybody and of groups become plain words, a link whose words pretend to be another address
    shows its own, and what only Slack's own client may send is left out of each element. Raises NotSendable
    for a part that could not be shown to anybody.

    Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block.
    """
    parts = [_part(part) for part in _listed(given or {}, "elements")]
    return [part for part in parts if part is not None]


def plain(text: str) -> list[Json]:
    """Give plain text as the elements of a rich text; nothing in it is read as formatting."""
    if not text.strip():
        return []
    return [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}]


def words(parts: Iterable[Mapping[str, Any]]) -> str:
    """Give what a reader reads, as plain text: a line for each paragraph and each item of a list."""
    lines: list[str] = []
    for part in parts:
        if part.get("type") == "rich_text_list":
            lines += [_line(item) for item in _listed(part, "elements")]
        else:
            lines.append(_line(part))
    return "\n".join(lines).strip("\n")


def length(parts: Sequence[Mapping[str, Any]]) -> int:
    """Count the characters as Slack does: an emoji may count twice."""
    return len(words(parts).encode("utf-16-le", "surrogatepass")) // 2


def says_something(parts: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there is more in it than white space."""
    return bool(words(parts).strip())


def is_web_address(text: str, *, secure: bool) -> bool:
    """Whether this is a whole address of the web; `secure` takes only https.

    Names and passwords in an address are refused: they make one place look like another.
    """
    if not 0 < len(text) <= ADDRESS_MOST or any(sign.isspace() for sign in text):
        return False
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    schemes = {"https"} if secure else {"https", "http"}
    if parts.scheme not in schemes or parts.username is not None or parts.password is not None:
        return False
    return "." in host.strip(".") and not any(sign in text for sign in '<>|"\\`{}^')


def _listed(thing: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [one for one in thing.get(name) or () if isinstance(one, Mapping)]


def _part(part: Mapping[str, Any]) -> Json | None:
    kind = str(part.get("type"))
    if kind == "rich_text_list":
        items = [_section(item) for item in _listed(part, "elements")]
        if not items:
            return None
        style = part.get("style") if part.get("style") in _LISTS else "bullet"
        made = {"type": kind, "style": style, "elements": items}
        return made | _numbers(part, {"indent": 8, "offset": 100_000, "border": 1})
    if kind in {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}:
        made = {"type": kind, "elements": _inlines(part)}
        # An empty paragraph is an empty line that somebody meant; Slack takes it.
        return made | (_numbers(part, {"border": 1}) if kind != "rich_text_section" else {})
    raise NotSendable(kind)


def _numbers(part: Mapping[str, Any], most: Mapping[str, int]) -> Json:
    found = {name: part.get(name) for name in most}
    return {
        name: min(value, most[name])
        for name, value in found.items()
        if isinstance(value, int) and not isinstance(value, bool) and value > 0
    }


def _section(item: Mapping[str, Any]) -> Json:
    if item.get("type") != "rich_text_section":
        raise NotSendable(str(item.get("type")))
    return {"type": "rich_text_section", "elements": _inlines(item)}


def _inlines(part: Mapping[str, Any]) -> list[Json]:
    made = [_inline(piece) for piece in _listed(part, "elements")]
    return [piece for piece in made if piece is not None]


def _inline(piece: Mapping[str, Any]) -> Json | None:  # noqa: PLR0911 - one line per kind
    kind = str(piece.get("type"))
    style = _style(piece)
    match kind:
        case "text":
            return _text(str(piece.get("text") or ""), style)
        case "link":
            return _link(piece, style)
        case "user" | "channel":
            known = str(piece.get(f"{kind}_id") or "")
            return {"type": kind, f"{kind}_id": known, **style} if known else None
        case "broadcast":
            named = str(piece.get("range"))
            return _text(f"@{named if named in _MASS else 'everyone'}", style)
        case "usergroup":
            return _text("@group", style)
        case "emoji":
            name, drawn = str(piece.get("name") or ""), str(piece.get("unicode") or "")
            more = {"unicode": drawn} if drawn else {}
            return {"type": kind, "name": name, **more, **style} if name else None
        case "date":
            return _date(piece, style)
        case "color":
            return _text(str(piece.get("value") or ""), style)
    if isinstance(piece.get("text"), str):
        return _text(piece["text"], style)
    raise NotSendable(kind)


def _style(piece: Mapping[str, Any]) -> Json:
    given = piece.get("style")
    kept = {name: True for name in _STYLES if isinstance(given, Mapping) and given.get(name) is True}
    return {"style": kept} if kept else {}


def _text(text: str, style: Json) -> Json | None:
    return {"type": "text", "text": text, **style} if text else None


def _link(piece: Mapping[str, Any], style: Json) -> Json | None:
    url, said = str(piece.get("url") or ""), str(piece.get("text") or "")
    mail = url.startswith("mailto:") and "@" in url and not any(sign.isspace() for sign in url)
    if not mail and not is_web_address(url, secure=False):
        return _text(said or url, style)
    shown = {"text": said} if said and not _pretends(said, url) else {}
    return {"type": "link", "url": url, **shown, **style}


def _pretends(said: str, url: str) -> bool:
    """Whether a link's words look like an address, and another one than it leads to."""
    words_ = said.strip().casefold()
    if not _ADDRESS.fullmatch(words_):
        return False
    bare = url.casefold().removeprefix("mailto:")
    for scheme in ("https://", "http://"):
        words_, bare = words_.removeprefix(scheme), bare.removeprefix(scheme)
    words_, bare = words_.removeprefix("www."), bare.removeprefix("www.")
    return not (bare.rstrip("/") == words_.rstrip("/") or bare.startswith(words_.rstrip("/") + "/"))


def _date(piece: Mapping[str, Any], style: Json) -> Json | None:
    stamp, form = piece.get("timestamp"), str(piece.get("format") or "")
    fallback = str(piece.get("fallback") or "")
    if not isinstance(stamp, int) or isinstance(stamp, bool) or stamp < 0 or not form:
        return _text(fallback, style)
    return {
        "type": "date",
        "timestamp": stamp,
        "format": form,
        **({"fallback": fallback} if fallback else {}),
        **style,
    }


def _line(part: Mapping[str, Any]) -> str:
    return "".join(_said(piece) for piece in _listed(part, "elements"))


def _said(piece: Mapping[str, Any]) -> str:  # noqa: PLR0911 - one line per kind
    match piece.get("type"):
        case "text":
            return str(piece.get("text") or "")
        case "link":
            return str(piece.get("text") or piece.get("url") or "")
        case "user":
            return "@someone"
        case "channel":
            return "#channel"
        case "emoji":
            return f":{piece.get('name')}:"
        case "date":
            return str(piece.get("fallback") or "")
    return ""
