"""The way out to Slack: every Web API call, and what came of it as an outcome. Nothing here decides what is said."""

import asyncio
import json
import re
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.channel import LEFT
from bot.loopback import is_loopback
from bot.rates import Rates
from bot.slack import blocks
from handlers.card import Card
from handlers.context import Said
from handlers.domain.channels import Seen
from handlers.domain.delivery import Bucket, Dead, Held, Op, Outcome, Retry, Sent, Unknown
from handlers.domain.people import Account, AccountKind
from storage.outbox import Claimed

log = structlog.get_logger()
Json = dict[str, Any]

SLACK_API: Final = "https://slack.com/api/"
RESPONSE_HOST: Final = "hooks.slack.com"
"""Where Slack's own response_urls point. https://docs.slack.dev/interactivity/handling-user-interaction"""
CALL_SECONDS: Final = 7.0
"""One call, answer included; a row may take 8 s in all (promises, section 2)."""
CONNECT_SECONDS: Final = 3.0
"""Until a connection stands; before that nothing was sent."""
WHO_SECONDS: Final = 1.5
"""A look-up while somebody waits for an answer that is due within 3 s."""
LINK_SECONDS: Final = 1.0
"""For a permalink, which a post can do without."""
LONGEST_WAIT: Final = 24 * 3600.0
"""Seconds of Retry-After that are believed, as for Teams; ours."""
MINUTE: Final = 60.5
"""Seconds in which a minute's calls are counted: calls made evenly do not arrive evenly. The half second is ours."""
TIERS: Final[Mapping[int, tuple[tuple[int, float], ...]]] = {
    2: ((20, MINUTE),),
    3: ((50, MINUTE),),
    4: ((100, MINUTE),),
}
"""Calls a minute of one method in one workspace. https://docs.slack.dev/apis/web-api/rate-limits"""
TIER: Final[Mapping[str, int]] = {
    "chat.postEphemeral": 4,
    "chat.update": 3,
    "conversations.archive": 2,
    "conversations.create": 2,
    "conversations.history": 3,
    "conversations.info": 3,
    "conversations.invite": 3,
    "conversations.kick": 3,
    "conversations.list": 2,
    "conversations.open": 3,
    "conversations.rename": 2,
    "conversations.replies": 3,
    "conversations.setTopic": 2,
    "pins.add": 2,
    "users.info": 4,
    "views.publish": 4,
}
"""Each method's page names its tier, as https://docs.slack.dev/reference/methods/chat.update does."""
POST: Final = "chat.postMessage"
CHANNEL_POSTS: Final = ((4, 4.5),)
"""Posts into one channel: one a second, short bursts pass. https://docs.slack.dev/apis/web-api/rate-limits"""
WORKSPACE_POSTS: Final = ((300, MINUTE),)
"""Posts in one workspace: "several hundred" a minute, no figure is published (same page); 300 is our reading."""
BROADCAST_POSTS: Final = ((10, 2.06),)
"""Broadcasts among them, evenly: 291 a minute, so that a declare in the midst of one finds room; ours."""
BINDING_SECONDS: Final = 600.0
"""How old what we know of a customer's channel may be when its post leaves (promises, section 5, threat 5)."""
UNNAMED: Final = "an organisation that Slack does not name"
"""Who a channel is shared with where Slack says only that it is shared."""
LIST_PAGE: Final = 1000
"""Channels a page. https://docs.slack.dev/reference/methods/conversations.list"""
LIST_PAGES: Final = 30
"""Pages read at most; ours: more than a workspace's tier allows in a minute."""
HISTORY_PAGE: Final = 200
"""Messages a page, as advised. https://docs.slack.dev/reference/methods/conversations.history"""
HISTORY_PAGES: Final = 5
"""Pages read at most while looking for a post; ours."""
CLOCK_SLACK: Final = 60.0
"""Seconds by which our clock and Slack's may differ when a post is looked for."""
NAME_TRIES: Final = 9
"""inc-7-checkout … inc-7-checkout-9: how many names a room may try."""
CHANNEL_NAME: Final = 80
"""Characters. https://docs.slack.dev/reference/methods/conversations.create"""
ECHOES: Final = 4096
"""Echoes of our own posts kept in memory; ours."""

