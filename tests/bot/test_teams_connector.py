"""Teams' wire: who is believed, how a turn is carried, and what a failed call honestly says."""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import jwt
import pytest
import requests
import responses
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.gate import Refusal, check_teams_body, read_activity
from bot.sandbox.ledger import Fault, Ledger, SandboxClock
from bot.sandbox.teams import APP_ID, HOME_TENANT, FakeTeams
from bot.teams.calls import Caller, ConnectorFailed, retry_after
from bot.teams.connector import Connector, Sent, TeamsDoor
from bot.teams.hosts import TEAMS_HOSTS, Hosts, is_loopback
from bot.teams.keys import OPENID_URL, KeySet, KeysUnavailableError
from bot.teams.mentions import plain_text
from bot.teams.tokens import ISSUER, Forbidden, Unauthorised, Verified, Verifier

Json = dict[str, Any]

APP = "22222222-2222-2222-2222-222222222222"
TENANT = "11111111-1111-1111-1111-111111111111"
SERVICE = "https://smba.trafficmanager.net/amer/"
KEYS_URL = "https://login.botframework.com/v1/.well-known/keys"
THREAD = "19:room@thread.tacv2;messageid=1700000000000"
BOT = f"28:{APP}"
NOW = 1_800_000_000.0
PRIVATE = {name: rsa.generate_private_key(65537, 2048) for name in ("k1", "k2")}
JSON_TYPE = "application/json"


def token(kid: str = "k1", *, key: str | None = None, **claims: Any) -> str:
    """A Bot Framework token as Microsoft signs it, with claims replaced (None leaves one out)."""
    whole = {"iss": ISSUER, "aud": APP, "serviceurl": SERVICE, "nbf": int(NOW) - 10, "exp": int(NOW) + 3600, **claims}
    kept = {name: value for name, value in whole.items() if value is not None}
    return "Bearer " + jwt.encode(kept, PRIVATE[key or kid], algorithm="RS256", headers={"kid": kid})


def activity(**fields: Any) -> Json:
    """A message in a channel thread."""
    return {
        "type": "message",
        "id": "1",
        "channelId": "msteams",
        "serviceUrl": SERVICE,
        "from": {"id": "29:dana", "name": "Dana Lee", "aadObjectId": "aad-dana"},
        "conversation": {"id": THREAD, "tenantId": TENANT, "conversationType": "channel", "isGroup": True},
        "recipient": {"id": BOT, "name": "Amends"},
        "channelData": {"tenant": {"id": TENANT}, "team": {"id": "19:team"}},
        "text": "<at>Amends</at>&nbsp;declare sev1 Checkout is down",
        **fields,
    }


class Microsoft:
    """login.botframework.com: publishes keys, counts how often it is asked, can be broken."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.published = ["k1"]
        self.endorsements: list[str] | None = ["msteams", "webchat"]
        self.asked: list[threading.Thread] = []
        self.status = 200
        self.jwks_uri = KEYS_URL
        self.body: str | None = None
        mock.add_callback("GET", OPENID_URL, self._openid, content_type=JSON_TYPE)
        mock.add_callback("GET", KEYS_URL, self._keys, content_type=JSON_TYPE)

    def _openid(self, _request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        self.asked.append(threading.current_thread())
        return self.status, {}, json.dumps({"issuer": ISSUER, "jwks_uri": self.jwks_uri})

    def _keys(self, _request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        keys = []
        for kid in self.published:
            entry = json.loads(RSAAlgorithm.to_jwk(PRIVATE[kid].public_key())) | {"kid": kid, "use": "sig"}
            keys.append(entry | ({"endorsements": self.endorsements} if self.endorsements is not None else {}))
        odd: list[Any] = [
            {"kid": "ec", "kty": "EC"},
            {"kid": 7},
            "nonsense",
            {"kid": "k1", "kty": "RSA", "n": "!", "e": 1},
        ]
        return 200, {}, self.body if self.body is not None else json.dumps({"keys": [*odd, *keys]})


class Ticks:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Seconds since the test began."""
        return self.now


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def microsoft(web: responses.RequestsMock) -> Microsoft:
    return Microsoft(web)


def verifier(keys: KeySet | None = None, **options: Any) -> Verifier:
    return Verifier(APP, TENANT, keys or KeySet(), clock=lambda: NOW, **options)


async def verdict(checker: Verifier, authorization: str, received: Json, **headers: str) -> int:
    """200, or the status of the refusal."""
    try:
        checker.fits(await checker.sender({"Authorization": authorization, **headers}), received)
    except Refusal as refusal:
        return refusal.status
    return 200


# Who is believed


@pytest.mark.usefixtures("microsoft")
async def test_a_genuine_activity_is_verified() -> None:
    """A token signed by Microsoft for our app, our tenant and this serviceUrl is believed, whatever the header's case."""
    checker = verifier()
    for name in ("Authorization", "authorization", "AUTHORIZATION"):
        proven = checker.fits(await checker.sender({name: token()}), activity())
        assert proven == Verified(SERVICE, TENANT, APP, signed=True)
    assert await verdict(verifier(), token(serviceurl=None, serviceUrl=SERVICE), activity()) == 200


@pytest.mark.usefixtures("microsoft")
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-app"},
        {"aud": [APP]},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": None},
        {"exp": int(NOW) - 301},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 10**400},
        {"nbf": int(NOW) + 301},
        {"nbf": "soon"},
        {"serviceurl": None},
        {"serviceurl": "https://smba.trafficmanager.net/emea/"},
        {"serviceurl": [SERVICE]},
        {"serviceUrl": "https://smba.trafficmanager.net/emea/"},
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_claim_is_refused(claims: Json) -> None:
    """Each claim that does not fit, is missing, or is of a senseless type costs a 401."""
    assert await verdict(verifier(), token(**claims), activity()) == 401


