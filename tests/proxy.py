"""A TCP proxy before a database or a platform, and what networks do: latency, black holes, resets, half-closed lines."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Dial = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
CHUNK = 65536


def to_unix(path: str) -> Dial:
    """What stands behind a Unix socket."""
    return lambda: asyncio.open_unix_connection(path)


def to_tcp(host: str, port: int) -> Dial:
    """What stands behind a TCP port."""
    return lambda: asyncio.open_connection(host, port)


@dataclass
class Proxy:
    """TCP on a loopback port, passed on by `dial`. The fields say what the network does from now on.

    `latency` seconds before each chunk; `reset_after` so many bytes of a connection, both ways; `half_closed`: what the
    server says no longer comes back, while what the client says still arrives. `cut_at`: the line breaks instead of bringing
    back what holds these bytes.
    """

    dial: Dial
    latency: float = 0.0
    reset_after: int | None = None
    half_closed: bool = False
    cut_at: bytes = b""
    port: int = 0
    passed: int = 0
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _lines: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen; the port."""
        self._open.set()
        self._server = await asyncio.start_server(self._line, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Hang up everything."""
        if self._server is not None:
            self._server.close()
        self.heal()
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def black_hole(self) -> None:
        """Nothing arrives any more, in either direction, and nobody is told."""
        self._open.clear()

    def heal(self) -> None:
        """What was held back arrives, and all goes on."""
        self._open.set()

    def reset(self) -> None:
        """Every connection is cut, without a farewell."""
        for writer in list(self._lines):
            writer.transport.abort()

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._open.wait()
            far_reader, far_writer = await self.dial()
        except OSError:
            writer.transport.abort()
            return
        self._lines |= {writer, far_writer}
        there = asyncio.create_task(self._pump(reader, far_writer, back=False))
        here = asyncio.create_task(self._pump(far_reader, writer, back=True))
        self._tasks |= {there, here}
        await asyncio.gather(there, here, return_exceptions=True)
        self._tasks -= {there, here}
        self._lines -= {writer, far_writer}
        for each in (writer, far_writer):
            each.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, back: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(CHUNK):
                if self.latency:
                    await asyncio.sleep(self.latency)
                await self._open.wait()
                if back and self.half_closed:
                    continue
                if back and self.cut_at and self.cut_at in chunk:
                    self.reset()
                    return
                self.passed += len(chunk)
                if self.reset_after is not None and self.passed > self.reset_after:
                    self.reset()
                    return
                target.write(chunk)
                await target.drain()
        with contextlib.suppress(OSError, RuntimeError):
            target.write_eof()
