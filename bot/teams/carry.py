"""The way out to Teams: outbox rows become calls to the Bot Connector, and what came of a call becomes an `Outcome`."""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast
from urllib.parse import quote, urlencode

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from bot.rates import Rates
from bot.store import Store
from bot.teams import cards
from bot.teams.connector import Connector, ConnectorFailed
from handlers.domain.channels import Seen
from handlers.domain.delivery import GONE, Bucket, Dead, Op, Outcome, Retry, Sent, Unknown
from handlers.domain.incident import Conversation, Setting
from handlers.domain.people import Account, AccountKind
from storage.outbox import Claimed
from storage.rows import from_row
from storage.tables import accounts, conversations

log = structlog.get_logger()

SERVICE_URL: Final = "https://smba.trafficmanager.net/teams/"
"""Where Teams is reached while no activity has said so: the global endpoint.
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages"""
INCIDENTS: Final = "teams.incidents"
"""The setting that holds the conversation id of the channel where incidents are announced."""
THROTTLED: Final = 429
NOT_ON_TEAMS: Final = "not_on_teams"
"""Said of operations that Teams has no call for: pins, topics, invitations."""
AGAIN: Final = frozenset({401, 408, 409, 412, 425, 429})
"""Refusals that may end by themselves. Microsoft asks to repeat 412 and 429; a 401 fetches a new token the next time.
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit"""
LATEST_SECONDS: Final = 30.0
"""How long the latest address heard from anywhere serves for conversations never heard from; ours."""
AWAY: Final = frozenset({"token_timeout", "token_unreachable", "token_temporarily_unavailable", "token_server_error"})
"""Why there may be no token although the credentials are right.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#error-response"""
SENDS: Final = ((7, 1.1), (8, 2.1), (60, 30.5), (1800, 3600.5))
"""Posts into one conversation, a channel's threads with it, in so many seconds; reads have twice as many. The parts of
a second are ours: calls made evenly do not arrive evenly.
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit#per-bot-per-thread-limit"""
READS: Final = ((14, 1.1), (16, 2.1), (120, 30.5), (3600, 3600.5))
TENANT: Final = ((50, 1.1),)
"""All calls of an app in a tenant (older copies of the page say 30).
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit#per-thread-limit-for-all-bots"""
UNHEARD_SECONDS: Final = 5.0
"""How long a post waits where no activity has said yet where Teams is; ours."""
ABSENT: Final = "BotNotInConversationRoster"
"""The bot is not in this conversation, whatever it asks for."""
LISTED_SECONDS: Final = 600.0
"""How old the lists of channels may be; ours."""
DEAD: Final = frozenset({"host_not_allowed"})
"""Failures without an answer that no repetition cures."""
LINKS: Final = "https://teams.microsoft.com/l/message"
"""https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-teams"""


@dataclass(frozen=True, slots=True)
class Whereto:
    """A conversation and how it is reached."""

    conversation: str
    service_url: str
    bot: str
    tenant: str
    channel: bool = False  # a channel itself, where a post begins a thread: no thread in one, no chat


