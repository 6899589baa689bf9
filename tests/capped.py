"""`amends` with a limit on the pages of its embedded database: `python -m tests.capped serve …`.

What the file `pages` in the working folder says is the limit of every transaction that begins from then on, as a disk
that fills and is cleared; without it there is none. https://www.sqlite.org/pragma.html#pragma_max_page_count
"""

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, event

from bot.__main__ import main

MOST = 1_073_741_823
"""SQLite's own limit. A limit below what is there means what is there."""


def limit(connection: Connection) -> None:
    """Before a transaction."""
    pages = MOST
    with suppress(OSError, ValueError):
        pages = int(Path("pages").read_text(encoding="ascii"))
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


if __name__ == "__main__":
    event.listen(Engine, "begin", limit)
    main()
