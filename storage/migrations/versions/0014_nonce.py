"""An index of the outbox: the opaque id by which a platform's echo tells of one of our own messages."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Without it each echo reads all that was ever said."""
    op.create_index("ix_outbox_nonce", "outbox", ["nonce"])
