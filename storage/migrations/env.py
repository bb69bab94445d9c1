"""What Alembic runs for every command; the connection is handed in by storage/schema.py."""

from __future__ import annotations

from alembic import context
from sqlalchemy.sql.elements import False_, True_

from storage.tables import metadata


def render_item(kind, item, autogen_context):
    """Write our own column type by its name, and truth as each database spells it."""
    if kind == "type" and type(item).__name__ == "Instant":
        autogen_context.imports.add("from storage.tables import Instant")
        return "Instant()"
    if kind == "server_default" and isinstance(getattr(item, "arg", None), (False_, True_)):
        return f"sa.{item.arg}()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=render_item,
    # SQLite changes a table by copying it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
