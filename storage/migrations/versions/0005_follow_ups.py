"""follow ups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _where(condition: str) -> dict[str, sa.TextClause]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.add_column("request_history", sa.Column("follow_at", Instant(), nullable=True))
    op.create_index(
        "ix_request_history_follow_at",
        "request_history",
        ["follow_at", "id"],
        unique=False,
        **_where("follow_at IS NOT NULL"),
    )
    op.create_index(
        "ix_members_home_seen_at",
        "members",
        ["home_seen_at"],
        unique=False,
        **_where("home_seen_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_members_home_seen_at", table_name="members")
    op.drop_index("ix_request_history_follow_at", table_name="request_history")
    op.drop_column("request_history", "follow_at")
