"""Requests that must not be let in, made by combination: every way in which a signature, a key, a time or a name is wrong.

What is wrong decides the status: 401 for who sent it and when, 403 for a workspace or tenant that is not ours.
"""

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.sandbox.ledger import Json
from bot.sandbox.slack_records import CONTOSO_TEAM
from bot.sandbox.teams import OTHER_TENANT, SigningKey
from bot.sandbox.teams_identity import ISSUER
from tests.bot.doors import SLACK, TEAMS

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Vector:
    """One request, what is wrong with it, and the status it must get."""

    name: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int


# --- Slack -----------------------------------------------------------------------------------------------------------
Signing = Callable[[str, str, bytes], str | None]
"""From secret, time and body to the header; None leaves it out."""


def _mac(secret: str, stamp: str, body: bytes, version: str = "v0") -> str:
    text = f"{version}:{stamp}:".encode("utf-8", "surrogatepass") + body
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


RIGHT = "right"
SIGNATURES: dict[str, Signing] = {
    RIGHT: lambda s, t, b: f"v0={_mac(s, t, b)}",
    "none": lambda _s, _t, _b: None,
    "empty": lambda _s, _t, _b: "",
    "no digest": lambda _s, _t, _b: "v0=",
    "zeros": lambda _s, _t, _b: "v0=" + "0" * 64,
    "a guessed secret": lambda _s, t, b: f"v0={_mac('guess', t, b)}",
    "an empty secret": lambda _s, t, b: f"v0={_mac('', t, b)}",
    "the secret's capitals": lambda s, t, b: f"v0={_mac(s.upper() + 'X', t, b)}",
    "a longer body": lambda s, t, b: f"v0={_mac(s, t, b + b'&x=1')}",
    "a shorter body": lambda s, t, b: f"v0={_mac(s, t, b[:-1])}",
    "no body": lambda s, t, _b: f"v0={_mac(s, t, b'')}",
    "another time": lambda s, t, b: f"v0={_mac(s, t + '0', b)}",
    "no time": lambda s, _t, b: f"v0={_mac(s, '', b)}",
    "version 1": lambda s, t, b: f"v1={_mac(s, t, b, 'v1')}",
    "version 1, digest of 0": lambda s, t, b: f"v1={_mac(s, t, b)}",
    "no version": _mac,
    "capitals": lambda s, t, b: f"v0={_mac(s, t, b).upper()}",
    "one digit short": lambda s, t, b: f"v0={_mac(s, t, b)[:-1]}",
    "one digit more": lambda s, t, b: f"v0={_mac(s, t, b)}0",
    "one digit other": lambda s, t, b: f"v0={_mac(s, t, b)[:-1]}g",
    "twice": lambda s, t, b: f"v0={_mac(s, t, b)},v0={_mac(s, t, b)}",
    "base64": lambda s, t, b: "v0=" + base64.b64encode(bytes.fromhex(_mac(s, t, b))).decode(),
    "letters of other scripts": lambda _s, _t, _b: "v0=" + "\u0430\u00e9" * 32,
    "endless": lambda _s, _t, _b: "v0=" + "a" * 60_000,
}
STAMPS: dict[str, Callable[[int], str | None]] = {
    RIGHT: str,
    "none": lambda _n: None,
    "empty": lambda _n: "",
    "six minutes old": lambda n: str(n - 360),
    "a day old": lambda n: str(n - DAY),
    "a year old": lambda n: str(n - 365 * DAY),
    "six minutes ahead": lambda n: str(n + 360),
    "a day ahead": lambda n: str(n + DAY),
    "zero": lambda _n: "0000000000",
    "nines": lambda _n: "9999999999",
    "milliseconds": lambda n: str(n * 1000),
    "nine digits": lambda n: str(n)[:9],
    "a fraction": lambda n: f"{n}.0",
    "a power": lambda _n: "1.8e9",
    "a sign": lambda n: f"+{n}",
    "negative": lambda n: f"-{str(n)[1:]}",
    "hexadecimal": hex,
    "underscores": lambda n: f"{str(n)[:4]}_{str(n)[5:]}",
    "a space": lambda n: f"{str(n)[:5]} {str(n)[6:]}",
    "other digits": lambda n: str(n).translate({ord("0") + d: 0x660 + d for d in range(10)}),
    "a word": lambda _n: "NaN",
    "two": lambda n: f"{n},{n}",
}
WORKSPACES: dict[str, str | None] = {
    RIGHT: "T0SANDBOX",
    "a customer's": CONTOSO_TEAM,
    "nobody's": "T0NOBODY",
    "none": None,
    "empty": "",
    "small letters": "t0sandbox",
    "two": "T0SANDBOX,T0NOBODY",
}
SlackBody = Callable[[str | None], tuple[bytes, str]]
"""From a workspace to a body and its content type."""


