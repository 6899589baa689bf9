"""People type commands; the app answers at once or by a response URL."""

import asyncio
import json
from datetime import timedelta

import aiohttp
import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.sandbox import slack_limits as limits
from bot.sandbox.ledger import Fault
from bot.sandbox.slack import BOT_USER, NotPossible
from tests.bot.fake_slack.rig import CONTOSO, INCIDENTS, Heard, Rig, actions, button, section


async def test_a_command_arrives_signed_with_every_field_and_its_answer_is_private(rig: Rig) -> None:
    """The form's fields are Slack's; the answer's JSON becomes a message for one person."""
    rig.answer = lambda _: JSONResponse({"text": "INC-7 declared", "blocks": [section("INC-7")]})
    ack = await rig.slack.command("ana", "#incidents", "/incident", "declare checkout is down")
    form = rig.heard[0]
    assert set(form) == {
        *("token", "team_id", "team_domain", "channel_id", "channel_name", "user_id", "user_name", "command", "text"),
        *("api_app_id", "is_enterprise_install", "response_url", "trigger_id"),
    }
    assert (form["user_id"], form["channel_name"], form["text"]) == ("U0ANA", "incidents", "declare checkout is down")
    assert form["is_enterprise_install"] == "false"
    assert rig.headers[0]["content-type"] == "application/x-www-form-urlencoded"
    assert (ack.ok, ack.status, ack.kind, ack.via) == (True, 200, "slash_commands", "http")
    assert 0 < ack.seconds < limits.ACK_SECONDS
    assert [m.text for m in rig.slack.whispers("ana", INCIDENTS)] == ["INC-7 declared"]
    assert rig.slack.messages(INCIDENTS) == []


async def test_an_in_channel_answer_is_for_all_and_plain_text_will_do(rig: Rig) -> None:
    """response_type decides who sees it; an empty body says nothing."""
    rig.answer = lambda _: JSONResponse({"text": "for all", "response_type": "in_channel"})
    await rig.slack.command("ana", INCIDENTS, "/incident")
    rig.answer = lambda _: PlainTextResponse("just for you")
    await rig.slack.command("ana", INCIDENTS, "/incident")
    rig.answer = lambda _: Response()
    await rig.slack.command("ana", INCIDENTS, "/incident")
    assert [m.text for m in rig.slack.messages(INCIDENTS)] == ["for all"]
    assert [m.text for m in rig.slack.whispers("ana")] == ["just for you"]


async def test_typed_text_arrives_as_slack_escapes_it(rig: Rig) -> None:
    """Mentions with ids, links in angle brackets, & < > escaped; markup typed by a page stays."""
    typed = "role ic @cleo in #incidents <@U0ANA|ana> see https://x.example/a?b=1&c=2. a<b & mail it@x.example @nobody"
    ack = await rig.slack.command("ana", INCIDENTS, "/incident", typed)
    assert ack.payload["text"] == (
        "role ic <@U0CLEO|cleo> in <#C0INCIDENTS|incidents> <@U0ANA|ana> see <https://x.example/a?b=1&amp;c=2>. "
        "a&lt;b &amp; mail <mailto:it@x.example|it@x.example> @nobody"
    )
    rig.slack.escape_commands = False
    assert (await rig.slack.command("ana", INCIDENTS, "/incident", "@cleo")).payload["text"] == "@cleo"


async def test_an_app_that_fails_or_is_late_is_said_to_the_person_and_counted(rig: Rig) -> None:
    """A 500 is dispatch_failed, silence operation_timeout, as Slackbot says."""
    rig.answer = lambda _: Response(status_code=500)
    failed = await rig.slack.command("ana", INCIDENTS, "/incident")
    assert (failed.ok, failed.status, failed.problem) == (False, 500, "dispatch_failed")
    rig.slack.wire.ack_seconds = 0.05

    async def never(_: Heard) -> Response:
        await asyncio.sleep(0.2)
        return Response()

    rig.answer = never
    late = await rig.slack.command("ana", INCIDENTS, "/incident")
    assert (late.status, late.problem) == (0, "operation_timeout")
    said = [m.text for m in rig.slack.whispers("ana")]
    assert ["dispatch_failed" in said[0], "operation_timeout" in said[1]] == [True, True]
    assert rig.slack.violations == {"failed_ack": 1, "late_ack": 1}


async def test_outsiders_cannot_type_commands_and_guests_can(rig: Rig) -> None:
    """Slack Connect people see the channel but not our commands; a guest only sees where they were invited."""
    with pytest.raises(NotPossible):
        await rig.slack.command("sol", CONTOSO, "/incident", "declare x")
    assert (await rig.slack.command("gus", INCIDENTS, "/incident", "declare x")).ok
    with pytest.raises(NotPossible):
        await rig.slack.command("gus", "#general", "/incident", "declare x")


