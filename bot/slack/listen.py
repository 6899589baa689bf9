"""The way in from Slack, over HTTP or Socket Mode: gate → Bolt → one request to intake → the answer, drawn.

Bolt parses nothing that the gate has not let in, and one catch-all listener per kind hands over to this module: the
words of a command, a button, a form or a message all become the same `Request`.
"""

import asyncio
import html
import json
import logging
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from bot.channel import Answer, Request
from bot.gate import Refusal, SlackRequest, check_slack, check_slack_envelope
from bot.slack import blocks
from bot.slack.carry import Fault, SlackCarrier, nonce_of
from handlers.card import Button, Buttons, Card, Form, line
from handlers.commands import ChannelMoved, ChannelTouched, MessageChanged
from handlers.context import Said
from handlers.domain.delivery import Sent
from handlers.domain.people import Account

log = structlog.get_logger()
Json = dict[str, Any]

ANSWER_SECONDS: Final = 2.2
"""How long an answer may be made before we say that it follows; Slack waits 3 s for a 200.
https://docs.slack.dev/interactivity/handling-user-interaction
"""
TRIGGER_SECONDS: Final = 2.8
"""A trigger_id lives 3 s (the same page); counted from when the request reached us."""
REFRESH_SECONDS: Final = 3600.0
"""How old Slack's word on a person may grow before it is asked for again; ours."""
MENTIONS: Final = 5
"""People named in one line who are looked up before it is read; ours."""
MENTION_SECONDS: Final = 1.0
EVENTS_KEPT: Final = 4096
"""Event ids remembered, so that Slack's quick retries are not answered twice; ours (intake has the lasting word)."""
WATCH_SECONDS: Final = 5.0
"""How often the socket is looked after; ours, as often as the SDK tries to connect."""
REFRESHING: Final = 3
"""Look-ups in the background at once; ours."""

NOT_LOOKED_UP = "I could not look you up just now. Try again in a moment."
FOLLOWS = "I am still working on it. The answer follows here."
BROKE = "Something broke on our side. Try again; if it happens once more, tell whoever runs Amends: reference {}."

_MENTION = re.compile(r"<@([UW][A-Z0-9]{2,20})(?:\|([^<>]{0,200}))?>")
_MARKED = re.compile(r"<([#!]?[^<>|@]{1,2000})(?:\|([^<>]{0,2000}))?>")
_USER = re.compile(r"[UW][A-Z0-9]{4,20}")
_SPEECH = frozenset({"", "file_share", "thread_broadcast"})
"""Subtypes of messages that are somebody speaking. https://docs.slack.dev/reference/events/message"""
_ALTERED = frozenset({"message_changed", "message_deleted"})
"""Subtypes that say a message is not what it was (the same page)."""
PIN: Final = frozenset({"pushpin", "round_pushpin"})
"""📌 and 📍, by Slack's names. https://docs.slack.dev/reference/events/reaction_added"""
_TOUCHED = frozenset(
    {
        "channel_archive",
        "channel_rename",
        "channel_shared",
        "channel_unarchive",
        "channel_unshared",
        "group_archive",
        "group_rename",
        "group_unarchive",
        "member_left_channel",
    }
)
"""Events after which a channel is not what it was. https://docs.slack.dev/reference/events"""


class Taking(Protocol):
    """What the door needs of bot.intake.Intake."""

    async def take(self, request: Request) -> Answer:
        """Answer a request; whatever is answered as done is committed."""
        ...

    async def meet(self, account: Account) -> None:
        """Keep what the platform says of one of its users."""
        ...

    async def room(self, platform: str, channel: str) -> int | None:
        """The incident whose room this is."""
        ...

    async def followed(self, change: MessageChanged) -> None:
        """A message was edited or deleted."""
        ...

    async def home(self, request: Request) -> Card | None:
        """The App Home of one person; None if nobody knows them yet."""
        ...


@dataclass(frozen=True, slots=True)
class Answered:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Way:
    """How to reach whoever asked: every handle Slack gave with the request. `began`: seconds on the loop's clock."""

    user: str
    channel: str
    began: float
    trigger: str = ""
    response_url: str = ""
    thread: str = ""
    view: str = ""  # the id of the view that was pressed in
    in_home: bool = False


@dataclass(slots=True)
class _People:
    """Whom this process has looked up, and when (seconds on the loop's clock)."""

    looked: dict[str, float] = field(default_factory=dict)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(REFRESHING))


