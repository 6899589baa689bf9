"""Follow-ups to an apology; what was submitted stays as it was; a clock for words to customers."""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Which apology it follows up (none so far does); when a version was first submitted."""
    with op.batch_alter_table("apologies") as table:
        table.add_column(sa.Column("follows", Number, nullable=False, server_default="0"))
    with op.batch_alter_table("apologies") as table:
        table.alter_column("follows", server_default=None)
    op.add_column("apologies", sa.Column("progress_at", Instant(), nullable=True))
    op.add_column("incidents", sa.Column("customer_ping_at", Instant(), nullable=True))
    with op.batch_alter_table("incidents") as table:
        table.add_column(sa.Column("customer_reminded", Number, nullable=False, server_default="0"))
    with op.batch_alter_table("incidents") as table:
        table.alter_column("customer_reminded", server_default=None)
    op.create_index(op.f("ix_incidents_customer_ping_at"), "incidents", ["customer_ping_at"], unique=False)
    op.add_column("versions", sa.Column("submitted_at", Instant(), nullable=True))
