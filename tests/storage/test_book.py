"""The book: records in and out of their tables, cards in and out of JSON, undo, and the audit chain."""

import json
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError

from handlers.card import Card
from handlers.domain.delivery import Place, Post
from handlers.domain.errors import Refused
from handlers.domain.facts import Fact
from handlers.domain.incident import Event, Incident, Member, Setting, Task
from handlers.domain.people import Account
from storage import audit, migrate
from storage.book import SqlBook
from storage.database import Database, make_engine
from storage.rows import TAGGED, pack, unpack
from storage.tables import RECORDS
from tests.conftest import hurried
from tests.desk import Clock, Desk, words

AWKWARD = "Zoë “quoted” 'single' \"double\" \\ % _ {x} $1 <b>&amp; \n\ttab 👩🏽‍🚒 \u202eright\u202c 数 ' -- ; DROP"
"""Whatever people type, as people type it."""
AT = datetime(2026, 10, 25, 0, 59, 59, 999_999, tzinfo=UTC)
"""An hour that Berlin has twice, to the microsecond."""


def sample(hint: Any, full: bool, seed: int = 1) -> Any:
    """A value of this type: as much as it can hold (`full`), or as little."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [a for a in get_args(hint) if a is not type(None)]
        if not full and len(inner) < len(get_args(hint)):
            return None
        return sample(inner[seed % len(inner)], full, seed)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return args[seed % len(args)]
    if origin is tuple and args[1:] == (Ellipsis,):
        return tuple(sample(args[0], full, seed + n) for n in range(3)) if full else ()
    if origin is tuple:
        return tuple(sample(a, full, seed + n) for n, a in enumerate(args))
    if origin is frozenset:
        return frozenset(sample(args[0], full, seed + n) for n in range(3)) if full else frozenset()
    if is_dataclass(hint):
        return made(hint, full, seed)
    if hint is datetime:
        return AT + timedelta(days=seed) if full else datetime(2000, 1, 1, tzinfo=UTC)
    simple: dict[Any, Any] = {
        str: f"{AWKWARD}{seed}" if full else "",
        int: 2**31 + seed if full else 0,
        bool: full,
        float: 1.5 * seed if full else 0.0,
        timedelta: timedelta(seconds=seed),
    }
    return simple[hint]


def made(kind: Any, full: bool, seed: int = 1) -> Any:
    """A record of this kind."""
    known = get_type_hints(kind)
    return kind(**{f.name: sample(known[f.name], full, seed + n) for n, f in enumerate(fields(kind))})


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Each kind of database."""
    found = Database(hurried(make_engine(database_url)), Clock())
    yield found
    found.dispose()


@contextmanager
def book(database: Database) -> Iterator[SqlBook]:
    """The book of one transaction."""
    with database.begin() as (connection, now):
        yield SqlBook(connection, now, database.catalog)


def test_every_record_comes_back_as_it_went_in(database: Database) -> None:
    """Each kind, as full and as empty as it can be, written anew and written over."""
    for kind, table in RECORDS.items():
        key = [c.name for c in table.primary_key.columns]
        for full in (True, False):
            record = made(kind, full)
            with book(database) as b:
                b.put(record)
            with book(database) as b:
                assert b.get(kind, *(getattr(record, n) for n in key)) == record, kind
                assert record in b.find(kind)
            other = replace(made(kind, not full), **{n: getattr(record, n) for n in key})
            with book(database) as b:
                b.put(other)
                assert b.get(kind, *(getattr(record, n) for n in key)) == other, kind


@pytest.mark.parametrize("kind", TAGGED.values(), ids=lambda kind: str(kind.__name__))
@pytest.mark.parametrize("full", [True, False])
def test_every_part_of_a_card_comes_back_from_json(kind: type, *, full: bool) -> None:
    """Through text and back, whatever span or block it holds."""
    for seed in range(8):  # unions take turns
        part = made(kind, full, seed)
        assert unpack(json.loads(json.dumps(pack(part)))) == part


def test_nothing_but_cards_is_ever_built_from_json() -> None:
    """A stored name that is no part of a card is an error, not a class."""
    with pytest.raises(KeyError):
        unpack({"_": "Incident", "number": 1})


def test_a_naive_time_is_refused(database: Database) -> None:
    """A datetime without a zone is a bug of ours, never stored."""
    with pytest.raises(StatementError, match="naive"), book(database) as b:
        b.put(replace(made(Incident, full=False), resolved_at=datetime(2026, 1, 1)))  # noqa: DTZ001 - the fault itself


