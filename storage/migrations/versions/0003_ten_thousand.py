"""Two indexes, so that ten thousand customers are no slower to tell, each, than a thousand."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What goes next in the outbox, in order; how far a publication is, without reading its posts."""
    let_go = sa.text("due IS NOT NULL")
    columns = ["state", "rank", "seq", "id"]
    op.create_index("ix_outbox_next", "outbox", columns, sqlite_where=let_go, postgresql_where=let_go)
    columns = ["state", "key", "audience", "due"]
    op.create_index("ix_outbox_state_key", "outbox", columns, postgresql_ops={"key": "text_pattern_ops"})
