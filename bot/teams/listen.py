"""The way in from Teams: verified activities become requests, and what intake answers becomes what Teams shows.

A typed line is answered by a message, which intake writes down itself. A pressed button or a sent form is an invoke,
and its answer is the HTTP response: within 5 s, or Teams tries twice more and then calls the app unreachable.
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/overview
"""

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from bot.channel import Answer, Request
from bot.gate import Refusal, check_teams_body, read_activity, teams_replay_key
from bot.intake import AWAY, Intake, unrecorded
from bot.store import FIRST, Store
from bot.teams import cards
from bot.teams.carry import INCIDENTS, TeamsCarrier, has_threads
from bot.teams.connector import Connector, ConnectorFailed, TeamsDoor
from bot.teams.mentions import PlainText, plain_text
from bot.teams.tokens import Verified, Verifier
from handlers.card import Button, Buttons, Card, Code, Form, line
from handlers.commands import ChannelTouched, MessageChanged
from handlers.context import Said
from handlers.domain.delivery import REPLY, Place, Post
from handlers.domain.incident import Conversation, Setting
from handlers.domain.people import Account
from handlers.domain.permit import NOT_AVAILABLE
from storage.book import SqlBook

Json = dict[str, Any]
Values = Mapping[str, str | tuple[str, ...]]

LOOKUP_SECONDS: Final = 1.5
"""Longest wait for Teams to say who somebody is, out of an invoke's 5 s; ours."""
POST_SECONDS: Final = 2.0
"""Longest wait for a card that goes out beside an invoke's answer; ours. It arrives later all the same."""
KNOWN_FOR: Final = timedelta(hours=1)
"""How long what Teams said of a person is believed; ours."""
RENEW_AFTER: Final = timedelta(minutes=5)
"""A conversation that has not changed is written down again after this time; ours."""
FORMS_REMEMBERED: Final = 1000
"""Forms posted lately, so that a message Teams hands over twice shows one; ours."""

PIN: Final = ("pushpin", "1f4cc", "\U0001f4cc")
"""How Teams may name 📌: its reactions are documented as like, heart, laugh and so on, the others by code or name."""

NOT_LOOKED_UP: Final = "I could not look you up just now. Try again in a moment."
NO_LINE: Final = "This button says nothing that I know. Say it as a line; `help` lists everything."
FORM_IS_THERE: Final = "The form is in the conversation."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an activity came from, and from whom. `base` is the conversation without its thread."""

    key: str
    user: str
    conversation: str
    base: str
    kind: str  # personal | channel | groupChat
    service_url: str
    tenant: str
    bot: str
    team: str = ""
    name: str = ""
    answers: str = ""  # id of the message whose button was pressed
    channel_kind: str = ""  # standard | shared | private, where Teams says so
    leaving: bool = False  # it tells that the bot was removed
    customer: bool = False  # the conversation belongs to a customer: nothing of ours is said there

    @property
    def personal(self) -> bool:
        """Whether it is somebody's own chat with the bot."""
        return self.kind == "personal"


