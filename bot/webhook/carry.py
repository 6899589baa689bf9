"""The way out to a webhook: one signed POST to a checked address, and what came of it as an outcome.

A customer's says the public side of an incident. The house's own, of an on-call service, says what its row holds.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Final

import aiohttp
from sqlalchemy.exc import SQLAlchemyError
from yarl import URL

from bot.channel import Outlet
from bot.store import Store
from bot.webhook.reach import Forbidden, Network, Pinned, Resolve, reachable, system
from bot.webhook.shape import IMPACTS, Entry, Shown, as_bytes, headers, opaque, payload
from handlers.domain.apology import Apology
from handlers.domain.delivery import Dead, Outcome, Retry, Sent, Unknown
from handlers.domain.incident import OPEN, Incident
from handlers.domain.letter import opened
from storage.book import SqlBook
from storage.outbox import Claimed

CALL_SECONDS: Final = 7.5
"""The whole call, resolving included; a row may take 8 s in all (promises.md, section 2)."""
READY_SECONDS: Final = 4.5
"""Until a connection stands, TLS included; before that nothing was sent. Ours."""
LONGEST_WAIT: Final = 3600.0
"""Seconds of Retry-After that are believed; ours."""
SLOW_DOWN: Final = 429


class WebhookCarrier(Outlet):
    """Carries rows to webhooks.

    `private` are networks that may be reached although they are not public. `clock` stamps calls (UTC, aware; receivers
    refuse old ones). `resolve` and `tls` replace the name service and the system's trust (sandbox, tests).
    """

    platform = "webhook"

    def __init__(
        self,
        store: Store,
        key: bytes,
        *,
        public_url: str,
        private: Sequence[Network] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolve: Resolve = system,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is opened before the first call."""
        self.store = store
        self._key = key
        self._public_url = public_url
        self._private = tuple(private)
        self._clock = clock
        self._resolve = resolve
        self._tls = tls or ssl.create_default_context()

    async def carry(self, row: Claimed) -> Outcome:
        """Tell a webhook. To customers, words that replace earlier ones are the same entry, updated."""
        if row.op != "message" or row.place.kind != ("channel" if row.audience == "customer" else "thread"):
            return Dead(f"a webhook has no {row.op} of a {row.place.kind}")
        try:
            url = URL(row.address)
            name, words = opened(row.text) if row.audience == "customer" else ("", "")
        except ValueError as fault:
            return Dead(str(fault))
        if url.scheme != "https" or not url.raw_host or url.user or url.password:
            return Dead("a webhook's address begins with https:// and holds no password")
        began = time.monotonic()
        body = row.text.encode()
        if row.audience == "customer":
            try:
                now, shown = await self.store.book(lambda book: (book.now, _shown(book, row)))
            except (SQLAlchemyError, OSError) as error:
                return Retry(f"the database did not answer ({type(error).__name__})")
            entry = Entry(row.thread_id or row.nonce, row.nonce, name, words, row.written_at or now)
            body = as_bytes(payload(entry, shown, self._public_url, now))
        ident = f"msg_{opaque('call', f'{row.nonce}.{row.revision}')}"  # a repeat of it is known by this
        try:
            async with asyncio.timeout(READY_SECONDS):
                addresses = await reachable(url.raw_host, url.port or 443, self._private, self._resolve)
        except Forbidden as fault:
            return Dead(f"{url.host} {fault}")
        except (OSError, TimeoutError, UnicodeError) as error:
            return Retry(f"{url.host} cannot be found ({type(error).__name__})")
        if time.monotonic() - began > READY_SECONDS:  # the process may have been stopped meanwhile
            return Retry("held up before it left", after=0)
        return await self._post(row, url, body, ident, addresses, began)

    async def _post(
        self, row: Claimed, url: URL, body: bytes, ident: str, addresses: Sequence[tuple[str, int]], began: float
    ) -> Outcome:
        left: list[bool] = []  # whether any of it was written
        heard = aiohttp.TraceConfig()

        async def written(_session: aiohttp.ClientSession, _context: SimpleNamespace, _params: object) -> None:
            left.append(True)

        heard.on_connection_create_end.append(written)
        sent = {"Content-Type": "application/json", "User-Agent": "Amends"}
        gone = time.monotonic() - began
        limit = aiohttp.ClientTimeout(total=CALL_SECONDS - gone, sock_connect=READY_SECONDS - gone)
        connector = aiohttp.TCPConnector(
            resolver=Pinned(addresses), ssl=self._tls, force_close=True, use_dns_cache=False, limit=1
        )
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector, timeout=limit, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[heard]
                ) as session,
                session.post(
                    url,
                    data=body,
                    headers=sent | headers(self._key, ident, self._clock(), body),
                    allow_redirects=False,
                ) as answer,
            ):
                return _answered(answer.status, answer.headers.get("Retry-After", ""), self._clock(), row)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            kind = type(error).__name__
            if left:
                return Unknown(f"no answer from {url.host} ({kind})")
            return Retry(f"no connection to {url.host} ({kind})")


def _answered(status: int, after: str, now: datetime, row: Claimed) -> Outcome:
    """What an answer means; its body is never read."""
    if 200 <= status < 300:
        return Sent(row.message_id or row.nonce)
    if status == SLOW_DOWN:
        return Retry("the receiver asked us to wait", _seconds(after, now))
    if status >= 500:
        return Unknown(f"the receiver answered {status}")
    if 300 <= status < 400:
        return Dead(f"the receiver answered {status}: it leads elsewhere, and no redirect is followed")
    return Dead(f"the receiver answered {status}")


def _seconds(after: str, now: datetime) -> float | None:
    """Retry-After in seconds. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3."""
    if after.isascii() and after.isdigit():
        return min(float(after[:9]), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(after)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), LONGEST_WAIT)


def _shown(book: SqlBook, row: Claimed) -> Shown:
    """The public side of the incident a post is about; an apology speaks of all it covers."""
    series, _, number = row.key.partition("/")[0].partition("-")
    apology = next(iter(book.find(Apology, number=int(number))), None) if series == "apology" else None
    numbers = apology.incidents if apology is not None else (row.incident,)
    incidents = [i for n in numbers for i in book.find(Incident, number=n)]
    lead = incidents[-1]
    keys = dict.fromkeys(key for i in incidents for key in i.services)
    worst = book.catalog.policy.worst([i.severity for i in incidents])
    still = [i for i in incidents if i.status in OPEN]
    status = still[-1].status if still else "postmortem" if apology is not None else "resolved"
    over = None if still else max((i.resolved_at for i in incidents if i.resolved_at), default=None)
    return Shown(
        status,
        IMPACTS.get(worst, "major"),
        min(i.declared_at for i in incidents),
        over if still or over else lead.declared_at,
        tuple((key, book.catalog.service_name(key)) for key in keys),
    )
