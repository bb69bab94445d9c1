"""A process that has imported everything and forks others, born within milliseconds; one for a whole run."""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Raiser:
    """Runs a module that forks one process per line of JSON, and prints its id."""

    def __init__(self, module):
        passed_on = {"PATH", "PGSSLMODE"} & set(os.environ)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), **{name: os.environ[name] for name in passed_on}},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        atexit.register(self.close)

    def raise_one(self, spec):
        """Fork one; its process id. This does not wait for more than the fork."""
        self._process.stdin.write(json.dumps(spec).encode() + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self):
        """Fork no more. Whom it has raised lives on."""
        atexit.unregister(self.close)
        with self._process as process:
            process.stdin.close()


@functools.cache
def raiser(module):
    """Give the one of this module and this run."""
    return Raiser(module)
