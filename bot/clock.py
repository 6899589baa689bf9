"""APScheduler as a metronome: it keeps no state. What is due is a column in the database; a tick claims it."""

from collections.abc import Awaitable, Callable

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.intake import stumbled

TICK_SECONDS = 1
"""How often the database is asked what is due."""


class Metronome:
    """Ticks. A tick that is still at work is not started again; ticks missed meanwhile collapse into one."""

    def __init__(self, tick: Callable[[], Awaitable[object]], seconds: float = TICK_SECONDS) -> None:
        """`tick` does what is due and may fail: the next one tries again."""
        self._tick = tick
        self._scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        self._scheduler.add_job(self._beat, "interval", seconds=seconds)

    async def _beat(self) -> None:
        try:
            await self._tick()
        except Exception as error:  # noqa: BLE001 - it is logged there, and tried again
            stumbled("clock", error)

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