def slack_vectors(kinds: dict[str, SlackBody], secret: str, now: int, every: int = 1) -> Iterator[Vector]:
    """Each wrong combination of signature, time and workspace for each kind of request; or one in `every` of them."""
    combined = itertools.product(SIGNATURES, STAMPS, WORKSPACES, kinds)
    wrong = (c for c in combined if c[:3] != (RIGHT, RIGHT, RIGHT))
    for signature, time, workspace, kind in itertools.islice(wrong, 0, None, every):
        body, content_type = kinds[kind](WORKSPACES[workspace])
        stamp = STAMPS[time](now)
        sent = SIGNATURES[signature](secret, stamp or "", body)
        headers = {"Content-Type": content_type}
        headers |= {} if stamp is None else {"X-Slack-Request-Timestamp": stamp}
        headers |= {} if sent is None else {"X-Slack-Signature": sent}
        status = 403 if signature == time == RIGHT else 401
        name = f"{kind}: signature {signature}, time {time}, workspace {workspace}"
        yield Vector(name, SLACK, headers, body, status)


# --- Teams -----------------------------------------------------------------------------------------------------------
MISSING = object()
OURS = SigningKey("sandbox-key-1")
MALLORY = SigningKey("mallory")
CURVE = ec.generate_private_key(ec.SECP256R1())


def _signed(claims: Json, key: Any, algorithm: str, head: Json) -> str:
    """Whatever the claims are: PyJWT's own encoder refuses to make some of these."""
    return jwt.PyJWS().encode(json.dumps(claims).encode(), key, algorithm=algorithm, headers=head)


def _rs256(claims: Json, head: Json) -> str:
    return _signed(claims, OURS.private, "RS256", head)


