"""Responders: roles on their way from one person to the next."""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Hand-overs that wait for "I have it"; messages that were pinned to a timeline."""
    op.create_table(
        "pins",
        sa.Column("incident", Number, nullable=False),
        sa.Column("number", Number, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("pinned_at", Instant(), nullable=False),
        sa.Column("edited_at", Instant(), nullable=True),
        sa.Column("gone", sa.Text(), nullable=False),
        sa.Column("typed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "number", name=op.f("pk_pins")),
    )
    op.create_index(op.f("ix_pins_channel_message"), "pins", ["channel", "message"], unique=False)
    op.create_table(
        "handovers",
        sa.Column("incident", Number, nullable=False),
        sa.Column("number", Number, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("ping_at", Instant(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reminded", Number, nullable=False),
        sa.Column("entered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "number", name=op.f("pk_handovers")),
    )
    op.create_index(op.f("ix_handovers_state_ping_at"), "handovers", ["state", "ping_at"], unique=False)
    op.create_index(op.f("ix_handovers_to_state"), "handovers", ["to", "state"], unique=False)
    _reminders()


def _reminders() -> None:
    """What is owed after the incident, what people set for themselves, what waits for the morning."""
    op.create_table(
        "apologies_due",
        sa.Column("incident", Number, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("ping_at", Instant(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "kind", name=op.f("pk_apologies_due")),
    )
    op.create_index(op.f("ix_apologies_due_state_ping_at"), "apologies_due", ["state", "ping_at"], unique=False)
    op.create_table(
        "preferences",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("quiet", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("digest_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_preferences")),
    )
    op.create_index(op.f("ix_preferences_digest_at"), "preferences", ["digest_at"], unique=False)
    op.create_table(
        "kept_back",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("incident", Number, nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("form", sa.Boolean(), nullable=False),
        sa.Column("said_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_kept_back")),
    )
    op.create_index(op.f("ix_kept_back_due_at"), "kept_back", ["due_at"], unique=False)
    op.create_index(op.f("ix_kept_back_person"), "kept_back", ["person"], unique=False)
    op.create_table(
        "rounds",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rounds")),
    )
    op.add_column("tasks", sa.Column("ping_at", Instant(), nullable=True))
    op.create_index(op.f("ix_tasks_ping_at"), "tasks", ["ping_at"], unique=False)
    op.create_index(op.f("ix_tasks_owner"), "tasks", ["owner"], unique=False)
    op.execute("UPDATE tasks SET ping_at = due_at WHERE done_at IS NULL")
    op.add_column("waivers", sa.Column("ends_at", Instant(), nullable=True))
    op.create_index(op.f("ix_waivers_ends_at"), "waivers", ["ends_at"], unique=False)
    with op.batch_alter_table("pings") as table:
        table.add_column(sa.Column("cancelled", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("pings") as table:
        table.alter_column("cancelled", server_default=None)
    op.create_table(
        "subscriptions",
        sa.Column("number", Number, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_subscriptions")),
    )
