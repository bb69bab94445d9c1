"""The statements that change one row, made once for each set of fields that anybody changes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, update

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.sql.dml import ReturningUpdate


@cache
def change(table: Table, names: tuple[str, ...]) -> ReturningUpdate[Any]:
    """Set these fields of the row `b_id` to `b_<name>`, and give it; raises KeyError for what is no field."""
    values = {name: bindparam(f"b_{name}", type_=table.c[name].type) for name in names}
    return update(table).where(table.c.id == bindparam("b_id")).values(values).returning(table)


def bound(number: int, values: dict[str, Any]) -> dict[str, Any]:
    """Give what such a statement is executed with."""
    return {f"b_{name}": value for name, value in values.items()} | {"b_id": number}
