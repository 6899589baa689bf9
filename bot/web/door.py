"""Reading a body before anything parses it: capped in size and time."""

import asyncio

from starlette.requests import ClientDisconnect, Request

BODY_BYTES = 256 * 1024
"""The gate's cap (promises.md, section 5); one byte more is read, so that the gate can say 413."""
READ_SECONDS = 5
"""A body that takes longer is dropped."""


async def body_of(request: Request) -> bytes | None:
    """The raw body, cut one byte past the cap; None if it does not arrive in time."""
    try:
        return await asyncio.wait_for(_read(request), READ_SECONDS)
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