async def test_a_private_channel_is_called_privategroup(rig: Rig) -> None:
    """The form does not give its name away."""
    room = await rig.slack.create_channel("ana", "secret", private=True, members=[BOT_USER])
    assert (await rig.slack.command("ana", room, "/incident")).payload["channel_name"] == "privategroup"
    assert (await rig.slack.command("ana", rig.slack.direct("ana"), "/incident")).payload[
        "channel_name"
    ] == "directmessage"


async def test_an_answer_slack_cannot_show_is_counted(rig: Rig) -> None:
    """Bad blocks in an answer are the app's fault, and the person is told."""
    rig.answer = lambda _: JSONResponse({"blocks": [{"type": "nonsense"}]})
    await rig.slack.command("ana", INCIDENTS, "/incident")
    assert rig.slack.violations == {"ack:invalid_blocks": 1}


async def test_the_same_bytes_again_carry_the_same_signature(rig: Rig) -> None:
    """A replay is indistinguishable from the first delivery."""
    ack = await rig.slack.command("ana", INCIDENTS, "/incident", "declare x")
    await rig.slack.again(ack)
    assert rig.heard[0] == rig.heard[1]
    assert rig.headers[0]["x-slack-signature"] == rig.headers[1]["x-slack-signature"]


async def test_parts_of_a_request_can_be_forged_before_it_is_signed(rig: Rig) -> None:
    """For trying foreign workspaces: the signature holds, the team does not."""
    ack = await rig.slack.command("ana", INCIDENTS, "/incident", "x", overrides={"team_id": "T0OTHER"})
    assert (ack.ok, rig.heard[0]["team_id"]) == (True, "T0OTHER")


# response URLs


async def hook_of(rig: Rig) -> tuple[str, str, AsyncWebhookClient]:
    """A pressed message's ts and its response_url, twice."""
    ts = await rig.post(actions(button("says")))
    ack = await rig.slack.press("ana", INCIDENTS, ts, "says")
    url = ack.payload["response_url"]
    return ts, url, AsyncWebhookClient(url, session=rig.session, retry_handlers=[])


async def test_a_response_url_whispers_replaces_and_deletes(rig: Rig) -> None:
    """Private unless in_channel; replace_original edits the pressed message, delete_original removes it."""
    ts, _, hook = await hook_of(rig)
    assert (await hook.send(text="psst")).status_code == 200
    assert (await hook.send(text="all", response_type="in_channel")).body == "ok"
    await hook.send(text="done", replace_original=True)
    assert [m.text for m in rig.slack.whispers("ana")] == ["psst"]
    assert [m.text for m in rig.slack.messages(INCIDENTS)] == ["done", "all"]
    await hook.send(delete_original=True)
    assert [m.text for m in rig.slack.messages(INCIDENTS)] == ["all"]
    assert [e.answer["ts"] == ts for e in rig.ledger.find("response_url")] == [False, False, True, True]


async def test_a_response_url_takes_five_posts_and_half_an_hour(rig: Rig) -> None:
    """The sixth is used_url; thirty virtual minutes later every one is expired_url."""
    _, _, hook = await hook_of(rig)
    codes = [(await hook.send(text="x")).status_code for _ in range(6)]
    assert codes == [200] * 5 + [404]
    _, _, other = await hook_of(rig)
    rig.clock.wind(timedelta(minutes=31))
    late = await other.send(text="x")
    assert (late.status_code, json.loads(late.body)["error"]) == (404, "expired_url")
    assert rig.slack.violations == {"used_url": 1, "expired_url": 1}


async def test_a_response_url_checks_content_and_obeys_the_fault_script(rig: Rig) -> None:
    """Bad blocks are 400; a lost answer leaves its effect; an unknown URL is expired."""
    _, url, hook = await hook_of(rig)
    assert (await hook.send(blocks=[{"type": "nonsense"}])).status_code == 400
    rig.ledger.faults.append(Fault("response_url", "accept_then_drop"))
    with pytest.raises(aiohttp.ClientError):
        await hook.send(text="lost answer")
    assert [m.text for m in rig.slack.whispers("ana")] == ["lost answer"]
    rig.ledger.faults.append(Fault("response_url", "status", status=502))
    assert (await hook.send(text="x")).status_code == 502
    async with rig.session.post(url.replace("T0SANDBOX/", "T0SANDBOX/9"), json={"text": "x"}) as response:
        assert response.status == 404
    async with rig.session.post(url, data=b"[1]") as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_payload")
    await rig.slack.archive("ana", INCIDENTS)
    assert json.loads((await hook.send(text="x")).body)["error"] == "is_archived"