@pytest.mark.usefixtures("microsoft")
async def test_five_minutes_of_clock_skew_are_forgiven() -> None:
    """A token 299 seconds past its end, or 299 seconds before its beginning, is still believed."""
    assert await verdict(verifier(), token(exp=int(NOW) - 299), activity()) == 200
    assert await verdict(verifier(), token(nbf=int(NOW) + 299), activity()) == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer xyz",
        "Bearer a.b.c",
        "Bearer e30.e30.e30",
        "Bearer bnVsbA.e30.AA",
        "Basic dXNlcjpwYXNz",
        "Bearer " + "a" * 20_000 + ".b.c",
        "Bearer é.é.é",
        "Bearer W1tbW1tb.e30.AA",
    ],
    ids=lambda text: text[:20],
)
async def test_what_is_no_token_is_refused(microsoft: Microsoft, authorization: str) -> None:
    """Garbage where a token should be is a 401, and asks Microsoft nothing."""
    assert await verdict(verifier(), authorization, activity()) == 401
    assert microsoft.asked == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
async def test_no_authorization_header_can_make_the_check_raise(text: str) -> None:
    """Whatever stands in the header, the answer is a 401."""
    nowhere = KeySet("http://127.0.0.1:9/")
    assert await verdict(verifier(nowhere), f"Bearer {text}", activity()) == 401


@pytest.mark.usefixtures("microsoft")
async def test_signatures_that_are_not_microsofts_are_refused() -> None:
    """Signed by another key, with the public key as an HMAC secret, or not at all: 401."""
    checker = verifier()
    assert await verdict(checker, token("k1", key="k2"), activity()) == 401
    claims = {"iss": ISSUER, "aud": APP, "serviceurl": SERVICE, "exp": int(NOW) + 60}
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": "k1"})
    hmac_signed = jwt.encode(claims, "k" * 32, algorithm="HS256", headers={"kid": "k1"})
    nameless = jwt.encode(claims, PRIVATE["k1"], algorithm="RS256")
    for forged in (unsigned, hmac_signed, nameless):
        assert await verdict(checker, f"Bearer {forged}", activity()) == 401


async def test_the_key_must_be_endorsed_for_the_channel(microsoft: Microsoft) -> None:
    """A key not endorsed for Teams signs nothing for Teams; one without endorsements signs nothing at all."""
    for endorsements in (["webchat"], [], None):
        microsoft.endorsements = endorsements
        assert await verdict(verifier(), token(), activity()) == 401
    microsoft.endorsements = ["msteams"]
    assert await verdict(verifier(), token(), activity(channelId=["msteams"])) == 401


@pytest.mark.usefixtures("microsoft")
async def test_other_channels_of_the_same_bot_are_forbidden() -> None:
    """Web Chat lets a client write its own sender, so even a genuine activity of it is a 403."""
    assert await verdict(verifier(), token(), activity(channelId="webchat")) == 403


@pytest.mark.usefixtures("microsoft")
@pytest.mark.parametrize(
    "fields",
    [
        {"channelData": {"tenant": {"id": "another"}}},
        {"conversation": {"id": THREAD, "tenantId": "another"}},
        {"channelData": {"tenant": {"id": "another"}}, "conversation": {"id": THREAD}},
        {"channelData": None, "conversation": {"id": THREAD}},
        {"channelData": {"tenant": {"id": 7}}},
        {"channelData": {"tenant": TENANT}, "conversation": {"id": THREAD}},
        {"channelData": [], "conversation": "x"},
    ],
    ids=str,
)
async def test_another_tenant_is_forbidden(fields: Json) -> None:
    """An activity of another tenant, or of none, is a 403 although Microsoft signed it."""
    assert await verdict(verifier(), token(), activity(**fields)) == 403


@pytest.mark.usefixtures("microsoft")
async def test_the_tenant_may_stand_in_either_place() -> None:
    """channelData.tenant.id or conversation.tenantId will do, in any case."""
    assert await verdict(verifier(), token(), activity(channelData=None)) == 200
    assert await verdict(verifier(), token(), activity(conversation={"id": THREAD})) == 200
    upper = {"tenant": {"id": TENANT.upper()}}
    assert await verdict(verifier(), token(), activity(channelData=upper)) == 200


@pytest.mark.usefixtures("microsoft")
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://smba.trafficmanager.net/amer/",
        "https://smba.trafficmanager.net:8443/amer/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://smba.trafficmanager.net@evil.example/",
        "https://evil.example\\@smba.trafficmanager.net/",
        "https://evil.example#smba.trafficmanager.net/",
        "https://smba.trafficmanager.net/amer/?x={y}",
        "https://smba.trafficmanager.net/\r\nHost: evil.example",
        "https://127.0.0.1/",
        "//smba.trafficmanager.net/",
        "",
        None,
        ["https://smba.trafficmanager.net/"],
    ],
    ids=str,
)
async def test_threat_11_a_service_url_off_the_list_is_refused(url: Any) -> None:
    """Even signed and claimed, a serviceUrl whose host is not Teams' is a 401, and nothing is sent there."""
    assert await verdict(verifier(), token(serviceurl=url), activity(serviceUrl=url)) == 401
    connector = Connector(APP, "", TENANT, token_source=lambda: ("T", 3600))
    with pytest.raises(ConnectorFailed) as failed:
        await connector.post(url, THREAD, {})
    assert (failed.value.code, failed.value.ambiguous) == ("host_not_allowed", False)
    with pytest.raises(ConnectorFailed):
        await connector.channels(url, "19:team")
    connector.close()


