"""What the tests of Teams' wire begin with."""

from collections.abc import Iterator

import pytest
import responses

from tests.bot.teams_connector.microsoft import Microsoft


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def microsoft(web: responses.RequestsMock) -> Microsoft:
    return Microsoft(web)
