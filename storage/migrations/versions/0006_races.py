"""races."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "race_lookups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("place", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("places", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("races", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("troubles", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("left_off", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_race_lookups")),
    )
    op.create_index(op.f("ix_race_lookups_asked_at"), "race_lookups", ["asked_at"])
    # Plain, not batched: other tables refer to this one, and SQLite would drop it to make it anew.
    op.add_column("requests", sa.Column("race", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("requests", "race")
    op.drop_index(op.f("ix_race_lookups_asked_at"), table_name="race_lookups")
    op.drop_table("race_lookups")