def test_teams_hosts_and_named_local_ones_are_admitted() -> None:
    """Every Teams host over https, and a loopback host once a setting names it."""
    assert all(Hosts().admits(f"https://{host}/amer/") for host in TEAMS_HOSTS)
    assert Hosts(local={"127.0.0.1"}).admits("http://127.0.0.1:4001/teams/")
    assert Hosts(local={"::1"}).admits("http://[::1]:4001/teams/")
    assert not Hosts(local={"127.0.0.1"}).admits("http://127.0.0.2:4001/")
    assert not Hosts(any_loopback=True).admits("https://smba.trafficmanager.net/amer/")
    with pytest.raises(ValueError, match="loopback"):
        Hosts(local={"10.0.0.5"})
    assert is_loopback("::ffff:127.0.0.1")
    assert not is_loopback("127.0.0.1.evil.example")


def test_threat_02_a_blank_app_id_or_tenant_refuses_to_start() -> None:
    """Without an app id nothing could be checked; without a tenant everybody's activities would pass."""
    for app_id, tenant_id in (("", TENANT), ("  ", TENANT), (APP, ""), (APP, " ")):
        with pytest.raises(ValueError, match="Teams bot"):
            Verifier(app_id, tenant_id, KeySet())
    with pytest.raises(ValueError, match="no app id"):
        Verifier(APP, TENANT, KeySet(), unauthenticated_loopback=True)
    with pytest.raises(ValueError, match="Teams bot"):
        Connector("", "", "")


# Unsigned, from this machine

PLAYGROUND = "http://localhost:56150/_connector"


async def local(received: Json, peer: str | None = "127.0.0.1", tenant: str = "", **headers: str) -> int:
    checker = Verifier("", tenant, KeySet(), unauthenticated_loopback=True)
    try:
        proven = checker.fits(await checker.sender({"Host": "127.0.0.1:3978", **headers}, peer), received)
    except Refusal as refusal:
        return refusal.status
    assert not proven.signed
    return 200


