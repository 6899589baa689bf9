"""Calls that the fault script drops, delays or spoils."""

import asyncio
import json

import aiohttp
import pytest
import requests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

from bot.sandbox.ledger import Fault, Ledger, SandboxClock
from bot.sandbox.teams import FakeTeams
from bot.sandbox.teams_faults import error
from tests.bot.fake_teams.rig import FABRIKAM, INCIDENTS, ON_CALL, START, Rig, said
from tests.bot.loopback import listening


@pytest.mark.parametrize(
    ("fault", "status", "happened"),
    [
        (Fault("activity.post", "drop_before"), 0, False),
        (Fault("activity.post", "accept_then_drop"), 0, True),
        (Fault("activity.post", "accept_then_500"), 500, True),
        (Fault("activity.post", "accept_then_500", status=504), 504, True),
        (Fault("activity.post", "status", status=502), 502, False),
        (Fault("activity.post", "status", status=412), 412, False),
        (Fault("*", "error", status=403, error="BotDisabledByAdmin"), 403, False),
        (Fault("activity.post", "rate_limited", seconds=2.5), 429, False),
        (Fault("activity.post", "truncate"), 201, True),
        (Fault("activity.post", "html"), 200, True),
        (Fault("activity.post", "delay", seconds=0.01), 201, True),
        (Fault("activity.put", "drop_before"), 201, True),
        (Fault("activity.post", "drop_before", place=FABRIKAM), 201, True),
    ],
)
async def test_faults_lose_exactly_what_they_say(
    rig: Rig, fault: Fault, status: int, happened: bool
) -> None:  # a column
    """Whether the message is on screen and what the bot learns are two things."""
    rig.ledger.faults.append(fault)

    def call() -> tuple[int, requests.Response | None]:
        try:
            response = requests.post(
                f"{rig.root}/v3/conversations/{ON_CALL}/activities",
                json=said(),
                headers={"Authorization": f"Bearer {rig.token}"},
                timeout=5,
            )
        except requests.ConnectionError:
            return 0, None
        return response.status_code, response

    got, response = await asyncio.to_thread(call)
    assert got == status
    assert [m.text for m in rig.teams.world.said_in(ON_CALL)] == (["hello"] if happened else [])
    assert len(list(rig.ledger.find("activity.post", ON_CALL))) == int(happened)
    assert len(rig.ledger.refusals) == int(not happened)
    if fault.kind == "truncate":
        assert response is not None
        with pytest.raises(requests.JSONDecodeError):
            response.json()
    if fault.kind == "rate_limited":
        assert response is not None
        assert response.headers["Retry-After"] == "3"
    again, _ = await asyncio.to_thread(call)
    assert again == 201


async def test_a_dropped_answer_is_a_real_reset(rig: Rig) -> None:
    """The socket sees RST after the effect, not an orderly end."""
    rig.ledger.faults.append(Fault("activity.post", "accept_then_drop"))
    host, port = rig.root.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps(said()).encode()
    head = (
        f"POST /sandbox/teams/v3/conversations/{ON_CALL}/activities HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {rig.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    assert len(rig.teams.world.said_in(ON_CALL)) == 1


async def test_behind_a_middleware_a_dropped_answer_still_never_arrives() -> None:
    """Where the socket is out of reach the answer is cut off instead."""

    async def hide(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    ledger = Ledger(SandboxClock(START))
    ledger.faults.append(Fault("keys", "drop_before"))
    teams = FakeTeams(ledger, ledger.clock)
    app = Starlette(routes=teams.routes(), middleware=[Middleware(BaseHTTPMiddleware, dispatch=hide)])
    async with listening(app) as address, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            async with session.get(address + "/v1/.well-known/keys") as response:
                await response.read()


async def test_faults_for_a_channel_hit_its_threads(rig: Rig) -> None:
    """A place in the fault script covers every thread of that channel, creation included."""
    thread, _ = await rig.thread()
    rig.ledger.faults += [Fault("activity.post", "status", place=INCIDENTS, status=502)]
    assert (await rig.post(thread, said()))[0] == 502
    rig.ledger.faults += [Fault("conversations.create", "accept_then_500", place=INCIDENTS)]
    body = {"isGroup": True, "channelData": {"channel": {"id": INCIDENTS}}, "activity": said("second")}
    assert (await rig.call("POST", "/v3/conversations", body))[0] == 500
    assert [m.text for m in rig.teams.world.said_in(INCIDENTS)] == ["INC-7", "second"]
    rig.ledger.faults[:] = [Fault("activity.post", "status", after=1, status=502)]
    assert [(await rig.post(thread, said()))[0] for _ in range(3)] == [201, 502, 201]
    rig.ledger.faults[:] = [Fault("activity.post", "status", place=thread, status=504)]
    assert [(await rig.post(place, said()))[0] for place in (INCIDENTS, thread)] == [201, 504]


async def test_edits_deletions_and_rosters_have_faults_of_their_own(rig: Rig) -> None:
    """activity.put, activity.delete and members.get are names in the fault script."""
    thread, first = await rig.thread()
    path = f"/v3/conversations/{thread}/activities/{first}"
    rig.ledger.faults += [
        Fault("activity.put", "accept_then_500"),
        Fault("activity.delete", "status", status=502),
        Fault("members.get", "truncate"),
    ]
    assert (await rig.call("PUT", path, said("edited")))[0] == 500
    assert (await rig.call("DELETE", path))[0] == 502
    with pytest.raises(json.JSONDecodeError):
        await rig.call("GET", f"/v3/conversations/{thread}/members")
    assert [m.text for m in rig.teams.world.said_in(thread)] == ["edited"]


def test_refusals_are_shaped_as_the_connector_shapes_them() -> None:
    """Statuses without a name of their own are ServiceError."""
    assert json.loads(bytes(error(502).body)) == {"error": {"code": "ServiceError", "message": "Bad Gateway"}}
    assert json.loads(bytes(error(412).body))["error"]["code"] == "PreconditionFailed"
