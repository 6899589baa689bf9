"""Microsoft's side of Teams' wire: its keys and tokens, an activity, and a verifier at a fixed time."""

import json
import threading
from collections.abc import Awaitable
from typing import Any

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bot.gate import Refusal
from bot.teams.calls import ConnectorFailed
from bot.teams.keys import OPENID_URL, KeySet
from bot.teams.tokens import ISSUER, Verifier

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


def verifier(keys: KeySet | None = None, **options: Any) -> Verifier:
    return Verifier(APP, TENANT, keys or KeySet(), clock=lambda: NOW, **options)


async def verdict(checker: Verifier, authorization: str, received: Json, **headers: str) -> int:
    """200, or the status of the refusal."""
    try:
        checker.fits(await checker.sender({"Authorization": authorization, **headers}), received)
    except Refusal as refusal:
        return refusal.status
    return 200


PLAYGROUND = "http://localhost:56150/_connector"
CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Hi"}]}


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


async def failure(call: Awaitable[Any]) -> ConnectorFailed:
    with pytest.raises(ConnectorFailed) as failed:
        await call
    return failed.value
