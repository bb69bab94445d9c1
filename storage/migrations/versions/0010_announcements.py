"""announcements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import Facts, Id, Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BUSY = {"sqlite_where": sa.text("busy"), "postgresql_where": sa.text("busy")}


def _of_announcement(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    return (
        sa.Column("announcement", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement"], ["announcements.id"], name=op.f(f"fk_{table}_announcement")
        ),
    )


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("newest", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pending", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("audience", Facts, nullable=False),
        sa.Column("when", Facts, nullable=False),
        sa.Column("people", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("left_out", Facts, nullable=False),
        sa.Column("round", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", Instant(), nullable=True),
        sa.Column("starts_at", Instant(), nullable=True),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("tally", Facts, nullable=False),
        sa.Column("tallied_at", Instant(), nullable=True),
        sa.Column("busy", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
    )
    op.create_index("ix_announcements_busy", "announcements", ["id"], unique=False, **BUSY)
    op.create_index("ix_announcements_author", "announcements", ["author", "id"], unique=False)
    op.create_table(
        "announcement_texts",
        *_of_announcement("announcement_texts"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", Facts, nullable=False),
        sa.Column("link_text", sa.Text(), server_default="", nullable=False),
        sa.Column("link_url", sa.Text(), server_default="", nullable=False),
        sa.Column("image_url", sa.Text(), server_default="", nullable=False),
        sa.Column("image_alt", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("announcement", "number", name=op.f("pk_announcement_texts")),
    )
    op.create_table(
        "announcement_people",
        *_of_announcement("announcement_people"),
        sa.Column("to", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("announcement", "to", name=op.f("pk_announcement_people")),
    )
    op.create_table(
        "announcement_signs",
        *_of_announcement("announcement_signs"),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("pressed_at", Instant(), nullable=True),
        sa.Column("presses", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("replied_at", Instant(), nullable=True),
        sa.Column("replies", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("announcement", "user", name=op.f("pk_announcement_signs")),
    )
    op.create_index("ix_announcement_signs_at", "announcement_signs", ["announcement", "at"], unique=False)
    op.create_table(
        "announcement_mutes",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_announcement_mutes")),
    )


def downgrade() -> None:
    op.drop_table("announcement_mutes")
    op.drop_index("ix_announcement_signs_at", table_name="announcement_signs")
    op.drop_table("announcement_signs")
    op.drop_table("announcement_people")
    op.drop_table("announcement_texts")
    op.drop_index("ix_announcements_author", table_name="announcements")
    op.drop_index("ix_announcements_busy", table_name="announcements", **BUSY)
    op.drop_table("announcements")
