"""What several tests of the bot begin with."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.bot.doors import House, behind_doors


@pytest.fixture
def log() -> Iterator[None]:
    """Each command sets the log up; the test run gets its own back."""
    logger, before = logging.getLogger(), structlog.get_config()
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.configure(**before)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[House]:
    """One for all tests here: whatever is refused leaves it as it was."""
    database = tmp_path_factory.mktemp("doors") / "amends.db"
    database.write_bytes(sqlite_template.read_bytes())
    with behind_doors(database) as found:
        yield found
