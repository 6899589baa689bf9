"""The only door out: claim → carry → finish. Rates, leases, and what nobody can know."""

import asyncio
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import product
from typing import Any, cast, get_args

import structlog
from prometheus_client import Counter as Metric
from prometheus_client import Gauge
from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import DBAPIError

from bot.channel import LEFT, Carrier
from bot.intake import AWAY, Intake, stumbled
from bot.store import Store
from handlers import channels
from handlers.commands import Audited, CannotDo, ChannelSeen, LookedFor, PostSettled, RoomOpened, RoomShut, Trouble
from handlers.domain.channels import Binding, Seen, gone
from handlers.domain.delivery import BROADCAST, GONE, Dead, Held, Op, Outcome, Retry, Sent, Unknown
from handlers.domain.incident import Incident, Setting
from handlers.domain.letter import LETTERS
from handlers.trouble import AWAY_SECONDS, REFUSALS, SKEW_SECONDS
from storage import migrate, outbox, rates
from storage.book import SqlBook
from storage.database import passing, tie
from storage.outbox import LEASE, Claimed

log = structlog.get_logger()

CALL_SECONDS = 8.0
"""A call takes no longer; the lease is 10 s (promises.md, section 2)."""
LEAVE_SECONDS = LEASE.total_seconds() - CALL_SECONDS
"""How long after its attempt was committed a post may still leave, so that its call ends within the lease."""
WORKERS = 12
"""Posts under way at once."""
IDLE_SECONDS = 0.5
"""How often the outbox is looked at without being told."""
GATHER_SECONDS = 0.02
"""How long posts gather before the outbox is looked at: a burst of commands is one look, not hundreds."""
DEAR_SECONDS = 0.005
"""A look at all broadcasts in line that took longer is dear: ten thousand may wait for one place or platform. Ours."""
PAUSES = 100
"""How many times as long as it took passes before the next dear look, so that others do not wait for it; half a second
at most. Ours."""
EXPIRE_EVERY = timedelta(seconds=1)
"""How often leases that ran out are taken back."""
LOOK_EVERY_SECONDS = 1.0
"""How often the unknown, and channels that something happened to, are looked after; ours."""
UNCLEAR_AT_ONCE = 20
"""Unknown posts looked for at the same time, and in one go; ours."""
LOOKED_AT = 200
"""Channels looked at in one go; ours."""
LOOKING = 8
"""Channels looked at at once; ours."""
LINE = 3
"""New posts to customers in hand a platform, of which one is leaving: the others need no new look at the outbox."""
BROADCASTS = 4
"""Broadcasts in the house in hand a platform: a burst of them, all at once, is felt by everybody else. Ours."""
FULL_SECONDS = 0.1
"""While as many broadcasts are in hand as may be, others are looked at when one has left, and so often. Ours."""
LINE_SECONDS = 5.0
"""How long one of them waits for those before it; then it goes back, before its lease is over. Ours."""
STANDS = timedelta(seconds=AWAY_SECONDS)
"""How long a process believes that no trouble of a platform stands; ours."""
OPTIONAL = ("topic", "pin", "rename")
"""Calls an incident can do without; a platform that lacks one is told once, then left alone."""
IDEMPOTENT = ("open", "topic", "pin", "invite", "remove", "rename", "close", "home")

carried = Metric("amends_posts_total", "Attempts to post, by platform and outcome", ["platform", "outcome"])
platform_up = Gauge("amends_platform_up", "1 while a platform answers and takes the bot", ["platform"])
UNREACHED = frozenset({"token_unreachable", "token_timeout"})
"""Teams' token could not be asked for: that is silence, not a refusal."""
old_version = Gauge(
    "amends_schema_moved_on", "1 while the schema is another version's, so that nothing is sent from here"
)


@cache
def _wanted() -> str:
    return migrate.head()


def repeatable(row: Claimed) -> bool:
    """Whether doing it twice shows nothing twice: edits and calls on a room.

    A room in Teams begins with a post, and other words by e-mail or webhook are a message more. An on-call service
    knows a repeat by its key, and waking somebody must not wait for a person.
    """
    return (
        (bool(row.message_id) and row.place.platform not in LETTERS)
        or (row.op in IDEMPOTENT and (row.place.platform, row.op) != ("teams", "open"))
        or (row.place.platform, row.audience) == ("webhook", "internal")
    )


