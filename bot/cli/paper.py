"""An exported incident as a document for people: one outline, written as Markdown or as a page that stands alone."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
NONE = "–"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` 1 is the document's own."""

    level: int
    words: str


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    words: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: a head and rows of plain text."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A text exactly as it was said, set apart."""

    words: str


Part = Heading | Words | Rows | Said


def outline(found: Json) -> Iterator[Part]:
    """The document: what happened, what was known, who was told what and when, and the record behind it."""
    incident = found["incident"]
    yield Heading(1, f"{incident['name']} {incident['title']}")
    marks = [
        w for w, on in (("private", incident["private"]), ("a drill: nothing left the house", incident["drill"])) if on
    ]
    if marks:
        yield Words(f"This incident is {' and '.join(marks)}.")
    yield Rows(("", ""), tuple(_head(incident)))
    yield from _table(
        "Who was told", ("When", "Customer", "What", "How", "State"), sorted(_told(found), key=_order), tuple
    )
    yield from _table("Timeline", ("When", "Who", "What", "Where"), found["timeline"], _event)
    yield from _table("Facts", ("Fact", "Kind", "Value", "Source", "For", "Recorded", "State"), found["facts"], _fact)
    yield from _table("Tasks", ("Task", "What", "Owner", "Due", "Done"), found["tasks"], _task)
    yield from _updates(found["updates"])
    for apology in found["apologies"]:
        yield from _apology(apology)
    yield from _table(
        "Told by people", ("Customer", "State", "Via", "By", "When", "Acknowledged", "Words"), found["relays"], _relay
    )
    yield from _table(
        "Step by step",
        ("When", "Customer", "Became", "Version", "By", "Via", "To", "Words", "Because"),
        sorted((s for r in found["relays"] for s in r["history"]), key=lambda s: (s["at"], s["customer"])),
        _step,
    )
    yield from _table("Customers' questions", ("Customer", "Question", "Answer", "By"), found["questions"], _question)
    yield from _table(
        "Covers",
        ("For", "By", "From", "Until"),
        found["covers"],
        lambda c: (c["person"], c["colleague"], when(c["at"]), c["until"]),
    )
    yield from _table("Promises", ("Promise", "What", "Owner", "Due", "State", "Evidence"), found["promises"], _promise)
    yield from _table("Audit", ("Line", "When", "Who", "Where", "What", "SHA-256"), found["audit"], _audit)
    if found["audit_head"]["lines"]:
        end = found["audit_head"]
        yield Words(f"The whole chain had {end['lines']} lines when this was written. Its head: {end['head']}")


def _told(found: Json) -> Iterator[tuple[str, ...]]:
    """Every way in which a customer was told, or was to be."""
    for update in found["updates"]:
        for one in update["deliveries"]:
            yield (
                when(one["at"]),
                one["customer"],
                f"{update['kind']} {update['number']}",
                one["platform"],
                one["state"],
            )
    for apology in found["apologies"]:
        for one in apology["deliveries"]:
            yield when(one["at"]), one["customer"], f"apology {apology['name']}", one["platform"], one["state"]
    for one in found["relays"]:
        how = f"{one['by_name'] or one['by']} via {one['via'] or 'their own words'}" if one["by"] else "by a person"
        state = one["state"] if one["by"] else "not yet told" if one["state"] == "released" else one["state"]
        yield when(one["at"]), one["customer"], f"apology A{one['apology']}", how, state


def _order(row: tuple[str, ...]) -> tuple[bool, tuple[str, ...]]:
    return row[0] == NONE, row


def _head(incident: Json) -> Iterator[tuple[str, str]]:
    yield "Severity", incident["severity"]
    yield "Status", incident["status"]
    yield "Services", ", ".join(incident["services"]) or NONE
    yield "Region", incident["region"] or "everywhere"
    yield "Declared", f"{when(incident['declared_at'])} by {incident['declared_by']}"
    yield "Resolved", when(incident["resolved_at"])
    for role in incident["roles"]:
        yield role["role"].capitalize(), role["person"]
    for link in incident["links"]:
        taken_back = " (taken back)" if link["gone"] else ""
        yield link["kind"].replace("-", " ").capitalize(), f"INC-{link['other']} because {link['because']}{taken_back}"


def _table(title: str, head: tuple[str, ...], found: Sequence[Any], row: Any) -> Iterator[Part]:
    if found:
        yield Heading(2, title)
        yield Rows(head, tuple(row(one) for one in found))


def _event(one: Json) -> tuple[str, ...]:
    return when(one["at"]), one["name"], one["words"], one["platform"] or NONE


