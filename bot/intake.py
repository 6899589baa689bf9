"""The only door in: dedupe, read, authorise, decide, one transaction; then the answer."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.channel import Answer, Request
from bot.store import FIRST, NotReachedError, Store
from handlers import commands, grammar, look
from handlers.card import Block, Button, Buttons, Card, Code, Form, line, small
from handlers.context import Context, Whence
from handlers.decide import DUE, decide
from handlers.declare import may_be_service
from handlers.domain.delivery import REPLY, Place, Post
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident
from handlers.domain.people import NOBODY, Account, Person
from handlers.domain.permit import NOT_AVAILABLE
from handlers.due import Due
from handlers.pins import room_of
from handlers.rooms import may_see
from storage.book import SqlBook
from storage.database import full, passing, tie
from storage.rows import pack, unpack

log = structlog.get_logger()

AWAY = (DBAPIError, SQLAlchemyError, OSError, NotReachedError)
"""What is raised where the database is not there, or not fit."""
not_recorded = Counter("amends_not_recorded_total", "Requests answered “not recorded”, by reason", ["reason"])
stumbles = Counter("amends_stumbles_total", "Work that was put off, by what it was and reason", ["what", "reason"])

SAME_WORDS = timedelta(seconds=10)
"""A change said in the same words by the same person in the same room within this time is one, unless its incident was
changed in between (promises.md, section 1)."""
AGAIN = (commands.Undo, commands.ApologyResume)
"""Commands that mean something new when they are said again: what they look at changes by itself."""
NOT_RECORDED = "Not recorded: the database does not answer. Say it again in a minute; until then, note it by hand."
DISK_FULL = (
    "Not recorded: the disk of the database is full. Note it by hand, tell whoever runs Amends, and say it again once "
    "there is room."
)
ACK_SECONDS = 2.0
"""How long a database that does nothing is waited for: Slack takes its answer for 3 s (docs.slack.dev/interactivity/
handling-user-interaction), Teams for 5."""
LONGEST_ROUND = 200
"""Transactions of one kind in a tick: thousands may fall due at once, and a tick ends all the same."""
ALONE = (commands.ShowCredit, commands.RelayPack)
"""Commands whose answers, refusals too, only whoever asked may read, wherever it was asked."""
FAULTY_AGAIN = timedelta(minutes=1)
"""When something due is tried again after it failed."""
FLOOD = 600
"""Commands a minute from one person; more are answered, not executed (promises.md, section 5)."""
BUSY = 60
"""From so many a minute on in one process, those that other replicas took are counted too: fewer are worth no query."""


@dataclass(frozen=True, slots=True)
class House:
    """What intake knows of the house."""

    zone: ZoneInfo
    platforms: tuple[str, ...]
    public_url: str = ""
    outlets: tuple[str, ...] = ()  # ways out beside the platforms: email, webhook


class Intake:
    """Takes requests in, one transaction each."""

    def __init__(self, store: Store, house: House, wake: Callable[[], None] = lambda: None) -> None:
        """`wake` is called after a commit that wrote posts, so that they leave at once."""
        self.store = store
        self.house = house
        self.wake = wake
        self.refused = 0
        self.accepted = 0
        self.patience = ACK_SECONDS
        self._recent: dict[str, list[float]] = {}
        self._faulty: dict[tuple[str, tuple[Any, ...]], datetime] = {}  # what the clock passes over, and until when

    async def take(self, request: Request) -> Answer:
        """Answer a request. Whatever is answered as done is committed; a broken database is said, never a false yes."""
        try:
            answer, sent = await self.store.book(
                lambda book: self._take(book, request), rank=FIRST, within=self.patience
            )
        except AWAY as error:
            return Answer(unrecorded(error, request.platform), refused=True)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("a bug", reference=reference, platform=request.platform)
            words = f"Something broke on our side and nothing was recorded. Reference {reference}."
            return Answer(Card("Amends", (line(words),), "danger"), refused=True)
        if sent:
            self.wake()
        return answer

    async def meet(self, account: Account) -> None:
        """Keep what a platform says of one of its users, without characters that no database takes."""
        known = replace(account, name=_storable(account.name), email=_storable(account.email).lower())
        await self.store.book(lambda book: book.put(known))

    async def changed(self, account: Account) -> None:
        """A platform told that one of its users is not what they were; of whom we do not know, nothing is kept."""
        known = replace(account, name=_storable(account.name), email=_storable(account.email).lower())

        def keep(book: SqlBook) -> None:
            if book.account(known.platform, known.id) is not None:
                book.put(known)

        try:
            await self.store.book(keep)
        except AWAY as error:
            log.error("a changed person was not kept", error=type(error).__name__, platform=known.platform)  # noqa: TRY400

    def _take(self, book: SqlBook, request: Request) -> tuple[Answer, int]:
        account = book.account(request.platform, request.user)
        if request.foreign:  # this act is an outsider's, whatever we thought of that id; what we know stays as it is
            account = Account(request.platform, request.user, request.user, "stranger", tenant=request.foreign)
        if account is None:
            return Answer(known=False), 0
        ctx = self._context(book, request, book.of_account(account))
        if not ctx.actor.colleague:  # before anything stored is read: whoever has left gets no old answer either
            if not self._flooding(book, ctx.actor.key):  # who may do nothing may not fill the audit either
                book.record(ctx.actor.key, request.platform, "refused: not a colleague", None)
            self.refused += 1
            return Answer(Card("Amends", (line(NOT_AVAILABLE),)), refused=True), 0
        if (repeated := self._repeated(book, ctx, request)) is not None:
            return repeated, 0
        if self._flooding(book, ctx.actor.key):
            words = "That is very much at once. Wait a minute, then say the last one again. It was not recorded."
            return Answer(Card("Amends", (line(words),), "warning"), refused=True), 0
        found = self._read(book, ctx, request)
        if isinstance(found, Answer):
            self.refused += 1
            return self._answered_in_teams(book, request, ctx, found)
        command = found
        words = grammar.write(command)
        ctx = Context(
            actor=ctx.actor,
            whence=ctx.whence,
            now=ctx.now,
            zone=ctx.zone,
            platforms=ctx.platforms,
            line=words,
            public_url=ctx.public_url,
            mentions=request.mentions,
            outlets=ctx.outlets,
            message=request.message,
        )
        about_another = request.message is not None and not request.message.own  # two pins in ten seconds are two
        again = None if about_another else book.repeated(ctx.actor.key, words, request.channel, book.now - SAME_WORDS)
        if again is not None and not isinstance(command, AGAIN):
            return self._answered_in_teams(book, request, ctx, Answer(_show(again), repeated=True))
        if not book.admit(request.key, ctx.actor.key, request.platform, request.channel, words):
            return self._repeated(book, ctx, request) or Answer(repeated=True), 0
        return self._decide(book, request, ctx, command)

    @staticmethod
    def _repeated(book: SqlBook, ctx: Context, request: Request) -> Answer | None:
        """The stored answer of a repeat; None for what is new. What one person was answered nobody else reads."""
        found = book.seen(request.key)
        if found is None:
            return None
        if found[0] != ctx.actor.key:
            book.record(ctx.actor.key, request.platform, "refused: somebody else's request", None)
            return Answer(Card("Amends", (line(NOT_AVAILABLE),)), refused=True)
        return Answer(_show(found[1]), repeated=True)

    def _decide(self, book: SqlBook, request: Request, ctx: Context, command: commands.Command) -> tuple[Answer, int]:
        try:
            with book.attempt():
                reply = decide(command, ctx, book)
        except Refused as refused:
            self.refused += 1
            if refused.audit:
                book.record(ctx.actor.key, request.platform, f"refused: {ctx.line}", ctx.whence.room)
            card = Card(self._head(book, ctx, command), (line(refused.sentence),), "warning")
            book.forget(request.key)
            answer = Answer(card, refused=True, alone=isinstance(command, ALONE))
            return self._answered_in_teams(book, request, ctx, answer)
        if isinstance(reply.show, Form):
            book.forget(request.key)
            return Answer(reply.show), book.sent
        incident = getattr(command, "incident", None) or ctx.whence.room or next(iter(book.told), None)
        book.answered(request.key, pack(reply.show), incident, changed=reply.changed)
        if reply.changed:
            self.accepted += 1
            # a line about an apology belongs to every incident it covers: the export finds it by its words
            several = hasattr(command, "apology") or hasattr(command, "incidents")
            book.record(ctx.actor.key, request.platform, ctx.line, None if several else incident)
        alone = isinstance(command, ALONE)
        answer = Answer(reply.show, recorded=reply.changed, alone=alone, asks=reply.asks)
        return self._answered_in_teams(book, request, ctx, answer)

    def _answered_in_teams(self, book: SqlBook, request: Request, ctx: Context, answer: Answer) -> tuple[Answer, int]:
        """Teams has no answer to a typed line but a message: it is written down like any other post."""
        if request.platform != "teams" or not request.reply_to or not isinstance(answer.show, Card):
            return answer, book.sent
        said = answer.recorded and ctx.whence.room is not None and book.said_in_room(ctx.whence.room)
        if said and not answer.asks:
            return Answer(None, recorded=True), book.sent  # the card in this very room is the answer
        place = Place("teams", "thread", request.reply_to)
        if said or ctx.whence.customer or ((book.private_seen or answer.alone) and not request.personal):
            # what is asked of one person is asked in their own chat;
            # nothing of ours is said in a customer's channel, nothing private where others read along
            place = Place("teams", "person", request.user)
        book.send(Post(f"reply/{request.key}@teams", place, card=answer.show, rank=REPLY))
        return answer, book.sent

    def _head(self, book: SqlBook, ctx: Context, command: commands.Command) -> str:
        """Every answer begins with the incident, where there is one."""
        from handlers.say.incident import head

        apology = getattr(command, "apology", None)
        if apology is not None or (hasattr(command, "apology") and not hasattr(command, "incident")):
            return _apology_head(book, ctx, apology)
        number = getattr(command, "incident", None) or ctx.whence.room
        incident = book.get(Incident, number) if isinstance(number, int) else None
        return head(incident) if incident is not None and may_see(book, ctx.actor, incident) else "Amends"

    def _context(self, book: SqlBook, request: Request, person: Person) -> Context:
        room = room_of(book, request.platform, request.channel)
        customer = book.catalog.customer_by_channel(request.platform, request.channel)
        whence = Whence(request.platform, request.channel, request.personal, room, customer.key if customer else "")
        return self._as(person, whence, book.now)

    def _as(self, person: Person, whence: Whence, now: datetime) -> Context:
        return Context(
            actor=person,
            whence=whence,
            now=now,
            zone=self.house.zone,
            platforms=self.house.platforms,
            public_url=self.house.public_url,
            outlets=self.house.outlets,
        )

    def _read(self, book: SqlBook, ctx: Context, request: Request) -> commands.Command | Answer:
        reading = grammar.Reading(
            now=ctx.now,
            zone=ctx.zone,
            room=ctx.whence.room,
            exists=lambda n: (found := book.get(Incident, n)) is not None and may_see(book, ctx.actor, found),
            is_service=lambda w: may_be_service(book.catalog, w),
            is_customer=lambda w: book.catalog.customer(w) is not None,
        )
        if request.values is not None:
            sent = grammar.from_form(request.words, request.values, reading)
            if isinstance(sent, grammar.FormFault):
                return Answer(refused=True, fields=dict(sent.faults))
            return sent
        found = grammar.read(request.words, reading)
        if isinstance(found, grammar.Misread):
            return Answer(misread(found), refused=True)
        if isinstance(found, grammar.Ambiguous):
            buttons = tuple(Button(label, says) for label, says in found.options)
            return Answer(Card("Which one?", (line(found.question), Buttons(buttons))), refused=True)
        return found

    def _flooding(self, book: SqlBook, person: str) -> bool:
        """More than so many a minute: here, refusals included, or recorded by all replicas together."""
        stamp = book.now.timestamp()
        recent = [t for t in self._recent.get(person, []) if t > stamp - 60]
        recent.append(stamp)
        self._recent[person] = recent[-FLOOD - 1 :]
        here = len(recent)
        return here > FLOOD or (here > BUSY and book.recorded_by(person, book.now - timedelta(minutes=1)) >= FLOOD)

    async def tick(self) -> int:
        """The clock: do what is due, kind by kind. What fails in one kind, or in one record, silences no other."""
        total, fault = 0, None
        for due in await self.store.book(lambda book: [kind for kind in DUE if kind.any(book)]):
            try:
                for _ in range(LONGEST_ROUND):
                    done, sent = await self.store.book(lambda book, due=due: self._due(book, due))  # type: ignore[misc]
                    total += done
                    if sent:
                        self.wake()
                    if done < due.at_once:
                        break
            except Exception as error:
                if not isinstance(error, AWAY):
                    log.exception("what is due stumbled; the rest goes on", due=due.name)
                fault = error
        if fault is not None:
            raise fault
        return total

    def _due(self, book: SqlBook, due: Due[Any]) -> tuple[int, int]:
        """One transaction of what is due. A record that fails leaves no trace and is left alone for a minute."""
        ctx = self._as(NOBODY, Whence("clock"), book.now)
        self._faulty = {key: until for key, until in self._faulty.items() if until > book.now}
        known = [key for key in self._faulty if key[0] == due.name]
        found = [r for r in due.found(book, len(known)) if (due.name, book.key(r)) not in self._faulty]
        done = self._together(book, due, ctx, found) or self._singly(book, due, ctx, found)
        if due.then is not None and done:
            try:
                with book.attempt():
                    due.then(done, ctx, book)
            except Exception as error:
                if passing(error) or (isinstance(error, DBAPIError) and tie(error)):
                    raise
                log.exception("what is said of all that was due is faulty; it is left out", due=due.name)
        return len(found), book.sent

    def _together(self, book: SqlBook, due: Due[Any], ctx: Context, found: list[Any]) -> list[Any]:
        """Act upon all of them at once, in few statements; if one is faulty, upon none."""
        try:
            with book.gathering():
                if due.series is not None:
                    book.reserve([name for record in found for name in due.series(record)])
                for record in found:
                    due.act(record, ctx, book)
        except Exception as error:
            if passing(error) or (isinstance(error, DBAPIError) and tie(error)):
                raise  # no record is at fault; the whole transaction runs again
            log.warning("what is due is done one by one", due=due.name, because=type(error).__name__)
            return []
        return found

    def _singly(self, book: SqlBook, due: Due[Any], ctx: Context, found: list[Any]) -> list[Any]:
        """Act upon each by itself: one that fails leaves no trace, and is left alone for a minute."""
        done = []
        for record in found:
            try:
                with book.attempt():
                    due.act(record, ctx, book)
                done.append(record)
            except Exception as error:
                if passing(error) or (isinstance(error, DBAPIError) and tie(error)):
                    raise  # the whole transaction runs again
                key = book.key(record)
                log.exception("something due is faulty; it is left alone for a minute", due=due.name, key=key)
                self._faulty[due.name, key] = book.now + FAULTY_AGAIN
        return done

    def machine(self, book: SqlBook, command: commands.Command) -> None:
        """What the machine itself asks (a room opened, a post settled), inside a transaction that has begun."""
        decide(command, self._as(NOBODY, Whence("clock"), book.now), book)

    async def room(self, platform: str, channel: str) -> int | None:
        """The incident whose room this is; None: nothing said there is any business of ours."""
        return await self.store.book(lambda book: room_of(book, platform, channel), rank=FIRST)

    async def followed(self, change: commands.MessageChanged) -> None:
        """Somebody edited or deleted a message. Most are nobody's business; a pinned one is followed."""
        try:
            await self.store.book(lambda book: self.machine(book, change))
        except AWAY as error:
            log.error("an edit was not followed", error=type(error).__name__, platform=change.platform)  # noqa: TRY400

    async def home(self, request: Request) -> Card | None:
        """The App Home of one person."""

        def draw(book: SqlBook) -> Card | None:
            account = book.account(request.platform, request.user)
            return None if account is None else look.home(self._context(book, request, book.of_account(account)), book)

        try:
            return await self.store.book(draw, rank=FIRST, within=self.patience)
        except AWAY as error:
            return unrecorded(error, request.platform)