UNSURE: Final = frozenset({"internal_error", "fatal_error", "duplicate_message_not_found"})
"""Part may have happened: every method's error table says so of the first two; the third hints at an earlier post."""
ORPHANED: Final = frozenset({"thread_not_found", "message_not_found", "cannot_reply_to_message"})
"""The message a thread began with is gone: what follows begins anew. The first and second names are not documented for
a post. https://docs.slack.dev/reference/methods/chat.postMessage (errors)"""
LATER: Final = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org", "request_timeout"})
"""Certainly not done, and worth another try. https://docs.slack.dev/reference/methods/chat.postMessage (errors)"""
FINE: Final[Mapping[str, frozenset[str]]] = {
    "pins.add": frozenset({"already_pinned"}),
    "conversations.invite": frozenset({"already_in_channel", "cant_invite_self"}),
    "conversations.kick": frozenset({"not_in_channel"}),
    "conversations.archive": frozenset({"already_archived"}),
}
"""Refusals that say it is already so."""
READS: Final = frozenset(
    {
        "chat.getPermalink",
        "conversations.history",
        "conversations.info",
        "conversations.list",
        "conversations.replies",
        "users.info",
    }
)
"""Methods that take no JSON. https://docs.slack.dev/apis/web-api (methods supporting JSON)"""
METHODS: Final[Mapping[Op, str]] = {
    "close": "conversations.archive",
    "home": "views.publish",
    "invite": "conversations.invite",
    "open": "conversations.create",
    "pin": "pins.add",
    "remove": "conversations.kick",
    "rename": "conversations.rename",
    "topic": "conversations.setTopic",
}
"""The method of each operation; messages are posted or updated."""
CONNECT: Final = "apps.connections.open"
"""Asks for a Socket Mode connection. https://docs.slack.dev/reference/methods/apps.connections.open"""

SCOPES: Final[Mapping[str, str]] = {
    "app_mentions:read": "to hear @Amends",
    "channels:history": "to look whether a post arrived",
    "channels:manage": "to open rooms",
    "channels:read": "to check where a post goes",
    "chat:write": "to post",
    "commands": "for /incident",
    "groups:history": "to look whether a post arrived in a private room",
    "groups:read": "to check private rooms",
    "groups:write": "to open private rooms",
    "im:history": "to hear direct messages",
    "im:write": "to write to one person",
    "metadata.message:read": "to recognise its own posts",
    "pins:write": "to pin the headline",
    "reactions:read": "to pin what got a 📌 in an incident's room",
    "users:read": "to tell colleagues from guests",
    "users:read.email": "to know one person on both platforms",
}
"""Every scope the app asks for, and why; nothing else is asked for."""
MINIMUM: Final = frozenset({"channels:manage", "chat:write", "commands", "users:read"})
"""Without these nothing works; the others are each missed in one place."""

YEAR_2100: Final = 4_102_444_800
"""Seconds since 1970: no message was said later."""
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{6,20}")


@dataclass(frozen=True, slots=True)
class Me:
    """Who the bot is in its workspace. `url` is the workspace's address, with a slash at its end."""

    team: str
    user: str
    bot: str
    name: str = ""
    url: str = ""
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fault:
    """A call that did not succeed: Slack's `error` name (or our words for it) and what follows for a row."""

    error: str
    outcome: Retry | Unknown | Dead

    @property
    def missing(self) -> bool:
        """Whether this Slack cannot or may not do it at all, so that nobody can know."""
        return self.error in ("unknown_method", "missing_scope", "not_allowed_token_type", "method_deprecated")


