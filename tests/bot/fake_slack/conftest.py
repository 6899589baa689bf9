"""The rig that every test here begins with."""

from collections.abc import AsyncIterator

import pytest

from tests.bot.fake_slack.rig import Rig, rigged


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """The sandbox's own people and channels."""
    async with rigged() as made:
        yield made
