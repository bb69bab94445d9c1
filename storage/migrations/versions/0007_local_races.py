"""local races."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "local_races",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("ocd", sa.Text(), nullable=True),
        sa.Column("census", sa.Text(), nullable=True),
        sa.Column("within", sa.Text(), nullable=True),
        sa.Column("election_day", sa.Date(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("taken_at", Instant(), nullable=False),
        sa.Column("cancelled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_races")),
        sa.UniqueConstraint("key", name=op.f("uq_local_races_key")),
    )
    for name in ("ocd", "census", "within"):
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_local_races_{name}",
            "local_races",
            [name, "election_day"],
            unique=False,
            sqlite_where=there,
            postgresql_where=there,
        )
    op.create_index(op.f("ix_local_races_position"), "local_races", ["position"], unique=False)
    op.create_table(
        "local_people",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_people")),
        sa.UniqueConstraint("key", name=op.f("uq_local_people_key")),
    )
    op.create_index(op.f("ix_local_people_about"), "local_people", ["about"], unique=False)
    op.create_table(
        "race_answers",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_race_answers")),
    )
    op.create_index(op.f("ix_race_answers_at"), "race_answers", ["at"], unique=False)


def downgrade() -> None:
    for name in ("race_answers", "local_people", "local_races"):
        op.drop_table(name)