async def test_a_local_tool_needs_no_token() -> None:
    """Agents Playground, which signs nothing and calls this machine `localhost`, is heard; any tenant will do."""
    received = activity(serviceUrl=PLAYGROUND)
    assert await local(received) == 200
    assert await local(received, "::1") == 200
    assert await local(activity(serviceUrl=PLAYGROUND, channelData=None, conversation={"id": "c"})) == 200
    assert await local(received, tenant="another") == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"x-forwarded-host": "a"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "127.0.0.1"},
        {"Host": "rebound.example:3978"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
async def test_threat_02_an_unsigned_activity_through_a_proxy_or_page_is_refused(headers: dict[str, str]) -> None:
    """Forwarded requests and other sites' pages could come from anywhere: 401."""
    assert await local(activity(serviceUrl=PLAYGROUND), **headers) == 401


async def test_threat_02_an_unsigned_activity_from_elsewhere_is_refused() -> None:
    """Another machine's address, an unknown one, or an answer that would go to another machine: 401."""
    assert await local(activity(serviceUrl=PLAYGROUND), "192.0.2.7") == 401
    assert await local(activity(serviceUrl=PLAYGROUND), None) == 401
    assert await local(activity()) == 401
    assert await local(activity(serviceUrl="http://192.0.2.7/")) == 401


# Keys


async def test_keys_are_fetched_in_a_thread_once_for_many(microsoft: Microsoft) -> None:
    """Fifty activities at once cost one fetch, off the event loop's thread."""
    keys = KeySet()
    found = await asyncio.gather(*(keys.find("k1") for _ in range(50)))
    assert all(found)
    assert len(microsoft.asked) == 1
    assert microsoft.asked[0] is not threading.main_thread()


async def test_a_new_key_is_believed_at_its_first_use(microsoft: Microsoft) -> None:
    """A rollover right after the first fetch costs no refusal."""
    checker = verifier(KeySet(clock=Ticks()))
    assert await verdict(checker, token("k1"), activity()) == 200
    microsoft.published = ["k1", "k2"]
    assert await verdict(checker, token("k2"), activity()) == 200


async def test_unknown_keys_ask_at_most_once_a_minute(microsoft: Microsoft) -> None:
    """A hundred forged key ids make two fetches in a minute: the first one's, and one for the miss."""
    ticks = Ticks()
    keys = KeySet(clock=ticks)
    for number in range(100):
        assert await keys.find(f"forged-{number}") is None
    assert len(microsoft.asked) == 2
    ticks.now = 60
    assert await keys.find("forged") is None
    assert len(microsoft.asked) == 3


async def test_the_last_good_keys_survive_a_failed_renewal(microsoft: Microsoft) -> None:
    """A day later Microsoft's server fails in every way it can; the known key goes on being believed."""
    ticks = Ticks()
    keys = KeySet(clock=ticks)
    assert await keys.find("k1")
    for fault in ("status", "html", "empty"):
        ticks.now += 100_000
        microsoft.status = 503 if fault == "status" else 200
        microsoft.body = {"html": "<html>", "empty": '{"keys": []}'}.get(fault)
        before = len(microsoft.asked)
        assert await keys.find("gone") is None
        assert len(microsoft.asked) == before + 1
        assert await keys.find("k1")


async def test_keys_of_another_host_are_not_fetched(microsoft: Microsoft, web: responses.RequestsMock) -> None:
    """Metadata that points elsewhere is not followed, though keys are there to be had."""
    entry = json.loads(RSAAlgorithm.to_jwk(PRIVATE["k1"].public_key())) | {"kid": "k1", "endorsements": ["msteams"]}
    for url in ("https://evil.example/keys", "http://login.botframework.com/v1/.well-known/keys"):
        web.get(url, json={"keys": [entry]})
        microsoft.jwks_uri = url
        with pytest.raises(KeysUnavailableError):
            await KeySet().find("k1")


async def test_a_known_key_is_answered_while_the_set_is_renewed(microsoft: Microsoft) -> None:
    """After a day the old set still answers at once, and is renewed behind it."""
    ticks = Ticks()
    keys = KeySet(clock=ticks)
    assert await keys.find("k1")
    ticks.now = 90_000
    microsoft.published = ["k2"]
    assert await keys.find("k1")
    assert await keys.find("k2")
    assert await keys.find("k1") is None


async def test_a_start_during_an_outage_is_refused_and_heals(microsoft: Microsoft) -> None:
    """While no key was ever fetched activities are refused with 401, and five seconds later asked for again."""
    ticks = Ticks()
    keys = KeySet(clock=ticks)
    microsoft.status = 500
    assert await verdict(verifier(keys), token(), activity()) == 401
    with pytest.raises(KeysUnavailableError):
        await keys.find("k1")
    assert len(microsoft.asked) == 1
    microsoft.status = 200
    ticks.now = 5
    assert await verdict(verifier(keys), token(), activity()) == 200


# A turn


@asynccontextmanager
async def open_door() -> AsyncIterator[tuple[TeamsDoor, Connector]]:
    connector = Connector(APP, "", TENANT, token_source=lambda: ("T", 3600))
    try:
        yield TeamsDoor(connector), connector
    finally:
        connector.close()


PROVEN = Verified(SERVICE, TENANT, APP, signed=True)
CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Hi"}]}


async def turn(received: Json, body: Json | None = None) -> tuple[int, Json | None, list[Json]]:
    heard: list[Json] = []

    async def on_activity(one: Json) -> Json | None:
        heard.append(one)
        return body

    async with open_door() as (door, _):
        status, answer = await door.handle(received, PROVEN, on_activity)
    return status, answer, heard


@pytest.mark.parametrize(
    ("kind", "heard"),
    [
        ("message", True),
        ("messageUpdate", True),
        ("messageDelete", True),
        ("messageReaction", True),
        ("conversationUpdate", True),
        ("installationUpdate", True),
        ("typing", False),
        ("event", False),
        ("endOfConversation", False),
        ("somethingNew", False),
    ],
)
async def test_each_kind_of_activity_reaches_the_handler_or_is_accepted(kind: str, heard: bool) -> None:
    """The kinds Amends acts on arrive exactly as they came; the rest gets a 200 and silence."""
    members = {"membersAdded": [{"id": "29:new"}], "action": "add", "name": "x", "reactionsAdded": [{"type": "like"}]}
    received = activity(type=kind, unheardOf={"a": [1]}, **members)
    status, answer, seen = await turn(received, {"ignored": True})
    assert (status, answer) == (200, None)
    assert seen == ([received] if heard else [])


@pytest.mark.parametrize("name", ["adaptiveCard/action", "task/fetch", "task/submit"])
async def test_an_invoke_is_answered_with_a_plain_body(name: str) -> None:
    """What the handler returns is the HTTP body, whatever kind of action the card carried."""
    body = {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": CARD}
    actions = [{"action": {"type": f"Action.{kind}", "data": {}}} for kind in ("Execute", "Submit", "Made.Up")]
    for value in (*actions, None, "x", 5):
        assert (await turn(activity(type="invoke", name=name, value=value), body))[:2] == (200, body)
    assert (await turn(activity(type="invoke", name=name)))[:2] == (200, None)


async def test_an_unknown_invoke_is_accepted_without_the_handler() -> None:
    """Invokes of other features are never an error: Teams would stop delivering."""
    for name in ("composeExtension/query", "signin/verifyState", "fileConsent/invoke", "made/up", None, 7, ""):
        status, answer, heard = await turn(activity(type="invoke", name=name, value={"x": 1}), {"y": 1})
        assert (status, answer, heard) == (200, None, [])


async def test_an_activity_without_its_essentials_is_malformed() -> None:
    """No conversation, or a message from nobody, is a 400; odd entities and values are not looked at."""
    assert (await turn(activity(conversation=None)))[0] == 400
    assert (await turn(activity(conversation={"id": 5})))[0] == 400
    assert (await turn(activity(**{"from": []})))[0] == 400
    odd = activity(
        entities=[{"type": 5}, "x", None], timestamp="yesterday", recipient="nobody", deliveryMode="expectReplies"
    )
    assert (await turn(odd))[0] == 200


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*activity(), "name", "value", "entities", "action", "attachments"]), JUNK, max_size=4
    )
)
async def test_no_activity_can_make_the_door_raise(fields: Json) -> None:
    """Real activities with fields replaced by anything are a 200 or a 400, never an exception."""
    for kind in ("message", "invoke"):
        status, _, _ = await turn(activity(type=kind, name="task/fetch") | fields)
        assert status in {200, 400}


async def test_a_handlers_fault_is_not_swallowed() -> None:
    """A bug below goes through to whoever gives it a reference number."""

    async def broken(_: Json) -> None:
        raise LookupError("a bug")

    async with open_door() as (door, _):
        with pytest.raises(LookupError):
            await door.handle(activity(), PROVEN, broken)


async def test_turns_at_once_keep_their_activities_apart() -> None:
    """Fifty turns under way at once each answer their own invoke."""

    async def echo(one: Json) -> Json:
        await asyncio.sleep(0)
        return {"id": one["id"]}

    async with open_door() as (door, _):
        turns = (door.handle(activity(type="invoke", name="task/fetch", id=str(n)), PROVEN, echo) for n in range(50))
        assert await asyncio.gather(*turns) == [(200, {"id": str(n)}) for n in range(50)]


# What was said


