"""Erasing a person or a customer: every trace in the database is replaced, and what happened stays provable.

A person becomes `erased-3` wherever the record names them: in every column and every stored card, by e-mail address,
platform id, own chat and full name. A customer becomes one too, and the words written for them alone are gone. What is
kept says that something was done or told, when, to how many, and under which digest; the digests of words that are gone
can no longer be recomputed. The audit keeps its chain (storage.audit). Nothing is erased that is still at work:
whatever stands in the way is named, and nothing is changed. It goes in small steps, so that nobody waits for it and it
can go on where it broke off.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    Text,
    and_,
    cast,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)

from handlers.domain.apology import Apology, Version
from handlers.domain.catalog import Catalog
from handlers.domain.errors import Refused
from handlers.domain.incident import OPEN, Incident
from handlers.domain.people import Account
from handlers.domain.relay import Relay
from handlers.grammar import USAGE
from storage import audit, statements
from storage.audit import ERASED
from storage.rows import from_row
from storage.tables import (
    accounts,
    apologies,
    catalogs,
    conversations,
    counters,
    events,
    facts,
    incidents,
    metadata,
    outbox,
    proposals,
    questions,
    relay_steps,
    relays,
    requests,
    settings,
    versions,
)
from storage.tables import audit as lines

SETTLED: Final = ("sent", "dead")
"""States of a post that nobody waits for any more."""
AT_WORK: Final = ("draft", "submitted", "approved", "scheduled", "publishing", "paused")
"""States of an apology whose exact words still matter."""
SHORTEST: Final = 3
"""Characters of a spelling that is looked for in every text; ours."""
LABEL: Final = "erased-"
"""How whoever was erased is called; a number follows."""
KEPT_AS_IT_IS: Final = ("audit", "alembic_version")
UNDER_WAY: Final = "erasing."
"""A setting of this name and a label keeps who is erased until it is done."""
AT_ONCE: Final = 1000
"""Rows that are looked through in one transaction: some hundredths of a second. Ours."""
FEW: Final = {"catalogs": 2, "versions": 10, "proposals": 10}
"""The same, of rows that may hold ten thousand customers each."""
_TABLES: Final = tuple(
    sorted((t for t in metadata.sorted_tables if t.name not in KEPT_AS_IT_IS), key=lambda t: t is facts)
)
"""What is looked through. Facts come last: which of them are a customer's own says which other lines are about them."""
MANY: Final = 5
_ID = re.compile(r"[UW][A-Z0-9]{4,20}|29:\S{3,}|[0-9a-f]{8}-[0-9a-f-]{27}")
"""How the platforms' ids of people look."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is erased. `exact`: spellings that count only as a whole value; `anywhere`: in any text, as whole words."""

    kind: str  # person | customer
    called: str
    keys: tuple[str, ...]
    anywhere: tuple[str, ...]
    exact: tuple[str, ...] = ()

    def found(self) -> Callable[[str], bool]:
        """Whether a text holds one of the spellings."""
        swap = _swap(self, "\0")
        return lambda text: swap(text) != text


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure does, or did: rows by table, audit lines, and what stands in the way of it."""

    subject: Subject
    label: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    audit_lines: int = 0
    on_screen: int = 0
    blockers: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is no trace at all."""
        return not self.rows and not self.audit_lines


# --- who is meant ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Everybody:
    """All accounts there are, and all people any catalog named: read once for many."""

    accounts: list[Account]
    listed: list[Json]

    @classmethod
    def of(cls, connection: Connection) -> "Everybody":
        """As the database has them."""
        rows = connection.execute(select(accounts).order_by(accounts.c.platform, accounts.c.id)).mappings()
        listed = {json.dumps(p, sort_keys=True): p for p in _in_catalogs(connection, "people")}
        return cls([from_row(Account, r) for r in rows], list(listed.values()))


