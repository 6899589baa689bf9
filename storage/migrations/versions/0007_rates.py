"""What platforms let us do in how much time, known to every replica; incidents take turns in the outbox."""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Buckets of calls; the turn of each post, and the indexes it is found by."""
    op.create_table(
        "rates",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("recent", sa.JSON(), nullable=False),
        sa.Column("open_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rates")),
    )
    op.create_index("ix_rates_open_at", "rates", ["open_at"])
    with op.batch_alter_table("outbox") as table:
        table.add_column(sa.Column("turn", Number, nullable=False, server_default="0"))
    with op.batch_alter_table("outbox") as table:
        table.alter_column("turn", server_default=None)
    let_go = sa.text("due IS NOT NULL")
    op.drop_index("ix_outbox_next", "outbox")
    columns = ["state", "rank", "turn", "seq", "id"]
    op.create_index("ix_outbox_next", "outbox", columns, sqlite_where=let_go, postgresql_where=let_go)
    in_line = sa.text("state = 'pending' AND due IS NOT NULL")
    columns = ["rank", "incident", "turn"]
    op.create_index("ix_outbox_turn", "outbox", columns, sqlite_where=in_line, postgresql_where=in_line)
