"""One HTTP call in a thread of our own, with a deadline and an honest account of what may have happened.

Whoever sends once and only once must know, after a failure, whether a byte of the request ever left. So the connection
itself says when it begins to write, and gives up rather than write after the deadline.
"""

import asyncio
import email.utils
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, TypeVar

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from bot.teams.hosts import is_local

CALL_SECONDS: Final = 8.0
"""Longest call in all, token and queue included: two seconds less than the outbox's lease (promises, 2); ours."""
CONNECT_SECONDS: Final = 3.05
"""Longest wait for a connection, a little above TCP's first retransmission. https://requests.readthedocs.io"""
THREADS: Final = 16
"""Calls under way at once; ours."""
RETRY_AFTER_SECONDS: Final = 24 * 3600.0
"""Longest Retry-After that is believed; ours."""

_T = TypeVar("_T")


class ConnectorFailed(Exception):  # noqa: N818 - read as a sentence: "except ConnectorFailed as failed"
    """A call that did not succeed.

    `status` is the HTTP status, None if there was no answer; `code` a short stable word for logs and decisions (Teams'
    own error code where it sent one); `retry_after` seconds, if the answer named them; `ambiguous` whether the effect
    may have happened all the same. A definite failure (`ambiguous` False) certainly had no effect.
    """

    def __init__(
        self, code: str, *, status: int | None = None, retry_after: float | None = None, ambiguous: bool = False
    ) -> None:
        super().__init__(f"{code} (status {status}, {'may have happened' if ambiguous else 'did not happen'})")
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.ambiguous = ambiguous


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer. Header names are matched whatever their capitals."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Caller:
    """A pool of threads that make HTTP calls; connections are kept and never retried.

    `close` when done. Redirects, cookies and .netrc are ignored; proxies of the environment are used for other machines
    only.
    """

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="teams")
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()

    async def call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, seconds: float = CALL_SECONDS
    ) -> Answer:
        """Make one call within `seconds`; raises `ConnectorFailed` unless a whole answer, of any status, came back."""
        attempt = _Attempt(time.monotonic() + seconds)
        try:
            future = self._pool.submit(self._exchange, attempt, method, url, dict(headers), body)
        except RuntimeError:
            raise ConnectorFailed("closed") from None
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), seconds)
        except TimeoutError:
            raise ConnectorFailed("timeout", ambiguous=attempt.abandon()) from None
        except asyncio.CancelledError:
            attempt.abandon()
            task = asyncio.current_task()
            if future.cancelled() and task is not None and not task.cancelling():
                raise ConnectorFailed("closed") from None  # by `close`, before it began
            raise

    async def run(self, work: Callable[[], _T]) -> _T:
        """Do other blocking work in this pool's threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Drop what is queued, close every connection; calls under way end on their own."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()

    def _exchange(
        self, attempt: "_Attempt", method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> Answer:
        left = attempt.deadline - time.monotonic()
        if left <= 0:
            raise ConnectorFailed("timeout")
        _current.attempt = attempt
        try:
            response = self._session(is_local(url)).request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=(min(CONNECT_SECONDS, left), left),
                allow_redirects=False,
                auth=_no_netrc,
            )
            return Answer(response.status_code, response.headers, response.content)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
            # The connection knows; only a test's stand-in for the transport has none.
            ambiguous = attempt.written if attempt.seen else _may_have_left(problem)
            raise ConnectorFailed(_word(problem), ambiguous=ambiguous) from problem
        finally:
            attempt.finish()
            _current.attempt = None

    def _session(self, local: bool) -> requests.Session:
        name = "local" if local else "remote"
        session: requests.Session | None = getattr(self._local, name, None)
        if session is None:
            session = requests.Session()
            session.trust_env = not local
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            for scheme in ("http://", "https://"):
                session.mount(scheme, _Adapter())
            setattr(self._local, name, session)
            with self._lock:
                self._sessions.append(session)
        return session


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds to wait as Retry-After says, in numbers or as a date; None if absent or senseless.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    value = next((found for name, found in headers.items() if name.lower() == "retry-after"), "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now)
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), RETRY_AFTER_SECONDS) if seconds == seconds else None  # noqa: PLR0124 - NaN


class _Attempt:
    """One call as seen from two threads: the one that writes, and the one that stops waiting."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.seen = False
        self.written = False
        self._abandoned = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def begin(self, connected: socket.socket | None) -> None:
        """Called just before bytes leave; raises once nobody waits any more or the deadline is over."""
        with self._lock:
            if self._abandoned or time.monotonic() >= self.deadline:
                raise TimeoutError("the deadline passed before anything was sent")
            self.written = True
            self._socket = connected

    def finish(self) -> None:
        """The connection may serve others now."""
        with self._lock:
            self._socket = None

    def abandon(self) -> bool:
        """Stop: nothing more is written, a blocked thread is freed. Answers whether bytes had already left."""
        with self._lock:
            self._abandoned = True
            if self._socket is not None:
                try:
                    # The plain socket's method: TLS' own would pull its state from under the thread that reads.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                except OSError:
                    self._socket = None
            return self.written


class _Current(threading.local):
    attempt: _Attempt | None = None


_current = _Current()


class _PlainConnection(HTTPConnection):
    def connect(self) -> None:
        """Note that our own connection is at work."""
        _note()
        super().connect()

    def send(self, data: Any) -> None:
        """Connect first, so that a refused connection counts as nothing sent; then ask whether to write at all."""
        _begin(self)
        super().send(data)


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        """As above."""
        _note()
        super().connect()

    def send(self, data: Any) -> None:
        """As above."""
        _begin(self)
        super().send(data)


def _note() -> None:
    if _current.attempt is not None:
        _current.attempt.seen = True


def _begin(connection: HTTPConnection) -> None:
    if connection.sock is None:
        connection.connect()
    _note()
    if _current.attempt is not None:
        _current.attempt.begin(connection.sock)


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    """requests' adapter with our connections; it never retries (its default is no retry at all)."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Give every new pool our connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.ProxyManager:
        """The same behind a proxy, whose own CONNECT counts as written: too careful rather than too bold."""
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
        return manager


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from replacing our Authorization header by what a .netrc holds."""
    return request


def _may_have_left(problem: BaseException) -> bool:
    """Whether a fault looks as if bytes had left, judged by the exception alone."""
    if isinstance(problem, requests.ReadTimeout | requests.exceptions.ChunkedEncodingError):
        return True
    before = requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError
    return (
        isinstance(problem, requests.ConnectionError)
        and not isinstance(problem, before)
        and not any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in _causes(problem))
    )


def _word(problem: BaseException) -> str:
    causes = _causes(problem)
    if any(isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in causes):
        return "dns"
    if isinstance(problem, requests.exceptions.SSLError):
        return "tls"
    if isinstance(problem, requests.exceptions.ProxyError):
        return "proxy"
    if isinstance(problem, requests.Timeout) or any(isinstance(cause, TimeoutError) for cause in causes):
        return "timeout"
    if any(isinstance(cause, urllib3.exceptions.NewConnectionError | ConnectionRefusedError) for cause in causes):
        return "refused"
    if isinstance(problem, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return "cut"
    return "reset"


def _causes(problem: BaseException) -> list[BaseException]:
    """Everything a wrapped exception was made from: requests and urllib3 put the cause into args and `reason`."""
    found: list[BaseException] = []
    ahead: list[object] = [problem]
    while ahead and len(found) < 20:
        this = ahead.pop()
        if isinstance(this, BaseException) and this not in found:
            found.append(this)
            ahead += [*this.args, this.__cause__, this.__context__, getattr(this, "reason", None)]
    return found
