"""What the bot shows of an incident: headline, announcement, the lines said in its rooms, reminders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.card import (
    Block,
    Bullets,
    Button,
    Buttons,
    Card,
    Code,
    Fields,
    Line,
    Mention,
    Moment,
    Quote,
    RoomLink,
    Small,
    Span,
    Strong,
    Text,
    Tone,
    line,
    small,
)
from handlers.domain.catalog import Catalog
from handlers.domain.incident import Event, Incident, Room
from handlers.domain.people import Person

STATUS_WORDS = {
    "investigating": "Investigating",
    "identified": "Identified",
    "monitoring": "Monitoring",
    "resolved": "Resolved",
    "cancelled": "Cancelled",
    "merged": "Merged",
}
LONGEST_TOPIC = 250
"""Characters of a Slack channel topic."""
UPDATED = "posted an update"
SHORT_HEAD = 60
"""Characters of a title in a card's head."""


def head(incident: Incident) -> str:
    """How every answer begins: INC-7 Checkout down."""
    title = incident.title if len(incident.title) <= SHORT_HEAD else incident.title[: SHORT_HEAD - 1].rstrip() + "…"
    drill = "DRILL " if incident.drill else ""
    return f"{drill}{incident.name} {title}"


def tone(incident: Incident) -> Tone:
    """The colour of an incident's cards."""
    if incident.status == "resolved":
        return "good"
    if not incident.open:
        return "plain"
    return "danger" if incident.severity in ("sev1", "sev2") else "warning"


def services(incident: Incident, catalog: Catalog) -> str:
    """The affected services by name, or that none are named yet."""
    names = [s.name if (s := catalog.service(k)) else k for k in incident.services]
    return ", ".join(names) if names else "none named yet"


def region(incident: Incident, catalog: Catalog) -> str:
    """Where, in the catalog's words."""
    return catalog.region_name(incident.region) if incident.region else "every region"


def person(who: Person | None, fallback: str = "nobody yet", *, ping: bool = False) -> Span:
    """A person as a span."""
    return Text(fallback) if who is None else Mention(who.name, who.slack, who.teams, ping)


def clock(at: datetime, zone: str) -> Moment:
    """A clock time in the house's zone."""
    return Moment(at, zone)


def moment(at: datetime, zone: str) -> Moment:
    """A date and clock time in the house's zone."""
    return Moment(at, zone, "datetime")