def said(text: str, *people: tuple[str, str], bot: str = "Amends") -> Json:
    entities = [
        {"type": "mention", "text": f"<at>{name}</at>", "mentioned": {"id": who, "name": name}} for name, who in people
    ]
    ours = {"type": "mention", "text": f"<at>{bot}</at>", "mentioned": {"id": BOT, "name": bot}}
    return activity(text=text, entities=[*entities, ours, {"type": "clientInfo", "locale": "en-US"}])


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<at>Amends</at>&nbsp;declare sev1 A &amp; B are down", "declare sev1 A & B are down"),
        ("<at>Amends</at> list\n", "list"),
        ("declare X <at>Amends</at>", "declare X"),
        ('<at id="0">Amends</at>\u00a0status 7', "status 7"),
        ("<AT>Amends</AT>status 7", "status 7"),
        ("note 7 a &lt; b and ?x=1&copy=2", "note 7 a < b and ?x=1&copy=2"),
        ("update 7 first line\r\nsecond&nbsp;&nbsp;line", "update 7 first line\nsecond line"),
        ("note &lt;at&gt;Amends&lt;/at&gt;", "note <at>Amends</at>"),
        ("<at>Amends</at>", ""),
        ("help <at>Nobody</at>", "help Nobody"),
        ("broken <at>Amends", "broken <at>Amends"),
    ],
)
def test_the_bots_own_mention_is_taken_out(text: str, plain: str) -> None:
    """What is left is what the person meant to say, with one space where Teams left `&nbsp;`."""
    assert plain_text(said(text), BOT).text == plain


def test_other_peoples_mentions_stay_as_names_with_their_ids() -> None:
    """`@name` stands in the text, and the mapping says who is meant; two of one name are told apart."""
    received = said(
        "<at>Amends</at>&nbsp;role commander <at>Alex Kim</at> comms <at>Alex Kim</at> cc <at>Ana &amp; Co</at>",
        ("Alex Kim", "29:a"),
        ("Alex Kim", "29:b"),
        ("Ana & Co", "29:c"),
    )
    result = plain_text(received, BOT)
    assert result.text == "role commander @Alex Kim comms @Alex Kim (2) cc @Ana & Co"
    assert result.mentions == {"Alex Kim": "29:a", "Alex Kim (2)": "29:b", "Ana & Co": "29:c"}
    assert result.to_bot


def test_a_name_that_teams_split_is_one_person_again() -> None:
    """`<at>Dana</at>&nbsp;<at>Lee</at>` with one id is @Dana Lee; tags that touch are two mentions."""
    received = said("role comms <at>Dana</at>&nbsp;<at>Lee</at>", ("Dana", "29:d"), ("Lee", "29:d"))
    assert plain_text(received, BOT).text == "role comms @Dana Lee"
    assert plain_text(received, BOT).mentions == {"Dana Lee": "29:d"}
    twice = said("<at>Dana</at><at>Dana</at>", ("Dana", "29:d"))
    assert plain_text(twice, BOT).text == "@Dana@Dana"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | JUNK, JUNK | st.just(said("", ("A", "29:a"))["entities"]))
def test_no_text_can_make_the_reading_raise(text: Any, entities: Any) -> None:
    """Anything at all in `text` and `entities` is read as well as it can be."""
    assert isinstance(plain_text({"text": text, "entities": entities}, BOT).text, str)


# Calls out, on recorded answers


class Teams:
    """The Bot Connector and Entra as `responses` sees them: what was asked, and by which thread."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.calls: list[requests.PreparedRequest] = []
        self.tokens = 0
        self.threads: set[str] = set()
        self.answer: tuple[int, dict[str, str], str] = (201, {}, '{"id": "1700000000001"}')
        self.token_answer: tuple[int, dict[str, str], str] | None = None
        login = f"https://login.microsoftonline.com/{TENANT}"
        discovery = {
            "token_endpoint": f"{login}/oauth2/v2.0/token",
            "authorization_endpoint": f"{login}/oauth2/v2.0/authorize",
            "issuer": f"{login}/v2.0",
        }
        for method, url, callback in (
            ("GET", re.compile(r"https://login\.microsoftonline\.com/.*openid-configuration.*"), None),
            ("POST", re.compile(r"https://login\.microsoftonline\.com/.*/token"), self._token),
        ):
            mock.add_callback(
                method, url, callback or (lambda _: (200, {}, json.dumps(discovery))), content_type=JSON_TYPE
            )
        for method in ("GET", "POST", "PUT", "DELETE"):
            mock.add_callback(
                method, re.compile(r"https://smba\.trafficmanager\.net/.*"), self._call, content_type=JSON_TYPE
            )

    def _token(self, _request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        self.tokens += 1
        self.threads.add(threading.current_thread().name)
        whole = {"token_type": "Bearer", "expires_in": 3599, "access_token": f"AT{self.tokens}"}
        return self.token_answer or (200, {}, json.dumps(whole))

    def _call(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        self.calls.append(request)
        self.threads.add(threading.current_thread().name)
        return self.answer

    @property
    def body(self) -> Any:
        """The last call's body."""
        return json.loads(self.calls[-1].body or "null")

    @property
    def line(self) -> str:
        """The last call's method and path."""
        return f"{self.calls[-1].method} {self.calls[-1].path_url}"


@pytest.fixture
def teams(web: responses.RequestsMock) -> Teams:
    return Teams(web)


@pytest.fixture
def connector(teams: Teams) -> Iterator[Connector]:
    made = Connector(APP, "secret", TENANT)
    yield made
    made.close()


MENTION = {"type": "mention", "text": "<at>Dana</at>", "mentioned": {"id": "29:d", "name": "Dana"}}
MESSAGE = {
    "type": "message",
    "textFormat": "xml",
    "text": "Hi <at>Dana</at>, ≤ 30 min 🙂",
    "entities": [
        MENTION,
        {"type": "https://schema.org/Message", "@type": "Message", "additionalType": ["AIGeneratedContent"]},
    ],
    "attachments": [
        {"contentType": "application/vnd.microsoft.card.adaptive", "content": {**CARD, "x": None}, "odd": 1}
    ],
    "channelData": {"notification": {"alert": True}},
    "futureField": {"a": [1, 2.5, None, True]},
}


