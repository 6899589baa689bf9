"""B1: from a signed slash command to its committed answer, over real HTTP, beside a bare server and stock Bolt.

`make bench` runs it. Each server lives in a process of its own, is asked RATE times a second whether it keeps up or not
(an open loop: what waits in line counts as slow), and only loopback is used.
"""

import asyncio
import hashlib
import hmac
import json
import math
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import uvicorn

RATE = 200
"""Commands a second."""
SECONDS = 10
ONE_BY_ONE = 300
"""Commands of the one user."""
ONE_USER_TARGET = 100.0
"""Milliseconds: p99 for one user."""
WARM_UP = 1
TARGET = 150.0
"""Milliseconds: p99 of the answer."""
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
PEOPLE = ("U0ANA", "U0BEN", "U0CLEO", "U0NOOR", "U0DANA")
"""Known people of the sandbox's catalog; together they stay below the flood limit of each."""
PATH = "/slack/events"
READY_SECONDS = 30


@dataclass(frozen=True)
class Run:
    """What one server did: milliseconds of every answer, and what was wrong with the others."""

    name: str
    times: list[float]
    faults: Counter[str]

    def at(self, share: float) -> float:
        """The time within which this share of the answers came; milliseconds."""
        ordered = sorted(self.times) or [math.inf]
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


# --- servers ---------------------------------------------------------------------------------------------------------
async def _uvicorn(app: Any, sock: Any) -> None:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    _ready(sock)
    await running


def _ready(sock: Any) -> None:
    print(json.dumps({"port": sock.getsockname()[1]}), flush=True)


async def bare() -> None:
    """The ceiling: read the body, answer a line. No signature, no parsing, no database."""
    from bot.app import listen

    async def app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
        assert scope["type"] == "http"
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"text":"Noted."}'})

    await _uvicorn(app, listen("127.0.0.1", 0))


async def bolt() -> None:
    """The peer: Bolt as it comes, one listener that answers; it verifies and parses, and keeps nothing."""
    from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
    from slack_bolt.async_app import AsyncApp
    from slack_bolt.authorization import AuthorizeResult

    from bot.app import listen

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id="", team_id="T0AMENDS", bot_token="xoxb-1", bot_user_id="U0BOT")

    app = AsyncApp(signing_secret=SECRET, authorize=authorize)

    @app.command("/incident")
    async def echo(ack: Any) -> None:
        await ack({"text": "Noted."})

    await _uvicorn(AsyncSlackRequestHandler(app, path=PATH), listen("127.0.0.1", 0))


async def amends() -> None:
    """The bot whole, on an SQLite file with full sync, carrying what it says to a local Slack in the same process."""
    from bot.app import listen, serving
    from bot.logs import configure
    from bot.sandbox.house import sandbox

    configure("json", level=50)
    with tempfile.TemporaryDirectory() as folder:
        sock = listen("127.0.0.1", 0)
        port = sock.getsockname()[1]
        url = f"sqlite:///{folder}/bench.db"
        options = {"signing_secret": SECRET}
        async with (
            sandbox(port=port, database_url=url, platforms=("slack",), slack_options=options) as house,
            serving(house.app, sock) as server,
        ):
            await house.slack.command("U0ANA", "#incidents", "/incident", "declare Bench sev4")
            _ready(sock)
            while not server.should_exit:  # noqa: ASYNC110 - uvicorn sets it in its signal handler
                await asyncio.sleep(0.1)


SERVERS: dict[str, Callable[[], Awaitable[None]]] = {"bare": bare, "bolt": bolt, "amends": amends}


