"""Who may use the sandbox's page, and what its requests must look like: this machine's own browser, plain JSON.

Every request must come from a loopback address, name a loopback host (else a foreign site could point its own name
here), and not be another site's doing (`Origin`, `Sec-Fetch-Site`:
https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site).
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.loopback import is_loopback
from bot.sandbox.ledger import Json

LARGEST_BODY = 262_144
"""Bytes of one request, as at the bot's own doors (256 KiB)."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

Reply = Callable[[Request], Awaitable[Response]]


class Unfit(Exception):  # noqa: N818 - a sentence for the person at the page
    """A request this page cannot take; the sentence says why."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        """`status` is the HTTP status that goes with it."""
        super().__init__(sentence)
        self.status = status


def guarded(reply: Reply) -> Reply:
    """Refuse what is not this machine's own browser looking at this page."""

    async def guarded(request: Request) -> Response:
        why = _foreign(request)
        if why:
            return json_answer({"ok": False, "sentence": why}, 403)
        try:
            response = await reply(request)
        except Unfit as unfit:
            return json_answer({"ok": False, "sentence": str(unfit)}, unfit.status)
        response.headers.update(HEADERS)
        return response

    return guarded


def _foreign(request: Request) -> str:
    """Why this request is none of this page's, "" if it is."""
    if request.client is not None and not is_loopback(request.client.host):
        return "The sandbox answers its own machine only."
    host = urlsplit(f"//{request.headers.get('host', '')}")
    if not is_loopback(host.hostname or ""):
        return "The sandbox answers at 127.0.0.1 and localhost only."
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host', '')}":
        return "Another site cannot use the sandbox."
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return "Another site cannot use the sandbox."
    return ""


async def read_object(request: Request) -> Json:
    """The request's JSON object; refuses other types, other shapes and more than `LARGEST_BODY`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Unfit("Send application/json.", 415)
    raw = bytearray()
    async for part in request.stream():
        raw += part
        if len(raw) > LARGEST_BODY:
            raise Unfit("That is too long.", 413)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Unfit("Send a JSON object.")
    return body


def text_of(body: Json, name: str, usual: str | None = None) -> str:
    """A string of the request, or `usual`; refuses other types, and a missing one where there is no `usual`."""
    value = body.get(name)
    if (value is None or value == "") and usual is not None:
        return usual
    if not isinstance(value, str) or not value:
        raise Unfit(f"The request needs {name!r}.")
    return value


def object_of(body: Json, name: str) -> Json:
    """An object of the request, empty where it is missing."""
    value = body.get(name) or {}
    if not isinstance(value, Mapping):
        raise Unfit(f"{name!r} must be an object.")
    return dict(value)


def number_of(body: Json, name: str, usual: float) -> float:
    """A number of the request, or `usual`."""
    value = body.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit(f"{name!r} must be a number.")
    return value


def json_answer(content: Json, status: int = 200) -> JSONResponse:
    """An answer of the page's API."""
    return JSONResponse(content, status, headers=HEADERS)
