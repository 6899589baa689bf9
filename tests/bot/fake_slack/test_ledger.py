"""What the page shows, the seed, the ledger, and that a run repeats."""

import asyncio
import hashlib
import hmac
import json
import threading
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.responses import JSONResponse

from bot.sandbox.ledger import Ledger, SandboxClock
from bot.sandbox.slack import BOT_USER, Ack, Channel, FakeSlack, Person, channels, people
from tests.bot.fake_slack.rig import INCIDENTS, SECRET, START, Rig, actions, button, rigged, section
from tests.bot.loopback import listening


async def test_each_person_sees_their_own_workspace(rig: Rig) -> None:
    """Channels by membership, ephemeral messages by person, replies under their parents; all of it JSON."""
    ts = await rig.post(section("INC-7"))
    await rig.web.chat_postMessage(channel=INCIDENTS, text="in thread", thread_ts=ts)
    await rig.web.pins_add(channel=INCIDENTS, timestamp=ts)
    await rig.web.chat_postEphemeral(channel=INCIDENTS, user="U0ANA", text="only you")
    ana = json.loads(json.dumps(rig.slack.state_for("ana")))
    room = next(c for c in ana["channels"] if c["name"] == "incidents")
    assert [m["ephemeral"] for m in room["messages"]] == [False, True]
    assert (room["messages"][0]["pinned"], room["messages"][0]["sender"]) == (True, "Amends")
    assert [r["text"] for r in room["messages"][0]["replies"]] == ["in thread"]
    assert {"id": "U0NOOR", "name": "Noor Haddad"} in room["members"]
    assert room["messages"][0]["replies"][0]["ephemeral"] is False
    dm = rig.slack.direct("ana")
    titles = {c["id"]: c["title"] for c in rig.slack.state_for("ana")["channels"]}
    assert (titles[dm], titles[INCIDENTS]) == ("Amends", "incidents")
    seen = {u: [c["name"] for c in rig.slack.state_for(u)["channels"]] for u in ("gus", "sol", "noor")}
    assert seen["gus"] == ["incidents"]
    assert seen["sol"] == ["ext-contoso"]
    assert seen["noor"] == ["general", "incidents", "ext-contoso", "ext-tailspin"]


async def test_the_seed_and_later_additions_are_copies(rig: Rig) -> None:
    """Two workspaces of one seed do not share anything; ids are the given ones."""
    cast = (people(), [*channels(), Channel("C0NEW", "new", ["U0ANA", BOT_USER])])
    async with rigged(seed=cast, team_id="T0HOME") as other:
        assert (await other.web.users_info(user="U0ANA"))["user"]["team_id"] == "T0HOME"
        other.slack.add_user(Person("U0UMA", "uma", "Uma Young", "uma@example.com"))
        other.slack.add_channel(Channel("C0MORE", "more", ["U0UMA", BOT_USER]))
        await other.slack.say("uma", "#more", "hello")
        await other.post(channel="C0NEW")
        assert cast[1][-1].messages == {}
    assert "U0UMA" not in rig.slack.world.people


async def test_the_ledger_holds_effects_with_place_and_time_and_refusals_apart(rig: Rig) -> None:
    """Reads leave no entry but are on the list of calls."""
    await rig.web.conversations_info(channel=INCIDENTS)
    await rig.post()
    await rig.slack.say("ana", INCIDENTS, "hello")
    await rig.refused("chat.postMessage", channel="C0NOWHERE", text="x")
    post, said = rig.ledger.entries
    assert (post.what, post.place, post.sender, post.at) == ("chat.postMessage", INCIDENTS, BOT_USER, START)
    assert "token" not in post.payload
    assert (said.what, said.sender) == ("person.message", "U0ANA")
    assert [(e.what, e.answer["error"]) for e in rig.ledger.refusals] == [("chat.postMessage", "channel_not_found")]
    assert [c.method for c in rig.slack.calls] == ["conversations.info", "chat.postMessage", "chat.postMessage"]


async def story() -> list[Any]:
    """A short run on a frozen clock, as bytes would show it."""
    async with rigged() as rig:
        rig.answer = lambda told: JSONResponse({"text": "yes"} if "command" in told else {})
        made = await rig.web.conversations_create(name="inc-1")
        ts = await rig.post(section("x"), actions(button("says")), channel=made["channel"]["id"])
        await rig.slack.drain()
        await rig.slack.command("ana", INCIDENTS, "/incident", "list")
        await rig.slack.press("ana", made["channel"]["id"], ts, "says")
        port = rig.slack.base_url
        entries = [(e.seq, e.at, e.what, e.place, e.payload, e.answer) for e in rig.ledger.entries]
        return [str(entries).replace(port, ""), str(rig.heard).replace(port, "")]


async def test_a_run_repeats_byte_for_byte() -> None:
    """Ids and times come from counters and the clock, nothing from chance."""
    assert await story() == await story()


async def test_people_may_act_from_another_loop_than_the_server_runs_on() -> None:
    """The server in a thread of its own, the acts here: requests and sockets both arrive."""
    clock = SandboxClock(START)
    slack = FakeSlack(Ledger(clock), clock)
    ready, stop, found = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with listening(Starlette(routes=slack.routes("/slack"))) as address:
            found.append(address)
            ready.set()
            await stop.wait()
            await slack.aclose()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    await asyncio.to_thread(ready.wait, 5)
    base = f"{found[0]}/slack/api/"
    async with aiohttp.ClientSession() as session:
        web = AsyncWebClient("xoxb-sandbox", base_url=base, session=session, retry_handlers=[])
        await web.chat_postMessage(channel=INCIDENTS, text="x")
        assert slack.base_url == f"{found[0]}/slack"  # learned from the first call
        url = (await web.apps_connections_open(app_token="xapp-sandbox"))["url"]
        async with session.ws_connect(url) as door:
            await door.receive_json()
            act = asyncio.create_task(slack.command("ana", INCIDENTS, "/incident", "list"))
            envelope = await door.receive_json()
            await door.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "heard"}})
            ack: Ack = await act
    assert (ack.ok, ack.answer) == (True, {"text": "heard"})
    await slack.aclose()
    loop.call_soon_threadsafe(stop.set)
    await asyncio.to_thread(thread.join, 5)
    loop.close()
    assert not thread.is_alive()


def test_the_signature_is_slacks_own_recipe() -> None:
    """HMAC-SHA256 over v0:timestamp:body, in the clock's time."""
    clock = SandboxClock(START)
    headers = FakeSlack(Ledger(clock), clock).wire.signed(b"a=1", "application/x-www-form-urlencoded")
    stamp = str(int(START.timestamp()))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:a=1".encode(), hashlib.sha256).hexdigest()
    assert (headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"]) == (stamp, f"v0={digest}")
