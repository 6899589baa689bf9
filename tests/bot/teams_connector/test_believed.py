"""Who is believed: signed activities, and unsigned ones from this machine."""

from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gate import Refusal
from bot.loopback import is_loopback
from bot.teams.calls import ConnectorFailed
from bot.teams.connector import Connector
from bot.teams.hosts import TEAMS_HOSTS, Hosts
from bot.teams.keys import KeySet
from bot.teams.tokens import ISSUER, Verified, Verifier
from tests.bot.teams_connector.microsoft import (
    APP,
    NOW,
    PLAYGROUND,
    PRIVATE,
    SERVICE,
    TENANT,
    THREAD,
    Json,
    Microsoft,
    activity,
    token,
    verdict,
    verifier,
)


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