def person(connection: Connection, said: str, also: Sequence[str] = (), everybody: Everybody | None = None) -> Subject:
    """The person known by this e-mail address, platform id or key, with every spelling on record. Raises Refused."""
    wanted = said.strip().removeprefix("<@").removesuffix(">")
    if len(wanted) < SHORTEST or any(c.isspace() for c in wanted):
        message = f"“{said.strip()}” is neither an e-mail address nor an id. Say it like dana@example.com or U0123ABCD."
        raise Refused(message)
    bare = re.sub(r"^(slack|teams):", "", wanted)
    everybody = everybody or Everybody.of(connection)
    low = wanted.casefold()
    spelt = [
        a
        for a in everybody.accounts
        if a.id == bare
        or low in (a.email.casefold(), a.id.casefold())
        or (a.alias and a.alias.casefold() == bare.casefold())
    ]
    known = _linked(spelt, everybody.accounts)
    emails = {a.email.casefold() for a in known if a.email} | ({wanted.casefold()} if "@" in wanted else set())
    ids = {i for a in known for i in (a.id, a.alias) if i} | ({bare} if "@" not in wanted or ":" in wanted else set())
    names = {a.name for a in known if a.name}
    for listed in everybody.listed:
        if (listed.get("email") or "").casefold() in emails or {listed.get("slack"), listed.get("teams")} & ids:
            names.add(listed.get("name") or "")
            ids |= {i for i in (listed.get("slack"), listed.get("teams")) if i}
            emails |= {(listed.get("email") or "").casefold()} - {""}
    ids |= _own_chats(connection, ids, emails)
    if not emails and not names and not known and not _ID.fullmatch(bare):
        message = f"Nothing here knows {wanted}: say the e-mail address, or the platform's id."
        raise Refused(message)
    keys = sorted(emails | {f"{a.platform}:{a.id}" for a in known} | {bare})
    full = {n for n in names if len(n.split()) > 1}
    spellings = {s for s in (*emails, *ids, *full, *_also(also)) if s}
    return Subject("person", wanted, tuple(keys), _ordered(spellings), tuple(sorted(names - full - {""})))


def _linked(found: list[Account], everybody: Sequence[Account]) -> list[Account]:
    """The accounts of one human being: those with the same verified address too."""
    emails = {a.email.casefold() for a in found if a.email}
    return [a for a in everybody if a in found or (a.email and a.email.casefold() in emails)]


def _also(spellings: Sequence[str]) -> list[str]:
    for said in spellings:
        if len(said.strip()) < SHORTEST:
            message = f"“{said}” is too short to look for in every text: at least {SHORTEST} characters."
            raise Refused(message)
    return [s.strip() for s in spellings]


def _own_chats(connection: Connection, ids: set[str], keys: set[str]) -> set[str]:
    """Ids of somebody's own conversations with the bot: they stand for the person."""
    found = set(connection.execute(select(conversations.c.id).where(conversations.c.person.in_(ids))).scalars())
    said = select(requests.c.channel).where(requests.c.person.in_(keys | ids), requests.c.channel.like("D%"))
    return found | {c for c in connection.execute(said.distinct()).scalars() if re.fullmatch(r"D[A-Z0-9]{4,}", c)}


def customer(connection: Connection, catalog: Catalog, key: str) -> Subject:
    """The customer of this key, with names and addresses of every catalog there was. Raises Refused."""
    wanted = key.strip()
    if not re.fullmatch(r"[\w.-]{2,100}", wanted):
        message = f"“{wanted[:80]}” is no customer's key. `amends erase customer contoso`."
        raise Refused(message)
    words = {w for verb in USAGE for w in verb.split()} | {s.key for s in catalog.services}
    if wanted.casefold() in {w.casefold() for w in words}:
        message = f"“{wanted}” is also a word of the grammar or a service: a replacement would spoil the record."
        raise Refused(message)
    names, addresses = set[str](), set[str]()
    for listed in _in_catalogs(connection, "customers"):
        if listed.get("key") == wanted:
            names.add(listed.get("name") or "")
            addresses |= {str(c.get("address") or "") for c in listed.get("channels") or () if isinstance(c, dict)}
    sent = select(outbox.c.address).where(
        outbox.c.audience == "customer", outbox.c.key.like(f"%/{_like(wanted)}/%", escape="\\")
    )
    addresses |= set(connection.execute(sent.distinct()).scalars())
    bound = metadata.tables["bindings"]
    for row in connection.execute(select(bound).where(bound.c.customer == wanted)).mappings():
        addresses |= {row["address"], row["now"]}
    names = {n for n in names if len(n) >= SHORTEST}
    if not names and not addresses:
        message = f"Nothing here knows a customer {wanted}."
        raise Refused(message)
    return Subject(
        "customer", wanted, (wanted,), _ordered({wanted, *names, *(a for a in addresses if len(a) >= SHORTEST)})
    )


