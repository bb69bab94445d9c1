"""A whole app that can be killed, for tests/raiser.py to fork.

An app is what `downballot serve` runs. At SIGUSR1 it is armed: from then on it dies, or freezes, at the first
pass of its failpoint. With "restore" it is `downballot restore` of that file instead, armed from the start.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from datetime import datetime
from pathlib import Path

import storage.database
from bot import backup as copies
from bot import logs
from bot.application import Application
from bot.serve import serve
from bot.settings import Settings
from civic.postal import postal
from scheduler.pacing import Pace
from storage import failpoints
from tests.bot import program


def install(spec):
    armed = [True] if "restore" in spec else []
    signal.signal(signal.SIGUSR1, lambda *_: armed.append(True))

    def hook(name):
        if name != spec["failpoint"] or not armed:
            return
        armed.clear()
        if spec["how"] == "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            os._exit(137)

    failpoints.install(hook)


async def serving():
    settings = Settings.load(os.environ)
    await serve(settings, Application(settings, pace=Pace.unlimited()))


async def put_back(spec):
    await copies.restore(spec["database"], Path(spec["restore"]), datetime.fromisoformat(spec["at"]))


def prepare():
    """Load and read what every app does at its start, once for all of them."""
    program.prepare()
    postal()


def live(spec):
    """Serve, or restore, until told to stop or until the failpoint is met."""
    logs.set_up("CRITICAL", "text")
    storage.database._FROZEN_AFTER = 3.0  # Who froze amid a transaction is waited for less long here.
    install(spec)
    try:
        asyncio.run(put_back(spec) if "restore" in spec else serving())
    except BaseException:
        logging.getLogger(__name__).critical("the app fell", exc_info=True)
        raise
    finally:
        os._exit(0)
