"""What the tests of the store share."""

from collections.abc import Iterator

import pytest

from storage.database import Database, make_engine
from tests.conftest import hurried
from tests.desk import Clock
from tests.storage.worker import Worker


@pytest.fixture
def worker(database_url: str) -> Iterator[Worker]:
    """A worker on each kind of database."""
    clock = Clock()
    database = Database(hurried(make_engine(database_url)), clock)
    yield Worker(database, clock)
    database.dispose()
