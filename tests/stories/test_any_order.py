"""Anything, by anybody, in any order, with repeats, kills and failures in between: what must hold, holds.

Hypothesis chooses; more and longer runs with AMENDS_SOAK_EXAMPLES (`make soak`).
https://hypothesis.readthedocs.io/en/latest/stateful.html
"""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, event, select

from bot.channel import Answer, Request
from handlers.card import Button
from handlers.domain.apology import Apology, Approval, Proposal, Version
from handlers.domain.delivery import Dead, Outcome, Retry, Sent, Unknown
from handlers.domain.incident import OPEN, Event, Incident
from handlers.domain.people import Account
from storage.audit import verify
from storage.book import SqlBook
from storage.database import Database, make_engine
from storage.outbox import Claimed
from storage.tables import outbox
from tests.conftest import hurried
from tests.desk import Clock, Desk, MemoryCarrier, Screen, words
from tests.stories.quick import customer, draft, furnish

EXAMPLES = int(os.environ.get("AMENDS_SOAK_EXAMPLES", "12"))
STEPS = 45
CUSTOMERS = {"acme": "quagga", "bolt": "numbat", "cyan": "bilby", "dune": "quokka"}
"""Each customer's own word, in its name."""
HOUSES = "zebu"
"""The house's own word: in titles, notes, updates for the room."""
PLACES = {
    "C0ACME001": "acme",
    "19:bolt@thread.tacv2": "bolt",
    "C0CYAN001": "cyan",
    "C0CYAN002": "cyan",
    "C0DUNE001": "dune",
}
HOUSE = (
    customer("acme", "slack: C0ACME001").replace("Acme Ltd", "Acme quagga Ltd"),
    customer("bolt", "teams: '19:bolt@thread.tacv2'").replace("Bolt Ltd", "Bolt numbat Ltd"),
    customer("cyan", "slack: C0CYAN001", "slack: C0CYAN002").replace("Cyan Ltd", "Cyan bilby Ltd"),
    customer("dune", "slack: C0DUNE001", region="EU").replace("Dune Ltd", "Dune quokka Ltd"),
)
INSIDERS = ("ana", "ben", "cleo", "noor", "dana", "lou", "adam")
OUTSIDERS = ("guest", "stranger")
LINES = (
    "severity {n} sev1 because it is worse",
    "severity {n} sev3",
    "status {n} identified",
    "status {n} monitoring",
    "update {n} The zebu team found it, {u}",
    "update {n} We are working on it. Sending mail fails for some customers next 30m to customers",
    "holding {n}",
    "closure {n}",
    "resolve {n}",
    "reopen {n} because it came back",
    "cancel {n} because nothing was wrong",
    "merge {n} into 1 because it is the same",
    "remind {n} snooze 15m",
    "remind {n} every 30m",
    "ontrack {n}",
    "role {n} comms @Ben",
    "role {n} commander @Noor",
    "services {n} +search",
    "private {n} on because it is delicate",
    "private {n} off because it is not",
    'fact {n} count "2,000 customers" source monitoring public',
    "affected {n} -acme because they were not hit",
    "affected {n} +dune because they were hit too",
    "link {n} recurrence-of 1 because the fix did not hold",
    "undo",
    "apology draft {n}",
    "apology edit {a}",
    "apology submit {a}",
    "apology approve {a}",
    "apology publish {a}",
    "apology pause {a}",
    "apology resume {a}",
    "apology reject {a} because it is not plain",
    "apology correct {a} because the words were not plain",
    "apology retract {a} because it went out by mistake",
    "apology follow-up {a}",
    "apology status {a}",
    "relay done {a} acme via phone",
    "relay ack {a} acme",
    "relay skip {a} bolt because told by other",
)
FAILURES: dict[str, tuple[bool, Outcome]] = {
    "dropped": (True, Unknown("reset")),
    "lost": (False, Unknown("reset")),
    "busy": (False, Retry("busy", 20)),
    "gone": (False, Dead("channel_not_found")),
}
"""What a platform may do with a call: whether it is there all the same, and what comes back."""


class Killed(BaseException):
    """kill -9: nothing that was not committed is left."""


class Platform(MemoryCarrier):
    """A platform whose history can be read, and whose next calls may go wrong."""

    wrong: list[str]

    async def carry(self, row: Claimed) -> Outcome:
        """Put on screen, or not, and answered, or not."""
        if self.wrong and row.op == "message":
            there, outcome = FAILURES[self.wrong.pop(0)]
            if there:
                await super().carry(row)
            return outcome
        return await super().carry(row)

    async def look(self, row: Claimed) -> Sent | bool:
        """The history tells."""
        found = next((s for s in self.screens.values() if s.key == row.key), None)
        return found is not None and Sent(found.id, found.place)


