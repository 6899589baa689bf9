"""The same payloads over Socket Mode."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import slack_limits as limits
from tests.bot.fake_slack.rig import INCIDENTS, Rig, actions, button


class Listener:
    """An app in Socket Mode that acknowledges what it hears, with a payload if told to."""

    def __init__(self, rig: Rig) -> None:
        web = AsyncWebClient(base_url=rig.slack.api_url)
        self.client = SocketModeClient("xapp-sandbox", web_client=web, auto_reconnect_enabled=True)
        self.client.socket_mode_request_listeners.append(self._hear)  # type: ignore[arg-type]
        self.heard: list[SocketModeRequest] = []
        self.payload: dict[str, Any] | None = None
        self.acknowledges = True

    async def _hear(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        self.heard.append(request)
        if self.acknowledges:
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, self.payload))


@pytest.fixture
async def listener(rig: Rig) -> AsyncIterator[Listener]:
    """An app connected to the rig's Slack."""
    made = Listener(rig)
    await made.client.connect()  # type: ignore[no-untyped-call]
    yield made
    made.client.auto_reconnect_enabled = False
    await made.client.close()  # type: ignore[no-untyped-call]


async def until(true: Callable[[], object]) -> None:
    """Let other tasks run until this holds (five seconds at most)."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - watches a library's state, which sets no event
            await asyncio.sleep(0.01)


async def test_socket_mode_brings_everything_by_envelope(rig: Rig, listener: Listener) -> None:
    """Commands, interactions and events arrive as dictionaries; HTTP hears nothing meanwhile."""
    listener.payload = {"text": "by socket"}
    ack = await rig.slack.command("ana", INCIDENTS, "/incident", "list")
    assert (ack.ok, ack.via) == (True, "socket")
    assert [m.text for m in rig.slack.whispers("ana")] == ["by socket"]
    listener.payload = None
    await rig.slack.mention("ana", INCIDENTS, "hello")
    ts = await rig.post(actions(button("says")))
    await rig.slack.drain()
    await rig.slack.press("ana", INCIDENTS, ts, "says")
    kinds = [r.type for r in listener.heard]
    assert kinds == ["slash_commands", "events_api", "events_api", "events_api", "interactive"]
    assert listener.heard[0].payload["text"] == "list"
    assert (listener.heard[0].accepts_response_payload, listener.heard[1].accepts_response_payload) == (True, False)
    assert len({r.envelope_id for r in listener.heard}) == 5
    assert rig.heard == []
    assert (listener.heard[1].retry_attempt, listener.heard[0].retry_attempt) == (0, None)
    await rig.slack.redeliver(listener.heard[1].payload["event_id"])
    assert (listener.heard[-1].retry_attempt, listener.heard[-1].retry_reason) == (1, "http_timeout")


async def test_a_silent_socket_is_late(rig: Rig, listener: Listener) -> None:
    """An envelope without acknowledgement is an operation_timeout, too."""
    listener.acknowledges = False
    rig.slack.wire.ack_seconds = 0.05
    ack = await rig.slack.command("ana", INCIDENTS, "/incident")
    assert (ack.problem, rig.slack.violations["late_ack"]) == ("operation_timeout", 1)


async def test_a_refresh_makes_the_app_come_back_on_a_new_connection(rig: Rig, listener: Listener) -> None:
    """After disconnect with refresh_requested the SDK reconnects and hears what comes next."""
    before = rig.slack.wire.sockets[0]
    await rig.slack.wire.refresh()
    await until(lambda: [s for s in rig.slack.wire.sockets if s is not before and not s.leaving])
    # the new socket is open before the SDK listens at it: who is told that it failed says it again
    while not (await rig.slack.command("ana", INCIDENTS, "/incident")).ok:
        pass
    assert listener.heard


async def test_a_socket_cut_while_waiting_is_a_failed_dispatch(rig: Rig, listener: Listener) -> None:
    """The connection breaks without a word: the person reads so, and the SDK comes back."""
    listener.acknowledges = False
    before = rig.slack.wire.sockets[0]
    waiting = asyncio.create_task(rig.slack.command("ana", INCIDENTS, "/incident"))
    await until(lambda: listener.heard)
    await rig.slack.wire.cut()
    assert (await waiting).problem == "dispatch_failed"
    listener.acknowledges = True
    await listener.client.connect_to_new_endpoint(force=True)
    await until(lambda: [s for s in rig.slack.wire.sockets if s is not before and not s.leaving])
    assert (await rig.slack.command("ana", INCIDENTS, "/incident")).ok


async def test_an_eleventh_socket_is_turned_away(rig: Rig) -> None:
    """Ten connections an app."""
    web = AsyncWebClient("xapp-sandbox", base_url=rig.slack.api_url, session=rig.session, retry_handlers=[])
    async with contextlib.AsyncExitStack() as doors:
        for i in range(11):
            url = (await web.apps_connections_open(app_token="xapp-sandbox"))["url"]
            door = await doors.enter_async_context(rig.session.ws_connect(url))
            first = await door.receive()
            assert (first.type is aiohttp.WSMsgType.TEXT) == (i < limits.SOCKET_CONNECTIONS)


async def test_a_ticket_opens_one_socket_and_only_the_app_token_gets_one(rig: Rig) -> None:
    """apps.connections.open is not for bot tokens, and its address works once."""
    assert await rig.refused("apps.connections.open") == "not_allowed_token_type"
    web = AsyncWebClient("xapp-sandbox", base_url=rig.slack.api_url, session=rig.session, retry_handlers=[])
    url = (await web.apps_connections_open(app_token="xapp-sandbox"))["url"]
    async with rig.session.ws_connect(url) as door:
        hello = await door.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await rig.session.ws_connect(url)


async def test_payloads_go_to_one_of_several_connections_in_turn(rig: Rig, listener: Listener) -> None:
    """Two connections share the load; each payload arrives once."""
    other = Listener(rig)
    await other.client.connect()  # type: ignore[no-untyped-call]
    await until(lambda: len(rig.slack.wire.sockets) == 2)
    for _ in range(4):
        await rig.slack.command("ana", INCIDENTS, "/incident")
    assert (len(listener.heard), len(other.heard)) == (2, 2)
    other.client.auto_reconnect_enabled = False
    await other.client.close()  # type: ignore[no-untyped-call]
