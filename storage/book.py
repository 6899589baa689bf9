"""handlers.book.Book on SQLAlchemy Core: one transaction, its records, its posts, and the journal undo reads."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    String,
    Table,
    and_,
    cast,
    delete,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    tuple_,
    update,
)

from handlers.card import Card
from handlers.domain.catalog import Catalog, audited, from_dict, to_dict
from handlers.domain.channels import Binding
from handlers.domain.delivery import Place, Post, PostState
from handlers.domain.errors import Refused
from handlers.domain.facts import Fact
from handlers.domain.incident import OPEN, Event, Incident
from handlers.domain.people import Account, Person
from storage import audit, statements
from storage import outbox as posts_
from storage.outbox import BATCH
from storage.rows import from_row, plain, to_row, typed
from storage.tables import RECORDS, accounts, catalogs, events, incidents, members, requests

R = TypeVar("R")
_LATEST_CATALOG = select(func.max(catalogs.c.number))
CHAT = "chat"
"""The digest of a catalog that was changed in chat, not loaded from a file."""
KINDS = {table.name: kind for kind, table in RECORDS.items()}
UNJOURNALED = (Binding,)
"""Records that nobody's `undo` takes back: what a platform says of a channel, and whose it is (as the catalog)."""


class _Gathered:
    """What a book has written down but not yet said to the database (see SqlBook.gathering)."""

    def __init__(self) -> None:
        """Nothing so far."""
        self.rows: dict[tuple[Table, bool], dict[tuple[Any, ...], dict[str, Any]]] = {}
        self.events: list[dict[str, Any]] = []
        self.posts: list[tuple[int, Post]] = []

    def put(self, table: Table, key: tuple[Any, ...], row: dict[str, Any], *, new: bool) -> None:
        """A record as it shall stand; of several words on one record the last counts."""
        made = self.rows.setdefault((table, True), {})
        if new or key in made:
            made[key] = row
        else:
            self.rows.setdefault((table, False), {})[key] = row | statements.keys(table, key)

    def write(self, connection: Connection, now: datetime) -> None:
        """Say it all, and begin anew."""
        rows, told, posts = self.rows, self.events, self.posts
        self.rows, self.events, self.posts = {}, [], []
        for (table, new), found in rows.items():
            if found:
                connection.execute(statements.new(table) if new else statements.change(table), list(found.values()))
        if told:
            connection.execute(statements.new(events), told)
        if posts:
            posts_.put_all(connection, now, [post for _, post in posts], posts[0][0])