def _fact(one: Json) -> tuple[str, ...]:
    readers = f"for {one['customer']}" if one["visibility"] == "customer" else one["visibility"]
    value = f"{one['value']} ({one['precision']})" if one["precision"] else one["value"]
    state = f"{one['state']}{' because ' + one['because'] if one['because'] else ''}"
    confirmed = f", confirmed by {one['confirmed_by']}" if one["confirmed_by"] else ""
    return (
        one["name"], one["kind"], value, one["source"] or NONE, readers,
        f"{when(one['recorded_at'])} by {one['recorded_by']}{confirmed}", state,
    )  # fmt: skip


def _task(one: Json) -> tuple[str, ...]:
    done = f"{when(one['done_at'])} by {one['done_by']}" if one["done_at"] else "open"
    return str(one["number"]), one["text"], one["owner_name"] or one["owner"] or NONE, one["due"] or NONE, done


def _relay(one: Json) -> tuple[str, ...]:
    because = f": {one['because']}" if one["because"] else ""
    return (
        one["customer"], one["state"] + because, one["via"] or NONE, one["by_name"] or one["by"] or NONE,
        when(one["at"]), when(one["acknowledged_at"]), one["words"] or NONE,
    )  # fmt: skip


def _step(one: Json) -> tuple[str, ...]:
    wrong = f"told wrongly: {one['wrong']}" if one["wrong"] else ""
    because = "; ".join(w for w in (one["because"], wrong) if w)
    return (
        when(one["at"]), one["customer"], one["state"], str(one["version"]), one["by_name"] or one["by"],
        one["via"] or NONE, one["to"] or NONE, one["words"] or NONE, because or NONE,
    )  # fmt: skip


def _question(one: Json) -> tuple[str, ...]:
    return (
        one["customer"],
        one["question"],
        one["answer"] or "open",
        one["answered_by_name"] or one["answered_by"] or NONE,
    )


def _promise(one: Json) -> tuple[str, ...]:
    owner = one["owner_name"] or one["owner"]
    return f"P{one['number']}", one["text"], owner, one["due"] or NONE, one["state"], one["evidence"] or NONE


def _audit(one: Json) -> tuple[str, ...]:
    return str(one["seq"]), when(one["at"]), one["person"], one["platform"], one["what"], one["digest"]


def _updates(found: Sequence[Json]) -> Iterator[Part]:
    if found:
        yield Heading(2, "Updates to customers")
    for one in found:
        sent = f"sent by {one['sent_by']} {when(one['sent_at'])}" if one["sent_at"] else one["state"]
        kind = {"holding": "Holding statement", "closure": "Closing update"}.get(one["kind"], "Update")
        yield Heading(3, f"{kind} {one['number']}")
        yield Words(f"Written by {one['by']} {when(one['at'])}; {sent}.")
        yield Said(one["text"])
        yield from _deliveries(one["deliveries"])


def _apology(one: Json) -> Iterator[Part]:
    covers = ", ".join(f"INC-{n}" for n in one["incidents"])
    yield Heading(2, f"Apology {one['name']}")
    published = f", published {when(one['published_at'])}" if one["published_at"] else ""
    yield Words(f"For {covers}; {one['state']}{published}; drafted by {one['drafted_by']} {when(one['drafted_at'])}.")
    for version in one["versions"]:
        yield from _version(version)
    lapsed = [a for a in one["approvals"] if a["void"]]
    if lapsed:
        yield Heading(3, "Signatures that no longer count")
        yield Rows(
            ("Who", "As", "When", "Why not", "Hash"),
            tuple((a["name"], a["capacity"], when(a["at"]), a["void"], a["digest"]) for a in lapsed),
        )
    yield Heading(3, f"Who was told of {one['name']}")
    yield from _deliveries(one["deliveries"])


def _version(version: Json) -> Iterator[Part]:
    because = f"; {version['because'].rstrip('.')}" if version["because"] else ""
    yield Heading(3, f"Version {version['number']}")
    yield Words(f"Made {when(version['made_at'])}{because}. Hash {version['hash'] or NONE}.")
    for variant, words in version["texts"].items():
        if words:
            yield Heading(4, variant.replace("-", " ").capitalize())
            yield Said(words)
    signed = [a for a in version["approvals"] if not a["void"]]
    if signed:
        yield Heading(4, "Approved by")
        yield Rows(
            ("Who", "As", "When", "On"), tuple((a["name"], a["capacity"], when(a["at"]), a["platform"]) for a in signed)
        )
    if version["waivers"]:
        yield Heading(4, "Left as it is, with a reason")
        yield Rows(
            ("What", "Because", "By", "When"),
            tuple((w["rule"], w["because"], w["by"], when(w["at"])) for w in version["waivers"]),
        )
    if version["findings"]:
        yield Heading(4, "What the linter says of its words today")
        yield Rows(
            ("Rule", "Severity", "Words", "Message"),
            tuple((f["rule"], f["severity"], f["text"], f["message"]) for f in version["findings"]),
        )


