"""Two indexes of the outbox: who stands before a post in its line, and over which posts workers died."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Without them each post reads all that was ever said in its place, and each second all that waits."""
    for name, columns, where in (
        ("ix_outbox_ahead", ["lane", "seq", "id"], "state NOT IN ('sent', 'dead') AND due IS NOT NULL"),
        ("ix_outbox_deaths", ["deaths"], "deaths > 0"),
    ):
        op.create_index(name, "outbox", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