class SlackDoor:
    """Everything Slack sends comes in here.

    `carrier` is the same one that carries the outbox. `teams`: ids of the workspaces served, by default the one that
    `carrier.hello()` named. `arrived` is told of the echo of our own posts: (opaque id, where it stands). `told`
    hears of channels that changed.
    """

    def __init__(
        self,
        intake: Taking,
        carrier: SlackCarrier,
        signing_secret: str = "",
        *,
        teams: Collection[str] | None = None,
        arrived: Callable[[str, Sent], Awaitable[object]] | None = None,
        told: Callable[[ChannelTouched | ChannelMoved], Awaitable[object]] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is opened. `now` is seconds since 1970, against which signatures are aged."""
        self.intake = intake
        self.carrier = carrier
        self._secret = signing_secret
        self._teams = teams
        self._arrived = arrived
        self._told = told
        self._time = now
        self._people = _People()
        self._events: OrderedDict[str, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket: SocketModeClient | None = None
        self._watching: asyncio.Task[None] | None = None
        self._bolt = self._listening()

    def _listening(self) -> AsyncApp:
        """Bolt with one catch-all listener per kind (matching is linear) and our own authorisation (no auth.test)."""
        quiet = logging.getLogger("bot.slack.bolt")
        quiet.setLevel(logging.ERROR)  # Bolt logs whole bodies below that

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            return await self._authorize(enterprise_id, team_id)  # Bolt hands `self` to bound methods

        app = AsyncApp(
            name="amends-bolt",  # Bolt makes a logger of this name and sets its level
            logger=quiet,
            signing_secret=self._secret or "unused",
            client=AsyncWebClient(base_url=self.carrier.api_url, retry_handlers=[], logger=quiet),
            authorize=authorize,
            process_before_response=True,
            request_verification_enabled=False,  # the gate has done it, on raw bytes
            ssl_check_enabled=False,
            ignoring_self_events_enabled=False,  # our own echo is wanted
            attaching_function_token_enabled=False,
        )
        anything = re.compile("")
        app.command(anything)(self._heard)
        app.action(anything)(self._heard)
        app.view(anything)(self._heard)
        app.view_closed(anything)(self._heard)
        app.shortcut(anything)(self._heard)
        app.options(anything)(self._heard)
        app.event(anything)(self._heard)
        app.error(_broken)
        return app

    async def _authorize(self, enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        me = self.carrier.me
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=self.carrier.client.token,
            bot_id=me.bot if me else None,
            bot_user_id=me.user if me else None,
        )

    @property
    def teams(self) -> Collection[str]:
        """Ids of the workspaces served."""
        if self._teams is not None:
            return self._teams
        return (self.carrier.me.team,) if self.carrier.me is not None else ()

    # --- doors -------------------------------------------------------------------------------------------------------

    async def handle(self, headers: Mapping[str, str], body: bytes) -> Answered:
        """Answer one HTTP request to /slack/events: 200, or 401, 403, 400, 413, 415; never 5xx."""
        try:
            admitted = check_slack(headers, body, self._secret, self._time(), self.teams)
        except Refusal as refusal:
            log.warning("refused at the Slack door", status=refusal.status, reason=refusal.reason)
            return _text(refusal.status, refusal.reason)
        return await self._dispatch(admitted)

    async def _dispatch(self, admitted: SlackRequest) -> Answered:
        if admitted.kind == "ssl_check":
            return _text(200, "")
        if admitted.kind == "app_rate_limited":
            log.error("Slack holds events back: more than 30,000 an hour")
            return _text(200, "")
        if not _shaped(admitted):
            return _text(400, "the request is malformed")
        try:
            request = AsyncBoltRequest(
                mode="socket_mode",  # Bolt's name for "parsed already"
                body=admitted.payload,
                headers={"content-type": "application/json"},
                context={"admitted": admitted},
            )
            response = await self._bolt.async_dispatch(request)
        except (TypeError, ValueError, KeyError, AttributeError, IndexError):
            # Bolt raises on shapes that Slack never sends; our own faults end in `_broken`.
            return _text(400, "the request is malformed")
        if response.status >= 500:
            return _text(400, "the request is malformed")
        if response.status == 404:  # a kind nobody listens to
            return _text(200, "")
        kind = response.headers.get("content-type", ["text/plain;charset=utf-8"])[0]
        body = response.body if isinstance(response.body, str) else json.dumps(response.body)
        return Answered(response.status, {"content-type": kind}, body.encode())

    async def start_socket(self, app_token: str) -> None:
        """Open Socket Mode: the same requests over a connection of ours; it comes back by itself when it is lost."""
        await self.carrier.start()
        quiet = logging.getLogger("bot.slack.socket")
        quiet.setLevel(logging.WARNING)
        quiet.addFilter(_without_stack)
        web = AsyncWebClient(
            base_url=self.carrier.api_url, session=self.carrier.client.session, retry_handlers=[], logger=quiet
        )
        web.proxy = self.carrier.client.proxy
        client = SocketModeClient(app_token, web_client=web, logger=quiet, proxy=web.proxy)
        client.proxy = web.proxy
        client.message_listeners.append(self._enveloped)
        self._socket = client
        self._watching = asyncio.create_task(self._watch(client))
        await client.connect()  # type: ignore[no-untyped-call]

    @staticmethod
    async def _watch(client: SocketModeClient) -> None:
        """Let a client that cannot connect ask for another address: it would try the first, which works once, for ever.

        https://docs.slack.dev/apis/events-api/using-socket-mode (connecting)
        """
        while not client.closed:
            await asyncio.sleep(WATCH_SECONDS)
            if not await client.is_connected():
                client.wss_uri = None

    async def _enveloped(self, client: Any, message: Json, raw: str | None = None) -> None:
        """One Socket Mode message: the same gate, the same answers, acknowledged by its envelope's id."""
        envelope = message.get("envelope_id")
        body = b""
        try:
            admitted = check_slack_envelope(raw if raw is not None else message, self.teams)
        except Refusal as refusal:
            log.warning("refused on the Slack socket", status=refusal.status, reason=refusal.reason)
        else:
            if admitted is None:
                return
            answered = await self._dispatch(admitted)
            body = answered.body if answered.status == 200 else b""
        if not isinstance(envelope, str) or not envelope:
            return
        reply: Json = {"envelope_id": envelope}
        if body:
            reply["payload"] = json.loads(body)
        try:
            await client.send_socket_mode_response(reply)
        except (ConnectionError, OSError, RuntimeError, AttributeError):
            log.warning("the Slack socket closed before the answer; Slack will ask again where it does")

    async def drain(self) -> None:
        """Wait until what was begun in the background is done (tests, shutdown)."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self, within: float = 5.0) -> None:
        """Close the socket; let answers under way finish, at most `within` seconds."""
        if self._watching is not None:
            self._watching.cancel()
        if self._socket is not None:
            await self._socket.close()  # type: ignore[no-untyped-call]
            self._socket = None
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=within)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # --- behind Bolt -------------------------------------------------------------------------------------------------

    async def _heard(self, context: Any) -> BoltResponse:
        """Every listener."""
        context["heard"] = True
        return await self._by_kind(context["admitted"])

    async def _by_kind(self, admitted: SlackRequest) -> BoltResponse:
        payload = admitted.payload
        if admitted.kind == "command":
            return await self._command(admitted)
        if admitted.kind == "event":
            return await self._event(admitted)
        match payload.get("type"):
            case "block_actions":
                return await self._pressed(admitted)
            case "view_submission":
                return await self._submitted(admitted)
            case "shortcut" | "message_action":
                return await self._shortcut(admitted)
            case "block_suggestion":
                return _json({"options": []})
        return _empty()

    async def _command(self, admitted: SlackRequest) -> BoltResponse:
        """A slash command: the answer is the HTTP answer; a form is opened before it."""
        form = admitted.payload
        words = str(form.get("text") or "").strip()
        if str(form["command"]).rstrip("/").endswith("apology"):
            words = f"apology {words}".strip()
        way = _way(form["user_id"], form["channel_id"], form)
        request = self._request(admitted, way, words)
        answer = await self._soon(self._take(request), lambda late: self._follow(late, way))
        if answer is None:
            return _json(blocks.ephemeral(Card("Amends", (line(FOLLOWS),))))
        card = await self._opened(answer.show, way)
        return _json(blocks.ephemeral(card)) if card is not None else _empty()

    async def _pressed(self, admitted: SlackRequest) -> BoltResponse:
        """A button: acknowledged once what it says is committed; then the answer goes to whoever pressed."""
        payload = admitted.payload
        action = payload["actions"][0]
        said = str(action.get("action_id", "")).partition(":")[0]
        if action.get("type") != "button" or said not in ("say", "form") or not isinstance(action.get("value"), str):
            return _empty()
        container, view = _object(payload, "container"), _object(payload, "view")
        channel = _object(payload, "channel").get("id") or container.get("channel_id") or ""
        way = _way(payload["user"]["id"], str(channel), payload, view, thread=str(container.get("thread_ts") or ""))
        request = self._request(admitted, way, action["value"], typed=False)
        answer = await self._soon(
            self._take(request, _foreign(payload, self.teams)), lambda late: self._follow(late, way)
        )
        if answer is not None and not answer.repeated:
            card = await self._opened(answer.show, way)
            if card is not None:
                self._spawn(self._reply(card, way))
            if way.in_home and answer.recorded:
                self._spawn(self._draw_home(way.user))
        return _empty()

    async def _submitted(self, admitted: SlackRequest) -> BoltResponse:
        """A form: its faults stand at its fields; sent, it closes and the answer appears where it was opened."""
        payload = admitted.payload
        view = _object(payload, "view")
        kept = _kept(view.get("private_metadata"))
        if view.get("callback_id") != blocks.CALLBACK or not kept["says"]:
            return _json({"response_action": "clear"})
        way = _Way(payload["user"]["id"], kept["channel"], _now(), response_url=kept["to"], thread=kept["thread"])
        values = blocks.joined(_values(view))
        request = self._request(admitted, way, kept["says"], typed=False, values=values)
        answer = await self._soon(
            self._take(request, _foreign(payload, self.teams)), lambda late: self._follow(late, way)
        )
        if answer is None:
            card = Card("Amends", (line("I am still working on it. The answer follows in a message."),))
            return _json({"response_action": "update", "view": blocks.card_view(card)})
        return self._after_form(answer, view, way)

    def _after_form(self, answer: Answer, view: Json, way: _Way) -> BoltResponse:
        shown = view.get("blocks")
        drawn = [b for b in shown if isinstance(b, dict)] if isinstance(shown, list) else []
        inputs = [str(b.get("block_id")) for b in drawn if b.get("type") == "input"]
        faults = dict(answer.fields)
        if not faults and answer.refused and isinstance(answer.show, Card):
            faults = {"": _sentence(answer.show)}
        if faults and inputs:
            placed: dict[str, str] = {}
            for name, sentence in faults.items():
                where = name if name in inputs else inputs[0]
                placed[where] = f"{placed[where]} {sentence}" if where in placed else sentence
            errors = {k: blocks.clean(v)[: blocks.ERROR_CHARACTERS] or "–" for k, v in placed.items()}
            return _json({"response_action": "errors", "errors": errors})
        if isinstance(answer.show, Form):
            kept = _keep(answer.show.says, way)
            if kept is not None:
                return _json({"response_action": "update", "view": blocks.modal(answer.show, kept)})
        if answer.refused and isinstance(answer.show, Card):
            return _json({"response_action": "update", "view": blocks.card_view(answer.show)})
        if isinstance(answer.show, Card):
            self._spawn(self._reply(answer.show, way))
        return _json({"response_action": "clear"})

    async def _shortcut(self, admitted: SlackRequest) -> BoltResponse:
        """A shortcut says its callback_id (declare): https://docs.slack.dev/interactivity/implementing-shortcuts."""
        payload = admitted.payload
        way = _way(payload["user"]["id"], str(_object(payload, "channel").get("id") or ""), payload)
        request = self._request(admitted, way, str(payload["callback_id"]).replace("_", " "), typed=False)
        answer = await self._soon(
            self._take(request, _foreign(payload, self.teams)), lambda late: self._follow(late, way)
        )
        card = await self._opened(answer.show, way) if answer is not None else None
        if card is not None:
            self._spawn(self._reply(card, way))
        return _empty()

    # --- events ------------------------------------------------------------------------------------------------------

    async def _event(self, admitted: SlackRequest) -> BoltResponse:
        event = _object(admitted.payload, "event")
        if _others(event) or not self._first(admitted.replay_key or ""):
            return _empty()
        kind = str(event.get("type"))
        if kind == "app_mention" or (kind == "message" and event.get("channel_type") == "im"):
            await self._spoken(admitted, event, personal=kind == "message")
        elif kind == "message":
            await self._in_time(self._altered(event))
        elif kind in ("reaction_added", "reaction_removed"):
            await self._soon(self._reacted(admitted, event), self._finish)
        elif kind == "app_home_opened" and event.get("tab", "home") == "home" and isinstance(event.get("user"), str):
            self._spawn(self._draw_home(event["user"]))
        elif kind == "message_metadata_posted":
            await self._in_time(self._echoed(event))
        elif kind in _TOUCHED:
            channel = event.get("channel")
            touched = str(channel.get("id") if isinstance(channel, dict) else channel)
            self.carrier.changed(touched)
            if self._told is not None:
                await self._in_time(self._told(ChannelTouched("slack", touched)))
        elif kind == "channel_id_changed":
            old, new = str(event.get("old_channel_id")), str(event.get("new_channel_id"))
            log.warning("a Slack channel has another id now; mend the catalog if it is a customer's", old=old, new=new)
            self.carrier.moved(old, new)
            if self._told is not None:
                await self._in_time(self._told(ChannelMoved("slack", old, new)))
        elif kind in ("tokens_revoked", "app_uninstalled"):
            log.error("the app was removed from the workspace, or its token revoked", told=kind)
        return _empty()

    def _first(self, key: str) -> bool:
        """Whether this event has not come to this process before (Slack retries while an answer is being made)."""
        if key in self._events:
            return False
        self._events[key] = None
        while len(self._events) > EVENTS_KEPT:
            self._events.popitem(last=False)
        return True

    async def _spoken(self, admitted: SlackRequest, event: Json, *, personal: bool) -> None:
        """Somebody spoke to the bot: in a channel by naming it, in a direct message with bare words."""
        user, channel = event.get("user"), event.get("channel")
        me = self.carrier.me
        if not isinstance(user, str) or not isinstance(channel, str) or (me is not None and user == me.user):
            return
        if event.get("bot_id") or event.get("edited") or event.get("hidden"):
            return
        if str(event.get("subtype") or "") not in _SPEECH:
            return
        words = str(event.get("text") or "")
        if me is not None:
            words = re.sub(rf"<@{re.escape(me.user)}(?:\|[^<>]*)?>[:,]?", " ", words, count=1)
        way = _Way(user, channel, _now(), thread=str(event.get("thread_ts") or ""))
        request = self._request(admitted, way, words.strip(), personal=personal)
        if isinstance(event.get("ts"), str) and not personal:
            request = replace(request, message=Said(event["ts"], user, own=True))
        foreign = _outside(event.get("user_team") or event.get("source_team") or event.get("team"), self.teams)
        answer = await self._soon(self._take(request, foreign), lambda late: self._follow(late, way))
        if answer is not None:
            self._spawn(self._answer(answer, way))

    async def _altered(self, event: Json) -> None:
        """Somebody edited or deleted a message. https://docs.slack.dev/reference/events/message/message_changed."""
        message, channel, me = _object(event, "message"), event.get("channel"), self.carrier.me
        if not isinstance(channel, str) or (me is not None and (message.get("bot_id") or me.user) == me.bot):
            return  # our own cards change all the time
        deleted = event.get("subtype") == "message_deleted" or message.get("subtype") == "tombstone"
        ts = message.get("ts") or event.get("deleted_ts")
        if isinstance(ts, str) and ts:
            words = "" if deleted else self._plain(str(message.get("text") or ""))
            await self.intake.followed(MessageChanged("slack", channel, ts, words, deleted))

    async def _reacted(self, admitted: SlackRequest, event: Json) -> Answer:
        """Somebody put 📌 on a message, or took it off. It is read only where it stands in an incident's own room."""
        item, user, me = _object(event, "item"), event.get("user"), self.carrier.me
        channel, ts = item.get("channel"), item.get("ts")
        if (
            str(event.get("reaction")) not in PIN
            or item.get("type") != "message"
            or (me is not None and user == me.user)
        ):
            return Answer()
        if not isinstance(channel, str) or not isinstance(ts, str) or not isinstance(user, str):
            return Answer()
        if await self.intake.room("slack", channel) is None:
            return Answer()
        way = _Way(user, channel, _now())
        put_on = event["type"] == "reaction_added"
        said = await self.carrier.read(channel, ts) if put_on else Said(ts)
        if said is None:
            log.warning("a pinned message could not be read")
            card = Card("Amends", (line("I could not read that message. Say what matters: `pin …`."),), "warning")
            self._spawn(self._reply(card, way))
            return Answer()
        request = self._request(admitted, way, "pin" if put_on else "unpin", typed=False)
        answer = await self._take(replace(request, message=replace(said, words=self._plain(said.words))))
        if answer.refused and put_on and isinstance(answer.show, Card):
            self._spawn(self._reply(answer.show, way))
        return Answer()

    @staticmethod
    async def _finish(late: asyncio.Task[Answer]) -> None:
        """What took longer than Slack waits goes on by itself."""
        await late

    def _plain(self, words: str) -> str:
        """What people read of a message: without the mention of the bot, entities undone, people by name if known."""
        me = self.carrier.me
        if me is not None:
            words = re.sub(rf"<@{re.escape(me.user)}(?:\|[^<>]*)?>[:,]?", " ", words, count=1)
        words = _MENTION.sub(lambda m: f"@{m[2]}" if m[2] else m[0], words)
        words = _MARKED.sub(lambda m: m[2] or m[1], words)
        return html.unescape(words).strip()

    async def _echoed(self, event: Json) -> None:
        """One of our own posts came back: it stands. https://docs.slack.dev/reference/events/message_metadata_posted."""
        me, nonce = self.carrier.me, nonce_of(event.get("metadata"))
        ours = me is not None and (event.get("user_id") == me.user or event.get("bot_id") == (me.bot or None))
        ts, channel = event.get("message_ts"), event.get("channel_id")
        if not nonce or not ours or not isinstance(ts, str) or not isinstance(channel, str):
            return
        found = Sent(ts, channel)
        self.carrier.heard(nonce, found)
        if self._arrived is not None:
            await self._arrived(nonce, found)

    # --- answers -----------------------------------------------------------------------------------------------------

    async def _opened(self, show: Card | Form | None, way: _Way) -> Card | None:
        """Open a form; what is left to say as a card: the card itself, or that the form did not open."""
        if not isinstance(show, Form):
            return show
        kept = _keep(show.says, way)
        if kept is None:
            return Card(
                show.title, (line("That line is too long for a form. Say it in one line, complete."),), "warning"
            )
        left = TRIGGER_SECONDS - (_now() - way.began)
        if not way.trigger or left <= 0.1:
            return by_button(show, "Press to open the form.")
        method = "views.push" if way.view and not way.in_home else "views.open"
        told = await self.carrier.call(method, seconds=left, trigger_id=way.trigger, view=blocks.modal(show, kept))
        if isinstance(told, Fault):
            log.warning("a form did not open", error=told.error)
            return by_button(show, f"The form did not open ({told.error}). Press to try again, or say it in one line.")
        return None

    async def _answer(self, answer: Answer, way: _Way) -> None:
        """Answer where there is no trigger: a form becomes a button that opens it."""
        show = answer.show
        if isinstance(show, Form):
            show = by_button(show, "This needs a few more words.")
        if show is not None:
            await self._reply(show, way)

    async def _reply(self, card: Card, way: _Way) -> None:
        """Show a card to whoever asked, by the best way there is."""
        if way.response_url and await self.carrier.respond(way.response_url, blocks.ephemeral(card)):
            return
        if way.view:
            view = blocks.card_view(card)
            if way.in_home:
                told = await self.carrier.call("views.open", trigger_id=way.trigger, view=view)
            else:
                told = await self.carrier.call("views.update", view_id=way.view, view=view)
            if not isinstance(told, Fault):
                return
        if not await self.carrier.tell(way.user, way.channel, card, way.thread):
            log.warning("an answer could not be shown")

    async def _follow(self, late: asyncio.Task[Answer], way: _Way) -> None:
        """The answer that took too long for the 200, once it is there."""
        await self._answer(await late, way)

    async def _draw_home(self, user: str) -> None:
        """Publish somebody's home tab."""
        request = Request(f"slack:home:{user}", "slack", user, "", "", personal=True)
        card = await self.intake.home(request)
        if card is None:
            account = await self.carrier.who(user)
            if account is not None:
                await self._met(account)
                card = await self.intake.home(request)
        view = blocks.home(card or Card("Amends", (line(NOT_LOOKED_UP),)))
        told = await self.carrier.call("views.publish", user_id=user, view=view)
        if isinstance(told, Fault):
            log.warning("a home tab could not be drawn", error=told.error)

    # --- requests ----------------------------------------------------------------------------------------------------

    def _request(
        self,
        admitted: SlackRequest,
        way: _Way,
        words: str,
        *,
        typed: bool = True,
        personal: bool | None = None,
        values: Mapping[str, str | tuple[str, ...]] | None = None,
    ) -> Request:
        named = {m[1]: m[2] for m in _MENTION.finditer(words) if m[2]}
        return Request(
            key=admitted.replay_key or f"slack:once:{secrets.token_hex(16)}",
            platform="slack",
            user=way.user,
            channel=way.channel,
            words=words,
            personal=personal if personal is not None else not way.channel or way.channel.startswith("D"),
            values=values,
            typed=typed,
            mentions=tuple(named.items()),
        )

    async def _take(self, request: Request, foreign: str = "") -> Answer:
        """Hand a request in; whoever is not known is looked up first. `foreign`: the other workspace they belong to."""
        if foreign:
            if request.user not in self._people.looked:
                await self._met(Account("slack", request.user, request.user, "stranger", tenant=foreign))
            return await self.intake.take(request)
        await self._meet_named(request)
        answer = await self.intake.take(request)
        if answer.known:
            self._refresh(request.user)
            return answer
        account = await self.carrier.who(request.user, request.channel)
        if account is not None:
            await self._met(account)
            answer = await self.intake.take(request)
        if account is None or not answer.known:
            return Answer(Card("Amends", (line(NOT_LOOKED_UP),), "warning"), refused=True)
        return answer

    async def _met(self, account: Account) -> None:
        await self.intake.meet(account)
        self._people.looked[account.id] = _now()

    async def _meet_named(self, request: Request) -> None:
        """Look up people who are named and whom this process has not met: a role may be given to a newcomer."""
        said = [m[1] for m in _MENTION.finditer(request.words)]
        for value in (request.values or {}).values():
            said += [v for v in ((value,) if isinstance(value, str) else value) if _USER.fullmatch(v)]
        me = self.carrier.me
        new = [u for u in dict.fromkeys(said) if u not in self._people.looked and (me is None or u != me.user)]
        if new:
            tasks = [self._spawn(self._look_up(user)) for user in new[:MENTIONS]]
            await asyncio.wait(tasks, timeout=MENTION_SECONDS)

    def _refresh(self, user: str) -> None:
        """Ask for an old account again, in the background."""
        if _now() - self._people.looked.get(user, float("-inf")) > REFRESH_SECONDS:
            self._people.looked[user] = _now()
            self._spawn(self._look_up(user))

    async def _look_up(self, user: str) -> None:
        async with self._people.slots:
            account = await self.carrier.who(user)
            if account is not None:
                await self._met(account)

    async def _soon(
        self,
        taking: Coroutine[Any, Any, Answer],
        otherwise: Callable[[asyncio.Task[Answer]], Coroutine[Any, Any, None]],
    ) -> Answer | None:
        """The answer if it comes in time; else None, and `otherwise` is given the task that is still at it."""
        task = asyncio.create_task(taking)
        done, _ = await asyncio.wait({task}, timeout=ANSWER_SECONDS)
        if done:
            return task.result()
        self._spawn(otherwise(task))
        return None

    async def _in_time(self, work: Awaitable[object]) -> None:
        """Wait for what an event sets off as long as Slack waits for its 200; then it goes on by itself."""

        async def done() -> None:
            await work

        await asyncio.wait({self._spawn(done())}, timeout=ANSWER_SECONDS)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something in the background; a fault in it is written down, not lost."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an answer in the background broke off", exc_info=error)