def _deliveries(found: Sequence[Json]) -> Iterator[Part]:
    if not found:
        yield Words("No customer's channel was posted to.")
        return
    yield Rows(
        ("Customer", "Channel", "State", "When", "Tries", "Link"),
        tuple(
            (
                d["customer"],
                f"{d['platform']} {d['destination']}",
                d["state"] + (f": {d['error']}" if d["error"] else ""),
                when(d["at"]),
                str(len(d["attempts"])),
                d["link"] or NONE,
            )
            for d in found
        ),
    )


def when(at: str | None) -> str:
    """An RFC 3339 instant for reading, to the second, in UTC."""
    return NONE if not at else f"{at[:10]} {at[11:19]} UTC"


def markdown(found: Json) -> str:
    """The document as Markdown; what people wrote is escaped, so that it stays text."""
    blocks = []
    for part in outline(found):
        match part:
            case Heading(level, words):
                blocks.append(f"{'#' * level} {_md(words)}")
            case Words(words):
                blocks.append(_md(words))
            case Said(words):
                blocks.append(
                    "\n".join(f"> {_md(line)}  " if line.strip() else ">" for line in words.splitlines()) or ">"
                )
            case Rows(head, rows):
                lines = [" | ".join(_md(h) or " " for h in head), " | ".join("---" for _ in head)]
                lines += [" | ".join(_md(cell) for cell in row) for row in rows]
                blocks.append("\n".join(f"| {line} |" for line in lines))
    return "\n\n".join(blocks) + "\n"


_SPECIAL = re.compile(r"([\\`*_\[\]|~&])")
_STARTS = re.compile(r"^([-+=:#>]|\d+[.)])(?=\s|$|[-=#>])")


def _md(words: str) -> str:
    """Text that Markdown reads as itself, on one line."""
    flat = _SPECIAL.sub(r"\\\1", " ".join(words.split())).replace("<", "&lt;")
    return _STARTS.sub(lambda m: m[1][:-1] + "\\" + m[1][-1], flat)


STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --quiet: #5b6472; --rule: #d9dee6; --page: #fff;
  --said: #f5f7fa; --seam: #c9962b }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --quiet: #9aa4b2; --rule: #343b47; --page: #14181f; --said: #1c222c; --seam: #dcae4f }
}
body { margin: 3rem auto; max-width: 62rem; padding: 0 1.25rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif }
h1 { border-bottom: 3px solid var(--seam); padding-bottom: .4rem; line-height: 1.2 }
h2 { margin-top: 2.5rem } h4 { margin-bottom: .3rem; color: var(--quiet) }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-size: .9rem }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--rule);
  overflow-wrap: anywhere } th { color: var(--quiet); font-weight: 600; white-space: nowrap; overflow-wrap: normal }
blockquote { margin: .5rem 0 1rem; padding: .8rem 1rem; background: var(--said); border-left: 3px solid var(--seam);
  white-space: pre-wrap; overflow-wrap: anywhere }
@media print { body { margin: 0; max-width: none; font-size: 11pt } tr, blockquote { break-inside: avoid } }
"""


def page(found: Json) -> str:
    """The document as one HTML page that needs nothing else: no script, no outside address; it prints well."""
    blocks = []
    for part in outline(found):
        match part:
            case Heading(level, words):
                blocks.append(f"<h{level}>{html.escape(words)}</h{level}>")
            case Words(words):
                blocks.append(f"<p>{html.escape(words)}</p>")
            case Said(words):
                blocks.append(f"<blockquote>{html.escape(words)}</blockquote>")
            case Rows(head, rows):
                blocks.append(_html_table(head, rows))
    title = html.escape(f"{found['incident']['name']} {found['incident']['title']}")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(blocks)
        + "\n</body>\n</html>\n"
    )


def _html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    named = any(head)
    columns = "".join(f'<th scope="col">{html.escape(h)}</th>' for h in head)
    top = f"<thead><tr>{columns}</tr></thead>" if named else ""
    body: list[str] = []
    for row in rows:
        cells = [f"<td>{html.escape(cell)}</td>" for cell in row]
        if not named:
            cells[0] = f'<th scope="row">{html.escape(row[0])}</th>'
        body.append(f"<tr>{''.join(cells)}</tr>")
    return f'<div class="wide"><table>{top}<tbody>' + "".join(body) + "</tbody></table></div>"
