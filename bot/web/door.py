"""Reading a request before anything parses it: its body capped in size and time, its headers unambiguous."""

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from bot.gate import BODY_BYTES

READ_SECONDS: Final = 5
"""A body that takes longer is dropped (promises.md, section 5)."""
THROWN_AWAY: Final = 32 * 1024 * 1024
"""Bytes beyond the cap that are read and thrown away within the same time, so that whoever sends too much reads the 413
and not a broken connection; ours."""
ONCE: Final = ("x-slack-signature", "x-slack-request-timestamp", "authorization", "content-type")
"""Headers that say who sent a request, or how it is read."""
GIVEN_TWICE: Final = "A header that says who sent the request is given twice.\n"


def given_twice(request: Request) -> bool:
    """Whether a header that may stand there once stands there twice: a proxy may have looked at the other one."""
    return any(len(request.headers.getlist(name)) > 1 for name in ONCE)


async def body_of(request: Request, seconds: float = READ_SECONDS) -> bytes | None:
    """The raw body, cut one byte past the gate's cap, so that the gate can say 413; None if it is late."""
    kept = bytearray()
    try:
        await asyncio.wait_for(_read(request, kept), seconds)
    except (TimeoutError, ClientDisconnect):
        return bytes(kept) if len(kept) > BODY_BYTES else None
    return bytes(kept)


async def _read(request: Request, kept: bytearray) -> None:
    size = 0
    async for part in request.stream():
        size += len(part)
        kept += part[: BODY_BYTES + 1 - len(kept)]
        if size > BODY_BYTES + THROWN_AWAY:
            return
