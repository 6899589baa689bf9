"""Responders: roles on their way from one person to the next."""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0004"
down_revision = "0003"
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