class SlackCarrier:
    """Carries rows to one workspace. `start` before the first call, `close` at the end.

    `clock` counts seconds for cached channels; `rates` are the workspace's buckets (without them nobody else calls: the
    doctor); `paced` switches our own limits off where time stands still.
    """

    platform = "slack"

    def __init__(
        self,
        token: str,
        *,
        api_url: str = SLACK_API,
        clock: Callable[[], float] = time.monotonic,
        rates: Rates | None = None,
        paced: bool = True,
    ) -> None:
        """Nothing is opened yet."""
        self.api_url = api_url if api_url.endswith("/") else f"{api_url}/"
        self.me: Me | None = None
        self.client = AsyncWebClient(token, base_url=self.api_url, timeout=int(CALL_SECONDS), retry_handlers=[])
        if is_loopback(urlsplit(self.api_url).hostname or ""):
            self.client.proxy = None  # the environment's proxy is for the outside
        self._clock = clock
        self._rates = rates
        self._paced = paced
        self._session: aiohttp.ClientSession | None = None
        self._bindings: dict[str, tuple[Seen, float]] = {}  # what was seen of a channel, when on the carrier's clock
        self._touched: dict[str, float] = {}  # when an event last told of a channel
        self._listed = float("-inf")
        self._listing: asyncio.Task[None] | None = None
        self._checkable = True
        self._moved: dict[str, str] = {}
        self._echoes: OrderedDict[str, Sent] = OrderedDict()

    # --- connection --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the one session all calls share (without it the SDK dials for each)."""
        if self._session is None:
            limit = aiohttp.ClientTimeout(total=CALL_SECONDS, connect=CONNECT_SECONDS + 1, sock_connect=CONNECT_SECONDS)
            connector = aiohttp.TCPConnector(limit=40, keepalive_timeout=20)
            trace = aiohttp.TraceConfig()
            trace.on_request_chunk_sent.append(_written)
            trace.on_request_redirect.append(_no_redirect)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=limit, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[trace]
            )
            self.client.session = self._session

    async def close(self) -> None:
        """Hang up."""
        if self._listing is not None:
            self._listing.cancel()
            with suppress(asyncio.CancelledError):
                await self._listing
            self._listing = None
        if self._session is not None:
            await self._session.close()
            self._session = None
            self.client.session = None

    async def hello(self) -> Me | Fault:
        """Ask Slack who this token is, and keep it in `me`. https://docs.slack.dev/reference/methods/auth.test."""
        answer = await self._asked("auth.test", {})
        if isinstance(answer, Fault):
            return answer
        told, headers = answer
        scopes = frozenset(s.strip() for s in headers.get("x-oauth-scopes", "").split(",") if s.strip())
        url = str(told.get("url") or "")
        self.me = Me(
            str(told.get("team_id") or ""),
            str(told.get("user_id") or ""),
            str(told.get("bot_id") or ""),
            str(told.get("team") or ""),
            url if url.startswith("https://") else "",
            scopes,
        )
        return self.me

    # --- calls -------------------------------------------------------------------------------------------------------

    async def call(
        self, method: str, /, *, seconds: float = CALL_SECONDS, counted: bool = False, **args: Any
    ) -> Json | Fault:
        """One Web API call; never raises for what Slack or the network does.

        No call is made inside a Retry-After window of its method (a post: of its channel), or beyond what its tier
        allows. `counted`: it is the call of a row, for which the outbox asked. https://docs.slack.dev/apis/web-api
        """
        answer = await self._asked(method, args, seconds, counted=counted)
        return answer if isinstance(answer, Fault) else answer[0]

    async def _asked(
        self, method: str, args: Json, seconds: float = CALL_SECONDS, *, counted: bool = False
    ) -> tuple[Json, Mapping[str, str]] | Fault:
        buckets = self._buckets(method, str(args.get("channel", "")))
        if self._rates is not None and not counted:
            wait = await self._rates.wait(buckets)
            if wait > 0:
                return Fault("ratelimited", Retry("Slack takes no more of these just now", wait))
        await self.start()
        try:
            async with asyncio.timeout(seconds):
                if method == CONNECT:
                    told = await self.client.api_call(method, params=args)  # another token than the bot's
                elif method in READS:
                    told = await self.client.api_call(method, http_verb="GET", params=args)
                else:
                    told = await self.client.api_call(method, json=args)
        except SlackApiError as error:
            fault = self._fault(method, error)
            after = _after(fault)
            if self._rates is not None and after is not None:
                await self._rates.close(buckets[0].name, after)
            return fault
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            return Fault("no connection", Retry(f"no connection to Slack ({type(error).__name__})"))
        except _RedirectedError:
            return Fault("redirected", Unknown("Slack's address answered with a redirect"))
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return Fault("no answer", Unknown(f"no answer from Slack ({type(error).__name__})"))
        except (SlackClientError, ValueError, AttributeError, TypeError, json.JSONDecodeError):
            # The SDK stumbles over answers that are no JSON objects. Something was answered: it may have happened.
            return Fault("unreadable", Unknown("Slack's answer could not be read"))
        if not isinstance(told.data, dict):
            return Fault("unreadable", Unknown("Slack's answer could not be read"))
        return told.data, {k.lower(): v for k, v in told.headers.items()}

    def _fault(self, method: str, error: SlackApiError) -> Fault:
        response: Any = error.response
        status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
        headers: Mapping[str, str] = {k.lower(): v for k, v in dict(getattr(response, "headers", {}) or {}).items()}
        data = getattr(response, "data", None)
        told: Json = data if isinstance(data, dict) else {}
        name = str(told.get("error") or "")
        if status == 429 or name in ("ratelimited", "rate_limited"):
            return Fault("ratelimited", Retry("Slack asked us to wait", _seconds(headers.get("retry-after", ""))))
        if status == 501:
            return Fault("unknown_method", Dead("unknown_method"))
        if status >= 500 or name in UNSURE:
            return Fault(name or f"HTTP {status}", Unknown(name or f"Slack answered {status}"))
        if not told:
            if status in (404, 405):  # how emulators say that they lack a method
                return Fault("unknown_method", Dead("unknown_method"))
            if 400 <= status < 500:
                return Fault(f"HTTP {status}", Dead(f"Slack answered {status}"))
            return Fault("unreadable", Unknown(f"Slack answered {status or 'something'} that could not be read"))
        if told.get("ok") is not False and status < 400:  # JSON of somebody in between: no refusal of Slack's
            return Fault("unreadable", Unknown(f"Slack answered {status or 'something'} that says neither yes nor no"))
        name = name or "refused without a reason"
        if name in LATER:
            return Fault(name, Retry(name, _seconds(headers.get("retry-after", ""))))
        needed = str(told.get("needed") or "")
        reason = f"missing_scope: {needed}" if name == "missing_scope" and needed else name
        hints = told.get("errors") or (told.get("response_metadata") or {}).get("messages")
        if name.startswith("invalid_") and hints:
            log.warning("slack refused the form of a call", method=method, error=name, hints=str(hints)[:500])
        return Fault(name, Dead(reason))

    async def respond(self, url: str, payload: Json) -> bool:
        """Post to a response_url; whether it was taken. Only Slack's host or the Web API's own, and no redirects."""
        if not self._ours(url):
            log.warning("a response_url points elsewhere; nothing was sent there")
            return False
        await self.start()
        assert self._session is not None
        try:
            async with self._session.post(url, json=payload, allow_redirects=False) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return False

    def _ours(self, url: str) -> bool:
        try:
            there, here = urlsplit(url), urlsplit(self.api_url)
        except ValueError:
            return False
        if (there.scheme, there.netloc) == ("https", RESPONSE_HOST):
            return True
        return here.netloc != "slack.com" and (there.scheme, there.netloc) == (here.scheme, here.netloc)

    # --- rows --------------------------------------------------------------------------------------------------------

    async def carry(self, row: Claimed) -> Outcome:
        """Put a row on screen."""
        match row.op:
            case "message":
                return await self._message(row)
            case "open":
                return await self._open(row)
            case "home":
                return await self._plainly(row, "views.publish", user_id=row.address, view=blocks.home(_card(row)))
        channel = self._now(row.address)
        match row.op:
            case "pin":
                return await self._plainly(row, "pins.add", channel=channel, timestamp=row.target_id)
            case "topic":
                topic = blocks.fit(row.args[0] if row.args else "", blocks.TOPIC_CHARACTERS)
                return await self._plainly(row, "conversations.setTopic", channel=channel, topic=topic)
            case "invite":
                return await self._invite(row, channel)
            case "remove":
                return await self._plainly(row, "conversations.kick", channel=channel, user=row.args[0])
            case "rename":
                return await self._plainly(row, "conversations.rename", channel=channel, name=row.args[0])
            case "close":
                return await self._plainly(row, "conversations.archive", channel=row.args[0] if row.args else channel)
        return Dead(f"Slack has no {row.op}")

    async def _plainly(self, row: Claimed, method: str, **args: Any) -> Outcome:
        told = await self.call(method, counted=True, **args)
        if isinstance(told, Fault) and told.error not in FINE.get(method, ()):
            return told.outcome
        return Sent(row.target_id or row.message_id or row.nonce, row.address)

    async def _invite(self, row: Claimed, channel: str) -> Outcome:
        for number, user in enumerate(row.args):  # one by one: who is in already must not keep others out
            told = await self.call("conversations.invite", counted=not number, channel=channel, users=user)
            if isinstance(told, Fault) and told.error not in FINE["conversations.invite"]:
                return told.outcome
        return Sent(row.nonce, row.address)

    async def _message(self, row: Claimed) -> Outcome:
        channel = self._now(row.message_at or row.address)
        if not channel:
            return Held("no incidents channel is known")
        try:
            content = self._content(row)
        except ValueError as error:
            return Dead(str(error))
        if row.message_id:
            return await self._edit(row, channel, content)
        return await self._post(row, channel, content)

    @staticmethod
    def _content(row: Claimed, room: int = blocks.ALL_CHARACTERS) -> Json:
        if row.audience == "customer" or row.card is None:
            return blocks.customer(row.text, row.nonce)
        return blocks.message(row.card, row.nonce, room=room)

    async def _post(self, row: Claimed, channel: str, content: Json) -> Outcome:
        args: Json = {
            "channel": channel,
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
            "client_msg_id": row.nonce,
        }
        if row.thread_id:
            args["thread_ts"] = row.thread_id
            args["reply_broadcast"] = row.audience == "customer"  # a reply nobody opens the thread for is not read
        posting = _POSTING.set(LEFT.get())
        told = await self.call(POST, counted=True, **args, **content)
        _POSTING.reset(posting)
        if isinstance(told, Fault) and told.error in ORPHANED and row.thread_id:
            del args["thread_ts"], args["reply_broadcast"]
            told = await self.call(POST, **args, **content)
        if isinstance(told, Fault) and told.error == "msg_blocks_too_long" and row.card is not None:
            content = self._content(row, blocks.ALL_CHARACTERS // 2)
            told = await self.call(POST, **args, **content)
        if isinstance(told, Fault):
            heard = self._echoes.pop(row.nonce, None) if isinstance(told.outcome, Unknown) else None
            return heard or told.outcome
        ts, at = str(told.get("ts") or ""), str(told.get("channel") or channel)
        if not ts:
            return Unknown("Slack named no message")
        link = await self._permalink(at, ts) if row.audience == "customer" else ""
        return Sent(ts, at, link)

    async def _edit(self, row: Claimed, channel: str, content: Json) -> Outcome:
        args: Json = {"channel": channel, "ts": row.message_id, "parse": "none", "link_names": False}
        content = {k: v for k, v in content.items() if k != "metadata"}
        content.setdefault("blocks", [])  # blocks left out would stay as they were
        told = await self.call("chat.update", counted=True, **args, **content)
        if isinstance(told, Fault) and told.error == "msg_blocks_too_long" and row.card is not None:
            lean = self._content(row, blocks.ALL_CHARACTERS // 2)
            told = await self.call("chat.update", **args, text=lean["text"], blocks=lean["blocks"])
        return told.outcome if isinstance(told, Fault) else Sent(row.message_id, channel)

    async def _permalink(self, channel: str, ts: str) -> str:
        told = await self.call("chat.getPermalink", seconds=LINK_SECONDS, channel=channel, message_ts=ts)
        link = "" if isinstance(told, Fault) else str(told.get("permalink") or "")
        return link if link.startswith("https://") else ""

    # --- rooms -------------------------------------------------------------------------------------------------------

    async def _open(self, row: Claimed) -> Outcome:
        """A channel of this name, or the next one that is free; one that our bot made before is taken again."""
        if row.message_id:
            return Sent(row.message_id, row.message_at)
        private = "private" in row.args[1:]
        for number in range(1, NAME_TRIES + 1):
            name = _named(row.args[0], number)
            told = await self.call("conversations.create", counted=number == 1, name=name, is_private=private)
            if not isinstance(told, Fault):
                return self._opened(told.get("channel") or {}, name)
            if told.error != "name_taken":
                return told.outcome
            taken = await self._by_name(name)
            if isinstance(taken, Fault) and not isinstance(taken.outcome, Dead):
                # it may be ours, made by a try whose answer was lost: another name would make a second room
                return Retry(f"name_taken, and whose it is could not be read: {taken.outcome.reason}", _after(taken))
            if isinstance(taken, dict) and await self._mine(taken, private=private):
                return self._opened(taken, name)
        return Dead("name_taken")

    def _opened(self, channel: Json, name: str) -> Outcome:
        found = str(channel.get("id") or "")
        if not found:
            return Unknown("Slack named no channel")
        link = f"{self.me.url}archives/{found}" if self.me is not None and self.me.url else ""
        return Sent(found, found, link, str(channel.get("name") or name))

    async def _mine(self, channel: Json, *, private: bool) -> bool:
        if self.me is None:
            await self.hello()
        ours = self.me is not None and channel.get("creator") == self.me.user
        return ours and not channel.get("is_archived") and bool(channel.get("is_private")) == private

    async def _by_name(self, name: str) -> Json | Fault | None:
        async for page in self._channels():
            if isinstance(page, Fault):
                return page
            for channel in page:
                if name in (channel.get("name"), channel.get("name_normalized")):
                    return channel
        return None

    async def _channels(self) -> AsyncIterator[list[Json] | Fault]:
        """Every channel the bot may know of, page by page; a fault ends it."""
        cursor, types = "", "public_channel,private_channel"
        for _ in range(LIST_PAGES):
            args: Json = {"types": types, "limit": LIST_PAGE, "exclude_archived": False}
            if cursor:
                args["cursor"] = cursor
            told = await self.call("conversations.list", **args)
            if isinstance(told, Fault):
                if told.error == "missing_scope" and types != "public_channel":
                    types = "public_channel"  # private ones may not be listed: the public ones still can
                    continue
                yield told
                return
            rows = told.get("channels")
            yield [c for c in rows if isinstance(c, dict)] if isinstance(rows, list) else []
            cursor = str((told.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return

    async def find_channel(self, name_or_id: str) -> tuple[str, str] | None:
        """A channel by id, or by name with or without #: its id and name; None if there is none that the bot sees."""
        found = await self._find(name_or_id)
        return None if isinstance(found, Fault) else found

    async def _find(self, name_or_id: str) -> tuple[str, str] | Fault | None:
        said = name_or_id.strip().removeprefix("#")
        if _CHANNEL_ID.fullmatch(said):
            told = await self.call("conversations.info", channel=said)
            if isinstance(told, Fault):
                if told.missing:
                    return said, said
                return told if not isinstance(told.outcome, Dead) else None
            return said, str((told.get("channel") or {}).get("name") or said)
        found = await self._by_name(said.lower())
        return (str(found["id"]), str(found.get("name") or said)) if isinstance(found, dict) else found

    # --- where customers are -----------------------------------------------------------------------------------------

    async def see(self, address: str, *, first: bool = False, tried: bool = False) -> Seen | Outcome | None:
        """What a channel is: from the list of channels, asked for at most ten minutes ago; by itself only in doubt."""
        del first, tried
        return await self._binding(self._now(address))

    async def _binding(self, channel: str) -> Seen | Outcome | None:
        fresh = self._fresh(channel)
        if fresh is not None:
            return fresh
        if self.me is None:
            await self.hello()
        if self._clock() - self._listed > BINDING_SECONDS:
            if self._listing is None or self._listing.done():
                self._listing = asyncio.create_task(self._list_bindings())
            await asyncio.wait({self._listing}, timeout=CALL_SECONDS / 2)
            if not self._listing.done():
                return Retry("the list of channels is being read", 2.0)
            fresh = self._fresh(channel)
            if fresh is not None:
                return fresh
        if not self._checkable:
            return None
        asked = self._clock()
        told = await self.call("conversations.info", seconds=CALL_SECONDS / 2, channel=channel)
        if isinstance(told, Fault):
            if told.missing:
                self._checkable = False
                return None
            # A question that got no answer had no effect: whatever the reason, it can be asked again.
            return told.outcome if not isinstance(told.outcome, Unknown) else Retry(told.outcome.reason)
        return self._noted(told.get("channel") or {}, asked, alone=True)

    def _fresh(self, channel: str) -> Seen | None:
        known, at = self._bindings.get(channel, (None, float("-inf")))
        return known if self._clock() - at <= BINDING_SECONDS else None

    def _noted(self, channel: Json, asked: float, *, alone: bool = False) -> Seen | None:
        """Keep what Slack says of a channel, `asked` when; nothing that an event has overtaken meanwhile.

        A list that says it is shared but not with whom leaves it in doubt: then it is asked for `alone`.
        """
        teams = channel.get("connected_team_ids") or channel.get("shared_team_ids") or []
        others = {str(t) for t in teams if self.me is None or t != self.me.team}
        if channel.get("is_ext_shared") and not others:
            if not alone:
                return None
            others = {UNNAMED}
        # A list may leave out who is in: then the post itself will tell.
        found = Seen(
            str(channel.get("id") or ""),
            str(channel.get("name") or ""),
            self.me.team if self.me is not None else "",
            bool(channel.get("is_private")),
            bool(channel.get("is_archived")),
            channel.get("is_member") is not False,
            tuple(sorted(others)),
        )
        if self._touched.get(found.id, float("-inf")) < asked:
            self._bindings[found.id] = found, asked
        return found

    async def _list_bindings(self) -> None:
        began = self._clock()
        async for page in self._channels():
            if isinstance(page, Fault):
                return
            for channel in page:
                self._noted(channel, began)
        self._listed = began
        self._touched = {c: at for c, at in self._touched.items() if at >= began}

    def changed(self, channel: str) -> None:
        """An event told that a channel is not what it was: look again before the next customer's post."""
        self._bindings.pop(channel, None)
        self._touched[channel] = self._clock()

    def moved(self, old: str, new: str) -> None:
        """An event told that a channel has another id now; posts follow it while this process lives."""
        self._moved[old] = new
        self._bindings.pop(old, None)

    def _now(self, channel: str) -> str:
        for _ in range(5):
            if channel not in self._moved:
                break
            channel = self._moved[channel]
        return channel

    # --- rates -------------------------------------------------------------------------------------------------------

    def buckets(self, op: Op, address: str, *, edit: bool, broadcast: bool) -> tuple[Bucket, ...]:
        """What Slack counts a row's call in: posts by channel and workspace, everything else by method."""
        if op == "message" and not edit:
            return self._buckets(POST, self._now(address), broadcast=broadcast)
        method = "chat.update" if op == "message" else METHODS[op]
        return () if op == "open" and edit else self._buckets(method)

    def _buckets(self, method: str, channel: str = "", *, broadcast: bool = False) -> tuple[Bucket, ...]:
        """The first of them is the one that a 429 closes."""
        limited = self._paced
        if method != POST:
            return (Bucket(f"slack {method}", TIERS[TIER[method]] if limited and method in TIER else ()),)
        found = [Bucket(f"slack {POST} {channel}", CHANNEL_POSTS if limited else ())] if channel else []
        found.append(Bucket(f"slack {POST}", WORKSPACE_POSTS if limited else ()))
        if broadcast:
            found.append(Bucket(f"slack {POST} broadcast", BROADCAST_POSTS if limited else ()))
        return tuple(found)

    # --- the unknown -------------------------------------------------------------------------------------------------

    def heard(self, nonce: str, found: Sent) -> None:
        """An echo of one of our own posts came back: remembered for whoever asks whether it arrived."""
        self._echoes[nonce] = found
        while len(self._echoes) > ECHOES:
            self._echoes.popitem(last=False)

    async def look(self, row: Claimed) -> Sent | bool:
        """Look for an unknown row: by its echo, then in the channel's history, by the opaque id in the metadata."""
        heard = self._echoes.get(row.nonce)
        if heard is not None:
            return heard
        if row.message_id or row.op not in ("message", "open"):
            return False  # done twice it is the same
        if row.op == "open":
            return await self._look_for_room(row)
        channel = self._now(row.address)
        if row.place.kind == "person":
            told = await self.call("conversations.open", users=row.address)
            if isinstance(told, Fault):
                return True
            channel = str((told.get("channel") or {}).get("id") or "")
        return await self._look_in(channel, row) if channel else True

    async def _look_for_room(self, row: Claimed) -> Sent | bool:
        for number in range(1, NAME_TRIES + 1):
            found = await self._by_name(_named(row.args[0], number))
            if isinstance(found, Fault):
                return True
            if found is None:
                return False
            if await self._mine(found, private="private" in row.args[1:]):
                opened = self._opened(found, str(found.get("name")))
                return opened if isinstance(opened, Sent) else True
        return False

    async def _look_in(self, channel: str, row: Claimed) -> Sent | bool:
        method = "conversations.replies" if row.thread_id else "conversations.history"
        args: Json = {"channel": channel, "limit": HISTORY_PAGE, "include_all_metadata": True}
        if row.thread_id:
            args["ts"] = row.thread_id
        floor, blind = _floor(row), False
        for _ in range(HISTORY_PAGES):
            told = await self.call(method, **args)
            if isinstance(told, Fault):
                return True
            messages = [m for m in told.get("messages") or [] if isinstance(m, dict)]
            for message in messages:
                if nonce_of(message.get("metadata")) == row.nonce:
                    return Sent(str(message.get("ts")), channel)
                blind = blind or (self._hidden(message) and _number(message.get("ts")) >= floor)
            cursor = str((told.get("response_metadata") or {}).get("next_cursor") or "")
            older = not row.thread_id and any(_number(m.get("ts")) < floor for m in messages)
            if older or (not cursor and not told.get("has_more")):
                return blind
            if not cursor:
                return True
            args["cursor"] = cursor
        return True

    def _hidden(self, message: Json) -> bool:
        """Whether this is a message of ours whose metadata Slack does not show: it may be the one looked for."""
        me = self.me
        ours = me is not None and (message.get("user") == me.user or (me.bot and message.get("bot_id") == me.bot))
        spoken = message.get("subtype") in (None, "bot_message", "thread_broadcast")
        return bool(ours) and spoken and not message.get("metadata")

    async def read(self, channel: str, ts: str) -> Said | None:
        """One message that somebody pointed at, within 1.5 s; None if Slack does not show it.

        Of a thread this asks for its parent and the one message, of a message that began none for itself.
        https://docs.slack.dev/reference/methods/conversations.replies
        """
        only: dict[str, Any] = {"oldest": ts, "latest": ts, "inclusive": True, "limit": 5}
        told = await self.call("conversations.replies", seconds=WHO_SECONDS, channel=channel, ts=ts, **only)
        messages = told.get("messages") if isinstance(told, dict) else None
        found = next((m for m in messages or [] if isinstance(m, dict) and m.get("ts") == ts), None)
        if found is None:
            return None
        author, number = str(found.get("user") or ""), _number(ts)
        ours = self.me is not None and author == self.me.user
        at = datetime.fromtimestamp(number, UTC) if 0 < number < YEAR_2100 else None
        name = str(found.get("username") or "") or ("Amends" if ours else author)
        return Said(ts, "" if ours else author, str(found.get("text") or ""), at, name=name)

    # --- people ------------------------------------------------------------------------------------------------------

    async def who(self, user: str, channel: str = "") -> Account | None:  # noqa: ARG002 - Teams asks by conversation
        """What Slack says of one of its users, within 1.5 s; None if it does not say."""
        told = await self.call("users.info", seconds=WHO_SECONDS, user=user)
        found = told.get("user") if isinstance(told, dict) else None
        if not isinstance(found, dict) or self.me is None:
            return None
        return account(found, self.me.team)

    async def tell(self, user: str, channel: str, card: Card, thread: str = "") -> bool:
        """Say a card to one person: for their eyes in the channel, else in their direct messages."""
        content = blocks.message(card)
        if channel and not channel.startswith("D"):
            args: Json = {"channel": channel, "user": user, "parse": "none", "link_names": False, **content}
            if thread:
                args["thread_ts"] = thread
            told = await self.call("chat.postEphemeral", **args)
            if not isinstance(told, Fault):
                return True
        where = channel if channel.startswith("D") else user
        content = blocks.message(card, str(uuid.uuid4()))  # an id of nobody's: a post without one makes looks unsure
        return not isinstance(await self.call(POST, channel=where, **QUIET, **content), Fault)

    # --- the doctor --------------------------------------------------------------------------------------------------

    async def check(self, incidents: str = "", *, vital: bool = False) -> list[str]:
        """What is wrong with token, scopes and the incidents channel, each a sentence that says how to mend it.

        `vital`: only what keeps the bot from working at all (a start should not fail for a pin).
        """
        me = await self.hello()
        if isinstance(me, Fault):
            return [_token_trouble(me)]
        asked = MINIMUM if vital else SCOPES.keys()
        problems = [_missing(s) for s in SCOPES if s in asked and me.scopes and s not in me.scopes]
        if incidents:
            problems += [p for p in await self._check_incidents(incidents) if p not in problems]
        return problems

    async def check_socket(self, app_token: str) -> list[str]:
        """What keeps Socket Mode from working, a sentence that says how to mend it; nothing if it works."""
        told = await self.call(CONNECT, token=app_token)
        if not isinstance(told, Fault):
            return []
        if isinstance(told.outcome, Dead):
            cure = "Make an app-level token with connections:write, and switch Socket Mode on."
            return [f"Slack does not take SLACK_APP_TOKEN ({told.error}). {cure}"]
        return [_out_of_reach(told)]

    async def _check_incidents(self, incidents: str) -> list[str]:
        found = await self._find(incidents)
        if isinstance(found, Fault):
            if found.error == "missing_scope":
                return [_missing(found.outcome.reason.partition(": ")[2] or "channels:read")]
            return [f"Slack: the channel “{incidents}” could not be looked up ({found.error}). Try again in a minute."]
        if found is None:
            hint = "Create it and invite the bot, or set SLACK_INCIDENTS_CHANNEL."
            return [f"Slack: there is no channel “{incidents}” that the bot can see. {hint}"]
        told = await self.call("conversations.info", channel=found[0])
        shown = {} if isinstance(told, Fault) else told.get("channel") or {}
        if shown.get("is_archived"):
            return [f"Slack: #{found[1]} is archived. Unarchive it, or set SLACK_INCIDENTS_CHANNEL to another."]
        if shown.get("is_member") is False:
            return [f"Slack: the bot is not in #{found[1]}. Type /invite @Amends there."]
        return []


QUIET: Final[Mapping[str, Any]] = {"parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False}
"""How every post is made: no names linked, nothing unfolded."""


_POSTING: ContextVar[Callable[[], None] | None] = ContextVar("_POSTING", default=None)


class _RedirectedError(aiohttp.ClientError):
    """Somebody wants a call to be made elsewhere: the token and the words go to Slack's address alone."""


async def _no_redirect(*_: object) -> None:
    """Called before a redirect is followed (promises, section 5, threat 11): it is not."""
    raise _RedirectedError


async def _written(*_: object) -> None:
    """A body is being written, whole, before anything else runs: after that the kernel has it."""
    posting = _POSTING.get()
    if posting is not None:
        asyncio.get_running_loop().call_soon(posting)


def account(user: Mapping[str, Any], team: str) -> Account:
    """A Slack user object as an account of the workspace `team`. https://docs.slack.dev/reference/objects/user-object."""
    profile = user.get("profile") if isinstance(user.get("profile"), dict) else {}
    assert isinstance(profile, dict)
    own = str(user.get("team_id") or profile.get("team") or team)  # whoever is from elsewhere always says so
    kind: AccountKind = "colleague"
    if user.get("is_bot") or user.get("id") == "USLACKBOT":
        kind = "bot"
    elif own != team or user.get("is_stranger") or user.get("deleted"):
        kind = "stranger"
    elif user.get("is_restricted") or user.get("is_ultra_restricted"):
        kind = "guest"
    name = profile.get("real_name") or user.get("real_name") or profile.get("display_name") or user.get("name") or ""
    email = str(profile.get("email") or "") if user.get("is_email_confirmed", True) and kind == "colleague" else ""
    return Account(
        "slack",
        str(user.get("id") or ""),
        blocks.clean(str(name))[:200] or str(user.get("id")),
        kind,
        email.lower(),
        own,
        fetched_at=datetime.now(UTC),
    )


def nonce_of(metadata: object) -> str:
    """The opaque id in a message's metadata, if it is one of ours."""
    if not isinstance(metadata, dict) or metadata.get("event_type") != blocks.EVENT_TYPE:
        return ""
    payload = metadata.get("event_payload")
    return str(payload.get("id") or "") if isinstance(payload, dict) else ""


def _card(row: Claimed) -> Card:
    return row.card if row.card is not None else Card("Amends")


def _named(name: str, number: int) -> str:
    tail = f"-{number}" if number > 1 else ""
    return name[: CHANNEL_NAME - len(tail)].rstrip("-_") + tail


def _after(fault: Fault) -> float | None:
    return fault.outcome.after if isinstance(fault.outcome, Retry) else None


def _seconds(header: str) -> float | None:
    try:
        return min(max(float(header), 0.0), LONGEST_WAIT)
    except ValueError:
        return None


def _number(ts: object) -> float:
    try:
        return float(str(ts))
    except ValueError:
        return float("inf")


def _floor(row: Claimed) -> float:
    """The earliest second at which a row can have been posted: its nonce (UUIDv7) carries when it was written down.

    Where that lies after the row's lease the two were made by different clocks, and nothing can be said: 0.
    """
    try:
        written = (uuid.UUID(row.nonce).int >> 80) / 1000
    except ValueError:
        return 0.0
    return written - CLOCK_SLACK if written <= row.lease_until.timestamp() + CLOCK_SLACK else 0.0


def _missing(scope: str) -> str:
    why = f" ({SCOPES[scope]})" if scope in SCOPES else ""
    return f"Slack: the scope {scope} is missing{why}. Add it under OAuth & Permissions, then reinstall the app."


def _token_trouble(fault: Fault) -> str:
    if fault.error == "unknown_method":
        return "What answers at SLACK_API_URL is not Slack's Web API: it has no auth.test. Mend SLACK_API_URL."
    if isinstance(fault.outcome, Dead):
        return (
            f"Slack does not take SLACK_BOT_TOKEN ({fault.error}). Copy the Bot User OAuth Token from OAuth & "
            "Permissions again; reinstall the app if it was removed."
        )
    return _out_of_reach(fault)


def _out_of_reach(fault: Fault) -> str:
    assert not isinstance(fault.outcome, Dead)
    return f"Slack cannot be reached ({fault.outcome.reason}). Check the network, a proxy, or SLACK_API_URL."