class TeamsListener:
    """The door for everything Teams sends."""

    def __init__(
        self, intake: Intake, store: Store, connector: Connector, verifier: Verifier, carrier: TeamsCarrier
    ) -> None:
        """All of them belong to one event loop."""
        self._intake = intake
        self._store = store
        self._connector = connector
        self._verifier = verifier
        self._carrier = carrier
        self._door = TeamsDoor(connector)
        self._shown: OrderedDict[str, None] = OrderedDict()
        self._under_way: set[asyncio.Task[bool]] = set()

    async def handle(self, headers: Mapping[str, str], body: bytes, peer: str | None) -> tuple[int, Json | None]:
        """Answer one HTTP request: status and JSON. 400, 401, 403, 413 or 415 for what is not let in, never 5xx.

        `peer` is the address the connection came from; only unsigned local tools are asked for it.
        """
        try:
            check_teams_body(headers, body)
            sender = await self._verifier.sender(headers, peer)
            activity = read_activity(body)
            verified = self._verifier.fits(sender, activity)
        except Refusal as refusal:
            log.warning("refused at the door", platform="teams", status=refusal.status, reason=refusal.reason)
            return refusal.status, {"error": refusal.reason}

        async def heard(received: Json) -> Json | None:
            return await self._heard(received, verified)

        return await self._door.handle(activity, verified, heard)

    async def close(self, within: float = 5.0) -> None:
        """Let cards that are on their way arrive, at most `within` seconds."""
        if self._under_way:
            _, late = await asyncio.wait(set(self._under_way), timeout=within)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _heard(self, activity: Json, verified: Verified) -> Json | None:
        origin = _origin(activity, verified)
        match activity["type"]:
            case "message":
                await self._message(activity, origin)
            case "invoke":
                return await self._invoke(activity, origin)
            case "messageUpdate" | "messageDelete":
                await self._altered(activity, origin)
            case "messageReaction":
                await self._reacted(activity, origin)
            case "conversationUpdate" | "installationUpdate":
                await (self._arrived(origin) if _joined(activity, origin) else self._note(origin))
                await self._changed(_object(activity, "channelData"))
            case _:
                await self._note(origin)
        return None

    # --- typed lines -------------------------------------------------------------------------------------------------
    async def _message(self, activity: Json, origin: Origin) -> None:
        if origin.user.startswith("28:"):
            return  # another bot's
        data = _object(activity, "value")
        said = _name(data, "says")
        values = cards.answers(data) if said and isinstance(data.get("form"), dict) else None
        mentions: tuple[tuple[str, str], ...] = ()
        if not said:
            typed = plain_text(activity, origin.bot)
            if (not origin.personal and not typed.to_bot) or (data and not typed.text):
                return  # people among themselves, or another's card
            said = _with_ids(typed) or "help"
            mentions = tuple((person, name) for name, person in typed.mentions.items())
        request = Request(
            key=origin.key,
            platform="teams",
            user=origin.user,
            channel=origin.conversation,
            words=said,
            personal=origin.personal,
            values=values,
            typed=not data,
            reply_to=origin.conversation,
            mentions=mentions,
            message=Said(_name(activity, "id"), origin.user, own=True) if not data and _name(activity, "id") else None,
        )
        answer, origin = await self._ask(origin, request)
        if answer.fields:
            form = cards.form_of(data)
            if form is not None:
                await self._show_form(origin, form, answer.fields, values)
        elif isinstance(answer.show, Form):
            await self._show_form(origin, answer.show)
        elif isinstance(answer.show, Card) and answer.refused and not await self._written(origin):
            await self._tell(origin, answer.show)

    async def _altered(self, activity: Json, origin: Origin) -> None:
        """Somebody edited or deleted a message the bot was named in: what was said once stays said, a pin follows.

        https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/subscribe-to-conversation-events
        """
        await self._note(origin)
        deleted = activity["type"] == "messageDelete"
        words = "" if deleted else _with_ids(plain_text(activity, origin.bot))
        change = MessageChanged("teams", origin.conversation, _name(activity, "id"), words, deleted)
        await self._intake.followed(change)

    async def _reacted(self, activity: Json, origin: Origin) -> None:
        """Somebody put 📌 on one of the bot's own messages in a room: Teams tells of no others' (the same page)."""
        await self._note(origin)
        message = origin.answers
        for name, verb in (("reactionsAdded", "pin"), ("reactionsRemoved", "unpin")):
            given = activity.get(name)
            kinds = [_name(r, "type").casefold() for r in given] if isinstance(given, list) else []
            if not message or not any(mark in kind for kind in kinds for mark in PIN):
                continue
            try:
                room = await self._intake.room("teams", origin.conversation)
                if room is None:
                    return
                card = await self._store.book(
                    lambda book, room=room: book.on_screen("teams", message, room),  # type: ignore[misc]
                    rank=FIRST,
                )
            except AWAY as error:
                log.warning("not recorded", error=type(error).__name__, platform="teams")
                return
            words = cards.spoken(card) if card is not None else ""
            request = Request(
                key=f"{origin.key}:{verb}",
                platform="teams",
                user=origin.user,
                channel=origin.conversation,
                words=verb,
                personal=origin.personal,
                typed=False,
                message=Said(message, words=words, name="Amends"),
            )
            await self._ask(origin, request)

    async def _ask(self, origin: Origin, request: Request) -> tuple[Answer, Origin]:
        """Who is it, then intake. The origin comes back with what the house knows of the place."""
        try:
            account, customer = await self._store.book(
                lambda book: self._remembered(book, origin), rank=FIRST, within=self._intake.patience
            )
        except AWAY as error:
            return Answer(unrecorded(error, "teams"), refused=True), origin
        origin = replace(origin, customer=customer)
        if account is None and not await self._look_up(origin):
            return Answer(_sentence(NOT_LOOKED_UP, "warning"), refused=True), origin
        answer = await self._intake.take(request)
        if not answer.known:
            return Answer(_sentence(NOT_LOOKED_UP, "warning"), refused=True), origin
        return answer, origin

    async def _look_up(self, origin: Origin) -> bool:
        """Ask Teams who this is; whether it said so in time."""
        try:
            found = await asyncio.wait_for(self._carrier.who(origin.user, origin.base), LOOKUP_SECONDS)
        except TimeoutError:
            found = None
        if found is None:
            log.warning("a person could not be looked up", platform="teams")
            return False
        try:
            await self._intake.meet(found)
        except AWAY:
            return False
        return True

    async def _written(self, origin: Origin) -> bool:
        """Whether intake wrote its answer down for the outbox to carry."""
        try:
            return bool(
                await self._store.book(
                    lambda book: book.posts(_reply_key(origin)), rank=FIRST, within=self._intake.patience
                )
            )
        except AWAY:
            return False

    async def _tell(self, origin: Origin, card: Card) -> None:
        """Say what could not be written down: to the person alone where that is possible.

        An outsider, and anybody in a customer's channel, hears nothing in front of others.
        """
        private = origin.customer or card == _sentence(NOT_AVAILABLE)
        where = origin.conversation
        try:
            if not origin.personal:
                where = await self._connector.create_personal(
                    origin.service_url, origin.user, origin.bot, origin.tenant
                )
        except ConnectorFailed as failed:
            if private:
                log.info("not said", platform="teams", reason=failed.code)
                return
        try:
            await self._connector.post(origin.service_url, where, cards.message(card, self._carrier.shown))
        except ConnectorFailed as failed:
            log.warning("not said", platform="teams", reason=failed.code)

    async def _show_form(
        self, origin: Origin, form: Form, faults: Mapping[str, str] | None = None, values: Values | None = None
    ) -> bool:
        """Post a form where it was asked for; once, however often Teams hands the same line or press over."""
        if origin.key in self._shown:
            return True
        self._shown[origin.key] = None
        if len(self._shown) > FORMS_REMEMBERED:
            self._shown.popitem(last=False)
        if not await self._ours(origin):
            return True
        where = origin.conversation
        try:
            if origin.customer:
                where = await self._connector.create_personal(
                    origin.service_url, origin.user, origin.bot, origin.tenant
                )
            await self._connector.post(origin.service_url, where, cards.form_message(form, faults, values))
        except ConnectorFailed as failed:
            log.warning("no form shown", platform="teams", reason=failed.code)
            if not failed.ambiguous:  # it may be asked for again; what may stand there is not shown twice
                await self._not_ours(origin)
            return False
        return True

    async def _ours(self, origin: Origin) -> bool:
        """Whether this server shows the form: two may be handed the same line or press at the same moment."""
        try:
            return await self._store.book(
                lambda book: book.admit(_form_key(origin), origin.user, "teams", "", ""),
                rank=FIRST,
                within=self._intake.patience,
            )
        except AWAY:
            return True

    async def _not_ours(self, origin: Origin) -> None:
        self._shown.pop(origin.key, None)
        try:
            await self._store.book(lambda book: book.forget(_form_key(origin)), within=self._intake.patience)
        except AWAY as error:
            log.warning("not forgotten", error=type(error).__name__, platform="teams")

    # --- buttons and forms -------------------------------------------------------------------------------------------
    async def _invoke(self, activity: Json, origin: Origin) -> Json | None:
        value = _object(activity, "value")
        match activity.get("name"):
            case "adaptiveCard/action":
                action = _object(value, "action")
                data = _object(action, "data")
                sent = action.get("verb") == "form" or isinstance(data.get("form"), dict)
                return await self._sent_in_chat(origin, data) if sent else await self._pressed(origin, data)
            case "task/fetch":
                return await self._opened(origin, _object(value, "data"))
            case "task/submit":
                data = _object(value, "data")
                return await self._submitted(origin, data) if "form" in data else await self._opened(origin, data)
            case _:
                return None

    async def _say(self, origin: Origin, data: Json, values: Values | None) -> tuple[Answer, Origin]:
        """What a button or a form says, asked of intake."""
        says = _name(data, "says")
        if not says:
            return Answer(_sentence(NO_LINE, "warning"), refused=True), origin
        request = Request(
            key=origin.key,
            platform="teams",
            user=origin.user,
            channel=origin.conversation,
            words=says,
            personal=origin.personal,
            values=values,
            typed=False,
        )
        return await self._ask(origin, request)

    async def _pressed(self, origin: Origin, data: Json) -> Json:
        """A button on a card. The outbox edits the card itself, for everybody; here is one line for this person."""
        answer, origin = await self._say(origin, data, None)
        if isinstance(answer.show, Form):
            form = answer.show
            await self._soon(self._show_form(origin, form))
            return cards.toast(f"{cards.clean(form.title)}: {FORM_IS_THERE}")
        return cards.toast(await self._shown_beside(origin, answer))

    async def _sent_in_chat(self, origin: Origin, data: Json) -> Json:
        """A form that stands in the conversation: shown again with its faults, or replaced by what came of it."""
        values = cards.answers(data)
        answer, origin = await self._say(origin, data, values)
        form = cards.form_of(data)
        faults = _faults(answer)
        if faults:
            if form is None:
                return cards.toast(" ".join(faults.values()))
            return cards.replacement(cards.form_card(form, faults, values))
        if isinstance(answer.show, Form):
            return cards.replacement(cards.form_card(answer.show))
        if answer.show is None:
            return cards.toast("Done.")
        if origin.answers and not answer.repeated:  # the others' copy of the form goes too
            await self._soon(self._replace(origin, cards.message(answer.show, self._carrier.shown)))
        return cards.replacement(cards.adaptive(answer.show, self._carrier.shown))

    async def _opened(self, origin: Origin, data: Json) -> Json:
        """A button that opens a dialog, or one inside a dialog: a form, or the card that the line is answered with."""
        answer, _ = await self._say(origin, data, None)
        if isinstance(answer.show, Form):
            return cards.dialog(answer.show)
        if answer.show is None:
            return cards.dialog_message("Done.")
        return cards.dialog_message(cards.said(answer.show)) if _is_word(answer) else cards.dialog_card(answer.show)

    async def _submitted(self, origin: Origin, data: Json) -> Json:
        """A form sent from a dialog: with faults it stays open, else it closes and says what came of it."""
        values = cards.answers(data)
        answer, origin = await self._say(origin, data, values)
        form = cards.form_of(data)
        faults = _faults(answer)
        if faults:
            return cards.dialog(form, faults, values) if form else cards.dialog_message(" ".join(faults.values()))
        if isinstance(answer.show, Form):
            return cards.dialog(answer.show)
        return cards.dialog_message(await self._shown_beside(origin, answer))

    async def _shown_beside(self, origin: Origin, answer: Answer) -> str:
        """The line that an answer comes to; where it holds more, the whole card is posted beside it."""
        show = answer.show
        if not isinstance(show, Card):
            return "Done."
        if not cards.is_short(show) and not answer.repeated:
            place = Place("teams", "thread", origin.conversation)
            if origin.customer or (answer.alone and not origin.personal):
                place = Place("teams", "person", origin.user)
            post = Post(_reply_key(origin), place, card=show, rank=REPLY)
            try:
                await self._store.book(lambda book: book.send(post), rank=FIRST, within=self._intake.patience)
            except AWAY:
                log.warning("an answer was not written down", platform="teams")
            self._intake.wake()
        return cards.said(show)

    async def _replace(self, origin: Origin, activity: Json) -> bool:
        try:
            await self._connector.update(origin.service_url, origin.conversation, origin.answers, activity)
        except ConnectorFailed as failed:
            log.info("a form was not replaced", platform="teams", reason=failed.code)
            return False
        return True

    async def _soon(self, work: Coroutine[Any, Any, bool]) -> None:
        """Wait for it as long as an invoke allows; then it goes on by itself."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait({task}, timeout=POST_SECONDS)

    def _remembered(self, book: SqlBook, origin: Origin) -> tuple[Account | None, bool]:
        """Keep the conversation, and that a customer's channel can be heard from: then it can be posted to."""
        found = _remember(book, origin)
        if found[1]:
            heard = ChannelTouched("teams", origin.base, heard=not origin.leaving, kind=origin.channel_kind)
            self._intake.machine(book, heard)
        return found

    async def _changed(self, data: Json) -> None:
        """Something happened to a channel of a team: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/subscribe-to-conversation-events."""
        channel, event = _object(data, "channel"), _name(data, "eventType")
        address, name = _name(channel, "id"), _name(channel, "name")
        says = {
            "channelRenamed": f"the channel is called #{cards.clean(name)} now.",
            "channelShared": "the channel is shared with another team since it was bound.",
            "channelUnshared": "the channel is no longer shared as it was when it was bound.",
            "channelDeleted": "the channel was deleted.",
        }.get(event, "")
        if not address or not says:
            return
        try:
            touched = ChannelTouched("teams", address, drift=says)
            await self._store.book(lambda book: self._intake.machine(book, touched))
        except AWAY as error:
            log.warning("not recorded", error=type(error).__name__, platform="teams")

    # --- arriving ----------------------------------------------------------------------------------------------------
    async def _note(self, origin: Origin) -> None:
        """Keep how the conversation is reached; nothing else is wanted."""
        try:
            await self._store.book(lambda book: self._remembered(book, origin))
        except AWAY as error:
            log.warning("not recorded", error=type(error).__name__, platform="teams")

    async def _arrived(self, origin: Origin) -> None:
        """The bot was added: to a team, whose channel for incidents is learned if none is known, or by a person."""
        try:
            account, _ = await self._store.book(lambda book: self._remembered(book, origin))
            if origin.personal:
                if origin.user and (account is not None or await self._look_up(origin)):
                    await self._store.book(lambda book: _greet(book, origin))
                    self._intake.wake()
                return
            if await self._store.book(lambda book: book.get(Setting, INCIDENTS)) is not None:
                return
            if origin.kind != "channel":
                return
            channels = await self._connector.channels(origin.service_url, origin.team or origin.base)
            await self._store.book(lambda book: _learn(book, origin, channels))
            self._intake.wake()
        except ConnectorFailed as failed:
            log.warning("the team's channels could not be read; say `@Amends here` in one", reason=failed.code)
        except AWAY as error:
            log.warning("not recorded", error=type(error).__name__, platform="teams")