def _like(words: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", words)


def _ordered(spellings: Iterable[str]) -> tuple[str, ...]:
    """The longest first, so that a name is not left behind as half of an address."""
    return tuple(sorted(set(spellings), key=lambda s: (-len(s), s)))


def _in_catalogs(connection: Connection, part: str) -> Iterator[Json]:
    for content in connection.execute(select(catalogs.c.content)).scalars():
        yield from (entry for entry in content.get(part) or () if isinstance(entry, dict))


# --- what would go ---------------------------------------------------------------------------------------------------
def plan(connection: Connection, catalog: Catalog, subject: Subject) -> Plan:
    """What an erasure would do, and what stands in its way; nothing is changed."""
    holds, theirs, on_screen, rows = subject.found(), _facts_of(connection, subject), 0, dict[str, int]()
    for table in _TABLES:
        for row in _all_of(connection, table, subject, theirs):
            changes = len(list(_change(table, row, subject, f"{LABEL}0", theirs)))
            if changes:
                rows[table.name] = rows.get(table.name, 0) + changes
            shown = table is outbox and row["state"] == "sent" and row["message_id"] and row["op"] == "message"
            on_screen += bool(shown) and _holds(row["body"], holds)
    audited = len(_audit_lines(subject, _all_of(connection, lines, subject, {})))
    return Plan(subject, "", rows, audited, on_screen, tuple(_blockers(connection, catalog, subject)))


def _all_of(
    connection: Connection, table: Table, subject: Subject, theirs: Mapping[int, re.Pattern[str]]
) -> Iterator[RowMapping]:
    """Every row of a table that may hold them."""
    after: tuple[Any, ...] | None = None
    while True:
        rows, after = _part(connection, table, subject, after, FEW.get(table.name, AT_ONCE), theirs)
        yield from rows
        if after is None:
            return


def _holds(value: Any, holds: Callable[[str], bool]) -> bool:
    if isinstance(value, str):
        return holds(value)
    if isinstance(value, Mapping):
        return any(holds(str(k)) or _holds(v, holds) for k, v in value.items())
    return any(_holds(v, holds) for v in value) if isinstance(value, list | tuple) else False


def _blockers(connection: Connection, catalog: Catalog, subject: Subject) -> Iterator[str]:
    """What is still at work with them."""
    holds = subject.found()
    if subject.kind == "person":
        yield from _in_force(catalog, holds)
        rows = connection.execute(select(incidents).where(incidents.c.status.in_(OPEN))).mappings()
        for incident in (from_row(Incident, r) for r in rows):
            if roles := [role for role, who in incident.roles if holds(who)]:
                yield f"{incident.name} is open and they are its {', '.join(roles)}: hand over first."
    elif any(c.key == subject.called for c in catalog.customers):
        yield f"The catalog names {subject.called}: take the customer out and load it first."
    if subject.kind == "customer":
        open_ = [
            from_row(Relay, r)
            for r in connection.execute(select(relays).where(relays.c.customer == subject.called)).mappings()
        ]
        for relay in (r for r in open_ if r.state in ("released", "relayed") and r.open):
            yield f"Their receipt of A{relay.apology} is {relay.state}: `relay close` or `relay skip` ends it."
    rows = connection.execute(select(apologies).where(apologies.c.state.in_(AT_WORK))).mappings()
    for apology in (from_row(Apology, r) for r in rows):
        made = select(versions).where(versions.c.apology == apology.number, versions.c.number == apology.version)
        version = connection.execute(made).mappings().first()
        named = holds(apology.signatory) or (version is not None and _names(from_row(Version, version), holds))
        if named:
            yield f"A{apology.number} is {apology.state} and its words or recipients name them: end it first."
    waiting = select(outbox.c.id, outbox.c.key, outbox.c.state, outbox.c.body).where(outbox.c.state.not_in(SETTLED))
    stuck = [
        f"{r['id']} ({r['state']})"
        for r in connection.execute(waiting).mappings()
        if holds(r["key"]) or _holds(r["body"], holds)
    ]
    if stuck:
        more = f" and {len(stuck) - MANY} more" if len(stuck) > MANY else ""
        yield f"Posts that hold them are not settled: {', '.join(stuck[:MANY])}{more}. `amends outbox list` shows them."


def _in_force(catalog: Catalog, holds: Callable[[str], bool]) -> Iterator[str]:
    if any(holds(p.email) or holds(p.slack) or holds(p.teams) for p in catalog.people):
        yield "The catalog lists them among its people: take them out and load it first."
    if theirs := [c.key for c in catalog.customers if holds(c.account_manager)]:
        more = f" and {len(theirs) - MANY} more" if len(theirs) > MANY else ""
        yield f"The catalog has them as account manager of {', '.join(theirs[:MANY])}{more}: name somebody else first."


def _names(version: Version, holds: Callable[[str], bool]) -> bool:
    said = [text for _, text in version.texts]
    told = [w for r in version.recipients for w in (r.customer, r.name, r.address, r.text)]
    return any(holds(words) for words in (*said, *told))


# --- doing it --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Step:
    """How far an erasure is: between two steps everybody else may write, and a server that dies may go on later."""

    plan: Plan
    platform: str = "shell"
    table: int = 0  # which of _TABLES is looked through; beyond them the audit is
    after: tuple[Any, ...] | None = None  # the key of the last row that was
    audit_lines: tuple[tuple[int, tuple[str, ...]], ...] = ()  # what names them in the audit, still to be emptied
    changed: int = 0  # rows, since the first table
    listed: bool = False  # whether the audit has a line of it
    done: bool = False


def begin(connection: Connection, now: datetime, catalog: Catalog, subject: Subject, platform: str = "shell") -> Step:
    """Begin an erasure: `go_on` until it is `done`, each in a transaction of its own.

    Raises Refused, changing nothing, where anything stands in the way. Who is meant is kept until all is done, because
    half an erasure has forgotten it: `unfinished` finds it again.
    """
    blockers = list(_blockers(connection, catalog, subject))
    if blockers:
        raise Refused(" ".join(blockers))
    number = connection.execute(statements.count(connection.dialect.name), {"name": "erased", "value": 1}).one().value
    label = f"{LABEL}{number}"
    kept = {"kind": subject.kind, "called": subject.called, "keys": subject.keys, "anywhere": subject.anywhere}
    value = json.dumps({**kept, "exact": subject.exact, "platform": platform, "at": now.isoformat()})
    connection.execute(insert(settings).values(name=f"{UNDER_WAY}{label}", value=value))
    return Step(Plan(subject, label), platform)


def unfinished(connection: Connection, before: datetime | None = None) -> list[Step]:
    """Erasures begun (before that time) and not done, from their beginning: what is done already is found done."""
    found = []
    kept = select(settings).where(settings.c.name.startswith(UNDER_WAY, autoescape=True)).order_by(settings.c.name)
    for row in connection.execute(kept).mappings():
        said = json.loads(row["value"])
        if before is not None and datetime.fromisoformat(said["at"]) >= before:
            continue
        words = {name: tuple(said[name]) for name in ("keys", "anywhere", "exact")}
        subject = Subject(said["kind"], said["called"], **words)
        found.append(Step(Plan(subject, row["name"].removeprefix(UNDER_WAY)), said["platform"]))
    return found


def go_on(connection: Connection, now: datetime, step: Step) -> Step:
    """The next part of an erasure, small enough that nobody waits for it: some rows of a table, or of the audit.

    All tables are looked through until nothing is found any more, because people go on writing; then the audit, whose
    lines are emptied together with the line that lists them.
    """
    subject, label = step.plan.subject, step.plan.label
    if connection.execute(select(settings.c.name).where(settings.c.name == f"{UNDER_WAY}{label}")).first() is None:
        return replace(step, done=True)  # somebody else finished it
    if step.table < len(_TABLES):
        return _rows_of(connection, step, _TABLES[step.table])
    if step.table == len(_TABLES):
        rows, last = _part(connection, lines, subject, step.after, AT_ONCE)
        theirs = tuple(_audit_lines(subject, rows).items())
        further = replace(step, audit_lines=step.audit_lines + theirs, after=last)
        return further if last is not None else replace(further, table=step.table + 1)
    return _emptied(connection, now, step)


def _rows_of(connection: Connection, step: Step, table: Table) -> Step:
    """Some rows of one table; after the last table once more from the first, unless nothing was found."""
    subject, label = step.plan.subject, step.plan.label
    theirs = _facts_of(connection, subject)
    rows, last = _part(connection, table, subject, step.after, FEW.get(table.name, AT_ONCE), theirs)
    found = [(key, row) for table_row in rows for key, row in _change(table, table_row, subject, label, theirs)]
    for key, row in found:
        _write(connection, table, key, row)
    counted = step.plan.rows | ({table.name: step.plan.rows.get(table.name, 0) + len(found)} if found else {})
    further = replace(step, plan=replace(step.plan, rows=counted), after=last, changed=step.changed + len(found))
    if last is not None:
        return further
    if step.table + 1 == len(_TABLES) and further.changed:
        return replace(further, table=0, changed=0)
    return replace(further, table=step.table + 1)


def _emptied(connection: Connection, now: datetime, step: Step) -> Step:
    """Some audit lines, and the line that lists them; with the last of them the erasure is done."""
    touched, left = dict(step.audit_lines[:AT_ONCE]), step.audit_lines[AT_ONCE:]
    audit.empty(connection, touched)
    if touched or not step.listed:
        what = f"erased a {step.plan.subject.kind} as {step.plan.label}"
        listing = audit.in_words(touched)
        person = "operator" if step.platform == "shell" else "amends"
        audit.append(connection, now, person, step.platform, f"{what}; {listing}" if listing else what, None)
    if not left:
        connection.execute(delete(settings).where(settings.c.name == f"{UNDER_WAY}{step.plan.label}"))
    plan = replace(step.plan, audit_lines=step.plan.audit_lines + len(touched))
    return replace(step, plan=plan, audit_lines=left, listed=True, done=not left)


def _write(connection: Connection, table: Table, key: Mapping[str, Any], row: Mapping[str, Any] | None) -> None:
    """One changed row; one that now says the same as another of its table goes."""
    this = and_(*(table.c[name] == value for name, value in key.items()))
    if row is None:
        connection.execute(delete(table).where(this))
        return
    new_key = {name: row.get(name, value) for name, value in key.items()}
    there = select(func.count()).select_from(table).where(and_(*(table.c[n] == v for n, v in new_key.items())))
    if new_key != key and connection.execute(there).scalar_one():
        connection.execute(delete(table).where(this))
    else:
        connection.execute(update(table).where(this).values(dict(row)))


def _part(
    connection: Connection,
    table: Table,
    subject: Subject,
    after: tuple[Any, ...] | None,
    most: int,
    theirs: Mapping[int, re.Pattern[str]] | None = None,
) -> tuple[list[RowMapping], tuple[Any, ...] | None]:
    """Of the next `most` rows of a table those that may hold them; the key to go on after, None at the end."""
    keys = list(table.primary_key.columns)
    beyond = [] if after is None else [_key(keys) > _values(keys, after)]
    ends = connection.execute(select(*keys).where(*beyond).order_by(*keys).limit(most)).all()
    if not ends:
        return [], None
    last = tuple(ends[-1])
    rows = select(table).where(
        *beyond, _key(keys) <= _values(keys, last), _may_hold(connection, table, subject, theirs)
    )
    found = list(connection.execute(rows.order_by(*keys)).mappings())
    if table is settings:
        found = [row for row in found if not row["name"].startswith(UNDER_WAY)]
    return found, last if len(ends) == most else None


def _key(columns: Sequence[Column[Any]]) -> Any:
    return columns[0] if len(columns) == 1 else tuple_(*columns)


def _values(columns: Sequence[Column[Any]], values: Sequence[Any]) -> Any:
    said = [literal(value, column.type) for column, value in zip(columns, values, strict=True)]
    return said[0] if len(said) == 1 else tuple_(*said)


def _may_hold(
    connection: Connection, table: Table, subject: Subject, theirs: Mapping[int, re.Pattern[str]] | None
) -> ColumnElement[bool]:
    """Whether a row may hold one of the spellings: asked of the database, so that few rows come out of it to be read.

    It says yes too often, never no where there is one: of each spelling only what stands alike in a text and in JSON
    (which writes other letters than ASCII's as numbers), in that order, whatever the capitals.
    """
    patterns = {_pattern(spelling) for spelling in (*subject.anywhere, *subject.exact)}
    if "%" in patterns:
        return true()
    worded = [cast(c, Text) for c in _worded(table)]
    # SQLite's own LIKE does not mind capitals, and its ilike() makes a copy of each text in small letters
    sqlite = connection.dialect.name == "sqlite"
    says = [(c.like if sqlite else c.ilike)(p, escape="\\") for c in worded for p in sorted(patterns)]
    if theirs and "incident" in table.c:
        says.append(table.c.incident.in_(sorted(theirs)))
    return or_(false(), *says)


def _pattern(spelling: str) -> str:
    """`%Dora%Quill%`; of "José" it is `%Jos%`, of a name without a letter of ASCII's `%`, which is every text."""
    runs = re.findall(r"[!#-\[\]-~]+", spelling)
    return "%" + "".join(f"{_like(run)}%" for run in runs)


def _worded(table: Table) -> list[Column[Any]]:
    return [c for c in table.columns if isinstance(c.type, Text | JSON)]


def _audit_lines(subject: Subject, rows: Iterable[RowMapping]) -> dict[int, tuple[str, ...]]:
    """The audit lines that name them, and in which field."""
    holds, found = subject.found(), dict[int, tuple[str, ...]]()
    for row in rows:
        names = tuple(n for n in ("person", "what") if holds(row[n]))
        if names:
            found[row["seq"]] = names
    return found


def _change(
    table: Table, row: RowMapping, subject: Subject, label: str, theirs: Mapping[int, re.Pattern[str]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """(key, columns that change or None for a row that goes) of a row that holds them; nothing of any other."""
    key = {c.name: row[c.name] for c in table.primary_key.columns}
    if subject.kind == "person" and _is_them(table, row, subject):
        yield key, None
        return
    swap = _swap(subject, label)
    own = _words_for(table, row, subject, _about(row, subject.found(), theirs)) if subject.kind == "customer" else {}
    changed = {}
    for column in _worded(table):
        value = own.get(column.name, row[column.name])
        after = _renumbered(value, swap) if table is counters else _swapped(value, swap)
        if after != row[column.name]:
            changed[column.name] = after
    if changed:
        yield key, changed


def _facts_of(connection: Connection, subject: Subject) -> dict[int, re.Pattern[str]]:
    """By incident, the names (`F3`) of the facts that are for this customer alone: lines about them go too."""
    if subject.kind == "person":
        return {}
    found: dict[int, list[str]] = {}
    query = select(facts.c.incident, facts.c.number).where(facts.c.customer == subject.called)
    for incident, number in connection.execute(query):
        found.setdefault(incident, []).append(f"F{number}")
    return {incident: re.compile(rf"\b(?:{'|'.join(names)})\b") for incident, names in found.items()}


def _about(
    row: Mapping[Any, Any], holds: Callable[[str], bool], theirs: Mapping[int, re.Pattern[str]]
) -> Callable[[str], bool]:
    """Whether a text in this row names them, or a fact that is for them alone."""
    named = theirs.get(row["incident"]) if "incident" in row else None
    return lambda text: holds(text) or (named is not None and named.search(text) is not None)


def _is_them(table: Table, row: Mapping[Any, Any], subject: Subject) -> bool:
    """Rows that are nothing but the person: their account, their own chat."""
    if table is accounts:
        return bool({row["id"], row["alias"], row["email"].casefold()} & ({*subject.anywhere} - {""}))
    return table is conversations and row["person"] in subject.anywhere


def _words_for(table: Table, row: Mapping[Any, Any], subject: Subject, holds: Callable[[str], bool]) -> dict[str, Any]:
    """What was written for or about one customer, without its words: they may name people there."""
    key = subject.called

    def without(*names: str) -> dict[str, Any]:
        return {n: ERASED for n in names if row[n]}

    if table is outbox:
        theirs = f"/{key}/" in row["key"] or row["key"].endswith(f"/{key}") or _holds(row["body"], holds)
        return {"body": {"card": None, "text": ERASED, "args": []}, "link": ""} if theirs else {}
    if table is requests:
        spoke = holds(row["line"]) or _holds(row["reply"], holds) or _holds(row["changes"], holds)
        return {"line": ERASED, "reply": None, "changes": []} if spoke else {}
    if table is events:
        return {"words": f"{ERASED} about {key}"} if holds(row["words"]) else {}
    if table is versions or table is proposals:
        told = [
            r | ({"text": ERASED, "reason": ""} if r.get("customer") == key else {}) for r in row["recipients"] or ()
        ]
        return {"recipients": told}
    if table in (relays, relay_steps) and row["customer"] == key:
        return without("words", "to", "because", "wrong")
    if table is facts and row["customer"] == key:
        return without("value", "source", "because")
    if table is questions and row["customer"] == key:
        return without("question", "answer")
    return {}


def _swap(subject: Subject, label: str) -> Callable[[str], str]:
    """Puts the label in place of every spelling."""
    spelt = "|".join(_whole(s) for s in subject.anywhere)
    pattern = re.compile(spelt, re.IGNORECASE) if spelt else None

    def swap(text: str) -> str:
        if text in subject.exact:
            return label
        return pattern.sub(label, text) if pattern is not None else text

    return swap


def _whole(spelling: str) -> str:
    """A spelling as a pattern for whole words: a name anywhere, an address or an id not as a part of another one."""
    if " " in spelling:
        return r"(?<!\w)" + r"\s+".join(re.escape(word) for word in spelling.split()) + r"(?!\w)"
    return rf"(?<![\w.+])(?<!\w-){re.escape(spelling)}(?!-?\w)(?!\.\w)"


def _renumbered(name: str, swap: Callable[[str], str]) -> str:
    """The name of a series, which ends with a customer's key: `relay-1-contoso`."""
    series = re.fullmatch(r"(.*-\d+-)(.+)", name)
    return f"{series[1]}{swap(series[2])}" if series is not None else swap(name)


def _swapped(value: Any, swap: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return swap(value)
    if isinstance(value, Mapping):
        return {swap(str(k)): _swapped(v, swap) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_swapped(v, swap) for v in value]
    return value


# --- by itself, after a time -----------------------------------------------------------------------------------------
def overdue(connection: Connection, now: datetime, catalog: Catalog, days: int, limit: int = 20) -> list[Subject]:
    """People and customers who left, and of whom there was nothing for so many days."""
    before = now - timedelta(days=days)
    found: list[Subject] = []
    here = {p.email.casefold() for p in catalog.people} | {c.account_manager.casefold() for c in catalog.customers}
    everybody = Everybody.of(connection)
    for account in everybody.accounts:
        if len(found) >= limit:
            return found
        if account.email.casefold() in here or (account.fetched_at is not None and account.fetched_at >= before):
            continue
        one = person(connection, f"{account.platform}:{account.id}", everybody=everybody)
        if {k.casefold() for k in one.keys} & here or any(set(one.anywhere) & set(s.anywhere) for s in found):
            continue
        last = _latest(connection, one, account.fetched_at)
        if last is not None and last < before:
            found.append(one)
    keys = {e.get("key") for e in _in_catalogs(connection, "customers")} - {c.key for c in catalog.customers}
    for key in sorted(str(k) for k in keys if k):
        if len(found) < limit and not key.startswith(LABEL) and _left(connection, key) < before:
            try:
                found.append(customer(connection, catalog, key))
            except Refused:
                continue  # a key that only the operator can decide about
    return found


def _latest(connection: Connection, one: Subject, seen: datetime | None) -> datetime | None:
    """When somebody last did anything, or was looked up because they did."""
    tables = (requests, events, lines)
    times = [
        seen,
        *(
            connection.execute(select(func.max(table.c.at)).where(table.c.person.in_(one.keys))).scalar()
            for table in tables
        ),
    ]
    return max((t for t in times if t is not None), default=None)


def _left(connection: Connection, key: str) -> datetime:
    """When a customer went out of the catalog, or when the last post to them was settled, whichever is later."""
    gone: datetime | None = None
    for row in connection.execute(select(catalogs.c.at, catalogs.c.content).order_by(catalogs.c.number)).mappings():
        listed = any(e.get("key") == key for e in row["content"].get("customers") or ())
        gone = None if listed else gone or row["at"]
    told = select(func.max(outbox.c.sent_at)).where(outbox.c.key.like(f"%/{_like(key)}/%", escape="\\"))
    sent = connection.execute(told).scalar()
    times = [t for t in (gone, sent) if t is not None]
    return max(times)


def forget_requests(connection: Connection, now: datetime, days: int) -> int:
    """Drop what was asked and answered so many days ago: only repeats and `undo` read it, within minutes."""
    old = delete(requests).where(requests.c.at < now - timedelta(days=days))
    return int(connection.execute(old).rowcount)