def _hs256(claims: Json, head: Json) -> str:
    """Signed with the public key as if it were a shared secret. PyJWT refuses to, so by hand."""
    pem = OURS.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [_b64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"} | head, claims)]
    return ".".join([*parts, _b64(hmac.new(pem, ".".join(parts).encode(), hashlib.sha256).digest())])


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _unsigned(claims: Json, head: Json) -> str:
    return f"{_b64(json.dumps({'alg': 'none'} | head).encode())}.{_b64(json.dumps(claims).encode())}."


def _with_head(**changes: Any) -> Callable[[Json, Json], str]:
    return lambda claims, head: _rs256(claims, head | changes)


def _by(key: SigningKey, kid: str) -> Callable[[Json, Json], str]:
    return lambda claims, _head: _signed(claims, key.private, "RS256", {"kid": kid})


def _cut(token: str) -> str:
    return token[: token.rindex(".") + 9]


def _swapped(claims: Json, head: Json) -> str:
    """A genuine signature below other claims."""
    genuine = _rs256(claims, head).split(".")
    return ".".join([genuine[0], _b64(json.dumps(claims | {"role": "admin"}).encode()), genuine[2]])


KEYS: dict[str, Callable[[Json, Json], str]] = {
    RIGHT: _rs256,
    "no algorithm": _unsigned,
    "the public key as a secret": _hs256,
    "RS512": lambda c, h: _signed(c, OURS.private, "RS512", h),
    "PS256": lambda c, h: _signed(c, OURS.private, "PS256", h),
    "ES256": lambda c, h: _signed(c, CURVE, "ES256", h),
    "another's key under our name": _by(MALLORY, OURS.kid),
    "an unknown key": _by(MALLORY, MALLORY.kid),
    "a key for web chats": _by(SigningKey("sandbox-key-webchat"), "sandbox-key-webchat"),
    "a name that is a path": _by(OURS, "../../dev/null"),
    "an empty name": _by(OURS, ""),
    "no name": lambda c, _h: _signed(c, OURS.private, "RS256", {}),
    "a key brought along": lambda c, _h: _signed(
        c, MALLORY.private, "RS256", {"kid": MALLORY.kid, "jwk": MALLORY.jwk()}
    ),
    "an address of keys": lambda c, _h: _signed(
        c, MALLORY.private, "RS256", {"kid": MALLORY.kid, "jku": "https://evil.example/keys"}
    ),
    "a must-understand that nobody knows": _with_head(crit=["exp"]),
    "no signature": lambda c, h: _rs256(c, h).rpartition(".")[0] + ".",
    "half a signature": lambda c, h: _cut(_rs256(c, h)),
    "claims exchanged": _swapped,
}
CLAIMS: dict[str, tuple[str, Any]] = {
    RIGHT: ("aud", RIGHT),
    "another issuer": ("iss", "https://sts.windows.net/x/"),
    "an issuer with a slash": ("iss", f"{ISSUER}/"),
    "an issuer of many": ("iss", [ISSUER]),
    "no issuer": ("iss", MISSING),
    "another bot": ("aud", "22222222-2222-4222-8222-222222222222"),
    "many bots, ours among them": ("aud", RIGHT + "s"),
    "no bot": ("aud", MISSING),
    "an empty bot": ("aud", ""),
    "ended six minutes ago": ("exp", -400),
    "ended a year ago": ("exp", -365 * DAY),
    "no end": ("exp", MISSING),
    "null for an end": ("exp", None),
    "a word for an end": ("exp", "never"),
    "an endless end": ("exp", 10**30),
    "true for an end": ("exp", True),
    "begins in six minutes": ("nbf", 400),
    "a word for a beginning": ("nbf", "now"),
    "another address": ("serviceurl", "https://smba.trafficmanager.net/x/"),
    "no address": ("serviceurl", MISSING),
    "null for an address": ("serviceurl", None),
    "two addresses": ("serviceUrl", "https://smba.trafficmanager.net/x/"),
}
SCHEMES: dict[str, Callable[[str], str | None]] = {
    RIGHT: lambda t: f"Bearer {t}",
    "none": lambda _t: None,
    "empty": lambda _t: "",
    "bare": lambda t: t,
    "Basic": lambda t: f"Basic {t}",
    "two tokens": lambda t: f"Bearer {t} {t}",
    "a comma": lambda t: f"Bearer {t},",
    "only the scheme": lambda _t: "Bearer",
    "endless": lambda t: f"Bearer {t}{'a' * 20_000}",
}
PLACES: dict[str, Callable[[Json], Json]] = {
    RIGHT: lambda a: a,
    "another tenant": lambda a: a | {"channelData": {**a["channelData"], "tenant": {"id": OTHER_TENANT}}},
    "another tenant's conversation": lambda a: a | {"conversation": {**a["conversation"], "tenantId": OTHER_TENANT}},
    "no tenant": lambda a: a | {"channelData": {}, "conversation": {"id": a["conversation"]["id"]}},
    "two tenants in a list": lambda a: a | {"channelData": {"tenant": {"id": [OTHER_TENANT]}}},
    "another host": lambda a: a | {"serviceUrl": "https://evil.example/"},
    "a host like ours": lambda a: a | {"serviceUrl": "http://127.0.0.1.evil.example/"},
    "no host": lambda a: {k: v for k, v in a.items() if k != "serviceUrl"},
    "another channel": lambda a: a | {"channelId": "directline"},
    "a channel of web chats": lambda a: a | {"channelId": "webchat"},
}
FORBIDDEN = frozenset({"another tenant", "another tenant's conversation", "no tenant", "two tenants in a list"})


def _token(activity: Json, key: str, claim: str, app_id: str, now: int) -> str:
    claims: Json = {"iss": ISSUER, "aud": app_id, "serviceurl": activity.get("serviceUrl", "")}
    claims |= {"nbf": now - 300, "exp": now + 3600}
    name, value = CLAIMS[claim]
    if value is MISSING:
        del claims[name]
    elif value == RIGHT + "s":
        claims[name] = [app_id, "x"]
    elif value != RIGHT:
        near = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9
        claims[name] = now + value if near else value
    return KEYS[key](claims, {"kid": OURS.kid})


def teams_vectors(
    activities: dict[str, Json], app_id: str, now: int, every: int = 1, most: int = 4
) -> Iterator[Vector]:
    """Each wrong combination of key, claim, scheme and place for each kind of activity; or one in `every` of them.

    `most`: how many things may be wrong with one. With a single one, nothing hides a check that is missing.
    """
    combined = itertools.product(KEYS, CLAIMS, SCHEMES, PLACES, activities)
    wrong = (c for c in combined if 0 < sum(what != RIGHT for what in c[:4]) <= most)
    for key, claim, scheme, place, kind in itertools.islice(wrong, 0, None, every):
        activity = PLACES[place](activities[kind])
        authorization = SCHEMES[scheme](_token(activity, key, claim, app_id, now))
        headers = {"Content-Type": "application/json"}
        headers |= {} if authorization is None else {"Authorization": authorization}
        known = (key, claim, scheme) == (RIGHT,) * 3 and place in FORBIDDEN
        name = f"{kind}: key {key}, claim {claim}, scheme {scheme}, place {place}"
        yield Vector(name, TEAMS, headers, json.dumps(activity).encode(), 403 if known else 401)
