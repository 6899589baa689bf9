"""What customers' channels were when they were bound; customers' words and the house's cards never share a place."""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

APPROVED = sa.CheckConstraint("audience = 'internal' OR approval <> ''", name="customer_rows_carry_an_approval")


def upgrade() -> None:
    """The bindings; a rule of the database. Farewells in old Slack rooms stood under a customer's kind of place."""
    op.create_table(
        "bindings",
        sa.Column("platform", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("customer", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.Column("now", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("bound", sa.JSON(), autoincrement=False, nullable=True),
        sa.Column("latest", sa.JSON(), autoincrement=False, nullable=True),
        sa.Column("drift", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("reach", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("look_at", Instant(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("platform", "address", name=op.f("pk_bindings")),
    )
    op.create_index(op.f("ix_bindings_look_at"), "bindings", ["look_at"], unique=False)
    op.create_index("ix_bindings_platform_now", "bindings", ["platform", "now"], unique=False)
    op.create_index("ix_bindings_platform_reach", "bindings", ["platform", "reach"], unique=False)
    op.execute("UPDATE outbox SET kind = 'thread' WHERE kind = 'channel' AND audience = 'internal'")
    table_args = (APPROVED,) if op.get_bind().dialect.name == "sqlite" else ()  # SQLite rebuilds the table
    kwargs = {"sqlite_autoincrement": True}
    with op.batch_alter_table("outbox", table_args=table_args, table_kwargs=kwargs) as table:
        table.create_check_constraint(
            "customers_and_the_house_never_share_a_place", "(audience = 'customer') = (kind = 'channel')"
        )
