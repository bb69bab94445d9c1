from __future__ import annotations

import asyncio
from datetime import date

from civic.postal import postal
from civic.warming import warm


async def test_the_app_warms_up_in_a_thread_beside_its_loop():
    await asyncio.to_thread(warm, date(2026, 11, 21))
    assert postal.cache_info().currsize == 1