def by_button(form: Form, words: str) -> Card:
    """A form as a button that opens it, for where Slack gave nothing to open it with."""
    return Card(form.title, (line(words), Buttons((Button("Open the form", form.says, "primary", form=True),))))


async def _broken(error: Exception, context: Any) -> BoltResponse:
    """What Bolt caught. Never a 5xx: a fault of ours gets a reference, shapes that Slack never sends a 400."""
    if not context.get("heard"):
        log.warning("Bolt could not read a request", error=type(error).__name__)
        return BoltResponse(status=400, body="the request is malformed")
    reference = secrets.token_hex(4)
    log.error("a bug at the Slack door", reference=reference, exc_info=error)
    card = Card("Amends", (line(BROKE.format(reference)),), "danger")
    return _json(blocks.ephemeral(card)) if context["admitted"].kind == "command" else _empty()


def _shaped(admitted: SlackRequest) -> bool:
    """Whether an interaction has what Bolt takes for granted."""
    if admitted.kind != "interaction":
        return True
    payload = admitted.payload
    match payload.get("type"):
        case "block_actions":
            actions = payload.get("actions")
            return isinstance(actions, list) and bool(actions) and isinstance(actions[0].get("action_id"), str)
        case "view_submission" | "view_closed":
            return isinstance(_object(payload, "view").get("callback_id"), str)
        case "shortcut" | "message_action":
            return isinstance(payload.get("callback_id"), str)
        case "block_suggestion":
            return isinstance(payload.get("action_id"), str)
    return True


