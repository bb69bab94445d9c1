"""mentoring clock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WAITING = {"sqlite_where": sa.text("status = 'open'"), "postgresql_where": sa.text("status = 'open'")}


def upgrade() -> None:
    # Columns one by one, not as a batch: SQLite would copy the table, and offers refer to it.
    op.drop_index("ix_requests_queue", table_name="requests")
    op.add_column("requests", sa.Column("widen_at", Instant(), nullable=True))
    op.add_column("requests", sa.Column("alarm_at", Instant(), nullable=True))
    op.add_column("requests", sa.Column("alarms", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("requests", sa.Column("resources_at", Instant(), nullable=True))
    op.add_column("requests", sa.Column("overdue_at", Instant(), nullable=True))
    op.add_column("requests", sa.Column("overdue", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("requests", sa.Column("hurts_at", Instant(), nullable=True))
    op.add_column("offers", sa.Column("lapsed_at", Instant(), nullable=True))
    op.execute("UPDATE requests SET widen_at = look_at, hurts_at = waiting_since WHERE status = 'open'")
    op.create_index("ix_requests_queue", "requests", ["state", "hurts_at"], unique=False, **WAITING)


def downgrade() -> None:
    op.drop_index("ix_requests_queue", table_name="requests")
    op.create_index("ix_requests_queue", "requests", ["state", "waiting_since"], unique=False, **WAITING)
    op.drop_column("offers", "lapsed_at")
    for name in ("hurts_at", "overdue", "overdue_at", "resources_at", "alarms", "alarm_at", "widen_at"):
        op.drop_column("requests", name)