class TeamsCarrier:
    """Carries the outbox to Teams (see bot.channel.Carrier). Nothing it does raises for what Teams answers.

    `tenant_id` is ours ("" only for local tools). `service_url` is used whatever activities name (the sandbox); without
    it, the latest they named. `bot_id` is the bot's own Teams id (`28:` and the app id) while no activity has named it.
    `dialogs` tells whether buttons may open dialogs: everywhere but in local tools, unless it is said. `paced` switches
    our own limits off where time stands still.
    """

    platform = "teams"

    def __init__(
        self,
        connector: Connector,
        store: Store,
        tenant_id: str,
        service_url: str = "",
        bot_id: str = "",
        *,
        dialogs: bool | None = None,
        paced: bool = True,
    ) -> None:
        """Nothing is called before it is needed."""
        self._connector = connector
        self._store = store
        self._rates = Rates(store)
        self._paced = paced
        self._tenant = tenant_id.strip()
        self._service_url = service_url
        self._bot = bot_id
        self._latest: Conversation | None = None
        self._asked = 0.0
        self._kinds: dict[str, str] = {}  # Teams' word for the channels of teams that were listed
        self._listed = float("-inf")
        self.shown: cards.Where = "message" if (bool(self._tenant) if dialogs is None else dialogs) else "plain"

    # --- carrying ----------------------------------------------------------------------------------------------------
    async def carry(self, row: Claimed) -> Outcome:
        """Post a row, or edit it where it is on screen already."""
        op, edit, address = cast("Op", row.op), bool(row.message_id), row.message_at or row.address
        try:
            return await self._carry(row)
        except ConnectorFailed as failed:
            if failed.status == THROTTLED and failed.retry_after is not None:
                bucket = self.buckets(op, address, edit=edit, broadcast=False)[0]
                await self._rates.close(bucket.name, failed.retry_after)
            if failed.code in DEAD and await self._unheard():
                return Retry("teams_not_heard_from_yet", UNHEARD_SECONDS)  # a local tool has to say where it is
            return outcome(failed)
        except SQLAlchemyError as error:  # looking up the way there: nothing has left yet
            return Retry(f"database_{type(error).__name__}")

    async def _carry(self, row: Claimed) -> Outcome:
        if row.op not in ("message", "open"):
            return Dead(NOT_ON_TEAMS)
        activity = cards.message(row.card, self.shown) if row.card is not None else cards.customer(row.text)
        if row.message_id:
            where = await self._to(row.message_at or row.address)
            await self._connector.update(where.service_url, where.conversation, row.message_id, activity)
            return Sent(row.message_id, where.conversation, self.link(where.conversation, row.message_id))
        if row.place.kind == "person":
            where = await self._to_person(row.address)
        elif not row.address:
            return Retry("no_address")
        else:
            where = await self._to(_thread(row.address, row.thread_id))
        if where.channel:
            conversation, message = await self._connector.create_thread(
                where.service_url, where.conversation, activity, where.bot, where.tenant
            )
        else:
            sent = await self._connector.post(where.service_url, where.conversation, activity)
            conversation, message = where.conversation, sent.activity_id
        return Sent(message, conversation, self.link(conversation, message))

    async def see(self, address: str, *, first: bool = False, tried: bool = False) -> Seen | Outcome | None:
        """Whether the bot can post in a channel; before a post nothing is asked, the post itself will tell.

        A shared channel takes a bot's posts only where the app was added to that very channel. Of what kind it is, its
        team's list of channels tells; that the bot is not in it, a look at its members; that a post arrives, nothing
        but one: where a person wants it `tried` that is the sign of typing, which says no word.
        https://learn.microsoft.com/microsoftteams/platform/build-apps-for-shared-private-channels
        """
        if not first:
            return None
        try:
            where = await self._to(address)
            kind = await self._kind(where, address)
            await self._may("see", where.conversation, READS)
            if tried:
                await self._connector.post(where.service_url, where.conversation, {"type": "typing"})
                return Seen(address, kind=kind, reach="yes")
            await self._connector.member(where.service_url, where.conversation, where.bot or "28:none")
        except ConnectorFailed as failed:
            if failed.code == ABSENT or (tried and failed.code in GONE):
                return Seen(address, kind=self._kinds.get(address, ""), reach="no")
            if tried and failed.code not in DEAD:
                return Retry(failed.code, failed.retry_after)
        except SQLAlchemyError as error:
            return Retry(f"database_{type(error).__name__}")
        return Seen(address, kind=self._kinds.get(address, ""))

    async def _kind(self, where: Whereto, address: str) -> str:
        """Teams' word for a channel, from the lists of the teams the bot was heard from; nothing where none has it."""
        if time.monotonic() - self._listed > LISTED_SECONDS:
            self._listed = time.monotonic()
            for team in await self._store.rows(lambda connection, _now: _teams(connection)):
                try:
                    listed = await self._connector.channels(where.service_url, team)
                except ConnectorFailed:
                    continue
                self._kinds |= {c["id"]: str(c.get("type") or "") for c in listed}
        return self._kinds.get(address, "")

    def buckets(self, op: Op, address: str, *, edit: bool, broadcast: bool) -> tuple[Bucket, ...]:
        """What Teams counts a row's call in: its conversation first, which a 429 closes, then the tenant's calls."""
        del broadcast
        if op not in ("message", "open"):
            return ()
        return self._buckets("edit" if edit else "send", address, () if edit else SENDS)

    def _buckets(self, kind: str, conversation: str, limits: tuple[tuple[int, float], ...]) -> tuple[Bucket, ...]:
        base = conversation.partition(";messageid=")[0]
        found = [Bucket(f"teams {kind} {base}", limits if self._paced else ())] if base else []
        return (*found, Bucket("teams", TENANT if self._paced else ()))

    async def _may(self, kind: str, conversation: str, limits: tuple[tuple[int, float], ...]) -> None:
        """Count a call that no row stands for; raises as a 429 would where there is no room for it."""
        wait = await self._rates.wait(self._buckets(kind, conversation, limits))
        if wait > 0:
            raise ConnectorFailed("no_room", status=THROTTLED, retry_after=wait)

    async def look(self, row: Claimed) -> Sent | bool:
        """True: without consent to read (a Graph permission we do not ask for) nobody can know."""
        del row
        return True

    def link(self, conversation: str, message: str) -> str:
        """The way to a message of a channel, for people; nothing for chats, which have no such address."""
        base, _, root = conversation.partition(";messageid=")
        if not base.startswith("19:") or not has_threads(base):
            return ""
        asked = {"tenantId": self._tenant} if self._tenant else {}
        asked |= {"parentMessageId": root or message}
        return f"{LINKS}/{quote(base, safe='')}/{quote(message, safe='')}?{urlencode(asked)}"

    # --- the way there -----------------------------------------------------------------------------------------------
    async def _to(self, conversation: str) -> Whereto:
        """A conversation by id, as was heard last from it or its channel, else from anywhere."""
        return await self._store.rows(lambda connection, _now: self._whereto(connection, conversation))

    def _whereto(self, connection: Connection, conversation: str) -> Whereto:
        base = conversation.partition(";messageid=")[0]
        heard = _heard(connection, conversations.c.id.in_((conversation, base))) if base else None
        threads = has_threads(base) or (heard is not None and heard.kind == "channel")
        channel = threads and ";messageid=" not in conversation
        if heard is None:
            heard = self._lately(connection)
        return replace(self._from(heard), conversation=conversation, channel=channel)

    async def _unheard(self) -> bool:
        """Whether nothing tells where Teams is but the global endpoint."""
        if self._service_url:
            return False
        return await self._store.rows(lambda c, _now: _heard(c, conversations.c.service_url != "") is None)

    def _lately(self, connection: Connection) -> Conversation | None:
        """What was heard last from anywhere; asked once in a while, because a broadcast asks for every channel."""
        if self._latest is None or time.monotonic() - self._asked > LATEST_SECONDS:
            self._latest = _heard(connection, conversations.c.service_url != "")
            self._asked = time.monotonic()
        return self._latest

    def _from(self, heard: Conversation | None) -> Whereto:
        """How a conversation is reached, by what was heard from it or from another of the same tenant."""
        if heard is None:
            return Whereto("", self._service_url or SERVICE_URL, self._bot, self._tenant)
        url = self._service_url or heard.service_url
        return Whereto(heard.id, url, heard.bot or self._bot, heard.tenant or self._tenant)

    async def _to_person(self, user: str) -> Whereto:
        """A person's own chat with the bot: the one heard from, else a new one. `user` may be an Entra object id."""
        known = await self._store.rows(lambda connection, _now: _chat(connection, user))
        if known is not None:
            return self._from(known)
        anywhere = await self._to("")
        await self._may("create", user, SENDS)
        chat = await self._connector.create_personal(anywhere.service_url, user, anywhere.bot, anywhere.tenant)
        found = Conversation(chat, anywhere.service_url, anywhere.tenant, "personal", anywhere.bot, person=user)
        await self._store.book(lambda book: book.put(replace(found, seen_at=book.now)))
        return replace(anywhere, conversation=chat)

    # --- people ------------------------------------------------------------------------------------------------------
    async def who(self, user: str, channel: str) -> Account | None:
        """What Teams says of a user of a conversation; None if it does not say.

        `channel` may be a thread; without one the person's own chat is asked.
        """
        try:
            where = await self._to(channel.partition(";messageid=")[0]) if channel else await self._to_person(user)
            await self._may("read", where.conversation, READS)
            found = await self._connector.member(where.service_url, where.conversation, user)
        except (ConnectorFailed, SQLAlchemyError):
            return None
        return self._account(user, found, await self._store.rows(lambda _connection, now: now))

    def _account(self, user: str, found: dict[str, str | None], now: datetime) -> Account:
        """A colleague is a full member of our tenant: no guest, nobody from elsewhere, nobody anonymous.

        https://learn.microsoft.com/microsoftteams/platform/bots/how-to/get-teams-context#fetch-the-roster-or-user-profile
        """
        tenant, role = (found["tenantId"] or "").lower(), (found["userRole"] or "user").lower()
        principal = found["userPrincipalName"] or ""
        kind: AccountKind = "colleague"
        if self._tenant and tenant != self._tenant.lower():
            kind = "guest" if role == "guest" else "stranger"
        elif role != "user" or "#ext#" in principal.lower():
            kind = "stranger" if role == "anonymous" else "guest"
        address = next((a for a in (found["email"], principal) if a and "@" in a and "#" not in a), "")
        return Account(
            platform="teams",
            id=user,
            name=cards.clean(found["name"] or address or "Somebody"),
            kind=kind,
            email=address.lower(),
            tenant=tenant,
            alias=found["aadObjectId"] or "",
            fetched_at=now,
        )

    # --- start and doctor --------------------------------------------------------------------------------------------
    async def check_token(self) -> list[str]:
        """What Microsoft has against our credentials; nothing if it gave a token, or cannot be asked just now."""
        try:
            await self._connector.token()
        except ConnectorFailed as failed:
            if failed.code not in AWAY:
                return self._fault(failed, known=False)
            log.warning("Microsoft gives no token yet; Teams goes on once it does", reason=failed.code)
        return []

    async def check(self) -> list[str]:
        """What is wrong, one sentence each with how to mend it; nothing if all is well."""
        setting = await self._store.book(lambda book: book.get(Setting, INCIDENTS))
        if setting is None or not setting.value:
            where = await self._to("")
            faults = [
                "Teams: no incidents channel is known. Add the bot to a team, or say `@Amends here` in a channel."
            ]
        else:
            where, faults = await self._to(setting.value), []
        try:
            # The bot asks for itself: who may ask at all gets a 404 at worst.
            await self._connector.member(where.service_url, where.conversation or "19:none", where.bot or "28:none")
        except ConnectorFailed as failed:
            faults += self._fault(failed, setting is not None)
        return faults

    def _fault(self, failed: ConnectorFailed, known: bool) -> list[str]:
        if failed.code.startswith("token_"):
            reason = failed.code.removeprefix("token_")
            words = (
                f"Teams: Microsoft gives the bot no token ({reason}). Check TEAMS_APP_ID, TEAMS_APP_PASSWORD, which "
                "expires, and TEAMS_TENANT_ID against the bot's registration in Azure."
            )
            return [words]
        if failed.status == 401:
            return [
                "Teams: the Bot Connector refuses the bot's token. Check that the bot is registered in this tenant."
            ]
        if failed.status is None or failed.ambiguous:
            return [f"Teams: the Bot Connector does not answer ({failed.code}). Check the network, then try again."]
        if known and failed.code in ("BotNotInConversationRoster", "ConversationNotFound"):
            return [
                "Teams: the bot is not in its incidents channel. Add it to that team, or say `@Amends here` elsewhere."
            ]
        return []


