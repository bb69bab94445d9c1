"""events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("series", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("specialist", sa.Text(), nullable=True),
        sa.Column("specialist_name", sa.Text(), server_default="", nullable=False),
        sa.Column("specialist_about", sa.Text(), server_default="", nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("taken", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("moves", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("posts", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("announce_at", Instant(), nullable=True),
        sa.Column("look_at", Instant(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("cancelled_at", Instant(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("recording", sa.Text(), server_default="", nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "taken >= 0 AND (capacity IS NULL OR taken <= capacity)", name=op.f("ck_events_seats")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("uid", name=op.f("uq_events_uid")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(
            "ix_events_look_at",
            ["look_at"],
            unique=False,
            sqlite_where=sa.text("look_at IS NOT NULL"),
            postgresql_where=sa.text("look_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_events_series",
            ["series", "starts_at"],
            unique=False,
            sqlite_where=sa.text("series IS NOT NULL"),
            postgresql_where=sa.text("series IS NOT NULL"),
        )
        batch_op.create_index("ix_events_starts_at", ["starts_at"], unique=False)

    op.create_table(
        "event_history",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["event"], ["events.id"], name=op.f("fk_event_history_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_history")),
    )
    with op.batch_alter_table("event_history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_history_event"), ["event"], unique=False)

    op.create_table(
        "event_questions",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asker", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("request", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["event"], ["events.id"], name=op.f("fk_event_questions_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_questions")),
    )
    with op.batch_alter_table("event_questions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_questions_event"), ["event"], unique=False)

    op.create_table(
        "event_sign_ups",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("there", sa.Boolean(), nullable=True),
        sa.Column("there_by_staff", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("rating", sa.Text(), nullable=True),
        sa.Column("rating_text", sa.Text(), server_default="", nullable=False),
        sa.Column("stage_before", sa.Text(), nullable=True),
        sa.Column("stage_after", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["event"], ["events.id"], name=op.f("fk_event_sign_ups_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_sign_ups")),
        sa.UniqueConstraint("event", "user", name=op.f("uq_event_sign_ups_event_user")),
    )
    with op.batch_alter_table("event_sign_ups", schema=None) as batch_op:
        batch_op.create_index("ix_event_sign_ups_user", ["user"], unique=False)
        batch_op.create_index(
            "ix_event_sign_ups_waiting",
            ["event", "since", "id"],
            unique=False,
            sqlite_where=sa.text("standing = 'waiting'"),
            postgresql_where=sa.text("standing = 'waiting'"),
        )

    op.create_table(
        "library_items",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["event"], ["events.id"], name=op.f("fk_library_items_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library_items")),
        sa.UniqueConstraint("event", name=op.f("uq_library_items_event")),
    )
    op.create_table(
        "event_votes",
        sa.Column("question", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["question"], ["event_questions.id"], name=op.f("fk_event_votes_question")),
        sa.PrimaryKeyConstraint("question", "user", name=op.f("pk_event_votes")),
    )


def downgrade() -> None:
    op.drop_table("event_votes")
    op.drop_table("library_items")
    with op.batch_alter_table("event_sign_ups", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_event_sign_ups_waiting",
            sqlite_where=sa.text("standing = 'waiting'"),
            postgresql_where=sa.text("standing = 'waiting'"),
        )
        batch_op.drop_index("ix_event_sign_ups_user")

    op.drop_table("event_sign_ups")
    with op.batch_alter_table("event_questions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_questions_event"))

    op.drop_table("event_questions")
    with op.batch_alter_table("event_history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_history_event"))

    op.drop_table("event_history")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_starts_at")
        batch_op.drop_index(
            "ix_events_series",
            sqlite_where=sa.text("series IS NOT NULL"),
            postgresql_where=sa.text("series IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_events_look_at",
            sqlite_where=sa.text("look_at IS NOT NULL"),
            postgresql_where=sa.text("look_at IS NOT NULL"),
        )

    op.drop_table("events")