# --- reading an activity ---------------------------------------------------------------------------------------------
def _origin(activity: Json, verified: Verified) -> Origin:
    conversation, data = _object(activity, "conversation"), _object(activity, "channelData")
    team, channel = _object(data, "team"), _object(data, "channel")
    id_ = _name(conversation, "id")
    base = id_.partition(";messageid=")[0]
    kind = _name(conversation, "conversationType")
    if kind not in ("personal", "channel", "groupChat"):
        kind = "channel" if has_threads(base) or channel else "groupChat" if conversation.get("isGroup") else "personal"
    return Origin(
        key=teams_replay_key(activity) or f"teams:unnamed:{secrets.token_hex(16)}",
        user=_name(_object(activity, "from"), "id"),
        conversation=id_,
        base=base,
        kind=kind,
        service_url=verified.service_url,
        tenant=verified.tenant_id,
        bot=_name(_object(activity, "recipient"), "id"),
        team=_name(team, "id") or _name(data, "teamsTeamId"),
        name=_name(channel, "name") or _name(conversation, "name") or _name(team, "name"),
        answers=_name(activity, "replyToId"),
        channel_kind=_name(channel, "type"),
        leaving=_left(activity),
    )


def _object(parent: object, name: str) -> Json:
    value = parent.get(name) if isinstance(parent, dict) else None
    return value if isinstance(value, dict) else {}


