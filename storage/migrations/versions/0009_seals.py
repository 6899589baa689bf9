"""The audit: personal fields enter the chain as salted digests, and the database itself refuses changes.

Lines that stand there keep their digests, so a head that was kept elsewhere stays good. A later revision that rebuilds
the table on SQLite makes the triggers anew: they go with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NEW = ("person_salt", "what_salt", "person_seal", "what_seal")
FIXED = ("seq", "at", "platform", "incident", "digest", "person_seal", "what_seal")


def allowed(same: str) -> str:
    """The one change that the table takes: words emptied, together with their salts."""
    fixed = " AND ".join(f"NEW.{c} {same} OLD.{c}" for c in FIXED)
    words = " AND ".join(
        f"((NEW.{c} = OLD.{c} AND NEW.{c}_salt = OLD.{c}_salt) OR (NEW.{c} = '[erased]' AND NEW.{c}_salt = ''))"
        for c in ("person", "what")
    )
    return f"{fixed} AND {words}"


def on_sqlite() -> None:
    """Triggers, one for each way to change a row."""
    stop = "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
    known = "WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq)"
    op.execute(f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit {stop}")
    op.execute(f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit WHEN NOT ({allowed('IS')}) {stop}")
    op.execute(f"CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit {known} {stop}")


def on_postgresql() -> None:
    """One function, for rows and for TRUNCATE."""
    may = f"IF TG_OP = 'UPDATE' THEN IF {allowed('IS NOT DISTINCT FROM')} THEN RETURN NEW; END IF; END IF;"
    body = f"BEGIN {may} RAISE EXCEPTION 'the audit is append-only'; END"
    does = "EXECUTE FUNCTION audit_is_append_only()"
    op.execute(f"CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    op.execute(f"CREATE TRIGGER audit_no_change BEFORE DELETE OR UPDATE ON audit FOR EACH ROW {does}")
    op.execute(f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT {does}")


def upgrade() -> None:
    """Make room for salts and seals; make the table append-only."""
    with op.batch_alter_table("audit") as table:
        for name in NEW:
            table.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("audit") as table:
        for name in NEW:
            table.alter_column(name, server_default=None)
    (on_sqlite if op.get_bind().dialect.name == "sqlite" else on_postgresql)()