def outcome(failed: ConnectorFailed) -> Outcome:
    """What a failed call means for its row. Whatever may have happened is unknown, never repeated by itself."""
    if failed.ambiguous:
        return Unknown(failed.code)
    if failed.code in DEAD:
        return Dead(failed.code)
    if failed.status is None or failed.status in AGAIN or failed.status >= 500:
        return Retry(failed.code, failed.retry_after)
    return Dead(failed.code)


def has_threads(conversation: str) -> bool:
    """Whether this is a channel's: those ids end in `@thread.tacv2` (older ones `@thread.skype`), chats' in others."""
    return conversation.partition(";messageid=")[0].endswith(("@thread.tacv2", "@thread.skype"))


def _thread(address: str, root: str) -> str:
    """The thread of a channel that a post continues, if it continues one."""
    return f"{address};messageid={root}" if root and has_threads(address) and ";" not in address else address


def _heard(connection: Connection, condition: object) -> Conversation | None:
    query = select(conversations).where(condition).order_by(conversations.c.seen_at.desc()).limit(1)  # type: ignore[arg-type]
    row = connection.execute(query).mappings().first()
    return None if row is None else from_row(Conversation, row)


def _teams(connection: Connection) -> list[str]:
    """The teams the bot was heard from."""
    query = select(conversations.c.team).where(conversations.c.team != "").distinct().order_by(conversations.c.team)
    return list(connection.execute(query).scalars())


def _chat(connection: Connection, user: str) -> Conversation | None:
    """The personal chat heard from last of a person named by Teams id or by Entra object id."""
    names = {user}
    query = select(accounts.c.id, accounts.c.alias).where(
        accounts.c.platform == "teams", (accounts.c.id == user) | (accounts.c.alias == user)
    )
    for row in connection.execute(query):
        names |= {name for name in row if name}
    return _heard(connection, conversations.c.person.in_(names) & (conversations.c.kind == "personal"))
