"""Where tests put their files: in memory where there is room, since the disk was a fifth of their time."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 2_000_000_000
"""Bytes that have to be free there: what a run has there at a time is less than half of it."""

_PREFIX = "downballot-tests-"
_LEFT_BEHIND = 86_400
"""Seconds after which the files of a run are those of one that was killed."""


def suits(folder: Path) -> bool:
    """Whether the folder can take a run's files; some are libraries, and `noexec` would not let them load."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    return shutil.disk_usage(folder).free >= ROOM and not os.statvfs(folder).f_flag & os.ST_NOEXEC


def settle(config) -> None:
    """Let everything temporary go to memory while this run lasts; where TMPDIR is set, it is obeyed.

    At the end the memory is given back. To look at a test's files afterwards, say where: --basetemp=FOLDER.
    """
    if "TMPDIR" in os.environ or not suits(MEMORY):
        return
    for left in MEMORY.glob(f"{_PREFIX}*"):
        if time.time() - left.stat().st_mtime > _LEFT_BEHIND:
            shutil.rmtree(left, ignore_errors=True)
    folder = tempfile.mkdtemp(prefix=_PREFIX, dir=MEMORY)
    # PostgreSQL's server runs as somebody else, and has to get through to its own folder.
    Path(folder).chmod(0o711)
    os.environ["TMPDIR"] = tempfile.tempdir = folder

    def leave() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        del os.environ["TMPDIR"]
        tempfile.tempdir = None

    config.add_cleanup(leave)
