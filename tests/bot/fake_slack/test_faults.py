"""Calls that the fault script drops, delays or spoils."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from bot.sandbox.ledger import Fault, Ledger
from bot.sandbox.slack import abort
from tests.bot.fake_slack.rig import CONTOSO, INCIDENTS, Rig


@pytest.mark.parametrize(("kind", "posts"), [("drop_before", 0), ("accept_then_drop", 1)])
async def test_a_dropped_call_resets_the_connection_with_or_without_its_effect(rig: Rig, kind: str, posts: int) -> None:
    """The client cannot tell the two apart; the ledger can."""
    rig.ledger.faults.append(Fault("chat.postMessage", kind))
    with pytest.raises(aiohttp.ClientError):
        await rig.web.chat_postMessage(channel=INCIDENTS, text="x")
    assert len(list(rig.ledger.find("chat.postMessage"))) == posts
    assert len(rig.slack.messages(INCIDENTS)) == posts
    await rig.post()  # the fault is spent


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("accept_then_500", 500, "Internal Server Error"),
        ("truncate", 200, '{"ok": true, "channel"'),
        ("html", 200, "<!DOCTYPE html>"),
        ("accept_then_error", 200, '{"ok": false, "error": "internal_error"}'),
    ],
)
async def test_an_answer_is_spoiled_after_the_effect(rig: Rig, kind: str, status: int, body: str) -> None:
    """The message stands although the answer says nothing of it."""
    rig.ledger.faults.append(Fault("chat.postMessage", kind))
    got, _, text = await rig.raw("chat.postMessage", {"channel": INCIDENTS, "text": "x"})
    assert got == status
    assert text.startswith(body)
    assert len(rig.slack.messages(INCIDENTS)) == 1
    if kind == "truncate":
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)


@pytest.mark.parametrize(
    ("fault", "status", "body", "header"),
    [
        (Fault("*", "status", status=503), 503, "Service Unavailable", None),
        (Fault("*", "error", error="fatal_error"), 200, '{"ok": false, "error": "fatal_error"}', None),
        (Fault("*", "rate_limited", seconds=7), 429, '{"ok": false, "error": "ratelimited"}', "7"),
    ],
)
async def test_a_refusing_fault_has_no_effect(
    rig: Rig, fault: Fault, status: int, body: str, header: str | None
) -> None:
    """Whatever the script answers, nothing was posted; the call is on the list all the same."""
    rig.ledger.faults.append(fault)
    got, headers, text = await rig.raw("chat.postMessage", {"channel": INCIDENTS, "text": "x"})
    assert (got, text, headers.get("Retry-After")) == (status, body, header)
    assert rig.slack.messages(INCIDENTS) == []
    assert [c.method for c in rig.slack.calls] == ["chat.postMessage"]


async def test_a_delayed_call_that_the_client_gave_up_on_still_happens(rig: Rig) -> None:
    """A time-out is not a failure: the message is there."""
    rig.ledger.faults.append(Fault("chat.postMessage", "delay", seconds=0.15))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await rig.web.chat_postMessage(channel=INCIDENTS, text="x")
    arrived = asyncio.Event()
    rig.ledger.watch(arrived.set)
    if not rig.slack.messages(INCIDENTS):
        await asyncio.wait_for(arrived.wait(), 5)
    assert len(rig.slack.messages(INCIDENTS)) == 1


async def test_faults_hit_one_place_later_calls_or_a_share(rig: Rig) -> None:
    """The script narrows by channel, lets calls pass first, and draws shares repeatably."""
    rig.ledger.faults.append(Fault("chat.postMessage", "error", place=CONTOSO, error="is_archived"))
    await rig.post()
    assert await rig.refused("chat.postMessage", channel=CONTOSO, text="x") == "is_archived"
    rig.ledger.faults.append(Fault("chat.postMessage", "error", error="fatal_error", after=2))
    await rig.post()
    await rig.post()
    assert await rig.refused("chat.postMessage", channel=INCIDENTS, text="x") == "fatal_error"
    drawn = []
    for _ in range(2):
        ledger = Ledger(rig.clock, seed=7)
        ledger.faults.append(Fault("*", "status", share=0.25, times=-1))
        drawn.append([ledger.fault_for("m") is not None for _ in range(400)])
    assert drawn[0] == drawn[1]
    assert 60 < sum(drawn[0]) < 140


async def test_without_uvicorns_transport_half_an_answer_breaks_the_connection() -> None:
    """Another server gets a body that is shorter than promised."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await abort(receive, send)
    promised = int(dict(sent[0]["headers"])[b"content-length"])
    assert len(sent[1]["body"]) < promised
    assert sent[1]["more_body"]
