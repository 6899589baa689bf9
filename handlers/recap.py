"""Recap: the short way into the fact ledger. One form, the sentences that will be said, one confirmation."""

from handlers import grammar
from handlers.book import Book
from handlers.card import Block, Button, Buttons, Card, Quote, Reply, line, small
from handlers.commands import OpenForm, Recap, TaskAdd
from handlers.context import Context
from handlers.domain.errors import Refused
from handlers.domain.facts import Fact
from handlers.domain.incident import Task
from handlers.domain.permit import must
from handlers.facts import dated_window, read_due, task_add, write_fact
from handlers.rooms import incident_of, standing
from handlers.say import incident as say

STATES = {"not-fixed": "none", "stable": "contained", "fixed": "fixed", "checked": "verified"}
SOURCE = "recap"


def recap(command: Recap, ctx: Context, book: Book) -> Reply:
    """Record the answers as public facts; answers never come from when the room was opened or closed."""
    from handlers import forms
    from handlers.apologise import gaps_of

    incident = incident_of(book, ctx, command.incident)
    must("draft", standing(book, ctx, incident))
    if not command.answers:
        return Reply(forms.form(OpenForm(f"recap {incident.number}", "recap"), ctx, book))
    answers = {k: v.strip() for k, v in command.answers if v.strip()}
    recorded: list[Fact] = []

    def put(kind: str, value: str, precision: str = "", due: str = "") -> None:
        known = [f for f in book.find(Fact, incident=incident.number, kind=kind) if f.state == "live"]
        same = next((f for f in known if f.value == value and f.visibility == "public"), None)
        if same is not None:
            recorded.append(same)
            return
        recorded.append(
            write_fact(
                book, ctx, incident, kind, value, source=SOURCE, visibility="public", precision=precision, due=due
            )
        )

    if "seen" in answers:
        put("impact", answers["seen"])
    if "from" in answers or "to" in answers:
        window = _window(answers)
        if window == "unknown":
            put("times", "unknown")
        else:
            put("window", dated_window(window, ctx))
    if "count" in answers:
        put("count", answers["count"])
    if "trigger" in answers:
        put("cause.trigger", answers["trigger"])
    if "state" in answers:
        state = answers["state"].lower()
        if state != "unknown":
            if state not in STATES:
                raise Refused(f"The state is one of: {', '.join(STATES)}, or unknown. Nothing was recorded.")
            put("fix", STATES[state])
    if "data-loss" in answers:
        lost = answers["data-loss"].lower()
        put("data-loss", "none" if lost in ("no", "none") else lost)
    if "next-report" in answers and answers["next-report"].lower() != "unknown":
        read_due(ctx, answers["next-report"])
        put("next-report", answers["next-report"])
    blocks: list[Block] = [
        line("Recorded:"),
        Quote("\n".join(f"F{f.number} {f.kind}: {f.value}" for f in recorded) or "nothing"),
    ]
    if "change" in answers and answers["change"].lower() != "unknown":
        task = grammar.read(
            f"task {incident.number} add {answers['change']}", grammar.Reading(ctx.now, ctx.zone, incident.number)
        )
        if not isinstance(task, TaskAdd):
            raise Refused("What changes, by whom, by when? Like: change: test every certificate @noor due 2026-12-01.")
        known = [t.text for t in book.find(Task, incident=incident.number) if t.done_at is None]
        if task.text not in known:
            task_add(task, ctx, book)
        blocks.append(line(f"What changes is a task: {task.text}"))
    missing = [g for g in gaps_of(book, ctx, (incident,)) if g.blocks]
    if missing:
        blocks.append(small("Still open: " + ", ".join(g.name for g in missing)))
    blocks.append(
        Buttons(
            (
                Button("Draft apology", f"apology draft {incident.number}", "primary"),
                Button("All facts", f"facts {incident.number}"),
            )
        )
    )
    return Reply(Card(f"{say.head(incident)}: recap", tuple(blocks)), changed=True)


def _window(answers: dict[str, str]) -> str:
    start, end = answers.get("from", ""), answers.get("to", "")
    if "unknown" in (start.lower(), end.lower()) or not start:
        return "unknown"
    if not end:
        return start
    return f"{start} – {end}"