def _name(parent: object, name: str) -> str:
    value = parent.get(name) if isinstance(parent, dict) else None
    return value if isinstance(value, str) else ""


def _with_ids(typed: PlainText) -> str:
    """The line as the grammar reads it: people as `<@id>`."""
    names = sorted((name for name in typed.mentions if name), key=len, reverse=True)
    if not names:
        return typed.text
    pattern = re.compile("@(" + "|".join(map(re.escape, names)) + r")(?!\w)")
    return pattern.sub(lambda found: f"<@{typed.mentions[found[1]]}>", typed.text)


def _joined(activity: Json, origin: Origin) -> bool:
    """Whether this activity says that the bot itself was added.

    https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/subscribe-to-conversation-events
    """
    if activity["type"] == "installationUpdate":
        return activity.get("action") in ("add", "add-upgrade")
    added = activity.get("membersAdded")
    return isinstance(added, list) and any(_name(member, "id") == origin.bot for member in added)


def _left(activity: Json) -> bool:
    """Whether this activity says that the bot itself was removed."""
    if activity["type"] == "installationUpdate":
        return activity.get("action") in ("remove", "remove-upgrade")
    removed = activity.get("membersRemoved")
    bot = _name(_object(activity, "recipient"), "id")
    return isinstance(removed, list) and any(_name(member, "id") == bot for member in removed)