def reason_of(error: BaseException) -> str:
    """Why the database did not take something; "fault" is a bug of ours."""
    return "disk full" if full(error) else "database away" if isinstance(error, AWAY) else "fault"


def stumbled(what: str, error: BaseException) -> None:
    """The outbox or the clock could not do its work and tries again: counted, and logged; a bug with its traceback."""
    reason = reason_of(error)
    stumbles.labels(what, reason).inc()
    if reason == "fault":
        log.error("work stumbled; it is tried again", what=what, exc_info=error)
    else:
        log.error("work waits for the database", what=what, reason=reason, error=type(error).__name__)


def unrecorded(error: BaseException, platform: str) -> Card:
    """What a person reads, at once, where the database did not take what they said; counted and logged by reason."""
    reason = reason_of(error)
    not_recorded.labels(reason).inc()
    log.error("not recorded", reason=reason, error=type(error).__name__, platform=platform)
    return Card("Amends", (line(DISK_FULL if full(error) else NOT_RECORDED),), "danger")


def _storable(text: str) -> str:
    """Without NUL, which PostgreSQL refuses, and without half characters, which are no UTF-8."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def misread(found: grammar.Misread) -> Card:
    """Wrong input: the verb's usage and the nearest word that exists; nothing is changed."""
    blocks: list[Block] = [line(found.sentence)]
    if found.usage:
        blocks.append(line("Say it like ", Code(found.usage)))
    if found.nearest:
        blocks.append(line("Did you mean ", Code(found.nearest), "?"))
    blocks.append(small("Nothing was changed. ", Code("help"), " lists everything."))
    return Card("I did not understand that", tuple(blocks), "warning")


def _apology_head(book: SqlBook, ctx: Context, number: int | None) -> str:
    """INC-1, INC-2: apology A1, where there is one that may be seen."""
    from handlers.apologise import apology_of
    from handlers.say.apology import named

    try:
        return named(apology_of(book, ctx, number))
    except Refused:
        return "Amends"


def _show(stored: Any) -> Card | None:
    found = unpack(stored) if stored else None
    return found if isinstance(found, Card) else None