def _without_stack(record: logging.LogRecord) -> bool:
    """That a connection failed is a fact of the network: a line says it, no traceback of the SDK's."""
    record.exc_info = None
    return True


def _text(status: int, words: str) -> Answered:
    return Answered(status, {"content-type": "text/plain;charset=utf-8"}, words.encode())


def _json(body: Json) -> BoltResponse:
    return BoltResponse(status=200, body=json.dumps(body), headers={"content-type": ["application/json;charset=utf-8"]})


def _empty() -> BoltResponse:
    return BoltResponse(status=200, body="")


def _others(event: Mapping[str, Any]) -> bool:
    """Whether this is people talking among themselves: of channels only edits and deletions are listened to."""
    spoken = event.get("type") == "message" and event.get("channel_type") != "im"
    return spoken and str(event.get("subtype")) not in _ALTERED


def _now() -> float:
    return asyncio.get_running_loop().time()


def _object(parent: Mapping[str, Any], name: str) -> Json:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _way(
    user: str, channel: str, payload: Mapping[str, Any], view: Mapping[str, Any] | None = None, thread: str = ""
) -> _Way:
    return _Way(
        user,
        channel,
        _now(),
        str(payload.get("trigger_id") or ""),
        str(payload.get("response_url") or ""),
        thread,
        str((view or {}).get("id") or ""),
        (view or {}).get("type") == "home",
    )