# --- in a transaction ------------------------------------------------------------------------------------------------
def _remember(book: SqlBook, origin: Origin) -> tuple[Account | None, bool]:
    """Keep how this conversation is reached; the sender if known for certain, and whether a customer owns the place."""
    known = book.get(Conversation, origin.base)
    now = Conversation(
        origin.base,
        origin.service_url,
        origin.tenant,
        origin.kind,
        origin.bot or (known.bot if known else ""),
        person=origin.user if origin.personal else "",
        team=origin.team,
        channel=origin.base if origin.kind == "channel" else "",
        name=origin.name or (known.name if known else ""),
        seen_at=book.now,
    )
    if known is None or replace(known, seen_at=book.now) != now or _is_old(known.seen_at, book.now, RENEW_AFTER):
        book.put(now)
    account = book.account("teams", origin.user)
    if account is not None and _is_old(account.fetched_at, book.now, KNOWN_FOR):
        account = None
    return account, book.catalog.customer_by_channel("teams", origin.base) is not None


def _is_old(at: datetime | None, now: datetime, age: timedelta) -> bool:
    return at is None or now - at > age


def _learn(book: SqlBook, origin: Origin, channels: Sequence[Json]) -> None:
    """Choose the team's channel for incidents, never in a team that has a customer's channel."""
    ids = [_name(channel, "id") for channel in channels]
    customers = [book.catalog.customer_by_channel("teams", id_) for id_ in (*ids, origin.base, origin.team)]
    if book.get(Setting, INCIDENTS) is not None or any(customers):
        return
    open_ = [channel for channel in channels if _name(channel, "type") not in ("shared", "private")]
    named = sorted(
        (_name(channel, "name").casefold() != "incidents", _name(channel, "id"))
        for channel in open_
        if "incident" in _name(channel, "name").casefold()
    )
    general = origin.team or origin.base
    chosen = named[0][1] if named else next((id_ for id_ in ids if id_ == general), ids[0] if ids else general)
    book.put(Setting(INCIDENTS, chosen))
    where = line(
        "Incidents are announced in this channel from now on. To choose another, say ", Code("@Amends here"), " in it."
    )
    book.send(Post(f"greeting/{chosen}@teams", Place("teams", "incidents"), card=_greeting(where.spans), rank=REPLY))


