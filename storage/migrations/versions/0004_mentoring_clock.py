"""mentoring clock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.drop_index("ix_requests_queue")
        batch_op.add_column(sa.Column("widen_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("alarm_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("alarms", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("resources_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("overdue_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("overdue", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("hurts_at", Instant(), nullable=True))
    op.execute("UPDATE requests SET widen_at = look_at, hurts_at = waiting_since WHERE status = 'open'")
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index(
            "ix_requests_queue",
            ["state", "hurts_at"],
            unique=False,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lapsed_at", Instant(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.drop_column("lapsed_at")
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.drop_index("ix_requests_queue", sqlite_where=sa.text("status = 'open'"))
        batch_op.create_index(
            "ix_requests_queue",
            ["state", "waiting_since"],
            unique=False,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )
        for name in ("hurts_at", "overdue", "overdue_at", "resources_at", "alarms", "alarm_at", "widen_at"):
            batch_op.drop_column(name)
