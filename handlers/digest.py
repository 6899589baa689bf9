"""What is said by the calendar: each person's day, each team's, and the week in the incidents channel."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers import channels
from handlers.afterwards import owed
from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Line, Reply, Span, Strong, Text, line, small
from handlers.commands import Notify
from handlers.context import Context
from handlers.domain.apology import Promise
from handlers.domain.delivery import BROADCAST, Place, Post
from handlers.domain.errors import Refused
from handlers.domain.hours import WEEKDAYS, next_time, parse_clock, parse_hours
from handlers.domain.incident import OPEN, Incident, KeptBack, Preference, Review, Round
from handlers.domain.people import Person
from handlers.domain.permit import must
from handlers.domain.policy import Team
from handlers.domain.relay import Relay
from handlers.due import Due
from handlers.mine import Item, Open, as_, drawn, gather, waiting
from handlers.nudge import OFF, nudge, quiet_of, zone_of
from handlers.rooms import standing

WORKDAYS = frozenset(range(5))
"""A digest comes Monday to Friday."""
WEEK = timedelta(days=7)
DAILY = "digest"
WEEKLY = "weekly"


def _rules(book: Book) -> dict[str, str]:
    """What comes round, and when by the policy that holds now."""
    policy = book.catalog.policy.digest
    return {DAILY: policy.at, WEEKLY: policy.weekly}


def _seen(book: Book) -> list[Round]:
    """What comes round now, or has another time than the policy says: an edit of it counts at the next tick."""
    known = {row.name: row for row in book.find(Round)}
    rows = [(known.get(name) or Round(name, None, ""), rule) for name, rule in _rules(book).items()]
    return [row for row, rule in rows if row.rule != rule or (row.due_at is not None and row.due_at <= book.now)]


def _due_round(row: Round, ctx: Context, book: Book) -> None:
    """The house's morning, or the week. After downtime each is said once."""
    found = book.get(Round, row.name)
    if found is None:
        book.number(f"round-{row.name}")  # one replica at a time gets here
        found = book.get(Round, row.name)
    rule = _rules(book)[row.name]
    following = _next_round(ctx, rule)
    if found is None or found.rule != rule:
        book.put(Round(row.name, following, rule))
        return
    if found.due_at is None or found.due_at > ctx.now:
        return  # another replica said it
    book.put(replace(found, due_at=following))
    (_mornings if row.name == DAILY else _week)(book, ctx)


def _next_round(ctx: Context, rule: str) -> datetime | None:
    """The next instant (UTC) of `09:00` on a working day, or of `monday 09:00`; None where nothing is said."""
    day, _, hour = rule.rpartition(" ")
    clock = parse_clock(hour) if hour != OFF else None
    days = frozenset((WEEKDAYS.index(day),)) if day else WORKDAYS
    return None if clock is None else next_time(ctx.now, clock, ctx.zone, days)


def _due_morning(row: Preference, ctx: Context, book: Book) -> None:
    """The morning of somebody who has one of their own."""
    book.put(replace(row, digest_at=_next_own(ctx, row)))
    person = book.person(row.person)
    if person is not None:
        _say(book, ctx, person, gather(book, person.key))


ROUNDS: Due[Round] = Due("rounds", Round, "due_at", _due_round, seen=_seen)
MORNINGS: Due[Preference] = Due("mornings", Preference, "digest_at", _due_morning)


def _next_own(ctx: Context, row: Preference) -> datetime | None:
    clock = parse_clock(row.digest) if row.digest not in ("", OFF) else None
    return None if clock is None else next_time(ctx.now, clock, zone_of(ctx, row), WORKDAYS)


def _mornings(book: Book, ctx: Context) -> None:
    """Everybody for whom something waits and who has no morning of their own; then the teams."""
    everything = gather(book)
    for person in _people(book, everything):
        preference = book.get(Preference, person.key)
        if preference is None or not preference.digest:
            _say(book, ctx, person, everything)
    for team in book.catalog.policy.digest.teams:
        _say_team(book, ctx, team, everything)


def _people(book: Book, everything: Open) -> list[Person]:
    """Whom something may wait for: owners, holders of roles, and everybody the catalog gives a role."""
    keys = {p.email.lower() for p in book.catalog.people if p.email and p.roles}
    keys |= {t.owner for t in everything.tasks} | {p.owner for p in everything.promises}
    keys |= {h.to for h in everything.handovers} | {p.person for p in everything.pings}
    keys |= {w.by for w in everything.waivers} | {r.owner for r in everything.reviews}
    about = {r.incident for r in everything.proposals} | {n for a in everything.submitted for n in a.incidents}
    about |= {r.incident for r in everything.owed}
    for number in about:
        incident = book.get(Incident, number)
        keys |= {holder for _, holder in incident.roles} if incident is not None else set()
    found = {p.key: p for k in sorted(keys) if k and (p := book.person(k)) is not None and p.colleague}
    return list(found.values())


def _say(book: Book, ctx: Context, person: Person, everything: Open) -> None:
    items = waiting(book, as_(ctx, person), everything)
    if not items:
        return
    late = sum(i.late(ctx.now) for i in items)
    head = f"Your day: {len(items)} thing{'s' * (len(items) != 1)} wait{'s' * (len(items) == 1)} for you"
    tail = f", {late} late" if late else ""
    card = Card(head + tail, tuple(drawn(items, ctx)), "warning" if late else "plain")
    nudge(book, ctx, person, f"digest/{ctx.now:%Y%m%d}/{person.key}", card, BROADCAST)