async def test_what_is_posted_arrives_word_for_word(teams: Teams, connector: Connector) -> None:
    """Mentions, cards and fields no SDK knows reach Teams as they are; the thread's id is quoted in the path."""
    assert await connector.post(SERVICE, THREAD, MESSAGE) == Sent("1700000000001")
    assert teams.body == MESSAGE
    assert teams.line == "POST /amer/v3/conversations/19%3Aroom%40thread.tacv2%3Bmessageid%3D1700000000000/activities"
    assert teams.calls[-1].headers["Authorization"] == "Bearer AT1"
    assert teams.calls[-1].headers["Content-Type"].startswith("application/json")


async def test_replies_edits_and_deletions_name_their_activity(teams: Teams, connector: Connector) -> None:
    """Each goes to the activity's own address; an edit needs no id in the answer, a deletion no body."""
    assert await connector.reply_to(SERVICE, "c", "5", MESSAGE) == Sent("1700000000001")
    assert teams.line == "POST /amer/v3/conversations/c/activities/5"
    teams.answer = (200, {}, "")
    assert await connector.update(SERVICE, "c", "5", MESSAGE) == Sent("5")
    assert (teams.line, teams.body) == ("PUT /amer/v3/conversations/c/activities/5", {**MESSAGE, "id": "5"})
    await connector.delete(SERVICE, "c", "5")
    assert teams.line == "DELETE /amer/v3/conversations/c/activities/5"


async def test_a_thread_is_opened_with_its_first_activity(teams: Teams, connector: Connector) -> None:
    """The channel, the tenant and the activity go out; the conversation's and the activity's ids come back."""
    teams.answer = (201, {}, json.dumps({"id": THREAD, "activityId": "17", "serviceUrl": "https://evil.example/"}))
    assert await connector.create_thread(SERVICE, "19:channel", MESSAGE, BOT, TENANT) == (THREAD, "17")
    assert teams.line == "POST /amer/v3/conversations"
    assert teams.body["channelData"] == {"channel": {"id": "19:channel"}, "tenant": {"id": TENANT}}
    assert (teams.body["activity"], teams.body["bot"], teams.body["isGroup"]) == (MESSAGE, {"id": BOT}, True)


async def test_a_personal_conversation_is_opened(teams: Teams, connector: Connector) -> None:
    """One member, our tenant, no group."""
    teams.answer = (200, {}, '{"id": "a:1"}')
    assert await connector.create_personal(SERVICE, "29:dana", BOT, TENANT) == "a:1"
    assert teams.body["members"] == [{"id": "29:dana"}]
    assert (teams.body["isGroup"], teams.body["tenantId"]) == (False, TENANT)


async def test_a_member_is_described_in_seven_fields(teams: Teams, connector: Connector) -> None:
    """Fields Teams leaves out are None; the object id counts under its older name too."""
    answer = {
        "id": "29:d",
        "name": "Dana Lee",
        "objectId": "aad",
        "email": "d@example.com",
        "tenantId": TENANT,
        "userRole": "guest",
    }
    teams.answer = (200, {}, json.dumps(answer))
    assert await connector.member(SERVICE, "c", "29:d") == {
        "id": "29:d",
        "name": "Dana Lee",
        "email": "d@example.com",
        "userPrincipalName": None,
        "aadObjectId": "aad",
        "tenantId": TENANT,
        "userRole": "guest",
    }
    assert teams.line == "GET /amer/v3/conversations/c/members/29%3Ad"


async def test_a_teams_channels_are_listed(teams: Teams, connector: Connector) -> None:
    """Entries without an id are left out."""
    teams.answer = (200, {}, json.dumps({"conversations": [{"id": "19:team"}, {"id": "19:ops", "name": "Ops"}, {}, 5]}))
    assert await connector.channels(SERVICE, "19:team@thread.tacv2") == [
        {"id": "19:team"},
        {"id": "19:ops", "name": "Ops"},
    ]
    assert teams.line == "GET /amer/v3/teams/19%3Ateam%40thread.tacv2/conversations"


async def test_many_sends_share_one_token_and_leave_the_loop_alone(teams: Teams, connector: Connector) -> None:
    """Forty sends at once cost one token, and neither tokens nor calls run on the event loop's thread."""
    sent = await asyncio.gather(*(connector.post(SERVICE, f"c{n}", MESSAGE) for n in range(40)))
    assert len(sent) == len(teams.calls) == 40
    assert teams.tokens == 1
    assert all(name.startswith("teams") for name in teams.threads)


async def test_a_token_is_renewed_before_it_ends(teams: Teams) -> None:
    """Five minutes before its end a token is replaced."""
    ticks = Ticks()
    handed = iter(["A", "B"])
    made = Connector("", "", "", token_source=lambda: (next(handed), 3600), clock=ticks)
    for now, expected in ((0, "A"), (3299, "A"), (3300, "B")):
        ticks.now = now
        await made.post(SERVICE, "c", MESSAGE)
        assert teams.calls[-1].headers["Authorization"] == f"Bearer {expected}"
    made.close()


async def test_a_refused_token_is_not_used_again(teams: Teams, connector: Connector) -> None:
    """After a 401 the next call fetches a new token."""
    teams.answer = (401, {}, "")
    with pytest.raises(ConnectorFailed) as failed:
        await connector.post(SERVICE, "c", MESSAGE)
    assert (failed.value.status, failed.value.ambiguous) == (401, False)
    teams.answer = (201, {}, '{"id": "2"}')
    await connector.post(SERVICE, "c", MESSAGE)
    assert teams.calls[-1].headers["Authorization"] == "Bearer AT2"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((400, {}, '{"error": "invalid_client", "error_description": "AADSTS7000215"}'), "token_invalid_client"),
        ((200, {}, "<html>"), "token_unreachable"),
        ((503, {}, "{}"), "token_unreachable"),
    ],
)
async def test_without_a_token_nothing_is_sent(
    teams: Teams, connector: Connector, answer: tuple[int, dict[str, str], str], code: str
) -> None:
    """Entra's refusals and faults are definite: no call to Teams was made."""
    teams.token_answer = answer
    outcomes = await asyncio.gather(*(connector.post(SERVICE, "c", MESSAGE) for _ in range(5)), return_exceptions=True)
    assert [(getattr(one, "code", one), getattr(one, "ambiguous", None)) for one in outcomes] == [(code, False)] * 5
    assert teams.calls == []
    assert teams.tokens == 1


