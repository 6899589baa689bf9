"""Who sent this activity: our own check of Bot Framework tokens, because the SDK's accepts too much and answers 500.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication#connector-to-bot
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from bot.gate import Refusal, header
from bot.loopback import is_loopback
from bot.teams.hosts import Hosts
from bot.teams.keys import KeySet, KeysUnavailableError

ISSUER: Final = "https://api.botframework.com"
"""Who signs for the Bot Connector (page above, step 4)."""
LEEWAY_SECONDS: Final = 300
"""Industry-standard clock skew of five minutes (page above, step 4)."""
CHANNEL: Final = "msteams"
"""The one channel served. Direct Line and Web Chat reach the same endpoint, and let a client write its own sender."""
_FAR_FUTURE = 1e12
_TOKEN_CHARACTERS = 16 * 1024
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_AUTHORIZATION = re.compile(r"bearer +([^ ]+)", re.IGNORECASE)
_FORWARDED = frozenset({"forwarded", "via", "x-real-ip", "true-client-ip", "cf-connecting-ip", "x-original-host"})


class Unauthorised(Refusal):
    """401: nobody we trust signed this."""

    def __init__(self, reason: str) -> None:
        super().__init__(401, reason)


class Forbidden(Refusal):
    """403: Microsoft signed it, for a tenant or a channel that is not served."""

    def __init__(self, reason: str) -> None:
        super().__init__(403, reason)


@dataclass(frozen=True, slots=True)
class Sender:
    """What a token says of the request that carries it, before a byte of the body is read."""

    endorsements: frozenset[str] = frozenset()
    """The channels whose activities its key may sign."""
    service_urls: tuple[object, ...] = ()
    """The serviceUrls it was made for; what stands there may be anything."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What is proven about an activity."""

    service_url: str
    """Where to answer; its host is on the list."""
    tenant_id: str
    """The tenant the activity happened in; "" only for unsigned local tools that name none."""
    app_id: str
    signed: bool
    """False only under `TEAMS_UNAUTHENTICATED=loopback`."""


