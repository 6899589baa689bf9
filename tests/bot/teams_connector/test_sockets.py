"""Calls out, on real sockets: what a failed one honestly says."""

import asyncio
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from bot.gate import Refusal
from bot.teams.calls import Caller
from bot.teams.connector import Connector, Sent
from bot.teams.hosts import Hosts
from bot.teams.tokens import Forbidden, Unauthorised
from tests.bot.teams_connector.microsoft import MESSAGE, PLAYGROUND, failure

Behaviour = Callable[[socket.socket, bytes], None]


@contextmanager
def server(behave: Behaviour) -> Iterator[tuple[str, list[bytes]]]:
    """A loopback server that reads each request whole, notes it, and then behaves."""
    seen: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    open_sockets: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            open_sockets.append(accepted)
            threading.Thread(target=one, args=(accepted,), daemon=True).start()

    def one(accepted: socket.socket) -> None:
        try:
            while request := read_request(accepted):
                seen.append(request)
                behave(accepted, request)
        except OSError:
            return
        finally:
            accepted.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/teams/", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for accepted in open_sockets:
            accepted.close()
        thread.join(5)


def read_request(accepted: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = accepted.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while len(body) < (int(length[1]) if length else 0):
        body += accepted.recv(65536)
    return head + b"\r\n\r\n" + body


def reset(accepted: socket.socket, _request: bytes = b"") -> None:
    """Cut the connection with a RST."""
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    accepted.close()


def answers(raw: bytes) -> Behaviour:
    def behave(accepted: socket.socket, _request: bytes) -> None:
        accepted.sendall(raw)

    return behave


def whole(body: bytes, status: str = "201 Created") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@asynccontextmanager
async def local_connector(seconds: float = 8.0, **options: Any) -> AsyncIterator[Connector]:
    options.setdefault("token_source", lambda: ("T", 3600))
    made = Connector("", "", "", hosts=Hosts(local={"127.0.0.1"}), seconds=seconds, **options)
    try:
        yield made
    finally:
        made.close()


async def until(seen: list[bytes]) -> None:
    """Wait until the server has a request; its thread cannot set an asyncio event."""
    async with asyncio.timeout(5):
        while not seen:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)


async def test_twenty_posts_in_a_row_use_one_connection() -> None:
    """Connections are kept; each post arrives once."""
    ports: set[int] = set()

    def behave(accepted: socket.socket, _request: bytes) -> None:
        ports.add(accepted.getpeername()[1])
        accepted.sendall(whole(b'{"id": "1"}'))

    caller = Caller(threads=1)
    with server(behave) as (url, seen):
        for _ in range(20):
            assert (await caller.call("POST", url, {}, b"{}")).status == 201
        caller.close()
    assert (len(seen), len(ports)) == (20, 1)


async def test_a_refused_connection_is_definite() -> None:
    """Nobody listens: nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    async with local_connector() as made:
        failed = await failure(made.post(url, "c", MESSAGE))
    assert (failed.code, failed.ambiguous, failed.status) == ("refused", False, None)


async def test_an_unknown_host_is_definite() -> None:
    """A name that does not resolve: nothing was sent."""
    caller = Caller(threads=1)
    failed = await failure(caller.call("POST", "http://nothing.invalid/", {}, b"{}"))
    caller.close()
    assert (failed.code, failed.ambiguous) == ("dns", False)


async def test_a_failed_tls_handshake_is_definite() -> None:
    """The connection is cut, or answered in the clear, before a byte of the request could leave."""
    for behave in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b""):
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def serve(listening: socket.socket = listener, answer: bytes = behave) -> None:
                accepted, _ = listening.accept()
                accepted.recv(65536)
                accepted.sendall(answer)
                reset(accepted)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            async with local_connector() as made:
                failed = await failure(made.post(f"https://127.0.0.1:{listener.getsockname()[1]}/", "c", MESSAGE))
            thread.join(5)
        assert not failed.ambiguous, failed.code


@pytest.mark.parametrize(
    ("behave", "code"),
    [
        (reset, "reset"),
        (lambda accepted, _: accepted.close(), "reset"),
        (answers(b"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n" + b'{"id":'), None),
        (answers(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{" + b'"'), None),
        (answers(b"nonsense\r\n\r\n"), "reset"),
        (answers(whole(b"<html>", "200 OK")), "not_json"),
    ],
    ids=["reset", "close", "cut", "cut-chunks", "not-http", "not-json"],
)
async def test_a_request_that_was_written_is_ambiguous(behave: Behaviour, code: str | None) -> None:
    """Once the request has left, a lost or senseless answer may hide an effect; it is sent once all the same."""

    def then_close(accepted: socket.socket, request: bytes) -> None:
        behave(accepted, request)
        accepted.close()

    with server(then_close) as (url, seen):
        async with local_connector() as made:
            failed = await failure(made.post(url, "c", MESSAGE))
        assert len(seen) == 1
    assert failed.ambiguous
    assert code is None or failed.code == code


async def test_silence_after_the_request_is_ambiguous() -> None:
    """The server took the request and says nothing, or trickles without end: the whole call ends at the deadline."""
    stop = threading.Event()

    def trickle(accepted: socket.socket, _request: bytes) -> None:
        accepted.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 1000000\r\n\r\n")
        while not stop.wait(0.02):
            accepted.sendall(b" ")

    def hang(_accepted: socket.socket, _request: bytes) -> None:
        stop.wait(10)

    for behave in (trickle, hang):
        with server(behave) as (url, seen):
            async with local_connector(seconds=0.3) as made:
                failed = await failure(made.post(url, "c", MESSAGE))
            assert len(seen) == 1
            stop.set()
        stop.clear()
        assert (failed.code, failed.ambiguous) == ("timeout", True)


async def test_what_still_waits_at_the_deadline_is_never_sent() -> None:
    """A call that found no free thread in time is definite, and stays unsent after the thread is free again."""
    free = threading.Event()

    def slow(accepted: socket.socket, _request: bytes) -> None:
        free.wait(10)
        accepted.sendall(whole(b"{}"))

    caller = Caller(threads=1)
    with server(slow) as (url, seen):
        first = asyncio.create_task(caller.call("POST", url, {}, b"first"))
        await until(seen)
        failed = await failure(caller.call("POST", url, {}, b"second", seconds=0.05))
        assert (failed.code, failed.ambiguous) == ("timeout", False)
        free.set()
        assert (await first).status == 201
        await caller.run(lambda: None)
        assert len(seen) == 1
    caller.close()


async def test_a_connection_made_too_late_is_not_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking up the name took until after the deadline: the connection stands, yet nothing is sent."""
    slow = threading.Event()
    real = socket.getaddrinfo

    def lookup(*arguments: Any, **options: Any) -> Any:
        slow.wait(10)
        return real(*arguments, **options)

    caller = Caller(threads=1)
    with server(answers(whole(b"{}"))) as (url, seen):
        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        failed = await failure(caller.call("POST", url.replace("127.0.0.1", "localhost"), {}, b"late", seconds=0.05))
        slow.set()
        await caller.run(lambda: None)
        assert (failed.code, failed.ambiguous) == ("timeout", False)
        assert seen == []
    caller.close()


