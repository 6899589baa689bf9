"""The outbox: put by handlers, claimed and finished by bot.delivery alone.

States (promises.md, section 2): pending → claimed (lease, fence) → sending (attempt row committed) → sent · retry ·
unknown · dead; held waits for a person. One row is one message on screen: the same key again folds into it as an edit.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
    update,
)
from uuid_utils import uuid7

from handlers.card import Card
from handlers.domain.delivery import (
    AUDITOR,
    BROADCAST,
    DROPPED,
    NOTHING_WAITS,
    PAGE,
    TRIED_SINCE,
    Dead,
    Held,
    Outcome,
    Place,
    Post,
    PostState,
    Retry,
    Sent,
    Unknown,
    next_try,
)
from handlers.domain.errors import Refused
from handlers.domain.letter import LETTERS
from storage.rows import pack, unpack
from storage.tables import Instant, Number, attempts, outbox, rooms
from storage.tables import settings as setting_rows

LEASE = timedelta(seconds=10)
"""How long a worker may hold a row; a call may take 8 s in all (promises.md, section 2)."""
LOOK_AGAIN = timedelta(seconds=60)
"""How long after a look that told nothing the next one is taken."""
QUARANTINE_DEATHS = 3
"""A row over which this many workers died is parked for a person."""
QUARANTINED = "three workers died over it; look before it is tried again"
WAITING = ("pending", "claimed", "sending", "retry")
STATES = (*WAITING, "sent", "unknown", "held", "dead")
"""All there are."""
CLAIMABLE = ("pending", "retry")
"""States of a post that a worker may take."""
LATE = timedelta(seconds=60)
"""How long after its time a post is overdue (promises.md, section 3)."""
LATE_TRIES = 6
"""A post that was tried so often is overdue although it is due again only later: six tries take 83 s (`BACKOFF`)."""
RECENT = 1000
"""The attempts looked at to tell whether a platform takes posts; more than a minute holds."""
NEVER = datetime.max.replace(tzinfo=UTC)
"""Later than any instant."""
TURN = text("state = 'pending' AND due IS NOT NULL")
"""Posts that stand in line: said as the index `ix_outbox_turn` says it."""
EVERY = BROADCAST + 1
"""Above every rank."""
AHEAD = "ahead.state NOT IN ('sent', 'dead') AND ahead.due IS NOT NULL"
"""Posts that may stand before others: said as the index `ix_outbox_ahead` says it."""
BATCH = 500
"""Rows written or named by one statement: well below the parameters a statement may have (SQLite's older default 999,
https://www.sqlite.org/limits.html#max_variable_number), and nothing is gained beyond a few hundred."""
MANY = 1000
"""So many posts at once change what the database should know of the outbox. Ours."""
ORPHANED = "what it belongs to is not there: "
"""The mark of a post whose `needs` can never be on screen, before that one's key. It lives again with it."""
HEARD = "heard"
"""What stands at an attempt whose answer is not there yet, but the platform's echo is; its id and place beside it."""
STOPPED = "stopped by a person while it was under way"
"""The mark of a post that was halted after its bytes left: if they did not arrive, it is not tried again by itself."""

_NEW = insert(outbox)
_BY_KEY = select(outbox).where(outbox.c.key == bindparam("wanted")).with_for_update()
_CHANGED = update(outbox).where(outbox.c.id == bindparam("wanted"))
_BY_KEYS = (
    select(outbox).where(outbox.c.key.in_(bindparam("wanted", expanding=True))).order_by(outbox.c.id).with_for_update()
)
_TURNS = union_all(
    select(cast(null(), Number), func.min(outbox.c.turn)).where(TURN, outbox.c.rank == bindparam("rank")),
    select(outbox.c.incident, func.max(outbox.c.turn))
    .where(TURN, outbox.c.rank == bindparam("rank"), outbox.c.incident.in_(bindparam("incidents", expanding=True)))
    .group_by(outbox.c.incident),
)
"""The turn that is being served, and the last one of each incident that has something in line."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row this worker may carry while its lease lasts. `address` is the platform's id, resolved."""

    id: int
    key: str
    place: Place
    op: str
    card: Card | None
    text: str
    args: tuple[str, ...]
    address: str
    message_id: str
    message_at: str
    target_id: str  # message id of the post named in `needs`
    thread_id: str  # message id of the post whose thread this continues
    nonce: str
    revision: int
    attempts: int
    fence: int
    lease_until: datetime
    audience: str
    incident: int | None
    digest: str
    approval: str = ""
    written_at: datetime | None = None
    deaths: int = 0  # workers that died over it
    crossed: bool = False  # a card of the house whose place turned out to be a customer's channel
    rank: int = PAGE
    heard: Sent | None = None  # an unknown row's: its echo came while it was under way


class _Turns:
    """Whose turn it is: within a rank incidents take turns, post by post, however much one of them has to say.

    A post's turn is the one after its incident's last post in line, or the turn that is being served just now. So ten
    thousand customers of one incident stand behind one another, and another incident's first post stands beside the
    first of them that has not left (start-time fair queueing, https://doi.org/10.1109/90.649569).
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._next: dict[tuple[int, int | None], int] = {}

    def look(self, wanted: Collection[tuple[int, int | None]]) -> None:
        """Ask for all of them at once: rank and incident of what is about to be written."""
        new = set(wanted) - self._next.keys()
        for rank in {rank for rank, _ in new}:
            incidents = {i for r, i in new if r == rank}
            asked = {"rank": rank, "incidents": [i for i in incidents if i is not None]}
            last: dict[int | None, int] = dict(self._connection.execute(_TURNS, asked).all())
            served = last.pop(None) or 0
            self._next |= {(rank, i): max(served, last.get(i, -1) + 1) for i in incidents}

    def next(self, rank: int, incident: int | None) -> int:
        """The turn of one more post."""
        if (rank, incident) not in self._next:
            self.look([(rank, incident)])
        found = self._next[rank, incident]
        if incident is not None:
            self._next[rank, incident] = found + 1
        return found


def put(connection: Connection, now: datetime, post: Post, order: int) -> None:
    """Write a post down. The same key again is an edit; an identical one changes nothing."""
    row = connection.execute(_BY_KEY, {"wanted": post.key}).mappings().first()
    if row is None:
        connection.execute(_NEW, _first(now, post, order, _Turns(connection), {}))
    elif changed := _again(now, post, order, row, _Turns(connection), {}):
        connection.execute(_CHANGED, changed)


def put_all(connection: Connection, now: datetime, posts: Sequence[Post], order: int) -> None:
    """Write many posts down, as `put` would one after another; `order` is the first one's, the others follow it."""
    turns, packed = _Turns(connection), dict[int, Any]()
    for start in range(0, len(posts), BATCH):
        batch = posts[start : start + BATCH]
        asked = {"wanted": [post.key for post in batch]}
        known = {row["key"]: row for row in connection.execute(_BY_KEYS, asked).mappings()}
        new: list[dict[str, Any]] = []
        changed: dict[int, list[dict[str, Any]]] = {}  # by how many columns change: a statement for each kind of edit
        later: list[tuple[int, Post]] = []  # the same key twice: an edit of what this very batch writes
        seen: set[str] = set()
        turns.look([(post.rank, post.incident) for post in batch if not post.hold])
        for place, post in enumerate(batch, order + start):
            if post.key in seen:
                later.append((place, post))
            elif post.key in known:
                if edit := _again(now, post, place, known[post.key], turns, packed):
                    changed.setdefault(len(edit), []).append(edit)
            else:
                new.append(_first(now, post, place, turns, packed))
            seen.add(post.key)
        if new:
            connection.execute(_NEW, new)
        for edits in changed.values():
            connection.execute(_CHANGED, edits)
        for place, post in later:
            put(connection, now, post, place)
    if len(posts) >= MANY and connection.dialect.name == "postgresql":
        # by itself it would count them a minute later, and until then plan each look as for the few there were before:
        # https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-STATISTICS
        connection.execute(text("ANALYZE outbox"))


def _body(post: Post, packed: dict[int, Any]) -> dict[str, Any]:
    """`packed`: cards by their identity; what is said in several rooms is one card."""
    card = post.card
    if card is not None and id(card) not in packed:
        packed[id(card)] = pack(card)
    return {"card": packed[id(card)] if card else None, "text": post.text, "args": list(post.args)}


def _seq(now: datetime, order: int) -> int:
    return int(now.timestamp() * 1_000_000) + order


def _first(now: datetime, post: Post, order: int, turns: _Turns, packed: dict[int, Any]) -> dict[str, Any]:
    """The row of a message that is not on screen yet."""
    return {
        "key": post.key,
        "audience": post.audience,
        "platform": post.place.platform,
        "kind": post.place.kind,
        "address": post.place.address,
        "lane": _lane(post),
        "op": post.op,
        "body": _body(post, packed),
        "approval": post.approval,
        "rank": post.rank,
        "turn": 0 if post.hold else turns.next(post.rank, post.incident),
        "incident": post.incident,
        "needs": post.needs,
        "thread": post.thread,
        "state": "pending",
        "due": None if post.hold else now,
        "seq": _seq(now, order),
        "revision": 1,
        "shown": 0,
        "message_id": "",
        "message_at": "",
        "link": "",
        "nonce": str(uuid7()),
        "attempts": 0,
        "deaths": 0,
        "fence": 0,
        "lease_until": None,
        "error": "",
        "created_at": now,
        "sent_at": None,
    }


def _again(now: datetime, post: Post, order: int, row: Any, turns: _Turns, packed: dict[int, Any]) -> dict[str, Any]:
    """The same key once more: what changes in `row`, and its number for `_CHANGED`; nothing if nothing is new."""
    body = _body(post, packed)
    if row["body"] == body and row["op"] == post.op and row["approval"] == post.approval and row["state"] != "dead":
        return {}
    if row["body"] == body and row["state"] == "sent" and row["platform"] in LETTERS:
        return {"wanted": row["id"], "approval": post.approval}  # the same words once more would be a second mail
    changed: dict[str, Any] = {
        "wanted": row["id"],
        "body": body,
        "op": post.op,
        "approval": post.approval,
        "revision": row["revision"] + 1,
        "rank": min(row["rank"], post.rank),
    }
    if row["state"] in ("sent", "dead"):  # anything else is not through yet and keeps its place in the line
        changed |= {"state": "pending", "due": None if post.hold else now, "attempts": 0, "error": ""}
        turn = 0 if post.hold else turns.next(post.rank, row["incident"])
        changed |= {"seq": _seq(now, order), "rank": post.rank, "turn": turn}
    return changed


def _lane(post: Post) -> str:
    """Messages keep their order per place; other calls on a room stand in lines of their own.

    Opening a room too: messages wait for an open room anyway, and must never stand in the way of its opening.
    """
    return post.place.lane if post.op == "message" else f"{post.place.lane}/{post.op}/{'/'.join(post.args)}"


def _claimable() -> Any:
    """At `now`, rows that may go now: due, first of their line, their room open, what they need on screen."""
    ahead = outbox.alias("ahead")
    needed = outbox.alias("needed")
    before = or_(ahead.c.seq < outbox.c.seq, and_(ahead.c.seq == outbox.c.seq, ahead.c.id < outbox.c.id))
    # the first of them and no EXISTS, which PostgreSQL turns into a join of ten thousand posts to one place with each
    # other: 1.6 s for each look
    blocking = (
        select(ahead.c.id)
        .where(
            ahead.c.lane == outbox.c.lane,
            ahead.c.id != outbox.c.id,
            text(AHEAD),
            before,
            or_(
                ahead.c.state.in_(WAITING),
                and_(ahead.c.state.in_(("unknown", "held")), ahead.c.audience == "customer"),
            ),
        )
        .order_by(ahead.c.lane, ahead.c.seq, ahead.c.id)
        .limit(1)
        .correlate(outbox)
        .scalar_subquery()
    )
    room_open = or_(
        outbox.c.kind != "room",
        outbox.c.op == "open",
        exists(
            select(rooms.c.incident).where(
                rooms.c.platform == outbox.c.platform, rooms.c.incident == outbox.c.incident, rooms.c.address != ""
            )
        ),
    )
    ready = or_(
        outbox.c.needs == "",
        exists(select(needed.c.id).where(needed.c.key == outbox.c.needs, needed.c.message_id != "")),
    )
    known = or_(  # the incidents channel must be known before anything can go there (Teams learns it)
        and_(outbox.c.kind != "incidents", or_(outbox.c.op != "open", outbox.c.platform != "teams")),
        exists(select(setting_rows.c.name).where(setting_rows.c.name == outbox.c.platform + ".incidents")),
    )
    # said so that SQLite reads the rows in the line's order and stops at the limit (`ix_outbox_next`): by `due` alone
    # it looks at all that wait, ten thousand customers' posts, for every dozen it takes
    at = func.coalesce(outbox.c.due, literal(NEVER, Instant()))
    return and_(outbox.c.due.is_not(None), at <= bindparam("now"), blocking.is_(None), room_open, ready, known)


_KIND = (  # as `kind_of` says it
    outbox.c.platform
    + "/"
    + outbox.c.op
    + case((outbox.c.message_id == "", ""), else_="+")
    + case((outbox.c.rank >= BROADCAST, "*"), else_="")
    + case((and_(outbox.c.audience == "customer", outbox.c.message_id == ""), "!"), else_="")
)
_CLAIM = (
    select(outbox)
    .where(
        outbox.c.state == bindparam("waiting"),
        outbox.c.platform.in_(bindparam("platforms", expanding=True)),
        outbox.c.rank < bindparam("below"),
        outbox.c.deaths <= bindparam("deaths"),
        _KIND.not_in(bindparam("shut", expanding=True)),
        _claimable(),
    )
    .order_by(outbox.c.rank, outbox.c.turn, outbox.c.seq, outbox.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_READY = select(func.count()).where(outbox.c.state.in_(CLAIMABLE), _claimable())
_OVER = (
    update(outbox)
    .where(outbox.c.lease_until < bindparam("now"), outbox.c.state == "claimed")
    .values(state="pending", deaths=outbox.c.deaths + 1, lease_until=None)
)
_POISON = (
    update(outbox)
    .where(outbox.c.state == "pending", text("deaths > 0"), outbox.c.deaths >= QUARANTINE_DEATHS)
    .values(state="held", error=QUARANTINED)
    .returning(outbox.c.key, outbox.c.audience)
)
_LOST = (
    update(outbox)
    .where(outbox.c.lease_until < bindparam("now"), outbox.c.state == "sending")
    .values(
        state="unknown",
        due=bindparam("now"),
        deaths=outbox.c.deaths + 1,
        error="the sender stopped before the answer came",
    )
)


def claim(
    connection: Connection,
    now: datetime,
    platforms: Sequence[str],
    limit: int,
    *,
    expire: bool = True,
    shut: Sequence[str] = (),
    room: Callable[[Any], bool] = lambda _row: True,
    below: int = EVERY,
    suspects: bool = True,
) -> list[Claimed]:
    """Take up to `limit` rows for a worker, most urgent first. Other workers' rows are skipped, not waited for.

    `expire`: first take back what workers that died had claimed; once a second is often enough. `shut`: kinds of call
    (`kind_of`) that no platform takes just now; their rows stay in line, as do those for which there is no `room`, and
    those whose rank is not `below`. `suspects`: those over which a worker died may be taken as well.
    """
    if expire:
        take_back(connection, now)
    asked = {"now": now, "platforms": list(platforms), "most": limit, "shut": list(shut), "below": below}
    asked["deaths"] = QUARANTINE_DEATHS if suspects else 0
    lines = (connection.execute(_CLAIM, asked | {"waiting": state}).mappings().all() for state in CLAIMABLE)
    claimed = []
    for row in islice(filter(room, merge(*lines, key=itemgetter("rank", "turn", "seq", "id"))), limit):
        until = now + LEASE
        connection.execute(
            update(outbox)
            .where(outbox.c.id == row["id"])
            .values(state="claimed", fence=row["fence"] + 1, lease_until=until)
        )
        claimed.append(_claimed(connection, row, row["fence"] + 1, until))
    return claimed


def kind_of(platform: str, op: str, *, edit: bool = False, broadcast: bool = False, customer: bool = False) -> str:
    """What kind of call a row is.

    Its platform, what is done, whether to something on screen, whether it may wait longest, and whether it is a
    customer's first.
    """
    return f"{platform}/{op}{'+' * edit}{'*' * broadcast}{'!' * (customer and not edit)}"


def _claimed(connection: Connection, row: Any, fence: int, until: datetime) -> Claimed:
    place = Place(row["platform"], row["kind"], row["address"])
    body = row["body"]
    return Claimed(
        id=row["id"],
        key=row["key"],
        place=place,
        op=row["op"],
        card=unpack(body["card"]) if body["card"] else None,
        text=body["text"],
        args=tuple(body["args"]),
        address=_address(connection, row),
        message_id=row["message_id"],
        message_at=row["message_at"],
        target_id=_message_of(connection, row["needs"]),
        thread_id=_message_of(connection, row["thread"]),
        nonce=row["nonce"],
        revision=row["revision"],
        attempts=row["attempts"],
        fence=fence,
        lease_until=until,
        audience=row["audience"],
        incident=row["incident"],
        approval=row["approval"],
        written_at=row["created_at"],
        rank=row["rank"],
        digest=hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest(),
    )


def _message_of(connection: Connection, key: str) -> str:
    if not key:
        return ""
    return connection.execute(select(outbox.c.message_id).where(outbox.c.key == key)).scalar() or ""


def _address(connection: Connection, row: Any) -> str:
    """The platform's own id of the place, "" where only the carrier knows it."""
    if row["kind"] == "room" and row["op"] != "open":
        query = select(rooms.c.address).where(rooms.c.platform == row["platform"], rooms.c.incident == row["incident"])
        return connection.execute(query).scalar() or ""
    if row["kind"] == "incidents" or row["op"] == "open":
        query = select(setting_rows.c.value).where(setting_rows.c.name == f"{row['platform']}.incidents")
        return connection.execute(query).scalar() or ""
    address: str = row["address"]
    return address


def take_back(connection: Connection, now: datetime) -> list[str]:
    """Leases that ran out: claimed goes back; sending may have arrived, so it is unknown; three deaths are quarantine.

    Returns the keys of customers' posts that were quarantined.
    """
    connection.execute(_OVER, {"now": now})
    poisoned = connection.execute(_POISON).all()
    connection.execute(_LOST, {"now": now})
    return [row.key for row in poisoned if row.audience == "customer"]


def start(connection: Connection, now: datetime, row: Claimed) -> bool:
    """Commit the attempt before the bytes leave. False: the lease or the fence is gone, or a person stopped it."""
    done = connection.execute(
        update(outbox)
        .where(
            outbox.c.id == row.id,
            outbox.c.fence == row.fence,
            outbox.c.state == "claimed",
            outbox.c.lease_until > now,
            outbox.c.due.is_not(None),
        )
        .values(state="sending", attempts=outbox.c.attempts + 1, lease_until=now + LEASE)
    )
    if done.rowcount != 1:
        return False
    connection.execute(
        insert(attempts).values(
            post=row.id,
            fence=row.fence,
            revision=row.revision,
            digest=row.digest,
            started_at=now,
            outcome="",
            detail="",
        )
    )
    return True


def give_back(connection: Connection, row: Claimed, due: datetime) -> None:
    """Return a claimed row unsent, to be claimed again from `due` on."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id == row.id, outbox.c.fence == row.fence, outbox.c.state == "claimed")
        .values(state="pending", due=due, lease_until=None)
    )


def finish(connection: Connection, now: datetime, row: Claimed, outcome: Outcome) -> bool:
    """Write down what came of an attempt; whether the row took it (a late result still counts if it arrived)."""
    # the row before its attempt, as `arrived` does: the other way round they would wait for each other
    current = connection.execute(select(outbox).where(outbox.c.id == row.id).with_for_update()).mappings().one()
    heard = _heard(connection, row.id, row.fence)
    connection.execute(
        update(attempts)
        .where(attempts.c.post == row.id, attempts.c.fence == row.fence)
        .values(finished_at=now, outcome=type(outcome).__name__.lower(), detail=getattr(outcome, "reason", ""))
    )
    mine = current["fence"] == row.fence and current["state"] == "sending"
    late = isinstance(outcome, Sent) and (current["state"] in ("unknown", "sending") or _never_shown(current))
    if not mine and not late:
        return False
    if isinstance(outcome, Unknown):
        outcome = heard or outcome
    values = _after(current, row, outcome, now)
    connection.execute(update(outbox).where(outbox.c.id == row.id).values(lease_until=None, **values))
    return True


def _never_shown(current: Any) -> bool:
    """Waiting for its first showing: a late word that an earlier attempt arrived keeps it from being shown twice."""
    return bool(current["message_id"] == "" and current["state"] != "sent")


def _after(current: Any, row: Claimed, outcome: Outcome, now: datetime) -> dict[str, Any]:
    match outcome:
        case Sent(id=message, at=at, link=link):
            newer = current["revision"] > row.revision
            return {
                "state": "pending" if newer else "sent",
                "shown": row.revision,
                "message_id": message or row.message_id,
                "message_at": at or row.message_at,
                "link": link or current["link"],
                "error": "",
                "sent_at": now,
                "due": now,
                "attempts": 0 if newer else current["attempts"],
                "deaths": 0,
            }
        case Retry(reason=reason, after=after):
            if current["error"] == STOPPED:
                return {"state": "pending", "error": "", "due": None}
            wait = next_try(current["attempts"]) if after is None else after
            if wait is None:
                return {"state": "dead", "error": f"{reason}; given up after {current['attempts']} tries"}
            tries = current["attempts"] - (after is not None)  # being asked to wait is no failure of the post
            return {"state": "retry", "error": reason, "due": now + timedelta(seconds=wait), "attempts": tries}
        case Unknown(reason=reason):
            return {"state": "unknown", "error": reason, "due": now + LEASE}
        case Dead(reason=reason):
            return {"state": "dead", "error": reason}
        case Held(reason=reason):
            return {"state": "held", "error": reason}


def unclear(connection: Connection, now: datetime, platforms: Sequence[str], limit: int) -> list[Claimed]:
    """Unknown rows whose time to be looked at has come; whoever looks has them for as long as a lease."""
    found = (
        connection.execute(
            select(outbox)
            .where(outbox.c.state == "unknown", outbox.c.due <= now, outbox.c.platform.in_(platforms))
            .order_by(outbox.c.due)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        .mappings()
        .all()
    )
    for row in found:
        connection.execute(update(outbox).where(outbox.c.id == row["id"]).values(due=now + LEASE))
    return [
        replace(_claimed(connection, row, row["fence"], now + LEASE), heard=_heard(connection, row["id"], row["fence"]))
        for row in found
    ]


def reconcile(connection: Connection, now: datetime, row: Claimed, found: Sent | None, again: bool) -> bool:
    """What a look at the platform showed of an unknown row: there it is, or (`again`) it is safe to send once more.

    Returns whether that still counted: a row that was settled or tried again meanwhile is left alone.
    """
    current = connection.execute(select(outbox).where(outbox.c.id == row.id).with_for_update()).mappings().one()
    if current["state"] != "unknown" or current["fence"] != row.fence:
        return False
    if found is not None:
        _on_screen(connection, now, current, found)
    elif again and current["deaths"] >= QUARANTINE_DEATHS:
        connection.execute(update(outbox).where(outbox.c.id == row.id).values(state="held", error=QUARANTINED))
    elif again:
        connection.execute(update(outbox).where(outbox.c.id == row.id).values(state="pending", due=now))
    else:
        connection.execute(update(outbox).where(outbox.c.id == row.id).values(due=now + LOOK_AGAIN))
    return True


def incident_of(connection: Connection, nonce: str) -> int | None:
    """The incident of the post that carries this opaque id; None if it has none, or there is no such post."""
    found: int | None = connection.execute(select(outbox.c.incident).where(outbox.c.nonce == nonce)).scalar()
    return found


def arrived(connection: Connection, now: datetime, nonce: str, found: Sent) -> PostState | None:
    """An echo of our own message reached us: it settles a row that nobody carries just now and that has no id yet.

    While the row is under way the echo is kept beside its attempt: it counts if the answer is lost, whoever carries it.
    Returns the post it settled, None where it settled nothing.
    """
    query = select(outbox).where(outbox.c.nonce == nonce).with_for_update()
    current = connection.execute(query).mappings().first()
    if current is None or not _never_shown(current):
        return None
    if current["state"] == "sending":
        mine = and_(attempts.c.post == current["id"], attempts.c.fence == current["fence"])
        kept = update(attempts).where(mine, attempts.c.finished_at.is_(None))
        connection.execute(kept.values(outcome=HEARD, detail=json.dumps([found.id, found.at])))
        return None
    _on_screen(connection, now, current, found)
    return state_of(current)


def _heard(connection: Connection, post: int, fence: int) -> Sent | None:
    """The echo of an attempt that came while it was under way."""
    query = select(attempts.c.detail).where(
        attempts.c.post == post, attempts.c.fence == fence, attempts.c.outcome == HEARD
    )
    detail = connection.execute(query.limit(1)).scalar()
    return Sent(*json.loads(detail)) if detail else None


def _on_screen(connection: Connection, now: datetime, current: Any, found: Sent) -> None:
    """Settle a row whose answer was lost; an edit written down since that attempt is still owed."""
    query = select(attempts.c.revision).where(attempts.c.post == current["id"]).order_by(attempts.c.fence.desc())
    tried = connection.execute(query.limit(1)).scalar() or current["revision"]
    connection.execute(
        update(outbox)
        .where(outbox.c.id == current["id"])
        .values(
            state="pending" if current["revision"] > tried else "sent",
            due=now,
            message_id=found.id or current["message_id"],
            message_at=found.at or current["message_at"],
            link=found.link or current["link"],
            sent_at=now,
            lease_until=None,
            error="",
            attempts=0 if current["revision"] > tried else current["attempts"],
            deaths=0,
            shown=tried,
        )
    )


def state_of(row: Any) -> PostState:
    """A row as handlers and operators see it."""
    return PostState(
        id=row["id"],
        key=row["key"],
        audience=row["audience"],
        place=Place(row["platform"], row["kind"], row["address"]),
        state=row["state"],
        attempts=row["attempts"],
        due=row["due"],
        error=row["error"],
        link=row["link"],
        sent_at=row["sent_at"],
        text=row["body"]["text"],
        op=row["op"],
        incident=row["incident"],
        approval=row["approval"],
        tried=row["fence"],
    )


def moved(connection: Connection, platform: str, old: str, new: str) -> None:
    """A channel has another id now: the house's own messages that stand there are edited there."""
    there = and_(outbox.c.platform == platform, outbox.c.message_at == old, outbox.c.audience == "internal")
    connection.execute(update(outbox).where(there).values(message_at=new))


def state_by_id(connection: Connection, number: int) -> PostState | None:
    """One post, by its number."""
    row = connection.execute(select(outbox).where(outbox.c.id == number)).mappings().first()
    return state_of(row) if row is not None else None


def state_of_key(connection: Connection, key: str) -> str:
    """The state of one post, by its key; nothing if there is none."""
    return connection.execute(select(outbox.c.state).where(outbox.c.key == key)).scalar() or ""


def states(connection: Connection, prefix: str, *wanted: str) -> list[PostState]:
    """Posts whose key starts so, in order; only those in the states `wanted`, if any are named."""
    query = select(outbox).where(_under(connection, prefix)).order_by(outbox.c.id)
    if wanted:
        query = query.where(outbox.c.state.in_(wanted))
    return [state_of(r) for r in connection.execute(query).mappings()]


def states_at(connection: Connection, place: Place, *wanted: str) -> list[PostState]:
    """Posts meant for one place, in order, in the states `wanted`."""
    query = select(outbox).where(outbox.c.lane == place.lane, outbox.c.state.in_(wanted)).order_by(outbox.c.id)
    return [state_of(r) for r in connection.execute(query).mappings()]


def on_screen(connection: Connection, platform: str, message: str, incident: int) -> Card | None:
    """The card of one of our own messages about this incident, by the platform's id of it."""
    query = select(outbox.c.body).where(
        outbox.c.incident == incident,
        outbox.c.platform == platform,
        outbox.c.message_id == message,
        outbox.c.audience == "internal",
    )
    body = connection.execute(query.limit(1)).scalar()
    card = unpack(body["card"]) if body and body["card"] else None
    return card if isinstance(card, Card) else None


def threads(connection: Connection, incidents: Sequence[int], channel: str = "") -> dict[str, str]:
    """By customer channel (`contoso/slack:C0123`), the key of the first post about these incidents that may be there.

    What never arrived for certain begins no thread.
    """
    query = select(outbox.c.key).where(
        outbox.c.incident.in_(incidents),
        outbox.c.audience == "customer",
        outbox.c.thread == "",
        or_(outbox.c.state != "dead", outbox.c.message_id != ""),
    )
    if channel:
        platform, _, address = channel.partition("/")[2].partition(":")
        lane = Place(platform, "channel", address).lane  # found by its index: a correction asks for each customer
        query = query.where(outbox.c.lane == lane, outbox.c.key.endswith(f"/{channel}", autoescape=True))
    found: dict[str, str] = {}
    for key in connection.execute(query.order_by(outbox.c.id)).scalars():
        found.setdefault(key.partition("/")[2], key)
    return found


def tally(connection: Connection, prefix: str) -> dict[str, int]:
    """How many customer posts under this key prefix are in each state; `waiting` are written down but not let go."""
    mine = and_(_under(connection, prefix), outbox.c.audience == "customer", outbox.c.state.in_(STATES))
    query = select(outbox.c.state, func.count(), func.count(outbox.c.due)).where(mine).group_by(outbox.c.state)
    found: dict[str, int] = {}
    for state, count, let_go in connection.execute(query):
        waiting = count - let_go if state == "pending" else 0
        found |= {name: n for name, n in ((state, count - waiting), ("waiting", waiting)) if n}
    return found


def _under(connection: Connection, prefix: str) -> Any:
    """Keys that start so. SQLite finds a range by its index; its LIKE would read every row, and fold capitals."""
    if connection.dialect.name == "sqlite" and prefix:
        return and_(outbox.c.key >= prefix, outbox.c.key < prefix[:-1] + chr(ord(prefix[-1]) + 1))
    return outbox.c.key.startswith(prefix, autoescape=True)


def all_states(connection: Connection, wanted: Sequence[str] = (), limit: int | None = None) -> list[PostState]:
    """The outbox, or rows in these states, in order; with `limit` only so many of the newest."""
    query = select(outbox).order_by(outbox.c.id.desc()).limit(limit)
    if wanted:
        query = query.where(outbox.c.state.in_(wanted))
    return [state_of(r) for r in connection.execute(query).mappings()][::-1]


def as_json(post: PostState) -> dict[str, object]:
    """A post as `amends outbox list --json` prints it."""
    return {
        "id": post.id,
        "key": post.key,
        "audience": post.audience,
        "destination": f"{post.place.platform} {post.place.kind} {post.place.address}".rstrip(),
        "state": post.state,
        "attempts": post.attempts,
        "due": post.due.strftime("%Y-%m-%dT%H:%M:%SZ") if post.due else None,
        "error": post.error,
    }


def moving(connection: Connection, now: datetime) -> int:
    """How many posts could go now or are under way."""
    under_way = select(func.count()).where(outbox.c.state.in_(("claimed", "sending")))
    ready = connection.execute(_READY, {"now": now}).scalar_one()
    return int(connection.execute(under_way).scalar_one() + ready)


def settle(connection: Connection, now: datetime, number: int, verdict: str, tried: int = 0) -> PostState:
    """A person's word on a post: `arrived`, `again`, `drop`; or `look`: it is looked for at once.

    Refused where the row does not wait for one, or where it was asked of another attempt than this one (`tried`).
    """
    row = connection.execute(select(outbox).where(outbox.c.id == number).with_for_update()).mappings().first()
    if row is None:
        message = NOTHING_WAITS.format(number)
        raise Refused(message)
    state = state_of(row)
    if row["state"] not in (("unknown",) if verdict == "look" else ("unknown", "held", "dead")):
        message = NOTHING_WAITS.format(number)
        raise Refused(message)
    if tried and tried != row["fence"]:
        message = TRIED_SINCE.format(number)
        raise Refused(message)
    verdicts: dict[str, dict[str, Any]] = {
        "arrived": {"state": "sent", "sent_at": now, "error": "a person saw it arrive"} | _owed(connection, row, now),
        "again": {"state": "pending", "due": now, "attempts": 0, "deaths": 0, "error": ""},
        "drop": {"state": "dead", "error": DROPPED},
        "look": {"state": "unknown", "due": now, "error": row["error"]},
    }
    values = verdicts[verdict]
    if verdict == "arrived" and row["platform"] in LETTERS and not row["message_id"]:
        values["message_id"] = row["nonce"]  # the id we gave it: what follows goes into its thread
    connection.execute(update(outbox).where(outbox.c.id == number).values(**values))
    if verdict == "again":  # what belongs to it
        orphans = and_(outbox.c.state == "dead", outbox.c.error == ORPHANED + row["key"])
        connection.execute(update(outbox).where(orphans).values(state="pending", due=now, attempts=0, error=""))
    return replace(state, state=values["state"], error=values["error"])


def _owed(connection: Connection, row: Any, now: datetime) -> dict[str, Any]:
    """What a post that arrived is still owed: other words written down since (a correction, a notice) go out now."""
    query = select(attempts.c.revision).where(attempts.c.post == row["id"]).order_by(attempts.c.fence.desc())
    tried = connection.execute(query.limit(1)).scalar()
    if tried is None or row["revision"] <= tried:
        return {}
    return {"state": "pending", "due": now, "attempts": 0, "error": ""}


def release(connection: Connection, now: datetime, keys: Sequence[str]) -> None:
    """Let held-back posts go. One that waits because a platform asked for it goes on waiting."""
    for start in range(0, len(keys), BATCH):
        named = outbox.c.key.in_(keys[start : start + BATCH])
        held_back = and_(named, outbox.c.state == "pending", outbox.c.due.is_(None))
        columns = (func.min(outbox.c.id), func.min(outbox.c.rank), func.min(outbox.c.incident))
        first, rank, incident = connection.execute(select(*columns).where(held_back)).one()
        if first is not None:  # all of one incident: in their own order, from its next turn on
            turn = _Turns(connection).next(rank, incident)
            connection.execute(update(outbox).where(held_back).values(due=now, turn=outbox.c.id - first + turn))
        under_way = and_(named, outbox.c.state == "sending", outbox.c.error == STOPPED)
        connection.execute(update(outbox).where(under_way).values(error=""))


def halt(connection: Connection, prefix: str) -> int:
    """Hold back what has not left under this prefix; a row on its way goes through, or is not tried again."""
    shows = or_(outbox.c.message_id == "", outbox.c.platform.in_(LETTERS))  # an edit is let through, a second mail not
    first = and_(_under(connection, prefix), shows)
    done = connection.execute(
        update(outbox)
        .where(first, outbox.c.state.in_(("pending", "retry", "claimed")))
        .values(due=None, state="pending", lease_until=None)
    )
    connection.execute(update(outbox).where(first, outbox.c.state == "sending").values(error=STOPPED))
    return done.rowcount


def bury(connection: Connection, now: datetime) -> list[str]:
    """Posts whose `needs` is dead, gone, or on screen under an id nobody knows are dead, with that reason.

    A room is closed all the same: its farewell is a courtesy. Returns the keys of customers' posts that died.
    """
    needed = outbox.alias("needed")
    can_come = exists(
        select(needed.c.id).where(
            needed.c.key == outbox.c.needs,
            or_(needed.c.message_id != "", needed.c.state.not_in(("dead", "sent"))),
        )
    )
    orphans = and_(outbox.c.state.in_(CLAIMABLE), outbox.c.needs != "", outbox.c.due <= now, ~can_come)
    connection.execute(update(outbox).where(orphans, outbox.c.op == "close").values(needs=""))
    died = update(outbox).where(orphans).values(state="dead", error=ORPHANED + outbox.c.needs)
    rows = connection.execute(died.returning(outbox.c.key, outbox.c.audience)).all()
    return [row.key for row in rows if row.audience == "customer"]


def overdue(connection: Connection, now: datetime) -> int:
    """How many posts were due over 60 s ago and are neither sent nor held: the auditor's question.

    What stands behind a post that waits for a person waits for that person, who was asked; and a broadcast that takes
    longer than a minute is not late while its platform goes on taking posts. What is tried in vain again and again is
    late, whenever its next try is due.
    """
    late = now - LATE
    needed = outbox.alias("needed")
    # once, and not for each late post: ten thousand to one place took SQLite a minute, while nothing else was written
    stuck = (
        select(outbox.c.lane, func.min(outbox.c.seq).label("seq"))
        .where(outbox.c.state.in_(("unknown", "held")), outbox.c.audience == "customer")
        .group_by(outbox.c.lane)
        .cte("stuck")
    )
    asked = or_(
        exists(select(stuck.c.lane).where(stuck.c.lane == outbox.c.lane, stuck.c.seq <= outbox.c.seq)),
        exists(
            select(needed.c.id).where(needed.c.key == outbox.c.needs, needed.c.state.in_(("unknown", "held"))),
        ),
    )
    newest = select(func.coalesce(func.max(attempts.c.id), 0)).scalar_subquery()
    moving = select(outbox.c.platform).join(attempts, attempts.c.post == outbox.c.id)
    moving = moving.where(attempts.c.id > newest - RECENT, attempts.c.started_at > late, attempts.c.outcome == "sent")
    platforms = list(connection.execute(moving.distinct()).scalars())
    in_line = and_(outbox.c.rank >= BROADCAST, outbox.c.platform.in_(platforms))
    in_vain = and_(outbox.c.state == "retry", outbox.c.attempts >= LATE_TRIES)
    query = select(func.count()).where(or_(outbox.c.due < late, in_vain), outbox.c.state.in_(WAITING), ~in_line, ~asked)
    return connection.execute(query.where(~outbox.c.key.startswith(AUDITOR))).scalar_one()


def heard(connection: Connection, platform: str) -> datetime | None:
    """When a platform last took a post of any replica's; None if it never did."""
    query = select(func.max(outbox.c.sent_at)).where(outbox.c.platform == platform, outbox.c.state == "sent")
    found: datetime | None = connection.execute(query).scalar_one()
    return found


def reasons(connection: Connection, state: str, limit: int = 5) -> list[tuple[str, int]]:
    """Why posts are in a state, the most frequent reason first, with how many there are of each."""
    count = func.count()
    query = select(outbox.c.error, count).where(outbox.c.state == state).group_by(outbox.c.error)
    return [(str(error), int(n)) for error, n in connection.execute(query.order_by(count.desc()).limit(limit))]


def quarantined(connection: Connection) -> int:
    """How many posts wait for a person because workers died over them."""
    query = select(func.count()).where(outbox.c.state == "held", outbox.c.error == QUARANTINED)
    return connection.execute(query).scalar_one()


def counts(connection: Connection) -> dict[str, int]:
    """How many rows are in each state."""
    query = select(outbox.c.state, func.count()).group_by(outbox.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def hold_customer_posts(connection: Connection) -> int:
    """After a restore: every customer post that was not settled waits for a person."""
    done = connection.execute(
        update(outbox)
        .where(outbox.c.audience == "customer", outbox.c.state.not_in(("sent", "dead", "held")))
        .values(state="held", error="restored from a backup: check whether it arrived before sending")
    )
    return done.rowcount
