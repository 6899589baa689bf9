"""The tables. A record's table has a column per field; what only storage knows (outbox, requests) is written out."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.types import TypeEngine

from handlers.domain import apology, channels, incident, people, relay
from handlers.domain.facts import Fact
from storage.rows import bare, hints, is_json

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite keeps it naive, in UTC; a naive one is a bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "naive datetime"
            raise ValueError(message)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Number = BigInteger().with_variant(Integer, "sqlite")
RECORDS: dict[type, Table] = {}
"""Which table holds which record."""


def _type(hint: Any) -> TypeEngine[Any]:
    kind, _ = bare(hint)
    if is_json(hint):
        return JSON()
    simple: dict[Any, TypeEngine[Any]] = {int: Number, bool: Boolean(), datetime: Instant()}
    return simple.get(kind, Text())


def _record(name: str, kind: type, key: tuple[str, ...], *indexes: tuple[str, ...]) -> Table:
    columns = [
        Column(n, _type(h), primary_key=n in key, nullable=bare(h)[1], autoincrement=False)
        for n, h in hints(kind).items()
    ]
    table = Table(name, metadata, *columns)
    for columns_ in indexes:
        Index(None, *(table.c[c] for c in columns_))
    RECORDS[kind] = table
    return table


incidents = _record(
    "incidents",
    incident.Incident,
    ("number",),
    ("status",),
    ("remind_at",),
    ("customer_ping_at",),
    ("declared_at",),
)
rooms = _record("rooms", incident.Room, ("incident", "platform"), ("platform", "address"))
members = _record("members", incident.Member, ("incident", "person"), ("person",))
events = _record("events", incident.Event, ("id",), ("incident", "at"))
handovers = _record("handovers", incident.HandOver, ("incident", "number"), ("state", "ping_at"), ("to", "state"))
pins = _record("pins", incident.Pinned, ("incident", "number"), ("channel", "message"))
tasks = _record("tasks", incident.Task, ("incident", "number"), ("due_at",), ("ping_at",), ("owner",))
apologies_due = _record("apologies_due", incident.ApologyDue, ("incident", "kind"), ("state", "ping_at"))
subscriptions = _record("subscriptions", incident.Subscription, ("number",))
preferences = _record("preferences", incident.Preference, ("person",), ("digest_at",))
kept_back = _record("kept_back", incident.KeptBack, ("key",), ("due_at",), ("person",))
reviews = _record("reviews", incident.Review, ("owner",), ("ping_at",))
rounds = _record("rounds", incident.Round, ("name",))
recurrences = _record("recurrences", incident.Recurrence, ("incident", "earlier"))
pings = _record("pings", incident.Ping, ("number",), ("due_at",))
settings = _record("settings", incident.Setting, ("name",))
conversations = _record("conversations", incident.Conversation, ("id",), ("person",))
accounts = _record("accounts", people.Account, ("platform", "id"), ("email",))
bindings = _record(
    "bindings", channels.Binding, ("platform", "address"), ("look_at",), ("platform", "now"), ("platform", "reach")
)
facts = _record("facts", Fact, ("incident", "number"))
apologies = _record("apologies", apology.Apology, ("number",), ("state",))
versions = _record("versions", apology.Version, ("apology", "number"))
waivers = _record("waivers", apology.Waiver, ("apology", "number"), ("ends_at",))
approvals = _record("approvals", apology.Approval, ("apology", "number"))
shown = _record("shown", apology.Shown, ("apology", "digest", "person"))
suggestions = _record("suggestions", apology.Suggestion, ("apology", "number"))
proposals = _record("proposals", apology.Proposal, ("number",), ("incident",))
promises = _record(
    "promises", apology.Promise, ("number",), ("apology",), ("incident",), ("state", "due_at"), ("state", "remind_at")
)
relays = _record("relays", relay.Relay, ("apology", "customer"), ("state", "due_at"), ("customer",))
relay_steps = _record("relay_steps", relay.RelayStep, ("apology", "customer", "number"))
packs = _record("packs", relay.Pack, ("apology", "manager"), ("stale_at",))
questions = _record("questions", relay.Question, ("number",), ("apology",))
coverings = _record("coverings", relay.Covering, ("person",), ("colleague",), ("ends_at",))
affected_by_hand = _record("affected_by_hand", relay.AffectedByHand, ("incident", "customer"))

counters = Table("counters", metadata, Column("name", Text, primary_key=True), Column("value", Number, nullable=False))

catalogs = Table(
    "catalogs",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("digest", Text, nullable=False),
    Column("content", JSON, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("person", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("incident", Number),
    Column("reply", JSON),
    Column("changes", JSON, nullable=False),  # [[table, key, row before or null], ...] for undo
    Column("changed", Boolean, nullable=False),
    Column("left_house", Boolean, nullable=False),
    Column("undone", Boolean, nullable=False),
    Index("ix_requests_person_at", "person", "at"),
    Index("ix_requests_channel_at", "channel", "at"),
    Index("ix_requests_incident_at", "incident", "at"),
)

_LET_GO = text("due IS NOT NULL")
_IN_LINE = text("state = 'pending' AND due IS NOT NULL")
_UNSETTLED = text("state NOT IN ('sent', 'dead') AND due IS NOT NULL")
_SUSPECT = text("deaths > 0")

outbox = Table(
    "outbox",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("audience", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("op", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("approval", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("turn", Number, nullable=False),  # incidents take turns within a rank
    Column("incident", Number),
    Column("needs", Text, nullable=False),
    Column("thread", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due", Instant),  # null: written down, not let go
    Column("seq", Number, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("message_at", Text, nullable=False),  # the conversation it stands in
    Column("link", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("deaths", Integer, nullable=False),  # workers that died over it
    Column("fence", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("error", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    CheckConstraint("audience = 'internal' OR approval <> ''", name="customer_rows_carry_an_approval"),
    CheckConstraint("(audience = 'customer') = (kind = 'channel')", name="customers_and_the_house_never_share_a_place"),
    Index("ix_outbox_due", "state", "due"),
    Index("ix_outbox_lane_seq", "lane", "seq"),
    Index("ix_outbox_nonce", "nonce"),  # what an echo tells of
    Index(  # who stands before whom: what is through and settled is not read again for each post to the same place
        "ix_outbox_ahead", "lane", "seq", "id", sqlite_where=_UNSETTLED, postgresql_where=_UNSETTLED
    ),
    Index("ix_outbox_deaths", "deaths", sqlite_where=_SUSPECT, postgresql_where=_SUSPECT),
    Index(  # what goes next, in order: a worker takes a dozen of ten thousand without sorting them
        "ix_outbox_next", "state", "rank", "turn", "seq", "id", sqlite_where=_LET_GO, postgresql_where=_LET_GO
    ),
    Index("ix_outbox_turn", "rank", "incident", "turn", sqlite_where=_IN_LINE, postgresql_where=_IN_LINE),
    Index(  # how far a publication is, asked after each of its posts: counted without reading the posts
        "ix_outbox_state_key", "state", "key", "audience", "due", postgresql_ops={"key": "text_pattern_ops"}
    ),
    sqlite_autoincrement=True,
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("post", Number, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("digest", Text, nullable=False),  # SHA-256 of what was sent
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_attempts_post", "post"),
    sqlite_autoincrement=True,
)

rates = Table(
    "rates",
    metadata,
    Column("name", Text, primary_key=True),
    Column("recent", JSON, nullable=False),  # when the calls that still count were made, ms since 1970
    Column("open_at", Instant, nullable=False),
    Index("ix_rates_open_at", "open_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("person", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("incident", Number),
    Column("digest", Text, nullable=False),
    Column("person_salt", Text, nullable=False),
    Column("what_salt", Text, nullable=False),
    Column("person_seal", Text, nullable=False),  # SHA-256 over the salt and the words (storage.audit)
    Column("what_seal", Text, nullable=False),
)
