"""The clock of updates: what it counts from, which cadence it follows, which step of the escalation comes when."""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """What is due now stays due at the same time; a reminder that stands there is asked again where it stands."""
    with op.batch_alter_table("incidents") as table:
        for name in ("reopened_at", "clock_from", "remind_at", "reminded_at"):
            table.add_column(sa.Column(name, Instant(), nullable=True))
        table.add_column(sa.Column("next_cadence", Number, nullable=True))
        table.add_column(sa.Column("remind_step", Number, nullable=False, server_default="0"))
    with op.batch_alter_table("incidents") as table:
        table.alter_column("remind_step", server_default=None)
    op.execute("UPDATE incidents SET remind_at = next_update_at, clock_from = last_update_at")
    op.drop_index(op.f("ix_incidents_next_update_at"), "incidents")
    op.create_index(op.f("ix_incidents_remind_at"), "incidents", ["remind_at"], unique=False)