class Verifier:
    """Checks who sent an activity.

    Raises ValueError when made without an app id or a tenant, unless `unauthenticated_loopback`, which takes unsigned
    activities from local tools and nothing else. `clock` is seconds since the epoch.
    """

    def __init__(
        self,
        app_id: str,
        tenant_id: str,
        keys: KeySet,
        *,
        hosts: Hosts | None = None,
        unauthenticated_loopback: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if unauthenticated_loopback == bool(app_id.strip()):
            raise ValueError("a Teams bot needs an app id, or unauthenticated loopback and no app id")
        if not unauthenticated_loopback and not tenant_id.strip():
            raise ValueError("a Teams bot needs its tenant id")
        self._app_id = app_id.strip()
        self._tenant_id = tenant_id.strip().lower()
        self._keys = keys
        self._unauthenticated = unauthenticated_loopback
        self._hosts = Hosts(any_loopback=True) if unauthenticated_loopback else hosts or Hosts()
        self._clock = clock

    async def sender(self, headers: Mapping[str, str], peer: str | None = None) -> Sender:
        """Who sent this request, by its headers alone; raises `Unauthorised` (401), nothing else.

        `peer` is the address the connection came from; only unauthenticated loopback asks for it.
        """
        if self._unauthenticated:
            self._check_local(headers, peer)
            return Sender()
        return await self._check_token(header(headers, "authorization"))

    def fits(self, sender: Sender, activity: Mapping[str, Any]) -> Verified:
        """What is proven about their activity; raises `Unauthorised` (401) or `Forbidden` (403), nothing else."""
        service_url = activity.get("serviceUrl")
        if not isinstance(service_url, str) or not self._hosts.admits(service_url):
            raise Unauthorised("the serviceUrl is not on the list")
        if not self._unauthenticated:
            channel = activity.get("channelId")
            if not isinstance(channel, str) or channel not in sender.endorsements:
                raise Unauthorised("the key is not endorsed for this channel")
            if not sender.service_urls or any(claim != service_url for claim in sender.service_urls):
                raise Unauthorised("the token is for another serviceUrl")
            if channel != CHANNEL:
                raise Forbidden("the channel is not Teams")
        return Verified(service_url, self._check_tenant(activity), self._app_id, signed=not self._unauthenticated)

    def _check_local(self, headers: Mapping[str, str], peer: str | None) -> None:
        """Only a program on this machine, straight: no proxy, no page of some other site in a browser on it."""
        if peer is None or not is_loopback(peer):
            raise Unauthorised("unsigned activities are taken from this machine only")
        if any(name.lower() in _FORWARDED or name.lower().startswith("x-forwarded") for name in headers):
            raise Unauthorised("unsigned activities are not taken from a proxy")
        origin = header(headers, "origin")
        if not _names_loopback(header(headers, "host")) or (origin and not _names_loopback(origin.partition("://")[2])):
            raise Unauthorised("unsigned activities are not taken from a web page")

    async def _check_token(self, authorization: str) -> Sender:
        bearer = _AUTHORIZATION.fullmatch(authorization.strip()) if len(authorization) <= _TOKEN_CHARACTERS else None
        if bearer is None or not _TOKEN.fullmatch(bearer[1]):
            raise Unauthorised("the request carries no token")
        token = bearer[1]
        try:
            head = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Unauthorised("the token is not readable") from None
        kid = head.get("kid")
        if head.get("alg") != "RS256" or not isinstance(kid, str):
            raise Unauthorised("the token is not signed with RS256 and a named key")
        try:
            key = await self._keys.find(kid)
        except KeysUnavailableError:
            raise Unauthorised("the signing keys are not available") from None
        if key is None:
            raise Unauthorised("the key is unknown")
        try:
            claims = jwt.decode(
                token,
                key.public,
                algorithms=["RS256"],
                audience=self._app_id,
                issuer=ISSUER,
                # Times are checked below, against a clock that can be handed in and on numbers that may be anything.
                options={
                    "require": ["exp", "iss", "aud"],
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise Unauthorised("the token is not valid") from None
        now = self._clock()
        expires, begins = _seconds(claims.get("exp")), _seconds(claims.get("nbf", 0))
        if expires is None or expires <= now - LEEWAY_SECONDS:
            raise Unauthorised("the token has expired")
        if begins is None or begins > now + LEEWAY_SECONDS:
            raise Unauthorised("the token is not valid yet")
        spoken_for = tuple(claims[name] for name in ("serviceurl", "serviceUrl") if name in claims)
        return Sender(key.endorsements, spoken_for)

    def _check_tenant(self, activity: Mapping[str, Any]) -> str:
        """The activity's tenant: the token does not name it, and guests bring their own. Every one must fit."""
        named = {
            tenant.lower()
            for tenant in (
                _inner(activity, "channelData", "tenant", "id"),
                _inner(activity, "conversation", "tenantId"),
            )
            if tenant is not None
        }
        if self._tenant_id and named != {self._tenant_id}:
            raise Forbidden("the tenant is not admitted")
        return next(iter(named)) if len(named) == 1 else ""


def _inner(value: object, *path: str) -> str | None:
    """The text at a path of objects; "" for anything else that stands there, so that it matches no tenant."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    if value is None:
        return None
    return value if isinstance(value, str) else ""


def _seconds(value: object) -> float | None:
    """A NumericDate (https://www.rfc-editor.org/rfc/rfc7519#section-2), None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_FAR_FUTURE < value < _FAR_FUTURE:
        return None
    return float(value)


def _names_loopback(authority: str) -> bool:
    """Whether `host`, `host:port` or `[v6]:port` is this machine."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?", authority)
    return found is not None and is_loopback(found[1])
