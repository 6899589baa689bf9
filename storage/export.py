"""One incident whole, as plain values: what was known, decided and said, to whom and when. For auditors and machines.

Keys may be added, never renamed (the contract of `amends export`). Instants are RFC 3339 in UTC.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from handlers.domain.apology import Apology, Approval, Promise, Proposal, Recipient, Suggestion, Version, Waiver
from handlers.domain.errors import Refused
from handlers.domain.facts import Fact
from handlers.domain.incident import ApologyDue, Event, HandOver, Incident, Member, Pinned, Recurrence, Room, Task
from handlers.domain.lint import lint
from handlers.domain.relay import AffectedByHand, Covering, Question, Relay, RelayStep
from storage import audit as chain
from storage.rows import from_row
from storage.tables import RECORDS, attempts, audit, outbox

Json = dict[str, Any]
_DRAFTED = re.compile(r"(?:refused: )?apology draft((?: \d+)+)")
_ABOUT_APOLOGY = re.compile(r"(?:refused: )?(?:apology|relay) [a-z-]+(?: A?(\d+)\b)?")
"""Audit lines about an apology that were typed outside its incidents' rooms, so that the line names no incident."""


def utc(at: datetime | None) -> str | None:
    """An instant as RFC 3339 in UTC, `2010-09-07T21:00:00Z`."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def gather(connection: Connection, number: int) -> Json:
    """Everything about an incident. Raises Refused if there is none of this number."""
    found = _find(connection, Incident, number=number)
    if not found:
        message = f"There is no INC-{number} in this database."
        raise Refused(message)
    incident: Incident = found[0]
    links = [r for r in _find(connection, Recurrence) if number in (r.incident, r.earlier)]
    apologies = [a for a in _find(connection, Apology) if number in a.incidents]
    numbers = tuple(a.number for a in apologies)
    relays = [_relay(connection, r) for n in numbers for r in _find(connection, Relay, apology=n)]
    managers = {r["manager"].casefold() for r in relays}
    return {
        "incident": plain(incident)
        | {
            "name": incident.name,
            "roles": [{"role": role, "person": person} for role, person in incident.roles],
            "links": [_link(r, number) for r in links],
        },
        "rooms": [plain(r) for r in _find(connection, Room, incident=number)],
        "members": [plain(m) for m in _find(connection, Member, incident=number)],
        "handovers": [plain(h) for h in _find(connection, HandOver, incident=number)],
        "timeline": [plain(e) for e in sorted(_find(connection, Event, incident=number), key=lambda e: (e.at, e.id))],
        "pins": [plain(p) for p in _find(connection, Pinned, incident=number)],
        "facts": [plain(f) | {"name": f"F{f.number}"} for f in _find(connection, Fact, incident=number)],
        "tasks": [plain(t) for t in _find(connection, Task, incident=number)],
        "promises": [plain(p) for p in _find(connection, Promise) if p.incident == number or p.apology in numbers],
        "affected_by_hand": [plain(a) for a in _find(connection, AffectedByHand, incident=number)],
        "updates": [_update(connection, p) for p in _find(connection, Proposal, incident=number)],
        "apologies_due": [plain(d) for d in _find(connection, ApologyDue, incident=number)],
        "apologies": [_apology(connection, a) for a in apologies],
        "relays": relays,
        "questions": [
            plain(q) | {"name": f"Q{q.number}"}
            for q in _find(connection, Question)
            if q.apology in numbers or q.incident == number
        ],
        "covers": [plain(c) for c in _find(connection, Covering) if c.person in managers],
        "audit": _audit(connection, number, apologies),
        "audit_head": _head(connection),
    }


def plain(value: Any) -> Any:
    """A record as JSON values: instants RFC 3339 in UTC, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return _record(value)
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(v) for v in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value


def _record(record: Any) -> Json:
    return {f.name: plain(getattr(record, f.name)) for f in fields(record)}


def _find(connection: Connection, kind: type, **equal: object) -> list[Any]:
    table = RECORDS[kind]
    query = select(table).where(*(table.c[name] == wanted for name, wanted in equal.items()))
    rows = connection.execute(query.order_by(*table.primary_key.columns)).mappings()
    return [from_row(kind, row) for row in rows]


def _relay(connection: Connection, relay: Relay) -> Json:
    """A receipt, with all that people did about it."""
    steps = _find(connection, RelayStep, apology=relay.apology, customer=relay.customer)
    return _record(relay) | {"history": [plain(s) for s in steps]}


def _link(link: Recurrence, number: int) -> Json:
    ours = link.incident == number
    return _record(link) | {
        "kind": "recurrence-of" if ours else "recurred-as",
        "other": link.earlier if ours else link.incident,
    }


def _apology(connection: Connection, apology: Apology) -> Json:
    posts = _posts(connection, f"apology-{apology.number}/")
    waivers = [plain(w) for w in _find(connection, Waiver, apology=apology.number)]
    approvals = [plain(a) for a in _find(connection, Approval, apology=apology.number)]
    made = [
        {
            "number": version.number,
            "made_at": utc(version.made_at),
            "because": version.because,
            "texts": dict(version.texts),
            "hash": version.digest,
            "facts_hash": version.facts_hash,
            "authors": list(version.authors),
            "recipients": plain(version.recipients),
            "findings": [f.as_json() for f in lint(version.text("full"), "apology").findings],
            "waivers": [w for w in waivers if w["version"] in (version.number, 0)],
            "approvals": [a for a in approvals if version.digest and a["digest"] == version.digest],
            "deliveries": [_of_version(version, p) for p in posts if _got(version, p)],
        }
        for version in _find(connection, Version, apology=apology.number)
    ]
    return _record(apology) | {
        "name": f"A{apology.number}",
        "versions": made,
        "waivers": waivers,
        "approvals": approvals,
        "suggestions": [plain(s) for s in _find(connection, Suggestion, apology=apology.number)],
        "deliveries": [_delivery(p) for p in posts],
        "replies": [_delivery(p) for p in _posts(connection, f"correction-{apology.number}.")],
    }