# --- load ------------------------------------------------------------------------------------------------------------
def signed(number: int, team: str) -> tuple[bytes, dict[str, str]]:
    """A slash command as Slack sends it: https://docs.slack.dev/interactivity/implementing-slash-commands."""
    fields = {
        "token": "t",
        "team_id": team,
        "team_domain": "house",
        "channel_id": "C0INCIDENTS",
        "channel_name": "incidents",
        "user_id": PEOPLE[number % len(PEOPLE)],
        "user_name": "somebody",
        "command": "/incident",
        "text": f"note 1 measured {number}",
        "api_app_id": "A0AMENDS",
        "response_url": "https://hooks.slack.com/commands/1",
        "trigger_id": f"{number}.{time.time_ns()}",
    }
    body = urlencode(fields).encode()
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }
    return body, headers


@asynccontextmanager
async def started(name: str) -> Any:
    """A server in a process of its own; its address."""
    process = await asyncio.create_subprocess_exec(sys.executable, __file__, name, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        yield f"http://127.0.0.1:{json.loads(line)['port']}{PATH}"
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            process.kill()
            await process.wait()


async def measure(name: str, rate: int) -> Run:
    """Ask one server; `rate` 0: one user, each command after the answer before.

    Else an open loop: so many a second, whether the server keeps up or not, and each answer's time counts from when it
    should have been asked.
    """
    from bot.sandbox.slack_records import TEAM

    run = Run(name, [], Counter())
    async with started(name) as address, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        loop = asyncio.get_running_loop()

        async def ask(number: int, due: float, *, counted: bool) -> None:
            body, headers = signed(number, TEAM)
            try:
                async with session.post(address, data=body, headers=headers) as answer:
                    text = await answer.text()
                    fault = "" if answer.status == 200 else f"HTTP {answer.status}"
                    fault = fault or ("" if "Noted." in text else f"answered {text[:400]!r}")
            except (aiohttp.ClientError, TimeoutError) as error:
                fault = type(error).__name__
            if fault:
                run.faults[fault] += 1
            elif counted:
                run.times.append((loop.time() - due) * 1000)

        if not rate:
            for number in range(ONE_BY_ONE + 20):
                await ask(number, loop.time(), counted=number >= 20)
            return run
        begin = loop.time() + 0.1
        asked = []
        for number in range(rate * (WARM_UP + SECONDS)):
            due = begin + number / rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            asked.append(asyncio.create_task(ask(number, due, counted=number >= rate * WARM_UP)))
        await asyncio.gather(*asked)
    return run


def table(title: str, runs: list[Run], target: float) -> bool:
    """Print one sitting; whether our p99 met its target without a fault."""
    print(title)
    print(f"{'':10}{'p50 ms':>10}{'p99 ms':>10}{'max ms':>10}{'answers':>10}{'faults':>8}")
    for run in runs:
        shown = "".join(f"{run.at(share):10.2f}" for share in (0.5, 0.99, 1.0))
        print(f"{run.name:10}{shown}{len(run.times):10}{run.faults.total():8}")
    ours = runs[-1]
    for other, what in zip(runs, ("ceiling", "peer"), strict=False):
        ratios = ", ".join(f"p{share * 100:.0f} {ours.at(share) / other.at(share):.1f}×" for share in (0.5, 0.99))
        print(f"amends ÷ {what} ({other.name}): {ratios}")
    for fault, count in ours.faults.most_common(3):
        print(f"  {count} × {fault[:120]}")
    good = ours.at(0.99) <= target and not ours.faults
    print(f"target p99 ≤ {target:.0f} ms, no faults: {'met' if good else 'MISSED'}\n")
    return good


async def main() -> int:
    """One user at a time, then a steady 200 a second; 1 if the first misses its target (the second is a later goal)."""
    alone = [await measure(name, 0) for name in SERVERS]
    good = table(
        f"B1a  signed command → committed answer, one user, {ONE_BY_ONE} one after another, SQLite full sync",
        alone,
        ONE_USER_TARGET,
    )
    crowd = [await measure(name, RATE) for name in SERVERS]
    table(f"B1b  the same, {RATE}/s open loop for {SECONDS} s, {len(PEOPLE)} known people", crowd, TARGET)
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(SERVERS[sys.argv[1]]())  # type: ignore[arg-type]
    else:
        sys.exit(asyncio.run(main()))