async def test_a_cancelled_call_frees_its_thread() -> None:
    """Whoever stops waiting does not leave a thread behind that reads for ever."""
    stop = threading.Event()

    def hang(accepted: socket.socket, request: bytes) -> None:
        if b"hang" in request:
            stop.wait(10)
        accepted.sendall(whole(b"{}"))

    caller = Caller(threads=1)
    with server(hang) as (url, seen):
        waiting = asyncio.create_task(caller.call("POST", url, {}, b"hang"))
        await until(seen)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await caller.call("POST", url, {}, b"next")).status == 201
        stop.set()
    caller.close()


async def test_a_slow_token_is_definite_and_shared() -> None:
    """While the token is late nothing leaves; the next calls profit once it is there."""
    free = threading.Event()
    asked = []

    def source() -> tuple[str, float]:
        asked.append(1)
        free.wait(10)
        return "late", 3600

    with server(answers(whole(b'{"id": "1"}'))) as (url, seen):
        async with local_connector(seconds=0.1, token_source=source) as made:
            failed = await failure(made.post(url, "c", MESSAGE))
            assert (failed.code, failed.ambiguous) == ("token_timeout", False)
            assert seen == []
            free.set()
            assert await made.post(url, "c", MESSAGE) == Sent("1")
        assert b"Authorization: Bearer late" in seen[0]
    assert len(asked) == 1


async def test_threat_11_neither_redirects_cookies_nor_proxies_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect is an answer, a cookie is forgotten, and this machine is reached without the environment's proxy."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    raw = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    with server(answers(raw)) as (url, seen):
        async with local_connector() as made:
            for _ in range(2):
                failed = await failure(made.post(url, "c", MESSAGE))
                assert (failed.status, failed.ambiguous) == (307, False)
        assert len(seen) == 2
        assert b"cookie" not in seen[1].lower()


async def test_after_closing_nothing_is_sent() -> None:
    """A closed connector fails definitely."""
    made = Connector("", "", "", hosts=Hosts(any_loopback=True))
    made.close()
    failed = await failure(made.post(PLAYGROUND, "c", MESSAGE))
    assert (failed.code, failed.ambiguous) == ("closed", False)


async def test_calls_do_not_hold_up_the_event_loop() -> None:
    """While a call waits for its answer the loop goes on turning."""
    free = threading.Event()

    def behave(accepted: socket.socket, _request: bytes) -> None:
        free.wait(10)
        accepted.sendall(whole(b'{"id": "1"}'))

    with server(behave) as (url, seen):
        async with local_connector() as made:
            sending = asyncio.create_task(made.post(url, "c", MESSAGE))
            await until(seen)
            turns = 0
            started = time.monotonic()
            while turns < 100 and time.monotonic() - started < 5:
                await asyncio.sleep(0)
                turns += 1
            free.set()
            assert turns == 100
            assert await sending == Sent("1")


def test_refusals_carry_their_status() -> None:
    """One `except Refusal` catches both, with 401 and 403."""
    assert (Unauthorised("x").status, Forbidden("x").status) == (401, 403)
    assert issubclass(Unauthorised, Refusal)