class SqlBook:
    """One transaction's book (see handlers.book.Book)."""

    def __init__(self, connection: Connection, now: datetime, catalog: Callable[[Connection], Catalog]) -> None:
        """`catalog` loads the current catalog, cached by its number."""
        self._connection = connection
        self._gathered: _Gathered | None = None
        self._reserved: dict[str, int] = {}
        self._now = now
        self._load = catalog
        self._catalog: Catalog | None = None
        self._people: list[Person] | None = None
        self._order = 0
        self.changes: list[list[Any]] = []  # [table, key, before, after]; as JSON only where somebody may undo it
        self.left_house = False
        self.sent = 0
        self._said: set[int] = set()
        self._held: dict[tuple[str, tuple[Any, ...]], Any] = {}  # what `get` read and locked, as `put` left it
        self.told: list[int] = []  # incidents whose timeline got a line
        self.private_seen = False  # whether a private incident was read: answers to it are for its members only

    @property
    def connection(self) -> Connection:
        """The transaction itself; what was gathered is written first, so that whoever asks sees it."""
        if self._gathered is not None:
            self._gathered.write(self._connection, self._now)
        return self._connection

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Part of the transaction whose records, timeline and posts are written together, a statement for hundreds.

        It leaves no trace if it raises. Whatever reads more than a record by its key sees what was gathered so far.
        """
        with self.attempt():
            self._gathered = _Gathered()
            try:
                yield
                self._gathered.write(self._connection, self._now)
            finally:
                self._gathered = None

    @property
    def now(self) -> datetime:
        """The transaction's time, UTC."""
        return self._now

    @property
    def catalog(self) -> Catalog:
        """The catalog loaded last."""
        if self._catalog is None:
            self._catalog = self._load(self.connection)
        return self._catalog

    def get(self, kind: type[R], *key: int | str) -> R | None:
        """One record by its key, locked until the transaction ends; as nobody changes it meanwhile, it is read once."""
        table = RECORDS[kind]
        held: R | None = self._held.get((table.name, key))
        if held is None:
            row = self._connection.execute(statements.one(table), statements.keys(table, key)).mappings().first()
            if row is not None:
                held = self._held[table.name, key] = self._noticed(from_row(kind, row))
        return held

    def _noticed(self, record: Any) -> Any:
        """Remember that a private incident was looked at."""
        if isinstance(record, Incident) and record.private:
            self.private_seen = True
        return record

    def find(self, kind: type[R], /, **equal: object) -> list[R]:
        """Records whose fields equal these; a tuple means any of them."""
        table = RECORDS[kind]
        query = select(table).order_by(*table.primary_key.columns)
        for name, wanted in equal.items():
            column = table.c[name]
            query = query.where(column.in_(wanted) if isinstance(wanted, tuple) else column == wanted)
        return [self._noticed(from_row(kind, r)) for r in self.connection.execute(query).mappings()]

    def due(self, kind: type[R], field: str, limit: int = 100, /, **equal: object) -> list[R]:
        """Records whose instant `field` has come, earliest first; rows another worker holds are skipped."""
        table = RECORDS[kind]
        query = select(table).where(table.c[field] <= self._now).order_by(table.c[field], *table.primary_key.columns)
        for name, wanted in equal.items():
            # no index is of use but the instant's, which SQLite would not take if it saw another one
            column = func.coalesce(table.c[name], null())
            query = query.where(column.in_(wanted) if isinstance(wanted, tuple) else column == wanted)
        rows = self.connection.execute(query.limit(limit).with_for_update(skip_locked=True)).mappings()
        found = [(tuple(r[c.name] for c in table.primary_key.columns), from_row(kind, r)) for r in rows]
        for key, record in found:
            self._held[table.name, key] = record  # locked like those that `get` reads
        return [record for _, record in found]

    def key(self, record: object) -> tuple[Any, ...]:
        """What tells a record from all others of its kind."""
        return tuple(getattr(record, c.name) for c in RECORDS[type(record)].primary_key.columns)

    def put(self, record: object) -> None:
        """Write a record and remember what it was."""
        kind = type(record)
        table = RECORDS[kind]
        row = to_row(record)
        key = [row[c.name] for c in table.primary_key.columns]
        before = self.get(kind, *key)
        if before == record:
            return
        if kind not in UNJOURNALED:
            self.changes.append([table.name, key, before, record])
        if self._gathered is not None and kind is not Account:  # accounts are looked for by more than their key
            self._gathered.put(table, tuple(key), row, new=before is None)
        elif before is None:
            self.connection.execute(statements.new(table), row)
        else:
            self.connection.execute(statements.change(table), row | statements.keys(table, key))
        self._held[table.name, tuple(key)] = record
        if kind is Account:
            self._people = None

    def put_all(self, records: Sequence[object], *, undoable: bool = True) -> None:
        """Write many records of one kind, as `put` would one after another: a statement for hundreds, not for each."""
        for start in range(0, len(records), BATCH):
            self._put_batch(records[start : start + BATCH], undoable=undoable)

    def _put_batch(self, records: Sequence[object], *, undoable: bool) -> None:
        kind = type(records[0])
        table = RECORDS[kind]
        columns = table.primary_key.columns
        rows = [(record, row, tuple(row[c.name] for c in columns)) for record in records for row in [to_row(record)]]
        unread = {key for _, _, key in rows if (table.name, key) not in self._held}
        known = select(table).where(tuple_(*columns).in_(sorted(unread))).order_by(*columns).with_for_update()
        for found in self.connection.execute(known).mappings() if unread else ():
            before = self._noticed(from_row(kind, found))
            self._held[table.name, tuple(found[c.name] for c in columns)] = before
        new: dict[tuple[Any, ...], dict[str, Any]] = {}
        changed: dict[tuple[Any, ...], dict[str, Any]] = {}
        for record, row, key in rows:
            before = self._held.get((table.name, key))
            if before == record:
                continue
            if undoable and kind not in UNJOURNALED:
                self.changes.append([table.name, list(key), before, record])
            if before is None or key in new:
                new[key] = row
            else:
                changed[key] = row | statements.keys(table, key)
            self._held[table.name, key] = record
        if new:
            self.connection.execute(statements.new(table), list(new.values()))
        if changed:
            self.connection.execute(statements.change(table), list(changed.values()))
        if not undoable:  # thousands that nothing else in this transaction looks at: not kept in memory
            for _, _, key in rows:
                self._held.pop((table.name, key), None)
        if kind is Account:
            self._people = None

    def change_all(self, kind: type, fields: Mapping[str, object], /, **equal: object) -> int:
        """Set fields of all records that match, in one statement that leaves nothing to undo."""
        table = RECORDS[kind]
        query = update(table).values(**fields)
        for name, wanted in equal.items():
            column = table.c[name]
            query = query.where(column.in_(wanted) if isinstance(wanted, tuple) else column == wanted)
        self._held = {key: held for key, held in self._held.items() if key[0] != table.name}
        return int(self.connection.execute(query).rowcount)

    def number(self, series: str) -> int:
        """The next number of a series."""
        if series in self._reserved:
            return self._reserved.pop(series)
        counted = statements.count(self._connection.dialect.name)
        return int(self._connection.execute(counted, {"name": series, "value": 1}).one().value)

    def reserve(self, series: Sequence[str]) -> None:
        """Count many series on in one statement: the next `number` of each is that one. What is not used is skipped."""
        wanted = [{"name": name, "value": 1} for name in dict.fromkeys(series) if name not in self._reserved]
        if wanted:
            counted = self._connection.execute(statements.count(self._connection.dialect.name), wanted)
            self._reserved |= {row.name: row.value for row in counted}

    def tell(self, event: Event) -> None:
        """Append to the timeline; there is no other way to write to it."""
        self.told.append(event.incident)
        if self._gathered is not None:
            self._gathered.events.append(to_row(event))
        else:
            self.connection.execute(statements.new(events), to_row(event))

    def send(self, post: Post) -> None:
        """Write a post down in this transaction."""
        self._order += 1
        if self._gathered is not None:
            self._gathered.posts.append((self._order, post))
        else:
            posts_.put(self.connection, self._now, post, self._order)
        self._written(post)

    def send_all(self, posts: Sequence[Post]) -> None:
        """Write many posts down in this transaction."""
        posts_.put_all(self.connection, self._now, posts, self._order + 1)
        self._order += len(posts)
        for post in posts:
            self._written(post)

    def _written(self, post: Post) -> None:
        """Remember what a post that was written down means for undo and for the answer."""
        self.sent += 1
        if post.audience == "customer":
            self.left_house = True
        if post.place.platform == "teams" and post.place.kind == "room" and "/said/" in post.key and post.incident:
            self._said.add(post.incident)

    def release(self, keys: Sequence[str]) -> None:
        """Let held-back posts go."""
        if keys:
            self.left_house = True
            self.sent += len(keys)
            posts_.release(self.connection, self._now, keys)

    def halt(self, prefix: str) -> int:
        """Hold back what has not left."""
        return posts_.halt(self.connection, prefix)

    def settle(self, post: int, verdict: str) -> PostState:
        """A person's word on a post."""
        self.left_house = True
        self.sent += 1
        return posts_.settle(self.connection, self._now, post, verdict)

    def posts(self, prefix: str, *states: str) -> list[PostState]:
        """What became of the posts under a key prefix; only those in these states, if any are named."""
        return posts_.states(self.connection, prefix, *states)

    def posts_at(self, place: Place, *states: str) -> list[PostState]:
        """The posts meant for one place, in these states."""
        return posts_.states_at(self.connection, place, *states)

    def on_screen(self, platform: str, message: str, incident: int) -> Card | None:
        """The card of one of our own messages about this incident, by the platform's id of it."""
        return posts_.on_screen(self.connection, platform, message, incident)

    def threads(self, incidents: Sequence[int], channel: str = "") -> dict[str, str]:
        """By customer channel, the post that began its thread about these incidents."""
        return posts_.threads(self.connection, incidents, channel)

    def tally(self, prefix: str) -> dict[str, int]:
        """How many customer posts under a key prefix are in each state, `waiting` for those not yet let go."""
        return posts_.tally(self.connection, prefix)

    def search(
        self,
        *,
        statuses: Sequence[str] = (),
        service: str = "",
        person: str = "",
        since: datetime | None = None,
        before: datetime | None = None,
        words: str = "",
        limit: int = 20,
        reader: str = "",
    ) -> list[Incident]:
        """Incidents, newest first."""
        query = select(incidents).order_by(incidents.c.number.desc()).limit(limit)
        if statuses:
            query = query.where(incidents.c.status.in_(statuses))
        if service:
            query = query.where(cast(incidents.c.services, String).contains(json.dumps(service), autoescape=True))
        if since is not None:
            query = query.where(incidents.c.declared_at >= since)
        if before is not None:
            query = query.where(incidents.c.declared_at < before)
        for word in words.lower().split():
            query = query.where(
                or_(
                    func.lower(incidents.c.title).contains(word, autoescape=True),
                    func.lower(incidents.c.last_update).contains(word, autoescape=True),
                )
            )
        if person:
            query = query.where(_member(person))
        query = query.where(or_(incidents.c.private.is_(False), _member(reader)))
        return [self._noticed(from_row(Incident, r)) for r in self.connection.execute(query).mappings()]

    # --- people ------------------------------------------------------------------------------------------------------
    def account(self, platform: str, id: str) -> Account | None:  # noqa: A002 - the platforms' own word
        """What a platform said of one of its users."""
        row = self.connection.execute(statements.ACCOUNT, {"platform": platform, "id": id}).mappings().first()
        return None if row is None else from_row(Account, row)

    def person(self, said: str) -> Person | None:
        """A person by mention, key, e-mail address or name."""
        wanted = said.strip()
        if wanted.startswith("<@") and wanted.endswith(">"):
            return self._by_id(wanted[2:-1].split("|")[0])
        wanted = wanted.removeprefix("@").strip()
        if ":" in wanted and wanted.split(":", 1)[0] in ("slack", "teams"):
            found = self.account(*wanted.split(":", 1))
            return None if found is None else self.of_account(found)
        everybody = self._everybody()
        low = wanted.lower()
        for test in (
            lambda p: low in (p.key.lower(), p.email.lower()),
            lambda p: p.name.lower() == low,
            lambda p: p.name.lower().split()[:1] == [low],
        ):
            hits = {p.key: p for p in everybody if low and test(p)}
            if len(hits) == 1:
                return next(iter(hits.values()))
            if hits:
                return None
        return None

    def _by_id(self, id_: str) -> Person | None:
        for platform in ("slack", "teams"):
            account = self.account(platform, id_)
            if account is not None:
                return self.of_account(account)
        return next((p for p in self._everybody() if id_ and id_ in (p.slack, p.teams)), None)

    def _everybody(self) -> list[Person]:
        """Catalog people and known colleagues, gathered once: an apology looks up every account manager among them."""
        if self._people is None:
            self._people = self._known()
        return self._people

    def _known(self) -> list[Person]:
        people = [
            Person(
                key=(p.email or p.name).lower(),
                name=p.name,
                title=p.title,
                email=p.email,
                slack=p.slack,
                teams=p.teams,
                roles=frozenset(p.roles),
            )
            for p in self.catalog.people
        ]
        rows = self.connection.execute(select(accounts).where(accounts.c.kind == "colleague")).mappings()
        return people + [self.of_account(from_row(Account, r)) for r in rows]

    def of_account(self, account: Account) -> Person:
        """The human being behind a platform's account: by catalog entry, else by verified e-mail, else alone.

        The catalog's own word, an account's id, goes before an address. Two accounts that both platforms give the same
        address are one person, if both are colleagues': what one of them wrote the other cannot sign.
        """
        email = account.email.lower()
        known = self.catalog.person_on(account.platform, account.id, alias=account.alias)
        if known is None and email:
            known = self.catalog.person(email)
        slack = account.id if account.platform == "slack" else ""
        teams = account.id if account.platform == "teams" else ""
        if email:  # the other platform's account of the same verified address
            same = {"email": email, "platform": account.platform}
            other = self.connection.execute(statements.SAME_ADDRESS, same).mappings().first()
            if other is not None:
                slack, teams = (
                    slack or (other["id"] if other["platform"] == "slack" else ""),
                    teams or (other["id"] if other["platform"] == "teams" else ""),
                )
        colleague = account.kind == "colleague"
        if known is not None:
            return Person(
                key=(known.email or known.name).lower(),
                name=known.name,
                title=known.title,
                email=known.email,
                slack=slack or known.slack,
                teams=teams or known.teams,
                roles=frozenset(known.roles) if colleague else frozenset(),
                colleague=colleague,
            )
        return Person(
            key=email or f"{account.platform}:{account.id}",
            name=account.name,
            email=email,
            slack=slack,
            teams=teams,
            colleague=colleague,
        )

    # --- requests, undo, audit ---------------------------------------------------------------------------------------
    def seen(self, key: str) -> tuple[str, Any] | None:
        """Who was answered before under this key, and the stored reply (packed); None if nobody was."""
        row = self.connection.execute(statements.SEEN, {"request": key}).first()
        return None if row is None else (row[0], row[1])

    def admit(self, key: str, person: str, platform: str, channel: str, line: str) -> bool:
        """Take a request in; False if somebody else's transaction already did."""
        row = {
            "key": key,
            "at": self._now,
            "person": person,
            "platform": platform,
            "channel": channel,
            "line": line,
            "incident": None,
            "reply": None,
            "changes": [],
            "changed": False,
            "left_house": False,
            "undone": False,
        }
        return self.connection.execute(statements.admit(self.connection.dialect.name), row).first() is not None

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Part of the transaction that leaves no trace if it raises."""
        changes, left, sent, said = list(self.changes), self.left_house, self.sent, set(self._said)
        told = list(self.told)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            self._held.clear()
            self._reserved.clear()
            if self._gathered is not None:
                self._gathered = _Gathered()
            self._people = None
            self.changes, self.left_house, self.sent, self._said, self.told = changes, left, sent, said, told
            raise

    def forget(self, key: str) -> None:
        """A request that changed nothing needs no stored reply."""
        self.connection.execute(delete(requests).where(requests.c.key == key))

    def said_in_room(self, incident: int) -> bool:
        """Whether this transaction said something new in this incident's Teams room."""
        return incident in self._said

    def answered(self, key: str, reply: Any, incident: int | None, *, changed: bool) -> None:
        """Store the reply and the journal with the request."""
        # what has left the house is never taken back, so how it was before is not kept: megabytes, with many customers
        changes = [] if self.left_house else [plain(change) for change in self.changes]
        row = {"reply": reply, "incident": incident, "changes": changes, "changed": changed}
        self.connection.execute(statements.ANSWERED, row | {"left_house": self.left_house, "request": key})

    def record(self, person: str, platform: str, what: str, incident: int | None) -> None:
        """Append to the audit chain: each line's digest covers the one before."""
        audit.append(self.connection, self._now, person, platform, what, incident)

    def repeated(self, person: str, line: str, channel: str, since: datetime) -> Any | None:
        """The stored reply where somebody said these same words here after `since`, as its incident's latest change.

        What concerns no incident is compared with the latest of what concerns none.
        """
        asked = {"person": person, "line": line, "room": channel, "since": since}
        row = self.connection.execute(statements.SAME_WORDS, asked).mappings().first()
        if row is None or row["undone"]:
            return None
        somewhere = row["incident"] is not None
        after = {"at": row["at"]} | ({"incident": row["incident"]} if somewhere else {})
        later = self.connection.execute(statements.later(somewhere=somewhere), after).first()
        return row["reply"] if later is None else None

    def recorded_by(self, person: str, since: datetime) -> int:
        """How many requests of this person were taken since, by all replicas; refused ones leave nothing to count."""
        query = select(func.count()).select_from(requests).where(requests.c.person == person, requests.c.at > since)
        return self.connection.execute(query).scalar() or 0

    def undo(self, person: str, since: datetime) -> tuple[str, int | None] | None:
        """Take back this person's latest change (see handlers.book.Book.undo)."""
        query = (
            select(requests)
            .where(requests.c.person == person, requests.c.at >= since, requests.c.undone.is_(False))
            .order_by(requests.c.at.desc(), requests.c.key.desc())
        )
        for row in self.connection.execute(query).mappings().all():
            if not row["changed"] or row["line"] == "undo":
                continue
            if row["left_house"]:
                message = "Your last change has already left the house: it cannot be taken back here."
                raise Refused(message)
            if not row["changes"]:
                message = f"“{row['line']}” stays in the record: say what should be instead. Nothing was taken back."
                raise Refused(message)
            self._restore(row["changes"])
            self.connection.execute(update(requests).where(requests.c.key == row["key"]).values(undone=True))
            return row["line"], row["incident"]
        return None

    def _restore(self, changes: list[list[Any]]) -> None:
        """Put back what stood before, newest change first; refused if anybody touched it since."""
        latest: dict[str, list[Any]] = {}
        for name, key, before, after in changes:
            latest.setdefault(json.dumps([name, key]), [name, key, before, after])[3] = after
        for name, key, before, after in latest.values():
            if name == catalogs.name:
                self._restore_catalog(before["number"], after["number"])
                continue
            kind = KINDS[name]
            current = self.get(kind, *key)
            if current is None or _unrevised(plain(current)) != _unrevised(after):
                message = "Somebody changed this since: say what it should be now instead."
                raise Refused(message)
            if before is not None:
                revision = getattr(current, "revision", None)
                anew = {} if revision is None else {"revision": revision + 1}  # cards said since keep their keys
                self.put(typed(kind, before | anew))
            elif kind is Fact:
                self.put(replace(current, state="dropped", because="taken back at once"))
            else:
                table = RECORDS[kind]
                where = and_(*(c == k for c, k in zip(table.primary_key.columns, key, strict=True)))
                self.connection.execute(delete(table).where(where))
                self._held.clear()
                self.changes.append([name, key, after, None])

    def set_catalog(self, catalog: Catalog) -> None:
        """Make this the current catalog; earlier ones stay in the table, and `undo` goes back to the one before."""
        before = self.connection.execute(_LATEST_CATALOG).scalar()
        number = self.load_catalog(to_dict(catalog), CHAT)
        self.changes.append([catalogs.name, [], {"number": before}, {"number": number}])

    def _restore_catalog(self, before: int, after: int) -> None:
        """The catalog before a change in chat is in force again; refused if another one came since."""
        if self.connection.execute(_LATEST_CATALOG).scalar() != after:
            message = "The catalog changed since: say what it should be now instead."
            raise Refused(message)
        content = self.connection.execute(select(catalogs.c.content).where(catalogs.c.number == before)).scalar_one()
        self.load_catalog(content, CHAT)

    def take_catalog(self, content: dict[str, Any], digest: str, files: str) -> int:
        """Make a file's catalog the current one, and audit which customers it changed; returns its number.

        `digest` is that of the file, `files` what it is called.
        """
        old = self.catalog
        number = self.load_catalog(content, digest)
        self.record("operator", "shell", f"loaded the catalog {files}", None)
        for words in audited(old, self.catalog):
            self.record("operator", "shell", f"catalog {number}: {words}", None)
        return number

    def loaded_file(self) -> str:
        """The digest of the file that was loaded last."""
        query = select(catalogs.c.digest).where(catalogs.c.digest != CHAT).order_by(catalogs.c.number.desc()).limit(1)
        return self.connection.execute(query).scalar() or ""

    def load_catalog(self, content: dict[str, Any], digest: str) -> int:
        """Make this the current catalog; earlier ones stay in the table.

        Another policy holds from the next tick: the clock then looks at every open incident, due or not.
        """
        if from_dict({"policy": content.get("policy", {})}).policy != self.catalog.policy:
            looks = {"remind_at": self._now, "customer_ping_at": self._now}
            self.connection.execute(update(incidents).where(incidents.c.status.in_(OPEN)).values(looks))
            self._held.clear()
        number = self.number("catalog")
        self.connection.execute(insert(catalogs).values(number=number, at=self._now, digest=digest, content=content))
        self._catalog = self._people = None
        return number


def _unrevised(record: dict[str, Any]) -> dict[str, Any]:
    """A record without its revision, which moves on whatever is said."""
    return {name: value for name, value in record.items() if name != "revision"}


def _member(person: str) -> Any:
    return exists(
        select(members.c.incident).where(
            members.c.incident == incidents.c.number, members.c.person == person, members.c.left_at.is_(None)
        )
    )
