"""What the app reads when it starts, so that nobody's first look-up waits for it."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from civic import divisions, postal
from civic.catalogue import Catalogue
from civic.locate import at_state
from community.races import Window
from community.states import every_state


def warm(today: date) -> None:
    """Read the ZIP codes, the legislatures and the holidays that the calendars need.

    Takes one to two seconds of one core and 60 MB, 40 of them the package's own; run it in a thread.
    """
    postal.postal()
    divisions.legislatures()
    window = Window(today, today + timedelta(days=3 * 365))
    for state in every_state():
        asyncio.run(Catalogue().races(at_state(state.code), window))