def test_times_are_the_same_instants_in_every_zone(database: Database) -> None:
    """Summer's and winter's 02:30 in Berlin stay an hour apart."""
    first = datetime.fromisoformat("2026-10-25T02:30:00+02:00")
    second = datetime.fromisoformat("2026-10-25T02:30:00+01:00")
    with book(database) as b:
        for number, at in enumerate((first, second)):
            b.put(replace(made(Task, full=False), number=number, due_at=at))
        found = b.find(Task)
    assert [t.due_at for t in found] == [first, second]
    assert all(t.due_at is not None and t.due_at.tzinfo is UTC for t in found)


def test_numbers_have_no_gaps_and_a_failed_request_takes_none(database: Database) -> None:
    """INC-2 follows INC-1, whatever was refused between them."""
    with book(database) as b:
        assert b.number("incidents") == 1
    with pytest.raises(ZeroDivisionError), book(database) as b:
        b.put(Setting("half", str(1 // (b.number("incidents") - 2))))
    with book(database) as b:
        assert b.number("incidents") == 2


def acted(b: SqlBook, key: str, *records: object, person: str = "ana", left_house: bool = False) -> None:
    """A request of a person that writes these records."""
    assert b.admit(key, person, "slack", "C1", f"line {key}")
    for record in records:
        b.put(record)
    b.left_house = left_house
    b.answered(key, None, None, changed=True)


def since(database: Database) -> datetime:
    """Long ago."""
    del database
    return datetime(2000, 1, 1, tzinfo=UTC)


def test_undo_puts_back_what_stood_before(database: Database) -> None:
    """Every record of the last change: changed ones as they were, new ones gone; a new fact is dropped, not erased."""
    old, fact = Setting("a", "old"), made(Fact, full=True)
    with book(database) as b:
        b.put(old)
    with book(database) as b:
        acted(b, "k1", Setting("a", "middle"), Setting("a", "new"), Setting("b", "new"), fact)
    with book(database) as b:
        assert b.undo("ana", since(database)) == ("line k1", None)
    with book(database) as b:
        assert b.find(Setting) == [old]
        (dropped,) = b.find(Fact)
        assert (dropped.state, dropped.because) == ("dropped", "taken back at once")
        assert b.undo("ana", since(database)) is None


def test_many_records_at_once_are_put_like_one_after_another(database: Database) -> None:
    """New ones, changed ones, unchanged ones and the same one twice; undo finds what stood before."""
    with book(database) as b:
        b.put_all([Setting("a", "old"), Setting("b", "same")])
    with book(database) as b:
        b.admit("k1", "ana", "slack", "C1", "line k1")
        b.put_all([Setting("a", "new"), Setting("b", "same"), Setting("c", "first"), Setting("c", "second")])
        assert [change[1] for change in b.changes] == [["a"], ["c"], ["c"]]
        b.answered("k1", None, None, changed=True)
    with book(database) as b:
        assert [s.value for s in b.find(Setting, name=("a", "b", "c"))] == ["new", "same", "second"]
        assert b.undo("ana", since(database)) == ("line k1", None)
    with book(database) as b:
        assert [(s.name, s.value) for s in b.find(Setting, name=("a", "b", "c"))] == [("a", "old"), ("b", "same")]


def test_records_that_nobody_takes_back_leave_no_journal_and_are_read_anew(database: Database) -> None:
    """Thousands put at once, and fields changed in one statement: what is read next is what stands there."""
    with book(database) as b:
        b.put_all([Setting("a", "one"), Setting("b", "one"), Setting("c", "two")], undoable=False)
        assert b.changes == []
        assert b.get(Setting, "a") == Setting("a", "one")
        assert b.change_all(Setting, {"value": "three"}, value="one") == 2
        assert b.get(Setting, "a") == Setting("a", "three")
        assert b.change_all(Setting, {"value": "four"}, name=("a", "c")) == 2
        assert b.change_all(Setting, {"value": "five"}, value="nobody") == 0
        assert b.changes == []
    with book(database) as b:
        assert [s.value for s in b.find(Setting, name=("a", "b", "c"))] == ["four", "three", "four"]


def test_people_who_are_met_meanwhile_are_found(database: Database) -> None:
    """Everybody is gathered once a transaction, and anew after somebody was met in it."""
    with book(database) as b:
        assert b.person("Zoe Zhang") is None
        b.put(Account("slack", "U0ZOE", "Zoe Zhang", "colleague", "zoe@example.com"))
        found = b.person("Zoe Zhang")
        assert found is not None
        assert found.slack == "U0ZOE"


def test_undo_touches_only_ones_own(database: Database) -> None:
    """And only what is young enough."""
    with book(database) as b:
        acted(b, "k1", Setting("a", "new"))
    with book(database) as b:
        assert b.undo("ben", since(database)) is None
        assert b.undo("ana", b.now + timedelta(seconds=1)) is None


def test_undo_refuses_what_was_built_on(database: Database) -> None:
    """Somebody changed it since: nothing at all is taken back."""
    with book(database) as b:
        acted(b, "k1", Setting("a", "new"), Setting("b", "new"))
    with book(database) as b:
        acted(b, "k2", Setting("b", "newer"), person="ben")
    with pytest.raises(Refused, match="changed this since"), book(database) as b:
        b.undo("ana", since(database))
    with book(database) as b:
        assert b.find(Setting) == [Setting("a", "new"), Setting("b", "newer")]


def test_undo_refuses_what_left_the_house(database: Database) -> None:
    """What customers read is corrected, not taken back."""
    with book(database) as b:
        acted(b, "k1", Setting("a", "new"), left_house=True)
    with pytest.raises(Refused, match="left the house"), book(database) as b:
        b.undo("ana", since(database))


def _refused(b: SqlBook) -> None:
    with b.attempt():
        b.put(Setting("b", "gone"))
        raise Refused("no")


def test_a_refused_attempt_leaves_no_trace(database: Database) -> None:
    """Neither rows nor journal; the request around it goes on."""
    with book(database) as b:
        b.put(Setting("a", "kept"))
        with pytest.raises(Refused):
            _refused(b)
        assert [c[1] for c in b.changes] == [["a"]]
    with book(database) as b:
        assert b.find(Setting) == [Setting("a", "kept")]


def test_the_timeline_is_append_only(database: Database) -> None:
    """The same line twice is refused by the database; none is lost."""
    event = made(Event, full=True)
    with book(database) as b:
        b.tell(event)
        b.tell(replace(event, id="other"))
    with pytest.raises(Exception, match=r"(?i)unique"), book(database) as b:
        b.tell(event)


def test_people_of_an_incident_are_found_by_any_of_several(database: Database) -> None:
    """A tuple means any of them."""
    with book(database) as b:
        for number in (1, 2, 3):
            b.put(Member(number, "ana", "Ana", b.now))
        assert [m.incident for m in b.find(Member, incident=(1, 3))] == [1, 3]


def chain(database: Database) -> audit.Head:
    """The end of the audit chain, each line checked against the one before."""
    with database.begin() as (connection, _):
        return audit.verify(connection)[0]


def unguarded(database: Database, line: str) -> None:
    """Change the audit as its owner could, who takes the guards away first."""
    with database.engine.begin() as connection:
        if database.sqlite:
            for name in (
                connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            ):
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        connection.execute(text(line))


def test_threat_09_each_audit_line_covers_the_one_before(database: Database) -> None:
    """Whatever was said; changing one word anywhere breaks every link after it."""
    for number in range(3):
        with book(database) as b:
            b.record("ana", "slack", f"{AWKWARD} {number}", number or None)
    assert chain(database).lines == 3
    unguarded(database, "UPDATE audit SET what = 'nothing' WHERE seq = 2")
    with pytest.raises(audit.BrokenChainError, match="line 2"):
        chain(database)


@pytest.mark.parametrize(
    "line",
    [
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit",
        "UPDATE audit SET what = 'nothing' WHERE seq = 2",
        "UPDATE audit SET person = 'ben' WHERE seq = 2",
        "UPDATE audit SET incident = 7 WHERE seq = 1",
        "UPDATE audit SET at = '2020-01-01 00:00:00' WHERE seq = 1",
        "UPDATE audit SET digest = 'x', what = '[erased]', what_salt = '' WHERE seq = 1",
        "UPDATE audit SET what_seal = '', what = 'else', what_salt = '' WHERE seq = 1",
        "UPDATE audit SET seq = 9 WHERE seq = 3",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 1",
        "TRUNCATE audit",
    ],
)
def test_threat_09_the_database_itself_refuses_to_change_the_audit(database: Database, line: str) -> None:
    """Every UPDATE and DELETE but the emptying of words, on both databases; nothing has changed afterwards."""
    for number in range(3):
        with book(database) as b:
            b.record("ana", "slack", f"act {number}", None)
    before = chain(database)
    if line.split(maxsplit=1)[0] == ("TRUNCATE" if database.sqlite else "INSERT"):
        line = "DELETE FROM audit WHERE seq > 0"  # the other database's word
    with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
        connection.execute(text(line))
    assert chain(database) == before


def test_words_can_be_emptied_and_every_digest_still_holds(database: Database) -> None:
    """With a line that lists what was emptied; without one it is a break. Salts go with the words."""
    for number in range(9):
        with book(database) as b:
            b.record("ana", "slack", f"act {number}", None)
    head = chain(database).digest
    with database.begin() as (connection, _):
        audit.empty(connection, {2: ("person", "what"), 3: ("what",), 7: ("person",)})
    with pytest.raises(audit.BrokenChainError, match="line 2: it was emptied"):
        chain(database)
    with book(database) as b:
        b.record("operator", "shell", f"erased somebody; {audit.in_words([7, 2, 3])}", None)
    with database.begin() as (connection, _):
        found, seen = audit.verify(connection, head)
        (kept,) = connection.execute(text("SELECT what_salt || person_salt FROM audit WHERE seq = 2")).scalars()
    assert (found.lines, found.erased, seen, kept) == (10, 3, True, "")


def test_only_the_operators_line_lists_what_was_erased(database: Database) -> None:
    """A line somebody typed in a chat, with the same words, excuses nothing."""
    for line in ("act", "note 1 emptied audit lines 1"):
        with book(database) as b:
            b.record("ana", "slack", line, None)
    with database.begin() as (connection, _):
        audit.empty(connection, {1: ("what",)})
    with pytest.raises(audit.BrokenChainError, match="line 1"):
        chain(database)


def test_an_erased_line_with_other_words_in_it_is_a_break(database: Database) -> None:
    """Emptied is one word and nothing else."""
    with book(database) as b:
        b.record("ana", "slack", "act", None)
        b.record("operator", "shell", f"erased; {audit.in_words([1])}", None)
    unguarded(database, "UPDATE audit SET what = 'something else', what_salt = '' WHERE seq = 1")
    with pytest.raises(audit.BrokenChainError, match="line 1"):
        chain(database)


@pytest.mark.parametrize("altered", ["incident = 7", "platform = 'teams'", "at = '2020-01-01 00:00:00'"])
def test_threat_09_an_erased_line_keeps_its_seals(database: Database, altered: str) -> None:
    """Without them it would look like one of before there were any, which nothing but the next digest holds."""
    for number in range(4):
        with book(database) as b:
            b.record("ana", "slack", f"act {number}", None)
    with database.begin() as (connection, _):
        audit.empty(connection, {3: ("person", "what")})
    with book(database) as b:
        b.record("operator", "shell", f"erased somebody; {audit.in_words([3])}", None)
    assert chain(database).erased == 1
    unguarded(database, f"UPDATE audit SET person_seal = '', what_seal = '', {altered} WHERE seq = 3")
    with pytest.raises(audit.BrokenChainError, match="line 3: its seals are gone"):
        chain(database)


@pytest.mark.parametrize("lines", [[], [1], [1, 2, 3], [5, 1, 3, 4, 9]])
def test_a_list_of_lines_is_read_back(lines: list[int]) -> None:
    """As runs of numbers; other words hold none."""
    assert audit.numbers_in(audit.in_words(lines)) == set(lines)
    assert audit.numbers_in("declare emptied audit lines of 3 servers") == set()


def test_the_audit_chain_has_one_order_however_many_write(database: Database) -> None:
    """Four workers at once: no line is lost, none forks the chain."""

    def work(name: str) -> None:
        for number in range(5):
            database.run(
                lambda c, now: SqlBook(c, now, database.catalog).record(name, "slack", f"act {number}", None)  # noqa: B023 - run at once
            )

    threads = [threading.Thread(target=work, args=(f"person {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert chain(database).lines == 20


def test_two_who_write_the_same_new_record_at_once_both_succeed(database: Database) -> None:
    """As when somebody's first two clicks arrive together."""
    both_looked, done = threading.Barrier(2), []

    def work(name: str) -> None:
        looked: list[str] = []

        def write(connection: Any, now: datetime) -> None:
            b = SqlBook(connection, now, database.catalog)
            b.account("slack", "U1")
            if not looked and not database.sqlite:  # SQLite has one writer: the second looks when the first is done
                looked.append(name)
                both_looked.wait(10)
            b.put(Account("slack", "U1", name, "colleague"))

        database.run(write)
        done.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("Ana", "Ana Silva")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(done) == ["Ana", "Ana Silva"]


async def test_characters_no_database_takes_never_reach_it(desk: Desk) -> None:
    """NUL and half characters in a line, a form or a name: dropped at the door, the rest is recorded."""
    await desk.intake.meet(Account("slack", "U0ZED", "Zed\x00 Z\ud800", "colleague", "zed@example.com"))
    answer = await desk.say("zed", "declare Check\x00out \ud83dis down sev1")
    assert answer.recorded, words(answer.show)
    sent = await desk.say("zed", "update 1", values={"text": "Half\x00 of it\udfff"})
    assert sent.recorded, sent
    found = await desk.store.book(lambda b: b.get(Incident, 1))
    assert found is not None
    assert (found.title, found.last_update) == ("Checkout is down", "Half of it")
    assert isinstance(sent.show, Card)
    known = await desk.store.book(lambda b: b.account("slack", "U0ZED"))
    assert known is not None
    assert known.name.startswith("Zed Z")


# --- many small changes, written together --------------------------------------------------------------------------
def _night(found: SqlBook) -> None:
    """What a tick does: records changed once and twice, new ones, lines of the timeline, posts and an edit of one."""
    for number in (1, 2, 3):
        incident = found.get(Incident, number)
        assert incident is not None
        found.put(replace(incident, title=f"Trouble {number}"))
        found.put(replace(incident, title=f"Trouble {number} again"))
        found.put(Member(number, "ana@example.com", "Ana", AT))
        found.put(Member(number, "ana@example.com", "Ana Silva", AT))
        line = found.number(f"events-{number}")
        found.tell(Event(f"{number:08d}-{line:08d}", number, AT, "note", "p", "P", "words"))
        for words_ in ("first", "second"):
            place = Place("slack", "room", str(number))
            found.send(Post(f"inc-{number}/said@slack", place, card=Card(words_), incident=number))


def _three(database: Database) -> None:
    with book(database) as found:
        found.put_all([replace(made(Incident, False), number=n, declared_at=AT) for n in (1, 2, 3)])


def _all(database: Database) -> list[Any]:
    """Everything the night wrote, but for the ids of messages, which are made by chance."""
    with book(database) as found:
        records: list[Any] = [found.find(kind) for kind in (Incident, Member, Event)]
        return [records, [(p.key, p.place, p.state) for p in found.posts("inc-")], found.number("events-1")]


def test_what_is_gathered_is_written_as_if_one_by_one(database: Database, tmp_path: Path) -> None:
    """Gathered or not, the same night leaves the same rows."""
    other = Database(hurried(make_engine(f"sqlite:///{tmp_path}/other.db")), Clock())
    migrate.migrate(other.engine)
    for store in (database, other):
        _three(store)
    with book(database) as found, found.gathering():
        found.reserve(["events-1", "events-2", "events-3", "events-1"])
        _night(found)
    with book(other) as found:
        _night(found)
    assert _all(database) == _all(other)
    other.dispose()


def test_whoever_asks_sees_what_was_gathered(database: Database) -> None:
    """A search inside finds what is not written yet; so does a post looked for by its key."""
    _three(database)
    with book(database) as found, found.gathering():
        _night(found)
        assert [i.title for i in found.find(Incident)] == [f"Trouble {n} again" for n in (1, 2, 3)]
        assert len(found.find(Event)) == len(found.posts("inc-")) == 3


def _broken_off(found: SqlBook) -> None:
    with found.gathering():
        found.reserve(["events-1"])
        _night(found)
        raise LookupError


def test_what_was_gathered_leaves_no_trace_if_it_fails(database: Database) -> None:
    """Nothing of it is written, its numbers are given again, and the transaction goes on."""
    _three(database)
    before = _all(database)
    with book(database) as found:
        with pytest.raises(LookupError):
            _broken_off(found)
        assert found.told == []
        assert found.sent == 0
        found.put(Member(3, "ben@example.com", "Ben", AT))
    after = _all(database)
    assert after[0][0] == before[0][0]
    assert [m.name for m in after[0][1]] == ["Ben"]
    assert after[1] == []
    assert after[2] == before[2] + 1  # the number that was asked for last, and no more
