"""The latest change of an incident is found by an index: the same words count once only if nothing came after them."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One index more; without it a year of commands is read for each repeat."""
    op.create_index("ix_requests_incident_at", "requests", ["incident", "at"])