def delicate(row: Claimed) -> bool:
    """Whether only a person may say that it is sent again: a new post to a customer."""
    return row.audience == "customer" and not row.message_id


def broad(row: Claimed) -> bool:
    """Whether it may wait longest and is not a customer's first, for which there is a line."""
    return row.rank >= BROADCAST and not delicate(row)


def lock_incident(book: SqlBook, number: int | None) -> None:
    """Take the incident before its posts, as a command does: the other way round they would wait for each other."""
    if number is not None:
        book.get(Incident, number)


def _bug(row: Claimed, reason: str, *, handed: bool) -> Outcome:
    """What a fault of ours means for a row: it may have come after the bytes left, and would come again.

    To a customer it is no definite failure, after which their next channel would be told as well: a person looks.
    """
    if row.audience == "internal":
        return Dead(reason)
    return Unknown(reason) if handed and not repeatable(row) else Held(reason)


class Delivery:
    """Carries the outbox to the platforms."""

    def __init__(
        self, store: Store, intake: Intake, carriers: Mapping[str, Carrier], *, workers: int = WORKERS
    ) -> None:
        """`carriers` by platform name; `workers` posts are under way at once."""
        self._workers = workers
        self.store = store
        self.intake = intake
        self.carriers = dict(carriers)
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._expired: datetime | None = None
        self._told: set[str] = set()
        self._line: Counter[str] = Counter()  # new posts to customers that have not left, by platform
        self._broad: Counter[str] = Counter()  # other broadcasts in hand, by platform
        self._leaving: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._outdated = False
        self._late = False
        self._silent: dict[str, datetime] = {}  # since when a platform has said nothing to this process
        self._over: dict[tuple[str, str], datetime] = {}  # troubles found over, and when this was looked up
        self._owed: list[tuple[Claimed, Outcome]] = []  # what came of posts, while the database did not take it
        self._starting: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._opens = IDLE_SECONDS
        self._broadcasts = float("-inf")  # when broadcasts are looked at again, monotonic seconds
        self._full = False  # whether that is because as many are in hand as may be
        # whether a post over which a worker died is in hand: one at a time, because if it is what ends its worker, the
        # others of its kind would die with it each time, and be held like it
        self._suspect = False
        self.fault: Callable[[str], Awaitable[None]] | None = None  # tests: named points at which a run may be ended

    def wake(self) -> None:
        """There is something to carry."""
        self._woken.set()

    async def run(self) -> None:
        """Until stopped: claim what is due, carry it, look after the unknown."""
        looks = [asyncio.create_task(self._looking_after(look)) for look in (self.settle, self.survey)]
        try:
            while not self._stopping:
                self._woken.clear()
                try:
                    moved = await self.once()
                except Exception as error:  # noqa: BLE001 - it is logged there, and tried again
                    stumbled("outbox", error)
                    moved = False
                    await asyncio.sleep(IDLE_SECONDS)
                if not moved:
                    await self._pause()
        finally:
            for task in looks:
                task.cancel()
            await asyncio.gather(*looks, return_exceptions=True)

    async def _looking_after(self, look: Callable[[], Awaitable[None]]) -> None:
        """Look every second, beside what is carried: a platform that does not answer a question holds no post up."""
        while True:
            try:
                await look()
            except Exception as error:  # noqa: BLE001 - it is logged there, and tried again
                stumbled("look", error)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), self._opens)
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_SECONDS)

    async def stop(self, within: float = 10.0) -> None:
        """Claim nothing more; let what is under way finish."""
        self._stopping = True
        self._woken.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)
        if self._owed:
            with suppress(*AWAY):
                await self.store.book(lambda book: self._write(book, self._owed), within=within)
                self._owed.clear()

    async def once(self, *, whole: bool = False) -> bool:
        """Claim as much as there is room for; whether anything was claimed. `whole`: dear looks are taken too."""
        free = self._workers - len(self._tasks)
        if free <= 0:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            return True
        platforms = tuple(self.carriers)
        if whole:
            self._broadcasts = float("-inf")
        owed = tuple(self._owed)

        def work(book: SqlBook) -> tuple[list[Claimed], int]:
            self._write(book, owed)  # before leases that ran out are taken back: what is known is not asked of a person
            return self._claim(book, platforms, free), book.sent

        claimed, sent = await self.store.book(work)
        del self._owed[: len(owed)]
        if sent:
            self.wake()
        for row in claimed:
            self._line[row.place.platform] += delicate(row)
            self._broad[row.place.platform] += broad(row)
            self._suspect |= row.deaths > 0
            task = asyncio.create_task(self._carry(row))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return bool(claimed)

    def _claim(self, book: SqlBook, platforms: tuple[str, ...], free: int) -> list[Claimed]:
        connection, now = book.connection, book.now
        if not self._current(connection):
            return []
        if self._expired is None or abs(now - self._expired) >= EXPIRE_EVERY:
            self._expired = now
            for key in outbox.take_back(connection, now):
                self.intake.machine(book, PostSettled(key))
        closed = rates.shut(connection, now)
        shut = self._shut(closed) if closed else {}
        opens = min(shut.values(), default=now + timedelta(seconds=IDLE_SECONDS))
        self._opens = min(IDLE_SECONDS, max(0.01, (opens - now).total_seconds()))
        busy = [p for p in platforms if self._broad[p] >= BROADCASTS]
        shut |= {
            outbox.kind_of(p, op, edit=edit, broadcast=True): now
            for p, op, edit in product(busy, get_args(Op), (False, True))
        }
        waits = any("*" in kind for kind in shut)  # broadcasts are read past, each time they are looked at
        full = [p for p in platforms if self._line[p] >= LINE]
        shut |= {outbox.kind_of(p, "message", broadcast=b, customer=True): now for p in full for b in (False, True)}
        in_line, in_hand, suspect, looked = self._line.copy(), self._broad.copy(), self._suspect, 0

        def room(row: RowMapping) -> bool:
            nonlocal suspect, looked
            looked += 1
            if row["deaths"] and suspect:
                return False
            if row["audience"] == "customer" and not row["message_id"]:
                in_line[row["platform"]] += 1
                if in_line[row["platform"]] > LINE:
                    return False
            elif row["rank"] >= BROADCAST:
                in_hand[row["platform"]] += 1
                if in_hand[row["platform"]] > BROADCASTS:
                    return False
            suspect = suspect or row["deaths"] > 0
            return True

        began = time.monotonic()
        below = outbox.EVERY if began >= self._broadcasts else BROADCAST
        claimed = outbox.claim(
            connection,
            now,
            platforms,
            free,
            expire=False,
            shut=tuple(shut),
            room=room,
            below=below,
            suspects=not self._suspect,
        )
        took = time.monotonic() - began
        if below == outbox.EVERY:
            self._full = any(in_line[p] >= LINE or in_hand[p] >= BROADCASTS for p in platforms)
            if self._full:
                self._broadcasts = began + took + FULL_SECONDS
            elif looked < free and (took > DEAR_SECONDS or waits):  # all that waits was read
                self._broadcasts = began + took + min(PAUSES * took, (opens - now).total_seconds(), IDLE_SECONDS)
        if self._broadcasts > began:
            self._opens = min(self._opens, max(0.01, self._broadcasts - began - took))
        return self._addressed(book, claimed)

    def _write(self, book: SqlBook, owed: Sequence[tuple[Claimed, Outcome]]) -> None:
        """Write down what came of posts while the database did not take it."""
        for row, outcome in owed:
            try:
                with book.attempt():
                    self._finish(book, row, outcome)
            except Exception as error:
                if passing(error) or (isinstance(error, DBAPIError) and tie(error)):
                    raise
                log.exception("what came of a post cannot be written down; it is unknown", key=row.key)

    @staticmethod
    def _addressed(book: SqlBook, rows: list[Claimed]) -> list[Claimed]:
        """Customers' posts with the present id of their channel; the house's own with none that a customer reads."""
        found = []
        for row in rows:
            platform, place = row.place.platform, row.address
            if row.audience == "customer":
                there = channels.resolved(book, platform, place)
                at = there if row.message_at == place else row.message_at
                found.append(replace(row, address=there, message_at=at))
            elif place and row.op in ("message", "open") and book.catalog.customer_by_channel(platform, place):
                found.append(replace(row, crossed=True))
            else:
                found.append(row)
        return found

    def _current(self, connection: Connection) -> bool:
        """Whether the schema is this code's: an old version claims nothing once a newer one has moved it on."""
        at, wanted = migrate.at(connection), _wanted()
        if (at != wanted) != self._outdated:
            self._outdated = at != wanted
            old_version.set(self._outdated)
            if self._outdated:
                log.error("the schema is another version's; nothing more is sent from here", schema=at, ours=wanted)
            else:
                log.warning("the schema is ours again; sending goes on", schema=at)
        return not self._outdated

    async def audit(self) -> bool:
        """The auditor: due and not sent? What can never go is dead, the rest is said.

        Whether to ask again soon: late posts are said when they are late twice in a row, because a machine that slept,
        or a clock that was set, makes everything late for a moment.
        """

        def asked(book: SqlBook) -> tuple[int, int]:
            for key in outbox.bury(book.connection, book.now):
                self.intake.machine(book, PostSettled(key))
            rates.forget(book.connection, book.now)
            late = outbox.overdue(book.connection, book.now)
            if not late or self._late:
                self.intake.machine(book, Audited(late, outbox.quarantined(book.connection)))
            return late, book.sent

        late, sent = await self.store.book(asked)
        if late:
            log.warning("posts are overdue", count=late)
        if sent:
            self.wake()
        again, self._late = bool(late) and not self._late, bool(late)
        return again

    def _shut(self, closed: Mapping[str, datetime]) -> dict[str, datetime]:
        """Kinds of call that have to wait, whatever place they go to, and until when."""
        found: dict[str, datetime] = {}
        for platform, carrier in self.carriers.items():
            for op in cast("tuple[Op, ...]", get_args(Op)):
                for edit, broadcast in product((False, True), repeat=2):
                    buckets = carrier.buckets(op, "", edit=edit, broadcast=broadcast)
                    waits = [closed[b.name] for b in buckets if b.name in closed]
                    for customer in (False, True) if waits else ():
                        kind = outbox.kind_of(platform, op, edit=edit, broadcast=broadcast, customer=customer)
                        found[kind] = max(waits)
        return found

    def _start(self, connection: Connection, now: datetime, row: Claimed) -> bool:
        """Count the call and commit the attempt; a row whose bucket is closed waits for its opening, untried."""
        carrier = self.carriers[row.place.platform]
        edit, broadcast = bool(row.message_id), row.rank >= BROADCAST
        address = row.message_at or row.address
        opens = rates.take(
            connection, now, carrier.buckets(cast("Op", row.op), address, edit=edit, broadcast=broadcast)
        )
        if opens is None:
            return outbox.start(connection, now, row)
        outbox.give_back(connection, row, opens)
        return False

    async def drain(self, rounds: int = 200) -> None:
        """Carry until nothing is due or under way (tests, replay)."""
        for _ in range(rounds):
            moved = await self.once(whole=True)
            if self._tasks:
                await asyncio.wait(self._tasks)
            elif not moved:
                return

    async def _point(self, name: str) -> None:
        if self.fault is not None:
            await self.fault(name)

    async def _carry(self, row: Claimed) -> None:
        try:
            await self._point("claimed")
            if delicate(row):
                await self._one_by_one(row)
            else:
                await self._attempt(row)
        except Exception as error:  # noqa: BLE001 - it is logged there, and tried again
            stumbled("outbox", error)
        if row.deaths:
            self._suspect = False
        if broad(row):
            self._broad[row.place.platform] -= 1
            self._free_hand()
        self._woken.set()

    def _free_hand(self) -> None:
        """A broadcast has left: the next one may be taken."""
        if self._full:
            self._full, self._broadcasts = False, float("-inf")
        self._woken.set()

    async def _one_by_one(self, row: Claimed) -> None:
        """Begin only when the one before has left for certain, or is settled (bot.channel.LEFT)."""
        platform = row.place.platform
        leaving = self._leaving[platform]
        try:
            await asyncio.wait_for(leaving.acquire(), LINE_SECONDS)
        except TimeoutError:
            self._line[platform] -= 1
            self._free_hand()
            await self.store.rows(lambda c, now: outbox.give_back(c, row, now))
            return
        mine = True

        def left() -> None:
            nonlocal mine
            if mine:
                mine = False
                self._line[platform] -= 1
                leaving.release()
                self._free_hand()

        try:
            await self._attempt(row, left)
        finally:
            left()

    async def _attempt(self, row: Claimed, left: Callable[[], None] = lambda: None) -> None:
        # one after another: they all count in the platform's bucket, and would wait for it with a thread each
        async with self._starting[row.place.platform]:
            began = time.monotonic()
            if not await self.store.rows(lambda c, now: self._start(c, now, row)):
                return
        await self._point("started")
        LEFT.set(left)  # this task's own
        outcome = await self._call(row, began)
        await self._point("called")
        carried.labels(row.place.platform, type(outcome).__name__.lower()).inc()
        try:
            sent = await self.store.book(lambda book: self._finish(book, row, outcome))
        except AWAY as error:
            if not passing(error):
                raise
            # a full disk, or no database: it is known here, and written down once it can be
            self._owed.append((row, outcome))
            log.warning("what came of a post waits for the database", key=row.key, error=type(error).__name__)
            return
        await self._point("finished")
        if sent:
            self.wake()

    async def _call(self, row: Claimed, began: float) -> Outcome:
        handed = False  # to the carrier: from then on bytes may have left
        try:
            # not wait_for: before Python 3.12 the call goes on by a step before it is cancelled, and that step may be
            # the one that writes, by a process that was stopped and whose row another one has
            async with asyncio.timeout(CALL_SECONDS):
                barred = await self._barred(row)
                if barred is not None:
                    return barred
                # looked at as late as can be: the process may be stopped at any moment before
                if time.monotonic() - began > LEAVE_SECONDS:  # it was: another may have the row now
                    return Retry("held up before it left", after=0)
                handed = True
                return await self.carriers[row.place.platform].carry(row)
        except TimeoutError:
            return Unknown("no answer within 8 s") if handed else Retry("its channel could not be looked at within 8 s")
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("a bug while posting", key=row.key, reference=reference)
            return _bug(row, f"a fault of ours, reference {reference}", handed=handed)

    async def _barred(self, row: Claimed) -> Outcome | None:
        """What speaks against this post going where it is addressed to; None if nothing does."""
        if row.crossed:
            return Held("the place is a customer's channel, and this is for the house alone")
        if row.audience != "customer" or row.op != "message":
            return None
        seen = await self.carriers[row.place.platform].see(row.address)
        if isinstance(seen, Sent | Unknown):  # a question changes nothing: it can be asked again
            seen = Retry("its channel could not be looked at")
        if isinstance(seen, Retry | Dead | Held):
            return None if row.message_id and isinstance(seen, Dead) else seen
        if seen is not None and gone(seen):
            return Dead(gone(seen))

        def judged(book: SqlBook) -> str:
            return channels.verdict(book, row.key, row.place, row.approval, seen)

        try:
            drift = await self.store.book(judged)
        except AWAY as error:  # no fault of ours, for which a person would have to look: nothing has left yet
            return Retry(f"database_{type(error).__name__}")
        return Held(drift) if drift else None

    async def survey(self) -> None:
        """Look at customers' channels that were bound lately, or that something happened to."""
        platforms = tuple(self.carriers)
        due = await self.store.book(lambda book: channels.to_look_at(book, platforms, LOOKED_AT))
        if not due:
            return
        slots = asyncio.Semaphore(LOOKING)

        async def look(binding: Binding) -> ChannelSeen | None:
            async with slots:
                try:
                    see = self.carriers[binding.platform].see
                    tried = not binding.reach and binding.by != channels.FILE
                    found = await asyncio.wait_for(see(binding.id, first=True, tried=tried), CALL_SECONDS)
                except Exception as error:  # noqa: BLE001 - not being able to look is no answer: it is asked again
                    log.warning("could not look at a channel", channel=binding.id, error=type(error).__name__)
                    return None
            if found is None or isinstance(found, Seen):
                return ChannelSeen(binding.platform, binding.address, found, gone(found) if found else "")
            if isinstance(found, Dead | Held):
                return ChannelSeen(binding.platform, binding.address, None, found.reason)
            return None

        answers = await asyncio.gather(*(look(binding) for binding in due))

        def keep(book: SqlBook) -> int:
            for answer in answers:
                if answer is not None:
                    self.intake.machine(book, answer)
            return book.sent

        if await self.store.book(keep):
            self.wake()

    def _finish(self, book: SqlBook, row: Claimed, outcome: Outcome) -> int:
        """Write down the outcome and, in the same transaction, what follows from it."""
        if isinstance(outcome, Unknown) and repeatable(row):
            outcome = Retry(outcome.reason)
        if row.audience == "customer" or row.op != "message" or isinstance(outcome, Dead):
            lock_incident(book, row.incident)
        taken = outbox.finish(book.connection, book.now, row, outcome)
        state = outbox.state_of_key(book.connection, row.key)
        if taken and state == "sent" and book.now > row.lease_until:  # somebody may have been asked meanwhile
            self.intake.machine(book, LookedFor(row.id, found=True))
        if taken:
            self._follow(book, row, outcome, state)
        return book.sent

    def _hear(self, book: SqlBook, row: Claimed, outcome: Outcome) -> None:
        """What an outcome says of its platform: it is there, it is silent, it takes the bot no more."""
        platform, reason = row.place.platform, getattr(outcome, "reason", "")
        if platform in LETTERS:
            return
        refused = reason in REFUSALS or (reason.startswith("token_") and reason not in UNREACHED)
        silent = isinstance(outcome, Unknown) or (isinstance(outcome, Retry) and outcome.after is None)
        if refused:
            self._trouble(book, "refused", platform, on=True, reason=reason)
        elif silent and not reason.startswith("database_"):
            if self._silence(book, platform) >= AWAY_SECONDS:
                self._trouble(book, "away", platform, on=True, reason=reason)
        elif isinstance(outcome, Sent):
            self._silent.pop(platform, None)
            platform_up.labels(platform).set(1)
            for what in ("away", "refused", *(("archived",) if row.place.kind == "incidents" else ())):
                self._trouble(book, what, platform, on=False)
        elif isinstance(outcome, Dead) and row.place.kind == "incidents" and reason in GONE and row.op == "message":
            self._trouble(book, "archived", platform, on=True, reason=reason)

    def _silence(self, book: SqlBook, platform: str) -> float:
        """For how many seconds a platform has said nothing, to this process and, as far as is known, to any replica.

        One server that is cut off from it is no platform that is away: the others go on, and the house is told nothing.
        """
        since = self._silent.setdefault(platform, book.now)
        told = book.get(Setting, f"trouble.away.{platform}")
        if (book.now - since).total_seconds() >= AWAY_SECONDS and not (told and told.value):
            heard = outbox.heard(book.connection, platform)
            if heard is not None and heard > since:  # by another replica: it counts from the first silence after that
                since = self._silent[platform] = book.now
                platform_up.labels(platform).set(0)
                log.error("a platform does not answer this server, but another", platform=platform)
        return (book.now - since).total_seconds()

    def _trouble(self, book: SqlBook, what: Any, platform: str, *, on: bool, reason: str = "") -> None:
        """Tell the house once, and once that it is over, whichever replica told it: it stands in the database.

        That nothing stands there is looked up again after half a minute: another replica may have told it.
        """
        looked = self._over.get((what, platform))
        if not on and looked is not None and abs(book.now - looked) < STANDS:
            return
        if on:
            self._over.pop((what, platform), None)
            log.error("a platform is in trouble", what=what, platform=platform, reason=reason)
        else:
            self._over[what, platform] = book.now
        if on and what in ("away", "refused"):
            platform_up.labels(platform).set(0)
        self.intake.machine(book, Trouble(what, platform, on, reason))

    async def clocks(self, seconds: float, server: str) -> None:
        """How far this server's clock is ahead of the database's: told where it is too far, and when it is right."""
        on = abs(seconds) > SKEW_SECONDS
        side = "ahead of" if seconds > 0 else "behind"
        reason = f"{abs(seconds) / 60:.0f} min {side}"

        def told(book: SqlBook) -> int:
            self._trouble(book, "clock", server, on=on, reason=reason)
            return book.sent

        if await self.store.book(told) > 0:
            self.wake()

    def _follow(self, book: SqlBook, row: Claimed, outcome: Outcome, state: str) -> None:
        platform = row.place.platform
        self._hear(book, row, outcome)
        shut = isinstance(outcome, Dead) and outcome.reason in GONE and row.op == "message"
        if shut and row.place.kind == "room" and row.incident is not None:
            self.intake.machine(book, RoomShut(row.incident, platform, getattr(outcome, "reason", ""), row.id))
        if row.op == "open" and row.incident is not None and not row.message_id:
            if isinstance(outcome, Sent):
                room = RoomOpened(row.incident, platform, outcome.at or outcome.id, outcome.name, outcome.link)
                self.intake.machine(book, room)
            elif state == "dead":
                reason = getattr(outcome, "reason", "")
                log.warning("no room could be opened", incident=row.incident, platform=platform, reason=reason)
                self.intake.machine(book, RoomOpened(row.incident, platform, "", fault=reason))
        elif row.op in OPTIONAL and state == "dead" and row.incident is not None:
            reason = getattr(outcome, "reason", "")
            what = f"{platform}: {row.op}"
            if what not in self._told:
                self._told.add(what)
                log.warning("this platform cannot do it; it is left out", what=what, reason=reason)
            self.intake.machine(book, CannotDo(row.incident, platform, row.op, reason))
        if row.audience == "customer" and state in ("sent", "unknown", "dead", "held"):
            edited = isinstance(outcome, Sent) and bool(row.message_id)
            self.intake.machine(book, PostSettled(row.key, edited=edited, state=state))

    async def settle(self) -> None:
        """Look after unknown rows: found, safe to send again, or a person's to decide."""
        platforms = tuple(self.carriers)
        rows = await self.store.rows(lambda c, now: outbox.unclear(c, now, platforms, UNCLEAR_AT_ONCE))
        await asyncio.gather(*(self._settle(row) for row in rows))

    async def _settle(self, row: Claimed) -> None:
        try:
            look = self.carriers[row.place.platform].look
            blind = repeatable(row) and (row.op != "open" or row.message_id)  # a room is found by its name
            found: Sent | bool = row.heard or False
            if not row.heard and not blind:
                found = await asyncio.wait_for(look(row), CALL_SECONDS)
        except Exception as error:  # noqa: BLE001 - not being able to look is an answer: nobody can know
            log.warning("could not look", key=row.key, error=type(error).__name__)
            found = True
        if await self.store.book(lambda book: self._settled(book, row, found)):
            self.wake()

    def _settled(self, book: SqlBook, row: Claimed, found: Sent | bool) -> int:
        again = found is False and (row.audience == "internal" or repeatable(row))
        lock_incident(book, row.incident)
        if not outbox.reconcile(book.connection, book.now, row, found if isinstance(found, Sent) else None, again):
            return 0
        if isinstance(found, Sent) and row.op == "open" and row.incident is not None:
            room = RoomOpened(row.incident, row.place.platform, found.at or found.id, found.name, found.link)
            self.intake.machine(book, room)
        if not again:
            there = isinstance(found, Sent) or (None if found else False)
            self.intake.machine(book, LookedFor(row.id, there))
        if row.audience == "customer":
            self.intake.machine(book, PostSettled(row.key))
        return book.sent
