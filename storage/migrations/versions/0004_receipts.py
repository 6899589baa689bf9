"""Receipts from the submitted draft on, step by step; account managers' messages; questions that ask the same."""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """What was told is taken to be of the version the receipt names; there are no older steps to write down."""
    _filled("relays", "to", sa.Text(), "")
    _filled("relays", "told", Number, "0")
    _filled("relays", "late", sa.Boolean(), sa.false())
    _filled("relays", "overdue", sa.Boolean(), sa.false())
    op.add_column("relays", sa.Column("approved_at", Instant(), nullable=True))
    op.add_column("relays", sa.Column("closed_at", Instant(), nullable=True))
    op.execute("UPDATE relays SET told = version WHERE state IN ('relayed', 'acknowledged', 'closed')")
    op.create_index(op.f("ix_relays_customer"), "relays", ["customer"], unique=False)
    op.create_table(
        "relay_steps",
        sa.Column("apology", Number, autoincrement=False, nullable=False),
        sa.Column("customer", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("by_name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("version", Number, autoincrement=False, nullable=False),
        sa.Column("to", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("via", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("because", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("wrong", sa.Text(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("apology", "customer", "number", name=op.f("pk_relay_steps")),
    )
    op.create_table(
        "packs",
        sa.Column("apology", Number, autoincrement=False, nullable=False),
        sa.Column("manager", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("version", Number, autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("stale_at", Instant(), autoincrement=False, nullable=True),
        sa.Column("reminded", Number, autoincrement=False, nullable=False),
        sa.Column("late_by", Number, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("apology", "manager", name=op.f("pk_packs")),
    )
    op.create_index(op.f("ix_packs_stale_at"), "packs", ["stale_at"], unique=False)
    _filled("questions", "same_as", Number, "0")
    _filled("questions", "answered_by_name", sa.Text(), "")
    op.add_column("questions", sa.Column("incident", Number, nullable=True))
    op.create_index(op.f("ix_questions_apology"), "questions", ["apology"], unique=False)
    op.add_column("coverings", sa.Column("ends_at", Instant(), nullable=True))
    op.create_index(op.f("ix_coverings_colleague"), "coverings", ["colleague"], unique=False)
    op.create_index(op.f("ix_coverings_ends_at"), "coverings", ["ends_at"], unique=False)


def _filled(table: str, name: str, kind: sa.types.TypeEngine, value: object) -> None:
    """A column that is never empty: filled in where rows stand, and without a default afterwards."""
    with op.batch_alter_table(table) as changed:
        changed.add_column(sa.Column(name, kind, nullable=False, server_default=value))
    with op.batch_alter_table(table) as changed:
        changed.alter_column(name, server_default=None)