def _greet(book: SqlBook, origin: Origin) -> None:
    """Say hello in a colleague's own chat, once."""
    account = book.account("teams", origin.user)
    if account is None or account.kind != "colleague":
        return
    hello = line("Here you can type without a mention. What waits for you, and reminders of your own, arrive here.")
    place = Place("teams", "thread", origin.conversation)
    book.send(Post(f"greeting/{origin.conversation}@teams", place, card=_greeting(hello.spans), rank=REPLY))


def _greeting(first: Sequence[Any]) -> Card:
    return Card(
        "Amends is here",
        (
            line(*first),
            line(
                "Declare an incident: ",
                Code("@Amends declare sev2 Checkout is down"),
                ". The rest: ",
                Code("help"),
                ".",
            ),
            Buttons(
                (
                    Button("Declare an incident", "declare", "danger", form=True),
                    Button("What waits for me", "list mine"),
                    Button("Help", "help"),
                )
            ),
        ),
    )


# --- answers ---------------------------------------------------------------------------------------------------------
def _sentence(words: str, tone: Any = "plain") -> Card:
    return Card("Amends", (line(words),), tone)


def _reply_key(origin: Origin) -> str:
    """The key under which intake, too, writes down the answer to a line."""
    return f"reply/{origin.key}@teams"


def _form_key(origin: Origin) -> str:
    """Under what it is written down that a form was shown for a line."""
    return f"form/{origin.key}"


def _is_word(answer: Answer) -> bool:
    return isinstance(answer.show, Card) and cards.is_short(answer.show) and (answer.recorded or answer.refused)


def _faults(answer: Answer) -> dict[str, str]:
    """Why a form was not taken, by field; a refusal concerns the whole of it."""
    if answer.fields:
        return dict(answer.fields)
    if answer.refused:
        words = cards.said(answer.show, 600) if isinstance(answer.show, Card) else "This form was not taken."
        return {"": words}
    return {}
