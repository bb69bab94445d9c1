"""saved races: who saved which race, and where each countdown stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_races",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("race", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("closes_at", Instant(), nullable=True),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("checked_at", Instant(), nullable=True),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.Column("flight", sa.Text(), nullable=True),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("cards", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("calendar", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("stage_before", sa.Text(), nullable=True),
        sa.Column("wins", sa.Integer(), nullable=False),
        sa.Column("won_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_races")),
        sa.UniqueConstraint("user", "key", name=op.f("uq_saved_races_user_key")),
    )
    with op.batch_alter_table("saved_races", schema=None) as batch_op:
        batch_op.create_index("ix_saved_races_key", ["key", "checked_at"], unique=False)
        batch_op.create_index(
            "ix_saved_races_next_at",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("saved_races", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_saved_races_next_at",
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_saved_races_key")

    op.drop_table("saved_races")
