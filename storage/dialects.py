"""The two kinds of database by name: each has an INSERT of its own, which says what to do with a conflict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Mapping

DIALECTS: Mapping[str, Any] = {dialect.dialect.name: dialect for dialect in (postgresql, sqlite)}