def _outside(team: object, teams: Collection[str]) -> str:
    """The workspace, if it is another than ours."""
    return team if isinstance(team, str) and team and team not in teams else ""


def _foreign(payload: Mapping[str, Any], teams: Collection[str]) -> str:
    """The other workspace whoever acted belongs to. https://docs.slack.dev/apis/slack-connect."""
    return _outside(_object(payload, "user").get("team_id"), teams)


def _keep(says: str, way: _Way) -> str | None:
    """What comes back with a form's answers: its line, and where the answer goes. None if the line is too long."""
    kept = {"says": says, "channel": way.channel, "thread": way.thread, "to": way.response_url}
    for without in ("", "to"):
        text = json.dumps({k: v for k, v in kept.items() if v and k != without}, ensure_ascii=False)
        if blocks.width(text) <= blocks.METADATA_CHARACTERS:
            return text
    return None


def _kept(metadata: object) -> dict[str, str]:
    try:
        found = json.loads(metadata) if isinstance(metadata, str) else {}
    except ValueError:
        found = {}
    known = found if isinstance(found, dict) else {}
    return {k: v if isinstance(v := known.get(k), str) else "" for k in ("says", "channel", "thread", "to")}


def _values(view: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """A form's answers by field; what was left empty is left out.

    https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
    """
    values: dict[str, str | tuple[str, ...]] = {}
    for name, inputs in _object(_object(view, "state"), "values").items():
        for state in inputs.values() if isinstance(inputs, dict) else ():
            value = _value(state) if isinstance(state, dict) else ""
            if value:
                values[str(name)] = value
    return values


def _value(state: Mapping[str, Any]) -> str | tuple[str, ...]:
    for key in ("value", "selected_date", "selected_time", "selected_user"):
        if isinstance(state.get(key), str):
            found: str = state[key]
            return found if found.strip() else ""
    option, options = state.get("selected_option"), state.get("selected_options")
    if isinstance(option, dict):
        return str(option.get("value") or "")
    if isinstance(options, list):
        return tuple(str(o.get("value")) for o in options if isinstance(o, dict) and o.get("value"))
    return ""


def _sentence(card: Card) -> str:
    """What a card says, without its head, as plain words."""
    return blocks.plain(Card("", card.blocks)) or card.head
