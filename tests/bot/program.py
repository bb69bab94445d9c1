"""`downballot` with its arguments, in a process that tests/raiser.py forks; from `main` on all is real.

With the loading it is `execute`; that the installed command is the same, tests/bot/test_wheel.py shows.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings

from bot import cli
from tests import raiser

LATE = ("aiosqlite", "alembic.command", "asyncpg", "bot.application", "bot.health", "bot.serve")
"""What the command line loads when it is needed, which is in each of these processes."""


def begin(*arguments, env, cwd=raiser.ROOT, output):
    """Start it with this environment and nothing else; `output` are two open files, or one for both."""
    return raiser.raise_one(__name__, {"arguments": arguments}, env=env, cwd=cwd, output=output)


def execute(*arguments, env, cwd=raiser.ROOT, output):
    """The same without the raiser: a process that loads everything itself."""
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "bot", *arguments]
    out, errors = output
    return subprocess.Popen(command, cwd=cwd, env=env, stdout=out, stderr=errors)


def prepare():
    """Load what it loads late."""
    for name in LATE:
        importlib.import_module(name)


def live(spec):
    """Be the program."""
    warnings.simplefilter("error", ResourceWarning)
    sys.argv = ["downballot", *spec["arguments"]]
    cli.main()
