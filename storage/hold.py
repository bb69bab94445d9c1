"""A lock beside an SQLite database, which the operating system frees when its holder dies in any way."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Hold:
    """One process's hold on a file; with None for a file there is nothing to hold, and nobody ever does.

    A lease says that its holder lived some seconds ago; who gets this lock knows that whoever had it is dead.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: int | None = None
        self.fresh = False
        """Whether it was taken and nothing was made of it yet."""

    def __del__(self) -> None:
        self.let_go()

    def take(self) -> None:
        """Take it if nobody has it. A file system without locks is as if somebody always had it."""
        if self._path is None or self._file is not None:
            return
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
        else:
            self._file, self.fresh = file, True

    def let_go(self) -> None:
        """Leave it to others."""
        if self._file is not None:
            os.close(self._file)
        self._file, self.fresh = None, False
