"""Who is who on the sandbox's Teams: the keys that sign what the bot hears, and the tokens the bot answers with.

Sources: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication and
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import functools
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.ledger import Json, Ledger
from bot.sandbox.teams_faults import after, before

ISSUER = "https://api.botframework.com"
SCOPE = "https://api.botframework.com/.default"
TOKEN_SECONDS = 3599  # expires_in as Entra answers it
JWT_LIFE = timedelta(hours=1)
OPENID_PATH = "/v1/.well-known/openidconfiguration"
KEYS_PATH = "/v1/.well-known/keys"


@functools.cache
def _private_key(name: str) -> rsa.RSAPrivateKey:
    """One RSA key per name and process: making one takes a tenth of a second."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class SigningKey:
    """A key of the emulator's, by its `kid`, and the channels it may speak for."""

    kid: str
    endorsements: tuple[str, ...] = ("msteams",)

    @property
    def private(self) -> rsa.RSAPrivateKey:
        """The private half; keys of the same kid are the same in one process."""
        return _private_key(self.kid)

    def jwk(self) -> Json:
        """The public half as the key set lists it."""
        key: Json = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        return {**key, "use": "sig", "kid": self.kid, "x5t": self.kid, "endorsements": list(self.endorsements)}


class Identity:
    """Signs activities as Microsoft does, and gives the bot its bearer tokens."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        app_id: str,
        app_password: str,
        tenant_id: str,
        token_time: Callable[[], datetime] | None = None,
    ) -> None:
        """`token_time` dates the signed tokens: real time unless told otherwise, because that is what checks them."""
        self.ledger = ledger
        self.app_id = app_id
        self.app_password = app_password
        self.tenant_id = tenant_id
        self._now = token_time or (lambda: datetime.now(UTC))
        self._made = 1
        self.current = SigningKey("sandbox-key-1")
        # A real key set also holds keys that may not speak for Teams.
        self.published = [self.current, SigningKey("sandbox-key-webchat", ("webchat",))]
        self._bearers: dict[str, float] = {}
        self._issued = 0

    # ── what the bot hears ───────────────────────────────────────────────────────────────────────────────────────
    def rotate_keys(
        self, *, publish: bool = True, keep_old: bool = True, endorsements: tuple[str, ...] = ("msteams",)
    ) -> SigningKey:
        """Sign with a new key from now on.

        `publish=False` leaves it out of the key set until `publish_keys`; `keep_old=False` takes the former one out.
        """
        self._made += 1
        old, self.current = self.current, SigningKey(f"sandbox-key-{self._made}", endorsements)
        if not keep_old:
            self.published = [k for k in self.published if k != old]
        if publish:
            self.publish_keys()
        return self.current

    def publish_keys(self) -> None:
        """Put the key in use into the key set."""
        if self.current not in self.published:
            self.published.insert(0, self.current)

    def sign(
        self,
        activity: Json,
        *,
        claims: Mapping[str, object] | None = None,
        drop: tuple[str, ...] = (),
        kid: str | None = None,
        key: SigningKey | None = None,
    ) -> str:
        """The Authorization header Microsoft would send with this activity.

        To forge: `claims` overrides, `drop` leaves claims out, `kid` names another key than the one that signs (`key`).
        """
        now = self._now()
        content: Json = {
            "iss": ISSUER,
            "aud": self.app_id,
            "serviceurl": activity.get("serviceUrl", ""),
            "nbf": int(now.timestamp()) - 300,
            "exp": int((now + JWT_LIFE).timestamp()),
            **(claims or {}),
        }
        for name in drop:
            content.pop(name, None)
        signer = key or self.current
        named = kid or signer.kid
        token = jwt.encode(content, signer.private, algorithm="RS256", headers={"kid": named, "x5t": named})
        return f"Bearer {token}"

    # ── what the bot says ────────────────────────────────────────────────────────────────────────────────────────
    def is_bearer(self, header: str | None) -> bool:
        """Whether this Authorization header carries a token issued here that has not run out."""
        scheme, _, token = (header or "").partition(" ")
        return scheme.lower() == "bearer" and self._bearers.get(token, 0.0) > time.monotonic()

    def issue(self) -> str:
        """A bearer token as the token endpoint gives out, good for an hour of real time."""
        self._issued += 1
        token = "sandbox." + hashlib.sha256(f"{self.app_id}/{self._issued}".encode()).hexdigest()
        self._bearers[token] = time.monotonic() + TOKEN_SECONDS
        return token

    def revoke_tokens(self) -> None:
        """From now on every token issued so far answers 401."""
        self._bearers.clear()

    # ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────
    def routes(self) -> list[Route]:
        """The OpenID metadata, the key set, and the tenant's token endpoint with its metadata."""
        return [
            Route(OPENID_PATH, self._openid, methods=["GET"]),
            Route(KEYS_PATH, self._keys, methods=["GET"]),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self._tenant_metadata, methods=["GET"]),
            Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
        ]

    async def _answer(self, method: str, make: Callable[[], Response]) -> Response:
        fault = self.ledger.fault_for(method)
        early = await before(fault)
        if early is None:
            return after(fault, make())
        shown = {"fault": fault.kind if fault else "", "status": early.status_code}
        self.ledger.refuse("teams", method, self.tenant_id, "", {}, shown)
        return early

    async def _openid(self, request: Request) -> Response:
        root = str(request.url).partition(OPENID_PATH)[0]
        content = {
            "issuer": ISSUER,
            "authorization_endpoint": "https://invalid.botframework.com",
            "jwks_uri": root + KEYS_PATH,
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }
        return await self._answer("openid", lambda: JSONResponse(content))

    async def _keys(self, request: Request) -> Response:
        del request
        return await self._answer("keys", lambda: JSONResponse({"keys": [k.jwk() for k in self.published]}))

    async def _tenant_metadata(self, request: Request) -> Response:
        tenant = request.path_params["tenant"]
        root = str(request.url).partition(f"/{tenant}/v2.0/")[0]
        content = {
            "issuer": f"{root}/{tenant}/v2.0",
            "token_endpoint": f"{root}/{tenant}/oauth2/v2.0/token",
            "authorization_endpoint": f"{root}/{tenant}/oauth2/v2.0/authorize",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        return JSONResponse(content)

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        tenant = request.path_params["tenant"]
        return await self._answer("token", lambda: self._grant(tenant, form))

    def _grant(self, tenant: str, form: dict[str, str]) -> Response:
        shown = {**form, "client_secret": "…"} if "client_secret" in form else dict(form)
        asked_by = form.get("client_id", "")

        def no(status: int, error: str, description: str) -> Response:
            answer = {
                "error": error,
                "error_description": description,
                "error_codes": [int(description.removeprefix("AADSTS").partition(":")[0])],
            }
            self.ledger.refuse("teams", "token", tenant, asked_by, shown, answer)
            return JSONResponse(answer, status)

        if tenant != self.tenant_id:
            return no(400, "invalid_request", f"AADSTS90002: Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            return no(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
        if asked_by != self.app_id:
            return no(
                400, "unauthorized_client", f"AADSTS700016: Application '{asked_by}' was not found in the tenant."
            )
        if form.get("client_secret") != self.app_password:
            return no(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        if form.get("scope") != SCOPE:
            return no(400, "invalid_scope", f"AADSTS70011: The scope '{form.get('scope')}' is not valid.")
        answer = {
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "ext_expires_in": TOKEN_SECONDS,
            "access_token": self.issue(),
        }
        self.ledger.accept("teams", "token", tenant, asked_by, shown, {**answer, "access_token": "…"})
        return JSONResponse(answer)
