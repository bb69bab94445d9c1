"""The app as Slack was told about it: manifest.yml, read for the doctor and for the demo."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
PLACES = (HERE / "manifest.yml", HERE.parent / "manifest.yml")
"""In an installed package it lies beside this module (setup.py puts it there); in a checkout at the top."""


@cache
def manifest() -> dict[str, Any]:
    """Give the manifest, as in Slack's public schema (version 2)."""
    place = next(path for path in PLACES if path.exists())
    loaded: dict[str, Any] = yaml.safe_load(place.read_text("utf-8"))
    return loaded


def bot_scopes() -> set[str]:
    """Give the scopes that the bot token needs."""
    return set(manifest()["oauth_config"]["scopes"]["bot"])
