"""Who is on call for what: invited and paged the moment an incident hits their services with their severities.

The step `on-call` of the escalation (handlers.remind) calls by the same rules.
"""

from handlers.book import Book
from handlers.card import Bullets, Button, Buttons, Card, Reply, Strong, Text, line
from handlers.commands import ShowPeople
from handlers.context import Context
from handlers.domain.delivery import PAGE
from handlers.domain.incident import Incident, Member
from handlers.domain.people import Person
from handlers.domain.policy import OnCall
from handlers.rooms import enter, incident_of, say_to, tell
from handlers.say import incident as say


def invite(book: Book, ctx: Context, incident: Incident) -> list[Person]:
    """Bring in whoever the policy has on call and who was never in; who leaves is not called back.

    Nobody is brought into a private incident: its members choose.
    """
    if incident.private:
        return []
    came: list[Person] = []
    for rule in rules(book, incident):
        for email in rule.people:
            person = book.person(email)
            if person is None or not person.colleague or book.get(Member, incident.number, person.key) is not None:
                continue
            enter(book, ctx, incident, person)
            came.append(person)
            for_ = rule.name or "this"
            tell(book, ctx, incident, "joined", f"called {person.name}, on call for {for_}")
            _page(book, ctx, incident, person, for_)
    return came


def rules(book: Book, incident: Incident) -> list[OnCall]:
    """The policy's rules that mean this incident as it stands."""
    return [rule for rule in book.catalog.policy.on_call if hits(book, incident, rule)]


def hits(book: Book, incident: Incident, rule: OnCall) -> bool:
    """Whether a rule means this incident: a hit part calls those of the whole, and a hit whole those of its parts."""
    if rule.severities and incident.severity not in rule.severities:
        return False
    if not rule.services:
        return True
    hit = {k for s in incident.services for k in (s, *book.catalog.wholes(s), *book.catalog.parts(s))}
    return bool(hit & set(rule.services))


def _page(book: Book, ctx: Context, incident: Incident, person: Person, for_: str) -> None:
    if person.key == ctx.actor.key:
        return
    card = Card(
        say.head(incident),
        (
            line(f"You are on call for {for_}: {incident.severity.upper()}, "
                 f"{say.services(incident, book.catalog)}, {say.region(incident, book.catalog)}. You are in."),
            Buttons((Button("Show", f"show {incident.number}", "primary"),
                     Button("Take command", f"role {incident.number} commander <@{person.slack or person.teams}>"),
                     Button("Leave", f"leave {incident.number}"))),
        ),
        say.tone(incident),
    )  # fmt: skip
    # whoever is on call is called, whatever their quiet hours
    say_to(book, ctx, person, f"inc-{incident.number}/oncall/{person.key}", card, PAGE, incident.number)


def who_is_in(command: ShowPeople, ctx: Context, book: Book) -> Reply:
    """Who is in, since when, in which role; and who was."""
    incident = incident_of(book, ctx, command.incident)
    members = sorted(book.find(Member, incident=incident.number), key=lambda m: m.joined_at)
    rows = []
    for member in members:
        roles = ", ".join(r for r, p in incident.roles if p == member.person)
        since = ctx.now - member.joined_at
        if member.left_at is None:
            words = f"{f' ({roles})' if roles else ''}, in for {say.span_words(since)}, since "
            rows.append((Strong(member.name), Text(words), say.moment(member.joined_at, ctx.zone.key)))
    gone = [m.name for m in members if m.left_at is not None]
    blocks = [Bullets(tuple(rows[:40])) if rows else line("Nobody is in.")]
    more = [line(f"Was in: {', '.join(gone[:20])}.")] if gone else []
    n = incident.number
    join = Buttons((Button("Join", f"join {n}"), Button("Hand over", f"handover {n}", form=True)))
    return Reply(Card(f"{say.head(incident)}: who is in", (*blocks, *more, join), say.tone(incident)))
