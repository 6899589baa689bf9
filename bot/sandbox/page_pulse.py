"""The page's live line: server-sent events that say when to look again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator

from starlette.requests import Request

STILL_HERE = 1.0
"""Seconds between two looks whether the browser or the server has gone."""
QUIET = 15.0
"""Seconds after which an unchanged stream says something, so that nobody in between hangs up."""
GATHER = 0.04
"""Seconds in which further changes join the same tick."""


class Pulse:
    """Wakes every open stream; may beat from any thread."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._hearers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def beat(self) -> None:
        """Something changed."""
        for beat, loop in list(self._hearers.items()):
            with contextlib.suppress(RuntimeError):  # that loop has closed: nobody is listening any more
                loop.call_soon_threadsafe(beat.set)

    @contextlib.contextmanager
    def heard(self) -> Iterator[asyncio.Event]:
        """An event that is set at every beat, for as long as the block lasts."""
        beat = asyncio.Event()
        self._hearers[beat] = asyncio.get_running_loop()
        try:
            yield beat
        finally:
            del self._hearers[beat]

    async def ticks(self, request: Request, number: Callable[[], int]) -> AsyncIterator[str]:
        """The stream of one page: a `tick` at once and after every beat, with `number()` as its data."""
        leaving = _leaving(request)
        with self.heard() as beat:
            yield "retry: 800\n\nevent: tick\ndata: 0\n\n"
            quiet = 0.0
            while not leaving():
                try:
                    await asyncio.wait_for(beat.wait(), STILL_HERE)
                except TimeoutError:
                    quiet += STILL_HERE
                    if quiet >= QUIET:
                        quiet = 0.0
                        yield ": still here\n\n"
                    continue
                await asyncio.sleep(GATHER)
                beat.clear()
                quiet = 0.0
                yield f"event: tick\ndata: {number()}\n\n"


def _leaving(request: Request) -> Callable[[], bool]:
    """Whether the server has begun to close this connection.

    ASGI does not tell a streaming answer that the server wants to stop; uvicorn shows it by giving up `keep_alive` on
    the cycle behind `receive` (uvicorn/protocols/http/h11_impl.py, shutdown). Elsewhere this is never true.
    """
    cycle = getattr(request.receive, "__self__", None)
    began = getattr(cycle, "keep_alive", None)
    return lambda: began is True and getattr(cycle, "keep_alive", None) is False