async def test_unsigned_calls_carry_no_token(web: responses.RequestsMock) -> None:
    """To a local tool no Authorization header is sent."""
    web.post(re.compile(r"http://localhost:56150/_connector/.*"), json={"id": "1"})
    made = Connector("", "", "", hosts=Hosts(any_loopback=True))
    assert await made.post(PLAYGROUND, "c", MESSAGE) == Sent("1")
    assert "Authorization" not in web.calls[0].request.headers
    made.close()


@pytest.mark.parametrize(
    ("status", "body", "ambiguous", "code"),
    [
        (400, '{"error": {"code": "BadSyntax", "message": "m"}}', False, "BadSyntax"),
        (403, '{"error": {"code": "BotNotInConversationRoster"}}', False, "BotNotInConversationRoster"),
        (404, "", False, "http_404"),
        (405, "<html>", False, "http_405"),
        (412, "", False, "http_412"),
        (413, '{"error": {"code": "MessageSizeTooBig"}}', False, "MessageSizeTooBig"),
        (429, '{"error": {"code": "has spaces & ids"}}', False, "http_429"),
        (307, "", False, "http_307"),
        (408, "", True, "http_408"),
        (500, '{"error": "text"}', True, "http_500"),
        (502, "<html>", True, "http_502"),
        (503, "", True, "http_503"),
        (504, "", True, "http_504"),
        (200, "<html>", True, "not_json"),
        (201, '{"id": "17', True, "not_json"),
        (201, "", True, "no_id"),
        (201, "[]", True, "no_id"),
        (201, '{"id": ""}', True, "no_id"),
    ],
)
async def test_an_answers_status_says_whether_it_may_have_happened(
    teams: Teams, connector: Connector, *, status: int, body: str, ambiguous: bool, code: str
) -> None:
    """4xx and redirects are definite; 408, 5xx and a 2xx that cannot be read are not."""
    teams.answer = (status, {"Location": "https://evil.example/"}, body)
    with pytest.raises(ConnectorFailed) as failed:
        await connector.post(SERVICE, "c", MESSAGE)
    assert (failed.value.ambiguous, failed.value.code) == (ambiguous, code)
    assert len(teams.calls) == 1


async def test_edits_are_not_retried_below_us(teams: Teams, connector: Connector) -> None:
    """A 503 on an edit is one call, with its status and Retry-After intact."""
    teams.answer = (503, {"Retry-After": "7"}, "")
    with pytest.raises(ConnectorFailed) as failed:
        await connector.update(SERVICE, "c", "5", MESSAGE)
    assert (failed.value.status, failed.value.retry_after, failed.value.ambiguous) == (503, 7.0, True)
    assert len(teams.calls) == 1


