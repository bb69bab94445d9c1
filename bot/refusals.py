"""What stops the process before it runs: sentences for the person at the command line."""

from __future__ import annotations


class StartRefused(Exception):
    """The process cannot start as things are; the message says why and what to do about it."""
