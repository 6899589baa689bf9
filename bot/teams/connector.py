"""Microsoft Teams' wire, and the only importer of botbuilder: plain dicts cross this border, both ways.

In: `TeamsDoor` lets botbuilder-core carry each verified activity through a turn to our handler. Out: `Connector` calls
the Bot Connector through botframework-connector's client, one per serviceUrl, with our own transport under it: no
retries, 8 s in all, own threads, tokens fetched before use, and failures that say whether anything may have happened.
botbuilder-python is archived (https://github.com/microsoft/botbuilder-python); a successor replaces this file.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference
"""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import msal
import requests
from botbuilder.core import CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.core.teams import TeamsActivityHandler
from botbuilder.schema import Activity, ChannelAccount, ConversationAccount
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
)
from msal.exceptions import MsalError
from msrest.pipeline import Response
from msrest.pipeline.async_abc import AsyncHTTPSender, AsyncPipeline
from msrest.serialization import Model

from bot.gate import Refusal
from bot.teams.calls import CALL_SECONDS, Answer, Caller, ConnectorFailed, retry_after
from bot.teams.hosts import Hosts
from bot.teams.tokens import ISSUER, Verified

__all__ = ["INVOKES", "Connector", "ConnectorFailed", "Sent", "TeamsDoor"]

Json = dict[str, Any]
OnActivity = Callable[[Json], Awaitable[Json | None]]
TokenSource = Callable[[], tuple[str, float]]

SCOPE: Final = "https://api.botframework.com/.default"
"""What a bot's token is for; the authority of a single-tenant bot is its own tenant.
https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication#bot-to-connector"""
INVOKES: Final = frozenset({"adaptiveCard/action", "task/fetch", "task/submit"})
"""The invokes that have an answer here; any other is accepted with an empty 200, so that Teams goes on delivering."""
TOKEN_MARGIN_SECONDS: Final = 300.0
"""A token is renewed this long before it ends, as MSAL does; ours."""
TOKEN_TIMEOUT_SECONDS: Final = 5
"""Longest wait for each of Entra's answers; ours."""
_CLIENTS = 64
_MEMBER_FIELDS = ("id", "name", "email", "userPrincipalName", "aadObjectId", "tenantId", "userRole")
_REQUEST_TIMEOUT = 408
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Sent:
    """An activity that Teams accepted; its id is what edits and deletions name."""

    activity_id: str


