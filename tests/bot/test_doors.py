"""Both doors of the whole server, over HTTP: what is let in, what is not, and that what is not leaves no trace."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bot.gate import BODY_BYTES, COMMAND_BYTES
from bot.sandbox.ledger import Json
from bot.sandbox.slack import Ack
from bot.sandbox.teams import OTHER_TENANT, SigningKey
from tests.bot.doors import FORM, INCIDENTS, JSON, LASTING, SLACK, TEAMS, House, command, line


def stamped(house: House, body: bytes, at: str, secret: str = "") -> dict[str, str]:
    """Signed at this time, by this secret."""
    key = (secret or house.box.slack.signing_secret).encode()
    digest = hmac.new(key, f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {"Content-Type": FORM, "X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}


def now(seconds: float = 0) -> str:
    """A time as Slack writes it."""
    return str(int(time.time() + seconds))


FORGED: dict[str, Callable[[House, bytes], dict[str, str]]] = {
    "unsigned": lambda _h, _b: {"Content-Type": FORM},
    "another secret": lambda h, b: stamped(h, b, now(), "guess"),
    "another body": lambda h, b: stamped(h, b + b"&x=1", now()),
    "six minutes old": lambda h, b: stamped(h, b, now(-360)),
    "six minutes ahead": lambda h, b: stamped(h, b, now(360)),
    "no time": lambda h, b: stamped(h, b, ""),
    "an odd time": lambda h, b: stamped(h, b, "1e9"),
    "an empty signature": lambda h, b: stamped(h, b, now()) | {"X-Slack-Signature": ""},
    "a signature of other letters": lambda h, b: stamped(h, b, now()) | {"X-Slack-Signature": "v0=\u00e9\u00e9"},
}


@pytest.mark.parametrize("how", FORGED)
def test_what_slack_did_not_sign_is_refused_and_leaves_no_trace(house: House, how: str) -> None:
    """401, whatever was tried."""
    before, body = house.trace(), command()
    assert house.post(SLACK, body, FORGED[how](house, body)) == 401
    assert house.trace() == before


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"type": "event_callback"', JSON, 400),
        (b'{"a": NaN, "type": "url_verification", "challenge": "x"}', JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b'{"type": "url_verification", "challenge": "\\ud800"}', JSON, 400),
        (b"null", JSON, 400),
        (b"payload=null", FORM, 400),
        (b"payload=%7B", FORM, 400),
        (b"a=%FF", FORM, 400),
        (b"hello", FORM, 400),
        (b"", FORM, 400),
        (command(text="\0"), FORM, 400),
        (command(user_id=""), FORM, 400),
        (command(team_id="T0CONTOSO"), FORM, 403),
        (command(team_id=""), FORM, 403),
        (b'{"type": "event_callback", "team_id": "T0X", "event_id": "E", "event": {"type": "message"}}', JSON, 403),
        (command(text="x" * COMMAND_BYTES), FORM, 413),
        (b" " * (BODY_BYTES + 1), JSON, 413),
        (b" " * 1_000_000, JSON, 413),
        (command(), "text/plain", 415),
        (command(), "multipart/form-data; boundary=x", 415),
        (command(), "", 415),
    ],
)
def test_what_slack_would_not_send_is_refused_and_leaves_no_trace(
    house: House, body: bytes, kind: str, status: int
) -> None:
    """Signed or not, it says what is wrong with it by its status."""
    before = house.trace()
    try:
        assert house.slack(body, kind) == status
    except aiohttp.ClientOSError:
        assert len(body) > 2 * BODY_BYTES, "the server hung up on what it did not want to read"
    assert house.trace() == before


def test_slacks_own_questions_are_answered(house: House) -> None:
    """The certificate check and the challenge, and neither writes anything down."""
    before = house.trace()
    assert house.slack(b"ssl_check=1&token=x") == 200
    ack = house.runner.run(house.box.slack.verify_url())
    assert ack.ok
    assert ack.payload["challenge"] in ack.body
    assert house.trace() == before


def test_the_doors_take_posts_only(house: House) -> None:
    """Anything else is 405, and other paths are 404."""

    async def status(method: str, path: str) -> int:
        async with house.session.request(method, f"{house.url}{path}") as answer:
            return answer.status

    for path in (SLACK, TEAMS):
        assert {house.runner.run(status(m, path)) for m in ("GET", "PUT", "DELETE", "PATCH")} == {405}
    assert house.runner.run(status("GET", "/nowhere")) == 404


@pytest.mark.parametrize("path", [f"{SLACK}/", f"{TEAMS}/", f"/{SLACK}", "/healthz/", "/metrics/"])
def test_another_spelling_of_a_door_is_not_there_and_leads_nowhere(house: House, path: str) -> None:
    """No redirect, which would lead to whatever host the request named."""

    async def asked() -> tuple[int, str | None]:
        headers = {"Host": "evil.example"}
        async with house.session.post(
            URL(f"{house.url}{path}", encoded=True), headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers.get("Location")

    assert house.runner.run(asked()) == (404, None)


def repeated(house: House, ack: Ack) -> None:
    """Ten exact copies at once: the stored answer, and nothing else."""
    assert ack.ok, ack
    house.settle()
    before = house.trace(*LASTING, "outbox", "requests")

    async def again() -> list[Ack]:
        return list(await asyncio.gather(*(house.box.slack.again(ack) for _ in range(10))))

    copies = house.runner.run(again())
    assert {(c.status, c.body) for c in copies} == {(200, ack.body)}
    house.settle()
    assert house.trace(*LASTING, "outbox", "requests") == before


def test_an_exact_repeat_has_no_second_effect_in_slack(house: House) -> None:
    """A command, a form and a mention, each ten times more."""
    slack, run = house.box.slack, house.runner.run
    command_ack = run(slack.command("ana", INCIDENTS, "/incident", "note 1 written down once"))
    repeated(house, command_ack)
    assert run(slack.command("ana", INCIDENTS, "/incident", "update 1")).ok
    view = slack.top_view("ana")
    assert view is not None
    repeated(house, run(slack.submit("ana", view.id, {"text": "Said once"})))
    run(slack.mention("ana", INCIDENTS, "note 1 mentioned once"))
    house.settle()
    repeated(house, next(a for a in reversed(slack.wire.acks) if b"app_mention" in a.raw))


# --- Teams -----------------------------------------------------------------------------------------------------------


def signed(house: House, activity: Json, **how: Any) -> str:
    """A token of Microsoft's, bent."""
    return house.box.teams.identity.sign(activity, **how)


