"""SQL statements are compiled once in a process here, not once for each of its thousand engines.

A seventh of what a scenario costs was compiling what the scenario before it had compiled. The app has two
engines for as long as it lives, and needs none of this.
"""

from __future__ import annotations

import functools

from sqlalchemy import util
from sqlalchemy.engine import default
from sqlalchemy.ext.asyncio import engine as async_engines

_kept = {}


def compile_once():
    """Give every engine of a kind the same memory, and let dialects of a kind count as the same key in it."""
    create = async_engines._create_engine

    @functools.wraps(create)
    def remembering(*args, **kwargs):
        engine = create(*args, **kwargs)
        engine._compiled_cache = _kept.setdefault(engine.dialect.name, util.LRUCache(5000))
        return engine

    async_engines._create_engine = remembering
    default.DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)
    default.DefaultDialect.__hash__ = lambda self: hash(type(self))
