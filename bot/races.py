"""Who is asked when somebody wants to know what they can run for: introduced from the settings."""

from __future__ import annotations

from civic import typed
from handlers.races_finding import Finder


def finder() -> Finder:
    """Give who is asked."""
    return Finder(asked=typed.asked, is_address=typed.is_address)
