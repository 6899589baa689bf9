"""The threats of docs/security.md, each under its number: what somebody tries, and that nothing comes of it.

What other files show already stands there and is named in the page; here is what belongs to a threat alone.
"""

import asyncio
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select
from starlette.requests import Request as HttpRequest
from starlette.types import Message

from bot.channel import Request
from bot.gate import BODY_BYTES
from bot.intake import FLOOD
from bot.teams.keys import KeySet
from bot.web.door import READ_SECONDS, body_of
from storage.tables import audit
from tests.bot.doors import INCIDENTS, JSON, TEAMS, House, line
from tests.desk import Desk, words

# --- 2: a forged Teams request ---------------------------------------------------------------------------------------


@contextmanager
def silent_microsoft() -> Iterator[tuple[str, threading.Event, threading.Event]]:
    """A server for keys that takes a question and says nothing until it is let go: (address, asked, let go)."""
    asked, go = threading.Event(), threading.Event()

    class Silent(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            go.wait(60)
            self.send_error(503)

        def log_message(self, *_: object) -> None:
            """Not on the screen."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/keys", asked, go
        finally:
            go.set()
            server.shutdown()
            thread.join()


def test_threat_02_a_microsoft_that_does_not_answer_holds_nobody_else_up(house: House) -> None:
    """While the keys are awaited, Slack is answered; the request that waits for them is refused, and no other."""
    door = house.box.app.teams_door
    assert door is not None
    before = door._verifier._keys
    activity = line(house, "note 1 signed by a key nobody knows yet")
    headers = {"Content-Type": JSON, "Authorization": house.box.teams.identity.sign(activity)}

    async def both(asked: threading.Event, go: threading.Event) -> tuple[bool, int]:
        waiting = asyncio.create_task(house.straight(TEAMS, json.dumps(activity).encode(), headers))
        await asyncio.to_thread(asked.wait, 30)
        ack = await house.box.slack.command("ana", INCIDENTS, "/incident", "whoami")
        meanwhile = not waiting.done()
        go.set()
        status, _ = await waiting
        return ack.ok and meanwhile, status

    with silent_microsoft() as (address, asked, go):
        door._verifier._keys = KeySet(address, timeout=30)
        try:
            assert house.runner.run(both(asked, go)) == (True, 401)
        finally:
            door._verifier._keys = before
    assert house.runner.run(house.straight(TEAMS, json.dumps(activity).encode(), headers))[0] == 200
    house.settle()


def test_threat_02_a_rollover_of_keys_costs_no_request(house: House) -> None:
    """The first activity signed with a new key, its first word to us, is let in; forgers' keys are not, meanwhile."""
    identity = house.box.teams.identity
    assert house.teams(line(house, "note 1 before the rollover")) == 200
    door = house.box.app.teams_door
    assert door is not None
    door._verifier._keys._tried_at = None  # the minute between two looks is over
    identity.rotate_keys(keep_old=False)
    statuses = [house.teams(line(house, f"note 1 after the rollover {n}")) for n in range(5)]
    assert statuses.count(401) <= 1
    assert statuses[1:] == [200] * 4
    house.settle()


# --- 12: a flood -----------------------------------------------------------------------------------------------------


def arriving(*parts: bytes, then_nothing: bool = False) -> HttpRequest:
    """A request whose body arrives in these parts; then it ends, or nothing comes any more."""
    left = list(parts)

    async def receive() -> Message:
        if not left and then_nothing:
            await asyncio.Event().wait()
        part = left.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(left) or then_nothing}

    return HttpRequest({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)


async def test_threat_12_a_body_that_does_not_arrive_is_dropped() -> None:
    """Half a body and then silence is given up after five seconds (here: at once); a whole one is read."""
    assert READ_SECONDS == 5
    assert await body_of(arriving(b"half of it", then_nothing=True), 0.01) is None
    assert await body_of(arriving(b"", b"all ", b"of it")) == b"all of it"


async def test_threat_12_no_more_is_read_than_is_needed_to_refuse() -> None:
    """An endless body is left after the first byte too many, which is enough for a 413."""
    read = await body_of(arriving(*[b"x" * 100_000] * 3, then_nothing=True))
    assert read is not None
    assert len(read) == BODY_BYTES + 1


async def test_threat_12_six_hundred_commands_a_minute_then_a_private_answer(seed_desk: Desk) -> None:
    """One more is answered, to whoever asks alone, and not done; others go on, and so does everybody a minute later."""

    async def say(who: str, text: str, number: int) -> tuple[bool, str]:
        answer = await seed_desk.intake.take(Request(f"{who}{number}", "slack", who, "C0INCIDENTS", text))
        return answer.refused, words(answer.show)

    for number in range(FLOOD):
        refused, _ = await say("U0ANA", "whoami", number)
        assert not refused
    refused, said = await say("U0ANA", "declare One too many", FLOOD)
    assert refused
    assert "very much at once" in said
    assert not await seed_desk.store.book(lambda book: book.search())
    assert not (await say("U0BEN", "whoami", 0))[0]
    seed_desk.clock.wind(seconds=61)
    assert not (await say("U0ANA", "declare A minute later", FLOOD + 1))[0]
    assert len(await seed_desk.store.book(lambda book: book.search())) == 1


async def test_threat_12_who_may_do_nothing_cannot_fill_the_audit(seed_desk: Desk) -> None:
    """A guest who presses a thousand times in a minute leaves at most six hundred lines, and reads the same each time."""
    read = set()
    for number in range(FLOOD + 400):
        answer = await seed_desk.intake.take(Request(f"g{number}", "slack", "U0GUEST", "C0INCIDENTS", "declare Mine"))
        assert answer.refused
        read.add(words(answer.show))
    assert len(read) == 1
    lines = select(func.count()).where(audit.c.what == "refused: not a colleague")
    assert await seed_desk.store.rows(lambda connection, _now: connection.scalar(lines)) == FLOOD