def span_words(length: timedelta) -> str:
    """A length of time in words: 25 min, 2 h, 1 h 30 min, 3 days."""
    minutes = max(0, round(length.total_seconds() / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h" + (f" {rest} min" if rest else "")
    return f"{hours // 24} days"


def headline(
    incident: Incident,
    catalog: Catalog,
    people: Mapping[str, Person],
    zone: str,
    slack: Room | None,
    teams: Room | None,
    handed: Mapping[str, Person] | None = None,
) -> Card:
    """The live card at the top of a room. `handed`: by role, who was asked to take it over and has not answered."""
    asked = handed or {}

    def holder(role: str) -> tuple[Span, ...]:
        on_its_way = (Text(f", handing over to {asked[role].name}"),) if role in asked else ()
        return (person(people.get(incident.holder(role))), *on_its_way)

    assumed = " (assumed)" if incident.severity_assumed else ""
    pairs: list[tuple[str, tuple[Span, ...]]] = [
        ("Severity", (Strong(incident.severity.upper()), Text(assumed))),
        ("Status", (Text(STATUS_WORDS[incident.status]),)),
        ("Services", (Text(services(incident, catalog)),)),
        ("Region", (Text(region(incident, catalog)),)),
        ("Commander", holder("commander")),
    ]
    pairs += [(role.capitalize(), holder(role)) for role in ("deputy", "comms", "scribe") if incident.holder(role)]
    pairs.append(("Declared", (clock(incident.declared_at, zone),)))
    if incident.open:
        if incident.reminders_off:
            pairs.append(("Next update", (Text(f"reminders off: {incident.reminders_off}"),)))
        elif incident.next_update_at is not None:
            was: tuple[Span, ...] = (Text("overdue since "),) if overdue(incident) else ()
            pairs.append(("Next update", (*was, clock(incident.next_update_at, zone))))
        if incident.customer_update_at is not None:
            missed = incident.customer_reminded and incident.customer_ping_at != incident.customer_update_at
            late: tuple[Span, ...] = (Text("missed, was due "),) if missed else ()
            pairs.append(("Customers hear next", (*late, clock(incident.customer_update_at, zone))))
    elif incident.resolved_at is not None:
        pairs.append(("Resolved", (clock(incident.resolved_at, zone),)))
    blocks: list[Block] = [Fields(tuple(pairs[:10]))]
    if incident.last_update:
        blocks += [small("Latest update"), Quote(incident.last_update)]
    if incident.merged_into:
        blocks.append(line(f"This is part of INC-{incident.merged_into} now."))
    blocks.append(Buttons(tuple(_headline_buttons(incident))))
    notes = _quiet(incident, slack, teams)
    if notes:
        blocks.append(Small(notes))
    return Card(head(incident), tuple(blocks), tone(incident))


def _headline_buttons(incident: Incident) -> list[Button]:
    n = incident.number
    if incident.open:
        following = {"investigating": "identified", "identified": "monitoring"}.get(incident.status)
        found = [Button("Post update", f"update {n}", "primary", form=True)]
        if following:
            found.append(Button(STATUS_WORDS[following], f"status {n} {following}"))
        found += [
            Button("Severity", f"severity {n}", form=True),
            Button("Services", f"services {n}", form=True),
            Button(
                "Resolve",
                f"resolve {n}",
                "primary" if incident.status == "monitoring" else "plain",
                confirm="Is the impact over? This stops the reminders.",
            ),
        ]
        return found
    if incident.status == "resolved":
        return [
            Button("Recap", f"recap {n}", "primary", form=True),
            Button("Draft apology", f"apology draft {n}"),
            Button("Reopen", f"reopen {n}", form=True),
        ]
    return [Button("Timeline", f"timeline {n}")]


def _quiet(incident: Incident, slack: Room | None, teams: Room | None) -> tuple[Span, ...]:
    parts: list[Span] = []
    if incident.private:
        parts.append(Text("Private: members only. "))
    if incident.drill:
        parts.append(Text("Drill: nothing leaves the house. "))
    if slack and slack.address and teams and teams.address:
        parts.append(Text(f"One incident, two rooms: #{slack.name or slack.address} in Slack, a thread in Teams. "))
    parts += [Text(f"Not possible here: {lack}. ") for lack in incident.cannot]
    return tuple(parts)


def announcement(
    incident: Incident, catalog: Catalog, people: Mapping[str, Person], slack: Room | None, teams: Room | None
) -> Card:
    """The card in the incidents channel."""
    where: list[Span] = []
    if slack and slack.address:
        where = [Text("Room: "), RoomLink(f"#{slack.name}", slack.address, teams.link if teams else "")]
    buttons: tuple[Button, ...] = (Button("Show", f"show {incident.number}"),)
    if incident.open:
        buttons = (Button("Join", f"join {incident.number}", "primary"), *buttons)
    facts: tuple[tuple[str, tuple[Span, ...]], ...] = (
        ("Severity", (Strong(incident.severity.upper()),)),
        ("Status", (Text(STATUS_WORDS[incident.status]),)),
        ("Services", (Text(services(incident, catalog)),)),
        ("Commander", (person(people.get(incident.holder("commander"))),)),
    )
    blocks: list[Block] = [Fields(facts)]
    if where:
        blocks.append(Line(tuple(where)))
    blocks.append(Buttons(buttons))
    return Card(head(incident), tuple(blocks), tone(incident))


def topic(incident: Incident) -> str:
    """The room's topic line. No services: Slack says each change of a topic aloud, and the headline has them."""
    return f"{incident.severity.upper()} · {STATUS_WORDS[incident.status]} · {incident.title}"[:LONGEST_TOPIC]


def said(incident: Incident, who: Person, words: str) -> Card:
    """One line in the rooms: who changed what."""
    return Card("", (_did(incident, who, words),), tone(incident))


def _did(incident: Incident, who: Person, words: str) -> Line:
    """INC-7 Ana Silva did this: a room knows its incident's title, and need not read it at every step."""
    drill = "DRILL " if incident.drill else ""
    return Line((Strong(f"{drill}{incident.name}"), Text(" "), person(who), Text(f" {words}")))


def understood(incident: Incident, words: str, *more: Block) -> Card:
    """The private answer: the incident first, then what was understood."""
    return Card(head(incident), (line(words), *more), tone(incident))


def declared(
    incident: Incident,
    catalog: Catalog,
    storm: Sequence[Incident],
    *,
    waits: bool = False,
    called: Sequence[str] = (),
) -> Card:
    """The answer to declare: what was assumed, with buttons that put it right.

    `waits`: Teams knows no channel yet. `called`: who is on call for it, by name.
    """
    n = incident.number
    blocks: list[Block] = [
        line(
            "Declared ",
            Strong(incident.severity.upper()),
            ", services: ",
            Strong(services(incident, catalog)),
            f", {region(incident, catalog)}. You are commander. Rooms are opening.",
        )
    ]
    if called:
        blocks.append(line(f"On call, and called: {', '.join(called)}."))
    if incident.severity_assumed:
        blocks.append(line(f"Severity {incident.severity.upper()} is assumed. Right?"))
        blocks.append(Buttons(tuple(Button(s.upper(), f"severity {n} {s}") for s in ("sev1", "sev2", "sev3", "sev4"))))
    if incident.private:
        blocks += [
            line("It is private: members only, nothing was announced."),
            Buttons((Button("Make it open", f"private {n} off because it was a slip"),)),
        ]
    if incident.drill:
        blocks += [
            line("It is a drill: nothing leaves the house."),
            Buttons(
                (
                    Button(
                        "It is real",
                        f"cancel {n} because it is real",
                        confirm="This cancels the drill; then declare it.",
                    ),
                )
            ),
        ]
    if storm:
        blocks.append(line("Declared in the last ten minutes too. The same trouble? Then join and merge:"))
        blocks.append(Bullets(tuple((Code(i.name), Text(f" {i.title}")) for i in storm)))
        blocks.append(Buttons(tuple(Button(f"Join {i.name}", f"join {i.number}") for i in storm[:4])))
    if waits:
        blocks.append(line("Teams has no channel for incidents yet: say ", Code("@Amends here"), " in the one to use."))
    blocks.append(small("A slip? Say ", Code("undo"), " within two minutes."))
    return Card(head(incident), tuple(blocks), tone(incident))


def update(incident: Incident, who: Person, words: str, zone: str) -> Card:
    """A status update in the rooms."""
    blocks: list[Block] = [_did(incident, who, UPDATED), Quote(words)]
    if incident.next_update_at is not None:
        blocks.append(small("Next update due ", clock(incident.next_update_at, zone)))
    return Card("", tuple(blocks), tone(incident))


@dataclass(frozen=True, slots=True)
class Asked:
    """One step of a reminder: who is called, where, and how late it is."""

    called: tuple[Mention, ...]
    names: tuple[str, ...]
    channel: bool  # the escalation channel hears of it
    on_call: bool  # and whoever is on call
    late: timedelta  # since the update was due; negative: it is due so soon
    since: timedelta  # since the last word
    at: datetime  # when this step is said
    due: datetime
    first: bool  # the first step in the rooms: it calls people there
    zone: str


def overdue(incident: Incident) -> bool:
    """Whether an update was asked for a while after it was due, and nobody gave it since."""
    asked, due = incident.reminded_at, incident.next_update_at
    return bool(incident.reminded and asked and due and asked >= due + timedelta(minutes=1))


def reminder(incident: Incident, asked: Asked, *, to: Person | None = None) -> Card:
    """An update is due: what is asked, of whom, with buttons that do what they say.

    The card of a room ages where it stands, so it says clock times; `to` one person it is a message of its own, which
    says how long it has been, and why it comes to them.
    """
    due = clock(asked.due, asked.zone)
    ago = Text(f"The last word was {span_words(asked.since)} ago.")
    said: Line
    notes: list[Block] = []
    if asked.late < timedelta(0):
        said = Line((Text("An update is due at "), due, Text(". "), ago))
    elif asked.first:
        lateness = f" ({span_words(asked.late)} late)" if asked.late >= timedelta(minutes=1) else ""
        called: list[Span] = []
        for one in asked.called:
            called += [Text(", ")] * bool(called) + [one]
        said = Line((*(called or [Text("Whoever leads")]), Text(f": an update is due{lateness}. "), ago))
    elif to is not None:
        overdue_by = Strong(f"{span_words(asked.late)} overdue: ")
        said = Line((overdue_by, Text("an update was due at "), due, Text(", and nobody has answered. "), ago))
    else:
        spoke = clock(asked.at - asked.since, asked.zone)
        said = Line(
            (Strong("Overdue since "), due, Text(": nobody has answered. The last word was at "), spoke, Text("."))
        )
        if reached := reached_words(asked):
            notes = [small("Asked at ", clock(asked.at, asked.zone), f": {reached}.")]
    if to is not None:
        notes = [small(f"{incident.severity.upper()}, {incident.status}. {_why(incident, to)}")]
    last = [Quote(incident.last_update)] if incident.last_update else []
    tone_: Tone = "warning" if asked.late < timedelta(0) else "danger" if not asked.first else tone(incident)
    return Card(head(incident), (said, *last, *notes, *_reminder_buttons(incident)), tone_)


def _why(incident: Incident, to: Person) -> str:
    """Why a reminder comes to this person."""
    held = [role for role, holder in incident.roles if holder == to.key]
    return f"You are asked as {' and '.join(held)}." if held else "You are asked because you declared it."


def reached_words(asked: Asked) -> str:
    """Who is told by a step: Ana Silva, Ben Okafor, the escalation channel and whoever is on call."""
    found = [*asked.names]
    found += ["the escalation channel"] * asked.channel + ["whoever is on call"] * asked.on_call
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}" if found else ""


def step_words(asked: Asked, soon: bool) -> str:
    """What the timeline keeps of a step, with its reason."""
    who = reached_words(asked) or "nobody: no one holds a role"
    if soon:
        return f"reminded {who}: an update is due in {span_words(-asked.late)}"
    if asked.first:
        late = f", {span_words(asked.late)} late" if asked.late >= timedelta(minutes=1) else ""
        return f"reminded {who}: an update is due{late}"
    return f"asked {who}: the update is {span_words(asked.late)} overdue and nobody answered"


def _reminder_buttons(incident: Incident) -> tuple[Block, ...]:
    """The answers. They name the reminder they belong to, so that one of an earlier reminder never acts."""
    n, serial = incident.number, f"r{incident.reminded}"
    return (
        Buttons(
            (
                Button("Post update", f"update {n}", "primary", form=True),
                Button("On track", f"ontrack {n} {serial}"),
                Button("Hand over", f"handover {n}", form=True),
            )
        ),
        Buttons(
            (
                Button("Snooze 15", f"remind {n} snooze 15m {serial}"),
                Button("Snooze 30", f"remind {n} snooze 30m {serial}"),
                Button("Snooze 60", f"remind {n} snooze 1h {serial}"),
                Button("Stop because …", f"remind {n} off {serial}", form=True),
            )
        ),
    )


def escalated(incident: Incident, asked: Asked, roles: Sequence[tuple[str, Person]]) -> Card:
    """What the escalation channel reads: nobody answers; come in, or say how it stands."""
    n = incident.number
    facts: list[Span] = [
        Strong("Nobody answers. "),
        Text(f"{incident.severity.upper()}, {incident.status}: an update is overdue since "),
        clock(asked.due, asked.zone),
        Text(", the last word was at "),
        clock(asked.at - asked.since, asked.zone),
        Text("."),
    ]
    held = ", ".join(f"{p.name} ({role})" for role, p in roles)
    led = f"Asked before, without an answer: {held}." if held else ""
    last: list[Block] = [Quote(incident.last_update)] if incident.last_update else []
    row = (
        Button("Join", f"join {n}", "primary"),
        Button("Post update", f"update {n}", form=True),
        Button("Show", f"show {n}"),
    )
    return Card(head(incident), (Line(tuple(facts)), *last, *([small(led)] if led else []), Buttons(row)), "danger")


def answered(incident: Incident, who: Person, words: str, zone: str) -> Card:
    """A reminder that was answered: the same card on every platform, its buttons gone."""
    blocks: list[Block] = [_did(incident, who, words)]
    if words == UPDATED:  # the update itself is on screen, with when the next is due
        return Card("", tuple(blocks), tone(incident))
    if incident.open and incident.next_update_at is not None and not incident.reminders_off:
        blocks.append(small("Next update due ", clock(incident.next_update_at, zone)))
    return Card("", tuple(blocks), tone(incident))


def timeline(incident: Incident, events: Sequence[Event], zone: str, longest: int = 40) -> Card:
    """The story so far, oldest first; only the latest lines when it is long."""
    shown = events[-longest:]
    items = tuple((Moment(e.at, zone), Text(" "), Strong(e.name), Text(f" {e.words}")) for e in shown)
    blocks: list[Block] = []
    if len(events) > len(shown):
        blocks.append(small(f"The latest {len(shown)} of {len(events)} lines; the export has them all."))
    blocks.append(Bullets(items) if items else line("Nothing yet."))
    return Card(f"{head(incident)}: timeline", tuple(blocks), "plain")


def listing(title: str, incidents: Sequence[Incident], catalog: Catalog, zone: str) -> Card:
    """Incidents, newest first."""
    if not incidents:
        return Card(title, (line("None."),), "plain")
    items = tuple(
        (
            Strong(i.name),
            Text(f" {'(drill) ' if i.drill else ''}{i.title} · {i.severity.upper()} · {STATUS_WORDS[i.status]} · "),
            Text(f"{services(i, catalog)} · "),
            Moment(i.declared_at, zone, "datetime"),
        )
        for i in incidents
    )
    rows: list[Block] = [Bullets(items)]
    rows.append(Buttons(tuple(Button(f"Show {i.name}", f"show {i.number}") for i in incidents[:5])))
    return Card(title, tuple(rows), "plain")