def _say_team(book: Book, ctx: Context, team: Team, everything: Open) -> None:
    """What waits for a team, in its channel: nothing of a private incident, and never in a customer's channel."""
    members = [p for q in book.catalog.people_with(team.role) if (p := book.person(q.email or q.name)) is not None]
    rows: dict[tuple[str, str, str], tuple[Item, list[str]]] = {}
    for person in members:
        for item in waiting(book, as_(ctx, person), everything):
            if item.kind in ("reminder", "approval") or not all(_is_open(book, n) for n in item.incidents):
                continue
            rows.setdefault((item.kind, item.name, item.words), (item, []))[1].append(person.name)
    if not rows:
        return
    items = tuple(
        (Strong(i.name), Text(f" {i.words} ({', '.join(who)})"), Text(", late" if i.late(ctx.now) else ""))
        for i, who in list(rows.values())[:30]
    )
    card = Card(f"{team.name}: {len(rows)} open", (Bullets(items),))
    for platform, address in (("slack", team.slack), ("teams", team.teams)):
        if address and platform in ctx.platforms and channels.owner_of(book, platform, address) is None:
            key = f"digest/{ctx.now:%Y%m%d}/team-{team.role}@{platform}"
            book.send(Post(key, Place(platform, "thread", address), card=card, rank=BROADCAST))


def _is_open(book: Book, number: int) -> bool:
    incident = book.get(Incident, number)
    return incident is not None and not incident.private


def _week(book: Book, ctx: Context) -> None:
    """The week in the incidents channel: numbers, what is still open, what customers still wait for."""
    since = ctx.now - WEEK
    recent = [i for i in book.search(since=since, limit=500) if not i.drill and not i.private]
    running = [i for i in book.search(statuses=OPEN, limit=20) if not i.drill and not i.private]
    by = Counter(i.severity for i in recent)
    told = ", ".join(f"{n} {s.upper()}" for s, n in sorted(by.items())) or "none"
    resolved = sum(i.resolved_at is not None and i.resolved_at >= since for i in recent)
    blocks: list[Block] = [line(f"Declared in seven days: {told}. Resolved of these: {resolved}.")]
    rows: list[tuple[Span, ...]] = [
        (Strong(i.name), Text(f" {i.title}: {i.severity.upper()}, {i.status}")) for i in running
    ]
    rows += [
        (Strong(i.name), Text(f" {i.title}: no apology yet" + (", late" if row.due_at <= ctx.now else "")))
        for row in owed(book)
        if (i := book.get(Incident, row.incident)) is not None and not i.private
    ]
    promised = [p for p in book.find(Promise, state=("open", "late")) if _is_open(book, p.incident)]
    late = sum(p.state == "late" for p in promised)
    if rows:
        blocks += [Line((Strong("Still open"),)), Bullets(tuple(rows[:20]))]
    untold = len(book.find(Relay, state="released"))
    blocks.append(line(f"Promises to customers: {len(promised)} open, {late} of them late. Still to tell: {untold}."))
    old = sum(r.ping_at is not None and r.due_at <= ctx.now for r in book.find(Review))
    if old:
        blocks.append(line(f"Parts of the catalog that nobody has looked through in time: {old}."))
    blocks.append(Buttons((Button("Open incidents", "list open"), Button("What waits for me", "list mine"))))
    card = Card("The week", tuple(blocks), "warning" if late else "plain")
    for platform in ctx.platforms:
        key = f"weekly/{ctx.now:%Y%m%d}@{platform}"
        book.send(Post(key, Place(platform, "incidents"), card=card, rank=BROADCAST))


def notify(command: Notify, ctx: Context, book: Book) -> Reply:
    """One's own quiet hours and morning; without a change it shows them."""
    must("act", standing(book, ctx))
    row = book.get(Preference, ctx.actor.key) or Preference(ctx.actor.key)
    if not command.what:
        return Reply(_settings(book, ctx, row))
    zone = command.zone or row.zone
    value = "" if command.value == "default" else command.value
    if command.what == "quiet":
        if value not in ("", OFF):
            hours = parse_hours(value)
            if hours is None:
                raise Refused(
                    f"“{value}” are no hours. Say `notify quiet 22:00-07:00`, `off` or `default`. Nothing was changed."
                )
            value = str(hours)
        row = replace(row, quiet=value, zone=zone)
    else:
        if value not in ("", OFF):
            clock = parse_clock(value)
            if clock is None:
                raise Refused(
                    f"“{value}” is no time of day. Say `notify digest 09:00`, `off` or `default`. Nothing was changed."
                )
            value = f"{clock:%H:%M}"
        row = replace(row, digest=value, zone=zone)
    row = replace(row, digest_at=_next_own(ctx, row))
    book.put(row)
    hours = quiet_of(book, row)
    until = hours.until(ctx.now, zone_of(ctx, row)) if hours is not None else None
    for kept in book.find(KeptBack, person=ctx.actor.key, said_at=None):  # what waits, waits by the new hours
        book.put(replace(kept, due_at=until or ctx.now))
    return Reply(_settings(book, ctx, row), changed=True)


def _settings(book: Book, ctx: Context, row: Preference) -> Card:
    hours, zone = quiet_of(book, row), zone_of(ctx, row)
    own = "your own" if row.quiet else "the house’s"
    quiet = f"Quiet from {hours.start:%H:%M} to {hours.end:%H:%M} ({own})" if hours else f"No quiet hours ({own})"
    at = row.digest or book.catalog.policy.digest.at
    morning = "No daily list" if at == OFF else f"Daily list at {at}, Monday to Friday"
    rules: Sequence[Block] = (
        line(f"{quiet}. {morning}. Your clock: {zone.key}."),
        small("A running SEV1 or SEV2 breaks through; everything else waits and comes in one message."),
        small("`notify quiet 22:00-07:00 Europe/Berlin`, `notify digest 08:30`; `off` or `default` instead of a time."),
    )
    return Card("What I tell you, and when", tuple(rules))
