"""Tokens and keys: what opens the connector, and how the bot knows who calls."""

import aiohttp
import jwt
import pytest

from bot.sandbox.ledger import Fault
from bot.sandbox.teams import APP_ID, HOME_TENANT, OTHER_TENANT, SigningKey
from tests.bot.fake_teams.rig import ON_CALL, OPERATIONS, Rig, credentials, said, verified


async def test_the_token_endpoint_gives_a_bearer_that_the_connector_takes(rig: Rig) -> None:
    """The bot's credentials buy a token, which opens the connector; the secret is written down nowhere."""
    assert rig.session is not None
    async with rig.session.post(f"{rig.root}/{HOME_TENANT}/oauth2/v2.0/token", data=credentials()) as response:
        answer = await response.json()
    assert (response.status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3599)
    status, _ = await rig.call("GET", f"/v3/teams/{OPERATIONS}", token=answer["access_token"])
    assert status == 200
    written = str([(e.payload, e.answer) for e in rig.ledger.entries])
    assert answer["access_token"] not in written
    assert "'client_secret': 'sandbox'" not in written


@pytest.mark.parametrize(
    ("tenant", "changes", "status", "name"),
    [
        (HOME_TENANT, {"client_secret": "guess"}, 401, "invalid_client"),
        (HOME_TENANT, {"client_id": "somebody"}, 400, "unauthorized_client"),
        (HOME_TENANT, {"scope": "https://graph.microsoft.com/.default"}, 400, "invalid_scope"),
        (HOME_TENANT, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (OTHER_TENANT, {}, 400, "invalid_request"),
    ],
)
async def test_wrong_credentials_get_no_token(
    rig: Rig, tenant: str, changes: dict[str, str], status: int, name: str
) -> None:
    """Each wrong field is refused in Entra's words, and the refusal is on record."""
    assert rig.session is not None
    url = f"{rig.root}/{tenant}/oauth2/v2.0/token"
    async with rig.session.post(url, data=credentials(**changes)) as response:
        answer = await response.json()
    assert (response.status, answer["error"]) == (status, name)
    assert answer["error_description"].startswith("AADSTS")
    assert [e.what for e in rig.ledger.refusals] == ["token"]


@pytest.mark.parametrize("token", ["", "made-up"])
async def test_the_connector_wants_its_own_bearer(rig: Rig, token: str) -> None:
    """No token or a foreign one is a 401 without effect."""
    status, answer = await rig.call("POST", f"/v3/conversations/{ON_CALL}/activities", said(), token=token)
    assert (status, answer["error"]["code"]) == (401, "Unauthorized")
    assert not rig.ledger.entries


async def test_revoked_tokens_stop_working(rig: Rig) -> None:
    """After revoke_tokens the bot has to ask for a new one."""
    rig.teams.identity.revoke_tokens()
    assert (await rig.post(ON_CALL, said()))[0] == 401


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_keys_roll_over(rig: Rig) -> None:
    """A new key is in the set beside the old one; kept back, it is unknown until published; the old one can go."""
    await rig.teams.say_personal("ben", "one")
    rig.teams.rotate_keys()
    await rig.teams.say_personal("ben", "two")
    assert rig.headers[0] != rig.headers[1]
    for header in rig.headers:
        assert (await verified(rig, header))["aud"] == APP_ID
    rig.teams.rotate_keys(publish=False, keep_old=False)
    await rig.teams.say_personal("ben", "three")
    for header in rig.headers[1:]:
        with pytest.raises(KeyError):
            await verified(rig, header)
    rig.teams.publish_keys()
    assert (await verified(rig, rig.headers[2]))["aud"] == APP_ID


async def test_tokens_can_be_forged_in_every_way(rig: Rig) -> None:
    """Each forgery fails the check that is meant for it."""
    activity = (await rig.teams.say_personal("ben", "list")).activity
    sign = rig.teams.identity.sign
    wrong: list[tuple[str, type[Exception]]] = [
        (sign(activity, claims={"aud": "somebody"}), jwt.InvalidAudienceError),
        (sign(activity, claims={"iss": "https://evil.example"}), jwt.InvalidIssuerError),
        (sign(activity, claims={"exp": 1}), jwt.ExpiredSignatureError),
        (sign(activity, drop=("exp",)), jwt.MissingRequiredClaimError),
        (sign(activity, kid="unknown"), KeyError),
        (sign(activity, key=SigningKey("forged"), kid=rig.teams.identity.current.kid), jwt.InvalidSignatureError),
        (sign(activity, key=SigningKey("sandbox-key-webchat", ("webchat",))), jwt.InvalidTokenError),
    ]
    for header, problem in wrong:
        with pytest.raises(problem):
            await verified(rig, header)
    delivery = await rig.teams.deliver(activity, authorization=wrong[0][0])
    assert delivery.status == 200
    assert rig.headers[-1] == wrong[0][0]
    await rig.teams.deliver(activity, authorization="")
    assert rig.headers[-1] == ""


async def test_the_key_set_can_be_slow_or_broken(rig: Rig) -> None:
    """Fault lines named openid, keys and token reach those routes too."""
    assert rig.session is not None
    rig.ledger.faults += [
        Fault("keys", "status", status=503),
        Fault("keys", "html"),
        Fault("openid", "drop_before", times=-1),  # clients try a GET again by themselves
        Fault("token", "rate_limited", seconds=3),
    ]
    async with rig.session.get(rig.root + "/v1/.well-known/keys") as response:
        assert response.status == 503
    async with rig.session.get(rig.root + "/v1/.well-known/keys") as response:
        assert (response.status, response.content_type) == (200, "text/html")
    with pytest.raises(aiohttp.ClientConnectionError):
        await rig.session.get(rig.root + "/v1/.well-known/openidconfiguration")
    async with rig.session.post(f"{rig.root}/{HOME_TENANT}/oauth2/v2.0/token", data=credentials()) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "3")
    assert not rig.ledger.entries
