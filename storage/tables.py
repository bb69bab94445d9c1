"""Every table there is, as SQLAlchemy Core sees it; the migrations are tested to equal this file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """A moment: takes only aware datetimes, gives back aware ones in UTC, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn a moment into what the database keeps; raises ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a time zone cannot be kept.")
        moment = value.astimezone(UTC)
        # SQLite keeps text, and text of one shape sorts as the moments do.
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn what the database kept back into an aware moment in UTC."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")
"""The type of our own numbers; SQLite counts up only what is called INTEGER."""

Facts = JSON(none_as_null=True)
"""JSON that was written by us; nothing is SQL's NULL."""


# Deliveries: what is owed to be read (storage/deliveries.py, storage/outgoing.py)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("opaque", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("payload", Facts),
    Column("render", Text),
    Column("about", Facts, nullable=False),
    Column("after", Text),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("added_at", Instant, nullable=False),
    Column("refreshes", Integer, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("attempt_at", Instant),
    Column("owner", Text),
    Column("lease_until", Instant),
    Column("check_at", Instant),
    Column("anchor", Text),
    Column("thread", Text),
    Column("cancelled_at", Instant),
    Column("ended_at", Instant),
    Column("channel", Text),
    Column("ts", Text),
    Column("file", Text),
    Column("hash", Text),
    Column("reason", Text),
    Column("told", Integer, nullable=False, server_default=text("0")),
    Column("told_at", Instant),
)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# The due scan reads this index from its beginning and nothing else, however many rows have been sent.
Index(
    "ix_deliveries_due",
    deliveries.c.lane,
    deliveries.c.due_at,
    deliveries.c.id,
    **_where("state = 'pending'"),
)
# Lines that are busy, and what a crash left behind.
Index("ix_deliveries_busy", deliveries.c.line, **_where("state IN ('reserved', 'sending')"))
Index(
    "ix_deliveries_expiring",
    deliveries.c.expires_at,
    **_where("state = 'pending' AND expires_at IS NOT NULL"),
)
# Who waits for whom.
Index("ix_deliveries_after", deliveries.c.after, **_where("after IS NOT NULL"))
# At most one update waits per card, and one home view per person: the newest replaces the one that waits.
Index(
    "uq_deliveries_newest",
    deliveries.c.line,
    unique=True,
    **_where("kind IN ('update', 'home') AND state IN ('pending', 'reserved')"),
)
# The staff desk, and retention.
Index("ix_deliveries_trouble", deliveries.c.state, deliveries.c.id, **_where("state IN ('parked', 'dead')"))
Index(
    "ix_deliveries_untold",
    deliveries.c.id,
    **_where("told_at IS NULL AND (state IN ('parked', 'dead') OR told > 0)"),
)
Index("ix_deliveries_ended", deliveries.c.ended_at, **_where("state IN ('sent', 'cancelled', 'expired')"))


# Who runs the outbox and the jobs (storage/leases.py)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Instant, nullable=False),
    Column("term", Integer, nullable=False),
)


# Events and interactions that were handled already (storage/seen.py)

seen = Table(
    "seen",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
)


# People (storage/members.py)

ZONE_UNTIL_KNOWN = "America/New_York"

members = Table(
    "members",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("zone", Text, nullable=False, server_default=ZONE_UNTIL_KNOWN),
    Column("roles", Text, nullable=False, server_default="candidate"),
    Column("state", Text),
    Column("stage", Text),
    Column("office", Text),
    Column("guest", Boolean, nullable=False, server_default=false()),
    Column("met_at", Instant, nullable=False),
    Column("left_at", Instant),
    Column("home_seen_at", Instant),
    Column("home_pages", Facts),
)
# Whose Home tab looks on: a few of many thousand.
Index("ix_members_home_seen_at", members.c.home_seen_at, **_where("home_seen_at IS NOT NULL"))