def unsigned(house: House, activity: Json) -> str:
    """A token whose head says that it needs no signature."""
    _, claims, _ = signed(house, activity).removeprefix("Bearer ").split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"sandbox-key-1"}').rstrip(b"=").decode()
    return f"Bearer {head}.{claims}."


UNTRUE: dict[str, Callable[[House, Json], str]] = {
    "no token": lambda _h, _a: "",
    "no scheme": lambda h, a: signed(h, a).removeprefix("Bearer "),
    "garbage": lambda _h, _a: "Bearer a.b.c",
    "no signature": unsigned,
    "expired": lambda h, a: signed(h, a, claims={"exp": int(time.time()) - 400}),
    "not yet": lambda h, a: signed(h, a, claims={"nbf": int(time.time()) + 400}),
    "without an end": lambda h, a: signed(h, a, drop=("exp",)),
    "for another bot": lambda h, a: signed(h, a, claims={"aud": "22222222-2222-4222-8222-222222222222"}),
    "by another issuer": lambda h, a: signed(h, a, claims={"iss": "https://sts.windows.net/x/"}),
    "for another address": lambda h, a: signed(h, a, claims={"serviceurl": "https://smba.trafficmanager.net/x/"}),
    "by another's key": lambda h, a: signed(h, a, key=SigningKey("mallory"), kid="sandbox-key-1"),
    "by an unknown key": lambda h, a: signed(h, a, key=SigningKey("mallory")),
    "by a key for web chats": lambda h, a: signed(h, a, key=SigningKey("sandbox-key-webchat")),
}


@pytest.mark.parametrize("how", UNTRUE)
def test_what_microsoft_did_not_sign_is_refused_and_leaves_no_trace(house: House, how: str) -> None:
    """401, whatever was tried."""
    before, activity = house.trace(), line(house)
    assert house.teams(activity, UNTRUE[how](house, activity)) == 401
    assert house.trace() == before


def test_another_tenant_or_channel_is_refused_and_leaves_no_trace(house: House) -> None:
    """Signed by Microsoft, and not of this house: 403; an address that is not Teams': 401."""
    before = house.trace()
    foreign = line(house)
    foreign["channelData"] = {"tenant": {"id": OTHER_TENANT}}
    elsewhere = line(house)
    elsewhere["conversation"]["tenantId"] = OTHER_TENANT
    nowhere = line(house, channelData={})
    nowhere["conversation"].pop("tenantId")
    assert [house.teams(a) for a in (foreign, elsewhere, nowhere)] == [403, 403, 403]
    assert house.teams(line(house, channelId="directline")) in (401, 403)
    assert house.teams(line(house, serviceUrl="https://evil.example/")) == 401
    assert house.trace() == before


def test_what_teams_would_not_send_is_refused_and_leaves_no_trace(house: House) -> None:
    """Too large, no JSON, another type: said before anybody looks at the token."""
    before = house.trace()
    token = {"Authorization": signed(house, line(house))}
    for body, kind, status in (
        (b"{", JSON, 400),
        (b"[]", JSON, 400),
        (b'{"type": 1}', JSON, 400),
        (b'{"type":"message","type":"message"}', JSON, 400),
        (b" " * (BODY_BYTES + 1), JSON, 413),
        (b"{}", "text/plain", 415),
    ):
        assert house.post(TEAMS, body, token | {"Content-Type": kind}) == status, body[:40]
    assert house.trace() == before


def test_an_exact_repeat_has_no_second_effect_in_teams(house: House) -> None:
    """A line, ten times more at once."""
    activity = line(house, "note 1 written down once in Teams")
    assert house.teams(activity) == 200
    house.settle()
    before = house.trace(*LASTING, "outbox", "requests")

    async def again() -> set[int]:
        return {d.status for d in await asyncio.gather(*(house.box.teams.deliver(activity) for _ in range(10)))}

    assert house.runner.run(again()) == {200}
    house.settle()
    assert house.trace(*LASTING, "outbox", "requests") == before