async def test_a_failed_look_had_no_effect(teams: Teams, connector: Connector) -> None:
    """Reading is never ambiguous, whatever came back."""
    for status, body in ((500, ""), (200, "<html>"), (200, "[]"), (200, "")):
        teams.answer = (status, {}, body)
        for call in (connector.member(SERVICE, "c", "29:d"), connector.channels(SERVICE, "t")):
            with pytest.raises(ConnectorFailed) as failed:
                await call
            assert not failed.value.ambiguous


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-4", 0.0),
        ("1e99", 86_400.0),
        ("nan", None),
        ("soon", None),
        ("", None),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
        ("Fri, 99 Foo 2027", None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(value: str, seconds: float | None) -> None:
    """Numbers, dates and nonsense, never beyond a day."""
    assert retry_after({"retry-after": value}, now=NOW) == seconds


# Calls out, on real sockets

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


async def failure(call: Awaitable[Any]) -> ConnectorFailed:
    with pytest.raises(ConnectorFailed) as failed:
        await call
    return failed.value


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


# Against the sandbox's Teams, over HTTP both ways

INCIDENTS = "19:incidents@thread.tacv2"
OPERATIONS = "19:operations@thread.tacv2"


class Bot:
    """The whole wire of this file behind one endpoint, and the sandbox's Teams beside it."""

    def __init__(self) -> None:
        clock = SandboxClock()
        self.ledger = Ledger(clock)
        self.teams = FakeTeams(self.ledger, clock)
        self.hosts = Hosts(local={"127.0.0.1"})
        self.connector = Connector(
            "", "", "", hosts=self.hosts, token_source=lambda: (self.teams.identity.issue(), 3600)
        )
        self.door = TeamsDoor(self.connector)
        self.verifier: Verifier | None = None
        self.heard: list[Json] = []
        self.answer: Json | None = None
        self.routes = [
            Mount("/sandbox/teams", routes=self.teams.routes()),
            Route("/api/messages", self.messages, methods=["POST"]),
        ]

    def listen(self, address: str) -> None:
        """Tell both sides where the other is."""
        self.teams.service_url = f"{address}/sandbox/teams/"
        self.teams.messages_url = f"{address}/api/messages"
        keys = KeySet(f"{address}/sandbox/teams/v1/.well-known/openidconfiguration")
        self.verifier = Verifier(APP_ID, HOME_TENANT, keys, hosts=self.hosts)

    async def messages(self, request: Request) -> Response:
        """The endpoint, as the listener has it."""
        assert self.verifier is not None
        try:
            body = await request.body()
            check_teams_body(request.headers, body)
            sender = await self.verifier.sender(request.headers)
            proven = self.verifier.fits(sender, received := read_activity(body))
        except Refusal as refusal:
            return Response(status_code=refusal.status)
        status, body = await self.door.handle(received, proven, self.hear)
        return JSONResponse(body, status)

    async def hear(self, received: Json) -> Json | None:
        """Note it, and answer what the test wants."""
        self.heard.append(received)
        return self.answer

    @property
    def service_url(self) -> str:
        """Where the last activity wants its answers."""
        return str(self.heard[-1]["serviceUrl"])


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    made = Bot()
    server_ = uvicorn.Server(uvicorn.Config(Starlette(routes=made.routes), log_config=None, lifespan="off", ws="none"))
    listener = socket.create_server(("127.0.0.1", 0))
    made.listen(f"http://127.0.0.1:{listener.getsockname()[1]}")
    serving = asyncio.create_task(server_.serve([listener]))
    yield made
    made.connector.close()
    server_.should_exit = server_.force_exit = True
    await serving


async def test_a_conversation_with_the_sandbox(bot: Bot) -> None:
    """A mention is heard, a thread opened, a card posted in it, edited and deleted, and members and channels found."""
    assert (await bot.teams.mention("ben", INCIDENTS, "role comms @cleo")).status == 200
    said_text = plain_text(bot.heard[0], f"28:{APP_ID}")
    assert (said_text.text, said_text.mentions) == ("role comms @Cleo Brandt", {"Cleo Brandt": "29:cleo"})
    url, bot_id = bot.service_url, f"28:{APP_ID}"
    room, first = await bot.connector.create_thread(
        url, INCIDENTS, {"type": "message", "text": "INC-7"}, bot_id, HOME_TENANT
    )
    card = {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": CARD}],
    }
    sent = await bot.connector.post(url, room, card)
    assert sent.activity_id != first
    await bot.connector.reply_to(url, room, first, {"type": "message", "text": "more"})
    await bot.connector.update(url, room, sent.activity_id, {"type": "message", "text": "edited"})
    await bot.connector.delete(url, room, sent.activity_id)
    member = await bot.connector.member(url, room, "29:cleo")
    assert (member["name"], member["tenantId"]) == ("Cleo Brandt", HOME_TENANT)
    assert INCIDENTS in [channel["id"] for channel in await bot.connector.channels(url, OPERATIONS)]
    personal = await bot.connector.create_personal(url, "29:cleo", bot_id, HOME_TENANT)
    assert personal == await bot.connector.create_personal(url, "29:cleo", bot_id, HOME_TENANT)
    assert bot.teams.violations == []


async def test_presses_and_forms_with_the_sandbox(bot: Bot) -> None:
    """Execute, Submit, a dialog's opening and an installation all get their 200."""
    await bot.teams.mention("ben", INCIDENTS, "list")
    buttons = [
        {"type": "Action.Execute", "title": "Resolve", "verb": "resolve", "data": {"says": "resolve 7"}},
        {"type": "Action.Submit", "title": "Note", "data": {"says": "note"}},
        {"type": "Action.Submit", "title": "Form", "data": {"msteams": {"type": "task/fetch"}, "form": "declare"}},
    ]
    card = {**CARD, "actions": buttons}
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    sent = await bot.connector.post(bot.service_url, INCIDENTS, {"type": "message", "attachments": [attachment]})
    replaced = {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": card}
    opened = {"task": {"type": "continue", "value": {"title": "Declare", "card": attachment}}}
    for button, answer in (("Resolve", replaced), ("Note", {}), ("Form", opened)):
        bot.answer = answer
        delivery = await bot.teams.press("ben", INCIDENTS, sent.activity_id, button)
        assert delivery is not None
        assert delivery.status == 200
    kinds = [(one["type"], one.get("name")) for one in bot.heard]
    assert kinds == [("message", None), ("invoke", "adaptiveCard/action"), ("message", None), ("invoke", "task/fetch")]
    assert all(delivery.status == 200 for delivery in await bot.teams.install(OPERATIONS))
    assert bot.teams.violations == []


async def test_forgeries_and_rollovers_with_the_sandbox(bot: Bot) -> None:
    """Another tenant is a 403, a key never published and a made-up token are 401, and a rollover costs nothing."""
    assert (await bot.teams.mention("ben", INCIDENTS, "list")).status == 200
    received = bot.heard[0]
    foreign = {"tenant": {"id": "33333333-3333-3333-3333-333333333333"}}
    assert (await bot.teams.deliver({**received, "channelData": foreign})).status == 403
    bot.teams.rotate_keys(keep_old=False)
    assert (await bot.teams.mention("ben", INCIDENTS, "list")).status == 200
    bot.teams.rotate_keys(publish=False)
    assert (await bot.teams.deliver(received)).status == 401
    assert (await bot.teams.deliver(received, authorization="Bearer made.up.token")).status == 401
    assert len(bot.heard) == 2


async def test_faults_of_the_sandbox_are_told_apart(bot: Bot) -> None:
    """Accepted and then lost is ambiguous and in the ledger; refused is definite and is not."""
    await bot.teams.mention("ben", INCIDENTS, "list")
    for kind, ambiguous, effects in (
        ("accept_then_drop", True, 1),
        ("accept_then_500", True, 1),
        ("rate_limited", False, 0),
    ):
        before = len([entry for entry in bot.ledger.entries if entry.what == "activity.post"])
        bot.ledger.faults.append(Fault("activity.post", kind=kind, seconds=3))
        failed = await failure(bot.connector.post(bot.service_url, INCIDENTS, {"type": "message", "text": kind}))
        after = len([entry for entry in bot.ledger.entries if entry.what == "activity.post"])
        assert (kind, failed.ambiguous, after - before) == (kind, ambiguous, effects)
    assert (failed.status, failed.retry_after) == (429, 3.0)