@dataclass
class World:
    """The database and the platforms, which outlive every server."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    slack: Platform = field(default_factory=lambda: Platform("slack"))
    teams: Platform = field(default_factory=lambda: Platform("teams"))
    left: int = 0  # statements until the server dies; 0: it does not

    def __post_init__(self) -> None:
        self.slack.wrong, self.teams.wrong = [], []

    def serve(self) -> Desk:
        """Start a server."""
        engine = hurried(make_engine(f"sqlite:///{self.folder / 'any.db'}"))
        event.listen(engine, "before_cursor_execute", self._count)
        desk = Desk(Database(engine, self.clock), self.clock)
        desk.slack, desk.teams = self.slack, self.teams
        desk.delivery.carriers = {"slack": self.slack, "teams": self.teams}
        return desk

    def _count(self, connection: Connection, *_: Any) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                driver: Any = connection.connection.driver_connection
                driver.rollback()  # SQLAlchemy lets go of a connection that an exit broke, its lock with it
                raise Killed


class AnyOrder(RuleBasedStateMachine):
    """One server at a time on SQLite, with two platforms in memory."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.template, self.folder / "any.db")
        self.world = World(self.folder)
        self.desk = self.world.serve()
        self.keys = itertools.count(1)
        self.asked: list[tuple[Request, Answer | None]] = []
        self.notes: dict[str, str] = {}  # words of a note: its request's key
        self.shown: set[str] = set()
        self.deaths = 0

    def teardown(self) -> None:
        """All is carried to its end, and once more everything is looked at."""
        try:
            self.run(self._to_the_end())
            self.run(self._look())
            self.run(self._look_at_the_end())
        finally:
            self.desk.store.close()
            self.runner.close()
            shutil.rmtree(self.folder)

    def run(self, work: Any) -> Any:
        """Run a coroutine in this story's loop."""
        return self.runner.run(work)

    # --- what happens ------------------------------------------------------------------------------------------------
    @initialize()
    def open_the_house(self) -> None:
        """People, four customers, an open incident, and one with all its facts, its apology drafted."""

        async def opened() -> None:
            await furnish(self.desk, *HOUSE)
            await self.desk.intake.meet(Account("slack", "U0GUEST", "Gus Guest", "guest", "gus@contractor.example"))
            await self.desk.intake.meet(Account("slack", "U0STRANGER", "Sol Stern", "stranger", "", "T0ACME"))
            await draft(self.desk, title="The zebu relay is down")
            await self._say("ana", "declare The zebu queue is stuck sev2 services mail region NA", "slack")

        self.run(opened())

    @rule(
        line=st.sampled_from(LINES),
        who=st.sampled_from(("ana", "ben", "cleo") * 2 + INSIDERS),
        n=st.sampled_from((2, 2, 1, 3)),
        a=st.sampled_from((1, 1, 2)),
        on=st.sampled_from(["slack", "teams"]),
    )
    def say(self, line: str, who: str, n: int, a: int, on: str) -> None:
        """Somebody says something."""
        self.run(self._say(who, line.format(n=n, a=a, u=next(self.keys)), on))

    @rule(severity=st.sampled_from(["sev1", "sev2", "sev3"]), tail=st.sampled_from(["", "private", "drill"]))
    def declare(self, severity: str, tail: str) -> None:
        """One more incident."""
        words_ = f"declare The zebu queue is stuck {severity} services mail region NA {tail}"
        self.run(self._say("ana", words_.strip(), "slack"))

    @rule(who=st.sampled_from(INSIDERS), n=st.integers(1, 2))
    def note(self, who: str, n: int) -> None:
        """A note whose words are its own: it stands in the record as often as it was accepted."""
        said = f"zebu note {next(self.keys)} of the night"
        self.run(self._say(who, f"note {n} {said}", "teams", note=said))

    @rule(a=st.sampled_from([1, 1, 1, 2]), until=st.integers(1, 4))
    def sign_and_publish(self, a: int, until: int) -> None:
        """The way most take, so that what follows it is tried too."""
        way = (("ben", "submit"), ("ana", "approve"), ("cleo", "approve"), ("cleo", "publish"))
        for who, line in way[:until]:
            self.run(self._say(who, f"apology {line} {a}", "slack"))

    @rule(line=st.sampled_from([line for line in LINES if "{a}" in line]), who=st.sampled_from(["ana", "ben", "cleo"]))
    def speak_of_the_apology(self, line: str, who: str) -> None:
        """By those who may."""
        self.run(self._say(who, line.format(n=1, a=1), "teams"))

    @rule(n=st.integers(1, 2), who=st.sampled_from(["ana", "ben"]), other=st.sampled_from(["ana", "ben", "noor"]))
    def tell_customers(self, n: int, who: str, other: str) -> None:
        """One writes, another sends."""
        self.run(
            self._say(who, f"update {n} Mail fails for some of you since 12:00 UTC next 30m to customers", "slack")
        )
        self.run(self._say(other, f"send {n}", "teams"))

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """A platform sends a request again: the same answer, nothing else."""
        request, answer = data.draw(st.sampled_from(self.asked[-8:]))

        async def again() -> None:
            before = await self._everything()
            told = await self.desk.intake.take(request)
            if answer is not None and answer.recorded:
                assert words(told.show) == words(answer.show)
                assert await self._everything() == before

        self.run(again())

    @rule(data=st.data(), who=st.sampled_from(INSIDERS), on=st.sampled_from(["slack", "teams"]))
    def press(self, data: st.DataObject, who: str, on: str) -> None:
        """Somebody presses a button somewhere, new or old."""
        found = sorted({b.says for s in self.desk.screens() if s.card for b in s.card.buttons if isinstance(b, Button)})
        if found:
            self.run(self._say(who, data.draw(st.sampled_from(found)), on))

    @rule(data=st.data(), who=st.sampled_from(OUTSIDERS))
    def intrude(self, data: st.DataObject, who: str) -> None:
        """A guest or a customer's own people press and type: nothing happens, nothing is learned."""
        pressed = [b.says for s in self.desk.screens() if s.card for b in s.card.buttons]
        typed = [line.format(n=1, a=1, u=1) for line in LINES]
        line = data.draw(st.sampled_from(sorted({*pressed, *typed})))

        async def tried() -> None:
            before = await self._everything()
            answer = await self.desk.intake.take(self._request(who, line, "slack"))
            said = words(answer.show).casefold()
            assert not any(word in said for word in (HOUSES, *CUSTOMERS.values())), said
            assert await self._everything() == before

        self.run(tried())

    @rule(minutes=st.sampled_from([1, 6, 21, 61, 600, 3000]))
    def wind(self, minutes: int) -> None:
        """Time passes, and the clock ticks."""
        self.run(self._pass(minutes))

    @rule()
    def carry(self) -> None:
        """What is due leaves."""
        self.run(self.desk.settle())

    @rule(how=st.sampled_from(sorted(FAILURES)), on=st.sampled_from(["slack", "teams"]))
    def fail(self, how: str, on: str) -> None:
        """A call of the next ones goes wrong."""
        wrong = (self.world.slack if on == "slack" else self.world.teams).wrong
        if len(wrong) < 3:
            wrong.append(how)

    @rule(after=st.integers(1, 400), acting=st.booleans())
    def kill(self, after: int, acting: bool) -> None:
        """The server dies at one of its next statements, and another one starts; what was asked is asked again."""

        async def until_it_dies() -> None:
            self.world.left = after
            if acting:
                await self._say("ana", f"update 1 zebu words {next(self.keys)}", "slack")
            await self._carry_or_die()
            self.world.left = 0

        self.run(until_it_dies())

    # --- how it happens ----------------------------------------------------------------------------------------------
    def _request(self, who: str, line: str, on: str) -> Request:
        user = f"U0{who.upper()}" if on == "slack" else f"29:{who}"
        channel = "C0INCIDENTS" if on == "slack" else "19:incidents@thread.tacv2"
        return Request(f"any-{next(self.keys)}", "slack" if on == "slack" else "teams", user, channel, line)

    async def _say(self, who: str, line: str, on: str, note: str = "") -> None:
        self.world.clock.wind(seconds=11)
        request = self._request(who, line, on)
        answer: Answer | None = None
        for _ in range(2):
            try:
                answer = await self.desk.intake.take(request)
                break
            except Killed:  # no answer: the platform asks again
                self._restart()
        assert answer is not None
        assert "went wrong" not in words(answer.show), line
        self.asked.append((request, answer))
        if note and not answer.refused:
            self.notes[note] = request.key

    def _restart(self) -> None:
        self.deaths += 1
        self.world.left = 0
        self.desk.store.close()
        self.desk = self.world.serve()

    async def _carry_or_die(self) -> None:
        """Carry; where a statement kills, everything under way is gone with it."""
        loop = asyncio.get_running_loop()
        usual = loop.get_exception_handler()
        loop.set_exception_handler(lambda *_: None)
        try:
            await self.desk.settle()
        except Killed:
            pass
        finally:
            under_way = list(self.desk.delivery._tasks)
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            loop.set_exception_handler(usual)
        if not self.world.left:
            self._restart()

    async def _pass(self, minutes: int) -> None:
        self.world.clock.wind(minutes=minutes)
        await self.desk.intake.tick()
        await self.desk.delivery.drain()
        await self.desk.delivery.settle()
        await self.desk.settle()

    async def _everything(self) -> tuple[Any, ...]:
        """What people could notice: the record, the timeline, the posts."""

        def read(book: SqlBook) -> tuple[Any, ...]:
            kinds = (Incident, Event, Apology, Version, Approval, Proposal)
            return (*(tuple(book.find(kind)) for kind in kinds), tuple((p.key, p.state) for p in book.posts("")))

        found: tuple[Any, ...] = await self.desk.store.book(read)
        return found

    async def _to_the_end(self) -> None:
        """Nothing fails any more; people look at what nobody can know."""
        self.world.slack.wrong, self.world.teams.wrong = [], []
        for _ in range(12):
            await self._pass(11)
            for row in await self._rows():
                if row["state"] == "unknown" and row["audience"] == "customer":
                    there = any(s.key == row["key"] for s in self.desk.screens())
                    await self._say("ben", f"settle {row['id']} {'arrived' if there else 'again'}", "slack")

    async def _rows(self) -> list[Any]:
        return await self.desk.store.rows(lambda c, _now: list(c.execute(select(outbox)).mappings()))

    # --- what must hold ----------------------------------------------------------------------------------------------
    @invariant()
    def what_must_hold(self) -> None:
        """After every step."""
        if self.desk.screens():
            self.run(self._look())

    async def _look(self) -> None:
        screens = self.desk.screens()
        twice = [key for key, count in Counter(s.key for s in screens).items() if count > 1]
        assert not twice, f"said twice: {twice}"
        customers = [s for s in screens if s.place in PLACES]
        for screen in customers:
            mine = CUSTOMERS[PLACES[screen.place]]
            others = {HOUSES, *CUSTOMERS.values()} - {mine}
            assert not any(word in screen.text.casefold() for word in others), f"{screen.place} reads {screen.text}"
            assert screen.card is None
        fresh = [s for s in customers if s.key not in self.shown]
        if fresh:
            self.shown |= {s.key for s in fresh}
            await self._look_at_the_signatures(fresh)

    async def _look_at_the_signatures(self, fresh: list[Screen]) -> None:
        """Two people stand behind every word that left; for an apology, one who is no author, and the commander's."""
        approvals = {r["key"]: r["approval"] for r in await self._rows()}

        def read(book: SqlBook) -> tuple[list[Version], list[Approval], list[Proposal]]:
            return book.find(Version), book.find(Approval), book.find(Proposal)

        versions, signed, proposals = await self.desk.store.book(read)
        for screen in fresh:
            bound = approvals[screen.key]
            asked = [p for p in proposals if p.digest == bound]
            if asked:
                assert any(p.sent_by and p.sent_by != p.by for p in asked), screen.key
                continue
            version = next(v for v in versions if v.digest == bound)
            hands = [a for a in signed if a.digest == bound and a.apology == version.apology]
            outside = [a for a in hands if a.capacity == "comms-approver" and a.person not in version.authors]
            assert outside, screen.key
            assert len({a.person for a in hands} | set(version.authors)) >= 2, screen.key

    async def _look_at_the_end(self) -> None:
        """Nothing is stuck or lost; each accepted note stands once; the chain is whole."""
        rows = await self._rows()
        stuck = [
            (r["key"], r["state"]) for r in rows if r["state"] in ("claimed", "sending") or r["state"] == "unknown"
        ]
        assert not stuck, stuck
        on_screen = {s.key for s in self.desk.screens()}
        lost = [
            r["key"]
            for r in rows
            if r["state"] == "sent" and r["op"] in ("message", "open") and r["key"] not in on_screen
        ]
        assert not lost, lost

        def read(book: SqlBook) -> tuple[list[Event], list[Incident]]:
            verify(book.connection)
            return book.find(Event), book.find(Incident)

        told, incidents = await self.desk.store.book(read)
        lines = Counter(e.words for e in told if e.kind == "note")
        for note in self.notes:
            assert sum(count for line, count in lines.items() if note in line) == 1, note
        for incident in incidents:
            if incident.status not in OPEN:
                ended = max(e.at for e in told if e.incident == incident.number and e.kind != "reminder")
                late = [e for e in told if e.incident == incident.number and e.kind == "reminder" and e.at > ended]
                assert not late, late


def test_whatever_happens_what_must_hold_holds(sqlite_template: Path) -> None:
    """Nobody is told twice, wrongly or unsigned; nothing accepted is lost; an outsider changes and learns nothing."""
    AnyOrder.template = sqlite_template
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize="AMENDS_SOAK_EXAMPLES" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )
