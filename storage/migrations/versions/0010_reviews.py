"""When each part of the catalog was looked through last, and by when it is to be again."""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is known of before: each part counts from the next tick."""
    op.create_table(
        "reviews",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("ping_at", Instant(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_ping_at"), "reviews", ["ping_at"], unique=False)