class Connector:
    """Calls to the Bot Connector. Every method raises `ConnectorFailed` and nothing else.

    With `token_source` (blocking, run in a thread; answers a token and the seconds it is good for) no credentials are
    needed; with neither app id nor `token_source` calls go unsigned, which only `Hosts(any_loopback=True)` allows. One
    instance belongs to one event loop. `close` when done.
    """

    def __init__(
        self,
        app_id: str,
        app_password: str,
        tenant_id: str,
        *,
        hosts: Hosts | None = None,
        token_source: TokenSource | None = None,
        seconds: float = CALL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hosts = hosts or Hosts()
        self._seconds = seconds
        self._caller = Caller()
        self._clients: OrderedDict[str, Any] = OrderedDict()
        if token_source is None and app_id:
            token_source = _entra(app_id, app_password, tenant_id)
        if token_source is None and not self._hosts.any_loopback:
            raise ValueError("a Teams bot needs an app id, a token source, or unauthenticated loopback")
        self._tokens = _Tokens(token_source, self._caller, clock) if token_source else None

    def close(self) -> None:
        """Close every connection; calls under way end on their own."""
        self._caller.close()

    async def token(self) -> None:
        """Get a token if calls need one; `ConnectorFailed` (`token_…`) if Microsoft gives none."""
        if self._tokens is not None:
            await self._tokens.get(self._seconds)

    async def post(self, service_url: str, conversation_id: str, activity: Json) -> Sent:
        """Post a new activity into a conversation (for a channel thread: its `…;messageid=…` id)."""
        client = self.client(service_url)
        return _sent(await self._do(client.conversations.send_to_conversation, conversation_id, _Verbatim(activity)))

    async def reply_to(self, service_url: str, conversation_id: str, reply_to_id: str, activity: Json) -> Sent:
        """Post an activity in answer to another."""
        client = self.client(service_url)
        operation = client.conversations.reply_to_activity
        return _sent(await self._do(operation, conversation_id, reply_to_id, _Verbatim(activity)))

    async def update(self, service_url: str, conversation_id: str, activity_id: str, activity: Json) -> Sent:
        """Replace an activity; repeating it is harmless."""
        client = self.client(service_url)
        body = _Verbatim({**activity, "id": activity_id})
        await self._do(client.conversations.update_activity, conversation_id, activity_id, body)
        return Sent(activity_id)

    async def delete(self, service_url: str, conversation_id: str, activity_id: str) -> None:
        """Delete an activity; repeating it is harmless."""
        await self._do(self.client(service_url).conversations.delete_activity, conversation_id, activity_id)

    async def create_thread(
        self, service_url: str, channel_id: str, activity: Json, bot_id: str, tenant_id: str
    ) -> tuple[str, str]:
        """Open a thread in a channel with its first activity; answers the thread's conversation id and activity id.

        https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages
        """
        parameters = {
            "isGroup": True,
            "bot": {"id": bot_id},
            "tenantId": tenant_id,
            "channelData": {"channel": {"id": channel_id}, "tenant": {"id": tenant_id}},
            "activity": activity,
        }
        client = self.client(service_url)
        created = await self._do(client.conversations.create_conversation, _Verbatim(parameters))
        return _text(created, "id"), _text(created, "activityId")

    async def create_personal(self, service_url: str, user_id: str, bot_id: str, tenant_id: str) -> str:
        """The personal conversation with a person, opened if need be; repeating it answers the same id."""
        parameters = {
            "isGroup": False,
            "bot": {"id": bot_id},
            "members": [{"id": user_id}],
            "tenantId": tenant_id,
            "channelData": {"tenant": {"id": tenant_id}},
        }
        client = self.client(service_url)
        return _text(await self._do(client.conversations.create_conversation, _Verbatim(parameters)), "id")

    async def member(self, service_url: str, conversation_id: str, user_id: str) -> dict[str, str | None]:
        """One member of a conversation: id, name, email, userPrincipalName, aadObjectId, tenantId, userRole.

        Always all seven keys, None where Teams does not say (guests often lack the address).
        https://learn.microsoft.com/microsoftteams/platform/bots/how-to/get-teams-context#fetch-single-member-details
        """
        client = self.client(service_url)
        found = _object(await self._do(client.conversations.get_conversation_member, conversation_id, user_id))
        found.setdefault("aadObjectId", found.get("objectId"))
        return {name: value if isinstance(value := found.get(name), str) else None for name in _MEMBER_FIELDS}

    async def channels(self, service_url: str, team_id: str) -> list[Json]:
        """A team's channels that the bot may see, as `{"id", "name", …}`; General has the team's id and no name.

        https://learn.microsoft.com/microsoftteams/platform/bots/how-to/get-teams-context#get-the-list-of-channels-in-a-team
        """
        # The SDK offers this call only in a blocking client with retries of its own.
        self._admit(service_url)
        url = f"{service_url.rstrip('/')}/v3/teams/{quote(team_id, safe='')}/conversations"
        answer = await self._send("GET", url, {"Accept": "application/json"}, None)
        listed = _object(_parse(answer)).get("conversations")
        if not isinstance(listed, list):
            raise ConnectorFailed("not_json", status=answer.status)
        return [entry for entry in listed if isinstance(entry, dict) and isinstance(entry.get("id"), str)]

    def client(self, service_url: str) -> Any:
        """The SDK's client for this serviceUrl, made once (6 ms) and kept; `ConnectorFailed` for any other host."""
        self._admit(service_url)
        client = self._clients.get(service_url)
        if client is None:
            client = ConnectorClient(_NoCredentials, base_url=service_url)
            client.config.pipeline = AsyncPipeline([], _Transport(self._send))
            self._clients[service_url] = client
            if len(self._clients) > _CLIENTS:
                self._clients.popitem(last=False)
        else:
            self._clients.move_to_end(service_url)
        return client

    def _admit(self, service_url: str) -> None:
        if not self._hosts.admits(service_url):
            raise ConnectorFailed("host_not_allowed")

    async def _do(self, operation: Callable[..., Awaitable[Any]], *arguments: object) -> object:
        """Run one operation of the SDK; answers the JSON that came back, None if the body was empty."""
        raw = await operation(*arguments, raw=True)
        answer: object = raw.response.parsed
        return answer

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """One call, its token included, judged: answers only a whole 2xx."""
        until = time.monotonic() + self._seconds
        signed = dict(headers)
        token = ""
        if self._tokens is not None:
            token = await self._tokens.get(self._seconds)
            signed["Authorization"] = f"Bearer {token}"
        answer = await self._caller.call(method, url, signed, body, seconds=until - time.monotonic())
        if requests.codes.ok <= answer.status < requests.codes.multiple_choices:
            return answer
        if answer.status == requests.codes.unauthorized and self._tokens is not None:
            self._tokens.forget(token)
        effect = method != "GET"
        raise ConnectorFailed(
            _error_code(answer),
            status=answer.status,
            retry_after=retry_after(answer.headers),
            ambiguous=effect and (answer.status >= _SERVER_ERROR or answer.status == _REQUEST_TIMEOUT),
        )


class TeamsDoor:
    """Carries verified activities through botbuilder-core to our handler."""

    def __init__(self, connector: Connector) -> None:
        self._adapter = _Adapter(_NoAuthentication())
        self._connector = connector

    async def handle(self, activity: Json, verified: Verified, on_activity: OnActivity) -> tuple[int, Json | None]:
        """Run one turn; answers the HTTP status and the JSON body for Teams.

        `on_activity` gets the activity as it came, for messages, their edits and deletions, reactions, conversation and
        installation updates, and the invokes in `INVOKES`; what it returns is an invoke's body (None: an empty 200),
        ignored elsewhere. Everything else is accepted in silence. An activity without a conversation, or a message or
        invoke without a sender, is 400. What `on_activity` raises goes through.
        """
        try:
            turn = _turn(activity, verified)
        except Refusal as refusal:
            return refusal.status, None
        identity = AuthenticateRequestResult()
        identity.claims_identity = ClaimsIdentity(
            {"aud": verified.app_id, "serviceurl": verified.service_url, "iss": ISSUER}, verified.signed
        )
        identity.audience = ISSUER
        identity.connector_factory = _Factory(self._connector)
        handler = _Handler(activity, on_activity)
        response = await self._adapter.process_activity(identity, turn, handler.on_turn)
        return (200, None) if response is None else (int(response.status), response.body)


class _Handler(TeamsActivityHandler):  # type: ignore[misc]  # botbuilder has no types
    """One turn: botbuilder decides what kind of activity it is, we hand over the activity itself.

    The SDK's own branches below these are left out on purpose: they look members up over the network, deserialise what
    senders wrote (and raise), and answer 500 to an Action.Submit inside `adaptiveCard/action`.
    """

    def __init__(self, raw: Json, on_activity: OnActivity) -> None:
        self._raw = raw
        self._on_activity = on_activity

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        await self._tell(turn_context)

    async def on_message_update_activity(self, turn_context: TurnContext) -> None:
        await self._tell(turn_context)

    async def on_message_delete_activity(self, turn_context: TurnContext) -> None:
        await self._tell(turn_context)

    async def on_message_reaction_activity(self, turn_context: TurnContext) -> None:
        await self._tell(turn_context)

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        await self._tell(turn_context)

    async def on_installation_update(self, turn_context: TurnContext) -> None:
        await self._tell(turn_context)

    async def on_event_activity(self, turn_context: TurnContext) -> None:
        """Nothing: meetings' events and their like are none of ours."""

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        """An invoke's answer: a plain body with 200, and 200 with nothing for an invoke unknown here."""
        known = turn_context.activity.name in INVOKES
        return InvokeResponse(status=200, body=await self._on_activity(self._raw) if known else None)

    async def _tell(self, _turn_context: TurnContext) -> None:
        await self._on_activity(self._raw)


class _Adapter(CloudAdapterBase):  # type: ignore[misc]  # botbuilder has no types
    """The base has all a turn needs; `CloudAdapter` would add its own authentication and 500s."""


class _NoAuthentication(BotFrameworkAuthentication):  # type: ignore[misc]  # botbuilder has no types
    """Authentication is done before a turn begins, by `bot.teams.tokens`."""

    async def authenticate_request(self, *_: object) -> AuthenticateRequestResult:
        raise PermissionError("an activity reached botbuilder without having been verified")

    async def authenticate_streaming_request(self, *_: object) -> AuthenticateRequestResult:
        raise PermissionError("streaming is not served")

    def create_connector_factory(self, *_: object) -> ConnectorFactory:
        raise PermissionError("proactive turns are not made: the outbox calls the connector")

    async def create_user_token_client(self, *_: object) -> None:
        """Nobody signs in through the bot."""


class _Factory(ConnectorFactory):  # type: ignore[misc]  # botbuilder has no types
    """Hands a turn the client kept for its serviceUrl; the SDK's own makes two of them a turn."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def create(self, service_url: str, audience: str) -> Any:  # noqa: ARG002 - the SDK's signature
        return self._connector.client(service_url)


class _Verbatim(Model):
    """A dict that the SDK sends as it stands: its own models lose mentions and every field they do not know."""

    _attribute_map = {"additional_properties": {"key": "", "type": "{object}"}}  # noqa: RUF012 - msrest's own contract

    def __init__(self, fields: Json) -> None:
        super().__init__(additional_properties=fields)  # type: ignore[no-untyped-call]  # msrest's __init__ has no types


@dataclass(slots=True)
class _Reply:
    """A whole 2xx answer in the shape msrest's clients read. They are shown an empty object, which every model fits."""

    parsed: object
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    context: object = None

    def text(self) -> str:
        return "{}"

    def body(self) -> bytes:
        return b"{}"


_SendCall = Callable[[str, str, Mapping[str, str], bytes | None], Awaitable[Answer]]


class _Transport(AsyncHTTPSender[Any, Any]):
    """The bottom of the SDK's pipeline: our one way out."""

    def __init__(self, send: _SendCall) -> None:
        self._call = send

    async def send(self, request: Any, **_config: object) -> Response[Any, Any]:
        wire = request.http_request
        body = wire.data.encode() if isinstance(wire.data, str) else wire.data
        answer = await self._call(wire.method, wire.url, wire.headers, body)
        parsed = _parse(answer, effect=wire.method != "GET")
        return Response(request, _Reply(parsed))

    async def __aexit__(self, *exc_details: object) -> None:
        """Nothing to close here: the connector owns the threads."""


class _NoCredentials:
    """The SDK wants something here; tokens are added below it, where the host is known to be allowed."""


class _Tokens:
    """The current token; fetched in a thread, once at a time, by whoever comes first."""

    def __init__(self, source: TokenSource, caller: Caller, clock: Callable[[], float]) -> None:
        self._source = source
        self._caller = caller
        self._clock = clock
        self._token = ""
        self._until = 0.0
        self._fetch: asyncio.Task[str] | None = None

    async def get(self, seconds: float) -> str:
        if self._token and self._clock() < self._until:
            return self._token
        if self._fetch is None:
            self._fetch = asyncio.create_task(self._renew(), name="teams token")
            self._fetch.add_done_callback(_retrieve)
        try:
            return await asyncio.wait_for(asyncio.shield(self._fetch), seconds)
        except TimeoutError:
            raise ConnectorFailed("token_timeout") from None
        except ConnectorFailed as failed:
            raise ConnectorFailed(failed.code) from failed  # each caller its own: the fetch is shared

    def forget(self, token: str) -> None:
        """Teams refused this token: the next call fetches another."""
        if token == self._token:
            self._token = ""

    async def _renew(self) -> str:
        try:
            token, seconds = await self._caller.run(self._source)
        except (requests.RequestException, MsalError, OSError, ValueError, KeyError, RuntimeError) as problem:
            raise ConnectorFailed("token_unreachable") from problem
        finally:
            self._fetch = None
        self._token = token
        self._until = self._clock() + max(seconds - TOKEN_MARGIN_SECONDS, seconds / 2)
        return token


def _retrieve(task: "asyncio.Task[str]") -> None:
    """Look at a failure nobody waits for any more, so that asyncio does not log it as lost."""
    if not task.cancelled():
        task.exception()


def _entra(app_id: str, app_password: str, tenant_id: str) -> TokenSource:
    """A token source that asks Entra, each time anew: a token Teams refused must not come out of MSAL's cache."""

    def fetch() -> tuple[str, float]:
        with requests.Session() as session:
            application = msal.ConfidentialClientApplication(
                app_id,
                client_credential=app_password,
                authority=f"https://login.microsoftonline.com/{tenant_id}",
                instance_discovery=False,  # the host is known: no third call
                http_client=_Timed(session),
            )
            answer = application.acquire_token_for_client([SCOPE])
        token = answer.get("access_token")
        if not isinstance(token, str):
            error = answer.get("error")
            raise ConnectorFailed(f"token_{error if isinstance(error, str) else 'refused'}")
        return token, float(answer.get("expires_in", 3600))

    return fetch


class _Timed:
    """The HTTP client MSAL is given: requests with a time-out on every call and no redirects.

    https://msal-python.readthedocs.io/en/latest/#msal.ClientApplication.params.http_client
    """

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def post(self, url: str, **options: Any) -> requests.Response:
        return self._session.post(url, timeout=TOKEN_TIMEOUT_SECONDS, allow_redirects=False, **options)

    def get(self, url: str, **options: Any) -> requests.Response:
        return self._session.get(url, timeout=TOKEN_TIMEOUT_SECONDS, allow_redirects=False, **options)

    def close(self) -> None:
        """The caller closes the session."""


def _turn(activity: Json, verified: Verified) -> Activity:
    """The part of an activity that botbuilder needs; the rest goes past it untouched, so nothing in it can raise."""
    conversation, sender, recipient = (activity.get(name) for name in ("conversation", "from", "recipient"))
    if not isinstance(activity.get("type"), str) or not isinstance(_field(conversation, "id"), str):
        raise Refusal(400, "the activity has no type or no conversation")
    if activity["type"] in {"message", "invoke"} and not isinstance(_field(sender, "id"), str):
        raise Refusal(400, "the activity has no sender")
    return Activity(
        type=activity["type"],
        id=_optional(activity, "id"),
        name=_optional(activity, "name"),
        action=_optional(activity, "action"),
        channel_id=_optional(activity, "channelId"),
        reply_to_id=_optional(activity, "replyToId"),
        locale=_optional(activity, "locale"),
        text=_optional(activity, "text"),
        service_url=verified.service_url,
        conversation=ConversationAccount(id=_field(conversation, "id"), tenant_id=verified.tenant_id or None),
        from_property=ChannelAccount(id=_optional(sender, "id"), name=_optional(sender, "name")),
        recipient=ChannelAccount(id=_optional(recipient, "id"), name=_optional(recipient, "name")),
    )


def _field(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


def _optional(value: object, name: str) -> str | None:
    found = _field(value, name)
    return found if isinstance(found, str) else None


def _parse(answer: Answer, *, effect: bool = False) -> object:
    """The JSON of a 2xx; None for an empty body. What is not JSON says nothing about the effect."""
    if not answer.body.strip():
        return None
    try:
        parsed: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise ConnectorFailed("not_json", status=answer.status, ambiguous=effect) from None
    return parsed


def _object(parsed: object) -> Json:
    if not isinstance(parsed, dict):
        raise ConnectorFailed("not_json")
    return parsed


def _sent(parsed: object) -> Sent:
    return Sent(_text(parsed, "id"))


def _text(parsed: object, name: str) -> str:
    """A field without which an accepted post cannot be found again: then it happened, but nobody knows where."""
    value = _field(parsed, name)
    if not isinstance(value, str) or not value:
        raise ConnectorFailed("no_id", ambiguous=True)
    return value


def _error_code(answer: Answer) -> str:
    """Teams' own word (`{"error": {"code": …}}`), else the status. Ids and texts are kept out of it."""
    try:
        code = _field(_field(json.loads(answer.body), "error"), "code")
    except (ValueError, RecursionError):
        code = None
    return code if isinstance(code, str) and code.isascii() and code.isalnum() else f"http_{answer.status}"
