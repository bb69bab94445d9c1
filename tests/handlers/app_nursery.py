"""Raises whole apps that can be killed: a process that has imported everything forks one per line of JSON.

An app is what `downballot serve` runs. At SIGUSR1 it is armed: from then on it dies, or freezes, at the first
pass of its failpoint. With "restore" it is `downballot restore` of that file instead, armed from the start.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import sys
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


async def live():
    settings = Settings.load(os.environ)
    await serve(settings, Application(settings, pace=Pace.unlimited()))


async def put_back(spec):
    await copies.restore(spec["database"], Path(spec["restore"]), datetime.fromisoformat(spec["at"]))


def main():
    logs.set_up("CRITICAL", "text")
    storage.database._FROZEN_AFTER = 3.0  # Who froze amid a transaction is waited for less long here.
    postal()  # What every app reads at its start, once for all of them.
    gc.freeze()  # The children's collectors need not go through what they were born with.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The dead need no burial.
    for line in sys.stdin:
        spec = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            with contextlib.suppress(OSError):
                os.close(0)
            os.environ.update(spec.get("settings", {}))
            install(spec)
            try:
                asyncio.run(put_back(spec) if "restore" in spec else live())
            except BaseException:
                logging.getLogger(__name__).critical("the app fell", exc_info=True)
                raise
            finally:
                os._exit(0)
        print(child, flush=True)  # noqa: T201 - this is how it answers


if __name__ == "__main__":
    main()
