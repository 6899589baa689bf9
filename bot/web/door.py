"""Reading a body before anything parses it: capped in size and time."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from bot.gate import BODY_BYTES

READ_SECONDS = 5
"""A body that takes longer is dropped (promises.md, section 5)."""


async def body_of(request: Request, seconds: float = READ_SECONDS) -> bytes | None:
    """The raw body, cut one byte past the gate's cap, so that the gate can say 413; None if it is late."""
    try:
        return await asyncio.wait_for(_read(request), seconds)
    except (TimeoutError, ClientDisconnect):
        return None


async def _read(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > BODY_BYTES:
            break
    return b"".join(parts)[: BODY_BYTES + 1]
