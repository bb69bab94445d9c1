"""Named places where a test may kill, freeze or fail the process; in production they do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = (
    "outbox.picked",
    "outbox.reserved",
    "outbox.rendered",
    "outbox.marked",
    "outbox.before_write",
    "outbox.last_look",
    "outbox.file_uploaded",
    "outbox.answered",
    "outbox.ending",
    "outbox.ended",
    "reconcile.found",
    "reconcile.absent",
    "lease.asked",
    "lease.taken",
    "lease.returned",
    "lease.handed_back",
    "listener.seen",
    "listener.done",
    "listener.kept",
    "claim.won",
    "follow.taken",
    "follow.worked_out",
    "follow.kept",
    "restore.drafted",
    "restore.old_kept",
    "restore.in_place",
    "restore.put_back",
    "restore.held",
    "restore.quarantined",
)
"""Every failpoint there is; a test holds this list against the source."""

_hook: Callable[[str], None] | None = None


def install(hook: Callable[[str], None] | None) -> None:
    """Call this with every failpoint's name from now on; None takes it out again. For tests only."""
    global _hook  # noqa: PLW0603 - one process dies at one place
    _hook = hook


def failpoint(name: str) -> None:
    """Mark a place between two effects, where a crash must lose nothing and double nothing."""
    if _hook is not None:
        _hook(name)