mentor_profiles = Table(
    "mentor_profiles",
    metadata,
    Column("user", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("states", Text, nullable=False),
    Column("topics", Text, nullable=False, server_default=""),
    Column("offices", Text, nullable=False, server_default=""),
    Column("capacity", Integer, nullable=False),
    Column("against", Text, nullable=False, server_default=""),
    Column("away_until", Instant),
    Column("signed_up_at", Instant),
    Column("approved_at", Instant),
    Column("approved_by", Text),
    Column("declined_at", Instant),
    Column("asked_staff", Integer, nullable=False, server_default=text("0")),
)


# Ask a mentor (storage/mentoring.py)

requests = Table(
    "requests",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("asker", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("details", Text, nullable=False, server_default=""),
    Column("topic", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("office", Text),
    Column("race", Text, nullable=False, server_default=""),
    Column("needed_by", Date),
    Column("private", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("circle", Text, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("waiting_since", Instant),
    Column("look_at", Instant),
    Column("widen_at", Instant),
    Column("alarm_at", Instant),
    Column("alarms", Integer, nullable=False, server_default=text("0")),
    Column("resources_at", Instant),
    Column("overdue_at", Instant),
    Column("overdue", Boolean, nullable=False, server_default=false()),
    Column("hurts_at", Instant),
    Column("claims", Integer, nullable=False),
    Column("holder", Text),
    Column("claimed_at", Instant),
    Column("answered_at", Instant),
    Column("first_answered_at", Instant),
    Column("nudged_at", Instant),
    Column("conversation", Text),
    Column("help_asked", Integer, nullable=False),
    Column("reminders", Integer, nullable=False),
    Column("closings", Integer, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Text),
    Column("rating", Text),
    Column("rating_text", Text, nullable=False, server_default=""),
)
Index("ix_requests_asker", requests.c.asker, requests.c.id)
Index("ix_requests_holder", requests.c.holder, **_where("status = 'claimed'"))
Index("ix_requests_queue", requests.c.state, requests.c.hurts_at, **_where("status = 'open'"))
Index("ix_requests_look_at", requests.c.look_at, **_where("look_at IS NOT NULL"))
Index("ix_requests_conversation", requests.c.conversation, **_where("conversation IS NOT NULL"))
Index("ix_requests_answered", requests.c.first_answered_at)

offers = Table(
    "offers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("request", Id, ForeignKey("requests.id"), nullable=False),
    Column("mentor", Text, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("offered_at", Instant, nullable=False),
    Column("lapsed_at", Instant),
    UniqueConstraint("request", "mentor", "wave"),
)
Index("ix_offers_mentor", offers.c.mentor, offers.c.offered_at)

request_history = Table(
    "request_history",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("request", Id, ForeignKey("requests.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text),
    Column("kind", Text, nullable=False),
    Column("facts", Facts, nullable=False),
    Column("follow_at", Instant),
)
# What is still to be worked out, oldest first (storage/follow_ups.py); a moment later it is empty again.
Index(
    "ix_request_history_follow_at",
    request_history.c.follow_at,
    request_history.c.id,
    **_where("follow_at IS NOT NULL"),
)


# When something last came about, by name (storage/milestones.py)

milestones = Table(
    "milestones",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)


# Journeys: who is on one, what became of each step, and what staff made of the texts (storage/journeys.py)

enrolments = Table(
    "enrolments",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("journey", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("came", Text, nullable=False),
    Column("by", Text),
    Column("round", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("next_at", Instant),
    Column("zone", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("last_sent_at", Instant),
    Column("paused_at", Instant),
    Column("finished_at", Instant),
    Column("stopped_at", Instant),
    Column("heard_at", Instant),
    Column("signs_from", Instant),
    Column("reason", Text),
    Column("goal", Text, nullable=False, server_default=""),
    UniqueConstraint("user", "journey"),
)
# The tick walks along this index from its beginning, however many are enrolled.
Index("ix_enrolments_next_at", enrolments.c.journey, enrolments.c.next_at, **_where("next_at IS NOT NULL"))
Index("ix_enrolments_standing", enrolments.c.journey, enrolments.c.standing)

journey_steps = Table(
    "journey_steps",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("enrolment", Id, ForeignKey("enrolments.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("lesson", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("stage", Text),
    Column("reason", Text),
    Column("queued_at", Instant),
    Column("sent_at", Instant),
    Column("settled_at", Instant),
    Column("remind_at", Instant),
    Column("reminded_at", Instant),
    UniqueConstraint("enrolment", "round", "day"),
)
Index("ix_journey_steps_remind_at", journey_steps.c.remind_at, **_where("remind_at IS NOT NULL"))

lesson_versions = Table(
    "lesson_versions",
    metadata,
    Column("lesson", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("words", Facts),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)


# What was looked up: answers to "what can I run for", so that pages ask nobody (storage/races_lookups.py)

race_lookups = Table(
    "race_lookups",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user", Text, nullable=False),
    Column("asked_at", Instant, nullable=False, index=True),
    Column("place", Facts),
    Column("places", Facts, nullable=False),
    Column("races", Facts, nullable=False),
    Column("troubles", Facts, nullable=False),
    Column("left_off", Integer, nullable=False),
)


# Races that staff imported, and who stands in them (storage/races.py)

local_races = Table(
    "local_races",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("position", Text, nullable=False, index=True),
    Column("ocd", Text),
    Column("census", Text),
    Column("within", Text),
    Column("election_day", Date, nullable=False),
    Column("facts", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("taken_at", Instant, nullable=False),
    Column("cancelled_at", Instant),
)
# A place is looked up by each of the names of its divisions: one search of one of these for each name.
Index("ix_local_races_ocd", local_races.c.ocd, local_races.c.election_day, **_where("ocd IS NOT NULL"))
Index(
    "ix_local_races_census", local_races.c.census, local_races.c.election_day, **_where("census IS NOT NULL")
)
Index(
    "ix_local_races_within", local_races.c.within, local_races.c.election_day, **_where("within IS NOT NULL")
)

local_people = Table(
    "local_people",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("about", Text, nullable=False, index=True),
    Column("holds", Boolean, nullable=False),
    Column("facts", Text, nullable=False),
)


# Answers of services that look races up, by what was asked and never by where somebody lives
# (storage/races_cache.py)

race_answers = Table(
    "race_answers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("facts", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)


# Races that people saved, and where each countdown stands (storage/races_saved.py)

saved_races = Table(
    "saved_races",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("user", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("race", Facts, nullable=False),
    Column("zone", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
    Column("since", Instant, nullable=False),
    Column("reader", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("closes_at", Instant),
    Column("next_at", Instant),
    Column("settled_at", Instant),
    Column("checked_at", Instant),
    Column("ends_at", Instant),
    Column("flight", Text),
    Column("told", Text),
    Column("cards", Facts, nullable=False),
    Column("calendar", Facts, nullable=False),
    Column("stage_before", Text),
    Column("wins", Integer, nullable=False),
    Column("won_at", Instant),
    UniqueConstraint("user", "key"),
)
# The countdown walks along this index from its beginning, however many races are saved.
Index("ix_saved_races_next_at", saved_races.c.next_at, **_where("next_at IS NOT NULL"))
# All who saved one race, and what has not been looked up for the longest time.
Index("ix_saved_races_key", saved_races.c.key, saved_races.c.checked_at)
# Armchair Chats, intro calls and trainings (storage/events.py, events_questions.py, events_library.py)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("series", Id),
    Column("uid", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("topic", Text),
    Column("specialist", Text),
    Column("specialist_name", Text, nullable=False, server_default=""),
    Column("specialist_about", Text, nullable=False, server_default=""),
    Column("zone", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("link", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("capacity", Integer),
    Column("taken", Integer, nullable=False, server_default=text("0")),
    Column("status", Text, nullable=False),
    Column("sequence", Integer, nullable=False, server_default=text("0")),
    Column("moves", Integer, nullable=False, server_default=text("0")),
    Column("posts", Integer, nullable=False, server_default=text("1")),
    Column("announce_at", Instant),
    Column("look_at", Instant),
    Column("by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("cancelled_at", Instant),
    Column("reason", Text, nullable=False, server_default=""),
    Column("recording", Text, nullable=False, server_default=""),
    Column("notes", Text, nullable=False, server_default=""),
    CheckConstraint("taken >= 0 AND (capacity IS NULL OR taken <= capacity)", name="seats"),
)
Index("ix_events_starts_at", events.c.starts_at)
Index("ix_events_series", events.c.series, events.c.starts_at, **_where("series IS NOT NULL"))
Index("ix_events_look_at", events.c.look_at, **_where("look_at IS NOT NULL"))

event_sign_ups = Table(
    "event_sign_ups",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("event", Id, ForeignKey("events.id"), nullable=False),
    Column("user", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("times", Integer, nullable=False),
    Column("plan", Integer, nullable=False),
    Column("told", Integer, nullable=False, server_default=text("0")),
    Column("confirmed_at", Instant),
    Column("there", Boolean),
    Column("there_by_staff", Boolean, nullable=False, server_default=false()),
    Column("rating", Text),
    Column("rating_text", Text, nullable=False, server_default=""),
    Column("stage_before", Text),
    Column("stage_after", Text),
    UniqueConstraint("event", "user"),
)
Index("ix_event_sign_ups_user", event_sign_ups.c.user)
# Who waits for a seat, in the order in which they came.
Index(
    "ix_event_sign_ups_waiting",
    event_sign_ups.c.event,
    event_sign_ups.c.since,
    event_sign_ups.c.id,
    **_where("standing = 'waiting'"),
)

event_questions = Table(
    "event_questions",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("event", Id, ForeignKey("events.id"), nullable=False, index=True),
    Column("asker", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("fate", Text, nullable=False),
    Column("request", Id),
)

event_votes = Table(
    "event_votes",
    metadata,
    Column("question", Id, ForeignKey("event_questions.id"), primary_key=True),
    Column("user", Text, primary_key=True),
)

event_history = Table(
    "event_history",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("event", Id, ForeignKey("events.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text),
    Column("kind", Text, nullable=False),
    Column("facts", Facts, nullable=False),
)

# What staff has put on the shelf for everybody: so far recordings and notes of events.
library_items = Table(
    "library_items",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("link", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("topic", Text),
    Column("audience", Text, nullable=False),
    Column("event", Id, ForeignKey("events.id"), unique=True),
    Column("by", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
)


# Announcements: what is said once, to whom, and what came of it (storage/announcements*.py)

announcements = Table(
    "announcements",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("author", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("0")),
    Column("newest", Integer, nullable=False, server_default=text("0")),
    Column("pending", Integer, nullable=False, server_default=text("0")),
    Column("audience", Facts, nullable=False),
    Column("when", Facts, nullable=False),
    Column("people", Integer, nullable=False, server_default=text("0")),
    Column("left_out", Facts, nullable=False),
    Column("round", Integer, nullable=False, server_default=text("0")),
    Column("begun_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("approved_by", Text),
    Column("approved_at", Instant),
    Column("starts_at", Instant),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("ended_by", Text),
    Column("ended_at", Instant),
    Column("tally", Facts, nullable=False),
    Column("tallied_at", Instant),
    Column("busy", Boolean, nullable=False, server_default=false()),
)
# Those that have something left to do; the others are looked at only when somebody presses or replies.
Index("ix_announcements_busy", announcements.c.id, **_where("busy"))
Index("ix_announcements_author", announcements.c.author, announcements.c.id)

announcement_texts = Table(
    "announcement_texts",
    metadata,
    Column("announcement", Id, ForeignKey("announcements.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", Facts, nullable=False),
    Column("link_text", Text, nullable=False, server_default=""),
    Column("link_url", Text, nullable=False, server_default=""),
    Column("image_url", Text, nullable=False, server_default=""),
    Column("image_alt", Text, nullable=False, server_default=""),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# Who is in it, fixed at the confirmation: people, or channels. What became of each stands in `deliveries`.
announcement_people = Table(
    "announcement_people",
    metadata,
    Column("announcement", Id, ForeignKey("announcements.id"), primary_key=True),
    Column("to", Text, primary_key=True),
)

# What people did with it: only those who did something.
announcement_signs = Table(
    "announcement_signs",
    metadata,
    Column("announcement", Id, ForeignKey("announcements.id"), primary_key=True),
    Column("user", Text, primary_key=True),
    Column("pressed_at", Instant),
    Column("presses", Integer, nullable=False, server_default=text("0")),
    Column("replied_at", Instant),
    Column("replies", Integer, nullable=False, server_default=text("0")),
    Column("at", Instant, nullable=False),
)
Index("ix_announcement_signs_at", announcement_signs.c.announcement, announcement_signs.c.at)

# Who wants no announcements.
announcement_mutes = Table(
    "announcement_mutes",
    metadata,
    Column("user", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)
