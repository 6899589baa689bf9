"""Microsoft's signing keys: fetched in a thread, once at a time, again for an unknown key; never lost to a fault.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication#step-3-get-the-list-of-valid-signing-keys
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
import requests
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from urllib3.exceptions import HTTPError

from bot.teams.hosts import is_local

OPENID_URL: Final = "https://login.botframework.com/v1/.well-known/openidconfiguration"
"""Where the Bot Connector says which keys it signs with (page above, step 2)."""
LIFETIME_SECONDS: Final = 24 * 3600
"""Keys are refreshed once a day (page above, step 3)."""
REFETCH_SECONDS: Final = 60
"""An unknown key asks again at most this often; ours: a forger must not turn us against Microsoft's server."""
FIRST_FETCH_SECONDS: Final = 5
"""The same while no key at all is known, so that a start during an outage heals soon; ours."""
TIMEOUT_SECONDS: Final = 5
"""Longest wait for each of the two documents; ours."""
_DOCUMENT_BYTES = 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_PATIENCE = 3
"""How many times the wait for one document a request may take in all, whatever the server does meanwhile."""
_KEY_BITS = 2048

_log = structlog.get_logger(__name__)


class KeysUnavailableError(Exception):
    """The keys were never fetched and cannot be fetched now."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One public key, and the channels (`msteams`, …) whose activities it may sign."""

    public: RSAPublicKey
    endorsements: frozenset[str]


class KeySet:
    """The signing keys named by an OpenID metadata document.

    Everything is done on one event loop; only the fetch leaves it, for a thread. `clock` is monotonic seconds.
    """

    def __init__(
        self,
        url: str = OPENID_URL,
        *,
        lifetime: float = LIFETIME_SECONDS,
        refetch: float = REFETCH_SECONDS,
        timeout: float = TIMEOUT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._lifetime = lifetime
        self._refetch = refetch
        self._timeout = timeout
        self._clock = clock
        self._keys: Mapping[str, SigningKey] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetch: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> SigningKey | None:
        """The key of this id, None if Microsoft names no such key.

        A known key is answered at once, even while an old set is being renewed. Raises `KeysUnavailableError` if no set
        was ever fetched.
        """
        key = self._keys.get(kid)
        if key is not None:
            if self._is_stale() and self._may_try():
                self._start()
            return key
        if self._fetch is not None or self._may_try():
            await asyncio.wait({self._start()}, timeout=_PATIENCE * self._timeout)  # it goes on by itself
        if not self._keys:
            raise KeysUnavailableError("the signing keys could not be fetched")
        return self._keys.get(kid)

    def _is_stale(self) -> bool:
        return self._fetched_at is None or self._clock() - self._fetched_at >= self._lifetime

    def _may_try(self) -> bool:
        pause = self._refetch if self._keys else min(self._refetch, FIRST_FETCH_SECONDS)
        return self._tried_at is None or self._clock() - self._tried_at >= pause

    def _start(self) -> asyncio.Task[None]:
        if self._fetch is None:
            self._tried_at = self._clock()
            self._fetch = asyncio.create_task(self._renew(), name="teams signing keys")
        return self._fetch

    async def _renew(self) -> None:
        try:
            keys = await asyncio.to_thread(_download, self._url, self._timeout)
        except (requests.RequestException, ValueError, RecursionError) as problem:
            _log.warning("signing keys not fetched", problem=type(problem).__name__, kept=len(self._keys))
        else:
            if not self._keys:
                self._tried_at = None  # the first load is nobody's miss: a rollover right after it is followed at once
            self._keys = keys
            self._fetched_at = self._clock()
        finally:
            self._fetch = None


def _download(url: str, timeout: float) -> dict[str, SigningKey]:
    """Fetch metadata and keys. Raises RequestException, or ValueError where a document is not what it should be."""
    with requests.Session() as session:
        session.trust_env = not is_local(url)
        metadata = _document(session, url, timeout)
        keys_url = metadata.get("jwks_uri")
        # The keys decide who is believed: they come from the same host as the metadata, or not at all.
        if not isinstance(keys_url, str) or urlsplit(keys_url)[:2] != urlsplit(url)[:2]:
            raise ValueError("the metadata names no key set of its own host")
        listed = _document(session, keys_url, timeout).get("keys")
    keys: dict[str, SigningKey] = {}
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and isinstance(kid := entry.get("kid"), str) and (key := _read_key(entry)):
            keys.setdefault(kid, key)
    if not keys:
        raise ValueError("the key set holds no usable key")
    return keys


def _document(session: requests.Session, url: str, timeout: float) -> dict[str, Any]:
    until = time.monotonic() + timeout  # of the whole: requests' own time-out is between two bytes
    with session.get(url, timeout=timeout, allow_redirects=False, stream=True) as response:
        if response.status_code != requests.codes.ok:
            raise ValueError(f"status {response.status_code}")
        body = bytearray()
        try:
            while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
                body += chunk
                if len(body) > _DOCUMENT_BYTES:
                    raise ValueError("the document is too large")
                if time.monotonic() > until:
                    raise ValueError("the document does not come to its end")
        except HTTPError:  # beneath requests its errors are urllib3's
            raise ValueError("the document broke off") from None
    value = json.loads(bytes(body))
    if not isinstance(value, dict):
        raise ValueError("the document is not a JSON object")  # noqa: TRY004 - the server's value, not a caller's type
    return value


def _read_key(entry: dict[str, Any]) -> SigningKey | None:
    """An RSA signing key of decent size, or None: one odd key must not cost us the others."""
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
        return None
    try:
        public = RSAAlgorithm.from_jwk({name: entry[name] for name in ("kty", "n", "e")})
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if not isinstance(public, RSAPublicKey) or public.key_size < _KEY_BITS:
        return None
    named = entry.get("endorsements")
    return SigningKey(
        public, frozenset(name for name in named if isinstance(name, str)) if isinstance(named, list) else frozenset()
    )