def _update(connection: Connection, proposal: Proposal) -> Json:
    """An update or a holding statement to customers, and what became of it."""
    posts = _posts(connection, f"{proposal.kind}-{proposal.number}/")
    return _record(proposal) | {"deliveries": [_delivery(p) for p in posts]}


def _posts(connection: Connection, prefix: str) -> list[Json]:
    """The customer posts under a key prefix, each with its attempts."""
    query = select(outbox).where(outbox.c.key.startswith(prefix, autoescape=True), outbox.c.audience == "customer")
    found = [dict(row) for row in connection.execute(query.order_by(outbox.c.id)).mappings()]
    tried: dict[int, list[Mapping[str, Any]]] = {}
    for post in found:
        tries = select(attempts).where(attempts.c.post == post["id"]).order_by(attempts.c.id)
        tried[post["id"]] = [dict(row) for row in connection.execute(tries).mappings()]
    return [post | {"tries": tried[post["id"]]} for post in found]


def _delivery(post: Json) -> Json:
    """How a post stands now."""
    return {
        "key": post["key"],
        "customer": _customer(post["key"]),
        "platform": post["platform"],
        "destination": post["address"],
        "state": post["state"],
        "at": utc(post["sent_at"]),
        "link": post["link"],
        "error": post["error"],
        "hash": post["approval"],
        "text": post["body"]["text"],
        "attempts": [_attempt(a) for a in post["tries"]],
    }


def _of_version(version: Version, post: Json) -> Json:
    """How a post stands with one version's words; an earlier version's were sent if an attempt with them succeeded."""
    if post["approval"] == version.digest:
        return _delivery(post)
    digests = _digests(version, post)
    tries = [a for a in post["tries"] if a["digest"] in digests]
    sent = [a for a in tries if a["outcome"] == "sent"]
    return _delivery(post) | {
        "state": "sent" if sent else "unknown" if any(a["outcome"] == "unknown" for a in tries) else "superseded",
        "at": utc(sent[-1]["finished_at"]) if sent else None,
        "error": "",
        "hash": version.digest,
        "text": next((r.text for r in _mine(version, post)), ""),
        "attempts": [_attempt(a) for a in tries],
    }


def _got(version: Version, post: Json) -> bool:
    """Whether a post carried this version, or was to."""
    return post["approval"] == version.digest or any(a["digest"] in _digests(version, post) for a in post["tries"])


def _mine(version: Version, post: Json) -> list[Recipient]:
    return [
        r
        for r in version.recipients
        if (r.platform, r.address, r.customer) == (post["platform"], post["address"], _customer(post["key"]))
    ]


def _digests(version: Version, post: Json) -> set[str]:
    """SHA-256 of the bodies this version gave a post, as the outbox writes them down with each attempt."""
    bodies: Iterable[Json] = ({"card": None, "text": r.text, "args": []} for r in _mine(version, post))
    return {hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest() for body in bodies}


def _attempt(row: Mapping[str, Any]) -> Json:
    return {
        "started_at": utc(row["started_at"]),
        "finished_at": utc(row["finished_at"]),
        "outcome": row["outcome"] or "no answer yet",
        "detail": row["detail"],
        "digest": row["digest"],
    }


def _customer(key: str) -> str:
    return key.split("/")[1] if key.count("/") >= 2 else ""


def _audit(connection: Connection, number: int, apologies: Sequence[Apology]) -> list[Json]:
    """The audit lines of this incident, and those of its apologies that were typed elsewhere.

    A line that names no apology ("apology approve") counts once this incident's was drafted: better one too many than
    one too few.
    """
    query = select(audit).where(or_(audit.c.incident == number, audit.c.incident.is_(None))).order_by(audit.c.seq)
    rows = connection.execute(query).mappings()
    return [_line(row) for row in rows if row["incident"] is not None or _about(row, number, apologies)]


def _head(connection: Connection) -> Json:
    """Where the whole chain stood at this moment, for `amends audit verify --head`."""
    found = chain.head(connection)
    return {"lines": found.lines, "head": found.digest, "at": utc(found.at)}


def _about(row: Mapping[Any, Any], number: int, apologies: Sequence[Apology]) -> bool:
    drafted = _DRAFTED.match(row["what"])
    if drafted:
        return number in map(int, drafted[1].split())
    said = _ABOUT_APOLOGY.match(row["what"])
    if said is None:
        return False
    if said[1]:
        return int(said[1]) in {a.number for a in apologies}
    return any(a.drafted_at <= row["at"] for a in apologies)


def _line(row: Mapping[Any, Any]) -> Json:
    return {name: utc(row["at"]) if name == "at" else row[name] for name in audit.c.keys()}  # noqa: SIM118 - SQLAlchemy columns
