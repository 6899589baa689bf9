"""The first schema."""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "accounts",
        sa.Column("platform", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("email", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("alias", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("fetched_at", Instant(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("platform", "id", name=op.f("pk_accounts")),
    )
    op.create_index(op.f("ix_accounts_email"), "accounts", ["email"], unique=False)
    op.create_table(
        "affected_by_hand",
        sa.Column("incident", Number, autoincrement=False, nullable=False),
        sa.Column("customer", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("add", sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column("because", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("incident", "customer", name=op.f("pk_affected_by_hand")),
    )
    op.create_table(
        "apologies",
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("incidents", sa.JSON(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("version", Number, autoincrement=False, nullable=False),
        sa.Column("drafted_by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("drafted_at", Instant(), autoincrement=False, nullable=False),
        sa.Column("signatory", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("publish_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("published_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("stage", Number, autoincrement=False, nullable=False),
        sa.Column("submitted_by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("revision", Number, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_apologies")),
    )
    op.create_index(op.f("ix_apologies_state"), "apologies", ["state"], unique=False)
    op.create_table(
        "approvals",
        sa.Column("apology", Number, autoincrement=False, nullable=False),
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("capacity", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.Column("platform", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("void", sa.Text(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("apology", "number", name=op.f("pk_approvals")),
    )
    op.create_table(
        "attempts",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("post", Number, nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attempts_post", "attempts", ["post"], unique=False)
    op.create_table(
        "audit",
        sa.Column("seq", Number, autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("incident", Number, nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_table(
        "catalogs",
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_catalogs")),
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("service_url", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("bot", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("team", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("seen_at", Instant(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    op.create_index(op.f("ix_conversations_person"), "conversations", ["person"], unique=False)
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", Number, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "coverings",
        sa.Column("person", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("colleague", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("until", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_coverings")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("incident", Number, autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("platform", sa.Text(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_incident_at"), "events", ["incident", "at"], unique=False)
    op.create_table(
        "facts",
        sa.Column("incident", Number, autoincrement=False, nullable=False),
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("recorded_by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", Instant(), autoincrement=False, nullable=False),
        sa.Column("precision", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("visibility", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("customer", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("due", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("confirmed_by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("confirmed_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("replaces", Number, autoincrement=False, nullable=True),
        sa.Column("state", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("because", sa.Text(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("incident", "number", name=op.f("pk_facts")),
    )
    op.create_table(
        "incidents",
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("severity", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("declared_at", Instant(), autoincrement=False, nullable=False),
        sa.Column("declared_by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("services", sa.JSON(), autoincrement=False, nullable=False),
        sa.Column("region", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("private", sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column("drill", sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column("severity_assumed", sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column("roles", sa.JSON(), autoincrement=False, nullable=False),
        sa.Column("resolved_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("merged_into", Number, autoincrement=False, nullable=True),
        sa.Column("last_update", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("last_update_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("last_update_by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("next_update_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("every", Number, autoincrement=False, nullable=True),
        sa.Column("reminders_off", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("reminded", Number, autoincrement=False, nullable=False),
        sa.Column("customer_update_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("revision", Number, autoincrement=False, nullable=False),
        sa.Column("cannot", sa.JSON(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_declared_at"), "incidents", ["declared_at"], unique=False)
    op.create_index(op.f("ix_incidents_next_update_at"), "incidents", ["next_update_at"], unique=False)
    op.create_index(op.f("ix_incidents_status"), "incidents", ["status"], unique=False)
    op.create_table(
        "members",
        sa.Column("incident", Number, autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("joined_at", Instant(), autoincrement=False, nullable=False),
        sa.Column("left_at", Instant(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("incident", "person", name=op.f("pk_members")),
    )
    op.create_index(op.f("ix_members_person"), "members", ["person"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("approval", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("incident", Number, nullable=True),
        sa.Column("needs", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due", Instant(), nullable=True),
        sa.Column("seq", Number, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("message_at", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.CheckConstraint("audience = 'internal' OR approval <> ''", name="customer_rows_carry_an_approval"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "due"], unique=False)
    op.create_index("ix_outbox_lane_seq", "outbox", ["lane", "seq"], unique=False)
    op.create_table(
        "pings",
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("what", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("due_at", Instant(), autoincrement=False, nullable=False),
        sa.Column("incident", Number, autoincrement=False, nullable=True),
        sa.Column("said_at", Instant(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_pings")),
    )
    op.create_index(op.f("ix_pings_due_at"), "pings", ["due_at"], unique=False)
    op.create_table(
        "promises",
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("apology", Number, autoincrement=False, nullable=False),
        sa.Column("incident", Number, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("owner_name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("due", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("due_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("state", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("evidence", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("customers", sa.JSON(), autoincrement=False, nullable=False),
        sa.Column("version", Number, autoincrement=False, nullable=False),
        sa.Column("made_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("kind", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("remind_at", Instant(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_promises")),
    )
    op.create_index(op.f("ix_promises_apology"), "promises", ["apology"], unique=False)
    op.create_index(op.f("ix_promises_incident"), "promises", ["incident"], unique=False)
    op.create_index(op.f("ix_promises_state_due_at"), "promises", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_promises_state_remind_at"), "promises", ["state", "remind_at"], unique=False)
    op.create_table(
        "proposals",
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("incident", Number, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.Column("recipients", sa.JSON(), autoincrement=False, nullable=False),
        sa.Column("next_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("state", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("sent_by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("sent_at", Instant(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_proposals")),
    )
    op.create_index(op.f("ix_proposals_incident"), "proposals", ["incident"], unique=False)
    op.create_table(
        "questions",
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("customer", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("question", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.Column("answer", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("answered_by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("answered_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("apology", Number, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_questions")),
    )
    op.create_table(
        "recurrences",
        sa.Column("incident", Number, autoincrement=False, nullable=False),
        sa.Column("earlier", Number, autoincrement=False, nullable=False),
        sa.Column("because", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.Column("issue", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("gone", sa.Boolean(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("incident", "earlier", name=op.f("pk_recurrences")),
    )
    op.create_table(
        "relays",
        sa.Column("apology", Number, autoincrement=False, nullable=False),
        sa.Column("customer", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("manager", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("version", Number, autoincrement=False, nullable=False),
        sa.Column("via", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("by_name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=True),
        sa.Column("words", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("acknowledged_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("because", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("wrong", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("released_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("due_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("reminded", Number, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("apology", "customer", name=op.f("pk_relays")),
    )
    op.create_index(op.f("ix_relays_state_due_at"), "relays", ["state", "due_at"], unique=False)
    op.create_table(
        "requests",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("incident", Number, nullable=True),
        sa.Column("reply", sa.JSON(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("left_house", sa.Boolean(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_requests")),
    )
    op.create_index("ix_requests_person_at", "requests", ["person", "at"], unique=False)
    op.create_table(
        "rooms",
        sa.Column("incident", Number, autoincrement=False, nullable=False),
        sa.Column("platform", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("link", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("generation", Number, autoincrement=False, nullable=False),
        sa.Column("fault", sa.Text(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("incident", "platform", name=op.f("pk_rooms")),
    )
    op.create_index(op.f("ix_rooms_platform_address"), "rooms", ["platform", "address"], unique=False)
    op.create_table(
        "settings",
        sa.Column("name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
    )
    op.create_table(
        "shown",
        sa.Column("apology", Number, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("apology", "digest", "person", name=op.f("pk_shown")),
    )
    op.create_table(
        "suggestions",
        sa.Column("apology", Number, autoincrement=False, nullable=False),
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.Column("taken", sa.Boolean(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("apology", "number", name=op.f("pk_suggestions")),
    )
    op.create_table(
        "tasks",
        sa.Column("incident", Number, autoincrement=False, nullable=False),
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("owner_name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("owner_title", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("due", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("due_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("added_by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("added_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("done_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("done_by", sa.Text(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("incident", "number", name=op.f("pk_tasks")),
    )
    op.create_index(op.f("ix_tasks_due_at"), "tasks", ["due_at"], unique=False)
    op.create_table(
        "versions",
        sa.Column("apology", Number, autoincrement=False, nullable=False),
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("texts", sa.JSON(), autoincrement=False, nullable=False),
        sa.Column("facts_hash", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("recipients", sa.JSON(), autoincrement=False, nullable=False),
        sa.Column("authors", sa.JSON(), autoincrement=False, nullable=False),
        sa.Column("edited", sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column("made_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("because", sa.Text(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("apology", "number", name=op.f("pk_versions")),
    )
    op.create_table(
        "waivers",
        sa.Column("apology", Number, autoincrement=False, nullable=False),
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("rule", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("because", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.Column("until", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("version", Number, autoincrement=False, nullable=False),
        sa.Column("void", sa.Boolean(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("apology", "number", name=op.f("pk_waivers")),
    )
