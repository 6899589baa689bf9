"""A desk to talk to: the bot's own way in and way out, with platforms that are lists in memory."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.channel import Answer, Request
from bot.delivery import Delivery
from bot.intake import House, Intake
from bot.store import Store
from handlers.card import Bullets, Card, Fields, Form, Line, Quote, Small
from handlers.domain.catalog import parse_bytes, to_dict
from handlers.domain.channels import Seen
from handlers.domain.delivery import Bucket, Op, Outcome, PostState, Sent
from handlers.domain.incident import Setting
from handlers.domain.people import Account
from storage import outbox
from storage.database import Database
from storage.outbox import Claimed


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def wind(self, **by: float) -> None:
        """Let time pass."""
        self.at += timedelta(**by)


@dataclass
class Screen:
    """One message as people see it, and what it was before."""

    id: str
    place: str
    card: Card | None
    text: str
    key: str
    edits: int = 0
    thread: str = ""  # the message it answers


@dataclass
class MemoryCarrier:
    """A platform that is a dictionary. `script` answers the next calls in its own way first."""

    platform: str
    screens: dict[str, Screen] = field(default_factory=dict)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    script: list[Outcome | None] = field(default_factory=list)
    fail: dict[str, Outcome] = field(default_factory=dict)
    accepts_silently: set[str] = field(default_factory=set)
    seen: Sent | bool = True
    channels: dict[str, Seen | Outcome] = field(default_factory=dict)
    limits: dict[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def buckets(self, op: Op, address: str, *, edit: bool, broadcast: bool) -> tuple[Bucket, ...]:
        """What it counts a call in; whatever `limits` says of the place, the platform, and its broadcasts."""
        del op, edit
        names = [self.platform, *[f"{self.platform} {address}"] * bool(address), *[f"{self.platform} *"] * broadcast]
        return tuple(Bucket(name, self.limits[name]) for name in names if name in self.limits)

    async def carry(self, row: Claimed) -> Outcome:
        """Put it into the dictionary, unless the script says otherwise."""
        self.calls.append((row.op, row.key, row.address))
        if self.script and (scripted := self.script.pop(0)) is not None:
            return scripted
        for part, outcome in self.fail.items():
            if part in row.key:
                if row.key in self.accepts_silently:
                    self._put(row)
                return outcome
        if row.op == "open" and not row.message_id:
            room = f"{self.platform}-room-{next(self.numbers)}"
            screen = self._put(row, room)
            return Sent(screen.id, room, name=row.args[0] if row.args else "", link="https://chat.example/room")
        if row.op not in ("message", "open"):
            return Sent("")
        screen = self._put(row)
        return Sent(screen.id, screen.place, link="https://chat.example/m" if row.audience == "customer" else "")

    def _put(self, row: Claimed, place: str = "") -> Screen:
        if row.message_id:
            screen = self.screens[row.message_id]
            screen.card, screen.text, screen.edits = row.card, row.text, screen.edits + 1
            return screen
        number = f"{self.platform[0]}{next(self.numbers)}"
        screen = Screen(number, place or row.address, row.card, row.text, row.key, thread=row.thread_id)
        self.screens[number] = screen
        return screen

    async def look(self, row: Claimed) -> Sent | bool:
        """What a look at the history shows."""
        del row
        return self.seen

    async def see(self, address: str, *, first: bool = False, tried: bool = False) -> Seen | Outcome | None:
        """What this platform says of a channel: nothing, unless the test said what it is."""
        del first, tried
        return self.channels.get(address)

    async def who(self, user: str, channel: str) -> Account | None:
        """Nobody is asked here."""
        del user, channel
        return None


class Desk:
    """Say things as people would, see what everybody sees."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        platforms: tuple[str, ...] = ("slack", "teams"),
        outlets: tuple[str, ...] = (),
    ) -> None:
        self.clock = clock
        self.store = Store(database)
        self.intake = Intake(self.store, House(ZoneInfo("UTC"), platforms, outlets=outlets))
        self.slack, self.teams = MemoryCarrier("slack"), MemoryCarrier("teams")
        carriers = {c.platform: c for c in (self.slack, self.teams) if c.platform in platforms}
        self.delivery = Delivery(self.store, self.intake, carriers)
        self._keys = itertools.count(1)

    async def furnish(self, catalog_file: Path) -> None:
        """Load a catalog and let its people be known on their platforms; a guest and a stranger too."""
        catalog = parse_bytes(catalog_file.read_bytes(), filename=catalog_file.name)
        await self.store.book(lambda b: b.load_catalog(to_dict(catalog), "test"))
        await self.store.book(lambda b: b.put(Setting("slack.incidents", "C0INCIDENTS")))
        await self.store.book(lambda b: b.put(Setting("teams.incidents", "19:incidents@thread.tacv2")))
        for person in catalog.people:
            for platform, number in (("slack", person.slack), ("teams", person.teams)):
                if number:
                    await self.intake.meet(Account(platform, number, person.name, "colleague", person.email))
        await self.intake.meet(Account("slack", "U0GUEST", "Gus Guest", "guest", "gus@contractor.example"))
        await self.intake.meet(Account("slack", "U0STRANGER", "Sol Stern", "stranger", "", "T0CONTOSO"))

    async def say(
        self,
        who: str,
        words: str,
        *,
        on: str = "slack",
        channel: str = "C0INCIDENTS",
        key: str = "",
        values: dict[str, str | tuple[str, ...]] | None = None,
    ) -> Answer:
        """One line (or one form) of one person. `who` is a first name; five seconds pass before it."""
        self.clock.wind(seconds=11)
        user = {"slack": f"U0{who.upper()}", "teams": f"29:{who.lower()}"}[on]
        request = Request(
            key or f"k{next(self._keys)}", "slack" if on == "slack" else "teams", user, channel, words, values=values
        )
        return await self.intake.take(request)

    async def settle(self) -> None:
        """Carry everything that is due; what a busy machine held up before it left goes a moment later."""
        for _ in range(10):
            await self.delivery.drain()
            posts = await self.posts()
            if not any(
                p.state in ("claimed", "sending") or (p.state == "retry" and "held up" in p.error) for p in posts
            ):
                return
            self.clock.wind(seconds=2)

    async def pass_time(self, **by: float) -> None:
        """Let time pass, let the clock tick once, carry what came of it."""
        self.clock.wind(**by)
        await self.intake.tick()
        await self.settle()

    async def posts(self, prefix: str = "") -> list[PostState]:
        """The outbox."""
        return await self.store.rows(lambda c, _now: outbox.states(c, prefix))

    def screens(self, part: str = "") -> list[Screen]:
        """Messages on both platforms whose key holds this."""
        return [s for c in (self.slack, self.teams) for s in c.screens.values() if part in s.key]


def words(shown: Card | Form | None) -> str:
    """Everything a card or a form says, as plain text."""
    if shown is None:
        return ""
    if isinstance(shown, Form):
        return " ".join([shown.title, *(f.label for f in shown.fields)])
    parts = [shown.head]
    for block in shown.blocks:
        match block:
            case Line(spans=spans) | Small(spans=spans):
                parts.append("".join(_span(s) for s in spans))
            case Quote(words=said):
                parts.append(said)
            case Fields(pairs=pairs):
                parts += [f"{label}: {''.join(_span(s) for s in spans)}" for label, spans in pairs]
            case Bullets(items=items):
                parts += ["".join(_span(s) for s in item) for item in items]
            case _:
                pass
    return "\n".join(parts)


def _span(span: object) -> str:
    for name in ("words", "name", "label"):
        if hasattr(span, name):
            return str(getattr(span, name))
    return str(getattr(span, "at", ""))


def buttons(shown: Card | Form | None) -> dict[str, str]:
    """The buttons of a card: label to the line each says."""
    return {b.label: b.says for b in shown.buttons} if isinstance(shown, Card) else {}
