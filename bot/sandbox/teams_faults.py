"""What a line of the fault script does to a call of the sandbox's Teams: before it has an effect, or after."""

import asyncio
import math
import socket
import struct
from http import HTTPStatus

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from bot.sandbox.ledger import Fault

# What the Bot Connector calls its refusals, by status
# (learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability, status codes)
CODES = {
    400: "BadSyntax",
    401: "BotNotRegistered",
    403: "BotNotInConversationRoster",
    404: "ConversationNotFound",
    412: "PreconditionFailed",
    413: "MessageSizeTooBig",
    429: "TooManyRequests",
}


def error(status: int, code: str = "", message: str = "", headers: dict[str, str] | None = None) -> JSONResponse:
    """A refusal in the Bot Connector's shape."""
    named = code or CODES.get(status, "ServiceError")
    said = message or HTTPStatus(status).phrase
    return JSONResponse({"error": {"code": named, "message": said}}, status, headers)


class Reset(Response):
    """No answer at all: the connection is torn down with a TCP reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's signature
        """Reset the connection under the server; where that is out of reach, leave the answer unfinished."""
        transport = getattr(getattr(receive, "__self__", None), "transport", None)
        if transport is not None:
            # Linger on, zero seconds: closing sends RST instead of FIN.
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
            while (await receive())["type"] != "http.disconnect":
                pass  # the server must have noticed before we return, or it would answer 500
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000000")]})
        await send({"type": "http.response.body", "body": b"", "more_body": True})


async def before(fault: Fault | None) -> Response | None:
    """The answer when the call never gets as far as an effect; None when it goes on."""
    if fault is None:
        return None
    match fault.kind:
        case "drop_before":
            return Reset()
        case "status":
            return error(fault.status, fault.error)
        case "error":
            return error(fault.status if fault.status != HTTPStatus.INTERNAL_SERVER_ERROR else 400, fault.error)
        case "rate_limited":
            wait = str(max(1, math.ceil(fault.seconds)))
            return error(429, headers={"Retry-After": wait})
        case "delay":
            await asyncio.sleep(fault.seconds)
        case _:
            pass
    return None


def after(fault: Fault | None, response: Response) -> Response:
    """What the caller gets to see of an effect that happened."""
    if fault is None or response.status_code >= HTTPStatus.BAD_REQUEST:
        return response
    match fault.kind:
        case "accept_then_drop":
            return Reset()
        case "accept_then_500" | "accept_then_error":
            return error(fault.status, fault.error)
        case "truncate":
            whole = bytes(response.body)
            return Response(whole[: len(whole) // 2], response.status_code, media_type="application/json")
        case "html":
            return HTMLResponse("<html><body>The service is unavailable.</body></html>", 200)
        case _:
            return response
