"""initial."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("opaque", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("render", sa.Text(), nullable=True),
        sa.Column("about", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("refreshes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempt_at", Instant(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("check_at", Instant(), nullable=True),
        sa.Column("anchor", sa.Text(), nullable=True),
        sa.Column("thread", sa.Text(), nullable=True),
        sa.Column("cancelled_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("told", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("told_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("key", name=op.f("uq_deliveries_key")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_deliveries_after",
            ["after"],
            unique=False,
            sqlite_where=sa.text("after IS NOT NULL"),
            postgresql_where=sa.text("after IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_deliveries_busy",
            ["line"],
            unique=False,
            sqlite_where=sa.text("state IN ('reserved', 'sending')"),
            postgresql_where=sa.text("state IN ('reserved', 'sending')"),
        )
        batch_op.create_index(
            "ix_deliveries_due",
            ["lane", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(
            "ix_deliveries_ended",
            ["ended_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('sent', 'cancelled', 'expired')"),
            postgresql_where=sa.text("state IN ('sent', 'cancelled', 'expired')"),
        )
        batch_op.create_index(
            "ix_deliveries_expiring",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("state = 'pending' AND expires_at IS NOT NULL"),
            postgresql_where=sa.text("state = 'pending' AND expires_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_deliveries_trouble",
            ["state", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('parked', 'dead')"),
            postgresql_where=sa.text("state IN ('parked', 'dead')"),
        )
        batch_op.create_index(
            "ix_deliveries_untold",
            ["id"],
            unique=False,
            sqlite_where=sa.text("told_at IS NULL AND (state IN ('parked', 'dead') OR told > 0)"),
            postgresql_where=sa.text("told_at IS NULL AND (state IN ('parked', 'dead') OR told > 0)"),
        )
        batch_op.create_index(
            "uq_deliveries_newest",
            ["line"],
            unique=True,
            sqlite_where=sa.text("kind IN ('update', 'home') AND state IN ('pending', 'reserved')"),
            postgresql_where=sa.text("kind IN ('update', 'home') AND state IN ('pending', 'reserved')"),
        )

    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "members",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("zone", sa.Text(), server_default="America/New_York", nullable=False),
        sa.Column("roles", sa.Text(), server_default="candidate", nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("office", sa.Text(), nullable=True),
        sa.Column("guest", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("met_at", Instant(), nullable=False),
        sa.Column("left_at", Instant(), nullable=True),
        sa.Column("home_seen_at", Instant(), nullable=True),
        sa.Column("home_pages", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
    )
    op.create_table(
        "mentor_profiles",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("states", sa.Text(), nullable=False),
        sa.Column("topics", sa.Text(), server_default="", nullable=False),
        sa.Column("offices", sa.Text(), server_default="", nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("against", sa.Text(), server_default="", nullable=False),
        sa.Column("away_until", Instant(), nullable=True),
        sa.Column("signed_up_at", Instant(), nullable=True),
        sa.Column("approved_at", Instant(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("declined_at", Instant(), nullable=True),
        sa.Column("asked_staff", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_mentor_profiles")),
    )
    op.create_table(
        "requests",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("asker", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), server_default="", nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=True),
        sa.Column("needed_by", sa.Date(), nullable=True),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("circle", sa.Text(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("waiting_since", Instant(), nullable=True),
        sa.Column("look_at", Instant(), nullable=True),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("claimed_at", Instant(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("first_answered_at", Instant(), nullable=True),
        sa.Column("nudged_at", Instant(), nullable=True),
        sa.Column("conversation", sa.Text(), nullable=True),
        sa.Column("help_asked", sa.Integer(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("closings", sa.Integer(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("rating", sa.Text(), nullable=True),
        sa.Column("rating_text", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index("ix_requests_answered", ["first_answered_at"], unique=False)
        batch_op.create_index("ix_requests_asker", ["asker", "id"], unique=False)
        batch_op.create_index(
            "ix_requests_conversation",
            ["conversation"],
            unique=False,
            sqlite_where=sa.text("conversation IS NOT NULL"),
            postgresql_where=sa.text("conversation IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_requests_holder",
            ["holder"],
            unique=False,
            sqlite_where=sa.text("status = 'claimed'"),
            postgresql_where=sa.text("status = 'claimed'"),
        )
        batch_op.create_index(
            "ix_requests_look_at",
            ["look_at"],
            unique=False,
            sqlite_where=sa.text("look_at IS NOT NULL"),
            postgresql_where=sa.text("look_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_requests_queue",
            ["state", "waiting_since"],
            unique=False,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )

    op.create_table(
        "seen",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seen")),
    )
    with op.batch_alter_table("seen", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seen_at"), ["at"], unique=False)

    op.create_table(
        "offers",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("request", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mentor", sa.Text(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("offered_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["requests.id"], name=op.f("fk_offers_request")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.UniqueConstraint("request", "mentor", "wave", name=op.f("uq_offers_request_mentor_wave")),
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.create_index("ix_offers_mentor", ["mentor", "offered_at"], unique=False)

    op.create_table(
        "request_history",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("request", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["requests.id"], name=op.f("fk_request_history_request")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_history")),
    )
    with op.batch_alter_table("request_history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_history_request"), ["request"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("request_history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_request_history_request"))

    op.drop_table("request_history")
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.drop_index("ix_offers_mentor")

    op.drop_table("offers")
    with op.batch_alter_table("seen", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seen_at"))

    op.drop_table("seen")
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_requests_queue",
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )
        batch_op.drop_index(
            "ix_requests_look_at",
            sqlite_where=sa.text("look_at IS NOT NULL"),
            postgresql_where=sa.text("look_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_requests_holder",
            sqlite_where=sa.text("status = 'claimed'"),
            postgresql_where=sa.text("status = 'claimed'"),
        )
        batch_op.drop_index(
            "ix_requests_conversation",
            sqlite_where=sa.text("conversation IS NOT NULL"),
            postgresql_where=sa.text("conversation IS NOT NULL"),
        )
        batch_op.drop_index("ix_requests_asker")
        batch_op.drop_index("ix_requests_answered")

    op.drop_table("requests")
    op.drop_table("mentor_profiles")
    op.drop_table("members")
    op.drop_table("leases")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_deliveries_newest",
            sqlite_where=sa.text("kind IN ('update', 'home') AND state IN ('pending', 'reserved')"),
            postgresql_where=sa.text("kind IN ('update', 'home') AND state IN ('pending', 'reserved')"),
        )
        batch_op.drop_index(
            "ix_deliveries_untold",
            sqlite_where=sa.text("told_at IS NULL AND (state IN ('parked', 'dead') OR told > 0)"),
            postgresql_where=sa.text("told_at IS NULL AND (state IN ('parked', 'dead') OR told > 0)"),
        )
        batch_op.drop_index(
            "ix_deliveries_trouble",
            sqlite_where=sa.text("state IN ('parked', 'dead')"),
            postgresql_where=sa.text("state IN ('parked', 'dead')"),
        )
        batch_op.drop_index(
            "ix_deliveries_expiring",
            sqlite_where=sa.text("state = 'pending' AND expires_at IS NOT NULL"),
            postgresql_where=sa.text("state = 'pending' AND expires_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_deliveries_ended",
            sqlite_where=sa.text("state IN ('sent', 'cancelled', 'expired')"),
            postgresql_where=sa.text("state IN ('sent', 'cancelled', 'expired')"),
        )
        batch_op.drop_index(
            "ix_deliveries_due",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.drop_index(
            "ix_deliveries_busy",
            sqlite_where=sa.text("state IN ('reserved', 'sending')"),
            postgresql_where=sa.text("state IN ('reserved', 'sending')"),
        )
        batch_op.drop_index(
            "ix_deliveries_after",
            sqlite_where=sa.text("after IS NOT NULL"),
            postgresql_where=sa.text("after IS NOT NULL"),
        )

    op.drop_table("deliveries")
