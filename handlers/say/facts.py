"""How facts read inside the house."""

from collections.abc import Sequence

from handlers.card import Block, Bullets, Button, Buttons, Card, Line, Small, Span, Strong, Text, small
from handlers.domain.compose import Gap
from handlers.domain.facts import Fact
from handlers.domain.incident import Incident
from handlers.say.incident import head


def fact(found: Fact) -> tuple[Span, ...]:
    """One fact on one line: number, kind, value, precision, source, who may see it, whether it is confirmed."""
    about = [found.precision, f"source {found.source}" if found.source else "no source", audience(found)]
    if found.due:
        about.append(f"known by {found.due}")
    about.append("confirmed" if found.confirmed_at else "not confirmed")
    value = "not known yet" if found.unknown else found.value
    return (Strong(f"F{found.number} {found.kind}"), Text(f": {value} ({', '.join(a for a in about if a)})"))


def audience(found: Fact) -> str:
    """Who may see it, in words."""
    return f"for {found.customer} only" if found.visibility == "customer" else found.visibility


def gap(found: Gap) -> tuple[Span, ...]:
    """A gap and what it asks."""
    return (Strong(found.name), Text(f": {found.question} ({found.rule})"))


def ledger(incident: Incident, facts: Sequence[Fact], gaps: Sequence[Gap]) -> Card:
    """The ledger of one incident, gaps first, what no longer stands last."""
    blocks: list[Block] = []
    blocking, warning = [g for g in gaps if g.blocks], [g for g in gaps if not g.blocks]
    if blocking:
        blocks += [
            Line((Strong("Still needed before customers can be told"),)),
            Bullets(tuple(gap(g) for g in blocking)),
        ]
    if warning:
        blocks += [Line((Strong("Better to know"),)), Bullets(tuple(gap(g) for g in warning))]
    live = [f for f in facts if f.state == "live"]
    blocks += [Line((Strong("Facts"),)), Bullets(tuple(fact(f) for f in live)) if live else small("None recorded yet.")]
    gone = [f for f in facts if f.state != "live"]
    if gone:
        blocks.append(
            Small(tuple(Text(f"F{f.number} {f.kind}: {f.value} — {f.state}, {f.because}. ") for f in gone[-10:]))
        )
    blocks.append(
        Buttons(
            (
                Button("Recap", f"recap {incident.number}", "primary", form=True),
                Button("Record a fact", f"fact {incident.number}", form=True),
            )
        )
    )
    return Card(f"{head(incident)}: facts", tuple(blocks))
