"""What a carrier asks before a call that no row of the outbox stands for, and tells after a 429."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from bot.store import NotReachedError, Store
from handlers.domain.delivery import Bucket
from storage import rates

LOOK_SECONDS = 1.0
"""How long a database that does nothing is waited for: what is to be said meanwhile is that nothing was recorded, to
somebody who waits for it. Ours."""
AWAY = (SQLAlchemyError, OSError, NotReachedError)


class Rates:
    """The buckets in the database, asked from the async edge (see storage.rates)."""

    def __init__(self, store: Store) -> None:
        """Nothing is asked yet."""
        self._store = store

    async def wait(self, buckets: Sequence[Bucket]) -> float:
        """Seconds until a call may be made; 0: now, and it is counted.

        While the database is away nothing is counted: what is said then is that nothing could be recorded.
        """
        try:
            return await self._store.rows(
                lambda c, now: _seconds(rates.take(c, now, buckets), now), within=LOOK_SECONDS
            )
        except AWAY:
            return 0.0

    async def close(self, name: str, seconds: float) -> None:
        """The platform asked us to wait."""
        try:
            await self._store.rows(lambda c, now: rates.close(c, now, name, seconds), within=LOOK_SECONDS)
        except AWAY:
            return  # the next call may be told again


def _seconds(opens: datetime | None, now: datetime) -> float:
    return 0.0 if opens is None else max(0.001, (opens - now).total_seconds())
