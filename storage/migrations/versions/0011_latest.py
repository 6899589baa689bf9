"""The latest request of a room is found by an index: every command that changes something asks for it."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One index more; without it a year of commands is read for each."""
    op.create_index("ix_requests_channel_at", "requests", ["channel", "at"])
