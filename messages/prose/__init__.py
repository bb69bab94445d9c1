"""Long texts, one Markdown file each."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def prose(name: str) -> str:
    """Give a long text by its file's name without the ending; it is mrkdwn, as Slack shows it."""
    return (files(__name__) / f"{name}.md").read_text(encoding="utf-8").strip()
